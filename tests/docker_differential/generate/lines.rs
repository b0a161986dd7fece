//! Dockerfiles, line by line.

use super::{files, run};
use crate::case::{Build, Builder};
use crate::random::Random;
use std::collections::BTreeSet;

/// A whole Dockerfile for a project.
pub fn dockerfile(random: &mut Random, builder: Builder, project: &Build) -> Vec<String> {
    let mut lines = Vec::new();
    if random.chance(12) {
        lines.push(format!("ARG BASE={}", random.pick(&["busybox:lab", "alt:lab"])));
    }
    let stages = random.weighted(&[(45, 1), (30, 2), (18, 3), (7, 4)]);
    for stage in 0..stages {
        lines.push(from(random, stage, !lines.is_empty() && stage == 0));
        let scratch = lines.last().is_some_and(|line| line.contains("scratch"));
        for _ in 0..1 + random.below(if stages > 2 { 4 } else { 7 }) {
            lines.push(if scratch {
                plain(random, builder, project, stage)
            } else {
                line(random, builder, project, stage)
            });
        }
    }
    lines
}

/// The names of stages.
pub const STAGES: [&str; 4] = ["one", "two", "Three", "four"];

fn from(random: &mut Random, stage: usize, has_arg: bool) -> String {
    let base = match random.below(100) {
        _ if has_arg => "${BASE}".to_owned(),
        0..=7 => "scratch".to_owned(),
        8..=24 => "alt:lab".to_owned(),
        25..=50 if stage > 0 => STAGES[random.below(stage)].to_owned(),
        _ => "busybox:lab".to_owned(),
    };
    format!("FROM {base} AS {}", STAGES[stage])
}

/// A line for a stage with a shell.
pub fn line(random: &mut Random, builder: Builder, project: &Build, stage: usize) -> String {
    match random.below(100) {
        0..=34 => run_line(random),
        35..=41 => {
            format!("WORKDIR {}", random.pick(&["/app", "/w", "sub", "/d/e", "/", "/v$A", "/tmp", "/w/"]))
        }
        _ => plain(random, builder, project, stage),
    }
}

fn run_line(random: &mut Random) -> String {
    match random.below(20) {
        0 => "RUN [\"/bin/sh\", \"-c\", \"echo exec > /exec\"]".to_owned(),
        1 => "RUN [\"touch\", \"/exec2\"]".to_owned(),
        2 => format!("RUN {} \\\n    && true", run::command(random)),
        _ => format!("RUN {}", run::command(random)),
    }
}

/// A line that needs no shell in the stage.
fn plain(random: &mut Random, builder: Builder, project: &Build, stage: usize) -> String {
    let pick = |random: &mut Random, from: &[&str]| random.pick(from).to_owned();
    match random.below(100) {
        0..=39 => copy(random, builder, project, "COPY"),
        40..=46 => copy(random, builder, project, "ADD"),
        47..=60 if stage > 0 => copy_from(random, builder, stage),
        47..=66 => format!(
            "ENV {}",
            pick(random, &["A=1", "A=2", "B=x", "A=/e B=$A", "A \"q r\"", "B=${V:-none}", "A=/app"])
        ),
        67..=74 => format!("ARG {}", pick(random, &["V", "V=d", "V=e", "W=$A", "V=${A}x"])),
        75..=78 => format!("LABEL {}", pick(random, &["l=1", "l=2 m=x", "v=\"$V\"", "l='a b'"])),
        79..=81 => format!("USER {}", pick(random, &["root", "root", "0:0", "33", "1000:1000"])),
        82..=84 => pick(random, &["CMD [\"sh\"]", "CMD echo hi", "CMD [\"a\", \"b\"]", "CMD []"]),
        85..=86 => pick(random, &["ENTRYPOINT [\"/x\"]", "ENTRYPOINT exec x"]),
        87..=88 => format!("EXPOSE {}", pick(random, &["80", "80 443/tcp", "53/udp"])),
        89..=91 => format!("VOLUME {}", pick(random, &["/data", "[\"/d\", \"/v\"]", "/app"])),
        92..=93 => pick(random, &["SHELL [\"/bin/sh\", \"-ec\"]", "SHELL [\"/bin/ash\", \"-c\"]"]),
        94 => format!("STOPSIGNAL {}", pick(random, &["TERM", "9"])),
        95 => pick(
            random,
            &[
                "HEALTHCHECK CMD true",
                "HEALTHCHECK NONE",
                "HEALTHCHECK --interval=5s --retries=2 CMD [\"x\"]",
            ],
        ),
        96..=97 => format!(
            "ONBUILD {}",
            pick(random, &["RUN echo on > /on", "COPY . /onb/", "ENV ON=1", "LABEL on=1"])
        ),
        98 => "MAINTAINER someone".to_owned(),
        _ => format!("ENV N{}=n", random.below(3)),
    }
}

