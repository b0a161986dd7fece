//! Shell patterns: `*`, `?`, `[…]`, `\c` (POSIX XCU 2.13). In linear space, without recursion: a star
//! is tried again from where it last matched, so no pattern takes more than text × pattern steps.

/// Whose patterns they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flavour {
    /// `[^…]` is `[!…]`: everywhere but in dash.
    pub caret: bool,
    /// `@(…|…)` and its like: bash with `shopt -s extglob`, and inside `[[ ]]`.
    pub extended: bool,
}

/// One element of a compiled pattern.
#[derive(Clone, Debug)]
enum Item {
    /// `?(…)`, `*(…)`, `+(…)`, `@(…)` or `!(…)`.
    Group(char, Vec<Pattern>),
    Char(char),
    Any,
    Star,
    Set {
        not: bool,
        members: Vec<Member>,
    },
}

#[derive(Clone, Debug)]
enum Member {
    Range(char, char),
    Class(String),
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<Item>);

impl Pattern {
    pub fn new(source: &str) -> Pattern {
        Pattern::of(source, Flavour { caret: true, extended: false })
    }

    /// A pattern of a shell.
    pub fn of(source: &str, flavour: Flavour) -> Pattern {
        let chars: Vec<char> = source.chars().collect();
        Pattern::read(&chars, flavour, 0)
    }

    fn read(chars: &[char], flavour: Flavour, depth: u32) -> Pattern {
        let last_close = chars.iter().rposition(|c| *c == ']');
        let (mut items, mut at) = (Vec::new(), 0);
        while let Some(c) = chars.get(at).copied() {
            at += 1;
            if flavour.extended
                && "?*+@!".contains(c)
                && chars.get(at) == Some(&'(')
                && depth < MOST_GROUPS
                && let Some((alternatives, end)) = alternatives(chars, at + 1)
            {
                let read = |part: &[char]| Pattern::read(part, flavour, depth + 1);
                items.push(Item::Group(c, alternatives.into_iter().map(read).collect()));
                at = end;
                continue;
            }
            match c {
                '*' => {
                    if !matches!(items.last(), Some(Item::Star)) {
                        items.push(Item::Star);
                    }
                }
                '?' => items.push(Item::Any),
                '\\' => {
                    items.push(Item::Char(chars.get(at).copied().unwrap_or('\\')));
                    at += 1;
                }
                '[' if last_close.is_none_or(|last| last <= at) => items.push(Item::Char('[')),
                '[' => match set(chars, at, flavour.caret) {
                    Some((item, end)) => {
                        items.push(item);
                        at = end;
                    }
                    None => items.push(Item::Char('[')),
                },
                c => items.push(Item::Char(c)),
            }
        }
        Pattern(items)
    }

    /// Does it match the whole text?
    pub fn matches(&self, text: &[char]) -> bool {
        if self.0.iter().any(|item| matches!(item, Item::Group(..))) {
            return groups_match(&self.0, text, &mut Steps { left: MOST_STEPS, depth: 0 });
        }
        let (mut i, mut t) = (0, 0);
        let mut back: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(i), text.get(t)) {
                (Some(Item::Star), _) => {
                    back = Some((i + 1, t));
                    i += 1;
                    continue;
                }
                (Some(item), Some(c)) if item.takes(*c) => {
                    i += 1;
                    t += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            match &mut back {
                Some((item, from)) if *from < text.len() => {
                    *from += 1;
                    (i, t) = (*item, *from);
                }
                _ => return false,
            }
        }
    }

    pub fn matches_text(&self, text: &str) -> bool {
        self.matches(&text.chars().collect::<Vec<char>>())
    }

    /// A name, where a leading dot must be matched by a dot.
    pub fn matches_name(&self, name: &str) -> bool {
        let hidden = name.starts_with('.');
        let dot = matches!(self.0.first(), Some(Item::Char('.')));
        (!hidden || dot) && self.matches_text(name)
    }

