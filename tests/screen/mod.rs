//! A lab whose screen is kept: what a test types, and what it would have read.

// Each test file uses its part of it.
#![allow(dead_code)]

use layerlab::fs::MemoryHost;
use layerlab::help;
use layerlab::render::{Renderer, Style};
use layerlab::script::{Flow, Session};
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

/// The paper that the screen is printed on.
#[derive(Clone, Default)]
pub struct Paper(Rc<RefCell<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    /// All that was printed so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

/// A fresh lab with its screen: a host in memory, no colours, 80 columns.
pub fn lab() -> (Session, Renderer, Paper) {
    lab_with(MemoryHost::default())
}

fn lab_with(host: MemoryHost) -> (Session, Renderer, Paper) {
    let paper = Paper::default();
    let renderer = Renderer::new(Box::new(paper.clone()), Style::default());
    let mut session = Session::new(Box::new(host), Box::new(renderer.clone()));
    session.set_help(help::topic);
    (session, renderer, paper)
}

/// Types the lines one after the other into a fresh lab; the whole screen.
pub fn screen<S: AsRef<str>>(lines: &[S]) -> String {
    screen_with(MemoryHost::default(), lines)
}

/// [`screen`] of a lab that reads these files.
pub fn screen_with<S: AsRef<str>>(host: MemoryHost, lines: &[S]) -> String {
    let (mut session, renderer, mut paper) = lab_with(host);
    for line in lines {
        let line = line.as_ref();
        writeln!(paper, "lab> {line}").unwrap();
        renderer.begin(line);
        match session.line("<repl>", line) {
            Ok(Flow::Continue) => {}
            Ok(Flow::Quit) => break,
            Err(error) => session.emit_error(&error),
        }
        renderer.finish();
    }
    paper.text()
}
