//! Ctrl-C in tests.

/// Was this started by something that ignores Ctrl-C, as `nohup` and `&` in a script do? Then so do its children.
pub fn ignores_interrupts() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let is =
        ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 2 != 0);
    if is {
        eprintln!("skipped: SIGINT is ignored here");
    }
    is
}
