//! `pip`.
//!
//! Lines are those of pip 23.2 without terminal.

use super::pip_site::{self, Chosen, Requirement, requirement};
use super::table::{Registry, Table};
use super::{npm, writer};
use crate::shell::call::Call;
use std::collections::BTreeSet;

/// What was asked for.
#[derive(Default)]
struct Request {
    operands: Vec<String>,
    files: Vec<String>,
    constraints: Vec<String>,
    no_cache: bool,
    quiet: bool,
    yes: bool,
    no_deps: bool,
    user: bool,
    upgrade: bool,
    no_compile: bool,
    break_system: bool,
    no_check: bool,
    editable: Vec<String>,
    target: Option<String>,
    cache_dir: Option<String>,
}

const WITH_VALUE: [&str; 14] = [
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--prefix",
    "--root",
    "--timeout",
    "--trusted-host",
    "--proxy",
    "--retries",
    "--platform",
    "--python-version",
    "--log",
];

fn on(value: Option<&String>) -> bool {
    value.is_some_and(|value| !matches!(value.to_lowercase().as_str(), "" | "0" | "off" | "false" | "no"))
}

fn request(call: &Call<'_, '_>) -> (Option<String>, Request) {
    let env = |name: &str| on(call.env.get(name));
    let mut request = Request {
        no_cache: env("PIP_NO_CACHE_DIR"),
        break_system: env("PIP_BREAK_SYSTEM_PACKAGES"),
        no_check: env("PIP_DISABLE_PIP_VERSION_CHECK"),
        cache_dir: call.env.get("PIP_CACHE_DIR").cloned(),
        no_compile: false,
        ..Request::default()
    };
    let mut command = None;
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) if word.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let mut take = || value.clone().or_else(|| words.next().cloned());
        match name {
            "-r" | "--requirement" => request.files.extend(take()),
            "-c" | "--constraint" => request.constraints.extend(take()),
            "-e" | "--editable" => request.editable.extend(take()),
            "-t" | "--target" => request.target = take(),
            "--cache-dir" => request.cache_dir = take(),
            "--no-cache-dir" => request.no_cache = true,
            "-q" | "--quiet" | "-qq" | "-qqq" => request.quiet = true,
            "-y" | "--yes" => request.yes = true,
            "-U" | "--upgrade" => request.upgrade = true,
            "--no-deps" => request.no_deps = true,
            "--user" => request.user = true,
            "--no-compile" => request.no_compile = true,
            "--break-system-packages" => request.break_system = true,
            "--disable-pip-version-check" => request.no_check = true,
            name if WITH_VALUE.contains(&name) => drop(take()),
            name if name.len() > 2 && name.starts_with("-r") => request.files.push(name[2..].to_owned()),
            name if name.len() > 1 && name.starts_with('-') => {}
            _ if command.is_none() => command = Some(word.clone()),
            _ => request.operands.push(word.clone()),
        }
    }
    (command, request)
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let (command, request) = request(call);
    let site = match &request.target {
        Some(dir) => crate::fs::path::absolute(&call.cwd(), dir),
        None => pip_site::directory(call, request.user),
    };
    if command.is_none() && call.args().iter().any(|word| word == "--version" || word == "-V") {
        let python = site.split("/python").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or("3.12");
        let own = pip_site::installed(call, &site).into_iter().find(|here| here.name == "pip");
        let version = own.map_or_else(|| "23.2.1".to_owned(), |here| here.version);
        call.out(&format!("pip {version} from {site}/pip (python {python})\n"));
        return 0;
    }
    match command.as_deref().unwrap_or("") {
        "install" => install(call, &request, &site),
        "uninstall" => uninstall(call, &request, &site),
        "list" => list(call, &site),
        "freeze" => freeze(call, &site),
        "show" => show(call, &request.operands, &site),
        "check" => {
            call.out("No broken requirements found.\n");
            0
        }
        "cache" => cache(call, &request),
        "config" => 0,
        "download" | "wheel" | "index" | "hash" | "inspect" | "debug" | "search" => {
            call.m.not_modelled(&format!("pip {}", command.unwrap_or_default()))
        }
        "" | "help" => {
            call.out("\nUsage:   \n  pip <command> [options]\n");
            0
        }
        other => {
            call.err(&format!("ERROR: unknown command \"{other}\"\n"));
            1
        }
    }
}

