//! `${…}`: values and operators.

use super::eval::Shell;
use super::expand::{Abort, Expanded, trim};
use super::fields::Fields;
use super::pattern::Pattern;
use super::state::Value;
use super::syntax::{Anchor, Dialect, Op, Param, Part, Word, is_whole_name};

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// The value of a parameter.
enum Got {
    Unset,
    One(String),
    /// `$@`, `$*`, `${a[@]}`; whether it joins (`*`) when quoted.
    Many(Vec<String>, bool),
}

impl Shell<'_, '_> {
    /// A variable or special parameter with one value.
    pub(super) fn lookup(&mut self, name: &str) -> Option<String> {
        let first = name.chars().next()?;
        if first.is_ascii_digit() {
            let number: usize = name.parse().ok()?;
            return match number {
                0 => Some(self.s.name.clone()),
                n => self.s.parameters.get(n - 1).cloned(),
            };
        }
        match name {
            "#" => Some(self.s.parameters.len().to_string()),
            "?" => Some(self.s.status.to_string()),
            "$" => Some(self.s.pid.to_string()),
            "!" => self.s.background.map(|pid| pid.to_string()),
            "-" => Some(self.s.letters()),
            "LINENO" => Some(self.s.line.to_string()),
            "RANDOM" if self.s.dialect != Dialect::Dash => Some(self.m.random().to_string()),
            "FUNCNAME" if self.s.dialect == Dialect::Bash => self.s.calling.last().cloned(),
            "SECONDS" if self.s.dialect == Dialect::Bash => Some("0".to_owned()),
            _ => self.s.get(name),
        }
    }

    fn value(&mut self, param: &Param) -> Expanded<Got> {
        match param.name.as_str() {
            "@" => return Ok(Got::Many(self.s.parameters.clone(), false)),
            "*" => return Ok(Got::Many(self.s.parameters.clone(), true)),
            _ => {}
        }
        let mut name = param.name.clone();
        if param.indirect {
            let target = self.lookup(&name);
            let all = param.index.as_ref().and_then(Word::plain);
            if target.is_none() && all.is_none() && self.s.dialect == Dialect::Bash {
                self.complain(&format!("{name}: invalid indirect expansion"));
                self.discards = true;
                return Err(Abort(1));
            }
            let target = target.unwrap_or_default();
            if param.index.as_ref().and_then(Word::plain) == Some("@") {
                return Ok(self.keys(&name));
            }
            if self.s.dialect == Dialect::Bash && !is_parameter(&target) {
                self.complain(&format!("{target}: invalid variable name"));
                self.discards = true;
                return Err(Abort(1));
            }
            name = target;
        }
        let Some(index) = &param.index else {
            if self.s.dialect == Dialect::Bash && name == "PIPESTATUS" {
                return Ok(self.s.pipe_status.first().map_or(Got::Unset, |s| Got::One(s.to_string())));
            }
            return Ok(self.lookup(&name).map_or(Got::Unset, Got::One));
        };
        let stored = if name == "FUNCNAME" && self.s.dialect == Dialect::Bash {
            let names = self.s.calling.iter().rev().enumerate();
            let items: std::collections::BTreeMap<i64, String> =
                names.map(|(number, name)| (number as i64, name.clone())).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        } else if name == "PIPESTATUS" {
            let items = self.s.pipe_status.iter().enumerate();
            Some(Value::Array(items.map(|(i, s)| (i as i64, s.to_string())).collect()))
        } else {
            self.s.variables.get(&name).and_then(|variable| variable.value.clone())
        };
        if let Some(all @ ("@" | "*")) = index.plain() {
            let values = match stored {
                Some(Value::Array(items)) => items.into_values().collect(),
                Some(Value::Map(items)) => items.into_values().collect(),
                Some(Value::Text(text)) => vec![text],
                None => Vec::new(),
            };
            return Ok(Got::Many(values, all == "*"));
        }
        let value = match stored {
            Some(Value::Map(items)) => items.get(&self.text(index)?).cloned(),
            // A number below zero counts from behind the last element.
            stored => {
                let plain = matches!(stored, Some(Value::Text(_)));
                let items = match stored {
                    Some(Value::Array(items)) => items,
                    Some(Value::Text(text)) => [(0, text)].into(),
                    _ => std::collections::BTreeMap::new(),
                };
                let mut at = self.arithmetic(&index.0)?;
                if at < 0 {
                    // A plain variable has no last element.
                    let last = items.keys().next_back().filter(|_| !plain);
                    at = last.map_or(0, |last| last.saturating_add(1)).saturating_add(at);
                    if at < 0 {
                        self.complain(&format!("{name}: bad array subscript"));
                    }
                }
                items.get(&at).cloned()
            }
        };
        Ok(value.map_or(Got::Unset, Got::One))
    }

