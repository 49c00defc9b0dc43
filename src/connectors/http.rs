//! The one HTTP client: read-only verbs, manners (concurrency, token bucket, Retry-After), retries, timeouts, redirects by our own policy, bounded bodies.
//!
//! Guarantees: nothing but GET and the POSTs that the connector lists is ever sent; credentials and cookies go to the configured origins only; no message
//! holds a query, a header or a token, and no JSON that is handed on the credentials that were sent; a body never grows beyond its limit, decompressed. It deliberately knows no service's paths or shapes.

mod account;
mod allowance;
mod authorization;
mod body;
mod budget;
mod cookies;
mod download;
mod echo;
mod failed;
mod gates;
mod limits;
mod moment;
mod redirect;
mod refusal;
mod reply;
mod request;
mod send;
mod settings;
mod storm;
mod transport;
mod wait;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, RANGE};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Origin;

use super::connector::{SourceError, Traffic};
use crate::model::Secret;
use account::Account;
use allowance::Allowances;
use authorization::Authorization;
pub use authorization::{Renewal, Renewed, basic, bearer};
use budget::{Budget, Permit};
use cookies::Jar;
pub use download::Download;
use failed::Failure;
pub use failed::{Failed, Refusal};
use limits::Limits;
pub use redirect::may_be_plain;
pub use reply::{Headers, Reply};
pub use request::Request;
use send::Hop;
pub use settings::Settings;
use storm::Storm;
use transport::Transport;
pub use transport::Ways;

/// A request is tried at most so often.
const TRIES: u32 = 4;
/// Longest back-off between two tries.
const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// Longest pause that we choose ourselves where a limit does not say how long it lasts.
const LIMIT_MAX: Duration = Duration::from_secs(15 * 60);

/// What a client is made for.
pub struct Setup {
    /// Its name in messages: the host.
    pub service: String,
    /// Who may see the credentials and cookies.
    pub trusted: Vec<Origin>,
    /// The value of the `Authorization` header; none for anonymous access.
    pub authorization: Option<Secret>,
    /// A person may have made up the secret in it, so that it could be guessed.
    pub is_password: bool,
    /// The connector's cache folder: limits that are met are remembered there for the next worker. None: they are forgotten.
    pub cache: Option<PathBuf>,
    /// What to do when the credentials are refused, for people.
    pub hint: String,
    /// Endings of the paths that are read by POST. Everything else is GET.
    pub post_paths: &'static [&'static str],
    /// Plain http to hosts other than this machine.
    pub allow_plain_http: bool,
    /// Requests at a time, per host; at least 1.
    pub concurrency: usize,
    /// Requests a second, per host, once the burst is spent; at least 1.
    pub requests_per_second: u32,
    /// Requests that may be sent without pause, per host; at least 1.
    pub burst: u32,
    /// The first back-off; it doubles.
    pub retry_base: Duration,
    /// How long things may take.
    pub patience: Patience,
    /// Authorities, certificates and proxy.
    pub ways: Ways,
    /// What this service does otherwise than most.
    pub habits: Habits,
}

/// What a service does otherwise than most; the default: nothing.
#[derive(Default)]
pub struct Habits {
    /// Headers that the configured origins are always sent.
    pub headers: &'static [(&'static str, &'static str)],
    /// A 403 may be a limit: where it says how long to wait, where nothing is left of an allowance, or where its text has one of these words (lower
    /// case). Empty: a 403 is never a limit.
    pub limit_words: &'static [&'static str],
    /// The first pause where a limit does not say how long it lasts; it doubles, up to a quarter of an hour. None: as for any failure.
    pub limit_pause: Option<Duration>,
    /// Whether a POST (its path, its body) only reads; asked besides [`Setup::post_paths`].
    pub only_reads: Option<fn(&str, &str) -> bool>,
    /// Failures bring what the service said with them: [`Failed::refusal`].
    pub keeps_refusals: bool,
    /// Where the authorization comes from, if it ends and can be renewed; then [`Setup::authorization`] is none.
    pub renewal: Option<Arc<dyn Renewal>>,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Longest silence between two reads.
    pub silence: Duration,
    /// Time for a whole JSON answer, from the request to the last byte.
    pub answer: Duration,
    /// A file that does not bring a kilobyte for each second of such a span is given up: a byte now and then is no silence, and never an end.
    pub pace: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { silence: Duration::from_secs(30), answer: Duration::from_secs(120), pace: Duration::from_secs(60) }
    }
}

