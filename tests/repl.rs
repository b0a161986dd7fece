//! The REPL as a person meets it: through a pseudo-terminal.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expectrl::session::OsSession;
use expectrl::{ControlCode, Eof, Expect, Session};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const UP: &str = "\x1b[A";
const PROMPT: &str = "lab> ";

/// A terminal with the REPL in it.
struct Terminal {
    pty: OsSession,
}

impl Terminal {
    /// Starts the REPL in `folder` and waits for its prompt. What came before it.
    fn open(folder: &Path, history: &str) -> (Terminal, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_layerlab"));
        command.args(["--color", "never"]).current_dir(folder);
        command
            .env("TERM", "xterm")
            .env("LAYERLAB_HISTORY", history)
            .env("XDG_STATE_HOME", folder.join("state"));
        let mut pty = Session::spawn(command).unwrap();
        pty.get_process_mut().set_window_size(80, 24).unwrap();
        pty.set_expect_timeout(Some(Duration::from_secs(20)));
        let mut terminal = Terminal { pty };
        let before = terminal.wait(PROMPT);
        (terminal, before)
    }

    /// Waits until `text` was printed. Everything before it.
    fn wait(&mut self, text: &str) -> String {
        match self.pty.expect(text) {
            Ok(found) => plain(&String::from_utf8_lossy(found.before())),
            Err(error) => {
                let mut seen = [0; 4096];
                let read = self.pty.try_read(&mut seen).unwrap_or(0);
                panic!("`{text}` did not come: {error}; seen: {:?}", String::from_utf8_lossy(&seen[..read]))
            }
        }
    }

    fn keys(&mut self, keys: &str) {
        self.pty.send(keys).unwrap();
    }

    /// Types a line, and waits for the next prompt after what it printed.
    fn line(&mut self, line: &str) -> String {
        self.keys(line);
        self.keys("\r");
        // The line is drawn again behind the prompt while it is typed; its answer begins on a new line.
        self.wait("\n");
        self.wait(PROMPT)
    }

    fn control_c(&mut self) {
        self.pty.send(ControlCode::EndOfText).unwrap();
    }

    /// Ends with Ctrl-D. The exit code.
    fn close(mut self) -> i32 {
        self.pty.send(ControlCode::EndOfTransmission).unwrap();
        self.pty.expect(Eof).unwrap();
        exit_code(&self)
    }
}

fn exit_code(terminal: &Terminal) -> i32 {
    use expectrl::process::unix::WaitStatus;
    match terminal.pty.get_process().wait().unwrap() {
        WaitStatus::Exited(_, code) => code,
        other => panic!("{other:?}"),
    }
}

/// Text without the escapes that move the cursor.
fn plain(text: &str) -> String {
    let mut bare = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\x1b' => {
                if chars.next() == Some('[') {
                    while chars.next().is_some_and(|char| !('@'..='~').contains(&char)) {}
                }
            }
            '\r' => {}
            char => bare.push(char),
        }
    }
    bare
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("repl").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn the_banner_fits_and_control_d_leaves() {
    let (terminal, banner) = Terminal::open(&folder("banner"), "");
    assert!(banner.contains("Layerlab: take image layers apart. Nothing leaves memory."), "{banner}");
    assert!(banner.contains("alpine:3.19") && banner.contains("help"), "{banner}");
    assert!(banner.lines().all(|line| line.chars().count() <= 80), "{banner}");
    assert_eq!(terminal.close(), 0);
}

#[test]
fn quit_leaves() {
    let (mut terminal, _) = Terminal::open(&folder("quit"), "");
    terminal.keys("quit\r");
    terminal.pty.expect(Eof).unwrap();
    assert_eq!(exit_code(&terminal), 0);
}

#[test]
fn tab_completes_a_path_inside_the_merged_view() {
    let (mut terminal, _) = Terminal::open(&folder("tab"), "");
    terminal.line("let m = mount([layer(#{ \"/srv/unusual-name\": \"hello\" })]);");
    terminal.keys("m.read(\"/srv/unus\t");
    terminal.wait("unusual-name");
    let shown = terminal.line("\")");
    assert!(shown.contains("hello"), "{shown}");
    terminal.keys("und\t");
    let shown = terminal.line("");
    assert!(shown.contains("undone: "), "{shown}");
    terminal.close();
}

#[test]
fn an_unfinished_line_goes_on() {
    let (mut terminal, _) = Terminal::open(&folder("multi"), "");
    terminal.keys("if true {\r");
    terminal.wait("\n");
    terminal.keys("40 + 2\r");
    terminal.wait("\n");
    let shown = terminal.line("}");
    assert!(shown.contains("42"), "{shown}");
    terminal.close();
}

#[test]
fn control_c_clears_the_line_and_stops_what_runs() {
    let (mut terminal, _) = Terminal::open(&folder("control_c"), "");
    terminal.keys("no_such_thing(");
    terminal.wait("thing(");
    terminal.control_c();
    terminal.wait(PROMPT);
    let shown = terminal.line("40 + 2");
    assert!(shown.contains("42") && !shown.contains("no_such"), "{shown}");

    // Limits would stop this too, but later than this test waits for.
    terminal.keys("let n = 0; loop { n += 1; }\r");
    terminal.wait("\n");
    std::thread::sleep(Duration::from_millis(100));
    terminal.control_c();
    let shown = terminal.wait(PROMPT);
    assert!(shown.contains("error: "), "{shown}");
    let shown = terminal.line("1 + 1");
    assert!(shown.contains('2'), "{shown}");
    terminal.close();
}

#[test]
fn undo_works_on_everything() {
    let (mut terminal, _) = Terminal::open(&folder("undo"), "");
    terminal.line("let x = 41;");
    let shown = terminal.line("undo");
    assert!(shown.contains("undone: let x = 41;"), "{shown}");
    let shown = terminal.line("x + 1");
    assert!(shown.contains("error: "), "{shown}");
    terminal.line("redo");
    let shown = terminal.line("x + 1");
    assert!(shown.contains("42"), "{shown}");
    terminal.close();
}

#[test]
fn history_is_kept_in_a_file_and_can_be_switched_off() {
    let folder = folder("history");
    let file = folder.join("deep/history");
    let (mut terminal, _) = Terminal::open(&folder, file.to_str().unwrap());
    terminal.line("40 + 2");
    terminal.close();
    assert!(fs::read_to_string(&file).unwrap().contains("40 + 2"));

    let (mut terminal, _) = Terminal::open(&folder, file.to_str().unwrap());
    terminal.keys(UP);
    let shown = terminal.line("");
    assert!(shown.contains("42"), "{shown}");
    terminal.close();

    let (mut terminal, _) = Terminal::open(&folder, "");
    terminal.line("1 + 1");
    terminal.close();
    assert!(!folder.join("state").exists());
}

#[test]
fn predictions_are_asked_for() {
    let (mut terminal, _) = Terminal::open(&folder("predict"), "");
    terminal
        .line("context(\"app\", #{ \"Dockerfile\": \"FROM alpine:3.19\\nCOPY . /app\\n\", \"a\": \"1\" });");
    terminal.line("predict on");
    terminal.keys("docker build app\r");
    terminal.wait("COPY . /app");
    terminal.wait("MISS");
    terminal.keys("MISS\r");
    let shown = terminal.wait(PROMPT);
    assert!(shown.contains('✓'), "{shown}");
    terminal.close();
}
