//! The image's config and history, as the OCI image spec (`config.md`) and Docker have them.

use indexmap::IndexMap;
use rpds::VectorSync;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// `HEALTHCHECK`, durations in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Health {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]`.
    #[serde(default)]
    pub test: Vec<String>,
    /// Nanoseconds; 0 is unset.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interval: i64,
    /// Nanoseconds; 0 is unset.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub timeout: i64,
    /// Nanoseconds; 0 is unset.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_period: i64,
    /// Nanoseconds; 0 is unset. Not in 20.10.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_interval: i64,
    /// 0 is unset.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: i64,
}

fn is_zero(n: &i64) -> bool {
    *n == 0
}

/// What a container of the image is started with. Field order and names are Docker's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Config {
    /// `USER`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// `EXPOSE`: `80/tcp` …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exposed_ports: Vec<String>,
    /// `ENV`: `NAME=value`, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// `CMD`; none is not the same as an empty list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// `HEALTHCHECK`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Health>,
    /// Set by BuildKit's CMD.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub args_escaped: bool,
    /// `VOLUME`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// `WORKDIR`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// `ENTRYPOINT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// `ONBUILD` triggers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_build: Vec<String>,
    /// `LABEL`.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub labels: IndexMap<String, String>,
    /// `STOPSIGNAL`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stop_signal: String,
    /// `SHELL`; none means `/bin/sh -c`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<Vec<String>>,
}

/// One line of an image's history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// Unix seconds.
    pub created: i64,
    /// `MAINTAINER`, `docker commit -a`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// What made it, in the builder's own spelling.
    pub created_by: String,
    /// `buildkit.dockerfile.v0`, `Imported from -` …
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// No layer belongs to it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

/// The lab's clock: 2024-01-01T00:00:00Z.
pub(super) const EPOCH: i64 = 1_704_067_200;

/// The config JSON whose SHA-256 is the image's id: OCI image spec `config.md` with Docker's additions
/// in `config`, keys in the order of Go's structs (moby `daemon/internal/image/image.go`).
pub fn config_json(image: &super::Image) -> String {
    config_json_after(image, &mut HistoryJson::default()).concat()
}

/// The history's JSON as far as it was written for an image below: a build with a thousand steps writes each
/// entry once.
#[derive(Clone, Debug, Default)]
pub struct HistoryJson {
    entries: usize,
    text: String,
}

impl HistoryJson {
    /// Writes the entries that are new. What was written before is taken to be the same.
    fn write(&mut self, history: &VectorSync<History>) -> &str {
        for entry in (self.entries..history.len()).filter_map(|at| history.get(at)) {
            if self.entries > 0 {
                self.text.push(',');
            }
            self.text.push_str(&history_json(entry).to_string());
            self.entries += 1;
        }
        &self.text
    }
}

/// [`config_json`] of an image on one whose history is in `written`: what comes before the history, the history,
/// and the rest.
pub(super) fn config_json_after<'h>(image: &super::Image, written: &'h mut HistoryJson) -> [Cow<'h, str>; 3] {
    use serde_json::json;
    let mut before = format!("{{\"architecture\":{}", json!(*image.architecture));
    if !image.author.is_empty() {
        before.push_str(&format!(",\"author\":{}", json!(image.author)));
    }
    let (config, created) = (config_text(&image.config), json!(rfc3339(image.created)));
    before.push_str(&format!(",\"config\":{config},\"created\":{created},\"history\":["));
    let diff_ids: Vec<_> = image.layers.iter().map(|layer| json!(layer.diff_id)).collect();
    let rootfs = json!({ "type": "layers", "diff_ids": diff_ids });
    let mut rest = format!("],\"os\":{},\"rootfs\":{rootfs}", json!(*image.os));
    if let Some(cache) = &image.inline_cache {
        // moby/buildkit `exporter/containerimage/exptypes/types.go`, `ExporterInlineCache`.
        rest.push_str(&format!(",\"moby.buildkit.cache.v0\":\"{}\"", base64(cache)));
    }
    if image.placeholder {
        rest.push_str(",\"layerlab.placeholder\":true");
    }
    rest.push('}');
    [before.into(), written.write(&image.history).into(), rest.into()]
}

/// [`docker_config`] as text.
fn config_text(config: &Config) -> String {
    // Only ports and volumes look otherwise than they are kept.
    match config.exposed_ports.is_empty() && config.volumes.is_empty() {
        true => serde_json::to_string(config).unwrap_or_default(),
        false => docker_config(config).to_string(),
    }
}

/// Bytes as JSON of Go's writes them (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let shown = DIGITS[(bits >> (18 - 6 * digit) & 63) as usize];
            text.push(if digit <= three.len() { char::from(shown) } else { '=' });
        }
    }
    text
}

fn history_json(entry: &History) -> serde_json::Value {
    let mut json = serde_json::Map::new();
    json.insert("created".to_owned(), rfc3339(entry.created).into());
    for (key, value) in
        [("author", &entry.author), ("created_by", &entry.created_by), ("comment", &entry.comment)]
    {
        if !value.is_empty() {
            json.insert(key.to_owned(), value.as_str().into());
        }
    }
    if entry.empty_layer {
        json.insert("empty_layer".to_owned(), true.into());
    }
    json.into()
}

/// A config as Docker writes it: ports and volumes are objects, absent fields are left out.
pub fn docker_config(config: &Config) -> serde_json::Value {
    let mut value = serde_json::to_value(config).unwrap_or_default();
    if let Some(map) = value.as_object_mut() {
        for key in ["ExposedPorts", "Volumes"] {
            if let Some(list) = map.get_mut(key)
                && let Some(names) = list.as_array()
            {
                let mut names: Vec<&str> = names.iter().filter_map(|name| name.as_str()).collect();
                names.sort_unstable();
                let object = names.into_iter().map(|name| (name.to_owned(), serde_json::json!({})));
                *list = serde_json::Value::Object(object.collect());
            }
        }
    }
    value
}

/// Unix seconds as `2024-01-01T00:00:00Z` (days to civil date after Howard Hinnant's algorithm).
pub fn rfc3339(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// [`rfc3339`] read back: `2024-02-29T12:34:56.5+01:00` with or without a fraction, which is cut.
pub fn unix_seconds(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| text.as_bytes().get(*at) != Some(mark)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days =
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone.as_bytes().first() {
        Some(sign @ (b'+' | b'-')) => {
            let part = |from, to| zone.get(from..to)?.parse::<i64>().ok();
            let seconds = part(1, 3)? * 3600 + part(4, 6)? * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => 0,
    };
    Some(days * 86_400 + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)? - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_base64() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn times_are_written_as_go_writes_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (EPOCH, "2024-01-01T00:00:00Z"),
            (1_709_210_096, "2024-02-29T12:34:56Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
            assert_eq!(unix_seconds(text), Some(seconds));
        }
        assert_eq!(unix_seconds("2024-02-29T13:34:56.123456+01:00"), Some(1_709_210_096));
        assert_eq!((unix_seconds("yesterday"), unix_seconds("")), (None, None));
    }

    #[test]
    fn a_config_is_written_as_docker_writes_it() {
        let config = Config {
            exposed_ports: vec!["80/tcp".to_owned(), "443/tcp".to_owned()],
            cmd: Some(vec!["sh".to_owned()]),
            ..Config::default()
        };
        let written = docker_config(&config).to_string();
        assert_eq!(written, r#"{"ExposedPorts":{"443/tcp":{},"80/tcp":{}},"Cmd":["sh"]}"#);
    }
}
