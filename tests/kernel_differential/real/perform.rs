//! One operation as real system calls, inside the merged directory and as some user.

use super::opened::Opened;
use super::seen::{names, word};
use super::{Refusal, layers};
use crate::case::{Op, text};
use crate::contents;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    Access, AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, Timespec, Timestamps, UTIME_NOW, XattrFlags,
    accessat, chmodat, chownat, getxattr, linkat, listxattr, mkdirat, mknodat, openat, removexattr, renameat,
    renameat_with, setxattr, symlinkat, unlinkat, utimensat,
};
use rustix::process::{chdir, chroot, fchdir};
use rustix::thread::{Gid, Uid, set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::MetadataExt;

/// The value of `ok`, or the number of the errno.
pub type Outcome = Result<Value, i32>;

/// Who performs the operations.
#[derive(Clone, Debug, Default)]
pub struct User {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

impl User {
    /// The user that an operation `as` names.
    pub fn of(op: &Op) -> User {
        let id = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or(0) as u32;
        let groups = op.get("groups").and_then(Value::as_array);
        User {
            uid: id(op.get("uid")),
            gid: id(op.get("gid")),
            groups: groups.map(|ids| ids.iter().map(|one| id(Some(one))).collect()).unwrap_or_default(),
        }
    }
}

/// The way into the merged directory and out again.
pub struct Inside {
    root: OwnedFd,
    merged: String,
}

impl Inside {
    /// `root` is the directory to come back to.
    pub fn new(root: OwnedFd, merged: String) -> Inside {
        Inside { root, merged }
    }

    /// Performs one operation chrooted to the merged directory, as a program in a container would.
    pub fn perform(&self, op: &Op, user: &User, opened: &mut Opened) -> Result<Outcome, Refusal> {
        chroot(&self.merged)?;
        chdir("/")?;
        become_user(user)?;
        let outcome = opened.perform(op).unwrap_or_else(|| system_call(op));
        return_to_root()?;
        fchdir(self.root.as_fd())?;
        chroot(".")?;
        Ok(outcome)
    }
}

/// The real and the effective ids become the user's; the saved ones stay root's, for the way back. The
/// kernel asks the effective capabilities, and those are gone (capabilities(7)).
fn become_user(user: &User) -> Result<(), Refusal> {
    if user.uid == 0 && user.gid == 0 && user.groups.is_empty() {
        return Ok(());
    }
    let groups: Vec<Gid> = user.groups.iter().map(|id| Gid::from_raw(*id)).collect();
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    set_thread_groups(&groups)?;
    set_thread_res_gid(gid, gid, Gid::ROOT)?;
    set_thread_res_uid(uid, uid, Uid::ROOT)?;
    Ok(())
}

fn return_to_root() -> Result<(), Refusal> {
    set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT)?;
    set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT)?;
    set_thread_groups(&[])?;
    Ok(())
}

fn system_call(op: &Op) -> Outcome {
    match text(op, "op") {
        "create" | "write" | "append" | "truncate" | "open" | "open_rw_noop" | "read" => data(op),
        "stat" | "lstat" | "readlink" | "readdir" | "getxattr" | "listxattr" => ask(op),
        _ => change(op).map(|()| json!(true)),
    }
}

pub fn code(errno: rustix::io::Errno) -> i32 {
    errno.raw_os_error()
}

pub fn io_code(error: std::io::Error) -> i32 {
    error.raw_os_error().unwrap_or(0)
}

pub fn mode(op: &Op) -> Mode {
    Mode::from_raw_mode(u32::from_str_radix(text(op, "mode"), 8).unwrap_or(0))
}

fn data(op: &Op) -> Outcome {
    let path = text(op, "path");
    let bytes = contents::bytes(op);
    let some = bytes.clone().filter(|bytes| !bytes.is_empty());
    match text(op, "op") {
        "create" => open(path, OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY, mode(op), some, false),
        "write" => open(path, OFlags::WRONLY | OFlags::TRUNC, mode(op), some, false),
        "append" => open(path, OFlags::WRONLY | OFlags::APPEND, mode(op), some, false),
        "open_rw_noop" => open(path, OFlags::RDWR, mode(op), None, false),
        "read" => open(path, OFlags::RDONLY, mode(op), None, true),
        "truncate" => {
            let size = op.get("size").and_then(Value::as_i64).unwrap_or(0);
            nix::unistd::truncate(path, size).map(|()| json!(true)).map_err(|errno| errno as i32)
        }
        _ => open(path, flags(op), mode(op), bytes, op.contains_key("read")),
    }
}

pub fn flags(op: &Op) -> OFlags {
    let names = op.get("flags").and_then(Value::as_array).into_iter().flatten();
    names.fold(OFlags::empty(), |flags, name| {
        flags
            | match name.as_str().unwrap_or_default() {
                "O_WRONLY" => OFlags::WRONLY,
                "O_RDWR" => OFlags::RDWR,
                "O_APPEND" => OFlags::APPEND,
                "O_CREAT" => OFlags::CREATE,
                "O_EXCL" => OFlags::EXCL,
                "O_TRUNC" => OFlags::TRUNC,
                "O_DIRECTORY" => OFlags::DIRECTORY,
                "O_NOFOLLOW" => OFlags::NOFOLLOW,
                _ => OFlags::empty(),
            }
    })
}

