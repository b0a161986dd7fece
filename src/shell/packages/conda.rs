//! `conda` and `mamba`: packages unpacked in `pkgs`, linked into an environment, noted in `conda-meta`.

use super::table::{Package, Registry, Table};
use super::{version, writer};
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was asked for.
#[derive(Default)]
struct Request {
    words: Vec<String>,
    name: Option<String>,
    prefix: Option<String>,
    file: Option<String>,
    yes: bool,
    flags: Vec<String>,
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let mut request = Request::default();
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--version" | "-V" => {
                call.out("conda 23.11.0\n");
                return 0;
            }
            "-n" | "--name" => request.name = words.next().cloned(),
            "-p" | "--prefix" => request.prefix = words.next().cloned(),
            "-f" | "--file" if !request.words.contains(&"clean".to_owned()) => {
                request.file = words.next().cloned()
            }
            "-c" | "--channel" => drop(words.next().cloned()),
            "-y" | "--yes" => request.yes = true,
            word if word.starts_with("--file=") => request.file = word.get(7..).map(str::to_owned),
            word if word.starts_with('-') => request.flags.push(word.to_owned()),
            word => request.words.push(word.to_owned()),
        }
    }
    let words: Vec<&str> = request.words.iter().map(String::as_str).collect();
    match words[..] {
        ["install", ..] => {
            let specs = request.words.get(1..).unwrap_or_default().to_vec();
            install(call, &request, specs)
        }
        ["create", ..] => {
            let specs = request.words.get(1..).unwrap_or_default().to_vec();
            install(call, &request, specs)
        }
        ["env", "create" | "update", ..] => environment(call, &request),
        ["list", ..] => list(call, &request),
        ["clean", ..] => clean(call, &request),
        ["remove" | "uninstall", ..] => remove(call, &request),
        ["config" | "init" | "activate" | "deactivate" | "info", ..] => 0,
        ["update" | "run" | "search" | "build" | "env" | "upgrade", ..] => {
            call.m.not_modelled(&format!("conda {}", words.join(" ")))
        }
        [] => {
            call.out("usage: conda [-h] [-v] [--no-plugins] [-V] COMMAND ...\n");
            0
        }
        [other, ..] => {
            call.err(&format!("conda: error: argument COMMAND: invalid choice: '{other}'\n"));
            2
        }
    }
}

/// Conda's own directory: the program's, two levels up.
fn root(call: &mut Call<'_, '_>) -> String {
    for root in ["/opt/conda", "/opt/miniconda3", "/root/miniconda3", "/opt/mambaforge"] {
        if call.m.is_dir(root.as_bytes()) {
            return root.to_owned();
        }
    }
    "/opt/conda".to_owned()
}

fn prefix(call: &mut Call<'_, '_>, request: &Request) -> String {
    let root = root(call);
    match (&request.prefix, &request.name) {
        (Some(prefix), _) => crate::fs::path::absolute(&call.cwd(), prefix),
        (None, Some(name)) if name != "base" && safe(name) => format!("{root}/envs/{name}"),
        _ => root,
    }
}

fn safe(word: &str) -> bool {
    !word.is_empty()
        && word.len() < 200
        && !word.starts_with('.')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+!".contains(c))
}

/// `numpy=1.26`, `numpy>=1.2`, `conda-forge::numpy`: name and the version that is asked for.
fn spec(word: &str) -> (String, Option<String>) {
    let word = word.rsplit("::").next().unwrap_or(word).trim();
    let end = word.find(['=', '<', '>', '!', ' ', '[']).unwrap_or(word.len());
    let (name, rest) = word.split_at(end);
    let exact = rest.starts_with('=').then(|| rest.trim_start_matches('=').split('=').next().unwrap_or(""));
    (name.to_lowercase(), exact.filter(|v| !v.is_empty()).map(|v| v.trim_end_matches(".*").to_owned()))
}

/// The `dependencies:` of an `environment.yml`, its name, and what pip is to bring.
fn environment_file(source: &str) -> (Option<String>, Vec<String>, Vec<String>) {
    let (mut name, mut specs, mut pip) = (None, Vec::new(), Vec::new());
    let (mut inside, mut nested) = (false, false);
    for line in source.lines() {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if !line.starts_with([' ', '-']) {
            inside = text.starts_with("dependencies:");
            name = text.strip_prefix("name:").map(|name| name.trim().to_owned()).or(name);
            continue;
        }
        let Some(item) = text.strip_prefix("- ").filter(|_| inside) else { continue };
        let deep = line.len() - line.trim_start().len() >= 4;
        if item.trim_end_matches(':') == "pip" && item.ends_with(':') {
            nested = true;
        } else if nested && deep {
            pip.push(item.to_owned());
        } else {
            nested = false;
            specs.push(item.to_owned());
        }
    }
    (name, specs, pip)
}

