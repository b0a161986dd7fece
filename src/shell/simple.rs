//! Simple commands: assignments, functions, builtins, programs.

use super::eval::{Flow, Shell};
use super::expand::{Abort, Expanded};
use super::machine::NotStarted;
use super::state::{Function, Value as Stored, Variable};
use super::stream::Descriptors;
use super::syntax::{Assign, Command, Dialect, SyntaxError, Value, Word};
use super::{builtins, text};

impl Shell<'_, '_> {
    pub(super) fn simple(
        &mut self,
        command: &Command,
        assigns: &[Assign],
        words: &[Word],
        arrays: &[Assign],
    ) -> Flow {
        self.substituted = None;
        if !self.m.t.fuel.spend(15) {
            return Flow::Exit;
        }
        self.becomes = self.tail.is_some_and(|tail| std::ptr::eq(tail, command));
        let argv = match self.fields(words) {
            Ok(argv) => argv,
            Err(Abort(status)) => return self.abort(status),
        };
        self.debug_trap();
        let before = self.s.fds.clone();
        self.traced = before.get(2).cloned();
        let special = argv.first().is_some_and(|name| {
            self.s.dialect != Dialect::Bash
                && builtins::is_special(name)
                && !self.s.functions.contains_key(name)
        });
        // bash shows a command before it redirects anything, ash and dash afterwards.
        let early = self.s.dialect == Dialect::Bash && assigns.is_empty();
        if early {
            self.trace_line(assigns, &argv);
        }
        // bash sets variables before it redirects, when there is nothing else to do.
        if self.s.dialect == Dialect::Bash && argv.is_empty() && !command.redirects.is_empty() {
            if let Err(Abort(status)) = self.with_assigns(assigns, &argv, special) {
                return self.abort(status);
            }
            return self.only_redirects(command, &before);
        }
        let applied = match self.redirect(&command.redirects) {
            Ok(applied) => applied,
            Err(Abort(status)) => return self.abort(status),
        };
        if !applied {
            self.s.fds = before;
            self.s.status = if self.s.dialect == Dialect::Dash { 2 } else { 1 };
            return if special { Flow::Exit } else { self.errexit() };
        }
        // What `exec` redirects stays, inside a function or `eval` too.
        let keep = command.redirects.is_empty()
            || argv.first().is_some_and(|name| name == "exec") && argv.len() == 1;
        let mut flow = self.with_assigns(assigns, &argv, special);
        if matches!(flow, Ok(Flow::Next)) && self.s.status == 0 {
            let all = arrays.iter().try_for_each(|array| self.assign(array, false));
            flow = all.map(|()| Flow::Next);
        }
        if !keep {
            let replaced = self.replaced(&command.redirects);
            self.s.fds.put_back(&replaced, &before);
        }
        match flow {
            Ok(Flow::Next) => self.errexit(),
            Ok(flow) => flow,
            Err(Abort(status)) => self.abort(status),
        }
    }

    /// Redirections without a command: files are made, and nothing stays open.
    fn only_redirects(&mut self, command: &Command, before: &Descriptors) -> Flow {
        let applied = self.redirect(&command.redirects);
        self.s.fds = before.clone();
        match applied {
            Ok(true) => {}
            Ok(false) => self.s.status = 1,
            Err(Abort(status)) => return self.abort(status),
        }
        self.errexit()
    }

    fn with_assigns(&mut self, assigns: &[Assign], argv: &[String], special: bool) -> Expanded<Flow> {
        if argv.is_empty() {
            for assign in assigns {
                self.assign(assign, false)?;
                self.trace_assign(assign);
            }
            self.trace_line(assigns, argv);
            self.s.status = self.substituted.unwrap_or(0);
            return Ok(Flow::Next);
        }
        // Before a program or an ordinary builtin, assignments last as long as it runs.
        let mut saved: Vec<(String, Option<Variable>)> = Vec::new();
        for assign in assigns {
            if !special {
                saved.push((assign.name.clone(), self.s.variables.get(&assign.name).cloned()));
            }
            self.assign(assign, !special)?;
            self.trace_assign(assign);
        }
        if self.s.dialect != Dialect::Bash || !assigns.is_empty() {
            self.trace_line(assigns, argv);
        }
        let flow = self.invoke(argv);
        for (name, variable) in saved.into_iter().rev() {
            match variable {
                Some(variable) => drop(self.s.variables.insert(name, variable)),
                None => drop(self.s.variables.shift_remove(&name)),
            }
        }
        flow
    }

