//! The lines of earlier sittings, in a file of the user's.

use rustyline::Editor;
use rustyline::history::DefaultHistory;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the history lies: `LAYERLAB_HISTORY`, else below the user's state folder. None when it is
/// switched off (the variable is empty) or there is no place for it.
pub fn file() -> Option<PathBuf> {
    if let Some(named) = env::var_os("LAYERLAB_HISTORY") {
        return (!named.is_empty()).then(|| PathBuf::from(named));
    }
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("layerlab/history"))
}

/// Adds the last line to the file. A history that can't be written is no reason to stop.
pub fn note<H: rustyline::Helper>(editor: &mut Editor<H, DefaultHistory>, file: &Path) {
    if let Some(folder) = file.parent() {
        let _ = fs::create_dir_all(folder);
    }
    let _ = editor.append_history(file);
}
