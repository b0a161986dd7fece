//! Removing images: what `docker rmi` and `docker image prune` take, refuse and leave (moby
//! `daemon/images/image_delete.go`, `image_prune.go`).

use super::usage::{Usage, User};
use super::{Image, ImageLayer, Store, reference};
use crate::fs::{ByDigest, Digest};
use crate::trace::StayingImage;
use indexmap::IndexMap;
use std::collections::HashSet;
use std::sync::Arc;

/// One line of what a removal did, in the order Docker tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// A name went.
    Untagged(String),
    /// An image went.
    Deleted(Digest),
    /// A layer went that only it had: its chain id.
    Layer(Digest),
}

/// Why an image can't be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Docker's words, without "Error response from daemon: ".
    pub message: String,
    /// There is no such image, so `-f` makes no error of it.
    pub unknown: bool,
    /// What to type, if something helps.
    pub next: Option<String>,
}

/// Which images `docker image prune` takes.
#[derive(Clone, Debug, Default)]
pub struct PruneImages {
    /// All that no container uses, not only those without a name.
    pub all: bool,
    /// Not later than this, Unix seconds.
    pub until: Option<i64>,
    /// Labels that an image must have (`true`) or must not all have (`false`): name, or name and value.
    pub labels: Vec<(bool, String, Option<String>)>,
}

/// Hard conflicts can't be forced, soft ones can.
const CHILD: u8 = 1;
const RUNNING: u8 = 2;
const NAMED: u8 = 4;
const STOPPED: u8 = 8;
const HARD: u8 = CHILD | RUNNING;
const SOFT: u8 = NAMED | STOPPED;

/// A removal under way. The store changes when it ends ([`Remover::finish`]).
#[derive(Debug)]
pub struct Remover<'a> {
    images: &'a Store,
    usage: &'a mut Usage,
    untagged: HashSet<String>,
    deleted: HashSet<Digest, ByDigest>,
    done: Done,
}

/// What a removal came to, besides Docker's lines.
#[derive(Debug, Default)]
pub struct Done {
    /// The names that went.
    pub untagged: HashSet<String>,
    /// The images that went.
    pub deleted: HashSet<Digest, ByDigest>,
    /// Layers that nobody uses any more, topmost first.
    pub freed: IndexMap<Digest, ImageLayer, ByDigest>,
    /// Layers of removed images that somebody else uses, topmost first.
    pub kept: IndexMap<Digest, ImageLayer, ByDigest>,
    /// Images that lost a name, or were to go, and stay.
    pub staying: IndexMap<Digest, StayingImage>,
}

impl Done {
    /// Adds what a later removal came to.
    pub fn add(&mut self, later: Done) {
        self.untagged.extend(later.untagged);
        self.deleted.extend(later.deleted);
        self.freed.extend(later.freed);
        self.kept.extend(later.kept);
        self.kept.retain(|chain, _| !self.freed.contains_key(chain));
        self.staying.extend(later.staying);
        self.staying.retain(|id, _| !self.deleted.contains(id));
    }
}

