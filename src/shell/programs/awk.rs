//! awk.
use crate::shell::call::Call;
pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.m.not_modelled("awk")
}
