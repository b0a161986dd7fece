//! Words that are split off while a text is expanded: at blanks that are neither quoted nor escaped.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/shell/lex.go` (`wordsStruct`).

/// Words being split off.
#[derive(Default)]
pub(super) struct Words {
    wanted: bool,
    word: String,
    done: Vec<String>,
    inside: bool,
}

impl Words {
    /// No words yet. Unless they are `wanted`, there never will be any: then this costs nothing.
    pub fn new(wanted: bool) -> Words {
        Words { wanted, ..Words::default() }
    }

    /// Characters that may hold blanks.
    pub fn add_all(&mut self, text: &str) {
        if self.wanted {
            text.chars().for_each(|c| self.add(c));
        }
    }

    /// A character that ends the word if it is a blank.
    pub fn add(&mut self, c: char) {
        if !c.is_whitespace() {
            self.push(c);
        } else if self.inside && !self.word.is_empty() {
            self.done.push(std::mem::take(&mut self.word));
            self.inside = false;
        }
    }

    /// A character that belongs to the word whatever it is.
    pub fn push(&mut self, c: char) {
        self.add_raw(c.encode_utf8(&mut [0; 4]));
    }

    /// Characters that belong to the word whatever they are.
    pub fn add_raw(&mut self, text: &str) {
        if self.wanted {
            self.word.push_str(text);
            self.inside = true;
        }
    }

    /// All words.
    pub fn finish(mut self) -> Vec<String> {
        if !self.word.is_empty() {
            self.done.push(self.word);
        }
        self.done
    }
}