/// The client; clones share everything.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Transport,
    setup: Setup,
    authorization: Authorization,
    allowances: Allowances,
    limits: Arc<Limits>,
    budget: Budget,
    jar: Jar,
    /// Of answers in JSON, and of files.
    storms: [Storm; 2],
    requests: AtomicU64,
    bytes: AtomicU64,
    /// How far this machine's clock is ahead of the service's; the smallest number: unknown.
    ahead_ms: AtomicI64,
}

/// An answer whose body is still to come; the permit holds its place among the requests at a time.
struct Answer {
    response: Response,
    permit: Permit,
}

impl Client {
    /// # Errors
    /// When the TLS library finds no certificate authorities, a file of [`Ways`] is of no use, or the credentials cannot stand in a header. Blocking where
    /// it reads files.
    pub fn new(setup: Setup) -> Result<Self, SourceError> {
        let wrong = |detail: String| SourceError::Misconfigured { detail, hint: "Check the settings and the system's certificates.".to_owned() };
        let transport = Transport::new(&setup.ways, &setup.trusted, setup.patience.silence)?;
        let authorization = Authorization::new(setup.authorization.as_ref(), setup.habits.renewal.clone())
            .ok_or_else(|| wrong("the token or password holds characters that cannot be sent in a header".to_owned()))?;
        let budget = Budget::new(setup.concurrency, setup.burst, setup.requests_per_second);
        let allowances = Allowances::default();
        let account = Account::of(setup.authorization.as_ref(), setup.habits.renewal.as_deref(), setup.is_password);
        let limits = Arc::new(Limits::new(setup.cache.as_deref(), account));
        for (kind, rest) in limits.recall() {
            match kind {
                Some(kind) => allowances.set(&kind, rest),
                None => budget.gates.hold(None, rest.renews_in),
            }
        }
        let (requests, bytes, ahead_ms) = (AtomicU64::new(0), AtomicU64::new(0), AtomicI64::new(i64::MIN));
        let (jar, storms) = (Jar::default(), <[Storm; 2]>::default());
        Ok(Self(Arc::new(Inner { transport, setup, authorization, allowances, limits, budget, jar, storms, requests, bytes, ahead_ms })))
    }

