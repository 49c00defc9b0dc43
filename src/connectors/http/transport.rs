//! How connections are made: which authorities are trusted, which certificate and which proxy are ours, and who is shown them.
//!
//! Guarantees that the client's certificate is offered to the configured origins only, that what is for this very machine goes through no proxy, and that
//! a private key that others can read is refused. Blocking where it reads files: for the start.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Certificate, ClientBuilder, Identity, NoProxy, Proxy};
use url::{Origin, Url};

use super::{failed, redirect};
use crate::connectors::connector::SourceError;
use crate::model::Secret;

/// Time to reach a host.
const CONNECT: Duration = Duration::from_secs(10);
/// No bundle of certificates is larger.
const MOST_BYTES: u64 = 8 << 20;
/// What is on this machine is asked without a proxy.
const HERE: &str = "localhost,127.0.0.0/8,::1";

/// The ways of a network of one's own.
#[derive(Debug, Default)]
pub struct Ways {
    /// Authorities (PEM) that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Our certificate (PEM), for services that ask for one.
    pub client_certificate: Option<PathBuf>,
    /// Its private key (PEM), where it does not stand in the same file.
    pub client_key: Option<PathBuf>,
    /// The proxy's address; `none`: no proxy, whatever the environment says; unset: as the environment says.
    pub proxy: Option<String>,
    /// Who we are at the proxy.
    pub proxy_credentials: Option<(String, Secret)>,
}

impl Ways {
    /// The word for no proxy at all.
    pub const NO_PROXY: &str = "none";

    /// Checks a proxy's address, without the files and the network.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn check_proxy(given: &str) -> Result<(), String> {
        if given == Self::NO_PROXY {
            return Ok(());
        }
        let url = Url::parse(given).map_err(|error| format!("`proxy` is no web address ({error}); write http://HOST:PORT, or \"none\""))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err("`proxy` must begin with http:// or https:// and name a host; or be \"none\"".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("`proxy` must hold no user name or password; use `proxy_username` and `proxy_password`".to_owned());
        }
        Ok(())
    }
}

/// Connections of all kinds.
pub(super) struct Transport {
    trusted: Vec<Origin>,
    ours: reqwest::Client,
    others: reqwest::Client,
    /// Plain http to this machine.
    here: reqwest::Client,
}

impl Transport {
    /// # Errors
    /// When a file cannot be read or used, or there is no authority to trust.
    pub(super) fn new(ways: &Ways, trusted: &[Origin], read_timeout: Duration) -> Result<Self, SourceError> {
        let common = || -> Result<ClientBuilder, SourceError> {
            let mut builder = reqwest::Client::builder()
                .user_agent(concat!("context-sync/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT)
                .read_timeout(read_timeout)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false);
            if let Some(path) = &ways.ca_file {
                builder = builder.tls_certs_merge(authorities(path)?);
            }
            Ok(builder)
        };
        let build = |builder: ClientBuilder| {
            builder.build().map_err(|error| SourceError::Misconfigured {
                detail: format!("no HTTP client can be made: {}", failed::describe(error)),
                hint: "Check the system's certificates (the package ca-certificates), and `ca_file`, `client_certificate` and `client_key`."
                    .to_owned(),
            })
        };
        let others = build(proxied(common()?, ways)?)?;
        // Nobody but this machine sees what it asks itself, so plain http is fine there; through a proxy it would not be.
        let here = if trusted.iter().any(is_plain_and_here) { build(common()?.no_proxy())? } else { others.clone() };
        let ours = match &ways.client_certificate {
            Some(certificate) => build(proxied(common()?, ways)?.identity(identity(certificate, ways.client_key.as_deref())?))?,
            None => others.clone(),
        };
        Ok(Self { trusted: trusted.to_vec(), ours, others, here })
    }

    /// The connections by which `url` is asked.
    pub(super) fn to(&self, url: &Url) -> &reqwest::Client {
        match () {
            () if url.scheme() == "http" && redirect::is_here(url) => &self.here,
            () if self.trusted.contains(&url.origin()) => &self.ours,
            () => &self.others,
        }
    }
}

fn is_plain_and_here(origin: &Origin) -> bool {
    let url = Url::parse(&origin.ascii_serialization());
    url.is_ok_and(|url| url.scheme() == "http" && redirect::is_here(&url))
}

fn proxied(builder: ClientBuilder, ways: &Ways) -> Result<ClientBuilder, SourceError> {
    let Some(address) = &ways.proxy else { return Ok(builder) };
    if address == Ways::NO_PROXY {
        return Ok(builder.no_proxy());
    }
    let proxy = Proxy::all(address).map_err(|error| SourceError::Misconfigured {
        detail: format!("`proxy` cannot be used: {}", failed::describe(error)),
        hint: "Write http://HOST:PORT, or \"none\".".to_owned(),
    })?;
    let proxy = proxy.no_proxy(NoProxy::from_string(HERE));
    let proxy = match &ways.proxy_credentials {
        Some((name, password)) => proxy.basic_auth(name, password.expose()),
        None => proxy,
    };
    Ok(builder.proxy(proxy))
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, SourceError> {
    let pem = read("ca_file", path)?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(unusable("ca_file", path, "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")),
    }
}

fn identity(certificate: &Path, key: Option<&Path>) -> Result<Identity, SourceError> {
    let mut pem = read("client_certificate", certificate)?;
    let (setting, holds_the_key) = match key {
        Some(key) => ("client_key", key),
        None => ("client_certificate", certificate),
    };
    for_its_owner_alone(setting, holds_the_key)?;
    if let Some(key) = key {
        pem.push(b'\n');
        pem.extend(read("client_key", key)?);
    }
    Identity::from_pem(&pem).map_err(|_| {
        let why = if key.is_some() { "and `client_key` are no certificate and private key" } else { "holds no certificate and private key" };
        unusable("client_certificate", certificate, &format!("{why} in PEM form without a passphrase"))
    })
}

fn for_its_owner_alone(setting: &str, path: &Path) -> Result<(), SourceError> {
    let mode = std::fs::metadata(path).map_err(|error| unreadable(setting, path, &error))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(SourceError::Misconfigured {
        detail: format!("`{setting}` ({}) holds a private key that others can read", path.display()),
        hint: format!("Run `chmod 600 {}`.", path.display()),
    })
}

fn read(setting: &str, path: &Path) -> Result<Vec<u8>, SourceError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| unreadable(setting, path, &error))?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| unreadable(setting, path, &error))?;
    Ok(bytes)
}

fn unreadable(setting: &str, path: &Path, error: &std::io::Error) -> SourceError {
    unusable(setting, path, &format!("cannot be read: {error}"))
}

fn unusable(setting: &str, path: &Path, why: &str) -> SourceError {
    SourceError::Misconfigured {
        detail: format!("`{setting}` ({}) {why}", path.display()),
        hint: format!("Correct `{setting}` in the configuration."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_address_is_checked_and_its_password_has_a_place_of_its_own() {
        for fine in ["none", "http://proxy.corp:3128", "https://proxy.corp"] {
            assert_eq!(Ways::check_proxy(fine), Ok(()));
        }
        for (wrong, named) in
            [("proxy.corp:3128", "http://"), ("socks5://proxy.corp", "http://"), ("http://ann:hunter2@proxy.corp", "proxy_password")]
        {
            let error = Ways::check_proxy(wrong).unwrap_err();
            assert!(error.contains(named) && !error.contains("hunter2"), "{error}");
        }
    }
}
