//! Calls of programs over the small tree.

use super::Writer;

impl Writer {
    /// A few program calls, joined as RUN lines join them.
    pub fn program_line(&mut self) -> String {
        let mut text = self.program();
        for _ in 0..self.random.below(3) {
            let join = self.pick(&[" && ", "; ", " || ", " && "]);
            let next = self.program();
            text = format!("{text}{join}{next}");
        }
        if self.chance(30) {
            text.push_str("; echo \"[$?]\"");
        }
        text
    }

    fn file(&mut self) -> String {
        self.pick(&[
            "a.txt",
            "b.txt",
            "conf.ini",
            "noeol",
            "empty",
            "d/y.log",
            "link",
            "nope",
            "'sp ace.txt'",
            "d/x.txt",
        ])
    }

    fn place(&mut self) -> String {
        self.pick(&[
            "new", "d", "d/new", "void", "a.txt", "no/such", "d/sub", "dlink", "link", "/tmp", "void/x",
        ])
    }

    fn program(&mut self) -> String {
        let (file, place) = (self.file(), self.place());
        match self.random.below(16) {
            0 => format!("mkdir {}{place}", self.pick(&["", "-p ", "-m 700 ", "-p -m 750 "])),
            1 => format!("touch {place}"),
            2 => format!("cp {}{file} {place}", self.pick(&["", "-p ", "-a ", "-r ", "-f "])),
            3 => format!("mv {file} {place}"),
            4 => format!("rm {}{file}", self.pick(&["", "-f ", "-r ", "-rf "])),
            5 => format!("rm {}{place}", self.pick(&["", "-f ", "-r ", "-rf "])),
            6 => format!("rmdir {place}"),
            7 => format!("ln {}{file} {place}", self.pick(&["", "-s ", "-sf ", "-f "])),
            8 => format!(
                "chmod {} {file}",
                self.pick(&[
                    "600",
                    "u+x",
                    "go-r",
                    "a=r",
                    "+x",
                    "-w",
                    "u=rw,g=r,o=",
                    "g=u",
                    "4755",
                    "999",
                    "X"
                ])
            ),
            9 => format!("chown {} {file}", self.pick(&["app", "app:app", "1000:50", ":staff", "nobody2"])),
            10 => format!("cat {file}"),
            11 => format!(
                "{} {file}",
                self.pick(&[
                    "head -n 1",
                    "tail -n 2",
                    "wc",
                    "wc -l",
                    "wc -c",
                    "sort",
                    "sort -r",
                    "sort -n",
                    "uniq",
                    "rev",
                    "tac",
                    "nl"
                ])
            ),
            12 => format!(
                "grep {}{} {file}",
                self.pick(&["", "-v ", "-c ", "-n ", "-q ", "-i ", "-o ", "-E ", "-F "]),
                self.pick(&["a", "^a", "pple", "'[0-9]'", "key", "."])
            ),
            13 => format!(
                "sed {} {file}",
                self.pick(&[
                    "s/a/X/",
                    "'s/a/X/g'",
                    "-n 1p",
                    "1d",
                    "'$d'",
                    "-i s/a/X/",
                    "-e 1d -e s/a/b/",
                    "'y/abc/xyz/'",
                    "-n '/a/p'",
                    "'2q'"
                ])
            ),
            14 => {
                format!("cut {} {file}", self.pick(&["-d' ' -f2", "-c1-3", "-f1", "-d= -f2", "-d' ' -f1,3"]))
            }
            _ => format!(
                "find {} {}",
                self.pick(&[".", "d", "nope", "/w/d"]),
                self.pick(&[
                    "-name '*.txt' | sort",
                    "-type f | sort",
                    "-type d | sort",
                    "-name x.txt -delete",
                    "-maxdepth 1 | sort"
                ])
            ),
        }
    }
}
