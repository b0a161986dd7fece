//! `debian:bookworm-slim`, and what it shares with Ubuntu's base: glibc, GNU tools, dpkg and apt.

mod libraries;
mod packages;
mod programs;
mod texts;

use super::recipe::{PATH, Recipe, words};
use super::sketch::Sketch;
use crate::fs::Layer;
use crate::image::Image;
use packages::{PACKAGES, Package, info_name, packages, status};
use std::sync::{Arc, LazyLock};

/// 2023-12-19, Debian 12.4.
pub(super) const CREATED: i64 = 1_702_944_000;

/// The directory of the architecture's libraries.
pub(super) const LIB: &str = "/usr/lib/x86_64-linux-gnu";

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::new(CREATED);
    recipe.layer(
        "/bin/sh -c #(nop) ADD file:d261a6f6921593f1e3c7b4f8d5a8cf3f1a0d9a1c5b5ae3c06ed0d56a0f2e16d4 in / ",
        "FROM debian",
        DEBIAN.draw(),
    );
    recipe.meta("/bin/sh -c #(nop)  CMD [\"bash\"]");
    recipe.config(|config| {
        config.env = words(&[PATH]);
        config.cmd = Some(words(&["bash"]));
    });
    recipe.finish()
});

/// What differs between the two distributions' bases.
pub(super) struct Flavour {
    pub(super) family: &'static str,
    pub(super) created: i64,
    /// Size of the layer as `docker history` shows it.
    pub(super) bytes: u64,
    /// Column of the package table.
    column: usize,
    maintainer: &'static str,
    /// Texts: path and contents.
    texts: &'static [(&'static str, &'static str)],
    /// Programs that only this one has: name and size, in `/usr/bin`.
    programs: &'static str,
    /// Libraries that only this one has.
    libraries: &'static str,
}

const DEBIAN: Flavour = Flavour {
    family: "debian",
    created: CREATED,
    bytes: 74_790_184,
    column: 1,
    maintainer: "Debian Developers <debian-devel@lists.debian.org>",
    texts: &[
        ("/usr/lib/os-release", texts::DEBIAN_RELEASE),
        ("/etc/debian_version", "12.4\n"),
        ("/etc/issue", "Debian GNU/Linux 12 \\n \\l\n\n"),
        ("/etc/issue.net", "Debian GNU/Linux 12\n"),
        ("/etc/apt/sources.list.d/debian.sources", texts::DEBIAN_SOURCES),
        ("/etc/dpkg/dpkg.cfg.d/docker", texts::SLIM),
        ("/etc/timezone", "Etc/UTC\n"),
    ],
    programs: "",
    libraries: "",
};

/// Ubuntu's base. It comes with `ps`, OpenSSL and Kerberos, but without time zones.
pub(super) const UBUNTU: Flavour = Flavour {
    family: "ubuntu",
    created: 1_702_425_600,
    bytes: 77_862_912,
    column: 2,
    maintainer: "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>",
    texts: &[
        ("/usr/lib/os-release", texts::UBUNTU_RELEASE),
        ("/etc/lsb-release", texts::UBUNTU_LSB),
        ("/etc/debian_version", "bookworm/sid\n"),
        ("/etc/issue", "Ubuntu 22.04.3 LTS \\n \\l\n\n"),
        ("/etc/issue.net", "Ubuntu 22.04.3 LTS\n"),
        ("/etc/apt/sources.list", texts::UBUNTU_SOURCES),
        ("/etc/dpkg/dpkg.cfg.d/excludes", texts::SLIM),
    ],
    programs: "ps 137688 top 135144 free 26736 kill 30952 pgrep 30960 pkill 30960 pidwait 30960 pmap 39088 \
        pwdx 14512 skill 30952 slabtop 26736 snice 30952 tload 22640 uptime 14568 vmstat 39024 w 22632 \
        watch 30960 bzip2 39144 bunzip2 39144 bzcat 39144",
    libraries: "libssl.so.3 667864 libcrypto.so.3 4451632 libkrb5.so.3.3 827936 libk5crypto.so.3.1 182864 \
        libgssapi_krb5.so.2.2 338648 libpcre.so.3.13.3 478688 libprocps.so.8.0.3 88384 libncurses.so.6.3 \
        166240 libtirpc.so.3.0.0 182912",
};

