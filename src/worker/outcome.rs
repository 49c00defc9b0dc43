//! What each failure means to the daemon and to whoever waits for the exit code.

use std::error::Error;
use std::io::ErrorKind;

use context_sync_protocol::event::{Finished, Outcome};

use super::error::WorkerError;
use crate::config::secret::SecretError;
use crate::connectors::connector::SourceError;
use crate::state::StateError;

/// The last word about a life that ended early.
pub(super) fn of(error: &WorkerError) -> Finished {
    let hint = match error {
        WorkerError::Source(error) => error.hint(),
        WorkerError::Secret { source, .. } => source.hint(),
        WorkerError::Folder { source, .. } => way_to_a_folder(source.kind()).to_owned(),
        _ => String::new(),
    };
    Finished { outcome: outcome(error), message: chain(error), hint, ..Finished::default() }
}

fn outcome(error: &WorkerError) -> Outcome {
    match error {
        // A key ring that is locked opens without any change of the configuration.
        WorkerError::Secret { source: SecretError::Failed { .. } | SecretError::Slow(_), .. } => Outcome::Failed,
        WorkerError::Name(_) | WorkerError::Secret { .. } => Outcome::Misconfigured,
        WorkerError::Source(SourceError::Unauthorized { .. }) => Outcome::Unauthorized,
        WorkerError::Source(SourceError::Misconfigured { .. }) => Outcome::Misconfigured,
        WorkerError::Source(SourceError::RateLimited { .. }) => Outcome::RateLimited,
        WorkerError::Source(
            SourceError::Network { .. } | SourceError::Untrusted { .. } | SourceError::BadAnswer { .. } | SourceError::Denied { .. },
        ) => Outcome::Unreachable,
        WorkerError::Source(SourceError::NotVisible { .. }) => Outcome::NotFound,
        WorkerError::State(StateError::Locked { .. }) => Outcome::Busy,
        WorkerError::Cancelled => Outcome::Cancelled,
        _ => Outcome::Failed,
    }
}

fn way_to_a_folder(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "The disk or quota is full: make room, the next run goes on by itself.",
        ErrorKind::ReadOnlyFilesystem => "The file system is mounted read-only: mount it writable, or move `output_dir`.",
        ErrorKind::PermissionDenied => "Check who owns the folders above it, or move `output_dir`.",
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => "Something that is no folder stands there: move it away, or move `output_dir`.",
        _ => "Check the folders above it.",
    }
}

/// The whole chain of an error in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        // Outside crates like to repeat their cause in their own words.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the file cannot be read: {source}")]
    struct Repeats {
        source: io::Error,
    }

    #[test]
    fn each_link_of_a_chain_is_said_once() {
        let broken = |text: &str| io::Error::other(text.to_owned());
        assert_eq!(chain(&Repeats { source: broken("no such file") }), "the file cannot be read: no such file");
        assert!(chain(&WorkerError::NoJob(broken("the pipe broke"))).ends_with("`context-syncd --once`: the pipe broke"));
    }

    #[test]
    fn a_secret_that_cannot_be_had_comes_with_the_way_to_it() {
        let missing = SecretError::NoCredentials("wiki-token".to_owned());
        let finished = of(&WorkerError::Secret { connector: "wiki".to_owned(), setting: "api_token".to_owned(), source: missing });
        assert!(finished.message.contains("`api_token`") && !finished.message.contains("LoadCredential"), "{}", finished.message);
        assert!(finished.hint.contains("LoadCredential=wiki-token:"), "{}", finished.hint);
    }

    #[test]
    fn only_what_the_user_must_mend_suspends_a_connector() {
        let of_secret = |source| outcome(&WorkerError::Secret { connector: "wiki".to_owned(), setting: "api_token".to_owned(), source });
        assert_eq!(of_secret(SecretError::Unset("X".to_owned())), Outcome::Misconfigured);
        assert_eq!(of_secret(SecretError::Slow("pass".to_owned())), Outcome::Failed);
        let locked = StateError::Locked { folder: "/x".into() };
        assert_eq!(outcome(&WorkerError::State(locked)), Outcome::Busy);
    }
}
