//! PHP: its shell, its server for FastCGI and the one in Apache, on Debian's slim base; the first two on alpine.

mod texts;

use super::debian::{self, Added};
use super::recipe::Recipe;
use super::sketch::Sketch;
use super::{alpine, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// A release of PHP. The tree is 8.2's in all of them.
pub(super) struct Release {
    version: &'static str,
    /// The number of the interface for extensions, which names their directory.
    api: &'static str,
    sum: &'static str,
    keys: &'static str,
}

pub(super) static V8_1: Release = Release {
    version: "8.1.27",
    api: "20210902",
    sum: "479e65c3f05714d4aace1370e617d78e49e996ec7a7579a5be47535be61f0658",
    keys: "528995BFEDFBA7191D46839EF9BA0ADA31CBD89E 39B641343D8C104B2B146DC3F9C39DC0B9698544 \
        F1F692238FBC1666E5A5CCD4199F9DFEF6FFBAFD",
};
pub(super) static V8_2: Release = Release {
    version: "8.2.14",
    api: "20220829",
    sum: "763ecd39fcf51c3815af6ef6e43fa9aa0d0bd8e5a615009e5f4780c92705f583",
    keys: "39B641343D8C104B2B146DC3F9C39DC0B9698544 E60913E4DF209907D8E30D96659A97C9CF2A795A \
        1198C0117593497A5EC5C199286AF1F9897469DC",
};
pub(super) static V8_3: Release = Release {
    version: "8.3.1",
    api: "20230831",
    sum: "56445b1771b2ba5b7573453f9e8a9451e2d810b1741a352fa05259733b1e9758",
    keys: "1198C0117593497A5EC5C199286AF1F9897469DC C28D937575603EB4ABB725861C0779DC5C0A9DE4 \
        AFD8691FDAEDF03BDF6E460563F15A9B715376CA",
};

/// 2023-12-22.
const CREATED: i64 = 1_703_203_200;

/// What runs the scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Cli,
    Fpm,
    Apache,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Cli => "cli",
            Kind::Fpm => "fpm",
            Kind::Apache => "apache",
        }
    }
}

