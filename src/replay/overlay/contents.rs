//! Contents as the corpus writes them: text, `size` + `fill`, or `runs`.

use crate::fs::{Contents, Piece};
use serde_json::{Map, Value, json};

/// Longer text is written as runs.
const MAX_TEXT: u64 = 512;

/// Reads `data`, `size` + `fill` or `runs` from an object. None: it has none of them.
pub(super) fn read(object: &Value) -> Result<Option<Contents>, String> {
    if let Some(data) = object.get("data") {
        let text = data.as_str().ok_or("`data` is no text")?;
        return Ok(Some(Contents::text(text)));
    }
    if let Some(runs) = object.get("runs") {
        let runs = runs.as_array().ok_or("`runs` is no list")?;
        let pieces: Option<Vec<Piece>> = runs.iter().map(run).collect();
        return sized(Contents::from_pieces(pieces.ok_or("`runs` has pairs [character, count]")?)).map(Some);
    }
    if let Some(fill) = object.get("fill") {
        let byte = byte(fill).ok_or("`fill` is one character")?;
        let size = object.get("size").and_then(Value::as_u64).ok_or("`fill` needs `size`")?;
        return sized(Contents::fill(byte, size)).map(Some);
    }
    Ok(None)
}

/// No file is larger than a signed 64-bit number says.
fn sized(contents: Contents) -> Result<Contents, String> {
    match i64::try_from(contents.len()) {
        Ok(_) => Ok(contents),
        Err(_) => Err("more bytes than a file can have".to_owned()),
    }
}

fn run(pair: &Value) -> Option<Piece> {
    let pair = pair.as_array()?;
    Some(Piece::Fill { byte: byte(pair.first()?)?, len: pair.get(1)?.as_u64()? })
}

fn byte(text: &Value) -> Option<u8> {
    match text.as_str()?.as_bytes() {
        [byte] => Some(*byte),
        _ => None,
    }
}

/// Contents as a result of `read`: text, or an object for long ones.
pub(super) fn value(contents: &Contents) -> Value {
    match text(contents) {
        Some(text) => json!(text),
        None => Value::Object(long(contents)),
    }
}

/// Adds contents to a tree's entry.
pub(super) fn write(contents: &Contents, entry: &mut Map<String, Value>) {
    match text(contents) {
        Some(text) => {
            entry.insert("data".to_owned(), json!(text));
        }
        None => entry.extend(long(contents)),
    }
}

fn text(contents: &Contents) -> Option<String> {
    let bytes = contents.to_bytes(MAX_TEXT)?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn long(contents: &Contents) -> Map<String, Value> {
    let mut object = Map::new();
    let runs = runs(contents);
    match &runs[..] {
        [(byte, len)] => {
            object.insert("size".to_owned(), json!(len));
            object.insert("fill".to_owned(), json!(char::from(*byte).to_string()));
        }
        _ => {
            let runs = runs.iter().map(|(byte, len)| json!([char::from(*byte).to_string(), len]));
            object.insert("runs".to_owned(), runs.collect());
        }
    }
    object
}

/// Equal neighbours counted; a fill of any length costs nothing.
fn runs(contents: &Contents) -> Vec<(u8, u64)> {
    let mut runs: Vec<(u8, u64)> = Vec::new();
    let mut add = |byte: u8, len: u64| match runs.last_mut() {
        Some((last, count)) if *last == byte => *count += len,
        _ => runs.push((byte, len)),
    };
    for piece in contents.pieces() {
        match piece {
            Piece::Fill { byte, len } => add(*byte, *len),
            Piece::Bytes(bytes) => bytes.iter().for_each(|byte| add(*byte, 1)),
            seeded @ Piece::Seeded { .. } => Contents::from_pieces(vec![seeded.clone()])
                .for_each_chunk(&mut |chunk| chunk.iter().for_each(|byte| add(*byte, 1))),
        }
    }
    runs
}
