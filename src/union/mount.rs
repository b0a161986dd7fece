//! A mount: its layers, its options, and what begins and ends an operation.

use super::branches::{self, Places};
use super::cache::{Cache, DirId, Entry, Lowers, Node, Part, Plain, Spot};
use super::driver::Driver;
use super::explain::failed;
use super::generation::Generation;
use super::handle::Handles;
use super::overlay::{self, Index, Overlay, Private, XWhiteouts};
use super::refused::Refused;
use super::storage::{StorageDriver, flatten};
use super::types::{Cached, Cred, Lower, Options, Protected};
use super::why::why_not_mounted;
use crate::fs::{EPOCH, Errno, Inode, Kind, Layer, Name, Nodes, Tree};
use crate::trace::{Cost, Event, Trace};
use std::sync::Arc;

/// A mounted union. Cloning shares all layers and the upper.
#[derive(Debug)]
pub struct Mount {
    pub(super) upper: Tree,
    pub(super) lowers: Arc<[Lower]>,
    pub(super) options: Options,
    pub(super) native: bool,
    pub(super) cred: Cred,
    /// Is the user another than root, so that permissions count?
    pub(super) judged: bool,
    pub(super) protected: Protected,
    /// Why the operation under way was refused, if a permission check did it.
    pub(super) refused: Option<Box<Refused>>,
    pub(super) now: i64,
    pub(super) index: Index,
    pub(super) private: Private,
    pub(super) handles: Handles,
    /// The work directory has `work/incompat/volatile`.
    volatile_mark: bool,
    /// How many of the lowers, at the bottom, are data-only.
    pub(super) data: usize,
    pub(super) xwhiteouts: XWhiteouts,
    /// The whiteout that all deletions of this mount link to was made.
    pub(super) shared_whiteout: bool,
    pub(super) driver: &'static dyn Driver,
    /// What Docker calls the way the view is put together.
    pub(super) storage: StorageDriver,
    /// Where changes are not kept apart: the tree that the mount began with.
    pub(super) base: Option<Layer>,
    /// The branches of aufs and unionfs.
    pub(super) places: Places,
    pub(super) account: Cost,
    pub(super) cache: Cache,
    generation: Generation,
}

impl Clone for Mount {
    fn clone(&self) -> Mount {
        Mount {
            upper: self.upper.clone(),
            lowers: self.lowers.clone(),
            options: self.options,
            native: self.native,
            cred: self.cred.clone(),
            judged: self.judged,
            protected: self.protected,
            refused: None,
            now: self.now,
            index: self.index.clone(),
            private: self.private.clone(),
            handles: self.handles.clone(),
            volatile_mark: self.volatile_mark,
            data: self.data,
            xwhiteouts: self.xwhiteouts.clone(),
            shared_whiteout: self.shared_whiteout,
            driver: self.driver,
            storage: self.storage,
            base: self.base.clone(),
            places: self.places.clone(),
            account: self.account,
            cache: Cache::default(),
            generation: self.generation.clone(),
        }
    }
}

/// Overlays that may be stacked (include/linux/fs.h, `FILESYSTEM_MAX_STACK_DEPTH`).
const MAX_DEPTH: u32 = 2;

/// Why a volatile mount is not mounted a second time.
const VOLATILE: &str = "the mount was volatile, and work/incompat/volatile says so: what fsync promised \
    may never have reached the disk. Take new directories, or remove the mark";

/// Why a mount whose index could not keep an object is not mounted a second time.
const BROKEN_INDEX: &str = "the index holds a symlink, fifo or device without the mark of its origin, \
    which userxattr can't set on those. Empty the work directory, or mount with index=off";

/// Overlays over one another in a mount of these layers.
fn depth<'l>(lowers: impl Iterator<Item = &'l Lower>) -> u32 {
    let below = lowers.filter_map(|lower| lower.layer.nested());
    below.map(|nested| nested.depth).max().unwrap_or(0).saturating_add(1)
}

