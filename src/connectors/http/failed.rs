//! How a request failed, and whether asking again can help.

use std::error::Error;
use std::sync::Arc;

use reqwest::StatusCode;
use rustls::{AlertDescription, CertificateError};

use crate::connectors::connector::SourceError;

/// A failure with what connectors need to judge it.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The answer's status; none where no answer came.
    pub status: Option<u16>,
    /// The answer called itself JSON.
    pub json: bool,
    /// Asking for less may help: it took too long, or a gateway gave up.
    pub slow: bool,
    /// What the service said, where [`super::Habits::keeps_refusals`] asks for it.
    pub refusal: Option<Arc<Refusal>>,
    /// What to tell the engine.
    pub error: SourceError,
}

/// What a service said when it refused.
#[derive(Debug)]
pub struct Refusal {
    /// The answer's head.
    pub headers: super::Headers,
    /// The beginning of its body, without our credentials; never shown as it is.
    pub text: String,
}

impl Failed {
    pub(super) fn of(status: StatusCode, error: SourceError) -> Self {
        Self { status: Some(status.as_u16()), json: false, slow: false, refusal: None, error }
    }

    pub(super) fn before(error: SourceError) -> Self {
        Self { status: None, json: false, slow: false, refusal: None, error }
    }
}

impl From<Failed> for SourceError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// Before there was any answer.
impl From<SourceError> for Failed {
    fn from(error: SourceError) -> Self {
        Self::before(error)
    }
}

/// A failure of one try.
pub(super) enum Failure {
    /// Asking again would bring the same.
    Final(Failed),
    /// Asking again, later, may help.
    Again(Failed),
    /// 429. `held`: the service said how long, and everybody waits already.
    Limited { failed: Failed, held: bool },
}

/// What the failure of a request means that brought no answer.
pub(super) fn without_answer(service: &str, error: reqwest::Error) -> Failure {
    // Downloads come from other hosts.
    let service = error.url().and_then(|url| url.host_str()).unwrap_or(service).to_owned();
    if let Some((detail, hint)) = obstacle(&error) {
        return Failure::Final(Failed::before(SourceError::Untrusted { service, detail, hint: hint.to_owned() }));
    }
    let slow = error.is_timeout() && !error.is_connect();
    Failure::Again(Failed { slow, ..Failed::before(SourceError::Network { service, detail: describe(error) }) })
}

/// The causes of a network failure, innermost last, without the address.
pub(super) fn describe(error: reqwest::Error) -> String {
    let said = match () {
        () if error.is_timeout() => "no answer in time",
        () if error.is_connect() => "no connection",
        () if error.is_body() || error.is_decode() => "the answer broke off",
        () => "the request failed",
    };
    let error = error.without_url();
    let innermost = causes(&error).last().map(ToString::to_string);
    // An address can stand in a message that is not reqwest's own; what is no plain sentence is not repeated.
    match innermost {
        Some(text) if !text.contains("://") => format!("{said}: {text}"),
        _ => said.to_owned(),
    }
}

/// What stands in the way and stays there, and the way out.
fn obstacle(error: &reqwest::Error) -> Option<(String, &'static str)> {
    causes(error).find_map(|cause| match tls(cause) {
        Some(found) => Some(tls_obstacle(found)),
        None => proxy_obstacle(&cause.to_string()),
    })
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// TLS hands its reasons through the error of a stream.
fn tls<'e>(cause: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    match cause.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref()) {
        Some(inside) => tls(inside),
        None => cause.downcast_ref(),
    }
}

const CLOCK: &str = "The service's administrator has to renew it; if this machine's clock is wrong, set it (`timedatectl`).";
const AUTHORITY: &str =
    "If it is your organisation's own authority, set `ca_file` to its certificate; else the network may be listening in: do not go on.";
const OWN_CERTIFICATE: &str = "Set `client_certificate` (and `client_key`) to one that the service accepts.";

fn tls_obstacle(error: &rustls::Error) -> (String, &'static str) {
    use CertificateError as Wrong;
    let (detail, hint) = match error {
        rustls::Error::InvalidCertificate(Wrong::Expired | Wrong::ExpiredContext { .. }) => ("its certificate has expired", CLOCK),
        rustls::Error::InvalidCertificate(Wrong::NotValidYet | Wrong::NotValidYetContext { .. }) => ("its certificate is not valid yet", CLOCK),
        rustls::Error::InvalidCertificate(Wrong::NotValidForName | Wrong::NotValidForNameContext { .. }) => {
            ("its certificate is for another name", "Check the host in `url`; a network that wants a login first answers like this, too.")
        }
        rustls::Error::InvalidCertificate(Wrong::UnknownIssuer | Wrong::BadSignature) => {
            ("its certificate is from an authority that this machine does not know", AUTHORITY)
        }
        rustls::Error::InvalidCertificate(Wrong::Revoked) => ("its certificate was revoked", "Ask the service's administrator."),
        rustls::Error::InvalidCertificate(other) => return (format!("its certificate cannot be trusted: {other}"), AUTHORITY),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => ("it asks for a certificate of ours", OWN_CERTIFICATE),
        rustls::Error::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA,
        ) => ("it does not accept our certificate", OWN_CERTIFICATE),
        other => return (format!("TLS: {other}"), "Check that `url` names a port that speaks TLS 1.2 or newer."),
    };
    (detail.to_owned(), hint)
}

/// The crate that speaks to proxies tells its reasons in words only.
fn proxy_obstacle(cause: &str) -> Option<(String, &'static str)> {
    match cause.strip_prefix("tunnel error: ")? {
        "proxy authorization required" => {
            Some(("the proxy wants to know who asks".to_owned(), "Set `proxy_username` and `proxy_password` to the proxy's account."))
        }
        "unsuccessful" => {
            Some(("the proxy refuses the way there".to_owned(), "Check `proxy` (or HTTPS_PROXY), and whether the proxy lets this host pass."))
        }
        _ => None,
    }
}
