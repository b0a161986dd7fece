//! "did you mean …?" exactly as BuildKit finds it, because it is part of its message.
//!
//! Source of the rules: moby/buildkit `util/suggest/error.go` (`Search`).

/// The option at the least distance below 3; nothing when one of them is the word itself.
///
/// Without `case_sensitive` the answer takes the case of the word, if that is all of one case.
pub fn near<'a>(
    word: &str,
    options: impl IntoIterator<Item = &'a str>,
    case_sensitive: bool,
) -> Option<String> {
    let fold = |text: &str| if case_sensitive { text.to_owned() } else { text.to_lowercase() };
    let wanted = fold(word);
    let (mut best, mut least) = (None, 3);
    for option in options {
        let folded = fold(option);
        if folded == wanted {
            return None;
        }
        let distance = distance(&wanted, &folded);
        if distance < least {
            (best, least) = (Some(folded), distance);
        }
    }
    let best = best?;
    Some(if !case_sensitive && word == word.to_uppercase() { best.to_uppercase() } else { best })
}

/// Levenshtein's distance; anything large when the lengths alone differ by three or more.
fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 12 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (slot, b) in above.iter_mut().skip(1).zip(&b) {
            let here = (diagonal + usize::from(a != *b)).min(*slot + 1).min(left + 1);
            diagonal = std::mem::replace(slot, here);
            left = here;
        }
        if let Some(first) = above.first_mut() {
            *first = i + 1;
        }
    }
    above.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn finds_what_buildkit_finds() {
        let words = ["ADD", "RUN", "COPY", "CMD", "ENV"];
        for (word, found) in [
            ("RUUN", Some("RUN")),
            ("ruun", Some("run")),
            ("Ruun", Some("run")),
            ("COYP", Some("COPY")),
            ("RUN", None),
            ("HELLOWORLD", None),
            ("", None),
        ] {
            assert_eq!(near(word, words, false).as_deref(), found, "{word}");
        }
    }
}
