//! Folders of the host that are written as a whole.

use super::host::Fill;
use std::io;

/// What a folder must look like for another to take its place.
#[derive(Clone, Copy, Debug)]
pub struct FolderForm {
    /// In words, with its article: "an OCI layout".
    pub what: &'static str,
    /// The file that says so.
    pub marker: &'static str,
    /// All names that it may hold at its top.
    pub names: &'static [&'static str],
}

impl FolderForm {
    /// May a folder that holds these names be replaced? An empty one may.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn admits<'n>(&self, names: impl Iterator<Item = &'n [u8]>) -> Result<(), String> {
        let (mut is_empty, mut is_marked) = (true, false);
        for name in names {
            if !self.names.iter().any(|known| known.as_bytes() == name) {
                let name = super::path::show(name).escape_debug().to_string();
                return Err(format!("it holds `{name}`, so it is not {}: it stays as it is", self.what));
            }
            is_empty = false;
            is_marked |= name == self.marker.as_bytes();
        }
        match is_empty || is_marked {
            true => Ok(()),
            false => {
                Err(format!("it has no `{}`, so it is not {}: it stays as it is", self.marker, self.what))
            }
        }
    }
}

/// Takes the files of a folder that is being written.
pub trait FolderWriter {
    /// Writes a file. Names are `/`-separated and lead down; folders are made as they are named.
    ///
    /// # Errors
    /// What the host or `fill` says; a name that leads elsewhere or was written before.
    fn file(&mut self, name: &str, fill: &mut Fill<'_>) -> io::Result<()>;
}

/// Brings the files of a folder that is being written.
pub type FillFolder<'f> = dyn FnMut(&mut dyn FolderWriter) -> io::Result<()> + 'f;

/// A name inside a folder, taken apart.
///
/// # Errors
/// One that does not lead down.
pub fn names_below(name: &str) -> io::Result<Vec<&str>> {
    let names: Vec<&str> = name.split('/').collect();
    let leads_down = |name: &&str| !matches!(*name, "" | "." | "..") && !name.contains(['\\', '\0']);
    match names.iter().all(leads_down) {
        true => Ok(names),
        false => Err(io::Error::other(format!("`{name}` is no name in a folder"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_of_its_form_is_replaced() {
        let form =
            FolderForm { what: "an OCI layout", marker: "oci-layout", names: &["blobs", "oci-layout"] };
        let admits = |names: &[&str]| form.admits(names.iter().map(|name| name.as_bytes()));
        assert!(admits(&[]).is_ok() && admits(&["oci-layout"]).is_ok());
        assert!(admits(&["blobs"]).unwrap_err().contains("no `oci-layout`"));
        assert!(admits(&["blobs", "oci-layout", "thesis\n.txt"]).unwrap_err().contains("thesis"));
        assert!(names_below("blobs/sha256/00").is_ok());
        for name in ["", "/x", "x/", "a/../b", "..", "a//b", ".", "a\\b"] {
            assert!(names_below(name).is_err(), "{name}");
        }
    }
}
