//! `gzip`, `bzip2`, `xz`, `zstd` with all their names, and `unzip`.

use super::arguments::{Arguments, Spec};
use crate::fs::{Compression, Contents, Errno};
use crate::shell::call::Call;
use crate::shell::text;
use crate::union::StatKind;

/// Real bytes that are compressed or decompressed at once.
const MOST: u64 = 64 << 20;

pub(super) fn compress(call: &mut Call<'_, '_>, kind: Compression, contents: &Contents) -> Contents {
    let real = contents.to_bytes(MOST).filter(|bytes| call.m.t.fuel.spend_bytes(bytes.len() as u64));
    pack_with(call, kind, contents, real.and_then(|bytes| kind.pack(&bytes)))
}

fn pack_with(
    call: &mut Call<'_, '_>,
    kind: Compression,
    contents: &Contents,
    packed: Option<Vec<u8>>,
) -> Contents {
    match packed {
        Some(bytes) => Contents::bytes(bytes),
        None => {
            call.m.not_modelled(&format!("{} of more than 64 MiB", kind.word()));
            contents.clone()
        }
    }
}

pub(super) fn decompress(
    call: &mut Call<'_, '_>,
    kind: Compression,
    contents: &Contents,
) -> Option<Contents> {
    let bytes = contents.to_bytes(MOST)?;
    let plain = kind.unpack(&bytes, MOST)?;
    call.m.t.fuel.spend_bytes(plain.len() as u64).then(|| Contents::bytes(plain))
}

const SPEC: Spec = Spec {
    flags: "cdfkqvntz123456789e",
    values: "ST",
    long: &[
        ("stdout", "c"),
        ("to-stdout", "c"),
        ("decompress", "d"),
        ("uncompress", "d"),
        ("compress", "z"),
        ("force", "f"),
        ("keep", "k"),
        ("best", "9"),
        ("fast", "1"),
        ("quiet", "q"),
        ("no-name", "n"),
        ("name", "N"),
        ("verbose", "v"),
        ("test", "t"),
        ("extreme", "e"),
        ("threads=", "T"),
        ("rm", "rm"),
    ],
};

/// What a name of the program stands for.
#[derive(Clone, Copy)]
struct Tool {
    kind: Compression,
    unpacks: bool,
    prints: bool,
}

fn tool(name: &str) -> Tool {
    let kind = match name {
        "bzip2" | "bunzip2" | "bzcat" => Compression::Bzip2,
        "xz" | "unxz" | "xzcat" => Compression::Xz,
        "zstd" | "unzstd" | "zstdcat" => Compression::Zstd,
        _ => Compression::Gzip,
    };
    let prints = name.ends_with("cat");
    Tool { kind, unpacks: prints || name.contains("un"), prints }
}

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let args = match Arguments::parse(call, &SPEC) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let mut tool = tool(&call.name);
    tool.unpacks = (tool.unpacks || args.any("dt")) && !args.has("z");
    tool.prints |= args.has("c");
    if call.busybox && tool.kind == Compression::Xz && !tool.unpacks {
        return call.usage("");
    }
    // The GNU programs are one, which calls itself by its first name.
    if !call.busybox && tool.kind == Compression::Gzip {
        call.name = "gzip".to_owned();
    }
    let operands = if args.operands.is_empty() { vec!["-".to_owned()] } else { args.operands.clone() };
    let mut status = 0;
    for operand in &operands {
        status = status.max(one(call, &args, tool, operand));
    }
    status
}

/// Suffixes of the packed file and of the plain one.
fn suffixes(kind: Compression) -> &'static [(&'static str, &'static str)] {
    match kind {
        Compression::Gzip => &[(".gz", ""), (".tgz", ".tar"), (".taz", ".tar"), ("-gz", ""), (".z", "")],
        Compression::Bzip2 => &[(".bz2", ""), (".tbz2", ".tar"), (".tbz", ".tar"), (".bz", "")],
        Compression::Xz => &[(".xz", ""), (".txz", ".tar"), (".lzma", "")],
        Compression::Zstd => &[(".zst", ""), (".tzst", ".tar")],
    }
}

