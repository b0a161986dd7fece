//! Rhai's errors in the lab's words, with their place.

use super::core::Source;
use super::methods;
use crate::error::{Error, ErrorKind};
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
        ParseErrorType::MissingToken(token, what) => (format!("`{token}` is missing {what}"), None),
        ParseErrorType::Reserved(word) => {
            (format!("`{word}` is a reserved word"), Some("choose another name".to_owned()))
        }
        other => (plain(&other.to_string()), None),
    };
    let mut result = Error::new(ErrorKind::Syntax, message);
    result.hint = hint;
    place(result, error.position(), source)
}

/// A line that can't be Rhai and whose first word is nearly a command: `dokcer ps`.
pub fn mistyped_command(source: &Source) -> Option<Error> {
    use super::rewrite::{COMMAND_WORDS, SESSION_WORDS};
    let line = source.text.trim();
    let (first, rest) = line.split_once(' ')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_/.".contains(c);
    let looks_like_words = rest.trim_start().starts_with(plain) && first.chars().all(plain);
    let near = crate::error::suggest(first, COMMAND_WORDS.iter().chain(SESSION_WORDS).copied())?;
    let column = source.text.chars().take_while(|c| c.is_whitespace()).count() as u32 + 1;
    let span =
        crate::error::Span::locate(&source.name, &source.text, 1, column, first.chars().count() as u32);
    (looks_like_words && !line.contains('\n')).then(|| {
        Error::new(ErrorKind::Unknown, format!("there is no command `{first}`"))
            .at(span)
            .hint(format!("did you mean `{near}`?"))
    })
}

/// An error of a running script. `fuel` says whether a limit was behind it.
pub fn run_error(error: &EvalAltResult, source: &Source, fuel: &Fuel) -> Error {
    let position = innermost(error);
    if let Some(why) = fuel.exhausted() {
        return place(limit(why, fuel.what()), position, source);
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

fn translate(error: &EvalAltResult) -> Error {
    use EvalAltResult as E;
    match error {
        E::ErrorInFunctionCall(_, _, inner, _) => translate(inner),
        E::ErrorFunctionNotFound(signature, _) => unknown_function(signature),
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
