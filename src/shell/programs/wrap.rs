//! Programs that run other programs: `env`, `xargs`, `su-exec` and their like.

use super::arguments::{Arguments, Spec};
use crate::shell::call::Call;
use crate::shell::{text, users};
use crate::union::Cred;

pub(super) fn env(call: &mut Call<'_, '_>) -> i32 {
    let mut environment = call.env.clone();
    let mut words = call.args();
    while let Some(option) = words.first().filter(|w| w.starts_with('-')) {
        words = words.get(1..).unwrap_or_default();
        match option.as_str() {
            "-i" | "-" | "--ignore-environment" => environment.clear(),
            "-u" | "--unset" => {
                if let Some(name) = words.first() {
                    environment.shift_remove(name);
                }
                words = words.get(1..).unwrap_or_default();
            }
            "-C" | "--chdir" => {
                if let Some(dir) = words.first()
                    && let Ok(dir) = call.m.realpath(&text::encode(dir))
                {
                    call.m.cwd = dir;
                }
                words = words.get(1..).unwrap_or_default();
            }
            "--" => break,
            other => {
                // busybox has no `-S`, and says so.
                let spec = Spec { flags: "i0", values: "u", long: &[] };
                if call.busybox
                    && let Err(status) = Arguments::read(call, &[other.to_owned()], &spec)
                {
                    return status;
                }
                if let Some(line) = other.strip_prefix("-S") {
                    let mut split: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
                    split.extend(words.iter().cloned());
                    return call.start_in(split, &environment);
                }
                if let Some(name) = other.strip_prefix("--unset=").or_else(|| other.strip_prefix("-u")) {
                    environment.shift_remove(name);
                }
            }
        }
    }
    while let Some((name, value)) = words.first().and_then(|w| w.split_once('=')) {
        environment.insert(name.to_owned(), value.to_owned());
        words = words.get(1..).unwrap_or_default();
    }
    if words.is_empty() {
        for (name, value) in &environment {
            call.out(&format!("{name}={value}\n"));
        }
        return 0;
    }
    call.start_in(words.to_vec(), &environment)
}

/// busybox's `time`. GNU time is a package of its own, and not modelled.
pub(super) fn time(call: &mut Call<'_, '_>) -> i32 {
    let mut words = call.args();
    let mut posix = false;
    while let Some(option) = words.first().filter(|word| word.starts_with('-')) {
        posix |= option == "-p";
        words = words.get(1..).unwrap_or_default();
    }
    if words.is_empty() {
        return call.fail("missing operand");
    }
    let start = call.m.seconds.unwrap_or(0.0);
    let status = call.start(words.to_vec());
    let seconds = call.m.seconds.unwrap_or(0.0) - start;
    let row = |name: &str, seconds: f64| match posix {
        true => format!("{name} {seconds:.2}\n"),
        false => format!("{name}\t{:.0}m {:.2}s\n", (seconds / 60.0).floor(), seconds % 60.0),
    };
    call.err(&[row("real", seconds), row("user", 0.0), row("sys", 0.0)].concat());
    status
}

pub(super) fn printenv(call: &mut Call<'_, '_>) -> i32 {
    if call.args().is_empty() {
        return env(call);
    }
    let mut status = 0;
    for name in call.args() {
        match call.env.get(name) {
            Some(value) => call.out(&format!("{value}\n")),
            None => status = 1,
        }
    }
    status
}

pub(super) fn nice(call: &mut Call<'_, '_>) -> i32 {
    let mut words = call.args();
    while words.first().is_some_and(|w| w.starts_with('-')) {
        let takes = words.first().is_some_and(|w| w == "-n");
        words = words.get(if takes { 2 } else { 1 }..).unwrap_or_default();
    }
    if words.is_empty() { 0 } else { call.start(words.to_vec()) }
}

pub(super) fn timeout(call: &mut Call<'_, '_>) -> i32 {
    let mut words = call.args();
    while let Some(option) = words.first().filter(|w| w.starts_with('-')) {
        let takes = matches!(option.as_str(), "-k" | "-s" | "--kill-after" | "--signal");
        words = words.get(if takes { 2 } else { 1 }..).unwrap_or_default();
    }
    let [limit, command @ ..] = words else { return call.usage("missing operand") };
    let Some(limit) = super::numbers::duration(limit) else {
        return call.fail(&format!("invalid time interval '{limit}'"));
    };
    let before = call.m.seconds.unwrap_or(0.0);
    let status = call.start(command.to_vec());
    let took = call.m.seconds.unwrap_or(0.0) - before;
    if limit > 0.0 && took > limit {
        call.m.seconds = Some(before + limit);
        return if call.busybox { 143 } else { 124 };
    }
    status
}

pub(super) fn chroot(call: &mut Call<'_, '_>) -> i32 {
    match call.args() {
        [root, command @ ..] if root == "/" && !command.is_empty() => call.start(command.to_vec()),
        _ => {
            let words = call.args().join(" ");
            call.m.not_modelled(&format!("chroot {words}"))
        }
    }
}

