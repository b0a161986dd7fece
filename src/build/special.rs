//! `COPY --parents`: the sources' directories are kept below the destination.

use super::copy::{self, Manner};
use super::graph::CopyOp;
use super::select::Picked;
use crate::fs::path;
use crate::trace::Trace;
use crate::union::{Mount, StatKind};

/// Copies each thing that was picked into the directory it came from, seen from the destination. A
/// `/./` in a source says where keeping begins (moby/buildkit `dockerfile2llb/convert_copy.go`).
pub(super) fn copy_with_parents(
    source: &mut Mount,
    target: &mut Mount,
    picked: &[Picked],
    op: &CopyOp,
    manner: &Manner,
    t: &mut Trace,
) -> Result<(), String> {
    let bases: Vec<Vec<u8>> = op.sources.iter().filter_map(|written| pivot(written)).collect();
    for one in picked {
        let named = one.named.as_bytes();
        let base = bases.iter().filter(|base| named.starts_with(base)).max_by_key(|base| base.len());
        let kept = base.map_or(named, |base| named.get(base.len()..).unwrap_or(named));
        let kept = if one.stat.kind == StatKind::Dir { kept } else { path::parent(kept) };
        let below = [manner.destination.as_bytes(), b"/", kept].concat();
        let mut destination = String::from_utf8_lossy(&path::clean(&below)).into_owned();
        if !destination.ends_with('/') {
            destination.push('/');
        }
        let manner = Manner { destination, ..manner.clone() };
        copy::copy(source, target, std::slice::from_ref(one), &manner, t)?;
    }
    Ok(())
}

/// The part of a source before `/./`, as a directory of the source.
fn pivot(written: &str) -> Option<Vec<u8>> {
    let (before, _) = format!("/{written}")
        .split_once("/./")
        .map(|(before, after)| (before.to_owned(), after.to_owned()))?;
    let base = path::clean(before.as_bytes());
    Some(if base == b"/" { Vec::new() } else { base })
}
