//! The course on a real disk: what a student types and reads, and whatever lies in the folder.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A fresh folder.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("course").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_layerlab"));
    command.args(arguments).current_dir(folder).env("LAYERLAB_HISTORY", "");
    command.env_remove("LAYERLAB_COURSE").env_remove("NO_COLOR");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What came out on both streams, and the exit status.
fn course(folder: &Path, line: &str) -> (String, i32) {
    let arguments: Vec<&str> = ["course"].into_iter().chain(line.split_whitespace()).collect();
    run(command(folder, &arguments))
}

fn run(mut command: Command) -> (String, i32) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (text, output.status.code().unwrap_or(-1))
}

/// Types the lines one after the other; what a student reads.
fn session(folder: &Path, lines: &[&str]) -> String {
    let mut told = String::new();
    for line in lines {
        let (text, code) = course(folder, line);
        told.push_str(&format!("$ layerlab course {line}\n{text}"));
        if code != 0 {
            told.push_str(&format!("? {code}\n"));
        }
    }
    told
}

fn progress(folder: &Path) -> serde_json::Value {
    let bytes = fs::read(folder.join("layerlab-course/progress.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Puts the first exercise's solution into the student's folder.
fn solve(folder: &Path) {
    let answer =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/course/01_shadowing/solution/Dockerfile");
    fs::copy(answer, folder.join("layerlab-course/01_shadowing/Dockerfile")).unwrap();
}

/// An exercise that is quick to judge, as a teacher's course.
fn teachers(at: &Path, numbers: &[u32]) {
    for number in numbers {
        let exercise = at.join(format!("{number:02}_text"));
        fs::create_dir_all(exercise.join("solution")).unwrap();
        fs::write(exercise.join("README.md"), format!("# Text {number}\n\nWrite {number} into `a`.\n"))
            .unwrap();
        fs::write(exercise.join("a"), "0\n").unwrap();
        fs::write(exercise.join("solution/a"), format!("{number}\n")).unwrap();
        let goals = format!(
            "goal(\"a says {number}\", text_of(student, \"a\"), \"{number}\\n\", [\"one\", \"two\", \"three\"]);\nwhy(\"So it is.\");\n"
        );
        fs::write(exercise.join("goals.rhai"), goals).unwrap();
    }
}

#[test]
fn a_student_goes_through_the_first_exercise() {
    let at = folder("student");
    let mut told = session(
        &at,
        &[
            "check",
            "start",
            "",
            "check",
            "hint",
            "hint 1",
            "hint shadowing",
            "hint",
            "solution",
            "solution --give-up",
        ],
    );
    solve(&at);
    told.push_str(&session(&at, &["check", "hint", "solution", "reset", "check", "start 1", "check --all"]));
    assert!(at.join("layerlab-course/kept/01_shadowing-1/Dockerfile").exists());
    insta::assert_snapshot!(told);
    let progress = &progress(&at)["exercises"]["01_shadowing"];
    assert_eq!(progress["passed"], true, "once passed it stays so");
    assert_eq!(progress["gave_up"], true);
}

#[test]
fn the_whole_list_can_be_walked() {
    let at = folder("walk");
    teachers(&at.join("mine"), &[1, 2, 3]);
    let mut told = session(&at, &["--course mine", "start --course mine", "goto 3 --course mine"]);
    fs::write(at.join("layerlab-course/03_text/a"), "3\n").unwrap();
    told.push_str(&session(&at, &["check --course mine", "start --course mine", "--course mine"]));
    for number in [1, 2] {
        let _ = course(&at, &format!("start {number} --course mine"));
        fs::write(at.join(format!("layerlab-course/{number:02}_text/a")), format!("{number}\n")).unwrap();
    }
    told.push_str(&session(
        &at,
        &["check --all --course mine", "start --course mine", "progress --course mine"],
    ));
    told.push_str(&session(
        &at,
        &["progress --course mine --json", "goto 7 --course mine", "check nowhere --course mine"],
    ));
    insta::assert_snapshot!(told);
}

#[test]
fn a_teachers_course_is_named_by_the_environment_too() {
    let at = folder("environment");
    teachers(&at.join("mine"), &[7]);
    let mut listed = command(&at, &["course"]);
    listed.env("LAYERLAB_COURSE", "mine");
    assert!(run(listed).0.contains("7  Text 7"));
    let mut listed = command(&at, &["course"]);
    listed.env("LAYERLAB_COURSE", "nowhere");
    let (text, code) = run(listed);
    assert_eq!((text.as_str(), code), ("error: `nowhere`: no such file or folder\n", 2));
}

// ---- whatever lies in the folder ------------------------------------------------------------------

#[test]
fn a_folder_with_anything_in_it_gets_a_clear_message() {
    let at = folder("anything");
    let outside = folder("anything-outside");
    fs::write(outside.join("secret"), "secret\n").unwrap();
    let work = at.join("layerlab-course");
    let mut told = String::new();
    let mut case = |name: &str, make: &dyn Fn(&Path), lines: &[&str]| {
        let _ = fs::remove_dir_all(&work);
        let _ = course(&at, "start 1");
        make(&work.join("01_shadowing"));
        told.push_str(&format!("──── {name}\n{}", session(&at, lines)));
        assert!(progress(&at)["exercises"]["01_shadowing"].is_object(), "{name}: progress is kept");
    };
    let bytes = |path: &str, bytes: &'static [u8]| {
        let path = path.to_owned();
        move |student: &Path| fs::write(student.join(&path), bytes).unwrap()
    };
    case("bytes that are no Dockerfile", &bytes("Dockerfile", b"\xff\xfe\x00FROM\r\r"), &["check"]);
    case("an empty Dockerfile", &bytes("Dockerfile", b""), &["check"]);
    case("goals of the student's own", &bytes("goals.rhai", b"goal(\"x\", 1, 1, \"h\");"), &["check"]);
    case("no Dockerfile", &|student| fs::remove_file(student.join("Dockerfile")).unwrap(), &["check"]);
    case("nothing", &|student| fs::remove_dir_all(student).unwrap(), &["check", "hint", "start"]);
    case(
        "a file in place of the folder",
        &|student| {
            fs::remove_dir_all(student).unwrap();
            fs::write(student, "mine\n").unwrap();
        },
        &["check", "start 1", "reset", "check --all"],
    );
    let to_root = |student: &Path| {
        fs::remove_dir_all(student).unwrap();
        symlink("/", student).unwrap();
    };
    case("a link to / in place of the folder", &to_root, &["check", "start 1", "reset", "watch"]);
    case(
        "a link to / in the folder",
        &|student| symlink("/", student.join("house/root")).unwrap(),
        &["check"],
    );
    case(
        "links that lead out",
        &|student| {
            fs::remove_file(student.join("Dockerfile")).unwrap();
            symlink(folder("anything-outside").join("secret"), student.join("Dockerfile")).unwrap();
        },
        &["check"],
    );
    case(
        "a folder in place of the Dockerfile",
        &|student| {
            fs::remove_file(student.join("Dockerfile")).unwrap();
            fs::create_dir(student.join("Dockerfile")).unwrap();
        },
        &["check"],
    );
    case(
        "a huge file",
        &|student| fs::File::create(student.join("huge")).unwrap().set_len(1 << 40).unwrap(),
        &["check"],
    );
    case(
        "folders without end",
        &|student| fs::create_dir_all(student.join("d/".repeat(60))).unwrap(),
        &["check"],
    );
    case(
        "a pipe, which nobody may wait for",
        &|student| {
            assert!(Command::new("mkfifo").arg(student.join("house/pipe")).status().unwrap().success())
        },
        &["check"],
    );
    case(
        "names that are no text",
        &|student| {
            let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"house/\xff\xfe");
            fs::write(student.join(name), "x").unwrap();
        },
        &["check"],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn nothing_outside_the_folder_is_touched() {
    let at = folder("inside");
    let outside = folder("inside-outside");
    fs::write(outside.join("keep"), "keep\n").unwrap();
    let work = at.join("layerlab-course");
    fs::create_dir_all(&work).unwrap();
    // Every name that the course writes to leads out.
    symlink(outside.join("keep"), work.join("progress.json")).unwrap();
    symlink(&outside, work.join("kept")).unwrap();
    symlink(&outside, work.join("01_shadowing")).unwrap();
    let told = session(&at, &["start 1", "reset 1", "check 1", "goto 2", "reset 2", "check --all", "hint"]);
    assert_eq!(fs::read_to_string(outside.join("keep")).unwrap(), "keep\n", "{told}");
    let names: Vec<_> = fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["keep"], "{told}");
    assert!(work.join("progress.json.damaged-1").symlink_metadata().unwrap().is_symlink(), "{told}");
}

// ---- progress -------------------------------------------------------------------------------------

#[test]
fn damaged_progress_is_set_aside() {
    let at = folder("damaged");
    teachers(&at.join("mine"), &[1]);
    let file = at.join("layerlab-course/progress.json");
    let mut told = session(&at, &["start --course mine"]);
    for damage in ["{ \"version\": 1, \"exerc", "", "[]", "{\"version\": 99}", "null\u{0}"] {
        fs::write(&file, damage).unwrap();
        told.push_str(&session(&at, &["check 1 --course mine", "--course mine"]));
    }
    insta::assert_snapshot!(told);
    let kept = fs::read_to_string(at.join("layerlab-course/progress.json.damaged-1")).unwrap();
    assert_eq!(kept, "{ \"version\": 1, \"exerc");
    assert!(at.join("layerlab-course/progress.json.damaged-5").exists());
}

#[test]
fn progress_survives_a_kill_at_any_moment() {
    let at = folder("killed");
    teachers(&at.join("mine"), &[1, 2]);
    let _ = course(&at, "start 1 --course mine");
    fs::write(at.join("layerlab-course/01_text/a"), "1\n").unwrap();
    assert_eq!(course(&at, "check --course mine").1, 0);
    let mut least = 1;
    for round in 0..60_u64 {
        let mut child = command(&at, &["course", "check", "1", "--course", "mine"]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_micros(round * 400));
        let _ = child.kill();
        let _ = child.wait();
        let now = progress(&at);
        assert_eq!(now["exercises"]["01_text"]["passed"], true);
        let checks = now["exercises"]["01_text"]["checks"].as_u64().unwrap();
        assert!(checks >= least, "nothing that was noted is lost");
        least = checks;
    }
    let (text, code) = course(&at, "check 1 --course mine");
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("damaged"), "{text}");
}

#[test]
fn two_programs_in_one_folder_take_turns() {
    let at = folder("turns");
    teachers(&at.join("mine"), &[1]);
    let _ = course(&at, "start 1 --course mine");
    let spawn = || command(&at, &["course", "check", "--course", "mine"]).spawn().unwrap();
    let children: Vec<_> = (0..8).map(|_| spawn()).collect();
    for mut child in children {
        child.wait().unwrap();
    }
    assert_eq!(progress(&at)["exercises"]["01_text"]["checks"], 8);
}

/// Runs a line in a small disk of its own, where this system allows one.
fn on_a_disk(name: &str, prepare: &str, line: &str) -> Option<(String, i32)> {
    let at = folder(name);
    teachers(&at.join("mine"), &[1]);
    fs::create_dir(at.join("disk")).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=64k none disk 2>/dev/null || exit 77\n\
         \"$LAB\" course start 1 --course mine --in disk/work >/dev/null || exit 78\n{prepare}\n\
         \"$LAB\" course {line} --course mine --in disk/work; code=$?\n\
         echo; cat disk/work/progress.json; ls disk/work; exit $code"
    );
    let mut unshared = Command::new("unshare");
    unshared.args(["-rm", "sh", "-c", &script]).current_dir(&at).env("LAB", env!("CARGO_BIN_EXE_layerlab"));
    unshared.env_remove("LAYERLAB_COURSE").stdin(Stdio::null());
    let Ok(output) = unshared.output() else { return None };
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    match output.status.code() {
        Some(77) => None,
        _ if text.contains("unshare: ") => None,
        code => Some((text, code.unwrap_or(-1))),
    }
}

