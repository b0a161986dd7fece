//! Sessions with the programs of RUN lines: what they print in the words of busybox and of Debian's
//! tools, what they leave in the layer, and how they say what is not modelled.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use indexmap::IndexMap;
use layerlab::fs::{Contents, Inode, Kind, Nodes, Tree};
use layerlab::image::catalog;
use layerlab::shell::{Call, NoPrograms, Process, Programs, run};
use layerlab::trace::Trace;
use layerlab::union::{Mount, Options};
use std::fmt::Write as _;

/// A base with a small tree in `/w`, where lines run one after the other.
struct Session {
    mount: Mount,
    env: IndexMap<String, String>,
    strict: bool,
    text: String,
}

impl Session {
    fn on(image: &str) -> Session {
        let image = catalog::image(image).unwrap();
        let mut tree = Tree::new();
        for (path, text) in [
            ("/w/words", "one\ntwo\nthree\nfour\n"),
            ("/w/table", "b 2\na 10\nc 1\n"),
            ("/w/conf", "# note\nkey=value\nport 80\n"),
            ("/w/d/x.txt", "x\n"),
            ("/w/d/sub/y.log", "y\n"),
        ] {
            tree.put(path.as_bytes(), Inode::file(Contents::text(text)));
        }
        tree.put(b"/w/d/link", Inode::symlink(b"x.txt"));
        tree.put(b"/w/owned", Inode::file(Contents::text("mine\n")).owned(1000, 50).with_mode(0o640));
        let mut mount = Mount::new(image.lowers(), tree, Options::default()).unwrap();
        mount.commit("a tree", &mut Trace::silent()).unwrap();
        let env = image.config.env.iter().filter_map(|pair| pair.split_once('='));
        Session {
            mount,
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            strict: false,
            text: String::new(),
        }
    }

    fn alpine(lines: &[&str]) -> String {
        Session::on("alpine:3.19").lines(lines)
    }

    fn debian(lines: &[&str]) -> String {
        Session::on("debian:bookworm-slim").lines(lines)
    }

    /// Runs lines; each is one RUN. The transcript: what was printed and, unless 0, the exit status.
    fn lines(mut self, lines: &[&str]) -> String {
        for line in lines {
            self.run(line, &mut NoPrograms);
        }
        self.text
    }

    fn run(&mut self, line: &str, programs: &mut dyn Programs) -> i32 {
        let process = Process {
            argv: ["/bin/sh", "-c", line].map(str::to_owned).to_vec(),
            env: self.env.clone(),
            cwd: "/w".to_owned(),
            strict: self.strict,
            ..Process::default()
        };
        let mut t = Trace::silent();
        let outcome = run(&mut self.mount, &process, programs, &mut t);
        assert!(t.fuel.exhausted().is_none(), "{line}");
        let _ = writeln!(self.text, "$ {line}");
        for (_, line) in &outcome.lines {
            let _ = writeln!(self.text, "{line}");
        }
        for what in &outcome.not_modelled {
            let _ = writeln!(self.text, "(not modelled: {what})");
        }
        if outcome.exit != 0 {
            let _ = writeln!(self.text, "exit {}", outcome.exit);
        }
        outcome.exit
    }

    /// Ends the step: what its layer holds.
    fn layer(&mut self) {
        let upper = self.mount.upper().clone();
        upper.walk(&mut |path, _, inode| {
            let path = String::from_utf8_lossy(path);
            let owner = if (inode.uid, inode.gid) == (0, 0) {
                String::new()
            } else {
                format!(" {}:{}", inode.uid, inode.gid)
            };
            let _ = match &inode.kind {
                Kind::File(data) => {
                    writeln!(self.text, "+ {path} {:04o}{owner} {} B", inode.mode, data.len())
                }
                Kind::Dir(_) if inode.is_opaque() => writeln!(self.text, "⊘ {path}/"),
                Kind::Dir(_) => writeln!(self.text, "+ {path}/"),
                Kind::Symlink(to) => writeln!(self.text, "+ {path} -> {}", String::from_utf8_lossy(to)),
                Kind::Whiteout => writeln!(self.text, "✕ {path}"),
                other => writeln!(self.text, "+ {path} {}", other.word()),
            };
        });
        self.mount.commit("a step", &mut Trace::silent()).unwrap();
    }

