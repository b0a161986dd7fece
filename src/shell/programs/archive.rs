//! `tar`, `gzip` and their like.
//!
//! An archive is a rope: headers are bytes, file contents are shared, so packing a tree of described
//! files costs nothing (format: POSIX ustar with GNU's long names).

use super::arguments::{Arguments, Spec};
use super::tar_format::{self, Entry, EntryKind};
use crate::fs::{Contents, Errno, path};
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use crate::shell::{text, users};
use crate::union::{Open, Stat, StatKind};
use std::collections::HashMap;

pub(super) fn refuse(call: &mut Call<'_, '_>) -> i32 {
    let name = call.name.clone();
    call.m.not_modelled(&name)
}

const SPEC: Spec = Spec {
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
        ("transform=", "transform"),
        ("touch", "m"),
        ("auto-compress", "a"),
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
            call.either(
                "must specify one of -c, -x, -t",
                "You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\nTry 'tar --help' or 'tar --usage' for more information.",
            );
            if call.busybox { 1 } else { 2 }
        }
    }
}

fn create(call: &mut Call<'_, '_>, args: &Arguments, words: &[String]) -> i32 {
    let mut archive = Contents::EMPTY;
    let excluded: Vec<Pattern> = args.values("exclude").map(Pattern::new).collect();
    let before = call.m.cwd.clone();
    let mut status = 0;
    let mut seen: HashMap<(u32, u32), String> = HashMap::new();
    let mut listed = String::new();
    let mut warned = false;
    // Operands in order, each in the directory of the last -C before it.
    let mut items = words.iter().peekable();
    let mut sources = Vec::new();
    let mut only_operands = false;
    while let Some(word) = items.next() {
        if only_operands || !word.starts_with('-') || word == "-" {
            sources.push((call.m.cwd.clone(), word.clone()));
            continue;
        }
        match word.as_str() {
            "--" => only_operands = true,
            "-C" | "--directory" => {
                if let Some(dir) = items.next() {
                    match call.m.realpath(&text::encode(dir)) {
                        Ok(dir) => call.m.cwd = dir,
                        Err(errno) => {
                            call.m.cwd.clone_from(&before);
                            return call
                                .either_errno(
                                    &format!("can't change directory to '{dir}'"),
                                    &format!("{dir}: Cannot open"),
                                    errno,
                                )
                                .max(if call.busybox { 1 } else { 2 });
                        }
                    }
                }
            }
            option => {
                let last = option.chars().last().unwrap_or(' ');
                let bundled = !option.starts_with("--") && SPEC.values.contains(last);
                if bundled && last == 'C' {
                    if let Some(dir) = items.next()
                        && let Ok(dir) = call.m.realpath(&text::encode(dir))
                    {
                        call.m.cwd = dir;
                    }
                } else if bundled {
                    items.next();
                }
            }
        }
    }
    if call.busybox {
        // busybox enters the last directory before it packs anything.
        let last = call.m.cwd.clone();
        sources.iter_mut().for_each(|(cwd, _)| cwd.clone_from(&last));
    }
    call.m.cwd.clone_from(&before);
    for file in args.values("T") {
        if let Ok(contents) = call.open_read(file) {
            let list = call.text_of(&contents);
            sources.extend(list.lines().map(|line| (before.clone(), line.to_owned())));
        }
    }
    let archive_name = args.value("f").unwrap_or("-").to_owned();
    let own = call.m.locate(&text::encode(&archive_name), true).ok().map(|place| place.canonical);
    for (cwd, source) in sources {
        call.m.cwd = cwd;
        let mut open = vec![source.clone()];
        while let Some(at) = open.pop() {
            if call.m.stopped() {
                return 2;
            }
            let base = at.rsplit('/').next().unwrap_or("");
            if excluded.iter().any(|p| {
                p.matches_text(&at) || p.matches_text(base) || p.matches_text(at.trim_start_matches("./"))
            }) {
                continue;
            }
            let bytes = text::encode(&at).into_owned();
            let found = if args.has("h") { call.m.stat(&bytes) } else { call.m.lstat(&bytes) };
            let stat = match found {
                Ok(stat) => stat,
                Err(errno) => {
                    call.either_errno(&at, &format!("{at}: Cannot stat"), errno);
                    status = if call.busybox { 1 } else { 2 };
                    continue;
                }
            };
            if own.is_some() && call.m.locate(&bytes, false).ok().map(|p| p.canonical) == own {
                continue;
            }
            let stored = if args.has("P") { at.clone() } else { at.trim_start_matches('/').to_owned() };
            if stored.len() < at.len() && !warned {
                warned = true;
                call.either(
                    "removing leading '/' from member names",
                    "Removing leading `/' from member names",
                );
            }
            if let Some(entry) = pack(call, &bytes, &stored, &stat, &mut seen) {
                if args.has("v") {
                    listed.push_str(&format!("{}\n", entry.shown()));
                }
                archive.append(&tar_format::write(&entry));
            }
            if stat.kind == StatKind::Dir {
                let names = call.m.readdir(&bytes).unwrap_or_default();
                let base = at.trim_end_matches('/');
                open.extend(names.iter().rev().map(|name| format!("{base}/{}", text::decode(name))));
            }
        }
    }
    call.m.cwd = before;
    archive.append(&tar_format::end(archive.len(), call.busybox));
    let zipped = args.has("z") || args.has("a") && archive_name.ends_with("gz");
    if args.any("jJ") || args.has("zstd") {
        call.m.not_modelled("tar with bzip2, xz or zstd, writing");
    }
    let result = if zipped { compress(call, &archive) } else { archive };
    if archive_name == "-" {
        call.err(&listed);
        call.out_contents(&result);
        return status;
    }
    call.out(&listed);
    match call.m.write(&text::encode(&archive_name), result, 0o666) {
        Ok(()) => status,
        Err(errno) => {
            call.either_errno(
                &format!("can't open '{archive_name}'"),
                &format!("{archive_name}: Cannot open"),
                errno,
            );
            if call.busybox { 1 } else { 2 }
        }
    }
}

