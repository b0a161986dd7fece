//! `python:3.12-slim`: on Debian's layer.

use super::debian;
use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use crate::fs::Layer;
use crate::image::Image;
use std::sync::{Arc, LazyLock};

/// 2023-12-20, Python 3.12.1.
const CREATED: i64 = 1_703_030_400;

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::from(&debian::IMAGE, CREATED);
    recipe.meta(&format!("/bin/sh -c #(nop)  ENV {PATH}")).meta("/bin/sh -c #(nop)  ENV LANG=C.UTF-8");
    recipe.layer(RUN_APT, "RUN apt-get", libraries());
    recipe.meta("/bin/sh -c #(nop)  ENV GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305");
    recipe.meta("/bin/sh -c #(nop)  ENV PYTHON_VERSION=3.12.1");
    recipe.layer(RUN_PYTHON, "RUN install python", python());
    recipe.layer(RUN_NAMES, "RUN link python", names());
    recipe.meta("/bin/sh -c #(nop)  ENV PYTHON_PIP_VERSION=23.2.1");
    recipe.layer(RUN_PIP, "RUN install pip", pip());
    recipe.meta("/bin/sh -c #(nop)  CMD [\"python3\"]");
    recipe.config(|config| {
        config.env = words(&[
            PATH,
            "LANG=C.UTF-8",
            "GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305",
            "PYTHON_VERSION=3.12.1",
            "PYTHON_PIP_VERSION=23.2.1",
        ]);
        config.cmd = Some(words(&["python3"]));
    });
    recipe.finish()
});

