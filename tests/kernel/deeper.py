"""Deeper stacks, longer histories, and operations that aim at what is there.

A `Generator` picks names blindly, so many of its operations fail early. These pick most paths from
what the layers hold and what was made so far.
"""

from generate import OPEN_FLAGS, Generator, first_name_first

OFF = dict.fromkeys(("redirect_dir", "metacopy", "index", "xino"), "off")
ALL = dict.fromkeys(OFF, "on")
KINDS = {"dir": 40, "file": 30, "symlink": 12, "fifo": 4, "chardev": 4, "whiteout": 10}
WEIGHTS = {"mkdir": 8, "rmdir": 8, "create": 8, "write": 4, "append": 4, "open": 8, "open_rw_noop": 2,
           "truncate": 4, "unlink": 10, "rename": 14, "rename_noreplace": 3, "rename_exchange": 5, "link": 7,
           "symlink": 4, "readlink": 2, "chmod": 5, "chown": 4, "lchown": 3, "utimes": 2, "setxattr": 4,
           "getxattr": 2, "removexattr": 3, "listxattr": 1, "mkfifo": 2, "mkchar": 2, "readdir": 6, "stat": 4,
           "lstat": 3, "read": 4, "restart": 2, "remount": 3}
MOVES = {"rename": 30, "rename_exchange": 14, "rename_noreplace": 4, "remount": 5, "restart": 4, "rmdir": 5,
         "mkdir": 7, "unlink": 8, "link": 6, "create": 5, "chmod": 6, "append": 4, "readdir": 3, "lstat": 3}
LINKS = {"link": 16, "unlink": 14, "rename": 12, "rename_exchange": 5, "append": 6, "chmod": 5, "lchown": 4,
         "setxattr": 3, "truncate": 3, "stat": 5, "lstat": 5, "remount": 4, "restart": 5, "create": 4, "mkfifo": 2,
         "symlink": 3, "mkdir": 3, "open_rw_noop": 4, "read": 3}
OPENS = {"open": 70, "unlink": 6, "mkdir": 4, "symlink": 6, "lstat": 6, "remount": 3, "restart": 2, "chmod": 3}
MODES = {"chmod": 14, "chown": 10, "lchown": 6, "write": 8, "append": 8, "truncate": 8, "open": 8, "create": 8,
         "mkdir": 8, "stat": 10, "link": 4, "rename": 6, "remount": 3, "mkfifo": 2, "setxattr": 2, "utimes": 3}

# profile: lower layers, operations, share of names left out, weights, options, share of odd endings
SETTINGS = {
    "deep": dict(lowers=(10, 60), ops=(15, 40), sparse=0.75),
    "deep-marks": dict(lowers=(6, 25), ops=(10, 30), sparse=0.6, marks=0.3),
    "history": dict(ops=(100, 300)),
    "history-all": dict(ops=(100, 250), options=ALL),
    "history-default": dict(ops=(100, 250), options=OFF),
    "everything": dict(options=ALL),
    "everything-marks": dict(options=ALL, marks=0.25),
    "metacopy": dict(weights=MOVES, options={**OFF, "redirect_dir": "on", "metacopy": "on"}, ops=(20, 60)),
    "index": dict(weights=LINKS, options={**OFF, "index": "on"}, links=0.6, ops=(20, 60)),
    "links-off": dict(weights=LINKS, options=OFF, links=0.6, ops=(20, 60)),
    "xino": dict(options={**OFF, "xino": "on"}),
    "moves": dict(weights=MOVES, ops=(20, 80)),
    "flags": dict(weights=OPENS, ops=(40, 80)),
    "ends": dict(odd=0.7, ops=(30, 60)),
    "modes": dict(weights=MODES, ops=(20, 60)),
    "rootless": dict(userxattr=True, ops=(20, 60)),
    "limits": dict(limits=True, ops=(20, 50)),
}


