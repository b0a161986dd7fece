//! `which` and the drawn stack: who wins, who is hidden, and why.

use super::mount::Mount;
use super::types::Which;
use crate::trace::{Event, Trace};

impl Mount {
    /// Which layer wins for this path, which are hidden, and why.
    pub fn which(&mut self, path: &[u8], t: &mut Trace) -> Which {
        let _ = (path, t);
        Which { path: String::new(), probes: Vec::new(), winner: None, why: String::new() }
    }

    /// The stack drawn for these paths: an `Event::Stack` with this name.
    pub fn stack(&mut self, name: &str, paths: &[Vec<u8>], t: &mut Trace) -> Event {
        let _ = (paths, t);
        Event::Stack { name: name.to_owned(), paths: Vec::new(), rows: Vec::new(), view: Vec::new() }
    }
}
