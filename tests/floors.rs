//! The house stands: imports go down only, siblings don't import each other, and nothing below the
//! doors touches the outside world.
//!
//! Every `crate::`, `super::` and `self::` path in `src/` is resolved, in `use` trees and in code,
//! and compared with the table of floors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Lowest first. Modules of one row are siblings.
const FLOORS: &[&[&str]] = &[
    &["error"],
    &["trace", "fs"],
    &["union", "dockerfile"],
    &["image"],
    &["shell"],
    &["build"],
    &["inspect", "check"],
    &["lab"],
    &["journal", "compose"],
    &["command", "replay", "whatif"],
    &["script"],
    &["course", "help"],
    &["render"],
    &["look", "report"],
    &["repl", "cli"],
    &["main"],
];

/// The lowest module that may print, read the clock, the environment or the disk.
const DOORS: &str = "repl";

/// Paths into the outside world.
const OUTSIDE: &[&str] = &[
    "fs",
    "time",
    "env",
    "net::TcpStream",
    "net::TcpListener",
    "net::UdpSocket",
    "process",
    "thread::sleep",
    "io::stdin",
    "io::stdout",
    "io::stderr",
];

/// The build script lies beside what it packs; it is no part of the library.
const BUILD_SCRIPT: &str = "src/image/catalog/pack.rs";

/// Macros that print.
const PRINTING: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

/// Lines of a source file, at most.
const MOST_LINES: usize = 600;

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|row| row.contains(&module))
}

/// What is wrong, where, and what to do.
#[derive(Debug, PartialEq)]
struct Violation {
    file: String,
    line: usize,
    message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

#[test]
fn imports_go_down_only() {
    let violations: Vec<String> = sources()
        .iter()
        .flat_map(|(file, text)| check(file, text))
        .map(|violation| violation.to_string())
        .collect();
    assert!(violations.is_empty(), "{} places break the house:\n{}", violations.len(), violations.join("\n"));
}

#[test]
fn every_module_has_a_floor() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules = lib.lines().filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'));
    let homeless: Vec<&str> = modules.filter(|module| floor(module).is_none()).collect();
    assert!(
        homeless.is_empty(),
        "no floor for {homeless:?}: add a row or a name to FLOORS in tests/floors.rs"
    );
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(file, lines)| format!("{file}: {lines} lines, more than {MOST_LINES}; split it by its verbs"))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn the_checker_sees_a_made_up_violation() {
    let source = r##"
        //! `crate::render` in a comment is no import, nor is "crate::shell" in a string.
        use crate::{fs::Tree, trace, build::{self, Cache as C}};
        use super::super::super::shell::run;
        fn f<'a>(x: &'a str) -> char {
            let _ = (r#"crate::cli"#, 'x', '\'');
            println!("{}", crate::dockerfile::parse(x));
            std::fs::read(x);
            'x'
        }
        mod tests {
            use super::*;
            use super::super::super::super::render::text;
            use std::{fmt, time::Instant};
        }
    "##;
    let found: Vec<String> =
        check("src/union/overlay/made_up.rs", source).iter().map(|v| v.to_string()).collect();
    let expected = [
        "src/union/overlay/made_up.rs:3: `union` uses `crate::build`, which is 3 floors above it: imports go down \
         only; move this up, or hand the data down as an argument",
        "src/union/overlay/made_up.rs:4: `union` uses `crate::shell`, which is 2 floors above it: imports go down \
         only; move this up, or hand the data down as an argument",
        "src/union/overlay/made_up.rs:7: `union` uses `println!`: only `repl`, `cli` and `main` print; emit an event \
         to the trace instead",
        "src/union/overlay/made_up.rs:7: `union` uses `crate::dockerfile`, its sibling: what both need belongs on a \
         lower floor",
        "src/union/overlay/made_up.rs:8: `union` uses `std::fs`: only `repl`, `cli` and `main` touch the world \
         outside; use `fs::Host`, or take the value as an argument",
        "src/union/overlay/made_up.rs:13: `union` uses `crate::render`, which is 10 floors above it: imports go down \
         only; move this up, or hand the data down as an argument",
        "src/union/overlay/made_up.rs:14: `union` uses `std::time`: only `repl`, `cli` and `main` touch the world \
         outside; use `fs::Host`, or take the value as an argument",
    ];
    assert_eq!(found, expected);
    // The same text is fine at the top of the house.
    assert_eq!(check("src/main.rs", source).len(), 0);
}

