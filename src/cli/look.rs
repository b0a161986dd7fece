//! The terminal of `dive`'s interactive view: keys in, frames out, and the terminal as it was at the end.

use super::{DiskHost, terminal, unreadable};
use crate::command::Screen;
use crate::command::dive::Subject;
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, Host};
use crate::inspect::dive::is_true;
use crate::inspect::layers::Layers;
use crate::look::{Code, Effect, Key, Look, Looked, draw};
use crate::render::{Renderer, bytes};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

/// Is there a terminal that can show it, and somebody at it?
pub(super) fn can_look() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let is_ci = std::env::var("CI").is_ok_and(|value| is_true(&value));
    io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb && !is_ci
}

/// The view for the REPL: below what was printed so far.
pub(super) struct OnTerminal {
    pub(super) renderer: Renderer,
}

impl Screen for OnTerminal {
    fn look(&mut self, subject: Subject, other: Option<Subject>) -> Result<(), Error> {
        self.renderer.finish();
        look(&subject, other.as_ref())
    }
}

/// Shows an image, or what differs in another, until somebody quits.
pub(super) fn look(subject: &Subject, other: Option<&Subject>) -> Result<(), Error> {
    let layers = match other {
        Some(other) => Layers::of_two(&subject.image, &other.image),
        None => subject.layers(),
    };
    let waste = layers.waste(0);
    let names = [Some(subject), other].into_iter().flatten().map(|subject| subject.name.clone()).collect();
    let state = Look::new(Looked { names, layers, waste, analysis: subject.analysis() });
    run(state).map_err(|error| {
        Error::new(ErrorKind::Host, format!("the terminal is unusable: {error}"))
            .hint("dive … | cat prints text; so does --text")
    })
}

/// The terminal in raw mode, on its other page; as it was when this is dropped.
struct Raw;

impl Raw {
    fn new() -> io::Result<Raw> {
        terminal::raw()?;
        let raw = Raw;
        terminal::open_page()?;
        Ok(raw)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        terminal::restore();
    }
}

/// How long "is a key there already?" waits: no time at all would never look.
const AT_ONCE: Duration = Duration::from_millis(1);

fn run(mut look: Look) -> io::Result<()> {
    let _raw = Raw::new()?;
    let mut screen = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    loop {
        screen.draw(|frame| draw(frame, &mut look))?;
        // A search goes on while nobody presses a key.
        while look.is_busy() && !event::poll(AT_ONCE)? {
            look.work();
        }
        if !look.is_busy() && !event::poll(AT_ONCE)? {
            screen.draw(|frame| draw(frame, &mut look))?;
        }
        let Event::Key(pressed) = event::read()? else { continue };
        let Some(key) = key(&pressed) else { continue };
        match look.key(key) {
            Effect::Quit => return Ok(()),
            Effect::None => {}
            Effect::Extract { to, contents } => match extract(&to, &contents) {
                Ok(()) => look.say(format!("{to}: {} written", bytes(contents.len()))),
                Err(why) => look.say(why),
            },
        }
    }
}

/// A key as the view knows it.
fn key(pressed: &event::KeyEvent) -> Option<Key> {
    if pressed.kind == KeyEventKind::Release {
        return None;
    }
    let code = match pressed.code {
        // Ctrl+/ arrives as the control character that Ctrl+7 is.
        KeyCode::Char('7') if pressed.modifiers.contains(KeyModifiers::CONTROL) => {
            return Some(Key::char('/'));
        }
        KeyCode::Char(char) => Code::Char(char),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        _ => return None,
    };
    Some(Key { code, ctrl: pressed.modifiers.contains(KeyModifiers::CONTROL) })
}

/// Writes a file out, in one step; never over another.
fn extract(to: &str, contents: &Contents) -> Result<(), String> {
    let path = Path::new(to);
    if path.symlink_metadata().is_ok() {
        return Err(format!("{to} is there already: type another name"));
    }
    let (mut host, name) = DiskHost::beside(path).map_err(|error| unreadable(&error).message)?;
    let written =
        host.write_with(&name, &mut |out| contents.try_each_chunk(&mut |chunk| out.write_all(chunk)));
    written.map_err(|error| unreadable(&error).message)
}
