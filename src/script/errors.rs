//! Rhai's errors in the lab's words, with their place.

use super::core::Source;
use super::methods;
use crate::error::{Error, ErrorKind, Span};
use crate::trace::{Exhausted, Fuel};
use rhai::{Dynamic, EvalAltResult, ParseError, ParseErrorType, Position};

/// The errno inside an uncaught throw, if that is what it is: a simulated failure, not a lab error.
pub fn errno(error: &EvalAltResult) -> Option<(String, String, String)> {
    match error {
        EvalAltResult::ErrorRuntime(value, _) => {
            let map = value.read_lock::<rhai::Map>()?;
            let text = |key: &str| map.get(key).map(Dynamic::to_string);
            Some((text("errno")?, text("op")?, text("path")?))
        }
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => errno(inner),
        _ => None,
    }
}

/// A text that can't be parsed.
pub fn parse_error(error: &ParseError, source: &Source) -> Error {
    let (message, hint) = match error.err_type() {
        ParseErrorType::UnexpectedEOF => ("the text ends in the middle of something".to_owned(), None),
        ParseErrorType::MissingToken(token, _) if token == ";" => return missing_end(error, source),
        ParseErrorType::MissingToken(token, what) => (format!("`{token}` is missing {what}"), None),
        ParseErrorType::BadInput(rhai::LexError::UnterminatedString) => (
            "the string is not closed".to_owned(),
            Some("its other `\"` is missing; a text between ` ` may span lines".to_owned()),
        ),
        ParseErrorType::Reserved(word) if word == "package" => (
            "`package` is a reserved word".to_owned(),
            Some("packages(\"apt\", #{ name: …, version: … }) teaches a package manager".to_owned()),
        ),
        ParseErrorType::Reserved(word) => {
            (format!("`{word}` is a reserved word"), Some("choose another name".to_owned()))
        }
        other => (plain(&other.to_string()), None),
    };
    let mut result = Error::new(ErrorKind::Syntax, message);
    result.hint = hint;
    place(result, error.position(), source)
}

/// A statement that ends without its `;`: Rhai notices at the next one, people look behind the last.
fn missing_end(error: &ParseError, source: &Source) -> Error {
    let missing = Error::new(ErrorKind::Syntax, "`;` is missing behind this statement");
    let place = source.span(error.position());
    let before = place.as_ref().and_then(|place| {
        let above = source.text.lines().enumerate().take(place.line.saturating_sub(1) as usize);
        let filled = above.filter(|(_, line)| !line.trim().is_empty() && !line.trim().starts_with("//"));
        let same_line = place.text.chars().take(place.column as usize - 1).any(|c| !c.is_whitespace());
        filled.last().filter(|_| !same_line)
    });
    match (before, place) {
        (Some((at, line)), _) => {
            let end = line.trim_end().chars().count() as u32 + 1;
            missing.at(Span::locate_in(&source.name, line, at as u32 + 1, end, 1))
        }
        (None, Some(place)) => missing.at(place),
        (None, None) => missing,
    }
}

/// Words of a shell that people type at the prompt out of habit.
const SHELL_WORDS: &[&str] = &[
    "apk", "apt", "apt-get", "awk", "cat", "cd", "chmod", "chown", "cp", "df", "du", "echo", "env", "find",
    "go", "grep", "head", "id", "ll", "ln", "ls", "mkdir", "mv", "node", "npm", "pip", "pwd", "python", "rm",
    "rmdir", "sed", "sh", "stat", "tail", "tar", "touch", "tree", "wc", "which", "whoami",
];

/// Is this one line whose first word is a command of a shell, of docker (without `docker`), or nearly
/// one of the lab's own: `ls /etc`, `ps -a`, `dokcer ps`? What was meant.
pub fn mistyped_command(source: &Source) -> Option<Error> {
    let column = source.text.chars().take_while(|c| c.is_whitespace()).count() as u32 + 1;
    let (first, hint) = meant(&source.text)?;
    let span = Span::locate(&source.name, &source.text, 1, column, first.chars().count() as u32);
    let words = match crate::dockerfile::KEYWORDS.contains(&first) {
        true => format!("`{first}` is an instruction of a Dockerfile, no command"),
        false => format!("there is no command `{first}`"),
    };
    Some(Error::new(ErrorKind::Unknown, words).at(span).hint(hint))
}

