//! Values that Docker checks after expansion: ports and signals.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/dockerfile2llb/convert_expose.go`
//! (`parsePort`), docker/go-connections `nat/nat.go` (`ParsePortSpec`) for Docker 20.10, and moby/sys
//! `signal/signal.go` (`ParseSignal`).

use super::expand::ExpandError;
use super::quote::quoted;
use super::version::{Difference, Version};
use crate::trace::Fuel;
use std::net::IpAddr;

/// The ports that expanded EXPOSE words name, as `80/tcp`, in order; a range gives one each.
///
/// # Errors
/// What is no port, range or protocol; or an empty tank.
pub fn ports(words: &[String], version: Version, fuel: &mut Fuel) -> Result<Vec<String>, ExpandError> {
    let today = version.has(Difference::ValueErrors);
    let mut found = Vec::new();
    for word in words {
        let (first, last, protocol) =
            if today { port_today(word) } else { port_20_10(word) }.map_err(ExpandError::refused)?;
        for port in first..=last {
            let port = format!("{port}/{protocol}");
            if !fuel.spend(1) || !fuel.spend_bytes(port.len() as u64) {
                return Err(ExpandError::exhausted());
            }
            found.push(port);
        }
    }
    Ok(found)
}

type Range = (u16, u16, String);

/// `[ip:][host:]container`; the host parts are checked and dropped.
fn split_parts(word: &str) -> (&str, &str, &str) {
    match word.rsplit_once(':') {
        None => ("", "", word),
        Some((rest, container)) => match rest.rsplit_once(':') {
            None => ("", rest, container),
            Some((ip, host)) => (ip, host, container),
        },
    }
}

fn port_today(word: &str) -> Result<Range, String> {
    let (ip, host, container) = split_parts(word);
    let (container, protocol) = container.split_once('/').unwrap_or((container, ""));
    let wrong = |why: &str| format!("invalid port: {}: {why}", quoted(word));
    if container.is_empty() {
        return Err(wrong("no port specified"));
    }
    let protocol = match protocol.to_lowercase().as_str() {
        "" => "tcp".to_owned(),
        known @ ("tcp" | "udp" | "sctp") => known.to_owned(),
        _ => return Err(wrong(&format!("invalid proto: {protocol}"))),
    };
    check_ip(ip, "invalid IP address: ")?;
    let (first, last) = range(container).ok_or_else(|| format!("invalid containerPort: {container}"))?;
    if !host.is_empty() {
        let (from, to) = range(host).ok_or_else(|| format!("invalid hostPort: {host}"))?;
        if last - first != to - from && first != last {
            return Err(format!(
                "invalid ranges specified for container and host Ports: {container} and {host}"
            ));
        }
    }
    Ok((first, last, protocol))
}

fn port_20_10(word: &str) -> Result<Range, String> {
    let (ip, host, container) = split_parts(word);
    let mut parts = container.split('/');
    let (container, protocol) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    check_ip(ip, "Invalid ip address: ")?;
    if container.is_empty() {
        return Err(format!("No port specified: {word}<empty>"));
    }
    let (first, last) = range(container).ok_or_else(|| format!("Invalid containerPort: {container}"))?;
    if !host.is_empty() {
        let (from, to) = range(host).ok_or_else(|| format!("Invalid hostPort: {host}"))?;
        if last - first != to - from && first != last {
            return Err(format!(
                "Invalid ranges specified for container and host Ports: {container} and {host}"
            ));
        }
    }
    let lower = match protocol.to_lowercase().as_str() {
        "" => "tcp".to_owned(),
        known @ ("tcp" | "udp" | "sctp") => known.to_owned(),
        _ => return Err(format!("Invalid proto: {protocol}")),
    };
    Ok((first, last, lower))
}

fn check_ip(ip: &str, prefix: &str) -> Result<(), String> {
    let bare = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(ip);
    if bare.is_empty() || bare.parse::<IpAddr>().is_ok() { Ok(()) } else { Err(format!("{prefix}{bare}")) }
}

/// `80` or `8000-8010`.
fn range(text: &str) -> Option<(u16, u16)> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    match text.split_once('-') {
        None => number(text).map(|port| (port, port)),
        Some((first, last)) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some((first, last))
        }
    }
}

