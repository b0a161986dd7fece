//! What the union tells: events of single operations, `which`, and the drawn stack.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Contents, Errno, Inode, Tree};
use layerlab::trace::{Event, Trace};
use layerlab::union::{Lower, Mount, Options, Rename};

fn lower(label: &str, entries: &[(&str, Inode)]) -> Lower {
    let mut tree = Tree::new();
    for (path, inode) in entries {
        tree.put(path.as_bytes(), inode.clone()).unwrap();
    }
    Lower { layer: tree.seal(), label: label.into() }
}

fn file(size: u64) -> Inode {
    Inode::file(Contents::fill(b'x', size))
}

fn opaque() -> Inode {
    let mut dir = Inode::dir(0o755);
    dir.extra_mut().opaque = true;
    dir
}

/// The lesson's stack: a base, a package, a configuration, a site.
fn web() -> Mount {
    let lowers = vec![
        lower("COPY html", &[("/usr/share/nginx/html/index.html", file(20))]),
        lower("COPY conf", &[("/etc/nginx/nginx.conf", file(648)), ("/srv", opaque()), ("/srv/a", file(1))]),
        lower("RUN apk add", &[("/etc/nginx/mime.types", file(5349)), ("/etc/motd", Inode::whiteout())]),
        lower("FROM alpine", &[("/etc/motd", file(286)), ("/etc/passwd", file(1200)), ("/srv/b", file(7))]),
    ];
    Mount::new(lowers, Tree::new(), Options::default()).unwrap()
}

/// Runs one operation; its events as JSON, one a line.
fn told<R>(m: &mut Mount, run: impl FnOnce(&mut Mount, &mut Trace) -> R) -> String {
    let (_, events) = Trace::silent().collect(|t| run(m, t));
    let lines: Vec<String> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    lines.join("\n")
}

