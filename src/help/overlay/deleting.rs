//! Deleting, and hiding what lies below.

use crate::help::topics::{Topic, topic};

/// Whiteouts, opaque directories and what comes of them.
pub const TOPICS: &[Topic] = &[
    topic(
        "whiteout",
        &["whiteouts", "delete", "deleting", "deleted"],
        r##"
A whiteout marks a name as deleted. A lower layer can't be changed, so deleting
one of its files leaves a mark in the upper: a character device 0:0, same name.
It hides the name in all layers below. The bytes below stay stored: deleting in
a later layer makes an image no smaller, and a secret can be read from the
layer that still holds it. In an image's archive the mark is an empty file
.wh.NAME. A file that only the upper has is simply removed; nothing is left.

    let m = mount([layer(#{ "/etc/motd": "hello\n" })]);
    m.rm("/etc/motd")
    m.upper()

    layerlab run scenarios/overlay/whiteouts.rhai"##,
    ),
    topic(
        "rmdir",
        &["enotempty", "empty directory", "not empty"],
        r##"
rmdir asks what can be seen, not what is stored. A directory whose files were
all deleted holds whiteouts in the upper and the files below, and is empty
nevertheless: it can be removed, and one whiteout takes the place of all that.
One visible name, from any layer, and the answer is ENOTEMPTY; nothing is
copied up then. The kernel lists the merged directory, as ls would.

    let m = mount([layer(#{ "/d/a": "1" })]);
    m.rmdir("/d")
    m.rm("/d/a"); m.rmdir("/d")
    m.upper()

    layerlab run scenarios/overlay/rmdir.rhai"##,
    ),
    topic(
        "opaque",
        &["opaque directory", "recreated-directories", "recreated directories", "recreated"],
        r##"
An opaque directory hides all that lower layers hold under its name. It is made
when a directory is removed and made again in one layer: without the mark the
old contents would shine through. It stays opaque when the layer is put on
another base, and hides there what nobody has ever deleted. The mark is the
extended attribute trusted.overlay.opaque=y; in an image's archive a file
.wh..wh..opq inside.

    let m = mount([layer(#{ "/cache/a": "1" })]);
    m.rm("/cache"); m.mkdir("/cache");
    m.which("/cache/a")

    layerlab run scenarios/overlay/recreated-directories.rhai"##,
    ),
    topic(
        "lower-opaque",
        &["opaque layer", "opaque layers"],
        r##"
An opaque directory in the middle of a stack cuts it. Its own names and those
of the layers above merge, all below is gone. What is cut stays cut further
down: /app/lib of the base is hidden, though no layer marks /app/lib. Copy-up
does not take the mark along. The kernel searches a directory only in the
layers in which it found the parent, so a lost layer never comes back.

    let mid = layer(#{ "/app": opaque(), "/app/b": "2" });
    let m = mount([layer(#{ "/app/c": "3" }), mid, layer(#{ "/app/a": "1" })]);
    m.which("/app")

    layerlab run scenarios/overlay/lower-opaque.rhai"##,
    ),
    topic(
        "middle-whiteouts",
        &["middle whiteout", "lower whiteout", "lower whiteouts"],
        r##"
Whether a deletion leaves a whiteout depends on layers that nobody sees. If the
next layer that has the name has a whiteout there, none is needed: the name
can't come back. A directory made over a lower whiteout needs no opaque mark,
for the same reason. The kernel looks below before it deletes. A whiteout in a
lower layer hides the name in all layers below it, and in none above.

    let cleanup = layer(#{ "/f": whiteout() });
    let m = mount([cleanup, layer(#{ "/f": "1" })]);
    m.write("/f", "2"); m.rm("/f");
    m.upper()

    layerlab run scenarios/overlay/middle-whiteouts.rhai"##,
    ),
    topic(
        "ghosts",
        &["ghost", "stray whiteout", "stray whiteouts", "stray-whiteouts"],
        r##"
A ghost is a name that a directory lists and a look-up does not find. It comes
from a whiteout in a directory that only one layer has: with nothing to merge,
the kernel hands the directory through as it is, mark included. ls shows the
name; stat and rm say ENOENT. A copy-up of the directory ends it. In a
directory that only the upper has, a stray whiteout keeps rmdir from working.

    let m = mount([layer(#{ "/d/gone": whiteout() }), layer()]);
    m.ls("/d")
    m.exists("/d/gone")

    layerlab run scenarios/overlay/stray-whiteouts.rhai"##,
    ),
];
