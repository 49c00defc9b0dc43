//! Reads git repositories over https by the `git` program: which commit is at the head, and shallow copies of one commit without its history.
//!
//! Guarantees that nothing from a repository is ever executed or checked out; that no credential stands in an argument, an address or a file, nor in a message;
//! that redirects are not followed; that a copy stays below its limit in bytes; that everything git started ends when its future is dropped or this process
//! is no more. Copies lie in the connector's cache folder and may be deleted at any time: one that is broken or half made is made anew. Why the program and
//! not a library: `docs/decisions/0005-git.md`. It deliberately knows no service.

mod authorities;
mod copy;
mod environment;
mod error;
mod fetch;
mod process;
mod program;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use url::{Origin, Url};

use crate::model::Secret;
pub use copy::{Blob, Copy, Entry};
pub use error::GitError;

/// What the room is made for.
pub struct Setup {
    /// The program's name, found by `PATH`, or its path.
    pub program: PathBuf,
    /// The connector's cache folder; copies lie in `git/` below it. Made on demand.
    pub folder: PathBuf,
    /// Who may see the credentials and the client's certificate.
    pub trusted: Origin,
    /// Plain http to hosts other than this machine.
    pub allow_plain_http: bool,
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
    /// Longest silence of the other side.
    pub silence: Duration,
    /// A copy that grows beyond this is given up.
    pub max_bytes: u64,
}

/// Reads repositories.
pub struct Git {
    setup: Setup,
    /// The value of the `Authorization` header.
    authorization: Mutex<Option<Secret>>,
    /// The program that was found and is new enough, and the authorities for it; looked for once.
    found: OnceCell<Result<Found, GitError>>,
    /// Held by who changes a copy: two fetches at once would take each other's copy for a half made one.
    turn: tokio::sync::Mutex<()>,
    calls: AtomicU64,
    bytes: AtomicU64,
}

/// What does not change while a worker lives.
#[derive(Clone)]
struct Found {
    program: PathBuf,
    /// The system's authorities and ours in one file, where there are some of ours.
    authorities: Option<PathBuf>,
}

/// Where a repository stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The branch that `HEAD` names (`master`), where it names one.
    pub branch: Option<String>,
    /// The commit.
    pub sha: String,
}

/// Which contents a copy holds from the start; the others can be brought later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of them.
    None,
    /// Those of fewer bytes than this.
    Below(u64),
    /// None of them.
    NoBlobs,
}

impl Git {
    /// Looks for nothing yet: a machine without `git` shows at the first call.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            authorization: Mutex::default(),
            found: OnceCell::new(),
            turn: tokio::sync::Mutex::default(),
            calls: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    /// From now on asks with this value of the `Authorization` header, or anonymously.
    pub fn authorize(&self, authorization: Option<Secret>) {
        *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = authorization;
    }

    /// How often another host was asked, and how many bytes came.
    #[must_use]
    pub fn traffic(&self) -> (u64, u64) {
        (self.calls.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// Whether the program is there and new enough; asks nobody else.
    ///
    /// # Errors
    /// What is missing.
    pub async fn is_there(&self) -> Result<(), GitError> {
        self.found().await.map(|_| ())
    }

    /// The commit at a repository's head; none where it has no commit. One request, in git's sense; two where there is none.
    ///
    /// # Errors
    /// What went wrong, after another try where that may help.
    pub async fn head(&self, url: &Url) -> Result<Option<Head>, GitError> {
        let (said, told) = self.remote(url, HEAD, &["HEAD"]).await?;
        let head = head_of(&String::from_utf8_lossy(&said));
        // To git, a page to log in is an old kind of server that has nothing: only who speaks git says that a repository is empty.
        if head.is_none() && !told.lines().any(process::is_protocol) {
            return Err(GitError::no_git());
        }
        Ok(head)
    }
}

/// The newer protocol asks what is there only after it has asked what it may ask: twice for an answer of a few lines.
const HEAD: &[&str] = &["-c", "protocol.version=0", "ls-remote", "--quiet", "--symref"];

impl fmt::Debug for Git {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Git").field("program", &self.setup.program).field("folder", &self.setup.folder).finish_non_exhaustive()
    }
}

/// Reads `ref: refs/heads/master\tHEAD` and `<sha>\tHEAD`.
fn head_of(said: &str) -> Option<Head> {
    let (mut branch, mut sha) = (None, None);
    for (what, name) in said.lines().filter_map(|line| line.split_once('\t')) {
        match what.strip_prefix("ref: ") {
            _ if name != "HEAD" => {}
            Some(target) => branch = target.strip_prefix("refs/heads/").map(str::to_owned),
            None if is_sha(what) => sha = Some(what.to_owned()),
            None => {}
        }
    }
    Some(Head { branch, sha: sha? })
}

/// A full object name in hexadecimal digits, and so nothing that git could take for an option.
fn is_sha(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
