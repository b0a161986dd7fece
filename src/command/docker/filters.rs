//! `--filter KEY=VALUE` of the listing and pruning commands (docker/cli `opts/opts.go`, moby
//! `daemon/internal/filters`, `daemon/internal/timestamp`).

use super::{Answer, Call};
use crate::dockerfile::duration;
use crate::error::{Error, ErrorKind};
use crate::image::unix_seconds;

/// A label that must be there (`label=`) or not (`label!=`): its name, and perhaps its value.
pub(super) type Label = (bool, String, Option<String>);

/// The filters of one line, in order.
pub(super) struct Filters(Vec<(String, String)>);

impl Filters {
    /// Reads all `--filter`. What the daemon refuses is an answer, a filter without `=` the client's.
    ///
    /// # Errors
    /// A filter without `=`.
    pub fn read(call: &Call<'_, '_>, accepted: &[&str]) -> Result<Result<Filters, Answer>, Error> {
        let mut filters = Vec::new();
        for word in call.given.all("filter") {
            let Some((key, value)) = word.text.split_once('=') else {
                return Err(Error::new(ErrorKind::Usage, "bad format of filter (expected name=value)")
                    .at(call.origin.of(word))
                    .hint(format!("--filter takes {}", accepted.join("=…, ") + "=…")));
            };
            let key = key.trim().to_lowercase();
            if !accepted.contains(&key.as_str()) {
                return Ok(Err(refused(&format!("invalid filter '{key}'"), accepted)));
            }
            filters.push((key, value.trim().to_owned()));
        }
        Ok(Ok(Filters(filters)))
    }

    /// The values of one key.
    pub fn all<'f>(&'f self, key: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// `key=value` of all, as `docker system prune` repeats them.
    pub fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        told.sort();
        told
    }

    /// `label=` and `label!=`.
    pub fn labels(&self) -> Vec<Label> {
        let one = |must: bool, value: &str| match value.split_once('=') {
            Some((name, value)) => (must, name.to_owned(), Some(value.to_owned())),
            None => (must, value.to_owned(), None),
        };
        let wanted = self.all("label").map(|value| one(true, value));
        wanted.chain(self.all("label!").map(|value| one(false, value))).collect()
    }

    /// `until=`: Unix seconds. A duration counts back from `now`.
    ///
    /// # Errors
    /// The daemon's refusal.
    pub fn until(&self, key: &str, now: i64) -> Result<Option<i64>, Answer> {
        let values: Vec<&str> = self.all(key).collect();
        match values.as_slice() {
            [] => Ok(None),
            [one] => time(one, now).map(Some).ok_or_else(|| {
                let words = format!("failed to parse value as time or duration: {one:?}");
                refused(&format!("invalid value for 'until' filter: {words}"), &[])
            }),
            _ => Err(refused("more than one until filter specified", &[])),
        }
    }

    /// A filter that is true or false.
    ///
    /// # Errors
    /// The daemon's refusal.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, Answer> {
        let mut flag = None;
        for value in self.all(key) {
            flag = Some(match value {
                "true" | "1" => true,
                "false" | "0" => false,
                _ => return Err(refused(&format!("invalid filter '{key}=[{value}]'"), &[])),
            });
        }
        Ok(flag)
    }
}

/// The daemon refuses a filter.
fn refused(message: &str, accepted: &[&str]) -> Answer {
    let next = (!accepted.is_empty()).then(|| format!("--filter {}=…", accepted.join("=… or ")));
    Answer { err: format!("Error response from daemon: {message}\n"), exit: 1, next, ..Answer::default() }
}

/// A duration back from now, Unix seconds, or a date with or without a time.
fn time(text: &str, now: i64) -> Option<i64> {
    if let Ok(nanoseconds) = duration::parse(text) {
        return now.checked_sub(nanoseconds / 1_000_000_000);
    }
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    if !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()) {
        return whole.parse().ok();
    }
    let filled = match text.len() {
        10 => format!("{text}T00:00:00"),
        13 => format!("{text}:00:00"),
        16 => format!("{text}:00"),
        _ => text.to_owned(),
    };
    unix_seconds(&filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_daemon_reads_them() {
        let now = 1_704_067_200;
        for (text, seconds) in [
            ("0s", Some(now)),
            ("1h30m", Some(now - 5400)),
            ("1700000000", Some(1_700_000_000)),
            ("1700000000.5", Some(1_700_000_000)),
            ("2023-12-31", Some(now - 86_400)),
            ("2023-12-31T23", Some(now - 3600)),
            ("2023-12-31T23:59", Some(now - 60)),
            ("2023-12-31T23:59:59Z", Some(now - 1)),
            ("abc", None),
            ("", None),
            ("12:00", None),
        ] {
            assert_eq!(time(text, now), seconds, "{text}");
        }
    }
}
