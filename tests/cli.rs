//! The command line: exit codes, pipes, colours, JSON, files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(unix)]
mod interrupts;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What came out of one run.
#[derive(Debug)]
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    /// Every line of standard output as JSON.
    fn events(&self) -> Vec<serde_json::Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn layerlab(folder: &Path, arguments: &[&str], input: &str) -> Run {
    run(command(folder, arguments), input.as_bytes())
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_layerlab"));
    command.args(arguments).current_dir(folder).env("LAYERLAB_HISTORY", "").env_remove("NO_COLOR");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(mut command: Command, input: &[u8]) -> Run {
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// A fresh folder with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (path, text) in files {
        fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        fs::write(folder.join(path), text).unwrap();
    }
    folder
}

const GOOD: &str = "step(\"Two and two.\");\ncheck(\"sum\", 2 + 2, 4);\n";
const BAD: &str = "check(\"sum\", 2 + 2, 5);\ncheck(\"fine\", 1, 1);\n";
const APP: &[(&str, &str)] = &[
    ("app/Dockerfile", "FROM alpine:3.19\nWORKDIR /app\nCOPY a.txt .\nRUN echo hello > b.txt\n"),
    ("app/a.txt", "a\n"),
];

#[test]
fn a_pipe_reads_like_a_transcript() {
    let folder = folder("pipe", &[]);
    let run = layerlab(&folder, &[], "40 + 2\n\nif true {\n  \"x\"\n}\nquit\nnever\n");
    insta::assert_snapshot!(run.out, @r#"
    lab> 40 + 2
    42
    lab> if true {
       >   "x"
       > }
    x
    lab> quit
    "#);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
}

#[test]
fn a_refused_line_in_a_pipe_exits_1_and_the_rest_still_runs() {
    let run = layerlab(&folder("refused", &[]), &[], "dokcer ps\n40 + 2\n");
    assert_eq!(run.code, 1);
    assert!(run.out.contains("error: ") && run.out.ends_with("42\n"), "{run:?}");
}

#[test]
fn any_bytes_in_a_pipe_are_survived() {
    let folder = folder("bytes", &[]);
    let not_text = run(command(&folder, &[]), b"1 + 1\n\xff\xfe\n");
    assert_eq!(not_text.code, 2);
    assert!(not_text.out.contains("not UTF-8"), "{not_text:?}");
    let endless = run(command(&folder, &[]), &vec![b'('; 2 << 20]);
    assert_eq!(endless.code, 2);
    for text in ["\"", "/*", "{", "`", "docker run \"", "\0", "$ 'x", ")))", "let", "\u{202e}"] {
        let run = layerlab(&folder, &[], text);
        assert!(matches!(run.code, 0 | 1), "{text:?}: {run:?}");
        assert!(!run.err.contains("panicked"), "{text:?}: {run:?}");
    }
}

#[test]
fn scenarios_exit_0_or_1() {
    let folder = folder("run", &[("good.rhai", GOOD), ("bad.rhai", BAD)]);
    let good = layerlab(&folder, &["run", "good.rhai"], "");
    assert_eq!((good.code, good.err.as_str()), (0, ""), "{good:?}");
    assert!(good.out.contains("── Two and two.") && good.out.contains("✓ 1 check passed"), "{}", good.out);

    let bad = layerlab(&folder, &["run", "bad.rhai"], "");
    assert_eq!(bad.code, 1, "{bad:?}");
    assert!(bad.out.contains("✗ sum\n    expected  5\n    actual    4\n"), "{}", bad.out);
    assert!(bad.out.ends_with("✗ 1 of 2 checks failed\n"), "{}", bad.out);

    let both = layerlab(&folder, &["run", "good.rhai", "bad.rhai"], "");
    assert_eq!(both.code, 1);
    assert!(both.out.ends_with("✗ 1 of 3 checks failed\n"), "{}", both.out);
}

#[test]
fn json_is_one_event_a_line_and_ends_with_the_result() {
    let folder = folder("json", &[("bad.rhai", BAD), ("broken.rhai", "let = ;\n")]);
    let bad = layerlab(&folder, &["run", "--json", "bad.rhai"], "");
    assert_eq!(bad.code, 1);
    let last = bad.events().pop().unwrap();
    assert_eq!(last, serde_json::json!({"event": "result", "exit": 1, "passed": 1, "failed": 1}));
    assert_eq!(bad.err, "✗ 1 of 2 checks failed\n");

    let broken = layerlab(&folder, &["run", "--json", "broken.rhai"], "");
    assert_eq!(broken.code, 2);
    let events = broken.events();
    assert_eq!(events[events.len() - 2]["event"], "error", "{broken:?}");
    assert_eq!(events[events.len() - 2]["place"]["line"], 1, "{broken:?}");
    assert!(broken.err.starts_with("error: broken.rhai:1:"), "{}", broken.err);
}

#[test]
fn a_person_may_open_any_folder_but_a_scenario_only_its_own() {
    let mut files = APP.to_vec();
    files.push(("inside/story.rhai", "open ../app as app\n"));
    let folder = folder("open", &files);
    let typed = layerlab(&folder.join("inside"), &[], "open ../app as app\ndocker build app\n");
    assert!(typed.code == 0 && typed.out.contains("COPY a.txt ."), "{typed:?}");
    let story = layerlab(&folder, &["run", "inside/story.rhai"], "");
    assert!(story.code != 0 && story.err.contains("outside the\n       folder `inside`"), "{story:?}");
    assert!(story.err.contains("1 │ open ../app as app"), "{}", story.err);
    let gone = layerlab(&folder, &[], "open gone as app\n");
    assert!(gone.code == 1 && gone.out.contains("no such file or folder"), "{gone:?}");
}

#[test]
fn a_folder_stands_for_its_scenarios() {
    let story = |text: &str| format!("step(\"{text}\"); check(\"holds\", 1, 1);\n");
    let (first, second) = (story("first"), story("second"));
    let folder = folder("many", &[("all/b.rhai", &second), ("all/a.rhai", &first), ("all/notes.txt", "x")]);
    let run = layerlab(&folder, &["run", "all"], "");
    assert!(run.code == 0 && run.err.is_empty(), "{run:?}");
    let told: Vec<&str> = run.out.lines().filter(|line| line.starts_with("── ")).collect();
    assert_eq!(told, ["── all/a.rhai", "── first", "── all/b.rhai", "── second"]);
    assert!(run.out.contains("2 checks passed"), "{run:?}");
}

#[test]
fn usage_and_unreadable_input_exit_2() {
    let folder = folder("usage", &[("dir/x", "")]);
    fs::write(folder.join("latin.rhai"), b"step(\"ok\");\nprint(\"\xe9\")\n").unwrap();
    for (arguments, words) in [
        (&["run"][..], "required arguments"),
        (&["rnu"], "unrecognized subcommand"),
        (&["run", "gone.rhai"], "error: `gone.rhai`: no such file or folder"),
        (&["run", "gone/x.rhai"], "error: `gone/x.rhai`: no such file or folder"),
        (&["run", "dir"], "error: `dir`: no scenario in this folder"),
        (&["run", "latin.rhai"], "error: latin.rhai:2:8: this is not UTF-8 text"),
        (&["build", "gone"], "error: `gone`: no such file or folder"),
        (&["build", "."], "Dockerfile"),
        (&["build", "dir", "--base", "x"], "is not of the form NAME=KNOWN"),
        (&["build", "dir", "--base", "x=alpin:3.19"], "did you mean `alpine:3.19`?"),
        (&["build", "dir", "-f", "gone"], "error: `gone`: no such file or folder"),
        (&["replay", "gone"], "gone"),
    ] {
        let run = layerlab(&folder, arguments, "");
        let code = if arguments == ["build", "."] { 1 } else { 2 };
        let said = run.err.clone() + &run.out;
        assert!(said.contains(words), "{arguments:?}: {run:?}");
        assert_eq!(run.code, code, "{arguments:?}: {run:?}");
    }
}

#[test]
fn colours_follow_the_flag_and_no_color() {
    let folder = folder("colour", &[("good.rhai", GOOD)]);
    let escapes = |arguments: &[&str], no_color: bool| {
        let mut command = command(&folder, arguments);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        run(command, b"").out.contains('\x1b')
    };
    assert!(!escapes(&["run", "good.rhai"], false), "a pipe gets no colours");
    assert!(escapes(&["--color", "always", "run", "good.rhai"], false));
    assert!(escapes(&["run", "good.rhai", "--color", "always"], true), "the flag is the last word");
    assert!(!escapes(&["--color=never", "run", "good.rhai"], false));
}

#[test]
fn help_fits_80_columns() {
    let folder = folder("help", &[]);
    for arguments in
        [&["--help"][..], &["run", "--help"], &["build", "--help"], &["replay", "--help"], &["-h"]]
    {
        let run = layerlab(&folder, arguments, "");
        assert_eq!(run.code, 0);
        assert!(run.out.lines().all(|line| line.chars().count() <= 80), "{}", run.out);
    }
}

#[test]
fn a_real_folder_is_built() {
    let folder = folder("build", APP);
    let first = layerlab(&folder, &["build", "app", "-t", "app"], "");
    assert_eq!(first.code, 0, "{first:?}");
    assert!(first.out.contains("[1/4] FROM alpine:3.19") && first.out.contains("MISS"), "{}", first.out);
    assert!(first.out.lines().all(|line| line.chars().count() <= 80), "{}", first.out);

    let again = layerlab(&folder, &["build", "app", "--again"], "");
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.out.contains("3 hit, 0 miss"), "{}", again.out);

    let events = layerlab(&folder, &["build", "app", "--json"], "").events();
    assert_eq!(events[0]["event"], "build_start");
    assert_eq!(events[events.len() - 1]["event"], "result");
}

