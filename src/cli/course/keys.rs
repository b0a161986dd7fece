//! Keys while the course watches: single keys at a terminal, lines from a pipe.

use std::io::{self, BufRead, IsTerminal};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// What was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A letter.
    Letter(char),
    /// Ctrl-C, where the terminal hands it on as a key.
    Interrupt,
}

/// Where keys come from.
pub enum Keys {
    /// A terminal that hands on each key as it is pressed, while it is asked.
    #[cfg(feature = "tui")]
    Terminal {
        /// Is it doing so now?
        raw: bool,
    },
    /// Lines: their first letter counts.
    Lines(Receiver<char>),
}

impl Keys {
    /// Keys of standard input.
    pub fn of_input() -> Keys {
        #[cfg(feature = "tui")]
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            return Keys::Terminal { raw: false };
        }
        let (letters, keys) = channel();
        // It ends with the input, or with the program.
        thread::spawn(move || {
            for line in io::stdin().lock().lines() {
                let Ok(line) = line else { break };
                if line.trim().chars().next().is_some_and(|letter| letters.send(letter).is_err()) {
                    break;
                }
            }
        });
        Keys::Lines(keys)
    }

    /// Must Enter be pressed behind a letter?
    pub fn need_enter(&self) -> bool {
        matches!(self, Keys::Lines(_)) && io::stdin().is_terminal()
    }

    /// The next key, if one comes within this time.
    pub fn wait(&mut self, time: Duration) -> Option<Key> {
        match self {
            #[cfg(feature = "tui")]
            Keys::Terminal { raw } => terminal::wait(raw, time),
            Keys::Lines(keys) => match keys.recv_timeout(time) {
                Ok(letter) => Some(Key::Letter(letter)),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => None,
                // The input has ended: nobody types, but files may still be saved.
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
                    thread::sleep(time);
                    None
                }
            },
        }
    }

    /// The terminal is a plain one again: before something is printed.
    pub fn rest(&mut self) {
        #[cfg(feature = "tui")]
        if let Keys::Terminal { raw } = self {
            terminal::rest(raw);
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.rest();
    }
}

#[cfg(feature = "tui")]
mod terminal {
    use super::Key;
    use crate::cli::terminal;
    use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, poll, read};
    use std::time::Duration;

    pub fn wait(raw: &mut bool, time: Duration) -> Option<Key> {
        if !*raw {
            *raw = terminal::raw().is_ok();
        }
        if !poll(time).ok()? {
            return None;
        }
        let Event::Key(key) = read().ok()? else { return None };
        match key.code {
            _ if key.kind == KeyEventKind::Release => None,
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Key::Interrupt),
            KeyCode::Char(letter) => Some(Key::Letter(letter)),
            _ => None,
        }
    }

    pub fn rest(raw: &mut bool) {
        if std::mem::take(raw) {
            terminal::restore();
        }
    }
}
