//! Filters that change every line: `nl`, `expand`, `unexpand`, `fold`; and `split`.

use super::arguments::{Arguments, Spec, size};
use super::text_tools::each_line;
use crate::fs::Contents;
use crate::shell::call::Call;
use crate::shell::text;

pub(super) fn nl(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "p",
        values: "bnwsivdfhl",
        long: &[
            ("body-numbering=", "b"),
            ("number-format=", "n"),
            ("number-width=", "w"),
            ("number-separator=", "s"),
            ("line-increment=", "i"),
            ("starting-line-number=", "v"),
            ("no-renumber", "p"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let style = args.value("b").unwrap_or("t").to_owned();
    let number =
        |letter: &str, default: i64| args.value(letter).and_then(|n| n.parse().ok()).unwrap_or(default);
    let (mut next, increment) = (number("v", 1), number("i", 1));
    let width = number("w", 6).clamp(1, 100) as usize;
    let separator = args.value("s").unwrap_or("\t").to_owned();
    let format = args.value("n").unwrap_or("rn").to_owned();
    let blank = " ".repeat(width + separator.chars().count());
    each_line(call, &args.operands, |line| {
        let counted = match style.as_str() {
            "a" => true,
            "n" => false,
            _ => !line.is_empty(),
        };
        if !counted {
            return format!("{blank}{line}");
        }
        let shown = match format.as_str() {
            "ln" => format!("{next:<width$}"),
            "rz" => format!("{next:0width$}"),
            _ => format!("{next:>width$}"),
        };
        next = next.saturating_add(increment);
        format!("{shown}{separator}{line}")
    })
}

/// `-t`: a width, or places.
fn stops(call: &mut Call<'_, '_>, args: &Arguments) -> Result<Vec<usize>, i32> {
    let word = args.value("t").unwrap_or("8").to_owned();
    let stops: Option<Vec<usize>> =
        word.split([',', ' ']).map(|n| n.parse().ok().filter(|n| *n > 0 && *n < 100_000)).collect();
    stops.ok_or_else(|| {
        call.either(
            &format!("invalid number '{word}'"),
            &format!("tab size contains invalid character(s): '{word}'"),
        )
    })
}

/// The next stop after a column.
fn stop_after(column: usize, stops: &[usize]) -> usize {
    match stops {
        [width] => (column / width + 1) * width,
        places => places.iter().copied().find(|stop| *stop > column).unwrap_or(column + 1),
    }
}

pub(super) fn expand(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "i", values: "t", long: &[("tabs=", "t"), ("initial", "i")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let stops = match stops(call, &args) {
        Ok(stops) => stops,
        Err(status) => return status,
    };
    let initial = args.has("i");
    each_line(call, &args.operands, |line| {
        let (mut out, mut column, mut inside) = (String::new(), 0, false);
        for c in line.chars() {
            if c == '\t' && !(initial && inside) {
                let next = stop_after(column, &stops);
                out.push_str(&" ".repeat(next - column));
                column = next;
                continue;
            }
            inside |= c != ' ';
            out.push(c);
            column += 1;
        }
        out
    })
}

pub(super) fn unexpand(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "af", values: "t", long: &[("all", "a"), ("tabs=", "t"), ("first-only", "f")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let stops = match stops(call, &args) {
        Ok(stops) => stops,
        Err(status) => return status,
    };
    let all = (args.has("a") || args.has("t")) && !args.has("f");
    each_line(call, &args.operands, |line| {
        let (mut out, mut column, mut blanks, mut inside) = (String::new(), 0usize, 0usize, false);
        for c in line.chars() {
            match c {
                ' ' | '\t' if all || !inside => {
                    let next = stop_after(column, &stops);
                    blanks += 1;
                    column = if c == '\t' { next } else { column + 1 };
                    // A single blank stays one.
                    if column == next && (blanks > 1 || c == '\t') {
                        out.push('\t');
                        blanks = 0;
                    }
                }
                c => {
                    out.push_str(&" ".repeat(blanks));
                    blanks = 0;
                    inside = true;
                    out.push(c);
                    column += 1;
                }
            }
        }
        format!("{out}{}", " ".repeat(blanks))
    })
}

pub(super) fn fold(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "bs", values: "w", long: &[("width=", "w"), ("spaces", "s"), ("bytes", "b")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let word = args.value("w").unwrap_or("80").to_owned();
    let Some(width) = word.parse::<usize>().ok().filter(|width| *width > 0) else {
        return call
            .either(&format!("invalid number '{word}'"), &format!("invalid number of columns: '{word}'"));
    };
    let (spaces, bytes) = (args.has("s"), args.has("b"));
    each_line(call, &args.operands, |line| {
        let chars: Vec<char> = line.chars().collect();
        let (mut rows, mut rest) = (Vec::new(), chars.as_slice());
        loop {
            let fits = fitting(rest, width, bytes);
            if fits >= rest.len() {
                break;
            }
            let row = rest.get(..fits).unwrap_or_default();
            let blank = row.iter().rposition(|c| c.is_whitespace()).filter(|_| spaces);
            let (row, more) = rest.split_at(blank.map_or(fits, |at| at + 1));
            rows.push(row.iter().collect::<String>());
            rest = more;
        }
        rows.push(rest.iter().collect());
        rows.join("\n")
    })
}

/// How many characters fit into a row, at least one; a tab goes to the next multiple of eight columns.
fn fitting(chars: &[char], width: usize, bytes: bool) -> usize {
    let mut column = 0usize;
    for (at, c) in chars.iter().enumerate() {
        column = match c {
            '\t' if !bytes => column / 8 * 8 + 8,
            '\r' if !bytes => 0,
            '\x08' if !bytes => column.saturating_sub(1),
            _ => column + 1,
        };
        if column > width {
            return at.max(1);
        }
    }
    chars.len()
}

pub(super) fn split(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "d",
        values: "lban",
        long: &[
            ("lines=", "l"),
            ("bytes=", "b"),
            ("suffix-length=", "a"),
            ("number=", "n"),
            ("numeric-suffixes", "d"),
            ("additional-suffix=", "suffix"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let input = args.operands.first().cloned().unwrap_or_else(|| "-".to_owned());
    let prefix = args.operands.get(1).cloned().unwrap_or_else(|| "x".to_owned());
    let contents = match call.open_read(&input) {
        Ok(contents) => contents,
        Err(errno) => {
            return call.either_errno(
                &format!("can't open '{input}'"),
                &format!("cannot open '{input}' for reading"),
                errno,
            );
        }
    };
    let pieces = match pieces(call, &args, &contents) {
        Ok(pieces) => pieces,
        Err(status) => return status,
    };
    let length = args.value("a").and_then(|a| a.parse().ok()).unwrap_or(2usize).clamp(1, 10);
    let base: usize = if args.has("d") { 10 } else { 26 };
    let tail = args.value("suffix").unwrap_or("").to_owned();
    for (number, piece) in pieces.into_iter().enumerate() {
        let mut suffix = String::new();
        let mut rest = number;
        for _ in 0..length {
            let digit = (rest % base) as u8;
            suffix.insert(0, char::from(if base == 10 { b'0' + digit } else { b'a' + digit }));
            rest /= base;
        }
        if rest > 0 {
            return call.either("suffixes exhausted", "output file suffixes exhausted");
        }
        let name = format!("{prefix}{suffix}{tail}");
        if let Err(errno) = call.m.write(&text::encode(&name), piece, 0o666) {
            return call.fail_errno(&name, errno);
        }
    }
    0
}

/// What each file of a `split` gets.
fn pieces(call: &mut Call<'_, '_>, args: &Arguments, contents: &Contents) -> Result<Vec<Contents>, i32> {
    const MOST: u64 = 100_000;
    let bad = |call: &mut Call<'_, '_>, what: &str, word: &str| {
        let reason = if word.chars().all(|c| c == '0') { ": Numerical result out of range" } else { "" };
        Err(call.either(
            &format!("invalid number '{word}'"),
            &format!("invalid number of {what}: '{word}'{reason}"),
        ))
    };
    let step = match (args.value("b"), args.value("n")) {
        (Some(word), _) => match size(word).filter(|size| *size > 0) {
            Some(step) => Some(step),
            None => return bad(call, "bytes", word),
        },
        (None, Some(word)) => match word.parse::<u64>().ok().filter(|count| *count > 0) {
            Some(count) => Some((contents.len() / count).max(1)),
            None => return bad(call, "chunks", word),
        },
        (None, None) => None,
    };
    if let Some(step) = step {
        let count = match args.value("n").and_then(|word| word.parse::<u64>().ok()) {
            Some(count) => count.min(MOST),
            None => contents.len().div_ceil(step).min(MOST),
        };
        // The last of a number of parts takes what is left.
        let end = |i: u64| if i + 1 == count { contents.len() } else { (i + 1).saturating_mul(step) };
        return Ok((0..count).map(|i| contents.slice(i * step, end(i))).collect());
    }
    let word = args.value("l").unwrap_or("1000").to_owned();
    let Some(lines) = word.parse::<usize>().ok().filter(|lines| *lines > 0) else {
        return bad(call, "lines", &word);
    };
    let source = call.text_of(contents);
    let all: Vec<&str> = source.split_inclusive('\n').collect();
    Ok(all.chunks(lines).take(MOST as usize).map(|chunk| Contents::text(&chunk.concat())).collect())
}
