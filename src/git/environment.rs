//! What a git process is told: by its environment alone, from which everything else is taken.
//!
//! Guarantees that no configuration of the user or the system is read, nobody is asked for a password, and no other program than git's own is started.

use std::ffi::OsString;
use std::path::Path;
use std::sync::PoisonError;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Host, Url};

use super::{Found, Git, GitError};

/// The word for no proxy at all.
const NO_PROXY: &str = "none";
/// Variables by which a user names proxies; they count where the configuration names none.
const PROXIES: [&str; 8] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];

/// Settings of every call.
const ALWAYS: &[(&str, &str)] = &[
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.askPass", ""),
    ("credential.helper", ""),
    // Nothing goes on behind our back.
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("protocol.version", "2"),
    ("transfer.bundleURI", "false"),
    // What comes is checked, but for what says nothing of contents and stands in commits of old programs.
    ("transfer.fsckObjects", "true"),
    ("fetch.fsck.badTimezone", "ignore"),
    ("fetch.fsck.badDate", "ignore"),
    ("fetch.fsck.missingSpaceBeforeDate", "ignore"),
    ("fetch.fsck.missingSpaceBeforeEmail", "ignore"),
    ("fetch.fsck.missingEmail", "ignore"),
    ("fetch.fsck.missingNameBeforeEmail", "ignore"),
    ("fetch.fsck.zeroPaddedDate", "ignore"),
    ("fetch.fsck.zeroPaddedFilemode", "ignore"),
    // One file for each fetch, so that the limit of a file's size holds for it.
    ("fetch.unpackLimit", "1"),
    // Little memory, whatever comes: large contents are not held whole.
    ("core.bigFileThreshold", "8m"),
    ("core.packedGitWindowSize", "1m"),
    ("core.packedGitLimit", "32m"),
    ("core.deltaBaseCacheLimit", "16m"),
    ("pack.threads", "1"),
    // No redirect: the credentials are for one origin, and addresses are asked for anew at each run.
    ("http.followRedirects", "false"),
    ("http.sslVerify", "true"),
    ("http.proxyAuthMethod", "basic"),
    ("http.lowSpeedLimit", "1"),
];

/// Environment of one call.
pub(super) struct Environment(Vec<(OsString, OsString)>);

impl Environment {
    /// For a call that asks nobody: no transport works at all.
    pub(super) fn local(git: &Git) -> Self {
        let mut made = Self::common(git);
        made.set("GIT_ALLOW_PROTOCOL", "none");
        made.configure(ALWAYS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect());
        made
    }

    /// For a call that asks `url`.
    pub(super) fn remote(git: &Git, found: &Found, url: &Url, partial: Option<&str>) -> Result<Self, GitError> {
        let setup = &git.setup;
        let mut made = Self::common(git);
        made.set("GIT_ALLOW_PROTOCOL", protocol(url, setup.allow_plain_http)?);
        let mut settings: Vec<(String, String)> = ALWAYS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let mut add = |key: &str, value: String| settings.push((key.to_owned(), value));
        add("http.lowSpeedTime", setup.silence.as_secs().max(1).to_string());
        add("remote.origin.url", url.as_str().to_owned());
        if let Some(filter) = partial {
            add("remote.origin.promisor", "true".to_owned());
            add("remote.origin.partialclonefilter", filter.to_owned());
        }
        if let Some(path) = &found.authorities {
            add("http.sslCAInfo", text(path)?);
        }
        // Settings that git itself gives to this origin only.
        let origin = setup.trusted.ascii_serialization();
        if url.origin() == setup.trusted {
            if let Some(authorization) = &*git.authorization.lock().unwrap_or_else(PoisonError::into_inner) {
                add(&format!("http.{origin}/.extraHeader"), format!("Authorization: {}", authorization.expose()));
            }
            if let Some(certificate) = &setup.client_certificate {
                add(&format!("http.{origin}/.sslCert"), text(certificate)?);
                add(&format!("http.{origin}/.sslKey"), text(setup.client_key.as_ref().unwrap_or(certificate))?);
            }
        }
        match &setup.proxy {
            // What is for this machine goes through no proxy of ours.
            Some(_) if is_here(url) => add("http.proxy", String::new()),
            Some(none) if none == NO_PROXY => add("http.proxy", String::new()),
            Some(proxy) => add("http.proxy", with_credentials(proxy, setup)?),
            None => {
                for name in PROXIES {
                    if let Some(value) = std::env::var_os(name) {
                        made.0.push((name.into(), value));
                    }
                }
                if url.scheme() == "http" && is_here(url) {
                    add("http.proxy", String::new());
                }
            }
        }
        made.configure(settings);
        Ok(made)
    }

