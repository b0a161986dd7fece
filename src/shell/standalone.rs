//! Debian's busybox runs its applets without looking for files.
//!
//! It is built with `FEATURE_SH_STANDALONE` and `FEATURE_PREFER_APPLETS` (busybox `shell/ash.c`,
//! `find_command`, and `libbb/executable.c`, `BB_EXECVP`): whatever its shell, `env`, `xargs` or `find` start by
//! a bare name is the applet of that name, whether or not a link to it exists and whatever lies in PATH. Those of
//! Alpine and of the image `busybox` are built without.

use super::machine::{Found, Machine};
use crate::fs::Contents;

/// The tag of a busybox that is built so: `busybox standalone`.
const BUILT_SO: &str = " standalone";

/// Its applets (busybox 1.35 of Debian 12), sorted.
const APPLETS: &str = "\
    [ [[ acpid adjtimex ar arch arp arping ascii ash awk base64 basename bc blkdiscard blockdev brctl \
    bunzip2 busybox bzcat bzip2 cal cat chgrp chmod chown chroot chvt clear cmp cp cpio crc32 crond \
    crontab cttyhack cut date dc dd deallocvt depmod devmem df diff dirname dmesg dnsdomainname dos2unix \
    dpkg dpkg-deb du dumpkmap dumpleases echo ed egrep env expand expr factor fallocate false fatattr \
    fdisk fgrep find findfs fold free freeramdisk fsfreeze fstrim ftpget ftpput getopt getty grep groups \
    gunzip gzip halt head hexdump hostid hostname httpd hwclock i2cdetect i2cdump i2cget i2cset \
    i2ctransfer id ifconfig ifdown ifup init insmod ionice ip ipcalc ipneigh kill killall klogd last \
    less link linux32 linux64 linuxrc ln loadfont loadkmap logger login logname logread losetup ls lsmod \
    lsscsi lzcat lzma lzop md5sum mdev microcom mim mkdir mkdosfs mke2fs mkfifo mknod mkpasswd mkswap \
    mktemp modinfo modprobe more mount mt mv nameif nc netstat nl nologin nproc nsenter nslookup nuke od \
    openvt partprobe passwd paste patch pidof ping ping6 pivot_root poweroff printf ps pwd rdate \
    readlink realpath reboot renice reset resume rev rm rmdir rmmod route rpm rpm2cpio run-init \
    run-parts sed seq setkeycodes setpriv setsid sh sha1sum sha256sum sha3sum sha512sum shred shuf sleep \
    sort ssl_client start-stop-daemon stat strings stty su sulogin svc svok swapoff swapon switch_root \
    sync sysctl syslogd tac tail tar taskset tc tee telnet telnetd test tftp time timeout top touch tr \
    traceroute traceroute6 true truncate ts tty tunctl ubirename udhcpc udhcpd uevent umount uname \
    uncompress unexpand uniq unix2dos unlink unlzma unshare unxz unzip uptime usleep uudecode uuencode \
    vconfig vi w watch watchdog wc wget which who whoami xargs xxd xz xzcat yes zcat";

impl Machine<'_> {
    /// Notes which busybox is running now, if it is one that prefers its applets; gives back what was noted.
    pub(super) fn enter_busybox(&mut self, tag: &str, contents: &Contents) -> Option<Contents> {
        let own = (tag.starts_with("busybox") && tag.ends_with(BUILT_SO)).then(|| contents.clone());
        std::mem::replace(&mut self.standalone, own)
    }

    /// The running busybox, where the name is one of its applets.
    pub(super) fn own_applet(&self, name: &str) -> Option<Found> {
        let contents = self.standalone.clone()?;
        let known = APPLETS.split(' ').any(|applet| applet == name);
        known.then(|| Found { path: name.as_bytes().to_vec(), contents })
    }
}
