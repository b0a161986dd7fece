//! Overlay cases: a stack of layers, operations through the mounted overlay, and what the kernel
//! answered and left behind.

mod case;
mod compare;
mod contents;
mod fields;
mod handles;
mod ops;
mod read;
mod tree;
mod view;

use super::report::{Answer, Verdict};
use crate::fs::Errno;
use crate::trace::Trace;
use crate::union::{Cred, Mount, Protected};
use case::Case;
use serde_json::{Map, Value, json};

/// How the `format` of a file of such cases begins.
pub(super) const FORMAT: &str = "layerlab-overlay-corpus/";

/// `fs.protected_*` of the machine on which the cases were recorded.
const PROTECTED: Protected = Protected { hardlinks: true, ..Protected::NONE };

/// Is it such a case, whatever file it stands in?
pub(super) fn is_case(case: &Value) -> bool {
    ["lowers", "initial_upper", "upper_delta"].iter().any(|key| case.get(key).is_some())
}

/// Answers one case and compares it with its recording.
///
/// # Errors
/// In words, what the case lacks.
pub(super) fn replay(case: &Value) -> Result<Answer, String> {
    let read = Case::read(case)?;
    let (name, topic) = (read.name.to_owned(), read.topic.to_owned());
    let mut value = answer(read)?;
    value.insert("name".to_owned(), json!(name));
    let value = Value::Object(value);
    let verdict = match compare::first_difference(case, &value) {
        None => Verdict::AsRecorded,
        Some(difference) => Verdict::Differs(difference),
    };
    Ok(Answer { name, topic, value, verdict })
}

/// Mounts the layers of a case: the mount, or the errno of mount(2).
///
/// # Errors
/// In words, what the case lacks.
pub fn mount(case: &Value) -> Result<Result<Mount, Errno>, String> {
    Ok(mounted(&mut Case::read(case)?))
}

fn mounted(case: &mut Case<'_>) -> Result<Mount, Errno> {
    let lowers = std::mem::replace(&mut case.lowers, Ok(Vec::new()))?;
    let data = std::mem::replace(&mut case.data, Ok(Vec::new()))?;
    let upper = std::mem::take(&mut case.upper);
    let mut m = Mount::with_data(lowers, data, upper, case.options)?;
    m.protect(PROTECTED);
    Ok(m)
}

/// Performs one operation of a case: the value of `ok`, or the errno. What happened goes to `t`.
///
/// # Errors
/// In words, what the operation lacks.
pub fn perform(m: &mut Mount, op: &Value, t: &mut Trace) -> Result<Result<Value, Errno>, String> {
    ops::perform(m, op, t)
}

/// Mounts, performs every operation, and tells what came of it in the corpus's own shape.
fn answer(mut case: Case<'_>) -> Result<Map<String, Value>, String> {
    let mut answer = Map::new();
    let mut m = match mounted(&mut case) {
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
    for (at, op) in case.ops.iter().enumerate() {
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
    // The recorder looks at what was left behind as root.
    m.become_user(Cred::default());
    answer.insert("results".to_owned(), Value::Array(results));
    answer.insert("upper_delta".to_owned(), Value::Array(deltas));
    answer.insert("merged".to_owned(), view::merged(&mut m, &mut Trace::silent()));
    answer.insert("upper".to_owned(), tree::write(m.upper(), own));
    Ok(answer)
}
