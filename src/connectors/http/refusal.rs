//! What an answer means that is not the one that was asked for: a status that is no success, or a page for people.
//!
//! Guarantees that what somebody else says (a proxy, a network that wants a login, the target of a redirect) is taken for no word of the service: neither
//! about our credentials, nor about what is there.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};
use url::Url;

use super::allowance::Rest;
use super::failed::{Failed, Failure, Refusal};
use super::{BACKOFF_MAX, Client, Headers, Hop, LIMIT_MAX, Request, body, redirect, wait};
use crate::connectors::connector::SourceError;

/// So much of a refusal is kept.
const SAID_BYTES: usize = 16 << 10;
/// Who stands between us and a service may want something of people.
const PORTAL: &str =
    "Open the configured address in a browser: the network may want a login first, or the service moved (then set `url` to where it is now).";

impl Client {
    /// What a status that is no success means; the waiting that it asks for is arranged for all requests.
    pub(super) async fn refusal(&self, request: &Request, hop: &Hop, response: Response) -> Failure {
        let (inner, url) = (&*self.0, &hop.url);
        let status = response.status();
        let json = body::is_json(&response);
        let headers = inner.authorization.without_echoes_in(response.headers());
        let (text, response) = match inner.setup.habits.keeps_refusals {
            true => (Some(self.what_it_says(response).await), None),
            false => (None, Some(response)),
        };
        let words = text.as_ref().map(|text| text.to_ascii_lowercase());
        let refusal = text.map(|text| Arc::new(Refusal { headers: Headers(headers.clone()), text }));
        let failed = |error: SourceError| Failed { json, refusal: refusal.clone(), ..Failed::of(status, error) };
        let what = request.what.clone();
        if matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS)
            && let Some(asked) = self.limit(status, &headers, words.as_deref().unwrap_or_default())
        {
            inner.budget.slow_down(&redirect::host(url));
            if let Some(asked) = asked {
                self.hold_back(request, hop, &headers, asked).await;
            }
            let error = SourceError::RateLimited { service: inner.setup.service.clone(), retry_after: asked.unwrap_or(BACKOFF_MAX) };
            return Failure::Limited { failed: failed(error), held: asked.is_some() };
        }
        match status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                Failure::Final(failed(self.untrusted(
                    "407, the proxy wants to know who asks".to_owned(),
                    "Set `proxy_username` and `proxy_password` to the proxy's account.",
                )))
            }
            StatusCode::NETWORK_AUTHENTICATION_REQUIRED => {
                Failure::Final(failed(self.untrusted("511, the network wants a login first".to_owned(), PORTAL)))
            }
            // What somebody else says is no word of the service: neither about our credentials, nor about what is there.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE
                if !request.file && url.origin() != request.url.origin() =>
            {
                let detail = format!("it sends us on to {}, which is not shown the credentials and answers {}", redirect::host(url), status.as_u16());
                Failure::Final(failed(self.untrusted(detail, PORTAL)))
            }
            StatusCode::UNAUTHORIZED => {
                let said = match response {
                    Some(response) => self.what_it_says(response).await.to_ascii_lowercase(),
                    None => words.unwrap_or_default(),
                };
                let scope = said.contains("scope");
                let detail = if scope { "401, the token's scopes do not cover this" } else { "401" };
                Failure::Final(failed(self.unauthorized(detail)))
            }
            StatusCode::FORBIDDEN if headers.get("x-seraph-loginreason").is_some_and(|v| v.as_bytes() == b"AUTHENTICATION_DENIED") => {
                Failure::Final(failed(self.unauthorized("it asks for a captcha after failed logins; log in once with a browser")))
            }
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
                Failure::Final(failed(SourceError::NotVisible { what, status: status.as_u16() }))
            }
            // 408 and 425, and what gateways say for a service that they do not reach; some have numbers of their own for that.
            status if matches!(status.as_u16(), 408 | 425 | 502..=504 | 520..=530) => {
                // Where allowances are told with each answer, when they are renewed says nothing of a failure.
                let told = if inner.setup.habits.limit_words.is_empty() { wait::asked(&headers) } else { wait::of_limit(&headers) };
                if let Some(asked) = told {
                    self.hold_back(request, hop, &headers, asked).await;
                }
                Failure::Again(Failed { slow: true, ..failed(self.bad_answer(&what, &format!("status {}", status.as_u16()))) })
            }
            _ => Failure::Final(failed(self.bad_answer(&what, &format!("status {}", status.as_u16())))),
        }
    }

    /// Whether a refusal is a limit, and how long it says that it lasts.
    fn limit(&self, status: StatusCode, headers: &HeaderMap, said: &str) -> Option<Option<Duration>> {
        let words = self.0.setup.habits.limit_words;
        if words.is_empty() {
            return (status == StatusCode::TOO_MANY_REQUESTS).then(|| wait::asked(headers));
        }
        let asked = wait::of_limit(headers);
        (asked.is_some() || status == StatusCode::TOO_MANY_REQUESTS || words.iter().any(|word| said.contains(word))).then_some(asked)
    }

    /// Keeps requests back as an answer asks: those of one kind where nothing is said but that its allowance is spent, else all of the worker. A stranger keeps
    /// back those to himself, and not for as long as he likes.
    pub(super) async fn hold_back(&self, request: &Request, hop: &Hop, headers: &HeaderMap, wait: Duration) {
        let kind = self.kind(request, hop).filter(|kind| {
            let named = wait::text(headers, "x-ratelimit-resource");
            !hop.trusted || wait::of_spent(headers).is_some() && named.is_none_or(|named| named == kind.name)
        });
        let wait = if hop.trusted { wait } else { wait.min(LIMIT_MAX) };
        self.0.budget.gates.hold(kind.as_ref(), wait);
        // What is left of an allowance is remembered where it is noted.
        if kind.is_none() {
            self.remember(None, Rest { left: 0, of: 0, renews_in: wait }).await;
        }
    }

    /// The beginning of a refusal's body, without our credentials.
    async fn what_it_says(&self, response: Response) -> String {
        let text = body::start(response, SAID_BYTES, self.0.setup.patience.silence).await;
        String::from_utf8_lossy(&self.0.authorization.without_echoes(text)).into_owned()
    }

    pub(super) fn page_for_people(&self, whole: &[u8], request: &Request, from: &Url) -> Failed {
        let login = body::is_login_page(whole);
        let error = match () {
            () if !request.file && from.origin() != request.url.origin() => {
                self.untrusted(format!("it sends us on to a page for people of {}", redirect::host(from)), PORTAL)
            }
            () if login && redirect::may_be_anybody(from) => self.untrusted("somebody answers with a page to log in".to_owned(), PORTAL),
            () if login => self.unauthorized("it answers with a page to log in"),
            () => self
                .bad_answer(&request.what, if request.file { "a page for people instead of the file" } else { "a page for people instead of JSON" }),
        };
        Failed::of(StatusCode::OK, error)
    }

    pub(super) fn untrusted(&self, detail: String, hint: &str) -> SourceError {
        SourceError::Untrusted { service: self.0.setup.service.clone(), detail, hint: hint.to_owned() }
    }

    pub(super) fn unauthorized(&self, detail: &str) -> SourceError {
        SourceError::Unauthorized { service: self.0.setup.service.clone(), detail: detail.to_owned(), hint: self.0.setup.hint.clone() }
    }

    pub(super) fn bad_answer(&self, what: &str, detail: &str) -> SourceError {
        SourceError::BadAnswer { service: self.0.setup.service.clone(), what: what.to_owned(), detail: detail.to_owned() }
    }
}
