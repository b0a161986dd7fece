//! What Tab offers, by what stands before the cursor.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::MemoryHost;
use layerlab::help;
use layerlab::script::Session;

fn session() -> Session {
    let mut host = MemoryHost::default();
    host.files.insert("shop/Dockerfile".into(), b"FROM scratch\n".to_vec());
    let mut session = Session::new(Box::new(host), Box::new(Vec::new()));
    session.set_help(help::topic);
    session.set_help_words(help::words);
    for line in [
        "docker run -d --name web nginx:alpine",
        "let c = container(\"web\");",
        "let m = mount([layer(#{ \"/etc/motd\": \"hello\\n\", \"/etc/sub/x\": \"1\" })]);",
        "let app = context(\"app\", #{ \"Dockerfile\": \"FROM alpine:3.19\\nRUN true\\n\", \"src/a.js\": \"\" });",
        "docker build -t app app",
    ] {
        session.line("<repl>", line).unwrap();
    }
    session
}

/// The line as each candidate would make it.
fn offered(session: &mut Session, line: &str) -> Vec<String> {
    let (start, found) = session.complete(line, line.len());
    found.iter().map(|one| format!("{}{}", &line[..start], one.text)).collect()
}

#[test]
fn tab_knows_what_fits() {
    let mut session = session();
    let mut failures = Vec::new();
    for (line, wanted) in [
        ("dock", &["docker "][..]),
        ("docker hist", &["docker history"]),
        ("docker run --na", &["docker run --name"]),
        ("docker run -d nginx:a", &["docker run -d nginx:alpine"]),
        ("docker exec ", &["docker exec web"]),
        ("docker exec web cat /etc/nginx/ng", &["docker exec web cat /etc/nginx/nginx.conf"]),
        ("docker diff ", &["docker diff web"]),
        ("docker build -t app ", &["docker build -t app app"]),
        (
            "docker help bui",
            &[
                "docker help build",
                "docker help buildx imagetools inspect",
                "docker help buildx imagetools create",
                "docker help builder prune",
                "docker help buildx prune",
            ],
        ),
        ("docker rmi a", &["docker rmi alpine:3.19", "docker rmi app:latest"]),
        ("$ cat /etc/ho", &["$ cat /etc/hostname"]),
        ("$ cat app/Do", &["$ cat app/Dockerfile"]),
        ("stack w", &["stack web"]),
        ("stack m /etc/", &["stack m /etc/motd", "stack m /etc/sub/"]),
        ("explain ", &["explain 1", "explain 2"]),
        ("trace j", &["trace json"]),
        ("help whi", &["help which", "help whiteout"]),
        ("help docker rm", &["help docker rm", "help docker rmi"]),
        ("open s", &["open shop/"]),
        ("c.appe", &["c.append("]),
        ("let x = m.uppe", &["let x = m.upper()", "let x = m.upper_tree()"]),
        ("m.read(\"", &["m.read(\"/etc/"]),
        ("m.read(\"/etc/mo", &["m.read(\"/etc/motd"]),
        ("m.rename(\"/etc/motd\", \"/etc/su", &["m.rename(\"/etc/motd\", \"/etc/sub/"]),
        ("app.write(\"src/", &["app.write(\"src/a.js"]),
        ("c.exec(\"cat /etc/nginx/ng", &["c.exec(\"cat /etc/nginx/nginx.conf"]),
        ("image(\"ngi", &["image(\"nginx:alpine", "image(\"nginx:latest"]),
        ("container(\"", &["container(\"web"]),
        ("context(\"", &["context(\"app"]),
        ("let r = docker(\"hist", &["let r = docker(\"history"]),
        ("docker(\"history ngi", &["docker(\"history nginx:alpine", "docker(\"history nginx:latest"]),
        ("cont", &["context(", "container("]),
        ("print(\"no idea ", &[]),
        ("层", &[]),
    ] {
        let now = offered(&mut session, line);
        if now != wanted {
            failures.push(format!("{line:?}\n  wanted {wanted:?}\n  offers {now:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_cursor_in_any_line_is_survived() {
    let mut session = session();
    for line in [
        "c.read(\"/层/é",
        "docker exec web 'é",
        "\\\"\\",
        "$ cat /é",
        "m.",
        "stack m /\u{301}",
        "((((\"",
        "docker exec\u{3000}web\u{3000}/",
        "$ ls\u{3000}/e",
        "\"a\" + \"é",
    ] {
        for cursor in 0..=line.len() + 2 {
            let (start, _) = session.complete(line, cursor);
            assert!(start <= line.len().max(cursor), "{line:?} at {cursor}");
        }
    }
}
