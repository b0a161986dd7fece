//! Many names of one directory at once: what the single calls do for each, with the way to the directory
//! gone once. Fuel is drawn as the single calls draw it.

use super::cache::{DirId, Entry, Lowers, Node, ROOT, Spot};
use super::mount::Mount;
use super::open::{MAX_SIZE, draw};
use super::types::Stat;
use super::walk::PATH_MAX;
use crate::fs::{Contents, Errno, Inode, Name, Nodes, path};
use crate::trace::Trace;

/// The longest name of any filesystem here (include/uapi/linux/limits.h, `NAME_MAX`).
const NAME_MAX: usize = 255;

impl Mount {
    /// [`Mount::lstat`] of these names of a directory, the last first; none of what can't be found. Fewer
    /// when the fuel runs out; `beside` is what the caller draws for each.
    ///
    /// None: this is not the way to ask here, since somebody may be refused.
    pub(crate) fn lstat_each(
        &mut self,
        dir: &[u8],
        names: &[Name],
        beside: u64,
        t: &mut Trace,
    ) -> Option<Vec<Option<Stat>>> {
        let id = self.directory_at(dir)?;
        let cost = beside.saturating_add(self.cost_in(id));
        let mut stats = Vec::with_capacity(names.len());
        for name in names.iter().rev() {
            if !t.fuel.spend(cost) {
                break;
            }
            stats.push(self.stat_in(id, name));
        }
        Some(stats)
    }

    /// Makes files in a directory that only the upper has, as [`Mount::open`] with `O_CREAT|O_TRUNC` and a
    /// write does. Stops before the first one that must go the long way, because its name is taken, because
    /// somebody listens or may be refused. How many were made.
    ///
    /// For each the caller draws `beside`, and with `asked` has looked whether it is there.
    ///
    /// # Errors
    /// `EINTR`, and those of a new file.
    pub(crate) fn create_each(
        &mut self,
        dir: &[u8],
        files: &[(Contents, String)],
        mode: u16,
        (beside, asked): (u64, bool),
        t: &mut Trace,
    ) -> Result<usize, Errno> {
        if t.listening() {
            return Ok(0);
        }
        let Some(id) = self.directory_at(dir) else { return Ok(0) };
        let way = self.cost_in(id);
        let before = beside.saturating_add(if asked { way } else { 0 });
        for (made, (contents, at)) in files.iter().enumerate() {
            let name = path::file_name(at.as_bytes());
            if !self.is_free(id, name) || contents.len() > MAX_SIZE {
                return Ok(made);
            }
            if !t.fuel.spend(before.saturating_add(1)) {
                return Err(Errno::EINTR);
            }
            draw(contents, t)?;
            if !t.fuel.spend(way.saturating_sub(1)) {
                return Err(Errno::EINTR);
            }
            let spot = Spot { dir: id, name: name.into(), node: Node::of(Entry::default(), None) };
            let inode = Inode::file(contents.clone()).with_mode(mode & 0o7777);
            self.driver.create(self, &spot, inode, t)?;
        }
        Ok(files.len())
    }

    /// The directory at a path, for a caller whom nothing is refused.
    fn directory_at(&mut self, dir: &[u8]) -> Option<DirId> {
        if self.judged || dir.len() + 1 + NAME_MAX >= PATH_MAX {
            return None;
        }
        self.make_ready();
        self.find(dir, false, &mut Trace::silent()).ok()?.dir
    }

    /// What a system call draws that asks for a name in this directory by its whole path.
    fn cost_in(&self, dir: DirId) -> u64 {
        let (mut cost, mut at) = (1, dir);
        loop {
            cost += 1 + self.cache.lowers(at) / 16;
            if at == ROOT {
                return cost;
            }
            at = self.cache.dir(at).parent;
        }
    }

    fn stat_in(&mut self, dir: DirId, name: &[u8]) -> Option<Stat> {
        if let Some(stat) = self.plain_in(dir, name) {
            return Some(stat);
        }
        let node = self.lookup(dir, name).ok()?;
        self.stat_of(&node)
    }