fn cache_dir(call: &Call<'_, '_>, request: &Request) -> String {
    request.cache_dir.clone().unwrap_or_else(|| format!("{}/.cache/pip", npm::home(call)))
}

/// The requirements of a file and of those that it names. At most 40 files deep.
fn read_file(
    call: &mut Call<'_, '_>,
    file: &str,
    wanted: &mut Vec<Requirement>,
    depth: u32,
) -> Result<(), String> {
    if !call.m.exists(file.as_bytes()) {
        return Err(format!(
            "ERROR: Could not open requirements file: [Errno 2] No such file or directory: '{file}'\n"
        ));
    }
    let source = writer::text(call, file).replace("\\\n", " ");
    for (number, line) in source.lines().enumerate() {
        let trimmed = line.trim();
        let nested = ["-r ", "--requirement ", "--requirement="].iter().find_map(|o| trimmed.strip_prefix(o));
        if let Some(nested) = nested {
            let above = file.rsplit_once('/').map_or(String::new(), |(above, _)| format!("{above}/"));
            if depth < 40 {
                read_file(call, &format!("{above}{}", nested.trim()), wanted, depth + 1)?;
            }
            continue;
        }
        if trimmed.starts_with("-e ") || trimmed.starts_with("./") || trimmed.contains("://") {
            call.m.not_modelled(&format!("pip install {trimmed}"));
            continue;
        }
        match requirement(line) {
            Ok(Some(mut found)) => {
                found.from = format!(" (from -r {file} (line {}))", number + 1);
                wanted.push(found);
            }
            Ok(None) => {}
            Err(message) => {
                return Err(format!("ERROR: {message} (from line {} of {file})\n", number + 1));
            }
        }
    }
    Ok(())
}

fn wanted(call: &mut Call<'_, '_>, request: &Request) -> Result<Vec<Requirement>, String> {
    let mut wanted = Vec::new();
    for operand in &request.operands {
        let local = matches!(operand.as_str(), "." | "./") || operand.starts_with(['.', '/']);
        let archive = operand.ends_with(".whl") || operand.ends_with(".tar.gz") || operand.contains("://");
        if local || archive {
            call.m.not_modelled(&format!("pip install {operand}"));
            continue;
        }
        wanted.extend(requirement(operand).map_err(|message| format!("ERROR: {message}\n"))?);
    }
    for operand in &request.editable {
        call.m.not_modelled(&format!("pip install -e {operand}"));
    }
    for file in &request.files {
        read_file(call, file, &mut wanted, 0)?;
    }
    Ok(wanted)
}

fn install(call: &mut Call<'_, '_>, request: &Request, site: &str) -> i32 {
    if request.operands.is_empty() && request.files.is_empty() && request.editable.is_empty() {
        call.err("ERROR: You must give at least one requirement to install (see \"pip help install\")\n");
        return 1;
    }
    if let Some(status) = managed_elsewhere(call, request, site) {
        return status;
    }
    let wanted = wanted(call, request);
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(message) => {
            call.err(&message);
            notice(call, request);
            return 1;
        }
    };
    let mut limits = Vec::new();
    for file in &request.constraints {
        if let Err(message) = read_file(call, file, &mut limits, 0) {
            call.err(&message);
            return 1;
        }
    }
    let chosen = match resolve(call, request, wanted, &limits, site) {
        Ok(chosen) => chosen,
        Err(message) => {
            call.err(&message);
            notice(call, request);
            return 1;
        }
    };
    if let Err(status) = put_in_place(call, request, &chosen, site) {
        return status;
    }
    let total = chosen.iter().fold(0u64, |sum, package| sum.saturating_add(package.size()));
    call.takes(1.0 + chosen.len() as f64 * 0.4 + total as f64 / 15e6);
    if call.m.cred.uid == 0
        && !chosen.is_empty()
        && pip_site::environment(call).is_none()
        && request.target.is_none()
        && call.env.get("PIP_ROOT_USER_ACTION").is_none()
        && !call.args().iter().any(|word| word.starts_with("--root-user-action"))
    {
        call.err("WARNING: Running pip as the 'root' user can result in broken permissions and conflicting behaviour with the system package manager. It is recommended to use a virtual environment instead: https://pip.pypa.io/warnings/venv\n");
    }
    notice(call, request);
    0
}

