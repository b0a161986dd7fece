//! Walks the tree: lists, pipelines, compound commands.

use super::expand::{Abort, Expanded};
use super::machine::Machine;
use super::pattern::Pattern;
use super::state::State;
use super::stream::{self, Bag, Descriptors, Open};
use super::syntax::{ArmEnd, Command, Dialect, Item, Join, Kind, List, Parser, Pipeline, Word};
use indexmap::IndexMap;
use std::rc::Rc;

/// A shell at work.
pub(super) struct Shell<'s, 'm> {
    pub m: &'s mut Machine<'m>,
    pub s: State,
    /// Status of the last substitution in the words being expanded.
    pub substituted: Option<i32>,
    /// The builtin that speaks, for messages.
    pub builtin: Option<&'static str>,
}

/// How a command ended the ones around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break(u32),
    Continue(u32),
    Return,
    Exit,
}

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

impl<'s, 'm> Shell<'s, 'm> {
    pub fn new(m: &'s mut Machine<'m>, s: State) -> Shell<'s, 'm> {
        Shell { m, s, substituted: None, builtin: None }
    }

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
        self.s.set("IFS", " \t\n");
        self.s.entry("IFS").exported = false;
        self.s.set("OPTIND", "1");
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
            if let Some(long) = letters.strip_prefix('-') {
                if self.s.dialect == Dialect::Bash {
                    if matches!(long, "rcfile" | "init-file") && !arguments.is_empty() {
                        arguments.remove(0);
                    }
                    if long == "version" {
                        self.say("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n");
                        return Err(0);
                    }
                    continue;
                }
                self.complain("bad option -- ");
                return Err(2);
            }
            for letter in letters.chars() {
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
                    letter => {
                        self.complain(&format!("illegal option -{letter}"));
                        return Err(2);
                    }
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
            return Err(2);
        }
        Ok((Some(arguments.remove(0)), stdin))
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

    /// Reads and runs commands one by one, as they come.
    pub fn source(&mut self, source: &str) -> Flow {
        if !self.m.t.fuel.spend(source.len() as u64) {
            return Flow::Exit;
        }
        let mut parser = Parser::new(source, self.s.dialect);
        loop {
            match parser.next() {
                Ok(None) => return Flow::Next,
                Ok(Some(list)) => match self.list(&list) {
                    Flow::Next => {}
                    flow => return flow,
                },
                Err(error) => {
                    self.s.line = error.line;
                    self.syntax_error(&error);
                    self.s.status = 2;
                    return Flow::Exit;
                }
            }
        }
    }

    pub fn lists(&mut self, lists: &[List]) -> Flow {
        for list in lists {
            match self.list(list) {
                Flow::Next => {}
                flow => return flow,
            }
        }
        Flow::Next
    }

    /// Runs something as a process of its own: traps, then the status.
    pub fn isolated(&mut self, f: impl FnOnce(&mut Self) -> Flow) -> i32 {
        let (cwd, umask, cred) = (self.m.cwd.clone(), self.m.umask, self.m.cred.clone());
        if self.s.subshell > 0 {
            self.s.traps.clear();
        }
        let flow = f(self);
        let _ = flow;
        if let Some(trap) = self.s.traps.shift_remove("EXIT") {
            let status = self.s.status;
            if !self.m.stopped() {
                let flow = self.source(&trap);
                if flow != Flow::Exit {
                    self.s.status = status;
                }
            }
        }
        self.m.cwd = cwd;
        self.m.umask = umask;
        if self.m.cred != cred {
            self.m.become_user(cred);
        }
        self.s.status & 0xff
    }

    pub fn list(&mut self, list: &List) -> Flow {
        for item in &list.0 {
            if !self.m.t.fuel.spend(1) {
                return Flow::Exit;
            }
            match self.item(item) {
                Flow::Next => {}
                flow => return flow,
            }
        }
        Flow::Next
    }

    fn item(&mut self, item: &Item) -> Flow {
        if item.background {
            return self.background(item);
        }
        self.and_or(item)
    }

    /// `&`: run to its end at once, as a process of its own. Its status is only seen by `wait`.
    fn background(&mut self, item: &Item) -> Flow {
        let pid = self.m.new_pid();
        let mut inner = self.s.clone();
        inner.subshell += 1;
        inner.fds.set(0, stream::new(Open::Null));
        let mut shell = Shell::new(self.m, inner);
        let status = shell.isolated(|shell| shell.and_or(item));
        self.m.finished.insert(pid, status);
        self.s.background = Some(pid);
        self.s.status = 0;
        Flow::Next
    }

