#!/usr/bin/env python3
"""Asks the kernel: records random overlay cases in the corpus's own format.

    sudo python3 tests/kernel/record.py plain 1 200 /tmp/cases/plain.json
    sudo python3 tests/kernel/record.py --cases inputs.json /tmp/cases/corners.json
    layerlab replay /tmp/cases

Needs root and a kernel with overlayfs; everything happens on a tmpfs of its own. Profiles: `plain`
(random options), `default` (all options off), `opaque`, `marks` (layers with hand-made redirects and
metacopies), `userxattr`, `links` (hard links, index=on), `long` (names that make redirects too long);
those of deeper.py, which pick names that are there: `deep`, `history`, `moves`, `index`, `modes` …;
those of tables.py, every operation on every kind of name: `table-one`, `table-two`, `table-open`;
`users`, `users-sticky`, `users-privileges`, `users-marks`, `users-rootless` (users.py);
`xwhiteouts`, `xwhiteouts-user`, `data`, `nested` (stacked.py).

The machine must have fs.protected_hardlinks=1 and the other fs.protected_* at 0, as the replay has.

With `--cases` the inputs are written by hand: a list of cases, each with `name`, `topic`, `lowers` and
`ops`; options not given are off, `initial_upper` is empty. Beyond the corpus's fields an entry may have
`"whiteout": "xattr"` (a file) and `"opaque": "x"` (a directory), a case `"data"`, a list of trees that
are mounted as data-only lowers, and in the place of a lower `{"overlay": {options, lowers, upper}}`:
the merged directory of another overlay. `"once": true` keeps a case whose stack can't be mounted again,
or looks different then.

A case whose merged tree is another after mounting again is left out: there the kernel's answer
depends on what it had cached.
"""

import ctypes
import errno
import json
import os
import stat
import sys

import deeper
import stacked
import tables
import users
from generate import Generator

GENERATORS = {**deeper.PROFILES, **tables.PROFILES, **users.PROFILES, **stacked.PROFILES}
LIBC = ctypes.CDLL(None, use_errno=True)
ERRNO_NAMES = {95: "EOPNOTSUPP", 35: "EDEADLK"}
DEFAULT_MODE = {"dir": 0o755, "file": 0o644, "fifo": 0o644, "chardev": 0o644}
RENAMEAT2 = {"x86_64": 316, "aarch64": 276}.get(os.uname().machine, 316)


def call(result):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return True


def errno_name(error):
    return ERRNO_NAMES.get(error.errno, errno.errorcode[error.errno])


# ---- trees -------------------------------------------------------------------------------------

def data_of(entry):
    if "data" in entry:
        return entry["data"].encode()
    if "runs" in entry:
        return b"".join(char.encode() * count for char, count in entry["runs"])
    return entry["fill"].encode() * entry["size"]


def shown(data):
    if len(data) <= 512:
        return {"data": data.decode("latin1")}
    runs = []
    while data:
        rest = data.lstrip(data[:1])
        runs.append([data[:1].decode("latin1"), len(data) - len(rest)])
        data = rest
    return {"size": runs[0][1], "fill": runs[0][0]} if len(runs) == 1 else {"runs": runs}


def text(data):
    value = shown(data)
    return value.get("data", value)


def kind_of(status):
    for kind, test in (("file", stat.S_ISREG), ("dir", stat.S_ISDIR), ("symlink", stat.S_ISLNK),
                       ("fifo", stat.S_ISFIFO)):
        if test(status.st_mode):
            return kind
    return "chardev"


