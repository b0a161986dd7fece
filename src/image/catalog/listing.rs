//! Listings of real trees: names, sizes, modes and owners, without a byte of what is in the files.
//!
//! A listing is read line by line; blanks in names are `%20`:
//!
//! | line | meaning |
//! | --- | --- |
//! | `# …` | where the listing comes from |
//! | `= bash …` | what follows belongs to the package `bash`; `=` alone: to none. More words say what the package is |
//! | `/usr/bin` | a directory; what follows lies in it. `755` and `0:0` go without saying: `/tmp 1777`, `/var/mail 2775 0:8` |
//! | `bash 1265648 755` | a file, its size, its mode unless `644`, its owner unless `0:0` |
//! | `sh > dash` | a symlink |
//! | `perl5.36.0 = /usr/bin/perl` | one more name of a file |

use flate2::read::GzDecoder;
use std::io::Read;

/// One line of a listing. Paths are absolute.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'l> {
    Dir { path: &'l str, mode: u16, uid: u32, gid: u32 },
    File { path: &'l str, size: u64, mode: u16, uid: u32, gid: u32 },
    Link { path: &'l str, target: &'l str },
    HardLink { path: &'l str, existing: &'l str },
}

impl Line<'_> {
    pub(super) fn path(&self) -> &str {
        match self {
            Line::Dir { path, .. }
            | Line::File { path, .. }
            | Line::Link { path, .. }
            | Line::HardLink { path, .. } => path,
        }
    }
}

/// A packed listing.
pub(super) struct Listing(&'static [u8]);

macro_rules! listings {
    ($($constant:ident $file:literal)*) => {$(
        pub(super) static $constant: Listing =
            Listing(include_bytes!(concat!(env!("OUT_DIR"), "/", $file, ".gz")));
    )*
    #[cfg(test)]
    static ALL: &[(&str, &Listing)] = &[$(($file, &$constant)),*];
    };
}

listings! {
    ALPINE_3_14 "alpine-3.14"
    ALPINE_3_15 "alpine-3.15"
    ALPINE_3_16 "alpine-3.16"
    ALPINE_3_17 "alpine-3.17"
    ALPINE_3_18 "alpine-3.18"
    ALPINE_3_19 "alpine-3.19"
    ALPINE_3_20 "alpine-3.20"
    ALPINE_MORE "alpine-more"
    BUILDPACK_CURL "buildpack-curl"
    BUILDPACK_FULL "buildpack-full"
    BUILDPACK_SCM "buildpack-scm"
    DEBIAN "debian"
    DEBIAN_BULLSEYE "debian-bullseye"
    DEBIAN_CERTIFICATES "debian-certificates"
    DEBIAN_DOCS "debian-docs"
    DEBIAN_MORE "debian-more"
    GO "go"
    GOLANG_COMPILER "golang-compiler"
    HTTPD "httpd"
    JAVA "java"
    JAVA8 "java8"
    MAVEN "maven"
    NETBASE "netbase"
    NGINX_DEBIAN "nginx-debian"
    NODE "node"
    PHP "php"
    POSTGRES_HELPERS "postgres-helpers"
    POSTGRES_LOCALES "postgres-locales"
    POSTGRES_SERVER "postgres-server"
    POSTGRES_TOOLS "postgres-tools"
    PYTHON_3_8 "python-3.8"
    PYTHON_3_9 "python-3.9"
    PYTHON_3_10 "python-3.10"
    PYTHON_3_11 "python-3.11"
    PYTHON_3_12 "python-3.12"
    PYTHON_LIBRARIES "python-libraries"
    PYTHON_PIP "python-pip"
    PYTHON_SETUPTOOLS "python-setuptools"
    RPM "rpm"
    RUBY "ruby"
    RUST "rust"
    UBUNTU "ubuntu"
    UBUNTU_FOCAL "ubuntu-focal"
    UBUNTU_NOBLE "ubuntu-noble"
    YARN "yarn"
}

impl Listing {
    /// Bytes it takes in the binary.
    #[cfg(test)]
    fn packed(&self) -> usize {
        self.0.len()
    }

    /// The whole text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // The bytes are the build's own; a fault in them is an empty tree, which the tests would see.
        let _ = GzDecoder::new(self.0).read_to_string(&mut text);
        text
    }
}

