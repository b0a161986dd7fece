//! `od`, `xxd`.

use super::arguments::{Arguments, Spec, size};
use super::sums::bytes_of;
use crate::fs::Contents;
use crate::shell::call::Call;
use crate::shell::text;

/// One way of showing a row: `-t x2`.
#[derive(Clone, Copy)]
struct Shape {
    /// `o x u d c a`
    kind: char,
    /// Bytes in a unit.
    unit: usize,
    /// Columns that a unit takes, with the blank before it.
    width: usize,
    /// `z`: the characters, too.
    printable: bool,
}

impl Shape {
    fn new(kind: char, unit: usize) -> Shape {
        let digits = match (kind, unit) {
            ('c' | 'a', _) => 3,
            ('x', unit) => unit * 2,
            ('o', 1) => 3,
            ('o', 2) => 6,
            ('o', 4) => 11,
            ('o', _) => 22,
            ('u', 1) => 3,
            ('u', 2) => 5,
            ('u', 4) => 10,
            ('u', _) => 20,
            (_, 1) => 4,
            (_, 2) => 6,
            (_, 4) => 11,
            _ => 20,
        };
        Shape { kind, unit, width: digits + 1, printable: false }
    }

    fn cell(self, bytes: &[u8]) -> String {
        let mut word = [0; 8];
        for (slot, byte) in word.iter_mut().zip(bytes) {
            *slot = *byte;
        }
        let value = u64::from_le_bytes(word);
        let width = self.width - 1;
        let unused = 64 - 8 * self.unit.min(8) as u32;
        match self.kind {
            'x' => format!("{value:0width$x}"),
            'o' => format!("{value:0width$o}"),
            'u' => value.to_string(),
            'd' => ((value << unused) as i64 >> unused).to_string(),
            'a' => named(word[0]),
            _ => character(word[0]),
        }
    }
}

/// Reads `-t`: `x1`, `d4z`, `c`, several in one word.
fn shapes(word: &str) -> Option<Vec<Shape>> {
    let mut found = Vec::new();
    let mut chars = word.chars().peekable();
    while let Some(kind) = chars.next() {
        let natural = if matches!(kind, 'c' | 'a') { 1 } else { 4 };
        if !"acdoux".contains(kind) {
            return None;
        }
        let mut unit = match chars.peek() {
            Some('C') => 1,
            Some('S') => 2,
            Some('I') => 4,
            Some('L') => 8,
            _ => 0,
        };
        if unit > 0 {
            chars.next();
        }
        while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
            unit = unit * 10 + digit as usize;
            chars.next();
        }
        let unit = if unit == 0 { natural } else { unit };
        if !matches!(unit, 1 | 2 | 4 | 8) {
            return None;
        }
        let mut shape = Shape::new(kind, unit);
        if chars.next_if_eq(&'z').is_some() {
            shape.printable = true;
        }
        found.push(shape);
    }
    Some(found)
}

pub(super) fn od(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "abcdhilosxvDFHIOX",
        values: "AtNjw",
        long: &[
            ("address-radix=", "A"),
            ("format=", "t"),
            ("read-bytes=", "N"),
            ("skip-bytes=", "j"),
            ("output-duplicates", "v"),
            ("width", "w"),
        ],
    };
    // -w's value is part of its word.
    let words: Vec<String> =
        call.args().iter().map(|word| if word == "-w" { "-w32".to_owned() } else { word.clone() }).collect();
    let args = match Arguments::read(call, &words, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let shapes = match formats(&args, call.busybox) {
        Ok(shapes) => shapes,
        Err(word) => {
            return call
                .either(&format!("invalid type string '{word}'"), &format!("invalid type string '{word}'"));
        }
    };
    let (bytes, skip, status) = match input(call, &args) {
        Ok(found) => found,
        Err(status) => return status,
    };
    let columns = args.value("w").and_then(size).map_or(16, |w| w.clamp(1, 4096) as usize);
    let address = |at: usize| match args.value("A") {
        Some("n") => String::new(),
        Some("d") => format!("{at:07}"),
        Some("x") => format!("{at:06x}"),
        _ => format!("{at:07o}"),
    };
    let indent = " ".repeat(address(0).len());
    let mut before: Option<&[u8]> = None;
    let mut starred = false;
    for (row, chunk) in bytes.chunks(columns).enumerate() {
        if !args.has("v") && before == Some(chunk) && chunk.len() == columns {
            if !starred {
                call.out("*\n");
            }
            starred = true;
            continue;
        }
        (before, starred) = (Some(chunk), false);
        for (number, line) in rows(chunk, columns, &shapes).into_iter().enumerate() {
            let head = if number == 0 { address(row * columns + skip) } else { indent.clone() };
            call.out(&format!("{head}{line}\n"));
        }
    }
    if args.value("A") != Some("n") {
        call.out(&format!("{}\n", address(bytes.len() + skip)));
    }
    status
}

