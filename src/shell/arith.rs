//! `$(( ))`: C arithmetic on 64-bit numbers that wrap around.

use super::syntax::Dialect;

/// Gets and sets the variables of an expression.
pub(super) trait Variables {
    fn get(&mut self, name: &str) -> Option<String>;
    fn set(&mut self, name: &str, value: i64) -> Result<(), String>;
}

struct Evaluator<'a, V: Variables> {
    chars: Vec<char>,
    at: usize,
    dialect: Dialect,
    variables: &'a mut V,
    depth: u32,
    /// Inside the branch of `?:`, `&&` or `||` that is not taken.
    skip: u32,
    /// A number or a name should have come here.
    wants_operand: bool,
    /// Where the last operator begins, and its right side.
    operator: usize,
    operand: usize,
    source: &'a str,
}

/// Binary operators by rising precedence; longer ones before their beginnings.
const BINARY: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

type Number = Result<i64, String>;

/// Evaluates an expression. The error is the whole message after the shell's name.
pub(super) fn evaluate(source: &str, dialect: Dialect, depth: u32, variables: &mut impl Variables) -> Number {
    let mut evaluator = Evaluator {
        chars: source.chars().collect(),
        at: 0,
        dialect,
        variables,
        depth,
        skip: 0,
        wants_operand: false,
        operator: 0,
        operand: 0,
        source,
    };
    evaluator.blanks();
    if evaluator.at >= evaluator.chars.len() {
        evaluator.wants_operand = true;
        return if dialect == Dialect::Dash { evaluator.mistake() } else { Ok(0) };
    }
    let value = evaluator.comma()?;
    evaluator.blanks();
    if evaluator.at < evaluator.chars.len() {
        return evaluator.mistake();
    }
    Ok(value)
}

