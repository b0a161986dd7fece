//! Writing files of a model into the image.

use crate::fs::{Contents, Errno, path};
use crate::shell::call::Call;

/// A short stable number of a name: sizes and counts that look grown.
pub(super) fn weight(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }) >> 17
}

/// Makes the directories above a path that are missing. Was the last one made?
pub(super) fn parents(call: &mut Call<'_, '_>, file: &str) -> Result<bool, Errno> {
    directories(call, path::parent(file.as_bytes()))
}

/// Makes a directory and those above it that are missing. Was it made?
pub(in crate::shell) fn directories(call: &mut Call<'_, '_>, dir: &[u8]) -> Result<bool, Errno> {
    // From below: most of the way is there already.
    let mut missing: Vec<&[u8]> = Vec::new();
    let mut at = dir;
    while !at.is_empty() && at != b"/" && !call.m.is_dir(at) {
        missing.push(at);
        let above = path::parent(at);
        if above == at {
            break;
        }
        at = above;
    }
    for dir in missing.iter().rev() {
        match call.m.mkdir(dir, 0o755) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(!missing.is_empty())
}

/// Writes a file, with the directories above it.
pub(in crate::shell) fn file(
    call: &mut Call<'_, '_>,
    at: &str,
    contents: Contents,
    mode: u16,
) -> Result<(), Errno> {
    let fresh = parents(call, at)?;
    let bytes = at.as_bytes();
    if !fresh && call.m.lstat(bytes).is_ok() {
        call.m.unlink(bytes)?;
    }
    call.m.write(bytes, contents, mode)?;
    if mode & 0o111 != 0 || mode & 0o7000 != 0 {
        let now = call.m.stat(bytes)?.mode;
        if now != mode {
            call.m.chmod(bytes, mode)?;
        }
    }
    Ok(())
}

/// Writes a described file.
pub(super) fn described(call: &mut Call<'_, '_>, at: &str, label: &str, size: u64) -> Result<(), Errno> {
    file(call, at, Contents::seeded(format!("{label} {at}"), size), 0o644)
}

/// Makes a symlink, replacing what is there.
pub(in crate::shell) fn link(call: &mut Call<'_, '_>, at: &str, target: &str) -> Result<(), Errno> {
    parents(call, at)?;
    if call.m.lstat(at.as_bytes()).is_ok() {
        call.m.unlink(at.as_bytes())?;
    }
    call.m.symlink(target.as_bytes(), at.as_bytes())
}

/// `total` bytes over some files of `dir`, named after `names` in turn. Their paths.
pub(super) fn spread(
    call: &mut Call<'_, '_>,
    dir: &str,
    label: &str,
    total: u64,
    count: u64,
    names: &[&str],
) -> Result<Vec<String>, Errno> {
    let count = count.max(1);
    let (mut left, mut files) = (total, Vec::new());
    let grain = weight(label);
    for number in 0..count {
        let share = if number + 1 == count {
            left
        } else {
            // Uneven, as files are: between half and one and a half of the mean.
            let mean = left / (count - number);
            (mean / 2 + stirred(grain, number) % (mean + 1)).min(left)
        };
        left -= share;
        let name = match names.get(number as usize % names.len().max(1)) {
            Some(name) if (number as usize) < names.len() => (*name).to_owned(),
            Some(name) => match name.rsplit_once('.') {
                Some((stem, end)) => format!("{stem}-{number}.{end}"),
                None => format!("{name}-{number}"),
            },
            None => number.to_string(),
        };
        let at = format!("{dir}/{name}");
        files.push((Contents::seeded(format!("{label} {at}"), share), at));
    }
    let fresh = directories(call, dir.as_bytes())?;
    call.m.write_files(dir.as_bytes(), &files, 0o644, fresh)?;
    Ok(files.into_iter().map(|(_, at)| at).collect())
}

/// A number that follows from two.
fn stirred(grain: u64, number: u64) -> u64 {
    (grain ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0x0100_0000_01b3) >> 17
}

/// Adds lines to the end of a text file.
pub(super) fn append(call: &mut Call<'_, '_>, at: &str, more: &str) -> Result<(), Errno> {
    call.m.append(at.as_bytes(), Contents::text(more), 0o644)
}

/// A whole text file, empty when missing.
pub(in crate::shell) fn text(call: &mut Call<'_, '_>, at: &str) -> String {
    let contents = call.m.read(at.as_bytes()).unwrap_or_default();
    call.text_of(&contents)
}

/// Puts a package's files in place: those a teacher gave, below `dir`, else described ones in `main`.
pub(super) fn laid(
    call: &mut Call<'_, '_>,
    known: Option<&super::table::Package>,
    dir: &str,
    main: &str,
    label: &str,
    size: u64,
    names: &[&str],
) -> Result<(), Errno> {
    let count = (size / 10_000).clamp(3, 200);
    match known.filter(|known| !known.files.is_empty()) {
        Some(known) => taught(call, known, dir),
        None => spread(call, main, label, size, count, names).map(drop),
    }
}

/// The files that a teacher gave a package: relative ones below `dir`.
pub(super) fn taught(
    call: &mut Call<'_, '_>,
    package: &super::table::Package,
    dir: &str,
) -> Result<(), Errno> {
    for (at, taught) in &package.files {
        let at = if at.starts_with('/') { at.clone() } else { format!("{dir}/{at}") };
        match &taught.kind {
            crate::shell::taught::Kind::File(contents) => file(call, &at, contents.clone(), taught.mode)?,
            crate::shell::taught::Kind::Link(target) => link(call, &at, target)?,
        }
    }
    Ok(())
}