/// pip's word about a newer pip, of the lab's day.
fn notice(call: &mut Call<'_, '_>, request: &Request) {
    if !request.no_check && !request.quiet {
        call.err("\n[notice] A new release of pip is available: 23.2.1 -> 23.3.2\n[notice] To update, run: pip install --upgrade pip\n");
    }
}

/// PEP 668: a Python that belongs to the distribution says how it is to be used.
fn managed_elsewhere(call: &mut Call<'_, '_>, request: &Request, site: &str) -> Option<i32> {
    let own = request.break_system || request.target.is_some() || pip_site::environment(call).is_some();
    if own {
        return None;
    }
    let python = site.split("/python").nth(1)?.split('/').next()?.to_owned();
    if call.m.exists(format!("/usr/local/lib/python{python}").as_bytes()) && !site.contains("dist-packages") {
        return None;
    }
    let marker = writer::text(call, &format!("/usr/lib/python{python}/EXTERNALLY-MANAGED"));
    let error = marker.split_once("Error=")?.1.trim_end();
    let lines = error.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
    let text: String = lines
        .enumerate()
        .map(|(at, line)| if at == 0 { format!("╰─> {line}\n") } else { format!("    {line}\n") })
        .collect();
    call.err(&format!("error: externally-managed-environment\n\n× This environment is externally managed\n{text}\nnote: If you believe this is a mistake, please contact your Python installation or OS distribution provider. You can override this, at the risk of breaking your Python installation or OS, by passing --break-system-packages.\nhint: See PEP 668 for the detailed specification.\n"));
    Some(1)
}

fn resolve(
    call: &mut Call<'_, '_>,
    request: &Request,
    wanted: Vec<Requirement>,
    limits: &[Requirement],
    site: &str,
) -> Result<Vec<Chosen>, String> {
    let table = Table::of(Registry::Pip, &call.m.packages);
    let here = pip_site::installed(call, site);
    let asked: BTreeSet<String> = wanted.iter().map(|requirement| requirement.name.clone()).collect();
    let (mut chosen, mut seen) = (Vec::new(), BTreeSet::new());
    let mut open: std::collections::VecDeque<(Requirement, bool)> =
        wanted.into_iter().map(|requirement| (requirement, true)).collect();
    while let Some((mut requirement, by_name)) = open.pop_front() {
        if !seen.insert(requirement.name.clone()) || !call.m.t.fuel.spend(20) {
            continue;
        }
        let more = limits.iter().filter(|limit| limit.name == requirement.name);
        requirement.conditions.extend(more.flat_map(|limit| limit.conditions.clone()));
        let present = here.iter().find(|package| package.name == requirement.name);
        let fits = present.filter(|package| requirement.allows(&package.version));
        if let Some(package) = fits.filter(|_| !request.upgrade || !by_name) {
            if !request.quiet {
                let (shown, from) = (&requirement.shown, &requirement.from);
                call.out(&format!(
                    "Requirement already satisfied: {shown} in {site}{from} ({})\n",
                    package.version
                ));
            }
            for name in package.requires.iter().filter(|name| !asked.contains(*name)) {
                open.push_back((needed_by(&requirement, name), false));
            }
            continue;
        }
        let known = table.get(&requirement.name);
        let version = version(&requirement, known.as_deref())?;
        if !request.quiet {
            collecting(call, &requirement, &version, known.as_deref());
        }
        if let Some(known) = known.as_ref().filter(|_| !request.no_deps) {
            for name in known.depends.iter().filter(|name| !asked.contains(&***name)) {
                open.push_back((needed_by(&requirement, name), false));
            }
        }
        chosen.push(Chosen { name: requirement.name, version, known });
    }
    Ok(chosen)
}

