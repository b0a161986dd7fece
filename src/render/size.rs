//! Numbers for people: bytes, seconds, counts.

/// Bytes with three significant digits and decimal units, as Docker counts: "648 B", "77.8 MB".
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut scaled = count as f64;
    let mut unit = "B";
    for next in UNITS {
        scaled /= 1000.0;
        unit = next;
        // 999.5 would be printed as 1000.
        if scaled < 999.5 {
            break;
        }
    }
    let digits = if scaled < 9.995 {
        2
    } else if scaled < 99.95 {
        1
    } else {
        0
    };
    format!("{scaled:.digits$} {unit}")
}

/// Simulated seconds, always marked as a model: "≈ 38 s (model)". `None` below half a tenth.
pub fn seconds(seconds: f64) -> Option<String> {
    if !seconds.is_finite() || seconds < 0.05 {
        return None;
    }
    Some(match seconds {
        s if s < 9.95 => format!("≈ {s:.1} s (model)"),
        s if s < 599.5 => format!("≈ {s:.0} s (model)"),
        s => format!("≈ {:.0} min (model)", s / 60.0),
    })
}

/// "1 file", "2 files", "1,204 files".
pub fn count(number: usize, one: &str) -> String {
    format!("{} {one}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Digits in groups of three: "1,204".
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        let shown =
            [0, 648, 999, 1000, 1024, 9_994, 9_996, 77_800_000, 999_499, 999_600, u64::MAX].map(bytes);
        assert_eq!(
            shown,
            [
                "0 B", "648 B", "999 B", "1.00 kB", "1.02 kB", "9.99 kB", "10.0 kB", "77.8 MB", "999 kB",
                "1.00 MB", "18.4 EB"
            ]
        );
    }

    #[test]
    fn seconds_say_that_they_are_a_model() {
        assert_eq!(seconds(0.0), None);
        assert_eq!(seconds(f64::NAN), None);
        assert_eq!(seconds(2.25).as_deref(), Some("≈ 2.2 s (model)"));
        assert_eq!(seconds(38.4).as_deref(), Some("≈ 38 s (model)"));
        assert_eq!(seconds(1200.0).as_deref(), Some("≈ 20 min (model)"));
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(
            (count(1, "file"), count(1204, "file"), grouped(1_234_567)),
            ("1 file".into(), "1,204 files".into(), "1,234,567".into())
        );
    }
}
