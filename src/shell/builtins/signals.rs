//! Signals: their names, `trap` and `kill`.

use super::super::eval::{Flow, Shell};
use super::super::expand::{Abort, Expanded};
use super::super::syntax::Dialect;
use super::usage;

/// Names by number, from 1 (Linux, x86-64).
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// What bash can trap beside signals.
const EVENTS: [&str; 3] = ["DEBUG", "ERR", "RETURN"];

/// The name that a word means: a number, a name, with SIG before it or not.
fn named(word: &str, dialect: Dialect) -> Option<&'static str> {
    if let Ok(number) = word.parse::<usize>() {
        return match number {
            0 => Some("EXIT"),
            number => SIGNALS.get(number - 1).copied(),
        };
    }
    let upper = word.to_ascii_uppercase();
    // dash knows no SIG before a name.
    let name = if dialect == Dialect::Dash { &upper } else { upper.strip_prefix("SIG").unwrap_or(&upper) };
    if name == "EXIT" {
        return Some("EXIT");
    }
    let event = EVENTS.iter().filter(|event| match dialect {
        Dialect::Ash => **event == "ERR",
        Dialect::Dash => false,
        Dialect::Bash => true,
    });
    SIGNALS.iter().chain(event).find(|known| **known == name).copied()
}

/// The place of a trap in a listing.
fn order(name: &str) -> usize {
    let number = SIGNALS.iter().position(|known| *known == name).map(|at| at + 1);
    match name {
        "EXIT" => 0,
        _ => {
            number.or_else(|| EVENTS.iter().position(|known| *known == name).map(|at| at + 100)).unwrap_or(99)
        }
    }
}

pub(super) fn trap(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let bash = shell.s.dialect == Dialect::Bash;
    let Some((letters, words)) = usage::options(shell, argv, if bash { "lp" } else { "" })? else {
        return Ok(Flow::Next);
    };
    if letters.contains('l') {
        list(shell);
        return Ok(Flow::Next);
    }
    if words.is_empty() || letters.contains('p') {
        shown(shell, words);
        return Ok(Flow::Next);
    }
    let (action, signals) = match words {
        [only] if only.is_empty() && bash => {
            usage::usage(shell);
            return Ok(Flow::Next);
        }
        [only] => ("-".to_owned(), std::slice::from_ref(only)),
        [action, signals @ ..] => (action.clone(), signals),
        [] => return Ok(Flow::Next),
    };
    // A number in the first place is a signal to reset.
    let resets = words.len() > 1 && action.parse::<usize>().is_ok();
    let (action, signals) = if resets { ("-".to_owned(), words) } else { (action, signals) };
    for signal in signals {
        let Some(name) = named(signal, shell.s.dialect) else {
            shell.s.status = 1;
            match shell.s.dialect {
                Dialect::Dash => shell.print_error(&format!("trap: {signal}: bad trap\n")),
                _ => shell.complain(&format!("{signal}: invalid signal specification")),
            }
            if bash {
                continue;
            }
            return Ok(Flow::Next);
        };
        if action == "-" {
            shell.s.traps.shift_remove(name);
        } else {
            shell.s.traps.insert(name.to_owned(), action.clone());
        }
    }
    Ok(Flow::Next)
}

fn shown(shell: &mut Shell<'_, '_>, wanted: &[String]) {
    let bash = shell.s.dialect == Dialect::Bash;
    let wanted: Vec<_> = wanted.iter().filter_map(|word| named(word, shell.s.dialect)).collect();
    let mut traps: Vec<(&String, &String)> = shell.s.traps.iter().collect();
    traps.retain(|(name, _)| wanted.is_empty() || wanted.contains(&name.as_str()));
    traps.sort_by_key(|(name, _)| order(name));
    let mut text = String::new();
    for (name, action) in traps {
        let sig = if bash && SIGNALS.contains(&name.as_str()) { "SIG" } else { "" };
        let action = match (bash, action.contains('\'')) {
            (true, true) => format!("'{}'", action.replace('\'', r"'\''")),
            _ => super::quote(action, Dialect::Ash),
        };
        text.push_str(&format!("trap -- {action} {sig}{name}\n"));
    }
    shell.say(&text);
}

/// bash's table of signals.
fn list(shell: &mut Shell<'_, '_>) {
    let cell = |(at, name): (usize, &&str)| {
        let end = if (at + 1) % 5 == 0 { '\n' } else { '\t' };
        format!("{:2}) SIG{name}{end}", at + 1)
    };
    let text: String = SIGNALS.iter().enumerate().map(cell).collect();
    shell.say(&format!("{text}\n"));
}