fn destination(random: &mut Random, many: bool) -> &'static str {
    match many {
        true => random.pick(&["/app/", "./", ".", "/srv/x/", "/", "/etc/", "sub/", "/d/e/", "/data/"]),
        false => random.pick(&[
            "/app/",
            "/app/",
            "/app",
            "./",
            ".",
            "f",
            "/srv/x/",
            "/",
            "/etc/passwd",
            "sub/",
            "/d/f",
            "/dir1/",
            "$A/",
            "/data/",
            "/tmp",
        ]),
    }
}

fn flags(random: &mut Random, builder: Builder) -> String {
    let mut flags = String::new();
    if random.chance(14) {
        let owner = random.pick(&["33:33", "1000", "root:root", "0:5", "nobody", "$V"]);
        flags.push_str(&format!("--chown={owner} "));
    }
    // The legacy builder knows no --chmod.
    if builder == Builder::BuildKit && random.chance(10) {
        flags.push_str(&format!("--chmod={} ", random.pick(&["755", "0600", "4711"])));
    }
    flags
}

fn copy(random: &mut Random, builder: Builder, project: &Build, word: &str) -> String {
    let mut known: BTreeSet<String> = project.context.keys().cloned().collect();
    known.extend(
        project.context.keys().filter_map(|path| path.rsplit_once('/')).map(|(above, _)| above.to_owned()),
    );
    let known: Vec<String> = known.into_iter().collect();
    let flags = flags(random, builder);
    let one = |random: &mut Random| match random.below(100) {
        0..=11 => ".".to_owned(),
        12..=21 => random.pick(&["*.txt", "src/*", "*", "src/lib/?.txt", "s*", "conf/*.conf"]).to_owned(),
        22..=24 => random.pick(&files::PATHS).to_owned(),
        _ if known.is_empty() => ".".to_owned(),
        25..=30 if project.context.contains_key("pack.tar") => "pack.tar".to_owned(),
        at => {
            let path = random.pick(&known);
            match at {
                0..=40 => format!("./{path}"),
                41..=48 => format!("/{path}"),
                49..=52 => format!("{path}/"),
                _ => path,
            }
        }
    };
    let first = one(random);
    if random.chance(15) {
        let second = one(random);
        return format!("{word} {flags}{first} {second} {}", destination(random, true));
    }
    let many = first.contains('*');
    format!("{word} {flags}{first} {}", destination(random, many))
}

fn copy_from(random: &mut Random, builder: Builder, stage: usize) -> String {
    let at = random.below(stage);
    let from = if random.chance(15) { at.to_string() } else { STAGES[at].to_owned() };
    let from = if random.chance(6) { "alt:lab".to_owned() } else { from };
    let source = random.pick(&[
        "/etc",
        "/etc/",
        "/etc/passwd",
        "/etc/group",
        "/etc/hosts",
        "/etc/",
        "/etc/passwd",
        "/etc/passwd",
        "/etc/group",
        "/etc/",
        "/f",
        "/g",
        "/app",
        "/app/",
        "/d",
        "/listing",
        "/etc/*",
        "/tmp",
        "/bin/sh",
        "etc/passwd",
        "/etc/passwd",
    ]);
    let many = source.contains('*');
    format!("COPY --from={from} {}{source} {}", flags(random, builder), destination(random, many))
}
