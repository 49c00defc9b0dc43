//! A doorbell: reads the arguments and rings where they say.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use context_sync_protocol::error::ErrorKind;
use context_syncd::config::Surroundings;
use context_syncd::{config, daemon, once, worker};

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
    let arguments = Arguments::parse();
    if let Some(Command::Worker) = arguments.command {
        return worker::run();
    }
    let options = [("log_level", "--log-level", arguments.log_level), ("output_dir", "--output-dir", arguments.output_dir)];
    let options: BTreeMap<_, _> =
        options.into_iter().filter_map(|(key, option, value)| Some((key.to_owned(), (option.to_owned(), value?)))).collect();
    let around = Surroundings::of_this_process(arguments.config, options);
    match (config::load(&around), arguments.once) {
        (Err(error), _) => refuse(&error),
        (Ok(config), Some(names)) => once::run(config, &names),
        (Ok(config), None) if arguments.check_config => check(&config),
        (Ok(config), None) => daemon::run(around, config),
    }
}

fn check(config: &config::Config) -> ExitCode {
    let checked = daemon::check(config);
    let (lines, code) = match checked {
        Ok(lines) => (lines, ExitCode::SUCCESS),
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "error: {why}");
            (Vec::new(), ExitCode::from(ErrorKind::Misconfigured.exit_code()))
        }
    };
    for line in lines {
        let _ = writeln!(std::io::stdout(), "{line}");
    }
    code
}

/// Says the whole chain of an error, once.
fn refuse(error: &dyn std::error::Error) -> ExitCode {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    let _ = writeln!(std::io::stderr(), "error: {text}");
    ExitCode::from(ErrorKind::Misconfigured.exit_code())
}
