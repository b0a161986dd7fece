//! `sed`.

use super::arguments::{Arguments, Spec};
use super::sed_edit::Editor;
use super::sed_parse::{Command, Wrong, parse};
use crate::fs::{Contents, path};
use crate::shell::call::Call;
use crate::shell::text;

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    // -i may carry a suffix, so it is looked for before the options are taken apart.
    let (mut words, mut in_place, mut suffix) = (Vec::new(), false, String::new());
    for word in call.args() {
        let found = word.strip_prefix("--in-place").map(|rest| rest.trim_start_matches('=')).or_else(|| {
            let letters = word.strip_prefix('-').filter(|l| !l.starts_with('-'))?;
            let at = letters.find('i')?;
            letters[..at].chars().all(|c| "nErsz".contains(c)).then(|| &letters[at + 1..])
        });
        match found {
            Some(rest) => {
                in_place = true;
                suffix = rest.to_owned();
                let flags: String = word.chars().take_while(|c| *c != 'i').collect();
                if flags.len() > 1 && !flags.starts_with("--") {
                    words.push(flags);
                }
            }
            None => words.push(word.clone()),
        }
    }
    let spec = Spec {
        flags: "nErsuz",
        values: "ef",
        long: &[
            ("quiet", "n"),
            ("silent", "n"),
            ("expression=", "e"),
            ("file=", "f"),
            ("regexp-extended", "E"),
            ("separate", "s"),
            ("null-data", "z"),
        ],
    };
    let mut args = match Arguments::read(call, &words, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let source = match script_of(call, &mut args) {
        Ok(source) => source,
        Err(status) => return status,
    };
    let script = match parse(&source, args.any("Er"), call.busybox) {
        Ok(script) => script,
        Err(Wrong::NotModelled('\\')) => return call.m.not_modelled("sed with a back reference"),
        Err(Wrong::NotModelled(letter)) => return call.m.not_modelled(&format!("sed {letter}")),
        Err(Wrong::Label(label)) => {
            return call.either(
                &format!("can't find label for jump to '{label}'"),
                &format!("can't find label for jump to `{label}'"),
            );
        }
        Err(Wrong::At(_, message)) if call.busybox => return call.fail(&busybox_words(&message)),
        Err(Wrong::At(at, message)) => {
            return call.fail(&format!("-e expression #1, char {at}: {message}"));
        }
    };
    let quiet = args.has("n") || source.starts_with("#n\n");
    if in_place {
        each_in_place(call, &script, &args, quiet, &suffix)
    } else {
        stream(call, &script, &args, quiet)
    }
}

/// The parser's messages are GNU's; busybox has its own for some.
fn busybox_words(message: &str) -> String {
    if let Some(letter) = message.strip_prefix("unknown command: `") {
        return format!("unsupported command {}", letter.trim_end_matches('\''));
    }
    match message {
        "unterminated `s' command" | "unterminated `y' command" | "unterminated address regex" => {
            "unmatched '/'".to_owned()
        }
        "unknown option to `s'" => "bad option in substitution expression".to_owned(),
        "unexpected `,'" => "no address after comma".to_owned(),
        "missing filename in r/R/w/W commands" => "empty filename".to_owned(),
        other => other.to_owned(),
    }
}

fn script_of(call: &mut Call<'_, '_>, args: &mut Arguments) -> Result<String, i32> {
    let mut pieces: Vec<String> = args.values("e").map(str::to_owned).collect();
    for file in args.values("f").map(str::to_owned).collect::<Vec<_>>() {
        match call.open_read(&file) {
            Ok(contents) => {
                let source = call.text_of(&contents);
                pieces.push(source.trim_end_matches('\n').to_owned());
            }
            Err(errno) => {
                return Err(call.either_errno(&file, &format!("couldn't open file {file}"), errno));
            }
        }
    }
    if pieces.is_empty() {
        if args.operands.is_empty() {
            return Err(call.usage(""));
        }
        pieces.push(args.operands.remove(0));
    }
    Ok(pieces.join("\n"))
}

