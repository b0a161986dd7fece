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

pub(super) fn chmod(call: &mut Call<'_, '_>) -> i32 {
    // A mode may begin with a minus: it is no option.
    let is_mode = |word: &str| {
        word.starts_with('-') && word.len() > 1 && word[1..].chars().all(|c| "rwxXstugoa,+=-".contains(c))
    };
    let mut words = Vec::new();
    let mut minus = None;
    for word in call.args() {
        if minus.is_none() && is_mode(word) && words.iter().all(|w: &String| w.starts_with('-')) {
            minus = Some(word.clone());
        } else {
            words.push(word.clone());
        }
    }
    let spec = Spec {
        flags: "Rvcf",
        values: "",
        long: &[
            ("recursive", "R"),
            ("verbose", "v"),
            ("changes", "c"),
            ("quiet", "f"),
            ("silent", "f"),
            ("reference=", "reference"),
        ],
    };
    let mut args = match Arguments::of(&words, &spec) {
        Ok(args) => args,
        Err(_) => return call.fail("invalid option"),
    };
    let change = match args.value("reference") {
        Some(reference) => match call.m.stat(&text::encode(reference)) {
            Ok(stat) => mode::Change::Octal(stat.mode),
            Err(errno) => {
                return call.fail_errno(&format!("failed to get attributes of '{reference}'"), errno);
            }
        },
        None => {
            let word = match minus {
                Some(word) => word,
                None if args.operands.is_empty() => return call.fail("missing operand"),
                None => args.operands.remove(0),
            };
            match mode::parse(&word) {
                Some(change) => change,
                None => {
                    return call.either(
                        &format!("invalid mode '{word}'"),
                        &format!("invalid mode: '{word}'\nTry 'chmod --help' for more information."),
                    );
                }
            }
        }
    };
    if args.operands.is_empty() {
        return call.fail("missing operand");
    }
    let umask = call.m.umask;
    let mut status = 0;
    for operand in &args.operands {
        let mut visit = |call: &mut Call<'_, '_>, at: &str, stat: &Stat, _top: bool| {
            if stat.kind == StatKind::Symlink {
                return true;
            }
            let new = change.apply(stat.mode, stat.kind == StatKind::Dir, umask);
            match call.m.chmod(&text::encode(at), new) {
                Ok(()) => true,
                Err(errno) => {
                    if !args.has("f") {
                        call.either_errno(at, &format!("changing permissions of '{at}'"), errno);
                    }
                    false
                }
            }
        };
        if !each(call, operand, args.has("R"), true, true, &mut visit) {
            status = 1;
        }
    }
    status
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
            ("verbose", "v"),
            ("changes", "c"),
            ("silent", "f"),
            ("quiet", "f"),
            ("from=", "from"),
            ("reference=", "reference"),
        ],
    };
    let mut args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let owner = match args.value("reference") {
        Some(reference) => match call.m.stat(&text::encode(reference)) {
            Ok(stat) => (Some(stat.uid), Some(stat.gid)),
            Err(errno) => {
                return call.fail_errno(&format!("failed to get attributes of '{reference}'"), errno);
            }
        },
        None => {
            if args.operands.is_empty() {
                return call.fail("missing operand");
            }
            let word = args.operands.remove(0);
            match owner_of(call, &word, group_only) {
                Ok(owner) => owner,
                Err(status) => return status,
            }
        }
    };
    if args.operands.is_empty() {
        return call.fail("missing operand");
    }
    let deep = args.has("R");
    let links = args.has("h") || deep && !args.any("LH");
    let mut status = 0;
    for operand in &args.operands {
        let mut visit = |call: &mut Call<'_, '_>, at: &str, _: &Stat, _: bool| match call.m.chown(
            &text::encode(at),
            owner.0,
            owner.1,
            !links,
        ) {
            Ok(()) => true,
            Err(errno) => {
                if !args.has("f") {
                    let what = if group_only { "group" } else { "ownership" };
                    call.either_errno(at, &format!("changing {what} of '{at}'"), errno);
                }
                false
            }
        };
        if !each(call, operand, deep, !links, true, &mut visit) {
            status = 1;
        }
    }
    status
}

/// `user`, `user:group`, `user:` (the login group), `:group`, `user.group`.
fn owner_of(
    call: &mut Call<'_, '_>,
    word: &str,
    group_only: bool,
) -> Result<(Option<u32>, Option<u32>), i32> {
    if group_only {
        return pair(call, None, Some(word));
    }
    let (user, group) = match word.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => match word.split_once('.') {
            Some((user, group)) if users::by_name(call.m, word).is_none() => (user, Some(group)),
            _ => (word, None),
        },
    };
    if group == Some("") && !user.is_empty() {
        let (uid, _) = pair(call, Some(user), None)?;
        let login = uid.and_then(|uid| users::by_uid(call.m, uid)).map(|user| user.gid);
        return Ok((uid, login));
    }
    let known = |call: &mut Call<'_, '_>| {
        (user.is_empty() || users::uid_of(call.m, user).is_some())
            && group.is_none_or(|group| group.is_empty() || users::gid_of(call.m, group).is_some())
    };
    if call.busybox && group.is_some() && !known(call) {
        return Err(call.fail(&format!("unknown user/group {word}")));
    }
    pair(call, Some(user), group)
}
