//! Simple commands, pipelines, redirections.

use super::Writer;

impl Writer {
    /// One statement: an and-or list, sometimes in the background.
    pub fn statement(&mut self) -> String {
        self.depth += 1;
        let text = match self.random.below(if self.depth > 3 { 60 } else { 100 }) {
            0..50 => self.and_or(),
            50..60 => self.builtin(),
            60..95 => self.compound(),
            _ => self.background(),
        };
        self.depth -= 1;
        text
    }

    fn background(&mut self) -> String {
        let simple = self.simple();
        let mut after = self.pick(&[" wait", " wait $!; echo \"w$?\"", " wait; echo \"w$?\""]);
        if !self.heredocs.is_empty() {
            after = format!("{}\nwait", after.trim_start());
        }
        format!("{simple} &{after}")
    }

    fn and_or(&mut self) -> String {
        let mut text = self.pipeline();
        while self.chance(22) {
            let join = self.pick(&[" && ", " || "]);
            let next = self.pipeline();
            text = format!("{text}{join}{next}");
        }
        text
    }

    fn pipeline(&mut self) -> String {
        let bang = if self.chance(6) { "! " } else { "" };
        let mut text = self.simple();
        while self.chance(14) {
            let filter = match self.random.below(4) {
                0 => self.pick(&[
                    "cat",
                    "sort",
                    "wc -l",
                    "tr a b",
                    "head -n1",
                    "tail -n 1",
                    "sed 's/a/X/'",
                    "grep a",
                    "while read l; do echo \"<$l>\"; done",
                ]),
                1 => self.pick(&[
                    "false",
                    "true",
                    "cat -n",
                    "sort -r",
                    "uniq -c",
                    "(exit 3)",
                    "{ read a b; echo \"$b-$a\"; }",
                    "cat >&2",
                    "exit 5",
                ]),
                2 => format!("sh -c '{}'", self.pick(&["cat", "exit 2", "read x; echo $x"])),
                _ => "cat".to_owned(),
            };
            let bar = if self.bash() && self.chance(8) { " |& " } else { " | " };
            text = format!("{text}{bar}{filter}");
        }
        format!("{bang}{text}")
    }

    /// A simple command with its redirections.
    pub fn simple(&mut self) -> String {
        let mut words = match self.random.below(20) {
            0..9 => {
                let count = self.random.below(4);
                let mut words = self.pick(&[
                    "echo",
                    "echo",
                    "echo",
                    "printf '<%s>'",
                    "printf '%s\\n'",
                    "echo -n",
                    "printf '[%d]'",
                    "args",
                ]);
                if words == "args" {
                    words = "printf '(%s)\\n' x".to_owned();
                }
                for _ in 0..count {
                    words.push(' ');
                    let word = self.word();
                    words.push_str(&word);
                }
                words
            }
            9..12 => self.test(),
            12 => self.pick(&[
                "true",
                "false",
                ":",
                "(exit 7)",
                "sh -c 'exit 9'",
                "nosuch",
                "./nope",
                "/w/d",
                "./a.txt",
                "exit",
                "''",
                "./run.sh 1 2",
                "./nohead.sh q",
                "./badint.sh",
                "d/x.txt",
            ]),
            13 => format!(
                "cat {}",
                self.pick(&["a.txt", "nope", "a.txt noeol", "d", "-", "< b.txt", "link", "dangling"])
            ),
            14 => self.builtin(),
            15 => {
                let (name, value) = (self.name(), self.value());
                format!("{name}={value}")
            }
            16 => {
                let (name, value) = (self.name(), self.value());
                let command = self.pick(&[
                    "sh -c 'echo $x$y$n'",
                    "eval 'echo $x'",
                    "env | grep ^n=",
                    "echo $x",
                    "printenv_not",
                ]);
                format!("{name}={value} {command}")
            }
            _ => {
                let (first, word) = (self.pick(&["echo", "echo"]), self.word());
                format!("{first} {word}")
            }
        };
        while self.chance(14) {
            let redirect = self.redirect();
            if self.chance(85) {
                words = format!("{words} {redirect}");
            } else {
                words = format!("{redirect} {words}");
            }
        }
        words
    }

    pub fn redirect(&mut self) -> String {
        match self.random.below(14) {
            0..4 => {
                let operator = self.pick(&[">", ">>", "> ", ">|"]);
                let target = self.pick(&[
                    "out",
                    "out2",
                    "d/new",
                    "a.txt",
                    "/tmp/t",
                    "\"$x\"",
                    "no/such/dir",
                    "d",
                    "/dev/null",
                    "link",
                    "dangling",
                    "$y",
                    "'q r'",
                    "void/f",
                ]);
                format!("{operator}{target}")
            }
            4..7 => self.pick(&[
                "2>&1",
                "2>/dev/null",
                ">&2",
                "1>&2",
                "2>err",
                "2>>err",
                ">/dev/null 2>&1",
                "2>&1 >out",
            ]),
            7..9 => format!("< {}", self.pick(&["a.txt", "b.txt", "nope", "d", "/dev/null", "noeol", "$x"])),
            9..12 => self.heredoc(),
            12 => self.pick(&[
                "3>out3",
                "3>&1",
                "<&-",
                ">&-",
                "2>&-",
                "3<a.txt",
                "<&3",
                ">&7",
                "<>rw",
                "0</dev/null",
                ">&x",
                "10>ten",
                "3>&-",
            ]),
            _ if self.bash() => {
                self.pick(&["&>all", "&>>all", ">&both", "<<< 'a b'", "<<< \"$x\"", "< <(echo sub)", "<<<$y"])
            }
            _ if self.chance(10) => self.pick(&["&>all", "<<< a", "< <(echo)"]),
            _ => "2>&1".to_owned(),
        }
    }

