"""Random layers and operations, as cases without answers. record.py asks the kernel for those."""

import random

OPEN_FLAGS = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_APPEND", "O_CREAT", "O_EXCL", "O_TRUNC",
              "O_DIRECTORY", "O_NOFOLLOW"]


class Generator:
    sparse = 0.5

    def __init__(self, profile, seed):
        self.random, self.profile, self.seed = random.Random(f"{profile}-{seed}"), profile, seed
        self.names = ["a", "b", "c", "d", "e"]
        if profile == "long":
            self.names = ["a", "b", "L" * 100, "M" * 120, "d"]
        elif profile == "links":
            self.names = ["a", "b", "c"]

    def chance(self, share):
        return self.random.random() < share

    def pick(self, values):
        return self.random.choice(values)

    def options(self):
        options = {key: self.pick(["on", "off"]) for key in ("redirect_dir", "metacopy", "index", "xino")}
        if self.profile == "default":
            options = dict.fromkeys(options, "off")
        elif self.profile == "userxattr":
            options.update(redirect_dir="off", metacopy="off")
        elif self.profile in ("long", "links") or options["metacopy"] == "on":
            options["redirect_dir"] = "on"
        if self.profile == "links":
            options["index"] = "on"
        return {**options, "userxattr": self.profile == "userxattr"}

    def redirect(self):
        parts = [self.pick(self.names) for _ in range(3)]
        odd = ["", "/", "//a", "/a/", "/a//b", "a/b", ".", "..", "/a/..", "/./a", "x" * 200, "/" + "y" * 260]
        return self.pick([parts[0], parts[0], "/" + parts[0], "/" + "/".join(parts[:2]), "/" + "/".join(parts),
                          self.pick(odd)])

    def looks(self, entry):
        if entry["type"] != "symlink" and self.chance(0.25):
            entry["mode"] = "%04o" % self.pick([0o600, 0o700, 0o4755, 0o2755, 0o1777, 0o2775, 0o6711])
        if self.chance(0.15):
            entry.update(uid=self.pick([1, 1000]), gid=self.pick([5, 1000]))
        if entry["type"] in ("file", "dir") and self.chance(0.1):
            entry["xattrs"] = {"user." + self.pick("klm"): self.pick("12")}
        return entry

    def tree(self):
        tree, files = {}, []
        marks = self.profile in ("marks", "userxattr")

        def fill(folder, depth):
            for name in self.names:
                if self.chance(self.sparse):
                    continue
                path = f"{folder}/{name}"
                kind = self.random.choices(["dir", "file", "symlink", "fifo", "chardev", "whiteout"],
                                           [42, 30, 8, 3, 2, 15])[0]
                if kind == "whiteout":
                    tree[path] = {"type": kind}
                elif kind == "file" and files and self.chance(0.6 if self.profile == "links" else 0.25):
                    tree[path] = {"type": "file", "hardlink": self.pick(files)}
                elif kind != "dir" or depth < 3:
                    tree[path] = self.looks({"type": kind, **self.inside(kind, path, marks)})
                    if kind == "file":
                        files.append(path)
                    elif kind == "dir":
                        fill(path, depth + 1)

        fill("", 0)
        if self.chance(0.1):
            tree["/"] = {"type": "dir", "mode": "1777"}
        return first_name_first(tree)

    def inside(self, kind, path, marks):
        if kind == "dir":
            entry = {}
            if (marks or self.profile == "opaque") and self.chance(0.15):
                entry["opaque"] = True
            if marks and self.chance(0.22):
                entry["redirect"] = self.redirect()
            return entry
        if kind == "symlink":
            return {"target": self.pick(["a", "b", "../a", "/a/b", "/c", ".", "..", "/", "a/", "b/c", "nope", "./"])}
        if kind == "chardev":
            return {"rdev": [1, 3]}
        if kind != "file":
            return {}
        if marks and self.chance(0.25):
            entry = {"metacopy": True, "size": self.pick([0, 1, 5, 9, 4096])}
            return {**entry, "redirect": self.redirect()} if self.chance(0.4) else entry
        return {"size": 5000, "fill": "z"} if self.chance(0.1) else {"data": self.pick(["", "x", "hello", path])}

    def path(self):
        path = "/" + "/".join(self.pick(self.names) for _ in range(self.pick([1, 1, 2, 2, 2, 3])))
        odd = ["/", "", ".", "//", "/" + "n" * 255, "/" + "n" * 256, "/a/" + "n" * 256,
               "/" + "q/" * 2047 + "a", "/" + "q/" * 2048]
        ends = [path] * 92 + [path + "/"] * 5 + [path + "/.", path + "/..", self.pick(odd)]
        return self.pick(ends)

    def op(self):
        kinds = {"mkdir": 9, "rmdir": 9, "create": 9, "write": 3, "append": 4, "open": 6, "truncate": 4,
                 "unlink": 12, "rename": 14, "rename_noreplace": 3, "rename_exchange": 5, "link": 7,
                 "symlink": 4, "readlink": 1, "chmod": 4, "chown": 3, "lchown": 2, "utimes": 2, "setxattr": 4,
                 "getxattr": 2, "removexattr": 3, "listxattr": 1, "mkfifo": 2, "mkchar": 2, "readdir": 5,
                 "stat": 3, "lstat": 2, "read": 4, "restart": 2, "remount": 3}
        kind = self.random.choices(list(kinds), list(kinds.values()))[0]
        op = {"op": kind}
        if kind in ("restart", "remount"):
            return op
        if kind.startswith("rename") or kind == "link":
            source = self.path()
            near = [source, source + "/" + self.pick(self.names), source.rsplit("/", 1)[0] or "/"]
            return {**op, "src": source, "dst": self.path() if self.chance(0.8) else self.pick(near)}
        op["path"] = self.path()
        modes = ["0644", "0755", "0600", "4755", "2755", "1777", "7777", "0000"]
        if kind in ("mkdir", "create", "mkfifo", "mkchar", "chmod"):
            op["mode"] = self.pick(modes)
        if kind in ("create", "write", "append"):
            op["data"] = self.pick(["", "n", "new text"])
        elif kind == "truncate":
            op["size"] = self.pick([0, 1, 3, 5, 100, -1])
        elif kind == "symlink":
            op["target"] = self.pick(["a", "b", "../c", "/a", "x/", "", "t" * 4095, "t" * 4096, "/b/c"])
        elif kind in ("chown", "lchown"):
            op.update(uid=self.pick([-1, 0, 7]), gid=self.pick([-1, 0, 8]))
        elif kind in ("setxattr", "getxattr", "removexattr"):
            odd = ["user.m", "user.", "nonsense", "trusted.x", "trusted.", "security.z", "", "user." + "x" * 250,
                   "user." + "x" * 251, "trusted.overlay.opaque", "user.overlay.opaque", "trusted.overlay."]
            op["name"] = self.pick(odd) if self.chance(0.4) else self.pick(["user.k", "user.l"])
            if kind == "setxattr":
                op["value"] = self.pick(["1", "", "y"])
        elif kind == "mkchar":
            op["rdev"] = self.pick([[1, 3], [1, 3], [0, 0]])
        elif kind == "open":
            flags = [self.pick(OPEN_FLAGS[:3])] + [flag for flag in OPEN_FLAGS[3:] if self.chance(0.22)]
            if "O_CREAT" in flags:
                op["mode"] = self.pick(modes)
            else:
                flags = [flag for flag in flags if flag != "O_EXCL"]
            op["flags"] = flags
            if self.chance(0.5):
                op["data"] = self.pick(["", "QQ", "longer data"])
            if self.chance(0.6):
                op["read"] = True
        return op

    def case(self):
        lowers = self.pick([1, 1, 2, 2, 3, 4])
        return {
            "name": f"{self.profile}-{self.seed}", "topic": f"kernel-{self.profile}", "options": self.options(),
            "lowers": [self.tree() for _ in range(lowers)],
            "initial_upper": self.tree() if self.chance(0.4) else {},
            "ops": [self.op() for _ in range(self.pick([6, 12, 25, 40]))],
        }


def first_name_first(tree):
    """Of hard links the first path in order carries the entry."""
    for path in sorted(tree, key=str.encode):
        other = tree[path].get("hardlink")
        if other and other > path:
            tree[path], tree[other] = tree[other], {"type": tree[other]["type"], "hardlink": path}
            for entry in tree.values():
                if entry.get("hardlink") == other:
                    entry["hardlink"] = path
    return {path: tree[path] for path in sorted(tree, key=str.encode)}
