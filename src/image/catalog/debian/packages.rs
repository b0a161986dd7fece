//! The package table of the slim bases and dpkg's database made from it.

use std::fmt::Write as _;

/// The package's own architecture is `all`.
const ALL: &str = "all";

/// Rows of `name debian-version ubuntu-version KiB arch section description`; `-` where a
/// distribution's base has no such package.
pub(super) const PACKAGES: &str = "\
adduser 3.134 3.118ubuntu5 686 all admin add and remove users and groups
apt 2.6.1 2.4.11 4232 amd64 admin command line package manager
base-files 12.4+deb12u4 12ubuntu4.4 341 amd64 admin base system files
base-passwd 3.6.1 3.5.52build1 233 amd64 admin base password and group files
bash 5.2.15-2+b2 5.1-6ubuntu1 7164 amd64 shells GNU Bourne Again shell
bsdutils 1:2.38.1-5+b1 1:2.37.2-4ubuntu3 358 amd64 utils small tools from BSD
coreutils 9.1-1 8.32-4.1ubuntu1 18062 amd64 utils core tools of GNU
dash 0.5.12-2 0.5.11+git20210903+really0.5.11-9 191 amd64 shells small POSIX shell
debconf 1.5.82 1.5.79ubuntu1 519 all admin asks questions when packages are configured
debian-archive-keyring 2023.3+deb12u1 - 235 all misc keys of the Debian archive
debianutils 5.7-0.5~deb12u1 5.5-1ubuntu2 243 amd64 utils small tools of Debian
diffutils 1:3.8-4 1:3.8-0ubuntu2 1632 amd64 utils compares files
dpkg 1.21.22 1.21.1ubuntu2.2 6491 amd64 admin installs and removes packages
e2fsprogs 1.47.0-2 1.46.5-2ubuntu1.1 1529 amd64 admin tools for ext2, ext3 and ext4
findutils 4.9.0-4 4.8.0-1ubuntu3 1850 amd64 utils find and xargs
gcc-12-base 12.2.0-14 12.3.0-1ubuntu1~22.04 100 amd64 libs base package of GCC
gpgv 2.2.40-1.1 2.2.27-3ubuntu2.1 868 amd64 utils checks signatures
grep 3.8-5 3.7-1build1 1155 amd64 utils finds lines
gzip 1.12-1 1.10-4ubuntu4.1 252 amd64 utils compresses files
hostname 3.23+nmu1 3.23ubuntu2 46 amd64 admin sets or shows the host's name
init-system-helpers 1.65.2 1.62 131 all admin helpers for all init systems
libacl1 2.3.1-3 2.3.1-1 72 amd64 libs access control lists
libapt-pkg6.0 2.6.1 2.4.11 3317 amd64 libs package management library
libattr1 1:2.5.1-4 1:2.5.1-1build1 57 amd64 libs extended attributes
libaudit-common 1:3.0.9-1 1:3.0.7-1build1 24 all libs files for the audit library
libaudit1 1:3.0.9-1 1:3.0.7-1build1 157 amd64 libs audit library
libblkid1 2.38.1-5+b1 2.37.2-4ubuntu3 425 amd64 libs block device identification
libbz2-1.0 1.0.8-5+b1 1.0.8-5build1 105 amd64 libs bzip2 library
libc-bin 2.36-9+deb12u3 2.35-0ubuntu3.5 2048 amd64 libs binaries of the GNU C library
libc6 2.36-9+deb12u3 2.35-0ubuntu3.5 12985 amd64 libs GNU C library
libcap-ng0 0.8.3-1+b3 0.7.9-2.2build3 46 amd64 libs capabilities, another library
libcap2 1:2.66-4 1:2.44-1ubuntu0.22.04.1 99 amd64 libs capabilities
libcom-err2 1.47.0-2 1.46.5-2ubuntu1.1 98 amd64 libs common error descriptions
libcrypt1 1:4.4.33-2 1:4.4.27-1 225 amd64 libs password hashes
libdb5.3 5.3.28+dfsg2-1 5.3.28+dfsg1-0.8ubuntu3 1881 amd64 libs Berkeley database
libdebconfclient0 0.270 0.261ubuntu1 67 amd64 libs debconf in C
libext2fs2 1.47.0-2 1.46.5-2ubuntu1.1 590 amd64 libs ext2 library
libffi8 3.4.4-1 3.4.2-4 60 amd64 libs calls functions by description
libgcc-s1 12.2.0-14 12.3.0-1ubuntu1~22.04 140 amd64 libs support library of GCC
libgcrypt20 1.10.1-3 1.9.4-3ubuntu3 1393 amd64 libs cryptography
libgmp10 2:6.2.1+dfsg1-1.1 2:6.2.1+dfsg-3ubuntu1 581 amd64 libs big numbers
libgnutls30 3.7.9-2+deb12u1 3.7.3-4ubuntu1.3 3187 amd64 libs TLS
libgpg-error0 1.46-1 1.43-3 267 amd64 libs errors of GnuPG
libgssapi-krb5-2 - 1.19.2-2ubuntu0.3 401 amd64 libs Kerberos, GSS-API
libhogweed6 3.8.1-2 3.7.3-1build2 317 amd64 libs public keys
libidn2-0 2.3.3-1+b1 2.3.2-2build1 238 amd64 libs names of all languages
libk5crypto3 - 1.19.2-2ubuntu0.3 306 amd64 libs Kerberos, cryptography
libkeyutils1 - 1.6.1-2ubuntu3 43 amd64 libs keys in the kernel
libkrb5-3 - 1.19.2-2ubuntu0.3 1071 amd64 libs Kerberos
libkrb5support0 - 1.19.2-2ubuntu0.3 164 amd64 libs Kerberos, helpers
liblz4-1 1.9.4-1 1.9.3-2build2 159 amd64 libs fast compression
liblzma5 5.4.1-0.2 5.2.5-2ubuntu1 283 amd64 libs strong compression
libmd0 1.0.4-2 - 91 amd64 libs message digests
libmount1 2.38.1-5+b1 2.37.2-4ubuntu3 480 amd64 libs mounting
libncurses6 - 6.3-2ubuntu0.1 333 amd64 libs screens of text
libncursesw6 - 6.3-2ubuntu0.1 422 amd64 libs screens of text, wide characters
libnettle8 3.8.1-2 3.7.3-1build2 387 amd64 libs symmetric cryptography
libnsl2 - 1.3.0-2build2 140 amd64 libs NIS
libp11-kit0 0.24.1-2 0.24.0-6build1 1392 amd64 libs modules for keys
libpam-modules 1.5.2-6+deb12u1 1.4.0-11ubuntu2.3 1004 amd64 admin modules of PAM
libpam-modules-bin 1.5.2-6+deb12u1 1.4.0-11ubuntu2.3 232 amd64 admin helpers of PAM
libpam-runtime 1.5.2-6+deb12u1 1.4.0-11ubuntu2.3 1069 all admin settings of PAM
libpam0g 1.5.2-6+deb12u1 1.4.0-11ubuntu2.3 231 amd64 libs PAM library
libpcre2-8-0 10.42-1 10.39-3ubuntu0.1 685 amd64 libs regular expressions
libpcre3 - 2:8.39-13ubuntu0.22.04.1 683 amd64 libs regular expressions, old
libprocps8 - 2:3.3.17-6ubuntu2 125 amd64 libs reads /proc
libseccomp2 2.5.4-1+b3 2.5.3-2ubuntu2 159 amd64 libs filters system calls
libselinux1 3.4-1+b6 3.3-1build2 219 amd64 libs SELinux
libsemanage-common 3.4-1 3.3-1build2 33 all libs files for SELinux policies
libsemanage2 3.4-1+b5 3.3-1build2 291 amd64 libs SELinux policies
libsepol2 3.4-2.1 3.3-1build1 742 amd64 libs SELinux binary policies
libsmartcols1 2.38.1-5+b1 2.37.2-4ubuntu3 318 amd64 libs columns of text
libss2 1.47.0-2 1.46.5-2ubuntu1.1 115 amd64 libs command line parsing
libssl3 - 3.0.2-0ubuntu1.12 5722 amd64 libs TLS of OpenSSL
libstdc++6 12.2.0-14 12.3.0-1ubuntu1~22.04 2355 amd64 libs C++ standard library
libsystemd0 252.19-1~deb12u1 249.11-0ubuntu3.11 961 amd64 libs systemd library
libtasn1-6 4.19.0-2 4.18.0-4build1 137 amd64 libs ASN.1
libtinfo6 6.4-4 6.3-2ubuntu0.1 560 amd64 libs terminals
libtirpc-common - 1.3.2-2ubuntu0.1 32 all libs files for remote calls
libtirpc3 - 1.3.2-2ubuntu0.1 221 amd64 libs remote calls
libudev1 252.19-1~deb12u1 249.11-0ubuntu3.11 264 amd64 libs devices
libunistring2 1.0-2 1.0-1 1793 amd64 libs Unicode
libuuid1 2.38.1-5+b1 2.37.2-4ubuntu3 76 amd64 libs unique ids
libxxhash0 0.8.1-1 0.8.1-1 90 amd64 libs fast hashes
libzstd1 1.5.4+dfsg2-5 1.4.8+dfsg-3build1 784 amd64 libs Zstandard
login 1:4.13+dfsg1-1+b1 1:4.8.1-2ubuntu2.1 2499 amd64 admin logging in
logsave 1.47.0-2 1.46.5-2ubuntu1.1 65 amd64 admin keeps a program's output
lsb-base - 11.1.0ubuntu4 22 all misc init script functions
mawk 1.3.4.20200120-3.1 1.3.4.20200120-3 252 amd64 interpreters awk
mount 2.38.1-5+b1 2.37.2-4ubuntu3 375 amd64 admin mounts filesystems
ncurses-base 6.4-4 6.3-2ubuntu0.1 390 all misc terminal descriptions
ncurses-bin 6.4-4 6.3-2ubuntu0.1 683 amd64 utils terminal tools
passwd 1:4.13+dfsg1-1+b1 1:4.8.1-2ubuntu2.1 2845 amd64 admin users and passwords
perl-base 5.36.0-7+deb12u1 5.34.0-3ubuntu1.3 7830 amd64 perl the least of Perl
procps - 2:3.3.17-6ubuntu2 1279 amd64 admin ps, top and others
sed 4.9-1 4.8-1ubuntu2 987 amd64 utils edits streams
sensible-utils - 0.0.17 62 all utils chooses editors and browsers
sysvinit-utils 3.06-4 3.01-1ubuntu1 102 amd64 admin helpers of System V init
tar 1.34+dfsg-1.2 1.34+dfsg-1ubuntu0.1.22.04.2 3152 amd64 utils archives
tzdata 2023c-5+deb12u1 - 2556 all localization time zones
ubuntu-keyring - 2021.03.26 36 all misc keys of the Ubuntu archive
usrmerge - 25ubuntu2 57 all admin moves /bin into /usr/bin
usr-is-merged 35 - 13 all oldlibs says that /bin is /usr/bin
util-linux 2.38.1-5+b1 2.37.2-4ubuntu3 4680 amd64 utils many system tools
util-linux-extra 2.38.1-5+b1 - 336 amd64 utils fewer-used system tools
zlib1g 1:1.2.13.dfsg-1 1:1.2.11.dfsg-2ubuntu9.2 167 amd64 libs compression
";

