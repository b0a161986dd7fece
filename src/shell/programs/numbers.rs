//! `seq`, `sleep`, `yes`.

use crate::shell::call::Call;
use crate::shell::stream::Open;

pub(super) fn seq(call: &mut Call<'_, '_>) -> i32 {
    let (mut separator, mut equal) = ("\n".to_owned(), false);
    let mut words = call.args();
    while let Some(option) = words
        .first()
        .filter(|w| w.starts_with('-') && !w[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.'))
    {
        match option.as_str() {
            "-w" => equal = true,
            "-s" | "-f" => {
                if let Some(value) = words.get(1).filter(|_| option == "-s") {
                    separator.clone_from(value);
                }
                words = words.get(1..).unwrap_or_default();
            }
            other => {
                if let Some(rest) = other.strip_prefix("-s") {
                    rest.clone_into(&mut separator);
                }
            }
        }
        words = words.get(1..).unwrap_or_default();
    }
    let mut numbers = Vec::new();
    for word in words {
        match word.parse::<f64>() {
            Ok(number) => numbers.push(number),
            Err(_) => {
                return call.either(
                    &format!("invalid number '{word}'"),
                    &format!("invalid floating point argument: '{word}'"),
                );
            }
        }
    }
    let (first, step, last) = match numbers[..] {
        [last] => (1.0, 1.0, last),
        [first, last] => (first, 1.0, last),
        [first, step, last] => (first, step, last),
        _ => return call.fail("missing operand"),
    };
    if step == 0.0 {
        call.m.t.fuel.spend(u64::MAX);
        return 1;
    }
    let places =
        words.iter().filter_map(|w| w.split_once('.')).map(|(_, p)| p.len()).max().unwrap_or(0).min(20);
    let shown = |value: f64| format!("{value:.places$}");
    let width = if equal { shown(first).len().max(shown(last).len()) } else { 0 };
    let mut line = String::new();
    let mut count = 0u64;
    loop {
        let value = first + step * count as f64;
        let over =
            if step > 0.0 { value > last + step.abs() * 1e-9 } else { value < last - step.abs() * 1e-9 };
        if over || !call.m.t.fuel.spend(1) || call.broken() {
            break;
        }
        if count > 0 {
            line.push_str(&separator);
        }
        line.push_str(&format!("{:0>width$}", shown(value)));
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
    let mut total = 0.0;
    for word in call.args() {
        match duration(word) {
            Some(seconds) => total += seconds,
            None => {
                return call
                    .either(&format!("invalid number '{word}'"), &format!("invalid time interval '{word}'"));
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
    let pipe = call.fds.get(1).is_some_and(|out| matches!(&*out.borrow(), Open::Bag(bag) if bag.pipe));
    if !pipe {
        // Nothing will ever stop it.
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