#[test]
fn a_disk_without_room_or_read_only_keeps_progress() {
    let full = "dd if=/dev/zero of=disk/fill bs=1k >/dev/null 2>&1 || true";
    let read_only = "mount -o remount,ro disk || exit 77";
    let cases = [
        ("full-check", full, "check", "no space left on device"),
        ("full-hint", full, "hint", "no space left on device"),
        ("full-reset", full, "reset", "no space left on device"),
        ("ro-check", read_only, "check", "read-only file system"),
        (
            "ro-goto",
            "rm -r disk/work/01_text; mount -o remount,ro disk || exit 77",
            "goto 1",
            "read-only file system",
        ),
        ("ro-reset", read_only, "reset", "read-only file system"),
    ];
    for (name, prepare, line, words) in cases {
        let Some((text, code)) = on_a_disk(name, prepare, line) else {
            eprintln!("skipped: no disk of one's own here");
            return;
        };
        let words_of = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words_of.contains(words), "{name}: {text}");
        assert_eq!(code, 2, "{name}: {text}");
        assert!(text.contains("\"current\": \"01_text\""), "{name}: progress is as it was: {text}");
        // The verdict and the hint are shown all the same.
        if name.ends_with("check") {
            assert!(text.contains("✗ a says 1"), "{name}: {text}");
        }
        if name.ends_with("hint") {
            assert!(text.contains("hint 1 of 3: one"), "{name}: {text}");
        }
    }
}

