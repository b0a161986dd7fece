//! `awk`.

use super::awk_parse::{Expr, Rule, Statement, When, parse};
use super::awk_value::Value;
use super::posix_regex;
use crate::shell::call::Call;
use crate::shell::text;
use regex::Regex;
use std::collections::{BTreeMap, HashMap};

/// How a statement ended the ones around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Go,
    Next,
    Break,
    Continue,
    Exit,
}

pub(super) struct Machine<'a, 'c, 'm> {
    pub(super) call: &'a mut Call<'c, 'm>,
    variables: HashMap<String, Value>,
    pub(super) arrays: HashMap<String, BTreeMap<String, Value>>,
    pub(super) record: String,
    fields: Vec<String>,
    active: Vec<bool>,
    pub(super) status: i32,
    regexes: HashMap<String, Option<Regex>>,
    pub(super) written: Vec<String>,
    pub(super) broken: Option<String>,
}

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
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
                    Err(errno) => return call.fail_errno(&file, errno),
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
                call.err("Usage: awk [-v var=val] [-F sep] 'program' [file ...]\n");
                return 1;
            }
        },
    };
    let rules = match parse(&source) {
        Ok(rules) => rules,
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
    let mut machine = Machine::new(call, rules.len());
    if let Some(separator) = separator {
        machine.set("FS", Value::Text(unescaped(&separator)));
    }
    for assign in assigns {
        if let Some((name, value)) = assign.split_once('=') {
            machine.set(name, Value::Input(unescaped(value)));
        }
    }
    machine.run(&rules, words)
}

fn unescaped(raw: &str) -> String {
    let (bytes, _) = crate::shell::escape::format(raw);
    text::decode(&bytes)
}

impl<'a, 'c, 'm> Machine<'a, 'c, 'm> {
    fn new(call: &'a mut Call<'c, 'm>, rules: usize) -> Machine<'a, 'c, 'm> {
        let mut variables = HashMap::new();
        for (name, value) in [("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\x1c")] {
            variables.insert(name.to_owned(), Value::Text(value.to_owned()));
        }
        let environment =
            call.env.iter().map(|(name, value)| (name.clone(), Value::Input(value.clone()))).collect();
        Machine {
            call,
            variables,
            arrays: HashMap::from([("ENVIRON".to_owned(), environment)]),
            record: String::new(),
            fields: Vec::new(),
            active: vec![false; rules],
            status: 0,
            regexes: HashMap::new(),
            written: Vec::new(),
            broken: None,
        }
    }

    fn run(&mut self, rules: &[Rule], files: &[String]) -> i32 {
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
            self.read_all(rules, files);
        }
        for rule in of(|when| matches!(when, When::End)) {
            if let Some(action) = &rule.action
                && self.broken.is_none()
                && self.statement(action) == Flow::Exit
            {
                break;
            }
        }
        if let Some(message) = self.broken.take() {
            self.call.fail(&format!("cmd. line:1: {message}"));
            return if self.call.busybox { 1 } else { 2 };
        }
        self.status
    }

    fn read_all(&mut self, rules: &[Rule], files: &[String]) {
        let mut any = false;
        for file in files {
            let assignment = file.split_once('=').filter(|(name, _)| {
                name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            });
            if let Some((name, value)) = assignment {
                self.set(name, Value::Input(unescaped(value)));
                continue;
            }
            any = true;
            if self.read_one(rules, file) == Flow::Exit {
                return;
            }
        }
        if !any {
            self.read_one(rules, "-");
        }
    }

