//! `layerlab check` and `docker build --check`: BuildKit's rules, and what only somebody who knows the
//! layers can say.
//!
//! [`check`] asks BuildKit's rules first ([`crate::build::check`]), then plays the build in memory, on
//! copies, and looks at the layers it makes: deletions that free nothing (`deleted`), secrets that
//! stay (`secrets`, `history`), an order that defeats the cache (`order`), a COPY that carries the
//! Dockerfile or `.git` (`carried`), package lists and caches left behind (`leftovers`).

mod carried;
mod deleted;
mod history;
mod leftovers;
mod needs;
mod order;
mod played;
mod secrets;

use crate::build::{self, Cache, CheckOptions, Failure, Request, Status, Warning};
use crate::dockerfile::{Dockerfile, Instruction, Place};
use crate::image::Store;
use crate::shell::Programs;
use crate::trace::{Event, Finding, FoundLayer, OrderCost, Sink, SourceLine, Trace};
use played::Played;
use std::cell::RefCell;
use std::rc::Rc;

/// A rule of the lab's own, with what it looks for.
pub struct OwnRule {
    /// The name that `# check=skip=…` takes.
    pub name: &'static str,
    /// What it finds, in a few words.
    pub about: &'static str,
}

/// The lab's own rules.
pub const OWN_RULES: &[OwnRule] = &[
    OwnRule { name: deleted::RULE, about: "a step deletes files that a lower layer keeps" },
    OwnRule { name: secrets::RULE, about: "a key, token or password lies in a layer" },
    OwnRule { name: history::RULE, about: "a secret's value stands in the history or the config" },
    OwnRule { name: order::RULE, about: "files are copied before a step that does not need them" },
    OwnRule { name: carried::DOCKERFILE, about: "COPY . . takes the Dockerfile along" },
    OwnRule { name: carried::GIT, about: "COPY . . takes .git along" },
    OwnRule { name: leftovers::RULE, about: "package lists or caches stay in a layer" },
];

/// What to check beside BuildKit's rules, and how to tell it.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Files that are edited, one a time, for the rule about the order; none means each file of the
    /// context once.
    pub edits: Vec<String>,
    /// Leave BuildKit's findings as Docker prints them, without a fix.
    pub as_docker: bool,
}

/// How a check ended.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Findings of BuildKit's rules, by their lines.
    pub warnings: Vec<Finding>,
    /// Findings of the lab's own rules, by their lines.
    pub layers: Vec<Finding>,
    /// The Dockerfile can't be built at all, or `error=true` makes errors of BuildKit's findings.
    pub failed: bool,
}