fn open(path: &str, flags: OFlags, mode: Mode, bytes: Option<Vec<u8>>, read: bool) -> Outcome {
    let file = openat(CWD, path, flags | OFlags::NONBLOCK | OFlags::CLOEXEC, mode).map_err(code)?;
    if let Some(bytes) = bytes {
        rustix::io::write(&file, &bytes).map_err(code)?;
    }
    if !read {
        return Ok(json!(true));
    }
    read_all(&file)
}

/// Reads from the position to the end.
pub fn read_all(file: impl AsFd) -> Outcome {
    let mut all = Vec::new();
    let mut space = [0u8; 1 << 14];
    loop {
        match rustix::io::read(&file, &mut space[..]).map_err(code)? {
            0 => return Ok(contents::value(&all)),
            length => all.extend_from_slice(&space[..length]),
        }
    }
}

fn ask(op: &Op) -> Outcome {
    let path = text(op, "path");
    match text(op, "op") {
        "stat" => fs::metadata(path).map(|status| status_value(&status)).map_err(io_code),
        "lstat" => fs::symlink_metadata(path).map(|status| status_value(&status)).map_err(io_code),
        "readlink" => fs::read_link(path).map(|target| json!(target.to_string_lossy())).map_err(io_code),
        "readdir" => names(path).map(|names| json!(names)).map_err(io_code),
        "getxattr" => {
            let mut space = [0u8; 4096];
            let length = getxattr(path, text(op, "name"), &mut space[..]).map_err(code)?;
            Ok(json!(String::from_utf8_lossy(&space[..length])))
        }
        _ => {
            let mut space = [0u8; 1 << 14];
            let length = listxattr(path, &mut space[..]).map_err(code)?;
            let names = space[..length].split(|byte| *byte == 0).map(String::from_utf8_lossy);
            let mut names: Vec<_> = names.filter(|name| name.starts_with("user.")).collect();
            names.sort();
            Ok(json!(names))
        }
    }
}

pub fn status_value(status: &fs::Metadata) -> Value {
    let kind = word(status.mode());
    let mode = format!("{:04o}", status.mode() & 0o7777);
    let mut value = json!({ "type": kind, "mode": mode, "uid": status.uid(), "gid": status.gid() });
    if kind != "dir" {
        value["size"] = json!(status.size());
        value["nlink"] = json!(status.nlink());
    }
    if kind == "chardev" {
        value["rdev"] = json!([rustix::fs::major(status.rdev()), rustix::fs::minor(status.rdev())]);
    }
    value
}

fn change(op: &Op) -> Result<(), i32> {
    let (path, src, dst) = (text(op, "path"), text(op, "src"), text(op, "dst"));
    let renamed = |flags| renameat_with(CWD, src, CWD, dst, flags);
    match text(op, "op") {
        "mkdir" => mkdirat(CWD, path, mode(op)),
        "rmdir" => unlinkat(CWD, path, AtFlags::REMOVEDIR),
        "unlink" => unlinkat(CWD, path, AtFlags::empty()),
        "rename" => renameat(CWD, src, CWD, dst),
        "rename_noreplace" => renamed(RenameFlags::NOREPLACE),
        "rename_exchange" => renamed(RenameFlags::EXCHANGE),
        "link" => linkat(CWD, src, CWD, dst, AtFlags::empty()),
        "symlink" => symlinkat(text(op, "target"), CWD, path),
        "mkfifo" => mknodat(CWD, path, FileType::Fifo, mode(op), 0),
        "mkchar" => mknodat(CWD, path, FileType::CharacterDevice, mode(op), layers::device(op)),
        "chmod" => chmodat(CWD, path, mode(op), AtFlags::empty()),
        "chown" => owner(op, AtFlags::empty()),
        "lchown" => owner(op, AtFlags::SYMLINK_NOFOLLOW),
        "utimes" => {
            let time = Timespec { tv_sec: 1, tv_nsec: 0 };
            let times = Timestamps { last_access: time, last_modification: time };
            utimensat(CWD, path, &times, AtFlags::empty())
        }
        "touch" => {
            let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
            let times = Timestamps { last_access: now, last_modification: now };
            utimensat(CWD, path, &times, AtFlags::empty())
        }
        "access" => {
            let asked = op.get("mode").and_then(Value::as_u64).unwrap_or(0) as u32;
            accessat(CWD, path, Access::from_bits_retain(asked), AtFlags::empty())
        }
        "setxattr" => setxattr(path, text(op, "name"), text(op, "value").as_bytes(), XattrFlags::empty()),
        "removexattr" => removexattr(path, text(op, "name")),
        other => panic!("no operation is called `{other}`"),
    }
    .map_err(code)
}

fn owner(op: &Op, flags: AtFlags) -> rustix::io::Result<()> {
    let (uid, gid) = owner_of(op);
    chownat(CWD, text(op, "path"), uid, gid, flags)
}

/// -1 leaves an id as it is.
pub fn owner_of(op: &Op) -> (Option<Uid>, Option<Gid>) {
    let id = |key: &str| op.get(key).and_then(Value::as_i64).and_then(|id| u32::try_from(id).ok());
    (id("uid").map(Uid::from_raw), id("gid").map(Gid::from_raw))
}
