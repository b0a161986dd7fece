//! Contents as the corpus writes them.

use serde_json::{Map, Value, json};

/// Longer contents are written as runs.
const MAX_TEXT: usize = 512;

/// The bytes that `data`, `size` + `fill` or `runs` describe. None: there are none of them.
pub fn bytes(object: &Map<String, Value>) -> Option<Vec<u8>> {
    let first = |text: &Value| text.as_str().and_then(|text| text.bytes().next()).unwrap_or(0);
    let count = |number: Option<&Value>| number.and_then(Value::as_u64).unwrap_or(0) as usize;
    if let Some(data) = object.get("data") {
        return Some(data.as_str().unwrap_or_default().as_bytes().to_vec());
    }
    if let Some(runs) = object.get("runs").and_then(Value::as_array) {
        return Some(runs.iter().flat_map(|run| vec![first(&run[0]); count(run.get(1))]).collect());
    }
    object.get("fill").map(|fill| vec![first(fill); count(object.get("size"))])
}

/// The fields of an entry that holds these bytes.
pub fn fields(bytes: &[u8]) -> Map<String, Value> {
    if bytes.len() <= MAX_TEXT {
        return Map::from_iter([("data".to_owned(), json!(String::from_utf8_lossy(bytes)))]);
    }
    let mut runs: Vec<(String, usize)> = Vec::new();
    for byte in bytes {
        let text = char::from(*byte).to_string();
        match runs.last_mut() {
            Some((last, count)) if *last == text => *count += 1,
            _ => runs.push((text, 1)),
        }
    }
    match &runs[..] {
        [(fill, size)] => {
            Map::from_iter([("size".to_owned(), json!(size)), ("fill".to_owned(), json!(fill))])
        }
        _ => Map::from_iter([("runs".to_owned(), json!(runs))]),
    }
}

/// A result of reading: text, or an object for long contents.
pub fn value(bytes: &[u8]) -> Value {
    let mut fields = fields(bytes);
    fields.remove("data").unwrap_or(Value::Object(fields))
}
