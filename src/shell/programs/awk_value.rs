//! `awk`: values, numbers and texts at once.

use super::printf;
use crate::shell::text;

/// A value: a number, a text, or a text from input that counts as a number if it looks like one.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Number(f64),
    Text(String),
    Input(String),
}

impl Value {
    pub(super) fn number(&self) -> f64 {
        match self {
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => leading_number(text),
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Value::Number(number) => shown(*number),
            Value::Text(text) | Value::Input(text) => text.clone(),
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Input(text) if looks_numeric(text) => leading_number(text) != 0.0,
            Value::Input(text) => !text.is_empty(),
        }
    }

    pub(super) fn numeric(&self) -> bool {
        match self {
            Value::Number(_) => true,
            Value::Text(_) => false,
            Value::Input(text) => looks_numeric(text),
        }
    }
}

pub(super) fn looks_numeric(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.parse::<f64>().is_ok() && !text.ends_with(|c: char| c.is_ascii_alphabetic())
}

pub(super) fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let mut end = 0;
    let (mut dot, mut digits) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            '+' | '-' if at == 0 => {}
            '.' if !dot => dot = true,
            c if c.is_ascii_digit() => digits = true,
            _ => break,
        }
        end = at + 1;
    }
    if !digits {
        return 0.0;
    }
    text.get(..end).unwrap_or("").parse().unwrap_or(0.0)
}

pub(super) fn shown(number: f64) -> String {
    if number == number.trunc() && number.abs() < 1e16 {
        return format!("{number:.0}").replace("-0", if number == 0.0 { "0" } else { "-0" });
    }
    let mut fuel = crate::trace::Fuel::default();
    let printed = printf::format("%.6g", &[number.to_string()], printf::Flavour::Dash, &mut fuel);
    text::decode(&printed.bytes)
}
