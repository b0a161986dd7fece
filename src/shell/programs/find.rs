//! `find`.

use super::find_parse::{Reader, Test, Wrong};
use super::mode;
use crate::shell::call::Call;
use crate::shell::{text, users};
use crate::union::{Stat, StatKind};
use std::borrow::Cow;

/// The walk's own state.
struct Walk {
    expression: Test,
    depth_first: bool,
    min: usize,
    max: usize,
    follow: bool,
    /// `-exec … +`: the paths so far.
    gathered: Vec<Vec<String>>,
    pruned: bool,
    quit: bool,
    status: i32,
}

/// Path, stat, depth, and whether what is below was visited.
type Open = (String, Stat, usize, bool);

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let words = call.args();
    let mut start = 0;
    let mut follow = false;
    let mut follow_top = false;
    while let Some(option) = words.get(start).filter(|w| matches!(w.as_str(), "-L" | "-H" | "-P" | "-follow"))
    {
        follow = option == "-L" || option == "-follow";
        follow_top = option == "-H";
        start += 1;
    }
    let rest = words.get(start..).unwrap_or_default();
    let begins = |w: &String| w.starts_with('-') && w.len() > 1 || w == "!" || w == "(";
    let count = rest.iter().take_while(|w| !begins(w)).count();
    let (roots, words) = rest.split_at(count);
    let mut reader = Reader::new(words);
    let expression = match reader.expression(call) {
        Ok(expression) => expression,
        Err(Wrong::Text(message)) => return call.fail(&message),
        Err(Wrong::NotModelled(word)) => return call.m.not_modelled(&format!("find {word}")),
        Err(Wrong::Usage(message)) => {
            call.fail(&message);
            return call.usage("");
        }
    };
    let follow = follow || reader.follow;
    let mut walk = Walk {
        expression,
        depth_first: reader.depth_first,
        min: reader.min,
        max: reader.max,
        follow,
        gathered: Vec::new(),
        pruned: false,
        quit: false,
        status: 0,
    };
    let roots = if roots.is_empty() { vec![".".to_owned()] } else { roots.to_vec() };
    for root in &roots {
        walk.root(call, root, follow || follow_top);
    }
    walk.finish(call);
    walk.status
}

fn compared(value: u64, wanted: u64, sign: char) -> bool {
    match sign {
        '+' => value > wanted,
        '-' => value < wanted,
        _ => value == wanted,
    }
}

impl Walk {
    fn root(&mut self, call: &mut Call<'_, '_>, root: &str, follow: bool) {
        let bytes = text::encode(root).into_owned();
        let stat =
            if follow { call.m.stat(&bytes).or_else(|_| call.m.lstat(&bytes)) } else { call.m.lstat(&bytes) };
        let stat = match stat {
            Ok(stat) => stat,
            Err(errno) => {
                let message = call.m.message(errno);
                let shown = if call.busybox { root.to_owned() } else { format!("'{root}'") };
                self.status = call.fail(&format!("{shown}: {message}"));
                return;
            }
        };
        let mut open: Vec<Open> = vec![(root.to_owned(), stat, 0, false)];
        while let Some((at, stat, depth, late)) = open.pop() {
            if self.quit || !call.m.t.fuel.spend(2) {
                return;
            }
            let dir = stat.kind == StatKind::Dir;
            self.pruned = false;
            if (!self.depth_first || late || !dir) && depth >= self.min {
                self.judge(call, &at, &stat, depth);
            }
            if !dir || late || depth >= self.max || (self.pruned && !self.depth_first) {
                if dir && self.depth_first && !late && depth >= self.min && depth >= self.max {
                    self.judge(call, &at, &stat, depth);
                }
                continue;
            }
            if self.depth_first {
                open.push((at.clone(), stat, depth, true));
            }
            match call.m.readdir(&text::encode(&at)) {
                Ok(names) => self.below(call, &at, &names, depth + 1, &mut open),
                Err(crate::fs::Errno::ENOENT) => {}
                Err(errno) => {
                    let message = call.m.message(errno);
                    let shown = if call.busybox { at.clone() } else { format!("'{at}'") };
                    self.status = call.fail(&format!("{shown}: {message}"));
                }
            }
        }
    }

