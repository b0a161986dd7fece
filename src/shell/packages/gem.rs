//! `gem` and `bundle`: gems land where RubyGems keeps them, a lock file decides on versions. Native
//! extensions that an installation would compile are not modelled.

use super::table::{Package, Registry, Table};
use super::{npm, version, writer};
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use std::sync::Arc;

/// `gem install NAME [-v VERSION] [--no-document]`, `gem list`, `gem uninstall`, `gem cleanup`.
pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let (mut names, mut wanted, mut document, mut force) = (Vec::new(), None, true, false);
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-v" | "--version" if !names.is_empty() => wanted = words.next().cloned(),
            "-N" | "--no-document" | "--no-doc" | "--no-rdoc" | "--no-ri" => document = false,
            "-x" | "-a" | "-I" | "--all" | "--executables" | "-aIx" => force = true,
            "-i" | "--install-dir" | "-n" | "--bindir" | "-s" | "--source" => drop(words.next().cloned()),
            word if word.starts_with('-') => {}
            word => names.push(word.to_owned()),
        }
    }
    let command = if names.is_empty() { String::new() } else { names.remove(0) };
    match command.as_str() {
        "install" | "i" => install(call, &names, wanted.as_deref(), document),
        "list" => {
            for (name, version) in installed(call) {
                call.out(&format!("{name} ({version})\n"));
            }
            0
        }
        "uninstall" => uninstall(call, &names, force),
        "cleanup" | "sources" | "update" | "env" | "build" | "push" | "which" | "search" => {
            call.m.not_modelled(&format!("gem {command}"))
        }
        "" => {
            call.out("3.4.20\n");
            0
        }
        other => {
            call.err(&format!(
                "ERROR:  While executing gem ... (Gem::CommandLineError)\n    Unknown command {other}\n"
            ));
            1
        }
    }
}

/// Where gems live: `GEM_HOME`, else the distribution's place.
fn home(call: &mut Call<'_, '_>) -> String {
    if let Some(home) = call.env.get("GEM_HOME").filter(|home| !home.is_empty()) {
        return home.clone();
    }
    for root in ["/usr/local/lib/ruby/gems", "/var/lib/gems", "/usr/lib/ruby/gems"] {
        let names = call.m.readdir(root.as_bytes()).unwrap_or_default();
        if let Some(name) = names.last() {
            return format!("{root}/{}", crate::shell::text::decode(name));
        }
    }
    if call.m.exists(b"/etc/debian_version") { "/var/lib/gems/3.1.0" } else { "/usr/lib/ruby/gems/3.2.0" }
        .to_owned()
}

fn commands(home: &str) -> String {
    if home.starts_with("/usr/local/bundle") { format!("{home}/bin") } else { "/usr/local/bin".to_owned() }
}

