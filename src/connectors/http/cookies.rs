//! The session cookies of the configured origins, in memory only, sent back to the very origin that set them and only where a request asks for it.
//!
//! It deliberately knows neither paths nor dates: a run is short, and what a server takes back (an empty value) is dropped.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use reqwest::header::HeaderValue;
use url::Url;

/// Cookies kept per client.
const MOST: usize = 50;
/// Longer ones are not kept, as browsers do: a server takes no request whose head has no end.
const MOST_BYTES: usize = 4096;

#[derive(Default)]
pub(super) struct Jar(Mutex<BTreeMap<(String, String), String>>);

impl Jar {
    /// Keeps what an answer from `url` sets.
    pub(super) fn keep<'h>(&self, url: &Url, set: impl IntoIterator<Item = &'h HeaderValue>) {
        let origin = url.origin().ascii_serialization();
        for header in set {
            let Some((name, value)) = header.to_str().ok().and_then(|text| text.split(';').next()?.split_once('=')) else { continue };
            let mut jar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (origin.clone(), name.trim().to_owned());
            if key.1.is_empty() || key.1.len() + value.len() > MOST_BYTES {
                continue;
            }
            if value.trim().is_empty() {
                jar.remove(&key);
            } else if jar.len() < MOST || jar.contains_key(&key) {
                jar.insert(key, value.trim().to_owned());
            }
        }
    }

    /// The `Cookie` header for `url`.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let origin = url.origin().ascii_serialization();
        let jar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<String> = jar.iter().filter(|((of, _), _)| *of == origin).map(|((_, name), value)| format!("{name}={value}")).collect();
        let mut value = HeaderValue::from_str(&all.join("; ")).ok().filter(|_| !all.is_empty())?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_back_to_their_origin_only() {
        let jar = Jar::default();
        let (here, there) = (Url::parse("https://wiki/a").unwrap(), Url::parse("https://wiki:8443/a").unwrap());
        let set = [HeaderValue::from_static("JSESSIONID=abc; Path=/; HttpOnly"), HeaderValue::from_static("b=2")];
        jar.keep(&here, &set);
        assert_eq!(jar.header(&here).unwrap(), "JSESSIONID=abc; b=2");
        assert_eq!(jar.header(&there), None);
        jar.keep(&here, &[HeaderValue::from_static("b=; Max-Age=0")]);
        assert_eq!(jar.header(&here).unwrap(), "JSESSIONID=abc");
        let long = HeaderValue::from_str(&format!("long={}", "x".repeat(MOST_BYTES))).unwrap();
        jar.keep(&here, &[long, HeaderValue::from_static("=nameless")]);
        assert_eq!(jar.header(&here).unwrap(), "JSESSIONID=abc");
    }
}