#[test]
fn a_module_without_a_floor_is_reported() {
    let found = check("src/fs/tree.rs", "use crate::utils::x;");
    assert_eq!(
        found[0].to_string(),
        "src/fs/tree.rs:1: `crate::utils` has no floor: add it to FLOORS in tests/floors.rs"
    );
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All source files with their texts, by path.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root().join("src"), &mut found);
    found.sort();
    assert!(found.len() > 20, "the sources are not where they should be");
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            if name != BUILD_SCRIPT {
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
}

/// The module that a file is: `src/union/overlay/dir.rs` is `union::overlay::dir`.
fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || path == "lib" {
        parts.pop();
    }
    parts
}

/// Everything in one file that breaks the house. `lib.rs` names all modules and is exempt.
fn check(file: &str, text: &str) -> Vec<Violation> {
    let module = module_of(file);
    let Some(own) = module.first() else { return Vec::new() };
    let tokens = tokens(text);
    let mut violations = Vec::new();
    for used in paths(&tokens, &module) {
        if let Some(message) = judge(own, &used) {
            violations.push(Violation { file: file.to_owned(), line: used.line, message });
        }
    }
    violations.dedup();
    violations
}

fn judge(own: &str, used: &Used) -> Option<String> {
    let Some(mine) = floor(own) else {
        return Some(format!("`{own}` has no floor: add it to FLOORS in tests/floors.rs"));
    };
    let at_a_door = floor(DOORS).is_some_and(|doors| mine >= doors);
    match used.path.first().map(String::as_str)? {
        "std" if at_a_door => None,
        "std" => {
            let inside = used.path[1..].join("::");
            let world = OUTSIDE
                .iter()
                .find(|world| inside == **world || inside.starts_with(&format!("{world}::")))?;
            Some(format!(
                "`{own}` uses `std::{world}`: only `repl`, `cli` and `main` touch the world outside; use `fs::Host`, \
                 or take the value as an argument"
            ))
        }
        "macro" if at_a_door => None,
        "macro" => Some(format!(
            "`{own}` uses `{}!`: only `repl`, `cli` and `main` print; emit an event to the trace instead",
            used.path[1]
        )),
        _ => {
            let other = used.path.get(1)?;
            let Some(theirs) = floor(other) else {
                return Some(format!("`crate::{other}` has no floor: add it to FLOORS in tests/floors.rs"));
            };
            if theirs > mine {
                let above = theirs - mine;
                let floors = if above == 1 { "floor" } else { "floors" };
                Some(format!(
                    "`{own}` uses `crate::{other}`, which is {above} {floors} above it: imports go down only; move \
                     this up, or hand the data down as an argument"
                ))
            } else if theirs == mine && other != own {
                Some(format!(
                    "`{own}` uses `crate::{other}`, its sibling: what both need belongs on a lower floor"
                ))
            } else {
                None
            }
        }
    }
}

/// A path that the code uses: `crate::x…`, `std::x…`, or `macro` and its name.
struct Used {
    path: Vec<String>,
    line: usize,
}

/// All paths that begin at `crate`, `super`, `self`, `layerlab` or `std`, resolved, and printing macros.
fn paths(tokens: &[Token], module: &[String]) -> Vec<Used> {
    let mut found = Vec::new();
    // Modules written out in the file, with the depth of braces at which they end.
    let mut inner: Vec<(String, usize)> = Vec::new();
    let mut depth = 0_usize;
    let word = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    for at in 0..tokens.len() {
        let line = tokens[at].line;
        match word(at) {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inner.retain(|(_, end)| *end <= depth);
            }
            "mod" if word(at + 2) == "{" => inner.push((word(at + 1).to_owned(), depth + 1)),
            name if PRINTING.contains(&name) && word(at + 1) == "!" => {
                found.push(Used { path: vec!["macro".into(), name.into()], line });
            }
            "crate" | "super" | "self" | "std" | "layerlab"
                if word(at + 1) == "::" && (at == 0 || word(at - 1) != "::") =>
            {
                let mut here: Vec<String> = vec!["crate".into()];
                here.extend(module.iter().cloned().chain(inner.iter().map(|(name, _)| name.clone())));
                let mut tree = at;
                use_tree(tokens, &mut tree, &start(word(at), &here), &mut found);
            }
            _ => {}
        }
    }
    found
}