// ---- classes and authors --------------------------------------------------------------------------

#[test]
fn a_class_is_checked_in_a_table() {
    let at = folder("class");
    teachers(&at.join("mine"), &[1, 2]);
    for (path, text) in [
        ("class/ada/01_text/a", "1\n"),
        ("class/ada/02_text/a", "2\n"),
        ("class/bob/layerlab-course/01_text/a", "wrong\n"),
        ("class/cy/02_text/a", "2\n"),
        ("class/dan/notes.txt", "none\n"),
        ("class/readme.txt", "no student\n"),
    ] {
        fs::create_dir_all(at.join(path).parent().unwrap()).unwrap();
        fs::write(at.join(path), text).unwrap();
    }
    symlink("/", at.join("class/dan/01_text")).unwrap();
    symlink("/", at.join("class/eve")).unwrap();
    let mut told =
        session(&at, &["check-all class --course mine", "check-all class --course mine --exercise 2 --json"]);
    for name in ["bob", "cy", "dan"] {
        fs::remove_dir_all(at.join("class").join(name)).unwrap();
    }
    told.push_str(&session(
        &at,
        &[
            "check-all class --course mine",
            "check-all nowhere --course mine",
            "check-all mine/01_text/solution",
        ],
    ));
    insta::assert_snapshot!(told);
}

