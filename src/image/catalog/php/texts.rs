//! Rows of the history, settings, and stand-ins for the scripts of PHP's and Apache's images.

pub(super) const PHPIZE_DEPS: &str =
    "autoconf \t\tdpkg-dev \t\tfile \t\tg++ \t\tgcc \t\tlibc-dev \t\tmake \t\tpkg-config \t\tre2c";
pub(super) const PHPIZE_DEPS_ALPINE: &str =
    "autoconf \t\tdpkg-dev dpkg \t\tfile \t\tg++ \t\tgcc \t\tlibc-dev \t\tmake \t\tpkgconf \t\tre2c";

pub(super) const RUN_PIN: &str = "set -eux; \t{ \t\techo 'Package: php*'; \t\techo 'Pin: release *'; \
    \t\techo 'Pin-Priority: -1'; \t} > /etc/apt/preferences.d/no-debian-php";
pub(super) const RUN_APT: &str = "set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \t\t$PHPIZE_DEPS \
    \t\tca-certificates \t\tcurl \t\txz-utils \t; \trm -rf /var/lib/apt/lists/*";
pub(super) const RUN_DIRS: &str = "set -eux; \tmkdir -p \"$PHP_INI_DIR/conf.d\"; \t[ ! -d /var/www/html ]; \tmkdir -p /var/www/html; \
    \tchown www-data:www-data /var/www/html; \tchmod 1777 /var/www/html";
pub(super) const RUN_APACHE: &str = "set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends apache2; \
    \trm -rf /var/lib/apt/lists/*; \t\t. \"$APACHE_ENVVARS\"; \tfor dir in \"$APACHE_LOCK_DIR\" \"$APACHE_RUN_DIR\" \"$APACHE_LOG_DIR\"; do \
    \t\trm -rvf \"$dir\"; \t\tmkdir -p \"$dir\"; \t\tchmod 1777 \"$dir\"; \tdone; \trm -rvf /var/www/html/*; \
    \tln -sfT /dev/stderr \"$APACHE_LOG_DIR/error.log\"; \tln -sfT /dev/stdout \"$APACHE_LOG_DIR/access.log\"";
pub(super) const RUN_CONF: &str = "{ \t\techo '<FilesMatch \\.php$>'; \t\techo '\\tSetHandler application/x-httpd-php'; \
    \t\techo '</FilesMatch>'; \t} | tee \"$APACHE_CONFDIR/conf-available/docker-php.conf\" \t&& a2enconf docker-php";
pub(super) const RUN_SOURCE: &str = "set -eux; \tmkdir -p /usr/src; \tcd /usr/src; \tcurl -fsSL -o php.tar.xz \"$PHP_URL\"; \
    \techo \"$PHP_SHA256 *php.tar.xz\" | sha256sum -c -; \tcurl -fsSL -o php.tar.xz.asc \"$PHP_ASC_URL\"";
pub(super) const RUN_PHP: &str = "set -eux; \tdocker-php-source extract; \tcd /usr/src/php; \t./configure \
    --with-config-file-path=\"$PHP_INI_DIR\" --enable-mbstring --enable-mysqlnd --with-password-argon2 --with-sodium=shared \
    --with-pdo-sqlite=/usr --with-sqlite3=/usr --with-curl --with-openssl --with-readline --with-zlib --with-pear; \
    \tmake -j \"$(nproc)\"; \tmake install; \tmake clean; \tcp -v php.ini-* \"$PHP_INI_DIR/\"; \tcd /; \tdocker-php-source delete; \
    \tpecl update-channels; \tphp --version";
pub(super) const RUN_FPM: &str = "set -eux; \tcd /usr/local/etc; \tcp php-fpm.d/www.conf.default php-fpm.d/www.conf; \
    \t{ \t\techo '[global]'; \t\techo 'error_log = /proc/self/fd/2'; \t} | tee php-fpm.d/docker.conf; \
    \t{ \t\techo '[global]'; \t\techo 'daemonize = no'; \t\techo '[www]'; \t\techo 'listen = 9000'; \t} | tee php-fpm.d/zz-docker.conf";

pub(super) const RUN_COMPOSER: &str = "set -eux ;   apk add --no-cache --virtual .composer-rundeps     bash     coreutils     git     \
    make     mercurial     openssh-client     patch     subversion     tini     unzip     zip";
