//! `git config`: names and values in git's files.

use super::git::fatal;
use super::git_tree::Place;
use crate::fs::Contents;
use crate::shell::call::Call;
use crate::shell::packages::writer;
use crate::shell::text;

/// `git config [--global|--system|--local] [--add|--get|--unset] NAME [VALUE]`.
pub(super) fn config(call: &mut Call<'_, '_>, words: &[String]) -> i32 {
    let (mut file, mut how, mut rest) = (None, "", Vec::new());
    for word in words {
        match word.as_str() {
            "--global" | "--system" | "--local" => file = Some(word.as_str()),
            "--add" | "--get" | "--get-all" | "--unset" | "--unset-all" | "--replace-all" => how = word,
            "--list" | "-l" => how = "--list",
            word if word.starts_with('-') && rest.is_empty() => {
                return call.m.not_modelled(&format!("git config {word}"));
            }
            word => rest.push(word),
        }
    }
    match (how, &rest[..]) {
        ("" | "--add" | "--replace-all", [name, value]) => set(call, file, name, value, how == "--add"),
        ("" | "--get" | "--get-all", [name]) => match value(call, &name.to_ascii_lowercase()) {
            Some(value) => {
                call.out(&format!("{value}\n"));
                0
            }
            None => 1,
        },
        _ => call.m.not_modelled(format!("git config {how}").trim_end()),
    }
}

fn home(call: &Call<'_, '_>) -> String {
    let home = call.env.get("HOME").map_or("/root", String::as_str);
    format!("{}/.gitconfig", home.trim_end_matches('/'))
}

fn set(call: &mut Call<'_, '_>, file: Option<&str>, name: &str, value: &str, add: bool) -> i32 {
    let Some((section, key)) = name.rsplit_once('.') else {
        call.err(&format!("error: key does not contain a section: {name}\n"));
        return 2;
    };
    let at = match file {
        Some("--global") => home(call),
        Some("--system") => "/etc/gitconfig".to_owned(),
        _ => match Place::around(call) {
            Some(place) => text::decode(&place.at("config")),
            None => return fatal(call, "not in a git directory"),
        },
    };
    let title = match section.split_once('.') {
        Some((outer, inner)) => format!("[{} \"{inner}\"]", outer.to_ascii_lowercase()),
        None => format!("[{}]", section.to_ascii_lowercase()),
    };
    let quoted = match value.starts_with(' ') || value.ends_with(' ') || value.contains(['#', ';']) {
        true => format!("\"{value}\""),
        false => value.replace('\\', "\\\\").replace('"', "\\\""),
    };
    let line = format!("\t{key} = {quoted}");
    let before = writer::text(call, &at);
    let mut lines: Vec<String> = before.lines().map(str::to_owned).collect();
    let start = lines.iter().position(|line| *line == title);
    match start {
        None => lines.extend([title, line]),
        Some(start) => {
            let end = lines.iter().skip(start + 1).position(|line| line.starts_with('['));
            let end = end.map_or(lines.len(), |end| start + 1 + end);
            let own = |line: &String| {
                line.trim().split('=').next().is_some_and(|known| known.trim().eq_ignore_ascii_case(key))
            };
            let known = (start + 1..end).find(|at| !add && lines.get(*at).is_some_and(own));
            match known.and_then(|known| lines.get_mut(known)) {
                Some(old) => *old = line,
                None => lines.insert(end, line),
            }
        }
    }
    match writer::file(call, &at, Contents::text(&format!("{}\n", lines.join("\n"))), 0o644) {
        Ok(()) => 0,
        Err(errno) => {
            let message = call.m.message(errno);
            call.err(&format!("error: could not lock config file {at}: {message}\n"));
            255
        }
    }
}

/// The value that counts: the repository's own, the user's, the machine's.
pub(super) fn value(call: &mut Call<'_, '_>, name: &str) -> Option<String> {
    let own = Place::around(call).map(|place| text::decode(&place.at("config")));
    let files = [own, Some(home(call)), Some("/etc/gitconfig".to_owned())];
    files.into_iter().flatten().find_map(|at| {
        let text = writer::text(call, &at);
        let mut section = String::new();
        let mut found = None;
        for line in text.lines() {
            let line = line.trim();
            if let Some(title) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = title.replace(" \"", ".").replace('"', "");
            } else if let Some((key, value)) = line.split_once(" = ")
                && format!("{section}.{}", key.trim()).eq_ignore_ascii_case(name)
            {
                found = Some(value.trim_matches('"').to_owned());
            }
        }
        found
    })
}
