//! Secrets that lie in a layer, also in one whose files a later layer deletes.

use super::played::Made;
use super::{Look, Said};
use crate::build::names_secret;
use crate::dockerfile::Kind as Word;
use crate::fs::{Contents, Kind, Nodes, path};

pub(super) const RULE: &str = "SecretInLayer";

/// Bytes of a file that are looked into.
const MOST_BYTES: u64 = 64 << 10;

/// Folders of other people's files: their test keys are no secrets of this project.
const FOREIGN: [&str; 7] = [
    "/node_modules/",
    "/site-packages/",
    "/dist-packages/",
    "/usr/share/",
    "/usr/lib/",
    "/etc/ssl/",
    "/vendor/",
];

pub(super) fn look(look: &mut Look<'_>) {
    for made in &look.played.made {
        let mut found: Vec<(String, &'static str, u64)> = Vec::new();
        let copied = matches!(made.instruction.kind, Word::Copy(_) | Word::Add(_));
        let fuel = &mut look.t.fuel;
        made.layer.layer.walk(&mut |at, _, inode| {
            let Kind::File(contents) = &inode.kind else { return };
            if !fuel.spend(1) {
                return;
            }
            let shown = path::show(at);
            if FOREIGN.iter().any(|folder| shown.contains(folder)) {
                return;
            }
            if let Some(what) = secret(&shown, contents, copied) {
                found.push((shown.into_owned(), what, contents.len()));
            }
        });
        for (file, what, bytes) in found {
            add(look, made, file, what, bytes);
        }
    }
}

fn add(look: &mut Look<'_>, made: &Made<'_>, file: String, what: &str, bytes: u64) {
    let later = look.played.made.iter().filter(|later| later.at > made.at);
    let deleted = later.into_iter().find(|later| hides(&later.layer.layer, file.as_bytes()));
    let number = made.at + 1;
    let message = match deleted {
        Some(later) => format!(
            "`{file}` ({what}) stays in layer {number} although step {} deletes it: docker save brings it out again",
            later.step.number
        ),
        None => format!("`{file}` ({what}) lies in layer {number}: everybody who has the image can read it"),
    };
    let from_context =
        matches!(&made.instruction.kind, Word::Copy(copy) | Word::Add(copy) if copy.from.is_none());
    let name = file.rsplit('/').next().unwrap_or("").trim_start_matches('.');
    let mount = format!("RUN --mount=type=secret,id={name},target={file}");
    let fix = match from_context {
        true => format!("name it in .dockerignore; where a RUN needs it: {mount}"),
        false => format!("let no step write it; where a RUN needs it: {mount}"),
    };
    let said = Said {
        message,
        layer: look.played.found_layer(made.at),
        bytes: Some(bytes),
        paths: vec![file],
        fix,
        ..Said::default()
    };
    look.add(RULE, made.step.number, made.instruction, said);
}

/// Does this layer hide the path with a whiteout, of itself or of a directory above?
pub(super) fn hides(layer: &crate::fs::Layer, file: &[u8]) -> bool {
    let mut at = 0;
    for name in path::names(file) {
        match layer.child(at, name) {
            None => return layer.inode(at).is_opaque(),
            Some(next) if layer.inode(next).is_whiteout() => return true,
            Some(next) => at = next,
        }
    }
    false
}

/// What kind of secret the file is, by its name and what it holds.
fn secret(file: &str, contents: &Contents, copied: bool) -> Option<&'static str> {
    let name = file.rsplit('/').next().unwrap_or("");
    let text = || contents.to_text(MOST_BYTES).unwrap_or_default();
    if contents.is_empty() {
        return None;
    }
    match name {
        "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519" => return Some("a private SSH key"),
        ".npmrc" if ["_authToken", "_auth=", "_password"].iter().any(|word| text().contains(word)) => {
            return Some("a token for npm");
        }
        ".pypirc" if text().contains("password") => return Some("a password for PyPI"),
        ".netrc" | "_netrc" if text().contains("password") => return Some("a password"),
        ".git-credentials" => return Some("a password for git"),
        ".htpasswd" => return Some("password hashes"),
        "credentials" if file.contains("/.aws/") => return Some("keys for AWS"),
        "config.json" if file.contains("/.docker/") && text().contains("\"auth\"") => {
            return Some("a registry's password");
        }
        _ if is_env_file(name) && text().lines().any(assigns_secret) => {
            return Some("variables with secrets");
        }
        _ if name.ends_with(".p12") || name.ends_with(".pfx") || name.ends_with(".jks") => {
            return Some("a key store");
        }
        _ => {}
    }
    let looked_into = copied
        || [".pem", ".key", ".env"].iter().any(|end| name.ends_with(end))
        || file.starts_with("/root/");
    if !looked_into || contents.len() > MOST_BYTES {
        return None;
    }
    token(&text())
}