impl<'a> Remover<'a> {
    /// A removal in this store.
    pub fn new(images: &'a Store, usage: &'a mut Usage) -> Remover<'a> {
        Remover {
            images,
            usage,
            untagged: HashSet::new(),
            deleted: HashSet::default(),
            done: Done::default(),
        }
    }

    /// `docker rmi NAME`: a name, or an id or its beginning. Without `prune` (`--no-prune`) the images
    /// that it was built on stay.
    ///
    /// # Errors
    /// There is no such image, or it is in use: nothing changed.
    pub fn remove(&mut self, name: &str, force: bool, prune: bool) -> Result<Vec<Removed>, Refused> {
        let image = self.images.get(name).ok_or_else(|| unknown(name))?;
        let mut records = Vec::new();
        let id = image.id.to_string();
        if id.starts_with(name) || id["sha256:".len()..].starts_with(name) {
            self.by_id(&image, force, prune, &mut records)?;
        } else {
            let whole = reference::normalise(name).map_err(|_| unknown(name))?;
            // Docker repeats the name as it was typed.
            let typed = |mut refused: Refused| {
                refused.message = refused.message.replacen(&format!("{whole:?}"), &format!("{name:?}"), 1);
                refused
            };
            self.by_name(&image, &whole, force, prune, &mut records).map_err(typed)?;
        }
        Ok(records)
    }

    /// `docker image prune`: newest first.
    pub fn prune(&mut self, order: &PruneImages) -> Vec<Removed> {
        let mut records = Vec::new();
        let wanted = |this: &Self, image: &Image| {
            let names = this.usage.names_of(&image.id);
            // Untagged parents go with the images that were built on them.
            let free = if order.all { !this.usage.is_step(&image.id) } else { names.is_empty() };
            free && (order.all || !this.usage.has_children(&image.id))
                && order.until.is_none_or(|until| image.created <= until)
                && has_labels(image, &order.labels)
        };
        // The choice is made before anything goes, as Docker makes it.
        let mut chosen: Vec<&Arc<Image>> = self.images.images().filter(|image| wanted(self, image)).collect();
        chosen.reverse();
        for image in chosen {
            if self.deleted.contains(&image.id) {
                continue;
            }
            let names: Vec<String> = self.all_names(&image.id).cloned().collect();
            // Docker passes over what is in use in silence.
            let mut refused = names.is_empty() && self.by_id(image, false, true, &mut records).is_err();
            for name in &names {
                refused |= self.by_name(image, name, false, true, &mut records).is_err();
            }
            if refused {
                let why = self.why_it_stays(image);
                self.stays(image, why);
            }
        }
        records
    }

    /// What happened, and what is to go from the store.
    pub fn finish(self) -> Done {
        let Remover { usage, mut done, untagged, deleted, .. } = self;
        done.kept.retain(|chain, _| usage.is_used(chain));
        done.staying.retain(|id, _| !deleted.contains(id));
        (done.untagged, done.deleted) = (untagged, deleted);
        done
    }

    fn by_name(
        &mut self,
        image: &Arc<Image>,
        name: &str,
        force: bool,
        prune: bool,
        records: &mut Vec<Removed>,
    ) -> Result<(), Refused> {
        let only = self.is_only(&image.id);
        if !force
            && only
            && let Some(user) = self.users(&image.id).first()
        {
            return Err(Refused {
                message: format!(
                    "conflict: unable to remove repository reference {name:?} (must force) - container {} is using its referenced image {}",
                    short(&user.id),
                    image.id.short(12)
                ),
                unknown: false,
                next: Some(rm(user)),
            });
        }
        self.untag(&image.id, name, records);
        // With its last tag of a repository go the digests that were pulled from there.
        let repository = repository_of(name);
        let same = |other: &String| repository_of(other) == repository;
        if !name.contains('@') && !self.usage.names_of(&image.id).iter().any(same) {
            let digests = self.usage.digests_of(&image.id).to_vec();
            digests
                .iter()
                .filter(|other| same(other))
                .for_each(|other| self.untag(&image.id, other, records));
        }
        let left: Vec<String> = self.all_names(&image.id).cloned().collect();
        if !left.is_empty() {
            let tags: Vec<&str> =
                left.iter().map(String::as_str).filter(|name| !name.contains('@')).collect();
            let why = match tags.as_slice() {
                [] => "the digest it was pulled by still names it".to_owned(),
                tags => format!("it is still called {}", tags.join(", ")),
            };
            self.stays(image, why);
            return Ok(());
        }
        self.delete(image, force, prune, true, records)
    }

    fn by_id(
        &mut self,
        image: &Arc<Image>,
        force: bool,
        prune: bool,
        records: &mut Vec<Removed>,
    ) -> Result<(), Refused> {
        if self.is_only(&image.id) {
            let mask = if force { HARD } else { HARD | SOFT & !NAMED };
            self.conflict(image, mask).map_or(Ok(()), Err)?;
            let names: Vec<String> = self.all_names(&image.id).cloned().collect();
            names.iter().for_each(|name| self.untag(&image.id, name, records));
        }
        self.delete(image, force, prune, false, records)
    }

    /// Deletes an image that nothing keeps, then the images it was built on.
    fn delete(
        &mut self,
        image: &Arc<Image>,
        force: bool,
        prune: bool,
        quiet: bool,
        records: &mut Vec<Removed>,
    ) -> Result<(), Refused> {
        let (mut image, mut mask) = (image.clone(), if force { HARD } else { HARD | SOFT });
        let mut quiet = quiet;
        loop {
            if let Some(conflict) = self.conflict(&image, mask) {
                if !quiet {
                    return Err(conflict);
                }
                let why = self.why_it_stays(&image);
                self.stays(&image, why);
                return Ok(());
            }
            let names: Vec<String> = self.all_names(&image.id).cloned().collect();
            names.iter().for_each(|name| self.untag(&image.id, name, records));
            records.push(Removed::Deleted(image.id));
            self.deleted.insert(image.id);
            let freed = self.usage.let_go(&image);
            records.extend(freed.iter().map(|(chain, _)| Removed::Layer(*chain)));
            self.done.freed.extend(freed.into_iter().map(|(chain, layer)| (chain, layer.clone())));
            for (chain, layer) in self.usage.chains_of(&image).iter().zip(&image.layers).rev() {
                if self.usage.is_used(chain) {
                    self.done.kept.entry(*chain).or_insert_with(|| layer.clone());
                }
            }
            let Some(parent) = image.parent else { return Ok(()) };
            if let Some(children) = self.usage.children.get_mut(&parent) {
                *children = children.saturating_sub(1);
            }
            let parent = self.images.by_id(&parent).filter(|parent| !self.deleted.contains(&parent.id));
            match parent {
                Some(parent) if prune => (image, mask, quiet) = (parent, HARD | SOFT, true),
                _ => return Ok(()),
            }
        }
    }

    fn untag(&mut self, id: &Digest, name: &str, records: &mut Vec<Removed>) {
        let lists = [self.usage.names.get_mut(id), self.usage.digests.get_mut(id)];
        lists.into_iter().flatten().for_each(|names| names.retain(|known| known != name));
        self.untagged.insert(name.to_owned());
        records.push(Removed::Untagged(name.to_owned()));
    }

    /// Tags, then digests.
    fn all_names(&self, id: &Digest) -> impl Iterator<Item = &String> {
        self.usage.names_of(id).iter().chain(self.usage.digests_of(id))
    }

    /// Has it one tag at most, and all its names in one repository (`isSingleReference`)?
    fn is_only(&self, id: &Digest) -> bool {
        let mut repositories = self.all_names(id).map(|name| repository_of(name));
        let Some(first) = repositories.next() else { return false };
        self.usage.names_of(id).len() <= 1 && repositories.all(|other| other == first)
    }

    fn users(&self, id: &Digest) -> &[User] {
        self.usage.containers.get(id).map_or(&[], Vec::as_slice)
    }

    fn conflict(&self, image: &Image, mask: u8) -> Option<Refused> {
        let refused = |hard: bool, words: String, next: Option<String>| {
            let force = if hard { "cannot be forced" } else { "must be forced" };
            let message = format!("conflict: unable to delete {} ({force}) - {words}", image.id.short(12));
            Some(Refused { message, unknown: false, next })
        };
        let users = self.users(&image.id);
        if mask & CHILD != 0 && self.usage.has_children(&image.id) {
            let next = Some("docker images -a".to_owned());
            return refused(true, "image has dependent child images".to_owned(), next);
        }
        if mask & RUNNING != 0
            && let Some(user) = users.iter().find(|user| user.running)
        {
            let words = format!("image is being used by running container {}", short(&user.id));
            return refused(true, words, Some(rm(user)));
        }
        let names: Vec<&str> = self.all_names(&image.id).map(String::as_str).collect();
        if mask & NAMED != 0 && !names.is_empty() {
            let next = Some(format!("docker rmi {}", names.join(" ")));
            return refused(false, "image is referenced in multiple repositories".to_owned(), next);
        }
        if mask & STOPPED != 0
            && let Some(user) = users.iter().find(|user| !user.running)
        {
            let words = format!("image is being used by stopped container {}", short(&user.id));
            return refused(false, words, Some(rm(user)));
        }
        None
    }

    fn why_it_stays(&self, image: &Image) -> String {
        let users = self.users(&image.id);
        let names: Vec<&str> = self.all_names(&image.id).map(String::as_str).collect();
        match (users, self.usage.children.get(&image.id).copied().unwrap_or_default()) {
            ([only], _) => format!("container {} uses it", only.name),
            ([_, ..], _) => format!("{} containers use it", users.len()),
            ([], _) if !names.is_empty() => format!("it is called {}", names.join(", ")),
            ([], 1) => "another image was built on it".to_owned(),
            ([], children) => format!("{children} images were built on it"),
        }
    }

    fn stays(&mut self, image: &Image, why: String) {
        let names = self.usage.names_of(&image.id).to_vec();
        self.done.staying.insert(image.id, StayingImage { id: image.id.short(12), names, why });
    }
}

