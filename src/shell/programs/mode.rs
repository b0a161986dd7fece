//! Modes: octal and symbolic (POSIX XCU chmod).

/// A change of mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// All twelve bits.
    Octal(u16),
    Symbolic(Vec<Clause>),
}

/// `ug+rwx`: who, and what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    /// Any of `ugo`; empty: all, but the umask holds.
    who: String,
    actions: Vec<(char, String)>,
}

/// Reads a mode.
pub(crate) fn parse(text: &str) -> Option<Change> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let mode = u16::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777)?;
        return Some(Change::Octal(mode));
    }
    let mut clauses = Vec::new();
    for clause in text.split(',') {
        let split = clause.find(|c| "+-=".contains(c))?;
        let (who, mut rest) = clause.split_at(split);
        if !who.chars().all(|c| "ugoa".contains(c)) {
            return None;
        }
        let mut actions = Vec::new();
        while let Some(op) = rest.chars().next() {
            rest = &rest[1..];
            let end = rest.find(|c| "+-=".contains(c)).unwrap_or(rest.len());
            let (what, more) = rest.split_at(end);
            let copies = matches!(what, "u" | "g" | "o");
            if !copies && !what.chars().all(|c| "rwxXst".contains(c)) {
                return None;
            }
            actions.push((op, what.to_owned()));
            rest = more;
        }
        let who = if who.contains('a') { "ugo".to_owned() } else { who.to_owned() };
        clauses.push(Clause { who, actions });
    }
    Some(Change::Symbolic(clauses))
}

impl Change {
    /// The new mode of a file. `umask` holds for clauses without a who.
    pub fn apply(&self, mode: u16, dir: bool, umask: u16) -> u16 {
        let clauses = match self {
            Change::Octal(new) => return *new,
            Change::Symbolic(clauses) => clauses,
        };
        let mut mode = mode;
        for clause in clauses {
            let open = clause.who.is_empty();
            let who = if open { "ugo" } else { &clause.who };
            for (op, what) in &clause.actions {
                let mut bits = 0;
                let mut reach = 0;
                for c in who.chars() {
                    let (shift, special) = match c {
                        'u' => (6, 0o4000),
                        'g' => (3, 0o2000),
                        _ => (0, 0),
                    };
                    reach |= 0o7 << shift | special;
                    bits |= permission(what, mode, dir) << shift;
                    if what.contains('s') {
                        bits |= special;
                    }
                }
                if what.contains('t') && (open || who.contains('o')) {
                    bits |= 0o1000;
                }
                if open {
                    bits &= !umask;
                }
                // chmod(1) keeps a directory's setgid unless it is named.
                let keep = if dir && *op == '=' && !what.contains('s') { mode & 0o6000 } else { 0 };
                mode = match op {
                    '+' => mode | bits,
                    '-' => mode & !bits,
                    _ => mode & !reach | bits | keep,
                };
            }
        }
        mode & 0o7777
    }
}

fn permission(what: &str, mode: u16, dir: bool) -> u16 {
    match what {
        "u" => return mode >> 6 & 7,
        "g" => return mode >> 3 & 7,
        "o" => return mode & 7,
        _ => {}
    }
    what.chars().fold(0, |bits, c| {
        bits | match c {
            'r' => 4,
            'w' => 2,
            'x' => 1,
            'X' if dir || mode & 0o111 != 0 => 1,
            _ => 0,
        }
    })
}

/// `-rwxr-sr-x` without the type.
pub(crate) fn letters(mode: u16) -> String {
    let mut text = String::with_capacity(9);
    for (shift, special, set, bare) in [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')] {
        let bits = mode >> shift & 7;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => set,
            (false, true) => bare,
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        for (text, before, dir, after) in [
            ("755", 0o644, false, 0o755),
            ("+x", 0o644, false, 0o755),
            ("a-x", 0o755, false, 0o644),
            ("u+x,go-r", 0o644, false, 0o700),
            ("g+s", 0o755, true, 0o2755),
            ("u=rwx,g=,o=", 0o644, false, 0o700),
            ("a+X", 0o644, false, 0o644),
            ("a+X", 0o644, true, 0o755),
            ("+w", 0o444, false, 0o644),
            ("o=u", 0o740, false, 0o747),
            ("+t", 0o777, true, 0o1777),
            ("1777", 0o755, true, 0o1777),
        ] {
            assert_eq!(parse(text).map(|c| c.apply(before, dir, 0o022)), Some(after), "{text}");
        }
        assert_eq!(parse("zz"), None);
        assert_eq!(parse("9"), None);
        assert_eq!(letters(0o4755), "rwsr-xr-x");
        assert_eq!(letters(0o1776), "rwxrwxrwT");
    }
}
