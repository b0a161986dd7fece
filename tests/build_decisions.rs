//! The decision table: what is changed between two builds, and what each builder then decides and why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod build_support;

use build_support::{Lab, Project, base, decisions};
use layerlab::build::{self, Builder};
use layerlab::fs::Nodes;

type Edit = fn(&mut Project);

const PLAIN: &str = "FROM base\nWORKDIR /app\nCOPY a/f /app/\nRUN cat /app/f > /g\nCOPY src src\nENV K=old\nRUN echo $K > /k\n";
const COPY_ALL: &str = "FROM base\nCOPY . /app\nRUN true\n";
const ARGS: &str =
    "ARG GLOBAL=1\nFROM base\nRUN true\nARG X=1\nRUN echo one > /one\nLABEL x=$X\nRUN echo two > /two\n";
const META: &str = "FROM base\nRUN true\nLABEL a=1\nEXPOSE 80\nUSER root\nRUN echo x > /dev/null\nWORKDIR /w\nCMD [\"sh\"]\n";
const STAGES: &str = "FROM base AS builder\nCOPY src /src\nRUN grep -v '#' /src/code > /out\nFROM base AS unused\nRUN echo unused > /u\nFROM base\nCOPY --from=builder /out /out\nRUN cat /out > /final\n";
const CHAIN: &str = "FROM base AS one\nCOPY a/f /f\nFROM one\nRUN cat /f > /g\n";

fn project(dockerfile: &str) -> Project {
    Project::new(dockerfile)
        .file("a/f", "alpha\n")
        .file("src/code", "# note\ncode\n")
        .file("src/more", "more\n")
        .dir("src", 0o755)
}

fn replace(project: &mut Project, from: &str, to: &str) {
    assert!(project.dockerfile.contains(from), "{from}");
    project.dockerfile = project.dockerfile.replace(from, to);
}

fn swap_lines(project: &mut Project, a: &str, b: &str) {
    replace(project, a, "\0");
    replace(project, b, a);
    replace(project, "\0", b);
}

