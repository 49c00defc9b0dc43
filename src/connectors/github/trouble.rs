//! What goes wrong with a query, by what can be done about it.

use super::refused::SAML;
use crate::connectors::connector::{Consequence, SourceError};
use crate::connectors::http::Failed;

/// Why a list is not all there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// A permission or a login is wanted that we do not have.
    Denied(String),
    /// Anything else.
    Other(String),
}

impl Lack {
    /// The same, of this thing.
    pub(super) fn of(&self, what: &str) -> Self {
        match self {
            Self::Denied(why) => Self::Denied(format!("{what}: {why}")),
            Self::Other(why) => Self::Other(format!("{what}: {why}")),
        }
    }

    /// For people.
    pub(super) fn why(&self) -> &str {
        match self {
            Self::Denied(why) | Self::Other(why) => why,
        }
    }

    /// What a failure means for a list; an error where it ends the run.
    pub(super) fn after(error: SourceError) -> Result<Self, SourceError> {
        match error {
            SourceError::Denied { why, .. } => Ok(Self::Denied(why)),
            error if error.consequence() == Consequence::Defer => Ok(Self::Other(error.to_string())),
            error => Err(error),
        }
    }

    /// What an error beside the data means for a list.
    pub(super) fn beside(error: &QueryError) -> Self {
        if error.is_denial() { Self::Denied(error.why()) } else { Self::Other(error.why()) }
    }

    /// Not said why.
    pub(super) fn other(why: &str) -> Self {
        Self::Other(why.to_owned())
    }
}

/// Why a query brought nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// This server does not know a field, an argument or a type: the name. The feature is absent there.
    Lacking(String),
    /// It was too much at once: asking for less may help.
    TooMuch(SourceError),
    /// Anything else.
    Other(SourceError),
}

impl Trouble {
    /// What a request that failed means.
    pub(super) fn of(failed: Failed) -> Self {
        if failed.slow { Self::TooMuch(failed.error) } else { Self::Other(failed.error) }
    }
}

impl From<Trouble> for SourceError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Lacking(name) => Self::BadAnswer {
                service: "this server".to_owned(),
                what: format!("`{name}`"),
                detail: "it does not know that; it may be too old".to_owned(),
            },
            Trouble::TooMuch(error) | Trouble::Other(error) => error,
        }
    }
}

/// One error of a query's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueryError {
    /// `NOT_FOUND`, `FORBIDDEN`, …
    pub(super) kind: String,
    /// Where in the data something is missing.
    pub(super) path: Vec<String>,
    /// What the service says, one line.
    pub(super) message: String,
    /// The organisation wants a login by SAML.
    pub(super) saml: bool,
}

impl QueryError {
    /// Whether a permission or a login is wanted that we do not have.
    pub(super) fn is_denial(&self) -> bool {
        self.saml || matches!(self.kind.as_str(), "FORBIDDEN" | "INSUFFICIENT_SCOPES")
    }

    /// Why something is missing, for people.
    pub(super) fn why(&self) -> String {
        if self.saml { SAML.to_owned() } else { self.message.clone() }
    }

    /// Whether it is a limit.
    pub(super) fn is_limit(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        matches!(self.kind.as_str(), "RATE_LIMITED" | "RATE_LIMIT" | "graphql_rate_limit")
            || message.contains("secondary rate limit")
            || message.contains("abuse detection")
    }

    /// Whether less at once may go better.
    pub(super) fn is_too_much(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        matches!(self.kind.as_str(), "RESOURCE_LIMITS_EXCEEDED" | "MAX_NODE_LIMIT_EXCEEDED")
            || ["timeout", "timed out", "something went wrong while executing your query", "couldn't respond to your request in time"]
                .iter()
                .any(|words| message.contains(words))
    }

    /// What this server does not know.
    pub(super) fn lacks(&self) -> Option<String> {
        let told = matches!(self.kind.as_str(), "undefinedField" | "argumentNotAccepted" | "undefinedType" | "undefinedFragment");
        let said = self.message.contains("doesn't exist on type") || self.message.contains("doesn't accept argument");
        (told || said).then(|| self.message.split('\'').nth(1).unwrap_or(&self.message).to_owned())
    }

    /// Whether it tells of something at this alias (`r3`) or below it.
    pub(super) fn is_at(&self, alias: &str) -> bool {
        self.path.first().is_some_and(|first| first == alias)
    }
}
