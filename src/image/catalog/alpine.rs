//! `alpine:3.19`: musl, busybox and apk.

use super::recipe::{PATH, Recipe, words};
use super::sketch::Sketch;
use crate::fs::Layer;
use crate::image::Image;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

/// 2023-12-08, Alpine 3.19.0.
pub(super) const CREATED: i64 = 1_701_993_600;

/// What `docker history` shows for the real one: 7.38 MB.
const BYTES: u64 = 7_377_216;

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::new(CREATED);
    recipe.layer(
        "/bin/sh -c #(nop) ADD file:1f4eb46669b5b6275af19eb7471a6899a61c276aa7d925b8ae99310b14b75b92 in / ",
        "FROM alpine",
        draw(),
    );
    recipe.meta("/bin/sh -c #(nop)  CMD [\"/bin/sh\"]");
    recipe.config(|config| {
        config.env = words(&[PATH]);
        config.cmd = Some(words(&["/bin/sh"]));
    });
    recipe.finish()
});

/// The base layer.
fn draw() -> Layer {
    let mut s = Sketch::new("alpine", CREATED);
    directories(&mut s);
    s.program("/bin/busybox", "busybox", 808_712).program("/sbin/apk", "apk", 69_632);
    s.links("/bin", "/bin/busybox", BIN).links("/sbin", "/bin/busybox", SBIN);
    s.links("/usr/bin", "/bin/busybox", USR_BIN).links("/usr/sbin", "/bin/busybox", USR_SBIN);
    s.programs("/usr/bin", "getconf 34072 getent 48240 iconv 22312 scanelf 79488 ssl_client 14024");
    s.programs("/sbin", "ldconfig 393").link("/usr/bin/ldd", "/lib/ld-musl-x86_64.so.1");
    libraries(&mut s);
    settings(&mut s);
    s.text("/lib/apk/db/installed", &installed(PACKAGES)).text("/lib/apk/db/triggers", "");
    s.described("/lib/apk/db/scripts.tar", 12_800, 0o644).text_of("/lib/apk/db/lock", 0o600, 0, "");
    s.fill_up(BYTES, "/lib", "libcrypto.so.3");
    s.seal()
}

fn directories(s: &mut Sketch) {
    s.dirs(0o755, "/bin /dev /etc /home /lib /media /mnt /opt /run /sbin /srv /sys /usr /var");
    s.dirs(0o755, "/etc/apk/keys /etc/apk/protected_paths.d /etc/busybox-paths.d /etc/conf.d /etc/crontabs");
    s.dirs(0o755, "/etc/init.d /etc/logrotate.d /etc/modprobe.d /etc/modules-load.d /etc/network");
    s.dirs(0o755, "/etc/network/if-down.d /etc/network/if-post-down.d /etc/network/if-pre-up.d");
    s.dirs(0o755, "/etc/network/if-up.d /etc/opt /etc/periodic/15min /etc/periodic/daily");
    s.dirs(0o755, "/etc/periodic/hourly /etc/periodic/monthly /etc/periodic/weekly /etc/profile.d");
    s.dirs(0o755, "/etc/secfixes.d /etc/ssl/certs /etc/ssl/misc /etc/ssl/private /etc/sysctl.d");
    s.dirs(0o755, "/etc/udhcpc /lib/apk/db /lib/apk/exec /lib/firmware /lib/modules-load.d /lib/sysctl.d");
    s.dirs(0o755, "/media/cdrom /media/floppy /media/usb /run/lock /usr/bin /usr/lib /usr/local/bin");
    s.dirs(0o755, "/usr/local/lib /usr/local/share /usr/sbin /usr/share/apk/keys /usr/share/man");
    s.dirs(0o755, "/usr/share/misc /usr/share/udhcpc /var/cache/apk /var/cache/misc /var/lib/apk");
    s.dirs(0o755, "/var/lib/misc /var/lib/udhcpd /var/local /var/log /var/mail /var/opt /var/spool/cron");
    s.dirs(0o555, "/proc /var/empty /sys").dirs(0o1777, "/tmp /var/tmp").dirs(0o700, "/root");
    s.link("/var/lock", "/run/lock").link("/var/run", "/run").link("/var/spool/mail", "/var/mail");
    s.link("/var/spool/cron/crontabs", "/etc/crontabs").link("/etc/mtab", "../proc/mounts");
}

