//! The union: lower layers, one upper, and the merged view a process sees.
//!
//! A [`Mount`] is the whole of it. Every operation is a system call inside a chroot to the merged
//! directory, as root or as the user that [`Mount::become_user`] names: it takes a path as a program would write it, answers what the kernel would, and
//! emits what happened. [`Mount::which`] explains who wins.
//!
//! Also modelled: whiteouts made of attributes, data-only lowers ([`Mount::with_data`]) and another
//! overlay's merged directory as a lower ([`Mount::as_lower`]). Not modelled: fs-verity, NFS export,
//! ACLs, and layers on different filesystems; the book's page "What is modelled" has the corners.
//!
//! The work is split as in the kernel. `walk`, `read`, `change`, `open` and `attr` are its virtual
//! file system: they walk the path, judge the arguments in the kernel's order and only then ask the
//! driver. The driver (`overlay`, `branches`) knows whiteouts, opaque directories and copy-up. `cache`
//! keeps merged directories; `permit` judges who may; `handle` keeps files open; `explain` tells what
//! happened.
//!
//! `storage` is the table of Docker's storage drivers, those without a union included: how each mounts an
//! image's layers. `naive` compares whole trees for those that keep no changes apart; `bill` does the
//! same things with all of them and counts.

mod attr;
mod bill;
mod branches;
mod cache;
mod change;
mod dentry;
mod driver;
mod explain;
mod generation;
mod handle;
mod hidden;
mod mount;
mod naive;
mod nested;
mod open;
mod overlay;
mod permit;
mod read;
mod refused;
mod stack;
mod storage;
mod types;
mod walk;
mod which;
mod why;
mod within;

pub use bill::{BILLED, bill, stored, stored_layer};
pub use branches::{Access, Branch, CopyUp, Create, Policies};
pub use handle::Whence;
pub use mount::Mount;
pub use read::Held;
pub use storage::{DRIVERS, Storage, StorageDriver, flatten};
pub use types::{Cached, Cred, Lower, Names, Open, Options, Protected, Rename, Stat, StatKind, Which};
pub use why::Call;