/// The lines of one package.
pub(super) fn only(listing: &str, package: &str) -> String {
    let (mut here, wanted) = (false, format!("= {package}"));
    let of_package = listing.lines().filter(|line| {
        if line.starts_with('=') {
            here = *line == wanted || line.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with(' '));
        }
        here
    });
    of_package.map(|line| format!("{line}\n")).collect()
}

/// Reads a listing, handing on every line with the package it belongs to ("" for none).
pub(super) fn read(listing: &str, visit: &mut dyn FnMut(&str, &Line<'_>)) {
    let (mut package, mut dir, mut at) = (String::new(), String::new(), String::new());
    for line in listing.lines() {
        let mut words = line.split(' ');
        match words.next().unwrap_or_default() {
            "" | "#" => {}
            "=" => words.next().unwrap_or_default().clone_into(&mut package),
            path if path.starts_with('/') => {
                dir = plain(path);
                let (mode, uid, gid) = attributes(words, 0o755);
                visit(&package, &Line::Dir { path: &dir, mode, uid, gid });
            }
            name => {
                at.clear();
                at.push_str(dir.trim_end_matches('/'));
                at.push('/');
                at.push_str(&plain(name));
                let path = at.as_str();
                match words.next().unwrap_or_default() {
                    ">" => visit(&package, &Line::Link { path, target: words.next().unwrap_or_default() }),
                    "=" => {
                        let existing = plain(words.next().unwrap_or_default());
                        visit(&package, &Line::HardLink { path, existing: &existing });
                    }
                    size => {
                        let size = size.parse().unwrap_or(0);
                        let (mode, uid, gid) = attributes(words, 0o644);
                        visit(&package, &Line::File { path, size, mode, uid, gid });
                    }
                }
            }
        }
    }
}

fn plain(name: &str) -> String {
    name.replace("%20", " ").replace("%25", "%")
}

/// `2775 0:8`: mode and owner.
fn attributes<'l>(mut words: impl Iterator<Item = &'l str>, usual: u16) -> (u16, u32, u32) {
    let mode = words.next().and_then(|word| u16::from_str_radix(word, 8).ok()).unwrap_or(usual);
    let owner = words.next().and_then(|word| word.split_once(':'));
    let id = |word: &str| word.parse().unwrap_or(0);
    owner.map_or((mode, 0, 0), |(uid, gid)| (mode, id(uid), id(gid)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_the_table_says() {
        let text =
            "# source\n= bash\n/bin\nbash 9 4755 0:5\na%20b 1\nsh > bash\n=\n/tmp 1777\nx = /bin/bash\n";
        let mut seen = Vec::new();
        read(text, &mut |package, line| seen.push(format!("{package} {line:?}")));
        assert_eq!(
            seen,
            [
                "bash Dir { path: \"/bin\", mode: 493, uid: 0, gid: 0 }",
                "bash File { path: \"/bin/bash\", size: 9, mode: 2541, uid: 0, gid: 5 }",
                "bash File { path: \"/bin/a b\", size: 1, mode: 420, uid: 0, gid: 0 }",
                "bash Link { path: \"/bin/sh\", target: \"bash\" }",
                " Dir { path: \"/tmp\", mode: 1023, uid: 0, gid: 0 }",
                " HardLink { path: \"/tmp/x\", existing: \"/bin/bash\" }",
            ]
        );
    }

    #[test]
    fn every_listing_says_where_it_comes_from_and_all_take_little_room() {
        for (name, listing) in ALL {
            let text = listing.text();
            assert!(text.starts_with("# "), "{name} has no source");
            let mut lines = 0;
            read(&text, &mut |_, _| lines += 1);
            assert!(lines > 3, "{name} holds nothing");
        }
        let packed: usize = ALL.iter().map(|(_, listing)| listing.packed()).sum();
        assert!(packed < 700_000, "{packed} bytes");
    }
}
