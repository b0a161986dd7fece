//! Arguments → a door → an exit code.

use clap::Parser;
use layerlab::{cli, repl};
use std::process::ExitCode;

/// Values of a script may lie in one another, and taking them apart needs a frame for each. Reserved, and
/// used only by such a script.
const STACK: usize = 1 << 29;

fn main() -> ExitCode {
    match std::thread::Builder::new().stack_size(STACK).spawn(door) {
        // A panic was told already.
        Ok(running) => running.join().unwrap_or(ExitCode::from(101)),
        Err(_) => door(),
    }
}

fn door() -> ExitCode {
    let code = cli::open(cli::Arguments::parse(), |talk| {
        repl::talk(repl::Stage {
            host: talk.host,
            renderer: talk.renderer,
            style: talk.style,
            screen: talk.screen,
            watch: talk.watch,
            desk: talk.desk,
        })
    });
    ExitCode::from(code)
}
