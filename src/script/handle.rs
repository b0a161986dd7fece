//! What scripts hold: names into the lab, never parts of it. So undo can't leave a stale copy behind.

use super::core::Shared;
use crate::fs::{Errno, Inode, Layer};
use crate::shell::Submount;
use crate::trace::{Event, MountRef, MountedAt, Trace};
use crate::union::{Call, Cred, Mount};
use rhai::{Dynamic, EvalAltResult, Map, Position};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

/// The result of a call from a script.
pub type Answer<T> = Result<T, Box<EvalAltResult>>;

/// A sealed layer: immutable, so a script may hold the thing itself.
#[derive(Clone)]
pub struct LayerValue(pub Layer);

/// An entry of a layer map: `file(…)`, `dir(…)`, `symlink(…)`, `hardlink(…)`, `whiteout()`, `opaque()`.
#[derive(Clone)]
pub enum EntryValue {
    /// Anything with an inode of its own.
    Inode(Inode),
    /// A second name of this path of the same layer.
    HardLink(String),
}

/// Where the files are that a script's call is about.
#[derive(Clone)]
pub enum Place {
    /// `mount([...])`, by its number.
    Mount(String),
    /// A container, by its name.
    Container(String),
    /// A volume, by its name.
    Volume(String),
    /// What a container mounts: its name, and what a path of it led to. Files there are no part of the union.
    Mounted(String, Box<crate::lab::Located>),
    /// A directory of the lab's own host: a build context.
    Context(String),
    /// The machine a script's own program runs on, see [`Machine`]; or what is mounted there, by number.
    Program(Rc<RefCell<Machine>>, Option<usize>),
}

/// The mount of a running step, moved here while a script's program runs on it.
pub struct Machine {
    /// The files; none once the program has ended.
    pub mount: Option<Mount>,
    /// What is mounted over them.
    pub submounts: Vec<Submount>,
    /// Events and fuel of the step.
    pub trace: Trace,
    /// Working directory.
    pub cwd: String,
    /// Environment.
    pub env: indexmap::IndexMap<String, String>,
    /// A process like the program itself, for `sh.exec`.
    pub process: crate::shell::Process,
    /// What the program printed.
    pub out: String,
    /// What it printed on standard error.
    pub err: String,
}

