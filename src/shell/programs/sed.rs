//! `sed`.

use super::arguments::{Arguments, Spec};
use super::sed_parse::{Address, Command, Piece, What, parse};
use crate::fs::{Contents, path};
use crate::shell::call::Call;
use crate::shell::text;
use regex::Regex;
use std::rc::Rc;

/// The machine that a script runs on.
struct Editor<'s> {
    script: &'s [Command],
    lines: Vec<String>,
    at: usize,
    ended: bool,
    pattern: String,
    hold: String,
    out: String,
    /// Written after the current line.
    queue: String,
    active: Vec<Option<usize>>,
    substituted: bool,
    quiet: bool,
    exit: Option<i32>,
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

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    // -i may carry a suffix, so it is looked for before the options are taken apart.
    let (mut words, mut in_place, mut suffix) = (Vec::new(), false, String::new());
    for word in call.args() {
        let found = word.strip_prefix("--in-place").map(|rest| rest.trim_start_matches('=')).or_else(|| {
            let letters = word.strip_prefix('-').filter(|l| !l.starts_with('-'))?;
            let at = letters.find('i')?;
            letters[..at].chars().all(|c| "nErsz".contains(c)).then(|| &letters[at + 1..])
        });
        match found {
            Some(rest) => {
                in_place = true;
                suffix = rest.to_owned();
                let flags: String = word.chars().take_while(|c| *c != 'i').collect();
                if flags.len() > 1 && !flags.starts_with("--") {
                    words.push(flags);
                }
            }
            None => words.push(word.clone()),
        }
    }
    let spec = Spec {
        flags: "nErsuz",
        values: "ef",
        long: &[
            ("quiet", "n"),
            ("silent", "n"),
            ("expression=", "e"),
            ("file=", "f"),
            ("regexp-extended", "E"),
            ("separate", "s"),
            ("null-data", "z"),
        ],
    };
    let mut args = match Arguments::read(call, &words, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let source = match script_of(call, &mut args) {
        Ok(source) => source,
        Err(status) => return status,
    };
    let script = match parse(&source, args.any("Er")) {
        Ok(script) => script,
        Err(message) if call.busybox => return call.fail(&busybox_words(&message)),
        Err(message) => {
            return call.fail(&format!("-e expression #1, char {}: {message}", source.chars().count()));
        }
    };
    let quiet = args.has("n") || source.starts_with("#n\n");
    if in_place {
        each_in_place(call, &script, &args, quiet, &suffix)
    } else {
        stream(call, &script, &args, quiet)
    }
}

/// The parser's messages are GNU's; busybox has its own for some.
fn busybox_words(message: &str) -> String {
    if let Some(letter) = message.strip_prefix("unknown command: `") {
        return format!("unsupported command {}", letter.trim_end_matches('\''));
    }
    match message {
        "unterminated `s' command" | "unterminated `y' command" | "unterminated address regex" => {
            "unmatched '/'".to_owned()
        }
        "unknown option to `s'" => "bad option in substitution expression".to_owned(),
        "unmatched `{'" => "unterminated {".to_owned(),
        "unexpected `}'" => "unexpected }".to_owned(),
        other => other.to_owned(),
    }
}

fn script_of(call: &mut Call<'_, '_>, args: &mut Arguments) -> Result<String, i32> {
    let mut pieces: Vec<String> = args.values("e").map(str::to_owned).collect();
    for file in args.values("f").map(str::to_owned).collect::<Vec<_>>() {
        match call.open_read(&file) {
            Ok(contents) => {
                let source = call.text_of(&contents);
                pieces.push(source.trim_end_matches('\n').to_owned());
            }
            Err(errno) => {
                return Err(call.either_errno(&file, &format!("couldn't open file {file}"), errno));
            }
        }
    }
    if pieces.is_empty() {
        if args.operands.is_empty() {
            return Err(call.usage(""));
        }
        pieces.push(args.operands.remove(0));
    }
    Ok(pieces.join("\n"))
}

