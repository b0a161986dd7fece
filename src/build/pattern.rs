//! Wildcards of COPY and ADD, and the syntax check of ignore files: Go's `filepath.Match`.
//!
//! Source of the rules: Go `path/filepath/match.go` (`Match`, `scanChunk`, `matchChunk`, `getEsc`) and
//! tonistiigi/fsutil `copy/copy.go` (`containsWildcards`, `splitWildcards`).

use crate::trace::Fuel;

/// Why a pattern can't be matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// Go's `syntax error in pattern`.
    Bad,
    /// The tank is empty.
    Exhausted,
}

/// Does the pattern match the whole name? `*` and `?` do not cross a `/`.
///
/// A class such as `[^a]` does match a `/`, as it does in Go. Time grows with pattern times name, at
/// most; the fuel bounds it.
///
/// # Errors
/// A pattern that Go refuses, also when that shows only in the part behind the first mismatch.
pub fn matches(pattern: &[u8], name: &[u8], fuel: &mut Fuel) -> Result<bool, PatternError> {
    let (mut pattern, mut name) = (pattern, name);
    while !pattern.is_empty() {
        let (star, chunk, rest) = scan_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        match position(chunk, name, star, pattern.is_empty(), fuel)? {
            Some(after) => name = after,
            None => return check_rest(pattern, fuel).map(|()| false),
        }
    }
    Ok(name.is_empty())
}

/// Is the pattern well-formed?
///
/// # Errors
/// As [`matches`].
pub fn check(pattern: &[u8], fuel: &mut Fuel) -> Result<(), PatternError> {
    matches(pattern, b".", fuel).map(|_| ())
}

/// Has the text a wildcard in it that is not escaped?
pub fn has_wildcards(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'*' | b'?' | b'[' => return true,
            _ => {}
        }
    }
    false
}

/// Cuts a path before its first segment with a wildcard: the directory to walk, and the pattern to
/// match below it. The pattern is empty when there is no wildcard.
pub fn split_wildcards(path: &[u8]) -> (&[u8], &[u8]) {
    let mut start = 0;
    for segment in path.split(|byte| *byte == b'/') {
        if has_wildcards(segment) {
            let (front, pattern) = path.split_at_checked(start).unwrap_or((path, b""));
            return (front.strip_suffix(b"/").filter(|front| !front.is_empty()).unwrap_or(front), pattern);
        }
        start += segment.len() + 1;
    }
    (path, b"")
}

/// Where the chunk fits: at the front or, after a star, further on; gives what follows it.
fn position<'a>(
    chunk: &[u8],
    name: &'a [u8],
    star: bool,
    last: bool,
    fuel: &mut Fuel,
) -> Result<Option<&'a [u8]>, PatternError> {
    let mut from = name;
    loop {
        if !fuel.spend(1 + chunk.len() as u64) {
            return Err(PatternError::Exhausted);
        }
        // the last chunk has to reach the end of the name
        if let Some(after) = match_chunk(chunk, from)?.filter(|after| !last || after.is_empty()) {
            return Ok(Some(after));
        }
        match from.split_first() {
            Some((byte, next)) if star && *byte != b'/' => from = next,
            _ => return Ok(None),
        }
    }
}

/// A mismatch is only reported when the rest of the pattern is well-formed.
fn check_rest(mut pattern: &[u8], fuel: &mut Fuel) -> Result<(), PatternError> {
    while !pattern.is_empty() {
        let (_, chunk, rest) = scan_chunk(pattern);
        if !fuel.spend(1 + chunk.len() as u64) {
            return Err(PatternError::Exhausted);
        }
        match_chunk(chunk, b"")?;
        pattern = rest;
    }
    Ok(())
}

/// The stars at the front, and the text up to the next star.
fn scan_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    let text = pattern.get(stars..).unwrap_or(b"");
    let (mut in_class, mut escaped) = (false, false);
    let end = text.iter().position(|byte| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match byte {
            b'\\' => escaped = true,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' => return !in_class,
            _ => {}
        }
        false
    });
    let (chunk, rest) = text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, b""));
    (stars > 0, chunk, rest)
}

