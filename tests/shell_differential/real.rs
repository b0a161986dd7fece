//! The real side: busybox-static, dash and bash in a chroot on a tmpfs.
//!
//! All of it happens in namespaces of the calling thread's own (mounts, processes), so nothing that a line
//! does is seen outside, and nothing is left behind.

use crate::answer::{self, Answer};
use crate::case::{Case, Copied, Shell};
use crate::rootfs::{APPLETS, ENTRIES, ENVIRONMENT, Entry, FOLDER};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use rustix::fs::{Mode, OFlags};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A line that takes longer is stopped and not compared.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of output that are compared at most.
const LOUD: usize = 256 << 10;

/// Why the real programs could not be asked.
#[derive(Debug)]
pub enum Refusal {
    /// The machine lacks what it takes.
    Lacking(String),
    /// The line did not end in time: the chroot is gone with it.
    Endless,
    /// It printed more than is worth comparing.
    Loud,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Lacking(what) => f.write_str(what),
            Refusal::Endless => f.write_str("did not end"),
            Refusal::Loud => f.write_str("printed too much"),
        }
    }
}

fn lacking(what: &str) -> impl Fn(std::io::Error) -> Refusal + '_ {
    move |error| Refusal::Lacking(format!("{what}: {error}"))
}

/// The versions whose words the lab speaks; others are not compared.
const VERSIONS: [(Shell, &str, &[&str], &str); 3] = [
    (Shell::Ash, "busybox", &["--help"], "BusyBox v1.3"),
    (Shell::Dash, "dash", &["-c", "echo dash"], "dash"),
    (Shell::Bash, "bash", &["--version"], "version 5.2"),
];

/// The shells of this machine that can be asked, and a line for each one that can't.
pub fn shells() -> (Vec<Shell>, Vec<String>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for (shell, program, arguments, version) in VERSIONS {
        let said = Command::new(program).args(arguments).stdin(Stdio::null()).output();
        match said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned()) {
            Ok(text) if text.contains(version) => found.push(shell),
            Ok(text) => missing.push(format!("{program}: {:?}", text.lines().next().unwrap_or(""))),
            Err(error) => missing.push(format!("{program}: {error}")),
        }
    }
    (found, missing)
}

/// A chroot of the calling thread's own.
pub struct Machine {
    /// The first process of the lines' process namespace: they die with it.
    init: Child,
    before: BTreeMap<String, Held>,
    stop: Arc<Mutex<Option<Instant>>>,
}

/// What stands at a path, and enough to put it back.
#[derive(Clone, PartialEq)]
struct Held {
    told: String,
    /// Number of the inode and time of its last change, for what is too large to compare.
    stamp: Option<(u64, i64, i64)>,
    data: Vec<u8>,
}