def build(tree, root, prefix):
    """Makes a layer. Marks go under `prefix`."""
    os.makedirs(root)
    os.chmod(root, 0o755)
    for path in sorted(tree, key=str.encode):
        entry, at = tree[path], root + (path if path != "/" else "")
        if "hardlink" in entry:
            os.link(root + entry["hardlink"], at, follow_symlinks=False)
            continue
        kind = entry["type"]
        if kind == "whiteout":
            os.mknod(at, stat.S_IFCHR, 0)
            continue
        if kind == "dir" and path != "/":
            os.mkdir(at)
        elif kind == "file":
            with open(at, "xb") as file:
                if entry.get("metacopy"):
                    file.truncate(entry["size"])
                else:
                    file.write(data_of(entry))
        elif kind == "symlink":
            os.symlink(entry["target"], at)
        elif kind == "fifo":
            os.mkfifo(at)
        elif kind == "chardev":
            os.mknod(at, stat.S_IFCHR | 0o644, os.makedev(*entry["rdev"]))
        os.lchown(at, entry.get("uid", 0), entry.get("gid", 0))
        if kind != "symlink":
            os.chmod(at, int(entry["mode"], 8) if "mode" in entry else DEFAULT_MODE[kind])
        for name, value in entry.get("xattrs", {}).items():
            os.setxattr(at, name, value.encode())
        if entry.get("opaque"):
            os.setxattr(at, prefix + "opaque", b"x" if entry["opaque"] == "x" else b"y")
        if entry.get("whiteout") == "xattr":
            os.setxattr(at, prefix + "whiteout", b"")
        if "redirect" in entry:
            os.setxattr(at, prefix + "redirect", entry["redirect"].encode())
        if entry.get("metacopy"):
            os.setxattr(at, prefix + "metacopy", b"")


def describe(at, prefix, merged):
    """One entry, and its inode number if it has several names."""
    try:
        status = os.lstat(at)
    except OSError as error:
        return {"type": "error", "errno": errno_name(error)}, None
    kind, mode = kind_of(status), stat.S_IMODE(status.st_mode)
    if kind == "chardev" and status.st_rdev == 0 and not merged:
        return {"type": "whiteout"}, None
    entry = {"type": kind}
    if kind != "symlink" and mode != DEFAULT_MODE[kind]:
        entry["mode"] = "%04o" % mode
    if status.st_uid:
        entry["uid"] = status.st_uid
    if status.st_gid:
        entry["gid"] = status.st_gid
    if merged and kind != "dir" and status.st_nlink > 1:
        entry["nlink"] = status.st_nlink
    if kind == "symlink":
        entry["target"] = os.readlink(at)
    if kind == "chardev":
        entry["rdev"] = [os.major(status.st_rdev), os.minor(status.st_rdev)]
    get = lambda name: os.getxattr(at, name, follow_symlinks=False)
    names = os.listxattr(at, follow_symlinks=False)
    own = lambda name: not merged and name.startswith(prefix)
    xattrs = {name: get(name).decode() for name in names if name.startswith("user.") and not own(name)}
    if xattrs:
        entry["xattrs"] = xattrs
    inode = status.st_ino if kind != "dir" and status.st_nlink > 1 else None
    if not merged:
        if prefix + "opaque" in names and get(prefix + "opaque") in (b"x", b"y"):
            entry["opaque"] = True if get(prefix + "opaque") == b"y" else "x"
        if prefix + "whiteout" in names:
            entry["whiteout"] = "xattr"
        if prefix + "redirect" in names:
            entry["redirect"] = get(prefix + "redirect").decode()
        if prefix + "metacopy" in names:
            entry.update(metacopy=True, size=status.st_size)
            return entry, inode
    if kind == "file":
        try:
            with open(at, "rb") as file:
                entry.update(shown(file.read()))
        except OSError as error:
            entry["errno"] = errno_name(error)
    return entry, inode


def snapshot(root, prefix, merged=False):
    """Path to entry, and path to inode number for hard links."""
    entries, inodes = {}, {}
    entries["/"], _ = describe(root, prefix, merged)
    todo = [""]
    while todo:
        folder = todo.pop()
        for name in os.listdir(root + folder):
            path = folder + "/" + name
            entries[path], inode = describe(root + path, prefix, merged)
            if inode:
                inodes[path] = inode
            if entries[path]["type"] == "dir":
                todo.append(path)
    return entries, inodes


def tree_of(entries, inodes):
    tree, first = {}, {}
    for path in sorted(entries, key=str.encode):
        entry = entries[path]
        if path == "/" and entry == {"type": "dir"}:
            continue
        if path in inodes and inodes[path] in first:
            entry = {"type": entry["type"], "hardlink": first[inodes[path]]}
        elif path in inodes:
            first[inodes[path]] = path
        tree[path] = entry
    return tree


