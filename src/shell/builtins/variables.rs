//! Builtins on variables and parameters.

use super::super::eval::{Flow, Shell};
use super::super::expand::{Abort, Expanded};
use super::super::state::Value;
use super::super::stream;
use super::super::syntax::Dialect;
use super::super::text;
use super::usage;

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `name` or `name=value`; a bad name is complained about.
fn declared<'w>(shell: &mut Shell<'_, '_>, word: &'w str) -> Expanded<Option<(&'w str, Option<&'w str>)>> {
    let (name, value) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    };
    let bare = name
        .strip_suffix('+')
        .filter(|_| value.is_some() && shell.s.dialect == Dialect::Bash)
        .unwrap_or(name);
    if is_name(bare) {
        return Ok(Some((name, value)));
    }
    if shell.s.dialect == Dialect::Bash {
        shell.complain(&format!("`{word}': not a valid identifier"));
        shell.s.status = 1;
        return Ok(None);
    }
    shell.complain(&format!("{name}: bad variable name"));
    Err(Abort(2))
}

fn store(shell: &mut Shell<'_, '_>, name: &str, value: &str) -> Expanded<()> {
    let (name, value) = match name.strip_suffix('+') {
        Some(name) => (name, format!("{}{value}", shell.s.get(name).unwrap_or_default())),
        None => (name, value.to_owned()),
    };
    if shell.s.set(name, value) {
        return Ok(());
    }
    let message = shell.readonly_message(name);
    shell.complain(&message);
    Err(Abort(if shell.s.dialect == Dialect::Bash { 1 } else { 2 }))
}

pub(super) fn export(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let accepted = match shell.s.dialect {
        Dialect::Ash => "pn",
        Dialect::Dash => "p",
        Dialect::Bash => "pnf",
    };
    let Some((letters, words)) = usage::options(shell, argv, accepted)? else { return Ok(Flow::Next) };
    let on = !letters.contains('n');
    if words.is_empty() {
        super::listing::marked(shell, "export");
        return Ok(Flow::Next);
    }
    if letters.contains('f') {
        for name in
            words.iter().filter(|name| !shell.s.functions.contains_key(*name)).cloned().collect::<Vec<_>>()
        {
            shell.complain(&format!("{name}: not a function"));
            shell.s.status = 1;
        }
        return Ok(Flow::Next);
    }
    for word in words {
        let Some((name, value)) = declared(shell, word)? else { continue };
        if let Some(value) = value {
            store(shell, name, value)?;
        }
        shell.s.entry(name.trim_end_matches('+')).exported = on;
    }
    Ok(Flow::Next)
}

pub(super) fn readonly(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let accepted = if shell.s.dialect == Dialect::Bash { "paAf" } else { "p" };
    let Some((_, words)) = usage::options(shell, argv, accepted)? else { return Ok(Flow::Next) };
    if words.is_empty() {
        super::listing::marked(shell, "readonly");
    }
    for word in words {
        let Some((name, value)) = declared(shell, word)? else { continue };
        if let Some(value) = value {
            store(shell, name, value)?;
        }
        shell.s.entry(name).readonly = true;
    }
    Ok(Flow::Next)
}

fn hide(shell: &mut Shell<'_, '_>, name: &str) {
    let old = shell.s.variables.get(name).cloned();
    if let Some(hidden) = shell.s.hidden.last_mut()
        && !hidden.iter().any(|(known, _)| known == name)
    {
        hidden.push((name.to_owned(), old));
    }
}

pub(super) fn local(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    if shell.s.calls == 0 {
        match shell.s.dialect {
            Dialect::Bash => {
                shell.complain("can only be used in a function");
                shell.s.status = 1;
                return Ok(Flow::Next);
            }
            _ => {
                shell.complain("not in a function");
                return Err(Abort(2));
            }
        }
    }
    if shell.s.dialect == Dialect::Bash {
        return declare(shell, argv);
    }
    for word in argv.iter().skip(1) {
        let Some((name, value)) = declared(shell, word)? else { continue };
        hide(shell, name);
        match value {
            Some(value) => store(shell, name, value)?,
            None if shell.s.dialect == Dialect::Ash => shell.s.entry(name).value = None,
            None => {}
        }
    }
    Ok(Flow::Next)
}

