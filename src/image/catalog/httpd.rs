//! `httpd`: Apache's web server, on Debian's slim base and on alpine.

use super::debian::{self, Added};
use super::recipe::Recipe;
use super::sketch::Sketch;
use super::{alpine, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// 2023-12-19, httpd 2.4.58.
const CREATED: i64 = 1_702_944_000;

const PREFIX: &str = "/usr/local/apache2";

pub(super) fn image(on_alpine: bool) -> Arc<Image> {
    let base = if on_alpine { alpine::shared(&alpine::V3_19) } else { debian::slim() };
    let word = if on_alpine { "alpine" } else { "debian" };
    let key = |what: &str| format!("httpd/{what}/{word}");
    let mut recipe = Recipe::from(&base, CREATED);
    if on_alpine {
        let run = "set -x \t&& adduser -u 82 -D -S -G www-data www-data";
        recipe.run(run, "RUN adduser", "httpd/user", || {
            let mut s = Sketch::new("httpd", CREATED);
            alpine::add_accounts(&mut s, alpine::WWW_DATA, "");
            s.dir_of("/home/www-data", 0o2755, 82, 82);
            s.done()
        });
    }
    recipe.env("HTTPD_PREFIX", PREFIX).path("/usr/local/apache2/bin");
    let run = "mkdir -p \"$HTTPD_PREFIX\" \t&& chown www-data:www-data \"$HTTPD_PREFIX\"";
    recipe.run(run, "RUN mkdir", &key("prefix"), move || {
        let mut s = Sketch::new("httpd", CREATED);
        own(&mut s, on_alpine);
        s.done()
    });
    recipe.workdir(PREFIX);
    let run = if on_alpine { RUN_APK } else { RUN_APT };
    recipe.run(run, "RUN install libraries", &key("libraries"), move || libraries(on_alpine));
    recipe.env("HTTPD_VERSION", "2.4.58");
    recipe.env("HTTPD_SHA256", "fa16d72a078210a54c47dd5bef2f8b9b8a01d94909a51453956b3ec6442ea4c5");
    recipe.env("HTTPD_PATCHES", "");
    recipe.run(RUN_HTTPD, "RUN make httpd", &key("server"), move || server(on_alpine));
    recipe.stop_signal("SIGWINCH");
    recipe.copy("httpd-foreground /usr/local/bin/", "COPY httpd-foreground", "httpd/foreground", || {
        let mut s = Sketch::new("httpd", CREATED);
        s.script("/usr/local/bin/httpd-foreground", FOREGROUND, 138);
        s.done()
    });
    recipe.expose("80/tcp").cmd(&["httpd-foreground"]);
    recipe.finish()
}

const RUN_APT: &str = "set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \t\tca-certificates \
    \t\tlibaprutil1-ldap \t\tlibldap-common \t; \trm -rf /var/lib/apt/lists/*";
const RUN_APK: &str =
    "set -eux; \tapk add --no-cache \t\tapr \t\tapr-util \t\tapr-util-ldap \t\tca-certificates \t\tperl \t;";
const RUN_HTTPD: &str = "set -eux; \tddist 'httpd.tar.bz2' \"httpd/httpd-$HTTPD_VERSION.tar.bz2\"; \tmkdir -p src; \
    \ttar -xf httpd.tar.bz2 -C src --strip-components=1; \tcd src; \t./configure --prefix=\"$HTTPD_PREFIX\" \
    --enable-mods-shared=reallyall --enable-mpms-shared=all --enable-pie; \tmake -j \"$(nproc)\"; \tmake install; \tcd ..; \
    \trm -r src man manual; \thttpd -v";

fn own(s: &mut Sketch, on_alpine: bool) {
    let id = if on_alpine { 82 } else { 33 };
    s.dir_of(PREFIX, 0o755, id, id);
}

const FIRST: &str = "ca-certificates libaprutil1-ldap libapr1 libaprutil1 libexpat1 libldap-2.5-0 libldap-common libsasl2-2 \
    libsasl2-modules-db libssl3 openssl";
const MORE: &str = "libbrotli1 libcurl4 libgssapi-krb5-2 libicu72 libjansson4 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0 \
    liblua5.2-0 libnghttp2-14 libpcre3 libpsl5 librtmp1 libssh2-1 libxml2";

const APK: &str = "apr apr-util apr-util-ldap ca-certificates libbz2 libexpat libldap libsasl libuuid perl";
const APK_MORE: &str = ".httpd-rundeps brotli-libs c-ares jansson libcurl libidn2 libunistring libxml2 nghttp2-libs pcre xz-libs";

fn libraries(on_alpine: bool) -> Tree {
    let mut s = Sketch::new("httpd", CREATED);
    if on_alpine {
        let world = "apr apr-util apr-util-ldap ca-certificates perl";
        alpine::install(&mut s, &alpine::Added { base: &alpine::V3_19, before: "", new: APK, world });
        s.spread("/usr/share/perl5/core_perl", 16_000_000, &perl_modules()).spread(
            "/usr/lib/perl5/core_perl",
            19_500_000,
            &perl_modules(),
        );
    } else {
        debian::install(&mut s, &Added { base: &debian::BOOKWORM_SLIM, before: "", new: FIRST });
    }
    s.done()
}

/// The names of Perl's modules, as Debian's package has them.
fn perl_modules() -> String {
    let mut names = String::new();
    let listing = listing::only(&listing::BUILDPACK_SCM.text(), "perl-modules-5.36");
    listing::read(&listing, &mut |_, line| {
        if let listing::Line::File { path, .. } = line
            && let Some(name) = path.strip_prefix("/usr/share/perl/5.36.0/")
            && name.ends_with(".pm")
        {
            names.push_str(name);
            names.push(' ');
        }
    });
    names
}

fn server(on_alpine: bool) -> Tree {
    let mut s = Sketch::new("httpd", CREATED);
    let listing = listing::HTTPD.text();
    s.listing(&if on_alpine { listing } else { with_symbols(&listing) });
    own(&mut s, on_alpine);
    s.text("/usr/local/apache2/htdocs/index.html", "<html><body><h1>It works!</h1></body></html>\n");
    s.text("/usr/local/apache2/conf/httpd.conf", CONF)
        .text("/usr/local/apache2/conf/original/httpd.conf", CONF);
    if on_alpine {
        let world = ".httpd-rundeps apr apr-util apr-util-ldap ca-certificates perl";
        alpine::install(&mut s, &alpine::Added { base: &alpine::V3_19, before: APK, new: APK_MORE, world });
    } else {
        debian::install(&mut s, &Added { base: &debian::BOOKWORM_SLIM, before: FIRST, new: MORE });
        s.settle(83_800_000, "/usr/local/apache2/bin/httpd");
    }
    s.done()
}

/// The modules with their symbols: Debian's flags for the compiler have `-g`, and nobody strips them.
fn with_symbols(listing: &str) -> String {
    let line = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
        [name, size, mode] if name.starts_with("mod_") => {
            format!("{name} {} {mode}\n", size.parse::<u64>().unwrap_or(0) * 6)
        }
        _ => format!("{line}\n"),
    };
    listing.lines().map(line).collect()
}

