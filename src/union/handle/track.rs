//! What happens to open files: their objects are copied up, moved, removed.

use super::super::cache::{Node, Part, Spot};
use super::super::driver::Need;
use super::super::mount::Mount;
use super::map::Map;
use super::{Handle, Named};
use crate::fs::path::{file_name, parent, show};
use crate::fs::{Errno, Ino, Name, Nodes};
use crate::trace::{Event, HandleNews, MapNews, Trace};

impl Mount {
    /// A file got its inode in the upper, or the index knew one and this name was linked to it.
    /// Handles opened by this name follow; of an indexed file (`index=on`) those of its other names
    /// too, for all of them are one object. Maps stay where they are.
    pub(in crate::union) fn handles_copied(
        &mut self,
        spot: &Spot,
        lower: Option<Part>,
        ino: Ino,
        t: &mut Trace,
    ) {
        if self.handles.is_empty() {
            return;
        }
        let path = self.path_in(spot.dir, &spot.name);
        let shared = lower.filter(|part| self.options.index && self.inode(*part).nlink > 1);
        let named = |name: &[u8], named: Named| named == Named::Yes && *name == *path;
        let follows = |handle: &Handle| {
            let by_index = shared.is_some() && handle.entry.lowers.parts().first().copied() == shared;
            handle.entry.upper.is_none() && !handle.is_dir && (by_index || named(&handle.path, handle.named))
        };
        for fd in self.handles_where(follows) {
            let Ok(handle) = self.handles.file(fd) else { continue };
            let before = self.data_part(&handle.entry);
            if let Ok(handle) = self.handles.file_mut(fd) {
                handle.entry.upper = Some(ino);
            }
            self.pin(Some(ino));
            self.tell_followed(fd, before, t);
        }
        let moved = self.inode((0, ino)).metacopy().is_none();
        let of_object = |map: &Map| {
            let by_index = shared.is_some() && Some(map.part) == shared;
            map.upper.is_none() && (by_index || named(&map.path, map.named))
        };
        for number in self.maps_where(of_object) {
            self.leave_behind(number, ino, moved, t);
        }
    }

    /// A metacopy in the upper got its data.
    pub(in crate::union) fn handles_completed(&mut self, ino: Ino, from: Option<Part>, t: &mut Trace) {
        if self.handles.is_empty() {
            return;
        }
        for fd in self.handles_where(|handle| handle.entry.upper == Some(ino)) {
            self.tell_followed(fd, from, t);
        }
        for number in self.maps_where(|map| map.upper == Some(ino) && Some(map.part) == from) {
            self.leave_behind(number, ino, true, t);
        }
    }

    /// Says where a handle reads from now.
    fn tell_followed(&mut self, fd: u32, before: Option<Part>, t: &mut Trace) {
        let Ok(handle) = self.handles.file(fd) else { return };
        let Some((layer, _)) = before else { return };
        let contents = self.data_part(&handle.entry) != before;
        t.emit(|| Event::Handle {
            fd,
            path: show(&handle.path).into_owned(),
            news: HandleNews::Followed { from: self.layer_ref(layer), contents },
        });
    }

    /// A map's object is in the upper now. If its contents are, the map does not show them.
    fn leave_behind(&mut self, number: u32, ino: Ino, moved: bool, t: &mut Trace) {
        let Some(map) = self.handles.table_mut().maps.get_mut(&number) else { return };
        (map.upper, map.behind) = (Some(ino), map.behind || moved);
        let (path, layer) = (map.path.clone(), map.part.0);
        if moved {
            t.emit(|| Event::Map {
                map: number,
                path: show(&path).into_owned(),
                news: MapNews::LeftBehind { from: self.layer_ref(layer) },
            });
        }
    }

    /// An object of a lower layer that was deleted is about to change: its copy takes the name it had,
    /// if it can (see [`Mount::fsetxattr`]).
    pub(super) fn come_back(&mut self, fd: u32, t: &mut Trace) -> Result<(), Errno> {
        let handle = self.handles.file(fd)?.clone();
        let file = self.is_file(&handle);
        match handle.named {
            Named::Orphan if file => return Err(Errno::ENOENT),
            Named::Orphan => return Err(Errno::EIO),
            _ if file => return Err(Errno::EEXIST),
            _ => {}
        }
        let above = self.spot_at(parent(&handle.path), t)?;
        let dir = above.node.dir.ok_or(Errno::ESTALE)?;
        let name: Name = file_name(&handle.path).into();
        let there = above.node.entry.upper.and_then(|ino| self.upper.child(ino, &name));
        match there.map(|ino| (self.upper.inode(ino).kind.is_dir(), self.upper.inode(ino).entries())) {
            Some((true, _)) if !handle.is_dir => return Err(Errno::EISDIR),
            Some((false, _)) if handle.is_dir => return Err(Errno::ENOTDIR),
            Some((true, Some(entries))) if !entries.is_empty() => return Err(Errno::ENOTEMPTY),
            _ => {}
        }
        let replaced = self.spot(dir, &name)?;
        self.handles_hold(&replaced);
        let id = handle.is_dir.then(|| self.cache.keep_dir(dir, &name, handle.entry.clone()));
        let node = Node::of(handle.entry.clone(), id);
        let copied = self.driver.copy_up(self, &Spot { dir, name: name.clone(), node }, Need::Attributes, t);
        self.cache.forget(dir, &name);
        let ino = copied?;
        self.handles_gone(&handle.path, t);
        let twin = |other: &Handle| {
            other.entry.upper.is_none()
                && other.path == handle.path
                && other.entry.real() == handle.entry.real()
        };
        for fd in self.handles_where(twin) {
            let Ok(handle) = self.handles.file_mut(fd) else { continue };
            (handle.entry.upper, handle.named) = (Some(ino), Named::Yes);
            self.pin(Some(ino));
        }
        Ok(())
    }

