//! A doorbell: reads the arguments and rings where they say.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use context_syncd::daemon::{self, Wish};
use context_syncd::worker;

/// Keeps a local Markdown mirror of a team's knowledge. Without options it is the daemon, in the foreground.
#[derive(Parser)]
#[command(name = "context-syncd", version, about)]
struct Arguments {
    /// The configuration file, instead of `$XDG_CONFIG_HOME/context-sync/config.toml`.
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Sync each connector, or those named, once, and end: no schedule, no socket.
    #[arg(long, value_name = "NAME", num_args = 0.., conflicts_with = "check_config")]
    once: Option<Vec<String>>,
    /// Say whether the configuration can work, and end.
    #[arg(long)]
    check_config: bool,
    /// Log less or more: error, warn, info, debug.
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// The folder of the mirrors, instead of the configuration's.
    #[arg(long, value_name = "PATH")]
    output_dir: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// One operation of one connector; started by the daemon.
    #[command(hide = true)]
    Worker,
}

fn main() -> ExitCode {
    // Whatever is made below here is its owner's alone, also what libraries make.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    let arguments = Arguments::parse();
    if let Some(Command::Worker) = arguments.command {
        return worker::run();
    }
    let options = [("log_level", "--log-level", arguments.log_level), ("output_dir", "--output-dir", arguments.output_dir)];
    let given = |(key, option, value): (&str, &str, Option<String>)| Some((key.to_owned(), (option.to_owned(), value?)));
    daemon::run(Wish {
        config: arguments.config,
        options: options.into_iter().filter_map(given).collect(),
        check_config: arguments.check_config,
        once: arguments.once,
    })
}
