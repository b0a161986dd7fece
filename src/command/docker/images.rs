//! Commands about images: `images`, `history`, `inspect`, `tag`, `rmi`, `pull`.

use super::{Answer, Call, Subcommand};
use crate::command::options::{switch, valued};
use crate::error::{Error, ErrorKind};
use crate::image::{Container, Image, Volume};
use crate::inspect;
use crate::trace::Event;
use std::sync::Arc;

pub(super) const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        name: "images",
        usage: "[NAME]",
        about: "List the images that are here",
        flags: &[
            switch("quiet", Some('q'), "ids only"),
            switch("no-trunc", None, "whole ids"),
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
        name: "system df",
        usage: "[-v]",
        about: "Bytes of images, each layer once; -v: what images share",
        flags: &[
            switch("verbose", Some('v'), "every image with its shared and unique bytes"),
            valued("format", None, "TEMPLATE", "print by a template"),
        ],
        stop_at_operand: false,
        run: system_df,
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
    Subcommand {
        name: "tag",
        usage: "IMAGE NAME",
        about: "Give an image one more name",
        flags: &[],
        stop_at_operand: false,
        run: tag,
    },
    Subcommand {
        name: "rmi",
        usage: "IMAGE…",
        about: "Take a name away; the image goes with its last name",
        flags: &[
            switch("force", Some('f'), "also when a container uses it"),
            switch("no-prune", None, "accepted"),
        ],
        stop_at_operand: false,
        run: rmi,
    },
    Subcommand {
        name: "pull",
        usage: "IMAGE",
        about: "Bring a built-in image here (a build or run does it by itself)",
        flags: &[
            switch("quiet", Some('q'), "print nothing but the name"),
            valued("platform", None, "OS/ARCH", "accepted"),
        ],
        stop_at_operand: false,
        run: pull,
    },
];

fn images(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let only = call.given.operands.first().map(|word| word.text.clone());
    let options = inspect::ListOptions {
        quiet: call.given.is_set("quiet"),
        no_trunc: call.given.is_set("no-trunc"),
        shared: call.given.is_set("shared"),
        format: call.given.text("format").map(str::to_owned),
    };
    let empty = only.is_none() && !options.quiet && options.format.is_none();
    let next = (empty && call.lab.images.names().next().is_none()).then(|| {
        "docker pull alpine:3.19   brings a built-in image; a run or a build does so too".to_owned()
    });
    Ok(Answer { next, ..from(inspect::image_list(&call.lab.images, only.as_deref(), &options)) })
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
        picture: Some(Box::new(picture)),
        next: known.map(|number| format!("explain {number}")),
        ..Answer::default()
    }
}

fn system_df(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    if !call.given.operands.is_empty() {
        return Err(call.usage("it takes no name"));
    }
    let containers: Vec<&Container> = call.lab.containers.values().collect();
    let volumes: Vec<&Volume> = call.lab.volumes.values().collect();
    Ok(from(match call.given.is_set("verbose") && call.given.text("format").is_none() {
        true => inspect::system_df_verbose(&call.lab.images, &containers, &volumes),
        false => inspect::system_df(&call.lab.images, &containers, &volumes, call.given.text("format")),
    }))
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

fn tag(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let [image, name] = call.given.operands.as_slice() else {
        return Err(call.usage("two names are needed"));
    };
    let (image, name) = (image.clone(), name.clone());
    let found = call.lab.image(&image.text);
    let image = call.about(&image, found)?;
    if !call.lab.images.tag(&name.text, image.id) {
        return Err(Error::new(ErrorKind::Usage, format!("`{}` can't name an image", name.text))
            .at(call.origin.of(&name))
            .hint("names are lower case: name or name:tag"));
    }
    Ok(Answer::default())
}

fn rmi(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("the image")?.to_vec();
    let mut out = String::new();
    for word in &words {
        let Some(image) = call.lab.images.get(&word.text) else {
            let known: Vec<String> = call.lab.images.names().map(|(name, _)| name.to_owned()).collect();
            return Err(Error::new(ErrorKind::Unknown, format!("there is no image `{}` here", word.text))
                .at(call.origin.of(word))
                .did_you_mean(&word.text, known.iter().map(String::as_str)));
        };
        if let Some(user) = call.lab.containers.values().find(|c| c.image.id == image.id)
            && !call.given.is_set("force")
        {
            return Ok(Answer {
                out,
                err: format!(
                    "Error response from daemon: conflict: unable to remove repository reference \"{}\" (must force) - container {} is using its referenced image {}\n",
                    word.text,
                    user.name,
                    image.id.short(12)
                ),
                exit: 1,
                next: Some(format!("docker rm -f {}", user.name)),
                ..Answer::default()
            });
        }
        if call.lab.images.untag(&word.text).is_some() {
            out.push_str(&format!("Untagged: {}\n", word.text));
        }
        if call.lab.images.names_of(&image.id).is_empty() && !call.lab.images.has_children(&image.id) {
            call.lab.images.remove(&image.id);
            out.push_str(&format!("Deleted: {}\n", image.id));
        }
    }
    Ok(Answer::printed(out))
}

fn pull(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let word = call.operand("the image")?.clone();
    let found = call.lab.image(&word.text);
    let image = call.about(&word, found)?;
    Ok(Answer::printed(format!(
        "{}: {} layers, {} bytes, id {}\n",
        word.text,
        image.layers.len(),
        image.size(),
        image.id.short(12)
    )))
}

pub(super) fn from(printed: inspect::Printed) -> Answer {
    Answer { out: printed.out, err: printed.err, exit: printed.exit, ..Answer::default() }
}
