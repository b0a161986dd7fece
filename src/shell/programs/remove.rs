//! `rm`, `rmdir`, `unlink`.

use super::arguments::{Arguments, Spec};
use crate::fs::{Errno, path};
use crate::shell::call::Call;
use crate::shell::text;
use crate::union::StatKind;

/// How things are removed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Removing {
    /// Directories with all that is in them.
    pub deep: bool,
    /// What is gone already is no failure.
    pub force: bool,
    pub verbose: bool,
    /// Ask before each.
    pub ask: bool,
}

pub(super) fn rm(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "rRfivdI",
        values: "",
        long: &[
            ("recursive", "r"),
            ("force", "f"),
            ("verbose", "v"),
            ("dir", "d"),
            ("interactive", "i"),
            ("no-preserve-root", "N"),
            ("preserve-root", "p"),
            ("one-file-system", "x"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let how = Removing {
        deep: args.any("rR"),
        force: args.last_of("fi") == Some("f"),
        verbose: args.has("v"),
        ask: args.last_of("fi") == Some("i"),
    };
    if args.operands.is_empty() {
        return if how.force { 0 } else { call.usage("missing operand") };
    }
    let mut status = 0;
    for operand in &args.operands {
        // busybox looks at the name itself: a slash behind it doesn't follow a symlink.
        let operand = match operand.trim_end_matches('/') {
            "" => operand.as_str(),
            bare if call.busybox => bare,
            _ => operand.as_str(),
        };
        let bytes = text::encode(operand).into_owned();
        match path::file_name(&bytes) {
            b"." | b".." => {
                status = call.either(
                    "can't remove '.' or '..'",
                    &format!("refusing to remove '.' or '..' directory: skipping '{operand}'"),
                );
                continue;
            }
            b"" if !bytes.is_empty() && !call.busybox && !args.has("N") && how.deep => {
                call.err("rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n");
                status = 1;
                continue;
            }
            _ => {}
        }
        let stat = match call.m.lstat(&bytes) {
            Ok(stat) => stat,
            Err(errno) => {
                if !(how.force && gone(errno)) {
                    status = refuse(call, operand, errno);
                }
                continue;
            }
        };
        let dir = stat.kind == StatKind::Dir;
        if dir && !how.deep && !args.has("d") {
            status = call.either(
                &format!("'{operand}' is a directory"),
                &format!("cannot remove '{operand}': Is a directory"),
            );
            continue;
        }
        if !remove(call, operand, dir, how) {
            status = 1;
        }
    }
    status
}

fn gone(errno: Errno) -> bool {
    matches!(errno, Errno::ENOENT | Errno::ENOTDIR)
}

fn refuse(call: &mut Call<'_, '_>, operand: &str, errno: Errno) -> i32 {
    call.either_errno(&format!("can't remove '{operand}'"), &format!("cannot remove '{operand}'"), errno)
}

/// Removes one thing, with all that is in it. False: something stayed, and was complained about.
pub(super) fn remove(call: &mut Call<'_, '_>, operand: &str, dir: bool, how: Removing) -> bool {
    if !(how.deep && dir) {
        return remove_one(call, operand, dir, how);
    }
    // Without recursion: a directory comes back after everything in it.
    let mut open: Vec<(String, bool)> = vec![(operand.to_owned(), false)];
    let mut clean = true;
    // What stayed: the directories above it stay too, and nothing more is said of them.
    let mut stayed: Vec<String> = Vec::new();
    while let Some((at, emptied)) = open.pop() {
        if call.m.stopped() {
            return false;
        }
        let bytes = text::encode(&at).into_owned();
        if emptied {
            let holds = |left: &String| {
                left.strip_prefix(at.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
            };
            if !stayed.iter().any(holds) && !remove_one(call, &at, true, how) {
                stayed.push(at);
                clean = false;
            }
            continue;
        }
        match call.m.lstat(&bytes).map(|stat| stat.kind) {
            Ok(StatKind::Dir) => {
                let names = match call.m.readdir(&bytes) {
                    Ok(names) => names,
                    Err(errno) => {
                        call.either_errno(
                            &format!("can't open '{at}'"),
                            &format!("cannot remove '{at}'"),
                            errno,
                        );
                        stayed.push(at);
                        clean = false;
                        continue;
                    }
                };
                if how.ask && !names.is_empty() && !call.agrees(&format!("descend into directory '{at}'")) {
                    continue;
                }
                open.push((at.clone(), true));
                let base = at.trim_end_matches('/');
                open.extend(names.iter().rev().map(|name| (format!("{base}/{}", text::decode(name)), false)));
            }
            Ok(_) => {
                if !remove_one(call, &at, false, how) {
                    stayed.push(at);
                    clean = false;
                }
            }
            Err(errno) => {
                refuse(call, &at, errno);
                stayed.push(at);
                clean = false;
            }
        }
    }
    clean
}

fn remove_one(call: &mut Call<'_, '_>, operand: &str, dir: bool, how: Removing) -> bool {
    let bytes = text::encode(operand).into_owned();
    if how.ask {
        let question = match call.m.lstat(&bytes) {
            Ok(stat) if !call.busybox => {
                format!("remove {} '{operand}'", super::describe::kind_words(&stat))
            }
            _ => format!("remove '{operand}'"),
        };
        if !call.agrees(&question) {
            return true;
        }
    }
    let done = if dir { call.m.rmdir(&bytes) } else { call.m.unlink(&bytes) };
    match done {
        Ok(()) => {}
        Err(errno) if how.force && gone(errno) => return true,
        Err(errno) => {
            refuse(call, operand, errno);
            return false;
        }
    }
    if how.verbose {
        let colon = if call.busybox { ":" } else { "" };
        let what = if dir { format!("directory{colon} ") } else { String::new() };
        call.out(&format!("removed {what}'{operand}'\n"));
    }
    true
}

pub(super) fn rmdir(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "pv",
        values: "",
        long: &[("parents", "p"), ("ignore-fail-on-non-empty", "i"), ("verbose", "v")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    if args.operands.is_empty() {
        return call.usage("missing operand");
    }
    let mut status = 0;
    for operand in &args.operands {
        let mut at = text::encode(operand).into_owned();
        let mut parent = false;
        loop {
            let shown = text::decode(&at);
            if args.has("v") {
                call.out(&format!("rmdir: removing directory, '{shown}'\n"));
            }
            if let Err(errno) = call.m.rmdir(&at) {
                if !(args.has("i") && errno == Errno::ENOTEMPTY) {
                    let gnu = match parent {
                        true => format!("failed to remove directory '{shown}'"),
                        false => format!("failed to remove '{shown}'"),
                    };
                    status = call.either_errno(&format!("'{shown}'"), &gnu, errno);
                }
                break;
            }
            at = path::parent(&at).to_vec();
            parent = true;
            if !args.has("p") || at.is_empty() || at == b"/" {
                break;
            }
        }
    }
    status
}

pub(super) fn unlink(call: &mut Call<'_, '_>) -> i32 {
    let Some(operand) = call.args().first() else { return call.fail("missing operand") };
    match call.m.unlink(&text::encode(operand)) {
        Ok(()) => 0,
        Err(errno) => call.either_errno(
            &format!("can't remove file '{operand}'"),
            &format!("cannot unlink '{operand}'"),
            errno,
        ),
    }
}
