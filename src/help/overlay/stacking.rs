//! Marks and stacks that Docker's default mounts don't use: whiteouts made of attributes, data-only
//! layers, overlays over overlays.

use crate::help::topics::{Topic, topic};

/// Other whiteouts, other layers.
pub const TOPICS: &[Topic] = &[
    topic(
        "xattr-whiteouts",
        &["xattr whiteouts", "xattr whiteout", "xwhiteout", "xwhiteouts", "fuse-overlayfs"],
        r##"
A whiteout can be an empty file with an attribute, and ls may still list it.
Only root may make a device 0:0, and no program in an overlay may. So since
Linux 6.7 an empty file with trusted.overlay.whiteout (user.overlay.whiteout
with userxattr) deletes its name as well. A look-up always obeys it. A listing
looks files up only in a directory marked opaque=x, so without that mark the
name is a ghost. rmdir never looks: such a directory is ENOTEMPTY for ever. The
kernel itself goes on making devices. Not modelled: what only fuse-overlayfs
reads (files named .wh.NAME, user.fuseoverlayfs.*); the kernel ignores those.

    let marked = layer(#{ "/d": opaque("x"), "/d/f": xwhiteout() });
    let m = mount([marked, layer(#{ "/d/f": "1", "/d/g": "2" })]);
    m.ls("/d")
    m.which("/d/f")

    layerlab run scenarios/overlay/xattr-whiteouts.rhai"##,
    ),
    topic(
        "data-only-lower",
        &["data-only", "data only", "data-only layers", "composefs", "lowerdata"],
        r##"
A data-only layer holds contents, and none of its names. lowerdir=a:b::c merges
a and b only. A metacopy in them (a file of attributes and a size) finds its
contents in c by the absolute path in its redirect, whatever the options say.
The kernel looks when the file is opened. So a file whose contents are missing
can be listed and stat'ed, and open gives ENOENT; so does every copy-up, even
for chmod. Images that share files by digest are made so (composefs).

    let names = layer(#{ "/f": file("", #{ metacopy: 5, redirect: "/3a7b" }) });
    let m = mount([names], #{ data: [layer(#{ "/3a7b": "hello" })] });
    m.read("/f")
    m.which("/f")

    layerlab run scenarios/overlay/data-only-lower.rhai"##,
    ),
    topic(
        "nested",
        &["nested overlays", "nesting", "docker in docker", "stack depth"],
        r##"
An overlay on an overlay sees the merged view, and not one mark of the inner.
Whiteouts below are simply absent names, opaque directories are directories.
What the inner lists and doesn't find, the outer lists and doesn't find. Marks
that a program sets inside the inner are escaped (trusted.overlay.overlay.*);
seen from the outer they are marks again. index is off, whatever was asked:
overlays have no file handles. Two overlays may lie over one another; a third
mount is EINVAL. An overlay can't be an upperdir. Changes below a mounted
overlay are undefined, so the lab takes the inner as it is at the mount.

    let inner = mount([layer(#{ "/a": "1", "/b": "2" })]);
    inner.rm("/a");
    let outer = mount([inner, layer(#{ "/a": "below" })]);
    outer.read("/a")

    layerlab run scenarios/overlay/nested.rhai"##,
    ),
    topic(
        "volatile",
        &["fsync", "sync", "forget_volatile"],
        r##"
Volatile: a mount that never waits for the disk. fsync and sync succeed and do
nothing: right for a build, whose result is sealed or thrown away. The price is
a mark, work/incompat/volatile in the work directory: while it is there no mount
takes these directories again (EINVAL), for nobody knows what reached the disk.
A commit is not touched by it: a new upper has a new work directory.

    let m = mount([layer(#{ "/db": "rows\n" })], #{ volatile: true });
    let f = m.open("/db", "r+"); f.fsync(); f.close();
    m.restart();
    m.forget_volatile(); m.restart();

    layerlab run scenarios/17_open_files.rhai"##,
    ),
];
