//! Walks the tree: lists, pipelines, compound commands.

use super::expand::{Abort, Expanded};
use super::machine::Machine;
use super::pattern::Pattern;
use super::state::{Function, State};
use super::stream::{self, Bag, Open, Stream};
use super::syntax::{ArmEnd, Command, Cond, Dialect, Item, Join, Kind, List, Part, Pipeline, Word};
use std::borrow::Cow;
use std::rc::Rc;

/// A shell at work.
pub(super) struct Shell<'s, 'm> {
    pub m: &'s mut Machine<'m>,
    pub s: State,
    /// Status of the last substitution in the words being expanded.
    pub substituted: Option<i32>,
    /// The builtin that speaks, for messages; in ash and dash also `eval` and the script of a `.` around it.
    pub builtin: Option<Cow<'static, str>>,
    /// Where `set -x` writes: standard error before the command's redirections.
    pub traced: Option<Stream>,
    /// The failure that is on its way out ends the line, not the shell (bash).
    pub discards: bool,
    /// The word that holds a `${…}` which is none, for bash's message.
    pub whole: Option<String>,
    /// An arithmetic expression used a variable that is not set, under bash's `set -u`.
    pub unbound: bool,
    /// A trap's action runs.
    pub trapped: bool,
    /// Inside the `!` of a `[[ ]]`.
    pub negated: bool,
    /// The last command of bash's `-c`, which the shell becomes instead of starting it.
    pub tail: Option<*const Command>,
    /// It is the command at work.
    pub becomes: bool,
    /// The pattern of `=~` is none: `[[ ]]` ends with 2.
    pub malformed: bool,
}

/// How a command ended the ones around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break(u32),
    Continue(u32),
    Return,
    /// bash: the rest of the line is forgotten, as after a mistake in `$(( ))`.
    Discard,
    Exit,
}

impl<'s, 'm> Shell<'s, 'm> {
    pub fn new(m: &'s mut Machine<'m>, s: State) -> Shell<'s, 'm> {
        Shell {
            m,
            s,
            substituted: None,
            builtin: None,
            traced: None,
            discards: false,
            unbound: false,
            whole: None,
            trapped: false,
            negated: false,
            tail: None,
            becomes: false,
            malformed: false,
        }
    }

