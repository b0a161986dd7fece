//! Files that a script keeps open, and maps of them. A value holds a name and a number in the lab,
//! never the file: what was undone or closed answers EBADF.

use super::files::{listed, stat_map, text};
use super::layers::{id_of, mode_of};
use crate::fs::{Contents, Errno};
use crate::script::core::Shared;
use crate::script::handle::{Answer, Files, Kind, OfContainer, OfMount, Place, refuse, thrown};
use crate::trace::{Event, Trace};
use crate::union::{Mount, Open, Whence};
use rhai::{Array, Engine, INT, Map};

/// A file kept open: what `m.open("/f", "r")` gives.
#[derive(Clone)]
pub struct FileValue(Held);

/// A map of a file: what `f.map()` gives.
#[derive(Clone)]
pub struct MemoryMapValue(Held);

/// Where it is open, its number there, and which of all that ever had the number it is.
#[derive(Clone)]
struct Held {
    core: Shared,
    place: Place,
    number: u32,
    serial: u64,
    path: String,
}

impl FileValue {
    /// "File fd 3 /f".
    pub fn describe(&self) -> String {
        format!("File fd {} {}", self.0.number, self.0.path)
    }
}

impl MemoryMapValue {
    /// "MemoryMap 1 /f".
    pub fn describe(&self) -> String {
        format!("MemoryMap {} {}", self.0.number, self.0.path)
    }
}

impl Held {
    fn on<R>(&self, f: impl FnOnce(&mut Mount, &mut Trace) -> R) -> Answer<R> {
        match &self.place {
            Place::Container(_) => Files::<OfContainer>::new(&self.core, self.place.clone()).on(f),
            place => Files::<OfMount>::new(&self.core, place.clone()).on(f),
        }
    }

    /// Runs a call if the thing is still there; the mount itself shows a failure.
    fn call<R>(
        &self,
        op: &str,
        serial: impl FnOnce(&Mount, u32) -> Option<u64>,
        f: impl FnOnce(&mut Mount, u32, &mut Trace) -> Result<R, Errno>,
    ) -> Answer<R> {
        let result = self.on(|mount, t| {
            if serial(mount, self.number) == Some(self.serial) {
                return f(mount, self.number, t);
            }
            t.emit(|| Event::Failed {
                op: op.to_owned(),
                path: self.path.clone(),
                other: None,
                errno: Errno::EBADF.name().to_owned(),
                why: "it was closed, or opening it was undone".to_owned(),
            });
            Err(Errno::EBADF)
        })?;
        result.map_err(|errno| thrown(op, &self.path, errno))
    }
}

impl FileValue {
    fn call<R>(
        &self,
        op: &str,
        f: impl FnOnce(&mut Mount, u32, &mut Trace) -> Result<R, Errno>,
    ) -> Answer<R> {
        self.0.call(op, Mount::handle_serial, f)
    }

    /// A call that changes the file: a success is noted, so that the REPL can draw the stack over it.
    fn change<R>(
        &self,
        op: &str,
        f: impl FnOnce(&mut Mount, u32, &mut Trace) -> Result<R, Errno>,
    ) -> Answer<R> {
        let result = self.call(op, f)?;
        let path = self.0.on(|mount, _| mount.handle_path(self.0.number))?;
        if let (Some(path), Ok(mut core)) = (path, self.0.core.try_borrow_mut()) {
            let (kind, name) = match &self.0.place {
                Place::Container(name) => (OfContainer::NAME, name),
                Place::Mount(name) | Place::Context(name) => (OfMount::NAME, name),
                // No part of a union, so there is no stack to draw.
                Place::Program(..) | Place::Volume(_) | Place::Mounted(..) => return Ok(result),
            };
            core.touch(kind, name, &String::from_utf8_lossy(&path));
        }
        Ok(result)
    }
}

/// Do these flags ask for a file that stays open? Modes as fopen(3) has them, or words with their `O_`.
pub fn stays_open(flags: &str) -> bool {
    mode(flags).is_some() || flags.split('|').all(|word| word.trim().starts_with("O_"))
}

