//! `curl`, as Debian 12 has it (7.88.1).

use super::network::{downloads, http_date, meter, with_scheme};
use crate::fs::{Contents, EPOCH, path};
use crate::shell::call::Call;
use crate::shell::text;
use crate::shell::urls::{self, MOST_REDIRECTS, Page};

const TRY: &str = "curl: try 'curl --help' or 'curl --manual' for more information\n";

/// An option: letter (or none), name, takes a value, and what it means here.
type Row = (char, &'static str, bool, Means);

/// What an option means here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Means {
    /// It is looked at.
    Used,
    /// It changes nothing that is modelled: names, certificates, patience.
    Nothing,
    /// It would change what is fetched, and isn't modelled.
    Opaque,
}
use Means::{Nothing, Opaque, Used};

const OPTIONS: &[Row] = &[
    ('#', "progress-bar", false, Used),
    ('0', "http1.0", false, Nothing),
    (' ', "http1.1", false, Nothing),
    (' ', "http2", false, Nothing),
    ('1', "tlsv1", false, Nothing),
    (' ', "tlsv1.2", false, Nothing),
    (' ', "tlsv1.3", false, Nothing),
    (' ', "tls-max", true, Nothing),
    ('4', "ipv4", false, Nothing),
    ('6', "ipv6", false, Nothing),
    ('A', "user-agent", true, Nothing),
    ('b', "cookie", true, Nothing),
    ('C', "continue-at", true, Nothing),
    ('c', "cookie-jar", true, Opaque),
    ('D', "dump-header", true, Used),
    ('d', "data", true, Opaque),
    (' ', "data-raw", true, Opaque),
    (' ', "data-binary", true, Opaque),
    (' ', "data-urlencode", true, Opaque),
    (' ', "json", true, Opaque),
    ('E', "cert", true, Nothing),
    ('e', "referer", true, Nothing),
    ('F', "form", true, Opaque),
    ('f', "fail", false, Used),
    (' ', "fail-with-body", false, Used),
    (' ', "fail-early", false, Used),
    ('G', "get", false, Nothing),
    ('g', "globoff", false, Used),
    ('H', "header", true, Nothing),
    ('h', "help", false, Used),
    ('I', "head", false, Used),
    ('i', "include", false, Used),
    ('J', "remote-header-name", false, Nothing),
    ('K', "config", true, Opaque),
    ('k', "insecure", false, Nothing),
    ('L', "location", false, Used),
    (' ', "location-trusted", false, Used),
    ('m', "max-time", true, Nothing),
    ('N', "no-buffer", false, Nothing),
    ('n', "netrc", false, Nothing),
    (' ', "netrc-file", true, Nothing),
    ('O', "remote-name", false, Used),
    (' ', "remote-name-all", false, Used),
    ('o', "output", true, Used),
    (' ', "output-dir", true, Used),
    ('q', "disable", false, Nothing),
    ('R', "remote-time", false, Used),
    ('r', "range", true, Opaque),
    ('S', "show-error", false, Used),
    ('s', "silent", false, Used),
    ('T', "upload-file", true, Opaque),
    ('u', "user", true, Nothing),
    ('V', "version", false, Used),
    ('v', "verbose", false, Opaque),
    ('w', "write-out", true, Used),
    ('X', "request", true, Used),
    ('x', "proxy", true, Nothing),
    ('y', "speed-time", true, Nothing),
    ('Y', "speed-limit", true, Nothing),
    ('Z', "parallel", false, Nothing),
    ('z', "time-cond", true, Opaque),
    (' ', "cacert", true, Nothing),
    (' ', "capath", true, Nothing),
    (' ', "compressed", false, Nothing),
    (' ', "connect-timeout", true, Nothing),
    (' ', "create-dirs", false, Used),
    (' ', "keepalive-time", true, Nothing),
    (' ', "key", true, Nothing),
    (' ', "limit-rate", true, Nothing),
    (' ', "max-redirs", true, Used),
    (' ', "no-progress-meter", false, Used),
    (' ', "noproxy", true, Nothing),
    (' ', "oauth2-bearer", true, Nothing),
    (' ', "pinnedpubkey", true, Nothing),
    (' ', "proto", true, Nothing),
    (' ', "proto-default", true, Nothing),
    (' ', "proto-redir", true, Nothing),
    (' ', "resolve", true, Opaque),
    (' ', "retry", true, Used),
    (' ', "retry-all-errors", false, Nothing),
    (' ', "retry-connrefused", false, Nothing),
    (' ', "retry-delay", true, Used),
    (' ', "retry-max-time", true, Nothing),
    (' ', "ssl-reqd", false, Nothing),
    (' ', "stderr", true, Opaque),
    (' ', "trace", true, Opaque),
    (' ', "trace-ascii", true, Opaque),
    (' ', "unix-socket", true, Opaque),
    (' ', "url", true, Used),
];

