//! Who is asking: the credentials that the site knows, and what a wrong one gets.

use super::model::{Flavour, Model};
use super::site::World;
use crate::support::wire::{Answer, Listener, Request, reveal};

/// The account's address (Cloud).
pub const EMAIL: &str = "mirror@example.com";
/// A classic API token: good on the site's own host only.
pub const TOKEN: &str = "classic-token-0123456789";
/// An API token with scopes: good on the gateway only.
pub const SCOPED_TOKEN: &str = "scoped-token-9876543210";
/// A personal access token (Data Center).
pub const PERSONAL_TOKEN: &str = "personal-access-token";
/// The account's user name (Data Center).
pub const USER_NAME: &str = "mirror";
/// The account's password (Data Center).
pub const PASSWORD: &str = "correct horse";

/// As whom a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The account that mirrors.
    Account,
    /// Nobody.
    Anonymous,
}

/// Recognises the caller, or says why not.
pub fn caller(world: &mut World, request: &Request) -> Result<Caller, Answer> {
    let Some(header) = request.authorization.as_deref() else { return anonymous(&world.model) };
    if world.habits.token_has_expired() {
        return Err(refused(&world.model));
    }
    let known = match (world.model.flavour, request.listener) {
        (Flavour::Cloud, Listener::Gateway) => is_basic(header, EMAIL, SCOPED_TOKEN) || header == format!("Bearer {SCOPED_TOKEN}"),
        (Flavour::Cloud, _) => is_basic(header, EMAIL, TOKEN),
        (Flavour::DataCenter, _) => is_basic(header, USER_NAME, PASSWORD) || header == format!("Bearer {PERSONAL_TOKEN}"),
    };
    match known {
        true => Ok(Caller::Account),
        false if world.habits.bad_token_is_anonymous => Ok(Caller::Anonymous),
        false => Err(refused(&world.model)),
    }
}

fn anonymous(model: &Model) -> Result<Caller, Answer> {
    match model.spaces.values().any(|space| space.open) {
        true => Ok(Caller::Anonymous),
        false => Err(refused(model)),
    }
}

fn refused(model: &Model) -> Answer {
    match model.flavour {
        Flavour::Cloud => Answer::unauthorized("Unauthorized; scope does not match").with("www-authenticate", "OAuth realm=\"site\""),
        Flavour::DataCenter => {
            Answer::html(401, "<html><head><title>Unauthorized (401)</title></head><body>Basic Authentication Failure</body></html>")
                .with("www-authenticate", "Basic realm=\"protected-area\"")
                .with("x-seraph-loginreason", "AUTHENTICATED_FAILED")
        }
    }
}

fn is_basic(header: &str, name: &str, secret: &str) -> bool {
    header.strip_prefix("Basic ").and_then(reveal).is_some_and(|pair| pair == format!("{name}:{secret}"))
}
