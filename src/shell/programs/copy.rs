//! `cp`. Contents are shared, never copied byte by byte.

use super::arguments::{Arguments, Spec};
use crate::fs::{Contents, Errno, path};
use crate::shell::call::Call;
use crate::shell::text;
use crate::union::{Open, Stat, StatKind};
use std::collections::HashMap;

/// How a tree is copied.
#[derive(Clone, Debug, Default)]
pub(super) struct Copying {
    pub deep: bool,
    /// Mode, owner and time.
    pub preserve: bool,
    /// Hard links between what is copied stay links.
    pub keep_links: bool,
    /// The mode is that of a new file.
    pub plain_mode: bool,
    /// Ask before something is overwritten.
    pub ask: bool,
    pub force: bool,
    /// Symlinks named on the command line are followed.
    pub follow: bool,
    /// All symlinks are followed.
    pub follow_all: bool,
    pub keep_existing: bool,
    pub only_newer: bool,
    /// `-l`, `-s`: links instead of copies.
    pub hard: bool,
    pub soft: bool,
    pub verbose: bool,
    /// Files that were copied, so that a hard link becomes one again.
    pub(super) seen: HashMap<(u32, u32), String>,
}

fn spec() -> Spec {
    Spec {
        flags: "aRrpdPLHfinluvsTxbZ",
        values: "tS",
        long: &[
            ("archive", "a"),
            ("recursive", "r"),
            ("force", "f"),
            ("no-clobber", "n"),
            ("no-dereference", "P"),
            ("dereference", "L"),
            ("target-directory=", "t"),
            ("no-target-directory", "T"),
            ("verbose", "v"),
            ("update", "u"),
            ("interactive", "i"),
            ("one-file-system", "x"),
            ("remove-destination", "remove-destination"),
            ("backup", "backup"),
            ("suffix=", "S"),
            ("sparse=", "sparse"),
            ("link", "l"),
            ("symbolic-link", "s"),
            ("parents", "parents"),
            ("preserve", "preserve"),
            ("no-preserve=", "no-preserve"),
            ("reflink", "reflink"),
        ],
    }
}

pub(super) fn cp(call: &mut Call<'_, '_>) -> i32 {
    let args = match Arguments::parse(call, &spec()) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let deep = args.any("aRr");
    let keeps_links = args.any("adP");
    let follow_all = args.last_of("LPdaH") == Some("L");
    let mut copying = Copying {
        deep,
        preserve: args.any("ap") || args.has("preserve"),
        keep_links: call.busybox
            || args.any("ad")
            || args.values("preserve").any(|what| what.contains("links") || what == "all"),
        plain_mode: args.values("no-preserve").any(|what| what.contains("mode") || what == "all"),
        ask: args.last_of("fin") == Some("i"),
        force: args.has("f") || args.has("remove-destination"),
        follow: follow_all || !keeps_links && (!deep || args.has("H")),
        follow_all: follow_all || !deep && !keeps_links,
        keep_existing: args.has("n"),
        only_newer: args.has("u"),
        hard: args.has("l"),
        soft: args.has("s"),
        verbose: args.has("v"),
        seen: HashMap::new(),
    };
    let (operands, target) = match args.destination(call) {
        Ok(found) => found,
        Err(status) => return status,
    };
    let into = !args.has("T") && call.m.is_dir(&text::encode(&target));
    if !into && !call.busybox && (operands.len() > 1 || args.has("t")) {
        return no_directory(call, &target);
    }
    let mut status = 0;
    for operand in &operands {
        // busybox forgets slashes behind a name.
        let bare = operand.trim_end_matches('/');
        let operand = if call.busybox && !bare.is_empty() { bare } else { operand };
        let destination = if args.has("parents") {
            let destination = format!("{}/{}", target.trim_end_matches('/'), operand.trim_start_matches('/'));
            make_parents(call, &destination);
            destination
        } else if into || operands.len() > 1 || args.has("t") {
            inside(&target, operand)
        } else {
            target.clone()
        };
        back_up(call, &args, &destination);
        if !copy(call, operand, &destination, &mut copying) {
            status = 1;
        }
    }
    status
}

/// The target of several sources is not a directory (GNU); the exit status.
pub(super) fn no_directory(call: &mut Call<'_, '_>, target: &str) -> i32 {
    let errno = call.m.stat(&text::encode(target)).err().unwrap_or(Errno::ENOTDIR);
    call.fail_errno(&format!("target '{target}'"), errno)
}