#[test]
fn a_record_of_keys_makes_the_second_run_hit() {
    let folder = folder("cache", APP);
    let build = || layerlab(&folder, &["build", "app", "--cache", "keys.json"], "");
    let first = build();
    assert!(first.out.contains("0 hit, 3 miss"), "{first:?}");
    let second = build();
    assert!(second.out.contains("3 hit, 0 miss"), "{second:?}");
    fs::write(folder.join("app/a.txt"), "b\n").unwrap();
    let third = build();
    assert!(third.out.contains("1 hit, 2 miss") && third.out.contains("a.txt changed"), "{third:?}");

    fs::write(folder.join("keys.json"), "{ nonsense").unwrap();
    let broken = build();
    assert_eq!(broken.code, 2);
    assert!(broken.err.contains("`keys.json`") && broken.err.contains("hint: "), "{}", broken.err);
    assert_eq!(fs::read_to_string(folder.join("keys.json")).unwrap(), "{ nonsense", "it is left as it was");
}

#[test]
fn a_failed_build_exits_1() {
    let folder = folder("failed", &[("Dockerfile", "FROM alpine:3.19\nRUN echo why; false\n")]);
    let failed = layerlab(&folder, &["build", "."], "");
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.out.contains("why"), "the failed step shows what it printed: {}", failed.out);
}

