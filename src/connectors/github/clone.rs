//! What of a GitHub is had by git: wikis, and without a token the files of repositories.
//!
//! Guarantees that one host that does not answer costs a run one wait, not one for each repository, and that a machine without git is told so once.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use url::Url;

use super::address::Address;
use super::repository::{Part, Repository};
use super::{Config, GitHub, locked};
use crate::connectors::connector::SourceError;
use crate::connectors::http::{Ways, basic, may_be_plain};
use crate::git::{Blob, Copy, Entry, Filter, Git, GitError, Head, Setup};

/// The user name that goes with any kind of token.
const USER: &str = "x-access-token";
/// The program.
const PROGRAM: &str = "git";

/// The way by git.
pub(super) struct Clones {
    git: Git,
    /// Why nobody is asked any more in this run.
    down: Mutex<Option<GitError>>,
    told: AtomicBool,
}

impl Clones {
    /// Looks for nothing yet.
    pub(super) fn new(config: &Config, address: &Address, ways: Ways, cache: &Path) -> Self {
        let git = Git::new(Setup {
            program: PROGRAM.into(),
            folder: cache.to_owned(),
            trusted: address.web.origin(),
            allow_plain_http: config.http.allow_plain_http || may_be_plain(&address.web, false) && address.web.scheme() == "http",
            ca_file: ways.ca_file,
            client_certificate: ways.client_certificate,
            client_key: ways.client_key,
            proxy: ways.proxy,
            proxy_credentials: ways.proxy_credentials,
            silence: config.http.silence(),
            max_bytes: config.max_copy_bytes,
        });
        Self { git, down: Mutex::default(), told: AtomicBool::new(false) }
    }

    /// How often a host was asked by git, and how many bytes came.
    pub(super) fn traffic(&self) -> (u64, u64) {
        self.git.traffic()
    }

    /// Whether this is the first time in this run that a machine without git is to be told so.
    pub(super) fn is_news(&self) -> bool {
        !self.told.swap(true, Ordering::Relaxed)
    }

    /// What ended the asking in this run, if something did.
    fn down(&self) -> Option<GitError> {
        locked(&self.down).clone()
    }

    /// Keeps what concerns all repositories of the host.
    fn noted<T>(&self, asked: Result<T, GitError>) -> Result<T, GitError> {
        if let Err(
            error @ (GitError::NotInstalled
            | GitError::TooOld(_)
            | GitError::Network(_)
            | GitError::Slow
            | GitError::Untrusted(_)
            | GitError::Limited),
        ) = &asked
        {
            *locked(&self.down) = Some(error.clone());
        }
        asked
    }
}

/// Why a copy was not had: something of git's, or of the credentials.
#[derive(Debug)]
pub(super) enum CloneError {
    Git(GitError),
    Source(SourceError),
}

impl From<GitError> for CloneError {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

impl From<SourceError> for CloneError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl GitHub {
    /// Git with the credentials of now; not again where a host did not answer before.
    async fn git(&self) -> Result<&Git, CloneError> {
        if let Some(why) = self.clones.down() {
            return Err(why.into());
        }
        let authorization = self.api.client().authorization().await?;
        let basic = authorization.as_deref().map(|secret| {
            let token = secret.expose().split_once(' ').map_or(secret.expose(), |(_, token)| token);
            basic(USER, token)
        });
        self.clones.git.authorize(basic);
        Ok(&self.clones.git)
    }

    /// What a machine without git lacks, once in a run, for people; none where git is there and new enough, or nothing is asked of it.
    pub(super) async fn without_git(&self) -> Option<String> {
        let files = self.is_anonymous() && self.is_wanted(Part::Files);
        if !files && !self.config.wiki {
            return None;
        }
        let (Err(error @ (GitError::NotInstalled | GitError::TooOld(_))), true) = (self.clones.git.is_there().await, self.clones.is_news()) else {
            return None;
        };
        Some(missing(&error, self.config.wiki, files))
    }

    /// Where a repository of git stands: one request.
    pub(super) async fn head_by_git(&self, url: &Url) -> Result<Option<Head>, CloneError> {
        Ok(self.clones.noted(self.git().await?.head(url).await)?)
    }

    /// A copy of a commit, made or brought up to date where it is not there.
    pub(super) async fn copy_by_git(&self, url: &Url, name: &str, commit: &str, filter: Filter) -> Result<Copy<'_>, CloneError> {
        Ok(self.clones.noted(self.git().await?.fetch(url, name, commit, filter).await)?)
    }

