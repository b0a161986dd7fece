//! Package managers.
macro_rules! stub { ($($m:ident : $($f:ident),*;)*) => { $(pub(super) mod $m { use crate::shell::call::Call; $(pub(crate) fn $f(call: &mut Call<'_, '_>) -> i32 { let n = call.name.clone(); call.m.not_modelled(&n) })* })* } }
stub! { apk: run; apt: run, cache, mark; dpkg: run, query; npm: run, npx, node; pip: run; go: run; }
