//! What scripts hold: names into the lab, never parts of it. So undo can't leave a stale copy behind.

use super::core::Shared;
use crate::fs::{Errno, Inode, Layer};
use crate::trace::{Event, Trace};
use crate::union::{Call, Mount};
use rhai::{Dynamic, EvalAltResult, Map, Position};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

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
    /// A directory of the lab's own host: a build context.
    Context(String),
    /// The machine a script's own program runs on; see [`Machine`].
    Program(Rc<RefCell<Machine>>),
}

/// The mount of a running step, moved here while a script's program runs on it.
pub struct Machine {
    /// The files; none once the program has ended.
    pub mount: Option<Mount>,
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
            Place::Mount(name) | Place::Container(name) | Place::Context(name) => name,
            Place::Program(_) => "",
        }
    }

    /// The path as the mount sees it: inside its directory for a context.
    pub fn path(&self, path: &str) -> String {
        match &self.place {
            Place::Context(name) => {
                format!("{}/{}", crate::lab::context_dir(name), path.trim_start_matches('/'))
            }
            Place::Program(machine) if !path.starts_with('/') => match machine.try_borrow() {
                Ok(machine) => format!("{}/{path}", machine.cwd.trim_end_matches('/')),
                Err(_) => path.to_owned(),
            },
            _ => path.to_owned(),
        }
    }

    /// Runs `f` on the mount.
    ///
    /// # Errors
    /// The thing is gone, the lab is busy, or the fuel has run out.
    pub fn on<R>(&self, f: impl FnOnce(&mut Mount, &mut Trace) -> R) -> Answer<R> {
        // A call from a script costs far more time than a step of the script itself: it is told and shown.
        const CALL: u64 = 500;
        if let Place::Program(machine) = &self.place {
            let mut machine = machine.try_borrow_mut().map_err(|_| busy())?;
            let machine = &mut *machine;
            let mount =
                machine.mount.as_mut().ok_or_else(|| refuse("this program has ended; its `sh` is gone"))?;
            return Ok(f(mount, &mut machine.trace));
        }
        let mut core = self.core.try_borrow_mut().map_err(|_| busy())?;
        let core = &mut *core;
        core.trace.fuel.running("the script");
        core.trace.fuel.spend(CALL);
        core.stop_if_exhausted()?;
        let mount = match &self.place {
            Place::Mount(name) => core.lab.mounts.get_mut(name),
            Place::Container(name) => core.lab.containers.get_mut(name).map(|container| &mut container.mount),
            _ => Some(&mut core.lab.host),
        };
        let mount = mount.ok_or_else(|| refuse(&format!("{} `{}` is gone", self.kind(), self.name())))?;
        let result = f(mount, &mut core.trace);
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
        let inside = self.path(path);
        let result = self.on(|mount, t| {
            let (result, events) = t.collect(|t| f(mount, inside.as_bytes(), t));
            let told = events.iter().any(|event| matches!(event, Event::Failed { .. }));
            t.replay(events);
            if let (Err(errno), false) = (&result, told) {
                let why = mount.why(Call::of(op, inside.as_bytes()), *errno, t);
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
