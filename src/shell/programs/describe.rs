//! `ls`, `stat`, `du`.

use super::arguments::{Arguments, Spec};
use super::mode;
use crate::shell::call::Call;
use crate::shell::{text, users};
use crate::union::{Stat, StatKind};

fn type_letter(kind: StatKind) -> char {
    match kind {
        StatKind::File => '-',
        StatKind::Dir => 'd',
        StatKind::Symlink => 'l',
        StatKind::Fifo => 'p',
        StatKind::CharDev(..) => 'c',
    }
}

/// A size with a unit: `1.9M`.
pub(super) fn human(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit < 4 {
        value /= 1024.0;
        unit += 1;
    }
    let letter = ["", "K", "M", "G", "T"].get(unit).copied().unwrap_or("");
    if unit == 0 {
        bytes.to_string()
    } else if value < 10.0 {
        format!("{:.1}{letter}", (value * 10.0).ceil() / 10.0)
    } else {
        format!("{:.0}{letter}", value.ceil())
    }
}

const LS: Spec = Spec {
    flags: "aA1CdFghHiklLnopqQrRsStTuUvXxZcmNp",
    values: "wI",
    long: &[
        ("all", "a"),
        ("almost-all", "A"),
        ("directory", "d"),
        ("human-readable", "h"),
        ("recursive", "R"),
        ("reverse", "r"),
        ("size", "s"),
        ("classify", "F"),
        ("inode", "i"),
        ("color", "color"),
        ("color=", "color"),
        ("group-directories-first", "group-first"),
        ("full-time", "full-time"),
        ("time-style=", "time-style"),
        ("numeric-uid-gid", "n"),
    ],
};

struct Row {
    name: String,
    stat: Stat,
    target: Option<String>,
}

pub(super) fn ls(call: &mut Call<'_, '_>) -> i32 {
    let args = match Arguments::parse(call, &LS) {
        Ok(args) => args,
        Err(_) => return if call.busybox { 1 } else { 2 },
    };
    let operands = if args.operands.is_empty() { vec![".".to_owned()] } else { args.operands.clone() };
    let (mut files, mut dirs, mut status) = (Vec::new(), Vec::new(), 0);
    let long = args.any("lgno");
    for operand in &operands {
        let bytes = text::encode(operand).into_owned();
        // A symlink to a directory is listed as that directory, unless -l or -d shows the link.
        let found = if args.has("L") || !long && !args.has("d") {
            call.m.stat(&bytes).or_else(|_| call.m.lstat(&bytes))
        } else {
            call.m.lstat(&bytes)
        };
        match found {
            Ok(stat) if stat.kind == StatKind::Dir && !args.has("d") => dirs.push(operand.clone()),
            Ok(_) => {
                if let Some(row) = row(call, operand, operand, &args) {
                    files.push(row);
                }
            }
            Err(errno) => {
                call.either_errno(operand, &format!("cannot access '{operand}'"), errno);
                status = if call.busybox { 1 } else { 2 };
            }
        }
    }
    let heads = operands.len() > 1 || args.has("R");
    arrange(&mut files, &args);
    dirs.sort();
    if args.has("r") {
        dirs.reverse();
    }
    let mut first = files.is_empty();
    print(call, files, &args, false);
    let mut open: Vec<String> = dirs.into_iter().rev().collect();
    while let Some(dir) = open.pop() {
        if call.broken() {
            break;
        }
        let names = match call.m.readdir(&text::encode(&dir)) {
            Ok(names) => names,
            Err(errno) => {
                call.either_errno(
                    &format!("can't open '{dir}'"),
                    &format!("cannot open directory '{dir}'"),
                    errno,
                );
                status = if call.busybox { 1 } else { 2 };
                continue;
            }
        };
        if heads {
            call.out(&format!("{}{dir}:\n", if first { "" } else { "\n" }));
        }
        first = false;
        let base = if dir.ends_with('/') { dir.clone() } else { format!("{dir}/") };
        let mut rows = Vec::new();
        if args.has("a") {
            for name in [".", ".."] {
                rows.extend(row(call, name, &format!("{base}{name}"), &args));
            }
        }
        for name in &names {
            let name = text::decode(name);
            if name.starts_with('.') && !args.any("aA") {
                continue;
            }
            rows.extend(row(call, &name, &format!("{base}{name}"), &args));
        }
        arrange(&mut rows, &args);
        if args.has("R") {
            let below = rows
                .iter()
                .filter(|row| row.stat.kind == StatKind::Dir && row.name != "." && row.name != "..");
            let below: Vec<String> = below.map(|row| format!("{base}{}", row.name)).collect();
            open.extend(below.into_iter().rev());
        }
        print(call, rows, &args, long || args.has("s"));
    }
    status
}

