//! Commands about images: `images`, `history`, `inspect`.

use super::filters::Filters;
use super::{Answer, Call, Subcommand};
use crate::command::options::{switch, valued};
use crate::error::Error;
use crate::fs::Digest;
use crate::image::{Image, labels_match};
use crate::inspect;
use crate::trace::Event;
use std::collections::HashSet;
use std::sync::Arc;

pub(super) const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        name: "images",
        usage: "[FLAGS] [NAME]",
        about: "List the images that are here",
        flags: &[
            switch(
                "all",
                Some('a'),
                "also nameless images that others were built on (the legacy builder's steps)",
            ),
            valued(
                "filter",
                Some('f'),
                "KEY=VALUE",
                "dangling=true, label=NAME[=VALUE], before=IMAGE, since=IMAGE",
            ),
            switch("quiet", Some('q'), "ids only"),
            switch("no-trunc", None, "whole ids"),
            switch("digests", None, "the digests of what was pushed or pulled"),
            switch("shared", None, "shared and unique bytes too (columns of the lab's own)"),
            valued("format", None, "TEMPLATE", "print by a template"),
        ],
        stop_at_operand: false,
        run: images,
    },
    Subcommand {
        name: "history",
        usage: "[FLAGS] IMAGE",
        about: "The steps an image was made of, newest first, with their sizes",
        flags: &[
            switch("no-trunc", None, "whole commands and ids"),
            valued("human", Some('H'), "true|false", "sizes for people, or in bytes"),
            switch("quiet", Some('q'), "ids only"),
            valued("format", None, "TEMPLATE", "print by a template"),
            switch("graph", None, "draw the layers as bars (the lab's own)"),
            switch("steps", None, "each entry's step and cache verdict (the lab's own)"),
        ],
        stop_at_operand: false,
        run: history,
    },
    Subcommand {
        name: "inspect",
        usage: "[FLAGS] NAME…",
        about: "Everything about an image or container, as JSON",
        flags: &[
            valued("format", Some('f'), "TEMPLATE", "print by a template"),
            valued("type", None, "KIND", "image or container"),
            switch("size", Some('s'), "accepted"),
        ],
        stop_at_operand: false,
        run: inspect,
    },
];

fn images(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let only = call.given.operands.first().map(|word| word.text.clone());
    let chosen = match chosen(call)? {
        Ok(chosen) => chosen,
        Err(refused) => return Ok(refused),
    };
    let options = inspect::ListOptions {
        all: call.given.is_set("all"),
        digests: call.given.is_set("digests"),
        chosen,
        quiet: call.given.is_set("quiet"),
        no_trunc: call.given.is_set("no-trunc"),
        shared: call.given.is_set("shared"),
        format: call.given.text("format").map(str::to_owned),
    };
    let empty = only.is_none() && !options.quiet && options.format.is_none();
    let next = (empty && call.lab.images.images().next().is_none()).then(|| {
        "docker pull alpine:3.19   brings a built-in image; a run or a build does so too".to_owned()
    });
    Ok(Answer { next, ..from(inspect::image_list(&call.lab.images, only.as_deref(), &options)) })
}

/// The images that all filters let through (moby `daemon/images/images.go`).
fn chosen(call: &Call<'_, '_>) -> Result<Result<Option<HashSet<Digest>>, Answer>, Error> {
    let filters = match Filters::read(call, &["dangling", "label", "before", "since"])? {
        Ok(filters) => filters,
        Err(refused) => return Ok(Err(refused)),
    };
    if filters.told().is_empty() {
        return Ok(Ok(None));
    }
    let dangling = match filters.flag("dangling") {
        Ok(dangling) => dangling,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut bounds = Vec::new();
    for key in ["before", "since"] {
        for name in filters.all(key) {
            let Some(image) = call.lab.images.get(name) else {
                let err = format!("Error response from daemon: No such image: {name}\n");
                return Ok(Err(Answer { err, exit: 1, ..Answer::default() }));
            };
            bounds.push((key == "before", image.created));
        }
    }
    let (usage, labels) = (call.lab.image_usage(), filters.labels());
    let fits = |image: &&Arc<Image>| {
        let is_dangling = usage.names_of(&image.id).is_empty() && !usage.has_children(&image.id);
        let is_named = !usage.names_of(&image.id).is_empty();
        dangling.is_none_or(|wanted| if wanted { is_dangling } else { is_named })
            && bounds
                .iter()
                .all(|(before, at)| if *before { image.created < *at } else { image.created > *at })
            && labels_match(&image.config.labels, &labels)
    };
    Ok(Ok(Some(call.lab.images.images().filter(fits).map(|image| image.id).collect())))
}

fn history(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let word = call.operand("the image")?.clone();
    let found = call.lab.image(&word.text);
    let image = call.about(&word, found)?;
    if call.given.is_set("graph") || call.given.is_set("steps") {
        return Ok(steps(call, &word.text, &image));
    }
    let options = inspect::HistoryOptions {
        no_trunc: call.given.is_set("no-trunc"),
        human: call.given.text("human") != Some("false"),
        quiet: call.given.is_set("quiet"),
        format: call.given.text("format").map(str::to_owned),
    };
    let rows = inspect::history_rows(&call.lab.images, &image, &options);
    Ok(Answer { rows, ..from(inspect::history(&call.lab.images, &image, &options)) })
}

/// What the lab knows beyond Docker's columns: which step made an entry, and what the cache said.
fn steps(call: &Call<'_, '_>, name: &str, image: &Arc<Image>) -> Answer {
    let steps = inspect::history_steps(&call.lab.images, &call.lab.builds, image);
    let picture = if call.given.is_set("graph") {
        Event::Bars(inspect::bars(name, &steps, &inspect::layers::Layers::of(image, 0)))
    } else {
        Event::Table {
            title: match steps.iter().all(|step| step.number.is_none()) {
                true => format!("{name} was not built here: no steps, no verdicts"),
                false => String::new(),
            },
            head: inspect::STEP_HEADS.map(str::to_owned).to_vec(),
            rows: inspect::step_rows(&steps),
        }
    };
    // `explain` asks the last build.
    let last = call.lab.last_build().is_some_and(|build| build.result.as_ref().ok() == Some(&image.id));
    let missed = steps.iter().rev().find(|step| last && step.verdict == "MISS");
    let known = missed.and_then(|step| step.number);
    Answer {
        out: inspect::steps_table(&steps),
        rows: inspect::step_values(&steps),
        next: known.map(|number| format!("explain {number}")),
        ..Answer::default()
    }
    .drawn(picture)
}

fn inspect(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("the name of an image or container")?.to_vec();
    let mut things = Vec::new();
    for word in &words {
        if let Ok(container) = call.lab.container(&word.text) {
            things.push(inspect::container_value(container));
        } else if let (None, Some(volume)) =
            (call.lab.images.get(&word.text), call.lab.volumes.get(&word.text))
        {
            things.push(inspect::volume_value(volume));
        } else {
            let found = call.lab.image(&word.text);
            let image = call.about(word, found)?;
            things.push(inspect::image_value(&call.lab.images, &image));
        }
    }
    Ok(from(inspect::inspect(&things, call.given.text("format"))))
}

pub(super) fn from(printed: inspect::Printed) -> Answer {
    Answer { out: printed.out, err: printed.err, exit: printed.exit, ..Answer::default() }
}
