//! Storage drivers and what they cost.

use super::topics::{Topic, topic};

/// In the order in which they came.
pub const TOPICS: &[Topic] = &[
    topic(
        "drivers",
        &["driver", "storage driver", "overlay2", "overlay1", "vfs", "native", "docker info", "unionfs"],
        r##"
A storage driver puts a container's view together out of an image's layers.
  unionfs    2004   branches in an order; .wh.NAME deletes; never in Docker
  aufs       2006   the same idea; Docker's first driver, 2013 to 2023
  overlay    2014   the kernel's, one lower directory: each layer is the whole
                    tree again, made of hard links (mount calls it overlay1)
  overlay2   2016   a directory for each layer, all of them lower directories
  vfs        2013   no union: a whole copy for every layer and container
  native            a directory as it is: volumes and bind mounts
What a program sees is the same. What lies on the disk, what is refused and
what it costs is not: help aufs, help bill.

    let base = layer(#{ "/d/f": "x" });
    let m = mount([base], #{ driver: "aufs" });
    m.unlink("/d/f")
    print(m.upper_tree());

    docker --storage-driver=vfs run --name c alpine:3.19 touch /f
    docker info

    layerlab run scenarios/26_drivers.rhai"##,
    ),
    topic(
        "aufs",
        &["branch", "branches", "cpup", "create policy", "plnk", "pseudo-link", "tdp", "bup"],
        r##"
aufs: branches, and marks that are names.
.wh.NAME deletes NAME in the branches below; .wh..wh..opq inside a directory
makes it opaque. Docker's image format took these names over. All whiteouts of
a branch are hard links to one file, .wh..wh.aufs. Nobody may look up or make
a name that begins so (EPERM), and a name has at most 242 bytes.
Several branches may be writable: rw; ro or rr are not, and with +wh their
whiteouts count. A file of a writable branch is changed where it lies, without
a copy. create=tdp: a new name goes to the topmost branch that has its
directory, if that is writable, else to the nearest writable one above.
cpup=bup: a copy goes to the nearest writable branch above that has the
directory; cpup=tdp, what aufs does unasked, to the topmost. The other
policies go by free space or turns and are not modelled.
A hard link of the image survives copy-up (a pseudo-link). A directory with
names in several branches does not move: EXDEV.

    let rw = layer(#{ "/d/mine": "1" });
    let ro = layer(#{ "/d/theirs": "2" });
    let opts = #{ driver: "aufs", branches: ["rw", "ro+wh"] };
    let m = mount([rw, ro], opts);
    m.append("/d/mine", "!")
    m.append("/d/theirs", "!")
    print(m.branch(1));"##,
    ),
    topic(
        "bill",
        &["cost", "costs", "account", "paid", "price"],
        r##"
The same things done with every storage driver, and what each pays.
    bill IMAGE                     a table: layers, containers, writes, deletes
    bill([top, base])              the same for layers of your own
    bill([top, base], |m| { … })   your own script on a fresh mount of each
    bill                           what each mount and container paid so far
    m.account                      the same as numbers
Bytes are those copied behind a program's back and those it wrote; inodes and
hard links are those made; layers asked is with cold caches. Time is not in
it: that depends on the disk, these don't. In JSON every event has its price:
trace json, "paid".

    let base = layer(#{ "/big": filled(1000000) });
    bill([base], |m| { m.append("/big", "x"); });"##,
    ),
];
