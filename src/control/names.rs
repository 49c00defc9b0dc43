//! Which connectors a request means.

use context_sync_protocol::error::{ErrorBody, ErrorKind};

use super::Context;
use crate::supervisor::OrderError;

/// The named connectors, each once; all where none is named.
pub(super) fn chosen(context: &Context, names: &[String]) -> Result<Vec<String>, ErrorBody> {
    let known = context.supervisor.names();
    if names.is_empty() {
        return Ok(known);
    }
    let mut chosen: Vec<String> = Vec::new();
    for name in names {
        if !known.contains(name) {
            return Err(unknown(context, name));
        }
        if !chosen.contains(name) {
            chosen.push(name.clone());
        }
    }
    Ok(chosen)
}

/// There is no such connector.
pub(super) fn unknown(context: &Context, name: &str) -> ErrorBody {
    let known = context.supervisor.names();
    let hint = match known.is_empty() {
        true => "No connector is configured; see `context-syncctl config path`.".to_owned(),
        false => format!("Configured are: {}.", known.join(", ")),
    };
    ErrorBody::new(ErrorKind::NotFound, format!("There is no connector `{}`.", name.chars().take(64).collect::<String>()), hint)
}

/// An operation that cannot be ordered, as an answer.
pub(super) fn refused(error: &OrderError) -> ErrorBody {
    let (kind, hint) = match error {
        OrderError::Unknown(_) => (ErrorKind::NotFound, "`context-syncctl status` lists the connectors."),
        OrderError::TooMany(_) => (ErrorKind::Busy, "Wait until some have ended, or stop them with `context-syncctl cancel`."),
        OrderError::Stopping => (ErrorKind::Busy, "Try again when it has started."),
    };
    ErrorBody::new(kind, error.to_string(), hint)
}
