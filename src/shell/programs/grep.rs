//! `grep`, `egrep`, `fgrep`.

use super::arguments::{Arguments, Spec};
use super::posix_regex;
use crate::fs::Errno;
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use crate::shell::text;
use crate::union::StatKind;
use regex::Regex;

const SPEC: Spec = Spec {
    flags: "EFGPivclLnoqsrRhHwxazUbI",
    values: "efmABC",
    long: &[
        ("extended-regexp", "E"),
        ("fixed-strings", "F"),
        ("perl-regexp", "P"),
        ("ignore-case", "i"),
        ("invert-match", "v"),
        ("count", "c"),
        ("files-with-matches", "l"),
        ("files-without-match", "L"),
        ("line-number", "n"),
        ("only-matching", "o"),
        ("quiet", "q"),
        ("silent", "q"),
        ("no-messages", "s"),
        ("recursive", "r"),
        ("no-filename", "h"),
        ("with-filename", "H"),
        ("word-regexp", "w"),
        ("line-regexp", "x"),
        ("regexp=", "e"),
        ("file=", "f"),
        ("max-count=", "m"),
        ("after-context=", "A"),
        ("before-context=", "B"),
        ("context=", "C"),
        ("color", "color"),
        ("colour", "color"),
        ("line-buffered", "line-buffered"),
        ("null-data", "z"),
        ("byte-offset", "b"),
        ("dereference-recursive", "R"),
        ("basic-regexp", "G"),
        ("binary-files=", "binary-files"),
        ("text", "a"),
        ("include=", "include"),
        ("exclude=", "exclude"),
        ("exclude-dir=", "exclude-dir"),
    ],
};

/// What a match counts as and prints.
struct Search {
    patterns: Vec<Regex>,
    args: Arguments,
    names: bool,
    before: usize,
    after: usize,
    most: u64,
}

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let args = match Arguments::parse(call, &SPEC) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let mut operands = args.operands.clone();
    let mut sources: Vec<String> = args.values("e").map(str::to_owned).collect();
    for file in args.values("f").map(str::to_owned).collect::<Vec<_>>() {
        match call.open_read(&file) {
            Ok(contents) => {
                let source = call.text_of(&contents);
                sources.extend(text::lines(&source).0.into_iter().map(str::to_owned));
            }
            Err(errno) => {
                call.fail_errno(&file, errno);
                return 2;
            }
        }
    }
    if args.values("e").next().is_none() && args.values("f").next().is_none() {
        if operands.is_empty() {
            return call.usage("");
        }
        sources.push(operands.remove(0));
    }
    let patterns = match compile(call, &args, &sources) {
        Ok(patterns) => patterns,
        Err(status) => return status,
    };
    let deep = args.any("rR");
    let implied = operands.is_empty() && deep;
    if operands.is_empty() {
        operands.push(if deep { ".".to_owned() } else { "-".to_owned() });
    }
    let context = args.value("C").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut search = Search {
        names: (operands.len() > 1 || deep || args.has("H")) && !args.has("h"),
        before: args.value("B").and_then(|n| n.parse().ok()).unwrap_or(context),
        after: args.value("A").and_then(|n| n.parse().ok()).unwrap_or(context),
        most: args.value("m").and_then(|n| n.parse().ok()).unwrap_or(u64::MAX),
        patterns,
        args,
    };
    let (mut found, mut failed) = (false, false);
    for operand in operands {
        for file in files(call, &search, &operand, deep, implied) {
            match one(call, &mut search, &file) {
                Ok(any) => found |= any,
                Err(errno) => {
                    // On its way down, busybox only tells.
                    failed |= !(deep && call.busybox);
                    if !search.args.has("s") {
                        call.fail_errno(&file, errno);
                    }
                }
            }
            if found && search.args.has("q") || call.m.stopped() {
                return 0;
            }
        }
    }
    if failed && !(found && search.args.has("q")) { 2 } else { i32::from(!found) }
}

fn compile(call: &mut Call<'_, '_>, args: &Arguments, sources: &[String]) -> Result<Vec<Regex>, i32> {
    let fixed = args.has("F") || call.name == "fgrep";
    let extended = args.any("EP") || call.name == "egrep";
    let fold = args.has("i");
    let mut patterns = Vec::new();
    for source in sources.iter().flat_map(|source| source.split('\n')) {
        let regex = if fixed {
            posix_regex::fixed(source, fold)
        } else if args.has("P") {
            let regex = regex::RegexBuilder::new(source).case_insensitive(fold).size_limit(1 << 20).build();
            if regex.is_err() {
                // Perl has more than the lab's expressions.
                call.m.not_modelled(&format!("grep -P '{source}'"));
                return Err(i32::from(call.m.strict) * 2);
            }
            regex.ok()
        } else if extended {
            if source.starts_with('*') && !call.busybox {
                call.fail("warning: * at start of expression");
            }
            posix_regex::extended(source, fold)
        } else {
            posix_regex::basic(source, fold)
        };
        let bordered = regex.and_then(|regex| {
            if args.any("xw") { posix_regex::bordered(&regex, args.has("x"), fold) } else { Some(regex) }
        });
        match bordered {
            Some(regex) => patterns.push(regex),
            None if posix_regex::refers_back(source) => {
                call.m.not_modelled(&format!("{} with a back reference", call.name));
                return Err(i32::from(call.m.strict) * 2);
            }
            None => {
                let why = match posix_regex::problem(source, extended) {
                    // GNU grep's own words for it.
                    bracket if bracket.starts_with("Unmatched [") => "Invalid regular expression",
                    other => other,
                };
                call.either(&format!("bad regex '{source}'"), why);
                return Err(2);
            }
        }
    }
    Ok(patterns)
}

