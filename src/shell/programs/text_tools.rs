//! Filters on text: `wc`, `cut`, `tr` and their like.

use super::arguments::{Arguments, Spec};
use crate::fs::{Errno, path};
use crate::shell::call::Call;
use crate::shell::{pattern, text};

/// The text of each operand (standard input without any). Missing ones are complained about with
/// the program's usual words.
pub(super) fn texts(call: &mut Call<'_, '_>, operands: &[String]) -> (Vec<(String, String)>, i32) {
    let list = if operands.is_empty() { vec!["-".to_owned()] } else { operands.to_vec() };
    let (mut found, mut status) = (Vec::new(), 0);
    for operand in list {
        match call.open_read(&operand) {
            Ok(contents) => {
                let text = call.text_of(&contents);
                found.push((operand, text));
            }
            Err(errno) => status = call.fail_errno(&operand, errno),
        }
    }
    (found, status)
}

pub(super) fn wc(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "clwmL",
        values: "",
        long: &[("bytes", "c"), ("lines", "l"), ("words", "w"), ("chars", "m"), ("max-line-length", "L")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let all = !args.any("clwmL");
    let columns: Vec<char> =
        "lwmcL".chars().filter(|c| args.has(&c.to_string()) || all && "lwc".contains(*c)).collect();
    let list = if args.operands.is_empty() { vec!["-".to_owned()] } else { args.operands.clone() };
    let (mut rows, mut status): (Vec<(Vec<u64>, String)>, i32) = (Vec::new(), 0);
    for operand in &list {
        let contents = match call.open_read(operand) {
            Ok(contents) => contents,
            Err(errno) => {
                status = if errno == Errno::EISDIR && call.busybox {
                    call.fail("read error: Is a directory")
                } else {
                    call.fail_errno(operand, errno)
                };
                continue;
            }
        };
        let only_size = columns == ['c'];
        let counts = if only_size { vec![contents.len()] } else { count(call, &contents, &columns) };
        let name = if args.operands.is_empty() { String::new() } else { operand.clone() };
        rows.push((counts, name));
    }
    if list.len() > 1 {
        let total = (0..columns.len()).map(|i| rows.iter().filter_map(|(c, _)| c.get(i)).sum()).collect();
        rows.push((total, "total".to_owned()));
    }
    // One column: no padding. GNU pads to the widest number; busybox to nine columns.
    let widest = rows.iter().flat_map(|(c, _)| c).map(|n| n.to_string().len()).max().unwrap_or(1);
    let from_stdin = args.operands.is_empty();
    let width = match (columns.len(), call.busybox) {
        (1, _) if list.len() == 1 => 0,
        (1, true) => 9,
        (_, true) => 9,
        (_, false) if from_stdin => 7,
        (_, false) => widest,
    };
    for (counts, name) in rows {
        let numbers: Vec<String> = counts.iter().map(|n| format!("{n:>width$}")).collect();
        let line = if name.is_empty() { numbers.join(" ") } else { format!("{} {name}", numbers.join(" ")) };
        call.out(&format!("{line}\n"));
    }
    status
}

fn count(call: &mut Call<'_, '_>, contents: &crate::fs::Contents, columns: &[char]) -> Vec<u64> {
    if !call.m.t.fuel.spend_bytes(contents.len().min(1 << 40)) {
        return columns.iter().map(|_| 0).collect();
    }
    let (mut lines, mut words, mut chars, mut longest, mut current) = (0u64, 0u64, 0u64, 0u64, 0u64);
    let mut inside = false;
    contents.for_each_chunk(&mut |chunk| {
        for byte in chunk {
            chars += u64::from(byte & 0xc0 != 0x80);
            if *byte == b'\n' {
                lines += 1;
                longest = longest.max(current);
                current = 0;
            } else {
                current += 1;
            }
            let blank = byte.is_ascii_whitespace() || *byte == 0x0b;
            words += u64::from(!blank && !inside);
            inside = !blank;
        }
    });
    longest = longest.max(current);
    let value = |column: &char| match column {
        'l' => lines,
        'w' => words,
        'm' => chars,
        'L' => longest,
        _ => contents.len(),
    };
    columns.iter().map(value).collect()
}

/// `1,3-5,7-` as inclusive ranges.
fn ranges(list: &str) -> Option<Vec<(usize, usize)>> {
    let mut found = Vec::new();
    for item in list.split(',') {
        let (from, to) = match item.split_once('-') {
            Some(("", "")) => return None,
            Some((from, "")) => (from.parse().ok()?, usize::MAX),
            Some(("", to)) => (1, to.parse().ok()?),
            Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
            None => {
                let one = item.parse().ok()?;
                (one, one)
            }
        };
        if from == 0 || to < from {
            return None;
        }
        found.push((from, to));
    }
    found.sort_unstable();
    Some(found)
}

pub(super) fn cut(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "sn",
        values: "bcdfO",
        long: &[
            ("fields=", "f"),
            ("delimiter=", "d"),
            ("characters=", "c"),
            ("bytes=", "b"),
            ("only-delimited", "s"),
            ("complement", "complement"),
            ("output-delimiter=", "O"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let Some((fields, list)) = args
        .value("f")
        .map(|l| (true, l))
        .or_else(|| args.value("c").or(args.value("b")).map(|l| (false, l)))
    else {
        return call.either(
            "expected a list of bytes, characters, or fields",
            "you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information.",
        );
    };
    let Some(ranges) = ranges(list) else {
        return call.fail(&format!("invalid range value '{list}'"));
    };
    let picked =
        |number: usize| ranges.iter().any(|(a, b)| (*a..=*b).contains(&number)) != args.has("complement");
    let delimiter = args.value("d").unwrap_or("\t").to_owned();
    let joiner = args.value("O").unwrap_or(&delimiter).to_owned();
    let (texts, status) = texts(call, &args.operands);
    for (_, source) in texts {
        let (lines, _) = text::lines(&source);
        for line in lines {
            if !call.m.t.fuel.spend(1) {
                return status;
            }
            let kept = if fields {
                if !line.contains(&delimiter) || delimiter.is_empty() {
                    if args.has("s") {
                        continue;
                    }
                    line.to_owned()
                } else {
                    let pieces = line.split(&delimiter).enumerate();
                    pieces.filter(|(i, _)| picked(i + 1)).map(|(_, p)| p).collect::<Vec<_>>().join(&joiner)
                }
            } else {
                line.chars().enumerate().filter(|(i, _)| picked(i + 1)).map(|(_, c)| c).collect()
            };
            call.out(&format!("{kept}\n"));
        }
    }
    status
}

/// The characters of a `tr` set: ranges, classes, escapes.
fn set(source: &str) -> Vec<char> {
    let (bytes, _) = crate::shell::escape::format(&source.replace("\\-", "\\055"));
    let chars: Vec<char> = text::decode(&bytes).chars().collect();
    let (mut all, mut at) = (Vec::new(), 0);
    while let Some(c) = chars.get(at).copied() {
        let rest: String = chars.get(at..).unwrap_or_default().iter().take(12).collect();
        if let Some(name) = rest.strip_prefix("[:").and_then(|r| r.split_once(":]")).map(|(name, _)| name) {
            all.extend((0..=127u8).map(char::from).filter(|c| pattern::in_class(name, *c)));
            at += name.len() + 4;
            continue;
        }
        match (chars.get(at + 1), chars.get(at + 2)) {
            (Some('-'), Some(end)) if *end >= c => {
                all.extend((c..=*end).take(70_000));
                at += 3;
            }
            _ => {
                all.push(c);
                at += 1;
            }
        }
    }
    all
}

pub(super) fn tr(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "cCdst",
        values: "",
        long: &[("complement", "c"), ("delete", "d"), ("squeeze-repeats", "s"), ("truncate-set1", "t")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let Some(first) = args.operands.first().map(|s| set(s)) else { return call.fail("missing operand") };
    let second = args.operands.get(1).map(|s| set(s)).unwrap_or_default();
    let complement = args.any("cC");
    let inside = |c: char| first.contains(&c) != complement;
    let source = call.input();
    if !call.m.t.fuel.spend(source.len() as u64) {
        return 1;
    }
    let squeezed =
        if second.is_empty() || args.has("d") && args.operands.len() < 2 { &first } else { &second };
    let squeeze = |c: char| {
        args.has("s")
            && if second.is_empty() { squeezed.contains(&c) != complement } else { squeezed.contains(&c) }
    };
    let last = second.last().copied();
    let mut result = String::with_capacity(source.len());
    for c in source.chars() {
        let out = if !inside(c) {
            Some(c)
        } else if args.has("d") {
            None
        } else if second.is_empty() {
            Some(c)
        } else if complement {
            last
        } else {
            let at = first.iter().position(|known| *known == c).unwrap_or(0);
            second.get(at).copied().or(last)
        };
        if let Some(out) = out
            && !(squeeze(out) && result.ends_with(out))
        {
            result.push(out);
        }
    }
    call.out(&result);
    0
}

pub(super) fn basename(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "az", values: "s", long: &[("multiple", "a"), ("suffix=", "s")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let many = args.has("a") || args.value("s").is_some();
    let suffix = if many { args.value("s") } else { args.operands.get(1).map(String::as_str) }
        .unwrap_or("")
        .to_owned();
    let Some(_) = args.operands.first() else { return call.fail("missing operand") };
    for operand in args.operands.iter().take(if many { usize::MAX } else { 1 }) {
        let name = text::decode(path::file_name(&text::encode(operand)));
        let name = if name.is_empty() && !operand.is_empty() { "/".to_owned() } else { name };
        let shown = name.strip_suffix(&suffix).filter(|short| !short.is_empty()).unwrap_or(&name);
        call.out(&format!("{shown}\n"));
    }
    0
}

pub(super) fn dirname(call: &mut Call<'_, '_>) -> i32 {
    let mut any = false;
    for operand in call.args().iter().filter(|word| *word != "--") {
        any = true;
        let parent = text::decode(path::parent(&text::encode(operand)));
        call.out(&format!("{}\n", if parent.is_empty() { "." } else { &parent }));
    }
    if any { 0 } else { call.fail("missing operand") }
}

fn each_line(call: &mut Call<'_, '_>, operands: &[String], mut change: impl FnMut(&str) -> String) -> i32 {
    let (texts, status) = texts(call, operands);
    for (_, source) in texts {
        let (lines, _) = text::lines(&source);
        for line in lines {
            if !call.m.t.fuel.spend(1) {
                return status;
            }
            let line = change(line);
            call.out(&line);
            call.out("\n");
        }
    }
    status
}

fn plain_operands(call: &Call<'_, '_>) -> Vec<String> {
    call.args().iter().filter(|word| !word.starts_with('-') || *word == "-").cloned().collect()
}

pub(super) fn rev(call: &mut Call<'_, '_>) -> i32 {
    let operands = plain_operands(call);
    each_line(call, &operands, |line| line.chars().rev().collect())
}

pub(super) fn tac(call: &mut Call<'_, '_>) -> i32 {
    let operands = plain_operands(call);
    let (texts, status) = texts(call, &operands);
    for (_, source) in texts {
        let mut lines: Vec<&str> = source.split_inclusive('\n').collect();
        lines.reverse();
        call.out(&lines.concat());
    }
    status
}

pub(super) fn nl(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "p", values: "bnwsiv", long: &[("body-numbering=", "b")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let all = args.value("b") == Some("a");
    let mut number = 0;
    let width = args.value("w").and_then(|w| w.parse().ok()).unwrap_or(6).min(100);
    let separator = args.value("s").unwrap_or("\t").to_owned();
    each_line(call, &args.operands, |line| {
        if line.is_empty() && !all {
            return format!("{:width$}", "");
        }
        number += 1;
        format!("{number:>width$}{separator}{line}")
    })
}

pub(super) fn expand(call: &mut Call<'_, '_>) -> i32 {
    let operands = plain_operands(call);
    each_line(call, &operands, |line| {
        let mut out = String::new();
        for c in line.chars() {
            if c == '\t' {
                out.push_str(&" ".repeat(8 - out.chars().count() % 8));
            } else {
                out.push(c);
            }
        }
        out
    })
}

pub(super) fn fold(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "bs", values: "w", long: &[("width=", "w"), ("spaces", "s")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let width: usize = args.value("w").and_then(|w| w.parse().ok()).unwrap_or(80).max(1);
    each_line(call, &args.operands, |line| {
        let chars: Vec<char> = line.chars().collect();
        let rows: Vec<String> = chars.chunks(width).map(|row| row.iter().collect()).collect();
        rows.join("\n")
    })
}

pub(super) fn paste(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "s", values: "d", long: &[("serial", "s"), ("delimiters=", "d")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let (bytes, _) = crate::shell::escape::format(args.value("d").unwrap_or("\t"));
    let delimiters: Vec<char> = text::decode(&bytes).chars().collect();
    let (texts, status) = texts(call, &args.operands);
    let columns: Vec<Vec<&str>> = texts.iter().map(|(_, source)| text::lines(source).0).collect();
    let join = |cells: Vec<&str>| {
        let mut row = String::new();
        for (number, cell) in cells.into_iter().enumerate() {
            if number > 0
                && let Some(delimiter) = delimiters.get((number - 1) % delimiters.len().max(1))
            {
                row.push(*delimiter);
            }
            row.push_str(cell);
        }
        row + "\n"
    };
    if args.has("s") {
        for column in columns {
            call.out(&join(column));
        }
        return status;
    }
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    for row in 0..rows {
        let line = join(columns.iter().map(|column| column.get(row).copied().unwrap_or("")).collect());
        call.out(&line);
    }
    status
}

pub(super) fn split(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "d",
        values: "lba",
        long: &[("lines=", "l"), ("bytes=", "b"), ("suffix-length=", "a")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let input = args.operands.first().cloned().unwrap_or_else(|| "-".to_owned());
    let prefix = args.operands.get(1).cloned().unwrap_or_else(|| "x".to_owned());
    let contents = match call.open_read(&input) {
        Ok(contents) => contents,
        Err(errno) => return call.fail_errno(&input, errno),
    };
    let pieces: Vec<crate::fs::Contents> = match args.value("b").and_then(super::arguments::size) {
        Some(size) if size > 0 => {
            let count = contents.len().div_ceil(size).min(676);
            (0..count).map(|i| contents.slice(i * size, (i + 1).saturating_mul(size))).collect()
        }
        _ => {
            let lines: usize = args.value("l").and_then(|l| l.parse().ok()).unwrap_or(1000).max(1);
            let source = call.text_of(&contents);
            let all: Vec<&str> = source.split_inclusive('\n').collect();
            all.chunks(lines).take(676).map(|chunk| crate::fs::Contents::text(&chunk.concat())).collect()
        }
    };
    for (number, piece) in pieces.into_iter().enumerate() {
        let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
        let suffix = if args.has("d") {
            format!("{number:02}")
        } else {
            format!("{}{}", letter(number / 26), letter(number))
        };
        let name = format!("{prefix}{suffix}");
        if let Err(errno) = call.m.write(&text::encode(&name), piece, 0o666) {
            return call.fail_errno(&name, errno);
        }
    }
    0
}
