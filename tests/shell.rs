//! One-line sessions: what is printed, how it ends, what it leaves; and what stops it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use indexmap::IndexMap;
use layerlab::fs::{Contents, Inode, Kind, Layer, Nodes, Tree};
use layerlab::image::catalog;
use layerlab::shell::{Call, NoPrograms, Process, Programs, Sandbox, StartError, Submount, run, run_with};
use layerlab::trace::{Fuel, Limits, Trace};
use layerlab::union::{Lower, Mount, Options};
use std::fmt::Write as _;

/// A small base: busybox with its applets, dash and bash beside it.
fn base() -> Layer {
    let mut tree = Tree::new();
    let mut program = |path: &str, name: &str| {
        tree.put(path.as_bytes(), Inode::file(Contents::of_program(name, 900_000)).with_mode(0o755));
    };
    program("/bin/busybox", "busybox");
    program("/bin/dash", "dash");
    program("/bin/bash", "bash");
    program("/usr/bin/mystery", "mystery");
    for name in [
        "sh", "cat", "ls", "mkdir", "rm", "rmdir", "echo", "cp", "mv", "ln", "chmod", "touch", "sort", "wc",
        "head", "tail", "grep", "sed", "find", "yes", "sleep", "dd", "seq", "id", "awk", "tr", "xargs",
        "env", "date", "tar",
    ] {
        tree.put(format!("/bin/{name}").as_bytes(), Inode::symlink(b"busybox"));
    }
    for (path, text) in [
        ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n"),
        ("/etc/group", "root:x:0:\nstaff:x:50:app\napp:x:1000:\n"),
        ("/etc/motd", "hello\n"),
    ] {
        tree.put(path.as_bytes(), Inode::file(Contents::text(text)));
    }
    for dir in ["/dev", "/proc", "/sys", "/srv", "/root"] {
        tree.put(dir.as_bytes(), Inode::dir(0o755));
    }
    tree.put(b"/tmp", Inode::dir(0o1777));
    tree.put(b"/home/app", Inode::dir(0o755).owned(1000, 1000));
    tree.seal()
}

fn mounted(layer: Layer) -> Mount {
    Mount::new(vec![Lower { layer, label: "base".into() }], Tree::new(), Options::default()).unwrap()
}

/// What the upper holds, one line each.
fn upper(mount: &Mount) -> String {
    let mut text = String::new();
    mount.upper().walk(&mut |path, _, inode| {
        let path = String::from_utf8_lossy(path);
        let _ = match &inode.kind {
            Kind::File(contents) => writeln!(text, "+ {path} {:04o} {} B", inode.mode, contents.len()),
            Kind::Dir(_) if inode.is_opaque() => writeln!(text, "⊘ {path}"),
            Kind::Dir(_) => writeln!(text, "+ {path}/"),
            Kind::Symlink(to) => writeln!(text, "+ {path} -> {}", String::from_utf8_lossy(to)),
            Kind::Whiteout => writeln!(text, "✕ {path}"),
            other => writeln!(text, "+ {path} {}", other.word()),
        };
    });
    text
}

/// Runs a line in a fresh mount; the transcript.
fn line_as(shell: &str, user: &str, line: &str) -> String {
    let mut mount = mounted(base());
    let process = Process {
        argv: vec![shell.to_owned(), "-c".to_owned(), line.to_owned()],
        user: user.to_owned(),
        ..Process::default()
    };
    let mut t = Trace::silent();
    let outcome = run(&mut mount, &process, &mut NoPrograms, &mut t);
    assert!(t.fuel.exhausted().is_none(), "{line}");
    let mut text = String::new();
    for (_, line) in &outcome.lines {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "exit {}", outcome.exit);
    text + upper(&mount).as_str()
}

fn ash(line: &str) -> String {
    line_as("/bin/sh", "", line)
}

