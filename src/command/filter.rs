//! What may stand behind a pipe: `grep`, `head`, `tail`, `sort`, `wc` (the lab's own, from its shell)
//! and `jq .`.

use super::words::{Filter, Origin};
use super::{Answer, host_env};
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, Inode, Tree};
use crate::lab::Lab;
use crate::shell::{self, NoPrograms, Process, Sandbox};
use crate::trace::Trace;
use crate::union::Mount;

const KNOWN: [&str; 8] = ["grep", "head", "tail", "sort", "wc", "cut", "uniq", "jq"];

/// Sends the answer's output through the filters, one after another.
pub(super) fn apply(
    lab: &Lab,
    answer: &mut Answer,
    filters: &[Filter],
    origin: Origin<'_>,
    t: &mut Trace,
) -> Result<(), Error> {
    for filter in filters {
        let Some(name) = filter.words.first() else { continue };
        if !KNOWN.contains(&name.text.as_str()) {
            return Err(Error::new(
                ErrorKind::Unknown,
                format!("`{}` can't stand behind a pipe here", name.text),
            )
            .at(origin.of(name))
            .did_you_mean(&name.text, KNOWN)
            .hint(format!("what can: {}", KNOWN.join(", "))));
        }
        if name.text == "jq" { jq(answer, filter, origin)? } else { through_shell(lab, answer, filter, t) }
    }
    Ok(())
}

/// Runs a filter of the lab's host over the text, on a scratch copy of the host.
fn through_shell(lab: &Lab, answer: &mut Answer, filter: &Filter, t: &mut Trace) {
    const INPUT: &str = "/.filter-input";
    let mut tree: Tree = lab.host.upper().clone();
    tree.put(INPUT.as_bytes(), Inode::file(Contents::text(&answer.out)));
    let words: Vec<String> = filter.words.iter().map(|word| quoted(&word.text)).collect();
    let process = Process {
        argv: vec!["/bin/sh".to_owned(), "-c".to_owned(), format!("{} < {INPUT}", words.join(" "))],
        env: host_env(),
        sandbox: Sandbox::Host,
        ..Process::default()
    };
    let outcome = t.quietly(|t| shell::run(&mut Mount::native(tree), &process, &mut NoPrograms, t));
    answer.out = String::from_utf8_lossy(&outcome.out).into_owned();
    answer.err.push_str(&String::from_utf8_lossy(&outcome.err));
    answer.exit = outcome.exit;
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// `jq .`: JSON, indented by two spaces; `.a.b` and `.[0]` pick from it.
fn jq(answer: &mut Answer, filter: &Filter, origin: Origin<'_>) -> Result<(), Error> {
    let mut raw = false;
    let mut path = None;
    for word in &filter.words[1..] {
        match word.text.as_str() {
            "-r" | "--raw-output" => raw = true,
            text if text.starts_with('.') && path.is_none() => path = Some(word),
            other => {
                return Err(Error::new(ErrorKind::Unknown, format!("jq's `{other}` is not modelled"))
                    .at(origin.of(word))
                    .hint("`jq .` prints all, `jq .Config.Env` and `jq '.[0]'` pick, -r prints plain text"));
            }
        }
    }
    if answer.out.trim().is_empty() {
        return Ok(());
    }
    let mut out = String::new();
    for value in serde_json::Deserializer::from_str(&answer.out).into_iter::<serde_json::Value>() {
        let Ok(value) = value else {
            answer.out = out;
            answer.err.push_str("jq: error: this is not JSON\n");
            answer.exit = 2;
            return Ok(());
        };
        let picked = path.map_or(Some(&value), |word| pick(&value, &word.text));
        match picked {
            Some(serde_json::Value::String(text)) if raw => out.push_str(text),
            Some(value) => out.push_str(&serde_json::to_string_pretty(value).unwrap_or_default()),
            None => out.push_str("null"),
        }
        out.push('\n');
    }
    answer.out = out;
    Ok(())
}

fn pick<'v>(value: &'v serde_json::Value, path: &str) -> Option<&'v serde_json::Value> {
    let mut at = value;
    for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
        at = match part.strip_suffix(']') {
            Some(index) => at.get(index.parse::<usize>().ok()?)?,
            None => at.get(part)?,
        };
    }
    Some(at)
}
