//! Words: literals, quotes, parameters and their operators, substitutions, arithmetic, patterns.

use super::Writer;

/// Names that assignments set and words use; `u` is never set.
const NAMES: [&str; 7] = ["x", "y", "z", "n", "s", "p", "u"];

impl Writer {
    /// `x=… y=…`
    pub fn assignments(&mut self) -> String {
        let mut parts = Vec::new();
        for _ in 0..=self.random.below(2) {
            let name = self.name();
            let value = self.value();
            parts.push(format!("{name}={value}"));
        }
        if self.chance(40) {
            parts.push(self.pick(&[
                "set -- one 'two 2' three",
                "set -- a",
                "set --",
                "set -- -n '' x",
                "set -- 1 2 3 4 5 6 7 8 9 10 11",
                "set -- a.txt d/x.txt",
                "set -- '*' '?'",
            ]));
        }
        parts.join("; ")
    }

    pub fn name(&mut self) -> String {
        self.pick(&NAMES[..6])
    }

    fn any_name(&mut self) -> String {
        self.pick(&NAMES)
    }

    /// What is assigned.
    pub fn value(&mut self) -> String {
        match self.random.below(10) {
            0..5 => self.pick(&[
                "abc",
                "''",
                "'a b  c'",
                "3",
                "-1",
                "007",
                "0x1f",
                "/usr/local/lib.tar.gz",
                "'*.txt'",
                "a:b::c:",
                "'  lead'",
                "\"tab\tbed\"",
                "'new\nline'",
                "~",
                "~/x",
                "a=b",
                "'it'\\''s'",
                "hello",
                "éa",
                "'[a]'",
                "'\\'",
                "'a\\nb'",
                "'$x'",
                "xyzxyz",
                "one,two,three",
                "' '",
                "08",
            ]),
            5..7 => self.number().to_string(),
            _ => self.word(),
        }
    }

    fn number(&mut self) -> i64 {
        self.random.pick(&[0, 1, 2, 3, 5, 7, 10, 42, 255, -1, -3, 100])
    }

    /// A word of any kind.
    pub fn word(&mut self) -> String {
        self.depth += 1;
        let deep = self.depth > 4;
        let text = match self.random.below(if deep { 50 } else { 100 }) {
            0..22 => self.literal(),
            22..32 => self.quoted(),
            32..50 => {
                let name = self.any_name();
                if self.chance(50) { format!("\"${name}\"") } else { format!("${{{name}}}") }
            }
            50..72 => self.parameter(),
            72..78 => self.substitution(),
            78..86 => format!("$(({}))", self.arithmetic()),
            86..91 => self.glob(),
            91..93 => self.pick(&["~", "~/x", "~app", "~nobody2", "a~b", "x=~", "~/", "\"~\""]),
            93..96 if self.bash() => self.bash_word(),
            _ => {
                let (a, b) = (self.word(), self.word());
                format!("{a}{b}")
            }
        };
        self.depth -= 1;
        text
    }

    fn literal(&mut self) -> String {
        self.pick(&[
            "a", "foo", "a.txt", "1", "0", "d/x.txt", "--", "-x", "=", "a=b", "%", "x:y", "+", "@", "é",
            "a,b", "/", ".", "^", "]", "x]y", "{}", "{a}", "a{", "}", "\\a", "a\\ b", "\\$x", "\\\\",
            "b\\\nc", "\\'", "\\\"", "\\*", "-n", "if", "done", "!", "a#b", "\\#",
        ])
    }

    fn quoted(&mut self) -> String {
        match self.random.below(8) {
            0 => self.pick(&["''", "\"\"", "' '", "\"a  b\""]),
            1 => self.pick(&[
                "'a\"b'",
                "\"a'b\"",
                "'a\\b'",
                "\"a\\b\"",
                "\"\\$x\"",
                "\"\\\\\"",
                "\"\\`\"",
                "\"a\\\nb\"",
                "'\n'",
            ]),
            2 if self.bash() => self.pick(&[
                "$'a\\tb'",
                "$'\\x41'",
                "$'it\\'s'",
                "$'\\u00e9'",
                "$'\\n'",
                "$\"x\"",
                "$'\\101'",
                "$'\\e'",
            ]),
            _ => {
                self.depth += 2;
                let (a, b) = (self.inside_double(), self.inside_double());
                self.depth -= 2;
                let between = self.pick(&["", " ", "-", "  ", "*", "~"]);
                format!("\"{a}{between}{b}\"")
            }
        }
    }

