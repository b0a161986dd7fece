//! `awk`: its functions, and what it prints.

use super::awk::{Flow, Machine, Slot};
use super::awk_parse::{Expr, Function, To};
use super::awk_value::Value;
use super::printf;
use crate::shell::text;
use std::collections::HashMap;

impl Machine<'_, '_, '_> {
    pub(super) fn print(&mut self, format: bool, values: &[Expr], to: Option<&To>) {
        let line = if format {
            let values: Vec<Value> = values.iter().map(|expr| self.value(expr)).collect();
            match values.split_first() {
                Some((first, rest)) => {
                    let first = self.string(first);
                    self.formatted(&first, rest)
                }
                None => String::new(),
            }
        } else {
            let line = if values.is_empty() {
                self.record.clone()
            } else {
                let format = self.text("OFMT");
                let texts: Vec<String> = values.iter().map(|expr| self.value(expr).shown(&format)).collect();
                texts.join(&self.text("OFS"))
            };
            line + self.text("ORS").as_str()
        };
        match to {
            None => self.call.out(&line),
            Some(to) => self.print_to(&line, to),
        }
    }

    /// `printf`: `%c` of a number is that character; numbers may have fractions.
    pub(super) fn formatted(&mut self, format: &str, values: &[Value]) -> String {
        // awk uses the format once; the shell's printf would repeat it.
        let mut chars = format.chars().peekable();
        let (mut given, mut values) = (Vec::new(), values.iter());
        while let Some(c) = chars.next() {
            if c != '%' || chars.next_if_eq(&'%').is_some() {
                continue;
            }
            for c in chars.by_ref() {
                if c == '*' {
                    given.push(format!("{:.0}", values.next().map_or(0.0, Value::number).trunc()));
                } else if c.is_ascii_alphabetic() || c == '%' {
                    given.push(self.argument(c, values.next()));
                    break;
                }
            }
        }
        let printed = printf::format(
            &format.replace('\\', "\\\\"),
            &given,
            printf::Flavour::Dash,
            &mut self.call.m.t.fuel,
        );
        let mut text = text::decode(&printed.bytes);
        // A directive that printf does not know is printed as it stands.
        for mistake in printed.mistakes {
            if let printf::Mistake::Format(raw, _) = mistake {
                text.push_str(&raw);
                let rest = format.split_once(&raw).map_or("", |(_, rest)| rest);
                text.push_str(rest);
            }
        }
        text
    }

    /// One argument of a `printf` as the shell's printf takes it.
    fn argument(&self, kind: char, value: Option<&Value>) -> String {
        let Some(value) = value else { return String::new() };
        match kind {
            'd' | 'i' | 'o' | 'x' | 'X' | 'u' => format!("{:.0}", value.number().trunc()),
            'f' | 'F' | 'e' | 'g' | 'E' | 'G' => value.number().to_string(),
            'c' => match value {
                Value::Number(number) => {
                    char::from_u32(number.trunc() as u32).map(String::from).unwrap_or_default()
                }
                other => self.string(other).chars().take(1).collect(),
            },
            _ => self.string(value),
        }
    }

    /// Calls a function of the program: values are copied, arrays are the caller's own.
    fn call_user(&mut self, function: &Function, arguments: &[Expr]) -> Value {
        if !self.call.m.t.fuel.enter() {
            return Value::Unset;
        }
        let mut frame = HashMap::new();
        let mut own = Vec::new();
        for (at, parameter) in function.parameters.iter().enumerate() {
            let slot = match arguments.get(at) {
                Some(Expr::Variable(name)) => Slot { value: self.get(name), array: self.array_name(name) },
                other => {
                    let value = other.map_or(Value::Unset, |expr| self.value(expr));
                    // A name that no program can write.
                    let array = format!("\0{}\0{parameter}", self.frames.len());
                    own.push(array.clone());
                    Slot { value, array }
                }
            };
            frame.insert(parameter.clone(), slot);
        }
        self.frames.push(frame);
        let flow = self.statement(&function.body);
        self.frames.pop();
        for array in own {
            self.arrays.remove(&array);
        }
        self.call.m.t.fuel.leave();
        if flow == Flow::Exit {
            self.exiting = true;
        }
        std::mem::replace(&mut self.returned, Value::Unset)
    }

    pub(super) fn function(&mut self, name: &str, arguments: &[Expr]) -> Value {
        let argument = |machine: &mut Self, at: usize| match arguments.get(at) {
            Some(expr) => machine.value(expr),
            None => Value::Input(machine.record.clone()),
        };
        let word = |machine: &mut Self, at: usize| {
            let value = argument(machine, at);
            machine.string(&value)
        };
        if let Some(function) = self.functions.get(name).cloned() {
            return self.call_user(&function, arguments);
        }
        match name {
            "length" => {
                if let Some(Expr::Variable(array)) = arguments.first()
                    && let Some(array) = self.arrays.get(&self.array_name(array))
                {
                    return Value::Number(array.len() as f64);
                }
                Value::Number(text::encode(&word(self, 0)).len() as f64)
            }
            "substr" => {
                // Bytes, as in the C locale that images have. A start before the text is its beginning, which
                // takes nothing from the length; mawk even adds to it.
                let text = text::encode(&word(self, 0)).into_owned();
                let mut start = argument(self, 1).number().trunc();
                let mut length =
                    if arguments.len() > 2 { argument(self, 2).number().trunc() } else { f64::INFINITY };
                if start < 1.0 {
                    length -= if self.call.busybox { 0.0 } else { start };
                    start = 1.0;
                }
                let (from, to) = ((start - 1.0).max(0.0), (start - 1.0 + length).min(text.len() as f64));
                let part = text.get(from as usize..(to.max(0.0)) as usize).unwrap_or_default();
                Value::Text(text::decode(part))
            }
            "index" => {
                let (text, part) = (word(self, 0), word(self, 1));
                let at = text.find(&part).map_or(0, |at| text[..at].chars().count() + 1);
                Value::Number(at as f64)
            }
            "split" => {
                let text = word(self, 0);
                let separator = arguments.get(2).map(|expr| self.pattern(expr));
                let pieces = self.split(&text, separator);
                let count = pieces.len();
                if let Some(Expr::Variable(array)) = arguments.get(1) {
                    let items = pieces
                        .into_iter()
                        .enumerate()
                        .map(|(i, p)| ((i + 1).to_string(), Value::Input(p)))
                        .collect();
                    let array = self.array_name(array);
                    self.arrays.insert(array, items);
                }
                Value::Number(count as f64)
            }
            "sub" | "gsub" => self.substitute(name == "gsub", arguments),
            "match" => {
                let text = word(self, 0);
                let source = arguments.get(1).map(|expr| self.pattern(expr)).unwrap_or_default();
                let found =
                    self.regex(&source).and_then(|regex| regex.find(&text).map(|m| (m.start(), m.end())));
                let (start, length) = match found {
                    Some((from, to)) => {
                        (text[..from].chars().count() as f64 + 1.0, text[from..to].chars().count() as f64)
                    }
                    None => (0.0, -1.0),
                };
                self.set("RSTART", Value::Number(start));
                self.set("RLENGTH", Value::Number(length));
                Value::Number(start)
            }
            "toupper" => Value::Text(word(self, 0).to_ascii_uppercase()),
            "tolower" => Value::Text(word(self, 0).to_ascii_lowercase()),
            "sprintf" => {
                let format = word(self, 0);
                let values: Vec<Value> = arguments.iter().skip(1).map(|expr| self.value(expr)).collect();
                Value::Text(self.formatted(&format, &values))
            }
            "int" => Value::Number(argument(self, 0).number().trunc()),
            "sqrt" => Value::Number(argument(self, 0).number().sqrt()),
            "exp" => Value::Number(argument(self, 0).number().exp()),
            "log" => Value::Number(argument(self, 0).number().ln()),
            "sin" => Value::Number(argument(self, 0).number().sin()),
            "cos" => Value::Number(argument(self, 0).number().cos()),
            "rand" => Value::Number(f64::from(self.call.m.random()) / 32_768.0),
            "srand" => Value::Number(0.0),
            "," => {
                let parts: Vec<String> = arguments.iter().map(|expr| self.value_text(expr)).collect();
                Value::Text(parts.join(&self.text("SUBSEP")))
            }
            "system" => {
                let line = word(self, 0);
                self.call.flush();
                Value::Number(f64::from(self.call.shell(&line)))
            }
            "atan2" => Value::Number(argument(self, 0).number().atan2(argument(self, 1).number())),
            "close" => {
                let name = word(self, 0);
                Value::Number(self.close(&name))
            }
            "fflush" => Value::Number(0.0),
            other => {
                self.broken.get_or_insert_with(|| format!("function {other} not defined"));
                Value::Number(0.0)
            }
        }
    }

    fn substitute(&mut self, all: bool, arguments: &[Expr]) -> Value {
        let source = arguments.first().map(|expr| self.pattern(expr)).unwrap_or_default();
        let with = arguments.get(1).map(|expr| self.value_text(expr)).unwrap_or_default();
        let whole = Expr::Field(Box::new(Expr::Number(0.0)));
        let target = arguments.get(2).unwrap_or(&whole).clone();
        let subject = self.value_text(&target);
        let Some(regex) = self.regex(&source) else { return Value::Number(0.0) };
        let (mut result, mut end, mut count) = (String::new(), 0, 0u32);
        for found in regex.find_iter(&subject) {
            if !self.call.m.t.fuel.spend(1) || count > 0 && !all {
                break;
            }
            result.push_str(&subject[end..found.start()]);
            let mut chars = with.chars();
            while let Some(c) = chars.next() {
                match c {
                    '&' => result.push_str(found.as_str()),
                    '\\' => match chars.next() {
                        Some('&') => result.push('&'),
                        Some(c) => {
                            result.push('\\');
                            result.push(c);
                        }
                        None => result.push('\\'),
                    },
                    c => result.push(c),
                }
            }
            end = found.end();
            count += 1;
        }
        result.push_str(&subject[end..]);
        if count > 0 {
            self.assign(&target, Value::Text(result));
        }
        Value::Number(f64::from(count))
    }
}
