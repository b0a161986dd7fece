//! Lines written as commands, and the echo of statements: what the rewritten text calls.

use super::objects::{run_line, with};
use crate::command::words::Origin;
use crate::error::{Error, ErrorKind};
use crate::script::core::{Core, Shared, Wish};
use crate::script::handle::{Answer, busy};
use crate::script::rewrite::is_command_line;
use crate::script::words;
use crate::trace::Event;
use rhai::{Engine, INT, NativeCallContext};

/// Registers `__line`, `__echo` and every session word as a function.
pub fn register(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("__line", move |context: NativeCallContext, number: INT| {
        let written = with(&shared, |core| {
            let written =
                usize::try_from(number).ok().and_then(|n| core.source.rewritten.commands.get(n)).cloned();
            if let Some(written) = &written {
                mark(core, &written.text);
            }
            Ok(written)
        })?;
        let Some(written) = written else { return Ok(()) };
        run_written(&shared, &written.text, written.line, written.column).map_err(|mut error| {
            error.set_position(context.call_position());
            error
        })
    });
    let shared = core.clone();
    engine.register_fn("__echo", move |number: INT| {
        with(&shared, |core| {
            let written =
                usize::try_from(number).ok().and_then(|n| core.source.rewritten.statements.get(n)).cloned();
            if let Some(written) = written {
                mark(core, &written.text);
            }
            Ok(())
        })
    });
    for word in ["help", "undo", "redo", "log", "stack", "explain", "trace", "open", "save"] {
        let shared = core.clone();
        engine.register_fn(word, move || session(&shared, word));
        let shared = core.clone();
        engine.register_fn(word, move |argument: &str| session(&shared, &format!("{word} {argument}")));
        let shared = core.clone();
        engine.register_fn(word, move |argument: INT| session(&shared, &format!("{word} {argument}")));
    }
    let shared = core.clone();
    engine.register_fn("stack", move |what: &str, path: &str| {
        session(&shared, &format!("stack {what} '{path}'"))
    });
    let shared = core.clone();
    engine.register_fn("predict", move |word: &str| session(&shared, &format!("predict {word}")));
}

/// A statement or line of a scenario begins: shows it, and remembers the lab for `undo`.
fn mark(core: &mut Core, text: &str) {
    core.begin(text);
    let Some(mut story) = core.story.take() else { return };
    if !(is_command_line(text) && words::is_session_line(text)) {
        story.mark(text, &core.lab);
    }
    core.story = Some(story);
    core.emit(Event::Line { text: text.to_owned() });
}

/// Runs a line that was written as a command: docker's, a shell line, or a session word.
pub fn run_written(core: &Shared, text: &str, line: u32, column: u32) -> Answer<()> {
    let (file, whole) = {
        let core = core.try_borrow().map_err(|_| busy())?;
        let whole = core.source.text.lines().nth(line.saturating_sub(1) as usize).unwrap_or("").to_owned();
        (core.source.name.clone(), whole)
    };
    let origin = Origin { file: &file, line, column, text: &whole };
    if words::is_session_line(text) {
        return run_session(core, text, origin);
    }
    run_line(core, text, origin).map(|_| ())
}

fn session(core: &Shared, line: &str) -> Answer<()> {
    run_session(core, line, Origin { file: "<command>", line: 1, column: 1, text: line })
}

fn run_session(core: &Shared, text: &str, origin: Origin<'_>) -> Answer<()> {
    with(core, |core| {
        let wish = words::run(core, text, origin).map_err(|error| core.raise(error))?;
        let Some(wish) = wish else { return Ok(()) };
        if core.story.is_some() {
            in_story(core, &wish).map_err(|error| core.raise(error))
        } else {
            core.wish = Some(wish);
            Ok(())
        }
    })
}

/// In a scenario undo and redo walk its own statements; only the lab goes back, variables are names.
fn in_story(core: &mut Core, wish: &Wish) -> Result<(), Error> {
    let Some(story) = &mut core.story else { return Ok(()) };
    let journal = story.settle(&core.lab);
    let nothing = || Error::new(ErrorKind::Usage, "there is nothing to go back or forward to");
    let text = match wish {
        Wish::Undo(n) => {
            let (lab, lines) = journal.undo(*n).ok_or_else(nothing)?;
            core.lab = lab;
            lines.iter().map(|line| format!("undone: {line}")).collect::<Vec<_>>().join("\n")
        }
        Wish::Redo(n) => {
            let (lab, lines) = journal.redo(*n).ok_or_else(nothing)?;
            core.lab = lab;
            lines.iter().map(|line| format!("done again: {line}")).collect::<Vec<_>>().join("\n")
        }
        Wish::Log => journal.lines().collect::<Vec<_>>().join("\n"),
        Wish::Save(_) | Wish::Quit => {
            return Err(Error::new(ErrorKind::Usage, "this works at the prompt only")
                .hint("leave the line out of the scenario"));
        }
    };
    core.emit(Event::Text { text });
    Ok(())
}
