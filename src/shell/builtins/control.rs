//! Builtins that steer: loops, functions, other scripts, traps.

use super::super::eval::{Flow, Shell};
use super::super::expand::{Abort, Expanded};
use super::super::machine::NotStarted;
use super::super::syntax::Dialect;
use super::super::text;
use super::usage;

pub(super) fn colon(shell: &mut Shell<'_, '_>, _: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    Ok(Flow::Next)
}

pub(super) fn fails(shell: &mut Shell<'_, '_>, _: &[String]) -> Expanded<Flow> {
    shell.s.status = 1;
    Ok(Flow::Next)
}

/// A count or a status; a wrong one is complained about and ends the shell, or (bash) what it is in.
fn number(shell: &mut Shell<'_, '_>, word: &str) -> Expanded<i64> {
    let bash = shell.s.dialect == Dialect::Bash;
    match word.parse::<i64>() {
        Ok(number) if bash || number >= 0 => Ok(number),
        _ if bash => {
            shell.complain(&format!("{word}: numeric argument required"));
            Err(Abort(2))
        }
        _ => {
            shell.complain(&format!("Illegal number: {word}"));
            Err(Abort(2))
        }
    }
}

pub(super) fn exit(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    if let Some(word) = argv.get(1) {
        shell.s.status = (number(shell, word)? & 0xff) as i32;
    }
    if argv.len() > 2 && shell.s.dialect == Dialect::Bash {
        shell.complain("too many arguments");
        return Err(Abort(1));
    }
    Ok(Flow::Exit)
}

pub(super) fn return_from(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let bash = shell.s.dialect == Dialect::Bash;
    let inside = shell.s.calls + shell.s.sourced > 0;
    if !inside && bash {
        shell.complain("can only `return' from a function or sourced script");
        shell.s.status = 2;
        return Ok(Flow::Next);
    }
    if let Some(word) = argv.get(1) {
        shell.s.status = match number(shell, word) {
            Ok(number) => (number & 0xff) as i32,
            Err(Abort(status)) if bash => status,
            Err(abort) => return Err(abort),
        };
    }
    Ok(if inside { Flow::Return } else { Flow::Exit })
}

