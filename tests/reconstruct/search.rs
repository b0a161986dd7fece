//! Look-up as the kernel's documents describe it, written once more: over layers that are nothing but
//! paths, without cache, without inodes. What it says is compared with what the union's events say.

use super::model::{Layer, Model, Object};
use serde_json::Value;

/// A directory or object of the merged view: where it lies. Layer 0 is the upper.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    pub upper: Option<String>,
    pub lowers: Vec<(usize, String)>,
    /// The index holds the copy.
    pub indexed: bool,
}

impl Record {
    /// The layer that wins, counted from the base; 0 is the upper.
    pub fn winner(&self, model: &Model) -> Option<u64> {
        match (&self.upper, self.lowers.first()) {
            _ if self.indexed => Some(0),
            (Some(_), _) => Some(0),
            (None, Some((layer, _))) => Some((model.lowers.len() + 1 - layer) as u64),
            (None, None) => None,
        }
    }
}

/// Options that matter here.
pub struct Options {
    metacopy: bool,
    userxattr: bool,
}

impl Options {
    pub fn of(case: &Value) -> Options {
        let options = &case["options"];
        Options { metacopy: options["metacopy"] == "on", userxattr: options["userxattr"] == true }
    }
}

/// Looks a path up from the root, no symlinks: what it leads to, or the errno.
pub fn look_up(model: &Model, options: &Options, path: &str) -> Result<Record, &'static str> {
    let root = Record {
        upper: Some("/".to_owned()),
        lowers: (1..=model.lowers.len() - model.data).map(|layer| (layer, "/".to_owned())).collect(),
        indexed: false,
    };
    path.split('/').filter(|name| !name.is_empty()).try_fold(root, |dir, name| {
        Search { model, options, dir, want: name.to_owned(), ..Search::new(model, options) }.run()
    })
}

struct Search<'a> {
    model: &'a Model,
    options: &'a Options,
    dir: Record,
    want: String,
    stop: bool,
    is_dir: bool,
    meta: bool,
    redirect: Option<String>,
    /// The last mark read was an absolute redirect.
    absolute: bool,
    /// No directory was found in the layers above.
    fresh: bool,
}

