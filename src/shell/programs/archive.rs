//! `tar`.
//!
//! An archive is a rope: headers are bytes, file contents are shared, so packing a tree of described
//! files costs nothing (format: POSIX ustar with GNU's long names).

use super::arguments::{Arguments, Spec};
use super::tar_create::create;
use super::tar_format::{self, Entry, EntryKind};
use crate::fs::{Compression, Contents, Errno, path};
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use crate::shell::text;
use crate::union::{Open, StatKind};

pub(super) const SPEC: Spec = Spec {
    flags: "cxtzjJvpPkmohaOUS",
    values: "fCTX",
    long: &[
        ("create", "c"),
        ("extract", "x"),
        ("get", "x"),
        ("list", "t"),
        ("gzip", "z"),
        ("bzip2", "j"),
        ("xz", "J"),
        ("zstd", "zstd"),
        ("verbose", "v"),
        ("file=", "f"),
        ("directory=", "C"),
        ("strip-components=", "strip"),
        ("exclude=", "exclude"),
        ("no-same-owner", "o"),
        ("same-owner", "same-owner"),
        ("preserve-permissions", "p"),
        ("same-permissions", "p"),
        ("numeric-owner", "numeric"),
        ("no-same-permissions", "no-p"),
        ("to-stdout", "O"),
        ("dereference", "h"),
        ("absolute-names", "P"),
        ("files-from=", "T"),
        ("owner=", "owner"),
        ("group=", "group"),
        ("wildcards", "wildcards"),
        ("overwrite", "overwrite"),
        ("keep-old-files", "k"),
        ("touch", "m"),
        ("auto-compress", "a"),
        ("exclude-from=", "X"),
        ("no-recursion", "no-recursion"),
        ("ungzip", "z"),
        ("gunzip", "z"),
        ("no-overwrite-dir", "overwrite"),
        ("keep-directory-symlink", "overwrite"),
        ("skip-old-files", "k"),
        ("no-xattrs", "overwrite"),
        ("warning=", "warning"),
        ("format=", "format"),
        ("sort=", "sort"),
        ("mtime=", "mtime"),
        ("checkpoint", "checkpoint"),
        ("totals", "totals"),
    ],
};

/// `tar xzf a b`: letters without a minus, values follow in order.
fn modern(words: &[String]) -> Vec<String> {
    let Some(first) = words.first().filter(|w| !w.starts_with('-')) else { return words.to_vec() };
    let mut rest = words.get(1..).unwrap_or_default().iter();
    let mut out = Vec::new();
    for letter in first.chars() {
        out.push(format!("-{letter}"));
        if SPEC.values.contains(letter) {
            out.extend(rest.next().cloned());
        }
    }
    out.extend(rest.cloned());
    out
}

pub(super) fn tar(call: &mut Call<'_, '_>) -> i32 {
    let words = modern(call.args());
    if call.busybox && words.iter().any(|word| word == "--version") {
        call.out("tar (busybox) 1.36.1\n");
        return 0;
    }
    // -C holds for what follows it, also between operands: only the last matters when there is one.
    let args = match Arguments::read(call, &words, &SPEC) {
        Ok(args) => args,
        Err(status) => return status,
    };
    match args.last_of("cxt") {
        Some("c") => create(call, &args, &words),
        Some("x") => extract(call, &args),
        Some("t") => list(call, &args),
        _ => {
            call.usage("You must specify one of the '-Acdtrux', '--delete' or '--test-label' options");
            trouble(call)
        }
    }
}

/// The exit status of a tar that went wrong.
pub(super) fn trouble(call: &Call<'_, '_>) -> i32 {
    if call.busybox { 1 } else { 2 }
}

/// The last word about members that failed; the exit status.
pub(super) fn finish(call: &mut Call<'_, '_>, failed: bool) -> i32 {
    if !failed {
        return 0;
    }
    call.either(
        "error exit delayed from previous errors",
        "Exiting with failure status due to previous errors",
    );
    trouble(call)
}

/// Patterns of `--exclude` and `-X`.
pub(super) fn patterns(call: &mut Call<'_, '_>, args: &Arguments) -> Vec<Pattern> {
    let mut found: Vec<Pattern> = args.values("exclude").map(Pattern::new).collect();
    for file in args.values("X") {
        if let Ok(contents) = call.open_read(file) {
            let list = call.text_of(&contents);
            found.extend(list.lines().map(Pattern::new));
        }
    }
    found
}

