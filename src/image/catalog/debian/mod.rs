//! `debian:bookworm-slim`, and what it shares with Ubuntu's base: glibc, GNU tools, dpkg and apt.

mod packages;
mod texts;

use super::listing::{self, Line, Listing};
use super::recipe::{PATH, Recipe, words};
use super::sketch::Sketch;
use crate::fs::Tree;
use crate::image::Image;
use packages::{PACKAGES, Package, info_name, packages, status};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// 2023-12-19, Debian 12.4.
pub(super) const CREATED: i64 = 1_702_944_000;

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::new(CREATED);
    recipe.layer(
        "/bin/sh -c #(nop) ADD file:d261a6f6921593f1e3c7b4f8d5a8cf3f1a0d9a1c5b5ae3c06ed0d56a0f2e16d4 in / ",
        "FROM debian",
        "debian",
        || DEBIAN.draw(),
    );
    recipe.meta("/bin/sh -c #(nop)  CMD [\"bash\"]");
    recipe.config(|config| {
        config.env = words(&[PATH]);
        config.cmd = Some(words(&["bash"]));
    });
    recipe.finish()
});

/// What differs between the two distributions' bases.
pub(super) struct Flavour {
    pub(super) family: &'static str,
    pub(super) created: i64,
    /// Size of the layer as `docker history` shows it.
    bytes: u64,
    listing: &'static Listing,
    /// Column of the package table.
    column: usize,
    maintainer: &'static str,
    /// Has it the users of base-passwd before Debian 12: gnats, and apt's user with a number of its own?
    gnats: bool,
    /// Texts: path and contents.
    texts: &'static [(&'static str, &'static str)],
}

const DEBIAN: Flavour = Flavour {
    family: "debian",
    created: CREATED,
    bytes: 74_790_184,
    listing: &listing::DEBIAN,
    column: 1,
    maintainer: "Debian Developers <debian-devel@lists.debian.org>",
    gnats: false,
    texts: &[
        ("/usr/lib/os-release", texts::DEBIAN_RELEASE),
        ("/etc/debian_version", "12.4\n"),
        ("/etc/issue", "Debian GNU/Linux 12 \\n \\l\n\n"),
        ("/etc/issue.net", "Debian GNU/Linux 12\n"),
        ("/etc/apt/sources.list.d/debian.sources", texts::DEBIAN_SOURCES),
        ("/etc/dpkg/dpkg.cfg.d/docker", texts::SLIM),
        ("/etc/timezone", "Etc/UTC\n"),
    ],
};

/// Ubuntu's base. It comes with `ps`, OpenSSL and Kerberos, but without time zones.
pub(super) const UBUNTU: Flavour = Flavour {
    family: "ubuntu",
    created: 1_702_425_600,
    bytes: 77_862_912,
    listing: &listing::UBUNTU,
    column: 2,
    maintainer: "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>",
    gnats: true,
    texts: &[
        ("/usr/lib/os-release", texts::UBUNTU_RELEASE),
        ("/etc/lsb-release", texts::UBUNTU_LSB),
        ("/etc/debian_version", "bookworm/sid\n"),
        ("/etc/issue", "Ubuntu 22.04.3 LTS \\n \\l\n\n"),
        ("/etc/issue.net", "Ubuntu 22.04.3 LTS\n"),
        ("/etc/apt/sources.list", texts::UBUNTU_SOURCES),
        ("/etc/dpkg/dpkg.cfg.d/excludes", texts::SLIM),
    ],
};

impl Flavour {
    /// Draws the base layer.
    pub(super) fn draw(&self) -> Tree {
        let mut s = Sketch::new(self.family, self.created);
        let listing = self.listing.text();
        s.merged_usr().listing(&listing);
        for name in ["32", "x32"] {
            s.link(&format!("/lib{name}"), &format!("usr/lib{name}")).dirs(0o755, &format!("/usr/lib{name}"));
        }
        s.dirs(0o755, "/dev /dev/pts /dev/shm /proc /sys");
        settings(&mut s);
        self.users(&mut s);
        for (path, text) in self.texts {
            s.text(path, text);
        }
        let installed: Vec<Package<'_>> = packages(PACKAGES, self.column).collect();
        s.text("/var/lib/dpkg/status", &status(installed.iter().copied(), self.maintainer));
        lists(&mut s, &installed, &[&listing]);
        s.settle(self.bytes, "/var/cache/debconf/templates.dat");
        s.done()
    }
}

impl Flavour {
    fn users(&self, s: &mut Sketch) {
        let (mut passwd, mut group) = (texts::PASSWD.to_owned(), texts::GROUP.to_owned());
        if self.gnats {
            passwd = passwd.replace(texts::APT, texts::GNATS) + texts::APT_BEFORE;
            group = group.replace("shadow:x:42:", "gnats:x:41:\nshadow:x:42:");
        }
        s.text("/etc/passwd", &passwd).text_of("/etc/passwd-", 0o600, 0, &passwd);
        s.text("/etc/group", &group).text("/etc/group-", &group);
        s.text_of("/etc/shadow", 0o640, 42, &texts::locked(&passwd, "19710:0:99999:7:::"));
        s.text_of("/etc/gshadow", 0o640, 42, &texts::locked(&group, ":"));
    }
}

