//! `docker history` (docker/cli `cli/command/image/formatter_history.go`; moby
//! `daemon/images/image_history.go`).

use super::Printed;
use super::data::Data;
use super::rows::{Listing, row};
use super::units::{age, ellipsis, human_size, short_id};
use crate::fs::EPOCH;
use crate::image::{Image, Store, rfc3339};
use serde_json::Value as Json;

/// What `docker history` was asked.
#[derive(Clone, Debug)]
pub struct HistoryOptions {
    /// Whole ids and commands.
    pub no_trunc: bool,
    /// Sizes and times for people; else bytes and dates.
    pub human: bool,
    /// Ids only.
    pub quiet: bool,
    /// `--format`.
    pub format: Option<String>,
}

impl Default for HistoryOptions {
    fn default() -> HistoryOptions {
        HistoryOptions { no_trunc: false, human: true, quiet: false, format: None }
    }
}

const HEADS: [(&str, &str); 6] = [
    ("ID", "IMAGE"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("CreatedBy", "CREATED BY"),
    ("Size", "SIZE"),
    ("Comment", "COMMENT"),
];

const HUMAN: &str = "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}";
const PLAIN: &str = "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}";

/// Prints the history of an image, newest first. Ages are seen from the lab's clock.
pub fn history(images: &Store, image: &Image, options: &HistoryOptions) -> Printed {
    let rows: Vec<Data> = entries(images, image).iter().map(|entry| entry.row(options)).collect();
    let listing = Listing {
        heads: &HEADS,
        table: if options.human { HUMAN } else { PLAIN },
        quiet: options.quiet.then_some("{{.ID}}"),
        kind: "*image.historyContext",
    };
    listing.print(&rows, options.format.as_deref())
}

/// The rows as data, newest first: Docker's fields as `--format json` has them, and `Bytes`.
pub fn history_rows(images: &Store, image: &Image, options: &HistoryOptions) -> Vec<Json> {
    let rows = entries(images, image).into_iter().map(|entry| {
        let mut json = entry.row(options).json();
        if let Some(map) = json.as_object_mut() {
            map.insert("Bytes".to_owned(), entry.bytes.into());
        }
        json
    });
    rows.collect()
}

struct Entry {
    id: String,
    created: i64,
    created_by: String,
    bytes: u64,
    comment: String,
}

impl Entry {
    fn row(&self, options: &HistoryOptions) -> Data {
        let command = self.created_by.replace('\t', " ");
        let whole = options.no_trunc;
        row(vec![
            ("ID", if whole { self.id.clone() } else { short_id(&self.id).to_owned() }),
            ("CreatedSince", age(self.created, EPOCH)),
            ("CreatedAt", rfc3339(self.created)),
            ("CreatedBy", if whole { command } else { ellipsis(&command, 45) }),
            ("Size", if options.human { human_size(self.bytes, 3) } else { self.bytes.to_string() }),
            ("Comment", self.comment.clone()),
        ])
    }
}

/// Newest first. Ids follow the chain of local parents, one entry each: the legacy builder keeps an
/// image for every step; where the chain ends, `<missing>`.
fn entries(images: &Store, image: &Image) -> Vec<Entry> {
    let mut entries: Vec<Entry> = image
        .history_layers()
        .map(|(entry, layer)| Entry {
            id: "<missing>".to_owned(),
            created: entry.created,
            created_by: entry.created_by.clone(),
            bytes: layer.map_or(0, |layer| layer.size),
            comment: entry.comment.clone(),
        })
        .collect();
    entries.reverse();
    let (mut id, mut parent) = (Some(image.id), image.parent);
    for entry in &mut entries {
        let Some(this) = id else { break };
        entry.id = this.to_string();
        let found = parent.and_then(|parent| images.by_id(&parent));
        id = found.as_ref().map(|found| found.id);
        parent = found.and_then(|found| found.parent);
    }
    entries
}
