//! The package lists that `apt-get update` brings.

use super::table::{self, Rows};

/// A distribution's package lists: host, suite, component and bytes of each (compressed as the images
/// keep them), and what the archives are called.
pub(super) struct Distribution {
    pub id: &'static str,
    /// The release's code name.
    pub suite: &'static str,
    /// What `apt list` calls it.
    pub label: &'static str,
    /// Archive and suite of the packages.
    pub site: &'static str,
    /// Its packages.
    pub rows: &'static Rows,
    /// apt 2.5 and later explain a missing version before the error.
    pub says_unavailable: bool,
    /// dpkg's version.
    pub dpkg: &'static str,
    pub lists: &'static [(&'static str, u64)],
    pub fetched: &'static str,
    pub hits: &'static [&'static str],
}

/// The code name of the release; the table's own where the image has none.
pub(super) fn suite(release: &str) -> String {
    let line = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let name = line.unwrap_or("").trim_matches('"');
    let usable = !name.is_empty() && name.len() < 40 && name.chars().all(|c| c.is_ascii_alphanumeric());
    if usable { name.to_owned() } else { distribution(release).suite.to_owned() }
}

/// The distribution that an `/etc/os-release` speaks of; Debian 12 where it says nothing that is known.
pub(super) fn distribution(release: &str) -> &'static Distribution {
    let value = |key: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or("").trim_matches('"')
    };
    if value("ID") == UBUNTU.id {
        // Other releases of Ubuntu borrow these packages, under their own name.
        &UBUNTU
    } else if value("VERSION_CODENAME") == BULLSEYE.suite || value("VERSION_ID") == "11" {
        &BULLSEYE
    } else {
        &BOOKWORM
    }
}

static UBUNTU: Distribution = Distribution {
    id: "ubuntu",
    suite: "jammy",
    label: "jammy",
    site: "http://archive.ubuntu.com/ubuntu jammy",
    rows: &table::JAMMY,
    says_unavailable: false,
    dpkg: "1.21.1",
    lists: &[
        ("archive.ubuntu.com_ubuntu_dists_jammy_InRelease", 270_087),
        ("archive.ubuntu.com_ubuntu_dists_jammy_main_binary-amd64_Packages.lz4", 2_407_116),
        ("archive.ubuntu.com_ubuntu_dists_jammy_multiverse_binary-amd64_Packages.lz4", 349_311),
        ("archive.ubuntu.com_ubuntu_dists_jammy_restricted_binary-amd64_Packages.lz4", 224_170),
        ("archive.ubuntu.com_ubuntu_dists_jammy_universe_binary-amd64_Packages.lz4", 25_204_517),
        ("archive.ubuntu.com_ubuntu_dists_jammy-backports_InRelease", 109_183),
        ("archive.ubuntu.com_ubuntu_dists_jammy-backports_main_binary-amd64_Packages.lz4", 103_402),
        ("archive.ubuntu.com_ubuntu_dists_jammy-backports_universe_binary-amd64_Packages.lz4", 37_821),
        ("archive.ubuntu.com_ubuntu_dists_jammy-updates_InRelease", 119_027),
        ("archive.ubuntu.com_ubuntu_dists_jammy-updates_main_binary-amd64_Packages.lz4", 2_411_280),
        ("archive.ubuntu.com_ubuntu_dists_jammy-updates_restricted_binary-amd64_Packages.lz4", 2_503_602),
        ("archive.ubuntu.com_ubuntu_dists_jammy-updates_universe_binary-amd64_Packages.lz4", 1_902_411),
        ("security.ubuntu.com_ubuntu_dists_jammy-security_InRelease", 110_220),
        ("security.ubuntu.com_ubuntu_dists_jammy-security_main_binary-amd64_Packages.lz4", 1_803_117),
        ("security.ubuntu.com_ubuntu_dists_jammy-security_restricted_binary-amd64_Packages.lz4", 2_404_318),
        ("security.ubuntu.com_ubuntu_dists_jammy-security_universe_binary-amd64_Packages.lz4", 4_804_100),
    ],
    fetched: "Fetched 29.8 MB in 5s (6012 kB/s)",
    hits: &[
        "Get:1 http://archive.ubuntu.com/ubuntu jammy InRelease [270 kB]",
        "Get:2 http://security.ubuntu.com/ubuntu jammy-security InRelease [110 kB]",
        "Get:3 http://archive.ubuntu.com/ubuntu jammy-updates InRelease [119 kB]",
        "Get:4 http://archive.ubuntu.com/ubuntu jammy/universe amd64 Packages [17.5 MB]",
        "Get:5 http://archive.ubuntu.com/ubuntu jammy/main amd64 Packages [1792 kB]",
    ],
};

