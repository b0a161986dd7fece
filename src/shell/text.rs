//! Bytes as text and back.
//!
//! Words of a shell are bytes, but nearly always UTF-8. Inside the shell everything is a `String`; a
//! byte that is no UTF-8 travels as one character of a private plane and becomes that byte again at
//! the edge (a path, a file, a pipe).

use std::borrow::Cow;

/// The character that stands for the byte 0x00; only 0x80 to 0xff are used.
const PRIVATE: u32 = 0x10_FF00;

/// Bytes to text.
pub(crate) fn decode(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|b| stand_in(*b)));
    }
    text
}

/// One byte as a character of the text.
pub(crate) fn stand_in(byte: u8) -> char {
    if byte < 0x80 {
        return char::from(byte);
    }
    char::from_u32(PRIVATE + u32::from(byte)).unwrap_or('?')
}

/// Text to bytes.
pub(crate) fn encode(text: &str) -> Cow<'_, [u8]> {
    if text.is_ascii() || !text.contains(|c: char| c as u32 >= PRIVATE) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match (c as u32).checked_sub(PRIVATE) {
            Some(byte @ 0x80..=0xff) => bytes.push(byte as u8),
            _ => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

/// The lines of a text without their ends; whether the last one had an end.
pub(crate) fn lines(text: &str) -> (Vec<&str>, bool) {
    let ended = text.ends_with('\n');
    let mut lines: Vec<&str> = text.split('\n').collect();
    if ended || text.is_empty() {
        lines.pop();
    }
    (lines, ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_the_way_through_text() {
        for bytes in [b"abc".as_slice(), b"a\xff\x80b", "grün".as_bytes(), b"\xc3", b""] {
            assert_eq!(encode(&decode(bytes)).as_ref(), bytes);
        }
        assert_eq!(lines("a\nb"), (vec!["a", "b"], false));
        assert_eq!(lines("a\n"), (vec!["a"], true));
        assert_eq!(lines(""), (vec![], false));
    }
}