    /// The same, telling on its standard error what is said in git's own protocol (no header, and so no credential, is part of that).
    pub(super) fn telling(mut self) -> Self {
        self.set("GIT_TRACE_PACKET", "2");
        self
    }

    fn common(git: &Git) -> Self {
        let mut made = Self(Vec::new());
        let folder = git.root();
        for (name, value) in [
            ("LC_ALL", "C"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ASKPASS", ""),
            ("SSH_ASKPASS", ""),
            ("GIT_LFS_SKIP_SMUDGE", "1"),
            // What is missing is missing, and not fetched one by one.
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_PROTOCOL_FROM_USER", "0"),
        ] {
            made.set(name, value);
        }
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TMPDIR", "GIT_CEILING_DIRECTORIES"] {
            made.0.push((name.into(), folder.clone().into()));
        }
        if let Some(path) = std::env::var_os("PATH") {
            made.0.push(("PATH".into(), path));
        }
        made
    }

    fn set(&mut self, name: &str, value: &str) {
        self.0.push((name.into(), value.into()));
    }

    fn configure(&mut self, settings: Vec<(String, String)>) {
        self.set("GIT_CONFIG_COUNT", &settings.len().to_string());
        for (at, (key, value)) in settings.into_iter().enumerate() {
            self.0.push((format!("GIT_CONFIG_KEY_{at}").into(), key.into()));
            self.0.push((format!("GIT_CONFIG_VALUE_{at}").into(), value.into()));
        }
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

/// The one protocol that is allowed for `url`, or why none is.
fn protocol(url: &Url, allow_plain_http: bool) -> Result<&'static str, GitError> {
    let credentials = !url.username().is_empty() || url.password().is_some();
    match url.scheme() {
        _ if credentials => Err(GitError::Failed("an address must hold no credentials".to_owned())),
        "https" => Ok("https"),
        "http" if allow_plain_http || is_here(url) => Ok("http"),
        #[cfg(test)]
        "file" => Ok("file"),
        _ => Err(GitError::Failed("it would be asked over something else than https".to_owned())),
    }
}

/// Whether `url` is answered by this very machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The proxy's address with who we are: only here, and only for the environment.
fn with_credentials(proxy: &str, setup: &super::Setup) -> Result<String, GitError> {
    let Some((name, password)) = &setup.proxy_credentials else { return Ok(proxy.to_owned()) };
    let (scheme, rest) = proxy.split_once("://").ok_or_else(|| GitError::Failed("`proxy` is no web address".to_owned()))?;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    Ok(format!("{scheme}://{}:{}@{rest}", encoded(name), encoded(password.expose())))
}

fn text(path: &Path) -> Result<String, GitError> {
    path.to_str().map(str::to_owned).ok_or_else(|| GitError::Failed(format!("the path {} is no text", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_allowed_and_plain_http_for_this_machine() {
        let of = |url: &str, plain: bool| protocol(&Url::parse(url).unwrap(), plain).ok();
        assert_eq!(of("https://github.example/a.git", false), Some("https"));
        assert_eq!(of("http://github.example/a.git", false), None);
        assert_eq!(of("http://github.example/a.git", true), Some("http"));
        assert_eq!(of("http://127.0.0.1:1/a.git", false), Some("http"));
        for odd in ["ssh://git@github.example/a.git", "git://github.example/a.git", "ext://x/a.git", "https://ann:pass@github.example/a.git"] {
            assert_eq!(of(odd, true), None, "{odd}");
        }
    }
}