impl<'a> Search<'a> {
    fn new(model: &'a Model, options: &'a Options) -> Search<'a> {
        let dir = Record::default();
        let want = String::new();
        let (stop, is_dir, meta, absolute) = (false, false, false, false);
        Search { model, options, dir, want, stop, is_dir, meta, redirect: None, absolute, fresh: true }
    }

    fn layer(&self, layer: usize) -> &'a Layer {
        if layer == 0 { &self.model.upper } else { &self.model.lowers[layer - 1] }
    }

    fn object(&self, layer: usize, path: &str) -> Option<&'a Object> {
        self.layer(layer).get(path)
    }

    fn run(mut self) -> Result<Record, &'static str> {
        let mut found = Record::default();
        if let Some(dir) = self.dir.upper.clone() {
            found.upper = self.probe(0, &dir)?;
        }
        let dirs = self.dir.lowers.clone();
        let roots: Vec<(usize, String)> = (1..=self.regular()).map(|k| (k, "/".to_owned())).collect();
        let mut rooted = self.want.starts_with('/');
        let mut rest = if rooted { roots.clone() } else { dirs };
        while !self.stop && !rest.is_empty() {
            self.refuse()?;
            let (layer, dir) = rest.remove(0);
            let Some(path) = self.probe(layer, &dir)? else { continue };
            if !self.meta || found.lowers.is_empty() {
                found.lowers.push((layer, path));
            }
            if !self.stop && !rooted && self.want.starts_with('/') {
                rooted = true;
                rest = roots.iter().filter(|(k, _)| *k > layer).cloned().collect();
            }
        }
        // Contents that lie in a data-only layer are looked for when the file is opened.
        if self.meta && !found.lowers.is_empty() && self.absolute && self.model.data > 0 {
            self.meta = false;
        } else {
            self.refuse()?;
        }
        let without_data = found.lowers.is_empty()
            && found
                .upper
                .as_ref()
                .is_some_and(|path| self.object(0, path).is_some_and(|o| o.metacopy.is_some()));
        if self.meta || without_data {
            return Err("EIO");
        }
        if let (None, Some((layer, path))) = (&found.upper, found.lowers.first()) {
            let number = (self.model.lowers.len() + 1 - layer) as u64;
            let object = self.layer(*layer).paths[path];
            if let Some(copy) = self.model.indexed.get(&(number, object)) {
                found.indexed = true;
                if self.model.upper.objects[*copy].metacopy.is_some() && !self.options.metacopy {
                    return Err("EPERM");
                }
            }
        }
        Ok(found)
    }

    /// Layers whose directories merge.
    fn regular(&self) -> usize {
        self.model.lowers.len() - self.model.data
    }

    fn refuse(&self) -> Result<(), &'static str> {
        let refused =
            (self.meta && !self.options.metacopy) || (self.redirect.is_some() && self.options.userxattr);
        if refused { Err("EPERM") } else { Ok(()) }
    }

    /// Asks one layer: for a name in its directory, or for a path from its root.
    fn probe(&mut self, layer: usize, dir: &str) -> Result<Option<String>, &'static str> {
        let asked = self.want.clone();
        self.fresh = !self.is_dir;
        if !asked.starts_with('/') {
            return self.step(layer, dir, &asked, "", "");
        }
        let names: Vec<&str> = asked[1..].split('/').collect();
        let mut at = "/".to_owned();
        // What has become of the names walked so far, for the layers below.
        let mut done = String::new();
        for (n, name) in names.iter().enumerate() {
            let behind: String = names[n + 1..].iter().map(|name| format!("/{name}")).collect();
            match self.step(layer, &at, name, &format!("{done}/"), &behind)? {
                Some(path) => at = path,
                None => return Ok(None),
            }
            done = self.want[..self.want.len() - behind.len()].to_owned();
        }
        Ok(Some(at))
    }

    fn step(
        &mut self,
        layer: usize,
        dir: &str,
        name: &str,
        before: &str,
        behind: &str,
    ) -> Result<Option<String>, &'static str> {
        if name == "." || name == ".." {
            return Err("EACCES");
        }
        let path = format!("{}/{name}", dir.trim_end_matches('/'));
        let last = behind.is_empty();
        let Some(object) = self.object(layer, &path) else {
            // Of another overlay's directory: that overlay's answer.
            let ghost = self.object(layer, dir).and_then(|dir| dir.ghosts.get(name));
            return ghost.filter(|errno| **errno != "ENOENT").map_or(Ok(None), |errno| Err(*errno));
        };
        let file = object.kind != "dir";
        let ends = object.kind == "whiteout"
            || (object.xwhiteout && object.data.len() == 0)
            || (last && self.meta && object.kind != "file")
            || (file && (self.is_dir || !last));
        if ends {
            self.stop = true;
            return Ok(None);
        }
        if file {
            self.meta = object.metacopy.is_some();
            self.stop = !self.meta;
            if self.stop || self.nothing_below(layer) {
                return Ok(Some(path));
            }
        } else {
            self.is_dir |= last;
            if self.nothing_below(layer) {
                return Ok(Some(path));
            }
            if object.opaque == Some('y') {
                self.stop = true;
                return Ok(Some(path));
            }
        }
        self.absolute = false;
        if let Some(to) = &object.redirect {
            let bad = match to.strip_prefix('/') {
                Some(rest) => rest.split('/').any(str::is_empty),
                None => to.is_empty() || to.contains('/'),
            };
            if bad {
                return Err("EINVAL");
            }
            self.redirect = Some(to.clone());
            self.absolute = to.starts_with('/');
            if to.starts_with('/') {
                self.stop = false;
                self.want = format!("{to}{behind}");
            } else {
                self.want = format!("{before}{to}{behind}");
            }
        }
        Ok(Some(path))
    }

    fn nothing_below(&self, layer: usize) -> bool {
        if layer > 0 && self.fresh && self.model.data > 0 {
            return false;
        }
        if self.options.userxattr {
            return layer == self.dir.lowers.last().map_or(0, |(layer, _)| *layer);
        }
        layer == self.regular()
    }
}