#[test]
fn the_dockerfile_may_lie_elsewhere_or_come_from_a_pipe() {
    let mut files = APP.to_vec();
    files.push(("other/Dockerfile.small", "FROM alpine:3.19\nCOPY a.txt /\n"));
    let folder = folder("elsewhere", &files);
    let other = layerlab(&folder, &["build", "app", "-f", "other/Dockerfile.small"], "");
    assert!(other.code == 0 && other.out.contains("COPY a.txt /"), "{other:?}");
    let inside = layerlab(&folder, &["build", "app", "-f", "app/Dockerfile"], "");
    assert!(inside.code == 0 && inside.out.contains("WORKDIR /app"), "{inside:?}");
    let piped = layerlab(&folder, &["build", "app", "-f", "-"], "FROM scratch\nCOPY a.txt /piped\n");
    assert!(piped.code == 0 && piped.out.contains("/piped"), "{piped:?}");
}

#[test]
fn recorded_cases_are_replayed_and_counted() {
    let lookup =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/overlay/lookup.json"));
    let lookup = lookup.unwrap();
    let other = r#"{"name": "later", "topic": "not-yet"}"#;
    // The first recorded answer is made another one.
    let wrong = lookup.replacen("\"ok\":true", "\"ok\":\"true\"", 1);
    assert_ne!(wrong, lookup);
    let files = [
        ("good/lookup.json", &*lookup),
        ("good/notes.txt", "x"),
        ("good/x.json", "{}"),
        ("wrong.json", &*wrong),
    ];
    let folder = folder("replay", &files);
    fs::write(folder.join("other.json"), other).unwrap();

    let good = layerlab(&folder, &["replay", "good"], "");
    assert_eq!((good.code, good.err.as_str()), (0, ""), "{good:?}");
    assert!(good.out.contains("as recorded"), "{}", good.out);

    let json = layerlab(&folder, &["replay", "--json", "good/lookup.json"], "");
    let answers = json.events();
    let recorded: serde_json::Value = serde_json::from_str(&lookup).unwrap();
    assert_eq!(answers.len(), recorded["cases"].as_array().unwrap().len());
    assert!(answers.iter().all(|answer| answer["name"].is_string() && answer["results"].is_array()));
    assert!(json.err.contains("as recorded"), "{}", json.err);

    let wrong = layerlab(&folder, &["replay", "wrong.json"], "");
    assert_eq!(wrong.code, 1);
    let later = layerlab(&folder, &["replay", "other.json"], "");
    assert!(later.code == 1 && later.out.contains("not supported"), "{later:?}");
    let none = layerlab(&folder, &["replay", "good/x.json"], "");
    assert!(none.code == 2 && none.err.contains("hint: "), "{none:?}");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = folder("closed", &[("long.rhai", "for i in 0..20000 { print(i); }\n")]);
    let mut command = command(&folder, &["run", "long.rhai"]);
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.code().is_some());
}

