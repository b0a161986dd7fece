//! `printf`.

use crate::shell::call::Call;
use crate::shell::{escape, text};
use crate::trace::Fuel;

/// What went wrong on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// No number at all.
    Number(String),
    /// A number with something after it.
    Partial(String),
    /// A directive that does not exist, and the format from there on, without size letters.
    Format(String, String),
    /// A directive that the format ends in.
    Unfinished(String),
}

/// What it prints, and the mistakes.
#[derive(Debug)]
pub(crate) struct Printed {
    flavour: Flavour,
    pub bytes: Vec<u8>,
    pub mistakes: Vec<Mistake>,
}

/// Whose `printf` it is: they differ in what counts as a number, and in `%q`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// No number but a whole one; an argument that is missing is none.
    Busybox,
    /// An empty argument is 0.
    Dash,
    /// As dash; with `%q`.
    Bash,
    /// With `%q`.
    Gnu,
}

/// Flags, width and precision of one directive.
#[derive(Debug, Default)]
struct Directive {
    left: bool,
    zero: bool,
    plus: bool,
    blank: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

/// The widest field the lab prints.
const WIDEST: usize = 100_000;

/// Formats; the format is used again as long as arguments are left.
pub(crate) fn format(format: &str, arguments: &[String], flavour: Flavour, fuel: &mut Fuel) -> Printed {
    let chars: Vec<char> = format.chars().collect();
    let mut printed = Printed { flavour, bytes: Vec::new(), mistakes: Vec::new() };
    let mut rest = arguments;
    loop {
        let before = rest.len();
        let go_on = once(&chars, &mut rest, flavour, &mut printed);
        if !go_on || rest.is_empty() || rest.len() == before || !fuel.spend(chars.len() as u64 + 1) {
            return printed;
        }
    }
}

fn once(chars: &[char], rest: &mut &[String], flavour: Flavour, printed: &mut Printed) -> bool {
    let mut at = 0;
    let next = |rest: &mut &[String]| -> Option<String> {
        let (first, more) = rest.split_first()?;
        *rest = more;
        Some(first.clone())
    };
    while let Some(c) = chars.get(at).copied() {
        at += 1;
        match c {
            '\\' => {
                let end = escape_end(chars, at);
                let raw: String = chars.get(at - 1..end).unwrap_or_default().iter().collect();
                // dash and bash know `\c` in the argument of `%b` only.
                let (bytes, cut) = match (printed.flavour, raw.as_str()) {
                    (Flavour::Dash | Flavour::Bash, "\\c") => (b"\\c".to_vec(), false),
                    _ => escape::format(&raw),
                };
                printed.bytes.extend(bytes);
                if cut {
                    return false;
                }
                at = end;
            }
            '%' if chars.get(at) == Some(&'%') => {
                printed.bytes.push(b'%');
                at += 1;
            }
            '%' => {
                let start = at - 1;
                let mut directive = Directive::default();
                while let Some(flag) = chars.get(at).filter(|c| "-0+ #".contains(**c)) {
                    match flag {
                        '-' => directive.left = true,
                        '0' => directive.zero = true,
                        '+' => directive.plus = true,
                        ' ' => directive.blank = true,
                        _ => directive.alternate = true,
                    }
                    at += 1;
                }
                let measure = |at: &mut usize, rest: &mut &[String]| -> Option<i64> {
                    if chars.get(*at) == Some(&'*') {
                        *at += 1;
                        return Some(next(rest).and_then(|w| w.parse().ok()).unwrap_or(0));
                    }
                    let mut value = None;
                    while let Some(digit) = chars.get(*at).and_then(|c| c.to_digit(10)) {
                        value = Some((value.unwrap_or(0i64) * 10 + i64::from(digit)).min(WIDEST as i64));
                        *at += 1;
                    }
                    value
                };
                if let Some(width) = measure(&mut at, rest) {
                    directive.left |= width < 0;
                    directive.width = (width.unsigned_abs() as usize).min(WIDEST);
                }
                if chars.get(at) == Some(&'.') {
                    at += 1;
                    let precision = measure(&mut at, rest).unwrap_or(0);
                    directive.precision = usize::try_from(precision).ok().map(|p| p.min(WIDEST));
                }
                let sized = at;
                while chars.get(at).is_some_and(|c| "hlLjzt".contains(*c)) {
                    at += 1;
                }
                let Some(conversion) = chars.get(at).copied() else {
                    let raw: String = chars.get(start..).unwrap_or_default().iter().collect();
                    printed.mistakes.push(Mistake::Unfinished(raw));
                    return false;
                };
                at += 1;
                let known = "sbcdiuoxXeEfFgGaA".contains(conversion)
                    || conversion == 'q' && matches!(flavour, Flavour::Bash | Flavour::Gnu);
                if !known {
                    let raw: String = chars.get(start..=sized).unwrap_or_default().iter().collect();
                    let rest = chars
                        .get(start..sized)
                        .unwrap_or_default()
                        .iter()
                        .chain(chars.get(at - 1..).unwrap_or_default());
                    printed.mistakes.push(Mistake::Format(raw, rest.collect()));
                    return false;
                }
                let argument = next(rest);
                if !convert(conversion, &directive, argument, printed) {
                    return false;
                }
            }
            c => printed.bytes.extend_from_slice(&text::encode(&c.to_string())),
        }
    }
    true
}

/// Where an escape that begins at `at` ends.
fn escape_end(chars: &[char], at: usize) -> usize {
    match chars.get(at) {
        Some('x') => {
            at + 1 + (0..2).take_while(|i| chars.get(at + 1 + i).is_some_and(char::is_ascii_hexdigit)).count()
        }
        Some('u') => {
            at + 1 + (0..4).take_while(|i| chars.get(at + 1 + i).is_some_and(char::is_ascii_hexdigit)).count()
        }
        Some(c) if c.is_digit(8) => {
            at + (0..3).take_while(|i| chars.get(at + i).is_some_and(|c| c.is_digit(8))).count()
        }
        Some(_) => at + 1,
        None => at,
    }
}

fn convert(conversion: char, directive: &Directive, argument: Option<String>, printed: &mut Printed) -> bool {
    let word = argument.clone().unwrap_or_default();
    let text = match conversion {
        's' => cut(&word, directive.precision),
        'q' => crate::shell::builtins_quote(&word),
        'b' => {
            let (bytes, cut) = escape::echo(&word);
            pad(&text::decode(&bytes), directive, false, printed);
            return !cut;
        }
        'c' => word.chars().take(1).collect(),
        'd' | 'i' => {
            let value = number(&word, argument.is_some(), printed);
            let sign = if value < 0 {
                "-"
            } else if directive.plus {
                "+"
            } else if directive.blank {
                " "
            } else {
                ""
            };
            integer(sign, value.unsigned_abs().to_string(), directive, printed);
            return true;
        }
        'u' => return whole(number(&word, argument.is_some(), printed) as u64, 'u', directive, printed),
        'o' | 'x' | 'X' => {
            return whole(number(&word, argument.is_some(), printed) as u64, conversion, directive, printed);
        }
        _ => {
            let value: f64 = match word.trim().parse() {
                Ok(value) => value,
                Err(_) => {
                    if argument.is_some() {
                        printed.mistakes.push(Mistake::Number(word.clone()));
                    }
                    0.0
                }
            };
            let digits = float(conversion, value.abs(), directive.precision.unwrap_or(6));
            let digits = if conversion.is_ascii_uppercase() { digits.to_uppercase() } else { digits };
            let sign = if value.is_sign_negative() {
                "-"
            } else if directive.plus {
                "+"
            } else {
                ""
            };
            let zeros = if directive.zero && !directive.left {
                directive.width.saturating_sub(digits.len() + sign.len())
            } else {
                0
            };
            let text = format!("{sign}{}{digits}", "0".repeat(zeros));
            pad(&text, directive, false, printed);
            return true;
        }
    };
    pad(&text, directive, false, printed);
    true
}

/// More places than a double has: those behind are zeros.
const MOST_PLACES: usize = 1100;

fn float(conversion: char, value: f64, precision: usize) -> String {
    if precision > MOST_PLACES {
        let zeros = "0".repeat(precision - MOST_PLACES);
        let text = float(conversion, value, MOST_PLACES);
        return match (conversion, text.split_once(['e', 'E'])) {
            ('g' | 'G', _) => text,
            ('e' | 'E', Some((mantissa, exponent))) => format!("{mantissa}{zeros}{conversion}{exponent}"),
            _ => format!("{text}{zeros}"),
        };
    }
    let exponent = |value: f64, precision: usize| {
        let text = format!("{value:.precision$e}");
        match text.split_once('e') {
            Some((mantissa, exp)) => {
                let exp: i32 = exp.parse().unwrap_or(0);
                format!("{mantissa}e{}{:02}", if exp < 0 { '-' } else { '+' }, exp.abs())
            }
            None => text,
        }
    };
    match conversion {
        'e' => exponent(value, precision),
        'E' => exponent(value, precision).to_uppercase(),
        'g' | 'G' => {
            let precision = precision.max(1);
            let scale = if value == 0.0 { 0 } else { value.log10().floor() as i32 };
            if scale < -4 || scale >= precision as i32 {
                let text = exponent(value, precision - 1);
                return match text.split_once('e') {
                    Some((m, e)) if m.contains('.') => {
                        format!("{}e{e}", m.trim_end_matches('0').trim_end_matches('.'))
                    }
                    _ => text,
                };
            }
            let places = (precision as i32 - 1 - scale).max(0) as usize;
            let text = format!("{value:.places$}");
            if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                text
            }
        }
        _ => format!("{value:.precision$}"),
    }
}

