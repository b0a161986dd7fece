#!/usr/bin/env python3
"""Plays the overlay scenarios on real mounts: every check must hold there too.

    sudo python3 tests/kernel/scenarios.py scenarios/overlay/*.rhai

Needs root and a kernel with overlayfs; everything happens on a tmpfs of its own. A scenario is read as
text and turned into Python: statements, layers, mounts, file operations, checks, `for`, `try`. Lines
that only show something (`stack`, `which`, `step`) are passed over. Exit codes: 0 all checks hold, 1 one
does not, 77 overlays can't be mounted here.
"""

import os
import re
import shutil
import signal
import stat
import sys

import record
from generate import first_name_first

TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|`[^`]*`|#\{|[{};]|[^"`#{};/]+|.', re.DOTALL)
SECONDS = 120  # for one scenario, on a busy machine
SHOWS = re.compile(r"(stack|help|explain|trace)\s")


class Refused(Exception):
    """A system call that failed, as scripts catch it."""

    def __init__(self, op, path, errno):
        super().__init__(f"{op} {path}: {errno}")
        self.op, self.path, self.errno = op, path, errno


class Fields(dict):
    """A map whose keys are also properties."""

    def __getattr__(self, name):
        return self[name]


# ---- from Rhai to Python -----------------------------------------------------------------------

def python(source):
    """The scenario as Python text."""
    text = "\n".join("" if SHOWS.match(line) else line for line in source.split("\n"))
    out, open_braces, pending = [], [], ""

    def statement():
        nonlocal pending
        words = expression(pending.strip())
        pending = ""
        if words:
            out.append("    " * open_braces.count("block") + words)

    for token in TOKEN.findall(text):
        if token.startswith("//"):
            continue
        if token == "#{":
            open_braces.append("map")
            pending += "Fields({"
        elif token == "{":
            pending = block_head(pending)
            statement()
            open_braces.append("block")
        elif token == "}" and open_braces.pop() == "map":
            pending += "})"
        elif token == "}":
            open_braces.append("block")
            statement()
            open_braces.pop()
        elif token == ";":
            statement()
        else:
            pending += token
    statement()
    return "\n".join(out)


def block_head(head):
    head = re.sub(r"catch\s*\((\w+)\)", r"except Refused as \1", head.strip())
    head = re.sub(r"in\s+(\S+)\.\.=(\S+)", r"in range(\1, \2 + 1)", head)
    return re.sub(r"in\s+(\S+)\.\.(\S+)", r"in range(\1, \2)", head) + ":"


def expression(words):
    """One expression: names of Rhai's that Python spells otherwise, outside of strings."""
    parts = re.split(r'("(?:\\.|[^"\\])*"|`[^`]*`)', words)
    for at, part in enumerate(parts):
        if part.startswith("`"):
            parts[at] = "f" + repr(part[1:-1].replace("${", "{"))
        elif not part.startswith('"'):
            for pattern, put in SPELLING:
                part = re.sub(pattern, put, part)
            parts[at] = part
    return "".join(parts).replace("\n", " ")


SPELLING = [
    (r"\blet\s+", ""), (r"\btrue\b", "True"), (r"\bfalse\b", "False"), (r"&&", " and "), (r"\|\|", " or "),
    (r"!(?!=)", " not "), (r"\.len\(\)", ".__len__()"), (r"\.push\(", ".append("), (r"\.type\b", '["type"]'),
    (r"([{,]\s*)([a-z_]\w*)\s*:", r'\1"\2":'),
]


# ---- layers and mounts -------------------------------------------------------------------------

class Layer:
    """A layer: a tree still to be made, or a folder that was an upper."""

    def __init__(self, lab, tree=None, folder=None, prefix="trusted.overlay."):
        self.lab, self.tree, self.folder, self.prefix = lab, tree, folder, prefix

    def place(self, prefix):
        if self.folder is None:
            self.folder = self.lab.fresh("l")
            self.prefix = prefix
            build(self.tree, f"{self.lab.base}/{self.folder}", prefix)
        if prefix != self.prefix:
            raise ValueError("a layer's marks can't be trusted.* in one mount and user.* in another")
        return self.folder

    def entries(self):
        return raw(f"{self.lab.base}/{self.place(self.prefix)}", self.prefix)

    @property
    def count(self):
        return len(self.entries())

    @property
    def bytes(self):
        return sum(entry.get("size", 0) for entry in self.entries().values() if entry["type"] == "file")


