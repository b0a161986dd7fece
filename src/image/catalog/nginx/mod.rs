//! `nginx:latest` on Debian's layer and `nginx:alpine` on alpine's.

mod files;
mod texts;

use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use super::{alpine, debian, listing};
use crate::fs::Tree;
use crate::image::{Config, Image};
use std::sync::{Arc, LazyLock};

/// 2023-12-21, nginx 1.25.3.
const CREATED: i64 = 1_703_116_800;

/// `nginx:latest`: the ten rows of `docker history` that the course shows, with their sizes.
pub(super) static LATEST: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::from(&debian::IMAGE, CREATED);
    recipe.forget("/bin/sh -c #(nop)  CMD");
    recipe.layer(RUN_DEBIAN, "RUN install nginx", "nginx/debian", on_debian);
    for (name, text, size, to) in SCRIPTS {
        let label = if *to == "/" { "COPY entrypoint" } else { "COPY script" };
        recipe.layer(&format!("COPY {name} {to} # buildkit"), label, &format!("nginx/{name}"), || {
            script(name, text, *size, to)
        });
    }
    recipe.meta("ENTRYPOINT [\"/docker-entrypoint.sh\"]").meta("EXPOSE map[80/tcp:{}]");
    recipe.meta("STOPSIGNAL SIGQUIT").meta("CMD [\"nginx\" \"-g\" \"daemon off;\"]");
    recipe.config(|config| configure(config, "PKG_RELEASE=1~bookworm"));
    recipe.finish()
});

/// `nginx:alpine`, told in four layers as the course draws them.
pub(super) static ALPINE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::from(&alpine::IMAGE, CREATED);
    recipe.meta("LABEL maintainer=NGINX Docker Maintainers <docker-maint@nginx.com>");
    recipe.meta("ENV NGINX_VERSION=1.25.3").meta("ENV NJS_VERSION=0.8.2").meta("ENV PKG_RELEASE=1");
    recipe.layer(RUN_ALPINE, "RUN apk add", "nginx/alpine", on_alpine);
    recipe.layer("COPY conf / # buildkit", "COPY conf", "nginx/conf", conf);
    recipe.layer("COPY html /usr/share/nginx/html # buildkit", "COPY html", "nginx/html", html);
    recipe.meta("ENTRYPOINT [\"/docker-entrypoint.sh\"]").meta("EXPOSE map[80/tcp:{}]");
    recipe.meta("STOPSIGNAL SIGQUIT").meta("CMD [\"nginx\" \"-g\" \"daemon off;\"]");
    recipe.config(|config| configure(config, "PKG_RELEASE=1"));
    recipe.finish()
});

fn configure(config: &mut Config, release: &str) {
    config.env.extend(words(&["NGINX_VERSION=1.25.3", "NJS_VERSION=0.8.2", release]));
    config.cmd = Some(words(&["nginx", "-g", "daemon off;"]));
    config.entrypoint = Some(words(&["/docker-entrypoint.sh"]));
    config.exposed_ports = words(&["80/tcp"]);
    config.stop_signal = "SIGQUIT".to_owned();
    let maintainer = "NGINX Docker Maintainers <docker-maint@nginx.com>";
    config.labels.insert("maintainer".to_owned(), maintainer.to_owned());
}

const RUN_DEBIAN: &str = "RUN /bin/sh -c set -x     && groupadd --system --gid 101 nginx     \
    && useradd --system --gid nginx --no-create-home --home /nonexistent --comment \"nginx user\" --shell /bin/false --uid 101 nginx     \
    && apt-get update     && apt-get install --no-install-recommends --no-install-suggests -y gnupg1 ca-certificates     \
    && echo \"deb [signed-by=/etc/apt/keyrings/nginx-archive-keyring.gpg] https://nginx.org/packages/mainline/debian/ bookworm nginx\" \
    >> /etc/apt/sources.list.d/nginx.list     && apt-get update     \
    && apt-get install --no-install-recommends --no-install-suggests -y nginx nginx-module-xslt nginx-module-geoip \
    nginx-module-image-filter nginx-module-njs gettext-base curl     \
    && apt-get remove --purge --auto-remove -y     && rm -rf /var/lib/apt/lists/* /etc/apt/sources.list.d/nginx.list     \
    && ln -sf /dev/stdout /var/log/nginx/access.log     && ln -sf /dev/stderr /var/log/nginx/error.log     \
    && mkdir /docker-entrypoint.d # buildkit";

