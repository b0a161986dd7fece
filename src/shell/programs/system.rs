//! The system as programs see it: date, host, memory, disk.

use super::make::NOW;
use crate::fs::Contents;
use crate::shell::call::Call;
use crate::shell::{sandbox_hostname, text};

pub(super) fn quiet(_: &mut Call<'_, '_>) -> i32 {
    0
}

pub(super) fn fails(_: &mut Call<'_, '_>) -> i32 {
    1
}

/// Year, month, day, hour, minute, second, day of week (0 is Sunday), day of year (from 1).
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    weekday: i64,
    yearday: i64,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Days since 1970-01-01 of a date (Howard Hinnant's days_from_civil).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn moment(seconds: i64) -> Moment {
    let (day_number, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = day_number.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Moment {
        year,
        month,
        day,
        hour: of_day / 3600,
        minute: of_day / 60 % 60,
        second: of_day % 60,
        weekday: (day_number + 4).rem_euclid(7),
        yearday: day_number - days(year, 1, 1) + 1,
    }
}

fn name(list: &'static [&'static str], at: i64) -> &'static str {
    usize::try_from(at).ok().and_then(|at| list.get(at)).copied().unwrap_or("")
}

/// strftime.
fn formatted(format: &str, seconds: i64) -> String {
    let now = moment(seconds);
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut letter = chars.next();
        let bare = letter == Some('-');
        if bare {
            letter = chars.next();
        }
        let two = |n: i64| if bare { n.to_string() } else { format!("{n:02}") };
        match letter {
            Some('Y') => out.push_str(&now.year.to_string()),
            Some('y') => out.push_str(&two(now.year.rem_euclid(100))),
            Some('m') => out.push_str(&two(now.month)),
            Some('d') => out.push_str(&two(now.day)),
            Some('e') => out.push_str(&format!("{:>2}", now.day)),
            Some('H') => out.push_str(&two(now.hour)),
            Some('I') => out.push_str(&two((now.hour + 11) % 12 + 1)),
            Some('M') => out.push_str(&two(now.minute)),
            Some('S') => out.push_str(&two(now.second)),
            Some('N') => out.push_str("000000000"),
            Some('p') => out.push_str(if now.hour < 12 { "AM" } else { "PM" }),
            Some('j') => out.push_str(&format!("{:03}", now.yearday)),
            Some('a') => out.extend(name(&DAYS, now.weekday).chars().take(3)),
            Some('A') => out.push_str(name(&DAYS, now.weekday)),
            Some('b' | 'h') => out.extend(name(&MONTHS, now.month - 1).chars().take(3)),
            Some('B') => out.push_str(name(&MONTHS, now.month - 1)),
            Some('u') => out.push_str(&((now.weekday + 6) % 7 + 1).to_string()),
            Some('w') => out.push_str(&now.weekday.to_string()),
            Some('s') => out.push_str(&seconds.to_string()),
            Some('F') => out.push_str(&formatted("%Y-%m-%d", seconds)),
            Some('T') => out.push_str(&formatted("%H:%M:%S", seconds)),
            Some('R') => out.push_str(&formatted("%H:%M", seconds)),
            Some('D' | 'x') => out.push_str(&formatted("%m/%d/%y", seconds)),
            Some('c') => out.push_str(&formatted("%a %b %e %H:%M:%S %Y", seconds)),
            Some('Z') => out.push_str("UTC"),
            Some('z') => out.push_str("+0000"),
            Some(':') => {
                chars.next();
                out.push_str("+00:00");
            }
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('%') => out.push('%'),
            Some(other) => {
                out.push('%');
                out.push(other);
            }
            None => out.push('%'),
        }
    }
    out
}

/// As `ls -l` shows times of the last half year.
pub(super) fn short_time(seconds: i64) -> String {
    let recent = (NOW - 15_552_000..=NOW + 86_400).contains(&seconds);
    formatted(if recent { "%b %e %H:%M" } else { "%b %e  %Y" }, seconds)
}

