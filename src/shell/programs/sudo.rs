//! `sudo`: by `/etc/sudoers` and `/etc/sudoers.d`, without a terminal to ask for a password (sudoers(5)).

use super::wrap::become_with;
use crate::shell::call::Call;
use crate::shell::{text, users};
use indexmap::IndexMap;

/// PATH of what it runs: `secure_path` of the package's own `/etc/sudoers`.
const SECURE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) fn sudo(call: &mut Call<'_, '_>) -> i32 {
    let (mut who, mut keeps, mut shell) = ("root".to_owned(), false, false);
    let mut given = Vec::new();
    let mut words = call.args();
    while let [word, rest @ ..] = words {
        words = rest;
        match word.as_str() {
            "-u" | "--user" | "-g" | "--group" | "-p" | "--prompt" => {
                if matches!(word.as_str(), "-u" | "--user")
                    && let Some(name) = words.first()
                {
                    who.clone_from(name);
                }
                words = words.get(1..).unwrap_or_default();
            }
            "-E" | "--preserve-env" => keeps = true,
            "-i" | "--login" | "-s" | "--shell" => shell = true,
            "-V" | "--version" => {
                call.out("Sudo version 1.9.13p3\n");
                return 0;
            }
            "-v" | "-k" | "-K" if words.is_empty() => return 0,
            "--" => break,
            option if option.starts_with('-') => {}
            setting if setting.contains('=') => given.push(setting.to_owned()),
            _ => {
                words = call.args().get(call.args().len() - rest.len() - 1..).unwrap_or_default();
                break;
            }
        }
    }
    if words.is_empty() && !shell {
        call.err("usage: sudo -h | -K | -k | -V\n");
        return 1;
    }
    let Some(user) = users::by_name(call.m, &who) else {
        return call.fail(&format!("unknown user {who}"));
    };
    if let Some(status) = refused(call) {
        return status;
    }
    let mut command = words.to_vec();
    if shell {
        let line = (!command.is_empty()).then(|| ["-c".to_owned(), command.join(" ")]);
        command = vec![user.shell.clone()];
        command.extend(line.into_iter().flatten());
    }
    let name = command.first().cloned().unwrap_or_default();
    if call.m.find(&name, SECURE_PATH).is_err() {
        return call.fail(&format!("{name}: command not found"));
    }
    let mut environment: IndexMap<String, String> = call.env.clone();
    if !keeps {
        environment.retain(|name, _| matches!(name.as_str(), "TERM" | "LANG" | "LANGUAGE" | "TZ"));
    }
    let (uid, gid) = (call.m.cred.uid, call.m.cred.gid);
    let caller = users::by_uid(call.m, uid).map_or_else(|| uid.to_string(), |user| user.name);
    for (name, value) in [
        ("PATH", SECURE_PATH.to_owned()),
        ("LOGNAME", who.clone()),
        ("USER", who.clone()),
        ("HOME", user.home),
        ("SHELL", user.shell),
        ("SUDO_COMMAND", command.join(" ")),
        ("SUDO_USER", caller),
        ("SUDO_UID", uid.to_string()),
        ("SUDO_GID", gid.to_string()),
    ] {
        environment.insert(name.to_owned(), value);
    }
    for setting in &given {
        if let Some((name, value)) = setting.split_once('=') {
            environment.insert(name.to_owned(), value.to_owned());
        }
    }
    let own = call.m.cred.clone();
    call.m.become_user(crate::union::Cred::default());
    let status = become_with(call, &who, command, environment, true);
    call.m.become_user(own);
    status
}

/// The exit status, when the caller may not, or would have to type a password.
fn refused(call: &mut Call<'_, '_>) -> Option<i32> {
    let uid = call.m.cred.uid;
    if uid == 0 {
        return None;
    }
    let caller = users::by_uid(call.m, uid).map(|user| user.name);
    let Some(caller) = caller else {
        return Some(call.fail(&format!("you do not exist in the passwd database: {uid}")));
    };
    // The file has the setuid bit: it reads as root.
    let own = call.m.cred.clone();
    call.m.become_user(crate::union::Cred::default());
    let mut all = users::read(call.m, "/etc/sudoers");
    for name in call.m.readdir(b"/etc/sudoers.d").unwrap_or_default() {
        let name = text::decode(&name);
        // Names with a dot or a tilde are left out.
        if !name.contains('.') && !name.ends_with('~') {
            all.push('\n');
            all.push_str(&users::read(call.m, &format!("/etc/sudoers.d/{name}")));
        }
    }
    call.m.become_user(own);
    let groups: Vec<String> = users::groups(call.m)
        .into_iter()
        .filter(|group| group.gid == call.m.cred.gid || group.members.contains(&caller))
        .map(|group| group.name)
        .collect();
    // The last line that fits decides.
    let fits = |line: &&str| {
        let first = line.split([' ', '\t', '=']).next().unwrap_or_default();
        first == caller
            || first == "ALL"
            || first.strip_prefix('%').is_some_and(|group| groups.iter().any(|own| own == group))
            || first.strip_prefix('#').is_some_and(|number| number == uid.to_string())
    };
    match all.lines().map(str::trim_start).rfind(fits) {
        Some(line) if line.contains("NOPASSWD:") => None,
        _ => {
            call.fail(
                "a terminal is required to read the password; either use the -S option to read from \
                 standard input or configure an askpass helper",
            );
            Some(call.fail("a password is required"))
        }
    }
}

/// `visudo -c`: says that the files can be read.
pub(super) fn visudo(call: &mut Call<'_, '_>) -> i32 {
    if !call.args().iter().any(|word| word.starts_with("-c") || word == "--check") {
        return call.fail("no editor found (editor path = /usr/bin/editor)");
    }
    let mut names = vec!["/etc/sudoers".to_owned()];
    for name in call.m.readdir(b"/etc/sudoers.d").unwrap_or_default() {
        names.push(format!("/etc/sudoers.d/{}", text::decode(&name)));
    }
    for name in names {
        call.out(&format!("{name}: parsed OK\n"));
    }
    0
}
