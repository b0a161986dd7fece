//! The course at the prompt.

use crate::error::Error;
use crate::trace::Event;

/// Answers `course …` typed at the prompt: it reads and writes the student's folder, which the lab can't.
pub trait Desk {
    /// What there is to tell, for the words behind `course`.
    ///
    /// # Errors
    /// The words can't be read, or the folder can't be read or written.
    fn course(&mut self, words: &[&str]) -> Result<Vec<Event>, Error>;
}
