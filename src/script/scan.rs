//! Reading Rhai without parsing it: where strings, comments, brackets and statements end.
//!
//! Only as much of the grammar as the rewriting needs. All functions take the text as characters and a
//! position, and never go past its end.

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A text as a Rhai string literal.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// Behind the comment that begins at `at`, if one does. Block comments nest.
pub(super) fn comment_end(chars: &[char], at: usize) -> Option<usize> {
    if chars.get(at) != Some(&'/') {
        return None;
    }
    match chars.get(at + 1)? {
        '/' => Some(chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |n| at + n)),
        '*' => {
            let (mut depth, mut i) = (1, at + 2);
            while i < chars.len() && depth > 0 {
                match (chars[i], chars.get(i + 1)) {
                    ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
                    ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
            }
            Some(i)
        }
        _ => None,
    }
}

/// Behind the string, character or raw string that begins at `at`; behind one sign if none does.
pub(super) fn string_end(chars: &[char], at: usize) -> usize {
    match chars[at] {
        quote @ ('"' | '\'') => {
            let mut i = at + 1;
            while i < chars.len() && chars[i] != quote {
                // A character literal never spans lines: this was no literal.
                if quote == '\'' && chars[i] == '\n' {
                    return at + 1;
                }
                i += if chars[i] == '\\' { 2 } else { 1 };
            }
            (i + 1).min(chars.len())
        }
        '`' => {
            let mut i = at + 1;
            while i < chars.len() && chars[i] != '`' {
                if chars[i] == '$' && chars.get(i + 1) == Some(&'{') {
                    i = matching(chars, i + 1).map_or(chars.len(), |end| end + 1);
                } else {
                    i += 1;
                }
            }
            (i + 1).min(chars.len())
        }
        '#' => {
            let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
            if chars.get(at + hashes) != Some(&'"') {
                return at + 1;
            }
            let mut i = at + hashes + 1;
            while i < chars.len() {
                let closes = chars[i] == '"'
                    && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
                if closes {
                    return i + 1 + hashes;
                }
                i += 1;
            }
            chars.len()
        }
        _ => at + 1,
    }
}

/// Goes over one token or blank at `i`: where the next one begins.
pub(super) fn over(chars: &[char], i: usize) -> usize {
    comment_end(chars, i).unwrap_or_else(|| string_end(chars, i))
}

/// The bracket that closes the one at `open`.
pub(super) fn matching(chars: &[char], open: usize) -> Option<usize> {
    let (mut depth, mut i) = (0usize, open);
    while i < chars.len() {
        match chars[i] {
            '(' | '[' | '{' => (depth, i) = (depth + 1, i + 1),
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(i);
                }
                i += 1;
            }
            _ => i = over(chars, i),
        }
    }
    None
}

/// Statements that end with their block.
const BLOCKS: &[&str] = &["if", "while", "for", "loop", "do", "try", "switch", "fn"];

/// Does this continue the block before it? `until` and `while` do so behind a `do`; a `while` that begins
/// a loop of its own has a block.
pub(super) fn goes_on(text: &str) -> bool {
    let word: String = text.chars().take_while(|c| is_word(*c)).collect();
    match word.as_str() {
        "else" | "catch" | "until" => true,
        "while" => !text.contains('{'),
        _ => false,
    }
}

/// Where the statement that begins at `at` ends: behind its `;` or its block, or at the text's end.
pub(super) fn statement_end(chars: &[char], at: usize) -> usize {
    let word: String = chars[at..].iter().take_while(|c| is_word(**c)).collect();
    let block = BLOCKS.contains(&word.as_str());
    let mut i = at;
    while i < chars.len() {
        match chars[i] {
            ';' => return i + 1,
            '{' if block => {
                let Some(close) = matching(chars, i) else { return chars.len() };
                i = close + 1;
                let Some(next) = next_significant(chars, i) else { return i };
                let rest: String = chars[next..].iter().take_while(|c| **c != '\n' && **c != ';').collect();
                if !goes_on(&rest) {
                    return i;
                }
                i = next;
            }
            '(' | '[' | '{' => i = matching(chars, i).map_or(chars.len(), |end| end + 1),
            _ => i = over(chars, i),
        }
    }
    chars.len()
}

pub(super) fn next_significant(chars: &[char], mut i: usize) -> Option<usize> {
    while i < chars.len() {
        if chars[i].is_whitespace() {
            i += 1;
        } else if let Some(end) = comment_end(chars, i) {
            i = end;
        } else {
            return Some(i);
        }
    }
    None
}

/// Start and end of each argument between the bracket at `open` and its partner.
pub(super) fn arguments(chars: &[char], open: usize) -> Option<Vec<(usize, usize)>> {
    let close = matching(chars, open)?;
    let (mut list, mut start, mut i) = (Vec::new(), open + 1, open + 1);
    while i < close {
        match chars[i] {
            ',' => {
                list.push((start, i));
                start = i + 1;
                i += 1;
            }
            '(' | '[' | '{' => i = matching(chars, i)? + 1,
            _ => i = over(chars, i),
        }
    }
    if next_significant(chars, start).is_some_and(|i| i < close) {
        list.push((start, close));
    }
    Some(list)
}

/// The one comparison sign at the top of an expression: its place and length. None when there is none,
/// more than one, or `&&` and `||` bind looser.
pub(super) fn comparison(chars: &[char], start: usize, end: usize) -> Option<(usize, usize)> {
    let (mut found, mut i) = (None, start);
    while i < end {
        let two = (chars[i], chars.get(i + 1).copied().unwrap_or(' '));
        match two {
            ('&', '&') | ('|', '|') | ('?', '?') => return None,
            ('=', '=') | ('!', '=') | ('<', '=') | ('>', '=') => {
                if found.replace((i, 2)).is_some() {
                    return None;
                }
                i += 2;
            }
            ('=', '>') | ('<', '<') | ('>', '>') => i += 2,
            ('<' | '>', _) => {
                if found.replace((i, 1)).is_some() {
                    return None;
                }
                i += 1;
            }
            ('(' | '[' | '{', _) => i = matching(chars, i)? + 1,
            _ => i = over(chars, i),
        }
    }
    found.filter(|(at, length)| {
        let left: String = chars[start..*at].iter().collect();
        let right: String = chars[at + length..end].iter().collect();
        !left.trim().is_empty() && !right.trim().is_empty()
    })
}
