#!/usr/bin/env python3
"""Asks the kernel about files kept open: records random cases in the overlay corpus's own format.

    sudo python3 tests/kernel/handles.py 1 500 /tmp/cases/handles.json

As record.py, with operations that keep files open from one to the next. `fopen` answers the number
of the descriptor, the lowest free one from 3; `mmap` the number of the map, the lowest free one from
1. A map is shared and for reading, as long as fstat says the file is; where touching it kills with
SIGBUS, `mread` is EFAULT. Open files make `restart` and `remount` fail with EBUSY.
"""

import ctypes
import errno
import json
import mmap
import os
import signal
import socket
import stat
import struct
import sys

import generate
import record as base

GETDENTS = {"x86_64": 217, "aarch64": 61}.get(os.uname().machine, 217)
WHENCE = {"SET": os.SEEK_SET, "CUR": os.SEEK_CUR, "END": os.SEEK_END}



def open_in(root, op, dir_fd):
    """The descriptor of open(2) or openat(2) in a child that is chrooted to the merged tree."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        os.chroot(root)
        os.chdir("/")
        os.umask(0)
        flags = os.O_NONBLOCK
        for name in op["flags"]:
            flags |= getattr(os, name)
        try:
            file = os.open(op["path"], flags, int(op.get("mode", "0"), 8), dir_fd=dir_fd)
            socket.send_fds(theirs, [b"ok"], [file])
        except OSError as error:
            theirs.send(base.errno_name(error).encode())
        os._exit(0)
    theirs.close()
    message, files, _, _ = socket.recv_fds(ours, 64, 1)
    ours.close()
    os.waitpid(child, 0)
    if not files:
        raise OSError(next(code for code, name in {**errno.errorcode, **base.ERRNO_NAMES}.items()
                           if name == message.decode()), message.decode())
    return files[0]


def names_in(file):
    """What getdents64(2) gives from here on: glibc would hide an ENOENT."""
    libc, names, buffer = base.LIBC, [], ctypes.create_string_buffer(1 << 16)
    while True:
        size = libc.syscall(GETDENTS, file, buffer, len(buffer))
        if size < 0:
            raise OSError(ctypes.get_errno(), "getdents64")
        if size == 0:
            return sorted((name for name in names if name not in (".", "..")), key=str.encode)
        at = 0
        while at < size:
            (length,) = struct.unpack_from("<H", buffer, at + 16)
            names.append(buffer.raw[at + 19:at + length].split(b"\0")[0].decode())
            at += length


def touched(view):
    """What a map shows, read by a child: a page without a file behind it kills."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, view[:])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        data = answer.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGBUS:
        raise OSError(errno.EFAULT, "SIGBUS")
    return base.text(data)


def lowest(taken, first):
    return next(number for number in range(first, 2000) if number not in taken)


NOBODYS = 1 << 20


