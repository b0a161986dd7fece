//! `tr`: bytes for bytes, as both real ones work.

use super::arguments::{Arguments, Spec};
use crate::shell::call::Call;
use crate::shell::{pattern, text};

/// The bytes of a set, and where `[c*]` fills it up.
#[derive(Default)]
struct Set {
    bytes: Vec<u8>,
    fill: Option<(usize, u8)>,
}

impl Set {
    /// Reads ranges, classes and escapes; GNU tr also has repeats, and complains.
    fn read(source: &str, busybox: bool) -> Result<Set, String> {
        let chars = escaped(source, busybox);
        let (mut set, mut at) = (Set::default(), 0);
        while let Some((c, plain)) = chars.get(at).copied() {
            if plain && c == b'[' {
                match set.bracket(&chars, at, busybox)? {
                    0 => {}
                    length => {
                        at += length;
                        continue;
                    }
                }
            }
            match (chars.get(at + 1), chars.get(at + 2)) {
                (Some((b'-', true)), Some((end, _))) => {
                    if *end < c && !busybox {
                        let (from, to) = (char::from(c), char::from(*end));
                        return Err(format!(
                            "range-endpoints of '{from}-{to}' are in reverse collating sequence order"
                        ));
                    }
                    set.bytes.extend(c..=*end);
                    at += 3;
                }
                _ => {
                    set.bytes.push(c);
                    at += 1;
                }
            }
        }
        Ok(set)
    }

    /// `[:class:]`, `[=c=]`, `[c*n]`: how many characters it takes, 0 when it is a plain bracket.
    fn bracket(&mut self, chars: &[(u8, bool)], at: usize, busybox: bool) -> Result<usize, String> {
        let rest: Vec<u8> = chars.get(at..).unwrap_or_default().iter().map(|(c, _)| *c).collect();
        if let Some(inner) = rest.strip_prefix(b"[:")
            && let Some(end) = inner.windows(2).position(|two| two == b":]")
        {
            let name = String::from_utf8_lossy(inner.get(..end).unwrap_or_default()).into_owned();
            let unknown = busybox && matches!(name.as_str(), "print" | "graph");
            if pattern::is_class(&name) && !unknown {
                let ascii = (0..=127u8).filter(|c| pattern::in_class(&name, char::from(*c)));
                self.bytes.extend(ascii);
                return Ok(end + 4);
            }
            return if busybox { Ok(0) } else { Err(format!("invalid character class '{name}'")) };
        }
        if let [b'[', b'=', c, b'=', b']', ..] = rest[..] {
            self.bytes.push(c);
            return Ok(5);
        }
        if let [b'[', c, b'*', ..] = rest[..]
            && !busybox
            && let Some(end) = rest.iter().skip(3).position(|c| *c == b']')
        {
            let digits = String::from_utf8_lossy(rest.get(3..3 + end).unwrap_or_default()).into_owned();
            let radix = if digits.starts_with('0') { 8 } else { 10 };
            let count = usize::from_str_radix(&digits, radix);
            match count {
                Ok(count) if count > 0 => {
                    let room = 65_536usize.saturating_sub(self.bytes.len());
                    self.bytes.extend(std::iter::repeat_n(c, count.min(room)));
                }
                _ if digits.is_empty() || count == Ok(0) => self.fill = Some((self.bytes.len(), c)),
                _ => return Err(format!("invalid repeat count '{digits}' in [c*n] construct")),
            }
            return Ok(end + 4);
        }
        Ok(0)
    }

    /// As long as the first set: `[c*]` fills it, else its last byte does.
    fn stretched(mut self, length: usize) -> Vec<u8> {
        let missing = length.saturating_sub(self.bytes.len());
        match self.fill {
            Some((at, c)) => {
                self.bytes.splice(at..at, std::iter::repeat_n(c, missing));
            }
            None => {
                if let Some(last) = self.bytes.last().copied() {
                    self.bytes.extend(std::iter::repeat_n(last, missing));
                }
            }
        }
        self.bytes
    }
}

