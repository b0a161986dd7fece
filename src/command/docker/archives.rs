//! Commands that read and write real files: `save`, `load`, `export`, `import`.

use super::{Answer, Call, Subcommand};
use crate::command::options::{switch, valued};
use crate::command::words::Word;
use crate::error::{Error, ErrorKind};
use crate::fs::Tree;
use crate::image::archive::{self, Form, Options, Place};
use crate::image::{Config, History, Image, reference};
use crate::trace::{Event, SavedImage};
use crate::union::StorageDriver;
use std::sync::Arc;

pub(super) const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        name: "save",
        usage: "-o FILE|oci:DIR[:TAG] IMAGE…",
        about: "Write images to a file or folder that Docker, skopeo and umoci read",
        flags: &[
            valued(
                "output",
                Some('o'),
                "FILE",
                "a tar, docker-archive and OCI layout at once; oci:DIR[:TAG]: an OCI layout's folder",
            ),
            valued("platform", None, "OS/ARCH", "accepted"),
        ],
        stop_at_operand: false,
        run: save,
    },
    Subcommand {
        name: "load",
        usage: "-i FILE|oci:DIR[:TAG]",
        about: "Read the images of an archive that docker save wrote",
        flags: &[
            valued("input", Some('i'), "FILE", "docker save's archive, an OCI layout's tar or folder"),
            switch("quiet", Some('q'), "accepted"),
            valued("limit", None, "BYTES", "unpack at most this much (the lab's own)"),
        ],
        stop_at_operand: false,
        run: load,
    },
    Subcommand {
        name: "export",
        usage: "-o FILE CONTAINER",
        about: "Write what a container sees to a tar: one tree, no layers",
        flags: &[valued("output", Some('o'), "FILE", "the tar")],
        stop_at_operand: false,
        run: export,
    },
    Subcommand {
        name: "import",
        usage: "[FLAGS] FILE [NAME]",
        about: "Make an image of a tar of files: one layer",
        flags: &[
            valued("change", Some('c'), "LINE", "apply an instruction, such as CMD [\"sh\"]"),
            valued("message", Some('m'), "TEXT", "comment in the history"),
            valued("platform", None, "OS/ARCH", "accepted"),
            valued("limit", None, "BYTES", "unpack at most this much (the lab's own)"),
        ],
        stop_at_operand: false,
        run: import,
    },
];

/// What to type when an archive is larger than the limit.
const RAISE: &str = "--limit BYTES, behind docker load or docker import, raises the limit";

impl Call<'_, '_> {
    /// How this line reads archives.
    fn reading(&self) -> Result<Options, Error> {
        let limit = match self.given.last("limit") {
            Some(word) => word.text.parse().map_err(|_| {
                Error::new(ErrorKind::Usage, format!("`{}` is no number of bytes", word.text))
                    .at(self.origin.of(word))
                    .hint("--limit 2000000000")
            })?,
            None => crate::command::MOST_ARCHIVE,
        };
        Ok(Options { raise: RAISE, spool: self.outside.host.spool(), ..Options::new(limit) })
    }

    /// Docker's refusal to write to a terminal; there is no standard output here.
    fn output(&self) -> Result<Word, Answer> {
        self.given.last("output").cloned().ok_or_else(|| Answer {
            err: "cowardly refusing to save to a terminal. Use the -o flag or redirect\n".to_owned(),
            exit: 1,
            next: Some(format!("docker {} -o FILE.tar …", self.subcommand.name)),
            ..Answer::default()
        })
    }
}

/// `docker save` (moby `image/tarexport/save.go`).
fn save(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("the image")?.to_vec();
    let file = match call.output() {
        Ok(file) => file,
        Err(answer) => return Ok(answer),
    };
    let mut chosen: Vec<(Arc<Image>, Vec<String>)> = Vec::new();
    for word in &words {
        for (image, name) in named(call, word)? {
            // Docker refuses it in these words.
            if image.layers.is_empty() {
                let err = "Error response from daemon: empty export - not implemented\n".to_owned();
                return Ok(Answer { err, exit: 1, ..Answer::default() });
            }
            match chosen.iter_mut().find(|(known, _)| known.id == image.id) {
                Some((_, names)) => names.extend(name.filter(|name| !names.contains(name))),
                None => chosen.push((image, name.into_iter().collect())),
            }
        }
    }
    let place = Place::of(&file.text);
    if place.tag.is_some() || place.form == Form::OciFolder {
        tagged(call, &file, &mut chosen)?;
    }
    let archive = archive::archive(&chosen, &mut call.t.fuel);
    let archive = call.about(&words[0], archive)?;
    let mut bytes = 0;
    let target = Word { text: place.path.to_owned(), ..file.clone() };
    let written = match place.form {
        Form::OciFolder => call.outside.write_folder(&target, call.origin, &archive::LAYOUT, &mut |out| {
            bytes = archive.write_folder(out)?;
            Ok(())
        }),
        _ => call.outside.write_with(&target, call.origin, &mut |out| {
            let mut counted = Counted { out, bytes: 0 };
            archive.write(&mut counted)?;
            bytes = counted.bytes;
            Ok(())
        }),
    }?;
    let images = archive.images.iter().zip(&chosen).map(|(saved, (image, _))| SavedImage {
        names: saved.names.clone(),
        id: saved.id.to_string(),
        lab_id: image.id.to_string(),
        layers: saved.diff_ids.iter().map(ToString::to_string).collect(),
    });
    let images = images.collect();
    call.t.emit(|| Event::Saved { file: file.text.clone(), bytes, images });
    not_written(call, &file, written);
    Ok(Answer { shown: true, ..Answer::default() })
}

