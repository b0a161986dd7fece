//! What a real folder holds besides readable files, folders and links, and how each builder takes it.
//!
//! The legacy builder's client looks at everything first (docker/cli `cli/command/image/build/context.go`,
//! `ValidateContextDirectory`) and packs pipes and devices into its archive, but no sockets. BuildKit's client
//! sends the list first: a file that it can't open then is sent empty, without a word (tonistiigi/fsutil
//! `send.go`, `sendFile`). In 20.10 a device or socket becomes an empty file where it is copied, and a pipe
//! nothing (fsutil `copy/copy.go`, `copyDevice`); today only a socket does.

use super::context::View;
use super::graph::{Graph, Op, Source};
use super::plan::placed;
use super::request::Builder;
use super::step::Failure;
use crate::dockerfile::{Difference, Dockerfile, Version};
use crate::fs::{Contents, Kind, Nodes, path};
use std::collections::BTreeMap;

/// What is odd about a path of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    UnreadableFile,
    UnreadableDir,
    Fifo,
    CharDev,
    BlockDev,
    Socket,
}

/// By path in the context, with a leading slash.
pub(super) type Odds = BTreeMap<Vec<u8>, Odd>;

/// An entry that a build stumbles over.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    path: Vec<u8>,
    is_dir: bool,
    /// Only a COPY of it, or of what it lies in, fails.
    when_copied: bool,
}

/// Does to a view what the builder's client does to it.
pub(super) fn settle(view: &mut View, odds: &Odds, builder: Builder, version: Version) {
    let today = version.has(Difference::IgnoreEmptied);
    for (at, odd) in odds {
        let (parent, kept) = (view.tree.at(path::parent(at)), view.tree.at(at));
        let show = || path::show(at.strip_prefix(b"/").unwrap_or(at)).into_owned();
        match (builder, odd) {
            (_, Odd::UnreadableDir) => {
                let top = path::parent(at) == b"/";
                // A folder is opened before it is asked whether it is ignored, but by today's BuildKit
                // (Go's `filepath.Walk`, and `WalkDir`).
                let opened = if builder == Builder::BuildKit && today { kept } else { parent };
                if opened.is_some() || (top && builder == Builder::BuildKit && !today) {
                    let when_copied = builder == Builder::BuildKit && (today || !top);
                    view.refused.push(Refused { path: at.clone(), is_dir: true, when_copied });
                }
            }
            (Builder::Legacy, Odd::UnreadableFile) if kept.is_some() => {
                view.refused.push(Refused { path: at.clone(), is_dir: false, when_copied: false });
            }
            (Builder::BuildKit, Odd::UnreadableFile) if kept.is_some() => {
                view.altered.push(format!("{}: permission denied, so BuildKit sends it empty", show()));
            }
            (Builder::Legacy, Odd::Socket | Odd::BlockDev) => {
                if let (Some(parent), Some(_)) = (parent, kept) {
                    view.tree.unlink(parent, path::file_name(at));
                    view.files = view.files.saturating_sub(1);
                    let (what, why) = match odd {
                        Odd::Socket => ("a socket", "archives hold none"),
                        _ => ("a block device", "not modelled"),
                    };
                    view.altered.push(format!("{}: {what}, left out: {why}", show()));
                }
            }
            (Builder::BuildKit, Odd::Fifo) if !today => {
                if let (Some(parent), Some(_)) = (parent, kept) {
                    view.tree.unlink(parent, path::file_name(at));
                    view.files = view.files.saturating_sub(1);
                    view.altered.push(format!("{}: a pipe, which BuildKit 20.10 doesn't copy", show()));
                }
            }
            (Builder::BuildKit, Odd::CharDev) if today => {}
            (Builder::BuildKit, Odd::CharDev | Odd::BlockDev | Odd::Socket) => {
                if let Some(ino) = kept {
                    view.tree.inode_mut(ino).kind = Kind::File(Contents::bytes(Vec::new()));
                    let what = match (odd, today) {
                        (Odd::Socket, _) => "a socket, copied as an empty file",
                        (_, true) => "a block device: not modelled, taken as an empty file",
                        _ => "a device, copied as an empty file",
                    };
                    view.altered.push(format!("{}: {what}", show()));
                }
            }
            _ => {}
        }
    }
}

