//! What to do about wasted bytes: one sentence each.

use super::text::show;
use super::{At, Layers, MadeBy, WasteKind, Wasted};
use crate::fs::Inode;

/// The sentence. Layers are counted from 0, as in every list of them.
pub(super) fn fix(layers: &Layers, found: &Wasted) -> String {
    let (first, by) = (found.first, found.by);
    let path = show(&layers.path(found.at));
    let (made, hid) = (layers.made_by(first), layers.made_by(by));
    let several = found.files > 1;
    match found.kind {
        WasteKind::Duplicate => {
            let other = found.other.map(|at| show(&layers.path(at))).unwrap_or_default();
            match hid {
                MadeBy::Copy => {
                    format!("Copy it once: {path} can be a symlink to {other}, which layer {first} has.")
                }
                _ => format!(
                    "Link instead of copying: ln -s {other} {path} in the step of layer {by}; a hard link would copy all of it up."
                ),
            }
        }
        _ if made == MadeBy::Base && hid == MadeBy::Base => {
            format!(
                "Both layers come with the base image: a smaller base, or docker build --squash of it, is the only way to save them: {path}."
            )
        }
        _ if made == MadeBy::Base => match found.kind {
            WasteKind::Deleted | WasteKind::DeletedDirectory | WasteKind::Moved => {
                format!(
                    "{path} comes with the base image, so deleting it frees nothing: take a base without it, or leave it."
                )
            }
            WasteKind::Metadata => {
                format!(
                    "{path} comes with the base image: choose a base that has the mode and owner you need, or a user that needs no change."
                )
            }
            _ => {
                format!("{path} comes with the base image: write to another path, or take a base without it.")
            }
        },
        WasteKind::Moved => {
            let to = found.other.map(|at| show(&layers.path(at))).unwrap_or_default();
            match made {
                MadeBy::Copy => format!("Copy it to {to} straight away, in layer {first}."),
                _ => format!(
                    "Move it in the step that makes it: join the RUNs of layers {first} and {by} with &&."
                ),
            }
        }
        WasteKind::Deleted | WasteKind::DeletedDirectory => match made {
            MadeBy::Copy => format!(
                "Don't copy it in layer {first}: name {path} in .dockerignore, or use RUN --mount=type=bind in the step that needs it."
            ),
            MadeBy::Run if hid == MadeBy::Run => format!(
                "Delete it in the RUN that makes it: join the RUNs of layers {first} and {by} with &&, or keep it in a RUN --mount=type=cache."
            ),
            _ => format!(
                "Delete it in the step that makes it, layer {first}, or make it in a stage of its own and COPY --from what you need."
            ),
        },
        WasteKind::Metadata => {
            let whole = if several { " for all of them" } else { "" };
            match made {
                MadeBy::Copy => {
                    format!("Set it while copying{whole}: COPY {} in layer {first}.", flags(layers, found))
                }
                _ => format!(
                    "Change it in the step that makes it{whole}: move the chmod or chown of layer {by} into layer {first}."
                ),
            }
        }
        WasteKind::Rewritten => {
            format!(
                "Layer {by} writes the same bytes again: leave {path} out of layer {first} or of layer {by}."
            )
        }
        WasteKind::Overwritten => match (made, hid) {
            (MadeBy::Copy, MadeBy::Copy) => {
                format!("Copy it once, as it shall be: leave {path} out of the COPY of layer {first}.")
            }
            (MadeBy::Copy, _) => {
                format!("Change {path} before it is copied, or in a stage of its own, and COPY the result.")
            }
            (MadeBy::Run, MadeBy::Run) => {
                format!("Write it once: join the RUNs of layers {first} and {by} with &&.")
            }
            _ => format!("Write {path} once: do in layer {first} what layer {by} does to it."),
        },
    }
}

/// `--chmod=0755 --chown=1:1`: what the later version has and the earlier had not.
fn flags(layers: &Layers, found: &Wasted) -> String {
    let inode = |at: At, layer: usize| -> Option<&Inode> {
        let version = layers.versions(at).iter().find(|version| version.layer as usize == layer)?;
        layers.inode(version)
    };
    // Of a directory of files: those of the first that both layers have.
    let pair = (found.at..layers.end(found.at).max(found.at + 1)).find_map(|at| {
        let (was, is) = (inode(at, found.first)?, inode(at, found.by)?);
        (!was.kind.is_dir()).then_some((was, is))
    });
    let mut flags = Vec::new();
    if let Some((was, is)) = pair {
        if was.mode != is.mode {
            flags.push(format!("--chmod={:04o}", is.mode));
        }
        if (was.uid, was.gid) != (is.uid, is.gid) {
            flags.push(format!("--chown={}:{}", is.uid, is.gid));
        }
    }
    if flags.is_empty() { "--chmod or --chown".to_owned() } else { flags.join(" ") }
}
