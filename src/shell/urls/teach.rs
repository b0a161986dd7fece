//! Reading a table of addresses: an object of addresses and what each answers with.
//!
//! ```json
//! { "https://get.example/tool-1.0.tar.gz": { "archive": { "tool/run": { "program": "tool" } } },
//!   "https://get.example/latest": { "to": "https://get.example/tool-1.0.tar.gz" },
//!   "https://git.example/tool.git": { "branches": { "main": { "README": "hi\n" } } } }
//! ```

use super::archive::{self, Format};
use super::repository::{Repository, Tree};
use super::{Page, Row, Urls, file_name, key};
use crate::error::{Error, ErrorKind};
use crate::fs::Contents;
use crate::shell::programs::date::parse_date;
use crate::shell::taught::{self, MOST_ENTRIES, Reader, is_name, kind, too_many};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an address can have.
const FIELDS: [&str; 14] = [
    "text", "size", "program", "archive", "format", "files", "branches", "tags", "default", "status", "to",
    "type", "modified", "seed",
];

impl Urls {
    /// These and the addresses of one object; an address that is there already is replaced. `place`
    /// begins the messages: the file or the call.
    ///
    /// # Errors
    /// An entry is wrong; nothing is added then.
    pub fn taught(&self, place: &str, rows: &Map<String, Value>) -> Result<Urls, Error> {
        if self.len() + rows.len() > MOST_ENTRIES {
            return Err(too_many(place, "addresses"));
        }
        let mut all = (*self.all).clone();
        for (url, value) in rows {
            let url_place = format!("{place}: {url}");
            good_url(&url_place, url)?;
            let row = row(&Reader { place: url_place }, url, value)?;
            all.insert(key(url), Arc::new(row));
        }
        Ok(Urls { all: Arc::new(all), generation: self.generation + 1 })
    }

    /// These and the addresses of a JSON file.
    ///
    /// # Errors
    /// The text is no JSON (with line and column), or an entry is wrong; nothing is added then.
    pub fn taught_by_file(&self, name: &str, source: &[u8]) -> Result<Urls, Error> {
        let shape = "a file of addresses is { \"https://example.com/a\": \"what it answers\" }";
        match taught::json(name, source)? {
            Value::Object(rows) => self.taught(name, &rows),
            _ => Err(Error::new(ErrorKind::Usage, format!("{name} holds no object")).hint(shape)),
        }
    }
}

/// `http`, `https` and git's own addresses, with a host.
fn good_url(place: &str, url: &str) -> Result<(), Error> {
    let known = ["http://", "https://", "git://", "ssh://", "ftp://"];
    let rest = known.iter().find_map(|scheme| url.strip_prefix(scheme));
    let plain = !url.chars().any(|c| c.is_whitespace() || c.is_control());
    match rest {
        Some(rest) if plain && !rest.is_empty() && !rest.starts_with('/') && url.len() < 4096 => Ok(()),
        _ => {
            let error = Error::new(ErrorKind::Usage, format!("{place}: this is no address"));
            Err(error.hint("an address begins with https:// or http:// and a host"))
        }
    }
}

fn row(reader: &Reader, url: &str, value: &Value) -> Result<Row, Error> {
    let usual = content_type(url).to_owned();
    let page = |body| Row::Page(Page { status: 200, body, kind: usual.clone(), modified: None, to: None });
    match value {
        Value::String(text) => Ok(page(Contents::text(text))),
        Value::Number(_) => {
            let fields = Map::from_iter([("size".to_owned(), value.clone())]);
            let size = reader.bytes(&fields, "size")?.unwrap_or(0);
            Ok(page(Contents::seeded(url, size)))
        }
        Value::Object(fields) => {
            reader.known(fields, &FIELDS)?;
            if ["files", "branches", "tags", "default"].iter().any(|name| fields.contains_key(*name)) {
                return repository(reader, fields).map(Row::Repository);
            }
            answer(reader, url, fields).map(Row::Page)
        }
        other => {
            let message = format!("{}: it is a text, a size or an object, not {}", reader.place, kind(other));
            Err(Error::new(ErrorKind::Usage, message))
        }
    }
}

