//! Lines of the union's events: `copy-up   648 B from layer 3 into an unnamed file, linked into upper`.

use super::measure::{clean_line, flow, pad};
use super::size::{bytes, count};
use super::style::{Style, Tone};
use super::{handle, mounted};
use crate::trace::{Answer, Event, LayerRef, Probe};

/// Width of the column that holds the verb.
const VERB: usize = 10;

/// What an event of the union says, before it is laid out.
pub struct Told {
    verb: String,
    tone: Tone,
    /// The path it is about, shown only where the reader can't know it.
    pub path: Option<String>,
    segments: Vec<String>,
}

impl Told {
    /// The line (or lines) behind `number`, which may be empty; the path is left out when it is
    /// `known` to the reader already.
    pub fn lines(&self, number: &str, known: Option<&str>, style: &Style) -> String {
        let indent = number.len() + VERB;
        let path = self.path.as_deref().filter(|path| Some(*path) != known);
        let segments: Vec<String> = path.map(clean_line).into_iter().chain(self.segments.clone()).collect();
        let verb = pad(&clean_line(&self.verb), VERB - 1);
        format!(
            "{}{} {}\n",
            style.paint(Tone::Dim, number),
            style.paint(self.tone, &verb),
            flow(&segments, indent, style.width)
        )
    }
}

/// A look-up made on the way to something else?
pub fn is_aside(event: &Event) -> bool {
    matches!(event, Event::Lookup { aside: true, .. })
}

/// Tells an event of the union, or of what is mounted over it; `None` for all others.
pub fn tell(event: &Event) -> Option<Told> {
    match event {
        Event::OnMount(on) => tell_in(&on.event, &mounted::name(&on.mount)),
        _ => tell_in(event, UPPER),
    }
}

/// `place` is where things are written to.
fn tell_in(event: &Event, place: &str) -> Option<Told> {
    let told = |verb: &str, path: Option<&String>, segment: String| {
        Some(Told {
            verb: verb.to_owned(),
            tone: Tone::Accent,
            path: path.cloned(),
            segments: vec![clean_line(&segment)],
        })
    };
    match event {
        Event::Lookup { path, probes, found, errno, .. } => {
            let segments = probe_segments(probes, *found, errno.as_deref());
            Some(Told { verb: "lookup".into(), tone: Tone::Dim, path: Some(path.clone()), segments })
        }
        Event::CopyUpDirectories { paths, into, .. } => {
            told("copy-up", None, directories(paths, into.as_ref()))
        }
        Event::CopyUp { path, .. } => told("copy-up", Some(path), copy_up(event)),
        Event::LinkedUp { path, .. } => {
            told("link-up", Some(path), "the index has the copy; it gets this name in upper too".into())
        }
        Event::Write { path, bytes: written, size, append, untouched, copied, into, .. } => {
            let said = write(*written, *size, *append, untouched.as_ref(), &to(into.as_ref(), place));
            told("write", Some(path), said + price(*copied, *written).as_str())
        }
        Event::Created { path, kind, over_whiteout, opaque, into, .. } => {
            told("create", Some(path), created(kind, *over_whiteout, *opaque, &to(into.as_ref(), place)))
        }
        Event::Removed { path, kind, whiteout_over, still_stored, whiteout, mark, into, .. } => {
            let mark = mark.as_ref().filter(|_| *whiteout).map(|mark| format!("whiteout {mark}"));
            let gone = Gone { kind, below: whiteout_over.as_ref(), stored: *still_stored };
            let mark = mark.or_else(|| whiteout.then(|| "whiteout".to_owned()));
            let (from, mounted) = (to(into.as_ref(), place), place != UPPER);
            let said = match mounted {
                true => format!("{kind} gone from {from}"),
                false => removed(&gone, mark.as_deref(), &from),
            };
            told("remove", Some(path), said)
        }
        Event::Cleared { path, whiteouts, .. } => {
            let said = format!("{} in it swept away with the directory", count(*whiteouts, "whiteout"));
            told("clear", Some(path), said)
        }
        Event::Opaque { path } => {
            told("opaque", Some(path), "marked opaque: nothing below shows through".into())
        }
        Event::Redirect { path, to } => {
            told("redirect", Some(path), format!("marked: layers below have it as {to}"))
        }
        Event::Renamed { from, to, exchange, whiteout, .. } => {
            let said = renamed(from, to, *exchange, *whiteout);
            told("rename", None, if place == UPPER { said } else { format!("{said} in {place}") })
        }
        Event::Attributes { path, change, index, copied, .. } => {
            let where_to = match index {
                Some(_) => "; in the index, upper still lacks this name".to_owned(),
                None if place == UPPER => String::new(),
                None => format!(" in {place}"),
            };
            told("attribute", Some(path), format!("{change}{where_to}{}", price(*copied, 0)))
        }
        Event::Committed { what, entries, bytes: stored } => {
            let entries = if *entries == 1 { "1 entry".to_owned() } else { count(*entries, "entrie") };
            let what = if what.is_empty() { "the upper" } else { what.as_str() };
            told("commit", None, format!("{what} sealed as a layer: {entries}, {}", bytes(*stored)))
        }
        Event::Failed { op, path, errno, why, .. } => {
            let words = crate::fs::Errno::from_name(errno).map(|errno| errno.message().to_lowercase());
            let because = if why.is_empty() { words.unwrap_or_default() } else { why.clone() };
            let because = if because.is_empty() { because } else { format!(": {because}") };
            let segments = vec![clean_line(&format!("✗ {errno}{because}"))];
            Some(Told { verb: op.clone(), tone: Tone::Bad, path: Some(path.clone()), segments })
        }
        Event::Handle { fd, path, news } => {
            let (verb, said) = handle::told(*fd, news, place);
            told(verb, Some(path), said)
        }
        Event::Map { map, path, news } => {
            let (verb, said) = handle::mapped(*map, news, place);
            told(verb, Some(path), said)
        }
        _ => None,
    }
}

