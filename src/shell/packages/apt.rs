//! `apt-get`, `apt`: options, `update`, `upgrade`, `clean`; the rest is in `apt_install` and `apt_remove`.
//!
//! Lines, their order and exit statuses are those of apt 2.6 in a Debian 12 root without terminal; apt 2.2
//! (Debian 11) and 2.4 (Ubuntu 22.04) differ where it says so.

use super::apt_lists::{self, Distribution};
use super::table::Table;
use super::{apt_install, apt_query, apt_remove, writer};
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;

pub(super) const LISTS: &str = "/var/lib/apt/lists";
pub(super) const STATES: &str = "/var/lib/apt/extended_states";
pub(super) const READING: &str =
    "Reading package lists...\nBuilding dependency tree...\nReading state information...\n";

/// What was asked for.
pub(super) struct Request {
    pub yes: bool,
    pub no: bool,
    pub recommends: bool,
    pub quiet: u32,
    pub download_only: bool,
    pub dry: bool,
    pub purge: bool,
    pub auto_remove: bool,
    pub reinstall: bool,
    pub only_upgrade: bool,
    pub names: Vec<String>,
}

/// One apt at work: what was asked, of which distribution.
pub(super) struct Apt {
    pub request: Request,
    pub distribution: &'static Distribution,
    /// The image's release, which may borrow another's packages.
    pub suite: String,
    pub table: Table,
}

impl Apt {
    /// A text of the distribution's table with the image's own release in it.
    pub fn named(&self, text: &str) -> String {
        text.replace(self.distribution.suite, &self.suite)
    }

    /// Prints on standard output, unless `-qq` hides what apt itself says.
    pub fn say(&self, call: &mut Call<'_, '_>, text: &str) {
        if self.request.quiet < 2 {
            call.out(text);
        }
    }
}

/// Options that take a value.
const WITH_VALUE: [&str; 11] = [
    "-o",
    "-t",
    "-c",
    "-a",
    "--option",
    "--target-release",
    "--default-release",
    "--config-file",
    "--host-architecture",
    "--solver",
    "--planner",
];

fn request(call: &Call<'_, '_>) -> (String, Request) {
    let mut request = Request {
        yes: false,
        no: false,
        recommends: true,
        quiet: 0,
        download_only: false,
        dry: false,
        purge: false,
        auto_remove: false,
        reinstall: false,
        only_upgrade: false,
        names: Vec::new(),
    };
    let mut command = None;
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--yes" | "--assume-yes" => request.yes = true,
            "--assume-no" => request.no = true,
            "--no-install-recommends" => request.recommends = false,
            "--install-recommends" => request.recommends = true,
            "--quiet" => request.quiet += 1,
            "--download-only" => request.download_only = true,
            "--dry-run" | "--simulate" | "--just-print" | "--no-act" | "--recon" => request.dry = true,
            "--purge" => request.purge = true,
            "--auto-remove" | "--autoremove" => request.auto_remove = true,
            "--reinstall" => request.reinstall = true,
            "--only-upgrade" => request.only_upgrade = true,
            "-o" | "--option" => setting(&mut request, words.next().map_or("", String::as_str)),
            word if WITH_VALUE.contains(&word) => drop(words.next()),
            word if word.starts_with("--") => {
                if let Some(level) = word.strip_prefix("--quiet=") {
                    request.quiet = level.parse().unwrap_or(1);
                }
                if let Some(setting_text) = word.strip_prefix("--option=") {
                    setting(&mut request, setting_text);
                }
            }
            word if word.len() > 1 && word.starts_with('-') => letters(&mut request, &word[1..]),
            word if command.is_none() => command = Some(word.to_owned()),
            word => request.names.push(word.to_owned()),
        }
    }
    // apt-get(8): quiet level 2 implies -y.
    request.yes |= request.quiet >= 2;
    (command.unwrap_or_default(), request)
}

/// `-yq`, `-qq`, `-q=2`, `-oName=value`.
fn letters(request: &mut Request, letters: &str) {
    if let Some(text) = letters.strip_prefix('o') {
        return setting(request, text);
    }
    if let Some(level) = letters.strip_prefix("q=") {
        request.quiet = level.parse().unwrap_or(1);
        return;
    }
    for letter in letters.chars() {
        match letter {
            'y' => request.yes = true,
            'q' => request.quiet += 1,
            'd' => request.download_only = true,
            's' => request.dry = true,
            _ => {}
        }
    }
}