/// `kill`: there is nobody but the shell itself.
pub(super) fn kill(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let mut words = argv.get(1..).unwrap_or_default();
    let mut signal = "TERM".to_owned();
    if let Some(option) = words.first().filter(|word| word.starts_with('-') && word.len() > 1) {
        words = words.get(1..).unwrap_or_default();
        match option.as_str() {
            "-l" => return names(shell, words),
            "-s" | "-n" => {
                signal = words.first().cloned().unwrap_or_default();
                words = words.get(1..).unwrap_or_default();
            }
            _ => signal = option.chars().skip(1).collect(),
        }
    }
    let known = if signal == "0" { Some("0") } else { named(&signal, Dialect::Bash) };
    let Some(known) = known else {
        let message = match shell.s.dialect {
            Dialect::Ash => return applet(shell, &format!("bad signal name '{signal}'")),
            Dialect::Dash => {
                shell.s.status = 2;
                format!("Illegal option -{}", signal.chars().next().unwrap_or('-'))
            }
            Dialect::Bash => {
                shell.s.status = 1;
                format!("{signal}: invalid signal specification")
            }
        };
        shell.complain(&message);
        return Ok(Flow::Next);
    };
    if words.is_empty() {
        match shell.s.dialect {
            Dialect::Ash => return applet(shell, "you need to specify whom to kill"),
            Dialect::Dash => {
                shell.complain(
                    "Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]",
                );
                shell.s.status = 2;
            }
            Dialect::Bash => usage::usage(shell),
        }
        return Ok(Flow::Next);
    }
    for word in words {
        if word.parse::<u32>().is_ok_and(|pid| pid == shell.s.pid) {
            if known == "0" {
                continue;
            }
            return struck(shell, known);
        }
        nobody(shell, word);
    }
    Ok(Flow::Next)
}

/// The shell's own signal: its trap, or its end.
fn struck(shell: &mut Shell<'_, '_>, name: &str) -> Expanded<Flow> {
    let number = order(name) as i32;
    match shell.s.traps.get(name).cloned() {
        Some(action) if !matches!(name, "KILL" | "STOP") => {
            if !shell.m.t.fuel.enter() {
                return Err(Abort(137));
            }
            let builtin = shell.builtin.take();
            shell.s.status = 0;
            let flow = shell.source(&action);
            shell.builtin = builtin;
            shell.m.t.fuel.leave();
            Ok(flow)
        }
        _ if matches!(name, "CHLD" | "CONT" | "URG" | "WINCH") => Ok(Flow::Next),
        _ => {
            shell.s.status = 128 + number;
            shell.s.traps.clear();
            Ok(Flow::Exit)
        }
    }
}

fn nobody(shell: &mut Shell<'_, '_>, word: &str) {
    shell.s.status = 1;
    let number = word.trim_start_matches('-').parse::<u32>().is_ok();
    let message = match (shell.s.dialect, number) {
        (Dialect::Ash, true) => {
            let _ = applet(shell, &format!("can't kill pid {word}: No such process"));
            return;
        }
        (Dialect::Ash, false) => {
            let _ = applet(shell, &format!("invalid number '{word}'"));
            return;
        }
        (Dialect::Dash, true) => "No such process\n".to_owned(),
        (Dialect::Dash, false) => {
            shell.s.status = 2;
            format!("Illegal number: {word}")
        }
        (Dialect::Bash, true) => format!("({word}) - No such process"),
        (Dialect::Bash, false) => format!("{word}: arguments must be process or job IDs"),
    };
    shell.complain(&message);
}

/// busybox's `kill` speaks as the applet.
fn applet(shell: &mut Shell<'_, '_>, message: &str) -> Expanded<Flow> {
    let name = shell.s.applet.clone();
    shell.print_error(&format!("{name}: {message}\n"));
    shell.s.status = 1;
    Ok(Flow::Next)
}

/// `kill -l`: names of numbers, numbers of names.
fn names(shell: &mut Shell<'_, '_>, words: &[String]) -> Expanded<Flow> {
    if words.is_empty() {
        match shell.s.dialect {
            Dialect::Bash => list(shell),
            Dialect::Ash => {
                let rows = SIGNALS.iter().enumerate().map(|(at, name)| format!("{:2}) {name}\n", at + 1));
                let text: String = rows.collect();
                shell.say(&text);
            }
            Dialect::Dash => {
                let text: String = ["0"].iter().chain(&SIGNALS).map(|name| format!("{name}\n")).collect();
                shell.say(&text);
            }
        }
        return Ok(Flow::Next);
    }
    for word in words {
        let number =
            word.parse::<usize>().ok().map(|number| if number > 128 { number - 128 } else { number });
        match (number, named(word, Dialect::Bash)) {
            (Some(number), _) if (1..=SIGNALS.len()).contains(&number) => {
                let name = SIGNALS.get(number - 1).copied().unwrap_or_default();
                shell.say(&format!("{name}\n"));
            }
            (None, Some(name)) if shell.s.dialect != Dialect::Dash => {
                shell.say(&format!("{}\n", order(name)));
            }
            _ if shell.s.dialect == Dialect::Bash => {
                shell.complain(&format!("{word}: invalid signal specification"));
                shell.s.status = 1;
            }
            _ if shell.s.dialect == Dialect::Ash => {
                return applet(shell, &format!("unknown signal '{word}'"));
            }
            _ => return usage::illegal_number(shell, word),
        }
    }
    Ok(Flow::Next)
}
