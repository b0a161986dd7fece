//! Layers as values: `layer(#{ … })` and the entries it takes.

use crate::fs::{Contents, Inode, Kind, Layer, Nodes, Tree};
use crate::script::handle::{Answer, EntryValue, LayerValue, refuse, type_word};
use rhai::{Dynamic, Engine, INT, ImmutableString, Map};

/// Registers `layer`, `file`, `dir`, `symlink`, `hardlink`, `whiteout`, `opaque`, and what a layer can
/// be asked.
pub fn register(engine: &mut Engine) {
    engine.register_type_with_name::<LayerValue>("Layer");
    engine.register_type_with_name::<EntryValue>("Entry");
    engine.register_fn("layer", |map: Map| build(&map).map(LayerValue));
    engine.register_fn("layer", || LayerValue(Layer::empty()));
    engine.register_fn("file", |text: &str| EntryValue::Inode(Inode::file(Contents::text(text))));
    engine.register_fn("file", |text: &str, options: Map| file(Contents::text(text), &options));
    engine.register_fn("filled", |size: INT| filled(size).map(|c| EntryValue::Inode(Inode::file(c))));
    engine.register_fn("filled", |size: INT, options: Map| filled(size).and_then(|c| file(c, &options)));
    engine.register_fn("dir", |mode: INT| mode_of(mode).map(|mode| EntryValue::Inode(Inode::dir(mode))));
    engine.register_fn("dir", || EntryValue::Inode(Inode::dir(0o755)));
    engine.register_fn("dir", |mode: INT, options: Map| with_options(Inode::dir(mode_of(mode)?), &options));
    engine.register_fn("fifo", || EntryValue::Inode(Inode::new(Kind::Fifo, 0o644)));
    engine.register_fn("fifo", |options: Map| with_options(Inode::new(Kind::Fifo, 0o644), &options));
    engine.register_fn("chardev", |major: INT, minor: INT| device(major, minor).map(EntryValue::Inode));
    engine.register_fn("chardev", |major: INT, minor: INT, options: Map| {
        with_options(device(major, minor)?, &options)
    });
    engine.register_fn("symlink", |target: &str| EntryValue::Inode(Inode::symlink(target.as_bytes())));
    engine.register_fn("symlink", |target: &str, options: Map| {
        with_options(Inode::symlink(target.as_bytes()), &options)
    });
    engine.register_fn("hardlink", |path: &str| EntryValue::HardLink(path.to_owned()));
    engine.register_fn("whiteout", || EntryValue::Inode(Inode::whiteout()));
    engine.register_fn("xwhiteout", || {
        let mut inode = Inode::file(Contents::EMPTY);
        inode.extra_mut().xwhiteout = true;
        EntryValue::Inode(inode)
    });
    engine.register_fn("opaque", |mark: &str| -> Answer<EntryValue> {
        let mut inode = Inode::dir(0o755);
        opaque(&mut inode, &mark.into())?;
        Ok(EntryValue::Inode(inode))
    });
    engine.register_fn("opaque", || {
        let mut inode = Inode::dir(0o755);
        inode.extra_mut().opaque = true;
        EntryValue::Inode(inode)
    });
    engine.register_fn("entries", |layer: &mut LayerValue| tree_map(&layer.0));
    engine.register_fn("tree", |layer: &mut LayerValue| listing(&layer.0));
    engine.register_get("bytes", |layer: &mut LayerValue| layer.0.bytes() as INT);
    engine.register_get("count", |layer: &mut LayerValue| layer.0.entries() as INT);
    engine.register_fn("to_string", |layer: &mut LayerValue| {
        format!("{}\n{}", described(&layer.0), listing(&layer.0)).trim_end().to_owned()
    });
    // Inside a list or a map.
    engine.register_fn("to_debug", |layer: &mut LayerValue| described(&layer.0));
    engine.register_fn("to_string", |_: &mut EntryValue| "an entry of a layer".to_owned());
    engine.register_fn("to_debug", |_: &mut EntryValue| "an entry of a layer".to_owned());
    engine.register_fn("==", |a: LayerValue, b: LayerValue| {
        crate::image::diff_id(&a.0) == crate::image::diff_id(&b.0)
    });
}

/// A layer from a map of path to entry. Hard links come last, so they may name any path.
pub fn build(map: &Map) -> Answer<Layer> {
    let mut tree = Tree::new();
    let mut links = Vec::new();
    for (path, value) in map {
        match entry(path, value)? {
            EntryValue::HardLink(target) => links.push((path.clone(), target)),
            EntryValue::Inode(inode) => {
                if path.trim_matches('/').is_empty() && !inode.kind.is_dir() {
                    return Err(refuse("`/` is the layer's root: it can only be a dir(mode)"));
                }
                tree.put(path.as_bytes(), inode)
                    .ok_or_else(|| refuse(&format!("`{path}` lies below something that is no directory")))?;
            }
        }
    }
    for (path, target) in links {
        tree.put_link(path.as_bytes(), target.as_bytes()).ok_or_else(|| {
            refuse(&format!("hardlink(\"{target}\") at `{path}`: the layer has no such path"))
        })?;
    }
    Ok(tree.seal())
}