/// `-o APT::Install-Recommends=false` and the like.
fn setting(request: &mut Request, text: &str) {
    let Some((name, value)) = text.split_once('=') else { return };
    let on = !matches!(value.trim_matches('"'), "0" | "false" | "no" | "off" | "without" | "disable");
    match name.to_ascii_lowercase().as_str() {
        "apt::install-recommends" => request.recommends = on,
        "apt::get::assume-yes" => request.yes = on,
        _ => {}
    }
}

/// Settings that the image has in `/etc/apt/apt.conf.d`: only those that change what lands.
fn configured(call: &mut Call<'_, '_>, request: &mut Request) {
    let dir = "/etc/apt/apt.conf.d";
    for name in call.m.readdir(dir.as_bytes()).unwrap_or_default() {
        let at = format!("{dir}/{}", crate::shell::text::decode(&name));
        let text = writer::text(call, &at);
        for line in text.lines().map(str::trim) {
            let mut words = line.trim_end_matches(';').split_whitespace();
            if let (Some(name), Some(value), None) = (words.next(), words.next(), words.next()) {
                setting(request, &format!("{name}={}", value.trim_matches('"')));
            }
        }
    }
}

/// The table of the image's distribution.
pub(super) fn apt(call: &mut Call<'_, '_>, mut request: Request) -> Apt {
    let given = request.recommends;
    let release = writer::text(call, "/etc/os-release");
    let distribution = apt_lists::distribution(&release);
    let table = Table::of_archive(distribution.rows, &call.m.packages);
    configured(call, &mut request);
    request.recommends &= given;
    Apt { request, distribution, suite: apt_lists::suite(&release), table }
}

const CHANGES: [&str; 14] = [
    "update",
    "install",
    "reinstall",
    "remove",
    "purge",
    "autoremove",
    "autopurge",
    "upgrade",
    "dist-upgrade",
    "full-upgrade",
    "dselect-upgrade",
    "clean",
    "autoclean",
    "build-dep",
];

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let (command, request) = request(call);
    if call.args().iter().any(|word| word == "--version" || word == "-v") {
        call.out("apt 2.6.1 (amd64)\n");
        return 0;
    }
    if call.name == "apt" {
        call.err("\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n");
    }
    let mut apt = apt(call, request);
    if CHANGES.contains(&command.as_str()) && call.m.cred.uid != 0 && !apt.request.dry {
        return not_root(call, &apt, &command);
    }
    let done = match command.as_str() {
        "update" => update(call, &apt),
        "install" => apt_install::install(call, &mut apt),
        "reinstall" => {
            apt.request.reinstall = true;
            apt_install::install(call, &mut apt)
        }
        "upgrade" | "dist-upgrade" | "full-upgrade" | "dselect-upgrade" => upgrade(call, &apt),
        "remove" => apt_remove::remove(call, &apt, apt.request.purge),
        "purge" => apt_remove::remove(call, &apt, true),
        "autoremove" => apt_remove::autoremove(call, &apt, apt.request.purge),
        "autopurge" => apt_remove::autoremove(call, &apt, true),
        "clean" | "distclean" => clean(call),
        "check" => {
            apt.say(call, READING);
            Ok(0)
        }
        "autoclean" | "auto-clean" => {
            apt.say(call, READING);
            Ok(0)
        }
        "list" | "search" | "show" | "policy" | "depends" | "rdepends" => {
            return apt_query::cache(call);
        }
        "download" | "source" | "build-dep" | "changelog" | "satisfy" => {
            return call.m.not_modelled(&format!("{} {command}", call.name));
        }
        "" | "help" => {
            call.out("apt 2.6.1 (amd64)\nUsage: apt-get [options] command\n       apt-get [options] install|remove pkg1 [pkg2 ...]\n       apt-get [options] source pkg1 [pkg2 ...]\n");
            return i32::from(command.is_empty());
        }
        other => {
            call.err(&format!("E: Invalid operation {other}\n"));
            return 100;
        }
    };
    done.unwrap_or_else(|errno| {
        let message = call.m.message(errno);
        call.err(&format!("E: Write error - write ({}: {message})\n", errno.number()));
        100
    })
}

