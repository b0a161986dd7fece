//! Paths as text: no look-ups here. A simulated path is a byte string with `/` between names.

use std::borrow::Cow;

/// The names of a path in order; empty ones (from `//`) left out, `.` and `..` kept.
pub fn names(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|b| *b == b'/').filter(|name| !name.is_empty())
}

/// Go's `path.Clean` for absolute paths: `.` and `..` resolved as text, one `/` between names.
pub fn clean(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    for name in names(path) {
        match name {
            b"." => {}
            b".." => {
                kept.pop();
            }
            _ => kept.push(name),
        }
    }
    if kept.is_empty() {
        return b"/".to_vec();
    }
    let mut cleaned = Vec::with_capacity(path.len() + 1);
    for name in kept {
        cleaned.push(b'/');
        cleaned.extend_from_slice(name);
    }
    cleaned
}

/// `relative` seen from the directory `base`; an absolute one stays. Not cleaned.
pub fn join(base: &[u8], relative: &[u8]) -> Vec<u8> {
    if relative.starts_with(b"/") || base.is_empty() {
        return relative.to_vec();
    }
    let mut joined = base.to_vec();
    if !joined.ends_with(b"/") {
        joined.push(b'/');
    }
    joined.extend_from_slice(relative);
    joined
}

/// [`join`] and [`clean`] for text paths.
pub fn absolute(base: &str, path: &str) -> String {
    String::from_utf8_lossy(&clean(&join(base.as_bytes(), path.as_bytes()))).into_owned()
}

/// Everything before the last name: `/a/b` → `/a`, `/a` → `/`, `a` → empty.
pub fn parent(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|b| *b != b'/').map_or(0, |i| i + 1);
    match path[..end].iter().rposition(|b| *b == b'/') {
        Some(0) => &path[..1],
        Some(slash) => {
            let end = path[..slash].iter().rposition(|b| *b != b'/').map_or(1, |i| i + 1);
            &path[..end]
        }
        None if path.starts_with(b"/") => &path[..1],
        None => b"",
    }
}

/// The last name; empty for the root.
pub fn file_name(path: &[u8]) -> &[u8] {
    names(path).next_back().unwrap_or(b"")
}

/// As people read it: text, with bytes that are no text written as `\xNN`.
pub fn show(path: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(path) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut shown = String::new();
            for chunk in path.utf8_chunks() {
                shown.push_str(chunk.valid());
                for byte in chunk.invalid() {
                    shown.push_str(&format!("\\x{byte:02x}"));
                }
            }
            Cow::Owned(shown)
        }
    }
}

/// [`show`] of a path that is needed no more: text is not copied.
pub fn shown(path: Vec<u8>) -> String {
    String::from_utf8(path).unwrap_or_else(|bytes| show(bytes.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning_and_joining() {
        for (path, cleaned) in
            [("", "/"), ("/", "/"), ("a//b/./c/..", "/a/b"), ("/../..", "/"), ("/a/", "/a")]
        {
            assert_eq!(show(&clean(path.as_bytes())), cleaned, "{path}");
        }
        assert_eq!(absolute("/app", "../x/./y"), "/x/y");
        assert_eq!(absolute("/app", "/y"), "/y");
    }

    #[test]
    fn parents_and_names() {
        for (path, up, name) in
            [("/a/b", "/a", "b"), ("/a", "/", "a"), ("/", "/", ""), ("a", "", "a"), ("/a/b//", "/a", "b")]
        {
            assert_eq!(show(parent(path.as_bytes())), up, "{path}");
            assert_eq!(show(file_name(path.as_bytes())), name, "{path}");
        }
        assert_eq!(show(b"a\xffb"), "a\\xffb");
    }
}