impl Mount {
    /// Mounts `lowers` (topmost first, as in `lowerdir=A:B:C`) with `upper`.
    ///
    /// # Errors
    /// `EINVAL` for the combinations the kernel refuses (fs/overlayfs/params.c,
    /// `ovl_fs_params_verify`): `metacopy=on` with a written `redirect_dir=off`, `userxattr` with
    /// `redirect_dir=on` or `metacopy=on`, and more than 500 lowers.
    pub fn new(lowers: Vec<Lower>, upper: Tree, options: Options) -> Result<Mount, Errno> {
        Mount::with_data(lowers, Vec::new(), upper, options)
    }

    /// [`Mount::new`] with data-only lowers below (`lowerdir=A:B::C::D`): nothing of them is merged,
    /// they hold contents that metacopies of the lowers point to. Topmost first.
    ///
    /// # Errors
    /// As [`Mount::new`]; `EINVAL` also without any lower that is merged, and for overlays stacked more
    /// than two deep (include/linux/fs.h, `FILESYSTEM_MAX_STACK_DEPTH`).
    pub fn with_data(
        lowers: Vec<Lower>,
        data: Vec<Lower>,
        upper: Tree,
        options: Options,
    ) -> Result<Mount, Errno> {
        let apart = data.len();
        let only_data = apart > 0 && lowers.is_empty();
        let lowers: Arc<[Lower]> = lowers.into_iter().chain(data).collect();
        Overlay.judge(lowers.len(), &options)?;
        let mut mount = Mount::assemble(lowers, upper, options, false);
        if only_data || mount.depth() > MAX_DEPTH {
            return Err(Errno::EINVAL);
        }
        // An overlay hands out no file handles, and the index is made of those (fs/overlayfs/super.c,
        // `ovl_lower_dir`).
        mount.options.index &= mount.depth() < 2;
        mount.data = apart;
        mount.xwhiteouts = overlay::xwhiteouts_at_mount(&mount);
        Ok(mount)
    }

    /// Why [`Mount::with_data`] refuses these layers and options, in words.
    pub fn why_not(lowers: &[Lower], data: &[Lower], options: &Options) -> String {
        let depth = depth(lowers.iter().chain(data));
        if depth > MAX_DEPTH {
            return format!("{depth} overlays over one another; the kernel allows {MAX_DEPTH}");
        }
        if lowers.is_empty() && !data.is_empty() {
            return "all layers are data-only, so there is nothing to merge".to_owned();
        }
        why_not_mounted(lowers.len() + data.len(), options)
    }

    /// A plain filesystem: no lowers, so nothing is ever copied up or whited out.
    pub fn native(tree: Tree) -> Mount {
        Mount::assemble(Arc::new([]), tree, Options::default(), true)
    }

    fn assemble(lowers: Arc<[Lower]>, upper: Tree, options: Options, native: bool) -> Mount {
        Mount {
            upper,
            lowers,
            options,
            native,
            cred: Cred::default(),
            judged: false,
            protected: Protected::default(),
            refused: None,
            now: EPOCH,
            index: Index::default(),
            private: Private::default(),
            handles: Handles::default(),
            volatile_mark: options.volatile && !native,
            data: 0,
            xwhiteouts: XWhiteouts::default(),
            shared_whiteout: false,
            driver: &Overlay,
            storage: if native { StorageDriver::Native } else { StorageDriver::Overlay2 },
            base: None,
            places: Places::default(),
            account: Cost::default(),
            cache: Cache::default(),
            generation: Generation::new(),
        }
    }

    /// A mount of branches.
    pub(super) fn assembled(
        lowers: Arc<[Lower]>,
        upper: Tree,
        storage: StorageDriver,
        driver: &'static dyn Driver,
        places: Places,
    ) -> Mount {
        Mount { storage, driver, places, ..Mount::assemble(lowers, upper, Options::default(), false) }
    }

    /// The storage driver whose view this is.
    pub fn storage(&self) -> StorageDriver {
        self.storage
    }

    /// What this mount has paid so far, the mounting included. Work that nobody listens to (the lab's own,
    /// a build's) is not in it.
    pub fn account(&self) -> Cost {
        self.account
    }

    /// The upper as its driver stores it: of aufs and unionfs with the names of their marks.
    pub fn stored_upper(&self) -> Tree {
        if self.places.is_empty() { self.upper.clone() } else { branches::stored(self, 0) }
    }

