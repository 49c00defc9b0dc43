//! The way in as a GitHub App: a token that signs who we are, and with it, for an hour each, a token of the App's installation.
//!
//! Guarantees that the private key leaves this file as a signature only.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::address::Address;
use super::api::JSON;
use crate::connectors::connector::{Consequence, SourceError};
use crate::connectors::http::{Client, Failed, Renewal, Renewed, Request};
use crate::model::Secret;

/// A signed token lives so long; ten minutes are the most.
const SIGNED_SECS: i64 = 9 * 60;
/// It begins so long ago, for clocks that differ.
const EARLIER_SECS: i64 = 60;
/// What a token of the installation may do: read.
const PERMISSIONS: &str = r#"{"permissions":{"metadata":"read","contents":"read","issues":"read","pull_requests":"read","discussions":"read"}}"#;

/// An App and where it is installed.
pub(super) struct App {
    id: String,
    key: RsaKeyPair,
    address: Address,
    /// Its installation, or the owner whose it is (and one of its repositories).
    installation: Option<String>,
    owner: String,
    name: Option<String>,
    found: OnceCell<String>,
    /// So many seconds this machine's clock is ahead of the service's, once that mattered; behind is negative.
    ahead_secs: AtomicI64,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct Token {
    token: String,
    expires_at: Option<String>,
}

impl App {
    /// # Errors
    /// When the key is none.
    pub(super) fn new(
        id: String,
        key: &Secret,
        address: Address,
        installation: Option<String>,
        owner: String,
        name: Option<String>,
    ) -> Result<Self, String> {
        Ok(Self { id, key: key_pair(key)?, address, installation, owner, name, found: OnceCell::new(), ahead_secs: AtomicI64::new(0) })
    }