impl Flavour {
    /// Draws the base layer.
    pub(super) fn draw(&self) -> Layer {
        let mut s = Sketch::new(self.family, self.created);
        directories(&mut s);
        usr_bin(&mut s);
        s.programs("/usr/bin", self.programs).files(LIB, self.libraries);
        usr_lib(&mut s);
        etc(&mut s);
        for (path, text) in self.texts {
            s.text(path, text);
        }
        self.database(&mut s);
        if self.column == 1 {
            s.spread("/usr/share/zoneinfo", 2_560_000, libraries::ZONES);
            s.link("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC");
        }
        s.spread("/usr/lib/x86_64-linux-gnu/perl-base", 4_900_000, libraries::PERL);
        s.fill_up(self.bytes, "/usr/lib/x86_64-linux-gnu/gconv", libraries::GCONV);
        s.seal()
    }

    /// dpkg's database and the copyright files.
    fn database(&self, s: &mut Sketch) {
        s.text("/var/lib/dpkg/status", &status(packages(PACKAGES, self.column), self.maintainer));
        s.text("/var/lib/dpkg/available", "").text("/var/lib/dpkg/info/format", "1\n");
        s.text("/var/lib/dpkg/arch", "amd64\n").text("/var/lib/dpkg/lock", "");
        s.text("/var/lib/dpkg/lock-frontend", "").text("/var/lib/dpkg/diversions", "");
        s.text("/var/lib/dpkg/statoverride", "").text("/var/lib/dpkg/triggers/Lock", "");
        packages(PACKAGES, self.column).for_each(|package| unpacked(s, &package));
    }
}

/// What every package leaves besides its files: its lists and its copyright.
fn unpacked(s: &mut Sketch, package: &Package<'_>) {
    let info = info_name(package);
    let files = 6 + package.size / 40;
    s.files("/var/lib/dpkg/info", &format!("{info}.list {}", files * 44));
    s.files("/var/lib/dpkg/info", &format!("{info}.md5sums {}", files * 62));
    let copyright = 1200 + package.name.len() as u64 * 311;
    s.files("/usr/share/doc", &format!("{}/copyright {copyright}", package.name));
}

/// Draws what `apt-get install` leaves in a layer above Debian's base: dpkg's database with the
/// packages of `before` (earlier layers) and `new` more. Rows are those of the package table.
pub(super) fn add_packages(s: &mut Sketch, before: &str, new: &str) {
    let table = [PACKAGES, before, new].concat();
    s.text("/var/lib/dpkg/status", &status(packages(&table, DEBIAN.column), DEBIAN.maintainer));
    packages(new, DEBIAN.column).for_each(|package| unpacked(s, &package));
    s.files("/etc", "ld.so.cache 7420").files("/var/log", "alternatives.log 7103 dpkg.log 141236");
    s.files("/var/log/apt", "eipp.log.xz 12724 history.log 9126 term.log 43014");
}

/// Draws what `useradd` leaves in a layer above Debian's base.
pub(super) fn add_user(s: &mut Sketch, name: &str, id: u32, home: &str, shell: &str) {
    let passwd = format!("{}{name}:x:{id}:{id}::{home}:{shell}\n", texts::PASSWD);
    let group = format!("{}{name}:x:{id}:\n", texts::GROUP);
    s.text_of("/etc/shadow", 0o640, 42, &texts::locked(&passwd, "19710:0:99999:7:::"));
    s.text_of("/etc/gshadow", 0o640, 42, &texts::locked(&group, ":"));
    s.text("/etc/passwd", &passwd).text("/etc/group", &group);
}