/// An entry: text is a file (or, for a path that ends in `/`, nothing but an empty directory).
pub fn entry(path: &str, value: &Dynamic) -> Answer<EntryValue> {
    if let Some(entry) = value.clone().try_cast::<EntryValue>() {
        return Ok(entry);
    }
    if let Some(text) = value.clone().try_cast::<ImmutableString>() {
        if path.ends_with('/') {
            return Err(refuse(&format!("`{path}` ends in `/`, so it is a directory: give it dir(0o755)")));
        }
        return Ok(EntryValue::Inode(Inode::file(Contents::text(&text))));
    }
    Err(refuse(&format!(
        "`{path}` can't be {}: give text, file(text, #{{…}}), dir(mode), symlink(t), hardlink(p), fifo(), chardev(major, minor), whiteout(), opaque() or xwhiteout()",
        type_word(value)
    )))
}

fn file(contents: Contents, options: &Map) -> Answer<EntryValue> {
    with_options(Inode::file(contents), options)
}

/// A character device; 0:0 is a whiteout, as in a layer on disk.
fn device(major: INT, minor: INT) -> Answer<Inode> {
    let kind = match (id_of(major)?, id_of(minor)?) {
        (0, 0) => return Ok(Inode::whiteout()),
        (major, minor) => Kind::CharDev(major, minor),
    };
    Ok(Inode::new(kind, 0o644))
}

/// The mark `opaque`: `y` hides what is below, `x` says that whiteouts may be files.
fn opaque(inode: &mut Inode, value: &Dynamic) -> Answer<()> {
    let text = value.clone().into_string().ok();
    let (hides, holds_xwhiteouts) = match (value.as_bool(), text.as_deref()) {
        (Ok(on), _) => (on, false),
        (_, Some("y")) => (true, false),
        (_, Some("x")) => (false, true),
        _ => return Err(refuse("opaque is true, \"y\" (the same) or \"x\": whiteouts inside are files")),
    };
    let extra = inode.extra_mut();
    (extra.opaque, extra.xwhiteouts) = (hides, holds_xwhiteouts);
    Ok(())
}

/// The entry with what its options say: attributes, and the marks an earlier mount may have left.
fn with_options(mut inode: Inode, options: &Map) -> Answer<EntryValue> {
    let is_dir = inode.kind.is_dir();
    for (key, value) in options {
        let number = || value.as_int().map_err(|_| refuse(&format!("{key} must be a number")));
        match key.as_str() {
            "mode" => inode.mode = mode_of(number()?)?,
            "uid" => inode.uid = id_of(number()?)?,
            "gid" => inode.gid = id_of(number()?)?,
            "mtime" => inode.mtime = number()?,
            "xattrs" => set_xattrs(&mut inode, value)?,
            "redirect" => inode.extra_mut().redirect = Some(words(key, value)?.as_bytes().into()),
            "opaque" if is_dir => opaque(&mut inode, value)?,
            "whiteout" if !is_dir => match words(key, value)?.as_str() {
                "xattr" => inode.extra_mut().xwhiteout = true,
                _ => return Err(refuse("whiteout is \"xattr\": with it an empty file deletes its name")),
            },
            "metacopy" if !is_dir => {
                let size = u64::try_from(number()?).map_err(|_| refuse("a size is not negative"))?;
                inode.extra_mut().metacopy = Some(size);
            }
            other => {
                let (what, has) = if is_dir { ("directory", "opaque") } else { ("file", "metacopy") };
                return Err(refuse(&format!(
                    "a {what} has no `{other}`; it has mode, uid, gid, mtime, xattrs, redirect and {has}"
                )));
            }
        }
    }
    Ok(EntryValue::Inode(inode))
}

fn words(key: &str, value: &Dynamic) -> Answer<ImmutableString> {
    value.clone().try_cast().ok_or_else(|| refuse(&format!("{key} is text, not {}", type_word(value))))
}

/// `#{ "user.origin": "build" }`.
fn set_xattrs(inode: &mut Inode, value: &Dynamic) -> Answer<()> {
    let map = value
        .clone()
        .try_cast::<Map>()
        .ok_or_else(|| refuse("xattrs is a map of name to text: #{ \"user.origin\": \"build\" }"))?;
    for (name, value) in &map {
        let text = words(name, value)?;
        inode.extra_mut().xattrs.insert(name.as_bytes().into(), text.as_bytes().into());
    }
    Ok(())
}

