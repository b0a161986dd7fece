//! The table of packages: one line each, read on first use.
//!
//! Sizes are those the archives of Debian 12, Ubuntu 22.04 and Alpine 3.19 state, rounded; where a
//! version of one distribution was not at hand, the other's stands in.

use std::collections::HashMap;
use std::sync::OnceLock;

/// A package of a distribution.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub name: &'static str,
    pub version: &'static str,
    /// Installed size in KiB.
    pub size: u64,
    pub depends: Vec<&'static str>,
    pub recommends: Vec<&'static str>,
    /// Paths of its programs, without the leading slash.
    pub programs: Vec<&'static str>,
}

/// All packages of one distribution, by name.
pub(crate) type Table = HashMap<&'static str, Package>;

/// `name version KiB depends recommends programs`, lists with commas, `-` for none.
fn read(source: &'static str) -> Table {
    let list = |word: &'static str| -> Vec<&'static str> {
        if word == "-" { Vec::new() } else { word.split(',').collect() }
    };
    let line = |line: &'static str| {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        Some((
            name,
            Package {
                name,
                version: words.next()?,
                size: words.next()?.parse().ok()?,
                depends: list(words.next()?),
                recommends: list(words.next()?),
                programs: list(words.next()?),
            },
        ))
    };
    source.lines().filter_map(line).collect()
}

/// Debian's and Ubuntu's packages.
pub(crate) fn debian() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| read(DEBIAN))
}

/// Alpine's packages.
pub(crate) fn alpine() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| read(ALPINE))
}

