//! `alias` and `unalias`.

use super::super::eval::{Flow, Shell};
use super::super::expand::Expanded;
use super::super::syntax::Dialect;
use super::usage;

/// `name='value'` as each shell lists it.
fn row(shell: &Shell<'_, '_>, name: &str, value: &str) -> String {
    match shell.s.dialect {
        Dialect::Bash => format!("alias {name}='{}'\n", value.replace('\'', r"'\''")),
        _ => format!("{name}={}\n", super::quote(value, Dialect::Ash)),
    }
}

pub(super) fn alias(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let bash = shell.s.dialect == Dialect::Bash;
    let mut words = argv.get(1..).unwrap_or_default();
    let mut all = words.is_empty();
    if bash {
        let Some((letters, rest)) = usage::options(shell, argv, "p")? else { return Ok(Flow::Next) };
        words = rest;
        all |= letters.contains('p');
    }
    if all {
        let mut rows: Vec<String> =
            shell.s.aliases.iter().map(|(name, value)| row(shell, name, value)).collect();
        if bash {
            rows.sort();
        }
        shell.say(&rows.concat());
    }
    for word in words {
        // The first character belongs to the name, whatever it is.
        let start = word.chars().next().map_or(0, char::len_utf8);
        match word.get(start..).and_then(|rest| rest.split_once('=')) {
            Some((rest, value)) => {
                let name = format!("{}{rest}", word.get(..start).unwrap_or_default());
                std::rc::Rc::make_mut(&mut shell.s.aliases).insert(name, value.to_owned());
            }
            None => match shell.s.aliases.get(word) {
                Some(value) => {
                    let row = row(shell, word, value);
                    shell.say(&row);
                }
                None => missing(shell, word),
            },
        }
    }
    Ok(Flow::Next)
}

fn missing(shell: &mut Shell<'_, '_>, name: &str) {
    shell.s.status = 1;
    match shell.s.dialect {
        Dialect::Bash => shell.complain(&format!("{name}: not found")),
        _ => {
            let builtin = shell.builtin.clone().unwrap_or_default();
            shell.print_error(&format!("{builtin}: {name} not found\n"));
        }
    }
}

pub(super) fn unalias(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let Some((letters, words)) = usage::options(shell, argv, "a")? else { return Ok(Flow::Next) };
    if letters.contains('a') {
        shell.s.aliases = Default::default();
        return Ok(Flow::Next);
    }
    if words.is_empty() && shell.s.dialect == Dialect::Bash {
        usage::usage(shell);
    }
    for word in words {
        if std::rc::Rc::make_mut(&mut shell.s.aliases).shift_remove(word).is_none() {
            missing(shell, word);
        }
    }
    Ok(Flow::Next)
}
