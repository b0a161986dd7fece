//! Which packages the bases have, and in which version.

/// `rockylinux:9.3.20231119`, as docker-library/repo-info lists it.
pub(super) const ROCKY_9: &str = "\
    alternatives=1.24-1.el9 audit-libs=3.0.7-104.el9 basesystem=11-13.el9 bash=5.1.8-6.el9_1 \
    binutils=2.35.2-42.el9 binutils-gold=2.35.2-42.el9 bzip2-libs=1.0.8-8.el9 \
    ca-certificates=2023.2.60_v7.0.306-90.1.el9_2 coreutils-single=8.32-34.el9 cracklib=2.9.6-27.el9 \
    cracklib-dicts=2.9.6-27.el9 crypto-policies=20230731-1.git94f0e2c.el9_3.1 \
    crypto-policies-scripts=20230731-1.git94f0e2c.el9_3.1 curl-minimal=7.76.1-26.el9_3.2.0.1 \
    cyrus-sasl-lib=2.1.27-21.el9 dnf=4.14.0-8.el9 dnf-data=4.14.0-8.el9 elfutils-debuginfod-client=0.189-3.el9 \
    elfutils-default-yama-scope=0.189-3.el9 elfutils-libelf=0.189-3.el9 elfutils-libs=0.189-3.el9 \
    expat=2.5.0-1.el9 file-libs=5.39-14.el9 filesystem=3.16-2.el9 findutils=4.8.0-6.el9 gawk=5.1.0-6.el9 \
    gdbm-libs=1.19-4.el9 glib2=2.68.4-11.el9 glibc=2.34-83.el9.7 glibc-common=2.34-83.el9.7 \
    glibc-minimal-langpack=2.34-83.el9.7 gmp=6.2.0-13.el9 gnupg2=2.3.3-4.el9 gnutls=3.7.6-23.el9 \
    gpgme=1.15.1-6.el9 grep=3.6-5.el9 gzip=1.12-1.el9 hostname=3.23-6.el9 ima-evm-utils=1.4-4.el9 \
    json-c=0.14-11.el9 keyutils-libs=1.6.3-1.el9 krb5-libs=1.21.1-1.el9 less=590-2.el9_2 libacl=2.3.1-3.el9 \
    libarchive=3.5.3-4.el9 libassuan=2.5.5-3.el9 libattr=2.5.1-3.el9 libblkid=2.37.4-15.el9 libcap=2.48-9.el9_2 \
    libcap-ng=0.8.2-7.el9 libcom_err=1.46.5-3.el9 libcomps=0.1.18-1.el9 libcurl-minimal=7.76.1-26.el9_3.2.0.1 \
    libdb=5.3.28-53.el9 libdnf=0.69.0-6.el9_3 libeconf=0.4.1-3.el9_2 libevent=2.1.12-6.el9 \
    libfdisk=2.37.4-15.el9 libffi=3.4.2-8.el9 libgcc=11.4.1-2.1.el9 libgcrypt=1.10.0-10.el9_2 \
    libgomp=11.4.1-2.1.el9 libgpg-error=1.42-5.el9 libidn2=2.3.0-7.el9 libksba=1.5.1-6.el9_1 \
    libmodulemd=2.13.0-2.el9 libmount=2.37.4-15.el9 libnghttp2=1.43.0-5.el9_3.1 libpwquality=1.4.4-8.el9 \
    librepo=1.14.5-1.el9 libreport-filesystem=2.15.2-6.el9.rocky.0.2 libselinux=3.5-1.el9 libsemanage=3.5-2.el9 \
    libsepol=3.5-1.el9 libsigsegv=2.13-4.el9 libsmartcols=2.37.4-15.el9 libsolv=0.7.24-2.el9 \
    libstdc++=11.4.1-2.1.el9 libtasn1=4.16.0-8.el9_1 libunistring=0.9.10-15.el9 libusbx=1.0.26-1.el9 \
    libuser=0.63-13.el9 libutempter=1.2.1-6.el9 libuuid=2.37.4-15.el9 libverto=0.3.2-3.el9 \
    libxcrypt=4.4.18-3.el9 libxml2=2.9.13-4.el9 libyaml=0.2.5-7.el9 libzstd=1.5.1-2.el9 lua-libs=5.4.4-4.el9 \
    lz4-libs=1.9.3-5.el9 mpfr=4.1.0-7.el9 ncurses-base=6.2-10.20210508.el9 ncurses-libs=6.2-10.20210508.el9 \
    nettle=3.8-3.el9_0 npth=1.6-8.el9 openldap=2.6.3-1.el9 openssl=3.0.7-24.el9 openssl-libs=3.0.7-24.el9 \
    p11-kit=0.24.1-2.el9 p11-kit-trust=0.24.1-2.el9 pam=1.5.1-15.el9 passwd=0.80-12.el9 pcre=8.44-3.el9.3 \
    pcre2=10.40-2.el9 pcre2-syntax=10.40-2.el9 popt=1.18-8.el9 python3=3.9.18-1.el9_3 python3-dnf=4.14.0-8.el9 \
    python3-gpg=1.15.1-6.el9 python3-hawkey=0.69.0-6.el9_3 python3-libcomps=0.1.18-1.el9 \
    python3-libdnf=0.69.0-6.el9_3 python3-libs=3.9.18-1.el9_3 python3-pip-wheel=21.2.3-7.el9 \
    python3-rpm=4.16.1.3-25.el9 python3-setuptools-wheel=53.0.0-12.el9 readline=8.1-4.el9 \
    rocky-gpg-keys=9.3-1.1.el9 rocky-release=9.3-1.1.el9 rocky-repos=9.3-1.1.el9 rootfiles=8.1-31.el9 \
    rpm=4.16.1.3-25.el9 rpm-build-libs=4.16.1.3-25.el9 rpm-libs=4.16.1.3-25.el9 rpm-sign-libs=4.16.1.3-25.el9 \
    sed=4.8-9.el9 setup=2.13.7-9.el9 shadow-utils=4.9-8.el9 sqlite-libs=3.34.1-6.el9_1 systemd-libs=252-18.el9 \
    tar=1.34-6.el9_1 tpm2-tss=3.2.2-2.el9 tzdata=2023c-1.el9 usermode=1.114-4.el9 util-linux=2.37.4-15.el9 \
    util-linux-core=2.37.4-15.el9 vim-minimal=8.2.2637-20.el9_1 xz-libs=5.2.5-8.el9_0 yum=4.14.0-8.el9 \
    zlib=1.2.11-40.el9";

