//! Bytes that nobody meant, at every door: a clear answer, never a panic, never a hang.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longer than this is a hang, also in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

fn layerlab(folder: &Path, arguments: &[&str], input: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_layerlab"))
        .args(arguments)
        .current_dir(folder)
        .env("LAYERLAB_HISTORY", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let input = input.to_vec();
    // A thread for each pipe, so that no full one looks like a hang.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let (out, err) = (collect(stdout), collect(stderr));
    let started = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    writer.join().unwrap();
    Run { code, out: out.join().unwrap(), err: err.join().unwrap() }
}

fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A fresh folder with these files.
fn folder(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bad_input").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (path, bytes) in files {
        fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        fs::write(folder.join(path), bytes).unwrap();
    }
    folder
}

/// Bytes that are the same each time and mean nothing.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// What is thrown at every door, by name.
fn nasties() -> Vec<(String, Vec<u8>)> {
    let text = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let many = |name: &str, piece: &str, count: usize| (name.to_owned(), piece.repeat(count).into_bytes());
    let mut all = vec![
        text("nothing", ""),
        text("a line end", "\n"),
        text("NUL", "\0\0\0"),
        text("a byte order mark", "\u{feff}FROM scratch\n"),
        text("carriage returns", "FROM scratch\r\nRUN x\r\n\rlet a = 1;\r\n"),
        text("an open quote", "\"never closed"),
        text("an open heredoc", "FROM scratch\nRUN <<EOF\necho hi\n"),
        text("an open variable", "FROM ${a:-${b:-${c\n"),
        text("escapes only", "\\\\\\\\\\\n\\\n\\"),
        text("direction marks", "FROM \u{202e}hctarcs\u{202c}\n\u{200f}\n"),
        text("wide and joined", "층層é\u{301}👩‍👩‍👧\tFROM\u{3000}x\n"),
        text("an escape of terminals", "\u{1b}[2J\u{1b}]0;title\u{7}docker ps\n"),
        text("wrong JSON", "{\"format\": \"layerlab-cache/1\", \"records\": [{\"id\": 3}]}"),
        text("a big number", "{\"builds\": 99999999999999999999999999999999}"),
        text("a negative range", "[z-a]\n[\n[^\n!\n**/**/**/**/*a\n"),
        text("a list of cases", "[{\"op\": \"nosuch\"}, 3, null, {\"ops\": [{}]}]"),
        many("open brackets", "(", 20_000),
        many("open braces", "#{ a: ", 5_000),
        many("open lists", "[", 100_000),
        many("open substitutions", "$(", 10_000),
        many("open defaults", "${a:-", 5_000),
        many("stars", "*", 20_000),
        many("many lines", "a\n", 3_000),
        many("one long line", "a", 300_000),
        many("nots", "!", 50_000),
        many("continuations", "\\\n", 20_000),
        ("no UTF-8".to_owned(), b"FROM \xff\xfe\nRUN \x80\n".to_vec()),
    ];
    all.extend((1..=6).map(|seed| (format!("noise {seed}"), noise(seed, 3_000))));
    all
}

/// A door: the files that lead to it and what is typed.
struct Door {
    name: &'static str,
    /// Where the nasty bytes lie; empty when they are typed.
    file: &'static str,
    arguments: &'static [&'static str],
    /// Stands before the nasty bytes.
    before: &'static str,
}

const DOORS: &[Door] = &[
    Door { name: "Dockerfile", file: "app/Dockerfile", arguments: &["build", "app"], before: "" },
    Door {
        name: "Dockerfile, legacy",
        file: "app/Dockerfile",
        arguments: &["build", "app", "--builder", "legacy", "--json"],
        before: "FROM alpine:3.19\n",
    },
    Door {
        name: "RUN",
        file: "app/Dockerfile",
        arguments: &["build", "app"],
        before: "FROM alpine:3.19\nCOPY . /a\nRUN ",
    },
    Door { name: ".dockerignore", file: "app/.dockerignore", arguments: &["build", "app"], before: "" },
    Door {
        name: "cache file",
        file: "cache.json",
        arguments: &["build", "app", "--cache", "cache.json"],
        before: "",
    },
    Door { name: "scenario", file: "s.rhai", arguments: &["run", "s.rhai"], before: "" },
    Door {
        name: "scenario as JSON",
        file: "s.rhai",
        arguments: &["run", "--json", "s.rhai"],
        before: "let a = ",
    },
    Door { name: "module", file: "lib.rhai", arguments: &["run", "imports.rhai"], before: "" },
    Door { name: "prompt", file: "", arguments: &[], before: "" },
    Door { name: "docker line", file: "", arguments: &[], before: "docker run " },
    Door { name: "shell line", file: "", arguments: &[], before: "$ echo " },
    Door { name: "corpus", file: "cases.json", arguments: &["replay", "cases.json"], before: "" },
    Door { name: "corpus of builds", file: "cases.json", arguments: &["replay", "--json", "."], before: "[" },
];

