//! Builtins that steer: loops, functions, other scripts, traps.

use super::super::eval::{Flow, Shell};
use super::super::expand::{Abort, Expanded};
use super::super::machine::NotStarted;
use super::super::syntax::Dialect;
use super::super::text;

pub(super) fn colon(shell: &mut Shell<'_, '_>, _: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    Ok(Flow::Next)
}

pub(super) fn fails(shell: &mut Shell<'_, '_>, _: &[String]) -> Expanded<Flow> {
    shell.s.status = 1;
    Ok(Flow::Next)
}

/// A count or a status; a wrong one is complained about and ends the shell.
fn number(shell: &mut Shell<'_, '_>, word: &str) -> Expanded<i64> {
    match word.parse::<i64>() {
        Ok(number) => Ok(number),
        Err(_) if shell.s.dialect == Dialect::Bash => {
            shell.complain(&format!("{word}: numeric argument required"));
            Err(Abort(2))
        }
        Err(_) => {
            shell.complain(&format!("Illegal number: {word}"));
            Err(Abort(2))
        }
    }
}

pub(super) fn exit(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    if let Some(word) = argv.get(1) {
        shell.s.status = (number(shell, word)? & 0xff) as i32;
    }
    Ok(Flow::Exit)
}

pub(super) fn return_from(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    if shell.s.calls + shell.s.sourced == 0 && shell.s.dialect == Dialect::Bash {
        shell.complain("can only `return' from a function or sourced script");
        shell.s.status = 2;
        return Ok(Flow::Next);
    }
    if let Some(word) = argv.get(1) {
        shell.s.status = (number(shell, word)? & 0xff) as i32;
    }
    Ok(if shell.s.calls + shell.s.sourced == 0 { Flow::Exit } else { Flow::Return })
}

