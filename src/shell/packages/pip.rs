//! `pip`.

use super::writer;
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use std::collections::BTreeSet;

/// Name, version, KiB, what it needs, its commands.
const KNOWN: &[(&str, &str, u64, &str, &str)] = &[
    ("aiohttp", "3.9.1", 3_900, "attrs multidict yarl frozenlist", ""),
    ("alembic", "1.13.1", 1_100, "sqlalchemy mako", "alembic"),
    ("anyio", "4.2.0", 480, "idna sniffio", ""),
    ("attrs", "23.1.0", 240, "", ""),
    ("blinker", "1.7.0", 44, "", ""),
    ("boto3", "1.34.11", 1_200, "botocore jmespath s3transfer", ""),
    ("botocore", "1.34.11", 91_000, "jmespath python-dateutil urllib3", ""),
    ("celery", "5.3.6", 2_100, "kombu vine click", "celery"),
    ("certifi", "2023.11.17", 300, "", ""),
    ("charset-normalizer", "3.3.2", 460, "", "normalizer"),
    ("click", "8.1.7", 420, "", ""),
    ("cryptography", "41.0.7", 11_500, "", ""),
    ("django", "5.0", 33_000, "asgiref sqlparse", "django-admin"),
    ("fastapi", "0.108.0", 900, "pydantic starlette typing-extensions", ""),
    ("flask", "3.0.0", 420, "werkzeug jinja2 itsdangerous click blinker", "flask"),
    ("gunicorn", "21.2.0", 500, "packaging", "gunicorn"),
    ("h11", "0.14.0", 200, "", ""),
    ("idna", "3.6", 300, "", ""),
    ("itsdangerous", "2.1.2", 60, "", ""),
    ("jinja2", "3.1.2", 560, "markupsafe", ""),
    ("markupsafe", "2.1.3", 60, "", ""),
    ("matplotlib", "3.8.2", 27_000, "numpy pillow python-dateutil packaging", ""),
    ("numpy", "1.26.3", 63_000, "", "f2py"),
    ("packaging", "23.2", 200, "", ""),
    ("pandas", "2.1.4", 66_000, "numpy python-dateutil pytz", ""),
    ("pillow", "10.2.0", 15_000, "", ""),
    ("psycopg2-binary", "2.9.9", 9_400, "", ""),
    ("pydantic", "2.5.3", 1_900, "pydantic-core annotated-types typing-extensions", ""),
    ("pydantic-core", "2.14.6", 4_700, "typing-extensions", ""),
    ("pytest", "7.4.4", 1_600, "packaging", "pytest"),
    ("python-dateutil", "2.8.2", 720, "six", ""),
    ("pytz", "2023.3", 2_700, "", ""),
    ("pyyaml", "6.0.1", 1_900, "", ""),
    ("redis", "5.0.1", 1_400, "", ""),
    ("requests", "2.31.0", 420, "charset-normalizer idna urllib3 certifi", ""),
    ("scikit-learn", "1.3.2", 36_000, "numpy scipy", ""),
    ("scipy", "1.11.4", 110_000, "numpy", ""),
    ("six", "1.16.0", 40, "", ""),
    ("sniffio", "1.3.0", 30, "", ""),
    ("sqlalchemy", "2.0.25", 14_000, "typing-extensions greenlet", ""),
    ("starlette", "0.32.0", 500, "anyio", ""),
    ("tensorflow", "2.15.0", 1_300_000, "numpy", ""),
    ("torch", "2.1.2", 1_700_000, "numpy typing-extensions", ""),
    ("typing-extensions", "4.9.0", 220, "", ""),
    ("urllib3", "2.1.0", 560, "", ""),
    ("uvicorn", "0.25.0", 420, "click h11", "uvicorn"),
    ("werkzeug", "3.0.1", 1_200, "markupsafe", ""),
];

/// A package to install.
struct Wanted {
    name: String,
    version: String,
}

fn known(name: &str) -> Option<&'static (&'static str, &'static str, u64, &'static str, &'static str)> {
    KNOWN.binary_search_by(|row| row.0.cmp(name)).ok().and_then(|at| KNOWN.get(at))
}

/// PEP 503: lower case, one dash.
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

