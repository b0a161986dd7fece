//! Looking a name up through the layers.

use crate::help::topics::{Topic, topic};

/// Which layer a name comes from.
pub const TOPICS: &[Topic] = &[
    topic(
        "lookup",
        &["look-up", "search", "shadow", "shadowing", "precedence"],
        r##"
Look-up: the topmost layer that has a name wins. Not the newest file, not the
longest one: dates and sizes are never looked at. A file comes whole from its
layer, with mode and owner. Directories of one name are merged, but only their
lists of names: mode and owner come from the topmost one. The kernel does so
because a search that stops at the first hit is cheap and always right.

    let top = layer(#{ "/a": "" });
    let m = mount([top, layer(#{ "/a": "long\n" })]);
    m.which("/a")

    layerlab run scenarios/overlay/lookup.rhai"##,
    ),
    topic(
        "deep-stacks",
        &["depth", "deep", "deep stack", "deep stacks", "many layers"],
        r##"
Deep stacks cost little. A name is asked of the layers that hold its directory,
and of no others: a hundred layers of other things above a file are passed by.
A copy-up takes one step, from wherever the file is, into the upper. Listing a
directory that a hundred layers hold does read all hundred. The kernel keeps
for every directory the list of layers that have it, so it need not ask again.

    let empty = layer(#{ "/opt/x": "x" });
    let m = mount([empty, empty, empty, layer(#{ "/etc/motd": "hello\n" })]);
    m.append("/etc/motd", "more\n")

    layerlab run scenarios/overlay/deep-stacks.rhai"##,
    ),
    topic(
        "type-conflicts",
        &["type conflict", "conflict", "conflicts", "file over directory"],
        r##"
Type conflicts: a file between two directories keeps them apart. The search
stops at the first thing that can't be merged, and a file merges with nothing.
Deleting a file that hides a directory does not bring the directory out: a
whiteout takes the file's place. The kernel reads rm as: this name is gone,
whatever the layers below have there.

    let m = mount([layer(#{ "/d": "a file" }), layer(#{ "/d/old": "1" })]);
    m.rm("/d")
    m.which("/d")

    layerlab run scenarios/overlay/type-conflicts.rhai"##,
    ),
    topic(
        "symlinks",
        &["symbolic links", "soft links", "eloop", "dangling"],
        r##"
Symlinks are resolved in the merged view. The link may lie in one layer and its
target in another; an absolute target starts at the view's root. Writing
through a link copies the target up, never the link; lchown, rename and link
copy the link itself. A link hides a directory of its name below: links are
never merged. To the kernel a link is a small file whose text is walked anew.

    let m = mount([layer(#{ "/l": symlink("/d/f"), "/d/f": "1" })]);
    m.append("/l", "2")
    m.upper()

    layerlab run scenarios/overlay/symlinks.rhai"##,
    ),
    topic(
        "root-directory",
        &["root", "root directory", "/"],
        r##"
No layer decides the mode and owner of the root directory. They are the
upper's, so chmod of / is lost with a commit. And the root always merges all
layers, whatever marks they carry: an opaque root hides nothing. The kernel
puts the root together when it mounts, and never looks it up.

    let m = mount([layer(#{ "/": dir(0o700), "/a": "1" })]);
    m.stat("/").mode == 0o755
    m.which("/")

    layerlab run scenarios/overlay/root-directory.rhai"##,
    ),
    topic(
        "odd-names",
        &["names", "odd names", ".wh.", ".wh..wh..opq", "unicode", "case"],
        r##"
Odd names are ordinary names: a file .wh.motd deletes nothing. In an image's
archive it stands for a whiteout; in a mounted layer it is just a file. Names
are bytes to the kernel: upper and lower case differ, and so do two ways to
write é. A name has at most 255 bytes, and may hold anything but / and NUL.

    let m = mount([layer(#{ "/motd": "hello\n" })]);
    m.write("/.wh.motd", "")
    m.read("/motd")

    layerlab run scenarios/overlay/odd-names.rhai"##,
    ),
];