pub(super) fn image(php: &'static Release, kind: Kind, on_alpine: bool) -> Arc<Image> {
    let base = if on_alpine { alpine::shared(&alpine::V3_19) } else { debian::slim() };
    let word = if on_alpine { "alpine" } else { "debian" };
    let mut recipe = Recipe::from(&base, CREATED);
    if on_alpine {
        recipe.env("PHPIZE_DEPS", texts::PHPIZE_DEPS_ALPINE);
        let run = "apk add --no-cache \t\tca-certificates \t\tcurl \t\topenssl \t\ttar \t\txz";
        recipe.run(run, "RUN apk add", "php/alpine", || {
            let mut s = Sketch::new("php", CREATED);
            let (new, world) = (APK, "ca-certificates curl openssl tar xz");
            alpine::install(&mut s, &alpine::Added { base: &alpine::V3_19, before: "", new, world });
            s.done()
        });
        recipe.run("set -eux; \tadduser -u 82 -D -S -G www-data www-data", "RUN adduser", "php/user", || {
            let mut s = Sketch::new("php", CREATED);
            alpine::add_accounts(&mut s, alpine::WWW_DATA, "");
            s.dir_of("/home/www-data", 0o2755, 82, 82);
            s.done()
        });
    } else {
        recipe.run(texts::RUN_PIN, "RUN pin", "php/pin", || {
            let mut s = Sketch::new("php", CREATED);
            s.text(
                "/etc/apt/preferences.d/no-debian-php",
                "Package: php*\nPin: release *\nPin-Priority: -1\n",
            );
            s.done()
        });
        recipe.env("PHPIZE_DEPS", texts::PHPIZE_DEPS);
        recipe.run(texts::RUN_APT, "RUN apt-get", "php/debian", || {
            let mut s = Sketch::new("php", CREATED);
            debian::install(&mut s, &Added { base: &debian::BOOKWORM_SLIM, before: "", new: APT });
            s.done()
        });
    }
    recipe.env("PHP_INI_DIR", "/usr/local/etc/php");
    recipe.run(texts::RUN_DIRS, "RUN mkdir", &format!("php/dirs/{word}"), move || {
        let mut s = Sketch::new("php", CREATED);
        let id = if on_alpine { 82 } else { 33 };
        s.dirs(0o755, "/usr/local/etc/php/conf.d").dir_of("/var/www/html", 0o1777, id, id);
        s.done()
    });
    if kind == Kind::Apache {
        recipe.env("APACHE_CONFDIR", "/etc/apache2").env("APACHE_ENVVARS", "/etc/apache2/envvars");
        recipe.run(texts::RUN_APACHE, "RUN install apache2", "php/apache2", apache);
        recipe.run("a2dismod mpm_event && a2enmod mpm_prefork", "RUN a2enmod", "php/prefork", prefork);
        recipe.run(texts::RUN_CONF, "RUN a2enconf", "php/conf", || {
            let mut s = Sketch::new("php", CREATED);
            s.text("/etc/apache2/conf-available/docker-php.conf", texts::CONF);
            s.link("/etc/apache2/conf-enabled/docker-php.conf", "../conf-available/docker-php.conf");
            s.text("/var/lib/apache2/conf/enabled_by_admin/docker-php", "");
            s.done()
        });
    }
    let flags = "-fstack-protector-strong -fpic -fpie -O2 -D_LARGEFILE_SOURCE -D_FILE_OFFSET_BITS=64";
    recipe.env("PHP_CFLAGS", flags).env("PHP_CPPFLAGS", flags).env("PHP_LDFLAGS", "-Wl,-O1 -pie");
    recipe.env("GPG_KEYS", php.keys).env("PHP_VERSION", php.version);
    let url = format!("https://www.php.net/distributions/php-{}.tar.xz", php.version);
    recipe.envs(&[("PHP_URL", &url), ("PHP_ASC_URL", &format!("{url}.asc"))]).env("PHP_SHA256", php.sum);
    let key = |what: &str| format!("php/{}/{what}/{word}", php.version);
    recipe.run(texts::RUN_SOURCE, "RUN curl php", &key("source"), move || {
        let mut s = Sketch::new("php", CREATED);
        s.described("/usr/src/php.tar.xz", 12_083_000, 0o644);
        s.described("/usr/src/php.tar.xz.asc", 833, 0o644);
        s.done()
    });
    recipe.copy(
        "docker-php-source /usr/local/bin/",
        "COPY docker-php-source",
        "php/docker-php-source",
        || {
            let mut s = Sketch::new("php", CREATED);
            s.script("/usr/local/bin/docker-php-source", texts::SOURCE, 587);
            s.done()
        },
    );
    let layer = key(kind.word());
    recipe.run(texts::RUN_PHP, "RUN make php", &layer, move || interpreter(php, kind, on_alpine));
    let scripts = "docker-php-ext-* docker-php-entrypoint /usr/local/bin/";
    recipe.copy(scripts, "COPY docker-php", &format!("php/docker-php/{}", kind.word()), move || {
        let mut s = Sketch::new("php", CREATED);
        s.script("/usr/local/bin/docker-php-ext-configure", texts::CONFIGURE, 1_690);
        s.script("/usr/local/bin/docker-php-ext-enable", texts::ENABLE, 2_628);
        s.script("/usr/local/bin/docker-php-ext-install", texts::INSTALL, 2_938);
        let entrypoint = match kind {
            Kind::Cli => texts::ENTRYPOINT.to_owned(),
            Kind::Fpm => texts::ENTRYPOINT.replace("set -- php", "set -- php-fpm"),
            Kind::Apache => texts::ENTRYPOINT.replace("set -- php", "set -- apache2-foreground"),
        };
        s.script("/usr/local/bin/docker-php-entrypoint", &entrypoint, 134);
        s.done()
    });
    recipe.run("docker-php-ext-enable sodium", "RUN enable sodium", "php/sodium", || {
        let mut s = Sketch::new("php", CREATED);
        s.text("/usr/local/etc/php/conf.d/docker-php-ext-sodium.ini", "extension=sodium\n");
        s.done()
    });
    recipe.entrypoint(&["docker-php-entrypoint"]);
    match kind {
        Kind::Cli => {
            recipe.cmd(&["php", "-a"]);
        }
        Kind::Fpm => {
            recipe.workdir("/var/www/html");
            recipe.run(texts::RUN_FPM, "RUN php-fpm.d", "php/fpm", || {
                let mut s = Sketch::new("php", CREATED);
                s.text("/usr/local/etc/php-fpm.conf", "[global]\ninclude=etc/php-fpm.d/*.conf\n");
                s.text("/usr/local/etc/php-fpm.d/www.conf", texts::WWW);
                s.text("/usr/local/etc/php-fpm.d/docker.conf", texts::DOCKER);
                s.text(
                    "/usr/local/etc/php-fpm.d/zz-docker.conf",
                    "[global]\ndaemonize = no\n\n[www]\nlisten = 9000\n",
                );
                s.text("/usr/local/etc/php/conf.d/docker-fpm.ini", "fastcgi.logging = Off\n");
                s.done()
            });
            recipe.stop_signal("SIGQUIT").expose("9000/tcp").cmd(&["php-fpm"]);
        }
        Kind::Apache => {
            recipe.stop_signal("SIGWINCH");
            recipe.copy(
                "apache2-foreground /usr/local/bin/",
                "COPY apache2-foreground",
                "php/foreground",
                || {
                    let mut s = Sketch::new("php", CREATED);
                    s.script("/usr/local/bin/apache2-foreground", texts::FOREGROUND, 1_348);
                    s.done()
                },
            );
            recipe.workdir("/var/www/html").expose("80/tcp").cmd(&["apache2-foreground"]);
        }
    }
    recipe.finish()
}

