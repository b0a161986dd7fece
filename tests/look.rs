//! dive's interactive view, on a screen in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Contents, Inode, Tree};
use layerlab::image::{History, Image, ImageLayer, Origin};
use layerlab::inspect::dive;
use layerlab::inspect::layers::Layers;
use layerlab::look::{Code, Effect, Key, Look, Looked, draw};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn tree(entries: &[(&str, Inode)]) -> Tree {
    let mut tree = Tree::new();
    for (path, inode) in entries {
        tree.put(path.as_bytes(), inode.clone());
    }
    tree
}

fn text(text: &str) -> Inode {
    Inode::file(Contents::text(text))
}

fn image(layers: &[(&str, Tree)]) -> Image {
    let mut image = Image::default();
    for (command, tree) in layers {
        image.history.push_back_mut(History { created_by: (*command).to_owned(), ..History::default() });
        image.layers.push(ImageLayer::new(tree.seal(), Origin::BuildKit, *command));
    }
    image.sealed()
}

/// A little image that wastes in several ways, with a name that would steer a terminal.
fn app() -> Image {
    let big = |mode: u16| Inode::file(Contents::fill(b'b', 40_000)).with_mode(mode);
    image(&[
        (
            "ADD rootfs.tar.gz /",
            tree(&[
                ("/bin/sh", Inode::file(Contents::fill(0, 900)).with_mode(0o755)),
                ("/etc/motd", text("hello\n")),
                ("/etc/passwd", text("root:x:0:0\n")),
                ("/lib", Inode::symlink(b"usr/lib")),
                ("/usr/lib/libc.so", Inode::file(Contents::fill(1, 12_000))),
            ]),
        ),
        (
            "COPY . /app # buildkit",
            tree(&[
                ("/app/\u{1b}[31mevil\u{202e}", text("x")),
                ("/app/big", big(0o644)),
                ("/app/cache/a", text(&"a".repeat(3000))),
                ("/app/cache/b", text(&"b".repeat(2000))),
                ("/app/conf", text("one\ntwo\nthree\n")),
            ]),
        ),
        (
            "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends curl ca-certificates \
             && rm -rf /var/lib/apt/lists/* && chmod 0700 /app/big && sed -i s/two/TWO/ /app/conf # buildkit",
            tree(&[
                ("/app/big", big(0o700)),
                ("/app/conf", text("one\nTWO\nthree\n")),
                ("/usr/bin/curl", Inode::file(Contents::fill(2, 7_000)).with_mode(0o4755)),
            ]),
        ),
        (
            "RUN rm -r /app/cache /etc/motd",
            tree(&[("/app/cache", Inode::whiteout()), ("/etc/motd", Inode::whiteout())]),
        ),
    ])
}

fn look_at(images: &[Image]) -> Look {
    let layers = match images {
        [one] => Layers::of(one, 0),
        [one, two] => Layers::of_two(one, two),
        _ => panic!(),
    };
    let waste = layers.waste(0);
    let names = ["app:1", "app:2"][..images.len()].iter().map(|name| (*name).to_owned()).collect();
    Look::new(Looked { names, layers, waste, analysis: dive::of_image(&images[0]) })
}

/// Types: characters, and in `<>` names of keys: `<Tab>`, `<^A>`.
fn keys(typed: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = typed;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let Some((name, after)) = named else {
            keys.push(Key::char(c));
            rest = &rest[c.len_utf8()..];
            continue;
        };
        rest = after;
        keys.push(match name {
            "Tab" => Key::plain(Code::Tab),
            "BackTab" => Key::plain(Code::BackTab),
            "Enter" => Key::plain(Code::Enter),
            "Esc" => Key::plain(Code::Esc),
            "Up" => Key::plain(Code::Up),
            "Down" => Key::plain(Code::Down),
            "Left" => Key::plain(Code::Left),
            "Right" => Key::plain(Code::Right),
            "PgUp" => Key::plain(Code::PageUp),
            "PgDn" => Key::plain(Code::PageDown),
            "Home" => Key::plain(Code::Home),
            "End" => Key::plain(Code::End),
            "Bs" => Key::plain(Code::Backspace),
            "^Space" => Key::ctrl(' '),
            name => Key::ctrl(name.strip_prefix('^').unwrap().to_ascii_lowercase().chars().next().unwrap()),
        });
    }
    keys
}

