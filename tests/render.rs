//! Every event as text and as JSON. The snapshots are what a person sees; read them when they change.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::render::{Mode, Renderer, Style, columns, json, text};
use layerlab::trace::{
    Answer, Bar, Bars, BillRow, CacheKey, Cell, CellMark, CopiedDirectory, Cost, CourseNews, Data, Decisions,
    Edited, Ended, Event, Finding, FoundLayer, FreedLayer, Goal, Graph, GraphEdge, GraphSource, GraphStage,
    HandleNews, HeldLayer, KeyRow, LayerFate, LayerHolder, LayerRef, MapNews, MountRef, Mounted, Object,
    OnMount, Order, OrderCost, OrderRow, Part, Place, Probe, Reason, Reclaimed, SavedImage, Sink, Source,
    SourceLine, StackRow, StayingImage, Stream, Transfer, TransferLayer, Verdict, WhatIf, WhatIfCell,
    WhatIfEnd, WhatIfRow, XattrChange,
};
use proptest::prelude::*;
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

fn layer(number: usize, label: &str) -> LayerRef {
    LayerRef { number, label: label.into() }
}

fn probe(number: usize, answer: Answer) -> Probe {
    Probe { layer: layer(number, ""), answer }
}

fn found(size: u64) -> Answer {
    Answer::Found { kind: "file", size }
}

fn cell(mark: CellMark, text: &str) -> Cell {
    Cell { mark, text: text.into() }
}

fn step(number: usize, label: &str, instruction: &str, verdict: Verdict) -> Event {
    Event::Step {
        number,
        label: label.into(),
        stage: "0".into(),
        instruction: instruction.into(),
        reason_text: verdict.reason(),
        verdict,
        bytes: None,
        seconds: None,
        modelled: true,
    }
}

fn lookup_conf() -> Event {
    Event::Lookup {
        path: "/etc/nginx/nginx.conf".into(),
        probes: vec![
            probe(0, Answer::Absent),
            probe(4, Answer::NoDirectory { directory: "/etc/nginx".into() }),
            probe(3, found(648)),
            probe(2, Answer::NotAsked),
        ],
        found: true,
        errno: None,
        aside: false,
    }
}

fn object(mode: u16, size: u64) -> Object {
    Object { mode, size, ..Object::default() }
}

fn directory(number: usize) -> CopiedDirectory {
    CopiedDirectory { from: layer(number, ""), object: object(0o755, 0) }
}

fn append_story() -> Vec<Event> {
    let path = || "/etc/nginx/nginx.conf".to_owned();
    let conf = layer(3, "COPY conf");
    vec![
        lookup_conf(),
        Event::CopyUpDirectories {
            paths: vec!["/etc".into(), "/etc/nginx".into()],
            made: vec![directory(1), directory(3)],
            inodes: 2,
            into: None,
        },
        Event::CopyUp {
            path: path(),
            kind: "file".into(),
            bytes: 648,
            from: conf.clone(),
            metadata_only: false,
            source: None,
            contents: None,
            completes: false,
            metacopy: false,
            index: None,
            inodes: 1,
            object: object(0o644, 648),
            into: None,
        },
        Event::Write {
            path: path(),
            bytes: 8,
            size: 656,
            append: true,
            untouched: Some(conf),
            copied: 648,
            at: 648,
            data: Some(Data::Data("# tuned\n".into())),
            into: None,
        },
    ]
}

fn of_handle(news: HandleNews) -> Event {
    Event::Handle { fd: 3, path: "/srv/log".into(), news }
}

fn of_map(news: MapNews) -> Event {
    Event::Map { map: 1, path: "/srv/log".into(), news }
}

/// Every kind of news of open files and maps.
fn kept_open() -> Vec<Event> {
    let base = || layer(1, "base");
    let opened = |read, write, append, directory| {
        of_handle(HandleNews::Opened { read, write, append, directory, from: Some(base()) })
    };
    vec![
        opened(true, false, false, false),
        opened(true, true, false, false),
        opened(false, true, true, false),
        opened(true, false, false, true),
        of_handle(HandleNews::Read { bytes: 6, from: base(), nameless: false }),
        of_handle(HandleNews::Followed { from: base(), contents: true }),
        of_handle(HandleNews::Followed { from: base(), contents: false }),
        of_handle(HandleNews::Unlinked { directory: false, from: Some(base()), nameless: true }),
        of_handle(HandleNews::Unlinked { directory: true, from: Some(base()), nameless: true }),
        of_handle(HandleNews::Read { bytes: 6, from: layer(0, ""), nameless: true }),
        of_handle(HandleNews::Wrote { bytes: 5, size: 11 }),
        of_handle(HandleNews::Wrote { bytes: 0, size: 4 }),
        of_handle(HandleNews::Attributes { change: "mode 0644 → 0600".into() }),
        of_handle(HandleNews::Synced { skipped: false, in_upper: true }),
        of_handle(HandleNews::Synced { skipped: false, in_upper: false }),
        of_handle(HandleNews::Synced { skipped: true, in_upper: true }),
        of_handle(HandleNews::Closed { freed: None }),
        of_handle(HandleNews::Closed { freed: Some(11) }),
        of_map(MapNews::Made { fd: 3, bytes: 6, from: base(), behind: false }),
        of_map(MapNews::Made { fd: 3, bytes: 6, from: base(), behind: true }),
        of_map(MapNews::LeftBehind { from: base() }),
        of_map(MapNews::Read { bytes: 6, from: base(), behind: false }),
        of_map(MapNews::Read { bytes: 6, from: base(), behind: true }),
        of_map(MapNews::Unmapped { freed: None }),
    ]
}