fn pack(
    call: &mut Call<'_, '_>,
    bytes: &[u8],
    stored: &str,
    stat: &Stat,
    seen: &mut HashMap<(u32, u32), String>,
) -> Option<Entry> {
    let mut entry = Entry {
        name: stored.trim_end_matches('/').to_owned(),
        mode: stat.mode,
        uid: stat.uid,
        gid: stat.gid,
        user: users::by_uid(call.m, stat.uid).map_or(String::new(), |user| user.name),
        group: users::group_by_gid(call.m, stat.gid).map_or(String::new(), |group| group.name),
        mtime: stat.mtime,
        kind: EntryKind::Directory,
    };
    entry.kind = match stat.kind {
        StatKind::Dir => EntryKind::Directory,
        StatKind::Symlink => EntryKind::Symlink(text::decode(&call.m.readlink(bytes).ok()?)),
        StatKind::Fifo => EntryKind::Fifo,
        StatKind::CharDev(major, minor) => EntryKind::Device(major, minor),
        StatKind::File => match seen.get(&stat.id) {
            Some(first) => EntryKind::Link(first.clone()),
            None => {
                if stat.nlink > 1 {
                    seen.insert(stat.id, stored.to_owned());
                }
                EntryKind::File(call.m.read(bytes).ok()?)
            }
        },
    };
    (!entry.name.is_empty()).then_some(entry)
}

