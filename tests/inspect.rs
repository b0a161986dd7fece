//! What Docker's commands print of the built-in bases and of containers made by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use insta::assert_snapshot;
use layerlab::fs::{Contents, EPOCH};
use layerlab::image::{Container, Image, Store, Volume, catalog};
use layerlab::inspect::{self, HistoryOptions, ListOptions};
use layerlab::trace::Trace;
use std::sync::Arc;

fn fetched(names: &[&str]) -> Store {
    let mut store = Store::default();
    for name in names {
        let id = store.share(catalog::image(name).unwrap());
        assert!(store.tag(name, id));
    }
    store
}

fn container(name: &str, image: &str) -> Container {
    Container::create(name, image, catalog::image(image).unwrap(), 1).unwrap()
}

/// The same text with a fixed word for every id of 12 digits: ids change when a base is described
/// otherwise.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| word.len() == 12 && word.bytes().all(|b| b.is_ascii_hexdigit());
    text.split_inclusive([' ', '\n'])
        .map(
            |word| {
                if is_id(word.trim()) { word.replace(word.trim(), "<12-digits->") } else { word.to_owned() }
            },
        )
        .collect()
}

#[test]
fn the_lessons_ten_rows_of_nginx() {
    let store = fetched(&["nginx:latest"]);
    let image = store.named("nginx").unwrap();
    let printed = inspect::history(&store, &image, &HistoryOptions::default());
    assert_eq!(printed.out.lines().count(), 11);
    assert_snapshot!("history_nginx", without_ids(&printed.out));
}

#[test]
fn images_are_listed_newest_first() {
    let mut store = fetched(&["alpine:3.19", "nginx:alpine"]);
    let nginx = store.named("nginx:alpine").unwrap();
    store.tag("example.org:5000/web/front", nginx.id);
    let list = |only: Option<&str>, options: ListOptions| inspect::image_list(&store, only, &options).out;
    assert_snapshot!("image_list", without_ids(&list(None, ListOptions::default())));
    assert_eq!(
        list(Some("alpine"), ListOptions { quiet: true, ..ListOptions::default() }).lines().count(),
        1
    );
    assert_eq!(list(Some("nginx:latest"), ListOptions { quiet: true, ..ListOptions::default() }), "");
    assert_eq!(list(Some("example.org:5000/web/front"), ListOptions::default()).lines().count(), 2);
}

#[test]
fn history_names_local_parents_and_marks_missing_ones() {
    let mut store = fetched(&["alpine:3.19"]);
    let mut c = container("c", "alpine:3.19");
    c.config.cmd = Some(vec!["sh".to_owned()]);
    c.mount.create(b"/x", 0o644, Contents::fill(b'x', 999_999), &mut Trace::silent()).unwrap();
    let id = store.insert(c.commit("why", "me"));
    let image = store.by_id(&id).unwrap();
    let format = Some("{{.ID}} {{.Size}} {{.CreatedBy}} {{.Comment}}".to_owned());
    let printed = inspect::history(&store, &image, &HistoryOptions { format, ..HistoryOptions::default() });
    let alpine = catalog::image("alpine:3.19").unwrap().id.short(12);
    let want = format!("{} 1e+03kB sh why\n{alpine} 0B ", image.id.short(12));
    assert!(printed.out.starts_with(&want), "{}", printed.out);
    assert!(printed.out.lines().last().unwrap().starts_with("<missing> 7.38MB /bin/sh -c #(nop) ADD file:"));
    let rows = inspect::history_rows(&store, &image, &HistoryOptions::default());
    assert_eq!(
        (rows[0]["Bytes"].as_u64(), rows[0]["CreatedSince"].as_str()),
        (Some(999_999), Some("Less than a second ago"))
    );
}