fn one(call: &mut Call<'_, '_>, args: &Arguments, tool: Tool, operand: &str) -> i32 {
    let mut source = operand.to_owned();
    // busybox looks at the name first.
    if call.busybox
        && tool.unpacks
        && operand != "-"
        && call.m.exists(&text::encode(operand))
        && let Err(status) = target_of(call, args, tool, operand)
    {
        return status;
    }
    if call.m.is_dir(&text::encode(operand)) && operand != "-" {
        return refuse_directory(call, tool, operand);
    }
    let mut opened = call.open_read(operand);
    // gzip tries the name with its suffix.
    if opened == Err(Errno::ENOENT) && tool.unpacks && !call.busybox && tool.kind == Compression::Gzip {
        source = format!("{operand}.gz");
        opened = call.open_read(&source);
    }
    let contents = match opened {
        Ok(contents) => contents,
        Err(errno) => return cannot_open(call, tool, &source, errno),
    };
    let target = match target_of(call, args, tool, &source) {
        Ok(target) => target,
        Err(status) => return status,
    };
    let result = if tool.unpacks {
        let found = Compression::of(&contents.head(6));
        // busybox's zcat knows all of them.
        let fits = |kind: &Compression| *kind == tool.kind || call.busybox && call.name == "zcat";
        match found.filter(fits).and_then(|kind| decompress(call, kind, &contents)) {
            Some(result) => result,
            None if tool.prints && args.has("f") && found.is_none() => contents,
            None => return wrong_format(call, tool, &source),
        }
    } else if tool.kind == Compression::Gzip && source != "-" && !call.busybox && !args.has("n") {
        // GNU gzip keeps the name and the time.
        let time = call.m.stat(&text::encode(&source)).map_or(0, |stat| stat.mtime);
        let name = source.rsplit('/').next().unwrap_or("");
        let real = contents.to_bytes(MOST).filter(|bytes| call.m.t.fuel.spend_bytes(bytes.len() as u64));
        let packed = real.and_then(|bytes| crate::fs::gzip_named(&bytes, name.as_bytes(), time as u32));
        pack_with(call, tool.kind, &contents, packed)
    } else {
        compress(call, tool.kind, &contents)
    };
    if args.has("t") {
        return 0;
    }
    if source == "-" || tool.prints {
        call.out_contents(&result);
        return 0;
    }
    replace(call, args, tool, &source, &target, result)
}

fn refuse_directory(call: &mut Call<'_, '_>, tool: Tool, operand: &str) -> i32 {
    let gnu = match tool.kind {
        Compression::Gzip => format!("{operand} is a directory -- ignored"),
        Compression::Bzip2 => format!("Input file {operand} is a directory."),
        Compression::Xz => format!("{operand}: Is a directory, skipping"),
        Compression::Zstd => format!("{operand} is a directory -- ignored"),
    };
    call.either(&format!("{operand}: Is a directory"), &gnu);
    match (call.busybox, tool.kind) {
        (false, Compression::Gzip | Compression::Xz) => 2,
        _ => 1,
    }
}

fn cannot_open(call: &mut Call<'_, '_>, tool: Tool, name: &str, errno: Errno) -> i32 {
    if call.busybox {
        return call.fail_errno(name, errno);
    }
    match tool.kind {
        Compression::Bzip2 => {
            let message = call.m.message(errno);
            call.fail(&format!("Can't open input file {name}: {message}."))
        }
        Compression::Zstd => {
            let message = call.m.message(errno);
            call.fail(&format!("can't stat {name} : {message} -- ignored"))
        }
        _ => call.fail_errno(name, errno),
    }
}

