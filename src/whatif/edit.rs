//! Edits of a project, as data: what `--change`, `--touch` and their kin mean.

use crate::build::{self, Builder, Context, Request};
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, Inode, Kind, Nodes, Tree, path};
use crate::trace::{Edited, Trace};
use std::collections::BTreeSet;

/// One edit. Paths are those of the build context, without a leading slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The file has other contents, another size and another time.
    Change(String),
    /// Only its time is another one.
    Touch(String),
    /// It has this mode.
    Chmod(String, u16),
    /// It is gone; a directory with all that is in it.
    Delete(String),
    /// There is a file of this name.
    Add(String),
    /// `--build-arg NAME=VALUE`.
    Arg(String, String),
    /// A line of the Dockerfile, counted from 1, is another one.
    EditLine(usize, String),
}

/// The words of [`parse_edits`], as flags of `why` and in a list of edits.
pub const WORDS: &[(&str, &str)] = &[
    ("change", "FILE"),
    ("touch", "FILE"),
    ("chmod", "FILE MODE"),
    ("delete", "FILE"),
    ("add", "FILE"),
    ("arg", "NAME=VALUE"),
    ("edit-line", "NUMBER TEXT"),
];

/// What an edited file gets at its end: a comment in most languages, the Dockerfile's among them.
const MARK: &str = "# changed\n";

impl Edit {
    /// From a word of [`WORDS`] and what follows it.
    ///
    /// # Errors
    /// An unknown word, a value of another form.
    pub fn parse(word: &str, rest: &str) -> Result<Edit, Error> {
        let rest = rest.trim_end_matches(['\r', '\n']);
        let usage = |message: String| {
            let form = WORDS.iter().find(|(known, _)| *known == word).map_or("", |(_, form)| form);
            Error::new(ErrorKind::Usage, message).hint(format!("write {word} {form}"))
        };
        let file = || {
            let name = rest.trim();
            if name.is_empty() { Err(usage(format!("{word} needs a file"))) } else { Ok(tidy(name)) }
        };
        let two = || rest.trim_start().split_once(char::is_whitespace);
        Ok(match word {
            "change" => Edit::Change(file()?),
            "touch" => Edit::Touch(file()?),
            "delete" => Edit::Delete(file()?),
            "add" => Edit::Add(file()?),
            "chmod" => {
                let (name, mode) = rest
                    .trim()
                    .rsplit_once(char::is_whitespace)
                    .ok_or_else(|| usage("chmod needs a file and a mode".to_owned()))?;
                let bits =
                    u16::from_str_radix(mode.trim_start_matches("0o"), 8).ok().filter(|bits| *bits <= 0o7777);
                let bits = bits.ok_or_else(|| {
                    Error::new(ErrorKind::Usage, format!("`{mode}` is no mode"))
                        .hint("a mode is octal, such as 755")
                })?;
                Edit::Chmod(tidy(name.trim()), bits)
            }
            "arg" => {
                let (name, value) = rest
                    .trim()
                    .split_once('=')
                    .filter(|(name, _)| !name.is_empty())
                    .ok_or_else(|| usage(format!("`{}` is not of the form NAME=VALUE", rest.trim())))?;
                Edit::Arg(name.to_owned(), value.to_owned())
            }
            "edit-line" => {
                let (number, text) = two().unwrap_or((rest.trim(), ""));
                let number = number
                    .parse()
                    .ok()
                    .filter(|number| *number > 0)
                    .ok_or_else(|| usage(format!("`{number}` is not the number of a line")))?;
                Edit::EditLine(number, text.to_owned())
            }
            other => {
                return Err(Error::new(ErrorKind::Usage, format!("there is no edit `{other}`"))
                    .did_you_mean(other, WORDS.iter().map(|(word, _)| *word))
                    .hint("edits are change, touch, chmod, delete, add, arg and edit-line"));
            }
        })
    }

    /// The edit in words.
    pub fn words(&self) -> String {
        match self {
            Edit::Change(file) => format!("{file}: other contents"),
            Edit::Touch(file) => format!("{file}: another time"),
            Edit::Chmod(file, mode) => format!("{file}: mode {mode:04o}"),
            Edit::Delete(file) => format!("{file}: deleted"),
            Edit::Add(file) => format!("{file}: added"),
            Edit::Arg(name, value) => format!("build arg {name}={value}"),
            Edit::EditLine(line, text) => format!("line {line}: {text}"),
        }
    }

