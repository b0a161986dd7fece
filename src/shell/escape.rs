//! Backslash escapes of `echo -e`, `printf` and `$'…'`.

use super::text;

/// Reads up to `max` digits of `base` from `chars` at `at`; their value, and where they end.
fn digits(chars: &[char], at: usize, max: usize, base: u32) -> Option<(u32, usize)> {
    let (mut value, mut end) = (0u32, at);
    while let Some(digit) = chars.get(end).and_then(|c| c.to_digit(base)).filter(|_| end < at + max) {
        value = value.wrapping_mul(base).wrapping_add(digit);
        end += 1;
    }
    (end > at).then_some((value, end))
}

/// One escape after a backslash at `at - 1`; the bytes, and where to go on. None: no escape.
fn one(chars: &[char], at: usize) -> Option<(Vec<u8>, usize)> {
    let byte = |b: u8| Some((vec![b], at + 1));
    match chars.get(at)? {
        'a' => byte(7),
        'b' => byte(8),
        'e' | 'E' => byte(27),
        'f' => byte(12),
        'n' => byte(b'\n'),
        'r' => byte(b'\r'),
        't' => byte(b'\t'),
        'v' => byte(11),
        '\\' => byte(b'\\'),
        'x' => digits(chars, at + 1, 2, 16).map(|(value, end)| (vec![value as u8], end)),
        'u' | 'U' => {
            let max = if chars.get(at) == Some(&'u') { 4 } else { 8 };
            let (value, end) = digits(chars, at + 1, max, 16)?;
            // The C locale has no such character: it stays an escape.
            if value >= 0x80 {
                let kept = if value > 0xffff { format!("\\U{value:08X}") } else { format!("\\u{value:04X}") };
                return Some((kept.into_bytes(), end));
            }
            let c = char::from_u32(value).unwrap_or('\u{fffd}');
            Some((c.encode_utf8(&mut [0; 4]).as_bytes().to_vec(), end))
        }
        _ => None,
    }
}

/// `$'…'`.
pub(crate) fn ansi_c(raw: &str) -> Vec<u8> {
    let chars: Vec<char> = raw.chars().collect();
    let (mut bytes, mut at) = (Vec::new(), 0);
    while let Some(c) = chars.get(at) {
        at += 1;
        if *c == '\\' {
            if let Some((value, end)) = digits(&chars, at, 3, 8) {
                bytes.push(value as u8);
                at = end;
                continue;
            }
            if let Some((more, end)) = one(&chars, at) {
                bytes.extend(more);
                at = end;
                continue;
            }
            if let Some(c @ ('\'' | '"' | '?')) = chars.get(at) {
                bytes.push(*c as u8);
                at += 1;
                continue;
            }
        }
        bytes.extend_from_slice(&text::encode(&c.to_string()));
    }
    bytes
}

/// `echo -e` and `%b`: the bytes, and whether `\c` ended all output.
pub(crate) fn echo(raw: &str) -> (Vec<u8>, bool) {
    unescape(raw, true)
}

/// `echo` of dash: only what POSIX has.
pub(crate) fn posix_echo(raw: &str) -> (Vec<u8>, bool) {
    let mut kept = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        kept.push(c);
        if c == '\\'
            && let Some(next) = chars.next()
        {
            if "xeEuU".contains(next) {
                kept.push('\\');
            }
            kept.push(next);
        }
    }
    unescape(&kept, true)
}

/// A format of `printf`: octal escapes need no zero.
pub(crate) fn format(raw: &str) -> (Vec<u8>, bool) {
    unescape(raw, false)
}

fn unescape(raw: &str, echo: bool) -> (Vec<u8>, bool) {
    if !raw.contains('\\') {
        return (text::encode(raw).into_owned(), false);
    }
    let chars: Vec<char> = raw.chars().collect();
    let (mut bytes, mut at) = (Vec::new(), 0);
    while let Some(c) = chars.get(at) {
        at += 1;
        if *c == '\\' {
            if chars.get(at) == Some(&'c') {
                return (bytes, true);
            }
            let zero = chars.get(at) == Some(&'0');
            let octal = match (echo, zero) {
                (true, true) => digits(&chars, at + 1, 3, 8).or(Some((0, at + 1))),
                (true, false) => None,
                (false, _) => digits(&chars, at, 3, 8),
            };
            if let Some((more, end)) =
                octal.map(|(value, end)| (vec![value as u8], end)).or_else(|| one(&chars, at))
            {
                bytes.extend(more);
                at = end;
                continue;
            }
            if let (false, Some('"')) = (echo, chars.get(at)) {
                bytes.push(b'"');
                at += 1;
                continue;
            }
        }
        bytes.extend_from_slice(&text::encode(&c.to_string()));
    }
    (bytes, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(echo("a\\tb\\n\\0101\\q"), (b"a\tb\nA\\q".to_vec(), false));
        assert_eq!(echo("a\\cb"), (b"a".to_vec(), true));
        assert_eq!(format("\\101\\x41"), (b"AA".to_vec(), false));
        // In the C locale, which a RUN step has, bash writes such a character as its name.
        assert_eq!(ansi_c("a\\'b\\u00e9\\377"), b"a'b\\u00E9\xff".to_vec());
        assert_eq!(ansi_c("\\"), b"\\".to_vec());
    }
}
