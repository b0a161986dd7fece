//! `python:3.12-slim`: on Debian's layer.

use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use super::{debian, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::{Arc, LazyLock};

/// 2023-12-20, Python 3.12.1.
const CREATED: i64 = 1_703_030_400;

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::from(&debian::IMAGE, CREATED);
    recipe.meta(&format!("/bin/sh -c #(nop)  ENV {PATH}")).meta("/bin/sh -c #(nop)  ENV LANG=C.UTF-8");
    recipe.layer(RUN_APT, "RUN apt-get", "python/libraries", libraries);
    recipe.meta("/bin/sh -c #(nop)  ENV GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305");
    recipe.meta("/bin/sh -c #(nop)  ENV PYTHON_VERSION=3.12.1");
    recipe.layer(RUN_PYTHON, "RUN install python", "python/python", python);
    recipe.layer(RUN_NAMES, "RUN link python", "python/names", names);
    recipe.meta("/bin/sh -c #(nop)  ENV PYTHON_PIP_VERSION=23.2.1");
    recipe
        .meta(&format!("/bin/sh -c #(nop)  ENV {GET_PIP}"))
        .meta(&format!("/bin/sh -c #(nop)  ENV {GET_PIP_SUM}"));
    recipe.layer(RUN_PIP, "RUN install pip", "python/pip", pip);
    recipe.meta("/bin/sh -c #(nop)  CMD [\"python3\"]");
    recipe.config(|config| {
        config.env = words(&[
            PATH,
            "LANG=C.UTF-8",
            "GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305",
            "PYTHON_VERSION=3.12.1",
            "PYTHON_PIP_VERSION=23.2.1",
            GET_PIP,
            GET_PIP_SUM,
        ]);
        config.cmd = Some(words(&["python3"]));
    });
    recipe.finish()
});

const PATH: &str = "PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const GET_PIP: &str = "PYTHON_GET_PIP_URL=https://github.com/pypa/get-pip/raw/\
    049c52c665e8c5fd1751f942316e0a5c777d304f/public/get-pip.py";
const GET_PIP_SUM: &str =
    "PYTHON_GET_PIP_SHA256=7cfd4bdc4d475ea971f1c0710a5953bcc704d171f83c797b9529d9974502fcc6";

const RUN_APT: &str = "/bin/sh -c set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \t\tca-certificates \
    \t\tnetbase \t\ttzdata \t; \trm -rf /var/lib/apt/lists/*";

const RUN_PYTHON: &str = "/bin/sh -c set -eux; \t\tsavedAptMark=\"$(apt-mark showmanual)\"; \tapt-get update; \
    \tapt-get install -y --no-install-recommends \t\tdpkg-dev \t\tgcc \t\tlibffi-dev \t\tlibssl-dev \t\tmake \t\tzlib1g-dev \t; \
    \twget -O python.tar.xz \"https://www.python.org/ftp/python/${PYTHON_VERSION%%[a-z]*}/Python-$PYTHON_VERSION.tar.xz\"; \
    \t./configure --enable-optimizations --enable-shared; \tmake -j \"$(nproc)\"; \tmake install; \tldconfig; \
    \tapt-get purge -y --auto-remove; \trm -rf /var/lib/apt/lists/*; \t\tpython3 --version";

const RUN_NAMES: &str = "/bin/sh -c set -eux; \tfor src in idle3 pydoc3 python3 python3-config; do \
    \t\tdst=\"$(echo \"$src\" | tr -d 3)\"; \t\tln -svT \"$src\" \"/usr/local/bin/$dst\"; \tdone";

const RUN_PIP: &str = "/bin/sh -c set -eux; \t\tsavedAptMark=\"$(apt-mark showmanual)\"; \tapt-get update; \
    \tapt-get install -y --no-install-recommends wget; \t\twget -O get-pip.py \"$PYTHON_GET_PIP_URL\"; \
    \tpython get-pip.py \"pip==$PYTHON_PIP_VERSION\"; \trm -f get-pip.py; \t\tpip --version";

const APT: &str = "\
ca-certificates 20230311 - 387 all misc certificates of common authorities
libssl3 3.0.11-1~deb12u2 - 6016 amd64 libs TLS of OpenSSL
netbase 6.4 - 41 all admin names of networks and services
openssl 3.0.11-1~deb12u2 - 2293 amd64 utils command line of OpenSSL
";

const BUILD: &str = "\
libexpat1 2.5.0-1 - 404 amd64 libs XML parser
libgdbm6 1.23-3 - 129 amd64 libs GNU database library
libgssapi-krb5-2 1.20.1-2+deb12u1 - 425 amd64 libs Kerberos, GSS-API
libk5crypto3 1.20.1-2+deb12u1 - 261 amd64 libs Kerberos, cryptography
libkeyutils1 1.6.3-2 - 40 amd64 libs keys in the kernel
libkrb5-3 1.20.1-2+deb12u1 - 1077 amd64 libs Kerberos
libkrb5support0 1.20.1-2+deb12u1 - 134 amd64 libs Kerberos, helpers
libncursesw6 6.4-4 - 412 amd64 libs screens of text
libnsl2 1.3.0-2 - 127 amd64 libs NIS
libreadline8 8.2-1.3 - 475 amd64 libs line editing
libsqlite3-0 3.40.1-2 - 1686 amd64 libs SQL database in a file
libtirpc-common 1.3.3+ds-1 - 35 all libs files for remote calls
libtirpc3 1.3.3+ds-1 - 226 amd64 libs remote calls
readline-common 8.2-1.3 - 89 all utils files for line editing
";

/// Files of netbase.
const NETBASE: &str = "\
= netbase
/etc
ethertypes 1853
protocols 3144
rpc 911
services 12813
/usr/share/doc/netbase
copyright 1234
";

fn libraries() -> Tree {
    let mut s = Sketch::new("python", CREATED);
    debian::add_packages(&mut s, "", APT, &[NETBASE, &listing::DEBIAN_CERTIFICATES.text()]);
    s.described("/etc/ld.so.cache", 4643, 0o644).described("/var/lib/apt/extended_states", 112, 0o644);
    s.fill_up(9_209_856, "/var/cache/debconf", "templates.dat config.dat");
    s.done()
}

fn python() -> Tree {
    let mut s = Sketch::new("python", CREATED);
    debian::add_packages(&mut s, APT, BUILD, &[&listing::PYTHON.text()]);
    s.settle(35_011_584, "/usr/local/lib/libpython3.12.so.1.0");
    s.done()
}

fn names() -> Tree {
    let mut s = Sketch::new("python", CREATED);
    s.link("/usr/local/bin/idle", "idle3").link("/usr/local/bin/pydoc", "pydoc3");
    s.link("/usr/local/bin/python", "python3").link("/usr/local/bin/python-config", "python3-config");
    s.done()
}

fn pip() -> Tree {
    let mut s = Sketch::new("python", CREATED);
    s.listing(&listing::PYTHON_PIP.text());
    let metadata = "Metadata-Version: 2.1\nName: pip\nVersion: 23.2.1\n";
    s.text("/usr/local/lib/python3.12/site-packages/pip-23.2.1.dist-info/METADATA", metadata);
    s.files("/var/log", "alternatives.log 7103 dpkg.log 152236").files("/var/lib/apt", "extended_states 520");
    s.files("/var/cache/debconf", "config.dat 16881 templates.dat 781542").files("/etc", "ld.so.cache 8021");
    s.done()
}
