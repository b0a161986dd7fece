//! What lies in a Debian-like `/usr/bin` and `/usr/sbin`: name and size, behaving by its own name.

/// coreutils.
pub(super) const COREUTILS: &str = "[ 68496 arch 35280 b2sum 64320 base32 43536 base64 43536 basename 35280 \
    basenc 51728 cat 44016 chcon 64320 chgrp 68416 chmod 64320 chown 72512 cksum 105280 comm 43536 cp 151152 \
    csplit 56464 cut 47632 date 121904 dd 89048 df 101792 dir 151344 dircolors 47632 dirname 35280 du 154384 \
    echo 43856 env 47632 expand 43536 expr 47632 factor 76432 false 35664 fmt 43536 fold 43536 groups 43536 \
    head 47632 hostid 35280 id 47632 install 151152 join 55824 link 35280 ln 72512 logname 35280 ls 151344 \
    md5sum 51728 mkdir 96784 mkfifo 68112 mknod 72200 mktemp 47632 mv 146832 nice 43536 nl 47632 nohup 43536 \
    nproc 43536 numfmt 72208 od 72208 paste 43536 pathchk 43536 pinky 47632 pr 76432 printenv 35280 \
    printf 59920 ptx 80528 pwd 43920 readlink 51728 realpath 51728 rm 72784 rmdir 55920 runcon 43536 \
    seq 55824 sha1sum 51728 sha224sum 59920 sha256sum 59920 sha384sum 59920 sha512sum 59920 shred 64016 \
    shuf 55824 sleep 43888 sort 117736 split 59920 stat 93336 stdbuf 51728 stty 93072 sum 43536 sync 43888 \
    tac 47632 tail 76432 tee 47632 test 59920 timeout 47632 touch 109616 tr 55824 true 35664 truncate 43536 \
    tsort 43536 tty 35280 uname 43888 unexpand 43536 uniq 47632 unlink 35280 users 43536 vdir 151344 \
    wc 55824 who 55824 whoami 35280 yes 35280";

/// Shells, text tools, archives.
pub(super) const TOOLS: &str = "bash 1265648 dash 125640 grep 203152 egrep 41 fgrep 41 sed 126424 tar 531984 \
    gzip 98136 gunzip 2346 gzexe 6447 zcat 1984 zcmp 1678 zdiff 6460 zgrep 8103 zless 2206 zmore 1842 \
    znew 4577 uncompress 2346 zegrep 29 zfgrep 29 zforce 2081 find 224848 xargs 72448 diff 158256 cmp 43960 \
    diff3 60192 sdiff 51904 hostname 22680 mawk 162312 perl 3792728 tempfile 14480 savelog 10485 \
    ischroot 14480 run-parts 27008 which.debianutils 946 clear 14568 infocmp 63800 tput 22776 tic 92472 \
    toe 22680 tset 27000 tabs 18664 clear_console 14568 bashbug 6794 getconf 35368 getent 39920 iconv 64344 \
    ldd 5385 locale 58152 localedef 346200 zdump 22680 pldd 22680 catchsegv 3313 mount.fuse 14408";

/// Packages: apt, dpkg, debconf.
pub(super) const PACKAGING: &str = "apt 18744 apt-cache 88544 apt-cdrom 26912 apt-config 26904 apt-get 51584 \
    apt-key 28156 apt-mark 59776 dpkg 318176 dpkg-deb 183000 dpkg-divert 154456 dpkg-maintscript-helper 21307 \
    dpkg-query 146232 dpkg-realpath 4172 dpkg-split 117680 dpkg-statoverride 63992 dpkg-trigger 76360 \
    update-alternatives 59776 deb-systemd-helper 24292 deb-systemd-invoke 7064 debconf 2859 \
    debconf-apt-progress 11541 debconf-communicate 608 debconf-copydb 1719 debconf-escape 647 \
    debconf-set-selections 2995 debconf-show 1827 gpgv 496568";

/// util-linux, login, passwd: user side.
pub(super) const SYSTEM: &str = "addpart 22680 choom 22680 chrt 26776 delpart 22680 dmesg 76504 \
    fallocate 26776 findmnt 68312 flock 30872 getopt 22680 hardlink 47256 ionice 22680 ipcmk 22680 \
    ipcrm 22680 ipcs 43256 lastb 55552 last 55552 lsblk 170712 lscpu 113368 lsfd 96984 lsipc 76504 \
    lslocks 43736 lslogins 68312 lsmem 43736 lsns 51928 mcookie 39160 mesg 14488 more 64000 mount 59704 \
    mountpoint 18584 namei 26776 nsenter 35000 partx 117464 prlimit 35000 rename.ul 22680 renice 18584 \
    resizepart 39064 rev 18584 script 64072 scriptlive 47544 scriptreplay 39352 setarch 31320 setpriv 47256 \
    setsid 18584 setterm 39160 taskset 26776 uclampset 26776 umount 35128 unshare 39096 utmpdump 30872 \
    wall 39000 wdctl 39160 whereis 33288 login 53024 su 72000 newgrp 44632 chage 72672 chfn 62672 chsh 52880 \
    expiry 31344 gpasswd 88496 passwd 68248 faillog 23136 lastlog 27240 sg 44632";

/// The administrator's side.
pub(super) const ADMIN: &str = "adduser 48142 deluser 20216 useradd 142816 userdel 93216 usermod 142792 \
    groupadd 76200 groupdel 72008 groupmod 80328 groupmems 56480 grpck 60576 grpconv 52280 grpunconv 52280 \
    pwck 56480 pwconv 48184 pwunconv 48184 chpasswd 60464 chgpasswd 60464 newusers 93288 vipw 61752 \
    cppw 52280 shadowconfig 885 nologin 14488 chroot 43536 ldconfig 1156984 update-passwd 39096 zic 59944 \
    iconvconfig 31312 service 9072 invoke-rc.d 16527 update-rc.d 17639 policy-rc.d.example 24 \
    start-stop-daemon 48488 agetty 60288 badblocks 35144 blkdiscard 26776 blkid 55448 blkzone 39064 \
    blockdev 35000 chcpu 30872 ctrlaltdel 18584 findfs 14488 fsck 43256 fsfreeze 18584 fstrim 43256 \
    getty 60288 hwclock 55448 isosize 18584 ldattach 26776 losetup 72312 mkfs 18584 mkswap 51640 \
    pivot_root 14488 readprofile 22680 rtcwake 35000 runuser 55616 sulogin 39064 swaplabel 18584 swapoff 22680 \
    swapon 43256 switch_root 22680 wipefs 39064 zramctl 55448 pam-auth-update 20878 pam_getenv 2892 \
    pam_timestamp_check 10576 mkhomedir_helper 18768 unix_chkpwd 39344 unix_update 39344 faillock 18760 \
    fstab-decode 14480 installkernel 2868 add-shell 1071 remove-shell 1110 update-shells 4027 \
    dpkg-preconfigure 4121 dpkg-reconfigure 4455 e2scrub 7245 mke2fs 133752 tune2fs 122304 e2fsck 352496";