/// The name of the file that is made; one that can't be told is complained about.
fn target_of(call: &mut Call<'_, '_>, args: &Arguments, tool: Tool, source: &str) -> Result<String, i32> {
    let list = suffixes(tool.kind);
    if !tool.unpacks {
        let suffix = match args.value("S") {
            Some(own) => own.to_owned(),
            None => list.first().map_or("", |(suffix, _)| suffix).to_owned(),
        };
        if list.iter().any(|(suffix, _)| source.ends_with(suffix))
            && !tool.prints
            && !args.has("f")
            && source != "-"
        {
            let gnu = match tool.kind {
                Compression::Gzip => format!("{source} already has {suffix} suffix -- unchanged"),
                Compression::Bzip2 => format!("Input file {source} already has {suffix} suffix."),
                _ => format!("{source}: File already has '{suffix}' suffix, skipping"),
            };
            if !call.busybox {
                call.fail(&gnu);
                return Err(if tool.kind == Compression::Bzip2 { 1 } else { 2 });
            }
        }
        return Ok(format!("{source}{suffix}"));
    }
    for (suffix, plain) in list {
        if let Some(short) = source.strip_suffix(suffix) {
            return Ok(format!("{short}{plain}"));
        }
    }
    if source == "-" || tool.prints || args.has("t") {
        return Ok(String::new());
    }
    if call.busybox {
        return Err(call.fail(&format!("{source}: unknown suffix - ignored")));
    }
    match tool.kind {
        Compression::Gzip => {
            call.fail(&format!("{source}: unknown suffix -- ignored"));
            Err(2)
        }
        Compression::Bzip2 => {
            call.fail(&format!("Can't guess original name for {source} -- using {source}.out"));
            Ok(format!("{source}.out"))
        }
        // xz looks at the contents first.
        _ => Ok(String::new()),
    }
}

fn wrong_format(call: &mut Call<'_, '_>, tool: Tool, source: &str) -> i32 {
    if call.busybox {
        return match call.name.as_str() {
            "zcat" => call.fail("no gzip/bzip2/xz magic"),
            _ => call.fail("invalid magic"),
        };
    }
    let shown = if source == "-" { "stdin" } else { source };
    match tool.kind {
        Compression::Gzip => {
            call.err(&format!("\ngzip: {shown}: not in gzip format\n"));
            1
        }
        Compression::Bzip2 => {
            let shown = if source == "-" { "(stdin)" } else { source };
            call.fail(&format!("{shown} is not a bzip2 file."));
            2
        }
        Compression::Xz => {
            let shown = if source == "-" { "(stdin)" } else { source };
            call.fail(&format!("{shown}: File format not recognized"))
        }
        Compression::Zstd => call.fail(&format!("{shown}: unsupported format ")),
    }
}

/// Writes the new file and removes the old one.
fn replace(
    call: &mut Call<'_, '_>,
    args: &Arguments,
    tool: Tool,
    source: &str,
    target: &str,
    result: Contents,
) -> i32 {
    if target.is_empty() {
        call.fail(&format!("{source}: Filename has an unknown suffix, skipping"));
        return 2;
    }
    let (from, to) = (text::encode(source).into_owned(), text::encode(target).into_owned());
    if call.m.lstat(&to).is_ok() && !args.has("f") {
        let gnu = match tool.kind {
            Compression::Gzip => format!("{target} already exists;\tnot overwritten"),
            Compression::Bzip2 => format!("Output file {target} already exists."),
            Compression::Xz => format!("{target}: File exists"),
            Compression::Zstd => format!("{target} already exists; not overwritten  "),
        };
        call.either(&format!("can't open '{target}': File exists"), &gnu);
        return if !call.busybox && tool.kind == Compression::Gzip { 2 } else { 1 };
    }
    let (before, after) = (call.m.stat(&from).map_or(0, |stat| stat.size), result.len());
    let stat = call.m.stat(&from).ok();
    let mode = stat.as_ref().map_or(0o644, |stat| stat.mode & 0o777);
    if let Err(errno) = call.m.write(&to, result, mode) {
        return call.fail_errno(target, errno);
    }
    if let Some(stat) = stat.filter(|stat| stat.kind == StatKind::File) {
        let _ = call.m.utimes(&to, stat.mtime);
    }
    if args.has("v") && tool.kind == Compression::Gzip {
        let (plain, packed) = if tool.unpacks { (after, before) } else { (before, after) };
        let saved = if plain == 0 { 0.0 } else { 100.0 * (1.0 - packed as f64 / plain as f64) };
        let verb = if args.has("k") { "created" } else { "replaced with" };
        call.err(&format!("{source}:\t{saved:5.1}% -- {verb} {target}\n"));
    }
    // zstd keeps what it packs.
    let keeps = args.has("k") || tool.kind == Compression::Zstd && !args.has("rm");
    if !keeps && let Err(errno) = call.m.unlink(&from) {
        return call.fail_errno(source, errno);
    }
    0
}
