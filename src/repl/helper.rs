//! What rustyline asks while a line is typed: completions, a hint, colours, is it complete?

use super::lexer::tokens;
use crate::render::{Style, Tone};
use crate::script::Session;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Context, Helper};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// Knows the session, so that it can complete paths in its mounts and names of its images.
pub struct LineHelper {
    session: Rc<RefCell<Session>>,
    style: Style,
}

impl LineHelper {
    /// A helper for lines of this session.
    pub fn new(session: Rc<RefCell<Session>>, style: Style) -> LineHelper {
        LineHelper { session, style }
    }
}

impl Helper for LineHelper {}

impl Completer for LineHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        // Busy only while a line runs, when nobody types.
        let Ok(mut session) = self.session.try_borrow_mut() else { return Ok((at, Vec::new())) };
        let (start, found) = session.complete(line, at);
        let pairs = found.into_iter().map(|one| Pair { display: one.shown, replacement: one.text });
        Ok((start.min(at), pairs.collect()))
    }
}

impl Hinter for LineHelper {
    type Hint = String;

    /// The rest of the latest line that began like this one, else the rest of the only completion.
    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<String> {
        if line.trim().is_empty() || at < line.len() {
            return None;
        }
        let history = context.history();
        for index in (0..history.len()).rev() {
            let earlier = history.get(index, rustyline::history::SearchDirection::Reverse).ok().flatten();
            let rest = earlier.as_ref().and_then(|earlier| earlier.entry.strip_prefix(line));
            if let Some(rest) = rest.filter(|rest| !rest.is_empty() && !rest.contains('\n')) {
                return Some(rest.to_owned());
            }
        }
        let (start, found) = self.session.try_borrow_mut().ok()?.complete(line, at);
        let [only] = found.as_slice() else { return None };
        let rest = only.text.strip_prefix(line.get(start..)?)?;
        (!rest.is_empty()).then(|| rest.to_owned())
    }
}

impl Validator for LineHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let incomplete = self.session.try_borrow().is_ok_and(|session| session.incomplete(context.input()));
        Ok(if incomplete { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Highlighter for LineHelper {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let painted = tokens(line).into_iter().map(|(token, text)| self.style.paint(token.tone(), text));
        Cow::Owned(painted.collect())
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(self.style.paint(Tone::Dim, hint))
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        Cow::Borrowed(candidate)
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.style.colour
    }
}