/// What a package needs, with the way to it: " (from flask->-r requirements.txt (line 1))".
fn needed_by(user: &Requirement, name: &str) -> Requirement {
    Requirement {
        shown: name.to_owned(),
        name: name.to_owned(),
        conditions: Vec::new(),
        from: format!(" (from {}{})", user.shown, arrow(&user.from)),
    }
}

/// `->x (line 1)` behind the name of what asked for it.
fn arrow(from: &str) -> String {
    let inner = from.trim().strip_prefix("(from ").and_then(|rest| rest.strip_suffix(')'));
    inner.map(|inner| format!("->{inner}")).unwrap_or_default()
}

/// The version to install, or pip's two lines about none.
fn version(requirement: &Requirement, known: Option<&super::table::Package>) -> Result<String, String> {
    let refuse = |versions: &str| {
        let shown = &requirement.shown;
        format!(
            "ERROR: Could not find a version that satisfies the requirement {shown} (from versions: {versions})\nERROR: No matching distribution found for {shown}\n"
        )
    };
    match known {
        Some(package) => requirement.choose(&package.version).ok_or_else(|| refuse(&package.version)),
        // A file may name what the table lacks: it lands with the version that it names.
        None if !requirement.from.is_empty() => {
            let pinned = requirement.conditions.iter().find(|(operator, _)| operator.starts_with("=="));
            Ok(pinned.map_or_else(|| "1.0.0".to_owned(), |(_, v)| v.trim_end_matches(".*").to_owned()))
        }
        None => Err(refuse("none")),
    }
}

fn collecting(
    call: &mut Call<'_, '_>,
    requirement: &Requirement,
    version: &str,
    known: Option<&super::table::Package>,
) {
    let file = requirement.name.replace('-', "_");
    let size = known.map_or(60_000, |package| package.archive);
    let size = match size {
        size if size >= 1_000_000 => format!("{:.1} MB", size as f64 / 1e6),
        size if size >= 10_000 => format!("{} kB", size / 1000),
        size => format!("{:.1} kB", size as f64 / 1e3),
    };
    let (shown, from) = (&requirement.shown, &requirement.from);
    call.out(&format!(
        "Collecting {shown}{from}\n  Downloading {file}-{version}-py3-none-any.whl ({size})\n"
    ));
}

fn put_in_place(
    call: &mut Call<'_, '_>,
    request: &Request,
    chosen: &[Chosen],
    site: &str,
) -> Result<(), i32> {
    if chosen.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = chosen.iter().rev().map(|package| package.name.as_str()).collect();
    if !request.quiet {
        call.out(&format!("Installing collected packages: {}\n", names.join(", ")));
    }
    let before = pip_site::installed(call, site);
    let cache = cache_dir(call, request);
    for package in chosen {
        if call.m.stopped() {
            return Err(1);
        }
        if let Some(old) = before.iter().find(|old| old.name == package.name) {
            if !request.quiet {
                let (name, version) = (&old.name, &old.version);
                call.out(&format!("  Attempting uninstall: {name}\n    Found existing installation: {name} {version}\n    Uninstalling {name}-{version}:\n      Successfully uninstalled {name}-{version}\n"));
            }
            pip_site::remove(call, site, old).map_err(|errno| denied(call, site, errno))?;
        }
        let compile = !request.no_compile;
        pip_site::unpack(call, package, site, compile).map_err(|errno| denied(call, site, errno))?;
        if !request.no_cache {
            pip_site::keep(call, package, &cache).map_err(|errno| denied(call, &cache, errno))?;
        }
    }
    if !request.quiet {
        let mut names: Vec<String> =
            chosen.iter().map(|package| format!("{}-{}", package.name, package.version)).collect();
        names.sort();
        call.out(&format!("Successfully installed {}\n", names.join(" ")));
    }
    Ok(())
}

fn denied(call: &mut Call<'_, '_>, at: &str, errno: crate::fs::Errno) -> i32 {
    let message = call.m.message(errno);
    let number = errno.number();
    call.err(&format!("ERROR: Could not install packages due to an OSError: [Errno {number}] {message}: '{at}'\nConsider using the `--user` option or check the permissions.\n\n"));
    1
}