fn directories(s: &mut Sketch) {
    for name in ["bin", "lib", "sbin"] {
        s.link(&format!("/{name}"), &format!("usr/{name}"));
    }
    s.link("/lib32", "usr/lib32").link("/lib64", "usr/lib64").link("/libx32", "usr/libx32");
    s.dirs(0o755, "/boot /dev /etc /home /media /mnt /opt /proc /run /srv /sys /usr /var");
    s.dirs(0o755, "/usr/bin /usr/games /usr/include /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/libx32");
    s.dirs(0o755, "/usr/sbin /usr/share /usr/src /usr/local/bin /usr/local/etc /usr/local/games");
    s.dirs(0o755, "/usr/local/include /usr/local/lib /usr/local/sbin /usr/local/share/man /usr/local/src");
    s.dirs(0o755, "/var/backups /var/cache/apt/archives/partial /var/cache/debconf /var/cache/ldconfig");
    s.dirs(0o755, "/var/lib/apt/lists/partial /var/lib/apt/mirrors/partial /var/lib/apt/periodic");
    s.dirs(0o755, "/var/lib/dpkg/alternatives /var/lib/dpkg/info /var/lib/dpkg/parts /var/lib/dpkg/updates");
    s.dirs(0o755, "/var/lib/dpkg/triggers /var/lib/misc /var/lib/pam /var/lib/systemd /var/log/apt");
    s.dirs(0o755, "/var/opt /var/spool /etc/alternatives /etc/apt/apt.conf.d /etc/apt/auth.conf.d");
    s.dirs(0o755, "/etc/apt/keyrings /etc/apt/preferences.d /etc/apt/sources.list.d /etc/apt/trusted.gpg.d");
    s.dirs(0o755, "/etc/cron.d /etc/cron.daily /etc/default /etc/dpkg/dpkg.cfg.d /etc/dpkg/origins");
    s.dirs(0o755, "/etc/gss/mech.d /etc/init.d /etc/kernel/postinst.d /etc/ld.so.conf.d /etc/logrotate.d");
    s.dirs(
        0o755,
        "/etc/opt /etc/pam.d /etc/profile.d /etc/rc0.d /etc/rc1.d /etc/rc2.d /etc/rc3.d /etc/rcS.d",
    );
    s.dirs(
        0o755,
        "/etc/security /etc/selinux /etc/skel /etc/systemd/system /etc/terminfo /etc/update-motd.d",
    );
    s.dirs(0o1777, "/tmp /var/tmp").dirs(0o700, "/root");
    s.dir_of("/var/local", 0o2775, 0, 50).dir_of("/var/mail", 0o2775, 0, 8);
    s.link("/var/run", "/run").link("/var/lock", "/run/lock").link("/var/spool/mail", "../mail");
    s.dirs(0o1777, "/run/lock").link("/usr/local/man", "share/man");
}

fn usr_bin(s: &mut Sketch) {
    use programs::{ADMIN, COREUTILS, PACKAGING, SYSTEM, TOOLS};
    for table in [COREUTILS, TOOLS, PACKAGING, SYSTEM] {
        s.programs("/usr/bin", table);
    }
    s.programs("/usr/sbin", ADMIN);
    s.link("/usr/bin/sh", "dash").link("/usr/bin/rbash", "bash").link("/usr/bin/reset", "tset");
    s.link("/usr/bin/awk", "/etc/alternatives/awk").link("/etc/alternatives/awk", "/usr/bin/mawk");
    s.link("/usr/bin/which", "/etc/alternatives/which");
    s.link("/etc/alternatives/which", "/usr/bin/which.debianutils");
    s.link("/usr/bin/pager", "/etc/alternatives/pager").link("/etc/alternatives/pager", "/bin/more");
    s.link("/usr/bin/nawk", "/etc/alternatives/nawk").link("/etc/alternatives/nawk", "/usr/bin/mawk");
    s.links("/usr/bin", "setarch", "i386 linux32 linux64 x86_64");
    s.link("/usr/sbin/addgroup", "adduser")
        .link("/usr/sbin/delgroup", "deluser")
        .link("/usr/sbin/vigr", "vipw");
    s.link("/usr/bin/captoinfo", "tic")
        .link("/usr/bin/infotocap", "tic")
        .link("/usr/bin/dnsdomainname", "hostname");
    s.links("/usr/bin", "hostname", "domainname nisdomainname ypdomainname");
    s.hard_links("/usr/bin", "/usr/bin/perl", "perl5.36.0");
}

