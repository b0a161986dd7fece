//! `find`.

use super::mode;
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use crate::shell::{text, users};
use crate::union::{Stat, StatKind};

/// An expression.
enum Test {
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    Name(Pattern, bool),
    Path(Pattern, bool),
    Regex(regex::Regex),
    Kind(String),
    /// Units, unit size, comparison.
    Size(u64, u64, char),
    Mode(u16, char),
    User(u32),
    Group(u32),
    NoUser,
    Empty,
    Newer(i64),
    Days(i64, char),
    Links(u64, char),
    Inode,
    True,
    False,
    Executable,
    Print(char),
    Printf(String),
    Exec {
        words: Vec<String>,
        many: bool,
        in_dir: bool,
    },
    Delete,
    Prune,
    Quit,
}

struct Reader<'w> {
    words: &'w [String],
    at: usize,
    depth_first: bool,
    min: usize,
    max: usize,
    acts: bool,
    depth: u32,
}

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
    let count = rest.iter().take_while(|w| !w.starts_with('-') && *w != "!" && *w != "(").count();
    let (roots, words) = rest.split_at(count);
    let mut reader =
        Reader { words, at: 0, depth_first: false, min: 0, max: usize::MAX, acts: false, depth: 0 };
    let mut expression = match reader.either(call) {
        Ok(expression) => expression,
        Err(message) => return call.fail(&message),
    };
    if let Some(word) = reader.words.get(reader.at) {
        return call.fail(&format!("unrecognized: {word}"));
    }
    if !reader.acts {
        expression = Test::And(vec![expression, Test::Print('\n')]);
    }
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

type Read<T> = Result<T, String>;

