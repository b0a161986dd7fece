//! `dive IMAGE|FILE`: what dive tells about an image of the lab or about an archive, and what could be saved.

use super::options::{self, Flag, Given, switch, valued};
use super::words::{CommandLine, Origin, Word};
use super::{Answer, MOST_ARCHIVE, Outside};
use crate::build::Build;
use crate::error::{Error, ErrorKind};
use crate::image::archive::{Form, Loaded, Options, Place};
use crate::image::{Image, Store};
use crate::inspect::dive::{self, Analysis};
use crate::inspect::layers::{self, Layers, View};
use crate::inspect::{self, BuildStage, HistoryStep};
use crate::lab::Lab;
use crate::trace::Trace;
use std::io::{self, Write};
use std::sync::Arc;

const FLAGS: &[Flag] = &[
    switch("ci", None, "verdicts by the rules of .dive-ci"),
    valued("ci-config", None, "FILE", "the rules"),
    switch("json", Some('j'), "print dive's JSON, with each layer's changes and what could be saved"),
    switch("changes", None, "list what each layer added, modified and removed"),
    switch("text", None, "print, also at a terminal"),
    valued("report", None, "FILE.html", "write layers, tree map and waste as one HTML file"),
    valued("compare", None, "IMAGE|FILE", "list what differs in another image"),
];

const USAGE: &str = "dive IMAGE, or dive FILE.tar; --ci judges, --changes lists, --json prints the figures";

/// Findings that are told one by one; JSON has all.
const MOST_FINDINGS: usize = 12;

/// Makes a report of a subject, its history, newest first, and the stages of its build.
pub type Report = fn(&Subject, &[HistoryStep], &[BuildStage]) -> String;

/// What is looked at.
pub struct Subject {
    /// As a person named it.
    pub name: String,
    /// As dive names it: `docker-archive://x.tar`, `docker://app`.
    pub source: String,
    /// The image.
    pub image: Arc<Image>,
    /// How many of its lowest layers are known to be the base's; 0 when nobody knows.
    pub base: usize,
    analysed: Analysed,
}

enum Analysed {
    Archive(Box<Loaded>),
    Image,
}

impl Subject {
    /// An image out of an archive.
    pub fn archive(name: &str, loaded: Loaded) -> Subject {
        Subject {
            name: name.to_owned(),
            source: format!("docker-archive://{name}"),
            image: loaded.image.clone(),
            base: 0,
            analysed: Analysed::Archive(Box::new(loaded)),
        }
    }

    /// An image that is here.
    pub fn image(name: &str, image: Arc<Image>, images: &Store, builds: &[Arc<Build>]) -> Subject {
        let base = inspect::base_layers(images, builds, &image);
        let source = format!("docker://{name}");
        Subject { name: name.to_owned(), source, image, base, analysed: Analysed::Image }
    }

    /// dive's own figures.
    pub fn analysis(&self) -> Analysis {
        match &self.analysed {
            Analysed::Archive(loaded) => dive::of_archive(loaded),
            Analysed::Image => dive::of_image(&self.image),
        }
    }

    /// [`Subject::analysis`], for whoever asks for nothing else of the archive's entries afterwards.
    fn into_analysis(self) -> Analysis {
        match self.analysed {
            Analysed::Archive(loaded) => dive::into_analysis(*loaded),
            Analysed::Image => dive::of_image(&self.image),
        }
    }

    /// The layers as the union has them.
    pub fn layers(&self) -> Layers {
        Layers::of(&self.image, self.base)
    }

    /// dive's figures and what could be saved, as text.
    pub fn text(mut self) -> String {
        // One after the other: of a million files neither is small.
        let (image, base, name) = (self.image.clone(), self.base, std::mem::take(&mut self.name));
        let table = dive::table(&name, &self.into_analysis());
        let layers = Layers::of(&image, base);
        let waste = layers::waste_text(&layers, &layers.waste(0), MOST_FINDINGS);
        format!("{table}\n{waste}")
    }