    /// Performs what follows as this user. The default is root. Decides who owns new objects, and what
    /// is refused with `EACCES` or `EPERM`.
    pub fn become_user(&mut self, cred: Cred) {
        self.judged = cred.uid != 0;
        self.cred = cred;
    }

    /// The time that what follows is stamped with, in Unix seconds. At first the lab's fixed date; the
    /// lab's host moves on by a second with every edit, for a builder trusts size and time.
    pub fn set_time(&mut self, seconds: i64) {
        self.now = seconds;
    }

    /// Who performs the operations.
    pub fn cred(&self) -> &Cred {
        &self.cred
    }

    /// The upper layer, raw.
    pub fn upper(&self) -> &Tree {
        &self.upper
    }

    /// How many overlays are stacked here: 1, unless a lower is another overlay's merged directory.
    pub fn depth(&self) -> u32 {
        depth(self.lowers.iter())
    }

    /// The lower layers, topmost first; data-only ones last.
    pub fn lowers(&self) -> &[Lower] {
        &self.lowers
    }

    /// How many of the lowers, counted from the bottom, are data-only.
    pub fn data_only(&self) -> usize {
        self.data
    }

    /// The mount options as they are in effect: with another overlay as a lower `index` is off.
    pub fn options(&self) -> Options {
        self.options
    }

    /// Seals the upper as a layer (raw: whiteouts and marks as they are) without changing the mount.
    pub fn sealed_upper(&self) -> Layer {
        self.upper.seal()
    }

    /// Commit: the upper becomes the topmost lower under this label; a fresh upper takes its place.
    ///
    /// The old upper is used as it is. The index is left behind in the old work directory, where it
    /// still counts as one link of every file it holds. So is the mark of a `volatile` mount: the new
    /// work directory gets one of its own.
    ///
    /// # Errors
    /// `EBUSY` while a file is open or mapped: what is in use can't be unmounted.
    pub fn commit(&mut self, label: &str, t: &mut Trace) -> Result<Layer, Errno> {
        self.unbusy("commit", t)?;
        let layer = self.diff(t)?;
        t.emit(|| Event::Committed {
            what: label.to_owned(),
            entries: layer.entries(),
            bytes: layer.bytes(),
        });
        self.take_below(&layer, label, t)?;
        self.index = Index::default();
        self.private = Private::default();
        self.mount_again();
        self.generation.advance();
        Ok(layer)
    }

    /// The sealed upper becomes what the mount stands on, in its driver's way.
    fn take_below(&mut self, layer: &Layer, label: &str, t: &mut Trace) -> Result<(), Errno> {
        if !self.places.is_empty() {
            branches::commit(self, layer, label);
            return Ok(());
        }
        let top = Lower { layer: layer.clone(), label: label.into() };
        match (self.storage, &self.base) {
            (StorageDriver::Vfs, _) => {
                self.base = Some(self.upper.seal());
                return Ok(());
            }
            (StorageDriver::Overlay, Some(base)) => {
                let below = Lower { layer: base.clone(), label: "".into() };
                let whole = flatten(vec![top, below], t)?;
                self.base = Some(whole.clone());
                self.lowers = Arc::new([Lower { layer: whole, label: label.into() }]);
            }
            _ => self.lowers = std::iter::once(top).chain(self.lowers.iter().cloned()).collect(),
        }
        self.upper = Tree::new();
        (self.native, self.storage) = (
            false,
            if self.storage == StorageDriver::Native { StorageDriver::Overlay2 } else { self.storage },
        );
        self.base = self.base.take().filter(|_| self.storage != StorageDriver::Overlay2);
        Ok(())
    }

