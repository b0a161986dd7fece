//! `awk`.

use super::awk_input::{Pipe, Reading};
use super::awk_parse::{Expr, Function, Program, Rule, Statement, When, parse};
use super::awk_value::Value;
use super::posix_regex;
use crate::shell::call::Call;
use crate::shell::text;
use regex::Regex;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// How a statement ended the ones around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Go,
    Next,
    NextFile,
    Break,
    Continue,
    Return,
    Exit,
}

/// A parameter of a function that runs: its value, and the array that it stands for.
#[derive(Debug)]
pub(super) struct Slot {
    pub value: Value,
    pub array: String,
}

pub(super) struct Machine<'a, 'c, 'm> {
    pub(super) call: &'a mut Call<'c, 'm>,
    pub(super) variables: HashMap<String, Value>,
    pub(super) arrays: HashMap<String, BTreeMap<String, Value>>,
    pub(super) functions: HashMap<String, Rc<Function>>,
    /// Parameters of the functions that run, the innermost last.
    pub(super) frames: Vec<HashMap<String, Slot>>,
    /// What the last `return` gave.
    pub(super) returned: Value,
    pub(super) record: String,
    pub(super) fields: Vec<String>,
    active: Vec<bool>,
    pub(super) status: i32,
    regexes: HashMap<String, Option<Regex>>,
    pub(super) broken: Option<String>,
    /// `exit` inside a function: everything around it ends.
    pub(super) exiting: bool,
    /// An input file was missing: nothing more runs, END neither.
    pub(super) fatal: bool,
    /// Files of the command line, the next one last.
    pub(super) files: Vec<String>,
    pub(super) any_file: bool,
    pub(super) input: Option<Reading>,
    /// What `getline` reads: commands (true) and files by name.
    pub(super) readings: HashMap<(bool, String), Reading>,
    /// How those commands ended.
    pub(super) statuses: HashMap<String, i32>,
    pub(super) written: Vec<String>,
    pub(super) pipes: Vec<Pipe>,
}

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    if !call.busybox
        && let Some(own) = call.argv.first().and_then(|name| name.rsplit('/').next())
    {
        call.name = own.to_owned();
    }
    let mut assigns = Vec::new();
    let mut source: Option<String> = None;
    let mut separator = None;
    let mut words = call.args();
    while let Some(word) = words.first().filter(|w| w.starts_with('-') && w.len() > 1) {
        let take = |words: &mut &[String]| -> String {
            if word.len() > 2 {
                return word[2..].to_owned();
            }
            *words = words.get(1..).unwrap_or_default();
            words.first().cloned().unwrap_or_default()
        };
        match word.get(..2) {
            Some("-F") => separator = Some(take(&mut words)),
            Some("-v") => assigns.push(take(&mut words)),
            Some("-f") => {
                let file = take(&mut words);
                match call.open_read(&file) {
                    Ok(contents) => {
                        let text = call.text_of(&contents);
                        source.get_or_insert_with(String::new).push_str(&format!("{text}\n"));
                    }
                    Err(errno) => {
                        let message = call.m.message(errno);
                        call.either(
                            &format!("can't open '{file}': {message}"),
                            &format!("cannot open {file} ({message})"),
                        );
                        return if call.busybox { 1 } else { 2 };
                    }
                }
            }
            Some("--") => {
                words = words.get(1..).unwrap_or_default();
                break;
            }
            _ => {}
        }
        words = words.get(1..).unwrap_or_default();
    }
    let source = match source {
        Some(source) => source,
        None => match words.split_first() {
            Some((first, rest)) => {
                words = rest;
                first.clone()
            }
            None => {
                if call.busybox {
                    return call.usage("");
                }
                call.err("Usage: mawk [Options] [Program] [file ...]\n");
                return 0;
            }
        },
    };
    let program = match parse(&source) {
        Ok(program) => program,
        Err(message) => {
            call.either(
                &format!("cmd. line:1: {message}"),
                &format!(
                    "cmd. line:1: {source}\n{0}: cmd. line:1: syntax error: {message}",
                    call.name.clone()
                ),
            );
            return if call.busybox { 1 } else { 2 };
        }
    };
    let Program { rules, functions } = program;
    let mut machine = Machine::new(call, rules.len());
    machine.functions = functions;
    machine.files = words.iter().rev().cloned().collect();
    machine.set_arguments(words);
    if let Some(separator) = separator {
        machine.set("FS", Value::Text(unescaped(&separator)));
    }
    for assign in assigns {
        if let Some((name, value)) = assign.split_once('=') {
            machine.set(name, Value::Input(unescaped(value)));
        }
    }
    machine.run(&rules)
}

