//! `set` and `shopt`.

use super::super::eval::{Flow, Shell};
use super::super::expand::{Abort, Expanded};
use super::super::syntax::Dialect;

impl Shell<'_, '_> {
    /// Sets an option by its letter. False: there is none.
    pub(in super::super) fn set_letter(&mut self, letter: char, on: bool) -> bool {
        let options = &mut self.s.options;
        match letter {
            'e' => options.errexit = on,
            'u' => options.nounset = on,
            'x' => options.xtrace = on,
            'f' => options.noglob = on,
            'n' => options.noexec = on,
            'a' => options.allexport = on,
            'C' => options.noclobber = on,
            'v' => options.verbose = on,
            'm' | 'b' | 'h' => {}
            'i' | 'I' | 'V' | 'E' => return self.s.dialect != Dialect::Bash || letter == 'E',
            'T' | 'B' | 'H' | 'P' | 'k' | 'p' | 't' => return self.s.dialect == Dialect::Bash,
            _ => return false,
        }
        true
    }

    /// Sets an option by its long name. False: there is none.
    pub(in super::super) fn set_option(&mut self, name: &str, on: bool) -> bool {
        let letter = match name {
            "errexit" => 'e',
            "nounset" => 'u',
            "xtrace" => 'x',
            "noglob" => 'f',
            "noexec" => 'n',
            "allexport" => 'a',
            "noclobber" => 'C',
            "verbose" => 'v',
            "monitor" => 'm',
            "notify" => 'b',
            "pipefail" if self.s.dialect != Dialect::Dash => {
                self.s.options.pipefail = on;
                return true;
            }
            "ignoreeof" | "vi" | "nolog" | "debug" | "interactive" | "stdin" | "emacs" => return true,
            "posix" | "errtrace" | "functrace" | "hashall" | "history" | "braceexpand" | "keyword"
            | "onecmd" | "physical" | "privileged" => return self.s.dialect == Dialect::Bash,
            _ => return false,
        };
        self.set_letter(letter, on)
    }
}

/// `set`: options, then parameters.
pub(super) fn set(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    if argv.len() == 1 {
        let mut lines: Vec<String> = shell
            .s
            .variables
            .keys()
            .filter_map(|name| {
                Some(format!("{name}={}\n", super::quote(&shell.s.get(name)?, shell.s.dialect)))
            })
            .collect();
        lines.sort();
        shell.say(&lines.concat());
        return Ok(Flow::Next);
    }
    let mut words = argv.get(1..).unwrap_or_default();
    while let Some(word) = words.first() {
        let on = word.starts_with('-');
        if !(on || word.starts_with('+')) || word.len() == 1 {
            break;
        }
        words = words.get(1..).unwrap_or_default();
        if word == "--" {
            shell.s.parameters = words.to_vec();
            return Ok(Flow::Next);
        }
        for letter in word.chars().skip(1) {
            if letter == 'o' {
                let Some(name) = words.first() else {
                    list_options(shell);
                    break;
                };
                words = words.get(1..).unwrap_or_default();
                if !shell.set_option(name, on) {
                    return illegal_option(shell, name);
                }
            } else if !shell.set_letter(letter, on) {
                let sign = if on { '-' } else { '+' };
                if shell.s.dialect == Dialect::Bash {
                    shell.complain(&format!("{sign}{letter}: invalid option"));
                    shell.print_error(
                        "set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n",
                    );
                    shell.s.status = 2;
                    return Ok(Flow::Next);
                }
                let illegal = if shell.s.dialect == Dialect::Ash { "illegal" } else { "Illegal" };
                shell.complain(&format!("{illegal} option {sign}{letter}"));
                return Err(Abort(2));
            }
        }
    }
    if !words.is_empty() {
        shell.s.parameters = words.to_vec();
    }
    Ok(Flow::Next)
}

fn illegal_option(shell: &mut Shell<'_, '_>, name: &str) -> Expanded<Flow> {
    match shell.s.dialect {
        Dialect::Ash => {
            shell.complain(&format!("illegal option -o {name}"));
            shell.s.status = 1;
            Ok(Flow::Next)
        }
        Dialect::Dash => {
            shell.complain(&format!("Illegal option -o {name}"));
            Err(Abort(2))
        }
        Dialect::Bash => {
            shell.complain(&format!("{name}: invalid option name"));
            shell.s.status = 2;
            Ok(Flow::Next)
        }
    }
}

fn list_options(shell: &mut Shell<'_, '_>) {
    let o = &shell.s.options;
    let rows = [
        ("allexport", o.allexport),
        ("errexit", o.errexit),
        ("noclobber", o.noclobber),
        ("noglob", o.noglob),
        ("nounset", o.nounset),
        ("pipefail", o.pipefail),
        ("xtrace", o.xtrace),
    ];
    let text: String =
        rows.iter().map(|(name, on)| format!("{name:<15}\t{}\n", if *on { "on" } else { "off" })).collect();
    shell.say(&text);
}

/// `shopt -s name…` (bash).
pub(super) fn shopt(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let on = !argv.iter().any(|word| word == "-u");
    for name in argv.iter().skip(1).filter(|word| !word.starts_with('-')) {
        match name.as_str() {
            "nullglob" => shell.s.options.nullglob = on,
            "dotglob" => shell.s.options.dotglob = on,
            "globstar" => shell.s.options.globstar = on,
            _ => {}
        }
    }
    Ok(Flow::Next)
}
