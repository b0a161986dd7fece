//! The kernel's overlay on a tmpfs, through ordinary system calls.

use crate::work::{BIG_BYTES, Contender, FILE_BYTES, LAYERS, Work, bytes};
use std::fs::{self, OpenOptions};
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub struct Kernel {
    root: PathBuf,
    mounted: bool,
    fresh_number: usize,
    stats: Vec<PathBuf>,
    dirs: Vec<PathBuf>,
    files: Vec<PathBuf>,
    big: Vec<PathBuf>,
}

fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

fn file(root: &Path, path: &str, data: &[u8]) -> Result<(), String> {
    let path = root.join(&path[1..]);
    fs::create_dir_all(path.parent().unwrap()).map_err(|error| error.to_string())?;
    fs::write(path, data).map_err(|error| error.to_string())
}

impl Kernel {
    /// # Errors
    /// Why no overlay can be mounted here.
    pub fn new(work: &Work) -> Result<Kernel, String> {
        let root = std::env::temp_dir().join(format!("layerlab-{}", std::process::id()));
        fs::create_dir_all(&root).map_err(|error| error.to_string())?;
        let merged = root.join("m");
        let paths =
            |names: &[String]| names.iter().map(|name| merged.join(&name[1..])).collect::<Vec<PathBuf>>();
        let (stats, dirs) = (paths(&work.stats), paths(&work.dirs));
        let (files, big) = (paths(&work.changed), paths(&work.big));
        run("mount", &["-t", "tmpfs", "-o", "size=2g,nr_inodes=1m", "tmpfs", root.to_str().unwrap()])?;
        let mut kernel = Kernel { root, mounted: false, fresh_number: 0, stats, dirs, files, big };
        kernel.fill(work)?;
        kernel.mount()?;
        Ok(kernel)
    }

    fn fill(&self, work: &Work) -> Result<(), String> {
        let mut number = 0;
        for layer in 0..LAYERS {
            let root = self.root.join(layer.to_string());
            for path in work.layer(layer) {
                file(&root, path, &bytes(number, FILE_BYTES))?;
                number += 1;
            }
        }
        let bottom = self.root.join((LAYERS - 1).to_string());
        work.big.iter().enumerate().try_for_each(|(n, path)| file(&bottom, path, &bytes(n, BIG_BYTES)))
    }

    /// Mounts the layers with an upper that nobody used before.
    fn mount(&mut self) -> Result<(), String> {
        if self.mounted {
            run("umount", &[self.root.join("m").to_str().unwrap()])?;
            fs::remove_dir_all(self.root.join(format!("u{}", self.fresh_number))).unwrap();
            run("rm", &["-rf", self.root.join(format!("w{}", self.fresh_number)).to_str().unwrap()])?;
            self.mounted = false;
        }
        self.fresh_number += 1;
        let at = |name: String| self.root.join(name).display().to_string();
        let (upper, work) = (at(format!("u{}", self.fresh_number)), at(format!("w{}", self.fresh_number)));
        for dir in [&upper, &work, &at("m".to_owned())] {
            fs::create_dir_all(dir).map_err(|error| error.to_string())?;
        }
        let lowers: Vec<String> = (0..LAYERS).map(|layer| at(layer.to_string())).collect();
        let options = format!("lowerdir={},upperdir={upper},workdir={work}", lowers.join(":"));
        run("mount", &["-t", "overlay", "-o", &options, "overlay", &at("m".to_owned())])?;
        self.mounted = true;
        Ok(())
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        if self.mounted {
            let _ = run("umount", &[&self.root.join("m").display().to_string()]);
        }
        let _ = run("umount", &[&self.root.display().to_string()]);
        let _ = fs::remove_dir(&self.root);
    }
}

fn append(path: &Path) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(b"x").unwrap();
}

impl Contender for Kernel {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn fresh(&mut self) {
        self.mount().expect("it could be mounted before");
    }

    fn stat(&mut self, at: usize) -> bool {
        black_box(fs::metadata(&self.stats[at])).is_ok()
    }

    fn list(&mut self, at: usize) -> usize {
        fs::read_dir(&self.dirs[at]).unwrap().map(|entry| drop(black_box(entry))).count()
    }

    fn append(&mut self, at: usize) {
        append(&self.files[at]);
    }

    fn append_big(&mut self, at: usize) {
        append(&self.big[at]);
    }

    fn unlink(&mut self, at: usize) {
        fs::remove_file(&self.files[at]).unwrap();
    }
}