fn environment(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let file = request.file.clone().unwrap_or_else(|| "environment.yml".to_owned());
    if !call.m.exists(file.as_bytes()) {
        let at = crate::fs::path::absolute(&call.cwd(), &file);
        call.err(&format!("\nEnvironmentFileNotFound: '{at}' file not found\n\n"));
        return 1;
    }
    let (name, specs, pip) = environment_file(&writer::text(call, &file));
    let request = Request {
        name: request.name.clone().or(name),
        prefix: request.prefix.clone(),
        yes: true,
        ..Request::default()
    };
    let status = install(call, &request, specs);
    if status == 0 && !pip.is_empty() {
        let prefix = prefix(call, &request);
        let mut argv = vec!["pip".to_owned(), "install".to_owned(), "--target".to_owned()];
        argv.push(format!("{prefix}/lib/python3.11/site-packages"));
        argv.extend(pip);
        let (env, fds) = (call.env, call.fds);
        let mut inner = Call::new(call.m, "pip", &argv, env, fds, false);
        let status = super::pip::run(&mut inner);
        return inner.finish(status);
    }
    status
}

fn install(call: &mut Call<'_, '_>, request: &Request, mut specs: Vec<String>) -> i32 {
    if let Some(file) = &request.file {
        let text = writer::text(call, file);
        specs.extend(
            text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned),
        );
    }
    let table = Table::of(Registry::Conda, &call.m.packages);
    call.out("Collecting package metadata (repodata.json): ...working... done\nSolving environment: ...working... ");
    let mut chosen: BTreeMap<String, (String, Arc<Package>)> = BTreeMap::new();
    let mut missing = Vec::new();
    let mut open: Vec<(String, Option<String>)> = specs.iter().map(|word| spec(word)).collect();
    while let Some((name, wanted)) = open.pop() {
        if chosen.contains_key(&name) {
            continue;
        }
        let known = table.get(&name).filter(|known| {
            !wanted.as_ref().is_some_and(|wanted| version::compare(wanted, &known.version).is_gt())
        });
        let Some(known) = known else {
            missing.push(wanted.map_or_else(|| name.clone(), |wanted| format!("{name}={wanted}")));
            continue;
        };
        open.extend(known.depends.iter().map(|name| (name.to_string(), None)));
        let version = wanted.filter(|v| safe(v)).unwrap_or_else(|| known.version.to_string());
        chosen.insert(name, (version, known));
    }
    if !missing.is_empty() {
        let list: String = missing.iter().map(|name| format!("  - {name}\n")).collect();
        call.out("failed\n");
        call.err(&format!("\nPackagesNotFoundError: The following packages are not available from current channels:\n\n{list}\nCurrent channels:\n\n  - https://repo.anaconda.com/pkgs/main/linux-64\n  - https://repo.anaconda.com/pkgs/main/noarch\n  - https://repo.anaconda.com/pkgs/r/linux-64\n  - https://repo.anaconda.com/pkgs/r/noarch\n\n"));
        return 1;
    }
    call.out("done\n");
    let prefix = prefix(call, request);
    let total: u64 = chosen.values().fold(0, |sum, (_, package)| sum.saturating_add(package.archive));
    call.out(&format!(
        "\n## Package Plan ##\n\n  environment location: {prefix}\n\n  added / updated specs:\n{}\n\n",
        specs.iter().map(|spec| format!("    - {spec}")).collect::<Vec<_>>().join("\n")
    ));
    if !request.yes {
        call.err("\nEOFError: EOF when reading a line\n");
        return 1;
    }
    for (name, (version, known)) in &chosen {
        if let Err(errno) = place(call, &prefix, name, version, known) {
            return call.fail_errno(&prefix, errno);
        }
    }
    if let Err(errno) =
        writer::append(call, &format!("{prefix}/conda-meta/history"), "==> 2024-01-01 00:00:00 <==\n")
    {
        return call.fail_errno(&prefix, errno);
    }
    call.out("\nDownloading and Extracting Packages: ...working... done\nPreparing transaction: ...working... done\nVerifying transaction: ...working... done\nExecuting transaction: ...working... done\n");
    call.takes(8.0 + total as f64 / 10e6);
    0
}

