//! `date`, and times as other programs show them.

use super::arguments::{Arguments, Spec};
use super::make::NOW;
use crate::shell::call::Call;
use crate::shell::text;

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

/// ISO 8601: the year that a week belongs to, and the week's number.
fn iso_week(now: &Moment) -> (i64, i64) {
    let weekday = (now.weekday + 6) % 7;
    let week = (now.yearday - 1 - weekday + 10) / 7;
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    // A year has 53 weeks when it begins on a Thursday, or on a Wednesday and is a leap year.
    let weeks = |year: i64| {
        let first = (days(year, 1, 1) + 3).rem_euclid(7);
        if first == 3 || first == 2 && leap(year) { 53 } else { 52 }
    };
    if week < 1 {
        (now.year - 1, weeks(now.year - 1))
    } else if week > weeks(now.year) {
        (now.year + 1, 1)
    } else {
        (now.year, week)
    }
}

/// strftime, in the C locale.
fn formatted(format: &str, seconds: i64) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flag = None;
        while let Some(found) = chars.next_if(|c| "-_0^#".contains(*c)) {
            flag = Some(found);
        }
        let mut colons = 0;
        while chars.next_if_eq(&':').is_some() {
            colons += 1;
        }
        let Some(letter) = chars.next() else {
            out.push('%');
            break;
        };
        match directive(letter, flag, colons, seconds) {
            Some(text) if flag == Some('^') => out.push_str(&text.to_uppercase()),
            Some(text) => out.push_str(&text),
            None => {
                out.push('%');
                out.push(letter);
            }
        }
    }
    out
}

/// One directive; none when there is no such.
fn directive(letter: char, flag: Option<char>, colons: usize, seconds: i64) -> Option<String> {
    let now = moment(seconds);
    let padded = |n: i64, width: usize, pad: char| match flag.filter(|f| "-_0".contains(*f)).unwrap_or(pad) {
        '-' => n.to_string(),
        '_' => format!("{n:>width$}"),
        _ => format!("{n:0width$}"),
    };
    let two = |n: i64| padded(n, 2, '0');
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let twelve = (now.hour + 11) % 12 + 1;
    Some(match letter {
        'Y' => now.year.to_string(),
        'C' => two(now.year.div_euclid(100)),
        'y' => two(now.year.rem_euclid(100)),
        'm' => two(now.month),
        'q' => ((now.month + 2) / 3).to_string(),
        'd' => two(now.day),
        'e' => padded(now.day, 2, '_'),
        'H' => two(now.hour),
        'k' => padded(now.hour, 2, '_'),
        'I' => two(twelve),
        'l' => padded(twelve, 2, '_'),
        'M' => two(now.minute),
        'S' => two(now.second),
        'N' => "000000000".to_owned(),
        'p' => if now.hour < 12 { "AM" } else { "PM" }.to_owned(),
        'P' => if now.hour < 12 { "am" } else { "pm" }.to_owned(),
        'j' => padded(now.yearday, 3, '0'),
        'a' => short(name(&DAYS, now.weekday)),
        'A' => name(&DAYS, now.weekday).to_owned(),
        'b' | 'h' => short(name(&MONTHS, now.month - 1)),
        'B' => name(&MONTHS, now.month - 1).to_owned(),
        'u' => ((now.weekday + 6) % 7 + 1).to_string(),
        'w' => now.weekday.to_string(),
        'U' => two((now.yearday + 6 - now.weekday) / 7),
        'W' => two((now.yearday + 6 - (now.weekday + 6) % 7) / 7),
        'V' => two(iso_week(&now).1),
        'G' => iso_week(&now).0.to_string(),
        'g' => two(iso_week(&now).0.rem_euclid(100)),
        's' => seconds.to_string(),
        'F' => formatted("%Y-%m-%d", seconds),
        'T' | 'X' => formatted("%H:%M:%S", seconds),
        'r' => formatted("%I:%M:%S %p", seconds),
        'R' => formatted("%H:%M", seconds),
        'D' | 'x' => formatted("%m/%d/%y", seconds),
        'c' => formatted("%a %b %e %H:%M:%S %Y", seconds),
        'Z' => "UTC".to_owned(),
        'z' => ["+0000", "+00:00", "+00:00:00"].get(colons).copied().unwrap_or("+00").to_owned(),
        'n' => "\n".to_owned(),
        't' => "\t".to_owned(),
        '%' => "%".to_owned(),
        _ => return None,
    })
}

/// A time in a format of strftime's.
pub(super) fn shown(seconds: i64, format: &str) -> String {
    formatted(format, seconds)
}

