//! Go's words for what is wrong with a template, with the place (Go `text/template/exec.go`,
//! `ExecError`; `text/template/parse/parse.go`, `ErrorContext`).

use super::functions;
use super::template::{Fault, Kind};
use gotmpl::parse::{CommandNode, Expr, ListNode, Node, Number, PipeNode};
use gotmpl::{TemplateError, Value};

const BUILT_IN: &str =
    "and call eq ge gt html index js le len lt ne not or print printf println slice urlquery";
const KEYWORDS: &str = "if else end range with define template block break continue nil true false";

/// The first name in an action that is no function, as Go's parser refuses it while reading, before
/// it comes to see an action that never ends.
pub fn unknown_function(source: &str) -> Option<Fault> {
    let mut rest = source;
    while let Some(start) = rest.find("{{") {
        rest = rest[start + 2..].trim_start_matches('-');
        if let Some(comment) = rest.trim_start().strip_prefix("/*") {
            rest = comment.find("*/").map_or("", |end| &comment[end + 2..]);
            continue;
        }
        let (unknown, after) = scan_action(rest);
        if let Some(name) = unknown {
            let at = name.as_ptr() as usize - source.as_ptr() as usize;
            return Some(Fault::Parse(format!(
                "template: :{}: function \"{name}\" not defined",
                line_of(source, at)
            )));
        }
        rest = after;
    }
    None
}

/// Reads to the end of an action: its first unknown name, and what follows it.
fn scan_action(action: &str) -> (Option<&str>, &str) {
    let mut rest = action;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '}' if rest.starts_with("}}") => return (None, &rest[2..]),
            '"' | '\'' | '`' => match quoted_length(rest, c) {
                Some(length) => length,
                None => return (None, ""),
            },
            _ if c.is_alphabetic() || c == '_' => {
                let word = |c: char| !(c.is_alphanumeric() || c == '_');
                let length = rest.find(word).unwrap_or(rest.len());
                let name = &rest[..length];
                let known = |list: &str| list.split(' ').any(|known| known == name);
                let after = before == '.' || before == '$' || before.is_alphanumeric();
                if !(after || known(BUILT_IN) || known(KEYWORDS) || functions::NAMES.contains(&name)) {
                    return (Some(name), "");
                }
                length
            }
            _ => c.len_utf8(),
        };
        before = rest[..length].chars().next_back().unwrap_or(' ');
        rest = &rest[length..];
    }
    (None, "")
}

fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            _ if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

/// A template that can't be read.
pub fn parse(source: &str, error: &TemplateError) -> Fault {
    let (line, words) = match error {
        TemplateError::Parse { line, message, .. } | TemplateError::Lex { line, message, .. } => {
            (*line, message.as_str())
        }
        TemplateError::UndefinedFunction(name) => {
            return Fault::Parse(format!("template: :1: function \"{name}\" not defined"));
        }
        TemplateError::UndefinedVariable(name) => {
            return Fault::Parse(format!("template: :1: undefined variable \"{name}\""));
        }
        other => return Fault::Parse(format!("template: :{}: {other}", line_of(source, 0))),
    };
    Fault::Parse(format!("template: :{line}: {}", gos_words(words)))
}

/// The engine's words for the commonest mistakes in Go's.
fn gos_words(words: &str) -> String {
    if words.contains("unclosed action") {
        "unclosed action".to_owned()
    } else if words.contains("Eof") || words.contains("EOF") || words.contains("unexpected end of") {
        "unexpected EOF".to_owned()
    } else if words.contains("End") && words.starts_with("unexpected token") {
        "unexpected {{end}}".to_owned()
    } else if words.contains("Else") && words.starts_with("unexpected token") {
        "unexpected {{else}}".to_owned()
    } else {
        words.to_owned()
    }
}

/// A template that failed while it was executed.
pub fn execute(source: &str, tree: &ListNode, kind: Kind, error: &TemplateError) -> Fault {
    let found = match error {
        TemplateError::MissingKey { key } => field(tree, key).map(|(at, text)| {
            let words = match kind {
                Kind::Json => format!("map has no entry for key \"{key}\""),
                Kind::Row(name) => format!("can't evaluate field {key} in type {name}"),
            };
            (at, text, words)
        }),
        TemplateError::IndexOutOfRange { index } => command(tree, |name, args| {
            let number = |arg: &Expr| matches!(arg, Expr::Number(_, Number::Int(n)) if n == index);
            matches!(name, "index" | "slice") && args.iter().any(number)
        })
        .or_else(|| command(tree, |name, _| matches!(name, "index" | "slice")))
        .map(|(at, text, name)| (at, text, format!("error calling {name}: index out of range: {index}"))),
        TemplateError::ArgCount { name, expected, got } => {
            command(tree, |called, _| called == name).map(|(at, text, name)| {
                (at, text, format!("wrong number of args for {name}: want {expected} got {got}"))
            })
        }
        TemplateError::Exec(words) => unevaluable(tree, words),
        _ => None,
    };
    Fault::Execute(match found {
        Some((at, text, words)) => {
            format!(
                "template: :{}:{}: executing \"\" at <{text}>: {words}",
                line_of(source, at),
                column_of(source, at)
            )
        }
        None => format!("template: :1: executing \"\": {error}"),
    })
}

/// "can't evaluate field Foo in type string": the raw JSON knows only `interface {}`.
fn unevaluable(tree: &ListNode, words: &str) -> Option<(usize, String, String)> {
    let key = words.strip_prefix("can't evaluate field ")?.split(' ').next()?;
    let (at, text) = field(tree, key)?;
    Some((at, text, format!("can't evaluate field {key} in type interface {{}}")))
}