    /// A plain file in a directory of a single lower layer: there is nothing to merge, so the cache is not
    /// asked and keeps nothing.
    fn plain_in(&self, dir: DirId, name: &[u8]) -> Option<Stat> {
        let Entry { upper: None, lowers: Lowers::One([(layer, dir)]), .. } = self.cache.dir(dir).entry else {
            return None;
        };
        // The index may know a file by another name; `plain` leaves out whatever has a mark.
        if self.options.index {
            return None;
        }
        let ino = self.inode((layer, dir)).entries()?.get(name)?;
        let entry = Entry { lowers: Lowers::One([(layer, ino)]), ..Entry::default() };
        let plain = Some(self.plain(&entry)?);
        self.stat_of(&Node { entry, dir: None, plain })
    }

    /// Is there surely nothing under this name, in a directory that only the upper has?
    fn is_free(&self, dir: DirId, name: &[u8]) -> bool {
        let entry = &self.cache.dir(dir).entry;
        let fits = !name.is_empty() && name.len() <= NAME_MAX && !matches!(name, b"." | b"..");
        let free = |ino| self.upper.child(ino, name).is_none();
        fits && entry.pure_upper() && entry.upper.is_some_and(free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::Tree;
    use crate::union::{Lower, Open, Options};

    fn mount() -> Mount {
        let layer = |paths: &[&str]| {
            let mut tree = Tree::new();
            for path in paths {
                tree.put(path.as_bytes(), Inode::file(Contents::text(path)));
            }
            tree.put(b"/a/b/link", Inode::symlink(b"f1"));
            Lower { layer: tree.seal(), label: "layer".into() }
        };
        let lowers = vec![layer(&["/a/b/f1", "/a/b/dir/f"]), layer(&["/a/f2", "/a/g"])];
        let mut mount =
            Mount::new(lowers, Tree::new(), Options::default()).unwrap_or_else(|_| unreachable!());
        let mut t = Trace::silent();
        assert!(mount.unlink(b"/a/b/f1", &mut t).is_ok() && mount.mkdir(b"/new", 0o755, &mut t).is_ok());
        assert!(mount.create(b"/new/old", 0o600, Contents::EMPTY, &mut t).is_ok());
        mount
    }

    #[test]
    fn many_names_are_told_as_each_alone_and_draw_the_same() {
        for dir in ["/a", "/a/b", "/a/b/dir", "/new"] {
            let (mut one, mut other) = (mount(), mount());
            let (mut each, mut all) = (Trace::silent(), Trace::silent());
            let mut names = one.readdir(dir.as_bytes(), &mut Trace::silent()).unwrap_or_default().to_vec();
            names.push(Name::from(&b"missing"[..]));
            let path = |name: &Name| [dir.as_bytes(), b"/", name].concat();
            let alone: Vec<_> =
                names.iter().rev().map(|name| one.lstat(&path(name), &mut each).ok()).collect();
            assert_eq!(other.lstat_each(dir.as_bytes(), &names, 0, &mut all), Some(alone), "{dir}");
            assert_eq!(all.fuel.used(), each.fuel.used(), "{dir}");
        }
    }

    #[test]
    fn many_new_files_are_made_as_each_alone_and_draw_the_same() {
        let (mut one, mut other) = (mount(), mount());
        let (mut each, mut all) = (Trace::silent(), Trace::silent());
        let files = ["x", "y", "old", "z"].map(|name| (Contents::text(name), format!("/new/{name}")));
        let flags = Open { write: true, create: true, trunc: true, mode: 0o640, ..Open::default() };
        for (contents, path) in &files[..2] {
            assert!(one.open(path.as_bytes(), flags, Some(contents.clone()), false, &mut each).is_ok());
        }
        // What is there already goes the long way; so does all in a directory that merges.
        assert_eq!(other.create_each(b"/new", &files, 0o640, (0, false), &mut all), Ok(2));
        assert_eq!(other.create_each(b"/a", &files, 0o640, (0, false), &mut all), Ok(0));
        assert_eq!(all.fuel.used(), each.fuel.used());
        let seen = |mount: &mut Mount| mount.walk(b"/", &mut Trace::silent());
        assert_eq!(seen(&mut one), seen(&mut other));
        assert_eq!(other.read(b"/new/y", &mut all), Ok(Contents::text("y")));
    }
}