pub(super) fn full_time(seconds: i64) -> String {
    formatted("%Y-%m-%d %H:%M:%S.000000000 +0000", seconds)
}

/// Seconds of `@N`, `YYYY-MM-DD[ T]hh:mm[:ss]`, `[CC]YYMMDDhhmm[.ss]`, `now`.
pub(super) fn parse_date(word: &str) -> Option<i64> {
    if word == "now" || word == "today" {
        return Some(NOW);
    }
    if let Some(seconds) = word.strip_prefix('@') {
        return seconds.parse().ok();
    }
    let digits: Vec<i64> = word
        .split(|c: char| !c.is_ascii_digit())
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.parse().ok())
        .collect::<Option<_>>()?;
    let part = |at: usize| digits.get(at).copied().unwrap_or(0);
    if word.contains('-') && digits.len() >= 3 {
        let (month, day) = (part(1), part(2));
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || part(0) > 9999 {
            return None;
        }
        return Some(days(part(0), month, day) * 86_400 + part(3) * 3600 + part(4) * 60 + part(5));
    }
    let body = word.split('.').next()?;
    if !matches!(body.len(), 8 | 10 | 12) || !body.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let year_digits = body.len() - 8;
    let year: i64 = match year_digits {
        0 => 2024,
        2 => 2000 + body[..2].parse::<i64>().ok()?,
        _ => body[..4].parse().ok()?,
    };
    let pair = |at: usize| body.get(year_digits + at..year_digits + at + 2)?.parse::<i64>().ok();
    let (month, day) = (pair(0)?, pair(2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    Some(days(year, month, day) * 86_400 + pair(4)? * 3600 + pair(6)? * 60)
}

pub(super) fn date(call: &mut Call<'_, '_>) -> i32 {
    let mut seconds = NOW;
    let mut format = "%a %b %e %H:%M:%S %Z %Y".to_owned();
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        let value = match word.as_str() {
            "-d" | "-r" | "--date" | "--reference" => words.next().cloned().unwrap_or_default(),
            "-u" | "--utc" => continue,
            "-R" => {
                format = "%a, %d %b %Y %H:%M:%S %z".to_owned();
                continue;
            }
            "-I" | "--iso-8601" => {
                format = "%F".to_owned();
                continue;
            }
            "-Iseconds" | "--iso-8601=seconds" => {
                format = "%FT%T%:z".to_owned();
                continue;
            }
            word => match (
                word.strip_prefix('+'),
                word.strip_prefix("--date=").or_else(|| word.strip_prefix("-d")),
            ) {
                (Some(text), _) => {
                    format = text.to_owned();
                    continue;
                }
                (None, Some(value)) => value.to_owned(),
                (None, None) => continue,
            },
        };
        if word == "-r" || word == "--reference" {
            match call.m.stat(&text::encode(&value)) {
                Ok(stat) => seconds = stat.mtime,
                Err(errno) => return call.fail_errno(&value, errno),
            }
        } else {
            match parse_date(&value) {
                Some(found) => seconds = found,
                None => return call.fail(&format!("invalid date '{value}'")),
            }
        }
    }
    let shown = formatted(&format, seconds);
    call.out(&format!("{shown}\n"));
    0
}

pub(super) fn uname(call: &mut Call<'_, '_>) -> i32 {
    let host = sandbox_hostname(call.m.sandbox);
    let parts = [
        ('s', "Linux"),
        ('n', host),
        ('r', "6.1.0"),
        ('v', "#1 SMP"),
        ('m', "x86_64"),
        ('o', if call.busybox { "Linux" } else { "GNU/Linux" }),
    ];
    let mut letters: String =
        call.args().iter().filter(|w| w.starts_with('-')).map(|w| w.trim_start_matches('-')).collect();
    for (long, letter) in
        [("machine", "m"), ("kernel-name", "s"), ("kernel-release", "r"), ("nodename", "n"), ("all", "a")]
    {
        letters = letters.replace(long, letter);
    }
    if letters.contains('a') {
        letters = "snrvmo".to_owned();
    } else if letters.contains(['p', 'i']) {
        call.out(if call.busybox { "x86_64\n" } else { "unknown\n" });
        return 0;
    } else if letters.is_empty() {
        letters = "s".to_owned();
    }
    let shown: Vec<&str> =
        parts.iter().filter(|(l, _)| letters.contains(*l)).map(|(_, text)| *text).collect();
    call.out(&format!("{}\n", shown.join(" ")));
    0
}