fn stack_of_web() -> Event {
    let absent = || cell(CellMark::Absent, "");
    let row = |number, label, cells| StackRow { layer: layer(number, label), cells };
    Event::Stack {
        name: "web".into(),
        paths: vec!["/etc/nginx/nginx.conf".into(), "/etc/motd".into()],
        rows: vec![
            row(0, "web (rw)", vec![cell(CellMark::Visible, "656 B"), absent()]),
            row(4, "COPY html", vec![absent(), absent()]),
            row(3, "COPY conf", vec![cell(CellMark::Hidden, "648 B"), absent()]),
            row(2, "RUN apk add", vec![absent(), absent()]),
            row(1, "FROM alpine", vec![absent(), cell(CellMark::Visible, "286 B")]),
        ],
        view: vec![cell(CellMark::Visible, "656 B"), cell(CellMark::Visible, "286 B")],
        svg: false,
    }
}

fn second_build() -> Vec<Event> {
    let changed = Reason::FileChanged {
        path: "app.py".into(),
        what: "content".into(),
        old: "41ab".into(),
        new: "c07f".into(),
    };
    let start = Event::BuildStart {
        name: "app:latest".into(),
        builder: "buildkit".into(),
        context_files: 3,
        context_bytes: 1204,
        ignored_files: 2,
    };
    let built = Event::Built {
        tag: "app:latest".into(),
        image: "e21094".into(),
        size: 142_300_000,
        layers: 8,
        hits: 1,
        misses: 2,
        seconds: 38.2,
        not_modelled: 0,
    };
    let hit = Verdict::Hit { reason: "same parent, same step".into() };
    vec![
        start,
        step(1, "[1/4]", "FROM python:3.12-slim", Verdict::Base),
        step(2, "[2/4]", "WORKDIR /app", hit),
        step(3, "[3/4]", "COPY . .", Verdict::Miss { reason: changed }),
        step(
            4,
            "[4/4]",
            "RUN pip install -r requirements.txt",
            Verdict::Miss { reason: Reason::ParentRebuilt { step: 3 } },
        ),
        step(5, "", "CMD [\"python\", \"app.py\"]", Verdict::Meta),
        built,
        Event::Hint { text: "pip needs only requirements.txt; COPY it before RUN, the rest after.".into() },
        Event::Next { text: "explain 3".into() },
    ]
}

/// What a renderer prints, as a person or a program gets it.
fn play(events: &[Event]) -> String {
    play_with(events, Style::default())
}

fn play_with(events: &[Event], style: Style) -> String {
    let paper = Paper::default();
    let mut renderer = Renderer::new(Box::new(paper.clone()), style);
    for event in events {
        renderer.take(event.clone());
    }
    renderer.finish();
    paper.text()
}

