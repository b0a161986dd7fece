//! The student's folder: exercises are put there whole, progress is replaced in one step, and nothing is
//! ever removed that a student wrote.

use crate::course::{Exercise, Files, Progress};
use crate::error::{Error, ErrorKind};
use std::fs::{self, File};
use std::io::{self, ErrorKind as Io, Read, Write};
use std::path::{Path, PathBuf};

/// What `progress.json` holds, at most, in bytes.
const MOST_PROGRESS: u64 = 4 << 20;
const PROGRESS: &str = "progress.json";
/// Where earlier work goes when an exercise is begun again.
const KEPT: &str = "kept";

/// The student's folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

/// Held while progress is read and written: two programs in one folder take turns.
struct Turn(#[allow(dead_code)] Option<File>);

impl Folder {
    /// A folder that need not be there yet.
    pub fn new(path: &Path) -> Folder {
        Folder { path: path.to_owned() }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where an exercise lies.
    pub fn of(&self, exercise: &Exercise) -> PathBuf {
        self.path.join(&exercise.name)
    }

    /// Is an exercise's folder there? A link is none: the course would follow it out of its folder.
    ///
    /// # Errors
    /// Something else has the name, or nobody may look.
    pub fn has(&self, exercise: &Exercise) -> Result<bool, Error> {
        let at = self.of(exercise);
        match at.symlink_metadata() {
            Ok(about) if about.is_dir() => Ok(true),
            Ok(about) => {
                let what = if about.is_symlink() { "a link" } else { "no folder" };
                Err(Error::new(ErrorKind::Host, format!("`{}` is {what}", at.display()))
                    .hint("the course works in folders of its own: give it another name, then start again"))
            }
            Err(error) if error.kind() == Io::NotFound => Ok(false),
            Err(error) => Err(refused(&at, &error)),
        }
    }

    /// Puts the start files there, all of them or none. Files that are there stay as they are.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn start(&self, exercise: &Exercise) -> Result<Vec<String>, Error> {
        if self.has(exercise)? {
            return Ok(Vec::new());
        }
        self.make()?;
        place(&self.of(exercise), &exercise.start)?;
        Ok(exercise.start.keys().cloned().collect())
    }

    /// Moves what a student wrote aside, and puts the start files in its place. Where the earlier work is.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn reset(&self, exercise: &Exercise) -> Result<Option<PathBuf>, Error> {
        let at = self.of(exercise);
        let mut kept = None;
        if self.has(exercise)? {
            let aside = self.path.join(KEPT);
            fs::create_dir_all(&aside).map_err(|error| refused(&aside, &error))?;
            if aside.symlink_metadata().is_ok_and(|about| about.is_symlink()) {
                return Err(Error::new(ErrorKind::Host, format!("`{}` is a link", aside.display()))
                    .hint("your files are kept there: give the link another name"));
            }
            let to = free(&aside, &exercise.name);
            fs::rename(&at, &to).map_err(|error| refused(&at, &error))?;
            kept = Some(to);
        }
        self.start(exercise)?;
        Ok(kept)
    }

    /// What is noted, and words on a file that could not be read: it is set aside, not lost.
    ///
    /// # Errors
    /// It can't be read though it may be right, or can't be set aside.
    pub fn progress(&self) -> Result<(Progress, Option<String>), Error> {
        let at = self.path.join(PROGRESS);
        let about = match at.symlink_metadata() {
            Err(error) if error.kind() == Io::NotFound => return Ok((Progress::default(), None)),
            Err(error) => return Err(refused(&at, &error)),
            Ok(about) => about,
        };
        let why = if !about.is_file() {
            "it is no file".to_owned()
        } else {
            let mut bytes = Vec::new();
            let file = File::open(&at).map_err(|error| refused(&at, &error))?;
            file.take(MOST_PROGRESS + 1).read_to_end(&mut bytes).map_err(|error| refused(&at, &error))?;
            match Progress::read(&bytes) {
                _ if bytes.len() as u64 > MOST_PROGRESS => format!("it has more than {MOST_PROGRESS} bytes"),
                Ok(progress) => return Ok((progress, None)),
                Err(why) => why,
            }
        };
        let aside = free(&self.path, "progress.json.damaged");
        fs::rename(&at, &aside).map_err(|error| {
            Error::new(
                ErrorKind::Host,
                format!("`{}` is damaged ({why}) and can't be set aside: {}", at.display(), plain(&error)),
            )
            .hint("move it away, then try again")
        })?;
        let words = format!(
            "`{}` is damaged: {why}; it was set aside as `{}`, and progress begins anew (check --all finds what you have passed)",
            at.display(),
            aside.display()
        );
        Ok((Progress::default(), Some(words)))
    }

    /// Reads progress, changes it and writes it. Words on a file that was damaged.
    ///
    /// # Errors
    /// The folder can't be read or written; then the file is as it was.
    pub fn note<R>(&self, change: impl FnOnce(&mut Progress) -> R) -> Result<(R, Option<String>), Error> {
        self.make()?;
        let _turn = self.turn();
        let (mut progress, damaged) = self.progress()?;
        let before = progress.clone();
        let result = change(&mut progress);
        if progress != before || damaged.is_some() {
            self.save(&progress)?;
        }
        Ok((result, damaged))
    }

    /// Written beside it, on the disk, then renamed: after a kill at any moment it is the old file or the
    /// new one.
    fn save(&self, progress: &Progress) -> Result<(), Error> {
        let at = self.path.join(PROGRESS);
        let write = || -> io::Result<()> {
            let mut beside = tempfile::Builder::new().prefix(".progress.").tempfile_in(&self.path)?;
            beside.write_all(progress.text().as_bytes())?;
            beside.as_file().sync_all()?;
            open_to_all(beside.as_file())?;
            beside.persist(&at).map_err(|error| error.error)?;
            // The rename is on the disk with the folder. Not every system can sync one.
            let _ = File::open(&self.path).and_then(|folder| folder.sync_all());
            Ok(())
        };
        write().map_err(|error| {
            Error::new(
                ErrorKind::Host,
                format!("progress can't be saved in `{}`: {}", at.display(), plain(&error)),
            )
            .hint("what was noted before is kept; --in DIR works in another folder")
        })
    }

    fn make(&self) -> Result<(), Error> {
        fs::create_dir_all(&self.path).map_err(|error| refused(&self.path, &error))
    }

    /// Waits for another program in the same folder: the folder itself is locked, so that no file is needed
    /// that could be a link. Where that can't be done there is no waiting.
    fn turn(&self) -> Turn {
        Turn(File::open(&self.path).ok().filter(|folder| folder.lock().is_ok()))
    }
}

