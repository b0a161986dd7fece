//! `docker push` and `docker pull`.

use super::registry::{daemon, failed};
use super::{Answer, Call};
use crate::command::words::Word;
use crate::dockerfile::Difference;
use crate::error::Error;
use crate::image::reference::{HUB, Reference};
use crate::image::registry::{self, Blob, BlobKind, Manifest, Platform, Pulled};
use crate::image::{Image, catalog};
use crate::trace::{Event, LayerFate, Transfer, TransferLayer};
use serde_json::json;
use std::sync::Arc;

/// A name on the command line.
pub(super) fn named(call: &Call<'_, '_>) -> Result<Result<(Word, Reference), Answer>, Error> {
    let word = call.operand("the name")?.clone();
    Ok(match Reference::parse(&word.text) {
        Ok(reference) => Ok((word, reference)),
        Err(words) => {
            let lower = word.text.to_lowercase();
            let next =
                Reference::parse(&lower).ok().map(|_| format!("docker {} {lower}", call.subcommand.name));
            Err(Answer { next, ..failed(words) })
        }
    })
}

/// The tag, and what Docker says when it takes `latest` by itself.
pub(super) fn or_latest(reference: &mut Reference, all: bool) -> &'static str {
    if all || reference.tag.is_some() || reference.digest.is_some() {
        return "";
    }
    reference.tag = Some("latest".to_owned());
    "Using default tag: latest\n"
}

pub(super) fn push(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let (word, mut name) = match named(call)? {
        Ok(named) => named,
        Err(refused) => return Ok(refused),
    };
    let (all, quiet) = (call.given.is_set("all-tags"), call.given.is_set("quiet"));
    if all && name.tag.is_some() {
        return Ok(failed("tag can't be used with --all-tags/-a"));
    }
    if name.digest.is_some() {
        return Ok(failed("cannot push a digest reference"));
    }
    let mut out = or_latest(&mut name, all).to_owned();
    out.push_str(&format!("The push refers to repository [{}]\n", name.repository()));
    let images = match images(call, &name, all) {
        Ok(images) => images,
        Err(words) => return Ok(Answer { out, ..failed(words) }),
    };
    if let Some(refused) = denied(call, &name) {
        return Ok(Answer { out, ..refused });
    }
    call.t.fuel.running("docker push");
    call.lab.note_built_in();
    let (repository, mut after, mut rows) = (name.repository(), Vec::new(), Vec::new());
    for (tag, image) in images {
        let lab = &mut *call.lab;
        let asks = lab.version.has(Difference::AskedByDigest);
        let to = registry::Target { repository: &repository, tag: &tag, asks };
        let registry = Arc::make_mut(&mut lab.registry);
        let pushed = registry::push(registry, to, &image, &mut lab.origins, &mut call.t.fuel);
        let (manifest, layers) = pushed.map_err(|error| error.at(call.origin.of(&word)))?;
        lab.images.note_digest(&name.familiar(), manifest.digest, image.id);
        for (blob, fate) in layers.iter().rev() {
            let said = match fate {
                LayerFate::There => "Layer already exists".to_owned(),
                LayerFate::Mounted { from } => format!("Mounted from {from}"),
                _ => "Pushed".to_owned(),
            };
            out.push_str(&format!("{}: {said}\n", blob.diff_id.short(12)));
        }
        out.push_str(&format!("{tag}: digest: {} size: {}\n", manifest.digest, manifest.size()));
        let shown = Reference { tag: Some(tag), ..name.clone() }.shown();
        let told = transfer("push", &shown, Some(&manifest), &layers, &image, manifest.size());
        rows.push(json!({ "name": shown, "digest": manifest.digest.to_string(), "sent": told.sent, "saved": told.saved }));
        after.push(Event::Transferred(told));
    }
    if quiet {
        out = format!("{}\n", whole(&name));
    }
    Ok(Answer { rows, ..Answer::printed(out) }.telling(summed(after)))
}

