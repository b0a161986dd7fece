//! A layer on the wire.

use super::super::ImageLayer;
use super::super::archive::write_layer;
use crate::error::{Error, ErrorKind};
use crate::fs::{ByDigest, Digest, Hasher, Kind, Nodes, Piece};
use crate::trace::Fuel;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::HashMap;
use std::io::{self, Write};

/// Bytes of a layer's files that are packed for real, at most.
const MOST_PACKED: u64 = 4 << 20;
/// What a tar takes for each entry besides its contents.
const HEADER: u64 = 512;

/// How a layer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobKind {
    /// Its tar, packed: digest and size are those of the packed bytes.
    Gzip,
    /// The tar that it was loaded as: digest and size are the tar's.
    Tar,
    /// Its files are only described, or are too many bytes to pack: the digest is the lab's own name of the
    /// layer, the size that of a tar that nobody wrote.
    Described,
}

/// A layer as a registry keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// What it is asked for by.
    pub digest: Digest,
    /// Bytes on the wire.
    pub size: u64,
    /// How it travels.
    pub kind: BlobKind,
    /// The layer's own digest.
    pub diff_id: Digest,
}

impl Blob {
    /// Its media type in Docker's manifests (distribution `manifest/schema2`).
    pub fn media_type(&self) -> &'static str {
        match self.kind {
            BlobKind::Gzip => "application/vnd.docker.image.rootfs.diff.tar.gzip",
            BlobKind::Tar | BlobKind::Described => "application/vnd.docker.image.rootfs.diff.tar",
        }
    }

    /// A layer that is not packed.
    pub fn plain(layer: &ImageLayer) -> Blob {
        let diff_id = layer.diff_id;
        match &layer.tar {
            Some(tar) => Blob { digest: diff_id, size: tar.len(), kind: BlobKind::Tar, diff_id },
            None => Blob { digest: diff_id, size: described(layer), kind: BlobKind::Described, diff_id },
        }
    }

    /// A layer, packed if its bytes are there and not too many. The same layer gives the same bytes.
    pub(super) fn packed(layer: &ImageLayer, fuel: &mut Fuel) -> Result<Blob, Error> {
        if layer.tar.is_some() || !has_bytes(layer) {
            return Ok(Blob::plain(layer));
        }
        let failed = |what: &str| Error::new(ErrorKind::Limit, format!("layer `{}`: {what}", layer.label));
        if !fuel.spend_bytes(layer.layer.bytes()) || !fuel.spend(layer.layer.entries() as u64) {
            return Err(failed("packing it takes more than the lab's limit"));
        }
        let mut packing = GzEncoder::new(Sum { hasher: Hasher::new(), size: 0 }, Compression::default());
        let written = write_layer(&layer.layer, fuel.interrupt().as_ref(), &mut packing);
        let sum = written.and_then(|()| packing.finish()).map_err(|error| failed(&error.to_string()))?;
        Ok(Blob { digest: sum.hasher.finish(), size: sum.size, kind: BlobKind::Gzip, diff_id: layer.diff_id })
    }
}

/// What layers are on the wire, by their diff ids.
#[derive(Clone, Debug, Default)]
pub struct Blobs(HashMap<Digest, Blob, ByDigest>);

impl Blobs {
    /// A layer's; it is packed the first time.
    ///
    /// # Errors
    /// The fuel; a layer that no tar can hold.
    pub fn of(&mut self, layer: &ImageLayer, fuel: &mut Fuel) -> Result<Blob, Error> {
        if let Some(known) = self.0.get(&layer.diff_id) {
            return Ok(*known);
        }
        let blob = Blob::packed(layer, fuel)?;
        self.0.insert(layer.diff_id, blob);
        Ok(blob)
    }

    /// A layer's, if it was packed before.
    pub fn known(&self, layer: &ImageLayer) -> Option<Blob> {
        self.0.get(&layer.diff_id).copied()
    }
}

/// Are all contents bytes that somebody holds, and few enough?
fn has_bytes(layer: &ImageLayer) -> bool {
    if layer.layer.bytes() > MOST_PACKED {
        return false;
    }
    let mut held = true;
    layer.layer.walk(&mut |_, _, inode| {
        if let Kind::File(contents) = &inode.kind {
            let is_held = |piece: &Piece| matches!(piece, Piece::Bytes(_) | Piece::Stored { .. });
            held = held && contents.pieces().iter().all(is_held);
        }
    });
    held
}

/// The size of the tar that a described layer would be: a header for each entry, contents in whole blocks.
fn described(layer: &ImageLayer) -> u64 {
    let mut size = 2 * HEADER;
    layer.layer.walk(&mut |_, _, inode| {
        let contents = if matches!(inode.kind, Kind::File(_)) { inode.size() } else { 0 };
        size = size.saturating_add(HEADER).saturating_add(contents.div_ceil(HEADER).saturating_mul(HEADER));
    });
    size
}

struct Sum {
    hasher: Hasher,
    size: u64,
}

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.raw(bytes);
        self.size = self.size.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