    /// The copy that is there, asking nobody.
    pub(super) async fn kept_copy(&self, url: &Url, name: &str) -> Option<Copy<'_>> {
        self.clones.git.kept(url, name).await
    }

    /// Everything in a commit of a repository's files. The first of the two that files without a token are had by.
    pub(super) async fn tree_by_git(&self, repository: &Repository, commit: &str) -> Result<Vec<Entry>, CloneError> {
        let url = address(&repository.clone_url)?;
        let copy = self.copy_by_git(&url, &files_name(repository), commit, Filter::NoBlobs).await?;
        Ok(copy.entries().await?)
    }

    /// Contents by name, in their order, none larger than `most`: those that are not there yet are fetched in one go, and with them those that are `due`
    /// later. The second. With a token, which tells the tree by other ways, the copy holds nothing but contents.
    pub(super) async fn blobs_by_git(&self, repository: &Repository, shas: &[String], due: &[String], most: u64) -> Result<Vec<Blob>, CloneError> {
        let url = address(&repository.clone_url)?;
        let copy = match &repository.head {
            Some(head) if self.is_anonymous() => self.copy_by_git(&url, &files_name(repository), &head.commit, Filter::NoBlobs).await?,
            _ => self.clones.noted(self.git().await?.shelf(&url, &contents_name(repository.id)).await)?,
        };
        self.clones.noted(if due.is_empty() { copy.bring(shas).await } else { copy.bring(&[shas, due].concat()).await })?;
        Ok(copy.blobs(shas, most).await?)
    }

    /// Forgets copies of repositories that this run's listing does not name.
    pub(super) async fn forget_copies(&self, repositories: Vec<u64>) {
        let is_ours = move |name: &str| name.split_once('.').and_then(|(id, _)| id.parse().ok()).is_some_and(|id: u64| repositories.contains(&id));
        self.clones.git.forget_others(is_ours).await;
    }

    /// Forgets contents that an earlier run has laid down: before this one asks for any.
    pub(super) async fn forget_contents(&self) {
        self.clones.git.forget_others(|name| !name.ends_with(CONTENTS)).await;
    }
}

/// The end of the names of copies that hold contents alone.
const CONTENTS: &str = ".contents";

fn contents_name(repository: u64) -> String {
    format!("{repository}{CONTENTS}")
}

/// What is not had for want of git, and what to do.
pub(super) fn missing(why: &GitError, wiki: bool, files: bool) -> String {
    let lost = match (wiki, files) {
        (true, true) => "wikis are not mirrored, and files come one by one, within the 60 requests an hour",
        (false, true) => "files come one by one, within the 60 requests an hour",
        _ => "wikis are not mirrored",
    };
    let off = if wiki { ", or turn wikis off with `wiki = false`" } else { "" };
    format!("{why}: {lost}; install it (the package `git`, version 2.31 or newer){off}")
}

fn files_name(repository: &Repository) -> String {
    format!("{}.files", repository.id)
}

/// An address as git is given it.
pub(super) fn address(text: &str) -> Result<Url, CloneError> {
    Url::parse(text).map_err(|error| GitError::Failed(format!("{text} is no address ({error})")).into())
}

/// What a failure of git means where a single document is concerned.
pub(super) fn source_error(host: &str, what: &str, error: CloneError) -> SourceError {
    let error = match error {
        CloneError::Source(error) => return error,
        CloneError::Git(error) => error,
    };
    let (service, what) = (host.to_owned(), what.to_owned());
    match error {
        GitError::Network(detail) => SourceError::Network { service, detail: format!("by git: {detail}") },
        slow @ GitError::Slow => SourceError::Network { service, detail: format!("by git: {slow}") },
        GitError::Untrusted(detail) => SourceError::Untrusted {
            service,
            detail: format!("by git: {detail}"),
            hint: "Check `ca_file`, `client_certificate`, `proxy` and `proxy_username`.".to_owned(),
        },
        GitError::Limited => SourceError::RateLimited { service, retry_after: Duration::from_secs(60) },
        GitError::NotFound => SourceError::NotVisible { what, status: 404 },
        GitError::Unauthorized => SourceError::Denied { what, why: "401 by git".to_owned() },
        GitError::Forbidden => SourceError::Denied { what, why: "403 by git".to_owned() },
        other @ (GitError::NotInstalled | GitError::TooOld(_) | GitError::TooLarge | GitError::Failed(_)) => {
            SourceError::BadAnswer { service, what, detail: other.to_string() }
        }
    }
}
