//! `awk`: its functions, and what it prints.

use super::awk::Machine;
use super::awk_parse::Expr;
use super::awk_value::{Value, leading_number};
use super::printf;
use crate::shell::text;

impl Machine<'_, '_, '_> {
    pub(super) fn print(&mut self, format: bool, values: &[Expr], to: Option<&(bool, Expr)>) {
        let line = if format {
            let mut texts: Vec<String> = values.iter().map(|expr| self.value(expr).text()).collect();
            if texts.is_empty() {
                String::new()
            } else {
                let first = texts.remove(0);
                self.formatted(&first, &texts)
            }
        } else {
            let line = if values.is_empty() {
                self.record.clone()
            } else {
                let texts: Vec<String> = values.iter().map(|expr| self.value(expr).text()).collect();
                texts.join(&self.get("OFS").text())
            };
            line + self.get("ORS").text().as_str()
        };
        let Some((append, target)) = to else {
            self.call.out(&line);
            return;
        };
        let path = self.value(target).text();
        match path.as_str() {
            "/dev/stdout" => return self.call.out(&line),
            "/dev/stderr" => return self.call.err(&line),
            _ => {}
        }
        let bytes = text::encode(&path).into_owned();
        let contents = crate::fs::Contents::bytes(text::encode(&line).into_owned());
        let fresh = !append && !self.written.contains(&path);
        let done = if fresh {
            self.written.push(path.clone());
            self.call.m.write(&bytes, contents, 0o666)
        } else {
            self.call.m.append(&bytes, contents, 0o666)
        };
        if let Err(errno) = done {
            self.call.fail_errno(&path, errno);
            self.status = 2;
        }
    }

    /// `printf`: `%c` of a number is that character; numbers may have fractions.
    pub(super) fn formatted(&mut self, format: &str, values: &[String]) -> String {
        // awk uses the format once; the shell's printf would repeat it.
        let mut wanted = 0;
        let mut chars = format.chars().peekable();
        let mut kinds = Vec::new();
        while let Some(c) = chars.next() {
            if c == '%' && chars.next_if_eq(&'%').is_none() {
                let kind = chars.by_ref().find(|c| c.is_ascii_alphabetic()).unwrap_or('s');
                kinds.push(kind);
                wanted += 1;
            }
        }
        let given: Vec<String> = (0..wanted)
            .map(|at| {
                let value = values.get(at).cloned().unwrap_or_default();
                match kinds.get(at) {
                    Some('d' | 'i' | 'o' | 'x' | 'X' | 'u') => {
                        format!("{:.0}", leading_number(&value).trunc())
                    }
                    Some('f' | 'e' | 'g' | 'E' | 'G') => leading_number(&value).to_string(),
                    _ => value,
                }
            })
            .collect();
        let printed = printf::format(
            &format.replace('\\', "\\\\"),
            &given,
            printf::Flavour::Dash,
            &mut self.call.m.t.fuel,
        );
        text::decode(&printed.bytes)
    }

    pub(super) fn function(&mut self, name: &str, arguments: &[Expr]) -> Value {
        let argument = |machine: &mut Self, at: usize| match arguments.get(at) {
            Some(expr) => machine.value(expr),
            None => Value::Input(machine.record.clone()),
        };
        match name {
            "length" => {
                if let Some(Expr::Variable(array)) = arguments.first()
                    && let Some(array) = self.arrays.get(array)
                {
                    return Value::Number(array.len() as f64);
                }
                Value::Number(argument(self, 0).text().chars().count() as f64)
            }
            "substr" => {
                let text: Vec<char> = argument(self, 0).text().chars().collect();
                let start = argument(self, 1).number().round();
                let end = if arguments.len() > 2 {
                    start + argument(self, 2).number().round()
                } else {
                    f64::INFINITY
                };
                let inside = |at: usize| (at as f64 + 1.0) >= start && (at as f64 + 1.0) < end;
                Value::Text(text.iter().enumerate().filter(|(at, _)| inside(*at)).map(|(_, c)| *c).collect())
            }
            "index" => {
                let (text, part) = (argument(self, 0).text(), argument(self, 1).text());
                let at = text.find(&part).map_or(0, |at| text[..at].chars().count() + 1);
                Value::Number(at as f64)
            }
            "split" => {
                let text = argument(self, 0).text();
                let separator = arguments.get(2).map(|expr| self.pattern(expr));
                let pieces = self.split(&text, separator);
                let count = pieces.len();
                if let Some(Expr::Variable(array)) = arguments.get(1) {
                    let items = pieces
                        .into_iter()
                        .enumerate()
                        .map(|(i, p)| ((i + 1).to_string(), Value::Input(p)))
                        .collect();
                    self.arrays.insert(array.clone(), items);
                }
                Value::Number(count as f64)
            }
            "sub" | "gsub" => self.substitute(name == "gsub", arguments),
            "match" => {
                let text = argument(self, 0).text();
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
            "toupper" => Value::Text(argument(self, 0).text().to_ascii_uppercase()),
            "tolower" => Value::Text(argument(self, 0).text().to_ascii_lowercase()),
            "sprintf" => {
                let format = argument(self, 0).text();
                let values: Vec<String> =
                    arguments.iter().skip(1).map(|expr| self.value(expr).text()).collect();
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
                let parts: Vec<String> = arguments.iter().map(|expr| self.value(expr).text()).collect();
                Value::Text(parts.join(&self.get("SUBSEP").text()))
            }
            "system" => {
                let line = argument(self, 0).text();
                self.call.flush();
                Value::Number(f64::from(self.call.shell(&line)))
            }
            "close" | "fflush" => Value::Number(0.0),
            other => {
                self.broken.get_or_insert_with(|| format!("function {other} not defined"));
                Value::Number(0.0)
            }
        }
    }

    fn substitute(&mut self, all: bool, arguments: &[Expr]) -> Value {
        let source = arguments.first().map(|expr| self.pattern(expr)).unwrap_or_default();
        let with = arguments.get(1).map(|expr| self.value(expr).text()).unwrap_or_default();
        let whole = Expr::Field(Box::new(Expr::Number(0.0)));
        let target = arguments.get(2).unwrap_or(&whole).clone();
        let subject = self.value(&target).text();
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