/// Row of the table, what changes, the Dockerfile, the edit.
const ROWS: &[(&str, &str, &str, Edit)] = &[
    ("1", "nothing", PLAIN, |_| {}),
    ("2", "content of a file", PLAIN, |p| p.write("a/f", "beta!\n")),
    ("3", "only the time of a file", PLAIN, |p| p.write("a/f", "alpha\n")),
    ("4", "chmod of a file", PLAIN, |p| p.files["a/f"].mode = 0o755),
    ("4a", "chmod of a directory", PLAIN, |p| p.files["src"].mode = 0o700),
    ("4b", "content, same size and time", PLAIN, |p| p.files["a/f"].text = "gamma\n".to_owned()),
    ("6", "a new file in a copied directory", PLAIN, |p| p.write("src/new", "new\n")),
    ("6", "a file gone from a copied directory", PLAIN, |p| drop(p.files.shift_remove("src/more"))),
    ("8", "a comment in a copied Dockerfile", COPY_ALL, |p| p.dockerfile.insert_str(0, "# new comment\n")),
    ("10", "the source moved, COPY edited", PLAIN, |p| {
        let file = p.files.shift_remove("a/f").unwrap();
        p.files.insert("b/f".to_owned(), file);
        replace(p, "COPY a/f", "COPY b/f");
    }),
    ("11", "the source renamed", PLAIN, |p| {
        let file = p.files.shift_remove("a/f").unwrap();
        p.files.insert("a/h".to_owned(), file);
        replace(p, "COPY a/f /app/", "COPY a/h /app/f");
    }),
    ("12", "text of a RUN", PLAIN, |p| replace(p, "cat /app/f > /g", "cat  /app/f > /g")),
    ("13", "case of a word, a comment inside a RUN", PLAIN, |p| {
        replace(p, "RUN cat /app/f > /g", "run cat \\\n# comment\n/app/f > /g");
    }),
    ("14", "LABEL", META, |p| replace(p, "LABEL a=1", "LABEL a=2")),
    ("14", "CMD", META, |p| replace(p, "CMD [\"sh\"]", "CMD [\"cat\"]")),
    ("15", "ENV value", PLAIN, |p| replace(p, "ENV K=old", "ENV K=new")),
    ("16", "order of ENV", "FROM base\nENV A=1\nENV B=2\nRUN true\n", |p| {
        swap_lines(p, "ENV A=1", "ENV B=2")
    }),
    ("17", "--build-arg of a declared ARG", ARGS, |p| drop(p.args.insert("X".to_owned(), "2".to_owned()))),
    ("18", "--build-arg of a global ARG", ARGS, |p| drop(p.args.insert("GLOBAL".to_owned(), "2".to_owned()))),
    ("19", "default of an ARG", ARGS, |p| replace(p, "ARG X=1", "ARG X=2")),
    ("20", "undeclared HTTP_PROXY", PLAIN, |p| {
        drop(p.args.insert("HTTP_PROXY".to_owned(), "http://p".to_owned()))
    }),
    ("22", "USER", META, |p| replace(p, "USER root", "USER web")),
    ("23", "WORKDIR", PLAIN, |p| replace(p, "WORKDIR /app", "WORKDIR /two")),
    ("24", "two WORKDIRs become one", "FROM base\nWORKDIR /a\nWORKDIR b\nRUN true\n", |p| {
        replace(p, "WORKDIR /a\nWORKDIR b", "WORKDIR /a/b");
    }),
    ("25", "a destination spelled out", "FROM base\nWORKDIR /app\nCOPY a/f .\nRUN true\n", |p| {
        replace(p, "COPY a/f .", "COPY a/f /app/");
    }),
    ("26", "SHELL", "FROM base\nSHELL [\"/bin/sh\", \"-c\"]\nCOPY a/f /f\nRUN true\n", |p| {
        replace(p, "\"-c\"", "\"-e\", \"-c\"");
    }),
    ("29", "a label inserted before a RUN", PLAIN, |p| replace(p, "RUN cat", "LABEL new=1\nRUN cat")),
    ("30", "two COPYs swapped", "FROM base\nCOPY a/f /f\nCOPY src /src\nRUN true\n", |p| {
        swap_lines(p, "COPY a/f /f", "COPY src /src");
    }),
    ("32", "a stage rebuilt, its output identical", STAGES, |p| p.write("src/code", "# other note\ncode\n")),
    ("32", "a stage rebuilt, its output changed", STAGES, |p| p.write("src/code", "# note\nother code\n")),
    (
        "33",
        "a path that nobody copies changed",
        "FROM base AS b\nCOPY src /src\nFROM base\nCOPY --from=b /src/code /c\n",
        |p| {
            p.write("src/more", "much more\n");
        },
    ),
    ("34", "FROM a stage that was rebuilt", CHAIN, |p| p.write("a/f", "beta!\n")),
    ("38", "--chown", "FROM base\nCOPY --chown=1 a/f /f\nRUN true\n", |p| {
        replace(p, "--chown=1", "--chown=2")
    }),
    ("39", "an unused stage", STAGES, |p| replace(p, "echo unused", "echo still unused")),
    ("42", "--no-cache", PLAIN, |p| p.no_cache = true),
];

fn table(builder: Builder) -> String {
    let mut text = String::new();
    for (row, what, dockerfile, edit) in ROWS {
        let (mut lab, mut project) = (Lab::new(), project(dockerfile));
        let first = lab.build(&project, builder);
        assert!(first.result.is_ok(), "{what}: {}", decisions(&first));
        project.clock += 60;
        edit(&mut project);
        text.push_str(&format!("--- {row}: {what}\n{}", decisions(&lab.build(&project, builder))));
    }
    text
}

#[test]
fn buildkit_decides() {
    insta::assert_snapshot!("buildkit_decisions", table(Builder::BuildKit));
}

