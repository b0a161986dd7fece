//! Build checks: every rule with a Dockerfile that breaks it and a near miss that doesn't.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::build::{Catalog, Context, ContextEntry, EntryKind, RULES, Request};
use layerlab::check::{Checked, OWN_RULES, Order, check};
use layerlab::fs::Contents;
use layerlab::image::{Config, Image, Store, catalog};
use layerlab::render::{Style, json, text};
use layerlab::shell::NoPrograms;
use layerlab::trace::{Event, Fuel, Limits, Sink, Trace};
use proptest::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

type Files<'a> = &'a [(&'a str, &'a str)];

fn request(dockerfile: &str, files: Files) -> Request {
    let all = files.iter().copied().chain([("Dockerfile", dockerfile)]);
    let context = Context::from_entries(all.map(|(path, text)| ContextEntry {
        path: path.to_owned(),
        kind: EntryKind::File(Contents::text(text)),
        mode: 0o644,
        mtime: 1_704_067_200,
    }));
    Request { context, context_name: "app".into(), catalog: Catalog(catalog::image), ..Request::default() }
}

struct Bag(Rc<RefCell<Vec<Event>>>);

impl Sink for Bag {
    fn take(&mut self, event: Event) {
        self.0.borrow_mut().push(event);
    }
}

fn run(request: &Request, order: &Order) -> (Checked, Vec<Event>) {
    let mut images = Store::default();
    let own = images.insert(Image { config: Config::default(), ..Image::default() }.sealed());
    images.tag("lab/own", own);
    let bag = Rc::new(RefCell::new(Vec::new()));
    let mut t = Trace::to(Box::new(Bag(bag.clone())));
    let checked = check(&images, request, order, &mut NoPrograms, &mut t);
    assert!(t.fuel.exhausted().is_none(), "the tank ran dry");
    drop(t);
    (checked, bag.take())
}

/// The rules that a Dockerfile breaks, BuildKit's and the lab's.
fn broken(dockerfile: &str, files: Files) -> Vec<String> {
    let (checked, _) = run(&request(dockerfile, files), &Order::default());
    checked.warnings.iter().chain(&checked.layers).map(|finding| finding.rule.clone()).collect()
}

/// Everything that a person sees.
fn screen(dockerfile: &str, files: Files) -> String {
    let (_, events) = run(&request(dockerfile, files), &Order::default());
    events.iter().map(|event| text(event, &Style::default())).collect()
}