impl<V: Variables> Evaluator<'_, V> {
    fn blanks(&mut self) {
        while self.chars.get(self.at).is_some_and(|c| c.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn starts(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c))
    }

    fn take(&mut self, text: &str) -> bool {
        self.blanks();
        let here = self.starts(text);
        if here {
            self.at += text.len();
        }
        here
    }

    /// A sign is missing: `)` or the `:` of `?:`.
    fn missing<T>(&self, sign: char) -> Result<T, String> {
        match (self.dialect, sign) {
            (Dialect::Dash, _) => {
                Err(format!("arithmetic expression: expecting '{sign}': \"{}\"", self.source))
            }
            (Dialect::Ash, ':') => Err("malformed ?: operator".to_owned()),
            (Dialect::Bash, ':') => {
                let (source, token) = (self.source.trim_start(), self.token());
                Err(format!("{source}: `:' expected for conditional expression (error token is \"{token}\")"))
            }
            _ => self.mistake(),
        }
    }

    /// What is left from the token here; at the end, the last one.
    fn token(&self) -> String {
        if self.at < self.chars.len() {
            return self.rest(self.at);
        }
        let text = self.source.trim_end();
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let start = text.trim_end_matches(word).len();
        let last = text.char_indices().next_back().map_or(0, |(at, _)| at);
        text.get(start.min(last)..).unwrap_or_default().to_owned()
    }

    /// bash looks past a name at what follows, and first complains of a sign that it does not know.
    fn unknown_sign(&self, known: impl Fn(char) -> bool) -> Option<String> {
        let rest = self.rest(self.at);
        let mut left = rest.as_str();
        while left.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            left = left.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').trim_start();
        }
        (left.len() < rest.len() && left.starts_with(|c| !known(c))).then(|| left.to_owned())
    }

    fn mistake<T>(&self) -> Result<T, String> {
        let source = self.source.trim_start();
        Err(match self.dialect {
            Dialect::Ash => "arithmetic syntax error".to_owned(),
            Dialect::Dash if self.wants_operand => {
                format!("arithmetic expression: expecting primary: \"{}\"", self.source)
            }
            Dialect::Dash => format!("arithmetic expression: expecting EOF: \"{}\"", self.source),
            Dialect::Bash => {
                let token: String = self.chars.get(self.at..).unwrap_or_default().iter().collect();
                let operand = self.wants_operand;
                let octal = token.starts_with(|c: char| c.is_ascii_digit()) && operand;
                let token = if token.is_empty() {
                    self.chars.get(self.operator..).unwrap_or_default().iter().collect()
                } else if octal {
                    token.chars().take_while(|c| c.is_ascii_alphanumeric()).collect()
                } else {
                    token
                };
                let known = |c: char| c.is_ascii_alphanumeric() || "_()=+-*/%&|^<>?:,!~ ".contains(c);
                let token = if operand { token } else { self.unknown_sign(known).unwrap_or(token) };
                // Of a wrong number, the expression is shown up to its end.
                let end = self.chars.len().min(self.at + token.chars().count());
                let shown: String = self.chars.get(..end).unwrap_or_default().iter().collect();
                let source = if octal { shown.trim_start() } else { source };
                let what = match (octal, operand) {
                    (true, _) => "value too great for base",
                    (_, true) => "syntax error: operand expected",
                    _ if !token.starts_with(known) => "syntax error: invalid arithmetic operator",
                    _ => "syntax error in expression",
                };
                format!("{source}: {what} (error token is \"{token}\")")
            }
        })
    }

    fn zero<T>(&self, divisor: &str) -> Result<T, String> {
        Err(match self.dialect {
            Dialect::Ash => "divide by zero".to_owned(),
            Dialect::Dash => format!("arithmetic expression: division by zero: \"{}\"", self.source),
            Dialect::Bash => {
                format!("{}: division by 0 (error token is \"{divisor}\")", self.source.trim())
            }
        })
    }

    fn comma(&mut self) -> Number {
        let mut value = self.assignment()?;
        while self.dialect != Dialect::Dash && self.take(",") {
            self.operator = self.at - 1;
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn deeper(&mut self, f: impl FnOnce(&mut Self) -> Number) -> Number {
        if self.depth > 40 {
            return Err("expression recursion level exceeded".to_owned());
        }
        self.depth += 1;
        let value = f(self);
        self.depth -= 1;
        value
    }

    fn assignment(&mut self) -> Number {
        self.blanks();
        let start = self.at;
        if let Some(name) = self.name() {
            self.blanks();
            if let Some(op) = self.assignment_operator() {
                // bash looks up a name when it reads it, unless `=` follows.
                let early = op != "=" && self.dialect == Dialect::Bash;
                let left = if early { self.variable(&name)? } else { 0 };
                self.operator = self.at;
                self.at += op.len();
                self.blanks();
                self.operand = self.at;
                let right = self.deeper(Self::assignment)?;
                let value = match op.strip_suffix('=') {
                    Some("") | None => right,
                    Some(op) => {
                        let left = if early { left } else { self.variable(&name)? };
                        self.apply(op, left, right)?
                    }
                };
                if self.skip == 0 {
                    self.variables.set(&name, value)?;
                }
                return Ok(value);
            }
        }
        self.at = start;
        let value = self.ternary()?;
        self.blanks();
        let assigns = self.assignment_operator().is_some();
        if self.dialect == Dialect::Bash && assigns {
            let token = self.rest(self.at);
            let source = self.source.trim_start();
            return Err(format!(
                "{source}: attempted assignment to non-variable (error token is \"{token}\")"
            ));
        }
        Ok(value)
    }

    fn rest(&self, at: usize) -> String {
        self.chars.get(at..).unwrap_or_default().iter().collect()
    }

    /// Does `name =` come next?
    fn assigns_next(&mut self) -> bool {
        let start = self.at;
        let named = self.name().is_some();
        self.blanks();
        let assigns = named && self.assignment_operator().is_some();
        self.at = start;
        assigns
    }

    /// The assignment that stands here.
    fn assignment_operator(&self) -> Option<&'static str> {
        ["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="]
            .into_iter()
            .find(|op| self.starts(op) && !(*op == "=" && self.starts("==")))
    }

    fn ternary(&mut self) -> Number {
        let condition = self.binary(0)?;
        if !self.take("?") {
            return Ok(condition);
        }
        self.blanks();
        if self.dialect == Dialect::Bash && (self.at >= self.chars.len() || self.starts(":")) {
            let (source, token) = (self.source.trim_start(), self.token());
            return Err(format!("{source}: expression expected (error token is \"{token}\")"));
        }
        let skip_first = u32::from(condition == 0);
        self.skip += skip_first;
        // ash's stack of operators meets an assignment there before the condition.
        let assigned = self.assigns_next();
        let first = self.deeper(Self::comma)?;
        self.skip -= skip_first;
        self.blanks();
        if !self.take(":") || self.dialect == Dialect::Ash && assigned {
            return self.missing(':');
        }
        self.blanks();
        if self.dialect == Dialect::Bash && self.at >= self.chars.len() {
            let (source, token) = (self.source.trim_start(), self.token());
            return Err(format!("{source}: expression expected (error token is \"{token}\")"));
        }
        self.skip += 1 - skip_first;
        // No assignment without parentheses, as in C (bash `expcond`, dash `cond`).
        let second = self.deeper(Self::ternary)?;
        self.skip -= 1 - skip_first;
        Ok(if condition != 0 { first } else { second })
    }

    fn binary(&mut self, level: usize) -> Number {
        let Some(operators) = BINARY.get(level) else { return self.power() };
        let mut left = self.binary(level + 1)?;
        loop {
            self.blanks();
            let found = operators.iter().find(|op| {
                self.starts(op) && {
                    let next = self.chars.get(self.at + op.len());
                    let assigns =
                        next == Some(&'=') && !matches!(**op, "<=" | ">=" | "==" | "!=" | "<" | ">");
                    let doubled =
                        matches!(**op, "|" | "&" | "<" | ">" | "*") && next == op.chars().next().as_ref();
                    // dash has no `**`: two signs.
                    let doubled = doubled && !(**op == "*" && self.dialect == Dialect::Dash);
                    !assigns && !doubled
                }
            });
            let Some(op) = found else { return Ok(left) };
            self.operator = self.at;
            self.at += op.len();
            self.blanks();
            self.operand = self.at;
            let lazy = (*op == "&&" && left == 0) || (*op == "||" && left != 0);
            self.skip += u32::from(lazy);
            let right = self.binary(level + 1)?;
            self.skip -= u32::from(lazy);
            left = self.apply(op, left, right)?;
        }
    }

    fn apply(&mut self, op: &str, left: i64, right: i64) -> Number {
        Ok(match op {
            "||" => i64::from(left != 0 || right != 0),
            "&&" => i64::from(left != 0 && right != 0),
            "|" => left | right,
            "^" => left ^ right,
            "&" => left & right,
            "==" => i64::from(left == right),
            "!=" => i64::from(left != right),
            "<=" => i64::from(left <= right),
            ">=" => i64::from(left >= right),
            "<" => i64::from(left < right),
            ">" => i64::from(left > right),
            "<<" => left.wrapping_shl(right as u32),
            ">>" => left.wrapping_shr(right as u32),
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "*" => left.wrapping_mul(right),
            "/" | "%" if right == 0 => {
                if self.skip > 0 {
                    return Ok(0);
                }
                let divisor: String = self.chars.get(self.operand..).unwrap_or_default().iter().collect();
                return self.zero(&divisor);
            }
            "/" => left.wrapping_div(right),
            _ => left.wrapping_rem(right),
        })
    }

    fn power(&mut self) -> Number {
        let base = self.unary()?;
        self.blanks();
        if self.dialect == Dialect::Dash || !self.starts("**") {
            return Ok(base);
        }
        self.at += 2;
        let exponent = self.deeper(Self::power)?;
        let (mut result, mut base, mut left) = (1i64, base, exponent.max(0) as u64);
        while left > 0 {
            if left & 1 == 1 {
                result = result.wrapping_mul(base);
            }
            base = base.wrapping_mul(base);
            left >>= 1;
        }
        Ok(result)
    }

    fn unary(&mut self) -> Number {
        self.blanks();
        for (op, step) in [("++", 1), ("--", -1)] {
            if self.dialect != Dialect::Dash && self.starts(op) {
                let start = self.at;
                self.at += 2;
                self.blanks();
                if let Some(name) = self.name() {
                    return self.bump(&name, step);
                }
                self.at = start;
            }
        }
        let sign = self.chars.get(self.at).copied().filter(|c| "+-!~".contains(*c) && !self.starts("!="));
        let Some(op) = sign else {
            return self.primary();
        };
        self.operator = self.at;
        self.at += 1;
        let value = self.deeper(Self::unary)?;
        Ok(match op {
            '-' => value.wrapping_neg(),
            '!' => i64::from(value == 0),
            '~' => !value,
            _ => value,
        })
    }

    fn bump(&mut self, name: &str, step: i64) -> Number {
        let value = self.variable(name)?.wrapping_add(step);
        if self.skip == 0 {
            self.variables.set(name, value)?;
        }
        Ok(value)
    }

    fn primary(&mut self) -> Number {
        self.blanks();
        if self.take("(") {
            let value = self.deeper(Self::comma)?;
            return if self.take(")") { Ok(value) } else { self.missing(')') };
        }
        if let Some(name) = self.name() {
            for (op, step) in [("++", 1), ("--", -1)] {
                if self.dialect != Dialect::Dash && self.take(op) {
                    return Ok(self.bump(&name, step)?.wrapping_sub(step));
                }
            }
            return self.variable(&name);
        }
        let start = self.at;
        while self.chars.get(self.at).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '#' || *c == '_') {
            self.at += 1;
        }
        let mut digits: String = self.chars.get(start..self.at).unwrap_or_default().iter().collect();
        if self.dialect == Dialect::Dash {
            digits.truncate(c_number(&digits));
            self.at = start + digits.len();
        }
        match number(&digits, self.dialect) {
            Some(value) => Ok(value),
            None => {
                self.at = start;
                self.wants_operand = true;
                self.mistake()
            }
        }
    }

    fn name(&mut self) -> Option<String> {
        let first = *self.chars.get(self.at)?;
        if !(first.is_ascii_alphabetic() || first == '_') {
            return None;
        }
        let mut name = String::new();
        while let Some(c) = self.chars.get(self.at).filter(|c| c.is_ascii_alphanumeric() || **c == '_') {
            name.push(*c);
            self.at += 1;
        }
        if self.dialect == Dialect::Bash && self.chars.get(self.at) == Some(&'[') {
            let close = self.chars.get(self.at..)?.iter().position(|c| *c == ']')?;
            name.extend(self.chars.get(self.at..=self.at + close)?);
            self.at += close + 1;
        }
        Some(name)
    }

    fn variable(&mut self, name: &str) -> Number {
        // What is skipped is not looked up, but in ash.
        if self.skip > 0 && self.dialect != Dialect::Ash {
            return Ok(0);
        }
        let Some(text) = self.variables.get(name) else { return Ok(0) };
        let text = text.trim();
        if text.is_empty() {
            return Ok(0);
        }
        if let Some(value) = number(text.trim_start_matches('+'), self.dialect) {
            return Ok(value);
        }
        if let Some(value) = text.strip_prefix('-').and_then(|t| number(t, self.dialect)) {
            return Ok(value.wrapping_neg());
        }
        if self.dialect == Dialect::Dash {
            return Err(format!("Illegal number: {text}"));
        }
        if self.depth > 20 {
            return Err(match self.dialect {
                Dialect::Bash => {
                    format!("{text}: expression recursion level exceeded (error token is \"{text}\")")
                }
                _ => "expression recursion loop detected".to_owned(),
            });
        }
        evaluate(text, self.dialect, self.depth + 1, self.variables)
    }
}

