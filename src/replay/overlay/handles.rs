//! Operations on files that stay open, as tests/kernel/handles.py records them.

use super::contents;
use super::ops::{Args, stat_value};
use crate::fs::Errno;
use crate::trace::Trace;
use crate::union::{Mount, Whence};
use serde_json::{Value, json};

/// Performs one of them: the value of `ok`, or the errno. None: it is no such operation.
///
/// # Errors
/// In words, what the operation lacks.
pub(super) fn perform(
    m: &mut Mount,
    name: &str,
    args: &Args<'_>,
    t: &mut Trace,
) -> Result<Option<Result<Value, Errno>>, String> {
    let done = |result: Result<(), Errno>| result.map(|()| json!(true));
    let fd = || args.small("fd");
    Ok(Some(match name {
        "fopen" => {
            let (path, flags) = (args.bytes("path")?, args.flags()?);
            let opened = match args.0.get("at") {
                Some(_) => m.open_handle_at(args.small("at")?, path, flags, t),
                None => m.open_handle(path, flags, t),
            };
            opened.map(|fd| json!(fd))
        }
        "mread" => m.mread(args.small("map")?, t).map(|contents| contents::value(&contents)),
        "munmap" => done(m.munmap(args.small("map")?, t)),
        "fclose" => done(m.close(fd()?, t)),
        "fsync" => done(m.fsync(fd()?, t)),
        "mmap" => m.mmap(fd()?, t).map(|map| json!(map)),
        "fstat" => m.fstat(fd()?, t).map(|stat| stat_value(&stat)),
        "freaddir" => m
            .getdents(fd()?, t)
            .map(|names| names.iter().map(|name| json!(String::from_utf8_lossy(name))).collect()),
        "fchmod" => done(m.fchmod(fd()?, args.mode()?, t)),
        "fchown" => done(m.fchown(fd()?, args.id("uid")?, args.id("gid")?, t)),
        "fsetxattr" => done(m.fsetxattr(fd()?, args.bytes("name")?, args.0.text("value")?.as_bytes(), t)),
        "fgetxattr" => {
            m.fgetxattr(fd()?, args.bytes("name")?, t).map(|value| json!(String::from_utf8_lossy(&value)))
        }
        "fread" | "fpread" | "fwrite" | "fpwrite" | "fseek" | "ftruncate" => {
            return data(m, name, args, t).map(Some);
        }
        _ => return Ok(None),
    }))
}

fn data(m: &mut Mount, name: &str, args: &Args<'_>, t: &mut Trace) -> Result<Result<Value, Errno>, String> {
    let fd = args.small("fd")?;
    Ok(match name {
        "fread" => {
            let size = args.0.get("size").map(|_| args.small("size")).transpose()?;
            m.fread(fd, size.map(u64::from), t).map(|contents| contents::value(&contents))
        }
        "fpread" => {
            let (offset, size) = (args.offset()?, args.small("size")?);
            m.pread(fd, offset, size.into(), t).map(|contents| contents::value(&contents))
        }
        "fwrite" => m.fwrite(fd, &args.contents()?, t).map(|bytes| json!(bytes)),
        "fpwrite" => m.pwrite(fd, args.offset()?, &args.contents()?, t).map(|bytes| json!(bytes)),
        "fseek" => {
            let whence = match args.0.text("whence")? {
                "SET" => Whence::Set,
                "CUR" => Whence::Current,
                "END" => Whence::End,
                other => return Err(format!("`whence` is SET, CUR or END, not `{other}`")),
            };
            m.lseek(fd, args.offset()?, whence, t).map(|position| json!(position))
        }
        _ => m.ftruncate(fd, args.size()?, t).map(|()| json!(true)),
    })
}
