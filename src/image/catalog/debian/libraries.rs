//! What lies in a Debian-like `/usr/lib` and `/usr/share`.

/// `/usr/lib/x86_64-linux-gnu`: real files.
pub(super) const LIBRARIES: &str = "libc.so.6 1922136 libm.so.6 907784 libpthread.so.0 14480 libdl.so.2 14480 \
    librt.so.1 14488 libutil.so.1 14480 libresolv.so.2 60328 libnsl.so.1 92584 libanl.so.1 14480 \
    libBrokenLocale.so.1 14392 libnss_compat.so.2 39640 libnss_dns.so.2 14352 libnss_files.so.2 14352 \
    libnss_hesiod.so.2 22688 libthread_db.so.1 35504 libmemusage.so 18576 libpcprofile.so 14480 \
    libc_malloc_debug.so.0 47256 ld-linux-x86-64.so.2 210968 libacl.so.1.1.2301 34968 \
    libapt-pkg.so.6.0.0 2198760 libapt-private.so.0.0.0 471560 libattr.so.1.1.2501 22680 \
    libaudit.so.1.0.0 128920 libblkid.so.1.1.0 343104 libbz2.so.1.0.4 74688 libcap-ng.so.0.0.0 27000 \
    libcap.so.2.66 47504 libcom_err.so.2.1 18504 libcrypt.so.1.1.0 202960 libdb-5.3.so 1855192 \
    libdebconfclient.so.0.0.0 14416 libe2p.so.2.3 43064 libext2fs.so.2.4 454144 libffi.so.8.1.2 43440 \
    libgcc_s.so.1 125312 libgcrypt.so.20.4.1 1324832 libgmp.so.10.4.1 526712 libgnutls.so.30.34.3 2190200 \
    libgpg-error.so.0.33.1 157968 libhogweed.so.6.6 300376 libidn2.so.0.3.8 200432 liblz4.so.1.9.4 137408 \
    liblzma.so.5.4.1 186968 libmd.so.0.0.5 55056 libmount.so.1.1.0 388544 libnettle.so.8.6 317104 \
    libp11-kit.so.0.3.0 1262208 libpam.so.0.85.1 67416 libpam_misc.so.0.82.1 14696 libpamc.so.0.82.1 14696 \
    libpcre2-8.so.0.11.2 629384 libseccomp.so.2.5.4 129176 libselinux.so.1 174312 libsemanage.so.2 272424 \
    libsepol.so.2 718744 libsmartcols.so.1.1.0 248440 libss.so.2.0 35312 libstdc++.so.6.0.30 2190440 \
    libsystemd.so.0.35.0 860760 libtasn1.so.6.6.3 91616 libtic.so.6.4 75536 libtinfo.so.6.4 216368 \
    libudev.so.1.7.5 188336 libunistring.so.2.2.0 1927192 libuuid.so.1.3.0 34872 libxxhash.so.0.8.1 63968 \
    libz.so.1.2.13 121280 libzstd.so.1.5.4 698920";