fn row(call: &mut Call<'_, '_>, name: &str, path: &str, args: &Arguments) -> Option<Row> {
    let bytes = text::encode(path).into_owned();
    let stat = if args.has("L") {
        call.m.stat(&bytes).or_else(|_| call.m.lstat(&bytes))
    } else {
        call.m.lstat(&bytes)
    };
    let stat = stat.ok()?;
    let target = (stat.kind == StatKind::Symlink && args.any("lgno"))
        .then(|| call.m.readlink(&bytes).ok().map(|target| text::decode(&target)))
        .flatten();
    Some(Row { name: name.to_owned(), stat, target })
}

fn arrange(rows: &mut [Row], args: &Arguments) {
    rows.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    if args.has("S") {
        rows.sort_by_key(|row| std::cmp::Reverse(row.stat.size));
    }
    if args.has("t") {
        rows.sort_by_key(|row| std::cmp::Reverse(row.stat.mtime));
    }
    if args.has("r") {
        rows.reverse();
    }
}

fn print(call: &mut Call<'_, '_>, rows: Vec<Row>, args: &Arguments, total: bool) {
    let long = args.any("lgno");
    if total {
        let blocks: u64 = rows.iter().map(|row| blocks(&row.stat)).sum();
        let shown = if args.has("h") { human(blocks * 1024) } else { blocks.to_string() };
        call.out(&format!("total {shown}\n"));
    }
    let mark = |row: &Row| match row.stat.kind {
        StatKind::Dir if args.any("Fp") => "/",
        StatKind::Symlink if args.has("F") => "@",
        StatKind::Fifo if args.has("F") => "|",
        StatKind::File if args.has("F") && row.stat.mode & 0o111 != 0 => "*",
        _ => "",
    };
    if !long {
        for row in rows {
            let inode = if args.has("i") { format!("{:>7} ", row.stat.id.1) } else { String::new() };
            call.out(&format!("{inode}{}{}\n", row.name, mark(&row)));
        }
        return;
    }
    let people = users::users(call.m);
    let groups = users::groups(call.m);
    let owner = |uid: u32| match people.iter().find(|user| user.uid == uid).filter(|_| !args.has("n")) {
        Some(user) => user.name.clone(),
        None => uid.to_string(),
    };
    let group = |gid: u32| match groups.iter().find(|group| group.gid == gid).filter(|_| !args.has("n")) {
        Some(group) => group.name.clone(),
        None => gid.to_string(),
    };
    let size = |stat: &Stat| match stat.kind {
        StatKind::CharDev(major, minor) => format!("{major}, {minor:>3}"),
        StatKind::Dir => {
            if args.has("h") {
                human(4096)
            } else {
                "4096".to_owned()
            }
        }
        _ if args.has("h") => human(stat.size),
        _ => stat.size.to_string(),
    };
    let cells: Vec<[String; 4]> = rows
        .iter()
        .map(|row| {
            let links = if row.stat.kind == StatKind::Dir { 2 } else { row.stat.nlink };
            [links.to_string(), owner(row.stat.uid), group(row.stat.gid), size(&row.stat)]
        })
        .collect();
    // busybox has fixed columns, GNU ls fits them.
    let widths: Vec<usize> = match call.busybox {
        true => vec![5, 8, 8, 9],
        false => (0..4)
            .map(|i| cells.iter().filter_map(|c| c.get(i)).map(String::len).max().unwrap_or(0))
            .collect(),
    };
    let width = |i: usize| widths.get(i).copied().unwrap_or(0);
    for (row, [links, owner, group, size]) in rows.iter().zip(&cells) {
        let letters = format!("{}{}", type_letter(row.stat.kind), mode::letters(row.stat.mode));
        let time = super::date::short_time(row.stat.mtime);
        let arrow = row.target.as_ref().map(|target| format!(" -> {target}")).unwrap_or_default();
        let gap = if call.busybox { "    " } else { " " };
        let (w0, w1, w2, w3) = (if call.busybox { 1 } else { width(0) }, width(1), width(2), width(3));
        let line = format!(
            "{letters}{gap}{links:>w0$} {owner:<w1$} {group:<w2$} {size:>w3$} {time} {}{}{arrow}\n",
            row.name,
            mark(row)
        );
        call.out(&line);
    }
}

