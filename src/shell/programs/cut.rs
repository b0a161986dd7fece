//! `cut`.

use super::arguments::{Arguments, Spec};
use super::text_tools::texts;
use crate::shell::call::Call;
use crate::shell::text;

/// What is kept of a line.
struct Cut {
    /// Sorted, inclusive, counted from 1.
    ranges: Vec<(usize, usize)>,
    fields: bool,
    complement: bool,
    delimiter: String,
    joiner: Option<String>,
    only_delimited: bool,
    /// What is past the end counts as empty.
    each_range: bool,
}

pub(super) fn cut(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "sn",
        values: "bcdfO",
        long: &[
            ("fields=", "f"),
            ("delimiter=", "d"),
            ("characters=", "c"),
            ("bytes=", "b"),
            ("only-delimited", "s"),
            ("complement", "complement"),
            ("output-delimiter=", "O"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let how = match asked(call, &args) {
        Ok(how) => how,
        Err(status) => return status,
    };
    let (texts, status) = texts(call, &args.operands);
    for (_, source) in texts {
        let (lines, _) = text::lines(&source);
        for line in lines {
            if !call.m.t.fuel.spend(1) {
                return status;
            }
            if let Some(kept) = how.of(line) {
                call.out(&kept);
                call.out("\n");
            }
        }
    }
    status
}

/// Reads the options; a wrong one is complained about.
fn asked(call: &mut Call<'_, '_>, args: &Arguments) -> Result<Cut, i32> {
    let mut lists = ["f", "c", "b"].into_iter().flat_map(|letter| {
        args.values(letter).map(|list| (letter == "f", list.to_owned())).collect::<Vec<_>>()
    });
    let Some((fields, list)) = lists.next() else {
        let gnu = "you must specify a list of bytes, characters, or fields";
        return Err(wrong(call, "expected a list of bytes, characters, or fields", gnu));
    };
    if lists.next().is_some() {
        return Err(call.usage("only one list may be specified"));
    }
    drop(lists);
    if args.has("d") && !fields {
        let busybox = "a delimiter may be specified only when operating on fields";
        return Err(wrong(
            call,
            busybox,
            "an input delimiter may be specified only when operating on fields",
        ));
    }
    if args.has("s") && !fields {
        let text = "suppressing non-delimited lines makes sense";
        let busybox = format!("{text} only when operating on fields");
        return Err(wrong(call, &busybox, &format!("{text}\n\tonly when operating on fields")));
    }
    let ranges = ranges(call, &list, fields)?;
    let delimiter = args.value("d").unwrap_or("\t");
    if !call.busybox && delimiter.chars().count() > 1 {
        return Err(call.usage("the delimiter must be a single character"));
    }
    // Neither has lines with a NUL in them, which an empty delimiter stands for.
    let delimiter = delimiter.chars().next().unwrap_or('\0').to_string();
    Ok(Cut {
        ranges,
        fields,
        complement: args.has("complement"),
        delimiter,
        joiner: args.value("O").map(str::to_owned),
        only_delimited: args.has("s"),
        each_range: call.busybox,
    })
}

fn wrong(call: &mut Call<'_, '_>, busybox: &str, gnu: &str) -> i32 {
    if call.busybox { call.fail(busybox) } else { call.usage(gnu) }
}

/// `1,3-5,7-`: sorted, overlapping ones joined.
fn ranges(call: &mut Call<'_, '_>, list: &str, fields: bool) -> Result<Vec<(usize, usize)>, i32> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for item in list.split([',', ' ']) {
        if item.is_empty() && call.busybox {
            continue;
        }
        if item.is_empty() {
            let what = if fields { "fields are" } else { "byte/character positions are" };
            return Err(call.usage(&format!("{what} numbered from 1")));
        }
        let (from, to) = item.split_once('-').unwrap_or((item, item));
        if item == "-" && !call.busybox {
            return Err(call.usage("invalid range with no endpoint: -"));
        }
        let mut number = |word: &str, open: usize| -> Result<usize, i32> {
            if word.is_empty() {
                return Ok(open);
            }
            word.parse().map_err(|_| {
                let what = if fields { "field value" } else { "byte/character position" };
                wrong(call, &format!("invalid number '{word}'"), &format!("invalid {what} '{item}'"))
            })
        };
        let (from, to) = (number(from, 1)?, number(to, usize::MAX)?);
        if from == 0 && !call.busybox {
            let what = if fields { "fields are" } else { "byte/character positions are" };
            return Err(call.usage(&format!("{what} numbered from 1")));
        }
        // busybox takes 0 for 1.
        let (from, to) = (from.max(1), to.max(1));
        if to < from {
            return Err(wrong(call, &format!("{to}<{}", to + 1), "invalid decreasing range"));
        }
        found.push((from, to));
    }
    if found.is_empty() {
        return Err(call.fail("missing list of positions"));
    }
    found.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (from, to) in found {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    Ok(joined)
}

impl Cut {
    /// The number of the range that a position is in; the gaps' own number when they are wanted.
    fn range_of(&self, number: usize) -> Option<usize> {
        let at = self.ranges.partition_point(|(_, to)| *to < number);
        let inside = self.ranges.get(at).is_some_and(|(from, _)| *from <= number);
        (inside != self.complement).then_some(at)
    }

    /// busybox: every range gives its fields, if only none, and a delimiter stands between two ranges.
    fn by_ranges(&self, pieces: &[&str]) -> String {
        let joiner = self.joiner.as_ref().unwrap_or(&self.delimiter);
        let of = |(from, to): &(usize, usize)| {
            let to = pieces.len().min(*to);
            pieces.get(from.saturating_sub(1)..to).unwrap_or_default().join(joiner)
        };
        self.ranges.iter().map(of).collect::<Vec<_>>().join(joiner)
    }

    /// What is left of a line; none when the line is left out.
    fn of(&self, line: &str) -> Option<String> {
        if self.fields {
            if !line.contains(&self.delimiter) {
                return (!self.only_delimited).then(|| line.to_owned());
            }
            if self.each_range {
                return Some(self.by_ranges(&line.split(&self.delimiter).collect::<Vec<_>>()));
            }
            let pieces = line.split(&self.delimiter).enumerate();
            let kept: Vec<&str> =
                pieces.filter(|(i, _)| self.range_of(i + 1).is_some()).map(|(_, p)| p).collect();
            return Some(kept.join(self.joiner.as_ref().unwrap_or(&self.delimiter)));
        }
        let mut kept = Vec::new();
        let mut before = None;
        for (i, byte) in text::encode(line).iter().enumerate() {
            let Some(range) = self.range_of(i + 1) else { continue };
            if before.is_some_and(|before| before != range)
                && let Some(joiner) = &self.joiner
            {
                kept.extend_from_slice(joiner.as_bytes());
            }
            before = Some(range);
            kept.push(*byte);
        }
        Some(text::decode(&kept))
    }
}