impl Machine {
    /// Makes the calling thread ready: its own namespaces, root directory and umask.
    ///
    /// # Errors
    /// What is missing: rights, or a program.
    pub fn begin() -> Result<Machine, Refusal> {
        let namespaces = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWUTS;
        unshare(namespaces).map_err(|e| Refusal::Lacking(format!("unshare: {e}")))?;
        // The lab's host.
        rustix::system::sethostname(b"lab").map_err(|e| Refusal::Lacking(format!("sethostname: {e}")))?;
        let mounted = |what, at: &str, kind, flags, data| {
            mount(what, at, kind, flags, data).map_err(|e| Refusal::Lacking(format!("mount {at}: {e}")))
        };
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mounted(None::<&str>, "/", None::<&str>, private, None::<&str>)?;
        let programs = programs()?;
        let base = std::env::temp_dir().canonicalize().map_err(lacking("temporary folder"))?;
        let base = base.to_string_lossy().into_owned();
        mounted(Some("tmpfs"), &base, Some("tmpfs"), MsFlags::empty(), Some("size=256m,mode=755"))?;
        rustix::process::umask(Mode::empty());
        populate(&base, &programs).map_err(lacking("the tree"))?;
        mounted(
            Some("tmpfs"),
            &format!("{base}/dev"),
            Some("tmpfs"),
            MsFlags::empty(),
            Some("size=1m,mode=755"),
        )?;
        devices(&base).map_err(lacking("devices"))?;
        mounted(Some("proc"), &format!("{base}/proc"), Some("proc"), MsFlags::MS_RDONLY, None)?;
        rustix::process::chroot(&base).map_err(|e| Refusal::Lacking(format!("chroot: {e}")))?;
        rustix::process::chdir("/").map_err(|e| Refusal::Lacking(format!("chdir: {e}")))?;
        let stop = Arc::new(Mutex::new(None));
        // Threads can't be made after the process namespace is left.
        let (tell, init) = std::sync::mpsc::channel();
        watch(Arc::clone(&stop), init);
        unshare(CloneFlags::CLONE_NEWPID).map_err(|e| Refusal::Lacking(format!("unshare: {e}")))?;
        let init = Command::new("/bin/busybox")
            .args(["sh", "-c", "while read x; do :; done"])
            .stdin(Stdio::piped())
            .spawn()
            .map_err(lacking("busybox"))?;
        let _ = tell.send(init.id());
        rustix::process::umask(Mode::from_raw_mode(0o022));
        let before = look(&BTreeMap::new());
        Ok(Machine { init, before, stop })
    }

    /// What the real shell does with a line.
    ///
    /// # Errors
    /// It did not end in time. The machine is of no use afterwards.
    pub fn answer(&mut self, case: &Case) -> Result<Answer, Refusal> {
        rustix::process::umask(Mode::empty());
        for file in &case.files {
            copy(file).map_err(lacking("COPY"))?;
        }
        rustix::process::umask(Mode::from_raw_mode(0o022));
        let start = if case.files.is_empty() { None } else { Some(look(&self.before)) };
        *self.stop.lock().unwrap() = Some(Instant::now() + PATIENCE);
        let output = Command::new(case.shell.path())
            .args(["-c", &case.line])
            .env_clear()
            .envs(ENVIRONMENT.iter().copied())
            .current_dir(FOLDER)
            // `kill 0` must not reach the test.
            .process_group(0)
            .stdin(Stdio::null())
            .output();
        *self.stop.lock().unwrap() = None;
        if self.init.try_wait().is_ok_and(|ended| ended.is_some()) {
            return Err(Refusal::Endless);
        }
        let output = output.map_err(lacking("the shell"))?;
        let after = look(&self.before);
        let tree = changed(start.as_ref().unwrap_or(&self.before), &after);
        self.restore(&after).map_err(lacking("the tree"))?;
        if output.stdout.len() + output.stderr.len() > LOUD {
            return Err(Refusal::Loud);
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let exit = exit_status(output.status);
        Ok(Answer { exit, out: text(&output.stdout), err: text(&output.stderr), tree })
    }

    /// Puts back what a line changed.
    fn restore(&mut self, after: &BTreeMap<String, Held>) -> std::io::Result<()> {
        let wrong = |path: &&String| self.before.get(*path) != after.get(*path);
        let paths: std::collections::BTreeSet<&String> = self.before.keys().chain(after.keys()).collect();
        let paths: Vec<&String> = paths.into_iter().filter(wrong).collect();
        if paths.is_empty() {
            return Ok(());
        }
        for path in paths.iter().rev() {
            // A directory that is only another mode is kept: it may hold what is right.
            let (old, new) = (self.before.get(*path), after.get(*path));
            let is_dir = |held: Option<&Held>| held.is_some_and(|held| held.told.starts_with("dir "));
            if is_dir(new) && !is_dir(old) {
                let _ = fs::remove_dir_all(path);
            } else if new.is_some() && !is_dir(new) {
                let _ = fs::remove_file(path);
            }
        }
        rustix::process::umask(Mode::empty());
        for path in paths {
            if let Some(old) = self.before.get(path) {
                put_back(path, old)?;
            }
        }
        rustix::process::umask(Mode::from_raw_mode(0o022));
        self.before = look(&BTreeMap::new());
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.init.kill());
        drop(self.init.wait());
    }
}