/// Files in a new folder: they are written into one beside it, which then gets the name.
///
/// # Errors
/// Something can't be written, or the name is taken.
pub fn place(at: &Path, files: &Files) -> Result<(), Error> {
    let parent = at.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let staged = tempfile::Builder::new().prefix(".start.").tempdir_in(parent)?;
        for (path, file) in files {
            let to = staged.path().join(path);
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut out = File::options().write(true).create_new(true).open(&to)?;
            out.write_all(&file.bytes)?;
            if file.executable {
                executable(&out)?;
            }
        }
        readable(staged.path())?;
        if at.symlink_metadata().is_ok() {
            return Err(Io::AlreadyExists.into());
        }
        fs::rename(staged.path(), at)?;
        // It has its own name now; there is nothing left to remove.
        let _ = staged.keep();
        Ok(())
    };
    write().map_err(|error| refused(at, &error))
}

/// A name that nothing has: `NAME-1`, `NAME-2` ….
fn free(folder: &Path, name: &str) -> PathBuf {
    let taken = |path: &PathBuf| path.symlink_metadata().is_ok();
    let mut number = 1_u32;
    loop {
        let path = folder.join(format!("{name}-{number}"));
        if !taken(&path) || number == u32::MAX {
            return path;
        }
        number += 1;
    }
}

/// The system's refusal in plain words.
pub fn refused(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Host, format!("`{}`: {}", path.display(), plain(error)))
}

fn plain(error: &io::Error) -> String {
    match error.kind() {
        Io::NotFound => "no such file or folder".to_owned(),
        Io::PermissionDenied => "permission denied".to_owned(),
        Io::AlreadyExists => "something has this name already".to_owned(),
        _ => {
            let words = error.to_string().to_lowercase();
            words.split(" (os error").next().unwrap_or(&words).to_owned()
        }
    }
}

#[cfg(unix)]
fn mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
}

/// A temporary file is its owner's alone; a teacher reads progress too.
#[cfg(unix)]
fn open_to_all(file: &File) -> io::Result<()> {
    mode(file, 0o644)
}

#[cfg(unix)]
fn executable(file: &File) -> io::Result<()> {
    mode(file, 0o755)
}

/// A temporary folder is its owner's alone.
#[cfg(unix)]
fn readable(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755))
}

#[cfg(not(unix))]
fn open_to_all(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn executable(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn readable(_: &Path) -> io::Result<()> {
    Ok(())
}
