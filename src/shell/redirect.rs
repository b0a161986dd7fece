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
        // ash and dash expand all of them before the first is opened (`expredir`).
        let mut targets = Vec::new();
        if self.s.dialect != Dialect::Bash && redirects.len() > 1 {
            for redirect in redirects {
                targets.push(self.target(redirect)?);
            }
        }
        let mut targets = targets.into_iter();
        for redirect in redirects {
            if !self.redirect_one(redirect, targets.next().flatten())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The word of a redirection, expanded; none of a here-document.
    fn target(&mut self, redirect: &Redirect) -> Expanded<Option<String>> {
        match &redirect.kind {
            RedirectKind::Here(_) | RedirectKind::HereString(_) => Ok(None),
            RedirectKind::Dup(word) => {
                let target = self.text(word)?;
                if target != "-" && target.trim_end_matches('-').parse::<u32>().is_err() {
                    return self.bad_descriptor();
                }
                Ok(Some(target))
            }
            RedirectKind::Read(word)
            | RedirectKind::Write { word, .. }
            | RedirectKind::Append(word)
            | RedirectKind::ReadWrite(word)
            | RedirectKind::Both { word, .. } => self.text(word).map(Some),
        }
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

    fn redirect_one(&mut self, redirect: &Redirect, target: Option<String>) -> Expanded<bool> {
        let fd = redirect.fd;
        let write = Open { write: true, create: true, mode: 0o666, ..Open::default() };
        match &redirect.kind {
            RedirectKind::Read(word) => {
                self.open_on(&[fd], word, target, Open { read: true, ..Open::default() })
            }
            RedirectKind::Write { word, clobber } => {
                let guard = self.s.options.noclobber;
                self.s.options.noclobber = guard && !clobber;
                let opened = self.open_on(&[fd], word, target, Open { trunc: true, ..write });
                self.s.options.noclobber = guard;
                opened
            }
            RedirectKind::Append(word) => self.open_on(&[fd], word, target, Open { append: true, ..write }),
            RedirectKind::ReadWrite(word) => self.open_on(&[fd], word, target, Open { read: true, ..write }),
            RedirectKind::Both { word, append } => {
                self.open_on(&[1, 2], word, target, Open { append: *append, trunc: !*append, ..write })
            }
            RedirectKind::Dup(word) => self.duplicate(fd, word, target),
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

    fn open_on(&mut self, fds: &[u32], word: &Word, target: Option<String>, flags: Open) -> Expanded<bool> {
        let name = match target {
            Some(name) => name,
            None if self.s.dialect != Dialect::Bash => self.text(word)?,
            None => match <[String; 1]>::try_from(self.fields(std::slice::from_ref(word))?) {
                Ok([one]) => one,
                Err(_) => {
                    self.complain(&format!("{}: ambiguous redirect", word.written()));
                    return Ok(false);
                }
            },
        };
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

    fn duplicate(&mut self, fd: u32, word: &Word, target: Option<String>) -> Expanded<bool> {
        let target = match target {
            Some(target) => target,
            None => self.text(word)?,
        };
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
            (None, Err(_)) if self.s.dialect == Dialect::Bash => {
                self.complain(&format!("{}: ambiguous redirect", word.written()));
                Ok(false)
            }
            (None, Err(_)) => self.bad_descriptor(),
        }
    }

    /// What ash and dash say of `>&word`.
    fn bad_descriptor<T>(&mut self) -> Expanded<T> {
        let ash = self.s.dialect == Dialect::Ash;
        self.complain_while_reading(if ash {
            "syntax error: bad fd number"
        } else {
            "Syntax error: Bad fd number"
        });
        Err(Abort(2))
    }

    /// A path against the shell's own idea of its directory (for `cd`).
    pub(super) fn logical(&self, target: &str) -> Vec<u8> {
        let base = self.s.get("PWD").filter(|pwd| pwd.starts_with('/'));
        let base = base.map_or_else(|| self.m.cwd.clone(), |pwd| text::encode(&pwd).into_owned());
        path::clean(&path::join(&base, &text::encode(target)))
    }
}