const DEBIAN: &str = "\
nginx 1.18.0-6ubuntu14.4 50 nginx-core - -
nginx-core 1.18.0-6ubuntu14.4 1276 nginx-common,libc6,libcrypt1,libpcre3,libssl3,zlib1g libnginx-mod-http-geoip2,libnginx-mod-http-image-filter,libnginx-mod-http-xslt-filter,libnginx-mod-mail,libnginx-mod-stream,libnginx-mod-stream-geoip2 usr/sbin/nginx
nginx-common 1.18.0-6ubuntu14.4 186 debconf,lsb-base,iproute2 - -
nginx-light 1.22.1-9 570 nginx-common,libpcre3,libssl3,zlib1g - usr/sbin/nginx
libnginx-mod-http-geoip2 1.18.0-6ubuntu14.4 32 libmaxminddb0 - -
libnginx-mod-http-image-filter 1.18.0-6ubuntu14.4 40 libgd3 - -
libnginx-mod-http-xslt-filter 1.18.0-6ubuntu14.4 38 libxml2,libxslt1.1 - -
libnginx-mod-mail 1.18.0-6ubuntu14.4 120 - - -
libnginx-mod-stream 1.18.0-6ubuntu14.4 180 - - -
libnginx-mod-stream-geoip2 1.18.0-6ubuntu14.4 30 libnginx-mod-stream,libmaxminddb0 - -
libmaxminddb0 1.5.2-1build2 56 libc6 - -
libgd3 2.3.0-2ubuntu2 448 libfontconfig1,libfreetype6,libjpeg8,libpng16-16,libtiff5,libwebp7,libxpm4 - -
libfontconfig1 2.13.1-4.2ubuntu5 590 fontconfig-config,libexpat1,libfreetype6 - -
fontconfig-config 2.13.1-4.2ubuntu5 412 fonts-dejavu-core,ucf - -
fonts-dejavu-core 2.37-2build1 3004 - - -
libfreetype6 2.11.1+dfsg-1ubuntu0.2 886 libbrotli1,libpng16-16,zlib1g - -
libbrotli1 1.0.9-2build6 790 libc6 - -
libjpeg8 8c-2ubuntu10 40 libjpeg-turbo8 - -
libjpeg-turbo8 2.1.2-0ubuntu1 460 libc6 - -
libjpeg62-turbo 1:2.1.5-2 520 libc6 - -
libpng16-16 1.6.37-3build5 388 zlib1g - -
libtiff5 4.3.0-6ubuntu0.7 572 libdeflate0,libjbig0,libjpeg8,liblzma5,libwebp7 - -
libdeflate0 1.10-2 160 libc6 - -
libjbig0 2.1-3.1ubuntu0.22.04.1 89 libc6 - -
libwebp7 1.2.2-2ubuntu0.22.04.2 520 libc6 - -
libxpm4 1:3.5.12-1ubuntu0.22.04.2 126 libx11-6 - -
libx11-6 2:1.7.5-1ubuntu0.3 1456 libx11-data,libxcb1 - -
libx11-data 2:1.7.5-1ubuntu0.3 1630 - - -
libxcb1 1.14-3ubuntu3 287 libxau6,libxdmcp6 - -
libxau6 1:1.0.9-1build5 36 libc6 - -
libxdmcp6 1:1.1.3-0ubuntu5 54 libbsd0 - -
libbsd0 0.11.5-1 142 libmd0 - -
libxml2 2.9.13+dfsg-1ubuntu0.3 2030 libicu70,liblzma5,zlib1g - -
libicu70 70.1-2 34808 libstdc++6 - -
libicu72 72.1-3 37000 libstdc++6 - -
libxslt1.1 1.1.34-4ubuntu0.22.04.1 520 libxml2 - -
libexpat1 2.4.7-1ubuntu0.2 420 libc6 - -
iproute2 5.15.0-1ubuntu2 3300 libbpf0,libcap2,libelf1,libmnl0,libxtables12,libcap2-bin libatm1 usr/sbin/ip,usr/bin/ss
libbpf0 1:0.5.0-1ubuntu22.04.1 340 libelf1 - -
libelf1 0.186-1build1 192 zlib1g - -
libmnl0 1.0.4-3build2 56 libc6 - -
libxtables12 1.8.7-1ubuntu5.1 112 libc6 - -
libcap2-bin 1:2.44-1ubuntu0.22.04.1 114 libcap2 libpam-cap usr/sbin/setcap,usr/sbin/getcap
libpam-cap 1:2.44-1ubuntu0.22.04.1 40 libpam0g - -
libatm1 1:2.5.1-4build2 96 libc6 - -
ucf 3.0043 213 debconf - -
lsb-base 11.1.0ubuntu4 58 - - -
curl 7.81.0-1ubuntu1.15 454 libcurl4,zlib1g - usr/bin/curl
libcurl4 7.81.0-1ubuntu1.15 800 libbrotli1,libldap-2.5-0,libnghttp2-14,libpsl5,librtmp1,libssh-4,libssl3,libgssapi-krb5-2,zlib1g ca-certificates -
libldap-2.5-0 2.5.16+dfsg-0ubuntu0.22.04.2 560 libsasl2-2,libssl3 libldap-common -
libldap-common 2.5.16+dfsg-0ubuntu0.22.04.2 130 - - -
libsasl2-2 2.1.27+dfsg2-3ubuntu1.2 169 libsasl2-modules-db libsasl2-modules -
libsasl2-modules-db 2.1.27+dfsg2-3ubuntu1.2 72 libdb5.3 - -
libsasl2-modules 2.1.27+dfsg2-3ubuntu1.2 260 libssl3 - -
libnghttp2-14 1.43.0-1build3 224 libc6 - -
libpsl5 0.21.0-1.2build2 110 libidn2-0 publicsuffix -
publicsuffix 20211207.1025-1 340 - - -
librtmp1 2.4+20151223.gitfa8646d.1-2build4 149 libgnutls30 - -
libssh-4 0.9.6-2ubuntu0.22.04.2 520 libssl3 - -
libgssapi-krb5-2 1.19.2-2ubuntu0.3 401 libk5crypto3,libkrb5-3 - -
libk5crypto3 1.19.2-2ubuntu0.3 306 libc6 - -
libkrb5-3 1.19.2-2ubuntu0.3 1071 libkeyutils1 - -
libkeyutils1 1.6.1-2ubuntu3 43 libc6 - -
ca-certificates 20230311ubuntu0.22.04.1 388 openssl,debconf - usr/sbin/update-ca-certificates
openssl 3.0.2-0ubuntu1.12 2103 libssl3 ca-certificates usr/bin/openssl
libssl3 3.0.2-0ubuntu1.12 5860 libc6 - -
wget 1.21.2-2ubuntu1 984 libpcre2-8-0,libpsl5,libssl3 ca-certificates usr/bin/wget
git 1:2.34.1-1ubuntu1.10 18900 git-man,libcurl3-gnutls,liberror-perl,libexpat1,perl less,openssh-client,patch usr/bin/git
git-man 1:2.34.1-1ubuntu1.10 1920 - - -
libcurl3-gnutls 7.81.0-1ubuntu1.15 790 libbrotli1,libldap-2.5-0,libnghttp2-14,libpsl5,librtmp1,libssh-4 - -
liberror-perl 0.17029-1 70 perl - -
perl 5.34.0-3ubuntu1.3 690 perl-base,perl-modules-5.34,libperl5.34 - usr/bin/perl
perl-modules-5.34 5.34.0-3ubuntu1.3 17800 perl-base - -
libperl5.34 5.34.0-3ubuntu1.3 28000 libgdbm6,libgdbm-compat4,perl-modules-5.34 - -
libgdbm6 1.23-1 112 libc6 - -
libgdbm-compat4 1.23-1 31 libgdbm6 - -
less 590-1ubuntu0.22.04.1 320 - - usr/bin/less
patch 2.7.6-7build2 230 - ed usr/bin/patch
ed 1.18-1 115 - - usr/bin/ed
openssh-client 1:8.9p1-3ubuntu0.4 4030 libedit2,libfido2-1,libssl3 xauth usr/bin/ssh,usr/bin/scp,usr/bin/ssh-keygen,usr/bin/ssh-keyscan
openssh-server 1:8.9p1-3ubuntu0.4 1600 openssh-client,libwrap0 - usr/sbin/sshd
libwrap0 7.6.q-31build2 112 libc6 - -
libedit2 3.1-20210910-1build1 256 libbsd0 - -
libfido2-1 1.10.0-1 230 libcbor0.8,libssl3 - -
libcbor0.8 0.8.0-2ubuntu1 66 libc6 - -
xauth 1:1.1-1build2 78 libx11-6,libxmuu1,libxext6 - usr/bin/xauth
libxmuu1 2:1.1.3-3 38 libx11-6 - -
libxext6 2:1.3.4-1build1 104 libx11-6 - -
vim 2:8.2.3995-1ubuntu2.15 4040 vim-common,vim-runtime,libgpm2,libsodium23,libpython3.10 - usr/bin/vim
vim-common 2:8.2.3995-1ubuntu2.15 376 xxd - -
vim-runtime 2:8.2.3995-1ubuntu2.15 33600 - - -
vim-tiny 2:8.2.3995-1ubuntu2.15 1700 vim-common - usr/bin/vi
xxd 2:8.2.3995-1ubuntu2.15 285 - - usr/bin/xxd
libgpm2 1.20.7-10build1 96 libc6 - -
libsodium23 1.0.18-1build2 390 libc6 - -
nano 6.2-1 860 libncursesw6 - usr/bin/nano
libpython3.10 3.10.12-1~22.04.3 5600 libpython3.10-stdlib - -
libpython3.10-stdlib 3.10.12-1~22.04.3 8100 libpython3.10-minimal,media-types,libmpdec3,libsqlite3-0 - -
libpython3.10-minimal 3.10.12-1~22.04.3 4900 libssl3 - -
media-types 7.0.0 94 - - -
libmpdec3 2.5.1-2build2 250 libc6 - -
libsqlite3-0 3.37.2-2ubuntu0.1 1530 libc6 - -
sqlite3 3.37.2-2ubuntu0.1 2600 libsqlite3-0,libreadline8 - usr/bin/sqlite3
libreadline8 8.1.2-1 430 readline-common - -
readline-common 8.1.2-1 80 - - -
python3 3.10.6-1~22.04 90 python3.10,libpython3-stdlib,python3-minimal - usr/bin/python3
python3-minimal 3.10.6-1~22.04 120 python3.10-minimal - -
python3.10 3.10.12-1~22.04.3 680 libpython3.10-stdlib,python3.10-minimal - usr/bin/python3.10
python3.10-minimal 3.10.12-1~22.04.3 5900 libpython3.10-minimal - -
libpython3-stdlib 3.10.6-1~22.04 36 libpython3.10-stdlib - -
python3-pip 22.0.2+dfsg-1ubuntu0.4 6200 python3,python3-setuptools,python3-wheel,ca-certificates build-essential,python3-dev usr/bin/pip,usr/bin/pip3
python3-setuptools 59.6.0-1.2ubuntu0.22.04.1 1800 python3,python3-pkg-resources - -
python3-pkg-resources 59.6.0-1.2ubuntu0.22.04.1 580 python3 - -
python3-wheel 0.37.1-2ubuntu0.22.04.1 120 python3 - -
python3-dev 3.10.6-1~22.04 106 python3,libpython3-dev - -
libpython3-dev 3.10.6-1~22.04 26 libpython3.10-dev - -
libpython3.10-dev 3.10.12-1~22.04.3 20600 libpython3.10,libexpat1-dev - -
libexpat1-dev 2.4.7-1ubuntu0.2 760 libexpat1 - -
python3-venv 3.10.6-1~22.04 10 python3,python3.10-venv - -
python3.10-venv 3.10.12-1~22.04.3 2600 python3.10 - -
build-essential 12.9ubuntu3 21 libc6-dev,gcc,g++,make,dpkg-dev - -
gcc 4:11.2.0-1ubuntu1 51 cpp,gcc-11 libc6-dev usr/bin/gcc,usr/bin/cc
gcc-11 11.4.0-1ubuntu1~22.04 63900 binutils,libgcc-11-dev,cpp-11 - usr/bin/gcc-11
cpp 4:11.2.0-1ubuntu1 71 cpp-11 - usr/bin/cpp
cpp-11 11.4.0-1ubuntu1~22.04 32800 libisl23,libmpc3,libmpfr6 - -
g++ 4:11.2.0-1ubuntu1 15 g++-11,gcc - usr/bin/g++,usr/bin/c++
g++-11 11.4.0-1ubuntu1~22.04 35800 libstdc++-11-dev,gcc-11 - usr/bin/g++-11
libgcc-11-dev 11.4.0-1ubuntu1~22.04 13900 libgcc-s1 - -
libstdc++-11-dev 11.4.0-1ubuntu1~22.04 20600 libgcc-11-dev - -
libisl23 0.24-2build1 1990 libgmp10 - -
libmpc3 1.2.1-2build1 140 libmpfr6 - -
libmpfr6 4.1.0-3build3 2070 libgmp10 - -
binutils 2.38-4ubuntu2.4 13700 binutils-x86-64-linux-gnu - usr/bin/ld,usr/bin/as,usr/bin/ar,usr/bin/strip,usr/bin/nm
binutils-x86-64-linux-gnu 2.38-4ubuntu2.4 13800 libctf0 - -
libctf0 2.38-4ubuntu2.4 250 libc6 - -
libc6-dev 2.35-0ubuntu3.5 13800 libc6,libc-dev-bin,linux-libc-dev,libcrypt-dev - -
libc-dev-bin 2.35-0ubuntu3.5 120 libc6 - -
linux-libc-dev 5.15.0-91.101 6600 - - -
libcrypt-dev 1:4.4.27-1 310 - - -
make 4.3-4.1build1 426 libc6 - usr/bin/make
dpkg-dev 1.21.1ubuntu2.2 2500 perl,bzip2,xz-utils,patch,make,binutils fakeroot,build-essential usr/bin/dpkg-buildpackage
fakeroot 1.28-1ubuntu1 190 - - usr/bin/fakeroot
xz-utils 5.2.5-2ubuntu1 430 liblzma5 - usr/bin/xz
bzip2 1.0.8-5build1 119 libbz2-1.0 - usr/bin/bzip2
unzip 6.0-26ubuntu3.1 390 libbz2-1.0 - usr/bin/unzip
zip 3.0-12build2 560 libbz2-1.0 unzip usr/bin/zip
pkg-config 0.29.2-1ubuntu3 200 libglib2.0-0 - usr/bin/pkg-config
libglib2.0-0 2.72.4-0ubuntu2.2 4200 libffi8,libpcre3 - -
cmake 3.22.1-1ubuntu1.22.04.1 22000 cmake-data,libarchive13,libuv1,make gcc usr/bin/cmake
cmake-data 3.22.1-1ubuntu1.22.04.1 9600 - - -
libarchive13 3.6.0-1ubuntu1 920 libxml2 - -
libuv1 1.43.0-1 260 libc6 - -
jq 1.6-2.1ubuntu3 102 libjq1 - usr/bin/jq
libjq1 1.6-2.1ubuntu3 360 libonig5 - -
libonig5 6.9.7.1-2build1 650 libc6 - -
gnupg 2.2.27-3ubuntu2.1 470 gpg,dirmngr - -
gpg 2.2.27-3ubuntu2.1 1190 gpgconf,libassuan0,libsqlite3-0 - usr/bin/gpg
gpgconf 2.2.27-3ubuntu2.1 300 libassuan0 - usr/bin/gpgconf
dirmngr 2.2.27-3ubuntu2.1 760 gpgconf - usr/bin/dirmngr
gnupg2 2.2.27-3ubuntu2.1 10 gnupg - -
libassuan0 2.5.5-1build1 106 libgpg-error0 - -
apt-transport-https 2.4.11 160 - - -
software-properties-common 0.99.22.9 120 python3,gnupg - usr/bin/add-apt-repository
lsb-release 11.1.0ubuntu4 72 - - usr/bin/lsb_release
sudo 1.9.9-1ubuntu2.4 2500 libpam-modules - usr/bin/sudo
tzdata 2023c-0ubuntu0.22.04.2 3870 debconf - -
locales 2.35-0ubuntu3.5 17300 debconf - usr/sbin/locale-gen
procps 2:3.3.17-6ubuntu2.1 1400 libprocps8 psmisc usr/bin/top,usr/bin/ps
psmisc 23.4-2build3 550 - - usr/bin/killall
libprocps8 2:3.3.17-6ubuntu2.1 125 libc6 - -
htop 3.0.5-7build2 340 libncursesw6 lsof usr/bin/htop
lsof 4.93.2+dfsg-1.1build2 460 - - usr/bin/lsof
net-tools 1.60+git20181103.0eebece-1ubuntu5 820 - - usr/sbin/ifconfig,usr/bin/netstat
iputils-ping 3:20211215-1 116 libcap2 libcap2-bin usr/bin/ping
dnsutils 1:9.18.18-0ubuntu0.22.04.1 20 bind9-dnsutils - -
bind9-dnsutils 1:9.18.18-0ubuntu0.22.04.1 500 bind9-libs - usr/bin/dig,usr/bin/nslookup
bind9-libs 1:9.18.18-0ubuntu0.22.04.1 3400 libuv1,libxml2 - -
netcat-openbsd 1.218-4ubuntu1 111 libbsd0 - usr/bin/nc
telnet 0.17-44build1 160 - - usr/bin/telnet
rsync 3.2.7-0ubuntu0.22.04.2 780 libpopt0 - usr/bin/rsync
libpopt0 1.18-3build1 120 libc6 - -
tree 2.0.2-1 116 - - usr/bin/tree
file 1:5.41-3ubuntu0.1 66 libmagic1 - usr/bin/file
libmagic1 1:5.41-3ubuntu0.1 7400 libmagic-mgc - -
libmagic-mgc 1:5.41-3ubuntu0.1 7100 - - -
cron 3.0pl1-137ubuntu3 260 - - usr/sbin/cron
supervisor 4.2.1-1ubuntu1 1700 python3-pkg-resources - usr/bin/supervisord,usr/bin/supervisorctl
tini 0.19.0-1 870 - - usr/bin/tini
gosu 1.14-1 1900 - - usr/sbin/gosu
dumb-init 1.2.5-2 60 - - usr/bin/dumb-init
postgresql-client 14+238 70 postgresql-client-14 - -
postgresql-client-14 14.10-0ubuntu0.22.04.1 4100 libpq5 - usr/bin/psql,usr/bin/pg_dump
libpq5 14.10-0ubuntu0.22.04.1 760 libldap-2.5-0,libssl3 - -
libpq-dev 14.10-0ubuntu0.22.04.1 1200 libpq5,libssl-dev - usr/bin/pg_config
libssl-dev 3.0.2-0ubuntu1.12 12000 libssl3 - -
zlib1g-dev 1:1.2.11.dfsg-2ubuntu9.2 600 libc6-dev - -
libffi-dev 3.4.2-4 320 libffi8 - -
libxml2-dev 2.9.13+dfsg-1ubuntu0.3 3100 libxml2,libicu-dev - -
libicu-dev 70.1-2 47800 libicu70 - -
libxslt1-dev 1.1.34-4ubuntu0.22.04.1 2000 libxslt1.1,libxml2-dev - -
libjpeg-dev 8c-2ubuntu10 10 libjpeg8 - -
libpng-dev 1.6.37-3build5 660 libpng16-16 - -
libcurl4-openssl-dev 7.81.0-1ubuntu1.15 1700 libcurl4 - -
libsqlite3-dev 3.37.2-2ubuntu0.1 2800 libsqlite3-0 - -
default-mysql-client 1.0.8 20 mysql-client-8.0 - -
mysql-client-8.0 8.0.35-0ubuntu0.22.04.1 60000 libssl3 - usr/bin/mysql
default-libmysqlclient-dev 1.0.8 20 libmysqlclient-dev - -
libmysqlclient-dev 8.0.35-0ubuntu0.22.04.1 9900 libssl-dev - -
redis-tools 5:6.0.16-1ubuntu1 740 libssl3 - usr/bin/redis-cli
redis-server 5:6.0.16-1ubuntu1 220 redis-tools - usr/bin/redis-server
apache2 2.4.52-1ubuntu4.7 540 apache2-bin,apache2-data,apache2-utils ssl-cert usr/sbin/apache2ctl
apache2-bin 2.4.52-1ubuntu4.7 5400 libapr1,libaprutil1,libxml2,libcurl4 - usr/sbin/apache2
apache2-data 2.4.52-1ubuntu4.7 880 - - -
apache2-utils 2.4.52-1ubuntu4.7 240 libapr1 - usr/bin/ab
libapr1 1.7.0-8ubuntu0.22.04.1 310 libc6 - -
libaprutil1 1.6.1-5ubuntu4.22.04.2 290 libapr1 - -
ssl-cert 1.1.2 60 openssl - -
nodejs 12.22.9~dfsg-1ubuntu3.3 600 libnode72 npm usr/bin/node
libnode72 12.22.9~dfsg-1ubuntu3.3 39000 libicu70,libuv1,libnghttp2-14 - -
npm 8.5.1~ds-1 5200 nodejs git usr/bin/npm
golang-go 2:1.18~0ubuntu2 180 golang-1.18-go - usr/bin/go
golang-1.18-go 1.18.1-1ubuntu1.1 254000 golang-1.18-src g++,gcc -
golang-1.18-src 1.18.1-1ubuntu1.1 88000 - - -
default-jre-headless 2:1.11-72build2 10 openjdk-11-jre-headless - -
openjdk-11-jre-headless 11.0.21+9-0ubuntu1~22.04 172000 ca-certificates-java,java-common - usr/bin/java
ca-certificates-java 20190909ubuntu1.2 40 ca-certificates - -
java-common 0.72build2 30 - - -
php-cli 2:8.1+92ubuntu1 20 php8.1-cli - -
php8.1-cli 8.1.2-1ubuntu2.14 5300 libxml2,libssl3 - usr/bin/php
ruby 1:3.0~exp1 36 ruby3.0 - -
ruby3.0 3.0.2-7ubuntu2.4 290 libruby3.0 - usr/bin/ruby,usr/bin/gem
libruby3.0 3.0.2-7ubuntu2.4 20000 libffi8,libgmp10,libssl3 - -
ffmpeg 7:4.4.2-0ubuntu0.22.04.1 2400 libavcodec58,libavformat58 - usr/bin/ffmpeg
libavcodec58 7:4.4.2-0ubuntu0.22.04.1 14000 libx264-163,libvpx7 - -
libavformat58 7:4.4.2-0ubuntu0.22.04.1 2700 libavcodec58 - -
libx264-163 2:0.163.3060+git5db6aa6-2build1 2300 - - -
libvpx7 1.11.0-2ubuntu2.2 3000 - - -
imagemagick 8:6.9.11.60+dfsg-1.3ubuntu0.22.04.3 190 libfontconfig1,libxml2 ghostscript usr/bin/convert
ghostscript 9.55.0~dfsg1-0ubuntu5.6 300 libfontconfig1 - usr/bin/gs
strace 5.16-0ubuntu3 2100 - - usr/bin/strace
gdb 12.1-0ubuntu1~22.04 12000 libpython3.10 - usr/bin/gdb
bash-completion 1:2.11-5ubuntu1 1500 - - -
gettext-base 0.21-4ubuntu4 330 - - usr/bin/envsubst
groff-base 1.22.4-8build1 3400 - - -
man-db 2.10.2-1 2900 groff-base - usr/bin/man
";

