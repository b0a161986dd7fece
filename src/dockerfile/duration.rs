//! Durations as Go reads and prints them: `1m30s`, `1.5h`, `100ms`.
//!
//! Source of the rules: Go's `time.ParseDuration` and `time.Duration.String`.

use super::quote::quoted;

/// Nanoseconds in a millisecond.
pub const MILLISECOND: i64 = 1_000_000;

/// Units and their nanoseconds. The micro sign exists twice in Unicode, Go takes both.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a duration; nanoseconds.
///
/// # Errors
/// Go's words: `time: missing unit in duration "5"`.
pub fn parse(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quoted(text));
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let limit = i64::MAX as u64 + u64::from(negative);
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end).unwrap_or((after, ""));
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {}", quoted(text)));
        }
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("time: unknown unit {} in duration {}", quoted(unit), quoted(text)));
        };
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
        let value = whole.checked_mul(*scale).and_then(|value| value.checked_add(part(fraction, *scale)));
        total = value
            .and_then(|value| total.checked_add(value))
            .filter(|total| *total <= limit)
            .ok_or_else(invalid)?;
        rest = after;
    }
    Ok(if negative { 0i64.wrapping_sub_unsigned(total) } else { i64::try_from(total).unwrap_or(i64::MAX) })
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// `0.fraction` times `scale`, as far as 18 digits tell.
fn part(fraction: &str, scale: u64) -> u64 {
    let fraction = fraction.get(..18).unwrap_or(fraction);
    let digits: u128 = fraction.parse().unwrap_or(0);
    let value = digits * u128::from(scale) / 10u128.pow(fraction.len() as u32);
    u64::try_from(value).unwrap_or(0)
}

/// Prints a duration of so many nanoseconds: `1h0m0s`, `1.5s`, `100ms`, `0s`.
pub fn print(nanoseconds: i64) -> String {
    let (sign, value) = (if nanoseconds < 0 { "-" } else { "" }, nanoseconds.unsigned_abs());
    let below_second = match value {
        0 => Some("0s".to_owned()),
        1..1_000 => Some(format!("{value}ns")),
        1_000..1_000_000 => Some(format!("{}\u{b5}s", decimal(value, 1_000))),
        1_000_000..1_000_000_000 => Some(format!("{}ms", decimal(value, 1_000_000))),
        _ => None,
    };
    if let Some(text) = below_second {
        return format!("{sign}{text}");
    }
    let minutes = value / 60_000_000_000;
    let seconds = format!("{}s", decimal(value % 60_000_000_000, 1_000_000_000));
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{sign}{seconds}"),
        (0, minutes) => format!("{sign}{minutes}m{seconds}"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}"),
    }
}

/// `value / unit` without zeros at the end.
fn decimal(value: u64, unit: u64) -> String {
    let width = unit.checked_ilog10().unwrap_or(0) as usize;
    let text = format!("{}.{:0width$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{parse, print};

    #[test]
    fn reads_and_prints_as_go_does() {
        for (text, nanoseconds, printed) in [
            ("0", 0, "0s"),
            ("30s", 30_000_000_000, "30s"),
            ("1m30s", 90_000_000_000, "1m30s"),
            ("1.5h", 5_400_000_000_000, "1h30m0s"),
            (".5s", 500_000_000, "500ms"),
            ("1us", 1_000, "1µs"),
            ("1.000000001s", 1_000_000_001, "1.000000001s"),
            ("-2m", -120_000_000_000, "-2m0s"),
            ("-9223372036854775808ns", i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(parse(text), Ok(nanoseconds), "{text}");
            assert_eq!(print(nanoseconds), printed, "{text}");
        }
    }

    #[test]
    fn refuses_in_gos_words() {
        for (text, words) in [
            ("5", "time: missing unit in duration \"5\""),
            ("5x", "time: unknown unit \"x\" in duration \"5x\""),
            ("", "time: invalid duration \"\""),
            ("s", "time: invalid duration \"s\""),
            (".s", "time: invalid duration \".s\""),
            ("9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""),
            ("99999999999999999999h", "time: invalid duration \"99999999999999999999h\""),
        ] {
            assert_eq!(parse(text), Err(words.to_owned()), "{text}");
        }
    }
}
