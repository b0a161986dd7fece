//! Keys, as they come from whatever terminal.

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A character.
    Char(char),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Tab with shift.
    BackTab,
    /// Backspace.
    Backspace,
    /// An arrow.
    Up,
    /// An arrow.
    Down,
    /// An arrow.
    Left,
    /// An arrow.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The first row.
    Home,
    /// The last row.
    End,
}

/// A key, with or without Ctrl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// What.
    pub code: Code,
    /// Was Ctrl held?
    pub ctrl: bool,
}

impl Key {
    /// A key alone.
    pub fn plain(code: Code) -> Key {
        Key { code, ctrl: false }
    }

    /// A character alone.
    pub fn char(char: char) -> Key {
        Key::plain(Code::Char(char))
    }

    /// A character with Ctrl.
    pub fn ctrl(char: char) -> Key {
        Key { code: Code::Char(char), ctrl: true }
    }
}
