//! Why a call on branches fails, where the reason is theirs.

use super::Rules;
use super::lookup::MARK;
use crate::fs::Errno;
use crate::fs::path::file_name;
use crate::union::why::Call;
use crate::union::{Mount, Rename};

/// The rule behind an errno of aufs or unionfs; none where it is every filesystem's.
pub(in crate::union) fn rule(m: &Mount, call: &Call<'_>, errno: Errno) -> Option<String> {
    if m.places.is_empty() {
        return None;
    }
    let (rules, name) = (m.places.rules(), driver(m.places.rules()));
    let marked = [Some(call.path), call.other]
        .into_iter()
        .flatten()
        .any(|path| path.split(|byte| *byte == b'/').any(|name| name.starts_with(MARK)));
    Some(match (call.op, errno) {
        (_, Errno::EPERM) if marked => {
            format!(
                "names that begin with `.wh.` are the marks of {name}: nobody may look one up or make one"
            )
        }
        (_, Errno::ENAMETOOLONG) if file_name(call.path).len() > rules.longest_name() => format!(
            "a name has at most {} bytes in {name}, so that its marks' names fit into 255",
            rules.longest_name()
        ),
        (_, Errno::EROFS) => "no writable branch lies above the one that has it".to_owned(),
        ("rename", Errno::EINVAL) if call.how == Rename::Exchange => {
            format!("exchanging two names is not modelled for {name}")
        }
        ("rename", Errno::EXDEV) => {
            "the directory has names in a branch that does not move with it; mv copies \
            and deletes instead"
                .to_owned()
        }
        ("link", Errno::EXDEV) => {
            "a higher branch hides the new name, and a hard link can't leave the branch of \
            its file"
                .to_owned()
        }
        _ => return None,
    })
}

fn driver(rules: Rules) -> &'static str {
    match rules {
        Rules::Aufs => "aufs",
        Rules::Unionfs => "unionfs",
    }
}
