//! COPY and ADD in the legacy builder: sources, checksums, rules of their own.
//!
//! Follows moby/moby `daemon/builder/dockerfile/copy.go`.

use super::context::{Listed, View};
use super::copy::{Manner, copy};
use super::fetch::{self, Fetched};
use super::key::Files;
use super::legacy::{Legacy, State, requires_buildkit};
use super::meta::Expander;
use super::owner::legacy_owner;
use super::request::Request;
use super::rootfs;
use super::select::{Missing, Naming, Picked, files, pick};
use super::step::Failure;
use crate::dockerfile::{Copy, ExpandError};
use crate::fs::{Digest, path};
use crate::image::Image;
use crate::trace::Trace;
use crate::union::{Mount, StatKind};
use std::sync::Arc;

/// A COPY or ADD with its values.
pub(super) struct Copying<'a> {
    pub word: &'static str,
    copy: &'a Copy,
    sources: Vec<String>,
    fetched: Vec<Fetched>,
    /// As written, expanded.
    pub destination: String,
    pub chown: Option<String>,
}

/// What it names, looked at.
pub(super) struct Copied {
    picked: Vec<Picked>,
    source: Option<Mount>,
    pub files: Arc<Files>,
    /// `file:…`, `dir:…` or `multi:…`.
    pub checksum: String,
    /// What-if: the step that decides over files which nobody knows.
    pub unseen: Option<usize>,
    /// It comes from a stage of which a step was executed in this build.
    pub rebuilt: bool,
}

