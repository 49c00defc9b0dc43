//! `--once`: one sync of each connector, without schedule and socket.
//!
//! One summary line per connector goes to the standard output, progress and log lines to the standard error; the exit code is that of all connectors.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use context_sync_protocol::error::{ErrorKind, merged_exit_code};
use context_sync_protocol::event::{Event, Outcome, Progress};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;

use super::{LAST_LINES, LAST_WORK, PATIENCE};
use crate::config::Config;
use crate::config::job::Operation;
use crate::model::one_line;
use crate::supervisor::{self, Supervisor};

/// How often one connector's progress is written.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);

/// Syncs the named connectors, or all that are on.
#[must_use]
pub(super) fn run(config: Config, names: &[String]) -> ExitCode {
    for note in &config.notes {
        tracing::info!("{note}");
    }
    let known: Vec<String> = config.enabled().map(|instance| instance.config.name.clone()).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(name)) {
        complain(&format!("There is no connector `{name}`; configured are: {}.", known.join(", ")));
        return ExitCode::from(ErrorKind::NotFound.exit_code());
    }
    let names: Vec<String> = known.iter().filter(|name| names.is_empty() || names.contains(name)).cloned().collect();
    if names.is_empty() {
        complain(&format!("No connector is configured: add a table like [connectors.confluence] to {}.", config.path.display()));
        return ExitCode::SUCCESS;
    }
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(sync(config, names));
            runtime.shutdown_timeout(LAST_WORK);
            code
        }
        Err(error) => {
            complain(&format!("The runtime cannot be started: {error}."));
            ExitCode::FAILURE
        }
    }
}

async fn sync(config: Config, names: Vec<String>) -> ExitCode {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        complain("The signals cannot be waited for.");
        return ExitCode::FAILURE;
    };
    let (supervisor, _) = Supervisor::new(Arc::new(config));
    let mut told = supervisor.follow();
    let progress = tokio::spawn(async move {
        let mut written = BTreeMap::new();
        loop {
            match told.recv().await {
                Ok(told) => {
                    if let Event::Progress(progress) = &*told.event {
                        show(&told.connector, progress, &mut written);
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
    let mut ended = Vec::new();
    for name in &names {
        match supervisor.order(name, Operation::Sync { full: false, accept_deletions: false }) {
            Ok(ordered) => ended.push((name, ordered.ended)),
            Err(error) => complain(&error.to_string()),
        }
    }
    let all = async {
        let mut outcomes = Vec::new();
        for (name, ended) in ended {
            let outcome = match ended.await {
                Ok(record) => {
                    let _ = writeln!(std::io::stdout(), "{name}: {}", one_line(&supervisor::sentence(&record)));
                    record.finished.outcome
                }
                Err(_) => Outcome::Failed,
            };
            outcomes.push(outcome);
        }
        outcomes
    };
    tokio::pin!(all);
    let outcomes = tokio::select! {
        outcomes = &mut all => {
            // What remains is the history.
            supervisor.drain(PATIENCE).await;
            outcomes
        }
        _ = terminate.recv() => stop(&supervisor, &mut all).await,
        _ = interrupt.recv() => stop(&supervisor, &mut all).await,
    };
    progress.abort();
    ExitCode::from(merged_exit_code(outcomes))
}

/// Stops all work, and says what it came to. What has not stopped by then dies with this process, which has told no outcome of it.
async fn stop(supervisor: &Supervisor, all: impl Future<Output = Vec<Outcome>>) -> Vec<Outcome> {
    supervisor.drain(PATIENCE).await;
    // What ended has been told already, so this waits for nothing but its turn.
    tokio::time::timeout(LAST_LINES, all).await.unwrap_or_else(|_| vec![Outcome::Cancelled])
}

fn show(connector: &str, progress: &Progress, written: &mut BTreeMap<String, (String, Instant)>) {
    let new = written.get(connector).is_none_or(|(phase, at)| *phase != progress.phase || at.elapsed() >= PROGRESS_INTERVAL);
    if new {
        written.insert(connector.to_owned(), (progress.phase.clone(), Instant::now()));
        let waits = if progress.waiting_until_ms.is_some() { ", waiting for the service's rate limit" } else { "" };
        complain(&format!("{connector}: {} {} of {}{waits}", progress.phase, progress.done, progress.total));
    }
}

fn complain(line: &str) {
    // A closed standard error is nothing to die of.
    let _ = writeln!(std::io::stderr(), "{}", one_line(line));
}
