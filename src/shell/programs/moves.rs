//! `mv`.

use super::arguments::{Arguments, Spec};
use super::copy::{Copying, copy, inside};
use super::remove::{Removing, remove};
use crate::fs::Errno;
use crate::shell::call::Call;
use crate::shell::text;
use crate::union::{Rename, StatKind};

pub(super) fn mv(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "finuvTbZ",
        values: "tS",
        long: &[
            ("force", "f"),
            ("no-clobber", "n"),
            ("target-directory=", "t"),
            ("no-target-directory", "T"),
            ("verbose", "v"),
            ("update", "u"),
            ("interactive", "i"),
            ("backup", "backup"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let (operands, target) = match args.destination(call) {
        Ok(found) => found,
        Err(status) => return status,
    };
    let into = !args.has("T") && call.m.is_dir(&text::encode(&target));
    if call.busybox && args.has("T") {
        let dir = |call: &mut Call<'_, '_>, name: &str| {
            call.m.lstat(&text::encode(name)).is_ok_and(|stat| stat.kind == StatKind::Dir)
        };
        let source = operands.first().cloned().unwrap_or_default();
        if dir(call, &target) && !dir(call, &source) {
            return call.fail(&format!("'{target}' is a directory"));
        }
    }
    let several = operands.len() > 1 || args.has("t");
    if !into && !call.busybox && several {
        return super::copy::no_directory(call, &target);
    }
    let mut status = 0;
    for operand in &operands {
        let destination =
            if into || several { inside(&target, operand.trim_end_matches('/')) } else { target.clone() };
        let existing = call.m.lstat(&text::encode(&destination)).ok();
        if existing.is_some() && args.has("n") {
            continue;
        }
        if existing.is_some()
            && args.last_of("fin") == Some("i")
            && !call.agrees(&format!("overwrite '{destination}'"))
        {
            continue;
        }
        if args.has("u")
            && let (Some(old), Ok(new)) = (&existing, call.m.lstat(&text::encode(operand)))
            && old.mtime >= new.mtime
        {
            continue;
        }
        super::copy::back_up(call, &args, &destination);
        if move_one(call, operand, &destination) {
            if args.has("v") {
                let verb = if call.busybox { "" } else { "renamed " };
                call.out(&format!("{verb}'{operand}' -> '{destination}'\n"));
            }
        } else {
            status = 1;
        }
    }
    status
}

fn move_one(call: &mut Call<'_, '_>, from: &str, to: &str) -> bool {
    let (source, target) = (text::encode(from).into_owned(), text::encode(to).into_owned());
    if !call.busybox && !gnu_allows(call, from, to) {
        return false;
    }
    match call.m.rename(&source, &target, Rename::Plain) {
        Ok(()) => true,
        Err(Errno::EXDEV) => across(call, from, to),
        Err(Errno::EINVAL) if !call.busybox => {
            call.fail(&format!("cannot move '{from}' to a subdirectory of itself, '{to}'"));
            false
        }
        Err(errno) => {
            let gnu = format!("cannot move '{from}' to '{to}'");
            call.either_errno(&format!("can't rename '{from}'"), &gnu, errno);
            false
        }
    }
}

/// What GNU mv looks at before it renames.
fn gnu_allows(call: &mut Call<'_, '_>, from: &str, to: &str) -> bool {
    let (source, target) = (text::encode(from).into_owned(), text::encode(to).into_owned());
    let stat = match call.m.lstat(&source) {
        Ok(stat) => stat,
        Err(errno) => {
            call.fail_errno(&format!("cannot stat '{from}'"), errno);
            return false;
        }
    };
    match call.m.lstat(&target) {
        Ok(existing) if existing.id == stat.id && existing.kind == stat.kind => {
            call.fail(&format!("'{from}' and '{to}' are the same file"));
            false
        }
        Ok(existing) if existing.kind == StatKind::Dir && stat.kind != StatKind::Dir => {
            call.fail(&format!("cannot overwrite directory '{to}' with non-directory"));
            false
        }
        Ok(existing) if existing.kind != StatKind::Dir && stat.kind == StatKind::Dir => {
            call.fail(&format!("cannot overwrite non-directory '{to}' with directory '{from}'"));
            false
        }
        _ => true,
    }
}

/// Between file systems, and for a directory that lower layers hold: copy, then remove.
fn across(call: &mut Call<'_, '_>, from: &str, to: &str) -> bool {
    let (source, target) = (text::encode(from).into_owned(), text::encode(to).into_owned());
    let Ok(stat) = call.m.lstat(&source) else { return false };
    let dir = stat.kind == StatKind::Dir;
    if let Ok(existing) = call.m.lstat(&target) {
        let problem = match (existing.kind == StatKind::Dir, dir) {
            (true, false) => Some("is a directory"),
            (false, true) => Some("is not a directory"),
            _ => None,
        };
        if let Some(problem) = problem {
            call.fail(&format!("'{to}' {problem}"));
            return false;
        }
        let gone = if dir { call.m.rmdir(&target) } else { call.m.unlink(&target) };
        if let Err(errno) = gone {
            let gnu = format!("cannot move '{from}' to '{to}'");
            call.either_errno(&format!("can't remove '{to}'"), &gnu, errno);
            return false;
        }
    }
    let mut copying = Copying { deep: true, preserve: true, ..Copying::default() };
    copy(call, from, to, &mut copying)
        && remove(call, from, dir, Removing { deep: true, ..Removing::default() })
}
