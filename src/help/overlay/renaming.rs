//! Renaming: copies, whiteouts, EXDEV and redirects.

use crate::help::topics::{Topic, topic};

/// What a new name costs.
pub const TOPICS: &[Topic] = &[
    topic(
        "rename",
        &["mv", "renaming", "rename-files", "rename files"],
        r##"
Renaming a file of a lower layer copies it, and a whiteout stays behind. 1 GB
renamed stores 1 GB again, under the new name. Renamed back, the copy stays.
The kernel has no other way: the lower layer can't be changed, so neither can
the name in it. A file of the upper moves as on any disk, and leaves nothing
behind unless a lower layer has its old name.

    let m = mount([layer(#{ "/a": filled(1_000_000) })]);
    m.rename("/a", "/b")
    m.rename("/b", "/a")
    m.upper()

    layerlab run scenarios/overlay/rename-files.rhai"##,
    ),
    topic(
        "rename-dirs",
        &["exdev", "cross-device", "rename directories", "rename-directories"],
        r##"
A directory that has a part in a lower layer can't be renamed: EXDEV. Not even
inside its own parent, empty or not: its children lie below under the old name,
and the kernel would have to copy a whole tree in one call. mv gets the EXDEV,
copies them one by one and deletes the old tree. A directory that only the
upper has can be renamed, until a commit makes it a lower one. The mount option
redirect_dir is the way out.

    let m = mount([layer(#{ "/old/a": "1" })]);
    m.rename("/old", "/new")
    m.mkdir("/mine"); m.rename("/mine", "/yours");

    layerlab run scenarios/overlay/rename-dirs.rhai"##,
    ),
    topic(
        "rename-dirs-redirect",
        &["redirect_dir", "redirect"],
        r##"
With redirect_dir=on a lower directory is renamed, and none of its files moves.
The upper gets an empty directory with a mark, and a whiteout at the old name.
The kernel can't move what lies below, so it leaves a note. The mark,
trusted.overlay.redirect, says under which name to search on below: the old
name, or a whole path if the parent changed. A path longer than 256 bytes is
EXDEV again.

    let base = layer(#{ "/old/a": "1", "/old/b": "2" });
    let m = mount([base], #{ redirect_dir: true });
    m.rename("/old", "/new")
    m.which("/new")

    layerlab run scenarios/overlay/rename-dirs-redirect.rhai"##,
    ),
    topic(
        "redirect-marks",
        &["redirects", "redirect mark", "redirect marks", "redirect_always_follow"],
        r##"
A redirect mark that is already in a layer is followed, also with redirect_dir
off: off makes no new ones. So /stable may show files stored as /v1, while the
base's own /stable stays unseen. A mark that leads nowhere is no error; the
directory stands alone. With userxattr a marked directory can't be opened
(EPERM). The kernel needs the mark, for it is all that ties them.

    let moved = layer(#{ "/new": dir(0o755, #{ redirect: "old" }) });
    let m = mount([moved, layer(#{ "/old/a": "1" })]);
    m.which("/new")
    m.ls("/new")

    layerlab run scenarios/overlay/redirect-marks.rhai"##,
    ),
    topic(
        "rename-flags",
        &["exchange", "noreplace", "renameat2", "rename_exchange", "rename_noreplace"],
        r##"
Two names can change places without a whiteout: RENAME_EXCHANGE of renameat2.
Both files are copied up, and both names stay taken, so the kernel has nothing
to hide. The whiteout comes when one of them is deleted. RENAME_NOREPLACE fails
with EEXIST, before anything is copied, if the view has the target, also for a
name onto itself; a whiteout counts as nothing. Lower directories are EXDEV as
ever.

    let m = mount([layer(#{ "/a": "1", "/b": "2" })]);
    m.rename_exchange("/a", "/b")
    m.rename_noreplace("/a", "/b")

    layerlab run scenarios/overlay/rename-flags.rhai"##,
    ),
];