/// Runs a command as `user[:group]`.
fn become_and_run(call: &mut Call<'_, '_>, who: &str, command: Vec<String>) -> i32 {
    let environment = call.env.clone();
    become_with(call, who, command, environment, true)
}

/// The same with this environment; HOME becomes the user's, or stays.
pub(super) fn become_with(
    call: &mut Call<'_, '_>,
    who: &str,
    command: Vec<String>,
    mut environment: indexmap::IndexMap<String, String>,
    home: bool,
) -> i32 {
    let (name, group) = match who.split_once(':') {
        Some((name, group)) => (name, Some(group)),
        None => (who, None),
    };
    let known =
        users::by_name(call.m, name).or_else(|| name.parse().ok().and_then(|uid| users::by_uid(call.m, uid)));
    let Some(uid) = known.as_ref().map(|user| user.uid).or_else(|| name.parse().ok()) else {
        return call.fail(&format!("{name}: no such user"));
    };
    let mut gid = known.as_ref().map_or(uid, |user| user.gid);
    if let Some(group) = group {
        match users::gid_of(call.m, group) {
            Some(found) => gid = found,
            None => return call.fail(&format!("{group}: no such group")),
        }
    }
    if call.m.cred.uid != 0 && call.m.cred.uid != uid {
        return call.fail("setgroups: Operation not permitted");
    }
    let groups = users::groups(call.m)
        .into_iter()
        .filter(|g| known.as_ref().is_some_and(|u| g.members.contains(&u.name)));
    let groups = groups.map(|g| g.gid).collect();
    if let Some(user) = known.as_ref().filter(|_| home) {
        environment.insert("HOME".to_owned(), user.home.clone());
    }
    let before = call.m.cred.clone();
    call.m.become_user(Cred { uid, gid, groups });
    let status = call.start_in(command, &environment);
    call.m.become_user(before);
    status
}

pub(super) fn as_user(call: &mut Call<'_, '_>) -> i32 {
    match call.args() {
        [who, command @ ..] if !command.is_empty() => become_and_run(call, who, command.to_vec()),
        _ => {
            let name = call.name.clone();
            call.err(&format!("Usage: {name} user-spec command [args]\n"));
            1
        }
    }
}

pub(super) fn su(call: &mut Call<'_, '_>) -> i32 {
    let (mut who, mut line, mut shell) = (None, None, None);
    let (mut login, mut keeps, mut more) = (false, false, Vec::new());
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-" | "-l" | "--login" => login = true,
            "-m" | "-p" | "--preserve-environment" => keeps = true,
            "-c" | "--command" => line = words.next().cloned(),
            "-s" | "--shell" => shell = words.next().cloned(),
            _ if who.is_none() => who = Some(word.clone()),
            _ => more.push(word.clone()),
        }
    }
    let who = who.unwrap_or_else(|| "root".to_owned());
    let Some(user) = users::by_name(call.m, &who) else {
        return call.either(
            &format!("unknown user {who}"),
            &format!("user {who} does not exist or the user entry does not contain all the required fields"),
        );
    };
    let shell =
        shell.unwrap_or(if user.shell.is_empty() { "/bin/sh".to_owned() } else { user.shell.clone() });
    let mut environment = call.env.clone();
    if !keeps {
        environment.insert("SHELL".to_owned(), shell.clone());
        if user.uid != 0 || login {
            environment.insert("USER".to_owned(), who.clone());
            environment.insert("LOGNAME".to_owned(), who.clone());
        }
    }
    let mut command = vec![shell];
    if let Some(line) = line {
        command.extend(["-c".to_owned(), line]);
    }
    command.extend(more);
    let before = call.m.cwd.clone();
    if login {
        environment.retain(|name, _| matches!(name.as_str(), "TERM" | "SHELL" | "USER" | "LOGNAME"));
        // ENV_SUPATH and ENV_PATH of login.defs.
        let system = if user.uid == 0 {
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        } else {
            "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
        };
        let path = match (call.busybox, user.uid) {
            (true, 0) => "/sbin:/usr/sbin:/bin:/usr/bin",
            (true, _) => "/bin:/usr/bin",
            _ => system,
        };
        environment.insert("PATH".to_owned(), path.to_owned());
        if let Ok(home) = call.m.realpath(user.home.as_bytes()) {
            call.m.cwd = home;
        }
    }
    let status = become_with(call, &who, command, environment, !keeps);
    call.m.cwd = before;
    status
}

pub(super) fn which(call: &mut Call<'_, '_>) -> i32 {
    let search = call.env.get("PATH").cloned().unwrap_or_default();
    let mut status = 0;
    for name in call.args().iter().filter(|word| !word.starts_with('-')) {
        match call.m.find(name, &search) {
            Ok(found) => call.out(&format!("{}\n", text::decode(&found.path))),
            Err(_) => status = 1,
        }
    }
    status
}