fn levels(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Option<u32>> {
    let count = match argv.get(1) {
        Some(word) => number(shell, word)?,
        None => 1,
    };
    if shell.s.loops == 0 {
        if shell.s.dialect == Dialect::Bash {
            let name = argv.first().cloned().unwrap_or_default();
            let _ = name;
            shell.complain("only meaningful in a `for', `while', or `until' loop");
        }
        shell.s.status = 0;
        return Ok(None);
    }
    if count < 1 {
        let word = argv.get(1).cloned().unwrap_or_default();
        shell.complain(&format!("Illegal number: {word}"));
        return Err(Abort(2));
    }
    shell.s.status = 0;
    Ok(Some(count.min(i64::from(shell.s.loops)) as u32))
}

pub(super) fn break_loop(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    Ok(levels(shell, argv)?.map_or(Flow::Next, Flow::Break))
}

pub(super) fn continue_loop(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    Ok(levels(shell, argv)?.map_or(Flow::Next, Flow::Continue))
}

pub(super) fn eval(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let source = argv.get(1..).unwrap_or_default().join(" ");
    if !shell.m.t.fuel.enter() {
        return Err(Abort(137));
    }
    let builtin = shell.builtin.take();
    shell.s.status = 0;
    shell.s.level += 1;
    let flow = shell.source(&source);
    shell.s.level -= 1;
    shell.builtin = builtin;
    shell.m.t.fuel.leave();
    Ok(flow)
}

pub(super) fn dot(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let Some(name) = argv.get(1).cloned() else {
        if shell.s.dialect == Dialect::Bash {
            shell.complain("filename argument required");
        }
        shell.s.status = 2;
        return Ok(Flow::Next);
    };
    let Some(source) = dot_text(shell, &name) else {
        let bash = shell.s.dialect == Dialect::Bash;
        let line = match shell.s.dialect {
            Dialect::Ash => format!("can't open '{name}': No such file or directory"),
            Dialect::Dash if name.contains('/') => format!("cannot open {name}: No such file"),
            Dialect::Dash => format!("{name}: not found"),
            Dialect::Bash => format!("{name}: No such file or directory"),
        };
        if bash {
            shell.complain_plain(&line);
            shell.s.status = 1;
            return Ok(Flow::Next);
        }
        shell.complain(&line);
        return Err(Abort(2));
    };
    if !shell.m.t.fuel.enter() {
        return Err(Abort(137));
    }
    let builtin = shell.builtin.take();
    let saved = (argv.len() > 2)
        .then(|| std::mem::replace(&mut shell.s.parameters, argv.get(2..).unwrap_or_default().to_vec()));
    shell.s.sourced += 1;
    shell.s.status = 0;
    shell.s.level += 1;
    let flow = shell.source(&source);
    shell.s.level -= 1;
    shell.s.sourced -= 1;
    if let Some(parameters) = saved {
        shell.s.parameters = parameters;
    }
    shell.builtin = builtin;
    shell.m.t.fuel.leave();
    Ok(if flow == Flow::Return { Flow::Next } else { flow })
}

/// A file to read with `.`: looked for in PATH when it has no slash.
fn dot_text(shell: &mut Shell<'_, '_>, name: &str) -> Option<String> {
    let mut candidates = vec![name.to_owned()];
    if !name.contains('/') {
        let search = shell.s.get("PATH").unwrap_or_default();
        candidates = search.split(':').map(|dir| format!("{dir}/{name}")).collect();
        if shell.s.dialect != Dialect::Dash {
            candidates.push(name.to_owned());
        }
    }
    for candidate in candidates {
        let bytes = text::encode(&candidate).into_owned();
        let fds = shell.s.fds.clone();
        if shell.m.is_dir(&bytes) {
            continue;
        }
        if let Ok(stream) = shell.m.open_stream(&bytes, Default::default(), &fds) {
            let contents = shell.m.read_rest(&stream);
            return contents.to_bytes(16 << 20).map(|bytes| text::decode(&bytes));
        }
    }
    None
}

pub(super) fn exec(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let mut words = argv.get(1..).unwrap_or_default();
    let mut zero = None;
    while let Some(option) = words.first().filter(|w| w.starts_with('-') && w.len() > 1) {
        match option.as_str() {
            "-a" => {
                zero = words.get(1).cloned();
                words = words.get(2..).unwrap_or_default();
            }
            _ => words = words.get(1..).unwrap_or_default(),
        }
    }
    let _ = zero;
    if words.is_empty() {
        shell.s.status = 0;
        return Ok(Flow::Next);
    }
    let env = shell.s.environment();
    let fds = shell.s.fds.clone();
    let search = shell.s.get("PATH").unwrap_or_default();
    shell.s.status = match shell.m.start(words.to_vec(), &env, &fds, Some(&search)) {
        Ok(status) => status,
        Err(NotStarted::Format) => {
            shell.builtin = None;
            shell.not_started(words, NotStarted::Format)
        }
        Err(why) => {
            let name = words.first().cloned().unwrap_or_default();
            let (message, status) = match why {
                NotStarted::Denied => ("Permission denied", 126),
                _ => ("not found", 127),
            };
            shell.complain(&format!("{name}: {message}"));
            status
        }
    };
    // The shell is gone: its EXIT trap with it.
    shell.s.traps.clear();
    Ok(Flow::Exit)
}

pub(super) fn trap(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let mut words = argv.get(1..).unwrap_or_default();
    if words.first().is_some_and(|w| w == "--") {
        words = words.get(1..).unwrap_or_default();
    }
    if words.is_empty() || words.first().is_some_and(|w| w == "-p") {
        let lines: String = shell
            .s
            .traps
            .iter()
            .map(|(signal, action)| format!("trap -- {} {signal}\n", super::quote(action, Dialect::Ash)))
            .collect();
        shell.say(&lines);
        return Ok(Flow::Next);
    }
    let (action, signals) = match words {
        [only] => ("-".to_owned(), std::slice::from_ref(only)),
        [action, signals @ ..] => (action.clone(), signals),
        [] => return Ok(Flow::Next),
    };
    for signal in signals {
        let name = match signal.trim_start_matches("SIG") {
            "0" => "EXIT".to_owned(),
            name => name.to_owned(),
        };
        if action == "-" {
            shell.s.traps.shift_remove(&name);
        } else {
            shell.s.traps.insert(name, action.clone());
        }
    }
    Ok(Flow::Next)
}

pub(super) fn wait(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = match argv.last().filter(|_| argv.len() > 1) {
        Some(word) => {
            let status = word.parse::<u32>().ok().and_then(|pid| shell.m.finished.get(&pid)).copied();
            if status.is_none() && shell.s.dialect == Dialect::Bash {
                shell.complain(&format!("pid {word} is not a child of this shell"));
            }
            status.unwrap_or(127)
        }
        None => 0,
    };
    Ok(Flow::Next)
}

pub(super) fn kill(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let target = argv.last().cloned().unwrap_or_default();
    let pid = target.parse::<u32>();
    if pid.is_ok_and(|pid| pid == shell.s.pid) && !argv.iter().any(|w| w == "-0") {
        shell.s.status = 143;
        return Ok(Flow::Exit);
    }
    shell.s.status = 1;
    match target.parse::<u32>() {
        Ok(_) => shell.complain(&format!("({target}) - No such process")),
        Err(_) => shell.complain(&format!("Illegal number: {target}")),
    }
    Ok(Flow::Next)
}

pub(super) fn builtin(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let words = argv.get(1..).unwrap_or_default();
    match words.first() {
        Some(name) if super::find(name, shell.s.dialect).is_some() => shell.run_builtin(name, words),
        Some(name) => {
            shell.complain(&format!("{name}: not a shell builtin"));
            shell.s.status = 1;
            Ok(Flow::Next)
        }
        None => colon(shell, argv),
    }
}

/// `command`: without functions; `-v` and `-V` only tell.
pub(super) fn command(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let mut words = argv.get(1..).unwrap_or_default();
    let (mut tell, mut verbose) = (false, false);
    while let Some(option) = words.first().filter(|w| w.starts_with('-') && w.len() > 1) {
        tell |= option.contains('v');
        verbose |= option.contains('V');
        words = words.get(1..).unwrap_or_default();
    }
    if verbose {
        return describe(shell, words);
    }
    if tell {
        shell.s.status = 0;
        // ash and dash look at the first name only.
        let bash = shell.s.dialect == Dialect::Bash;
        let mut missing = 0;
        for name in words.iter().take(if bash { usize::MAX } else { 1 }) {
            match command_path(shell, name) {
                Some(path) => drop(shell.say(&format!("{path}\n"))),
                None => missing += 1,
            }
        }
        if missing > 0 {
            let all = missing == words.len() || !bash;
            shell.s.status = if all { if bash { 1 } else { 127 } } else { 0 };
        }
        return Ok(Flow::Next);
    }
    let Some(name) = words.first() else { return colon(shell, argv) };
    if super::find(name, shell.s.dialect).is_some() {
        let outer = shell.builtin.take();
        let flow = shell.run_builtin(name, words);
        shell.builtin = outer;
        // An error in a special builtin does not end the shell here.
        return match flow {
            Err(Abort(status)) if status != 137 => {
                shell.s.status = status;
                Ok(Flow::Next)
            }
            flow => flow,
        };
    }
    let outer = shell.builtin.take();
    shell.s.status = shell.program(words);
    shell.builtin = outer;
    Ok(Flow::Next)
}

const KEYWORDS: [&str; 15] = [
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "{", "}", "!",
];

fn command_path(shell: &mut Shell<'_, '_>, name: &str) -> Option<String> {
    let known = KEYWORDS.contains(&name)
        || shell.s.functions.contains_key(name)
        || super::find(name, shell.s.dialect).is_some();
    if known {
        return Some(name.to_owned());
    }
    let search = shell.s.get("PATH").unwrap_or_default();
    let found = shell.m.find(name, &search).ok()?;
    Some(text::decode(&found.path))
}

pub(super) fn kind(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let words = argv.get(1..).unwrap_or_default();
    match words {
        [option, names @ ..]
            if shell.s.dialect == Dialect::Bash && option.starts_with('-') && option.len() > 1 =>
        {
            shell.s.status = 0;
            for name in names {
                let word = if KEYWORDS.contains(&name.as_str()) {
                    Some("keyword".to_owned())
                } else if shell.s.functions.contains_key(name) && option != "-P" {
                    Some("function".to_owned())
                } else if super::find(name, Dialect::Bash).is_some() && option != "-P" {
                    Some("builtin".to_owned())
                } else {
                    let search = shell.s.get("PATH").unwrap_or_default();
                    shell.m.find(name, &search).ok().map(|found| text::decode(&found.path))
                };
                match (word, option.as_str()) {
                    (None, _) => shell.s.status = 1,
                    (Some(word), "-t") if word.starts_with('/') => drop(shell.say("file\n")),
                    (Some(word), "-t") => drop(shell.say(&format!("{word}\n"))),
                    (Some(word), _) if word.starts_with('/') => drop(shell.say(&format!("{word}\n"))),
                    _ => {}
                }
            }
            Ok(Flow::Next)
        }
        _ => describe(shell, words),
    }
}

fn describe(shell: &mut Shell<'_, '_>, names: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    for name in names {
        let line = if KEYWORDS.contains(&name.as_str()) {
            format!("{name} is a shell keyword")
        } else if shell.s.functions.contains_key(name) {
            match shell.s.dialect {
                Dialect::Dash => format!("{name} is a shell function"),
                _ => format!("{name} is a function"),
            }
        } else if super::is_special(name) && shell.s.dialect != Dialect::Bash {
            format!("{name} is a special shell builtin")
        } else if super::find(name, shell.s.dialect).is_some() {
            format!("{name} is a shell builtin")
        } else if let Some(path) = command_path(shell, name) {
            format!("{name} is {path}")
        } else {
            shell.s.status = if shell.s.dialect == Dialect::Bash { 1 } else { 127 };
            let line = format!("{name}: not found");
            if shell.s.dialect == Dialect::Bash {
                shell.complain(&line);
            } else {
                shell.say(&format!(
                    "{line}
"
                ));
            }
            continue;
        };
        shell.say(&format!("{line}\n"));
    }
    Ok(Flow::Next)
}

pub(super) fn ulimit(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    match argv.get(1).map(String::as_str) {
        Some("-n") if argv.len() == 2 => drop(shell.say("1048576\n")),
        None => drop(shell.say("unlimited\n")),
        _ => {}
    }
    Ok(Flow::Next)
}

/// Nothing takes time here.
pub(super) fn times(shell: &mut Shell<'_, '_>, _: &[String]) -> Expanded<Flow> {
    let one = match shell.s.dialect {
        Dialect::Ash => "0m0.00s 0m0.00s\n",
        Dialect::Dash => "0m0.000000s 0m0.000000s\n",
        Dialect::Bash => "0m0.000s 0m0.000s\n",
    };
    shell.say(&one.repeat(2));
    shell.s.status = 0;
    Ok(Flow::Next)
}
