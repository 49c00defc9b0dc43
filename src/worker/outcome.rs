//! What each failure means to the daemon and to whoever waits for the exit code.

use std::error::Error;

use context_sync_protocol::event::{Finished, Outcome};

use super::error::WorkerError;
use crate::connectors::connector::SourceError;

/// The exit code of an outcome, as scripts know it: the contract's table.
pub(super) fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Done => 0,
        Outcome::Failed => 1,
        Outcome::Misconfigured => 2,
        Outcome::Unauthorized => 3,
        Outcome::NotFound => 4,
        Outcome::Unreachable => 5,
        Outcome::RateLimited => 6,
        Outcome::Busy => 7,
        Outcome::Partial => 8,
        Outcome::DeletionsHeld => 10,
        Outcome::Cancelled => 130,
    }
}

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