class Deeper(Generator):
    def __init__(self, profile, seed):
        super().__init__(profile, seed)
        self.set = {"lowers": (1, 5), "ops": (8, 40), "sparse": 0.5, "weights": WEIGHTS, "options": None, "odd": 0.06,
                    "links": 0.2, "marks": 0, **SETTINGS[profile]}
        self.known = []
        if self.set.get("limits"):
            self.names = ["a", "b", "n" * 255, "é" * 127, "-", "x y"]

    def options(self):
        options = self.set["options"]
        if self.set.get("userxattr"):
            options = {**OFF, "index": self.pick(["on", "off"]), "xino": self.pick(["on", "off"])}
        if not options:
            options = {key: self.pick(["on", "off"]) for key in OFF}
            if options["metacopy"] == "on":
                options["redirect_dir"] = "on"
        return {**options, "userxattr": bool(self.set.get("userxattr"))}

    # ---- layers ----------------------------------------------------------------------------------

    def tree(self):
        tree, linkable = {}, []

        def fill(folder, depth):
            for name in self.names:
                if self.chance(self.set["sparse"]):
                    continue
                path = f"{folder}/{name}"
                kind = self.random.choices(list(KINDS), list(KINDS.values()))[0]
                if kind == "whiteout":
                    tree[path] = {"type": kind}
                    continue
                if kind in ("file", "symlink", "fifo") and linkable and self.chance(self.set["links"]):
                    other = self.pick(linkable)
                    tree[path] = {"type": tree[other]["type"], "hardlink": other}
                    continue
                if kind == "dir" and depth > 3:
                    continue
                tree[path] = self.looks({"type": kind, **self.within(kind, path)})
                if kind == "dir":
                    fill(path, depth + 1)
                elif kind != "chardev":
                    linkable.append(path)

        fill("", 0)
        if self.chance(0.1):
            tree["/"] = {"type": "dir", "mode": self.pick(["1777", "2755", "0700"])}
        self.known += tree
        return first_name_first(tree)

    def within(self, kind, path):
        marked = self.chance(self.set["marks"])
        if kind == "dir":
            entry = {"opaque": True} if self.chance(0.12) else {}
            return {**entry, "redirect": self.redirect()} if marked else entry
        if kind == "symlink":
            return {"target": self.target()}
        if kind == "file" and marked:
            entry = {"metacopy": True, "size": self.pick([0, 1, 5, 9, 4096])}
            return {**entry, "redirect": self.redirect()} if self.chance(0.4) else entry
        return self.inside(kind, "x" * (len(path) % 40), False)

    def target(self):
        if self.chance(0.5) and self.known:
            path = self.pick(self.known)
            return self.pick([path, path[1:] or ".", "../" + path.rsplit("/", 1)[1], path + "/"])
        return self.pick(["a", "b", "../a", "/a/b", "/c", ".", "..", "/", "a/", "b/c", "nope", "./", "../../b"])

    # ---- operations ------------------------------------------------------------------------------

    def plain_path(self):
        if self.known and self.chance(0.75):
            path = self.pick(self.known)
            return path if self.chance(0.8) else path.rstrip("/") + "/" + self.pick(self.names)
        return "/" + "/".join(self.pick(self.names) for _ in range(self.pick([1, 1, 2, 2, 3])))

    def path(self):
        path = self.plain_path()
        if not self.chance(self.set["odd"]):
            return path
        name = path.rsplit("/", 1)[1]
        return self.pick([path + "/", path + "/", path + "//", path + "/.", path + "/..", path + "/./", path + "/../",
                          path + "/../" + name, path + "/./../" + name, "/." + path, "/.." + path, "/" + path,
                          path.replace("/", "//"), path.replace("/", "/./"), path[1:] or ".", "", ".", "..", "/", "//",
                          path + "/" + "n" * 255, path + "/" + "n" * 256, "/" + "./" * 2040 + path[1:10],
                          "/" + "./" * 2047 + "a", "/" + "./" * 2048])

    def op(self):
        weights = self.set["weights"]
        kind = self.random.choices(list(weights), list(weights.values()))[0]
        op = {"op": kind}
        if kind in ("restart", "remount"):
            return op
        if kind.startswith("rename") or kind == "link":
            source = self.path()
            return {**op, "src": source, "dst": self.second(source)}
        op["path"] = self.path()
        self.arguments(kind, op)
        if kind in ("mkdir", "create", "symlink", "mkfifo", "mkchar"):
            self.know(op["path"])
        return op

    def know(self, path):
        if path.startswith("/") and len(path) < 600:
            self.known.append(path)

    def second(self, source):
        """Where to: something that is there, or something new beside it."""
        near = [source, source + "/" + self.pick(self.names), source.rsplit("/", 1)[0] or "/"]
        path = self.path() if self.chance(0.85) else self.pick(near)
        self.know(path)
        return path

    def arguments(self, kind, op):
        modes = ["0644", "0755", "0600", "4755", "2755", "1777", "7777", "0000", "6711", "2644", "6644", "2770"]
        if kind in ("mkdir", "create", "mkfifo", "mkchar", "chmod"):
            op["mode"] = self.pick(modes)
        if kind in ("create", "write", "append"):
            op.update(self.contents())
        elif kind == "truncate":
            op["size"] = self.pick([0, 1, 3, 5, 100, -1, 4096, 5000, 70000])
        elif kind == "symlink":
            op["target"] = self.target() if self.chance(0.9) else self.pick(["", "t" * 4095, "t" * 4096, "x" * 255])
        elif kind in ("chown", "lchown"):
            op.update(uid=self.pick([-1, 0, 7, 65534, 4294967294]), gid=self.pick([-1, 0, 8]))
        elif kind in ("setxattr", "getxattr", "removexattr"):
            self.attribute(kind, op)
        elif kind == "mkchar":
            op["rdev"] = self.pick([[1, 3], [1, 3], [0, 0]])
        elif kind == "open":
            self.flags(op, modes)

    def contents(self):
        return self.pick([{"data": ""}, {"data": "n"}, {"data": "new text\n"}, {"size": 5000, "fill": "w"},
                          {"runs": [["a", 300], ["b", 300]]}])

    def attribute(self, kind, op):
        odd = ["user.m", "user.", "nonsense", "trusted.x", "trusted.", "security.z", "", "user." + "x" * 250,
               "user." + "x" * 251, "trusted.overlay.opaque", "user.overlay.opaque", "trusted.overlay.",
               "user.overlay.", "trusted.overlay.overlay.opaque", "user.overlay.overlay.x", "trusted.overlay.redirect",
               "user.overlay.metacopy", "user.é", "system.nothing", "system.", "security."]
        op["name"] = self.pick(odd) if self.chance(0.4) else self.pick(["user.k", "user.l"])
        if kind == "setxattr":
            large = [65535, 65536, 65537] if self.set.get("limits") else [1000]
            op["value"] = self.pick(["1", "", "y", "é", "v" * self.pick(large)])

    def flags(self, op, modes):
        flags = [self.pick(OPEN_FLAGS[:3])] + [flag for flag in OPEN_FLAGS[3:] if self.chance(0.3)]
        if "O_CREAT" in flags:
            op["mode"] = self.pick(modes)
        elif self.chance(0.5):
            flags = [flag for flag in flags if flag != "O_EXCL"]
        op["flags"] = flags
        if self.chance(0.5):
            op["data"] = self.pick(["", "QQ", "longer data"])
        if self.chance(0.6):
            op["read"] = True

    def case(self):
        lowers = [self.tree() for _ in range(self.random.randint(*self.set["lowers"]))]
        upper = self.tree() if self.chance(0.3) else {}
        return {
            "name": f"{self.profile}-{self.seed}", "topic": f"kernel-{self.profile}", "options": self.options(),
            "lowers": lowers, "initial_upper": upper,
            "ops": [self.op() for _ in range(self.random.randint(*self.set["ops"]))],
        }


PROFILES = dict.fromkeys(SETTINGS, Deeper)