fn libraries(s: &mut Sketch) {
    s.program("/lib/ld-musl-x86_64.so.1", "ld-musl", 650_776);
    s.link("/lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1");
    s.files("/lib", "libapk.so.2.14.0 198016 libssl.so.3 679824 libz.so.1.3 100112");
    s.link("/lib/libz.so.1", "libz.so.1.3");
    s.link("/usr/lib/libcrypto.so.3", "/lib/libcrypto.so.3");
    s.link("/usr/lib/libssl.so.3", "/lib/libssl.so.3");
    s.files("/usr/lib/engines-3", "afalg.so 22184 capi.so 13840 loader_attic.so 43104 padlock.so 22392");
    s.files("/usr/lib/ossl-modules", "legacy.so 92000");
    s.files("/lib/modules-load.d", "aliases.conf 1545").files("/lib/sysctl.d", "00-alpine.conf 1278");
    s.files("/usr/share/udhcpc", "default.script 3788");
}

fn settings(s: &mut Sketch) {
    s.text("/etc/alpine-release", "3.19.0\n").text("/etc/hostname", "localhost\n");
    s.text("/etc/os-release", OS_RELEASE).text("/etc/motd", MOTD).text("/etc/passwd", PASSWD);
    s.text("/etc/issue", "Welcome to Alpine Linux 3.19\nKernel \\r on an \\m (\\l)\n\n");
    s.text("/etc/group", GROUP).text_of("/etc/shadow", 0o640, 42, SHADOW).text("/etc/profile", PROFILE);
    s.text("/etc/shells", "# valid login shells\n/bin/sh\n/bin/ash\n");
    s.text(
        "/etc/hosts",
        "127.0.0.1\tlocalhost localhost.localdomain\n::1\t\tlocalhost localhost.localdomain\n",
    );
    s.text("/etc/apk/arch", "x86_64\n");
    s.text("/etc/apk/world", WORLD);
    s.text("/etc/apk/repositories", REPOSITORIES);
    s.text("/etc/nsswitch.conf", "hosts: files dns\npasswd: files\ngroup: files\nshadow: files\n");
    s.text(
        "/etc/fstab",
        "/dev/cdrom\t/media/cdrom\tiso9660\tnoauto,ro 0 0\n/dev/usbdisk\t/media/usb\tvfat\tnoauto 0 0\n",
    );
    s.text(
        "/etc/inittab",
        "::sysinit:/sbin/openrc sysinit\n::wait:/sbin/openrc default\n::ctrlaltdel:/sbin/reboot\n",
    );
    s.text("/etc/modules", "af_packet\nipv6\n").text("/etc/securetty", "console\ntty1\ntty2\ntty3\ntty4\n");
    s.text("/etc/profile.d/README", "Scripts here whose names end in .sh are read by /etc/profile.\n");
    s.text("/etc/crontabs/root", CRONTAB).link("/etc/crontabs/cron.update", "root");
    s.files("/etc", "protocols 3144 services 12813 udhcpd.conf 5636 sysctl.conf 53");
    s.files("/etc/modprobe.d", "aliases.conf 1545 blacklist.conf 1888 i386.conf 122 kms.conf 91");
    s.files("/etc/profile.d", "20locale.sh 45 color_prompt.sh.disabled 295");
    s.files("/etc/ssl", "openssl.cnf 12411 ct_log_list.cnf 412")
        .files("/etc/ssl/certs", "ca-certificates.crt 215703");
    s.link("/etc/ssl/cert.pem", "certs/ca-certificates.crt").link("/etc/ssl1.1", "ssl");
    s.files("/etc/secfixes.d", "alpine 98").files("/etc/logrotate.d", "acpid 140");
    for key in ["4a6a0840", "5243ef4b", "5261cecb", "6165ee59", "61666e3f"] {
        s.files("/etc/apk/keys", &format!("alpine-devel@lists.alpinelinux.org-{key}.rsa.pub 451"));
    }
}

