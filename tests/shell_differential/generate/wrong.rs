//! Lines with a mistake in them: what people leave out, double, or put in too much.

use super::Writer;

/// What closes something, or stands between two commands.
const PIECES: [&str; 12] = ["fi", "done", "esac", "then", "do", ";;", "}", ")", "; ", "\"", "'", "in"];

impl Writer {
    /// The line with one piece left out, doubled, or put in at its beginning or end.
    pub fn damaged(&mut self, line: &str) -> String {
        let piece = self.pick(&PIECES);
        let places: Vec<usize> = line.match_indices(&piece).map(|(at, _)| at).collect();
        if places.is_empty() || self.chance(25) {
            let extra = self.pick(&["fi", "done", "}", ")", ";;", "&&", "|", "esac", "then", "do", "else"]);
            return if self.chance(50) { format!("{line}\n{extra}") } else { format!("{extra} {line}") };
        }
        let at = self.random.pick(&places);
        let (before, after) = line.split_at(at);
        let rest = &after[piece.len()..];
        if self.chance(60) { format!("{before}{rest}") } else { format!("{before}{piece} {piece}{rest}") }
    }
}
