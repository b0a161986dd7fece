//! Secrets whose value stands in the image's history or config, where `docker history` and `docker
//! inspect` print it.

use super::secrets::token;
use super::{Look, Said};
use crate::build::names_secret;
use crate::dockerfile::{Instruction, Kind};
use crate::image::Image;
use crate::trace::Fuel;

pub(super) const RULE: &str = "SecretInHistory";

pub(super) fn look(look: &mut Look<'_>) {
    let Some(image) = look.played.image else { return };
    let mut stage: Option<usize> = None;
    for (at, instruction) in look.played.file.instructions.iter().enumerate() {
        if matches!(instruction.kind, Kind::From(_)) {
            stage = Some(stage.map_or(0, |stage| stage + 1));
        }
        if !stage.is_some_and(|stage| look.played.chain.contains(&stage)) {
            continue;
        }
        if !look.t.fuel.spend(1 + instruction.original.len() as u64 / 16) {
            return;
        }
        for (what, bytes, fix) in found(instruction, image, &mut look.t.fuel) {
            let said = Said { message: what, bytes: Some(bytes), fix: fix.to_owned(), ..Said::default() };
            look.add(RULE, at + 1, instruction, said);
        }
    }
}

const MOUNT: &str = "RUN --mount=type=secret,id=… gives it to one RUN and leaves no trace";

fn found(instruction: &Instruction, image: &Image, fuel: &mut Fuel) -> Vec<(String, u64, &'static str)> {
    match &instruction.kind {
        Kind::Env(pairs) => pairs
            .iter()
            .filter(|pair| names_secret(&pair.key.text) && fuel.spend(image.config.env.len() as u64))
            .filter_map(|pair| {
                let value = env(image, &pair.key.text).filter(|value| !value.is_empty())?;
                let message = format!(
                    "the value of {} stands in the config and the history: docker inspect prints it",
                    pair.key.text
                );
                Some((
                    message,
                    value.len() as u64,
                    "give it when the container starts: docker run -e NAME, or a secret of the orchestrator",
                ))
            })
            .collect(),
        Kind::Arg(pairs) => pairs
            .iter()
            .filter(|pair| names_secret(&pair.key.text) && fuel.spend(image.history.len() as u64))
            .filter_map(|pair| {
                let value = arg(image, &pair.key.text).filter(|value| !value.is_empty())?;
                let message = format!(
                    "the value of {} stands in the history: docker history --no-trunc prints it",
                    pair.key.text
                );
                Some((message, value.len() as u64, MOUNT))
            })
            .collect(),
        Kind::From(_) | Kind::Onbuild(_) => Vec::new(),
        _ => {
            let text = &instruction.original;
            let what = token(text).or_else(|| password(text));
            let message =
                |what| format!("{what} stands in this line, and so in the history: docker history prints it");
            what.map(|what| (message(what), text.len() as u64, MOUNT)).into_iter().collect()
        }
    }
}

fn env<'i>(image: &'i Image, name: &str) -> Option<&'i str> {
    image.config.env.iter().find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))
}

/// The value of an ARG, as its own line of the history has it.
fn arg(image: &Image, name: &str) -> Option<String> {
    let begin = format!("{name}=");
    let lines = image.history.iter().filter_map(|entry| entry.created_by.strip_prefix("ARG "));
    lines.flat_map(|line| line.split(' ')).find_map(|word| Some(word.strip_prefix(&begin)?.to_owned()))
}

/// A password in an address, or behind the words that announce one.
fn password(text: &str) -> Option<&'static str> {
    let literal =
        |value: &str| !value.is_empty() && !value.starts_with(['$', '"', '\'', '<', '{']) && value.len() >= 4;
    let in_address = text.split("://").skip(1).any(|rest| {
        let host = rest.split(['/', ' ', '"', '\'', '\n']).next().unwrap_or("");
        host.rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            .is_some_and(|(_, password)| literal(password) && !password.contains('$'))
    });
    if in_address {
        return Some("a password in an address");
    }
    for (word, what) in [("_authToken=", "a token for npm"), ("Authorization: Bearer ", "a token")] {
        if let Some((_, rest)) = text.split_once(word)
            && literal(rest)
        {
            return Some(what);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::password;

    #[test]
    fn passwords_in_lines() {
        for secret in [
            "RUN git clone https://me:hunter2@example.com/x.git",
            "RUN npm config set //registry.npmjs.org/:_authToken=abcdef",
            "RUN curl -H 'Authorization: Bearer abcdef' https://example.com",
        ] {
            assert!(password(secret).is_some(), "{secret}");
        }
        for harmless in [
            "RUN git clone https://example.com/x.git",
            "RUN git clone https://me:$TOKEN@example.com/x.git",
            "RUN git clone ssh://git@example.com:22/x.git",
            "RUN npm config set //registry.npmjs.org/:_authToken=$(cat /run/secrets/npm)",
            "RUN curl http://localhost:8080/a@b:c",
        ] {
            assert!(password(harmless).is_none(), "{harmless}");
        }
    }
}
