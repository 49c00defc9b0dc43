//! Takes our own credentials out of what a service answers: a page or a message that repeats the request's header must not carry a token into the mirror.
//!
//! Finds them as they were sent and as they were configured, whichever way JSON spells them. A service that wants to can hide what it was told (backwards, in
//! another coding); against that nothing helps. Does not look into files that are streamed.

use base64::Engine as _;
use memchr::memmem;
use zeroize::Zeroizing;

use crate::model::Secret;

/// Shorter ones are words that pages may hold for reasons of their own.
const LEAST_BYTES: usize = 12;
/// What stands in their place.
const REMOVED: &[u8] = b"[credential removed]";

/// What must not come back.
pub(super) struct Echoes(Vec<Secret>);

impl Echoes {
    /// What is in the value of an `Authorization` header.
    pub(super) fn of(authorization: Option<&Secret>) -> Self {
        let Some((scheme, sent)) = authorization.and_then(|header| header.expose().split_once(' ')) else { return Self(Vec::new()) };
        let mut all = vec![Secret::new(sent.to_owned())];
        if scheme.eq_ignore_ascii_case("basic")
            && let Ok(pair) = base64::engine::general_purpose::STANDARD.decode(sent).map(Zeroizing::new)
            && let Some((_, secret)) = std::str::from_utf8(&pair).ok().and_then(|pair| pair.split_once(':'))
        {
            all.push(Secret::new(secret.to_owned()));
        }
        all.retain(|secret| secret.expose().len() >= LEAST_BYTES);
        // Of two of which one holds the other, the longer goes first.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        Self(all)
    }

    /// What is in another value of that header, too.
    pub(super) fn add(&mut self, authorization: &Secret) {
        self.0.extend(Self::of(Some(authorization)).0);
        self.0.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    }

    /// Whether an address carries one of them: where a redirect leads, it would be told to whoever is there.
    pub(super) fn are_in(&self, url: &url::Url) -> bool {
        let decoded = Zeroizing::new(percent_encoding::percent_decode_str(url.as_str()).collect::<Vec<u8>>());
        self.0.iter().any(|secret| memmem::find(&decoded, secret.expose().as_bytes()).is_some() || url.as_str().contains(secret.expose()))
    }

    /// Whether a header's value repeats one of them.
    pub(super) fn are_among(&self, value: &[u8]) -> bool {
        self.0.iter().any(|secret| memmem::find(value, secret.expose().as_bytes()).is_some())
    }

    /// `json` without them.
    pub(super) fn remove(&self, mut json: Vec<u8>) -> Vec<u8> {
        if self.0.is_empty() {
            return json;
        }
        // Some encoders spell `=`, `+`, `/`, `<`, `>`, `&` and `'` as escapes, and tokens end in `=`.
        if memmem::find(&json, b"\\u00").is_some() || memmem::find(&json, b"\\/").is_some() {
            json = spelled_out(&json);
        }
        for secret in &self.0 {
            let finder = memmem::Finder::new(secret.expose());
            if finder.find(&json).is_some() {
                json = without(&json, &finder, secret.expose().len());
            }
        }
        json
    }
}

fn without(json: &[u8], finder: &memmem::Finder<'_>, length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut kept = 0;
    for at in finder.find_iter(json) {
        out.extend_from_slice(&json[kept..at]);
        out.extend_from_slice(REMOVED);
        kept = at + length;
    }
    out.extend_from_slice(&json[kept..]);
    out
}

/// The same JSON with characters of ASCII that need no escape as themselves.
fn spelled_out(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &json[at..]) {
        out.extend_from_slice(&json[at..at + found]);
        at += found;
        let (bytes, length) = match json.get(at + 1) {
            Some(b'/') => (&b"/"[..], 2),
            Some(b'u') => match json.get(at..at + 6).and_then(plain) {
                Some(plain) => (plain, 6),
                None => (&json[at..at + 2], 2),
            },
            Some(_) => (&json[at..at + 2], 2),
            None => (&json[at..], 1),
        };
        out.extend_from_slice(bytes);
        at += length;
    }
    out.extend_from_slice(&json[at..]);
    out
}

/// What an escape such as `\\u003d` stands for, if it could stand there as it is.
fn plain(escape: &[u8]) -> Option<&'static [u8]> {
    /// Every byte of ASCII, to borrow from.
    static ASCII: [u8; 128] = {
        let mut all = [0; 128];
        let mut byte = 0;
        while byte < 128 {
            all[byte] = byte as u8;
            byte += 1;
        }
        all
    };
    let code = usize::from_str_radix(std::str::from_utf8(&escape[2..]).ok()?, 16).ok()?;
    ((0x20..0x7F).contains(&code) && !matches!(ASCII[code], b'"' | b'\\')).then(|| &ASCII[code..=code])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(header: &str, json: &str) -> String {
        String::from_utf8(Echoes::of(Some(&Secret::new(header.to_owned()))).remove(json.as_bytes().to_vec())).unwrap()
    }

    #[test]
    fn a_token_that_comes_back_is_removed_however_json_spells_it() {
        let header = "Bearer ATATT3xFf-token/with=ABCD";
        for spelled in [
            "ATATT3xFf-token/with=ABCD",
            "ATATT3xFf-token\\/with\\u003dABCD",
            "ATATT3xFf-token\\u002fwith\\u003DABCD",
            "\\u0041TATT3xFf-token/with=ABCD",
        ] {
            let json = format!(r#"{{"title":"a \\ \" {spelled} b","n":[1,"{spelled}"]}}"#);
            let expected = r#"{"title":"a \\ \" [credential removed] b","n":[1,"[credential removed]"]}"#;
            assert_eq!(cleaned(header, &json), expected, "{spelled}");
        }
    }

    #[test]
    fn a_password_is_found_as_it_is_and_as_it_is_sent() {
        let header = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("ann:correct horse battery"));
        let sent = header.strip_prefix("Basic ").unwrap();
        assert_eq!(
            cleaned(&header, &format!(r#"["{sent}","correct horse battery","ann"]"#)),
            r#"["[credential removed]","[credential removed]","ann"]"#
        );
    }

    #[test]
    fn what_is_no_echo_stays_as_it_is() {
        let header = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("ann:wiki"));
        for json in
            [r#"{"a":"the wiki"}"#, r#"{"a":"\\u003d \n \u0022 \u005c \u000a \u00e9 \ud83d\ude00"}"#, r#"{"a":"\"#, r#"{"a":"\u00"#, r#"{"a":"\u"#]
        {
            assert_eq!(cleaned(&header, json), json);
            assert_eq!(cleaned("Bearer a-token-that-is-long", json), json);
        }
        assert_eq!(cleaned("Bearer a-token-that-is-long", r#""\u003c\/p\u003e""#), r#""</p>""#);
        assert!(Echoes::of(None).0.is_empty());
    }

    #[test]
    fn an_address_that_carries_a_credential_is_known() {
        let echoes = Echoes::of(Some(&Secret::new("Bearer a-token/that=is-long".to_owned())));
        for (address, carries) in [("a-token/that=is-long", true), ("a-token%2Fthat%3Dis-long", true), ("a-token", false)] {
            assert_eq!(echoes.are_in(&url::Url::parse(&format!("https://other.example/x?t={address}")).unwrap()), carries, "{address}");
        }
    }
}
