//! The build script: packs the listings of the bases, the tables of packages and the course so that they take
//! little room in the binary.

use flate2::{Compression, write::GzEncoder};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const FOLDERS: [&str; 2] = ["src/image/catalog/trees", "src/shell/packages/data"];
const COURSE: &str = "scenarios/course";

fn main() -> Result<(), Box<dyn Error>> {
    writeln!(io::stdout(), "cargo:rerun-if-changed=src/image/catalog/pack.rs")?;
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    for folder in FOLDERS {
        writeln!(io::stdout(), "cargo:rerun-if-changed={folder}")?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let Some(name) = path.file_stem().filter(|_| path.extension().is_some_and(|end| end == "txt"))
            else {
                continue;
            };
            let mut packed = GzEncoder::new(Vec::new(), Compression::best());
            packed.write_all(&fs::read(&path)?)?;
            let mut name = name.to_owned();
            name.push(".gz");
            fs::write(Path::new(&out).join(name), packed.finish()?)?;
        }
    }
    writeln!(io::stdout(), "cargo:rerun-if-changed={COURSE}")?;
    let mut course = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    let mut files = Vec::new();
    collect(Path::new(COURSE), &mut files)?;
    files.sort();
    for path in files {
        let bytes = fs::read(&path)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        // Modes differ with the umask of whoever cloned this; a script is known by its first line.
        header.set_mode(if bytes.starts_with(b"#!") { 0o755 } else { 0o644 });
        let inside: Vec<_> = path.strip_prefix(COURSE)?.iter().map(|name| name.to_string_lossy()).collect();
        course.append_data(&mut header, inside.join("/"), bytes.as_slice())?;
    }
    fs::write(Path::new(&out).join("course.tar.gz"), course.into_inner()?.finish()?)?;
    Ok(())
}

/// All files below a folder. Cargo watches a folder's own entries, so each folder is named.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            writeln!(io::stdout(), "cargo:rerun-if-changed={}", path.display())?;
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