#[derive(Clone, Default)]
struct Paper(Rc<RefCell<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// At least one event of each variant, awkward ones included.
fn what_if() -> Event {
    let cell = |builder: &str, verdict: &str, reason: &str| WhatIfCell {
        builder: builder.into(),
        verdict: verdict.into(),
        reason: reason.into(),
        depends_on: (verdict == "MAYBE").then_some(2),
    };
    let row = |number, instruction: &str, buildkit: (&str, &str), legacy: (&str, &str)| WhatIfRow {
        number,
        stage: "0".into(),
        instruction: instruction.into(),
        cells: vec![cell("buildkit", buildkit.0, buildkit.1), cell("legacy", legacy.0, legacy.1)],
        disagree: String::new(),
        differs: Vec::new(),
        same: 0,
    };
    let long = "RUN apt-get update && apt-get install --no-install-recommends -y build-essential curl git";
    let rebuilt = ("MISS", "its parent, step 1, was rebuilt");
    let not_looked_up = ("MISS", "not looked up: step 1 already missed in this stage");
    Event::WhatIf(WhatIf {
        name: "app".into(),
        edits: vec![
            Edited { what: "src/app.js: other contents".into(), note: String::new() },
            Edited {
                what: "notes: deleted".into(),
                note: ".dockerignore keeps it out of the build context".into(),
            },
        ],
        rows: vec![
            row(1, "COPY . .", ("MISS", "src/app.js changed"), ("MISS", "src/app.js changed")),
            row(2, long, rebuilt, not_looked_up),
            row(3, "COPY --from=build /a /", ("MAYBE", "depends on what step 2 makes"), ("NONE", "")),
            row(4, "CMD [\"sh\"]", ("META", "config only, no layer"), ("NONE", "the build ended before")),
        ],
        builders: vec![
            WhatIfEnd {
                builder: "buildkit".into(),
                earlier: "recorded".into(),
                misses: 2,
                maybe: 1,
                ..WhatIfEnd::default()
            },
            WhatIfEnd {
                builder: "legacy".into(),
                earlier: "assumed".into(),
                misses: 2,
                failure: Some(Ended {
                    message: "`/a` is not there".into(),
                    place: None,
                    hint: Some("name it".into()),
                }),
                ..WhatIfEnd::default()
            },
        ],
    })
}

fn decisions() -> Event {
    let cell = |builder: &str, verdict: &str, reason: &str| WhatIfCell {
        builder: builder.into(),
        verdict: verdict.into(),
        reason: reason.into(),
        depends_on: None,
    };
    let end = |builder: &str, hits, misses| WhatIfEnd {
        builder: builder.into(),
        hits,
        misses,
        ..WhatIfEnd::default()
    };
    Event::Decisions(Decisions {
        name: "app".into(),
        rows: vec![WhatIfRow {
            number: 2,
            stage: "0".into(),
            instruction: "LABEL version=2".into(),
            cells: vec![
                cell("buildkit", "META", "config only, no layer"),
                cell("legacy", "MISS", "instruction changed, LABEL version=1 → LABEL version=2"),
            ],
            disagree: "the config is part of the legacy key".into(),
            differs: vec![KeyRow {
                part: Part("step".into()),
                earlier: Some("RUN a".into()),
                now: Some("RUN b".into()),
            }],
            same: 3,
        }],
        builders: vec![end("buildkit", 0, 0), end("legacy", 0, 1)],
    })
}

fn better_order() -> Event {
    let row = |edit: &str, count, before, after| OrderRow { edit: edit.into(), count, before, after };
    Event::Order(Order {
        name: "app".into(),
        file: "Dockerfile".into(),
        builders: vec!["buildkit".into(), "legacy".into()],
        before: "FROM a\nCOPY . .\nRUN npm ci\n".into(),
        after: "FROM a\nCOPY package.json ./\nRUN npm ci\nCOPY . .\n".into(),
        moves: vec!["package.json is copied first; line 2, COPY . ., goes below line 3".into()],
        assumed: vec!["line 3: npm reads only package.json".into()],
        rows: vec![row("src/app.js and 11 like it", 12, 4, 2), row("package.json", 1, 4, 6)],
        misses_before: 52,
        misses_after: 30,
    })
}

fn stages() -> Event {
    let stage = |index, name: Option<&str>, needed| GraphStage {
        index,
        name: name.map(str::to_owned),
        line: index as u32 * 2 + 1,
        instructions: 2,
        needed,
        legacy: true,
    };
    let edge = |stage, from, by: &str, paths: &[&str]| GraphEdge {
        stage,
        from,
        by: by.into(),
        line: 1,
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    };
    Event::Graph(Graph {
        file: "Dockerfile".into(),
        format: "text".into(),
        target: 2,
        stages: vec![stage(0, Some("build"), true), stage(1, Some("test"), false), stage(2, None, true)],
        images: vec!["golang:1.21-alpine".into()],
        edges: vec![
            edge(0, GraphSource::FromImage(0), "FROM", &[]),
            edge(1, GraphSource::FromStage(0), "FROM", &[]),
            edge(2, GraphSource::Scratch, "FROM", &[]),
            edge(
                2,
                GraphSource::FromStage(0),
                "COPY",
                &["/out/a/rather/long/path/of/a/binary", "/etc/ssl/certs/ca-certificates.crt"],
            ),
        ],
    })
}

fn layers() -> Event {
    let bar = |layer, step, verdict: &str, bytes, hidden, command: &str| Bar {
        layer,
        step,
        verdict: verdict.into(),
        bytes,
        hidden,
        command: command.into(),
    };
    let run =
        "RUN apt-get update && apt-get install -y --no-install-recommends \u{1b}[31mcurl ca-certificates";
    Event::Bars(Bars {
        name: "app".into(),
        bytes: 121_000_042,
        rows: vec![
            bar(3, Some(4), "MISS", 42, 0, "COPY a /b"),
            bar(2, Some(3), "MISS", 40_000_000, 30_000_000, run),
            bar(1, None, "", 1_000_000, 1_000_000, "(missing)"),
            bar(0, None, "BASE", 80_000_000, 1, "ADD rootfs.tar.xz /"),
        ],
    })
}

fn bill() -> Event {
    let cost = |copied, inodes| Cost { copied, inodes, ..Cost::default() };
    let row = |what: &str, costs: [Cost; 2], refused: [Option<&str>; 2]| BillRow {
        what: what.into(),
        costs: costs.into(),
        refused: refused.map(|errno| errno.map(str::to_owned)).into(),
    };
    Event::Bill {
        name: "postgres:15".into(),
        drivers: vec!["overlay2".into(), "vfs".into()],
        rows: vec![
            row("start 10 containers", [cost(0, 0), cost(4_190_000_000, 101_690)], [None, None]),
            row(
                "mv /usr/share/\u{1b}[31mdoc (20 files)",
                [cost(222_000, 31), cost(0, 0)],
                [Some("EXDEV"), None],
            ),
            row(
                "open /etc/passwd",
                [Cost { lookups: 4, ..Cost::default() }, Cost { lookups: 1, ..Cost::default() }],
                [None, None],
            ),
        ],
    }
}

fn samples() -> Vec<Event> {
    let path = |text: &str| text.to_owned();
    let one = |number| Some(layer(number, ""));
    let mut all = append_story();
    all.extend(kept_open());
    all.extend(findings());
    all.push(layers());
    all.push(bill());
    all.extend([
        Event::Lookup {
            path: path("/gone"),
            probes: vec![probe(0, Answer::Absent), probe(5, Answer::Absent), probe(4, Answer::Whiteout)],
            found: false,
            errno: None,
            aside: false,
        },
        Event::Lookup {
            path: path("/srv"),
            probes: vec![
                probe(0, Answer::Directory { opaque: false, redirect: Some("/old".into()) }),
                probe(3, Answer::Metacopy { size: 2_000_000 }),
                probe(2, Answer::Directory { opaque: true, redirect: None }),
            ],
            found: true,
            errno: None,
            aside: false,
        },
        Event::CopyUp {
            path: path("/l"),
            kind: "symlink".into(),
            bytes: 0,
            from: layer(1, ""),
            metadata_only: false,
            source: Some("/old".into()),
            contents: None,
            completes: false,
            metacopy: false,
            index: Some(7),
            inodes: 1,
            object: Object { target: Some("/etc".into()), ..object(0o777, 4) },
            into: None,
        },
        Event::LinkedUp { path: path("/twin"), index: 7, inodes: 0 },
        Event::CopyUp {
            path: path("/big"),
            kind: "file".into(),
            bytes: 2_000_000,
            from: layer(1, ""),
            metadata_only: false,
            source: None,
            contents: Some(Source { layer: layer(1, ""), path: "/big".into() }),
            completes: true,
            metacopy: false,
            index: None,
            inodes: 0,
            object: object(0o600, 2_000_000),
            into: None,
        },
        Event::CopyUp {
            path: path("/big"),
            kind: "file".into(),
            bytes: 0,
            from: layer(1, ""),
            metadata_only: true,
            source: None,
            contents: None,
            completes: false,
            metacopy: true,
            index: None,
            inodes: 1,
            object: object(0o600, 2_000_000),
            into: None,
        },
        Event::Write {
            path: path("/new"),
            bytes: 12,
            size: 12,
            append: false,
            untouched: None,
            copied: 0,
            at: 0,
            data: None,
            into: None,
        },
        Event::Write {
            path: path("/disk.img"),
            bytes: 1,
            size: 1_000_000_001,
            append: true,
            untouched: one(1),
            copied: 1_000_000_000,
            at: 1_000_000_000,
            data: Some(Data::Fill('x')),
            into: None,
        },
        Event::Created {
            path: path("/d"),
            kind: "directory".into(),
            over_whiteout: true,
            opaque: true,
            of: None,
            inodes: 1,
            object: Some(object(0o755, 0)),
            into: None,
        },
        Event::Created {
            path: path("/h"),
            kind: "link".into(),
            over_whiteout: false,
            opaque: false,
            of: Some("/new".into()),
            inodes: 0,
            object: None,
            into: None,
        },
        Event::Removed {
            path: path("/etc/motd"),
            kind: "file".into(),
            whiteout_over: one(1),
            still_stored: 286,
            whiteout: true,
            inodes: 1,
            mark: None,
            into: None,
        },
        Event::Removed {
            path: path("/tmp/x"),
            kind: "file".into(),
            whiteout_over: None,
            still_stored: 0,
            whiteout: false,
            inodes: 0,
            mark: None,
            into: None,
        },
        Event::Cleared { path: path("/d"), whiteouts: 2, inodes: 1 },
        Event::Opaque { path: path("/d") },
        Event::Redirect { path: path("/b"), to: "/a".into() },
        Event::Renamed {
            from: path("/a"),
            to: path("/b"),
            exchange: false,
            whiteout: true,
            over_whiteout: false,
            inodes: 1,
        },
        Event::Renamed {
            from: path("/a"),
            to: path("/b"),
            exchange: true,
            whiteout: false,
            over_whiteout: false,
            inodes: 0,
        },
        Event::Attributes {
            path: path("/run.sh"),
            change: "mode 0644 → 0755".into(),
            mode: 0o755,
            uid: 0,
            gid: 0,
            xattr: None,
            index: None,
            copied: 0,
        },
        Event::Attributes {
            path: path("/disk.img"),
            change: "xattr user.note set".into(),
            mode: 0o644,
            uid: 0,
            gid: 0,
            xattr: Some(XattrChange {
                name: "user.note".into(),
                stored: "user.note".into(),
                value: Some("x".into()),
            }),
            index: Some(7),
            copied: 1_000_000_000,
        },
        Event::Failed {
            op: "rename".into(),
            path: path("/etc"),
            other: Some("/new".into()),
            errno: "EXDEV".into(),
            why: "a directory that a lower layer holds is not renamed without redirect_dir".into(),
        },
        Event::Committed { what: "web".into(), entries: 1, bytes: 656 },
        Event::Saved {
            file: "app.tar".into(),
            bytes: 7_690_000,
            images: vec![
                SavedImage {
                    names: vec!["app:1".into(), "app:latest".into()],
                    id: format!("sha256:{}", "7d".repeat(32)),
                    lab_id: format!("sha256:{}", "15".repeat(32)),
                    layers: vec![format!("sha256:{}", "a0".repeat(32))],
                },
                SavedImage {
                    names: Vec::new(),
                    id: format!("sha256:{}", "be".repeat(32)),
                    lab_id: format!("sha256:{}", "be".repeat(32)),
                    layers: Vec::new(),
                },
            ],
        },
        Event::Reclaimed(Reclaimed {
            freed: vec![FreedLayer { chain_id: digest("ac"), label: "RUN echo b > /b".into(), bytes: 2 }],
            more_freed: 3,
            bytes: 1_204,
            kept: vec![held_layer()],
            more_kept: 1,
            staying: vec![StayingImage {
                id: "0f5d5861de35".into(),
                names: vec!["alpine:3.19".into()],
                why: "it is called alpine:3.19".into(),
            }],
        }),
        Event::Transferred(transfer(
            "push",
            &[LayerFate::Sent, LayerFate::There, LayerFate::Mounted { from: "team/app".into() }],
        )),
        Event::Transferred(transfer(
            "pull",
            &[LayerFate::Resumed { had: 300 }, LayerFate::Cut { had: 0, got: 200 }, LayerFate::Waiting],
        )),
        Event::Held {
            layers: vec![HeldLayer { holders: Vec::new(), more: 0, ..held_layer() }, held_layer()],
        },
        stack_of_web(),
        Event::Which {
            path: path("/etc/motd"),
            probes: vec![
                Probe { layer: layer(0, "web (rw)"), answer: found(12) },
                Probe { layer: layer(1, "FROM alpine"), answer: found(286) },
            ],
            winner: one(0).map(|top| LayerRef { label: "web (rw)".into(), ..top }),
            shown: vec![0],
            why: "the upper is asked first".into(),
        },
    ]);
    all.extend(second_build());
    all.extend([
        Event::Output { stream: Stream::Out, text: "hello \x1b[31mred".into() },
        Event::BuildFailed {
            message: "ERROR: process \"/bin/sh -c go build\" did not complete successfully: exit code: 127"
                .into(),
            exit: 1,
            plain: None,
            place: None,
            hint: Some("golang:1.21-alpine has go; alpine has not.".into()),
        },
        Event::BuildFailed {
            message: "failed to solve: \"/aap.py\": not found".into(),
            exit: 1,
            plain: Some("`aap.py` is not in the build context `app`".into()),
            place: Some(Place {
                file: "Dockerfile".into(),
                line: 3,
                column: 6,
                width: 6,
                text: "COPY aap.py .".into(),
            }),
            hint: Some("did you mean `app.py`?".into()),
        },
        explained(),
        decisions(),
        what_if(),
        better_order(),
        stages(),
        Event::Printed { out: "REPOSITORY   TAG\napp          latest\n".into(), err: String::new(), exit: 0 },
        Event::Printed { out: String::new(), err: "Error: No such container: wbe".into(), exit: 1 },
        Event::Started {
            name: "web".into(),
            image: "nginx:alpine".into(),
            lowers: 4,
            driver: "overlay2".into(),
        },
        Event::Started { name: "v".into(), image: "nginx:alpine".into(), lowers: 0, driver: "vfs".into() },
        Event::Mounted(Mounted {
            container: "db".into(),
            target: "/var/lib/postgresql/data".into(),
            mount: MountRef { kind: "volume", source: "db-data".into() },
            read_only: false,
            made: true,
            copied: Some((2, 4096)),
            hidden: 0,
        }),
        Event::Mounted(Mounted {
            container: "web".into(),
            target: "/usr/share/nginx/html".into(),
            mount: MountRef { kind: "bind", source: "/lab/site".into() },
            read_only: true,
            made: false,
            copied: None,
            hidden: 2,
        }),
        Event::OnMount(OnMount {
            event: Box::new(Event::Removed {
                path: "/var/lib/postgresql/data/postmaster.pid".into(),
                kind: "file".into(),
                whiteout_over: None,
                still_stored: 0,
                whiteout: false,
                mark: None,
                into: None,
                inodes: 0,
            }),
            mount: MountRef { kind: "volume", source: "db-data".into() },
        }),
        Event::Table {
            title: "images".into(),
            head: vec!["name".into(), "size".into(), "what it is".into()],
            rows: vec![
                vec!["alpine:3.19".into(), "7.4 MB".into(), "small, busybox and apk".into()],
                vec![
                    "golang:1.21-alpine".into(),
                    "300 MB".into(),
                    "the Go toolchain on alpine, for the builder stage of a multi-stage build".into(),
                ],
            ],
        },
        Event::Value { text: "2".into() },
        Event::Text { text: "help · help whiteout".into() },
        Event::NotModelled { what: "./main".into(), instead: "it succeeds and changes nothing".into() },
        Event::Story { text: "Now edit one file.".into() },
        Event::Line { text: "for f in m.ls(\"/\") {\n  print(f)\n}".into() },
        Event::Check {
            name: "prefix stays cached".into(),
            ok: true,
            expected: "2".into(),
            actual: "2".into(),
        },
        Event::Check { name: "small".into(), ok: false, expected: "true".into(), actual: "false".into() },
        Event::Course(Box::new(CourseNews::Hint {
            exercise: "01_shadowing".into(),
            goal: "the house wins".into(),
            level: 1,
            of: 3,
            text: "Which layer is on top?".into(),
        })),
        Event::Course(Box::new(CourseNews::Judged {
            exercise: "01_shadowing".into(),
            title: "Layers and shadowing".into(),
            goals: vec![
                Goal {
                    text: "the house wins".into(),
                    ok: false,
                    wanted: "one\ntwo".into(),
                    actual: "two".into(),
                    diff: vec!["- one".into(), "  two".into()],
                    hints: vec!["Which layer is on top?".into()],
                },
                Goal {
                    text: "it builds".into(),
                    ok: true,
                    wanted: "an image".into(),
                    actual: "an image".into(),
                    diff: Vec::new(),
                    hints: Vec::new(),
                },
            ],
            passed: false,
            why: Vec::new(),
        })),
        Event::Predicted {
            instruction: "COPY . .".into(),
            predicted: "HIT".into(),
            actual: "MISS".into(),
            ok: false,
        },
        aap(),
        Event::Tracing { mode: "on".into() },
        Event::Result { exit: 1, passed: 2, failed: 1 },
    ]);
    all
}

fn explained() -> Event {
    let row = |part: &str, earlier: &str, now: &str| KeyRow {
        part: Part(part.into()),
        earlier: Some(earlier.into()),
        now: Some(now.into()),
    };
    let (long_a, long_b) = (format!("9c0d52{}", "a".repeat(58)), format!("9c0d52b{}", "b".repeat(57)));
    Event::Explain {
        step: 3,
        instruction: "COPY . .".into(),
        verdict: "MISS  app.py changed, 41ab → c07f".into(),
        rows: vec![
            row("parent", &long_a, &long_a),
            row("step", "COPY . .", "COPY . ."),
            row("requirements.txt", "5f20", "5f20"),
            row("app.py", &format!("sha256:{long_a}"), &format!("sha256:{long_b}")),
            row(
                "environment SOME_RATHER_LONG_NAME",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
                "x",
            ),
            KeyRow { part: Part("new.py".into()), earlier: None, now: Some("77aa".into()) },
            KeyRow { part: Part("old.py".into()), earlier: Some("88bb".into()), now: None },
        ],
        key: Some(CacheKey::on("9c0d52").with("step", "COPY . .")),
        digest: format!("sha256:{}", "c".repeat(64)),
    }
}

/// A finding of BuildKit's rules, and one that needs the layers.
fn findings() -> Vec<Event> {
    let line = |number, marked, text: &str| SourceLine { number, marked, text: text.into() };
    let docker = Finding {
        rule: "FromAsCasing".into(),
        by: "buildkit".into(),
        url: "https://docs.docker.com/go/dockerfile/rule/from-as-casing/".into(),
        message: "'as' and 'FROM' keywords' casing do not match".into(),
        file: "Dockerfile".into(),
        line: 1,
        last_line: 1,
        at_line: 1,
        column: 1,
        width: 4,
        source: vec![line(1, true, "FROM alpine as web"), line(2, false, "COPY . .")],
        ..Finding::default()
    };
    let own = Finding {
        rule: "DeletedInLaterLayer".into(),
        by: "layerlab".into(),
        url: String::new(),
        message: "`/tmp/big.tar` is deleted here, but layer 2 keeps the bytes: the image gets no smaller"
            .into(),
        layer: Some(FoundLayer {
            number: 2,
            of: 3,
            diff_id: format!("sha256:{}", "a".repeat(64)),
            step: Some(2),
            made_by: "RUN wget -O /tmp/big.tar https://example.com/big.tar".into(),
        }),
        bytes: Some(45_200_000),
        paths: vec!["/tmp/big.tar".into()],
        files: 1,
        cost: Some(OrderCost { edits: 12, steps: 24, seconds: 480.0 }),
        step: Some(3),
        fix: "delete it in the RUN that makes it, step 2: RUN … && rm …".into(),
        ..docker.clone()
    };
    let checked = |by: &str| Event::Checked { by: by.into(), found: 1 };
    vec![
        Event::Warnings {
            warnings: vec!["FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)".into()],
        },
        checked("buildkit"),
        Event::Finding(Box::new(docker)),
        checked("layerlab"),
        Event::Finding(Box::new(own)),
        Event::Checked { by: "buildkit".into(), found: 0 },
    ]
}

fn aap() -> Event {
    Event::Error {
        message: "`aap.py` is not in the build context `app`".into(),
        place: Some(Place {
            file: "Dockerfile".into(),
            line: 3,
            column: 6,
            width: 6,
            text: "COPY aap.py .".into(),
        }),
        hint: Some("did you mean `app.py`? COPY reads the context, never the image.".into()),
    }
}

fn digest(byte: &str) -> String {
    format!("sha256:{}", byte.repeat(32))
}

fn transfer(way: &str, fates: &[LayerFate]) -> Transfer {
    let layer = |(at, fate): (usize, &LayerFate)| TransferLayer {
        digest: digest("8b"),
        label: "RUN echo a > /a".into(),
        bytes: 1_000,
        described: at == 0,
        fate: fate.clone(),
    };
    let sum = fates.iter().map(|fate| fate.bytes(1_000)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    Transfer {
        way: way.into(),
        name: "localhost:5000/app:1".into(),
        digest: (way == "push").then(|| digest("14")),
        layers: fates.iter().enumerate().map(layer).collect(),
        sent: sum.0,
        saved: sum.1,
        beside: 934,
    }
}

fn held_layer() -> HeldLayer {
    HeldLayer {
        chain_id: digest("9f"),
        diff_id: digest("8b"),
        label: "RUN echo a > /a".into(),
        bytes: 2,
        holders: vec![
            LayerHolder::Image {
                id: "6b06d8f24a74".into(),
                names: vec!["app:1".into(), "app:2".into()],
                step: false,
            },
            LayerHolder::Image { id: "76fe346a3f11".into(), names: Vec::new(), step: false },
            LayerHolder::Image { id: "7902c28707c9".into(), names: Vec::new(), step: true },
            LayerHolder::Container { name: "web".into(), running: true },
            LayerHolder::Cache { id: "178c6c65a24d".into(), step: "RUN echo a > /a".into() },
        ],
        more: 2,
    }
}

/// The name of each variant. A new variant does not compile until it is named here, and the test
/// below fails until it has a sample.
fn variant(event: &Event) -> &'static str {
    match event {
        Event::Lookup { .. } => "lookup",
        Event::CopyUpDirectories { .. } => "copy_up_directories",
        Event::CopyUp { .. } => "copy_up",
        Event::LinkedUp { .. } => "linked_up",
        Event::Cleared { .. } => "cleared",
        Event::Write { .. } => "write",
        Event::Created { .. } => "created",
        Event::Removed { .. } => "removed",
        Event::Opaque { .. } => "opaque",
        Event::Redirect { .. } => "redirect",
        Event::Renamed { .. } => "renamed",
        Event::Attributes { .. } => "attributes",
        Event::Failed { .. } => "failed",
        Event::Committed { .. } => "committed",
        Event::Saved { .. } => "saved",
        Event::Handle { .. } => "handle",
        Event::Map { .. } => "map",
        Event::Stack { .. } => "stack",
        Event::Which { .. } => "which",
        Event::BuildStart { .. } => "build_start",
        Event::Step { .. } => "step",
        Event::Output { .. } => "output",
        Event::Built { .. } => "built",
        Event::BuildFailed { .. } => "build_failed",
        Event::Warnings { .. } => "warnings",
        Event::Checked { .. } => "checked",
        Event::Finding(_) => "finding",
        Event::Explain { .. } => "explain",
        Event::Decisions(_) => "decisions",
        Event::WhatIf(_) => "what_if",
        Event::Order(_) => "order",
        Event::Graph(_) => "graph",
        Event::Bars(_) => "bars",
        Event::Bill { .. } => "bill",
        Event::Reclaimed(_) => "reclaimed",
        Event::Held { .. } => "held",
        Event::Transferred(_) => "transferred",
        Event::Printed { .. } => "printed",
        Event::Started { .. } => "started",
        Event::Mounted(_) => "mounted",
        // In JSON it is the event it tells of, with one field more.
        Event::OnMount(on) => variant(&on.event),
        Event::Table { .. } => "table",
        Event::Value { .. } => "value",
        Event::Text { .. } => "text",
        Event::NotModelled { .. } => "not_modelled",
        Event::Hint { .. } => "hint",
        Event::Next { .. } => "next",
        Event::Story { .. } => "story",
        Event::Line { .. } => "line",
        Event::Check { .. } => "check",
        Event::Course(_) => "course",
        Event::Predicted { .. } => "predicted",
        Event::Error { .. } => "error",
        Event::Tracing { .. } => "tracing",
        Event::Result { .. } => "result",
    }
}

#[test]
fn every_event_has_a_text_and_a_line_of_json() {
    let samples = samples();
    let mut seen: Vec<&str> = samples.iter().map(variant).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 54, "a variant has no sample: {seen:?}");

    for event in &samples {
        let line = json(event);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["event"], variant(event), "{line}");
        assert!(!line.contains('\n'));
        let text = text(event, &Style::default());
        assert!(text.ends_with('\n') && !text.contains('\x1b'), "{text:?}");
        // Docker's own lines are never wrapped.
        let docker = matches!(
            event,
            Event::Printed { .. } | Event::BuildFailed { .. } | Event::Warnings { .. } | Event::Finding(_)
        );
        let allowed = if docker { 200 } else { 80 };
        assert!(text.lines().all(|line| columns(line) <= allowed), "wider than 80:\n{text}");
    }
    let all: String = samples.iter().map(|event| text(event, &Style::default())).collect();
    insta::assert_snapshot!("every_event", all);
    let lines: Vec<String> = samples.iter().map(json).collect();
    insta::assert_snapshot!("every_event_json", lines.join("\n"));
}