/// A rule of BuildKit's, what breaks it, and what nearly does.
const BUILDKIT: &[(&str, &str, &str)] = &[
    ("StageNameCasing", "FROM alpine:3.19 AS Web\n", "FROM alpine:3.19 AS web\n"),
    ("FromAsCasing", "FROM alpine:3.19 as web\n", "from alpine:3.19 as web\n"),
    (
        "NoEmptyContinuation",
        "FROM scratch\nLABEL a=1 \\\n\n  b=2\n",
        "FROM scratch\nLABEL a=1 \\\n#\n  b=2\n",
    ),
    (
        "ConsistentInstructionCasing",
        "FROM scratch\nLABEL a=1\nlabel b=2\n",
        "arg X\nFROM scratch\nLABEL a=1\n",
    ),
    ("ConsistentInstructionCasing", "from scratch\nLabel a=1\n", "from scratch\nlabel a=1\n"),
    (
        "DuplicateStageName",
        "FROM scratch AS a\nFROM scratch AS A\n",
        "FROM scratch AS a\nFROM scratch AS b\n",
    ),
    ("ReservedStageName", "FROM alpine:3.19 AS context\n", "FROM alpine:3.19 AS contexts\n"),
    (
        "JSONArgsRecommended",
        "FROM scratch\nCMD echo hi\n",
        "FROM scratch\nSHELL [\"/bin/sh\", \"-c\"]\nCMD echo hi\n",
    ),
    ("JSONArgsRecommended", "FROM scratch\nENTRYPOINT ['a']\n", "FROM scratch\nHEALTHCHECK CMD echo hi\n"),
    ("MaintainerDeprecated", "FROM scratch\nMAINTAINER me\n", "FROM scratch\nLABEL maintainer=me\n"),
    ("UndefinedArgInFrom", "FROM alpine:$VERSIO\n", "ARG VERSION=3.19\nFROM alpine:$VERSION\n"),
    (
        "UndefinedArgInFrom",
        "ARG VERSION=3.19\nFROM alpine:${VERSON:-3.19}\n",
        "ARG V\nFROM alpine:${V:-3.19}\n",
    ),
    ("WorkdirRelativePath", "FROM scratch\nWORKDIR app\n", "FROM scratch\nWORKDIR /a\nWORKDIR b\n"),
    (
        "WorkdirRelativePath",
        "FROM node:20-alpine\nWORKDIR app\n",
        "FROM scratch AS a\nWORKDIR /a\nFROM a\nWORKDIR b\n",
    ),
    ("UndefinedVar", "FROM scratch\nENV PATH=$PAHT:/x\n", "FROM scratch\nENV PATH=$PATH:/x\n"),
    ("UndefinedVar", "ARG A=1\nFROM scratch\nLABEL a=$A\n", "FROM scratch\nARG A\nLABEL a=$A\n"),
    (
        "UndefinedVar",
        "FROM scratch AS a\nARG X=1\nFROM scratch\nLABEL l=$X\n",
        "FROM scratch AS a\nARG X=1\nFROM a\nLABEL l=$X\n",
    ),
    (
        "UndefinedVar",
        "FROM alpine:3.19\nRUN --mount=type=cache,target=$D true\n",
        "FROM alpine:3.19\nRUN echo $D\n",
    ),
    (
        "MultipleInstructionsDisallowed",
        "FROM scratch\nCMD [\"a\"]\nCMD [\"b\"]\n",
        "FROM scratch AS a\nCMD [\"a\"]\nFROM a\nCMD [\"b\"]\n",
    ),
    (
        "MultipleInstructionsDisallowed",
        "FROM scratch\nHEALTHCHECK NONE\nHEALTHCHECK CMD x\n",
        "FROM scratch\nHEALTHCHECK CMD x\n",
    ),
    ("LegacyKeyValueFormat", "FROM scratch\nENV a b c\n", "FROM scratch\nENV a=b\\ c\n"),
    (
        "InvalidBaseImagePlatform",
        "FROM --platform=linux/arm64 lab/own AS own-arm64\n",
        "FROM --platform=linux/arm64 alpine:3.19 AS alpine-arm64\n",
    ),
    (
        "RedundantTargetPlatform",
        "FROM --platform=$TARGETPLATFORM alpine:3.19\n",
        "FROM --platform=$BUILDPLATFORM alpine:3.19\n",
    ),
    ("SecretsUsedInArgOrEnv", "FROM scratch\nARG DB_PASSWORD\n", "FROM scratch\nARG DB_PASSWORD_FILE\n"),
    ("SecretsUsedInArgOrEnv", "FROM scratch\nENV API_KEY=\n", "ARG TOKEN\nFROM scratch\nENV KEYBOARD=x\n"),
    ("InvalidDefaultArgInFrom", "ARG TAG\nFROM alpine:$TAG\n", "ARG TAG\nFROM alpine:${TAG:-3.19}\n"),
    (
        "FromPlatformFlagConstDisallowed",
        "FROM --platform=linux/amd64 alpine:3.19\n",
        "FROM --platform=linux/amd64 alpine:3.19 AS build-amd64\n",
    ),
    ("ExposeProtoCasing", "FROM scratch\nEXPOSE 80/TCP\n", "FROM scratch\nEXPOSE 80/tcp 81\n"),
    ("ExposeInvalidFormat", "FROM scratch\nEXPOSE 8080:80\n", "FROM scratch\nEXPOSE 80-82\n"),
];