/// The images that a push is about: one tag, or all of the repository.
fn images(call: &Call<'_, '_>, name: &Reference, all: bool) -> Result<Vec<(String, Arc<Image>)>, String> {
    let store = &call.lab.images;
    let absent = || format!("An image does not exist locally with the tag: {}", name.familiar());
    let before = format!("{}:", name.familiar());
    if !all {
        let tag = name.tag.clone().unwrap_or_default();
        let found = store.named(&name.shown()).map(|image| vec![(tag, image)]);
        let is_own = |full: &str| full.strip_prefix(&before).is_some_and(|tag| !tag.contains('/'));
        let digested = format!("{}@", name.familiar());
        let known = store.names().any(|(full, _)| is_own(full))
            || store.digests().any(|(full, _)| full.starts_with(&digested));
        return found.ok_or_else(|| match known {
            true => format!("tag does not exist: {}", name.shown()),
            false => absent(),
        });
    }
    let tags = store.names().filter_map(|(full, id)| {
        let tag = full.strip_prefix(&before).filter(|tag| !tag.contains('/'))?;
        Some((tag.to_owned(), store.by_id(id)?))
    });
    let mut tags: Vec<_> = tags.collect();
    tags.sort_by(|(a, _), (b, _)| a.cmp(b));
    if tags.is_empty() { Err(absent()) } else { Ok(tags) }
}

/// Docker Hub takes images only below the name of who is logged in; other registries take all.
pub(super) fn denied(call: &Call<'_, '_>, name: &Reference) -> Option<Answer> {
    if name.domain != HUB {
        return None;
    }
    let user = call.lab.logins.get(HUB);
    if user
        .is_some_and(|user| name.path.strip_prefix(user.as_str()).is_some_and(|rest| rest.starts_with('/')))
    {
        return None;
    }
    let short = name.path.rsplit('/').next().unwrap_or_default();
    let next = match user {
        Some(user) => format!("docker tag {} {user}/{short}", name.shown()),
        None => "docker login -u NAME -p …, or a registry of your own: docker tag IMAGE localhost:5000/NAME"
            .to_owned(),
    };
    Some(Answer { next: Some(next), ..failed("denied: requested access to the resource is denied") })
}

/// The name with everything in it, as `-q` and the last line of a pull show it.
pub(super) fn whole(name: &Reference) -> String {
    let mut text = name.repository();
    if let Some(tag) = &name.tag {
        text.push_str(&format!(":{tag}"));
    }
    if let Some(digest) = &name.digest {
        text.push_str(&format!("@{digest}"));
    }
    text
}

pub(super) fn pull(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let (_, mut name) = match named(call)? {
        Ok(named) => named,
        Err(refused) => return Ok(refused),
    };
    let (all, quiet) = (call.given.is_set("all-tags"), call.given.is_set("quiet"));
    if all && (name.tag.is_some() || name.digest.is_some()) {
        return Ok(failed("tag can't be used with --all-tags/-a"));
    }
    let platform = match call.given.text("platform").map(Platform::parse) {
        Some(Err(words)) => return Ok(daemon(&words)),
        Some(Ok(platform)) => Some(platform),
        None => None,
    };
    let mut out = or_latest(&mut name, all).to_owned();
    let mut tags: Vec<Reference> = vec![name.clone()];
    if all {
        let mut known: Vec<String> = call.lab.registry.tags(&name).collect();
        known.sort();
        known.dedup();
        tags = known.into_iter().map(|tag| Reference { tag: Some(tag), ..name.clone() }).collect();
    }
    if tags.is_empty() {
        let absent = call.lab.registry.find(&name).err();
        return Ok(absent.map_or_else(Answer::default, |absent| daemon(&absent.words())));
    }
    let (mut after, mut newer, mut rows) = (Vec::new(), false, Vec::new());
    for one in &tags {
        // Beside a digest the tag says nothing.
        let one = match one.digest {
            Some(_) => &Reference { tag: None, ..one.clone() },
            None => one,
        };
        let before = call.lab.images.named(&one.shown()).map(|image| image.id);
        let pulled = match call.lab.pull(one, &platform.clone().unwrap_or_default()) {
            Ok(pulled) => pulled,
            Err(absent) => {
                let after = vec![hint(call, one)];
                return Ok(Answer { out, ..daemon(&absent.words()) }.telling(after));
            }
        };
        newer |= before != Some(pulled.image.id);
        told_pull(&mut out, one, &pulled);
        let shown = one.shown();
        let manifest = (!pulled.cut).then_some(&*pulled.asked);
        let told = transfer("pull", &shown, manifest, &pulled.layers, &pulled.image, pulled.beside);
        rows.push(json!({ "name": shown, "digest": pulled.asked.digest.to_string(), "sent": told.sent, "saved": told.saved }));
        if !pulled.layers.is_empty() {
            after.push(Event::Transferred(told));
        }
        if pulled.cut {
            let next = Some(format!("docker pull {shown}"));
            return Ok(Answer { out, rows, next, ..failed("unexpected EOF") }.telling(after));
        }
        let is = Platform::of(&pulled.image);
        if let Some(wanted) = platform.as_ref().filter(|wanted| **wanted != is) {
            out.push_str(&format!("WARNING: image with reference {} was found but its platform ({is}) does not match the specified platform ({wanted})\n", one.shown()));
        }
    }
    let shown = if all {
        name.familiar()
    } else {
        Reference { tag: name.tag.clone().filter(|_| name.digest.is_none()), ..name.clone() }.shown()
    };
    let status = if newer { "Downloaded newer image" } else { "Image is up to date" };
    out.push_str(&format!("Status: {status} for {shown}\n{}\n", whole(&name)));
    if quiet {
        out = format!("{}\n", whole(&name));
    }
    Ok(Answer { rows, ..Answer::printed(out) }.telling(summed(after)))
}

