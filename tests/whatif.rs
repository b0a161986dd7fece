//! What a build would do: `why`, `order` and `graph`, as sessions; and against really building again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::build::{self, Builder, Cache, Catalog, Context, ContextEntry, EntryKind, Request, Step};
use layerlab::fs::Contents;
use layerlab::image::{Store, catalog};
use layerlab::render::{Style, text};
use layerlab::shell::NoPrograms;
use layerlab::trace::{Event, Trace, WhatIf};
use layerlab::whatif::{self, Edit, Project, parse_edits};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use screen::screen;
use std::cell::Cell;

/// Two stages; what the first one makes is copied by the second.
const SHOP: &str = r#"context("shop", #{ "Dockerfile": "FROM node:20-alpine AS build\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY src ./src\nRUN cp -r src dist\nFROM nginx:alpine\nARG COMMIT=none\nRUN rm /etc/nginx/conf.d/default.conf\nLABEL commit=$COMMIT\nCOPY --from=build /app/dist /usr/share/nginx/html\nCOPY nginx.conf /etc/nginx/nginx.conf\nCMD [\"nginx\"]\n", ".dockerignore": "notes\n", "package.json": "{}\n", "src/index.html": "hi\n", "nginx.conf": "daemon off;\n", "notes/todo": "x\n" });"#;

#[test]
fn a_changed_file_reaches_as_far_as_its_copy() {
    insta::assert_snapshot!(screen(&[
        SHOP,
        "why shop",
        "why shop --change src/index.html",
        "why shop --change nginx.conf --builder buildkit",
        "why shop --touch nginx.conf",
        "why shop --chmod nginx.conf 755",
        "why shop --change notes/todo",
        "why shop --add src/new.html --delete package.json",
        "why shop --arg COMMIT=abc",
        "why shop --edit-line 9 'RUN true' --builder buildkit",
    ]));
}

#[test]
fn after_a_real_build_the_record_counts() {
    insta::assert_snapshot!(screen(&[
        "let app = context(\"app\", #{ \"Dockerfile\": \"FROM alpine:3.19\\nCOPY a /a\\nRUN cat /a > /b\\n\", \"a\": \"1\\n\" });",
        "docker build app",
        "app.write(\"a\", \"2\\n\")",
        "why app",
        "docker build app",
    ]));
}

#[test]
fn mistakes_name_what_is_there() {
    insta::assert_snapshot!(screen(&[
        SHOP,
        "why",
        "why shpo",
        "why shop --change index.html",
        "why shop --change nginx.cnof",
        "why shop --change src",
        "why shop --chmod nginx.conf rwx",
        "why shop --edit-line 99 RUN",
        "why shop --edit-line x RUN",
        "why shop --arg COMMIT",
        "why shop --add nginx.conf",
        "why shop --chnage x",
        "why(\"shop\", #{ chnage: \"x\" })",
        "why(\"shop\", #{ change: 3 })",
        "why shop --builder kaniko",
        "why shop --edit-line 5 'COPY scr ./src'",
        "why shop --edit-line 1 'FORM node'",
        "order shop --edit 'chagne x'",
        "graph shop --format svg",
        "graph shop --target buidl",
        "let why = 1",
    ]));
}

#[test]
fn a_better_order_is_proposed_with_what_it_rests_on() {
    insta::assert_snapshot!(screen(&[
        r#"context("app", #{ "Dockerfile": "FROM node:20-alpine\nARG COMMIT\nLABEL commit=$COMMIT\nWORKDIR /app\n# everything\nCOPY . .\nRUN npm ci\nRUN apk add --no-cache git && rm -rf /var/cache/apk/*\nRUN npm run build\n", "package.json": "{ \"name\": \"app\" }\n", "package-lock.json": "{}\n", "src/a.js": "a\n", "src/b.js": "b\n", ".dockerignore": "node_modules\n" });"#,
        "order app",
        "order app --edit 'arg COMMIT=2'",
        "order app --edit 'edit-line 8 RUN apk add curl'",
        SHOP,
        "order shop",
    ]));
}

