//! Checksums, encodings, comparisons.

use super::arguments::{Arguments, Spec};
use super::text_tools::texts;
use crate::fs::{Contents, Digest};
use crate::shell::call::Call;

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
