//! `chmod`, `chown`, `chgrp`.

use super::arguments::{Arguments, Spec};
use super::mode;
use crate::shell::call::Call;
use crate::shell::{text, users};
use crate::union::{Stat, StatKind};

/// Visits a path and, with `deep`, all below it. The visit answers whether it worked.
fn each(
    call: &mut Call<'_, '_>,
    operand: &str,
    deep: bool,
    follow: bool,
    parents_first: bool,
    visit: &mut dyn FnMut(&mut Call<'_, '_>, &str, &Stat, bool) -> bool,
) -> bool {
    let bytes = text::encode(operand).into_owned();
    let stat = match if follow { call.m.stat(&bytes) } else { call.m.lstat(&bytes) } {
        Ok(stat) => stat,
        Err(errno) => {
            call.either_errno(operand, &format!("cannot access '{operand}'"), errno);
            return false;
        }
    };
    let mut clean = true;
    let mut open = vec![(operand.to_owned(), stat, true, false)];
    while let Some((at, stat, top, late)) = open.pop() {
        if call.m.stopped() {
            return false;
        }
        let dir = stat.kind == StatKind::Dir;
        if !dir || parents_first || late || !deep {
            clean &= visit(call, &at, &stat, top);
        } else {
            open.push((at.clone(), stat.clone(), top, true));
        }
        if !dir || !deep || late {
            continue;
        }
        match call.m.readdir(&text::encode(&at)) {
            Ok(names) => {
                let base = at.trim_end_matches('/');
                for name in names.iter().rev() {
                    let path = format!("{base}/{}", text::decode(name));
                    if let Ok(stat) = call.m.lstat(&text::encode(&path)) {
                        open.push((path, stat, false, false));
                    }
                }
            }
            Err(errno) => {
                call.either_errno(&at, &format!("cannot read directory '{at}'"), errno);
                clean = false;
            }
        }
    }
    clean
}

/// The words of a chmod: a mode may begin with a minus, which is no option.
fn mode_words(words: &[String]) -> (Vec<String>, Option<String>) {
    let is_mode = |word: &str| {
        word.starts_with('-') && word.len() > 1 && word[1..].chars().all(|c| "rwxXstugoa,+=-".contains(c))
    };
    let at = words.iter().position(|word| !word.starts_with('-') || word == "--" || is_mode(word));
    match at.and_then(|at| words.get(at).map(|word| (at, word))) {
        Some((at, word)) if word != "--" && is_mode(word) => {
            let mut rest = words.to_vec();
            rest.remove(at);
            (rest, Some(word.clone()))
        }
        _ => (words.to_vec(), None),
    }
}

