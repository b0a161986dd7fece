//! Alpine's releases: musl, busybox and apk.

use super::listing::{self, Line, Listing};
use super::recipe::{PATH, Recipe, words};
use super::sketch::Sketch;
use crate::fs::Tree;
use crate::image::Image;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// A release of Alpine.
pub(super) struct Release {
    /// Its branch: `3.19`.
    branch: &'static str,
    /// `/etc/alpine-release`.
    version: &'static str,
    /// Unix seconds.
    pub(super) created: i64,
    /// What `docker history` shows for the layer.
    bytes: u64,
    pub(super) listing: &'static Listing,
}

const fn release(
    branch: &'static str,
    version: &'static str,
    created: i64,
    bytes: u64,
    listing: &'static Listing,
) -> Release {
    Release { branch, version, created, bytes, listing }
}

pub(super) static V3_14: Release =
    release("3.14", "3.14.10", 1_680_134_400, 5_613_762, &listing::ALPINE_3_14);
pub(super) static V3_15: Release =
    release("3.15", "3.15.11", 1_700_784_000, 5_594_467, &listing::ALPINE_3_15);
pub(super) static V3_16: Release = release("3.16", "3.16.9", 1_701_302_400, 5_544_705, &listing::ALPINE_3_16);
pub(super) static V3_17: Release =
    release("3.17", "3.17.10", 1_701_302_400, 7_081_284, &listing::ALPINE_3_17);
pub(super) static V3_18: Release = release("3.18", "3.18.9", 1_701_302_400, 7_354_302, &listing::ALPINE_3_18);
pub(super) static V3_19: Release = release("3.19", "3.19.0", 1_701_993_600, 7_377_216, &listing::ALPINE_3_19);
pub(super) static V3_20: Release =
    release("3.20", "3.20.3", super::YOUNGER, 7_797_760, &listing::ALPINE_3_20);

impl Release {
    pub(super) fn image(&'static self) -> Arc<Image> {
        let mut recipe = Recipe::new(self.created);
        recipe.layer(
            &format!("/bin/sh -c #(nop) ADD file:{} in / ", super::recipe::archive(self.version)),
            "FROM alpine",
            &format!("alpine/{}", self.branch),
            || self.draw(),
        );
        recipe.meta("/bin/sh -c #(nop)  CMD [\"/bin/sh\"]");
        recipe.config(|config| {
            config.env = words(&[PATH]);
            config.cmd = Some(words(&["/bin/sh"]));
        });
        recipe.finish()
    }

    /// The base layer.
    fn draw(&self) -> Tree {
        let mut s = Sketch::new("alpine", self.created);
        let listing = self.listing.text();
        s.listing(&listing);
        self.settings(&mut s);
        s.text("/lib/apk/db/installed", &installed(&listing)).text_of("/lib/apk/db/lock", 0o600, 0, "");
        let library = if self.branch < "3.17" { "/lib/libcrypto.so.1.1" } else { "/lib/libcrypto.so.3" };
        s.settle(self.bytes, library);
        s.done()
    }

    /// The passwd and group files: 3.20 has fewer users.
    fn users(&self) -> (String, String) {
        if self.branch < "3.20" {
            return (PASSWD.to_owned(), GROUP.to_owned());
        }
        let without = |text: &str, names: &str| -> String {
            let kept = |line: &&str| {
                let name = line.split(':').next().unwrap_or_default();
                !names.split(' ').any(|gone| gone == name)
            };
            text.lines().filter(kept).map(|line| format!("{line}\n")).collect()
        };
        let group = without(GROUP, FEWER_GROUPS).replace("root,bin,adm", "root,bin").replace(",adm", "");
        (without(PASSWD, FEWER_USERS).replace("/bin/ash", "/bin/sh"), group)
    }
}

