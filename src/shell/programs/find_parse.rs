//! `find`: its expression.

use super::mode;
use crate::fs::Errno;
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use crate::shell::{text, users};

/// An expression.
pub(super) enum Test {
    And(Vec<Test>),
    Or(Vec<Test>),
    /// `,`: all of them, the last one counts.
    Each(Vec<Test>),
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
    NoGroup,
    Empty,
    /// Changed later than this.
    Newer(i64),
    /// Age in units of so many seconds.
    Age(u64, i64, char),
    Links(u64, char),
    SameFile((u32, u32)),
    Inode(u64),
    True,
    False,
    /// access(2): `r`, `w`, `x`.
    May(u8),
    Print(char),
    Printf(String),
    List,
    Exec {
        words: Vec<String>,
        many: bool,
        in_dir: bool,
        ask: bool,
    },
    Delete,
    Prune,
    Quit,
}

pub(super) struct Reader<'w> {
    pub words: &'w [String],
    pub at: usize,
    pub depth_first: bool,
    pub min: usize,
    pub max: usize,
    pub follow: bool,
    pub acts: bool,
    pub depth: u32,
}

/// What is wrong with an expression.
pub(super) enum Wrong {
    /// The program's own words.
    Text(String),
    /// busybox shows its form behind them.
    Usage(String),
    /// The real one has it.
    NotModelled(String),
}

impl From<String> for Wrong {
    fn from(text: String) -> Wrong {
        Wrong::Text(text)
    }
}

pub(super) type Read<T> = Result<T, Wrong>;

/// Tests and actions that busybox does not know.
const GNU_ONLY: &str = " -uid -gid -nouser -nogroup -true -false -printf -fprint -ls -fls -execdir -ok -okdir \
    -readable -writable -ipath -iregex -regextype -noleaf -daystart -warn -nowarn -print0-to \
    -newermt -anewer -cnewer -d -mount -ignore_readdir_race -not -and -or -samefile-to -xtype -lname -ilname \
    -used -fstype -context -fprintf -fprint0 -files0-from ";

/// What GNU find has and the lab does not model.
const NOT_MODELLED: &[&str] = &[
    "-fprint",
    "-fls",
    "-okdir",
    "-fprintf",
    "-fprint0",
    "-xtype",
    "-lname",
    "-ilname",
    "-used",
    "-fstype",
    "-context",
    "-files0-from",
    "-regextype",
];