/// Draws what `apk add` leaves in a layer above the base: the database with `rows` more (the format of
/// [`PACKAGES`]) and the world file with `names` more.
pub(super) fn add_packages(s: &mut Sketch, rows: &str, names: &str) {
    s.text("/lib/apk/db/installed", &installed(&[PACKAGES, rows].concat()));
    let mut world: Vec<&str> = WORLD.split_whitespace().chain(names.split_whitespace()).collect();
    world.sort_unstable();
    s.text("/etc/apk/world", &(world.join("\n") + "\n"));
    s.described("/lib/apk/db/scripts.tar", 13_824, 0o644);
}

/// Draws what `adduser` leaves in a layer above the base.
pub(super) fn add_user(s: &mut Sketch, name: &str, id: u32, home: &str, shell: &str, gecos: &str) {
    s.text("/etc/passwd", &format!("{PASSWD}{name}:x:{id}:{id}:{gecos}:{home}:{shell}\n"));
    s.text("/etc/group", &format!("{GROUP}{name}:x:{id}:\n"));
    s.text_of("/etc/shadow", 0o640, 42, &format!("{SHADOW}{name}:!:19699:0:99999:7:::\n"));
}

/// `/lib/apk/db/installed` for a table of `name version download installed description` rows.
fn installed(packages: &str) -> String {
    let mut text = String::new();
    for row in packages.lines() {
        let mut words = row.splitn(6, ' ');
        let mut word = || words.next().unwrap_or_default();
        let (name, version, origin) = (word(), word(), word());
        let (download, bytes, description) = (word(), word(), word());
        let _ = write!(
            text,
            "P:{name}\nV:{version}\nA:x86_64\nS:{download}\nI:{bytes}\nT:{description}\n\
             o:{origin}\nm:Natanael Copa <ncopa@alpinelinux.org>\n\n"
        );
    }
    text
}

const PACKAGES: &str = "\
alpine-baselayout 3.4.3-r2 alpine-baselayout 8877 331776 Base directory layout
alpine-baselayout-data 3.4.3-r2 alpine-baselayout 11680 77824 Base data files
alpine-keys 2.4-r1 alpine-keys 13359 159744 Public keys of the package signers
apk-tools 2.14.0-r5 apk-tools 121448 311296 Package keeper of Alpine
busybox 1.36.1-r15 busybox 508742 962560 Many small tools in one binary
busybox-binsh 1.36.1-r15 busybox 1543 8192 busybox ash as /bin/sh
ca-certificates-bundle 20230506-r0 ca-certificates 126250 229376 Root certificates in one file
libc-utils 0.7.2-r5 libc-dev 1485 4096 Meta package for libc tools
libcrypto3 3.1.4-r1 openssl 1760018 4620288 Crypto library of OpenSSL
libssl3 3.1.4-r1 openssl 251082 688128 SSL library of OpenSSL
musl 1.2.4_git20230717-r4 musl 416736 667648 The C library
musl-utils 1.2.4_git20230717-r4 musl 37150 135168 Tools of the C library
scanelf 1.3.7-r2 pax-utils 36650 94208 Looks into ELF files
ssl_client 1.36.1-r15 busybox 4883 28672 TLS for busybox wget
zlib 1.3-r2 zlib 54253 110592 Compression library
";

const WORLD: &str = "alpine-baselayout\nalpine-keys\napk-tools\nbusybox\nlibc-utils\n";

