//! Operations of a case as calls of a mount.

use super::{contents, handles, tree};
use crate::fs::{Contents, EPOCH, Errno};
use crate::trace::Trace;
use crate::union::{Mount, Open, Rename, Stat, StatKind};
use serde_json::{Value, json};

/// Is it one of the two that unmount?
pub(super) fn remounts(op: &Value) -> bool {
    matches!(op.get("op").and_then(Value::as_str), Some("restart" | "remount"))
}

/// Performs one operation: the value of `ok`, or the errno.
///
/// # Errors
/// In words, what the operation lacks.
pub(super) fn perform(m: &mut Mount, op: &Value, t: &mut Trace) -> Result<Result<Value, Errno>, String> {
    let args = Args(op);
    let name = args.text("op")?;
    let done = |result: Result<(), Errno>| result.map(|()| json!(true));
    Ok(match name {
        "restart" => done(m.restart(t)),
        "remount" => remount(m, t),
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
            let (major, minor) = tree::device(op).ok_or("`rdev` is [major, minor]")?;
            done(m.mkchar(args.bytes("path")?, args.mode()?, major, minor, t))
        }
        "chmod" => done(m.chmod(args.bytes("path")?, args.mode()?, t)),
        "chown" => done(m.chown(args.bytes("path")?, args.id("uid")?, args.id("gid")?, t)),
        "lchown" => done(m.lchown(args.bytes("path")?, args.id("uid")?, args.id("gid")?, t)),
        "utimes" => done(m.utimes(args.bytes("path")?, EPOCH, t)),
        "create" | "write" | "append" | "truncate" | "open" | "open_rw_noop" | "read" => {
            return data(m, name, &args, t);
        }
        _ => match handles::perform(m, name, op, t)? {
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
        "truncate" => {
            let size = args.0.get("size").and_then(Value::as_i64).ok_or("no `size`")?;
            done(m.truncate(path, size, t))
        }
        "open_rw_noop" => {
            let flags = Open { read: true, write: true, ..Open::default() };
            m.open(path, flags, None, false, t).map(|_| json!(true))
        }
        "read" => m.read(path, t).map(|contents| contents::value(&contents)),
        _ => {
            let read = args.0.get("read").and_then(Value::as_bool) == Some(true);
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
        "setxattr" => done(m.setxattr(path, args.bytes("name")?, args.bytes("value")?, t)),
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

pub(super) struct Args<'v>(pub &'v Value);

impl<'v> Args<'v> {
    pub fn text(&self, key: &str) -> Result<&'v str, String> {
        self.0.get(key).and_then(Value::as_str).ok_or_else(|| format!("no `{key}`"))
    }

    pub fn bytes(&self, key: &str) -> Result<&'v [u8], String> {
        self.text(key).map(str::as_bytes)
    }

    pub fn mode(&self) -> Result<u16, String> {
        u16::from_str_radix(self.text("mode")?, 8).map_err(|_| "`mode` is octal text".to_owned())
    }

    pub fn id(&self, key: &str) -> Result<Option<u32>, String> {
        match self.0.get(key).and_then(Value::as_i64) {
            Some(-1) => Ok(None),
            Some(id) => u32::try_from(id).map(Some).map_err(|_| format!("`{key}` is no id")),
            None => Err(format!("no `{key}`")),
        }
    }

    fn contents(&self) -> Result<Contents, String> {
        contents::read(self.0)?.ok_or_else(|| "no contents".to_owned())
    }

    pub fn flags(&self) -> Result<Open, String> {
        let mut open = Open::default();
        for flag in self.0.get("flags").and_then(Value::as_array).ok_or("no `flags`")? {
            match flag.as_str().unwrap_or("") {
                "O_RDONLY" => open.read = true,
                "O_WRONLY" => open.write = true,
                "O_RDWR" => (open.read, open.write) = (true, true),
                "O_APPEND" => open.append = true,
                "O_CREAT" => open.create = true,
                "O_EXCL" => open.excl = true,
                "O_TRUNC" => open.trunc = true,
                "O_DIRECTORY" => open.directory = true,
                "O_NOFOLLOW" => open.nofollow = true,
                "O_NONBLOCK" => {}
                other => return Err(format!("no flag is called `{other}`")),
            }
        }
        if self.0.get("mode").is_some() {
            open.mode = self.mode()?;
        }
        Ok(open)
    }
}
