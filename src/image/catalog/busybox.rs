//! `busybox:latest`: one binary with some four hundred names.

use super::recipe::{PATH, Recipe, words};
use super::sketch::Sketch;
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// 2023-12-04, BusyBox 1.36.1 with glibc.
const CREATED: i64 = 1_701_648_000;

pub(super) fn image() -> Arc<Image> {
    let mut recipe = Recipe::new(CREATED);
    recipe.layer(
        "/bin/sh -c #(nop) ADD file:7e9002edaafd4e4579b65c8f0aaabde1aeb7fd3f8d95579f7fd3443cef785fd1 in / ",
        "FROM busybox",
        "busybox",
        draw,
    );
    recipe.meta("/bin/sh -c #(nop)  CMD [\"sh\"]");
    recipe.config(|config| {
        config.env = words(&[PATH]);
        config.cmd = Some(words(&["sh"]));
    });
    recipe.finish()
}

pub(super) const APPLETS: &str = "[ [[ acpid add-shell addgroup adduser adjtimex ar arch arp arping ascii ash awk \
    base32 base64 basename bc beep blkdiscard blkid blockdev bootchartd brctl bunzip2 bzcat bzip2 cal cat \
    chat chattr chgrp chmod chown chpasswd chpst chroot chrt chvt cksum clear cmp comm conspy cp cpio crc32 \
    crond crontab cryptpw cttyhack cut date dc dd deallocvt delgroup deluser depmod devmem df dhcprelay \
    diff dirname dmesg dnsd dnsdomainname dos2unix dpkg dpkg-deb du dumpkmap dumpleases echo ed egrep eject \
    env envdir envuidgid ether-wake expand expr factor fakeidentd fallocate false fatattr fbset fbsplash \
    fdflush fdformat fdisk fgconsole fgrep find findfs flock fold free freeramdisk fsck fsck.minix \
    fsfreeze fstrim fsync ftpd ftpget ftpput fuser getopt getty grep groups gunzip gzip halt hd hdparm head \
    hexdump hexedit hostid hostname httpd hush hwclock i2cdetect i2cdump i2cget i2cset i2ctransfer id \
    ifconfig ifdown ifenslave ifplugd ifup inetd init insmod install ionice iostat ip ipaddr ipcalc ipcrm \
    ipcs iplink ipneigh iproute iprule iptunnel kbd_mode kill killall killall5 klogd last less link linux32 \
    linux64 linuxrc ln loadfont loadkmap logger login logname logread losetup lpd lpq lpr ls lsattr lsmod \
    lsof lspci lsscsi lsusb lzcat lzma lzop makedevs makemime man md5sum mdev mesg microcom mim mkdir \
    mkdosfs mke2fs mkfifo mkfs.ext2 mkfs.minix mkfs.vfat mknod mkpasswd mkswap mktemp modinfo modprobe more \
    mount mountpoint mpstat mt mv nameif nanddump nandwrite nbd-client nc netstat nice nl nmeter nohup \
    nologin nproc nsenter nslookup ntpd od openvt partprobe passwd paste patch pgrep pidof ping ping6 \
    pipe_progress pivot_root pkill pmap popmaildir poweroff powertop printenv printf ps pscan pstree pwd \
    pwdx raidautorun rdate rdev readahead readlink readprofile realpath reboot reformime remove-shell \
    renice reset resize resume rev rm rmdir rmmod route rpm rpm2cpio rtcwake run-init run-parts runlevel \
    runsv runsvdir rx script scriptreplay sed seedrng sendmail seq setarch setconsole setfattr setfont \
    setkeycodes setlogcons setpriv setserial setsid setuidgid sh sha1sum sha256sum sha3sum sha512sum \
    showkey shred shuf slattach sleep smemcap softlimit sort split ssl_client start-stop-daemon stat \
    strings stty su sulogin sum sv svc svlogd svok swapoff swapon switch_root sync sysctl syslogd tac tail \
    tar taskset tc tcpsvd tee telnet telnetd test tftp tftpd time timeout top touch tr traceroute \
    traceroute6 tree true truncate ts tsort tty ttysize tunctl ubiattach ubidetach ubimkvol ubirename \
    ubirmvol ubirsvol ubiupdatevol udhcpc udhcpc6 udhcpd udpsvd uevent umount uname unexpand uniq unix2dos \
    unlink unlzma unshare unxz unzip uptime users usleep uudecode uuencode vconfig vi vlock volname w wall \
    watch watchdog wc wget which who whoami whois xargs xxd xz xzcat yes zcat zcip";

fn draw() -> Tree {
    let mut s = Sketch::new("busybox", CREATED);
    s.dirs(
        0o755,
        "/bin /dev /etc /etc/network /home /lib /usr /usr/bin /usr/sbin /usr/share /var /var/spool",
    );
    s.dirs(0o755, "/etc/network/if-down.d /etc/network/if-post-down.d /etc/network/if-pre-up.d");
    s.dirs(0o755, "/etc/network/if-up.d /var/www");
    s.dirs(0o1777, "/tmp /var/tmp").dirs(0o700, "/root");
    s.dir_of("/var/spool/mail", 0o755, 8, 8).dir_of("/home", 0o755, 65534, 65534);
    s.program("/bin/busybox", "busybox", 1_027_608).hard_links("/bin", "/bin/busybox", APPLETS);
    s.program("/bin/getconf", "getconf", 33_552);
    s.link("/lib64", "lib").link("/usr/bin/env", "../../bin/env");
    s.files("/lib", "ld-linux-x86-64.so.2 210968 libc.so.6 1922136 libm.so.6 907784 libpthread.so.0 14480");
    s.files("/lib", "libresolv.so.2 60328 libnss_compat.so.2 39640 libnss_dns.so.2 14352");
    s.files("/lib", "libnss_files.so.2 14352 libnss_hesiod.so.2 14472");
    s.text("/etc/passwd", PASSWD).text("/etc/group", GROUP).text_of("/etc/shadow", 0o640, 0, SHADOW);
    s.text("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
    s.described("/etc/localtime", 114, 0o644);
    s.done()
}

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
";

const GROUP: &str = "root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
lp:x:7:
mail:x:8:
kmem:x:9:
wheel:x:10:root
cdrom:x:11:
dialout:x:18:
floppy:x:19:
video:x:28:
audio:x:29:
tape:x:32:
www-data:x:33:
operator:x:37:
utmp:x:43:
plugdev:x:46:
staff:x:50:
lock:x:54:
netdev:x:82:
users:x:100:
nobody:x:65534:
";

const SHADOW: &str = "root:*:10933:0:99999:7:::
daemon:*:10933:0:99999:7:::
bin:*:10933:0:99999:7:::
sys:*:10933:0:99999:7:::
sync:*:10933:0:99999:7:::
mail:*:10933:0:99999:7:::
www-data:*:10933:0:99999:7:::
operator:*:10933:0:99999:7:::
nobody:*:10933:0:99999:7:::
";
