//! Hostile archives: what each is told, that nothing panics, and that memory stays bounded.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::fs::tar_writer::{Entry, EntryKind, TarWriter};
use layerlab::fs::{Compression, Contents, Digest, MemoryHost, Nodes, Stored};
use layerlab::image::archive::{self, Loaded, Options};
use layerlab::image::{Image, ImageLayer, Origin};
use layerlab::trace::{Fuel, Limits};
use screen::screen_with;
use serde_json::{Value, json};

const LIMIT: u64 = 1 << 20;

fn fuel() -> Fuel {
    Fuel::new(Limits { operations: 1 << 40, bytes: 1 << 40, depth: 48 })
}

/// Reads with digests and without; both say the same, or the digest is what is wrong.
fn read(bytes: &[u8]) -> Result<Vec<Loaded>, String> {
    let verified = archive::read(bytes, LIMIT, &mut fuel()).map_err(|error| error.to_string());
    let options = Options { verify: false, ..Options::new(LIMIT) };
    let unverified = archive::open(&Stored::memory(bytes.to_vec()), &options, &mut fuel());
    if let (Err(verified), Err(unverified)) = (&verified, &unverified) {
        let unverified = unverified.to_string();
        assert!(verified == &unverified || verified.contains("digest") || verified.contains("diffID"));
    }
    verified
}

/// A header of any fields, its sum right.
fn header(kind: u8, name: &[u8], size: &[u8], link: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name);
    block[100..107].copy_from_slice(b"0000644");
    block[108..115].copy_from_slice(b"0000000");
    block[116..123].copy_from_slice(b"0000000");
    block[124..124 + size.len()].copy_from_slice(size);
    block[136..147].copy_from_slice(b"14400000000");
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link);
    block[257..263].copy_from_slice(b"ustar\0");
    summed(block)
}

fn summed(mut block: Vec<u8>) -> Vec<u8> {
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn entry(kind: u8, name: &str, link: &str, data: &[u8]) -> Vec<u8> {
    let size = format!("{:011o}", data.len());
    let mut bytes = header(kind, name.as_bytes(), size.as_bytes(), link.as_bytes());
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// A pax record, with the length it should have.
fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest..).find(|length| *length == rest + length.to_string().len()).unwrap();
    [length.to_string().as_bytes(), b" ", key.as_bytes(), b"=", value, b"\n"].concat()
}

fn pax(records: &[(&str, &[u8])]) -> Vec<u8> {
    let data: Vec<u8> = records.iter().flat_map(|(key, value)| record(key, value)).collect();
    entry(b'x', "PaxHeaders.0/x", "", &data)
}

fn file(name: &str, data: &[u8]) -> Vec<u8> {
    entry(b'0', name, "", data)
}

fn ended(mut tar: Vec<u8>) -> Vec<u8> {
    tar.resize(tar.len() + 1024, 0);
    tar
}

fn config(layers: &[&[u8]]) -> Value {
    let ids: Vec<String> = layers.iter().map(|layer| Digest::of(layer).to_string()).collect();
    json!({ "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": ids } })
}

/// A docker-archive of one layer.
fn saved(layer: &[u8]) -> Vec<u8> {
    let manifest = json!([{ "Config": "c.json", "RepoTags": ["app:1"], "Layers": ["v/layer.tar"] }]);
    let mut tar = TarWriter::new(Vec::new());
    for (name, bytes) in [
        ("v/layer.tar", layer),
        ("c.json", config(&[layer]).to_string().as_bytes()),
        ("manifest.json", manifest.to_string().as_bytes()),
    ] {
        let contents = Contents::bytes(bytes.to_vec());
        tar.entry(&Entry::new(name.as_bytes(), EntryKind::File(&contents))).unwrap();
    }
    tar.finish().unwrap()
}