/// `-b`, `--backup`: what stands at the destination gets another name.
pub(super) fn back_up(call: &mut Call<'_, '_>, args: &Arguments, destination: &str) {
    if !args.has("b") && !args.has("backup") {
        return;
    }
    let bytes = text::encode(destination).into_owned();
    if call.m.lstat(&bytes).is_ok_and(|stat| stat.kind != StatKind::Dir) {
        let numbered = matches!(args.value("backup"), Some("numbered" | "t"));
        let suffix = args.value("S").unwrap_or("~").to_owned();
        let free = (1..1000u32).map(|n| format!("{destination}.~{n}~"));
        let mut free = free.skip_while(|name| call.m.lstat(&text::encode(name)).is_ok());
        let name = if numbered { free.next() } else { Some(format!("{destination}{suffix}")) };
        drop(free);
        if let Some(name) = name {
            // A backup that can't be made shows in what is copied next.
            let _ = call.m.rename(&bytes, &text::encode(&name), crate::union::Rename::Plain);
        }
    }
}

pub(super) fn make_parents(call: &mut Call<'_, '_>, destination: &str) {
    let bytes = text::encode(destination).into_owned();
    let mut at = Vec::new();
    for name in path::names(path::parent(&bytes)) {
        if bytes.starts_with(b"/") || !at.is_empty() {
            at.push(b'/');
        }
        at.extend_from_slice(name);
        // One that exists is no mistake; any other shows when the file is made.
        let _ = call.m.mkdir(&at, 0o777);
    }
}

/// Where a source lands inside a directory.
pub(super) fn inside(directory: &str, source: &str) -> String {
    let name = text::decode(path::file_name(&text::encode(source)));
    match name.as_str() {
        "." | ".." | "" => {
            format!("{}/{}", directory.trim_end_matches('/'), if name == ".." { ".." } else { "." })
        }
        _ => format!("{}/{name}", directory.trim_end_matches('/')),
    }
}

/// Copies one thing, trees with all that is in them. False: something failed, and was complained about.
pub(super) fn copy(call: &mut Call<'_, '_>, source: &str, destination: &str, copying: &mut Copying) -> bool {
    // (source, destination, top, directory to finish)
    let mut open: Vec<(String, String, bool, Option<Stat>)> =
        vec![(source.to_owned(), destination.to_owned(), true, None)];
    let mut clean = true;
    let mut root: Option<Vec<u8>> = None;
    while let Some((from, to, top, finish)) = open.pop() {
        if call.m.stopped() {
            return false;
        }
        if let Some(stat) = finish {
            clean &= finish_directory(call, &to, &stat, copying);
            if copying.verbose && call.busybox {
                call.out(&format!("'{from}' -> '{to}'\n"));
            }
            continue;
        }
        let follow = if top { copying.follow || copying.follow_all } else { copying.follow_all };
        let bytes = text::encode(&from).into_owned();
        let stat = if follow { call.m.stat(&bytes) } else { call.m.lstat(&bytes) };
        let stat = match stat {
            Ok(stat) => stat,
            // busybox links without a look at what it links to.
            Err(_) if call.busybox && (copying.hard || copying.soft) => {
                let (source, target) = (bytes, text::encode(&to).into_owned());
                let linked = match copying.soft {
                    true => call.m.symlink(&source, &target),
                    false => call.m.link(&source, &target),
                };
                if let Err(errno) = linked {
                    call.fail_errno(&format!("can't create '{to}'"), errno);
                    clean = false;
                }
                continue;
            }
            Err(errno) => {
                call.either_errno(&format!("can't stat '{from}'"), &format!("cannot stat '{from}'"), errno);
                clean = false;
                continue;
            }
        };
        if stat.kind != StatKind::Dir {
            clean &= copy_file(call, &from, &to, &stat, copying);
            continue;
        }
        if !copying.deep {
            call.either(
                &format!("omitting directory '{from}'"),
                &format!("-r not specified; omitting directory '{from}'"),
            );
            clean = false;
            continue;
        }
        let here = call.m.realpath(&bytes).ok();
        if !top && here.is_some() && here == root {
            call.either(
                &format!("recursion detected, omitting directory '{from}'"),
                &format!("cannot copy a directory, '{source}', into itself, '{destination}'"),
            );
            clean = false;
            continue;
        }
        let Some(new) = make_directory(call, &from, &to, &stat, copying) else {
            clean = false;
            continue;
        };
        if top {
            root = call.m.realpath(&text::encode(&to)).ok();
        }
        let names = match call.m.readdir(&bytes) {
            Ok(names) => names,
            Err(errno) => {
                call.either_errno(&format!("can't open '{from}'"), &format!("cannot access '{from}'"), errno);
                clean = false;
                continue;
            }
        };
        if new || copying.preserve {
            open.push((from.clone(), to.clone(), false, Some(stat)));
        }
        let (base, target) = (from.trim_end_matches('/'), to.trim_end_matches('/'));
        for name in names.iter().rev() {
            let name = text::decode(name);
            open.push((format!("{base}/{name}"), format!("{target}/{name}"), false, None));
        }
    }
    clean
}

