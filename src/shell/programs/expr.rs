//! `expr`.

use crate::shell::call::Call;

struct Reader<'w> {
    words: &'w [String],
    at: usize,
    depth: u32,
}

const LEVELS: [&[&str]; 6] =
    [&["|"], &["&"], &["<", "<=", "=", "==", "!=", ">=", ">"], &["+", "-"], &["*", "/", "%"], &[":"]];

type Value = Result<String, String>;

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let busybox = call.busybox;
    let mut reader = Reader { words: call.args(), at: 0, depth: 0 };
    if reader.words.is_empty() {
        let status = call.usage("missing operand");
        return if call.busybox { status } else { 2 };
    }
    let value = reader.level(0).and_then(|value| match reader.words.get(reader.at) {
        None => Ok(value),
        Some(word) => Err(format!("syntax error: unexpected argument '{word}'")),
    });
    // busybox says no more than that.
    let value = value.map_err(|problem| match busybox {
        true if problem.starts_with("syntax error") => "syntax error".to_owned(),
        true if problem == "non-integer argument" => "non-numeric argument".to_owned(),
        _ => problem,
    });
    match value {
        Ok(value) => {
            call.out(&format!("{value}\n"));
            i32::from(!truthy(&value))
        }
        Err(message) => {
            call.fail(&message);
            2
        }
    }
}

fn truthy(value: &str) -> bool {
    !(value.is_empty() || value.trim_start_matches('-').chars().all(|c| c == '0'))
}

fn number(value: &str) -> Result<i64, String> {
    value.parse().map_err(|_| "non-integer argument".to_owned())
}

impl Reader<'_> {
    fn level(&mut self, level: usize) -> Value {
        let Some(operators) = LEVELS.get(level) else { return self.primary() };
        let mut left = self.level(level + 1)?;
        while let Some(op) = self.words.get(self.at).filter(|w| operators.contains(&w.as_str())).cloned() {
            self.at += 1;
            let right = self.level(level + 1)?;
            left = apply(&op, &left, &right)?;
        }
        Ok(left)
    }

    fn take(&mut self) -> Value {
        let word = self.words.get(self.at).cloned().ok_or_else(|| {
            let before = self.at.checked_sub(1).and_then(|at| self.words.get(at));
            match before {
                Some(word) => format!("syntax error: missing argument after '{word}'"),
                None => "syntax error".to_owned(),
            }
        })?;
        self.at += 1;
        Ok(word)
    }

    fn primary(&mut self) -> Value {
        let word = self.take()?;
        match word.as_str() {
            "(" => {
                self.depth += 1;
                if self.depth > 40 {
                    return Err("nested too deep".to_owned());
                }
                let value = self.level(0)?;
                self.depth -= 1;
                if self.take()? == ")" { Ok(value) } else { Err("syntax error".to_owned()) }
            }
            "length" if self.words.len() > self.at => Ok(self.take()?.chars().count().to_string()),
            "substr" if self.words.len() >= self.at + 3 => {
                let text = self.take()?;
                let from = number(&self.take()?)?;
                let count = number(&self.take()?)?;
                if from < 1 || count < 1 {
                    return Ok(String::new());
                }
                Ok(text.chars().skip(from as usize - 1).take(count as usize).collect())
            }
            "index" if self.words.len() >= self.at + 2 => {
                let text = self.take()?;
                let set = self.take()?;
                let at = text.chars().position(|c| set.contains(c)).map_or(0, |at| at + 1);
                Ok(at.to_string())
            }
            "match" if self.words.len() >= self.at + 2 => {
                let text = self.take()?;
                let pattern = self.take()?;
                apply(":", &text, &pattern)
            }
            "+" if self.words.len() > self.at => self.take(),
            _ => Ok(word),
        }
    }
}

fn apply(op: &str, left: &str, right: &str) -> Value {
    let yes = |b: bool| Ok(i32::from(b).to_string());
    match op {
        "|" => Ok(if truthy(left) {
            left
        } else if truthy(right) {
            right
        } else {
            "0"
        }
        .to_owned()),
        "&" => Ok(if truthy(left) && truthy(right) { left } else { "0" }.to_owned()),
        ":" => {
            let regex = super::posix_regex::basic(&format!("^{}", right.trim_start_matches('^')), false);
            let regex = regex.ok_or("Invalid regular expression")?;
            let groups = regex.captures_len() > 1;
            Ok(match regex.captures(left) {
                Some(found) if groups => found.get(1).map_or(String::new(), |g| g.as_str().to_owned()),
                Some(found) => found.get(0).map_or(0, |m| m.as_str().chars().count()).to_string(),
                None if groups => String::new(),
                None => "0".to_owned(),
            })
        }
        "+" | "-" | "*" | "/" | "%" => {
            let (a, b) = (number(left)?, number(right)?);
            if b == 0 && matches!(op, "/" | "%") {
                return Err("division by zero".to_owned());
            }
            Ok(match op {
                "+" => a.wrapping_add(b),
                "-" => a.wrapping_sub(b),
                "*" => a.wrapping_mul(b),
                "/" => a.wrapping_div(b),
                _ => a.wrapping_rem(b),
            }
            .to_string())
        }
        _ => {
            let order = match (left.parse::<i64>(), right.parse::<i64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                _ => left.cmp(right),
            };
            yes(match op {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                "=" | "==" => order.is_eq(),
                "!=" => order.is_ne(),
                ">=" => order.is_ge(),
                _ => order.is_gt(),
            })
        }
    }
}