fn exit_status(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// Ends the lines' processes, all of them, when one takes too long.
fn watch(stop: Arc<Mutex<Option<Instant>>>, init: std::sync::mpsc::Receiver<u32>) {
    std::thread::spawn(move || {
        let Ok(init) = init.recv() else { return };
        // The machine holds the other end.
        while Arc::strong_count(&stop) > 1 {
            std::thread::sleep(Duration::from_millis(50));
            if stop.lock().unwrap().is_some_and(|at| Instant::now() > at)
                && let Some(pid) = rustix::process::Pid::from_raw(init as i32)
            {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
                return;
            }
        }
    });
}

/// The programs of the chroot with the libraries they need: path there, bytes.
fn programs() -> Result<Vec<(String, Vec<u8>)>, Refusal> {
    let mut files = BTreeMap::new();
    for name in ["busybox", "dash", "bash"] {
        let Some(found) = which(name) else { continue };
        let libraries = Command::new("ldd").arg(&found).output().map_err(lacking("ldd"))?;
        for word in String::from_utf8_lossy(&libraries.stdout).split_whitespace() {
            if word.starts_with('/') {
                files.insert(word.to_owned(), fs::read(word).map_err(lacking(word))?);
            }
        }
        files.insert(format!("/bin/{name}"), fs::read(&found).map_err(lacking(name))?);
    }
    Ok(files.into_iter().collect())
}

fn which(name: &str) -> Option<String> {
    let folders = ["/bin", "/usr/bin", "/usr/local/bin"];
    folders.iter().map(|folder| format!("{folder}/{name}")).find(|path| Path::new(path).is_file())
}

fn populate(base: &str, programs: &[(String, Vec<u8>)]) -> std::io::Result<()> {
    for (path, entry, owner) in ENTRIES {
        let at = format!("{base}{path}");
        match entry {
            Entry::Dir(mode) => {
                fs::create_dir(&at)?;
                fs::set_permissions(&at, fs::Permissions::from_mode(u32::from(*mode)))?;
            }
            Entry::File(mode, text) => {
                fs::write(&at, text)?;
                fs::set_permissions(&at, fs::Permissions::from_mode(u32::from(*mode)))?;
            }
            Entry::Symlink(target) => symlink(target, &at)?,
        }
        lchown(&at, Some(*owner), Some(*owner))?;
    }
    for (path, bytes) in programs {
        let at = format!("{base}{path}");
        fs::create_dir_all(Path::new(&at).parent().unwrap_or(Path::new("/")))?;
        fs::write(&at, bytes)?;
        fs::set_permissions(&at, fs::Permissions::from_mode(0o755))?;
    }
    for applet in APPLETS {
        symlink("busybox", format!("{base}/bin/{applet}"))?;
    }
    Ok(())
}

fn devices(base: &str) -> std::io::Result<()> {
    for (name, major, minor) in
        [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)]
    {
        rustix::fs::mknodat(
            rustix::fs::CWD,
            format!("{base}/dev/{name}"),
            rustix::fs::FileType::CharacterDevice,
            Mode::from_raw_mode(0o666),
            rustix::fs::makedev(major, minor),
        )?;
    }
    for (name, target) in [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")]
    {
        symlink(target, format!("{base}/dev/{name}"))?;
    }
    Ok(())
}

fn copy(file: &Copied) -> std::io::Result<()> {
    if let Some(dir) = Path::new(&file.path).parent() {
        fs::create_dir_all(dir)?;
    }
    let _ = fs::remove_file(&file.path);
    fs::write(&file.path, &file.text)?;
    fs::set_permissions(&file.path, fs::Permissions::from_mode(u32::from(file.mode)))
}

/// Looks at everything but what is mounted. What is as it was `before` is not read again.
fn look(before: &BTreeMap<String, Held>) -> BTreeMap<String, Held> {
    let (mut all, mut open) = (BTreeMap::new(), vec![String::new()]);
    while let Some(dir) = open.pop() {
        let at = if dir.is_empty() { "/" } else { &dir };
        for entry in fs::read_dir(at).into_iter().flatten().flatten() {
            let path = format!("{dir}/{}", entry.file_name().to_string_lossy());
            let Ok(status) = fs::symlink_metadata(&path) else { continue };
            if status.is_dir() && !["/dev", "/proc"].contains(&path.as_str()) {
                open.push(path.clone());
            }
            all.insert(path.clone(), held(&path, &status, before.get(&path)));
        }
    }
    all
}

/// Where only programs and libraries are: their inodes and times are compared, not their bytes.
fn large(path: &str) -> bool {
    ["/bin/", "/lib", "/usr/"].iter().any(|dir| path.starts_with(dir))
}

fn held(path: &str, status: &fs::Metadata, before: Option<&Held>) -> Held {
    let stamp = large(path).then(|| (status.ino(), status.ctime(), status.ctime_nsec()));
    if let Some(before) = before
        && stamp.is_some()
        && before.stamp == stamp
    {
        return before.clone();
    }
    let (mode, uid, gid) = (status.mode() & 0o7777, status.uid(), status.gid());
    let mut data = Vec::new();
    let kind = status.file_type();
    let told = if kind.is_dir() {
        answer::dir(mode, uid, gid)
    } else if kind.is_symlink() {
        let target = fs::read_link(path).unwrap_or_default().to_string_lossy().into_owned();
        data = target.clone().into_bytes();
        answer::symlink(uid, gid, &target)
    } else if kind.is_file() {
        data = fs::read(path).unwrap_or_default();
        answer::file(mode, uid, gid, status.nlink(), &data)
    } else if kind.is_fifo() {
        answer::special("fifo", mode, uid, gid)
    } else {
        answer::special("device", mode, uid, gid)
    };
    // A directory's time changes with what is in it.
    Held { told, stamp: stamp.filter(|_| !kind.is_dir()), data }
}

fn changed(
    before: &BTreeMap<String, Held>,
    after: &BTreeMap<String, Held>,
) -> BTreeMap<String, Option<String>> {
    let gone = before.keys().filter(|path| !after.contains_key(*path)).map(|path| (path.clone(), None));
    let new = after.iter().filter(|(path, held)| before.get(*path).is_none_or(|old| old.told != held.told));
    gone.chain(new.map(|(path, held)| (path.clone(), Some(held.told.clone())))).collect()
}

fn put_back(path: &str, old: &Held) -> std::io::Result<()> {
    let mut words = old.told.split(' ');
    let kind = words.next().unwrap_or("");
    let mut mode = 0;
    if kind != "symlink" {
        mode = u32::from_str_radix(words.next().unwrap_or("0"), 8).unwrap_or(0);
    }
    let (uid, gid) = words.next().and_then(|owner| owner.split_once(':')).unwrap_or(("0", "0"));
    let (uid, gid) = (uid.parse().ok(), gid.parse().ok());
    match kind {
        "dir" => {
            if !fs::symlink_metadata(path).is_ok_and(|status| status.is_dir()) {
                fs::create_dir(path)?;
            }
            chown(path, uid, gid)?;
            fs::set_permissions(path, fs::Permissions::from_mode(mode))
        }
        "symlink" => {
            symlink(String::from_utf8_lossy(&old.data).as_ref(), path)?;
            lchown(path, uid, gid)
        }
        _ => {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            drop(rustix::fs::open(path, flags, Mode::from_raw_mode(0o600))?);
            fs::write(path, &old.data)?;
            chown(path, uid, gid)?;
            fs::set_permissions(path, fs::Permissions::from_mode(mode))
        }
    }
}