fn levels(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Option<u32>> {
    let bash = shell.s.dialect == Dialect::Bash;
    if shell.s.loops == 0 && bash {
        shell.complain("only meaningful in a `for', `while', or `until' loop");
        shell.s.status = 0;
        return Ok(None);
    }
    let count = match argv.get(1) {
        Some(word) => match number(shell, word) {
            // bash: the shell ends as after a signal that does not exist.
            Err(Abort(2)) if bash => return Err(Abort(128)),
            count => count?,
        },
        None => 1,
    };
    if count < 1 {
        let word = argv.get(1).cloned().unwrap_or_default();
        if bash {
            shell.complain(&format!("{word}: loop count out of range"));
            shell.s.status = 1;
            return Ok(Some(shell.s.loops));
        }
        shell.complain(&format!("Illegal number: {word}"));
        return Err(Abort(2));
    }
    shell.s.status = 0;
    Ok((shell.s.loops > 0).then(|| count.min(i64::from(shell.s.loops)) as u32))
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
    // ash and dash go on speaking as `eval`.
    let bash = shell.s.dialect == Dialect::Bash;
    let builtin = if bash { shell.builtin.take() } else { shell.builtin.clone() };
    let input = std::mem::replace(&mut shell.s.input, "eval".to_owned());
    shell.s.status = 0;
    shell.s.level += 1;
    let flow = shell.source_within(&source);
    shell.s.level -= 1;
    shell.s.input = input;
    shell.builtin = builtin;
    shell.m.t.fuel.leave();
    Ok(flow)
}

pub(super) fn dot(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let words = match shell.s.dialect {
        Dialect::Ash => argv.get(1..).unwrap_or_default(),
        _ => match usage::options(shell, argv, "")? {
            Some((_, words)) => words,
            None => return Ok(Flow::Next),
        },
    };
    let Some(name) = words.first().cloned() else {
        shell.s.status = match shell.s.dialect {
            Dialect::Dash => 0,
            Dialect::Ash => 2,
            Dialect::Bash => {
                shell.complain("filename argument required");
                usage::usage(shell);
                2
            }
        };
        return Ok(Flow::Next);
    };
    if name.contains('/') && shell.m.is_dir(&text::encode(&name)) {
        shell.s.status = 0;
        if shell.s.dialect == Dialect::Bash {
            shell.complain(&format!("{name}: is a directory"));
            shell.s.status = 1;
        }
        return Ok(Flow::Next);
    }
    let Some(source) = dot_text(shell, &name) else {
        let bash = shell.s.dialect == Dialect::Bash;
        let line = match shell.s.dialect {
            Dialect::Ash if name.contains('/') => format!("can't open '{name}': No such file or directory"),
            Dialect::Ash => format!("{name}: not found"),
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
    // dash leaves the parameters as they are.
    let more = words.get(1..).unwrap_or_default();
    let saved = (!more.is_empty() && shell.s.dialect != Dialect::Dash)
        .then(|| std::mem::replace(&mut shell.s.parameters, more.to_vec()));
    let bash = shell.s.dialect == Dialect::Bash;
    let builtin = std::mem::replace(&mut shell.builtin, (!bash).then(|| name.clone().into()));
    let input = std::mem::replace(&mut shell.s.input, name.clone());
    let in_file = std::mem::replace(&mut shell.s.in_file, true);
    // ash and dash read the file as if nobody looked at its status: `set -e` ends in `. f || true` (`dotcmd`).
    let checked = shell.s.checked;
    shell.s.checked &= bash;
    shell.s.sources.push(name);
    shell.s.sourced += 1;
    shell.s.status = 0;
    shell.s.level += 1;
    let flow = shell.source_within(&source);
    shell.s.level -= 1;
    shell.s.sourced -= 1;
    shell.after_dot();
    shell.s.sources.pop();
    shell.s.checked = checked;
    (shell.s.input, shell.s.in_file, shell.builtin) = (input, in_file, builtin);
    if let Some(parameters) = saved {
        shell.s.parameters = parameters;
    }
    shell.m.t.fuel.leave();
    Ok(if flow == Flow::Return { Flow::Next } else { flow })
}

/// A file to read with `.`: looked for in PATH when it has no slash.
fn dot_text(shell: &mut Shell<'_, '_>, name: &str) -> Option<String> {
    let mut candidates = vec![name.to_owned()];
    if !name.contains('/') {
        let search = shell.s.get("PATH").unwrap_or_default();
        candidates = search.split(':').map(|dir| format!("{dir}/{name}")).collect();
        if shell.s.dialect == Dialect::Bash {
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
    // dash has no options here: they are names of programs.
    let options = shell.s.dialect != Dialect::Dash;
    while let Some(option) = words.first().filter(|w| options && w.starts_with('-') && w.len() > 1) {
        // `-a` takes the name that the program finds as its own; the lab's programs do not look.
        let taken = if option == "-a" { 2 } else { 1 };
        words = words.get(taken..).unwrap_or_default();
    }
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
                NotStarted::Denied
                    if shell.s.dialect == Dialect::Bash && shell.m.is_dir(&text::encode(&name)) =>
                {
                    // Of a path it says so twice: as it does of any command, and as `exec`.
                    let builtin = shell.builtin.take();
                    if name.contains('/') {
                        shell.complain(&format!("{name}: Is a directory"));
                    }
                    shell.builtin = builtin;
                    ("cannot execute: Is a directory", 126)
                }
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

pub(super) fn wait(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    for word in argv.iter().skip(1) {
        let status = word.parse::<u32>().ok().and_then(|pid| shell.m.finished.get(&pid)).copied();
        shell.s.status = status.unwrap_or(127);
        if status.is_some() {
            continue;
        }
        let job = word.starts_with('%');
        let number = word.parse::<u32>().is_ok();
        match shell.s.dialect {
            Dialect::Bash if job => shell.complain(&format!("{word}: no such job")),
            Dialect::Bash if number => shell.complain(&format!("pid {word} is not a child of this shell")),
            Dialect::Bash => {
                shell.complain(&format!("`{word}': not a pid or valid job spec"));
                shell.s.status = 1;
            }
            Dialect::Ash if job => {
                shell.complain(&format!("{word}: no such job"));
                shell.s.status = 2;
            }
            Dialect::Dash if job => {
                shell.complain(&format!("No such job: {word}"));
                shell.s.status = 2;
            }
            _ if !number => return usage::illegal_number(shell, word),
            _ => {}
        }
    }
    Ok(Flow::Next)
}

/// `fg` and `bg`: nothing runs in the background.
pub(super) fn no_job(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let job = argv.get(1).filter(|word| *word != "--");
    let (message, status) = match (shell.s.dialect, job) {
        (Dialect::Bash, _) => ("no job control".to_owned(), 1),
        (_, None) => ("No current job".to_owned(), 2),
        (Dialect::Ash, Some(job)) => (format!("{job}: no such job"), 2),
        (Dialect::Dash, Some(job)) => (format!("No such job: {job}"), 2),
    };
    shell.complain(&message);
    shell.s.status = status;
    Ok(Flow::Next)
}

/// `hash`: looks names up; the lab's shell remembers nothing.
pub(super) fn hash(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let bash = shell.s.dialect == Dialect::Bash;
    let Some((letters, words)) = usage::options(shell, argv, if bash { "rlpdt" } else { "rv" })? else {
        return Ok(Flow::Next);
    };
    if words.is_empty() && bash && letters.is_empty() {
        shell.say("hash: hash table empty\n");
    }
    for word in words {
        if command_path(shell, word).is_none() {
            shell.complain(&format!("{word}: not found"));
            shell.s.status = 1;
        }
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
    let Some((letters, words)) = usage::options(shell, argv, "pvV")? else { return Ok(Flow::Next) };
    let (tell, verbose) = (letters.contains('v'), letters.contains('V'));
    if verbose {
        // ash and dash look at the first name only.
        let most = if shell.s.dialect == Dialect::Bash { words.len() } else { 1 };
        return describe(shell, words.get(..most).unwrap_or(words));
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

/// `coproc`: a process beside the shell, with pipes to it.
pub(super) fn coproc(shell: &mut Shell<'_, '_>, _: &[String]) -> Expanded<Flow> {
    shell.s.status = shell.m.not_modelled("bash's coproc");
    Ok(Flow::Next)
}

pub(super) fn kind(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let words = argv.get(1..).unwrap_or_default();
    match words {
        [option, names @ ..]
            if shell.s.dialect == Dialect::Bash && option.starts_with('-') && option.len() > 1 =>
        {
            shell.s.status = 0;
            if option == "-a" {
                return describe_all(shell, names);
            }
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
        // ash takes any word with a `-` for bash's `-p`, and says nothing of what there is not.
        [option, names @ ..] if shell.s.dialect == Dialect::Ash && option.starts_with('-') => {
            let mut status = 0;
            for name in names {
                command(shell, &["command".to_owned(), "-v".to_owned(), name.clone()])?;
                status = status.max(shell.s.status);
            }
            shell.s.status = status;
            Ok(Flow::Next)
        }
        _ => describe(shell, words),
    }
}

/// bash's `type -a`: all that a name could mean.
fn describe_all(shell: &mut Shell<'_, '_>, names: &[String]) -> Expanded<Flow> {
    for name in names {
        let mut lines = Vec::new();
        if KEYWORDS.contains(&name.as_str()) {
            lines.push(format!("{name} is a shell keyword\n"));
        }
        if shell.s.functions.contains_key(name) {
            lines.push(format!("{name} is a function\n"));
        }
        if super::find(name, Dialect::Bash).is_some() {
            lines.push(format!("{name} is a shell builtin\n"));
        }
        let search = shell.s.get("PATH").unwrap_or_default();
        for dir in search.split(':') {
            if let Ok(found) = shell.m.find(&format!("{dir}/{name}"), "") {
                lines.push(format!("{name} is {}\n", text::decode(&found.path)));
            }
        }
        if lines.is_empty() {
            shell.complain(&format!("{name}: not found"));
            shell.s.status = 1;
        }
        shell.say(&lines.concat());
    }
    Ok(Flow::Next)
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
        Dialect::Ash => "0m0.000s 0m0.000s\n",
        Dialect::Dash => "0m0.000000s 0m0.000000s\n",
        Dialect::Bash => "0m0.000s 0m0.000s\n",
    };
    shell.say(&one.repeat(2));
    shell.s.status = 0;
    Ok(Flow::Next)
}
