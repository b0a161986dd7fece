//! Copy-up: what triggers it, what it costs.

use crate::help::topics::{Topic, topic};

/// When a lower file is copied, and how much of it.
pub const TOPICS: &[Topic] = &[
    topic(
        "copy-up",
        &["copyup", "copy_up", "copy-on-write", "cow", "copy-up-triggers", "triggers"],
        r##"
Copy-up: the first write to a file of a lower layer copies it into the upper.
Missing parent directories are made there first, with the owner and mode of the
lower ones. The whole file is copied, however small the change: one byte added
to 1 GB stores 1 GB again. chmod, chown and touch copy too, and so does opening
for writing, even if nothing changes: the kernel makes the place for a change
before it knows the change. Reading never copies; later writes find the copy.

    let m = mount([layer(#{ "/big": filled(500_000_000) })]);
    m.open_rw_noop("/big")

    layerlab run scenarios/overlay/copy-up-triggers.rhai"##,
    ),
    topic(
        "no-copy-up",
        &["reading", "read-only", "enxio", "/dev/null"],
        r##"
No copy-up: reading copies nothing, and some writes don't either. Opening a
device or a fifo, in any mode: what is written there goes to the device.
O_CREAT on a file that is there. And nearly every call that fails, for the
kernel judges the names first. Not even the date of the last access is kept: a
layer is never touched.

    let m = mount([layer(#{ "/null": chardev(1, 3), "/d/f": "1" })]);
    m.open("/null", "WRONLY", "text")
    m.rmdir("/d")
    m.upper()

    layerlab run scenarios/overlay/no-copy-up.rhai"##,
    ),
    topic(
        "copy-up-parents",
        &["parents", "parent directories"],
        r##"
A copy-up brings all parent directories along, from the top down: the copy
needs a place in the upper. Each is a copy of the topmost lower one, with its
mode, owner and attributes, but without what is in it. A deletion needs the
same way down for its whiteout. That is why a layer lists directories no
command has named, and why docker diff shows them as changed (C).

    let m = mount([layer(#{ "/a/b/c/file": "1" })]);
    m.append("/a/b/c/file", "2")
    m.upper()

    layerlab run scenarios/overlay/copy-up-parents.rhai"##,
    ),
    topic(
        "large-files",
        &["large files", "large file", "big files", "truncate -s"],
        r##"
Large files: one byte appended copies the whole file. So does truncate, even to
nothing: copy-up takes place when the file is opened, and the kernel does not
know yet what will come. Only O_TRUNC says at once that the contents are not
needed, so  : > app.log  copies none of them. What was cut off does not come
back when the file grows again, though the layer below still holds it.

    let m = mount([layer(#{ "/log": filled(500_000_000) })]);
    m.write("/log", "")
    let n = mount([layer(#{ "/log": filled(500_000_000) })]);
    n.truncate("/log", 0)

    layerlab run scenarios/overlay/large-files.rhai"##,
    ),
    topic(
        "open-flags",
        &["open flags", "flags", "o_trunc", "o_creat", "o_excl", "o_rdwr", "o_rdonly"],
        r##"
Open flags decide on a copy-up, not what is done with the file. O_RDWR copies
the whole file though nobody writes. O_TRUNC copies no contents and empties the
file, even with O_RDONLY. O_CREAT on a file that is there does nothing; with
O_EXCL it is EEXIST, but a whiteout counts as nothing. Through a dangling
symlink O_CREAT makes the target. The kernel has to know when it opens a file
which one it works on.

    let m = mount([layer(#{ "/f": "text" })]);
    m.open("/f", "RDONLY|TRUNC")

    layerlab run scenarios/overlay/open-flags.rhai"##,
    ),
    topic(
        "metacopy",
        &["metadata only", "metadata", "eio"],
        r##"
With the mount option metacopy, chmod and chown copy up the attributes only.
The contents stay below until somebody opens the file for writing. Docker
mounts without it, so chmod of a big file stores the file twice. A layer made
so is of no use to others: mounted without the option, such a file is listed
and every look-up fails (EPERM); on a base without the contents it is EIO. The
kernel refuses rather than show an empty file.

    let base = layer(#{ "/big": filled(500_000_000) });
    let m = mount([base], #{ metacopy: true });
    m.chmod("/big", 0o600)
    m.which("/big")

    layerlab run scenarios/overlay/metacopy.rhai"##,
    ),
];