/// Bytes of a set; whether each stood there without a backslash (busybox makes no difference).
fn escaped(source: &str, busybox: bool) -> Vec<(u8, bool)> {
    let bytes = text::encode(source);
    let mut found = Vec::new();
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            found.push((byte, true));
            continue;
        }
        let Some(next) = rest.next() else {
            found.push((b'\\', true));
            break;
        };
        let plain = match next {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => {
                let mut value = u32::from(next - b'0');
                for _ in 0..2 {
                    let Some(digit) = rest.next_if(|b| (b'0'..=b'7').contains(b)) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                }
                value as u8
            }
            other => other,
        };
        found.push((plain, busybox));
    }
    found
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
    if let Some(status) = operands_wrong(call, &args) {
        return status;
    }
    let (first, second) = match sets(call, &args) {
        Ok(sets) => sets,
        Err(status) => return status,
    };
    let input = match call.open_read("-") {
        Ok(input) => input,
        Err(errno) => return call.fail_errno("read error", errno),
    };
    let Some(source) = input.to_bytes(64 << 20).filter(|_| call.m.t.fuel.spend(input.len())) else {
        call.m.t.fuel.spend_bytes(u64::MAX);
        return 1;
    };
    let result = translated(&args, &first, &second, &source);
    call.out_bytes(&result);
    0
}

/// What tr does with its bytes, one table look-up each.
fn translated(args: &Arguments, first: &[u8], second: &[u8], source: &[u8]) -> Vec<u8> {
    let delete = args.has("d");
    let mut inside = [false; 256];
    let mut map: [u8; 256] = std::array::from_fn(|byte| byte as u8);
    for (at, byte) in first.iter().enumerate() {
        inside[usize::from(*byte)] = true;
        if !delete && let Some(to) = second.get(at).or(second.last()) {
            // The first of several mappings of one byte is GNU's last; both take the last.
            map[usize::from(*byte)] = *to;
        }
    }
    let last = if args.operands.len() > 1 { second } else { first };
    let squeezed: [bool; 256] = std::array::from_fn(|byte| args.has("s") && last.contains(&(byte as u8)));
    let mut result: Vec<u8> = Vec::with_capacity(source.len());
    for byte in source {
        let at = usize::from(*byte);
        if delete && inside[at] {
            continue;
        }
        let out = map[at];
        if squeezed[usize::from(out)] && result.last() == Some(&out) {
            continue;
        }
        result.push(out);
    }
    result
}

/// The two sets, the first one turned round by `-c`.
fn sets(call: &mut Call<'_, '_>, args: &Arguments) -> Result<(Vec<u8>, Vec<u8>), i32> {
    let read = |call: &mut Call<'_, '_>, word: Option<&String>| {
        let set = Set::read(word.map_or("", String::as_str), call.busybox);
        set.map_err(|problem| call.fail(&problem))
    };
    let mut first = read(call, args.operands.first())?.bytes;
    let second = read(call, args.operands.get(1))?;
    if args.any("cC") {
        let inside: [bool; 256] = std::array::from_fn(|byte| first.contains(&(byte as u8)));
        first = (0..=255u8).filter(|byte| !inside[usize::from(*byte)]).collect();
    }
    let empty = second.bytes.is_empty() && second.fill.is_none();
    if args.operands.len() > 1 && !args.has("d") && empty {
        let gnu = "when not truncating set1, string2 must be non-empty";
        if call.busybox || !args.has("t") {
            return Err(call.either("STRING2 cannot be empty", gnu));
        }
    }
    if args.has("t") {
        first.truncate(second.bytes.len());
    }
    let second = if args.operands.len() > 1 { second.stretched(first.len()) } else { Vec::new() };
    Ok((first, second))
}

/// Too few or too many operands; busybox is easy about them.
fn operands_wrong(call: &mut Call<'_, '_>, args: &Arguments) -> Option<i32> {
    let (delete, squeeze) = (args.has("d"), args.has("s"));
    let count = args.operands.len();
    let Some(first) = args.operands.first() else { return Some(call.usage("missing operand")) };
    if call.busybox {
        return None;
    }
    let least = if delete == squeeze { 2 } else { 1 };
    let most = if delete && !squeeze { 1 } else { 2 };
    if count < least {
        let why = match delete {
            true => "Two strings must be given when both deleting and squeezing repeats.",
            false => "Two strings must be given when translating.",
        };
        return Some(call.usage(&format!("missing operand after '{first}'\n{why}")));
    }
    if count > most {
        let extra = args.operands.get(most).map_or("", String::as_str);
        let why = match most {
            1 if count == 2 => "\nOnly one string may be given when deleting without squeezing repeats.",
            _ => "",
        };
        return Some(call.usage(&format!("extra operand '{extra}'{why}")));
    }
    None
}
