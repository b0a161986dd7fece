//! A bill: things down, drivers across.

use super::measure::{clean_line, hang};
use super::size::{bytes, grouped};
use super::style::{Style, Tone};
use super::table;
use crate::trace::{BillRow, Cost};

/// Draws the bill. A thing has a line for each kind of cost that any driver pays for it.
pub fn draw(name: &str, drivers: &[String], rows: &[BillRow], style: &Style) -> String {
    let head: Vec<String> = std::iter::once(String::new()).chain(drivers.iter().cloned()).collect();
    let lines: Vec<Vec<Vec<String>>> = rows.iter().map(lines).collect();
    let widths = table::widths(&head, &lines.concat(), style.width);
    let mut drawn = style.paint(Tone::Strong, &clean_line(&format!("the bill of {name}")));
    drawn.push('\n');
    drawn.push_str(&table::line(&head, &widths, &|_, text| style.paint(Tone::Dim, text)));
    for (row, lines) in rows.iter().zip(&lines) {
        drawn.push_str(&hang("", &clean_line(&row.what), style.width));
        drawn.push('\n');
        for line in lines {
            drawn.push_str(&table::line(line, &widths, &|_, text| text.to_owned()));
        }
    }
    if let Some(errno) = rows.iter().flat_map(|row| row.refused.iter().flatten()).next() {
        let words = format!("* it was refused ({errno}); mv then copies everything and deletes it\n");
        drawn.push_str(&style.paint(Tone::Dim, &words));
    }
    drawn
}

/// The lines of one thing: a kind of cost, and what each driver pays of it.
fn lines(row: &BillRow) -> Vec<Vec<String>> {
    let line = |(at, (unit, value)): (usize, Kind)| {
        let amounts = row.costs.iter().enumerate().map(|(driver, cost)| {
            let refused = at == 0 && row.refused.get(driver).is_some_and(Option::is_some);
            format!("{}{}", value(cost), if refused { " *" } else { "" })
        });
        std::iter::once(format!("  {unit}")).chain(amounts).collect()
    };
    kinds(row).into_iter().enumerate().map(line).collect()
}

type Kind = (&'static str, fn(&Cost) -> String);

/// What is worth a line of its own.
fn kinds(row: &BillRow) -> Vec<Kind> {
    fn number(count: u64) -> String {
        grouped(usize::try_from(count).unwrap_or(usize::MAX))
    }
    /// A name, the number, and the number in words.
    type Unit = (&'static str, fn(&Cost) -> u64, fn(&Cost) -> String);
    let all: [Unit; 4] = [
        ("bytes", |cost| cost.stored(), |cost| bytes(cost.stored())),
        ("inodes", |cost| cost.inodes, |cost| number(cost.inodes)),
        ("hard links", |cost| cost.links, |cost| number(cost.links)),
        ("entries read", |cost| cost.entries, |cost| number(cost.entries)),
    ];
    let paid = all.into_iter().filter(|(_, of, _)| row.costs.iter().any(|cost| of(cost) > 0));
    let kinds: Vec<Kind> = paid.map(|(unit, _, words)| (unit, words)).collect();
    match kinds.is_empty() {
        // What costs nothing else costs the asking.
        true => vec![("layers asked", |cost| number(cost.lookups))],
        false => kinds,
    }
}
