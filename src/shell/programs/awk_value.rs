//! `awk`: values, numbers and texts at once.

use super::printf;
use crate::shell::text;

/// A value: a number, a text, or a text from input that counts as a number if it looks like one.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Never set: 0 and "" at once.
    Unset,
    Number(f64),
    Text(String),
    Input(String),
}

impl Value {
    pub(super) fn number(&self) -> f64 {
        match self {
            Value::Unset => 0.0,
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => leading_number(text),
        }
    }

    /// As text; a number by the format (CONVFMT, OFMT) unless it is whole.
    pub(super) fn shown(&self, format: &str) -> String {
        match self {
            Value::Unset => String::new(),
            Value::Number(number) => shown(*number, format),
            Value::Text(text) | Value::Input(text) => text.clone(),
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Value::Unset => false,
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Input(text) if looks_numeric(text) => leading_number(text) != 0.0,
            Value::Input(text) => !text.is_empty(),
        }
    }

    /// Does it compare as a number?
    pub(super) fn numeric(&self) -> bool {
        match self {
            Value::Unset | Value::Number(_) => true,
            Value::Text(_) => false,
            Value::Input(text) => looks_numeric(text),
        }
    }
}

pub(super) fn looks_numeric(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.parse::<f64>().is_ok() && !text.ends_with(|c: char| c.is_ascii_alphabetic())
}

/// The number that a text begins with.
pub(super) fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    // Both awks of images read hexadecimal numbers in texts.
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len()).min(15);
        return u64::from_str_radix(&digits[..end], 16).unwrap_or(0) as f64;
    }
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let mut end = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits(end);
    end += whole;
    let mut any = whole > 0;
    if bytes.get(end) == Some(&b'.') {
        let part = digits(end + 1);
        any |= part > 0;
        end += 1 + part;
    }
    if !any {
        return 0.0;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let power = digits(end + 1 + sign);
        if power > 0 {
            end += 1 + sign + power;
        }
    }
    text.get(..end).unwrap_or("").parse().unwrap_or(0.0)
}

fn shown(number: f64, format: &str) -> String {
    if number == number.trunc() && number.abs() < 9.2e18 {
        return (number as i64).to_string();
    }
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let mut fuel = crate::trace::Fuel::default();
    let printed = printf::format(format, &[number.to_string()], printf::Flavour::Dash, &mut fuel);
    text::decode(&printed.bytes)
}
