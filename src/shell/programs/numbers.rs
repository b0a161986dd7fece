//! `seq`, `sleep`, `yes`.

use super::arguments::{Arguments, Spec};
use super::printf;
use crate::shell::call::Call;
use crate::shell::stream::Open;
use crate::shell::text;

pub(super) fn seq(call: &mut Call<'_, '_>) -> i32 {
    let (args, words) = match seq_words(call) {
        Ok(found) => found,
        Err(status) => return status,
    };
    let mut numbers = Vec::new();
    for word in &words {
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() => numbers.push(number),
            _ if call.busybox => return call.fail(&format!("invalid number '{word}'")),
            _ => return call.usage(&format!("invalid floating point argument: '{word}'")),
        }
    }
    let (first, step, last) = match numbers[..] {
        [last] => (1.0, 1.0, last),
        [first, last] => (first, 1.0, last),
        [first, step, last] => (first, step, last),
        [] => return call.usage("missing operand"),
        _ => {
            let extra = words.get(3).map_or("", String::as_str);
            return call.usage(&format!("extra operand '{extra}'"));
        }
    };
    if step == 0.0 {
        if !call.busybox {
            let word = words.get(1).map_or("", String::as_str);
            return call.usage(&format!("invalid Zero increment value: '{word}'"));
        }
        // busybox counts for ever.
        return endless(call, &format!("{}\n", words.first().map_or("", String::as_str)));
    }
    let separator = args.value("s").unwrap_or("\n").to_owned();
    // GNU shows as many places as first and step have; busybox also looks at the last.
    let shaping = if call.busybox { words.len() } else { words.len().saturating_sub(1) };
    let places = |word: &String| match word.split_once(['e', 'E']) {
        Some(_) => 0,
        None => word.split_once('.').map_or(0, |(_, places)| places.len()),
    };
    let places = words.iter().take(shaping).map(places).max().unwrap_or(0).min(20);
    let plain = |value: f64| format!("{value:.places$}");
    let width = if args.has("w") { plain(first).len().max(plain(last).len()) } else { 0 };
    let form = args.value("f").map(str::to_owned);
    let mut line = String::new();
    let mut count = 0u64;
    loop {
        let value = first + step * count as f64;
        let over =
            if step > 0.0 { value > last + step.abs() * 1e-9 } else { value < last - step.abs() * 1e-9 };
        if over || !call.m.t.fuel.spend(4) || call.broken() {
            break;
        }
        if count > 0 {
            line.push_str(&separator);
        }
        match &form {
            Some(form) => {
                let printed =
                    printf::format(form, &[value.to_string()], printf::Flavour::Gnu, &mut call.m.t.fuel);
                line.push_str(&text::decode(&printed.bytes));
            }
            None => line.push_str(&format!("{value:0width$.places$}")),
        }
        if line.len() > 4096 {
            call.out(&std::mem::take(&mut line));
        }
        count += 1;
    }
    call.out(&line);
    if count > 0 {
        call.out("\n");
    }
    0
}

/// Options and numbers: a negative number is no option (to busybox it is).
fn seq_words(call: &mut Call<'_, '_>) -> Result<(Arguments, Vec<String>), i32> {
    let spec = Spec {
        flags: "w",
        values: "sf",
        long: &[("equal-width", "w"), ("separator=", "s"), ("format=", "f")],
    };
    let words = call.args();
    let number = |word: &String| {
        let rest = word.strip_prefix('-').unwrap_or("x");
        rest.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    };
    let mut end = 0;
    while let Some(word) = words.get(end) {
        let option = word.starts_with('-') && word.len() > 1 && (call.busybox || !number(word));
        if !option {
            break;
        }
        end += if matches!(word.as_str(), "-s" | "-f" | "--separator" | "--format") { 2 } else { 1 };
    }
    let (options, rest) = words.split_at(end.min(words.len()));
    let args = Arguments::read(call, options, &spec)?;
    let rest = rest.iter().filter(|word| *word != "--").cloned().collect();
    Ok((args, rest))
}

/// Seconds of `5`, `0.5`, `1m`, `2h`, `1d`.
pub(super) fn duration(word: &str) -> Option<f64> {
    let (digits, factor) = match word.chars().last()? {
        's' => (&word[..word.len() - 1], 1.0),
        'm' => (&word[..word.len() - 1], 60.0),
        'h' => (&word[..word.len() - 1], 3600.0),
        'd' => (&word[..word.len() - 1], 86_400.0),
        _ => (word, 1.0),
    };
    if digits == "inf" || digits == "infinity" {
        return Some(f64::INFINITY);
    }
    digits.parse::<f64>().ok().filter(|n| *n >= 0.0).map(|n| n * factor)
}

pub(super) fn sleep(call: &mut Call<'_, '_>) -> i32 {
    if call.args().is_empty() {
        return call.usage("missing operand");
    }
    let mut total = 0.0;
    for word in call.args() {
        match duration(word) {
            Some(seconds) => total += seconds,
            None => {
                let gnu = format!("invalid time interval '{word}'");
                return if call.busybox {
                    call.fail(&format!("invalid number '{word}'"))
                } else {
                    call.usage(&gnu)
                };
            }
        }
    }
    if total.is_infinite() {
        call.m.t.fuel.spend(u64::MAX);
        return 137;
    }
    call.m.takes(total);
    0
}

pub(super) fn yes(call: &mut Call<'_, '_>) -> i32 {
    let words = call.args();
    let line = if words.is_empty() { "y\n".to_owned() } else { format!("{}\n", words.join(" ")) };
    endless(call, &line)
}

/// The same line for ever: as much as a pipe takes; without one, nothing will ever stop it.
fn endless(call: &mut Call<'_, '_>, line: &str) -> i32 {
    let pipe = call.fds.get(1).is_some_and(|out| matches!(&*out.borrow(), Open::Bag(bag) if bag.pipe));
    if !pipe {
        call.m.t.fuel.spend_bytes(u64::MAX);
        return 137;
    }
    let block = line.repeat((1 << 16) / line.len().max(1) + 1);
    call.out(&block);
    call.flush();
    if let Some(out) = call.fds.get(1)
        && let Open::Bag(bag) = &mut *out.borrow_mut()
    {
        bag.full = true;
    }
    141
}
