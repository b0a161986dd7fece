//! What yarn and pnpm do alike: reading package.json and picking a script of it.

use crate::shell::call::Call;
use serde_json::{Map, Value};

/// Prints unless told to be silent.
pub(super) fn say(call: &mut Call<'_, '_>, silent: bool, text: &str) {
    if !silent {
        call.out(text);
    }
}

/// A package.json; none when it is no object.
pub(super) fn parsed(source: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(source) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    }
}

/// The script of this name.
pub(super) fn script<'p>(package: &'p Map<String, Value>, name: &str) -> Option<&'p str> {
    package.get("scripts").and_then(|scripts| scripts.get(name)).and_then(Value::as_str)
}

/// A script's line with the words that were typed after its name.
pub(super) fn with_words(line: &str, names: &[String]) -> String {
    names.iter().skip(1).fold(line.to_owned(), |line, word| format!("{line} {word}"))
}