    /// Puts what a directory holds on the pile, the first name on top.
    fn below(
        &self,
        call: &mut Call<'_, '_>,
        dir: &str,
        names: &[crate::fs::Name],
        depth: usize,
        open: &mut Vec<Open>,
    ) {
        let slash = if dir.ends_with('/') { "" } else { "/" };
        let path = |name: &[u8]| match std::str::from_utf8(name) {
            Ok(name) => [dir, slash, name].concat(),
            Err(_) => [dir, slash, &text::decode(name)].concat(),
        };
        let mut left = names;
        while let Some((name, before)) = left.split_last() {
            let path_of = path(name);
            let bytes = text::encode(&path_of);
            let stat = match self.follow {
                true => call.m.stat(&bytes).or_else(|_| call.m.lstat(&bytes)),
                false => call.m.lstat(&bytes),
            };
            left = before;
            if let Ok(stat) = stat {
                open.push((path_of, stat, depth, false));
            }
            // The way is known now: the others are asked for by their names.
            if !self.follow
                && let Some(stats) = call.m.lstat_each(&text::encode(dir), left)
            {
                let found = left.iter().rev().zip(stats).filter_map(|(name, stat)| Some((name, stat?)));
                open.extend(found.map(|(name, stat)| (path(name), stat, depth, false)));
                return;
            }
        }
    }

    fn judge(&mut self, call: &mut Call<'_, '_>, path: &str, stat: &Stat, depth: usize) {
        let expression = std::mem::replace(&mut self.expression, Test::True);
        self.holds(call, &expression, path, stat, depth);
        self.expression = expression;
    }

