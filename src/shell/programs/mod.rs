//! The programs that an image's files stand for: one file for each group of commands.

mod accounts;
mod adduser;
mod adduser_debian;
mod archive;
pub(super) mod arguments;
mod awk;
mod awk_eval;
mod awk_expr;
mod awk_functions;
mod awk_input;
mod awk_lexer;
mod awk_parse;
mod awk_value;
mod compress;
mod copy;
mod curl;
mod cut;
pub(super) mod date;
mod dd;
mod describe;
mod diff;
mod dump;
pub(super) mod echo;
mod expr;
mod find;
mod find_parse;
mod git;
mod git_config;
mod git_tree;
mod grep;
mod identity;
mod install;
mod known_options;
mod lines;
mod links;
mod ls;
mod make;
mod md5;
pub(super) mod mode;
mod moves;
mod network;
mod numbers;
mod owners;
pub(super) mod posix_regex;
pub(super) mod printf;
mod release;
mod remove;
mod sed;
mod sed_edit;
mod sed_parse;
mod sed_text;
mod servers;
mod show;
mod sort;
mod sudo;
mod sums;
mod system;
mod tar_create;
pub(super) mod tar_format;
pub(super) mod test;
pub(super) mod test_classic;
mod text_tools;
mod tr;
mod unzip;
mod usage;
mod useradd;
mod wget;
mod wrap;

use super::call::Call;
use super::packages;

/// A program: what runs when a file with its tag is executed.
pub(super) struct Program {
    pub name: &'static str,
    pub run: fn(&mut Call<'_, '_>) -> i32,
    pub help: &'static str,
}

const fn row(name: &'static str, run: fn(&mut Call<'_, '_>) -> i32, help: &'static str) -> Program {
    Program { name, run, help }
}

