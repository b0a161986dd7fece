//! Redirections.

use super::eval::{Shell, dash_open};
use super::expand::{Abort, Expanded};
use super::syntax::{Dialect, Redirect, RedirectKind, Word};
use super::{stream, text};
use crate::fs::{Contents, Errno, path};
use crate::union::Open;

impl Shell<'_, '_> {
    /// Applies redirections to the shell's descriptors. False: one failed, and was complained about.
    pub(super) fn redirect(&mut self, redirects: &[Redirect]) -> Expanded<bool> {
        for redirect in redirects {
            if !self.redirect_one(redirect)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The descriptors that redirections replace: what is put back after the command. `1>&1` replaces none.
    pub(super) fn replaced(&self, redirects: &[Redirect]) -> Vec<u32> {
        let mut numbers = Vec::new();
        for redirect in redirects {
            match &redirect.kind {
                RedirectKind::Both { .. } => numbers.extend([1, 2]),
                RedirectKind::Dup(word) if word.plain().is_some_and(|to| to == redirect.fd.to_string()) => {}
                _ => numbers.push(redirect.fd),
            }
        }
        numbers
    }

    fn redirect_one(&mut self, redirect: &Redirect) -> Expanded<bool> {
        let fd = redirect.fd;
        let write = Open { write: true, create: true, mode: 0o666, ..Open::default() };
        match &redirect.kind {
            RedirectKind::Read(word) => self.open_on(&[fd], word, Open { read: true, ..Open::default() }),
            RedirectKind::Write { word, clobber } => {
                let guard = self.s.options.noclobber;
                self.s.options.noclobber = guard && !clobber;
                let opened = self.open_on(&[fd], word, Open { trunc: true, ..write });
                self.s.options.noclobber = guard;
                opened
            }
            RedirectKind::Append(word) => self.open_on(&[fd], word, Open { append: true, ..write }),
            RedirectKind::ReadWrite(word) => self.open_on(&[fd], word, Open { read: true, ..write }),
            RedirectKind::Both { word, append } => {
                self.open_on(&[1, 2], word, Open { append: *append, trunc: !*append, ..write })
            }
            RedirectKind::Dup(word) => self.duplicate(fd, word),
            RedirectKind::Here(cell) => {
                let body = match cell.get() {
                    Some(word) => match self.text(word) {
                        // In ash and dash the redirection has failed, no more.
                        Err(Abort(_)) if self.s.dialect != Dialect::Bash && !self.m.stopped() => {
                            return Ok(false);
                        }
                        text => text?,
                    },
                    None => String::new(),
                };
                self.feed(fd, &body);
                Ok(true)
            }
            RedirectKind::HereString(word) => {
                let mut body = self.text(word)?;
                body.push('\n');
                self.feed(fd, &body);
                Ok(true)
            }
        }
    }

    fn feed(&mut self, fd: u32, body: &str) {
        let bytes = text::encode(body).into_owned();
        self.s.fds.set(fd, stream::reader(Contents::bytes(bytes)));
    }

    fn open_on(&mut self, fds: &[u32], word: &Word, flags: Open) -> Expanded<bool> {
        let mut name = self.text(word)?;
        if self.s.dialect == Dialect::Bash {
            let fields = self.fields(std::slice::from_ref(word))?;
            match &fields[..] {
                [one] => name.clone_from(one),
                _ => {
                    self.complain(&format!("{}: ambiguous redirect", word.written()));
                    return Ok(false);
                }
            }
        }
        let bytes = text::encode(&name).into_owned();
        if flags.trunc
            && self.s.options.noclobber
            && self.m.stat(&bytes).is_ok_and(|s| s.kind == crate::union::StatKind::File)
        {
            self.open_error(&name, Errno::EEXIST, true);
            return Ok(false);
        }
        let current = self.s.fds.clone();
        match self.m.open_stream(&bytes, flags, &current) {
            Ok(stream) => {
                for fd in fds {
                    self.s.fds.set(*fd, stream.clone());
                }
                Ok(true)
            }
            Err(Errno::EINTR) => Err(Abort(137)),
            Err(errno) => {
                self.open_error(&name, errno, flags.write);
                Ok(false)
            }
        }
    }

    fn open_error(&mut self, name: &str, errno: Errno, write: bool) {
        let message = self.m.message(errno);
        let missing = errno == Errno::ENOENT;
        let text = match self.s.dialect {
            Dialect::Bash if errno == Errno::EEXIST => format!("{name}: cannot overwrite existing file"),
            Dialect::Bash => format!("{name}: {message}"),
            Dialect::Ash => match (write, missing) {
                (true, true) => format!("can't create {name}: nonexistent directory"),
                (true, false) => format!("can't create {name}: {message}"),
                (false, true) => format!("can't open {name}: no such file"),
                (false, false) => format!("can't open {name}: {message}"),
            },
            Dialect::Dash => match (write, missing) {
                (true, true) => format!("cannot create {name}: Directory nonexistent"),
                (true, false) => format!("cannot create {name}: {message}"),
                (false, _) => format!("cannot open {name}: {}", dash_open(message)),
            },
        };
        self.complain(&text);
    }

    fn duplicate(&mut self, fd: u32, word: &Word) -> Expanded<bool> {
        let target = self.text(word)?;
        if target == "-" {
            self.s.fds.close(fd);
            return Ok(true);
        }
        let number = target.trim_end_matches('-').parse::<u32>();
        let stream = number.ok().and_then(|number| self.s.fds.get(number).cloned());
        match (stream, target.parse::<u32>()) {
            (Some(stream), _) => {
                self.s.fds.set(fd, stream);
                Ok(true)
            }
            (None, Ok(_)) => {
                self.complain(&format!("{target}: Bad file descriptor"));
                Ok(false)
            }
            (None, Err(_)) => {
                let text = match self.s.dialect {
                    Dialect::Ash => "syntax error: bad fd number".to_owned(),
                    Dialect::Dash => "Syntax error: Bad fd number".to_owned(),
                    Dialect::Bash => format!("{target}: ambiguous redirect"),
                };
                self.complain(&text);
                Err(Abort(2))
            }
        }
    }

    /// A path against the shell's own idea of its directory (for `cd`).
    pub(super) fn logical(&self, target: &str) -> Vec<u8> {
        let base = self.s.get("PWD").filter(|pwd| pwd.starts_with('/'));
        let base = base.map_or_else(|| self.m.cwd.clone(), |pwd| text::encode(&pwd).into_owned());
        path::clean(&path::join(&base, &text::encode(target)))
    }
}
