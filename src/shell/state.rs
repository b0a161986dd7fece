//! A shell's own state: what a subshell gets a copy of.

use super::stream::Descriptors;
use super::syntax::{Command, Dialect};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// bash: by index.
    Array(BTreeMap<i64, String>),
    /// bash: `declare -A`.
    Map(BTreeMap<String, String>),
}

/// A variable.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    /// None: declared, but unset.
    pub value: Option<Value>,
    pub exported: bool,
    pub readonly: bool,
    /// `declare -i`
    pub integer: bool,
    /// `declare -u` (true) or `-l`: what is assigned is turned.
    pub upper: Option<bool>,
}

/// A function.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub body: Rc<Command>,
    /// The file it was read from, as bash names it.
    pub source: Rc<str>,
}

/// `set -…` and `set -o …`.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub errexit: bool,
    pub nounset: bool,
    pub xtrace: bool,
    pub noglob: bool,
    pub noexec: bool,
    pub pipefail: bool,
    pub allexport: bool,
    pub noclobber: bool,
    pub verbose: bool,
    /// `shopt -s nullglob`
    pub nullglob: bool,
    pub dotglob: bool,
    pub globstar: bool,
    /// `shopt -s extglob`
    pub extglob: bool,
    /// `shopt -s expand_aliases`
    pub expand_aliases: bool,
    /// `set -E`: functions inherit the ERR trap.
    pub errtrace: bool,
    /// `set -T`: functions inherit the DEBUG and RETURN traps.
    pub functrace: bool,
}

/// The state.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub dialect: Dialect,
    pub variables: IndexMap<String, Variable>,
    pub functions: IndexMap<String, Function>,
    pub parameters: Vec<String>,
    pub name: String,
    /// The name the process was started by: some of busybox's builtins speak as that applet.
    pub applet: String,
    /// The script being read, for messages; none with `-c`.
    pub script: bool,
    /// Commands come from a file: ash counts its lines from one.
    pub in_file: bool,
    /// What is being read, as bash names it: `-c`, `eval`, a file; empty is the script itself.
    pub input: String,
    /// The functions at work, the innermost last.
    pub calling: Vec<String>,
    /// The files of the functions and `.` around the command, as bash names them.
    pub sources: Vec<String>,
    pub options: Options,
    pub status: i32,
    pub fds: Descriptors,
    /// Variables that `local` hid, one list a function call.
    pub hidden: Vec<Vec<(String, Option<Variable>)>>,
    pub loops: u32,
    pub calls: u32,
    /// Reading a file with `.`.
    pub sourced: u32,
    pub traps: IndexMap<String, String>,
    /// Shared with the parser.
    pub aliases: Rc<IndexMap<String, String>>,
    pub line: u32,
    /// The line that the parser has come to: ash and dash name it for some mistakes.
    pub reached: u32,
    /// bash: the line that redirections of compound commands speak of: where the whole command ends that
    /// was read, or the loop or `case` around begins. None in a function: their own.
    pub whole_line: Option<u32>,
    /// Inside a condition: `set -e` waits.
    pub checked: bool,
    pub pid: u32,
    pub background: Option<u32>,
    pub getopts: usize,
    pub pipe_status: Vec<i32>,
    /// A subshell: errors end it alone.
    pub subshell: u32,
    /// Substitutions, `eval` and `.` around the command: bash's `set -x` shows how many.
    pub level: u32,
}

impl State {
    pub fn new(dialect: Dialect, name: &str, env: &IndexMap<String, String>, fds: &Descriptors) -> State {
        let variable = |value: &String| Variable {
            value: Some(Value::Text(value.clone())),
            exported: true,
            readonly: false,
            integer: false,
            upper: None,
        };
        State {
            dialect,
            variables: env.iter().map(|(name, value)| (name.clone(), variable(value))).collect(),
            functions: IndexMap::new(),
            parameters: Vec::new(),
            name: name.to_owned(),
            applet: name.rsplit('/').next().unwrap_or_default().to_owned(),
            script: false,
            in_file: false,
            input: String::new(),
            calling: Vec::new(),
            sources: Vec::new(),
            options: Options::default(),
            status: 0,
            fds: fds.clone(),
            hidden: Vec::new(),
            loops: 0,
            calls: 0,
            sourced: 0,
            traps: IndexMap::new(),
            aliases: Rc::default(),
            line: 1,
            reached: 1,
            whole_line: None,
            checked: false,
            pid: 1,
            background: None,
            getopts: 0,
            pipe_status: Vec::new(),
            subshell: 0,
            level: 0,
        }
    }