/// Draws what `apt-get install` leaves in a layer above Debian's base: dpkg's database with the
/// packages of `before` (earlier layers) and `new` more, and their files as `listings` have them. Rows
/// are those of the package table.
pub(super) fn add_packages(s: &mut Sketch, before: &str, new: &str, listings: &[&str]) {
    let table = [PACKAGES, before, new].concat();
    let added: Vec<Package<'_>> = packages(new, DEBIAN.column).collect();
    s.merged_usr();
    for listing in listings {
        s.listing(listing);
    }
    s.text("/var/lib/dpkg/status", &status(packages(&table, DEBIAN.column), DEBIAN.maintainer));
    lists(s, &added, listings);
    s.files("/var/log", "alternatives.log 7103 dpkg.log 141236");
    s.files("/var/log/apt", "eipp.log.xz 12724 history.log 9126");
    s.text_of("/var/log/apt/term.log", 0o640, 4, "").dir_of("/var/cache/apt/archives/partial", 0o700, 42, 0);
}

/// The list of files that dpkg keeps of each package: what the listings have, with the directories
/// above, as `dpkg -L` shows it.
fn lists(s: &mut Sketch, installed: &[Package<'_>], listings: &[&str]) {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for listing in listings {
        listing::read(listing, &mut |package, line: &Line<'_>| {
            if !package.is_empty() {
                let list = files.entry(package.to_owned()).or_default();
                let above =
                    line.path().match_indices('/').skip(1).map(|(end, _)| line.path()[..end].to_owned());
                list.extend(above.chain([line.path().to_owned()]).filter(|path| path != "/"));
            }
        });
    }
    for package in installed {
        let mut list = files.remove(package.name).unwrap_or_default();
        list.sort_unstable_by(|a, b| a.split('/').cmp(b.split('/')));
        list.dedup();
        let text: String = list.iter().map(|path| format!("{path}\n")).collect();
        s.text(&format!("/var/lib/dpkg/info/{}.list", info_name(package)), &text);
    }
}

/// Draws what `useradd` leaves in a layer above Debian's base.
pub(super) fn add_user(s: &mut Sketch, name: &str, id: u32, home: &str, shell: &str) {
    add_user_and(s, name, id, home, shell, "");
}

/// [`add_user`], with more lines of `/etc/group`.
pub(super) fn add_user_and(s: &mut Sketch, name: &str, id: u32, home: &str, shell: &str, groups: &str) {
    let passwd = format!("{}{name}:x:{id}:{id}::{home}:{shell}\n", texts::PASSWD);
    let group = format!("{}{name}:x:{id}:\n{groups}", texts::GROUP);
    s.text_of("/etc/shadow", 0o640, 42, &texts::locked(&passwd, "19710:0:99999:7:::"));
    s.text_of("/etc/gshadow", 0o640, 42, &texts::locked(&group, ":"));
    s.text("/etc/passwd", &passwd).text("/etc/group", &group);
}

/// The texts of `/etc` that people look at.
fn settings(s: &mut Sketch) {
    s.text("/etc/shells", texts::SHELLS).text("/etc/profile", texts::PROFILE);
    s.text("/etc/bash.bashrc", texts::BASHRC).text("/root/.bashrc", texts::BASHRC);
    s.text("/root/.profile", texts::ROOT_PROFILE).text("/etc/skel/.bashrc", texts::BASHRC);
    s.text("/etc/skel/.profile", texts::PROFILE);
    s.text("/etc/skel/.bash_logout", "# Read when a login shell ends.\n");
    s.text("/etc/nsswitch.conf", texts::NSSWITCH).text("/etc/apt/apt.conf.d/docker-clean", texts::CLEAN);
    s.text("/etc/apt/apt.conf.d/docker-no-languages", "Acquire::Languages \"none\";\n");
    s.text("/etc/apt/apt.conf.d/docker-gzip-indexes", "Acquire::GzipIndexes \"true\";\n");
    s.text(
        "/etc/apt/apt.conf.d/docker-autoremove-suggests",
        "Apt::AutoRemove::SuggestsImportant \"false\";\n",
    );
    s.text("/etc/apt/apt.conf.d/01autoremove", "APT { NeverAutoRemove { \"^linux-.*\"; }; };\n");
    s.text("/etc/dpkg/dpkg.cfg.d/docker-apt-speedup", "force-unsafe-io\n");
    s.script("/usr/sbin/policy-rc.d", "#!/bin/sh\n# No service is started in an image.\nexit 101\n", 0);
    s.text("/etc/hostname", "localhost\n").text("/etc/host.conf", "multi on\n").text("/etc/resolv.conf", "");
    s.text("/etc/fstab", "# nothing\n").text("/etc/hosts", "127.0.0.1\tlocalhost\n");
    s.text("/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n");
    s.text("/etc/ld.so.conf.d/libc.conf", "/usr/local/lib\n");
    s.text(
        "/etc/ld.so.conf.d/x86_64-linux-gnu.conf",
        "/usr/local/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n",
    );
    s.text("/etc/environment", "").text("/etc/motd", "");
    s.text("/var/lib/dpkg/arch", "amd64\n").text("/var/lib/dpkg/info/format", "1\n");
    s.text("/var/lib/dpkg/available", "").text("/var/lib/dpkg/diversions", "");
}
