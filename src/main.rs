//! Arguments → a door → an exit code.

use clap::Parser;
use layerlab::{cli, repl};
use std::process::ExitCode;

fn main() -> ExitCode {
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
