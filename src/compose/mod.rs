//! `docker compose`, for what concerns images and storage: services, their images and mounts, volumes.
//!
//! [`load`] turns files into a [`Project`]: `yaml` reads, `template` and `dotenv` expand variables, `keys`
//! knows which keys there are, `read` makes one form of short and long ones, `merge` lays several files over
//! each other, `order` finds out who waits for whom. [`config`] prints a project; [`volumes`], [`create`],
//! [`start`], [`down`] and [`ps`] work on the lab. What a file says of networks, ports, restarts and limits is named and does nothing.

mod config;
mod dotenv;
mod keys;
mod load;
mod merge;
mod order;
mod project;
mod read;
mod run;
mod template;
mod yaml;

pub use config::config;
pub use keys::Unmodelled;
pub use load::{Asked, Read, load};
pub use project::{Build, Project, Service};
pub use run::{Brought, create, down, judge, one_off, ps, start, volumes};

/// All services of a project, each behind those that it waits for.
pub fn order(project: &Project) -> Vec<String> {
    order::of(&project.services)
}