/// As `ls -l` shows times of the last half year.
pub(super) fn short_time(seconds: i64) -> String {
    let recent = (NOW - 15_552_000..=NOW + 86_400).contains(&seconds);
    formatted(if recent { "%b %e %H:%M" } else { "%b %e  %Y" }, seconds)
}

pub(super) fn full_time(seconds: i64) -> String {
    formatted("%Y-%m-%d %H:%M:%S.000000000 +0000", seconds)
}

/// Seconds of a date as both dates read it: `@N`, `YYYY-MM-DD[ T]hh:mm[:ss]`, `hh:mm`,
/// `[CC]YYMMDDhhmm[.ss]`.
pub(in crate::shell) fn parse_date(word: &str) -> Option<i64> {
    if let Some(seconds) = word.strip_prefix('@') {
        return seconds.parse().ok();
    }
    if word.chars().any(|c| !(c.is_ascii_digit() || " -T:.".contains(c))) {
        return None;
    }
    let digits: Vec<i64> = word
        .split(|c: char| !c.is_ascii_digit())
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.parse().ok())
        .collect::<Option<_>>()?;
    let part = |at: usize| digits.get(at).copied().unwrap_or(0);
    let time = |hour: i64, minute: i64, second: i64| {
        let fits = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..61).contains(&second);
        fits.then_some(hour * 3600 + minute * 60 + second)
    };
    if word.contains('-') && digits.len() >= 3 {
        let (month, day) = (part(1), part(2));
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || part(0) > 9999 {
            return None;
        }
        return Some(days(part(0), month, day) * 86_400 + time(part(3), part(4), part(5))?);
    }
    if word.contains(':') && (2..=3).contains(&digits.len()) {
        return Some(NOW - NOW.rem_euclid(86_400) + time(part(0), part(1), part(2))?);
    }
    stamp(word)
}

