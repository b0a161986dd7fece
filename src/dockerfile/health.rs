//! HEALTHCHECK: its type, its command, its durations.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/instructions/parse.go` (`parseHealthcheck`,
//! `parseOptInterval`).

use super::args::{Kinds, Reading, text};
use super::duration;
use super::fault::Fault;
use super::instruction::{Command, Flag, Healthcheck, Kind};
use super::quote::quoted;
use super::version::Difference;

impl Reading<'_> {
    /// The type, then a command; durations and retries from the flags (`parseHealthcheck`).
    pub fn healthcheck(&self) -> Kinds {
        let [kind, command @ ..] = self.node.words() else {
            return Err(self.at_least_one().hint("write HEALTHCHECK CMD and a command, or HEALTHCHECK NONE"));
        };
        if kind.text.eq_ignore_ascii_case("NONE") {
            return match command {
                [] => Ok((Kind::Healthcheck(Healthcheck::None), self.unchecked_flags())),
                [extra, ..] => Err(Fault::line("HEALTHCHECK NONE takes no arguments", extra.place)
                    .hint("write CMD instead of NONE, or nothing after it")),
            };
        }
        let flags = self.flags()?;
        if !kind.text.eq_ignore_ascii_case("CMD") {
            let word = quoted(&kind.text.to_uppercase());
            return Err(Fault::line(format!("Unknown type {word} in HEALTHCHECK (try CMD)"), kind.place)
                .hint("write CMD before the command"));
        }
        let command = match command {
            [] => {
                return Err(Fault::line("Missing command after HEALTHCHECK CMD", kind.place)
                    .hint("write the command to run, such as `curl -f http://localhost/`"));
            }
            words if self.node.json => Command::Exec(words.to_vec()),
            [first, ..] => Command::Shell(first.clone()),
        };
        let check = Healthcheck::Cmd {
            command,
            interval: self.duration(&flags, "interval")?,
            timeout: self.duration(&flags, "timeout")?,
            start_period: self.duration(&flags, "start-period")?,
            start_interval: self.duration(&flags, "start-interval")?,
            retries: self.retries(&flags)?,
        };
        Ok((Kind::Healthcheck(check), flags))
    }

    /// A duration of at least a millisecond, or 0 for none (`parseOptInterval`).
    fn duration(&self, flags: &[Flag], name: &str) -> Result<i64, Fault> {
        let Some(word) = text(flags, name).filter(|word| !word.text.is_empty()) else { return Ok(0) };
        let fault = |message| Fault::line(message, word.place).hint("write a duration such as 30s or 1m30s");
        let nanoseconds = duration::parse(&word.text).map_err(fault)?;
        let zero_is_fine = self.version.has(Difference::ZeroHealthcheck);
        if nanoseconds < duration::MILLISECOND && !(nanoseconds == 0 && zero_is_fine) {
            return Err(fault(format!("Interval {} cannot be less than 1ms", quoted(name))));
        }
        Ok(nanoseconds)
    }

    fn retries(&self, flags: &[Flag]) -> Result<i64, Fault> {
        let Some(word) = text(flags, "retries").filter(|word| !word.text.is_empty()) else { return Ok(0) };
        let digits = word.text.strip_prefix(['+', '-']).unwrap_or(&word.text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = format!("strconv.ParseInt: parsing {}: invalid syntax", quoted(&word.text));
            return Err(Fault::line(message, word.place).hint("write a whole number"));
        }
        let Ok(retries) = word.text.parse::<i32>() else {
            let message = format!("strconv.ParseInt: parsing {}: value out of range", quoted(&word.text));
            return Err(Fault::line(message, word.place));
        };
        if !self.version.has(Difference::ZeroHealthcheck) && retries < 1 {
            return Err(Fault::line(format!("--retries must be at least 1 (not {retries})"), word.place));
        }
        if retries < 0 {
            return Err(Fault::line(format!("--retries cannot be negative ({retries})"), word.place));
        }
        Ok(i64::from(retries))
    }
}
