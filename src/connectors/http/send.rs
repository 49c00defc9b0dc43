//! The way of one request: let in when it may go, sent with what those may see who are asked, on along redirects, to the first good answer's head.
//!
//! Guarantees that credentials and cookies are shown to the request's own origin only, if the user named it, and no more once another sent us on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, RANGE, SET_COOKIE};
use reqwest::{Method, Response, StatusCode};
use url::{Origin, Url};

use super::allowance::{Rest, Verdict};
use super::budget::Permit;
use super::failed::{Failed, Failure};
use super::gates::Resource;
use super::{Answer, Client, Request, authorization, failed, redirect, wait};
use crate::connectors::connector::SourceError;

/// Where a request stands on its way.
pub(super) struct Hop {
    pub(super) url: Url,
    /// The user named this origin: it may see what is ours.
    pub(super) trusted: bool,
    /// It is that of the request, and the way has never left it: it is shown the credentials.
    pub(super) home: bool,
}

impl Hop {
    pub(super) fn first(request: &Request, trusted: &[Origin]) -> Self {
        let trusted = trusted.contains(&request.url.origin());
        Self { url: request.url.clone(), trusted, home: trusted }
    }

    /// What another sends us on to is his choice, even if it leads back: no credentials any more.
    fn on_to(&self, url: Url, trusted: &[Origin]) -> Self {
        let (trusted, home) = (trusted.contains(&url.origin()), self.home && url.origin() == self.url.origin());
        Self { url, trusted, home }
    }
}

impl Client {
    /// Sends, follows redirects, and returns the first good answer's head.
    pub(super) async fn send(&self, request: &Request, more: &HeaderMap, total: Option<Duration>) -> Result<Answer, Failure> {
        let inner = &*self.0;
        let mut hop = Hop::first(request, &inner.setup.trusted);
        let (mut hops, mut renewed) = (0, false);
        loop {
            let (authorization, permit) = self.admitted(request, &hop).await?;
            inner.requests.fetch_add(1, Ordering::Relaxed);
            let response = self
                .outgoing(request, &hop, authorization.clone(), more, total)?
                .send()
                .await
                .map_err(|error| failed::without_answer(&inner.setup.service, error))?;
            self.note(request, &hop, &response).await;
            match response.status() {
                StatusCode::PARTIAL_CONTENT if !more.contains_key(RANGE) => {
                    let error = self.bad_answer(&request.what, "a part of it, though all was asked for");
                    return Err(Failure::Final(Failed::of(response.status(), error)));
                }
                status if status.is_success() => return Ok(Answer { response, permit }),
                // Nobody else was told what we have.
                StatusCode::NOT_MODIFIED if request.is_conditional() && hop.trusted => return Ok(Answer { response, permit }),
                // What is renewed may have ended early; once is enough to know.
                StatusCode::UNAUTHORIZED if !renewed && inner.setup.habits.renewal.is_some() && request.is_ours() && authorization.is_some() => {
                    renewed = true;
                    drop(permit);
                    if let Some(refused) = authorization {
                        inner.authorization.forget(&refused).await;
                    }
                }
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => {
                    hops += 1;
                    let location = response.headers().get("location").and_then(|value| value.to_str().ok());
                    let next = match request.json {
                        None => redirect::follow(&hop.url, location, hops, inner.setup.allow_plain_http),
                        Some(_) => Err("it redirects a POST"),
                    };
                    let next = next.and_then(|next| match inner.authorization.is_in(&next) {
                        true => Err("it redirects to an address that holds the credentials"),
                        false => Ok(next),
                    });
                    let next = next.map_err(|why| Failure::Final(Failed::of(response.status(), self.bad_answer(&request.what, why))))?;
                    hop = hop.on_to(next, &inner.setup.trusted);
                }
                _ => return Err(self.refusal(request, &hop, response).await),
            }
        }
    }

    /// Takes down what any answer tells besides its body.
    async fn note(&self, request: &Request, hop: &Hop, response: &Response) {
        let (inner, headers) = (&*self.0, response.headers());
        if hop.trusted {
            inner.jar.keep(&hop.url, headers.get_all(SET_COOKIE));
            if let Some(ahead) = wait::ahead_ms(headers).filter(|_| response.status().is_success()) {
                inner.ahead_ms.store(ahead, Ordering::Relaxed);
            }
        }
        let host = redirect::host(&hop.url);
        // With other credentials, or with none, another account's allowances are told.
        if hop.home
            && request.is_ours()
            && let Some((kind, rest)) = inner.allowances.note(&host, request.resource, headers)
        {
            self.remember(Some(kind), rest).await;
        }
        if wait::near_limit(headers) {
            inner.budget.slow_down(&host);
        }
    }

    /// Remembers a limit for the next worker, before anything else: this one may be stopped at any moment.
    pub(super) async fn remember(&self, kind: Option<Resource>, rest: Rest) {
        let limits = Arc::clone(&self.0.limits);
        // It cannot be waited for only where the runtime is ending.
        let _ = tokio::task::spawn_blocking(move || limits.keep(kind.as_ref(), rest)).await;
    }

