//! A `.dive-ci` file: three rules and their thresholds (dive `options/ci_rules.go`, `command/ci/rules.go`).

use super::Analysis;

/// Names of the rules, in the order of dive's report, with their defaults.
pub(super) const RULES: [(&str, &str); 3] =
    [("highestUserWastedPercent", "0.1"), ("highestWastedBytes", "disabled"), ("lowestEfficiency", "0.9")];

/// The value of each rule: the file's, or the default.
///
/// # Errors
/// The line that is no rule.
pub(super) fn read(text: &str) -> Result<[String; 3], String> {
    let mut values = RULES.map(|(_, default)| default.to_owned());
    for (at, line) in text.lines().enumerate() {
        let line = without_comment(line);
        if line.trim().is_empty() || matches!(line.trim(), "rules:" | "---" | "rules: {}") {
            continue;
        }
        let Some((key, value)) = line.trim().split_once(':').filter(|_| line.starts_with([' ', '\t'])) else {
            return Err(format!(
                "line {}: `{}` is no rule; a rule is `  NAME: VALUE` below `rules:`",
                at + 1,
                line.trim()
            ));
        };
        let known = RULES.iter().position(|(name, _)| name.eq_ignore_ascii_case(key.trim()));
        if let Some(slot) = known.and_then(|known| values.get_mut(known)) {
            *slot = scalar(value.trim());
        }
    }
    Ok(values)
}

fn without_comment(line: &str) -> &str {
    let comment =
        line.match_indices('#').find(|(at, _)| *at == 0 || line.as_bytes()[at - 1].is_ascii_whitespace());
    comment.map_or(line, |(at, _)| &line[..at])
}

/// A YAML scalar as text: quotes off, a plain number in its shortest form.
fn scalar(value: &str) -> String {
    for quote in ['\'', '"'] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner.to_owned();
        }
    }
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => number.to_string(),
        _ => value.to_owned(),
    }
}

/// How a rule went.
pub(super) enum Outcome {
    Pass,
    Fail(String),
    Skip,
    Misconfigured(String),
}

/// Judges one rule.
pub(super) fn judge(name: &str, value: &str, analysis: &Analysis) -> Outcome {
    if value == "disabled" {
        return Outcome::Skip;
    }
    let invalid = |why: String| Outcome::Misconfigured(format!("invalid config value ('{value}'): {why}"));
    if name == "highestWastedBytes" {
        return match size(value) {
            Err(why) => invalid(why),
            Ok(most) if analysis.wasted_bytes > most => Outcome::Fail(format!(
                "too many bytes wasted (wasted-bytes={} > threshold={most})",
                analysis.wasted_bytes
            )),
            Ok(_) => Outcome::Pass,
        };
    }
    let threshold = match value.parse::<f64>() {
        Ok(number) if !value.is_empty() => number,
        _ => return invalid(format!("strconv.ParseFloat: parsing \"{value}\": invalid syntax")),
    };
    if !(0.0..=1.0).contains(&threshold) {
        return Outcome::Misconfigured(format!(
            "{name} config value is outside allowed range (0-1), given '{value}'"
        ));
    }
    let (efficiency, wasted) = (analysis.efficiency, analysis.wasted_ratio());
    match name {
        "lowestEfficiency" if efficiency < threshold => Outcome::Fail(format!(
            "image efficiency is too low (efficiency={efficiency} < threshold={threshold})"
        )),
        // Not a number is not greater than anything.
        "highestUserWastedPercent" if wasted > threshold => Outcome::Fail(format!(
            "too many bytes wasted, relative to the user bytes added (%-user-wasted-bytes={wasted} > threshold={threshold})"
        )),
        _ => Outcome::Pass,
    }
}

/// `20MB`, `1 GiB`, `500` in bytes (dustin/go-humanize `bytes.go`, `ParseBytes`).
///
/// # Errors
/// Go's words for what is no size.
pub fn size(text: &str) -> Result<u64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let digits = digits.replace(',', "");
    let number: f64 =
        digits.parse().map_err(|_| format!("strconv.ParseFloat: parsing \"{digits}\": invalid syntax"))?;
    let unit = unit.trim().to_lowercase();
    let unknown = || format!("unhandled size name: {unit}");
    let (letter, base) = match unit.as_str() {
        "" | "b" => ("", 1000f64),
        unit => match (unit.strip_suffix("ib").or(unit.strip_suffix('i')), unit.strip_suffix('b')) {
            (Some(letter), _) => (letter, 1024.0),
            (None, Some(letter)) => (letter, 1000.0),
            (None, None) => (unit, 1000.0),
        },
    };
    let power =
        ["", "k", "m", "g", "t", "p", "e"].iter().position(|known| *known == letter).ok_or_else(unknown)?;
    if power == 0 && !matches!(unit.as_str(), "" | "b") {
        return Err(unknown());
    }
    let bytes = number * base.powi(power as i32);
    if bytes >= u64::MAX as f64 { Err(format!("too large: {text}")) } else { Ok(bytes as u64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_humanize_reads_them() {
        for (text, bytes) in [
            ("500B", Ok(500)),
            ("20MB", Ok(20_000_000)),
            ("20Mb", Ok(20_000_000)),
            ("1GiB", Ok(1 << 30)),
            ("1 kB", Ok(1000)),
            ("2ki", Ok(2048)),
            ("1,000", Ok(1000)),
            ("1.5k", Ok(1500)),
            ("3 bananas", Err("unhandled size name: bananas".to_owned())),
            ("1ib", Err("unhandled size name: ib".to_owned())),
            ("99e", Err("too large: 99e".to_owned())),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
        assert!(size("").is_err() && size("MB").is_err());
    }

    #[test]
    fn a_rules_file_fills_in_the_defaults() {
        let read = |text: &str| read(text).map(|values| values.join(" "));
        assert_eq!(read("rules:\n  highestWastedBytes: '2kB' # small\n").unwrap(), "0.1 2kB 0.9");
        assert_eq!(read("").unwrap(), "0.1 disabled 0.9");
        assert_eq!(read("rules:\n  lowestEfficiency: 1e0\n").unwrap(), "0.1 disabled 1");
        assert!(read("rules:\n  nonsense\n").unwrap_err().starts_with("line 2: `nonsense`"));
    }
}