    fn and_or(&mut self, item: &Item) -> Flow {
        let outer = self.s.checked;
        let count = item.rest.len();
        self.s.checked = outer || count > 0;
        let mut flow = self.pipeline(&item.first);
        for (number, (join, pipeline)) in item.rest.iter().enumerate() {
            if flow != Flow::Next {
                break;
            }
            if (*join == Join::And) == (self.s.status == 0) {
                self.s.checked = outer || number + 1 < count;
                flow = self.pipeline(pipeline);
            }
        }
        self.s.checked = outer;
        flow
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Flow {
        let outer = self.s.checked;
        self.s.checked = outer || pipeline.bang;
        let flow = match &pipeline.commands[..] {
            [command] => {
                let flow = self.command(command);
                if self.s.dialect == Dialect::Bash {
                    self.s.pipe_status = vec![self.s.status];
                }
                flow
            }
            _ => self.pipe(pipeline),
        };
        self.s.checked = outer;
        if pipeline.bang {
            if flow == Flow::Next {
                self.s.status = i32::from(self.s.status == 0);
            }
            return flow;
        }
        if flow == Flow::Next && pipeline.commands.len() > 1 {
            return self.errexit();
        }
        flow
    }

    /// `set -e`: ends the shell after a failure that nobody looked at.
    pub fn errexit(&self) -> Flow {
        let ends = self.s.options.errexit && self.s.status != 0 && !self.s.checked;
        if ends { Flow::Exit } else { Flow::Next }
    }

    /// Commands one after the other, each reading what the one before it wrote.
    fn pipe(&mut self, pipeline: &Pipeline) -> Flow {
        let fds = self.s.fds.clone();
        let mut input = fds.get(0).cloned();
        let last = pipeline.commands.len() - 1;
        let mut statuses = Vec::new();
        for (number, command) in pipeline.commands.iter().enumerate() {
            let mut inner = self.s.clone();
            inner.subshell += 1;
            inner.checked |= self.s.checked;
            if let Some(input) = input.take() {
                inner.fds.set(0, input);
            }
            let bag = (number < last).then(|| stream::new(Open::Bag(Bag::pipe())));
            if let Some(bag) = &bag {
                inner.fds.set(1, bag.clone());
            }
            let mut shell = Shell::new(self.m, inner);
            let mut status = shell.isolated(|shell| shell.command(command));
            if let Some(bag) = bag
                && let Open::Bag(bag) = &mut *bag.borrow_mut()
            {
                let endless = bag.full;
                if endless {
                    status = 141;
                }
                let contents = bag.take();
                input = Some(stream::new(Open::Reader(stream::Reader { contents, position: 0, endless })));
            }
            statuses.push(status);
            if self.m.stopped() {
                return Flow::Exit;
            }
        }
        self.s.status = statuses.last().copied().unwrap_or(0);
        if self.s.options.pipefail {
            self.s.status = statuses.iter().rev().copied().find(|s| *s != 0).unwrap_or(0);
        }
        self.s.pipe_status = statuses;
        Flow::Next
    }

    pub fn command(&mut self, command: &Command) -> Flow {
        if !self.m.t.fuel.enter() {
            return Flow::Exit;
        }
        self.s.line = command.line;
        let flow = match &command.kind {
            Kind::Simple { assigns, words } => self.simple(command, assigns, words),
            kind => self.redirected(command, kind),
        };
        self.m.t.fuel.leave();
        if self.m.stopped() { Flow::Exit } else { flow }
    }

    fn redirected(&mut self, command: &Command, kind: &Kind) -> Flow {
        if command.redirects.is_empty() {
            return self.compound(kind);
        }
        let before = self.s.fds.clone();
        let flow = match self.redirect(&command.redirects) {
            Ok(true) => self.compound(kind),
            Ok(false) => {
                self.s.status = if self.s.dialect == Dialect::Dash { 2 } else { 1 };
                self.errexit()
            }
            Err(Abort(status)) => self.abort(status),
        };
        self.s.fds = before;
        flow
    }

    pub fn abort(&mut self, status: i32) -> Flow {
        self.s.status = status;
        Flow::Exit
    }

    fn compound(&mut self, kind: &Kind) -> Flow {
        let result = match kind {
            Kind::Simple { .. } => Ok(Flow::Next),
            Kind::Group(list) => Ok(self.list(list)),
            Kind::Subshell(list) => {
                let mut inner = self.s.clone();
                inner.subshell += 1;
                let mut shell = Shell::new(self.m, inner);
                self.s.status = shell.isolated(|shell| shell.list(list));
                Ok(self.errexit())
            }
            Kind::If { arms, other } => Ok(self.branch(arms, other.as_ref())),
            Kind::Loop { until, condition, body } => Ok(self.looped(*until, condition, body)),
            Kind::For { name, words, body } => self.over(name, words.as_deref(), body),
            Kind::ForArith { start, check, step, body } => self.counted(start, check, step, body),
            Kind::Case { word, arms } => self.case(word, arms),
            Kind::Function { name, body } => {
                self.s.functions.insert(name.clone(), Rc::clone(body));
                self.s.status = 0;
                Ok(Flow::Next)
            }
            Kind::Arith(word) => self.arithmetic(&word.0).map(|value| {
                self.s.status = i32::from(value == 0);
                self.errexit()
            }),
            Kind::Cond(cond) => self.holds(cond).map(|holds| {
                self.s.status = i32::from(!holds);
                self.errexit()
            }),
        };
        match result {
            Ok(flow) => flow,
            Err(Abort(status)) => self.abort(status),
        }
    }

    /// Runs a condition; `set -e` looks away.
    fn condition(&mut self, list: &List) -> Flow {
        let outer = std::mem::replace(&mut self.s.checked, true);
        let flow = self.list(list);
        self.s.checked = outer;
        flow
    }

    fn branch(&mut self, arms: &[(List, List)], other: Option<&List>) -> Flow {
        for (condition, body) in arms {
            match self.condition(condition) {
                Flow::Next => {}
                flow => return flow,
            }
            if self.s.status == 0 {
                return self.list(body);
            }
        }
        self.s.status = 0;
        other.map_or(Flow::Next, |body| self.list(body))
    }

    /// What a loop does after its body: some to leave with, none to go round again.
    fn round(&mut self, flow: Flow) -> Option<Flow> {
        match flow {
            Flow::Next | Flow::Continue(1) => None,
            Flow::Break(1) => Some(Flow::Next),
            Flow::Break(n) => Some(Flow::Break(n - 1)),
            Flow::Continue(n) => Some(Flow::Continue(n - 1)),
            flow => Some(flow),
        }
    }

    fn looped(&mut self, until: bool, condition: &List, body: &List) -> Flow {
        let mut status = 0;
        self.s.loops += 1;
        let flow = loop {
            if !self.m.t.fuel.spend(20) {
                break Flow::Exit;
            }
            let flow = self.condition(condition);
            if let Some(flow) = self.round(flow) {
                break flow;
            }
            if flow == Flow::Next && (self.s.status == 0) == until {
                self.s.status = status;
                break Flow::Next;
            }
            if flow != Flow::Next {
                continue;
            }
            let flow = self.list(body);
            status = self.s.status;
            if let Some(flow) = self.round(flow) {
                break flow;
            }
        };
        self.s.loops -= 1;
        flow
    }

    fn over(&mut self, name: &str, words: Option<&[Word]>, body: &List) -> Expanded<Flow> {
        let values = match words {
            Some(words) => self.fields(words)?,
            None => self.s.parameters.clone(),
        };
        self.s.status = 0;
        self.s.loops += 1;
        let mut result = Flow::Next;
        for value in values {
            if !self.m.t.fuel.spend(10) {
                result = Flow::Exit;
                break;
            }
            if !self.s.set(name, value) {
                let message = self.readonly_message(name);
                self.complain(&message);
                result = self.abort(2);
                break;
            }
            let flow = self.list(body);
            if let Some(flow) = self.round(flow) {
                result = flow;
                break;
            }
        }
        self.s.loops -= 1;
        Ok(result)
    }

    fn counted(&mut self, start: &Word, check: &Word, step: &Word, body: &List) -> Expanded<Flow> {
        self.arithmetic(&start.0)?;
        self.s.status = 0;
        self.s.loops += 1;
        let result = loop {
            if !self.m.t.fuel.spend(10) {
                break Ok(Flow::Exit);
            }
            let endless = check.0.is_empty();
            match self.arithmetic(&check.0) {
                Ok(0) if !endless => break Ok(Flow::Next),
                Ok(_) => {}
                Err(abort) => break Err(abort),
            }
            let flow = self.list(body);
            if let Some(flow) = self.round(flow) {
                break Ok(flow);
            }
            if let Err(abort) = self.arithmetic(&step.0) {
                break Err(abort);
            }
        };
        self.s.loops -= 1;
        result
    }

    fn case(&mut self, word: &Word, arms: &[super::syntax::Arm]) -> Expanded<Flow> {
        let text: Vec<char> = self.text(word)?.chars().collect();
        self.s.status = 0;
        let mut falling = false;
        for arm in arms {
            let mut fits = falling;
            for pattern in &arm.patterns {
                if fits {
                    break;
                }
                let compiled = Pattern::new(&self.pattern(pattern)?);
                if !self.m.t.fuel.spend(compiled.len().saturating_add(text.len() as u64)) {
                    return Err(Abort(137));
                }
                fits = compiled.matches(&text);
            }
            if !fits {
                continue;
            }
            let flow = self.list(&arm.body);
            if flow != Flow::Next || arm.end == ArmEnd::Break {
                return Ok(flow);
            }
            falling = arm.end == ArmEnd::FallThrough;
        }
        Ok(Flow::Next)
    }
}

/// dash's own words for the two most common reasons.
pub(super) fn dash_open(message: &str) -> &str {
    if message == "No such file or directory" { "No such file" } else { message }
}
