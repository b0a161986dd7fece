//! Differences that stay, each with its reason. Their number is printed with the result.

use crate::answer::{Answer, Difference};
use crate::case::{Case, Shell};

/// A difference that is known and not to be mended.
pub struct Excuse {
    /// Why the lab answers otherwise.
    pub reason: &'static str,
    covers: fn(&Case, &Answer, &Answer, &Difference) -> bool,
}

/// The table.
pub const EXCUSES: &[Excuse] = &[
    Excuse {
        reason: "Debian's busybox has applets that Alpine's lacks: the lab says that they are not modelled",
        covers: |_, _, lab, _| lab.err.contains(": applet not found\n") || lab.err.contains("(not modelled:"),
    },
    Excuse {
        reason: "the line is refused by both; the lab's grammar finds the mistake at another token",
        covers: |_, real, lab, difference| {
            difference.kinds() == ["stderr"] && real.exit == 2 && real.is_refused() && lab.is_refused()
        },
    },
    Excuse {
        reason: "process numbers: the lab's begin at 1",
        covers: |case, real, lab, _| {
            let digits = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
            (case.line.contains("$$") || case.line.contains("$!"))
                && real.exit == lab.exit
                && real.tree == lab.tree
                && digits(&real.out) == digits(&lab.out)
                && digits(&real.err) == digits(&lab.err)
        },
    },
    Excuse {
        reason: "Debian's busybox finds its applets before it looks into PATH, and says their bare names; \
                 Alpine's says the path, as the lab does",
        covers: |case, real, lab, difference| {
            let tells = ["command -v", "command -V", "type"].iter().any(|word| case.line.contains(word));
            tells && difference.kinds() == ["stdout"] && real.out == lab.out.replace("/bin/", "")
        },
    },
    Excuse {
        reason: "bash says which interpreter may not be executed; the lab only that it is not permitted",
        covers: |_, real, _, _| real.err.contains(": bad interpreter: Permission denied"),
    },
    Excuse {
        reason: "Debian's busybox is built without `find -delete` and `env -S`-like extras that Alpine's has",
        covers: |_, real, _, _| {
            real.err.contains("find: unrecognized: -delete")
                || real.err.contains("env: invalid option -- 'S'")
        },
    },
    Excuse {
        reason: "dash matches bytes, the lab characters",
        covers: |case, _, _, _| case.shell == Shell::Dash && !case.line.is_ascii(),
    },
    Excuse {
        reason: "bash's own variables are more than the lab's bash has: `set` and `readonly` list them",
        covers: |case, real, _, _| case.shell == Shell::Bash && real.out.contains("BASH_VERSINFO="),
    },
    Excuse {
        reason: "a directory lists its names in the filesystem's own order; the lab's is sorted",
        covers: |case, real, lab, difference| {
            let walking = ["find", "-r", "-R", "tar", "-v", "ls -", "cp -a"];
            walking.iter().any(|word| case.line.contains(word)) && only_order(real, lab, difference)
        },
    },
    Excuse {
        reason: "the commands of a pipe and of `&` run at once, so what they say may come in another order; \
                 the lab runs one after the other",
        covers: |case, real, lab, difference| {
            case.line.contains(['&', '|']) && only_order(real, lab, difference)
        },
    },
];

/// The same characters in another order, and nothing else: two processes may share a line.
fn only_order(real: &Answer, lab: &Answer, difference: &Difference) -> bool {
    let sorted = |text: &str| {
        let mut all: Vec<char> = text.chars().collect();
        all.sort_unstable();
        all
    };
    difference.kinds().iter().all(|kind| matches!(*kind, "stdout" | "stderr"))
        && sorted(&real.out) == sorted(&lab.out)
        && sorted(&real.err) == sorted(&lab.err)
}

/// The reason for a difference, if it is a known one.
pub fn excuse(case: &Case, real: &Answer, lab: &Answer, difference: &Difference) -> Option<&'static str> {
    EXCUSES.iter().find(|excuse| (excuse.covers)(case, real, lab, difference)).map(|excuse| excuse.reason)
}
