//! Sessions with curl, wget, git and ADD over a table of addresses: what they print, how they end, what
//! lands. The messages are those of curl 7.88.1, GNU wget 1.21.3, busybox 1.35 and git, asked over a
//! server on localhost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::image::{Container, catalog};
use layerlab::shell::{NoPrograms, Process, Sandbox, Urls, run};
use layerlab::trace::Trace;
use layerlab::union::{Mount, StatKind};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

const TABLE: &str = r##"{
  "https://get.example/tool-1.0.tar.gz": {
    "archive": { "tool/bin/tool": { "program": "tool", "size": 300000 }, "tool/README": "read me\n" },
    "modified": "2023-05-01 12:00:00"
  },
  "https://get.example/latest": { "status": 301, "to": "/tool-1.0.tar.gz" },
  "https://get.example/loop": { "to": "/loop" },
  "https://get.example/away": { "to": "https://nowhere.example/x" },
  "https://get.example/a.txt": "hello\n",
  "https://get.example/": "<p>home</p>\n",
  "https://get.example/gone": { "status": 404, "text": "nothing here\n" },
  "https://get.example/busy": { "status": 503, "text": "later\n" },
  "https://get.example/big.bin": 3000000,
  "https://get.example/t.zip": { "archive": { "x/run.sh": { "text": "#!/bin/sh\necho ran\n", "mode": "0755" } } },
  "https://get.example/t.txz": { "archive": { "y": "1\n" } },
  "https://git.example/tool.git": {
    "branches": {
      "main": { "README": "hi\n", "src/run.sh": { "text": "#!/bin/sh\necho run\n", "mode": "0755" }, "now": { "link": "src/run.sh" } },
      "dev": { "README": "hi\n", "new/file": "1\n" }
    },
    "tags": { "v1.0": { "README": "old\n", "old/file": "1\n" } }
  }
}"##;

struct Lab {
    mount: Mount,
    env: indexmap::IndexMap<String, String>,
    urls: Urls,
}

impl Lab {
    /// A container of a base in which some packages are installed already.
    fn of(base: &str, prepare: &str) -> Lab {
        let image = catalog::image(base).unwrap();
        let container = Container::create("c", base, Arc::clone(&image), 0).unwrap();
        let split =
            |entry: &String| entry.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let env = container.config.env.iter().map(split).collect();
        let urls = Urls::default().taught_by_file("urls.json", TABLE.as_bytes()).unwrap();
        let mut lab = Lab { mount: container.mount.clone(), env, urls };
        let made = lab.line(&format!("mkdir -p /app && {prepare} > /dev/null 2>&1"));
        assert!(!made.contains("exit"), "{made}");
        lab
    }

    fn line(&mut self, line: &str) -> String {
        let process = Process {
            argv: ["/bin/sh", "-c", line].map(str::to_owned).to_vec(),
            env: self.env.clone(),
            cwd: "/".to_owned(),
            sandbox: Sandbox::BuildKit,
            urls: self.urls.clone(),
            ..Process::default()
        };
        let mut t = Trace::silent();
        let outcome = run(&mut self.mount, &process, &mut NoPrograms, &mut t);
        assert!(t.fuel.exhausted().is_none(), "{line}");
        let mut text = format!("$ {line}\n");
        for (_, printed) in &outcome.lines {
            let _ = writeln!(text, "{}", printed.replace('\r', "␍").trim_end());
        }
        for what in &outcome.not_modelled {
            let _ = writeln!(text, "(not modelled: {what})");
        }
        if outcome.exit != 0 {
            let _ = writeln!(text, "exit {}", outcome.exit);
        }
        text
    }

    fn session(&mut self, lines: &[&str]) -> String {
        let mut text = String::new();
        for line in lines {
            let line = if line.starts_with("cd ") { (*line).to_owned() } else { format!("cd /app; {line}") };
            let _ = writeln!(text, "{}", self.line(&line).replace("$ cd /app; ", "$ "));
        }
        text
    }
}