/// None: it can't be made. Some(true): it is new.
fn make_directory(
    call: &mut Call<'_, '_>,
    from: &str,
    to: &str,
    stat: &Stat,
    copying: &Copying,
) -> Option<bool> {
    let bytes = text::encode(to).into_owned();
    match call.m.stat(&bytes).map(|stat| stat.kind) {
        Ok(StatKind::Dir) => return Some(false),
        Ok(_) => {
            call.either(
                &format!("target '{to}' is not a directory"),
                &format!("cannot overwrite non-directory '{to}' with directory '{from}'"),
            );
            return None;
        }
        Err(_) => {}
    }
    match call.m.mkdir(&bytes, stat.mode | 0o700) {
        Ok(()) => {
            if copying.verbose && !call.busybox {
                call.out(&format!("'{from}' -> '{to}'\n"));
            }
            Some(true)
        }
        Err(errno) => {
            call.either_errno(
                &format!("can't create directory '{to}'"),
                &format!("cannot create directory '{to}'"),
                errno,
            );
            None
        }
    }
}

fn finish_directory(call: &mut Call<'_, '_>, to: &str, stat: &Stat, copying: &Copying) -> bool {
    if copying.plain_mode {
        return true;
    }
    if copying.preserve {
        return preserve(call, to, stat);
    }
    let wanted = stat.mode & !call.m.umask;
    let bytes = text::encode(to).into_owned();
    match call.m.stat(&bytes) {
        Ok(now) if now.mode != wanted => call.m.chmod(&bytes, wanted).is_ok(),
        _ => true,
    }
}

fn preserve(call: &mut Call<'_, '_>, to: &str, stat: &Stat) -> bool {
    let bytes = text::encode(to).into_owned();
    let symlink = stat.kind == StatKind::Symlink;
    // What was written through a link at the destination is what the link leads to.
    let now = if symlink { call.m.lstat(&bytes) } else { call.m.stat(&bytes) }.ok();
    if !symlink {
        let _ = call.m.utimes(&bytes, stat.mtime);
    }
    let owner = now.as_ref().is_none_or(|now| (now.uid, now.gid) != (stat.uid, stat.gid));
    let (uid, gid) = (Some(stat.uid), Some(stat.gid));
    if owner && call.m.chown(&bytes, uid, gid, !symlink).is_err() && call.m.cred.uid == 0 {
        return false;
    }
    if symlink {
        return true;
    }
    // chown drops setuid and setgid: the mode comes last.
    let now = call.m.stat(&bytes).ok();
    if now.is_none_or(|now| now.mode != stat.mode) {
        let _ = call.m.chmod(&bytes, stat.mode);
    }
    true
}