/// Oracle Linux 8, as docker-library/repo-info lists it for `mysql:8.0.32` of January 2023.
pub(super) const ORACLE_8: &str = "\
    audit-libs=3.0.7-4.el8 basesystem=11-5.el8 bash=4.4.20-4.el8_6 brotli=1.0.6-3.el8 bzip2-libs=1.0.6-26.el8 \
    ca-certificates=2022.2.54-80.2.el8_6 coreutils-single=8.30-13.0.1.el8 \
    crypto-policies=20211116-1.gitae470d6.el8 curl=7.61.1-25.el8_7.1 cyrus-sasl-lib=2.1.27-6.el8_5 \
    elfutils-libelf=0.187-4.el8 expat=2.2.5-10.0.1.el8_7.1 file-libs=5.33-21.el8 filesystem=3.8-6.el8 \
    gawk=4.2.1-4.el8 gdbm-libs=1.18-2.el8 glib2=2.56.4-159.0.1.el8 glibc=2.28-211.0.1.el8 \
    glibc-common=2.28-211.0.1.el8 glibc-minimal-langpack=2.28-211.0.1.el8 gmp=6.1.2-10.el8 \
    gnupg2=2.2.20-3.el8_6 gnutls=3.6.16-5.el8_6 gpgme=1.13.1-11.el8 grep=3.1-6.el8 json-c=0.13.1-3.el8 \
    keyutils-libs=1.5.10-9.el8 krb5-libs=1.18.2-22.0.1.el8_7 libacl=2.2.53-1.el8 libarchive=3.3.3-4.el8 \
    libassuan=2.5.1-3.el8 libattr=2.4.48-3.el8 libblkid=2.32.1-39.el8_7 libcap=2.48-4.el8 \
    libcap-ng=0.7.11-1.el8 libcom_err=1.45.6-5.el8 libcurl=7.61.1-25.el8_7.1 libdb=5.3.28-42.el8_4 \
    libdnf=0.63.0-11.1.0.1.el8 libffi=3.1-23.el8 libgcc=8.5.0-16.0.1.el8_7 libgcrypt=1.8.5-7.el8_6 \
    libgpg-error=1.31-1.el8 libidn2=2.2.0-1.el8 libksba=1.3.5-8.el8_6 libmodulemd=2.13.0-1.el8 \
    libmount=2.32.1-39.el8_7 libnghttp2=1.33.0-3.el8_2.1 libnsl2=1.2.0-2.20180605git4a062cf.el8 \
    libpeas=1.22.0-6.el8 libpsl=0.20.2-6.el8 librepo=1.14.2-3.el8 libselinux=2.9-6.el8 libsemanage=2.9-9.el8_6 \
    libsepol=2.9-3.el8 libsigsegv=2.11-5.el8 libsmartcols=2.32.1-39.el8_7 libsolv=0.7.20-4.el8_7 \
    libssh=0.9.6-3.el8 libstdc++=8.5.0-16.0.1.el8_7 libtasn1=4.13-4.el8_7 libtirpc=1.1.4-8.el8 \
    libunistring=0.9.9-3.el8 libusbx=1.0.23-4.el8 libuuid=2.32.1-39.el8_7 libverto=0.3.2-2.el8 \
    libxcrypt=4.1.1-6.el8 libxml2=2.9.7-15.el8_7.1 libyaml=0.1.7-5.el8 libzstd=1.4.4-1.0.1.el8 \
    lua-libs=5.3.4-12.el8 lz4-libs=1.8.3-3.el8_4 microdnf=3.8.0-2.el8 mpfr=3.1.6-1.el8 \
    ncurses-base=6.1-9.20180224.el8 ncurses-libs=6.1-9.20180224.el8 nettle=3.4.1-7.el8 npth=1.5-4.el8 \
    openldap=2.4.46-18.el8 openssl-libs=1.1.1k-7.el8_6 p11-kit=0.23.22-1.el8 p11-kit-trust=0.23.22-1.el8 \
    pcre=8.42-6.el8 pcre2=10.32-3.el8_6 popt=1.18-1.el8 readline=7.0-10.el8 rootfiles=8.1-22.el8 \
    rpm=4.14.3-24.el8_7 rpm-libs=4.14.3-24.el8_7 sed=4.5-5.el8 setup=2.12.2-7.el8 shadow-utils=4.6-17.el8 \
    sqlite-libs=3.26.0-17.el8_7 systemd-libs=239-68.0.2.el8_7.2 tzdata=2022g-1.el8 xz-libs=5.2.4-4.el8_6 \
    zlib=1.2.11-20.el8";

/// What `microdnf install` brings to [`ORACLE_8`] for MySQL.
pub(super) const MYSQL_TOOLS: &str = "bzip2=1.0.6-26.el8 findutils=4.6.0-20.el8 gzip=1.9-13.el8_5 openssl=1.1.1k-7.el8_6 \
    xz=5.2.4-4.el8_6 zstd=1.4.4-1.0.1.el8";