pub(super) const RUN_COMPOSER_PHAR: &str = "set -eux ;   curl     --silent     --fail     --location     --output /tmp/installer.php     \
    ${URL} ;   php /tmp/installer.php --no-ansi --install-dir=/usr/bin --filename=composer --version=${COMPOSER_VERSION} ;   \
    composer --ansi --version --no-interaction";

pub(super) const CONF: &str = "<FilesMatch \\.php$>
\tSetHandler application/x-httpd-php
</FilesMatch>

DirectoryIndex disabled
DirectoryIndex index.php index.html

<Directory /var/www/>
\tOptions -Indexes
\tAllowOverride All
</Directory>
";

pub(super) const SITE: &str = "<VirtualHost *:80>
\tServerAdmin webmaster@localhost
\tDocumentRoot /var/www/html
\tErrorLog ${APACHE_LOG_DIR}/error.log
\tCustomLog ${APACHE_LOG_DIR}/access.log combined
</VirtualHost>
";

pub(super) const ENVVARS: &str = ": ${APACHE_RUN_USER:=www-data}
export APACHE_RUN_USER
: ${APACHE_RUN_GROUP:=www-data}
export APACHE_RUN_GROUP
: ${APACHE_PID_FILE:=/var/run/apache2/apache2.pid}
export APACHE_PID_FILE
: ${APACHE_RUN_DIR:=/var/run/apache2}
export APACHE_RUN_DIR
: ${APACHE_LOCK_DIR:=/var/lock/apache2}
export APACHE_LOCK_DIR
: ${APACHE_LOG_DIR:=/var/log/apache2}
export APACHE_LOG_DIR
: ${LANG:=C}
export LANG
";

/// The modules that are on after Debian's package is installed; those that have settings.
pub(super) const MODULES: &str = "access_compat alias auth_basic authn_core authn_file authz_core authz_host authz_user autoindex \
    deflate dir env filter mime mpm_event negotiation reqtimeout setenvif status";
pub(super) const WITH_CONF: &str =
    "alias autoindex deflate dir mime mpm_event negotiation reqtimeout setenvif status";

/// `a2enmod` and its kin: the real ones are written in Perl and know what a module depends on.
const ENABLE_KIND: &str = "#!/bin/sh
# Stand-in: links from KINDs-enabled to KINDs-available.
cd \"${APACHE_CONFDIR:-/etc/apache2}\" || exit 1
status=0
for name in \"$@\"; do
  name=${name%.conf}
  if [ ! -e KINDs-available/$name.load ]; then
    echo \"ERROR: Kind $name does not exist!\" >&2
    status=1
  elif [ -e KINDs-enabled/$name.load ]; then
    echo \"Kind $name already enabled\"
  else
    echo \"Enabling KIND $name.\"
    for file in KINDs-available/$name.load KINDs-available/$name.conf; do
      if [ -e $file ]; then ln -sf ../$file KINDs-enabled/; fi
    done
    changed=yes
  fi
done
if [ \"$changed\" ]; then
  echo 'To activate the new configuration, you need to run:'
  echo '  service apache2 restart'
fi
exit $status
";

const DISABLE_KIND: &str = "#!/bin/sh
# Stand-in: takes the links away again.
cd \"${APACHE_CONFDIR:-/etc/apache2}\" || exit 1
status=0
for name in \"$@\"; do
  case $name in -*) continue ;; esac
  name=${name%.conf}
  if [ ! -e KINDs-available/$name.load ]; then
    echo \"ERROR: Kind $name does not exist!\" >&2
    status=1
  elif [ ! -e KINDs-enabled/$name.load ]; then
    echo \"Kind $name already disabled\"
  else
    rm -f KINDs-enabled/$name.load KINDs-enabled/$name.conf
    echo \"Kind $name disabled.\"
    changed=yes
  fi
done
if [ \"$changed\" ]; then
  echo 'To activate the new configuration, you need to run:'
  echo '  service apache2 restart'
fi
exit $status
";

pub(super) const SOURCE: &str = "#!/bin/sh
# Stand-in: unpacks the sources of PHP, and takes them away.
set -e
dir=/usr/src/php
case \"$1\" in
  extract)
    mkdir -p $dir/ext
    touch $dir/.docker-extracted
    ;;
  delete) rm -rf $dir ;;
  *)
    echo \"usage: $0 COMMAND (extract, delete)\" >&2
    exit 1
    ;;
