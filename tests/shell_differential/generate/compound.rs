//! Compound commands and functions.

use super::Writer;

impl Writer {
    pub fn compound(&mut self) -> String {
        let mut text = match self.random.below(20) {
            0..4 => self.branch(),
            4..8 => self.over_words(),
            8..10 => self.counting(),
            10..13 => self.case(),
            13..15 => {
                let body = self.body(2);
                format!("({body})")
            }
            15..17 => {
                let body = self.body(2);
                format!("{{ {body}{}}}", self.end())
            }
            _ => self.function(),
        };
        if self.chance(12) && self.heredocs.is_empty() {
            let redirect = self.redirect();
            text = format!("{text} {redirect}");
        }
        if self.chance(8) && self.heredocs.is_empty() {
            text = format!("{text} | cat");
        }
        if self.chance(8) && self.heredocs.is_empty() {
            text = format!("{text} {} echo joined", self.pick(&["&&", "||"]));
        }
        text
    }

    /// Statements with what ends them: here-documents inside bring their own line end.
    fn body(&mut self, most: usize) -> String {
        let mut parts = Vec::new();
        for _ in 0..=self.random.below(most) {
            parts.push(self.statement());
        }
        let mut text = self.joined(&parts);
        self.finish_heredocs(&mut text);
        text
    }

    fn end(&mut self) -> String {
        self.pick(&["; ", "\n"])
    }

    fn closed(&mut self, most: usize) -> String {
        let body = self.body(most);
        if body.ends_with('\n') { body } else { format!("{body}{}", self.end()) }
    }

    fn branch(&mut self) -> String {
        let condition = match self.random.below(3) {
            0 => self.test(),
            1 => self.pick(&[
                "true",
                "false",
                "! true",
                "[ -f a.txt ]",
                "grep -q beta a.txt",
                "nosuch",
                "(exit 2)",
            ]),
            _ => self.simple(),
        };
        let mut condition = condition;
        self.finish_heredocs(&mut condition);
        let first = if condition.ends_with('\n') { condition } else { format!("{condition}; ") };
        let then = self.closed(1);
        let mut text = format!("if {first}then {then}");
        if self.chance(20) {
            let other = self.closed(1);
            text.push_str(&format!("elif {}; then {other}", self.pick(&["true", "false", "[ -n \"$x\" ]"])));
        }
        if self.chance(50) {
            let other = self.closed(1);
            text.push_str(&format!("else {other}"));
        }
        text + "fi"
    }

    fn over_words(&mut self) -> String {
        let name = self.pick(&["i", "x", "f"]);
        let words = match self.random.below(5) {
            0 => String::new(),
            1 => " in".to_owned(),
            2 => format!(
                " in {}",
                self.pick(&["1 2 3", "a b", "*.txt", "\"$@\"", "$*", "$x", "$(echo 1 2)", "d/*"])
            ),
            _ => {
                let (a, b) = (self.word(), self.word());
                format!(" in {a} {b}")
            }
        };
        let mut body = self.pick(&[
            "echo \"<$i>\"; ",
            "echo \"$x\"; ",
            "[ \"$i\" = 2 ] && continue; ",
            "[ \"$f\" = b ] && break; ",
            "",
        ]);
        body.push_str(&self.closed(1));
        let space = if words.is_empty() {
            "; "
        } else if words.contains('\n') {
            "\n"
        } else {
            "; "
        };
        format!("for {name}{words}{space}do {body}done")
    }

    fn counting(&mut self) -> String {
        // A counter for each depth: no loop resets that of the one around it.
        let k = format!("k{}", self.depth);
        let body = self.closed(1);
        let (word, check) = self.random.pick(&[("while", "-lt 3"), ("until", "-ge 2"), ("while", "-lt 2")]);
        format!("{k}=0; {word} [ ${k} {check} ]; do {k}=$(({k}+1)); {body}done")
    }

    fn case(&mut self) -> String {
        let word = self.word();
        let mut text = format!("case {word} in ");
        for _ in 0..self.random.below(4) {
            let pattern = self.case_pattern();
            let open = self.pick(&["", "("]);
            let body = if self.chance(15) { String::new() } else { self.body(1) };
            let end =
                if self.bash() && self.chance(10) { self.pick(&[";&", ";;&"]) } else { ";;".to_owned() };
            text.push_str(&format!("{open}{pattern}) {body}{end} "));
        }
        if self.chance(40) {
            text.push_str("*) echo other;; ");
        }
        text + "esac"
    }

    fn case_pattern(&mut self) -> String {
        let mut one = self.pattern();
        if one.is_empty() || one == "esac" {
            one = "''".to_owned();
        }
        if one == "a b" {
            one = "'a b'".to_owned();
        }
        if self.chance(25) {
            let other = self.pick(&["abc", "3", "''", "x*", "\"$y\"", "[0-9]"]);
            return format!("{one}|{other}");
        }
        one
    }

    fn function(&mut self) -> String {
        let name = self.pick(&["f", "g", "f_1"]);
        let inside = self.pick(&[
            "",
            "echo \"$# $1\"; ",
            "local x=in; ",
            "return 5; ",
            "local v; v=$1; ",
            "[ $# -gt 0 ] && shift; ",
            "echo \"$0\" >/dev/null; ",
            "set -- p q; ",
            "local a=1 b=\"$x\"; echo $a$b; ",
            "x=changed; ",
            "echo \"$@\"; ",
        ]);
        let body = self.closed(1);
        let head =
            if self.bash() && self.chance(15) { format!("function {name}") } else { format!("{name}()") };
        let call = self.pick(&[
            "",
            " a b",
            " 'x y'",
            " \"$@\"",
            " $x",
            " 2>&1",
            " | cat",
            " || echo failed",
            " && echo fine",
        ]);
        let after = self.pick(&["", "; echo \"r$?\"", "; echo \"$x\"", "; echo \"$#\""]);
        let (open, close) = if self.chance(12) { ("(", ")") } else { ("{", "}") };
        format!("{head} {open} {inside}{body}{close}; {name}{call}{after}")
    }
}
