//! Telling and judging: `step`, `check`, `predict`.

use super::objects::with;
use crate::script::core::Shared;
use crate::script::handle::{Answer, refuse};
use crate::trace::Event;
use rhai::{Dynamic, Engine, NativeCallContext};

/// Registers `step`, `check`, `predict` and `print`.
pub fn register(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("step", move |text: &str| {
        let text = text.to_owned();
        with(&shared, |core| {
            core.emit(Event::Story { text });
            Ok(())
        })
    });
    let shared = core.clone();
    engine.register_fn("__hush", move || {
        with(&shared, |core| {
            core.trace.hush(true);
            Ok(())
        })
    });
    let shared = core.clone();
    engine.register_fn(
        "check",
        move |context: NativeCallContext, name: &str, actual: Dynamic, expected: Dynamic| {
            let ok = compare(&context, &actual, "==", &expected)?;
            report(&shared, name, ok, &shown(&expected), &shown(&actual))
        },
    );
    let shared = core.clone();
    engine.register_fn("__check", move |name: &str, source: &str, holds: Dynamic| {
        let ok = holds
            .as_bool()
            .map_err(|_| refuse(&format!("check needs true or false, not {}", shown(&holds))))?;
        report(&shared, name, ok, source, if ok { "true" } else { "false" })
    });
    let shared = core.clone();
    engine.register_fn(
        "__check",
        move |context: NativeCallContext,
              name: &str,
              source: &str,
              left: Dynamic,
              sign: &str,
              right: Dynamic| {
            let ok = compare(&context, &left, sign, &right)?;
            let actual = format!("{} {sign} {}", shown(&left), shown(&right));
            report(&shared, name, ok, source, &actual)
        },
    );
    let shared = core.clone();
    engine.register_fn("predict", move |instruction: &str, verdict: &str| {
        let verdict = verdict.to_uppercase();
        if !["HIT", "MISS", "META", "BASE", "NOT_LOOKED_UP"].contains(&verdict.as_str()) {
            return Err(refuse("predict HIT or MISS (or META, BASE, NOT_LOOKED_UP)"));
        }
        let entry = (instruction.to_owned(), verdict);
        with(&shared, |core| {
            core.predictions.push(entry);
            Ok(())
        })
    });
}

/// Compares two values as Rhai does; values of types that can't be compared are not equal.
pub fn compare(context: &NativeCallContext, left: &Dynamic, sign: &str, right: &Dynamic) -> Answer<bool> {
    let (a, b) = (left.clone(), right.clone());
    match context.call_native_fn::<bool>(sign, (a, b)) {
        Ok(holds) => Ok(holds),
        // Values of types that can't be compared are simply not equal.
        Err(_) if sign == "==" => Ok(false),
        Err(_) if sign == "!=" => Ok(true),
        Err(_) => Err(refuse(&format!(
            "{} and {} can't be compared by {sign}",
            left.type_name(),
            right.type_name()
        ))),
    }
}

/// A value as a check shows it: text in quotes.
pub fn shown(value: &Dynamic) -> String {
    match value.clone().into_immutable_string() {
        Ok(text) => format!("{text:?}"),
        Err(_) => value.to_string(),
    }
}

fn report(core: &Shared, name: &str, ok: bool, expected: &str, actual: &str) -> Answer<()> {
    with(core, |core| {
        core.trace.hush(false);
        if ok {
            core.tally.passed += 1;
        } else {
            core.tally.failed += 1;
        }
        core.emit(Event::Check {
            name: name.to_owned(),
            ok,
            expected: expected.to_owned(),
            actual: actual.to_owned(),
        });
        Ok(())
    })
}
