//! Small files of `/etc` that people look at.

type Texts = &'static [(&'static str, &'static str)];

pub(super) const ROCKY_9: Texts = &[
    ("/usr/lib/os-release", ROCKY_RELEASE),
    ("/etc/rocky-release", "Rocky Linux release 9.3 (Blue Onyx)\n"),
    ("/etc/rocky-release-upstream", "Derived from Red Hat Enterprise Linux 9.3\n"),
    ("/etc/issue", "\\S\nKernel \\r on an \\m\n"),
    ("/etc/yum.repos.d/rocky.repo", ROCKY_REPO),
    ("/etc/dnf/dnf.conf", DNF),
];

pub(super) const ORACLE_8: Texts = &[
    ("/etc/os-release", ORACLE_RELEASE),
    ("/etc/oracle-release", "Oracle Linux Server release 8.9\n"),
    ("/etc/redhat-release", "Red Hat Enterprise Linux release 8.9 (Ootpa)\n"),
    ("/etc/system-release", "Oracle Linux Server release 8.9\n"),
    ("/etc/issue", "\\S\nKernel \\r on an \\m\n"),
    ("/etc/yum.repos.d/oracle-linux-ol8.repo", ORACLE_REPO),
    ("/etc/dnf/dnf.conf", DNF),
];

pub(super) const BOTH: Texts = &[
    ("/etc/hostname", ""),
    (
        "/etc/hosts",
        "127.0.0.1   localhost localhost.localdomain\n::1         localhost localhost.localdomain\n",
    ),
    ("/etc/resolv.conf", ""),
    ("/etc/nsswitch.conf", NSSWITCH),
    ("/etc/ld.so.conf", "include ld.so.conf.d/*.conf\n"),
    ("/etc/shells", "/bin/sh\n/bin/bash\n/usr/bin/sh\n/usr/bin/bash\n"),
    ("/etc/locale.conf", "LANG=\"C.UTF-8\"\n"),
    ("/etc/rpm/macros.image-language-conf", "%_install_langs C.utf8\n"),
    ("/etc/profile", PROFILE),
];

const ROCKY_RELEASE: &str = "NAME=\"Rocky Linux\"
VERSION=\"9.3 (Blue Onyx)\"
ID=\"rocky\"
ID_LIKE=\"rhel centos fedora\"
VERSION_ID=\"9.3\"
PLATFORM_ID=\"platform:el9\"
PRETTY_NAME=\"Rocky Linux 9.3 (Blue Onyx)\"
ANSI_COLOR=\"0;32\"
LOGO=\"fedora-logo-icon\"
CPE_NAME=\"cpe:/o:rocky:rocky:9::baseos\"
HOME_URL=\"https://rockylinux.org/\"
BUG_REPORT_URL=\"https://bugs.rockylinux.org/\"
SUPPORT_END=\"2032-05-31\"
ROCKY_SUPPORT_PRODUCT=\"Rocky-Linux-9\"
ROCKY_SUPPORT_PRODUCT_VERSION=\"9.3\"
REDHAT_SUPPORT_PRODUCT=\"Rocky Linux\"
REDHAT_SUPPORT_PRODUCT_VERSION=\"9.3\"
";

const ORACLE_RELEASE: &str = "NAME=\"Oracle Linux Server\"
VERSION=\"8.9\"
ID=\"ol\"
ID_LIKE=\"fedora\"
VARIANT=\"Server\"
VARIANT_ID=\"server\"
VERSION_ID=\"8.9\"
PLATFORM_ID=\"platform:el8\"
PRETTY_NAME=\"Oracle Linux Server 8.9\"
ANSI_COLOR=\"0;31\"
CPE_NAME=\"cpe:/o:oracle:linux:8:9:server\"
HOME_URL=\"https://linux.oracle.com/\"
BUG_REPORT_URL=\"https://github.com/oracle/oracle-linux\"
";

const ROCKY_REPO: &str = "[baseos]
name=Rocky Linux $releasever - BaseOS
mirrorlist=https://mirrors.rockylinux.org/mirrorlist?arch=$basearch&repo=BaseOS-$releasever$rltype
gpgcheck=1
enabled=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9

[appstream]
name=Rocky Linux $releasever - AppStream
mirrorlist=https://mirrors.rockylinux.org/mirrorlist?arch=$basearch&repo=AppStream-$releasever$rltype
gpgcheck=1
enabled=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9
";

const ORACLE_REPO: &str = "[ol8_baseos_latest]
name=Oracle Linux 8 BaseOS Latest ($basearch)
baseurl=https://yum$ociregion.$ocidomain/repo/OracleLinux/OL8/baseos/latest/$basearch/
gpgcheck=1
enabled=1

[ol8_appstream]
name=Oracle Linux 8 Application Stream ($basearch)
baseurl=https://yum$ociregion.$ocidomain/repo/OracleLinux/OL8/appstream/$basearch/
gpgcheck=1
enabled=1
";

const DNF: &str = "[main]
gpgcheck=1
installonly_limit=3
clean_requirements_on_remove=True
best=True
skip_if_unavailable=False
tsflags=nodocs
";

const NSSWITCH: &str = "passwd:     files systemd
shadow:     files
group:      files systemd
hosts:      files dns myhostname
services:   files
netgroup:   files
automount:  files
";

const PROFILE: &str = "# Read by login shells.
if [ \"$(id -u)\" = 0 ]; then
  PATH=/usr/local/sbin:/usr/sbin:$PATH
fi
export PATH HISTSIZE=1000
for script in /etc/profile.d/*.sh /etc/profile.d/sh.local; do
  if [ -r \"$script\" ]; then . \"$script\"; fi
done
unset script
";

pub(super) const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
adm:x:3:4:adm:/var/adm:/sbin/nologin
lp:x:4:7:lp:/var/spool/lpd:/sbin/nologin
sync:x:5:0:sync:/sbin:/bin/sync
shutdown:x:6:0:shutdown:/sbin:/sbin/shutdown
halt:x:7:0:halt:/sbin:/sbin/halt
mail:x:8:12:mail:/var/spool/mail:/sbin/nologin
operator:x:11:0:operator:/root:/sbin/nologin
games:x:12:100:games:/usr/games:/sbin/nologin
ftp:x:14:50:FTP User:/var/ftp:/sbin/nologin
nobody:x:65534:65534:Kernel Overflow User:/:/sbin/nologin
tss:x:59:59:Account used for TPM access:/:/usr/sbin/nologin
";

pub(super) const GROUP: &str = "root:x:0:
bin:x:1:
daemon:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
lp:x:7:
mem:x:8:
kmem:x:9:
wheel:x:10:
cdrom:x:11:
mail:x:12:
man:x:15:
dialout:x:18:
floppy:x:19:
games:x:20:
tape:x:33:
video:x:39:
ftp:x:50:
lock:x:54:
audio:x:63:
users:x:100:
nobody:x:65534:
utmp:x:22:
utempter:x:35:
tss:x:59:
";

/// The shadow file for a passwd or group file.
pub(super) fn locked(names: &str, rest: &str) -> String {
    let name = |line: &str| format!("{}:*:{rest}\n", line.split(':').next().unwrap_or_default());
    names.lines().map(name).collect()
}