#[test]
fn a_script_gets_the_answers_as_data() {
    let shown = screen(&[
        SHOP,
        "let w = why(\"shop\", #{ change: \"src/index.html\", chmod: #{ \"nginx.conf\": 0o755 } }); check(\"legacy\", w.legacy.misses, 4)",
        "check(\"maybe\", w.rows[10].buildkit, \"MAYBE\")",
        "check(\"saved\", order(\"shop\").saved, 0)",
        "check(\"stages\", graph(\"shop\").stages.map(|s| s.name), [\"build\", \"1\"])",
    ]);
    assert_eq!(shown.matches('✓').count(), 4, "{shown}");
}

/// A project that the builders see with other eyes.
const TWO_EYES: &str = r##"let app = context("app", #{ "Dockerfile": "FROM alpine:3.19 AS unused\nRUN touch /u\nFROM alpine:3.19 AS build\nLABEL version=1\nCOPY src /src\nRUN grep -v '#' /src/code > /out\nFROM alpine:3.19\nCOPY --from=build /out /out\nRUN cat /out\n", "src/code": "# note\ncode\n" });"##;

#[test]
fn both_builders_side_by_side_and_where_they_disagree() {
    insta::assert_snapshot!(screen(&[
        TWO_EYES,
        "docker build --compare app",
        "app.write(\"src/code\", \"# another note\\ncode\\n\");",
        "docker build --compare app",
        r#"app.write("Dockerfile", "FROM alpine:3.19 AS build\nLABEL version=2\nCOPY src /src\nRUN grep -v '#' /src/code > /out\nFROM alpine:3.19\nCOPY --from=build /out /out\nRUN cat /out\n");"#,
        "let r = docker(\"build --compare app\"); for row in r.rows { if row.disagree != () { print(`${row.number} ${row.disagree}`) } }",
        "explain 6",
    ]));
}

#[test]
fn every_decision_in_one_table() {
    insta::assert_snapshot!(screen(&[
        TWO_EYES,
        "docker build --why app",
        "docker build --builder legacy --why app",
        "app.write(\"src/code\", \"code 2\\n\");",
        "docker build --why app",
    ]));
}

#[test]
fn the_graph_is_drawn_in_three_ways() {
    let file = r#"FROM golang:1.21-alpine AS deps\nRUN true\nFROM deps AS build\nRUN true\nFROM deps AS test\nRUN --mount=type=bind,from=build,source=/out,target=/out true\nFROM scratch AS "odd\nFROM scratch\nCOPY --from=build /out/a /out/b /\nCOPY --from=alpine:3.19 /etc/os-release /\n"#;
    let context =
        format!("context(\"app\", #{{ \"Dockerfile\": \"{}\" }});", file.replace("AS \"odd", "AS odd"));
    insta::assert_snapshot!(screen(&[
        &context,
        "graph app",
        "graph app --target test",
        "graph app --format mermaid",
        "graph app --format dot",
    ]));
}

#[test]
fn ten_thousand_stages_are_drawn() {
    let mut file = "FROM scratch AS s0\n".to_owned();
    for at in 1..10_000 {
        file.push_str(&format!("FROM s{} AS s{at}\nCOPY --from=s{} /a /b\n", at - 1, at / 2));
    }
    let request = Request { dockerfile: Some(file.into_bytes()), ..Request::default() };
    let Event::Graph(graph) = whatif::graph(&request, "text", &mut Trace::silent()).unwrap() else {
        panic!()
    };
    assert_eq!((graph.stages.len(), graph.edges.len()), (10_000, 19_999));
    assert!(graph.stages.iter().all(|stage| stage.needed));
    let drawn = text(&Event::Graph(graph), &Style::default());
    assert!(drawn.lines().count() > 29_000);
}

#[test]
fn names_in_a_drawing_cannot_break_it() {
    let text_of = |format: &str| {
        let file = "ARG X='a\"b<c>#d'\nFROM $X AS one\nFROM one\nCOPY --from=one [\"/a\\\"b|\", \"/\"]\n";
        let request = Request { dockerfile: Some(file.as_bytes().to_vec()), ..Request::default() };
        text(&whatif::graph(&request, format, &mut Trace::silent()).unwrap(), &Style::default())
    };
    for format in ["mermaid", "dot"] {
        let drawn = text_of(format);
        for line in drawn.lines() {
            let quotes = line.replace("\\\\", "").replace("\\\"", "").matches('"').count();
            assert!(quotes.is_multiple_of(2), "{line}");
        }
    }
    assert!(text_of("mermaid").contains("a#quot;b#lt;c#gt;#35;"), "{}", text_of("mermaid"));
}