pub(super) fn hostname(call: &mut Call<'_, '_>) -> i32 {
    if call.args().iter().any(|word| !word.starts_with('-')) {
        return call
            .either("sethostname: Operation not permitted", "you must be root to change the host name");
    }
    let host = sandbox_hostname(call.m.sandbox);
    call.out(&format!("{host}\n"));
    0
}

pub(super) fn nproc(call: &mut Call<'_, '_>) -> i32 {
    call.out("2\n");
    0
}

pub(super) fn pwd(call: &mut Call<'_, '_>) -> i32 {
    let cwd = call.cwd();
    call.out(&format!("{cwd}\n"));
    0
}

pub(super) fn free(call: &mut Call<'_, '_>) -> i32 {
    call.out("              total        used        free      shared  buff/cache   available\nMem:        4028416      508292     3120124        1024      400000     3520124\nSwap:             0           0           0\n");
    0
}

pub(super) fn df(call: &mut Call<'_, '_>) -> i32 {
    if call.args().iter().any(|word| word.contains('h')) {
        call.out("Filesystem                Size      Used Available Use% Mounted on\noverlay                  50.0G     25.0G     25.0G  50% /\n");
    } else {
        call.out("Filesystem           1K-blocks      Used Available Use% Mounted on\noverlay               52428800  26214400  26214400  50% /\n");
    }
    0
}

pub(super) fn ps(call: &mut Call<'_, '_>) -> i32 {
    if call.busybox {
        call.out("PID   USER     TIME  COMMAND\n    1 root      0:00 sh\n");
    } else {
        call.out("    PID TTY          TIME CMD\n      1 ?        00:00:00 sh\n");
    }
    0
}

/// Writes the linker's cache, whose contents follow from nothing the lab looks at.
pub(super) fn ldconfig(call: &mut Call<'_, '_>) -> i32 {
    if call.m.cred.uid != 0 {
        return call.fail("Can't create temporary cache file /etc/ld.so.cache~: Permission denied");
    }
    if call.m.musl {
        return 0;
    }
    let cache = Contents::seeded("ld.so.cache", 5_000);
    match call.m.write(b"/etc/ld.so.cache", cache, 0o644) {
        Ok(()) => 0,
        Err(errno) => call.fail_errno("/etc/ld.so.cache", errno),
    }
}

pub(super) fn certificates(call: &mut Call<'_, '_>) -> i32 {
    let mut whole = Contents::EMPTY;
    for dir in ["/usr/share/ca-certificates", "/usr/local/share/ca-certificates"] {
        for name in call.m.readdir(dir.as_bytes()).unwrap_or_default() {
            let path = format!("{dir}/{}", text::decode(&name));
            if let Ok(contents) = call.m.read(&text::encode(&path)) {
                whole.append(&contents);
            }
        }
    }
    if whole.is_empty() {
        whole = Contents::seeded("ca-certificates.crt", 214_000);
    }
    let made = call.m.mkdir(b"/etc/ssl/certs", 0o755);
    if made.is_err() && !call.m.is_dir(b"/etc/ssl/certs") {
        return call.fail("/etc/ssl/certs: No such file or directory");
    }
    if let Err(errno) = call.m.write(b"/etc/ssl/certs/ca-certificates.crt", whole, 0o644) {
        return call.fail_errno("/etc/ssl/certs/ca-certificates.crt", errno);
    }
    if !call.m.musl {
        call.out("Updating certificates in /etc/ssl/certs...\n0 added, 0 removed; done.\n");
    }
    0
}