impl Reader<'_> {
    pub fn new(words: &[String]) -> Reader<'_> {
        Reader {
            words,
            at: 0,
            depth_first: false,
            min: 0,
            max: usize::MAX,
            follow: false,
            acts: false,
            depth: 0,
        }
    }

    /// The whole expression; without an action it prints.
    pub fn expression(&mut self, call: &mut Call<'_, '_>) -> Read<Test> {
        let expression = if self.words.is_empty() { Test::True } else { self.list(call)? };
        if let Some(word) = self.words.get(self.at) {
            return Err(match (call.busybox, word.as_str()) {
                (true, word) => Wrong::Usage(format!("unrecognized: {word}")),
                (false, ")") => Wrong::Text("invalid expression; you have too many ')'".to_owned()),
                (false, word) => Wrong::Text(format!("paths must precede expression: `{word}'")),
            });
        }
        if self.acts {
            return Ok(expression);
        }
        Ok(Test::And(vec![expression, Test::Print('\n')]))
    }

    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).map(String::as_str)
    }

    fn value(&mut self, name: &str, call: &Call<'_, '_>) -> Read<String> {
        let value = self.words.get(self.at).cloned().ok_or_else(|| missing(name, call.busybox))?;
        self.at += 1;
        Ok(value)
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth > 40 {
            return Err("nested too deep".to_owned().into());
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn list(&mut self, call: &mut Call<'_, '_>) -> Read<Test> {
        let first = self.deeper(|reader| reader.either(call))?;
        if call.busybox || self.peek() != Some(",") {
            return Ok(first);
        }
        let mut tests = vec![first];
        while self.peek() == Some(",") {
            self.at += 1;
            tests.push(self.deeper(|reader| reader.either(call))?);
        }
        Ok(Test::Each(tests))
    }

    fn either(&mut self, call: &mut Call<'_, '_>) -> Read<Test> {
        let mut tests = vec![self.both(call)?];
        while matches!(self.peek(), Some("-o" | "-or")) {
            let word = self.peek().unwrap_or("-o").to_owned();
            self.at += 1;
            if !call.busybox && self.peek().is_none() {
                return Err(Wrong::Text(format!("expected an expression after '{word}'")));
            }
            tests.push(self.both(call)?);
        }
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
                "-o" | "-or" | "," if tests.is_empty() && !call.busybox => {
                    return Err(Wrong::Text(format!(
                        "invalid expression; you have used a binary operator '{word}' with nothing before it."
                    )));
                }
                "-o" | "-or" | ")" | "," => break,
                "-a" | "-and" => self.at += 1,
                _ => tests.push(self.one(call)?),
            }
        }
        Ok(Test::And(tests))
    }

    /// `+5`, `-5`, `5`.
    fn number(&mut self, name: &str, call: &Call<'_, '_>) -> Read<(u64, char)> {
        let word = self.value(name, call)?;
        let sign = word.chars().next().filter(|c| "+-".contains(*c)).unwrap_or('=');
        let digits = word.strip_prefix(sign).unwrap_or(&word);
        digits.parse().map(|n| (n, sign)).map_err(|_| {
            Wrong::Text(match call.busybox {
                true => format!("invalid number '{word}'"),
                false => format!("invalid argument `{word}' to `{name}'"),
            })
        })
    }

    fn depth_limit(&mut self, name: &str, call: &Call<'_, '_>) -> Read<usize> {
        let word = self.value(name, call)?;
        word.parse().map_err(|_| {
            Wrong::Text(match call.busybox {
                true => format!("invalid number '{word}'"),
                false => format!("Expected a positive decimal integer argument to {name}, but got '{word}'"),
            })
        })
    }

    fn one(&mut self, call: &mut Call<'_, '_>) -> Read<Test> {
        let word = self.value("find", call)?;
        if let Some(test) = self.structure(&word, call)? {
            return Ok(test);
        }
        let unknown = call.busybox && GNU_ONLY.split_whitespace().any(|name| name == word) && word != "-not";
        if !unknown {
            if let Some(test) = self.names(&word, call)? {
                return Ok(test);
            }
            if let Some(test) = self.figures(&word, call)? {
                return Ok(test);
            }
            if let Some(test) = self.action(&word, call)? {
                self.acts = true;
                return Ok(test);
            }
            if self.option(&word, call)? {
                return Ok(Test::True);
            }
            if !call.busybox && NOT_MODELLED.contains(&word.as_str()) {
                return Err(Wrong::NotModelled(word));
            }
        }
        Err(match (call.busybox, word.starts_with('-')) {
            (true, _) => Wrong::Usage(format!("unrecognized: {word}")),
            (false, true) if word.starts_with("-newer") => Wrong::Text(format!("invalid predicate `{word}'")),
            (false, true) => Wrong::Text(format!("unknown predicate `{word}'")),
            (false, false) => Wrong::Text(format!("paths must precede expression: `{word}'")),
        })
    }

    /// Parentheses and negation.
    fn structure(&mut self, word: &str, call: &mut Call<'_, '_>) -> Read<Option<Test>> {
        match word {
            "!" | "-not" => {
                if self.peek().is_none() {
                    return match call.busybox {
                        true => Ok(Some(Test::True)),
                        false => Err(Wrong::Text(format!("expected an expression after '{word}'"))),
                    };
                }
                let inner = self.deeper(|reader| reader.one(call))?;
                Ok(Some(Test::Not(Box::new(inner))))
            }
            "(" => {
                if self.peek() == Some(")") && !call.busybox {
                    return Err("invalid expression; empty parentheses are not allowed.".to_owned().into());
                }
                let inner = self.list(call)?;
                if self.peek() != Some(")") {
                    return Err(Wrong::Text(match call.busybox {
                        true => "unpaired '('".to_owned(),
                        false => {
                            "invalid expression; I was expecting to find a ')' somewhere but did not see one."
                                .to_owned()
                        }
                    }));
                }
                self.at += 1;
                Ok(Some(inner))
            }
            _ => Ok(None),
        }
    }

    /// Tests on names, owners and kinds.
    fn names(&mut self, word: &str, call: &mut Call<'_, '_>) -> Read<Option<Test>> {
        let folded =
            |pattern: String, fold: bool| Pattern::new(&if fold { pattern.to_lowercase() } else { pattern });
        Ok(Some(match word {
            "-name" | "-iname" => {
                let fold = word == "-iname";
                Test::Name(folded(self.value(word, call)?, fold), fold)
            }
            "-path" | "-wholename" | "-ipath" => {
                let fold = word == "-ipath";
                Test::Path(folded(self.value(word, call)?, fold), fold)
            }
            "-regex" | "-iregex" => {
                let source = self.value(word, call)?;
                let regex = super::posix_regex::basic(&source, word == "-iregex");
                let whole = regex.and_then(|regex| super::posix_regex::bordered(&regex, true, false));
                Test::Regex(whole.ok_or_else(|| match call.busybox {
                    true => format!("bad regex '{source}': Invalid regular expression"),
                    false => {
                        format!("failed to compile regular expression '{source}': Invalid regular expression")
                    }
                })?)
            }
            "-type" => {
                let kinds = self.value(word, call)?;
                let known = |kind: &str| matches!(kind, "f" | "d" | "l" | "p" | "c" | "b" | "s");
                let fine = match call.busybox {
                    true => known(&kinds),
                    false => kinds.split(',').all(known),
                };
                if !fine {
                    return Err(Wrong::Text(match call.busybox {
                        true => format!("invalid argument '{kinds}' to '-type'"),
                        false => format!("Unknown argument to -type: {kinds}"),
                    }));
                }
                Test::Kind(kinds)
            }
            "-user" | "-uid" => {
                let user = self.value(word, call)?;
                let uid = users::uid_of(call.m, &user);
                Test::User(uid.ok_or_else(|| match call.busybox {
                    true => format!("unknown user {user}"),
                    false => format!("'{user}' is not the name of a known user"),
                })?)
            }
            "-group" | "-gid" => {
                let group = self.value(word, call)?;
                let gid = users::gid_of(call.m, &group);
                Test::Group(gid.ok_or_else(|| match call.busybox {
                    true => format!("unknown group {group}"),
                    false => format!("'{group}' is not the name of an existing group"),
                })?)
            }
            "-nouser" => Test::NoUser,
            "-nogroup" => Test::NoGroup,
            "-samefile" => Test::SameFile(self.other(word, call)?.id),
            "-perm" => {
                let given = self.value(word, call)?;
                let signs = if call.busybox { "-/+" } else { "-/" };
                let sign = given.chars().next().filter(|c| signs.contains(*c)).unwrap_or('=');
                let rest = given.strip_prefix(sign).unwrap_or(&given);
                let shown = if call.busybox { rest } else { &given };
                let change = mode::parse(rest).ok_or_else(|| format!("invalid mode '{shown}'"))?;
                Test::Mode(change.apply(0, false, 0), sign)
            }
            _ => return Ok(None),
        }))
    }

    /// The file that a test compares with.
    fn other(&mut self, word: &str, call: &mut Call<'_, '_>) -> Read<crate::union::Stat> {
        let file = self.value(word, call)?;
        call.m.stat(&text::encode(&file)).map_err(|errno: Errno| {
            Wrong::Text(match call.busybox {
                true => format!("can't stat '{file}': {}", errno.message()),
                false => format!("'{file}': {}", errno.message()),
            })
        })
    }

    /// Tests on sizes, times and counts.
    fn figures(&mut self, word: &str, call: &mut Call<'_, '_>) -> Read<Option<Test>> {
        Ok(Some(match word {
            "-size" => self.size(call)?,
            "-empty" => Test::Empty,
            "-newer" | "-anewer" | "-cnewer" => Test::Newer(self.other(word, call)?.mtime),
            "-newermt" => {
                let date = self.value(word, call)?;
                let time = super::date::parse_gnu_date(&date);
                Test::Newer(time.ok_or_else(|| {
                    format!("I cannot figure out how to interpret '{date}' as a date or time")
                })?)
            }
            "-mtime" | "-ctime" | "-atime" | "-mmin" | "-cmin" | "-amin" => {
                let (number, sign) = self.number(word, call)?;
                Test::Age(number, if word.ends_with("min") { 60 } else { 86_400 }, sign)
            }
            "-links" => {
                let (number, sign) = self.number(word, call)?;
                Test::Links(number, sign)
            }
            "-inum" => Test::Inode(self.number(word, call)?.0),
            // The one action that leaves the printing to find.
            "-prune" => Test::Prune,
            "-true" => Test::True,
            "-false" => Test::False,
            "-executable" => Test::May(b'x'),
            "-readable" => Test::May(b'r'),
            "-writable" => Test::May(b'w'),
            _ => return Ok(None),
        }))
    }

    fn size(&mut self, call: &Call<'_, '_>) -> Read<Test> {
        let word = self.value("-size", call)?;
        let bad = || {
            Wrong::Text(match (call.busybox, word.chars().last()) {
                (false, Some(unit)) if unit.is_ascii_alphabetic() => format!("invalid -size type `{unit}'"),
                (false, _) => format!("invalid argument `{word}' to `-size'"),
                (true, _) => format!("invalid number '{word}'"),
            })
        };
        let sign = word.chars().next().filter(|c| "+-".contains(*c)).unwrap_or('=');
        let body = word.strip_prefix(sign).unwrap_or(&word);
        let digits = body.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match body.get(digits.len()..).unwrap_or("") {
            "" | "b" => 512,
            "c" => 1,
            "w" => 2,
            "k" => 1 << 10,
            "M" => 1 << 20,
            "G" => 1 << 30,
            _ => return Err(bad()),
        };
        Ok(Test::Size(digits.parse().map_err(|_| bad())?, unit, sign))
    }

    fn action(&mut self, word: &str, call: &mut Call<'_, '_>) -> Read<Option<Test>> {
        Ok(Some(match word {
            "-print" => Test::Print('\n'),
            "-print0" => Test::Print('\0'),
            "-printf" => Test::Printf(self.value(word, call)?),
            "-ls" => Test::List,
            "-delete" => {
                self.depth_first = true;
                Test::Delete
            }
            "-quit" => Test::Quit,
            "-exec" | "-ok" | "-execdir" => self.command(word, call)?,
            _ => return Ok(None),
        }))
    }

    /// The words of `-exec` up to `;` or `{} +`.
    fn command(&mut self, name: &str, call: &Call<'_, '_>) -> Read<Test> {
        let mut words: Vec<String> = Vec::new();
        loop {
            let next = self.words.get(self.at).cloned().ok_or_else(|| missing(name, call.busybox))?;
            self.at += 1;
            let placed = words.last().is_some_and(|word| word == "{}");
            let many = next == "+" && (placed || call.busybox);
            if !many && next != ";" {
                words.push(next);
                continue;
            }
            if many && words.iter().filter(|word| word.contains("{}")).count() != 1 {
                return Err("only one '{}' allowed for -exec +".to_owned().into());
            }
            if words.is_empty() {
                return Err(missing(name, call.busybox));
            }
            return Ok(Test::Exec { words, many, in_dir: name == "-execdir", ask: name == "-ok" });
        }
    }

    /// Options that stand among the tests.
    fn option(&mut self, word: &str, call: &Call<'_, '_>) -> Read<bool> {
        match word {
            "-maxdepth" => self.max = self.depth_limit(word, call)?,
            "-mindepth" => self.min = self.depth_limit(word, call)?,
            "-depth" | "-d" => self.depth_first = true,
            "-follow" => self.follow = true,
            "-xdev" | "-mount" | "-noleaf" | "-daystart" | "-warn" | "-nowarn" | "-ignore_readdir_race" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn missing(name: &str, busybox: bool) -> Wrong {
    Wrong::Text(match busybox {
        true => format!("{name} requires an argument"),
        false => format!("missing argument to `{name}'"),
    })
}