    /// Number of elements, for the fuel.
    pub fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// How much text it matches, in characters: the least, and the most where there is a bound.
    pub fn lengths(&self) -> (usize, Option<usize>) {
        if self.0.iter().any(|item| matches!(item, Item::Group(..))) {
            return (0, None);
        }
        let least = self.0.iter().filter(|item| !matches!(item, Item::Star)).count();
        (least, (least == self.0.len()).then_some(least))
    }

    /// What it may cost to try it on so much text, for the fuel: a star tries again.
    pub fn cost(&self, text: usize) -> u64 {
        let again = if self.lengths().1.is_some() { 0 } else { self.len().saturating_mul(text as u64) / 32 };
        1 + self.len() + again
    }
}

impl Item {
    fn takes(&self, c: char) -> bool {
        match self {
            Item::Char(own) => *own == c,
            Item::Any => true,
            Item::Star | Item::Group(..) => false,
            Item::Set { not, members } => {
                let inside = members.iter().any(|member| match member {
                    Member::Range(from, to) => (*from..=*to).contains(&c),
                    Member::Class(name) => in_class(name, c),
                });
                inside != *not
            }
        }
    }
}

/// Groups inside groups, at most.
const MOST_GROUPS: u32 = 20;

/// Steps that a pattern with groups may take: unlike stars, they can be tried in very many ways.
const MOST_STEPS: u32 = 200_000;

/// Stars and groups that wait for the rest of the text, at most.
const MOST_WAITING: u32 = 500;

struct Steps {
    left: u32,
    depth: u32,
}