fn list(call: &mut Call<'_, '_>, site: &str) -> i32 {
    let found = pip_site::installed(call, site);
    let name = found.iter().map(|here| here.name.len()).max().unwrap_or(0).max(7);
    let version = found.iter().map(|here| here.version.len()).max().unwrap_or(0).max(7);
    let mut text = format!("{:name$} Version\n{} {}\n", "Package", "-".repeat(name), "-".repeat(version));
    for here in found {
        text.push_str(&format!("{:name$} {}\n", here.name, here.version));
    }
    call.out(&text);
    0
}

fn freeze(call: &mut Call<'_, '_>, site: &str) -> i32 {
    for here in pip_site::installed(call, site) {
        if !matches!(here.name.as_str(), "pip" | "setuptools" | "wheel" | "distribute") {
            call.out(&format!("{}=={}\n", here.name, here.version));
        }
    }
    0
}

fn show(call: &mut Call<'_, '_>, names: &[String], site: &str) -> i32 {
    if names.is_empty() {
        call.err("WARNING: ERROR: Please provide a package name or names.\n");
        return 1;
    }
    let all = pip_site::installed(call, site);
    let mut shown = 0;
    for name in names {
        let Some(here) = all.iter().find(|here| here.name == pip_site::normal(name)) else {
            call.err(&format!("WARNING: Package(s) not found: {name}\n"));
            continue;
        };
        let users: Vec<&str> = all
            .iter()
            .filter(|other| other.requires.contains(&here.name))
            .map(|other| other.name.as_str())
            .collect();
        let line = if shown > 0 { "---\n" } else { "" };
        call.out(&format!(
            "{line}Name: {}\nVersion: {}\nSummary: \nHome-page: \nAuthor: \nAuthor-email: \nLicense: \nLocation: {site}\nRequires: {}\nRequired-by: {}\n",
            here.name,
            here.version,
            here.requires.join(", "),
            users.join(", ")
        ));
        shown += 1;
    }
    i32::from(shown == 0)
}

fn uninstall(call: &mut Call<'_, '_>, request: &Request, site: &str) -> i32 {
    let mut names: Vec<String> = request.operands.clone();
    for file in &request.files {
        let mut wanted = Vec::new();
        if let Err(message) = read_file(call, file, &mut wanted, 0) {
            call.err(&message);
            return 1;
        }
        names.extend(wanted.into_iter().map(|requirement| requirement.name));
    }
    let all = pip_site::installed(call, site);
    for name in names {
        let normal = pip_site::normal(&name);
        let Some(here) = all.iter().find(|here| here.name == normal) else {
            call.err(&format!("WARNING: Skipping {name} as it is not installed.\n"));
            continue;
        };
        let version = &here.version;
        call.out(&format!(
            "Found existing installation: {normal} {version}\nUninstalling {normal}-{version}:\n"
        ));
        if !request.yes {
            // Nobody answers on standard input.
            call.out(&format!("  Would remove:\n    {site}/{normal}-{version}.dist-info/*\n    {site}/{normal}/*\nProceed (Y/n)? "));
            call.err("ERROR: Exception:\nEOFError: EOF when reading a line\n");
            return 2;
        }
        if let Err(errno) = pip_site::remove(call, site, here) {
            return denied(call, site, errno);
        }
        call.out(&format!("  Successfully uninstalled {normal}-{version}\n"));
    }
    0
}

fn cache(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let dir = cache_dir(call, request);
    match request.operands.first().map_or("", String::as_str) {
        "dir" => {
            call.out(&format!("{dir}\n"));
            0
        }
        "purge" if call.m.exists(format!("{dir}/http").as_bytes()) => {
            call.start(vec!["rm".to_owned(), "-rf".to_owned(), format!("{dir}/http")]);
            0
        }
        "purge" => {
            call.err("WARNING: No matching packages\n");
            call.out("Files removed: 0\n");
            0
        }
        other => call.m.not_modelled(&format!("pip cache {other}")),
    }
}