/// Gives the image that is saved the tag behind `oci:DIR:`. A folder that holds other images stays as it is:
/// it would lose them.
fn tagged(
    call: &mut Call<'_, '_>,
    file: &Word,
    chosen: &mut [(Arc<Image>, Vec<String>)],
) -> Result<(), Error> {
    let place = Place::of(&file.text);
    let refused = |message: String| Error::new(ErrorKind::Usage, message).at(call.origin.of(file));
    if let Some(tag) = place.tag {
        let [(_, names)] = chosen else {
            let hint = format!("leave `:{tag}` away: each keeps its own");
            return Err(refused("there are several images, and one tag".to_owned()).hint(hint));
        };
        let Some((repository, _)) = names.first().and_then(|name| name.rsplit_once(':')) else {
            let hint = format!("docker tag … app:{tag}, and save app:{tag}");
            return Err(refused("an image without a name can't have a tag".to_owned()).hint(hint));
        };
        let name = reference::normalise(&format!("{repository}:{tag}"));
        *names = vec![name.map_err(|why| refused(format!("`{tag}` is no tag: {why}")))?];
    }
    if place.form == Form::OciFolder {
        if place.path.is_empty() {
            return Err(refused("`oci:` names no folder".to_owned()).hint("docker save -o oci:DIR …"));
        }
        let index = Word { text: format!("{}/index.json", place.path.trim_end_matches('/')), ..file.clone() };
        let there = call.outside.read(&index, call.origin).unwrap_or_default();
        let new = |tag: &String| {
            let names = chosen.iter().flat_map(|(_, names)| names);
            names.filter_map(|name| name.rsplit_once(':')).any(|(_, given)| given == tag)
                || tag.is_empty() && chosen.iter().any(|(_, names)| names.is_empty())
        };
        if let Some(other) = archive::tags_in(&there).iter().find(|tag| !new(tag)) {
            let named = match other.as_str() {
                "" => "one without a name".to_owned(),
                tag => format!("`{}`", tag.escape_debug()),
            };
            let message = format!("`{}` holds another image, {named}", place.path);
            return Err(refused(message).hint("save all of them at once, or name another folder"));
        }
    }
    Ok(())
}

fn not_written(call: &mut Call<'_, '_>, file: &Word, written: bool) {
    if !written {
        let text = format!("{} was not written: a scenario writes no files", file.text);
        call.t.emit(|| Event::Text { text });
    }
}

struct Counted<'o> {
    out: &'o mut dyn std::io::Write,
    bytes: u64,
}

impl std::io::Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.out.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// An image, and the name it is saved under.
type Named = (Arc<Image>, Option<String>);

/// An image with the name it is saved under: none for an id, all of its tags for a name without one.
fn named(call: &mut Call<'_, '_>, word: &Word) -> Result<Vec<Named>, Error> {
    let images = &call.lab.images;
    let Ok(whole) = crate::image::reference::normalise(&word.text) else {
        let found = call.lab.image(&word.text);
        return Ok(vec![(call.about(word, found)?, None)]);
    };
    let has_tag = word.text.rsplit('/').next().unwrap_or_default().contains([':', '@']);
    let repository = format!("{}:", whole.rsplit_once(':').map_or("", |(repository, _)| repository));
    if !has_tag {
        let tagged = images
            .names()
            .filter(|(name, _)| name.strip_prefix(&repository).is_some_and(|tag| !tag.contains(['/', ':'])));
        let tagged = tagged.filter_map(|(name, id)| Some((images.by_id(id)?, Some(name.to_owned()))));
        let tagged: Vec<_> = tagged.collect();
        if !tagged.is_empty() {
            return Ok(tagged);
        }
    }
    let by_name = images.named(&word.text).is_some();
    let found = call.lab.image(&word.text);
    let image = call.about(word, found)?;
    let name = (by_name || call.lab.images.named(&word.text).is_some()).then_some(whole);
    Ok(vec![(image, name)])
}

