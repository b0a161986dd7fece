//! What lies on the lab's disk and why: archives that were written, layers that were freed or stay.

use serde::Serialize;

/// An image in an archive that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SavedImage {
    /// The names it has there.
    pub names: Vec<String>,
    /// Its id there, the SHA-256 of its config: what Docker will call it.
    pub id: String,
    /// Its id in the lab, which names layers without writing their tars.
    pub lab_id: String,
    /// SHA-256 of the layers' tars, bottom first.
    pub layers: Vec<String>,
}

/// What a removal gave back, and what stays because somebody still uses it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reclaimed {
    /// Layers that nobody used any more.
    pub freed: Vec<FreedLayer>,
    /// How many more of them there were than are listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_freed: usize,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Layers of what was removed that somebody else uses, topmost first.
    pub kept: Vec<HeldLayer>,
    /// How many more of them there are than are listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_kept: usize,
    /// Images that lost a name, or were to go, and stay.
    pub staying: Vec<StayingImage>,
}

impl Reclaimed {
    /// Is there anything to tell?
    pub fn is_empty(&self) -> bool {
        self.freed.is_empty() && self.kept.is_empty() && self.staying.is_empty()
    }
}

/// A layer that left the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FreedLayer {
    /// The name of the stack up to and with it: what Docker prints behind `Deleted:`.
    pub chain_id: String,
    /// The step that made it.
    pub label: String,
    /// Its bytes.
    pub bytes: u64,
}

/// A layer and everything that uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldLayer {
    /// The name of the stack up to and with it.
    pub chain_id: String,
    /// The digest of the layer alone.
    pub diff_id: String,
    /// The step that made it.
    pub label: String,
    /// Its bytes.
    pub bytes: u64,
    /// Who uses it: images, then containers, then the build cache.
    pub holders: Vec<LayerHolder>,
    /// How many more do.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

/// Somebody who uses a layer, so that it can't be freed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum LayerHolder {
    /// An image.
    Image {
        /// 12 digits.
        id: String,
        /// Its names; empty for one without.
        names: Vec<String>,
        /// It has no name, and other images were built on it (the legacy builder's steps).
        step: bool,
    },
    /// A container: its lowers are mounted, or will be when it starts again.
    Container {
        /// Its name.
        name: String,
        /// Is it running?
        running: bool,
    },
    /// A record of BuildKit's cache.
    Cache {
        /// 12 digits of its id.
        id: String,
        /// The instruction that made it.
        step: String,
    },
}

/// An image that stays although a name of it went, or it was to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StayingImage {
    /// 12 digits.
    pub id: String,
    /// The names it still has.
    pub names: Vec<String>,
    /// Why, in words: "container web uses it".
    pub why: String,
}

/// Layers between a host and a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// "push", "pull", "cache export", "cache import".
    pub way: String,
    /// The name that was pushed or pulled.
    pub name: String,
    /// The manifest's digest; none where the connection broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Each layer once, bottom first.
    pub layers: Vec<TransferLayer>,
    /// Bytes of layers that were on the wire.
    pub sent: u64,
    /// Bytes of layers that were not, because they were there already.
    pub saved: u64,
    /// Bytes of the manifest and config beside them.
    pub beside: u64,
}

/// A layer between a host and a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransferLayer {
    /// The blob's digest.
    pub digest: String,
    /// The step that made the layer.
    pub label: String,
    /// The blob's bytes.
    pub bytes: u64,
    /// The layer's files are only described: its digest is the lab's own, its bytes are those of a tar that
    /// nobody wrote.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub described: bool,
    /// What became of it.
    #[serde(flatten)]
    pub fate: LayerFate,
}

/// What became of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum LayerFate {
    /// It was sent.
    Sent,
    /// It was there already.
    There,
    /// The registry took it over from another repository of its own.
    Mounted {
        /// That repository, without the registry.
        from: String,
    },
    /// It was fetched.
    Fetched,
    /// The rest of it was fetched: an earlier pull broke off.
    Resumed {
        /// Bytes that were here.
        had: u64,
    },
    /// The connection broke.
    Cut {
        /// Bytes that were here before.
        had: u64,
        /// Bytes that came.
        got: u64,
    },
    /// It was not begun when the connection broke.
    Waiting,
}

impl LayerFate {
    /// Bytes on the wire, and bytes that need not be there, of a layer of `size` bytes.
    pub fn bytes(&self, size: u64) -> (u64, u64) {
        match self {
            LayerFate::Sent | LayerFate::Fetched => (size, 0),
            LayerFate::There | LayerFate::Mounted { .. } => (0, size),
            LayerFate::Resumed { had } => (size.saturating_sub(*had), *had),
            LayerFate::Cut { had, got } => (*got, *had),
            LayerFate::Waiting => (0, 0),
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands references on
fn is_zero(number: &usize) -> bool {
    *number == 0
}
