//! Overlay cases: a stack of layers, operations through the mounted overlay, and what the kernel
//! answered and left behind.

mod compare;
mod contents;
mod handles;
mod ops;
mod tree;
mod view;

use super::report::{Answer, Verdict};
use crate::trace::Trace;
use crate::union::{Lower, Mount, Options};
use serde_json::{Map, Value, json};

/// How the `format` of a file of such cases begins.
pub(super) const FORMAT: &str = "layerlab-overlay-corpus/";

/// Answers one case and compares it with its recording.
///
/// # Errors
/// In words, what the case lacks.
pub(super) fn replay(case: &Value) -> Result<Answer, String> {
    let text = |key: &str| {
        let value = case.get(key).and_then(Value::as_str);
        value.map(str::to_owned).ok_or_else(|| format!("no `{key}`"))
    };
    let (name, topic) = (text("name")?, text("topic")?);
    let mut value = answer(case)?;
    value.insert("name".to_owned(), json!(name));
    let value = Value::Object(value);
    let verdict = match compare::first_difference(case, &value) {
        None => Verdict::AsRecorded,
        Some(difference) => Verdict::Differs(difference),
    };
    Ok(Answer { name, topic, value, verdict })
}

/// Mounts, performs every operation, and tells what came of it in the corpus's own shape.
fn answer(case: &Value) -> Result<Map<String, Value>, String> {
    let ops = list(case, "ops")?;
    let mut lowers = Vec::new();
    for (at, layer) in list(case, "lowers")?.iter().enumerate() {
        let tree = tree::read(layer).map_err(|message| format!("lowers[{at}]: {message}"))?;
        lowers.push(Lower { layer: tree.seal(), label: "".into() });
    }
    let upper = match case.get("initial_upper") {
        Some(tree) => tree::read(tree).map_err(|message| format!("initial_upper: {message}"))?,
        None => return Err("no `initial_upper`".to_owned()),
    };
    let mut answer = Map::new();
    let mut m = match Mount::new(lowers, upper, options(case)) {
        Ok(mount) => mount,
        Err(errno) => {
            let empty = [("results", json!([])), ("upper_delta", json!([])), ("merged", json!({}))];
            answer.extend(empty.map(|(key, value)| (key.to_owned(), value)));
            answer.insert("upper".to_owned(), json!({}));
            answer.insert("mount".to_owned(), json!({ "errno": errno.name() }));
            return Ok(answer);
        }
    };
    let own = m.options().userxattr;
    let mut t = Trace::silent();
    let (mut results, mut deltas) = (Vec::new(), Vec::new());
    let (mut before, mut state) = (tree::flat(m.upper(), own), m.generation());
    for (at, op) in ops.iter().enumerate() {
        let result = ops::perform(&mut m, op, &mut t).map_err(|message| format!("ops[{at}]: {message}"))?;
        results.push(match result {
            Ok(value) => json!({ "ok": value }),
            Err(errno) => json!({ "errno": errno.name() }),
        });
        let mut delta = json!({});
        if m.generation() != state {
            let after = tree::flat(m.upper(), own);
            t.fuel.spend(after.len() as u64);
            if !ops::remounts(op) {
                delta = tree::delta(&before, &after);
            }
            (before, state) = (after, m.generation());
        }
        deltas.push(delta);
    }
    if t.fuel.exhausted().is_some() {
        return Err("it does more than the lab's limits allow".to_owned());
    }
    answer.insert("results".to_owned(), Value::Array(results));
    answer.insert("upper_delta".to_owned(), Value::Array(deltas));
    answer.insert("merged".to_owned(), view::merged(&mut m, &mut Trace::silent()));
    answer.insert("upper".to_owned(), tree::write(m.upper(), own));
    Ok(answer)
}

fn list<'c>(case: &'c Value, key: &str) -> Result<&'c Vec<Value>, String> {
    case.get(key).and_then(Value::as_array).ok_or_else(|| format!("no list `{key}`"))
}

fn options(case: &Value) -> Options {
    let option = |name: &str| case.get("options").and_then(|options| options.get(name));
    let on = |name: &str| option(name).and_then(Value::as_str) == Some("on");
    let userxattr = option("userxattr").and_then(Value::as_bool) == Some(true);
    Options {
        redirect_dir: on("redirect_dir"),
        // With userxattr the recorder left `redirect_dir=off` out.
        redirect_dir_off: !userxattr && option("redirect_dir").and_then(Value::as_str) == Some("off"),
        metacopy: on("metacopy"),
        index: on("index"),
        xino: on("xino"),
        userxattr,
        volatile: option("volatile").and_then(Value::as_bool) == Some(true),
    }
}