/// Words of xargs's input: blanks separate, quotes and backslashes protect.
fn input_words(source: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut open, mut quote) = (Vec::new(), String::new(), false, None);
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), '\n') => return Err("unmatched single quote".to_owned()),
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                open = true;
            }
            (None, '\\') => {
                word.extend(chars.next());
                open = true;
            }
            (None, c) if c.is_whitespace() => {
                if open {
                    words.push(std::mem::take(&mut word));
                    open = false;
                }
            }
            (None, c) => {
                word.push(c);
                open = true;
            }
        }
    }
    if let Some(quote) = quote {
        return Err(format!("unmatched {} quote", if quote == '"' { "double" } else { "single" }));
    }
    if open {
        words.push(word);
    }
    Ok(words)
}

pub(super) fn xargs(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "0rtpxo",
        values: "nILPsdEa",
        long: &[
            ("null", "0"),
            ("no-run-if-empty", "r"),
            ("max-args=", "n"),
            ("replace=", "I"),
            ("max-procs=", "P"),
            ("delimiter=", "d"),
            ("verbose", "t"),
            ("max-lines=", "L"),
            ("arg-file=", "a"),
            ("exit", "x"),
            ("interactive", "p"),
            ("max-chars=", "s"),
            ("eof", "e"),
            ("open-tty", "o"),
        ],
    };
    // `-i` and `-l` take a value only from their own word.
    let words: Vec<String> = call
        .args()
        .iter()
        .map(|word| match word.as_str() {
            "-i" | "--replace" => "-I{}".to_owned(),
            "-l" if !call.busybox => "-L1".to_owned(),
            _ => word.clone(),
        })
        .collect();
    xargs_of(call, &spec, &words)
}

fn xargs_of(call: &mut Call<'_, '_>, spec: &Spec, words: &[String]) -> i32 {
    // The command's own options are not ours: stop at the first operand.
    let mut end = 0;
    while let Some(word) = words.get(end).filter(|w| w.starts_with('-') && w.len() > 1) {
        let last = word.chars().last().unwrap_or(' ');
        let bare = word
            .chars()
            .skip(1)
            .position(|c| spec.values.contains(c))
            .is_some_and(|at| at + 2 == word.chars().count());
        end += if bare && spec.values.contains(last) && !word.starts_with("--") { 2 } else { 1 };
    }
    let end = end.min(words.len());
    let (options, command) = words.split_at(end);
    let args = match Arguments::read(call, options, spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let command = if command.is_empty() { vec!["echo".to_owned()] } else { command.to_vec() };
    let source = match args.value("a") {
        Some(file) => match call.open_read(file) {
            Ok(contents) => call.text_of(&contents),
            Err(errno) => return call.fail_errno(file, errno),
        },
        None => call.input(),
    };
    let replace = args.value("I").map(str::to_owned);
    let separated = |delimiter: char| -> Vec<String> {
        source.split(delimiter).map(str::to_owned).filter(|word| !word.is_empty()).collect()
    };
    let words = if args.has("0") {
        separated('\0')
    } else if let Some(delimiter) = args.value("d") {
        let (bytes, _) = crate::shell::escape::format(delimiter);
        let mut words = separated(text::decode(&bytes).chars().next().unwrap_or('\n'));
        if let Some(last) = words.last_mut() {
            *last = last.trim_end_matches('\n').to_owned();
        }
        words
    } else if replace.is_some() || args.value("L").is_some() {
        source.lines().map(|line| line.trim_start().to_owned()).filter(|line| !line.is_empty()).collect()
    } else {
        match input_words(&source) {
            Ok(words) => words,
            Err(message) if call.busybox => return call.fail(&message),
            Err(message) => {
                return call.fail(&format!(
                    "{message}; by default quotes are special to xargs unless you use the -0 option"
                ));
            }
        }
    };
    let runs: Vec<Vec<String>> = match (&replace, args.value("n").or(args.value("L"))) {
        (Some(mark), _) => {
            words.iter().map(|word| command.iter().map(|part| part.replace(mark, word)).collect()).collect()
        }
        (None, limit) => {
            let most = limit.and_then(|n| n.parse::<usize>().ok()).unwrap_or(5000).max(1);
            let split = args.value("L").is_some();
            let mut runs: Vec<Vec<String>> = words
                .chunks(most)
                .map(|chunk| {
                    let words = chunk.iter().flat_map(|w| {
                        if split {
                            w.split_whitespace().map(str::to_owned).collect()
                        } else {
                            vec![w.clone()]
                        }
                    });
                    command.iter().cloned().chain(words).collect()
                })
                .collect();
            if runs.is_empty() && !args.has("r") {
                runs.push(command.clone());
            }
            runs
        }
    };
    let mut status = 0;
    for argv in runs {
        if call.m.stopped() {
            break;
        }
        if args.has("t") {
            call.err(&format!("{}\n", argv.join(" ")));
        }
        let name = argv.first().cloned().unwrap_or_default();
        match call.start(argv) {
            0 => {}
            code @ (126 | 127) => return code,
            255 => {
                call.fail(&format!("{name}: exited with status 255; aborting"));
                return 124;
            }
            141 => {
                if !call.busybox {
                    call.fail(&format!("{name}: terminated by signal 13"));
                }
                return 125;
            }
            _ => status = 123,
        }
    }
    status
}
