//! `mkdir`, `touch`, `mktemp`, `truncate` and others that make things.

use super::arguments::{Arguments, Spec, size};
use super::mode;
use crate::fs::{Contents, Errno, path};
use crate::shell::call::Call;
use crate::shell::text;

/// 2024-01-01T00:00:00Z, the lab's one date.
pub(super) const NOW: i64 = 1_704_067_200;

pub(super) fn mkdir(call: &mut Call<'_, '_>) -> i32 {
    let spec =
        Spec { flags: "pvZ", values: "m", long: &[("parents", "p"), ("verbose", "v"), ("mode=", "m")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let exact = match args.value("m") {
        Some(word) => match mode::parse(word) {
            Some(change) => Some(change.apply(0o777, true, 0)),
            None => {
                return call.either(&format!("invalid mode '{word}'"), &format!("invalid mode '{word}'"));
            }
        },
        None => None,
    };
    if args.operands.is_empty() {
        return call.usage("missing operand");
    }
    let mut status = 0;
    for operand in &args.operands {
        let made = if args.has("p") {
            with_parents(call, operand, args.has("v"))
        } else {
            single(call, operand, args.has("v"))
        };
        let made = made.and_then(|new| match exact {
            Some(mode) if new => {
                call.m.chmod(&text::encode(operand), mode).map_err(|errno| (operand.clone(), errno))
            }
            _ => Ok(()),
        });
        if let Err((at, errno)) = made {
            status = call.either_errno(
                &format!("can't create directory '{at}'"),
                &format!("cannot create directory '{at}'"),
                errno,
            );
        }
    }
    status
}

fn single(call: &mut Call<'_, '_>, operand: &str, verbose: bool) -> Result<bool, (String, Errno)> {
    call.m.mkdir(&text::encode(operand), 0o777).map_err(|errno| (operand.to_owned(), errno))?;
    if verbose {
        say_made(call, operand);
    }
    Ok(true)
}

/// `-v`, once for each new directory.
fn say_made(call: &mut Call<'_, '_>, at: &str) {
    let line = if call.busybox {
        format!("created directory: '{at}'\n")
    } else {
        format!("mkdir: created directory '{at}'\n")
    };
    call.out(&line);
}

/// `mkdir -p`: each missing directory of the path; whether the last one is new. An error names the
/// directory that could not be made: busybox shows the slash behind it.
fn with_parents(call: &mut Call<'_, '_>, operand: &str, verbose: bool) -> Result<bool, (String, Errno)> {
    let whole = text::encode(operand).into_owned();
    let mut at: Vec<u8> = if whole.starts_with(b"/") { b"/".to_vec() } else { Vec::new() };
    let mut new = false;
    let count = path::names(&whole).count();
    if count == 0 && at.is_empty() {
        return Err((operand.to_owned(), Errno::ENOENT));
    }
    for (number, name) in path::names(&whole).enumerate() {
        if !at.is_empty() && !at.ends_with(b"/") {
            at.push(b'/');
        }
        at.extend_from_slice(name);
        let last = number + 1 == count;
        let shown = text::decode(&at);
        let shown = if last || !call.busybox { shown } else { format!("{shown}/") };
        new = match call.m.mkdir(&at, 0o777) {
            Ok(()) => {
                if verbose {
                    say_made(call, &shown);
                }
                true
            }
            Err(errno) => {
                if !call.m.is_dir(&at) {
                    // Something that is no directory stands in the way.
                    let errno = if errno == Errno::EEXIST && !last { Errno::ENOTDIR } else { errno };
                    return Err((shown, errno));
                }
                false
            }
        };
    }
    Ok(new)
}

pub(super) fn touch(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "acmhf",
        values: "drt",
        long: &[("no-create", "c"), ("date=", "d"), ("reference=", "r"), ("no-dereference", "h")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    if args.operands.is_empty() {
        return call.usage("missing file operand");
    }
    let mut time = None;
    if let Some(reference) = args.value("r") {
        match call.m.stat(&text::encode(reference)) {
            Ok(stat) => time = Some(stat.mtime),
            Err(errno) => {
                return call.either_errno(
                    &format!("can't stat '{reference}'"),
                    &format!("failed to get attributes of '{reference}'"),
                    errno,
                );
            }
        }
    }
    if let Some(word) = args.value("d").or_else(|| args.value("t")) {
        let read = if call.busybox { super::date::parse_date } else { super::date::parse_gnu_date };
        match read(word) {
            Some(seconds) => time = Some(seconds),
            None => {
                return call
                    .either(&format!("invalid date '{word}'"), &format!("invalid date format '{word}'"));
            }
        }
    }
    let mut status = 0;
    for operand in &args.operands {
        let path = text::encode(operand).into_owned();
        let set = match time {
            Some(time) => call.m.utimes(&path, time),
            None => call.m.touch(&path),
        };
        let done = match set {
            Err(Errno::ENOENT) if args.has("c") => Ok(()),
            Err(Errno::ENOENT) => {
                let flags =
                    crate::union::Open { write: true, create: true, mode: 0o666, ..Default::default() };
                let made = call.m.open(&path, flags, None).map(drop);
                made.and_then(|()| time.map_or(Ok(()), |time| call.m.utimes(&path, time)))
            }
            other => other,
        };
        if let Err(errno) = done {
            status = call.either_errno(operand, &format!("cannot touch '{operand}'"), errno);
        }
    }
    status
}

pub(super) fn mkfifo(call: &mut Call<'_, '_>) -> i32 {
    let mut status = 0;
    for operand in call.args().iter().filter(|word| !word.starts_with('-')) {
        if let Err(errno) = call.m.mkfifo(&text::encode(operand), 0o666) {
            status = call.either_errno(operand, &format!("cannot create fifo '{operand}'"), errno);
        }
    }
    status
}

pub(super) fn mknod(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "", values: "m", long: &[("mode=", "m")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let mode = args.value("m").and_then(mode::parse).map_or(0o666, |change| change.apply(0o666, false, 0));
    let operands: Vec<&str> = args.operands.iter().map(String::as_str).collect();
    let made = match operands[..] {
        [name, "p"] => call.m.mkfifo(&text::encode(name), mode),
        [name, "c" | "u", major, minor] => match (major.parse(), minor.parse()) {
            (Ok(major), Ok(minor)) => call.m.mkchar(&text::encode(name), mode, major, minor),
            _ => return call.fail(&format!("invalid major device number '{major}'")),
        },
        [name, "b", ..] => {
            call.m.not_modelled(&format!("{} b ({name})", call.name));
            return 0;
        }
        _ => return call.fail("missing operand"),
    };
    match made {
        Ok(()) => 0,
        Err(errno) => call.fail_errno(operands.first().copied().unwrap_or(""), errno),
    }
}

pub(super) fn mktemp(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "dqut",
        values: "p",
        long: &[
            ("directory", "d"),
            ("quiet", "q"),
            ("dry-run", "u"),
            ("tmpdir", "tmpdir"),
            ("suffix=", "suffix"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let given = args.operands.first().cloned();
    let template = given
        .clone()
        .unwrap_or_else(|| if call.busybox { "tmp.XXXXXX" } else { "tmp.XXXXXXXXXX" }.to_owned());
    // GNU: what follows the last X is a suffix, too.
    let end = if call.busybox { template.len() } else { template.rfind('X').map_or(0, |at| at + 1) };
    let (start, tail) = template.split_at(end);
    let suffix = format!("{tail}{}", args.value("suffix").unwrap_or(""));
    let stem = start.trim_end_matches('X');
    let count = start.len() - stem.len();
    if !call.busybox && count < 3 {
        return call.fail(&format!("too few X's in template '{template}'"));
    }
    if count < 6 && call.busybox {
        return refused(call, &args, "(null)", Errno::EINVAL);
    }
    let dir = args.value("p").or_else(|| args.value("tmpdir").filter(|dir| !dir.is_empty()));
    let in_tmp = given.is_none() || args.has("t") || args.has("p") || args.has("tmpdir");
    let dir = dir.map(str::to_owned).or_else(|| call.env.get("TMPDIR").cloned());
    let dir = dir.unwrap_or_else(|| "/tmp".to_owned());
    let base = if in_tmp { format!("{}/", dir.trim_end_matches('/')) } else { String::new() };
    for _ in 0..10_000 {
        let mut name = String::new();
        while name.len() < count {
            name.push_str(&format!("{:04x}", call.m.random()));
        }
        name.truncate(count);
        let whole = format!("{base}{stem}{name}{suffix}");
        let path = text::encode(&whole).into_owned();
        let made = if call.m.lstat(&path).is_ok() {
            Err(Errno::EEXIST)
        } else if args.has("u") {
            Ok(())
        } else if args.has("d") {
            call.m.mkdir(&path, 0o700)
        } else {
            call.m.write(&path, Contents::EMPTY, 0o600)
        };
        match made {
            Ok(()) => {
                call.out(&format!("{whole}\n"));
                return 0;
            }
            Err(Errno::EEXIST) => {}
            Err(errno) => {
                let kind = if args.has("d") { "directory" } else { "file" };
                let shown = if call.busybox {
                    "(null)".to_owned()
                } else {
                    format!("failed to create {kind} via template '{base}{template}'")
                };
                return refused(call, &args, &shown, errno);
            }
        }
    }
    1
}

/// A failure, which `-q` keeps quiet.
fn refused(call: &mut Call<'_, '_>, args: &Arguments, what: &str, errno: Errno) -> i32 {
    if args.has("q") { 1 } else { call.fail_errno(what, errno) }
}

/// What `truncate -s` says: a size, or a change of the size.
struct Resize(Option<char>, u64);

impl Resize {
    fn read(word: &str, busybox: bool) -> Option<Resize> {
        let sign = word.chars().next().filter(|sign| !busybox && "+-<>/%".contains(*sign));
        let digits = if sign.is_some() { word.get(1..)? } else { word };
        size(digits).map(|size| Resize(sign, size))
    }

    fn of(&self, now: u64) -> u64 {
        match *self {
            Resize(None, size) => size,
            Resize(Some('+'), size) => now.saturating_add(size),
            Resize(Some('-'), size) => now.saturating_sub(size),
            Resize(Some('<'), size) => now.min(size),
            Resize(Some('>'), size) => now.max(size),
            Resize(Some('/'), size) if size > 0 => now - now % size,
            Resize(Some('%'), size) if size > 0 => now.div_ceil(size).saturating_mul(size),
            Resize(..) => now,
        }
    }
}

pub(super) fn truncate(call: &mut Call<'_, '_>) -> i32 {
    let spec =
        Spec { flags: "co", values: "sr", long: &[("size=", "s"), ("no-create", "c"), ("reference=", "r")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let resize = match (args.value("s"), args.value("r")) {
        (Some(word), _) => match Resize::read(word, call.busybox) {
            Some(resize) => resize,
            None => {
                return call
                    .either(&format!("invalid number '{word}'"), &format!("Invalid number: '{word}'"));
            }
        },
        (None, Some(file)) => match call.m.stat(&text::encode(file)) {
            Ok(stat) => Resize(None, stat.size),
            Err(errno) => return call.fail_errno(&format!("cannot stat '{file}'"), errno),
        },
        (None, None) => return call.usage("you must specify either '--size' or '--reference'"),
    };
    if args.operands.is_empty() {
        return call.usage("missing file operand");
    }
    let mut status = 0;
    for operand in &args.operands {
        let path = text::encode(operand).into_owned();
        let now = call.m.stat(&path).map_or(0, |stat| stat.size);
        if args.has("c") && !call.m.exists(&path) {
            continue;
        }
        let flags =
            crate::union::Open { write: true, create: !args.has("c"), mode: 0o666, ..Default::default() };
        let to = resize.of(now).min(i64::MAX as u64) as i64;
        let done = call.m.open(&path, flags, None).and_then(|_| call.m.truncate(&path, to));
        if let Err(errno) = done {
            status = call.either_errno(
                &format!("{operand}: open"),
                &format!("cannot open '{operand}' for writing"),
                errno,
            );
        }
    }
    status
}

pub(super) fn fallocate(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "nxzdpcv", values: "lo", long: &[("length=", "l"), ("offset=", "o")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let offset = args.value("o").and_then(size).unwrap_or(0);
    let (operand, word) = match (args.operands.first(), args.value("l")) {
        (Some(operand), Some(word)) => (operand, word),
        _ if call.busybox => return call.usage(""),
        (None, _) => return call.fail("no filename specified"),
        (_, None) => return call.fail("no length argument specified"),
    };
    let Some(length) = size(word).filter(|length| *length > 0) else {
        return call.either(&format!("invalid number '{word}'"), "invalid length value specified");
    };
    let path = text::encode(operand).into_owned();
    let flags = crate::union::Open { write: true, create: true, mode: 0o666, ..Default::default() };
    let done = call.m.open(&path, flags, None).and_then(|_| {
        let now = call.m.stat(&path)?.size;
        let to = offset.saturating_add(length).max(now).min(i64::MAX as u64);
        if to > now { call.m.truncate(&path, to as i64) } else { Ok(()) }
    });
    match done {
        Ok(()) => 0,
        Err(errno) => {
            call.either_errno(&format!("can't open '{operand}'"), &format!("cannot open {operand}"), errno)
        }
    }
}
