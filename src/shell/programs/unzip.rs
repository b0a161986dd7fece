//! `unzip`.

use super::arguments::{Arguments, Spec};
use crate::fs::{Contents, path};
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use crate::shell::text;
use std::io::Read;

/// Real bytes that one archive may hold.
const MOST: u64 = 64 << 20;

/// A member of an archive.
struct Member {
    name: String,
    mode: u16,
    symlink: bool,
    data: Vec<u8>,
    packed: bool,
}

pub(super) fn unzip(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "oqnljptv", values: "dx", long: &[] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let Some(name) = args.operands.first().cloned() else {
        if call.busybox {
            return call.usage("");
        }
        call.out("UnZip 6.00 of 20 April 2009, by Debian. Original by Info-ZIP.\n");
        return 0;
    };
    let found = [name.clone(), format!("{name}.zip"), format!("{name}.ZIP")]
        .into_iter()
        .find_map(|name| call.open_read(&name).ok().map(|contents| (name, contents)));
    let Some((file, contents)) = found else { return missing(call, &name) };
    let members = contents.to_bytes(MOST).and_then(|bytes| members(&bytes));
    let Some(members) = members.filter(|_| call.m.t.fuel.spend_bytes(contents.len())) else {
        return no_archive(call, &file);
    };
    if args.any("lv") {
        return call.m.not_modelled("unzip -l");
    }
    if !args.any("pq") {
        call.out(&format!("Archive:  {file}\n"));
    }
    let wanted: Vec<Pattern> = args.operands.iter().skip(1).map(|p| Pattern::new(p)).collect();
    let left_out: Vec<Pattern> = args.values("x").map(Pattern::new).collect();
    let picked = |name: &str| {
        (wanted.is_empty() || wanted.iter().any(|p| p.matches_text(name)))
            && !left_out.iter().any(|p| p.matches_text(name))
    };
    let base = args.value("d").unwrap_or("").trim_end_matches('/').to_owned();
    let mut status = 0;
    for member in members.iter().filter(|member| picked(&member.name)) {
        if !call.m.t.fuel.spend_bytes(member.data.len() as u64) {
            return 1;
        }
        if args.has("p") {
            call.out_bytes(&member.data);
        } else if !args.has("t") {
            status = status.max(place(call, &args, &base, member));
        }
    }
    if !wanted.is_empty() && !members.iter().any(|member| picked(&member.name)) {
        let first = args.operands.get(1).map_or("", String::as_str);
        call.err(&format!("caution: filename not matched:  {first}\n"));
        return 11;
    }
    status
}

fn missing(call: &mut Call<'_, '_>, name: &str) -> i32 {
    if call.busybox {
        return call.fail(&format!("can't open '{name}'[.zip]"));
    }
    call.err(&format!("unzip:  cannot find or open {name}, {name}.zip or {name}.ZIP.\n"));
    9
}

fn no_archive(call: &mut Call<'_, '_>, file: &str) -> i32 {
    if call.busybox {
        return call.fail("short read");
    }
    call.out(&format!("Archive:  {file}\n"));
    call.err(&format!(
        "  End-of-central-directory signature not found.  Either this file is not\n  a zipfile, or it constitutes one disk of a multi-part archive.  In the\n  latter case the central directory and zipfile comment will be found on\n  the last disk(s) of this archive.\nunzip:  cannot find zipfile directory in one of {file} or\n        {file}.zip, and cannot find {file}.ZIP, period.\n"
    ));
    9
}

/// Reads the central directory and every member; none when it is no archive or too big.
fn members(bytes: &[u8]) -> Option<Vec<Member>> {
    let archive = rawzip::ZipArchive::from_slice(bytes).ok()?;
    let (mut found, mut total) = (Vec::new(), 0u64);
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().ok()? {
        let name = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
        let mode = entry.mode();
        let local = archive.get_entry(entry.wayfinder()).ok()?;
        let room = MOST.checked_sub(total)?;
        let mut data = Vec::new();
        let packed = entry.compression_method() == rawzip::CompressionMethod::DEFLATE;
        if packed {
            let decoder = flate2::read::DeflateDecoder::new(local.data());
            decoder.take(room + 1).read_to_end(&mut data).ok()?;
        } else {
            local.data().take(room + 1).read_to_end(&mut data).ok()?;
        }
        total += data.len() as u64;
        if total > MOST || found.len() > 100_000 {
            return None;
        }
        let bits = mode.value();
        found.push(Member {
            name,
            mode: (bits & 0o7777) as u16,
            symlink: bits & 0o170_000 == 0o120_000,
            data,
            packed,
        });
    }
    Some(found)
}

/// Puts one member where it belongs.
fn place(call: &mut Call<'_, '_>, args: &Arguments, base: &str, member: &Member) -> i32 {
    let dir = member.name.ends_with('/');
    let mut parts: Vec<&str> =
        member.name.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    if args.has("j") {
        if dir {
            return 0;
        }
        parts = parts.last().copied().into_iter().collect();
    }
    if parts.is_empty() {
        return 0;
    }
    let inside = parts.join("/");
    let at = if base.is_empty() { inside } else { format!("{base}/{inside}") };
    let bytes = text::encode(&at).into_owned();
    let quiet = args.has("q");
    let parent = path::parent(&bytes).to_vec();
    make_all(call, if dir { &bytes } else { &parent });
    if dir {
        if !quiet {
            call.out(&format!("   creating: {at}/\n"));
        }
        return 0;
    }
    if call.m.lstat(&bytes).is_ok() {
        if args.has("n") {
            return 0;
        }
        if !args.has("o") {
            call.err(&format!("replace {at}? [y]es, [n]o, [A]ll, [N]one, [r]ename: "));
            call.err(" NULL\n(EOF or read error, treating as \"[N]one\" ...)\n");
            return 1;
        }
        let _ = call.m.unlink(&bytes);
    }
    if !quiet {
        let verb = if member.packed { "  inflating" } else { " extracting" };
        let tail = if call.busybox { "" } else { "  " };
        call.out(&format!("{verb}: {at}{tail}\n"));
    }
    let done = if member.symlink {
        call.m.symlink(&member.data, &bytes)
    } else {
        let mode = if member.mode == 0 { 0o644 } else { member.mode & 0o777 };
        call.m.write(&bytes, Contents::bytes(member.data.clone()), mode)
    };
    match done {
        Ok(()) => 0,
        Err(errno) => call.fail_errno(&at, errno),
    }
}

fn make_all(call: &mut Call<'_, '_>, dir: &[u8]) {
    let mut at = Vec::new();
    for name in path::names(dir) {
        if dir.starts_with(b"/") || !at.is_empty() {
            at.push(b'/');
        }
        at.extend_from_slice(name);
        // One that exists is no mistake; any other shows when the file is made.
        let _ = call.m.mkdir(&at, 0o777);
    }
}