fn copy_file(call: &mut Call<'_, '_>, from: &str, to: &str, stat: &Stat, copying: &mut Copying) -> bool {
    let (source, target) = (text::encode(from).into_owned(), text::encode(to).into_owned());
    let existing = call.m.lstat(&target).ok();
    if let Some(existing) = &existing {
        let now = if call.busybox { Ok(existing.clone()) } else { call.m.stat(&target) };
        if now.is_ok_and(|now| now.id == stat.id && matches!(stat.kind, StatKind::File | StatKind::Symlink))
            && !copying.soft
            && !copying.hard
        {
            call.either(
                &format!("'{from}' and '{to}' are the same file"),
                &format!("'{from}' and '{to}' are the same file"),
            );
            return false;
        }
        if existing.kind == StatKind::Dir {
            call.either(
                &format!("'{to}' is a directory"),
                &format!("cannot overwrite directory '{to}' with non-directory"),
            );
            return false;
        }
        if copying.keep_existing || copying.only_newer && existing.mtime >= stat.mtime {
            return true;
        }
        if copying.ask && !call.agrees(&format!("overwrite '{to}'")) {
            return true;
        }
    }
    let linked =
        stat.nlink > 1 && copying.keep_links && (!copying.follow_all || copying.preserve) && copying.deep;
    let done = if copying.hard {
        replace(call, &target, existing.is_some())
            .and_then(|()| call.m.link(&source, &target))
            .map_err(Failed::Write)
    } else if copying.soft {
        replace(call, &target, existing.is_some())
            .and_then(|()| call.m.symlink(&source, &target))
            .map_err(Failed::Write)
    } else if let Some(first) = copying.seen.get(&stat.id).filter(|_| linked).cloned() {
        let relinked = replace(call, &target, existing.is_some())
            .and_then(|()| call.m.link(&text::encode(&first), &target));
        relinked.map_err(Failed::Write)
    } else {
        if linked {
            copying.seen.insert(stat.id, to.to_owned());
        }
        copy_one(call, &source, &target, stat, existing.as_ref(), copying)
    };
    match done {
        Ok(()) => {
            if copying.verbose {
                call.out(&format!("'{from}' -> '{to}'\n"));
            }
            !copying.preserve || preserve(call, to, stat)
        }
        Err(Failed::Read(errno)) => {
            call.either_errno(
                &format!("can't open '{from}'"),
                &format!("cannot open '{from}' for reading"),
                errno,
            );
            false
        }
        Err(Failed::Write(errno)) => {
            let what = match stat.kind {
                StatKind::Symlink => "symbolic link",
                _ => "regular file",
            };
            let busybox = match stat.kind {
                StatKind::Symlink if !copying.hard && !copying.soft && errno != Errno::EEXIST => {
                    let link = call.m.readlink(&source).unwrap_or_default();
                    format!("can't create symlink '{to}' to '{}'", text::decode(&link))
                }
                StatKind::File if copying.force && call.busybox && errno == Errno::ENOENT => {
                    call.fail(&format!("can't create '{to}': Path does not exist"));
                    return false;
                }
                // It looks at what is there first.
                _ if errno == Errno::ENOTDIR => format!("can't stat '{to}'"),
                _ => format!("can't create '{to}'"),
            };
            call.either_errno(&busybox, &format!("cannot create {what} '{to}'"), errno);
            false
        }
    }
}

/// On which side it failed.
enum Failed {
    Read(Errno),
    Write(Errno),
}

impl From<Errno> for Failed {
    fn from(errno: Errno) -> Failed {
        Failed::Write(errno)
    }
}

fn replace(call: &mut Call<'_, '_>, target: &[u8], exists: bool) -> Result<(), Errno> {
    if exists { call.m.unlink(target) } else { Ok(()) }
}

/// An existing file is written into, not replaced: its other names see the new contents.
fn copy_one(
    call: &mut Call<'_, '_>,
    source: &[u8],
    target: &[u8],
    stat: &Stat,
    existing: Option<&Stat>,
    copying: &Copying,
) -> Result<(), Failed> {
    match stat.kind {
        StatKind::Symlink => {
            let link = call.m.readlink(source).map_err(Failed::Read)?;
            // busybox removes what is there only with `-f` (`libbb/copy_file.c`, `ask_and_unlink`).
            if call.busybox && existing.is_some() && !copying.force && !copying.ask {
                return Err(Failed::Write(Errno::EEXIST));
            }
            replace(call, target, existing.is_some())?;
            call.m.symlink(&link, target)?;
        }
        StatKind::Fifo => {
            replace(call, target, existing.is_some())?;
            call.m.mkfifo(target, stat.mode)?;
        }
        StatKind::CharDev(major, minor) if copying.deep => {
            replace(call, target, existing.is_some())?;
            call.m.mkchar(target, stat.mode, major, minor)?;
        }
        _ => {
            let contents = call.open_read(&text::decode(source)).map_err(Failed::Read)?;
            // GNU cp leaves setuid and setgid behind unless it preserves the mode.
            let mode = match (copying.plain_mode, call.busybox || copying.preserve) {
                (true, _) => 0o666,
                (false, true) => stat.mode,
                (false, false) => stat.mode & 0o777,
            };
            let flags = Open { write: true, create: true, trunc: true, mode, ..Open::default() };
            // busybox compares with the symlink, not with what it leads to: over a link to the file
            // itself, the file is emptied before it is read.
            let itself =
                call.busybox && existing.is_some() && call.m.stat(target).is_ok_and(|now| now.id == stat.id);
            let contents = if itself { Contents::text("") } else { contents };
            match call.m.open(target, flags, Some(contents.clone())) {
                Err(Errno::EACCES) if copying.force && existing.is_some() => {
                    call.m.unlink(target)?;
                    call.m.open(target, flags, Some(contents))?;
                }
                other => drop(other?),
            }
        }
    }
    Ok(())
}
