//! How a request failed, and whether asking again can help.

use reqwest::StatusCode;

use crate::connectors::connector::SourceError;

/// A failure with what connectors need to judge it.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The answer's status; none where no answer came.
    pub status: Option<u16>,
    /// The answer called itself JSON.
    pub json: bool,
    /// Asking for less may help: it took too long, or a gateway gave up.
    pub slow: bool,
    /// What to tell the engine.
    pub error: SourceError,
}

impl Failed {
    pub(super) fn of(status: StatusCode, error: SourceError) -> Self {
        Self { status: Some(status.as_u16()), json: false, slow: false, error }
    }

    pub(super) fn before(error: SourceError) -> Self {
        Self { status: None, json: false, slow: false, error }
    }
}

impl From<Failed> for SourceError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// A failure of one try.
pub(super) enum Failure {
    /// Asking again would bring the same.
    Final(Failed),
    /// Asking again, later, may help.
    Again(Failed),
    /// 429. `held`: the service said how long, and everybody waits already.
    Limited { failed: Failed, held: bool },
}

/// The causes of a network failure, innermost last, without the address.
pub(super) fn describe(error: reqwest::Error) -> String {
    let said = match () {
        () if error.is_timeout() => "no answer in time",
        () if error.is_connect() => "no connection",
        () if error.is_body() || error.is_decode() => "the answer broke off",
        () => "the request failed",
    };
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let innermost = cause.to_string();
    // An address can stand in a message that is not reqwest's own; what is no plain sentence is not repeated.
    if std::ptr::addr_eq(cause, &raw const error) || innermost.contains("://") { said.to_owned() } else { format!("{said}: {innermost}") }
}