/// An OCI layout with these blobs beside the layer and the config, and a manifest of any shape.
fn layout(layer: &[u8], manifest: &dyn Fn(Value, Value) -> Value, blobs: &[Vec<u8>]) -> Vec<u8> {
    let config = config(&[layer]).to_string().into_bytes();
    let descriptor = |bytes: &[u8]| json!({ "digest": Digest::of(bytes).to_string(), "size": bytes.len() });
    let manifest = manifest(descriptor(&config), descriptor(layer)).to_string().into_bytes();
    let index = json!({ "manifests": [descriptor(&manifest)] }).to_string().into_bytes();
    let mut tar = Vec::new();
    for bytes in [layer, &config, &manifest].into_iter().chain(blobs.iter().map(Vec::as_slice)) {
        let name = format!("blobs/sha256/{}", Digest::of(bytes).hex());
        tar.extend(file(&name, bytes));
    }
    tar.extend(file("index.json", &index));
    ended(tar)
}

/// What a layer holds, in a line.
fn told(loaded: &[Loaded]) -> String {
    let mut shown = Vec::new();
    for layer in &loaded[0].image.layers {
        layer.layer.walk(&mut |path, _, inode| {
            let path: String = String::from_utf8_lossy(path).chars().take(60).collect();
            shown.push(format!("{path} {} {}", inode.kind.word(), inode.size()));
        });
    }
    shown.extend(loaded[0].notes.iter().map(|note| format!("note: {note}")));
    shown.join("; ")
}

fn verdict(bytes: &[u8]) -> String {
    match read(bytes) {
        Ok(loaded) => format!("read: {}", told(&loaded)),
        Err(message) => message,
    }
}

