//! `wget`: GNU's (1.21.3) and busybox's.

use super::arguments::{Arguments, Spec};
use super::date;
use super::network::{downloads, http_date, with_scheme};
use crate::fs::{Contents, EPOCH};
use crate::shell::call::Call;
use crate::shell::text;
use crate::shell::urls::{self, Page};
use crate::union::Open;

/// Options of both. What changes nothing here is read and forgotten.
const SPEC: Spec = Spec {
    flags: "cqvSNxr46bdnpEkmHLF",
    values: "OPTtUoaYeiQAlwRDBI",
    long: &[
        ("output-document=", "O"),
        ("directory-prefix=", "P"),
        ("quiet", "q"),
        ("verbose", "v"),
        ("no-verbose", "nv"),
        ("no-clobber", "nc"),
        ("continue", "c"),
        ("server-response", "S"),
        ("spider", "spider"),
        ("timestamping", "N"),
        ("no-check-certificate", "-"),
        ("no-cache", "-"),
        ("no-hsts", "-"),
        ("https-only", "-"),
        ("show-progress", "-"),
        ("progress=", "-"),
        ("header=", "-"),
        ("user-agent=", "-"),
        ("user=", "-"),
        ("password=", "-"),
        ("tries=", "-"),
        ("timeout=", "-"),
        ("connect-timeout=", "-"),
        ("dns-timeout=", "-"),
        ("read-timeout=", "-"),
        ("waitretry=", "-"),
        ("wait=", "-"),
        ("retry-connrefused", "-"),
        ("retry-on-http-error=", "-"),
        ("max-redirect=", "-"),
        ("secure-protocol=", "-"),
        ("ca-certificate=", "-"),
        ("prefer-family=", "-"),
        ("inet4-only", "-"),
        ("inet6-only", "-"),
        ("no-proxy", "-"),
        ("limit-rate=", "-"),
        ("referer=", "-"),
        ("content-disposition", "-"),
        ("trust-server-names", "trust"),
        ("no-parent", "-"),
        ("no-host-directories", "-"),
    ],
};
/// Redirects that are followed: wget's `--max-redirect`; busybox stops at five.
const GNU_REDIRECTS: usize = 20;
const BUSYBOX_REDIRECTS: usize = 5;

/// A call taken apart.
struct Order {
    args: Arguments,
    quiet: bool,
    brief: bool,
    no_clobber: bool,
}

pub(super) fn wget(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    // `-nv`, `-nc`, `-nd`, `-nH`: an n and a letter make one option. busybox takes and ignores them.
    let mut twins = Vec::new();
    let words: Vec<String> = call.args().to_vec();
    let words: Vec<String> = words
        .into_iter()
        .filter(|word| {
            let twin = matches!(word.as_str(), "-nv" | "-nc" | "-nd" | "-nH" | "-np");
            if twin {
                twins.push(word.clone());
            }
            !twin
        })
        .collect();
    let args = match Arguments::read(call, &words, &SPEC) {
        Ok(args) => args,
        Err(status) => return status,
    };
    for letter in ["i", "r", "m", "b", "N"] {
        if args.has(letter) && !call.busybox {
            call.m.not_modelled(&format!("wget -{letter}"));
        }
    }
    if args.operands.is_empty() {
        return if call.busybox { call.usage("") } else { call.usage("missing URL") };
    }
    let twin = |name: &str| twins.iter().any(|word| word == name);
    let order = Order {
        quiet: args.has("q"),
        brief: !call.busybox && twin("-nv") || args.has("nv"),
        no_clobber: twin("-nc") || args.has("nc"),
        args,
    };
    if call.busybox { busybox(call, &order) } else { gnu(call, &order) }
}

/// The name that a file gets in the working directory: `-P` is above it.
fn name_of(order: &Order, url: &str) -> String {
    let name = match urls::file_name(url) {
        "" => "index.html",
        name => name,
    };
    match order.args.value("P") {
        Some(dir) => format!("{}/{name}", dir.trim_end_matches('/')),
        None => name.to_owned(),
    }
}

/// Appends to a file that `-O` opened, or prints.
fn put(call: &mut Call<'_, '_>, name: &str, body: &Contents, fresh: bool) -> Result<(), crate::fs::Errno> {
    if name == "-" {
        call.out_contents(body);
        call.flush();
        return Ok(());
    }
    let flags =
        Open { write: true, create: true, trunc: fresh, append: !fresh, mode: 0o666, ..Default::default() };
    let fds = call.fds;
    let stream = call.m.open_stream(&text::encode(name), flags, fds)?;
    if !body.is_empty() {
        call.m.emit_contents(&stream, body);
    }
    Ok(())
}

