//! `sed`: a script at work on lines.

use super::sed_parse::{Address, Command, Piece, What};
use crate::fs::Contents;
use crate::shell::call::Call;
use crate::shell::text;
use regex::Regex;
use std::rc::Rc;

/// The machine that a script runs on.
pub(super) struct Editor<'s> {
    script: &'s [Command],
    lines: Vec<String>,
    at: usize,
    /// What ends a line.
    end: char,
    ended: bool,
    busybox: bool,
    pattern: String,
    pub hold: String,
    pub out: String,
    /// Written after the current line.
    queue: String,
    active: Vec<Option<usize>>,
    substituted: bool,
    quiet: bool,
    pub exit: Option<i32>,
    last: Option<Rc<Regex>>,
    reads: Vec<(String, String)>,
    writes: Vec<(String, String)>,
}

/// What comes after a line's script.
enum End {
    /// Print the pattern space, unless quiet.
    Line,
    /// Don't.
    Deleted,
    /// `D`: run again without reading.
    Again,
    Quit(bool),
}

/// Where a script goes on after a command.
enum Step {
    Next,
    To(usize),
    End(End),
}

impl<'s> Editor<'s> {
    pub fn new(script: &'s [Command], source: &str, quiet: bool, end: char) -> Editor<'s> {
        let ended = source.ends_with(end);
        let body = source.strip_suffix(end).unwrap_or(source);
        let lines = if source.is_empty() { Vec::new() } else { body.split(end).map(str::to_owned).collect() };
        Editor {
            script,
            lines,
            at: 0,
            end,
            busybox: false,
            ended: ended || source.is_empty(),
            pattern: String::new(),
            hold: String::new(),
            out: String::new(),
            queue: String::new(),
            active: vec![None; script.len()],
            substituted: false,
            quiet,
            exit: None,
            last: None,
            reads: Vec::new(),
            writes: Vec::new(),
        }
    }

    pub fn edit(&mut self, call: &mut Call<'_, '_>) {
        // What `r` may read, before the first line.
        for command in self.script {
            if let What::Read(file) = &command.what
                && let Ok(contents) = call.open_read(file)
            {
                let text = call.text_of(&contents);
                self.reads.push((file.clone(), text));
            }
        }
        // What `w` writes is there even when nothing is written.
        for command in self.script {
            if let What::Write(file) | What::Substitute { write: Some(file), .. } = &command.what
                && !file.starts_with("/dev/std")
            {
                self.write_to(file, "");
            }
        }
        let mut again = false;
        loop {
            if !again {
                match self.next_line() {
                    Some(line) => self.pattern = line,
                    None => return,
                }
            }
            self.substituted &= again;
            match self.cycle(call) {
                End::Line => {
                    again = false;
                    self.flush(true);
                }
                End::Deleted => {
                    again = false;
                    self.flush(false);
                }
                End::Again => {
                    again = true;
                    self.flush(false);
                }
                End::Quit(print) => {
                    self.flush(print);
                    return;
                }
            }
            if call.m.stopped() {
                return;
            }
        }
    }

    fn next_line(&mut self) -> Option<String> {
        let line = self.lines.get_mut(self.at).map(std::mem::take)?;
        self.at += 1;
        Some(line)
    }

    fn print(&mut self, line: &str) {
        if !self.out.is_empty() && !self.out.ends_with(self.end) {
            self.out.push(self.end);
        }
        self.out.push_str(line);
        // A last line without an end stays without.
        if self.ended || self.at < self.lines.len() {
            self.out.push(self.end);
        }
    }

    fn flush(&mut self, print: bool) {
        if print && !self.quiet {
            let line = self.pattern.clone();
            self.print(&line);
        }
        if !self.queue.is_empty() {
            if !self.out.is_empty() && !self.out.ends_with('\n') {
                self.out.push('\n');
            }
            self.out.push_str(&std::mem::take(&mut self.queue));
        }
    }

    pub fn store(&mut self, call: &mut Call<'_, '_>) {
        for (file, content) in std::mem::take(&mut self.writes) {
            match file.as_str() {
                "/dev/stdout" => call.out(&content),
                "/dev/stderr" => call.err(&content),
                _ => {
                    if let Err(errno) = call.m.write(&text::encode(&file), Contents::text(&content), 0o666) {
                        call.fail_errno(&file, errno);
                    }
                }
            }
        }
    }

    fn matches(&mut self, address: &Address) -> bool {
        match address {
            Address::Line(line) => self.at == *line,
            Address::Last => self.at >= self.lines.len(),
            Address::Step(first, 0) => self.at == *first,
            Address::Step(first, step) => self.at >= *first && (self.at - first).is_multiple_of(*step),
            Address::Plus(_) => false,
            Address::Match(regex) => {
                let Some(regex) = regex.clone().or_else(|| self.last.clone()) else { return false };
                self.last = Some(regex.clone());
                regex.is_match(&self.pattern)
            }
        }
    }

    fn selected(&mut self, number: usize, command: &Command) -> bool {
        let Some(from) = &command.from else { return !command.not };
        let Some(to) = &command.to else { return self.matches(from) != command.not };
        let started = self.active.get(number).copied().flatten();
        let inside = match started {
            Some(start) => {
                let last = match to {
                    Address::Line(line) => self.at >= *line,
                    Address::Plus(count) => self.at >= start + count,
                    other => self.matches(other),
                };
                // A range whose end is already behind holds one line.
                let beyond = matches!(to, Address::Line(line) if self.at > *line);
                if last && let Some(slot) = self.active.get_mut(number) {
                    *slot = None;
                }
                !beyond
            }
            None => {
                let zero = matches!(from, Address::Line(0)) && self.at == 1 && !self.busybox;
                let begins = self.matches(from) || zero;
                if begins {
                    let over = match to {
                        Address::Line(line) => *line <= self.at,
                        Address::Plus(0) => true,
                        other if zero => self.matches(other),
                        _ => false,
                    };
                    if !over && let Some(slot) = self.active.get_mut(number) {
                        *slot = Some(self.at);
                    }
                }
                begins
            }
        };
        inside != command.not
    }

    fn cycle(&mut self, call: &mut Call<'_, '_>) -> End {
        let script = self.script;
        let mut number = 0;
        while let Some(command) = script.get(number) {
            if !call.m.t.fuel.spend(1 + self.pattern.len() as u64 / 64) {
                return End::Quit(false);
            }
            self.busybox = call.busybox;
            let selected = self.selected(number, command);
            number += 1;
            if !selected {
                if let What::Open(behind) = command.what {
                    number = behind;
                }
                continue;
            }
            match self.perform(number, command, call) {
                Step::Next => {}
                Step::To(target) => number = target,
                Step::End(end) => return end,
            }
        }
        End::Line
    }

    /// One command that was selected; `number` is the one behind it.
    fn perform(&mut self, number: usize, command: &Command, call: &mut Call<'_, '_>) -> Step {
        match &command.what {
            What::Open(_) | What::Close | What::Label => {}
            What::Substitute { .. } => self.substitute(&command.what, call),
            What::Translate(pairs) => {
                let turn = |c: char| pairs.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
                self.pattern = self.pattern.chars().map(turn).collect();
            }
            What::Delete => return Step::End(End::Deleted),
            What::DeleteFirst => match self.pattern.split_once('\n') {
                Some((_, rest)) => {
                    self.pattern = rest.to_owned();
                    return Step::End(End::Again);
                }
                None => return Step::End(End::Deleted),
            },
            What::Print => {
                let line = self.pattern.clone();
                self.print(&line);
                // busybox ends even a last line that had no end.
                if self.busybox && !self.out.ends_with(self.end) {
                    self.out.push(self.end);
                }
            }
            What::PrintFirst => {
                let line = self.pattern.split('\n').next().unwrap_or("").to_owned();
                self.out.push_str(&line);
                self.out.push('\n');
            }
            What::Append(text) => self.queue.push_str(text),
            What::Insert(text) => self.out.push_str(text),
            What::Change(text) => {
                let ranged = command.to.is_some() && !command.not;
                let going_on = self.active.get(number - 1).copied().flatten().is_some();
                if !ranged || !going_on {
                    self.out.push_str(text);
                }
                return Step::End(End::Deleted);
            }
            What::Next => {
                if self.at >= self.lines.len() {
                    return Step::End(End::Quit(true));
                }
                self.flush(true);
                self.pattern = self.next_line().unwrap_or_default();
            }
            What::NextAppend => match self.next_line() {
                Some(line) => {
                    self.pattern.push('\n');
                    self.pattern.push_str(&line);
                }
                None => return Step::End(End::Quit(true)),
            },
            What::Quit(print, code) => {
                self.exit = Some(*code);
                // What follows in the input is gone: the line does have its end.
                self.ended |= self.at < self.lines.len();
                return Step::End(End::Quit(*print));
            }
            What::Number => self.out.push_str(&format!("{}\n", self.at)),
            What::Hold(append) => {
                if *append {
                    self.hold.push('\n');
                    self.hold.push_str(&self.pattern);
                } else {
                    self.hold.clone_from(&self.pattern);
                }
            }
            What::Get(append) => {
                if *append {
                    self.pattern.push('\n');
                    self.pattern.push_str(&self.hold);
                } else {
                    self.pattern.clone_from(&self.hold);
                }
            }
            What::Exchange => std::mem::swap(&mut self.hold, &mut self.pattern),
            What::Branch(to) => return Step::To(*to),
            What::BranchIf(to) => {
                if std::mem::take(&mut self.substituted) {
                    return Step::To(*to);
                }
            }
            What::BranchUnless(to) => {
                if !std::mem::take(&mut self.substituted) {
                    return Step::To(*to);
                }
            }
            What::Read(file) => {
                let found = self.reads.iter().find(|(name, _)| name == file).map(|(_, text)| text.clone());
                let found = found.unwrap_or_default();
                self.queue.push_str(&found);
                // busybox ends the last line of what it reads.
                if call.busybox && !found.is_empty() && !found.ends_with('\n') {
                    self.queue.push('\n');
                }
            }
            What::Write(file) => {
                let line = format!("{}\n", self.pattern);
                self.write_to(file, &line);
            }
            What::List => self.list(call.busybox),
            What::Zap => self.pattern.clear(),
        }
        Step::Next
    }

    /// `l`: unambiguous, in rows of 69 characters. busybox takes the command and does nothing.
    fn list(&mut self, busybox: bool) {
        if busybox {
            return;
        }
        let mut width = 0;
        for byte in text::encode(&self.pattern).iter() {
            let shown = match byte {
                b'\\' => "\\\\".to_owned(),
                7 => "\\a".to_owned(),
                8 => "\\b".to_owned(),
                12 => "\\f".to_owned(),
                b'\n' => "\\n".to_owned(),
                b'\r' => "\\r".to_owned(),
                b'\t' => "\\t".to_owned(),
                11 => "\\v".to_owned(),
                b if (32..127).contains(b) => char::from(*b).to_string(),
                b => format!("\\{b:03o}"),
            };
            if width + shown.len() > 69 {
                self.out.push_str("\\\n");
                width = 0;
            }
            width += shown.len();
            self.out.push_str(&shown);
        }
        self.out.push_str("$\n");
    }

    fn write_to(&mut self, file: &str, line: &str) {
        if file == "/dev/stdout" {
            self.out.push_str(line);
            return;
        }
        match self.writes.iter_mut().find(|(name, _)| name == file) {
            Some((_, text)) => text.push_str(line),
            None => self.writes.push((file.to_owned(), line.to_owned())),
        }
    }

    fn substitute(&mut self, what: &What, call: &mut Call<'_, '_>) {
        let What::Substitute { regex, with, global, number, print, write } = what else { return };
        let Some(regex) = regex.clone().or_else(|| self.last.clone()) else { return };
        self.last = Some(regex.clone());
        let subject = std::mem::take(&mut self.pattern);
        let (mut result, mut end, mut count, mut changed) = (String::new(), 0, 0, false);
        let mut told = 0;
        for found in regex.captures_iter(&subject) {
            let Some(whole) = found.get(0) else { continue };
            count += 1;
            if !call.m.t.fuel.spend(8) {
                return;
            }
            if count < *number {
                continue;
            }
            result.push_str(&subject[end..whole.start()]);
            replace(with, &found, &mut result);
            if result.len() - told > 1 << 16 {
                if !call.m.t.fuel.spend_bytes((result.len() - told) as u64) {
                    return;
                }
                told = result.len();
            }
            end = whole.end();
            changed = true;
            if !global {
                break;
            }
        }
        result.push_str(&subject[end..]);
        if !call.m.t.fuel.spend_bytes((result.len() - told) as u64) {
            return;
        }
        self.pattern = result;
        if !changed {
            return;
        }
        self.substituted = true;
        let line = self.pattern.clone();
        if *print {
            self.print(&line);
        }
        if let Some(file) = write {
            self.write_to(file, &format!("{line}\n"));
        }
    }
}

/// Appends what takes the place of a match.
fn replace(with: &[Piece], found: &regex::Captures<'_>, result: &mut String) {
    let (mut case, mut once) = ('E', None);
    for piece in with {
        let text = match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Group(number) => found.get(*number).map_or("", |group| group.as_str()),
            Piece::Case(c @ ('u' | 'l')) => {
                once = Some(*c);
                continue;
            }
            Piece::Case(c) => {
                case = *c;
                continue;
            }
        };
        let start = result.len();
        match case {
            'U' => result.push_str(&text.to_uppercase()),
            'L' => result.push_str(&text.to_lowercase()),
            _ => result.push_str(text),
        }
        if let Some(first) = result.get(start..).and_then(|text| text.chars().next())
            && let Some(c) = once.take()
        {
            let turned = if c == 'u' { first.to_ascii_uppercase() } else { first.to_ascii_lowercase() };
            result.replace_range(start..start + first.len_utf8(), &turned.to_string());
        }
    }
}
