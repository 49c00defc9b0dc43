//! Rings: `worker` for now.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("worker") { context_syncd::worker::run() } else { ExitCode::from(2) }
}
