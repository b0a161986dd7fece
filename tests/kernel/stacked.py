"""Whiteouts made of attributes, data-only lowers, overlays over overlays: random cases of each."""

from generate import Generator

SHARES = {"xwhiteouts": 0.5, "xwhiteouts-user": 0.5, "data": 0.1, "nested": 0.15}


class Stacked(Generator):
    def options(self):
        options = super().options()
        if self.profile == "xwhiteouts-user":
            options.update(redirect_dir="off", metacopy="off", userxattr=True)
        return options

    def tree(self):
        tree = super().tree()
        for entry in tree.values():
            if "hardlink" in entry:
                continue
            share = SHARES[self.profile]
            if entry["type"] == "whiteout" and self.chance(share):
                entry.clear()
                entry.update(type="file", data="", whiteout="xattr")
            elif entry["type"] == "file" and self.chance(share / 8):
                entry["whiteout"] = "xattr"
            elif entry["type"] == "dir" and "opaque" not in entry and self.chance(share):
                entry["opaque"] = "x"
        return tree

    def inside(self, kind, path, marks):
        entry = super().inside(kind, path, marks)
        if self.profile == "data" and kind == "file" and self.chance(0.5):
            return {"metacopy": True, "size": self.pick([0, 1, 5, 9, 4096]), "redirect": self.redirect()}
        return entry

    def case(self):
        case = super().case()
        if self.profile == "data":
            case["data"] = [Generator.tree(self) for _ in range(self.pick([1, 1, 2]))]
        if self.profile == "nested":
            at = self.random.randrange(len(case["lowers"]))
            inner = [self.tree() for _ in range(self.pick([1, 2]))]
            options = {**super().options(), "userxattr": False}
            case["lowers"][at] = {"overlay": {"options": options, "lowers": inner, "upper": self.tree()}}
        return case


PROFILES = dict.fromkeys(SHARES, Stacked)