#[test]
fn templates_print_what_docker_prints() {
    let store = fetched(&["nginx:latest", "alpine:3.19"]);
    let values =
        ["nginx", "alpine:3.19"].map(|name| inspect::image_value(&store, &store.named(name).unwrap()));
    let layers = store.named("nginx").unwrap().layers.len();
    let print = |template: &str| inspect::inspect(&values, Some(template)).out;
    for (template, want) in [
        ("{{len .RootFS.Layers}}", format!("{layers}\n1\n")),
        (
            "{{.Config.Labels.maintainer}}",
            "NGINX Docker Maintainers <docker-maint@nginx.com>\n<no value>\n".to_owned(),
        ),
        ("{{index .Config.Labels \"nothing\"}}", "\n\n".to_owned()),
        ("{{json .Config.ExposedPorts}}", "{\"80/tcp\":{}}\nnull\n".to_owned()),
        (
            "{{json .Config.StopSignal}} {{.Config.Entrypoint}}",
            "\"SIGQUIT\" [/docker-entrypoint.sh]\n\"\" []\n".to_owned(),
        ),
        ("{{with .Config.Cmd}}{{join . \"+\"}}{{end}}", "nginx+-g+daemon off;\n/bin/sh\n".to_owned()),
        ("{{range split \"a,b\" \",\"}}<{{.}}>{{end}}", "<a><b>\n<a><b>\n".to_owned()),
        ("{{truncate .Id 13}}|{{pad \"x\" 1 2}}|{{pad \"\" 1 2}}", {
            let [a, b] = ["nginx", "alpine:3.19"].map(|name| store.named(name).unwrap().id.to_string());
            format!("{}| x  |\n{}| x  |\n", &a[..13], &b[..13])
        }),
        ("{{title \"hello wide-world it's\"}}", "Hello Wide-World It's\n".repeat(2)),
        ("{{json .NoSuch}}", "\n".to_owned()),
        ("plain", "plain\nplain\n".to_owned()),
        ("{{if gt .Size 100000000}}big{{else}}small{{end}}", "big\nsmall\n".to_owned()),
    ] {
        assert_eq!(print(template), want, "{template}");
    }
}

#[test]
fn a_bad_template_is_told_in_gos_words() {
    let store = fetched(&["alpine:3.19"]);
    let image = store.named("alpine:3.19").unwrap();
    let value = [inspect::image_value(&store, &image)];
    for (template, exit, words) in [
        (
            "{{.Config.Env.Nope}}",
            1,
            ":1:9: executing \"\" at <.Config.Env.Nope>: can't evaluate field Nope in type interface {}",
        ),
        (
            "{{range .RootFS.Layers}}{{.Foo}}{{end}}",
            1,
            ":1:26: executing \"\" at <.Foo>: can't evaluate field Foo in type interface {}",
        ),
        ("a\n{{ .Nope }}", 1, ":2:3: executing \"\" at <.Nope>: map has no entry for key \"Nope\""),
        (
            "{{index .RootFS.Layers 1}}",
            1,
            ":1:2: executing \"\" at <index .RootFS.Layers 1>: error calling index: index out of range: 1",
        ),
        (
            "{{$c := .Config}}{{$c.Nope}}",
            1,
            ":1:21: executing \"\" at <$c.Nope>: map has no entry for key \"Nope\"",
        ),
        ("{{nope .Id}}", 64, ":1: function \"nope\" not defined"),
        ("x\n{{if .Id}}{{frob}}", 64, ":2: function \"frob\" not defined"),
        ("{{.Id", 64, ":1: unclosed action"),
        ("{{if .Id}}x", 64, ":1: unexpected EOF"),
        ("{{end}}", 64, ":1: unexpected {{end}}"),
        ("{{else}}", 64, ":1: unexpected {{else}}"),
        ("{{$x}}", 64, ":1: undefined variable \"$x\""),
        ("{{.Id}", 64, ":1: bad character U+007D '}'"),
        ("{{range}}x{{end}}", 64, ":1: missing value for range"),
        ("{{if}}x{{end}}", 64, ":1: missing value for if"),
        ("{{.Id #}}", 64, ":1: unexpected \"#\" in operand"),
        ("{{#}}", 64, ":1: unexpected \"#\" in command"),
        ("{{}}", 64, ":1: missing value for command"),
        ("{{(.Id}}", 64, ":1: unclosed left paren"),
        ("{{break}}", 64, ":1: {{break}} outside {{range}}"),
        ("{{with $y := .Id}}{{$y}}{{end}}{{$y}}", 64, ":1: undefined variable \"$y\""),
        ("{{\"abc}}", 64, ":1: unterminated quoted string"),
    ] {
        let printed = inspect::inspect(&value, Some(template));
        let want = format!("template parsing error: template: {words}\n");
        assert_eq!((printed.err, printed.exit), (want, exit), "{template}");
    }
    let format = Some("{{.Foo}}".to_owned());
    let printed = inspect::history(&store, &image, &HistoryOptions { format, ..HistoryOptions::default() });
    let words =
        "template: :1:2: executing \"\" at <.Foo>: can't evaluate field Foo in type *image.historyContext";
    assert_eq!(
        (printed.err.as_str(), printed.exit),
        (format!("template parsing error: {words}\n").as_str(), 1)
    );
}