class Process:
    """Open files and maps, kept from one operation to the next."""

    def __init__(self, root):
        self.root, self.files, self.maps = root, {}, {}

    def file(self, op, key="fd"):
        return self.files.get(op[key], NOBODYS)

    def perform(self, op):
        if not hasattr(self, op["op"]):
            inside = base.Inside(self.root)
            try:
                return inside.perform(op)
            finally:
                inside.end()
        try:
            value = getattr(self, op["op"])(op)
            return {"ok": True if value is None else value}
        except OSError as error:
            return {"errno": base.errno_name(error)}

    def fopen(self, op):
        dir_fd = self.file(op, "at") if "at" in op else None
        file = open_in(self.root, op, dir_fd)
        number = lowest(self.files, 3)
        self.files[number] = file
        return number

    def fclose(self, op):
        os.close(self.file(op))
        self.files.pop(op["fd"])

    def fread(self, op):
        file = self.file(op)
        return base.text(os.read(file, op["size"])) if "size" in op else base.read_all(file)

    def fpread(self, op):
        return base.text(os.pread(self.file(op), op["size"], op["offset"]))

    def fwrite(self, op):
        return os.write(self.file(op), op["data"].encode())

    def fpwrite(self, op):
        return os.pwrite(self.file(op), op["data"].encode(), op["offset"])

    def fseek(self, op):
        return os.lseek(self.file(op), op["offset"], WHENCE[op["whence"]])

    def ftruncate(self, op):
        os.ftruncate(self.file(op), op["size"])

    def fstat(self, op):
        return base.status_of(os.fstat(self.file(op)))

    def fchmod(self, op):
        os.fchmod(self.file(op), base.mode(op))

    def fchown(self, op):
        os.fchown(self.file(op), op["uid"], op["gid"])

    def fsetxattr(self, op):
        os.setxattr(self.file(op), op["name"], op["value"].encode())

    def fgetxattr(self, op):
        return os.getxattr(self.file(op), op["name"]).decode()

    def fsync(self, op):
        os.fsync(self.file(op))

    def freaddir(self, op):
        return names_in(self.file(op))

    def mmap(self, op):
        file = self.file(op)
        size = os.fstat(file).st_size
        if size == 0:
            raise OSError(errno.EINVAL, "no bytes")
        view = mmap.mmap(file, size, mmap.MAP_SHARED, mmap.PROT_READ)
        number = lowest(self.maps, 1)
        self.maps[number] = view
        return number

    def mread(self, op):
        if op["map"] not in self.maps:
            raise OSError(errno.EBADF, "unmapped")
        return touched(self.maps[op["map"]])

    def munmap(self, op):
        if op["map"] not in self.maps:
            raise OSError(errno.EBADF, "unmapped")
        self.maps.pop(op["map"]).close()

    def end(self):
        for view in self.maps.values():
            view.close()
        for file in self.files.values():
            os.close(file)


class Stack(base.Stack):
    """A stack without a process that lives in it: what is open alone makes it busy."""

    def mount(self):
        super().mount()
        self.inside.end()

    def unmount(self):
        base.call(base.LIBC.umount2(f"{self.base}/m".encode(), 0))


def record(generator):
    """A case, chosen while it runs, and what the kernel did. None: it depends on caches."""
    case, count = generator.case()
    folder = f"/tmp/layerlab-handles-{os.getpid()}"
    os.makedirs(folder, exist_ok=True)
    base.call(base.LIBC.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, b"size=200m"))
    process = Process(f"{folder}/m")
    try:
        case.update(results=[], upper_delta=[], merged={}, upper={})
        stack = Stack(folder, case)
        stack.mount()
        return case if replay(stack, process, case, generator, count) else None
    finally:
        process.end()
        base.LIBC.umount2(f"{folder}/m".encode(), 2)
        base.LIBC.umount2(folder.encode(), 2)
        os.rmdir(folder)


def replay(stack, process, case, generator, count):
    before, _ = stack.upper_tree()
    for _ in range(count):
        op, change = generator.next(process), {}
        case["ops"].append(op)
        if op["op"] in ("restart", "remount"):
            result = {"ok": True}
            try:
                stack.unmount()
                if op["op"] == "remount":
                    stack.commit()
                stack.mount()
                before, _ = stack.upper_tree()
            except OSError as error:
                result = {"errno": base.errno_name(error)}
        else:
            result = process.perform(op)
            after, _ = stack.upper_tree()
            change, before = base.delta(before, after), after
        case["results"].append(result)
        case["upper_delta"].append(change)
    case["merged"] = stack.merged_tree()
    case["upper"] = base.tree_of(*stack.upper_tree())
    process.end()
    process.files, process.maps = {}, {}
    stack.unmount()
    stack.mount()
    return stack.merged_tree() == case["merged"]


# ---- random cases ------------------------------------------------------------------------------

