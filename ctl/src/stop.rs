//! Why a command ends early: a failure to tell, or nobody left to tell it to.

use std::io;

use context_sync_protocol::error::{ErrorBody, ErrorKind};

/// Why a command ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something failed; not told yet.
    Failed(ErrorBody),
    /// Whoever read our output went away (`| head`): end quietly.
    PipeClosed,
}

impl Stop {
    /// A failure with its way out.
    pub(crate) fn failed(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Failed(ErrorBody::new(kind, message, hint))
    }

    /// What became of writing to standard output.
    pub(crate) fn of_stdout(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::PipeClosed,
            _ => Self::failed(
                ErrorKind::Failed,
                format!("The output cannot be written: {error}."),
                "The command itself was carried out; only its output is lost.",
            ),
        }
    }
}

impl From<ErrorBody> for Stop {
    fn from(error: ErrorBody) -> Self {
        Self::Failed(error)
    }
}