fn stream(call: &mut Call<'_, '_>, script: &[Command], args: &Arguments, quiet: bool) -> i32 {
    let mut status = 0;
    let (mut source, mut first) = (String::new(), true);
    let list = if args.operands.is_empty() { vec!["-".to_owned()] } else { args.operands.clone() };
    for operand in &list {
        match call.open_read(operand) {
            Ok(contents) => {
                if !first && !source.is_empty() && !source.ends_with('\n') {
                    source.push('\n');
                }
                source.push_str(&call.text_of(&contents));
                first = false;
            }
            Err(errno) => {
                call.either_errno(operand, &format!("can't read {operand}"), errno);
                status = if call.busybox { 1 } else { 2 };
            }
        }
    }
    let mut editor = Editor::new(script, &source, quiet);
    editor.edit(call);
    call.out(&editor.out);
    editor.store(call);
    editor.exit.unwrap_or(status)
}

/// `-i`: the result becomes a new file of the old one's mode and owner, renamed over it.
fn each_in_place(
    call: &mut Call<'_, '_>,
    script: &[Command],
    args: &Arguments,
    quiet: bool,
    suffix: &str,
) -> i32 {
    let mut status = 0;
    if args.operands.is_empty() {
        return call.fail("no input files");
    }
    for operand in &args.operands {
        let bytes = text::encode(operand).into_owned();
        let contents = match call.open_read(operand) {
            Ok(contents) => contents,
            Err(errno) => {
                if errno == crate::fs::Errno::EISDIR && !call.busybox {
                    call.fail(&format!("couldn't edit {operand}: not a regular file"));
                } else {
                    call.either_errno(operand, &format!("can't read {operand}"), errno);
                }
                status = if call.busybox { 1 } else { 2 };
                continue;
            }
        };
        let source = call.text_of(&contents);
        let mut editor = Editor::new(script, &source, quiet);
        editor.edit(call);
        editor.store(call);
        if let Err(errno) = replace(call, &bytes, &editor.out, suffix) {
            let dir = text::decode(path::parent(&bytes));
            let dir =
                if dir.is_empty() { "./".to_owned() } else { format!("{}/", dir.trim_end_matches('/')) };
            status = call
                .either_errno(operand, &format!("couldn't open temporary file {dir}sedXXXXXX"), errno)
                .max(4);
        }
        if editor.exit.is_some() {
            break;
        }
    }
    status
}

fn replace(
    call: &mut Call<'_, '_>,
    file: &[u8],
    text_after: &str,
    suffix: &str,
) -> Result<(), crate::fs::Errno> {
    let stat = call.m.stat(file)?;
    let parent = path::parent(file);
    let base = if parent.is_empty() {
        Vec::new()
    } else {
        [parent.strip_suffix(b"/").unwrap_or(parent), b"/"].concat()
    };
    let mut temporary = base.clone();
    temporary.extend_from_slice(format!("sed{:06x}", call.m.random()).as_bytes());
    call.m.write(&temporary, Contents::bytes(text::encode(text_after).into_owned()), 0o600)?;
    call.m
        .chown(&temporary, Some(stat.uid), Some(stat.gid), true)
        .or_else(|errno| if call.m.cred.uid == 0 { Err(errno) } else { Ok(()) })?;
    call.m.chmod(&temporary, stat.mode)?;
    if !suffix.is_empty() {
        let backup = if suffix.contains('*') {
            let name = text::decode(path::file_name(file));
            [&base[..], &text::encode(&suffix.replace('*', &name))].concat()
        } else {
            [file, &text::encode(suffix)].concat()
        };
        call.m.rename(file, &backup, crate::union::Rename::Plain)?;
    }
    call.m.rename(&temporary, file, crate::union::Rename::Plain)
}

