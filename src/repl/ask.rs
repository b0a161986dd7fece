//! Questions in the middle of a line: HIT or MISS?

use crate::render::Renderer;
use crate::script::Ask;
use rustyline::{Config, DefaultEditor};

/// Asks at the terminal, below everything shown so far.
pub struct TerminalAsk {
    renderer: Renderer,
}

impl TerminalAsk {
    /// Asks below what `renderer` shows.
    pub fn new(renderer: Renderer) -> TerminalAsk {
        TerminalAsk { renderer }
    }
}

impl Ask for TerminalAsk {
    fn ask(&mut self, question: &str) -> Option<String> {
        self.renderer.finish();
        // An editor of its own: answers are not history, and Ctrl-C means "no answer".
        let mut editor = DefaultEditor::with_config(Config::default()).ok()?;
        editor.readline(&format!("{} ", question.trim_end())).ok()
    }
}
