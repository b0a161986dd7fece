//! Mounts and layers as a whole: options, commits, restarts, errors.

use crate::help::topics::{Topic, topic};

/// Stacks, and what becomes of them.
pub const TOPICS: &[Topic] = &[
    topic(
        "mounting",
        &["options", "mount options", "too many layers"],
        r##"
500 lower layers mount, one more is EINVAL: the kernel has a fixed limit.
Docker stops at 125. lowerdir=A:B has A on top; order is all there is. Options
that contradict each other are refused as well: metacopy=on with
redirect_dir=off, for renamed files could not find their contents; userxattr
with either, for anybody may set user.* marks. Not modelled: verity,
nfs_export, ACLs, layers on different filesystems (nested overlays aside).

    let base = layer(#{ "/a": "1" });
    let m = mount([base], #{ metacopy: true });
    mount([base], #{ metacopy: true, redirect_dir: false })

    layerlab run scenarios/overlay/mounting.rhai"##,
    ),
    topic(
        "userxattr",
        &["rootless", "user.overlay", "trusted.overlay"],
        r##"
userxattr, for rootless mounts: a directory with a redirect can't be opened.
Marks are user.overlay.* attributes then, since only root may set trusted.*.
Whiteouts and opaque directories work as ever. But everybody may set user.*, so
the kernel refuses what could lead a look-up astray: a redirect or a metacopy
is listed, and every look-up of it is EPERM. A program inside sees no marks,
and can't make any.

    let forged = layer(#{ "/mine": dir(0o755, #{ redirect: "/secret" }) });
    let m = mount([forged, layer(#{ "/secret/k": "1" })], #{ userxattr: true });
    m.ls("/mine")

    layerlab run scenarios/overlay/userxattr.rhai"##,
    ),
    topic(
        "initial-upper",
        &["old upper", "stale", "base update", "upperdir reuse"],
        r##"
An old upper hides what is new in the layers below. It holds no changes but
whole files, and whiteouts that don't know what they were made for: over a
newer base the old copy hides the fixed file, and the whiteout hides the new
one. Deleting the copy brings nothing out. The kernel looks at names and never
compares; if index, metacopy or redirect_dir is on, what comes of a new base is
undefined.

    let upper = #{ "/lib": "old copy", "/x": whiteout() };
    let base = layer(#{ "/lib": "fixed", "/x": "new" });
    let m = mount([base], #{ upper: upper });
    m.which("/lib")

    layerlab run scenarios/overlay/initial-upper.rhai"##,
    ),
    topic(
        "restarts",
        &["unmount", "restarting"],
        r##"
A restart changes nothing that can be seen: the view follows from the layers.
The kernel forgets all it knew when it unmounts, and reads the marks. That is
what the marks are for. A directory renamed onto a name that a lower layer has
is marked opaque at once, though the running kernel knows that nothing is
below. What no layer records is lost: hard links that a write tore apart stay
apart.

    let m = mount([layer(#{ "/d/old": "1" })]);
    m.rm("/d"); m.mkdir("/new"); m.rename("/new", "/d");
    m.restart(); m.which("/d");

    layerlab run scenarios/overlay/restarts.rhai"##,
    ),
    topic(
        "commits",
        &["sealing", "committing"],
        r##"
A commit seals whole files and whiteouts, not a list of changes. A file that
three commits append to is stored whole three times. What was made and deleted
before the commit leaves nothing; made in one and deleted in the next it is
stored for ever, hidden by a whiteout. After the commit everything is a lower
file again, so the next write copies it again. The root's mode is not kept.

    let m = mount([layer(#{ "/log": filled(1_000_000) })]);
    m.append("/log", "a"); m.commit("one"); m.append("/log", "b");
    stack m /log

    layerlab run scenarios/overlay/commits.rhai"##,
    ),
    topic(
        "image-stories",
        &["npm", "node_modules", "reinstall", "stories"],
        r##"
Nobody compares contents: a package installed again is stored again. Deleted
and made anew, byte for byte the same, it is a new file in a new layer; the old
one is hidden by an opaque directory, and stored. The same holds for chmod -R
and chown -R: every file is copied whole. The kernel sees calls, not
intentions. Delete in the RUN that made a file, and set owners in COPY:
--chown, --chmod.

    let m = mount([layer(#{ "/lib/a.js": filled(1_000_000) })]);
    m.rm("/lib"); m.mkdir("/lib"); m.fill("/lib/a.js", 1_000_000);
    m.commit("npm ci")

    layerlab run scenarios/overlay/image-stories.rhai"##,
    ),
    topic(
        "errno",
        &["errors", "error", "enoent", "eexist", "eperm", "einval", "enotdir", "eisdir"],
        r##"
A call that fails may have changed something, and that stays. A simulated
failure is a result with the kernel's errno; nothing is taken back. Of several
errors the first check speaks: EXDEV before ENOTEMPTY, ENOTDIR before EXDEV. A
refused rename may leave a mark. At the prompt an errno is shown; in a script
it is thrown as #{ errno, op, path }:

    let m = mount([layer(#{ "/d/f": "1" })]);
    try { m.rmdir("/d"); } catch (e) { check("full", e.errno, "ENOTEMPTY"); }

    layerlab run scenarios/overlay/errors.rhai"##,
    ),
];
