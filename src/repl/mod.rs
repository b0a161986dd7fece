//! The REPL: reads lines at a terminal or from a pipe, hands them to a [`Session`], shows what comes.
//!
//! At a terminal: a banner, a prompt, completion, hints, colours, input over several lines, history.
//! From a pipe: each line is shown behind the prompt and followed by its answer, so that the output
//! reads like a transcript; the exit code is 1 when a line was refused.

mod ask;
mod banner;
mod helper;
mod history;
mod lexer;
mod piped;
mod terminal;

pub use lexer::{Token, tokens};

use crate::command::Screen;
use crate::fs::Host;
use crate::help;
use crate::render::{Renderer, Style};
use crate::script::{Desk, Session};
use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What the REPL stands on.
pub struct Stage {
    /// Files, below the current folder.
    pub host: Box<dyn Host>,
    /// Prints what happens.
    pub renderer: Renderer,
    /// How it prints.
    pub style: Style,
    /// Shows what is more than lines of text, at a terminal.
    pub screen: Option<Box<dyn Screen>>,
    /// Has a flag raised at Ctrl-C.
    pub watch: fn(Arc<AtomicBool>),
    /// Keeps the course.
    pub desk: Box<dyn Desk>,
}

/// The name under which typed lines appear in errors.
const NAME: &str = "<repl>";

/// Talks until the input ends or somebody says `quit`. The exit code.
pub fn talk(stage: Stage) -> u8 {
    let mut session = Session::new(stage.host, Box::new(stage.renderer.clone()));
    session.set_help(help::topic);
    session.set_report(crate::report::of);
    session.set_help_words(help::words);
    session.set_desk(stage.desk);
    (stage.watch)(session.interrupt());
    let session = Rc::new(RefCell::new(session));
    let code = if io::stdin().is_terminal() && io::stdout().is_terminal() {
        if let Some(screen) = stage.screen {
            session.borrow_mut().set_screen(screen);
        }
        terminal::talk(&session, &stage.renderer, stage.style)
    } else {
        piped::play(&mut session.borrow_mut(), &stage.renderer, io::stdin().lock())
    };
    stage.renderer.finish();
    code
}
