//! `dd`.

use super::arguments::size;
use crate::fs::Contents;
use crate::shell::call::Call;
use crate::shell::text;
use crate::union::Open;

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let (mut input, mut output) = (None, None);
    let (mut read_block, mut write_block) = (512u64, 512u64);
    let (mut count, mut skip, mut seek) = (None, 0u64, 0u64);
    let (mut truncate, mut quiet) = (true, false);
    for word in call.args() {
        let Some((key, value)) = word.split_once('=') else {
            return call.either("invalid argument", &format!("unrecognized operand '{word}'"));
        };
        let number = || product(value);
        let bad = |call: &mut Call<'_, '_>| {
            call.either(&format!("invalid number '{value}'"), &format!("invalid number: '{value}'"))
        };
        match key {
            "if" => input = Some(value.to_owned()),
            "of" => output = Some(value.to_owned()),
            "bs" | "ibs" | "obs" => match number().filter(|n| *n > 0) {
                Some(block) => {
                    if key != "obs" {
                        read_block = block;
                    }
                    if key != "ibs" {
                        write_block = block;
                    }
                }
                None => return bad(call),
            },
            "count" => match number() {
                Some(n) => count = Some(n),
                None => return bad(call),
            },
            "skip" | "iseek" => skip = number().unwrap_or(0),
            "seek" | "oseek" => seek = number().unwrap_or(0),
            "conv" => truncate &= !value.split(',').any(|flag| flag == "notrunc"),
            "status" => quiet = value == "none" || value == "noxfer",
            _ => {}
        }
    }
    let data = match source(call, input.as_deref(), read_block, count, skip) {
        Ok(data) => data,
        Err(status) => return status,
    };
    if let Some(path) = &output {
        let at = seek.saturating_mul(write_block);
        if let Err(errno) = sink(call, path, &data, at, truncate) {
            return call.either_errno(
                &format!("can't open '{path}'"),
                &format!("failed to open '{path}'"),
                errno,
            );
        }
    } else {
        call.out_contents(&data);
        call.flush();
    }
    if !quiet {
        let (full, part) = (data.len() / read_block, u64::from(data.len() % read_block > 0));
        let (whole, rest) = (data.len() / write_block, u64::from(data.len() % write_block > 0));
        let mut report = format!("{full}+{part} records in\n{whole}+{rest} records out\n");
        if !call.busybox {
            report.push_str(&gnu_report(data.len()));
        }
        call.err(&report);
    }
    0
}

/// `2x1k`: factors.
fn product(value: &str) -> Option<u64> {
    value.split('x').try_fold(1u64, |all, factor| all.checked_mul(size(factor)?))
}

/// GNU dd's last line, with a made-up speed that is always the same.
fn gnu_report(bytes: u64) -> String {
    let units = |base: f64, names: [&str; 5]| {
        let (mut value, mut unit) = (bytes as f64, 0);
        while value >= base && unit + 1 < names.len() {
            value /= base;
            unit += 1;
        }
        let name = names.get(unit).copied().unwrap_or("B");
        if value < 10.0 { format!("{value:.1} {name}") } else { format!("{value:.0} {name}") }
    };
    let both = match bytes {
        0..1000 => String::new(),
        1000..1024 => format!(" ({})", units(1000.0, ["B", "kB", "MB", "GB", "TB"])),
        _ => format!(
            " ({}, {})",
            units(1000.0, ["B", "kB", "MB", "GB", "TB"]),
            units(1024.0, ["B", "KiB", "MiB", "GiB", "TiB"])
        ),
    };
    let seconds = (bytes as f64 / 1e9).max(0.001);
    format!("{bytes} bytes{both} copied, {seconds:.3} s, 1.0 GB/s\n")
}

fn source(
    call: &mut Call<'_, '_>,
    input: Option<&str>,
    block: u64,
    count: Option<u64>,
    skip: u64,
) -> Result<Contents, i32> {
    let stream = match input {
        Some(path) => {
            let bytes = text::encode(path).into_owned();
            let fds = call.fds;
            let opened = if call.m.is_dir(&bytes) {
                Err(crate::fs::Errno::EISDIR)
            } else {
                call.m.open_stream(&bytes, Default::default(), fds)
            };
            match opened {
                Ok(stream) => Some(stream),
                Err(errno) => {
                    return Err(call.either_errno(
                        &format!("can't open '{path}'"),
                        &format!("failed to open '{path}'"),
                        errno,
                    ));
                }
            }
        }
        None => call.stdin(),
    };
    let Some(stream) = stream else { return Ok(Contents::EMPTY) };
    if skip > 0 {
        call.m.read_some(&stream, skip.saturating_mul(block));
    }
    Ok(match count {
        Some(count) => call.m.read_some(&stream, count.saturating_mul(block)),
        None => call.m.read_rest(&stream),
    })
}

fn sink(
    call: &mut Call<'_, '_>,
    path: &str,
    data: &Contents,
    at: u64,
    truncate: bool,
) -> Result<(), crate::fs::Errno> {
    let bytes = text::encode(path).into_owned();
    let flags =
        Open { write: true, create: true, trunc: truncate && at == 0, mode: 0o666, ..Open::default() };
    if at == 0 {
        return call.m.open(&bytes, flags, Some(data.clone())).map(drop);
    }
    let place = call.m.locate(&bytes, true)?;
    let before = if place.stat.is_some() { call.m.read(&bytes)? } else { Contents::EMPTY };
    let before = if truncate { before.slice(0, at) } else { before };
    call.m.open(&bytes, Open { trunc: true, ..flags }, Some(before.overwritten(at, data))).map(drop)
}
