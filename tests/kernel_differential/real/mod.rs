//! The kernel's side: real layers on a tmpfs, a real overlay mount, real system calls.
//!
//! All of it happens in a mount namespace of the calling thread's own, so a crash leaves nothing behind.

mod layers;
mod opened;
mod perform;
mod seen;

use crate::answer::Answer;
use crate::case::{Case, Op, Options, text};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use opened::Opened;
use perform::{Inside, User};
use rustix::fs::{Mode, OFlags};
use rustix::process::{chdir, umask};
use seen::{Tree, View, errno_name, look};
use serde_json::{Value, json};
use std::fmt;
use std::path::PathBuf;

/// Why the kernel could not be asked at all.
#[derive(Debug)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Refusal {
        Refusal(error.to_string())
    }
}

impl From<rustix::io::Errno> for Refusal {
    fn from(errno: rustix::io::Errno) -> Refusal {
        Refusal(errno_name(errno.raw_os_error()))
    }
}

impl From<nix::errno::Errno> for Refusal {
    fn from(errno: nix::errno::Errno) -> Refusal {
        Refusal(format!("{errno:?}"))
    }
}

/// A thread that may mount.
pub struct Kernel {
    base: String,
    inside: Inside,
}

impl Kernel {
    /// Makes the calling thread ready: a mount namespace, root directory and umask of its own.
    ///
    /// # Errors
    /// What is missing: rights, or the filesystem.
    pub fn begin() -> Result<Kernel, Refusal> {
        let step = |what: &'static str| move |errno: Refusal| Refusal(format!("{errno} from {what}"));
        unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_FS)
            .map_err(Refusal::from)
            .map_err(step("unshare"))?;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
            .map_err(Refusal::from)
            .map_err(step("mount"))?;
        umask(Mode::empty());
        let root = rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        // Our own tmpfs covers it, in our namespace only.
        let base = std::env::temp_dir().canonicalize().unwrap_or_else(|_| PathBuf::from("/tmp"));
        let base = base.to_string_lossy().into_owned();
        let kernel = Kernel { inside: Inside::new(root, format!("{base}/merged")), base };
        kernel
            .answer(&Case { lowers: vec![Default::default()], ..Case::default() })
            .map_err(step("mount"))?;
        Ok(kernel)
    }

    /// What the kernel answers to a sequence.
    ///
    /// # Errors
    /// The layers can't be made or the mount breaks down: no answer at all.
    pub fn answer(&self, case: &Case) -> Result<Answer, Refusal> {
        self.ask(case, None)
    }

    /// What it answers when it has nothing cached: mounted anew before every operation, and at the end
    /// before each name of `merged` is looked up.
    ///
    /// # Errors
    /// As [`Kernel::answer`].
    pub fn cold_answer(&self, case: &Case, merged: &Value) -> Result<Answer, Refusal> {
        self.ask(case, Some(merged))
    }

    fn ask(&self, case: &Case, cold: Option<&Value>) -> Result<Answer, Refusal> {
        mount(Some("tmpfs"), self.base.as_str(), Some("tmpfs"), MsFlags::empty(), Some("size=256m"))?;
        let answer = self.on_tmpfs(case, cold);
        chdir("/")?;
        umount2(self.base.as_str(), MntFlags::empty())?;
        answer
    }

    fn on_tmpfs(&self, case: &Case, cold: Option<&Value>) -> Result<Answer, Refusal> {
        let mut stack = Stack::make(&self.base, case)?;
        if let Err(errno) = stack.mount() {
            return Ok(Answer { mount: Some(errno_name(errno as i32)), ..Answer::default() });
        }
        let answer = self.mounted(&mut stack, case, cold);
        stack.unmount()?;
        answer
    }

    fn mounted(&self, stack: &mut Stack<'_>, case: &Case, cold: Option<&Value>) -> Result<Answer, Refusal> {
        let mut answer = Answer::default();
        let mut user = User::default();
        let mut opened = Opened::default();
        let mut before = stack.upper_tree();
        for op in &case.ops {
            let mut delta = json!({});
            if cold.is_some() {
                stack.again()?;
            }
            let result = match text(op, "op") {
                name @ ("restart" | "remount") => {
                    match stack.unmount() {
                        // Files are open.
                        Err(Refusal(why)) if why == "EBUSY" => json!({ "errno": why }),
                        unmounted => {
                            unmounted?;
                            if name == "remount" {
                                stack.commit()?;
                            }
                            stack.mount()?;
                            before = stack.upper_tree();
                            json!({ "ok": true })
                        }
                    }
                }
                "as" => {
                    user = User::of(op);
                    json!({ "ok": true })
                }
                _ => {
                    let result = self.one(op, &user, &mut opened)?;
                    let after = stack.upper_tree();
                    delta = after.delta(&before);
                    before = after;
                    result
                }
            };
            answer.results.push(result);
            answer.deltas.push(delta);
        }
        answer.merged = stack.merged_tree(cold)?.to_json();
        answer.upper = stack.upper_tree().to_json();
        Ok(answer)
    }

    fn one(&self, op: &Op, user: &User, opened: &mut Opened) -> Result<Value, Refusal> {
        let result = self.inside.perform(op, user, opened)?;
        Ok(match result {
            Ok(value) => json!({ "ok": value }),
            Err(code) => json!({ "errno": errno_name(code) }),
        })
    }
}