fn filled(size: INT) -> Answer<Contents> {
    u64::try_from(size).map(|size| Contents::fill(b'x', size)).map_err(|_| refuse("a size is not negative"))
}

/// 12 permission bits.
pub fn mode_of(mode: INT) -> Answer<u16> {
    u16::try_from(mode)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .ok_or_else(|| refuse("a mode lies between 0o0000 and 0o7777"))
}

/// A user or group number.
pub fn id_of(id: INT) -> Answer<u32> {
    u32::try_from(id).map_err(|_| refuse("an owner is a number from 0 to 4294967295"))
}

/// A raw tree as a map: path to `#{ type, mode, … }`, marks included, as the overlay corpus spells it.
pub fn tree_map(tree: &dyn Nodes) -> Map {
    let mut map = Map::new();
    tree.walk(&mut |path, _, inode| {
        map.insert(String::from_utf8_lossy(path).as_ref().into(), Dynamic::from_map(inode_map(inode)));
    });
    map
}

fn inode_map(inode: &Inode) -> Map {
    let mut map = Map::new();
    let word = if inode.kind.is_dir() { "dir" } else { inode.kind.word() };
    map.insert("type".into(), word.into());
    if inode.is_whiteout() {
        return map;
    }
    map.insert("mode".into(), INT::from(inode.mode).into());
    map.insert("uid".into(), INT::from(inode.uid).into());
    map.insert("gid".into(), INT::from(inode.gid).into());
    match &inode.kind {
        Kind::File(contents) => {
            map.insert("size".into(), (inode.size() as INT).into());
            if let Some(text) = contents.to_text(4096).filter(|_| inode.metacopy().is_none()) {
                map.insert("data".into(), text.into());
            }
        }
        Kind::Symlink(target) => {
            map.insert("target".into(), String::from_utf8_lossy(target).as_ref().into());
        }
        _ => {}
    }
    if inode.is_opaque() {
        map.insert("opaque".into(), true.into());
    } else if inode.holds_xwhiteouts() {
        map.insert("opaque".into(), "x".into());
    }
    if inode.extra.as_ref().is_some_and(|extra| extra.xwhiteout) {
        map.insert("whiteout".into(), "xattr".into());
    }
    if inode.metacopy().is_some() {
        map.insert("metacopy".into(), true.into());
    }
    if let Some(to) = inode.redirect() {
        map.insert("redirect".into(), String::from_utf8_lossy(to).as_ref().into());
    }
    let xattrs = inode.extra.iter().flat_map(|extra| &extra.xattrs).filter(|(name, _)| {
        // As in the corpus: what programs give their files, not what an overlay notes there.
        name.starts_with(b"user.") && !name.starts_with(b"user.overlay.")
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let xattrs: Map = xattrs.map(|(name, value)| (text(name).into(), text(value).into())).collect();
    if !xattrs.is_empty() {
        map.insert("xattrs".into(), Dynamic::from_map(xattrs));
    }
    map
}

/// One line: entries and bytes.
pub fn described(layer: &Layer) -> String {
    let entries = layer.entries();
    let word = if entries == 1 { "entry" } else { "entries" };
    format!("Layer: {entries} {word}, {} bytes", layer.bytes())
}

/// A raw tree as lines of text.
pub fn listing(tree: &dyn Nodes) -> String {
    let mut text = String::new();
    tree.walk(&mut |path, _, inode| {
        text.push_str(&line(&String::from_utf8_lossy(path), inode));
        text.push('\n');
    });
    text.pop();
    text
}

fn metacopy(path: &str, inode: &Inode) -> String {
    let to = inode.redirect().map(|to| format!(" as {}", String::from_utf8_lossy(to)));
    format!("  {path}  {} B, contents below{}", inode.size(), to.unwrap_or_default())
}

fn line(path: &str, inode: &Inode) -> String {
    match &inode.kind {
        Kind::Whiteout => format!("✕ {path}"),
        Kind::Dir(_) if inode.is_opaque() => format!("⊘ {path}/"),
        Kind::Dir(_) if inode.holds_xwhiteouts() => format!("  {path}/  opaque=x"),
        Kind::File(_) if inode.is_xwhiteout() => format!("✕ {path}  an empty file, marked"),
        Kind::File(_) if inode.metacopy().is_some() => metacopy(path, inode),
        Kind::Dir(_) => format!("  {path}/"),
        Kind::Symlink(target) => format!("  {path} -> {}", String::from_utf8_lossy(target)),
        Kind::File(_) => format!("  {path}  {} B", inode.size()),
        _ => format!("  {path}  {}", inode.kind.word()),
    }
}
