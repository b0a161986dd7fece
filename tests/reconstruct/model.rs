//! The upper layer as events tell it. Nothing but the layers a case begins with, and events as JSON,
//! ever comes in here.

use layerlab::fs::{self, Kind, Nodes, Piece};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// Contents as runs of one byte: equal contents are equal runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data(Vec<(u8, u64)>);

impl Data {
    fn text(text: &str) -> Data {
        text.bytes().fold(Data::default(), |data, byte| data.and(byte, 1))
    }

    fn and(mut self, byte: u8, count: u64) -> Data {
        match self.0.last_mut() {
            Some((last, len)) if *last == byte => *len += count,
            _ if count > 0 => self.0.push((byte, count)),
            _ => {}
        }
        self
    }

    fn join(self, more: &Data) -> Data {
        more.0.iter().fold(self, |data, (byte, count)| data.and(*byte, *count))
    }

    pub fn len(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    fn slice(&self, from: u64, to: u64) -> Data {
        let (mut at, mut cut) = (0, Data::default());
        for (byte, count) in &self.0 {
            let (begin, end) = (at.max(from), (at + count).min(to));
            cut = cut.and(*byte, end.saturating_sub(begin));
            at += count;
        }
        cut
    }

    fn resized(&self, size: u64) -> Data {
        self.slice(0, size).and(0, size.saturating_sub(self.len()))
    }

    /// From `data`, `fill` with a size, or `runs`.
    fn read(entry: &Value, size: u64) -> Data {
        let byte = |value: &Value| value.as_str().unwrap().as_bytes()[0];
        if let Some(text) = entry.get("data") {
            return Data::text(text.as_str().unwrap());
        }
        if let Some(fill) = entry.get("fill") {
            return Data::default().and(byte(fill), size);
        }
        let runs = entry.get("runs").and_then(Value::as_array).cloned().unwrap_or_default();
        runs.iter().fold(Data::default(), |data, run| data.and(byte(&run[0]), run[1].as_u64().unwrap()))
    }
}

/// One object of a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    pub kind: String,
    pub mode: u64,
    pub uid: u64,
    pub gid: u64,
    pub data: Data,
    pub target: Value,
    pub rdev: Value,
    pub xattrs: BTreeMap<String, String>,
    /// `y` or `x`.
    pub opaque: Option<char>,
    /// A whiteout made of an attribute.
    pub xwhiteout: bool,
    /// Of another overlay's directory: names it lists, and what looking them up answers.
    pub ghosts: BTreeMap<String, &'static str>,
    pub redirect: Option<String>,
    pub metacopy: Option<u64>,
}

/// A layer: paths, and what they lead to. Two paths of one object are hard links.
#[derive(Clone, Debug)]
pub struct Layer {
    pub paths: BTreeMap<String, usize>,
    pub objects: Vec<Object>,
}

impl Layer {
    fn empty() -> Layer {
        let root = Object { kind: "dir".into(), mode: 0o755, ..Object::default() };
        Layer { paths: BTreeMap::from([("/".to_owned(), 0)]), objects: vec![root] }
    }

    /// A tree as the corpus writes it.
    pub fn read(tree: &Value) -> Layer {
        let mut layer = Layer::empty();
        for (path, entry) in tree.as_object().unwrap() {
            match entry.get("hardlink") {
                Some(first) => {
                    let object = layer.paths[first.as_str().unwrap()];
                    layer.paths.insert(path.clone(), object);
                }
                None => {
                    layer.put(path, read(entry));
                }
            }
        }
        layer
    }

    /// Another overlay's merged directory, as it was mounted.
    fn merged(sealed: &fs::Layer) -> Layer {
        let mut layer = Layer::empty();
        layer.objects[0] = seen(sealed.inode(0));
        sealed.walk(&mut |path, _, inode| {
            layer.put(std::str::from_utf8(path).unwrap(), seen(inode));
        });
        layer
    }

    pub fn get(&self, path: &str) -> Option<&Object> {
        self.paths.get(path).map(|object| &self.objects[*object])
    }

    fn object(&mut self, path: &str) -> &mut Object {
        let object = *self.paths.get(path).unwrap_or_else(|| panic!("the upper has no {path}"));
        &mut self.objects[object]
    }

