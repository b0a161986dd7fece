//! Where output goes, with which colours and how wide.

use crate::error::Error;
use crate::render::{Renderer, Style, error};
use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;
use std::io::{self, IsTerminal, Write};

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// Colours on a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Colours, also into a pipe.
    Always,
    /// No colours.
    Never,
}

/// Narrower than this nothing is laid out; wider than that nothing is read.
const WIDTHS: std::ops::RangeInclusive<u16> = 40..=120;

/// The style of standard output.
pub fn style(colour: Colour) -> Style {
    let auto = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    Style { colour: wants(colour, auto), width: width() }
}

/// The style of standard error, for messages.
pub fn style_of_errors(colour: Colour) -> Style {
    let auto = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
    Style { colour: wants(colour, auto), width: width() }
}

fn wants(colour: Colour, auto: bool) -> bool {
    match colour {
        Colour::Auto => auto,
        Colour::Always => true,
        Colour::Never => false,
    }
}

/// Columns of the terminal, 80 in a pipe.
pub fn width() -> usize {
    let columns = terminal_size::terminal_size().filter(|_| io::stdout().is_terminal()).map(|size| size.0.0);
    usize::from(columns.unwrap_or(80).clamp(*WIDTHS.start(), *WIDTHS.end()))
}

/// The printer of standard output. A terminal sees each line as it comes.
pub fn renderer(json: bool, style: Style) -> Renderer {
    let out: Box<dyn Write> = if io::stdout().is_terminal() {
        Box::new(io::stdout())
    } else {
        Box::new(io::BufWriter::new(io::stdout()))
    };
    if json { Renderer::json(out) } else { Renderer::new(out, style) }
}

/// Words for people when standard output belongs to a program.
pub fn note(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// A lab error on standard error.
pub fn complain(problem: &Error, colour: Colour) {
    note(&error(problem, &style_of_errors(colour)));
}