#[test]
fn a_missing_program_is_named_as_each_shell_names_it() {
    insta::assert_snapshot!(ash("go build"), @"
    /bin/sh: go: not found
    exit 127
    ");
    insta::assert_snapshot!(line_as("/bin/dash", "", "go build"), @"
    /bin/dash: 1: go: not found
    exit 127
    ");
    insta::assert_snapshot!(line_as("/bin/bash", "", "go build"), @"
    /bin/bash: line 1: go: command not found
    exit 127
    ");
}

#[test]
fn syntax_errors_speak_the_dialect() {
    insta::assert_snapshot!(ash("if true; then echo x"), @r#"
    /bin/sh: syntax error: unexpected end of file (expecting "fi")
    exit 2
    "#);
    insta::assert_snapshot!(line_as("/bin/dash", "", "echo done; done"), @r#"
    /bin/dash: 1: Syntax error: "done" unexpected
    exit 2
    "#);
    insta::assert_snapshot!(line_as("/bin/bash", "", "fi"), @"
    /bin/bash: -c: line 1: syntax error near unexpected token `fi'
    /bin/bash: -c: line 1: `fi'
    exit 2
    ");
}

#[test]
fn bashisms_fail_where_they_really_fail() {
    insta::assert_snapshot!(line_as("/bin/dash", "", "[[ a == a ]] && echo yes"), @"
    /bin/dash: 1: [[: not found
    exit 127
    ");
    insta::assert_snapshot!(ash("a=(1 2)"), @r#"
    /bin/sh: syntax error: unexpected "("
    exit 2
    "#);
    insta::assert_snapshot!(line_as("/bin/dash", "", "x=ab; echo ${x/a/b}"), @"
    /bin/dash: 1: Bad substitution
    exit 2
    ");
    insta::assert_snapshot!(line_as("/bin/bash", "", "a=(1 2); a+=(3); echo ${#a[@]} ${a[1]} {x,y}{1..2} ${a[@]:1}"), @"
    3 2 x1 x2 y1 y2 2 3
    exit 0
    ");
    insta::assert_snapshot!(ash("cat <<< hi"), @"
    /bin/sh: syntax error: unexpected redirection
    exit 2
    ");
}

#[test]
fn the_lessons_of_the_union() {
    insta::assert_snapshot!(ash("rm -rf /home && mkdir /home"), @"
    exit 0
    ⊘ /home
    ");
    insta::assert_snapshot!(ash("rm /etc/motd"), @"
    exit 0
    + /etc/
    ✕ /etc/motd
    ");
    insta::assert_snapshot!(ash("chmod 644 /etc/motd; sed -i s/x/y/ /etc/group"), @"
    exit 0
    + /etc/
    + /etc/group 0644 37 B
    + /etc/motd 0644 6 B
    ");
    insta::assert_snapshot!(ash("echo tmp > /f && rm /f; mkdir -p /a/b && mv /a /c"), @"
    exit 0
    ⊘ /c
    + /c/b/
    ");
    insta::assert_snapshot!(ash("mv /home /house"), @"
    exit 0
    ✕ /home
    + /house/
    + /house/app/
    ");
}

#[test]
fn nothing_written_to_a_sandbox_mount_stays() {
    insta::assert_snapshot!(ash("echo x > /dev/null; mkdir -p /dev/a; echo y > /dev/shm/y; echo 1 > /etc/hosts"), @"
    /bin/sh: can't create /etc/hosts: Read-only file system
    exit 1
    ");
    insta::assert_snapshot!(ash("echo e > /dev/stderr; echo o > /dev/stdout; head -c 3 /dev/zero | wc -c; rmdir /proc"), @"
    e
    o
    3
    rmdir: '/proc': Device or resource busy
    exit 1
    ");
}

#[test]
fn another_user_may_only_what_the_modes_allow() {
    insta::assert_snapshot!(line_as("/bin/sh", "app", "id; echo x > /x; touch ~/mine; chmod 600 /etc/motd; rm /etc/motd"), @"
    uid=1000(app) gid=1000(app) groups=50(staff)
    /bin/sh: can't create /x: Permission denied
    chmod: /etc/motd: Operation not permitted
    rm: can't remove '/etc/motd': Permission denied
    exit 1
    + /home/
    + /home/app/
    + /home/app/mine 0644 0 B
    ");
}

/// The mount answers, and the program says it in its own words.
#[test]
fn permissions_are_the_mounts() {
    let root = "mkdir -m 700 /vault; echo x > /vault/f; echo run > /tool; echo 1 > /tmp/roots; chmod 666 /tmp/roots; chmod 1777 /tmp; busybox chown 1000:1000 /srv; ";
    let drop = |line: &str| {
        let mut mount = mounted(base());
        let mut text = String::new();
        for (user, line) in [("", root), ("app", line)] {
            let argv = ["/bin/sh", "-c", line].map(str::to_owned).to_vec();
            let process = Process { argv, user: user.to_owned(), ..Process::default() };
            let outcome = run(&mut mount, &process, &mut NoPrograms, &mut Trace::silent());
            text.extend(outcome.lines.iter().map(|(_, line)| format!("{line}\n")));
            text.push_str(&format!("exit {}\n", outcome.exit));
        }
        text
    };
    insta::assert_snapshot!(drop("mkdir /new; cd /vault; cat /vault/f; ls /vault; cat /vault/../etc/motd; /tool; echo $?"), @"
    exit 0
    mkdir: can't create directory '/new': Permission denied
    /bin/sh: cd: line 0: can't cd to /vault: Permission denied
    cat: can't open '/vault/f': Permission denied
    ls: can't open '/vault': Permission denied
    cat: can't open '/vault/../etc/motd': Permission denied
    /bin/sh: /tool: Permission denied
    126
    exit 0
    ");
    insta::assert_snapshot!(drop("echo y > /etc/motd; mv /etc/motd /tmp; cp /etc/motd /srv && ls /srv; touch /etc/motd; touch /tmp/mine && rm /tmp/mine && echo mine"), @"
    exit 0
    /bin/sh: can't create /etc/motd: Permission denied
    mv: can't rename '/etc/motd': Permission denied
    motd
    touch: /etc/motd: Permission denied
    mine
    exit 0
    ");
    insta::assert_snapshot!(drop("echo 2 >> /tmp/roots; rm -f /tmp/roots; mv /tmp/roots /tmp/x; ln -s /etc/motd /tmp/l && cat /tmp/l; ln /etc/passwd /srv/p"), @"
    exit 0
    rm: can't remove '/tmp/roots': Operation not permitted
    mv: can't rename '/tmp/roots': Operation not permitted
    hello
    ln: /srv/p: Operation not permitted
    exit 1
    ");
    insta::assert_snapshot!(drop("for f in /vault /srv /tool /tmp/roots /etc/motd /no; do for t in r w x; do [ -$t $f ] && printf $t || printf -- -; done; echo \" $f\"; done"), @"
    exit 0
    --- /vault
    rwx /srv
    r-- /tool
    rw- /tmp/roots
    r-- /etc/motd
    --- /no
    exit 0
    ");
    insta::assert_snapshot!(drop("busybox chown 0 /srv; busybox chown :50 /srv && ls -ld /srv; chmod 4755 /srv; echo x > /srv/a; chmod 6755 /srv/a; busybox stat -c %a /srv/a; echo y >> /srv/a; busybox stat -c %a /srv/a"), @"
    exit 0
    chown: /srv: Operation not permitted
    drwxr-xr-x    2 app      staff         4096 Jan  1 00:00 /srv
    6755
    755
    exit 0
    ");
}

#[test]
fn options_of_the_shell() {
    insta::assert_snapshot!(ash("set -e; false || echo kept; f() { false; echo in; }; f || :; (exit 3); echo no"), @"
    kept
    in
    exit 3
    ");
    insta::assert_snapshot!(ash("set -u; echo ${a:-d}; echo $a; echo no"), @"
    d
    /bin/sh: a: parameter not set
    exit 2
    ");
    insta::assert_snapshot!(line_as("/bin/bash", "", "set -o pipefail; false | cat; echo $? ${PIPESTATUS[0]}"), @"
    1 1
    exit 0
    ");
    insta::assert_snapshot!(ash("set -x; x='a b'; echo $x | cat"), @"
    + x='a b'
    + echo a b
    + cat
    a b
    exit 0
    ");
    insta::assert_snapshot!(ash("trap 'echo bye' EXIT; (echo sub); exit 4"), @"
    sub
    bye
    exit 4
    ");
}

#[test]
fn scripts_run_through_their_first_line() {
    insta::assert_snapshot!(ash("printf '#!/bin/sh\\necho $0 $1; cd /nope\\n' > /s; /s; chmod +x /s; /s a; echo '#!/no' > /s; /s"), @"
    /bin/sh: /s: Permission denied
    /s a
    /s: cd: line 2: can't cd to /nope: No such file or directory
    /bin/sh: /s: not found
    exit 127
    + /s 0755 6 B
    ");
}

#[test]
fn a_process_that_does_not_start_says_why() {
    let start = |argv: &[&str], user: &str| {
        let argv = argv.iter().map(|word| (*word).to_owned()).collect();
        let process = Process { argv, user: user.to_owned(), ..Process::default() };
        run(&mut mounted(base()), &process, &mut NoPrograms, &mut Trace::silent()).start
    };
    assert_eq!(start(&["/no/such"], ""), Some(StartError::ProgramMissing("/no/such".into())));
    assert_eq!(start(&["nosuch"], ""), Some(StartError::ProgramMissing("nosuch".into())));
    assert_eq!(start(&["/etc/motd"], ""), Some(StartError::NotExecutable("/etc/motd".into())));
    assert_eq!(start(&["ls"], "ghost"), Some(StartError::UnknownUser("ghost".into())));
    assert_eq!(start(&["ls"], "app:ghost"), Some(StartError::UnknownGroup("ghost".into())));
    assert_eq!(start(&["ls"], "1000:50"), None);
}

#[test]
fn what_is_not_modelled_does_nothing_and_is_named() {
    let process = |strict| Process {
        argv: ["/bin/sh", "-c", "mystery --now && echo after"].map(str::to_owned).to_vec(),
        strict,
        ..Process::default()
    };
    let lax = run(&mut mounted(base()), &process(false), &mut NoPrograms, &mut Trace::silent());
    assert_eq!(
        (lax.exit, lax.not_modelled, &lax.out[..]),
        (0, vec!["mystery".to_owned()], b"after\n".as_slice())
    );
    let strict = run(&mut mounted(base()), &process(true), &mut NoPrograms, &mut Trace::silent());
    assert_eq!((strict.exit, &strict.out[..]), (1, b"".as_slice()));
}

/// A supplied program: prints its input in capitals and leaves a file.
struct Shout;

impl Programs for Shout {
    fn call(&mut self, name: &str, call: &mut Call<'_, '_>) -> Option<i32> {
        if name != "mystery" {
            return None;
        }
        let text = call.input().to_uppercase();
        call.out(&text);
        let (mount, t) = call.mount();
        mount.create(b"/left", 0o644, Contents::text("x"), t).unwrap();
        call.takes(2.5);
        Some(call.shell("echo from the shell; exit 7"))
    }
}

#[test]
fn a_supplied_program_is_asked_first() {
    let mut mount = mounted(base());
    let process = Process {
        argv: ["/bin/sh", "-c", "echo hi | mystery"].map(str::to_owned).to_vec(),
        ..Process::default()
    };
    let outcome = run(&mut mount, &process, &mut Shout, &mut Trace::silent());
    assert_eq!(String::from_utf8_lossy(&outcome.out), "HI\nfrom the shell\n");
    assert_eq!((outcome.exit, outcome.seconds), (7, Some(2.5)));
    assert_eq!(upper(&mount), "+ /left 0644 1 B\n");
}

#[test]
fn a_mounted_tree_keeps_what_is_written_into_it() {
    let mut mount = mounted(base());
    let cache = |read_only| Submount {
        file: Vec::new(),
        target: if read_only { "/ro".to_owned() } else { "/cache".to_owned() },
        mount: Mount::native(Tree::new()),
        read_only,
        ..Submount::default()
    };
    let mut submounts = [cache(false), cache(true)];
    let process = Process {
        argv: [
            "/bin/sh",
            "-c",
            "echo run >> /cache/log; ls /; ln -s /cache /l; cat /l/log; mv /cache/log /f; echo x > /ro/x",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..Process::default()
    };
    for _ in 0..2 {
        let outcome = run_with(&mut mount, &mut submounts, &process, &mut NoPrograms, &mut Trace::silent());
        let shown = String::from_utf8_lossy(&outcome.out).into_owned();
        assert!(shown.contains("cache\n") && shown.ends_with("run\n"), "{shown}");
        assert!(String::from_utf8_lossy(&outcome.err).contains("can't create /ro/x: Read-only file system"));
    }
    assert_eq!(upper(&mount), "+ /f 0644 4 B\n+ /l -> /cache\n");
}

#[test]
fn what_never_ends_is_stopped_within_a_second() {
    let lines = [
        "while :; do :; done",
        "for i in $(seq 1 9999999); do :; done",
        "f() { f | f & }; f",
        "f() { f; }; f",
        "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done",
        "yes",
        "yes > /f",
        "cat /dev/zero",
        "cat /dev/zero > /f",
        "yes | sort",
        "sleep inf",
        "while :; do echo x; done | wc -l",
        "seq 1 99999999999",
        "awk 'BEGIN{while(1)x++}'",
        "sed ':a;ba' /etc/motd",
        "until false; do sleep 1; done",
        ". /dev/zero",
        "sh -c 'exec sh -c \"$0\" \"$0\"' 'sh -c \"$0\" \"$0\"'",
        "eval 'x=\"eval \\\"\\$x\\\"\"'; eval \"$x\"",
        "tail -f /etc/motd",
        "trap 'while :; do :; done' EXIT",
    ];
    for line in lines {
        for shell in ["/bin/sh", "/bin/bash"] {
            let process =
                Process { argv: [shell, "-c", line].map(str::to_owned).to_vec(), ..Process::default() };
            // A tenth of a line's tank: unoptimised builds on shared machines are slow.
            let mut t = Trace::silent();
            t.fuel = Fuel::new(Limits { operations: Limits::LINE.operations / 10, ..Limits::LINE });
            let outcome = run(&mut mounted(base()), &process, &mut NoPrograms, &mut t);
            assert!(t.fuel.exhausted().is_some(), "{line}: {outcome:?}");
            assert_eq!(outcome.exit, 137, "{line}");
        }
    }
}

#[test]
fn what_only_looks_endless_ends() {
    insta::assert_snapshot!(ash("yes | head -2; while :; do echo x; done | head -1; cat /dev/zero | head -c 3 | wc -c"), @"
    y
    y
    x
    3
    exit 0
    ");
    insta::assert_snapshot!(ash("sleep 99999; dd if=/dev/zero of=/big bs=1G count=1000 2>/dev/null; rm /big"), @"exit 0");
}

#[test]
fn odd_lines_are_refused_and_never_panic() {
    let deep = "(".repeat(5000) + "x";
    let nested = "$(".repeat(5000);
    let arithmetic = format!("echo $(({}1))", "(".repeat(5000));
    let braces = format!("echo {}", "{a,b}".repeat(40));
    let long = format!("echo {}", "a".repeat(1 << 20));
    let stars = format!("case {} in {}) ;; esac", "a".repeat(3000), "*a".repeat(300));
    let lines = [
        &deep,
        &nested,
        &arithmetic,
        &braces,
        &long,
        &stars,
        "\0",
        "echo \0a",
        "${",
        "$((",
        "`",
        "\"",
        "<<",
        "a=(",
        "[[",
        "((",
        "for((",
        "case",
        "\\",
        "echo \u{10ffff}",
        "printf '\\377\\200%b' '\\x'",
        "$'\\",
        "echo ${a[",
        "a[1]=",
        "sed 's/\\(a*\\)*b/x/' /etc/motd",
        "find / -name '[[[[' -o ! -exec",
        "awk '{'",
        "expr",
        "grep -E '(((' x",
        "dd bs=99999999999999999999",
        "printf %999999999d 1",
        "head -c 99999999999999999999",
        "seq 1 0 5 | head -1",
        "chmod 77777 /",
        "tar xf /bin/sh",
        "cd ''; cd -; pwd",
        "test ( ( (",
        "echo >&",
        "exec 99999999999<x",
        "x=1; x[9999999999]=2",
        "echo $((9223372036854775807+1)) $((-9223372036854775808/-1)) $((1<<99))",
        "shift 999999999999999999999",
        "read -n 99999999999 x < /etc/motd",
    ];
    for line in lines {
        for shell in ["/bin/sh", "/bin/dash", "/bin/bash"] {
            let process =
                Process { argv: [shell, "-c", line].map(str::to_owned).to_vec(), ..Process::default() };
            run(&mut mounted(base()), &process, &mut NoPrograms, &mut Trace::silent());
        }
    }
}

// ---- package managers, over the built-in bases ----

struct Lab {
    mount: Mount,
    env: IndexMap<String, String>,
    /// What the last line called that is not modelled.
    not_modelled: Vec<String>,
}

impl Lab {
    fn of(image: &str, files: &[(&str, &str)]) -> Lab {
        let image = catalog::image(image).unwrap();
        let mut tree = Tree::new();
        for (path, text) in files {
            tree.put(path.as_bytes(), Inode::file(Contents::text(text)));
        }
        let env = image.config.env.iter().filter_map(|pair| pair.split_once('='));
        Lab {
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            mount: Mount::new(image.lowers(), tree, Options::default()).unwrap(),
            not_modelled: Vec::new(),
        }
    }

    /// Runs a line in `/app` (or `/`); the exit status, the last lines printed, the bytes it added.
    fn run(&mut self, line: &str) -> (i32, String, u64) {
        let before = self.mount.sealed_upper().bytes();
        let process = Process {
            argv: ["/bin/sh", "-c", line].map(str::to_owned).to_vec(),
            env: self.env.clone(),
            cwd: "/app".to_owned(),
            sandbox: Sandbox::BuildKit,
            ..Process::default()
        };
        let outcome = run(&mut self.mount, &process, &mut NoPrograms, &mut Trace::silent());
        self.not_modelled = outcome.not_modelled;
        let lines: Vec<&str> = outcome.lines.iter().map(|(_, line)| line.as_str()).collect();
        (outcome.exit, lines.join("\n"), self.mount.sealed_upper().bytes().saturating_sub(before))
    }
}

#[test]
fn apt_needs_its_lists_first() {
    let mut lab = Lab::of("ubuntu:22.04", &[]);
    let (exit, text, added) = lab.run("apt-get install -y nginx");
    assert_eq!((exit, added), (100, 0));
    assert!(text.ends_with("E: Unable to locate package nginx"), "{text}");
    let (exit, _, lists) = lab.run("apt-get update");
    assert!(exit == 0 && (40_000_000..50_000_000).contains(&lists), "{lists}");
    let (exit, text, _) = lab.run("apt-get install nginx");
    assert!(exit == 1 && text.ends_with("[Y/n] Abort."), "{text}");
    let (exit, _, nginx) = lab.run("apt-get install -y nginx");
    assert!(exit == 0 && (52_000_000..68_000_000).contains(&nginx), "{nginx}");
    let (exit, text, _) =
        lab.run("dpkg -s nginx | grep Status; which nginx; apt-get remove -y nginx-core; which nginx");
    assert_eq!(exit, 1, "{text}");
    assert!(text.starts_with("Status: install ok installed\n/usr/sbin/nginx\n"), "{text}");
    let (exit, _, _) = lab.run("rm -rf /var/lib/apt/lists/* && apt-get install -y curl");
    assert_eq!(exit, 100);
}

#[test]
fn apk_installs_removes_and_refuses() {
    let mut lab = Lab::of("alpine:3.19", &[]);
    let (exit, text, _) = lab.run("apk add --no-cache --virtual .deps curl make && curl http://example.org/; apk del .deps; command -v make");
    assert!(exit == 127 && text.contains("curl: (6) Could not resolve host: example.org"), "{text}");
    let (exit, text, added) = lab.run("apk add --no-cache nosuchthing");
    assert_eq!((exit, added), (1, 0));
    assert!(text.contains("nosuchthing (no such package)"), "{text}");
    let (exit, text, _) = lab.run("apk info -e curl; go version");
    assert!(exit == 127 && text.ends_with("/bin/sh: go: not found"), "{text}");
}

const PACKAGE: &str = r#"{"name":"web","version":"1.0.0","scripts":{"build":"vite build"},
  "dependencies":{"express":"^4.18.2"},"devDependencies":{"vite":"^5.0.0"}}"#;

const LOCK: &str = r#"{"name":"web","lockfileVersion":3,"packages":{"":{},
  "node_modules/express":{"version":"4.18.2"},"node_modules/vite":{"version":"5.0.10","dev":true}}}"#;

#[test]
fn npm_reads_the_lock_file() {
    let mut lab = Lab::of("node:20-alpine", &[("/app/package.json", PACKAGE), ("/app/src/main.js", "1\n")]);
    let (exit, text, _) = lab.run("npm ci");
    assert!(exit == 1 && text.contains("can only install with an existing package-lock.json"), "{text}");
    let mut lab = Lab::of(
        "node:20-alpine",
        &[("/app/package.json", PACKAGE), ("/app/package-lock.json", LOCK), ("/app/src/main.js", "1\n")],
    );
    let (exit, text, production) = lab.run("npm ci --omit=dev && ls node_modules");
    assert!(exit == 0 && text.contains("added 1 package,") && text.ends_with("express"), "{text}");
    // The bundler is a development dependency: without it the build can't run.
    let (exit, text, _) = lab.run("npm run build");
    assert!(
        exit == 127 && text.contains("/bin/sh: vite: not found") || text.contains("sh: vite: not found"),
        "{text}"
    );
    let (exit, _, all) = lab.run("npm ci && npm run build");
    assert!(exit == 0 && all > production);
    let (_, first, _) = lab.run("ls dist/assets");
    let (_, second, _) = lab.run("echo 2 > src/main.js; npm run build > /dev/null; ls dist/assets");
    assert_ne!(first, second, "another source, another bundle");
}

#[test]
fn go_builds_where_go_is() {
    let files = [
        ("/app/go.mod", "module example.com/app\n\ngo 1.21\n\nrequire github.com/gin-gonic/gin v1.9.1\n"),
        ("/app/main.go", "package main\n\nfunc main() {}\n"),
    ];
    let mut lab = Lab::of("golang:1.21-alpine", &files);
    let (exit, _, modules) =
        lab.run("go mod download && ls /go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/go.mod");
    assert!(exit == 0 && modules > 300_000);
    let (exit, text, cache) = lab.run("CGO_ENABLED=0 GOOS=linux go build -a -installsuffix cgo -o main .");
    assert_eq!((exit, text.as_str()), (0, ""));
    assert!((55_000_000..90_000_000).contains(&cache), "{cache}");
    let (_, first, _) = lab.run("sha256sum main; wc -c < main");
    let size: u64 = first.lines().last().unwrap().trim().parse().unwrap();
    assert!((1_500_000..4_000_000).contains(&size), "{size}");
    let (_, same, _) = lab.run("go build -a -installsuffix cgo -o other . ; CGO_ENABLED=0 GOOS=linux go build -a -installsuffix cgo -o main . && sha256sum main");
    assert!(first.starts_with(&same), "the same sources, the same binary");
    let (_, changed, _) = lab.run("echo '// x' >> main.go; CGO_ENABLED=0 GOOS=linux go build -a -installsuffix cgo -o main . && sha256sum main");
    assert_ne!(same, changed);
    let (exit, text, _) = lab.run("cd /tmp && go build -o x .");
    assert!(exit == 1 && text.starts_with("go: go.mod file not found"), "{text}");
}

#[test]
fn pip_installs_what_the_file_names() {
    let mut lab = Lab::of("python:3.12-slim", &[("/app/requirements.txt", "flask==3.0.0\nrequests\n")]);
    let (exit, text, cached) =
        lab.run("pip install -r requirements.txt && pip freeze | head -3 && which flask");
    assert!(exit == 0 && text.ends_with("/usr/local/bin/flask"), "{text}");
    let mut lab = Lab::of("python:3.12-slim", &[("/app/requirements.txt", "flask==3.0.0\nrequests\n")]);
    let (exit, _, bare) = lab.run("pip install --no-cache-dir -r requirements.txt");
    assert!(exit == 0 && bare < cached, "{bare} {cached}");
    let (exit, text, _) = lab.run("PIP_DISABLE_PIP_VERSION_CHECK=1 pip install -r nope.txt");
    assert_eq!(
        (exit, text.as_str()),
        (1, "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'nope.txt'")
    );
}

#[test]
fn what_bash_has_and_the_lab_has_not_says_so() {
    let mut lab = Lab::of("debian:bookworm-slim", &[]);
    for (line, what) in [
        ("bash -c 'echo before; select x in a b; do echo $x; done; echo after'", "bash's select"),
        ("bash -c 'coproc cat; echo after'", "bash's coproc"),
        ("bash -c 'coproc work { cat; }; echo after'", "bash's coproc"),
        ("bash -c 'f() { :; }; declare -f f'", "bash's declare -f"),
    ] {
        let (exit, text, _) = lab.run(line);
        assert_eq!(exit, 0, "{line}: {text}");
        assert!(!text.contains("syntax error"), "{line}: {text}");
        assert!(lab.not_modelled.iter().any(|said| said.starts_with(what)), "{line}: {:?}", lab.not_modelled);
    }
    // A word that only looks like it is none.
    let (exit, text, _) = lab.run("bash -c 'echo select x; )'");
    assert!(exit == 2 && text.contains("syntax error near unexpected token `)'"), "{text}");
}
