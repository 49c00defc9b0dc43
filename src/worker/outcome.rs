//! What each failure means to the daemon and to whoever waits for the exit code.

use std::error::Error;

use context_sync_protocol::event::{Finished, Outcome};

use super::error::WorkerError;
use crate::connectors::connector::SourceError;
use crate::mirror::MirrorError;
use crate::state::StateError;

/// The last word about a worker that could not begin.
pub(super) fn of_worker(error: &WorkerError) -> Finished {
    let outcome = match error {
        WorkerError::Name(_) | WorkerError::Secret { .. } => Outcome::Misconfigured,
        _ => Outcome::Failed,
    };
    Finished { outcome, message: chain(error), ..Finished::default() }
}

/// The last word about a service that failed as a whole.
pub(super) fn of_source(error: &SourceError) -> Finished {
    let outcome = match error {
        SourceError::Unauthorized { .. } => Outcome::Unauthorized,
        SourceError::Misconfigured { .. } => Outcome::Misconfigured,
        SourceError::RateLimited { .. } => Outcome::RateLimited,
        SourceError::Network { .. } | SourceError::BadAnswer { .. } => Outcome::Unreachable,
        SourceError::NotVisible { .. } => Outcome::NotFound,
        SourceError::TooLarge { .. } => Outcome::Failed,
    };
    Finished { outcome, message: chain(error), hint: error.hint(), ..Finished::default() }
}

/// The last word about a state that cannot be opened or read.
pub(super) fn of_state(error: &StateError) -> Finished {
    let outcome = if matches!(error, StateError::Locked { .. }) { Outcome::Busy } else { Outcome::Failed };
    Finished { outcome, message: chain(error), ..Finished::default() }
}

/// The last word about a mirror that cannot be opened, read or written.
pub(super) fn of_mirror(error: &MirrorError) -> Finished {
    Finished { outcome: Outcome::Failed, message: chain(error), ..Finished::default() }
}

/// The last word about a thread that panicked.
pub(super) fn of_crash(error: &tokio::task::JoinError) -> Finished {
    let hint = "The journal holds the place. Please report it with that line.".to_owned();
    Finished { outcome: Outcome::Failed, message: format!("A part of the worker crashed: {error}"), hint, ..Finished::default() }
}

/// The last word after a stop.
pub(super) fn cancelled() -> Finished {
    Finished { outcome: Outcome::Cancelled, message: "Stopped on request.".to_owned(), ..Finished::default() }
}

/// The whole chain of an error in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
