//! `sort`, `uniq`, `comm`, `shuf`.

use super::arguments::{Arguments, Spec};
use super::text_tools::texts;
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use crate::shell::text;
use std::cmp::Ordering;

/// One `-k`.
#[derive(Clone, Debug, Default)]
struct Key {
    from: (usize, usize),
    to: Option<(usize, usize)>,
    flags: String,
}

/// Reads a `-k`; what is wrong with it.
fn key(word: &str, busybox: bool) -> Result<Key, String> {
    const LETTERS: &str = "bdfghiMnRrV";
    let stray = |flags: &str| flags.chars().any(|c| !LETTERS.contains(c));
    let found = places(word);
    if busybox {
        return match found {
            Some(key) if key.from.0 > 0 && !stray(&key.flags) => Ok(key),
            Some(key) if key.from.0 > 0 => Err("unknown key option".to_owned()),
            _ => Err("bad field specification".to_owned()),
        };
    }
    let (start, end) = word.split_once(',').map_or((word, None), |(start, end)| (start, Some(end)));
    let count = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let after_dot = |text: &str| text.split_once('.').map(|(_, rest)| rest.to_owned());
    let bad = |what: &str, text: &str| Err(format!("{what}: invalid count at start of '{text}'"));
    if !count(start) {
        return bad("invalid number at field start", start);
    }
    if let Some(rest) = after_dot(start).filter(|rest| !count(rest)) {
        return bad("invalid number after '.'", &rest);
    }
    if let Some(end) = end.filter(|end| !count(end)) {
        return bad("invalid number after ','", end);
    }
    match found {
        Some(key) if key.from.0 == 0 => {
            Err(format!("field number is zero: invalid field specification '{word}'"))
        }
        Some(key) if stray(&key.flags) => {
            Err(format!("stray character in field spec: invalid field specification '{word}'"))
        }
        Some(key) => Ok(key),
        None => Err(format!("stray character in field spec: invalid field specification '{word}'")),
    }
}

fn places(word: &str) -> Option<Key> {
    let place = |text: &str| -> Option<((usize, usize), String)> {
        let flags: String = text.chars().skip_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let numbers = text.strip_suffix(&flags)?;
        let (field, char) = match numbers.split_once('.') {
            Some((field, char)) => (field.parse().ok()?, char.parse().ok()?),
            None => (numbers.parse().ok()?, 0),
        };
        Some(((field, char), flags))
    };
    let (from, to) = match word.split_once(',') {
        Some((from, to)) => (from, Some(to)),
        None => (word, None),
    };
    let (from, mut flags) = place(from)?;
    let to = match to {
        Some(to) => {
            let (to, more) = place(to)?;
            flags.push_str(&more);
            Some(to)
        }
        None => None,
    };
    Some(Key { from, to, flags })
}