    fn put(&mut self, path: &str, object: Object) -> usize {
        self.remove(path);
        self.objects.push(object);
        self.paths.insert(path.to_owned(), self.objects.len() - 1);
        self.objects.len() - 1
    }

    /// Takes a path and everything below it away.
    fn remove(&mut self, path: &str) -> BTreeMap<String, usize> {
        let below = format!("{path}/");
        let taken = |at: &str| at == path || at.starts_with(&below);
        let (gone, kept) = std::mem::take(&mut self.paths).into_iter().partition(|(at, _)| taken(at));
        self.paths = kept;
        gone
    }

    fn insert(&mut self, from: &str, to: &str, tree: BTreeMap<String, usize>) {
        self.paths
            .extend(tree.into_iter().map(|(path, object)| (format!("{to}{}", &path[from.len()..]), object)));
    }

    /// Every path with its object: what deltas are made from. `shown` are the attributes recorded.
    pub fn flat(&self, shown: impl Fn(&str) -> bool) -> BTreeMap<String, Object> {
        let mut flat: BTreeMap<String, Object> =
            self.paths.iter().map(|(path, object)| (path.clone(), self.objects[*object].clone())).collect();
        flat.values_mut().for_each(|object| object.xattrs.retain(|name, _| shown(name)));
        flat
    }

    /// Which paths are one object, whiteouts and directories aside.
    pub fn links(&self) -> Vec<Vec<&String>> {
        let mut names: BTreeMap<usize, Vec<&String>> = BTreeMap::new();
        for (path, object) in &self.paths {
            if self.objects[*object].kind != "whiteout" {
                names.entry(*object).or_default().push(path);
            }
        }
        let mut links: Vec<Vec<&String>> = names.into_values().filter(|names| names.len() > 1).collect();
        links.sort();
        links
    }
}

/// The lower layers of a case, topmost first, data-only ones last.
fn lowers(case: &Value) -> impl Iterator<Item = &Value> {
    let list = |key: &str| case[key].as_array().into_iter().flatten();
    list("lowers").chain(list("data"))
}

fn read(entry: &Value) -> Object {
    let number = |key: &str| entry.get(key).and_then(Value::as_u64).unwrap_or(0);
    let kind = match entry["type"].as_str().unwrap() {
        "chardev" if entry["rdev"] == json!([0, 0]) => "whiteout".to_owned(),
        kind => kind.to_owned(),
    };
    let default = match kind.as_str() {
        "dir" => 0o755,
        "symlink" => 0o777,
        "whiteout" => 0,
        _ => 0o644,
    };
    let mode = entry.get("mode").map_or(default, octal);
    let text = |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap().to_owned());
    Object {
        mode,
        uid: number("uid"),
        gid: number("gid"),
        data: if entry.get("metacopy").is_some() {
            Data::default()
        } else {
            Data::read(entry, number("size"))
        },
        target: entry.get("target").cloned().unwrap_or_default(),
        rdev: if kind == "whiteout" { Value::Null } else { entry.get("rdev").cloned().unwrap_or_default() },
        xattrs: entry.get("xattrs").and_then(Value::as_object).into_iter().flatten().map(text).collect(),
        opaque: entry.get("opaque").map(|mark| if *mark == json!("x") { 'x' } else { 'y' }),
        xwhiteout: entry.get("whiteout").is_some(),
        ghosts: BTreeMap::new(),
        redirect: entry.get("redirect").map(|to| to.as_str().unwrap().to_owned()),
        metacopy: entry.get("metacopy").map(|_| number("size")),
        kind,
    }
}

