//! Words to fields: parameters, substitutions, splitting, globs (POSIX XCU 2.6).

use super::eval::Shell;
use super::fields::{Field, Fields};
use super::pattern;
use super::state::Value;
use super::syntax::{Dialect, Kind, Op, Part, Redirect, RedirectKind, Script, Word};
use super::{arith, text};
use crate::fs::Contents;

/// The shell has to end with this status: an expansion error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Abort(pub i32);

pub(super) type Expanded<T> = Result<T, Abort>;

impl Shell<'_, '_> {
    /// Words to fields, with splitting and globs.
    pub(super) fn fields(&mut self, words: &[Word]) -> Expanded<Vec<String>> {
        let mut result = Vec::with_capacity(words.len());
        for word in words {
            if self.s.dialect == Dialect::Bash
                && let Some(words) = super::braces::expand(word, &mut self.m.t.fuel)
            {
                for word in &words {
                    self.word_fields(word, &mut result)?;
                }
            } else {
                self.word_fields(word, &mut result)?;
            }
        }
        Ok(result)
    }

    fn word_fields(&mut self, word: &Word, result: &mut Vec<String>) -> Expanded<()> {
        // bash reads `--prefix=~` and `x=a:~` as assignments too when they are arguments.
        if self.s.dialect == Dialect::Bash
            && let Some(word) = self.assigned_word(word)
        {
            return self.word_fields(&word, result);
        }
        if let [Part::Text(text)] = &word.0[..]
            && !text.starts_with('~')
            && !text.contains(['*', '?', '[', '('])
        {
            result.push(text.clone());
            return Ok(());
        }
        let separators = self.s.get("IFS").unwrap_or_else(|| " \t\n".to_owned());
        let bad = |part: &Part| matches!(part, Part::Param(param) if matches!(param.op, Op::Bad));
        if self.s.dialect == Dialect::Bash && word.0.len() > 1 && word.0.iter().any(bad) {
            self.whole = Some(word.written());
        }
        let mut fields = Fields::splitting(&separators);
        self.parts(&word.0, false, &mut fields)?;
        for field in fields.finish() {
            if !self.m.t.fuel.spend(1) {
                return Err(Abort(137));
            }
            if field.magic && !self.s.options.noglob {
                self.glob(&field, result);
            } else {
                result.push(field.text);
            }
        }
        Ok(())
    }

    /// A word that looks like `name=~`, with the tilde in the place where words have it.
    fn assigned_word(&mut self, word: &Word) -> Option<Word> {
        let Part::Text(text) = word.0.first()? else { return None };
        let (name, value) = text.split_once('=')?;
        let named = name.strip_suffix('+').unwrap_or(name);
        let named = named.split_once('[').map_or(named, |(named, _)| named);
        if !value.contains('~') || !super::syntax::is_whole_name(named) {
            return None;
        }
        let whole = word.0.len() == 1;
        let mut parts = vec![Part::Quoted(format!("{name}="))];
        for (number, piece) in value.split(':').enumerate() {
            if number > 0 {
                parts.push(Part::Text(":".to_owned()));
            }
            let last = number == value.matches(':').count();
            let home = match piece.split_once('/') {
                Some((head, _)) => self.home(head),
                None if whole || !last => self.home(piece),
                None => None,
            };
            let end = piece.find('/').unwrap_or(piece.len());
            match home {
                Some(home) => {
                    parts.push(Part::Quoted(home));
                    parts.push(Part::Text(piece.get(end..).unwrap_or_default().to_owned()));
                }
                None => parts.push(Part::Text(piece.to_owned())),
            }
        }
        // A tilde that stays must not be read again.
        let all = parts.into_iter().chain(word.0.iter().skip(1).cloned());
        Some(Word(all.filter(|part| !matches!(part, Part::Text(text) if text.is_empty())).collect()))
    }

