//! One suite over every storage driver: what a process sees is the same for plain use; what is stored, what
//! is refused and what it costs is not, and each difference is named here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alike;
mod branches;
mod docker;
mod kernel;
mod stored;
mod support;
mod umoci;