/// `-C`; the exit status when it can't be entered.
pub(super) fn enter(call: &mut Call<'_, '_>, dir: &str) -> Result<(), i32> {
    match call.m.realpath(&text::encode(dir)) {
        Ok(found) => {
            call.m.cwd = found;
            Ok(())
        }
        Err(errno) => {
            let gnu = format!("{dir}: Cannot open");
            call.either_errno(&format!("can't change directory to '{dir}'"), &gnu, errno);
            if !call.busybox {
                call.fail("Error is not recoverable: exiting now");
            }
            Err(trouble(call))
        }
    }
}

/// The compression that the options or, with `-a`, the name ask for. GNU tar runs a program for it,
/// which has to be there; busybox packs with gzip and bzip2 only.
pub(super) fn wanted_compression(
    call: &mut Call<'_, '_>,
    args: &Arguments,
    name: &str,
    writing: bool,
) -> Result<Option<Compression>, i32> {
    let by_name = || {
        let ends = |list: &[&str]| list.iter().any(|end| name.ends_with(end));
        match () {
            () if ends(&["gz", "tgz"]) => Some(Compression::Gzip),
            () if ends(&["bz2", "tbz", "tbz2"]) => Some(Compression::Bzip2),
            () if ends(&["xz", "txz"]) => Some(Compression::Xz),
            () if ends(&["zst", "tzst"]) => Some(Compression::Zstd),
            () => None,
        }
    };
    let kind = match args.last_of("zjJ") {
        Some("z") => Some(Compression::Gzip),
        Some("j") => Some(Compression::Bzip2),
        Some(_) => Some(Compression::Xz),
        None if args.has("zstd") => Some(Compression::Zstd),
        None if args.has("a") && writing => by_name(),
        None => None,
    };
    let Some(kind) = kind else { return Ok(None) };
    has_program(call, kind, writing)?;
    Ok(Some(kind))
}

/// Can this tar handle the compression?
fn has_program(call: &mut Call<'_, '_>, kind: Compression, writing: bool) -> Result<(), i32> {
    let word = kind.word();
    let search = call.env.get("PATH").cloned().unwrap_or_default();
    if call.busybox {
        let knows = !writing || matches!(kind, Compression::Gzip | Compression::Bzip2);
        return if knows {
            Ok(())
        } else {
            Err(call.fail(&format!("can't execute '{word}': No such file or directory")))
        };
    }
    if call.m.find(word, &search).is_ok() {
        return Ok(());
    }
    call.err(&format!(
        "tar (child): {word}: Cannot exec: No such file or directory\ntar (child): Error is not recoverable: exiting now\n"
    ));
    if !writing {
        call.fail("Child returned status 2");
    }
    call.fail("Error is not recoverable: exiting now");
    Err(2)
}

/// The archive's contents, decompressed whatever it is.
fn open_archive(call: &mut Call<'_, '_>, args: &Arguments) -> Result<Contents, i32> {
    let name = args.value("f").unwrap_or("-").to_owned();
    let contents = match call.open_read(&name) {
        Ok(contents) => contents,
        Err(errno) => {
            call.either_errno(&format!("can't open '{name}'"), &format!("{name}: Cannot open"), errno);
            if !call.busybox {
                call.fail("Error is not recoverable: exiting now");
            }
            return Err(trouble(call));
        }
    };
    let asked = wanted_compression(call, args, &name, false)?;
    let found = Compression::of(&contents.head(6));
    let Some(kind) = found.filter(|kind| asked.is_none_or(|asked| asked == *kind)) else {
        return match asked {
            Some(asked) if !contents.is_empty() => Err(not_compressed(call, asked)),
            _ => Ok(contents),
        };
    };
    has_program(call, kind, false)?;
    super::compress::decompress(call, kind, &contents).ok_or_else(|| {
        if call.busybox {
            return call.fail("corrupted data");
        }
        let word = kind.word();
        call.err(&format!("\n{word}: stdin: unexpected end of file\n"));
        call.fail("Child returned status 1");
        call.fail("Error is not recoverable: exiting now");
        2
    })
}

/// The archive is not compressed in the way that was asked for.
fn not_compressed(call: &mut Call<'_, '_>, asked: Compression) -> i32 {
    if call.busybox {
        call.fail("invalid magic");
        return call.fail("short read");
    }
    call.err(match asked {
        Compression::Gzip => "\ngzip: stdin: not in gzip format\n",
        Compression::Bzip2 => "bzip2: (stdin) is not a bzip2 file.\n",
        Compression::Xz => "xz: (stdin): File format not recognized\n",
        Compression::Zstd => "zstd: /*stdin*\\: unsupported format \n",
    });
    call.fail(if asked == Compression::Bzip2 {
        "Child returned status 2"
    } else {
        "Child returned status 1"
    });
    call.fail("Error is not recoverable: exiting now");
    2
}