/// What stands in every folder.
const AROUND: &[(&str, &[u8])] = &[
    ("app/Dockerfile", b"FROM alpine:3.19\nCOPY . /app\n"),
    ("app/file", b"x\n"),
    ("imports.rhai", b"import \"lib\" as lib;\ncheck(\"in\", true);\n"),
];

fn knock(door: &Door, name: &str, bytes: &[u8]) -> Result<(), String> {
    let folder = folder(&format!("{} {name}", door.name).replace([' ', ',', '.'], "_"), AROUND);
    let all = [door.before.as_bytes(), bytes].concat();
    let input: &[u8] = if door.file.is_empty() { &all } else { b"" };
    if !door.file.is_empty() {
        fs::write(folder.join(door.file), &all).unwrap();
    }
    let run = layerlab(&folder, door.arguments, input);
    let _ = fs::remove_dir_all(&folder);
    let about = |what: &str| {
        let tail: String = run.err.chars().rev().take(600).collect::<Vec<_>>().into_iter().rev().collect();
        Err(format!("{} at `{}`: {what} (code {:?})\n{tail}", name, door.name, run.code))
    };
    match run.code {
        None => return about("hangs, or was killed"),
        Some(0..=2) => {}
        Some(_) => return about("an exit code that means nothing"),
    }
    if run.err.contains("panicked") || run.out.contains("panicked at") {
        return about("panics");
    }
    if run.out.contains('\u{1b}') || run.err.contains('\u{1b}') {
        return about("lets an escape through to the terminal");
    }
    if run.code == Some(2) && !run.err.contains("error: ") && !run.out.contains("error: ") {
        return about("refuses without a word");
    }
    if door.arguments.contains(&"--json") {
        let wrong = run.out.lines().find(|line| serde_json::from_str::<serde_json::Value>(line).is_err());
        if wrong.is_some() {
            return about("prints a line that is no JSON");
        }
    }
    Ok(())
}

#[test]
fn every_door_stands_up_to_every_nasty() {
    let nasties = nasties();
    let jobs: Vec<(&Door, &(String, Vec<u8>))> =
        DOORS.iter().flat_map(|door| nasties.iter().map(move |nasty| (door, nasty))).collect();
    let half = jobs.len().div_ceil(2);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let work = |part: &[(&Door, &(String, Vec<u8>))]| -> Vec<String> {
            part.iter().filter_map(|(door, (name, bytes))| knock(door, name, bytes).err()).collect()
        };
        let (one, two) = jobs.split_at(half);
        let other = scope.spawn(move || work(two));
        let mut failures = work(one);
        failures.extend(other.join().unwrap());
        failures
    });
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// What never ends by itself is stopped, and the message says what was running.
#[test]
fn what_never_ends_is_stopped() {
    for (line, says) in [
        ("loop { }", "stopped in the script"),
        ("while true { }", "stopped in the script"),
        ("for i in 0..999999999999 { }", ""),
        ("fn f() { f() } f()", "call each other too deeply"),
        ("let s = \"x\"; loop { s += s; }", "too large"),
        ("let l = [0]; loop { l += l; }", "too large"),
        ("$ while true; do :; done", "stopped in"),
        ("$ f() { f; }; f", "nested deeper"),
        ("$ yes", "bytes of new data"),
        ("$ x=a; while true; do x=$x$x; done", "stopped in"),
        ("sleep(1000000)", ""),
        ("$ sleep 1000000", ""),
    ] {
        let run = layerlab(&folder("endless", &[]), &[], format!("{line}\n40 + 2\n").as_bytes());
        assert!(run.out.contains(says) && run.out.ends_with("42\n"), "{line}: {}{}", run.out, run.err);
        assert!(run.code == Some(i32::from(!says.is_empty())), "{line}: {:?}", run.code);
    }
}

/// A RUN step in a small build, as each shell.
fn step(name: &str, shell: &str, line: &str) -> Run {
    let base = if shell == "/bin/bash" { "ubuntu:22.04" } else { "alpine:3.19" };
    let argv = serde_json::json!([shell, "-c", line]);
    let dockerfile = format!("FROM {base}\nRUN {argv}\n");
    let folder = folder(name, &[("Dockerfile", dockerfile.as_bytes())]);
    layerlab(&folder, &["build", "."], b"")
}

