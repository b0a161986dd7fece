//! JSON as corpora use it: UTF-8 without a mark in front, and no field twice in one object (a reader
//! that keeps the last of two would replay something else than what was recorded).

use crate::error::{Error, ErrorKind, Span};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// A file that was found to be JSON. Its cases are made one at a time: a file may be large.
pub(super) struct File<'b> {
    bytes: &'b [u8],
    /// The value; where `cases` is a list, it stands there without its items.
    pub value: Value,
}

/// Reads the bytes of a file, to their end.
///
/// # Errors
/// They are no JSON, with the place; nesting is followed 128 deep.
pub(super) fn read<'b>(name: &str, bytes: &'b [u8]) -> Result<File<'b>, Error> {
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
    let read = through(bytes, Part::File, &mut |_| {});
    read.map(|value| File { bytes, value }).map_err(|error| refusal(name, bytes, &error))
}

impl File<'_> {
    /// Hands out each item of the list `cases`, in order.
    pub fn each_case(&self, take: &mut dyn FnMut(Value)) {
        // What was read through once reads through again.
        let _ = through(self.bytes, Part::Items, take);
    }
}

fn through(bytes: &[u8], part: Part, take: &mut dyn FnMut(Value)) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Reader { part, take }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
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

/// What of the text is being read.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// The whole file; of the items of `cases` nothing is kept.
    File,
    /// The whole file; the items of `cases` are handed out.
    Items,
    /// The value of `cases`, items dropped.
    Dropped,
    /// The value of `cases`, items handed out.
    Taken,
    /// A value that is kept.
    Kept,
    /// A value of which nothing is kept.
    Looked,
}

/// Makes a value in which no object has a field twice.
struct Reader<'t> {
    part: Part,
    take: &'t mut dyn FnMut(Value),
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
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
        Ok(if self.part == Part::Looked { Value::Null } else { Value::String(value.to_owned()) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let part = match self.part {
            Part::Looked | Part::Dropped => Part::Looked,
            _ => Part::Kept,
        };
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Reader { part, take: &mut *self.take })? {
            match self.part {
                Part::Taken => (self.take)(item),
                Part::Looked | Part::Dropped => {}
                _ => list.push(item),
            }
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
            let part = match (self.part, key.as_str()) {
                (Part::File, "cases") => Part::Dropped,
                (Part::Items, "cases") => Part::Taken,
                (Part::Looked | Part::Items | Part::Dropped | Part::Taken, _) => Part::Looked,
                _ => Part::Kept,
            };
            let value = fields.next_value_seed(Reader { part, take: &mut *self.take })?;
            // Of what is only looked at, the keys are kept until the object ends.
            object.insert(key, if part == Part::Looked { Value::Null } else { value });
        }
        Ok(Value::Object(object))
    }
}