#[test]
fn no_template_runs_for_ever_or_panics() {
    let store = fetched(&["alpine:3.19"]);
    let value = [inspect::image_value(&store, &store.named("alpine:3.19").unwrap())];
    let deep = "{{(".repeat(5000);
    for template in [
        "{{range 1000000000}}x{{end}}",
        "{{$x := \"aaaa\"}}{{range 1000}}{{$x = print $x $x}}{{end}}",
        "{{$x := \"'\"}}{{range 1000}}{{$x = js $x}}{{end}}",
        "{{$x := \"ab\"}}{{range 1000}}{{$x = join (split $x \"\") $x}}{{end}}",
        "{{range 100000}}{{printf \"%60000d\" 1}}{{end}}",
        "{{range 100000}}{{$x := printf \"%60000d\" 1}}{{end}}",
        "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}",
        "{{pad \"x\" 99999999999 1}}",
        "{{slice .Id 9 1}}",
        "{{slice .Id -1}}",
        "{{index}}",
        "{{truncate \"é\" 1}}",
        "{{call .Id}}",
        "{{\u{0}}}",
        "{{/*",
        "{{ \u{e9} }}",
        deep.as_str(),
    ] {
        let _ = inspect::inspect(&value, Some(template));
    }
}

/// Lines of `docker diff` after doing something in a container of alpine.
fn diff(act: impl FnOnce(&mut Container, &mut Trace)) -> String {
    let mut t = Trace::silent();
    let mut c = container("c", "alpine:3.19");
    act(&mut c, &mut t);
    let changes = inspect::changes(&c, &mut t);
    changes.iter().map(|change| format!("{} {}\n", change.kind.letter(), change.path)).collect()
}

