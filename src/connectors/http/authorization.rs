//! What stands in the `Authorization` header: as it was configured, or as somebody renews it before it ends.
//!
//! Guarantees that all that was ever sent is taken out of answers, see [`super::echo`].

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::time::Instant;
use url::Url;

use super::Client;
use super::echo::Echoes;
use crate::connectors::connector::SourceError;
use crate::model::Secret;

/// It is renewed so long before its end.
const BEFORE_THE_END: Duration = Duration::from_secs(5 * 60);

/// Makes credentials that live for a while.
#[async_trait]
pub trait Renewal: Send + Sync {
    /// New ones. Its own requests bring what they need themselves ([`super::Request::authorized`]).
    async fn renew(&self, client: &Client) -> Result<Renewed, SourceError>;

    /// Whose they are, today and tomorrow, without anything secret: the allowances are those of that account.
    fn account(&self) -> String;
}

/// New credentials.
pub struct Renewed {
    /// The value of the `Authorization` header.
    pub authorization: Secret,
    /// How long they live from now on.
    pub lives: Duration,
}

/// What is sent now.
#[derive(Clone)]
pub(super) struct Current {
    pub(super) header: HeaderValue,
    pub(super) secret: Arc<Secret>,
    /// When it is to be renewed; none: never.
    renew: Option<Instant>,
}

pub(super) struct Authorization {
    renewal: Option<Arc<dyn Renewal>>,
    current: tokio::sync::Mutex<Option<Current>>,
    echoes: RwLock<Echoes>,
}

/// The header's value for a name and what goes with it.
#[must_use]
pub fn basic(name: &str, secret: &str) -> Secret {
    let pair = Secret::new([name, ":", secret].concat());
    let coded = Secret::new(base64::engine::general_purpose::STANDARD.encode(pair.expose()));
    Secret::new(["Basic ", coded.expose()].concat())
}

/// The header's value for a token.
#[must_use]
pub fn bearer(token: &str) -> Secret {
    Secret::new(["Bearer ", token].concat())
}

/// A value as a header; none where it holds what no header can.
pub(super) fn header(secret: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(secret.expose()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl Authorization {
    /// None where `fixed` cannot stand in a header.
    pub(super) fn new(fixed: Option<&Secret>, renewal: Option<Arc<dyn Renewal>>) -> Option<Self> {
        let current = match fixed {
            Some(secret) => Some(Current { header: header(secret)?, secret: Arc::new(Secret::new(secret.expose().to_owned())), renew: None }),
            None => None,
        };
        Some(Self { renewal, current: tokio::sync::Mutex::new(current), echoes: RwLock::new(Echoes::of(fixed)) })
    }

    /// What is to be sent; renewed first if it is about to end.
    pub(super) async fn current(&self, client: &Client) -> Result<Option<Current>, SourceError> {
        let mut current = self.current.lock().await;
        let Some(renewal) = &self.renewal else { return Ok(current.clone()) };
        let fresh = current.as_ref().is_some_and(|now| now.renew.is_none_or(|renew| renew > Instant::now()));
        if !fresh {
            let renewed = renewal.renew(client).await?;
            let Some(header) = header(&renewed.authorization) else {
                return Err(client.bad_answer("the new credentials", "they hold characters that cannot be sent in a header"));
            };
            self.echoes.write().unwrap_or_else(PoisonError::into_inner).add(&renewed.authorization);
            // What does not live for so long at all is not renewed for each request.
            let good = renewed.lives.saturating_sub(BEFORE_THE_END.min(renewed.lives / 2));
            *current = Some(Current { header, secret: Arc::new(renewed.authorization), renew: Instant::now().checked_add(good) });
        }
        Ok(current.clone())
    }

    /// What was refused is no good any more, and renewed at the next request; unless another request had the same trouble, and it is renewed already.
    pub(super) async fn forget(&self, refused: &HeaderValue) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|now| now.header == *refused) {
            *current = None;
        }
    }

    /// Whether an address carries one of our credentials.
    pub(super) fn is_in(&self, url: &Url) -> bool {
        self.echoes.read().unwrap_or_else(PoisonError::into_inner).are_in(url)
    }

    /// The head of an answer without the values that repeat our credentials: marks and names in it are kept and shown.
    pub(super) fn without_echoes_in(&self, headers: &HeaderMap) -> HeaderMap {
        let echoes = self.echoes.read().unwrap_or_else(PoisonError::into_inner);
        headers.iter().filter(|(_, value)| !echoes.are_among(value.as_bytes())).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// `text` without our credentials.
    pub(super) fn without_echoes(&self, text: Vec<u8>) -> Vec<u8> {
        self.echoes.read().unwrap_or_else(PoisonError::into_inner).remove(text)
    }
}
