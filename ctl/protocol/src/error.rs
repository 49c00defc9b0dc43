//! Kinds of failure, what each means as an exit code, and how several outcomes become one code.
//!
//! The numbers are a promise to scripts; they are listed in `docs/protocol.md`.

use serde::{Deserialize, Serialize};

use crate::event::Outcome;

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// A request that makes no sense: bad arguments, a line that is no request.
    Usage,
    /// The configuration cannot work.
    Misconfigured,
    /// Credentials refused.
    Unauthorized,
    /// No such connector, document or file.
    NotFound,
    /// The network or a service failed.
    Unreachable,
    /// Rate limited for longer than we wait.
    RateLimited,
    /// Busy, locked, conflicting.
    Busy,
    /// Some failed, the rest is in place.
    Partial,
    /// The daemon does not answer; only a client says this.
    DaemonUnreachable,
    /// A safety limit holds back deletions.
    DeletionsHeld,
    /// The client's own time ran out; only a client says this.
    Timeout,
    /// Stopped on request.
    Interrupted,
    /// An operation or a version of the protocol that the daemon does not know.
    Unsupported,
    /// Anything else, and whatever a later version says that this one does not know.
    #[serde(other)]
    Failed,
}

impl ErrorKind {
    /// The exit code that scripts see.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed | Self::Unsupported => 1,
            Self::Usage | Self::Misconfigured => 2,
            Self::Unauthorized => 3,
            Self::NotFound => 4,
            Self::Unreachable => 5,
            Self::RateLimited => 6,
            Self::Busy => 7,
            Self::Partial => 8,
            Self::DaemonUnreachable => 9,
            Self::DeletionsHeld => 10,
            Self::Timeout => 11,
            Self::Interrupted => 130,
        }
    }
}

/// A failure as it goes over the socket, and as `-o json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// For programs.
    pub kind: ErrorKind,
    /// What happened, to what, and why; one or two sentences without a secret.
    pub message: String,
    /// What to do; may be empty.
    #[serde(default)]
    pub hint: String,
}

impl ErrorBody {
    /// A failure with its way out.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: hint.into() }
    }
}

/// The exit code of one outcome.
#[must_use]
pub fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Done => 0,
        Outcome::Failed => ErrorKind::Failed.exit_code(),
        Outcome::Misconfigured => ErrorKind::Misconfigured.exit_code(),
        Outcome::Unauthorized => ErrorKind::Unauthorized.exit_code(),
        Outcome::NotFound => ErrorKind::NotFound.exit_code(),
        Outcome::Unreachable => ErrorKind::Unreachable.exit_code(),
        Outcome::RateLimited => ErrorKind::RateLimited.exit_code(),
        Outcome::Busy => ErrorKind::Busy.exit_code(),
        Outcome::Partial => ErrorKind::Partial.exit_code(),
        Outcome::DeletionsHeld => ErrorKind::DeletionsHeld.exit_code(),
        Outcome::Cancelled => ErrorKind::Interrupted.exit_code(),
    }
}

/// One exit code for several connectors: theirs where they agree, else 8 if any of them has its documents in place, else 1. None at all is 0.
#[must_use]
pub fn merged_exit_code(outcomes: impl IntoIterator<Item = Outcome>) -> u8 {
    let mut agreed: Option<u8> = None;
    let mut agree = true;
    let mut any_in_place = false;
    for outcome in outcomes {
        let code = exit_code(outcome);
        agree &= agreed.is_none_or(|first| first == code);
        agreed = agreed.or(Some(code));
        any_in_place |= matches!(outcome, Outcome::Done | Outcome::Partial | Outcome::DeletionsHeld);
    }
    match agreed {
        None => 0,
        Some(code) if agree => code,
        Some(_) if any_in_place => ErrorKind::Partial.exit_code(),
        Some(_) => ErrorKind::Failed.exit_code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_have_the_exit_codes_that_were_promised() {
        let promised = [
            (Outcome::Done, 0),
            (Outcome::Failed, 1),
            (Outcome::Misconfigured, 2),
            (Outcome::Unauthorized, 3),
            (Outcome::NotFound, 4),
            (Outcome::Unreachable, 5),
            (Outcome::RateLimited, 6),
            (Outcome::Busy, 7),
            (Outcome::Partial, 8),
            (Outcome::DeletionsHeld, 10),
            (Outcome::Cancelled, 130),
        ];
        for (outcome, code) in promised {
            assert_eq!(exit_code(outcome), code, "{outcome:?}");
            assert_eq!(merged_exit_code([outcome, outcome]), code, "{outcome:?}");
        }
        assert_eq!((ErrorKind::DaemonUnreachable.exit_code(), ErrorKind::Timeout.exit_code()), (9, 11));
    }

    #[test]
    fn several_outcomes_become_one_code() {
        use Outcome::{DeletionsHeld, Done, Partial, RateLimited, Unauthorized, Unreachable};
        assert_eq!(merged_exit_code([]), 0);
        assert_eq!(merged_exit_code([Unauthorized]), 3);
        assert_eq!(merged_exit_code([Done, Unauthorized]), 8);
        assert_eq!(merged_exit_code([Unreachable, Done, Done]), 8);
        assert_eq!(merged_exit_code([Unreachable, Partial]), 8);
        assert_eq!(merged_exit_code([Done, DeletionsHeld]), 8);
        assert_eq!(merged_exit_code([Unreachable, RateLimited]), 1);
    }
}
