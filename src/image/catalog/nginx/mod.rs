//! `nginx:latest` on Debian's layer and `nginx:alpine` on alpine's.

mod files;
mod texts;

use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use super::{alpine, debian, listing};
use crate::fs::Tree;
use crate::image::{Config, Image};
use std::sync::Arc;

/// 2023-12-21, nginx 1.25.3.
const CREATED: i64 = 1_703_116_800;

/// `nginx:latest`: the ten rows of `docker history` that the course shows, with their sizes.
pub(super) fn latest() -> Arc<Image> {
    let mut recipe = Recipe::from(&debian::slim(), CREATED);
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
}

/// `nginx:alpine`, told in four layers as the course draws them.
pub(super) fn alpine() -> Arc<Image> {
    let mut recipe = Recipe::from(&alpine::shared(&alpine::V3_19), CREATED);
    recipe.meta("LABEL maintainer=NGINX Docker Maintainers <docker-maint@nginx.com>");
    recipe.meta("ENV NGINX_VERSION=1.25.3").meta("ENV NJS_VERSION=0.8.2").meta("ENV PKG_RELEASE=1");
    recipe.layer(RUN_ALPINE, "RUN apk add", "nginx/alpine", on_alpine);
    recipe.layer("COPY conf / # buildkit", "COPY conf", "nginx/conf", conf);
    recipe.layer("COPY html /usr/share/nginx/html # buildkit", "COPY html", "nginx/html", html);
    recipe.meta("ENTRYPOINT [\"/docker-entrypoint.sh\"]").meta("EXPOSE map[80/tcp:{}]");
    recipe.meta("STOPSIGNAL SIGQUIT").meta("CMD [\"nginx\" \"-g\" \"daemon off;\"]");
    recipe.config(|config| configure(config, "PKG_RELEASE=1"));
    recipe.finish()
}

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
    debian::add_packages(&mut s, &[&listing::DEBIAN], &listings);
    debian::add_user(&mut s, "nginx", 101, "/nonexistent", "/bin/false");
    s.dirs(0o755, "/docker-entrypoint.d");
    configuration(&mut s);
    pages(&mut s);
    s.settle(112_012_288, "/usr/lib/x86_64-linux-gnu/libicudata.so.72.1");
    s.done()
}

fn on_alpine() -> Tree {
    let mut s = Sketch::new("nginx", CREATED);
    let own = [files::ALPINE, files::ALPINE_LIBRARIES].concat();
    let listing = [own, alpine::certificates(&mut s), alpine::zones()].concat();
    let names = "ca-certificates curl nginx nginx-module-geoip nginx-module-image-filter nginx-module-njs \
        nginx-module-xslt tzdata";
    alpine::add_packages(&mut s, &alpine::V3_19, &listing, names);
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