def build(tree, root, prefix):
    """Missing parents are made; text is a file; a size makes a file of holes."""
    whole = {}
    for path, entry in tree.items():
        path = "/" + path.strip("/")
        parts = path.split("/")[1:-1]
        for depth in range(1, len(parts) + 1):
            whole.setdefault("/" + "/".join(parts[:depth]), {"type": "dir"})
        whole[path] = {"type": "file", "data": entry} if isinstance(entry, str) else dict(entry)
    holes = {path: entry.pop("hole") for path, entry in whole.items() if "hole" in entry}
    record.build(first_name_first(whole), root, prefix)
    for path, size in holes.items():
        os.truncate(root + path, size)


def raw(root, prefix):
    """A raw layer as scripts see it: path to fields."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            at = f"{folder}/{name}"
            found[at[len(root):]] = fields(at, prefix)
    return found


def fields(at, prefix):
    status = os.lstat(at)
    kind = record.kind_of(status)
    if kind == "chardev" and status.st_rdev == 0:
        return Fields(type="whiteout")
    xattrs = {name: os.getxattr(at, name, follow_symlinks=False)
              for name in os.listxattr(at, follow_symlinks=False)}
    found = Fields(type=kind, mode=stat.S_IMODE(status.st_mode), uid=status.st_uid, gid=status.st_gid)
    if kind == "symlink":
        found["target"] = os.readlink(at)
    if kind == "file":
        found["size"] = status.st_size
    if prefix + "opaque" in xattrs:
        found["opaque"] = True if xattrs[prefix + "opaque"] == b"y" else "x"
    if prefix + "whiteout" in xattrs:
        found["whiteout"] = "xattr"
    if prefix + "metacopy" in xattrs:
        found["metacopy"] = True
    elif kind == "file" and status.st_size <= 4096:
        with open(at) as file:
            found["data"] = file.read()
    if prefix + "redirect" in xattrs:
        found["redirect"] = xattrs[prefix + "redirect"].decode()
    kept = {name: value.decode() for name, value in xattrs.items()
            if name.startswith("user.") and not name.startswith(prefix)}
    if kept:
        found["xattrs"] = Fields(kept)
    return found


class Mount:
    """A mounted overlay with the methods that scripts use."""

    def __init__(self, lab, lowers, options):
        self.lab, self.options = lab, dict(options)
        self.upper_tree = self.options.pop("upper", {})
        self.prefix = "user.overlay." if self.options.get("userxattr") else "trusted.overlay."
        self.stack = [lower.place(self.prefix) for lower in lowers]
        self.data = [lower.place(self.prefix) for lower in self.options.pop("data", [])]
        self.at, self.user = lab.fresh("m"), {"uid": 0, "gid": 0}
        os.mkdir(f"{lab.base}/{self.at}")
        self.new_upper()
        self.mount()

    def place(self, _prefix):
        """As a lower of another overlay."""
        return self.at

    def new_upper(self):
        self.top, self.work = self.lab.fresh("u"), self.lab.fresh("w")
        build(self.upper_tree, f"{self.lab.base}/{self.top}", self.prefix)
        os.mkdir(f"{self.lab.base}/{self.work}")
        self.upper_tree = {}

    def mount(self):
        lowers = "::".join([":".join(self.stack)] + self.data)
        words = [f"lowerdir={lowers}", f"upperdir={self.top}", f"workdir={self.work}"]
        user = self.options.get("userxattr")
        for name in ("redirect_dir", "metacopy", "index", "xino"):
            given = name in self.options
            # As the lab does: only what the script names is refused together.
            if given or not (name == "metacopy" and user or name == "redirect_dir" and
                             (user or self.options.get("metacopy"))):
                words.append(f"{name}={'on' if self.options.get(name) else 'off'}")
        if user:
            words.append("userxattr")
        os.chdir(self.lab.base)
        try:
            record.call(record.LIBC.mount(b"overlay", self.at.encode(), b"overlay", 0, ",".join(words).encode()))
        except OSError as error:
            raise Refused("mount", "", record.errno_name(error)) from None
        finally:
            os.chdir("/")
        self.inside = record.Inside(f"{self.lab.base}/{self.at}")
        self.as_user(**self.user)
        self.lab.mounted.append(self)

    def unmount(self):
        self.inside.end()
        record.call(record.LIBC.umount2(f"{self.lab.base}/{self.at}".encode(), 0))
        self.lab.mounted.remove(self)

    def do(self, op, path="", **more):
        order = {"op": op, "path": path, **more}
        result = self.inside.perform(order)
        if "errno" in result:
            raise Refused(op, path or more.get("src", ""), result["errno"])
        return result["ok"]

    def opened(self, path, flags, **more):
        return self.do("open", path, flags=flags, mode="0644", **more)

    # Reading.
    def read(self, path):
        return self.do("read", path)

    def readlink(self, path):
        return self.do("readlink", path)

    def ls(self, path="/"):
        return self.do("readdir", path)

    readdir = ls

    def stat(self, path, op="stat"):
        found = Fields(self.do(op, path))
        found["mode"] = int(found["mode"], 8)
        return found

    def lstat(self, path):
        return self.stat(path, "lstat")

    def exists(self, path):
        try:
            return bool(self.lstat(path))
        except Refused:
            return False

    def getxattr(self, path, name):
        return self.do("getxattr", path, name=name)

    def listxattr(self, path):
        return self.do("listxattr", path)

    # Writing.
    def write(self, path, data):
        self.opened(path, ["O_WRONLY", "O_CREAT", "O_TRUNC"], data=data)

    def append(self, path, data):
        self.opened(path, ["O_WRONLY", "O_CREAT", "O_APPEND"], data=data)

    def create(self, path, data, mode=0o644):
        self.do("create", path, data=data, mode="%o" % mode)

    def fill(self, path, size):
        self.write(path, "")
        self.do("truncate", path, size=size)

    def truncate(self, path, size):
        self.do("truncate", path, size=size)

    def open(self, path, flags, data=None):
        flags = ["O_" + flag.strip().removeprefix("O_") for flag in flags.split("|")]
        more = {} if data is None else {"data": data}
        reads = "O_WRONLY" not in flags
        text = self.opened(path, flags, read=reads, **more)
        return text if reads else ""

    def open_rw_noop(self, path):
        self.do("open_rw_noop", path)

    # Names.
    def mkdir(self, path, mode=0o755):
        self.do("mkdir", path, mode="%o" % mode)

    def rmdir(self, path):
        self.do("rmdir", path)

    def unlink(self, path):
        self.do("unlink", path)

    def rm(self, path):
        if self.lstat(path)["type"] != "dir":
            return self.unlink(path)
        for name in self.ls(path):
            self.rm(f"{path}/{name}")
        return self.rmdir(path)

    def rename(self, src, dst, op="rename"):
        self.do(op, src=src, dst=dst)

    def rename_noreplace(self, src, dst):
        self.rename(src, dst, "rename_noreplace")

    def rename_exchange(self, src, dst):
        self.rename(src, dst, "rename_exchange")

    def link(self, src, dst):
        self.do("link", src=src, dst=dst)

    def symlink(self, target, path):
        self.do("symlink", path, target=target)

    def mkfifo(self, path):
        self.do("mkfifo", path, mode="0644")

    def mkchar(self, path, major, minor):
        self.do("mkchar", path, mode="0644", rdev=[major, minor])

    # Attributes.
    def chmod(self, path, mode):
        self.do("chmod", path, mode="%o" % mode)

    def chown(self, path, uid, gid, op="chown"):
        self.do(op, path, uid=uid, gid=gid)

    def lchown(self, path, uid, gid):
        self.chown(path, uid, gid, "lchown")

    def utimes(self, path, _seconds):
        self.do("utimes", path)

    def touch(self, path):
        self.utimes(path, 0) if self.exists(path) else self.create(path, "")

    def setxattr(self, path, name, value):
        self.do("setxattr", path, name=name, value=value)

    def removexattr(self, path, name):
        self.do("removexattr", path, name=name)

    # The stack.
    def which(self, _path):
        """Only shows something."""

    def upper(self):
        return raw(f"{self.lab.base}/{self.top}", self.prefix)

    def lower(self, number):
        return Layer(self.lab, folder=self.stack[number], prefix=self.prefix)

    @property
    def lowers(self):
        return len(self.stack)

    def access(self, path, mode):
        try:
            return self.do("access", path, mode=mode)
        except Refused:
            return False

    def as_user(self, uid, gid=None, groups=()):
        self.user = {"uid": uid, "gid": uid if gid is None else gid, "groups": list(groups)}
        self.do("as", **self.user)

    def as_root(self):
        self.as_user(0)

    def restart(self):
        self.unmount()
        self.mount()

    def commit(self, _label=""):
        self.unmount()
        layer = Layer(self.lab, folder=self.top, prefix=self.prefix)
        self.stack.insert(0, self.top)
        self.new_upper()
        self.mount()
        return layer


class Lab:
    """A tmpfs with layers and mounts, and what a script can call."""

    def __init__(self):
        self.base, self.count, self.mounted = f"/tmp/layerlab-scenario-{os.getpid()}", 0, []
        self.held, self.broken = 0, []
        os.makedirs(self.base)
        record.call(record.LIBC.mount(b"tmpfs", self.base.encode(), b"tmpfs", 0, b"size=300m"))

    def close(self):
        for mount in reversed(self.mounted):
            mount.unmount()
        record.LIBC.umount2(self.base.encode(), 2)
        shutil.rmtree(self.base)

    def fresh(self, letter):
        self.count += 1
        return f"{letter}{self.count}"

    def check(self, name, actual, expected=True):
        if actual == expected:
            self.held += 1
        else:
            self.broken.append(f"{name}: expected {expected!r}, the kernel gives {actual!r}")

    def words(self):
        def entry(kind, options=None, **more):
            found = {"type": kind, **more, **(options or {})}
            if "mode" in found:
                found["mode"] = "%o" % found["mode"]
            found.pop("mtime", None)
            if not isinstance(found.get("metacopy", True), bool):
                found.update(size=found["metacopy"], metacopy=True)
            return found

        def dir(mode=0o755, options=None):
            return entry("dir", options, mode=mode)

        return {
            "Fields": Fields, "Refused": Refused, "check": self.check, "step": lambda _text: None,
            "mount": lambda lowers, options=None: Mount(self, lowers, options or {}),
            "layer": lambda tree=None: Layer(self, tree or {}),
            "file": lambda text, options=None: entry("file", options, data=text),
            "filled": lambda size, options=None: entry("file", options, data="", hole=size),
            "dir": dir, "symlink": lambda target: entry("symlink", target=target),
            "hardlink": lambda path: entry("file", hardlink=path), "fifo": lambda: entry("fifo"),
            "chardev": lambda major, minor: entry("chardev", rdev=[major, minor]),
            "whiteout": lambda: entry("whiteout"), "opaque": lambda mark="y": entry("dir", opaque="x" if mark == "x" else True),
            "xwhiteout": lambda: entry("file", data="", whiteout="xattr"),
        }


def mountable():
    """Can overlays be mounted here?"""
    if os.geteuid() != 0:
        return False
    try:
        lab = Lab()
    except OSError:
        return False
    try:
        return bool(Mount(lab, [Layer(lab, {})], {}))
    except Refused:
        return False
    finally:
        lab.close()


def play(path):
    """Checks that held, and what did not."""
    with open(path) as file:
        source = file.read()
    lab = Lab()
    signal.signal(signal.SIGALRM, overdue)
    signal.alarm(SECONDS)
    try:
        exec(compile(python(source), path, "exec"), lab.words())
        if lab.held + len(lab.broken) != source.count('check("'):
            lab.broken.append("a check was not reached: a call that should fail did not")
    except Exception as error:
        lab.broken.append(f"{type(error).__name__}: {error}")
    finally:
        signal.alarm(0)
        lab.close()
    return lab.held, lab.broken


def overdue(_signal, _frame):
    raise TimeoutError(f"no answer within {SECONDS} seconds")


def main():
    paths = [os.path.abspath(path) for path in sys.argv[1:]]
    if not mountable():
        print("overlays can't be mounted here (root and overlayfs are needed)", file=sys.stderr)
        sys.exit(77)
    worst, total = 0, 0
    for path in paths:
        held, broken = play(path)
        total += held
        for line in broken:
            print(f"{path}: {line}")
        worst = worst or int(bool(broken))
    print(f"{total} checks hold on Linux {os.uname().release}")
    sys.exit(worst)


if __name__ == "__main__":
    main()
