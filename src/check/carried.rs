//! A COPY of a whole directory that takes the Dockerfile or `.git` along: each comment in the
//! Dockerfile, each commit then misses there.

use super::{Look, Said};
use crate::build::Step;
use crate::dockerfile::{Copy, Instruction, Kind};
use crate::fs::{Kind as Node, Nodes, path};

pub(super) const DOCKERFILE: &str = "CopyCarriesDockerfile";
pub(super) const GIT: &str = "CopyCarriesGit";

/// Files that the copy takes along: where the first lies in the image, and their bytes.
struct Carried {
    at: String,
    bytes: u64,
    files: usize,
}

pub(super) fn look(look: &mut Look<'_>) {
    let dockerfile = match look.played.request.dockerfile {
        Some(_) => String::new(),
        None => look.played.request.dockerfile_path().to_owned(),
    };
    for step in &look.played.build.steps {
        let Some(instruction) = look.played.instruction(step).filter(|_| !step.trigger) else { continue };
        let (Kind::Copy(copy) | Kind::Add(copy)) = &instruction.kind else { continue };
        if copy.from.is_some() {
            continue;
        }
        let dockerfile = inside(copy, &dockerfile).filter(|name| !name.is_empty());
        if let Some(found) = dockerfile.and_then(|name| carried(look, step, &name)) {
            let message = format!(
                "this takes the Dockerfile along (`{}`): a change of one comment in it makes this step and all after it run again",
                found.at
            );
            let fix = format!("write {} into .dockerignore", look.played.request.dockerfile_path());
            add(look, DOCKERFILE, (step, instruction), message, found, fix);
        }
        let git = inside(copy, ".git/HEAD").and_then(|name| carried(look, step, name.strip_suffix("/HEAD")?));
        if let Some(found) = git {
            let message = format!(
                "this takes `{}` along, {} files: each commit makes this step and all after it run again, and the image holds all that was ever committed",
                found.at, found.files
            );
            add(look, GIT, (step, instruction), message, found, "write .git into .dockerignore".to_owned());
        }
    }
}

fn add(
    look: &mut Look<'_>,
    rule: &str,
    (step, instruction): (&Step, &Instruction),
    message: String,
    found: Carried,
    fix: String,
) {
    let at = look.played.made.iter().find(|made| made.step.number == step.number && !made.step.trigger);
    let layer = at.and_then(|made| look.played.found_layer(made.at));
    let said =
        Said { message, layer, bytes: Some(found.bytes), paths: vec![found.at], fix, ..Said::default() };
    look.add(rule, step.number, instruction, said);
}

/// Where a file of the context comes to lie below the destination, if one of the sources is a
/// directory above it. Files named one by one are meant.
fn inside(copy: &Copy, file: &str) -> Option<String> {
    copy.sources.iter().find_map(|source| {
        let source = source.text.trim_start_matches("./").trim_matches('/');
        match source {
            "" | "." | "*" | "**" => Some(file.to_owned()),
            folder => Some(file.strip_prefix(folder)?.strip_prefix('/')?.to_owned()),
        }
    })
}

/// Does the step's layer have a path that ends so?
fn carried(look: &mut Look<'_>, step: &Step, name: &str) -> Option<Carried> {
    let tree = &step.layer.as_ref()?.layer;
    let end = format!("/{name}");
    let mut found: Option<Vec<u8>> = None;
    let fuel = &mut look.t.fuel;
    tree.walk(&mut |at, _, inode| {
        if found.is_none() && fuel.spend(1) && at.ends_with(end.as_bytes()) && !inode.is_whiteout() {
            found = Some(at.to_vec());
        }
    });
    let at = found?;
    let ino = tree.at(&at)?;
    let (mut bytes, mut files) = (tree.inode(ino).size(), 1);
    if tree.inode(ino).kind.is_dir() {
        (bytes, files) = (0, 0);
        tree.walk_from(ino, b"", &mut |_, _, inode| {
            if let Node::File(contents) = &inode.kind {
                bytes = bytes.saturating_add(contents.len());
                files += 1;
            }
        });
    }
    Some(Carried { at: path::show(&at).into_owned(), bytes, files })
}
