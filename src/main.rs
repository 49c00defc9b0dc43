//! A doorbell: reads the arguments and rings where they say.

use std::error::Error as _;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use context_sync_protocol::error::ErrorKind;
use context_syncd::daemon::{self, Wish};
use context_syncd::{convert, sandbox, worker};

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
    /// Print the Markdown of one body, without title and front matter: for reporting a page that is converted badly.
    Convert {
        /// The body's format: confluence-storage.
        #[arg(long, value_name = "FORMAT")]
        from: String,
        /// Say on standard error how each kind of construct was treated: rendered, kept, or lost.
        #[arg(long)]
        explain: bool,
        /// The file that holds it; the standard input where it is left out.
        file: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    // Whatever is made below here is its owner's alone, also what libraries make.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    let arguments = Arguments::parse();
    // Before any secret is there to be seen; but of the environment, which the kernel shows until here.
    if !matches!(arguments.command, Some(Command::Convert { .. }))
        && let Err(error) = sandbox::close()
    {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "error: {error}: {cause}");
        return ExitCode::FAILURE;
    }
    match arguments.command {
        Some(Command::Worker) => return worker::run(),
        Some(Command::Convert { from, explain, file }) => return convert(&from, explain, file.as_deref()),
        None => {}
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

/// Reads, converts, prints. Bytes that are no UTF-8 are replaced, so that a damaged report still shows something.
fn convert(from: &str, explain: bool, file: Option<&Path>) -> ExitCode {
    let mut bytes = Vec::new();
    let read = match file {
        Some(path) => {
            std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|error| format!("{}: {error}", path.display()))
        }
        None => std::io::stdin().read_to_end(&mut bytes).map_err(|error| format!("standard input: {error}")),
    };
    let converted = read
        .map_err(|error| format!("cannot read {error}"))
        .and_then(|_| convert::run(from, &String::from_utf8_lossy(&bytes)).map_err(|error| error.to_string()));
    match converted {
        // Whoever reads may have seen enough; that is no failure.
        Ok(converted) => {
            let _ = std::io::stdout().write_all(converted.markdown.as_bytes());
            if explain {
                converted.notes.iter().for_each(|note| drop(writeln!(std::io::stderr(), "{note}")));
            }
            ExitCode::SUCCESS
        }
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::from(ErrorKind::Usage.exit_code())
        }
    }
}
