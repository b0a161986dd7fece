//! Wildcards in COPY and ADD: Go's `filepath.Match`, one path segment at a time.

/// Does a source path hold a wildcard (moby `daemon/builder/dockerfile/copy.go`, `containsWildcards`)?
pub(super) fn has_wildcard(path: &str) -> bool {
    let mut escaped = false;
    for c in path.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}

/// Does one name match one segment of a pattern? Go's `path/filepath/match.go`: `*` and `?` stand for
/// any characters, `[a-z]` and `[^a-z]` for one, `\` takes the next character as it is. A pattern that
/// Go refuses matches nothing.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last `*` stands and how much of the name it has swallowed: enough to try again.
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, n));
            p += 1;
            continue;
        } else if n < name.len() {
            one(&pattern, p, name[n])
        } else {
            None
        };
        match (step, star) {
            (Some(next), _) => (p, n) = (next, n + 1),
            (None, _) if p == pattern.len() && n == name.len() => return true,
            (None, Some((at, swallowed))) if swallowed < name.len() => {
                star = Some((at, swallowed + 1));
                (p, n) = (at + 1, swallowed + 1);
            }
            _ => return false,
        }
    }
}

/// Matches one character at `p`; where the pattern goes on.
fn one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match *pattern.get(p)? {
        '?' => Some(p + 1),
        '[' => class(pattern, p + 1, c),
        '\\' => (*pattern.get(p + 1)? == c).then_some(p + 2),
        plain => (plain == c).then_some(p + 1),
    }
}

/// Matches a class whose `[` stands before `p`; where the pattern goes on after its `]`.
fn class(pattern: &[char], mut p: usize, c: char) -> Option<usize> {
    let negated = pattern.get(p) == Some(&'^');
    p += usize::from(negated);
    let (mut found, mut ranges) = (false, 0);
    loop {
        if pattern.get(p) == Some(&']') && ranges > 0 {
            return (found != negated).then_some(p + 1);
        }
        let (low, next) = class_char(pattern, p)?;
        let (high, next) = match pattern.get(next) {
            Some('-') => class_char(pattern, next + 1)?,
            _ => (low, next),
        };
        found |= (low..=high).contains(&c);
        (p, ranges) = (next, ranges + 1);
    }
}

fn class_char(pattern: &[char], p: usize) -> Option<(char, usize)> {
    match *pattern.get(p)? {
        '-' | ']' => None,
        '\\' => Some((*pattern.get(p + 1)?, p + 2)),
        c => Some((c, p + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_go() {
        for (pattern, name, expected) in [
            ("*.md", "a.md", true),
            ("*.md", "a.mdx", false),
            ("?.txt", "a.txt", true),
            ("?.txt", "ab.txt", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[^a-c]x", "dx", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("*a*b*", "xaybz", true),
            ("*a*b*", "xbya", false),
            ("", "", true),
            ("*", "", true),
            ("[", "[", false),
            ("[]a]", "]", false),
            ("[a-]", "a", false),
            ("ä?", "äö", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        assert!(has_wildcard("a/*.c") && has_wildcard("[x]") && !has_wildcard("a\\*"));
        let many = "*a".repeat(40);
        assert!(!matches(&many, &"a".repeat(39)));
    }
}
