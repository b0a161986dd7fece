//! `install`.

use super::arguments::{Arguments, Spec};
use super::copy::{Copying, back_up, copy, inside, make_parents};
use super::{mode, owners};
use crate::shell::call::Call;
use crate::shell::text;
use crate::union::StatKind;

pub(super) fn install(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "cdDpsvbTC",
        values: "mogtS",
        long: &[
            ("directory", "d"),
            ("mode=", "m"),
            ("owner=", "o"),
            ("group=", "g"),
            ("target-directory=", "t"),
            ("no-target-directory", "T"),
            ("verbose", "v"),
            ("strip", "s"),
            ("preserve-timestamps", "p"),
            ("compare", "C"),
            ("backup", "backup"),
            ("suffix=", "S"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let wanted = match args.value("m").map(mode::parse) {
        Some(Some(change)) => change.apply(0, args.has("d"), 0),
        Some(None) => return call.fail(&format!("invalid mode '{}'", args.value("m").unwrap_or(""))),
        None => 0o755,
    };
    let owner = match installed_owner(call, &args) {
        Ok(owner) => owner,
        Err(status) => return status,
    };
    if args.has("d") {
        let mut status = 0;
        for operand in &args.operands {
            make_parents(call, operand);
            let bytes = text::encode(operand).into_owned();
            let made = call.m.mkdir(&bytes, 0o755);
            if let Err(errno) = made
                && !call.m.is_dir(&bytes)
            {
                status = call.either_errno(
                    &format!("can't create directory '{operand}'"),
                    &format!("cannot create directory '{operand}'"),
                    errno,
                );
                continue;
            }
            settle(call, &bytes, wanted, owner);
        }
        return status;
    }
    files(call, &args, wanted, owner)
}

/// `install -o -g`.
fn installed_owner(call: &mut Call<'_, '_>, args: &Arguments) -> Result<(Option<u32>, Option<u32>), i32> {
    if !call.busybox {
        for (letter, what) in [("o", "user"), ("g", "group")] {
            let Some(name) = args.value(letter) else { continue };
            let known = match what {
                "user" => crate::shell::users::uid_of(call.m, name),
                _ => crate::shell::users::gid_of(call.m, name),
            };
            if known.is_none() {
                return Err(call.fail(&format!("invalid {what} '{name}'")));
            }
        }
    }
    owners::pair(call, args.value("o"), args.value("g"))
}

/// Copies files with their new mode and owner.
fn files(call: &mut Call<'_, '_>, args: &Arguments, wanted: u16, owner: (Option<u32>, Option<u32>)) -> i32 {
    let (operands, target) = match args.destination(call) {
        Ok(found) => found,
        Err(status) => return status,
    };
    if args.has("D") {
        make_parents(call, &if args.value("t").is_some() { format!("{target}/x") } else { target.clone() });
    }
    let into = !args.has("T") && call.m.is_dir(&text::encode(&target));
    let mut status = 0;
    for operand in &operands {
        let destination = if into { inside(&target, operand) } else { target.clone() };
        let bytes = text::encode(&destination).into_owned();
        if call.m.is_dir(&text::encode(operand)) {
            status = call.fail(&format!("omitting directory '{operand}'"));
            continue;
        }
        back_up(call, args, &destination);
        if call.m.lstat(&bytes).is_ok_and(|stat| stat.kind != StatKind::Dir) {
            let _ = call.m.unlink(&bytes);
        }
        let verbose = args.has("v");
        let mut copying = Copying { follow: true, follow_all: true, verbose, ..Copying::default() };
        if copy(call, operand, &destination, &mut copying) {
            settle(call, &bytes, wanted, owner);
            if args.has("p")
                && let Ok(stat) = call.m.stat(&text::encode(operand))
            {
                let _ = call.m.utimes(&bytes, stat.mtime);
            }
            if args.has("s") && !strips(call, &bytes) {
                status = 1;
            }
        } else {
            status = 1;
        }
    }
    status
}

/// `-s` runs `strip`, which only images with binutils have. It changes bytes that nobody models.
fn strips(call: &mut Call<'_, '_>, path: &[u8]) -> bool {
    let search = call.env.get("PATH").cloned().unwrap_or_default();
    if call.m.find("strip", &search).is_ok() {
        call.m.not_modelled("install -s");
        return true;
    }
    call.fail("cannot run 'strip': No such file or directory");
    call.fail("strip process terminated abnormally");
    let _ = call.m.unlink(path);
    false
}

fn settle(call: &mut Call<'_, '_>, path: &[u8], mode: u16, owner: (Option<u32>, Option<u32>)) {
    if owner != (None, None) {
        let _ = call.m.chown(path, owner.0, owner.1, true);
    }
    if call.m.stat(path).is_ok_and(|stat| stat.mode != mode) {
        let _ = call.m.chmod(path, mode);
    }
}