    fn read_one(&mut self, rules: &[Rule], file: &str) -> Flow {
        let contents = match self.call.open_read(file) {
            Ok(contents) => contents,
            Err(errno) => {
                self.call.either_errno(file, &format!("cannot open \"{file}\""), errno);
                self.status = 2;
                return Flow::Go;
            }
        };
        let source = self.call.text_of(&contents);
        self.set("FILENAME", Value::Text(file.to_owned()));
        self.set("FNR", Value::Number(0.0));
        let separator = self.get("RS").text();
        let records: Vec<String> = if separator.is_empty() {
            source.split("\n\n").map(|r| r.trim_matches('\n').to_owned()).filter(|r| !r.is_empty()).collect()
        } else {
            let body = source.strip_suffix(&separator).unwrap_or(&source);
            if source.is_empty() { Vec::new() } else { body.split(&separator).map(str::to_owned).collect() }
        };
        for record in records {
            if !self.call.m.t.fuel.spend(4) {
                return Flow::Exit;
            }
            for name in ["NR", "FNR"] {
                let next = self.get(name).number() + 1.0;
                self.set(name, Value::Number(next));
            }
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
                    Flow::Exit => return Flow::Exit,
                    Flow::Next => break,
                    _ => {}
                }
            }
        }
        Flow::Go
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

    fn set_record(&mut self, record: String) {
        self.fields = self.split(&record, None);
        self.record = record;
        let count = self.fields.len();
        self.variables.insert("NF".to_owned(), Value::Number(count as f64));
    }

    pub(super) fn split(&mut self, record: &str, separator: Option<String>) -> Vec<String> {
        let separator = separator.unwrap_or_else(|| self.get("FS").text());
        if separator == " " {
            return record.split_whitespace().map(str::to_owned).collect();
        }
        if record.is_empty() {
            return Vec::new();
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
        self.variables.get(name).cloned().unwrap_or(Value::Input(String::new()))
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        if name == "NF" {
            let count = value.number().clamp(0.0, 10_000.0) as usize;
            self.fields.resize(count, String::new());
            self.join();
        }
        self.variables.insert(name.to_owned(), value);
    }

    fn join(&mut self) {
        let separator = self.get("OFS").text();
        self.record = self.fields.join(&separator);
    }

    fn key(&mut self, index: &[Expr]) -> String {
        let parts: Vec<String> = index.iter().map(|expr| self.value(expr).text()).collect();
        parts.join(&self.get("SUBSEP").text())
    }

    fn statement(&mut self, statement: &Statement) -> Flow {
        if !self.call.m.t.fuel.spend(1) || self.broken.is_some() || self.call.broken() {
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
                Flow::Go
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
                let keys: Vec<String> =
                    self.arrays.get(array).map(|a| a.keys().cloned().collect()).unwrap_or_default();
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
                if let Some(array) = self.arrays.get_mut(name) {
                    match key {
                        Some(key) => drop(array.remove(&key)),
                        None => array.clear(),
                    }
                }
                Flow::Go
            }
            Statement::Next => Flow::Next,
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

    pub(super) fn value(&mut self, expr: &Expr) -> Value {
        if !self.call.m.t.fuel.spend(1) || self.broken.is_some() {
            return Value::Number(0.0);
        }
        let truth = |yes: bool| Value::Number(f64::from(u8::from(yes)));
        match expr {
            Expr::Number(number) => Value::Number(*number),
            Expr::Text(text) => Value::Text(text.clone()),
            Expr::Group(inner) => self.value(inner),
            Expr::Regex(source) => {
                let record = self.record.clone();
                truth(self.matches(&record, source))
            }
            Expr::Variable(name) => self.get(name),
            Expr::Field(index) => {
                let number = self.value(index).number();
                self.field(number)
            }
            Expr::Element(name, index) => {
                let key = self.key(index);
                let array = self.arrays.entry(name.clone()).or_default();
                array.entry(key).or_insert(Value::Input(String::new())).clone()
            }
            Expr::In(index, name) => {
                let key = self.key(index);
                truth(self.arrays.get(name).is_some_and(|array| array.contains_key(&key)))
            }
            Expr::Assign(target, op, value) => {
                let right = self.value(value);
                let value = match op {
                    None => right,
                    Some(op) => {
                        let left = self.value(target).number();
                        Value::Number(self.calculate(*op, left, right.number()))
                    }
                };
                self.assign(target, value.clone());
                value
            }
            Expr::Bump(target, step, before) => {
                let old = self.value(target).number();
                self.assign(target, Value::Number(old + step));
                Value::Number(if *before { old + step } else { old })
            }
            Expr::Unary('!', inner) => truth(!self.value(inner).truth()),
            Expr::Unary(sign, inner) => {
                let number = self.value(inner).number();
                Value::Number(if *sign == '-' { -number } else { number })
            }
            Expr::Ternary(condition, yes, no) => {
                if self.value(condition).truth() {
                    self.value(yes)
                } else {
                    self.value(no)
                }
            }
            Expr::Binary("&&", left, right) => truth(self.value(left).truth() && self.value(right).truth()),
            Expr::Binary("||", left, right) => truth(self.value(left).truth() || self.value(right).truth()),
            Expr::Binary(op @ ("~" | "!~"), left, right) => {
                let text = self.value(left).text();
                let source = self.pattern(right);
                truth(self.matches(&text, &source) == (*op == "~"))
            }
            Expr::Binary(" ", left, right) => {
                let text = self.value(left).text() + self.value(right).text().as_str();
                if !self.call.m.t.fuel.spend_bytes(text.len() as u64) {
                    return Value::Number(0.0);
                }
                Value::Text(text)
            }
            Expr::Binary(op @ ("<" | "<=" | "==" | "!=" | ">" | ">="), left, right) => {
                let (a, b) = (self.value(left), self.value(right));
                let order = if a.numeric() && b.numeric() {
                    a.number().total_cmp(&b.number())
                } else {
                    a.text().cmp(&b.text())
                };
                truth(match *op {
                    "<" => order.is_lt(),
                    "<=" => order.is_le(),
                    "==" => order.is_eq(),
                    "!=" => order.is_ne(),
                    ">" => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
            Expr::Binary(op, left, right) => {
                let (a, b) = (self.value(left).number(), self.value(right).number());
                let op = op.chars().next().unwrap_or('+');
                Value::Number(self.calculate(op, a, b))
            }
            Expr::Call(name, arguments) => self.function(name, arguments),
        }
    }

    fn calculate(&mut self, op: char, a: f64, b: f64) -> f64 {
        match op {
            '+' => a + b,
            '-' => a - b,
            '*' => a * b,
            '^' => a.powf(b),
            '/' | '%' if b == 0.0 => {
                self.broken.get_or_insert_with(|| "Division by zero".to_owned());
                0.0
            }
            '/' => a / b,
            _ => a % b,
        }
    }

    fn field(&self, number: f64) -> Value {
        if number < 1.0 {
            return Value::Input(self.record.clone());
        }
        Value::Input(self.fields.get(number as usize - 1).cloned().unwrap_or_default())
    }

    pub(super) fn assign(&mut self, target: &Expr, value: Value) {
        match target {
            Expr::Variable(name) => self.set(name, value),
            Expr::Element(name, index) => {
                let key = self.key(index);
                self.arrays.entry(name.clone()).or_default().insert(key, value);
            }
            Expr::Field(index) => {
                let number = self.value(index).number();
                if number < 1.0 {
                    return self.set_record(value.text());
                }
                let at = (number as usize).min(10_000);
                if self.fields.len() < at {
                    self.fields.resize(at, String::new());
                    self.variables.insert("NF".to_owned(), Value::Number(at as f64));
                }
                if let Some(field) = self.fields.get_mut(at - 1) {
                    *field = value.text();
                }
                self.join();
            }
            _ => {}
        }
    }

    /// A pattern: what stands between slashes, or any text.
    pub(super) fn pattern(&mut self, expr: &Expr) -> String {
        match expr {
            Expr::Regex(source) => source.clone(),
            other => self.value(other).text(),
        }
    }

    fn matches(&mut self, text: &str, source: &str) -> bool {
        match self.regex(source) {
            Some(regex) => regex.is_match(text),
            None => {
                self.broken.get_or_insert_with(|| format!("bad regex '{source}'"));
                false
            }
        }
    }
}
