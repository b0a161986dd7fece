//! `nginx:latest` on Debian's layer and `nginx:alpine` on alpine's.

mod texts;

use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use super::{alpine, debian};
use crate::fs::Layer;
use crate::image::{Config, Image};
use std::sync::{Arc, LazyLock};

/// 2023-12-21, nginx 1.25.3.
const CREATED: i64 = 1_703_116_800;

/// `nginx:latest`: the ten rows of `docker history` that the course shows, with their sizes.
pub(super) static LATEST: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::from(&debian::IMAGE, CREATED);
    recipe.forget("/bin/sh -c #(nop)  CMD");
    recipe.layer(RUN_DEBIAN, "RUN install nginx", on_debian());
    for (name, text, size, to) in SCRIPTS {
        let label = if *to == "/" { "COPY entrypoint" } else { "COPY script" };
        recipe.layer(&format!("COPY {name} {to} # buildkit"), label, script(name, text, *size, to));
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
    recipe.layer(RUN_ALPINE, "RUN apk add", on_alpine());
    recipe.layer("COPY conf / # buildkit", "COPY conf", conf());
    recipe.layer("COPY html /usr/share/nginx/html # buildkit", "COPY html", html());
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

fn script(name: &str, text: &str, size: usize, to: &str) -> Layer {
    let mut s = Sketch::new("nginx", CREATED);
    s.script(&format!("{}/{name}", to.trim_end_matches('/')), text, size);
    s.seal()
}

fn on_debian() -> Layer {
    let mut s = Sketch::new("nginx", CREATED);
    debian::add_packages(&mut s, "", PACKAGES);
    debian::add_user(&mut s, "nginx", 101, "/nonexistent", "/bin/false");
    s.dirs(0o755, "/docker-entrypoint.d /etc/nginx/conf.d /etc/nginx/templates");
    server(&mut s, "/usr/lib/nginx/modules", 1_481_320);
    configuration(&mut s);
    pages(&mut s);
    s.programs("/usr/bin", "curl 302256 envsubst 35208 gettext 39304 ngettext 39304 openssl 989160");
    s.programs("/usr/sbin", "update-ca-certificates 5363 nginx-debug 1516264");
    s.files("/etc", "ca-certificates.conf 5662").files("/etc/ssl", "openssl.cnf 12332");
    s.files("/etc/ssl/certs", "ca-certificates.crt 213777")
        .files("/etc/init.d", "nginx 4244 nginx-debug 4248");
    s.files("/etc/default", "nginx 374 nginx-debug 418").files("/etc/logrotate.d", "nginx 351");
    s.files("/usr/share/keyrings", "nginx-archive-keyring.gpg 1561").files(
        "/usr/share/fonts/truetype/dejavu",
        "DejaVuSans.ttf 757076 DejaVuSans-Bold.ttf 705684 DejaVuSansMono.ttf 340712",
    );
    s.fill_up(112_012_288, debian::LIB, LIBRARIES);
    s.seal()
}

fn on_alpine() -> Layer {
    let mut s = Sketch::new("nginx", CREATED);
    alpine::add_packages(
        &mut s,
        APK,
        "curl gettext-envsubst nginx nginx-module-geoip nginx-module-image-filter nginx-module-njs nginx-module-xslt tzdata",
    );
    alpine::add_user(&mut s, "nginx", 101, "/var/cache/nginx", "/sbin/nologin", "nginx");
    server(&mut s, "/usr/lib/nginx/modules", 1_258_000);
    s.programs("/usr/bin", "curl 255912 envsubst 35096");
    s.files("/etc/logrotate.d", "nginx 377").files(
        "/usr/share/zoneinfo",
        "Etc/UTC 114 Europe/Berlin 2298 America/New_York 3552 Asia/Tokyo 309 tzdata.zi 107456",
    );
    s.fill_up(35_190_784, "/usr/lib", "libX11.so.6.4.0 libXau.so.6.0.0 libXdmcp.so.6.0.0 libXext.so.6.4.0 libXpm.so.4.11.0 libaom.so.3.7.1 \
        libavif.so.16.0.2 libbrotlicommon.so.1.1.0 libbrotlidec.so.1.1.0 libbsd.so.0.11.7 libcurl.so.4.8.0 libdav1d.so.7.0.0 libedit.so.0.0.72 \
        libexslt.so.0.8.21 libfontconfig.so.1.12.0 libfreetype.so.6.20.1 libgcrypt.so.20.4.3 libgd.so.3.0.11 libgpg-error.so.0.35.0 \
        libidn2.so.0.3.8 libintl.so.8.4.0 libjpeg.so.8.3.2 libmd.so.0.1.0 libncursesw.so.6.4 libnghttp2.so.14.25.1 libpcre2-8.so.0.11.2 \
        libpng16.so.16.40.0 libsharpyuv.so.0.0.1 libtiff.so.6.0.2 libunistring.so.5.0.0 libwebp.so.7.1.8 libxcb.so.1.1.0 libxml2.so.2.11.6 \
        libxslt.so.1.1.39 libzstd.so.1.5.5");
    s.seal()
}

/// The program, its modules and its working directories.
fn server(s: &mut Sketch, modules: &str, size: u64) {
    s.program("/usr/sbin/nginx", "nginx", size);
    s.files(
        modules,
        "ngx_http_geoip_module.so 26880 ngx_http_image_filter_module.so 27000 ngx_http_js_module.so 1214000",
    );
    s.files(modules, "ngx_http_xslt_filter_module.so 22784 ngx_stream_geoip_module.so 22712 ngx_stream_js_module.so 1189000");
    s.dir_of("/var/cache/nginx", 0o755, 0, 0).dirs(0o755, "/var/log/nginx");
    s.link("/var/log/nginx/access.log", "/dev/stdout").link("/var/log/nginx/error.log", "/dev/stderr");
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

fn conf() -> Layer {
    let mut s = Sketch::new("nginx", CREATED);
    configuration(&mut s);
    for (name, text, size, to) in SCRIPTS {
        s.script(&format!("{}/{name}", to.trim_end_matches('/')), text, *size);
    }
    s.script("/docker-entrypoint.d/15-local-resolvers.envsh", texts::RESOLVERS, 336);
    s.seal()
}

fn html() -> Layer {
    let mut s = Sketch::new("nginx", CREATED);
    pages(&mut s);
    s.seal()
}

const PACKAGES: &str = "\
ca-certificates 20230311 - 387 all misc certificates of common authorities
curl 7.88.1-10+deb12u4 - 500 amd64 web transfers data by URL
fontconfig-config 2.14.1-4 - 431 amd64 fonts settings of fontconfig
fonts-dejavu-core 2.37-6 - 2959 all fonts DejaVu fonts
gettext-base 0.21-12 - 709 amd64 utils translations in scripts
libaom3 3.6.0-1 - 6039 amd64 libs AV1 codec
libavif15 0.11.1-1 - 193 amd64 libs AVIF images
libbrotli1 1.0.9-2+b6 - 785 amd64 libs Brotli compression
libcurl4 7.88.1-10+deb12u4 - 858 amd64 libs transfers data by URL
libdav1d6 1.0.0-2 - 1690 amd64 libs AV1 decoder
libde265-0 1.0.11-1+deb12u1 - 598 amd64 libs H.265 decoder
libexpat1 2.5.0-1 - 404 amd64 libs XML parser
libfontconfig1 2.14.1-4 - 567 amd64 libs chooses fonts
libfreetype6 2.12.1+dfsg-5 - 953 amd64 libs draws fonts
libgd3 2.3.3-9 - 445 amd64 libs draws images
libgeoip1 1.6.12-10 - 304 amd64 libs countries of addresses
libheif1 1.15.1-1 - 675 amd64 libs HEIF images
libicu72 72.1-3 - 37052 amd64 libs Unicode and locales
libjpeg62-turbo 1:2.1.5-2 - 620 amd64 libs JPEG images
libnghttp2-14 1.52.0-1+deb12u1 - 233 amd64 libs HTTP/2
libpng16-16 1.6.39-2 - 514 amd64 libs PNG images
libssl3 3.0.11-1~deb12u2 - 6016 amd64 libs TLS of OpenSSL
libtiff6 4.5.0-6+deb12u1 - 723 amd64 libs TIFF images
libwebp7 1.2.4-0.2+deb12u1 - 592 amd64 libs WebP images
libx265-199 3.5-2+b1 - 15478 amd64 libs H.265 encoder
libxml2 2.9.14+dfsg-1.3~deb12u1 - 2140 amd64 libs XML library
libxslt1.1 1.1.35-1 - 522 amd64 libs XSLT library
nginx 1.25.3-1~bookworm - 3516 amd64 httpd web server
nginx-module-geoip 1.25.3-1~bookworm - 112 amd64 httpd GeoIP modules
nginx-module-image-filter 1.25.3-1~bookworm - 101 amd64 httpd image filter module
nginx-module-njs 1.25.3+0.8.2-1~bookworm - 4982 amd64 httpd njs modules
nginx-module-xslt 1.25.3-1~bookworm - 101 amd64 httpd XSLT module
openssl 3.0.11-1~deb12u2 - 2293 amd64 utils command line of OpenSSL
";

const LIBRARIES: &str = "libX11.so.6.4.0 libXau.so.6.0.0 libXpm.so.4.11.0 libaom.so.3.6.0 libavif.so.15.0.1 \
    libbrotlicommon.so.1.0.9 libbrotlidec.so.1.0.9 libbsd.so.0.11.7 libcrypto.so.3 libcurl.so.4.8.0 libdav1d.so.6.6.0 \
    libde265.so.0.1.1 libexpat.so.1.8.10 libfontconfig.so.1.12.0 libfreetype.so.6.18.3 libgav1.so.1.0.0 \
    libgd.so.3.0.9 libgssapi_krb5.so.2.2 libheif.so.1.15.1 libicudata.so.72.1 libicui18n.so.72.1 libicuuc.so.72.1 \
    libjpeg.so.62.3.0 libk5crypto.so.3.1 libkrb5.so.3.3 libldap-2.5.so.0.1.11 libnghttp2.so.14.24.1 \
    libnuma.so.1.0.0 libpng16.so.16.39.0 libpsl.so.5.3.4 librav1e.so.0.5.1 librtmp.so.1 libsasl2.so.2.0.25 \
    libssh2.so.1.0.1 libssl.so.3 libsvtav1enc.so.1.4.1 libtiff.so.6.0.0 libwebp.so.7.1.5 libx265.so.199 \
    libxcb.so.1.1.0 libxml2.so.2.9.14 libxslt.so.1.1.35 libyuv.so.0.0.1857";

const APK: &str = "\
brotli-libs 1.1.0-r1 brotli 416000 860160 Brotli compression
c-ares 1.22.1-r0 c-ares 64000 143360 Asynchronous names
curl 8.5.0-r0 curl 150000 274432 Transfers data by URL
geoip 1.6.12-r5 geoip 126000 258048 Countries of addresses
gettext-envsubst 0.22.3-r0 gettext 14000 45056 Fills in variables
libcurl 8.5.0-r0 curl 330000 589824 Transfers data by URL
libgd 2.3.3-r8 gd 128000 266240 Draws images
libintl 0.22.3-r0 gettext 24000 61440 Translations
libxml2 2.11.6-r0 libxml2 490000 1146880 XML library
libxslt 1.1.39-r0 libxslt 170000 413696 XSLT library
nghttp2-libs 1.58.0-r0 nghttp2 70000 139264 HTTP/2
nginx 1.25.3-r1 nginx 900000 3411968 Web server
nginx-module-geoip 1.25.3-r1 nginx-module-geoip 17000 77824 GeoIP modules
nginx-module-image-filter 1.25.3-r1 nginx-module-image-filter 12000 45056 Image filter module
nginx-module-njs 1.25.3.0.8.2-r1 nginx-module-njs 1400000 4882432 njs modules
nginx-module-xslt 1.25.3-r1 nginx-module-xslt 11000 45056 XSLT module
pcre2 10.42-r2 pcre2 270000 667648 Regular expressions
tzdata 2023c-r1 tzdata 430000 1409024 Time zones
";