    /// The kind of a request: whose allowance it takes of, or the stranger whom it is sent to, who has none and speaks for nobody else.
    pub(super) fn kind(&self, request: &Request, hop: &Hop) -> Option<Resource> {
        let name = match request.resource {
            _ if !hop.trusted => "",
            Some(name) if hop.home && request.is_ours() => name,
            _ => return None,
        };
        Some(Resource { host: redirect::host(&hop.url), name: name.to_owned() })
    }

    /// Returns when a request may be sent, with the credentials of that moment and a place among the requests at a time.
    async fn admitted(&self, request: &Request, hop: &Hop) -> Result<(Option<HeaderValue>, Permit), Failure> {
        let (inner, kind) = (&*self.0, self.kind(request, hop));
        loop {
            self.is_there_any_left(kind.as_ref())?;
            // Before the credentials: they may end while their limit is waited for.
            inner.budget.gates.pass(kind.as_ref()).await;
            let authorization = self.authorization_for(request, hop).await?;
            let permit = inner.budget.enter(&redirect::host(&hop.url), kind.as_ref()).await;
            // Another request may have taken the last of it meanwhile.
            if self.is_there_any_left(kind.as_ref())? {
                return Ok((authorization, permit));
            }
        }
    }

    /// Whether the allowance that a request takes of has anything left for us. Nothing at all: those of its kind wait until it is renewed.
    fn is_there_any_left(&self, kind: Option<&Resource>) -> Result<bool, Failure> {
        match kind.map_or(Verdict::Go, |kind| self.0.allowances.judge(kind)) {
            Verdict::Go => Ok(true),
            Verdict::Wait(wait) => {
                self.0.budget.gates.hold(kind, wait);
                Ok(false)
            }
            Verdict::Spare(retry_after) => {
                let error = SourceError::RateLimited { service: self.0.setup.service.clone(), retry_after };
                Err(Failure::Final(Failed::before(error)))
            }
        }
    }

    /// The credentials are for those whom the user named, and never travel from one of them to the other.
    async fn authorization_for(&self, request: &Request, hop: &Hop) -> Result<Option<HeaderValue>, Failure> {
        if !hop.home || request.anonymous {
            return Ok(None);
        }
        if let Some(own) = &request.authorization {
            let unfit = || self.bad_answer("the credentials of this request", "they hold characters that cannot be sent in a header");
            return authorization::header(own).map(Some).ok_or_else(|| Failure::Final(Failed::before(unfit())));
        }
        let current = self.0.authorization.current(self).await.map_err(|error| Failure::Final(Failed::before(error)))?;
        Ok(current.map(|current| current.header))
    }

    fn outgoing(
        &self,
        request: &Request,
        hop: &Hop,
        authorization: Option<HeaderValue>,
        more: &HeaderMap,
        total: Option<Duration>,
    ) -> Result<reqwest::RequestBuilder, Failure> {
        let (inner, url) = (&*self.0, &hop.url);
        let refuse = |detail: String, hint: &str| Failure::Final(Failed::before(SourceError::Misconfigured { detail, hint: hint.to_owned() }));
        if !redirect::may_be_plain(url, inner.setup.allow_plain_http) {
            let detail = format!("{} would be asked over plain http, which shows the credentials to everybody on the way", redirect::host(url));
            return Err(refuse(detail, "Use https, or set `allow_plain_http = true` if you know that the way is safe."));
        }
        let mut outgoing = match &request.json {
            None => {
                let accept = request.accept.unwrap_or("application/json, */*;q=0.5");
                inner.transport.to(url).request(Method::GET, url.clone()).header(ACCEPT, accept)
            }
            Some(json) if self.is_reading(url.path(), json) => inner
                .transport
                .to(url)
                .request(Method::POST, url.clone())
                .header(ACCEPT, request.accept.unwrap_or("application/json"))
                .header(CONTENT_TYPE, "application/json")
                .body(json.clone()),
            Some(_) => return Err(refuse(format!("{} would be asked by POST", request.what), "This is a mistake in the program; please report it.")),
        };
        if let Some(total) = total {
            outgoing = outgoing.timeout(total);
        }
        if hop.trusted {
            for (name, value) in inner.setup.habits.headers {
                outgoing = outgoing.header(*name, *value);
            }
            for (name, value) in &request.headers {
                outgoing = outgoing.header(*name, value);
            }
        }
        if let Some(authorization) = authorization {
            outgoing = outgoing.header(AUTHORIZATION, authorization);
        }
        if hop.home
            && !request.anonymous
            && let Some(cookies) = inner.jar.header(url).filter(|_| request.cookies)
        {
            outgoing = outgoing.header(COOKIE, cookies);
        }
        Ok(outgoing.headers(more.clone()))
    }

    fn is_reading(&self, path: &str, json: &str) -> bool {
        let setup = &self.0.setup;
        setup.post_paths.iter().any(|ending| path.ends_with(ending)) && setup.habits.only_reads.is_none_or(|reads| reads(path, json))
    }
}