    /// `${!prefix*}`: the names that begin so.
    fn names_from(&self, prefix: &str) -> Vec<String> {
        if prefix.is_empty() {
            return Vec::new();
        }
        let set = self.s.variables.iter().filter(|(_, variable)| variable.value.is_some());
        let mut names: Vec<String> =
            set.map(|(name, _)| name.clone()).filter(|name| name.starts_with(prefix)).collect();
        names.sort();
        names
    }

    fn keys(&mut self, name: &str) -> Got {
        match self.s.variables.get(name).and_then(|v| v.value.as_ref()) {
            Some(Value::Array(items)) => Got::Many(items.keys().map(i64::to_string).collect(), false),
            Some(Value::Map(items)) => Got::Many(items.keys().cloned().collect(), false),
            Some(Value::Text(_)) => Got::Many(vec!["0".to_owned()], false),
            None => Got::Many(Vec::new(), false),
        }
    }

    /// Expands one parameter into the fields.
    pub(super) fn param(&mut self, param: &Param, quoted: bool, out: &mut Fields) -> Expanded<()> {
        if matches!(param.op, Op::Bad) {
            let message = match self.s.dialect {
                Dialect::Ash => "syntax error: bad substitution".to_owned(),
                Dialect::Dash => "Bad substitution".to_owned(),
                Dialect::Bash => {
                    let whole = self.whole.take().unwrap_or_else(|| param.source.clone());
                    format!("{whole}: bad substitution")
                }
            };
            match self.s.dialect {
                Dialect::Ash => self.complain_while_reading(&message),
                _ => self.complain(&message),
            }
            self.discards = self.s.dialect == Dialect::Bash;
            return Err(Abort(if self.s.dialect == Dialect::Bash { 1 } else { 2 }));
        }
        let got = match &param.op {
            Op::Names { joins } => Got::Many(self.names_from(&param.name), *joins),
            _ => self.value(param)?,
        };
        let set = !matches!(got, Got::Unset);
        let empty = match &got {
            Got::Unset => true,
            Got::One(text) => text.is_empty(),
            Got::Many(values, _) => values.iter().all(String::is_empty),
        };
        let missing = |colon: bool| match &got {
            Got::Many(values, _) => values.is_empty() || (colon && empty),
            _ => !set || (colon && empty),
        };
        match &param.op {
            // ash and dash hold `$@` and `$*` for set, whatever they hold.
            Op::Default(false, _) | Op::Error(false, _)
                if matches!(got, Got::Many(..)) && self.s.dialect != Dialect::Bash => {}
            Op::Default(colon, word) if missing(*colon) => return self.operand(word, quoted, out),
            Op::Alternate(colon, word) => {
                let all = matches!(got, Got::Many(..)) && self.s.dialect != Dialect::Bash;
                if missing(*colon) && (*colon || !all) {
                    return Ok(());
                }
                return self.operand(word, quoted, out);
            }
            // `${*=x}`: in ash and dash they are never unset.
            Op::Assign(false, _) if matches!(got, Got::Many(..)) && self.s.dialect != Dialect::Bash => {}
            Op::Assign(colon, _) if missing(*colon) && !param.name.starts_with(is_name_start) => {
                let message = match self.s.dialect {
                    Dialect::Bash => format!("${}: cannot assign in this way", param.name),
                    _ => format!("{}: bad variable name", param.name),
                };
                self.complain(&message);
                self.discards = self.s.dialect == Dialect::Bash;
                return Err(Abort(if self.discards { 1 } else { 2 }));
            }
            Op::Assign(colon, word) if missing(*colon) => {
                let value = self.text(word)?;
                if !self.s.set(&param.name, value.clone()) {
                    self.complain(&self.readonly_message(&param.name));
                    return Err(Abort(2));
                }
                self.result(&value, quoted, out);
                return Ok(());
            }
            Op::Error(colon, word) if missing(*colon) => {
                let text = self.text(word)?;
                let bash = self.s.dialect == Dialect::Bash;
                // A word that is there but empty says nothing.
                let given = !text.is_empty() || !word.0.is_empty();
                let text = match (!given, *colon) {
                    (false, _) => text,
                    (true, true) if bash => "parameter null or not set".to_owned(),
                    (true, true) => "parameter not set or null".to_owned(),
                    (true, false) => "parameter not set".to_owned(),
                };
                self.complain(&format!("{}: {text}", param.name));
                return Err(Abort(self.fatal_status()));
            }
            _ => {}
        }
        if let Op::Transform(letter) = &param.op {
            if set && letter.is_none() {
                self.complain(&format!("{}: bad substitution", param.source));
                self.discards = true;
                return Err(Abort(1));
            }
            if !set && !self.s.options.nounset {
                return Ok(());
            }
        }
        if !set
            && self.s.options.nounset
            && !matches!(param.op, Op::Default(..) | Op::Assign(..) | Op::Error(..))
        {
            let index =
                param.index.as_ref().map(|index| format!("[{}]", index.written())).unwrap_or_default();
            // bash shows `$2` with its sign, `${2}` without.
            let name = match self.s.dialect {
                Dialect::Bash if param.source.starts_with("${") => {
                    format!("{}{index}: unbound variable", param.name)
                }
                _ => self.unset_message(&param.name),
            };
            self.complain(&name);
            return Err(Abort(self.fatal_status()));
        }
        match got {
            Got::Many(values, joins) => self.many(param, values, joins, quoted, out),
            Got::One(text) => {
                let text = self.operate(&param.name, &param.op, text)?;
                self.result(&text, quoted, out);
                Ok(())
            }
            Got::Unset => {
                let text = self.operate(&param.name, &param.op, String::new())?;
                self.result(&text, quoted, out);
                Ok(())
            }
        }
    }