#[cfg(unix)]
#[test]
fn control_c_exits_130() {
    if interrupts::ignores_interrupts() {
        return;
    }
    let folder = folder("interrupt", &[("long.rhai", "let n = 0;\nloop { n += 1; }\n")]);
    let mut child = command(&folder, &["run", "long.rhai"]).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let code = child.wait().unwrap().code();
    // A fast machine may have reached the limit of operations before.
    assert!(matches!(code, Some(130 | 1)), "{code:?}");
}

/// Every call that the book documents, as an author writes it.
#[test]
fn an_author_finds_every_function() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/author");
    let run = layerlab(&folder, &["run", "every_function.rhai", "--json"], "");
    assert!(run.code == 0, "{}{}", run.out, run.err);
    let last = run.events().pop().unwrap();
    assert_eq!(last, serde_json::json!({"event": "result", "exit": 0, "passed": 32, "failed": 0}));
}

#[test]
fn a_build_may_be_given_packages() {
    let folder = folder(
        "packages",
        &[
            ("app/Dockerfile", "FROM alpine:3.19\nRUN apk add --no-cache acme\nRUN cat /etc/acme\n"),
            (
                "acme.json",
                r#"{"apk": [{"name": "acme", "version": "1-r0", "files": {"/etc/acme": "on\n"}}]}"#,
            ),
            ("wrong.json", r#"{"apk": [{"name": "acme", "verison": "1-r0"}]}"#),
        ],
    );
    let run = layerlab(&folder, &["build", "app", "--packages", "acme.json"], "");
    assert!(run.code == 0 && run.out.contains("3 [3/3] RUN cat /etc/acme"), "{run:?}");
    let run = layerlab(&folder, &["build", "app"], "");
    assert!(run.code == 1 && run.out.contains("acme (no such package)"), "{run:?}");
    for (file, message) in [
        ("wrong.json", "wrong.json: apk[0] \"acme\": there is no field `verison`"),
        ("none.json", "none.json"),
    ] {
        let run = layerlab(&folder, &["build", "app", "--packages", file], "");
        assert!(run.code == 2 && run.err.contains(message), "{run:?}");
    }
}

#[test]
fn a_build_may_be_given_addresses() {
    let folder = folder(
        "urls",
        &[
            (
                "app/Dockerfile",
                "FROM alpine:3.19\nRUN wget -O /b https://get.example/a\nADD https://get.example/a /a\n",
            ),
            ("urls.json", r#"{"https://get.example/a": "hello\n"}"#),
            ("wrong.json", r#"{"https://get.example/a": {"txet": "1"}}"#),
        ],
    );
    let run = layerlab(&folder, &["build", "app", "--urls", "urls.json", "--strict"], "");
    assert!(run.code == 0 && run.out.contains("2 miss"), "{run:?}");
    let run = layerlab(&folder, &["build", "app"], "");
    assert!(run.code == 1 && run.out.contains("bad address 'get.example'"), "{run:?}");
    assert!(run.out.contains("urls(#{ \"https://get.example/a\": \"text\" })"), "{run:?}");
    for (file, message) in [
        ("wrong.json", "wrong.json: https://get.example/a: there is no field `txet`"),
        ("none.json", "none.json"),
    ] {
        let run = layerlab(&folder, &["build", "app", "--urls", file], "");
        assert!(run.code == 2 && run.err.contains(message), "{run:?}");
    }
}

#[test]
fn a_hit_from_a_record_keeps_the_mark() {
    let folder =
        folder("marks", &[("app/Dockerfile", "FROM alpine:3.19\nADD https://nowhere.example/a /a\n")]);
    let arguments = ["build", "app", "--json", "--cache", "cache.json"];
    for verdict in ["MISS", "HIT"] {
        let run = layerlab(&folder, &arguments, "");
        let step = run.events().into_iter().find(|event| event["number"] == 2).unwrap();
        assert!(step["modelled"] == false && step["verdict"].to_string().contains(verdict), "{step}");
        let built = run.events().into_iter().find(|event| event.get("not_modelled").is_some()).unwrap();
        assert_eq!(built["not_modelled"], 1, "{built}");
    }
}

#[test]
fn a_prediction_that_no_build_follows_is_a_failed_check() {
    let folder = folder("unjudged", &[("s.rhai", "predict(\"COPY . .\", \"HIT\");\n")]);
    let run = layerlab(&folder, &["run", "s.rhai"], "");
    assert!(run.code == 1 && run.out.contains("you said HIT, it was no build"), "{run:?}");
}

/// Every answer is a question first: which layer, how many bytes, HIT or MISS.
#[test]
fn a_scenario_is_a_quiz() {
    let story = r##"
let m = mount([layer(#{ "/a": "1" }), layer(#{ "/big": filled(5000000), "/a": "0" })]);
m.which("/a");
m.append("/big", "x");
m.append("/big", "y");
m.create("/new", "z");
check("hushed", m.read("/a"), "1");
let app = context("app", #{ "Dockerfile": "FROM alpine:3.19\nCOPY f /f\nRUN cat /f\n", "f": "1" });
docker build -q app
docker build app
"##;
    let answers = "2\n5 MB\nwhat?\n5000000\nh\nmiss\n";
    let folder = folder("quiz", &[("s.rhai", story), ("answers", answers)]);
    let told = |arguments: &[&str], input: &str| {
        let run = layerlab(&folder, arguments, input);
        assert_eq!(run.code, 0, "{run:?}");
        run.out
    };
    let out = told(&["run", "s.rhai", "--answers", "answers"], "");
    let said: Vec<&str> = out.lines().map(str::trim).filter(|line| line.contains("you said")).collect();
    let expected = [
        "✓ which layer wins /a   you said 2, it was 2",
        "✓ bytes copied up for /big   you said 5000000, it was 5000000",
        "✗ bytes copied up for /big   you said 5000000, it was 0",
        "✓ COPY f /f   you said HIT, it was HIT",
        "✗ RUN cat /f   you said MISS, it was HIT",
    ];
    assert_eq!(said, expected, "{out}");
    assert!(out.contains("\nscore: 3 of 5 right\n"), "{out}");
    // Typed, or out of a pipe; when the answers end nobody is asked any more.
    let out = told(&["run", "--predict", "s.rhai"], "2\n\n");
    assert!(out.contains("score: 1 of 1 right") && out.contains("how many bytes are copied up"), "{out}");
    // For a class: the same as JSON.
    let out = told(&["run", "--json", "--answers", "answers", "s.rhai"], "");
    assert_eq!(out.matches("\"event\":\"predicted\"").count(), 5, "{out}");
    let missing = layerlab(&folder, &["run", "s.rhai", "--answers", "nothing"], "");
    assert!(missing.code == 2 && missing.err.contains("`nothing`"), "{missing:?}");
}

#[test]
fn check_tells_what_it_finds_and_exits_for_ci() {
    let bad = "FROM alpine:3.19 as web\nCOPY . /app\n";
    let good = "FROM alpine:3.19 AS web\nCOPY a.txt /app/\n";
    let files = [
        ("app/Dockerfile", bad),
        ("app/good.Dockerfile", good),
        ("app/broken", "FROM alpine:3.19\nRUNN x\n"),
        ("app/a.txt", "a\n"),
        ("edits", "# what was edited\na.txt\n"),
    ];
    let at = folder("check", &files);
    let found = layerlab(&at, &["check", "app"], "");
    assert_eq!(found.code, 1);
    assert!(found.out.starts_with("Check complete, 1 warning has been found!\n"), "{}", found.out);
    assert!(found.out.contains("CopyCarriesDockerfile"), "{}", found.out);

    for fine in [&["check", "app/good.Dockerfile"][..], &["check", "app", "-f", "app/good.Dockerfile"]] {
        let clean = layerlab(&at, fine, "");
        assert_eq!(
            clean.out,
            "Check complete, no warnings found.\n\nLayers played, nothing found in them.\n"
        );
        assert_eq!(clean.code, 0);
    }
    let skipped = layerlab(&at, &["check", "app", "--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=all"], "");
    assert_eq!(skipped.code, 0, "{}", skipped.out);
    let piped = layerlab(&at, &["check", "app", "-f", "-", "--edits", "edits"], good);
    assert_eq!(piped.code, 0, "{}", piped.out);

    let events = layerlab(&at, &["check", "app", "--json"], "").events();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["checked", "finding", "checked", "finding", "result"]);
    assert_eq!((events[1]["rule"].as_str(), events[1]["line"].as_u64()), (Some("FromAsCasing"), Some(1)));
    assert_eq!(events[4]["exit"], 1);

    let broken = layerlab(&at, &["check", "app/broken"], "");
    assert_eq!(broken.code, 1);
    assert!(broken.out.contains("unknown instruction: RUNN (did you mean RUN?)"), "{}", broken.out);
    for wrong in [&["check", "nowhere"][..], &["check", "."], &["check", "app/a.txt", "-f", "app/broken"]] {
        let refused = layerlab(&at, wrong, "");
        assert_eq!(refused.code, 2, "{wrong:?}: {}", refused.out);
        assert!(refused.err.starts_with("error: "), "{wrong:?}: {}", refused.err);
    }
}

const WEB: &[(&str, &str)] = &[
    ("web/Dockerfile", "FROM alpine:3.19\nCOPY a.txt /a\nRUN cat /a\nCOPY b.txt /b\n"),
    ("web/a.txt", "a\n"),
    ("web/b.txt", "b\n"),
    ("edits", "change a.txt\nb.txt\n"),
    ("wrong", "change a.txt\nchagne b.txt\n"),
];

#[test]
fn what_an_edit_costs_is_told_with_an_exit_code() {
    let folder = folder("why", WEB);
    let told = layerlab(&folder, &["why", "web", "--change", "b.txt", "--json"], "");
    assert_eq!((told.code, told.events().len()), (0, 2), "{told:?}");
    let words = |told: &Run, builder: usize| -> Vec<String> {
        let rows = told.events()[0]["rows"].as_array().unwrap().clone();
        rows.iter().map(|row| row["cells"][builder]["verdict"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words(&told, 0), ["BASE", "HIT", "HIT", "MISS"]);
    // The flags with two words; the edit of a line that makes the build fail is a no.
    let told = layerlab(
        &folder,
        &["why", "web", "--chmod", "a.txt", "755", "--edit-line", "4", "COPY c.txt /b"],
        "",
    );
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.out.contains("mode of a.txt changed, 0644 → 0755"), "{}", told.out);
    assert!(
        told.out.contains("did you mean `a.txt`?") || told.out.contains("COPY reads the context"),
        "{}",
        told.out
    );
    assert_eq!(layerlab(&folder, &["why", "web", "--change", "nope"], "").code, 2);
    assert_eq!(layerlab(&folder, &["why", "nowhere"], "").code, 2);
    // With a record the edits are the real ones.
    assert_eq!(layerlab(&folder, &["build", "web", "--cache", "record"], "").code, 0);
    fs::write(folder.join("web/a.txt"), "other\n").unwrap();
    let told = layerlab(&folder, &["why", "web", "--cache", "record", "--builder", "buildkit", "--json"], "");
    assert_eq!(words(&told, 0), ["BASE", "MISS", "MISS", "MISS"]);
}

#[test]
fn an_order_is_proposed_over_a_list_of_edits_and_written_where_asked() {
    let folder = folder("order", WEB);
    let told = layerlab(&folder, &["order", "web", "--edits", "edits", "-o", "Better"], "");
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("no other order"), "{}", told.out);
    assert_eq!(fs::read_to_string(folder.join("Better")).unwrap(), WEB[0].1);
    let told = layerlab(&folder, &["order", "web", "--edits", "wrong"], "");
    assert_eq!(told.code, 2);
    assert!(told.err.contains("wrong:2:1") && told.err.contains("did you mean `change`?"), "{}", told.err);
}

#[test]
fn a_graph_is_drawn_of_a_folder_a_file_or_a_pipe() {
    let folder = folder("graph", WEB);
    let of_folder = layerlab(&folder, &["graph", "web"], "");
    let of_file = layerlab(&folder, &["graph", "web/Dockerfile"], "");
    let of_pipe = layerlab(&folder, &["graph", "-"], WEB[0].1);
    assert_eq!(of_folder.code, 0, "{of_folder:?}");
    assert_eq!((&of_folder.out, &of_file.out), (&of_file.out, &of_pipe.out));
    assert_eq!(layerlab(&folder, &["graph", "web", "--format", "svg"], "").code, 2);
    assert_eq!(layerlab(&folder, &["graph", "web", "--target", "x"], "").code, 2);
}

/// A save by renaming over the file, as editors do; then one in place; then Ctrl-C.
#[cfg(all(unix, feature = "watch"))]
#[test]
fn a_watched_folder_is_answered_for_at_each_save() {
    use std::io::{BufRead, BufReader};
    use std::sync::mpsc::channel;
    use std::time::Duration;
    if interrupts::ignores_interrupts() {
        return;
    }
    let folder = folder("watch", WEB);
    let mut child = command(&folder, &["why", "web", "--watch", "--json"]).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (lines, read) = channel();
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            let _ = lines.send(serde_json::from_str::<serde_json::Value>(&line).unwrap());
        }
    });
    let next = |event: &str| loop {
        let line = read.recv_timeout(Duration::from_secs(30)).expect(event);
        if line["event"] == event {
            return line;
        }
    };
    assert_eq!(next("what_if")["builders"][0]["misses"], 0);
    next("hint");
    fs::write(folder.join("web/.b.swp"), "new b\n").unwrap();
    fs::rename(folder.join("web/.b.swp"), folder.join("web/b.txt")).unwrap();
    let saved = next("what_if");
    assert_eq!(saved["edits"][0]["what"], "b.txt: other contents");
    assert_eq!((&saved["builders"][0]["hits"], &saved["builders"][0]["misses"]), (&2.into(), &1.into()));
    fs::write(folder.join("web/a.txt"), "new a\n").unwrap();
    let saved = next("what_if");
    assert_eq!(saved["edits"][0]["what"], "a.txt: other contents");
    assert_eq!(saved["builders"][0]["misses"], 3);
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn both_builders_are_compared_on_a_real_folder() {
    let folder = folder("compare", WEB);
    let told = layerlab(&folder, &["build", "web", "--again", "--compare"], "");
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.ends_with("the builders agree on every line\n"), "{}", told.out);
    let events = layerlab(&folder, &["build", "web", "--why", "--json"], "").events();
    let decided = events.iter().find(|event| event["event"] == "decisions").unwrap();
    assert_eq!(decided["rows"][1]["cells"][0]["verdict"], "MISS");
    assert_eq!(layerlab(&folder, &["build", "web", "--compare", "--why"], "").code, 2);
}

#[test]
fn secrets_come_from_files_and_variables_and_stay_in_no_record() {
    let dockerfile = "FROM alpine:3.19\nRUN --mount=type=secret,id=tok cat /run/secrets/tok | wc -c\nRUN --mount=type=secret,id=var,env=VAR test \"$VAR\" = hush || exit 7\n";
    let at = folder("secrets", &[("app/Dockerfile", dockerfile), ("token", "very secret\n")]);
    let build = |more: &[&str]| {
        let mut command = command(&at, &[&["build", "app", "--cache", "cache.json"], more].concat());
        command.env("LAYERLAB_TEST_VAR", "hush");
        run(command, b"")
    };
    let given =
        ["--secret", "id=tok,src=token", "--secret", "id=var,env=LAYERLAB_TEST_VAR", "--label", "a=b"];
    let first = build(&given);
    assert_eq!(first.code, 0, "{}", first.out);
    let record = fs::read_to_string(at.join("cache.json")).unwrap();
    assert!(!record.contains("very secret") && !record.contains("hush\""), "{record}");
    // Without them the record still answers; looked up in no stage, the second one fails.
    assert_eq!(build(&[]).code, 0);
    let failed = build(&["--no-cache-filter", "0,stage-0", "--no-cache"]);
    assert_eq!(failed.code, 1, "{}", failed.out);
    assert!(failed.out.contains("exit code: 7"), "{}", failed.out);
    for (wrong, words) in [("tok", "invalid field 'tok'"), ("id=tok,src=nowhere", "nowhere")] {
        let refused = build(&["--secret", wrong]);
        assert_eq!(refused.code, 2, "{}", refused.out);
        assert!(refused.err.contains(words), "{}", refused.err);
    }
}