/// How much of a text strtoimax(3) takes for a number.
fn c_number(text: &str) -> usize {
    let run = |text: &str, base| text.chars().take_while(|c| c.is_digit(base)).count();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).map(|hex| run(hex, 16)) {
        Some(digits) if digits > 0 => digits + 2,
        _ if text.starts_with('0') => run(text, 8),
        _ => run(text, 10),
    }
}

/// A number as C writes it, or `base#digits` in bash.
fn number(text: &str, dialect: Dialect) -> Option<i64> {
    if text.is_empty() || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    // Too big a number: bash wraps around, dash stops at the biggest (strtoimax), ash has 0 from what is
    // too big even without a sign (strtoull).
    let parse = |digits: &str, base| {
        let (mut value, mut exact) = (0i64, Some(0u64));
        for c in digits.chars() {
            let digit = c.to_digit(base)?;
            value = value.wrapping_mul(i64::from(base)).wrapping_add(i64::from(digit));
            exact = exact.and_then(|n| n.checked_mul(u64::from(base))?.checked_add(u64::from(digit)));
        }
        if digits.is_empty() {
            return None;
        }
        Some(match (dialect, exact) {
            (Dialect::Dash, exact) => exact.and_then(|n| i64::try_from(n).ok()).unwrap_or(i64::MAX),
            (Dialect::Ash, None) => 0,
            _ => value,
        })
    };
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return parse(hex, 16);
    }
    if dialect != Dialect::Dash
        && let Some((base, digits)) = text.split_once('#')
    {
        let base: u32 = base.parse().ok().filter(|b| (2..=36).contains(b))?;
        return parse(digits, base);
    }
    if text.len() > 1 && text.starts_with('0') { parse(&text[1..], 8) } else { parse(text, 10) }
}
