//! Small files of `/etc` that people look at.

const DEBIAN_RELEASE: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"
NAME=\"Debian GNU/Linux\"
VERSION_ID=\"12\"
VERSION=\"12 (bookworm)\"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL=\"https://www.debian.org/\"
SUPPORT_URL=\"https://www.debian.org/support\"
BUG_REPORT_URL=\"https://bugs.debian.org/\"
";

const UBUNTU_RELEASE: &str = "PRETTY_NAME=\"Ubuntu 22.04.3 LTS\"
NAME=\"Ubuntu\"
VERSION_ID=\"22.04\"
VERSION=\"22.04.3 LTS (Jammy Jellyfish)\"
VERSION_CODENAME=jammy
ID=ubuntu
ID_LIKE=debian
HOME_URL=\"https://www.ubuntu.com/\"
SUPPORT_URL=\"https://help.ubuntu.com/\"
BUG_REPORT_URL=\"https://bugs.launchpad.net/ubuntu/\"
PRIVACY_POLICY_URL=\"https://www.ubuntu.com/legal/terms-and-policies/privacy-policy\"
UBUNTU_CODENAME=jammy
";

const UBUNTU_LSB: &str = "DISTRIB_ID=Ubuntu
DISTRIB_RELEASE=22.04
DISTRIB_CODENAME=jammy
DISTRIB_DESCRIPTION=\"Ubuntu 22.04.3 LTS\"
";

const DEBIAN_SOURCES: &str = "Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
";

const UBUNTU_SOURCES: &str = "deb http://archive.ubuntu.com/ubuntu/ jammy main restricted
deb http://archive.ubuntu.com/ubuntu/ jammy-updates main restricted
deb http://archive.ubuntu.com/ubuntu/ jammy universe
deb http://archive.ubuntu.com/ubuntu/ jammy-updates universe
deb http://archive.ubuntu.com/ubuntu/ jammy multiverse
deb http://archive.ubuntu.com/ubuntu/ jammy-updates multiverse
deb http://security.ubuntu.com/ubuntu/ jammy-security main restricted
deb http://security.ubuntu.com/ubuntu/ jammy-security universe
deb http://security.ubuntu.com/ubuntu/ jammy-security multiverse
";

const BULLSEYE_RELEASE: &str = "PRETTY_NAME=\"Debian GNU/Linux 11 (bullseye)\"
NAME=\"Debian GNU/Linux\"
VERSION_ID=\"11\"
VERSION=\"11 (bullseye)\"
VERSION_CODENAME=bullseye
ID=debian
HOME_URL=\"https://www.debian.org/\"
SUPPORT_URL=\"https://www.debian.org/support\"
BUG_REPORT_URL=\"https://bugs.debian.org/\"
";

const BULLSEYE_SOURCES: &str = "deb http://deb.debian.org/debian bullseye main
deb http://deb.debian.org/debian-security bullseye-security main
deb http://deb.debian.org/debian bullseye-updates main
";

const FOCAL_RELEASE: &str = "NAME=\"Ubuntu\"
VERSION=\"20.04.6 LTS (Focal Fossa)\"
ID=ubuntu
ID_LIKE=debian
PRETTY_NAME=\"Ubuntu 20.04.6 LTS\"
VERSION_ID=\"20.04\"
HOME_URL=\"https://www.ubuntu.com/\"
SUPPORT_URL=\"https://help.ubuntu.com/\"
BUG_REPORT_URL=\"https://bugs.launchpad.net/ubuntu/\"
PRIVACY_POLICY_URL=\"https://www.ubuntu.com/legal/terms-and-policies/privacy-policy\"
VERSION_CODENAME=focal
UBUNTU_CODENAME=focal
";

const FOCAL_LSB: &str = "DISTRIB_ID=Ubuntu
DISTRIB_RELEASE=20.04
DISTRIB_CODENAME=focal
DISTRIB_DESCRIPTION=\"Ubuntu 20.04.6 LTS\"
";