#[test]
fn colour_adds_nothing_but_escapes() {
    let plain = play(&samples());
    let coloured = play_with(&samples(), Style { colour: true, width: 80 });
    assert!(coloured.contains('\x1b'));
    let mut bare = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\x1b') {
        bare.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    bare.push_str(rest);
    assert_eq!(bare, plain);
}

#[test]
fn an_append_tells_copy_up_in_numbered_lines() {
    let line = Event::Line { text: "c.append(\"/etc/nginx/nginx.conf\", \"# tuned\\n\")".into() };
    let events: Vec<Event> = std::iter::once(line).chain(append_story()).chain([stack_of_web()]).collect();
    insta::assert_snapshot!(play(&events));
}

#[test]
fn a_build_lines_up() {
    insta::assert_snapshot!(play(&second_build()));
}

#[test]
fn an_error_shows_line_caret_and_hint() {
    insta::assert_snapshot!(text(&aap(), &Style::default()), @r"
    error: Dockerfile:3:6: `aap.py` is not in the build context `app`
      3 │ COPY aap.py .
        │      ^^^^^^
    hint: did you mean `app.py`? COPY reads the context, never the image.
    ");
}

#[test]
fn a_long_line_is_shown_around_the_mark() {
    let long = format!("RUN echo {} && oops {}", "a ".repeat(60), "b ".repeat(60));
    let at = long.find("oops").unwrap() as u32 + 1;
    let event = Event::Error {
        message: "no such program".into(),
        place: Some(Place { file: "<repl>".into(), line: 1, column: at, width: 4, text: long }),
        hint: None,
    };
    insta::assert_snapshot!(text(&event, &Style::default()), @r"
    error: no such program
      1 │ …a a a a a a a a a a  && oops b b b b b b b b b b b b b b b b b b b b b …
        │                          ^^^^
    ");
}

#[test]
fn many_paths_make_several_boxes() {
    let paths: Vec<String> = (0..7).map(|n| format!("/srv/www/site-{n}/index.html")).collect();
    let cells = |mark| paths.iter().map(|_| cell(mark, "1.20 kB")).collect::<Vec<Cell>>();
    let label =
        "RUN apt-get update && apt-get install -y --no-install-recommends nginx curl && rm -rf /var/lib/apt";
    let event = Event::Stack {
        name: "web".into(),
        rows: vec![
            StackRow { layer: layer(0, "web (rw)"), cells: cells(CellMark::Whiteout) },
            StackRow { layer: layer(1, label), cells: cells(CellMark::Hidden) },
        ],
        view: cells(CellMark::Absent),
        svg: false,
        paths,
    };
    let drawn = text(&event, &Style::default());
    assert!(drawn.lines().all(|line| columns(line) <= 80), "{drawn}");
    insta::assert_snapshot!(drawn);
}

#[test]
fn a_long_instruction_wraps_and_is_never_lost() {
    let long = "RUN apt-get update && apt-get install -y --no-install-recommends nginx curl ca-certificates \
                && rm -rf /var/lib/apt/lists/*";
    let heredoc = "RUN <<EOF\nset -e\necho one\n\techo two\nEOF";
    let very = format!("RUN {}", "echo word && ".repeat(60));
    let events = [
        step(9, "[build 2/3]", long, Verdict::Miss { reason: Reason::FirstBuild }),
        step(10, "[build 3/3]", heredoc, Verdict::Hit { reason: "same parent, same step".into() }),
        step(11, "", &very, Verdict::NotLookedUp { reason: "the stage is not needed".into() }),
        Event::Step {
            number: 12,
            label: "[2/2]".into(),
            stage: "1".into(),
            instruction: "RUN make".into(),
            verdict: Verdict::Miss { reason: Reason::FirstBuild },
            reason_text: "never built here before".into(),
            bytes: Some(45_200_000),
            seconds: Some(12.0),
            modelled: false,
        },
    ];
    insta::assert_snapshot!(play(&events));
}

#[test]
fn output_of_a_step_is_shown_when_it_fails() {
    let start = || second_build().swap_remove(0);
    let said = |text: &str| Event::Output { stream: Stream::Err, text: text.into() };
    let run = |n| step(n, "", "RUN go build", Verdict::Miss { reason: Reason::FirstBuild });
    let failed = || Event::BuildFailed {
        message: "exit code: 127".into(),
        exit: 1,
        plain: None,
        place: None,
        hint: None,
    };
    let after = [start(), said("fine"), run(1), said("go: not found"), run(2), failed()];
    let before = [start(), run(1), said("fine"), run(2), said("go: not found"), failed()];
    for events in [after, before] {
        let shown = play(&events);
        assert!(shown.contains("go: not found") && !shown.contains("fine"), "{shown}");
    }
    let all = play(&[Event::Tracing { mode: "on".into() }, start(), said("fine"), run(1), said("x"), run(2)]);
    assert!(all.contains("fine"), "{all}");
}

#[test]
fn a_long_reason_stands_below_its_step() {
    let reason = Reason::StepChanged {
        part: "instruction".into(),
        old: "COPY . /app/".into(),
        new: "COPY package.json package-lock.json /app/".into(),
    };
    let events = [
        step(2, "[2/6]", "WORKDIR /app", Verdict::Hit { reason: "same parent, same step".into() }),
        step(3, "[3/6]", "COPY package.json package-lock.json ./", Verdict::Miss { reason }),
    ];
    insta::assert_snapshot!(play(&events), @r"
    2 [2/6] WORKDIR /app                            HIT   same parent, same step
    3 [3/6] COPY package.json package-lock.json ./  MISS
                instruction changed, COPY . /app/ → COPY package.json
                package-lock.json /app/
    ");
}

#[test]
fn a_note_stands_below_its_step() {
    let note = Event::NotModelled { what: "./configure".into(), instead: "it does nothing".into() };
    let mut events = second_build();
    events.insert(4, note);
    let shown = play(&events);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[4].starts_with("4 [4/4] RUN pip"), "{shown}");
    assert_eq!(lines[6], "    not modelled: ./configure; it does nothing", "{shown}");
}

#[test]
fn a_flood_of_events_is_cut_with_a_way_to_see_it_all() {
    let created = |n: usize| Event::Created {
        path: format!("/f{n}"),
        kind: "file".into(),
        over_whiteout: false,
        opaque: false,
        of: None,
        inodes: 1,
        object: Some(object(0o644, 0)),
        into: None,
    };
    let flood: Vec<Event> = (0..1000).map(created).chain([Event::Value { text: "done".into() }]).collect();
    let shown = play(&flood);
    assert_eq!(shown.lines().count(), 34, "{shown}");
    assert!(shown.ends_with("… 968 lines more: trace on\ndone\n"), "{shown}");
    let on = [Event::Tracing { mode: "on".into() }].into_iter().chain(flood.clone()).collect::<Vec<_>>();
    assert_eq!(play(&on).lines().count(), 1002);
    let off = [Event::Tracing { mode: "off".into() }].into_iter().chain(flood).collect::<Vec<_>>();
    assert_eq!(play(&off), "trace off\ndone\n");
}

#[test]
fn json_mode_prints_every_event_at_once() {
    let paper = Paper::default();
    let mut renderer = Renderer::json(Box::new(paper.clone()));
    for event in second_build() {
        renderer.take(event);
    }
    assert_eq!(renderer.mode(), Mode::Json);
    let events: Vec<serde_json::Value> =
        paper.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 9);
    renderer.take(Event::Tracing { mode: "on".into() });
    assert_eq!(renderer.mode(), Mode::Json, "a scenario's `trace on` doesn't spoil the JSON");
    assert_eq!(
        (&events[3]["verdict"], &events[3]["reason_text"]),
        (&"MISS".into(), &"app.py changed, 41ab → c07f".into())
    );
}

#[test]
fn a_closed_pipe_is_noticed_once_and_nothing_panics() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut renderer = Renderer::new(Box::new(Closed), Style::default());
    renderer.take(Event::Value { text: "a".into() });
    renderer.take(Event::Value { text: "b".into() });
    assert!(renderer.broken());
}