    /// What may stand between double quotes.
    fn inside_double(&mut self) -> String {
        match self.random.below(10) {
            0..3 => self.pick(&["a", "b c", "*", "{}", "#", "'", ";", "|"]),
            3..5 => format!("${}", self.any_name()),
            5..6 => self.pick(&["$@", "$*", "$#", "$1", "$?", "$2", "$0", "$-"]),
            6..7 => format!("$(({}))", self.arithmetic()),
            7..8 => self.substitution(),
            _ => self.parameter().trim_matches('"').to_owned(),
        }
    }

    /// `${…}` in all its forms.
    fn parameter(&mut self) -> String {
        let name = if self.chance(80) {
            self.any_name()
        } else {
            self.pick(&["1", "2", "@", "*", "#", "?", "10", "HOME", "APP", "0"])
        };
        self.depth += 1;
        let text = match self.random.below(20) {
            0..2 => format!("${{{name}}}"),
            2..4 => format!("${{#{name}}}"),
            4..11 => {
                let operator = self.pick(&["-", ":-", "=", ":=", "+", ":+", "?", ":?", ":-", ":+"]);
                let word = match self.random.below(5) {
                    0 => String::new(),
                    1 => self
                        .pick(&["a b", "'c d'", "\"e  f\"", "a\\}b", "*.txt", "~", "$n", "'*'", "no value"]),
                    _ => self.word(),
                };
                format!("${{{name}{operator}{word}}}")
            }
            11..17 => {
                let operator = self.pick(&["#", "##", "%", "%%"]);
                let pattern = self.pattern();
                format!("${{{name}{operator}{pattern}}}")
            }
            17..19 if self.shell != crate::case::Shell::Dash || self.random.below(10) == 0 => {
                let operator = self.pick(&[
                    "/a/b",
                    "//a/X",
                    "/#a/X",
                    "/%c/X",
                    "//[a-c]/.",
                    "/a",
                    "//\\//_",
                    ":1",
                    ":1:2",
                    ":0:1",
                    ": -2",
                    ":2:-1",
                    "//x/",
                    "/*/q",
                    "/?/&",
                ]);
                format!("${{{name}{operator}}}")
            }
            19..20 if self.bash() => {
                let operator =
                    self.pick(&["^", "^^", ",", ",,", "@Q", "@U", "@L", "^^[ab]", "@u", "@E", "@A"]);
                format!("${{{name}{operator}}}")
            }
            _ => format!("${{{name}}}"),
        };
        self.depth -= 1;
        if self.chance(50) { format!("\"{text}\"") } else { text }
    }

    pub fn pattern(&mut self) -> String {
        self.pick(&[
            "*",
            "?",
            "a*",
            "*a",
            "*c",
            "*.*",
            "*/",
            "/*",
            "[a-c]",
            "[!a]*",
            "*[0-9]",
            "b",
            "a b",
            "'*'",
            "\"?\"",
            "\\*",
            "*:",
            ":*",
            "$x",
            "\"$x\"",
            "[[:alpha:]]",
            "[[:space:]]*",
            "*[[:digit:]]",
            "[",
            "[]a]",
            "[a",
            "??",
            "*b*",
            "[^a]*",
            "x*",
            "*y*",
            "",
            "[a-]",
            "[\\]]",
            "*\\\\",
            "~",
            "[!!]",
        ])
    }

    pub fn glob(&mut self) -> String {
        self.pick(&[
            "*",
            "*.txt",
            "d/*",
            "*/*.txt",
            "?.txt",
            "[ab].txt",
            "[!a]*",
            ".*",
            "d*/",
            "*nothing*",
            "/w/*.ini",
            "d/sub/*",
            "*link",
            "./*",
            "../w/v*",
            "\"*\".txt",
            "s*",
            "*' '*",
            "[[:lower:]].txt",
            "/etc/*",
            "{a,b}.txt",
            "dangl*",
            "d/[x-z]*",
            "[a-b]*",
            "*/",
            "*/sub",
            "no[",
            "\\*",
            "/*/a.txt",
        ])
    }