const FOCAL_SOURCES: &str = "deb http://archive.ubuntu.com/ubuntu/ focal main restricted
deb http://archive.ubuntu.com/ubuntu/ focal-updates main restricted
deb http://archive.ubuntu.com/ubuntu/ focal universe
deb http://archive.ubuntu.com/ubuntu/ focal-updates universe
deb http://archive.ubuntu.com/ubuntu/ focal multiverse
deb http://archive.ubuntu.com/ubuntu/ focal-updates multiverse
deb http://security.ubuntu.com/ubuntu/ focal-security main restricted
deb http://security.ubuntu.com/ubuntu/ focal-security universe
deb http://security.ubuntu.com/ubuntu/ focal-security multiverse
";

const NOBLE_RELEASE: &str = "PRETTY_NAME=\"Ubuntu 24.04.1 LTS\"
NAME=\"Ubuntu\"
VERSION_ID=\"24.04\"
VERSION=\"24.04.1 LTS (Noble Numbat)\"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
HOME_URL=\"https://www.ubuntu.com/\"
SUPPORT_URL=\"https://help.ubuntu.com/\"
BUG_REPORT_URL=\"https://bugs.launchpad.net/ubuntu/\"
PRIVACY_POLICY_URL=\"https://www.ubuntu.com/legal/terms-and-policies/privacy-policy\"
UBUNTU_CODENAME=noble
LOGO=ubuntu-logo
";

const NOBLE_LSB: &str = "DISTRIB_ID=Ubuntu
DISTRIB_RELEASE=24.04
DISTRIB_CODENAME=noble
DISTRIB_DESCRIPTION=\"Ubuntu 24.04.1 LTS\"
";

const NOBLE_SOURCES: &str = "Types: deb
URIs: http://archive.ubuntu.com/ubuntu/
Suites: noble noble-updates noble-backports
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

Types: deb
URIs: http://security.ubuntu.com/ubuntu/
Suites: noble-security
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
";

/// Path and contents.
type Texts = &'static [(&'static str, &'static str)];

pub(super) const BOOKWORM: Texts = &[
    ("/usr/lib/os-release", DEBIAN_RELEASE),
    ("/etc/debian_version", "12.4\n"),
    ("/etc/issue", "Debian GNU/Linux 12 \\n \\l\n\n"),
    ("/etc/issue.net", "Debian GNU/Linux 12\n"),
    ("/etc/apt/sources.list.d/debian.sources", DEBIAN_SOURCES),
    ("/etc/timezone", "Etc/UTC\n"),
];

pub(super) const BULLSEYE: Texts = &[
    ("/usr/lib/os-release", BULLSEYE_RELEASE),
    ("/etc/debian_version", "11.8\n"),
    ("/etc/issue", "Debian GNU/Linux 11 \\n \\l\n\n"),
    ("/etc/issue.net", "Debian GNU/Linux 11\n"),
    ("/etc/apt/sources.list", BULLSEYE_SOURCES),
    ("/etc/timezone", "Etc/UTC\n"),
];

pub(super) const JAMMY: Texts = &[
    ("/usr/lib/os-release", UBUNTU_RELEASE),
    ("/etc/lsb-release", UBUNTU_LSB),
    ("/etc/debian_version", "bookworm/sid\n"),
    ("/etc/issue", "Ubuntu 22.04.3 LTS \\n \\l\n\n"),
    ("/etc/issue.net", "Ubuntu 22.04.3 LTS\n"),
    ("/etc/apt/sources.list", UBUNTU_SOURCES),
];

pub(super) const FOCAL: Texts = &[
    ("/usr/lib/os-release", FOCAL_RELEASE),
    ("/etc/lsb-release", FOCAL_LSB),
    ("/etc/debian_version", "bullseye/sid\n"),
    ("/etc/issue", "Ubuntu 20.04.6 LTS \\n \\l\n\n"),
    ("/etc/issue.net", "Ubuntu 20.04.6 LTS\n"),
    ("/etc/apt/sources.list", FOCAL_SOURCES),
];