def delta(before, after):
    changes = {
        "added": sorted(path for path in after if path not in before),
        "removed": sorted(path for path in before if path not in after),
        "changed": sorted(path for path in after if before.get(path, after[path]) != after[path]),
    }
    return {key: paths for key, paths in changes.items() if paths}


# ---- operations --------------------------------------------------------------------------------

def write_file(op, flags):
    file = os.open(op["path"], flags | os.O_NONBLOCK, int(op.get("mode", "0"), 8))
    try:
        if data_of(op):
            os.write(file, data_of(op))
    finally:
        os.close(file)
    return True


def read_all(file):
    data = b""
    while chunk := os.read(file, 1 << 20):
        data += chunk
    return text(data)


def open_file(op, names):
    flags = os.O_NONBLOCK
    for name in names:
        flags |= getattr(os, name)
    file = os.open(op["path"], flags, int(op.get("mode", "0"), 8))
    try:
        if "data" in op:
            os.write(file, op["data"].encode())
        return read_all(file) if op.get("read") else True
    finally:
        os.close(file)


def status_of(status):
    value = {"type": kind_of(status), "mode": "%04o" % stat.S_IMODE(status.st_mode),
             "uid": status.st_uid, "gid": status.st_gid}
    if value["type"] != "dir":
        value.update(size=status.st_size, nlink=status.st_nlink)
    if value["type"] == "chardev":
        value["rdev"] = [os.major(status.st_rdev), os.minor(status.st_rdev)]
    return value


def renameat2(op, flag):
    return call(LIBC.syscall(RENAMEAT2, -100, op["src"].encode(), -100, op["dst"].encode(), flag))


def setxattr(op):
    value = op["value"].encode()
    return call(LIBC.setxattr(op["path"].encode(), op["name"].encode(), value, len(value), 0))


def mode(op):
    return int(op["mode"], 8)


def become(op):
    """Another user, from whom root can come back."""
    os.setresuid(0, 0, 0)
    os.setgroups(op.get("groups", []))
    os.setresgid(*[op["gid"]] * 3)
    os.setresuid(op["uid"], op["uid"], 0)


PERFORM = {
    "mkdir": lambda op: os.mkdir(op["path"], mode(op)),
    "rmdir": lambda op: os.rmdir(op["path"]),
    "create": lambda op: write_file(op, os.O_CREAT | os.O_EXCL | os.O_WRONLY),
    "write": lambda op: write_file(op, os.O_WRONLY | os.O_TRUNC),
    "append": lambda op: write_file(op, os.O_WRONLY | os.O_APPEND),
    "open_rw_noop": lambda op: open_file(op, ["O_RDWR"]),
    "read": lambda op: open_file({**op, "read": True}, ["O_RDONLY"]),
    "open": lambda op: open_file(op, op["flags"]),
    "truncate": lambda op: os.truncate(op["path"], op["size"]),
    "unlink": lambda op: os.unlink(op["path"]),
    "rename": lambda op: os.rename(op["src"], op["dst"]),
    "rename_noreplace": lambda op: renameat2(op, 1),
    "rename_exchange": lambda op: renameat2(op, 2),
    "link": lambda op: os.link(op["src"], op["dst"], follow_symlinks=False),
    "symlink": lambda op: os.symlink(op["target"], op["path"]),
    "readlink": lambda op: os.readlink(op["path"]),
    "chmod": lambda op: os.chmod(op["path"], mode(op)),
    "chown": lambda op: os.chown(op["path"], op["uid"], op["gid"]),
    "lchown": lambda op: os.lchown(op["path"], op["uid"], op["gid"]),
    "utimes": lambda op: os.utime(op["path"], (1, 1)),
    "touch": lambda op: os.utime(op["path"], None),
    "access": lambda op: call(LIBC.access(op["path"].encode(), op["mode"])),
    "as": become,
    "setxattr": setxattr,
    "getxattr": lambda op: os.getxattr(op["path"], op["name"]).decode(),
    "removexattr": lambda op: os.removexattr(op["path"], op["name"]),
    "listxattr": lambda op: sorted(n for n in os.listxattr(op["path"]) if n.startswith("user.")),
    "mkfifo": lambda op: os.mknod(op["path"], stat.S_IFIFO | mode(op)),
    "mkchar": lambda op: os.mknod(op["path"], stat.S_IFCHR | mode(op), os.makedev(*op["rdev"])),
    "readdir": lambda op: sorted(os.listdir(op["path"]), key=str.encode),
    "stat": lambda op: status_of(os.stat(op["path"])),
    "lstat": lambda op: status_of(os.lstat(op["path"])),
}


