//! Lines from a pipe: `layerlab < file`.

use super::NAME;
use crate::error::{Error, ErrorKind};
use crate::render::Renderer;
use crate::script::{Flow, Session};
use crate::trace::{Event, Sink};
use std::io::{BufRead, Read};

/// Bytes of one input line, at most.
const MOST_LINE: u64 = 1 << 20;

/// Plays all lines. 0 when none was refused, 1 when one was, 2 when the input is unreadable, 130 when
/// interrupted.
pub fn play(session: &mut Session, renderer: &Renderer, mut input: impl BufRead) -> u8 {
    let mut code = 0;
    let mut typed = String::new();
    loop {
        let more = match read_line(&mut input) {
            Ok(more) => more,
            Err(error) => {
                session.emit_error(&error);
                return 2;
            }
        };
        let ended = more.is_none();
        typed.push_str(&more.unwrap_or_default());
        if typed.trim().is_empty() {
            typed.clear();
        } else if ended || !session.incomplete(&typed) {
            let line = std::mem::take(&mut typed);
            match play_line(session, renderer, line.trim_end()) {
                Ok(Flow::Continue) => {}
                Ok(Flow::Quit) => return code,
                Err(error) => {
                    session.emit_error(&error);
                    code = 1;
                    if error.kind == ErrorKind::Interrupted {
                        return 130;
                    }
                }
            }
        }
        if ended || renderer.broken() {
            return code;
        }
    }
}

fn play_line(session: &mut Session, renderer: &Renderer, line: &str) -> Result<Flow, Error> {
    let line = &*crate::command::without_passwords(line);
    renderer.begin(line);
    renderer.clone().take(Event::Line { text: line.to_owned() });
    session.line(NAME, line)
}

/// The next line with its end; none at the end of the input.
fn read_line(input: &mut impl BufRead) -> Result<Option<String>, Error> {
    let refuse = |message: String| Error::new(ErrorKind::Host, message);
    let mut bytes = Vec::new();
    let read = input.take(MOST_LINE).read_until(b'\n', &mut bytes);
    if read.map_err(|error| refuse(format!("standard input: {error}")))? == 0 {
        return Ok(None);
    }
    if bytes.len() as u64 >= MOST_LINE && bytes.last() != Some(&b'\n') {
        return Err(refuse(format!("standard input: a line of more than {MOST_LINE} bytes")));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(refuse("standard input: this is not UTF-8 text".to_owned())
            .hint("lines of the REPL are text: `docker …`, `help`, or Rhai")),
    }
}