    /// Asks for JSON.
    ///
    /// # Errors
    /// What went wrong, after retries.
    pub async fn json<T: DeserializeOwned + Send + 'static>(&self, request: Request) -> Result<T, Failed> {
        let (what, reply) = (request.what.clone(), self.reply(request).await?);
        reply.body.ok_or_else(|| Failed::of(StatusCode::NOT_MODIFIED, self.bad_answer(&what, "status 304")))
    }

    /// Asks for JSON, and for what the answer's head says.
    ///
    /// # Errors
    /// What went wrong, after retries.
    pub async fn reply<T: DeserializeOwned + Send + 'static>(&self, request: Request) -> Result<Reply<T>, Failed> {
        let mut tries = 0;
        loop {
            tries += 1;
            let failure = match self.json_once(&request).await {
                Ok(reply) => return self.judged(Ok(reply)),
                Err(failure) => failure,
            };
            if let Err(failed) = self.pause(failure, tries, request.tries).await {
                return self.judged(Err(failed));
            }
        }
    }

    /// Asks for bytes of any kind, whole, at most the request's limit.
    ///
    /// # Errors
    /// What went wrong, after retries.
    pub async fn bytes(&self, request: Request) -> Result<Reply<Bytes>, Failed> {
        let mut tries = 0;
        loop {
            tries += 1;
            let failure = match self.whole(&request).await {
                Ok(whole) => return self.judged(Ok(Reply { status: whole.status, headers: whole.headers, body: whole.body.map(Bytes::from) })),
                Err(failure) => failure,
            };
            if let Err(failed) = self.pause(failure, tries, request.tries).await {
                return self.judged(Err(failed));
            }
        }
    }

    /// Keeps count of failures in a row.
    fn judged<T>(&self, asked: Result<T, Failed>) -> Result<T, Failed> {
        let storm = &self.0.storms[0];
        match asked {
            Ok(value) => {
                storm.calm();
                Ok(value)
            }
            Err(failed) if matches!(failed.error, SourceError::BadAnswer { .. }) => {
                storm.failed();
                Err(match storm.rages() {
                    Some(count) => self.all_fails(count, failed),
                    None => failed,
                })
            }
            Err(failed) => {
                if failed.json && failed.status.is_some() {
                    storm.calm();
                }
                Err(failed)
            }
        }
    }

    /// The answer to `request` looked good and was a limit: it is waited for as its head asks, or, where it is silent, the longer the more `tries` there were.
    /// Returns how long.
    pub async fn hold(&self, request: &Request, headers: &Headers, tries: u32) -> Duration {
        match wait::of_limit(&headers.0) {
            Some(asked) => {
                self.hold_back(request, &Hop::first(request, &self.0.setup.trusted), &headers.0, asked).await;
                asked
            }
            None => {
                let pause = self.own_pause(tries);
                self.0.budget.gates.hold(None, pause);
                pause
            }
        }
    }

    /// From now on so many percent of each allowance are left to others; requests that would take of them end as limited.
    pub fn reserve(&self, percent: u8) {
        self.0.allowances.reserve(percent);
    }

    /// A request took so much of its allowance, as its answer says.
    pub fn took(&self, request: &Request, much: u64) {
        if let Some(kind) = self.kind(request, &Hop::first(request, &self.0.setup.trusted)) {
            self.0.allowances.took(&kind, much);
        }
    }

    /// The value of the `Authorization` header as it is sent now.
    ///
    /// # Errors
    /// When it had to be renewed, and could not be.
    pub async fn authorization(&self) -> Result<Option<Arc<Secret>>, SourceError> {
        self.0.authorization.current(self).await.map(|current| current.map(|current| current.secret))
    }

    /// After so many failures in a row the run is better ended, and tried again later.
    fn all_fails(&self, count: u32, failed: Failed) -> Failed {
        let last = match &failed.error {
            SourceError::BadAnswer { detail, .. } => detail.clone(),
            other => other.to_string(),
        };
        let detail = format!("{count} requests in a row failed, the last one with: {last}");
        Failed { slow: false, error: SourceError::Network { service: self.0.setup.service.clone(), detail }, ..failed }
    }

    /// What was sent and received so far, and how long the service makes us wait.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.0.requests.load(Ordering::Relaxed),
            bytes: self.0.bytes.load(Ordering::Relaxed),
            waiting_until_ms: self.0.budget.gates.waiting_until_ms(),
            requests_per_second: self.0.budget.per_second(),
            ahead_ms: Some(self.0.ahead_ms.load(Ordering::Relaxed)).filter(|ahead| *ahead != i64::MIN),
            allowances: self.0.allowances.told(),
        }
    }

    async fn json_once<T: DeserializeOwned + Send + 'static>(&self, request: &Request) -> Result<Reply<T>, Failure> {
        let answer = self.send(request, &HeaderMap::new(), Some(self.0.setup.patience.answer)).await?;
        let (status, headers) = (answer.response.status(), self.head_of(&answer.response));
        if status == StatusCode::NOT_MODIFIED {
            return Ok(Reply { status: status.as_u16(), headers, body: None });
        }
        let is_json = body::is_json(&answer.response);
        let from = answer.response.url().clone();
        let whole = self.read(answer, request).await?;
        if !is_json && body::is_page(&whole) {
            return Err(Failure::Final(self.page_for_people(&whole, request, &from)));
        }
        let parsed = body::parse(self.0.authorization.without_echoes(whole)).await.map_err(|error| {
            let cut = error.is_eof();
            let detail = if cut { "the JSON ends in its middle" } else { "it is not the JSON that was expected" };
            let failed = Failed { json: is_json, ..Failed::of(StatusCode::OK, self.bad_answer(&request.what, detail)) };
            // A proxy that cuts an answer short may do better next time; a wrong shape stays wrong.
            if cut { Failure::Again(failed) } else { Failure::Final(failed) }
        })?;
        Ok(Reply { status: status.as_u16(), headers, body: Some(parsed) })
    }

    async fn whole(&self, request: &Request) -> Result<Reply<Vec<u8>>, Failure> {
        let answer = self.send(request, &HeaderMap::new(), Some(self.0.setup.patience.answer)).await?;
        let (status, headers) = (answer.response.status(), self.head_of(&answer.response));
        if status == StatusCode::NOT_MODIFIED {
            return Ok(Reply { status: status.as_u16(), headers, body: None });
        }
        Ok(Reply { status: status.as_u16(), headers, body: Some(self.read(answer, request).await?) })
    }

    /// Reads a body to its end or its limit.
    async fn read(&self, answer: Answer, request: &Request) -> Result<Vec<u8>, Failure> {
        let Answer { mut response, permit } = answer;
        let too_large = || {
            let error = SourceError::TooLarge { what: request.what.clone(), limit_bytes: request.max_bytes };
            Failure::Final(Failed { json: true, ..Failed::of(StatusCode::OK, error) })
        };
        // What says itself that it is too large is not even begun.
        let announced = response.content_length().unwrap_or_default();
        if announced > request.max_bytes {
            return Err(too_large());
        }
        let mut whole = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    self.0.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                    if whole.len() as u64 + chunk.len() as u64 > request.max_bytes {
                        return Err(too_large());
                    }
                    whole.extend_from_slice(&chunk);
                }
                Ok(None) => break,
                Err(error) => return Err(failed::without_answer(&self.0.setup.service, error)),
            }
        }
        drop(permit);
        Ok(whole)
    }

    /// The head of an answer, without what repeats our credentials.
    fn head_of(&self, response: &Response) -> Headers {
        Headers(self.0.authorization.without_echoes_in(response.headers()))
    }

    /// How long we wait where a limit does not say it.
    fn own_pause(&self, tries: u32) -> Duration {
        match self.0.setup.habits.limit_pause {
            Some(pause) => wait::backoff(pause, tries, LIMIT_MAX),
            None => wait::backoff(self.0.setup.retry_base * 2, tries, BACKOFF_MAX),
        }
    }

    /// Waits before the next try, or gives the failure back if there is none.
    async fn pause(&self, failure: Failure, tries: u32, most: u32) -> Result<(), Failed> {
        let base = self.0.setup.retry_base;
        match failure {
            Failure::Final(failed) => Err(failed),
            Failure::Again(failed) if tries >= most => Err(failed),
            Failure::Limited { failed, .. } if tries >= TRIES => Err(failed),
            Failure::Again(_) => {
                tokio::time::sleep(wait::backoff(base, tries, BACKOFF_MAX)).await;
                Ok(())
            }
            // The gates make wait as the service asked; without a word from it, we choose, and all wait.
            Failure::Limited { held, .. } => {
                if !held {
                    self.0.budget.gates.hold(None, self.own_pause(tries));
                }
                Ok(())
            }
        }
    }
}

/// A file as it is, from its byte `from` on: lengths and ranges mean nothing in compressed form.
fn range(from: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if from > 0
        && let Ok(value) = HeaderValue::from_str(&format!("bytes={from}-"))
    {
        headers.insert(RANGE, value);
    }
    headers
}

#[cfg(test)]
mod tests;
