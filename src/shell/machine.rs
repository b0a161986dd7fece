//! The machine a process runs on: files, streams, users, and how programs are found and started.

use super::call::Call;
use super::files::Place;
use super::real::Real;
use super::sandbox::{self, MountPoint};
use super::stream::{self, Bag, Descriptors, Endless, Open, Stream};
use super::{Packages, Process, Programs, Sandbox, Submount, Urls, text};
use crate::fs::{Contents, Errno, path};
use crate::trace::{self, Trace};
use crate::union::{Cred, Mount, StatKind};
use indexmap::IndexMap;
use std::collections::HashMap;

/// Everything the processes of one run share.
pub(crate) struct Machine<'m> {
    pub(super) root: &'m mut Mount,
    pub(super) extra: Vec<Mount>,
    pub(super) points: Vec<MountPoint>,
    /// The first of them that the sandbox doesn't bring.
    pub(super) own: usize,
    pub(super) t: &'m mut Trace,
    pub(super) hook: Option<&'m mut dyn Programs>,
    /// Working directory, canonical.
    pub(super) cwd: Vec<u8>,
    pub(super) umask: u16,
    pub(super) cred: Cred,
    /// Directories known to be no symlinks, canonical.
    pub(super) real: Real,
    pub(super) console: Vec<(trace::Stream, Vec<u8>)>,
    pub(super) not_modelled: Vec<String>,
    /// The first address that was not in the table.
    pub(super) unresolved: Option<String>,
    pub(super) seconds: Option<f64>,
    pub(super) strict: bool,
    /// The root can't be written to.
    pub(super) read_only: bool,
    pub(super) packages: Packages,
    pub(super) urls: Urls,
    pub(super) sandbox: Sandbox,
    /// The image's C library is musl: some messages differ.
    pub(super) musl: bool,
    /// The running busybox, where it prefers its applets to files.
    pub(super) standalone: Option<Contents>,
    /// Process number of the next child.
    pub(super) next_pid: u32,
    /// How background processes ended.
    pub(super) finished: HashMap<u32, i32>,
    random: u32,
}

/// Why a program was not started by a shell or another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotStarted {
    /// Nothing of that name.
    Missing,
    /// Permission denied, or a directory.
    Denied,
    /// Its `#!` interpreter is missing.
    Interpreter,
    /// Neither a program nor a script with `#!`.
    Format,
}

/// A file that can be executed.
pub(crate) struct Found {
    pub path: Vec<u8>,
    pub contents: Contents,
}

