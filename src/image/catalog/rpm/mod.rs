//! Bases with RPM packages: Rocky Linux, and Oracle Linux below MySQL.
//!
//! The database is the text that the lab's own `rpm` and `dnf` read and write: a line for each package.

mod mysql;
mod texts;
mod versions;

use super::listing;
use super::recipe::{PATH, Recipe, words};
use super::sketch::Sketch;
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

pub(super) use mysql::image as mysql;

/// A base.
pub(super) struct Flavour {
    key: &'static str,
    label: &'static str,
    created: i64,
    /// Bytes of the layer.
    bytes: u64,
    /// `name=version`, separated by blanks.
    packages: &'static str,
    texts: &'static [(&'static str, &'static str)],
}

/// Rocky Linux 9.3, 2023-11-28.
pub(super) static ROCKY_9: Flavour = Flavour {
    key: "rocky/9",
    label: "FROM rockylinux",
    created: 1_701_202_138,
    bytes: 175_570_000,
    packages: versions::ROCKY_9,
    texts: texts::ROCKY_9,
};

/// Oracle Linux 8, the slim one.
pub(super) static ORACLE_8: Flavour = Flavour {
    key: "oracle/8-slim",
    label: "FROM oraclelinux",
    created: 1_702_339_200,
    bytes: 113_000_000,
    packages: versions::ORACLE_8,
    texts: texts::ORACLE_8,
};

impl Flavour {
    pub(super) fn image(&'static self) -> Arc<Image> {
        let mut recipe = Recipe::new(self.created);
        let add = format!("/bin/sh -c #(nop) ADD file:{} in / ", super::recipe::archive(self.key));
        recipe.layer(&add, self.label, self.key, || self.draw());
        recipe.meta("/bin/sh -c #(nop)  CMD [\"/bin/bash\"]");
        recipe.config(|config| {
            config.env = words(&[PATH]);
            config.cmd = Some(words(&["/bin/bash"]));
        });
        recipe.finish()
    }

    fn draw(&self) -> Tree {
        let mut s = Sketch::new("rpm", self.created);
        install(&mut s, "", self.packages);
        s.text("/etc/passwd", texts::PASSWD).text("/etc/group", texts::GROUP);
        s.text_of("/etc/shadow", 0, 0, &texts::locked(texts::PASSWD, "19700:0:99999:7:::"));
        s.text_of("/etc/gshadow", 0, 0, &texts::locked(texts::GROUP, ":"));
        for (path, text) in self.texts.iter().chain(texts::BOTH) {
            s.text(path, text);
        }
        s.dirs(0o755, "/dev/pts /dev/shm /run/lock /var/lib/dnf /var/cache/dnf").dirs(0o550, "/root");
        s.settle(self.bytes, "/usr/lib64/libcrypto.so.3");
        s.done()
    }
}

/// Draws packages, and the database with them and those of `before`.
fn install(s: &mut Sketch, before: &str, new: &str) {
    let shelf = listing::RPM.text();
    let mut database = Vec::new();
    for (list, drawn) in [(before, false), (new, true)] {
        for (name, version) in list.split_whitespace().filter_map(|word| word.split_once('=')) {
            let section = listing::only(&shelf, name);
            debug_assert!(!section.is_empty(), "there is no package {name}");
            let arch = section.split(' ').nth(4).unwrap_or("x86_64").to_owned();
            let mut files = Vec::new();
            listing::read(&section, &mut |_, line| {
                files.push(line.path().to_owned());
                if drawn {
                    s.line(line);
                }
            });
            database.push(format!("{name}\t{version}\t{arch}\tuser\t\t{}\n", files.join(",")));
        }
    }
    store(s, database);
}

/// The database: lines of `name`, version, architecture, who asked for it, needs and files.
fn store(s: &mut Sketch, mut lines: Vec<String>) {
    lines.sort();
    s.text("/var/lib/rpm/rpmdb.sqlite", &lines.concat());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::catalog::listing::Line;
    use std::collections::HashMap;

    #[test]
    fn every_package_of_a_base_has_a_section() {
        let shelf = listing::RPM.text();
        let mut sections: HashMap<String, usize> = HashMap::new();
        listing::read(&shelf, &mut |package, line: &Line<'_>| {
            *sections.entry(package.to_owned()).or_default() += usize::from(!line.path().is_empty());
        });
        let all = [versions::ROCKY_9, versions::ORACLE_8, versions::MYSQL_TOOLS].join(" ");
        for word in all.split_whitespace() {
            let (name, version) = word.split_once('=').unwrap_or((word, ""));
            assert!(version.contains(".el"), "{word}");
            let empty = ["basesystem", "glibc-minimal-langpack"].contains(&name);
            assert!(empty || sections.contains_key(name), "{name} has no files");
        }
    }
}
