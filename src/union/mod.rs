//! The union: lower layers, one upper, and the merged view a process sees.
//!
//! A [`Mount`] is the whole of it. Every operation is a system call as root inside a chroot to the
//! merged directory: it takes a path as a program would write it, answers what the kernel would, and
//! emits what happened. [`Mount::which`] explains who wins.
//!
//! The work is split as in the kernel. `walk`, `read`, `change`, `open` and `attr` are its virtual
//! file system: they walk the path, judge the arguments in the kernel's order and only then ask the
//! driver. The driver (`overlay`) knows whiteouts, opaque directories and copy-up. `cache` keeps
//! merged directories; `handle` keeps files open; `explain` tells what happened.

mod attr;
mod cache;
mod change;
mod driver;
mod explain;
mod handle;
mod mount;
mod open;
mod overlay;
mod read;
mod stack;
mod types;
mod walk;
mod which;

pub use handle::Whence;
pub use mount::Mount;
pub use types::{Cred, Lower, Open, Options, Rename, Stat, StatKind, Which};
