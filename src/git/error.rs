//! What git's failures mean, read off its exit and its words; none of its words is repeated but those that are known to hold no credential.

/// Why a repository could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// There is no `git` program.
    #[error("the program `git` is not installed")]
    NotInstalled,
    /// There is one that cannot take a credential by its environment.
    #[error("the program `git` is too old: {0}, and 2.31 is needed")]
    TooOld(String),
    /// No such repository.
    #[error("there is no such repository")]
    NotFound,
    /// The credentials are refused, or some are needed.
    #[error("the credentials are refused, or some are needed")]
    Unauthorized,
    /// 403.
    #[error("it is closed to us (403)")]
    Forbidden,
    /// 429: asked too often.
    #[error("the service limits our rate")]
    Limited,
    /// No connection, or it broke off.
    #[error("no answer ({0})")]
    Network(String),
    /// It would never end.
    #[error("it comes slower than a kilobyte a second")]
    Slow,
    /// Something stands in the way that another try does not remove: a certificate, a proxy.
    #[error("there is no safe way there ({0})")]
    Untrusted(&'static str),
    /// Larger than the limit, or made to be.
    #[error("it is larger than the limit")]
    TooLarge,
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl GitError {
    /// Something answered that does not speak git.
    pub(super) fn no_git() -> Self {
        Self::Untrusted("what answers there is no git: a page to log in, or of a proxy")
    }

    /// Whether the same may work a moment later.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Network(_))
    }

    /// Whether it is about the way or the other side, and our copy is as good as it was.
    pub(super) fn leaves_the_copy(&self) -> bool {
        matches!(self, Self::NotFound | Self::Unauthorized | Self::Forbidden | Self::Limited | Self::Network(_) | Self::Untrusted(_) | Self::Slow)
    }

    /// What git's words on its standard error mean; it was run in the language C.
    pub(super) fn of(stderr: &str) -> Self {
        let said = stderr.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        match () {
            () if has(&[
                "died of signal 25",
                "out of memory",
                "malloc failed",
                "cannot allocate memory",
                "file too large",
                "exceeds maximum allowed size",
            ]) =>
            {
                Self::TooLarge
            }
            () if has(&["no space left", "disk quota"]) => {
                Self::Failed("the disk of the cache folder is full: make room, or set XDG_CACHE_HOME to a larger one".to_owned())
            }
            () if has(&["from proxy after connect", "proxy connect aborted", "connect tunnel failed"]) => {
                Self::Untrusted(if has(&["407"]) { "407, the proxy wants to know who asks" } else { "the proxy refuses the way there" })
            }
            () if has(&["certificate required", "alert number 116", "certificate is required"]) => {
                Self::Untrusted("it asks for a certificate of ours")
            }
            () if has(&["client certificate", "bad certificate", "alert unknown ca", "alert number 42", "alert number 48"]) => {
                Self::Untrusted("it does not accept our certificate")
            }
            () if has(&["certificate", "ssl peer", "alternative certificate subject"]) => Self::Untrusted("its certificate cannot be trusted"),
            () if has(&[
                "terminal prompts disabled",
                "authentication failed",
                "could not read username",
                "could not read password",
                "returned error: 401",
                "invalid username or",
            ]) =>
            {
                Self::Unauthorized
            }
            () if has(&["returned error: 403"]) => Self::Forbidden,
            () if has(&["returned error: 429"]) => Self::Limited,
            () if has(&["returned error: 404", "returned error: 410"]) || (said.contains("repository '") && said.contains("' not found")) => {
                Self::NotFound
            }
            () if has(&["returned error: 30"]) => Self::Failed("it sends us elsewhere, and redirects are not followed".to_owned()),
            () if has(&["returned error: 5", "returned error: 408"]) => Self::Network("the service has an error of its own".to_owned()),
            () if has(&["could not resolve"]) => Self::Network("the name of the host, or of the proxy, is not known".to_owned()),
            () if has(&["failed to connect", "could not connect", "couldn't connect", "connection refused", "no route"]) => {
                Self::Network("no connection".to_owned())
            }
            () if has(&["timed out", "operation too slow", "less than 1"]) => Self::Network("no answer in time".to_owned()),
            () if has(&[
                "early eof",
                "rpc failed",
                "hung up",
                "unable to access",
                "connection was reset",
                "expected flush",
                "disconnect",
                "unexpected eof",
                "invalid response",
            ]) =>
            {
                Self::Network("the answer broke off".to_owned())
            }
            () if has(&["could not read from remote repository"]) => Self::Network("the answer broke off".to_owned()),
            () if has(&["is this a git repository", "bad line length character"]) => Self::no_git(),
            () if has(&["not our ref", "no such remote ref", "couldn't find remote ref"]) => {
                Self::Failed("the commit is not there any more".to_owned())
            }
            () if has(&["fsck error", "fsck-error", "invalid object", "corrupt", "bad object", "index-pack", "unpack-objects", "inflate"]) => {
                Self::Failed("what came is no sound repository".to_owned())
            }
            () if has(&["not a valid object", "not a git repository", "unknown revision"]) => Self::Failed("the copy is broken".to_owned()),
            () => Self::Failed("git failed for a reason that it did not tell plainly".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_told_apart_and_never_repeated() {
        let secret = "hunter2";
        for (said, meant) in [
            ("fatal: could not read Username for 'https://x': terminal prompts disabled", GitError::Unauthorized),
            ("remote: Invalid username or token.\nfatal: Authentication failed for 'https://x/'", GitError::Unauthorized),
            ("remote: Repository not found.\nfatal: repository 'https://x/a/b.wiki.git/' not found", GitError::NotFound),
            ("fatal: unable to access 'https://x/': The requested URL returned error: 403", GitError::Forbidden),
            ("fatal: unable to access 'https://x/': The requested URL returned error: 429", GitError::Limited),
            ("error: index-pack died of signal 25", GitError::TooLarge),
            ("fatal: Out of memory, malloc failed (tried to allocate 4000000000 bytes)", GitError::TooLarge),
            (
                "error: inflate: data stream error\nfatal: pack has bad object at offset 12",
                GitError::Failed("what came is no sound repository".into()),
            ),
            (
                "fatal: unable to access 'https://x/': Could not resolve host: x",
                GitError::Network("the name of the host, or of the proxy, is not known".into()),
            ),
            (
                "fatal: unable to access 'https://x/': The requested URL returned error: 502",
                GitError::Network("the service has an error of its own".into()),
            ),
            (
                "fatal: unable to access 'https://x/': The requested URL returned error: 301",
                GitError::Failed("it sends us elsewhere, and redirects are not followed".into()),
            ),
            (
                "fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none",
                GitError::Untrusted("its certificate cannot be trusted"),
            ),
            (
                "fatal: unable to access 'https://x/': Received HTTP code 407 from proxy after CONNECT",
                GitError::Untrusted("407, the proxy wants to know who asks"),
            ),
            (
                "error: write error: No space left on device\nfatal: index-pack failed",
                GitError::Failed("the disk of the cache folder is full: make room, or set XDG_CACHE_HOME to a larger one".into()),
            ),
            ("fatal: protocol error: bad line length character: <htm", GitError::no_git()),
            (
                "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights",
                GitError::Network("the answer broke off".into()),
            ),
        ] {
            let error = GitError::of(&format!("{said}\nhint: {secret}"));
            assert_eq!(error, meant, "{said}");
            assert!(!error.to_string().contains(secret));
        }
        assert!(!GitError::of(secret).to_string().contains(secret));
    }
}
