//! The course holds: each exercise's start fails on a goal, its solution and an alternative pass, wrong
//! answers get hints that fit. What a student reads on the way is a snapshot.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::course::{self, Course, Exercise, File, Files, Progress, work_of};
use layerlab::fs::{Contents, Inode};
use layerlab::render::{Style, text};
use layerlab::script::{Judgement, Work};
use layerlab::trace::{CourseNews, Event};

fn embedded() -> Course {
    Course::embedded().unwrap()
}

fn shown(news: CourseNews) -> String {
    text(&Event::Course(Box::new(news)), &Style::default())
}

#[test]
fn every_exercise_keeps_its_promises() {
    let mut broken = String::new();
    for exercise in &embedded().exercises {
        let news = course::test(exercise, None).unwrap();
        if !matches!(news, CourseNews::Tested { ok: true, .. }) {
            broken.push_str(&shown(news));
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

/// Task, start, wrong answers, the solution and the alternative, as a student would read them.
#[test]
fn what_a_student_reads() {
    for exercise in &embedded().exercises {
        let mut told = exercise.readme.clone();
        for (part, judged) in course::plays(exercise, None).unwrap() {
            let judgement = judged.unwrap_or_else(|error| panic!("{} {part}: {error}", exercise.name));
            let failing = judgement.goals.iter().find(|goal| !goal.ok).cloned();
            told.push_str(&format!("\n──── {part}\n{}", shown(exercise.news(judgement))));
            for (at, text) in failing.iter().flat_map(|goal| goal.hints.iter().enumerate()) {
                let of = HINTS;
                told.push_str(&shown(CourseNews::Hint {
                    exercise: exercise.name.clone(),
                    goal: failing.as_ref().unwrap().text.clone(),
                    level: at + 1,
                    of,
                    text: text.clone(),
                }));
            }
        }
        for line in told.lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", exercise.name);
        }
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("course_{}", exercise.name), told);
        });
    }
}

const HINTS: usize = 3;

#[test]
fn exercises_are_numbered_in_the_order_of_the_course_and_say_where_they_lie() {
    let course = embedded();
    for exercise in &course.exercises {
        assert!(exercise.name.starts_with(&format!("{:02}_", exercise.number)), "{}", exercise.name);
        assert!(exercise.start.contains_key("README.md"));
        assert!(!exercise.start.contains_key("goals.rhai"));
        // A path in the task is that of this exercise.
        for at in
            exercise.readme.match_indices("layerlab-course/").map(|(at, _)| at + "layerlab-course/".len())
        {
            assert!(exercise.readme[at..].starts_with(&exercise.name), "{}", exercise.name);
        }
    }
}

#[test]
fn a_new_exercise_holds() {
    let exercise = Exercise::from_files("30_mine", course::skeleton()).unwrap();
    let news = course::test(&exercise, None).unwrap();
    assert!(matches!(news, CourseNews::Tested { ok: true, .. }), "{}", shown(news));
}

/// Every function that only the goals have is told of in the notes of a new exercise.
#[test]
fn the_notes_of_a_new_exercise_name_the_judges_functions() {
    let goals = String::from_utf8(course::skeleton()["goals.rhai"].bytes.clone()).unwrap();
    for word in [
        "student ",
        "rebuild()",
        "edit(",
        "play(",
        "view(",
        "start()",
        "goal(",
        "text_of(",
        "ls_of(",
        "why(",
        "at_most(",
        "at_least(",
        "one_of(",
        "having(",
    ] {
        assert!(goals.contains(word), "{word}");
    }
}

// ---- exercises that are made up here ------------------------------------------------------------

fn file(text: &str) -> File {
    File { bytes: text.as_bytes().to_vec(), executable: false }
}

fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(path, text)| ((*path).to_owned(), file(text))).collect()
}

/// An exercise with these goals; the student's files are the start.
fn judged(goals: &str, student: &[(&str, &str)]) -> Result<Judgement, layerlab::error::Error> {
    let mut all = files(student);
    all.insert("README.md".to_owned(), file("# Made up\n"));
    all.insert("goals.rhai".to_owned(), file(goals));
    let exercise = Exercise::from_files("01_made_up", all).unwrap();
    exercise.judge(&work_of(&exercise.start), None)
}