/// An object of another overlay's merged directory.
fn seen(inode: &fs::Inode) -> Object {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut object = Object {
        kind: if inode.kind.is_dir() { "dir".to_owned() } else { inode.kind.word().to_owned() },
        mode: inode.mode.into(),
        uid: inode.uid.into(),
        gid: inode.gid.into(),
        metacopy: inode.metacopy(),
        redirect: inode.redirect().map(|to| text(to)),
        ..Object::default()
    };
    match &inode.kind {
        Kind::File(data) => {
            object.data = data.pieces().iter().fold(Data::default(), |all, piece| match piece {
                Piece::Fill { byte, len } => all.and(*byte, *len),
                Piece::Bytes(bytes) => bytes.iter().fold(all, |all, byte| all.and(*byte, 1)),
                other => panic!("no case has {other:?}"),
            });
        }
        Kind::Symlink(target) => object.target = json!(text(target)),
        Kind::CharDev(major, minor) => object.rdev = json!([major, minor]),
        _ => {}
    }
    if let Some(extra) = &inode.extra {
        object.xwhiteout = extra.xwhiteout;
        object.opaque = if extra.opaque { Some('y') } else { extra.xwhiteouts.then_some('x') };
        object.xattrs = extra.xattrs.iter().map(|(name, value)| (text(name), text(value))).collect();
    }
    let ghosts = inode.nested().into_iter().flat_map(|nested| &nested.ghosts);
    object.ghosts = ghosts.map(|(name, errno)| (text(name), errno.name())).collect();
    object
}

fn octal(mode: &Value) -> u64 {
    u64::from_str_radix(mode.as_str().unwrap(), 8).unwrap()
}

/// The layers of a mount, fed with events.
pub struct Model {
    /// Topmost first; those whose directories merge, then the data-only ones.
    pub lowers: Vec<Layer>,
    /// How many of them are data-only.
    pub data: usize,
    pub upper: Layer,
    /// Index entries by number.
    index: HashMap<u64, usize>,
    /// Index entries by the lower object they stand for: its layer, counted from the base, and object.
    pub indexed: HashMap<(u64, usize), usize>,
}

impl Model {
    /// The layers of a case. Those that are another overlay's merged directory are taken from `sealed`,
    /// all the layers as they were mounted.
    pub fn new(case: &Value, sealed: &[fs::Layer]) -> Model {
        Model {
            lowers: lowers(case)
                .enumerate()
                .map(|(at, tree)| match tree.get("overlay") {
                    Some(_) => Layer::merged(&sealed[at]),
                    None => Layer::read(tree),
                })
                .collect(),
            data: case.get("data").and_then(Value::as_array).map_or(0, Vec::len),
            upper: Layer::read(&case["initial_upper"]),
            index: HashMap::new(),
            indexed: HashMap::new(),
        }
    }

    /// Takes one event.
    pub fn feed(&mut self, event: &Value) {
        let text = |key: &str| event[key].as_str().unwrap_or_else(|| panic!("{key} of {event}"));
        let flag = |key: &str| event.get(key).and_then(Value::as_bool).unwrap_or(false);
        match text("event") {
            "copy_up_directories" => {
                for (path, made) in
                    event["paths"].as_array().unwrap().iter().zip(event["made"].as_array().unwrap())
                {
                    self.upper.put(path.as_str().unwrap(), made_object(made, "dir"));
                }
            }
            "copy_up" => self.copy_up(event),
            "linked_up" => {
                let object = self.index[&event["index"].as_u64().unwrap()];
                self.upper.remove(text("path"));
                self.upper.paths.insert(text("path").to_owned(), object);
            }
            "write" => {
                let number = |key: &str| event[key].as_u64().unwrap();
                let (at, bytes) = (number("at"), number("bytes"));
                let data = Data::read(event, bytes);
                assert_eq!(data.len(), bytes, "{event}");
                let object = self.upper.object(text("path"));
                let old = &object.data;
                let new = old.resized(at).join(&data).join(&old.slice(at + bytes, old.len()));
                object.data = new.resized(number("size"));
            }
            "created" => match event.get("of") {
                Some(of) => {
                    let object = self.upper.paths[of.as_str().unwrap()];
                    self.upper.remove(text("path"));
                    self.upper.paths.insert(text("path").to_owned(), object);
                }
                None => {
                    let made = made_object(event, text("kind"));
                    // The file is made empty; what is written to it is told next.
                    let opaque = flag("opaque").then_some('y');
                    let made = Object { data: Data::default(), opaque, ..made };
                    self.upper.put(text("path"), made);
                }
            },
            "removed" if flag("whiteout") => {
                self.upper.put(text("path"), Object { kind: "whiteout".into(), ..Object::default() });
            }
            "removed" => {
                self.upper.remove(text("path"));
            }
            "cleared" => {
                let mut empty = self.upper.object(text("path")).clone();
                (empty.opaque, empty.redirect) = (Some('y'), None);
                self.upper.put(text("path"), empty);
            }
            "opaque" => self.upper.object(text("path")).opaque = Some('y'),
            "redirect" => self.upper.object(text("path")).redirect = Some(text("to").to_owned()),
            // Over a whiteout the two change places.
            "renamed" => {
                let swapped = flag("whiteout") && flag("over_whiteout");
                let whiteout = flag("whiteout") && !swapped;
                self.rename(text("from"), text("to"), flag("exchange") || swapped, whiteout);
            }
            "attributes" => {
                let object = match event.get("index") {
                    Some(index) => &mut self.upper.objects[self.index[&index.as_u64().unwrap()]],
                    None => self.upper.object(text("path")),
                };
                object.mode = octal(&event["mode"]);
                object.uid = event["uid"].as_u64().unwrap();
                object.gid = event["gid"].as_u64().unwrap();
                if let Some(xattr) = event.get("xattr") {
                    let name = xattr["stored"].as_str().unwrap().to_owned();
                    match xattr["value"].as_str() {
                        Some(value) => object.xattrs.insert(name, value.to_owned()),
                        None => object.xattrs.remove(&name),
                    };
                }
            }
            "committed" => {
                let sealed = std::mem::replace(&mut self.upper, Layer::empty());
                self.lowers.insert(0, sealed);
                self.index.clear();
                self.indexed.clear();
            }
            // What is written to a file without a name is in no tree; else there is a `write` as well.
            "lookup" | "failed" | "handle" | "map" => {}
            other => panic!("what does `{other}` do to the upper?"),
        }
    }

