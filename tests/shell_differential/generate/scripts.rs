//! Scripts that were COPYed in, and how they are started.

use super::Writer;
use crate::case::Copied;

impl Writer {
    /// Calls a script.
    pub fn script_line(&mut self) -> String {
        let head = self.pick(&[
            "#!/bin/sh\n",
            "#!/bin/dash\n",
            "#!/bin/bash\n",
            "#! /bin/sh\n",
            "#!/bin/sh -e\n",
            "#!/bin/sh -eu\n",
            "#!/bin/sh\r\n",
            "#!/bin/nosuch\n",
            "#!/bin/env sh\n",
            "#!/bin/env -S sh -e\n",
            "#!/bin/env nosuch\n",
            "",
            "#\n",
            "#!\n",
            "#!/w/d\n",
            "#!/w/a.txt\n",
            "#!/bin/sh -x\n",
            "#!/bin/bash -e -u\n",
            "#!/bin/cat\n",
            "#!/bin/echo a b\n",
            "#!sh\n",
            "#!/bin/sh -\n",
            "\n#!/bin/sh\n",
            "#!/bin/busybox sh\n",
            "#!/bin/busybox\n",
            "#!/w/run.sh\n",
        ]);
        let mut body = String::new();
        for _ in 0..=self.random.below(3) {
            let mut statement = match self.random.below(3) {
                0 => self.pick(&[
                    "echo \"$0\"",
                    "echo \"$#:$1:$2\"",
                    "exit 3",
                    "false",
                    "echo $x",
                    "nosuch",
                    "cd d; pwd",
                    "echo a\r",
                    "set -u; echo $u",
                    "exec cat a.txt",
                    ". ./plain.sh",
                    "echo 'open",
                    "fi",
                    "return 4",
                    "( exit 6 )",
                    "trap 'echo bye' EXIT",
                    "for i in 1; do",
                ]),
                _ => self.statement(),
            };
            self.finish_heredocs(&mut statement);
            body.push_str(&statement);
            if !body.ends_with('\n') {
                body.push('\n');
            }
        }
        let mode = self.random.pick(&[0o755, 0o755, 0o755, 0o644, 0o711, 0o555, 0o000]);
        let path = self.random.pick(&["/w/s.sh", "/w/s.sh", "/bin/tool", "/w/d/s"]).to_owned();
        self.files.push(Copied { path: path.clone(), mode, text: format!("{head}{body}") });
        let name = match self.random.below(8) {
            0 if path.starts_with("/bin/") => "tool".to_owned(),
            1 => format!("sh {path}"),
            2 => format!(". {path}"),
            3 => format!("bash {path}"),
            4 => format!("dash {path}"),
            _ => path,
        };
        let arguments = self.pick(&["", "", " a 'b c'", " -x", " ''"]);
        let before = self.pick(&["", "", "x=out; export x; ", "x=1; ", "set -e; ", "x=env "]);
        let after = self.pick(&[
            "; echo \"[$?]\"",
            "",
            " && echo fine",
            " || echo \"bad $?\"",
            " | cat",
            "; echo after",
        ]);
        format!("{before}{name}{arguments}{after}")
    }
}