esac
";

pub(super) const CONFIGURE: &str = "#!/bin/sh
# Stand-in: an extension is configured before it is made.
set -e
ext=\"$1\"
if [ -z \"$ext\" ] || [ \"${ext#-}\" != \"$ext\" ]; then
  echo \"usage: $0 ext-name [configure flags]\" >&2
  exit 1
fi
docker-php-source extract
mkdir -p /usr/src/php/ext/$ext
phpize
";

/// Finds the directory of extensions as the real one does, by asking; the file that it writes is the same.
pub(super) const ENABLE: &str = "#!/bin/sh
# Stand-in: one line of settings for each extension.
set -e
if [ $# = 0 ]; then
  echo \"usage: $0 [options] module-name [module-name ...]\" >&2
  exit 1
fi
while [ $# -gt 0 ]; do
  case $1 in
    --ini-name) ini=$2; shift 2; continue ;;
    -*) shift; continue ;;
  esac
  name=${1%.so}
  file=$PHP_INI_DIR/conf.d/${ini:-docker-php-ext-$name.ini}
  case $name in
    opcache|xdebug) line=zend_extension=$name ;;
    *) line=extension=$name ;;
  esac
  if ! grep -q \"^$line\" \"$file\" 2>/dev/null; then
    echo \"$line\" >> \"$file\"
  fi
  shift
done
";

pub(super) const INSTALL: &str = "#!/bin/sh
# Stand-in: makes extensions from the sources of PHP, and enables them.
set -e
names=
while [ $# -gt 0 ]; do
  case $1 in
    -j) shift ;;
    -j*|--ini-name) ;;
    -*) ;;
    *) names=\"$names $1\" ;;
  esac
  shift
done
if [ -z \"$names\" ]; then
  echo \"usage: $0 [-jN] [--ini-name file.ini] ext-name [ext-name ...]\" >&2
  exit 1
fi
docker-php-source extract
for name in $names; do
  [ -d /usr/src/php/ext/$name ] || docker-php-ext-configure $name
  make install
  docker-php-ext-enable $name
done
docker-php-source delete
";

pub(super) const ENTRYPOINT: &str = "#!/bin/sh
set -e
case \"$1\" in
  -*) set -- php \"$@\" ;;
esac
exec \"$@\"
";

pub(super) const FOREGROUND: &str = "#!/bin/bash
# Stand-in: reads the variables, makes the directories, becomes the server.
set -e
. \"${APACHE_ENVVARS:-/etc/apache2/envvars}\"
rm -f \"$APACHE_PID_FILE\"
mkdir -p \"$APACHE_RUN_DIR\" \"$APACHE_LOCK_DIR\" \"$APACHE_LOG_DIR\"
exec apache2 -DFOREGROUND \"$@\"
";

pub(super) const WWW: &str = "[www]
user = www-data
group = www-data
listen = 127.0.0.1:9000
pm = dynamic
pm.max_children = 5
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 3
";

pub(super) const DOCKER: &str = "[global]
error_log = /proc/self/fd/2
log_limit = 8192

[www]
access.log = /proc/self/fd/2
clear_env = no
catch_workers_output = yes
decorate_workers_output = no
";

/// The script `a2enmod`, `a2dissite` … for modules (`mod`), sites or settings (`conf`).
pub(super) fn switch(enable: bool, kind: &str) -> String {
    let (script, word) =
        (if enable { ENABLE_KIND } else { DISABLE_KIND }, if kind == "mod" { "module" } else { kind });
    let (first, rest) = word.split_at(1);
    let script = script.replace("KINDs", if kind == "conf" { "conf" } else { "KINDs" });
    let script = script.replace("KINDs", &format!("{kind}s")).replace("KIND", word);
    let script = script.replace("Kind", &(first.to_uppercase() + rest));
    if kind == "mod" {
        script
    } else {
        script.replace(".load", ".conf").replace("apache2 restart", "apache2 reload")
    }
}