/// Their short names: `libz.so.1 libz.so.1.2.13 …`.
pub(super) const SONAMES: &str = "libacl.so.1 libacl.so.1.1.2301 libapt-pkg.so.6.0 libapt-pkg.so.6.0.0 \
    libapt-private.so.0.0 libapt-private.so.0.0.0 libattr.so.1 libattr.so.1.1.2501 libaudit.so.1 \
    libaudit.so.1.0.0 libblkid.so.1 libblkid.so.1.1.0 libbz2.so.1.0 libbz2.so.1.0.4 libcap-ng.so.0 \
    libcap-ng.so.0.0.0 libcap.so.2 libcap.so.2.66 libcom_err.so.2 libcom_err.so.2.1 libcrypt.so.1 \
    libcrypt.so.1.1.0 libdebconfclient.so.0 libdebconfclient.so.0.0.0 libffi.so.8 libffi.so.8.1.2 \
    libgcrypt.so.20 libgcrypt.so.20.4.1 libgmp.so.10 libgmp.so.10.4.1 libgnutls.so.30 libgnutls.so.30.34.3 \
    libgpg-error.so.0 libgpg-error.so.0.33.1 libhogweed.so.6 libhogweed.so.6.6 libidn2.so.0 libidn2.so.0.3.8 \
    liblz4.so.1 liblz4.so.1.9.4 liblzma.so.5 liblzma.so.5.4.1 libmount.so.1 libmount.so.1.1.0 libnettle.so.8 \
    libnettle.so.8.6 libp11-kit.so.0 libp11-kit.so.0.3.0 libpam.so.0 libpam.so.0.85.1 libpcre2-8.so.0 \
    libpcre2-8.so.0.11.2 libseccomp.so.2 libseccomp.so.2.5.4 libsmartcols.so.1 libsmartcols.so.1.1.0 \
    libstdc++.so.6 libstdc++.so.6.0.30 libsystemd.so.0 libsystemd.so.0.35.0 libtasn1.so.6 libtasn1.so.6.6.3 \
    libtinfo.so.6 libtinfo.so.6.4 libudev.so.1 libudev.so.1.7.5 libunistring.so.2 libunistring.so.2.2.0 \
    libuuid.so.1 libuuid.so.1.3.0 libxxhash.so.0 libxxhash.so.0.8.1 libz.so.1 libz.so.1.2.13 libzstd.so.1 \
    libzstd.so.1.5.4";

/// Character set converters of the C library.
pub(super) const GCONV: &str = "ANSI_X3.110.so ARMSCII-8.so ASMO_449.so BIG5.so BIG5HKSCS.so BRF.so \
    CP10007.so CP1125.so CP1250.so CP1251.so CP1252.so CP1253.so CP1254.so CP1255.so CP1256.so CP1257.so \
    CP1258.so CP737.so CP770.so CP771.so CP772.so CP773.so CP774.so CP775.so CP932.so CSN_369103.so CWI.so \
    DEC-MCS.so EBCDIC-AT-DE.so EBCDIC-CA-FR.so EBCDIC-DK-NO.so EBCDIC-ES.so EBCDIC-FI-SE.so EBCDIC-FR.so \
    EBCDIC-IS-FRISS.so EBCDIC-IT.so EBCDIC-PT.so EBCDIC-UK.so EBCDIC-US.so ECMA-CYRILLIC.so EUC-CN.so \
    EUC-JISX0213.so EUC-JP-MS.so EUC-JP.so EUC-KR.so EUC-TW.so GB18030.so GBBIG5.so GBGBK.so GBK.so \
    GEORGIAN-ACADEMY.so GEORGIAN-PS.so GOST_19768-74.so GREEK-CCITT.so GREEK7-OLD.so GREEK7.so \
    HP-GREEK8.so HP-ROMAN8.so HP-ROMAN9.so HP-THAI8.so HP-TURKISH8.so IBM037.so IBM1004.so IBM1025.so \
    IBM1026.so IBM1046.so IBM1047.so IBM1364.so IBM1371.so IBM1388.so IBM1390.so IBM1399.so IBM273.so \
    IBM277.so IBM278.so IBM280.so IBM284.so IBM285.so IBM290.so IBM297.so IBM420.so IBM424.so IBM437.so \
    IBM500.so IBM850.so IBM851.so IBM852.so IBM855.so IBM857.so IBM860.so IBM861.so IBM862.so IBM863.so \
    IBM864.so IBM865.so IBM866.so IBM868.so IBM869.so IBM870.so IBM871.so IBM874.so IBM930.so IBM932.so \
    IBM933.so IBM935.so IBM937.so IBM939.so IBM943.so INIS.so ISIRI-3342.so ISO-2022-CN.so ISO-2022-JP.so \
    ISO-2022-KR.so ISO-IR-197.so ISO646.so ISO8859-1.so ISO8859-10.so ISO8859-11.so ISO8859-13.so \
    ISO8859-14.so ISO8859-15.so ISO8859-16.so ISO8859-2.so ISO8859-3.so ISO8859-4.so ISO8859-5.so \
    ISO8859-6.so ISO8859-7.so ISO8859-8.so ISO8859-9.so ISO_5427.so ISO_6937.so JOHAB.so KOI-8.so KOI8-R.so \
    KOI8-T.so KOI8-U.so LATIN-GREEK.so MAC-IS.so MAC-UK.so MACINTOSH.so MIK.so PT154.so SHIFT_JISX0213.so \
    SJIS.so T.61.so TCVN5712-1.so TIS-620.so TSCII.so UHC.so UNICODE.so UTF-16.so UTF-32.so UTF-7.so \
    VISCII.so gconv-modules gconv-modules.cache libCNS.so libGB.so libISOIR165.so libJIS.so libJISX0213.so \
    libKSC.so";

