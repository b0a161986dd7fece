//! Packages by name: what `apt-get install` leaves in a layer above a slim base.

use super::{Flavour, packages};
use crate::image::catalog::listing::{self, Line, Listing};
use crate::image::catalog::sketch::Sketch;
use std::collections::HashSet;

/// Where the packages of Debian 12 are found; the first that has one counts.
static SHELVES: &[&Listing] = &[
    &listing::DEBIAN_CERTIFICATES,
    &listing::NETBASE,
    &listing::DEBIAN_MORE,
    &listing::BUILDPACK_CURL,
    &listing::BUILDPACK_SCM,
    &listing::BUILDPACK_FULL,
    &listing::POSTGRES_TOOLS,
    &listing::POSTGRES_HELPERS,
    &listing::POSTGRES_LOCALES,
    &listing::NGINX_DEBIAN,
    &listing::DEBIAN,
];

/// What a layer adds to a base of Debian or Ubuntu.
pub(in crate::image::catalog) struct Added<'n> {
    pub(in crate::image::catalog) base: &'static Flavour,
    /// Names of the packages that earlier layers brought, separated by blanks.
    pub(in crate::image::catalog) before: &'n str,
    /// Those that this one brings. `name=version` where the version isn't Debian 12's.
    pub(in crate::image::catalog) new: &'n str,
}

/// Draws what `apt-get install` leaves: the packages without their documentation, dpkg's database, logs.
pub(in crate::image::catalog) fn install(s: &mut Sketch, added: &Added<'_>) {
    s.merged_usr();
    let base: Vec<String> = added.base.listings.iter().map(|listing| listing.text()).collect();
    let (before, new) = (sections(added.before), sections(added.new));
    s.listing(&new);
    if added.new.split(' ').any(|name| name.starts_with("ca-certificates")) {
        s.listing(&loose(&listing::DEBIAN_CERTIFICATES.text()));
    }
    consequences(s, added.new, &new);
    let mut below: Vec<&str> = base.iter().map(String::as_str).collect();
    below.push(&before);
    packages::database(s, &below, &[&new], added.base.maintainer());
    s.files("/var/log", "alternatives.log 7103 dpkg.log 141236");
    s.files("/var/log/apt", "eipp.log.xz 12724 history.log 9126");
    s.text_of("/var/log/apt/term.log", 0o640, 4, "");
}

/// Draws what is in one package of Debian 12, as it lies there (with `/lib` apart from `/usr/lib`), and the
/// note about it that images have which are made without dpkg.
pub(in crate::image::catalog) fn unpack(s: &mut Sketch, name: &str) {
    let docs = listing::only(&listing::DEBIAN_DOCS.text(), name);
    let docs = docs.split_once('\n').map_or("", |(_, files)| files);
    let section = sections_of(name, |text| text) + docs;
    listing::read(&section, &mut |_, line| {
        let merged = matches!(line, Line::Link { path, target } if *target == format!("usr{path}"));
        if !merged {
            s.line(line);
        }
    });
    s.text(&format!("/var/lib/dpkg/status.d/{name}"), &packages::stanza(&section, "Debian"));
    s.described(
        &format!("/var/lib/dpkg/status.d/{name}.md5sums"),
        60 * section.lines().count() as u64,
        0o644,
    );
}

/// The sections of these packages, slim, in the order of their names.
fn sections(names: &str) -> String {
    sections_of(names, |text| slim(&text))
}

fn sections_of(names: &str, told: fn(String) -> String) -> String {
    let mut names: Vec<&str> = names.split_whitespace().collect();
    names.sort_unstable();
    let shelves: Vec<String> = SHELVES.iter().map(|listing| told(listing.text())).collect();
    let mut text = String::new();
    for name in names {
        let (name, version) = name.split_once('=').map_or((name, None), |(name, own)| (name, Some(own)));
        let found =
            shelves.iter().map(|shelf| listing::only(shelf, name)).find(|section| !section.is_empty());
        debug_assert!(found.is_some(), "there is no package {name}");
        let found = found.unwrap_or_default();
        match version {
            Some(version) => text.push_str(&as_version(&found, name, version)),
            None => text.push_str(&found),
        }
    }
    text
}

/// A section with another version of the package, in its head and in the names of its files.
fn as_version(section: &str, name: &str, version: &str) -> String {
    let (head, files) = section.split_once('\n').unwrap_or((section, ""));
    let words: Vec<&str> = head.splitn(4, ' ').collect();
    let [_, _, old, rest] = words[..] else { return section.to_owned() };
    let upstream = |version: &str| version.split(['-', '+']).next().unwrap_or_default().to_owned();
    let (old, new) = (upstream(old), upstream(version));
    let files =
        if old.len() > 3 && !old.contains(':') { files.replace(&old, &new) } else { files.to_owned() };
    format!("= {name} {version} {rest}\n{files}")
}

/// What installing them makes besides their files: dpkg's notes about each, and the alternatives that lead to
/// one of their programs.
fn consequences(s: &mut Sketch, names: &str, new: &str) {
    let names: HashSet<&str> =
        names.split_whitespace().map(|name| name.split('=').next().unwrap_or(name)).collect();
    let (mut files, mut chosen) = (HashSet::new(), HashSet::new());
    listing::read(new, &mut |_, line| {
        files.insert(line.path().to_owned());
    });
    for shelf in SHELVES {
        listing::read(&loose(&shelf.text()), &mut |_, line| {
            let path = line.path();
            let name = path.rsplit('/').next().unwrap_or_default();
            let kept = match line {
                Line::Link { target, .. } if path.starts_with("/etc/alternatives/") => {
                    let leads = files.contains(*target);
                    if leads {
                        chosen.insert(name.to_owned());
                    }
                    leads
                }
                Line::Link { target, .. } => {
                    target.strip_prefix("/etc/alternatives/").is_some_and(|name| chosen.contains(name))
                }
                Line::File { .. } if path.starts_with("/var/lib/dpkg/info/") => {
                    let package = name.rsplit_once('.').map_or(name, |(package, _)| package);
                    names.contains(package.split(':').next().unwrap_or(package))
                }
                Line::File { .. } => path.starts_with("/var/lib/dpkg/alternatives/") && chosen.contains(name),
                _ => false,
            };
            if kept {
                s.line(line);
            }
        });
    }
}

/// What belongs to no package.
fn loose(text: &str) -> String {
    let mut here = false;
    let lines = text.lines().filter(|line| {
        if line.starts_with('=') {
            here = *line == "=";
        }
        here
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// A listing without what slim images leave out: manuals, translations, documentation other than copyrights.
fn slim(text: &str) -> String {
    const OUT: [&str; 6] = ["doc", "groff", "info", "lintian", "locale", "man"];
    let (mut kept, mut dir) = (String::new(), "");
    let dropped = |dir: &str| {
        let below = dir.strip_prefix("/usr/share/").unwrap_or_default();
        OUT.contains(&below.split('/').next().unwrap_or_default())
    };
    for line in text.lines() {
        let head = line.starts_with(['=', '#']);
        if line.starts_with('/') {
            dir = line.split(' ').next().unwrap_or_default();
        }
        let copyright = dir.starts_with("/usr/share/doc/")
            && (line.starts_with("copyright ") || line == dir && dir.matches('/').count() == 4);
        if head || copyright || !dropped(dir) {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}
