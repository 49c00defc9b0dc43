//! What goes wrong with a query, by what can be done about it.

use crate::connectors::connector::SourceError;
use crate::connectors::http::Failed;

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

    /// Whether it will be so at the next run, too: for want of a permission or a login, and not because something failed.
    pub(super) fn is_for_long(&self) -> bool {
        self.saml || matches!(self.kind.as_str(), "FORBIDDEN" | "INSUFFICIENT_SCOPES")
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
