//! The grammar of ash, dash and bash: text to tree.
//!
//! The commands' grammar is the one of the crate `brush-parser`: pipelines, lists, compound
//! commands, functions, redirections, `[[ ]]`. Around it stand
//! - [`lexer`] and [`param`]: characters to words and their parts, as each shell splits them. The
//!   crate's own tokenizer and word parser can't be used on raw text: they mix up the order of
//!   tokens when `$…` follows `<<` on its line, end `$(case x in x) …` at the first parenthesis,
//!   collapse blanks in `${x:-a  b}`, take `"${x:-it's}"` for text, panic on a descriptor that is
//!   too big, and double their work with every level of `"a$(…)"`;
//! - [`reading`]: words to the crate's tokens. A word goes in as a mark and comes out of the
//!   crate's tree as that mark; only what the dialect reserves goes in by name, so a shell that
//!   lacks `[[`, `function` or `+=` meets an ordinary word, as it does in the real one;
//! - [`grammar`]: asks the crate, and words its refusal as the shell does (busybox `shell/ash.c`
//!   `raise_error_unexpected_syntax`, dash `parser.c` `synexpect`, bash `parse.y`
//!   `report_syntax_error`);
//! - [`convert`]: the crate's tree to ours, in which a word is parsed once and not at every
//!   expansion.
//!
//! A shell reads one complete command, runs it, and only then reads on, so a mistake in the third
//! line of a script does not stop the first two. [`Parser::next`] does the same.

mod convert;
mod error;
mod grammar;
mod lexer;
mod param;
mod parser;
mod reading;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use error::{Mistake, SyntaxError, opaque};
pub(crate) use parser::{Parser, is_whole_name};
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
