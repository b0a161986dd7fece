//! Operations on files: the same methods for a mount, a container, a build context and the machine of a
//! script's own program.

use super::layers::{id_of, listing, mode_of, tree_map};
use super::opened::stays_open;
use crate::fs::{Contents, Errno};
use crate::script::handle::{Answer, Files, Kind, LayerValue, Place, refuse, thrown, type_word};
use crate::trace::{Event, Trace};
use crate::union::{Mount, Open, Rename, Stat, StatKind};
use rhai::{Array, Dynamic, Engine, INT, Map};

/// Up to this many bytes of a file are given to a script.
const READ_LIMIT: u64 = 4 << 20;

/// Registers all methods for one kind of handle.
pub fn register<K: Kind>(engine: &mut Engine) {
    engine.register_type_with_name::<Files<K>>(K::NAME);
    engine.register_get("name", |m: &mut Files<K>| m.name().to_owned());
    for word in ["to_string", "to_debug"] {
        engine
            .register_fn(word, |m: &mut Files<K>| format!("{} {}", m.kind(), m.name()).trim_end().to_owned());
    }
    reading::<K>(engine);
    writing::<K>(engine);
    names::<K>(engine);
    attributes::<K>(engine);
    explaining::<K>(engine);
}

fn reading<K: Kind>(engine: &mut Engine) {
    engine.register_fn("read", |m: &mut Files<K>, path: &str| {
        let contents = m.read("read", path, |mount, path, t| mount.read(path, t))?;
        text(&contents)
    });
    engine.register_fn("readlink", |m: &mut Files<K>, path: &str| {
        let target = m.read("readlink", path, |mount, path, t| mount.readlink(path, t))?;
        Ok::<_, Box<rhai::EvalAltResult>>(String::from_utf8_lossy(&target).into_owned())
    });
    engine.register_fn("ls", list::<K>);
    engine.register_fn("ls", |m: &mut Files<K>| list(m, "/"));
    engine.register_fn("readdir", list::<K>);
    engine.register_fn("stat", |m: &mut Files<K>, path: &str| {
        m.read("stat", path, |mount, path, t| mount.stat(path, t)).map(|stat| stat_map(&stat))
    });
    engine.register_fn("lstat", |m: &mut Files<K>, path: &str| {
        m.read("lstat", path, |mount, path, t| mount.lstat(path, t)).map(|stat| stat_map(&stat))
    });
    engine.register_fn("exists", |m: &mut Files<K>, path: &str| {
        if let Some((files, inside)) = m.crossed(path, false)? {
            return files.on(|mount, t| t.quietly(|t| mount.lstat(inside.as_bytes(), t)).is_ok());
        }
        let inside = m.path(path);
        m.on(|mount, t| t.quietly(|t| mount.lstat(inside.as_bytes(), t)).is_ok())
    });
    engine.register_fn("getxattr", |m: &mut Files<K>, path: &str, name: &str| {
        let value = m.read("getxattr", path, |mount, path, t| mount.getxattr(path, name.as_bytes(), t))?;
        Ok::<_, Box<rhai::EvalAltResult>>(String::from_utf8_lossy(&value).into_owned())
    });
    engine.register_fn("listxattr", |m: &mut Files<K>, path: &str| {
        let names = m.read("listxattr", path, |mount, path, t| mount.listxattr(path, t))?;
        let names = names.iter().map(|name| String::from_utf8_lossy(name).as_ref().into());
        Ok::<_, Box<rhai::EvalAltResult>>(names.collect::<Array>())
    });
}

fn list<K: Kind>(m: &mut Files<K>, path: &str) -> Answer<Array> {
    let names = m.read("readdir", path, |mount, path, t| mount.readdir(path, t))?;
    Ok(listed(&names))
}

pub(super) fn listed(names: &[crate::fs::Name]) -> Array {
    names.iter().map(|name| String::from_utf8_lossy(name).as_ref().into()).collect()
}

