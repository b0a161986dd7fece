//! `diff`, `cmp`.

use super::arguments::{Arguments, Spec};
use super::sums::bytes_of;
use crate::fs::Errno;
use crate::shell::call::Call;
use crate::shell::text;
use similar::{Algorithm, DiffOp, DiffTag};

pub(super) fn cmp(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "sl",
        values: "n",
        long: &[("silent", "s"), ("quiet", "s"), ("verbose", "l"), ("bytes=", "n")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let standard = "-".to_owned();
    let (first, second) = match &args.operands[..] {
        [first, second, ..] => (first, second),
        [first] => (first, &standard),
        [] => return call.usage("missing operand after 'cmp'"),
    };
    let mut contents = Vec::new();
    for name in [first, second] {
        match call.open_read(name) {
            Ok(found) => contents.push(found),
            Err(_) if args.has("s") => return 2,
            Err(Errno::EISDIR) if call.busybox => {
                call.fail(&format!("{name}: I/O error"));
                return 2;
            }
            Err(errno) => {
                call.fail_errno(name, errno);
                return 2;
            }
        }
    }
    let most = args.value("n").and_then(super::arguments::size).unwrap_or(u64::MAX);
    let mut sides = contents.iter().map(|side| side.slice(0, most.min(side.len())));
    let (Some(a), Some(b)) = (sides.next(), sides.next()) else { return 2 };
    if a == b {
        return 0;
    }
    if args.has("s") {
        return 1;
    }
    let (x, y) = (bytes_of(call, &a), bytes_of(call, &b));
    let wrong: Vec<usize> =
        x.iter().zip(&y).enumerate().filter(|(_, (p, q))| p != q).map(|(at, _)| at).collect();
    if args.has("l") {
        let width = if call.busybox { 1 } else { x.len().max(y.len()).to_string().len() };
        for at in &wrong {
            let byte = |side: &[u8]| side.get(*at).copied().unwrap_or(0);
            call.out(&format!("{:>width$} {:>3o} {:>3o}\n", at + 1, byte(&x), byte(&y)));
        }
    } else if let Some(at) = wrong.first() {
        let line = x.iter().take(*at).filter(|c| **c == b'\n').count() + 1;
        call.out(&format!("{first} {second} differ: char {}, line {line}\n", at + 1));
        return 1;
    }
    if x.len() != y.len() {
        let (name, short) = if x.len() < y.len() { (first, &x) } else { (second, &y) };
        let lines = short.iter().filter(|c| **c == b'\n').count();
        let gnu = match short.len() {
            0 => format!("EOF on {name} which is empty"),
            bytes if args.has("l") => format!("EOF on {name} after byte {bytes}"),
            bytes if short.ends_with(b"\n") => format!("EOF on {name} after byte {bytes}, line {lines}"),
            bytes => format!("EOF on {name} after byte {bytes}, in line {}", lines + 1),
        };
        call.either(&format!("EOF on {name}"), &gnu);
    }
    1
}

const DIFF: Spec = Spec {
    flags: "uqraNbwBisdtTp",
    values: "ULx",
    long: &[
        ("brief", "q"),
        ("recursive", "r"),
        ("new-file", "N"),
        ("unified", "U"),
        ("label=", "L"),
        ("text", "a"),
        ("ignore-case", "i"),
        ("ignore-all-space", "w"),
        ("ignore-space-change", "b"),
        ("ignore-blank-lines", "B"),
        ("report-identical-files", "s"),
        ("minimal", "d"),
        ("normal", "normal"),
        ("exclude=", "x"),
        ("color=", "color"),
    ],
};

pub(super) fn diff(call: &mut Call<'_, '_>) -> i32 {
    let args = match Arguments::parse(call, &DIFF) {
        Ok(args) => args,
        Err(status) => return if call.busybox || status == 0 { status } else { 2 },
    };
    let (first, second) = match &args.operands[..] {
        [first, second] => (first.clone(), second.clone()),
        [_, _, extra, ..] => return call.usage(&format!("extra operand '{extra}'")).max(2),
        [one] => return call.usage(&format!("missing operand after '{one}'")),
        [] => return call.usage("missing operand after 'diff'"),
    };
    // The same file or directory twice has no differences.
    let identity =
        |call: &mut Call<'_, '_>, name: &str| call.m.stat(&text::encode(name)).ok().map(|stat| stat.id);
    let same = identity(call, &first);
    let told = args.has("s") && !call.busybox;
    if same.is_some() && same == identity(call, &second) && !told {
        return 0;
    }
    let is_dir = |call: &mut Call<'_, '_>, name: &str| call.m.is_dir(&text::encode(name));
    match (is_dir(call, &first), is_dir(call, &second)) {
        (true, true) => directories(call, &args, &first, &second),
        (true, false) if second != "-" => {
            let first = super::copy::inside(&first, &second);
            let status = pair(call, &args, &first, &second, false);
            if call.busybox { status.min(1) } else { status }
        }
        (false, true) if first != "-" => {
            let second = super::copy::inside(&second, &first);
            let status = pair(call, &args, &first, &second, false);
            if call.busybox { status.min(1) } else { status }
        }
        _ => pair(call, &args, &first, &second, false),
    }
}

/// What is still to be said of two directories.
enum Task {
    Pair(String, String),
    Only(String, String),
    /// busybox can't look at it.
    Dangling(String),
}

/// Two directories, name by name; with `-r` also what is below.
fn directories(call: &mut Call<'_, '_>, args: &Arguments, first: &str, second: &str) -> i32 {
    let mut status = 0;
    let mut open = names_of(call, args, first, second);
    while let Some(task) = open.pop() {
        if call.m.stopped() {
            return 2;
        }
        let (left, right) = match task {
            Task::Pair(left, right) => (left, right),
            Task::Only(dir, name) => {
                call.out(&format!("Only in {dir}: {name}\n"));
                status = status.max(1);
                continue;
            }
            Task::Dangling(path) => {
                call.fail_errno(&path, Errno::ENOENT);
                continue;
            }
        };
        let dirs = [&left, &right].map(|name| call.m.is_dir(&text::encode(name)));
        let there = [&left, &right].map(|name| call.m.exists(&text::encode(name)));
        match (dirs, there) {
            ([true, true], _) if args.has("r") => open.extend(names_of(call, args, &left, &right)),
            ([true, true], _) => call.out(&format!("Common subdirectories: {left} and {right}\n")),
            ([false, false], _) | (_, [false, _] | [_, false]) => {
                status = status.max(pair(call, args, &left, &right, true));
            }
            ([left_is_dir, _], _) => {
                let kind = |dir: bool| if dir { "directory" } else { "regular file" };
                let (a, b) = (kind(left_is_dir), kind(!left_is_dir));
                call.out(&format!("File {left} is a {a} while file {right} is a {b}\n"));
                status = status.max(1);
            }
        }
    }
    status
}

/// The tasks of two directories, the first one last.
fn names_of(call: &mut Call<'_, '_>, args: &Arguments, left: &str, right: &str) -> Vec<Task> {
    let mut names = std::collections::BTreeMap::new();
    for (side, dir) in [left, right].into_iter().enumerate() {
        for name in call.m.readdir(&text::encode(dir)).unwrap_or_default() {
            let name = text::decode(&name);
            let matches = |pattern: &str| crate::shell::pattern::Pattern::new(pattern).matches_text(&name);
            if !args.values("x").any(matches) {
                names.entry(name).or_insert([false; 2])[side] = true;
            }
        }
    }
    let join = |dir: &str, name: &str| format!("{}/{name}", dir.trim_end_matches('/'));
    let mut tasks = Vec::new();
    for (name, on) in names {
        let (a, b) = (join(left, &name), join(right, &name));
        tasks.push(match on {
            [true, true] => Task::Pair(a, b),
            _ if args.has("N") => Task::Pair(a, b),
            [on_left, _] => {
                let (dir, path) = if on_left { (left, a) } else { (right, b) };
                let bytes = text::encode(&path).into_owned();
                match call.busybox {
                    true if !call.m.exists(&bytes) => Task::Dangling(path),
                    // Going down, busybox has no list of directories.
                    true if args.has("r") && call.m.is_dir(&bytes) => continue,
                    _ => Task::Only(dir.to_owned(), name),
                }
            }
        });
    }
    tasks.reverse();
    tasks
}

/// Two files. `below`: they were found in directories.
fn pair(call: &mut Call<'_, '_>, args: &Arguments, first: &str, second: &str, below: bool) -> i32 {
    let mut sides = Vec::new();
    let mut missing = Vec::new();
    for name in [first, second] {
        match call.open_read(name) {
            Ok(contents) => {
                let text = call.text_of(&contents);
                missing.push(false);
                sides.push(text);
            }
            Err(Errno::ENOENT) if args.has("N") => {
                missing.push(true);
                sides.push(String::new());
            }
            Err(errno) => {
                let stat = call.m.stat(&text::encode(name)).is_err();
                call.either_errno(
                    &if stat && !below { format!("can't stat '{name}'") } else { name.to_owned() },
                    name,
                    errno,
                );
                if call.busybox && stat && !below {
                    return 2;
                }
                missing.push(true);
            }
        }
    }
    let [a, b] = &sides[..] else {
        // busybox goes on with what is left of a directory, and forgets it.
        return if call.busybox && below { 0 } else { 2 };
    };
    let (old, new) =
        (a.split_inclusive('\n').collect::<Vec<_>>(), b.split_inclusive('\n').collect::<Vec<_>>());
    let ops = changes(call, args, &old, &new);
    let equal = a == b || ops.iter().all(|op| op.tag() == DiffTag::Equal);
    if equal {
        if args.has("s") {
            call.out(&format!("Files {first} and {second} are identical\n"));
        }
        return 0;
    }
    if args.has("q") {
        call.out(&format!("Files {first} and {second} differ\n"));
        return 1;
    }
    if below && !call.busybox {
        let options: Vec<&str> =
            call.args().iter().filter(|word| word.starts_with('-')).map(String::as_str).collect();
        let options = options.iter().map(|word| format!(" {word}")).collect::<String>();
        call.out(&format!("diff{options} {first} {second}\n"));
    }
    let shown = if call.busybox || args.any("uU") {
        let name = |side: usize, name: &str| {
            if call.busybox && below && missing.get(side) == Some(&true) {
                "/dev/null".to_owned()
            } else {
                name.to_owned()
            }
        };
        unified(call, args, [&name(0, first), &name(1, second)], &ops, &old, &new)
    } else {
        normal(&ops, &old, &new)
    };
    call.out(&shown);
    1
}

/// How a line looks to the comparison.
fn view(args: &Arguments, line: &str) -> String {
    let mut seen = if args.has("w") {
        line.split_whitespace().collect::<String>()
    } else if args.has("b") {
        let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.starts_with([' ', '\t']) { format!(" {words}") } else { words }
    } else {
        line.to_owned()
    };
    if args.has("i") {
        seen = seen.to_lowercase();
    }
    seen
}

fn changes(call: &mut Call<'_, '_>, args: &Arguments, old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let lines = (old.len() as u64).saturating_add(new.len() as u64);
    // In the worst case a comparison looks at every pair of different lines.
    if !call.m.t.fuel.spend(lines.saturating_mul(lines.min(1000)) / 16 + lines) {
        return Vec::new();
    }
    let seen = |side: &[&str]| side.iter().map(|line| view(args, line)).collect::<Vec<_>>();
    let (left, right) = (seen(old), seen(new));
    let ops = similar::capture_diff_slices(Algorithm::Myers, &left, &right);
    if !args.has("B") {
        return ops;
    }
    // -B: a change of blank lines alone is none.
    let blank = |side: &[&str], range: std::ops::Range<usize>| {
        side.get(range).unwrap_or_default().iter().all(|line| line.trim_end_matches(['\r', '\n']).is_empty())
    };
    ops.into_iter()
        .filter(|op| {
            let (tag, a, b) = op.as_tag_tuple();
            tag == DiffTag::Equal || !(blank(old, a) && blank(new, b))
        })
        .collect()
}

/// Lines with a mark in front; one without an end says so.
fn side(lines: &[&str], range: std::ops::Range<usize>, mark: &str) -> String {
    let mut text = String::new();
    for line in lines.get(range).unwrap_or_default() {
        text.push_str(mark);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
    text
}

fn normal(ops: &[DiffOp], old: &[&str], new: &[&str]) -> String {
    let mut text = String::new();
    for op in ops {
        let (tag, a, b) = op.as_tag_tuple();
        let span = |range: &std::ops::Range<usize>| match range.len() {
            0 => range.start.to_string(),
            1 => (range.start + 1).to_string(),
            _ => format!("{},{}", range.start + 1, range.end),
        };
        let letter = match tag {
            DiffTag::Equal => continue,
            DiffTag::Delete => 'd',
            DiffTag::Insert => 'a',
            DiffTag::Replace => 'c',
        };
        text.push_str(&format!("{}{letter}{}\n", span(&a), span(&b)));
        text.push_str(&side(old, a, "< "));
        if letter == 'c' {
            text.push_str("---\n");
        }
        text.push_str(&side(new, b, "> "));
    }
    text
}

fn unified(
    call: &mut Call<'_, '_>,
    args: &Arguments,
    names: [&str; 2],
    ops: &[DiffOp],
    old: &[&str],
    new: &[&str],
) -> String {
    let labels: Vec<&str> = args.values("L").collect();
    let mut text = String::new();
    for (at, (name, mark)) in names.iter().zip(["---", "+++"]).enumerate() {
        let stamp = match labels.get(at) {
            Some(label) => (*label).to_owned(),
            None if call.busybox => (*name).to_owned(),
            None => {
                let time = call.m.stat(&text::encode(name)).map_or(super::make::NOW, |stat| stat.mtime);
                format!("{name}\t{}", super::date::full_time(time))
            }
        };
        text.push_str(&format!("{mark} {stamp}\n"));
    }
    let context = args.value("U").and_then(|n| n.parse().ok()).unwrap_or(3);
    for group in similar::group_diff_ops(ops.to_vec(), context) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let span = |from: usize, to: usize| match to - from {
            1 => (from + 1).to_string(),
            0 => format!("{from},0"),
            length => format!("{},{length}", from + 1),
        };
        text.push_str(&format!(
            "@@ -{} +{} @@\n",
            span(first.old_range().start, last.old_range().end),
            span(first.new_range().start, last.new_range().end)
        ));
        for op in group {
            let (tag, a, b) = op.as_tag_tuple();
            match tag {
                DiffTag::Equal => text.push_str(&side(old, a, " ")),
                _ => {
                    text.push_str(&side(old, a, "-"));
                    text.push_str(&side(new, b, "+"));
                }
            }
        }
    }
    text
}