#[test]
fn every_rule_of_buildkit_finds_its_case_and_leaves_the_near_miss() {
    let mut told = String::new();
    for (rule, breaks, nearly) in BUILDKIT {
        let (checked, _) = run(&request(breaks, &[]), &Order::default());
        let found: Vec<_> = checked.warnings.iter().filter(|finding| finding.rule == *rule).collect();
        assert!(!found.is_empty(), "{rule} is not found in\n{breaks}");
        let near = broken(nearly, &[]);
        assert!(!near.contains(&(*rule).to_owned()), "{rule} is found in\n{nearly}\n{near:?}");
        for finding in found {
            assert!(!finding.fix.is_empty() && finding.line >= 1);
            told.push_str(&format!("{rule}:{}: {}\n", finding.line, finding.message));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn every_rule_has_a_test() {
    let elsewhere = ["CopyIgnoredFile", "InvalidDefinitionDescription"];
    for rule in RULES {
        let tested = BUILDKIT.iter().any(|(name, ..)| *name == rule.name) || elsewhere.contains(&rule.name);
        assert!(tested, "{} has no test", rule.name);
    }
    assert_eq!(RULES.len(), 22);
}

#[test]
fn a_source_that_the_ignore_file_excludes() {
    let file = "FROM alpine:3.19\nCOPY secret.txt /\nADD ./build /b\nCOPY . /all\nCOPY --from=alpine:3.19 /secret.txt /x\n";
    let ignored: Files = &[(".dockerignore", "secret.*\nbuild\n"), ("secret.txt", "s"), ("build/a", "a")];
    let (checked, _) = run(&request(file, ignored), &Order::default());
    let told: Vec<String> = checked
        .warnings
        .iter()
        .filter(|finding| finding.rule == "CopyIgnoredFile")
        .map(|finding| format!("{}: {}", finding.line, finding.message))
        .collect();
    assert_eq!(
        told,
        [
            "2: Attempting to Copy file \"secret.txt\" that is excluded by .dockerignore",
            "3: Attempting to Add file \"build\" that is excluded by .dockerignore",
        ]
    );
    let exception: Files = &[(".dockerignore", "secret.*\n!other\n"), ("secret.txt", "s")];
    assert!(!broken("FROM alpine:3.19\nCOPY secret.txt /\n", exception).contains(&"CopyIgnoredFile".into()));
    let everything: Files = &[(".dockerignore", "*\n")];
    assert!(broken("FROM alpine:3.19\nCOPY . /\n", everything).contains(&"CopyIgnoredFile".into()));
}

#[test]
fn a_description_is_checked_only_when_asked_for() {
    let rule = "InvalidDefinitionDescription".to_owned();
    let file = "# bulid the app\nFROM alpine:3.19 AS build\n";
    assert!(!broken(&format!("\n{file}"), &[]).contains(&rule));
    let asked = "# check=experimental=all\n\n";
    assert!(broken(&format!("{asked}{file}"), &[]).contains(&rule));
    assert!(
        !broken(&format!("{asked}# build makes the app\nFROM alpine:3.19 AS build\n"), &[]).contains(&rule)
    );
    assert!(!broken(&format!("{asked}# some words\n\n#\nFROM alpine:3.19 AS build\n"), &[]).contains(&rule));
    assert!(
        broken("# check=experimental=InvalidDefinitionDescription\n\n# x\nARG A B\nFROM scratch\n", &[])
            .contains(&rule)
    );
}

#[test]
fn rules_can_be_skipped_for_the_file_for_a_line_and_by_the_build_arg() {
    let file = "FROM alpine:3.19 as web\nRUN echo 1 > /a\nRUN rm /a\n";
    assert_eq!(broken(file, &[]), ["FromAsCasing", "DeletedInLaterLayer"]);
    let skip = |rules: &str| broken(&format!("# check=skip={rules}\n{file}"), &[]);
    assert_eq!(skip("FromAsCasing"), ["DeletedInLaterLayer"]);
    assert_eq!(skip("DeletedInLaterLayer , FromAsCasing"), ["FromAsCasing"]); // a space ends the value
    assert!(skip("all").is_empty());
    let line = "FROM alpine:3.19 as web\nRUN echo 1 > /a\n# check=skip=DeletedInLaterLayer it is a demo\nRUN rm /a\n";
    assert_eq!(broken(line, &[]), ["FromAsCasing"]);
    let mut request = request(&format!("# check=skip=all\n{file}"), &[]);
    request.args.insert("BUILDKIT_DOCKERFILE_CHECK".into(), "skip=FromAsCasing".into());
    let (checked, _) = run(&request, &Order::default());
    assert!(checked.warnings.is_empty());
    assert_eq!(checked.layers.len(), 1);
}

#[test]
fn a_target_leaves_the_other_stages_alone() {
    let file = "FROM alpine:3.19 AS a\nCMD x\nFROM alpine:3.19 AS b\nWORKDIR w\nFROM a\nCMD y\n";
    assert_eq!(broken(file, &[]), ["JSONArgsRecommended", "WorkdirRelativePath", "JSONArgsRecommended"]);
    let mut request = request(file, &[]);
    request.target = Some("b".into());
    let (checked, _) = run(&request, &Order::default());
    let rules: Vec<&str> = checked.warnings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["WorkdirRelativePath"]);
}

/// One of the lab's rules: name, Dockerfile, files; then the near miss.
type Own<'a> = (&'a str, (&'a str, Files<'a>), (&'a str, Files<'a>));

const PACKAGE: &str = "{\"name\":\"app\",\"dependencies\":{\"express\":\"^4.18.0\"}}\n";
const NODE: Files =
    &[("package.json", PACKAGE), ("a.js", "1\n"), ("b.js", "2\n"), (".dockerignore", "Dockerfile\n")];

const OWN: &[Own] = &[
    (
        "DeletedInLaterLayer",
        ("FROM alpine:3.19\nRUN mkdir /d && echo 12345 > /d/x && echo 1 > /d/y\nRUN rm -rf /d\n", &[]),
        ("FROM alpine:3.19\nRUN echo 12345 > /x && rm /x\nRUN rm -f /nothing\n", &[]),
    ),
    (
        "SecretInLayer",
        (
            "FROM alpine:3.19\nCOPY .npmrc /root/\nRUN cat /root/.npmrc\nRUN rm /root/.npmrc\n",
            &[(".npmrc", "//registry.npmjs.org/:_authToken=abc\n")],
        ),
        (
            "FROM alpine:3.19 AS build\nCOPY .npmrc /root/\nFROM alpine:3.19\nCOPY --from=build /etc/hostname /h\n",
            &[(".npmrc", "//registry.npmjs.org/:_authToken=abc\n")],
        ),
    ),
    (
        "SecretInHistory",
        ("FROM alpine:3.19\nARG API_TOKEN=abcdef\nRUN echo $API_TOKEN | wc -c\n", &[]),
        ("FROM alpine:3.19\nARG API_TOKEN\nRUN --mount=type=secret,id=token true\n", &[]),
    ),
    (
        "CacheHostileOrder",
        ("FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nRUN npm install\n", NODE),
        ("FROM node:20-alpine\nWORKDIR /app\nCOPY package.json .\nRUN npm install\nCOPY . .\n", NODE),
    ),
    (
        "CopyCarriesDockerfile",
        ("FROM alpine:3.19\nCOPY . /app\n", &[("a", "1")]),
        ("FROM alpine:3.19\nCOPY . /app\n", &[("a", "1"), (".dockerignore", "Dockerfile\n")]),
    ),
    (
        "CopyCarriesGit",
        ("FROM alpine:3.19\nCOPY . /app\n", &[(".git/HEAD", "ref: refs/heads/main\n"), (".git/index", "x")]),
        ("FROM alpine:3.19\nCOPY src /app\n", &[(".git/HEAD", "ref: refs/heads/main\n"), ("src/a", "x")]),
    ),
    (
        "PackageListsLeftBehind",
        ("FROM debian:12\nRUN apt-get update && apt-get install -y curl\n", &[]),
        (
            "FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n",
            &[],
        ),
    ),
];

#[test]
fn every_rule_of_the_lab_finds_its_case_and_leaves_the_near_miss() {
    let mut told = String::new();
    for rule in OWN_RULES {
        let (_, (breaks, files), (nearly, near_files)) = OWN
            .iter()
            .find(|(name, ..)| *name == rule.name)
            .unwrap_or_else(|| panic!("{} has no test", rule.name));
        let (checked, events) = run(&request(breaks, files), &Order::default());
        assert!(checked.layers.iter().any(|finding| finding.rule == rule.name), "{} in\n{breaks}", rule.name);
        let near = broken(nearly, near_files);
        assert!(!near.contains(&rule.name.to_owned()), "{} is found in\n{nearly}\n{near:?}", rule.name);
        for event in events {
            if matches!(&event, Event::Finding(finding) if finding.rule == rule.name) {
                told.push_str(&text(&event, &Style::default()));
            }
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_a_base_brings_and_a_step_deletes() {
    let shown = screen("FROM node:20-alpine\nRUN rm -rf /usr/local/lib/node_modules\n", &[]);
    insta::assert_snapshot!(shown);
}

#[test]
fn edits_can_be_named() {
    let file = "FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nRUN npm install\n";
    let cost = |edits: &[&str]| {
        let edits = edits.iter().map(|edit| (*edit).to_owned()).collect();
        let (checked, _) = run(&request(file, NODE), &Order { edits, ..Order::default() });
        checked.layers.iter().find_map(|finding| finding.cost.clone()).map(|cost| (cost.edits, cost.steps))
    };
    assert_eq!(cost(&[]), Some((2, 2)));
    assert_eq!(cost(&["a.js", "a.js", "./a.js", "package.json"]), Some((3, 3)));
    assert_eq!(cost(&["package.json", "not/there"]), None);
}

#[test]
fn a_clean_file_says_so_and_a_broken_one_says_where() {
    insta::assert_snapshot!(screen("FROM alpine:3.19\nRUN echo hi > /hi\n", &[]), @r"
    Check complete, no warnings found.

    Layers played, nothing found in them.
    ");
    insta::assert_snapshot!(screen("FROM alpine:3.19\nRUNN x\n", &[]), @r#"
    failed to solve: dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)
    error: Dockerfile:2:1: unknown instruction: RUNN (did you mean RUN?)
      2 │ RUNN x
        │ ^^^^
    hint: did you mean `RUN`?
    exit 1
    "#);
    insta::assert_snapshot!(screen("FROM alpine:3.19\nCOPY --from=3 a b\n", &[]), @r#"
    failed to solve: invalid stage index 3
    error: Dockerfile:2:1: invalid stage index 3
      2 │ COPY --from=3 a b
        │ ^^^^
    exit 1
    "#);
    insta::assert_snapshot!(screen("FROM alpine:3.19 as x\nRUN false\n", &[]), @r#"
    Check complete, 1 warning has been found!

    WARNING: FromAsCasing - https://docs.docker.com/go/dockerfile/rule/from-as-casing/
    'as' and 'FROM' keywords' casing do not match
    Dockerfile:1
    --------------------
       1 | >>> FROM alpine:3.19 as x
       2 |     RUN false
       3 |
    --------------------
    fix    write AS in the case of FROM
    hint: the build ends early, so the rules about layers saw only what was made
          before: failed to solve: process "/bin/sh -c false" did not complete
          successfully: exit code: 1

    Layers played, nothing found in them.
    "#);
    insta::assert_snapshot!(screen("FROM nobody/knows:1\nRUN frobnicate\n", &[]), @r#"
    Check complete, no warnings found.
    not modelled: RUN in an image that nobody knows; it changes nothing
    hint: nobody/knows:1 is not built in, so its RUN steps change nothing here.
          --base NAME=KNOWN takes a known image instead, --strict refuses.

    Layers played, nothing found in them.
    "#);
}

#[test]
fn json_has_line_layer_bytes_and_fix() {
    let file = "FROM alpine:3.19\nRUN echo 12345 > /x\nRUN rm /x\n";
    let (_, events) = run(&request(file, &[]), &Order::default());
    let last = json(events.last().unwrap());
    let value: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert_eq!(value["event"], "finding");
    assert_eq!(value["rule"], "DeletedInLaterLayer");
    assert_eq!((value["line"].as_u64(), value["step"].as_u64()), (Some(3), Some(3)));
    assert_eq!((value["layer"]["number"].as_u64(), value["layer"]["step"].as_u64()), (Some(2), Some(2)));
    assert_eq!(value["bytes"].as_u64(), Some(6));
    assert_eq!(value["paths"][0], "/x");
    assert!(value["fix"].as_str().is_some_and(|fix| fix.contains("step 2")));
}

/// What stands before a fault is told with it, as Docker does; what would be noticed only after the file was read
/// is not.
#[test]
fn what_stands_before_a_fault_is_told() {
    let file = "FROM alpine:3.19 as Web\nMAINTAINER me\nrun echo \\\n\n  hello\nCOPPY a /a\nMAINTAINER you\n";
    insta::assert_snapshot!("before_a_fault", screen(file, &[]));
    let rules = |file: &str| broken(file, &[]);
    assert_eq!(rules(&format!("# check=skip=all\n{file}")), [""; 0]);
    // Lines that can't be read as such end it before anything is noticed.
    assert_eq!(rules("FROM alpine:3.19 as web\nMAINTAINER me\nLABEL a=b c\n"), [""; 0]);
    assert_eq!(rules("ARG A\nARG B\nMAINTAINER me\n"), [""; 0]);
    let (checked, _) = run(&request(file, &[]), &Order::default());
    assert!(checked.failed && checked.layers.is_empty());
}

#[test]
fn a_hundred_thousand_instructions_end_soon() {
    let mut file = "FROM scratch\n".to_owned();
    for number in 0..100_000 {
        file.push_str(&format!("LABEL l{number}=$x\n"));
    }
    let mut t = Trace::silent();
    t.fuel = Fuel::new(Limits { operations: 3_000_000, ..Limits::LINE });
    check(&Store::default(), &request(&file, &[]), &Order::default(), &mut NoPrograms, &mut t);
    let big = format!("FROM scratch\n#{}\n", "x".repeat(33 << 20));
    let (checked, events) = run(&request(&big, &[]), &Order::default());
    assert!(checked.failed);
    assert!(events.iter().any(|event| json(event).contains("the lab reads at most")), "{events:?}");
}

/// Pieces that mean something to some rule.
const PIECES: &[&str] = &[
    "FROM ",
    "from ",
    "alpine:3.19",
    "scratch",
    " as ",
    " AS ",
    "B",
    "\n",
    "\n\n",
    "\\\n",
    "# check=skip=all\n",
    "# x\n",
    "COPY . .\n",
    "COPY $a \"b",
    "RUN --mount=type=cache,target=$x true\n",
    "RUN rm -rf /etc\n",
    "ENV a b\n",
    "ENV API_KEY=1\n",
    "EXPOSE :::",
    "EXPOSE 1/TCP",
    "--platform=",
    "$TARGETPLATFORM ",
    "${x:-",
    "}",
    "ARG A=$A\n",
    "ONBUILD RUN x\n",
    "CMD a\n",
    "WORKDIR \u{e4}\n",
    "WORKDIR ..\n",
    "<<E\n$x\nE\n",
    "MAINTAINER \n",
    "RUN npm ci\n",
    "[",
    "\"",
    "'",
    "\u{0}",
    "\u{feff}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_dockerfile_makes_a_check_panic(picked in prop::collection::vec(0..PIECES.len(), 0..24), noise in "\\PC{0,12}") {
        let body: String = picked.into_iter().filter_map(|at| PIECES.get(at).copied()).collect();
        for file in [body.clone(), format!("FROM alpine:3.19\n{body}{noise}")] {
            let mut t = Trace::silent();
            t.fuel = Fuel::new(Limits { operations: 400_000, ..Limits::LINE });
            let files: Files = &[("package.json", PACKAGE), (".git/HEAD", "x"), ("a", "1")];
            check(&Store::default(), &request(&file, files), &Order::default(), &mut NoPrograms, &mut t);
        }
    }
}