// ---- busybox ----

fn busybox(call: &mut Call<'_, '_>, order: &Order) -> i32 {
    let output = order.args.value("O").map(str::to_owned);
    let mut fresh = true;
    for url in &order.args.operands {
        let status = busybox_one(call, order, &with_scheme(url), output.as_deref(), &mut fresh);
        if status != 0 || call.broken() {
            return status;
        }
    }
    0
}

fn busybox_one(
    call: &mut Call<'_, '_>,
    order: &Order,
    url: &str,
    output: Option<&str>,
    fresh: &mut bool,
) -> i32 {
    if !["http://", "https://", "ftp://"].iter().any(|scheme| url.starts_with(scheme)) {
        return call.fail(&format!("not an http or ftp url: {url}"));
    }
    let table = call.m.urls.clone();
    let mut at = url.to_owned();
    let mut redirects = 0;
    let page = loop {
        let Some(page) = table.page(&at) else {
            call.m.unresolved(&at);
            return call.fail(&format!("bad address '{}'", urls::host(&at)));
        };
        if !order.quiet {
            let port = if at.starts_with("https") { 443 } else { 80 };
            let host = urls::host(&at);
            call.err(&format!("Connecting to {host} ({}:{port})\n", address(&host)));
        }
        if order.args.has("S") {
            call.err(&shown_head(page));
        }
        match &page.to {
            Some(to) if redirects < BUSYBOX_REDIRECTS => {
                redirects += 1;
                at.clone_from(to);
            }
            Some(_) => return call.fail("too many redirections"),
            None => break page,
        }
    };
    if page.status >= 300 {
        return call.fail(&format!("server returned error: HTTP/1.1 {}", page.status_line()));
    }
    if order.args.has("spider") {
        if !order.quiet {
            call.err("remote file exists\n");
        }
        return 0;
    }
    let name = output.map_or_else(|| name_of(order, url), str::to_owned);
    if output.is_none() && !order.args.has("c") && call.m.lstat(&text::encode(&name)).is_ok() {
        return call.fail_errno(&format!("can't open '{name}'"), crate::fs::Errno::EEXIST);
    }
    let whole = *fresh || output.is_none();
    if name != "-"
        && let Err(errno) = put(call, &name, &Contents::EMPTY, whole)
    {
        return call.fail_errno(&format!("can't open '{name}'"), errno);
    }
    if !order.quiet {
        let line =
            if name == "-" { "writing to stdout\n".to_owned() } else { format!("saving to '{name}'\n") };
        call.err(&line);
    }
    downloads(call, page.body.len());
    if let Err(errno) = put(call, &name, &page.body, whole) {
        return call.fail_errno(&format!("can't open '{name}'"), errno);
    }
    *fresh = false;
    if !order.quiet {
        let short = name.rsplit('/').next().unwrap_or("");
        let shown: String = short.chars().take(20).collect();
        let size = busybox_size(page.body.len());
        call.err(&format!("{shown:<20} 100% |{}| {size:>5}  0:00:00 ETA\n", "*".repeat(32)));
        let done = if name == "-" { "written to stdout\n".to_owned() } else { format!("'{name}' saved\n") };
        call.err(&done);
    }
    0
}

/// A size as busybox's progress bar writes it.
fn busybox_size(bytes: u64) -> String {
    if bytes < 100_000 {
        return bytes.to_string();
    }
    let (mut size, mut unit) = (bytes / 1024, 'k');
    for next in ['M', 'G', 'T'] {
        if size < 100_000 {
            break;
        }
        (size, unit) = (size / 1024, next);
    }
    format!("{size}{unit}")
}