fn press(look: &mut Look, typed: &str) -> Effect {
    let mut last = Effect::None;
    for key in keys(typed) {
        last = look.key(key);
        while look.is_busy() {
            look.work();
        }
    }
    last
}

fn screen(look: &mut Look, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, look)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let mut shown = String::new();
    for y in 0..height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..width {
            let symbol = buffer[(x, y)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line.push_str(symbol);
            skip = layerlab::render::columns(symbol).saturating_sub(1);
        }
        shown.push_str(line.trim_end());
        shown.push('\n');
    }
    shown
}

/// The screens after each piece of typing.
fn story(images: &[Image], (width, height): (u16, u16), steps: &[&str]) -> String {
    let mut look = look_at(images);
    let mut told = format!("== begin\n{}", screen(&mut look, width, height));
    for step in steps {
        press(&mut look, step);
        told.push_str(&format!("\n== {step}\n{}", screen(&mut look, width, height)));
    }
    told
}

#[test]
fn layers_and_their_trees_on_80_columns() {
    insta::assert_snapshot!(story(&[app()], (80, 24), &["jj", "<^A>", "<Enter>", "<Esc><^L>j<Tab>"]));
}

#[test]
fn the_tree_with_attributes_on_120_columns() {
    insta::assert_snapshot!(story(
        &[app()],
        (120, 40),
        &["jj<Tab>", "<^U>", "<^U><^O>", "<^Space>", "<Down><Right>"]
    ));
}

#[test]
fn filters_by_path_kind_and_size() {
    insta::assert_snapshot!(story(
        &[app()],
        (80, 24),
        &["j/conf|evil<Enter>", "<Esc>s5kB<Enter>", "s<Bs><Bs><Bs><Bs><Enter><^A>", "<^A>/nothing"],
    ));
}

#[test]
fn contents_differences_and_reasons() {
    insta::assert_snapshot!(story(
        &[app()],
        (80, 24),
        &["jj<Tab>/conf<Enter><End>v", "<Esc>c", "<Esc>w", "<Esc><Esc><Tab>", "jw", "<Esc><Enter>", "?"],
    ));
}

#[test]
fn two_images_are_compared() {
    let mut other = app();
    other.layers.truncate(2);
    other.history = other.history.iter().take(2).cloned().collect();
    insta::assert_snapshot!(story(
        &[app(), other.sealed()],
        (100, 30),
        &["<Tab><^U>", "<Tab><Tab>jj", "GkG"]
    ));
}

#[test]
fn a_file_is_extracted_and_the_end_is_asked_for() {
    let mut look = look_at(&[app()]);
    press(&mut look, "j<Tab>/big<Enter><End><^E>");
    assert!(screen(&mut look, 80, 24).contains("extract to: big▏"));
    let Effect::Extract { to, contents } = press(&mut look, ".copy<Enter>") else { panic!() };
    assert_eq!((to.as_str(), contents.len()), ("big.copy", 40_000));
    press(&mut look, "<Esc>/evil<Enter><End><^E>");
    assert!(screen(&mut look, 80, 24).contains("extract to: _[31mevil"));
    // While something is typed `q` is a letter.
    assert!(matches!(press(&mut look, "q"), Effect::None));
    assert!(matches!(press(&mut look, "<Esc>q"), Effect::Quit));
}