const PATH: &str = "PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const RUN_APT: &str = "/bin/sh -c set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \t\tca-certificates \
    \t\tnetbase \t\ttzdata \t; \trm -rf /var/lib/apt/lists/*";

const RUN_PYTHON: &str = "/bin/sh -c set -eux; \t\tsavedAptMark=\"$(apt-mark showmanual)\"; \tapt-get update; \
    \tapt-get install -y --no-install-recommends \t\tdpkg-dev \t\tgcc \t\tlibffi-dev \t\tlibssl-dev \t\tmake \t\tzlib1g-dev \t; \
    \twget -O python.tar.xz \"https://www.python.org/ftp/python/${PYTHON_VERSION%%[a-z]*}/Python-$PYTHON_VERSION.tar.xz\"; \
    \t./configure --enable-optimizations --enable-shared; \tmake -j \"$(nproc)\"; \tmake install; \tldconfig; \
    \tapt-get purge -y --auto-remove; \trm -rf /var/lib/apt/lists/*; \t\tpython3 --version";

const RUN_NAMES: &str = "/bin/sh -c set -eux; \tfor src in idle3 pydoc3 python3 python3-config; do \
    \t\tdst=\"$(echo \"$src\" | tr -d 3)\"; \t\tln -svT \"$src\" \"/usr/local/bin/$dst\"; \tdone";

const RUN_PIP: &str = "/bin/sh -c set -eux; \t\tsavedAptMark=\"$(apt-mark showmanual)\"; \tapt-get update; \
    \tapt-get install -y --no-install-recommends wget; \t\twget -O get-pip.py \"$PYTHON_GET_PIP_URL\"; \
    \tpython get-pip.py \"pip==$PYTHON_PIP_VERSION\"; \trm -f get-pip.py; \t\tpip --version";

const APT: &str = "\
ca-certificates 20230311 - 387 all misc certificates of common authorities
libssl3 3.0.11-1~deb12u2 - 6016 amd64 libs TLS of OpenSSL
netbase 6.4 - 41 all admin names of networks and services
openssl 3.0.11-1~deb12u2 - 2293 amd64 utils command line of OpenSSL
";

const BUILD: &str = "\
libbz2-1.0-run 1.0.8-5+b1 - 10 amd64 libs bzip2 for python
libgdbm6 1.23-3 - 129 amd64 libs GNU database library
libncursesw6 6.4-4 - 412 amd64 libs screens of text
libreadline8 8.2-1.3 - 475 amd64 libs line editing
libsqlite3-0 3.40.1-2 - 1686 amd64 libs SQL database in a file
readline-common 8.2-1.3 - 89 all utils files for line editing
";

fn libraries() -> Layer {
    let mut s = Sketch::new("python", CREATED);
    debian::add_packages(&mut s, "", APT);
    s.program("/usr/bin/openssl", "openssl", 989_160).program("/usr/bin/c_rehash", "c_rehash", 6841);
    s.program("/usr/sbin/update-ca-certificates", "update-ca-certificates", 5363);
    s.files(debian::LIB, "libcrypto.so.3 4709272 libssl.so.3 692600");
    s.files("/etc", "ca-certificates.conf 5662 ethertypes 1853 protocols 2932 rpc 911 services 12813");
    s.files("/etc/ssl", "openssl.cnf 12332").files("/etc/ssl/certs", "ca-certificates.crt 213777");
    s.dirs(0o755, "/etc/ca-certificates/update.d /usr/local/share/ca-certificates");
    s.dir_of("/etc/ssl/private", 0o700, 0, 0);
    s.fill_up(
        9_211_904,
        "/usr/share/ca-certificates",
        "mozilla/roots-a.crt mozilla/roots-b.crt mozilla/roots-c.crt",
    );
    s.seal()
}

fn python() -> Layer {
    let mut s = Sketch::new("python", CREATED);
    debian::add_packages(&mut s, APT, BUILD);
    let lib = "/usr/local/lib/python3.12";
    s.program("/usr/local/bin/python3.12", "python3", 14_416).link("/usr/local/bin/python3", "python3.12");
    s.program("/usr/local/bin/pydoc3.12", "pydoc3", 84).link("/usr/local/bin/pydoc3", "pydoc3.12");
    s.program("/usr/local/bin/idle3.12", "idle3", 99).link("/usr/local/bin/idle3", "idle3.12");
    s.program("/usr/local/bin/python3.12-config", "python3-config", 2_097);
    s.link("/usr/local/bin/python3-config", "python3.12-config").program(
        "/usr/local/bin/2to3-3.12",
        "2to3",
        101,
    );
    s.files("/usr/local/lib", "libpython3.12.so.1.0 7321016 libpython3.so 14280")
        .link("/usr/local/lib/libpython3.12.so", "libpython3.12.so.1.0");
    s.files("/usr/local/lib/pkgconfig", "python-3.12.pc 312 python-3.12-embed.pc 324");
    s.spread(&format!("{lib}/lib-dynload"), 4_120_000, EXTENSIONS).spread(
        "/usr/local/include/python3.12",
        1_150_000,
        HEADERS,
    );
    s.spread(&format!("{lib}/encodings"), 1_600_000, "__init__.py aliases.py ascii.py cp1252.py idna.py latin_1.py punycode.py utf_16.py utf_32.py utf_8.py");
    for package in PACKAGES.split_whitespace() {
        s.spread(
            &format!("{lib}/{package}"),
            40_000 + 13_000 * package.len() as u64,
            "__init__.py base.py main.py util.py",
        );
    }
    s.files(&format!("{lib}/site-packages"), "README.txt 119").files(debian::LIB, "libsqlite3.so.0.8.6 1422464 libreadline.so.8.2 343160 libncursesw.so.6.4 212672 libgdbm.so.6.0.0 72088");
    let modules: Vec<String> = MODULES.split_whitespace().map(|name| format!("{name}.py")).collect();
    s.fill_up(35_011_584, lib, &modules.join(" "));
    s.seal()
}

fn names() -> Layer {
    let mut s = Sketch::new("python", CREATED);
    s.link("/usr/local/bin/idle", "idle3").link("/usr/local/bin/pydoc", "pydoc3");
    s.link("/usr/local/bin/python", "python3").link("/usr/local/bin/python-config", "python3-config");
    s.seal()
}

fn pip() -> Layer {
    let mut s = Sketch::new("python", CREATED);
    for name in ["pip", "pip3", "pip3.12"] {
        s.program(&format!("/usr/local/bin/{name}"), "pip", 238);
    }
    s.program("/usr/local/bin/wheel", "wheel", 225);
    let site = "/usr/local/lib/python3.12/site-packages";
    s.text(
        &format!("{site}/pip-23.2.1.dist-info/METADATA"),
        "Metadata-Version: 2.1\nName: pip\nVersion: 23.2.1\n",
    );
    s.text(
        &format!("{site}/setuptools-69.0.2.dist-info/METADATA"),
        "Metadata-Version: 2.1\nName: setuptools\nVersion: 69.0.2\n",
    );
    s.text(
        &format!("{site}/wheel-0.42.0.dist-info/METADATA"),
        "Metadata-Version: 2.1\nName: wheel\nVersion: 0.42.0\n",
    );
    s.spread(&format!("{site}/pip/_internal"), 1_900_000, "__init__.py build_env.py cache.py configuration.py exceptions.py main.py pyproject.py self_outdated_check.py");
    for name in [
        "cachecontrol",
        "certifi",
        "chardet",
        "distlib",
        "idna",
        "msgpack",
        "packaging",
        "pkg_resources",
        "pygments",
        "requests",
        "resolvelib",
        "rich",
        "tenacity",
        "urllib3",
    ] {
        s.spread(&format!("{site}/pip/_vendor/{name}"), 420_000, "__init__.py core.py models.py");
    }
    s.spread(&format!("{site}/wheel"), 260_000, "__init__.py bdist_wheel.py macosx_libfile.py wheelfile.py");
    s.fill_up(12_200_448, &format!("{site}/setuptools"), "__init__.py archive_util.py build_meta.py depends.py discovery.py dist.py extension.py glob.py installer.py msvc.py namespaces.py package_index.py sandbox.py windows_support.py");
    s.seal()
}

const EXTENSIONS: &str = "_asyncio.so _bisect.so _blake2.so _bz2.so _codecs_cn.so _codecs_hk.so _codecs_iso2022.so \
    _codecs_jp.so _codecs_kr.so _codecs_tw.so _contextvars.so _crypt.so _csv.so _ctypes.so _curses.so _datetime.so \
    _dbm.so _decimal.so _elementtree.so _gdbm.so _hashlib.so _heapq.so _json.so _lsprof.so _lzma.so _md5.so \
    _multibytecodec.so _multiprocessing.so _opcode.so _pickle.so _posixshmem.so _posixsubprocess.so _queue.so \
    _random.so _sha1.so _sha2.so _sha3.so _socket.so _sqlite3.so _ssl.so _statistics.so _struct.so _uuid.so \
    _zoneinfo.so array.so audioop.so binascii.so cmath.so fcntl.so grp.so math.so mmap.so nis.so ossaudiodev.so \
    pyexpat.so readline.so resource.so select.so spwd.so syslog.so termios.so unicodedata.so zlib.so";

const HEADERS: &str = "Python.h abstract.h bytearrayobject.h bytesobject.h ceval.h codecs.h compile.h \
    complexobject.h datetime.h descrobject.h dictobject.h enumobject.h errcode.h exports.h fileobject.h \
    floatobject.h frameobject.h import.h intrcheck.h iterobject.h listobject.h longobject.h marshal.h memoryobject.h \
    methodobject.h modsupport.h moduleobject.h object.h objimpl.h opcode.h osdefs.h patchlevel.h pyconfig.h \
    pyerrors.h pyhash.h pylifecycle.h pymacro.h pymem.h pyport.h pystate.h pythonrun.h setobject.h sliceobject.h \
    structmember.h sysmodule.h token.h traceback.h tupleobject.h typeslots.h unicodeobject.h warnings.h";

const PACKAGES: &str = "asyncio collections concurrent/futures ctypes curses dbm email ensurepip html http importlib \
    json lib2to3 logging multiprocessing re sqlite3 sys_monitoring tkinter tomllib unittest urllib venv wsgiref xml \
    xmlrpc zipfile zoneinfo";

const MODULES: &str = "__future__ _collections_abc _pydatetime _pydecimal _pyio _strptime _weakrefset abc argparse ast \
    base64 bdb bisect bz2 cProfile calendar chunk cmd code codecs codeop colorsys compileall configparser contextlib \
    contextvars copy copyreg csv dataclasses datetime decimal difflib dis doctest enum filecmp fileinput fnmatch \
    fractions ftplib functools genericpath getopt getpass gettext glob graphlib gzip hashlib heapq hmac imaplib inspect \
    io ipaddress keyword linecache locale lzma mailbox mimetypes modulefinder netrc nntplib ntpath numbers opcode \
    operator optparse os pathlib pdb pickle pickletools pkgutil platform plistlib poplib posixpath pprint profile pstats \
    pty py_compile pyclbr pydoc queue quopri random reprlib rlcompleter runpy sched secrets selectors shelve shlex \
    shutil signal site smtplib socket socketserver ssl stat statistics string stringprep struct subprocess symtable \
    sysconfig tabnanny tarfile tempfile textwrap this threading timeit token tokenize trace traceback tracemalloc tty \
    types typing uuid warnings wave weakref webbrowser zipapp zipimport";
