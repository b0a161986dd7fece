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
                // What `&` started speaks when it comes to it.
                && sorted(&digits(&real.err)) == sorted(&digits(&lab.err))
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
        reason: "Debian's busybox is built without `find -delete`, which Alpine's has",
        covers: |_, real, _, _| real.err.contains("find: unrecognized: -delete"),
    },
    Excuse {
        reason: "both refuse the arithmetic; busybox works with a stack of operators and finds another mistake \
                 in it first",
        covers: |_, real, lab, difference| {
            let told = ["arithmetic syntax error", "malformed ?: operator", "divide by zero"];
            let same = |text: &str| told.iter().fold(text.to_owned(), |text, told| text.replace(told, "…"));
            difference.kinds() == ["stderr"] && same(&real.err) == same(&lab.err)
        },
    },
    Excuse {
        reason: "dash matches bytes, the lab characters",
        covers: |case, real, lab, difference| {
            // Patterns and lengths are what characters count in.
            let counts = ["?", "[", "${#", "case ", "IFS"].iter().any(|word| case.line.contains(word));
            let told = difference.kinds().iter().all(|kind| !kind.starts_with('/'));
            case.shell == Shell::Dash && !case.line.is_ascii() && counts && told && real.exit == lab.exit
        },
    },
    Excuse {
        reason: "bash's own variables are more than the lab's bash has: `set` and `readonly` list them",
        covers: |case, real, _, _| case.shell == Shell::Bash && real.out.contains("BASH_VERSINFO="),
    },
    Excuse {
        reason: "bash counts two lines more where a backslash ends the text or its last line",
        covers: |case, real, lab, difference| {
            case.shell == Shell::Bash
                && (case.line.ends_with('\\') || case.line.contains("\\\n"))
                && difference.kinds() == ["stderr"]
                && without_numbers(&real.err) == without_numbers(&lab.err)
        },
    },
    Excuse {
        reason: "bash speaks of the line on which `(( ))` ends; the lab of that on which it begins",
        covers: |case, real, lab, difference| {
            case.shell == Shell::Bash
                && case.line.contains("((")
                && real.err.contains(": ((: ")
                && difference.kinds() == ["stderr"]
                && without_numbers(&real.err) == without_numbers(&lab.err)
        },
    },
    Excuse {
        reason: "bash ends with 0 when the text ends inside `[[`; the lab refuses it with 2",
        covers: |_, real, lab, _| {
            let bash = ["conditional binary operator expected", "unexpected argument to conditional"];
            real.exit == 0 && bash.iter().any(|text| real.err.contains(text)) && lab.is_refused()
        },
    },
    Excuse {
        reason: "bash finds a wrong `${` when it expands it and reads a quote in it as one; the lab when it reads it",
        covers: |case, real, lab, _| {
            let open = "unexpected EOF while looking for matching";
            case.shell == Shell::Bash
                && case.line.contains("${")
                && case.line.contains('\'')
                && lab.err.contains(open)
                && !real.err.contains(open)
        },
    },
    Excuse {
        reason: "ash and dash cut the values of \"${@%x}\" as one text: of empty ones a field gets lost",
        covers: |case, _, _, difference| {
            let text = &case.line;
            let files =
                case.files.iter().any(|file| file.text.contains("${@%") || file.text.contains("${@#"));
            case.shell != Shell::Bash
                && (files || text.contains("${@%") || text.contains("${@#"))
                && difference.kinds() == ["stdout"]
        },
    },
    Excuse {
        reason: "bash shows the words of `for` and `case` with `$'…'` already read; the lab as they are written",
        covers: |case, real, lab, difference| {
            let shown = |text: &str| {
                let heads = |line: &&str| !(line.starts_with("+ for ") || line.starts_with("+ case "));
                text.lines().filter(heads).collect::<Vec<_>>().join("\n")
            };
            case.line.contains("$'")
                && difference.kinds() == ["stderr"]
                && shown(&real.err) == shown(&lab.err)
        },
    },
    Excuse {
        reason: "a program in a pipe whose reader does not read is killed before it complains; the lab's \
                 complains first",
        covers: |case, real, lab, difference| {
            let complains = |line: &&str| !line.contains(": invalid ");
            case.line.contains('|')
                && difference.kinds() == ["stderr"]
                && lab.err.lines().filter(complains).eq(real.err.lines())
        },
    },
    Excuse {
        reason: "a program that reads the file that it writes fills the disk until it is killed; the lab's \
                 reads what was there when it began",
        covers: |case, real, lab, _| {
            let huge = |entry: &Option<String>| {
                let text = entry.as_deref().unwrap_or_default();
                text.split(' ').any(|word| word.parse().is_ok_and(|bytes: u64| bytes > 1 << 20))
            };
            case.line.contains(">>") && real.exit == 137 && lab.exit != 137 && real.tree.values().any(huge)
        },
    },
    Excuse {
        reason: "bash's `exec` shows a directory's whole path; the lab the path as it was given",
        covers: |_, real, lab, difference| {
            let text = ": cannot execute: Is a directory\n";
            difference.kinds() == ["stderr"] && real.err.contains(text) && lab.err.contains(text)
        },
    },
    Excuse {
        reason: "busybox's getopt names a program as it was called, here by its whole path",
        covers: |_, real, lab, difference| {
            difference.kinds() == ["stderr"]
                && real.err.contains("/bin/env: invalid option")
                && real.err.replace("/bin/env: ", "env: ").lines().next() == lab.err.lines().next()
        },
    },
    Excuse {
        reason: "ash has an empty field for \"${@:…}\" without parameters; the lab has none for parts of them",
        covers: |case, real, _, _| {
            case.shell == Shell::Ash
                && case.line.contains("\"${@:")
                && real.err.contains("/bin/sh: : Permission")
        },
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

fn sorted(text: &str) -> Vec<char> {
    let mut all: Vec<char> = text.chars().collect();
    all.sort_unstable();
    all
}

/// Line numbers made equal.
fn without_numbers(text: &str) -> String {
    text.replace(|c: char| c.is_ascii_digit(), "")
}

/// The same characters in another order, and nothing else: two processes may share a line.
fn only_order(real: &Answer, lab: &Answer, difference: &Difference) -> bool {
    difference.kinds().iter().all(|kind| matches!(*kind, "stdout" | "stderr"))
        && sorted(&real.out) == sorted(&lab.out)
        && sorted(&real.err) == sorted(&lab.err)
}

/// The reason for a difference, if it is a known one.
pub fn excuse(case: &Case, real: &Answer, lab: &Answer, difference: &Difference) -> Option<&'static str> {
    EXCUSES.iter().find(|excuse| (excuse.covers)(case, real, lab, difference)).map(|excuse| excuse.reason)
}