pub(super) const NOBLE: Texts = &[
    ("/usr/lib/os-release", NOBLE_RELEASE),
    ("/etc/lsb-release", NOBLE_LSB),
    ("/etc/debian_version", "trixie/sid\n"),
    ("/etc/issue", "Ubuntu 24.04.1 LTS \\n \\l\n\n"),
    ("/etc/issue.net", "Ubuntu 24.04.1 LTS\n"),
    ("/etc/apt/sources.list.d/ubuntu.sources", NOBLE_SOURCES),
];

pub(super) const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
games:x:5:60:games:/usr/games:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
lp:x:7:7:lp:/var/spool/lpd:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
news:x:9:9:news:/var/spool/news:/usr/sbin/nologin
uucp:x:10:10:uucp:/var/spool/uucp:/usr/sbin/nologin
proxy:x:13:13:proxy:/bin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
backup:x:34:34:backup:/var/backups:/usr/sbin/nologin
list:x:38:38:Mailing List Manager:/var/list:/usr/sbin/nologin
irc:x:39:39:ircd:/run/ircd:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
";

/// The line of apt's user in [`PASSWD`], its older form, and a user of older releases.
pub(super) const APT: &str = "_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n";
pub(super) const APT_BEFORE: &str = "_apt:x:100:65534::/nonexistent:/usr/sbin/nologin\n";
pub(super) const GNATS: &str =
    "gnats:x:41:41:Gnats Bug-Reporting System (admin):/var/lib/gnats:/usr/sbin/nologin\n";

pub(super) const GROUP: &str = "root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
lp:x:7:
mail:x:8:
news:x:9:
uucp:x:10:
man:x:12:
proxy:x:13:
kmem:x:15:
dialout:x:20:
fax:x:21:
voice:x:22:
cdrom:x:24:
floppy:x:25:
tape:x:26:
sudo:x:27:
audio:x:29:
dip:x:30:
www-data:x:33:
backup:x:34:
operator:x:37:
list:x:38:
irc:x:39:
src:x:40:
shadow:x:42:
utmp:x:43:
video:x:44:
sasl:x:45:
plugdev:x:46:
staff:x:50:
games:x:60:
users:x:100:
nogroup:x:65534:
";

/// `/etc/shadow` or `/etc/gshadow` for a passwd or group file: nobody can log in by password.
pub(super) fn locked(names: &str, rest: &str) -> String {
    let name = |line: &str| format!("{}:*:{rest}\n", line.split(':').next().unwrap_or_default());
    names.lines().map(name).collect()
}

pub(super) const SHELLS: &str = "# Shells that a user may log in with.
/bin/sh
/usr/bin/sh
/bin/bash
/usr/bin/bash
/bin/rbash
/usr/bin/rbash
/bin/dash
/usr/bin/dash
";

pub(super) const PROFILE: &str = "# Read by login shells.
if [ \"$(id -u)\" -eq 0 ]; then
  PATH=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"
else
  PATH=\"/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games\"
fi
export PATH
for script in /etc/profile.d/*.sh; do
  if [ -r \"$script\" ]; then . \"$script\"; fi
done
unset script
";

pub(super) const ROOT_PROFILE: &str = "# Read by root's login shells.
if [ -n \"$BASH\" ] && [ -f ~/.bashrc ]; then
  . ~/.bashrc
fi
mesg n 2> /dev/null || true
";

pub(super) const BASHRC: &str = "# Read by interactive shells of bash.
[ -z \"$PS1\" ] && return
shopt -s checkwinsize
PS1='\\u@\\h:\\w\\$ '
";

pub(super) const NSSWITCH: &str = "passwd:         files
group:          files
shadow:         files
gshadow:        files

hosts:          files dns
networks:       files

protocols:      db files
services:       db files
ethers:         db files
rpc:            db files
netgroup:       nis
";

pub(super) const CLEAN: &str = "# Images stay small: downloaded packages are not kept.
DPkg::Post-Invoke { \"rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true\"; };
APT::Update::Post-Invoke { \"rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true\"; };
Dir::Cache::pkgcache \"\";
Dir::Cache::srcpkgcache \"\";
";

pub(super) const SLIM: &str = "# Slim images leave out what nobody reads in a container.
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/groff/*
path-exclude /usr/share/info/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
";
