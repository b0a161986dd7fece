//! `cat`, `head`, `tail`, `tee`.

use super::arguments::{Arguments, Spec, size};
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use crate::shell::text;

fn operands(args: &Arguments) -> Vec<String> {
    if args.operands.is_empty() { vec!["-".to_owned()] } else { args.operands.clone() }
}

pub(super) fn cat(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "nbAeEtTsuv",
        values: "",
        long: &[
            ("number", "n"),
            ("number-nonblank", "b"),
            ("show-all", "A"),
            ("show-ends", "E"),
            ("show-tabs", "T"),
            ("show-nonprinting", "v"),
            ("squeeze-blank", "s"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let plain = !args.any("nbAeEtTsv");
    let (mut status, mut line) = (0, 1);
    for operand in operands(&args) {
        if plain && endless(call, &operand) {
            continue;
        }
        let contents = match call.open_read(&operand) {
            Ok(contents) => contents,
            Err(Errno::EISDIR) if !plain && call.busybox => continue,
            Err(Errno::EISDIR) => {
                status = call.either("read error: Is a directory", &format!("{operand}: Is a directory"));
                continue;
            }
            Err(errno) => {
                let busybox = if plain { format!("can't open '{operand}'") } else { operand.clone() };
                status = call.either_errno(&busybox, &operand, errno);
                continue;
            }
        };
        if plain {
            call.out_contents(&contents);
        } else {
            let text = call.text_of(&contents);
            decorated(call, &args, &text, &mut line);
        }
        if call.broken() {
            break;
        }
    }
    status
}

/// An endless device into a pipe: as much as a reader may want.
fn endless(call: &mut Call<'_, '_>, operand: &str) -> bool {
    use crate::shell::stream::{Endless, Open};
    let fds = call.fds;
    let stream = if operand == "-" {
        call.stdin()
    } else {
        call.m.open_stream(&text::encode(operand), Default::default(), fds).ok()
    };
    let which = stream.and_then(|stream| match &*stream.borrow() {
        Open::Endless(which) => Some(*which),
        _ => None,
    });
    let Some(which) = which else { return false };
    let into_pipe = call.fds.get(1).is_some_and(|out| matches!(&*out.borrow(), Open::Bag(bag) if bag.pipe));
    if !into_pipe {
        call.m.t.fuel.spend_bytes(u64::MAX);
        return true;
    }
    let much = 1 << 40;
    let contents = match which {
        Endless::Zero => Contents::fill(0, much),
        Endless::Random => Contents::seeded("/dev/urandom", much),
    };
    call.out_contents(&contents);
    if let Some(out) = call.fds.get(1)
        && let Open::Bag(bag) = &mut *out.borrow_mut()
    {
        bag.full = true;
    }
    true
}

fn decorated(call: &mut Call<'_, '_>, args: &Arguments, source: &str, number: &mut usize) {
    let (lines, ended) = text::lines(source);
    let last = lines.len();
    // busybox numbers line by line, and ends each (`coreutils/cat.c`).
    let ended = ended || call.busybox && args.any("nb") && !args.any("vAet");
    let mut blank_before = false;
    for (at, line) in lines.into_iter().enumerate() {
        if args.has("s") && line.is_empty() && blank_before {
            continue;
        }
        blank_before = line.is_empty();
        let mut shown = String::new();
        if args.has("b") && !line.is_empty() || args.has("n") && !args.has("b") {
            shown.push_str(&format!("{:>6}\t", *number));
            *number += 1;
        }
        let bytes = text::encode(line);
        let line = if args.any("vAet") { text::decode(&visible(&bytes)) } else { line.to_owned() };
        let tabs = args.any("AtT");
        shown.push_str(&if tabs { line.replace('\t', "^I") } else { line });
        if at + 1 < last || ended {
            shown.push_str(if args.any("AeE") { "$\n" } else { "\n" });
        }
        call.out(&shown);
    }
}

/// `cat -v`: `^A`, `M-x`.
fn visible(bytes: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(bytes.len());
    for byte in bytes {
        let low = byte & 0x7f;
        if *byte >= 0x80 {
            shown.extend_from_slice(b"M-");
        }
        match low {
            b'\t' if *byte < 0x80 => shown.push(b'\t'),
            0..32 => shown.extend_from_slice(&[b'^', low + 64]),
            127 => shown.extend_from_slice(b"^?"),
            _ => shown.push(low),
        }
    }
    shown
}

/// How much: lines or bytes, from which end.
struct Amount {
    bytes: bool,
    count: u64,
    /// `-n -3` of head, `-n +3` of tail.
    signed: bool,
}

fn amount(word: &str, bytes: bool, sign: char) -> Option<Amount> {
    let signed = word.starts_with(sign);
    let digits = word.trim_start_matches(['+', '-']);
    Some(Amount { bytes, count: size(digits)?, signed })
}

/// `-5` is `-n 5`.
fn old_style(args: &[String], also_plus: bool) -> Vec<String> {
    let mut words = args.to_vec();
    if let Some(first) = words.first_mut() {
        let digits = first.strip_prefix('-').or_else(|| first.strip_prefix('+').filter(|_| also_plus));
        if let Some(digits) = digits
            && digits.starts_with(|c: char| c.is_ascii_digit())
        {
            let sign = if first.starts_with('+') { "+" } else { "" };
            *first = format!("-n{sign}{digits}");
        }
    }
    words
}

const ENDS: Spec = Spec {
    flags: "qvfFz",
    values: "ncs",
    long: &[
        ("lines=", "n"),
        ("bytes=", "c"),
        ("quiet", "q"),
        ("silent", "q"),
        ("verbose", "v"),
        ("follow", "f"),
        ("retry", "retry"),
        ("pid=", "pid"),
        ("sleep-interval=", "s"),
        ("zero-terminated", "z"),
    ],
};

fn ends(call: &mut Call<'_, '_>, sign: char) -> Result<(Arguments, Amount), i32> {
    let words = old_style(call.args(), sign == '+');
    // GNU tail takes the old form with one file only.
    let old = words.first() != call.args().first() && !call.busybox;
    if old && call.name == "tail" && words.len() > 2 {
        let letter: String = call.args().first().map_or("", String::as_str).chars().skip(1).take(1).collect();
        return Err(call.fail(&format!("option used in invalid context -- {letter}")));
    }
    let args = Arguments::read(call, &words, &ENDS)?;
    let (word, bytes) = match (args.value("c"), args.value("n")) {
        (Some(word), _) => (word, true),
        (None, Some(word)) => (word, false),
        (None, None) => ("10", false),
    };
    match amount(word, bytes, sign) {
        Some(amount) => Ok((args, amount)),
        None => {
            let what = if bytes { "bytes" } else { "lines" };
            Err(call
                .either(&format!("invalid number '{word}'"), &format!("invalid number of {what}: '{word}'")))
        }
    }
}

/// Prints the part of every operand that `cut` picks, with heads between several.
fn parts(
    call: &mut Call<'_, '_>,
    args: &Arguments,
    mut cut: impl FnMut(&mut Call<'_, '_>, &str) -> Result<Contents, Errno>,
    words: (&str, &str),
) -> i32 {
    let list = operands(args);
    // busybox's tail opens all files first and counts those that it could open.
    let tail = call.busybox && call.name == "tail";
    let opened = match tail {
        true => list.iter().filter(|name| *name == "-" || call.m.exists(&text::encode(name))).count(),
        false => list.len(),
    };
    let heads = (opened > 1 || args.has("v")) && !args.has("q");
    let mut status = 0;
    let mut first = true;
    for operand in list {
        match cut(call, &operand) {
            Ok(contents) => {
                if heads {
                    let name = if operand == "-" { "standard input" } else { &operand };
                    call.out(&format!("{}==> {name} <==\n", if first { "" } else { "\n" }));
                }
                first = false;
                call.out_contents(&contents);
            }
            Err(Errno::EISDIR) => {
                if heads {
                    call.out(&format!("{}==> {operand} <==\n", if first { "" } else { "\n" }));
                }
                first = false;
                let gnu = format!("error reading '{operand}': Is a directory");
                // busybox reads through stdio, which forgets why it failed.
                let operand = if operand == "-" { "standard input".to_owned() } else { operand };
                let what = if tail {
                    "read error: Is a directory".to_owned()
                } else {
                    format!("{operand}: Input/output error")
                };
                status = call.either(&what, &gnu);
            }
            Err(errno) => {
                // busybox's head puts an empty line before every head but the first operand's.
                first &= !(call.busybox && call.name == "head");
                let gnu = words.1.replace("{}", &operand);
                status = call.either_errno(&words.0.replace("{}", &operand), &gnu, errno);
            }
        }
    }
    status
}

pub(super) fn head(call: &mut Call<'_, '_>) -> i32 {
    let (args, amount) = match ends(call, '-') {
        Ok(found) => found,
        Err(status) => return status,
    };
    let cut = |call: &mut Call<'_, '_>, operand: &str| head_of(call, operand, &amount);
    parts(call, &args, cut, ("{}", "cannot open '{}' for reading"))
}

fn head_of(call: &mut Call<'_, '_>, operand: &str, amount: &Amount) -> Result<Contents, Errno> {
    if amount.signed {
        let contents = call.open_read(operand)?;
        let end = if amount.bytes {
            contents.len().saturating_sub(amount.count)
        } else {
            let starts = line_starts(call, &contents);
            let keep = (starts.len() as u64).saturating_sub(amount.count) as usize;
            starts.get(keep).copied().unwrap_or(contents.len())
        };
        return Ok(contents.slice(0, end));
    }
    let stream = if operand == "-" {
        call.stdin().ok_or(Errno::EBADF)?
    } else {
        let bytes = text::encode(operand).into_owned();
        if call.m.is_dir(&bytes) {
            return Err(Errno::EISDIR);
        }
        let fds = call.fds;
        call.m.open_stream(&bytes, Default::default(), fds)?
    };
    if amount.bytes {
        return Ok(call.m.read_some(&stream, amount.count));
    }
    let mut taken = Vec::new();
    for _ in 0..amount.count {
        let line = call.m.read_line(&stream);
        if line.is_empty() {
            break;
        }
        taken.extend_from_slice(&line);
    }
    Ok(Contents::bytes(taken))
}

/// Where each line begins.
fn line_starts(call: &mut Call<'_, '_>, contents: &Contents) -> Vec<u64> {
    let Some(bytes) = contents.to_bytes(64 << 20) else {
        call.m.t.fuel.spend_bytes(u64::MAX);
        return Vec::new();
    };
    call.m.t.fuel.spend(bytes.len() as u64 / 64);
    let mut starts: Vec<u64> = if bytes.is_empty() { Vec::new() } else { vec![0] };
    let ends = bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at as u64 + 1);
    starts.extend(ends.filter(|at| *at < bytes.len() as u64));
    starts
}

pub(super) fn tail(call: &mut Call<'_, '_>) -> i32 {
    let (args, amount) = match ends(call, '+') {
        Ok(found) => found,
        Err(status) => return status,
    };
    if args.any("fF") {
        // It would wait for ever for more.
        call.m.t.fuel.spend(u64::MAX);
        return 137;
    }
    let cut = |call: &mut Call<'_, '_>, operand: &str| {
        let contents = call.open_read(operand)?;
        let from = match (amount.bytes, amount.signed) {
            (true, true) => amount.count.saturating_sub(1),
            (true, false) => contents.len().saturating_sub(amount.count),
            (false, signed) => {
                let starts = line_starts(call, &contents);
                let skip = if signed {
                    amount.count.saturating_sub(1)
                } else {
                    (starts.len() as u64).saturating_sub(amount.count)
                };
                starts.get(skip as usize).copied().unwrap_or(contents.len())
            }
        };
        Ok(contents.slice(from, contents.len()))
    };
    let status = parts(call, &args, cut, ("can't open '{}'", "cannot open '{}' for reading"));
    let none = |call: &mut Call<'_, '_>| !args.operands.iter().any(|name| call.m.exists(&text::encode(name)));
    if status != 0 && call.busybox && !args.operands.is_empty() && none(call) {
        call.fail("no files");
    }
    status
}

pub(super) fn tee(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "aip", values: "", long: &[("append", "a"), ("ignore-interrupts", "i")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let append = args.has("a");
    let mut status = 0;
    let mut streams = Vec::new();
    let mut copies = 1;
    for operand in &args.operands {
        if operand == "-" && call.busybox {
            copies += 1;
            continue;
        }
        let flags = crate::union::Open {
            write: true,
            create: true,
            append,
            trunc: !append,
            mode: 0o666,
            ..Default::default()
        };
        let fds = call.fds;
        match call.m.open_stream(&text::encode(operand), flags, fds) {
            Ok(stream) => streams.push(stream),
            Err(errno) => status = call.fail_errno(operand, errno),
        }
    }
    let input = call.input_contents();
    for stream in streams {
        call.m.emit_contents(&stream, &input);
    }
    for _ in 0..copies {
        call.out_contents(&input);
    }
    status
}
