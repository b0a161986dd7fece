"""Every operation on every kind of name in every state of the layers, one after the other.

What a table of errno values asks: what does rename say when the source is a directory of the upper
and the target a symlink that a lower layer deleted? A case takes one operation through a whole
column of such names.
"""

from deeper import ALL, OFF

OPTIONS = [OFF, {**OFF, "redirect_dir": "on"}, ALL]

# kind: entries by path behind the name
KINDS = {
    "file": {"": {"type": "file", "data": "file", "mode": "6755", "xattrs": {"user.k": "1"}}},
    "empty": {"": {"type": "file", "data": "", "mode": "2644"}},
    "twin": {"": {"type": "file", "data": "twin"}, "-twin": {"type": "file", "hardlink": ""}},
    "bare": {"": {"type": "dir", "mode": "2775", "gid": 5}},
    "full": {"": {"type": "dir"}, "/x": {"type": "file", "data": "x"}, "/y": {"type": "dir"}},
    "ghost": {"": {"type": "dir"}, "/x": {"type": "whiteout"}},
    "opaque": {"": {"type": "dir", "opaque": True}, "/z": {"type": "file", "data": "z"}},
    "tofile": {"": {"type": "symlink", "target": "/d/aim"}},
    "todir": {"": {"type": "symlink", "target": "aims/"}},
    "tonone": {"": {"type": "symlink", "target": "none"}},
    "fifo": {"": {"type": "fifo"}},
    "null": {"": {"type": "chardev", "rdev": [1, 3]}},
}
# state: in the upper, in the first lower, in the second
STATES = {"u": "k--", "a": "-k-", "b": "--k", "ab": "-kk", "ub": "k-k", "uother": "ko-", "other": "-ok", "wa": "wk-",
          "wb": "-wk", "ww": "w-w", "uwb": "kwk"}
ENDS = ["", "/", "//", "/.", "/..", "/x", "/x/"]


def columns():
    for kind in KINDS:
        for state in STATES:
            yield kind, state


def put(layers, path, kind, state):
    for layer, what in zip(layers, STATES[state]):
        if what == "k":
            entries = KINDS[kind]
        elif what == "o":
            entries = KINDS["full" if kind in ("file", "tofile") else "file"]
        elif what == "w":
            entries = {"": {"type": "whiteout"}}
        else:
            continue
        for end, entry in entries.items():
            if "hardlink" in entry:
                entry = {**entry, "hardlink": path + entry["hardlink"]}
            layer[path + end] = entry


class Tables:
    """`seed` counts through all of a profile's cases."""

    def __init__(self, profile, seed):
        self.profile, self.seed = profile, seed
        todo = list(LISTS[profile]())
        self.work, self.options = todo[seed % len(todo)], OPTIONS[seed // len(todo) % len(OPTIONS)]

    def case(self):
        layers = [{}, {}, {}]
        for layer in layers:
            layer["/d"] = {"type": "dir"}
        layers[1].update({"/d/aim": {"type": "file", "data": "aim"}, "/d/aims": {"type": "dir"}})
        layers[2]["/e"] = {"type": "dir", "mode": "2755", "gid": 9}
        ops = self.work(layers)
        upper, *lowers = [{path: tree[path] for path in sorted(tree, key=str.encode)} for tree in layers]
        return {"name": f"{self.profile}-{self.seed}", "topic": f"kernel-{self.profile}",
                "options": {**self.options, "userxattr": False}, "lowers": lowers, "initial_upper": upper, "ops": ops}


def two_paths():
    """A source of one kind and state onto every target, in the same directory and into another."""
    for name in ("rename", "rename_exchange", "rename_noreplace", "link"):
        for kind, state in columns():
            def work(layers, name=name, kind=kind, state=state):
                ops = []
                for at, (target, where) in enumerate(columns()):
                    source, other = f"/d/s{at:03}", f"/d/t{at:03}" if at % 3 else f"/e/t{at:03}"
                    if at % 3 == 0 and STATES[where][0] != "-":
                        layers[0].setdefault("/e", {"type": "dir"})
                    if at % 3 == 0 and STATES[where][1] != "-":
                        layers[1].setdefault("/e", {"type": "dir"})
                    put(layers, source, kind, state)
                    put(layers, other, target, where)
                    ops += [{"op": name, "src": source, "dst": other}, {"op": "lstat", "path": other},
                            {"op": "lstat", "path": source}]
                return ops + [{"op": "readdir", "path": "/d"}, {"op": "remount"}, {"op": "readdir", "path": "/e"}]
            yield work


def one_path():
    """One operation on every name, with every ending."""
    for op in SINGLE:
        for end in ENDS:
            def work(layers, op=op, end=end):
                return [step for path in every(layers) for step in ({**op, "path": path + end},
                                                                     {"op": "lstat", "path": path})]
            yield work


def every(layers):
    for at, (kind, state) in enumerate(columns()):
        path = f"/d/{at:03}-{kind}"
        put(layers, path, kind, state)
        yield path


def opens():
    """Every set of flags on every name."""
    more = ["O_APPEND", "O_CREAT", "O_EXCL", "O_TRUNC", "O_DIRECTORY", "O_NOFOLLOW"]
    for access in ("O_RDONLY", "O_WRONLY", "O_RDWR"):
        for bits in range(64):
            flags = [access] + [flag for at, flag in enumerate(more) if bits >> at & 1]
            if "O_EXCL" in flags and "O_CREAT" not in flags:
                continue
            def work(layers, flags=flags):
                op = {"op": "open", "flags": flags}
                if "O_CREAT" in flags:
                    op["mode"] = "6644"
                if flags[0] != "O_RDONLY":
                    op["data"] = "NEW"
                if flags[0] != "O_WRONLY":
                    op["read"] = True
                return [step for at, path in enumerate(every(layers))
                        for step in ({**op, "path": path + ("/" if at % 7 == 6 else "")}, {"op": "stat", "path": path})]
            yield work


SINGLE = [
    {"op": "mkdir", "mode": "3777"}, {"op": "rmdir"}, {"op": "unlink"}, {"op": "create", "mode": "6711", "data": "n"},
    {"op": "write", "data": "w"}, {"op": "append", "data": ""}, {"op": "open_rw_noop"}, {"op": "read"},
    {"op": "truncate", "size": 0}, {"op": "truncate", "size": 2}, {"op": "truncate", "size": -1},
    {"op": "symlink", "target": "aim"}, {"op": "readlink"}, {"op": "chmod", "mode": "7777"},
    {"op": "chown", "uid": -1, "gid": -1}, {"op": "chown", "uid": 3, "gid": 4}, {"op": "lchown", "uid": 3, "gid": -1},
    {"op": "utimes"}, {"op": "setxattr", "name": "user.k", "value": "2"},
    {"op": "setxattr", "name": "trusted.overlay.opaque", "value": "y"}, {"op": "getxattr", "name": "user.k"},
    {"op": "removexattr", "name": "user.k"}, {"op": "listxattr"}, {"op": "mkfifo", "mode": "0600"},
    {"op": "mkchar", "mode": "0600", "rdev": [0, 0]}, {"op": "mkchar", "mode": "0600", "rdev": [1, 3]},
    {"op": "readdir"}, {"op": "stat"},
]

LISTS = {"table-two": two_paths, "table-one": one_path, "table-open": opens}
PROFILES = dict.fromkeys(LISTS, Tables)
