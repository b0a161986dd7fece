//! `{a,b}` and `{1..3}` (bash).

use super::syntax::{Part, Word};
use crate::trace::Fuel;

/// A character that may be a brace or a comma, or a part that can't.
#[derive(Clone)]
enum Element {
    Char(char),
    Part(Part),
}

/// The words a word with braces stands for; none when it has no braces.
pub(super) fn expand(word: &Word, fuel: &mut Fuel) -> Option<Vec<Word>> {
    let has = word.0.iter().any(|part| matches!(part, Part::Text(text) if text.contains('{')));
    if !has {
        return None;
    }
    let mut elements = Vec::new();
    for part in &word.0 {
        match part {
            Part::Text(text) => elements.extend(text.chars().map(Element::Char)),
            other => elements.push(Element::Part(other.clone())),
        }
    }
    let words = alternatives(&elements, fuel, 0);
    Some(words.into_iter().map(|elements| Word(collect(elements))).collect())
}

fn collect(elements: Vec<Element>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for element in elements {
        match (element, parts.last_mut()) {
            (Element::Char(c), Some(Part::Text(text))) => text.push(c),
            (Element::Char(c), _) => parts.push(Part::Text(c.to_string())),
            (Element::Part(part), _) => parts.push(part),
        }
    }
    parts
}

fn alternatives(elements: &[Element], fuel: &mut Fuel, depth: u32) -> Vec<Vec<Element>> {
    let whole = || vec![elements.to_vec()];
    if depth > 20 || !fuel.spend(elements.len() as u64 + 1) {
        return whole();
    }
    for start in 0..elements.len() {
        let opens = matches!(elements.get(start), Some(Element::Char('{')));
        let after_dollar = start > 0 && matches!(elements.get(start - 1), Some(Element::Char('$')));
        if !opens || after_dollar {
            continue;
        }
        let Some((end, commas)) = closing(elements, start) else { continue };
        let inside = elements.get(start + 1..end).unwrap_or_default();
        let choices: Vec<Vec<Element>> = if commas.is_empty() {
            match range(inside) {
                Some(choices) => choices,
                None => continue,
            }
        } else {
            let mut cuts = vec![start];
            cuts.extend(commas);
            cuts.push(end);
            let pieces = cuts.windows(2).filter_map(|pair| match pair {
                [from, to] => elements.get(from + 1..*to),
                _ => None,
            });
            pieces.flat_map(|piece| alternatives(piece, fuel, depth + 1)).collect()
        };
        let tails = alternatives(elements.get(end + 1..).unwrap_or_default(), fuel, depth + 1);
        let head = elements.get(..start).unwrap_or_default();
        let mut words = Vec::new();
        for choice in &choices {
            for tail in &tails {
                if !fuel.spend((head.len() + choice.len() + tail.len()) as u64 + 1) || words.len() > 100_000 {
                    return words;
                }
                words.push([head, choice, tail].concat());
            }
        }
        return words;
    }
    whole()
}

/// The closing brace of the one at `start`, and the commas on its level.
fn closing(elements: &[Element], start: usize) -> Option<(usize, Vec<usize>)> {
    let (mut open, mut commas) = (0, Vec::new());
    for (at, element) in elements.iter().enumerate().skip(start) {
        match element {
            Element::Char('{') => open += 1,
            Element::Char('}') => {
                open -= 1;
                if open == 0 {
                    return Some((at, commas));
                }
            }
            Element::Char(',') if open == 1 => commas.push(at),
            _ => {}
        }
    }
    None
}

/// `1..3`, `01..10..2`, `a..e`.
fn range(inside: &[Element]) -> Option<Vec<Vec<Element>>> {
    let text: Option<String> =
        inside.iter().map(|e| if let Element::Char(c) = e { Some(*c) } else { None }).collect();
    let text = text?;
    let pieces: Vec<&str> = text.split("..").collect();
    let (from, to, step) = match pieces[..] {
        [from, to] => (from, to, 1),
        [from, to, step] => (from, to, step.parse::<i64>().ok()?.unsigned_abs().max(1) as i64),
        _ => return None,
    };
    let words: Vec<String> = match (from.parse::<i64>(), to.parse::<i64>()) {
        (Ok(a), Ok(b)) => {
            let padded = |s: &str| s.trim_start_matches('-').starts_with('0') && s.len() > 1;
            let width = if padded(from) || padded(to) { from.len().max(to.len()).min(1000) } else { 0 };
            numbers(a, b, step).map(|n| format!("{n:0width$}")).collect()
        }
        _ => {
            let (mut a, mut b) = (from.chars(), to.chars());
            let (a, b) = match (a.next(), a.next(), b.next(), b.next()) {
                (Some(a), None, Some(b), None) if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                    (a, b)
                }
                _ => return None,
            };
            numbers(i64::from(a as u32), i64::from(b as u32), step)
                .filter_map(|n| char::from_u32(n as u32))
                .map(String::from)
                .collect()
        }
    };
    Some(words.into_iter().map(|word| word.chars().map(Element::Char).collect()).collect())
}

fn numbers(from: i64, to: i64, step: i64) -> impl Iterator<Item = i64> {
    let (sign, count) = if from <= to { (1, to.abs_diff(from)) } else { (-1, from.abs_diff(to)) };
    let count = (count / step.unsigned_abs().max(1)).min(100_000);
    (0..=count as i64).map(move |i| from.wrapping_add(sign * step.wrapping_mul(i)))
}