/// Where a union writes to.
const UPPER: &str = "upper";

/// "layer 3", or the place that is written to.
pub fn layer_of(layer_ref: &LayerRef, place: &str) -> String {
    match layer_ref.number {
        0 if place != UPPER => place.to_owned(),
        _ => layer(layer_ref),
    }
}

/// "layer 3", or "the upper".
pub fn layer(layer: &LayerRef) -> String {
    if layer.number == 0 { "the upper".to_owned() } else { format!("layer {}", layer.number) }
}

fn directories(paths: &[String], into: Option<&LayerRef>) -> String {
    let word = if paths.len() == 1 { "directory" } else { "directories" };
    match into {
        Some(into) => format!("{word} {} made in {}", paths.join(", "), layer(into)),
        None => format!("{word} {} staged in workdir, renamed into upper", paths.join(", ")),
    }
}

fn copy_up(event: &Event) -> String {
    let Event::CopyUp {
        path,
        kind,
        bytes: size,
        from,
        metadata_only,
        completes,
        metacopy,
        index,
        source,
        contents,
        into,
        ..
    } = event
    else {
        return String::new();
    };
    let (from, there) = match contents {
        Some(contents) => (&contents.layer, Some(&contents.path).filter(|there| *there != path)),
        None => (from, source.as_ref()),
    };
    let from = match there {
        Some(path) => format!("{} (there {path})", layer(from)),
        None => layer(from),
    };
    let said = match kind.as_str() {
        _ if *completes && *metadata_only => "the metacopy in upper becomes an empty file".to_owned(),
        _ if *completes => format!("{} from {from}: the metacopy in upper gets its data", bytes(*size)),
        _ if *metacopy => format!("attributes from {from} into upper; the contents stay there (metacopy)"),
        _ if *metadata_only => format!("attributes from {from} into upper; the contents are about to be cut"),
        "file" if into.is_some() => format!("{} from {from} into {}", bytes(*size), to(into.as_ref(), UPPER)),
        _ if into.is_some() => format!("{kind} from {from} into {}", to(into.as_ref(), UPPER)),
        "file" => format!("{} from {from} into an unnamed file, linked into upper", bytes(*size)),
        _ => format!("{kind} from {from} staged in workdir, renamed into upper"),
    };
    if index.is_some() { said + ", and into the index: all its names see it" } else { said }
}

/// What a small change cost, where that is a surprise.
fn price(copied: u64, written: u64) -> String {
    match written {
        _ if copied < 1_000_000 || copied / 10 < written => String::new(),
        0 => format!("; {} copied for that", bytes(copied)),
        _ => format!("; {} copied to write {}", bytes(copied), bytes(written)),
    }
}

/// The branch that a change went to, or where all changes go.
fn to(into: Option<&LayerRef>, place: &str) -> String {
    into.map_or_else(|| place.to_owned(), layer)
}

fn write(written: u64, size: u64, append: bool, untouched: Option<&LayerRef>, place: &str) -> String {
    let mut said = if append {
        format!("+ {} in {place}", bytes(written))
    } else {
        format!("{} in {place}", bytes(written))
    };
    if size != written && !append {
        said.push_str(&format!(", now {}", bytes(size)));
    }
    if let Some(below) = untouched {
        said.push_str(&format!("; {} is untouched", layer(below)));
    }
    said
}