/// Checks a Dockerfile and tells it: [`Event::Checked`], then a [`Event::Finding`] each, for BuildKit's
/// rules and for the lab's. Nothing in `images` changes. When `t.fuel` runs dry the rest is left out;
/// the caller finds `t.fuel.exhausted()` set.
pub fn check(
    images: &Store,
    request: &Request,
    order: &Order,
    programs: &mut dyn Programs,
    t: &mut Trace,
) -> Checked {
    let mut images = images.clone();
    // The build that is looked into afterwards begins with as full a tank, so that it names the place where a
    // limit is reached.
    let full = t.fuel.clone();
    let (file, lint) = match t.quietly(|t| build::check(&mut images, request, t)) {
        Ok(checked) => checked,
        Err(unchecked) => {
            let before = unchecked.before.as_ref();
            let warnings =
                before.map_or_else(Vec::new, |(file, lint)| of_rules(lint, &Frame::new(file), order));
            if !warnings.is_empty() {
                tell("buildkit", &warnings, t);
            }
            tell_failure(&unchecked.failure, t);
            return Checked { warnings, failed: true, ..Checked::default() };
        }
    };
    let linted = std::mem::replace(&mut t.fuel, full);
    let frame = Frame::new(&file);
    let warnings = of_rules(&lint, &frame, order);
    let mut cache = Cache::default();
    let request = Request { tags: Vec::new(), builder: build::Builder::BuildKit, ..unchecked(request) };
    let (built, notes) = play(&mut images, &mut cache, &request, programs, t);
    if t.fuel.exhausted().is_none() && linted.exhausted().is_some() {
        t.fuel = linted;
    }
    // A file that can't be converted fails Docker's check too; a RUN that fails doesn't.
    let converted = built.result.is_ok() || built.steps.iter().any(|step| step.status == Status::Error);
    let refused = match &built.result {
        Err(failure) if !converted => Some(failure.clone()),
        _ => lint.failure().map(|words| Failure::new(words, 1)),
    };
    if refused.is_none() || !warnings.is_empty() {
        tell("buildkit", &warnings, t);
    }
    let mut checked = Checked { warnings, layers: Vec::new(), failed: refused.is_some() };
    if let Some(failure) = refused {
        tell_failure(&failure, t);
    }
    if !converted {
        return checked;
    }
    for note in notes {
        t.emit(|| note);
    }
    if let Err(failure) = &built.result {
        let text = format!(
            "the build ends early, so the rules about layers saw only what was made before: {}",
            failure.message
        );
        t.emit(|| Event::Hint { text });
    }
    let played = Played::new(&file, &request, &built);
    let mut found = Vec::new();
    let mut look = Look { played: &played, frame: &frame, options: &lint.options, found: &mut found, t };
    deleted::look(&mut look);
    secrets::look(&mut look);
    history::look(&mut look);
    carried::look(&mut look);
    leftovers::look(&mut look);
    order::look(&mut look, &order::Playing { images: &images, cache: &cache, edits: &order.edits }, programs);
    found.sort_by_key(|finding| finding.line);
    tell("layerlab", &found, t);
    checked.layers = found;
    checked
}

/// Findings of BuildKit's rules, by their lines.
fn of_rules(lint: &build::Lint, frame: &Frame<'_>, order: &Order) -> Vec<Finding> {
    let mut warnings: Vec<&Warning> = lint.warnings.iter().collect();
    warnings.sort_by_key(|warning| warning.first);
    warnings.into_iter().map(|warning| of_buildkit(warning, frame, order.as_docker)).collect()
}

fn tell(by: &str, found: &[Finding], t: &mut Trace) {
    t.emit(|| Event::Checked { by: by.to_owned(), found: found.len() });
    for finding in found {
        t.emit(|| Event::Finding(Box::new(finding.clone())));
    }
}

/// The request with BuildKit's own checks switched off: they have had their say, and `error=true`
/// must not stop the build that is looked into.
fn unchecked(request: &Request) -> Request {
    let mut request = request.clone();
    request.args.insert("BUILDKIT_DOCKERFILE_CHECK".to_owned(), "skip=all".to_owned());
    request
}

fn tell_failure(failure: &Failure, t: &mut Trace) {
    t.emit(|| Event::BuildFailed {
        message: failure.message.clone(),
        exit: failure.exit,
        plain: failure.plain.clone(),
        place: failure.span.as_deref().map(|span| crate::trace::Place {
            file: span.file.to_string(),
            line: span.line,
            column: span.column,
            width: span.width,
            text: span.text.to_string(),
        }),
        hint: failure.hint.clone(),
    });
}

/// Plays the build without a word; what it says of things that are not modelled comes back.
fn play(
    images: &mut Store,
    cache: &mut Cache,
    request: &Request,
    programs: &mut dyn Programs,
    t: &mut Trace,
) -> (build::Build, Vec<Event>) {
    let notes = Rc::new(RefCell::new(Vec::new()));
    let mut quiet = Trace::to(Box::new(Notes(notes.clone())));
    std::mem::swap(&mut quiet.fuel, &mut t.fuel);
    let built = build::build(images, cache, request, programs, &mut quiet);
    std::mem::swap(&mut quiet.fuel, &mut t.fuel);
    (built, notes.take())
}

