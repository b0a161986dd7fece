//! Package lists and download caches that a RUN leaves in its layer.

use super::played::Made;
use super::{Look, Said};
use crate::dockerfile::Kind as Word;
use crate::fs::{Kind, Nodes, path};
use crate::image::Image;

pub(super) const RULE: &str = "PackageListsLeftBehind";

/// Where a package manager keeps what nobody needs after it has run.
struct Place {
    /// Whose.
    manager: &'static str,
    /// Part of the path, from the root where it begins with `//`.
    folder: &'static str,
    /// What to do about it.
    fix: &'static str,
}

const PLACES: &[Place] = &[
    Place {
        manager: "apt",
        folder: "//var/lib/apt/lists/",
        fix: "end the same RUN with && rm -rf /var/lib/apt/lists/*, or RUN --mount=type=cache,target=/var/lib/apt",
    },
    Place {
        manager: "apt",
        folder: "//var/cache/apt/",
        fix: "end the same RUN with && apt-get clean, or RUN --mount=type=cache,target=/var/cache/apt",
    },
    Place { manager: "apk", folder: "//var/cache/apk/", fix: "apk add --no-cache" },
    Place { manager: "apk", folder: "//etc/apk/cache/", fix: "apk add --no-cache" },
    Place { manager: "dnf", folder: "//var/cache/dnf/", fix: "end the same RUN with && dnf clean all" },
    Place { manager: "dnf", folder: "//var/cache/libdnf5/", fix: "end the same RUN with && dnf clean all" },
    Place { manager: "yum", folder: "//var/cache/yum/", fix: "end the same RUN with && yum clean all" },
    Place {
        manager: "npm",
        folder: "/.npm/",
        fix: "RUN --mount=type=cache,target=/root/.npm, or && npm cache clean --force in the same RUN",
    },
    Place {
        manager: "yarn",
        folder: "/.cache/yarn/",
        fix: "RUN --mount=type=cache,target=/usr/local/share/.cache, or && yarn cache clean in the same RUN",
    },
    Place {
        manager: "pip",
        folder: "/.cache/pip/",
        fix: "pip install --no-cache-dir, or RUN --mount=type=cache,target=/root/.cache/pip",
    },
    Place {
        manager: "poetry",
        folder: "/.cache/pypoetry/",
        fix: "RUN --mount=type=cache,target=/root/.cache/pypoetry",
    },
    Place { manager: "conda", folder: "//opt/conda/pkgs/", fix: "end the same RUN with && conda clean -afy" },
    Place {
        manager: "go",
        folder: "/.cache/go-build/",
        fix: "RUN --mount=type=cache,target=/root/.cache/go-build, or build in a stage of its own",
    },
    Place { manager: "composer", folder: "/.composer/cache/", fix: "composer install --no-cache" },
    Place { manager: "composer", folder: "/.cache/composer/", fix: "composer install --no-cache" },
    Place {
        manager: "cargo",
        folder: "/cargo/registry/",
        fix: "RUN --mount=type=cache,target=/usr/local/cargo/registry, or build in a stage of its own",
    },
    Place {
        manager: "gem",
        folder: "//usr/local/bundle/cache/",
        fix: "end the same RUN with && rm -rf /usr/local/bundle/cache",
    },
];

pub(super) fn look(look: &mut Look<'_>) {
    let Some(image) = look.played.image else { return };
    for made in &look.played.made {
        if !matches!(made.instruction.kind, Word::Run(_)) {
            continue;
        }
        let mut left: Vec<(usize, u64, Vec<String>)> = Vec::new();
        let fuel = &mut look.t.fuel;
        made.layer.layer.walk(&mut |at, _, inode| {
            let Kind::File(contents) = &inode.kind else { return };
            if contents.is_empty() || !fuel.spend(1) {
                return;
            }
            let shown = path::show(at);
            let Some(place) = PLACES.iter().position(|place| place.holds(&shown)) else { return };
            match left.iter_mut().find(|(known, ..)| *known == place) {
                Some((_, bytes, paths)) => {
                    *bytes = bytes.saturating_add(contents.len());
                    paths.push(shown.into_owned());
                }
                None => left.push((place, contents.len(), vec![shown.into_owned()])),
            }
        });
        for (place, bytes, mut paths) in left {
            // What a later step deletes is told as a deletion that frees nothing.
            paths.retain(|file| still_there(image, made, file));
            let Some(place) = PLACES.get(place).filter(|_| !paths.is_empty()) else { continue };
            let folder = place.shown(&paths);
            let said = Said {
                message: format!(
                    "{} leaves `{folder}` in this layer: nobody reads it any more",
                    place.manager
                ),
                layer: look.played.found_layer(made.at),
                bytes: Some(bytes),
                paths,
                fix: place.fix.to_owned(),
                ..Said::default()
            };
            look.add(RULE, made.step.number, made.instruction, said);
        }
    }
}

impl Place {
    fn holds(&self, file: &str) -> bool {
        match self.folder.strip_prefix('/') {
            Some(rooted) if rooted.starts_with('/') => file.starts_with(rooted),
            _ => file.contains(self.folder),
        }
    }

    /// The folder as it is called in this image.
    fn shown(&self, paths: &[String]) -> String {
        let folder = match self.folder.strip_prefix('/') {
            Some(rooted) if rooted.starts_with('/') => rooted,
            _ => self.folder,
        };
        let first = paths.first().map_or("", String::as_str);
        let end = first.find(folder).map_or(0, |at| at + folder.len() - 1);
        first.get(..end).unwrap_or(folder).to_owned()
    }
}

/// Does the image still show the file?
fn still_there(image: &Image, made: &Made<'_>, file: &str) -> bool {
    let later = image.layers.iter().skip(made.at + 1);
    !later.into_iter().any(|layer| super::secrets::hides(&layer.layer, file.as_bytes()))
}