/// RUN lines that would never end, or would fill the machine: the step fails and says why, the lab lives.
#[test]
fn run_steps_that_would_never_end_fail_and_the_lab_lives() {
    let lines = [
        ("a fork bomb", "bomb() { bomb | bomb & }; bomb"),
        ("an endless loop", "while :; do :; done"),
        ("a file of zeros", "cat /dev/zero > /f"),
        ("a name without end", "read x < /dev/zero"),
        ("a function that calls itself", "f() { f; }; f"),
        ("a function in its own substitution", "f() { echo $(f); }; f"),
        ("a script that calls itself", "printf '#!/bin/sh\\n/s\\n' > /s; chmod +x /s; /s"),
        ("a script that reads itself", "printf '. /s\\n' > /s; . /s"),
        ("a trap that sets itself off", "trap 'kill -USR1 $$' USR1; kill -USR1 $$"),
        ("a loop that reads from what never ends", "yes | while read x; do :; done"),
        ("awk without end", "awk 'BEGIN{while(1)s=s \"x\"}'"),
    ];
    for (number, (what, line)) in lines.into_iter().enumerate() {
        // The shells share what stops them.
        let shell = ["/bin/sh", "/bin/bash"][number % 2];
        let run = step("endless_step", shell, line);
        let told = ["stopped in", "nested deeper", "bytes of new data"];
        let told = told.iter().any(|text| run.out.contains(text) || run.err.contains(text));
        assert!(told && run.code == Some(1), "{what} ({shell}): {line}\n{}{}", run.out, run.err);
    }
}

/// RUN lines that look as bad and end: described, refused, or as the real shells end them.
#[test]
fn run_steps_that_only_look_endless_end() {
    let deep = |open: &str, inside: &str, close: &str, count: usize| {
        format!("{}{inside}{}", open.repeat(count), close.repeat(count))
    };
    let mut lines = vec![
        "dd if=/dev/zero of=/f bs=1G count=1000 && cp /f /g && wc -c /g".to_owned(),
        "fallocate -l 1T /f; truncate -s 100T /g; ls -l /f /g".to_owned(),
        "x=$(printf 'a%.0s' $(seq 1 2000)); case $x in *a*a*a*a*a*a*a*a*a*b) echo y;; esac".to_owned(),
        "printf 'a%.0s' $(seq 1 5000) | grep -E '(a*)*b'".to_owned(),
        "printf 'a%.0s' $(seq 1 5000) | sed 's/\\(a*\\)*\\(a*\\)*b/x/' | wc -c".to_owned(),
        "awk 'BEGIN{s=\"a\"; for(i=0;i<12;i++)s=s s; if (s ~ /(a+)+b/) print \"y\"}'".to_owned(),
        "touch aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; echo *a*a*a*a*a*a*a*a*a*b".to_owned(),
        "printf '#!/s\\n' > /s; chmod +x /s; /s".to_owned(),
        "ln -s /a /b; ln -s /b /a; cat /a; cd /a; echo x > /a".to_owned(),
        "ln -s . /l; ls /l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l".to_owned(),
        "mkdir -p /d/e; ln -s .. /d/e/up; find -L /d | wc -l; grep -R x /d".to_owned(),
        "alias a=b b=a\na".to_owned(),
        "alias 'a=a a a '\na a a".to_owned(),
        "trap f EXIT; f() { exit; }; exit".to_owned(),
        "trap 'kill $$' TERM; echo".to_owned(),
        "x=1; y=x+y; echo $((y))".to_owned(),
        "echo $((2**9999999999)) $((1<<99999))".to_owned(),
        "sleep infinity & sleep 99999".to_owned(),
        format!("echo {} | wc -c", "x".repeat(1 << 20)),
        "x".repeat(1 << 20),
        format!("x={}; y=$x$x$x$x; echo ${{#y}}", "x".repeat(1 << 18)),
        "printf 'a\\000b' > /f; x=$(cat /f); echo ${#x}; tr '\\000' x < /f".to_owned(),
        deep("(", "x", ")", 300),
        deep("$(", "x", ")", 300),
        format!("echo $(({}))", deep("(", "1", ")", 300)),
        deep("{ ", "x", "; }", 500),
        format!("[[ {} ]]", deep("( ", "a", " )", 300)),
        format!("echo {}", deep("${x:-", "y", "}", 300)),
        "`".repeat(5001),
        "if ".repeat(400),
        "case x in ".repeat(100),
        "f() { ".repeat(300),
        "cat <<A ".repeat(300),
        format!("{}true", "! ".repeat(1000)),
        format!("{}true", "true | ".repeat(1000)),
        format!("{}true", "true && ".repeat(10_000)),
    ];
    let ext = "[[ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab == *(*(*(a)))c ]]; echo $?";
    lines.push(ext.to_owned());
    for line in &lines {
        for shell in ["/bin/sh", "/bin/bash"] {
            let run = step("odd_step", shell, line);
            let shown: String = line.chars().take(80).collect();
            let panics = run.err.contains("panicked") || run.out.contains("panicked");
            let ended = matches!(run.code, Some(0 | 1));
            assert!(!panics && ended, "{shell}: {shown}\n{}{}", run.out, run.err);
        }
    }
}