#[test]
fn curl_over_the_table() {
    let mut lab = Lab::of("debian:bookworm-slim", "apt-get update && apt-get install -y curl unzip xz-utils");
    insta::assert_snapshot!(lab.session(&[
        "curl https://get.example/a.txt",
        "curl -fsSL https://get.example/latest | tar -xzv -C /opt && stat -c '%n %a %y' /opt/tool/*",
        "curl -s https://get.example/latest; curl -sLo t.tgz https://get.example/latest && tar -tzf t.tgz",
        "curl -fsS https://get.example/gone; echo $?; curl -s https://get.example/gone; echo $?",
        "curl -f -o gone https://get.example/gone; echo $?; ls gone",
        "curl -sSo no/where https://get.example/a.txt; curl -sS --create-dirs -o no/where https://get.example/a.txt; cat no/where",
        "curl -sSO https://get.example/; curl -OJ -sS https://get.example/a.txt && ls",
        "curl -sIL https://get.example/latest",
        "curl -s -o /dev/null -w '%{http_code} %{size_download} %{num_redirects} %{url_effective}\\n' -L https://get.example/latest",
        "curl -sSL https://get.example/loop --max-redirs 3; curl -fsSL https://get.example/away",
        "curl -fsS --retry 2 https://get.example/busy; curl --retry 1 -f https://get.example/busy",
        "curl -fsSL https://get.example/a.txt https://get.example/a.txt -o one; cat one",
        "curl -sSLO https://get.example/t.zip && unzip -q t.zip && x/run.sh; curl -s https://get.example/t.txz | tar -xJ && cat y",
        "curl -RsSLo r https://get.example/latest && stat -c %y r; curl -# -o b https://get.example/big.bin && stat -c %s b",
        "curl; curl -s; curl --bogus; curl -o; curl gopherx://a; curl -f --fail-with-body x",
        "curl -d a=1 -s https://get.example/a.txt; curl -v -s https://get.example/a.txt",
        "curl https://nowhere.example/x; curl -fsSL https://get.example/unknown",
        "curl -sL https://get.example/latest -o - | sha256sum; sha256sum t.tgz",
    ]));
}

#[test]
fn wget_in_both_dialects() {
    let lines = [
        "wget https://get.example/a.txt",
        "wget -nv https://get.example/a.txt; ls",
        "wget -qO- https://get.example/a.txt; wget -O- https://get.example/a.txt",
        "wget -P dir https://get.example/a.txt; ls dir",
        "wget https://get.example/latest; ls; rm latest",
        "wget -q https://get.example/gone; echo $?; wget https://get.example/gone",
        "wget -q -O c https://get.example/gone; ls -l c",
        "wget -O /none/x https://get.example/a.txt",
        "wget -q https://nowhere.example/x; wget https://nowhere.example/x",
        "wget -qO- https://get.example/loop; wget -q https://get.example/away",
        "wget --spider https://get.example/a.txt; wget -S -q --spider https://get.example/a.txt",
        "wget -q --no-check-certificate -O e https://get.example/; cat e",
        "wget https://get.example/big.bin -O b",
        "wget -c https://get.example/a.txt",
        "wget 'ftpx://a/b'; wget",
        "wget -q https://get.example/tool-1.0.tar.gz && tar -xzf tool-1.0.tar.gz && ls -l tool",
    ];
    let mut debian = Lab::of("debian:bookworm-slim", "apt-get update && apt-get install -y wget");
    insta::assert_snapshot!("wget_of_gnu", debian.session(&lines));
    insta::assert_snapshot!("wget_of_busybox", Lab::of("alpine:3.19", "true").session(&lines));
}

