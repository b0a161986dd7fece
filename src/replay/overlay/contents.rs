//! Contents as the corpus writes them: text, `size` + `fill`, or `runs`.

use super::fields::Fields;
use crate::fs::{Contents, Piece};
use serde_json::{Map, Value, json};

/// Longer text is written as runs.
const MAX_TEXT: u64 = 512;

/// Reads `data`, `size` + `fill` or `runs` from an object. None: it has none of them.
pub(super) fn read(fields: Fields<'_>) -> Result<Option<Contents>, String> {
    if fields.get("data").is_some() {
        return fields.text("data").map(|text| Some(Contents::text(text)));
    }
    if fields.get("runs").is_some() {
        let pieces: Option<Vec<Piece>> = fields.list("runs")?.iter().map(run).collect();
        let pieces = pieces.ok_or("`runs` must be a list of pairs [character, count]")?;
        return sized("runs", pieces).map(Some);
    }
    if fields.get("fill").is_some() {
        let byte = byte(fields.need("fill")?).ok_or("`fill` must be one ASCII character")?;
        let len = fields.number("size", 0, i64::MAX)?.unsigned_abs();
        return sized("size", vec![Piece::Fill { byte, len }]).map(Some);
    }
    Ok(None)
}

/// No file is larger than a signed 64-bit number says.
fn sized(key: &str, pieces: Vec<Piece>) -> Result<Contents, String> {
    let total = pieces.iter().try_fold(0u64, |sum, piece| match piece {
        Piece::Fill { len, .. } => sum.checked_add(*len),
        _ => Some(sum),
    });
    match total.map(i64::try_from) {
        Some(Ok(_)) => Ok(Contents::from_pieces(pieces)),
        _ => Err(format!("`{key}`: more bytes than a file can have")),
    }
}

fn run(pair: &Value) -> Option<Piece> {
    match pair.as_array()?.as_slice() {
        [character, count] => Some(Piece::Fill { byte: byte(character)?, len: count.as_u64()? }),
        _ => None,
    }
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
            other @ (Piece::Seeded(_) | Piece::Stored { .. }) => Contents::from_pieces(vec![other.clone()])
                .for_each_chunk(&mut |chunk| chunk.iter().for_each(|byte| add(*byte, 1))),
        }
    }
    runs
}