    /// One RUN and its layer after the other.
    fn steps(mut self, lines: &[&str]) -> String {
        for line in lines {
            self.run(line, &mut NoPrograms);
            self.layer();
        }
        self.text
    }
}

fn debian_steps(lines: &[&str]) -> String {
    Session::on("debian:bookworm-slim").steps(lines)
}

// ---- behaviours that teach ----

#[test]
fn the_same_mode_and_the_same_time_still_copy_the_whole_file_up() {
    insta::assert_snapshot!(debian_steps(&["chmod 644 words", "touch table", "chown 0:0 conf"]));
}

#[test]
fn writing_the_same_bytes_again_is_a_whole_file_in_the_layer() {
    insta::assert_snapshot!(debian_steps(&[
        "cat words > /tmp/copy && cat /tmp/copy > words && rm /tmp/copy"
    ]));
}

#[test]
fn sed_in_place_makes_a_new_file_even_when_nothing_changes() {
    insta::assert_snapshot!(debian_steps(&[
        "ln words twin",
        "sed -i s/nothing/else/ words && stat -c '%n %h' words twin",
    ]));
}

#[test]
fn cp_keeps_the_owner_only_when_asked() {
    insta::assert_snapshot!(debian_steps(&["cp owned plain", "cp -p owned kept", "cp -a owned same"]));
}

#[test]
fn a_directory_made_again_is_opaque_in_one_run_and_a_whiteout_apart() {
    insta::assert_snapshot!(debian_steps(&["rm -rf d && mkdir d"]));
    insta::assert_snapshot!(debian_steps(&["rm -rf d", "mkdir d"]));
}

// ---- words of both dialects ----

/// Wrong calls and missing files, in both dialects.
const WRONG: &[&str] = &[
    "cat nofile; cat d; cat --nope words",
    "cp; cp d copy; cp nofile x; cp words no/such",
    "mv nofile x; mv words; rm; rm d; rmdir d",
    "mkdir d; mkdir; mkdir no/such; mkdir -p words/x",
    "ln -s words words; ln nofile x; touch no/such",
    "chmod 999 words; chmod u+x; chmod 644 nofile; chown nobody2 words; chown 1:nogroup2 words",
    "head -n x words; tail nofile; cut words; cut -f x words; sort -k 0 table; uniq nofile",
    "tr; tr a; wc nofile d; tee no/such </dev/null; paste nofile; split nofile; od nofile",
    "grep; grep '[' words; grep x nofile; grep x d; find nofile; find . -nope; find . -name",
    "sed; sed k words; sed s/a words; sed p nofile; awk '{print'; xargs nosuch < words",
    "tar; tar xf nofile; tar tf words; tar cf a.tar nofile; gunzip nofile; gzip d; gunzip words",
    "sha256sum nofile; echo zz words | sha256sum -c; date -d nonsense; seq x; expr 1 +; stat nofile; ls nofile",
    "truncate words; mktemp foo; dd if=nofile; dd nonsense; readlink; basename; diff words nofile",
];

#[test]
fn wrong_calls_on_alpine_speak_as_busybox_does() {
    insta::assert_snapshot!(Session::alpine(WRONG));
}

#[test]
fn wrong_calls_on_debian_speak_as_the_gnu_tools_do() {
    insta::assert_snapshot!(Session::debian(WRONG));
}

#[test]
fn options_are_those_of_each_program() {
    insta::assert_snapshot!(Session::alpine(&[
        "ls --group-directories-first",
        "sort -R words",
        "cp --parents d/x.txt /tmp"
    ]));
    insta::assert_snapshot!(Session::debian(&[
        "cut --complement -d' ' -f1 table",
        "rm --recur d",
        "rm --nope words",
        "ls --si"
    ]));
}

