//! Image archives: what is read out of them, and what hostile ones are told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::fs::{Compression, Digest, MemoryHost, Nodes};
use layerlab::image::archive::{self, Loaded};
use layerlab::inspect::dive;
use layerlab::trace::Fuel;
use screen::screen_with;
use serde_json::json;
use tar::{Builder, EntryType, Header};

const LIMIT: u64 = 16 << 20;

fn read(bytes: &[u8]) -> Result<Vec<Loaded>, String> {
    archive::read(bytes, LIMIT, &mut Fuel::default()).map_err(|error| error.to_string())
}

fn recorded(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/docker/analyze/images");
    std::fs::read(format!("{folder}/{name}.tar.gz")).unwrap()
}

/// An entry whose name is written as it is: the builder's own check would refuse `../x`.
fn add(tar: &mut Builder<Vec<u8>>, kind: EntryType, name: &str, link: &str, data: &[u8]) {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(1_700_000_000);
    header.set_uid(7);
    header.set_gid(8);
    let raw = header.as_old_mut();
    raw.name[..name.len()].copy_from_slice(name.as_bytes());
    raw.linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_cksum();
    tar.append(&header, data).unwrap();
}

fn tar_of(entries: &[(EntryType, &str, &str, &[u8])]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    entries.iter().for_each(|(kind, name, link, data)| add(&mut tar, *kind, name, link, data));
    tar.into_inner().unwrap()
}

fn config(layers: &[&[u8]]) -> Vec<u8> {
    let ids: Vec<String> = layers.iter().map(|layer| Digest::of(layer).to_string()).collect();
    let history: Vec<_> = ids.iter().map(|_| json!({ "created_by": "COPY . /" })).collect();
    let rootfs = json!({ "type": "layers", "diff_ids": ids });
    json!({ "architecture": "arm64", "os": "linux", "rootfs": rootfs, "history": history }).to_string().into()
}

/// What `docker save` before 25 writes of these layers.
fn saved(layers: &[&[u8]]) -> Vec<u8> {
    let config = config(layers);
    let names: Vec<String> = (0..layers.len()).map(|at| format!("v{at}/layer.tar")).collect();
    let manifest = json!([{ "Config": "c.json", "RepoTags": ["app:1"], "Layers": names }]).to_string();
    let mut tar = Builder::new(Vec::new());
    for (name, layer) in names.iter().zip(layers) {
        add(&mut tar, EntryType::Regular, name, "", layer);
    }
    add(&mut tar, EntryType::Regular, "c.json", "", &config);
    add(&mut tar, EntryType::Regular, "manifest.json", "", manifest.as_bytes());
    tar.into_inner().unwrap()
}

