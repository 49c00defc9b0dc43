//! A GitHub App: its key, the tokens that it signs for itself, and those that it is given for an installation.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::model::{APP_ID, CLIENT_ID, Id, Owner, OwnerKind, time};
use super::rest::{self, error};
use super::site::World;
use super::tokens::{Caller, Token, TokenKind};
use crate::support::wire::{Answer, Request, http_date, machine_now};

/// The App.
#[derive(Default)]
pub struct App {
    key: OnceLock<KeyPair>,
    /// Seconds that an installation's token lives.
    pub token_secs: Option<u64>,
    /// So many seconds the service's clock is ahead of this machine's, as far as the App's own signature is concerned.
    pub clock_secs: i64,
    given: u64,
}

impl App {
    fn key(&self) -> &KeyPair {
        self.key.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// `BEGIN RSA PRIVATE KEY`: PKCS #1, as the service hands it out.
    pub fn private_key(&self) -> String {
        let whole = AsDer::<Pkcs8V1Der<'_>>::as_der(self.key()).unwrap();
        // PKCS #8 of RSA is 26 bytes of header, then PKCS #1.
        pem("RSA PRIVATE KEY", &whole.as_ref()[26..])
    }

    /// `BEGIN PRIVATE KEY`: PKCS #8, as people convert it.
    pub fn private_key_pkcs8(&self) -> String {
        pem("PRIVATE KEY", AsDer::<Pkcs8V1Der<'_>>::as_der(self.key()).unwrap().as_ref())
    }

    /// What is wrong with a token that the App signed for itself.
    fn check(&self, token: &str) -> Result<(), &'static str> {
        let parts: Vec<&str> = token.split('.').collect();
        let [head, claims, signature] = parts.as_slice() else { return Err("A JSON web token could not be decoded") };
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "A JSON web token could not be decoded");
        let json = |part: &str| serde_json::from_slice::<Value>(&decoded(part)?).map_err(|_| "A JSON web token could not be decoded");
        if json(head)?["alg"] != "RS256" {
            return Err("A JSON web token could not be decoded");
        }
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.key().public_key().as_ref());
        let signed = &token[..head.len() + 1 + claims.len()];
        public.verify(signed.as_bytes(), &decoded(signature)?).map_err(|_| "A JSON web token could not be decoded")?;
        let claims = json(claims)?;
        let now = i64::try_from(machine_now() / 1000).unwrap() + self.clock_secs;
        let (Some(iat), Some(exp)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
            return Err("'Issued at' claim ('iat') and 'Expiration time' claim ('exp') must be numeric values representing an assertion time");
        };
        let issuer = claims["iss"].as_str().map(str::to_owned).or_else(|| claims["iss"].as_i64().map(|id| id.to_string())).unwrap_or_default();
        match () {
            () if iat > now => Err("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"),
            () if exp <= now => {
                Err("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
            }
            () if exp > now + 600 || exp - iat > 660 => Err("'Expiration time' claim ('exp') is too far in the future"),
            () if issuer != CLIENT_ID && issuer != APP_ID.to_string() => Err("Integration not found"),
            () => Ok(()),
        }
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Whether a path is one that the App asks for itself.
pub(super) fn is_own(segments: &[&str]) -> bool {
    matches!(segments, ["app", ..] | ["orgs", _, "installation"] | ["repos", _, _, "installation"] | ["users", _, "installation"])
}

/// Answers the App itself.
pub(super) fn answer(world: &mut World, request: &Request, secret: Option<&str>, segments: &[&str]) -> Answer {
    let Some(secret) = secret else { return error(401, "A JSON web token could not be decoded") };
    if let Err(message) = world.app.check(secret) {
        let date = machine_now().checked_add_signed(world.app.clock_secs * 1000).unwrap();
        return if message == "Integration not found" { error(404, message) } else { error(401, message).with("date", http_date(date)) };
    }
    match segments {
        ["app"] => Answer::json(&json!({"id": APP_ID, "client_id": CLIENT_ID, "slug": "simulated", "name": "Simulated"})),
        ["app", "installations"] => {
            let all: Vec<Value> = world.model.installations.keys().map(|id| installation(world, *id)).collect();
            rest::page(world, request, all, &rest::path_of(segments), None)
        }
        [kind @ ("orgs" | "users"), login, "installation"] => {
            let is_of_kind = |owner: &&Owner| (owner.kind == OwnerKind::Organization) == (*kind == "orgs");
            let owner = world.model.owner(login).filter(is_of_kind).map(|owner| owner.id);
            of_owner(world, owner)
        }
        ["repos", owner, name, "installation"] => {
            let found = world.model.named(owner, name).map(|repository| (repository.id, repository.owner));
            let Some((id, owner)) = found else { return error(404, "Not Found") };
            let covers = world.model.installations.values().any(|(of, some)| *of == owner && some.as_ref().is_none_or(|some| some.contains(&id)));
            if covers { of_owner(world, Some(owner)) } else { error(404, "Not Found") }
        }
        ["app", "installations", id, "access_tokens"] if request.method == "POST" => access_token(world, id),
        _ => error(404, "Not Found"),
    }
}

fn of_owner(world: &World, owner: Option<Id>) -> Answer {
    let id = world.model.installations.iter().find(|(_, (of, _))| Some(*of) == owner).map(|(id, _)| *id);
    id.map_or_else(|| error(404, "Not Found"), |id| Answer::json(&installation(world, id)))
}

fn installation(world: &World, id: Id) -> Value {
    let (owner, some) = &world.model.installations[&id];
    let owner = &world.model.owners[owner];
    let selection = if some.is_some() { "selected" } else { "all" };
    json!({
        "id": id, "account": rest::shapes::owner(world, owner), "app_id": APP_ID, "client_id": CLIENT_ID, "target_type": owner.kind.name(),
        "repository_selection": selection, "suspended_at": null,
        "permissions": {"contents": "read", "metadata": "read", "issues": "read", "pull_requests": "read", "discussions": "read"},
        "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", world.rest()),
    })
}

fn access_token(world: &mut World, id: &str) -> Answer {
    let Some((owner, some)) = id.parse().ok().and_then(|id: Id| world.model.installations.get(&id).cloned()) else { return error(404, "Not Found") };
    world.app.given += 1;
    let secret = format!("ghs_{APP_ID}_simulated.installation.token.{:0>80}", world.app.given);
    let seen: BTreeSet<Id> = world.model.repositories.values().filter(|r| r.owner == owner).map(|r| r.id).collect();
    let end = machine_now() + world.app.token_secs.unwrap_or(3600) * 1000;
    let selection = if some.is_some() { "selected" } else { "all" };
    let token = Token { kind: TokenKind::Installation, ends_ms: Some(end), repositories: Some(some.unwrap_or(seen)), ..Token::classic(owner, &[]) };
    world.model.tokens.insert(secret.clone(), token);
    let permissions = json!({"contents": "read", "metadata": "read", "issues": "read", "pull_requests": "read", "discussions": "read"});
    let body = json!({"token": secret, "expires_at": time(end / 1000), "permissions": permissions, "repository_selection": selection});
    Answer { status: 201, ..Answer::json(&body) }
}

/// `/installation/repositories`, which an installation's token alone may ask.
pub(super) fn repositories(world: &mut World, request: &Request, caller: &Caller) -> Answer {
    let Some((_, token)) = caller.token.as_ref().filter(|(_, token)| token.kind == TokenKind::Installation) else {
        return error(403, "You must authenticate with an installation access token in order to list repositories for an installation.");
    };
    let some = token.repositories.clone().unwrap_or_default();
    let all: Vec<Value> =
        world.model.repositories.values().filter(|r| some.contains(&r.id)).map(|r| rest::shapes::repository(world, r, false)).collect();
    let total = all.len();
    let answer = rest::page(world, request, all, "/installation/repositories", None);
    let inner: Value = serde_json::from_slice(&answer.body).unwrap();
    let whole = Answer::json(&json!({"total_count": total, "repository_selection": "selected", "repositories": inner}));
    Answer { body: whole.body, ..answer }
}
