//! JSON as corpora use it: UTF-8 without a mark in front, and no field twice in one object (a reader
//! that keeps the last of two would replay something else than what was recorded).

use crate::error::{Error, ErrorKind, Span};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Reads the bytes of a file.
///
/// # Errors
/// They are no JSON, with the place; nesting is followed 128 deep.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Value, Error> {
    for (mark, what) in [
        (&b"\xef\xbb\xbf"[..], "a byte order mark"),
        (b"\xff\xfe", "the byte order mark of UTF-16"),
        (b"\xfe\xff", "the byte order mark of UTF-16"),
    ] {
        if bytes.starts_with(mark) {
            return Err(Error::new(ErrorKind::Syntax, format!("{name}: not JSON: it begins with {what}"))
                .hint("save it as UTF-8 without a byte order mark"));
        }
    }
    serde_json::from_slice::<Unique>(bytes).map(|read| read.0).map_err(|error| refusal(name, bytes, &error))
}

fn refusal(name: &str, bytes: &[u8], error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let message = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    // Corpus files have very long lines: the mark alone would not fit on a screen.
    let found = bytes.split(|byte| *byte == b'\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let shown = if found.len() > 200 { String::new() } else { String::from_utf8_lossy(found).into_owned() };
    let (line, column) = (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX));
    let mut span = Span::locate_in(name, &shown, line, column, 1);
    span.column = column.max(1);
    let message = if error.is_data() { message.to_owned() } else { format!("not JSON: {message}") };
    Error::new(ErrorKind::Syntax, message).at(span).hint("a corpus file is JSON with `format` and `cases`")
}

/// A value in which no object has a field twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unique, D::Error> {
        deserializer.deserialize_any(Reader).map(Unique)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            if object.contains_key(&key) {
                let key: String = key.chars().take(80).collect();
                return Err(A::Error::custom(format!("`{key}` stands twice in one object")));
            }
            let Unique(value) = fields.next_value()?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
