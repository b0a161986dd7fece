//! `ln`, `link`, `readlink`, `realpath`.

use super::arguments::{Arguments, Spec};
use super::copy::inside;
use crate::fs::{Errno, path};
use crate::shell::call::Call;
use crate::shell::text;
use crate::union::StatKind;

pub(super) fn ln(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "sfnvTLPribdF",
        values: "tS",
        long: &[
            ("symbolic", "s"),
            ("force", "f"),
            ("no-dereference", "n"),
            ("target-directory=", "t"),
            ("no-target-directory", "T"),
            ("relative", "r"),
            ("verbose", "v"),
            ("logical", "L"),
            ("physical", "P"),
            ("interactive", "i"),
            ("backup", "backup"),
            ("suffix=", "S"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let mut operands = args.operands.clone();
    let target = match args.value("t") {
        Some(target) => target.to_owned(),
        // busybox: a link of the same name; when that is a directory, one in it.
        None if operands.len() == 1 && call.busybox => {
            let bytes = text::encode(&operands[0]).into_owned();
            text::decode(path::file_name(&bytes))
        }
        None if operands.len() == 1 => ".".to_owned(),
        None => match operands.pop() {
            Some(target) => target,
            None => return call.usage("missing file operand"),
        },
    };
    let target_bytes = text::encode(&target).into_owned();
    let link_to_dir = call.m.lstat(&target_bytes).is_ok_and(|stat| stat.kind == StatKind::Symlink);
    let into = !args.has("T") && call.m.is_dir(&target_bytes) && !(args.has("n") && link_to_dir);
    if !into && !call.busybox && (operands.len() > 1 || args.has("t")) {
        return super::copy::no_directory(call, &target);
    }
    if call.busybox && args.has("T") && call.m.is_dir(&target_bytes) && !link_to_dir {
        return call.fail(&format!("'{target}' is a directory"));
    }
    let mut status = 0;
    for operand in &operands {
        let name = if into { inside(&target, operand) } else { target.clone() };
        if args.has("v") && call.busybox {
            call.out(&format!("'{name}' -> '{operand}'\n"));
        }
        let gone = !args.has("s") && call.m.lstat(&text::encode(operand)).is_err();
        if let Err(errno) = one(call, &args, operand, &name) {
            let kind = if args.has("s") { "symbolic link" } else { "hard link" };
            let dir = !args.has("s") && call.m.is_dir(&text::encode(operand));
            if dir && errno == Errno::EPERM && !call.busybox {
                status = call.fail(&format!("{operand}: hard link not allowed for directory"));
                continue;
            }
            let gnu = if args.has("s") || errno == Errno::EEXIST {
                format!("failed to create {kind} '{name}'")
            } else if errno == Errno::ENOENT && call.m.lstat(&text::encode(operand)).is_err() {
                format!("failed to access '{operand}'")
            } else {
                format!("failed to create {kind} '{name}' => '{operand}'")
            };
            let source = gone && errno == Errno::ENOENT;
            status = call.either_errno(if source { operand } else { &name }, &gnu, errno);
        } else if args.has("v") && !call.busybox {
            let arrow = if args.has("s") { "->" } else { "=>" };
            call.out(&format!("'{name}' {arrow} '{operand}'\n"));
        }
    }
    status
}

fn one(call: &mut Call<'_, '_>, args: &Arguments, operand: &str, name: &str) -> Result<(), Errno> {
    let (mut source, target) = (text::encode(operand).into_owned(), text::encode(name).into_owned());
    super::copy::back_up(call, args, name);
    if args.has("i")
        && call.m.lstat(&target).is_ok_and(|stat| stat.kind != StatKind::Dir)
        && call.agrees(&format!("replace '{name}'"))
    {
        call.m.unlink(&target)?;
    }
    if args.has("L") && !args.has("s") {
        source = call.m.realpath(&source)?;
    }
    if args.has("f") && call.m.lstat(&target).is_ok_and(|stat| stat.kind != StatKind::Dir) {
        if !args.has("s") && call.m.lstat(&source).is_err() {
            return Err(Errno::ENOENT);
        }
        call.m.unlink(&target)?;
    }
    if !args.has("s") {
        if call.m.lstat(&source)?.kind == StatKind::Dir {
            return Err(Errno::EPERM);
        }
        return call.m.link(&source, &target);
    }
    if args.has("r") {
        let from = path::clean(&path::join(&call.m.cwd, path::parent(&target)));
        let to = path::clean(&path::join(&call.m.cwd, &source));
        let relative = relative(&from, &to);
        return call.m.symlink(&relative, &target);
    }
    call.m.symlink(&source, &target)
}

/// The way from one directory to a path, both absolute and clean.
fn relative(from: &[u8], to: &[u8]) -> Vec<u8> {
    let (a, b): (Vec<&[u8]>, Vec<&[u8]>) = (path::names(from).collect(), path::names(to).collect());
    let common = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let up = a.iter().skip(common).map(|_| b"..".as_slice());
    let parts: Vec<&[u8]> = up.chain(b.iter().skip(common).copied()).collect();
    if parts.is_empty() { b".".to_vec() } else { parts.join(&b'/') }
}

pub(super) fn link(call: &mut Call<'_, '_>) -> i32 {
    let [from, to] = call.args() else { return call.usage("missing operand") };
    match call.m.link(&text::encode(from), &text::encode(to)) {
        Ok(()) => 0,
        Err(errno) => call.either_errno(
            &format!("can't create hardlink '{to}' to '{from}'"),
            &format!("cannot create link '{to}' to '{from}'"),
            errno,
        ),
    }
}

pub(super) fn readlink(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "fnemqsvz",
        values: "",
        long: &[
            ("canonicalize", "f"),
            ("canonicalize-existing", "e"),
            ("canonicalize-missing", "m"),
            ("no-newline", "n"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    if args.operands.is_empty() || call.busybox && args.operands.len() > 1 {
        return call.usage("missing operand");
    }
    let mut status = 0;
    for operand in &args.operands {
        let bytes = text::encode(operand).into_owned();
        let found = if args.any("fem") {
            canonical(call, &bytes, args.has("e") || call.busybox, args.has("m"))
        } else {
            call.m.readlink(&bytes)
        };
        match found {
            Ok(target) => {
                let end = match (args.has("n"), args.has("z")) {
                    (true, _) => "",
                    (false, true) => "\0",
                    (false, false) => "\n",
                };
                call.out(&format!("{}{end}", text::decode(&target)));
            }
            Err(errno) => {
                status = 1;
                if args.has("v") && call.busybox && errno == Errno::EINVAL {
                    call.fail(&format!("{operand}: cannot read link: not a symlink"));
                } else if args.has("v") {
                    call.fail_errno(operand, errno);
                }
            }
        }
    }
    status
}

/// The last name may be missing, unless `existing`; with `missing` any may.
fn canonical(call: &mut Call<'_, '_>, given: &[u8], existing: bool, missing: bool) -> Result<Vec<u8>, Errno> {
    match call.m.locate(given, true) {
        Ok(place) if place.stat.is_some() || !existing => Ok(place.canonical),
        // busybox follows a link to what is not there.
        Ok(place) if call.busybox && call.m.readlink(given).is_ok() => Ok(place.canonical),
        Ok(_) => Err(Errno::ENOENT),
        Err(_) if missing => Ok(path::clean(&path::join(&call.m.cwd, given))),
        Err(errno) => Err(errno),
    }
}

pub(super) fn realpath(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "emqsz",
        values: "",
        long: &[
            ("canonicalize-missing", "m"),
            ("canonicalize-existing", "e"),
            ("relative-to=", "R"),
            ("no-symlinks", "s"),
            ("strip", "s"),
            ("quiet", "q"),
            ("zero", "z"),
        ],
    };
    // busybox has no options here: all are paths.
    let args = if call.busybox {
        Arguments::plain(call.args().to_vec())
    } else {
        match Arguments::parse(call, &spec) {
            Ok(args) => args,
            Err(status) => return status,
        }
    };
    if args.operands.is_empty() {
        return call.usage("missing operand");
    }
    let mut status = 0;
    for operand in &args.operands {
        let bytes = text::encode(operand).into_owned();
        let found = match args.has("s") {
            true => Ok(path::clean(&path::join(&call.m.cwd, &bytes))),
            false => canonical(call, &bytes, args.has("e") || call.busybox, args.has("m")),
        };
        match found {
            Ok(found) => {
                let shown = match args.value("R") {
                    Some(base) => {
                        relative(&path::clean(&path::join(&call.m.cwd, &text::encode(base))), &found)
                    }
                    None => found,
                };
                call.out(&format!("{}\n", text::decode(&shown)));
            }
            Err(_) if args.has("q") => status = 1,
            Err(errno) => status = call.fail_errno(operand, errno),
        }
    }
    status
}