#[test]
fn headers_that_lie() {
    let huge = b"\x80\0\0\0\0\0\0\x01\0\0\0\0";
    let endless = b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
    let negative = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0";
    let mut signed = header(b'0', b"n\xe4me", b"00000000000", b"");
    let sum: i32 = signed
        .iter()
        .enumerate()
        .map(|(at, b)| if (148..156).contains(&at) { 32 } else { i32::from(*b as i8) })
        .sum();
    signed[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("4 GB of file", header(b'0', b"big", huge, b"")),
        ("more than a number", header(b'0', b"big", endless, b"")),
        ("less than nothing", header(b'0', b"less", negative, b"")),
        ("4 GB of name", header(b'L', b"././@LongLink", huge, b"")),
        ("4 GB of records", header(b'x', b"pax", huge, b"")),
        ("letters for a size", header(b'0', b"letters", b"0000000000z", b"")),
        ("a link with a size", [header(b'1', b"l", b"00000001000", b"f"), file("f", b"")].concat()),
        ("a folder with a size", [header(b'5', b"d", b"00000001000", b""), file("f", b"")].concat()),
        ("sum of signed bytes", signed),
        ("after the end", [file("a", b""), vec![0; 512], file("hidden", b"")].concat()),
        ("half a header", [file("a", b""), file("b", b"")[..200].to_vec()].concat()),
        ("unknown type", [entry(b'Z', "z", "", b"data"), file("after", b"")].concat()),
        ("records about all", [entry(b'g', "g", "", &record("path", b"x")), file("after", b"")].concat()),
        ("a path's records twice", [pax(&[("path", b"one"), ("path", b"two")]), file("f", b"")].concat()),
    ];
    let mut said = String::new();
    for (what, layer) in cases {
        said.push_str(&format!("{what}: {}\n", verdict(&saved(&layer))));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn records_that_lie() {
    let f = || file("f", b"data");
    let bad = |data: &[u8]| [entry(b'x', "x", "", data), f()].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no length", bad(b"path=x\n")),
        ("length too long", bad(b"99 path=x\n")),
        ("length too short", bad(b"5 path=xyz\n")),
        ("length of nothing", bad(b"0 \n")),
        ("no line end", bad(b"9 path=xy")),
        ("no equals", bad(b"8 pathx\n")),
        ("zero byte in a path", [pax(&[("path", b"a\0b")]), f()].concat()),
        ("empty path", [pax(&[("path", b"")]), f()].concat()),
        ("path leads out", [pax(&[("path", b"a/../../etc/x")]), f()].concat()),
        ("link leads out", [pax(&[("linkpath", b"../../etc/x")]), entry(b'1', "l", "f", b"")].concat()),
        ("size too large", [pax(&[("size", b"4294967296")]), f()].concat()),
        ("size below nothing", [pax(&[("size", b"-1")]), f()].concat()),
        ("no size", [pax(&[("size", b"many")]), f()].concat()),
        ("size as it is", [pax(&[("size", b"2")]), f()].concat()),
        ("owner too large", [pax(&[("uid", b"4294967296")]), f()].concat()),
        ("time before time", [pax(&[("mtime", b"-5.5")]), f()].concat()),
        (
            "an overlay's mark",
            [pax(&[("SCHILY.xattr.trusted.overlay.opaque", b"y")]), entry(b'5', "d", "", b"")].concat(),
        ),
        ("70,000 of an attribute", [pax(&[("SCHILY.xattr.user.a", &vec![b'v'; 70_000])]), f()].concat()),
        (
            "5000 of a target",
            [pax(&[("linkpath", "n".repeat(5000).as_bytes())]), entry(b'2', "l", "", b"")].concat(),
        ),
        ("5000 of a name", [pax(&[("path", "n".repeat(5000).as_bytes())]), f()].concat()),
    ];
    let mut said = String::new();
    for (what, layer) in cases {
        said.push_str(&format!("{what}: {}\n", verdict(&saved(&ended(layer)))));
    }
    insta::assert_snapshot!(said);
}

/// An old sparse header: pairs of offset and length, the file's real size, and whether it goes on.
fn sparse(pairs: &[(u64, u64)], real: u64, stored: u64, more: bool) -> Vec<u8> {
    let mut block = header(b'S', b"holes", format!("{stored:011o}").as_bytes(), b"");
    for (at, (offset, length)) in pairs.iter().enumerate() {
        let field = format!("{offset:011o}\0{length:011o}\0");
        block[386 + 24 * at..410 + 24 * at].copy_from_slice(field.as_bytes());
    }
    block[482] = more.into();
    block[483..494].copy_from_slice(format!("{real:011o}").as_bytes());
    summed(block)
}

#[test]
fn sparse_files() {
    let data = |n: usize| [vec![b'x'; n], vec![0; 512 - n]].concat();
    let map = |text: &str| {
        let mut block = text.as_bytes().to_vec();
        block.resize(512, 0);
        block.extend_from_slice(b"xxxx");
        block
    };
    let version_1 = |text: &str| {
        let records: [(&str, &[u8]); 4] = [
            ("GNU.sparse.major", b"1"),
            ("GNU.sparse.minor", b"0"),
            ("GNU.sparse.name", b"real/name"),
            ("GNU.sparse.realsize", b"1000"),
        ];
        [pax(&records), file("GNUSparseFile.0/name", &map(text))].concat()
    };
    let version_0 = |map: &[u8]| {
        [pax(&[("GNU.sparse.size", b"1000"), ("GNU.sparse.map", map)]), file("f", b"xxxx")].concat()
    };
    let mut goes_on = data(0);
    goes_on[..24].copy_from_slice(b"00000000100\x0000000000004\0");
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a hole before and behind", [sparse(&[(100, 4)], 1000, 4, false), data(4)].concat()),
        ("goes on", [sparse(&[(0, 4)], 1000, 8, true), goes_on, data(8)].concat()),
        ("goes on into nothing", sparse(&[(0, 4)], 1000, 4, true)),
        ("backwards", [sparse(&[(100, 4), (50, 4)], 1000, 8, false), data(8)].concat()),
        ("beyond its end", [sparse(&[(998, 4)], 1000, 4, false), data(4)].concat()),
        ("more than is stored", [sparse(&[(0, 8)], 1000, 4, false), data(4)].concat()),
        ("less than is stored", [sparse(&[(0, 2)], 1000, 4, false), data(4)].concat()),
        ("8 GB of holes", sparse(&[], 0o77_777_777_777, 0, false)),
        ("version 1.0", version_1("1\n10\n4\n")),
        ("version 1.0, no map", version_1("x\n")),
        ("version 1.0, endless map", version_1("99999999\n1\n")),
        ("version 1.0, unfinished map", version_1("200\n1\n2\n")),
        ("version 0.1", version_0(b"10,4")),
        ("version 0.1, odd", version_0(b"10,4,5")),
        ("version 0.1, no number", version_0(b"10,-4")),
    ];
    let mut said = String::new();
    for (what, layer) in cases {
        said.push_str(&format!("{what}: {}\n", verdict(&saved(&ended(layer)))));
    }
    insta::assert_snapshot!(said);
    // The zeros of a hole are nowhere.
    let layer = ended([sparse(&[(100, 4)], 1000, 4, false), data(4)].concat());
    let image = read(&saved(&layer)).unwrap().remove(0).image;
    let tree = &image.layers[0].layer;
    let contents = match &tree.inode(tree.at(b"/holes").unwrap()).kind {
        layerlab::fs::Kind::File(contents) => contents.to_bytes(1000).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(contents, [vec![0; 100], vec![b'x'; 4], vec![0; 896]].concat());
}

#[test]
fn names_links_and_devices() {
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("absolute", file("/etc/x", b"")),
        ("leads out", file("../x", b"")),
        ("leads out later", file("a/b/../../../x", b"")),
        ("stays inside", file("a/../b/./c", b"")),
        ("the root", entry(b'5', "./", "", b"")),
        ("the root as a file", file(".", b"data")),
        ("no name", file("", b"")),
        ("hard link out", [file("f", b""), entry(b'1', "l", "../f", b"")].concat()),
        ("absolute hard link", [file("f", b""), entry(b'1', "l", "/f", b"")].concat()),
        ("hard link to a folder", [entry(b'5', "d", "", b""), entry(b'1', "d/l", "d", b"")].concat()),
        ("hard links in a circle", [entry(b'1', "a", "b", b""), entry(b'1', "b", "a", b"")].concat()),
        ("whiteout out", file("../.wh.x", b"")),
        ("whiteout of ..", file(".wh...", b"")),
        ("whiteout of .", file("d/.wh..", b"")),
        ("whiteout of nothing", file("d/.wh.", b"")),
        ("opaque above", file("../.wh..wh..opq", b"")),
        ("below a symlink", [entry(b'2', "s", "/etc", b""), file("s/passwd", b"")].concat()),
        ("symlink out", entry(b'2', "s", "../../../../etc/passwd", b"")),
        ("symlink to itself", entry(b'2', "s", "s", b"")),
        ("disk", entry(b'4', "dev/sda", "", b"")),
        ("device 0:0", entry(b'3', "dev/gone", "", b"")),
        ("twice", [file("f", b"one"), file("f", b"second")].concat()),
        ("a file, then a folder", [file("f", b"one"), entry(b'5', "f", "", b""), file("f/x", b"")].concat()),
        ("a folder, then a file", [entry(b'5', "f", "", b""), file("f/x", b""), file("f", b"one")].concat()),
    ];
    let mut said = String::new();
    for (what, layer) in cases {
        said.push_str(&format!("{what}: {}\n", verdict(&saved(&ended(layer)))));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn names_that_are_no_text_are_kept_byte_for_byte() {
    let name: &[u8] = b"dir/\xff\xfe\x1b[31m";
    let layer = ended(header(b'0', name, b"00000000000", b""));
    let loaded = read(&saved(&layer)).unwrap();
    let tree = &loaded[0].image.layers[0].layer;
    assert!(tree.at(&[b"/", name].concat()).is_some());
    assert_eq!(loaded[0].layers[0].entries.iter().next().unwrap().path, name);
    // The same name in an error is escaped.
    let layer =
        [header(b'0', name, b"00000000000", b""), header(b'0', b"\xff\x1b", b"77777777777", b"")].concat();
    let error = read(&saved(&layer)).unwrap_err();
    assert!(error.contains(r"\xff\u{1b}"), "{error}");
    // And in a new archive it is the same.
    let mut image = Image::clone(&loaded[0].image);
    image.layers = vec![ImageLayer::new(tree.clone(), Origin::Daemon, "again")];
    let mut bytes = Vec::new();
    archive::archive(&[(std::sync::Arc::new(image), Vec::new())], &mut fuel())
        .unwrap()
        .write(&mut bytes)
        .unwrap();
    assert!(read(&bytes).unwrap()[0].image.layers[0].layer.at(&[b"/", name].concat()).is_some());
}

#[test]
fn parts_that_do_not_fit() {
    let layer = ended(file("f", b"data"));
    let good = config(&[&layer]).to_string();
    let docker = |config: &str, manifest: Value| {
        let manifest = manifest.to_string();
        let parts = [
            ("layer.tar", layer.as_slice()),
            ("c.json", config.as_bytes()),
            ("manifest.json", manifest.as_bytes()),
        ];
        ended(parts.iter().flat_map(|(name, bytes)| file(name, bytes)).collect())
    };
    let item = |config: Value, layers: Value| json!([{ "Config": config, "Layers": layers }]);
    let whole = |config: Value, layer: Value| json!({ "config": config, "layers": [layer] });
    let other = Digest([7; 32]).to_string();
    let changed = {
        let mut bytes = layout(&layer, &whole, &[]);
        let at = bytes.windows(4).position(|bytes| bytes == b"data").unwrap();
        bytes[at] ^= 1;
        bytes
    };
    let links = |links: &[(&str, &str)]| {
        let entries = links.iter().flat_map(|(name, to)| entry(b'2', name, to, b""));
        ended(entries.collect())
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no config", docker(&good, item(Value::Null, json!(["layer.tar"])))),
        ("config out of it", docker(&good, item(json!("../c.json"), json!(["layer.tar"])))),
        ("no such layer", docker(&good, item(json!("c.json"), json!(["other.tar"])))),
        ("layer out of it", docker(&good, item(json!("c.json"), json!(["../../etc/passwd"])))),
        ("a layer too many", docker(&good, item(json!("c.json"), json!(["layer.tar", "layer.tar"])))),
        ("a config as layer", docker(&good, item(json!("c.json"), json!(["c.json"])))),
        ("no images", docker(&good, json!([]))),
        ("no list", docker(&good, json!({}))),
        ("config is no JSON", docker("{", item(json!("c.json"), json!(["layer.tar"])))),
        (
            "diff id is no digest",
            docker(&good.replace("sha256:", "md5:"), item(json!("c.json"), json!(["layer.tar"]))),
        ),
        (
            "other diff id",
            docker(
                &good.replace(&Digest::of(&layer).to_string(), &other),
                item(json!("c.json"), json!(["layer.tar"])),
            ),
        ),
        ("deep JSON", docker(&"[".repeat(100_000), item(json!("c.json"), json!(["layer.tar"])))),
        ("126 layers", {
            let ids = vec![Digest::of(&layer).to_string(); 126];
            let config = json!({ "rootfs": { "diff_ids": ids } }).to_string();
            docker(&config, item(json!("c.json"), json!(vec!["layer.tar"; 126])))
        }),
        (
            "1001 images",
            docker(&good, Value::Array(vec![json!({ "Config": "c.json", "Layers": ["layer.tar"] }); 1001])),
        ),
        (
            "no blob",
            layout(&layer, &|config, _| json!({ "config": config, "layers": [{ "digest": other }] }), &[]),
        ),
        ("no digest", layout(&layer, &|config, _| json!({ "config": config, "layers": [{}] }), &[])),
        ("blob changed", changed),
        ("neither manifest nor index", layout(&layer, &|_, _| json!({}), &[])),
        ("links in a circle", links(&[("manifest.json", "a"), ("a", "manifest.json")])),
        ("link out of it", links(&[("manifest.json", "../../../etc/passwd")])),
        ("part twice", ended([file("manifest.json", b"[]"), file("manifest.json", b"[{}]")].concat())),
        ("part out of it", ended(file("../manifest.json", b"[]"))),
    ];
    let mut said = String::new();
    for (what, bytes) in cases {
        said.push_str(&format!("{what}: {}\n", verdict(&bytes)));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn bombs_end_at_the_limit() {
    let layer = ended(file("zeros", &vec![0; 3 << 20]));
    for kind in [Compression::Gzip, Compression::Bzip2, Compression::Xz, Compression::Zstd] {
        let whole = kind.pack(&saved(&layer)).unwrap();
        let inner = kind.pack(&layer).unwrap();
        let inside = {
            let manifest = json!([{ "Config": "c.json", "Layers": ["l"] }]).to_string();
            let config = config(&[&layer]).to_string();
            let parts = [
                ("l", inner.as_slice()),
                ("c.json", config.as_bytes()),
                ("manifest.json", manifest.as_bytes()),
            ];
            ended(parts.iter().flat_map(|(name, bytes)| file(name, bytes)).collect())
        };
        for bytes in [whole, inside] {
            assert!(bytes.len() < 20_000, "{} {}", kind.word(), bytes.len());
            let error = read(&bytes).unwrap_err();
            assert!(error.contains("more than the limit of 1048576 bytes"), "{}: {error}", kind.word());
            // A higher limit reads it.
            assert!(archive::read(&bytes, 8 << 20, &mut fuel()).is_ok(), "{}", kind.word());
        }
    }
    // Plain bytes are not unpacked: no limit.
    assert!(read(&saved(&layer)).is_ok());
    // Many small entries end with the line's tank.
    let many: Vec<u8> = (0..3000).flat_map(|at| file(&format!("f{at}"), b"")).collect();
    let mut short = Fuel::new(Limits { operations: 1000, ..Limits::LINE });
    let error = archive::read(&saved(&ended(many)), LIMIT, &mut short).unwrap_err();
    assert!(error.to_string().contains("limit is reached"), "{error}");
}

#[test]
fn a_person_is_told_how_to_raise_the_limit() {
    let layer = ended(file("zeros", &vec![0; 300_000]));
    let mut host = MemoryHost::default();
    host.files.insert("app.tar.gz".to_owned(), Compression::Gzip.pack(&saved(&layer)).unwrap());
    host.files.insert("rootfs.tar.gz".to_owned(), Compression::Gzip.pack(&layer).unwrap());
    insta::assert_snapshot!(screen_with(
        host,
        &[
            "docker load --limit 100000 -i app.tar.gz",
            "docker load --limit lots -i app.tar.gz",
            "docker load --limit 1000000 -i app.tar.gz",
            "docker import --limit 100000 rootfs.tar.gz",
            "docker load -i nothing.tar",
            "docker import app.tar.gz UPPER",
            "docker import",
            "docker export app",
        ],
    ));
}

#[test]
fn any_byte_may_be_wrong() {
    let layer = ended(
        [file("f", b"data"), pax(&[("path", b"long")]), file("g", b""), entry(b'1', "h", "f", b"")].concat(),
    );
    let whole = saved(&layer);
    let id = read(&whole).unwrap()[0].image.id;
    let options = Options { verify: false, ..Options::new(LIMIT) };
    for at in 0..whole.len() {
        for flip in [1, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            // Refused, or what was changed does not matter to what is read.
            if let Ok(loaded) = archive::read(&bytes, LIMIT, &mut fuel()) {
                let image = &loaded[0].image;
                assert!(image.id == id || image.layers[0].diff_id == Digest::of(&layer), "{at}");
            }
            let _ = archive::open(&Stored::memory(bytes), &options, &mut fuel());
        }
    }
}
