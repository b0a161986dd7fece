//! The functions docker adds to Go's templates (docker/cli `templates/templates.go`).

use super::template::Written;
use gotmpl::{Template, TemplateError, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Their names.
pub const NAMES: [&str; 8] = ["json", "split", "join", "title", "lower", "upper", "pad", "truncate"];

/// Blanks that `pad` adds at most on either side.
const WIDEST: i64 = 10_000;

/// Bytes that all functions together may make in one template: a text that doubles itself in a loop
/// must end.
const BYTES: u64 = 64 << 20;

/// Go's own functions that can make a text longer.
const GROWING: [&str; 6] = ["print", "println", "printf", "html", "js", "urlquery"];

/// Adds docker's functions, and an `index` that knows Go's zero values.
pub fn docker(template: Template, written: Arc<Written>) -> Template {
    let budget = Arc::new(AtomicU64::new(BYTES));
    let template = GROWING.iter().fold(template, |template, name| {
        let budget = budget.clone();
        template.func(name, move |args| {
            spend(&budget, growth(name, args))?;
            built_in(name, args)
        })
    });
    let (for_json, for_join) = (budget.clone(), budget);
    template
        .func("json", move |args| {
            let json = written.json(only("json", args)?);
            spend(&for_json, json.len() as u64)?;
            Ok(text(json))
        })
        .func("split", |args| {
            let [whole, separator] = both("split", args)?;
            let (whole, separator) = (string(whole)?, string(separator)?);
            let parts: Vec<Value> = match separator {
                "" => whole.chars().map(|c| text(c.to_string())).collect(),
                _ => whole.split(separator).map(text).collect(),
            };
            Ok(Value::List(parts.into()))
        })
        .func("join", move |args| {
            let [list, separator] = both("join", args)?;
            let separators = list.len().unwrap_or(0) as u64;
            spend(&for_join, size(list).saturating_add(size(separator).saturating_mul(separators)))?;
            let parts = match list {
                Value::List(list) => list.iter().map(|part| string(part)).collect::<Result<Vec<_>, _>>()?,
                Value::Map(map) => {
                    let mut values = map.values().map(string).collect::<Result<Vec<_>, _>>()?;
                    values.sort_unstable();
                    values
                }
                other => return Err(mismatch("[]string", other)),
            };
            Ok(text(parts.join(string(separator)?)))
        })
        .func("title", |args| Ok(text(title(string(only("title", args)?)?))))
        .func("lower", |args| Ok(text(string(only("lower", args)?)?.to_lowercase())))
        .func("upper", |args| Ok(text(string(only("upper", args)?)?.to_uppercase())))
        .func("pad", |args| {
            let [whole, before, after] = args else { return Err(count("pad", 3, args)) };
            let whole = string(whole)?;
            let blanks = |n: &Value| " ".repeat(n.as_int().unwrap_or(0).clamp(0, WIDEST) as usize);
            if whole.is_empty() {
                return Ok(text(""));
            }
            Ok(text(format!("{}{whole}{}", blanks(before), blanks(after))))
        })
        .func("truncate", |args| {
            let [whole, length] = both("truncate", args)?;
            let (whole, length) = (string(whole)?, length.as_int().unwrap_or(0).max(0) as usize);
            if whole.len() < length {
                return Ok(text(whole));
            }
            // Go cuts bytes; a character that is cut in two prints as the replacement character.
            Ok(text(String::from_utf8_lossy(&whole.as_bytes()[..length]).into_owned()))
        })
        .func("index", |args| {
            let Some((whole, keys)) = args.split_first() else { return Err(count("index", 1, args)) };
            keys.iter().try_fold(whole.clone(), |value, key| match (value.index(key)?, &value) {
                // Labels are Go's only maps to strings here: the zero value is the empty string.
                (Value::Nil, Value::Map(_)) => Ok(text("")),
                (found, _) => Ok(found),
            })
        })
}

/// Draws on the budget before the bytes are made.
fn spend(budget: &AtomicU64, bytes: u64) -> Result<(), TemplateError> {
    let less = |left: u64| left.checked_sub(bytes.saturating_add(16));
    match budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
        Ok(_) => Ok(()),
        Err(_) => Err(TemplateError::Exec(format!("the template makes more than {BYTES} bytes"))),
    }
}

/// At most how many bytes a function makes of its arguments.
fn growth(name: &str, args: &[Value]) -> u64 {
    let all = args.iter().map(size).fold(0, u64::saturating_add);
    // Escaping makes up to six bytes of one.
    let once = all.saturating_mul(6);
    match args.first().and_then(Value::as_str) {
        Some(format) if name == "printf" => {
            let verbs = format.bytes().filter(|byte| *byte == b'%').count() as u64;
            let numbers = format.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u64>().ok());
            let width = numbers.max().unwrap_or(if format.contains('*') { 65_535 } else { 0 }).min(65_535);
            once.saturating_add(width).saturating_mul(verbs + 1)
        }
        _ => once,
    }
}

/// Bytes of a value's texts.
fn size(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::List(list) => list.iter().map(size).fold(2, u64::saturating_add),
        Value::Map(map) => {
            map.iter().map(|(key, value)| key.len() as u64 + size(value)).fold(5, u64::saturating_add)
        }
        _ => 24,
    }
}

/// Calls one of the engine's own functions, which it does not hand out otherwise.
fn built_in(name: &str, args: &[Value]) -> Result<Value, TemplateError> {
    let names = (0..args.len()).map(|n| (Arc::from(format!("A{n}")), args[n].clone()));
    let call: String = (0..args.len()).map(|n| format!(" .A{n}")).collect();
    let dot = Value::Map(Arc::new(names.collect()));
    Template::new("").parse(&format!("{{{{{name}{call}}}}}"))?.execute_to_string(&dot).map(text)
}

/// The same functions for a header: a name stays a name (docker/cli `templates.go`,
/// `HeaderFunctions`).
pub fn header(template: Template) -> Template {
    NAMES.iter().filter(|name| **name != "pad").fold(template, |template, name| {
        template.func(name, |args| {
            Ok(args.iter().find(|arg| arg.as_str().is_some()).cloned().unwrap_or(Value::Nil))
        })
    })
}

fn text(text: impl Into<Arc<str>>) -> Value {
    Value::String(text.into())
}

fn string(value: &Value) -> Result<&str, TemplateError> {
    value.as_str().ok_or_else(|| mismatch("string", value))
}

fn mismatch(expected: &'static str, got: &Value) -> TemplateError {
    TemplateError::TypeMismatch { expected, got: got.type_name() }
}

fn count(name: &str, expected: usize, args: &[Value]) -> TemplateError {
    TemplateError::ArgCount { name: name.to_owned(), expected, got: args.len() }
}

fn only<'a>(name: &str, args: &'a [Value]) -> Result<&'a Value, TemplateError> {
    match args {
        [only] => Ok(only),
        _ => Err(count(name, 1, args)),
    }
}

fn both<'a>(name: &str, args: &'a [Value]) -> Result<[&'a Value; 2], TemplateError> {
    match args {
        [first, second] => Ok([first, second]),
        _ => Err(count(name, 2, args)),
    }
}

/// Go's `strings.Title`: a capital after everything that is no letter, digit or underscore.
fn title(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins {
            titled.extend(c.to_uppercase());
        } else {
            titled.push(c);
        }
        begins = !(c.is_alphanumeric() || c == '_' || c == '\'');
    }
    titled
}