/// Has the machine the settings that the replay assumes: `fs.protected_hardlinks=1`, the others 0? They
/// decide what an unprivileged user may link and open, and belong to no namespace.
pub fn links_are_protected() -> bool {
    [("hardlinks", "1"), ("symlinks", "0"), ("regular", "0"), ("fifos", "0")].iter().all(|(name, wanted)| {
        let value = std::fs::read_to_string(format!("/proc/sys/fs/protected_{name}"));
        value.is_ok_and(|value| value.trim() == *wanted)
    })
}

/// The layers of a sequence, mounted or not.
struct Stack<'b> {
    base: &'b str,
    options: Options,
    prefix: &'static str,
    lowers: Vec<String>,
    data: Vec<String>,
    uppers: usize,
}

impl Stack<'_> {
    fn make<'b>(base: &'b str, case: &Case) -> Result<Stack<'b>, Refusal> {
        let prefix = if case.options.userxattr { "user.overlay." } else { "trusted.overlay." };
        let lowers: Vec<String> = (0..case.lowers.len()).map(|at| format!("l{at}")).collect();
        let data: Vec<String> = (0..case.data.len()).map(|at| format!("d{at}")).collect();
        for (name, layer) in lowers.iter().zip(&case.lowers).chain(data.iter().zip(&case.data)) {
            layers::make(layer, &format!("{base}/{name}"), prefix)?;
        }
        layers::make(&case.upper, &format!("{base}/u0"), prefix)?;
        for name in ["w0", "merged"] {
            std::fs::create_dir(format!("{base}/{name}"))?;
        }
        Ok(Stack { base, options: case.options, prefix, lowers, data, uppers: 0 })
    }

    /// Mounts with all options as they stand; see the corpus for `userxattr`.
    fn mount(&self) -> nix::Result<()> {
        let mut data = format!(
            "lowerdir={}{},upperdir=u{2},workdir=w{2}",
            self.lowers.join(":"),
            self.data.iter().map(|name| format!("::{name}")).collect::<String>(),
            self.uppers
        );
        for (name, on) in self.options.switches() {
            let forbidden = self.options.userxattr && !on && matches!(name, "redirect_dir" | "metacopy");
            if !forbidden {
                data.push_str(&format!(",{name}={}", if on { "on" } else { "off" }));
            }
        }
        if self.options.userxattr {
            data.push_str(",userxattr");
        }
        // Relative names, so that many layers fit into the one page that mount(2) takes.
        nix::unistd::chdir(self.base)?;
        let merged = format!("{}/merged", self.base);
        let result =
            mount(Some("overlay"), merged.as_str(), Some("overlay"), MsFlags::empty(), Some(data.as_str()));
        nix::unistd::chdir("/")?;
        result
    }

    fn unmount(&self) -> Result<(), Refusal> {
        Ok(umount2(format!("{}/merged", self.base).as_str(), MntFlags::empty())?)
    }

    /// Unmounts and mounts the same layers.
    fn again(&self) -> Result<(), Refusal> {
        self.unmount()?;
        Ok(self.mount()?)
    }

    /// The upper becomes the topmost lower; a fresh one takes its place.
    fn commit(&mut self) -> Result<(), Refusal> {
        self.lowers.insert(0, format!("u{}", self.uppers));
        self.uppers += 1;
        for name in ["u", "w"] {
            let at = format!("{}/{name}{}", self.base, self.uppers);
            std::fs::create_dir(&at)?;
            rustix::fs::chmod(&at, Mode::from_raw_mode(0o755))?;
        }
        Ok(())
    }

    fn upper_tree(&self) -> Tree {
        look(&format!("{}/u{}", self.base, self.uppers), View { prefix: self.prefix, merged: false })
    }

    fn merged_tree(&self, cold: Option<&Value>) -> Result<Tree, Refusal> {
        let (root, view) = (format!("{}/merged", self.base), View { prefix: self.prefix, merged: true });
        let Some(names) = cold.and_then(Value::as_object) else { return Ok(look(&root, view)) };
        let mut tree = Tree::default();
        for path in ["/".to_owned()].iter().chain(names.keys()) {
            self.again()?;
            tree.add(&root, path, view);
        }
        Ok(tree)
    }
}