/// Is the field `key`, where it is first asked for, asked of a Go map (labels, ports, volumes)? Those
/// give `<no value>`, structs give an error.
pub fn of_a_map(tree: &ListNode, dot: &Value, key: &str) -> bool {
    const MAPS: [&str; 4] = ["Labels", "ExposedPorts", "Volumes", "Data"];
    let mut answer = None;
    expressions(tree, &mut |expr| {
        let fields = match expr {
            Expr::Field(_, fields) | Expr::Variable(_, _, fields) | Expr::Chain(_, _, fields) => fields,
            _ => return,
        };
        if let Some(at) = fields.iter().position(|field| field.as_str() == key) {
            let asked = at.checked_sub(1).and_then(|before| fields.get(before));
            answer.get_or_insert(asked.is_some_and(|field| MAPS.contains(&field.as_str())));
        }
    });
    matches!(dot, Value::Map(_)) && answer == Some(true)
}

/// Where a chain of fields with this one stands, and the chain as Go writes it.
fn field(tree: &ListNode, key: &str) -> Option<(usize, String)> {
    let mut found = None;
    expressions(tree, &mut |expr| {
        let fields = match expr {
            Expr::Field(_, fields) | Expr::Variable(_, _, fields) | Expr::Chain(_, _, fields) => fields,
            _ => return,
        };
        if fields.iter().any(|field| field.as_str() == key) && found.is_none() {
            let start = expr.pos().offset;
            // Go's parser notes the place of a longer chain at its second part.
            let at = match expr {
                Expr::Field(_, fields) if fields.len() > 1 => start + 1 + fields[0].len(),
                Expr::Variable(_, name, _) => start + name.len(),
                _ => start,
            };
            found = Some((at, written(expr)));
        }
    });
    found
}

/// The first call that `wanted` accepts: its place, its text, its function.
fn command(tree: &ListNode, wanted: impl Fn(&str, &[Expr]) -> bool) -> Option<(usize, String, String)> {
    let mut found = None;
    commands(tree, &mut |command| {
        if let Some(Expr::Identifier(_, name)) = command.args.first()
            && found.is_none()
            && wanted(name, &command.args[1..])
        {
            let text = command.args.iter().map(written).collect::<Vec<_>>().join(" ");
            found = Some((command.pos.offset, text, name.to_string()));
        }
    });
    found
}

/// An expression as Go's `String` methods write it.
fn written(expr: &Expr) -> String {
    let dotted = |fields: &[_]| fields.iter().map(|field| format!(".{field}")).collect::<String>();
    match expr {
        Expr::Dot(_) => ".".to_owned(),
        Expr::Field(_, fields) => fields.iter().map(|field| format!(".{field}")).collect(),
        Expr::Variable(_, name, fields) => format!("{name}{}", dotted(fields)),
        Expr::Identifier(_, name) => name.to_string(),
        Expr::String(_, text) => format!("{text:?}"),
        Expr::Number(_, Number::Int(n)) => n.to_string(),
        Expr::Number(_, Number::Uint(n)) => n.to_string(),
        Expr::Number(_, Number::Float(n)) => n.to_string(),
        Expr::Bool(_, flag) => flag.to_string(),
        Expr::Nil(_) => "nil".to_owned(),
        Expr::Pipe(_, pipe) => format!("({})", written_pipe(pipe)),
        Expr::Chain(_, inner, fields) => format!("{}{}", written(inner), dotted(fields)),
    }
}

fn written_pipe(pipe: &PipeNode) -> String {
    let command = |command: &CommandNode| command.args.iter().map(written).collect::<Vec<_>>().join(" ");
    pipe.commands.iter().map(command).collect::<Vec<_>>().join(" | ")
}

/// Visits all expressions in the order of the source. The parser bounds how deep they nest.
fn expressions(tree: &ListNode, visit: &mut dyn FnMut(&Expr)) {
    commands(tree, &mut |command| {
        for arg in &command.args {
            visit(arg);
            if let Expr::Chain(_, inner, _) = arg {
                visit(inner);
            }
        }
    });
}

fn commands(tree: &ListNode, visit: &mut dyn FnMut(&CommandNode)) {
    for node in &tree.nodes {
        match node {
            Node::Action(action) => pipe_commands(&action.pipe, visit),
            Node::If(branch) | Node::Range(branch) | Node::With(branch) => {
                pipe_commands(&branch.pipe, visit);
                commands(&branch.body, visit);
                if let Some(other) = &branch.else_body {
                    commands(other, visit);
                }
            }
            Node::List(list) => commands(list, visit),
            Node::Template(call) => {
                if let Some(pipe) = &call.pipe {
                    pipe_commands(pipe, visit);
                }
            }
            Node::Define(define) => commands(&define.body, visit),
            Node::Text(_) | Node::Break(_) | Node::Continue(_) => {}
        }
    }
}

fn pipe_commands(pipe: &PipeNode, visit: &mut dyn FnMut(&CommandNode)) {
    for command in &pipe.commands {
        visit(command);
        for arg in &command.args {
            let inner = if let Expr::Chain(_, inner, _) = arg { inner } else { arg };
            if let Expr::Pipe(_, pipe) = inner {
                pipe_commands(pipe, visit);
            }
        }
    }
}

/// Line of a byte, from 1.
fn line_of(source: &str, at: usize) -> usize {
    1 + source.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// Bytes between the start of the line and this byte.
fn column_of(source: &str, at: usize) -> usize {
    let before = source.as_bytes().get(..at).unwrap_or(source.as_bytes());
    before.iter().rev().take_while(|byte| **byte != b'\n').count()
}
