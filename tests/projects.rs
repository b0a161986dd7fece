//! Dockerfiles as people write them: they play to the end, a second build hits, an edit says what it costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A copy of a project that may be edited, alone in its folder.
fn copy_of(project: &str) -> PathBuf {
    // Tests run side by side: each has a copy, and a record of keys, of its own.
    static COPIES: AtomicUsize = AtomicUsize::new(0);
    let copy_number = COPIES.fetch_add(1, Ordering::Relaxed);
    let to = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("projects/{project}-{copy_number}"));
    let _ = fs::remove_dir_all(&to);
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects").join(project), &to.join("app"));
    to
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

struct Played {
    code: i32,
    events: Vec<serde_json::Value>,
    err: String,
}

impl Played {
    /// The verdict of each step, behind the first words of its instruction.
    fn verdicts(&self) -> Vec<(String, String)> {
        let steps = self.events.iter().filter(|event| event["event"] == "step");
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        steps.map(|step| (text(&step["instruction"]), text(&step["verdict"]))).collect()
    }

    fn all(&self, verdict: &str) -> Vec<String> {
        self.verdicts()
            .into_iter()
            .filter(|(_, is)| is == verdict)
            .map(|(instruction, _)| instruction)
            .collect()
    }
}

fn build(folder: &Path, more: &[&str]) -> Played {
    let output = Command::new(env!("CARGO_BIN_EXE_layerlab"))
        .args(["build", "app", "--cache", "cache.json", "--json"])
        .args(more)
        .current_dir(folder)
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    Played {
        code: output.status.code().unwrap(),
        events: out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Project, a file of its sources, and what an edit of it leaves cached and what not.
const PROJECTS: &[(&str, &str, &[&str], &[&str])] = &[
    (
        "poetry",
        "app.py",
        &["RUN --mount=type=cache,target=/root/.cache/pypoetry"],
        &["COPY --chown=app:app . /app"],
    ),
    (
        "pnpm",
        "src/server.ts",
        &["COPY --from=deps", "RUN --mount=type=cache,id=pnpm"],
        &["RUN pnpm run build", "COPY --from=build"],
    ),
    ("go", "cmd/server/main.go", &["RUN --mount=type=cache,target=/go/pkg/mod go mod"], &["COPY . ."]),
    (
        "chef",
        "src/main.rs",
        &["RUN cargo install", "RUN apt-get"],
        &["COPY --from=planner", "RUN cargo build"],
    ),
    (
        "maven",
        "src/main/A.java",
        &["RUN mvn -B dependency"],
        &["COPY src", "COPY --from=build /build/target"],
    ),
    ("php", "index.php", &["RUN composer", "RUN apk"], &["COPY . /var"]),
    ("onbuild", "config/app.conf", &[], &["COPY config/", "COPY --from=test"]),
];

#[test]
fn projects_play_to_their_end() {
    for (project, source, kept, lost) in PROJECTS {
        let folder = copy_of(project);
        let first = build(&folder, &[]);
        assert!(first.code == 0, "{project}: {}", first.err);
        assert!(first.all("HIT").is_empty() && first.all("MISS").len() > 3, "{project}");

        let second = build(&folder, &[]);
        assert!(second.code == 0 && second.all("MISS").is_empty(), "{project}: {:?}", second.all("MISS"));

        let path = folder.join("app").join(source);
        let edited = fs::read_to_string(&path).unwrap() + "\n";
        fs::write(&path, edited).unwrap();
        let third = build(&folder, &[]);
        let has = |list: &[String], start: &str| list.iter().any(|one| one.starts_with(start));
        for start in *kept {
            assert!(has(&third.all("HIT"), start), "{project}: {start} should hit: {:?}", third.verdicts());
        }
        for start in *lost {
            assert!(has(&third.all("MISS"), start), "{project}: {start} should miss: {:?}", third.verdicts());
        }
    }
}

#[test]
fn strict_refuses_what_is_not_modelled() {
    for (project, says) in [
        ("chef", "there is no image `rust:1.76-slim-bookworm`"),
        ("poetry", "python3"),
        ("onbuild", "ADD can't fetch an address"),
    ] {
        let played = build(&copy_of(project), &["--strict"]);
        let told = played.events.iter().any(|event| event.to_string().contains(says));
        assert!(played.code == 1 && told, "{project}: {:?}", played.events.last());
    }
}

#[test]
fn what_is_not_modelled_is_marked_and_counted() {
    let played = build(&copy_of("poetry"), &[]);
    let marked = played.events.iter().filter(|event| event["modelled"] == false).count();
    let counted = played.events.iter().find_map(|event| event["not_modelled"].as_u64());
    assert!(marked > 0 && counted == Some(marked as u64), "{marked} marked, {counted:?} counted");
    assert!(played.events.iter().all(|event| event["event"] != "step" || event["modelled"] != true));
}

/// A file that is missing for another reason than a model's is missing.
#[test]
fn a_slip_of_the_pen_is_no_placeholder() {
    for (dockerfile, says) in [
        (
            "FROM alpine:3.19 AS builder\nFROM alpine:3.19\nCOPY --from=biulder /a /b\n",
            "did you mean the stage `builder`?",
        ),
        (
            "FROM alpine:3.19 AS builder\nFROM alpine:3.19\nCOPY --from=builder /nosuch /b\n",
            "`/nosuch` is not in",
        ),
        ("FROM alpine:3.19\nRUN nosuch\n", "exit code: 127"),
        ("FROM alpine:3.19\nCOPY nosuch .\n", "`nosuch` is not in the build context"),
    ] {
        let folder = copy_of("unknown");
        fs::write(folder.join("app/Dockerfile"), dockerfile).unwrap();
        let played = build(&folder, &[]);
        let told = played.events.iter().any(|event| event.to_string().contains(says));
        assert!(played.code == 1 && told, "{dockerfile}: {:?}", played.events);
    }
}