    /// Who we are, signed.
    fn signed(&self, now: i64) -> Result<Secret, SourceError> {
        let claims = serde_json::json!({ "iat": now - EARLIER_SECS, "exp": now + SIGNED_SECS, "iss": self.id });
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).map_err(|_| SourceError::Misconfigured {
            detail: "`private_key` cannot sign".to_owned(),
            hint: "Make a new private key in the App's settings.".to_owned(),
        })?;
        Ok(Secret::new(format!("Bearer {text}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }

    fn request(&self, path: &str, what: &str, json: Option<&str>) -> Result<Request, SourceError> {
        let url = self.address.rest(path).ok_or_else(|| SourceError::Misconfigured {
            detail: "`api_url` is no base of addresses".to_owned(),
            hint: "Correct `api_url` in the configuration.".to_owned(),
        })?;
        let request = match json {
            None => Request::get(url, what),
            Some(json) => Request::post(url, what, json.to_owned()),
        };
        let now = Utc::now().timestamp() - self.ahead_secs.load(Ordering::Relaxed);
        Ok(request.accept(JSON).authorized(self.signed(now)?))
    }

    /// Asks as the App. Who we are is signed with a time: where this machine's clock is wrong, the service refuses it, and tells its own.
    async fn ask<T: DeserializeOwned + Send + 'static>(&self, client: &Client, path: &str, what: &str, json: Option<&str>) -> Result<T, Failed> {
        let asked = client.json(self.request(path, what, json)?).await;
        let Err(failed) = asked else { return asked };
        match ahead_secs(&failed) {
            Some(ahead) if failed.status == Some(401) && self.ahead_secs.swap(ahead, Ordering::Relaxed) != ahead => {
                client.json(self.request(path, what, json)?).await
            }
            _ if said(&failed, "integration not found") => Err(Failed {
                error: SourceError::Misconfigured {
                    detail: format!("there is no App {}", self.id),
                    hint: "Correct `app_id`: it is the number, or the client id, at the top of the App's settings.".to_owned(),
                },
                ..failed
            }),
            _ => Err(failed),
        }
    }

    /// The installation's number: the configured one, or that of a repository's or owner's App.
    async fn installation(&self, client: &Client) -> Result<String, SourceError> {
        if let Some(id) = &self.installation {
            return Ok(id.clone());
        }
        let found = self.found.get_or_try_init(|| async {
            let what = format!("the App's installation for {}", self.owner);
            let mut ways = vec![format!("/orgs/{}/installation", self.owner), format!("/users/{}/installation", self.owner)];
            if let Some(name) = &self.name {
                ways.insert(0, format!("/repos/{}/{name}/installation", self.owner));
            }
            for way in &ways {
                match self.ask::<Installation>(client, way, &what, None).await {
                    Ok(installation) => return Ok(installation.id.to_string()),
                    Err(failed) if failed.json && failed.status == Some(404) && failed.error.consequence() == Consequence::Defer => {}
                    Err(failed) => return Err(failed.error),
                }
            }
            Err(SourceError::Misconfigured {
                detail: format!("the App {} is not installed for {}", self.id, self.owner),
                hint: "Install it there (in the App's settings, `Install App`), or set `installation_id`.".to_owned(),
            })
        });
        found.await.cloned()
    }
}

#[async_trait]
impl Renewal for App {
    fn account(&self) -> String {
        format!("App {} at {}", self.id, self.installation.as_deref().unwrap_or(&self.owner))
    }

    async fn renew(&self, client: &Client) -> Result<Renewed, SourceError> {
        let id = self.installation(client).await?;
        let path = format!("/app/installations/{id}/access_tokens");
        let what = "a token of the App's installation";
        let asked = self.ask::<Token>(client, &path, what, Some(PERMISSIONS)).await;
        let token = match asked {
            // The App was not given all of that: then whatever it was given.
            Err(failed) if failed.status == Some(422) => self.ask(client, &path, what, Some("{}")).await,
            asked => asked,
        }
        .map_err(|failed| match failed.error {
            SourceError::NotVisible { .. } if said(&failed, "suspended") => SourceError::Misconfigured {
                detail: format!("the installation {id} of the App {} is suspended", self.id),
                hint: "Its owner can lift that: `Installed GitHub Apps` in the settings of the organisation or account.".to_owned(),
            },
            SourceError::NotVisible { .. } if failed.json => SourceError::Misconfigured {
                detail: format!("the App {} has no installation {id}", self.id),
                hint: "Correct `installation_id`, the number at the end of the installation's address, or leave it out; or install the App again."
                    .to_owned(),
            },
            error => error,
        })?;
        let ends = token.expires_at.as_deref().and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        // Reckoned by the service's clock, as far as it told it.
        let ahead = chrono::Duration::milliseconds(client.traffic().ahead_ms.unwrap_or_default());
        let lives = ends.and_then(|ends| (ends.with_timezone(&Utc) + ahead).signed_duration_since(Utc::now()).to_std().ok());
        Ok(Renewed {
            authorization: Secret::new(["Bearer ", Zeroizing::new(token.token).as_str()].concat()),
            lives: lives.unwrap_or(Duration::from_secs(3600)),
        })
    }
}

/// Whether a refusal says this, in lower case.
fn said(failed: &Failed, words: &str) -> bool {
    failed.json && failed.refusal.as_ref().is_some_and(|said| said.text.to_ascii_lowercase().contains(words))
}

/// How far this machine's clock is ahead of that of who refused us, in seconds, where that is more than the time that is signed bears.
fn ahead_secs(failed: &Failed) -> Option<i64> {
    let there = failed.refusal.as_ref()?.headers.get("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok())?;
    let ahead = Utc::now().signed_duration_since(there).num_seconds();
    (ahead.abs() >= EARLIER_SECS / 2).then_some(ahead)
}

/// The key out of PEM, in either of the forms that there are.
fn key_pair(key: &Secret) -> Result<RsaKeyPair, String> {
    let wrong = || "`private_key` is no RSA private key in PEM form (-----BEGIN RSA PRIVATE KEY-----), as the App's settings give it".to_owned();
    // In variables, line ends are often spelled out.
    let text = Zeroizing::new(key.expose().replace("\\n", "\n"));
    let inner = text.split("-----BEGIN ").nth(1).and_then(|rest| rest.split_once("KEY-----")).and_then(|(kind, rest)| {
        let (body, _) = rest.split_once("-----END ")?;
        Some((kind.trim().to_owned(), Zeroizing::new(body.chars().filter(|c| !c.is_whitespace()).collect::<String>())))
    });
    let (kind, body) = inner.ok_or_else(wrong)?;
    let der = Zeroizing::new(STANDARD.decode(body.as_bytes()).map_err(|_| wrong())?);
    match kind.as_str() {
        "RSA PRIVATE" => RsaKeyPair::from_der(&der).map_err(|_| wrong()),
        "PRIVATE" => RsaKeyPair::from_pkcs8(&der).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}