impl Release {
    /// The texts of `/etc` that people look at.
    fn settings(&self, s: &mut Sketch) {
        let (branch, version) = (self.branch, self.version);
        let (passwd, group) = self.users();
        s.text("/etc/alpine-release", &format!("{version}\n")).text("/etc/hostname", "localhost\n");
        s.text("/etc/os-release", &OS_RELEASE.replace("3.19.0", version).replace("3.19", branch))
            .text("/etc/motd", MOTD)
            .text("/etc/passwd", &passwd);
        s.text("/etc/issue", &format!("Welcome to Alpine Linux {branch}\nKernel \\r on an \\m (\\l)\n\n"));
        s.text("/etc/group", &group)
            .text_of("/etc/shadow", 0o640, 42, &shadow(&passwd))
            .text("/etc/profile", PROFILE);
        s.text("/etc/shells", "# valid login shells\n/bin/sh\n/bin/ash\n");
        s.text(
            "/etc/hosts",
            "127.0.0.1\tlocalhost localhost.localdomain\n::1\t\tlocalhost localhost.localdomain\n",
        );
        s.text("/etc/apk/arch", "x86_64\n");
        s.text("/etc/apk/world", WORLD);
        s.text("/etc/apk/repositories", &REPOSITORIES.replace("3.19", branch));
        s.text("/etc/nsswitch.conf", "hosts: files dns\npasswd: files\ngroup: files\nshadow: files\n");
        s.text(
            "/etc/fstab",
            "/dev/cdrom\t/media/cdrom\tiso9660\tnoauto,ro 0 0\n/dev/usbdisk\t/media/usb\tvfat\tnoauto 0 0\n",
        );
        s.text(
            "/etc/inittab",
            "::sysinit:/sbin/openrc sysinit\n::wait:/sbin/openrc default\n::ctrlaltdel:/sbin/reboot\n",
        );
        s.text("/etc/modules", "af_packet\nipv6\n")
            .text("/etc/securetty", "console\ntty1\ntty2\ntty3\ntty4\n");
        s.text("/etc/profile.d/README", "Scripts here whose names end in .sh are read by /etc/profile.\n");
        s.text_of("/etc/crontabs/root", 0o600, 0, CRONTAB);
    }
}

/// The image of a release, the one that everybody shares.
pub(super) fn shared(release: &'static Release) -> Arc<Image> {
    super::image(&format!("alpine:{}", release.branch)).unwrap_or_else(|| release.image())
}

/// `/etc/shadow` for a passwd file: nobody can log in by password.
fn shadow(passwd: &str) -> String {
    let line = |line: &str| match line.split(':').next().unwrap_or_default() {
        "root" => "root:*::0:::::\n".to_owned(),
        name => format!("{name}:!::0:::::\n"),
    };
    passwd.lines().map(line).collect()
}

/// Draws what `apk add` leaves in a layer above the base: the files of `listing`, the database with its
/// packages, and the world file with `names` more.
pub(super) fn add_packages(s: &mut Sketch, base: &Release, listing: &str, names: &str) {
    s.listing(listing);
    add_database(s, base, listing, names);
}

/// The database alone: for a layer above another one with packages, `listing` has those of both.
pub(super) fn add_database(s: &mut Sketch, base: &Release, listing: &str, names: &str) {
    s.text("/lib/apk/db/installed", &installed(&(base.listing.text() + listing)));
    let mut world: Vec<&str> = WORLD.split_whitespace().chain(names.split_whitespace()).collect();
    world.sort_unstable();
    s.text("/etc/apk/world", &(world.join("\n") + "\n"));
    s.described("/lib/apk/db/scripts.tar", 13_824, 0o644);
}

/// What a layer adds to alpine: names of packages, separated by blanks. One that begins with a dot is
/// what `--virtual` leaves.
pub(super) struct Added<'n> {
    pub(super) base: &'static Release,
    /// Those of earlier layers.
    pub(super) before: &'n str,
    pub(super) new: &'static str,
    /// Those that somebody asked for: they are in the world file.
    pub(super) world: &'n str,
}

