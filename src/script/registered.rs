//! The table of methods against the engine: every row can be called, nothing callable is unlisted.

use super::Session;
use super::methods::{METHODS, Method};
use super::rewrite::SESSION_WORDS;
use crate::fs::MemoryHost;
use std::collections::BTreeSet;

/// The types that scripts see.
const KINDS: &[&str] = &[
    "Mount",
    "Container",
    "Volume",
    "Context",
    "Layer",
    "Image",
    "Host",
    "Registry",
    "Sh",
    "Entry",
    "File",
    "MemoryMap",
];

/// Operators and spellings that every value has; nobody looks them up.
const EVERYWHERE: &[&str] = &["to_string", "to_debug", "print", "==", "sleep", "timestamp"];

/// (type or empty, name with `get$` for a property, number of arguments).
type Callable = (String, String, usize);

/// What the engine has of ours.
fn registered() -> BTreeSet<Callable> {
    let session = Session::new(Box::new(MemoryHost::default()), Box::new(Vec::new()));
    let signatures = session.engine.gen_fn_signatures(false);
    signatures.iter().filter_map(|signature| callable(signature)).collect()
}

/// "write(_: &mut Mount, _: string, _: string) -> …".
fn callable(signature: &str) -> Option<Callable> {
    let (name, rest) = signature.split_once('(')?;
    let (parameters, _) = rest.split_once(')')?;
    let types: Vec<&str> = parameters.split(", ").filter_map(|one| Some(one.split_once(": ")?.1)).collect();
    let first = types.first().map_or("", |first| first.trim_start_matches("&mut "));
    match KINDS.contains(&first) {
        true => Some((first.to_owned(), name.to_owned(), types.len() - 1)),
        false => Some((String::new(), name.to_owned(), types.len())),
    }
}

/// Parameters of a row: commas outside brackets and closures.
fn arity(parameters: &str) -> usize {
    let (mut depth, mut closure, mut count) = (0, false, usize::from(!parameters.trim().is_empty()));
    for c in parameters.chars() {
        match c {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth -= 1,
            '|' => closure = !closure,
            ',' if depth == 0 && !closure => count += 1,
            _ => {}
        }
    }
    count
}

/// What a row promises.
fn promised(method: &Method) -> Vec<Callable> {
    let owners = if method.of.is_empty() { &[""][..] } else { method.of };
    let callable = |of: &&str| match method.parameters {
        Some(parameters) => ((*of).to_owned(), method.name.to_owned(), arity(parameters)),
        None => ((*of).to_owned(), format!("get${}", method.name), 0),
    };
    owners.iter().map(callable).collect()
}

#[test]
fn every_row_can_be_called() {
    let registered = registered();
    let missing: Vec<Callable> =
        METHODS.iter().flat_map(promised).filter(|callable| !registered.contains(callable)).collect();
    assert!(missing.is_empty(), "listed, but not registered: {missing:?}");
}

#[test]
fn everything_that_can_be_called_has_a_row() {
    let listed: BTreeSet<(String, String)> =
        METHODS.iter().flat_map(promised).map(|(of, name, _)| (of, name)).collect();
    let own =
        |name: &str| name.starts_with("__") || EVERYWHERE.contains(&name) || SESSION_WORDS.contains(&name);
    let unlisted: Vec<Callable> = registered()
        .into_iter()
        .filter(|(of, name, _)| !listed.contains(&(of.clone(), name.clone())))
        .filter(|(of, name, _)| !own(name) || (!of.is_empty() && SESSION_WORDS.contains(&name.as_str())))
        .collect();
    assert!(unlisted.is_empty(), "registered, but not listed: {unlisted:?}");
}

#[test]
fn rows_are_told_once_and_fit_their_line() {
    let mut seen = BTreeSet::new();
    for method in METHODS {
        for (of, name, _) in promised(method) {
            assert!(seen.insert((of.clone(), name.clone())), "{of}.{name} stands twice");
        }
        assert!(method.signature().chars().count() <= 60, "{}", method.signature());
    }
}

#[test]
fn arguments_are_counted() {
    assert_eq!(arity(""), 0);
    assert_eq!(arity("path, text"), 2);
    assert_eq!(arity("[top, …, base], #{ redirect_dir: true, … }"), 2);
    assert_eq!(arity("name, |sh, args| …"), 2);
}