impl<'s> Editor<'s> {
    fn new(script: &'s [Command], source: &str, quiet: bool) -> Editor<'s> {
        let (lines, ended) = text::lines(source);
        Editor {
            script,
            lines: lines.into_iter().map(str::to_owned).collect(),
            at: 0,
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

    fn edit(&mut self, call: &mut Call<'_, '_>) {
        // What `r` may read, before the first line.
        for command in self.script {
            if let What::Read(file) = &command.what
                && let Ok(contents) = call.open_read(file)
            {
                let text = call.text_of(&contents);
                self.reads.push((file.clone(), text));
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
        self.out.push_str(line);
        // A last line without an end stays without.
        if self.ended || self.at < self.lines.len() {
            self.out.push('\n');
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

    fn store(&mut self, call: &mut Call<'_, '_>) {
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
                let zero = matches!(from, Address::Line(0)) && self.at == 1;
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
            let selected = self.selected(number, command);
            number += 1;
            if !selected {
                if let What::Open(behind) = command.what {
                    number = behind;
                }
                continue;
            }
            match &command.what {
                What::Open(_) | What::Close | What::Label => {}
                What::Substitute { .. } => self.substitute(&command.what, call),
                What::Translate(pairs) => {
                    let turn = |c: char| pairs.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
                    self.pattern = self.pattern.chars().map(turn).collect();
                }
                What::Delete => return End::Deleted,
                What::DeleteFirst => match self.pattern.split_once('\n') {
                    Some((_, rest)) => {
                        self.pattern = rest.to_owned();
                        return End::Again;
                    }
                    None => return End::Deleted,
                },
                What::Print => {
                    let line = self.pattern.clone();
                    self.print(&line);
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
                    return End::Deleted;
                }
                What::Next => {
                    if self.at >= self.lines.len() {
                        return End::Quit(true);
                    }
                    self.flush(true);
                    self.pattern = self.next_line().unwrap_or_default();
                }
                What::NextAppend => match self.next_line() {
                    Some(line) => {
                        self.pattern.push('\n');
                        self.pattern.push_str(&line);
                    }
                    None => return End::Quit(true),
                },
                What::Quit(print, code) => {
                    self.exit = Some(*code);
                    // What follows in the input is gone: the line does have its end.
                    self.ended |= self.at < self.lines.len();
                    return End::Quit(*print);
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
                What::Branch(to) => number = *to,
                What::BranchIf(to) => {
                    if std::mem::take(&mut self.substituted) {
                        number = *to;
                    }
                }
                What::BranchUnless(to) => {
                    if !std::mem::take(&mut self.substituted) {
                        number = *to;
                    }
                }
                What::Read(file) => {
                    let found =
                        self.reads.iter().find(|(name, _)| name == file).map(|(_, text)| text.clone());
                    self.queue.push_str(&found.unwrap_or_default());
                }
                What::Write(file) => {
                    let line = format!("{}\n", self.pattern);
                    self.write_to(file, &line);
                }
                What::List => {
                    let shown = self.pattern.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
                    self.out.push_str(&format!("{shown}$\n"));
                }
            }
        }
        End::Line
    }

    fn write_to(&mut self, file: &str, line: &str) {
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
        for found in regex.captures_iter(&subject) {
            let Some(whole) = found.get(0) else { continue };
            count += 1;
            if count < *number || !call.m.t.fuel.spend(1) {
                continue;
            }
            result.push_str(&subject[end..whole.start()]);
            result.push_str(&replacement(with, &found));
            end = whole.end();
            changed = true;
            if !global {
                break;
            }
        }
        result.push_str(&subject[end..]);
        if !call.m.t.fuel.spend_bytes(result.len() as u64) {
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

fn replacement(with: &[Piece], found: &regex::Captures<'_>) -> String {
    let (mut result, mut case, mut once) = (String::new(), 'E', None);
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
        let mut text = match case {
            'U' => text.to_uppercase(),
            'L' => text.to_lowercase(),
            _ => text.to_owned(),
        };
        if let Some(first) = text.chars().next()
            && let Some(c) = once.take()
        {
            let turned = if c == 'u' { first.to_ascii_uppercase() } else { first.to_ascii_lowercase() };
            text.replace_range(..first.len_utf8(), &turned.to_string());
        }
        result.push_str(&text);
    }
    result
}