#[test]
fn a_teacher_writes_an_exercise() {
    let at = folder("author");
    let mut told = session(
        &at,
        &["new hello", "test 01_hello", "new hello", "new 01_hello", "new ../up", "new 5_x", "new y", "test"],
    );
    fs::write(at.join("01_hello/solution/greeting.txt"), "hello\n").unwrap();
    told.push_str(&session(&at, &["test 01_hello", "test nowhere", "test --json 05_x"]));
    insta::assert_snapshot!(told);
}

#[test]
fn an_exercise_is_tested_at_each_save() {
    let at = folder("author-watch");
    let _ = course(&at, "new 1_x");
    let mut child = command(&at, &["course", "test", "1_x", "--watch"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut until =
        |words: &str| lines.by_ref().map(Result::unwrap).find(|line| line.contains(words)).unwrap();
    until("following 1_x");
    fs::write(at.join("saved"), "hello\n").unwrap();
    fs::rename(at.join("saved"), at.join("1_x/solution/greeting.txt")).unwrap();
    until("✗ solution passes");
    until("following 1_x");
    child.kill().unwrap();
    child.wait().unwrap();
}

// ---- watching, and the prompt ---------------------------------------------------------------------

#[test]
fn watching_checks_at_each_save_and_obeys_keys() {
    let at = folder("watch");
    teachers(&at.join("mine"), &[1, 2]);
    let mut watch = command(&at, &["course", "watch", "--course", "mine"]);
    let mut child = watch.stdin(Stdio::piped()).spawn().unwrap();
    let mut keys = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = String::new();
    let mut until = |words: &str| {
        for line in lines.by_ref() {
            let line = line.unwrap();
            told.push_str(&format!("{line}\n"));
            if line.contains(words) {
                return;
            }
        }
        panic!("{words} never came:\n{told}");
    };
    until("q quit");
    for (key, then) in [
        ("h", "hint 1 of 3"),
        ("n", "not passed yet"),
        ("l", "0 of 2"),
        ("r", "start files again"),
        ("c", "✗ a says 1"),
    ] {
        writeln!(keys, "{key}").unwrap();
        until(then);
        until("q quit");
    }
    // In one step, as a careful editor saves: half a save would be checked as well.
    fs::write(at.join("saved"), "1\n").unwrap();
    fs::rename(at.join("saved"), at.join("layerlab-course/01_text/a")).unwrap();
    until("✓ passed");
    until("n next");
    writeln!(keys, "n").unwrap();
    until("Text 2");
    until("q quit");
    writeln!(keys, "q").unwrap();
    let mut rest = String::new();
    let _ = child.stderr.take().unwrap().read_to_string(&mut rest);
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    insta::assert_snapshot!(told);
}

/// At a terminal a key is enough, and the terminal is a plain one again behind it.
#[test]
fn watching_at_a_terminal_takes_single_keys() {
    use expectrl::{Eof, Expect, Session};
    let at = folder("watch-terminal");
    teachers(&at.join("mine"), &[1, 2]);
    let mut shell = Command::new("sh");
    let line = r#"stty sane; "$0" course watch --course mine; echo "status=$?"; stty -a"#;
    shell.args(["-c", line, env!("CARGO_BIN_EXE_layerlab")]).current_dir(&at);
    shell.env_remove("LAYERLAB_COURSE").env("TERM", "xterm");
    let mut pty = Session::spawn(shell).unwrap();
    pty.set_expect_timeout(Some(std::time::Duration::from_secs(30)));
    pty.expect("q quit").unwrap();
    for (key, then) in [("h", "hint 1 of 3"), ("l", "0 of 2"), ("n", "not passed yet"), ("c", "a says 1")] {
        pty.send(key).unwrap();
        let told = pty.expect(then).unwrap();
        assert!(!String::from_utf8_lossy(told.before()).contains("and Enter"));
        pty.expect("q quit").unwrap();
    }
    pty.send("q").unwrap();
    for words in ["status=0", " icanon", " echo "] {
        pty.expect(words).unwrap();
    }
    pty.expect(Eof).unwrap();
}

#[test]
fn the_prompt_knows_the_course() {
    let at = folder("prompt");
    let typed = |lines: &str| {
        let mut repl = command(&at, &[]);
        let mut child = repl.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let mut told = typed(
        "course\ncourse start\ncourse check\ncourse hint\ncourse solution\ncourse check 99\ncourse wathc\n",
    );
    solve(&at);
    told.push_str(&typed(
        "course check\ncourse solution\ncourse reset\ncourse goto 1\ncourse watch\ncourse new x\ncourse test .\ncourse check-all .\nopen layerlab-course/01_shadowing as app\ndocker build -q -t app app | wc -l\n",
    ));
    insta::assert_snapshot!(told);
}

#[test]
fn a_scenario_has_no_course() {
    let at = folder("scenario");
    fs::write(at.join("s.rhai"), "course start 1\n").unwrap();
    let (text, code) = run(command(&at, &["run", "s.rhai"]));
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("the course is for a person at the prompt"), "{text}");
    assert!(!at.join("layerlab-course").exists());
}

/// What a task says to type can be typed: in a shell, or at the prompt after the lines of `answer.rhai`.
#[test]
fn what_a_task_says_to_type_can_be_typed() {
    let at = folder("typed");
    let exercises = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/course");
    let mut typed = 0;
    for exercise in fs::read_dir(exercises).unwrap().map(|entry| entry.unwrap().path()) {
        let name = exercise.file_name().unwrap().to_string_lossy().into_owned();
        let readme = fs::read_to_string(exercise.join("README.md")).unwrap();
        assert_eq!(course(&at, &format!("start {name}")).1, 0);
        let mut lines = fs::read_to_string(exercise.join("answer.rhai")).unwrap_or_default();
        let task = readme.replace('\n', " ");
        for code in task.split('`').skip(1).step_by(2) {
            if let Some(line) = code.strip_prefix("layerlab ") {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("\"$LAB\" {line}")]).current_dir(&at).stdin(Stdio::null());
                shell.env("LAB", env!("CARGO_BIN_EXE_layerlab")).env_remove("LAYERLAB_COURSE");
                let (text, code) = run(shell);
                assert!(code == 0 || code == 1, "{name}: {line}: {text}");
                typed += 1;
            } else if ["open ", "docker ", "stack ", "m.", "c.", "help ", "urls("]
                .iter()
                .any(|word| code.starts_with(word))
            {
                lines.push_str(code);
                lines.push('\n');
                typed += 1;
            }
        }
        let mut repl = command(&at, &[]);
        let mut child = repl.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
    assert!(typed > 20, "{typed}");
}