/// An OCI layout of one layer, packed with gzip.
fn layout(layer: &[u8]) -> Vec<u8> {
    let packed = Compression::Gzip.pack(layer).unwrap();
    let config = config(&[layer]);
    let blob = |bytes: &[u8]| json!({ "digest": Digest::of(bytes).to_string(), "size": bytes.len() });
    let manifest =
        json!({ "schemaVersion": 2, "config": blob(&config), "layers": [blob(&packed)] }).to_string();
    let mut entry = blob(manifest.as_bytes());
    entry["annotations"] = json!({ "io.containerd.image.name": "docker.io/library/app:2" });
    let index = json!({ "schemaVersion": 2, "manifests": [entry] }).to_string();
    let mut tar = Builder::new(Vec::new());
    add(&mut tar, EntryType::Regular, "oci-layout", "", br#"{"imageLayoutVersion":"1.0.0"}"#);
    for bytes in [&packed[..], &config, manifest.as_bytes()] {
        add(&mut tar, EntryType::Regular, &format!("blobs/sha256/{}", Digest::of(bytes).hex()), "", bytes);
    }
    add(&mut tar, EntryType::Regular, "index.json", "", index.as_bytes());
    tar.into_inner().unwrap()
}

#[test]
fn an_archive_is_loaded_and_looked_into() {
    let mut host = MemoryHost::default();
    host.files.insert("app.tar.gz".to_owned(), recorded("an_built_legacy"));
    host.files.insert(".dive-ci".to_owned(), b"rules:\n  lowestEfficiency: 0.99\n".to_vec());
    insta::assert_snapshot!(screen_with(
        host,
        &[
            "docker load -i app.tar.gz",
            "docker image ls",
            "docker history --format 'table {{.CreatedBy}}\\t{{.Size}}' lab/an_built_legacy:1",
            "dive lab/an_built_legacy:1",
            "dive app.tar.gz --ci-config .dive-ci",
            "docker run -d --name c lab/an_built_legacy:1",
            "stack c /app/a.txt",
            "dive nothing.tar",
            "dive",
            "docker load",
            "docker load -i .dive-ci",
        ],
    ));
}

#[test]
fn a_layer_holds_what_its_tar_says() {
    let mut tar = Builder::new(Vec::new());
    add(&mut tar, EntryType::Regular, "/a/f", "", b"one");
    add(&mut tar, EntryType::Regular, "a/./f", "", b"two");
    add(&mut tar, EntryType::Link, "a/g", "a/f", b"");
    add(&mut tar, EntryType::Symlink, "a/s", "../../etc", b"");
    add(&mut tar, EntryType::Fifo, "a/p", "", b"");
    add(&mut tar, EntryType::Regular, "b/.wh..wh..opq", "", b"");
    add(&mut tar, EntryType::Regular, "c/.wh.gone", "", b"");
    add(&mut tar, EntryType::Directory, "d/", "", b"");
    add(&mut tar, EntryType::Regular, ".wh.d", "", b"");
    let long = format!("long/{}", "n".repeat(300));
    let mut header = Header::new_gnu();
    header.set_size(0);
    header.set_mode(0o4755);
    tar.append_pax_extensions([("SCHILY.xattr.user.x", &b"v"[..]), ("mtime", b"1700000001.5")]).unwrap();
    tar.append_data(&mut header, &long, &b""[..]).unwrap();
    let layer = tar.into_inner().unwrap();
    for bytes in [saved(&[&layer]), layout(&layer), Compression::Zstd.pack(&saved(&[&layer])).unwrap()] {
        let loaded = read(&bytes).unwrap().remove(0);
        assert_eq!(loaded.image.id, Digest::of(config(&[&layer])));
        assert_eq!(loaded.image.layers[0].diff_id, Digest::of(&layer));
        assert_eq!(&*loaded.image.architecture, "arm64");
        assert!(loaded.names[0].starts_with("app:"), "{:?}", loaded.names);
        let mut shown = String::new();
        loaded.image.layers[0].layer.walk(&mut |path, _, inode| {
            let path = String::from_utf8_lossy(path).replace(&"n".repeat(300), "n…");
            let opaque = if inode.is_opaque() { " opaque" } else { "" };
            let xattrs = inode.extra.as_ref().map_or(0, |extra| extra.xattrs.len());
            shown.push_str(&format!(
                "{path} {} {:04o} {}:{} size {} links {} mtime {} xattrs {xattrs}{opaque}\n",
                inode.kind.word(),
                inode.mode,
                inode.uid,
                inode.gid,
                inode.size(),
                inode.nlink,
                inode.mtime
            ));
        });
        insta::assert_snapshot!("a_layer", shown);
    }
}

#[test]
fn hostile_entries_are_named() {
    let file = EntryType::Regular;
    let layers: [(&str, Vec<u8>); 8] = [
        ("leads out", tar_of(&[(file, "a/../../x", "", b"")])),
        ("link leads out", tar_of(&[(EntryType::Link, "l", "../../etc/shadow", b"")])),
        ("link to nothing", tar_of(&[(EntryType::Link, "l", "later", b""), (file, "later", "", b"")])),
        ("link to itself", tar_of(&[(EntryType::Link, "l", "l", b"")])),
        ("below a symlink", tar_of(&[(EntryType::Symlink, "s", "/etc", b""), (file, "s/x", "", b"")])),
        ("below a file", tar_of(&[(file, "f", "", b""), (file, "f/x", "", b"")])),
        ("bare whiteout", tar_of(&[(file, "d/.wh.", "", b"")])),
        ("whiteout of ..", tar_of(&[(file, "d/.wh...", "", b"")])),
    ];
    let mut said = String::new();
    for (what, layer) in &layers {
        said.push_str(&format!("{what}: {}\n", read(&saved(&[layer])).unwrap_err()));
    }
    let good = tar_of(&[(file, "f", "", b"data")]);
    let whole = saved(&[&good]);
    let mut changed = whole.clone();
    let at = whole.windows(4).position(|bytes| bytes == b"data").unwrap();
    changed[at] ^= 1;
    said.push_str(&format!("changed byte: {}\n", read(&changed).unwrap_err().split(", got").next().unwrap()));
    let mut header = whole.clone();
    header[0] ^= 1;
    said.push_str(&format!("changed header: {}\n", read(&header).unwrap_err()));
    let twice = tar_of(&[(file, "manifest.json", "", b"[]"), (file, "manifest.json", "", b"[ ]")]);
    let missing = json!([{ "Config": "c.json", "Layers": [] }]).to_string();
    for (what, bytes) in [
        ("twice", twice),
        ("no manifest", tar_of(&[(file, "x", "", b"")])),
        ("no config", tar_of(&[(file, "manifest.json", "", missing.as_bytes())])),
        ("no JSON", tar_of(&[(file, "manifest.json", "", b"[{")])),
        ("nothing", Vec::new()),
        ("no tar", b"hello".repeat(300)),
        ("cut gzip", recorded("an_single")[..300].to_vec()),
    ] {
        said.push_str(&format!("{what}: {}\n", read(&bytes).unwrap_err()));
    }
    let bomb = Compression::Gzip.pack(&vec![0; LIMIT as usize + 1]).unwrap();
    said.push_str(&format!("bomb: {}\n", read(&bomb).unwrap_err()));
    insta::assert_snapshot!(said);
}

#[test]
fn an_archive_cut_anywhere_is_refused_or_whole() {
    let layer = tar_of(&[(EntryType::Regular, "f", "", b"data"), (EntryType::Directory, "d/", "", b"")]);
    for whole in [saved(&[&layer, &layer]), layout(&layer)] {
        let id = read(&whole).unwrap()[0].image.id;
        let mut refused = 0;
        for cut in (0..whole.len()).step_by(512) {
            match read(&whole[..cut]) {
                // Only the end marks are missing.
                Ok(loaded) => assert!(loaded[0].image.id == id && cut + 1024 >= whole.len(), "{cut}"),
                Err(message) => {
                    assert!(message.starts_with('`'), "it names a part: {message}");
                    refused += 1;
                }
            }
        }
        assert!(refused >= whole.len() / 512 - 2);
        // Inside a block and inside a stream too.
        let packed = Compression::Gzip.pack(&whole).unwrap();
        for cut in 0..packed.len() {
            assert!(read(&packed[..cut]).is_err(), "{cut}");
        }
    }
}

#[test]
fn many_deletions_take_no_longer_than_few() {
    let names: Vec<String> = (0..3000).map(|at| format!("d/f{at}")).collect();
    let deleted: Vec<String> = (0..3000).map(|at| format!("d/.wh.f{at}")).collect();
    let tar = |names: &[String], data: &'static [u8]| {
        tar_of(&names.iter().map(|name| (EntryType::Regular, name.as_str(), "", data)).collect::<Vec<_>>())
    };
    let loaded = read(&saved(&[&tar(&names, b"12"), &tar(&deleted, b"")])).unwrap().remove(0);
    let analysis = dive::of_archive(&loaded);
    assert_eq!(
        (analysis.inefficiencies.len(), analysis.wasted_bytes, analysis.efficiency),
        (3000, 6000, 0.0)
    );
    let again = dive::of_image(&loaded.image);
    assert_eq!((again.wasted_bytes, again.savable_bytes), (6000, 6000));
}
