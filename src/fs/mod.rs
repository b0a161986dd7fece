//! Files as data: paths, inodes, contents, trees, digests and the host. No policy lives here.
//!
//! Start with [`Tree`] (a directory tree that can be changed: an upper) and [`Layer`] (a sealed,
//! shared one: a lower). Both hold [`Inode`]s under names; a hard link is one inode under two names.

mod compressed;
mod contents;
mod digest;
mod entries;
mod errno;
mod filter;
mod folder;
mod host;
mod inode;
mod key_digest;
pub mod path;
mod sealed;
mod stored;
mod tar_sparse;
pub mod tar_writer;
pub mod tarball;
mod tree;

pub use compressed::{Compression, Unpacking, gzip_named};
pub use contents::{Contents, Piece, Seeded, recognised};
pub use digest::{ByDigest, Digest, DigestHasher, Hasher};
pub use entries::Entries;
pub(crate) use entries::{fold, name_hash};
pub use errno::Errno;
pub use folder::{FillFolder, FolderForm, FolderWriter, names_below};
pub use host::{Fill, FolderLimits, Host, HostEntry, HostError, HostFolder, HostKind, MemoryHost, NoHost};
pub use inode::{EPOCH, Extra, Inode, Kind, Nested};
pub use key_digest::{key_digests, processors};
pub use stored::{Memory, MemorySpool, Source, Spool, Spooling, Stored, U56, Whole};
pub use tree::{Described, Draw, Ino, Layer, Name, Nodes, Tree};
