//! The engine.

pub mod clock;
pub mod report;

use std::sync::Arc;

use context_sync_protocol::event::Finished;
use tokio_util::sync::CancellationToken;

use crate::connectors::connector::Connector;
use crate::mirror::Mirror;
use crate::state::State;
use clock::Clock;
use report::Reporter;

/// Everything a run needs.
pub struct Run {
    /// Where documents come from.
    pub connector: Arc<dyn Connector>,
    /// The connector's type, the front matter's `source` (`confluence`).
    pub source: String,
    /// What earlier runs kept.
    pub state: Arc<State>,
    /// Where files go.
    pub mirror: Arc<Mirror>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who listens.
    pub reporter: Arc<dyn Reporter>,
    /// Stops the run between two documents.
    pub cancel: CancellationToken,
    /// How to run.
    pub options: Options,
}

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Fetch every body again.
    pub full: bool,
    /// Carry out removals that the limit would hold back.
    pub accept_deletions: bool,
    /// Percent of a scope's, and of all, documents that a run may remove (if more than 10), 0 to 100.
    pub max_delete_percent: u8,
    /// Fingerprint of the settings.
    pub settings: u64,
}

/// Runs.
pub async fn run(run: Run) -> Finished {
    let outcome = context_sync_protocol::event::Outcome::Cancelled;
    tokio::select! {
        _ = run.connector.validate() => Finished::default(),
        () = run.cancel.cancelled() => Finished { outcome, ..Finished::default() },
    }
}
