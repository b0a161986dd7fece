//! Lines typed at a terminal.

use super::helper::LineHelper;
use super::{NAME, ask, banner, history};
use crate::error::{Error, ErrorKind};
use crate::render::{PROMPT, Renderer, Style, Tone};
use crate::script::{Flow, Session};
use crate::trace::{Event, Sink};
use rustyline::config::Configurer;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor};
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

/// Reads and plays lines until Ctrl-D or `quit`. The exit code: 0, or 2 when the terminal is unusable.
pub fn talk(session: &Rc<RefCell<Session>>, renderer: &Renderer, style: Style) -> u8 {
    let mut editor = match open_editor(session, style) {
        Ok(editor) => editor,
        Err(error) => {
            let error = Error::new(ErrorKind::Host, format!("the terminal is unusable: {error}"));
            session.borrow_mut().emit_error(&error.hint("lines may also come from a pipe: layerlab < file"));
            return 2;
        }
    };
    let past = history::file();
    if let Some(file) = &past {
        // No history yet is no failure.
        let _ = editor.load_history(file);
    }
    renderer.echo(false);
    session.borrow_mut().set_ask(Box::new(ask::TerminalAsk::new(renderer.clone())));
    say(&banner::text(&style));

    let prompt = (PROMPT.to_owned(), style.paint(Tone::Accent, PROMPT));
    loop {
        match editor.readline(&prompt) {
            Ok(typed) if typed.trim().is_empty() => {}
            Ok(typed) => {
                let typed = crate::command::without_passwords(&typed);
                let _ = editor.add_history_entry(typed.as_str());
                if let Some(file) = &past {
                    history::note(&mut editor, file);
                }
                if let Some((columns, _)) = editor.dimensions() {
                    renderer.resize(usize::from(columns.clamp(40, 120)));
                }
                if play(session, renderer, &typed) == Flow::Quit {
                    return 0;
                }
            }
            // Clears the line.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Signal(_)) => {}
            Err(_) => return 0,
        }
        if renderer.broken() {
            return 0;
        }
    }
}

fn open_editor(
    session: &Rc<RefCell<Session>>,
    style: Style,
) -> rustyline::Result<Editor<LineHelper, DefaultHistory>> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .max_history_size(2000)?
        .history_ignore_dups(true)?
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_color_mode(if style.colour { ColorMode::Enabled } else { ColorMode::Disabled });
    editor.set_helper(Some(LineHelper::new(Rc::clone(session), style)));
    Ok(editor)
}

/// Plays one line; a refused one is shown and the talk goes on.
fn play(session: &Rc<RefCell<Session>>, renderer: &Renderer, typed: &str) -> Flow {
    renderer.begin(typed);
    renderer.clone().take(Event::Line { text: typed.to_owned() });
    let flow = session.borrow_mut().line(NAME, typed);
    let flow = flow.unwrap_or_else(|error| {
        session.borrow_mut().emit_error(&error);
        Flow::Continue
    });
    renderer.finish();
    flow
}

/// Words of the REPL itself.
fn say(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