proptest! {
    /// Whatever the words, nothing panics, nothing steers the terminal, every line has its end.
    #[test]
    fn any_words_are_survived(
        words in any::<String>(), more in "[\\PC\n\t]{0,200}", line in any::<u32>(), column in any::<u32>(),
        mark in any::<u32>(), number in any::<usize>(), size in any::<u64>(), width in 0_usize..200,
    ) {
        let place = Place { file: words.clone(), line, column, width: mark, text: more.clone() };
        let cell = |mark| Cell { mark, text: words.clone() };
        let verdict = Verdict::Miss { reason: Reason::FileAdded { path: words.clone() } };
        let events = [
            Event::Error { message: more.clone(), place: Some(place), hint: Some(words.clone()) },
            Event::Step {
                number, label: words.clone(), stage: String::new(), instruction: more.clone(),
                reason_text: words.clone(), verdict, bytes: Some(size), seconds: Some(size as f64), modelled: true,
            },
            Event::Stack {
                name: words.clone(),
                paths: vec![more.clone(), words.clone(), "/a".into()],
                rows: vec![StackRow { layer: layer(number, &more), cells: vec![cell(CellMark::Whiteout)] }],
                view: vec![],
                svg: false,
            },
            Event::Table { title: more.clone(), head: vec![], rows: vec![vec![words.clone(); 9], vec![more.clone()]] },
            Event::Built {
                tag: words.clone(), image: words.clone(), size, layers: number, hits: number, misses: number,
                seconds: f64::INFINITY,
                not_modelled: 0,
            },
            Event::Lookup { path: more.clone(), probes: vec![probe(number, found(size)); 5], found: true, errno: None, aside: false },
            Event::Result { exit: 1, passed: number, failed: number },
            Event::Story { text: more.clone() },
            Event::Line { text: more },
        ];
        let shown = play_with(&events, Style { colour: false, width });
        prop_assert!(!shown.chars().any(|char| char.is_control() && char != '\n' && char != '\t'), "{shown:?}");
        for event in &events {
            prop_assert!(!json(event).contains('\n'));
        }
    }
}

#[test]
fn any_width_is_survived() {
    for width in [0, 1, 7, 20, 41, 300] {
        let shown = play_with(&samples(), Style { colour: false, width });
        assert!(shown.contains("app:latest"));
    }
}
