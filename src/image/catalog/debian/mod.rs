//! The bases of Debian and Ubuntu: glibc, GNU tools, dpkg and apt.

mod packages;
mod picked;
mod texts;

pub(super) use picked::{Added, install, unpack};

use super::listing::{self, Listing};
use super::recipe::{PATH, Recipe, archive, words};
use super::sketch::Sketch;
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// A base of Debian or Ubuntu.
pub(super) struct Flavour {
    /// Its key among the layers, and the family of its described files.
    family: &'static str,
    /// What names it in the history: `12.4-slim`.
    release: &'static str,
    pub(super) created: i64,
    /// Size of the layer as `docker history` shows it.
    bytes: u64,
    listings: &'static [&'static Listing],
    /// Is documentation left out?
    slim: bool,
    ubuntu: bool,
    /// Has it the users of base-passwd before Debian 12: gnats, and apt's user with a number of its own?
    gnats: bool,
    /// Texts: path and contents.
    texts: &'static [(&'static str, &'static str)],
}

/// Debian 12.4.
pub(super) static BOOKWORM_SLIM: Flavour = Flavour {
    family: "debian",
    release: "12.4-slim",
    created: 1_702_944_000,
    bytes: 74_790_184,
    listings: &[&listing::DEBIAN],
    slim: true,
    ubuntu: false,
    gnats: false,
    texts: texts::BOOKWORM,
};

/// The same with its documentation.
pub(super) static BOOKWORM: Flavour = Flavour {
    family: "debian-full",
    release: "12.4",
    bytes: 116_589_472,
    listings: &[&listing::DEBIAN, &listing::DEBIAN_DOCS],
    slim: false,
    ..BOOKWORM_SLIM
};

/// Debian 11.8.
pub(super) static BULLSEYE_SLIM: Flavour = Flavour {
    family: "debian-bullseye",
    release: "11.8-slim",
    bytes: 80_539_934,
    listings: &[&listing::DEBIAN_BULLSEYE],
    gnats: true,
    texts: texts::BULLSEYE,
    ..BOOKWORM_SLIM
};

/// Ubuntu 22.04.3. It comes with `ps`, OpenSSL and Kerberos, but without time zones.
pub(super) static JAMMY: Flavour = Flavour {
    family: "ubuntu",
    release: "jammy",
    created: 1_702_425_600,
    bytes: 77_862_912,
    listings: &[&listing::UBUNTU],
    ubuntu: true,
    gnats: true,
    texts: texts::JAMMY,
    ..BOOKWORM_SLIM
};

/// Ubuntu 20.04.6.
pub(super) static FOCAL: Flavour = Flavour {
    family: "ubuntu-focal",
    release: "focal",
    created: 1_701_907_200,
    bytes: 72_789_714,
    listings: &[&listing::UBUNTU_FOCAL],
    texts: texts::FOCAL,
    ..JAMMY
};

/// Ubuntu 24.04.
pub(super) static NOBLE: Flavour = Flavour {
    family: "ubuntu-noble",
    release: "noble",
    created: super::YOUNGER,
    bytes: 78_101_612,
    listings: &[&listing::UBUNTU_NOBLE],
    gnats: false,
    texts: texts::NOBLE,
    ..JAMMY
};

const DEBIAN_DEVELOPERS: &str = "Debian Developers <debian-devel@lists.debian.org>";
const UBUNTU_DEVELOPERS: &str = "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>";

/// The slim image that most others stand on.
pub(super) fn slim() -> Arc<Image> {
    super::image("debian:bookworm-slim").unwrap_or_else(|| BOOKWORM_SLIM.image())
}

impl Flavour {
    pub(super) fn image(&'static self) -> Arc<Image> {
        let mut recipe = Recipe::new(self.created);
        let version = self.texts.iter().find_map(|(path, text)| {
            let line = text.lines().find_map(|line| line.strip_prefix("VERSION_ID=\""))?;
            path.ends_with("os-release").then(|| line.trim_end_matches('"'))
        });
        let version = version.filter(|_| self.ubuntu).unwrap_or_default();
        if self.ubuntu {
            recipe.meta("/bin/sh -c #(nop)  ARG RELEASE").meta("/bin/sh -c #(nop)  ARG LAUNCHPAD_BUILD_ARCH");
            recipe.meta("/bin/sh -c #(nop)  LABEL org.opencontainers.image.ref.name=ubuntu");
            recipe.meta(&format!("/bin/sh -c #(nop)  LABEL org.opencontainers.image.version={version}"));
        }
        let name = if self.ubuntu { "FROM ubuntu" } else { "FROM debian" };
        let add = format!("/bin/sh -c #(nop) ADD file:{} in / ", archive(self.release));
        recipe.layer(&add, name, self.family, || self.draw());
        let shell = if self.ubuntu { "/bin/bash" } else { "bash" };
        recipe.meta(&format!("/bin/sh -c #(nop)  CMD [\"{shell}\"]"));
        recipe.config(|config| {
            config.env = words(&[PATH]);
            config.cmd = Some(words(&[shell]));
            if self.ubuntu {
                let mut label =
                    |key: &str, value: &str| config.labels.insert(key.to_owned(), value.to_owned());
                label("org.opencontainers.image.ref.name", "ubuntu");
                label("org.opencontainers.image.version", version);
            }
        });
        recipe.finish()
    }