impl<'a> Copying<'a> {
    /// Expands sources, destination and owner.
    pub fn expand(
        copy: &'a Copy,
        word: &'static str,
        x: &mut Expander<'_>,
        request: &Request,
    ) -> Result<Copying<'a>, ExpandError> {
        let chown = copy.chown.as_ref().map(|chown| x.word(chown)).transpose()?;
        // `--chown=$X` without an X is none at all.
        let chown = chown.filter(|chown| !chown.is_empty());
        let sources = x.each(&copy.sources)?;
        let destination = x.word(&copy.destination)?;
        let (sources, fetched) = match word {
            "ADD" => fetch::addresses(sources, request, None),
            _ => (sources, Vec::new()),
        };
        Ok(Copying { word, copy, sources, fetched, destination, chown })
    }

    /// Finds the sources and hashes them.
    ///
    /// # Errors
    /// The builder's words about an option, a source or the destination.
    pub fn prepare(&self, legacy: &mut Legacy<'_>, state: &State, t: &mut Trace) -> Result<Copied, Failure> {
        let _ = state;
        if self.copy.chmod.is_some() {
            return Err(Failure::new(requires_buildkit("chmod"), 1));
        }
        let (mut source, stack, rebuilt) = match &self.copy.from {
            Some(from) => {
                if let Some((step, files)) = legacy.in_the_dark(&from.text, &self.sources.join(" ")) {
                    let checksum = format!("unknown:{}", files.digest.hex());
                    return Ok(Copied {
                        picked: Vec::new(),
                        source: None,
                        files,
                        checksum,
                        unseen: Some(step),
                        rebuilt: false,
                    });
                }
                let (image, rebuilt) = self.from(legacy, &from.text)?;
                let layers = image.as_ref().map_or(&[][..], |image| image.layers.as_slice());
                let stack = Some(crate::image::chain_id(layers));
                (Some(rootfs::mount(layers, legacy.request.storage)), stack, rebuilt)
            }
            None => (None, None, false),
        };
        // An unchanged context is looked through once, and so are equal layers.
        let asked = self.sources.join("\0");
        let known = match stack {
            None => lists(legacy.view).get(&asked).cloned(),
            Some(stack) => stack.and_then(|stack| looked(legacy).get(stack, &asked)),
        };
        let (picked, files) = match known {
            Some(known) => known,
            None => {
                let found = self.look(legacy, source.as_mut(), t)?;
                match stack {
                    None => drop(lists(legacy.view).insert(asked, found.clone())),
                    Some(Some(stack)) => looked(legacy).keep(stack, asked, found.clone()),
                    Some(None) => {}
                }
                found
            }
        };
        self.check(&picked)?;
        if legacy.request.strict && self.fetched.iter().any(Fetched::is_unknown) {
            return Err(Failure::new("the lab has no network: ADD can't fetch an address", 1));
        }
        if let Some(failure) = self.fetched.iter().find_map(Fetched::refused_by_legacy) {
            return Err(failure);
        }
        let mut files = files;
        if !self.fetched.is_empty() {
            let mut entries = files.entries.clone();
            entries.extend(self.fetched.iter().flat_map(|fetched| fetched.entries(t)));
            files = Arc::new(Files::new(entries));
        }
        let checksum = checksum(&picked, self.fetched.len(), &files);
        Ok(Copied { picked, source, files, checksum, unseen: None, rebuilt })
    }

    /// Finds what the sources name, and hashes it.
    fn look(
        &self,
        legacy: &mut Legacy<'_>,
        mut from: Option<&mut Mount>,
        t: &mut Trace,
    ) -> Result<Listed, Failure> {
        let mut picked = Vec::new();
        for (at, written) in self.sources.iter().enumerate() {
            self.inside(written)?;
            let mount = from.as_deref_mut().unwrap_or(&mut legacy.source);
            match t.quietly(|t| pick(mount, written, t)) {
                Ok(found) => picked.extend(found),
                Err(Missing::Exhausted) => return Err(Failure::new("the lab's limit was reached", 1)),
                Err(Missing::Loop { asked }) => {
                    let name = asked.trim_start_matches('/');
                    let words =
                        format!("{} failed: forbidden path outside the build context: {name} ()", self.word);
                    return Err(super::verdict::circle(words, &asked));
                }
                Err(Missing::Path { asked, .. }) => {
                    let failure = self.missing(legacy, &asked);
                    let word = self.copy.sources.get(at).filter(|_| !legacy.in_trigger);
                    return Err(match word {
                        Some(word) => super::plan::placed(failure, legacy.file, word.place),
                        None => failure,
                    });
                }
            }
        }
        self.check(&picked)?;
        let naming = Naming { whole_path: true, directory_mode: &|_, mode| mode, exclude: None };
        let mount = from.unwrap_or(&mut legacy.source);
        let list = t.quietly(|t| files(mount, &picked, naming, t));
        Ok((picked, Arc::new(list.map_err(|errno| Failure::new(errno.message(), 1))?)))
    }

    /// Nothing found, or several things without a directory to put them in.
    fn check(&self, picked: &[Picked]) -> Result<(), Failure> {
        let word = self.word;
        if picked.is_empty() && self.fetched.is_empty() {
            return Err(Failure::new(format!("{word} failed: no source files were specified"), 1));
        }
        if picked.len() + self.fetched.len() > 1 && !self.destination.ends_with('/') {
            let words = format!(
                "When using {word} with more than one source file, the destination must be a directory and end with a /"
            );
            return Err(Failure::new(words, 1));
        }
        Ok(())
    }

    /// A path that leaves the context is refused before anything is looked for.
    fn inside(&self, written: &str) -> Result<(), Failure> {
        let mut depth = 0i64;
        for name in path::names(written.as_bytes()) {
            depth += match name {
                b"." => 0,
                b".." => -1,
                _ => 1,
            };
            if depth < 0 && self.copy.from.is_none() && !written.starts_with('/') {
                let words =
                    format!("{} failed: forbidden path outside the build context: {written} ()", self.word);
                return Err(Failure::new(words, 1));
            }
        }
        Ok(())
    }

    fn missing(&self, legacy: &Legacy<'_>, asked: &str) -> Failure {
        let (word, name) = (self.word, asked.trim_start_matches('/'));
        if self.copy.from.is_some() {
            let mut failure = Failure::new(format!("{word} failed: stat {name}: file does not exist"), 1);
            failure.plain = Some(format!("`{asked}` is not in what COPY --from names"));
            return failure;
        }
        let words = format!(
            "{word} failed: file not found in build context or excluded by .dockerignore: stat {name}: file does not exist"
        );
        let sent = super::sent::Sent::restored(legacy.source.upper().clone(), Default::default());
        super::verdict::not_in_context(Failure::new(words, 1), asked, legacy.request, &sent)
    }

    /// The image that `--from` means, none for an empty stage; true for a stage that was rebuilt.
    fn from(&self, legacy: &mut Legacy<'_>, from: &str) -> Result<(Option<Arc<Image>>, bool), Failure> {
        let invalid = |words: &str| Failure::new(format!("invalid from flag value {from}: {words}"), 1);
        let known = match from.parse::<i64>() {
            Ok(index) if index == legacy.stages.len() as i64 => {
                return Err(invalid("refers to current build stage"));
            }
            Ok(index) => {
                let stage = usize::try_from(index).ok().and_then(|index| legacy.stages.get(index));
                Some(stage.ok_or_else(|| invalid("index out of bounds"))?)
            }
            Err(_) => {
                let own = |name: &String| name.eq_ignore_ascii_case(from);
                legacy.stages.iter().rfind(|stage| stage.name.as_ref().is_some_and(own))
            }
        };
        if let Some(stage) = known {
            return Ok((stage.image.clone(), stage.executed.is_some()));
        }
        let image = legacy.image(from).map_err(|failure| {
            let message = format!("invalid from flag value {from}: {}", failure.message);
            Failure { message, ..failure }
        })?;
        Ok((Some(image), false))
    }

    /// Says what stands for addresses that nobody knows.
    pub fn tell_unknown(&self, legacy: &mut Legacy<'_>, place: usize, t: &mut Trace) {
        fetch::tell_unknown(&self.fetched, legacy.player, place, t);
    }

    /// Copies what was found onto the image so far.
    ///
    /// # Errors
    /// The builder's words about an owner or a destination.
    pub fn perform(
        &self,
        copied: &Copied,
        legacy: &mut Legacy<'_>,
        state: &State,
        t: &mut Trace,
    ) -> Result<Mount, Failure> {
        let mut target = legacy.rootfs(state);
        let mut source = copied.source.clone();
        let mount = source.as_mut().unwrap_or(&mut legacy.source);
        let workdir = if state.config.working_dir.is_empty() { "/" } else { &state.config.working_dir };
        let mut destination = path::absolute(workdir, &self.destination);
        if self.destination.ends_with('/') && !destination.ends_with('/') {
            destination.push('/');
        }
        t.quietly(|t| {
            let owner = match &self.chown {
                Some(chown) => Some(legacy_owner(chown, &mut target, t)?),
                None => None,
            };
            let manner = Manner {
                destination,
                owner,
                mode: None,
                special_kept: false,
                unpack: self.word == "ADD",
                legacy: true,
                parents_mode: false,
                exclude: None,
            };
            copy(mount, &mut target, &copied.picked, &manner, t)?;
            // What was fetched is never unpacked (`noDecompress`).
            let manner = Manner { unpack: false, ..manner };
            self.fetched.iter().try_for_each(|fetched| fetched.copy(&mut target, &manner, t))
        })
        .map_err(|message| match message.starts_with("Error processing tar file") {
            true => Failure::new(format!("failed to copy files: {message}"), 1),
            false => Failure::new(message, 1),
        })?;
        Ok(target)
    }
}

/// `file:` for one file, `dir:` for one directory, `multi:` for several (`getSourceHashFromInfos`).
fn checksum(picked: &[Picked], fetched: usize, files: &Files) -> String {
    let several = picked.len() + fetched > 1;
    let hash = Digest::of(format!("{}", files.digest)).hex();
    match picked.first() {
        _ if several => format!("multi:{hash}"),
        Some(one) if one.stat.kind == StatKind::Dir => format!("dir:{hash}"),
        _ => format!("file:{hash}"),
    }
}

/// What was found in a context before.
fn lists(view: &View) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, Listed>> {
    view.lists.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What was found in images before.
fn looked<'a>(legacy: &'a Legacy<'_>) -> std::sync::MutexGuard<'a, super::cache::Looked> {
    legacy.cache.looked.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
