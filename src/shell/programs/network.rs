//! Programs that want a network. The lab has none: they fail as they do on a host without one.

use crate::shell::call::Call;

/// The host of the first word that looks like an address.
fn host(call: &Call<'_, '_>) -> Option<(String, String)> {
    let word = call.args().iter().find(|word| word.contains("://")).cloned();
    let word = word.or_else(|| call.args().iter().rfind(|word| !word.starts_with('-')).cloned())?;
    let rest = word.split_once("://").map_or(word.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', ':', '?']).next().unwrap_or("").to_owned();
    Some((word, host))
}

pub(super) fn curl(call: &mut Call<'_, '_>) -> i32 {
    if call.args().iter().any(|word| word == "--version" || word == "-V") {
        call.out("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1\n");
        return 0;
    }
    let Some((_, host)) = host(call) else {
        call.err("curl: try 'curl --help' or 'curl --manual' for more information\n");
        return 2;
    };
    let letters = |word: &String, letter: char| {
        word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
    };
    let silent = call.args().iter().any(|word| word == "--silent" || letters(word, 's'));
    let shown = call.args().iter().any(|word| word == "--show-error" || letters(word, 'S'));
    if !silent || shown {
        call.err(&format!("curl: (6) Could not resolve host: {host}\n"));
    }
    6
}

pub(super) fn wget(call: &mut Call<'_, '_>) -> i32 {
    let Some((word, host)) = host(call) else {
        call.err("wget: missing URL\n");
        return 1;
    };
    if call.busybox {
        return call.fail(&format!("bad address '{host}'"));
    }
    let quiet = call
        .args()
        .iter()
        .any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains('q') || w == "--quiet");
    if !quiet {
        call.err(&format!("--2024-01-01 00:00:00--  {word}\nResolving {host} ({host})... failed: Temporary failure in name resolution.\nwget: unable to resolve host address '{host}'\n"));
    }
    4
}

pub(super) fn git(call: &mut Call<'_, '_>) -> i32 {
    let command = call.args().iter().find(|word| !word.starts_with('-')).cloned().unwrap_or_default();
    match command.as_str() {
        "clone" | "fetch" | "pull" | "push" | "ls-remote" => {
            let Some((word, host)) = host(call) else { return 128 };
            if command == "clone" {
                let name = word
                    .trim_end_matches('/')
                    .trim_end_matches(".git")
                    .rsplit('/')
                    .next()
                    .unwrap_or("")
                    .to_owned();
                call.err(&format!("Cloning into '{name}'...\n"));
            }
            call.err(&format!("fatal: unable to access '{word}': Could not resolve host: {host}\n"));
            128
        }
        "config" => 0,
        "" if call.args().iter().any(|word| word == "--version") => {
            call.out("git version 2.39.5\n");
            0
        }
        _ => call.m.not_modelled(&format!("git {command}")),
    }
}