    /// Performs one assignment.
    pub(super) fn assign(&mut self, assign: &Assign, export: bool) -> Expanded<()> {
        if self.s.variables.get(&assign.name).is_some_and(|variable| variable.readonly) {
            let message = self.readonly_message(&assign.name);
            self.complain(&message);
            self.discards = self.s.dialect == Dialect::Bash;
            return Err(Abort(if self.s.dialect == Dialect::Bash { 1 } else { 2 }));
        }
        match &assign.value {
            Value::Array(items) => self.assign_array(assign, items)?,
            Value::Word(word) => {
                let mut value = self.assigned_text(word)?;
                match &assign.index {
                    Some(index) => self.assign_element(assign, index, value)?,
                    None => {
                        if assign.append {
                            value = format!("{}{value}", self.s.get(&assign.name).unwrap_or_default());
                        }
                        if !self.m.t.fuel.spend_bytes(value.len() as u64) {
                            return Err(Abort(137));
                        }
                        self.s.set(&assign.name, value);
                        if assign.name == "PATH" || export {
                            let variable = self.s.entry(&assign.name);
                            variable.exported |= export;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The right side of an assignment: a tilde counts also after a colon.
    fn assigned_text(&mut self, word: &Word) -> Expanded<String> {
        if let Some(plain) = word.plain()
            && plain.contains(":~")
        {
            let mut pieces = Vec::new();
            for piece in plain.split(':') {
                let word = Word(vec![super::syntax::Part::Text(piece.to_owned())]);
                pieces.push(self.text(&word)?);
            }
            return Ok(pieces.join(":"));
        }
        self.text(word)
    }

    fn assign_array(&mut self, assign: &Assign, items: &[(Option<Word>, Word)]) -> Expanded<()> {
        let keyed =
            matches!(self.s.variables.get(&assign.name).map(|v| &v.value), Some(Some(Stored::Map(_))));
        if keyed {
            let mut map = std::collections::BTreeMap::new();
            for (key, value) in items {
                let key = match key {
                    Some(key) => self.text(key)?,
                    None => continue,
                };
                map.insert(key, self.text(value)?);
            }
            self.s.entry(&assign.name).value = Some(Stored::Map(map));
            return Ok(());
        }
        let mut array = match self.s.variables.get(&assign.name).and_then(|v| v.value.clone()) {
            Some(Stored::Array(array)) if assign.append => array,
            Some(Stored::Text(text)) if assign.append => [(0, text)].into(),
            _ => std::collections::BTreeMap::new(),
        };
        let mut next = array.keys().next_back().map_or(0, |last| last + 1);
        for (key, value) in items {
            match key {
                Some(key) => {
                    next = self.arithmetic(&key.0)?;
                    let value = self.text(value)?;
                    array.insert(next, value);
                    next = next.wrapping_add(1);
                }
                None => {
                    for value in self.fields(std::slice::from_ref(value))? {
                        array.insert(next, value);
                        next = next.wrapping_add(1);
                    }
                }
            }
        }
        self.s.entry(&assign.name).value = Some(Stored::Array(array));
        Ok(())
    }

    fn assign_element(&mut self, assign: &Assign, index: &Word, value: String) -> Expanded<()> {
        let keyed =
            matches!(self.s.variables.get(&assign.name).map(|v| &v.value), Some(Some(Stored::Map(_))));
        if keyed {
            let key = self.text(index)?;
            if let Some(Stored::Map(map)) = &mut self.s.entry(&assign.name).value {
                map.insert(key, value);
            }
            return Ok(());
        }
        let at = self.arithmetic(&index.0)?;
        let slot = &mut self.s.entry(&assign.name).value;
        let mut array = match slot.take() {
            Some(Stored::Array(array)) => array,
            Some(Stored::Text(text)) => [(0, text)].into(),
            _ => std::collections::BTreeMap::new(),
        };
        let value = if assign.append {
            format!("{}{value}", array.get(&at).cloned().unwrap_or_default())
        } else {
            value
        };
        array.insert(at, value);
        *slot = Some(Stored::Array(array));
        Ok(())
    }

    /// Runs a command by its name: function, builtin or program.
    pub(super) fn invoke(&mut self, argv: &[String]) -> Expanded<Flow> {
        let Some(name) = argv.first() else { return Ok(Flow::Next) };
        if self.s.dialect != Dialect::Bash && builtins::is_special(name) {
            return self.run_builtin(name, argv);
        }
        if let Some(function) = self.s.functions.get(name).cloned() {
            return self.call_function(&function, argv);
        }
        if builtins::find(name, self.s.dialect).is_some() {
            return self.run_builtin(name, argv);
        }
        if self.s.dialect == Dialect::Bash && name.starts_with('%') {
            return self.run_builtin("fg", argv);
        }
        self.s.status = self.program(argv);
        Ok(Flow::Next)
    }

    pub(super) fn run_builtin(&mut self, name: &str, argv: &[String]) -> Expanded<Flow> {
        let Some((name, builtin)) = builtins::find(name, self.s.dialect) else { return Ok(Flow::Next) };
        let outer = self.builtin.replace(name.into());
        let flow = builtin(self, argv);
        self.builtin = outer;
        flow
    }

    fn call_function(&mut self, function: &Function, argv: &[String]) -> Expanded<Flow> {
        if !self.m.t.fuel.enter() {
            return Err(Abort(137));
        }
        let parameters =
            std::mem::replace(&mut self.s.parameters, argv.get(1..).unwrap_or_default().to_vec());
        self.s.hidden.push(Vec::new());
        self.s.calls += 1;
        self.s.calling.push(argv.first().cloned().unwrap_or_default());
        let loops = std::mem::take(&mut self.s.loops);
        let line = self.s.line;
        self.s.whole_line = None;
        self.s.sources.push(function.source.to_string());
        let hidden = self.hide_traps();
        let flow = self.command(&function.body);
        self.after_function(hidden);
        self.s.sources.pop();
        self.s.line = line;
        self.s.loops = loops;
        self.s.calls -= 1;
        self.s.calling.pop();
        for (name, variable) in self.s.hidden.pop().unwrap_or_default().into_iter().rev() {
            match variable {
                Some(variable) => drop(self.s.variables.insert(name, variable)),
                None => drop(self.s.variables.shift_remove(&name)),
            }
        }
        self.s.parameters = parameters;
        self.m.t.fuel.leave();
        Ok(if flow == Flow::Return { Flow::Next } else { flow })
    }

    /// Starts a program; its status.
    pub(super) fn program(&mut self, argv: &[String]) -> i32 {
        let mut env = self.s.environment();
        let fds = self.s.fds.clone();
        let search = self.s.get("PATH").unwrap_or_default();
        let name = argv.first().map_or("", String::as_str);
        let started = self.m.find(name, &search).and_then(|found| {
            // bash tells a program where it was found.
            if self.s.dialect == Dialect::Bash {
                env.insert("_".to_owned(), text::decode(&found.path));
                if self.becomes {
                    let level = env.get("SHLVL").and_then(|level| level.parse::<i64>().ok());
                    env.entry("SHLVL".to_owned()).and_modify(|l| *l = (level.unwrap_or(1) - 1).to_string());
                }
            }
            self.m.execute(found, argv.to_vec(), &env, &fds)
        });
        match started {
            Ok(status) => status,
            Err(why) => self.not_started(argv, why),
        }
    }

    pub(super) fn not_started(&mut self, argv: &[String], why: NotStarted) -> i32 {
        let name = argv.first().cloned().unwrap_or_default();
        let bash = self.s.dialect == Dialect::Bash;
        let bytes = text::encode(&name).into_owned();
        let (message, status) = match why {
            NotStarted::Format => return self.run_text(argv),
            NotStarted::Denied if bash && name.contains('/') && self.m.is_dir(&bytes) => {
                ("Is a directory", 126)
            }
            NotStarted::Denied => {
                let path = if name.contains('/') { name.clone() } else { self.first_in_path(&name) };
                let interpreter = bash.then(|| self.m.interpreter_of(&text::encode(&path))).flatten();
                if let Some(interpreter) = interpreter {
                    let name = path;
                    // bash speaks of the system here, so it names no line.
                    let shell = self.s.name.clone();
                    self.print_error(&format!(
                        "{shell}: {name}: {interpreter}: bad interpreter: Permission denied\n"
                    ));
                    return 126;
                }
                // dash looks for the execute bit while it searches, and then has found nothing.
                let search = self.s.get("PATH").unwrap_or_default();
                let searched = self.s.dialect == Dialect::Dash
                    && !name.contains('/')
                    && self.m.find(&name, &search).is_err();
                ("Permission denied", if searched { 127 } else { 126 })
            }
            NotStarted::Interpreter if bash => ("cannot execute: required file not found", 127),
            NotStarted::Interpreter => ("not found", 127),
            NotStarted::Missing if name.is_empty() && !bash => ("Permission denied", 127),
            NotStarted::Missing if bash && name.contains('/') => ("No such file or directory", 127),
            NotStarted::Missing if bash => ("command not found", 127),
            NotStarted::Missing => ("not found", 127),
        };
        let interpreter = why == NotStarted::Interpreter;
        let named = bash && (status == 126 || interpreter) && !name.contains('/');
        let name = if named { self.first_in_path(&name) } else { name };
        let odd = name.contains(|c: char| c.is_ascii_control() || !c.is_ascii());
        let name = if bash && odd { builtins::quote_again(&name) } else { name };
        self.complain(&format!("{name}: {message}"));
        status
    }

    /// The first file of this name in PATH, executable or not: bash names it.
    fn first_in_path(&mut self, name: &str) -> String {
        let search = self.s.get("PATH").unwrap_or_default();
        let mut paths = search.split(':').map(|dir| format!("{dir}/{name}"));
        let found = paths.find(|path| self.m.stat(&text::encode(path)).is_ok());
        found.unwrap_or_else(|| name.to_owned())
    }

    /// A text without `#!`: the shell reads it itself.
    fn run_text(&mut self, argv: &[String]) -> i32 {
        let name = argv.first().cloned().unwrap_or_default();
        let search = self.s.get("PATH").unwrap_or_default();
        let Ok(found) = self.m.find(&name, &search) else { return 126 };
        // dash starts /bin/sh with it, ash itself by that name.
        let shell = match self.s.dialect {
            Dialect::Dash => "/bin/sh",
            Dialect::Ash => "ash",
            Dialect::Bash => &self.s.name,
        };
        let mut script = vec![shell.to_owned(), text::decode(&found.path)];
        script.extend(argv.iter().skip(1).cloned());
        let (env, fds, dialect) = (self.s.environment(), self.s.fds.clone(), self.s.dialect);
        if !self.m.t.fuel.enter() {
            return 137;
        }
        let status = match dialect {
            Dialect::Dash => self.m.start(script, &env, &fds, None).unwrap_or(126),
            _ => super::begin::run_shell(self.m, dialect, &script, &env, &fds),
        };
        self.m.t.fuel.leave();
        status
    }

    // ---- messages ----

    /// Prints on the shell's standard error.
    pub(super) fn print_error(&mut self, text: &str) {
        if let Some(stream) = self.s.fds.get(2).cloned() {
            self.m.emit(&stream, &text::encode(text));
        }
    }

    /// Prints on the shell's standard output. False: the reader is gone.
    pub(super) fn say(&mut self, text: &str) -> bool {
        let bytes = text::encode(text).into_owned();
        self.say_bytes(&bytes)
    }

    pub(super) fn say_bytes(&mut self, bytes: &[u8]) -> bool {
        match self.s.fds.get(1).cloned() {
            Some(stream) => self.m.emit(&stream, bytes),
            None => false,
        }
    }

    /// `sh: line: builtin: message`, in the shell's own form.
    pub(super) fn complain(&mut self, message: &str) {
        let place = self.place(self.s.line);
        let line = match (self.s.dialect, &self.builtin) {
            (Dialect::Ash, Some(builtin)) => {
                let (name, line) = (&self.s.name, self.ash_line(self.s.line));
                format!("{name}: {builtin}: line {line}: {message}\n")
            }
            (_, Some(builtin)) => format!("{place}{builtin}: {message}\n"),
            (_, None) => format!("{place}{message}\n"),
        };
        self.print_error(&line);
    }

    /// A mistake that ash and dash tell as one of reading: with the line that the parser has come to.
    pub(super) fn complain_while_reading(&mut self, message: &str) {
        let line = self.s.line;
        if self.s.dialect != Dialect::Bash {
            self.s.line = self.s.reached;
        }
        self.complain(message);
        self.s.line = line;
    }

    /// With `-c`, ash counts lines from zero.
    fn ash_line(&self, line: u32) -> u32 {
        if self.s.in_file { line } else { line.saturating_sub(1) }
    }

    /// A message without the builtin's name in it.
    pub(super) fn complain_plain(&mut self, message: &str) {
        let builtin = self.builtin.take();
        self.complain(message);
        self.builtin = builtin;
    }

    fn place(&self, line: u32) -> String {
        let name = &self.s.name;
        match self.s.dialect {
            Dialect::Ash if self.s.in_file => format!("{name}: line {line}: "),
            Dialect::Ash => format!("{name}: "),
            Dialect::Dash => format!("{name}: {line}: "),
            Dialect::Bash => format!("{}: line {line}: ", self.source_name()),
        }
    }

    /// Where bash says that it is: the file of the function or of the `.` it is in (BASH_SOURCE).
    fn source_name(&self) -> &str {
        self.s.sources.last().map_or(&self.s.name, |source| source)
    }

    /// bash alone warns of a here-document without its end.
    pub(super) fn here_document_cut_off(&mut self, last: u32, line: u32, wanted: &str) {
        if self.s.dialect == Dialect::Bash {
            let place = self.place(last);
            self.print_error(&format!(
                "{place}warning: here-document at line {line} delimited by end-of-file (wanted `{wanted}')\n"
            ));
        }
    }

    pub(super) fn syntax_error(&mut self, error: &SyntaxError) {
        let dialect = self.s.dialect;
        for message in error.message(dialect) {
            let line = match dialect {
                Dialect::Bash => {
                    let (name, input) = (self.source_name(), &self.s.input);
                    if input.is_empty() || input == name {
                        format!("{name}: {message}\n")
                    } else {
                        format!("{name}: {input}: {message}\n")
                    }
                }
                _ => {
                    self.s.line = error.line;
                    self.complain(&message);
                    continue;
                }
            };
            self.print_error(&line);
        }
    }
}