/// `docker load`: a known name goes over to the new image (moby `image/tarexport/load.go`).
fn load(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let Some(word) = call.given.last("input").cloned() else {
        return Err(call.usage("the archive is missing: there is no standard input here"));
    };
    let options = call.reading()?;
    let read = call.outside.images(&word, &options, call.origin, &mut call.t.fuel);
    let (mut out, mut err, mut next) = (String::new(), String::new(), None);
    for loaded in call.about(&word, read)? {
        let id = call.lab.images.share(loaded.image.clone());
        for name in &loaded.names {
            if let Some(old) = call.lab.images.named(name).filter(|old| old.id != id) {
                let old = old.id;
                out.push_str(&format!(
                    "The image {name} already exists, renaming the old one with ID {old} to empty string\n"
                ));
            }
            call.lab.images.tag(name, id);
            out.push_str(&format!("Loaded image: {name}\n"));
        }
        if loaded.names.is_empty() {
            out.push_str(&format!("Loaded image ID: {id}\n"));
        }
        loaded.notes.iter().for_each(|note| err.push_str(&format!("{note}\n")));
        next = Some(format!("dive {}", loaded.names.first().cloned().unwrap_or_else(|| id.short(12))));
    }
    Ok(Answer { out, err, next, ..Answer::default() })
}

/// `docker export`: the merged view with what every container is given (moby `daemon/export.go`,
/// `daemon/initlayer/setup_unix.go`); what lies in volumes is not in it.
fn export(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let word = call.operand("the container")?.clone();
    let file = match call.output() {
        Ok(file) => file,
        Err(answer) => return Ok(answer),
    };
    let found = call.lab.container(&word.text).map(|container| container.clone());
    let container = call.about(&word, found)?;
    let mounted = |errno| Error::new(ErrorKind::Usage, format!("the layers can't be mounted: {errno}"));
    let changed = container.changed();
    let upper = Tree::from_layer(&changed);
    let mount = StorageDriver::Overlay2.mount(container.image.lowers(), upper, call.t);
    let mut mount = mount.map_err(mounted)?;
    let mut tree = call.t.quietly(|t| mount.flat(t)).map_err(mounted)?;
    crate::image::add_init_layer(&mut tree, &changed);
    let (layer, mut bytes) = (tree.seal(), 0);
    let interrupt = call.t.fuel.interrupt();
    let written = call.outside.write_with(&file, call.origin, &mut |out| {
        let mut counted = Counted { out, bytes: 0 };
        archive::write_layer(&layer, interrupt.as_ref(), &mut counted)?;
        bytes = counted.bytes;
        Ok(())
    })?;
    call.t.emit(|| Event::Saved { file: file.text.clone(), bytes, images: Vec::new() });
    not_written(call, &file, written);
    Ok(Answer { shown: true, ..Answer::default() })
}

/// `docker import` (moby `daemon/images/image_import.go`).
fn import(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("the tar")?.to_vec();
    if let Some(extra) = words.get(2) {
        return Err(call.usage("there is one word too many").at(call.origin.of(extra)));
    }
    let file = &words[0];
    if file.text == "-" {
        return Err(call.usage("there is no standard input here: name a file"));
    }
    let mut config = Config::default();
    for change in call.given.all("change").cloned().collect::<Vec<_>>() {
        let changed = crate::build::configure(&mut config, &[&change.text], call.lab.version);
        call.about(&change, changed)?;
    }
    let options = call.reading()?;
    let stored = call.outside.open(file, options.limit, call.origin)?;
    let read = archive::import(&stored, &options, &format!("import {}", file.text), &mut call.t.fuel);
    let (layer, notes) = call.about(file, read)?;
    let message = call.given.text("message").unwrap_or("Imported from -");
    let created = crate::fs::EPOCH;
    let entry = History { created, comment: message.to_owned(), ..History::default() };
    let history = [entry].into_iter().collect();
    let image = Image { config, layers: vec![layer], history, ..Image::default() };
    let id = call.lab.images.insert(image);
    call.name_image(id, words.get(1))?;
    let err = notes.iter().map(|note| format!("{note}\n")).collect();
    Ok(Answer { out: format!("{id}\n"), err, ..Answer::default() })
}
