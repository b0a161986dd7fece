//! A shell begins: its options, its own variables, its script.

use super::eval::{Shell, dash_open};
use super::machine::Machine;
use super::state::State;
use super::stream::Descriptors;
use super::syntax::Dialect;
use indexmap::IndexMap;

/// Runs a shell program: `sh -c text`, `sh file`, `sh` with a script on standard input.
pub(super) fn run_shell(
    m: &mut Machine<'_>,
    dialect: Dialect,
    argv: &[String],
    env: &IndexMap<String, String>,
    fds: &Descriptors,
) -> i32 {
    let name = argv.first().map_or("sh", String::as_str);
    let mut s = State::new(dialect, name, env, fds);
    s.pid = m.new_pid();
    Shell::new(m, s).main(argv)
}

impl Shell<'_, '_> {
    fn main(&mut self, argv: &[String]) -> i32 {
        self.adopt_environment();
        let mut arguments = argv.get(1..).unwrap_or_default().to_vec();
        let (command, stdin) = match self.invocation(&mut arguments) {
            Ok(found) => found,
            Err(status) => return status,
        };
        let source = if let Some(text) = command {
            if !arguments.is_empty() {
                self.s.name = arguments.remove(0);
            }
            text
        } else if stdin || arguments.is_empty() {
            self.s.script = true;
            let Some(input) = self.s.fds.get(0).cloned() else { return 0 };
            let contents = self.m.read_rest(&input);
            match contents.to_bytes(16 << 20) {
                Some(bytes) => super::text::decode(&bytes),
                None => return 2,
            }
        } else {
            let path = arguments.remove(0);
            match self.script_text(&path) {
                Ok(text) => text,
                Err(status) => return status,
            }
        };
        self.s.parameters = arguments;
        self.s.in_file = self.s.script;
        if !self.s.script {
            self.s.input = "-c".to_owned();
        }
        self.isolated(|shell| shell.source(&source));
        self.s.status & 0xff
    }

    /// Variables every shell sets for itself: PWD, and in ash and bash SHLVL.
    fn adopt_environment(&mut self) {
        let cwd = super::text::decode(&self.m.cwd);
        let keep = self.s.get("PWD").is_some_and(|pwd| {
            pwd.starts_with('/') && self.m.realpath(pwd.as_bytes()).is_ok_and(|real| real == self.m.cwd)
        });
        if !keep {
            self.s.set("PWD", cwd);
        }
        self.s.entry("PWD").exported = true;
        if self.s.dialect != Dialect::Dash {
            let level: i64 = self.s.get("SHLVL").and_then(|l| l.parse().ok()).unwrap_or(0);
            self.s.set("SHLVL", (level + 1).to_string());
            self.s.entry("SHLVL").exported = true;
        }
        if self.s.dialect == Dialect::Bash {
            let uid = self.m.cred.uid.to_string();
            for (name, value) in [
                ("BASH_VERSION", "5.2.15(1)-release"),
                ("HOSTNAME", super::sandbox::hostname(self.m.sandbox)),
                ("OSTYPE", "linux-gnu"),
                ("HOSTTYPE", "x86_64"),
                ("MACHTYPE", "x86_64-pc-linux-gnu"),
                ("UID", &uid),
                ("EUID", &uid),
            ] {
                if self.s.get(name).is_none() {
                    self.s.set(name, value);
                }
            }
        }
        if self.s.dialect == Dialect::Bash {
            let parts = ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"];
            let items = parts.iter().enumerate().map(|(at, part)| (at as i64, (*part).to_owned()));
            let version = self.s.entry("BASH_VERSINFO");
            version.value = Some(super::state::Value::Array(items.collect()));
            version.readonly = true;
            self.s.entry("OLDPWD").exported = true;
        }
        self.s.set("IFS", " \t\n");
        self.s.entry("IFS").exported = false;
        self.s.set("OPTIND", "1");
        self.s.set("PPID", "0");
        self.s.set("PS4", "+ ");
        match self.s.dialect {
            Dialect::Ash => {
                self.s.set("PS1", "\\w \\$ ");
                self.s.set("PS2", "> ");
                if self.s.get("HOSTNAME").is_none() {
                    self.s.set("HOSTNAME", super::sandbox::hostname(self.m.sandbox));
                }
            }
            Dialect::Dash => {
                self.s.set("PS1", if self.m.cred.uid == 0 { "# " } else { "$ " });
                self.s.set("PS2", "> ");
            }
            Dialect::Bash => {}
        }
        if self.s.get("PATH").is_none() {
            self.s.set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        }
    }