#[test]
fn legacy_decides() {
    insta::assert_snapshot!("legacy_decisions", table(Builder::Legacy));
}

/// Rows 7 and 9: what the ignore file keeps out changes nothing.
#[test]
fn ignored_files_do_not_count() {
    for builder in [Builder::BuildKit, Builder::Legacy] {
        let (mut lab, mut project) = (Lab::new(), project(COPY_ALL));
        project.write(".dockerignore", "*.log\nDockerfile\n");
        lab.build(&project, builder);
        project.clock += 60;
        project.write("new.log", "log\n");
        project.dockerfile.insert_str(0, "# a comment\n");
        let second = lab.build(&project, builder);
        assert_eq!(second.misses(), 0, "{}", decisions(&second));
    }
}

/// Rows 27 and 28: the base's name moves to another image, with other layers or only another config.
#[test]
fn another_base() {
    let mut told = String::new();
    for builder in [Builder::BuildKit, Builder::Legacy] {
        for (what, image) in [("other layers", base("1", "y")), ("same layers", base("2", "x"))] {
            let (mut lab, project) = (Lab::new(), project("FROM base\nCOPY a/f /f\nRUN true\n"));
            lab.build(&project, builder);
            let id = lab.images.insert(image);
            lab.images.tag("base", id);
            let second = lab.build(&project, builder);
            told.push_str(&format!("--- {} {what}\n{}", builder.name(), decisions(&second)));
        }
    }
    insta::assert_snapshot!("another_base", told);
}

/// Row 31: a step put back to its old form is found again.
#[test]
fn an_old_form_hits_again() {
    let mut told = String::new();
    for builder in [Builder::BuildKit, Builder::Legacy] {
        let (mut lab, mut project) = (Lab::new(), project("FROM base\nCOPY a/f /f\nRUN true\n"));
        lab.build(&project, builder);
        project.clock += 60;
        project.write("a/f", "beta!\n");
        lab.build(&project, builder);
        project.clock += 60;
        project.write("a/f", "alpha\n");
        told.push_str(&format!("--- {}\n{}", builder.name(), decisions(&lab.build(&project, builder))));
    }
    insta::assert_snapshot!("an_old_form", told);
}

/// Row 21: a declared proxy arg is an arg like any other.
#[test]
fn a_declared_proxy_counts() {
    let mut told = String::new();
    for builder in [Builder::BuildKit, Builder::Legacy] {
        let (mut lab, mut project) = (Lab::new(), project("FROM base\nARG HTTP_PROXY=a\nRUN true\n"));
        lab.build(&project, builder);
        project.args.insert("HTTP_PROXY".to_owned(), "b".to_owned());
        told.push_str(&format!("--- {}\n{}", builder.name(), decisions(&lab.build(&project, builder))));
    }
    insta::assert_snapshot!("a_declared_proxy", told);
}

/// Rows 36 and 37: files of a bind mount count, what a cache mount holds does not.
#[test]
fn of_mounts_only_the_files_that_are_bound_count() {
    let text = "FROM base\nRUN --mount=type=cache,target=/c echo x >> /c/log\nRUN --mount=type=bind,source=a,target=/a cat /a/f > /x\n";
    let mut told = String::new();
    let (mut lab, mut project) = (Lab::new(), project(text));
    lab.build(&project, Builder::BuildKit);
    for (what, edit) in [("nothing", None), ("a bound file", Some("beta!\n"))] {
        project.clock += 60;
        if let Some(text) = edit {
            project.write("a/f", text);
        }
        told.push_str(&format!("--- {what}\n{}", decisions(&lab.build(&project, Builder::BuildKit))));
    }
    insta::assert_snapshot!("mounts", told);
}