    fn heredoc(&mut self) -> String {
        let (mark, quoted) = self.random.pick(&[
            ("EOF", false),
            ("'EOF'", true),
            ("E", false),
            ("\"X\"", true),
            ("\\Q", true),
        ]);
        let end = mark.trim_matches(['\'', '"', '\\']);
        let dash = self.chance(30);
        let mut body = String::new();
        for _ in 0..self.random.below(4) {
            let line = self.pick(&[
                "plain text",
                "$x and ${y:-d}",
                "\ttabbed",
                "$(echo sub)",
                "\\$x \\\\ \\a",
                "`echo tick`",
                "'q' \"dq\"",
                "$((1+2))",
                "",
                "  spaces  ",
                "a\\",
                "${u-un}",
                "$n",
                "*",
                "~",
                "\t\t$z",
            ]);
            // A backslash before the end mark would join it to the line.
            let line = if quoted || !line.ends_with('\\') { line } else { "b\\\nc".to_owned() };
            body.push_str(&line);
            body.push('\n');
        }
        if dash && self.chance(50) {
            body.push('\t');
        }
        body.push_str(end);
        body.push('\n');
        self.heredocs.push(body);
        format!("<<{}{mark}", if dash { "-" } else { "" })
    }

    pub fn test(&mut self) -> String {
        let word = |w: &mut Writer| {
            let word = w.word();
            if word.starts_with('"') || w.chance(25) || word.contains('"') {
                word
            } else {
                format!("\"{word}\"")
            }
        };
        let inside = match self.random.below(12) {
            0..3 => {
                let (operator, a) = (self.pick(&["-n", "-z", "-n", ""]), word(self));
                format!("{operator} {a}")
            }
            3..6 => {
                let (a, operator, b) = (word(self), self.pick(&["=", "!=", "=", "=="]), word(self));
                format!("{a} {operator} {b}")
            }
            6..9 => {
                let (operator, file) = (
                    self.pick(&[
                        "-f", "-d", "-e", "-x", "-r", "-w", "-s", "-L", "-h", "-p", "!", "-q", "-u", "-k",
                        "-b", "-O",
                    ]),
                    self.pick(&[
                        "a.txt",
                        "d",
                        "empty",
                        "link",
                        "dangling",
                        "nope",
                        "run.sh",
                        "dlink",
                        "conf.ini",
                        "''",
                        "/dev/null",
                    ]),
                );
                format!("{operator} {file}")
            }
            9..11 => {
                let a = if self.chance(50) { "$n".to_owned() } else { self.number_word() };
                let (operator, b) =
                    (self.pick(&["-eq", "-ne", "-lt", "-le", "-gt", "-ge"]), self.number_word());
                format!("{a} {operator} {b}")
            }
            _ => self.pick(&[
                "",
                "a",
                "!",
                "! a",
                "( a )",
                "a -a b",
                "a -o ''",
                "! '' -o x",
                "\\( 1 = 1 \\) -a 2 = 3",
                "-n",
                "=",
                "a = ",
                "x = x = x",
                "1 -eq a",
                "a.txt -nt nope",
                "a.txt -ef link",
                "-f a.txt -a -d d",
                "( )",
                "a b",
                "-t 0",
                "! ! a",
                "a b c d e",
                "-v x",
                "-eq",
                "1 -foo 2",
            ]),
        };
        if self.bash() && self.chance(35) {
            return self.conditional();
        }
        if self.chance(75) { format!("[ {inside} ]") } else { format!("test {inside}") }
    }

    fn number_word(&mut self) -> String {
        self.pick(&["0", "1", "3", "-1", "007", "10", "abc", "''", "$n", "\"$x\"", "1.5", " 2"])
    }

    fn conditional(&mut self) -> String {
        let a = self.word();
        let inside = match self.random.below(6) {
            0 => format!("{} {a}", self.pick(&["-n", "-z", "-f", "-d", "-e", "-v"])),
            1 => format!("{a} == {}", self.pattern_for_condition()),
            2 => format!(
                "{a} =~ {}",
                self.pick(&[
                    "^a", "b+", "[0-9]+$", "(a)(b)?", "^$", "a.c", "\"a.c\"", "^[a-z]+$", "x|y", "(", "[",
                    "^(.)(.)"
                ])
            ),
            3 => format!("{a} {} {}", self.pick(&["<", ">", "!=", "="]), self.word()),
            4 => self.pick(&[
                "a == a && b != c",
                "! -e nope",
                "( -f a.txt || -d a.txt ) && 1 -lt 2",
                "$n -gt 2",
                "abc",
                "''",
                "-n $x || -z $y",
                "$x",
                "1 -eq x",
                "a ==",
                "3 -le n",
            ]),
            _ => format!("-n {a} && {a} != {}", self.pattern_for_condition()),
        };
        let rematch = if inside.contains("=~") && self.chance(60) {
            "; echo \"${BASH_REMATCH[0]}:${BASH_REMATCH[1]}:${#BASH_REMATCH[@]}\""
        } else {
            ""
        };
        format!("[[ {inside} ]]{rematch}")
    }

    fn pattern_for_condition(&mut self) -> String {
        self.pick(&[
            "a*", "*", "?b*", "[a-c]*", "\"a*\"", "$x", "\"$x\"", "''", "abc", "*.txt", "@(abc|x)", "!(abc)",
            "+([0-9])", "?(a)bc",
        ])
    }
}