/// Where the first segment of a path stands.
fn start(first: &str, here: &[String]) -> Vec<String> {
    match first {
        "self" => here.to_vec(),
        "super" => here[..here.len().saturating_sub(1).max(1)].to_vec(),
        "std" => vec!["std".into()],
        _ => vec!["crate".into()],
    }
}

/// Follows `a::b::{c, d::e}` from the token at `at`, which has been resolved to `base`.
fn use_tree(tokens: &[Token], at: &mut usize, base: &[String], found: &mut Vec<Used>) {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let line = tokens[*at].line;
    let mut path = base.to_vec();
    *at += 1;
    while word(*at) == "::" {
        *at += 1;
        match word(*at) {
            "{" => {
                *at += 1;
                while !matches!(word(*at), "}" | "") {
                    if is_name(word(*at)) {
                        let mut branch = path.clone();
                        step(&mut branch, word(*at));
                        use_tree(tokens, at, &branch, found);
                    } else {
                        *at += 1;
                    }
                }
                *at += 1;
                return;
            }
            segment if is_name(segment) => {
                step(&mut path, segment);
                *at += 1;
            }
            _ => break,
        }
    }
    found.push(Used { path, line });
}

fn step(path: &mut Vec<String>, segment: &str) {
    match segment {
        "super" if path.len() > 1 => drop(path.pop()),
        "self" | "super" => {}
        segment => path.push(segment.to_owned()),
    }
}

fn is_name(word: &str) -> bool {
    word.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
}

/// A name, `::`, or one other character; comments, strings, characters and lifetimes are left out.
struct Token {
    text: String,
    line: usize,
}

fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let char = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let from = at;
        match char(at) {
            '/' if char(at + 1) == '/' => at = find(&chars, at, &['\n']),
            '/' if char(at + 1) == '*' => at = comment(&chars, at),
            '"' => at = string(&chars, at),
            'r' if char(at + 1) == '"' || (char(at + 1) == '#' && raw(&chars, at).is_some()) => {
                at = raw(&chars, at).unwrap_or(chars.len());
            }
            '\'' if char(at + 1) == '\\' => at = find(&chars, at + 3, &['\'']) + 1,
            '\'' if char(at + 2) == '\'' => at += 3,
            '\'' => at += 1 + name_length(&chars, at + 1),
            ':' if char(at + 1) == ':' => at += 2,
            first if first.is_alphanumeric() || first == '_' => at += name_length(&chars, at).max(1),
            _ => at += 1,
        }
        let at_end = at.min(chars.len());
        let piece: String = chars[from..at_end].iter().collect();
        let first = piece.chars().next().unwrap_or(' ');
        let code = piece == "::" || is_name(&piece) && !piece.contains(['"', '#']) || piece.len() == 1;
        if code && !first.is_whitespace() && first != '\'' && first != '"' {
            tokens.push(Token { text: piece.clone(), line });
        }
        line += piece.matches('\n').count();
        at = at_end;
    }
    tokens
}

fn name_length(chars: &[char], at: usize) -> usize {
    chars[at.min(chars.len())..].iter().take_while(|char| char.is_alphanumeric() || **char == '_').count()
}

fn find(chars: &[char], from: usize, any: &[char]) -> usize {
    (from..chars.len()).find(|at| any.contains(&chars[*at])).unwrap_or(chars.len())
}

/// Behind a block comment; they nest.
fn comment(chars: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Behind a string with escapes.
fn string(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Behind a raw string; none when it is a raw name such as `r#type`.
fn raw(chars: &[char], from: usize) -> Option<usize> {
    let hashes = chars[from + 1..].iter().take_while(|char| **char == '#').count();
    if chars.get(from + 1 + hashes) != Some(&'"') {
        return None;
    }
    let closed = |at: usize| chars[at] == '"' && (1..=hashes).all(|more| chars.get(at + more) == Some(&'#'));
    let end = (from + 2 + hashes..chars.len()).find(|at| closed(*at));
    Some(end.map_or(chars.len(), |at| at + 1 + hashes))
}
