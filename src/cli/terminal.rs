//! The terminal while single keys are read from it, and how it is left: as it was found, however the program ends.

use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};
use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Is the other page shown?
static PAGE: AtomicBool = AtomicBool::new(false);

/// Hands on each key as it is pressed, and does not show it.
///
/// # Errors
/// The terminal's own.
pub fn raw() -> io::Result<()> {
    watch_for_the_end();
    enable_raw_mode()
}

/// Turns to the terminal's other page, without a cursor.
///
/// # Errors
/// The terminal's own.
pub fn open_page() -> io::Result<()> {
    PAGE.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)
}

/// The terminal as it was before [`raw`] and [`open_page`]. Nothing happens where it is so already.
pub fn restore() {
    let _ = disable_raw_mode();
    if PAGE.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), LeaveAlternateScreen, cursor::Show);
    }
}

/// SIGTERM and SIGHUP end the program as ever, but the terminal is put in order before; so is it before a
/// panic's message, which would be lost on the other page.
fn watch_for_the_end() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
        #[cfg(unix)]
        if let Ok(mut signals) =
            signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP])
        {
            std::thread::spawn(move || {
                for signal in signals.forever() {
                    restore();
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
            });
        }
    });
}