impl Reader<'_> {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).map(String::as_str)
    }

    fn value(&mut self, name: &str) -> Read<String> {
        let value = self.words.get(self.at).cloned().ok_or_else(|| format!("{name}: missing argument"))?;
        self.at += 1;
        Ok(value)
    }

    fn either(&mut self, call: &mut Call<'_, '_>) -> Read<Test> {
        self.depth += 1;
        if self.depth > 40 {
            return Err("nested too deep".to_owned());
        }
        let mut tests = vec![self.both(call)?];
        while matches!(self.peek(), Some("-o" | "-or")) {
            self.at += 1;
            tests.push(self.both(call)?);
        }
        self.depth -= 1;
        Ok(match tests.pop() {
            Some(only) if tests.is_empty() => only,
            Some(last) => {
                tests.push(last);
                Test::Or(tests)
            }
            None => Test::True,
        })
    }

    fn both(&mut self, call: &mut Call<'_, '_>) -> Read<Test> {
        let mut tests = Vec::new();
        while let Some(word) = self.peek() {
            match word {
                "-o" | "-or" | ")" => break,
                "-a" | "-and" => self.at += 1,
                _ => tests.push(self.one(call)?),
            }
        }
        Ok(Test::And(tests))
    }

    fn number(&mut self, name: &str) -> Read<(u64, char)> {
        let word = self.value(name)?;
        let sign = word.chars().next().filter(|c| "+-".contains(*c)).unwrap_or('=');
        let digits = word.trim_start_matches(['+', '-']);
        digits.parse().map(|n| (n, sign)).map_err(|_| format!("invalid number '{word}'"))
    }

    fn one(&mut self, call: &mut Call<'_, '_>) -> Read<Test> {
        let word = self.value("find")?;
        Ok(match word.as_str() {
            "!" | "-not" => {
                self.depth += 1;
                if self.depth > 40 {
                    return Err("nested too deep".to_owned());
                }
                let inner = self.one(call)?;
                self.depth -= 1;
                Test::Not(Box::new(inner))
            }
            "(" => {
                let inner = self.either(call)?;
                if self.peek() != Some(")") {
                    return Err("unmatched '('".to_owned());
                }
                self.at += 1;
                inner
            }
            "-name" | "-iname" => {
                let fold = word == "-iname";
                let pattern = self.value(&word)?;
                Test::Name(Pattern::new(&if fold { pattern.to_lowercase() } else { pattern }), fold)
            }
            "-path" | "-wholename" | "-ipath" => {
                let fold = word == "-ipath";
                let pattern = self.value(&word)?;
                Test::Path(Pattern::new(&if fold { pattern.to_lowercase() } else { pattern }), fold)
            }
            "-regex" | "-iregex" => {
                let source = self.value(&word)?;
                let regex = super::posix_regex::basic(&source, word == "-iregex");
                let whole = regex.and_then(|regex| super::posix_regex::bordered(&regex, true, false));
                Test::Regex(whole.ok_or_else(|| format!("bad regex '{source}'"))?)
            }
            "-type" => Test::Kind(self.value(&word)?),
            "-size" => {
                let word = self.value(&word)?;
                let sign = word.chars().next().filter(|c| "+-".contains(*c)).unwrap_or('=');
                let body = word.trim_start_matches(['+', '-']);
                let digits = body.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                let unit = match &body[digits.len()..] {
                    "" | "b" => 512,
                    "c" => 1,
                    "w" => 2,
                    "k" => 1 << 10,
                    "M" => 1 << 20,
                    "G" => 1 << 30,
                    _ => return Err(format!("invalid number '{word}'")),
                };
                Test::Size(digits.parse().map_err(|_| format!("invalid number '{word}'"))?, unit, sign)
            }
            "-perm" => {
                let word = self.value(&word)?;
                let sign = word.chars().next().filter(|c| "-/+".contains(*c)).unwrap_or('=');
                let change = mode::parse(word.trim_start_matches(['-', '/']))
                    .ok_or_else(|| format!("invalid mode '{word}'"))?;
                Test::Mode(change.apply(0, false, 0), sign)
            }
            "-user" | "-uid" => {
                let user = self.value(&word)?;
                Test::User(users::uid_of(call.m, &user).ok_or_else(|| format!("unknown user {user}"))?)
            }
            "-group" | "-gid" => {
                let group = self.value(&word)?;
                Test::Group(users::gid_of(call.m, &group).ok_or_else(|| format!("unknown group {group}"))?)
            }
            "-nouser" | "-nogroup" => Test::NoUser,
            "-empty" => Test::Empty,
            "-newer" => {
                let file = self.value(&word)?;
                let stat = call.m.stat(&text::encode(&file));
                Test::Newer(stat.map_err(|errno| format!("{file}: {}", errno.message()))?.mtime)
            }
            "-mtime" | "-ctime" | "-atime" | "-mmin" | "-cmin" | "-amin" => {
                let (number, sign) = self.number(&word)?;
                Test::Days(number as i64 * if word.ends_with("min") { 60 } else { 86_400 }, sign)
            }
            "-links" => {
                let (number, sign) = self.number(&word)?;
                Test::Links(number, sign)
            }
            "-inum" => {
                self.number(&word)?;
                Test::Inode
            }
            "-maxdepth" => {
                self.max = self.number(&word)?.0 as usize;
                Test::True
            }
            "-mindepth" => {
                self.min = self.number(&word)?.0 as usize;
                Test::True
            }
            "-depth" | "-d" => {
                self.depth_first = true;
                Test::True
            }
            "-xdev" | "-mount" | "-true" | "-noleaf" | "-daystart" | "-follow" | "-ignore_readdir_race" => {
                Test::True
            }
            "-false" => Test::False,
            "-executable" => Test::Executable,
            "-print" => self.action(Test::Print('\n')),
            "-print0" => self.action(Test::Print('\0')),
            "-printf" => {
                let format = self.value(&word)?;
                self.action(Test::Printf(format))
            }
            "-ls" => self.action(Test::Print('\n')),
            "-delete" => {
                self.depth_first = true;
                self.action(Test::Delete)
            }
            "-prune" => Test::Prune,
            "-quit" => self.action(Test::Quit),
            "-exec" | "-ok" | "-execdir" => {
                let mut words = Vec::new();
                loop {
                    let next = self
                        .words
                        .get(self.at)
                        .cloned()
                        .ok_or_else(|| format!("{word}: missing argument to `{word}'"))?;
                    self.at += 1;
                    if next == ";" {
                        break self.action(Test::Exec { words, many: false, in_dir: word == "-execdir" });
                    }
                    if next == "+" && words.last().is_some_and(|w| w == "{}") {
                        break self.action(Test::Exec { words, many: true, in_dir: word == "-execdir" });
                    }
                    words.push(next);
                }
            }
            other => {
                return Err(if call.busybox {
                    format!("unrecognized: {other}")
                } else {
                    format!("unknown predicate `{other}'")
                });
            }
        })
    }

    fn action(&mut self, test: Test) -> Test {
        self.acts = true;
        test
    }
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
        // (path, stat, depth, visited below)
        let mut open = vec![(root.to_owned(), stat, 0usize, false)];
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
                Ok(names) => {
                    let base = if at.ends_with('/') { at.clone() } else { format!("{at}/") };
                    for name in names.iter().rev() {
                        let path = format!("{base}{}", text::decode(name));
                        let bytes = text::encode(&path).into_owned();
                        let stat = if self.follow {
                            call.m.stat(&bytes).or_else(|_| call.m.lstat(&bytes))
                        } else {
                            call.m.lstat(&bytes)
                        };
                        if let Ok(stat) = stat {
                            open.push((path, stat, depth + 1, false));
                        }
                    }
                }
                Err(crate::fs::Errno::ENOENT) => {}
                Err(errno) => {
                    let message = call.m.message(errno);
                    let shown = if call.busybox { at.clone() } else { format!("'{at}'") };
                    self.status = call.fail(&format!("{shown}: {message}"));
                }
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
        let fold = |text: &str, fold: bool| if fold { text.to_lowercase() } else { text.to_owned() };
        match test {
            Test::And(tests) => tests.iter().all(|test| self.holds(call, test, path, stat, depth)),
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
                compared(size.div_ceil(*unit), *wanted, *sign)
            }
            Test::Mode(wanted, sign) => match sign {
                '-' => stat.mode & wanted == *wanted,
                '/' | '+' => *wanted == 0 || stat.mode & wanted != 0,
                _ => stat.mode == *wanted,
            },
            Test::User(uid) => stat.uid == *uid,
            Test::Group(gid) => stat.gid == *gid,
            Test::NoUser => users::by_uid(call.m, stat.uid).is_none(),
            Test::Empty => match stat.kind {
                StatKind::Dir => call.m.readdir(&text::encode(path)).is_ok_and(|names| names.is_empty()),
                StatKind::File => stat.size == 0,
                _ => false,
            },
            Test::Newer(time) => stat.mtime > *time,
            Test::Days(seconds, sign) => {
                let age = super::make::NOW.saturating_sub(stat.mtime).max(0);
                compared(age as u64, (*seconds).max(0) as u64, *sign)
            }
            Test::Links(wanted, sign) => compared(u64::from(stat.nlink), *wanted, *sign),
            Test::Inode | Test::False => false,
            Test::True => true,
            Test::Executable => call.m.access(&text::encode(path), b'x'),
            Test::Print(end) => {
                call.out(path);
                call.out(&end.to_string());
                true
            }
            Test::Printf(format) => {
                let line = formatted(format, path, name(), stat, depth);
                call.out(&line);
                true
            }
            Test::Exec { words, many, in_dir } => self.exec(call, words, *many, *in_dir, path),
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

fn formatted(format: &str, path: &str, name: &str, stat: &Stat, depth: usize) -> String {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('0') => out.push('\0'),
                Some(c) => out.push(c),
                None => {}
            },
            '%' => match chars.next() {
                Some('p') => out.push_str(path),
                Some('f') => out.push_str(name),
                Some('h') => {
                    let dir = path.strip_suffix(name).map(|dir| dir.trim_end_matches('/')).unwrap_or(".");
                    out.push_str(if dir.is_empty() { "." } else { dir });
                }
                Some('P') => out.push_str(path.split_once('/').map_or("", |(_, rest)| rest)),
                Some('s') => out.push_str(&stat.size.to_string()),
                Some('m') => out.push_str(&format!("{:o}", stat.mode)),
                Some('u' | 'U') => out.push_str(&stat.uid.to_string()),
                Some('g' | 'G') => out.push_str(&stat.gid.to_string()),
                Some('d') => out.push_str(&depth.to_string()),
                Some('y') => out.push(match stat.kind {
                    StatKind::Dir => 'd',
                    StatKind::Symlink => 'l',
                    _ => 'f',
                }),
                Some('%') => out.push('%'),
                Some(other) => {
                    out.push('%');
                    out.push(other);
                }
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}