#[test]
fn find_selects_and_acts() {
    insta::assert_snapshot!(Session::debian(&[
        "find d -type f -name '*.txt' -o -name '*.log' | sort",
        "find . -path ./d -prune -o -type f -size -20c -print | sort",
        "find d -type f -printf '%P %s %m %u\\n' | sort",
        "find d -type f -exec sh -c 'echo \"[$1]\"' _ {} \\; | sort",
        "find . -name '*.log' -delete; find d | sort",
        "find d -perm /111 ! -type d; find . -newermt 2030-01-01; find owned -user 1000 -group 50",
    ]));
}

#[test]
fn text_goes_through_sed_and_awk() {
    insta::assert_snapshot!(Session::debian(&[
        "sed -n '/two/,$p' words; sed '2!d;s/w/W/' words; sed -E 's/(.)(.*)/\\2\\1/' words",
        "printf 'a\\r\\nb\\r\\n' | sed 's/\\r$//' | od -c; sed ':a;N;$!ba;s/\\n/,/g' words",
        "awk '{s+=$2} END{print s, NR}' table; awk -F= '/^key/{print $2}' conf",
        "awk 'function twice(x){return x*2} {print $1, twice($2)}' table",
        "awk 'BEGIN{while((getline line < \"words\")>0) n++; print n; \"echo hi\"|getline x; print x}'",
        "awk '{print $2 | \"sort -n\"} END{close(\"sort -n\"); print \"end\"}' table",
    ]));
}

#[test]
fn archives_are_packed_and_unpacked() {
    insta::assert_snapshot!(Session::alpine(&[
        "tar czf a.tgz d && mkdir out && tar xzf a.tgz -C out --strip-components=1 && find out | sort",
        "bzip2 -k words && bzcat words.bz2 | head -1; tar cjf b.tbz table && tar tjf b.tbz",
        "xz -d nofile.xz; unzip nofile.zip",
    ]));
    insta::assert_snapshot!(Session::debian(&[
        "gzip -k words && zcat words.gz | tail -1; tar caf a.tar.gz d && tar xOf a.tar.gz d/x.txt",
        // The slim image has no xz: GNU tar runs it.
        "tar cJf a.txz d",
        "tar xf words; tar cf - d | tar tvf - | awk '{print $1, $NF}'",
    ]));
}

#[test]
fn dates_are_the_labs() {
    insta::assert_snapshot!(Session::debian(&[
        "date; date +%F; date -u -d '2 days ago' +%F; date -d '2024-02-28 +1 day' '+%a %j %V'; date -Iseconds",
        "date +%s; touch -d '2020-01-02 03:04' words; stat -c %y words; ls -l --time-style=long-iso words",
    ]));
}

// ---- what is not modelled ----

#[test]
fn what_is_not_modelled_is_said_and_nothing_is_made_up() {
    let mut session = Session::on("debian:bookworm-slim");
    for line in [
        "perl -e 'print 1'",
        "ls --hyperlink words",
        "ls --color=always words",
        "grep -P '(?<=k)ey' conf",
        "grep '\\(.\\)\\1' words",
        "sed 1F words",
        "diff -y words table",
        "find . -fstype ext4",
        "tar --transform s/a/b/ -cf a.tar d",
        "stat -f /",
    ] {
        session.run(line, &mut NoPrograms);
    }
    insta::assert_snapshot!(session.text);
}

#[test]
fn strict_makes_it_a_failure() {
    let mut session = Session::on("debian:bookworm-slim");
    session.strict = true;
    for line in ["perl -v", "ls --hyperlink words", "grep -P '(?<=k)ey' conf", "sed 1F words", "stat -f /"] {
        assert_ne!(session.run(line, &mut NoPrograms), 0, "{line}");
    }
}

/// Somebody who knows what `perl` does.
struct Perl;

impl Programs for Perl {
    fn call(&mut self, name: &str, call: &mut Call<'_, '_>) -> Option<i32> {
        (name == "perl").then(|| {
            call.out("taught\n");
            0
        })
    }
}

#[test]
fn a_program_that_was_taught_is_modelled() {
    let mut session = Session::on("debian:bookworm-slim");
    session.strict = true;
    session.run("perl -v", &mut Perl);
    insta::assert_snapshot!(session.text, @"
    $ perl -v
    taught
    ");
}