/// The first word of a line that is no Rhai but nearly a command, and what to type instead.
pub fn meant(text: &str) -> Option<(&str, String)> {
    use super::rewrite::{COMMAND_WORDS, SESSION_WORDS};
    let line = text.trim();
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_/.".contains(c);
    let assigns = rest.trim_start().starts_with(['=', '(', '+', '*']);
    if line.contains('\n') || assigns || !first.chars().all(plain) || first.is_empty() {
        return None;
    }
    if crate::dockerfile::KEYWORDS.contains(&first) && !rest.trim().is_empty() {
        let shown: String = line.chars().take(40).collect();
        let shown = shown.replace('\\', "\\\\").replace('"', "\\\"");
        return Some((
            first,
            format!(
                "write it in one: let ctx = context(\"app\", #{{ \"Dockerfile\": \"{shown}\\n\" }});   then   docker build app"
            ),
        ));
    }
    if SHELL_WORDS.contains(&first) {
        return Some((
            first,
            format!("`$ {line}` runs it on the lab's own host, `docker exec NAME {line}` in a container"),
        ));
    }
    if crate::command::docker::subcommands().any(|s| s.name == first) {
        return Some((first, format!("did you mean `docker {line}`?")));
    }
    if !rest.trim_start().starts_with(plain) {
        return None;
    }
    let near = crate::error::suggest(first, COMMAND_WORDS.iter().chain(SESSION_WORDS).copied())?;
    Some((first, format!("did you mean `{near}`?")))
}

/// `let docker = …`: the words that begin command lines and session lines can't be variables.
pub fn taken_word(source: &Source) -> Option<Error> {
    let taken = source.rewritten.taken.as_ref()?;
    let (line, column, width) = (taken.line, taken.column, taken.text.chars().count() as u32);
    let words = format!("`{}` is a word of the lab and can't be a variable", taken.text);
    Some(
        Error::new(ErrorKind::Syntax, words)
            .at(Span::locate(&source.name, &source.text, line, column, width))
            .hint("choose another name for the variable"),
    )
}

/// An error of a running script. `fuel` says whether a limit was behind it.
pub fn run_error(error: &EvalAltResult, source: &Source, fuel: &Fuel) -> Error {
    let position = innermost(error);
    if let Some(why) = fuel.exhausted() {
        return place(limit(why, fuel.what()), position, source);
    }
    if let EvalAltResult::ErrorVariableNotFound(name, _) = error
        && let Some((first, _)) = meant(&source.text)
        && first == name
        && let Some(error) = mistyped_command(source)
    {
        return error;
    }
    place(translate(error), position, source)
}

fn place(error: Error, position: Position, source: &Source) -> Error {
    match source.span(position) {
        Some(span) => error.at(span),
        None => error,
    }
}

/// A limit was reached.
pub fn limit(why: &Exhausted, what: Option<&str>) -> Error {
    if *why == Exhausted::Interrupted {
        return Error::new(ErrorKind::Interrupted, "interrupted")
            .hint("the state is as it was before the line");
    }
    let running = what.map_or(String::new(), |what| format!(" in {what}"));
    Error::new(ErrorKind::Limit, format!("stopped{running}: {}", why.describe()))
        .hint("is there an endless loop? the state is as it was before the line")
}

fn innermost(error: &EvalAltResult) -> Position {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, position) => {
            let inside = innermost(inner);
            if inside.is_none() { *position } else { inside }
        }
        other => other.position(),
    }
}

/// The error's words, without its place.
pub fn words(error: &EvalAltResult) -> String {
    translate(error).message
}

