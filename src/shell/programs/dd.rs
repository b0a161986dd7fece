//! `dd`.

use super::arguments::size;
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use crate::shell::text;
use crate::union::Open;

/// What the operands ask for.
struct Job {
    input: Option<String>,
    output: Option<String>,
    read_block: u64,
    write_block: u64,
    count: Option<u64>,
    skip: u64,
    seek: u64,
    /// `conv=`, `iflag=`, `oflag=`: the words.
    flags: Vec<String>,
    quiet: bool,
}

impl Job {
    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }
}

/// Conversions of both dds, and those of GNU dd alone.
const CONVERSIONS: &[&str] = &["notrunc", "sync", "noerror", "fsync", "swab"];
const GNU_CONVERSIONS: &[&str] = &["ucase", "lcase", "excl", "nocreat", "fdatasync", "sparse"];
const FLAGS: &[&str] = &["skip_bytes", "count_bytes", "fullblock", "direct", "seek_bytes", "append"];
const GNU_FLAGS: &[&str] =
    &["dsync", "sync", "nonblock", "noatime", "nocache", "noctty", "nofollow", "directory"];

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let job = match operands(call) {
        Ok(job) => job,
        Err(status) => return status,
    };
    let data = match source(call, &job) {
        Ok(data) => data,
        Err(status) => return status,
    };
    let read = data.len();
    let data = converted(call, &job, data);
    if let Some(path) = &job.output {
        let block = if job.has("seek_bytes") { 1 } else { job.write_block };
        let at = job.seek.saturating_mul(block);
        if let Err(errno) = sink(call, path, &data, at, &job) {
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
    if !job.quiet {
        let (full, part) = (read / job.read_block, u64::from(read % job.read_block > 0));
        let (whole, rest) =
            (data.len() / job.write_block, u64::from(!data.len().is_multiple_of(job.write_block)));
        let mut report = format!("{full}+{part} records in\n{whole}+{rest} records out\n");
        if !call.busybox {
            report.push_str(&gnu_report(data.len()));
        }
        call.err(&report);
    }
    0
}

fn operands(call: &mut Call<'_, '_>) -> Result<Job, i32> {
    let mut job = Job {
        input: None,
        output: None,
        read_block: 512,
        write_block: 512,
        count: None,
        skip: 0,
        seek: 0,
        flags: Vec::new(),
        quiet: false,
    };
    for word in call.args() {
        let Some((key, value)) = word.split_once('=') else {
            return Err(call.usage(&format!("unrecognized operand '{word}'")));
        };
        let number = product(value);
        let needs = matches!(key, "bs" | "ibs" | "obs" | "count" | "skip" | "seek" | "iseek" | "oseek");
        let bad = needs && number.is_none() || key.ends_with("bs") && number == Some(0);
        if bad {
            return Err(
                call.either(&format!("invalid number '{value}'"), &format!("invalid number: '{value}'"))
            );
        }
        let number = number.unwrap_or(0);
        match key {
            "if" => job.input = Some(value.to_owned()),
            "of" => job.output = Some(value.to_owned()),
            "bs" => (job.read_block, job.write_block) = (number, number),
            "ibs" => job.read_block = number,
            "obs" => job.write_block = number,
            "count" => job.count = Some(number),
            "skip" | "iseek" => job.skip = number,
            "seek" | "oseek" => job.seek = number,
            "conv" | "iflag" | "oflag" => job.flags.extend(listed(call, key, value)?),
            "status" => job.quiet = matches!(value, "none" | "noxfer"),
            _ => return Err(call.usage(&format!("unrecognized operand '{word}'"))),
        }
    }
    Ok(job)
}

/// The words of `conv=` and the flags.
fn listed(call: &mut Call<'_, '_>, key: &str, value: &str) -> Result<Vec<String>, i32> {
    let (both, gnu) = if key == "conv" { (CONVERSIONS, GNU_CONVERSIONS) } else { (FLAGS, GNU_FLAGS) };
    for word in value.split(',') {
        if both.contains(&word) || !call.busybox && gnu.contains(&word) {
            continue;
        }
        if call.busybox {
            return Err(call.fail(&format!("invalid argument '{word}' to '{key}'")));
        }
        let what = match key {
            "conv" => "conversion",
            "iflag" => "input flag",
            _ => "output flag",
        };
        return Err(call.usage(&format!("invalid {what}: '{word}'")));
    }
    Ok(value.split(',').map(str::to_owned).collect())
}

/// `2x1k`: factors.
fn product(value: &str) -> Option<u64> {
    value.split('x').try_fold(1u64, |all, factor| all.checked_mul(size(factor)?))
}

/// What `conv=` does to the bytes.
fn converted(call: &mut Call<'_, '_>, job: &Job, data: Contents) -> Contents {
    let mut data = data;
    if job.has("sync") {
        let short = data.len() % job.read_block;
        if short > 0 {
            data.append(&Contents::fill(0, job.read_block - short));
        }
    }
    if !(job.has("swab") || job.has("ucase") || job.has("lcase")) {
        return data;
    }
    let Some(mut bytes) = data.to_bytes(64 << 20) else {
        call.m.t.fuel.spend_bytes(u64::MAX);
        return Contents::EMPTY;
    };
    if job.has("ucase") {
        bytes.make_ascii_uppercase();
    }
    if job.has("lcase") {
        bytes.make_ascii_lowercase();
    }
    if job.has("swab") {
        for pair in bytes.chunks_exact_mut(2) {
            pair.reverse();
        }
    }
    Contents::bytes(bytes)
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

fn source(call: &mut Call<'_, '_>, job: &Job) -> Result<Contents, i32> {
    let stream = match &job.input {
        Some(path) => {
            let bytes = text::encode(path).into_owned();
            let fds = call.fds;
            let opened = if call.m.is_dir(&bytes) {
                Err(Errno::EISDIR)
            } else {
                call.m.open_stream(&bytes, Default::default(), fds)
            };
            match opened {
                Ok(stream) => Some(stream),
                Err(Errno::EISDIR) if call.busybox => {
                    return Err(call.fail_errno(path, Errno::EISDIR));
                }
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
    if job.skip > 0 {
        let block = if job.has("skip_bytes") { 1 } else { job.read_block };
        call.m.read_some(&stream, job.skip.saturating_mul(block));
    }
    Ok(match job.count {
        Some(count) => {
            let block = if job.has("count_bytes") { 1 } else { job.read_block };
            call.m.read_some(&stream, count.saturating_mul(block))
        }
        None => call.m.read_rest(&stream),
    })
}

fn sink(call: &mut Call<'_, '_>, path: &str, data: &Contents, at: u64, job: &Job) -> Result<(), Errno> {
    let bytes = text::encode(path).into_owned();
    let exists = call.m.lstat(&bytes).is_ok();
    if job.has("nocreat") && !exists {
        return Err(Errno::ENOENT);
    }
    if job.has("excl") && exists {
        return Err(Errno::EEXIST);
    }
    let append = job.has("append");
    let truncate = !job.has("notrunc") && !append;
    let flags = Open { write: true, create: true, mode: 0o666, append, ..Open::default() };
    if append {
        return call.m.open(&bytes, flags, Some(data.clone())).map(drop);
    }
    if at == 0 && truncate {
        let flags = Open { trunc: true, ..flags };
        return call.m.open(&bytes, flags, Some(data.clone())).map(drop);
    }
    let place = call.m.locate(&bytes, true)?;
    let before = if place.stat.is_some() { call.m.read(&bytes)? } else { Contents::EMPTY };
    let before = if truncate { before.slice(0, at) } else { before };
    call.m.open(&bytes, Open { trunc: true, ..flags }, Some(before.overwritten(at, data))).map(drop)
}
