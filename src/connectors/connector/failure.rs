//! What goes wrong at a service, and what each of it makes the engine do.
//!
//! Every variant decides one thing; there is none for "other", whose text would have to be read.

use std::time::Duration;

/// A failure at the service. Each variant decides one thing, see [`SourceError::consequence`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum SourceError {
    /// 401, a login page, a captcha.
    #[error("{service} refused the credentials ({detail})")]
    Unauthorized {
        /// Host.
        service: String,
        /// What it said.
        detail: String,
        /// The way out.
        hint: String,
    },
    /// The configuration cannot work (an address that is no such service, a space that does not exist).
    #[error("{detail}")]
    Misconfigured {
        /// What is wrong.
        detail: String,
        /// The way out.
        hint: String,
    },
    /// 403 or 404 for one thing.
    #[error("{what} is not there, or not for us ({status})")]
    NotVisible {
        /// The thing.
        what: String,
        /// HTTP status.
        status: u16,
    },
    /// It is there, but a permission or a login is wanted that we do not have.
    #[error("{what} is closed to us ({why})")]
    Denied {
        /// The thing.
        what: String,
        /// What is wanted, for people.
        why: String,
    },
    /// More than the configured limit.
    #[error("{what} is larger than the limit of {limit_bytes} bytes")]
    TooLarge {
        /// The thing.
        what: String,
        /// The limit.
        limit_bytes: u64,
    },
    /// The service asks for a longer wait than this run can take.
    #[error("{service} limits our rate")]
    RateLimited {
        /// Host.
        service: String,
        /// How long it asks us to wait.
        retry_after: Duration,
    },
    /// No answer: name, route, reset, stall; after retries.
    #[error("{service} cannot be reached ({detail})")]
    Network {
        /// Host.
        service: String,
        /// What happened, without any address's query.
        detail: String,
    },
    /// Something stands in the way that another try does not remove: a certificate that is no good, a proxy that refuses, a network that wants a login.
    #[error("there is no safe way to {service} ({detail})")]
    Untrusted {
        /// Host.
        service: String,
        /// What stands there.
        detail: String,
        /// The way out.
        hint: String,
    },
    /// 5xx, or an answer that is not what the service promises; after retries.
    #[error("{service} gave a wrong answer for {what} ({detail})")]
    BadAnswer {
        /// Host.
        service: String,
        /// The thing.
        what: String,
        /// What came.
        detail: String,
    },
    /// It is there, and there is nothing of it to mirror (a pointer to a large file, a binary file): it is asked for again only when its revision changes.
    #[error("there is nothing of {what} to mirror: {why}")]
    Nothing {
        /// The thing.
        what: String,
        /// Why, for people.
        why: String,
    },
}

/// What an error makes the engine do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// End the run; nothing until the configuration changes.
    Suspend,
    /// End the run; again after 1, 2, 5, 15 minutes.
    EndRun,
    /// Defer this document (or asset), go on with the others.
    Defer,
    /// Leave this document (or asset) out until its revision changes, and go on: nothing is missing.
    Skip,
}

impl SourceError {
    /// What this error makes the engine do.
    #[must_use]
    pub fn consequence(&self) -> Consequence {
        match self {
            Self::Unauthorized { .. } | Self::Misconfigured { .. } => Consequence::Suspend,
            Self::RateLimited { .. } | Self::Network { .. } | Self::Untrusted { .. } => Consequence::EndRun,
            Self::NotVisible { .. } | Self::Denied { .. } | Self::TooLarge { .. } | Self::BadAnswer { .. } => Consequence::Defer,
            Self::Nothing { .. } => Consequence::Skip,
        }
    }

    /// What to do about it, for people.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unauthorized { hint, .. } | Self::Misconfigured { hint, .. } | Self::Untrusted { hint, .. } => hint.clone(),
            Self::NotVisible { .. } => "It is tried again at each run; if it should be visible, check the account's permissions.".to_owned(),
            Self::Denied { .. } => "It is tried again by itself; give the account what it lacks, or take this out of the configuration.".to_owned(),
            Self::TooLarge { .. } => "Raise `max_body_bytes` (documents) or `max_asset_bytes` (attachments) to mirror it.".to_owned(),
            Self::RateLimited { retry_after, .. } => {
                format!("The service asks for {} s of rest; the next run goes on where this one stopped.", retry_after.as_secs())
            }
            Self::Network { .. } => "Check the network, the proxy and the configured address; it is tried again by itself.".to_owned(),
            Self::Nothing { .. } => "It is looked at again when it changes.".to_owned(),
            Self::BadAnswer { .. } => {
                "It is tried again by itself; if it stays, look at the service's status page, and at what the account may see.".to_owned()
            }
        }
    }
}
