//! An image's config JSON, read (OCI image spec `config.md`, with Docker's additions).

use super::{broken, parts};
use crate::error::Error;
use crate::fs::Digest;
use crate::image::Image;
use crate::image::config::{Config, History, unix_seconds};
use serde_json::Value;

/// What a config says.
pub(super) struct Read {
    /// Without layers and id.
    pub(super) image: Image,
    /// Bottom first.
    pub(super) diff_ids: Vec<Digest>,
}

/// Reads a config.
pub(super) fn read(part: &str, bytes: &[u8]) -> Result<Read, Error> {
    let value = parts::json(part, bytes)?;
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let created = |value: &Value| unix_seconds(&text(value, "created")).unwrap_or(0);
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let ids = list(value.get("rootfs").and_then(|rootfs| rootfs.get("diff_ids")));
    let diff_id = |id: &Value| {
        let digest = id.as_str().filter(|id| id.starts_with("sha256:")).and_then(Digest::parse);
        digest.ok_or_else(|| broken(part, "a diff id is no sha256 digest"))
    };
    let entries = list(value.get("history"));
    let history = entries.iter().map(|entry| History {
        created: created(entry),
        author: text(entry, "author"),
        created_by: text(entry, "created_by"),
        comment: text(entry, "comment"),
        empty_layer: entry.get("empty_layer") == Some(&Value::Bool(true)),
    });
    let config = config(value.get("config").unwrap_or(&Value::Null));
    let or = |text: String, default: &str| if text.is_empty() { default.to_owned() } else { text };
    Ok(Read {
        diff_ids: ids.iter().map(diff_id).collect::<Result<_, _>>()?,
        image: Image {
            config: config.map_err(|error| broken(part, &format!("its config can't be read: {error}")))?,
            history: history.collect(),
            created: created(&value),
            author: text(&value, "author"),
            architecture: or(text(&value, "architecture"), "amd64").into(),
            os: or(text(&value, "os"), "linux").into(),
            ..Image::default()
        },
    })
}

/// Docker's form has objects for ports and volumes, and null for what is absent.
fn config(value: &Value) -> Result<Config, serde_json::Error> {
    let mut fields = value.as_object().cloned().unwrap_or_default();
    fields.retain(|_, value| !value.is_null());
    for key in ["ExposedPorts", "Volumes"] {
        if let Some(set) = fields.get_mut(key)
            && let Some(names) = set.as_object()
        {
            let mut names: Vec<String> = names.keys().cloned().collect();
            names.sort_unstable();
            *set = names.into();
        }
    }
    serde_json::from_value(fields.into())
}
