//! `docker inspect`: indented JSON, or a template (docker/cli `cli/command/inspect/inspector.go`).

use super::Printed;
use super::data::Data;
use super::template::{Fault, Kind, Template};
use serde::Serialize;

/// Prints what was found, as a JSON array indented by four blanks or by a template, one line each. A
/// template that can't be read exits 64 and prints nothing; one that fails exits 1 after what was
/// printed so far (an empty line if nothing was).
pub fn inspect(things: &[Data], format: Option<&str>) -> Printed {
    let source = match format {
        None | Some("") | Some("json") => {
            let all: Vec<serde_json::Value> = things.iter().map(Data::json).collect();
            return Printed::out(match format {
                Some("json") => format!("{}\n", serde_json::Value::from(all)),
                _ => indented(&all),
            });
        }
        Some(source) => source,
    };
    let template = match Template::new(source, things, Kind::Json) {
        Ok(template) => template,
        Err(fault) => return Printed { out: String::new(), err: fault.message(), exit: 64 },
    };
    let mut printed = Printed::default();
    for row in 0..things.len() {
        match template.execute(row) {
            Ok(text) => printed.out.push_str(&(text + "\n")),
            Err(fault) => {
                printed.err = fault.message();
                printed.exit = if matches!(fault, Fault::Parse(_)) { 64 } else { 1 };
                break;
            }
        }
    }
    if printed.out.is_empty() {
        printed.out.push('\n');
    }
    printed
}

fn indented(all: &[serde_json::Value]) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    if all.serialize(&mut serializer).is_err() {
        return "[]\n".to_owned();
    }
    out.push(b'\n');
    String::from_utf8(out).unwrap_or_default()
}