class Inside:
    """A process chrooted to the merged tree; it performs operations, one after the other."""

    def __init__(self, root):
        (asked, ask), (answer, answered) = os.pipe(), os.pipe()
        self.child = os.fork()
        if self.child == 0:
            os.close(ask)
            os.close(answer)
            os.chroot(root)
            os.chdir("/")
            os.umask(0)
            serve(os.fdopen(asked), answered)
            os._exit(0)
        os.close(asked)
        os.close(answered)
        self.ask, self.answer = os.fdopen(ask, "w"), os.fdopen(answer)

    def perform(self, op):
        self.ask.write(json.dumps(op) + "\n")
        self.ask.flush()
        return json.loads(self.answer.readline())

    def end(self):
        # Processes begun later hold this pipe open too: its end is said, not only closed.
        self.ask.write("null\n")
        self.ask.close()
        self.answer.close()
        os.waitpid(self.child, 0)


def serve(asked, answered):
    for line in asked:
        op = json.loads(line)
        if op is None:
            break
        try:
            value = PERFORM[op["op"]](op)
            result = {"ok": True if value is None else value}
        except OSError as error:
            result = {"errno": errno_name(error)}
        answer = (json.dumps(result) + "\n").encode()
        while answer:
            answer = answer[os.write(answered, answer):]


class Stack:
    """The layers of a case on a tmpfs, mounted."""

    def __init__(self, base, case):
        self.base, self.options, self.inside = base, case["options"], None
        self.prefix = "user.overlay." if self.options["userxattr"] else "trusted.overlay."
        self.lowers = ["l%d" % at for at in range(len(case["lowers"]))]
        self.upper = 0
        self.data = ["d%d" % at for at in range(len(case.get("data", [])))]
        self.inner = []
        for name, tree in zip(self.lowers + self.data, case["lowers"] + case.get("data", [])):
            if "overlay" in tree:
                self.nest(f"{base}/{name}", tree["overlay"])
            else:
                build(tree, f"{base}/{name}", self.prefix)
        build(case["initial_upper"], f"{base}/u0", self.prefix)
        for name in ("w0", "m"):
            os.mkdir(f"{base}/{name}")

    def nest(self, at, case):
        """Another overlay, whose merged directory is one of this one's lowers."""
        os.mkdir(at + ".of")
        inner = Stack(at + ".of", completed({**case, "initial_upper": case.get("upper", {})}))
        self.inner += [*inner.inner, inner]
        inner.mount()
        os.symlink(at + ".of/m", at)

    def mount(self):
        lowers = "::".join([":".join(self.lowers)] + self.data)
        options = [f"lowerdir={lowers}", f"upperdir=u{self.upper}", f"workdir=w{self.upper}"]
        for name in ("redirect_dir", "metacopy", "index", "xino"):
            if not (self.options["userxattr"] and self.options[name] == "off" and name[0] in "rm"):
                options.append(f"{name}={self.options[name]}")
        if self.options["userxattr"]:
            options.append("userxattr")
        os.chdir(self.base)
        try:
            call(LIBC.mount(b"overlay", f"{self.base}/m".encode(), b"overlay", 0, ",".join(options).encode()))
        finally:
            os.chdir("/")
        self.inside = Inside(f"{self.base}/m")

    def unmount(self):
        if not self.inside:
            return
        self.inside.end()
        self.inside = None
        call(LIBC.umount2(f"{self.base}/m".encode(), 0))

    def commit(self):
        self.lowers.insert(0, f"u{self.upper}")
        self.upper += 1
        for name in (f"u{self.upper}", f"w{self.upper}"):
            os.mkdir(f"{self.base}/{name}")
            os.chmod(f"{self.base}/{name}", 0o755)

    def upper_tree(self):
        return snapshot(f"{self.base}/u{self.upper}", self.prefix)

    def merged_tree(self):
        return tree_of(snapshot(f"{self.base}/m", self.prefix, True)[0], {})


