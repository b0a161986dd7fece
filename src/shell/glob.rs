//! Path names that a pattern matches.

use super::machine::Machine;
use super::pattern::{self, Pattern};
use super::text;

/// How names are matched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    /// A star matches a leading dot.
    pub hidden: bool,
    /// `**` goes down.
    pub deep: bool,
    /// How patterns are read.
    pub flavour: pattern::Flavour,
    /// `.` and `..` are names too: `.*` matches them.
    pub dots: bool,
}

/// All paths that match, in byte order.
pub(super) fn expand(m: &mut Machine<'_>, source: &str, options: Options) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut components = split(source).into_iter().peekable();
    if source.starts_with('/') {
        found = vec!["/".to_owned()];
    }
    while let Some(component) = components.next() {
        let last = components.peek().is_none();
        if component.is_empty() {
            if last {
                found
                    .iter_mut()
                    .filter(|path| !path.is_empty() && !path.ends_with('/'))
                    .for_each(|p| p.push('/'));
            }
            continue;
        }
        let mut next = Vec::new();
        for base in &found {
            step(m, base, &component, last, options, &mut next);
            if m.stopped() {
                return Vec::new();
            }
        }
        found = next;
    }
    found.retain(|path| !path.is_empty());
    found.sort();
    found
}

fn split(source: &str) -> Vec<String> {
    let mut components = vec![String::new()];
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' => {
                components.push(String::new());
                while chars.next_if_eq(&'/').is_some() {}
            }
            '\\' if chars.peek() == Some(&'/') => {}
            c => {
                if let Some(last) = components.last_mut() {
                    last.push(c);
                    if c == '\\' {
                        last.extend(chars.next());
                    }
                }
            }
        }
    }
    components
}

fn join(base: &str, name: &str) -> String {
    if base.is_empty() || base.ends_with('/') { format!("{base}{name}") } else { format!("{base}/{name}") }
}

fn step(
    m: &mut Machine<'_>,
    base: &str,
    component: &str,
    last: bool,
    options: Options,
    next: &mut Vec<String>,
) {
    if !pattern::is_magic(component) {
        let path = join(base, &pattern::unescape(component));
        if m.lstat(&text::encode(&path)).is_ok() {
            next.push(path);
        }
        return;
    }
    let dir = if base.is_empty() { "." } else { base };
    let Ok(mut names) = m.readdir(&text::encode(dir)) else { return };
    if options.dots && component.starts_with('.') {
        names.push(b".".as_slice().into());
        names.push(b"..".as_slice().into());
    }
    let compiled = Pattern::of(component, options.flavour);
    for name in names {
        let name = text::decode(&name);
        if !m.t.fuel.spend(1 + compiled.len()) {
            return;
        }
        let fits = if options.hidden { compiled.matches_text(&name) } else { compiled.matches_name(&name) };
        if fits {
            let path = join(base, &name);
            if last || m.is_dir(&text::encode(&path)) {
                next.push(path);
            }
        }
    }
    if options.deep && component == "**" {
        deep(m, base, last, next);
    }
}

/// `**`: every directory below (and, at the end of the pattern, every file).
fn deep(m: &mut Machine<'_>, base: &str, last: bool, next: &mut Vec<String>) {
    let mut open = vec![base.to_owned()];
    let mut all = Vec::new();
    while let Some(dir) = open.pop() {
        let here = if dir.is_empty() { "." } else { &dir };
        let Ok(names) = m.readdir(&text::encode(here)) else { continue };
        for name in names {
            let path = join(&dir, &text::decode(&name));
            if m.stopped() {
                return;
            }
            let is_dir = m.lstat(&text::encode(&path)).is_ok_and(|s| s.kind == crate::union::StatKind::Dir);
            if is_dir {
                open.push(path.clone());
            }
            if is_dir || last {
                all.push(path);
            }
        }
    }
    if !last {
        next.push(base.to_owned());
    }
    next.extend(all);
    next.sort();
    next.dedup();
}
