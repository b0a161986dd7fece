//! `tar -c`.

use super::archive::{SPEC, enter, finish, patterns, trouble, wanted_compression};
use super::arguments::Arguments;
use super::tar_format::{self, Entry, EntryKind};
use crate::fs::Contents;
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use crate::shell::{text, users};
use crate::union::{Stat, StatKind};
use std::collections::HashMap;

/// Packs what is named; the exit status.
pub(super) fn create(call: &mut Call<'_, '_>, args: &Arguments, words: &[String]) -> i32 {
    let before = call.m.cwd.clone();
    let sources = match sources(call, args, words) {
        Ok(sources) => sources,
        Err(status) => {
            call.m.cwd = before;
            return status;
        }
    };
    if sources.is_empty() {
        if call.busybox {
            return call.fail("empty archive");
        }
        call.usage("Cowardly refusing to create an empty archive");
        return 2;
    }
    let name = args.value("f").unwrap_or("-").to_owned();
    let kind = match wanted_compression(call, args, &name, true) {
        Ok(kind) => kind,
        Err(status) => return status,
    };
    let mut packing = Packing {
        excluded: patterns(call, args),
        own: call.m.locate(&text::encode(&name), true).ok().map(|place| place.canonical),
        ..Packing::default()
    };
    for (cwd, source) in sources {
        call.m.cwd = cwd;
        packing.tree(call, args, &source);
    }
    call.m.cwd = before;
    packing.archive.append(&tar_format::end(packing.archive.len(), call.busybox));
    let result = match kind {
        Some(kind) => super::compress::compress(call, kind, &packing.archive),
        None => packing.archive,
    };
    let status = finish(call, packing.failed);
    if name == "-" {
        call.err(&packing.listed);
        call.out_contents(&result);
        return status;
    }
    call.out(&packing.listed);
    match call.m.write(&text::encode(&name), result, 0o666) {
        Ok(()) => status,
        Err(errno) => {
            call.either_errno(&format!("can't open '{name}'"), &format!("{name}: Cannot open"), errno);
            if !call.busybox {
                call.fail("Error is not recoverable: exiting now");
            }
            trouble(call)
        }
    }
}

/// Operands in order, each in the directory of the last `-C` before it.
fn sources(
    call: &mut Call<'_, '_>,
    args: &Arguments,
    words: &[String],
) -> Result<Vec<(Vec<u8>, String)>, i32> {
    let before = call.m.cwd.clone();
    let mut items = words.iter();
    let mut sources = Vec::new();
    let mut only_operands = false;
    let mut directory = None;
    while let Some(word) = items.next() {
        if only_operands || !word.starts_with('-') || word == "-" {
            sources.push((call.m.cwd.clone(), word.clone()));
            continue;
        }
        let bundled = !word.starts_with("--") && word.chars().last().is_some_and(|c| SPEC.values.contains(c));
        let long = SPEC.long.iter().any(|(name, _)| {
            name.strip_suffix('=').is_some_and(|name| word.strip_prefix("--") == Some(name))
        });
        let dir = match word.as_str() {
            "--" => {
                only_operands = true;
                None
            }
            word if word == "--directory" || bundled && word.ends_with('C') => items.next().cloned(),
            _ if bundled || long => {
                items.next();
                None
            }
            word => word.strip_prefix("--directory=").map(str::to_owned),
        };
        match dir {
            Some(dir) if call.busybox => directory = Some(dir),
            Some(dir) => enter(call, &dir)?,
            None => {}
        }
    }
    if let Some(dir) = directory {
        // busybox enters the last directory before it packs anything.
        enter(call, &dir)?;
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
    Ok(sources)
}

/// An archive that is being made.
#[derive(Default)]
struct Packing {
    archive: Contents,
    /// `-v`.
    listed: String,
    excluded: Vec<Pattern>,
    /// Files of several names: the first one.
    seen: HashMap<(u32, u32), String>,
    /// The archive itself is left out.
    own: Option<Vec<u8>>,
    /// The leading slash was spoken of.
    warned: bool,
    failed: bool,
}

impl Packing {
    fn leaves_out(&self, path: &str) -> bool {
        let base = path.rsplit('/').next().unwrap_or("");
        let bare = path.trim_start_matches("./");
        let matches = |p: &Pattern| p.matches_text(path) || p.matches_text(base) || p.matches_text(bare);
        self.excluded.iter().any(matches)
    }

    /// One operand with all that is below.
    fn tree(&mut self, call: &mut Call<'_, '_>, args: &Arguments, source: &str) {
        let mut open = vec![source.to_owned()];
        while let Some(at) = open.pop() {
            if call.m.stopped() {
                return;
            }
            if self.leaves_out(&at) {
                continue;
            }
            let bytes = text::encode(&at).into_owned();
            let found = if args.has("h") { call.m.stat(&bytes) } else { call.m.lstat(&bytes) };
            let stat = match found {
                Ok(stat) => stat,
                Err(errno) => {
                    call.either_errno(&at, &format!("{at}: Cannot stat"), errno);
                    self.failed = true;
                    continue;
                }
            };
            if self.own.is_some() && call.m.locate(&bytes, false).ok().map(|p| p.canonical) == self.own {
                continue;
            }
            let stored = if args.has("P") { at.clone() } else { at.trim_start_matches('/').to_owned() };
            if stored.len() < at.len() && !self.warned {
                self.warned = true;
                let gnu = "Removing leading `/' from member names";
                call.either("removing leading '/' from member names", gnu);
            }
            if let Some(mut entry) = pack(call, &bytes, &stored, &stat, &mut self.seen) {
                relabel(call, args, &mut entry);
                if args.has("v") {
                    self.listed.push_str(&format!("{}\n", entry.shown()));
                }
                self.archive.append(&tar_format::write(&entry));
            }
            if stat.kind == StatKind::Dir && !args.has("no-recursion") {
                let names = call.m.readdir(&bytes).unwrap_or_default();
                let base = at.trim_end_matches('/');
                open.extend(names.iter().rev().map(|name| format!("{base}/{}", text::decode(name))));
            }
        }
    }
}

/// `--owner`, `--group`, `--mtime`: what the archive says instead of the truth.
fn relabel(call: &mut Call<'_, '_>, args: &Arguments, entry: &mut Entry) {
    if let Some(owner) = args.value("owner") {
        let name = owner.split(':').next().unwrap_or("");
        entry.uid = users::uid_of(call.m, name).unwrap_or(0);
        entry.user = if name.parse::<u32>().is_ok() { String::new() } else { name.to_owned() };
    }
    if let Some(group) = args.value("group") {
        let name = group.split(':').next().unwrap_or("");
        entry.gid = users::gid_of(call.m, name).unwrap_or(0);
        entry.group = if name.parse::<u32>().is_ok() { String::new() } else { name.to_owned() };
    }
    if args.has("numeric") {
        entry.user.clear();
        entry.group.clear();
    }
    if let Some(time) = args.value("mtime").and_then(super::date::parse_gnu_date) {
        entry.mtime = time;
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
