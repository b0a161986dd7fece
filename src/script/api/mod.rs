//! What scripts can call, one file per subject.

mod bill;
mod files;
mod foresee;
mod goals;
mod hosts;
mod layers;
mod mounts;
mod objects;
mod opened;
mod packages;
mod programs;
mod story;
mod urls;
mod users;
mod versions;
mod volumes;
mod written;

use super::core::Shared;
use super::handle::{OfContainer, OfContext, OfMount, OfProgram, OfVolume};
use rhai::Engine;

pub use goals::{judging, name_student};
pub use layers::{described, listing};
pub use objects::ImageValue;
pub use opened::{FileValue, MemoryMapValue};
pub use written::run_written;

/// Registers everything.
pub fn register(engine: &mut Engine, core: &Shared) {
    layers::register(engine);
    files::register::<OfMount>(engine);
    files::register::<OfContainer>(engine);
    files::register::<OfVolume>(engine);
    files::register::<OfContext>(engine);
    files::register::<OfProgram>(engine);
    mounts::register(engine, core);
    bill::register(engine, core);
    objects::register(engine, core);
    volumes::register(engine, core);
    foresee::register(engine, core);
    hosts::register(engine, core);
    users::register(engine);
    opened::register(engine);
    packages::register(engine, core);
    versions::register(engine, core);
    urls::register(engine, core);
    programs::register(engine, core);
    story::register(engine, core);
    written::register(engine, core);
}
