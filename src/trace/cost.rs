//! What an operation costs, as the driver of its mount pays it.

use super::event::Event;
use super::layer::Answer;
use serde::Serialize;
use std::ops::{Add, AddAssign, Mul, Sub};

/// What was paid. Time is not in it: it depends on the disk; these do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Bytes that a program read.
    #[serde(skip_serializing_if = "is_zero")]
    pub read: u64,
    /// Bytes that a program wrote.
    #[serde(skip_serializing_if = "is_zero")]
    pub written: u64,
    /// Bytes that were copied behind the program's back: read once, written once, stored again.
    #[serde(skip_serializing_if = "is_zero")]
    pub copied: u64,
    /// Inodes made.
    #[serde(skip_serializing_if = "is_zero")]
    pub inodes: u64,
    /// Hard links made.
    #[serde(skip_serializing_if = "is_zero")]
    pub links: u64,
    /// Layers asked for a name, with cold caches.
    #[serde(skip_serializing_if = "is_zero")]
    pub lookups: u64,
    /// Directory entries read to list a directory, in all layers that have it.
    #[serde(skip_serializing_if = "is_zero")]
    pub entries: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Cost {
    /// Nothing at all?
    pub fn is_nothing(&self) -> bool {
        *self == Cost::default()
    }

    /// Bytes that lie on the disk afterwards and did not before, if nothing was overwritten.
    pub fn stored(&self) -> u64 {
        self.written.saturating_add(self.copied)
    }

    fn each(self, other: Cost, f: fn(u64, u64) -> u64) -> Cost {
        Cost {
            read: f(self.read, other.read),
            written: f(self.written, other.written),
            copied: f(self.copied, other.copied),
            inodes: f(self.inodes, other.inodes),
            links: f(self.links, other.links),
            lookups: f(self.lookups, other.lookups),
            entries: f(self.entries, other.entries),
        }
    }
}

impl Add for Cost {
    type Output = Cost;

    fn add(self, other: Cost) -> Cost {
        self.each(other, u64::saturating_add)
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Cost) {
        *self = *self + other;
    }
}

impl Sub for Cost {
    type Output = Cost;

    fn sub(self, other: Cost) -> Cost {
        self.each(other, u64::saturating_sub)
    }
}

impl Mul<u64> for Cost {
    type Output = Cost;

    fn mul(self, times: u64) -> Cost {
        let all = Cost {
            read: times,
            written: times,
            copied: times,
            inodes: times,
            links: times,
            lookups: times,
            entries: times,
        };
        self.each(all, u64::saturating_mul)
    }
}

/// A row of a bill: one thing done, driver by driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BillRow {
    /// What was done.
    pub what: String,
    /// What each driver paid, in the bill's order.
    pub costs: Vec<Cost>,
    /// What a single call for it answered, where it took several: "EXDEV".
    pub refused: Vec<Option<String>>,
}

impl Event {
    /// What the driver paid for what this event tells.
    pub fn cost(&self) -> Cost {
        let nothing = Cost::default();
        match self {
            Event::Lookup { probes, .. } => {
                let asked =
                    |answer: &Answer| !matches!(answer, Answer::NotAsked | Answer::NoDirectory { .. });
                let lookups = probes.iter().filter(|probe| asked(&probe.answer)).count() as u64;
                Cost { lookups, ..nothing }
            }
            Event::CopyUpDirectories { inodes, .. }
            | Event::Removed { inodes, .. }
            | Event::Cleared { inodes, .. }
            | Event::Renamed { inodes, .. } => Cost { inodes: *inodes as u64, ..nothing },
            Event::CopyUp { bytes, inodes, .. } => Cost { copied: *bytes, inodes: *inodes as u64, ..nothing },
            Event::LinkedUp { .. } => Cost { links: 1, ..nothing },
            Event::Write { bytes, .. } => Cost { written: *bytes, ..nothing },
            Event::Created { kind, inodes, .. } => {
                Cost { inodes: *inodes as u64, links: u64::from(kind == "link"), ..nothing }
            }
            Event::OnMount(on) => on.event.cost(),
            _ => nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_add_up_and_never_wrap() {
        let most = Cost { copied: u64::MAX, inodes: 1, ..Cost::default() };
        let twice = most + most;
        assert_eq!((twice.copied, twice.inodes, (twice * 3).inodes), (u64::MAX, 2, 6));
        assert_eq!((Cost::default() - most).inodes, 0);
        assert!((most - most).is_nothing());
    }
}
