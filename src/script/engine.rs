//! The Rhai engine: its limits, and what of Rhai itself is overridden.

use super::api;
use super::core::Shared;
use super::handle::refuse;
use super::rewrite;
use super::shown::shown;
use crate::trace::Limits;
use rhai::{AST, Array, Dynamic, Engine, INT, Map, Module, ModuleResolver, Position, Scope};
use std::rc::Rc;

/// An engine over this core, with what `more` registers.
pub fn build(core: &Shared, more: impl FnOnce(&mut Engine, &Shared)) -> Rc<Engine> {
    let mut engine = Engine::new();
    limits(&mut engine, core);
    overrides(&mut engine);
    api::register(&mut engine, core);
    more(&mut engine, core);
    engine.set_module_resolver(Beside { core: core.clone() });
    Rc::new(engine)
}

fn limits(engine: &mut Engine, core: &Shared) {
    engine.set_max_operations(Limits::LINE.operations);
    engine.set_max_call_levels(32);
    engine.set_max_expr_depths(64, 32);
    engine.set_max_string_size(8 << 20);
    engine.set_max_array_size(100_000);
    engine.set_max_map_size(100_000);
    engine.set_max_variables(1000);
    engine.set_max_functions(500);
    engine.set_max_modules(20);
    let shared = core.clone();
    engine.on_progress(move |operations| {
        // Cheap enough for every 256th operation: an interrupt is noticed within microseconds.
        if operations & 0xff != 0 {
            return None;
        }
        // While a build runs it draws on the fuel itself.
        let mut core = shared.try_borrow_mut().ok()?;
        core.trace.fuel.running("the script");
        if core.trace.fuel.spend(256) { None } else { Some("stopped".into()) }
    });
    let shared = core.clone();
    engine.on_print(move |text| {
        if let Ok(mut core) = shared.try_borrow_mut() {
            core.emit(crate::trace::Event::Text { text: text.to_owned() });
        }
    });
    let shared = core.clone();
    engine.on_debug(move |text, _, _| {
        if let Ok(mut core) = shared.try_borrow_mut() {
            core.emit(crate::trace::Event::Text { text: text.to_owned() });
        }
    });
}

fn overrides(engine: &mut Engine) {
    // Maps and lists are printed as the prompt shows them.
    engine.register_fn("print", |map: &mut Map| shown(&Dynamic::from_map(map.clone())));
    engine.register_fn("print", |list: &mut Array| shown(&Dynamic::from_array(list.clone())));
    // The lab's clock stands still: nobody waits, and nobody learns the time.
    engine.register_fn("sleep", |_: INT| ());
    engine.register_fn("sleep", |_: f64| ());
    engine.register_fn("timestamp", || -> Result<Dynamic, Box<rhai::EvalAltResult>> {
        Err(refuse("the lab has no clock: every run gives the same answer"))
    });
}

/// `import "name"` reads `name.rhai` beside the script and nowhere else.
struct Beside {
    core: Shared,
}

impl ModuleResolver for Beside {
    fn resolve(
        &self,
        engine: &Engine,
        _: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Rc<Module>, Box<rhai::EvalAltResult>> {
        let ast = self
            .read(engine, path)
            .map_err(|words| Box::new(rhai::EvalAltResult::ErrorRuntime(words.into(), position)))?;
        Module::eval_ast_as_new(Scope::new(), &ast, engine).map(Rc::new)
    }
}

impl Beside {
    fn read(&self, engine: &Engine, path: &str) -> Result<AST, String> {
        let file = if path.ends_with(".rhai") { path.to_owned() } else { format!("{path}.rhai") };
        let bytes = {
            let core = self.core.try_borrow().map_err(|_| "the lab is busy".to_owned())?;
            core.host.read(&file, 1 << 20).map_err(|error| error.to_string())?
        };
        let text = String::from_utf8(bytes).map_err(|_| format!("{file} is not text"))?;
        let rewritten = rewrite::rewrite(&text, false);
        if !rewritten.commands.is_empty() {
            return Err(format!("{file}: an imported module can't hold command lines; use docker(\"…\")"));
        }
        engine.compile(rewritten.text).map_err(|error| format!("{file}: {error}"))
    }
}