/// `name[extra]>=1.0; marker`.
fn requirement(line: &str) -> Option<Wanted> {
    let line = line.split(['#', ';']).next().unwrap_or("").trim();
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    if name.is_empty() || name.starts_with('-') {
        return None;
    }
    let rest = rest.split_once(']').map_or(rest, |(_, rest)| rest).trim();
    let pinned =
        rest.strip_prefix("===").or_else(|| rest.strip_prefix("==")).map(|v| v.trim().trim_end_matches(".*"));
    let name = normal(name);
    let version = pinned.map_or_else(|| known(&name).map_or("1.0.0", |row| row.1).to_owned(), str::to_owned);
    let version: String =
        version.chars().filter(|c| c.is_ascii_alphanumeric() || ".+-_!".contains(*c)).collect();
    Some(Wanted { name, version })
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let (mut command, mut operands, mut files) = (None, Vec::new(), Vec::new());
    let (mut cache, mut quiet, mut target, mut user) = (true, false, None, false);
    cache &=
        !call.env.get("PIP_NO_CACHE_DIR").is_some_and(|v| !matches!(v.as_str(), "" | "0" | "off" | "false"));
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-r" | "--requirement" => files.extend(words.next().cloned()),
            "--no-cache-dir" => cache = false,
            "-q" | "--quiet" | "-qq" => quiet = true,
            "-t" | "--target" => target = words.next().cloned(),
            "--user" => user = true,
            "-c" | "--constraint" | "-i" | "--index-url" | "--extra-index-url" | "-f" | "--find-links"
            | "--prefix" | "--root" | "--timeout" | "--trusted-host" => {
                words.next();
            }
            "--version" | "-V" => {
                call.out("pip 23.2.1 from /usr/local/lib/python3.12/site-packages/pip (python 3.12)\n");
                return 0;
            }
            word => match word
                .strip_prefix("--requirement=")
                .or_else(|| word.strip_prefix("-r").filter(|f| !f.is_empty()))
            {
                Some(file) => files.push(file.to_owned()),
                None => match word.strip_prefix("--target=") {
                    Some(dir) => target = Some(dir.to_owned()),
                    None if word.starts_with('-') => {}
                    None if command.is_none() => command = Some(word.to_owned()),
                    None => operands.push(word.to_owned()),
                },
            },
        }
    }
    let site = match target {
        Some(dir) => dir,
        None => site_packages(call, user),
    };
    match command.as_deref().unwrap_or("") {
        "install" => install(call, &operands, &files, &site, cache, quiet),
        "uninstall" => uninstall(call, &operands, &site),
        "list" | "freeze" => list(call, &site, command.as_deref() == Some("freeze")),
        "show" => show(call, &operands, &site),
        "cache" | "config" | "check" => 0,
        "download" | "wheel" => call.m.not_modelled(&format!("pip {}", command.unwrap_or_default())),
        "" => {
            call.out("\nUsage:\n  pip <command> [options]\n");
            0
        }
        other => {
            call.err(&format!("ERROR: unknown command \"{other}\"\n"));
            1
        }
    }
}

/// Where packages go: below the newest Python of the image, or a virtual environment.
fn site_packages(call: &mut Call<'_, '_>, user: bool) -> String {
    let home = call.env.get("HOME").cloned().unwrap_or_else(|| "/root".to_owned());
    let mut roots = vec!["/usr/local/lib".to_owned(), "/usr/lib".to_owned()];
    if let Some(root) = call.env.get("VIRTUAL_ENV") {
        roots.insert(0, format!("{root}/lib"));
    }
    for root in roots {
        let names = call.m.readdir(root.as_bytes()).unwrap_or_default();
        let python = names
            .iter()
            .rev()
            .find(|name| name.starts_with(b"python3."))
            .map(|name| crate::shell::text::decode(name));
        if let Some(python) = python {
            return if user {
                format!("{home}/.local/lib/{python}/site-packages")
            } else {
                format!("{root}/{python}/site-packages")
            };
        }
    }
    "/usr/local/lib/python3.12/site-packages".to_owned()
}

fn commands(site: &str) -> String {
    match site.rsplit_once("/lib/python") {
        Some((root, _)) => format!("{root}/bin"),
        None => format!("{site}/bin"),
    }
}

