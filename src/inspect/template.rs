//! `--format` templates: Go's `text/template` with docker's functions and Docker's words for errors.

use super::data::Data;
use super::{fault, functions, reading};
use gotmpl::parse::ListNode;
use gotmpl::{MissingKey, TemplateError, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Limits of one execution: rounds of all loops together, and bytes written.
const ROUNDS: u64 = 100_000;
const BYTES: usize = 16 << 20;

/// What a template's data are, which decides how Go words a missing field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The raw JSON of `inspect`, read into maps.
    Json,
    /// A row of a listing: a Go struct of this type, `*image.historyContext`.
    Row(&'static str),
}

/// Why a template failed. The words begin with `template: :LINE`, as Go's do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It could not be read.
    Parse(String),
    /// It could not be executed.
    Execute(String),
}

impl Fault {
    /// As the docker client prints it, with the final newline.
    pub fn message(&self) -> String {
        let (Fault::Parse(words) | Fault::Execute(words)) = self;
        format!("template parsing error: {words}\n")
    }
}

/// A template that was read, with the data it will be executed on.
pub struct Template {
    source: String,
    tree: ListNode,
    template: gotmpl::Template,
    rows: Vec<Value>,
    kind: Kind,
}

impl Template {
    /// Reads a template. The data are needed now: docker's `json` prints a struct's fields in their own
    /// order, which template values don't keep.
    ///
    /// # Errors
    /// [`Fault::Parse`].
    pub fn new(source: &str, data: &[Data], kind: Kind) -> Result<Template, Fault> {
        reading::check(source)?;
        let mut written = Written::default();
        let rows = data.iter().map(|data| written.value(data)).collect();
        let unreadable = |error: TemplateError| fault::parse(&error);
        let parser = gotmpl::parse::Parser::new(source, "{{", "}}").map_err(unreadable)?;
        let (tree, _) = parser.parse().map_err(unreadable)?;
        let template = functions::docker(gotmpl::Template::new(""), Arc::new(written))
            .max_range_iters(ROUNDS)
            .missing_key(MissingKey::Error)
            .parse(source)
            .map_err(unreadable)?;
        Ok(Template { source: source.to_owned(), tree, template, rows, kind })
    }

    /// Executes it on one row of its data.
    ///
    /// # Errors
    /// [`Fault::Execute`].
    pub fn execute(&self, row: usize) -> Result<String, Fault> {
        let Some(dot) = self.rows.get(row) else { return Ok(String::new()) };
        match run(&self.template, dot) {
            Ok(text) => Ok(text),
            Err(TemplateError::MissingKey { key }) if fault::of_a_map(&self.tree, dot, &key) => {
                // A key that a Go map lacks is no error: it prints `<no value>`.
                let lenient = self.template.clone().missing_key(MissingKey::Invalid);
                run(&lenient, dot).map_err(|error| self.fault(&error))
            }
            Err(error) => Err(self.fault(&error)),
        }
    }

    fn fault(&self, error: &TemplateError) -> Fault {
        fault::execute(&self.source, &self.tree, self.kind, error)
    }
}

/// Executes once with the header's names instead of a row: functions give the name back.
///
/// # Errors
/// [`Fault`].
pub fn header(source: &str, names: &[(&str, &str)]) -> Result<String, Fault> {
    let unreadable = |error: TemplateError| fault::parse(&error);
    let template = functions::header(gotmpl::Template::new("")).max_range_iters(ROUNDS);
    let template = template.parse(source).map_err(unreadable)?;
    let names = names.iter().map(|(name, shown)| (Arc::from(*name), Value::String(Arc::from(*shown))));
    run(&template, &Value::Map(Arc::new(names.collect()))).map_err(unreadable)
}

fn run(template: &gotmpl::Template, dot: &Value) -> Result<String, TemplateError> {
    let mut out = Bounded(String::new());
    template.execute_fmt(&mut out, dot)?;
    Ok(out.0)
}

/// Text that refuses to grow beyond the limit.
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > BYTES {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

type Entries = BTreeMap<Arc<str>, Value>;

/// Remembers how each struct, map and nil is written in JSON, by the address of its template value.
#[derive(Default)]
pub struct Written {
    maps: Vec<(Arc<Entries>, String)>,
    nil_lists: Vec<Arc<[Value]>>,
}

impl Written {
    fn value(&mut self, data: &Data) -> Value {
        match data {
            Data::Text(text) => Value::String(Arc::from(text.as_str())),
            Data::Number(number) => Value::Int(*number),
            Data::Flag(flag) => Value::Bool(*flag),
            Data::Nil => Value::Nil,
            Data::List(None) => {
                let nil: Arc<[Value]> = Arc::from(Vec::new());
                self.nil_lists.push(nil.clone());
                Value::List(nil)
            }
            Data::List(Some(list)) => Value::List(list.iter().map(|data| self.value(data)).collect()),
            Data::Map(map) => {
                let entries = map.iter().flatten();
                let entries =
                    entries.map(|(key, value)| (Arc::from(key.as_str()), self.value(value))).collect();
                self.keep(entries, data)
            }
            Data::Struct(fields) => {
                let fields = fields.iter();
                let entries = fields.map(|field| (Arc::from(field.name), self.value(&field.value))).collect();
                self.keep(entries, data)
            }
        }
    }

    fn keep(&mut self, entries: Entries, data: &Data) -> Value {
        let map = Arc::new(entries);
        self.maps.push((map.clone(), data.json().to_string()));
        Value::Map(map)
    }

    /// As Go's `encoding/json` writes it, HTML characters left alone.
    pub fn json(&self, value: &Value) -> String {
        match value {
            Value::Map(map) => match self.maps.iter().find(|(known, _)| Arc::ptr_eq(known, map)) {
                Some((_, written)) => written.clone(),
                None => {
                    let entries =
                        map.iter().map(|(key, value)| format!("{}:{}", quoted(key), self.json(value)));
                    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
                }
            },
            Value::List(list) if self.nil_lists.iter().any(|nil| Arc::ptr_eq(nil, list)) => "null".to_owned(),
            Value::List(list) => {
                format!("[{}]", list.iter().map(|value| self.json(value)).collect::<Vec<_>>().join(","))
            }
            Value::String(text) => quoted(text),
            Value::Bool(flag) => flag.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Uint(number) => number.to_string(),
            Value::Float(number) => serde_json::Value::from(*number).to_string(),
            _ => "null".to_owned(),
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
