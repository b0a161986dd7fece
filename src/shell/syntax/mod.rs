//! The grammar of ash, dash and bash: text to tree.
//!
//! A shell reads one complete command, runs it, and only then reads on, so a mistake in the third
//! line of a script does not stop the first two. [`Parser::next`] does the same. The grammar is
//! POSIX's (XCU 2.10) plus what each dialect adds; what a dialect lacks is a syntax error worded as
//! that shell words it (busybox `shell/ash.c` `raise_error_unexpected_syntax`, dash `parser.c`
//! `synexpect`, bash `parse.y` `report_syntax_error`).

mod cond;
mod error;
mod lexer;
mod param;
mod parser;
mod tree;

pub(crate) use error::SyntaxError;
pub(crate) use parser::Parser;
pub(crate) use tree::*;

/// Which shell: grammar, wording, builtins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// busybox ash.
    #[default]
    Ash,
    /// Debian's dash.
    Dash,
    /// bash.
    Bash,
}
