//! The words of the session, as a table: the reference reads it, and a test holds it against what begins a
//! session line.

/// A word of the session.
#[derive(Clone, Copy, Debug)]
pub struct SessionWord {
    /// As typed.
    pub name: &'static str,
    /// What may follow.
    pub usage: &'static str,
    /// One line.
    pub about: &'static str,
}

const fn word(name: &'static str, usage: &'static str, about: &'static str) -> SessionWord {
    SessionWord { name, usage, about }
}

/// All of them, in the order in which a beginner meets them.
pub const WORDS: &[SessionWord] = &[
    word("help", "[TOPIC]", "what there is, or all about a topic, a command or a function"),
    word("stack", "[--svg] [NAME] [/PATH …]", "the layers of a mount or container, drawn"),
    word("explain", "[STEP]", "the cache key of a step of the last build, beside the one before"),
    word(
        "why",
        "CONTEXT [--change FILE …]",
        "what a build would do after an edit; why layer NAME: who uses it",
    ),
    word("order", "CONTEXT [--edit …]", "a better order of the Dockerfile's lines"),
    word("graph", "CONTEXT", "the Dockerfile's stages, and what they take from one another"),
    word("bill", "[IMAGE|NAME]", "what each storage driver pays; without an image: what was paid so far"),
    word("host", "[NAME]", "the Docker host that commands go to; without a name: all hosts"),
    word("undo", "[N]", "takes the last line back, or the last N"),
    word("redo", "[N]", "brings lines back that were taken back"),
    word("log", "", "the lines that count"),
    word("save", "FILE.rhai", "writes the lines that count to a file"),
    word("open", "DIR [as NAME]", "a real folder as a build context"),
    word("predict", "on|off", "be asked before each answer: HIT or MISS, which layer wins, bytes copied"),
    word("trace", "on|off|json", "show every look-up and copy, only results, or JSON"),
    word("course", "", "the course"),
    word("quit", "", "leaves the lab"),
    word("exit", "", "the same"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_word_of_the_session_has_a_row() {
        let rows: BTreeSet<&str> = WORDS.iter().map(|word| word.name).collect();
        let known: BTreeSet<&str> = super::super::rewrite::SESSION_WORDS.iter().copied().collect();
        assert_eq!(rows, known);
        assert_eq!(rows.len(), WORDS.len());
    }
}