    /// Unmounts and mounts the same layers again. Nothing that can be seen depends on it.
    ///
    /// # Errors
    /// `EBUSY` while a file is open or mapped. `EINVAL` when the mount was `volatile` and its mark is
    /// still there (fs/overlayfs/super.c, `ovl_create_volatile_dirty`; readdir.c,
    /// `ovl_workdir_cleanup_recurse`): nobody knows what reached the disk. `ENODATA` when the index
    /// holds a symlink, fifo or device that a `userxattr` mount could not mark (namei.c,
    /// `ovl_verify_index`). The lab then goes on with the mount as it was.
    pub fn restart(&mut self, t: &mut Trace) -> Result<(), Errno> {
        self.unbusy("restart", t)?;
        if self.volatile_mark {
            t.emit(|| failed("restart", b"/", Errno::EINVAL, VOLATILE.to_owned()));
            return Err(Errno::EINVAL);
        }
        if self.index.is_broken() {
            t.emit(|| failed("restart", b"/", Errno::ENODATA, BROKEN_INDEX.to_owned()));
            return Err(Errno::ENODATA);
        }
        self.mount_again();
        Ok(())
    }

    fn mount_again(&mut self) {
        self.volatile_mark = self.options.volatile && !self.native;
        self.shared_whiteout = false;
        self.cache = Cache::default();
        self.xwhiteouts = overlay::xwhiteouts_at_mount(self);
    }

    /// Removes `work/incompat/volatile`, as an administrator does who trusts the layers all the same:
    /// the next mount of the work directory works. Was there one?
    pub fn forget_volatile(&mut self) -> bool {
        let there = std::mem::take(&mut self.volatile_mark);
        if there {
            self.changed();
        }
        there
    }

    /// How much is kept to answer faster.
    pub fn cached(&self) -> Cached {
        self.cache.size()
    }

    /// A number that no other state of any mount of this process has had: changes with every change
    /// of the upper. For memoising what was computed from the merged view; never shown.
    pub fn generation(&self) -> u64 {
        self.generation.now()
    }

    // ---- for the other files of this folder -----------------------------------------------

    /// Something changed that `undo` must know of.
    pub(super) fn changed(&mut self) {
        self.generation.advance();
    }

    /// The upper, to change.
    pub(super) fn upper_mut(&mut self) -> &mut Tree {
        self.generation.advance();
        &mut self.upper
    }

    /// An inode of any layer.
    #[inline]
    pub(super) fn inode(&self, (layer, ino): Part) -> &Inode {
        match layer.checked_sub(1).and_then(|lower| self.lowers.get(lower as usize)) {
            Some(lower) => lower.layer.inode(ino),
            None => self.upper.inode(ino),
        }
    }

    /// Has this directory perhaps a name with this hash?
    #[inline]
    pub(super) fn may_have(&self, (layer, dir): Part, hash: u64) -> bool {
        let lower = layer.checked_sub(1).and_then(|lower| self.lowers.get(lower as usize));
        lower.is_none_or(|lower| lower.layer.may_have(dir, hash))
    }

    /// Is this a layer that is known to have no marks? See [`crate::fs::Layer::is_plain`].
    pub(super) fn is_plain(&self, layer: u32) -> bool {
        let lower = layer.checked_sub(1).and_then(|lower| self.lowers.get(lower as usize));
        lower.is_some_and(|lower| lower.layer.is_plain())
    }

    /// May there be a whiteout in this layer?
    pub(super) fn has_whiteouts(&self, layer: u32) -> bool {
        let lower = layer.checked_sub(1).and_then(|lower| self.lowers.get(lower as usize));
        lower.is_none_or(|lower| lower.layer.has_whiteouts())
    }

    /// The inode that gives an entry its type and attributes.
    pub(super) fn real(&self, entry: &Entry) -> Option<&Inode> {
        entry.real().map(|part| self.inode(part))
    }

    /// The merged root: the upper's root and all lower roots, whatever marks they carry
    /// (fs/overlayfs/super.c, `ovl_get_root`).
    pub(super) fn root_entry(&self) -> Entry {
        if !self.places.is_empty() {
            let roots = self.places.roots();
            return Entry { upper: Some(0), lowers: Lowers::from_parts(&roots[1..]), ..Entry::default() };
        }
        let lowers = self.lower_roots();
        let above_lowest = &lowers[..lowers.len().saturating_sub(1)];
        let xwhiteouts = above_lowest.iter().any(|root| self.inode(*root).holds_xwhiteouts());
        Entry { upper: Some(0), lowers: Lowers::from_parts(&lowers), xwhiteouts, ..Entry::default() }
    }