fn answer(reader: &Reader, url: &str, fields: &Map<String, Value>) -> Result<Page, Error> {
    let modified = match reader.text(fields, "modified")? {
        None => None,
        Some(text) => match parse_date(text.trim_end_matches('Z')) {
            Some(seconds) => Some(seconds),
            None => return Err(reader.wrong("modified", "is a date, \"2024-01-31\" or \"2024-01-31 12:00\"")),
        },
    };
    let to = match reader.text(fields, "to")? {
        None => None,
        Some(to) => {
            let to = if to.starts_with('/') { format!("{}{to}", origin(url)) } else { to.to_owned() };
            good_url(&format!("{}: `to`", reader.place), &to)?;
            Some(to)
        }
    };
    let status = match fields.get("status").map(|status| (status, status.as_u64())) {
        None if to.is_some() => 302,
        None => 200,
        Some((_, Some(status @ 200..=599))) => status as u16,
        Some((other, _)) => {
            return Err(reader.wrong("status", &format!("is a number from 200 to 599, not {other}")));
        }
    };
    if to.is_some() != (300..400).contains(&status) && to.is_some() {
        return Err(reader.wrong("status", "of an address with `to` is 301, 302, 303, 307 or 308"));
    }
    let size = reader.bytes(fields, "size")?;
    let seed = reader.text(fields, "seed")?.unwrap_or(url);
    let (text, program) = (reader.text(fields, "text")?, reader.text(fields, "program")?);
    let packed = fields.contains_key("archive");
    if fields.contains_key("format") && !packed {
        return Err(reader.wrong("format", "is for an `archive`"));
    }
    let body = match (text, program, packed, size) {
        (Some(text), None, false, None) => Contents::text(text),
        (None, Some(tag), false, size) if is_name(tag) => Contents::of_program(tag, size.unwrap_or(1 << 20)),
        (None, None, true, None) => packed_files(reader, url, fields, modified)?,
        (None, None, false, Some(size)) => Contents::seeded(seed, size),
        (None, None, false, None) if to.is_some() || status >= 400 || status == 204 => Contents::EMPTY,
        _ => {
            let message = format!("{}: an address has one of text, size, program, archive", reader.place);
            let error = Error::new(ErrorKind::Usage, message);
            return Err(error.hint("or `to` for a redirect, or `files` for a git repository"));
        }
    };
    let kind = reader.text(fields, "type")?.unwrap_or_else(|| content_type(url)).to_owned();
    if kind.is_empty() || kind.chars().any(char::is_control) {
        return Err(reader.wrong("type", "is a content type, \"text/plain\""));
    }
    Ok(Page { status, body, kind, modified, to })
}

fn packed_files(
    reader: &Reader,
    url: &str,
    fields: &Map<String, Value>,
    modified: Option<i64>,
) -> Result<Contents, Error> {
    let files = reader.files(fields, "archive", false)?;
    let name = reader.text(fields, "format")?;
    let format = match name {
        None => Format::of(file_name(url)).unwrap_or(Format::TarGz),
        Some(name) => Format::of(&format!("a.{name}")).ok_or_else(|| {
            reader.wrong("format", "is one of tar, tar.gz, tgz, tar.bz2, tar.xz, tar.zst and zip")
        })?,
    };
    archive::pack(&files, format, modified.unwrap_or(crate::fs::EPOCH))
        .ok_or_else(|| reader.wrong("archive", "holds more than 64 MiB; `size` describes a big file"))
}

fn repository(reader: &Reader, fields: &Map<String, Value>) -> Result<Repository, Error> {
    let foreign = |name: &&&str| fields.contains_key(**name);
    let others = ["text", "size", "program", "archive", "format", "status", "to", "type", "modified", "seed"];
    if let Some(other) = others.iter().find(foreign) {
        return Err(reader.wrong(other, "is not for a git repository"));
    }
    let default = match reader.text(fields, "default")? {
        None => "main",
        Some(name) if is_name(name) => name,
        Some(_) => return Err(reader.wrong("default", "is the name of a branch")),
    };
    let mut branches = refs(reader, fields, "branches")?;
    let tags = refs(reader, fields, "tags")?;
    if fields.contains_key("files") {
        branches.insert(default.to_owned(), reader.files(fields, "files", false)?);
    }
    // A repository of tags alone: the branch has what the last tag has.
    if let (true, Some(last)) = (branches.is_empty(), tags.values().next_back()) {
        branches.insert(default.to_owned(), last.clone());
    }
    let default = match (branches.contains_key(default), branches.keys().next()) {
        (true, _) => default.to_owned(),
        (false, Some(only)) if !fields.contains_key("default") => only.clone(),
        _ => return Err(reader.wrong("default", &format!("is `{default}`, and there is no such branch"))),
    };
    Repository::new(default, branches, tags)
        .ok_or_else(|| reader.wrong("files", "of a repository are at most 64 MiB together"))
}

fn refs(reader: &Reader, fields: &Map<String, Value>, field: &str) -> Result<BTreeMap<String, Tree>, Error> {
    match fields.get(field) {
        None => Ok(BTreeMap::new()),
        Some(Value::Object(refs)) => refs
            .keys()
            .map(|name| {
                if !is_name(name) {
                    return Err(reader.wrong(field, &format!("can't hold the name {name:?}")));
                }
                let inner = Reader { place: format!("{}: {field}", reader.place) };
                Ok((name.clone(), inner.files(refs, name, false)?))
            })
            .collect(),
        Some(other) => {
            let what = format!("is an object of names and their files, not {}", kind(other));
            Err(reader.wrong(field, &what))
        }
    }
}

/// Scheme and host.
fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(start..).and_then(|rest| rest.find(['/', '?'])).map_or(url.len(), |at| start + at);
    url.get(..end).unwrap_or(url)
}

/// What servers say about files with these endings.
fn content_type(url: &str) -> &'static str {
    let name = file_name(url);
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    match () {
        () if name.is_empty() || ends(&[".html", ".htm"]) => "text/html",
        () if ends(&[".json"]) => "application/json",
        () if ends(&[".gz", ".tgz"]) => "application/gzip",
        () if ends(&[".zip"]) => "application/zip",
        () if ends(&[".xz"]) => "application/x-xz",
        () if ends(&[".bz2"]) => "application/x-bzip2",
        () if ends(&[".tar"]) => "application/x-tar",
        () if ends(&[
            ".txt", ".md", ".asc", ".sh", ".list", ".key", ".gpg.txt", ".yml", ".yaml", ".toml",
        ]) =>
        {
            "text/plain"
        }
        () if !name.contains('.') => "text/plain",
        () => "application/octet-stream",
    }
}
