//! Folders on disk, replaced in one step: written beside, then renamed.

use crate::fs::{Fill, FillFolder, FolderForm, FolderWriter, names_below};
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes beside `target` and renames: readers see the old folder or the new one, never a part.
///
/// # Errors
/// What the system or `fill` says, or that the folder there is of another form; it is then as it was.
pub(super) fn replace(target: &Path, form: &FolderForm, fill: &mut FillFolder<'_>) -> io::Result<()> {
    let is_there = judged(target, form)?;
    let beside = beside(target, "new");
    fs::create_dir(&beside)?;
    let filled = fill(&mut Growing { folder: &beside }).and_then(|()| {
        if is_there {
            fs::set_permissions(&beside, fs::metadata(target)?.permissions())?;
        }
        sync(&beside)
    });
    let done = filled.and_then(|()| match is_there {
        false => fs::rename(&beside, target),
        true => {
            // Something may have been put into it while this one was written.
            judged(target, form)?;
            exchange(&beside, target)
        }
    });
    // What lies there now is the old folder, or what was to become the new one.
    let _ = fs::remove_dir_all(&beside);
    done.and_then(|()| sync(target.parent().unwrap_or(Path::new("."))))
}

/// Is a folder there that may be replaced?
fn judged(target: &Path, form: &FolderForm) -> io::Result<bool> {
    let about = match fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        about => about?,
    };
    if !about.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(target)? {
        // One more than the form knows is enough to refuse it.
        if names.len() > form.names.len() {
            break;
        }
        names.push(super::host::bytes_of(&entry?.file_name()));
    }
    names.sort();
    form.admits(names.iter().map(Vec::as_slice)).map_err(io::Error::other)?;
    Ok(true)
}

fn beside(target: &Path, ending: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}.{ending}", std::process::id()))
}

/// The two change places.
#[cfg(target_os = "linux")]
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // A file system that can't.
        Err(_) => in_two_steps(new, old),
    }
}

#[cfg(not(target_os = "linux"))]
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    in_two_steps(new, old)
}

/// Between the two nothing has the name. When the second fails, the old folder gets it back.
fn in_two_steps(new: &Path, old: &Path) -> io::Result<()> {
    let aside = beside(old, "old");
    fs::rename(old, &aside)?;
    let renamed = fs::rename(new, old);
    match renamed {
        Ok(()) => {
            let _ = fs::remove_dir_all(&aside);
            Ok(())
        }
        Err(_) => fs::rename(&aside, old).and(renamed),
    }
}

/// What is in the folder outlives a loss of power.
fn sync(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    let _ = folder;
    Ok(())
}

struct Growing<'f> {
    folder: &'f Path,
}

impl FolderWriter for Growing<'_> {
    fn file(&mut self, name: &str, fill: &mut Fill<'_>) -> io::Result<()> {
        let mut at = self.folder.to_owned();
        let names = names_below(name)?;
        let (last, above) = names.split_last().unwrap_or((&"", &[]));
        for folder in above {
            at.push(folder);
            match fs::create_dir(&at) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
        }
        at.push(last);
        let file = OpenOptions::new().write(true).create_new(true).open(&at)?;
        let mut out = BufWriter::with_capacity(256 << 10, file);
        fill(&mut out)?;
        out.flush()?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}