/// `declare`, `typeset`, `local` of bash.
pub(super) fn declare(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let (mut flags, mut words) = (String::new(), argv.get(1..).unwrap_or_default());
    while let Some(option) = words.first().filter(|w| w.starts_with(['-', '+']) && w.len() > 1) {
        if let Some(letters) = option.strip_prefix('-') {
            flags.push_str(letters);
        }
        words = words.get(1..).unwrap_or_default();
    }
    if flags.contains(['p', 'f', 'F']) {
        for name in words {
            let line = shell.s.variables.get(name).map(|v| super::listing::declaration(name, v));
            match line {
                Some(line) if !flags.contains(['f', 'F']) => drop(shell.say(&line)),
                _ if flags.contains('F') && shell.s.functions.contains_key(name) => {
                    shell.say(&format!("{name}\n"));
                }
                _ if flags.contains('f') && shell.s.functions.contains_key(name) => {
                    shell.s.status = shell.m.not_modelled("bash's declare -f");
                }
                _ => {
                    if !flags.contains(['f', 'F']) {
                        shell.complain(&format!("{name}: not found"));
                    }
                    shell.s.status = 1;
                }
            }
        }
        return Ok(Flow::Next);
    }
    for word in words {
        let Some((name, value)) = declared(shell, word)? else { continue };
        if shell.s.calls > 0 && !flags.contains('g') {
            hide(shell, name);
            if value.is_none() {
                shell.s.entry(name).value = None;
            }
        }
        if flags.contains('A') {
            shell.s.entry(name).value.get_or_insert_with(|| Value::Map(Default::default()));
        } else if flags.contains('a') {
            shell.s.entry(name).value.get_or_insert_with(|| Value::Array(Default::default()));
        }
        let turns = flags.chars().rev().find(|flag| matches!(flag, 'u' | 'l'));
        shell.s.turned(name.trim_end_matches('+'), turns);
        if let Some(value) = value
            && !flags.contains(['a', 'A'])
        {
            let number = flags.contains('i').then(|| shell.calculate(value)).transpose()?;
            store(shell, name, &number.map_or_else(|| value.to_owned(), |number| number.to_string()))?;
        }
        let variable = shell.s.entry(name.trim_end_matches('+'));
        variable.exported |= flags.contains('x');
        variable.readonly |= flags.contains('r');
        variable.integer |= flags.contains('i');
    }
    Ok(Flow::Next)
}

pub(super) fn unset(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let bash = shell.s.dialect == Dialect::Bash;
    let Some((letters, names)) = usage::options(shell, argv, if bash { "fvn" } else { "fv" })? else {
        return Ok(Flow::Next);
    };
    for name in names {
        if !letters.contains('f') && !bash && !is_name(name) {
            shell.complain(&format!("{name}: bad variable name"));
            return Err(Abort(2));
        }
        if letters.contains('f') {
            shell.s.functions.shift_remove(name);
            continue;
        }
        if shell.s.variables.get(name).is_some_and(|variable| variable.readonly) {
            let message = if shell.s.dialect == Dialect::Bash {
                format!("{name}: cannot unset: readonly variable")
            } else {
                format!("{name}: is read only")
            };
            shell.complain(&message);
            if shell.s.dialect != Dialect::Bash {
                return Err(Abort(2));
            }
            shell.s.status = 1;
            continue;
        }
        if let Some((array, index)) = name.split_once('[') {
            let index = index.trim_end_matches(']').to_owned();
            let at = shell.calculate(&index).unwrap_or(-1);
            match &mut shell.s.entry(array).value {
                Some(Value::Array(items)) => drop(items.remove(&at)),
                Some(Value::Map(items)) => drop(items.remove(&index)),
                _ => {}
            }
            continue;
        }
        if shell.s.variables.shift_remove(name).is_none() {
            shell.s.functions.shift_remove(name);
        }
    }
    Ok(Flow::Next)
}