    /// How many of the lowers are merged.
    pub(super) fn regular(&self) -> usize {
        self.lowers.len().saturating_sub(self.data)
    }

    pub(super) fn lower_roots(&self) -> Vec<Part> {
        (1..=self.regular() as u32).map(|layer| (layer, 0)).collect()
    }

    /// Begins an operation: the cache is ready, and there is something left to draw on.
    pub(super) fn begin(&mut self, t: &mut Trace) -> Result<(), Errno> {
        self.make_ready();
        if t.fuel.spend(1) { Ok(()) } else { Err(Errno::EINTR) }
    }

    /// The cache is ready.
    pub(super) fn make_ready(&mut self) {
        if self.cache.needs_root() {
            let root = self.root_entry();
            self.cache.begin(root);
        }
        if self.refused.is_some() {
            self.refused = None;
        }
    }

    /// Looks one name up in one directory.
    ///
    /// # Errors
    /// `ENAMETOOLONG` before any layer is asked (fs/overlayfs/namei.c, `ovl_lookup`), and whatever
    /// the driver refuses.
    pub(super) fn lookup(&mut self, dir: DirId, name: &[u8]) -> Result<Node, Errno> {
        if name.len() > 255 {
            return Err(Errno::ENAMETOOLONG);
        }
        if let Some(node) = self.cache.get(dir, name) {
            return Ok(node);
        }
        let entry = match self.driver.search(self, &self.cache.dir(dir).entry, name, None) {
            Ok(entry) => entry,
            Err(errno) => {
                let parent = self.cache.dir(dir).entry.clone();
                self.driver.failed(self, &parent, name);
                return Err(errno);
            }
        };
        if self.real(&entry).is_some_and(|inode| inode.kind.is_dir()) {
            let parent = self.cache.dir(dir).entry.clone();
            self.driver.found(self, &parent, &entry);
            let id = self.cache.keep_dir(dir, name, entry.clone());
            return Ok(Node::of(entry, Some(id)));
        }
        let plain = self.plain(&entry);
        if self.driver.keeps(self, &entry) {
            self.cache.keep(dir, name, entry.clone(), plain);
        }
        Ok(Node { entry, dir: None, plain })
    }

    /// What stat tells of a file that is nothing but one name in one lower layer.
    pub(super) fn plain(&self, entry: &Entry) -> Option<Plain> {
        let (None, [part]) = (entry.upper, entry.lowers.parts()) else { return None };
        let inode = self.inode(*part);
        let Inode { mode, uid, gid, mtime, .. } = *inode;
        let plain = matches!(inode.kind, Kind::File(_)) && inode.extra.is_none() && inode.nlink == 1;
        plain.then(|| Plain { mode, uid, gid, size: inode.size(), mtime })
    }

    /// [`Mount::lookup`] as a [`Spot`].
    pub(super) fn spot(&mut self, dir: DirId, name: &Name) -> Result<Spot, Errno> {
        Ok(Spot { dir, name: name.clone(), node: self.lookup(dir, name)? })
    }

    /// The spot of a directory that was reached.
    pub(super) fn spot_of(&self, id: DirId) -> Spot {
        let dir = self.cache.dir(id);
        Spot { dir: dir.parent, name: dir.name.clone(), node: Node::of(dir.entry.clone(), Some(id)) }
    }

    /// A spot as it is now, after something changed.
    pub(super) fn again(&mut self, spot: &Spot) -> Result<Spot, Errno> {
        match spot.node.dir {
            Some(id) => Ok(self.spot_of(id)),
            None => self.spot(spot.dir, &spot.name),
        }
    }

    /// The absolute path of a spot.
    pub(super) fn path_of(&self, spot: &Spot) -> Vec<u8> {
        match spot.node.dir {
            Some(id) => self.cache.path_of(id),
            None => self.path_in(spot.dir, &spot.name),
        }
    }

    /// The absolute path of a name in a directory.
    pub(super) fn path_in(&self, dir: DirId, name: &[u8]) -> Vec<u8> {
        self.cache.path_in(dir, Some(name))
    }
}