/// Row 40: what an address gives has the same bytes, only a newer time.
#[test]
fn a_newer_download_of_the_same_bytes() {
    let urls = |text: &str, time: &str| {
        let json =
            format!("{{\"https://get.example/f\": {{\"text\": \"{text}\", \"modified\": \"{time}\"}}}}");
        layerlab::shell::Urls::default().taught_by_file("urls.json", json.as_bytes()).unwrap()
    };
    let mut told = String::new();
    for builder in [Builder::BuildKit, Builder::Legacy] {
        let (mut lab, project) =
            (Lab::new(), project("FROM base\nADD https://get.example/f /f\nRUN cat /f\n"));
        for (what, urls) in [
            ("first", urls("one", "2023-12-01")),
            ("newer", urls("one", "2023-12-02")),
            ("other bytes", urls("two", "2023-12-02")),
        ] {
            let request = build::Request { urls, ..project.request(builder) };
            told.push_str(&format!("--- {} {what}\n{}", builder.name(), decisions(&lab.play(&request).0)));
        }
    }
    insta::assert_snapshot!("downloads", told);
}

/// Row 5: who owns a file on the host doesn't matter, it is always sent as root's.
#[test]
fn the_owner_on_the_host_does_not_count() {
    for builder in [Builder::BuildKit, Builder::Legacy] {
        let (mut lab, project) = (Lab::new(), project(PLAIN));
        let first = lab.build(&project, builder);
        assert!(first.result.is_ok(), "{}", decisions(&first));
        let mut tree = project.context().tree().clone();
        for path in [b"/a/f".as_slice(), b"/src", b"/src/code"] {
            let inode = tree.inode_mut(tree.at(path).unwrap());
            (inode.uid, inode.gid) = (1000, 1000);
        }
        let request = build::Request { context: build::Context::from_tree(tree), ..project.request(builder) };
        let second = lab.play(&request).0;
        assert_eq!(second.misses(), 0, "{}", decisions(&second));
        assert_eq!(first.image.unwrap().id, second.image.unwrap().id, "{}", builder.name());
    }
}

/// Row 41: what a RUN would fetch now is not asked; its text decides.
#[test]
fn a_run_that_fetches_hits_whatever_there_is_to_fetch() {
    use layerlab::image::catalog;
    let urls = |text: &str| {
        let json = format!("{{\"https://get.example/list\": {{\"text\": \"{text}\"}}}}");
        layerlab::shell::Urls::default().taught_by_file("urls.json", json.as_bytes()).unwrap()
    };
    let mut told = String::new();
    for builder in [Builder::BuildKit, Builder::Legacy] {
        let (mut lab, mut project) =
            (Lab::new(), project("FROM alpine:3.19\nRUN wget -q https://get.example/list\nRUN cat list\n"));
        for (what, urls, no_cache) in
            [("first", urls("one"), false), ("newer", urls("two"), false), ("--no-cache", urls("two"), true)]
        {
            project.no_cache = no_cache;
            let catalog = build::Catalog(catalog::image);
            let built = lab.play(&build::Request { urls, catalog, ..project.request(builder) }).0;
            let printed: Vec<&str> =
                built.steps.iter().flat_map(|step| &step.output).map(|(_, line)| line.as_str()).collect();
            told.push_str(&format!(
                "--- {} {what}, printed {printed:?}\n{}",
                builder.name(),
                decisions(&built)
            ));
        }
    }
    insta::assert_snapshot!("a_run_that_fetches", told);
}

/// Row 43: another platform, and back again.
#[test]
fn another_platform() {
    use layerlab::image::registry::Platform;
    let mut told = String::new();
    for builder in [Builder::BuildKit, Builder::Legacy] {
        let (mut lab, project) =
            (Lab::new(), project("FROM base\nWORKDIR /w\nCOPY a/f /f\nRUN true\nLABEL a=b\n"));
        for architecture in ["amd64", "arm64", "amd64"] {
            let platform = Platform { architecture: architecture.to_owned(), ..Platform::default() };
            let built = lab.play(&build::Request { platform, ..project.request(builder) }).0;
            told.push_str(&format!("--- {} {architecture}\n{}", builder.name(), decisions(&built)));
        }
    }
    insta::assert_snapshot!("another_platform", told);
}