/// The files an operand stands for.
fn files(call: &mut Call<'_, '_>, search: &Search, operand: &str, deep: bool, implied: bool) -> Vec<String> {
    if !deep || operand == "-" || !call.m.is_dir(&text::encode(operand)) {
        return vec![operand.to_owned()];
    }
    let (mut found, mut open) = (Vec::new(), vec![operand.to_owned()]);
    let globs = |name: &str| search.args.values(name).map(Pattern::new).collect::<Vec<_>>();
    let (include, exclude, exclude_dir) = (globs("include"), globs("exclude"), globs("exclude-dir"));
    while let Some(at) = open.pop() {
        if call.m.stopped() {
            break;
        }
        let bytes = text::encode(&at).into_owned();
        match call.m.lstat(&bytes).map(|stat| stat.kind) {
            Ok(StatKind::Dir) => {
                let Ok(names) = call.m.readdir(&bytes) else { continue };
                let base = at.trim_end_matches('/');
                for name in names.iter().rev() {
                    let name = text::decode(name);
                    if !exclude_dir.iter().any(|glob| glob.matches_text(&name)) {
                        open.push(if at == "." && implied && !call.busybox {
                            name
                        } else {
                            format!("{base}/{name}")
                        });
                    }
                }
            }
            Ok(StatKind::File) => {
                let name = at.rsplit('/').next().unwrap_or("");
                let kept = include.is_empty() || include.iter().any(|glob| glob.matches_text(name));
                if kept && !exclude.iter().any(|glob| glob.matches_text(name)) {
                    found.push(at);
                }
            }
            // busybox opens symlinks on the way, GNU grep passes them by (-R: opens them).
            Ok(StatKind::Symlink) if call.busybox || search.args.has("R") => {
                if !call.m.is_dir(&bytes) {
                    found.push(at);
                } else if search.args.has("R") {
                    open.extend(below(call, &at));
                }
            }
            _ => {}
        }
    }
    found
}

/// What is in a directory that a symlink leads to, one level deep: a loop of them ends here.
fn below(call: &mut Call<'_, '_>, at: &str) -> Vec<String> {
    let names = call.m.readdir(&text::encode(at)).unwrap_or_default();
    names.iter().rev().map(|name| format!("{at}/{}", text::decode(name))).collect()
}

fn one(call: &mut Call<'_, '_>, search: &mut Search, file: &str) -> Result<bool, Errno> {
    let contents = match call.open_read(file) {
        // busybox opens it and finds no line in it.
        Err(Errno::EISDIR) if call.busybox => return Ok(false),
        other => other?,
    };
    // Described binaries hold no text worth searching.
    let head = contents.head(512);
    let binary = head.contains(&0) && !search.args.any("az");
    if binary && contents.len() > 1 << 20 {
        return Ok(false);
    }
    let source = call.text_of(&contents);
    let lines: Vec<&str> = if search.args.has("z") {
        let body = source.strip_suffix('\0').unwrap_or(&source);
        if source.is_empty() { Vec::new() } else { body.split('\0').collect() }
    } else {
        text::lines(&source).0
    };
    let args = &search.args;
    let end = if args.has("z") { '\0' } else { '\n' };
    let prefix = if search.names {
        format!("{}:", if file == "-" { "(standard input)" } else { file })
    } else {
        String::new()
    };
    let silent = args.any("qclL");
    let (mut count, mut shown_to, mut tail) = (0u64, 0usize, 0usize);
    for (number, line) in lines.iter().enumerate() {
        if count >= search.most || !call.m.t.fuel.spend(1 + line.len() as u64 / 32) {
            break;
        }
        let matched = search.patterns.iter().any(|regex| regex.is_match(line)) != args.has("v");
        if !matched {
            if tail > 0 && !silent {
                tail -= 1;
                shown_to = number + 1;
                let line = context_line(args, search.names, file, number, line);
                call.out(&line);
            }
            continue;
        }
        count += 1;
        if args.any("qlL") {
            break;
        }
        if silent {
            continue;
        }
        if binary {
            call.out(&format!("{}: {file}: binary file matches\n", "grep").replacen("grep: ", "grep: ", 1));
            break;
        }
        let from = number.saturating_sub(search.before).max(shown_to);
        if (search.before > 0 || search.after > 0) && shown_to > 0 && from > shown_to {
            call.out("--\n");
        }
        for (number, line) in lines.iter().enumerate().take(number).skip(from) {
            let line = context_line(args, search.names, file, number, line);
            call.out(&line);
        }
        let place = if args.has("n") { format!("{prefix}{}:", number + 1) } else { prefix.clone() };
        let offset = |at: usize| {
            if args.has("b") {
                format!("{}:", line.as_ptr() as usize - source.as_ptr() as usize + at)
            } else {
                String::new()
            }
        };
        if args.has("o") {
            for regex in &search.patterns {
                for found in regex.find_iter(line).filter(|found| !found.is_empty()) {
                    call.out(&format!("{place}{}{}{end}", offset(found.start()), found.as_str()));
                }
            }
        } else {
            call.out(&format!("{place}{}{line}{end}", offset(0)));
        }
        shown_to = number + 1;
        tail = search.after;
    }
    if args.has("c") && !args.any("qlL") {
        call.out(&format!("{prefix}{count}\n"));
    }
    if args.has("l") && count > 0 || args.has("L") && count == 0 {
        call.out(&format!("{}\n", if file == "-" { "(standard input)" } else { file }));
    }
    Ok(if args.has("L") { count == 0 } else { count > 0 })
}

fn context_line(args: &Arguments, names: bool, file: &str, number: usize, line: &str) -> String {
    let name = if names { format!("{file}-") } else { String::new() };
    let place = if args.has("n") { format!("{}-", number + 1) } else { String::new() };
    format!("{name}{place}{line}\n")
}