    /// Draws the base layer.
    fn draw(&self) -> Tree {
        let mut s = Sketch::new(self.family, self.created);
        s.merged_usr();
        let listings: Vec<String> = self.listings.iter().map(|listing| listing.text()).collect();
        let listings: Vec<&str> = listings.iter().map(String::as_str).collect();
        listings.iter().for_each(|listing| {
            s.listing(listing);
        });
        let both = if self.release == "noble" { [].as_slice() } else { &["32", "x32"] };
        for name in both {
            s.link(&format!("/lib{name}"), &format!("usr/lib{name}")).dirs(0o755, &format!("/usr/lib{name}"));
        }
        s.dirs(0o755, "/dev /dev/pts /dev/shm /proc /sys");
        settings(&mut s);
        self.users(&mut s);
        if self.slim {
            let name = if self.ubuntu { "excludes" } else { "docker" };
            s.text(&format!("/etc/dpkg/dpkg.cfg.d/{name}"), texts::SLIM);
        }
        for (path, text) in self.texts {
            s.text(path, text);
        }
        packages::database(&mut s, &[], &listings, self.maintainer());
        s.settle(self.bytes, "/var/cache/debconf/templates.dat");
        s.done()
    }
}

impl Flavour {
    fn maintainer(&self) -> &'static str {
        if self.ubuntu { UBUNTU_DEVELOPERS } else { DEBIAN_DEVELOPERS }
    }

    /// `/etc/passwd` and `/etc/group`.
    fn accounts(&self) -> (String, String) {
        let (mut passwd, mut group) = (texts::PASSWD.to_owned(), texts::GROUP.to_owned());
        if self.release == "noble" {
            passwd += "ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash\n";
            group += "ubuntu:x:1000:\n";
        }
        if self.gnats {
            passwd = passwd.replace(texts::APT, texts::GNATS) + texts::APT_BEFORE;
            group = group.replace("shadow:x:42:", "gnats:x:41:\nshadow:x:42:");
        }
        (passwd, group)
    }

    fn users(&self, s: &mut Sketch) {
        if self.release == "noble" {
            s.dir_of("/home/ubuntu", 0o750, 1000, 1000);
        }
        let (passwd, group) = self.accounts();
        s.text_of("/etc/passwd-", 0o600, 0, &passwd).text("/etc/group-", &group);
        self.add_accounts(s, "", "");
    }

    /// Draws `/etc/passwd`, `/etc/group` and their shadows with more lines than the base's.
    pub(super) fn add_accounts(&self, s: &mut Sketch, users: &str, groups: &str) {
        let (passwd, group) = self.accounts();
        let (passwd, group) = (passwd + users, group + groups);
        s.text("/etc/passwd", &passwd).text("/etc/group", &group);
        s.text_of("/etc/shadow", 0o640, 42, &texts::locked(&passwd, "19710:0:99999:7:::"));
        s.text_of("/etc/gshadow", 0o640, 42, &texts::locked(&group, ":"));
    }
}

/// Draws what `apt-get install` leaves in a layer above Debian's base: the files of the listings `new`,
/// and dpkg's database with their packages and those of `before` (the base and earlier layers).
pub(super) fn add_packages(s: &mut Sketch, before: &[&Listing], new: &[&str]) {
    s.merged_usr();
    for listing in new {
        s.listing(listing);
    }
    let before: Vec<String> = before.iter().map(|listing| listing.text()).collect();
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    packages::database(s, &before, new, DEBIAN_DEVELOPERS);
    s.files("/var/log", "alternatives.log 7103 dpkg.log 141236");
    s.files("/var/log/apt", "eipp.log.xz 12724 history.log 9126");
    s.text_of("/var/log/apt/term.log", 0o640, 4, "").dir_of("/var/cache/apt/archives/partial", 0o700, 42, 0);
}

/// Draws what `useradd` leaves in a layer above Debian's base.
pub(super) fn add_user(s: &mut Sketch, name: &str, id: u32, home: &str, shell: &str) {
    add_user_and(s, name, id, home, shell, "");
}

/// Draws what packages leave that make groups of their own.
pub(super) fn add_groups(s: &mut Sketch, groups: &str) {
    let group = [texts::GROUP, groups].concat();
    s.text_of("/etc/gshadow", 0o640, 42, &texts::locked(&group, ":")).text("/etc/group", &group);
}

/// [`add_user`], with more lines of `/etc/group`.
pub(super) fn add_user_and(s: &mut Sketch, name: &str, id: u32, home: &str, shell: &str, groups: &str) {
    let user = format!("{name}:x:{id}:{id}::{home}:{shell}\n");
    BOOKWORM_SLIM.add_accounts(s, &user, &format!("{name}:x:{id}:\n{groups}"));
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