fn cut(word: &str, precision: Option<usize>) -> String {
    match precision {
        Some(precision) => word.chars().take(precision).collect(),
        None => word.to_owned(),
    }
}

fn whole(value: u64, conversion: char, directive: &Directive, printed: &mut Printed) -> bool {
    let (prefix, digits) = match conversion {
        'o' => (if directive.alternate { "0" } else { "" }, format!("{value:o}")),
        'x' => (if directive.alternate { "0x" } else { "" }, format!("{value:x}")),
        'X' => (if directive.alternate { "0X" } else { "" }, format!("{value:X}")),
        _ => ("", value.to_string()),
    };
    integer(prefix, digits, directive, printed);
    true
}

fn integer(sign: &str, digits: String, directive: &Directive, printed: &mut Printed) {
    let mut digits = digits;
    if let Some(precision) = directive.precision {
        digits = format!("{}{digits}", "0".repeat(precision.saturating_sub(digits.len())));
    } else if directive.zero && !directive.left {
        digits = format!("{}{digits}", "0".repeat(directive.width.saturating_sub(digits.len() + sign.len())));
    }
    pad(&format!("{sign}{digits}"), directive, false, printed);
}

fn pad(text: &str, directive: &Directive, _zero: bool, printed: &mut Printed) {
    let missing = directive.width.saturating_sub(text.chars().count());
    let blanks = " ".repeat(missing);
    let whole = if directive.left { format!("{text}{blanks}") } else { format!("{blanks}{text}") };
    printed.bytes.extend_from_slice(&text::encode(&whole));
}

