//! A real folder with a Dockerfile, as `why`, `order` and `graph` are given one.

use super::build::Record;
use super::given::{Given, MOST_DOCKERFILE, standard_input};
use super::{DiskHost, unreadable};
use crate::build::{Builder, Cache, Request};
use crate::error::Error;
use crate::fs::Host;
use crate::whatif::Project;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// What all of them take.
#[derive(Debug, Args)]
pub(super) struct Folder {
    /// The build context
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    #[command(flatten)]
    pub given: Given,
    /// Whose rules
    #[arg(long, value_enum, default_value_t)]
    pub builder: Builders,
    /// Print one event a line as JSON
    #[arg(long)]
    pub json: bool,
}

/// Which builders are asked.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Builders {
    #[default]
    Both,
    Buildkit,
    Legacy,
}

impl Builders {
    fn list(self) -> Vec<Builder> {
        match self {
            Builders::Both => vec![Builder::BuildKit, Builder::Legacy],
            Builders::Buildkit => vec![Builder::BuildKit],
            Builders::Legacy => vec![Builder::Legacy],
        }
    }
}

impl Folder {
    /// Reads the folder.
    ///
    /// # Errors
    /// What can't be read, or a flag's value that says nothing.
    pub fn read(&self, record: Option<&Path>) -> Result<Project, Error> {
        let cache = match record {
            Some(file) => Record::open(file)?.cache.unwrap_or_default(),
            None => Cache::default(),
        };
        let (images, builders) = (crate::image::Store::default(), self.builder.list());
        Ok(Project { request: self.request()?, images, cache, builders })
    }

    /// The build as it would be asked for.
    ///
    /// # Errors
    /// As [`Folder::read`].
    pub fn request(&self) -> Result<Request, Error> {
        self.given.request(&self.folder)
    }
}

/// A Dockerfile alone, or that of a folder; `-` reads standard input.
///
/// # Errors
/// It can't be read.
pub(super) fn file_or_folder(path: &Path) -> Result<Request, Error> {
    if path.as_os_str() == "-" {
        return Ok(Request { dockerfile: Some(standard_input()?), ..Request::default() });
    }
    let file = if path.is_dir() { path.join("Dockerfile") } else { path.to_owned() };
    let (host, name) = DiskHost::beside(&file).map_err(|error| unreadable(&error))?;
    let bytes = host.read(&name, MOST_DOCKERFILE).map_err(|mut error| {
        error.path = file.display().to_string();
        unreadable(&error)
    })?;
    let dockerfile_path = file.display().to_string();
    Ok(Request { dockerfile: Some(bytes), dockerfile_path, ..Request::default() })
}
