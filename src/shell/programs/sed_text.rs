//! Scripts of `sed`: escapes in expressions and replacements.

use super::sed_parse::Piece;

/// An escape that stands for one character: `\r`, `\f`; GNU's `\xHH`, `\oNNN`, `\dNNN`, too. The
/// letter stands in front of `rest`.
fn control(letter: char, rest: &mut std::iter::Peekable<std::str::Chars<'_>>, busybox: bool) -> Option<char> {
    let plain = match letter {
        'r' => '\r',
        'f' if !busybox => '\x0c',
        'v' if !busybox => '\x0b',
        'a' if !busybox => '\x07',
        'x' | 'o' | 'd' if !busybox => {
            let (base, most) = match letter {
                'x' => (16, 2),
                'o' => (8, 3),
                _ => (10, 3),
            };
            let (mut value, mut count) = (0u32, 0);
            while count < most {
                let Some(digit) = rest.peek().and_then(|c| c.to_digit(base)) else { break };
                value = value * base + digit;
                count += 1;
                rest.next();
            }
            if count == 0 {
                return None;
            }
            crate::shell::text::stand_in(value as u8)
        }
        _ => return None,
    };
    Some(plain)
}

/// An expression with the characters that escapes stand for.
pub(super) fn control_characters(source: &str, busybox: bool) -> String {
    let mut out = String::with_capacity(source.len());
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(letter) = chars.next() else {
            out.push(c);
            break;
        };
        match control(letter, &mut chars, busybox) {
            Some(found) => {
                // A special character made by a number is itself.
                if ".*[]^$\\/".contains(found) {
                    out.push('\\');
                }
                out.push(found);
            }
            None => out.extend(['\\', letter]),
        }
    }
    out
}

/// The pieces of a replacement.
pub(super) fn pieces(source: &str, busybox: bool) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let push = |pieces: &mut Vec<Piece>, c: char| match pieces.last_mut() {
        Some(Piece::Text(text)) => text.push(c),
        _ => pieces.push(Piece::Text(c.to_string())),
    };
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => pieces.push(Piece::Group(0)),
            '\\' => match chars.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    pieces.push(Piece::Group(digit.to_digit(10).unwrap_or(0) as usize));
                }
                Some('n') => push(&mut pieces, '\n'),
                Some('t') => push(&mut pieces, '\t'),
                Some(case @ ('U' | 'L' | 'u' | 'l' | 'E')) if !busybox => pieces.push(Piece::Case(case)),
                Some(c) => {
                    let found = control(c, &mut chars, busybox);
                    push(&mut pieces, found.unwrap_or(c));
                }
                None => {}
            },
            c => push(&mut pieces, c),
        }
    }
    pieces
}
