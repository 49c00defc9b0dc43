//! The settings of the way to a service, which every connector that asks by HTTP has among its own: manners, trust, certificate and proxy.
//!
//! A connector flattens [`Settings`] into its settings, gives the three numbers in which services differ ([`Settings::new`]) and reads the whole with
//! [`settings::read`]; checks, names and limits are the same for all.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Habits, Patience, Setup, Ways, may_be_plain};
use crate::connectors::settings;
use crate::model::Secret;

/// How a service is asked, as the configuration has it, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Requests at a time, per host; 1 to 16.
    pub concurrency: u32,
    /// Requests a second, per host, once the burst is spent; 1 to 1000.
    pub requests_per_second: u32,
    /// Requests that may be sent without pause, per host; 1 to 1000.
    pub burst: u32,
    /// Plain http to another host than this machine.
    pub allow_plain_http: bool,
    /// Authorities (PEM) that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate (PEM), for services that ask for one; its key may stand in the same file.
    pub client_certificate: Option<PathBuf>,
    /// Its private key (PEM).
    pub client_key: Option<PathBuf>,
    /// A proxy, `http://HOST:PORT`, or `none`; unset: as the environment says.
    pub proxy: Option<String>,
    /// The user name at the proxy; `proxy_password` is a secret.
    pub proxy_username: Option<String>,
    /// The first pause before a failed request is repeated, in milliseconds; it doubles. For tests.
    pub retry_base_ms: u64,
    /// The longest silence in the middle of an answer, in milliseconds; for tests and slow proxies.
    pub read_timeout_ms: u64,
}

impl Settings {
    /// Those of them that are paths.
    pub const PATHS: &[&str] = &["ca_file", "client_certificate", "client_key"];
    /// The secret that goes with them.
    pub const SECRET: &str = "proxy_password";
    /// Those that a connector does without if it asks nobody.
    pub const WAYS: &[&str] = &["ca_file", "client_certificate", "client_key", "proxy", "proxy_username"];

    /// Their defaults for a service that takes so many requests at a time, a second, and in one go.
    #[must_use]
    pub fn new(concurrency: u32, requests_per_second: u32, burst: u32) -> Self {
        Self {
            concurrency,
            requests_per_second,
            burst,
            allow_plain_http: false,
            ca_file: None,
            client_certificate: None,
            client_key: None,
            proxy: None,
            proxy_username: None,
            retry_base_ms: 1000,
            read_timeout_ms: 30_000,
        }
    }

    /// Checks all that can be checked without files, network and secrets.
    ///
    /// # Errors
    /// What is wrong, naming the setting.
    pub fn check(&self) -> Result<(), String> {
        if let Some(proxy) = &self.proxy {
            Ways::check_proxy(proxy)?;
        }
        if self.client_key.is_some() && self.client_certificate.is_none() {
            return Err("`client_key` needs a `client_certificate`".to_owned());
        }
        settings::within(&[
            ("concurrency", u64::from(self.concurrency), 1, 16),
            ("requests_per_second", u64::from(self.requests_per_second), 1, 1000),
            ("burst", u64::from(self.burst), 1, 1000),
            ("retry_base_ms", self.retry_base_ms, 1, 30_000),
            ("read_timeout_ms", self.read_timeout_ms, 100, 600_000),
        ])
    }

    /// Checks that the address that stands in the setting `name` may be asked with credentials.
    ///
    /// # Errors
    /// When it is plain http to another host, and that is not allowed.
    pub fn check_address(&self, name: &str, url: &Url) -> Result<(), String> {
        match may_be_plain(url, self.allow_plain_http) {
            true => Ok(()),
            false => Err(format!(
                "`{name}` is plain http, which shows the credentials to everybody on the way; use https, or set `allow_plain_http = true`"
            )),
        }
    }

    /// Authorities, certificates and proxy.
    ///
    /// # Errors
    /// When what is given is no way.
    pub fn ways(&self, secrets: &BTreeMap<String, Secret>) -> Result<Ways, String> {
        let proxy_credentials = match (&self.proxy_username, secrets.get(Self::SECRET)) {
            (Some(name), Some(password)) => Some((name.clone(), Secret::new(password.expose().to_owned()))),
            (None, None) => None,
            _ => return Err("`proxy_username` and `proxy_password` go together".to_owned()),
        };
        if proxy_credentials.is_some() && self.proxy.as_deref().is_none_or(|proxy| proxy == Ways::NO_PROXY) {
            return Err("`proxy_username` and `proxy_password` need a `proxy`".to_owned());
        }
        Ok(Ways {
            ca_file: self.ca_file.clone(),
            client_certificate: self.client_certificate.clone(),
            client_key: self.client_key.clone(),
            proxy: self.proxy.clone(),
            proxy_credentials,
        })
    }

