//! One thing to ask for: its address, how it is asked, and what it is called in messages.

use std::sync::Arc;

use reqwest::header::HeaderValue;
use url::Url;

use crate::model::Secret;

/// What makes a request conditional.
const UNLESS: &str = "if-none-match";

/// One thing to ask for.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) url: Url,
    pub(super) what: String,
    pub(super) json: Option<String>,
    pub(super) anonymous: bool,
    pub(super) cookies: bool,
    pub(super) file: bool,
    pub(super) max_bytes: u64,
    pub(super) accept: Option<&'static str>,
    pub(super) headers: Vec<(&'static str, HeaderValue)>,
    pub(super) resource: Option<&'static str>,
    pub(super) authorization: Option<Arc<Secret>>,
    pub(super) tries: u32,
}

impl Request {
    /// GET of `url`; `what` names the thing in messages (`the list of spaces`).
    pub fn get(url: Url, what: impl Into<String>) -> Self {
        Self {
            url,
            what: what.into(),
            json: None,
            anonymous: false,
            cookies: false,
            file: false,
            max_bytes: 32 << 20,
            accept: None,
            headers: Vec::new(),
            resource: None,
            authorization: None,
            tries: super::TRIES,
        }
    }

    /// A reading POST of JSON; refused unless the path is one of [`super::Setup::post_paths`], and [`super::Habits::only_reads`] finds it reading.
    pub fn post(url: Url, what: impl Into<String>, json: String) -> Self {
        Self { json: Some(json), ..Self::get(url, what) }
    }

    /// Without credentials, whoever is asked.
    #[must_use]
    pub fn anonymous(self) -> Self {
        Self { anonymous: true, ..self }
    }

    /// With the cookies that earlier answers set: some servers serve files to sessions only.
    #[must_use]
    pub fn with_cookies(self) -> Self {
        Self { cookies: true, ..self }
    }

    /// The answer's limit in bytes, decompressed.
    #[must_use]
    pub fn at_most(self, max_bytes: u64) -> Self {
        Self { max_bytes, ..self }
    }

    /// The media type that is wanted.
    #[must_use]
    pub fn accept(self, media: &'static str) -> Self {
        Self { accept: Some(media), ..self }
    }

    /// With a header of its own, for the configured origins only. A value that no header can hold is left out.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }

    /// Only if it is another than the one with this mark (`ETag`, as it came); else the reply has no body.
    #[must_use]
    pub fn unless(self, mark: &str) -> Self {
        self.header(UNLESS, mark)
    }

    /// Takes of the allowance with this name, and waits or ends with it.
    #[must_use]
    pub fn of(self, resource: &'static str) -> Self {
        Self { resource: Some(resource), ..self }
    }

    /// Tried at most so often, where less at once would go better than the same again.
    #[must_use]
    pub fn tries(self, tries: u32) -> Self {
        Self { tries, ..self }
    }

    /// With this value of `Authorization` instead of the client's.
    #[must_use]
    pub fn authorized(self, authorization: Secret) -> Self {
        Self { authorization: Some(Arc::new(authorization)), ..self }
    }

    /// Whether the answer may be that nothing changed.
    pub(super) fn is_conditional(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == UNLESS)
    }

    /// Whether it goes with the client's own credentials.
    pub(super) fn is_ours(&self) -> bool {
        !self.anonymous && self.authorization.is_none()
    }
}