/// The archive's contents, decompressed whatever it is.
fn open_archive(call: &mut Call<'_, '_>, args: &Arguments) -> Result<Contents, i32> {
    let name = args.value("f").unwrap_or("-").to_owned();
    let trouble = if call.busybox { 1 } else { 2 };
    let contents = match call.open_read(&name) {
        Ok(contents) => contents,
        Err(errno) => {
            call.either_errno(&format!("can't open '{name}'"), &format!("{name}: Cannot open"), errno);
            if !call.busybox {
                call.fail("Error is not recoverable: exiting now");
            }
            return Err(trouble);
        }
    };
    let head = contents.head(6);
    if head.starts_with(b"\x1f\x8b") {
        return decompress(call, &contents).ok_or_else(|| {
            call.either("corrupted data", "gzip: stdin: unexpected end of file");
            trouble
        });
    }
    let other =
        head.starts_with(b"BZh") || head.starts_with(b"\xfd7zXZ") || head.starts_with(b"\x28\xb5\x2f\xfd");
    if other {
        call.m.not_modelled("tar with bzip2, xz or zstd, reading");
        return Err(call.m.not_modelled("tar"));
    }
    if args.has("z") && !contents.is_empty() {
        call.either("invalid magic", "gzip: stdin: not in gzip format");
        return Err(trouble);
    }
    Ok(contents)
}

fn entries(call: &mut Call<'_, '_>, args: &Arguments) -> Result<Vec<Entry>, i32> {
    let contents = open_archive(call, args)?;
    match tar_format::read(&contents, &mut call.m.t.fuel) {
        Ok(entries) => Ok(entries),
        Err(()) if contents.len() < 512 && call.busybox => {
            call.fail("short read");
            Err(1)
        }
        Err(()) => {
            call.either("invalid tar magic", "This does not look like a tar archive");
            Err(if call.busybox { 1 } else { 2 })
        }
    }
}

