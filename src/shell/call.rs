//! A program being called.

use super::machine::{Machine, NotStarted};
use super::stream::{Descriptors, Stream};
use super::{Process, Submount, Told, text};
use crate::fs::{Contents, Errno};
use crate::trace::Trace;
use crate::union::Mount;
use indexmap::IndexMap;

/// A program being called: its arguments, environment and streams, and the machine it runs on.
pub struct Call<'c, 'm> {
    /// Arguments, the program's own name first.
    pub argv: &'c [String],
    /// Environment.
    pub env: &'c IndexMap<String, String>,
    pub(crate) m: &'c mut Machine<'m>,
    /// The program's own name, for messages.
    pub(crate) name: String,
    /// An applet of busybox: its wording, its options.
    pub(crate) busybox: bool,
    pub(crate) fds: &'c Descriptors,
    buffer: Vec<u8>,
    broken: bool,
    unbuffered: bool,
}

impl<'c, 'm> Call<'c, 'm> {
    pub(crate) fn new(
        m: &'c mut Machine<'m>,
        name: &str,
        argv: &'c [String],
        env: &'c IndexMap<String, String>,
        fds: &'c Descriptors,
        busybox: bool,
    ) -> Call<'c, 'm> {
        Call {
            argv,
            env,
            m,
            name: name.to_owned(),
            busybox,
            fds,
            buffer: Vec::new(),
            broken: false,
            unbuffered: false,
        }
    }

    /// The image's files and the trace to work on them with. Sandbox mounts are not in it.
    pub fn mount(&mut self) -> (&mut Mount, &mut Trace) {
        (&mut *self.m.root, &mut *self.m.t)
    }

    /// What a run or a container mounts, with its trees, for a program that works on files moved out. See
    /// [`Call::take_back`].
    pub fn lend(&mut self) -> Vec<Submount> {
        let own = self.m.own;
        let (points, trees) = (self.m.points.get(own..).unwrap_or_default(), &mut self.m.extra);
        let mut lent: Vec<Submount> = Vec::new();
        for (at, point) in points.iter().enumerate() {
            let shares = points.iter().take(at).position(|earlier| earlier.mount == point.mount);
            let mut submount = Submount {
                target: text::decode(&point.target),
                file: point.inside.clone(),
                read_only: point.read_only,
                shares,
                told: point.told.as_ref().map(|told| Told { mount: told.mount.clone(), size: point.size }),
                ..Submount::default()
            };
            if let (None, Some(tree)) = (shares, trees.get_mut(point.mount)) {
                std::mem::swap(tree, &mut submount.mount);
            }
            lent.push(submount);
        }
        lent
    }

    /// Brings the trees back.
    pub fn take_back(&mut self, lent: Vec<Submount>) {
        let own = self.m.own;
        let (points, trees) = (self.m.points.get(own..).unwrap_or_default(), &mut self.m.extra);
        for (point, mut submount) in points.iter().zip(lent) {
            if let (None, Some(tree)) = (submount.shares, trees.get_mut(point.mount)) {
                std::mem::swap(tree, &mut submount.mount);
            }
        }
    }

    /// The working directory, absolute.
    pub fn cwd(&self) -> String {
        text::decode(&self.m.cwd)
    }

    /// Standard input, to its end, as text. At most 16 MiB.
    pub fn input(&mut self) -> String {
        let contents = self.input_contents();
        self.text_of(&contents)
    }

    /// Prints on standard output.
    pub fn out(&mut self, text: &str) {
        let bytes = text::encode(text);
        self.out_bytes(&bytes);
    }

    /// Prints on standard error.
    pub fn err(&mut self, text: &str) {
        if self.unbuffered {
            self.flush();
        }
        if let Some(stream) = self.fds.get(2).cloned() {
            self.m.emit(&stream, &text::encode(text));
        }
    }

    /// Adds to the simulated time, in seconds.
    pub fn takes(&mut self, seconds: f64) {
        self.m.takes(seconds);
    }

    /// Runs a line in `/bin/sh` with the same environment, directory and streams; its exit status.
    pub fn shell(&mut self, line: &str) -> i32 {
        self.start(vec!["/bin/sh".to_owned(), "-c".to_owned(), line.to_owned()])
    }

    /// A process like this one with other arguments, for [`super::run`] on a mount that was moved out.
    pub fn process(&self, argv: Vec<String>) -> Process {
        Process {
            argv,
            env: self.env.clone(),
            cwd: self.cwd(),
            user: format!("{}:{}", self.m.cred.uid, self.m.cred.gid),
            sandbox: self.m.sandbox,
            strict: self.m.strict,
            packages: self.m.packages.clone(),
            urls: self.m.urls.clone(),
            verbose: false,
            read_only: self.m.read_only,
        }
    }

    // ---- for the built-in programs ----

    /// Keeps what goes to both streams in order, as programs do that flush after every line. The
    /// others print their standard output at their end, when it is no terminal.
    pub(crate) fn in_order(&mut self) {
        self.unbuffered = true;
    }

