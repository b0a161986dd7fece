//! `command("npm", |sh, args| …)`: programs that a script teaches RUN.

use crate::fs::Tree;
use crate::script::core::Shared;
use crate::script::handle::{Answer, Files, Machine, OfProgram, Place, refuse};
use crate::shell::{self, Call, NoPrograms, Process, Programs};
use crate::trace::Trace;
use crate::union::Mount;
use indexmap::IndexMap;
use rhai::{AST, Array, Dynamic, Engine, EvalAltResult, FnPtr, INT, Map};
use std::cell::RefCell;
use std::rc::Rc;

/// Registers `command` and what only the machine of a program has.
pub fn register(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("command", move |name: &str, body: FnPtr| {
        let name = name.to_owned();
        super::objects::with(&shared, |core| {
            core.commands.insert(name, body);
            Ok(())
        })
    });
    engine.register_fn("out", |sh: &mut Files<OfProgram>, text: &str| {
        machine(sh, |machine| {
            machine.out.push_str(text);
            machine.out.push('\n');
        })
    });
    engine.register_fn("err", |sh: &mut Files<OfProgram>, text: &str| {
        machine(sh, |machine| {
            machine.err.push_str(text);
            machine.err.push('\n');
        })
    });
    engine.register_fn("env", |sh: &mut Files<OfProgram>, name: &str| {
        machine(sh, |machine| machine.env.get(name).cloned().unwrap_or_default())
    });
    engine.register_fn("exec", |sh: &mut Files<OfProgram>, line: &str| exec(sh, line));
    engine.register_get("cwd", |sh: &mut Files<OfProgram>| machine(sh, |machine| machine.cwd.clone()));
}

/// Runs a shell line on the step's files, as the step's user, in its directory.
fn exec(sh: &Files<OfProgram>, line: &str) -> Answer<Map> {
    let outcome = machine(sh, |machine| {
        let argv = vec!["/bin/sh".to_owned(), "-c".to_owned(), line.to_owned()];
        let process = Process { argv, ..machine.process.clone() };
        let mount = machine.mount.as_mut()?;
        let (submounts, trace) = (&mut machine.submounts, &mut machine.trace);
        Some(shell::run_with(mount, submounts, &process, &mut NoPrograms, trace))
    })?;
    let outcome = outcome.ok_or_else(|| refuse("this program has ended; its `sh` is gone"))?;
    let mut map = Map::new();
    map.insert("exit".into(), INT::from(outcome.exit).into());
    map.insert("out".into(), String::from_utf8_lossy(&outcome.out).as_ref().into());
    map.insert("err".into(), String::from_utf8_lossy(&outcome.err).as_ref().into());
    Ok(map)
}

fn machine<R>(sh: &Files<OfProgram>, f: impl FnOnce(&mut Machine) -> R) -> Answer<R> {
    match &sh.place {
        Place::Program(machine, _) => {
            machine.try_borrow_mut().map(|mut machine| f(&mut machine)).map_err(|_| refuse("sh is busy"))
        }
        _ => Err(refuse("only a program's machine has this")),
    }
}

/// The script's programs, as the shell calls them.
pub struct ScriptPrograms {
    table: IndexMap<String, FnPtr>,
    engine: Option<(Rc<Engine>, AST, Shared)>,
    /// An error that a program's body threw; it ends the line that runs the build.
    pub failed: Option<Box<EvalAltResult>>,
}

impl ScriptPrograms {
    /// Programs by name, run by this engine with the functions of this text.
    pub fn new(table: IndexMap<String, FnPtr>, engine: Option<(Rc<Engine>, AST, Shared)>) -> ScriptPrograms {
        ScriptPrograms { table, engine, failed: None }
    }
}

impl Programs for ScriptPrograms {
    fn call(&mut self, name: &str, call: &mut Call<'_, '_>) -> Option<i32> {
        let body = self.table.get(name)?.clone();
        let (engine, ast, core) = self.engine.clone()?;
        let args: Array = call.argv.iter().skip(1).map(|arg| Dynamic::from(arg.clone())).collect();
        let machine = Rc::new(RefCell::new(Machine {
            mount: None,
            submounts: Vec::new(),
            trace: Trace::silent(),
            cwd: call.cwd(),
            env: call.env.clone(),
            process: call.process(Vec::new()),
            out: String::new(),
            err: String::new(),
        }));
        {
            // The step's files move into the machine while the body runs on them.
            let submounts = call.lend();
            let (mount, trace) = call.mount();
            let mut machine = machine.borrow_mut();
            machine.submounts = submounts;
            machine.mount = Some(std::mem::replace(mount, Mount::native(Tree::new())));
            machine.trace.fuel = trace.fuel.clone();
        }
        let sh = Files::<OfProgram>::new(&core, Place::Program(machine.clone(), None));
        let result = body.call::<Dynamic>(&engine, &ast, (sh, args));
        let mut machine = machine.borrow_mut();
        call.take_back(std::mem::take(&mut machine.submounts));
        {
            let (mount, trace) = call.mount();
            if let Some(moved) = machine.mount.take() {
                *mount = moved;
            }
            trace.fuel = machine.trace.fuel.clone();
        }
        call.out(&machine.out);
        call.err(&machine.err);
        match result {
            Ok(value) => Some(value.as_int().map_or(0, |status: INT| (status & 0xff) as i32)),
            Err(error) => {
                call.err(&format!("{name}: {}\n", crate::script::errors::words(&error)));
                self.failed.get_or_insert(error);
                Some(1)
            }
        }
    }
}