const RUN_ALPINE: &str = "RUN /bin/sh -c set -x     && addgroup -g 101 -S nginx     \
    && adduser -S -D -H -u 101 -h /var/cache/nginx -s /sbin/nologin -G nginx -g nginx nginx     \
    && apk add --no-cache nginx=1.25.3 nginx-module-xslt nginx-module-geoip nginx-module-image-filter \
    nginx-module-njs gettext-envsubst curl tzdata     \
    && ln -sf /dev/stdout /var/log/nginx/access.log     && ln -sf /dev/stderr /var/log/nginx/error.log # buildkit";

/// The scripts in the order they are copied: name, text, bytes, destination.
const SCRIPTS: &[(&str, &str, usize, &str)] = &[
    ("docker-entrypoint.sh", texts::ENTRYPOINT, 1620, "/"),
    ("10-listen-on-ipv6-by-default.sh", texts::LISTEN, 2120, "/docker-entrypoint.d"),
    ("20-envsubst-on-templates.sh", texts::ENVSUBST, 3020, "/docker-entrypoint.d"),
    ("30-tune-worker-processes.sh", texts::TUNE, 4620, "/docker-entrypoint.d"),
];

fn script(name: &str, text: &str, size: usize, to: &str) -> Tree {
    let mut s = Sketch::new("nginx", CREATED);
    s.script(&format!("{}/{name}", to.trim_end_matches('/')), text, size);
    s.done()
}

fn on_debian() -> Tree {
    let mut s = Sketch::new("nginx", CREATED);
    let listings = [&listing::DEBIAN_CERTIFICATES.text(), &listing::NGINX_DEBIAN.text(), files::DEBIAN];
    debian::add_packages(&mut s, "", PACKAGES, &listings);
    debian::add_user(&mut s, "nginx", 101, "/nonexistent", "/bin/false");
    s.dirs(0o755, "/docker-entrypoint.d");
    configuration(&mut s);
    pages(&mut s);
    s.settle(112_012_288, "/usr/lib/x86_64-linux-gnu/libicudata.so.72.1");
    s.done()
}

fn on_alpine() -> Tree {
    let mut s = Sketch::new("nginx", CREATED);
    let zones = listing::only(&listing::DEBIAN.text(), "tzdata").replace("localtime > /etc/localtime\n", "");
    let listing = [files::ALPINE, files::ALPINE_LIBRARIES, &alpine::certificates(&mut s), &zones].concat();
    let names = "ca-certificates curl nginx nginx-module-geoip nginx-module-image-filter nginx-module-njs \
        nginx-module-xslt tzdata";
    alpine::add_packages(&mut s, files::APK, &listing, names);
    alpine::add_user(&mut s, "nginx", 101, "/var/cache/nginx", "/sbin/nologin", "nginx");
    // The course tells these as layers of their own.
    s.remove("/etc/nginx").remove("/usr/share/nginx");
    s.dirs(0o755, "/docker-entrypoint.d").settle(35_190_784, "/usr/lib/libaom.so.3.7.1");
    s.done()
}

fn configuration(s: &mut Sketch) {
    s.text("/etc/nginx/nginx.conf", texts::CONF).text("/etc/nginx/conf.d/default.conf", texts::SITE);
    s.text("/etc/nginx/mime.types", texts::MIME).link("/etc/nginx/modules", "/usr/lib/nginx/modules");
    s.files("/etc/nginx", "fastcgi_params 1007 scgi_params 636 uwsgi_params 664");
}

fn pages(s: &mut Sketch) {
    s.text("/usr/share/nginx/html/index.html", texts::INDEX)
        .text("/usr/share/nginx/html/50x.html", texts::ERROR);
}

fn conf() -> Tree {
    let mut s = Sketch::new("nginx", CREATED);
    configuration(&mut s);
    for (name, text, size, to) in SCRIPTS {
        s.script(&format!("{}/{name}", to.trim_end_matches('/')), text, *size);
    }
    s.script("/docker-entrypoint.d/15-local-resolvers.envsh", texts::RESOLVERS, 336);
    s.done()
}

fn html() -> Tree {
    let mut s = Sketch::new("nginx", CREATED);
    pages(&mut s);
    s.done()
}

