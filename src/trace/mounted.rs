//! What happens below a mount point: on a volume, a folder of the host or a tmpfs, and not in the union.

use super::Event;
use serde::ser::Error;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// What is mounted, in Docker's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MountRef {
    /// "volume", "bind" or "tmpfs".
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The volume's name, the folder on the host; empty for a tmpfs.
    pub source: Arc<str>,
}

/// What came to be mounted in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mounted {
    /// The container's name.
    pub container: String,
    /// Where.
    pub target: String,
    /// What.
    pub mount: MountRef,
    /// Nothing can be written there.
    pub read_only: bool,
    /// The volume was made for it.
    pub made: bool,
    /// The empty volume got what the image has there: how many entries, and how many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copied: Option<(usize, u64)>,
    /// How many names of the image's directory can't be seen any more.
    pub hidden: usize,
}

/// What happened on a mounted filesystem.
#[derive(Clone, Debug, PartialEq)]
pub struct OnMount {
    /// What happened, with paths as a process sees them.
    pub event: Box<Event>,
    /// On what.
    pub mount: MountRef,
}

/// The event's own fields, and `mount` beside them.
impl Serialize for OnMount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = serde_json::to_value(&*self.event).map_err(S::Error::custom)?;
        if let Some(fields) = value.as_object_mut() {
            let mount = serde_json::to_value(&self.mount).map_err(S::Error::custom)?;
            fields.insert("mount".to_owned(), mount);
        }
        value.serialize(serializer)
    }
}

/// A mount point while something works below it: events speak of paths as a process sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountedAt {
    /// What is mounted.
    pub mount: MountRef,
    /// The path of the mounted tree that shows at the target, without a slash at its end.
    pub inside: String,
    /// Where it shows.
    pub target: String,
}

impl MountedAt {
    /// The event as it is told of somebody who sees the mount point.
    pub(super) fn tell(&self, mut event: Event) -> Event {
        for path in paths(&mut event) {
            if let Some(rest) = path.strip_prefix(&self.inside) {
                *path = format!("{}/{}", self.target, rest.trim_start_matches('/'))
                    .trim_end_matches('/')
                    .to_owned();
            }
        }
        Event::OnMount(OnMount { event: Box::new(event), mount: self.mount.clone() })
    }
}

/// The paths that an event of a plain filesystem tells of.
fn paths(event: &mut Event) -> Vec<&mut String> {
    match event {
        Event::Created { path, of, .. } => of.iter_mut().chain([path]).collect(),
        Event::Renamed { from, to, .. } => vec![from, to],
        Event::Failed { path, other, .. } => other.iter_mut().chain([path]).collect(),
        Event::Write { path, .. }
        | Event::Removed { path, .. }
        | Event::Attributes { path, .. }
        | Event::Which { path, .. }
        | Event::Handle { path, .. }
        | Event::Map { path, .. } => vec![path],
        _ => Vec::new(),
    }
}
