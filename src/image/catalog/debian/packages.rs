//! dpkg's database, made from listings: their sections say what every package is.

use crate::image::catalog::listing::{self, Line};
use crate::image::catalog::sketch::Sketch;
use std::collections::BTreeMap;

/// A package, as the head of its section in a listing has it:
/// `= name version KiB architecture section description`, the architecture with a `+` if the package
/// may be installed for several at once (`Multi-Arch: same`).
#[derive(Clone, Copy)]
struct Package<'l> {
    name: &'l str,
    version: &'l str,
    size: &'l str,
    arch: &'l str,
    same: bool,
    section: &'l str,
    description: &'l str,
}

/// The packages of a listing.
fn packages(listing: &str) -> impl Iterator<Item = Package<'_>> {
    listing.lines().filter_map(|line| {
        let words: Vec<&str> = line.strip_prefix("= ")?.splitn(6, ' ').collect();
        let [name, version, size, arch, section, description] = words[..] else { return None };
        let (arch, same) = arch.strip_suffix('+').map_or((arch, false), |arch| (arch, true));
        Some(Package { name, version, size, arch, same, section, description })
    })
}

/// Writes `/var/lib/dpkg/status` with the packages of all these listings, and the lists of files of those
/// of `new`.
pub(super) fn database(s: &mut Sketch, before: &[&str], new: &[&str], maintainer: &str) {
    let mut all: Vec<Package<'_>> = before.iter().chain(new).flat_map(|listing| packages(listing)).collect();
    all.sort_by_key(|package| package.name);
    let text: String = all.into_iter().map(|package| told(package, maintainer)).collect();
    s.text("/var/lib/dpkg/status", &text);
    lists(s, new);
}

/// What the status file has of the one package of a section.
pub(super) fn stanza(section: &str, maintainer: &str) -> String {
    packages(section).map(|package| told(package, maintainer)).collect()
}

fn told(package: Package<'_>, maintainer: &str) -> String {
    let Package { name, version, size, arch, same, section, description } = package;
    let same = if same { "Multi-Arch: same\n" } else { "" };
    format!(
        "Package: {name}\nStatus: install ok installed\nPriority: required\nSection: {section}\n\
         Installed-Size: {size}\nMaintainer: {maintainer}\nArchitecture: {arch}\n{same}\
         Version: {version}\nDescription: {description}\n\n"
    )
}

/// The list of files that dpkg keeps of each package: what the listings have, with the directories
/// above, as `dpkg -L` shows it.
fn lists(s: &mut Sketch, listings: &[&str]) {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for listing in listings {
        listing::read(listing, &mut |package, line: &Line<'_>| {
            if !package.is_empty() {
                let list = files.entry(package.to_owned()).or_default();
                let path = line.path();
                let above = path.match_indices('/').skip(1).map(|(end, _)| path[..end].to_owned());
                list.extend(above.chain([path.to_owned()]).filter(|path| path != "/"));
            }
        });
    }
    for package in listings.iter().flat_map(|listing| packages(listing)) {
        let mut list = files.remove(package.name).unwrap_or_default();
        list.sort_unstable_by(|a, b| a.split('/').cmp(b.split('/')));
        list.dedup();
        let text: String = list.iter().map(|path| format!("{path}\n")).collect();
        let arch = if package.same { format!(":{}", package.arch) } else { String::new() };
        s.text(&format!("/var/lib/dpkg/info/{}{arch}.list", package.name), &text);
    }
}