pub(super) fn sort(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "nrubfhgMVcsizdCmR",
        values: "ktoST",
        long: &[
            ("numeric-sort", "n"),
            ("reverse", "r"),
            ("unique", "u"),
            ("key=", "k"),
            ("field-separator=", "t"),
            ("output=", "o"),
            ("ignore-case", "f"),
            ("human-numeric-sort", "h"),
            ("version-sort", "V"),
            ("stable", "s"),
            ("check", "c"),
            ("general-numeric-sort", "g"),
            ("month-sort", "M"),
            ("merge", "m"),
            ("ignore-leading-blanks", "b"),
            ("dictionary-order", "d"),
            ("ignore-nonprinting", "i"),
            ("zero-terminated", "z"),
            ("random-sort", "R"),
            ("parallel=", "parallel"),
            ("buffer-size=", "S"),
            ("temporary-directory=", "T"),
        ],
    };
    let words = if call.busybox { call.args().to_vec() } else { super::arguments::old_keys(call.args()) };
    let args = match Arguments::read(call, &words, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let mut keys = Vec::new();
    for word in args.values("k") {
        match key(word, call.busybox) {
            Ok(key) => keys.push(key),
            Err(problem) => {
                call.fail(&problem);
                return 2;
            }
        }
    }
    if let Some(tab) = args.value("t").filter(|tab| tab.chars().count() != 1 && *tab != "\\0") {
        let gnu =
            if tab.is_empty() { "empty tab".to_owned() } else { format!("multi-character tab '{tab}'") };
        call.either("bad -t parameter", &gnu);
        return 2;
    }
    let list = if args.operands.is_empty() { vec!["-".to_owned()] } else { args.operands.clone() };
    let end = if args.has("z") { '\0' } else { '\n' };
    let files = match input(call, &list, end) {
        Ok(files) => files,
        Err(status) => return status,
    };
    let mut lines: Vec<String> = files.iter().flatten().cloned().collect();
    let count = lines.len() as u64;
    if !call.m.t.fuel.spend(count.saturating_mul(u64::from(64 - count.leading_zeros()))) {
        return 1;
    }
    let global: String = "nrbfhgVMd".chars().filter(|c| args.has(&c.to_string())).collect();
    let separator = args.value("t").and_then(|t| t.chars().next());
    let order = |a: &str, b: &str| compare(a, b, &keys, &global, separator);
    let reverse = args.has("r");
    let stable = args.has("s") || args.has("u") && !call.busybox;
    let full = |a: &String, b: &String| {
        order(a, b).then_with(|| {
            let last = if stable { Ordering::Equal } else { a.as_bytes().cmp(b.as_bytes()) };
            if reverse { last.reverse() } else { last }
        })
    };
    if args.any("cC") {
        let wrong = lines.windows(2).position(|pair| match pair {
            [a, b] => full(a, b) == Ordering::Greater,
            _ => false,
        });
        return match wrong.and_then(|at| lines.get(at + 1).map(|line| (at + 2, line.clone()))) {
            Some(_) if args.has("C") => 1,
            Some((number, _)) if call.busybox => {
                call.err(&format!("Check line {}\n", number - 1));
                1
            }
            Some((number, line)) => {
                call.fail(&format!("{}:{number}: disorder: {line}", list.first().map_or("-", String::as_str)))
            }
            None => 0,
        };
    }
    if args.has("R") {
        // Every run shuffles alike.
        lines.sort_by_key(|line| crate::fs::Digest::of(line));
    } else if args.has("m") && !call.busybox {
        lines = merged(files, full);
    } else {
        lines.sort_by(full);
    }
    if args.has("u") {
        lines.dedup_by(|b, a| order(a, b) == Ordering::Equal);
    }
    let mut result = lines.join(&end.to_string());
    if !lines.is_empty() {
        result.push(end);
    }
    match args.value("o") {
        Some(path) => match call.m.write(&text::encode(path), Contents::text(&result), 0o666) {
            Ok(()) => 0,
            Err(errno) => call.fail_errno(path, errno),
        },
        None => {
            call.out(&result);
            0
        }
    }
}

/// The lines of all operands. One that can't be read ends it, with the exit status.
fn input(call: &mut Call<'_, '_>, list: &[String], end: char) -> Result<Vec<Vec<String>>, i32> {
    let mut files: Vec<Vec<String>> = Vec::new();
    for operand in list {
        match call.open_read(operand) {
            Ok(contents) => {
                let source = call.text_of(&contents);
                let body = source.strip_suffix(end).unwrap_or(&source);
                if !source.is_empty() {
                    files.push(body.split(end).map(str::to_owned).collect());
                }
            }
            // busybox opens a directory and reads nothing from it.
            Err(Errno::EISDIR) if call.busybox => {}
            Err(errno) => {
                let gnu = if errno == Errno::EISDIR { "read failed" } else { "cannot read" };
                call.either_errno(operand, &format!("{gnu}: {operand}"), errno);
                return Err(2);
            }
        }
    }
    Ok(files)
}

