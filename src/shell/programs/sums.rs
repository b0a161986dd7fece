//! Checksums, encodings, comparisons.

use super::arguments::{Arguments, Spec};
use super::text_tools::texts;
use crate::fs::{Contents, Digest};
use crate::shell::call::Call;
use sha2::Digest as _;

pub(super) fn sha256sum(call: &mut Call<'_, '_>) -> i32 {
    checksums(call, |bytes| Digest::of(bytes).hex())
}

pub(super) fn sha1sum(call: &mut Call<'_, '_>) -> i32 {
    checksums(call, |bytes| hex(&sha1::Sha1::digest(bytes)))
}

pub(super) fn sha224sum(call: &mut Call<'_, '_>) -> i32 {
    checksums(call, |bytes| hex(&sha2::Sha224::digest(bytes)))
}

pub(super) fn sha384sum(call: &mut Call<'_, '_>) -> i32 {
    checksums(call, |bytes| hex(&sha2::Sha384::digest(bytes)))
}

pub(super) fn sha512sum(call: &mut Call<'_, '_>) -> i32 {
    checksums(call, |bytes| hex(&sha2::Sha512::digest(bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn md5sum(call: &mut Call<'_, '_>) -> i32 {
    checksums(call, super::md5::hex)
}

pub(super) fn bytes_of(call: &mut Call<'_, '_>, contents: &Contents) -> Vec<u8> {
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
            ("binary", "b"),
            ("text", "t"),
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
    let mark = if args.has("b") && !call.busybox { '*' } else { ' ' };
    let mut status = 0;
    for operand in &operands {
        match call.open_read(operand) {
            Ok(contents) => {
                let bytes = bytes_of(call, &contents);
                call.out(&format!("{} {mark}{operand}\n", sum(&bytes)));
            }
            Err(errno) => status = unreadable(call, operand, errno),
        }
    }
    status
}

fn unreadable(call: &mut Call<'_, '_>, name: &str, errno: crate::fs::Errno) -> i32 {
    let verb = if errno == crate::fs::Errno::EISDIR { "read" } else { "open" };
    call.either_errno(&format!("can't {verb} '{name}'"), name, errno)
}

/// What a list's line says: the digest and the file. busybox wants two blanks, or a blank and a star.
fn listed(line: &str, busybox: bool, length: usize) -> Option<(&str, &str)> {
    let line = line.trim_end_matches('\r');
    if let Some((head, digest)) = line.rsplit_once(") = ").filter(|_| !busybox) {
        // The BSD form: `SHA256 (file) = digest`.
        return head.split_once(" (").map(|(_, name)| (digest, name));
    }
    let (digest, name) = line.split_once(' ')?;
    let plain = digest.len() == length && digest.chars().all(|c| c.is_ascii_hexdigit());
    let name = name.strip_prefix([' ', '*']).unwrap_or(name);
    let fits = if busybox { line.contains("  ") || line.contains(" *") } else { plain };
    (fits && !name.is_empty()).then_some((digest, name))
}

fn check(call: &mut Call<'_, '_>, args: &Arguments, operands: &[String], sum: fn(&[u8]) -> String) -> i32 {
    // busybox ends at a list that it can't open.
    let missing = |call: &mut Call<'_, '_>, name: &String| {
        name != "-" && !call.m.exists(&crate::shell::text::encode(name))
    };
    if call.busybox
        && let Some(name) = operands.iter().find(|name| missing(call, name))
    {
        return call.fail_errno(name, crate::fs::Errno::ENOENT);
    }
    let (lists, mut status) = texts(call, operands);
    let length = sum(b"").len();
    let algorithm = call.name.trim_end_matches("sum").to_uppercase();
    for (list_name, list) in lists {
        let (mut wrong, mut unread, mut malformed, mut good) = (0u64, 0u64, 0u64, 0u64);
        let shown_name = if list_name == "-" { "'standard input'".to_owned() } else { list_name };
        for (number, line) in list.lines().enumerate() {
            let Some((wanted, name)) = listed(line, call.busybox, length) else {
                malformed += 1;
                if call.busybox {
                    wrong += 1;
                    good += 1;
                    call.fail("invalid format");
                } else if args.has("w") {
                    call.fail(&format!(
                        "{shown_name}: {}: improperly formatted {algorithm} checksum line",
                        number + 1
                    ));
                }
                continue;
            };
            good += 1;
            let found = match call.open_read(name) {
                Ok(contents) => Some(sum(&bytes_of(call, &contents))),
                Err(crate::fs::Errno::ENOENT) if args.has("i") => continue,
                Err(errno) => {
                    unreadable(call, name, errno);
                    unread += 1;
                    None
                }
            };
            let fine = found.as_ref().is_some_and(|found| found.eq_ignore_ascii_case(wanted));
            wrong += u64::from(!fine && (found.is_some() || call.busybox));
            let verdict = match (&found, fine) {
                (None, _) if !call.busybox => "FAILED open or read",
                (_, true) => "OK",
                _ => "FAILED",
            };
            if !args.any("sq") || !fine && !args.has("s") {
                call.out(&format!("{name}: {verdict}\n"));
            }
        }
        let counts = Counts { wrong, unread, malformed, good };
        status = status.max(counts.report(call, &shown_name, args.has("s"), args.has("x")));
    }
    status
}

/// What came of a list.
struct Counts {
    wrong: u64,
    unread: u64,
    malformed: u64,
    good: u64,
}

impl Counts {
    /// The warnings at the end; the exit status.
    fn report(&self, call: &mut Call<'_, '_>, list: &str, silent: bool, strict: bool) -> i32 {
        let failed = self.wrong > 0 || self.unread > 0 || strict && self.malformed > 0;
        if call.busybox {
            if self.wrong > 0 && !silent {
                let all = self.good;
                call.fail(&format!("WARNING: {} of {all} computed checksums did NOT match", self.wrong));
            }
            if self.good == 0 {
                let name = if list == "'standard input'" { "-" } else { list };
                return call.fail(&format!("{name}: no checksum lines found"));
            }
            return i32::from(failed);
        }
        if self.good == 0 {
            return call.fail(&format!("{list}: no properly formatted checksum lines found"));
        }
        let s = |count: u64| if count == 1 { "" } else { "s" };
        if !silent {
            if self.malformed > 0 {
                let (count, is) = (self.malformed, if self.malformed == 1 { "is" } else { "are" });
                call.fail(&format!("WARNING: {count} line{} {is} improperly formatted", s(count)));
            }
            if self.unread > 0 {
                call.fail(&format!(
                    "WARNING: {} listed file{} could not be read",
                    self.unread,
                    s(self.unread)
                ));
            }
            if self.wrong > 0 {
                call.fail(&format!(
                    "WARNING: {} computed checksum{} did NOT match",
                    self.wrong,
                    s(self.wrong)
                ));
            }
        }
        i32::from(failed)
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn base64(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "di", values: "w", long: &[("decode", "d"), ("wrap=", "w")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    if let Some(extra) = args.operands.get(1) {
        return call.usage(&format!("extra operand '{extra}'"));
    }
    let operand = args.operands.first().cloned().unwrap_or_else(|| "-".to_owned());
    let contents = match call.open_read(&operand) {
        Ok(contents) => contents,
        Err(errno) if errno == crate::fs::Errno::EISDIR => {
            return call.either_errno("read error", &operand, errno);
        }
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
