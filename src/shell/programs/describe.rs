//! `stat`, `du`.

use super::arguments::{Arguments, Spec};
use super::mode;
use crate::shell::call::Call;
use crate::shell::{text, users};
use crate::union::{Stat, StatKind};

pub(super) fn type_letter(kind: StatKind) -> char {
    match kind {
        StatKind::File => '-',
        StatKind::Dir => 'd',
        StatKind::Symlink => 'l',
        StatKind::Fifo => 'p',
        StatKind::CharDev(..) => 'c',
    }
}

/// A size with a unit: GNU rounds up and leaves out what no longer matters, busybox keeps one place.
pub(super) fn human(bytes: u64, busybox: bool) -> String {
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit < 4 {
        value /= 1024.0;
        unit += 1;
    }
    let letter = ["", "K", "M", "G", "T"].get(unit).copied().unwrap_or("");
    if unit == 0 {
        bytes.to_string()
    } else if busybox {
        format!("{value:.1}{letter}")
    } else if value < 10.0 {
        format!("{:.1}{letter}", (value * 10.0).ceil() / 10.0)
    } else {
        format!("{:.0}{letter}", value.ceil())
    }
}

/// Kibibytes on disk.
pub(super) fn blocks(stat: &Stat) -> u64 {
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
    if args.operands.is_empty() {
        return call.usage("missing operand");
    }
    if args.has("f") {
        return call.m.not_modelled("stat -f");
    }
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
        // busybox says nothing of what a format has no letter for.
        let text = match (args.value("c"), args.value("printf")) {
            (Some(format), _) => {
                format!(
                    "{}\n",
                    formatted(call.busybox, format, operand, &stat, &owner, &group, target.as_deref())
                )
            }
            (None, Some(format)) => {
                let (bytes, _) = crate::shell::escape::format(format);
                formatted(
                    call.busybox,
                    &text::decode(&bytes),
                    operand,
                    &stat,
                    &owner,
                    &group,
                    target.as_deref(),
                )
            }
            (None, None) if args.has("t") => formatted(
                call.busybox,
                "%n %s %b %f %u %g 0 %i %h %t %T %X %Y %Z 0 4096\n",
                operand,
                &stat,
                "",
                "",
                None,
            ),
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
    busybox: bool,
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
            Some('f') => out.push_str(&format!("{:x}", raw_mode(stat))),
            Some('t') => out.push_str(&format!("{:x}", device(stat).0)),
            Some('T') => out.push_str(&format!("{:x}", device(stat).1)),
            Some('d') => out.push('0'),
            Some('m') => out.push('/'),
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
            Some('w') => out.push('-'),
            Some('W') => out.push('0'),
            Some(other) => out.push(if busybox { other } else { '?' }),
            None => {}
        }
    }
    out
}

/// st_mode with the type's bits.
fn raw_mode(stat: &Stat) -> u32 {
    let kind = match stat.kind {
        StatKind::File => 0o100_000,
        StatKind::Dir => 0o040_000,
        StatKind::Symlink => 0o120_000,
        StatKind::Fifo => 0o010_000,
        StatKind::CharDev(..) => 0o020_000,
    };
    kind | u32::from(stat.mode)
}

fn device(stat: &Stat) -> (u32, u32) {
    match stat.kind {
        StatKind::CharDev(major, minor) => (major, minor),
        _ => (0, 0),
    }
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
    let busybox = call.busybox;
    let shown = |bytes: u64| -> String {
        if args.has("h") {
            human(bytes, busybox)
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