#[test]
fn colours_say_what_the_signs_say() {
    use ratatui::style::Color;
    let mut look = look_at(&[app()]);
    press(&mut look, "jjj");
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| draw(frame, &mut look)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut colours = Vec::new();
    for y in 0..24 {
        for x in 33..80 {
            let cell = &buffer[(x, y)];
            let before = buffer[(x - 1, y)].symbol();
            if before == " " && matches!(cell.symbol(), "+" | "-" | "~") && buffer[(x + 1, y)].symbol() == " "
            {
                colours.push((cell.symbol().to_owned(), cell.fg));
            }
        }
    }
    assert!(colours.contains(&("-".to_owned(), Color::Red)), "{colours:?}");
    assert!(colours.contains(&("~".to_owned(), Color::Yellow)), "{colours:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Any keys on any screen: no panic, and never a control character or another width.
    #[test]
    fn any_keys_on_any_screen(
        typed in prop::collection::vec(prop::sample::select(vec![
            "j", "k", "d", "u", "g", "G", "h", "l", "<Tab>", "<BackTab>", "<Enter>", "<Esc>", "<^A>", "<^L>", "<^R>",
            "<^M>", "<^U>", "<^Space>", " ", "<^O>", "<^B>", "<^P>", "<^E>", "/", "s", "c", "w", "v", "?", "x", "1",
            "<Bs>", "(", "[",
        ]), 0..60),
        width in 0u16..130,
        height in 0u16..45,
    ) {
        let images = if width % 2 == 0 { vec![app()] } else { vec![app(), app()] };
        let mut look = look_at(&images);
        look.resize(width, height);
        for keys in typed {
            press(&mut look, keys);
        }
        let shown = screen(&mut look, width, height);
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        prop_assert!(!shown.chars().any(steers));
    }
}

#[cfg(unix)]
mod pty {
    use expectrl::session::OsSession;
    use expectrl::{Eof, Expect, Session};
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::time::Duration;

    fn open(arguments: &[&str], folder: &Path) -> OsSession {
        let mut command = Command::new(env!("CARGO_BIN_EXE_layerlab"));
        command
            .args(arguments)
            .current_dir(folder)
            .env("TERM", "xterm")
            .env_remove("CI")
            .env("LAYERLAB_HISTORY", "");
        let mut pty = Session::spawn(command).unwrap();
        pty.get_process_mut().set_window_size(100, 30).unwrap();
        pty.set_expect_timeout(Some(Duration::from_secs(20)));
        pty
    }

    fn folder(name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn wait(pty: &mut OsSession, text: &str) {
        if let Err(error) = pty.expect(text) {
            let mut seen = [0; 8192];
            let read = pty.try_read(&mut seen).unwrap_or(0);
            panic!("`{text}` did not come: {error}; seen: {:?}", String::from_utf8_lossy(&seen[..read]));
        }
    }

    fn exit_code(pty: &OsSession) -> i32 {
        match pty.get_process().wait().unwrap() {
            expectrl::process::unix::WaitStatus::Exited(_, code) => code,
            other => panic!("{other:?}"),
        }
    }

    /// What leaves the other page of a terminal.
    const LEAVE: &str = "\x1b[?1049l";

    #[test]
    fn an_archive_at_a_terminal() {
        let archive =
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/docker/analyze/images/an_chmod_copy.tar.gz");
        let folder = folder("look_archive");
        let mut pty = open(&["dive", archive], &folder);
        wait(&mut pty, "Layers");
        pty.send("j\t/b.so\r").unwrap();
        wait(&mut pty, "path: b.so");
        // The file is the last row; Ctrl+E extracts it.
        pty.send("G\x05").unwrap();
        wait(&mut pty, "extract to");
        pty.send(".copy\r").unwrap();
        wait(&mut pty, "6.00 kB written");
        assert_eq!(std::fs::metadata(folder.join("b.so.copy")).unwrap().len(), 6000);
        // What is there is never written over.
        pty.send("\x05.copy\r").unwrap();
        wait(&mut pty, "is there already");
        pty.get_process_mut().set_window_size(60, 20).unwrap();
        pty.send("?").unwrap();
        wait(&mut pty, "Everywhere");
        pty.send("\x03").unwrap();
        wait(&mut pty, LEAVE);
        pty.expect(Eof).unwrap();
        assert_eq!(exit_code(&pty), 0);
    }

    #[test]
    fn a_view_that_is_told_to_end_puts_the_terminal_back() {
        let archive =
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/docker/analyze/images/an_chmod_copy.tar.gz");
        let inner = r#"echo "pid=$$,"; exec "$0" dive "$1""#;
        let outer = format!(r#"stty sane; sh -c '{inner}' "$0" "$1"; echo "status=$?"; stty -a"#);
        let mut command = Command::new("sh");
        command.args(["-c", &outer, env!("CARGO_BIN_EXE_layerlab"), archive]);
        command.env("TERM", "xterm").env_remove("CI");
        let mut pty = Session::spawn(command).unwrap();
        pty.set_expect_timeout(Some(Duration::from_secs(20)));
        wait(&mut pty, "pid=");
        let pid = pty.expect(",").unwrap();
        let pid = String::from_utf8(pid.before().to_vec()).unwrap();
        wait(&mut pty, "Layers");
        assert!(Command::new("sh").args(["-c", &format!("kill -TERM {pid}")]).status().unwrap().success());
        wait(&mut pty, LEAVE);
        wait(&mut pty, "status=143");
        // A terminal in raw mode would say `-icanon` and `-echo`.
        wait(&mut pty, " icanon");
        wait(&mut pty, " echo ");
        pty.expect(Eof).unwrap();
    }

    #[test]
    fn an_image_at_the_prompt() {
        let mut pty = open(&["--color", "never"], &folder("look_prompt"));
        wait(&mut pty, "lab> ");
        pty.send("dive alpine:3.19\r").unwrap();
        wait(&mut pty, "Layers");
        pty.send("q").unwrap();
        wait(&mut pty, LEAVE);
        wait(&mut pty, "lab> ");
        pty.send("dive --text alpine:3.19 | head -n 1\r").unwrap();
        wait(&mut pty, "alpine:3.19: 1 layer, 7.4 MB");
        wait(&mut pty, "lab> ");
        pty.send("\x04").unwrap();
        pty.expect(Eof).unwrap();
        assert_eq!(exit_code(&pty), 0);
    }
}

/// By size, from both ends: what is put in order bit by bit is the order.
#[test]
fn a_long_directory_by_size() {
    let mut tree = Tree::new();
    for at in 0..3000u64 {
        tree.put(format!("/f{at}").as_bytes(), Inode::file(Contents::fill(0, at * 7919 % 3001)));
    }
    let mut look = look_at(&[image(&[("COPY . /", tree)])]);
    let first = |look: &mut Look| {
        let shown = screen(look, 80, 24);
        let rows = shown.lines().skip(1).take(16);
        rows.filter_map(|row| row.rsplit("+ ").next()?.strip_prefix('f')?.parse::<u64>().ok())
            .map(|at| at * 7919 % 3001)
            .collect::<Vec<u64>>()
    };
    press(&mut look, "<Tab><^O>");
    let top = first(&mut look);
    assert!(top.len() > 10 && top.is_sorted_by(|a, b| a >= b) && top[0] == 3000, "{top:?}");
    press(&mut look, "G");
    let end = first(&mut look);
    assert!(end.is_sorted_by(|a, b| a >= b) && end.last() == Some(&0), "{end:?}");
    // Up from the end until both parts meet, and over the seam.
    let mut before = end[0];
    for _ in 0..220 {
        press(&mut look, "u");
        let rows = first(&mut look);
        assert!(rows.is_sorted_by(|a, b| a >= b) && rows[0] >= before, "{rows:?}");
        before = rows[0];
    }
    assert_eq!(before, 3000);
}