/// A number as C writes it; `'c` is the character's code.
fn number(word: &str, given: bool, printed: &mut Printed) -> i64 {
    let flavour = printed.flavour;
    if flavour != Flavour::Busybox && !given
        || word.is_empty() && matches!(flavour, Flavour::Dash | Flavour::Bash)
    {
        return 0;
    }
    if let Some(rest) = word.strip_prefix(['\'', '"']) {
        return rest.chars().next().map_or(0, |c| i64::from(c as u32));
    }
    let trimmed = word.trim_start();
    let (negative, body) = match trimmed.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let (base, body) = match body.strip_prefix("0x").or_else(|| body.strip_prefix("0X")) {
        Some(hex) => (16, hex),
        None if body.len() > 1 && body.starts_with('0') => (8, &body[1..]),
        None => (10, body),
    };
    let (mut value, mut used) = (0i64, 0);
    for digit in body.chars().map_while(|c| c.to_digit(base)) {
        value = value.wrapping_mul(i64::from(base)).wrapping_add(i64::from(digit));
        used += 1;
    }
    if used == 0 && base != 8 {
        printed.mistakes.push(Mistake::Number(word.to_owned()));
        return 0;
    }
    if used < body.chars().count() {
        printed.mistakes.push(if base == 8 || used > 0 {
            Mistake::Partial(word.to_owned())
        } else {
            Mistake::Number(word.to_owned())
        });
        if flavour == Flavour::Busybox {
            return 0;
        }
    }
    if negative { value.wrapping_neg() } else { value }
}

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let mut words = call.args();
    if words.first().is_some_and(|word| word == "--") {
        words = words.get(1..).unwrap_or_default();
    }
    let [format_text, arguments @ ..] = words else {
        return call.usage("missing operand");
    };
    let printed = format(
        format_text,
        arguments,
        if call.busybox { Flavour::Busybox } else { Flavour::Gnu },
        &mut call.m.t.fuel,
    );
    call.out_bytes(&printed.bytes);
    let mut status = 0;
    if !call.busybox
        && let Some(own) = call.argv.first()
    {
        // The GNU tools complain under the name that they were called by.
        call.name.clone_from(own);
    }
    for mistake in &printed.mistakes {
        // busybox goes on after a wrong number, and succeeds.
        status |= i32::from(!call.busybox || matches!(mistake, Mistake::Format(..)));
        match mistake {
            Mistake::Number(word) => {
                call.either(
                    &format!("invalid number '{word}'"),
                    &format!("'{word}': expected a numeric value"),
                );
            }
            Mistake::Partial(word) => {
                call.either(
                    &format!("invalid number '{word}'"),
                    &format!("'{word}': value not completely converted"),
                );
            }
            Mistake::Unfinished(word) => {
                call.either(
                    &format!("{word}: invalid format"),
                    &format!("{word}: invalid conversion specification"),
                );
            }
            Mistake::Format(word, rest) => {
                call.either(
                    &format!("{rest}: invalid format"),
                    &format!("{word}: invalid conversion specification"),
                );
            }
        }
    }
    status
}