    /// The directory that `~` or `~user` stands for.
    fn home(&mut self, text: &str) -> Option<String> {
        match text.strip_prefix('~')? {
            "" => self.s.get("HOME"),
            user => super::users::by_name(self.m, user).map(|user| user.home),
        }
    }

    fn glob(&mut self, field: &Field, result: &mut Vec<String>) {
        let options = super::glob::Options {
            hidden: self.s.options.dotglob,
            deep: self.s.options.globstar,
            flavour: self.flavour(),
            dots: self.s.dialect != Dialect::Bash,
        };
        let found = super::glob::expand(self.m, &field.pattern, options);
        if found.is_empty() {
            if !self.s.options.nullglob {
                result.push(field.text.clone());
            }
        } else {
            result.extend(found);
        }
    }

    /// One string: no splitting, no globs.
    pub(super) fn text(&mut self, word: &Word) -> Expanded<String> {
        if let [Part::Text(text)] = &word.0[..]
            && !text.starts_with('~')
        {
            return Ok(text.clone());
        }
        let mut fields = Fields::single();
        self.parts(&word.0, false, &mut fields)?;
        Ok(fields.one().text)
    }

    /// How patterns of this shell are read.
    pub(super) fn flavour(&self) -> pattern::Flavour {
        pattern::Flavour {
            caret: self.s.dialect != Dialect::Dash,
            extended: self.s.dialect == Dialect::Bash && self.s.options.extglob,
        }
    }

    /// One pattern: what was quoted is escaped.
    pub(super) fn pattern(&mut self, word: &Word) -> Expanded<String> {
        let mut fields = Fields::single();
        self.parts(&word.0, false, &mut fields)?;
        Ok(fields.one().pattern)
    }

    pub(super) fn parts(&mut self, parts: &[Part], quoted: bool, out: &mut Fields) -> Expanded<()> {
        for (number, part) in parts.iter().enumerate() {
            if !self.m.t.fuel.spend(1) {
                return Err(Abort(137));
            }
            match part {
                Part::Text(text) if quoted => out.quoted(text),
                Part::Text(text) => {
                    let first = number == 0 && out.open.is_none();
                    let rest = if first && text.starts_with('~') {
                        self.tilde(text, parts.len() == 1, out)
                    } else {
                        text
                    };
                    if !rest.is_empty() {
                        out.literal(rest);
                    }
                }
                Part::Quoted(text) => out.quoted(text),
                Part::Double(inside) => {
                    if inside.is_empty() || !only_all(inside, self.s.dialect) {
                        out.begin();
                    }
                    self.parts(inside, true, out)?;
                }
                Part::Param(param) => self.param(param, quoted, out)?,
                Part::Command(script) => {
                    let value = self.substitute(script)?;
                    self.result(&value, quoted, out);
                }
                Part::Arith(inside) => {
                    let value = self.arithmetic(inside)?.to_string();
                    self.result(&value, quoted, out);
                }
                Part::Process(script) => {
                    let path = self.process_substitution(script)?;
                    out.quoted(&path);
                }
            }
        }
        Ok(())
    }

    pub(super) fn result(&mut self, value: &str, quoted: bool, out: &mut Fields) {
        let length = value.len() as u64;
        if !self.m.t.fuel.spend(length / 4) || !self.m.t.fuel.spend_bytes(length) {
            return;
        }
        if quoted { out.quoted(value) } else { out.expanded(value) }
    }