/// Sizes as apt 2.6 kept them on 2026-11-30; Debian 12.15.
static BOOKWORM: Distribution = Distribution {
    id: "debian",
    suite: "bookworm",
    label: "stable",
    site: "http://deb.debian.org/debian bookworm",
    rows: &table::BOOKWORM,
    says_unavailable: true,
    dpkg: "1.21.22",
    lists: &[
        ("deb.debian.org_debian_dists_bookworm_InRelease", 151_075),
        ("deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4", 18_840_233),
        ("deb.debian.org_debian_dists_bookworm-updates_InRelease", 55_403),
        ("deb.debian.org_debian_dists_bookworm-updates_main_binary-amd64_Packages.lz4", 11_648),
        ("deb.debian.org_debian-security_dists_bookworm-security_InRelease", 34_770),
        ("deb.debian.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages.lz4", 774_605),
    ],
    fetched: "Fetched 9422 kB in 2s (5844 kB/s)",
    hits: &[
        "Get:1 http://deb.debian.org/debian bookworm InRelease [151 kB]",
        "Get:2 http://deb.debian.org/debian bookworm-updates InRelease [55.4 kB]",
        "Get:3 http://deb.debian.org/debian-security bookworm-security InRelease [34.8 kB]",
        "Get:4 http://deb.debian.org/debian bookworm/main amd64 Packages [8790 kB]",
        "Get:5 http://deb.debian.org/debian bookworm-updates/main amd64 Packages [6924 B]",
        "Get:6 http://deb.debian.org/debian-security bookworm-security/main amd64 Packages [383 kB]",
    ],
};

/// Sizes as apt 2.2 kept them on 2026-11-30; Debian 11.11.
static BULLSEYE: Distribution = Distribution {
    id: "debian",
    suite: "bullseye",
    label: "oldstable",
    site: "http://deb.debian.org/debian bullseye",
    rows: &table::BULLSEYE,
    says_unavailable: false,
    dpkg: "1.20.13",
    lists: &[
        ("deb.debian.org_debian_dists_bullseye_InRelease", 75_123),
        ("deb.debian.org_debian_dists_bullseye_main_binary-amd64_Packages.lz4", 17_307_773),
        ("deb.debian.org_debian_dists_bullseye-updates_InRelease", 44_029),
        ("deb.debian.org_debian_dists_bullseye-updates_main_binary-amd64_Packages.lz4", 33_984),
        ("deb.debian.org_debian-security_dists_bullseye-security_InRelease", 27_111),
        ("deb.debian.org_debian-security_dists_bullseye-security_main_binary-amd64_Packages.lz4", 964_314),
    ],
    fetched: "Fetched 8706 kB in 2s (3557 kB/s)",
    hits: &[
        "Get:1 http://deb.debian.org/debian bullseye InRelease [75.1 kB]",
        "Get:2 http://deb.debian.org/debian bullseye-updates InRelease [44.0 kB]",
        "Get:3 http://deb.debian.org/debian-security bullseye-security InRelease [27.1 kB]",
        "Get:4 http://deb.debian.org/debian bullseye/main amd64 Packages [8066 kB]",
        "Get:5 http://deb.debian.org/debian bullseye-updates/main amd64 Packages [18.8 kB]",
        "Get:6 http://deb.debian.org/debian-security bullseye-security/main amd64 Packages [475 kB]",
    ],
};