    pub(crate) fn args(&self) -> &'c [String] {
        self.argv.get(1..).unwrap_or_default()
    }

    pub(crate) fn out_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > 64 << 10 {
            self.flush();
        }
    }

    pub(crate) fn out_contents(&mut self, contents: &Contents) {
        if contents.len() < 4096
            && let Some(bytes) = contents.to_bytes(4096)
        {
            return self.out_bytes(&bytes);
        }
        self.flush();
        if let Some(stream) = self.fds.get(1).cloned() {
            self.broken |= !self.m.emit_contents(&stream, contents);
        }
    }

    pub(crate) fn flush(&mut self) {
        let bytes = std::mem::take(&mut self.buffer);
        if let Some(stream) = self.fds.get(1).cloned() {
            self.broken |= !self.m.emit(&stream, &bytes);
        }
    }

    /// Nobody reads what is written any more, or the run has to stop.
    pub(crate) fn broken(&self) -> bool {
        self.broken || self.m.stopped()
    }

    /// Hands out what was printed; the exit status (141 when the pipe broke).
    pub(crate) fn finish(&mut self, status: i32) -> i32 {
        self.flush();
        if self.broken { 141 } else { status & 0xff }
    }

    pub(crate) fn stdin(&self) -> Option<Stream> {
        self.fds.get(0).cloned()
    }

    /// Is standard input a file (`< file`), not a pipe?
    pub(crate) fn stdin_is_file(&self) -> bool {
        self.fds.get(0).is_some_and(|stream| match &*stream.borrow() {
            super::stream::Open::Reader(reader) => reader.file,
            _ => false,
        })
    }

    pub(crate) fn input_contents(&mut self) -> Contents {
        match self.stdin() {
            Some(stream) => self.m.read_rest(&stream),
            None => Contents::EMPTY,
        }
    }

    /// The contents of a file; `-` is standard input, devices give what they give.
    pub(crate) fn open_read(&mut self, path: &str) -> Result<Contents, Errno> {
        if path == "-" {
            use super::stream::Open;
            let dir = self.stdin().is_some_and(|stream| matches!(&*stream.borrow(), Open::Directory));
            return if dir { Err(Errno::EISDIR) } else { Ok(self.input_contents()) };
        }
        let fds = self.fds;
        let stream = self.m.open_stream(&text::encode(path), Default::default(), fds)?;
        if matches!(&*stream.borrow(), super::stream::Open::Directory) {
            return Err(Errno::EISDIR);
        }
        Ok(self.m.read_rest(&stream))
    }

    /// Contents as text; too much of it stops the run.
    pub(crate) fn text_of(&mut self, contents: &Contents) -> String {
        match contents.to_bytes(16 << 20) {
            Some(bytes) if self.m.t.fuel.spend_bytes(bytes.len() as u64) => text::decode(&bytes),
            Some(_) => String::new(),
            None => {
                self.m.t.fuel.spend_bytes(u64::MAX);
                String::new()
            }
        }
    }

    /// `NAME: text` on standard error; 1.
    pub(crate) fn fail(&mut self, text: &str) -> i32 {
        let line = format!("{}: {text}\n", self.name);
        self.err(&line);
        1
    }

    /// `NAME: what: errno's message`; 1.
    pub(crate) fn fail_errno(&mut self, what: &str, errno: Errno) -> i32 {
        let message = self.m.message(errno);
        self.fail(&format!("{what}: {message}"))
    }

    /// [`Call::fail`] in busybox's words or in those of the GNU tools.
    pub(crate) fn either(&mut self, busybox: &str, gnu: &str) -> i32 {
        self.fail(if self.busybox { busybox } else { gnu })
    }

    /// [`Call::either`] with an errno's message at the end.
    pub(crate) fn either_errno(&mut self, busybox: &str, gnu: &str, errno: Errno) -> i32 {
        let text = if self.busybox { busybox } else { gnu };
        self.fail_errno(text, errno)
    }

    /// Asks on standard error and reads a line from standard input: is it a yes?
    pub(crate) fn agrees(&mut self, question: &str) -> bool {
        let line = format!("{}: {question}? ", self.name);
        self.err(&line);
        let answer = match self.stdin() {
            Some(stream) => self.m.read_line(&stream),
            None => Vec::new(),
        };
        matches!(answer.first(), Some(b'y' | b'Y'))
    }

    /// Starts another program with the same streams; 127 or 126 when there is none.
    pub(crate) fn start(&mut self, argv: Vec<String>) -> i32 {
        let env = self.env.clone();
        self.start_in(argv, &env)
    }

    pub(crate) fn start_in(&mut self, argv: Vec<String>, env: &IndexMap<String, String>) -> i32 {
        self.flush();
        let name = argv.first().cloned().unwrap_or_default();
        let fds = self.fds;
        match self.m.start(argv.clone(), env, fds, None) {
            Ok(status) => status,
            Err(why) => self.not_started(&name, why, argv, env),
        }
    }

    fn not_started(
        &mut self,
        name: &str,
        why: NotStarted,
        argv: Vec<String>,
        env: &IndexMap<String, String>,
    ) -> i32 {
        let quoted = match (self.busybox, self.name.as_str()) {
            (_, "xargs") | (true, "find") => name.to_owned(),
            (true, _) => format!("can't execute '{name}'"),
            (false, _) => format!("'{name}'"),
        };
        match why {
            NotStarted::Format => {
                let mut script = vec!["/bin/sh".to_owned()];
                script.extend(argv);
                let fds = self.fds;
                self.m.start(script, env, fds, None).unwrap_or(126)
            }
            NotStarted::Denied => {
                self.fail(&format!("{quoted}: Permission denied"));
                126
            }
            NotStarted::Missing | NotStarted::Interpreter => {
                self.fail(&format!("{quoted}: No such file or directory"));
                127
            }
        }
    }
}