pub(super) fn shift(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let bash = shell.s.dialect == Dialect::Bash;
    let count = match argv.get(1).map(|word| (word, word.parse::<i64>())) {
        Some((word, Ok(count))) if count < 0 && bash => {
            shell.complain(&format!("{word}: shift count out of range"));
            shell.s.status = 1;
            return Ok(Flow::Next);
        }
        Some((_, Ok(count))) if count >= 0 => usize::try_from(count).unwrap_or(usize::MAX),
        Some((word, _)) if bash => {
            shell.complain(&format!("{word}: numeric argument required"));
            shell.s.status = 1;
            return Ok(Flow::Next);
        }
        Some((word, _)) => return usage::illegal_number(shell, word),
        None => 1,
    };
    if count > shell.s.parameters.len() {
        if shell.s.dialect == Dialect::Dash {
            shell.complain("can't shift that many");
            return Err(Abort(2));
        }
        shell.s.status = 1;
        return Ok(Flow::Next);
    }
    shell.s.parameters.drain(..count);
    shell.s.status = 0;
    Ok(Flow::Next)
}

pub(super) fn calculate(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let mut value = 0;
    if argv.len() < 2 {
        shell.complain("expression expected");
        shell.s.status = if shell.s.dialect == Dialect::Bash { 1 } else { 2 };
        return Ok(Flow::Next);
    }
    for word in argv.iter().skip(1) {
        value = match shell.calculate_in("let", word) {
            Err(Abort(2)) => {
                shell.s.status = 2;
                return Ok(Flow::Next);
            }
            value => value?,
        };
    }
    shell.s.status = i32::from(value == 0);
    Ok(Flow::Next)
}

/// Options of `read` that take a value.
struct Reading {
    raw: bool,
    delimiter: char,
    count: Option<usize>,
    array: Option<String>,
    descriptor: u32,
}