/// An address of the network for documentation (RFC 5737), one for each host.
fn address(host: &str) -> String {
    let sum = host.bytes().fold(7u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    format!("203.0.113.{}", sum % 254 + 1)
}

fn shown_head(page: &Page) -> String {
    let lines = page.headers(&http_date, EPOCH);
    format!("  HTTP/1.1 {}\n  {}\n", page.status_line(), lines.join("\n  "))
}

// ---- GNU ----

fn gnu(call: &mut Call<'_, '_>, order: &Order) -> i32 {
    let output = order.args.value("O").map(str::to_owned);
    if let Some(name) = output.as_deref().filter(|name| *name != "-")
        && let Err(errno) = put(call, name, &Contents::EMPTY, true)
    {
        let message = call.m.message(errno);
        call.err(&format!("{name}: {message}\n"));
        return 1;
    }
    let (mut worst, mut fetched, mut bytes) = (0, 0u32, 0u64);
    for url in &order.args.operands {
        if call.broken() {
            break;
        }
        let status = match gnu_one(call, order, url, output.as_deref()) {
            Ok(got) => {
                fetched += u32::from(got.is_some());
                bytes = bytes.saturating_add(got.unwrap_or(0));
                0
            }
            Err(status) => status,
        };
        // The smaller number is the graver one (`get_exit_status`), but 0.
        worst = if worst == 0 || status != 0 && status < worst { status } else { worst };
    }
    let several = order.args.operands.len() > 1 && fetched > 0 && !order.quiet;
    if several {
        let now = date::shown(EPOCH, "%Y-%m-%d %H:%M:%S");
        let size = human(bytes);
        let size = if size.is_empty() { bytes.to_string() } else { size };
        call.err(&format!(
            "FINISHED --{now}--\nTotal wall clock time: 0s\nDownloaded: {fetched} files, {size} in 0s (9.5 MB/s)\n"
        ));
    }
    worst
}

/// Bytes that came; none where nothing had to come.
fn gnu_one(
    call: &mut Call<'_, '_>,
    order: &Order,
    typed: &str,
    output: Option<&str>,
) -> Result<Option<u64>, i32> {
    let scheme = typed.split_once("://").map(|(scheme, _)| scheme);
    if let Some(scheme) = scheme.filter(|scheme| !matches!(*scheme, "http" | "https" | "ftp" | "ftps")) {
        call.err(&format!("{typed}: Unsupported scheme ‘{scheme}’.\n"));
        return Err(1);
    }
    let url = with_scheme(typed);
    let url = if urls::path_of(&url).is_empty() { format!("{url}/") } else { url };
    let loud = !order.quiet && !order.brief;
    let now = date::shown(EPOCH, "%Y-%m-%d %H:%M:%S");
    let own_name = name_of(order, &url);
    if order.no_clobber && output.is_none() && call.m.exists(&text::encode(&own_name)) {
        if !order.quiet {
            call.err(&format!("File ‘{own_name}’ already there; not retrieving.\n\n"));
        }
        return Ok(None);
    }
    if loud && order.args.has("spider") {
        call.err("Spider mode enabled. Check if remote file exists.\n");
    }
    let (at, page) = ask(call, order, &url, &now, loud)?;
    if page.status >= 400 {
        if loud {
            call.err(&format!("{now} ERROR {}: {}.\n\n", page.status, phrase(&page)));
        } else if order.brief {
            call.err(&format!("{at}:\n{now} ERROR {}: {}.\n", page.status, phrase(&page)));
        }
        return Err(8);
    }
    if order.args.has("c") && output.is_none() {
        let there = call.m.stat(&text::encode(&own_name)).map(|stat| stat.size).unwrap_or(0);
        if there >= page.body.len() && there > 0 {
            if loud {
                call.err("\n    The file is already fully retrieved; nothing to do.\n\n");
            }
            return Ok(None);
        }
    }
    let size = page.body.len();
    if loud {
        let about = human(size);
        let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
        call.err(&format!("Length: {size}{about} [{}]\n", page.kind));
    }
    if order.args.has("spider") {
        if loud {
            call.err("Remote file exists.\n\n");
        }
        return Ok(None);
    }
    let name = match output {
        Some(name) => name.to_owned(),
        None => free_name(call, order, own_name),
    };
    let file = store(call, order, &page, &name, output.is_none(), loud)?;
    if loud {
        let done = match name.as_str() {
            "-" => format!("written to stdout [{size}/{size}]"),
            name => format!("‘{name}’ saved [{size}/{size}]"),
        };
        call.err(&format!("{now} (9.54 MB/s) - {done}\n\n"));
    } else if order.brief {
        call.err(&format!("{now} URL:{at} [{size}/{size}] -> \"{name}\" [1]\n"));
    }
    Ok(Some(file))
}

/// Follows redirects to a page; the status when there is none.
fn ask(
    call: &mut Call<'_, '_>,
    order: &Order,
    url: &str,
    now: &str,
    loud: bool,
) -> Result<(String, Page), i32> {
    let table = call.m.urls.clone();
    let mut at = url.to_owned();
    let mut redirects = 0;
    loop {
        let host = urls::host(&at);
        if loud {
            call.err(&format!("--{now}--  {at}\nResolving {host} ({host})... "));
        }
        let Some(page) = table.page(&at) else {
            call.m.unresolved(&at);
            if loud {
                call.err("failed: Temporary failure in name resolution.\n");
            }
            if !order.quiet {
                call.err(&format!("wget: unable to resolve host address ‘{host}’\n"));
            }
            return Err(4);
        };
        if loud {
            let (address, port) = (address(&host), if at.starts_with("https") { 443 } else { 80 });
            call.err(&format!(
                "{address}\nConnecting to {host} ({host})|{address}|:{port}... connected.\nHTTP request sent, awaiting response... "
            ));
            if order.args.has("S") {
                call.err(&format!("\n{}", shown_head(page)));
            } else {
                call.err(&format!("{}\n", page.status_line()));
            }
        }
        match &page.to {
            Some(to) => {
                if loud {
                    call.err(&format!("Location: {to} [following]\n"));
                }
                redirects += 1;
                if redirects > GNU_REDIRECTS || !call.m.t.fuel.spend(50) {
                    if !order.quiet {
                        call.err(&format!("{GNU_REDIRECTS} redirections exceeded.\n"));
                    }
                    return Err(8);
                }
                at.clone_from(to);
            }
            None => return Ok((at, page.clone())),
        }
    }
}

/// `a.txt`, or `a.txt.1` where there is one.
fn free_name(call: &mut Call<'_, '_>, order: &Order, name: String) -> String {
    let taken = |call: &mut Call<'_, '_>, name: &str| call.m.exists(&text::encode(name));
    if order.args.has("c") || !taken(call, &name) {
        return name;
    }
    let free = (1..1000).map(|number| format!("{name}.{number}")).find(|free| !taken(call, free));
    free.unwrap_or(name)
}

fn store(
    call: &mut Call<'_, '_>,
    order: &Order,
    page: &Page,
    name: &str,
    own: bool,
    loud: bool,
) -> Result<u64, i32> {
    let size = page.body.len();
    if loud {
        let shown = if name == "-" { "STDOUT" } else { name };
        call.err(&format!("Saving to: ‘{shown}’\n\n"));
    }
    if let (true, Some(dir)) = (own, order.args.value("P")) {
        // wget makes the directory and those above it.
        let mut made = String::new();
        for piece in dir.split_inclusive('/') {
            made.push_str(piece);
            let at = text::encode(&made).into_owned();
            if !call.m.exists(&at) {
                let _ = call.m.mkdir(&at, 0o777);
            }
        }
    }
    downloads(call, size);
    if let Err(errno) = put(call, name, &page.body, own) {
        let message = call.m.message(errno);
        call.err(&format!("{name}: {message}\n\nCannot write to ‘{name}’ ({message}).\n"));
        return Err(3);
    }
    if loud {
        call.err(&dots(size));
    }
    if let Some(modified) = page.modified.filter(|_| name != "-") {
        // The server's time is the file's (`--no-use-server-timestamps` is not modelled).
        let _ = call.m.utimes(&text::encode(name), modified);
    }
    Ok(size)
}

/// The progress of a download that is no terminal's: rows of dots, the last one alone for a big file.
fn dots(size: u64) -> String {
    const ROW: u64 = 50 << 10;
    let rows = size.div_ceil(ROW).max(1);
    let mut out = String::new();
    for row in rows.saturating_sub(3)..rows {
        let start = row * ROW;
        let filled = (size.saturating_sub(start).min(ROW) >> 10) as usize;
        let mut line = String::new();
        for at in 0..50 {
            line.push_str(if at % 10 == 0 { " " } else { "" });
            line.push(if at < filled { '.' } else { ' ' });
        }
        let part = (start + ROW).min(size) * 100 / size.max(1);
        let part = if size == 0 { 100 } else { part };
        let tail = if row + 1 == rows { "9.54M=0s\n\n" } else { "9.54M 0s\n" };
        out.push_str(&format!("{:>6}K{line}{part:>3}% {tail}", start >> 10));
    }
    out
}

/// `293K`, `4.2M`; nothing for less than 1024 bytes (`human_readable`).
fn human(bytes: u64) -> String {
    let (mut size, mut unit) = (bytes as f64, ' ');
    for next in ['K', 'M', 'G', 'T'] {
        if size < 1024.0 {
            break;
        }
        (size, unit) = (size / 1024.0, next);
    }
    match unit {
        ' ' => String::new(),
        unit if size >= 10.0 => format!("{size:.0}{unit}"),
        unit => format!("{size:.1}{unit}"),
    }
}

fn phrase(page: &Page) -> String {
    page.status_line().split_once(' ').map_or(String::new(), |(_, phrase)| phrase.to_owned())
}