fn usr_lib(s: &mut Sketch) {
    s.files(LIB, libraries::LIBRARIES);
    let mut sonames = libraries::SONAMES.split_whitespace();
    while let (Some(name), Some(target)) = (sonames.next(), sonames.next()) {
        s.link(&format!("{LIB}/{name}"), target);
    }
    s.link("/usr/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
    s.spread("/usr/lib/x86_64-linux-gnu/security", 1_130_000, libraries::PAM);
    s.files(
        "/usr/lib/apt/methods",
        "cdrom 39088 copy 18520 file 22616 ftp 55488 gpgv 51384 http 125368 mirror 84248",
    );
    s.files("/usr/lib/apt/methods", "rred 59656 rsh 35008 store 35000")
        .files("/usr/lib/apt", "apt-helper 43208");
    s.files("/usr/lib/apt/solvers", "dump 14408").files("/usr/lib/apt/planners", "dump 14408");
    s.files("/usr/lib/locale/C.utf8", "LC_ADDRESS 127 LC_COLLATE 1406 LC_CTYPE 353616 LC_IDENTIFICATION 258");
    s.files(
        "/usr/lib/locale/C.utf8",
        "LC_MEASUREMENT 23 LC_MONETARY 270 LC_NAME 62 LC_NUMERIC 50 LC_PAPER 34",
    );
    s.files("/usr/lib/locale/C.utf8", "LC_TELEPHONE 47 LC_TIME 3360");
    s.spread("/usr/lib/terminfo", 42_000, libraries::TERMINALS);
    s.files(
        "/usr/share/common-licenses",
        "Apache-2.0 10175 Artistic 6111 BSD 1499 CC0-1.0 7048 GFDL-1.3 22955",
    );
    s.files(
        "/usr/share/common-licenses",
        "GPL-1 12632 GPL-2 18092 GPL-3 35147 LGPL-2.1 26530 LGPL-3 7651 MPL-2.0 16726",
    );
    s.files(
        "/usr/share/perl5/Debconf",
        "AutoSelect.pm 1868 Base.pm 594 Client/ConfModule.pm 4127 Config.pm 5883",
    );
    s.files("/usr/share/perl5/Debian", "AdduserCommon.pm 16873 DebConf/Client/ConfModule.pm 81");
    s.files("/usr/share/keyrings", "archive-keyring.gpg 56156 archive-removed-keys.gpg 17538");
    s.files("/var/cache/debconf", "config.dat 5840 templates.dat 2064452 passwords.dat 0");
    s.files("/usr/share/base-passwd", "group.master 469 passwd.master 828")
        .files("/usr/share/debconf", "confmodule 3107");
    s.files("/usr/lib/init", "init-d-script 4393 vars.sh 1141").files("/usr/lib/lsb", "init-functions 11508");
}

fn etc(s: &mut Sketch) {
    s.text("/etc/passwd", texts::PASSWD).text("/etc/group", texts::GROUP);
    s.text_of("/etc/shadow", 0o640, 42, &texts::locked(texts::PASSWD, "19710:0:99999:7:::"));
    s.text_of("/etc/gshadow", 0o640, 42, &texts::locked(texts::GROUP, ":"));
    s.link("/etc/os-release", "../usr/lib/os-release").link("/etc/mtab", "/proc/mounts");
    s.text("/etc/shells", texts::SHELLS)
        .text("/etc/profile", texts::PROFILE)
        .text("/etc/bash.bashrc", texts::BASHRC);
    s.text("/root/.bashrc", texts::BASHRC).text("/root/.profile", texts::ROOT_PROFILE);
    s.text("/etc/skel/.bashrc", texts::BASHRC).text("/etc/skel/.profile", texts::PROFILE);
    s.text("/etc/skel/.bash_logout", "# Read when a login shell ends.\n");
    s.text("/etc/nsswitch.conf", texts::NSSWITCH).text("/etc/apt/apt.conf.d/docker-clean", texts::CLEAN);
    s.text("/etc/apt/apt.conf.d/docker-no-languages", "Acquire::Languages \"none\";\n");
    s.text("/etc/apt/apt.conf.d/docker-gzip-indexes", "Acquire::GzipIndexes \"true\";\n");
    s.text("/etc/apt/apt.conf.d/01autoremove", "APT { NeverAutoRemove { \"^linux-.*\"; }; };\n");
    s.text("/etc/hostname", "localhost\n")
        .text("/etc/host.conf", "multi on\n")
        .text("/etc/fstab", "# nothing\n");
    s.text("/etc/hosts", "127.0.0.1\tlocalhost\n").text("/etc/resolv.conf", "");
    s.text("/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n").files("/etc", "ld.so.cache 4794");
    s.text("/etc/ld.so.conf.d/libc.conf", "/usr/local/lib\n");
    s.text(
        "/etc/ld.so.conf.d/x86_64-linux-gnu.conf",
        "/usr/local/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n",
    );
    s.text("/etc/environment", "")
        .text("/etc/motd", "")
        .text("/etc/networks", "default 0.0.0.0\nloopback 127.0.0.0\n");
    s.files("/etc", "adduser.conf 3040 deluser.conf 1706 debconf.conf 2969 e2scrub.conf 685 gai.conf 2584");
    s.files("/etc", "libaudit.conf 191 login.defs 12569 mke2fs.conf 782 pam.conf 552 rmt 268 xattr.conf 681");
    s.files(
        "/etc/pam.d",
        "chfn 384 chpasswd 92 chsh 581 common-account 1208 common-auth 1221 common-password 1440",
    );
    s.files(
        "/etc/pam.d",
        "common-session 1154 common-session-noninteractive 1175 login 4118 newusers 92 other 520",
    );
    s.files("/etc/pam.d", "passwd 92 runuser 143 runuser-l 138 su 2259 su-l 137");
    s.files(
        "/etc/security",
        "access.conf 4564 faillock.conf 2240 group.conf 3635 limits.conf 2161 namespace.conf 1637",
    );
    s.files("/etc/security", "pam_env.conf 2971 sepermit.conf 419 time.conf 2179")
        .dirs(0o755, "/etc/security/limits.d");
    s.files("/etc/default", "hwclock 657 useradd 1117").files("/etc/cron.daily", "apt-compat 1478 dpkg 123");
    s.files("/etc/dpkg", "dpkg.cfg 416")
        .files("/etc/init.d", "hwclock.sh 1748")
        .files("/etc/update-motd.d", "10-uname 23");
    s.files("/etc/logrotate.d", "alternatives 120 apt 173 dpkg 112").files("/etc/terminfo", "README 193");
    s.files(
        "/etc/apt/trusted.gpg.d",
        "archive-automatic.asc 11861 archive-security.asc 11873 archive-stable.asc 461",
    );
    s.files("/var/log", "alternatives.log 6103 dpkg.log 67236 faillog 0 lastlog 0 btmp 0 wtmp 0");
    s.files("/var/log/apt", "eipp.log.xz 6724 history.log 4126 term.log 28014");
}
