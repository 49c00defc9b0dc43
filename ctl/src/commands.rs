//! The verbs: one file each, bearing the name of the daemon's side of it (`src/control/`).

mod cancel;
mod cleanup;
mod config;
mod explain;
mod history;
mod logs;
mod pause;
mod reload;
mod restore;
mod resume;
mod runs;
pub(crate) mod service;
mod status;
mod sync;
mod validate;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use context_sync_protocol::reply::Touched;
use context_sync_protocol::request::Op;
use serde::de::DeserializeOwned;

use crate::cli::{Cli, Verb};
use crate::client::{Client, Takes};
use crate::output::Output;
use crate::stop::Stop;
use crate::text::clean;

/// What every verb has at hand.
#[derive(Debug)]
pub(crate) struct Context {
    output: Output,
    client: Client,
}

impl Context {
    /// Asks something that the daemon answers by itself.
    fn ask<T: DeserializeOwned>(&self, op: Op) -> Result<T, Stop> {
        self.client.call(op, Takes::Moments, |_| Ok(()))
    }

    /// Carries out an operation that only says which connectors it touched.
    fn touch(&self, op: Op, done: &str, nothing: &str) -> Result<u8, Stop> {
        let touched: Touched = self.ask(op)?;
        self.output.data(&touched, |touched| touched_text(touched, done, nothing))?;
        Ok(0)
    }
}

fn touched_text(touched: &Touched, done: &str, nothing: &str) -> String {
    if touched.connectors.is_empty() {
        return format!("{nothing}\n");
    }
    touched.connectors.iter().map(|name| format!("{}: {done}\n", clean(name))).collect()
}

/// Milliseconds since 1970; a clock before that is 1970.
fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Carries out a command line; the exit code.
pub(crate) fn run(cli: Cli) -> u8 {
    let context = Context { output: Output::new(&cli.global), client: Client::new(cli.global.socket, cli.global.timeout.map(Duration::from_secs)) };
    match dispatch(&context, cli.verb) {
        Ok(code) => code,
        Err(Stop::PipeClosed) => 0,
        Err(Stop::Failed(error)) => {
            context.output.error(&error);
            error.kind.exit_code()
        }
    }
}

fn dispatch(context: &Context, verb: Verb) -> Result<u8, Stop> {
    match verb {
        Verb::Status { name, fidelity } => status::run(context, name, fidelity),
        Verb::Sync { names, full, no_wait, accept_deletions, rerender } => {
            let op = Op::Sync { names: names.clone(), full, accept_deletions, rerender, wait: !no_wait };
            sync::run(context, &names, op, no_wait)
        }
        Verb::Explain { what } => explain::run(context, what),
        Verb::Cancel { names } => cancel::run(context, names),
        Verb::Pause { names } => pause::run(context, names),
        Verb::Resume { names } => resume::run(context, names),
        Verb::Cleanup { names, apply } => cleanup::run(context, names, apply),
        Verb::Restore { paths } => restore::run(context, paths),
        Verb::Validate { names } => validate::run(context, names),
        Verb::History { name, limit } => history::run(context, name, limit),
        Verb::Logs { name, follow, lines } => logs::run(context, name, follow, lines),
        Verb::Reload => reload::run(context),
        Verb::Service { action } => service::run(context, action),
        Verb::Config { action } => config::run(context, action),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_touched_is_named() {
        let touched = Touched { connectors: vec!["a".to_owned(), "b".to_owned()] };
        assert_eq!(touched_text(&touched, "paused", "Nothing."), "a: paused\nb: paused\n");
        assert_eq!(touched_text(&Touched::default(), "paused", "Nothing."), "Nothing.\n");
    }
}