/// Keeps what a build says of things that are not modelled, each once.
struct Notes(Rc<RefCell<Vec<Event>>>);

impl Sink for Notes {
    fn take(&mut self, event: Event) {
        let mut notes = self.0.borrow_mut();
        if matches!(event, Event::NotModelled { .. } | Event::Hint { .. }) && !notes.contains(&event) {
            notes.push(event);
        }
    }
}

fn of_buildkit(warning: &Warning, frame: &Frame<'_>, as_docker: bool) -> Finding {
    let mut finding = frame.finding(warning.first, warning.last, warning.place);
    finding.rule = warning.rule.name.to_owned();
    finding.by = "buildkit".to_owned();
    finding.url = warning.rule.url.to_owned();
    finding.message.clone_from(&warning.detail);
    if !as_docker {
        finding.fix = warning.rule.fix.to_owned();
    }
    finding
}

/// The Dockerfile's lines.
struct Frame<'a> {
    name: &'a str,
    lines: Vec<&'a str>,
}

impl<'a> Frame<'a> {
    fn new(file: &'a Dockerfile) -> Frame<'a> {
        Frame { name: &file.source.name, lines: file.source.text.split('\n').collect() }
    }

    /// A finding about these lines, as yet without words. It shows as many lines around them as
    /// Docker does (moby/buildkit `solver/errdefs/source.go`, `Source.Print`).
    fn finding(&self, first: u32, last: u32, place: Place) -> Finding {
        let all = self.lines.len() as u32;
        let last = last.max(first);
        let (mut start, mut end) = (first, last.min(all));
        let pad = if end == start { 4 } else { 2 };
        let mut padded = 0;
        while padded < pad {
            if start > 1 {
                start -= 1;
                padded += 1;
            }
            if end < all {
                end += 1;
                padded += 1;
            }
            padded += 1;
        }
        let line = |number: u32| SourceLine {
            number,
            marked: (first..=last).contains(&number),
            text: self
                .lines
                .get(number.saturating_sub(1) as usize)
                .unwrap_or(&"")
                .trim_end_matches('\r')
                .to_owned(),
        };
        Finding {
            file: self.name.to_owned(),
            line: first,
            last_line: last,
            at_line: place.line.max(1),
            column: place.column.max(1),
            width: place.width.max(1),
            source: (start..=end).map(line).collect(),
            ..Finding::default()
        }
    }
}

/// What the lab's rules look at, and where they leave what they find.
struct Look<'a> {
    played: &'a Played<'a>,
    frame: &'a Frame<'a>,
    options: &'a CheckOptions,
    found: &'a mut Vec<Finding>,
    t: &'a mut Trace,
}

/// What a rule says about an instruction.
#[derive(Default)]
struct Said {
    message: String,
    layer: Option<FoundLayer>,
    bytes: Option<u64>,
    /// Files; all are counted, the first hundred kept.
    paths: Vec<String>,
    cost: Option<OrderCost>,
    fix: String,
}

impl Look<'_> {
    /// Adds a finding about an instruction, unless its rule is switched off.
    fn add(&mut self, rule: &str, number: usize, instruction: &Instruction, said: Said) {
        const MOST_PATHS: usize = 100;
        if !self.options.with(&instruction.comments).allow_name(rule) {
            return;
        }
        let finding = self.frame.finding(instruction.place.line, instruction.last_line, instruction.place);
        let mut paths = said.paths;
        let files = paths.len();
        paths.truncate(MOST_PATHS);
        self.found.push(Finding {
            rule: rule.to_owned(),
            by: "layerlab".to_owned(),
            message: said.message,
            step: Some(number),
            layer: said.layer,
            bytes: said.bytes,
            paths,
            files,
            cost: said.cost,
            fix: said.fix,
            ..finding
        });
    }
}
