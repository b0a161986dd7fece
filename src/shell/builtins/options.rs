//! `set` and `shopt`.

use super::super::eval::{Flow, Shell};
use super::super::expand::{Abort, Expanded};
use super::super::syntax::Dialect;
use super::usage;

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
            'E' if self.s.dialect != Dialect::Dash => options.errtrace = on,
            'T' if self.s.dialect == Dialect::Bash => options.functrace = on,
            'i' | 'E' | 'V' => return self.s.dialect == Dialect::Dash,
            'I' => return self.s.dialect != Dialect::Bash,
            'B' | 'H' | 'P' | 'k' | 'p' | 't' => return self.s.dialect == Dialect::Bash,
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
            "errtrace" if self.s.dialect != Dialect::Dash => 'E',
            "functrace" if self.s.dialect == Dialect::Bash => 'T',
            "ignoreeof" | "vi" | "nolog" | "debug" | "interactive" | "stdin" | "emacs" => return true,
            "posix"
            | "hashall"
            | "interactive-comments"
            | "histexpand"
            | "history"
            | "braceexpand"
            | "keyword"
            | "onecmd"
            | "physical"
            | "privileged" => return self.s.dialect == Dialect::Bash,
            _ => return false,
        };
        self.set_letter(letter, on)
    }
}

/// `set`: options, then parameters.
pub(super) fn set(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    if argv.len() == 1 {
        super::listing::variables(shell);
        return Ok(Flow::Next);
    }
    let mut words = argv.get(1..).unwrap_or_default();
    while let Some(word) = words.first() {
        let on = word.starts_with('-');
        if word == "-" {
            // Tracing ends; what follows are parameters.
            shell.s.options.xtrace = false;
            shell.s.options.verbose = false;
            words = words.get(1..).unwrap_or_default();
            break;
        }
        if !(on || word.starts_with('+')) || word.len() == 1 {
            break;
        }
        words = words.get(1..).unwrap_or_default();
        if word == "--" {
            new_parameters(shell, words);
            return Ok(Flow::Next);
        }
        for letter in word.chars().skip(1) {
            if letter == 'o' {
                let Some(name) = words.first() else {
                    super::listing::options(shell, !on);
                    break;
                };
                words = words.get(1..).unwrap_or_default();
                if !shell.set_option(name, on) {
                    return illegal_option(shell, name, on);
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
                shell.complain(&match shell.s.dialect {
                    Dialect::Ash => format!("illegal option {sign}{letter}"),
                    // dash says so of `+` as well.
                    _ => format!("Illegal option -{letter}"),
                });
                return Err(Abort(2));
            }
        }
    }
    if !words.is_empty() {
        new_parameters(shell, words);
    }
    Ok(Flow::Next)
}

fn illegal_option(shell: &mut Shell<'_, '_>, name: &str, on: bool) -> Expanded<Flow> {
    match shell.s.dialect {
        Dialect::Ash => {
            let sign = if on { '-' } else { '+' };
            shell.complain(&format!("illegal option {sign}o {name}"));
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

/// `shopt` (bash): the options that the lab follows can be set, all others are known by name.
pub(super) fn shopt(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let Some((letters, names)) = usage::options(shell, argv, "supqo")? else { return Ok(Flow::Next) };
    for name in names {
        let options = &mut shell.s.options;
        let mut fixed = ON.contains(&name.as_str());
        let option = match name.as_str() {
            "nullglob" => &mut options.nullglob,
            "dotglob" => &mut options.dotglob,
            "globstar" => &mut options.globstar,
            "extglob" => &mut options.extglob,
            "expand_aliases" => &mut options.expand_aliases,
            known if fixed || OFF.contains(&known) => &mut fixed,
            _ => {
                shell.complain(&format!("{name}: invalid shell option name"));
                shell.s.status = 1;
                continue;
            }
        };
        if letters.contains(['s', 'u']) {
            *option = letters.contains('s');
            continue;
        }
        let on = *option;
        if !on {
            shell.s.status = 1;
        }
        if letters.contains('p') {
            shell.say(&format!("shopt -{} {name}\n", if on { 's' } else { 'u' }));
        } else if !letters.contains('q') {
            shell.say(&format!("{name:<15}\t{}\n", if on { "on" } else { "off" }));
        }
    }
    Ok(Flow::Next)
}

/// Options of `shopt` that are on in a script, and that are off; what they do is not modelled.
const ON: [&str; 13] = [
    "checkwinsize",
    "cmdhist",
    "complete_fullquote",
    "extquote",
    "force_fignore",
    "globasciiranges",
    "globskipdots",
    "hostcomplete",
    "interactive_comments",
    "patsub_replacement",
    "progcomp",
    "promptvars",
    "sourcepath",
];
const OFF: [&str; 19] = [
    "autocd",
    "cdable_vars",
    "cdspell",
    "checkhash",
    "checkjobs",
    "direxpand",
    "dirspell",
    "execfail",
    "extdebug",
    "failglob",
    "gnu_errfmt",
    "histappend",
    "huponexit",
    "inherit_errexit",
    "lastpipe",
    "localvar_inherit",
    "nocaseglob",
    "nocasematch",
    "xpg_echo",
];

/// ash and dash begin anew with `getopts` after `set`; bash when OPTIND is set.
fn new_parameters(shell: &mut Shell<'_, '_>, words: &[String]) {
    shell.s.parameters = words.to_vec();
    if shell.s.dialect != Dialect::Bash {
        shell.s.set("OPTIND", "1");
    }
}