    /// The word of `${x-…}` or `${x+…}` in the parameter's place.
    fn operand(&mut self, word: &Word, quoted: bool, out: &mut Fields) -> Expanded<()> {
        let outer = out.within(!quoted);
        let done = self.parts(&word.0, quoted, out);
        out.within(outer);
        done
    }

    fn many(
        &mut self,
        param: &Param,
        values: Vec<String>,
        joins: bool,
        quoted: bool,
        out: &mut Fields,
    ) -> Expanded<()> {
        let values = match &param.op {
            // ash and dash measure the text that they make of all.
            Op::Length if self.s.dialect != Dialect::Bash => {
                let all = values.join(" ").chars().count().to_string();
                self.result(&all, quoted, out);
                return Ok(());
            }
            Op::Length => {
                self.result(&values.len().to_string(), quoted, out);
                return Ok(());
            }
            Op::Slice(offset, length) => self.slice_many(param, values, offset, length.as_deref())?,
            op => {
                let mut changed = Vec::with_capacity(values.len());
                for value in values {
                    changed.push(self.operate(&param.name, op, value)?);
                }
                changed
            }
        };
        let separators = self.s.get("IFS");
        let separator: String = separators.as_deref().unwrap_or(" ").chars().take(1).collect();
        if quoted && joins {
            self.result(&values.join(&separator), true, out);
            return Ok(());
        }
        let count = values.len();
        for (number, value) in values.into_iter().enumerate() {
            if quoted {
                out.begin();
            }
            self.result(&value, quoted, out);
            if number + 1 < count {
                out.cut();
            }
        }
        Ok(())
    }

