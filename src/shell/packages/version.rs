//! The order of versions, as dpkg and apk compare them.

use std::cmp::Ordering;

/// Compares two Debian versions: epoch, upstream version, revision (deb-version(7)).
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    fn parts(version: &str) -> (u64, &str, &str) {
        let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        (epoch.parse().unwrap_or(0), upstream, revision)
    }
    let (a, b) = (parts(left), parts(right));
    a.0.cmp(&b.0).then_with(|| piece(a.1, b.1)).then_with(|| piece(a.2, b.2))
}

/// Text and numbers in turn; `~` is before the end, letters before all else.
fn piece(mut left: &str, mut right: &str) -> Ordering {
    fn weight(c: Option<char>) -> i64 {
        match c {
            Some('~') => -1,
            None => 0,
            Some(c) if c.is_ascii_digit() => 0,
            Some(c) if c.is_ascii_alphabetic() => i64::from(u32::from(c)),
            Some(c) => i64::from(u32::from(c)) + 256,
        }
    }
    while !left.is_empty() || !right.is_empty() {
        let text = |text: &str| text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
        let (a, b) = (left.split_at(text(left)), right.split_at(text(right)));
        let (mut one, mut two) = (a.0.chars(), b.0.chars());
        loop {
            let (x, y) = (one.next(), two.next());
            let order = weight(x).cmp(&weight(y));
            if order.is_ne() {
                return order;
            }
            if x.is_none() && y.is_none() {
                break;
            }
        }
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (a, b) = (a.1.split_at(digits(a.1)), b.1.split_at(digits(b.1)));
        let (x, y) = (a.0.trim_start_matches('0'), b.0.trim_start_matches('0'));
        let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
        if order.is_ne() {
            return order;
        }
        (left, right) = (a.1, b.1);
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_dpkg_orders_them() {
        let sorted = ["1.0~rc1", "1.0", "1.0-1", "1.0-2~x", "1.0-2", "1.0+b1", "1.9", "1.10", "2:0.1"];
        for pair in sorted.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(compare("1.0", "0:1.00"), Ordering::Equal);
    }
}