    /// The longest silence in the middle of an answer.
    #[must_use]
    pub fn silence(&self) -> Duration {
        Duration::from_millis(self.read_timeout_ms)
    }

    /// What a client for `service` is made for, as far as settings say it: it trusts no origin and comes as nobody yet.
    #[must_use]
    pub fn setup(&self, service: String, ways: Ways) -> Setup {
        Setup {
            service,
            trusted: Vec::new(),
            authorization: None,
            is_password: false,
            cache: None,
            hint: String::new(),
            post_paths: &[],
            allow_plain_http: self.allow_plain_http,
            concurrency: usize::try_from(self.concurrency).unwrap_or(1),
            requests_per_second: self.requests_per_second,
            burst: self.burst,
            retry_base: Duration::from_millis(self.retry_base_ms),
            patience: Patience { silence: self.silence(), ..Patience::default() },
            ways,
            habits: Habits::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(changes: &serde_json::Value) -> Settings {
        settings::read(changes, &Settings::new(4, 50, 100)).unwrap()
    }

    #[test]
    fn defaults_are_fine_and_what_is_wrong_is_named() {
        assert_eq!(given(&json!({})).check(), Ok(()));
        for (changes, named) in [
            (json!({"concurrency": 0}), "`concurrency` is 0; it must lie between 1 and 16"),
            (json!({"concurrency": 17}), "`concurrency` is 17"),
            (json!({"requests_per_second": 1001}), "`requests_per_second`"),
            (json!({"burst": 0}), "`burst`"),
            (json!({"retry_base_ms": 0}), "`retry_base_ms`"),
            (json!({"read_timeout_ms": 99}), "`read_timeout_ms`"),
            (json!({"proxy": "proxy.corp:3128"}), "`proxy`"),
            (json!({"client_key": "/k.pem"}), "`client_key` needs a `client_certificate`"),
        ] {
            let error = given(&changes).check().unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn plain_http_is_allowed_by_name_or_refused_by_the_name_of_the_address() {
        let url = Url::parse("http://wiki.corp").unwrap();
        let error = given(&json!({})).check_address("api_url", &url).unwrap_err();
        assert!(error.starts_with("`api_url` is plain http") && error.ends_with("set `allow_plain_http = true`"), "{error}");
        assert_eq!(given(&json!({"allow_plain_http": true})).check_address("api_url", &url), Ok(()));
        assert_eq!(given(&json!({})).check_address("api_url", &Url::parse("http://localhost:8090").unwrap()), Ok(()));
    }

    #[test]
    fn who_we_are_at_a_proxy_is_whole_or_refused() {
        let password: BTreeMap<_, _> = [(Settings::SECRET.to_owned(), Secret::new("hunter2".to_owned()))].into();
        let ways = |changes: &serde_json::Value, secrets| given(changes).ways(secrets).map(|ways| ways.proxy_credentials.is_some());
        let (name, proxy, none) = ("ann", "http://proxy.corp:3128", BTreeMap::new());
        assert_eq!(ways(&json!({"proxy": proxy, "proxy_username": name}), &password), Ok(true));
        assert_eq!(ways(&json!({"proxy": proxy}), &none), Ok(false));
        for (changes, secrets, said) in [
            (json!({"proxy": proxy, "proxy_username": name}), &none, "go together"),
            (json!({"proxy": proxy}), &password, "go together"),
            (json!({"proxy_username": name}), &password, "need a `proxy`"),
            (json!({"proxy": "none", "proxy_username": name}), &password, "need a `proxy`"),
        ] {
            let error = ways(&changes, secrets).unwrap_err();
            assert!(error.contains(said) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_client_is_made_as_the_settings_say() {
        let changes =
            json!({"concurrency": 2, "requests_per_second": 3, "burst": 5, "retry_base_ms": 7, "read_timeout_ms": 1100, "allow_plain_http": true});
        let setup = given(&changes).setup("wiki.example".to_owned(), Ways::default());
        assert_eq!((setup.concurrency, setup.requests_per_second, setup.burst), (2, 3, 5));
        assert_eq!((setup.retry_base, setup.patience.silence), (Duration::from_millis(7), Duration::from_millis(1100)));
        assert!(setup.allow_plain_http && setup.trusted.is_empty() && setup.authorization.is_none());
    }
}