impl<'m> Machine<'m> {
    pub fn new(
        root: &'m mut Mount,
        submounts: &mut [Submount],
        process: &Process,
        hook: &'m mut dyn Programs,
        t: &'m mut Trace,
    ) -> Machine<'m> {
        let (mut extra, mut points) = sandbox::mounts(process.sandbox, process.read_only);
        let own = points.len();
        sandbox::add(submounts, &mut extra, &mut points);
        sandbox::list_mounts(&mut extra, &points, process.read_only);
        // The image's root can't be mounted over.
        points.retain(|p| p.target != b"/");
        let musl = root.lstat(b"/lib/ld-musl-x86_64.so.1", t).is_ok();
        Machine {
            root,
            extra,
            points,
            own,
            t,
            hook: Some(hook),
            cwd: b"/".to_vec(),
            umask: 0o022,
            cred: Cred::default(),
            real: Real::default(),
            console: Vec::new(),
            not_modelled: Vec::new(),
            unresolved: None,
            seconds: None,
            strict: process.strict,
            read_only: process.read_only,
            packages: process.packages.clone(),
            urls: process.urls.clone(),
            sandbox: process.sandbox,
            musl,
            standalone: None,
            next_pid: 1,
            finished: HashMap::new(),
            random: 1,
        }
    }

    /// Gives the trees of `submounts` back to their owner.
    pub fn give_back(&mut self, submounts: &mut [Submount]) {
        self.t.set_mounted(None);
        for submount in submounts.iter_mut().rev() {
            if let Some(mount) = self.extra.pop() {
                submount.mount = mount;
            }
        }
    }

    /// All that follows is done as this user.
    pub fn become_user(&mut self, cred: Cred) {
        self.root.become_user(cred.clone());
        for mount in &mut self.extra {
            mount.become_user(cred.clone());
        }
        self.real.clear();
        self.cred = cred;
    }

    /// Has the run to stop?
    pub fn stopped(&self) -> bool {
        self.t.fuel.exhausted().is_some()
    }

    /// Adds to the simulated time.
    pub fn takes(&mut self, seconds: f64) {
        *self.seconds.get_or_insert(0.0) += seconds;
    }

    /// A program that is not modelled: noted once; the exit status it gets.
    pub fn not_modelled(&mut self, name: &str) -> i32 {
        if !self.not_modelled.iter().any(|known| known == name) {
            self.not_modelled.push(name.to_owned());
        }
        i32::from(self.strict)
    }

    /// An address that is not in the table.
    pub fn unresolved(&mut self, url: &str) {
        self.unresolved.get_or_insert_with(|| url.to_owned());
    }

    /// The message of an errno, as the image's C library words it.
    pub fn message(&self, errno: Errno) -> &'static str {
        match (errno, self.musl) {
            (Errno::EBUSY, false) => "Device or resource busy",
            (Errno::EIO, false) => "Input/output error",
            (Errno::ENOMEM, false) => "Cannot allocate memory",
            (Errno::EXDEV, true) => "Cross-device link",
            (Errno::ELOOP, true) => "Symbolic link loop",
            (Errno::ENAMETOOLONG, true) => "Filename too long",
            _ => errno.message(),
        }
    }

    /// The next process number.
    pub fn new_pid(&mut self) -> u32 {
        let pid = self.next_pid;
        self.next_pid = self.next_pid.saturating_add(1);
        pid
    }

    /// `$RANDOM`: the same numbers in every run.
    pub fn random(&mut self) -> u32 {
        self.random = self.random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        self.random >> 16 & 0x7fff
    }

    // ---- streams ----

    /// Writes bytes. False: the reader is gone, the writer should end.
    pub fn emit(&mut self, stream: &Stream, bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            return true;
        }
        if !self.t.fuel.spend_bytes(bytes.len() as u64) {
            return false;
        }
        let mut open = stream.borrow_mut();
        match &mut *open {
            Open::Bag(bag) => {
                bag.push(bytes);
                !bag.full
            }
            Open::Console(which) => {
                match self.console.last_mut() {
                    Some((last, text)) if last == which => text.extend_from_slice(bytes),
                    _ => self.console.push((*which, bytes.to_vec())),
                }
                true
            }
            Open::File { .. } => {
                drop(open);
                self.emit_contents(stream, &Contents::bytes(bytes.to_vec()))
            }
            Open::Full => false,
            Open::Null | Open::Directory | Open::Endless(_) | Open::Reader(_) => true,
        }
    }

    /// Writes contents, sharing what is only described.
    pub fn emit_contents(&mut self, stream: &Stream, contents: &Contents) -> bool {
        let mut open = stream.borrow_mut();
        match &mut *open {
            Open::Bag(bag) => {
                bag.push_contents(contents);
                !bag.full
            }
            Open::File { path, append, position } => {
                let (path, append, start) = (path.clone(), *append, *position);
                *position = start.saturating_add(contents.len());
                drop(open);
                self.write_at(&path, append, start, contents).is_ok()
            }
            Open::Console(_) => {
                drop(open);
                match contents.to_bytes(16 << 20) {
                    Some(bytes) => self.emit(stream, &bytes),
                    None => {
                        self.t.fuel.spend_bytes(u64::MAX);
                        false
                    }
                }
            }
            _ => true,
        }
    }

    fn write_at(&mut self, path: &[u8], append: bool, start: u64, data: &Contents) -> Result<(), Errno> {
        let size = if append || start == 0 { 0 } else { self.stat(path)?.size };
        let flags = crate::union::Open {
            write: true,
            append: append || start == size && start > 0,
            ..Default::default()
        };
        if append || start == 0 || start == size {
            return self.open(path, flags, Some(data.clone())).map(drop);
        }
        let whole = self.read(path)?.overwritten(start, data);
        self.open(path, flags, Some(whole)).map(drop)
    }

    /// Everything left to read. Endless input stops the run.
    pub fn read_rest(&mut self, stream: &Stream) -> Contents {
        let mut open = stream.borrow_mut();
        match &mut *open {
            Open::Reader(reader) => {
                if reader.endless {
                    self.t.fuel.stop(trace::Exhausted::Operations { limit: trace::Limits::LINE.operations });
                    return Contents::EMPTY;
                }
                let rest = if reader.position == 0 {
                    reader.contents.clone()
                } else {
                    reader.contents.slice(reader.position, reader.contents.len())
                };
                reader.position = reader.contents.len();
                rest
            }
            Open::Endless(_) => {
                self.t.fuel.stop(trace::Exhausted::Bytes { limit: trace::Limits::LINE.bytes });
                Contents::EMPTY
            }
            _ => Contents::EMPTY,
        }
    }

    /// At most `count` bytes from what is left.
    pub fn read_some(&mut self, stream: &Stream, count: u64) -> Contents {
        let mut open = stream.borrow_mut();
        match &mut *open {
            Open::Reader(reader) => {
                let end = reader.position.saturating_add(count).min(reader.contents.len());
                if reader.endless && end == reader.contents.len() {
                    self.t.fuel.stop(trace::Exhausted::Bytes { limit: trace::Limits::LINE.bytes });
                }
                let some = reader.contents.slice(reader.position, end);
                reader.position = end;
                some
            }
            Open::Endless(Endless::Zero) => Contents::fill(0, count),
            Open::Endless(Endless::Random) => Contents::seeded("/dev/urandom", count),
            _ => Contents::EMPTY,
        }
    }

    /// Bytes up to and with the next newline; empty at the end.
    pub fn read_line(&mut self, stream: &Stream) -> Vec<u8> {
        let mut line = Vec::new();
        loop {
            let block = self.peek_block(stream);
            let end = block.iter().position(|b| *b == b'\n');
            let take = end.map_or(block.len(), |at| at + 1);
            if take == 0 || !self.t.fuel.spend_bytes(take as u64) {
                return line;
            }
            line.extend_from_slice(block.get(..take).unwrap_or_default());
            if let Open::Reader(reader) = &mut *stream.borrow_mut() {
                reader.position += take as u64;
            }
            if end.is_some() {
                return line;
            }
        }
    }

    fn peek_block(&mut self, stream: &Stream) -> Vec<u8> {
        match &*stream.borrow() {
            // Here whoever reads would wait for more, and the writer would have it.
            Open::Reader(reader) if reader.endless && reader.position >= reader.contents.len() => {
                self.t.fuel.stop(trace::Exhausted::Operations { limit: trace::Limits::LINE.operations });
                Vec::new()
            }
            Open::Reader(reader) => {
                reader.contents.slice(reader.position, reader.position.saturating_add(512)).head(512)
            }
            Open::Endless(_) => {
                self.t.fuel.stop(trace::Exhausted::Bytes { limit: trace::Limits::LINE.bytes });
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Opens a file as a shell's redirection does.
    pub fn open_stream(
        &mut self,
        path: &[u8],
        flags: crate::union::Open,
        fds: &Descriptors,
    ) -> Result<Stream, Errno> {
        let place = self.locate(path, true)?;
        if let Some(number) = place.canonical.strip_prefix(b"/proc/self/fd/") {
            let number = std::str::from_utf8(number).ok().and_then(|n| n.parse::<u32>().ok());
            return number.and_then(|n| fds.get(n)).cloned().ok_or(Errno::ENOENT);
        }
        if let Some(StatKind::CharDev(major, minor)) = place.stat.as_ref().map(|s| s.kind) {
            return Ok(stream::new(match (major, minor) {
                (1, 5) => Open::Endless(Endless::Zero),
                (1, 8 | 9) => Open::Endless(Endless::Random),
                (1, 7) => Open::Full,
                (5, 0) => return Err(Errno::ENXIO),
                _ => Open::Null,
            }));
        }
        if flags.write {
            let path = self.open(path, flags, None)?;
            return Ok(stream::new(Open::File { path, append: flags.append, position: 0 }));
        }
        match place.stat.as_ref().ok_or(Errno::ENOENT)?.kind {
            // Opening a directory for reading works; reading it is what fails.
            StatKind::Dir => Ok(stream::new(Open::Directory)),
            _ => Ok(stream::file(self.read_at(&place)?)),
        }
    }

    // ---- programs ----

    /// Finds a program: in PATH, or where its path says.
    pub fn find(&mut self, name: &str, search: &str) -> Result<Found, NotStarted> {
        if name.is_empty() {
            return Err(NotStarted::Missing);
        }
        if name.contains('/') {
            return self.candidate(&text::encode(name));
        }
        if let Some(own) = self.own_applet(name) {
            return Ok(own);
        }
        let (mut denied, name) = (false, text::encode(name));
        for dir in search.split(':') {
            let dir = if dir.is_empty() { "." } else { dir };
            match self.candidate(&path::join(&text::encode(dir), &name)) {
                Ok(found) => return Ok(found),
                Err(NotStarted::Denied) => denied = true,
                Err(_) => {}
            }
        }
        Err(if denied { NotStarted::Denied } else { NotStarted::Missing })
    }

    fn candidate(&mut self, path: &[u8]) -> Result<Found, NotStarted> {
        let aside = self.t.set_aside(true);
        let found = self.executable_at(path);
        self.t.set_aside(aside);
        found
    }

    fn executable_at(&mut self, path: &[u8]) -> Result<Found, NotStarted> {
        let place = self.locate(path, true).map_err(|errno| match errno {
            Errno::EACCES => NotStarted::Denied,
            _ => NotStarted::Missing,
        })?;
        let stat = place.stat.as_ref().ok_or(NotStarted::Missing)?;
        if stat.kind != StatKind::File || !self.may_execute(&place) {
            return Err(NotStarted::Denied);
        }
        let contents = self.program_contents(&place).ok_or(NotStarted::Denied)?;
        Ok(Found { path: path.to_vec(), contents })
    }

    /// Contents for execution: needs no read permission.
    fn program_contents(&mut self, place: &Place) -> Option<Contents> {
        if self.cred.uid == 0 {
            return self.read_at(place).ok();
        }
        let user = self.cred.clone();
        self.become_user(Cred::default());
        let contents = self.read_at(place).ok();
        self.become_user(user);
        contents
    }

    /// Starts a program and waits for it: finds it, follows `#!` lines, runs what its contents are.
    pub fn start(
        &mut self,
        argv: Vec<String>,
        env: &IndexMap<String, String>,
        fds: &Descriptors,
        search: Option<&str>,
    ) -> Result<i32, NotStarted> {
        let name = argv.first().cloned().unwrap_or_default();
        let search =
            search.or_else(|| env.get("PATH").map(String::as_str)).unwrap_or("/bin:/usr/bin").to_owned();
        let found = self.find(&name, &search)?;
        self.execute(found, argv, env, fds)
    }

    /// Runs a file that was found.
    pub fn execute(
        &mut self,
        mut found: Found,
        mut argv: Vec<String>,
        env: &IndexMap<String, String>,
        fds: &Descriptors,
    ) -> Result<i32, NotStarted> {
        // binfmt_script follows four interpreters.
        for _ in 0..5 {
            // A program that the lab plays is no script: its bytes needn't be drawn to know that.
            if found.contents.program().is_some() {
                break;
            }
            let Some(line) = first_line(&found.contents) else { break };
            let line = line.trim_matches([' ', '\t']);
            let (interpreter, argument) = match line.split_once([' ', '\t']) {
                Some((interpreter, argument)) => (interpreter, Some(argument.trim_start())),
                None => (line, None),
            };
            if interpreter.is_empty() {
                return Err(NotStarted::Format);
            }
            let mut next = vec![interpreter.to_owned()];
            next.extend(argument.map(str::to_owned));
            next.push(text::decode(&found.path));
            next.extend(argv.into_iter().skip(1));
            argv = next;
            found = self.candidate(&text::encode(interpreter)).map_err(|e| match e {
                NotStarted::Missing => NotStarted::Interpreter,
                other => other,
            })?;
        }
        let Some(tag) = found.contents.program().map(str::to_owned) else {
            return self.untagged(&found, &argv);
        };
        // Starting a program is dear: a loop of them must not take long to be stopped.
        if !self.t.fuel.spend(100) || !self.t.fuel.enter() {
            return Ok(137);
        }
        let before = self.enter_busybox(&tag, &found.contents);
        let status = self.run_program(&tag, argv, env, fds);
        self.standalone = before;
        self.t.fuel.leave();
        Ok(if self.stopped() { 137 } else { status })
    }

    /// What bash takes for the interpreter of a file that may be executed: it reads 128 bytes and loses the
    /// last one it read (bash `execute_cmd.c`, `shell_execve` and `getinterp`).
    pub fn interpreter_of(&mut self, path: &[u8]) -> Option<String> {
        let head = self.executable_at(path).ok()?.contents.head(128);
        let text = head.strip_prefix(b"#!")?;
        let text = text.get(..text.len().saturating_sub(1)).unwrap_or_default();
        let is_blank = |b: &u8| matches!(b, b' ' | b'\t');
        let text = text.get(text.iter().take_while(|b| is_blank(b)).count()..).unwrap_or_default();
        let end = text.iter().position(|b| is_blank(b) || *b == b'\n').unwrap_or(text.len());
        Some(text::decode(text.get(..end).unwrap_or_default()))
    }

    fn untagged(&mut self, found: &Found, argv: &[String]) -> Result<i32, NotStarted> {
        let described = matches!(found.contents.pieces().first(), Some(crate::fs::Piece::Seeded(_)));
        if described || found.contents.head(4) == b"\x7fELF" {
            let name = argv.first().map_or("", String::as_str);
            return Ok(self.not_modelled(&text::decode(path::file_name(name.as_bytes()))));
        }
        Err(NotStarted::Format)
    }

    /// Runs what a `program:` tag names: a supplied program, a shell, a built-in one, or nothing.
    fn run_program(
        &mut self,
        tag: &str,
        mut argv: Vec<String>,
        env: &IndexMap<String, String>,
        fds: &Descriptors,
    ) -> i32 {
        let tag_name = tag.split(' ').next().unwrap_or(tag);
        let base = |argv: &[String]| {
            let first = argv.first().map_or("", String::as_str);
            first.rsplit('/').next().unwrap_or("").to_owned()
        };
        let multi = matches!(tag_name, "busybox" | "coreutils");
        let mut name = if multi { base(&argv) } else { tag_name.to_owned() };
        if multi && name == tag_name && argv.len() > 1 {
            argv.remove(0);
            name = base(&argv);
        }
        let (saved_cwd, saved_umask, saved_cred) = (self.cwd.clone(), self.umask, self.cred.clone());
        let status = self.dispatch(tag_name, &name, &argv, env, fds);
        self.cwd = saved_cwd;
        self.umask = saved_umask;
        if self.cred != saved_cred {
            self.become_user(saved_cred);
        }
        status
    }

    fn dispatch(
        &mut self,
        tag: &str,
        name: &str,
        argv: &[String],
        env: &IndexMap<String, String>,
        fds: &Descriptors,
    ) -> i32 {
        if let Some(hook) = self.hook.take() {
            let mut call = Call::new(self, name, argv, env, fds, false);
            let answer = hook.call(name, &mut call);
            let answer = answer.map(|status| call.finish(status));
            self.hook = Some(hook);
            if let Some(status) = answer {
                return status & 0xff;
            }
        }
        if let Some(dialect) = super::shell_dialect(tag, name) {
            return super::begin::run_shell(self, dialect, argv, env, fds);
        }
        match super::programs::find(name) {
            Some(program) => {
                let mut call = Call::new(self, name, argv, env, fds, tag == "busybox");
                let status = (program.run)(&mut call);
                call.finish(status)
            }
            None if tag == "busybox" => {
                let mut call = Call::new(self, name, argv, env, fds, true);
                call.err(&format!("{name}: applet not found\n"));
                call.finish(127)
            }
            None => self.not_modelled(name),
        }
    }

    /// Runs `f` with a pipe as standard output; what came through.
    pub fn capture(
        &mut self,
        fds: &Descriptors,
        f: impl FnOnce(&mut Self, &Descriptors) -> i32,
    ) -> (i32, Contents) {
        let bag = stream::new(Open::Bag(Bag::default()));
        let mut fds = fds.clone();
        fds.set(1, bag.clone());
        let status = f(self, &fds);
        let contents = match &mut *bag.borrow_mut() {
            Open::Bag(bag) => bag.take(),
            _ => Contents::EMPTY,
        };
        (status, contents)
    }
}

/// What stands behind `#!` (fs/binfmt_script.c reads 256 bytes).
fn first_line(contents: &Contents) -> Option<String> {
    let head = contents.head(256);
    let line = head.strip_prefix(b"#!")?.split(|b| *b == b'\n').next()?;
    Some(text::decode(line))
}