#[test]
fn git_over_the_table() {
    let mut lab = Lab::of("alpine:3.19", "apk add --no-cache git");
    insta::assert_snapshot!(lab.session(&[
        "git --version; git clone https://git.example/tool.git && ls -l tool",
        "git clone https://git.example/tool",
        "git clone -b v1.0 https://git.example/tool.git old && cat old/README",
        "git clone -q --depth 1 -b v1.0 https://git.example/tool.git thin; git clone -q https://git.example/tool.git a/b; cat thin/.git/config thin/.git/packed-refs; ls thin/.git/objects/pack",
        "git clone -b nope https://git.example/tool.git x; git clone; git clone --bogus x; git clone a b c",
        "git clone https://nowhere.example/x.git; git clone https://get.example/a.txt; git clone git@git.example:a/b.git",
        "git clone --recurse-submodules https://git.example/tool.git sub; ls sub",
        "cd /app/tool && git checkout v1.0 && ls && git checkout dev && ls && git checkout main && git checkout main && git checkout nope",
        "cd /app/tool && git rev-parse HEAD && git rev-parse --short HEAD && git rev-parse --abbrev-ref HEAD && git checkout -q -b mine && cat .git/HEAD && git checkout -q v1.0 && cat .git/HEAD && cat .git/logs/HEAD",
        "git -C nope status; git -C tool rev-parse --show-toplevel; git rev-parse HEAD; git -C tool submodule update --init; git bogus; git -C tool log",
        "git init x; git init x; git init -q -b main y; cat y/.git/HEAD; git -C x checkout main",
        "git config --global user.name 'A B'; git config --global user.name C; git config --global --add safe.directory '*'; git config --global url.https://github.com/.insteadOf git@github.com:; cat ~/.gitconfig; git config user.name; git config nothing.here; git config x 1",
        "git ls-remote https://nowhere.example/x; cd tool && git fetch --tags && git pull",
    ]));
}

/// What the lab wrote, on the disk.
fn written(mount: &mut Mount, from: &str, to: &Path) {
    let mut t = Trace::silent();
    for (path, stat) in mount.walk(from.as_bytes(), &mut t).unwrap() {
        let text = String::from_utf8(path.clone()).unwrap();
        let at = to.join(text.strip_prefix(from).unwrap().trim_start_matches('/'));
        match stat.kind {
            StatKind::Dir => std::fs::create_dir_all(at).unwrap(),
            #[cfg(unix)]
            StatKind::Symlink => {
                let target = String::from_utf8(mount.readlink(&path, &mut t).unwrap()).unwrap();
                std::os::unix::fs::symlink(target, at).unwrap();
            }
            _ => {
                let contents = mount.read(&path, &mut t).unwrap();
                std::fs::write(&at, contents.to_bytes(1 << 20).unwrap()).unwrap();
                #[cfg(unix)]
                {
                    use std::os::unix::fs::PermissionsExt;
                    let mode = std::fs::Permissions::from_mode(u32::from(stat.mode) | 0o200);
                    std::fs::set_permissions(&at, mode).unwrap();
                }
            }
        }
    }
}

/// Real git accepts what a clone left: every object is there, and the work tree is the commit's.
#[test]
#[cfg(unix)]
fn real_git_reads_a_clone() {
    let git = |dir: &Path, words: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(dir).args(["-c", "safe.directory=*"]).args(words);
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", dir).output().ok()
    };
    let temporary = std::env::temp_dir().join(format!("layerlab-git-{}", std::process::id()));
    let mut lab = Lab::of("alpine:3.19", "apk add --no-cache git");
    let shown = lab.session(&[
        "git clone -q https://git.example/tool.git /src",
        "git clone -q --depth 1 https://git.example/tool.git /thin; git -C /src rev-parse HEAD",
    ]);
    for name in ["/src", "/thin"] {
        let to = temporary.join(name.trim_start_matches('/'));
        std::fs::create_dir_all(&to).unwrap();
        written(&mut lab.mount, name, &to);
        let Some(check) = git(&to, &["fsck", "--full", "--strict"]) else { return };
        let said = String::from_utf8_lossy(&check.stderr).into_owned();
        assert!(check.status.success(), "{said}");
        let status = git(&to, &["status", "--porcelain"]).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&status.stdout),
            "",
            "{}",
            String::from_utf8_lossy(&status.stderr)
        );
        let head = git(&to, &["rev-parse", "HEAD"]).unwrap();
        assert!(shown.contains(String::from_utf8_lossy(&head.stdout).trim()), "{shown}");
    }
    let tags = git(&temporary.join("src"), &["tag"]).unwrap();
    assert_eq!(String::from_utf8_lossy(&tags.stdout), "v1.0\n");
    std::fs::remove_dir_all(temporary).unwrap();
}

