//! `awk`: what an expression is worth.

use super::awk::Machine;
use super::awk_parse::Expr;
use super::awk_value::Value;

impl Machine<'_, '_, '_> {
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
                let name = self.array_name(name);
                let array = self.arrays.entry(name).or_default();
                array.entry(key).or_insert(Value::Unset).clone()
            }
            Expr::In(index, name) => {
                let key = self.key(index);
                let name = self.array_name(name);
                truth(self.arrays.get(&name).is_some_and(|array| array.contains_key(&key)))
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
                let text = self.value_text(left);
                let source = self.pattern(right);
                truth(self.matches(&text, &source) == (*op == "~"))
            }
            Expr::Binary(" ", left, right) => {
                let text = self.value_text(left) + self.value_text(right).as_str();
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
                    self.string(&a).cmp(&self.string(&b))
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
            Expr::Getline(from, target) => self.getline(from, target.as_deref()),
        }
    }

    fn calculate(&mut self, op: char, a: f64, b: f64) -> f64 {
        match op {
            '+' => a + b,
            '-' => a - b,
            '*' => a * b,
            '^' => a.powf(b),
            // mawk, which Debian has, divides as C does.
            '/' | '%' if b == 0.0 && self.call.busybox => {
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
                let name = self.array_name(name);
                self.arrays.entry(name).or_default().insert(key, value);
            }
            Expr::Field(index) => {
                let number = self.value(index).number();
                if number < 1.0 {
                    let record = self.string(&value);
                    return self.set_record(record);
                }
                let at = (number as usize).min(10_000);
                let text = self.string(&value);
                if self.fields.len() < at {
                    self.fields.resize(at, String::new());
                    self.variables.insert("NF".to_owned(), Value::Number(at as f64));
                }
                if let Some(field) = self.fields.get_mut(at - 1) {
                    *field = text;
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
            other => self.value_text(other),
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