const PACKAGES: &str = "\
ca-certificates 20230311 - 387 all misc certificates of common authorities
curl 7.88.1-10+deb12u4 - 500 amd64 web transfers data by URL
fontconfig-config 2.14.1-4 - 431 amd64 fonts settings of fontconfig
fonts-dejavu-core 2.37-6 - 2959 all fonts DejaVu fonts
gettext-base 0.21-12 - 709 amd64 utils translations in scripts
libabsl20220623 20220623.1-1+deb12u1 - 1913 amd64 libs Abseil
libaom3 3.6.0-1 - 6039 amd64 libs AV1 codec
libavif15 0.11.1-1 - 193 amd64 libs AVIF images
libbrotli1 1.0.9-2+b6 - 785 amd64 libs Brotli compression
libbsd0 0.11.7-2 - 202 amd64 libs functions of BSD
libcurl4 7.88.1-10+deb12u4 - 858 amd64 libs transfers data by URL
libdav1d6 1.0.0-2 - 1690 amd64 libs AV1 decoder
libde265-0 1.0.11-1+deb12u1 - 598 amd64 libs H.265 decoder
libdeflate0 1.14-1 - 161 amd64 libs fast deflate
libexpat1 2.5.0-1 - 404 amd64 libs XML parser
libfontconfig1 2.14.1-4 - 567 amd64 libs chooses fonts
libfreetype6 2.12.1+dfsg-5 - 953 amd64 libs draws fonts
libgav1-1 0.18.0-1+b1 - 945 amd64 libs AV1 decoder, another
libgd3 2.3.3-9 - 445 amd64 libs draws images
libgeoip1 1.6.12-10 - 304 amd64 libs countries of addresses
libgssapi-krb5-2 1.20.1-2+deb12u1 - 425 amd64 libs Kerberos, GSS-API
libheif1 1.15.1-1 - 675 amd64 libs HEIF images
libicu72 72.1-3 - 37052 amd64 libs Unicode and locales
libjbig0 2.1-6.1 - 84 amd64 libs JBIG1 images
libjpeg62-turbo 1:2.1.5-2 - 620 amd64 libs JPEG images
libk5crypto3 1.20.1-2+deb12u1 - 261 amd64 libs Kerberos, cryptography
libkeyutils1 1.6.3-2 - 40 amd64 libs keys in the kernel
libkrb5-3 1.20.1-2+deb12u1 - 1077 amd64 libs Kerberos
libkrb5support0 1.20.1-2+deb12u1 - 134 amd64 libs Kerberos, helpers
libldap-2.5-0 2.5.13+dfsg-5 - 553 amd64 libs directories by LDAP
liblerc4 4.0.0+ds-2 - 649 amd64 libs raster compression
libnghttp2-14 1.52.0-1+deb12u1 - 233 amd64 libs HTTP/2
libnuma1 2.0.16-1 - 71 amd64 libs memory of many nodes
libpng16-16 1.6.39-2 - 514 amd64 libs PNG images
libpsl5 0.21.2-1 - 96 amd64 libs public suffixes
librav1e0 0.5.1-6 - 2664 amd64 libs AV1 encoder
librtmp1 2.4+20151223.gitfa8646d.1-2+b2 - 146 amd64 libs RTMP streams
libsasl2-2 2.1.28+dfsg-10+deb12u1 - 167 amd64 libs SASL
libsasl2-modules-db 2.1.28+dfsg-10+deb12u1 - 77 amd64 libs SASL, passwords in a file
libssh2-1 1.10.0-3+deb12u1 - 353 amd64 libs SSH client
libssl3 3.0.11-1~deb12u2 - 6016 amd64 libs TLS of OpenSSL
libsvtav1enc1 1.4.1+dfsg-1 - 6632 amd64 libs AV1 encoder, another
libtiff6 4.5.0-6+deb12u1 - 723 amd64 libs TIFF images
libwebp7 1.2.4-0.2+deb12u1 - 592 amd64 libs WebP images
libx11-6 2:1.8.4-2+deb12u1 - 1562 amd64 libs X11 client
libx11-data 2:1.8.4-2+deb12u1 - 1577 all x11 X11 locale data
libx265-199 3.5-2+b1 - 15478 amd64 libs H.265 encoder
libxau6 1:1.0.9-1 - 42 amd64 libs X11 authorisation
libxcb1 1.15-1 - 296 amd64 libs X11 protocol
libxdmcp6 1:1.1.2-3 - 53 amd64 libs X11 display manager protocol
libxml2 2.9.14+dfsg-1.3~deb12u1 - 2140 amd64 libs XML library
libxpm4 1:3.5.12-1.1+deb12u1 - 111 amd64 libs pixmaps
libxslt1.1 1.1.35-1 - 522 amd64 libs XSLT library
libyuv0 0.0~git20230123.b2528b0-1 - 671 amd64 libs YUV conversion
lsb-base 11.6 11.1.0ubuntu4 22 all misc init script functions
nginx 1.25.3-1~bookworm - 3516 amd64 httpd web server
nginx-module-geoip 1.25.3-1~bookworm - 112 amd64 httpd GeoIP modules
nginx-module-image-filter 1.25.3-1~bookworm - 101 amd64 httpd image filter module
nginx-module-njs 1.25.3+0.8.2-1~bookworm - 4982 amd64 httpd njs modules
nginx-module-xslt 1.25.3-1~bookworm - 101 amd64 httpd XSLT module
openssl 3.0.11-1~deb12u2 - 2293 amd64 utils command line of OpenSSL
";
