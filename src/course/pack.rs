//! The course that is part of the library: `scenarios/course`, packed when it is built.

use super::{Course, File, Files};
use crate::error::{Error, ErrorKind};
use flate2::read::GzDecoder;
use std::io::Read;

const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/course.tar.gz"));

impl Course {
    /// The one that comes with the lab.
    ///
    /// # Errors
    /// It was packed wrongly: never, a test unpacks it.
    pub fn embedded() -> Result<Course, Error> {
        let files = unpack(PACKED).map_err(|error| {
            Error::new(ErrorKind::Host, format!("the course in this program can't be unpacked: {error}"))
        })?;
        Course::from_files(files)
    }
}

fn unpack(packed: &[u8]) -> std::io::Result<Files> {
    let mut files = Files::new();
    for entry in tar::Archive::new(GzDecoder::new(packed)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let executable = entry.header().mode()? & 0o100 != 0;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        files.insert(path, File { bytes, executable });
    }
    Ok(files)
}