/// Signals that have a name on Linux; RTMIN and RTMAX may be followed by an offset.
const SIGNALS: &[&str] = &[
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
    "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
    "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
];

/// Checks the signal of STOPSIGNAL: any number but 0, or a name with or without `SIG`.
///
/// # Errors
/// Docker's words: `invalid signal: x`.
pub fn check_signal(text: &str, version: Version) -> Result<(), String> {
    let word = if version.has(Difference::ValueErrors) { "invalid" } else { "Invalid" };
    let refused = Err(format!("{word} signal: {text}"));
    if let Ok(number) = text.parse::<i64>() {
        return if number == 0 { refused } else { Ok(()) };
    }
    let upper = text.to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let known = SIGNALS.contains(&name) || real_time(name);
    if known { Ok(()) } else { refused }
}

/// `RTMIN+1` … `RTMIN+15`, `RTMAX-14` … `RTMAX-1`.
fn real_time(name: &str) -> bool {
    let (offset, most) = match (name.strip_prefix("RTMIN+"), name.strip_prefix("RTMAX-")) {
        (Some(offset), _) => (offset, 15),
        (_, Some(offset)) => (offset, 14),
        _ => return false,
    };
    let plain = offset.bytes().all(|byte| byte.is_ascii_digit()) && !offset.starts_with('0');
    plain && offset.parse::<u32>().is_ok_and(|offset| (1..=most).contains(&offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Limits;

    fn read(words: &[&str], version: Version) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match ports(&words, version, &mut Fuel::default()) {
            Ok(ports) => ports.join(" "),
            Err(error) => error.message,
        }
    }

    #[test]
    fn ports_in_both_versions() {
        for (words, today, old) in [
            (&["80"][..], "80/tcp", "80/tcp"),
            (&["53/UDP", "80/"], "53/udp 80/tcp", "53/udp 80/tcp"),
            (&["8000-8002/sctp"], "8000/sctp 8001/sctp 8002/sctp", "8000/sctp 8001/sctp 8002/sctp"),
            (&["5000:80"], "80/tcp", "80/tcp"),
            (&["127.0.0.1:5000:80"], "80/tcp", "80/tcp"),
            (&["[::1]:5000:80"], "80/tcp", "80/tcp"),
            (&["abc"], "invalid containerPort: abc", "Invalid containerPort: abc"),
            (&["80/xyz"], "invalid port: \"80/xyz\": invalid proto: xyz", "Invalid proto: xyz"),
            (&["/tcp"], "invalid port: \"/tcp\": no port specified", "No port specified: /tcp<empty>"),
            (&["65536"], "invalid containerPort: 65536", "Invalid containerPort: 65536"),
            (&["9-8"], "invalid containerPort: 9-8", "Invalid containerPort: 9-8"),
            (&["x:80"], "invalid hostPort: x", "Invalid hostPort: x"),
            (&["x:1:80"], "invalid IP address: x", "Invalid ip address: x"),
        ] {
            assert_eq!(read(words, Version::Current), today, "{words:?}");
            assert_eq!(read(words, Version::V20_10), old, "{words:?}");
        }
    }

    #[test]
    fn many_ranges_end_with_the_tank() {
        let words = vec!["0-65535".to_owned(); 10_000];
        let mut fuel = Fuel::new(Limits { operations: 100_000, ..Limits::LINE });
        assert!(ports(&words, Version::Current, &mut fuel).is_err_and(|error| error.exhausted));
        assert!(fuel.exhausted().is_some());
    }

    #[test]
    fn signals() {
        for good in ["9", "-1", "SIGTERM", "term", "SigRTMIN+15", "RTMAX-14", "RTMAX"] {
            assert_eq!(check_signal(good, Version::Current), Ok(()), "{good}");
        }
        for bad in ["0", "SIGNOPE", "", "RTMIN+16", "RTMIN+01", "RTMAX-15", "SIGSIGTERM"] {
            assert_eq!(check_signal(bad, Version::V20_10), Err(format!("Invalid signal: {bad}")), "{bad}");
        }
    }
}
