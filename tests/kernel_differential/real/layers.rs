//! Makes layers as real directories.

use super::Refusal;
use crate::case::{Entry, Layer, text};
use crate::contents;
use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, Uid, XattrFlags, chmod, chownat, linkat, lsetxattr, makedev, mknodat,
};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Makes one layer below `root`, which does not exist yet. The overlay's marks go under `prefix`.
pub fn make(layer: &Layer, root: &str, prefix: &str) -> Result<(), Refusal> {
    fs::create_dir(root)?;
    chmod(root, Mode::from_raw_mode(0o755))?;
    for (path, entry) in layer {
        let at = if path == "/" { root.to_owned() } else { format!("{root}{path}") };
        if let Some(first) = entry.get("hardlink").and_then(Value::as_str) {
            linkat(CWD, format!("{root}{first}"), CWD, &at, AtFlags::empty())?;
            continue;
        }
        let kind = text(entry, "type");
        if kind == "whiteout" {
            mknodat(CWD, &at, FileType::CharacterDevice, Mode::empty(), 0)?;
            continue;
        }
        object(kind, entry, path, &at)?;
        attributes(kind, entry, &at, prefix)?;
    }
    Ok(())
}

fn object(kind: &str, entry: &Entry, path: &str, at: &str) -> Result<(), Refusal> {
    let mode = Mode::from_raw_mode(0o644);
    match kind {
        "dir" if path == "/" => {}
        "dir" => fs::create_dir(at)?,
        "file" if entry.contains_key("metacopy") => {
            let size = entry.get("size").and_then(Value::as_u64).unwrap_or(0);
            fs::File::create_new(at)?.set_len(size)?;
        }
        "file" => fs::write(at, contents::bytes(entry).unwrap_or_default())?,
        "symlink" => std::os::unix::fs::symlink(text(entry, "target"), at)?,
        "fifo" => mknodat(CWD, at, FileType::Fifo, mode, 0)?,
        _ => mknodat(CWD, at, FileType::CharacterDevice, mode, device(entry))?,
    }
    Ok(())
}

fn attributes(kind: &str, entry: &Entry, at: &str, prefix: &str) -> Result<(), Refusal> {
    let id = |key: &str| entry.get(key).and_then(Value::as_u64).unwrap_or(0) as u32;
    let (uid, gid) = (Uid::from_raw(id("uid")), Gid::from_raw(id("gid")));
    chownat(CWD, at, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
    if kind != "symlink" {
        let default = if kind == "dir" { 0o755 } else { 0o644 };
        let mode = u32::from_str_radix(text(entry, "mode"), 8).unwrap_or(default);
        chmod(Path::new(at), Mode::from_raw_mode(mode))?;
    }
    let set = |name: &str, value: &str| lsetxattr(at, name, value.as_bytes(), XattrFlags::empty());
    for (name, value) in entry.get("xattrs").and_then(Value::as_object).into_iter().flatten() {
        set(name, value.as_str().unwrap_or_default())?;
    }
    if let Some(mark) = entry.get("opaque") {
        set(&format!("{prefix}opaque"), mark.as_str().unwrap_or("y"))?;
    }
    if entry.contains_key("whiteout") {
        set(&format!("{prefix}whiteout"), "")?;
    }
    if entry.contains_key("redirect") {
        set(&format!("{prefix}redirect"), text(entry, "redirect"))?;
    }
    if entry.contains_key("metacopy") {
        set(&format!("{prefix}metacopy"), "")?;
    }
    Ok(())
}

/// The device number of `rdev`.
pub fn device(object: &Entry) -> u64 {
    let number = |at: usize| {
        object.get("rdev").and_then(|rdev| rdev.get(at)).and_then(Value::as_u64).unwrap_or(0) as u32
    };
    makedev(number(0), number(1))
}
