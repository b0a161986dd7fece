//! The base images of a recorded corpus.

use super::{contents, list, mode, text};
use crate::build::configure;
use crate::dockerfile::Version;
use crate::fs::{Inode, Kind, Tree};
use crate::image::{Config, History, Image, ImageLayer, Origin, Store};
use serde_json::Value;

/// Images by name, as `bases.json` describes them.
#[derive(Clone, Debug, Default)]
pub struct Bases {
    store: Store,
    names: Vec<(String, Image)>,
}

impl Bases {
    /// Reads a `bases.json`.
    ///
    /// # Errors
    /// No JSON, or an image that lacks something.
    pub fn read(bytes: &[u8]) -> Result<Bases, String> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let described = value.as_object().ok_or("it is no object")?;
        let mut bases = Bases::default();
        for (name, description) in described {
            let image = image(description).map_err(|message| format!("`{name}`: {message}"))?.sealed();
            let id = bases.store.insert(image.clone());
            bases.store.tag(name, id);
            bases.names.push((name.clone(), image));
        }
        Ok(bases)
    }

    /// A store that holds just these images.
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// The base that a layer belongs to.
    pub fn owner(&self, layer: &ImageLayer) -> Option<&str> {
        let owns = |image: &Image| image.layers.iter().any(|own| own.diff_id == layer.diff_id);
        self.names.iter().find(|(_, image)| owns(image)).map(|(name, _)| name.as_str())
    }
}

fn image(description: &Value) -> Result<Image, String> {
    let mut tree = Tree::new();
    for entry in list(description, "tree")? {
        let kind = match text(entry, "type")? {
            "dir" => Kind::Dir(Default::default()),
            "symlink" => Kind::Symlink(text(entry, "target")?.as_bytes().into()),
            "file" => Kind::File(contents(entry)?),
            other => return Err(format!("an entry of type `{other}`")),
        };
        let id = |key: &str| entry.get(key).and_then(Value::as_u64).unwrap_or(0) as u32;
        let inode = Inode::new(kind, mode(entry).unwrap_or(0o777)).owned(id("uid"), id("gid"));
        tree.put(text(entry, "path")?.as_bytes(), inode);
    }
    let mut config = Config::default();
    let changes: Vec<&str> = list(description, "changes")?.iter().filter_map(Value::as_str).collect();
    configure(&mut config, &changes, Version::V20_10).map_err(|error| error.message)?;
    let history =
        History { created: super::EPOCH, comment: "Imported from -".to_owned(), ..History::default() };
    let layer = ImageLayer::new(tree.seal(), Origin::Daemon, "FROM");
    Ok(Image {
        config,
        history: [history].into_iter().collect(),
        layers: vec![layer],
        created: super::EPOCH,
        ..Image::default()
    })
}