/// The parts between `(` and its `)`, cut at `|`; where they end.
fn alternatives(chars: &[char], start: usize) -> Option<(Vec<&[char]>, usize)> {
    let (mut parts, mut from, mut open, mut at) = (Vec::new(), start, 0u32, start);
    loop {
        match *chars.get(at)? {
            '\\' => at += 1,
            '(' => open += 1,
            ')' if open == 0 => {
                parts.push(chars.get(from..at)?);
                return Some((parts, at + 1));
            }
            ')' => open -= 1,
            '|' if open == 0 => {
                parts.push(chars.get(from..at)?);
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
}

/// Tries all ways. Gives up, as on a text that does not match, after too many steps.
fn groups_match(items: &[Item], text: &[char], steps: &mut Steps) -> bool {
    let (mut items, mut text) = (items, text);
    loop {
        if steps.left == 0 || steps.depth > MOST_WAITING {
            return false;
        }
        steps.left -= 1;
        match (items.split_first(), text.split_first()) {
            (None, rest) => return rest.is_none(),
            (Some((Item::Star, more)), _) => {
                return splits(text, steps, |steps, _, rest| groups_match(more, rest, steps));
            }
            (Some((Item::Group(kind, inside), more)), _) => {
                return group_matches(*kind, inside, items, more, text, steps);
            }
            (Some((item, more)), Some((c, rest))) if item.takes(*c) => (items, text) = (more, rest),
            _ => return false,
        }
    }
}

fn group_matches(
    kind: char,
    inside: &[Pattern],
    items: &[Item],
    more: &[Item],
    text: &[char],
    steps: &mut Steps,
) -> bool {
    let one =
        |part: &[char], steps: &mut Steps| inside.iter().any(|pattern| groups_match(&pattern.0, part, steps));
    let skipped = matches!(kind, '?' | '*') && groups_match(more, text, steps);
    skipped
        || splits(text, steps, |steps, part, rest| match kind {
            '!' => !one(part, steps) && groups_match(more, rest, steps),
            '*' | '+' => {
                one(part, steps)
                    && (groups_match(more, rest, steps)
                        || (!part.is_empty() && groups_match(items, rest, steps)))
            }
            _ => one(part, steps) && groups_match(more, rest, steps),
        })
}

/// Does one of the ways to cut the text in two do?
fn splits(
    text: &[char],
    steps: &mut Steps,
    mut fits: impl FnMut(&mut Steps, &[char], &[char]) -> bool,
) -> bool {
    steps.depth += 1;
    let found = (0..=text.len()).any(|cut| {
        let (part, rest) = text.split_at(cut);
        steps.left > 0 && fits(steps, part, rest)
    });
    steps.depth -= 1;
    found
}

/// Characters of a bracket expression, at most: a longer one is no set. Keeps patterns of brackets that
/// never close from costing the square of their length.
const MOST_SET: usize = 1024;

/// Characters of a class's name, at most.
const MOST_CLASS: usize = 16;

/// A bracket expression after its `[`; where it ends.
fn set(chars: &[char], start: usize, caret: bool) -> Option<(Item, usize)> {
    let chars = chars.get(..chars.len().min(start + MOST_SET))?;
    let mut at = start;
    let not = chars.get(at) == Some(&'!') || (caret && chars.get(at) == Some(&'^'));
    if not {
        at += 1;
    }
    let first = at;
    let mut members = Vec::new();
    loop {
        let mut c = *chars.get(at)?;
        if c == ']' && at > first {
            return Some((Item::Set { not, members }, at + 1));
        }
        if c == '/' {
            return None;
        }
        if c == '[' && chars.get(at + 1) == Some(&':') {
            let rest = chars.get(at + 2..chars.len().min(at + 2 + MOST_CLASS))?;
            if let Some(end) = rest.windows(2).position(|pair| pair == [':', ']']) {
                members.push(Member::Class(rest.iter().take(end).collect()));
                at += end + 4;
                continue;
            }
        }
        if c == '\\' {
            at += 1;
            c = *chars.get(at)?;
        }
        at += 1;
        let range_end = (chars.get(at) == Some(&'-')).then(|| chars.get(at + 1)).flatten();
        match range_end {
            Some(end) if *end != ']' => {
                members.push(Member::Range(c, *end));
                at += 2;
            }
            _ => members.push(Member::Range(c, c)),
        }
    }
}

/// A POSIX character class in the C locale.
pub(crate) fn in_class(name: &str, c: char) -> bool {
    match name {
        "alpha" => c.is_ascii_alphabetic(),
        "digit" => c.is_ascii_digit(),
        "alnum" => c.is_ascii_alphanumeric(),
        "upper" => c.is_ascii_uppercase(),
        "lower" => c.is_ascii_lowercase(),
        "space" => c.is_ascii_whitespace() || c == '\x0b',
        "blank" => c == ' ' || c == '\t',
        "punct" => c.is_ascii_punctuation(),
        "xdigit" => c.is_ascii_hexdigit(),
        "cntrl" => c.is_ascii_control(),
        "print" => c.is_ascii_graphic() || c == ' ',
        "graph" => c.is_ascii_graphic(),
        _ => false,
    }
}

/// Is there a class of this name?
pub(crate) fn is_class(name: &str) -> bool {
    (0..=127u8).any(|byte| in_class(name, char::from(byte)))
}

/// Has the pattern anything but plain characters?
pub(crate) fn is_magic(source: &str) -> bool {
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '*' | '?' | '[' | '(' => return true,
            _ => {}
        }
    }
    false
}

/// Text as a pattern that matches only itself.
pub(crate) fn escape(text: &str, into: &mut String) {
    for c in text.chars() {
        if "*?[]\\!-^()|".contains(c) {
            into.push('\\');
        }
        into.push(c);
    }
}

/// A pattern's text without its backslashes.
pub(crate) fn unescape(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*.txt", "a.txt", true),
            ("*.txt", "a.txt.bak", false),
            ("a*b*c", "aXbYbZc", true),
            ("[a-c]?", "bz", true),
            ("[!a-c]?", "bz", false),
            ("[]x]", "]", true),
            ("[[:digit:]]*", "7up", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("[", "[", true),
            ("a[", "a[", true),
            ("**a", "bba", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches_text(text), expected, "{pattern} {text}");
        }
        assert!(!Pattern::new("*").matches_name(".hidden"));
        assert!(Pattern::new(".*").matches_name(".hidden"));
    }
}