    /// `~` and `~user` at the start of a word; what is left of the text.
    fn tilde<'t>(&mut self, text: &'t str, whole: bool, out: &mut Fields) -> &'t str {
        let end = text.find('/').unwrap_or(text.len());
        if end == text.len() && !whole {
            return text;
        }
        match self.home(&text[..end]) {
            Some(home) => {
                out.quoted(&home);
                &text[end..]
            }
            None => text,
        }
    }

    /// `$(…)`: what the commands print, without newlines at the end.
    pub(super) fn substitute(&mut self, script: &Script) -> Expanded<String> {
        let contents = self.capture(script)?;
        let Some(mut bytes) = contents.to_bytes(16 << 20) else {
            self.m.t.fuel.spend_bytes(u64::MAX);
            return Err(Abort(137));
        };
        bytes.retain(|b| *b != 0);
        while bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        Ok(text::decode(&bytes))
    }

    /// bash: `$(< file)` is the file's text.
    fn file_read(&mut self, script: &Script) -> Option<Word> {
        let [list] = &script.lists[..] else { return None };
        let [item] = &list.0[..] else { return None };
        let [command] = &item.first.commands[..] else { return None };
        match (&command.kind, &command.redirects[..]) {
            (Kind::Simple { assigns, words, .. }, [Redirect { kind: RedirectKind::Read(word), .. }])
                if assigns.is_empty() && words.is_empty() && item.rest.is_empty() =>
            {
                Some(word.clone())
            }
            _ => None,
        }
    }

    fn capture(&mut self, script: &Script) -> Expanded<Contents> {
        let file = if self.s.dialect == Dialect::Bash { self.file_read(script) } else { None };
        if let Some(word) = file {
            let before = self.s.fds.clone();
            let open = Redirect { fd: 0, line: self.s.line, kind: RedirectKind::Read(word) };
            let opened = self.redirect(&[open])?;
            let stream = self.s.fds.get(0).cloned();
            self.s.fds = before;
            self.substituted = Some(i32::from(!opened));
            return Ok(match stream {
                Some(stream) if opened => self.m.read_rest(&stream),
                _ => Contents::EMPTY,
            });
        }
        if !self.m.t.fuel.enter() {
            return Err(Abort(137));
        }
        let fds = self.s.fds.clone();
        let mut inner = self.s.clone();
        inner.subshell += 1;
        inner.level += 1;
        let builtin = if self.s.dialect == Dialect::Bash { None } else { self.builtin.clone() };
        let (status, contents) = self.m.capture(&fds, |m, fds| {
            inner.fds = fds.clone();
            let mut shell = Shell { builtin, ..Shell::new(m, inner) };
            shell.isolated(|shell| shell.lists(&script.lists))
        });
        self.m.t.fuel.leave();
        // ash and dash keep `$?` until the command is over.
        if self.s.dialect == Dialect::Bash {
            self.s.status = status;
        }
        self.substituted = Some(status);
        if self.m.stopped() { Err(Abort(137)) } else { Ok(contents) }
    }

    /// `<(…)`: the output, as a file that can be read.
    fn process_substitution(&mut self, script: &Script) -> Expanded<String> {
        let contents = self.capture(script)?;
        let number = (60..64).rev().find(|n| self.s.fds.get(*n).is_none()).unwrap_or(63);
        self.s.fds.set(number, super::stream::reader(contents));
        Ok(format!("/dev/fd/{number}"))
    }

    /// The number of an arithmetic expression.
    pub(super) fn arithmetic(&mut self, parts: &[Part]) -> Expanded<i64> {
        let mut fields = Fields::single();
        self.parts(parts, true, &mut fields)?;
        let source = fields.one().text;
        self.calculate(&source)
    }

    /// `(( ))` and `let` of bash: a mistake is complained about with their name, and counts as 0.
    pub(super) fn calculate_in(&mut self, what: &str, source: &str) -> Expanded<i64> {
        if self.s.dialect != Dialect::Bash {
            return self.calculate(source);
        }
        if !self.m.t.fuel.spend(source.len() as u64) {
            return Err(Abort(137));
        }
        match arith::evaluate(source, Dialect::Bash, 0, self) {
            _ if std::mem::take(&mut self.unbound) => Err(Abort(self.fatal_status())),
            Ok(value) => Ok(value),
            Err(message) => {
                let builtin = self.builtin.take();
                self.complain(&format!("{what}: {message}"));
                self.builtin = builtin;
                Ok(0)
            }
        }
    }

    pub(super) fn calculate(&mut self, source: &str) -> Expanded<i64> {
        if !self.m.t.fuel.spend(source.len() as u64) {
            return Err(Abort(137));
        }
        let dialect = self.s.dialect;
        let value = arith::evaluate(source, dialect, 0, self);
        if std::mem::take(&mut self.unbound) {
            return Err(Abort(self.fatal_status()));
        }
        value.map_err(|message| {
            self.complain(&message);
            self.discards = dialect == Dialect::Bash;
            Abort(if dialect == Dialect::Bash { 1 } else { 2 })
        })
    }
}

