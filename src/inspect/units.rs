//! Sizes, ages and words as Docker's tables write them.

use unicode_width::UnicodeWidthChar;

const UNITS: [&str; 9] = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];

/// Decimal size with `digits` significant digits and no space: `72.8MB` (docker/go-units `size.go`,
/// `HumanSizeWithPrecision`). The unit is chosen before rounding, so 999,999 with three digits is
/// `1e+03kB`. Tables use 3 digits, `system df` and containers 4.
pub fn human_size(bytes: u64, digits: usize) -> String {
    let (mut size, mut unit) = (bytes as f64, 0);
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    format!("{}{}", general(size, digits), UNITS[unit])
}

/// Go's `%.{digits}g` for numbers that are not negative.
fn general(number: f64, digits: usize) -> String {
    let digits = digits.max(1);
    let scientific = format!("{number:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
    trimmed(&format!("{number:.decimals$}")).to_owned()
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// A time span in words: `3 weeks` (docker/go-units `duration.go`, `HumanDuration`). Negative spans
/// count as none.
pub fn human_duration(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let rounded = (seconds + 1800) / 3600;
    match seconds {
        ..1 => "Less than a second".to_owned(),
        1 => "1 second".to_owned(),
        2..60 => format!("{seconds} seconds"),
        _ if minutes == 1 => "About a minute".to_owned(),
        _ if minutes < 60 => format!("{minutes} minutes"),
        _ if rounded == 1 => "About an hour".to_owned(),
        _ if rounded < 48 => format!("{rounded} hours"),
        _ if rounded < 24 * 7 * 2 => format!("{} days", rounded / 24),
        _ if rounded < 24 * 30 * 2 => format!("{} weeks", rounded / 24 / 7),
        _ if rounded < 24 * 365 * 2 => format!("{} months", rounded / 24 / 30),
        _ => format!("{} years", hours / 24 / 365),
    }
}

/// `3 weeks ago`, seen from `now`; `N/A` for dates up to 2000-01-01, which stand for none (docker/cli
/// `cli/command/image/formatter_history.go`).
pub fn age(created: i64, now: i64) -> String {
    const Y2K: i64 = 946_684_800;
    if created <= Y2K {
        "N/A".to_owned()
    } else {
        format!("{} ago", human_duration(now.saturating_sub(created)))
    }
}

/// At most `width` columns, the last being `…` when something was cut (docker/cli
/// `cli/command/formatter/displayutils.go`, `Ellipsis`).
pub fn ellipsis(text: &str, width: usize) -> String {
    let columns = |c: char| if c.is_ascii() { 1 } else { c.width().unwrap_or(1).max(1) };
    if text.chars().map(columns).sum::<usize>() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += columns(*c);
        used < width
    });
    let mut cut: String = kept.collect();
    cut.push('…');
    cut
}

/// The first 12 digits of an id, without the algorithm (docker/docker `pkg/stringid`, `TruncateID`).
pub fn short_id(id: &str) -> &str {
    let id = id.split_once(':').map_or(id, |(_, digits)| digits);
    id.get(..12).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_go_units_does() {
        for (bytes, three, four) in [
            (0, "0B", "0B"),
            (28, "28B", "28B"),
            (999, "999B", "999B"),
            (1000, "1kB", "1kB"),
            (1500, "1.5kB", "1.5kB"),
            (2125, "2.12kB", "2.125kB"),
            (10_000, "10kB", "10kB"),
            (180_908, "181kB", "180.9kB"),
            (999_499, "999kB", "999.5kB"),
            (999_999, "1e+03kB", "1000kB"),
            (999_999_999, "1e+03MB", "1000MB"),
            (72_840_000, "72.8MB", "72.84MB"),
            (1_234_567_890, "1.23GB", "1.235GB"),
            (u64::MAX, "18.4EB", "18.45EB"),
        ] {
            assert_eq!(
                (human_size(bytes, 3).as_str(), human_size(bytes, 4).as_str()),
                (three, four),
                "{bytes}"
            );
        }
    }

    #[test]
    fn durations_are_written_as_go_units_does() {
        const HOUR: i64 = 3600;
        const DAY: i64 = 24 * HOUR;
        for (seconds, words) in [
            (-5, "Less than a second"),
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "About a minute"),
            (119, "About a minute"),
            (120, "2 minutes"),
            (59 * 60 + 59, "59 minutes"),
            (HOUR, "About an hour"),
            (HOUR + 1799, "About an hour"),
            (HOUR + 1800, "2 hours"),
            (47 * HOUR, "47 hours"),
            (48 * HOUR, "2 days"),
            (13 * DAY, "13 days"),
            (14 * DAY, "2 weeks"),
            (59 * DAY, "8 weeks"),
            (60 * DAY, "2 months"),
            (729 * DAY, "24 months"),
            (730 * DAY, "2 years"),
            (3 * 365 * DAY, "3 years"),
        ] {
            assert_eq!(human_duration(seconds), words, "{seconds}");
        }
        assert_eq!(
            (age(0, 9), age(1_704_067_140, 1_704_067_200)),
            ("N/A".to_owned(), "About a minute ago".to_owned())
        );
    }

    #[test]
    fn wide_characters_count_twice_when_cutting() {
        assert_eq!(ellipsis(&"a".repeat(45), 45), "a".repeat(45));
        assert_eq!(ellipsis(&"a".repeat(46), 45), "a".repeat(44) + "…");
        assert_eq!(ellipsis("層層層", 6), "層層層");
        assert_eq!(ellipsis("層層層", 5), "層層…");
        assert_eq!(ellipsis("層層層", 4), "層…");
        assert_eq!(ellipsis("é".repeat(5).as_str(), 4), "ééé…");
        assert_eq!(
            (short_id("sha256:0123456789abcdef"), short_id("<missing>")),
            ("0123456789ab", "<missing>")
        );
    }
}
