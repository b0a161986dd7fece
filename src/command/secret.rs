//! A password on a command line: it is cut out before anything reads the line, so that nothing can keep it.

/// What stands where a password stood.
pub const HIDDEN: &str = "***";

/// The text with every password of a `docker login` replaced. A text without one comes back as it is.
pub fn without_passwords(text: &str) -> String {
    if !text.contains("login") {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.find("login") {
            Some(at) => {
                clean.push_str(&line[..at]);
                hide(&line[at..], &mut clean);
            }
            None => clean.push_str(line),
        }
    }
    clean
}

/// Copies a line from its `login` on, without what follows `-p` or `--password`.
fn hide(line: &str, clean: &mut String) {
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let begins = clean.chars().next_back().is_none_or(|c| c.is_whitespace() || "\"'`\\".contains(c));
        if let Some(flag) = flag(rest).filter(|_| begins) {
            clean.push_str(&rest[..flag]);
            clean.push_str(HIDDEN);
            rest = &rest[flag + word(&rest[flag..])..];
        } else {
            clean.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
}

/// How far the flag reaches up to its value: `-p `, `-p`, `--password=`.
fn flag(text: &str) -> Option<usize> {
    let long = text.strip_prefix("--password");
    let after = match long {
        Some(after) if after.starts_with([' ', '\t', '=']) => after,
        Some(_) => return None,
        None => text.strip_prefix("-p")?,
    };
    let blank = after.len() - after.trim_start_matches([' ', '\t', '=']).len();
    let value = &after[blank..];
    // Nothing follows: the flag says so itself.
    let is_there = !value.is_empty() && !value.starts_with(['\r', '\n']);
    (is_there && word(value) > 0).then(|| text.len() - value.len())
}

/// Bytes of the word that a text begins with: up to a blank or to the quote it is in, quotes of its own and
/// escaped ones included.
fn word(text: &str) -> usize {
    let (escape, rest) = match text.strip_prefix('\\') {
        Some(rest) => ("\\", rest),
        None => ("", text),
    };
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let end = format!("{escape}{quote}");
        let body = &rest[1..];
        let inside = body.find(&end).map_or(body.trim_end_matches(['\n', '\r']).len(), |at| at + end.len());
        return escape.len() + 1 + inside;
    }
    text.find(|c: char| c.is_whitespace() || matches!(c, '"' | '`')).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_a_password_is_left() {
        for line in [
            "docker login -u me -p geheim",
            "docker login -u me -p geheim localhost:5000",
            "docker login -pgeheim -u me",
            "docker login -p=geheim -u me",
            "docker login --password geheim -u me",
            "docker login --password=geheim",
            "docker login -u me -p 'ge heim' x",
            "docker login -u me -p \"geheim geheim\" x",
            "docker(\"login -u me -p geheim\")",
            "let r = docker(\"login -u me -p \\\"geheim x\\\" y\"); r.ok",
            "docker(`login -p geheim`)",
            "ci.docker(\"login --password=geheim\");",
            "x\ndocker login -p geheim\ny",
        ] {
            let clean = without_passwords(line);
            assert!(!clean.contains("heim") && clean.contains(HIDDEN), "{clean}");
        }
    }

    #[test]
    fn everything_else_stays() {
        for line in [
            "docker run -p 80:80 web",
            "docker login --password-stdin -u me",
            "docker login -u me -p",
            "let login = 3; print(login)",
        ] {
            assert_eq!(without_passwords(line), line);
        }
    }
}
