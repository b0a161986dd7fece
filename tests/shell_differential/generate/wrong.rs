//! Lines with a mistake in them: what a slip of the finger leaves.

use super::Writer;

impl Writer {
    /// The line with a sign left out, doubled, or put in.
    pub fn damaged(&mut self, line: &str) -> String {
        let mut chars: Vec<char> = line.chars().collect();
        let at = self.random.below(chars.len().max(1));
        match self.random.below(3) {
            0 if !chars.is_empty() => drop(chars.remove(at)),
            1 if !chars.is_empty() => chars.insert(at, chars[at]),
            _ => {
                let piece = self.pick(&[
                    ";", ";;", "&", "|", "(", ")", "{", "}", "'", "\"", "`", "$(", "<", ">", "<<", "fi",
                    " done ", "; then ", "&&", "||", "\n", " esac ", "!", "$", "\\", "${", "((",
                ]);
                let rest = chars.split_off(at.min(chars.len()));
                chars.extend(piece.chars());
                chars.extend(rest);
            }
        }
        chars.into_iter().collect()
    }
}
