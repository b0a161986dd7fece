//! `awk`: records in, text out: files, commands, `getline`, `close`.

use super::awk::Machine;
use super::awk_parse::{Expr, From, To};
use super::awk_value::Value;
use crate::fs::Contents;
use crate::shell::stream;
use crate::shell::text;

/// Text that is read record by record.
#[derive(Debug, Default)]
pub(super) struct Reading {
    text: String,
    at: usize,
}

impl Reading {
    pub(super) fn new(text: String) -> Reading {
        Reading { text, at: 0 }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }
}

/// Text on its way to a command, which runs when it is closed.
#[derive(Debug)]
pub(super) struct Pipe {
    command: String,
    text: Vec<u8>,
}

impl Machine<'_, '_, '_> {
    /// The next record of some text by RS; none at its end.
    fn record_of(&mut self, reading: &mut Reading) -> Option<String> {
        let separator = self.text("RS");
        if separator.is_empty() {
            reading.at += reading.rest().len() - reading.rest().trim_start_matches('\n').len();
        }
        if reading.rest().is_empty() {
            return None;
        }
        let rest = reading.rest();
        let end = match separator.chars().count() {
            0 => rest.find("\n\n").map(|at| (at, 2)),
            1 => rest.find(&separator).map(|at| (at, separator.len())),
            _ => self.regex(&separator).and_then(|regex| regex.find(rest).map(|m| (m.start(), m.len()))),
        };
        let (length, skip) = end.unwrap_or((rest.len(), 0));
        let mut record = rest.get(..length).unwrap_or("").to_owned();
        if separator.is_empty() && end.is_none() {
            record.truncate(record.trim_end_matches('\n').len());
        }
        reading.at += length + skip.max(usize::from(length == 0 && end.is_some()));
        Some(record)
    }

    /// The next record of the program's own input: the files of the command line, then nothing.
    pub(super) fn next_input(&mut self) -> Option<String> {
        loop {
            if !self.call.m.t.fuel.spend(4) {
                return None;
            }
            if let Some(mut reading) = self.input.take() {
                let record = self.record_of(&mut reading);
                if record.is_some() {
                    self.input = Some(reading);
                    self.count(&["NR", "FNR"]);
                    return record;
                }
            }
            if !self.open_next() {
                return None;
            }
        }
    }

    pub(super) fn count(&mut self, names: &[&str]) {
        for name in names {
            let next = self.get(name).number() + 1.0;
            self.set(name, Value::Number(next));
        }
    }

    /// Opens the next file of the command line; assignments among them take hold. False: none is left.
    fn open_next(&mut self) -> bool {
        while let Some(file) = self.files.pop() {
            let assignment = file.split_once('=').filter(|(name, _)| {
                name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            });
            if let Some((name, value)) = assignment {
                self.set(name, Value::Input(super::awk::unescaped(value)));
                continue;
            }
            self.any_file = true;
            if self.open_input(&file) {
                return true;
            }
            // A file that is not there ends it, with what is left to read.
            if self.fatal {
                return false;
            }
        }
        if self.any_file {
            return false;
        }
        self.any_file = true;
        self.open_input("-")
    }

    fn open_input(&mut self, file: &str) -> bool {
        let contents = match self.call.open_read(file) {
            Ok(contents) => contents,
            Err(errno) => {
                let message = self.call.m.message(errno);
                if self.call.busybox && errno == crate::fs::Errno::EISDIR {
                    self.call.fail(&format!("cmd. line:1: {message}"));
                } else if self.call.busybox {
                    self.call.fail(&format!("{file}: {message}"));
                } else {
                    self.call.fail(&format!("cannot open {file} ({message})"));
                }
                self.status = if self.call.busybox { 1 } else { 2 };
                self.fatal = errno != crate::fs::Errno::EISDIR;
                return false;
            }
        };
        let source = self.call.text_of(&contents);
        let name = if file == "-" { "" } else { file };
        self.set("FILENAME", Value::Text(name.to_owned()));
        self.set("FNR", Value::Number(0.0));
        self.input = Some(Reading::new(source));
        true
    }

    /// `getline`: 1 for a record, 0 at the end, -1 when it can't be read.
    pub(super) fn getline(&mut self, from: &From, target: Option<&Expr>) -> Value {
        let record = match from {
            From::Input => self.next_input(),
            From::File(name) => {
                let name = self.value_text(name);
                match self.named(&name, false) {
                    Some(record) => record,
                    None => return Value::Number(-1.0),
                }
            }
            From::Command(command) => {
                let command = self.value_text(command);
                match self.named(&command, true) {
                    Some(record) => {
                        if record.is_some() {
                            self.count(&["NR"]);
                        }
                        record
                    }
                    None => return Value::Number(-1.0),
                }
            }
        };
        let Some(record) = record else { return Value::Number(0.0) };
        match target {
            Some(target) => self.assign(target, Value::Input(record)),
            None => self.set_record(record),
        }
        Value::Number(1.0)
    }

    /// The next record of a named file or of a command's output. None: it can't be opened.
    fn named(&mut self, name: &str, command: bool) -> Option<Option<String>> {
        let key = (command, name.to_owned());
        let mut reading = match self.readings.remove(&key) {
            Some(reading) => reading,
            None if command => {
                self.call.flush();
                let argv = vec!["/bin/sh".to_owned(), "-c".to_owned(), name.to_owned()];
                let (env, fds) = (self.call.env.clone(), self.call.fds.clone());
                let run = |m: &mut crate::shell::machine::Machine<'_>, fds: &stream::Descriptors| {
                    m.start(argv, &env, fds, None).unwrap_or(127)
                };
                let (status, contents) = self.call.m.capture(&fds, run);
                self.statuses.insert(name.to_owned(), status);
                let text = self.call.text_of(&contents);
                Reading::new(text)
            }
            None => {
                let contents = self.call.open_read(name).ok()?;
                Reading::new(self.call.text_of(&contents))
            }
        };
        let record = self.record_of(&mut reading);
        self.readings.insert(key, reading);
        Some(record)
    }

    /// Prints a line where a `print` says.
    pub(super) fn print_to(&mut self, line: &str, to: &To) {
        let (To::File(target) | To::Append(target) | To::Command(target)) = to;
        let name = self.value_text(target);
        if let To::Command(_) = to {
            let bytes = text::encode(line).into_owned();
            if !self.call.m.t.fuel.spend_bytes(bytes.len() as u64) {
                return;
            }
            match self.pipes.iter_mut().find(|pipe| pipe.command == name) {
                Some(pipe) => pipe.text.extend(bytes),
                None => self.pipes.push(Pipe { command: name, text: bytes }),
            }
            return;
        }
        match name.as_str() {
            "/dev/stdout" | "-" => return self.call.out(line),
            "/dev/stderr" => return self.call.err(line),
            _ => {}
        }
        let path = text::encode(&name).into_owned();
        let contents = Contents::bytes(text::encode(line).into_owned());
        let fresh = matches!(to, To::File(_)) && !self.written.contains(&name);
        if !self.written.contains(&name) {
            self.written.push(name.clone());
        }
        let done = if fresh {
            self.call.m.write(&path, contents, 0o666)
        } else {
            self.call.m.append(&path, contents, 0o666)
        };
        if let Err(errno) = done {
            self.call.fail_errno(&name, errno);
            self.status = 2;
        }
    }

    /// `close`: a command that was written to runs now; what is read or written begins anew.
    pub(super) fn close(&mut self, name: &str) -> f64 {
        let mut status = -1;
        if let Some(at) = self.pipes.iter().position(|pipe| pipe.command == name) {
            let pipe = self.pipes.remove(at);
            status = self.run_pipe(pipe);
        }
        for command in [false, true] {
            if self.readings.remove(&(command, name.to_owned())).is_some() {
                status = self.statuses.remove(name).unwrap_or(0);
            }
        }
        if let Some(at) = self.written.iter().position(|known| known == name) {
            self.written.remove(at);
            status = 0;
        }
        f64::from(status)
    }

    fn run_pipe(&mut self, pipe: Pipe) -> i32 {
        self.call.flush();
        let mut fds = self.call.fds.clone();
        fds.set(0, stream::reader(Contents::bytes(pipe.text)));
        let argv = vec!["/bin/sh".to_owned(), "-c".to_owned(), pipe.command];
        let env = self.call.env.clone();
        self.call.m.start(argv, &env, &fds, None).unwrap_or(127)
    }

    /// At the end of the program: every command that waits for its input runs.
    pub(super) fn close_all(&mut self) {
        for pipe in std::mem::take(&mut self.pipes) {
            self.run_pipe(pipe);
        }
    }
}