    /// A shell of the same machine that was forked from this one.
    pub fn forked(&mut self, mut s: State) -> Shell<'_, 'm> {
        // dash forgets the text of `-c`, and counts from the start.
        if s.dialect == Dialect::Dash && !s.in_file {
            s.reached = 1;
        }
        let builtin = if self.s.dialect == Dialect::Bash { None } else { self.builtin.clone() };
        Shell { builtin, ..Shell::new(self.m, s) }
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
            // What is ignored stays so.
            self.s.traps.retain(|_, action| action.is_empty());
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
        if self.s.options.noexec {
            return Flow::Next;
        }
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
        let mut shell = self.forked(inner);
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
        let start = self.m.seconds.unwrap_or(0.0);
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
        if let Some(posix) = pipeline.timed {
            let seconds = self.m.seconds.unwrap_or(0.0) - start;
            self.print_error(&times(seconds, posix));
        }
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

    /// A failure that nobody looked at: the ERR trap, and `set -e` ends the shell.
    pub fn errexit(&mut self) -> Flow {
        if self.s.status == 0 || self.s.checked {
            return Flow::Next;
        }
        let flow = self.run_trap("ERR");
        if flow != Flow::Next {
            return flow;
        }
        let ends = self.s.options.errexit;
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
            if self.s.dialect == Dialect::Bash {
                inner.loops = 0;
            }
            if let Some(input) = input.take() {
                inner.fds.set(0, input);
            }
            let bag = (number < last).then(|| stream::new(Open::Bag(Bag::pipe())));
            if let Some(bag) = &bag {
                inner.fds.set(1, bag.clone());
            }
            let bare = self.s.dialect == Dialect::Bash && !matches!(command.kind, Kind::Subshell(_));
            let mut shell = self.forked(inner);
            let mut status = shell.isolated(|shell| {
                let flow = shell.command(command);
                // bash runs the EXIT trap of `( )` only.
                if bare {
                    shell.s.traps.clear();
                }
                flow
            });
            if let Some(bag) = bag
                && let Open::Bag(bag) = &mut *bag.borrow_mut()
            {
                let endless = bag.full;
                if endless {
                    status = 141;
                }
                let contents = bag.take();
                input = Some(stream::new(Open::Reader(stream::Reader {
                    contents,
                    endless,
                    ..Default::default()
                })));
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
        let whole = self.s.whole_line;
        let flow = match &command.kind {
            Kind::Simple { assigns, words, arrays } => self.simple(command, assigns, words, arrays),
            kind => self.redirected(command, kind),
        };
        self.s.whole_line = whole;
        self.m.t.fuel.leave();
        if self.m.stopped() { Flow::Exit } else { flow }
    }

    fn redirected(&mut self, command: &Command, kind: &Kind) -> Flow {
        if command.redirects.is_empty() {
            return self.compound(kind);
        }
        let before = self.s.fds.clone();
        let line = self.s.line;
        if self.s.dialect == Dialect::Bash {
            let own = command.redirects.iter().map(|redirect| redirect.line).max().unwrap_or(line);
            let whole = self.s.whole_line.filter(|_| !matches!(kind, Kind::Subshell(_)));
            self.s.line = whole.unwrap_or(own);
        }
        let redirected = self.redirect(&command.redirects);
        self.s.line = line;
        let flow = match redirected {
            Ok(true) => self.compound(kind),
            Ok(false) => {
                // A subshell of ash ends there, as dash does.
                let ends = self.s.dialect == Dialect::Ash && matches!(kind, Kind::Subshell(_));
                self.s.status = if ends || self.s.dialect == Dialect::Dash { 2 } else { 1 };
                // `set -e` of ash does not see it.
                if self.s.dialect == Dialect::Ash && !ends { Flow::Next } else { self.errexit() }
            }
            Err(Abort(status)) => self.abort(status),
        };
        let replaced = self.replaced(&command.redirects);
        self.s.fds.put_back(&replaced, &before);
        flow
    }

    pub fn abort(&mut self, status: i32) -> Flow {
        self.s.status = status;
        if std::mem::take(&mut self.discards) { Flow::Discard } else { Flow::Exit }
    }

    fn compound(&mut self, kind: &Kind) -> Flow {
        match kind {
            Kind::For { .. } | Kind::ForArith { .. } | Kind::Case { .. } => {
                self.s.whole_line = Some(self.s.line)
            }
            Kind::Subshell(_) => self.s.whole_line = None,
            _ => {}
        }
        let result = match kind {
            Kind::Simple { .. } => Ok(Flow::Next),
            Kind::Group(list) => Ok(self.list(list)),
            Kind::Subshell(list) => {
                let mut inner = self.s.clone();
                inner.subshell += 1;
                let mut shell = self.forked(inner);
                self.s.status = shell.isolated(|shell| shell.list(list));
                Ok(self.errexit())
            }
            Kind::If { arms, other } => Ok(self.branch(arms, other.as_ref())),
            Kind::Loop { until, condition, body } => Ok(self.looped(*until, condition, body)),
            Kind::For { name, words, shown, body } => self.over(name, words.as_deref(), shown, body),
            Kind::ForArith { start, check, step, body } => self.counted(start, check, step, body),
            Kind::Case { word, shown, arms } => {
                self.debug_trap();
                self.trace_bash(&format!("case {shown} in"));
                self.case(word, arms)
            }
            Kind::Function { name, body } => {
                let source = match self.s.sources.last() {
                    Some(source) => source,
                    None if self.s.script => &self.s.name,
                    None => "environment",
                };
                let function = Function { body: Rc::clone(body), source: source.into() };
                self.s.functions.insert(name.clone(), function);
                self.s.status = 0;
                Ok(Flow::Next)
            }
            Kind::Arith(word) => self.arithmetic_command(word).map(|value| {
                self.s.status = i32::from(value == 0);
                self.errexit()
            }),
            Kind::Cond(cond) => self.condition_command(cond).map(|holds| {
                self.s.status = if std::mem::take(&mut self.malformed) { 2 } else { i32::from(!holds) };
                self.errexit()
            }),
        };
        match result {
            Ok(flow) => flow,
            Err(Abort(status)) => self.abort(status),
        }
    }

    /// `[[ ]]`
    fn condition_command(&mut self, cond: &Cond) -> Expanded<bool> {
        self.debug_trap();
        self.holds(cond)
    }

    /// `(( ))`: a mistake in it only fails the command.
    fn arithmetic_command(&mut self, word: &Word) -> Expanded<i64> {
        let source = self.text(&Word(vec![Part::Double(word.0.clone())]))?;
        self.debug_trap();
        self.trace_bash(&format!("(( {source} ))"));
        self.calculate_in("((", &source)
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
        match other {
            // `$?` there is the condition's.
            Some(body) => self.list(body),
            None => {
                self.s.status = 0;
                Flow::Next
            }
        }
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

    fn over(&mut self, name: &str, words: Option<&[Word]>, shown: &str, body: &List) -> Expanded<Flow> {
        let shown = if words.is_some() { shown } else { "\"$@\"" };
        if !super::syntax::is_whole_name(name) {
            self.s.line = self.s.whole_line.unwrap_or(self.s.line);
            self.complain(&format!("`{name}': not a valid identifier"));
            self.s.status = 1;
            return Ok(self.errexit());
        }
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
            self.debug_trap();
            self.trace_bash(&format!("for {name} in {shown}"));
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
                let compiled = Pattern::of(&self.pattern(pattern)?, self.flavour());
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

/// What bash's `time` prints (TIMEFORMAT's default). Time passes only where the lab models it.
fn times(seconds: f64, posix: bool) -> String {
    if posix {
        return format!("real {seconds:.2}\nuser 0.00\nsys 0.00\n");
    }
    let minutes = (seconds / 60.0).floor();
    format!("\nreal\t{minutes:.0}m{:.3}s\nuser\t0m0.000s\nsys\t0m0.000s\n", seconds - minutes * 60.0)
}

/// dash's own words for the two most common reasons.
pub(super) fn dash_open(message: &str) -> &str {
    if message == "No such file or directory" { "No such file" } else { message }
}
