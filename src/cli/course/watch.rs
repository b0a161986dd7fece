//! `layerlab course watch`, and `test --watch`: again at each save.

use super::desk::{Desk, Outcome};
use super::keys::{Key, Keys};
use super::show;
use crate::cli::screen::Colour;
use crate::cli::{exit_code, screen};
use crate::course::Exercise;
use crate::error::{Error, ErrorKind};
use crate::render::Renderer;
use crate::trace::{CourseNews, Event, Sink};
use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// So long a folder must be quiet: editors save in several strokes.
const QUIET: Duration = Duration::from_millis(120);
/// So often saves and Ctrl-C are looked for.
const TICK: Duration = Duration::from_millis(60);

/// A followed folder.
struct Saves {
    saves: Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl Saves {
    /// Follows a folder, but no link in it: one may lead anywhere.
    fn of(folder: &Path) -> Result<Saves, Error> {
        let refused = |error: notify::Error| {
            Error::new(ErrorKind::Host, format!("can't follow `{}`: {error}", folder.display()))
                .hint("without watching: layerlab course check")
        };
        let (saved, saves) = channel();
        let told = move |event: notify::Result<notify::Event>| {
            // Reading the folder is no change of it.
            if !event.as_ref().is_ok_and(|event| event.kind.is_access()) {
                let _ = saved.send(());
            }
        };
        let config = Config::default().with_follow_symlinks(false);
        let mut watcher = RecommendedWatcher::new(told, config).map_err(refused)?;
        watcher.watch(folder, RecursiveMode::Recursive).map_err(refused)?;
        Ok(Saves { saves, _watcher: watcher })
    }

    /// Was something saved? Waits until the folder is quiet.
    fn came(&self) -> bool {
        let came = self.saves.try_recv().is_ok();
        if came {
            while self.saves.recv_timeout(QUIET).is_ok() {}
        }
        came
    }
}

/// Checks an exercise now and at each save, until `q` or Ctrl-C.
///
/// # Errors
/// The folder can't be followed, or Ctrl-C.
pub fn exercise(
    desk: &mut Desk,
    word: Option<&str>,
    out: (&Renderer, Colour),
    json: bool,
) -> Result<Outcome, Error> {
    let mut keys = Keys::of_input();
    let mut at = open(desk, word, out, json)?;
    let mut saves = Saves::of(&desk.folder.of(&at))?;
    let mut passed = check(desk, &at, out, json)?;
    offer(&keys, passed, out.0, json);
    loop {
        let key = keys.wait(TICK);
        if desk.flag.load(Ordering::Relaxed) || key == Some(Key::Interrupt) {
            return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
        }
        if out.0.broken() {
            return Ok(Outcome::default());
        }
        let saved = saves.came();
        if key.is_none() && !saved {
            continue;
        }
        keys.rest();
        if saved {
            passed = check(desk, &at, out, json)?;
        }
        let done = match key {
            Some(Key::Letter('q')) => return Ok(Outcome::default()),
            Some(Key::Letter('n')) if passed => {
                if desk.course.exercises.iter().all(|one| one.name == at.name) {
                    desk.run(&super::What::List)
                } else {
                    at = open(desk, None, out, json)?;
                    saves = Saves::of(&desk.folder.of(&at))?;
                    passed = check(desk, &at, out, json)?;
                    Outcome::default()
                }
            }
            Some(Key::Letter('n')) => Outcome::of(vec![Event::Text { text: "not passed yet".to_owned() }]),
            Some(Key::Letter('h')) => desk.run(&super::What::Hint { exercise: Some(at.name.clone()) }),
            Some(Key::Letter('l')) => desk.run(&super::What::List),
            Some(Key::Letter('s')) => {
                desk.run(&super::What::Solution { exercise: Some(at.name.clone()), give_up: false })
            }
            Some(Key::Letter('r')) => {
                let done = desk.run(&super::What::Reset { exercise: Some(at.name.clone()) });
                // The folder is another one now.
                saves = Saves::of(&desk.folder.of(&at))?;
                passed = false;
                done
            }
            Some(Key::Letter('c')) => {
                passed = check(desk, &at, out, json)?;
                Outcome::default()
            }
            _ => Outcome::default(),
        };
        show(&without_next(done), out.0, json, out.1);
        offer(&keys, passed, out.0, json);
    }
}

/// Keys take the place of lines to type.
fn without_next(mut outcome: Outcome) -> Outcome {
    outcome.events.retain(|event| !matches!(event, Event::Next { .. }));
    outcome
}

/// The named exercise, the one the student is at, or the next; its files are put there if they aren't.
fn open(desk: &Desk, word: Option<&str>, out: (&Renderer, Colour), json: bool) -> Result<Exercise, Error> {
    let (progress, _) = desk.folder.progress()?;
    let at = match (word, progress.next(&desk.course)) {
        (Some(word), _) => desk.course.find(word)?.clone(),
        (None, Some(exercise)) => exercise.clone(),
        (None, None) => {
            return Err(Error::new(ErrorKind::Usage, "all exercises are passed")
                .hint("layerlab course watch N goes to one all the same"));
        }
    };
    let known = progress.of(&at).is_some() && desk.folder.has(&at)?;
    let outcome = desk.start(Some(&at.name))?;
    if known {
        if let Some(error) = &outcome.problem {
            return Err(error.clone());
        }
    } else {
        show(&without_next(outcome), out.0, json, out.1);
    }
    Ok(at)
}

/// Checks and shows it. Whatever can't be read now may be readable after the next save.
fn check(desk: &Desk, at: &Exercise, out: (&Renderer, Colour), json: bool) -> Result<bool, Error> {
    match desk.check(at) {
        Ok(outcome) => {
            let passed = outcome.events.iter().any(|event| {
                matches!(event, Event::Course(news) if matches!(**news, CourseNews::Judged { passed: true, .. }))
            });
            show(&without_next(outcome), out.0, json, out.1);
            Ok(passed)
        }
        Err(error) if error.kind == ErrorKind::Interrupted => Err(error),
        Err(error) => {
            let outcome = Outcome { code: exit_code(&error), problem: Some(error), ..Outcome::default() };
            show(&outcome, out.0, json, out.1);
            Ok(false)
        }
    }
}

/// The keys, in one line.
fn offer(keys: &Keys, passed: bool, renderer: &Renderer, json: bool) {
    if json {
        return;
    }
    let next = if passed { "n next · s solution" } else { "h hint" };
    let enter = if keys.need_enter() { "   (and Enter)" } else { "" };
    let text = format!("\n{next} · c check · r reset · l list · q quit{enter}");
    renderer.clone().take(Event::Text { text });
    renderer.finish();
}

/// Tests exercises now and at each save, until Ctrl-C.
///
/// # Errors
/// The folder can't be followed, or Ctrl-C.
pub fn tests(
    folder: &Path,
    once: &dyn Fn() -> Result<Outcome, Error>,
    out: (&Renderer, Colour),
    json: bool,
    flag: &Arc<AtomicBool>,
) -> Result<Outcome, Error> {
    let saves = Saves::of(folder)?;
    loop {
        match once() {
            Ok(outcome) => show(&outcome, out.0, json, out.1),
            Err(error) if error.kind == ErrorKind::Interrupted => return Err(error),
            Err(error) => screen::complain(&error, out.1),
        }
        if !json {
            let text = format!("following {}; Ctrl-C ends it", folder.display());
            out.0.clone().take(Event::Hint { text });
            out.0.finish();
        }
        while !saves.came() {
            std::thread::sleep(TICK);
            if flag.load(Ordering::Relaxed) {
                return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
            }
            if out.0.broken() {
                return Ok(Outcome::default());
            }
        }
    }
}
