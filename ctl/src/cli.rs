//! The command line: verbs, flags, and what a wrong one is answered. Knows nothing of what the verbs do.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind as ClapKind;
use clap::{Args, Parser, Subcommand, ValueEnum};
use context_sync_protocol::error::{ErrorBody, ErrorKind};

use crate::output::Output;

/// Drives context-syncd, which mirrors your team's knowledge to ~/context-sync
#[derive(Debug, Parser)]
#[command(name = "context-syncctl", version, arg_required_else_help = true, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 credentials refused, 4 not found, 5 network or service failed,
6 rate limited, 7 busy or conflicting, 8 partly done, 9 daemon not reachable, 10 held back by a safety limit, 11 timeout, 130 interrupted";

/// Flags that may stand before or after the verb.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// How to print; auto, the default, is text on a terminal, else JSON
    #[arg(short, long, global = true, value_name = "auto|text|json", default_value = "auto", hide_default_value = true)]
    #[arg(hide_possible_values = true, help_heading = "Global options")]
    pub(crate) output: Format,
    /// Print results and errors only
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// Print also what the daemon logs about it
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = "Global options")]
    pub(crate) verbose: bool,
    /// No colours; the variable NO_COLOR does the same
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) no_color: bool,
    /// The daemon's socket, by default $XDG_RUNTIME_DIR/context-sync/control.sock
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    pub(crate) socket: Option<PathBuf>,
    /// Give up after so long; what the daemon is doing goes on
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Global options")]
    pub(crate) timeout: Option<u64>,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Auto,
    Text,
    Json,
}

/// What to do. Each verb that the daemon carries out bears the name of its operation.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show how things stand, and the one thing to do next if there is one
    Status {
        /// One connector, in detail
        name: Option<String>,
        /// Show how faithful the mirror is: what its pages hold, and how it was treated
        #[arg(long)]
        fidelity: bool,
    },
    /// Sync now, and wait for it; Ctrl-C stops waiting, not the sync
    Sync {
        /// Connectors; all if none is named
        names: Vec<String>,
        /// Look at everything and fetch every document again
        #[arg(long)]
        full: bool,
        /// Do not wait for the end
        #[arg(long)]
        no_wait: bool,
        /// Carry out deletions that the safety limit held back
        #[arg(long)]
        accept_deletions: bool,
        /// Write every document again from what was fetched before, without asking the service
        #[arg(long, conflicts_with_all = ["full", "accept_deletions"])]
        rerender: bool,
    },
    /// Stop what runs, between two documents
    Cancel {
        /// Connectors; all if none is named
        names: Vec<String>,
    },
    /// Ring no bells until `resume`, also after a restart
    Pause {
        /// Connectors; all if none is named
        names: Vec<String>,
    },
    /// End a pause, or a suspension
    Resume {
        /// Connectors; all if none is named
        names: Vec<String>,
    },
    /// List what has run out or belongs to nobody; remove it with --apply
    Cleanup {
        /// Connectors; all if none is named
        names: Vec<String>,
        /// Remove it
        #[arg(long)]
        apply: bool,
    },
    /// Move files from the trash back to their places; list them if none is named
    Restore {
        /// Files, as they are listed, or as they were called before
        paths: Vec<String>,
    },
    /// Ask the services whether credentials and permissions work
    Validate {
        /// Connectors; all if none is named
        names: Vec<String>,
    },
    /// Tell what is known of one document, and how faithful its file is
    Explain {
        /// Its web address, its id, or the path of its file
        what: String,
    },
    /// Show the last runs, newest first
    History {
        /// One connector
        name: Option<String>,
        /// At most so many
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = context_sync_protocol::request::DEFAULT_HISTORY)]
        limit: u32,
    },
    /// Show the logs
    Logs {
        /// One connector
        name: Option<String>,
        /// Go on with what is logged from now
        #[arg(short, long)]
        follow: bool,
        /// Past lines to begin with
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = context_sync_protocol::request::DEFAULT_LOG_LINES)]
        lines: u32,
    },
    /// Have the daemon read its configuration again; a broken one is refused
    Reload,
    /// Have systemd run the daemon
    Service {
        #[command(subcommand)]
        action: Service,
    },
    /// Look at the configuration
    Config {
        #[command(subcommand)]
        action: Config,
    },
}

/// What to do with the service.
#[derive(Debug, Subcommand)]
pub(crate) enum Service {
    /// Write the user unit, enable it, and start the daemon
    Install {
        /// The daemon's program [default: context-syncd beside this program]
        #[arg(long, value_name = "PATH")]
        daemon: Option<PathBuf>,
    },
    /// Stop the daemon, disable and remove the user unit
    Uninstall,
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print the configuration file's path
    Path,
    /// Print every setting in force, without secrets
    Show,
    /// Check a configuration file, without the daemon
    Check {
        /// The file [default: what `config path` prints]
        file: Option<PathBuf>,
    },
}

/// This process's command line.
///
/// # Errors
/// The exit code, when help was asked for or the command line is wrong; it has been told.
pub(crate) fn parse() -> Result<Cli, u8> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    Cli::try_parse_from(&arguments).map_err(|error| refuse(&arguments, &error))
}

fn refuse(arguments: &[OsString], error: &clap::Error) -> u8 {
    if !error.use_stderr() || error.kind() == ClapKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Where the reader went away, nobody is left to be told.
        let _ = error.print();
        return if error.use_stderr() { ErrorKind::Usage.exit_code() } else { 0 };
    }
    if asks_for_json(arguments) {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Output::explicit_json().error(&ErrorBody::new(ErrorKind::Usage, message, "See `context-syncctl --help`."));
    } else {
        let _ = error.print();
    }
    ErrorKind::Usage.exit_code()
}

/// Whether a command line that clap refused asks for JSON.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let mut previous_is_flag = false;
    arguments.iter().filter_map(|argument| argument.to_str()).any(|argument| {
        let json = matches!(argument, "-ojson" | "-o=json" | "--output=json") || (previous_is_flag && argument == "json");
        previous_is_flag = matches!(argument, "-o" | "--output");
        json
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_or_after_the_verb() {
        for line in [
            &["ctl", "-o", "json", "--timeout", "5", "sync", "wiki", "--full"][..],
            &["ctl", "sync", "wiki", "--full", "-o", "json", "--timeout", "5"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!((cli.global.output, cli.global.timeout), (Format::Json, Some(5)));
            assert!(matches!(cli.verb, Verb::Sync { names, full: true, no_wait: false, .. } if names == ["wiki"]));
        }
    }

    #[test]
    fn verbs_that_are_not_built_yet_are_not_in_help() {
        let help = Cli::command().render_long_help().to_string();
        for verb in ["search", "resolve", "changes", "mcp", "setup", "doctor"] {
            assert!(!help.lines().any(|line| line.trim_start().starts_with(verb)), "{verb} in {help}");
        }
    }

    #[test]
    fn a_wrong_command_line_is_known_to_ask_for_json() {
        let arguments = |line: &[&str]| line.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(asks_for_json(&arguments(&["ctl", "-o", "json", "frobnicate"])));
        assert!(asks_for_json(&arguments(&["ctl", "frobnicate", "--output=json"])));
        assert!(!asks_for_json(&arguments(&["ctl", "frobnicate", "json"])));
    }
}