/// `composer`, on PHP's alpine image.
pub(super) fn composer() -> Arc<Image> {
    let base = super::image("php:8.3-cli-alpine").unwrap_or_else(|| image(&V8_3, Kind::Cli, true));
    let mut recipe = Recipe::from(&base, CREATED);
    recipe.run(texts::RUN_COMPOSER, "RUN apk add", "composer/apk", || {
        let mut s = Sketch::new("composer", CREATED);
        let before = [APK, APK_MORE].join(" ");
        let world = ".php-rundeps bash ca-certificates curl openssl tar xz";
        alpine::install(&mut s, &alpine::Added { base: &alpine::V3_19, before: &before, new: "bash", world });
        for (name, size) in
            [("git", 3_100_000), ("hg", 180), ("svn", 310_000), ("unzip", 180_000), ("zip", 210_000)]
        {
            s.program(&format!("/usr/bin/{name}"), name, size);
        }
        s.described("/usr/libexec/git-core/git-remote-http", 2_400_000, 0o755);
        s.done()
    });
    recipe.env("COMPOSER_ALLOW_SUPERUSER", "1").env("COMPOSER_HOME", "/tmp").env("COMPOSER_VERSION", "2.6.6");
    recipe.run(texts::RUN_COMPOSER_PHAR, "RUN install composer", "composer/phar", || {
        let mut s = Sketch::new("composer", CREATED);
        s.program("/usr/bin/composer", "composer", 2_938_000);
        s.done()
    });
    recipe.copy(
        "docker-entrypoint.sh /docker-entrypoint.sh",
        "COPY entrypoint",
        "composer/entrypoint",
        || {
            let mut s = Sketch::new("composer", CREATED);
            s.script(
                "/docker-entrypoint.sh",
                &texts::ENTRYPOINT.replace("set -- php", "set -- composer"),
                302,
            );
            s.done()
        },
    );
    recipe.layer("WORKDIR /app", "WORKDIR", "composer/app", || {
        let mut s = Sketch::new("composer", CREATED);
        s.dirs(0o755, "/app");
        s.done()
    });
    recipe.config(|config| config.working_dir = "/app".to_owned());
    recipe.entrypoint(&["/docker-entrypoint.sh"]).cmd(&["composer"]);
    recipe.finish()
}

const APT: &str = "autoconf binutils binutils-common binutils-x86-64-linux-gnu bzip2 ca-certificates cpp cpp-12 curl dpkg-dev file g++ \
    g++-12 gcc gcc-12 libasan8 libatomic1 libbinutils libbrotli1 libc-dev-bin libc6-dev libcc1-0 libcrypt-dev libctf-nobfd0 libctf0 \
    libcurl4 libdpkg-perl libgcc-12-dev libgdbm-compat4 libgdbm6 libgomp1 libgprofng0 libgssapi-krb5-2 libisl23 libitm1 libjansson4 \
    libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0 libldap-2.5-0 liblsan0 libmagic-mgc libmagic1 libmpc3 libmpfr6 libnghttp2-14 \
    libnsl-dev libnsl2 libperl5.36 libpkgconf3 libpsl5 libquadmath0 librtmp1 libsasl2-2 libsasl2-modules-db libssh2-1 libssl3 \
    libstdc++-12-dev libtirpc-common libtirpc-dev libtirpc3 libtsan2 libubsan1 linux-libc-dev m4 make openssl patch perl \
    perl-modules-5.36 pkg-config pkgconf pkgconf-bin re2c rpcsvc-proto xz-utils";
const APT_APACHE: &str = "apache2 apache2-bin apache2-data apache2-utils libapr1 libaprutil1 libaprutil1-dbd-sqlite3 libaprutil1-ldap \
    libexpat1 libicu72 liblua5.3-0 libncursesw6 libproc2-0 libsqlite3-0 libxml2 media-types procps";
/// What the interpreter is linked with.
const APT_MORE: &str =
    "libargon2-1 libicu72 libonig5 libreadline8 libsodium23 libsqlite3-0 libxml2 readline-common";
const APT_MORE_APACHE: &str = "libargon2-1 libonig5 libreadline8 libsodium23 readline-common";
const APK: &str = "brotli-libs c-ares ca-certificates curl libacl libcurl libidn2 libunistring nghttp2-libs openssl tar xz xz-libs";
const APK_MORE: &str = ".php-rundeps argon2-libs gnu-libiconv-libs libncursesw libsodium libxml2 ncurses-terminfo-base oniguruma \
    readline sqlite-libs";