    /// The variable's text; of an array its first element.
    pub fn get(&self, name: &str) -> Option<String> {
        match self.variables.get(name)?.value.as_ref()? {
            Value::Text(text) => Some(text.clone()),
            Value::Array(items) => items.get(&0).cloned(),
            Value::Map(items) => items.get("0").cloned(),
        }
    }

    /// Sets a variable's text. False: it is read-only.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> bool {
        let value = value.into();
        let all = self.options.allexport;
        match self.variables.get_mut(name) {
            Some(variable) if variable.readonly => return false,
            Some(variable) => {
                let value = match variable.upper {
                    Some(true) => value.to_uppercase(),
                    Some(false) => value.to_lowercase(),
                    None => value,
                };
                match &mut variable.value {
                    Some(Value::Array(items)) => drop(items.insert(0, value)),
                    other => *other = Some(Value::Text(value)),
                }
                variable.exported |= all;
            }
            None => {
                let variable = Variable {
                    value: Some(Value::Text(value)),
                    exported: all,
                    readonly: false,
                    integer: false,
                    upper: None,
                };
                self.variables.insert(name.to_owned(), variable);
            }
        }
        if name == "OPTIND" {
            self.getopts = 0;
        }
        true
    }

    /// `declare -u`, `declare -l`: what is assigned from now on is turned.
    pub fn turned(&mut self, name: &str, letter: Option<char>) {
        if let Some(letter) = letter {
            self.entry(name).upper = Some(letter == 'u');
        }
    }

    /// The variable, made when missing.
    pub fn entry(&mut self, name: &str) -> &mut Variable {
        self.variables.entry(name.to_owned()).or_insert(Variable {
            value: None,
            exported: false,
            readonly: false,
            integer: false,
            upper: None,
        })
    }

    /// What a program gets, in the order of the shell's own hash table.
    pub fn environment(&self) -> IndexMap<String, String> {
        let exported = self.variables.iter().filter(|(_, variable)| variable.exported);
        let mut all: Vec<_> = exported
            .filter_map(|(name, variable)| match variable.value.as_ref()? {
                Value::Text(text) => Some((self.bucket(name), name, text)),
                _ => None,
            })
            .collect();
        // bash puts a newcomer at the head of its bucket, ash and dash at the end.
        if self.dialect == Dialect::Bash {
            all.reverse();
        }
        all.sort_by_key(|(bucket, _, _)| *bucket);
        all.into_iter().map(|(_, name, text)| (name.clone(), text.clone())).collect()
    }

    /// Where the shell's hash table has a variable: bash `hashlib.c` (FNV-1, 1024 buckets), ash and dash
    /// `hashvar` (39, and their own variables first).
    fn bucket(&self, name: &str) -> (u32, bool) {
        if self.dialect == Dialect::Bash {
            let hash = |sum: u32, byte: u8| sum.wrapping_mul(16_777_619) ^ u32::from(byte);
            return (name.bytes().fold(2_166_136_261, hash) & 1023, false);
        }
        let first = u32::from(name.bytes().next().unwrap_or(0)) << 4;
        let own = ["IFS", "MAIL", "MAILPATH", "PATH", "PS1", "PS2", "PS4", "OPTIND", "LINENO", "TERM"];
        let sum = name.bytes().fold(first, |sum, byte| sum.wrapping_add(u32::from(byte)));
        (sum % 39, !own.contains(&name))
    }

    /// The letters of `$-`.
    pub fn letters(&self) -> String {
        let o = &self.options;
        let command = self.dialect != Dialect::Dash && !self.script;
        let options = [
            (o.errexit, 'e'),
            (o.noglob, 'f'),
            (command && self.dialect == Dialect::Ash, 'c'),
            (o.xtrace, 'x'),
            (o.verbose, 'v'),
            (o.noclobber, 'C'),
            (o.allexport, 'a'),
            (o.nounset, 'u'),
        ];
        // ash and dash go through their table from its end.
        if self.dialect != Dialect::Bash {
            return options.iter().rev().filter(|(on, _)| *on).map(|(_, letter)| *letter).collect();
        }
        let flags = [
            (o.allexport, 'a'),
            (o.errexit, 'e'),
            (o.noglob, 'f'),
            (true, 'h'),
            (o.nounset, 'u'),
            (o.verbose, 'v'),
            (o.xtrace, 'x'),
            (true, 'B'),
            (o.noclobber, 'C'),
            (o.errtrace, 'E'),
            (o.functrace, 'T'),
            (command, 'c'),
        ];
        flags.iter().filter(|(on, _)| *on).map(|(_, letter)| *letter).collect()
    }
}
