//! `rm`, `rmdir`, `unlink`.

use super::arguments::{Arguments, Spec};
use crate::fs::{Errno, path};
use crate::shell::call::Call;
use crate::shell::text;
use crate::union::StatKind;

pub(super) fn rm(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "rRfivdI",
        values: "",
        long: &[
            ("recursive", "r"),
            ("force", "f"),
            ("verbose", "v"),
            ("dir", "d"),
            ("no-preserve-root", "N"),
            ("preserve-root", "p"),
            ("one-file-system", "x"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let force = args.has("f");
    if args.operands.is_empty() {
        return if force {
            0
        } else {
            call.either("missing operand", "missing operand\nTry 'rm --help' for more information.")
        };
    }
    let mut status = 0;
    for operand in &args.operands {
        let bytes = text::encode(operand).into_owned();
        match path::file_name(&bytes) {
            b"." | b".." => {
                status = call.either(
                    "can't remove '.' or '..'",
                    &format!("refusing to remove '.' or '..' directory: skipping '{operand}'"),
                );
                continue;
            }
            b"" if !bytes.is_empty() && !call.busybox && !args.has("N") && args.any("rR") => {
                call.err("rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n");
                status = 1;
                continue;
            }
            _ => {}
        }
        let stat = match call.m.lstat(&bytes) {
            Ok(stat) => stat,
            Err(errno) => {
                if !(force && matches!(errno, Errno::ENOENT | Errno::ENOTDIR)) {
                    status = refuse(call, operand, errno);
                }
                continue;
            }
        };
        let dir = stat.kind == StatKind::Dir;
        if dir && !args.any("rR") && !args.has("d") {
            status = call.either(
                &format!("'{operand}' is a directory"),
                &format!("cannot remove '{operand}': Is a directory"),
            );
            continue;
        }
        if !remove(call, operand, dir && args.any("rR"), args.has("v"), dir) {
            status = 1;
        }
    }
    status
}

fn refuse(call: &mut Call<'_, '_>, operand: &str, errno: Errno) -> i32 {
    call.either_errno(&format!("can't remove '{operand}'"), &format!("cannot remove '{operand}'"), errno)
}

/// Removes one thing, with all that is in it. False: something stayed, and was complained about.
pub(super) fn remove(call: &mut Call<'_, '_>, operand: &str, deep: bool, verbose: bool, dir: bool) -> bool {
    if !deep {
        let bytes = text::encode(operand).into_owned();
        let done = if dir { call.m.rmdir(&bytes) } else { call.m.unlink(&bytes) };
        if let Err(errno) = done {
            refuse(call, operand, errno);
            return false;
        }
        if verbose {
            call.out(&format!("removed {}'{operand}'\n", if dir { "directory " } else { "" }));
        }
        return true;
    }
    // Without recursion: a directory comes back after everything in it.
    let mut open: Vec<(String, bool)> = vec![(operand.to_owned(), false)];
    let mut clean = true;
    while let Some((at, emptied)) = open.pop() {
        if call.m.stopped() {
            return false;
        }
        let bytes = text::encode(&at).into_owned();
        if emptied {
            clean &= remove(call, &at, false, verbose, true);
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
                        clean = false;
                        continue;
                    }
                };
                open.push((at.clone(), true));
                let base = at.trim_end_matches('/');
                open.extend(names.iter().rev().map(|name| (format!("{base}/{}", text::decode(name)), false)));
            }
            Ok(_) => clean &= remove(call, &at, false, verbose, false),
            Err(errno) => {
                refuse(call, &at, errno);
                clean = false;
            }
        }
    }
    clean
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
    let mut status = 0;
    for operand in &args.operands {
        let mut at = text::encode(operand).into_owned();
        loop {
            if let Err(errno) = call.m.rmdir(&at) {
                if !(args.has("i") && errno == Errno::ENOTEMPTY) {
                    let shown = text::decode(&at);
                    status = call.either_errno(
                        &format!("'{shown}'"),
                        &format!("failed to remove '{shown}'"),
                        errno,
                    );
                }
                break;
            }
            at = path::parent(&at).to_vec();
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