    fn substitution(&mut self) -> String {
        if self.depth > 5 {
            return "$(echo k)".to_owned();
        }
        self.depth += 2;
        let outer = std::mem::take(&mut self.heredocs);
        let inside = match self.random.below(8) {
            0 => "echo a b".to_owned(),
            1 => self.pick(&[
                "cat a.txt",
                "printf 'x\\n\\n'",
                "false",
                "exit 4",
                "cat noeol",
                "ls d",
                "pwd",
                "wc -l < a.txt",
                ":",
                "< b.txt",
                "echo 'a  b'",
                "nosuch",
            ]),
            _ => self.simple(),
        };
        self.depth -= 2;
        // Here-documents inside would need lines of their own.
        let inner = std::mem::replace(&mut self.heredocs, outer);
        if inside.contains('\n') || !inner.is_empty() {
            return "$(echo k)".to_owned();
        }
        if inside.contains('`') || self.chance(85) {
            let space = if inside.starts_with('(') { " " } else { "" };
            format!("$({space}{inside})")
        } else {
            let plain = !inside.contains(['\\', '"', '$', '`']);
            if plain { format!("`{inside}`") } else { format!("$({inside})") }
        }
    }

    pub fn arithmetic(&mut self) -> String {
        self.depth += 1;
        let text = match self.random.below(if self.depth > 4 { 5 } else { 12 }) {
            0..2 => self.number().to_string(),
            2 => self.pick(&[
                "010",
                "0x1F",
                "08",
                "1",
                "2147483648",
                "9223372036854775807",
                "''",
                "",
                "1.5",
                "16#ff",
                "2#101",
            ]),
            3..5 => {
                let name = self.any_name();
                if self.chance(50) { name } else { format!("${name}") }
            }
            5..8 => {
                let operator = self.pick(&[
                    "+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "<", "<=", ">", ">=", "==", "!=",
                    "&&", "||", ",",
                ]);
                let (a, b) = (self.arithmetic(), self.arithmetic());
                let space = self.pick(&["", " "]);
                format!("{a}{space}{operator}{space}{b}")
            }
            8 => {
                let (operator, a) = (self.pick(&["-", "!", "~", "+", "- "]), self.arithmetic());
                format!("{operator}{a}")
            }
            9 => format!("({})", self.arithmetic()),
            10 => {
                let (name, a) = (self.name(), self.arithmetic());
                let operator = self.pick(&["=", "+=", "-=", "*=", "/=", "%=", "|=", "<<="]);
                format!("{name}{operator}{a}")
            }
            _ => match self.random.below(4) {
                0 if self.bash() => self.pick(&["n++", "++n", "n--", "2**3", "x[0]", "--n"]),
                1 => "n++".to_owned(),
                _ => {
                    let (a, b, c) = (self.arithmetic(), self.arithmetic(), self.arithmetic());
                    format!("{a}?{b}:{c}")
                }
            },
        };
        self.depth -= 1;
        text
    }

    fn bash_word(&mut self) -> String {
        self.pick(&[
            "{a,b}{1,2}",
            "{1..4}",
            "{a..e..2}",
            "x{,y}z",
            "{3..1}",
            "{01..03}",
            "${!x}",
            "${!x*}",
            "${a[@]}",
            "${#a[@]}",
            "${a[1]}",
            "\"${a[@]}\"",
            "\"${a[*]}\"",
            "${a[@]:1}",
            "${!a[@]}",
            "${a[-1]}",
            "$RANDOM_NOT",
            "${BASH_VERSINFO[0]}",
            "${@:2}",
            "${*:1:1}",
            "\"${@:1:2}\"",
            "${a[@]/o/0}",
            "${a[0]^}",
            "${#a}",
            "$a",
            "{a,b",
            "a,{b}",
            "$((2**3))",
            "${PIPESTATUS[0]}",
            "$[1+2]",
            "${x@Q}",
            "${FUNCNAME[0]}",
            "$BASHPID_NOT",
            "$LINENO",
        ])
    }
}