fn install(
    call: &mut Call<'_, '_>,
    operands: &[String],
    files: &[String],
    site: &str,
    cache: bool,
    quiet: bool,
) -> i32 {
    let mut wanted: Vec<Wanted> = Vec::new();
    for file in files {
        if !call.m.exists(file.as_bytes()) {
            call.err(&format!(
                "ERROR: Could not open requirements file: [Errno 2] No such file or directory: '{file}'\n"
            ));
            return 1;
        }
        let source = writer::text(call, file);
        wanted.extend(source.lines().filter_map(requirement));
    }
    for operand in operands {
        let local = matches!(operand.as_str(), "." | "./")
            || operand.starts_with("./")
            || operand.starts_with(".[")
            || operand.starts_with('/');
        if local {
            call.m.not_modelled(&format!("pip install {operand}"));
        } else {
            wanted.extend(requirement(operand));
        }
    }
    if wanted.is_empty() && operands.is_empty() && files.is_empty() {
        call.err("ERROR: You must give at least one requirement to install (see \"pip help install\")\n");
        return 1;
    }
    let mut chosen: Vec<Wanted> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<Wanted> = wanted.into_iter().rev().collect();
    while let Some(package) = open.pop() {
        let at = info_dir(site, &package);
        if call.m.exists(at.as_bytes()) {
            if !quiet {
                call.out(&format!(
                    "Requirement already satisfied: {} in {site} ({})\n",
                    package.name, package.version
                ));
            }
            continue;
        }
        if !seen.insert(package.name.clone()) {
            continue;
        }
        let needs = known(&package.name).map_or("", |row| row.3);
        open.extend(needs.split_whitespace().rev().filter_map(requirement));
        chosen.push(package);
    }
    let mut total = 0;
    for package in &chosen {
        if call.m.stopped() {
            return 1;
        }
        let size = size(&package.name);
        total += size;
        if !quiet {
            let wheel = format!("{}-{}-py3-none-any.whl", package.name.replace('-', "_"), package.version);
            call.out(&format!("Collecting {}\n  Downloading {wheel} ({} kB)\n", package.name, size * 2 / 5));
        }
        if let Err(errno) = unpack(call, package, site, size, cache) {
            let message = call.m.message(errno);
            call.err(&format!("ERROR: Could not install packages due to an OSError: [Errno {}] {message}: '{site}'\nCheck the permissions.\n\n", errno.number()));
            return 1;
        }
    }
    call.takes(1.0 + chosen.len() as f64 * 0.4 + total as f64 / 15_000.0);
    if !quiet && !chosen.is_empty() {
        let mut names: Vec<String> =
            chosen.iter().map(|package| format!("{}-{}", package.name, package.version)).collect();
        names.sort();
        let short: Vec<&str> = chosen.iter().map(|package| package.name.as_str()).collect();
        call.out(&format!(
            "Installing collected packages: {}\nSuccessfully installed {}\n",
            short.join(", "),
            names.join(" ")
        ));
    }
    if call.m.cred.uid == 0
        && !chosen.is_empty()
        && call.env.get("VIRTUAL_ENV").is_none()
        && call.env.get("PIP_ROOT_USER_ACTION").is_none()
    {
        call.err("WARNING: Running pip as the 'root' user can result in broken permissions and conflicting behaviour with the system package manager. It is recommended to use a virtual environment instead: https://pip.pypa.io/warnings/venv\n");
    }
    0
}

fn size(name: &str) -> u64 {
    known(name).map_or_else(|| 60 + writer::weight(name) % 700, |row| row.2)
}

fn info_dir(site: &str, package: &Wanted) -> String {
    format!("{site}/{}-{}.dist-info", package.name.replace('-', "_"), package.version)
}