    /// Options before the script; the text of `-c`, and whether `-s` was there.
    fn invocation(&mut self, arguments: &mut Vec<String>) -> Result<(Option<String>, bool), i32> {
        let (mut command, mut stdin) = (false, false);
        while let Some(argument) = arguments.first().cloned() {
            let Some(letters) = argument.strip_prefix('-').or_else(|| argument.strip_prefix('+')) else {
                break;
            };
            let on = argument.starts_with('-');
            if letters.is_empty() || letters == "-" {
                arguments.remove(0);
                break;
            }
            arguments.remove(0);
            if let Some(long) = letters.strip_prefix('-')
                && self.s.dialect == Dialect::Bash
            {
                if matches!(long, "rcfile" | "init-file") && !arguments.is_empty() {
                    arguments.remove(0);
                }
                if long == "version" {
                    self.say("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n");
                    return Err(0);
                }
                continue;
            }
            for letter in letters.chars() {
                if letter == 'r' && self.s.dialect == Dialect::Bash {
                    continue;
                }
                match letter {
                    'c' => command = true,
                    's' => stdin = true,
                    'i' | 'l' => {}
                    'o' => {
                        let name = if arguments.is_empty() { String::new() } else { arguments.remove(0) };
                        if !self.set_option(&name, on) {
                            self.complain(&format!("{name}: invalid option name"));
                            return Err(2);
                        }
                    }
                    letter if self.set_letter(letter, on) => {}
                    letter => return Err(self.refuse_option(letter, on)),
                }
            }
        }
        if !command {
            return Ok((None, stdin));
        }
        if arguments.is_empty() {
            let message = match self.s.dialect {
                Dialect::Dash => "0: -c requires an argument",
                Dialect::Ash => "-c requires an argument",
                Dialect::Bash => "-c: option requires an argument",
            };
            let name = self.s.name.clone();
            self.print_error(&format!("{name}: {message}\n"));
            return Err(self.refused());
        }
        Ok((Some(arguments.remove(0)), stdin))
    }

    /// Says that the shell itself has no such option.
    fn refuse_option(&mut self, letter: char, on: bool) -> i32 {
        let name = self.s.name.clone();
        let line = match self.s.dialect {
            Dialect::Ash => format!("{name}: illegal option {}{letter}\n", if on { '-' } else { '+' }),
            Dialect::Dash => format!("{name}: 0: Illegal option -{letter}\n"),
            Dialect::Bash => format!("{name}: {}{letter}: invalid option\n", if on { '-' } else { '+' }),
        };
        self.print_error(&line);
        self.refused()
    }

    /// The status of a shell that does not take its arguments; bash ends with 1 under `-e`.
    fn refused(&self) -> i32 {
        if self.s.dialect == Dialect::Bash && self.s.options.errexit { 1 } else { 2 }
    }

    /// The text of a script named on the command line.
    fn script_text(&mut self, path: &str) -> Result<String, i32> {
        let bytes = super::text::encode(path).into_owned();
        let read = if self.m.is_dir(&bytes) { Err(crate::fs::Errno::EISDIR) } else { self.m.read(&bytes) };
        match read {
            Ok(contents) => {
                self.s.name = path.to_owned();
                self.s.script = true;
                match contents.to_bytes(16 << 20) {
                    Some(bytes) => Ok(super::text::decode(&bytes)),
                    None => Err(126),
                }
            }
            Err(errno) => {
                let (name, message) = (self.s.name.clone(), self.m.message(errno));
                let line = match self.s.dialect {
                    Dialect::Ash => format!("{name}: can't open '{path}': {message}\n"),
                    Dialect::Dash => format!("{name}: 0: cannot open {path}: {}\n", dash_open(message)),
                    Dialect::Bash => format!("{name}: {path}: {message}\n"),
                };
                self.print_error(&line);
                Err(if self.s.dialect == Dialect::Bash { 127 } else { 2 })
            }
        }
    }
}
