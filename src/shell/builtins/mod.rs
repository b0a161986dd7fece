//! Commands that the shell itself performs.

mod aliases;
mod control;
mod listing;
mod options;
mod places;
mod print;
mod quoting;
mod signals;
mod usage;
mod variables;

pub(super) use quoting::{backslash_quoted, quote, quote_again, quote_trace};

use super::eval::{Flow, Shell};
use super::expand::Expanded;
use super::syntax::Dialect;

/// A builtin: takes the words, sets the status.
pub(super) type Builtin = fn(&mut Shell<'_, '_>, &[String]) -> Expanded<Flow>;

/// Name, function, and the shells that have it: `a`sh, `d`ash, `b`ash.
const TABLE: [(&str, Builtin, &str); 52] = [
    (".", control::dot, "adb"),
    (":", control::colon, "adb"),
    ("[", print::test, "adb"),
    ("[[", print::test, "a"),
    ("alias", aliases::alias, "adb"),
    ("bg", control::no_job, "adb"),
    ("break", control::break_loop, "adb"),
    ("builtin", control::builtin, "b"),
    ("cd", places::cd, "adb"),
    ("command", control::command, "adb"),
    ("continue", control::continue_loop, "adb"),
    ("coproc", control::coproc, "b"),
    ("declare", variables::declare, "b"),
    ("dirs", places::dirs, "b"),
    ("disown", control::colon, "b"),
    ("echo", print::echo, "adb"),
    ("eval", control::eval, "adb"),
    ("exec", control::exec, "adb"),
    ("exit", control::exit, "adb"),
    ("export", variables::export, "adb"),
    ("false", control::fails, "adb"),
    ("fg", control::no_job, "adb"),
    ("getopts", variables::getopts, "adb"),
    ("hash", control::hash, "adb"),
    ("jobs", control::colon, "adb"),
    ("kill", signals::kill, "adb"),
    ("let", variables::calculate, "ab"),
    ("local", variables::local, "adb"),
    ("mapfile", variables::mapfile, "b"),
    ("popd", places::popd, "b"),
    ("printf", print::printf, "adb"),
    ("pushd", places::pushd, "b"),
    ("pwd", places::pwd, "adb"),
    ("read", variables::read, "adb"),
    ("readarray", variables::mapfile, "b"),
    ("readonly", variables::readonly, "adb"),
    ("return", control::return_from, "adb"),
    ("set", options::set, "adb"),
    ("shift", variables::shift, "adb"),
    ("shopt", options::shopt, "b"),
    ("source", control::dot, "ab"),
    ("test", print::test, "adb"),
    ("times", control::times, "adb"),
    ("trap", signals::trap, "adb"),
    ("true", control::colon, "adb"),
    ("type", control::kind, "adb"),
    ("typeset", variables::declare, "b"),
    ("ulimit", control::ulimit, "adb"),
    ("umask", places::umask, "adb"),
    ("unalias", aliases::unalias, "adb"),
    ("unset", variables::unset, "adb"),
    ("wait", control::wait, "adb"),
];

/// The builtin of this name in this shell.
pub(super) fn find(name: &str, dialect: Dialect) -> Option<(&'static str, Builtin)> {
    let letter = match dialect {
        Dialect::Ash => 'a',
        Dialect::Dash => 'd',
        Dialect::Bash => 'b',
    };
    let at = TABLE.binary_search_by(|(known, _, _)| (*known).cmp(name)).ok()?;
    let (known, builtin, shells) = TABLE.get(at)?;
    shells.contains(letter).then_some((*known, *builtin))
}

/// POSIX's special builtins: an error in one ends the shell, and assignments before it stay.
pub(super) fn is_special(name: &str) -> bool {
    const SPECIAL: [&str; 15] = [
        ".", ":", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set",
        "shift", "times", "trap", "unset",
    ];
    SPECIAL.contains(&name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted() {
        assert!(super::TABLE.is_sorted_by(|a, b| a.0 < b.0));
    }
}