fn created(kind: &str, over_whiteout: bool, opaque: bool, place: &str) -> String {
    let mut said = match kind {
        "link" => format!("another name for a file in {place}"),
        _ => format!("{kind} in {place}"),
    };
    if over_whiteout {
        said.push_str(", in place of a whiteout");
    }
    if opaque {
        said.push_str(", marked opaque: nothing below shows through");
    }
    said
}

/// What was removed.
struct Gone<'a> {
    kind: &'a str,
    below: Option<&'a LayerRef>,
    stored: u64,
}

/// `mark` is what a whiteout is called, if one was left.
fn removed(gone: &Gone<'_>, mark: Option<&str>, place: &str) -> String {
    let Gone { kind, below, stored } = gone;
    match (mark, below) {
        (None, _) => format!("{kind} gone from {place}, nothing below"),
        (Some(mark), None) => format!("{mark} in {place} hides the {kind}"),
        (Some(mark), Some(below)) if *stored > 0 => {
            format!(
                "{mark} in {place} hides the {kind} of {}; its {} stay stored",
                layer(below),
                bytes(*stored)
            )
        }
        (Some(mark), Some(below)) => format!("{mark} in {place} hides the {kind} of {}", layer(below)),
    }
}

fn renamed(from: &str, to: &str, exchange: bool, whiteout: bool) -> String {
    let arrow = if exchange { "⇄" } else { "→" };
    let mark = if whiteout { format!("; whiteout left at {from}") } else { String::new() };
    format!("{from} {arrow} {to}{mark}")
}

/// The layers' answers, equal neighbours together, and how the search ended.
fn probe_segments(probes: &[Probe], found: bool, errno: Option<&str>) -> Vec<String> {
    let asked: Vec<&Probe> = probes.iter().filter(|probe| probe.answer != Answer::NotAsked).collect();
    let mut segments = Vec::new();
    let mut rest = asked.as_slice();
    while let Some(first) = rest.first() {
        let equal = rest.iter().take_while(|probe| probe.answer == first.answer).count();
        let (run, after) = rest.split_at(equal);
        rest = after;
        let name = match (run.first(), run.last()) {
            (Some(top), Some(bottom)) if equal > 3 => {
                // The upper has no number to count on from.
                let (upper, top) = match run.get(1) {
                    Some(next) if top.layer.number == 0 => ("upper, ", next),
                    _ => ("", top),
                };
                format!("{upper}{}–{}", short(&top.layer), short(&bottom.layer))
            }
            _ => run.iter().map(|probe| short(&probe.layer)).collect::<Vec<_>>().join(", "),
        };
        segments.push(clean_line(&format!("{name}: {}", answer(&first.answer))));
    }
    let last = asked.last();
    let stopped = last.is_some_and(|probe| ends_search(&probe.answer) && probe.layer.number > 1);
    match (found, stopped) {
        _ if errno.is_some() => segments.push("(refused)".to_owned()),
        (true, true) => segments.push("(stop)".to_owned()),
        (true, false) => {}
        (false, true) => segments.push("(stop: not in the view)".to_owned()),
        (false, false) => segments.push("(not in the view)".to_owned()),
    }
    segments
}

fn ends_search(answer: &Answer) -> bool {
    matches!(answer, Answer::Found { .. } | Answer::Whiteout | Answer::Directory { opaque: true, .. })
}

/// "upper" or the layer's number.
pub fn short(layer: &LayerRef) -> String {
    if layer.number == 0 { "upper".to_owned() } else { layer.number.to_string() }
}

/// A layer's answer in words.
pub fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Absent => "absent".to_owned(),
        Answer::NoDirectory { directory } => format!("no {directory}, not asked"),
        Answer::Found { kind: "file", size } => format!("found, {}", bytes(*size)),
        Answer::Found { kind, .. } => format!("found, {kind}"),
        Answer::Directory { opaque: true, .. } => "directory, opaque".to_owned(),
        Answer::Directory { redirect: Some(to), .. } => format!("directory, redirected to {to}"),
        Answer::Directory { .. } => "directory".to_owned(),
        Answer::Metacopy { size } => format!("metacopy, {}", bytes(*size)),
        Answer::Data { path, size } => format!("data-only, has the contents at {path}, {}", bytes(*size)),
        Answer::Whiteout => "whiteout".to_owned(),
        Answer::Indexed { .. } => "its index has the copy, which wins".to_owned(),
        Answer::NotAsked => "not asked".to_owned(),
    }
}
