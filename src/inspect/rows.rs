//! Listings with `--format`: a default table, `table …`, `json` or any template (docker/cli
//! `cli/command/formatter/formatter.go`).

use super::data::{Data, Field};
use super::template::{Kind, Template, header};
use super::{Printed, table};

/// A listing: its rows, and how Docker prints them when nobody says.
pub(super) struct Listing<'a> {
    /// Fields and what stands above their columns.
    pub(super) heads: &'a [(&'a str, &'a str)],
    /// The template of the default table, without `table`.
    pub(super) table: &'a str,
    /// What `-q` prints, unless there is a format.
    pub(super) quiet: Option<&'a str>,
    /// Go's name of a row's type.
    pub(super) kind: &'static str,
}

/// A row: texts by field.
pub(super) fn row(fields: Vec<(&'static str, String)>) -> Data {
    let mut fields: Vec<Field> =
        fields.into_iter().map(|(name, text)| Field::new(name, Data::text(text))).collect();
    // Rows are marshalled through a map, so their JSON is in the order of the names.
    fields.sort_by_key(|field| field.name);
    Data::Struct(fields)
}

impl Listing<'_> {
    /// Prints rows. A bad template prints nothing but its error and exits 1.
    pub(super) fn print(&self, rows: &[Data], format: Option<&str>) -> Printed {
        let format = format.unwrap_or("table");
        let (tabular, source) = match (format, self.quiet) {
            ("table" | "", Some(quiet)) => (false, quiet),
            ("table" | "", None) => (true, self.table),
            ("json", _) => (false, "{{json .}}"),
            _ => match format.strip_prefix("table") {
                Some(rest) => (true, rest),
                None => (false, format),
            },
        };
        let source = source.trim_matches(' ').replace("\\t", "\t").replace("\\n", "\n");
        match self.fill(&source, rows, tabular) {
            Ok(text) if tabular => Printed::out(table::align(&text)),
            Ok(text) => Printed::out(text),
            Err(fault) => Printed { out: String::new(), err: fault.message(), exit: 1 },
        }
    }

    fn fill(&self, source: &str, rows: &[Data], tabular: bool) -> Result<String, super::template::Fault> {
        let template = Template::new(source, rows, Kind::Row(self.kind))?;
        let mut text = String::new();
        if tabular {
            text.push_str(&header(source, self.heads)?);
            text.push('\n');
        }
        for row in 0..rows.len() {
            text.push_str(&template.execute(row)?);
            text.push('\n');
        }
        Ok(text)
    }
}
