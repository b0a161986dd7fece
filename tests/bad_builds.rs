//! Dockerfiles, contexts and archives that nobody meant: bounded, and answered with the line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::build::{self, Build, Builder, Cache, Catalog, Context, Limits, Request};
use layerlab::cli::DiskHost;
use layerlab::dockerfile::Version;
use layerlab::image::{Store, catalog};
use layerlab::shell::NoPrograms;
use layerlab::trace::Trace;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const BOTH: [Builder; 2] = [Builder::BuildKit, Builder::Legacy];

/// A fresh folder.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bad_builds").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn play(dockerfile: &str, context: Context, builder: Builder, t: &mut Trace) -> Build {
    let request = Request {
        dockerfile: Some(dockerfile.as_bytes().to_vec()),
        context,
        builder,
        version: Version::V20_10,
        catalog: Catalog(catalog::image),
        ..Request::default()
    };
    build::build(&mut Store::default(), &mut Cache::default(), &request, &mut NoPrograms, t)
}

fn alone(dockerfile: &str, builder: Builder) -> (Build, Trace) {
    let mut t = Trace::silent();
    let build = play(dockerfile, Context::default(), builder, &mut t);
    (build, t)
}

/// How it failed: the builder's words, and the lab's with their line.
fn failure(build: &Build) -> (String, String, u32) {
    let failure = build.result.as_ref().expect_err("it fails");
    let line = failure.span.as_ref().map_or(0, |span| span.line);
    (failure.message.clone(), failure.plain.clone().unwrap_or_default(), line)
}

fn read(folder: &std::path::Path) -> Context {
    Context::from_host(&DiskHost::below(folder).unwrap(), ".", Limits::default()).unwrap()
}

#[test]
fn circles_of_stages_are_found_wherever_they_are() {
    let circle: String = (0..3_000)
        .map(|at| format!("FROM scratch AS s{at}\nCOPY --from=s{} /x /x\n", (at + 1) % 3_000))
        .collect();
    let tail = format!("FROM scratch AS first\nCOPY --from=s1 /x /x\n{circle}");
    for (dockerfile, words, line) in [
        ("FROM scratch AS a\nCOPY --from=a /x /x\n", "circular dependency detected on stage: a", 1),
        (circle.as_str(), "circular dependency detected on stage: s0", 1),
        // What only leads to a circle isn't in it.
        (tail.as_str(), "circular dependency detected on stage: s0", 3),
    ] {
        let (message, plain, at) = failure(&alone(dockerfile, Builder::BuildKit).0);
        assert!(message.ends_with(words) && plain == words && at == line, "{message} {line}");
    }
}

#[test]
fn a_long_chain_of_stages_costs_what_its_length_is() {
    let chain = |length: usize| {
        let stages = (1..length).map(|at| format!("FROM s{} AS s{at}\nENV E{at}=v\n", at - 1));
        format!("FROM scratch AS s0\n{}", stages.collect::<String>())
    };
    let (short, long) = (alone(&chain(500), Builder::BuildKit), alone(&chain(1_000), Builder::BuildKit));
    assert!(short.0.result.is_ok() && long.0.result.is_ok(), "{:?}", long.0.result);
    let image = long.0.image.unwrap();
    assert_eq!(image.config.env.len(), 1_000);
    assert_eq!(image.config.env.last().unwrap(), "E999=v");
    assert!(long.1.fuel.used() < short.1.fuel.used() * 5 / 2);
}

#[test]
fn every_stage_on_the_same_long_one_is_stopped() {
    let mut dockerfile = "FROM scratch AS s0\n".to_owned();
    (0..6_000).for_each(|at| writeln!(dockerfile, "ENV A{at}=v").unwrap());
    (1..6_000).for_each(|at| writeln!(dockerfile, "FROM s0 AS s{at}\nENV B=v").unwrap());
    dockerfile.push_str("FROM scratch\n");
    (1..6_000).for_each(|at| writeln!(dockerfile, "COPY --from=s{at} /x /x").unwrap());
    let (build, t) = alone(&dockerfile, Builder::BuildKit);
    assert!(build.result.is_err());
    assert!(t.fuel.exhausted().is_some());
}

#[test]
fn a_variable_that_doubles_is_stopped_at_its_line() {
    let doubling = format!("FROM scratch\nENV A=xxxxxxxxxx\n{}", "ENV A=$A$A\n".repeat(40));
    for builder in BOTH {
        let (build, _) = alone(&doubling, builder);
        let failure = build.result.unwrap_err();
        assert!(failure.span.as_ref().is_some_and(|span| span.line > 2), "{failure:?}");
        assert_eq!(
            failure.hint.as_deref(),
            Some("a variable that doubles with every line grows without end")
        );
    }
}

