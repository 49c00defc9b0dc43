//! Who is asking: the token of a request, and what becomes of wrong ones.

use super::site::World;
use super::tokens::Caller;
use crate::support::wire::{Request, machine_now};

/// The token is none that works.
pub(super) struct Refused;

/// Who asks with this secret.
pub(super) fn caller_of(world: &mut World, secret: Option<&str>) -> Result<Caller, Refused> {
    let Some(secret) = secret else { return Ok(Caller { token: None }) };
    if world.habits.token_has_expired() {
        return Err(Refused);
    }
    let token = world.model.tokens.get(secret).filter(|token| !token.revoked).ok_or(Refused)?;
    if token.ends_ms.is_some_and(|end| end <= machine_now()) {
        return Err(Refused);
    }
    Ok(Caller { token: Some((secret.to_owned(), token.clone())) })
}

/// The secret of an API request: `Bearer` or `token`; Basic too, with the secret as its password.
pub(super) fn secret(request: &Request) -> Option<String> {
    use base64::Engine as _;
    let (scheme, given) = request.authorization.as_deref()?.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => Some(given.trim().to_owned()),
        "basic" => {
            let plain = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(given).ok()?).ok()?;
            Some(plain.split_once(':')?.1.to_owned())
        }
        _ => Some(String::new()),
    }
}