impl Refused {
    fn failure(&self, builder: Builder, version: Version) -> Failure {
        let at = path::show(&self.path);
        let message = match (builder, self.is_dir) {
            (Builder::Legacy, false) => {
                format!("error checking context: no permission to read from '<context>{at}'")
            }
            (Builder::Legacy, true) => format!("error checking context: can't stat '<context>{at}'"),
            (Builder::BuildKit, _) => {
                let before = match (version.has(Difference::FailurePrefix), self.when_copied) {
                    (true, _) => "failed to solve: ",
                    (false, true) => "",
                    (false, false) => {
                        "failed to solve with frontend dockerfile.v0: failed to read dockerfile: "
                    }
                };
                format!("{before}error from sender: open <context>{at}: permission denied")
            }
        };
        let mut failure = Failure::new(message, 1);
        let shown = at.trim_start_matches('/');
        let what = if self.is_dir { "folder" } else { "file" };
        failure.plain =
            Some(format!("the {what} `{shown}` of the build context can't be read: permission denied"));
        failure.hint = Some(self.advice(shown, builder, version));
        failure
    }

    fn advice(&self, shown: &str, builder: Builder, version: Version) -> String {
        let today = builder == Builder::BuildKit && version.has(Difference::IgnoreEmptied);
        match path::parent(&self.path) {
            b"/" if self.is_dir && !today => {
                "make it readable or move it: a folder is opened before `.dockerignore` is asked".to_owned()
            }
            parent if self.is_dir && !today => {
                let parent = path::show(parent).trim_start_matches('/').to_owned();
                format!("make it readable, or name `{parent}` in `.dockerignore`")
            }
            _ => format!("make it readable, or name `{shown}` in `.dockerignore`"),
        }
    }
}

/// What stops the build before the Dockerfile is looked at.
///
/// # Errors
/// The builder's words about the first of them.
pub(super) fn check(view: &View, builder: Builder, version: Version) -> Result<(), Failure> {
    match view.refused.iter().find(|refused| !refused.when_copied) {
        Some(refused) => Err(refused.failure(builder, version)),
        None => Ok(()),
    }
}

/// What stops the transfer of the files that BuildKit's graph asks for: only these are sent.
///
/// # Errors
/// The first instruction that takes a folder which can't be read.
pub(super) fn check_copied(
    view: &View,
    graph: &Graph,
    file: &Dockerfile,
    version: Version,
) -> Result<(), Failure> {
    if view.refused.is_empty() {
        return Ok(());
    }
    for vertex in &graph.vertices {
        let sources: Vec<&str> = match &vertex.op {
            Op::Copy(copy) if copy.source == Source::Context => {
                copy.sources.iter().map(String::as_str).collect()
            }
            Op::Run(run) => {
                let binds = run.mounts.iter().filter(|(_, source)| *source == Source::Context);
                binds.map(|(mount, _)| mount.source.as_str()).collect()
            }
            _ => Vec::new(),
        };
        for source in sources {
            let literal = source.split(['*', '?', '[']).next().unwrap_or(source);
            let whole = literal.len() == source.len();
            // Up to a wildcard: the folder that is searched.
            let asked = path::clean(
                if whole { literal } else { literal.rsplit_once('/').map_or("", |(dir, _)| dir) }.as_bytes(),
            );
            let covers = |refused: &&super::odd::Refused| {
                asked == b"/"
                    || refused
                        .path
                        .strip_prefix(asked.as_slice())
                        .is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
            };
            if let Some(refused) = view.refused.iter().find(covers) {
                let failure = refused.failure(Builder::BuildKit, version);
                return Err(if vertex.place.line > 0 {
                    placed(failure, file, vertex.place)
                } else {
                    failure
                });
            }
        }
    }
    Ok(())
}