/// The archive and the unpacked package in `pkgs`; its files in the environment, and their note.
fn place(
    call: &mut Call<'_, '_>,
    prefix: &str,
    name: &str,
    version: &str,
    known: &Package,
) -> Result<(), Errno> {
    let root = root(call);
    let stem = format!("{name}-{version}-0");
    let meta = format!("{prefix}/conda-meta/{stem}.json");
    if call.m.exists(meta.as_bytes()) {
        return Ok(());
    }
    let label = format!("conda {name} {version}");
    let count = (known.size / 60_000).clamp(2, 200);
    writer::described(call, &format!("{root}/pkgs/{stem}.conda"), &label, known.archive)?;
    let shared = format!("{root}/pkgs/{stem}/lib/{name}");
    let names = ["core.so", "data.bin", "util.py"];
    let written = writer::spread(call, &shared, &label, known.size, count, &names)?;
    // Hard links, as conda makes them on one file system.
    for file in &written {
        let at = file.replacen(&format!("{root}/pkgs/{stem}"), prefix, 1);
        writer::parents(call, &at)?;
        match call.m.link(file.as_bytes(), at.as_bytes()) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    writer::taught(call, known, prefix)?;
    for bin in &known.programs {
        let tag = super::deb_files::behaviour(bin);
        writer::file(call, &format!("{prefix}/bin/{bin}"), Contents::of_program(tag, 2_400), 0o755)?;
    }
    let text = format!(
        "{{\n  \"name\": \"{name}\",\n  \"version\": \"{version}\",\n  \"build\": \"0\",\n  \"channel\": \"defaults\"\n}}\n"
    );
    writer::file(call, &meta, Contents::text(&text), 0o644)
}

fn installed(call: &mut Call<'_, '_>, prefix: &str) -> Vec<(String, String)> {
    let names = call.m.readdir(format!("{prefix}/conda-meta").as_bytes()).unwrap_or_default();
    let stems = names.iter().filter_map(|name| std::str::from_utf8(name).ok()?.strip_suffix("-0.json"));
    stems.filter_map(|stem| stem.rsplit_once('-')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn list(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let prefix = prefix(call, request);
    call.out(&format!("# packages in environment at {prefix}:\n#\n# Name                    Version                   Build  Channel\n"));
    for (name, version) in installed(call, &prefix) {
        call.out(&format!("{name:<25} {version:<25} 0  defaults\n"));
    }
    0
}

fn remove(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let prefix = prefix(call, request);
    for name in request.words.iter().skip(1) {
        let Some((_, version)) = installed(call, &prefix).into_iter().find(|(known, _)| known == name) else {
            call.err(&format!("\nPackagesNotFoundError: The following packages are missing from the target environment:\n  - {name}\n\n"));
            return 1;
        };
        call.start(vec![
            "rm".to_owned(),
            "-rf".to_owned(),
            format!("{prefix}/lib/{name}"),
            format!("{prefix}/conda-meta/{name}-{version}-0.json"),
        ]);
    }
    0
}

/// `conda clean -afy`: archives go, and unpacked packages; what environments link to stays theirs.
fn clean(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let root = root(call);
    let has = |letter: char, long: &str| {
        request.flags.iter().any(|flag| flag == long || !flag.starts_with("--") && flag.contains(letter))
    };
    let pkgs = format!("{root}/pkgs");
    let all = has('a', "--all");
    let mut gone = Vec::new();
    for name in call.m.readdir(pkgs.as_bytes()).unwrap_or_default() {
        let name = crate::shell::text::decode(&name);
        let archive = name.ends_with(".conda") || name.ends_with(".tar.bz2");
        if archive && (all || has('t', "--tarballs"))
            || !archive && (all && has('f', "--force-pkgs-dirs") || has('p', "--packages"))
        {
            gone.push(format!("{pkgs}/{name}"));
        }
    }
    call.out(
        &format!("Will remove {} (unknown size) package(s).\n", gone.len()).replace(" (unknown size)", ""),
    );
    if gone.is_empty() {
        return 0;
    }
    let mut argv = vec!["rm".to_owned(), "-rf".to_owned()];
    argv.extend(gone);
    call.start(argv)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn environments_are_read() {
        let source = "name: ml\nchannels:\n  - defaults\ndependencies:\n  - python=3.11\n  - conda-forge::numpy>=1.2\n  - pip\n  - pip:\n      - flask==3.0.0\n";
        let (name, specs, pip) = environment_file(source);
        assert_eq!(name.as_deref(), Some("ml"));
        assert_eq!(specs, ["python=3.11", "conda-forge::numpy>=1.2", "pip"]);
        assert_eq!(pip, ["flask==3.0.0"]);
        assert_eq!(spec("python=3.11"), ("python".to_owned(), Some("3.11".to_owned())));
        assert_eq!(spec("conda-forge::numpy>=1.2"), ("numpy".to_owned(), None));
    }

    proptest! {
        #[test]
        fn any_text_is_read(source in "[ -:a-dp=\n]{0,200}") {
            let (_, specs, _) = environment_file(&source);
            specs.iter().for_each(|word| drop(spec(word)));
        }
    }
}