    fn holds(&mut self, call: &mut Call<'_, '_>, test: &Test, path: &str, stat: &Stat, depth: usize) -> bool {
        let name = || {
            let trimmed = path.trim_end_matches('/');
            if trimmed.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or("") }
        };
        let fold = |text, fold: bool| -> Cow<'_, str> {
            if fold { Cow::Owned(str::to_lowercase(text)) } else { Cow::Borrowed(text) }
        };
        match test {
            Test::And(tests) => tests.iter().all(|test| self.holds(call, test, path, stat, depth)),
            Test::Each(tests) => {
                let mut last = true;
                for test in tests {
                    last = self.holds(call, test, path, stat, depth);
                }
                last
            }
            Test::Or(tests) => tests.iter().any(|test| self.holds(call, test, path, stat, depth)),
            Test::Not(test) => !self.holds(call, test, path, stat, depth),
            Test::Name(pattern, folded) => pattern.matches_text(&fold(name(), *folded)),
            Test::Path(pattern, folded) => pattern.matches_text(&fold(path, *folded)),
            Test::Regex(regex) => regex.is_match(path),
            Test::Kind(kinds) => {
                let letter = match stat.kind {
                    StatKind::File => "f",
                    StatKind::Dir => "d",
                    StatKind::Symlink => "l",
                    StatKind::Fifo => "p",
                    StatKind::CharDev(..) => "c",
                };
                kinds.split(',').any(|kind| kind == letter)
            }
            Test::Size(wanted, unit, sign) => {
                let size = if stat.kind == StatKind::Dir { 4096 } else { stat.size };
                // GNU counts begun units, busybox compares bytes.
                match call.busybox {
                    true => compared(size, wanted.saturating_mul(*unit), *sign),
                    false => compared(size.div_ceil(*unit), *wanted, *sign),
                }
            }
            Test::Mode(wanted, sign) => match sign {
                '-' => stat.mode & wanted == *wanted,
                '/' | '+' => *wanted == 0 || stat.mode & wanted != 0,
                _ => stat.mode == *wanted,
            },
            Test::User(uid) => stat.uid == *uid,
            Test::Group(gid) => stat.gid == *gid,
            Test::NoUser => users::by_uid(call.m, stat.uid).is_none(),
            Test::NoGroup => users::group_by_gid(call.m, stat.gid).is_none(),
            Test::SameFile(id) => stat.id == *id,
            Test::Inode(number) => u64::from(stat.id.1) == *number,
            Test::Empty => match stat.kind {
                StatKind::Dir => call.m.readdir(&text::encode(path)).is_ok_and(|names| names.is_empty()),
                StatKind::File => stat.size == 0,
                _ => false,
            },
            Test::Newer(time) => stat.mtime > *time,
            Test::Age(wanted, unit, sign) => {
                let age = super::make::NOW.saturating_sub(stat.mtime).max(0);
                compared((age / (*unit).max(1)) as u64, *wanted, *sign)
            }
            Test::Links(wanted, sign) => compared(u64::from(stat.nlink), *wanted, *sign),
            Test::False => false,
            Test::True => true,
            Test::May(what) => call.m.access(&text::encode(path), *what),
            Test::Print(end) => {
                call.out(path);
                call.out(end.encode_utf8(&mut [0; 4]));
                true
            }
            Test::Printf(format) => {
                let line = formatted(call, format, path, name(), stat, depth);
                call.out(&line);
                true
            }
            Test::List => {
                let line = super::ls::find_line(call, path, stat);
                call.out(&line);
                true
            }
            Test::Exec { words, ask: true, .. } if !asked(call, words, path) => false,
            Test::Exec { words, many, in_dir, .. } => self.exec(call, words, *many, *in_dir, path),
            Test::Delete => self.delete(call, path, stat),
            Test::Prune => {
                self.pruned = true;
                true
            }
            Test::Quit => {
                self.quit = true;
                true
            }
        }
    }

    fn exec(
        &mut self,
        call: &mut Call<'_, '_>,
        words: &[String],
        many: bool,
        in_dir: bool,
        path: &str,
    ) -> bool {
        if many {
            let rest = words.get(..words.len().saturating_sub(1)).unwrap_or_default();
            match self.gathered.iter_mut().find(|known| known.starts_with(rest)) {
                Some(known) => known.push(path.to_owned()),
                None => {
                    let mut known = rest.to_vec();
                    known.push(path.to_owned());
                    self.gathered.push(known);
                }
            }
            return true;
        }
        let shown =
            if in_dir { format!("./{}", path.rsplit('/').next().unwrap_or(path)) } else { path.to_owned() };
        let argv: Vec<String> = words.iter().map(|word| word.replace("{}", &shown)).collect();
        let before = call.m.cwd.clone();
        if in_dir {
            let bytes = text::encode(path).into_owned();
            let parent = crate::fs::path::parent(&bytes).to_vec();
            if let Ok(parent) = call.m.realpath(if parent.is_empty() { b"." } else { &parent }) {
                call.m.cwd = parent;
            }
        }
        let status = call.start(argv);
        call.m.cwd = before;
        status == 0
    }

    fn delete(&mut self, call: &mut Call<'_, '_>, path: &str, stat: &Stat) -> bool {
        if path == "." {
            return true;
        }
        let bytes = text::encode(path).into_owned();
        let dir = stat.kind == StatKind::Dir;
        let done = if dir { call.m.rmdir(&bytes) } else { call.m.unlink(&bytes) };
        match done {
            Ok(()) => true,
            Err(errno) => {
                let message = call.m.message(errno);
                self.status =
                    call.either(&format!("{path}: {message}"), &format!("cannot delete '{path}': {message}"));
                false
            }
        }
    }

    fn finish(&mut self, call: &mut Call<'_, '_>) {
        for argv in std::mem::take(&mut self.gathered) {
            if call.start(argv) != 0 {
                self.status = 1;
            }
        }
    }
}

