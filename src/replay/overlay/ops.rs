//! Operations of a case as calls of a mount.

use super::fields::{Fields, cut, wrong};
use super::{contents, handles};
use crate::error::suggest;
use crate::fs::{Contents, EPOCH, Errno};
use crate::trace::Trace;
use crate::union::{Cred, Mount, Open, Rename, Stat, StatKind};
use serde_json::{Value, json};

/// Is it one of the two that unmount?
pub(super) fn remounts(op: &Value) -> bool {
    matches!(op.get("op").and_then(Value::as_str), Some("restart" | "remount"))
}

/// An argument of an operation.
#[derive(Clone, Copy)]
enum Arg {
    /// A path, a target, the name of an attribute: any text without a NUL.
    Text(&'static str),
    /// An attribute's value.
    Value,
    Mode,
    Id(&'static str),
    Size,
    /// A descriptor, a map, a number of bytes.
    Number(&'static str),
    /// A position in a file.
    Offset,
    Device,
    Contents,
    /// `flags`, and what depends on them.
    Flags,
    /// Who performs what follows.
    Cred,
    /// What access(2) asks for: 4, 2 and 1, added up.
    Asked,
}

use Arg::Text;

/// The largest user or group: the one after it means "leave as it is".
pub(super) const MAX_ID: i64 = 0xffff_fffe;

const PATH: Arg = Text("path");
const FD: &[Arg] = &[Arg::Number("fd")];
const TWO_PATHS: &[Arg] = &[Text("src"), Text("dst")];

/// Every operation with its arguments, as the corpus's README lists them.
const OPS: &[(&str, &[Arg])] = &[
    ("mkdir", &[PATH, Arg::Mode]),
    ("rmdir", &[PATH]),
    ("create", &[PATH, Arg::Mode, Arg::Contents]),
    ("write", &[PATH, Arg::Contents]),
    ("append", &[PATH, Arg::Contents]),
    ("open_rw_noop", &[PATH]),
    ("read", &[PATH]),
    ("open", &[PATH, Arg::Flags]),
    ("truncate", &[PATH, Arg::Size]),
    ("unlink", &[PATH]),
    ("rename", TWO_PATHS),
    ("rename_noreplace", TWO_PATHS),
    ("rename_exchange", TWO_PATHS),
    ("link", TWO_PATHS),
    ("symlink", &[Text("target"), PATH]),
    ("readlink", &[PATH]),
    ("chmod", &[PATH, Arg::Mode]),
    ("chown", &[PATH, Arg::Id("uid"), Arg::Id("gid")]),
    ("lchown", &[PATH, Arg::Id("uid"), Arg::Id("gid")]),
    ("utimes", &[PATH]),
    ("touch", &[PATH]),
    ("access", &[PATH, Arg::Asked]),
    ("as", &[Arg::Cred]),
    ("setxattr", &[PATH, Text("name"), Arg::Value]),
    ("getxattr", &[PATH, Text("name")]),
    ("removexattr", &[PATH, Text("name")]),
    ("listxattr", &[PATH]),
    ("mkfifo", &[PATH, Arg::Mode]),
    ("mkchar", &[PATH, Arg::Mode, Arg::Device]),
    ("readdir", &[PATH]),
    ("stat", &[PATH]),
    ("lstat", &[PATH]),
    ("restart", &[]),
    ("remount", &[]),
    ("fopen", &[PATH, Arg::Flags]),
    ("fclose", FD),
    ("fread", FD),
    ("fpread", &[Arg::Number("fd"), Arg::Offset, Arg::Number("size")]),
    ("fwrite", &[Arg::Number("fd"), Arg::Contents]),
    ("fpwrite", &[Arg::Number("fd"), Arg::Offset, Arg::Contents]),
    ("fseek", &[Arg::Number("fd"), Arg::Offset, Text("whence")]),
    ("ftruncate", &[Arg::Number("fd"), Arg::Size]),
    ("fstat", FD),
    ("fchmod", &[Arg::Number("fd"), Arg::Mode]),
    ("fchown", &[Arg::Number("fd"), Arg::Id("uid"), Arg::Id("gid")]),
    ("fsetxattr", &[Arg::Number("fd"), Text("name"), Arg::Value]),
    ("fgetxattr", &[Arg::Number("fd"), Text("name")]),
    ("fsync", FD),
    ("freaddir", FD),
    ("mmap", FD),
    ("mread", &[Arg::Number("map")]),
    ("munmap", &[Arg::Number("map")]),
];

/// Has it a name that is known, and every argument, each of its type?
///
/// # Errors
/// In words, what the operation lacks.
pub(super) fn judge(op: &Value) -> Result<(), String> {
    let args = Args(Fields::of(op, "it")?);
    let name = args.0.text("op")?;
    let Some((_, wanted)) = OPS.iter().find(|(known, _)| *known == name) else {
        let near = suggest(name, OPS.iter().map(|(known, _)| *known));
        let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(format!("no operation is called `{}`{near}", cut(name)));
    };
    for arg in *wanted {
        match arg {
            Text(key) => args.bytes(key).map(drop),
            Arg::Value => args.0.text("value").map(drop),
            Arg::Mode => args.mode().map(drop),
            Arg::Id(key) => args.id(key).map(drop),
            Arg::Size => args.size().map(drop),
            Arg::Number(key) => args.small(key).map(drop),
            Arg::Offset => args.offset().map(drop),
            Arg::Device => args.0.device("rdev").map(drop),
            Arg::Contents => args.contents().map(drop),
            Arg::Cred => args.cred().map(drop),
            Arg::Asked => args.asked().map(drop),
            Arg::Flags => {
                args.flags().and_then(|_| contents::read(args.0)).and_then(|_| args.0.flag("read")).map(drop)
            }
        }?;
    }
    Ok(())
}

/// Performs one operation: the value of `ok`, or the errno.
///
/// # Errors
/// In words, what the operation lacks.
pub(super) fn perform(m: &mut Mount, op: &Value, t: &mut Trace) -> Result<Result<Value, Errno>, String> {
    let args = Args(Fields::of(op, "it")?);
    let name = args.0.text("op")?;
    let done = |result: Result<(), Errno>| result.map(|()| json!(true));
    Ok(match name {
        "restart" => done(m.restart(t)),
        "remount" => remount(m, t),
        "as" => {
            m.become_user(args.cred()?);
            Ok(json!(true))
        }
        "rename" | "rename_noreplace" | "rename_exchange" => {
            let how = match name {
                "rename" => Rename::Plain,
                "rename_noreplace" => Rename::NoReplace,
                _ => Rename::Exchange,
            };
            done(m.rename(args.bytes("src")?, args.bytes("dst")?, how, t))
        }
        "link" => done(m.link(args.bytes("src")?, args.bytes("dst")?, t)),
        "symlink" => done(m.symlink(args.bytes("target")?, args.bytes("path")?, t)),
        "mkdir" => done(m.mkdir(args.bytes("path")?, args.mode()?, t)),
        "rmdir" => done(m.rmdir(args.bytes("path")?, t)),
        "unlink" => done(m.unlink(args.bytes("path")?, t)),
        "mkfifo" => done(m.mkfifo(args.bytes("path")?, args.mode()?, t)),
        "mkchar" => {
            let (major, minor) = args.0.device("rdev")?;
            done(m.mkchar(args.bytes("path")?, args.mode()?, major, minor, t))
        }
        "chmod" => done(m.chmod(args.bytes("path")?, args.mode()?, t)),
        "chown" => done(m.chown(args.bytes("path")?, args.id("uid")?, args.id("gid")?, t)),
        "lchown" => done(m.lchown(args.bytes("path")?, args.id("uid")?, args.id("gid")?, t)),
        "touch" => done(m.touch(args.bytes("path")?, t)),
        "access" => done(m.access(args.bytes("path")?, args.asked()?, t)),
        "utimes" => done(m.utimes(args.bytes("path")?, EPOCH, t)),
        "create" | "write" | "append" | "truncate" | "open" | "open_rw_noop" | "read" => {
            return data(m, name, &args, t);
        }
        _ => match handles::perform(m, name, &args, t)? {
            Some(result) => result,
            None => return ask(m, name, &args, t),
        },
    })
}

/// Operations on a file's data.
fn data(m: &mut Mount, name: &str, args: &Args<'_>, t: &mut Trace) -> Result<Result<Value, Errno>, String> {
    let path = args.bytes("path")?;
    let done = |result: Result<(), Errno>| result.map(|()| json!(true));
    Ok(match name {
        "create" => done(m.create(path, args.mode()?, args.contents()?, t)),
        "write" => done(m.write(path, args.contents()?, t)),
        "append" => done(m.append(path, args.contents()?, t)),
        "truncate" => done(m.truncate(path, args.size()?, t)),
        "open_rw_noop" => {
            let flags = Open { read: true, write: true, ..Open::default() };
            m.open(path, flags, None, false, t).map(|_| json!(true))
        }
        "read" => m.read(path, t).map(|contents| contents::value(&contents)),
        _ => {
            let read = args.0.flag("read")?;
            let result = m.open(path, args.flags()?, contents::read(args.0)?, read, t);
            result.map(|contents| if read { contents::value(&contents) } else { json!(true) })
        }
    })
}

/// Operations that ask, and extended attributes.
fn ask(m: &mut Mount, name: &str, args: &Args<'_>, t: &mut Trace) -> Result<Result<Value, Errno>, String> {
    let path = args.bytes("path")?;
    let done = |result: Result<(), Errno>| result.map(|()| json!(true));
    let text = |bytes: Vec<u8>| json!(String::from_utf8_lossy(&bytes));
    Ok(match name {
        "stat" => m.stat(path, t).map(|stat| stat_value(&stat)),
        "lstat" => m.lstat(path, t).map(|stat| stat_value(&stat)),
        "readlink" => m.readlink(path, t).map(text),
        "readdir" => m.readdir(path, t).map(|names| names.iter().map(|n| text(n.to_vec())).collect()),
        "setxattr" => done(m.setxattr(path, args.bytes("name")?, args.0.text("value")?.as_bytes(), t)),
        "getxattr" => m.getxattr(path, args.bytes("name")?, t).map(text),
        "removexattr" => done(m.removexattr(path, args.bytes("name")?, t)),
        "listxattr" => m.listxattr(path, t).map(|names| names.into_iter().map(text).collect()),
        other => return Err(format!("no operation is called `{other}`")),
    })
}

/// The upper becomes the topmost lower. Too many lowers don't mount.
fn remount(m: &mut Mount, t: &mut Trace) -> Result<Value, Errno> {
    let mut lowers = m.lowers().to_vec();
    if let Some(one) = lowers.first().cloned() {
        lowers.push(one);
    }
    Mount::new(lowers, crate::fs::Tree::new(), m.options())?;
    m.commit("", t).map(|_| json!(true))
}

pub(super) fn stat_value(stat: &Stat) -> Value {
    let kind = match stat.kind {
        StatKind::File => "file",
        StatKind::Dir => "dir",
        StatKind::Symlink => "symlink",
        StatKind::Fifo => "fifo",
        StatKind::CharDev(..) => "chardev",
    };
    let mode = format!("{:04o}", stat.mode);
    let mut value = json!({ "type": kind, "mode": mode, "uid": stat.uid, "gid": stat.gid });
    if stat.kind != StatKind::Dir {
        value["size"] = json!(stat.size);
        value["nlink"] = json!(stat.nlink);
    }
    if let StatKind::CharDev(major, minor) = stat.kind {
        value["rdev"] = json!([major, minor]);
    }
    value
}

pub(super) struct Args<'v>(pub Fields<'v>);

impl<'v> Args<'v> {
    pub fn bytes(&self, key: &str) -> Result<&'v [u8], String> {
        self.0.string(key).map(str::as_bytes)
    }

    pub fn mode(&self) -> Result<u16, String> {
        self.0.mode("mode")
    }

    /// -1 leaves an id as it is.
    pub fn id(&self, key: &str) -> Result<Option<u32>, String> {
        let id = self.0.number(key, -1, MAX_ID)?;
        Ok(u32::try_from(id).ok())
    }

    /// A descriptor, a map, a number of bytes.
    pub fn small(&self, key: &str) -> Result<u32, String> {
        let number = self.0.number(key, 0, i64::from(u32::MAX))?;
        u32::try_from(number).map_err(|_| format!("`{key}` is too large"))
    }

    pub fn offset(&self) -> Result<i64, String> {
        self.0.number("offset", i64::MIN, i64::MAX)
    }

    pub fn size(&self) -> Result<i64, String> {
        self.0.number("size", i64::MIN, i64::MAX)
    }

    /// Of `as`: who performs what follows.
    fn cred(&self) -> Result<Cred, String> {
        let id = |key: &str| self.0.number(key, 0, MAX_ID).map(|id| u32::try_from(id).unwrap_or(0));
        let groups = match self.0.get("groups") {
            Some(_) => self.0.list("groups")?,
            None => &[],
        };
        let group = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
        let groups: Option<Vec<u32>> = groups.iter().map(group).collect();
        let groups =
            groups.ok_or_else(|| format!("`groups` must be a list of numbers from 0 to {MAX_ID}"))?;
        Ok(Cred { uid: id("uid")?, gid: id("gid")?, groups })
    }

    fn asked(&self) -> Result<u16, String> {
        self.0.number("mode", 0, 7).map(|mode| u16::try_from(mode).unwrap_or(0))
    }

    pub fn contents(&self) -> Result<Contents, String> {
        contents::read(self.0)?.ok_or_else(|| "no contents: `data`, `size` with `fill`, or `runs`".to_owned())
    }

    pub fn flags(&self) -> Result<Open, String> {
        let mut open = Open::default();
        for flag in self.0.list("flags")? {
            match flag.as_str().ok_or_else(|| wrong("flags", "a list of names", flag))? {
                "O_RDONLY" => open.read = true,
                "O_WRONLY" => open.write = true,
                "O_RDWR" => (open.read, open.write) = (true, true),
                "O_APPEND" => open.append = true,
                "O_CREAT" => open.create = true,
                "O_EXCL" => open.excl = true,
                "O_TRUNC" => open.trunc = true,
                "O_DIRECTORY" => open.directory = true,
                "O_NOFOLLOW" => open.nofollow = true,
                // Nothing that is recorded depends on these.
                "O_NONBLOCK" | "O_CLOEXEC" | "O_NOCTTY" | "O_LARGEFILE" | "O_NOATIME" | "O_SYNC"
                | "O_DSYNC" => {}
                other => return Err(format!("`flags`: no flag is called `{}`", cut(other))),
            }
        }
        // O_RDONLY is 0: it need not be written.
        open.read |= !open.write;
        // What exists keeps its mode: then none need be written.
        if open.create && self.0.get("mode").is_some() {
            open.mode = self.mode()?;
        }
        Ok(open)
    }
}