    /// A name may be about to go: open directories of this name take note of what they are made of,
    /// for afterwards nobody can look it up.
    pub(in crate::union) fn handles_hold(&mut self, spot: &Spot) {
        if self.handles.is_empty() || spot.node.dir.is_none() {
            return;
        }
        let path = self.path_in(spot.dir, &spot.name);
        let entry = &spot.node.entry;
        for fd in self.handles_where(|handle| handle.named == Named::Yes && *handle.path == *path) {
            let Ok(handle) = self.handles.file_mut(fd) else { continue };
            let before = std::mem::replace(&mut handle.entry, entry.clone()).upper;
            self.pin(entry.upper);
            self.unpin(before);
        }
    }

    /// A name went: unlink, rmdir, or another object was moved onto it.
    pub(in crate::union) fn handles_gone(&mut self, path: &[u8], t: &mut Trace) {
        for fd in self.handles_where(|_| true) {
            let Ok(handle) = self.handles.file_mut(fd) else { continue };
            if handle.named == Named::Gone && below(&handle.path, path).is_some() {
                handle.named = Named::Orphan;
            }
            if handle.named != Named::Yes || *handle.path != *path {
                continue;
            }
            handle.named = Named::Gone;
            let (entry, directory) = (handle.entry.clone(), handle.is_dir);
            let nameless = self.handles.file(fd).is_ok_and(|handle| self.is_nameless(handle));
            let from = self.data_part(&entry).or(entry.real()).map(|(layer, _)| self.layer_ref(layer));
            t.emit(|| Event::Handle {
                fd,
                path: show(path).into_owned(),
                news: HandleNews::Unlinked { directory, from, nameless },
            });
        }
        for number in self.maps_where(|map| *map.path == *path) {
            if let Some(map) = self.handles.table_mut().maps.get_mut(&number) {
                map.named = Named::Gone;
            }
        }
    }

    /// A name moved, and everything below it.
    pub(in crate::union) fn handles_moved(&mut self, from: &[u8], to: &[u8], exchange: bool) {
        for fd in self.handles_where(|_| true) {
            let Ok(handle) = self.handles.file_mut(fd) else { continue };
            if let Some(path) = new_path(&handle.path, handle.named, from, to, exchange) {
                handle.path = path.into();
            }
        }
        for number in self.maps_where(|_| true) {
            let Some(map) = self.handles.table_mut().maps.get_mut(&number) else { continue };
            if let Some(path) = new_path(&map.path, map.named, from, to, exchange) {
                map.path = path.into();
            }
        }
    }

    fn maps_where(&self, which: impl Fn(&Map) -> bool) -> Vec<u32> {
        let maps = self.handles.table().into_iter().flat_map(|table| &table.maps);
        maps.filter(|(_, map)| which(map)).map(|(number, _)| *number).collect()
    }

    fn handles_where(&self, which: impl Fn(&Handle) -> bool) -> Vec<u32> {
        let files = self.handles.table().into_iter().flat_map(|table| &table.files);
        files.filter(|(_, handle)| which(handle)).map(|(fd, _)| *fd).collect()
    }
}

/// The path after a move.
fn new_path(path: &[u8], named: Named, from: &[u8], to: &[u8], exchange: bool) -> Option<Vec<u8>> {
    moved(path, named, from, to).or_else(|| if exchange { moved(path, named, to, from) } else { None })
}

/// A name that is gone moves with its directory only.
fn moved(path: &[u8], named: Named, from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    match below(path, from) {
        Some(rest) => Some([to, rest].concat()),
        None if named == Named::Yes && path == from => Some(to.to_vec()),
        None => None,
    }
}

/// What comes behind a directory's path, the slash included.
fn below<'p>(path: &'p [u8], dir: &[u8]) -> Option<&'p [u8]> {
    path.strip_prefix(dir).filter(|rest| rest.starts_with(b"/"))
}