pub(super) fn chmod(call: &mut Call<'_, '_>) -> i32 {
    let (words, minus) = mode_words(call.args());
    let spec = Spec {
        flags: "Rvcf",
        values: "",
        long: &[
            ("recursive", "R"),
            ("verbose", "v"),
            ("changes", "c"),
            ("quiet", "f"),
            ("silent", "f"),
            ("preserve-root", "preserve-root"),
            ("no-preserve-root", "preserve-root"),
            ("reference=", "reference"),
        ],
    };
    let mut args = match Arguments::read(call, &words, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let change = match wanted_mode(call, &mut args, minus) {
        Ok(change) => change,
        Err(status) => return status,
    };
    let deep = args.has("R");
    // GNU follows a symlink that is named, busybox not when it goes down.
    let follow = !deep || !call.busybox;
    let mut status = 0;
    for operand in &args.operands {
        if let Some(problem) = unreachable_operand(call, &args, operand, follow) {
            status = problem;
            continue;
        }
        let mut visit = |call: &mut Call<'_, '_>, at: &str, stat: &Stat, _top: bool| {
            stat.kind == StatKind::Symlink || change_mode(call, &args, &change, at, stat)
        };
        if !each(call, operand, deep, follow, true, &mut visit) {
            status = 1;
        }
    }
    status
}

/// The mode of the command line, or that of `--reference`. The operands are what is left.
fn wanted_mode(
    call: &mut Call<'_, '_>,
    args: &mut Arguments,
    minus: Option<String>,
) -> Result<mode::Change, i32> {
    let change = match args.value("reference") {
        Some(reference) => match call.m.stat(&text::encode(reference)) {
            Ok(stat) => Ok(mode::Change::Octal(stat.mode)),
            Err(errno) => {
                return Err(call.fail_errno(&format!("failed to get attributes of '{reference}'"), errno));
            }
        },
        None => {
            let word = match minus {
                Some(word) => word,
                None if args.operands.is_empty() => return Err(call.usage("missing operand")),
                None => args.operands.remove(0),
            };
            mode::parse(&word).ok_or(word)
        }
    };
    if args.operands.is_empty() {
        let text = match change {
            Err(word) => format!("missing operand after '{word}'"),
            Ok(_) => match call.args().iter().rev().find(|word| !word.is_empty()) {
                Some(word) => format!("missing operand after '{word}'"),
                None => "missing operand".to_owned(),
            },
        };
        return Err(call.usage(&text));
    }
    match change {
        Ok(change) => Ok(change),
        // busybox reads the mode once it has found a file.
        Err(word) if call.busybox => {
            for operand in &args.operands {
                match call.m.stat(&text::encode(operand)) {
                    Ok(_) => return Err(call.fail(&format!("invalid mode '{word}'"))),
                    Err(errno) => drop(call.fail_errno(operand, errno)),
                }
            }
            Err(1)
        }
        Err(word) => Err(call.usage(&format!("invalid mode: '{word}'"))),
    }
}

/// GNU chmod's own words about what it can't reach.
fn unreachable_operand(
    call: &mut Call<'_, '_>,
    args: &Arguments,
    operand: &str,
    follow: bool,
) -> Option<i32> {
    let bytes = text::encode(operand).into_owned();
    let errno = if follow { call.m.stat(&bytes) } else { call.m.lstat(&bytes) }.err()?;
    if args.has("f") {
        return Some(1);
    }
    if call.busybox {
        return None;
    }
    if call.m.lstat(&bytes).is_ok() && errno == crate::fs::Errno::ENOENT {
        call.fail(&format!("cannot operate on dangling symlink '{operand}'"));
    } else {
        call.fail_errno(&format!("cannot access '{operand}'"), errno);
        if args.has("v") {
            call.out(&format!("'{operand}' could not be accessed\n"));
        }
    }
    Some(1)
}

fn change_mode(
    call: &mut Call<'_, '_>,
    args: &Arguments,
    change: &mode::Change,
    at: &str,
    stat: &Stat,
) -> bool {
    let new = change.apply(stat.mode, stat.kind == StatKind::Dir, call.m.umask);
    if let Err(errno) = call.m.chmod(&text::encode(at), new) {
        if !args.has("f") {
            call.either_errno(at, &format!("changing permissions of '{at}'"), errno);
        }
        return false;
    }
    let changed = new != stat.mode;
    if args.has("v") || args.has("c") && changed {
        let shown = format!("{new:04o} ({})", mode::letters(new));
        let line = match (call.busybox, changed) {
            (true, _) => format!("mode of '{at}' changed to {shown}\n"),
            (false, true) => format!(
                "mode of '{at}' changed from {:04o} ({}) to {shown}\n",
                stat.mode,
                mode::letters(stat.mode)
            ),
            (false, false) => format!("mode of '{at}' retained as {shown}\n"),
        };
        call.out(&line);
    }
    true
}

/// A user and a group by name or number; an unknown one is complained about.
pub(super) fn pair(
    call: &mut Call<'_, '_>,
    user: Option<&str>,
    group: Option<&str>,
) -> Result<(Option<u32>, Option<u32>), i32> {
    let uid = match user.filter(|word| !word.is_empty()) {
        Some(word) => match users::uid_of(call.m, word) {
            Some(uid) => Some(uid),
            None => {
                return Err(call.either(&format!("unknown user {word}"), &format!("invalid user: '{word}'")));
            }
        },
        None => None,
    };
    let gid = match group.filter(|word| !word.is_empty()) {
        Some(word) => match users::gid_of(call.m, word) {
            Some(gid) => Some(gid),
            None => {
                return Err(
                    call.either(&format!("unknown group {word}"), &format!("invalid group: '{word}'"))
                );
            }
        },
        None => None,
    };
    Ok((uid, gid))
}

pub(super) fn chown(call: &mut Call<'_, '_>) -> i32 {
    change_owner(call, false)
}

pub(super) fn chgrp(call: &mut Call<'_, '_>) -> i32 {
    change_owner(call, true)
}

fn change_owner(call: &mut Call<'_, '_>, group_only: bool) -> i32 {
    let spec = Spec {
        flags: "RhvcfLHP",
        values: "",
        long: &[
            ("recursive", "R"),
            ("no-dereference", "h"),
            ("dereference", "dereference"),
            ("verbose", "v"),
            ("changes", "c"),
            ("silent", "f"),
            ("quiet", "f"),
            ("preserve-root", "preserve-root"),
            ("no-preserve-root", "preserve-root"),
            ("from=", "from"),
            ("reference=", "reference"),
        ],
    };
    let mut args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let (owner, words) = match new_owner(call, &mut args, group_only) {
        Ok(found) => found,
        Err(status) => return status,
    };
    let from = match args.value("from").map(|word| owner_of(call, word, false)) {
        Some(Err(status)) => return status,
        Some(Ok(from)) => from,
        None => (None, None),
    };
    let deep = args.has("R");
    let links = args.has("h") || deep && !args.any("LH");
    let mut status = 0;
    for operand in &args.operands {
        let mut visit = |call: &mut Call<'_, '_>, at: &str, stat: &Stat, _: bool| {
            if from.0.is_some_and(|uid| uid != stat.uid) || from.1.is_some_and(|gid| gid != stat.gid) {
                return true;
            }
            match call.m.chown(&text::encode(at), owner.0, owner.1, !links) {
                Ok(()) => {
                    report(call, &args, at, stat, owner, &words, group_only);
                    true
                }
                Err(_) if args.has("f") => false,
                Err(errno) => {
                    let what = if group_only { "group" } else { "ownership" };
                    let dangling = errno == crate::fs::Errno::ENOENT && !links;
                    let gnu = match dangling {
                        true => format!("cannot dereference '{at}'"),
                        false => format!("changing {what} of '{at}'"),
                    };
                    call.either_errno(at, &gnu, errno);
                    false
                }
            }
        };
        if !each(call, operand, deep, !links, true, &mut visit) {
            status = 1;
        }
    }
    status
}

type Owner = (Option<u32>, Option<u32>);

/// The owner of the command line or of `--reference`, and how it was written.
fn new_owner(
    call: &mut Call<'_, '_>,
    args: &mut Arguments,
    group_only: bool,
) -> Result<(Owner, String), i32> {
    let (owner, word) = match args.value("reference") {
        Some(reference) => match call.m.stat(&text::encode(reference)) {
            Ok(stat) => {
                let user = if group_only { None } else { Some(stat.uid) };
                ((user, Some(stat.gid)), reference.to_owned())
            }
            Err(errno) => {
                return Err(call.fail_errno(&format!("failed to get attributes of '{reference}'"), errno));
            }
        },
        None => {
            if args.operands.is_empty() {
                return Err(call.usage("missing operand"));
            }
            let word = args.operands.remove(0);
            if args.operands.is_empty() {
                return Err(call.usage(&format!("missing operand after '{word}'")));
            }
            (owner_of(call, &word, group_only)?, word)
        }
    };
    if args.operands.is_empty() {
        return Err(call.usage("missing operand"));
    }
    Ok((owner, word))
}

/// `-v` and `-c`.
fn report(
    call: &mut Call<'_, '_>,
    args: &Arguments,
    at: &str,
    before: &Stat,
    owner: Owner,
    word: &str,
    group_only: bool,
) {
    let (uid, gid) = (owner.0.unwrap_or(before.uid), owner.1.unwrap_or(before.gid));
    let changed = (uid, gid) != (before.uid, before.gid);
    if !(args.has("v") || args.has("c") && changed) {
        return;
    }
    if call.busybox {
        call.out(&format!("changed ownership of '{at}' to {uid}:{gid}\n"));
        return;
    }
    let user = users::by_uid(call.m, before.uid).map_or(before.uid.to_string(), |user| user.name);
    let group = users::group_by_gid(call.m, before.gid).map_or(before.gid.to_string(), |group| group.name);
    let old = match owner {
        _ if group_only => group,
        (Some(_), Some(_)) => format!("{user}:{group}"),
        (None, Some(_)) => format!(":{group}"),
        _ => user,
    };
    let what = if group_only { "group" } else { "ownership" };
    let line = match changed {
        true if group_only => format!("changed group of '{at}' from {old} to {word}\n"),
        true => format!("changed ownership of '{at}' from {old} to {word}\n"),
        false => format!("{what} of '{at}' retained as {old}\n"),
    };
    call.out(&line);
}

/// `user`, `user:group`, `user:` (the login group), `:group`, `user.group`.
fn owner_of(call: &mut Call<'_, '_>, word: &str, group_only: bool) -> Result<Owner, i32> {
    if group_only {
        return pair(call, None, Some(word));
    }
    if call.busybox && word.is_empty() {
        return Err(call.fail("unknown user "));
    }
    let (user, group) = match word.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => match word.split_once('.') {
            Some((user, group)) if users::by_name(call.m, word).is_none() => {
                if !call.busybox {
                    call.fail(&format!("warning: '.' should be ':': '{word}'"));
                }
                (user, Some(group))
            }
            _ => (word, None),
        },
    };
    if group == Some("") && !user.is_empty() {
        let (uid, _) = pair(call, Some(user), None)?;
        let login = uid.and_then(|uid| users::by_uid(call.m, uid)).map(|user| user.gid);
        return Ok((uid, login));
    }
    let uid = if user.is_empty() { None } else { users::uid_of(call.m, user) };
    let named = group.filter(|group| !group.is_empty());
    let gid = named.and_then(|group| users::gid_of(call.m, group));
    let known_user = user.is_empty() || uid.is_some();
    if group.is_some() && !(known_user && named.is_some() == gid.is_some()) {
        let gnu = if known_user { "invalid group" } else { "invalid user" };
        return Err(call.either(&format!("unknown user/group {word}"), &format!("{gnu}: '{word}'")));
    }
    if call.busybox && (user.starts_with('+') || user.starts_with('-')) {
        return Err(call.fail(&format!("unknown user {user}")));
    }
    match known_user {
        true => Ok((uid, gid)),
        false => pair(call, Some(user), None),
    }
}
