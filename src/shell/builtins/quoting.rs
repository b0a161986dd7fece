//! How shells quote what they list and trace.

use super::super::syntax::Dialect;
use super::super::text;

/// A word as the shell's listings quote it.
pub(in super::super) fn quote(word: &str, dialect: Dialect) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_-./:,+@%=".contains(c);
    if dialect == Dialect::Bash && !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    single_quoted(word)
}

/// Text between single quotes, runs of single quotes between double ones (dash and busybox
/// `single_quote`).
fn single_quoted(word: &str) -> String {
    let (mut quoted, mut rest) = (String::new(), word);
    loop {
        let (plain, more) = rest.split_at(rest.find('\'').unwrap_or(rest.len()));
        quoted.push_str(&format!("'{plain}'"));
        if more.is_empty() {
            return quoted;
        }
        rest = more.trim_start_matches('\'');
        let quotes = more.get(..more.len() - rest.len()).unwrap_or_default();
        quoted.push_str(&format!("\"{quotes}\""));
        if rest.is_empty() {
            return quoted;
        }
    }
}

const RESERVED: [&str; 13] =
    ["case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while"];

/// A word as `set -x` shows it: dash as it is, ash and bash quoted where another shell would need it
/// (busybox `maybe_single_quote`, bash `sh_contains_shell_metas`).
pub(in super::super) fn quote_trace(word: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Dash => word.to_owned(),
        Dialect::Ash => {
            let special = |c: char| c < '+' || (';'..='?').contains(&c) || "`[\\".contains(c) || c > 'z';
            // What the grammar reserves, too.
            let reserved = RESERVED.contains(&word);
            if reserved || word.contains(special) { single_quoted(word) } else { word.to_owned() }
        }
        Dialect::Bash => {
            let special = |c: char| c.is_whitespace() || "'\"\\$`|&;<>()*?[]{}^!".contains(c);
            let special = word.contains(special) || word.starts_with(['~', '#']);
            let odd = |c: char| (c.is_ascii_control() && !"\t\n".contains(c)) || !c.is_ascii();
            if word.contains(odd) {
                return ansi_quoted(word);
            }
            if word == "'" {
                return r"\'".to_owned();
            }
            if word.is_empty() || special {
                format!("'{}'", word.replace('\'', r"'\''"))
            } else {
                word.to_owned()
            }
        }
    }
}

/// `$'…'`, as bash quotes what a terminal of the C locale would not show (`ansic_quote`).
fn ansi_quoted(word: &str) -> String {
    let mut quoted = "$'".to_owned();
    for byte in text::encode(word).iter() {
        match byte {
            7 => quoted.push_str("\\a"),
            8 => quoted.push_str("\\b"),
            9 => quoted.push_str("\\t"),
            10 => quoted.push_str("\\n"),
            11 => quoted.push_str("\\v"),
            12 => quoted.push_str("\\f"),
            13 => quoted.push_str("\\r"),
            27 => quoted.push_str("\\E"),
            b'\\' => quoted.push_str("\\\\"),
            b'\'' => quoted.push_str("\\'"),
            32..=126 => quoted.push(char::from(*byte)),
            other => quoted.push_str(&format!("\\{other:03o}")),
        }
    }
    quoted.push('\'');
    quoted
}

/// `${x@Q}` of bash: in single quotes whatever it is.
pub(in super::super) fn quote_again(word: &str) -> String {
    if word.contains(|c: char| c.is_ascii_control() || !c.is_ascii()) {
        return ansi_quoted(word);
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// `printf %q` of bash: a backslash before what would mean something (`sh_backslash_quote`).
pub(in super::super) fn backslash_quoted(word: &str) -> String {
    if word.is_empty() {
        return "''".to_owned();
    }
    if word.contains(|c: char| c.is_ascii_control() || !c.is_ascii()) {
        return ansi_quoted(word);
    }
    let mut quoted = String::new();
    for (at, c) in word.char_indices() {
        if " '\"\\|&;()<>!{}*[]?^$`,".contains(c) || (at == 0 && "~#".contains(c)) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}