const OS_RELEASE: &str = "NAME=\"Alpine Linux\"
ID=alpine
VERSION_ID=3.19.0
PRETTY_NAME=\"Alpine Linux v3.19\"
HOME_URL=\"https://alpinelinux.org/\"
BUG_REPORT_URL=\"https://gitlab.alpinelinux.org/alpine/aports/-/issues\"
";

const REPOSITORIES: &str = "https://dl-cdn.alpinelinux.org/alpine/v3.19/main
https://dl-cdn.alpinelinux.org/alpine/v3.19/community
";

const MOTD: &str = "Welcome to Alpine!

This is the small Linux that most small images stand on: musl instead
of glibc, busybox instead of coreutils, apk instead of apt.

Guides & answers: <https://wiki.alpinelinux.org/>

To prepare a real machine, run setup-alpine. For another
greeting, edit /etc/motd.

";

const PROFILE: &str = "# Read by login shells.
export PATH=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"
export PAGER=less
umask 022
for script in /etc/profile.d/*.sh; do
\tif [ -r \"$script\" ]; then
\t\t. \"$script\"
\tfi
done
unset script
";

const CRONTAB: &str = "# min\thour\tday\tmonth\tweekday\tcommand
*/15\t*\t*\t*\t*\trun-parts /etc/periodic/15min
0\t*\t*\t*\t*\trun-parts /etc/periodic/hourly
0\t2\t*\t*\t*\trun-parts /etc/periodic/daily
0\t3\t*\t*\t6\trun-parts /etc/periodic/weekly
0\t5\t1\t*\t*\trun-parts /etc/periodic/monthly
";

const PASSWD: &str = "root:x:0:0:root:/root:/bin/ash
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
adm:x:3:4:adm:/var/adm:/sbin/nologin
lp:x:4:7:lp:/var/spool/lpd:/sbin/nologin
sync:x:5:0:sync:/sbin:/bin/sync
shutdown:x:6:0:shutdown:/sbin:/sbin/shutdown
halt:x:7:0:halt:/sbin:/sbin/halt
mail:x:8:12:mail:/var/mail:/sbin/nologin
news:x:9:13:news:/usr/lib/news:/sbin/nologin
uucp:x:10:14:uucp:/var/spool/uucppublic:/sbin/nologin
operator:x:11:0:operator:/root:/sbin/nologin
man:x:13:15:man:/usr/man:/sbin/nologin
postmaster:x:14:12:postmaster:/var/mail:/sbin/nologin
cron:x:16:16:cron:/var/spool/cron:/sbin/nologin
ftp:x:21:21::/var/lib/ftp:/sbin/nologin
sshd:x:22:22:sshd:/dev/null:/sbin/nologin
at:x:25:25:at:/var/spool/cron/atjobs:/sbin/nologin
squid:x:31:31:Squid:/var/cache/squid:/sbin/nologin
xfs:x:33:33:X Font Server:/etc/X11/fs:/sbin/nologin
games:x:35:35:games:/usr/games:/sbin/nologin
cyrus:x:85:12::/usr/cyrus:/sbin/nologin
vpopmail:x:89:89::/var/vpopmail:/sbin/nologin
ntp:x:123:123:NTP:/var/empty:/sbin/nologin
smmsp:x:209:209:smmsp:/var/spool/mqueue:/sbin/nologin
guest:x:405:100:guest:/dev/null:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
";

const GROUP: &str = "root:x:0:root
bin:x:1:root,bin,daemon
daemon:x:2:root,bin,daemon
sys:x:3:root,bin,adm
adm:x:4:root,adm,daemon
tty:x:5:
disk:x:6:root,adm
lp:x:7:lp
mem:x:8:
kmem:x:9:
wheel:x:10:root
floppy:x:11:root
mail:x:12:mail
news:x:13:news
uucp:x:14:uucp
man:x:15:man
cron:x:16:cron
console:x:17:
audio:x:18:
cdrom:x:19:
dialout:x:20:root
ftp:x:21:
sshd:x:22:
input:x:23:
at:x:25:at
tape:x:26:root
video:x:27:root
netdev:x:28:
readproc:x:30:
squid:x:31:squid
xfs:x:33:xfs
kvm:x:34:kvm
games:x:35:
shadow:x:42:
cdrw:x:80:
www-data:x:82:
usb:x:85:
vpopmail:x:89:
users:x:100:games
ntp:x:123:
nofiles:x:200:
smmsp:x:209:smmsp
locate:x:245:
abuild:x:300:
utmp:x:406:
ping:x:999:
nogroup:x:65533:
nobody:x:65534:
";

