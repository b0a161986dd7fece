//! What curl and wget share: asking the table of addresses, and the numbers they print.

use super::date;
use crate::shell::call::Call;

/// Bytes per second of the lab's simulated network.
const SPEED: u64 = 10_000_000;

/// Time passes as for a download of so many bytes.
pub(super) fn downloads(call: &mut Call<'_, '_>, bytes: u64) {
    call.takes(0.2 + bytes as f64 / SPEED as f64);
}

/// The date of an HTTP header (RFC 9110, section 5.6.7).
pub(super) fn http_date(seconds: i64) -> String {
    date::shown(seconds, "%a, %d %b %Y %H:%M:%S GMT")
}

/// An address as typed, with the scheme that goes without saying.
pub(super) fn with_scheme(url: &str) -> String {
    if url.contains("://") { url.to_owned() } else { format!("http://{url}") }
}

/// What curl's meter says about a finished download. Its last figures say how fast it was: here as fast
/// as the lab's network.
pub(super) fn meter(bytes: u64) -> String {
    let shown = short(bytes);
    let speed = short(SPEED);
    let seconds = bytes / SPEED;
    let time = match seconds {
        0 => "--:--:--".to_owned(),
        _ => format!("{:2}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
    };
    format!(
        "100 {shown:>5}  100 {shown:>5}    0     0  {speed:>5}      0 {time:>8} {time:>8} --:--:-- {speed:>5}"
    )
}

/// A number in five places, as curl's meter writes it.
fn short(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    match bytes {
        0..100_000 => bytes.to_string(),
        _ if bytes < 10_000 * KIB => format!("{}k", bytes / KIB),
        _ if bytes < 100 * MIB => format!("{}.{}M", bytes / MIB, bytes % MIB / (MIB / 10)),
        _ if bytes < 10_000 * MIB => format!("{}M", bytes / MIB),
        _ => format!("{}.{}G", bytes / GIB, (bytes % GIB / (GIB / 10)).min(9)),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_meter_has_five_places() {
        let shown = [6, 99_999, 100_000, 10_240_000, 157_286_400].map(super::short);
        assert_eq!(shown, ["6", "99999", "97k", "9.7M", "150M"].map(str::to_owned));
    }
}
