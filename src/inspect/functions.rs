//! The functions docker adds to Go's templates (docker/cli `templates/templates.go`).

use super::template::Written;
use gotmpl::{Template, TemplateError, Value};
use std::sync::Arc;

/// Their names.
pub const NAMES: [&str; 8] = ["json", "split", "join", "title", "lower", "upper", "pad", "truncate"];

/// Blanks that `pad` adds at most on either side.
const WIDEST: i64 = 10_000;

/// Adds docker's functions, and an `index` that knows Go's zero values.
pub fn docker(template: Template, written: Arc<Written>) -> Template {
    template
        .func("json", move |args| Ok(text(written.json(only("json", args)?))))
        .func("split", |args| {
            let [whole, separator] = both("split", args)?;
            let (whole, separator) = (string(whole)?, string(separator)?);
            let parts: Vec<Value> = match separator {
                "" => whole.chars().map(|c| text(c.to_string())).collect(),
                _ => whole.split(separator).map(text).collect(),
            };
            Ok(Value::List(parts.into()))
        })
        .func("join", |args| {
            let [list, separator] = both("join", args)?;
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