/// All of them, sorted by name.
pub(super) const TABLE: &[Program] = &[
    row("[", test::run, "compare values, look at files"),
    row("[[", test::run, "compare values, look at files"),
    row("addgroup", adduser::addgroup, "add a group (busybox and Debian)"),
    row("adduser", adduser::adduser, "add a user (busybox and Debian)"),
    row("apk", packages::apk::run, "Alpine's package manager (model)"),
    row("apt", packages::apt::run, "Debian's package manager (model)"),
    row("apt-cache", packages::apt_query::cache, "look at package lists (model)"),
    row("apt-get", packages::apt::run, "Debian's package manager (model)"),
    row("apt-mark", packages::apt_query::mark, "mark packages as wanted (model)"),
    row("awk", awk::run, "patterns and actions on lines"),
    row("base64", sums::base64, "encode or decode"),
    row("basename", text_tools::basename, "the last part of a path"),
    row("bundle", packages::gem::bundle, "gems of a Gemfile (model)"),
    row("bundler", packages::npm_run::bundle, "vite, webpack, tsc … (model)"),
    row("bunzip2", compress::run, "decompress"),
    row("bzcat", compress::run, "print decompressed"),
    row("bzip2", compress::run, "compress"),
    row("cargo", packages::cargo::run, "Rust's package manager (model)"),
    row("cat", show::cat, "print files"),
    row("chgrp", owners::chgrp, "change groups"),
    row("chmod", owners::chmod, "change modes, symbolic ones too"),
    row("chown", owners::chown, "change owners"),
    row("chroot", wrap::chroot, "only with / as the new root"),
    row("chsh", accounts::chsh, "a user's shell"),
    row("cmp", diff::cmp, "compare two files"),
    row("comm", sort::comm, "compare sorted files line by line"),
    row("composer", packages::composer::run, "PHP's package manager (model)"),
    row("conda", packages::conda::run, "environments of packages (model)"),
    row("corepack", packages::pnpm::corepack, "brings yarn and pnpm (model)"),
    row("cp", copy::cp, "copy files and trees"),
    row("curl", curl::curl, "fetch a URL of the lab's table"),
    row("cut", cut::cut, "columns of lines"),
    row("date", date::date, "the lab's one date"),
    row("dd", dd::run, "copy blocks"),
    row("delgroup", accounts::delgroup, "remove a group"),
    row("deluser", accounts::deluser, "remove a user"),
    row("df", system::df, "one disk, half full, and what is mounted"),
    row("diff", diff::diff, "differences of two files"),
    row("dirname", text_tools::dirname, "all but the last part of a path"),
    row("dnf", packages::dnf::run, "RPM's package manager (model)"),
    row("dpkg", packages::dpkg::run, "installed packages (model)"),
    row("dpkg-architecture", packages::dpkg_dev::architecture, "names of the machine"),
    row("dpkg-buildflags", packages::dpkg_dev::buildflags, "flags of the compiler, --get only"),
    row("dpkg-query", packages::dpkg::query, "installed packages (model)"),
    row("dpkg-reconfigure", system::quiet, "succeeds"),
    row("du", describe::du, "sizes of trees"),
    row("echo", echo::run, "print words"),
    row("egrep", grep::run, "lines that match"),
    row("env", wrap::env, "environment; run with another"),
    row("expand", lines::expand, "tabs to blanks"),
    row("expr", expr::run, "calculate, compare, match"),
    row("fallocate", make::fallocate, "make a file of a size"),
    row("false", system::fails, "fail"),
    row("fgrep", grep::run, "lines that match"),
    row("find", find::run, "walk trees"),
    row("fold", lines::fold, "break long lines"),
    row("free", system::free, "memory"),
    row("gawk", awk::run, "patterns and actions on lines"),
    row("gem", packages::gem::run, "Ruby's package manager (model)"),
    row("getent", identity::getent, "look up users and groups"),
    row("git", git::git, "clone and checkout from the lab's table (model)"),
    row("go", packages::go::run, "Go's tool (model)"),
    row("gosu", wrap::as_user, "run as another user"),
    row("gpasswd", accounts::gpasswd, "members of a group"),
    row("gradle", packages::maven::gradle, "Java's other build tool (model)"),
    row("grep", grep::run, "lines that match"),
    row("groupadd", useradd::groupadd, "add a group"),
    row("groupdel", accounts::delgroup, "remove a group"),
    row("groupmod", useradd::groupmod, "change a group"),
    row("groups", identity::groups, "groups of a user"),
    row("gunzip", compress::run, "decompress"),
    row("gzip", compress::run, "compress"),
    row("head", show::head, "first lines"),
    row("hostname", system::hostname, "the host's name"),
    row("httpd", servers::httpd, "its version; the server is not modelled"),
    row("id", identity::id, "who runs this"),
    row("install", install::install, "copy with mode and owner"),
    row("java", servers::java, "its version; programs are not modelled"),
    row("javac", servers::javac, "its version; mvn and gradle are modelled"),
    row("kill", system::quiet, "nobody to kill: succeeds"),
    row("ldconfig", system::ldconfig, "writes /etc/ld.so.cache"),
    row("link", links::link, "make a hard link"),
    row("ln", links::ln, "make links"),
    row("locale", release::locale, "the locale, and those that were made"),
    row("locale-gen", release::locale_gen, "makes the locales of /etc/locale.gen (model)"),
    row("ls", ls::ls, "list directories"),
    row("lsb_release", release::lsb_release, "the distribution, from /etc/os-release"),
    row("mamba", packages::conda::run, "environments of packages (model)"),
    row("mawk", awk::run, "patterns and actions on lines"),
    row("md5sum", sums::md5sum, "MD5 of files"),
    row("memcached", servers::memcached, "its version; the server is not modelled"),
    row("microdnf", packages::dnf::run, "RPM's package manager (model)"),
    row("mkdir", make::mkdir, "make directories"),
    row("mkfifo", make::mkfifo, "make a named pipe"),
    row("mknod", make::mknod, "make a device node"),
    row("mktemp", make::mktemp, "make a file with a new name"),
    row("mount", system::mount, "what is mounted where"),
    row("mv", moves::mv, "move and rename"),
    row("mvn", packages::maven::mvn, "Java's build tool (model)"),
    row("nginx", servers::nginx, "its version; the server is not modelled"),
    row("nice", wrap::nice, "run a program"),
    row("nl", lines::nl, "number lines"),
    row("node", packages::npm_run::node, "node -e and --version only (model)"),
    row("nohup", wrap::nice, "run a program"),
    row("nologin", accounts::nologin, "the shell of those who may not log in"),
    row("npm", packages::npm::run, "node's package manager (model)"),
    row("nproc", system::nproc, "2"),
    row("npx", packages::npm_run::npx, "not modelled, says so"),
    row("od", dump::od, "bytes in octal or hexadecimal"),
    row("passwd", accounts::passwd, "sets the password field"),
    row("paste", text_tools::paste, "lines side by side"),
    row("php", servers::php, "its version; scripts are not modelled"),
    row("pip", packages::pip::run, "Python's package manager (model)"),
    row("pip3", packages::pip::run, "Python's package manager (model)"),
    row("pnpm", packages::pnpm::run, "node's package manager with a store (model)"),
    row("postgres", servers::postgres, "its version; the server is not modelled"),
    row("printenv", wrap::printenv, "environment"),
    row("printf", printf::run, "print by a format"),
    row("ps", system::ps, "one process"),
    row("pwd", system::pwd, "working directory"),
    row("python", packages::python::run, "-m pip, -m venv; programs are not modelled"),
    row("python3", packages::python::run, "-m pip, -m venv; programs are not modelled"),
    row("readlink", links::readlink, "where a symlink leads"),
    row("realpath", links::realpath, "a path without symlinks"),
    row("redis-cli", servers::redis_cli, "its version; nothing else is modelled"),
    row("redis-server", servers::redis_server, "its version; the server is not modelled"),
    row("rev", text_tools::rev, "lines backwards"),
    row("rm", remove::rm, "remove files and trees"),
    row("rmdir", remove::rmdir, "remove empty directories"),
    row("rpm", packages::dnf::rpm, "installed RPM packages (model)"),
    row("ruby", servers::ruby, "its version; programs are not modelled"),
    row("rustup", packages::cargo::rustup, "not modelled, says so"),
    row("sed", sed::run, "edit lines"),
    row("seq", numbers::seq, "count"),
    row("setcap", system::quiet, "succeeds"),
    row("sha1sum", sums::sha1sum, "SHA-1 of files"),
    row("sha224sum", sums::sha224sum, "SHA-224 of files"),
    row("sha256sum", sums::sha256sum, "SHA-256 of files"),
    row("sha384sum", sums::sha384sum, "SHA-384 of files"),
    row("sha512sum", sums::sha512sum, "SHA-512 of files"),
    row("shuf", sort::shuf, "lines in another, fixed order"),
    row("sleep", numbers::sleep, "simulated seconds; nobody waits"),
    row("sort", sort::sort, "sort lines"),
    row("split", lines::split, "cut a file in pieces"),
    row("stat", describe::stat, "mode, owner, size"),
    row("su", wrap::su, "run as another user"),
    row("su-exec", wrap::as_user, "run as another user"),
    row("sudo", sudo::sudo, "run as another user, by /etc/sudoers"),
    row("sync", system::quiet, "succeeds"),
    row("tac", text_tools::tac, "lines, last one first"),
    row("tail", show::tail, "last lines"),
    row("tar", archive::tar, "pack and unpack trees"),
    row("tee", show::tee, "print and write"),
    row("test", test::run, "compare values, look at files"),
    row("time", wrap::time, "run a program and say how long it took"),
    row("timeout", wrap::timeout, "run a program"),
    row("touch", make::touch, "make files, set times"),
    row("tr", tr::tr, "replace characters"),
    row("true", system::quiet, "succeed"),
    row("truncate", make::truncate, "set a file's size"),
    row("uname", system::uname, "the system"),
    row("unexpand", lines::unexpand, "blanks to tabs"),
    row("uniq", sort::uniq, "drop repeated lines"),
    row("unlink", remove::unlink, "remove one file"),
    row("unxz", compress::run, "decompress"),
    row("unzip", unzip::unzip, "unpack zip archives"),
    row("unzstd", compress::run, "decompress"),
    row("update-ca-certificates", system::certificates, "writes the bundle"),
    row("useradd", useradd::useradd, "add a user"),
    row("userdel", accounts::deluser, "remove a user"),
    row("usermod", useradd::usermod, "change a user"),
    row("visudo", sudo::visudo, "visudo -c only"),
    row("wc", text_tools::wc, "count lines, words, bytes"),
    row("wget", wget::wget, "fetch a URL of the lab's table"),
    row("which", wrap::which, "where a program is"),
    row("which.debianutils", wrap::which, "where a program is"),
    row("whoami", identity::whoami, "who runs this"),
    row("xargs", wrap::xargs, "run a program on words read"),
    row("xxd", dump::xxd, "bytes in hexadecimal"),
    row("xz", compress::run, "compress"),
    row("xzcat", compress::run, "print decompressed"),
    row("yarn", packages::yarn::run, "node's other package manager (model)"),
    row("yes", numbers::yes, "the same line for ever"),
    row("yum", packages::dnf::run, "RPM's package manager (model)"),
    row("zcat", compress::run, "print decompressed"),
    row("zstd", compress::run, "compress"),
    row("zstdcat", compress::run, "print decompressed"),
];

/// The program of this name.
pub(super) fn find(name: &str) -> Option<&'static Program> {
    let at = TABLE.binary_search_by(|program| program.name.cmp(name)).ok()?;
    TABLE.get(at)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted() {
        assert!(super::TABLE.is_sorted_by(|a, b| a.name < b.name));
    }
}