/// Nothing but `$@` between the quotes: without parameters there is no field.
/// With an operator on it there is one in ash and dash, if an empty one.
fn only_all(parts: &[Part], dialect: Dialect) -> bool {
    parts.iter().all(|part| match part {
        Part::Param(param) if param.name == "@" => dialect == Dialect::Bash || matches!(param.op, Op::Value),
        Part::Param(param) => param.index.as_ref().and_then(Word::plain) == Some("@"),
        _ => false,
    })
}

impl arith::Variables for Shell<'_, '_> {
    fn get(&mut self, name: &str) -> Option<String> {
        match name.split_once('[') {
            Some((array, index)) => {
                let index = index.trim_end_matches(']').to_owned();
                match self.s.variables.get(array)?.value.clone()? {
                    Value::Array(items) => {
                        let index = arith::evaluate(&index, self.s.dialect, 20, self).ok()?;
                        items.get(&index).cloned()
                    }
                    Value::Map(items) => items.get(&index).cloned(),
                    Value::Text(text) => (index == "0").then_some(text),
                }
            }
            None => {
                let value = self.lookup(name);
                let strict = self.s.options.nounset && self.s.dialect == Dialect::Bash;
                // The first ends the expression.
                if value.is_none() && strict && !self.unbound {
                    self.unbound = true;
                    self.complain(&self.unset_message(name));
                }
                value
            }
        }
    }

    fn set(&mut self, name: &str, value: i64) -> Result<(), String> {
        if let Some((array, index)) = name.split_once('[') {
            let index = index.trim_end_matches(']').to_owned();
            let at = arith::evaluate(&index, self.s.dialect, 20, self)?;
            if let Value::Array(items) =
                self.s.entry(array).value.get_or_insert_with(|| Value::Array(Default::default()))
            {
                items.insert(at, value.to_string());
            }
            return Ok(());
        }
        if self.s.set(name, value.to_string()) { Ok(()) } else { Err(self.readonly_message(name)) }
    }
}

/// `text` without what `pattern` matches at one end; the longest match or the shortest.
pub(super) fn trim(
    text: &str,
    source: &str,
    prefix: bool,
    longest: bool,
    flavour: pattern::Flavour,
    fuel: &mut crate::trace::Fuel,
) -> String {
    let compiled = pattern::Pattern::of(source, flavour);
    let chars: Vec<char> = text.chars().collect();
    let count = chars.len();
    // Only cuts that leave the pattern what it can match.
    let (least, most) = compiled.lengths();
    let fitting = least..=most.unwrap_or(count).min(count);
    let mut cuts: Vec<usize> = if prefix {
        fitting.collect()
    } else {
        fitting.rev().map(|length| count - length.min(count)).collect()
    };
    if longest == prefix {
        cuts.reverse();
    }
    for cut in cuts {
        if !fuel.spend(compiled.cost(if prefix { cut } else { count - cut })) {
            break;
        }
        let (left, right) = chars.split_at(cut);
        let (candidate, rest) = if prefix { (left, right) } else { (right, left) };
        if compiled.matches(candidate) {
            return rest.iter().collect();
        }
    }
    text.to_owned()
}