class Generator(generate.Generator):
    """Few names, so that open files meet what happens to them."""

    def __init__(self, seed):
        super().__init__("plain", seed)
        self.profile, self.names = "handles", ["a", "b", "c"]
        self.dirs, self.opened = ["/d", "/d/e"], []
        self.files, self.maps = {}, []

    def options(self):
        options = {key: self.pick(["on", "off", "off"]) for key in ("redirect_dir", "metacopy", "index", "xino")}
        if options["metacopy"] == "on":
            options["redirect_dir"] = "on"
        return {**options, "userxattr": False}

    def tree(self):
        tree = {}
        for folder in ("", *self.dirs):
            if folder and self.chance(0.25):
                continue
            if folder == "/d/e" and "/d" not in tree:
                tree["/d"] = {"type": "dir"}
            if folder:
                tree[folder] = {"type": "dir"}
            for name in self.names:
                path, files = f"{folder}/{name}", [p for p in tree if tree[p]["type"] == "file"
                                                    and "hardlink" not in tree[p]]
                dice = self.random.random()
                if dice < 0.5:
                    long = {"size": 5000, "fill": "z"}
                    tree[path] = self.looks({"type": "file", **(long if self.chance(0.08) else
                                                                {"data": self.pick(["", "x", "hello", path * 2])})})
                elif dice < 0.68 and files:
                    tree[path] = {"type": "file", "hardlink": self.pick(files)}
                elif dice < 0.73:
                    tree[path] = {"type": "symlink", "target": self.pick(["a", "b", "../a", "/d/a", "/d", "e"])}
                elif dice < 0.8:
                    tree[path] = {"type": "whiteout"}
        return generate.first_name_first(tree)

    def path(self):
        if self.opened and self.chance(0.5):
            return self.pick(self.opened[-3:])
        folder = self.pick(["", "", "/d", "/d", "/d/e", "/n"])
        if self.chance(0.14):
            return self.pick(["/d", "/d/e", "/n", "/", "/d/a/", "/d/../a"])
        return f"{folder}/{self.pick(self.names)}"

    def is_dir(self, fd):
        return fd in self.files and stat.S_ISDIR(os.fstat(self.files[fd]).st_mode)

    def fd(self):
        return self.pick(list(self.files)) if self.files and self.chance(0.97) else self.pick([3, 4, 5])

    def op(self):
        return self.handle_op() if self.chance(0.58) else self.path_op()

    def fopen(self):
        flags = [self.pick(["O_RDONLY", "O_RDONLY", "O_RDONLY", "O_WRONLY", "O_RDWR", "O_RDWR"])]
        flags += [flag for flag, share in (("O_APPEND", 0.2), ("O_CREAT", 0.2), ("O_TRUNC", 0.1)) if self.chance(share)]
        op = {"op": "fopen", "path": self.path(), "flags": flags}
        if self.chance(0.15):
            op.update(path="/d" if self.chance(0.5) else self.pick(["/d/e", "/"]), flags=["O_RDONLY"])
        if self.chance(0.1):
            op.update(at=self.fd(), path=self.pick(["a", "b", "e", ".", "..", "../a", "e/a", "/a", "c/"]))
        if "O_CREAT" in op["flags"]:
            op["mode"] = self.pick(["0644", "0600", "4755"])
        return op

    def handle_op(self):
        kinds = {"fopen": 10, "fclose": 5, "fread": 14, "fpread": 3, "fwrite": 9, "fpwrite": 3, "fseek": 7,
                 "ftruncate": 4, "fstat": 9, "fchmod": 4, "fchown": 2, "fsetxattr": 2, "fgetxattr": 2, "fsync": 1,
                 "freaddir": 6, "mmap": 7, "mread": 30 if self.maps else 0, "munmap": 1}
        kind = self.random.choices(list(kinds), list(kinds.values()))[0]
        if kind == "fopen":
            return self.fopen()
        if kind in ("mread", "munmap"):
            return {"op": kind, "map": self.pick(self.maps) if self.maps else 1}
        op = {"op": kind, "fd": self.fd()}
        if kind in ("fpread", "fread") and (kind == "fpread" or self.chance(0.4)):
            op["size"] = self.pick([0, 1, 3, 100])
        if kind in ("fpread", "fpwrite"):
            op["offset"] = self.pick([0, 0, 1, 4, 9, -1])
        if kind in ("fwrite", "fpwrite"):
            op["data"] = self.pick(["", "Q", "new text", "+"])
        elif kind == "fseek" and self.is_dir(op["fd"]):
            op.update(offset=0, whence="SET")  # What else the numbers of a directory mean is the layer's own affair.
        elif kind == "fseek":
            op.update(self.pick([{"offset": 0, "whence": "SET"}] * 4 + [
                {"offset": 2, "whence": "SET"}, {"offset": 0, "whence": "END"}, {"offset": -2, "whence": "END"},
                {"offset": 0, "whence": "CUR"}, {"offset": -1, "whence": "CUR"}, {"offset": 20, "whence": "SET"}]))
        elif kind == "ftruncate":
            op["size"] = self.pick([0, 1, 3, 12, 4097, -1])
        elif kind == "fchmod":
            op["mode"] = self.pick(["0644", "0600", "6755"])
        elif kind == "fchown":
            op.update(uid=self.pick([-1, 0, 7]), gid=self.pick([-1, 0, 8]))
        elif kind in ("fsetxattr", "fgetxattr"):
            op["name"] = self.pick(["user.k", "user.l"])
            if kind == "fsetxattr":
                op["value"] = self.pick(["1", "2"])
        return op

    def path_op(self):
        while True:
            op = super().op()
            kind = op["op"]
            if kind in ("restart", "remount"):
                if self.chance(0.5):
                    return op
            elif kind in ("mkdir", "rmdir", "create", "write", "append", "truncate", "unlink", "rename",
                          "rename_exchange", "link", "chmod", "setxattr", "readdir", "stat", "read", "open"):
                if kind in ("mkdir", "rmdir") and self.chance(0.6):
                    op["path"] = self.pick(["/d", "/d/e", "/n", "/n/a"])
                if kind.startswith("rename") and self.chance(0.3):
                    op["src"], op["dst"] = self.pick([("/d", "/n"), ("/n", "/d"), ("/d/e", "/n"), ("/d/e", "/e"),
                                                      ("/n", "/m"), ("/e", "/d/e")])
                return op

    def next(self, process):
        """Mostly about what is open."""
        self.files, self.maps = process.files, list(process.maps)
        if self.chance(0.9 if not self.files else 0.1):
            op = self.fopen()
            if "at" not in op:
                self.opened.append(op["path"])
            return op
        return self.op()

    def case(self):
        return {
            "name": f"handles-{self.seed}", "topic": "handles", "options": self.options(),
            "lowers": [self.tree() for _ in range(self.pick([1, 1, 2, 3]))],
            "initial_upper": self.tree() if self.chance(0.25) else {},
            "ops": [],
        }, self.pick([8, 14, 25, 40])


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    first, count, out = int(sys.argv[1]), int(sys.argv[2]), os.path.abspath(sys.argv[3])
    cases = []
    for seed in range(first, first + count):
        try:
            case = record(Generator(seed))
        except OSError as error:
            print(f"handles-{seed}: {error}", file=sys.stderr)
            continue
        if case:
            cases.append(json.dumps(case, separators=(",", ":")))
    kernel = ".".join(os.uname().release.split(".")[:2])
    with open(out, "w") as file:
        file.write(f'{{"format":"layerlab-overlay-corpus/1","kernel":"{kernel}","cases":[\n')
        file.write(",\n".join(cases) + "\n]}\n")
    print(f"{len(cases)} of {count} cases recorded", file=sys.stderr)


if __name__ == "__main__":
    main()