fn translate(error: &EvalAltResult) -> Error {
    use EvalAltResult as E;
    match error {
        E::ErrorInFunctionCall(_, _, inner, _) => translate(inner),
        E::ErrorFunctionNotFound(signature, _) => unknown_function(signature),
        E::ErrorVariableNotFound(name, _) if name.contains("::") => {
            let own = name.rsplit("::").next().unwrap_or(name);
            Error::new(ErrorKind::Unknown, format!("the module has no `{name}`"))
                .hint(format!("a module gives what it exports: export const {own} = …"))
        }
        E::ErrorVariableNotFound(name, _) => {
            let known =
                methods::functions().map(|f| f.name).chain(super::rewrite::SESSION_WORDS.iter().copied());
            Error::new(ErrorKind::Unknown, format!("there is no variable `{name}`"))
                .did_you_mean(name, known)
                .hint(format!("let {name} = … makes one"))
        }
        E::ErrorDotExpr(words, _) => unknown_property(words),
        E::ErrorTooManyOperations(_) => {
            limit(&Exhausted::Operations { limit: 20_000_000 }, Some("the script"))
        }
        E::ErrorStackOverflow(_) => {
            Error::new(ErrorKind::Limit, "stopped: functions call each other too deeply")
                .hint("is there a function that calls itself without end?")
        }
        E::ErrorDataTooLarge(what, _) => {
            Error::new(ErrorKind::Limit, format!("stopped: {} is too large", what.to_lowercase()))
                .hint("is something doubled in a loop?")
        }
        E::ErrorTerminated(why, _) => Error::new(ErrorKind::Limit, format!("stopped: {why}")),
        E::ErrorRuntime(value, _) => match errno(error) {
            Some((errno, op, path)) => Error::new(ErrorKind::Script, format!("{op} {path}: {errno}")).hint(
                format!("try {{ … }} catch (e) {{ check(\"it fails\", e.errno, \"{errno}\"); }} expects it"),
            ),
            None => Error::new(ErrorKind::Script, value.to_string()),
        },
        E::ErrorParsing(kind, _) => Error::new(ErrorKind::Syntax, plain(&kind.to_string())),
        other => {
            let mut words = other.to_string();
            // The place is shown beside the line.
            if let Some(at) = words.rfind(" (line ") {
                words.truncate(at);
            }
            Error::new(ErrorKind::Script, plain(&words))
        }
    }
}

/// "wirte (Container, &str | ImmutableString | String, i64)" in words.
fn unknown_function(signature: &str) -> Error {
    let (name, types) = signature.split_once(" (").unwrap_or((signature, ""));
    let types = types.trim_end_matches(')');
    let first = types.split(", ").next().unwrap_or("");
    let methods: Vec<_> = methods::of(first).collect();
    if !methods.is_empty() {
        if let Some(same) = methods.iter().find(|method| method.name == name) {
            return Error::new(ErrorKind::Usage, format!("{first}.{name} can't take these arguments"))
                .hint(format!("it is {}: {}", same.signature(), same.about));
        }
        let near = crate::error::suggest(name, methods.iter().map(|method| method.name));
        let near = near.and_then(|near| methods.iter().find(|method| method.name == near));
        let error = Error::new(ErrorKind::Unknown, format!("{first} has no method `{name}`"));
        return match near {
            Some(near) => error.hint(format!("did you mean `{}`?", near.signature())),
            None => error.hint(format!("help {} lists what it has", first.to_lowercase())),
        };
    }
    if let Some(same) = methods::functions().find(|f| f.name == name) {
        return Error::new(ErrorKind::Usage, format!("{name} can't take these arguments")).hint(format!(
            "it is {}: {}",
            same.signature(),
            same.about
        ));
    }
    let readable = types.replace("&str | ImmutableString | String", "text").replace("i64", "number");
    if name.chars().all(|c| !c.is_alphanumeric()) {
        return Error::new(ErrorKind::Usage, format!("`{name}` can't join {readable}"));
    }
    let known = methods::functions().map(|f| f.name).chain(super::rewrite::SESSION_WORDS.iter().copied());
    let taking = if readable.is_empty() { String::new() } else { format!(" that takes {readable}") };
    Error::new(ErrorKind::Unknown, format!("there is no function `{name}`{taking}"))
        .did_you_mean(name, known)
        .hint("help lists what there is")
}

/// "Unknown property 'nosuch' - a getter is not registered for type 'string'" in words.
fn unknown_property(words: &str) -> Error {
    let quoted: Vec<&str> = words.split('\'').collect();
    match quoted[..] {
        [_, name, _, kind, ..] => {
            let known: Vec<_> = methods::of(kind).map(|method| method.name).collect();
            Error::new(ErrorKind::Unknown, format!("{kind} has no `{name}`"))
                .did_you_mean(name, known.iter().copied())
                .hint(format!("help {} lists what it has", kind.to_lowercase()))
        }
        _ => Error::new(ErrorKind::Script, plain(words)),
    }
}

fn plain(words: &str) -> String {
    let mut words = words.trim().trim_end_matches('.').to_owned();
    if let Some(first) = words.get(..1).map(str::to_lowercase)
        && words.chars().nth(1).is_none_or(char::is_lowercase)
    {
        words.replace_range(..1, &first);
    }
    words
}
