//! The engine: brings one connector's mirror up to date. It knows no vendor, no database and no socket.
//!
//! The flow of [`run`]: load the book from the state; list, and at the same time fetch what the listing shows to be new and look for changes made by
//! hand; when the listing is complete, decide what leaves ([`sweep`]), lay out all paths and names ([`view`]); render and write what was fetched; then
//! settle: write again, from kept raw bodies, every document whose surroundings changed; bring attachments; settle once more where one failed; move to
//! the trash what leaves; and only then advance the cursors. Every step is idempotent: a run that is killed anywhere is repeated by the next, and
//! finds done what was done.

mod assets;
mod book;
pub mod clock;
mod engine;
mod fetch;
mod fidelity;
mod hand;
mod index;
mod insert;
mod layout;
mod listing;
mod orphans;
mod packed;
mod press;
mod progress;
mod render;
pub mod report;
mod report_table;
mod settle;
mod sweep;
mod view;
mod writer;

use std::sync::Arc;

use context_sync_protocol::event::{Allowance, Finished, Outcome, Summary};
use tokio_util::sync::CancellationToken;

use crate::connectors::connector::{Connector, SourceError};
use crate::mirror::{Mirror, MirrorError};
use crate::state::{State, StateError};
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

/// What [`Options::whole_up_to`] is for users.
pub const WHOLE_UP_TO: usize = 20_000;

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Only write every document again, from its kept body and without a request.
    pub rerender: bool,
    /// Fetch every body again.
    pub full: bool,
    /// Carry out removals that the limit would hold back.
    pub accept_deletions: bool,
    /// Percent of a scope's, and of all, documents that a run may remove (if more than 10), 0 to 100.
    pub max_delete_percent: u8,
    /// Up to so many documents every run lists all of them; above, a run lists what is new and a part of the whole, all of it within a day.
    pub whole_up_to: usize,
    /// Fingerprint of the settings that decide what is listed and how it is written; a change makes the run look at everything.
    pub settings: u64,
}

/// Why a run ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum Abort {
    /// The service.
    #[error(transparent)]
    Source(SourceError),
    /// The mirror.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
    /// Asked to stop.
    #[error("the run was cancelled between two documents")]
    Cancelled,
    /// The writer has ended; its own error tells why.
    #[error("the writer of this run has ended early")]
    WriterGone,
    /// A thread of ours panicked.
    #[error("a part of the run crashed; the journal holds the place. Please report it with that line")]
    Crashed(#[from] tokio::task::JoinError),
}

/// Brings the mirror up to date. Never fails: how it ended is in the answer.
pub async fn run(run: Run) -> Finished {
    let (clock, connector) = (Arc::clone(&run.clock), Arc::clone(&run.connector));
    let started_ms = clock.now_ms();
    let mut summary = Summary::default();
    let ended = engine::go(run, &mut summary).await;
    let traffic = connector.traffic();
    summary.requests = traffic.requests;
    summary.bytes = traffic.bytes;
    summary.allowances = traffic.allowances.into_iter().map(told).collect();
    summary.duration_ms = clock.now_ms().saturating_sub(started_ms);
    let (outcome, message, hint) = match ended {
        Ok(()) => verdict(&summary),
        Err(abort) => (outcome_of(&abort), sentence(&abort), hint_of(&abort)),
    };
    Finished { outcome, message, hint, summary, items: Vec::new() }
}

fn told(one: crate::connectors::connector::Allowance) -> Allowance {
    Allowance { name: one.name, left: one.left, of: one.of, renews_ms: one.renews_ms, used: one.used }
}

fn verdict(summary: &Summary) -> (Outcome, String, String) {
    if summary.held > 0 {
        let message = format!("{} documents are gone at the service, more than the safety limit lets go at once; none was removed.", summary.held);
        let hint = "If that is right, run `context-syncctl sync --accept-deletions`.".to_owned();
        return (Outcome::DeletionsHeld, message, hint);
    }
    let (mut message, mut hint) = (Vec::new(), Vec::new());
    if summary.deferred > 0 {
        message.push(format!("Documents or attachments that could not be brought: {}; all others are in place.", summary.deferred));
        hint.push("The log names each with its reason; they are tried first next time.");
    }
    if let Some((scope, why)) = summary.scopes.iter().next() {
        message.push(format!(
            "{} of the scopes could not be listed as a whole, `{scope}` for one: {}.",
            summary.scopes.len(),
            why.trim_end_matches('.')
        ));
        hint.push("Nothing of theirs was removed. Check the account's permissions if it stays so.");
    }
    let outcome = if message.is_empty() { Outcome::Done } else { Outcome::Partial };
    (outcome, message.join(" "), hint.join(" "))
}

fn outcome_of(abort: &Abort) -> Outcome {
    match abort {
        Abort::Source(SourceError::Unauthorized { .. }) => Outcome::Unauthorized,
        Abort::Source(SourceError::Misconfigured { .. }) => Outcome::Misconfigured,
        Abort::Source(SourceError::RateLimited { .. }) => Outcome::RateLimited,
        Abort::Source(_) => Outcome::Unreachable,
        Abort::Cancelled => Outcome::Cancelled,
        Abort::Mirror(_) | Abort::State(_) | Abort::WriterGone | Abort::Crashed(_) => Outcome::Failed,
    }
}

/// The whole chain of causes in one line.
fn sentence(abort: &Abort) -> String {
    let mut text = abort.to_string();
    let mut cause = std::error::Error::source(abort);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn hint_of(abort: &Abort) -> String {
    match abort {
        Abort::Source(error) => error.hint(),
        Abort::Cancelled => "The next run goes on where this one stopped.".to_owned(),
        Abort::Mirror(_) | Abort::State(_) => "Nothing is half-written; the next run heals what is missing once the cause is gone.".to_owned(),
        Abort::WriterGone | Abort::Crashed(_) => "The next run goes on where this one stopped.".to_owned(),
    }
}
