//! What the system says that it is: `lsb_release`, `locale`, `locale-gen`.

use crate::fs::Contents;
use crate::shell::call::Call;
use crate::shell::users;

/// Where the locales that were made are.
const ARCHIVE: &str = "/usr/lib/locale/locale-archive";

/// Bytes of the archive for one locale, about.
const LOCALE: u64 = 3_050_000;

/// `lsb_release -i -d -r -c -a -s`, from `/etc/os-release`.
pub(super) fn lsb_release(call: &mut Call<'_, '_>) -> i32 {
    let source = users::read(call.m, "/etc/os-release");
    let field = |name: &str| {
        let line = source.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    let name = field("NAME");
    let id = name.split(' ').next().unwrap_or_default().to_owned();
    let mut letters: String = call
        .args()
        .iter()
        .map(|word| match word.as_str() {
            "--id" => "i",
            "--description" => "d",
            "--release" => "r",
            "--codename" => "c",
            "--all" => "a",
            "--short" => "s",
            word => word.trim_start_matches('-'),
        })
        .collect();
    call.err("No LSB modules are available.\n");
    if letters.contains('a') {
        letters.push_str("idrc");
    }
    let short = letters.contains('s');
    for (letter, title, value) in [
        ('i', "Distributor ID", id),
        ('d', "Description", field("PRETTY_NAME")),
        ('r', "Release", field("VERSION_ID")),
        ('c', "Codename", field("VERSION_CODENAME")),
    ] {
        if letters.contains(letter) {
            call.out(&if short { format!("{value}\n") } else { format!("{title}:\t{value}\n") });
        }
    }
    0
}

/// The locales that `/etc/locale.gen` names.
fn wanted(call: &mut Call<'_, '_>) -> Vec<String> {
    let source = users::read(call.m, "/etc/locale.gen");
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

/// `en_US.UTF-8` as `en_US.utf8`.
fn normal(name: &str) -> String {
    match name.split_once('.') {
        Some((language, set)) => format!("{language}.{}", set.to_lowercase().replace('-', "")),
        None => name.to_owned(),
    }
}

/// `locale` and `locale -a`.
pub(super) fn locale(call: &mut Call<'_, '_>) -> i32 {
    if call.args().iter().any(|word| word == "-a" || word == "--all-locales") {
        let mut names = vec!["C".to_owned(), "C.utf8".to_owned(), "POSIX".to_owned()];
        if call.m.exists(ARCHIVE.as_bytes()) {
            names.extend(wanted(call).iter().map(|name| normal(name)));
        }
        names.sort();
        names.dedup();
        call.out(&format!("{}\n", names.join("\n")));
        return 0;
    }
    let value = |call: &Call<'_, '_>, name: &str| call.env.get(name).cloned().unwrap_or_default();
    let (lang, all) = (value(call, "LANG"), value(call, "LC_ALL"));
    call.out(&format!("LANG={lang}\nLANGUAGE={}\n", value(call, "LANGUAGE")));
    for part in [
        "CTYPE",
        "NUMERIC",
        "TIME",
        "COLLATE",
        "MONETARY",
        "MESSAGES",
        "PAPER",
        "NAME",
        "ADDRESS",
        "TELEPHONE",
        "MEASUREMENT",
        "IDENTIFICATION",
    ] {
        let name = format!("LC_{part}");
        let own = value(call, &name);
        let implied = if !all.is_empty() {
            &all
        } else if !lang.is_empty() {
            &lang
        } else {
            "POSIX"
        };
        // What follows from another variable stands in quotes.
        call.out(&if !own.is_empty() && all.is_empty() {
            format!("{name}={own}\n")
        } else {
            format!("{name}=\"{implied}\"\n")
        });
    }
    call.out(&format!("LC_ALL={all}\n"));
    0
}

/// `locale-gen [NAME]`: Ubuntu's takes names, Debian's reads `/etc/locale.gen`.
pub(super) fn locale_gen(call: &mut Call<'_, '_>) -> i32 {
    let mut names = wanted(call);
    for word in call.args().iter().filter(|word| !word.starts_with('-')) {
        if !names.contains(word) {
            names.push(word.clone());
        }
    }
    call.out("Generating locales (this might take a while)...\n");
    for name in &names {
        call.out(&format!("  {name}... done\n"));
    }
    call.out("Generation complete.\n");
    if names.is_empty() {
        return 0;
    }
    let archive = Contents::seeded("locale-archive", LOCALE * names.len() as u64);
    match call.m.write(ARCHIVE.as_bytes(), archive, 0o644) {
        Ok(()) => 0,
        Err(errno) => call.fail_errno(ARCHIVE, errno),
    }
}
