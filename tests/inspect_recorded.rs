//! Recorded `docker history`, `inspect`, `image ls` and templates, from images rebuilt by their
//! metadata alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Digest, Layer};
use layerlab::image::{Config, Health, History, Image, ImageLayer, Store};
use layerlab::inspect::{self, HistoryOptions, ListOptions};
use serde_json::Value;
use std::sync::Arc;

fn cases() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/docker/analyze");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let json = files.iter().filter(|path| path.extension().is_some_and(|e| e == "json"));
    let read =
        |path: &std::path::PathBuf| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    json.map(|path| (path.display().to_string(), read(path))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Option<Vec<String>> {
    Some(value.as_array()?.iter().map(text).collect())
}

fn keys(value: &Value) -> Vec<String> {
    value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

fn config(value: &Value) -> Config {
    let number = |key: &str| value["Healthcheck"][key].as_i64().unwrap_or(0);
    let labels = value["Labels"].as_object().into_iter().flatten();
    Config {
        user: text(&value["User"]),
        exposed_ports: keys(&value["ExposedPorts"]),
        env: texts(&value["Env"]).unwrap_or_default(),
        cmd: texts(&value["Cmd"]),
        healthcheck: value["Healthcheck"].is_object().then(|| Health {
            test: texts(&value["Healthcheck"]["Test"]).unwrap_or_default(),
            interval: number("Interval"),
            timeout: number("Timeout"),
            start_period: number("StartPeriod"),
            start_interval: number("StartInterval"),
            retries: number("Retries"),
        }),
        args_escaped: value["ArgsEscaped"] == true,
        volumes: keys(&value["Volumes"]),
        working_dir: text(&value["WorkingDir"]),
        entrypoint: texts(&value["Entrypoint"]),
        on_build: texts(&value["OnBuild"]).unwrap_or_default(),
        labels: labels.map(|(key, value)| (key.clone(), text(value))).collect(),
        stop_signal: text(&value["StopSignal"]),
        shell: texts(&value["Shell"]),
    }
}

/// Minutes after 2024-01-01T00:00:00Z, the dates of the recorded images.
fn created(date: &str) -> i64 {
    let minutes: i64 = date.get(14..16).unwrap().parse().unwrap();
    layerlab::fs::EPOCH + minutes * 60
}

/// The image with its layers' digests and sizes, but no files.
fn rebuilt(expect: &Value) -> (Store, Arc<Image>) {
    let inspect = &expect["inspect"];
    let created = created(inspect["Created"].as_str().unwrap());
    let mut diff_ids = inspect["RootFS"]["Layers"].as_array().into_iter().flatten();
    let (mut history, mut layers) = (Vec::new(), Vec::new());
    let rows = expect["history"].as_array().unwrap().iter().zip(expect["history_bytes"].as_array().unwrap());
    let rows: Vec<_> = rows.collect();
    let mut spare = inspect["RootFS"]["Layers"].as_array().unwrap().len();
    spare -= rows.iter().filter(|(_, bytes)| bytes.as_u64() != Some(0)).count();
    for (row, bytes) in rows.into_iter().rev() {
        let bytes = bytes.as_u64().unwrap();
        // Which of the empty entries has a layer doesn't show in any output.
        let has_layer = bytes > 0 || spare > 0;
        spare -= usize::from(bytes == 0 && has_layer);
        if has_layer {
            let diff_id = Digest::parse(diff_ids.next().unwrap().as_str().unwrap()).unwrap();
            layers.push(ImageLayer { layer: Layer::empty(), diff_id, size: bytes, label: "".into() });
        }
        history.push(History {
            created,
            created_by: text(&row["CreatedBy"]),
            comment: text(&row["Comment"]),
            empty_layer: !has_layer,
            ..History::default()
        });
    }
    let id = Digest::parse(inspect["Id"].as_str().unwrap()).unwrap();
    let author = text(&inspect["Author"]);
    let image = Image {
        id,
        config: config(&inspect["Config"]),
        history: history.into_iter().collect(),
        layers,
        created,
        author,
        ..Image::default()
    };
    let mut store = Store::default();
    store.share(Arc::new(image));
    for name in texts(&inspect["RepoTags"]).unwrap() {
        assert!(store.tag(&name, id));
    }
    let image = store.by_id(&id).unwrap();
    (store, image)
}

const TABLE: &str = "table {{.ID}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}";

#[test]
fn history_is_printed_as_recorded() {
    let cases = cases();
    assert!(cases.len() >= 20);
    for (file, case) in cases {
        let expect = &case["expect"];
        let (store, image) = rebuilt(expect);
        let print = |options: HistoryOptions| inspect::history(&store, &image, &options).out;
        let format = |format: &str| Some(format.to_owned());
        let json =
            print(HistoryOptions { no_trunc: true, format: format("{{json .}}"), ..Default::default() });
        let mut rows: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for row in &mut rows {
            row.as_object_mut().unwrap().retain(|key, _| !key.starts_with("Created") || key == "CreatedBy");
        }
        assert_eq!(Value::from(rows), expect["history"], "{file}");
        let plain = HistoryOptions {
            human: false,
            no_trunc: true,
            format: format("{{.Size}}"),
            ..Default::default()
        };
        let bytes: Vec<u64> = print(plain).lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(serde_json::json!(bytes), expect["history_bytes"], "{file}");
        for (key, options) in [
            ("history_table", HistoryOptions { format: format(TABLE), ..Default::default() }),
            (
                "history_table_no_trunc",
                HistoryOptions { format: format(TABLE), no_trunc: true, ..Default::default() },
            ),
            (
                "history_table_bytes",
                HistoryOptions {
                    human: false,
                    format: format("table {{.CreatedBy}}\\t{{.Size}}"),
                    ..Default::default()
                },
            ),
            ("history_quiet", HistoryOptions { quiet: true, ..Default::default() }),
        ] {
            assert_eq!(print(options), expect[key].as_str().unwrap(), "{file} {key}");
        }
    }
}

#[test]
fn inspect_and_listings_are_printed_as_recorded() {
    for (file, case) in cases() {
        let expect = &case["expect"];
        let (store, image) = rebuilt(expect);
        let value = inspect::image_value(&store, &image);
        let printed = inspect::inspect(std::slice::from_ref(&value), None);
        let mut all: Value = serde_json::from_str(&printed.out).unwrap();
        let shown = all[0].as_object_mut().unwrap();
        shown.retain(|key, _| {
            !["GraphDriver", "Metadata", "RepoDigests", "VirtualSize"].contains(&key.as_str())
        });
        assert_eq!(all[0], expect["inspect"], "{file}");
        for (template, want) in expect["templates"].as_object().unwrap() {
            let printed = inspect::inspect(std::slice::from_ref(&value), Some(template));
            assert_eq!(printed.out, text(&want["stdout"]), "{file} {template}");
            assert_eq!(printed.err, text(&want["stderr"]), "{file} {template}");
            assert_eq!(i64::from(printed.exit), want["exit"].as_i64().unwrap_or(0), "{file} {template}");
        }
        let format = Some("table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.Size}}".to_owned());
        let listed = inspect::image_list(&store, None, &ListOptions { format, ..Default::default() });
        assert_eq!(listed.out, expect["image_ls"].as_str().unwrap(), "{file}");
    }
}