const TEACH: &str = r##"urls(#{ "https://get.example/tool.tgz": #{ archive: #{ "tool/run": "1\n" }, modified: "2023-05-01" }, "https://get.example/a.txt": "hello\n", "https://get.example/gone": #{ status: 404, text: "nothing here\n" }, "https://git.example/tool.git": #{ files: #{ "README": "hi\n", "doc/a": "1\n" } } })"##;

#[test]
fn add_fetches_the_same_table() {
    let file = |lines: &str| format!("ctx.write(\"Dockerfile\", `FROM alpine:3.19\n{lines}\n`)");
    let lines = [
        TEACH.to_owned(),
        "let ctx = context(\"app\", #{ \"Dockerfile\": \"FROM alpine:3.19\\n\" })".to_owned(),
        file(
            "ADD https://get.example/tool.tgz https://get.example/a.txt /d/\nADD --chmod=755 https://get.example/a.txt /b\nADD --unpack=true https://get.example/tool.tgz /u/\nADD https://git.example/tool.git /g/",
        ),
        "docker build -t app app".to_owned(),
        "docker run --rm app sh -c 'ls -l /d /b; ls -lR /u /g'".to_owned(),
        "docker build -t app app".to_owned(),
        "urls(#{ \"https://get.example/a.txt\": #{ text: \"hello\\n\", modified: \"2024-02-02\" } })"
            .to_owned(),
        "docker build -t app app".to_owned(),
        "urls(#{ \"https://get.example/a.txt\": \"other\\n\" })".to_owned(),
        "docker build -t app app".to_owned(),
        "docker build --builder legacy app".to_owned(),
        "docker build --builder legacy app".to_owned(),
    ];
    insta::assert_snapshot!(screen::screen(&lines));
}

#[test]
fn add_fails_as_the_builders_do() {
    let sum = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    let wrong = sum.replace('5', "0");
    let mut lines = vec![
        TEACH.to_owned(),
        "let ctx = context(\"app\", #{ \"Dockerfile\": \"FROM alpine:3.19\\n\" })".to_owned(),
    ];
    for add in [
        format!("ADD --checksum=sha256:{sum} https://get.example/a.txt /a"),
        format!("ADD --checksum=sha256:{wrong} https://get.example/a.txt /a"),
        format!("ADD --checksum=sha256:{sum} https://get.example/gone /a"),
        "ADD https://get.example/gone /a".to_owned(),
        format!("ADD --checksum=sha256:{sum} https://get.example/a.txt https://get.example/gone /a/"),
        format!("ADD --checksum=sha256:{sum} Dockerfile /a/"),
        "ADD --checksum=sha256:00 https://get.example/a.txt /a".to_owned(),
        "ADD https://nowhere.example/x /a".to_owned(),
    ] {
        lines.push(format!("ctx.write(\"Dockerfile\", \"FROM alpine:3.19\\n{add}\\n\")"));
        lines.push("docker build app".to_owned());
    }
    lines.push("docker build --strict app".to_owned());
    lines.push("docker build --builder legacy app".to_owned());
    lines.push("docker build --builder legacy --strict app".to_owned());
    lines.push(
        "ctx.write(\"Dockerfile\", \"FROM alpine:3.19\\nADD https://get.example/gone /a\\n\")".to_owned(),
    );
    lines.push("docker build --builder legacy app".to_owned());
    insta::assert_snapshot!(screen::screen(&lines));
}