const ALPINE: &str = "\
ca-certificates 20230506-r0 700 - - usr/sbin/update-ca-certificates
curl 8.5.0-r0 252 libcurl,ca-certificates - usr/bin/curl
libcurl 8.5.0-r0 640 brotli-libs,c-ares,libidn2,nghttp2-libs - -
brotli-libs 1.1.0-r1 900 - - -
c-ares 1.22.1-r0 196 - - -
libunistring 1.1-r2 1700 - - -
libidn2 2.3.4-r4 240 libunistring - -
nghttp2-libs 1.58.0-r0 150 - - -
wget 1.21.4-r0 484 libidn2,pcre2 - usr/bin/wget
bash 5.2.21-r0 1296 ncurses-terminfo-base,libncursesw,readline - bin/bash
ncurses-terminfo-base 6.4_p20231125-r0 236 - - -
libncursesw 6.4_p20231125-r0 308 ncurses-terminfo-base - -
readline 8.2.1-r2 308 libncursesw - -
git 2.43.0-r0 10800 ca-certificates,libcurl,libexpat,pcre2 - usr/bin/git
libexpat 2.5.0-r2 180 - - -
pcre2 10.42-r2 640 - - -
openssh-client 9.6_p1-r0 3100 openssh-keygen - usr/bin/ssh,usr/bin/scp
openssh-keygen 9.6_p1-r0 480 libedit - usr/bin/ssh-keygen
libedit 20230828.3.1-r3 200 libncursesw - -
openssl 3.1.4-r2 720 - - usr/bin/openssl
nginx 1.24.0-r15 1200 pcre2 - usr/sbin/nginx
python3 3.11.6-r1 42300 libbz2,libexpat,libffi,gdbm,xz-libs,libncursesw,readline,sqlite-libs,mpdecimal - usr/bin/python3
py3-pip 23.3.1-r0 10300 python3,py3-setuptools - usr/bin/pip,usr/bin/pip3
py3-setuptools 68.2.2-r0 3400 python3 - -
python3-dev 3.11.6-r1 23000 python3 - -
libbz2 1.0.8-r6 76 - - -
libffi 3.4.4-r3 52 - - -
gdbm 1.23-r1 190 - - -
xz-libs 5.4.5-r0 180 - - -
sqlite-libs 3.44.2-r0 1200 - - -
sqlite 3.44.2-r0 1500 sqlite-libs - usr/bin/sqlite3
mpdecimal 2.5.1-r2 220 - - -
nodejs 20.10.0-r1 48000 libgcc,libstdc++,icu-libs,ada-libs,c-ares,brotli-libs,nghttp2-libs - usr/bin/node
ada-libs 2.7.4-r0 520 libstdc++ - -
icu-libs 74.1-r0 3100 icu-data-en,libstdc++ - -
icu-data-en 74.1-r0 2700 - - -
npm 10.2.5-r0 9200 nodejs - usr/bin/npm
yarn 1.22.19-r0 5200 nodejs - usr/bin/yarn
libgcc 13.2.1_git20231014-r0 140 - - -
libstdc++ 13.2.1_git20231014-r0 2600 libgcc - -
go 1.21.5-r0 223000 binutils,gcc,musl-dev - usr/bin/go
gcc 13.2.1_git20231014-r0 154000 binutils,libgomp,libatomic,gmp,isl26,mpc1,mpfr4,libstdc++ - usr/bin/gcc,usr/bin/cc
g++ 13.2.1_git20231014-r0 54000 gcc,libstdc++-dev,musl-dev - usr/bin/g++
libstdc++-dev 13.2.1_git20231014-r0 13000 libstdc++ - -
binutils 2.41-r0 8900 zstd-libs - usr/bin/ld,usr/bin/as,usr/bin/strip
zstd-libs 1.5.5-r8 660 - - -
libgomp 13.2.1_git20231014-r0 280 - - -
libatomic 13.2.1_git20231014-r0 40 - - -
gmp 6.3.0-r0 440 - - -
isl26 0.26-r1 1600 gmp - -
mpc1 1.3.1-r1 100 mpfr4 - -
mpfr4 4.2.1-r0 560 gmp - -
make 4.4.1-r2 260 - - usr/bin/make
patch 2.7.6-r10 160 - - usr/bin/patch
fortify-headers 1.1-r3 68 - - -
musl-dev 1.2.4_git20230717-r4 10400 - - -
libc-dev 0.7.2-r5 8 musl-dev - -
build-base 0.5-r3 8 binutils,file,fortify-headers,g++,gcc,libc-dev,make,patch - -
linux-headers 6.5-r0 8100 - - -
file 5.45-r1 50 libmagic - usr/bin/file
libmagic 5.45-r1 8700 - - -
libffi-dev 3.4.4-r3 120 libffi - -
openssl-dev 3.1.4-r2 4200 - - -
postgresql-dev 15.5-r0 22000 - - -
libpq 16.1-r0 320 - - -
libpq-dev 16.1-r0 3800 libpq - -
postgresql-client 15.5-r0 3400 libpq - usr/bin/psql
zlib-dev 1.3.1-r0 120 - - -
jpeg-dev 9e-r1 120 - - -
libpng 1.6.40-r0 250 - - -
libwebp 1.3.2-r0 480 - - -
vips 8.15.0-r0 3100 libpng,libwebp - -
jq 1.7.1-r0 260 oniguruma - usr/bin/jq
oniguruma 6.9.9-r0 560 - - -
su-exec 0.2-r3 30 - - sbin/su-exec
gosu 1.16-r4 2300 - - usr/bin/gosu
tini 0.19.0-r2 48 - - sbin/tini
dumb-init 1.2.5-r3 48 - - usr/bin/dumb-init
tzdata 2023d-r0 3300 - - -
shadow 4.14.2-r0 680 linux-pam - usr/sbin/useradd,usr/sbin/usermod,usr/sbin/groupadd,usr/sbin/groupmod,usr/sbin/userdel
linux-pam 1.5.3-r7 1200 - - -
sudo 1.9.15_p2-r0 2400 - - usr/bin/sudo
coreutils 9.4-r2 1900 - - usr/bin/coreutils
findutils 4.9.0-r5 660 - - usr/bin/find
grep 3.11-r0 230 pcre2 - bin/grep
sed 4.9-r2 160 - - bin/sed
gawk 5.3.0-r0 1200 - - usr/bin/gawk
tar 1.35-r2 580 - - bin/tar
gzip 1.13-r0 80 - - bin/gzip
unzip 6.0-r14 320 - - usr/bin/unzip
zip 3.0-r12 420 - - usr/bin/zip
xz 5.4.5-r0 220 xz-libs - usr/bin/xz
rsync 3.2.7-r4 600 - - usr/bin/rsync
vim 9.0.2127-r0 4900 libncursesw,xxd,vim-common - usr/bin/vim
vim-common 9.0.2127-r0 28000 - - -
xxd 9.0.2127-r0 20 - - usr/bin/xxd
nano 7.2-r1 760 libncursesw - usr/bin/nano
htop 3.2.2-r1 260 libncursesw - usr/bin/htop
procps 4.0.4-r0 900 - - bin/ps
tree 2.1.1-r0 80 - - usr/bin/tree
less 643-r1 260 libncursesw - usr/bin/less
bind-tools 9.18.24-r0 900 - - usr/bin/dig
iputils 20221126-r2 260 - - bin/ping
iproute2 6.6.0-r0 980 - - sbin/ip
libc6-compat 1.2.4_git20230717-r4 20 - - -
gcompat 1.1.0-r4 60 - - -
redis 7.2.3-r0 2600 - - usr/bin/redis-server,usr/bin/redis-cli
supervisor 4.2.5-r4 1400 python3 - usr/bin/supervisord
openjdk17-jre 17.0.9_p8-r0 177000 - - usr/bin/java
openjdk17-jre-headless 17.0.9_p8-r0 155000 - - usr/bin/java
php82 8.2.13-r0 11000 - - usr/bin/php82
ruby 3.2.2-r1 3900 - - usr/bin/ruby
ffmpeg 6.1-r3 1900 - - usr/bin/ffmpeg
cargo 1.72.1-r1 16000 rust - usr/bin/cargo
rust 1.72.1-r1 142000 gcc - usr/bin/rustc
cmake 3.27.8-r0 24000 - - usr/bin/cmake
dcron 4.5-r9 80 - - usr/sbin/crond
gnupg 2.4.4-r0 1800 - - usr/bin/gpg
strace 6.6-r0 1400 - - usr/bin/strace
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_alpine_depends_on_what_there_is() {
        assert_eq!(debian().len(), DEBIAN.lines().count());
        assert_eq!(alpine().len(), ALPINE.lines().count());
        for package in alpine().values() {
            for dependency in &package.depends {
                assert!(alpine().contains_key(dependency), "{} needs {dependency}", package.name);
            }
        }
    }
}
