//! Questions to the person at the terminal.

/// Answers a question while a line runs: `predict on` asks HIT or MISS before each step.
///
/// The REPL reads the terminal; tests give prepared answers; without one nothing is asked.
pub trait Ask {
    /// The answer, without its line end. `None`: nobody answers (Ctrl-C, Ctrl-D); don't ask again
    /// while this line runs.
    fn ask(&mut self, question: &str) -> Option<String>;
}