const SHADOW: &str = "root:*::0:::::
bin:!::0:::::
daemon:!::0:::::
adm:!::0:::::
lp:!::0:::::
sync:!::0:::::
shutdown:!::0:::::
halt:!::0:::::
mail:!::0:::::
news:!::0:::::
uucp:!::0:::::
operator:!::0:::::
man:!::0:::::
postmaster:!::0:::::
cron:!::0:::::
ftp:!::0:::::
sshd:!::0:::::
at:!::0:::::
squid:!::0:::::
xfs:!::0:::::
games:!::0:::::
cyrus:!::0:::::
vpopmail:!::0:::::
ntp:!::0:::::
smmsp:!::0:::::
guest:!::0:::::
nobody:!::0:::::
";

const BIN: &str = "arch ash base64 bbconfig cat chattr chgrp chmod chown cp date dd df dmesg dnsdomainname \
    dumpkmap echo ed egrep false fatattr fdflush fgrep fsync getopt grep gunzip gzip hostname ionice iostat \
    ipcalc kbd_mode kill link linux32 linux64 ln login ls lsattr lzop makemime mkdir mknod mktemp more \
    mount mountpoint mpstat mv netstat nice pidof ping ping6 pipe_progress printenv ps pwd reformime rev rm \
    rmdir run-parts sed setpriv setserial sh sleep stat stty su sync tar touch true umount uname usleep \
    watch zcat";

const SBIN: &str = "acpid adjtimex arp blkid blockdev depmod fbsplash fdisk findfs fsck fstrim getty halt \
    hwclock ifconfig ifdown ifenslave ifup init inotifyd insmod ip ipaddr iplink ipneigh iproute iprule \
    iptunnel klogd loadkmap logread losetup lsmod mdev mkdosfs mkfs.vfat mkswap modinfo modprobe nameif \
    nologin pivot_root poweroff raidautorun reboot rmmod route setconsole slattach swapoff swapon \
    switch_root sysctl syslogd tunctl udhcpc vconfig watchdog zcip";

const USR_BIN: &str = "[ [[ awk basename bc beep blkdiscard bunzip2 bzcat bzip2 cal chvt cksum clear cmp \
    comm cpio crontab cryptpw cut dc deallocvt diff dirname dos2unix du eject env expand expr factor \
    fallocate find flock fold free fuser groups hd head hexdump hostid id install ipcrm ipcs killall last \
    less logger lsof lsusb lzcat lzma lzopcat md5sum mesg microcom mkfifo mkpasswd nc nl nmeter nohup nproc \
    nsenter nslookup od openvt passwd paste pgrep pkill pmap printf pscan pstree pwdx readlink realpath \
    renice reset resize seq setkeycodes setsid sha1sum sha256sum sha3sum sha512sum showkey shred shuf sort \
    split strings sum tac tail tee test time timeout top tr traceroute traceroute6 tree truncate tty \
    ttysize udhcpc6 unexpand uniq unix2dos unlink unlzma unlzop unshare unxz unzip uptime uudecode uuencode \
    vi vlock volname wc wget which who whoami whois xargs xxd xzcat yes";

const USR_SBIN: &str = "add-shell addgroup adduser arping brctl chpasswd chroot crond delgroup deluser \
    ether-wake fbset killall5 loadfont nanddump nandwrite nbd-client ntpd partprobe rdate rdev readahead \
    remove-shell rfkill sendmail setfont setlogcons";