impl Machine {
    /// Which of its mounts holds a path, and the path there. Symlinks are not followed: a program names its
    /// directories as they are.
    fn mounted_at(&self, path: &str) -> Option<(usize, String)> {
        let clean = crate::fs::path::clean(path.as_bytes());
        let holds = |submount: &Submount| {
            clean
                .strip_prefix(submount.target.as_bytes())
                .filter(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        let found = self.submounts.iter().enumerate().filter(|(_, submount)| holds(submount).is_some());
        let (at, submount) = found.max_by_key(|(_, submount)| submount.target.len())?;
        let inside = [&submount.file[..], holds(submount)?].concat();
        let inside = if inside.is_empty() { b"/".to_vec() } else { inside };
        Some((submount.shares.unwrap_or(at), String::from_utf8_lossy(&inside).into_owned()))
    }
}

/// What a handle is called in scripts: a type of its own for Rhai, so that a message can say
/// "Container has no method …".
pub trait Kind: Clone + 'static {
    /// The name scripts see.
    const NAME: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal;)*) => {
        $($(#[$doc])* #[derive(Clone)] pub struct $kind; impl Kind for $kind { const NAME: &'static str = $name; })*
    };
}

kinds! {
    /// `mount([..])`.
    OfMount = "Mount";
    /// `container("web")`.
    OfContainer = "Container";
    /// `volume("db-data")`.
    OfVolume = "Volume";
    /// `context("app")`.
    OfContext = "Context";
    /// The machine of a script's own program.
    OfProgram = "Sh";
}

/// A handle on files, by name. Every operation is written once, for all kinds.
#[derive(Clone)]
pub struct Files<K> {
    /// The lab.
    pub core: Shared,
    /// Which files.
    pub place: Place,
    kind: PhantomData<K>,
}

impl<K: Kind> Files<K> {
    /// A handle.
    pub fn new(core: &Shared, place: Place) -> Files<K> {
        Files { core: core.clone(), place, kind: PhantomData }
    }

    /// What scripts call it.
    pub fn kind(&self) -> &'static str {
        K::NAME
    }

    /// The name in the lab, empty for a program's machine.
    pub fn name(&self) -> &str {
        match &self.place {
            Place::Mount(name)
            | Place::Container(name)
            | Place::Volume(name)
            | Place::Mounted(name, _)
            | Place::Context(name) => name,
            Place::Program(..) => "",
        }
    }

    /// The path as the mount sees it: inside its directory for a context.
    pub fn path(&self, path: &str) -> String {
        match &self.place {
            Place::Context(name) => {
                format!("{}/{}", crate::lab::context_dir(name), path.trim_start_matches('/'))
            }
            Place::Program(machine, None) if !path.starts_with('/') => match machine.try_borrow() {
                Ok(machine) => format!("{}/{path}", machine.cwd.trim_end_matches('/')),
                Err(_) => path.to_owned(),
            },
            _ => path.to_owned(),
        }
    }

    /// Where a path of a container leads out of its union: the same files by their own place, and the path
    /// there. `follow`: also a symlink at its end.
    ///
    /// # Errors
    /// The lab is busy.
    pub fn crossed(&self, path: &str, follow: bool) -> Answer<Option<(Files<K>, String)>> {
        if let Place::Program(machine, None) = &self.place {
            let inside = self.path(path);
            let found = machine.try_borrow().map_err(|_| busy())?.mounted_at(&inside);
            return Ok(found.map(|(at, inside)| {
                (Files::new(&self.core, Place::Program(machine.clone(), Some(at))), inside)
            }));
        }
        let Place::Container(name) = &self.place else { return Ok(None) };
        let mut core = self.core.try_borrow_mut().map_err(|_| busy())?;
        let core = &mut *core;
        let Some(located) = core.lab.locate(name, path, follow, &mut core.trace) else { return Ok(None) };
        let inside = located.inside.clone();
        Ok(Some((Files::new(&self.core, Place::Mounted(name.clone(), Box::new(located))), inside)))
    }

    /// The answer of `which` for a path that is no part of the union.
    ///
    /// # Errors
    /// As [`Files::on`].
    pub fn tell_mounted(&self, path: &str, inside: &str) -> Answer<()> {
        let Place::Mounted(_, to) = &self.place else { return Ok(()) };
        let (mount, target) = (to.told.mount.clone(), to.told.target.clone());
        self.on(|files, t| {
            let there = t.quietly(|t| files.lstat(inside.as_bytes(), t)).is_ok();
            let what = match mount.kind {
                "volume" => format!("volume {}", mount.source),
                "bind" => format!("the host's {}", mount.source),
                _ => "a tmpfs".to_owned(),
            };
            let found = if there { "has it" } else { "lacks it" };
            let why = format!("{what} is mounted at {target} and {found}: no layer is asked");
            t.set_mounted(None);
            t.emit(|| Event::Which {
                path: path.to_owned(),
                probes: Vec::new(),
                winner: None,
                shown: Vec::new(),
                why,
            });
        })
    }

    /// A call that the place itself refuses: nothing is written to a mount that is read-only, and a mount
    /// point stays.
    fn barred(&self, op: &str) -> Option<Errno> {
        const READING: [&str; 8] =
            ["read", "readlink", "readdir", "stat", "lstat", "getxattr", "listxattr", "tree"];
        if READING.contains(&op) {
            return None;
        }
        match &self.place {
            Place::Mounted(_, to) if to.is_point && ["rmdir", "rm", "unlink", "rename"].contains(&op) => {
                Some(Errno::EBUSY)
            }
            Place::Mounted(_, to) if to.read_only => Some(Errno::EROFS),
            Place::Program(machine, Some(at)) => {
                let machine = machine.try_borrow().ok()?;
                machine.submounts.get(*at)?.read_only.then_some(Errno::EROFS)
            }
            Place::Container(name) => {
                let core = self.core.try_borrow().ok()?;
                let container = core.lab.containers.get(name)?;
                container.read_only.then_some(Errno::EROFS)
            }
            _ => None,
        }
    }

    /// Runs `f` on the mount.
    ///
    /// # Errors
    /// The thing is gone, the lab is busy, or the fuel has run out.
    pub fn on<R>(&self, f: impl FnOnce(&mut Mount, &mut Trace) -> R) -> Answer<R> {
        // A call from a script costs far more time than a step of the script itself: it is told and shown.
        const CALL: u64 = 500;
        if let Place::Program(machine, at) = &self.place {
            let mut machine = machine.try_borrow_mut().map_err(|_| busy())?;
            let machine = &mut *machine;
            let mount = match at {
                Some(at) => machine.submounts.get_mut(*at).map(|submount| &mut submount.mount),
                None => machine.mount.as_mut(),
            };
            let mount = mount.ok_or_else(|| refuse("this program has ended; its `sh` is gone"))?;
            return Ok(f(mount, &mut machine.trace));
        }
        let mut core = self.core.try_borrow_mut().map_err(|_| busy())?;
        let core = &mut *core;
        core.trace.fuel.running("the script");
        core.trace.fuel.spend(CALL);
        core.stop_if_exhausted()?;
        // What is mounted in a container is used by whoever uses the container.
        let cred = match &self.place {
            Place::Mounted(name, _) => core.lab.containers.get(name).map(|c| c.mount.cred().clone()),
            _ => None,
        };
        let mount = match &self.place {
            Place::Mount(name) => core.lab.mounts.get_mut(name),
            Place::Container(name) => core.lab.containers.get_mut(name).map(|container| &mut container.mount),
            Place::Volume(name) => core.lab.volumes.get_mut(name).map(|volume| &mut volume.mount),
            Place::Mounted(name, to) => core.lab.mounted(name, to.mount),
            _ => Some(&mut core.lab.host),
        };
        let mount = mount.ok_or_else(|| refuse(&format!("{} `{}` is gone", self.kind(), self.name())))?;
        core.trace.set_mounted(match &self.place {
            Place::Mounted(_, to) => Some(to.told.clone()),
            Place::Volume(name) => Some(told_of(name)),
            _ => None,
        });
        let as_before = cred.is_some();
        cred.into_iter().for_each(|cred| mount.become_user(cred));
        let quiz = match super::quiz::is_on_for(&core.settings, core.ask.is_some(), &core.trace) {
            true => {
                let (result, events) = core.trace.collect(|t| f(mount, t));
                Err((result, events))
            }
            false => Ok(f(mount, &mut core.trace)),
        };
        if as_before {
            mount.become_user(Cred::default());
        }
        core.trace.set_mounted(None);
        let result = match quiz {
            Ok(result) => result,
            Err((result, events)) => {
                super::quiz::guess(core, events);
                result
            }
        };
        core.stop_if_exhausted()?;
        Ok(result)
    }

    /// Runs a reading call: an errno is shown, and thrown as `#{ errno, op, path }`.
    ///
    /// # Errors
    /// As [`Files::on`], or the errno.
    pub fn read<R>(
        &self,
        op: &str,
        path: &str,
        f: impl FnOnce(&mut Mount, &[u8], &mut Trace) -> Result<R, Errno>,
    ) -> Answer<R> {
        if let Some((files, inside)) = self.crossed(path, follows(op))? {
            return files.read(op, &inside, f).map_err(|error| renamed(*error, path));
        }
        let inside = self.path(path);
        let barred = self.barred(op);
        let f = |mount: &mut Mount, path: &[u8], t: &mut Trace| match barred {
            Some(errno) => Err(errno),
            None => f(mount, path, t),
        };
        let result = self.on(|mount, t| {
            let (result, events) = t.collect(|t| f(mount, inside.as_bytes(), t));
            let told = events.iter().any(|event| matches!(event, Event::Failed { .. }));
            t.replay(events);
            if let (Err(errno), false) = (&result, told) {
                let why = match barred {
                    Some(errno) => why_barred(errno),
                    None => mount.why(Call::of(op, inside.as_bytes()), *errno, t),
                };
                let (op, path, errno) = (op.to_owned(), path.to_owned(), errno.name().to_owned());
                t.emit(|| Event::Failed { op, path, other: None, errno, why });
            }
            result
        })?;
        result.map_err(|errno| thrown(op, path, errno))
    }

    /// Runs a call that changes something. The mount itself shows a failure; a success is noted, so
    /// that the REPL can draw the stack over it.
    ///
    /// # Errors
    /// As [`Files::read`].
    pub fn change<R>(
        &self,
        op: &str,
        path: &str,
        f: impl FnOnce(&mut Mount, &[u8], &mut Trace) -> Result<R, Errno>,
    ) -> Answer<R> {
        if let (Place::Context(_), Ok(mut core)) = (&self.place, self.core.try_borrow_mut()) {
            core.lab.tick();
        }
        if let Some((files, inside)) = self.crossed(path, follows(op))? {
            return files.change(op, &inside, f).map_err(|error| renamed(*error, path));
        }
        if self.barred(op).is_some() {
            return self.read(op, path, f);
        }
        let inside = self.path(path);
        if let Place::Context(_) = &self.place {
            // A folder, no union: nothing to tell but a failure.
            return self.read(op, path, |mount, path, t| t.quietly(|t| f(mount, path, t)));
        }
        let result =
            self.on(|mount, t| f(mount, inside.as_bytes(), t))?.map_err(|errno| thrown(op, path, errno));
        if let (Ok(_), Place::Mount(_) | Place::Container(_), Ok(mut core)) =
            (&result, &self.place, self.core.try_borrow_mut())
        {
            core.touch(self.kind(), self.name(), path);
        }
        result
    }
}