/// `-ok`: may it run?
fn asked(call: &mut Call<'_, '_>, words: &[String], path: &str) -> bool {
    let name = words.first().map_or("", String::as_str);
    call.err(&format!("< {name} ... {path} > ? "));
    let answer = call.stdin().map(|stream| call.m.read_line(&stream)).unwrap_or_default();
    matches!(answer.first(), Some(b'y' | b'Y'))
}

/// `-printf`.
fn formatted(
    call: &mut Call<'_, '_>,
    format: &str,
    path: &str,
    name: &str,
    stat: &Stat,
    depth: usize,
) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('0') => out.push('\0'),
                Some(c) => out.push(c),
                None => {}
            },
            '%' => {
                let mut flags = String::new();
                while let Some(flag) = chars.next_if(|c| c.is_ascii_digit() || "-.#+ ".contains(*c)) {
                    flags.push(flag);
                }
                let Some(letter) = chars.next() else { break };
                let time = matches!(letter, 'T' | 'A' | 'C').then(|| chars.next()).flatten();
                let text = directive(call, letter, time, path, name, stat, depth);
                let width: usize = flags.trim_start_matches('-').parse().unwrap_or(0).min(1000);
                out.push_str(&match flags.starts_with('-') {
                    true => format!("{text:<width$}"),
                    false => format!("{text:>width$}"),
                });
            }
            c => out.push(c),
        }
    }
    out
}

/// One directive of `-printf`.
fn directive(
    call: &mut Call<'_, '_>,
    letter: char,
    time: Option<char>,
    path: &str,
    name: &str,
    stat: &Stat,
    depth: usize,
) -> String {
    let size = if stat.kind == StatKind::Dir { 4096 } else { stat.size };
    match letter {
        'p' => path.to_owned(),
        'f' => name.to_owned(),
        'h' => {
            let dir = path.strip_suffix(name).map_or(".", |dir| dir.trim_end_matches('/'));
            if dir.is_empty() { ".".to_owned() } else { dir.to_owned() }
        }
        'P' => match depth {
            0 => String::new(),
            _ => {
                let parts: Vec<&str> = path.split('/').collect();
                parts.get(parts.len().saturating_sub(depth)..).unwrap_or_default().join("/")
            }
        },
        'H' => {
            let parts: Vec<&str> = path.split('/').collect();
            parts.get(..parts.len().saturating_sub(depth)).unwrap_or_default().join("/")
        }
        's' => size.to_string(),
        'b' => (size.div_ceil(4096) * 8).to_string(),
        'k' => (size.div_ceil(4096) * 4).to_string(),
        'm' => format!("{:o}", stat.mode),
        'M' => format!("{}{}", super::describe::type_letter(stat.kind), mode::letters(stat.mode)),
        'U' => stat.uid.to_string(),
        'G' => stat.gid.to_string(),
        'u' => users::by_uid(call.m, stat.uid).map_or(stat.uid.to_string(), |user| user.name),
        'g' => users::group_by_gid(call.m, stat.gid).map_or(stat.gid.to_string(), |group| group.name),
        'n' => stat.nlink.to_string(),
        'i' => stat.id.1.to_string(),
        'd' => depth.to_string(),
        'l' => call.m.readlink(&text::encode(path)).map(|target| text::decode(&target)).unwrap_or_default(),
        'y' | 'Y' => match super::describe::type_letter(stat.kind) {
            '-' => "f".to_owned(),
            letter => letter.to_string(),
        },
        't' | 'a' | 'c' => super::date::shown(stat.mtime, "%a %b %e %H:%M:%S.0000000000 %Y"),
        'T' | 'A' | 'C' => match time {
            Some('@') => format!("{}.0000000000", stat.mtime),
            Some('S') => super::date::shown(stat.mtime, "%S.0000000000"),
            Some('+') => super::date::shown(stat.mtime, "%Y-%m-%d+%H:%M:%S.0000000000"),
            Some(letter) => super::date::shown(stat.mtime, &format!("%{letter}")),
            None => String::new(),
        },
        '%' => "%".to_owned(),
        other => format!("%{other}"),
    }
}