fn verdict(goals: &str, student: &[(&str, &str)]) -> String {
    match judged(goals, student) {
        Ok(judgement) => shown(CourseNews::Judged {
            exercise: "01_made_up".to_owned(),
            title: "Made up".to_owned(),
            passed: judgement.passed(),
            goals: judgement.goals,
            why: judgement.why,
        }),
        Err(error) => text(&Event::from(&error), &Style::default()),
    }
}

#[test]
fn a_failed_goal_shows_what_differs() {
    let goals = r#"
goal("a number", 1200000, at_most(1000000), "h");
goal("a choice", "c", one_of(["a", "b"]), "h");
goal("a text", "one\ntwo\n", "one\nthree\n", "h");
goal("a list", ["a", "b", "d"], ["a", "b", "c", "d"], "h");
goal("a map", #{ hits: 1, misses: 2 }, #{ hits: 2, misses: 1 }, "h");
goal("nothing", [], ["/etc/app"], "h");
goal("what can't be compared", "a", 1, "h");
goal("a list with it", ["a", "b\n"], having("c"), "h");
goal("it holds", ["a", "c"], having("c"), "h");
goal("no list", 7, having("c"), "h");
goal("it holds", 4, at_least(3), "h");
why("never said");
"#;
    insta::assert_snapshot!(verdict(goals, &[]));
}

/// A name, goals, and the student's files.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

#[test]
fn whatever_the_student_wrote_is_a_goal_that_does_not_hold() {
    let build = "let built = rebuild();\ngoal(\"unreached\", 1, 1, \"h\");";
    let play = "let left = play(\"answer.rhai\");\ngoal(\"unreached\", 1, 1, \"h\");";
    let cases: &[Case<'_>] = &[
        ("no Dockerfile", build, &[("a.txt", "a")]),
        ("a Dockerfile that is none", build, &[("Dockerfile", "\u{0}\u{1}GIF89a\n\n")]),
        ("an unknown instruction", build, &[("Dockerfile", "FROM alpine:3.19\nRUNN ls\n")]),
        ("a step that fails", build, &[("Dockerfile", "FROM alpine:3.19\nRUN cat /nothing\n")]),
        ("a file that is not there", build, &[("Dockerfile", "FROM alpine:3.19\nCOPY nothing /\n")]),
        ("a step without end", build, &[("Dockerfile", "FROM alpine:3.19\nRUN while true; do :; done\n")]),
        ("no script", play, &[]),
        ("a script that is none", play, &[("answer.rhai", "let = = 1;")]),
        ("a script without end", play, &[("answer.rhai", "loop { }")]),
        ("a script that throws", play, &[("answer.rhai", "throw \"up\";")]),
        ("an errno nobody caught", play, &[("answer.rhai", "mount([layer()]).read(\"/a\");")]),
        ("a script that imports", play, &[("answer.rhai", "import \"other\" as o;"), ("other.rhai", "")]),
        ("a script that opens a folder", play, &[("answer.rhai", "open / as root\n")]),
        (
            "a variable that is missing",
            "play(\"answer.rhai\", #{ m: \"Mount\" });",
            &[("answer.rhai", "let n = 1;")],
        ),
        (
            "a variable of another kind",
            "play(\"answer.rhai\", #{ m: \"Mount\" });",
            &[("answer.rhai", "let m = 1;")],
        ),
        ("a script that starts the course", play, &[("answer.rhai", "course solution --give-up\n")]),
    ];
    let mut told = String::new();
    for (name, goals, student) in cases {
        let judgement = judged(goals, student).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!judgement.passed(), "{name}");
        told.push_str(&format!("──── {name}\n{}", verdict(goals, student)));
    }
    insta::assert_snapshot!(told);
}

