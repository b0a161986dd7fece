//! Transcripts: lines in, what the screen shows out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use screen::{lab, screen};

#[test]
fn the_first_five_minutes() {
    insta::assert_snapshot!(screen(&[
        "docker run -d --name web nginx:alpine",
        "let c = container(\"web\")",
        "c.append(\"/etc/nginx/nginx.conf\", \"# tuned\\n\")",
        "docker diff web",
        "undo",
        "docker diff web",
        "redo",
        "stack web /etc/nginx/nginx.conf /etc/motd",
        "log",
    ]));
}

#[test]
fn mistakes_and_what_the_lab_says() {
    insta::assert_snapshot!(screen(&[
        "docker bild -t app app",
        "docker build -t app app",
        "docker run --nmae web nginx",
        "docker run nginx:alpin",
        "let m = mount([layer(#{ \"/a\": \"1\" })])",
        "m.wirte(\"/a\", \"2\")",
        "m.write(\"/a\")",
        "m.read(\"/nope\")",
        "m.chmod(\"/a\", 99999)",
        "mount([1])",
        "layer(#{ \"/a\": 3 })",
        "undo = 3",
        "let x = (1 + ",
        "foo(1)",
        "y + 1",
        "stack nothing",
        "explain",
        "docker ps | gerp x",
        "docker \"ps",
        "help whitout",
        "docker push x",
        "dokcer ps",
        "let a = [1, 2",
    ]));
}

#[test]
fn undo_takes_back_everything_and_a_failed_line_changes_nothing() {
    let text = screen(&[
        "let m = mount([layer(#{ \"/a\": \"1\" })])",
        "m.write(\"/a\", \"2\")",
        "m.write(\"/a\", \"3\"); nonsense()",
        "m.read(\"/a\")",
        "undo",
        "m.read(\"/a\")",
        "fn twice(x) { x * 2 }",
        "twice(21)",
        "undo",
        "twice(21)",
        "undo 5",
        "m",
        "redo 9",
        "m.read(\"/a\")",
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn open_files_are_undone_with_the_line_that_opened_them() {
    let text = screen(&[
        "let m = mount([layer(#{ \"/f\": \"one\\n\", \"/g\": \"two\\n\" })])",
        "let f = m.open(\"/f\", \"r+\")",
        "f",
        "f.read()",
        "f.write(\"more\\n\")",
        "undo",
        "f.seek(0)",
        "f.read()",
        "let g = m.open(\"/g\", \"O_RDONLY\")",
        "g.fd",
        "m.open(\"/f\", \"rw\")",
        "m.open(\"/f\", \"RDONLY\")",
        "context(\"app\", #{}).open(\"a\", \"w\")",
        "g.raed()",
        "let map = g.map()",
        "map",
        "g.seek(0, \"END\")",
        "g.seek(-9, \"CUR\")",
        "g.seek(0, \"MIDDLE\")",
        "g.close()",
        "g.read()",
        "map.read()",
        "m.restart()",
        "map.unmap(); m.restart()",
        "help file.seek",
    ]);
    insta::assert_snapshot!(text);
}

/// A number is given to another file once it is free; who kept the old one is told so.
#[test]
fn a_stale_file_is_not_the_next_one_of_its_number() {
    let text = screen(&[
        "let m = mount([layer(#{ \"/f\": \"one\", \"/g\": \"two\" })]);",
        "let f = m.open(\"/f\", \"r\"); let g = f; f.close();",
        "let h = m.open(\"/g\", \"r\");",
        "check(\"same number\", h.fd, f.fd);",
        "let errno = \"\"; try { g.read(); } catch (e) { errno = e.errno; } check(\"stale\", errno, \"EBADF\");",
        "check(\"the new one reads\", h.read(), \"two\");",
    ]);
    assert_eq!(text.matches('✓').count(), 3, "{text}");
}

#[test]
fn endless_lines_are_stopped() {
    for line in [
        "loop {}",
        "while true { let x = 1; }",
        "let s = \"x\"; loop { s += s; }",
        "fn f(x) { f(x + 1) } f(1)",
        "let n = 9000000000000000000; for i in 0..n { }",
        "let n = 9000000000000000000; for i in range(0, n, 1) { }",
        "let a = []; loop { a.push(a); }",
        "let m = #{}; let i = 0; loop { m[i.to_string()] = m; i += 1; }",
        "let m = mount([]); let i = 0; loop { m.write(`/f${i}`, \"x\"); i += 1; }",
        "let m = mount([layer(#{})]); loop { m.append(\"/f\", \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"); }",
    ] {
        let text = screen(&[line, "1 + 1"]);
        assert!(text.ends_with("lab> 1 + 1\n2\n"), "{line}: {text}");
        // An empty `for` over a range ends by itself at once; everything else is stopped and says why.
        assert!(text.contains("stopped") || line.contains("for i in 0..n"), "{line}: {text}");
    }
}

#[test]
fn sleep_does_not_wait_and_there_is_no_clock() {
    assert_eq!(screen(&["sleep(3600)", "1"]), "lab> sleep(3600)\nlab> 1\n1\n");
    assert!(screen(&["timestamp()"]).contains("the lab has no clock"));
}

#[test]
fn a_saved_session_is_a_scenario() {
    let (mut session, _, paper) = lab();
    for line in [
        "let m = mount([layer(#{ \"/a\": \"1\" })])",
        "m.rm(\"/a\")",
        "m.ls(\"/\")",
        "docker pull alpine:3.19",
        "save mine",
    ] {
        session.line("<repl>", line).unwrap();
    }
    assert_eq!(session.lines().len(), 3);
    let text = paper.text();
    assert!(text.contains("saved 3 lines in mine.rhai"), "{text}");
}

#[test]
fn two_dockers_differ_where_help_versions_says() {
    insta::assert_snapshot!(screen(&[
        "help versions",
        "context(\"app\", #{ \"Dockerfile\": \"FROM alpine:3.19\\nEXPOSE 80\\nRUN <<EOF\\necho hi\\nEOF\\n\" })",
        "docker build -t app app",
        "docker_version(\"20.1\")",
        "docker_version(\"20.10\")",
        "docker build -t app app",
        "docker_version()",
        "undo",
        "undo",
        "docker_version()",
    ]));
}

#[test]
fn mistakes_mark_what_is_wrong() {
    insta::assert_snapshot!(screen(&[
        "FROM alpine",
        "COPY . /app",
        "RUN apk add --no-cache \"curl\"",
        "ENV = 3",
        "container(\"wbe\")",
        "image(\"alpnie\")",
        "packages(\"apk\", #{ name: \"acme\", verison: \"2\" })",
        "packages(\"akp\", #{ name: \"acme\", version: \"1\" })",
        "urls(#{ \"https://a.example/\": #{ txet: \"1\" } })",
        "urls(#{\n  \"https://a.example/\": #{\n    text: \"1\", status: 99\n  }\n})",
        "docker build --packages school.json .",
        "docker build --urls school.json .",
        "context(\"empty\", #{})",
        "docker build empty",
        "context(\"full\", #{ \"a\": \"1\", \"b\": \"1\", \"c/d\": \"1\", \"e\": \"1\", \"f\": \"1\", \"g\": \"1\", \"h\": \"1\" })",
        "docker build full",
    ]));
}
