//! Colour and width of what is printed. Nothing depends on colour alone: each tone goes with a word or a sign.

use anstyle::{AnsiColor, Effects};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours?
    pub colour: bool,
    /// Columns of a line.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Style {
        Style { colour: false, width: 80 }
    }
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// HIT, a check that holds, what is visible.
    Good,
    /// MISS.
    Warn,
    /// An error, a check that fails, a whiteout.
    Bad,
    /// BASE, prompts, words to type.
    Accent,
    /// Headings.
    Strong,
    /// What is there but matters less: numbers, META, frames.
    Dim,
    /// As it is.
    Plain,
}

impl Style {
    /// `text` in the colour of `tone`.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colour || text.is_empty() || tone == Tone::Plain {
            return text.to_owned();
        }
        let style = tone.ansi();
        format!("{style}{text}{style:#}")
    }
}

impl Tone {
    /// The colours, the same for what is printed and what is typed.
    pub fn ansi(self) -> anstyle::Style {
        let colour = |colour: AnsiColor| anstyle::Style::new().fg_color(Some(colour.into()));
        match self {
            Tone::Good => colour(AnsiColor::Green),
            Tone::Warn => colour(AnsiColor::Yellow).effects(Effects::BOLD),
            Tone::Bad => colour(AnsiColor::Red).effects(Effects::BOLD),
            Tone::Accent => colour(AnsiColor::Cyan),
            Tone::Strong => anstyle::Style::new().effects(Effects::BOLD),
            Tone::Dim => anstyle::Style::new().effects(Effects::DIMMED),
            Tone::Plain => anstyle::Style::new(),
        }
    }
}
