//! The build script: packs the listings of the bases and the tables of packages so that they take little
//! room in the binary.

use flate2::{Compression, write::GzEncoder};
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::{env, fs, io};

const FOLDERS: [&str; 2] = ["src/image/catalog/trees", "src/shell/packages/data"];

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
    Ok(())
}