/// The modules of perl-base.
pub(super) const PERL: &str = "AutoLoader.pm Carp.pm Config.pm Config_git.pl Config_heavy.pl Cwd.pm \
    DynaLoader.pm Errno.pm Exporter.pm Fcntl.pm FileHandle.pm IO.pm POSIX.pm SelectSaver.pm Socket.pm \
    Storable.pm Symbol.pm XSLoader.pm attributes.pm base.pm bytes.pm constant.pm feature.pm fields.pm \
    integer.pm lib.pm locale.pm overload.pm overloading.pm parent.pm re.pm strict.pm subs.pm utf8.pm vars.pm \
    version.pm warnings.pm";

/// Time zones.
pub(super) const ZONES: &str = "Africa/Cairo Africa/Johannesburg Africa/Lagos Africa/Nairobi \
    America/Anchorage America/Argentina/Buenos_Aires America/Bogota America/Chicago America/Denver \
    America/Halifax America/Lima America/Los_Angeles America/Mexico_City America/New_York America/Sao_Paulo \
    America/Toronto Asia/Bangkok Asia/Dhaka Asia/Dubai Asia/Hong_Kong Asia/Jakarta Asia/Karachi Asia/Kolkata \
    Asia/Manila Asia/Seoul Asia/Shanghai Asia/Singapore Asia/Taipei Asia/Tehran Asia/Tokyo Atlantic/Azores \
    Atlantic/Reykjavik Australia/Adelaide Australia/Brisbane Australia/Perth Australia/Sydney Etc/UTC \
    Europe/Amsterdam Europe/Athens Europe/Berlin Europe/Brussels Europe/Dublin Europe/Helsinki \
    Europe/Istanbul Europe/Kyiv Europe/Lisbon Europe/London Europe/Madrid Europe/Moscow Europe/Oslo \
    Europe/Paris Europe/Rome Europe/Stockholm Europe/Vienna Europe/Warsaw Europe/Zurich Indian/Maldives \
    Pacific/Auckland Pacific/Honolulu iso3166.tab leapseconds tzdata.zi zone.tab zone1970.tab";

/// Terminals that ncurses-base describes.
pub(super) const TERMINALS: &str = "E/Eterm a/ansi c/cons25 c/cygwin d/dumb h/hurd l/linux m/mach-bold p/pcansi \
    r/rxvt s/screen s/screen-256color s/sun t/tmux t/tmux-256color v/vt100 v/vt102 v/vt220 v/vt52 \
    w/wsvt25 x/xterm x/xterm-256color x/xterm-color x/xterm-mono x/xterm-vt220 x/xterm-xfree86";

/// PAM modules.
pub(super) const PAM: &str = "pam_access.so pam_debug.so pam_deny.so pam_echo.so pam_env.so pam_exec.so \
    pam_faildelay.so pam_faillock.so pam_filter.so pam_ftp.so pam_group.so pam_issue.so pam_keyinit.so \
    pam_lastlog.so pam_limits.so pam_listfile.so pam_localuser.so pam_loginuid.so pam_mail.so \
    pam_mkhomedir.so pam_motd.so pam_namespace.so pam_nologin.so pam_permit.so pam_pwhistory.so pam_rhosts.so \
    pam_rootok.so pam_securetty.so pam_selinux.so pam_sepermit.so pam_setquota.so pam_shells.so pam_stress.so \
    pam_succeed_if.so pam_time.so pam_timestamp.so pam_tty_audit.so pam_umask.so pam_unix.so pam_userdb.so \
    pam_usertype.so pam_warn.so pam_wheel.so pam_xauth.so";
