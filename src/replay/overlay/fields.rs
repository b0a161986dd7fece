//! Fields of a JSON object, asked for by name. What is missing or of another type is said in words
//! that name the field.

use serde_json::{Map, Value};

/// An object whose fields are read.
#[derive(Clone, Copy)]
pub(super) struct Fields<'v>(&'v Map<String, Value>);

impl<'v> Fields<'v> {
    /// The value as an object; `what` it is stands first in the refusal.
    pub fn of(value: &'v Value, what: &str) -> Result<Fields<'v>, String> {
        value.as_object().map(Fields).ok_or_else(|| format!("{what} is {}, not an object", kind(value)))
    }

    /// All of them, in order.
    pub fn all(&self) -> &'v Map<String, Value> {
        self.0
    }

    /// A field that may be left out.
    pub fn get(&self, key: &str) -> Option<&'v Value> {
        self.0.get(key)
    }

    /// A field that must be there.
    pub fn need(&self, key: &str) -> Result<&'v Value, String> {
        self.get(key).ok_or_else(|| format!("no `{key}`"))
    }

    /// Text.
    pub fn text(&self, key: &str) -> Result<&'v str, String> {
        let value = self.need(key)?;
        value.as_str().ok_or_else(|| wrong(key, "text", value))
    }

    /// Text that the kernel takes as a C string: no NUL.
    pub fn string(&self, key: &str) -> Result<&'v str, String> {
        let text = self.text(key)?;
        match text.contains('\0') {
            true => Err(format!("`{key}` has a NUL character, which no system call can take")),
            false => Ok(text),
        }
    }

    /// A list.
    pub fn list(&self, key: &str) -> Result<&'v [Value], String> {
        let value = self.need(key)?;
        value.as_array().map(Vec::as_slice).ok_or_else(|| wrong(key, "a list", value))
    }

    /// A field that holds an object.
    pub fn object(&self, key: &str) -> Result<Fields<'v>, String> {
        let value = self.need(key)?;
        value.as_object().map(Fields).ok_or_else(|| wrong(key, "an object", value))
    }

    /// True or false.
    pub fn bool(&self, key: &str) -> Result<bool, String> {
        let value = self.need(key)?;
        value.as_bool().ok_or_else(|| wrong(key, "true or false", value))
    }

    /// True or false, false when left out.
    pub fn flag(&self, key: &str) -> Result<bool, String> {
        if self.get(key).is_none() { Ok(false) } else { self.bool(key) }
    }

    /// A whole number in this range.
    pub fn number(&self, key: &str, least: i64, most: i64) -> Result<i64, String> {
        let value = self.need(key)?;
        let number = value.as_i64().filter(|number| (least..=most).contains(number));
        let want = || format!("a whole number from {least} to {most}");
        number.ok_or_else(|| match value {
            Value::Number(number) => format!("`{key}` must be {}, not {number}", want()),
            other => wrong(key, &want(), other),
        })
    }

    /// Permission bits in octal: `0644`, `4755`.
    pub fn mode(&self, key: &str) -> Result<u16, String> {
        let text = self.text(key)?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let mode = u16::from_str_radix(text, 8).ok().filter(|mode| digits && *mode <= 0o7777);
        mode.ok_or_else(|| format!("`{key}` must be octal text up to 7777, not `{}`", cut(text)))
    }

    /// The numbers of a device: `[major, minor]`.
    pub fn device(&self, key: &str) -> Result<(u32, u32), String> {
        let number = |value: &Value, most: u32| {
            value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|number| *number <= most)
        };
        // include/linux/kdev_t.h: 12 bits and 20 bits.
        match self.list(key)? {
            [major, minor] => number(major, 0xfff).zip(number(minor, 0xf_ffff)),
            _ => None,
        }
        .ok_or_else(|| format!("`{key}` must be [major, minor], up to 4095 and 1048575"))
    }
}

/// "`mode` must be text, not a number".
pub(super) fn wrong(key: &str, want: &str, got: &Value) -> String {
    format!("`{key}` must be {want}, not {}", kind(got))
}

/// What a value is, with its article.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Text short enough for a line; control characters are written out.
pub(super) fn cut(text: &str) -> String {
    let mut shown = String::new();
    for (at, character) in text.chars().enumerate() {
        match character {
            _ if at == 80 => {
                shown.push('…');
                break;
            }
            control if control.is_control() => shown.extend(control.escape_debug()),
            other => shown.push(other),
        }
    }
    shown
}
