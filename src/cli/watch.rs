//! `layerlab why DIR --watch`: follows the real folder, and answers again at each save.
//!
//! The system tells of changes ([`notify`]). Editors save in several strokes (a new file renamed over the old
//! one, a backup beside it), so an answer waits until the folder has been quiet for a moment. What was there
//! at the answer before is the earlier build of the next one.

use super::interrupt;
use super::project::Folder;
use super::screen::Colour;
use crate::build::{Context, Request};
use crate::error::{Error, ErrorKind};
use crate::fs::{Ino, Kind, Nodes};
use crate::render::Renderer;
use crate::trace::{Edited, Event, Sink, Trace};
use crate::whatif::{self, Project};
use notify::{RecursiveMode, Watcher};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// So long the folder must be quiet.
const QUIET: Duration = Duration::from_millis(120);
/// So often Ctrl-C is looked for.
const TICK: Duration = Duration::from_millis(100);
/// Changed files that are named, at most.
const MOST_NAMED: usize = 5;

/// Answers at once and after each save, until Ctrl-C. The exit code.
///
/// # Errors
/// The folder can't be followed or read.
pub(super) fn follow(
    folder: &Folder,
    mut project: Project,
    renderer: &Renderer,
    colour: Colour,
) -> Result<u8, Error> {
    if folder.given.file.as_ref().is_some_and(|file| file.as_os_str() == "-") {
        return Err(Error::new(ErrorKind::Usage, "standard input can't be followed")
            .hint("name the Dockerfile: -f FILE"));
    }
    let flag = Arc::new(AtomicBool::new(false));
    interrupt::raise_or_end(flag.clone());
    let refused = |error: notify::Error| {
        Error::new(ErrorKind::Host, format!("can't follow `{}`: {error}", folder.folder.display()))
            .hint("without --watch it answers once")
    };
    let (saved, saves) = channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading the folder is no change of it.
        if event.as_ref().is_ok_and(|event| event.kind.is_access()) {
            return;
        }
        let _ = saved.send(());
    })
    .map_err(refused)?;
    watcher.watch(&folder.folder, RecursiveMode::Recursive).map_err(refused)?;
    if let Some(file) = &folder.given.file {
        let beside = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let beside = beside.map_or_else(|| std::path::PathBuf::from("."), std::path::Path::to_path_buf);
        watcher.watch(&beside, RecursiveMode::NonRecursive).map_err(refused)?;
    }
    // What happened while the folder was being read counts as a save.
    answer(&project, None, renderer, &flag)?;
    tell(renderer, folder);
    loop {
        match saves.recv_timeout(TICK) {
            Ok(()) => {
                while saves.recv_timeout(QUIET).is_ok() {}
                // A file may be half saved, or the folder away for a moment: say so and go on.
                match folder.request() {
                    Ok(now) if same(&project.request, &now) => {}
                    Ok(now) => {
                        match answer(&project, Some(&now), renderer, &flag) {
                            Ok(()) => {}
                            Err(error) if error.kind == ErrorKind::Interrupted => return Err(error),
                            Err(error) => complain(&error, renderer, colour, folder.json),
                        }
                        project.request = now;
                        // From now on the earlier build is the state of just before.
                        project.cache.clear();
                    }
                    Err(error) => complain(&error, renderer, colour, folder.json),
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(0),
        }
        if flag.load(Ordering::Relaxed) || renderer.broken() {
            let interrupted = flag.load(Ordering::Relaxed);
            return if interrupted { Err(Error::new(ErrorKind::Interrupted, "interrupted")) } else { Ok(0) };
        }
    }
}

fn complain(error: &Error, renderer: &Renderer, colour: Colour, json: bool) {
    renderer.finish();
    if json {
        renderer.clone().take(Event::from(error));
    }
    super::screen::complain(error, colour);
}

fn tell(renderer: &Renderer, folder: &Folder) {
    let text = format!("following {}; Ctrl-C ends it", folder.folder.display());
    renderer.clone().take(Event::Hint { text });
    renderer.finish();
}

fn answer(
    project: &Project,
    now: Option<&Request>,
    renderer: &Renderer,
    flag: &Arc<AtomicBool>,
) -> Result<(), Error> {
    let mut trace = Trace::silent();
    trace.fuel.interrupted_by(flag.clone());
    let event = match now {
        None => whatif::why(project, &[], &mut trace)?,
        Some(now) => whatif::compare(project, now, changes(&project.request, now), &mut trace)?,
    };
    renderer.clone().take(event);
    renderer.finish();
    Ok(())
}

/// Are the two states one?
fn same(before: &Request, now: &Request) -> bool {
    before.dockerfile == now.dockerfile && files(&before.context) == files(&now.context)
}

type File<'a> = (u16, i64, Option<&'a Kind>);

fn files(context: &Context) -> BTreeMap<Vec<u8>, File<'_>> {
    let tree = context.tree();
    let mut inos: Vec<(Vec<u8>, Ino)> = Vec::new();
    tree.walk(&mut |path, ino, _| inos.push((path.to_vec(), ino)));
    let file = |(path, ino): (Vec<u8>, Ino)| {
        let inode = tree.inode(ino);
        match inode.kind.is_dir() {
            true => (path, (inode.mode, 0, None)),
            false => (path, (inode.mode, inode.mtime, Some(&inode.kind))),
        }
    };
    inos.into_iter().map(file).collect()
}

/// What was saved, in words.
fn changes(before: &Request, now: &Request) -> Vec<Edited> {
    let (old, new) = (files(&before.context), files(&now.context));
    let mut words = Vec::new();
    let shown = |path: &[u8]| String::from_utf8_lossy(path.strip_prefix(b"/").unwrap_or(path)).into_owned();
    for (path, file) in &new {
        match old.get(path) {
            None => words.push(format!("{}: added", shown(path))),
            Some(was) if was.2 != file.2 => words.push(format!("{}: other contents", shown(path))),
            Some(was) if was.0 != file.0 => {
                words.push(format!("{}: mode {:04o}, was {:04o}", shown(path), file.0, was.0));
            }
            Some(was) if was.1 != file.1 => words.push(format!("{}: another time", shown(path))),
            Some(_) => {}
        }
    }
    words.extend(
        old.keys().filter(|path| !new.contains_key(*path)).map(|path| format!("{}: deleted", shown(path))),
    );
    if before.dockerfile != now.dockerfile {
        words.push(format!("{}: other contents", now.dockerfile_path()));
    }
    let more = words.len().saturating_sub(MOST_NAMED);
    words.truncate(MOST_NAMED);
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.into_iter().map(|what| Edited { what, note: String::new() }).collect()
}