fn not_root(call: &mut Call<'_, '_>, apt: &Apt, command: &str) -> i32 {
    let (file, hint) = match command {
        "update" => ("/var/lib/apt/lists/lock", "E: Unable to lock directory /var/lib/apt/lists/\n"),
        "clean" | "autoclean" => {
            ("/var/cache/apt/archives/lock", "E: Unable to lock directory /var/cache/apt/archives/\n")
        }
        _ => (
            "/var/lib/dpkg/lock-frontend",
            "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n",
        ),
    };
    if command == "update" {
        apt.say(call, "Reading package lists...\n");
    }
    call.err(&format!("E: Could not open lock file {file} - open (13: Permission denied)\n{hint}"));
    100
}

pub(super) type Done = Result<i32, Errno>;

fn update(call: &mut Call<'_, '_>, apt: &Apt) -> Done {
    let distribution = apt.distribution;
    for line in distribution.hits {
        let line = apt.named(line);
        apt.say(call, &format!("{line}\n"));
    }
    apt.say(call, &format!("{}\nReading package lists...\n", distribution.fetched));
    for (name, size) in distribution.lists {
        writer::described(call, &format!("{LISTS}/{}", apt.named(name)), distribution.id, *size)?;
    }
    writer::file(call, &format!("{LISTS}/lock"), Contents::EMPTY, 0o640)?;
    for dir in ["partial", "auxfiles"] {
        writer::directories(call, format!("{LISTS}/{dir}").as_bytes())?;
    }
    call.takes(6.0);
    Ok(0)
}

/// Are the package lists here?
pub(super) fn have_lists(call: &mut Call<'_, '_>) -> bool {
    let names = call.m.readdir(LISTS.as_bytes()).unwrap_or_default();
    names.iter().any(|name| name.windows(8).any(|part| part == b"Packages"))
}

/// The archive is of the base's day: nothing in it is newer.
fn upgrade(call: &mut Call<'_, '_>, apt: &Apt) -> Done {
    apt.say(call, READING);
    apt.say(call, "Calculating upgrade...\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n");
    Ok(0)
}

fn clean(call: &mut Call<'_, '_>) -> Done {
    for dir in ["/var/cache/apt/archives", "/var/cache/apt/archives/partial", "/var/cache/apt"] {
        for name in call.m.readdir(dir.as_bytes()).unwrap_or_default() {
            if name.ends_with(b".deb") || name.ends_with(b".bin") {
                call.m.unlink(&[dir.as_bytes(), b"/", &name].concat())?;
            }
        }
    }
    Ok(0)
}

/// Names as apt lists them: two blanks before each line, and 77 columns for what follows (apt-private's
/// `ShowList`; without a terminal the screen has 80 columns, of which 3 stay free).
pub(super) fn columns(names: &[String]) -> String {
    const WIDTH: usize = 77;
    let (mut text, mut used) = (String::new(), 0);
    for name in names {
        if used == 0 || used + name.len() >= WIDTH {
            text.push_str(if text.is_empty() { "  " } else { "\n  " });
            used = 0;
        } else {
            text.push(' ');
            used += 1;
        }
        text.push_str(name);
        used += name.len();
    }
    text.push('\n');
    text
}

/// Bytes as apt writes them: four digits at most, one decimal below a hundred (apt-pkg's `SizeToStr`).
pub(super) fn amount(bytes: u64) -> String {
    let mut number = bytes as f64;
    for (at, unit) in ["", "k", "M", "G", "T"].into_iter().enumerate() {
        if number < 100.0 && at != 0 {
            return format!("{number:.1} {unit}B");
        }
        if number < 10_000.0 {
            return format!("{number:.0} {unit}B");
        }
        number /= 1000.0;
    }
    format!("{number:.0} PB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_apt_does() {
        let texts: Vec<String> =
            [0, 8_808, 80_900, 389_000, 4_243_000, 12_012_000, 163_000_000, 1_010_000_000]
                .map(amount)
                .to_vec();
        assert_eq!(texts, ["0 B", "8808 B", "80.9 kB", "389 kB", "4243 kB", "12.0 MB", "163 MB", "1010 MB"]);
    }

    #[test]
    fn lists_break_where_apt_breaks_them() {
        let names = "libbrotli1 libcurl4 libgssapi-krb5-2 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0 \
            libldap-2.5-0";
        let names: Vec<String> = names.split_whitespace().map(str::to_owned).collect();
        assert_eq!(
            columns(&names),
            "  libbrotli1 libcurl4 libgssapi-krb5-2 libk5crypto3 libkeyutils1 libkrb5-3\n  libkrb5support0 libldap-2.5-0\n"
        );
    }
}