/// Does the archive member belong to what was asked for?
fn wanted(args: &Arguments, name: &str) -> bool {
    let clean = |s: &str| s.trim_end_matches('/').to_owned();
    let name = clean(name);
    let excluded = args.values("exclude").any(|pattern| {
        let pattern = Pattern::new(pattern);
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
    for entry in entries.iter().filter(|entry| wanted(args, &entry.name)) {
        if args.has("v") {
            let line = entry.long();
            call.out(&format!("{line}\n"));
        } else {
            call.out(&format!("{}\n", entry.shown()));
        }
    }
    0
}

fn extract(call: &mut Call<'_, '_>, args: &Arguments) -> i32 {
    let entries = match entries(call, args) {
        Ok(entries) => entries,
        Err(status) => return status,
    };
    let before = call.m.cwd.clone();
    for dir in args.values("C") {
        match call.m.realpath(&text::encode(dir)) {
            Ok(dir) => call.m.cwd = dir,
            Err(errno) => {
                call.m.cwd = before;
                call.either_errno(
                    &format!("can't change directory to '{dir}'"),
                    &format!("{dir}: Cannot open"),
                    errno,
                );
                return if call.busybox { 1 } else { 2 };
            }
        }
    }
    let strip: usize = args.value("strip").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut status = 0;
    let mut late: Vec<(Vec<u8>, u16, i64)> = Vec::new();
    for entry in &entries {
        if call.m.stopped() {
            break;
        }
        if !wanted(args, &entry.name) {
            continue;
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
        match unpack(call, args, entry, &name, strip) {
            Ok(()) => {
                if entry.kind == EntryKind::Directory {
                    late.push((text::encode(&name).into_owned(), entry.mode, entry.mtime));
                }
            }
            Err(errno) => {
                call.either_errno(&format!("can't create '{name}'"), &format!("{name}: Cannot open"), errno);
                status = if call.busybox { 1 } else { 2 };
            }
        }
    }
    // Directories get their modes when everything is inside.
    for (dir, mode, mtime) in late.into_iter().rev() {
        let masked = if call.m.cred.uid == 0 || args.has("p") { mode } else { mode & !call.m.umask };
        if call.m.stat(&dir).is_ok_and(|stat| stat.mode != masked) {
            let _ = call.m.chmod(&dir, masked);
        }
        let _ = call.m.utimes(&dir, mtime);
    }
    call.m.cwd = before;
    status
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

// ---- gzip ----

/// Real bytes that are compressed or decompressed at once.
const MOST: u64 = 64 << 20;

pub(super) fn compress(call: &mut Call<'_, '_>, contents: &Contents) -> Contents {
    let real = contents.to_bytes(MOST).filter(|bytes| call.m.t.fuel.spend_bytes(bytes.len() as u64));
    match real.and_then(|bytes| super::gzip_format::compress(&bytes)) {
        Some(bytes) => Contents::bytes(bytes),
        None => {
            call.m.not_modelled("gzip of more than 64 MiB");
            contents.clone()
        }
    }
}

pub(super) fn decompress(call: &mut Call<'_, '_>, contents: &Contents) -> Option<Contents> {
    let bytes = contents.to_bytes(MOST)?;
    let plain = super::gzip_format::decompress(&bytes, MOST)?;
    call.m.t.fuel.spend_bytes(plain.len() as u64).then(|| Contents::bytes(plain))
}

const GZIP: Spec = Spec {
    flags: "cdfkqvn123456789lrt",
    values: "S",
    long: &[
        ("stdout", "c"),
        ("decompress", "d"),
        ("uncompress", "d"),
        ("force", "f"),
        ("keep", "k"),
        ("best", "9"),
        ("fast", "1"),
        ("quiet", "q"),
        ("no-name", "n"),
    ],
};

pub(super) fn gzip(call: &mut Call<'_, '_>) -> i32 {
    zip(call, false, false)
}

pub(super) fn gunzip(call: &mut Call<'_, '_>) -> i32 {
    zip(call, true, false)
}

pub(super) fn zcat(call: &mut Call<'_, '_>) -> i32 {
    zip(call, true, true)
}

fn zip(call: &mut Call<'_, '_>, unzip: bool, out: bool) -> i32 {
    let args = match Arguments::parse(call, &GZIP) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let unzip = unzip || args.has("d");
    let operands = if args.operands.is_empty() { vec!["-".to_owned()] } else { args.operands.clone() };
    let mut status = 0;
    for operand in &operands {
        let contents = match call.open_read(operand) {
            Ok(contents) => contents,
            Err(errno) => {
                status = call.fail_errno(operand, errno);
                continue;
            }
        };
        let target =
            match (unzip, operand.strip_suffix(".gz").map(str::to_owned), operand.strip_suffix(".tgz")) {
                (false, ..) => format!("{operand}.gz"),
                (true, Some(short), _) => short,
                (true, None, Some(short)) => format!("{short}.tar"),
                (true, None, None) if operand != "-" && !out && !args.has("c") => {
                    status = call.either(
                        &format!("{operand}: unknown suffix - ignored"),
                        &format!("{operand}: unknown suffix -- ignored"),
                    );
                    continue;
                }
                (true, None, None) => String::new(),
            };
        let result = if unzip {
            match decompress(call, &contents) {
                Some(result) => result,
                None => {
                    let shown = if operand == "-" { "stdin" } else { operand };
                    status = call.either("invalid magic", &format!("{shown}: not in gzip format"));
                    continue;
                }
            }
        } else {
            compress(call, &contents)
        };
        if operand == "-" || out || args.has("c") {
            call.out_contents(&result);
            continue;
        }
        let (source, bytes) = (text::encode(operand).into_owned(), text::encode(&target).into_owned());
        if call.m.lstat(&bytes).is_ok() && !args.has("f") {
            status = call.fail(&format!("can't open '{target}': File exists"));
            continue;
        }
        let stat = call.m.stat(&source).ok();
        let mode = stat.as_ref().map_or(0o644, |stat| stat.mode);
        if let Err(errno) = call.m.write(&bytes, result, mode) {
            status = call.fail_errno(&target, errno);
            continue;
        }
        if !args.has("k")
            && let Err(errno) = call.m.unlink(&source)
        {
            status = call.fail_errno(operand, errno);
        }
    }
    status
}
