//! What Docker's Go programs hand to a template or to JSON, with the types that decide how it prints.

use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A Go value: absent lists and maps print as empty and are `null` in JSON, structs keep the order of
/// their fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// A string.
    Text(String),
    /// An integer.
    Number(i64),
    /// A boolean.
    Flag(bool),
    /// A slice; none is a nil slice.
    List(Option<Vec<Data>>),
    /// A map with string keys; none is a nil map.
    Map(Option<BTreeMap<String, Data>>),
    /// A struct.
    Struct(Vec<Field>),
    /// A nil pointer.
    Nil,
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in Go and in JSON.
    pub name: &'static str,
    /// Its value.
    pub value: Data,
    /// Left out of JSON when empty (`omitempty`).
    pub omit_empty: bool,
}

impl Data {
    /// A string.
    pub fn text(text: impl Into<String>) -> Data {
        Data::Text(text.into())
    }

    /// A list of strings; an empty one is nil.
    pub fn texts<S: AsRef<str>>(texts: &[S]) -> Data {
        let list: Vec<Data> = texts.iter().map(|text| Data::text(text.as_ref())).collect();
        Data::List(if list.is_empty() { None } else { Some(list) })
    }

    /// A map; an empty one is nil.
    pub fn map(entries: impl IntoIterator<Item = (String, Data)>) -> Data {
        let map: BTreeMap<String, Data> = entries.into_iter().collect();
        Data::Map(if map.is_empty() { None } else { Some(map) })
    }

    /// A set as Go spells it: a map to empty structs.
    pub fn set<S: AsRef<str>>(names: &[S]) -> Data {
        Data::map(names.iter().map(|name| (name.as_ref().to_owned(), Data::Struct(Vec::new()))))
    }

    /// A number, as large as Go's int64 holds.
    pub fn number(number: u64) -> Data {
        Data::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// As JSON, in the order Go writes it.
    pub fn json(&self) -> Json {
        match self {
            Data::Text(text) => Json::from(text.as_str()),
            Data::Number(number) => Json::from(*number),
            Data::Flag(flag) => Json::from(*flag),
            Data::Nil | Data::List(None) | Data::Map(None) => Json::Null,
            Data::List(Some(list)) => list.iter().map(Data::json).collect(),
            Data::Map(Some(map)) => {
                Json::Object(map.iter().map(|(key, value)| (key.clone(), value.json())).collect())
            }
            Data::Struct(fields) => {
                let shown = fields.iter().filter(|field| !(field.omit_empty && field.value.is_empty()));
                Json::Object(shown.map(|field| (field.name.to_owned(), field.value.json())).collect())
            }
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Data::Text(text) => text.is_empty(),
            Data::Number(number) => *number == 0,
            Data::Flag(flag) => !flag,
            Data::List(list) => list.as_ref().is_none_or(Vec::is_empty),
            Data::Map(map) => map.as_ref().is_none_or(BTreeMap::is_empty),
            Data::Struct(_) => false,
            Data::Nil => true,
        }
    }
}

impl Field {
    /// A field that is always written.
    pub fn new(name: &'static str, value: Data) -> Field {
        Field { name, value, omit_empty: false }
    }

    /// A field that is left out of JSON when empty.
    pub fn optional(name: &'static str, value: Data) -> Field {
        Field { name, value, omit_empty: true }
    }
}