#[test]
fn ten_megabytes_are_read_and_forty_refused_with_the_limit() {
    let comment = format!("# {}\n", "c".repeat(997));
    let ten = format!("{}FROM scratch\nENV A=b\n", comment.repeat(10_500));
    let forty = format!("{}FROM scratch\nENV A=b\n", comment.repeat(40_000));
    for builder in BOTH {
        assert!(alone(&ten, builder).0.result.is_ok());
        let (_, plain, _) = failure(&alone(&forty, builder).0);
        assert!(plain.contains("the lab reads at most 33554432"), "{plain}");
    }
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_circles_are_copied_and_never_followed() {
    use std::os::unix::fs::symlink;
    let folder = folder("links");
    symlink("loop", folder.join("loop")).unwrap();
    symlink("b", folder.join("a")).unwrap();
    symlink("a", folder.join("b")).unwrap();
    fs::create_dir(folder.join("d")).unwrap();
    symlink("..", folder.join("d/up")).unwrap();
    let context = read(&folder);
    for (builder, words) in [
        (Builder::BuildKit, "failed to compute cache key: too many symlinks: /a"),
        (Builder::Legacy, "COPY failed: forbidden path outside the build context: a ()"),
    ] {
        let t = &mut Trace::silent();
        assert!(play("FROM scratch\nCOPY . /x\n", context.clone(), builder, t).result.is_ok());
        let (message, plain, line) =
            failure(&play("FROM scratch\nCOPY a /x/\n", context.clone(), builder, t));
        assert_eq!((message.as_str(), line), (words, 2));
        assert_eq!(plain, "the symlink `a` leads in circles");
    }
}

/// The paths of the last layer, and the sizes of its files.
fn last_layer(build: &Build) -> String {
    use layerlab::fs::Nodes;
    let image = build.image.as_ref().unwrap_or_else(|| panic!("{:?}", build.result));
    let mut list = Vec::new();
    image.layers.last().unwrap().layer.walk(&mut |path, _, inode| {
        list.push(format!("{} {}", layerlab::fs::path::show(path), inode.kind.word()));
    });
    list.sort();
    list.join(", ")
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_carried_through() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder("names");
    fs::write(folder.join(std::ffi::OsStr::from_bytes(b"caf\xe9.txt")), "x").unwrap();
    let context = read(&folder);
    for builder in BOTH {
        for copy in ["COPY . /x/", "COPY caf* /x/"] {
            let t = &mut Trace::silent();
            let build = play(&format!("FROM scratch\n{copy}\n"), context.clone(), builder, t);
            assert!(last_layer(&build).contains("/x/caf\\xe9.txt file"), "{}", last_layer(&build));
        }
    }
}

#[cfg(unix)]
#[test]
fn sockets_are_what_each_builder_makes_of_them() {
    let folder = folder("s");
    // A path of a socket may not be long.
    let short = std::env::temp_dir().join(format!("layerlab-{}.sock", std::process::id()));
    let _ = fs::remove_file(&short);
    drop(std::os::unix::net::UnixListener::bind(&short).unwrap());
    fs::rename(&short, folder.join("s.sock")).unwrap();
    fs::write(folder.join("f"), "x").unwrap();
    let context = read(&folder);
    for (builder, there) in [(Builder::BuildKit, true), (Builder::Legacy, false)] {
        let build = play("FROM scratch\nCOPY . /x/\n", context.clone(), builder, &mut Trace::silent());
        assert_eq!(last_layer(&build).contains("s.sock file"), there, "{}", last_layer(&build));
    }
}

type Member<'a> = (&'a str, tar::EntryType, &'a str);

fn archive(members: &[Member<'_>]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, kind, text) in members {
        let mut header = tar::Header::new_gnu();
        // The crate's own setters refuse what is tested here.
        let name = &mut header.as_gnu_mut().unwrap().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        let data = if kind.is_file() { text.as_bytes() } else { b"" };
        if !kind.is_file() {
            header.as_gnu_mut().unwrap().linkname[..text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_size(data.len() as u64);
        header.set_cksum();
        archive.append(&header, data).unwrap();
    }
    archive.into_inner().unwrap()
}

fn add(archive: Vec<u8>, builder: Builder) -> Build {
    let entry = build::ContextEntry {
        path: "a.tar".to_owned(),
        kind: build::EntryKind::File(layerlab::fs::Contents::bytes(archive)),
        mode: 0o644,
        mtime: 0,
    };
    play("FROM scratch\nADD a.tar /x/\n", Context::from_entries([entry]), builder, &mut Trace::silent())
}

/// As 20.10's daemon does with the same archives.
#[test]
fn members_of_archives_stay_below_the_destination() {
    use tar::EntryType::{Link, Regular, Symlink};
    for builder in BOTH {
        for path in ["../evil", "d/../../evil", "/evil", "../../../../evil"] {
            let build = add(archive(&[("ok", Regular, "o"), (path, Regular, "e")]), builder);
            assert!(last_layer(&build).contains("/x/evil file"), "{path}: {}", last_layer(&build));
        }
        let up = add(archive(&[("s", Symlink, ".."), ("s/evil", Regular, "e")]), builder);
        assert!(last_layer(&up).contains("/x/evil file"), "{}", last_layer(&up));
        for (members, words) in [
            (
                archive(&[("s", Symlink, "/etc"), ("s/evil", Regular, "e")]),
                "open /s/evil: no such file or directory",
            ),
            (archive(&[("h", Link, "/etc/passwd")]), "link /etc/passwd /h: no such file or directory"),
            (archive(&[("h", Link, "../../etc/passwd")]), "link /etc/passwd /h: no such file or directory"),
            (archive(&[("f", Regular, &"x".repeat(5_000))])[..3_000].to_vec(), "unexpected EOF"),
        ] {
            let (message, _, line) = failure(&add(members, builder));
            let before = if builder == Builder::Legacy { "failed to copy files: " } else { "" };
            assert_eq!(message, format!("{before}Error processing tar file(exit status 1): {words}"));
            assert_eq!(line, 2);
        }
    }
}

/// What a command of the program says of a folder, and its exit code. It has two minutes.
fn said(command: &str, folder: &std::path::Path) -> (i32, String) {
    let out = folder.with_extension("out");
    let to = fs::File::create(&out).unwrap();
    let beside = to.try_clone().unwrap();
    // Named from the folder above: an absolute path is as long as the clone's, and the message would wrap
    // elsewhere.
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_layerlab"))
        .arg(command)
        .arg(folder.file_name().unwrap())
        .current_dir(folder.parent().unwrap())
        .stdin(std::process::Stdio::null())
        .stdout(to)
        .stderr(beside)
        .spawn()
        .unwrap();
    for _ in 0..2_400 {
        if let Some(status) = child.try_wait().unwrap() {
            let bytes = fs::read(&out).unwrap();
            assert!(bytes.len() < 10_000_000, "{command} {}: {} bytes", folder.display(), bytes.len());
            let code = status.code().unwrap_or_else(|| panic!("{command} {}: {status}", folder.display()));
            return (code, String::from_utf8_lossy(&bytes).into_owned());
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let _ = child.kill();
    panic!("{command} {} does not end", folder.display());
}

#[test]
fn every_command_answers_what_nobody_meant() {
    let many = |count: usize, line: fn(usize) -> String| (0..count).map(line).collect::<String>();
    let noise: Vec<u8> = (0..100_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("labels", format!("FROM alpine:3.19\n{}", many(4_000, |at| format!("LABEL k{at}=v\n"))).into()),
        ("copies", format!("FROM alpine:3.19\n{}", many(2_000, |at| format!("COPY a /a{at}\n"))).into()),
        ("args", (many(2_000, |at| format!("ARG A{}=$A{at}x\n", at + 1)) + "FROM alpine:3.19\n").into()),
        (
            "chain",
            format!(
                "FROM alpine:3.19 AS s0\n{}",
                many(1_000, |at| format!("FROM s{at} AS s{}\nRUN true\n", at + 1))
            )
            .into(),
        ),
        (
            "from",
            format!(
                "FROM alpine:3.19 AS s0\n{}",
                many(1_000, |at| format!(
                    "FROM alpine:3.19 AS s{}\nCOPY --from=s{at} /etc/motd /x\n",
                    at + 1
                ))
            )
            .into(),
        ),
        (
            "doubling",
            format!("FROM alpine:3.19\nENV A=aaaaaaaa\n{}RUN echo $A\n", "ENV A=$A$A\n".repeat(40)).into(),
        ),
        ("circle", "FROM b AS a\nFROM a AS b\n".into()),
        ("triggers", format!("FROM alpine:3.19\n{}", "ONBUILD RUN true\n".repeat(3_000)).into()),
        ("nested", format!("FROM alpine:3.19\nRUN {}\n", "(".repeat(20_000)).into()),
        ("noise", noise),
        ("nothing", Vec::new()),
    ];
    let mut told = String::new();
    for (name, dockerfile) in cases {
        let folder = folder(name);
        fs::write(folder.join("Dockerfile"), dockerfile).unwrap();
        fs::write(folder.join("a"), "a\n").unwrap();
        for command in ["build", "check", "why", "graph", "order"] {
            let (code, text) = said(command, &folder);
            assert!((0..=2).contains(&code), "{command} {name}: {code}\n{text}");
            let last = match code {
                0 => "ends well",
                _ => text.lines().find(|line| line.starts_with("error")).unwrap_or("a failed build"),
            };
            writeln!(told, "{name:<9} {command:<6} {code} {}", last.chars().take(100).collect::<String>())
                .unwrap();
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_step_stands_on_no_more_layers_than_the_driver_takes() {
    // Asked of Docker 20.10.24 with overlay2: a base of one layer, and COPY after COPY.
    let text = format!("FROM scratch\n{}", (0..140).map(|at| format!("COPY a /a{at}\n")).collect::<String>());
    let folder = folder("deep");
    fs::write(folder.join("a"), "a\n").unwrap();
    for (builder, words, line) in
        [(Builder::BuildKit, "max depth exceeded", 131), (Builder::Legacy, "max depth exceeded", 127)]
    {
        let build = play(&text, read(&folder), builder, &mut Trace::silent());
        let (message, _, at) = failure(&build);
        assert!(message.ends_with(words), "{message}");
        assert_eq!(at, line, "{}", builder.name());
    }
}