def record(case):
    """Completes a case with what the kernel did. None: it depends on caches."""
    base = f"/tmp/layerlab-record-{os.getpid()}"
    os.makedirs(base, exist_ok=True)
    call(LIBC.mount(b"tmpfs", base.encode(), b"tmpfs", 0, b"size=200m"))
    try:
        case.update(results=[], upper_delta=[], merged={}, upper={})
        try:
            stack = Stack(base, case)
            stack.mount()
        except OSError as error:
            case["mount"] = {"errno": errno_name(error)}
            return case
        try:
            return case if replay(stack, case) else None
        finally:
            for each in [stack, *reversed(stack.inner)]:
                each.unmount()
    finally:
        LIBC.umount2(base.encode(), 2)  # Lazily: overlays nested in it go with it.
        os.rmdir(base)


def replay(stack, case):
    before, _ = stack.upper_tree()
    user = {"op": "as", "uid": 0, "gid": 0}
    for op in case["ops"]:
        result, change = {"ok": True}, {}
        if op["op"] in ("restart", "remount"):
            stack.unmount()
            if op["op"] == "remount":
                stack.commit()
            stack.mount()
            stack.inside.perform(user)
            before, _ = stack.upper_tree()
        else:
            user = op if op["op"] == "as" else user
            result = stack.inside.perform(op)
            after, _ = stack.upper_tree()
            change, before = delta(before, after), after
        case["results"].append(result)
        case["upper_delta"].append(change)
    case["merged"] = stack.merged_tree()
    case["upper"] = tree_of(*stack.upper_tree())
    if case.pop("once", False):
        return True
    stack.unmount()
    stack.mount()
    return stack.merged_tree() == case["merged"]


def completed(case):
    """A case as it is recorded: what was left out written out."""
    off = {"redirect_dir": "off", "metacopy": "off", "index": "off", "xino": "off", "userxattr": False}
    return {"name": "", "topic": "", "initial_upper": {}, "ops": [], **case,
            "options": {**off, **case.get("options", {})}}


def inputs():
    """The cases to record, made one by one, their number and where they go."""
    if len(sys.argv) == 4 and sys.argv[1] == "--cases":
        with open(sys.argv[2]) as file:
            cases = json.load(file)
        return (completed(case) for case in cases), len(cases), os.path.abspath(sys.argv[3])
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    profile, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    made = (GENERATORS.get(profile, Generator)(profile, at).case() for at in range(seed, seed + count))
    return made, count, os.path.abspath(sys.argv[4])


def alone():
    """A mount namespace of our own: a copy of a mount in someone else's would keep a layer busy."""
    call(LIBC.unshare(0x20000))
    call(LIBC.mount(b"none", b"/", None, 0x44000, None))


def main():
    wanted, count, out = inputs()
    alone()
    cases = []
    for case in wanted:
        name = case["name"]
        try:
            case = record(case)
        except OSError as error:
            # A merged directory that can't be listed has no place in the format, nor has an index that
            # can't be mounted again.
            print(f"{name}: {error}", file=sys.stderr)
            continue
        if case:
            cases.append(json.dumps(case, separators=(",", ":")))
        else:
            print(f"{name}: another view after mounting again", file=sys.stderr)
    kernel = ".".join(os.uname().release.split(".")[:2])
    with open(out, "w") as file:
        file.write(f'{{"format":"layerlab-overlay-corpus/1","kernel":"{kernel}","cases":[\n')
        file.write(",\n".join(cases) + "\n]}\n")
    print(f"{len(cases)} of {count} cases recorded", file=sys.stderr)


if __name__ == "__main__":
    main()