fn installed(call: &mut Call<'_, '_>) -> Vec<(String, String)> {
    let home = home(call);
    let names = call.m.readdir(format!("{home}/specifications").as_bytes()).unwrap_or_default();
    let stems = names.iter().filter_map(|name| std::str::from_utf8(name).ok()?.strip_suffix(".gemspec"));
    stems.filter_map(|stem| stem.rsplit_once('-')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn safe(word: &str) -> bool {
    !word.is_empty()
        && word.len() < 200
        && !word.starts_with('.')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn install(call: &mut Call<'_, '_>, names: &[String], wanted: Option<&str>, document: bool) -> i32 {
    let table = Table::of(Registry::Gem, &call.m.packages);
    if names.is_empty() {
        call.err("ERROR:  While executing gem ... (Gem::CommandLineError)\n    Please specify at least one gem name (e.g. gem build GEMNAME)\n");
        return 1;
    }
    let mut count = 0;
    for word in names {
        let (name, own) = word.split_once(':').map_or((word.as_str(), None), |(n, v)| (n, Some(v)));
        let wanted = own.or(wanted).map(|text| text.trim_start_matches(['~', '>', '=', ' ']));
        let known = table.get(name).filter(|_| safe(name));
        let newer =
            |known: &Arc<Package>| wanted.is_some_and(|w| version::compare(w, &known.version).is_gt());
        let Some(known) = known.filter(|known| !newer(known)) else {
            let range = wanted.map_or_else(|| ">= 0".to_owned(), |wanted| format!("= {wanted}"));
            call.err(&format!("ERROR:  Could not find a valid gem '{name}' ({range}) in any repository\n"));
            return 2;
        };
        let mut all: Vec<(String, String)> = Vec::new();
        let mut open = vec![name.to_owned()];
        while let Some(next) = open.pop() {
            let Some(package) = table.get(&next) else { continue };
            if all.iter().any(|(done, _)| *done == next) {
                continue;
            }
            open.extend(package.depends.iter().map(|name| name.to_string()));
            let version = if next == name { wanted.unwrap_or(&known.version) } else { &package.version };
            all.push((next, version.to_owned()));
        }
        let here = installed(call);
        for (name, version) in all.iter().rev().filter(|gem| !here.contains(gem) && safe(&gem.1)) {
            call.out(&format!("Fetching {name}-{version}.gem\n"));
            if let Err(errno) = unpack(call, &table, name, version, document) {
                return denied(call, errno);
            }
            call.out(&format!("Successfully installed {name}-{version}\n"));
            count += 1;
        }
    }
    call.out(&format!("{count} gem{} installed\n", if count == 1 { "" } else { "s" }));
    call.takes(1.0 + f64::from(count) * 0.5);
    0
}

fn denied(call: &mut Call<'_, '_>, errno: Errno) -> i32 {
    let home = home(call);
    let message = call.m.message(errno);
    call.err(&format!("ERROR:  While executing gem ... (Gem::FilePermissionError)\n    {message}: {home}\n"));
    1
}

/// A gem: its files, specification, archive, documentation, commands.
fn unpack(
    call: &mut Call<'_, '_>,
    table: &Table,
    name: &str,
    version: &str,
    document: bool,
) -> Result<(), Errno> {
    let home = home(call);
    let known = table.get(name);
    let label = format!("gem {name} {version}");
    let size = known.as_ref().map_or(40_000 + writer::weight(name) % 300_000, |known| known.size);
    let archive = known.as_ref().map_or(size / 4, |known| known.archive);
    let stem = format!("{name}-{version}");
    let lib = format!("{home}/gems/{stem}/lib");
    writer::laid(
        call,
        known.as_deref(),
        &format!("{home}/gems/{stem}"),
        &lib,
        &label,
        size,
        &["version.rb", "railtie.rb", "errors.rb"],
    )?;
    let spec = format!(
        "Gem::Specification.new do |s|\n  s.name = {name:?}.freeze\n  s.version = {version:?}\nend\n"
    );
    writer::file(call, &format!("{home}/specifications/{stem}.gemspec"), Contents::text(&spec), 0o644)?;
    writer::described(call, &format!("{home}/cache/{stem}.gem"), &label, archive)?;
    if document {
        writer::described(call, &format!("{home}/doc/{stem}/ri/cache.ri"), &label, size / 10)?;
    }
    let dir = commands(&home);
    for bin in known.iter().flat_map(|known| &known.programs) {
        writer::file(call, &format!("{dir}/{bin}"), Contents::of_program(bin, 560), 0o755)?;
    }
    Ok(())
}

fn uninstall(call: &mut Call<'_, '_>, names: &[String], _force: bool) -> i32 {
    let home = home(call);
    for name in names {
        let here: Vec<(String, String)> =
            installed(call).into_iter().filter(|(known, _)| known == name).collect();
        if here.is_empty() {
            call.err(&format!("Gem '{name}' is not installed\n"));
        }
        for (name, version) in here {
            let stem = format!("{name}-{version}");
            call.start(vec![
                "rm".to_owned(),
                "-rf".to_owned(),
                format!("{home}/gems/{stem}"),
                format!("{home}/specifications/{stem}.gemspec"),
                format!("{home}/cache/{stem}.gem"),
                format!("{home}/doc/{stem}"),
            ]);
            call.out(&format!("Successfully uninstalled {stem}\n"));
        }
    }
    0
}

// ---- bundler --------------------------------------------------------------------------------------

/// Name and version of the gems of a `Gemfile.lock`: the lines four blanks deep below `specs:`.
fn locked(source: &str) -> Vec<(String, String)> {
    let line = |line: &str| {
        let text = line.strip_prefix("    ").filter(|text| !text.starts_with(' '))?;
        let (name, version) = text.split_once(" (")?;
        let version = version.strip_suffix(')')?;
        let version = version.split("-x86_64").next().unwrap_or(version);
        (safe(name) && safe(version)).then(|| (name.to_owned(), version.to_owned()))
    };
    let mut found: Vec<(String, String)> = source.lines().filter_map(line).collect();
    found.sort();
    found.dedup_by(|a, b| a.0 == b.0);
    found
}

/// Names of the gems of a `Gemfile`, those of development and test apart.
fn gemfile(source: &str) -> (Vec<String>, Vec<String>) {
    let (mut all, mut development, mut group) = (Vec::new(), Vec::new(), false);
    for line in source.lines().map(str::trim) {
        if line.starts_with("group ") {
            group = line.contains(":development") || line.contains(":test");
        } else if line == "end" {
            group = false;
        } else if let Some(rest) = line.strip_prefix("gem ").or_else(|| line.strip_prefix("gem(")) {
            let name = rest.trim().trim_start_matches(['"', '\'']).split(['"', '\'']).next().unwrap_or("");
            if safe(name) {
                let inline = rest.contains("group: :development") || rest.contains("group: :test");
                if group || inline { development.push(name.to_owned()) } else { all.push(name.to_owned()) }
            }
        }
    }
    (all, development)
}

/// `bundle install [--without …] [--deployment]`, `bundle config set …`, `bundle exec …`.
pub(in super::super) fn bundle(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let words: Vec<String> = call.args().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    match words.first().map_or("install", String::as_str) {
        "install" => install_bundle(call),
        "config" => config(call, &words),
        "exec" => {
            let argv: Vec<String> =
                call.args().iter().skip_while(|word| *word != "exec").skip(1).cloned().collect();
            if argv.is_empty() { 128 } else { call.start(argv) }
        }
        "clean" | "check" | "update" | "lock" | "package" | "cache" | "add" | "init" | "show" | "list"
        | "info" => call.m.not_modelled(&format!("bundle {}", words.join(" "))),
        other => {
            call.err(&format!("Could not find command \"{other}\".\n"));
            15
        }
    }
}

/// A setting of bundler: its environment, the project's and the user's file.
fn setting(call: &mut Call<'_, '_>, name: &str) -> Option<String> {
    let key = format!("BUNDLE_{}", name.to_uppercase());
    if let Some(value) = call.env.get(&key) {
        return Some(value.clone());
    }
    let app = call.env.get("BUNDLE_APP_CONFIG").cloned().unwrap_or_else(|| ".bundle".to_owned());
    for file in [format!("{app}/config"), format!("{}/.bundle/config", npm::home(call))] {
        let text = writer::text(call, &file);
        let line = text.lines().find_map(|line| line.strip_prefix(&key)?.strip_prefix(": "));
        if let Some(value) = line {
            return Some(value.trim_matches('"').to_owned());
        }
    }
    None
}

fn config(call: &mut Call<'_, '_>, words: &[String]) -> i32 {
    let mut rest = words.iter().skip(1).filter(|word| !matches!(word.as_str(), "set" | "local" | "global"));
    let (Some(name), Some(value)) = (rest.next(), rest.next()) else { return 0 };
    let app = call.env.get("BUNDLE_APP_CONFIG").cloned().unwrap_or_else(|| ".bundle".to_owned());
    let key = format!("BUNDLE_{}", name.to_uppercase().replace('.', "__"));
    let at = format!("{app}/config");
    let before = writer::text(call, &at);
    let kept: String = before
        .lines()
        .filter(|line| !line.starts_with(&format!("{key}:")) && *line != "---")
        .fold(String::new(), |text, line| text + line + "\n");
    let text = format!("---\n{kept}{key}: \"{value}\"\n");
    match writer::file(call, &at, Contents::text(&text), 0o644) {
        Ok(()) => 0,
        Err(errno) => denied(call, errno),
    }
}

fn install_bundle(call: &mut Call<'_, '_>) -> i32 {
    if !call.m.exists(b"Gemfile") {
        call.err("Could not locate Gemfile\n");
        return 10;
    }
    let on = |value: Option<String>| value.is_some_and(|value| value == "true" || value == "1");
    let flag = |name: &str| call.args().iter().any(|word| word == name);
    let given = flag("--deployment") || flag("--frozen");
    let frozen = given || on(setting(call, "deployment")) || on(setting(call, "frozen"));
    let has_lock = call.m.exists(b"Gemfile.lock");
    if frozen && !has_lock {
        call.err("The deployment setting requires a lockfile. Please make sure you have checked your Gemfile.lock into version control before deploying.\n");
        return 16;
    }
    let (production, development) = gemfile(&writer::text(call, "Gemfile"));
    let table = Table::of(Registry::Gem, &call.m.packages);
    let mut gems = if has_lock { locked(&writer::text(call, "Gemfile.lock")) } else { Vec::new() };
    let asked: Vec<&String> = production.iter().chain(&development).collect();
    let missing: Vec<&String> =
        asked.iter().copied().filter(|name| !gems.iter().any(|(known, _)| known == *name)).collect();
    if frozen && !missing.is_empty() {
        let list: String = missing.iter().map(|name| format!("* {name}\n")).collect();
        call.err(&format!("The dependencies in your gemfile changed, but the lockfile can't be updated because frozen mode is set\n\nYou have added to the Gemfile:\n{list}\nRun `bundle install` elsewhere and add the updated Gemfile.lock to version control.\n"));
        return 16;
    }
    call.out("Fetching gem metadata from https://rubygems.org/.........\n");
    if let Some(name) = missing.iter().find(|name| table.get(name).is_none()) {
        call.err(&format!(
            "Could not find gem '{name}' in rubygems repository https://rubygems.org/ or installed locally.\n"
        ));
        return 7;
    }
    let mut open: Vec<String> = missing.iter().map(|name| (*name).clone()).collect();
    while let Some(name) = open.pop() {
        let Some(known) = table.get(&name) else { continue };
        if !gems.iter().any(|(done, _)| *done == name) {
            open.extend(known.depends.iter().map(|name| name.to_string()));
            gems.push((name, known.version.to_string()));
        }
    }
    gems.sort();
    let locked = gems.clone();
    let without = setting(call, "without").or_else(|| {
        let mut words = call.args().iter().skip_while(|word| *word != "--without").skip(1);
        words.next().cloned()
    });
    if without.is_some_and(|groups| groups.contains("development") || groups.contains("test")) {
        gems.retain(|(name, _)| !development.contains(name));
    }
    place(call, &table, &gems, (!has_lock || !missing.is_empty()).then_some(&locked[..]), asked.len())
}

fn place(
    call: &mut Call<'_, '_>,
    table: &Table,
    gems: &[(String, String)],
    to_lock: Option<&[(String, String)]>,
    asked: usize,
) -> i32 {
    let here = installed(call);
    for (name, version) in gems.iter().filter(|gem| !here.contains(gem)) {
        if call.m.stopped() {
            return 1;
        }
        call.out(&format!("Fetching {name} {version}\nInstalling {name} {version}\n"));
        if let Err(errno) = unpack(call, table, name, version, false) {
            return denied(call, errno);
        }
    }
    if let Some(all) = to_lock {
        let specs: String = all.iter().map(|(name, version)| format!("    {name} ({version})\n")).collect();
        let text = format!(
            "GEM\n  remote: https://rubygems.org/\n  specs:\n{specs}\nPLATFORMS\n  x86_64-linux\n\nBUNDLED WITH\n   2.5.3\n"
        );
        if let Err(errno) = call.m.write(b"Gemfile.lock", Contents::text(&text), 0o644) {
            return denied(call, errno);
        }
    }
    call.out(&format!("Bundle complete! {asked} Gemfile dependencies, {} gems now installed.\nUse `bundle info [gemname]` to see where a bundled gem is installed.\n", gems.len() + 1));
    call.takes(1.0 + gems.len() as f64 * 0.3);
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn gem_files_are_read() {
        let source = "source 'https://rubygems.org'\ngem 'rails', '~> 7.1'\ngem(\"pg\")\ngroup :development, :test do\n  gem 'rubocop'\nend\ngem 'rake', group: :test\n";
        assert_eq!(
            gemfile(source),
            (vec!["rails".to_owned(), "pg".to_owned()], vec!["rubocop".to_owned(), "rake".to_owned()])
        );
        let lock = "GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.8)\n      webrick (~> 1.8)\n    nokogiri (1.16.0-x86_64-linux)\n\nPLATFORMS\n  x86_64-linux\n";
        let found: Vec<String> = locked(lock).iter().map(|(n, v)| format!("{n} {v}")).collect();
        assert_eq!(found, ["nokogiri 1.16.0", "rack 3.0.8"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(source in "[ a-e()'\"\n.:0-9]{0,200}") {
            let _ = (gemfile(&source), locked(&source));
        }
    }
}