/// Kibibytes on disk.
fn blocks(stat: &Stat) -> u64 {
    match stat.kind {
        StatKind::Dir => 4,
        StatKind::File => stat.size.div_ceil(4096) * 4,
        _ => 0,
    }
}

pub(super) fn stat(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "Lft",
        values: "c",
        long: &[("format=", "c"), ("printf=", "printf"), ("dereference", "L"), ("terse", "t")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let mut status = 0;
    for operand in &args.operands {
        let bytes = text::encode(operand).into_owned();
        let found = if args.has("L") { call.m.stat(&bytes) } else { call.m.lstat(&bytes) };
        let stat = match found {
            Ok(stat) => stat,
            Err(errno) => {
                status = call.either_errno(
                    &format!("can't stat '{operand}'"),
                    &format!("cannot statx '{operand}'"),
                    errno,
                );
                continue;
            }
        };
        let owner = users::by_uid(call.m, stat.uid).map_or("UNKNOWN".to_owned(), |user| user.name);
        let group = users::group_by_gid(call.m, stat.gid).map_or("UNKNOWN".to_owned(), |group| group.name);
        let target = call.m.readlink(&bytes).ok().map(|target| text::decode(&target));
        let text = match (args.value("c"), args.value("printf")) {
            (Some(format), _) => {
                format!("{}\n", formatted(format, operand, &stat, &owner, &group, target.as_deref()))
            }
            (None, Some(format)) => {
                let (bytes, _) = crate::shell::escape::format(format);
                formatted(&text::decode(&bytes), operand, &stat, &owner, &group, target.as_deref())
            }
            (None, None) => full(operand, &stat, &owner, &group, target.as_deref()),
        };
        call.out(&text);
    }
    status
}

pub(super) fn kind_words(stat: &Stat) -> &'static str {
    match stat.kind {
        StatKind::File if stat.size == 0 => "regular empty file",
        StatKind::File => "regular file",
        StatKind::Dir => "directory",
        StatKind::Symlink => "symbolic link",
        StatKind::Fifo => "fifo",
        StatKind::CharDev(..) => "character special file",
    }
}

fn shown_size(stat: &Stat) -> u64 {
    if stat.kind == StatKind::Dir { 4096 } else { stat.size }
}