#[test]
fn diff_lists_what_addchanges_lists() {
    let text = Contents::text;
    // Nothing; a file on a mount of the runtime; a mode changed and changed back.
    assert_eq!(diff(|_, _| {}), "");
    assert_eq!(diff(|c, t| c.mount.write(b"/etc/hosts", text("x"), t).unwrap()), "");
    assert_eq!(
        diff(|c, t| {
            c.mount.chmod(b"/etc/motd", 0o600, t).unwrap();
            c.mount.chmod(b"/etc/motd", 0o644, t).unwrap();
        }),
        ""
    );
    // A tree added, each member; a file changed, moved, linked, touched.
    assert_eq!(
        diff(|c, t| {
            c.mount.mkdir(b"/d", 0o755, t).unwrap();
            c.mount.create(b"/d/f", 0o644, text("y"), t).unwrap();
            c.mount.append(b"/etc/motd", text("more"), t).unwrap();
            c.mount.rename(b"/etc/issue", b"/etc/issue.old", layerlab::union::Rename::Plain, t).unwrap();
            c.mount.link(b"/etc/profile", b"/etc/profile2", t).unwrap();
            c.mount.utimes(b"/etc/shells", EPOCH, t).unwrap();
            c.mount.utimes(b"/usr/share", EPOCH, t).unwrap();
        }),
        "A /d\nA /d/f\nC /etc\nD /etc/issue\nA /etc/issue.old\nC /etc/motd\nA /etc/profile2\nC /etc/shells\n"
    );
    // A tree deleted is one line; made again: its direct old members that are not there again.
    let clear = |c: &mut Container, t: &mut Trace| {
        for (path, stat) in c.mount.walk(b"/etc/network", t).unwrap().into_iter().rev() {
            match stat.kind {
                layerlab::union::StatKind::Dir => c.mount.rmdir(&path, t).unwrap(),
                _ => c.mount.unlink(&path, t).unwrap(),
            }
        }
    };
    assert_eq!(diff(clear), "C /etc\nD /etc/network\n");
    assert_eq!(
        diff(|c, t| {
            clear(c, t);
            c.mount.mkdir(b"/etc/network", 0o755, t).unwrap();
            c.mount.mkdir(b"/etc/network/if-up.d", 0o755, t).unwrap();
            c.mount.create(b"/etc/network/new", 0o644, text("z"), t).unwrap();
        }),
        "C /etc\nC /etc/network\nD /etc/network/if-down.d\nD /etc/network/if-post-down.d\nD /etc/network/if-post-up.d\n\
         D /etc/network/if-pre-down.d\nD /etc/network/if-pre-up.d\nC /etc/network/if-up.d\nD /etc/network/if-up.d/dad\n\
         A /etc/network/new\n"
    );
    // Another type at the same name.
    assert_eq!(
        diff(|c, t| {
            c.mount.unlink(b"/etc/motd", t).unwrap();
            c.mount.mkdir(b"/etc/motd", 0o755, t).unwrap();
            c.mount.create(b"/etc/motd/x", 0o644, text("z"), t).unwrap();
        }),
        "C /etc\nC /etc/motd\nA /etc/motd/x\n"
    );
    assert_eq!(
        diff(|c, t| {
            clear(c, t);
            c.mount.create(b"/etc/network", 0o644, text("z"), t).unwrap();
        }),
        "C /etc\nC /etc/network\n"
    );
    // A volume shows only its new mount point.
    assert_eq!(
        diff(|c, t| {
            c.add_volume("/made");
            c.mount.create(b"/made/v", 0o644, text("v"), t).unwrap();
        }),
        "A /made\n"
    );
}

#[test]
fn containers_and_disk_usage_are_listed() {
    let store = fetched(&["nginx:alpine", "node:20-alpine", "alpine:3.19"]);
    let mut web = container("web", "nginx:alpine");
    let old = Container { running: false, ..container("old", "alpine:3.19") };
    web.mount.append(b"/etc/nginx/nginx.conf", Contents::text("# tuned\n"), &mut Trace::silent()).unwrap();
    assert_eq!((web.size_rw(), web.size_root_fs() - web.image.size()), (656, 656));
    assert_snapshot!("ps", without_ids(&inspect::ps(&store, &[&web, &old], true, false)));
    let mut volumes = [Volume::new("data", false), Volume::new("old", false)];
    volumes[0].mount.create(b"/v", 0o644, Contents::text("1234"), &mut Trace::silent()).unwrap();
    let volumes: Vec<&Volume> = volumes.iter().collect();
    assert_snapshot!("system_df", inspect::system_df(&store, &[&web, &old], &volumes, &[], None).out);
    let value = [inspect::container_value(&web)];
    assert_eq!(
        inspect::inspect(&value, Some("{{.Name}} {{.State.Status}} {{.SizeRw}} {{.Config.StopSignal}}")).out,
        "/web running 656 SIGQUIT\n"
    );
}

#[test]
fn shared_layers_are_the_same_layers() {
    let images: Vec<Arc<Image>> = ["alpine:3.19", "nginx:alpine", "node:20-alpine", "golang:1.21-alpine"]
        .iter()
        .map(|n| catalog::image(n).unwrap())
        .collect();
    for image in &images {
        assert!(image.layers[0].layer.same(&images[0].layers[0].layer));
    }
}