fn entries(call: &mut Call<'_, '_>, args: &Arguments) -> Result<Vec<Entry>, i32> {
    let contents = open_archive(call, args)?;
    if contents.is_empty() && call.busybox {
        call.fail("short read");
        return if args.operands.is_empty() { Err(1) } else { Ok(Vec::new()) };
    }
    match tar_format::read(&contents, &mut call.m.t.fuel) {
        Ok(entries) => Ok(entries),
        Err(()) if contents.len() < 512 && call.busybox => {
            call.fail("short read");
            Err(1)
        }
        Err(()) => {
            call.either("invalid tar magic", "This does not look like a tar archive");
            if !call.busybox {
                call.fail("Exiting with failure status due to previous errors");
            }
            Err(trouble(call))
        }
    }
}

/// Does the archive member belong to what was asked for?
fn wanted(args: &Arguments, excluded: &[Pattern], name: &str) -> bool {
    let clean = |s: &str| s.trim_end_matches('/').to_owned();
    let name = clean(name);
    let excluded = excluded.iter().any(|pattern| {
        name.split('/').any(|piece| pattern.matches_text(piece)) || pattern.matches_text(&name)
    });
    let named = args.operands.is_empty()
        || args.operands.iter().any(|operand| {
            let operand = clean(operand);
            name == operand
                || name.strip_prefix(&operand).is_some_and(|rest| rest.starts_with('/'))
                || args.has("wildcards") && Pattern::new(&operand).matches_text(&name)
        });
    named && !excluded
}

fn list(call: &mut Call<'_, '_>, args: &Arguments) -> i32 {
    let entries = match entries(call, args) {
        Ok(entries) => entries,
        Err(status) => return status,
    };
    let excluded = patterns(call, args);
    for entry in entries.iter().filter(|entry| wanted(args, &excluded, &entry.name)) {
        if args.has("v") {
            let line = entry.long();
            call.out(&format!("{line}\n"));
        } else {
            call.out(&format!("{}\n", entry.shown()));
        }
    }
    let failed = not_found(call, args, &entries);
    if call.busybox { i32::from(failed) } else { finish(call, failed) }
}

/// Complains about operands that no member belongs to. busybox stops there.
fn not_found(call: &mut Call<'_, '_>, args: &Arguments, entries: &[Entry]) -> bool {
    let mut failed = false;
    for operand in &args.operands {
        let clean = operand.trim_end_matches('/');
        let belongs = |entry: &Entry| {
            let name = entry.name.trim_end_matches('/');
            name == clean
                || name.strip_prefix(clean).is_some_and(|rest| rest.starts_with('/'))
                || args.has("wildcards") && Pattern::new(clean).matches_text(name)
        };
        if !entries.iter().any(belongs) {
            call.either(
                &format!("{operand}: not found in archive"),
                &format!("{operand}: Not found in archive"),
            );
            failed = true;
        }
    }
    failed
}