// ---- against really building again ----------------------------------------------------------------

fn entry(path: &str, text: &str) -> ContextEntry {
    ContextEntry {
        path: path.into(),
        kind: EntryKind::File(Contents::text(text)),
        mode: 0o644,
        mtime: 1_700_000_000,
    }
}

fn request(lines: &[String]) -> Request {
    let file = lines.join("\n") + "\n";
    let files = [
        ("Dockerfile", file.as_str()),
        (".dockerignore", "skip\n*.md\n"),
        ("a.txt", "a\n"),
        ("b.txt", "b\n"),
        ("d/c.txt", "c\n"),
        ("d/e.txt", "e\n"),
        ("skip/x", "x\n"),
        ("r.md", "r\n"),
    ];
    Request {
        context: Context::from_entries(files.map(|(path, text)| entry(path, text))),
        context_name: "p".into(),
        catalog: Catalog(catalog::image),
        ..Request::default()
    }
}

/// What a line of the build stage, and one of the final stage, can be. All of them succeed whatever else is
/// there, as long as the files that they name exist.
const BUILDING: &[&str] = &[
    "COPY a.txt ./",
    "COPY d ./d",
    "COPY . .",
    "COPY d/*.txt /out/",
    "RUN mkdir -p /out && echo fixed > /out/f",
    "RUN mkdir -p /out && cat a.txt > /out/g || true",
    "RUN ls -R . > /out/l || true",
    "RUN --mount=type=bind,source=b.txt,target=/b.txt cat /b.txt > /tmp/b",
    "ENV E=1",
    "ENV E=2",
    "ARG X=1",
    "ARG X",
    "LABEL l=$X",
    "WORKDIR /w",
    "USER 1000",
    "CMD [\"sh\"]",
];

const FINAL: &[&str] = &[
    "COPY --from=build /out /o",
    "COPY --from=build /out/f /f",
    "COPY --from=build /etc/os-release /r",
    "COPY --from=mid /f /mid",
    "COPY --link --from=build /out/f /lf",
    "COPY --link a.txt /la",
    "COPY b.txt /b",
    "COPY d /d",
    "RUN echo $X > /x",
    "RUN cat /f > /y || true",
    "RUN --mount=type=bind,from=build,source=/out,target=/m cat /m/f > /z",
    "ENV E=1",
    "ARG X=1",
    "LABEL l=2",
    "WORKDIR /w",
    "EXPOSE 80",
];

/// Lines of both: the legacy builder has no mounts and no links.
fn lines(legacy: bool) -> impl Strategy<Value = Vec<String>> {
    let usable = move |list: &'static [&'static str]| -> Vec<&'static str> {
        list.iter()
            .copied()
            .filter(|line| !legacy || !line.contains("--mount") && !line.contains("--link"))
            .collect()
    };
    let build = prop::collection::vec(prop::sample::select(usable(BUILDING)), 0..5);
    let middle = prop::collection::vec(prop::sample::select(usable(FINAL)), 0..2);
    let last = prop::collection::vec(prop::sample::select(usable(FINAL)), 0..6);
    (build, middle, last).prop_map(|(build, middle, last)| {
        let own = |line: &&str| !line.contains("--from=mid");
        let mut file =
            vec!["FROM alpine:3.19 AS build", "WORKDIR /src", "RUN mkdir -p /out && echo f > /out/f"];
        file.extend(build);
        file.extend(["FROM alpine:3.19 AS mid", "COPY --from=build /out/f /f"]);
        file.extend(middle.iter().copied().filter(own));
        file.push("FROM alpine:3.19");
        file.extend(last);
        file.into_iter().map(str::to_owned).collect()
    })
}