/// The modes of fopen(3).
fn mode(word: &str) -> Option<Open> {
    let base = Open { mode: 0o644, ..Open::default() };
    let made = Open { create: true, ..base };
    Some(match word {
        "r" => Open { read: true, ..base },
        "r+" => Open { read: true, write: true, ..base },
        "w" => Open { write: true, trunc: true, ..made },
        "w+" => Open { read: true, write: true, trunc: true, ..made },
        "a" => Open { write: true, append: true, ..made },
        "a+" => Open { read: true, write: true, append: true, ..made },
        _ => return None,
    })
}

/// Opens a file of a mount or container and keeps it open.
pub fn open<K: Kind>(m: &mut Files<K>, path: &str, flags: &str) -> Answer<FileValue> {
    if let Some((files, inside)) = m.crossed(path, true)? {
        return open(&mut files.clone(), &inside, flags);
    }
    if matches!(m.place, Place::Context(_) | Place::Program(..)) {
        return Err(refuse(
            "files stay open on mounts, containers and volumes only; open(path, \"RDWR\") opens, reads and closes",
        ));
    }
    let open = match mode(flags) {
        Some(open) => open,
        None => super::files::flags(flags)?,
    };
    let call = |mount: &mut Mount, path: &[u8], t: &mut Trace| mount.open_handle(path, open, t);
    let number = match open.write || open.trunc || open.create {
        true => m.change("open", path, call)?,
        false => m.read("open", path, call)?,
    };
    held(&m.core, &m.place, number).map(FileValue)
}

fn held(core: &Shared, place: &Place, number: u32) -> Answer<Held> {
    let mut held = Held { core: core.clone(), place: place.clone(), number, serial: 0, path: String::new() };
    let (serial, path) = held.on(|mount, _| (mount.handle_serial(number), mount.handle_path(number)))?;
    held.serial = serial.unwrap_or_default();
    held.path = String::from_utf8_lossy(&path.unwrap_or_default()).into_owned();
    Ok(held)
}

/// Registers the methods of both.
pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<FileValue>("File");
    engine.register_type_with_name::<MemoryMapValue>("MemoryMap");
    for word in ["to_string", "to_debug"] {
        engine.register_fn(word, |f: &mut FileValue| f.describe());
        engine.register_fn(word, |map: &mut MemoryMapValue| map.describe());
    }
    engine.register_get("fd", |f: &mut FileValue| INT::from(f.0.number));
    data(engine);
    attributes(engine);
    maps(engine);
}

fn data(engine: &mut Engine) {
    engine.register_fn("read", |f: &mut FileValue| {
        let read = f.call("read", |mount, fd, t| mount.fread(fd, None, t))?;
        text(&read)
    });
    engine.register_fn("read", |f: &mut FileValue, bytes: INT| {
        let size = size_of(bytes)?;
        let read = f.call("read", |mount, fd, t| mount.fread(fd, Some(size), t))?;
        text(&read)
    });
    engine.register_fn("pread", |f: &mut FileValue, offset: INT, bytes: INT| {
        let size = size_of(bytes)?;
        let read = f.call("pread", |mount, fd, t| mount.pread(fd, offset, size, t))?;
        text(&read)
    });
    engine.register_fn("write", |f: &mut FileValue, text: &str| {
        let data = Contents::text(text);
        f.change("write", |mount, fd, t| mount.fwrite(fd, &data, t)).map(|written| written as INT)
    });
    engine.register_fn("pwrite", |f: &mut FileValue, offset: INT, text: &str| {
        let data = Contents::text(text);
        f.change("pwrite", |mount, fd, t| mount.pwrite(fd, offset, &data, t)).map(|written| written as INT)
    });
    engine.register_fn("seek", |f: &mut FileValue, offset: INT| seek(f, offset, "SET"));
    engine.register_fn("seek", |f: &mut FileValue, offset: INT, whence: &str| seek(f, offset, whence));
    engine.register_fn("truncate", |f: &mut FileValue, size: INT| {
        f.change("ftruncate", |mount, fd, t| mount.ftruncate(fd, size, t))
    });
    engine.register_fn("fsync", |f: &mut FileValue| f.call("fsync", |mount, fd, t| mount.fsync(fd, t)));
    engine.register_fn("ls", |f: &mut FileValue| {
        f.call("getdents", |mount, fd, t| mount.getdents(fd, t)).map(|names| -> Array { listed(&names) })
    });
    engine.register_fn("open", |f: &mut FileValue, path: &str, flags: &str| {
        let open = match mode(flags) {
            Some(open) => open,
            None => super::files::flags(flags)?,
        };
        let at = path.as_bytes();
        let number = f.call("open", |mount, fd, t| mount.open_handle_at(fd, at, open, t))?;
        held(&f.0.core, &f.0.place, number).map(FileValue)
    });
    engine.register_fn("close", |f: &mut FileValue| f.call("close", |mount, fd, t| mount.close(fd, t)));
}