/// A package as a row describes it.
#[derive(Clone, Copy)]
pub(super) struct Package<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    /// KiB when installed.
    pub(super) size: u64,
    pub(super) arch: &'a str,
    section: &'a str,
    description: &'a str,
}

/// The packages of a table for one distribution: `column` 1 is Debian, 2 Ubuntu.
pub(super) fn packages(table: &str, column: usize) -> impl Iterator<Item = Package<'_>> {
    table.lines().filter_map(move |row| {
        let words: Vec<&str> = row.splitn(7, ' ').collect();
        let [name, _, _, size, arch, section, description] = words[..] else { return None };
        let version = *words.get(column)?;
        let size = size.parse().ok()?;
        (version != "-").then_some(Package { name, version, size, arch, section, description })
    })
}

/// May it be installed for several architectures at once? Libraries may.
fn multi_arch(package: &Package<'_>) -> bool {
    let library = package.section == "libs" && package.arch != ALL && package.name != "libc-bin";
    library || package.name == "libpam-modules"
}

/// dpkg's name of a package's files in `/var/lib/dpkg/info`, without the ending.
pub(super) fn info_name(package: &Package<'_>) -> String {
    if multi_arch(package) { format!("{}:{}", package.name, package.arch) } else { package.name.to_owned() }
}

/// `/var/lib/dpkg/status`.
pub(super) fn status<'a>(packages: impl Iterator<Item = Package<'a>>, maintainer: &str) -> String {
    let mut text = String::new();
    for package in packages {
        let Package { name, version, size, arch, section, description } = package;
        let same = if multi_arch(&package) { "Multi-Arch: same\n" } else { "" };
        let _ = write!(
            text,
            "Package: {name}\nStatus: install ok installed\nPriority: required\nSection: {section}\n\
             Installed-Size: {size}\nMaintainer: {maintainer}\nArchitecture: {arch}\n{same}\
             Version: {version}\nDescription: {description}\n\n"
        );
    }
    text
}