fn edit(count: usize) -> impl Strategy<Value = Edit> {
    let file = prop::sample::select(vec![
        "a.txt",
        "b.txt",
        "d/c.txt",
        "d/e.txt",
        "skip/x",
        "r.md",
        "Dockerfile",
        "d",
    ]);
    let plain = prop::sample::select(vec!["a.txt", "b.txt", "d/c.txt", "skip/x"]);
    let line = prop::sample::select([BUILDING, FINAL].concat());
    prop_oneof![
        plain.clone().prop_map(|file| Edit::Change(file.to_owned())),
        file.clone().prop_map(|file| Edit::Touch(file.to_owned())),
        (file, prop::sample::select(vec![0o755u16, 0o644, 0o700]))
            .prop_map(|(file, mode)| Edit::Chmod(file.to_owned(), mode)),
        plain.prop_map(|file| Edit::Delete(file.to_owned())),
        prop::sample::select(vec!["d/new.txt", "new", "skip/new", "z/z"])
            .prop_map(|file| Edit::Add(file.to_owned())),
        prop::sample::select(vec!["1", "2"]).prop_map(|value| Edit::Arg("X".to_owned(), value.to_owned())),
        (1..=count, line).prop_map(|(at, line)| Edit::EditLine(at, line.to_owned())),
    ]
}

fn project(legacy: bool) -> impl Strategy<Value = (Vec<String>, Vec<Edit>)> {
    lines(legacy).prop_flat_map(move |lines| {
        let count = lines.len();
        let usable = move |edit: &Edit| match edit {
            // Stages stay, and no other builder's flags come in.
            Edit::EditLine(_, line) => !legacy || !line.contains("--mount") && !line.contains("--link"),
            _ => true,
        };
        let edits = prop::collection::vec(edit(count).prop_filter("builder", usable), 0..3);
        (Just(lines), edits)
    })
}

fn really(request: &Request, builder: Builder, images: &mut Store, cache: &mut Cache) -> build::Build {
    let request = Request { builder, ..request.clone() };
    build::build(images, cache, &request, &mut NoPrograms, &mut Trace::silent())
}

fn answer(
    request: &Request,
    builder: Builder,
    edits: &[Edit],
    cache: Cache,
    images: Store,
) -> Option<WhatIf> {
    let project = Project { request: request.clone(), images, cache, builders: vec![builder] };
    match whatif::why(&project, edits, &mut Trace::silent()).ok()? {
        Event::WhatIf(answer) => Some(answer),
        _ => None,
    }
}

/// Holds the answer against the build that came; how many steps it left open.
fn hold(answer: &WhatIf, came: &build::Build, told: &str) -> usize {
    let mut open = 0;
    for step in &came.steps {
        let row = answer.rows.iter().find(|row| row.number == step.number).unwrap();
        let said = row.cells[0].verdict.as_str();
        let allowed: &[&str] = match step.cached() {
            _ if failed_here(step) => continue,
            Some(true) => &["HIT", "MAYBE"],
            Some(false) => &["MISS", "MAYBE"],
            None => &["BASE", "META", "NONE", "MAYBE", "HIT", "MISS"],
        };
        assert!(
            allowed.contains(&said),
            "step {} came as {:?}, said {said}\n{told}",
            step.number,
            step.verdict
        );
        open += usize::from(said == "MAYBE");
    }
    open
}

fn failed_here(step: &Step) -> bool {
    step.status == build::Status::Error
}

/// Steps that were held against a real build, and those of them that the answer left open.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    steps: usize,
    open: usize,
}

fn agrees(
    lines: &[String],
    edits: &[Edit],
    builder: Builder,
    held: &Cell<Held>,
) -> Result<(), TestCaseError> {
    let before = request(lines);
    let told = format!("{}\n{edits:?}", lines.join("\n"));
    let (mut images, mut cache) = (Store::default(), Cache::default());
    let first = really(&before, builder, &mut images, &mut cache);
    let Ok((after, _)) = whatif::edited(&before, edits, &mut Trace::silent()) else { return Ok(()) };
    // Once with a build that is only assumed, once with the record of the real one.
    let assumed = answer(&before, builder, edits, Cache::default(), Store::default());
    let recorded = answer(&before, builder, edits, cache.clone(), images.clone());
    let came = really(&after, builder, &mut images, &mut cache);
    if first.result.is_err() {
        return Ok(());
    }
    let from = lines.join(" ").contains("from=") || format!("{edits:?}").contains("from=");
    for answer in [assumed, recorded].into_iter().flatten() {
        let open = hold(&answer, &came, &told);
        let Held { steps, open: before } = held.get();
        held.set(Held { steps: steps + came.steps.len(), open: before + open });
        prop_assert!(from || open == 0, "{told}");
        if edits.is_empty() {
            let mut cells = answer.rows.iter().map(|row| row.cells[0].verdict.as_str());
            prop_assert!(cells.all(|word| word != "MISS" && word != "MAYBE"), "{told}");
        }
        // A failure that can be foreseen is one that comes.
        if answer.builders[0].failure.is_some() {
            prop_assert!(came.result.is_err(), "{told}\n{answer:?}");
        }
    }
    Ok(())
}