/// Apache's packages, and what the rest of that RUN does to their directories.
fn apache() -> Tree {
    let mut s = Sketch::new("php", CREATED);
    debian::install(&mut s, &Added { base: &debian::BOOKWORM_SLIM, before: APT, new: APT_APACHE });
    for module in texts::MODULES.split_whitespace() {
        let enabled = |end: &str| format!("/etc/apache2/mods-enabled/{module}.{end}");
        s.link(&enabled("load"), &format!("../mods-available/{module}.load"));
        if texts::WITH_CONF.split_whitespace().any(|name| name == module) {
            s.link(&enabled("conf"), &format!("../mods-available/{module}.conf"));
        }
    }
    for conf in ["charset", "localized-error-pages", "other-vhosts-access-log", "security", "serve-cgi-bin"] {
        s.link(&format!("/etc/apache2/conf-enabled/{conf}.conf"), &format!("../conf-available/{conf}.conf"));
    }
    s.link("/etc/apache2/sites-enabled/000-default.conf", "../sites-available/000-default.conf");
    s.text("/etc/apache2/sites-available/000-default.conf", texts::SITE)
        .text("/etc/apache2/envvars", texts::ENVVARS);
    for kind in ["mod", "site", "conf"] {
        s.script(&format!("/usr/sbin/a2en{kind}"), &texts::switch(true, kind), 0);
        s.script(&format!("/usr/sbin/a2dis{kind}"), &texts::switch(false, kind), 0);
    }
    for dir in ["/var/lock/apache2", "/run/apache2", "/run/apache2/socks", "/var/log/apache2"] {
        let dir = dir.replace("/var/lock", "/run/lock");
        s.dir_of(&dir, 0o1777, 33, 33);
    }
    s.dir_of("/var/www/html", 0o1777, 33, 33).remove("/var/www/html/index.html");
    for (log, to) in [("error", "stderr"), ("access", "stdout"), ("other_vhosts_access", "stdout")] {
        s.link(&format!("/var/log/apache2/{log}.log"), &format!("/dev/{to}"));
    }
    s.done()
}

/// One model of workers for another.
fn prefork() -> Tree {
    let mut s = Sketch::new("php", CREATED);
    for end in ["load", "conf"] {
        s.whiteout(&format!("/etc/apache2/mods-enabled/mpm_event.{end}"));
        s.link(
            &format!("/etc/apache2/mods-enabled/mpm_prefork.{end}"),
            &format!("../mods-available/mpm_prefork.{end}"),
        );
    }
    s.text("/var/lib/apache2/module/disabled_by_admin/mpm_event", "");
    s.text("/var/lib/apache2/module/enabled_by_admin/mpm_prefork", "");
    s.done()
}

fn interpreter(php: &Release, kind: Kind, on_alpine: bool) -> Tree {
    let mut s = Sketch::new("php", CREATED);
    s.listing(&listing::PHP.text().replace("20220829", php.api));
    s.program("/usr/local/bin/php", "php", if on_alpine { 18_100_000 } else { 16_700_000 });
    match kind {
        Kind::Cli => {
            s.program("/usr/local/bin/phpdbg", "phpdbg", 16_900_000).program(
                "/usr/local/bin/php-cgi",
                "php-cgi",
                16_700_000,
            );
            s.described("/usr/local/lib/libphp.so", 16_600_000, 0o755);
        }
        Kind::Fpm => {
            s.program("/usr/local/sbin/php-fpm", "php-fpm", 16_900_000);
            s.files("/usr/local/etc", "php-fpm.conf.default 5355")
                .files("/usr/local/etc/php-fpm.d", "www.conf.default 20907");
            s.files("/usr/local/php/php/fpm", "status.html 23135")
                .files("/usr/local/php/man/man8", "php-fpm.8 1805");
        }
        Kind::Apache => {
            s.described("/usr/lib/apache2/modules/libphp.so", 16_700_000, 0o644);
            s.text(
                "/etc/apache2/mods-available/php.load",
                "LoadModule php_module /usr/lib/apache2/modules/libphp.so\n",
            );
            s.link("/etc/apache2/mods-enabled/php.load", "../mods-available/php.load");
        }
    }
    if on_alpine {
        let world = ".php-rundeps ca-certificates curl openssl tar xz";
        alpine::install(&mut s, &alpine::Added { base: &alpine::V3_19, before: APK, new: APK_MORE, world });
    } else if kind == Kind::Apache {
        debian::install(
            &mut s,
            &Added {
                base: &debian::BOOKWORM_SLIM,
                before: &[APT, APT_APACHE].join(" "),
                new: APT_MORE_APACHE,
            },
        );
    } else {
        debian::install(&mut s, &Added { base: &debian::BOOKWORM_SLIM, before: APT, new: APT_MORE });
    }
    s.done()
}