/// Bytes that are no text anywhere a text is expected.
#[test]
fn files_of_any_bytes_are_judged() {
    for bytes in [vec![0xff, 0xfe, 0x00], vec![0; 100_000], b"FROM \xff\xff\n".to_vec()] {
        let work: Work = ["Dockerfile", "answer.rhai", ".dockerignore", "goals.rhai"]
            .iter()
            .map(|name| ((*name).to_owned(), Inode::file(Contents::bytes(bytes.clone()))))
            .collect();
        for goals in ["rebuild();", "play(\"answer.rhai\");"] {
            let exercise =
                Exercise::from_files("01_x", files(&[("README.md", "# X\n"), ("goals.rhai", goals)]))
                    .unwrap();
            let judgement = exercise.judge(&work, None).unwrap();
            assert!(!judgement.passed());
        }
    }
}

#[test]
fn a_student_cannot_hold_a_goal_true() {
    let goals = "let left = play(\"answer.rhai\");\ngoal(\"the answer is 42\", left.answer, 42, \"h\");";
    let tries = [
        // The judge's functions are not there.
        "goal(\"the answer is 42\", 42, 42, \"h\"); let answer = 1;",
        "why(\"because\"); let answer = 1;",
        // Functions of their own are not used.
        "fn goal(a, b, c, d) { } fn compare(a, b) { true } let answer = 1;",
        // Something that would run when it is looked at.
        "let answer = || 42;",
        "let answer = #{ to_string: || \"42\" };",
        // Nothing at all.
        "",
    ];
    for answer in tries {
        let judgement =
            judged(goals, &[("answer.rhai", answer), ("goals.rhai", "goal(\"x\", 1, 1, \"h\");")]);
        assert!(!judgement.is_ok_and(|judgement| judgement.passed()), "{answer}");
    }
    let right = judged(goals, &[("answer.rhai", "let answer = 40 + 2;")]).unwrap();
    assert!(right.passed());
}

/// A list in a list in a list …, a map in a map …, a list that is doubled: each ends, and none is a crash.
#[test]
fn values_of_any_depth_are_judged() {
    let goals = "let left = play(\"answer.rhai\");\ngoal(\"deep\", left.len(), 99, \"h\");";
    for deep in [
        "let a = []; loop { let b = []; b.push(a); a = b; }",
        "let a = #{}; loop { let b = #{}; b.x = a; a = b; }",
        "let a = \"x\"; loop { a += a; }",
        "let a = [1]; loop { a += a; }",
    ] {
        assert!(!judged(goals, &[("answer.rhai", deep)]).unwrap().passed(), "{deep}");
    }
}