pub(super) fn text(contents: &Contents) -> Answer<String> {
    let bytes = contents.to_bytes(READ_LIMIT).ok_or_else(|| {
        refuse(&format!("the file has {} bytes; a script can read up to {READ_LIMIT}", contents.len()))
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn writing<K: Kind>(engine: &mut Engine) {
    // As `>` and `>>` in a shell: a missing file is made.
    engine.register_fn("write", |m: &mut Files<K>, path: &str, text: &str| {
        put(
            m,
            "write",
            path,
            Contents::text(text),
            Open { write: true, create: true, trunc: true, mode: 0o644, ..Open::default() },
        )
    });
    engine.register_fn("append", |m: &mut Files<K>, path: &str, text: &str| {
        put(
            m,
            "append",
            path,
            Contents::text(text),
            Open { write: true, create: true, append: true, mode: 0o644, ..Open::default() },
        )
    });
    engine.register_fn("create", |m: &mut Files<K>, path: &str, text: &str| {
        m.change("create", path, |mount, path, t| mount.create(path, 0o644, Contents::text(text), t))
    });
    engine.register_fn("create", |m: &mut Files<K>, path: &str, text: &str, mode: INT| {
        let mode = mode_of(mode)?;
        m.change("create", path, |mount, path, t| mount.create(path, mode, Contents::text(text), t))
    });
    engine.register_fn("fill", |m: &mut Files<K>, path: &str, size: INT| {
        let size = u64::try_from(size).map_err(|_| refuse("a size is not negative"))?;
        put(
            m,
            "write",
            path,
            Contents::fill(b'x', size),
            Open { write: true, create: true, trunc: true, mode: 0o644, ..Open::default() },
        )
    });
    engine.register_fn("truncate", |m: &mut Files<K>, path: &str, size: INT| {
        m.change("truncate", path, |mount, path, t| mount.truncate(path, size, t))
    });
    engine.register_fn("open_rw_noop", |m: &mut Files<K>, path: &str| {
        put(m, "open_rw_noop", path, Contents::EMPTY, Open { read: true, write: true, ..Open::default() })
    });
    engine.register_fn("open", open::<K>);
    engine.register_fn("open", |m: &mut Files<K>, path: &str, flags: &str, data: &str| {
        open_once(m, path, flags, &Map::from_iter([("data".into(), data.into())]))
    });
    engine.register_fn("open", |m: &mut Files<K>, path: &str, flags: &str, options: Map| {
        open_once(m, path, flags, &options)
    });
}

fn put<K: Kind>(m: &mut Files<K>, op: &str, path: &str, data: Contents, flags: Open) -> Answer<()> {
    // A build context is written like a project folder: its directories come by themselves.
    if let Place::Context(_) = m.place {
        let inside = m.path(path);
        m.on(|mount, t| t.quietly(|t| make_parents(mount, &inside, t)))?;
    }
    let data = if data.is_empty() && op == "open_rw_noop" { None } else { Some(data) };
    m.change(op, path, |mount, path, t| mount.open(path, flags, data, false, t)).map(|_| ())
}

fn make_parents(mount: &mut Mount, path: &str, t: &mut Trace) {
    let mut at = Vec::new();
    for name in crate::fs::path::names(crate::fs::path::parent(path.as_bytes())) {
        at.push(b'/');
        at.extend_from_slice(name);
        let _ = mount.mkdir(&at, 0o755, t);
    }
}

/// One call with these flags, and the file is closed again; or, with a mode of fopen(3) or words with
/// their `O_`, a file that stays open.
fn open<K: Kind>(m: &mut Files<K>, path: &str, words: &str) -> Answer<Dynamic> {
    if stays_open(words) {
        return super::opened::open(m, path, words).map(Dynamic::from);
    }
    open_once(m, path, words, &Map::new()).map(Dynamic::from)
}

/// What is read, unless `read: false`, is what a descriptor open for reading gives from where the
/// writing ended.
fn open_once<K: Kind>(m: &mut Files<K>, path: &str, words: &str, options: &Map) -> Answer<String> {
    let mut open = flags(words)?;
    let (mut data, mut read_back) = (None, open.read);
    for (key, value) in options {
        let wrong = |what: &str| refuse(&format!("{key} is {what}, not {}", type_word(value)));
        match key.as_str() {
            "data" => {
                let text = value.clone().into_immutable_string().map_err(|_| wrong("text"))?;
                data = Some(Contents::text(&text));
            }
            "read" => read_back = value.as_bool().map_err(|_| wrong("true or false"))?,
            "mode" => open.mode = mode_of(value.as_int().map_err(|_| wrong("a number"))?)?,
            other => return Err(refuse(&format!("open has no `{other}`; it has data, read and mode"))),
        }
    }
    let contents = m.change("open", path, |mount, path, t| mount.open(path, open, data, read_back, t))?;
    text(&contents)
}

/// Flags as open(2) spells them, with `O_` or without: "RDWR|CREAT|EXCL".
pub fn flags(words: &str) -> Answer<Open> {
    let mut open = Open { mode: 0o644, ..Open::default() };
    for flag in words.split('|').map(str::trim) {
        match flag.trim_start_matches("O_") {
            "RDONLY" => open.read = true,
            "WRONLY" => open.write = true,
            "RDWR" => (open.read, open.write) = (true, true),
            "APPEND" => open.append = true,
            "CREAT" => open.create = true,
            "EXCL" => open.excl = true,
            "TRUNC" => open.trunc = true,
            "DIRECTORY" => open.directory = true,
            "NOFOLLOW" => open.nofollow = true,
            other => {
                return Err(refuse(&format!(
                    "there is no open flag `{other}`: RDONLY WRONLY RDWR APPEND CREAT EXCL TRUNC DIRECTORY NOFOLLOW, joined by |; to keep the file open: r r+ w w+ a a+, or the same words with O_"
                )));
            }
        }
    }
    Ok(open)
}

fn names<K: Kind>(engine: &mut Engine) {
    engine.register_fn("mkdir", |m: &mut Files<K>, path: &str| {
        m.change("mkdir", path, |mount, path, t| mount.mkdir(path, 0o755, t))
    });
    engine.register_fn("mkdir", |m: &mut Files<K>, path: &str, mode: INT| {
        let mode = mode_of(mode)?;
        m.change("mkdir", path, |mount, path, t| mount.mkdir(path, mode, t))
    });
    engine.register_fn("rmdir", |m: &mut Files<K>, path: &str| {
        m.change("rmdir", path, |mount, path, t| mount.rmdir(path, t))
    });
    engine.register_fn("unlink", |m: &mut Files<K>, path: &str| {
        m.change("unlink", path, |mount, path, t| mount.unlink(path, t))
    });
    engine.register_fn("rm", |m: &mut Files<K>, path: &str| m.change("rm", path, remove));
    engine.register_fn("rename", |m: &mut Files<K>, from: &str, to: &str| rename(m, from, to, Rename::Plain));
    engine.register_fn("rename_noreplace", |m: &mut Files<K>, from: &str, to: &str| {
        rename(m, from, to, Rename::NoReplace)
    });
    engine.register_fn("rename_exchange", |m: &mut Files<K>, from: &str, to: &str| {
        rename(m, from, to, Rename::Exchange)
    });
    engine.register_fn("link", |m: &mut Files<K>, existing: &str, path: &str| {
        let existing = same_mount(m, "link", existing, path)?;
        m.change("link", path, |mount, path, t| mount.link(existing.as_bytes(), path, t))
    });
    engine.register_fn("symlink", |m: &mut Files<K>, target: &str, path: &str| {
        m.change("symlink", path, |mount, path, t| mount.symlink(target.as_bytes(), path, t))
    });
    engine.register_fn("mkfifo", |m: &mut Files<K>, path: &str| mkfifo(m, path, 0o644));
    engine.register_fn("mkfifo", mkfifo::<K>);
    engine.register_fn("mkchar", |m: &mut Files<K>, path: &str, major: INT, minor: INT| {
        mkchar(m, path, major, minor, 0o644)
    });
    engine.register_fn("mkchar", mkchar::<K>);
}

/// A second path, as the mount of the first one sees it.
fn same_mount<K: Kind>(m: &Files<K>, op: &str, second: &str, first: &str) -> Answer<String> {
    let mount = |crossed: &Option<(Files<K>, String)>| match crossed.as_ref().map(|(files, _)| &files.place) {
        Some(Place::Mounted(_, to)) => Some(to.mount),
        _ => None,
    };
    let is_point =
        |crossed: &Option<(Files<K>, String)>| match crossed.as_ref().map(|(files, _)| &files.place) {
            Some(Place::Mounted(_, to)) => to.is_point,
            _ => false,
        };
    let (here, there) = (m.crossed(first, false)?, m.crossed(second, false)?);
    let refused = if op == "rename" && (is_point(&here) || is_point(&there)) {
        Some((Errno::EBUSY, "something is mounted there: a mount point can't be removed or renamed"))
    } else if mount(&here) != mount(&there) {
        Some((Errno::EXDEV, "the two paths lie on different filesystems: a mount point is between them"))
    } else {
        None
    };
    if let Some((errno, why)) = refused {
        m.on(|_, t| {
            t.emit(|| Event::Failed {
                op: op.to_owned(),
                path: first.to_owned(),
                other: Some(second.to_owned()),
                errno: errno.name().to_owned(),
                why: why.to_owned(),
            });
        })?;
        return Err(thrown(op, first, errno));
    }
    Ok(there.map_or_else(|| m.path(second), |(_, inside)| inside))
}

fn mkfifo<K: Kind>(m: &mut Files<K>, path: &str, mode: INT) -> Answer<()> {
    let mode = mode_of(mode)?;
    m.change("mkfifo", path, |mount, path, t| mount.mkfifo(path, mode, t))
}

fn mkchar<K: Kind>(m: &mut Files<K>, path: &str, major: INT, minor: INT, mode: INT) -> Answer<()> {
    let (major, minor, mode) = (id_of(major)?, id_of(minor)?, mode_of(mode)?);
    m.change("mkchar", path, |mount, path, t| mount.mkchar(path, mode, major, minor, t))
}

/// `rm -r`: the path and everything below it.
fn remove(mount: &mut Mount, path: &[u8], t: &mut Trace) -> Result<(), Errno> {
    if mount.lstat(path, t)?.kind != StatKind::Dir {
        return mount.unlink(path, t);
    }
    let mut below = t.quietly(|t| mount.walk(path, t))?;
    below.retain(|(found, _)| found.len() > path.len());
    for (inside, stat) in below.iter().rev() {
        if !t.fuel.spend(1) {
            return Err(Errno::EINTR);
        }
        match stat.kind {
            StatKind::Dir => mount.rmdir(inside, t)?,
            _ => mount.unlink(inside, t)?,
        }
    }
    mount.rmdir(path, t)
}

fn rename<K: Kind>(m: &mut Files<K>, from: &str, to: &str, how: Rename) -> Answer<()> {
    let target = same_mount(m, "rename", to, from)?;
    m.change("rename", from, |mount, from, t| mount.rename(from, target.as_bytes(), how, t))?;
    if let (Place::Mount(_) | Place::Container(_), Ok(mut core)) = (&m.place, m.core.try_borrow_mut()) {
        core.touch(K::NAME, m.name(), to);
    }
    Ok(())
}

fn attributes<K: Kind>(engine: &mut Engine) {
    engine.register_fn("chmod", |m: &mut Files<K>, path: &str, mode: INT| {
        let mode = mode_of(mode)?;
        m.change("chmod", path, |mount, path, t| mount.chmod(path, mode, t))
    });
    engine.register_fn("chown", |m: &mut Files<K>, path: &str, uid: INT, gid: INT| {
        let (uid, gid) = (owner(uid)?, owner(gid)?);
        m.change("chown", path, |mount, path, t| mount.chown(path, uid, gid, t))
    });
    engine.register_fn("lchown", |m: &mut Files<K>, path: &str, uid: INT, gid: INT| {
        let (uid, gid) = (owner(uid)?, owner(gid)?);
        m.change("lchown", path, |mount, path, t| mount.lchown(path, uid, gid, t))
    });
    engine.register_fn("utimes", |m: &mut Files<K>, path: &str, mtime: INT| {
        m.change("utimes", path, |mount, path, t| mount.utimes(path, mtime, t))
    });
    engine.register_fn("utimes", |m: &mut Files<K>, path: &str| {
        m.change("utimes", path, |mount, path, t| mount.touch(path, t))
    });
    engine.register_fn("touch", |m: &mut Files<K>, path: &str| touch(m, path));
    engine.register_fn("setxattr", |m: &mut Files<K>, path: &str, name: &str, value: &str| {
        m.change("setxattr", path, |mount, path, t| {
            mount.setxattr(path, name.as_bytes(), value.as_bytes(), t)
        })
    });
    engine.register_fn("removexattr", |m: &mut Files<K>, path: &str, name: &str| {
        m.change("removexattr", path, |mount, path, t| mount.removexattr(path, name.as_bytes(), t))
    });
}

/// -1 leaves an id as it is.
fn owner(id: INT) -> Answer<Option<u32>> {
    if id == -1 { Ok(None) } else { id_of(id).map(Some) }
}

/// As the program does: a missing file is made, another one gets a newer time (one second later, since
/// the lab's clock stands still).
fn touch<K: Kind>(m: &mut Files<K>, path: &str) -> Answer<()> {
    if let Some((files, inside)) = m.crossed(path, true)? {
        return touch(&mut files.clone(), &inside);
    }
    let inside = m.path(path);
    let stat = m.on(|mount, t| t.quietly(|t| mount.stat(inside.as_bytes(), t)))?;
    match stat {
        Ok(stat) => {
            m.change("utimes", path, |mount, path, t| mount.utimes(path, stat.mtime.saturating_add(1), t))
        }
        Err(_) => m.change("create", path, |mount, path, t| mount.create(path, 0o644, Contents::EMPTY, t)),
    }
}

fn explaining<K: Kind>(engine: &mut Engine) {
    engine.register_fn("which", |m: &mut Files<K>, path: &str| {
        if let Some((files, inside)) = m.crossed(path, false)? {
            return files.tell_mounted(path, &inside);
        }
        let inside = m.path(path);
        // The mount itself emits the answer as an event.
        m.on(|mount, t| drop(mount.which(inside.as_bytes(), t)))
    });
    engine.register_fn("tree", |m: &mut Files<K>| {
        let root = m.path("/");
        let found = m.read("tree", "/", |mount, _, t| t.quietly(|t| mount.walk(root.as_bytes(), t)))?;
        mounted_too(m, found).map(|found| merged_listing(&found))
    });
    engine.register_fn("upper", |m: &mut Files<K>| m.on(|mount, _| tree_map(&mount.stored_upper())));
    engine.register_fn("upper_tree", |m: &mut Files<K>| m.on(|mount, _| listing(&mount.stored_upper())));
    engine.register_fn("lower", |m: &mut Files<K>, index: INT| {
        let lower =
            m.on(|mount, _| usize::try_from(index).ok().and_then(|at| mount.lowers().get(at).cloned()))?;
        lower
            .map(|lower| LayerValue(lower.layer))
            .ok_or_else(|| refuse(&format!("there is no lower({index}); lower(0) is the topmost")))
    });
    engine.register_get("lowers", |m: &mut Files<K>| m.on(|mount, _| mount.lowers().len() as INT));
}

/// What a container mounts, in the place of what the union has there.
fn mounted_too<K: Kind>(m: &Files<K>, mut found: Vec<(Vec<u8>, Stat)>) -> Answer<Vec<(Vec<u8>, Stat)>> {
    let targets: Vec<String> = match (&m.place, m.core.try_borrow()) {
        (Place::Container(name), Ok(core)) => {
            let points = core.lab.containers.get(name).into_iter().flat_map(|container| &container.mounts);
            points.map(|point| point.target.clone()).collect()
        }
        _ => Vec::new(),
    };
    for target in targets {
        let Some((files, inside)) = m.crossed(&target, false)? else { continue };
        let there = files.on(|mount, t| t.quietly(|t| mount.walk(inside.as_bytes(), t)))?.unwrap_or_default();
        let below = |path: &[u8]| {
            path.strip_prefix(target.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        found.retain(|(path, _)| !below(path));
        let cut = if inside == "/" { 0 } else { inside.len() };
        found.extend(there.into_iter().map(|(path, stat)| {
            let rest = path.get(cut..).unwrap_or_default();
            let rest = if rest == b"/" { &b""[..] } else { rest };
            ([target.as_bytes(), rest].concat(), stat)
        }));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn merged_listing(found: &[(Vec<u8>, Stat)]) -> String {
    let lines = found.iter().map(|(path, stat)| {
        let path = String::from_utf8_lossy(path);
        match stat.kind {
            StatKind::Dir => format!("{}/", path.trim_end_matches('/')),
            StatKind::File => format!("{path}  {} B", stat.size),
            _ => path.into_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub(super) fn stat_map(stat: &Stat) -> Map {
    let mut map = Map::new();
    let mut set = |key: &str, value: Dynamic| map.insert(key.into(), value);
    let word = match stat.kind {
        StatKind::File => "file",
        StatKind::Dir => "dir",
        StatKind::Symlink => "symlink",
        StatKind::Fifo => "fifo",
        StatKind::CharDev(..) => "chardev",
    };
    set("type", word.into());
    set("mode", INT::from(stat.mode).into());
    set("uid", INT::from(stat.uid).into());
    set("gid", INT::from(stat.gid).into());
    if stat.kind != StatKind::Dir {
        set("size", (stat.size as INT).into());
        set("nlink", INT::from(stat.nlink).into());
    }
    if let StatKind::CharDev(major, minor) = stat.kind {
        let rdev: Array = vec![INT::from(major).into(), INT::from(minor).into()];
        set("rdev", rdev.into());
    }
    map
}