    fn copy_up(&mut self, event: &Value) {
        let path = event["path"].as_str().unwrap();
        let (layer, there) = match event.get("contents") {
            Some(contents) => (&contents["layer"]["number"], contents["path"].as_str().unwrap()),
            None => {
                (&event["from"]["number"], event.get("source").map_or(path, |path| path.as_str().unwrap()))
            }
        };
        let below = self.layer(layer.as_u64().unwrap()).get(there);
        let below = below.unwrap_or_else(|| panic!("layer {layer} has no {there}")).data.clone();
        let data = below.resized(event["bytes"].as_u64().unwrap());
        if event.get("completes").is_some() {
            let object = self.upper.object(path);
            (object.data, object.metacopy) = (data, None);
            return;
        }
        let mut made = made_object(event, event["kind"].as_str().unwrap());
        made.data = data;
        made.metacopy = event.get("metacopy").map(|_| event["size"].as_u64().unwrap());
        let object = self.upper.put(path, made);
        if let Some(index) = event.get("index") {
            self.index.insert(index.as_u64().unwrap(), object);
            let number = event["from"]["number"].as_u64().unwrap();
            let source = event.get("source").map_or(path, |path| path.as_str().unwrap());
            let lower = self.layer(number).paths[source];
            self.indexed.insert((number, lower), object);
        }
    }

    fn layer(&self, number: u64) -> &Layer {
        &self.lowers[self.lowers.len() - number as usize]
    }

    fn rename(&mut self, from: &str, to: &str, exchange: bool, whiteout: bool) {
        let (source, target) = (self.upper.remove(from), self.upper.remove(to));
        assert!(!source.is_empty(), "the upper has no {from}");
        self.upper.insert(from, to, source);
        if exchange {
            self.upper.insert(to, from, target);
        }
        if whiteout {
            self.upper.put(from, Object { kind: "whiteout".into(), ..Object::default() });
        }
    }
}

fn made_object(event: &Value, kind: &str) -> Object {
    let kind = if kind == "directory" { "dir" } else { kind };
    let xattrs = event.get("xattrs").and_then(Value::as_object).into_iter().flatten();
    Object {
        kind: kind.to_owned(),
        mode: octal(&event["mode"]),
        uid: event["uid"].as_u64().unwrap(),
        gid: event["gid"].as_u64().unwrap(),
        target: event.get("target").cloned().unwrap_or_default(),
        rdev: event.get("rdev").cloned().unwrap_or_default(),
        xattrs: xattrs.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
        ..Object::default()
    }
}
