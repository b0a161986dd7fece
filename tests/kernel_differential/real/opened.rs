//! Files that stay open from one operation to the next.

use super::perform::{Outcome, code, flags, io_code, mode, owner_of, read_all, status_value};
use crate::case::{Op, text};
use crate::contents;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{
    ABS, CWD, OFlags, RawDir, SeekFrom, XattrFlags, fchmod, fchown, fgetxattr, fsetxattr, fsync, ftruncate,
    openat, seek,
};
use rustix::io::Errno;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::mem::MaybeUninit;

/// The open files of a program, by number.
#[derive(Default)]
pub struct Opened(BTreeMap<u32, File>);

impl Opened {
    /// Performs an operation on them; none if the operation is about something else. The calling thread
    /// is inside the merged directory.
    pub fn perform(&mut self, op: &Op) -> Option<Outcome> {
        let name = text(op, "op");
        match name {
            "fopen" => return Some(self.open(op)),
            "fclose" | "fread" | "fpread" | "fwrite" | "fpwrite" | "fseek" | "ftruncate" | "fstat"
            | "fchmod" | "fchown" | "fsetxattr" | "fgetxattr" | "fsync" | "freaddir" => {}
            _ => return None,
        }
        let number = number(op, "fd") as u32;
        Some(match (name, self.0.get(&number)) {
            ("fclose", _) => self.0.remove(&number).map(|_| json!(true)).ok_or(code(Errno::BADF)),
            ("fstat", file) => match file {
                Some(file) => file.metadata().map(|status| status_value(&status)).map_err(io_code),
                None => Err(code(Errno::BADF)),
            },
            (_, file) => {
                // A descriptor that nothing has, for the kernel to say so in its own order.
                let file = file.map_or(ABS, File::as_fd);
                let of_data = matches!(
                    name,
                    "fread" | "fpread" | "fwrite" | "fpwrite" | "fseek" | "ftruncate" | "freaddir"
                );
                if of_data { data(name, file, op) } else { attributes(name, file, op) }
            }
        })
    }

    /// The lowest number from 3 that is free.
    fn open(&mut self, op: &Op) -> Outcome {
        let (path, flags) = (text(op, "path"), flags(op) | OFlags::NONBLOCK | OFlags::CLOEXEC);
        let opened = match op.get("at") {
            None => openat(CWD, path, flags, mode(op)),
            Some(_) => {
                let dir = self.0.get(&(number(op, "at") as u32));
                openat(dir.map_or(ABS, File::as_fd), path, flags, mode(op))
            }
        };
        let free = (3..).find(|number| !self.0.contains_key(number)).unwrap_or_default();
        self.0.insert(free, File::from(opened.map_err(code)?));
        Ok(json!(free))
    }
}

fn number(op: &Op, key: &str) -> i64 {
    op.get(key).and_then(Value::as_i64).unwrap_or(0)
}

fn data(name: &str, file: BorrowedFd<'_>, op: &Op) -> Outcome {
    let size = op.get("size").and_then(Value::as_u64).map(|size| size as usize);
    let offset = number(op, "offset");
    let bytes = contents::bytes(op).unwrap_or_default();
    match name {
        "fread" => match size {
            None => read_all(file),
            Some(size) => {
                let mut space = vec![0; size];
                let length = rustix::io::read(file, &mut space).map_err(code)?;
                Ok(contents::value(&space[..length]))
            }
        },
        "fpread" => {
            let mut space = vec![0; size.unwrap_or(0)];
            let length = rustix::io::pread(file, &mut space, offset as u64).map_err(code)?;
            Ok(contents::value(&space[..length]))
        }
        "fwrite" => rustix::io::write(file, &bytes).map(|written| json!(written)).map_err(code),
        "fpwrite" => {
            rustix::io::pwrite(file, &bytes, offset as u64).map(|written| json!(written)).map_err(code)
        }
        "fseek" => {
            let to = match text(op, "whence") {
                "SET" => SeekFrom::Start(offset as u64),
                "CUR" => SeekFrom::Current(offset),
                _ => SeekFrom::End(offset),
            };
            seek(file, to).map(|position| json!(position)).map_err(code)
        }
        "ftruncate" => ftruncate(file, number(op, "size") as u64).map(|()| json!(true)).map_err(code),
        _ => names(file),
    }
}

/// What getdents64(2) gives from the position on. glibc's readdir would hide an `ENOENT`.
fn names(file: BorrowedFd<'_>) -> Outcome {
    let mut space = [MaybeUninit::uninit(); 1 << 14];
    let mut dir = RawDir::new(file, &mut space);
    let mut names = Vec::new();
    while let Some(entry) = dir.next() {
        let name = entry.map_err(code)?.file_name().to_string_lossy().into_owned();
        if name != "." && name != ".." {
            names.push(name);
        }
    }
    names.sort();
    Ok(json!(names))
}

fn attributes(name: &str, file: BorrowedFd<'_>, op: &Op) -> Outcome {
    match name {
        "fgetxattr" => {
            let mut space = [0u8; 4096];
            let length = fgetxattr(file, text(op, "name"), &mut space[..]).map_err(code)?;
            return Ok(json!(String::from_utf8_lossy(&space[..length])));
        }
        "fchmod" => fchmod(file, mode(op)),
        "fchown" => fchown(file, owner_of(op).0, owner_of(op).1),
        "fsetxattr" => fsetxattr(file, text(op, "name"), text(op, "value").as_bytes(), XattrFlags::empty()),
        _ => fsync(file),
    }
    .map(|()| json!(true))
    .map_err(code)
}