fn size_of(bytes: INT) -> Answer<u64> {
    u64::try_from(bytes).map_err(|_| refuse("a number of bytes is not negative"))
}

fn seek(f: &mut FileValue, offset: INT, whence: &str) -> Answer<INT> {
    let whence = match whence.trim_start_matches("SEEK_") {
        "SET" => Whence::Set,
        "CUR" => Whence::Current,
        "END" => Whence::End,
        other => {
            return Err(refuse(&format!(
                "a position is counted from \"SET\", \"CUR\" or \"END\", not \"{other}\""
            )));
        }
    };
    f.call("lseek", |mount, fd, t| mount.lseek(fd, offset, whence, t)).map(|position| position as INT)
}

fn attributes(engine: &mut Engine) {
    engine.register_fn("stat", |f: &mut FileValue| -> Answer<Map> {
        f.call("fstat", |mount, fd, t| mount.fstat(fd, t)).map(|stat| stat_map(&stat))
    });
    engine.register_fn("chmod", |f: &mut FileValue, mode: INT| {
        let mode = mode_of(mode)?;
        f.change("fchmod", |mount, fd, t| mount.fchmod(fd, mode, t))
    });
    engine.register_fn("chown", |f: &mut FileValue, uid: INT, gid: INT| {
        let id = |id: INT| if id == -1 { Ok(None) } else { id_of(id).map(Some) };
        let (uid, gid) = (id(uid)?, id(gid)?);
        f.change("fchown", |mount, fd, t| mount.fchown(fd, uid, gid, t))
    });
    engine.register_fn("setxattr", |f: &mut FileValue, name: &str, value: &str| {
        f.change("fsetxattr", |mount, fd, t| mount.fsetxattr(fd, name.as_bytes(), value.as_bytes(), t))
    });
    engine.register_fn("getxattr", |f: &mut FileValue, name: &str| {
        let value = f.call("fgetxattr", |mount, fd, t| mount.fgetxattr(fd, name.as_bytes(), t))?;
        Ok::<_, Box<rhai::EvalAltResult>>(String::from_utf8_lossy(&value).into_owned())
    });
}

fn maps(engine: &mut Engine) {
    engine.register_fn("map", |f: &mut FileValue| {
        let number = f.call("mmap", |mount, fd, t| mount.mmap(fd, t))?;
        let serial = f.0.on(|mount, _| mount.map_serial(number))?.unwrap_or_default();
        Ok::<_, Box<rhai::EvalAltResult>>(MemoryMapValue(Held { number, serial, ..f.0.clone() }))
    });
    engine.register_fn("read", |map: &mut MemoryMapValue| {
        let read = map.0.call("read", Mount::map_serial, |mount, number, t| mount.mread(number, t))?;
        text(&read)
    });
    engine.register_fn("unmap", |map: &mut MemoryMapValue| {
        map.0.call("munmap", Mount::map_serial, |mount, number, t| mount.munmap(number, t))
    });
}
