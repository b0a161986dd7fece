"""Operations of unprivileged users over layers with all sorts of owners and modes.

The op `as` says who performs what follows, until the next one; the first operations are root's.
"""

from deeper import SETTINGS, WEIGHTS, Deeper

# Root with and without groups, and two users who share groups.
USERS = [{"uid": 0, "gid": 0}, {"uid": 0, "gid": 1000, "groups": [50]}, {"uid": 1000, "gid": 1000},
         {"uid": 1000, "gid": 1000, "groups": [50]}, {"uid": 1000, "gid": 1001, "groups": [1000, 60]},
         {"uid": 1001, "gid": 1001, "groups": [50, 60]}, {"uid": 1001, "gid": 1001}]
DIR_MODES = [0o755, 0o755, 0o777, 0o777, 0o777, 0o775, 0o750, 0o700, 0o1777, 0o1777, 0o1775, 0o3777, 0o2775,
             0o2777, 0o711, 0o733, 0o722, 0o744, 0o555, 0o570, 0o007, 0o070, 0o666, 0o000]
FILE_MODES = [0o644, 0o644, 0o666, 0o664, 0o660, 0o640, 0o600, 0o400, 0o200, 0o060, 0o006, 0o000, 0o755, 0o777,
              0o111, 0o4755, 0o4777, 0o2755, 0o2777, 0o2745, 0o2666, 0o6777, 0o6666, 0o1666]
ROOT_MODES = [0o755, 0o777, 0o777, 0o1777, 0o3777, 0o2775, 0o711]
NEW_MODES = ["0777", "1777", "3777", "2777", "2745", "0700", "0711", "0000"]
WHO = {**WEIGHTS, "as": 9, "touch": 3, "access": 4, "chmod": 8, "chown": 8, "mkfifo": 3, "open": 12, "utimes": 3,
       "setxattr": 5, "remount": 1}
STICKY = {"unlink": 10, "rename": 14, "rename_exchange": 5, "rmdir": 5, "open": 20, "create": 4, "mkfifo": 3,
          "mkdir": 3, "chmod": 4, "chown": 3, "link": 8, "setxattr": 5, "as": 9, "symlink": 3}
PRIVILEGES = {"chmod": 14, "chown": 14, "lchown": 6, "write": 8, "append": 8, "truncate": 8, "open": 10,
              "create": 8, "mkdir": 4, "stat": 4, "link": 6, "mkchar": 3, "mkfifo": 2, "as": 9, "touch": 3,
              "utimes": 3, "setxattr": 3}

SETTINGS.update({
    "users": dict(weights=WHO, lowers=(1, 3), ops=(8, 30)),
    "users-sticky": dict(weights=STICKY, lowers=(1, 3), ops=(8, 30)),
    "users-privileges": dict(weights=PRIVILEGES, lowers=(1, 2), ops=(8, 30)),
    "users-marks": dict(weights=WHO, lowers=(1, 4), ops=(8, 30), marks=0.2),
    "users-rootless": dict(weights=WHO, lowers=(1, 3), ops=(8, 30), userxattr=True),
})


class Users(Deeper):
    def owner(self):
        return {"uid": self.pick([0, 1000, 1000, 1001]), "gid": self.pick([0, 50, 60, 1000, 1001])}

    def looks(self, entry):
        modes = DIR_MODES if entry["type"] == "dir" else FILE_MODES
        if entry["type"] == "dir" and self.profile == "users-sticky" and self.chance(0.6):
            modes = [0o1777, 0o1777, 0o3777, 0o1775, 0o1770]
        if entry["type"] != "symlink" and self.chance(0.7):
            entry["mode"] = "%04o" % self.pick(modes)
        if self.chance(0.75):
            entry.update(self.owner())
        if entry["type"] in ("file", "dir") and self.chance(0.15):
            entry["xattrs"] = {"user." + self.pick("klm"): self.pick("12")}
        return entry

    def tree(self):
        tree = super().tree()
        if self.chance(0.7):
            root = {"type": "dir", "mode": "%04o" % self.pick(ROOT_MODES)}
            if self.chance(0.4):
                root.update(self.owner())
            tree = {"/": root, **{path: entry for path, entry in tree.items() if path != "/"}}
        return tree

    def op(self):
        op = super().op()
        if op["op"] == "as":
            return {"op": "as", **self.pick(USERS)}
        return op

    def arguments(self, kind, op):
        super().arguments(kind, op)
        if kind == "access":
            op["mode"] = self.pick(range(8))
        elif kind in ("chown", "lchown"):
            op.update({key: -1 if self.chance(0.4) else id for key, id in self.owner().items()})
        elif "mode" in op and self.chance(0.4):
            op["mode"] = self.pick(NEW_MODES)

    def case(self):
        case = super().case()
        case["ops"].insert(0, {"op": "as", **self.pick(USERS[2:])})
        return case


PROFILES = dict.fromkeys(("users", "users-sticky", "users-privileges", "users-marks", "users-rootless"), Users)