/// The settings that lessons look at and change.
const CONF: &str = "ServerRoot \"/usr/local/apache2\"
Listen 80
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authn_core_module modules/mod_authn_core.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule mime_module modules/mod_mime.so
LoadModule log_config_module modules/mod_log_config.so
LoadModule unixd_module modules/mod_unixd.so
LoadModule dir_module modules/mod_dir.so
#LoadModule ssl_module modules/mod_ssl.so
#LoadModule proxy_module modules/mod_proxy.so
#LoadModule proxy_http_module modules/mod_proxy_http.so
#LoadModule rewrite_module modules/mod_rewrite.so
<IfModule unixd_module>
User www-data
Group www-data
</IfModule>
ServerAdmin you@example.com
#ServerName www.example.com:80
DocumentRoot \"/usr/local/apache2/htdocs\"
<Directory \"/usr/local/apache2/htdocs\">
    Options Indexes FollowSymLinks
    AllowOverride None
    Require all granted
</Directory>
<IfModule dir_module>
    DirectoryIndex index.html
</IfModule>
ErrorLog /proc/self/fd/2
LogLevel warn
CustomLog /proc/self/fd/1 common
#Include conf/extra/httpd-vhosts.conf
#Include conf/extra/httpd-ssl.conf
";

const FOREGROUND: &str = "#!/bin/sh
set -e
# A file of an earlier start would stop this one.
rm -f \"$HTTPD_PREFIX/logs/httpd.pid\"
exec httpd -DFOREGROUND \"$@\"
";
