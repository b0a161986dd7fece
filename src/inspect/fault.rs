//! Go's words for what is wrong with a template, with the place (Go `text/template/exec.go`,
//! `ExecError`; `text/template/parse/parse.go`, `ErrorContext`).

use super::template::{Fault, Kind};
use gotmpl::parse::{CommandNode, Expr, ListNode, Node, Number, PipeNode};
use gotmpl::{TemplateError, Value};

/// A template that the engine can't read, in its own words: what Go's parser refuses most often has
/// been found by [`super::reading::check`] before.
pub fn parse(error: &TemplateError) -> Fault {
    Fault::Parse(match error {
        TemplateError::Parse { line, message, .. } | TemplateError::Lex { line, message, .. } => {
            format!("template: :{line}: {message}")
        }
        other => format!("template: :1: {other}"),
    })
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
