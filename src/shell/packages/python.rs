//! `python3`: its version, `-m pip`, `-m venv`. What programs in Python do is not modelled.

use super::{pip, writer};
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let words: Vec<&str> = call.args().iter().map(String::as_str).collect();
    let rest = words.iter().position(|word| !matches!(*word, "-u" | "-B" | "-E" | "-s" | "-S" | "-I" | "-O"));
    match &words[rest.unwrap_or(words.len())..] {
        ["--version" | "-V" | "-VV", ..] => {
            let version = version(call);
            call.out(&format!("Python {version}\n"));
            0
        }
        ["-m", "pip", more @ ..] => as_pip(call, more),
        ["-m", "venv" | "virtualenv", more @ ..] => {
            let dirs: Vec<String> =
                more.iter().filter(|word| !word.starts_with('-')).map(|word| (*word).to_owned()).collect();
            for dir in dirs {
                if let Err(errno) = environment(call, &dir) {
                    return call.fail_errno(&dir, errno);
                }
            }
            0
        }
        ["-m", module, ..] => call.m.not_modelled(&format!("python3 -m {module}")),
        ["-c", ..] => call.m.not_modelled("python3 -c"),
        [script, ..] if !script.starts_with('-') => {
            let at = crate::fs::path::absolute(&call.cwd(), script);
            if call.m.exists(at.as_bytes()) {
                return call.m.not_modelled(&format!("python3 {script}"));
            }
            let argv0 = call.argv.first().cloned().unwrap_or_default();
            call.err(&format!("{argv0}: can't open file '{at}': [Errno 2] No such file or directory\n"));
            2
        }
        // A script or a terminal on standard input.
        _ => call.m.not_modelled("python3"),
    }
}

/// `python3 -m pip …` is `pip …` of the same Python.
fn as_pip(call: &mut Call<'_, '_>, words: &[&str]) -> i32 {
    let pip = match call.argv.first().and_then(|argv0| argv0.rsplit_once('/')) {
        Some((dir, _)) => format!("{dir}/pip"),
        None => "pip".to_owned(),
    };
    let mut argv = vec![pip];
    argv.extend(words.iter().map(|word| (*word).to_owned()));
    let (env, fds) = (call.env, call.fds);
    let mut inner = Call::new(call.m, "pip", &argv, env, fds, false);
    let status = pip::run(&mut inner);
    inner.finish(status)
}

/// The version of the image's Python, from what lies beside it.
fn version(call: &mut Call<'_, '_>) -> String {
    let named = call.env.get("PYTHON_VERSION").cloned();
    named.unwrap_or_else(|| {
        for root in ["/usr/local/lib", "/usr/lib"] {
            let names = call.m.readdir(root.as_bytes()).unwrap_or_default();
            for name in names.iter().rev() {
                let name = crate::shell::text::decode(name);
                match name.strip_prefix("python") {
                    Some("3.11") => return "3.11.2".to_owned(),
                    Some("3.9") => return "3.9.2".to_owned(),
                    Some("3.10") => return "3.10.12".to_owned(),
                    Some(minor) if minor.starts_with("3.") => return format!("{minor}.0"),
                    _ => {}
                }
            }
        }
        "3.12.1".to_owned()
    })
}

/// A virtual environment: the interpreter as links, and pip.
fn environment(call: &mut Call<'_, '_>, dir: &str) -> Result<(), Errno> {
    let root = crate::fs::path::absolute(&call.cwd(), dir);
    let version = version(call);
    let minor: String = version.split('.').take(2).collect::<Vec<_>>().join(".");
    let local = call.m.exists(b"/usr/local/bin/python3");
    let home = if local { "/usr/local/bin" } else { "/usr/bin" };
    let config = format!(
        "home = {home}\ninclude-system-site-packages = false\nversion = {version}\nexecutable = {home}/python{minor}\ncommand = {home}/python3 -m venv {root}\n"
    );
    writer::file(call, &format!("{root}/pyvenv.cfg"), Contents::text(&config), 0o644)?;
    writer::link(call, &format!("{root}/bin/python3"), &format!("{home}/python3"))?;
    writer::link(call, &format!("{root}/bin/python"), "python3")?;
    writer::link(call, &format!("{root}/bin/python{minor}"), "python3")?;
    writer::directories(call, format!("{root}/include/python{minor}").as_bytes())?;
    writer::link(call, &format!("{root}/lib64"), "lib")?;
    for name in ["activate", "activate.csh", "activate.fish", "Activate.ps1"] {
        let text = match name {
            "activate" => format!(
                "VIRTUAL_ENV={root}\nexport VIRTUAL_ENV\nPATH=\"$VIRTUAL_ENV/bin:$PATH\"\nexport PATH\nunset PYTHONHOME\n"
            ),
            _ => format!("# {name} of {root}\n"),
        };
        writer::file(call, &format!("{root}/bin/{name}"), Contents::text(&text), 0o644)?;
    }
    for name in ["pip".to_owned(), "pip3".to_owned(), format!("pip{minor}")] {
        writer::file(call, &format!("{root}/bin/{name}"), Contents::of_program("pip", 240), 0o755)?;
    }
    let site = format!("{root}/lib/python{minor}/site-packages");
    let metadata = "Metadata-Version: 2.1\nName: pip\nVersion: 23.2.1\n";
    writer::file(call, &format!("{site}/pip-23.2.1.dist-info/METADATA"), Contents::text(metadata), 0o644)?;
    writer::spread(call, &format!("{site}/pip"), "pip 23.2.1", 11_000_000, 120, &["__init__.py", "main.py"])?;
    call.takes(3.0);
    Ok(())
}