#[test]
fn an_append_to_a_lower_file_looks_up_copies_up_and_writes() {
    let mut m = web();
    insta::assert_snapshot!(told(&mut m, |m, t| m.append(b"/etc/nginx/nginx.conf", Contents::text("# tuned\n"), t)), @r##"
{"event":"lookup","path":"/etc/nginx/nginx.conf","probes":[{"layer":{"number":0,"label":""},"answer":"absent"},{"layer":{"number":4,"label":"COPY html"},"answer":"no_directory","directory":"/etc"},{"layer":{"number":3,"label":"COPY conf"},"answer":"found","kind":"file","size":648}],"found":true}
{"event":"copy_up_directories","paths":["/etc","/etc/nginx"],"made":[{"from":{"number":3,"label":"COPY conf"},"mode":"0755","uid":0,"gid":0,"size":0},{"from":{"number":3,"label":"COPY conf"},"mode":"0755","uid":0,"gid":0,"size":0}],"inodes":2}
{"event":"copy_up","path":"/etc/nginx/nginx.conf","kind":"file","bytes":648,"from":{"number":3,"label":"COPY conf"},"metadata_only":false,"inodes":1,"mode":"0644","uid":0,"gid":0,"size":648}
{"event":"write","path":"/etc/nginx/nginx.conf","bytes":8,"size":656,"append":true,"untouched":{"number":3,"label":"COPY conf"},"copied":648,"at":648,"data":"# tuned\n"}
"##);
    insta::assert_snapshot!(told(&mut m, |m, t| m.append(b"/etc/nginx/nginx.conf", Contents::text("again\n"), t)), @r#"
{"event":"lookup","path":"/etc/nginx/nginx.conf","probes":[{"layer":{"number":0,"label":""},"answer":"found","kind":"file","size":656}],"found":true}
{"event":"write","path":"/etc/nginx/nginx.conf","bytes":6,"size":662,"append":true,"untouched":{"number":3,"label":"COPY conf"},"at":656,"data":"again\n"}
"#);
}

#[test]
fn a_deletion_leaves_a_whiteout_only_where_something_would_show() {
    let mut m = web();
    insta::assert_snapshot!(told(&mut m, |m, t| m.unlink(b"/etc/passwd", t)), @r#"
{"event":"lookup","path":"/etc/passwd","probes":[{"layer":{"number":0,"label":""},"answer":"absent"},{"layer":{"number":4,"label":"COPY html"},"answer":"no_directory","directory":"/etc"},{"layer":{"number":3,"label":"COPY conf"},"answer":"absent"},{"layer":{"number":2,"label":"RUN apk add"},"answer":"absent"},{"layer":{"number":1,"label":"FROM alpine"},"answer":"found","kind":"file","size":1200}],"found":true}
{"event":"copy_up_directories","paths":["/etc"],"made":[{"from":{"number":3,"label":"COPY conf"},"mode":"0755","uid":0,"gid":0,"size":0}],"inodes":1}
{"event":"removed","path":"/etc/passwd","kind":"file","whiteout_over":{"number":1,"label":"FROM alpine"},"still_stored":1200,"whiteout":true,"inodes":1}
"#);
    insta::assert_snapshot!(told(&mut m, |m, t| m.create(b"/new", 0o644, Contents::text("n"), t)), @r#"
{"event":"lookup","path":"/new","probes":[{"layer":{"number":0,"label":""},"answer":"absent"},{"layer":{"number":4,"label":"COPY html"},"answer":"absent"},{"layer":{"number":3,"label":"COPY conf"},"answer":"absent"},{"layer":{"number":2,"label":"RUN apk add"},"answer":"absent"},{"layer":{"number":1,"label":"FROM alpine"},"answer":"absent"}],"found":false}
{"event":"created","path":"/new","kind":"file","over_whiteout":false,"opaque":false,"inodes":1,"mode":"0644","uid":0,"gid":0,"size":0}
{"event":"write","path":"/new","bytes":1,"size":1,"append":false,"untouched":null,"at":0,"data":"n"}
"#);
    insta::assert_snapshot!(told(&mut m, |m, t| m.unlink(b"/new", t)), @r#"
{"event":"lookup","path":"/new","probes":[{"layer":{"number":0,"label":""},"answer":"found","kind":"file","size":1}],"found":true}
{"event":"removed","path":"/new","kind":"file","whiteout_over":null,"still_stored":0,"whiteout":false,"inodes":0}
"#);
    insta::assert_snapshot!(told(&mut m, |m, t| m.mkdir(b"/etc/passwd", 0o755, t)), @r#"
{"event":"lookup","path":"/etc/passwd","probes":[{"layer":{"number":0,"label":""},"answer":"whiteout"}],"found":false}
{"event":"created","path":"/etc/passwd","kind":"directory","over_whiteout":true,"opaque":true,"inodes":1,"mode":"0755","uid":0,"gid":0,"size":0}
"#);
}

#[test]
fn a_failure_says_why() {
    let mut m = web();
    insta::assert_snapshot!(told(&mut m, |m, t| m.rename(b"/etc/nginx", b"/etc/web", Rename::Plain, t)), @r#"
{"event":"lookup","path":"/etc/nginx","probes":[{"layer":{"number":0,"label":""},"answer":"absent"},{"layer":{"number":4,"label":"COPY html"},"answer":"no_directory","directory":"/etc"},{"layer":{"number":3,"label":"COPY conf"},"answer":"directory","opaque":false,"redirect":null},{"layer":{"number":2,"label":"RUN apk add"},"answer":"directory","opaque":false,"redirect":null},{"layer":{"number":1,"label":"FROM alpine"},"answer":"absent"}],"found":true}
{"event":"failed","op":"rename","path":"/etc/nginx","other":"/etc/web","errno":"EXDEV","why":"/etc/nginx has parts in layer 3 and layer 2, which can't move, and redirect_dir is off; mv copies and deletes instead"}
"#);
    insta::assert_snapshot!(told(&mut m, |m, t| m.rmdir(b"/srv", t)), @r#"
{"event":"lookup","path":"/srv","probes":[{"layer":{"number":0,"label":""},"answer":"absent"},{"layer":{"number":4,"label":"COPY html"},"answer":"absent"},{"layer":{"number":3,"label":"COPY conf"},"answer":"directory","opaque":true,"redirect":null}],"found":true}
{"event":"failed","op":"rmdir","path":"/srv","errno":"ENOTEMPTY","why":"/srv still holds `a`"}
"#);
}

#[test]
fn attributes_and_links_and_redirects_are_told() {
    let mut m = web();
    insta::assert_snapshot!(told(&mut m, |m, t| m.chmod(b"/etc/passwd", 0o600, t)), @r#"
{"event":"lookup","path":"/etc/passwd","probes":[{"layer":{"number":0,"label":""},"answer":"absent"},{"layer":{"number":4,"label":"COPY html"},"answer":"no_directory","directory":"/etc"},{"layer":{"number":3,"label":"COPY conf"},"answer":"absent"},{"layer":{"number":2,"label":"RUN apk add"},"answer":"absent"},{"layer":{"number":1,"label":"FROM alpine"},"answer":"found","kind":"file","size":1200}],"found":true}
{"event":"copy_up_directories","paths":["/etc"],"made":[{"from":{"number":3,"label":"COPY conf"},"mode":"0755","uid":0,"gid":0,"size":0}],"inodes":1}
{"event":"copy_up","path":"/etc/passwd","kind":"file","bytes":1200,"from":{"number":1,"label":"FROM alpine"},"metadata_only":false,"inodes":1,"mode":"0644","uid":0,"gid":0,"size":1200}
{"event":"attributes","path":"/etc/passwd","change":"mode 0644 → 0600","mode":"0600","uid":0,"gid":0,"copied":1200}
"#);
    insta::assert_snapshot!(told(&mut m, |m, t| m.link(b"/etc/passwd", b"/etc/shadow", t)), @r#"
{"event":"lookup","path":"/etc/passwd","probes":[{"layer":{"number":0,"label":""},"answer":"found","kind":"file","size":1200}],"found":true}
{"event":"created","path":"/etc/shadow","kind":"link","over_whiteout":false,"opaque":false,"of":"/etc/passwd","inodes":0}
"#);
    let options = Options { redirect_dir: true, ..Options::default() };
    let mut m = Mount::new(m.lowers().to_vec(), Tree::new(), options).unwrap();
    insta::assert_snapshot!(told(&mut m, |m, t| m.rename(b"/etc/nginx", b"/etc/web", Rename::Plain, t)), @r#"
{"event":"lookup","path":"/etc/nginx","probes":[{"layer":{"number":0,"label":""},"answer":"absent"},{"layer":{"number":4,"label":"COPY html"},"answer":"no_directory","directory":"/etc"},{"layer":{"number":3,"label":"COPY conf"},"answer":"directory","opaque":false,"redirect":null},{"layer":{"number":2,"label":"RUN apk add"},"answer":"directory","opaque":false,"redirect":null},{"layer":{"number":1,"label":"FROM alpine"},"answer":"absent"}],"found":true}
{"event":"copy_up_directories","paths":["/etc"],"made":[{"from":{"number":3,"label":"COPY conf"},"mode":"0755","uid":0,"gid":0,"size":0}],"inodes":1}
{"event":"copy_up","path":"/etc/nginx","kind":"directory","bytes":0,"from":{"number":3,"label":"COPY conf"},"metadata_only":false,"inodes":1,"mode":"0755","uid":0,"gid":0,"size":0}
{"event":"redirect","path":"/etc/nginx","to":"nginx"}
{"event":"renamed","from":"/etc/nginx","to":"/etc/web","exchange":false,"whiteout":true,"inodes":1}
"#);
}

#[test]
fn which_says_who_wins_who_is_hidden_and_why() {
    let mut m = web();
    let mut t = Trace::silent();
    m.append(b"/etc/nginx/nginx.conf", Contents::text("# tuned\n"), &mut t).unwrap();
    m.unlink(b"/etc/passwd", &mut t).unwrap();
    let mut lines = Vec::new();
    for path in [
        "/etc/nginx/nginx.conf",
        "/etc/passwd",
        "/etc/motd",
        "/srv/b",
        "/srv",
        "/etc",
        "/usr/share/nginx/html/index.html",
        "/nowhere/at/all",
        "/etc/passwd/x",
        "/",
    ] {
        let which = m.which(path.as_bytes(), &mut t);
        let winner = which.winner.map_or("nobody".to_owned(), |layer| layer.number.to_string());
        let spoken: Vec<String> = which.probes.iter().map(|probe| probe.layer.number.to_string()).collect();
        lines.push(format!("{path}: {winner} of [{}]: {}", spoken.join(" "), which.why));
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
/etc/nginx/nginx.conf: 0 of [0 3]: the upper is the topmost layer that has it, and hides layer 3
/etc/passwd: nobody of [0 1]: deleted: a whiteout in the upper hides layer 1
/etc/motd: nobody of [2 1]: deleted: a whiteout in layer 2 hides layer 1
/srv/b: nobody of [1]: hidden: layer 1, since its parent /srv is opaque in layer 3
/srv: 3 of [3 1]: a directory of layer 3 alone; hidden: layer 1, since it is opaque in layer 3
/etc: 0 of [0 3 2 1]: the upper, layer 3, layer 2 and layer 1 merge here; attributes come from the upper
/usr/share/nginx/html/index.html: 4 of [4]: layer 4 is the topmost layer that has it
/nowhere/at/all: nobody of []: /nowhere is not there: no layer has it
/etc/passwd/x: nobody of []: /etc/passwd is not there: deleted: a whiteout in the upper hides layer 1
/: 0 of [0 4 3 2 1]: the root is never looked up: it is made of the roots of all layers, with the attributes of the upper's
"#);
}

#[test]
fn the_stack_shows_winners_hidden_whiteouts_and_opaque_directories() {
    let mut m = web();
    let mut t = Trace::silent();
    m.append(b"/etc/nginx/nginx.conf", Contents::text("# tuned\n"), &mut t).unwrap();
    m.unlink(b"/etc/passwd", &mut t).unwrap();
    let paths = ["/etc/nginx/nginx.conf", "/etc/motd", "/etc/passwd", "/srv", "/srv/b"];
    let paths: Vec<Vec<u8>> = paths.iter().map(|path| path.as_bytes().to_vec()).collect();
    let Event::Stack { rows, view, .. } = m.stack("web", &paths, &mut t) else { panic!() };
    let mut lines = Vec::new();
    for (name, cells) in rows
        .iter()
        .map(|row| (format!("{} {}", row.layer.number, row.layer.label), &row.cells))
        .chain([("view".to_owned(), &view)])
    {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{:?} {}", cell.mark, cell.text)).collect();
        lines.push(format!("{name}: {}", cells.join(" | ")));
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
0 : Visible 656 B | Absent  | Whiteout whiteout | Absent  | Absent 
4 COPY html: Absent  | Absent  | Absent  | Absent  | Absent 
3 COPY conf: Hidden 648 B | Absent  | Absent  | Opaque dir | Absent 
2 RUN apk add: Absent  | Whiteout whiteout | Absent  | Absent  | Absent 
1 FROM alpine: Absent  | Hidden 286 B | Hidden 1.20 kB | Hidden dir | Hidden 7 B
view: Visible 656 B | Absent  | Absent  | Visible dir | Absent
");
}

#[test]
fn events_do_not_depend_on_what_the_cache_knows() {
    let paths = ["/etc/nginx/nginx.conf", "/etc/motd", "/etc/nothing", "/srv/b", "/usr/share/nginx"];
    for path in paths {
        let (mut cold, mut warm) = (web(), web());
        let mut t = Trace::silent();
        for warm_up in paths {
            let _ = warm.stat(warm_up.as_bytes(), &mut t);
            let _ = warm.readdir(warm_up.as_bytes(), &mut t);
        }
        let chmod = |m: &mut Mount, t: &mut Trace| m.chmod(path.as_bytes(), 0o700, t);
        assert_eq!(told(&mut cold, chmod), told(&mut warm, chmod), "{path}");
    }
}

#[test]
fn an_empty_tank_refuses_and_changes_nothing() {
    let mut m = web();
    let mut t = Trace::silent();
    t.fuel.spend(t.fuel.left());
    let before = m.generation();
    assert_eq!(m.unlink(b"/etc/passwd", &mut t), Err(Errno::EINTR));
    assert_eq!(m.generation(), before);
    assert!(m.stat(b"/etc/passwd", &mut Trace::silent()).is_ok());
}

#[test]
fn a_native_mount_knows_no_whiteouts() {
    let mut tree = Tree::new();
    tree.put(b"/f", file(3)).unwrap();
    let mut m = Mount::native(tree);
    let mut t = Trace::silent();
    m.unlink(b"/f", &mut t).unwrap();
    assert!(m.upper().is_bare());
    m.mkchar(b"/null", 0o644, 0, 0, &mut t).unwrap();
    assert!(m.lstat(b"/null", &mut t).is_ok());
    m.mkdir(b"/d", 0o755, &mut t).unwrap();
    m.create(b"/d/x", 0o644, Contents::EMPTY, &mut t).unwrap();
    m.rename(b"/d", b"/e", Rename::Plain, &mut t).unwrap();
    assert!(m.stat(b"/e/x", &mut t).is_ok());
}
