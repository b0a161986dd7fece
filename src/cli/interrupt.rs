//! Ctrl-C while something runs: raises the flag that [`crate::trace::Fuel`] looks at.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

static FLAGS: Mutex<Vec<Arc<AtomicBool>>> = Mutex::new(Vec::new());
static PRESSED: AtomicUsize = AtomicUsize::new(0);

/// Exit status of an interrupted run.
pub const INTERRUPTED: u8 = 130;

/// Raises `flag` at Ctrl-C from now on, instead of ending the program.
pub fn raise(flag: Arc<AtomicBool>) {
    watch(flag, || ());
}

/// Raises `flag` at the first Ctrl-C; a second one ends the program, in case nothing looks at the flag.
pub fn raise_or_end(flag: Arc<AtomicBool>) {
    watch(flag, || {
        if PRESSED.fetch_add(1, Ordering::Relaxed) > 0 {
            std::process::exit(i32::from(INTERRUPTED));
        }
    });
}

/// Was Ctrl-C pressed in a run that [`raise_or_end`] watches?
pub fn pressed() -> bool {
    PRESSED.load(Ordering::Relaxed) > 0
}

/// One handler serves the process; further flags join it. Without signals (an odd platform) Ctrl-C
/// just ends the program, as it would without us.
fn watch(flag: Arc<AtomicBool>, then: fn()) {
    FLAGS.lock().unwrap_or_else(PoisonError::into_inner).push(flag);
    let _ = ctrlc::try_set_handler(move || {
        for flag in FLAGS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            flag.store(true, Ordering::Relaxed);
        }
        then();
    });
}

/// No longer raises `flag`.
pub fn forget(flag: &Arc<AtomicBool>) {
    FLAGS.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| !Arc::ptr_eq(known, flag));
}
