//! What a file is besides its contents: links, devices, permissions, attributes.

use crate::help::topics::{Topic, topic};

/// Files that are more than a name and a text.
pub const TOPICS: &[Topic] = &[
    topic(
        "hard-links",
        &["hard links", "hard link", "hardlink", "hardlinks", "link", "nlink", "link count"],
        r##"
Hard links break at the first write: copy-up of one name makes a new file, and
the other name goes on showing the lower one. And the link count goes on
counting names that are deleted: a whiteout hides a name, the lower file still
has it. The kernel keeps no note of what belonged together. The mount option
index does; Docker mounts without it.

    let m = mount([layer(#{ "/a": "v1\n", "/b": hardlink("/a") })]);
    m.append("/a", "v2\n")
    m.read("/b")

    layerlab run scenarios/overlay/hard-links.rhai"##,
    ),
    topic(
        "hard-links-index",
        &["index", "index=on", "nfs_export"],
        r##"
With index=on a name can show what was written under its twin. The first
copy-up of one name enters the lower file into an index in the work directory;
from then on every other name leads to the copy, without being in the upper
itself. So hard links stay together, link counts are right, and a rename of a
name onto its twin does nothing, as POSIX wants it.

    let base = layer(#{ "/a": "v1\n", "/b": hardlink("/a") });
    let m = mount([base], #{ index: true });
    m.append("/a", "v2\n")
    m.read("/b")

    layerlab run scenarios/overlay/hard-links-index.rhai"##,
    ),
    topic(
        "special-files",
        &["special files", "device", "devices", "mknod", "fifos"],
        r##"
Special files: one device can't be made in an overlay, not even by root. It is
the character device 0:0, EPERM: in a layer it is a whiteout, and a program
inside could forge deletions with it. In a layer made by hand it does just
that. Other devices and fifos are copied up as nodes; what is written to them
never is.

    let m = mount([layer(#{ "/f": "1" })]);
    m.mkchar("/dev0", 0, 0)
    m.mkchar("/dev1", 0, 1)
    m.upper()

    layerlab run scenarios/overlay/special-files.rhai"##,
    ),
    topic(
        "permissions",
        &["permission", "setuid", "suid", "setgid", "sgid", "sticky"],
        r##"
Permissions: chown takes setuid and setgid away, even if the owner stays. Even
root's chown does: chown -R root:root /usr/bin breaks sudo. The kernel clears
the bits so that no program changes hands as setuid. Copy-up keeps them, and so
does a write by root. On a directory chown leaves setgid alone; what is made
inside gets its group.

    let sudo = file("ELF\n", #{ mode: 0o4755 });
    let m = mount([layer(#{ "/sudo": sudo })]);
    m.chown("/sudo", 0, 0)
    m.stat("/sudo").mode == 0o755

    layerlab run scenarios/overlay/permissions.rhai"##,
    ),
    topic(
        "users",
        &["user", "as_user", "as_root", "eacces", "unprivileged"],
        r##"
Users: the check is the user's, all that follows from it is root's. as_user
says who performs what comes next, and the kernel's permission bits answer with
EACCES and EPERM. Copy-up, whiteouts and the work directory are the mounter's:
who may write a file gets its copy made even in a directory closed to them, and
the copy keeps owner and mode. What a user makes is theirs.

    let m = mount([layer(#{ "/f": file("1", #{ uid: 1000 }) })]);
    m.as_user(1000)
    m.write("/f", "copied up, although / is root's")
    try { m.write("/g", ""); } catch (e) { check("no", e.errno, "EACCES"); }
    m.access("/f", 4)
    m.as_root()

as_user(1000, 1000, [27]) has a group and more groups. as_user("app") looks in
/etc/passwd, as docker run --user does; docker exec has a user of its own. In
sticky directories fs.protected_* hold as Debian sets them.

    layerlab run scenarios/overlay/users.rhai"##,
    ),
    topic(
        "xattrs",
        &["xattr", "extended attributes", "extended attribute", "attributes", "enodata"],
        r##"
Extended attributes: a setxattr that fails may copy the file all the same. It
copies first, with all attributes, and only then asks the upper's filesystem
whether it takes the name. removexattr of one that is not there looks below
first, and copies nothing. The overlay's marks are attributes as well: a
program inside can set trusted.overlay.opaque and read it back, but the kernel
stores it under another name, where it marks nothing.

    let m = mount([layer(#{ "/f": "1" })]);
    m.setxattr("/f", "user.", "x")
    m.upper()

    layerlab run scenarios/overlay/xattrs.rhai"##,
    ),
    topic(
        "handles",
        &["handle", "fd", "open file", "open files", "file descriptor", "mmap", "map", "ebusy"],
        r##"
Handles: an open file belongs to the object, not to its name. It follows the
file through renames, and keeps it when its last name is deleted: the bytes stay
in the upper, without a name, until the last fd and map are closed. Until then
unmounting is refused (EBUSY). Opened for reading and then copied up through its
name, it reads the upper's copy; before Linux 4.19 it went on reading the lower
file. A map (mmap) never follows: it shows the file that was opened, so two
programs can see two contents of one file. fchmod on a deleted file of a lower
layer fails (EEXIST): its copy would take a name, and a whiteout has it.

    let m = mount([layer(#{ "/log": "old\n" })]);
    let f = m.open("/log", "r"); let v = f.map();
    m.append("/log", "new\n");
    f.read()
    v.read()

    layerlab run scenarios/17_open_files.rhai"##,
    ),
];
