//! A YAML document as a tree whose every key and value knows its place.
//!
//! The parser is the crate serde-saphyr: aliases and merge keys (`<<`) are resolved by it, and what they
//! blow up to is bounded.

use crate::error::{Error, ErrorKind, Span};
use crate::trace::Trace;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Options, Spanned};
use std::fmt;
use std::sync::Arc;

/// Bytes of the largest compose file, before aliases.
pub const MOST_BYTES: usize = 1 << 20;
/// Nodes of a document, aliases written out.
const MOST_NODES: usize = 50_000;
/// Mappings and lists inside each other.
const MOST_DEPTH: usize = 32;

/// A file's name and text, to show lines of.
#[derive(Debug)]
pub struct Text {
    /// As it was named.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// Where something stands.
#[derive(Clone, Debug)]
pub struct Place {
    file: Arc<Text>,
    line: u32,
    column: u32,
}

impl Place {
    /// The beginning of a file.
    pub fn start(file: &Arc<Text>) -> Place {
        Place { file: file.clone(), line: 1, column: 1 }
    }

    /// With this many characters marked.
    pub fn span(&self, width: usize) -> Span {
        let width = u32::try_from(width).unwrap_or(u32::MAX).max(1);
        Span::locate(&self.file.name, &self.file.text, self.line, self.column, width)
    }

    /// Line and column, to sort places of one file by.
    pub fn position(&self) -> (u32, u32) {
        (self.line, self.column)
    }

    /// "compose.yaml:3:5".
    pub fn shown(&self) -> String {
        format!("{}:{}:{}", self.file.name, self.line, self.column)
    }
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub at: Place,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What.
    pub value: Value,
    /// Where.
    pub at: Place,
}

/// A value, by the core schema of YAML 1.2; only `true` and `false` are booleans, as for compose.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as YAML writes it.
    Number(String),
    /// Anything else.
    Text(String),
}

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// No list, no mapping.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<(Key, Node)>),
}

impl Node {
    /// An error about this value.
    pub fn error(&self, message: impl Into<String>) -> Error {
        let width = match &self.value {
            Value::Scalar(Scalar::Text(text) | Scalar::Number(text)) => text.chars().count(),
            Value::Scalar(Scalar::Bool(flag)) => 5 - usize::from(*flag),
            _ => 1,
        };
        Error::new(ErrorKind::Usage, message).at(self.at.span(width))
    }
}

impl Key {
    /// An error about this key.
    pub fn error(&self, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage, message).at(self.at.span(self.text.chars().count()))
    }
}

/// Reads a document.
///
/// # Errors
/// Too long, no text, no YAML, or more than the limits allow; each with line and column where there is one.
pub fn parse(name: &str, bytes: &[u8], t: &mut Trace) -> Result<(Arc<Text>, Node), Error> {
    let failed = |message: String| Error::new(ErrorKind::Syntax, message);
    if bytes.len() > MOST_BYTES {
        return Err(Error::new(ErrorKind::Limit, format!("{name} has more than {MOST_BYTES} bytes")));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.get(..error.valid_up_to()).unwrap_or_default().split(|b| *b == b'\n').count();
        failed(format!("{name} is no text: line {line} has bytes that are not UTF-8"))
    })?;
    let file = Arc::new(Text { name: name.to_owned(), text: text.to_owned() });
    // Reading draws on what the line may use; so does what aliases multiply.
    t.fuel.spend(bytes.len() as u64 / 16 + 1);
    let read = serde_saphyr::from_str_with_options::<Raw>(text, options());
    let raw = read.map_err(|error| wrong(&file, &error))?;
    let mut nodes = 0;
    let node = raw.placed(&file, &mut nodes);
    if !t.fuel.spend(nodes) {
        return Err(Error::new(ErrorKind::Limit, format!("{name} took more than this line may use")));
    }
    Ok((file, node))
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MOST_NODES,
            max_depth: MOST_DEPTH,
            max_documents: 2,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_merge_keys: 1_000,
            max_total_scalar_bytes: 16 * MOST_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MOST_NODES * 2,
            max_replay_stack_depth: MOST_DEPTH,
            max_alias_expansions_per_anchor: 1_000,
        },
        strict_booleans: true,
        legacy_octal_numbers: true,
        with_snippet: false,
    }
}

fn wrong(file: &Arc<Text>, error: &serde_saphyr::Error) -> Error {
    let at = error.location().filter(|location| location.line() > 0);
    let mut message = error.without_snippet().to_string();
    if let Some(end) = message.rfind(" at line ") {
        message.truncate(end);
    }
    if error.without_snippet().to_string().contains("budget breached")
        || message.starts_with("alias ") && message.contains("exceeded")
    {
        message = format!(
            "it is more than the lab reads, with its aliases written out: {MOST_NODES} values, {MOST_DEPTH} levels"
        );
    }
    // What the parser would have its caller do is no advice for whoever wrote the file.
    if let Some(end) = message.find(", set DuplicateKeyPolicy") {
        message.truncate(end);
    }
    let error =
        Error::new(ErrorKind::Syntax, format!("{} is no YAML that compose reads: {message}", file.name));
    match at {
        Some(location) => {
            let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
            error.at(Span::locate(
                &file.name,
                &file.text,
                small(location.line()),
                small(location.column()),
                1,
            ))
        }
        None => error,
    }
}

// ---- what the parser hands over -------------------------------------------------------------------

struct Raw {
    value: RawValue,
    line: u32,
    column: u32,
}

enum RawValue {
    Scalar(Scalar),
    List(Vec<Raw>),
    Map(Vec<(RawKey, Raw)>),
}

struct RawKey {
    text: String,
    line: u32,
    column: u32,
}

impl Raw {
    fn placed(self, file: &Arc<Text>, nodes: &mut u64) -> Node {
        *nodes += 1;
        let at = Place { file: file.clone(), line: self.line.max(1), column: self.column.max(1) };
        let value = match self.value {
            RawValue::Scalar(scalar) => Value::Scalar(scalar),
            RawValue::List(list) => {
                Value::List(list.into_iter().map(|raw| raw.placed(file, nodes)).collect())
            }
            RawValue::Map(map) => {
                let entry = |(key, raw): (RawKey, Raw)| {
                    let (line, column) = (key.line.max(1), key.column.max(1));
                    let at = Place { file: file.clone(), line, column };
                    (Key { text: key.text, at }, raw.placed(file, nodes))
                };
                Value::Map(map.into_iter().map(entry).collect())
            }
        };
        Node { value, at }
    }
}

fn place<T>(spanned: &Spanned<T>) -> (u32, u32) {
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    (small(spanned.referenced.line()), small(spanned.referenced.column()))
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        let spanned = Spanned::<RawValue>::deserialize(deserializer)?;
        let (line, column) = place(&spanned);
        Ok(Raw { value: spanned.value, line, column })
    }
}

impl<'de> Deserialize<'de> for RawKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawKey, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        let (line, column) = place(&spanned);
        Ok(RawKey { text: spanned.value, line, column })
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawValue, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = RawValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Scalar::Null))
    }

    fn visit_none<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Scalar::Null))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Scalar::Bool(flag)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Scalar::Number(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Scalar::Number(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Scalar::Number(number.to_string())))
    }

    fn visit_str<E>(self, text: &str) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Scalar::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawValue, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(RawValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawValue, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key()? {
            map.push((key, entries.next_value()?));
        }
        Ok(RawValue::Map(map))
    }
}