/// A row in every shape; shapes of different width are spread to the widest.
fn rows(chunk: &[u8], columns: usize, shapes: &[Shape]) -> Vec<String> {
    let per_byte = |shape: &Shape| shape.width.div_ceil(shape.unit);
    let widest = shapes.iter().map(per_byte).max().unwrap_or(1);
    let single = shapes.len() == 1;
    let mut lines = Vec::new();
    for shape in shapes {
        let width = if single { shape.width } else { widest * shape.unit };
        let mut line: String =
            chunk.chunks(shape.unit).map(|bytes| format!("{:>width$}", shape.cell(bytes))).collect();
        if shape.printable {
            let missing = (columns - chunk.len()).div_ceil(shape.unit) * width;
            let shown: String = chunk
                .iter()
                .map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' })
                .collect();
            line.push_str(&format!("{}  >{shown}<", " ".repeat(missing)));
        }
        lines.push(line);
    }
    lines
}

/// The shapes that the options ask for, in the order of the letters; a wrong `-t` is returned.
fn formats(args: &Arguments, busybox: bool) -> Result<Vec<Shape>, String> {
    let mut found = Vec::new();
    for word in args.values("t") {
        found.extend(shapes(word).ok_or_else(|| word.to_owned())?);
    }
    for (letters, kind, unit) in [
        ("a", 'a', 1),
        ("b", 'o', 1),
        ("c", 'c', 1),
        ("d", 'u', 2),
        ("i", 'd', if busybox { 2 } else { 4 }),
        ("D", 'u', 4),
        ("l", 'd', 8),
        ("I", 'd', 8),
        ("o", 'o', 2),
        ("O", 'o', 4),
        ("s", 'd', 2),
        ("xh", 'x', 2),
        ("XH", 'x', 4),
    ] {
        if args.any(letters) {
            found.push(Shape::new(kind, unit));
        }
    }
    if found.is_empty() {
        found.push(Shape::new('o', 2));
    }
    Ok(found)
}

/// The bytes to show and where they begin.
fn input(call: &mut Call<'_, '_>, args: &Arguments) -> Result<(Vec<u8>, usize, i32), i32> {
    let limit = args.value("N").and_then(size);
    let skip = args.value("j").and_then(size).unwrap_or(0);
    let operands = if args.operands.is_empty() { vec!["-".to_owned()] } else { args.operands.clone() };
    let (mut all, mut status, mut readable) = (Contents::EMPTY, 0, false);
    for operand in &operands {
        let fds = call.fds;
        let opened = match (operand.as_str(), call.stdin()) {
            ("-", Some(stream)) => Ok(stream),
            _ if call.m.is_dir(&text::encode(operand)) => Err(crate::fs::Errno::EISDIR),
            _ => call.m.open_stream(&text::encode(operand), Default::default(), fds),
        };
        match opened {
            Ok(stream) => {
                let some = match limit {
                    Some(limit) => call.m.read_some(&stream, limit.saturating_add(skip)),
                    None => call.m.read_rest(&stream),
                };
                all.append(&some);
            }
            Err(crate::fs::Errno::EISDIR) if call.busybox => {
                status = call.fail(&format!("{operand}: read error"));
                readable = true;
            }
            Err(errno) => status = call.fail_errno(operand, errno),
        }
    }
    if status != 0 && operands.len() == 1 && !readable {
        return Err(status);
    }
    let end = limit.map_or(all.len(), |limit| limit.saturating_add(skip).min(all.len()));
    let part = all.slice(skip.min(end), end);
    Ok((bytes_of(call, &part), skip as usize, status))
}

fn character(byte: u8) -> String {
    match byte {
        0 => "\\0".to_owned(),
        7 => "\\a".to_owned(),
        8 => "\\b".to_owned(),
        b'\t' => "\\t".to_owned(),
        b'\n' => "\\n".to_owned(),
        11 => "\\v".to_owned(),
        12 => "\\f".to_owned(),
        b'\r' => "\\r".to_owned(),
        b if b.is_ascii_graphic() || b == b' ' => char::from(b).to_string(),
        b => format!("{b:03o}"),
    }
}

