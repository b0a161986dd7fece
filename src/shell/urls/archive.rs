//! Archives made of a map of files.

use crate::fs::{Compression, Contents};
use crate::shell::programs::tar_format::{self, Entry, EntryKind};
use crate::shell::taught::{File, Kind};
use std::collections::BTreeSet;
use std::io::Write;

/// Bytes that an archive may hold before it is compressed.
const MOST: u64 = 64 << 20;

/// How files are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Tar,
    TarGz,
    TarBz2,
    TarXz,
    TarZst,
    Zip,
}

impl Format {
    /// What a file of this name holds.
    pub fn of(name: &str) -> Option<Format> {
        let known = [
            (".tar", Format::Tar),
            (".tar.gz", Format::TarGz),
            (".tgz", Format::TarGz),
            (".tar.bz2", Format::TarBz2),
            (".tbz2", Format::TarBz2),
            (".tar.xz", Format::TarXz),
            (".txz", Format::TarXz),
            (".tar.zst", Format::TarZst),
            (".zip", Format::Zip),
            (".jar", Format::Zip),
            (".whl", Format::Zip),
        ];
        known.iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, format)| *format)
    }
}

/// The files in one archive, directories before what is in them; none when they are too big.
pub(super) fn pack(files: &[(String, File)], format: Format, mtime: i64) -> Option<Contents> {
    if files.iter().map(|(_, file)| file.len() + 512).fold(0, u64::saturating_add) > MOST {
        return None;
    }
    let entries = entries(files, mtime);
    let packed = match format {
        Format::Zip => return zip(&entries).map(Contents::bytes),
        Format::Tar => None,
        Format::TarGz => Some(Compression::Gzip),
        Format::TarBz2 => Some(Compression::Bzip2),
        Format::TarXz => Some(Compression::Xz),
        Format::TarZst => Some(Compression::Zstd),
    };
    let mut tar = Contents::EMPTY;
    for entry in &entries {
        tar.append(&tar_format::write(entry));
    }
    let end = tar_format::end(tar.len(), false);
    tar.append(&end);
    match packed {
        None => Some(tar),
        Some(packed) => packed.pack(&tar.to_bytes(2 * MOST)?).map(Contents::bytes),
    }
}

fn entries(files: &[(String, File)], mtime: i64) -> Vec<Entry> {
    let entry = |name: &str, mode: u16, kind: EntryKind| Entry {
        name: name.to_owned(),
        mode,
        uid: 0,
        gid: 0,
        user: "root".to_owned(),
        group: "root".to_owned(),
        mtime,
        kind,
    };
    let (mut entries, mut made) = (Vec::new(), BTreeSet::new());
    for (at, file) in files {
        let at = at.trim_matches('/');
        for (end, _) in at.match_indices('/') {
            let above = at.get(..end).unwrap_or("");
            if made.insert(above.to_owned()) {
                entries.push(entry(above, 0o755, EntryKind::Directory));
            }
        }
        let kind = match &file.kind {
            Kind::File(contents) => EntryKind::File(contents.clone()),
            Kind::Link(target) => EntryKind::Symlink(target.clone()),
        };
        entries.push(entry(at, file.mode, kind));
    }
    entries
}

fn zip(entries: &[Entry]) -> Option<Vec<u8>> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for entry in entries {
        let bits = u32::from(entry.mode);
        let (kind, data) = match &entry.kind {
            EntryKind::Directory => {
                let name = entry.shown();
                archive.new_dir(name.as_str()).unix_permissions(0o040_000 | bits).create().ok()?;
                continue;
            }
            EntryKind::Symlink(target) => (0o120_000, target.clone().into_bytes()),
            EntryKind::File(contents) => (0o100_000, contents.to_bytes(MOST)?),
            _ => continue,
        };
        let name = entry.name.as_str();
        let file = archive.new_file(name).compression_method(rawzip::CompressionMethod::DEFLATE);
        let (mut file, config) = file.unix_permissions(kind | bits).start().ok()?;
        let encoder = flate2::write::DeflateEncoder::new(&mut file, flate2::Compression::default());
        let mut writer = config.wrap(encoder);
        writer.write_all(&data).ok()?;
        let (encoder, output) = writer.finish().ok()?;
        encoder.finish().ok()?;
        file.finish(output).ok()?;
    }
    archive.finish().ok()
}
