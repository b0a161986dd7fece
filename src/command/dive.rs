//! `dive IMAGE|FILE`: what dive tells about an image of the lab or about an archive.

use super::options::{self, Flag, switch, valued};
use super::words::{CommandLine, Origin};
use super::{Answer, MOST_ARCHIVE, Outside};
use crate::error::{Error, ErrorKind};
use crate::image::archive::{self, Options};
use crate::inspect::dive;
use crate::lab::Lab;
use crate::trace::Trace;

const FLAGS: &[Flag] = &[
    switch("ci", None, "verdicts by the rules of .dive-ci"),
    valued("ci-config", None, "FILE", "the rules"),
    switch("json", Some('j'), "print dive's JSON"),
];

const USAGE: &str = "dive IMAGE, or dive FILE.tar; --ci judges, --json prints the figures";

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
    let name = word.text.strip_prefix("docker-archive://").unwrap_or(&word.text);
    let is_archive = name != word.text || looks_like_a_file(name);
    let (source, analysis) = if is_archive {
        let file = super::words::Word { text: name.to_owned(), ..word.clone() };
        let options = Options { spool: outside.host.spool(), ..Options::new(MOST_ARCHIVE) };
        let stored = outside.open(&file, options.limit, origin)?;
        let read = archive::open(&stored, &options, &mut t.fuel);
        let loaded = read.map_err(|error| error.at(origin.of(word)))?;
        // dive takes the first of several.
        let first = loaded.first().map(dive::of_archive);
        let first = first.ok_or_else(|| Error::new(ErrorKind::Host, "the archive has no image"))?;
        (format!("docker-archive://{name}"), first)
    } else {
        let image = lab.image(name).map_err(|error| error.at(origin.of(word)))?;
        (format!("docker://{name}"), dive::of_image(&image))
    };
    if given.is_set("json") {
        return Ok(Answer::printed(dive::export(&analysis)));
    }
    let rules = given.last("ci-config");
    if !given.is_set("ci") && rules.is_none() {
        return Ok(Answer::printed(dive::table(name, &analysis)));
    }
    let text = match rules {
        Some(rules) => Some(String::from_utf8_lossy(&outside.read(rules, origin)?).into_owned()),
        None => None,
    };
    let config = rules.zip(text.as_deref()).map(|(rules, text)| (rules.text.as_str(), text));
    let printed = dive::ci(&analysis, &source, config).map_err(|message| {
        let at = rules.map_or(origin.of(word), |rules| origin.of(rules));
        Error::new(ErrorKind::Syntax, message).at(at).hint("  lowestEfficiency: 0.95")
    })?;
    Ok(Answer { out: printed.out, exit: printed.exit, ..Answer::default() })
}

fn looks_like_a_file(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    name.starts_with(['/', '.']) || [".tar", ".tgz", ".gz", ".zst"].iter().any(|end| last.ends_with(end))
}