pub(super) fn unescaped(raw: &str) -> String {
    let (bytes, _) = crate::shell::escape::format(raw);
    text::decode(&bytes)
}

impl<'a, 'c, 'm> Machine<'a, 'c, 'm> {
    fn new(call: &'a mut Call<'c, 'm>, rules: usize) -> Machine<'a, 'c, 'm> {
        let mut variables = HashMap::new();
        for (name, value) in [
            ("FS", " "),
            ("OFS", " "),
            ("ORS", "\n"),
            ("RS", "\n"),
            ("SUBSEP", "\x1c"),
            ("CONVFMT", "%.6g"),
            ("OFMT", "%.6g"),
        ] {
            variables.insert(name.to_owned(), Value::Text(value.to_owned()));
        }
        for name in ["NR", "FNR", "NF"] {
            variables.insert(name.to_owned(), Value::Number(0.0));
        }
        let environment =
            call.env.iter().map(|(name, value)| (name.clone(), Value::Input(value.clone()))).collect();
        Machine {
            call,
            variables,
            arrays: HashMap::from([("ENVIRON".to_owned(), environment)]),
            functions: HashMap::new(),
            frames: Vec::new(),
            returned: Value::Unset,
            record: String::new(),
            fields: Vec::new(),
            active: vec![false; rules],
            status: 0,
            regexes: HashMap::new(),
            broken: None,
            exiting: false,
            fatal: false,
            files: Vec::new(),
            any_file: false,
            input: None,
            readings: HashMap::new(),
            statuses: HashMap::new(),
            written: Vec::new(),
            pipes: Vec::new(),
        }
    }

    /// `ARGC` and `ARGV`.
    fn set_arguments(&mut self, words: &[String]) {
        let all = std::iter::once("awk").chain(words.iter().map(String::as_str));
        let array: BTreeMap<String, Value> =
            all.enumerate().map(|(at, word)| (at.to_string(), Value::Input(word.to_owned()))).collect();
        self.set("ARGC", Value::Number(array.len() as f64));
        self.arrays.insert("ARGV".to_owned(), array);
    }

    fn run(&mut self, rules: &[Rule]) -> i32 {
        let of = |kind: fn(&When) -> bool| rules.iter().filter(move |rule| kind(&rule.when));
        let mut flow = Flow::Go;
        for rule in of(|when| matches!(when, When::Begin)) {
            if let Some(action) = &rule.action
                && flow == Flow::Go
            {
                flow = self.statement(action);
            }
        }
        let reads = rules.iter().any(|rule| !matches!(rule.when, When::Begin));
        if flow != Flow::Exit && reads {
            self.read_all(rules);
        }
        self.exiting = false;
        for rule in of(|when| matches!(when, When::End)) {
            if let Some(action) = &rule.action
                && self.broken.is_none()
                && !self.fatal
                && self.statement(action) == Flow::Exit
            {
                break;
            }
        }
        self.close_all();
        if let Some(message) = self.broken.take() {
            self.call.fail(&format!("cmd. line:1: {message}"));
            return if self.call.busybox { 1 } else { 2 };
        }
        self.status
    }

    fn read_all(&mut self, rules: &[Rule]) {
        while let Some(record) = self.next_input() {
            self.set_record(record);
            for (number, rule) in rules.iter().enumerate() {
                if !self.applies(number, rule) {
                    continue;
                }
                let flow = match &rule.action {
                    Some(action) => self.statement(action),
                    None => self.statement(&Statement::Print { format: false, values: Vec::new(), to: None }),
                };
                match flow {
                    Flow::Exit => return,
                    Flow::Next => break,
                    Flow::NextFile => {
                        self.input = None;
                        break;
                    }
                    _ => {}
                }
            }
        }
    }

    fn applies(&mut self, number: usize, rule: &Rule) -> bool {
        match &rule.when {
            When::Begin | When::End => false,
            When::Always => true,
            When::Match(expr) => self.value(expr).truth(),
            When::Range(from, to) => {
                let was = self.active.get(number).copied().unwrap_or(false);
                if !was && !self.value(from).truth() {
                    return false;
                }
                let stays = !self.value(to).truth();
                if let Some(slot) = self.active.get_mut(number) {
                    *slot = stays;
                }
                true
            }
        }
    }

    pub(super) fn set_record(&mut self, record: String) {
        self.fields = self.split(&record, None);
        self.record = record;
        let count = self.fields.len();
        self.variables.insert("NF".to_owned(), Value::Number(count as f64));
    }

    pub(super) fn split(&mut self, record: &str, separator: Option<String>) -> Vec<String> {
        let lines = separator.is_none() && self.text("RS").is_empty();
        let separator = separator.unwrap_or_else(|| self.text("FS"));
        if separator == " " {
            return record.split_whitespace().map(str::to_owned).collect();
        }
        if record.is_empty() {
            return Vec::new();
        }
        if lines {
            // Between paragraphs, a newline always separates fields.
            let either = format!("(\n|{separator})");
            if let Some(regex) = self.regex(&either) {
                return regex.split(record).map(str::to_owned).collect();
            }
        }
        if separator.chars().count() == 1 && separator != "\\" {
            return record.split(&separator).map(str::to_owned).collect();
        }
        if separator.is_empty() {
            return record.chars().map(String::from).collect();
        }
        match self.regex(&separator) {
            Some(regex) => regex.split(record).map(str::to_owned).collect(),
            None => vec![record.to_owned()],
        }
    }

    pub(super) fn regex(&mut self, source: &str) -> Option<Regex> {
        if self.regexes.len() > 500 {
            self.regexes.clear();
        }
        self.regexes.entry(source.to_owned()).or_insert_with(|| posix_regex::extended(source, false)).clone()
    }

    pub(super) fn get(&self, name: &str) -> Value {
        if let Some(slot) = self.frames.last().and_then(|frame| frame.get(name)) {
            return slot.value.clone();
        }
        self.variables.get(name).cloned().unwrap_or(Value::Unset)
    }

    /// A variable's text.
    pub(super) fn text(&self, name: &str) -> String {
        self.string(&self.get(name))
    }

    /// A value's text, by CONVFMT.
    pub(super) fn string(&self, value: &Value) -> String {
        match value {
            Value::Number(number) if *number != number.trunc() => {
                let format = match self.variables.get("CONVFMT") {
                    Some(Value::Text(format) | Value::Input(format)) => format.as_str(),
                    _ => "%.6g",
                };
                value.shown(format)
            }
            _ => value.shown("%.6g"),
        }
    }

    /// An expression's text.
    pub(super) fn value_text(&mut self, expr: &Expr) -> String {
        let value = self.value(expr);
        self.string(&value)
    }

    /// The array that a name stands for: a parameter's, or its own.
    pub(super) fn array_name(&self, name: &str) -> String {
        match self.frames.last().and_then(|frame| frame.get(name)) {
            Some(slot) => slot.array.clone(),
            None => name.to_owned(),
        }
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        if let Some(slot) = self.frames.last_mut().and_then(|frame| frame.get_mut(name)) {
            slot.value = value;
            return;
        }
        if name == "NF" {
            let count = value.number().clamp(0.0, 10_000.0) as usize;
            self.fields.resize(count, String::new());
            self.join();
        }
        self.variables.insert(name.to_owned(), value);
    }

    pub(super) fn join(&mut self) {
        let separator = self.text("OFS");
        self.record = self.fields.join(&separator);
    }

    pub(super) fn key(&mut self, index: &[Expr]) -> String {
        let parts: Vec<String> = index.iter().map(|expr| self.value_text(expr)).collect();
        parts.join(&self.text("SUBSEP"))
    }

    pub(super) fn statement(&mut self, statement: &Statement) -> Flow {
        if !self.call.m.t.fuel.spend(1) || self.broken.is_some() || self.exiting || self.call.broken() {
            return Flow::Exit;
        }
        match statement {
            Statement::Block(body) => {
                for statement in body {
                    match self.statement(statement) {
                        Flow::Go => {}
                        flow => return flow,
                    }
                }
                Flow::Go
            }
            Statement::Print { format, values, to } => {
                self.print(*format, values, to.as_ref());
                Flow::Go
            }
            Statement::Expr(expr) => {
                self.value(expr);
                if self.exiting { Flow::Exit } else { Flow::Go }
            }
            Statement::If(condition, then, other) => {
                if self.value(condition).truth() {
                    self.statement(then)
                } else {
                    other.as_ref().map_or(Flow::Go, |other| self.statement(other))
                }
            }
            Statement::While(condition, body) => self.repeat(Some(condition), None, body, false),
            Statement::Do(body, condition) => self.repeat(Some(condition), None, body, true),
            Statement::For(start, check, step, body) => {
                if let Some(start) = start {
                    self.statement(start);
                }
                self.repeat(check.as_ref(), step.as_deref(), body, false)
            }
            Statement::ForIn(name, array, body) => {
                let array = self.array_name(array);
                let keys: Vec<String> =
                    self.arrays.get(&array).map(|a| a.keys().cloned().collect()).unwrap_or_default();
                for key in keys {
                    self.set(name, Value::Input(key));
                    match self.statement(body) {
                        Flow::Go | Flow::Continue => {}
                        Flow::Break => break,
                        flow => return flow,
                    }
                }
                Flow::Go
            }
            Statement::Delete(name, index) => {
                let key = index.as_ref().map(|index| self.key(index));
                let name = self.array_name(name);
                if let Some(array) = self.arrays.get_mut(&name) {
                    match key {
                        Some(key) => drop(array.remove(&key)),
                        None => array.clear(),
                    }
                }
                Flow::Go
            }
            Statement::Next => Flow::Next,
            Statement::NextFile => Flow::NextFile,
            Statement::Return(value) => {
                self.returned = value.as_ref().map_or(Value::Unset, |value| self.value(value));
                Flow::Return
            }
            Statement::Break => Flow::Break,
            Statement::Continue => Flow::Continue,
            Statement::Exit(code) => {
                if let Some(code) = code {
                    self.status = self.value(code).number() as i32 & 0xff;
                }
                Flow::Exit
            }
        }
    }

    fn repeat(
        &mut self,
        check: Option<&Expr>,
        step: Option<&Statement>,
        body: &Statement,
        first: bool,
    ) -> Flow {
        let mut skip = first;
        loop {
            if !self.call.m.t.fuel.spend(2) || self.broken.is_some() {
                return Flow::Exit;
            }
            let goes_on = std::mem::take(&mut skip) || check.is_none_or(|check| self.value(check).truth());
            if !goes_on {
                return Flow::Go;
            }
            match self.statement(body) {
                Flow::Go | Flow::Continue => {}
                Flow::Break => return Flow::Go,
                flow => return flow,
            }
            if let Some(step) = step {
                self.statement(step);
            }
        }
    }
}
