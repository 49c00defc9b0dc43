//! context-syncctl: drives the daemon from the shell and from scripts. A doorbell: arguments in, exit code out.

mod cli;
mod client;
mod commands;
mod output;
mod programs;
mod progress;
mod stop;
mod text;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(match cli::parse() {
        Ok(cli) => commands::run(cli),
        Err(code) => code,
    })
}
