//! What several images have: gosu, and its logs.

use super::sketch::Sketch;

/// gosu 1.17, and what apt-get changes when it brings and takes away wget for it.
pub(super) fn gosu(s: &mut Sketch, on_alpine: bool) {
    s.program("/usr/local/bin/gosu", "gosu", 2_494_464);
    if !on_alpine {
        s.files("/var/cache/debconf", "config.dat 16881 templates.dat 802871")
            .files("/etc", "ld.so.cache 7140");
        s.fill_up(4_130_000, "/var/lib/dpkg", "available status-old");
    }
}