fn stream(call: &mut Call<'_, '_>, script: &[Command], args: &Arguments, quiet: bool) -> i32 {
    let mut status = 0;
    let (mut source, mut first) = (String::new(), true);
    let end = if args.has("z") { '\0' } else { '\n' };
    let mut memory = String::new();
    let list = if args.operands.is_empty() { vec!["-".to_owned()] } else { args.operands.clone() };
    for operand in &list {
        match call.open_read(operand) {
            Ok(contents) => {
                if !first && !source.is_empty() && !source.ends_with(end) {
                    source.push(end);
                }
                source.push_str(&call.text_of(&contents));
                first = false;
            }
            // busybox opens a directory and reads nothing from it.
            Err(crate::fs::Errno::EISDIR) if call.busybox => {}
            Err(errno) => {
                let gnu = match errno {
                    crate::fs::Errno::EISDIR => format!("couldn't edit {operand}: not a regular file"),
                    _ => format!("can't read {operand}"),
                };
                if errno == crate::fs::Errno::EISDIR {
                    call.fail(&format!("read error on {operand}: Is a directory"));
                    // GNU sed gives up there.
                    return 4;
                }
                call.either_errno(operand, &gnu, errno);
                status = if call.busybox { 1 } else { 2 };
            }
        }
        // -s: every file has lines of its own; the hold space goes on.
        if args.has("s") {
            let mut editor = Editor::new(script, &std::mem::take(&mut source), quiet, end);
            editor.hold = std::mem::take(&mut memory);
            first = true;
            editor.edit(call);
            call.out(&editor.out);
            editor.store(call);
            if let Some(code) = editor.exit {
                return code;
            }
            memory = editor.hold;
        }
    }
    if args.has("s") {
        return status;
    }
    let mut editor = Editor::new(script, &source, quiet, end);
    editor.edit(call);
    call.out(&editor.out);
    editor.store(call);
    editor.exit.unwrap_or(status)
}

/// `-i`: the result becomes a new file of the old one's mode and owner, renamed over it.
fn each_in_place(
    call: &mut Call<'_, '_>,
    script: &[Command],
    args: &Arguments,
    quiet: bool,
    suffix: &str,
) -> i32 {
    let mut status = 0;
    if args.operands.is_empty() {
        return call.fail("no input files");
    }
    for operand in &args.operands {
        let bytes = text::encode(operand).into_owned();
        let contents = match call.open_read(operand) {
            Ok(contents) => contents,
            Err(errno) => {
                if errno == crate::fs::Errno::EISDIR && !call.busybox {
                    call.fail(&format!("couldn't edit {operand}: not a regular file"));
                } else {
                    call.either_errno(operand, &format!("can't read {operand}"), errno);
                }
                status = if call.busybox { 1 } else { 2 };
                continue;
            }
        };
        let source = call.text_of(&contents);
        let end = if args.has("z") { '\0' } else { '\n' };
        let mut editor = Editor::new(script, &source, quiet, end);
        editor.edit(call);
        editor.store(call);
        if let Err(errno) = replace(call, &bytes, &editor.out, suffix) {
            let dir = text::decode(path::parent(&bytes));
            let dir =
                if dir.is_empty() { "./".to_owned() } else { format!("{}/", dir.trim_end_matches('/')) };
            status = call
                .either_errno(operand, &format!("couldn't open temporary file {dir}sedXXXXXX"), errno)
                .max(4);
        }
        if editor.exit.is_some() {
            break;
        }
    }
    status
}

fn replace(
    call: &mut Call<'_, '_>,
    file: &[u8],
    text_after: &str,
    suffix: &str,
) -> Result<(), crate::fs::Errno> {
    let stat = call.m.stat(file)?;
    let parent = path::parent(file);
    let base = if parent.is_empty() {
        Vec::new()
    } else {
        [parent.strip_suffix(b"/").unwrap_or(parent), b"/"].concat()
    };
    let mut temporary = base.clone();
    temporary.extend_from_slice(format!("sed{:06x}", call.m.random()).as_bytes());
    call.m.write(&temporary, Contents::bytes(text::encode(text_after).into_owned()), 0o600)?;
    call.m
        .chown(&temporary, Some(stat.uid), Some(stat.gid), true)
        .or_else(|errno| if call.m.cred.uid == 0 { Err(errno) } else { Ok(()) })?;
    call.m.chmod(&temporary, stat.mode)?;
    if !suffix.is_empty() {
        let backup = if suffix.contains('*') {
            let name = text::decode(path::file_name(file));
            [&base[..], &text::encode(&suffix.replace('*', &name))].concat()
        } else {
            [file, &text::encode(suffix)].concat()
        };
        call.m.rename(file, &backup, crate::union::Rename::Plain)?;
    }
    call.m.rename(&temporary, file, crate::union::Rename::Plain)
}
