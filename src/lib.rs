//! Layerlab: take container image layers apart.
//!
//! An in-memory model of union filesystems, Dockerfile builds and their caches. Nothing here prints,
//! reads the clock or touches the host's disk (the terminal does, behind the feature `cli`), so every
//! run is deterministic and the library builds for wasm.
//!
//! # The floors
//!
//! Imports go down only; modules on one floor don't know each other. `tests/floors.rs` enforces it.
//!
//! | floor | modules | what they are |
//! | --- | --- | --- |
//! | 0 | [`error`], then [`fs`], [`trace`] | lab errors; files as data; what happened, as data |
//! | 1 | [`union`], [`dockerfile`] | the kernel's OverlayFS; the Dockerfile language |
//! | 2 | [`image`] | images, their store, the built-in bases, containers, the registry |
//! | 3 | [`shell`] | RUN lines: a shell and its programs over a mount |
//! | 4 | [`build`] | both builders and their cache decisions |
//! | 5 | [`inspect`], [`check`] | history, inspect, diff: Docker's own tables; build checks |
//! | 6 | [`lab`], then [`journal`], [`compose`] | everything that exists, as one value; undo over it; compose files |
//! | 7 | [`command`], [`replay`], [`whatif`] | `docker …` lines; the recorded proof; builds that are only thought of |
//! | 8 | [`script`] | Rhai, scenarios, the session |
//! | 9 | [`help`], [`course`] | topics; exercises, their goals, progress |
//! | 10 | [`render`] | events as text and as JSON |
//! | 11 | [`report`], `look` | a report as HTML; dive's interactive view, without its terminal |
//! | 12 | `repl`, `cli` | the terminal |
//!
//! # Where to start reading
//!
//! * What a layer is: [`fs::Tree`] and [`fs::Layer`].
//! * What a mount does: [`union::Mount`]; the rules are in `union/overlay`, one file per verb.
//! * Why a step ran again: [`build::build`], [`trace::CacheKey`], [`trace::Reason`].
//! * How a line travels: [`script::Session::line`] → [`command::run`] → [`lab::Lab`] → [`trace::Event`] →
//!   [`render`].
//!
//! # Three promises every function keeps
//!
//! A simulated failure (an errno, an exit status, a failed build) is a *result* with its real
//! after-effects. A lab error ([`error::Error`]) leaves the state as it was. And nothing runs for
//! ever: every loop draws on [`trace::Fuel`].

#![forbid(unsafe_code)]

pub mod build;
pub mod check;
pub mod command;
pub mod compose;
pub mod course;
pub mod dockerfile;
pub mod error;
pub mod fs;
pub mod help;
pub mod image;
pub mod inspect;
pub mod journal;
pub mod lab;
pub mod render;
pub mod replay;
pub mod report;
pub mod script;
pub mod shell;
pub mod trace;
pub mod union;
pub mod whatif;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "tui")]
pub mod look;
#[cfg(feature = "cli")]
pub mod repl;