/// `-m`: the files are taken to be sorted; the smallest of their next lines comes next.
fn merged(files: Vec<Vec<String>>, order: impl Fn(&String, &String) -> Ordering) -> Vec<String> {
    let mut rest: Vec<_> = files.into_iter().map(|file| file.into_iter().peekable()).collect();
    let mut all = Vec::new();
    loop {
        let mut next: Option<(usize, String)> = None;
        for (at, file) in rest.iter_mut().enumerate() {
            if let Some(line) = file.peek()
                && next.as_ref().is_none_or(|(_, best)| order(line, best) == Ordering::Less)
            {
                next = Some((at, line.clone()));
            }
        }
        let Some((at, line)) = next else { return all };
        if let Some(file) = rest.get_mut(at) {
            file.next();
        }
        all.push(line);
    }
}

fn compare(a: &str, b: &str, keys: &[Key], global: &str, separator: Option<char>) -> Ordering {
    if keys.is_empty() {
        return by_flags(a, b, global);
    }
    for key in keys {
        let flags = if key.flags.chars().any(|c| c != 'b') { key.flags.as_str() } else { global };
        let order = by_flags(&part(a, key, separator), &part(b, key, separator), flags);
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// The part of a line that a key names.
fn part(line: &str, key: &Key, separator: Option<char>) -> String {
    let chars: Vec<char> = line.chars().collect();
    let start_of = |field: usize| -> usize {
        let mut at = 0;
        for _ in 1..field {
            match separator {
                Some(separator) => {
                    while at < chars.len() && chars.get(at) != Some(&separator) {
                        at += 1;
                    }
                    at += 1;
                }
                None => {
                    while chars.get(at).is_some_and(|c| c.is_ascii_whitespace()) {
                        at += 1;
                    }
                    while chars.get(at).is_some_and(|c| !c.is_ascii_whitespace()) {
                        at += 1;
                    }
                }
            }
        }
        at.min(chars.len())
    };
    let mut from = start_of(key.from.0);
    if key.flags.contains('b') {
        while chars.get(from).is_some_and(|c| c.is_ascii_whitespace()) {
            from += 1;
        }
    }
    from += key.from.1.saturating_sub(1);
    let to = match key.to {
        None => chars.len(),
        Some((field, 0)) => {
            let next = start_of(field + 1);
            if separator.is_some() && next > 0 && field_exists(&chars, field, separator) {
                next.saturating_sub(1)
            } else {
                next
            }
        }
        Some((field, char)) => start_of(field) + char,
    };
    let to = to.min(chars.len());
    chars.get(from.min(to)..to).unwrap_or_default().iter().collect()
}

/// Is there a separator after this field?
fn field_exists(chars: &[char], field: usize, separator: Option<char>) -> bool {
    separator.is_some_and(|separator| chars.iter().filter(|c| **c == separator).count() >= field)
}

fn by_flags(a: &str, b: &str, flags: &str) -> Ordering {
    let has = |c| flags.contains(c);
    let order = if has('n') || has('h') {
        number(a, has('h')).total_cmp(&number(b, has('h')))
    } else if has('g') {
        float(a).total_cmp(&float(b))
    } else if has('M') {
        month(a).cmp(&month(b))
    } else if has('V') {
        version(a, b)
    } else {
        let ready = |s: &str| -> Vec<u8> {
            let s = if has('b') { s.trim_start() } else { s };
            let s: String = if has('d') {
                s.chars().filter(|c| c.is_ascii_alphanumeric() || c.is_whitespace()).collect()
            } else {
                s.to_owned()
            };
            if has('f') { s.to_ascii_uppercase().into_bytes() } else { s.into_bytes() }
        };
        ready(a).cmp(&ready(b))
    };
    if has('r') { order.reverse() } else { order }
}

/// `-g`: what strtod reads.
fn float(text: &str) -> f64 {
    let text = text.trim_start();
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let longest = ends.take(40).filter_map(|end| text.get(..end)?.parse::<f64>().ok()).last();
    longest.unwrap_or(f64::NEG_INFINITY)
}

/// `-M`: unknown is 0.
fn month(text: &str) -> usize {
    const NAMES: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
    let name: String = text.trim_start().chars().take(3).collect::<String>().to_lowercase();
    if name.len() == 3 { NAMES.find(&name).filter(|at| at % 3 == 0).map_or(0, |at| at / 3 + 1) } else { 0 }
}

fn number(text: &str, human: bool) -> f64 {
    let text = text.trim_start();
    let end = text.char_indices().find(|(i, c)| !(c.is_ascii_digit() || *c == '.' || *c == '-' && *i == 0));
    let (digits, rest) = text.split_at(end.map_or(text.len(), |(at, _)| at));
    let value: f64 = digits.parse().unwrap_or(0.0);
    let scale = match rest.chars().next() {
        Some('K' | 'k') => 1024f64,
        Some('M') => 1024f64.powi(2),
        Some('G') => 1024f64.powi(3),
        Some('T') => 1024f64.powi(4),
        _ => 1.0,
    };
    if human { value * scale } else { value }
}

/// By the numbers in it; a `~` comes before everything, even the end (GNU filevercmp).
pub(super) fn version(a: &str, b: &str) -> Ordering {
    if let Some(at) = a.bytes().zip(b.bytes()).position(|(x, y)| x != y) {
        let tilde = |text: &str| text.as_bytes().get(at) == Some(&b'~');
        if tilde(a) != tilde(b) {
            return if tilde(a) { Ordering::Less } else { Ordering::Greater };
        }
    } else if a.len() != b.len() {
        let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
        if long.as_bytes().get(short.len()) == Some(&b'~') {
            return b.len().cmp(&a.len());
        }
    }
    let pieces = |text: &str| -> Vec<(bool, String)> {
        let mut all: Vec<(bool, String)> = Vec::new();
        for c in text.chars() {
            match all.last_mut() {
                Some((digits, piece)) if *digits == c.is_ascii_digit() => piece.push(c),
                _ => all.push((c.is_ascii_digit(), c.to_string())),
            }
        }
        all
    };
    let (left, right) = (pieces(a), pieces(b));
    for ((da, x), (db, y)) in left.iter().zip(&right) {
        let order = if *da && *db {
            let (x, y) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            x.cmp(y)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

pub(super) fn uniq(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "cduiDz",
        values: "fsw",
        long: &[
            ("count", "c"),
            ("repeated", "d"),
            ("unique", "u"),
            ("ignore-case", "i"),
            ("all-repeated", "D"),
            ("zero-terminated", "z"),
            ("skip-fields=", "f"),
            ("skip-chars=", "s"),
            ("check-chars=", "w"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let input = args.operands.first().cloned().unwrap_or_else(|| "-".to_owned());
    let contents = match call.open_read(&input) {
        Ok(contents) => contents,
        Err(Errno::EISDIR) => {
            return call.either(&format!("{input}: I/O error"), &format!("error reading '{input}'"));
        }
        Err(errno) => return call.either_errno(&format!("can't open '{input}'"), &input, errno),
    };
    let source = call.text_of(&contents);
    let width: usize = args.value("w").and_then(|w| w.parse().ok()).unwrap_or(usize::MAX);
    let end = if args.has("z") { '\0' } else { '\n' };
    let skip_fields: usize = args.value("f").and_then(|f| f.parse().ok()).unwrap_or(0);
    let skip_chars: usize = args.value("s").and_then(|s| s.parse().ok()).unwrap_or(0);
    let view = |line: &str| -> String {
        let mut rest = line;
        for _ in 0..skip_fields {
            rest = rest.trim_start().trim_start_matches(|c: char| !c.is_whitespace());
        }
        let kept: String = rest.chars().skip(skip_chars).take(width).collect();
        if args.has("i") { kept.to_lowercase() } else { kept }
    };
    let mut groups: Vec<Vec<&str>> = Vec::new();
    let mut seen = None;
    let body = source.strip_suffix(end).unwrap_or(&source);
    for line in body.split(end).filter(|_| !source.is_empty()) {
        let now = view(line);
        match groups.last_mut() {
            Some(group) if seen.as_ref() == Some(&now) => group.push(line),
            _ => groups.push(vec![line]),
        }
        seen = Some(now);
    }
    let mut result = String::new();
    for group in groups {
        let count = group.len();
        if args.any("dD") && count < 2 || args.has("u") && count > 1 {
            continue;
        }
        for line in group.iter().take(if args.has("D") { count } else { 1 }) {
            if args.has("c") {
                result.push_str(&format!("{count:>7} "));
            }
            result.push_str(line);
            result.push(end);
        }
    }
    match args.operands.get(1) {
        Some(path) => match call.m.write(&text::encode(path), Contents::text(&result), 0o666) {
            Ok(()) => 0,
            Err(errno) => call.either_errno(&format!("can't open '{path}'"), path, errno),
        },
        None => {
            call.out(&result);
            0
        }
    }
}

pub(super) fn comm(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "123z",
        values: "",
        long: &[("check-order", "check"), ("nocheck-order", "nocheck"), ("output-delimiter=", "delimiter")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    match &args.operands[..] {
        [_, _] => {}
        [] => return call.usage("missing operand"),
        [one] => return call.usage(&format!("missing operand after '{one}'")),
        [_, _, extra, ..] => return call.usage(&format!("extra operand '{extra}'")),
    }
    let mut sides = Vec::new();
    for name in &args.operands {
        match call.open_read(name) {
            Ok(contents) => sides.push(call.text_of(&contents)),
            Err(errno) => return call.fail_errno(name, errno),
        }
    }
    let [first, second] = &sides[..] else { return 1 };
    let delimiter = args.value("delimiter").unwrap_or("\t").to_owned();
    let tabs = |column: &str| -> String {
        let shown = ["1", "2"].iter().take_while(|c| **c != column).filter(|c| !args.has(c)).count();
        delimiter.repeat(shown)
    };
    let mut warned = [args.has("nocheck") || call.busybox; 2];
    let mut disorder = false;
    let (a, b) = (text::lines(first).0, text::lines(second).0);
    let (mut x, mut y) = (0, 0);
    loop {
        let (column, line) = match (a.get(x), b.get(y)) {
            (Some(left), Some(right)) if left == right => ("3", *left),
            (Some(left), Some(right)) if left.as_bytes() < right.as_bytes() => ("1", *left),
            (Some(left), None) => ("1", *left),
            (_, Some(right)) => ("2", *right),
            (None, None) => break,
        };
        for (side, lines, at) in [(0, &a, &mut x), (1, &b, &mut y)] {
            if column == "3" || column == ["1", "2"][side] {
                *at += 1;
                let wrong = lines.get(*at).is_some_and(|next| next.as_bytes() < lines[*at - 1].as_bytes());
                if wrong && !warned[side] {
                    warned[side] = true;
                    disorder = true;
                    call.fail(&format!("file {} is not in sorted order", side + 1));
                }
            }
        }
        if !args.has(column) {
            call.out(&format!("{}{line}\n", tabs(column)));
        }
        if !call.m.t.fuel.spend(1) {
            return 1;
        }
    }
    if disorder {
        call.fail("input is not in sorted order");
    }
    i32::from(disorder)
}

/// Every run shuffles alike: lines in the order of their digests.
pub(super) fn shuf(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "er",
        values: "nio",
        long: &[("head-count=", "n"), ("echo", "e"), ("input-range=", "i")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let mut lines: Vec<String> = match args.value("i").and_then(|range| range.split_once('-')) {
        Some((from, to)) => match (from.parse::<u32>(), to.parse::<u32>()) {
            (Ok(from), Ok(to)) => (from..=to).take(1_000_000).map(|n| n.to_string()).collect(),
            _ => return call.fail("invalid input range"),
        },
        None if args.has("e") => args.operands.clone(),
        None => {
            let (texts, _) = texts(call, &args.operands);
            texts.iter().flat_map(|(_, source)| text::lines(source).0).map(str::to_owned).collect()
        }
    };
    lines.sort_by_key(|line| crate::fs::Digest::of(line));
    let most = args.value("n").and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
    for line in lines.iter().take(most) {
        call.out(&format!("{line}\n"));
    }
    0
}