/// The options of one call.
#[derive(Default)]
struct Order {
    set: Vec<&'static str>,
    values: Vec<(&'static str, String)>,
    urls: Vec<String>,
    /// For each address in turn: `-o FILE`, or none for `-O`.
    outputs: Vec<Option<String>>,
}

impl Order {
    fn has(&self, name: &str) -> bool {
        self.set.contains(&name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> u64 {
        self.value(name).and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    fn silent(&self) -> bool {
        self.has("silent")
    }

    fn tells_errors(&self) -> bool {
        !self.silent() || self.has("show-error")
    }
}

pub(super) fn curl(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let order = match read(call) {
        Ok(order) => order,
        Err(status) => return status,
    };
    if order.has("version") {
        call.out("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.15 zlib/1.2.13 nghttp2/1.52.0\nRelease-Date: 2023-02-20, security patched: 7.88.1-10+deb12u8\nProtocols: dict file ftp ftps gopher gophers http https imap imaps mqtt pop3 pop3s rtsp smb smbs smtp smtps telnet tftp\n");
        return 0;
    }
    if order.has("help") {
        call.out("Usage: curl [options...] <url>\n");
        return 0;
    }
    if order.has("fail") && order.has("fail-with-body") {
        call.err("curl: You must select either --fail or --fail-with-body, not both.\n");
        return 2;
    }
    if order.urls.is_empty() {
        let none = if call.args().is_empty() { "" } else { "curl: no URL specified!\n" };
        call.err(&format!("{none}{TRY}"));
        return 2;
    }
    if order.outputs.len() > order.urls.len() && !order.silent() {
        call.err("Warning: Got more output options than URLs\n");
    }
    let mut status = 0;
    for (at, url) in order.urls.iter().enumerate() {
        if call.broken() {
            break;
        }
        status = transfer(call, &order, url, order.outputs.get(at));
        if status != 0 && order.has("fail-early") {
            break;
        }
    }
    status
}

fn read(call: &mut Call<'_, '_>) -> Result<Order, i32> {
    let mut order = Order::default();
    let mut words = call.args().iter();
    let mut ended = false;
    while let Some(word) = words.next() {
        if ended || !word.starts_with('-') || word == "-" {
            order.urls.push(word.clone());
            continue;
        }
        if word == "--" {
            ended = true;
            continue;
        }
        if let Some(long) = word.strip_prefix("--") {
            let off = long.strip_prefix("no-").filter(|_| long != "no-progress-meter" && long != "no-buffer");
            let row = long_option(off.unwrap_or(long)).ok_or_else(|| unknown(call, word))?;
            let value = match row.2 {
                true => Some(words.next().cloned().ok_or_else(|| needs(call, word))?),
                false => None,
            };
            if off.is_none() {
                take(call, &mut order, row, value);
            }
            continue;
        }
        for (at, letter) in word.char_indices().skip(1) {
            let row = OPTIONS.iter().find(|row| row.0 == letter).ok_or_else(|| unknown(call, word))?;
            if !row.2 {
                take(call, &mut order, row, None);
                continue;
            }
            let rest = word.get(at + letter.len_utf8()..).unwrap_or("");
            let value = if rest.is_empty() { words.next().cloned() } else { Some(rest.to_owned()) };
            let value = value.ok_or_else(|| needs(call, word))?;
            take(call, &mut order, row, Some(value));
            break;
        }
    }
    Ok(order)
}

/// An option by its name, which may be cut short as long as it is the only one.
fn long_option(name: &str) -> Option<&'static Row> {
    if let Some(row) = OPTIONS.iter().find(|row| row.1 == name) {
        return Some(row);
    }
    let mut near = OPTIONS.iter().filter(|row| row.1.starts_with(name));
    near.next().filter(|_| near.next().is_none())
}

fn unknown(call: &mut Call<'_, '_>, word: &str) -> i32 {
    call.err(&format!("curl: option {word}: is unknown\n{TRY}"));
    2
}

fn needs(call: &mut Call<'_, '_>, word: &str) -> i32 {
    call.err(&format!("curl: option {word}: requires parameter\n{TRY}"));
    2
}

fn take(call: &mut Call<'_, '_>, order: &mut Order, row: &'static Row, value: Option<String>) {
    let (_, name, _, means) = *row;
    if means == Opaque {
        call.m.not_modelled(&format!("curl --{name}"));
    }
    match (name, value) {
        ("output", value) => order.outputs.push(value),
        ("remote-name", _) => order.outputs.push(None),
        ("url", Some(url)) => order.urls.push(url),
        ("request", Some(method)) => {
            if !matches!(method.as_str(), "GET" | "HEAD") {
                call.m.not_modelled(&format!("curl --request {method}"));
            }
        }
        (name, Some(value)) => order.values.push((name, value)),
        (name, None) => order.set.push(name),
    }
}

/// How one attempt went.
struct Answer {
    status: i32,
    message: String,
    /// Bytes that came.
    got: u64,
    /// Bytes that were announced.
    announced: u64,
    code: u16,
    redirects: usize,
    at: String,
    kind: String,
    next: String,
    again: bool,
}

fn transfer(call: &mut Call<'_, '_>, order: &Order, url: &str, output: Option<&Option<String>>) -> i32 {
    let show_meter = !order.silent() && !order.has("no-progress-meter");
    let globs = !order.has("globoff") && url.contains(['{', '[']);
    if globs {
        call.m.not_modelled("curl's sets of URLs ({…}, […])");
    }
    let name = match output {
        Some(None) => Some(urls::file_name(&with_scheme(url)).to_owned()),
        Some(Some(name)) if name != "-" => Some(name.clone()),
        None if order.has("remote-name-all") => Some(urls::file_name(&with_scheme(url)).to_owned()),
        _ => None,
    };
    if name.as_deref() == Some("") {
        if order.tells_errors() && !order.silent() {
            call.err("curl: Remote file name has no length!\n");
        }
        return failed(call, order, 23, "Failed writing received data to disk/application");
    }
    let name = name.map(|name| match order.value("output-dir") {
        Some(dir) => format!("{}/{name}", dir.trim_end_matches('/')),
        None => name,
    });
    if show_meter && !order.has("progress-bar") {
        call.err("  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n");
    }
    let (retries, mut left) = (order.number("retry").min(1000), order.number("retry").min(1000));
    loop {
        let answer = attempt(call, order, url, name.as_deref());
        show_progress(call, order, &answer, show_meter);
        if answer.status != 0 {
            failed(call, order, answer.status, &answer.message);
        }
        if answer.again && left > 0 && !call.m.stopped() {
            let wait = match order.number("retry-delay") {
                0 => 1 << (retries - left).min(9),
                delay => delay.min(3600),
            };
            if !order.silent() {
                let what = if answer.status == 6 { "timeout" } else { "HTTP error" };
                call.err(&format!(
                    "Warning: Problem : {what}. Will retry in {wait} seconds. {left} retries left.\n"
                ));
            }
            call.takes(wait.min(600) as f64);
            left -= 1;
            continue;
        }
        if let Some(format) = order.value("write-out") {
            let text = written_out(format, &answer, name.as_deref().unwrap_or(""), url);
            call.out(&text);
        }
        call.flush();
        return answer.status;
    }
}

fn failed(call: &mut Call<'_, '_>, order: &Order, status: i32, message: &str) -> i32 {
    if order.tells_errors() {
        call.err(&format!("curl: ({status}) {message}\n"));
    }
    status
}

/// The meter, which libcurl starts with an empty line and ends with the last figures.
fn show_progress(call: &mut Call<'_, '_>, order: &Order, answer: &Answer, show: bool) {
    const NOTHING: &str = "\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0";
    if !show {
        return;
    }
    if order.has("progress-bar") {
        if answer.got > 0 {
            call.err(&format!("\r{} 100.0%\n", "#".repeat(72)));
        }
        return;
    }
    match answer.status {
        3 | 1 => {}
        6 => call.err(NOTHING),
        _ if answer.got > 0 => call.err(&format!("{NOTHING}\r{}\n", meter(answer.got))),
        _ => {
            let announced = answer.announced.min(99_999);
            call.err(&format!(
                "{NOTHING}\r  0 {announced:>5}    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\n"
            ));
        }
    }
}

/// Asks once: follows redirects if told so, and hands out what came.
fn attempt(call: &mut Call<'_, '_>, order: &Order, url: &str, name: Option<&str>) -> Answer {
    let mut answer = Answer {
        status: 0,
        message: String::new(),
        got: 0,
        announced: 0,
        code: 0,
        redirects: 0,
        at: with_scheme(url),
        kind: String::new(),
        next: String::new(),
        again: false,
    };
    let fault = |mut answer: Answer, status: i32, message: String| {
        (answer.status, answer.message) = (status, message);
        answer
    };
    let scheme = answer.at.split("://").next().unwrap_or("").to_ascii_lowercase();
    if urls::host(&answer.at).is_empty() || answer.at.contains(char::is_whitespace) {
        return fault(answer, 3, "URL using bad/illegal format or missing URL".to_owned());
    }
    if !matches!(scheme.as_str(), "http" | "https" | "ftp" | "ftps") {
        let message = format!("Protocol \"{scheme}\" not supported or disabled in libcurl");
        return fault(answer, 1, message);
    }
    let follows = order.has("location") || order.has("location-trusted");
    let most = order.value("max-redirs").and_then(|most| most.parse().ok()).unwrap_or(MOST_REDIRECTS);
    let table = call.m.urls.clone();
    let mut heads = String::new();
    loop {
        let Some(page) = table.page(&answer.at) else {
            call.m.unresolved(&answer.at);
            answer.again = true;
            let message = format!("Could not resolve host: {}", urls::host(&answer.at));
            return fault(answer, 6, message);
        };
        heads.push_str(&head(page));
        answer.code = page.status;
        answer.kind.clone_from(&page.kind);
        match &page.to {
            Some(_) if follows && answer.redirects >= most.min(10_000) => {
                return fault(answer, 47, format!("Maximum ({most}) redirects followed"));
            }
            Some(to) if follows => {
                answer.redirects += 1;
                answer.at.clone_from(to);
                if !call.m.t.fuel.spend(50) {
                    return answer;
                }
            }
            to => {
                answer.next = to.clone().unwrap_or_default();
                return receive(call, order, page, name, &heads, answer);
            }
        }
    }
}

/// Writes what a page answers where it belongs.
fn receive(
    call: &mut Call<'_, '_>,
    order: &Order,
    page: &Page,
    name: Option<&str>,
    heads: &str,
    mut answer: Answer,
) -> Answer {
    answer.announced = page.body.len();
    let bad = page.status >= 400;
    answer.again = matches!(page.status, 408 | 429 | 500 | 502 | 503 | 504);
    if bad && (order.has("fail") || order.has("fail-with-body")) {
        answer.status = 22;
        answer.message = format!("The requested URL returned error: {}", page.status);
    }
    let head_only = order.has("head");
    let mut body = if head_only || bad && order.has("fail") { Contents::EMPTY } else { page.body.clone() };
    let writes = !(bad && order.has("fail"));
    answer.got = body.len();
    downloads(call, body.len());
    if let Some(file) = order.value("dump-header") {
        let heads = Contents::text(heads);
        let done = match file {
            "-" => {
                call.out_contents(&heads);
                true
            }
            file => call.m.write(&text::encode(file), heads, 0o644).is_ok(),
        };
        if !done {
            (answer.status, answer.message) =
                (23, "Failed writing received data to disk/application".to_owned());
            return answer;
        }
    }
    if head_only || order.has("include") && writes {
        body = Contents::text(heads).joined(&body);
    }
    match name {
        None => call.out_contents(&body),
        Some(_) if !writes => {}
        Some(name) => {
            if save(call, order, page, name, body).is_err() {
                (answer.status, answer.message) = (23, "Failure writing output to destination".to_owned());
                answer.got = 0;
            }
        }
    }
    answer
}

fn save(call: &mut Call<'_, '_>, order: &Order, page: &Page, name: &str, body: Contents) -> Result<(), ()> {
    let at = text::encode(name).into_owned();
    if order.has("create-dirs") {
        let mut above = path::parent(&at).to_vec();
        let mut missing = Vec::new();
        while !above.is_empty() && above != b"." && above != b"/" && !call.m.exists(&above) {
            missing.push(above.clone());
            above = match name.contains('/') && above.contains(&b'/') {
                true => path::parent(&above).to_vec(),
                false => Vec::new(),
            };
        }
        for dir in missing.iter().rev() {
            call.m.mkdir(dir, 0o750).map_err(drop)?;
        }
    }
    if body.is_empty() && call.m.exists(&at) && call.m.truncate(&at, 0).is_err() {
        return Err(());
    }
    let fds = call.fds;
    let flags =
        crate::union::Open { write: true, create: true, trunc: true, mode: 0o666, ..Default::default() };
    // Also /dev/null and /dev/stdout.
    let stream = call.m.open_stream(&at, flags, fds).map_err(drop)?;
    if !body.is_empty() {
        call.m.emit_contents(&stream, &body);
    }
    if let Some(modified) = page.modified.filter(|_| order.has("remote-time")) {
        call.m.utimes(&at, modified).map_err(drop)?;
    }
    Ok(())
}

/// The head of an answer.
fn head(page: &Page) -> String {
    let lines = page.headers(&http_date, EPOCH);
    format!("HTTP/1.1 {}\r\n{}\r\n\r\n", page.status_line(), lines.join("\r\n"))
}

/// `-w FORMAT`. Times are not known: 0.
fn written_out(format: &str, answer: &Answer, file: &str, url: &str) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['%', '\\']) {
        out.push_str(rest.get(..at).unwrap_or(""));
        rest = rest.get(at..).unwrap_or("");
        if let Some((name, after)) = rest.strip_prefix("%{").and_then(|inner| inner.split_once('}')) {
            out.push_str(&variable(name, answer, file, url));
            rest = after;
            continue;
        }
        let mut pair = rest.chars();
        let (first, second) = (pair.next(), pair.next());
        match (first, second) {
            (Some('%'), Some('%')) => out.push('%'),
            (Some('\\'), Some('n')) => out.push('\n'),
            (Some('\\'), Some('t')) => out.push('\t'),
            (Some('\\'), Some('r')) => out.push('\r'),
            (first, second) => out.extend(first.into_iter().chain(second)),
        }
        rest = pair.as_str();
    }
    out.push_str(rest);
    out
}

fn variable(name: &str, answer: &Answer, file: &str, url: &str) -> String {
    match name {
        "http_code" | "response_code" => format!("{:03}", answer.code),
        "size_download" => answer.got.to_string(),
        "size_upload" | "num_certs" | "ssl_verify_result" => "0".to_owned(),
        "content_type" => answer.kind.clone(),
        "url_effective" => answer.at.clone(),
        "url" => with_scheme(url),
        "num_redirects" => answer.redirects.to_string(),
        "redirect_url" => answer.next.clone(),
        "filename_effective" => file.to_owned(),
        "exitcode" => answer.status.to_string(),
        "errormsg" => answer.message.clone(),
        "method" => "GET".to_owned(),
        "scheme" => answer.at.split("://").next().unwrap_or("").to_ascii_uppercase(),
        "http_version" => "1.1".to_owned(),
        "speed_download" => answer.got.min(10_000_000).to_string(),
        time if time.starts_with("time_") => "0.000000".to_owned(),
        _ => String::new(),
    }
}