    /// The same as JSON, with all lists.
    pub fn json(self) -> String {
        let mut text = Vec::new();
        let _ = self.write_json(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// [`Subject::json`], written as it comes.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_json(self, out: &mut dyn Write) -> io::Result<()> {
        let layers = self.layers();
        dive::export(&self.into_analysis(), &layers, out)
    }

    /// What could be saved, a row a finding.
    pub fn wasted(&self) -> Vec<serde_json::Value> {
        let layers = self.layers();
        let waste = layers.waste(0);
        let waste = serde_json::to_value(layers::waste_json(&layers, &waste)).unwrap_or_default();
        waste.get("found").and_then(serde_json::Value::as_array).cloned().unwrap_or_default()
    }

    /// What each layer changed, as text.
    pub fn changes(&self) -> String {
        layers::changes_text(&self.layers())
    }

    /// What differs in `other`, as text or JSON.
    pub fn compared(&self, other: &Subject, json: bool) -> String {
        let layers = Layers::of_two(&self.image, &other.image);
        let (list, names) = (layers.changes_of(&View::Images), [self.name.as_str(), other.name.as_str()]);
        match json {
            true => layers::comparison_json(&layers, names, &list),
            false => layers::comparison_text(&layers, names, &list),
        }
    }
}

pub(super) fn run(
    lab: &mut Lab,
    line: &CommandLine,
    origin: Origin<'_>,
    outside: &mut Outside<'_>,
    t: &mut Trace,
) -> Result<Answer, Error> {
    let given = options::parse(line.words.get(1..).unwrap_or_default(), FLAGS, false, origin)?;
    let [word] = given.operands.as_slice() else {
        let at = line.words.first().map_or(origin.span(1, 4), |first| origin.of(first));
        return Err(Error::new(ErrorKind::Usage, "dive needs one image or archive").at(at).hint(USAGE));
    };
    let subject = subject(lab, word, origin, outside, t)?;
    let other = match given.last("compare") {
        Some(other) => Some(self::subject(lab, other, origin, outside, t)?),
        None => None,
    };
    let wants_text = ["json", "changes", "ci", "ci-config", "text", "report"]
        .iter()
        .any(|flag| given.last(flag).is_some());
    if let Some(screen) = outside.screen.as_deref_mut()
        && !wants_text
        && line.filters.is_empty()
        && !asked(line)
    {
        screen.look(subject, other)?;
        return Ok(Answer::default());
    }
    if let Some(file) = given.last("report").cloned() {
        return report(lab, &subject, &file, origin, outside);
    }
    if let Some(other) = other {
        return Ok(Answer::printed(subject.compared(&other, given.is_set("json"))));
    }
    if given.is_set("json") {
        return Ok(Answer::printed(subject.json()));
    }
    if given.is_set("changes") {
        return Ok(Answer::printed(subject.changes()));
    }
    if given.is_set("ci") || given.last("ci-config").is_some() || asked(line) {
        return judge(&subject, &given, word, origin, outside);
    }
    let rows = subject.wasted();
    Ok(Answer { rows, ..Answer::printed(subject.text()) })
}

fn report(
    lab: &Lab,
    subject: &Subject,
    file: &Word,
    origin: Origin<'_>,
    outside: &mut Outside<'_>,
) -> Result<Answer, Error> {
    let write = outside
        .report
        .ok_or_else(|| Error::new(ErrorKind::Usage, "nobody writes reports here").at(origin.of(file)))?;
    let steps = inspect::history_steps(&lab.images, &lab.builds, &subject.image);
    let build = lab.builds.iter().rev().find(|build| build.result.as_ref().ok() == Some(&subject.image.id));
    let stages = build.map(|build| inspect::build_stages(build)).unwrap_or_default();
    let page = write(subject, &steps, &stages);
    let written = outside.write_with(file, origin, &mut |out| out.write_all(page.as_bytes()))?;
    let told = if written { "written" } else { "was not written: a scenario writes no files" };
    Ok(Answer::printed(format!("{} {told}\n", file.text)))
}

/// `CI=true dive …`, as Go's ParseBool reads it.
fn asked(line: &CommandLine) -> bool {
    line.env.iter().any(|(name, value)| name == "CI" && dive::is_true(value))
}

/// The image or archive that a word names.
pub(super) fn subject(
    lab: &mut Lab,
    word: &Word,
    origin: Origin<'_>,
    outside: &mut Outside<'_>,
    t: &mut Trace,
) -> Result<Subject, Error> {
    let place = Place::of(&word.text);
    if place.form == Form::Any && !looks_like_a_file(place.path) {
        let image = lab.image(place.path).map_err(|error| error.at(origin.of(word)))?;
        return Ok(Subject::image(place.path, image, &lab.images, &lab.builds));
    }
    let options = Options { spool: outside.host.spool(), ..Options::new(MOST_ARCHIVE) };
    let read = outside.images(word, &options, origin, &mut t.fuel);
    let loaded = read.map_err(|error| error.at(origin.of(word)))?;
    // dive takes the first of several.
    let first = loaded.into_iter().next();
    let first = first.ok_or_else(|| Error::new(ErrorKind::Host, "the archive has no image"))?;
    Ok(Subject::archive(place.path, first))
}

fn judge(
    subject: &Subject,
    given: &Given,
    word: &Word,
    origin: Origin<'_>,
    outside: &mut Outside<'_>,
) -> Result<Answer, Error> {
    let rules = given.last("ci-config");
    let text = match rules {
        Some(rules) => Some(String::from_utf8_lossy(&outside.read(rules, origin)?).into_owned()),
        None => None,
    };
    let config = rules.zip(text.as_deref()).map(|(rules, text)| (rules.text.as_str(), text));
    let printed = dive::ci(&subject.analysis(), &subject.source, config).map_err(|message| {
        let at = rules.map_or(origin.of(word), |rules| origin.of(rules));
        Error::new(ErrorKind::Syntax, message).at(at).hint("  lowestEfficiency: 0.95")
    })?;
    Ok(Answer { out: printed.out, exit: printed.exit, ..Answer::default() })
}

fn looks_like_a_file(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    name.starts_with(['/', '.']) || [".tar", ".tgz", ".gz", ".zst"].iter().any(|end| last.ends_with(end))
}