/// Docker's lines about one image that was pulled, without its progress.
fn told_pull(out: &mut String, name: &Reference, pulled: &Pulled) {
    let what = match (&name.digest, &name.tag) {
        (Some(_), _) => name.shown(),
        (None, tag) => tag.clone().unwrap_or_default(),
    };
    out.push_str(&format!("{what}: Pulling from {}\n", name.path));
    for (blob, fate) in &pulled.layers {
        let said = match fate {
            LayerFate::There => "Already exists",
            LayerFate::Resumed { had } if *had >= blob.size => "Already exists",
            LayerFate::Cut { .. } => "Downloading",
            LayerFate::Waiting => "Waiting",
            _ if pulled.cut => "Download complete",
            _ => "Pull complete",
        };
        out.push_str(&format!("{}: {said}\n", blob.digest.short(12)));
    }
    if !pulled.cut {
        out.push_str(&format!("Digest: {}\n", pulled.asked.digest));
    }
}

/// What was meant by a name that nobody has.
pub(super) fn hint(call: &Call<'_, '_>, name: &Reference) -> Event {
    let near = if name.domain == HUB { catalog::suggest(&name.shown()) } else { Vec::new() };
    let pushed: Vec<String> = call.lab.registry.tags(name).collect();
    let text = match (near.as_slice(), pushed.is_empty()) {
        ([], false) => format!("{} has the tags {}", name.familiar(), pushed.join(", ")),
        ([], true) => match call.lab.registry.repositories().next() {
            Some(_) if name.domain != HUB => {
                let known: Vec<&str> = call.lab.registry.repositories().map(|(name, _)| name).collect();
                format!("what was pushed: {}", known.join(", "))
            }
            _ => "help bases lists what Docker Hub has here".to_owned(),
        },
        (near, _) => format!("did you mean `{}`?", near.join("` or `")),
    };
    Event::Hint { text }
}

/// What travelled, as data.
pub(super) fn transfer(
    way: &str,
    name: &str,
    manifest: Option<&Manifest>,
    layers: &[(Blob, LayerFate)],
    image: &Image,
    beside: u64,
) -> Transfer {
    let label = |blob: &Blob| {
        let layer = image.layers.iter().find(|layer| layer.diff_id == blob.diff_id);
        layer.map_or_else(String::new, |layer| layer.label.to_string())
    };
    let told = layers.iter().map(|(blob, fate)| TransferLayer {
        digest: blob.digest.to_string(),
        label: label(blob),
        bytes: blob.size,
        described: blob.kind == BlobKind::Described,
        fate: fate.clone(),
    });
    let bytes = layers.iter().map(|(blob, fate)| fate.bytes(blob.size));
    let (sent, saved) =
        bytes.fold((0u64, 0u64), |sum, one| (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1)));
    Transfer {
        way: way.to_owned(),
        name: name.to_owned(),
        digest: manifest.map(|manifest| manifest.digest.to_string()),
        layers: told.collect(),
        sent,
        saved,
        beside,
    }
}

/// How many transfers of one command are told one by one.
const MOST_TOLD: usize = 20;

/// Many transfers as one: what they sent and saved together.
pub(super) fn summed(mut events: Vec<Event>) -> Vec<Event> {
    if events.len() <= MOST_TOLD {
        return events;
    }
    let mut sum: Option<Transfer> = None;
    for event in events.drain(..) {
        let Event::Transferred(one) = event else { continue };
        match &mut sum {
            None => sum = Some(Transfer { digest: None, ..one }),
            Some(sum) => {
                sum.sent = sum.sent.saturating_add(one.sent);
                sum.saved = sum.saved.saturating_add(one.saved);
                sum.beside = sum.beside.saturating_add(one.beside);
                sum.layers.extend(one.layers);
            }
        }
    }
    sum.map(Event::Transferred).into_iter().collect()
}
