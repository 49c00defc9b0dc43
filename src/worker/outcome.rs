//! What each failure means to the daemon and to whoever waits for the exit code.

use std::error::Error;

use context_sync_protocol::event::{Finished, Outcome};

use super::error::WorkerError;
use crate::connectors::connector::SourceError;
use crate::state::StateError;

/// The last word about a life that ended early.
pub(super) fn of(error: &WorkerError) -> Finished {
    let hint = match error {
        WorkerError::Source(error) => error.hint(),
        _ => String::new(),
    };
    Finished { outcome: outcome(error), message: chain(error), hint, ..Finished::default() }
}

fn outcome(error: &WorkerError) -> Outcome {
    match error {
        WorkerError::Name(_) | WorkerError::Secret { .. } => Outcome::Misconfigured,
        WorkerError::Source(SourceError::Unauthorized { .. }) => Outcome::Unauthorized,
        WorkerError::Source(SourceError::Misconfigured { .. }) => Outcome::Misconfigured,
        WorkerError::Source(SourceError::RateLimited { .. }) => Outcome::RateLimited,
        WorkerError::Source(SourceError::Network { .. } | SourceError::BadAnswer { .. }) => Outcome::Unreachable,
        WorkerError::Source(SourceError::NotVisible { .. }) => Outcome::NotFound,
        WorkerError::State(StateError::Locked { .. }) => Outcome::Busy,
        WorkerError::Cancelled => Outcome::Cancelled,
        _ => Outcome::Failed,
    }
}

/// The whole chain of an error in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
