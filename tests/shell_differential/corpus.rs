//! Recorded lines: what real shells answered, replayed where there is none.

use crate::answer::Answer;
use crate::case::Case;
use serde_json::Value;

const FOLDER: &str = "tests/corpus/shell";

/// All recorded lines with their answers. A file holds one JSON object a line.
pub fn all() -> Vec<(Case, Answer)> {
    let mut files: Vec<_> = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut all = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "jsonl")) {
        for (number, line) in std::fs::read_to_string(file).unwrap().lines().enumerate() {
            let row = serde_json::from_str(line).ok();
            let row = row.as_ref().and_then(read);
            all.push(row.unwrap_or_else(|| panic!("{}:{}: not a case", file.display(), number + 1)));
        }
    }
    all
}

/// One line of a corpus file.
pub fn row(case: &Case, real: &Answer) -> String {
    let mut value = case.to_json();
    if let (Some(fields), Value::Object(answer)) = (value.as_object_mut(), real.to_json()) {
        fields.extend(answer);
    }
    value.to_string()
}

/// Reads what [`row`] wrote.
pub fn read(value: &Value) -> Option<(Case, Answer)> {
    Some((Case::from_json(value)?, Answer::from_json(value)?))
}
