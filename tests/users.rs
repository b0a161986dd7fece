//! `m.as_user(…)` at the prompt: who performs what follows, and undo of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use screen::screen;

#[test]
fn a_mount_is_used_by_somebody_else_until_undo() {
    insta::assert_snapshot!(screen(&[
        r#"let m = mount([layer(#{ "/mine": file("1", #{ uid: 1000 }), "/secret": file("2", #{ mode: 0o600 }) })]);"#,
        "m.as_user(1000)",
        r#"m.append("/mine", "more")"#,
        r#"m.read("/secret")"#,
        r#"[m.access("/secret", 4), m.access("/mine", 6), m.access("/no", 0)]"#,
        "undo 2",
        r#"m.read("/secret")"#,
        "redo",
        r#"m.read("/secret")"#,
        "m.as_user(1000, 50, [27, 28])",
        r#"m.mkdir("/new")"#,
        "m.as_root()",
        r#"m.mkdir("/new")"#,
    ]), @r#"
    lab> let m = mount([layer(#{ "/mine": file("1", #{ uid: 1000 }), "/secret": file("2", #{ mode: 0o600 }) })]);
    lab> m.as_user(1000)
    what follows is done by uid 1000, gid 1000
    lab> m.append("/mine", "more")
    1 lookup    upper: absent   1: found, 1 B
    2 copy-up   1 B from layer 1 into an unnamed file, linked into upper
    3 write     + 4 B in upper; layer 1 is untouched

    stack of m         /mine
    ┌───────┬────────┬───────────────┐
    │ upper │ m (rw) │ ● 5 B  wins   │
    ├───────┼────────┼───────────────┤
    │     1 │        │ ○ 1 B  hidden │
    ├───────┼────────┼───────────────┤
    │ view  │ merged │ 5 B           │
    └───────┴────────┴───────────────┘
    ● visible  ○ hidden  ✕ whiteout  ⊘ opaque  · absent
    lab> m.read("/secret")
    1 lookup    upper: absent   1: found, 1 B
    2 read      ✗ EACCES: uid 1000 may not read /secret: it is 0600 and belongs to
                0:0
    lab> [m.access("/secret", 4), m.access("/mine", 6), m.access("/no", 0)]
    [false, true, false]
    lab> undo 2
    undone: m.append("/mine", "more")
    undone: m.as_user(1000)
    lab> m.read("/secret")
    1 lookup    upper: absent   1: found, 1 B
    2
    lab> redo
    done again: m.as_user(1000)
    lab> m.read("/secret")
    1 lookup    upper: absent   1: found, 1 B
    2 read      ✗ EACCES: uid 1000 may not read /secret: it is 0600 and belongs to
                0:0
    lab> m.as_user(1000, 50, [27, 28])
    what follows is done by uid 1000, gid 50, groups 27 28
    lab> m.mkdir("/new")
    1 lookup    upper, 1: absent   (not in the view)
    2 mkdir     ✗ EACCES: uid 1000 may not write /: it is 0755 and belongs to 0:0
    lab> m.as_root()
    what follows is done by root
    lab> m.mkdir("/new")
    1 lookup    upper, 1: absent   (not in the view)
    2 create    directory in upper

    stack of m         /new
    ┌───────┬────────┬──────────┐
    │ upper │ m (rw) │ ● dir    │
    ├───────┼────────┼──────────┤
    │     1 │        │ ·        │
    ├───────┼────────┼──────────┤
    │ view  │ merged │ dir      │
    └───────┴────────┴──────────┘
    ● visible  ○ hidden  ✕ whiteout  ⊘ opaque  · absent
    "#);
}

#[test]
fn a_name_is_looked_up_where_the_mount_has_it() {
    insta::assert_snapshot!(screen(&[
        r#"let m = mount([layer(#{ "/etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/:/bin/sh\n", "/etc/group": "staff:x:50:app\nweb:x:60:\n" })]);"#,
        r#"m.as_user("app")"#,
        r#"m.as_user("app:web")"#,
        r#"m.as_user("1234")"#,
        r#"m.as_user("nobody")"#,
        r#"m.as_user("app:nobody")"#,
        "m.as_user(-1)",
        r#"m.as_user(1, 2, ["x"])"#,
        r#"m.access("/etc", 9)"#,
        "m.as_usr(1000)",
    ]), @r#"
    lab> let m = mount([layer(#{ "/etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/:/bin/sh\n", "/etc/group": "staff:x:50:app\nweb:x:60:\n" })]);
    lab> m.as_user("app")
    what follows is done by uid 1000, gid 1001, groups 50 1001
    lab> m.as_user("app:web")
    what follows is done by uid 1000, gid 60, groups 60
    lab> m.as_user("1234")
    what follows is done by uid 1234, gid 0, groups 0
    lab> m.as_user("nobody")
    error: /etc/passwd has no user `nobody`; a number needs no entry: as_user(1000)
      1 │ m.as_user("nobody")
        │   ^^^^^^^
    lab> m.as_user("app:nobody")
    error: /etc/group has no group `nobody`; a number needs no entry: as_user(1000,
           1000)
      1 │ m.as_user("app:nobody")
        │   ^^^^^^^
    lab> m.as_user(-1)
    error: an owner is a number from 0 to 4294967295
      1 │ m.as_user(-1)
        │   ^^^^^^^
    lab> m.as_user(1, 2, ["x"])
    error: the groups are a list of numbers: [27, 50]
      1 │ m.as_user(1, 2, ["x"])
        │   ^^^^^^^
    lab> m.access("/etc", 9)
    error: access asks for 4 (read), 2 (write), 1 (execute), added up
      1 │ m.access("/etc", 9)
        │   ^^^^^^
    lab> m.as_usr(1000)
    error: Mount has no method `as_usr`
      1 │ m.as_usr(1000)
        │   ^^^^^^
    hint: did you mean `as_user(uid, gid, [group, …])`?
    "#);
}

#[test]
fn docker_looks_at_a_container_as_root_whoever_uses_it() {
    insta::assert_snapshot!(screen(&[
        "docker run -d --name web alpine:3.19",
        r#"let c = container("web"); c.mkdir("/vault", 0o700); c.write("/vault/key", "k");"#,
        "c.as_user(1000)",
        r#"c.read("/vault/key")"#,
        "docker diff web",
        "docker exec web cat /vault/key",
        "docker exec -u 1000 web cat /vault/key",
    ]), @r#"
    lab> docker run -d --name web alpine:3.19
    web started: empty upper over 1 lower layer
    next: let c = container("web");   then   c.exec("ls /")
    lab> let c = container("web"); c.mkdir("/vault", 0o700); c.write("/vault/key", "k");
    1 lookup    /vault   upper, 1: absent   (not in the view)
    2 create    directory in upper
    3 lookup    /vault/key   upper: absent   (not in the view)
    4 create    file in upper
    5 write     1 B in upper

    stack of web            /vault     /vault/key
    ┌───────┬─────────────┬──────────┬─────────────┐
    │ upper │ web (rw)    │ ● dir    │ ● 1 B  wins │
    ├───────┼─────────────┼──────────┼─────────────┤
    │     1 │ FROM alpine │ ·        │ ·           │
    ├───────┼─────────────┼──────────┼─────────────┤
    │ view  │ merged      │ dir      │ 1 B         │
    └───────┴─────────────┴──────────┴─────────────┘
    ● visible  ○ hidden  ✕ whiteout  ⊘ opaque  · absent
    lab> c.as_user(1000)
    what follows is done by uid 1000, gid 1000
    lab> c.read("/vault/key")
    1 read      ✗ EACCES: uid 1000 may not search /vault: it is 0700 and belongs to
                0:0
    lab> docker diff web
    A /vault
    A /vault/key
    lab> docker exec web cat /vault/key
    k
    lab> docker exec -u 1000 web cat /vault/key
    cat: can't open '/vault/key': Permission denied
    exit 1
    "#);
}