fn formatted(
    format: &str,
    name: &str,
    stat: &Stat,
    owner: &str,
    group: &str,
    target: Option<&str>,
) -> String {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('a') => out.push_str(&format!("{:o}", stat.mode)),
            Some('A') => out.push_str(&format!("{}{}", type_letter(stat.kind), mode::letters(stat.mode))),
            Some('s') => out.push_str(&shown_size(stat).to_string()),
            Some('u') => out.push_str(&stat.uid.to_string()),
            Some('U') => out.push_str(owner),
            Some('g') => out.push_str(&stat.gid.to_string()),
            Some('G') => out.push_str(group),
            Some('n') => out.push_str(name),
            Some('N') => out.push_str(&match target {
                Some(target) => format!("'{name}' -> '{target}'"),
                None => format!("'{name}'"),
            }),
            Some('F') => out.push_str(kind_words(stat)),
            Some('h') => out.push_str(&stat.nlink.to_string()),
            Some('i') => out.push_str(&stat.id.1.to_string()),
            Some('Y' | 'X' | 'Z') => out.push_str(&stat.mtime.to_string()),
            Some('y' | 'x' | 'z') => out.push_str(&super::date::full_time(stat.mtime)),
            Some('b') => out.push_str(&(blocks(stat) * 2).to_string()),
            Some('B') => out.push_str("512"),
            Some('o') => out.push_str("4096"),
            Some('%') => out.push('%'),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

fn full(name: &str, stat: &Stat, owner: &str, group: &str, target: Option<&str>) -> String {
    let arrow = target.map(|target| format!(" -> {target}")).unwrap_or_default();
    let time = super::date::full_time(stat.mtime);
    format!(
        "  File: {name}{arrow}\n  Size: {:<10}\tBlocks: {:<10} IO Block: 4096   {}\nDevice: 0,0\tInode: {:<11} Links: {}\nAccess: ({:04o}/{}{})  Uid: ({:>5}/{:>8})   Gid: ({:>5}/{:>8})\nAccess: {time}\nModify: {time}\nChange: {time}\n",
        shown_size(stat),
        blocks(stat) * 2,
        kind_words(stat),
        stat.id.1,
        stat.nlink,
        stat.mode,
        type_letter(stat.kind),
        mode::letters(stat.mode),
        stat.uid,
        owner,
        stat.gid,
        group,
    )
}

pub(super) fn du(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "ashckmbxHLl",
        values: "d",
        long: &[
            ("all", "a"),
            ("summarize", "s"),
            ("human-readable", "h"),
            ("total", "c"),
            ("max-depth=", "d"),
            ("bytes", "b"),
            ("apparent-size", "apparent"),
            ("one-file-system", "x"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let operands = if args.operands.is_empty() { vec![".".to_owned()] } else { args.operands.clone() };
    let deepest =
        if args.has("s") { 0 } else { args.value("d").and_then(|d| d.parse().ok()).unwrap_or(usize::MAX) };
    let (mut status, mut total) = (0, 0u64);
    let apparent = args.any("b") || args.has("apparent");
    let shown = |bytes: u64| -> String {
        if args.has("h") {
            human(bytes)
        } else if args.has("b") {
            bytes.to_string()
        } else {
            bytes.div_ceil(if args.has("m") { 1 << 20 } else { 1 << 10 }).to_string()
        }
    };
    for operand in &operands {
        let Ok(stat) = call.m.lstat(&text::encode(operand)) else {
            status =
                call.either_errno(operand, &format!("cannot access '{operand}'"), crate::fs::Errno::ENOENT);
            continue;
        };
        let mut seen = std::collections::HashSet::new();
        let mut sums: Vec<u64> = Vec::new();
        let mut open = vec![(operand.clone(), stat, 0usize, false)];
        while let Some((at, stat, depth, late)) = open.pop() {
            if !call.m.t.fuel.spend(2) {
                return 1;
            }
            if late {
                let sum = sums.pop().unwrap_or(0);
                if let Some(above) = sums.last_mut() {
                    *above += sum;
                } else {
                    total += sum;
                }
                if depth <= deepest {
                    call.out(&format!("{}\t{at}\n", shown(sum)));
                }
                continue;
            }
            let own = match (apparent, stat.kind) {
                (true, StatKind::Dir) => 4096,
                (true, _) => stat.size,
                (false, _) => blocks(&stat) * 1024,
            };
            let counted =
                if stat.kind == StatKind::File && stat.nlink > 1 && !seen.insert(stat.id) { 0 } else { own };
            if stat.kind != StatKind::Dir {
                match sums.last_mut() {
                    Some(sum) => *sum += counted,
                    None => total += counted,
                }
                if depth == 0 || args.has("a") && depth <= deepest {
                    call.out(&format!("{}\t{at}\n", shown(own)));
                }
                continue;
            }
            sums.push(counted);
            open.push((at.clone(), stat, depth, true));
            let Ok(names) = call.m.readdir(&text::encode(&at)) else { continue };
            let base = if at.ends_with('/') { at } else { format!("{at}/") };
            for name in names.iter().rev() {
                let path = format!("{base}{}", text::decode(name));
                if let Ok(stat) = call.m.lstat(&text::encode(&path)) {
                    open.push((path, stat, depth + 1, false));
                }
            }
        }
    }
    if args.has("c") {
        call.out(&format!("{}\ttotal\n", shown(total)));
    }
    status
}