fn unpack(call: &mut Call<'_, '_>, package: &Wanted, site: &str, kib: u64, cache: bool) -> Result<(), Errno> {
    let folder = package.name.replace('-', "_");
    let label = format!("pip {}=={}", package.name, package.version);
    let dir = format!("{site}/{folder}");
    let bytes = kib * 1024;
    let count = (bytes / 60_000).clamp(2, 120);
    let names = ["__init__.py", "core.py", "utils.py", "models.py", "errors.py", "_native.so"];
    let written = writer::spread(call, &dir, &label, bytes * 6 / 10, count, &names)?;
    // Compiled beside the sources, as pip does.
    let compiled = count.min(40);
    writer::spread(
        call,
        &format!("{dir}/__pycache__"),
        &label,
        bytes * 4 / 10,
        compiled,
        &["__init__.cpython.pyc", "core.cpython.pyc"],
    )?;
    let info = info_dir(site, package);
    let metadata = format!("Metadata-Version: 2.1\nName: {}\nVersion: {}\n", package.name, package.version);
    writer::file(call, &format!("{info}/METADATA"), Contents::text(&metadata), 0o644)?;
    writer::file(call, &format!("{info}/INSTALLER"), Contents::text("pip\n"), 0o644)?;
    let prefix = format!("{site}/");
    let record: String =
        written.iter().map(|file| format!("{},,\n", file.trim_start_matches(&prefix))).collect();
    writer::file(call, &format!("{info}/RECORD"), Contents::text(&record), 0o644)?;
    let bin = known(&package.name).map_or("", |row| row.4);
    if !bin.is_empty() {
        writer::file(call, &format!("{}/{bin}", commands(site)), Contents::of_program(bin, 240), 0o755)?;
    }
    if cache {
        let home = call.env.get("HOME").cloned().unwrap_or_else(|| "/root".to_owned());
        let hash = crate::fs::Digest::of(&label).hex();
        let (a, b) = (hash.get(..1).unwrap_or("0"), hash.get(1..2).unwrap_or("0"));
        writer::described(call, &format!("{home}/.cache/pip/http/{a}/{b}/{hash}"), &label, bytes * 2 / 5)?;
    }
    Ok(())
}

/// Installed packages: name and version.
fn installed(call: &mut Call<'_, '_>, site: &str) -> Vec<(String, String)> {
    let names = call.m.readdir(site.as_bytes()).unwrap_or_default();
    let mut found: Vec<(String, String)> = names
        .iter()
        .filter_map(|name| std::str::from_utf8(name).ok()?.strip_suffix(".dist-info")?.rsplit_once('-'))
        .map(|(name, version)| (name.replace('_', "-"), version.to_owned()))
        .collect();
    found.sort();
    found
}

fn list(call: &mut Call<'_, '_>, site: &str, freeze: bool) -> i32 {
    let found = installed(call, site);
    if !freeze {
        call.out("Package            Version\n------------------ -------\n");
    }
    for (name, version) in found {
        if freeze {
            if !matches!(name.as_str(), "pip" | "setuptools" | "wheel") {
                call.out(&format!("{name}=={version}\n"));
            }
        } else {
            call.out(&format!("{name:<18} {version}\n"));
        }
    }
    0
}

fn show(call: &mut Call<'_, '_>, names: &[String], site: &str) -> i32 {
    let found = installed(call, site);
    for name in names {
        match found.iter().find(|(known, _)| *known == normal(name)) {
            Some((name, version)) => {
                call.out(&format!("Name: {name}\nVersion: {version}\nLocation: {site}\n"))
            }
            None => {
                call.err(&format!("WARNING: Package(s) not found: {name}\n"));
                return 1;
            }
        }
    }
    0
}

fn uninstall(call: &mut Call<'_, '_>, names: &[String], site: &str) -> i32 {
    for name in names {
        let name = normal(name);
        let Some((_, version)) = installed(call, site).into_iter().find(|(known, _)| *known == name) else {
            call.err(&format!("WARNING: Skipping {name} as it is not installed.\n"));
            continue;
        };
        let folder = name.replace('-', "_");
        call.start(vec![
            "rm".to_owned(),
            "-rf".to_owned(),
            format!("{site}/{folder}"),
            format!("{site}/{folder}-{version}.dist-info"),
        ]);
        call.out(&format!("Found existing installation: {name} {version}\nUninstalling {name}-{version}:\n  Successfully uninstalled {name}-{version}\n"));
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements() {
        assert!(KNOWN.is_sorted_by(|a, b| a.0 < b.0));
        let read = |line: &str| requirement(line).map(|w| format!("{} {}", w.name, w.version));
        assert_eq!(read("Flask==2.0.1  # web").as_deref(), Some("flask 2.0.1"));
        assert_eq!(read("uvicorn[standard]>=0.20; python_version > '3'").as_deref(), Some("uvicorn 0.25.0"));
        assert_eq!(read("# nothing"), None);
        assert_eq!(read("-r other.txt"), None);
    }
}
