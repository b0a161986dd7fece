//! Checksums, encodings, comparisons.

use super::arguments::{Arguments, Spec};
use super::text_tools::texts;
use crate::fs::{Contents, Digest};
use crate::shell::call::Call;
use crate::shell::text;

pub(super) fn refuse(call: &mut Call<'_, '_>) -> i32 {
    let name = call.name.clone();
    call.m.not_modelled(&name)
}

pub(super) fn sha256sum(call: &mut Call<'_, '_>) -> i32 {
    checksums(call, |bytes| Digest::of(bytes).hex())
}

pub(super) fn md5sum(call: &mut Call<'_, '_>) -> i32 {
    checksums(call, super::md5::hex)
}

fn bytes_of(call: &mut Call<'_, '_>, contents: &Contents) -> Vec<u8> {
    if !call.m.t.fuel.spend_bytes(contents.len()) {
        return Vec::new();
    }
    contents.to_bytes(256 << 20).unwrap_or_default()
}

fn checksums(call: &mut Call<'_, '_>, sum: fn(&[u8]) -> String) -> i32 {
    let spec = Spec {
        flags: "cbstwz",
        values: "",
        long: &[
            ("check", "c"),
            ("status", "s"),
            ("quiet", "q"),
            ("strict", "x"),
            ("warn", "w"),
            ("ignore-missing", "i"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let operands = if args.operands.is_empty() { vec!["-".to_owned()] } else { args.operands.clone() };
    if args.has("c") {
        return check(call, &args, &operands, sum);
    }
    let mut status = 0;
    for operand in &operands {
        match call.open_read(operand) {
            Ok(contents) => {
                let bytes = bytes_of(call, &contents);
                call.out(&format!("{}  {operand}\n", sum(&bytes)));
            }
            Err(errno) => status = call.either_errno(&format!("can't open '{operand}'"), operand, errno),
        }
    }
    status
}

fn check(call: &mut Call<'_, '_>, args: &Arguments, operands: &[String], sum: fn(&[u8]) -> String) -> i32 {
    let (lists, mut status) = texts(call, operands);
    let mut wrong = 0;
    for (_, list) in lists {
        for line in list.lines() {
            let Some((wanted, name)) = line.split_once([' ', '\t']) else { continue };
            let name = name.trim_start().trim_start_matches('*');
            let found = match call.open_read(name) {
                Ok(contents) => sum(&bytes_of(call, &contents)),
                Err(errno) => {
                    status = call.either_errno(&format!("can't open '{name}'"), name, errno);
                    String::new()
                }
            };
            let fine = found.eq_ignore_ascii_case(wanted);
            wrong += i32::from(!fine);
            if !args.any("sq") || !fine && !args.has("s") {
                call.out(&format!("{name}: {}\n", if fine { "OK" } else { "FAILED" }));
            }
        }
    }
    if wrong > 0 {
        status = 1;
        if !args.has("s") {
            call.either(
                &format!("WARNING: {wrong} of {wrong} computed checksums did NOT match"),
                &format!(
                    "WARNING: {wrong} computed checksum{} did NOT match",
                    if wrong == 1 { "" } else { "s" }
                ),
            );
        }
    }
    status
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn base64(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "di", values: "w", long: &[("decode", "d"), ("wrap=", "w")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let operand = args.operands.first().cloned().unwrap_or_else(|| "-".to_owned());
    let contents = match call.open_read(&operand) {
        Ok(contents) => contents,
        Err(errno) => return call.fail_errno(&operand, errno),
    };
    let bytes = bytes_of(call, &contents);
    if args.has("d") {
        let Some(decoded) = decode64(&bytes) else {
            return call.either("invalid input", "invalid input");
        };
        call.out_bytes(&decoded);
        return 0;
    }
    let encoded = encode64(&bytes);
    let wrap: usize = args.value("w").and_then(|w| w.parse().ok()).unwrap_or(76);
    if wrap == 0 {
        call.out(&encoded);
        if call.busybox {
            call.out("\n");
        }
        return 0;
    }
    for row in encoded.as_bytes().chunks(wrap) {
        call.out_bytes(row);
        call.out("\n");
    }
    0
}

fn encode64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let index = (word >> (18 - 6 * at) & 63) as usize;
            let letter = ALPHABET.get(index).copied().unwrap_or(b'=');
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

fn decode64(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut word, mut bits) = (Vec::new(), 0u32, 0);
    for byte in bytes.iter().filter(|b| !b.is_ascii_whitespace()) {
        if *byte == b'=' {
            break;
        }
        let value = ALPHABET.iter().position(|letter| letter == byte)? as u32;
        word = word << 6 | value;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    Some(out)
}

pub(super) fn cmp(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "sl", values: "n", long: &[("silent", "s"), ("quiet", "s")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let [first, second, ..] = &args.operands[..] else {
        call.fail("missing operand");
        return 2;
    };
    let mut read = |name: &String| match call.open_read(name) {
        Ok(contents) => Ok(contents),
        Err(errno) => {
            call.either_errno(&format!("can't open '{name}'"), name, errno);
            Err(2)
        }
    };
    let (a, b) = match (read(first), read(second)) {
        (Ok(a), Ok(b)) => (a, b),
        _ => return 2,
    };
    if a == b {
        return 0;
    }
    if args.has("s") {
        return 1;
    }
    let (x, y) = (bytes_of(call, &a), bytes_of(call, &b));
    match x.iter().zip(&y).position(|(p, q)| p != q) {
        Some(at) => {
            let line = x.iter().take(at).filter(|c| **c == b'\n').count() + 1;
            let char_word = if call.busybox { "char" } else { "byte" };
            call.out(&format!("{first} {second} differ: {char_word} {}, line {line}\n", at + 1));
        }
        None => {
            let short = if x.len() < y.len() { first } else { second };
            call.fail(&format!("EOF on {short}"));
        }
    }
    1
}

pub(super) fn diff(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "uqraNbwBisd",
        values: "UL",
        long: &[
            ("brief", "q"),
            ("unified", "u"),
            ("recursive", "r"),
            ("new-file", "N"),
            ("unified=", "U"),
            ("label=", "L"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let [first, second] = &args.operands[..] else {
        call.fail("missing operand");
        return 2;
    };
    let (texts, status) = texts(call, &[first.clone(), second.clone()]);
    let [(_, a), (_, b)] = &texts[..] else { return status.max(2) };
    if a == b {
        return 0;
    }
    if args.has("q") {
        call.out(&format!("Files {first} and {second} differ\n"));
        return 1;
    }
    if !call.m.t.fuel.spend((a.len() as u64).saturating_add(b.len() as u64)) {
        return 2;
    }
    let changes = similar::TextDiff::from_lines(a.as_str(), b.as_str());
    if args.any("uU") || call.busybox {
        let header = |name: &str| format!("{name}\t2024-01-01 00:00:00.000000000 +0000");
        let (left, right) =
            if call.busybox { (first.clone(), second.clone()) } else { (header(first), header(second)) };
        let shown = changes.unified_diff().context_radius(3).header(&left, &right).to_string();
        call.out(&shown);
        return 1;
    }
    for op in changes.ops() {
        let (tag, old, new) = op.as_tag_tuple();
        let span = |range: &std::ops::Range<usize>| match range.len() {
            0 => range.start.to_string(),
            1 => (range.start + 1).to_string(),
            _ => format!("{},{}", range.start + 1, range.end),
        };
        let letter = match tag {
            similar::DiffTag::Equal => continue,
            similar::DiffTag::Delete => 'd',
            similar::DiffTag::Insert => 'a',
            similar::DiffTag::Replace => 'c',
        };
        call.out(&format!("{}{letter}{}\n", span(&old), span(&new)));
        let side = |text: &str, range: std::ops::Range<usize>, mark: char| -> String {
            let lines = text.split_inclusive('\n').skip(range.start).take(range.len());
            lines.map(|line| format!("{mark} {}\n", line.trim_end_matches('\n'))).collect()
        };
        let removed = side(a, old, '<');
        call.out(&removed);
        if letter == 'c' {
            call.out("---\n");
        }
        let added = side(b, new, '>');
        call.out(&added);
    }
    1
}

pub(super) fn od(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "bcdoxvh",
        values: "AtNjw",
        long: &[("address-radix=", "A"), ("format=", "t"), ("read-bytes=", "N")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let operand = args.operands.first().cloned().unwrap_or_else(|| "-".to_owned());
    let limit = args.value("N").and_then(super::arguments::size);
    let contents = match (operand.as_str(), limit, call.stdin()) {
        ("-", Some(limit), Some(stream)) => call.m.read_some(&stream, limit),
        (_, Some(limit), _) => {
            let fds = call.fds;
            match call.m.open_stream(&text::encode(&operand), Default::default(), fds) {
                Ok(stream) => call.m.read_some(&stream, limit),
                Err(errno) => return call.fail_errno(&operand, errno),
            }
        }
        _ => match call.open_read(&operand) {
            Ok(contents) => contents,
            Err(errno) => return call.fail_errno(&operand, errno),
        },
    };
    let skip = args.value("j").and_then(super::arguments::size).unwrap_or(0);
    let contents = contents.slice(skip, contents.len());
    let bytes = bytes_of(call, &contents);
    let format = args.value("t").unwrap_or(if args.has("c") {
        "c"
    } else if args.has("x") {
        "x2"
    } else if args.has("b") {
        "o1"
    } else {
        "o2"
    });
    let address = |at: usize| match args.value("A") {
        Some("n") => String::new(),
        Some("d") => format!("{at:07}"),
        Some("x") => format!("{at:06x}"),
        _ => format!("{at:07o}"),
    };
    for (row, chunk) in bytes.chunks(16).enumerate() {
        let cells: String = match format {
            "c" => chunk.iter().map(|b| format!(" {:>3}", character(*b))).collect(),
            "x1" => chunk.iter().map(|b| format!(" {b:02x}")).collect(),
            "o1" => chunk.iter().map(|b| format!(" {b:03o}")).collect(),
            "u1" | "d1" => chunk.iter().map(|b| format!(" {b:>3}")).collect(),
            "x2" | "o2" | "u2" | "d2" => chunk.chunks(2).map(|pair| word(format, pair)).collect(),
            _ => chunk.iter().map(|b| format!(" {b:02x}")).collect(),
        };
        call.out(&format!("{}{cells}\n", address(row * 16 + skip as usize)));
    }
    if args.value("A") != Some("n") {
        call.out(&format!("{}\n", address(bytes.len() + skip as usize)));
    }
    0
}

fn word(format: &str, pair: &[u8]) -> String {
    let value = pair.first().copied().map_or(0, u16::from) | pair.get(1).copied().map_or(0, u16::from) << 8;
    match format {
        "x2" => format!(" {value:04x}"),
        "o2" => format!(" {value:06o}"),
        _ => format!(" {value:>5}"),
    }
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

pub(super) fn xxd(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "pruib", values: "lcsg", long: &[] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let operand = args.operands.first().cloned().unwrap_or_else(|| "-".to_owned());
    let contents = match call.open_read(&operand) {
        Ok(contents) => contents,
        Err(errno) => return call.fail_errno(&operand, errno),
    };
    let limit = args.value("l").and_then(super::arguments::size).unwrap_or(u64::MAX);
    let bytes = bytes_of(call, &contents.slice(0, limit.min(contents.len())));
    if args.has("r") {
        let digits: Vec<u8> =
            bytes.iter().filter_map(|b| char::from(*b).to_digit(16).map(|d| d as u8)).collect();
        let decoded: Vec<u8> =
            digits.chunks(2).map(|pair| pair.iter().fold(0, |all, d| all << 4 | d)).collect();
        call.out_bytes(&decoded);
        return 0;
    }
    let columns: usize = args
        .value("c")
        .and_then(|c| c.parse().ok())
        .unwrap_or(if args.has("p") { 30 } else { 16 })
        .clamp(1, 256);
    for (row, chunk) in bytes.chunks(columns).enumerate() {
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        if args.has("p") {
            call.out(&format!("{}\n", hex(chunk)));
            continue;
        }
        let groups: Vec<String> = chunk.chunks(2).map(hex).collect();
        let shown: String =
            chunk.iter().map(|b| if (32..127).contains(b) { char::from(*b) } else { '.' }).collect();
        let width = columns / 2 * 5 - 1;
        call.out(&format!("{:08x}: {:<width$}  {shown}\n", row * columns, groups.join(" ")));
    }
    0
}
