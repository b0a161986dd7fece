//! A layer's tar, written.

use crate::fs::tar_writer::{Entry, EntryKind, TarWriter};
use crate::fs::{Contents, Inode, Kind, Layer, Nodes, path};
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Writes a layer as Docker stores it: names in byte order, folder by folder; a deletion is an empty
/// `.wh.NAME` where the name would stand, an opaque directory holds `.wh..wh..opq` (moby
/// `pkg/archive/archive.go`, `TarWithOptions`, and `archive_linux.go`, `overlayWhiteoutConverter`). Of a
/// hard-linked file the first name has the bytes. Marks have the epoch as their time (containerd
/// `archive/tar.go`), so the same layer gives the same bytes.
///
/// Contents that are only described are generated while they are written. `interrupt` stops it.
///
/// # Errors
/// What `out` says; contents that can no longer be read; marks of an overlay for which a tar has no
/// words (redirects and metacopies, which no image of Docker has).
pub fn write_layer(
    layer: &Layer,
    interrupt: Option<&Arc<AtomicBool>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let out = Stoppable { out, interrupt };
    let mut writing = Writing { tar: TarWriter::new(out), first: HashMap::new() };
    if layer.inode(0).is_opaque() {
        writing.mark(OPAQUE)?;
    }
    let mut done = Ok(());
    layer.walk(&mut |at, ino, inode| {
        if done.is_ok() {
            done = writing.one(at.get(1..).unwrap_or_default(), ino, inode);
        }
    });
    done?;
    writing.tar.finish().map(drop)
}

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

struct Writing<W> {
    tar: TarWriter<W>,
    /// The first name of an inode that has several.
    first: HashMap<u32, Vec<u8>>,
}

impl<W: Write> Writing<W> {
    fn mark(&mut self, at: &[u8]) -> io::Result<()> {
        self.tar.entry(&Entry { mode: 0, ..Entry::new(at, EntryKind::File(&Contents::EMPTY)) })
    }

    fn one(&mut self, at: &[u8], ino: u32, inode: &Inode) -> io::Result<()> {
        if inode.deletes() {
            let folder = at.get(..at.len() - path::file_name(at).len()).unwrap_or_default();
            return self.mark(&[folder, WHITEOUT, path::file_name(at)].concat());
        }
        if inode.redirect().is_some() || inode.metacopy().is_some() {
            let shown = path::show(at);
            let words = format!("{shown} has a redirect or metacopy mark, which a tar can't say");
            return Err(io::Error::other(words));
        }
        let mut kind = match &inode.kind {
            Kind::File(contents) => EntryKind::File(contents),
            Kind::Dir(_) => EntryKind::Dir,
            Kind::Symlink(target) => EntryKind::Symlink(target),
            Kind::Fifo => EntryKind::Fifo,
            Kind::CharDev(major, minor) => EntryKind::CharDev(*major, *minor),
            Kind::Whiteout => return Ok(()),
        };
        let mut linked = None;
        if inode.nlink > 1 && !inode.kind.is_dir() {
            match self.first.get(&ino) {
                Some(name) => linked = Some(name.clone()),
                None => {
                    self.first.insert(ino, at.to_vec());
                }
            }
        }
        let mut xattrs = Vec::new();
        match &linked {
            Some(name) => kind = EntryKind::Link(name),
            None => {
                let extra = inode.extra.iter().flat_map(|extra| &extra.xattrs);
                xattrs.extend(extra.map(|(name, value)| (&**name, &**value)));
            }
        }
        let Inode { uid, gid, mtime, .. } = *inode;
        let mode = u32::from(inode.mode) | type_bits(&inode.kind);
        if xattrs.iter().any(|(name, _)| name.contains(&b'=')) {
            let words =
                format!("{} has an attribute with `=` in its name, which a tar can't say", path::show(at));
            return Err(io::Error::other(words));
        }
        self.tar.entry(&Entry { path: at, kind, mode, uid, gid, mtime, xattrs })?;
        if inode.is_opaque() && inode.kind.is_dir() {
            self.mark(&[at, b"/", OPAQUE].concat())?;
        }
        Ok(())
    }
}

/// The bits of a file's type, which Docker writes into the mode (moby `pkg/archive/archive.go`,
/// `fillGo18FileTypeBits`).
fn type_bits(kind: &Kind) -> u32 {
    match kind {
        Kind::File(_) => 0o100_000,
        Kind::Dir(_) => 0o040_000,
        Kind::Symlink(_) => 0o120_000,
        Kind::Fifo => 0o010_000,
        Kind::CharDev(..) | Kind::Whiteout => 0o020_000,
    }
}

/// Stops when somebody raises the flag.
pub(super) struct Stoppable<'o> {
    pub(super) out: &'o mut dyn Write,
    pub(super) interrupt: Option<&'o Arc<AtomicBool>>,
}

impl Write for Stoppable<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.interrupt.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(io::Error::other("interrupted"));
        }
        self.out.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