    pub(super) fn file(&self) -> Option<&str> {
        match self {
            Edit::Change(file)
            | Edit::Touch(file)
            | Edit::Chmod(file, _)
            | Edit::Delete(file)
            | Edit::Add(file) => Some(file),
            Edit::Arg(..) | Edit::EditLine(..) => None,
        }
    }
}

/// A list of edits: one a line, a word of [`WORDS`] and what follows it; a bare path is a `change`. Blank
/// lines and those that begin with `#` count for nothing.
///
/// # Errors
/// The first line that is no edit, with its place.
pub fn parse_edits(name: &str, text: &str) -> Result<Vec<Edit>, Error> {
    let mut edits = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let written = line.trim();
        if written.is_empty() || written.starts_with('#') {
            continue;
        }
        let (word, rest) = written.split_once(char::is_whitespace).unwrap_or((written, ""));
        let parsed = match rest.is_empty() && !WORDS.iter().any(|(known, _)| *known == word) {
            true => Ok(Edit::Change(tidy(written))),
            false => Edit::parse(word, rest),
        };
        edits.push(parsed.map_err(|error| {
            let line = u32::try_from(at + 1).unwrap_or(u32::MAX);
            let width = u32::try_from(word.chars().count()).unwrap_or(1);
            error.at(crate::error::Span::locate(name, text, line, 1, width))
        })?);
    }
    Ok(edits)
}

/// A path as the context has it.
pub(super) fn tidy(written: &str) -> String {
    let clean = path::clean(written.as_bytes());
    String::from_utf8_lossy(clean.strip_prefix(b"/").unwrap_or(&clean)).into_owned()
}

/// The files whose contents are made up.
pub(super) fn made_up(edits: &[Edit], dockerfile: &str) -> BTreeSet<String> {
    let new = |edit: &&Edit| matches!(edit, Edit::Change(_) | Edit::Add(_) | Edit::EditLine(..));
    let mut files: BTreeSet<String> =
        edits.iter().filter(new).filter_map(Edit::file).map(str::to_owned).collect();
    if edits.iter().any(|edit| matches!(edit, Edit::EditLine(..))) {
        files.insert(tidy(dockerfile));
    }
    files
}

/// The request after the edits, and the edits in words.
///
/// # Errors
/// An edit names a file or a line that isn't there.
pub fn apply(request: &Request, edits: &[Edit], t: &mut Trace) -> Result<(Request, Vec<Edited>), Error> {
    let (after, mut told) = apply_only(request, edits)?;
    for (told, edit) in told.iter_mut().zip(edits) {
        if let Some(file) = edit.file() {
            told.note = note(file, [request, &after], t);
        }
    }
    Ok((after, told))
}

/// [`apply`] without the notes.
///
/// # Errors
/// An edit names a file or a line that isn't there.
pub(super) fn apply_only(request: &Request, edits: &[Edit]) -> Result<(Request, Vec<Edited>), Error> {
    let mut after = request.clone();
    let mut tree = request.context.tree().clone();
    let mut told = Vec::new();
    let mut touched = false;
    for edit in edits {
        let what = match edit {
            Edit::Arg(name, value) => {
                let before = after.args.insert(name.clone(), value.clone());
                let was = before.map_or(String::new(), |before| format!(", was {before}"));
                told.push(Edited { what: format!("build arg {name} is {value}{was}"), note: String::new() });
                continue;
            }
            Edit::EditLine(number, line) => edit_line(&mut after, &mut tree, *number, line)?,
            Edit::Add(file) => add(&mut tree, file)?,
            Edit::Change(file) | Edit::Touch(file) | Edit::Chmod(file, _) | Edit::Delete(file) => {
                change(&mut tree, file, edit, request)?
            }
        };
        touched = true;
        told.push(Edited { what, note: String::new() });
    }
    if touched {
        after.context = request.context.edited(tree);
    }
    Ok((after, told))
}

/// Why nobody notices an edit of this file.
fn note(file: &str, around: [&Request; 2], t: &mut Trace) -> String {
    let out = |builder: Builder, t: &mut Trace| {
        around
            .iter()
            .find_map(|request| build::kept_out_by(&Request { builder, ..(*request).clone() }, file, t))
    };
    match (out(Builder::BuildKit, t), out(Builder::Legacy, t)) {
        (Some(by), Some(_)) => format!("{by} keeps it out of the build context"),
        (Some(_), None) => "the ignore file keeps it out of BuildKit's context".to_owned(),
        (None, Some(by)) => format!("{by} keeps it out of the legacy builder's context"),
        (None, None) => String::new(),
    }
}