#[test]
fn a_script_leaves_its_lab_to_the_goals() {
    let goals = r#"
let left = play("answer.rhai");
goal("its mount", text_of(left.m, "/a"), "new\n", "h");
goal("its container", text_of(container("web"), "/etc/hostname2"), "x\n", "h");
goal("its image", image("app").layers.len() - image("alpine:3.19").layers.len(), 1, "h");
goal("its layer", left.top.count, 1, "h");
goal("its list", left.list, ["a", 1, true], "h");
"#;
    let answer = r#"
let top = layer(#{ "/a": "old\n" });
let m = mount([top]);
m.write("/a", "new\n");
let list = ["a", 1, true];
docker build -t app .
docker run -d --name web app
let c = container("web");
c.write("/etc/hostname2", "x\n");
"#;
    let student = [("answer.rhai", answer), ("Dockerfile", "FROM alpine:3.19\nRUN touch /b\n")];
    let told = verdict(goals, &student);
    assert!(judged(goals, &student).unwrap().passed(), "{told}");
}

#[test]
fn edits_are_made_on_a_copy_and_decide_the_verdicts() {
    let goals = r##"
rebuild();
edit("app.py", "print(2)\n");
let again = rebuild();
goal("one step ran again", again.misses, 1, "h");
goal("its mode stays", student.stat("run.sh").mode, 0o755, "h");
edit("run.sh", "#!/bin/sh\nexit 1\n");
goal("its mode stays after an edit", student.stat("run.sh").mode, 0o755, "h");
edit("new/deep/file", "x");
goal("it is there", text_of(student, "new/deep/file"), "x", "h");
goal("another is not", text_of(student, "nowhere"), "(no such file or directory)", "h");
"##;
    let mut all = files(&[
        ("README.md", "# X\n"),
        ("goals.rhai", goals),
        ("Dockerfile", "FROM alpine:3.19\nCOPY run.sh /\nCOPY app.py /\n"),
        ("app.py", "print(1)\n"),
    ]);
    all.insert("run.sh".to_owned(), File { bytes: b"#!/bin/sh\n".to_vec(), executable: true });
    let exercise = Exercise::from_files("01_x", all).unwrap();
    let judgement = exercise.judge(&work_of(&exercise.start), None).unwrap();
    assert!(judgement.passed(), "{}", shown(exercise.news(judgement)));
}

/// What is wrong with the goals themselves is told to their author, with its place.
#[test]
fn faulty_goals_are_an_error_with_a_place() {
    let mut told = String::new();
    for goals in [
        "goal(\"no hint\", 1, 1);",
        "goal(\"wrong hint\", 1, 1, 7);",
        "let x = ;",
        "nosuch(1);",
        "view(rebuild().image).read(\"/nothing\");",
        "loop { }",
        "goal(\"turned round\", at_least(3), 4, \"h\");",
    ] {
        told.push_str(&verdict(goals, &[("Dockerfile", "FROM alpine:3.19\n")]));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_test_says_what_an_exercise_lacks() {
    let exercise = Exercise::from_files(
        "01_x",
        files(&[
            ("README.md", "A task without a title\n"),
            ("goals.rhai", "goal(\"it is there\", student.exists(\"a\"), true, \"only one hint\");"),
            ("b", "b"),
            ("solution/c", "c"),
            ("wrong-1/a", "a"),
            ("wrong-2/c", "c"),
            ("wrong-3/d", "d"),
        ]),
    )
    .unwrap();
    insta::assert_snapshot!(shown(course::test(&exercise, None).unwrap()));
}

#[test]
fn a_folder_that_is_no_course_is_told_apart() {
    let refused = |list: &[(&str, &str)]| {
        let error = Course::from_files(files(list)).unwrap_err();
        text(&Event::from(&error), &Style::default())
    };
    let mut told = String::new();
    told.push_str(&refused(&[]));
    told.push_str(&refused(&[("notes/README.md", "# Notes\n")]));
    told.push_str(&refused(&[("01_a/goals.rhai", "")]));
    told.push_str(&refused(&[("01_a/README.md", "# A\n")]));
    told.push_str(&refused(&[("a/README.md", "# A\n"), ("a/goals.rhai", "")]));
    told.push_str(&refused(&[
        ("01_a/README.md", "# A\n"),
        ("01_a/goals.rhai", ""),
        ("1_b/README.md", "# B\n"),
        ("1_b/goals.rhai", ""),
    ]));
    insta::assert_snapshot!(told);
}

#[test]
fn exercises_are_found_by_number_and_name() {
    let course = embedded();
    let first = &course.exercises[0];
    for word in ["1", "01", first.name.as_str(), first.short(), "01_shadowing/"] {
        assert_eq!(course.find(word).unwrap().name, first.name, "{word}");
    }
    let error = course.find("shadowin").unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("did you mean `shadowing`?"));
}

#[test]
fn progress_goes_forward() {
    let course = embedded();
    let (first, second) = (&course.exercises[0], course.exercises.get(1));
    let mut progress = Progress::default();
    assert_eq!(progress.next(&course).map(|one| &one.name), Some(&first.name));
    progress.begin(first);
    progress.checked(first, false);
    assert_eq!(progress.next(&course).map(|one| &one.name), Some(&first.name));
    progress.checked(first, true);
    progress.checked(first, false);
    assert!(progress.of(first).unwrap().passed, "once passed it stays so");
    assert_eq!(progress.next(&course).map(|one| &one.name), second.map(|one| &one.name));
    progress.gave_up(first);
    assert!(!progress.of(first).unwrap().gave_up, "it was passed before");
    assert_eq!(Progress::read(progress.text().as_bytes()), Ok(progress));
}

/// Answers that no author thought of: each is judged, and none is an error of the goals.
#[test]
fn odd_answers_are_judged_like_any_other() {
    let dockerfiles = [
        "",
        "FROM scratch\n",
        "FROM scratch\nCOPY . /\n",
        "FROM alpine:3.19\n",
        "FROM busybox\nUSER nobody-knows\n",
        "FROM busybox AS web\nUSER nobody-knows\nFROM web AS worker\n",
        "FROM alpine:3.19\nRUN rm -rf / --no-preserve-root\n",
        "FROM alpine:3.19\nRUN rm -rf /bin /lib /usr /app /srv /etc; true\n",
        "FROM alpine:3.19\nRUN mkdir -p /data /release /data.sum /list /fetched /var/lib/db /usr/local/bin/tool /app/main\n",
        "FROM alpine:3.19\nRUN echo > /app; echo > /srv; ln -s /nowhere /list; ln -s /release /release\n",
        "FROM alpine:3.19 AS web\nLABEL build=1 other=2\nENV COMMIT\nFROM scratch AS worker\n",
    ];
    let scripts = [
        "",
        "let m = 1; let c = 2; let top = []; let base = #{}; let layers = \"x\"; let command = 1; let notes = ();",
        "let m = mount([layer()]); let top = layer(); let base = layer();",
        "docker run -d --name web busybox\nlet c = container(\"web\");\nc.exec(\"rm -rf /etc\");",
        "let base = layer(#{ \"/srv\": \"a file\" }); let top = layer(#{ \"/srv\": whiteout() }); let m = mount([top, base]);",
    ];
    let mut broken = String::new();
    for exercise in &embedded().exercises {
        let scripted = exercise.start.contains_key("answer.rhai");
        let (path, answers) =
            if scripted { ("answer.rhai", &scripts[..]) } else { ("Dockerfile", &dockerfiles[..]) };
        for answer in answers {
            let mut files = exercise.start.clone();
            files.insert(path.to_owned(), file(answer));
            match exercise.judge(&work_of(&files), None) {
                Ok(judgement) if judgement.passed() => {
                    broken.push_str(&format!("{}: {answer:?} passes\n", exercise.name));
                }
                Ok(_) => {}
                Err(error) => broken.push_str(&format!("{}: {answer:?}: {error}\n", exercise.name)),
            }
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

/// The page of the book lists each exercise under its number and title, and the author's page tells of each
/// function that only the goals have.
#[test]
fn the_book_lists_the_exercises() {
    let page = |name: &str| {
        std::fs::read_to_string(format!("{}/book/src/{name}.md", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let list = page("course");
    let course = embedded();
    for exercise in &course.exercises {
        let row = format!("\n| {} | {} | ", exercise.number, exercise.title);
        assert!(list.contains(&row), "{row}");
    }
    assert!(list.contains(&format!("has {} exercises", course.exercises.len())));
    let author = page("author");
    for word in [
        "rebuild()",
        "edit(",
        "start()",
        "play(",
        "`student`",
        "view(",
        "text_of(",
        "ls_of(",
        "goal(",
        "why(",
    ] {
        assert!(author.contains(&format!("| `{}", word.trim_start_matches('`'))), "{word}");
    }
}

/// The exercise that the author's page writes from nothing holds.
#[test]
fn the_exercise_of_the_authors_page_holds() {
    let page = std::fs::read_to_string(format!("{}/book/src/author.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let block = |kind: &str| {
        let rest = page.split_once(&format!("```{kind}\n")).unwrap().1;
        rest.split_once("```").unwrap().0.to_owned()
    };
    let start = block("Dockerfile");
    let exercise = Exercise::from_files(
        "01_size",
        files(&[
            ("README.md", "# Size\n"),
            ("Dockerfile", &start),
            ("goals.rhai", &block("rhai")),
            ("solution/Dockerfile", "FROM alpine:3.19\nRUN apk add --no-cache curl\n"),
            (
                "alternative/Dockerfile",
                "FROM alpine:3.19\nRUN apk update && apk add curl && rm -rf /var/cache/apk/*\n",
            ),
            ("wrong-1/Dockerfile", &format!("{start}RUN rm -rf /var/cache/apk\n")),
            ("wrong-2/Dockerfile", "FROM alpine:3.19\n"),
        ]),
    )
    .unwrap();
    let news = course::test(&exercise, None).unwrap();
    assert!(matches!(news, CourseNews::Tested { ok: true, .. }), "{}", shown(news));
}