    fn slice_many(
        &mut self,
        param: &Param,
        values: Vec<String>,
        offset: &[Part],
        length: Option<&[Part]>,
    ) -> Expanded<Vec<String>> {
        let positional = matches!(param.name.as_str(), "@" | "*");
        let mut all = values;
        if positional {
            all.insert(0, self.s.name.clone());
        }
        let total = all.len() as i64;
        let offset = self.arithmetic(offset)?;
        let start = if offset < 0 { total.saturating_add(offset) } else { offset };
        let count = match length {
            Some(length) => self.arithmetic(length)?,
            None => total,
        };
        if start < 0 || count < 0 {
            return Ok(Vec::new());
        }
        Ok(all.into_iter().skip(start as usize).take(count as usize).collect())
    }

    fn operate(&mut self, name: &str, op: &Op, text: String) -> Expanded<String> {
        Ok(match op {
            Op::Length => text.chars().count().to_string(),
            Op::Prefix(longest, word) | Op::Suffix(longest, word) => {
                let pattern = self.pattern(word)?;
                let flavour = self.flavour();
                let prefix = matches!(op, Op::Prefix(..));
                trim(&text, &pattern, prefix, *longest, flavour, &mut self.m.t.fuel)
            }
            Op::Replace { anchor, pattern, with, quoted } => {
                let pattern = self.pattern(pattern)?;
                let with = self.replacement(with, *quoted)?;
                self.replace(&text, &pattern, &with, *anchor)
            }
            Op::Slice(offset, length) => {
                let chars: Vec<char> = text.chars().collect();
                let total = chars.len() as i64;
                let offset = self.arithmetic(offset)?;
                let start = if offset < 0 { total.saturating_add(offset) } else { offset };
                let length = match length {
                    Some(parts) => self.arithmetic(parts)?,
                    None => total,
                };
                let end =
                    if length < 0 { total.saturating_add(length) } else { start.saturating_add(length) };
                if start < 0 || end <= start {
                    String::new()
                } else {
                    chars.into_iter().skip(start as usize).take((end - start) as usize).collect()
                }
            }
            Op::Transform(Some(letter)) => match letter {
                'Q' => super::builtins::quote_again(&text),
                'U' => text.to_ascii_uppercase(),
                'L' => text.to_ascii_lowercase(),
                'u' => {
                    let mut chars = text.chars();
                    let first = chars.next().map(|c| c.to_ascii_uppercase().to_string());
                    first.unwrap_or_default() + chars.as_str()
                }
                'E' => super::text::decode(&super::escape::ansi_c(&text)),
                'A' => format!("{name}={}", super::builtins::quote_again(&text)),
                'a' => String::new(),
                _ => text,
            },
            Op::Case { upper, all, pattern } => {
                let source = self.pattern(pattern)?;
                let pattern = (!source.is_empty()).then(|| Pattern::of(&source, self.flavour()));
                let turn = |c: char| if *upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
                let fits = |c: char| pattern.as_ref().is_none_or(|pattern| pattern.matches(&[c]));
                let turned = |(i, c): (usize, char)| if (*all || i == 0) && fits(c) { turn(c) } else { c };
                text.chars().enumerate().map(turned).collect()
            }
            _ => text,
        })
    }

