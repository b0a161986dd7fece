//! The merged tree as a program inside sees it.

use super::{contents, tree};
use crate::fs::path::show;
use crate::fs::{Contents, Errno, Kind};
use crate::trace::Trace;
use crate::union::{Mount, Stat, StatKind};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The whole merged tree in the corpus's shape.
pub(super) fn merged(m: &mut Mount, t: &mut Trace) -> Value {
    let mut entries: BTreeMap<String, Value> = BTreeMap::new();
    if let Ok(stat) = m.lstat(b"/", t) {
        let root = entry(m, b"/", &stat, t);
        if root != json!({ "type": "dir" }) {
            entries.insert("/".to_owned(), root);
        }
    }
    let mut open: Vec<Vec<u8>> = vec![Vec::new()];
    while let Some(dir) = open.pop() {
        let at = if dir.is_empty() { &b"/"[..] } else { &dir };
        for name in m.readdir(at, t).unwrap_or_default() {
            let path = [&dir[..], b"/", &name].concat();
            let value = match m.lstat(&path, t) {
                Ok(stat) => {
                    let value = entry(m, &path, &stat, t);
                    if stat.kind == StatKind::Dir {
                        open.push(path.clone());
                    }
                    value
                }
                Err(errno) => error(errno),
            };
            entries.insert(show(&path).into_owned(), value);
        }
    }
    Value::Object(entries.into_iter().collect())
}

fn error(errno: Errno) -> Value {
    json!({ "type": "error", "errno": errno.name() })
}

fn entry(m: &mut Mount, path: &[u8], stat: &Stat, t: &mut Trace) -> Value {
    let mut entry = Map::new();
    let (word, kind) = match stat.kind {
        StatKind::File => ("file", Kind::File(Contents::EMPTY)),
        StatKind::Dir => ("dir", Kind::Dir(Default::default())),
        StatKind::Symlink => ("symlink", Kind::Symlink(b"".as_slice().into())),
        StatKind::Fifo => ("fifo", Kind::Fifo),
        StatKind::CharDev(major, minor) => ("chardev", Kind::CharDev(major, minor)),
    };
    let mut put = |key: &str, value: Value| entry.insert(key.to_owned(), value);
    put("type", json!(word));
    if let Some(mode) = tree::mode(&kind, stat.mode) {
        put("mode", json!(mode));
    }
    if stat.uid != 0 {
        put("uid", json!(stat.uid));
    }
    if stat.gid != 0 {
        put("gid", json!(stat.gid));
    }
    if stat.kind != StatKind::Dir && stat.nlink > 1 {
        put("nlink", json!(stat.nlink));
    }
    match stat.kind {
        StatKind::Symlink => {
            let target = m.readlink(path, t).unwrap_or_default();
            put("target", json!(show(&target)));
        }
        StatKind::CharDev(major, minor) => {
            put("rdev", json!([major, minor]));
        }
        _ => {}
    }
    if matches!(stat.kind, StatKind::File | StatKind::Dir)
        && let Some(xattrs) = xattrs(m, path, t)
    {
        put("xattrs", xattrs);
    }
    if stat.kind == StatKind::File {
        match m.read(path, t) {
            Ok(data) => contents::write(&data, &mut entry),
            Err(errno) => {
                put("errno", json!(errno.name()));
            }
        }
    }
    Value::Object(entry)
}

fn xattrs(m: &mut Mount, path: &[u8], t: &mut Trace) -> Option<Value> {
    let names = m.listxattr(path, t).ok().filter(|names| !names.is_empty())?;
    let mut xattrs = Map::new();
    for name in names {
        let value = m.getxattr(path, &name, t).unwrap_or_default();
        xattrs.insert(show(&name).into_owned(), json!(show(&value)));
    }
    Some(Value::Object(xattrs))
}