/// A RUN is looked up by its text: what the address answers by now is not part of its key.
#[test]
fn a_run_that_fetches_stays_in_the_cache() {
    insta::assert_snapshot!(screen::screen(&[
        TEACH,
        "let ctx = context(\"app\", #{ \"Dockerfile\": \"FROM alpine:3.19\\nRUN wget -q https://get.example/a.txt\\nADD https://get.example/a.txt /b\\n\" })",
        "docker build -t app app",
        "urls(#{ \"https://get.example/a.txt\": \"other\\n\" })",
        "docker build -t app app",
        "docker run --rm app cat /a.txt /b",
        "undo",
        "undo",
        "urls().len()",
        "urls(\"https://get.example/a\")",
        "urls(\"nope.json\")",
    ]));
}

#[test]
fn a_wrong_row_is_refused() {
    let rows = [
        r#"{ "get.example/a": "1" }"#,
        r#"{ "https://": "1" }"#,
        r#"{ "https://a.example/x y": "1" }"#,
        r#"{ "https://a.example/": true }"#,
        r#"{ "https://a.example/": { "txet": "1" } }"#,
        r#"{ "https://a.example/": { } }"#,
        r#"{ "https://a.example/": { "text": "1", "size": 1 } }"#,
        r#"{ "https://a.example/": { "text": "1", "status": 99 } }"#,
        r#"{ "https://a.example/": { "to": "nowhere" } }"#,
        r#"{ "https://a.example/": { "to": "/x", "status": 200 } }"#,
        r#"{ "https://a.example/": { "text": "1", "modified": "yesterday" } }"#,
        r#"{ "https://a.example/": { "text": "1", "format": "zip" } }"#,
        r#"{ "https://a.example/": { "archive": { "../x": "1" } } }"#,
        r#"{ "https://a.example/": { "archive": { "x": 1099511627776 } } }"#,
        r#"{ "https://a.example/": { "archive": { "x": 1 }, "format": "rar" } }"#,
        r#"{ "https://a.example/g.git": { "branches": { "a b": { } } } }"#,
        r#"{ "https://a.example/g.git": { "branches": { "a": { } }, "default": "b" } }"#,
        r#"{ "https://a.example/g.git": { "files": { }, "status": 200 } }"#,
        r#"{ "https://a.example/": { "size": 99999999999999 } }"#,
        r#"[ ]"#,
        "{ \"https://a.example/\": ",
    ];
    let mut text = String::new();
    for source in rows {
        let error = Urls::default().taught_by_file("urls.json", source.as_bytes()).unwrap_err();
        let _ = writeln!(text, "{source}\n  {}\n  {}\n", error.message, error.hint.unwrap_or_default());
    }
    insta::assert_snapshot!(text);
}

/// What was not modelled when a step was executed isn't when its result is taken over: the mark stays, on
/// the line, in the summary and in JSON, also through a record on the disk.
#[test]
fn a_hit_keeps_the_mark_of_what_is_not_modelled() {
    insta::assert_snapshot!(screen::screen(&[
        "let ctx = context(\"app\", #{ \"Dockerfile\": \"FROM debian:bookworm-slim\\nADD https://nowhere.example/x /x\\nRUN apt-get update -qq && apt-get install -y -qq gcc && gcc -o /a /x\\nCOPY Dockerfile /d\\n\" })",
        "docker build -t app app",
        "docker build -t app app",
        "docker build --builder legacy -t app app",
        "docker build --builder legacy -t app app",
        "ctx.write(\"Dockerfile\", \"FROM nobody/knows:1\\nRUN make\\nCOPY Dockerfile /d\\n\")",
        "docker build app",
        "docker build app",
    ]));
}
