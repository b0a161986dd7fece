//! `gcr.io/distroless`: one layer for each of Debian's packages, no shell, no package manager.

use super::recipe::Recipe;
use super::sketch::Sketch;
use super::{debian, node};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// The images have this time, so that they come out the same whenever they are made.
const CREATED: i64 = 0;

/// What is in an image besides Debian's packages of [`STATIC`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Static,
    BaseNossl,
    Base,
    Cc,
    Java,
    Node,
    Python,
}

impl Kind {
    /// Packages, each a layer.
    fn packages(self) -> Vec<&'static str> {
        let more = match self {
            Kind::Static => "",
            Kind::BaseNossl => "libc6",
            Kind::Base => "libc6 libssl3",
            Kind::Cc | Kind::Node => "libc6 libssl3 libgomp1 libstdc++6 libgcc-s1",
            Kind::Java => {
                "libc6 zlib1g libjpeg62-turbo libpng16-16 liblcms2-2 libfreetype6 fonts-dejavu-core fontconfig-config libexpat1 \
                 libfontconfig1 libuuid1 libbrotli1 libcrypt1 libstdc++6 libgcc-s1"
            }
            Kind::Python => {
                "libc6 libssl3 libgomp1 libstdc++6 libgcc-s1 libbz2-1.0 libdb5.3 libexpat1 liblzma5 libsqlite3-0 libuuid1 \
                 libncursesw6 libtinfo6 zlib1g libcom-err2 libcrypt1 libgssapi-krb5-2 libk5crypto3 libkeyutils1 libkrb5-3 \
                 libkrb5support0 libnsl2 libreadline8 libtirpc3 libffi8 libpython3.11-minimal libpython3.11-stdlib python3.11-minimal"
            }
        };
        ["base-files", "netbase", "tzdata"].into_iter().chain(more.split_whitespace()).collect()
    }
}

/// The image for root or for `nonroot`; with busybox in `debug`.
pub(super) fn image(kind: Kind, nonroot: bool, debug: bool) -> Arc<Image> {
    let mut recipe = Recipe::new(CREATED);
    let row = "bazel build ...";
    for package in kind.packages() {
        let label = format!("FROM {package}");
        recipe.layer(row, &label, &format!("distroless/{package}"), move || {
            let mut s = Sketch::new("distroless", CREATED);
            debian::unpack(&mut s, package);
            if package == "base-files" {
                s.text("/etc/debian_version", "12.4\n").text("/etc/issue", "Debian GNU/Linux 12 \\n \\l\n\n");
                s.text("/etc/issue.net", "Debian GNU/Linux 12\n").text("/etc/host.conf", "multi on\n");
                s.remove("/usr/lib/os-release");
            }
            s.done()
        });
        if package == "tzdata" {
            for (name, draw) in OWN {
                recipe.layer(row, &format!("FROM {name}"), &format!("distroless/own/{name}"), *draw);
            }
        }
    }
    recipe.config(|config| {
        let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        config.env = vec![path.to_owned(), "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt".to_owned()];
        let (user, dir) = if nonroot { ("65532", "/home/nonroot") } else { ("0", "/") };
        (config.user, config.working_dir) = (user.to_owned(), dir.to_owned());
    });
    match kind {
        Kind::Java => {
            recipe.layer(row, "FROM locale", "distroless/locale", || {
                let mut s = Sketch::new("distroless", CREATED);
                s.spread(
                    "/usr/lib/locale/C.utf8",
                    358_000,
                    "LC_ADDRESS LC_COLLATE LC_CTYPE LC_IDENTIFICATION LC_MEASUREMENT \
                    LC_MONETARY LC_NAME LC_NUMERIC LC_PAPER LC_TELEPHONE LC_TIME",
                );
                s.done()
            });
            recipe.layer(row, "FROM cacerts_java", "distroless/cacerts_java", || {
                let mut s = Sketch::new("distroless", CREATED);
                s.described("/etc/ssl/certs/java/cacerts", 157_000, 0o644);
                s.done()
            });
            recipe.layer(row, "FROM openjdk-17", "distroless/openjdk-17", || {
                let mut s = Sketch::new("distroless", CREATED);
                super::java::headless(&mut s);
                s.done()
            });
            recipe.config(|config| {
                config.env.extend(["LANG=C.UTF-8".to_owned(), "JAVA_VERSION=17.0.9".to_owned()]);
                config.entrypoint = Some(vec!["/usr/bin/java".to_owned(), "-jar".to_owned()]);
            });
        }
        Kind::Node => {
            recipe.layer(row, "FROM nodejs", "distroless/nodejs20", || {
                let mut s = Sketch::new("distroless", CREATED);
                s.program("/nodejs/bin/node", "node", 97_500_000);
                s.files("/nodejs", "CHANGELOG.md 46000 LICENSE 113000 README.md 40000");
                s.files("/nodejs/share/doc/node", "gdbinit 8613 lldb_commands.py 5834")
                    .files("/nodejs/share/man/man1", "node.1 24000");
                s.done()
            });
            recipe.config(|config| {
                config.env.push(format!("NODE_VERSION={}", node::V20.version()));
                config.entrypoint = Some(vec!["/nodejs/bin/node".to_owned()]);
            });
        }
        Kind::Python => {
            recipe.layer(row, "FROM python3", "distroless/python_aliases", || {
                let mut s = Sketch::new("distroless", CREATED);
                s.link("/usr/bin/python", "/usr/bin/python3.11")
                    .link("/usr/bin/python3", "/usr/bin/python3.11");
                s.done()
            });
            recipe.config(|config| {
                config.env.push("LANG=C.UTF-8".to_owned());
                config.entrypoint = Some(vec!["/usr/bin/python3.11".to_owned()]);
            });
        }
        _ => {}
    }
    if debug {
        recipe.layer(row, "FROM busybox", "distroless/busybox", || {
            let mut s = Sketch::new("distroless", CREATED);
            s.program("/busybox/busybox", "busybox", 1_131_168);
            s.hard_links("/busybox", "/busybox/busybox", super::busybox::APPLETS);
            s.done()
        });
        recipe.config(|config| {
            if let Some(path) = config.env.first_mut() {
                path.push_str(":/busybox");
            }
            if !matches!(kind, Kind::Java | Kind::Node | Kind::Python) {
                config.entrypoint = Some(vec!["/busybox/sh".to_owned()]);
            }
        });
    }
    recipe.finish()
}

