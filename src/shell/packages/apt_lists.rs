//! The package lists that `apt-get update` brings.

/// A distribution's package lists: host, suite, component and bytes of each (compressed as the images
/// keep them), and what the archives are called.
pub(super) struct Distribution {
    pub id: &'static str,
    pub lists: &'static [(&'static str, u64)],
    pub fetched: &'static str,
    pub hits: &'static [&'static str],
}

pub(super) const UBUNTU: Distribution = Distribution {
    id: "ubuntu",
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

pub(super) const DEBIAN: Distribution = Distribution {
    id: "debian",
    lists: &[
        ("deb.debian.org_debian_dists_bookworm_InRelease", 151_078),
        ("deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4", 17_300_816),
        ("deb.debian.org_debian_dists_bookworm-updates_InRelease", 52_120),
        ("deb.debian.org_debian_dists_bookworm-updates_main_binary-amd64_Packages.lz4", 14_022),
        ("deb.debian.org_debian-security_dists_bookworm-security_InRelease", 48_013),
        ("deb.debian.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages.lz4", 254_107),
    ],
    fetched: "Fetched 9173 kB in 1s (7011 kB/s)",
    hits: &[
        "Get:1 http://deb.debian.org/debian bookworm InRelease [151 kB]",
        "Get:2 http://deb.debian.org/debian bookworm-updates InRelease [52.1 kB]",
        "Get:3 http://deb.debian.org/debian-security bookworm-security InRelease [48.0 kB]",
        "Get:4 http://deb.debian.org/debian bookworm/main amd64 Packages [8786 kB]",
    ],
};