fn missing(file: &str, request: &Request) -> Error {
    let name = if request.context_name.is_empty() { "." } else { &request.context_name };
    let mut names = Vec::new();
    request.context.tree().walk(&mut |path, _, _| {
        if names.len() < 10_000 {
            names.push(String::from_utf8_lossy(path.get(1..).unwrap_or_default()).into_owned());
        }
    });
    let base = file.rsplit('/').next().unwrap_or(file);
    let same = names.iter().find(|known| known.rsplit('/').next() == Some(base));
    let error = Error::new(ErrorKind::Unknown, format!("`{file}` is not in the build context `{name}`"));
    let error = match same.filter(|_| !base.is_empty()) {
        Some(same) => error.hint(format!("did you mean `{same}`?")),
        None => error.did_you_mean(file, names.iter().map(String::as_str)),
    };
    error.hint("paths are those inside the context; --add makes a new file")
}

fn change(tree: &mut Tree, file: &str, edit: &Edit, request: &Request) -> Result<String, Error> {
    let Some(ino) = tree.at(file.as_bytes()) else { return Err(missing(file, request)) };
    let is_dir = tree.inode(ino).kind.is_dir();
    match edit {
        Edit::Delete(_) => {
            let name = path::file_name(file.as_bytes());
            if name.is_empty() {
                return Err(Error::new(ErrorKind::Usage, "the context itself can't be deleted")
                    .hint("name a file in it"));
            }
            if let Some(parent) = tree.at(path::parent(file.as_bytes())) {
                tree.unlink(parent, name);
            }
        }
        Edit::Change(_) if is_dir => {
            return Err(Error::new(ErrorKind::Usage, format!("`{file}` is a directory"))
                .hint("name a file in it; --add makes a new one, --chmod changes the directory itself"));
        }
        Edit::Chmod(_, mode) => {
            let inode = tree.inode_mut(ino);
            let before = inode.mode;
            inode.mode = *mode;
            return Ok(format!("{file}: mode {mode:04o}, was {before:04o}"));
        }
        _ => {
            let inode = tree.inode_mut(ino);
            inode.mtime = inode.mtime.saturating_add(1);
            if matches!(edit, Edit::Change(_)) {
                match &mut inode.kind {
                    Kind::File(contents) => contents.append(&Contents::text(MARK)),
                    Kind::Symlink(target) => {
                        let mut longer = target.to_vec();
                        longer.extend_from_slice(b".changed");
                        *target = longer.into();
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(edit.words())
}

fn add(tree: &mut Tree, file: &str) -> Result<String, Error> {
    let at = path::clean(file.as_bytes());
    if tree.at(&at).is_some() {
        return Err(Error::new(ErrorKind::Usage, format!("`{file}` is there already"))
            .hint(format!("--change {file} gives it other contents")));
    }
    let inode = Inode { mtime: crate::fs::EPOCH.saturating_add(1), ..Inode::file(Contents::text(MARK)) };
    match tree.put(&at, inode) {
        Some(_) => Ok(format!("{file}: added")),
        None => Err(Error::new(ErrorKind::Usage, format!("`{file}` can't be added"))
            .hint("something on the way to it is no directory")),
    }
}

/// Replaces a line of the Dockerfile, wherever that is.
fn edit_line(after: &mut Request, tree: &mut Tree, number: usize, line: &str) -> Result<String, Error> {
    let given = after.dockerfile.is_some();
    let at = path::clean(after.dockerfile_path().as_bytes());
    let now = Request { context: Context::from_tree(tree.clone()), ..after.clone() };
    let text = build::dockerfile_of(&now)?;
    let mut lines: Vec<&str> = text.lines().collect();
    let count = lines.len();
    let Some(slot) = number.checked_sub(1).and_then(|at| lines.get_mut(at)) else {
        let name = after.dockerfile_path();
        let have = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
        return Err(Error::new(
            ErrorKind::Usage,
            format!("there is no line {number} in {name}: it has {have}"),
        )
        .hint(format!("lines count from 1 to {count}")));
    };
    let was = std::mem::replace(slot, line);
    let what = format!("line {number} of {}: {line}, was {was}", after.dockerfile_path());
    let mut text = lines.join("\n");
    text.push('\n');
    if given {
        after.dockerfile = Some(text.into_bytes());
    } else if let Some(ino) = tree.at(&at) {
        let inode = tree.inode_mut(ino);
        inode.kind = Kind::File(Contents::text(&text));
        inode.mtime = inode.mtime.saturating_add(1);
    }
    Ok(what)
}