/// `od -a`: names of the seven-bit characters.
fn named(byte: u8) -> String {
    const NAMES: [&str; 33] = [
        "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "nl", "vt", "ff", "cr", "so",
        "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc", "fs", "gs",
        "rs", "us", "sp",
    ];
    let low = byte & 0x7f;
    match NAMES.get(usize::from(low)) {
        Some(name) => (*name).to_owned(),
        None if low == 0x7f => "del".to_owned(),
        None => char::from(low).to_string(),
    }
}

pub(super) fn xxd(call: &mut Call<'_, '_>) -> i32 {
    let plain = |word: &String| if word == "-ps" && !call.busybox { "-p".to_owned() } else { word.clone() };
    let words: Vec<String> = call.args().iter().map(plain).collect();
    let spec = Spec { flags: "pruibae", values: "lcsgo", long: &[] };
    let args = match Arguments::read(call, &words, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let operand = args.operands.first().cloned().unwrap_or_else(|| "-".to_owned());
    let contents = match call.open_read(&operand) {
        Ok(contents) => contents,
        Err(errno) => {
            let status = call.fail_errno(&operand, errno);
            return if call.busybox { status } else { 2 };
        }
    };
    let skip = args.value("s").and_then(size).unwrap_or(0).min(contents.len());
    let limit = args.value("l").and_then(size).unwrap_or(u64::MAX);
    let bytes = bytes_of(call, &contents.slice(skip, skip.saturating_add(limit).min(contents.len())));
    if args.has("r") {
        let decoded = if args.has("p") { plain_hex(&bytes) } else { dumped_hex(&bytes) };
        call.out_bytes(&decoded);
        return 0;
    }
    if args.has("i") {
        let shown = c_source(&operand, &bytes, call.busybox);
        call.out(&shown);
        return 0;
    }
    let default = if args.has("p") {
        30
    } else if args.has("b") {
        6
    } else {
        16
    };
    let columns: usize =
        args.value("c").and_then(|c| c.parse().ok()).filter(|c| *c > 0).unwrap_or(default).min(256);
    let group: usize =
        args.value("g").and_then(|g| g.parse().ok()).unwrap_or(if args.has("b") { 1 } else { 2 });
    let group = if group == 0 { columns } else { group };
    let one = |byte: &u8| match (args.has("b"), args.has("u")) {
        (true, _) => format!("{byte:08b}"),
        (_, true) => format!("{byte:02X}"),
        _ => format!("{byte:02x}"),
    };
    let row_of = |count: usize| count * if args.has("b") { 8 } else { 2 } + count.div_ceil(group);
    for (row, chunk) in bytes.chunks(columns).enumerate() {
        if args.has("p") {
            let line: String = chunk.iter().map(one).collect();
            call.out(&format!("{line}\n"));
            continue;
        }
        let groups: Vec<String> = chunk.chunks(group).map(|bytes| bytes.iter().map(one).collect()).collect();
        let shown: String =
            chunk.iter().map(|b| if (32..127).contains(b) { char::from(*b) } else { '.' }).collect();
        let width = row_of(columns);
        let at = row * columns + skip as usize;
        call.out(&format!("{at:08x}: {:<width$} {shown}\n", groups.join(" ")));
    }
    0
}

/// `xxd -r -p`: hexadecimal digits, whatever stands between them.
fn plain_hex(bytes: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = bytes.iter().filter_map(|b| char::from(*b).to_digit(16).map(|d| d as u8)).collect();
    digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |all, d| all << 4 | d)).collect()
}

/// `xxd -r`: the rows of a dump, each at its address.
fn dumped_hex(bytes: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    for line in bytes.split(|b| *b == b'\n') {
        let line = String::from_utf8_lossy(line);
        let Some((address, rest)) = line.split_once(':') else { continue };
        let Ok(at) = usize::from_str_radix(address.trim(), 16) else { continue };
        let body = rest.trim_start().split("  ").next().unwrap_or("");
        let row = plain_hex(body.as_bytes());
        if at <= 16 << 20 {
            out.resize(out.len().max(at), 0);
            out.truncate(at);
            out.extend(row);
        }
    }
    out
}

/// `xxd -i`: an array of C.
fn c_source(name: &str, bytes: &[u8], busybox: bool) -> String {
    let rows: Vec<String> = bytes
        .chunks(12)
        .map(|row| format!("  {}", row.iter().map(|b| format!("0x{b:02x}")).collect::<Vec<_>>().join(", ")))
        .collect();
    let last = if busybox && !bytes.is_empty() { "," } else { "" };
    let body = format!("{}{last}\n", rows.join(",\n"));
    if name == "-" {
        return body;
    }
    let symbol: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("unsigned char {symbol}[] = {{\n{body}}};\nunsigned int {symbol}_len = {};\n", bytes.len())
}
