//! What a body is: JSON, a page for people, a page to log in.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

/// Bodies above this are parsed beside the thread that drives the network.
const LARGE: usize = 256 << 10;

/// Whether an answer calls itself JSON.
pub(super) fn is_json(response: &Response) -> bool {
    media_type(response).is_some_and(|media| media.ends_with("json"))
}

/// Whether an answer calls itself a web page.
pub(super) fn is_html(response: &Response) -> bool {
    media_type(response).is_some_and(|media| media == "text/html" || media == "application/xhtml+xml")
}

fn media_type(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

/// Whether a body is markup rather than JSON, whatever it calls itself.
pub(super) fn is_page(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|first| *first == b'<')
}

/// Whether a page asks to log in: a password field, or a form or title that says so.
pub(super) fn is_login_page(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&body[..body.len().min(256 << 10)]).to_ascii_lowercase();
    let title = text.split_once("<title").and_then(|(_, rest)| rest.split_once("</title")).map_or("", |(title, _)| title);
    let speaks = |text: &str| ["log in", "login", "sign in", "signin", "single sign-on"].iter().any(|word| text.contains(word));
    let form = text.match_indices("<form").any(|(at, _)| text[at..].split('>').next().is_some_and(speaks));
    text.contains("type=\"password\"") || text.contains("type='password'") || text.contains("os_password") || form || speaks(title)
}

/// Reads JSON.
pub(super) async fn parse<T: DeserializeOwned + Send + 'static>(body: Vec<u8>) -> Result<T, serde_json::Error> {
    if body.len() < LARGE {
        return serde_json::from_slice(&body);
    }
    match tokio::task::spawn_blocking(move || serde_json::from_slice(&body)).await {
        Ok(parsed) => parsed,
        Err(panic) => Err(serde::de::Error::custom(panic)),
    }
}

/// The first bytes of a body that nobody asked for, as far as they come within `patience`: enough to tell what it is.
pub(super) async fn start(mut response: Response, bytes: usize, patience: Duration) -> Vec<u8> {
    let (mut text, ends) = (Vec::new(), Instant::now() + patience);
    while text.len() < bytes {
        let Ok(Ok(Some(chunk))) = tokio::time::timeout_at(ends, response.chunk()).await else { break };
        text.extend_from_slice(&chunk[..chunk.len().min(bytes - text.len())]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_pages_are_told_from_other_pages() {
        for login in [
            "<html><form action=x><input type=\"password\" name=os_password></form>",
            "<!DOCTYPE html><html><head><title>Log In - Confluence</title></head><body></body></html>",
            "<form id=\"login\"></form>",
            "<title>Sign in to your account</title>",
        ] {
            assert!(is_login_page(login.as_bytes()), "{login}");
        }
        assert!(!is_login_page(b"<html><title>502 Bad Gateway</title><form id=search></form></html>"));
        assert!(is_page(b"\n <html>") && is_page(b"") && !is_page(b" {\"a\":1}"));
    }
}