type Draw = fn() -> Tree;

/// What the images have that is no package's.
const OWN: &[(&str, Draw)] = &[
    ("passwd", || {
        let mut s = Sketch::new("distroless", CREATED);
        s.text("/etc/passwd", PASSWD);
        s.dir_of("/home", 0o755, 0, 0).dir_of("/home/nonroot", 0o700, 65532, 65532).dirs(0o700, "/root");
        s.done()
    }),
    ("group", || {
        let mut s = Sketch::new("distroless", CREATED);
        s.text("/etc/group", GROUP);
        s.done()
    }),
    ("tmp", || {
        let mut s = Sketch::new("distroless", CREATED);
        s.dirs(0o1777, "/tmp");
        s.done()
    }),
    ("nsswitch", || {
        let mut s = Sketch::new("distroless", CREATED);
        s.text("/etc/nsswitch.conf", NSSWITCH);
        s.done()
    }),
    ("os_release", || {
        let mut s = Sketch::new("distroless", CREATED);
        s.text("/usr/lib/os-release", OS_RELEASE);
        s.done()
    }),
    ("cacerts", || {
        let mut s = Sketch::new("distroless", CREATED);
        s.described("/etc/ssl/certs/ca-certificates.crt", 219_342, 0o644);
        s.described("/usr/share/doc/ca-certificates/copyright", 17_393, 0o644);
        s.done()
    }),
];

const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
";

const GROUP: &str = "root:x:0:
nobody:x:65534:
tty:x:5:
staff:x:50:
nonroot:x:65532:
";

const NSSWITCH: &str = "passwd:         files
group:          files
shadow:         files
hosts:          files dns
networks:       files
protocols:      db files
services:       db files
ethers:         db files
rpc:            db files
";

const OS_RELEASE: &str = "PRETTY_NAME=\"Distroless\"
NAME=\"Debian GNU/Linux\"
ID=\"debian\"
VERSION_ID=\"12\"
VERSION=\"Debian GNU/Linux 12 (bookworm)\"
HOME_URL=\"https://github.com/GoogleContainerTools/distroless\"
SUPPORT_URL=\"https://github.com/GoogleContainerTools/distroless/blob/master/README.md\"
BUG_REPORT_URL=\"https://github.com/GoogleContainerTools/distroless/issues/new\"
";