/// What stands before the tag or digest.
fn repository_of(name: &str) -> &str {
    let name = name.split('@').next().unwrap_or(name);
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}

/// No such image, in Docker's words.
fn unknown(name: &str) -> Refused {
    let message = match reference::normalise(name) {
        Ok(name) => format!("No such image: {name}"),
        Err(_) if is_id(name) => format!("No such image: {name}"),
        Err(words) => words.to_owned(),
    };
    Refused { unknown: message.starts_with("No such"), message, next: None }
}

fn is_id(name: &str) -> bool {
    let digits = name.strip_prefix("sha256:").unwrap_or(name);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

fn rm(user: &User) -> String {
    let force = if user.running { " -f" } else { "" };
    format!("docker rm{force} {}", user.name)
}

/// Has the image all labels of the one kind, and not all of the other (moby `image_prune.go`,
/// `matchLabels`)?
pub(crate) fn has_labels(image: &Image, labels: &[(bool, String, Option<String>)]) -> bool {
    labels_match(&image.config.labels, labels)
}

/// The same of any labels.
pub fn labels_match(
    has: &indexmap::IndexMap<String, String>,
    labels: &[(bool, String, Option<String>)],
) -> bool {
    let fits = |(_, name, value): &(bool, String, Option<String>)| {
        has.get(name).is_some_and(|is| value.as_ref().is_none_or(|value| value == is))
    };
    let wanted = labels.iter().filter(|(must, ..)| *must).all(fits);
    let mut unwanted = labels.iter().filter(|(must, ..)| !*must).peekable();
    wanted && (unwanted.peek().is_none() || !unwanted.all(fits))
}
