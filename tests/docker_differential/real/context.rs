//! A build's context, as a folder of the disk.

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The time of files that name none, Unix seconds.
const EPOCH: i64 = 1_704_067_200;

/// The texts of Dockerfile and ignore file, and since when they are so.
#[derive(Default)]
pub struct Times {
    known: BTreeMap<String, (String, i64)>,
    builds: i64,
}

impl Times {
    fn of(&mut self, path: &str, text: &str) -> i64 {
        let now = EPOCH + self.builds;
        let known = self.known.entry(path.to_owned()).or_insert_with(|| (text.to_owned(), now));
        if known.0 != text {
            *known = (text.to_owned(), now);
        }
        known.1
    }
}

/// Writes the whole context anew.
pub fn write(folder: &Path, given: &Value, times: &mut Times) -> io::Result<()> {
    times.builds += 1;
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder)?;
    let mut dated: Vec<(String, i64)> = Vec::new();
    let mut modes: Vec<(String, u32)> = Vec::new();
    for (path, entry) in given["context"].as_object().into_iter().flatten() {
        let at = folder.join(path);
        if let Some(above) = at.parent() {
            std::fs::create_dir_all(above)?;
        }
        let kind = entry["type"].as_str().unwrap_or("file");
        match kind {
            "dir" => std::fs::create_dir_all(&at)?,
            "symlink" => std::os::unix::fs::symlink(entry["target"].as_str().unwrap_or(""), &at)?,
            _ => std::fs::write(&at, contents(entry))?,
        }
        let default = if kind == "dir" { "0755" } else { "0644" };
        let mode = u32::from_str_radix(entry["mode"].as_str().unwrap_or(default), 8).unwrap_or(0o644);
        if kind != "symlink" {
            modes.push((path.clone(), mode));
        }
        for (end, _) in path.match_indices('/') {
            dated.push((path[..end].to_owned(), EPOCH));
        }
        dated.push((path.clone(), entry["mtime"].as_i64().unwrap_or(EPOCH)));
    }
    let dockerfile = given["dockerfile_path"].as_str().unwrap_or("Dockerfile");
    for (path, key) in [(dockerfile, "dockerfile"), (".dockerignore", "dockerignore")] {
        let Some(text) = given[key].as_str() else { continue };
        let at = folder.join(path);
        if let Some(above) = at.parent() {
            std::fs::create_dir_all(above)?;
        }
        std::fs::write(&at, text)?;
        modes.push((path.to_owned(), 0o644));
        dated.push((path.to_owned(), times.of(path, text)));
    }
    for (path, mode) in modes {
        std::fs::set_permissions(folder.join(path), PermissionsExt::from_mode(mode))?;
    }
    // What is listed names its own time; it comes after the folders above it.
    dated.sort_by_key(|(path, time)| (std::cmp::Reverse(path.clone()), *time));
    for (path, seconds) in dated {
        let time = Timespec { tv_sec: seconds, tv_nsec: 0 };
        let both = Timestamps { last_access: time, last_modification: time };
        utimensat(CWD, folder.join(path), &both, AtFlags::SYMLINK_NOFOLLOW)?;
    }
    Ok(())
}

/// The bytes of an entry.
pub fn contents(entry: &Value) -> Vec<u8> {
    if let Some(data) = entry["data"].as_str() {
        return data.as_bytes().to_vec();
    }
    if let Some(data) = entry["data_b64"].as_str() {
        return crate::base64::decode(data);
    }
    let fill = &entry["fill"];
    let byte = fill["byte"].as_str().and_then(|byte| byte.bytes().next()).unwrap_or(0);
    vec![byte; fill["count"].as_u64().unwrap_or(0) as usize]
}