/// Does this call follow a symlink at the end of its path?
fn follows(op: &str) -> bool {
    const STAYS: [&str; 9] =
        ["lstat", "readlink", "unlink", "rm", "rmdir", "rename", "lchown", "symlink", "link"];
    !STAYS.contains(&op)
}

fn why_barred(errno: Errno) -> String {
    match errno {
        Errno::EBUSY => "something is mounted here: a mount point can't be removed or renamed",
        Errno::EROFS => "it is mounted read-only",
        _ => "",
    }
    .to_owned()
}

/// An errno thrown about a path of a mounted tree, said of the path that the script gave.
fn renamed(error: EvalAltResult, path: &str) -> Box<EvalAltResult> {
    match error {
        EvalAltResult::ErrorRuntime(value, position) => {
            let value = match value.try_cast_result::<Map>() {
                Ok(mut map) => {
                    map.insert("path".into(), path.into());
                    Dynamic::from_map(map)
                }
                Err(value) => value,
            };
            Box::new(EvalAltResult::ErrorRuntime(value, position))
        }
        other => Box::new(other),
    }
}

/// How events tell of a volume that nobody looks at through a container.
fn told_of(name: &str) -> Arc<MountedAt> {
    let mount = MountRef { kind: "volume", source: name.into() };
    Arc::new(MountedAt { mount, inside: String::new(), target: String::new() })
}

/// What a person calls the type of a value.
pub fn type_word(value: &Dynamic) -> &'static str {
    match value.type_name() {
        "i64" | "f64" => "a number",
        "string" => "text",
        "bool" => "true or false",
        "array" => "a list",
        "map" => "a map",
        "()" => "nothing",
        _ => "something else",
    }
}

/// An errno as scripts catch it.
pub fn thrown(op: &str, path: &str, errno: Errno) -> Box<EvalAltResult> {
    let mut map = Map::new();
    map.insert("errno".into(), errno.name().into());
    map.insert("op".into(), op.into());
    map.insert("path".into(), path.into());
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from_map(map), Position::NONE))
}

/// A refusal in words.
pub fn refuse(words: &str) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(words.into(), Position::NONE))
}

/// The refusal of every lab call inside a script's program.
pub fn busy() -> Box<EvalAltResult> {
    refuse("the lab is busy building; use sh")
}
