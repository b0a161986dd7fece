//! Filters on text: `wc`, `cut`, `tr` and their like.

use super::arguments::{Arguments, Spec};
use crate::fs::{Errno, path};
use crate::shell::call::Call;
use crate::shell::text;

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
            // busybox opens a directory and reads nothing from it, which some of its applets tell.
            Err(Errno::EISDIR) if call.busybox && call.name != "tac" => {
                if matches!(call.name.as_str(), "expand" | "unexpand" | "fold") {
                    let shown = if operand == "-" { "standard input" } else { &operand };
                    status = call.fail(&format!("{shown}: Input/output error"));
                }
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
    // GNU pads to the digits of all sizes together, and to 7 when something is no regular file.
    let (mut bytes, mut regular) = (0u64, true);
    for operand in &list {
        let name = if args.operands.is_empty() { String::new() } else { operand.clone() };
        let contents = match call.open_read(operand) {
            Ok(contents) => contents,
            Err(errno) => {
                let shown = if operand == "-" { "standard input" } else { operand };
                status = call.fail_errno(shown, errno);
                if errno == Errno::EISDIR {
                    regular = false;
                    rows.push((columns.iter().map(|_| 0).collect(), name));
                }
                continue;
            }
        };
        bytes = bytes.saturating_add(contents.len());
        regular &= operand != "-" || call.stdin_is_file();
        let only_size = columns == ['c'];
        let counts = if only_size { vec![contents.len()] } else { count(call, &contents, &columns) };
        rows.push((counts, name));
    }
    if list.len() > 1 {
        let of = |i: usize| rows.iter().filter_map(move |(c, _)| c.get(i).copied());
        let longest = |i: usize| columns.get(i) == Some(&'L');
        let total = (0..columns.len())
            .map(|i| if longest(i) { of(i).max().unwrap_or(0) } else { of(i).sum() })
            .collect();
        rows.push((total, "total".to_owned()));
    }
    let width = match (columns.len(), call.busybox) {
        (1, _) if list.len() == 1 => 0,
        (_, true) => 9,
        (_, false) if !regular => 7,
        (_, false) => bytes.to_string().len(),
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
            // A word needs a character that can be seen; others neither begin nor end one.
            if byte.is_ascii_whitespace() || *byte == 0x0b {
                inside = false;
            } else if byte.is_ascii_graphic() {
                words += u64::from(!inside);
                inside = true;
            }
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

pub(super) fn basename(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "az", values: "s", long: &[("multiple", "a"), ("suffix=", "s"), ("zero", "z")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let many = args.has("a") || args.value("s").is_some();
    let suffix = if many { args.value("s") } else { args.operands.get(1).map(String::as_str) }
        .unwrap_or("")
        .to_owned();
    let Some(_) = args.operands.first() else { return call.usage("missing operand") };
    if !many && args.operands.len() > 2 {
        let extra = args.operands.get(2).map_or("", String::as_str);
        return call.usage(&format!("extra operand '{extra}'"));
    }
    let end = if args.has("z") { '\0' } else { '\n' };
    for operand in args.operands.iter().take(if many { usize::MAX } else { 1 }) {
        let name = text::decode(path::file_name(&text::encode(operand.trim_end_matches('/'))));
        let name = if name.is_empty() && !operand.is_empty() { "/".to_owned() } else { name };
        let shown = name.strip_suffix(&suffix).filter(|short| !short.is_empty()).unwrap_or(&name);
        call.out(&format!("{shown}{end}"));
    }
    0
}

pub(super) fn dirname(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "z", values: "", long: &[("zero", "z")] };
    // busybox takes one path and no option.
    let args = if call.busybox {
        let operands = call.args().iter().filter(|word| *word != "--").cloned().collect();
        Arguments::plain(operands)
    } else {
        match Arguments::parse(call, &spec) {
            Ok(args) => args,
            Err(status) => return status,
        }
    };
    if args.operands.is_empty() || call.busybox && args.operands.len() > 1 {
        return call.usage("missing operand");
    }
    let end = if args.has("z") { '\0' } else { '\n' };
    for operand in &args.operands {
        let trimmed = operand.trim_end_matches('/');
        let parent = trimmed.rfind('/').map(|at| trimmed[..at].trim_end_matches('/'));
        let shown = match (parent, operand.starts_with('/')) {
            // busybox's C library keeps two slashes.
            (Some(""), _) if call.busybox && operand.starts_with("//") && !operand.starts_with("///") => "//",
            (Some("") | None, true) => "/",
            (None, false) => ".",
            (Some(parent), _) => parent,
        };
        call.out(&format!("{shown}{end}"));
    }
    0
}

pub(super) fn each_line(
    call: &mut Call<'_, '_>,
    operands: &[String],
    mut change: impl FnMut(&str) -> String,
) -> i32 {
    let (texts, status) = texts(call, operands);
    // nl ends the last line, the others leave it as it is.
    let ends = call.name == "nl";
    for (_, source) in texts {
        let (lines, ended) = text::lines(&source);
        let last = lines.len();
        for (at, line) in lines.into_iter().enumerate() {
            if !call.m.t.fuel.spend(1) {
                return status;
            }
            let line = change(line);
            call.out(&line);
            if ended || ends || at + 1 < last {
                call.out("\n");
            }
        }
    }
    status
}

pub(super) fn plain_operands(call: &Call<'_, '_>) -> Vec<String> {
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

pub(super) fn paste(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "s", values: "d", long: &[("serial", "s"), ("delimiters=", "d")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    if call.busybox && args.value("d") == Some("") {
        return call.fail("-d '' is not supported");
    }
    let delimiters = delimiters(args.value("d").unwrap_or("\t"));
    let delimiter = |number: usize| delimiters.get(number % delimiters.len().max(1)).copied().flatten();
    let (columns, status) = columns(call, &args.operands, args.has("s"));
    let mut out = String::new();
    if args.has("s") {
        for column in &columns {
            for (number, cell) in column.iter().enumerate() {
                if number > 0 {
                    out.extend(delimiter(number - 1));
                }
                out.push_str(cell);
            }
            if !column.is_empty() || !call.busybox {
                out.push('\n');
            }
        }
        call.out(&out);
        return status;
    }
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    let last = columns.len().saturating_sub(1);
    for row in 0..rows {
        let mut used = 0;
        for (number, column) in columns.iter().enumerate() {
            let cell = column.get(row);
            // busybox drops a file that has ended, with its delimiter.
            if cell.is_none() && call.busybox {
                continue;
            }
            out.push_str(cell.map_or("", String::as_str));
            if number == last {
                out.push('\n');
            } else {
                out.extend(delimiter(used));
                used += 1;
            }
        }
        if !call.m.t.fuel.spend(1) {
            return status;
        }
    }
    call.out(&out);
    status
}

/// The characters between columns, used in turn; `\0` is none.
fn delimiters(list: &str) -> Vec<Option<char>> {
    let mut found = Vec::new();
    let mut chars = list.chars();
    while let Some(c) = chars.next() {
        found.push(match c {
            '\\' => match chars.next() {
                Some('n') => Some('\n'),
                Some('t') => Some('\t'),
                Some('0') => None,
                Some(other) => Some(other),
                None => Some('\\'),
            },
            c => Some(c),
        });
    }
    found
}

/// The lines of each operand; several `-` take turns at standard input.
fn columns(call: &mut Call<'_, '_>, operands: &[String], serial: bool) -> (Vec<Vec<String>>, i32) {
    let list = if operands.is_empty() { vec!["-".to_owned()] } else { operands.to_vec() };
    let shared = list.iter().filter(|operand| *operand == "-").count();
    let input: Vec<String> = match shared {
        0 => Vec::new(),
        _ => {
            let source = call.input();
            text::lines(&source).0.into_iter().map(str::to_owned).collect()
        }
    };
    let (mut found, mut status, mut turn) = (Vec::new(), 0, 0);
    for operand in &list {
        if operand == "-" {
            let all = serial || shared == 1;
            found.push(if all && turn == 0 {
                input.clone()
            } else if all {
                Vec::new()
            } else {
                input.iter().skip(turn).step_by(shared).cloned().collect()
            });
            turn += 1;
            continue;
        }
        match call.open_read(operand) {
            Ok(contents) => {
                let source = call.text_of(&contents);
                found.push(text::lines(&source).0.into_iter().map(str::to_owned).collect());
            }
            // busybox opens a directory and reads nothing from it.
            Err(Errno::EISDIR) if call.busybox => found.push(Vec::new()),
            Err(errno) => {
                status = call.fail_errno(operand, errno);
                if !serial && (call.busybox || errno != Errno::EISDIR) {
                    return (Vec::new(), status);
                }
                found.push(Vec::new());
            }
        }
    }
    (found, status)
}