/// `[CC]YYMMDDhhmm[.ss]`, as `touch -t` takes it.
fn stamp(word: &str) -> Option<i64> {
    let (body, second) = word.split_once('.').unwrap_or((word, "0"));
    if !matches!(body.len(), 8 | 10 | 12) || !body.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let year_digits = body.len() - 8;
    let year: i64 = match year_digits {
        0 => moment(NOW).year,
        2 => match body.get(..2)?.parse::<i64>().ok()? {
            late @ 69.. => 1900 + late,
            early => 2000 + early,
        },
        _ => body.get(..4)?.parse().ok()?,
    };
    let pair = |at: usize| body.get(year_digits + at..year_digits + at + 2)?.parse::<i64>().ok();
    let (month, day) = (pair(0)?, pair(2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    Some(days(year, month, day) * 86_400 + pair(4)? * 3600 + pair(6)? * 60 + second.parse::<i64>().ok()?)
}

/// What GNU date reads besides: words and steps (`yesterday`, `+2 days`, `1 hour ago`), zones.
pub(super) fn parse_gnu_date(word: &str) -> Option<i64> {
    let lower = word.trim().to_lowercase();
    let lower = lower.strip_suffix("utc").or(lower.strip_suffix("gmt")).unwrap_or(&lower).trim();
    let lower = match lower.strip_suffix('z') {
        Some(bare) if bare.ends_with(|c: char| c.is_ascii_digit()) => bare,
        _ => lower,
    };
    if let Some(found) = parse_date(&lower.replace('t', " ")).or_else(|| parse_date(lower)) {
        return Some(found);
    }
    if lower.len() == 8 && lower.chars().all(|c| c.is_ascii_digit()) {
        return stamp(&format!("{lower}0000"));
    }
    // A date in front, then steps.
    let words: Vec<&str> = lower.split_whitespace().collect();
    let dated = (1..=words.len().min(2)).rev().find_map(|count| {
        let front = words.get(..count)?.join(" ");
        parse_date(&front).map(|found| (found, count))
    });
    let (mut seconds, used) = dated.unwrap_or((NOW, 0));
    let mut rest = words.get(used..)?.iter().peekable();
    while let Some(word) = rest.next() {
        let (count, unit) = match *word {
            "now" => continue,
            "today" | "midnight" => {
                seconds -= seconds.rem_euclid(86_400);
                continue;
            }
            "yesterday" => (-1, "day"),
            "tomorrow" => (1, "day"),
            "next" => (1, *rest.next()?),
            "last" => (-1, *rest.next()?),
            "ago" | "+" => continue,
            word => {
                let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                let glued = word.get(digits.len()..).unwrap_or("");
                let unit = if glued.is_empty() { *rest.next()? } else { glued };
                (digits.trim_start_matches('+').parse::<i64>().ok()?, unit)
            }
        };
        let count = if rest.peek() == Some(&&"ago") { -count } else { count };
        seconds = step(seconds, count, unit.trim_end_matches('s'))?;
    }
    Some(seconds)
}

/// A time some units later.
fn step(seconds: i64, count: i64, unit: &str) -> Option<i64> {
    let one = match unit {
        "" | "sec" | "second" => 1,
        "min" | "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        "week" => 604_800,
        "fortnight" => 1_209_600,
        "month" | "year" => {
            let now = moment(seconds);
            let months = now.month - 1 + count.checked_mul(if unit == "year" { 12 } else { 1 })?;
            let year =
                now.year.checked_add(months.div_euclid(12)).filter(|year| (0..=9999).contains(year))?;
            let day = days(year, months.rem_euclid(12) + 1, now.day);
            return Some(day * 86_400 + seconds.rem_euclid(86_400));
        }
        _ => return None,
    };
    seconds.checked_add(count.checked_mul(one)?)
}

/// `-I` and `--iso-8601`, `--rfc-3339`: their formats.
fn iso(precision: &str, blank: bool) -> Option<&'static str> {
    Some(match (precision, blank) {
        ("" | "date", _) => "%F",
        ("hours", false) => "%FT%H%:z",
        ("minutes", false) => "%FT%H:%M%:z",
        ("seconds", false) => "%FT%T%:z",
        ("ns", false) => "%FT%T,%N%:z",
        ("seconds", true) => "%F %T%:z",
        ("ns", true) => "%F %T.%N%:z",
        _ => return None,
    })
}

pub(super) fn date(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "uR",
        values: "drsDI",
        long: &[
            ("date=", "d"),
            ("reference=", "r"),
            ("set=", "s"),
            ("utc", "u"),
            ("universal", "u"),
            ("rfc-email", "R"),
            ("iso-8601", "iso"),
            ("rfc-3339=", "rfc"),
        ],
    };
    // -I takes its value only from its own word.
    let words: Vec<String> = call
        .args()
        .iter()
        .map(|word| if word == "-I" { "-Idate".to_owned() } else { word.clone() })
        .collect();
    let args = match Arguments::read(call, &words, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let mut seconds = NOW;
    if let Some(file) = args.value("r") {
        match call.m.stat(&text::encode(file)) {
            Ok(stat) => seconds = stat.mtime,
            Err(errno) => return call.fail_errno(file, errno),
        }
    }
    if let Some(word) = args.value("d") {
        let found = if call.busybox { parse_date(word) } else { parse_gnu_date(word) };
        match found {
            Some(found) => seconds = found,
            None => return call.fail(&format!("invalid date '{word}'")),
        }
    }
    let precision = args.value("I").or_else(|| args.has("iso").then(|| args.value("iso").unwrap_or("date")));
    let mut format = match (precision, args.value("rfc")) {
        (Some(precision), _) => iso(precision, false).unwrap_or("%F"),
        (None, Some(precision)) => iso(precision, true).unwrap_or("%F"),
        _ if args.has("R") => "%a, %d %b %Y %H:%M:%S %z",
        _ => "%a %b %e %H:%M:%S %Z %Y",
    }
    .to_owned();
    if let Some(word) = args.operands.first() {
        match word.strip_prefix('+') {
            Some(own) => own.clone_into(&mut format),
            None => {
                return call
                    .either("can't set date: Operation not permitted", &format!("invalid date '{word}'"));
            }
        }
    }
    let shown = formatted(&format, seconds);
    if args.has("s") {
        // No container may set the clock.
        call.either("can't set date: Operation not permitted", "cannot set date: Operation not permitted");
        call.out(&format!("{shown}\n"));
        return 1;
    }
    call.out(&format!("{shown}\n"));
    0
}

#[cfg(test)]
mod tests {
    use super::{formatted, parse_gnu_date};

    #[test]
    fn dates() {
        let show = |word: &str| parse_gnu_date(word).map(|at| formatted("%F %T", at)).unwrap_or_default();
        assert_eq!(show("2020-01-31 +1 day"), "2020-02-01 00:00:00");
        assert_eq!(show("2020-02-29T12:30:00Z"), "2020-02-29 12:30:00");
        assert_eq!(show("yesterday"), "2023-12-31 00:00:00");
        assert_eq!(show("2 hours ago"), "2023-12-31 22:00:00");
        assert_eq!(show("2021-03-01 next month"), "2021-04-01 00:00:00");
        assert_eq!(show("garbage"), "");
        assert_eq!(formatted("%G-W%V %U %q %-d %^a", 1_609_459_199), "2020-W53 52 4 31 THU");
    }
}