/// Matches a chunk at the front of `name` and gives what follows. After a mismatch the chunk is still
/// read to its end, because a syntax error weighs more.
fn match_chunk<'a>(chunk: &[u8], name: &'a [u8]) -> Result<Option<&'a [u8]>, PatternError> {
    let (mut chunk, mut name, mut failed) = (chunk, name, false);
    while let Some((first, rest)) = chunk.split_first() {
        failed |= name.is_empty();
        let (c, width) = if failed { ('\0', 0) } else { first_char(name) };
        match first {
            b'[' => {
                let (found, after) = class(rest, c)?;
                failed |= !found;
                chunk = after;
                name = name.get(width..).unwrap_or(b"");
            }
            b'?' => {
                failed |= c == '/';
                chunk = rest;
                name = name.get(width..).unwrap_or(b"");
            }
            _ => {
                let escaped = if *first == b'\\' { rest.split_first() } else { Some((first, rest)) };
                let (literal, rest) = escaped.ok_or(PatternError::Bad)?;
                failed |= name.first() != Some(literal);
                chunk = rest;
                name = name.get(1..).unwrap_or(b"");
            }
        }
    }
    Ok((!failed).then_some(name))
}

/// Reads a class after its `[`; is `c` in it, and what follows its `]`.
fn class(chunk: &[u8], c: char) -> Result<(bool, &[u8]), PatternError> {
    let (negated, mut chunk) = match chunk.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, chunk),
    };
    let (mut found, mut ranges) = (false, 0);
    loop {
        if let Some(rest) = chunk.strip_prefix(b"]")
            && ranges > 0
        {
            return Ok((found != negated, rest));
        }
        let (low, rest) = class_char(chunk)?;
        let (high, rest) = match rest.strip_prefix(b"-") {
            Some(rest) => class_char(rest)?,
            None => (low, rest),
        };
        found |= low <= c && c <= high;
        ranges += 1;
        chunk = rest;
    }
}

/// A character of a class, maybe escaped. Something has to follow it.
fn class_char(chunk: &[u8]) -> Result<(char, &[u8]), PatternError> {
    let chunk = match chunk.first() {
        None | Some(b'-' | b']') => return Err(PatternError::Bad),
        Some(b'\\') => chunk.get(1..).unwrap_or(b""),
        Some(_) => chunk,
    };
    let (c, width) = first_char(chunk);
    let no_utf8 = c == char::REPLACEMENT_CHARACTER && width == 1;
    let rest = chunk.get(width..).filter(|rest| !rest.is_empty() && !no_utf8);
    rest.map(|rest| (c, rest)).ok_or(PatternError::Bad)
}

/// The first character and its width; U+FFFD of width 1 for a byte that is no UTF-8.
fn first_char(bytes: &[u8]) -> (char, usize) {
    let whole = (1..=4).find_map(|width| std::str::from_utf8(bytes.get(..width)?).ok());
    let c = whole.and_then(|text| text.chars().next());
    c.map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, c.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn try_match(pattern: &str, name: &str) -> Result<bool, PatternError> {
        matches(pattern.as_bytes(), name.as_bytes(), &mut Fuel::default())
    }

    #[test]
    fn matches_as_go_does() {
        for (pattern, name, wanted) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*", "a/b", false),
            ("*c", "abc", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[^b-d]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a?b", "a\u{263a}b", true),
            ("a[^a]b", "a\u{263a}b", true),
            ("a???b", "a\u{263a}b", false),
            ("[a-\u{3b6}]*", "\u{3b1}", true),
            ("*[a-\u{3b6}]", "A", false),
            ("a?b", "a/b", false),
            ("a[^x]b", "a/b", true),
            ("[\\]a]", "]", true),
            ("[\\-x]", "x", true),
            ("*x", "xxx", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(try_match(pattern, name), Ok(wanted), "{pattern} {name}");
        }
    }

    #[test]
    fn refuses_as_go_does() {
        for pattern in
            ["[", "[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "a[", "\\", "[^", "[^bc", "x*[", "[a\\"]
        {
            assert_eq!(try_match(pattern, "a"), Err(PatternError::Bad), "{pattern}");
        }
    }

    #[test]
    fn stars_do_not_explode() {
        let pattern = "a*".repeat(5_000) + "b";
        let name = "a".repeat(5_000);
        let mut fuel = Fuel::default();
        let _ = matches(pattern.as_bytes(), name.as_bytes(), &mut fuel);
        assert!(fuel.used() < 50_000_000);
    }

    #[test]
    fn splits_at_the_first_wildcard() {
        for (path, front, pattern) in [
            ("a/b/*.txt", "a/b", "*.txt"),
            ("a*/b", "", "a*/b"),
            ("/x?/y", "/", "x?/y"),
            ("a/b", "a/b", ""),
            ("a\\*/b", "a\\*/b", ""),
        ] {
            let (got_front, got_pattern) = split_wildcards(path.as_bytes());
            assert_eq!((got_front, got_pattern), (front.as_bytes(), pattern.as_bytes()), "{path}");
        }
    }
}
