//! Text measured in columns of a terminal: padding, wrapping, and control characters made harmless.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that `text` takes.
pub fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text` and as many spaces as fill `width` columns.
pub fn pad(text: &str, width: usize) -> String {
    let mut padded = text.to_owned();
    padded.extend(std::iter::repeat_n(' ', width.saturating_sub(columns(text))));
    padded
}

/// `text` in at most `width` columns; a cut one ends in `…`. Show the whole elsewhere.
pub fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut kept = head(text, width.saturating_sub(1)).to_owned();
    kept.push('…');
    kept
}

/// The longest beginning of `text` that fits in `width` columns, but at least one character.
fn head(text: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, char) in text.char_indices() {
        used += char.width().unwrap_or(0);
        if used > width && at > 0 {
            return &text[..at];
        }
    }
    text
}

/// Lines of at most `width` columns, broken at spaces; a longer word is broken where it must be.
/// Line ends in `text` are kept. Nothing is lost but the spaces at the breaks.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for line in text.split('\n') {
        wrap_line(line, width, &mut lines);
    }
    lines
}

fn wrap_line(line: &str, width: usize, lines: &mut Vec<String>) {
    let mut current = String::new();
    for word in line.split_inclusive(' ') {
        let shown = word.trim_end_matches(' ');
        if columns(&current) + columns(shown) > width && !current.is_empty() {
            lines.push(current.trim_end().to_owned());
            current.clear();
        }
        let mut rest = word;
        loop {
            let part = head(rest, width);
            if rest[part.len()..].trim_end_matches(' ').is_empty() {
                break;
            }
            lines.push(part.to_owned());
            rest = &rest[part.len()..];
        }
        current.push_str(rest);
    }
    lines.push(current.trim_end().to_owned());
}

/// Wraps `text` behind `first`; later lines are indented as far as `first` is wide.
pub fn hang(first: &str, text: &str, width: usize) -> String {
    let indent = columns(first);
    let lines = wrap(text, width.saturating_sub(indent).max(16));
    let mut hung = first.to_owned();
    hung.push_str(&lines.join(&format!("\n{}", " ".repeat(indent))));
    hung
}

/// Segments with three spaces between them, or two when that saves a line; else a line is broken
/// between segments, inside one only when it alone is too long. All lines begin at column `indent`,
/// where the first one is expected to stand already.
pub fn flow(segments: &[String], indent: usize, width: usize) -> String {
    let room = width.saturating_sub(indent).max(16);
    let segments: Vec<&str> =
        segments.iter().map(String::as_str).filter(|segment| !segment.is_empty()).collect();
    for gap in ["   ", "  "] {
        let line = segments.join(gap);
        if columns(&line) <= room && !line.contains('\n') {
            return line;
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for segment in segments {
        match lines.last_mut() {
            Some(line) if columns(line) + 3 + columns(segment) <= room => {
                line.push_str("   ");
                line.push_str(segment);
            }
            _ => lines.extend(wrap(segment, room)),
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// A path on lines of at most `width` columns, broken behind slashes where that is possible.
pub fn wrap_path(path: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in path.split_inclusive('/') {
        match lines.last_mut() {
            Some(line) if columns(line) + columns(part) <= width => line.push_str(part),
            _ => lines.extend(wrap(part, width)),
        }
    }
    lines
}

/// Control characters made visible and harmless, so that nothing a simulated program prints can
/// steer the terminal. Line ends and tabs stay.
pub fn clean(text: &str) -> String {
    if !text.chars().any(is_unsafe) {
        return text.to_owned();
    }
    text.chars().map(|char| if is_unsafe(char) { visible(char) } else { char }).collect()
}

/// [`clean`], and line ends and tabs become one space: for a place that has one line.
pub fn clean_line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

fn is_unsafe(char: char) -> bool {
    (char.is_control() && char != '\n' && char != '\t')
        || matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The picture Unicode has for a control character: ESC is `␛`.
fn visible(char: char) -> char {
    match u32::from(char) {
        0x7f => '\u{2421}',
        code if code < 0x20 => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
        _ => '\u{fffd}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wraps_at_spaces_and_breaks_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("a\n\nb", 9), ["a", "", "b"]);
        assert_eq!(wrap("", 9), [""]);
    }

    #[test]
    fn flow_breaks_between_segments() {
        let segments = ["upper: absent", "4: absent", "3: found, 648 B"].map(str::to_owned);
        assert_eq!(flow(&segments, 4, 33), "upper: absent   4: absent\n    3: found, 648 B");
    }

    #[test]
    fn flow_closes_up_before_it_breaks() {
        let segments = ["upper: absent", "4: absent"].map(str::to_owned);
        assert_eq!(flow(&segments, 0, 24), "upper: absent  4: absent");
    }

    #[test]
    fn a_path_is_broken_behind_its_slashes() {
        assert_eq!(wrap_path("/srv/www/index.html", 10), ["/srv/www/", "index.html"]);
        assert_eq!(wrap_path("/abcdefgh", 4), ["/", "abcd", "efgh"]);
        assert_eq!(wrap_path("", 4), [""; 0]);
    }

    #[test]
    fn wide_characters_count_two() {
        assert_eq!((columns("層"), pad("層", 4), cut("層層層", 4)), (2, "層  ".into(), "層…".into()));
    }

    #[test]
    fn control_characters_are_shown_not_sent() {
        assert_eq!(clean("a\x1b[31mred\r\n\tb\u{9b}\u{202e}"), "a␛[31mred␍\n\tb\u{fffd}\u{fffd}");
    }

    proptest! {
        #[test]
        fn wrapping_loses_only_spaces(text in "[a-z 層\n]{0,60}", width in 2_usize..20) {
            let lines = wrap(&text, width);
            prop_assert!(lines.iter().all(|line| columns(line) <= width), "{lines:?}");
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&lines.concat()), bare(&text));
        }
    }
}
