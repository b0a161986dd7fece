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
    op: &Value,
    t: &mut Trace,
) -> Result<Option<Result<Value, Errno>>, String> {
    let args = Args(op);
    let done = |result: Result<(), Errno>| result.map(|()| json!(true));
    Ok(Some(match name {
        "fopen" => {
            let (path, flags) = (args.bytes("path")?, args.flags()?);
            match op.get("at") {
                Some(_) => m.open_handle_at(number(op, "at")?, path, flags, t),
                None => m.open_handle(path, flags, t),
            }
            .map(|fd| json!(fd))
        }
        "mread" => m.mread(number(op, "map")?, t).map(|contents| contents::value(&contents)),
        "munmap" => done(m.munmap(number(op, "map")?, t)),
        "fclose" => done(m.close(number(op, "fd")?, t)),
        "fsync" => done(m.fsync(number(op, "fd")?, t)),
        "mmap" => m.mmap(number(op, "fd")?, t).map(|map| json!(map)),
        "fstat" => m.fstat(number(op, "fd")?, t).map(|stat| stat_value(&stat)),
        "freaddir" => m
            .getdents(number(op, "fd")?, t)
            .map(|names| names.iter().map(|name| json!(String::from_utf8_lossy(name))).collect()),
        "fchmod" => done(m.fchmod(number(op, "fd")?, args.mode()?, t)),
        "fchown" => done(m.fchown(number(op, "fd")?, args.id("uid")?, args.id("gid")?, t)),
        "fsetxattr" => done(m.fsetxattr(number(op, "fd")?, args.bytes("name")?, args.bytes("value")?, t)),
        "fgetxattr" => m
            .fgetxattr(number(op, "fd")?, args.bytes("name")?, t)
            .map(|value| json!(String::from_utf8_lossy(&value))),
        "fread" | "fpread" | "fwrite" | "fpwrite" | "fseek" | "ftruncate" => {
            return data(m, name, &args, t).map(Some);
        }
        _ => return Ok(None),
    }))
}

fn data(m: &mut Mount, name: &str, args: &Args<'_>, t: &mut Trace) -> Result<Result<Value, Errno>, String> {
    let fd = number(args.0, "fd")?;
    let signed = |key: &str| args.0.get(key).and_then(Value::as_i64).ok_or_else(|| format!("no `{key}`"));
    let size = |key: &str| args.0.get(key).and_then(Value::as_u64);
    let written = || contents::read(args.0)?.ok_or_else(|| "no contents".to_owned());
    Ok(match name {
        "fread" => m.fread(fd, size("size"), t).map(|contents| contents::value(&contents)),
        "fpread" => {
            let size = size("size").ok_or("no `size`")?;
            m.pread(fd, signed("offset")?, size, t).map(|contents| contents::value(&contents))
        }
        "fwrite" => m.fwrite(fd, &written()?, t).map(|bytes| json!(bytes)),
        "fpwrite" => m.pwrite(fd, signed("offset")?, &written()?, t).map(|bytes| json!(bytes)),
        "fseek" => {
            let whence = match args.text("whence")? {
                "SET" => Whence::Set,
                "CUR" => Whence::Current,
                "END" => Whence::End,
                other => return Err(format!("`whence` is SET, CUR or END, not `{other}`")),
            };
            m.lseek(fd, signed("offset")?, whence, t).map(|position| json!(position))
        }
        _ => m.ftruncate(fd, signed("size")?, t).map(|()| json!(true)),
    })
}

fn number(op: &Value, key: &str) -> Result<u32, String> {
    let number = op.get(key).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| format!("no `{key}`"))
}
