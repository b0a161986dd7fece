//! Options of builtins, and what is said about a wrong one (dash and busybox `nextopt`, bash
//! `internal_getopt` and `builtin_usage`).

use super::super::eval::{Flow, Shell};
use super::super::expand::{Abort, Expanded};
use super::super::syntax::Dialect;

/// How bash sums up its builtins.
const USAGE: [(&str, &str); 17] = [
    (".", ". filename [arguments]"),
    ("alias", "alias [-p] [name[=value] ... ]"),
    ("cd", "cd [-L|[-P [-e]] [-@]] [dir]"),
    ("command", "command [-pVv] command [arg ...]"),
    ("export", "export [-fn] [name[=value] ...] or export -p"),
    ("getopts", "getopts optstring name [arg ...]"),
    ("hash", "hash [-lr] [-p pathname] [-dt] [name ...]"),
    ("kill", "kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]"),
    ("pwd", "pwd [-LP]"),
    (
        "read",
        "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] \
         [-u fd] [name ...]",
    ),
    ("readonly", "readonly [-aAf] [name[=value] ...] or readonly -p"),
    ("set", "set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]"),
    ("source", "source filename [arguments]"),
    ("trap", "trap [-lp] [[arg] signal_spec ...]"),
    ("ulimit", "ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]"),
    ("unalias", "unalias [-a] name [name ...]"),
    ("unset", "unset [-f] [-v] [-n] [name ...]"),
];

/// Options that were given, and the words after them; none: one was wrong, and it was said.
pub(super) type Options<'w> = Option<(String, &'w [String])>;

/// The letters before the first word that is no option. `accepted`: the letters of this shell's builtin.
pub(super) fn options<'w>(
    shell: &mut Shell<'_, '_>,
    argv: &'w [String],
    accepted: &str,
) -> Expanded<Options<'w>> {
    let (mut letters, mut words) = (String::new(), argv.get(1..).unwrap_or_default());
    while let Some(word) = words.first().filter(|word| word.starts_with('-') && word.len() > 1) {
        words = words.get(1..).unwrap_or_default();
        if word == "--" {
            break;
        }
        for letter in word.chars().skip(1) {
            if !accepted.contains(letter) {
                wrong_option(shell, letter)?;
                return Ok(None);
            }
            letters.push(letter);
        }
    }
    Ok(Some((letters, words)))
}

/// Says that there is no such option. In ash and dash it ends the shell, if the builtin is a special one.
pub(super) fn wrong_option(shell: &mut Shell<'_, '_>, letter: char) -> Expanded<()> {
    shell.s.status = 2;
    match shell.s.dialect {
        Dialect::Bash => {
            shell.complain(&format!("-{letter}: invalid option"));
            usage(shell);
            return Ok(());
        }
        Dialect::Ash => shell.complain(&format!("illegal option -{letter}")),
        Dialect::Dash => shell.complain(&format!("Illegal option -{letter}")),
    }
    wrong(shell)
}

/// After a complaint: a special builtin of ash or dash ends the shell.
pub(super) fn wrong(shell: &mut Shell<'_, '_>) -> Expanded<()> {
    shell.s.status = 2;
    let special = shell.builtin.as_deref().is_some_and(super::is_special);
    if special && shell.s.dialect != Dialect::Bash { Err(Abort(2)) } else { Ok(()) }
}

/// bash's line about the builtin that speaks.
pub(super) fn usage(shell: &mut Shell<'_, '_>) {
    let name = shell.builtin.clone().unwrap_or_default();
    if let Some((_, usage)) = USAGE.iter().find(|(known, _)| *known == name.as_ref()) {
        shell.print_error(&format!("{name}: usage: {usage}\n"));
    }
    shell.s.status = 2;
}

/// A wrong number where a builtin wants one.
pub(super) fn illegal_number(shell: &mut Shell<'_, '_>, word: &str) -> Expanded<Flow> {
    shell.complain(&format!("Illegal number: {word}"));
    wrong(shell)?;
    Ok(Flow::Next)
}