fn extract(call: &mut Call<'_, '_>, args: &Arguments) -> i32 {
    let entries = match entries(call, args) {
        Ok(entries) => entries,
        Err(status) => return status,
    };
    let before = call.m.cwd.clone();
    // busybox enters the last one only.
    let dirs: Vec<&str> = args.values("C").collect();
    let first = if call.busybox { dirs.len().saturating_sub(1) } else { 0 };
    for dir in dirs.into_iter().skip(first) {
        if let Err(status) = enter(call, dir) {
            call.m.cwd = before;
            return status;
        }
    }
    let strip: usize = args.value("strip").and_then(|n| n.parse().ok()).unwrap_or(0);
    let excluded = patterns(call, args);
    let mut failed = false;
    let mut late: Vec<(Vec<u8>, u16, i64)> = Vec::new();
    for entry in entries.iter().filter(|entry| wanted(args, &excluded, &entry.name)) {
        if call.m.stopped() {
            break;
        }
        let stripped: Vec<&str> =
            entry.name.split('/').filter(|p| !p.is_empty() && *p != ".").skip(strip).collect();
        if stripped.is_empty() || stripped.contains(&"..") {
            continue;
        }
        let name = stripped.join("/");
        if args.has("v") {
            call.out(&format!("{}\n", if strip == 0 { entry.shown() } else { name.clone() }));
        }
        if args.has("O") {
            if let EntryKind::File(contents) = &entry.kind {
                call.out_contents(contents);
            }
            continue;
        }
        if args.has("k") && call.m.lstat(&text::encode(&name)).is_ok() && entry.kind != EntryKind::Directory {
            if !call.busybox {
                call.fail(&format!("{name}: Cannot open: File exists"));
                failed = true;
            }
            continue;
        }
        match unpack(call, args, entry, &name, strip) {
            Ok(()) => {
                if entry.kind == EntryKind::Directory {
                    late.push((text::encode(&name).into_owned(), entry.mode, entry.mtime));
                }
            }
            Err(errno) => {
                call.either_errno(&format!("can't create '{name}'"), &format!("{name}: Cannot open"), errno);
                failed = true;
            }
        }
    }
    settle_directories(call, args, late);
    call.m.cwd = before;
    let missing = not_found(call, args, &entries);
    if call.busybox { finish(call, failed).max(i32::from(missing)) } else { finish(call, failed || missing) }
}

/// Directories get their modes when everything is inside.
fn settle_directories(call: &mut Call<'_, '_>, args: &Arguments, late: Vec<(Vec<u8>, u16, i64)>) {
    for (dir, mode, mtime) in late.into_iter().rev() {
        let masked = if call.m.cred.uid == 0 || args.has("p") { mode } else { mode & !call.m.umask };
        if call.m.stat(&dir).is_ok_and(|stat| stat.mode != masked) {
            let _ = call.m.chmod(&dir, masked);
        }
        let _ = call.m.utimes(&dir, mtime);
    }
}

fn unpack(
    call: &mut Call<'_, '_>,
    args: &Arguments,
    entry: &Entry,
    name: &str,
    strip: usize,
) -> Result<(), Errno> {
    let bytes = text::encode(name).into_owned();
    let parent = path::parent(&bytes).to_vec();
    if !parent.is_empty() && !call.m.is_dir(&parent) {
        let mut at = Vec::new();
        for name in path::names(&parent) {
            if !at.is_empty() {
                at.push(b'/');
            }
            at.extend_from_slice(name);
            // One that exists is no mistake; any other shows when the file is made.
            let _ = call.m.mkdir(&at, 0o755);
        }
    }
    let existing = call.m.lstat(&bytes).ok();
    match (&entry.kind, existing.as_ref().map(|stat| stat.kind)) {
        (EntryKind::Directory, Some(StatKind::Dir)) => {}
        (_, Some(StatKind::Dir)) => call.m.rmdir(&bytes)?,
        (_, Some(_)) => call.m.unlink(&bytes)?,
        (_, None) => {}
    }
    match &entry.kind {
        EntryKind::Directory => {
            if existing.is_none() {
                call.m.mkdir(&bytes, 0o700 | entry.mode)?;
            }
        }
        EntryKind::File(contents) => {
            let flags =
                Open { write: true, create: true, excl: true, mode: entry.mode & 0o777, ..Open::default() };
            call.m.open(&bytes, flags, Some(contents.clone()))?;
        }
        EntryKind::Symlink(target) => call.m.symlink(&text::encode(target), &bytes)?,
        EntryKind::Link(target) => {
            let target: Vec<&str> =
                target.split('/').filter(|p| !p.is_empty() && *p != ".").skip(strip).collect();
            return call.m.link(&text::encode(&target.join("/")), &bytes);
        }
        EntryKind::Fifo => call.m.mkfifo(&bytes, entry.mode)?,
        EntryKind::Device(major, minor) => call.m.mkchar(&bytes, entry.mode, *major, *minor)?,
    }
    let root = call.m.cred.uid == 0;
    if root && !args.has("o") {
        let now = call.m.lstat(&bytes)?;
        if (now.uid, now.gid) != (entry.uid, entry.gid) {
            call.m.chown(&bytes, Some(entry.uid), Some(entry.gid), false)?;
        }
    }
    if matches!(entry.kind, EntryKind::File(_)) {
        let wanted = if root || args.has("p") { entry.mode } else { entry.mode & !call.m.umask };
        if call.m.lstat(&bytes)?.mode != wanted {
            call.m.chmod(&bytes, wanted)?;
        }
        call.m.utimes(&bytes, entry.mtime)?;
    }
    Ok(())
}
