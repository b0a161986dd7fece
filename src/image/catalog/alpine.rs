//! `alpine:3.19`: musl, busybox and apk.

use super::listing::{self, Line};
use super::recipe::{PATH, Recipe, words};
use super::sketch::Sketch;
use crate::fs::Tree;
use crate::image::Image;
use std::collections::HashMap;
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
        "alpine",
        draw,
    );
    recipe.meta("/bin/sh -c #(nop)  CMD [\"/bin/sh\"]");
    recipe.config(|config| {
        config.env = words(&[PATH]);
        config.cmd = Some(words(&["/bin/sh"]));
    });
    recipe.finish()
});

/// The base layer.
fn draw() -> Tree {
    let mut s = Sketch::new("alpine", CREATED);
    let listing = listing::ALPINE.text();
    s.listing(&listing);
    settings(&mut s);
    s.text("/lib/apk/db/installed", &installed(PACKAGES, &listing)).text_of("/lib/apk/db/lock", 0o600, 0, "");
    s.settle(BYTES, "/lib/libcrypto.so.3");
    s.done()
}

/// The texts of `/etc` that people look at.
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
    s.text_of("/etc/crontabs/root", 0o600, 0, CRONTAB);
}

/// Draws what `apk add` leaves in a layer above the base: the database with `rows` more (the format of
/// [`PACKAGES`]; the files are those of `files`, a listing) and the world file with `names` more.
pub(super) fn add_packages(s: &mut Sketch, rows: &str, files: &str, names: &str) {
    s.listing(files);
    let listing = listing::ALPINE.text() + files;
    s.text("/lib/apk/db/installed", &installed(&[PACKAGES, rows].concat(), &listing));
    let mut world: Vec<&str> = WORLD.split_whitespace().chain(names.split_whitespace()).collect();
    world.sort_unstable();
    s.text("/etc/apk/world", &(world.join("\n") + "\n"));
    s.described("/lib/apk/db/scripts.tar", 13_824, 0o644);
}

/// Draws what the trigger of `ca-certificates` makes; the listing of the package. Mozilla's certificates
/// are the same everywhere, only their names in `/etc` differ.
pub(super) fn certificates(s: &mut Sketch) -> String {
    let mut files = "= ca-certificates\n/etc\nca-certificates.conf 6016\n/etc/ca-certificates/update.d\n\
                     certhash 1121 755\n/usr/local/share/ca-certificates\n/usr/sbin\n\
                     update-ca-certificates 18552 755\n/usr/share/ca-certificates/mozilla\n"
        .to_owned();
    listing::read(&listing::DEBIAN_CERTIFICATES.text(), &mut |_, line| match *line {
        Line::File { path, size, .. } => {
            if let Some(name) = path.strip_prefix("/usr/share/ca-certificates/mozilla/") {
                let _ = writeln!(files, "{} {size}", name.replace(' ', "%20"));
            }
        }
        Line::Link { path, target } if path.starts_with("/etc/ssl/certs/") => {
            let named = path.strip_suffix(".pem").and_then(|path| path.rsplit('/').next());
            match named {
                Some(name) => s.link(&format!("/etc/ssl/certs/ca-cert-{name}.pem"), target),
                None => s.link(path, &format!("ca-cert-{target}")),
            };
        }
        _ => {}
    });
    s.described("/etc/ssl/certs/ca-certificates.crt", 215_703, 0o644);
    files
}

/// Draws what `adduser` leaves in a layer above the base.
pub(super) fn add_user(s: &mut Sketch, name: &str, id: u32, home: &str, shell: &str, gecos: &str) {
    s.text("/etc/passwd", &format!("{PASSWD}{name}:x:{id}:{id}:{gecos}:{home}:{shell}\n"));
    s.text("/etc/group", &format!("{GROUP}{name}:x:{id}:\n"));
    s.text_of("/etc/shadow", 0o640, 42, &format!("{SHADOW}{name}:!:19699:0:99999:7:::\n"));
}

/// `/lib/apk/db/installed` for a table of `name version origin download installed description` rows and
/// the listing of their files. Checksums are left out: what files hold is only described.
fn installed(packages: &str, listing: &str) -> String {
    let mut files: HashMap<String, String> = HashMap::new();
    listing::read(listing, &mut |package, line| {
        let list = files.entry(package.to_owned()).or_default();
        let name = line.path().trim_start_matches('/');
        let file = name.rsplit('/').next().unwrap_or(name);
        let _ = match line {
            Line::Dir { mode: 0o755, .. } => writeln!(list, "F:{name}"),
            Line::Dir { mode, uid, gid, .. } => writeln!(list, "F:{name}\nM:{uid}:{gid}:{mode:o}"),
            Line::File { mode: 0o644, uid: 0, gid: 0, .. } => writeln!(list, "R:{file}"),
            Line::File { mode, uid, gid, .. } => writeln!(list, "R:{file}\na:{uid}:{gid}:{mode:o}"),
            Line::Link { .. } | Line::HardLink { .. } => writeln!(list, "R:{file}\na:0:0:777"),
        };
    });
    let mut text = String::new();
    for row in packages.lines() {
        let mut words = row.splitn(6, ' ');
        let mut word = || words.next().unwrap_or_default();
        let (name, version, origin) = (word(), word(), word());
        let (download, bytes, description) = (word(), word(), word());
        let files = files.get(name).map_or("", String::as_str);
        let _ = write!(
            text,
            "P:{name}\nV:{version}\nA:x86_64\nS:{download}\nI:{bytes}\nT:{description}\n\
             o:{origin}\nm:Natanael Copa <ncopa@alpinelinux.org>\n{files}\n"
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