/// `.env`, `.env.production`; not the example that belongs into the repository.
fn is_env_file(name: &str) -> bool {
    let example = ["example", "sample", "template", "dist"].iter().any(|word| name.ends_with(word));
    !example && (name == ".env" || name.starts_with(".env."))
}

/// `API_KEY=value`.
fn assigns_secret(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("export ");
    line.split_once('=').is_some_and(|(name, value)| {
        names_secret(name.trim()) && !value.trim().trim_matches(['"', '\'']).is_empty()
    })
}

/// What secret stands in a text: a private key, or a token whose form gives it away.
pub(super) fn token(text: &str) -> Option<&'static str> {
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    // Beginning, what may follow, how many of them at least, and what it is.
    const FORMS: [(&str, usize, &str); 8] = [
        ("AKIA", 16, "a key for AWS"),
        ("ghp_", 36, "a token for GitHub"),
        ("gho_", 36, "a token for GitHub"),
        ("github_pat_", 22, "a token for GitHub"),
        ("glpat-", 20, "a token for GitLab"),
        ("xoxb-", 20, "a token for Slack"),
        ("npm_", 36, "a token for npm"),
        ("sk_live_", 16, "a key for Stripe"),
    ];
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    FORMS.iter().find_map(|(begin, least, what)| {
        let found = text.match_indices(begin).any(|(at, _)| {
            let apart = !text.get(..at).unwrap_or("").ends_with(|c: char| c.is_ascii_alphanumeric());
            let rest = text.get(at + begin.len()..).unwrap_or("");
            apart && rest.chars().take_while(|c| goes_on(*c)).count() >= *least
        });
        found.then_some(*what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_by_their_form() {
        assert_eq!(token("key = AKIAIOSFODNN7EXAMPLE\n"), Some("a key for AWS"));
        assert_eq!(token("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n"), Some("a private key"));
        assert_eq!(token("-----BEGIN CERTIFICATE-----"), None);
        assert_eq!(token("AKIA alone, or SAKIAIOSFODNN7EXAMPLE inside a word"), None);
    }

    #[test]
    fn files_are_known_by_name_and_contents() {
        let is = |file: &str, text: &str| secret(file, &Contents::text(text), true);
        assert_eq!(is("/app/.npmrc", "//registry.npmjs.org/:_authToken=abc\n"), Some("a token for npm"));
        assert_eq!(is("/app/.npmrc", "registry=https://example.com\n"), None);
        assert_eq!(is("/app/.env", "PORT=80\nDB_PASSWORD=hunter2\n"), Some("variables with secrets"));
        assert_eq!(is("/app/.env", "PORT=80\n"), None);
        assert_eq!(is("/app/.env.example", "DB_PASSWORD=change me\n"), None);
        assert_eq!(is("/root/.ssh/id_rsa", "x"), Some("a private SSH key"));
        assert_eq!(is("/root/.ssh/id_rsa.pub", "x"), None);
    }
}