/// Draws what `apk add` leaves, by the names of the packages.
pub(super) fn install(s: &mut Sketch, added: &Added<'_>) {
    let shelf = listing::ALPINE_MORE.text();
    let sections = |names: &str, draw: Option<&mut Sketch>| {
        let (mut text, mut nowhere) = (String::new(), Sketch::new("alpine", added.base.created));
        let sketch = draw.unwrap_or(&mut nowhere);
        for name in names.split_whitespace() {
            match name {
                "ca-certificates" => text += &certificates(sketch),
                "tzdata" => text += &zones(),
                name if name.starts_with('.') => {
                    let _ = writeln!(text, "= {name} 20231219.000000 {name} 0 0 virtual meta package");
                }
                name => {
                    let section = listing::only(&shelf, name);
                    debug_assert!(!section.is_empty(), "there is no package {name}");
                    text += &section;
                }
            }
        }
        text
    };
    let before = sections(added.before, None);
    let drawn = sections(added.new, Some(s));
    s.listing(&drawn);
    add_database(s, added.base, &[before, drawn].concat(), added.world);
}

/// Draws what the trigger of `ca-certificates` makes; the listing of the package. Mozilla's certificates
/// are the same everywhere, only their names in `/etc` differ.
pub(super) fn certificates(s: &mut Sketch) -> String {
    let mut files = "= ca-certificates 20230506-r0 ca-certificates 150236 704512 Root certificates\n/etc\nca-certificates.conf 6016\n/etc/ca-certificates/update.d\n\
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

/// The listing of tzdata: the zones are the same everywhere.
pub(super) fn zones() -> String {
    let zones = listing::only(&listing::DEBIAN.text(), "tzdata");
    let zones: Vec<&str> = zones.lines().skip(1).filter(|line| !line.starts_with("localtime ")).collect();
    format!("= tzdata 2023c-r1 tzdata 430000 1409024 Time zones\n{}\n", zones.join("\n"))
}

/// Draws what `adduser` leaves in a layer above the base.
pub(super) fn add_user(s: &mut Sketch, name: &str, id: u32, home: &str, shell: &str, gecos: &str) {
    s.text("/etc/passwd", &format!("{PASSWD}{name}:x:{id}:{id}:{gecos}:{home}:{shell}\n"));
    s.text("/etc/group", &format!("{GROUP}{name}:x:{id}:\n"));
    s.text_of("/etc/shadow", 0o640, 42, &format!("{}{name}:!:19699:0:99999:7:::\n", shadow(PASSWD)));
}

/// Draws the passwd, group and shadow files of the base (3.19 or before) with more lines.
pub(super) fn add_accounts(s: &mut Sketch, users: &str, groups: &str) {
    let passwd = [PASSWD, users].concat();
    s.text("/etc/passwd", &passwd).text("/etc/group", &[GROUP, groups].concat());
    s.text_of("/etc/shadow", 0o640, 42, &shadow(&passwd));
}

/// `/lib/apk/db/installed` for listings. The head of a section is `= name version origin download
/// installed description`. Checksums are left out: what files hold is only described.
fn installed(listing: &str) -> String {
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
    for head in listing.lines().filter_map(|line| line.strip_prefix("= ")) {
        let words: Vec<&str> = head.splitn(6, ' ').collect();
        let [name, version, origin, download, bytes, description] = words[..] else { continue };
        let files = files.get(name).map_or("", String::as_str);
        let _ = write!(
            text,
            "P:{name}\nV:{version}\nA:x86_64\nS:{download}\nI:{bytes}\nT:{description}\n\
             o:{origin}\nm:Natanael Copa <ncopa@alpinelinux.org>\n{files}\n"
        );
    }
    text
}

/// The web server's user, whose group the base has.
pub(super) const WWW_DATA: &str = "www-data:x:82:82:Linux User,,,:/home/www-data:/sbin/nologin\n";

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

/// Users and groups that 3.20 has no more.
const FEWER_USERS: &str = "adm operator man postmaster at squid xfs cyrus vpopmail smmsp";
const FEWER_GROUPS: &str = "mem man console at readproc squid xfs cdrw usb vpopmail nofiles smmsp locate";