/// The options of `read`, and the names; none: one was wrong.
fn reading(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Option<(Reading, Vec<String>)>> {
    let known = match shell.s.dialect {
        Dialect::Ash => "rpntsud",
        Dialect::Dash => "rp",
        Dialect::Bash => "ersadinNptu",
    };
    let mut options = Reading { raw: false, delimiter: '\n', count: None, array: None, descriptor: 0 };
    let mut words = argv.get(1..).unwrap_or_default();
    while let Some(option) = words.first().filter(|w| w.starts_with('-') && w.len() > 1) {
        words = words.get(1..).unwrap_or_default();
        let mut letters = option.chars().skip(1);
        while let Some(letter) = letters.next() {
            if !known.contains(letter) {
                usage::wrong_option(shell, letter)?;
                return Ok(None);
            }
            if !"dnNatpui".contains(letter) {
                options.raw |= letter == 'r';
                continue;
            }
            let rest: String = letters.by_ref().collect();
            let value = if rest.is_empty() {
                let value = words.first().cloned().unwrap_or_default();
                words = words.get(1..).unwrap_or_default();
                value
            } else {
                rest
            };
            match letter {
                'd' => options.delimiter = value.chars().next().unwrap_or('\0'),
                'n' | 'N' => options.count = value.parse().ok(),
                'a' => options.array = Some(value),
                'u' => options.descriptor = value.parse().unwrap_or(0),
                'p' => shell.print_error(""),
                _ => {}
            }
        }
    }
    Ok(Some((options, words.to_vec())))
}

/// One line; the text with escapes marked by a private NUL, and whether its end was there.
fn read_text(shell: &mut Shell<'_, '_>, options: &Reading) -> Option<(Vec<(char, bool)>, bool)> {
    let stream = shell.s.fds.get(options.descriptor).cloned()?;
    let mut chars = Vec::new();
    loop {
        let line = if options.delimiter == '\n' && options.count.is_none() {
            text::decode(&shell.m.read_line(&stream))
        } else {
            read_until(shell, &stream, options)
        };
        let ended = line.ends_with(options.delimiter);
        let body = line.strip_suffix(options.delimiter).unwrap_or(&line);
        let mut source = body.chars();
        let mut continued = false;
        while let Some(c) = source.next() {
            if c == '\\' && !options.raw {
                match source.next() {
                    Some(next) => chars.push((next, true)),
                    None => continued = ended,
                }
            } else {
                chars.push((c, false));
            }
        }
        if !continued || shell.m.stopped() {
            return Some((chars, ended || options.count.is_some_and(|n| body.chars().count() >= n)));
        }
    }
}

fn read_until(shell: &mut Shell<'_, '_>, stream: &stream::Stream, options: &Reading) -> String {
    let mut bytes = Vec::new();
    let most = options.count.unwrap_or(usize::MAX);
    while bytes.len() < most {
        let one = shell.m.read_some(stream, 1).head(1);
        let Some(byte) = one.first() else { break };
        if !shell.m.t.fuel.spend(1) {
            break;
        }
        bytes.push(*byte);
        if char::from(*byte) == options.delimiter {
            break;
        }
    }
    text::decode(&bytes)
}

pub(super) fn read(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let Some((options, mut names)) = reading(shell, argv)? else { return Ok(Flow::Next) };
    if let Some(name) = names.iter().find(|name| !is_name(name.split('[').next().unwrap_or_default())) {
        let (message, status) = match shell.s.dialect {
            Dialect::Ash => (format!("read: '{name}': bad variable name"), 1),
            Dialect::Dash => (format!("{name}: bad variable name"), 2),
            Dialect::Bash => (format!("`{name}': not a valid identifier"), 1),
        };
        match shell.s.dialect {
            Dialect::Ash => {
                let own = shell.s.applet.clone();
                shell.print_error(&format!("{own}: {message}\n"));
            }
            _ => shell.complain(&message),
        }
        shell.s.status = status;
        return Ok(Flow::Next);
    }
    if names.is_empty() && options.array.is_none() {
        match shell.s.dialect {
            Dialect::Bash | Dialect::Ash => names.push("REPLY".to_owned()),
            Dialect::Dash => {
                shell.complain("arg count");
                shell.s.status = 2;
                return Ok(Flow::Next);
            }
        }
    }
    let Some((chars, ended)) = read_text(shell, &options) else {
        shell.s.status = 1;
        return Ok(Flow::Next);
    };
    let separators = shell.s.get("IFS").unwrap_or_else(|| " \t\n".to_owned());
    if let Some(array) = &options.array {
        let words = split(&chars, &separators, usize::MAX);
        let items = words.into_iter().enumerate().map(|(i, word)| (i as i64, word)).collect();
        shell.s.entry(array).value = Some(Value::Array(items));
    } else if names.len() == 1
        && names.first().is_some_and(|name| name == "REPLY")
        && argv.last().is_none_or(|w| w != "REPLY")
    {
        let whole: String = chars.iter().map(|(c, _)| *c).collect();
        store(shell, "REPLY", &whole)?;
    } else {
        let mut words = split(&chars, &separators, names.len()).into_iter();
        for name in &names {
            let word = words.next().unwrap_or_default();
            store(shell, name, &word)?;
        }
    }
    shell.s.status = i32::from(!ended);
    Ok(Flow::Next)
}

/// At most `most` words; the last takes the rest of the line.
fn split(chars: &[(char, bool)], separators: &str, most: usize) -> Vec<String> {
    let is = |at: usize| chars.get(at).is_some_and(|(c, escaped)| !escaped && separators.contains(*c));
    let blank = |at: usize| is(at) && chars.get(at).is_some_and(|(c, _)| c.is_ascii_whitespace());
    let mut words = Vec::new();
    let mut at = 0;
    while blank(at) {
        at += 1;
    }
    while at < chars.len() {
        if words.len() + 1 == most {
            let mut end = chars.len();
            while end > at && blank(end - 1) {
                end -= 1;
            }
            // One separator at the very end belongs to a last word that has no other.
            let inner = (at..end).filter(|i| is(*i)).count();
            if end > at && is(end - 1) && inner == 1 {
                end -= 1;
            }
            words.push(chars.get(at..end).unwrap_or_default().iter().map(|(c, _)| *c).collect());
            return words;
        }
        let mut word = String::new();
        while at < chars.len() && !is(at) {
            word.extend(chars.get(at).map(|(c, _)| *c));
            at += 1;
        }
        words.push(word);
        while blank(at) {
            at += 1;
        }
        if is(at) {
            at += 1;
            while blank(at) {
                at += 1;
            }
        }
    }
    words
}

pub(super) fn mapfile(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let trim = argv.iter().any(|word| word == "-t");
    let name = argv
        .iter()
        .skip(1)
        .rfind(|word| !word.starts_with('-'))
        .cloned()
        .unwrap_or_else(|| "MAPFILE".to_owned());
    let Some(stream) = shell.s.fds.get(0).cloned() else { return Ok(Flow::Next) };
    let mut items = std::collections::BTreeMap::new();
    loop {
        let line = text::decode(&shell.m.read_line(&stream));
        if line.is_empty() {
            break;
        }
        let line = if trim { line.trim_end_matches('\n').to_owned() } else { line };
        items.insert(items.len() as i64, line);
    }
    shell.s.entry(&name).value = Some(Value::Array(items));
    shell.s.status = 0;
    Ok(Flow::Next)
}

/// ash and dash speak without their name, bash with its own but no line.
fn getopts_says(shell: &mut Shell<'_, '_>, message: &str, bash: &str) {
    let line = match shell.s.dialect {
        Dialect::Bash => format!("{}: {bash}\n", shell.s.name),
        _ => format!("{message}\n"),
    };
    shell.print_error(&line);
}

pub(super) fn getopts(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let words = if shell.s.dialect == Dialect::Bash {
        match usage::options(shell, argv, "")? {
            Some((_, words)) => words,
            None => return Ok(Flow::Next),
        }
    } else {
        argv.get(1..).unwrap_or_default()
    };
    let (Some(spec), Some(name)) = (words.first(), words.get(1)) else {
        match shell.s.dialect {
            Dialect::Ash => shell.complain("usage: getopts optstring var [arg]"),
            Dialect::Dash => shell.complain("Usage: getopts optstring var [arg...]"),
            Dialect::Bash => usage::usage(shell),
        }
        shell.s.status = 2;
        return Ok(Flow::Next);
    };
    let words = match words.get(2..) {
        Some(given) if !given.is_empty() => given.to_vec(),
        _ => shell.s.parameters.clone(),
    };
    let index: usize = shell.s.get("OPTIND").and_then(|n| n.parse().ok()).unwrap_or(1).max(1);
    let word = words.get(index - 1).cloned().unwrap_or_default();
    let within = shell.s.getopts.max(1);
    let mut chars = word.chars().skip(within);
    if !word.starts_with('-') || word.len() < 2 || word == "--" {
        if word == "--" {
            shell.s.set("OPTIND", (index + 1).to_string());
        }
        store(shell, name, "?")?;
        if shell.s.dialect == Dialect::Bash {
            shell.s.variables.shift_remove("OPTARG");
        }
        shell.s.getopts = 0;
        shell.s.status = 1;
        return Ok(Flow::Next);
    }
    let letter = chars.next().unwrap_or('?');
    let rest: String = chars.collect();
    let silent = spec.starts_with(':');
    let known = spec.find(letter).filter(|_| letter != ':');
    let wants = known.is_some_and(|at| spec[at + letter.len_utf8()..].starts_with(':'));
    let (mut next, mut position) = (index, within + 1);
    let mut value = letter.to_string();
    shell.s.variables.shift_remove("OPTARG");
    if known.is_none() {
        value = "?".to_owned();
        if silent {
            shell.s.set("OPTARG", letter.to_string());
        } else {
            getopts_says(shell, &format!("Illegal option -{letter}"), &format!("illegal option -- {letter}"));
        }
    } else if wants {
        if !rest.is_empty() {
            shell.s.set("OPTARG", rest.clone());
        } else if let Some(argument) = words.get(index) {
            shell.s.set("OPTARG", argument.clone());
            next += 1;
        } else if silent {
            value = ":".to_owned();
            shell.s.set("OPTARG", letter.to_string());
        } else {
            value = "?".to_owned();
            let bash = format!("option requires an argument -- {letter}");
            getopts_says(shell, &format!("No arg for -{letter} option"), &bash);
        }
        position = 0;
    }
    if position == 0 || rest.is_empty() {
        next += 1;
        position = 0;
    }
    shell.s.set("OPTIND", next.to_string());
    shell.s.getopts = position;
    store(shell, name, &value)?;
    shell.s.status = 0;
    Ok(Flow::Next)
}