    /// What comes in the place of a match: pieces, none for the match itself, which bash puts where an `&`
    /// is not quoted (`patsub_replacement`).
    fn replacement(&mut self, with: &Word, within: bool) -> Expanded<Vec<Option<String>>> {
        if self.s.dialect != Dialect::Bash {
            return Ok(vec![Some(self.text(with)?)]);
        }
        let mut pieces = Vec::new();
        for part in &with.0 {
            // In double quotes everything is quoted: what counts is a second pair inside them.
            let quoted = matches!(part, Part::Double(_)) || matches!(part, Part::Quoted(_) if !within);
            let value = self.text(&Word(vec![part.clone()]))?;
            if quoted {
                pieces.push(Some(value));
                continue;
            }
            let (mut piece, mut chars) = (String::new(), value.chars().peekable());
            while let Some(c) = chars.next() {
                match c {
                    '&' => pieces.extend([Some(std::mem::take(&mut piece)), None]),
                    '\\' => piece.push(chars.next_if(|next| matches!(next, '&' | '\\')).unwrap_or(c)),
                    c => piece.push(c),
                }
            }
            pieces.push(Some(piece));
        }
        Ok(pieces)
    }

    fn replace(&mut self, text: &str, source: &str, with: &[Option<String>], anchor: Anchor) -> String {
        if source.is_empty() {
            return text.to_owned();
        }
        let pattern = Pattern::of(source, self.flavour());
        let chars: Vec<char> = text.chars().collect();
        let (mut result, mut at) = (String::new(), 0);
        let (least, most) = pattern.lengths();
        'text: while at <= chars.len() {
            let mut end = most.map_or(chars.len(), |most| chars.len().min(at + most));
            if anchor == Anchor::End {
                end = chars.len();
            }
            loop {
                if !self.m.t.fuel.spend(pattern.cost(end - at)) {
                    break 'text;
                }
                let fits = anchor != Anchor::End || end == chars.len();
                if fits && end > at && pattern.matches(chars.get(at..end).unwrap_or_default()) {
                    for piece in with {
                        match piece {
                            Some(piece) => result.push_str(piece),
                            None => result.extend(chars.get(at..end).unwrap_or_default()),
                        }
                    }
                    at = end;
                    if anchor != Anchor::All {
                        break 'text;
                    }
                    continue 'text;
                }
                if end <= at + least || anchor == Anchor::End {
                    break;
                }
                end -= 1;
            }
            if anchor == Anchor::Start {
                break;
            }
            match chars.get(at) {
                Some(c) => result.push(*c),
                None => break,
            }
            at += 1;
        }
        result.extend(chars.get(at..).unwrap_or_default());
        result
    }

    /// The status with which `${x?}` and an unset parameter end the shell.
    pub(super) fn fatal_status(&self) -> i32 {
        match self.s.dialect {
            Dialect::Bash if self.s.options.errexit || self.s.subshell > 0 || self.s.script => 1,
            Dialect::Bash => 127,
            _ => 2,
        }
    }

    pub(super) fn unset_message(&self, name: &str) -> String {
        match self.s.dialect {
            Dialect::Bash if name.starts_with(|c: char| c.is_ascii_digit() || c == '!') => {
                format!("${name}: unbound variable")
            }
            Dialect::Bash => format!("{name}: unbound variable"),
            _ => format!("{name}: parameter not set"),
        }
    }

    pub(super) fn readonly_message(&self, name: &str) -> String {
        match self.s.dialect {
            Dialect::Bash => format!("{name}: readonly variable"),
            _ => format!("{name}: is read only"),
        }
    }
}

/// May this text stand where a parameter's name does (bash `subst.c`, `parameter_brace_expand_indir`)? An
/// element has brackets.
fn is_parameter(text: &str) -> bool {
    let name = match text.split_once('[') {
        Some((name, rest)) if rest.len() > 1 && rest.ends_with(']') => name,
        Some(_) => return false,
        None => text,
    };
    let special = name.len() == 1 && name.contains(['@', '*', '#', '?', '-', '$', '!']);
    let digits = !name.is_empty() && name.chars().all(|c| c.is_ascii_digit());
    special || digits || is_whole_name(name)
}