fn really_decides_so(builder: Builder) {
    let held = Cell::new(Held::default());
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 160,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let projects = project(builder == Builder::Legacy);
    runner.run(&projects, |(lines, edits)| agrees(&lines, &edits, builder, &held)).unwrap();
    let Held { steps, open } = held.get();
    // Most of it was decided, and some of it could not be.
    assert!(steps > 1_500 && open > 10 && open * 8 < steps, "{:?}", held.get());
}

#[test]
fn buildkit_really_decides_so() {
    really_decides_so(Builder::BuildKit);
}

#[test]
fn the_legacy_builder_really_decides_so() {
    really_decides_so(Builder::Legacy);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_proposed_order_never_costs_more((lines, edits) in project(true)) {
        let request = request(&lines);
        let builders = vec![Builder::BuildKit, Builder::Legacy];
        let project = Project { request, images: Store::default(), cache: Cache::default(), builders };
        if let Ok(Event::Order(order)) = whatif::order(&project, Some(&edits), &mut Trace::silent()) {
            prop_assert!(order.misses_after <= order.misses_before);
            prop_assert_eq!(order.moves.is_empty(), order.before == order.after);
            // Nothing is lost.
            let after: Vec<&str> = order.after.lines().collect();
            prop_assert!(order.before.lines().all(|line| after.contains(&line)));
        }
    }
}

#[test]
fn lists_of_edits_are_read_strictly() {
    let edits = parse_edits("edits", "# mine\n\nsrc/app.js\nchange a b.txt\ntouch x\nchmod run.sh 755\narg X=2\nedit-line 3 RUN make  all\n").unwrap();
    let words: Vec<String> = edits.iter().map(Edit::words).collect();
    insta::assert_snapshot!(words.join("\n"));
    let error = parse_edits("edits", "change a\nchmod run.sh\n").unwrap_err();
    assert_eq!(
        (error.span.as_ref().unwrap().line, error.hint.as_deref()),
        (2, Some("write chmod FILE MODE"))
    );
}

#[test]
fn a_big_project_is_ordered_in_time() {
    let mut lines: Vec<String> =
        ["FROM node:20-alpine", "WORKDIR /app", "COPY . .", "RUN npm ci"].map(str::to_owned).into();
    for at in 0..36 {
        lines.push(if at % 6 == 0 { format!("LABEL l{at}=1") } else { format!("RUN echo {at} > /o{at}") });
    }
    let mut files = vec![entry("Dockerfile", &(lines.join("\n") + "\n")), entry("package.json", "{}\n")];
    files.push(entry("package-lock.json", "{}\n"));
    files.extend((0..20_000).map(|at| entry(&format!("src/{}/{at}.js", at % 100), "x\n")));
    let request = Request { context: Context::from_entries(files), ..request(&lines) };
    let builders = vec![Builder::BuildKit, Builder::Legacy];
    let project = Project { request, images: Store::default(), cache: Cache::default(), builders };
    let mut trace = Trace::silent();
    let Event::Order(order) = whatif::order(&project, None, &mut trace).unwrap() else { panic!() };
    assert_eq!(order.rows.iter().map(|row| row.count).sum::<u64>(), 20_003);
    assert!(order.misses_after < order.misses_before);
    assert!(
        order.after.contains("COPY package-lock.json package.json ./\nRUN npm ci\nCOPY . .\n"),
        "{}",
        order.after
    );
    // A fraction of what one line may use.
    assert!(trace.fuel.used() < 5_000_000, "{}", trace.fuel.used());
}
