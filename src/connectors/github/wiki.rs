//! The wiki of a repository: a repository of git beside it, whose files are pages.
//!
//! Costs one request where nothing changed, none where there is no wiki but once a day, and one more where it changed, whatever its size.

mod brackets;
mod fetch;
mod images;
mod links;
mod memory;
mod names;
mod place;
mod read;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};

use rustc_hash::{FxHashMap, FxHashSet};
use url::Url;

use super::clone::{self, CloneError};
use super::out::Out;
use super::repository::{Part, Repository};
use super::{GitHub, locked};
use crate::connectors::connector::{Completion, Depth, Listed, Presence, SourceError};
use crate::git::{Entry, Filter, GitError};
use crate::model::{Cursor, Key, Revision};
use memory::Memory;
pub(super) use read::read;

/// The key of the page that people call so, of the wiki of a repository whose name is in lower case.
pub(super) fn page_key(full_name: &str, page: &str) -> Key {
    place::key_by_name(full_name, &names::folded(page))
}

/// What this run knows of wikis, by their repository's number.
#[derive(Default)]
pub(super) struct Wikis(Mutex<FxHashMap<u64, Known>>);

/// One of them.
#[derive(Clone)]
enum Known {
    /// There is none, or none any more.
    Absent,
    /// Its pages: content and size by path; and those that are there, and that the settings leave out since this run.
    Pages(Arc<FxHashMap<String, (String, Option<u64>)>>, Arc<FxHashSet<String>>),
}

impl GitHub {
    /// Lists the wiki of a repository.
    pub(super) async fn list_wiki(&self, repository: &Repository, since: Option<&Cursor>, depth: Depth, out: &mut Out) -> Result<(), SourceError> {
        let old = since.map(Memory::read).unwrap_or_default();
        let unchanged = |out: &mut Out| {
            let (out, cursor) = (out.clone(), since.cloned());
            async move { out.done(repository, Part::Wiki, Completion::News, cursor).await }
        };
        let here = memory::place(repository);
        if !repository.has_wiki {
            self.no_wiki(repository, &old, since, "the wiki is turned off", out).await;
            return Ok(());
        }
        if old.absent && depth != Depth::Everything {
            unchanged(out).await;
            return Ok(());
        }
        let url = match wiki_url(repository) {
            Ok(url) => url,
            Err(error) => return self.wiki_trouble(repository, &old, since, error, out).await,
        };
        let head = match self.head_by_git(&url).await {
            Ok(Some(head)) => head,
            Ok(None) => {
                self.no_wiki(repository, &old, since, "the wiki is empty", out).await;
                return Ok(());
            }
            Err(error) => return self.wiki_trouble(repository, &old, since, error, out).await,
        };
        let too_large = format!("{} {}", head.sha, self.config.max_copy_bytes);
        if old.too_large.as_ref() == Some(&too_large) {
            out.warn(self.too_large(repository)).await;
            unchanged(out).await;
            return Ok(());
        }
        if old.head.as_deref() == Some(&head.sha) && old.place == here && old.selection == self.wiki_selection() && depth != Depth::Everything {
            unchanged(out).await;
            return Ok(());
        }
        let filter = Filter::Below(self.config.max_file_bytes + 1);
        let entries = match self.copy_by_git(&url, &copy_name(repository.id), &head.sha, filter).await {
            Ok(copy) => copy.entries().await.map_err(CloneError::from),
            Err(error) => Err(error),
        };
        match entries {
            Ok(entries) => self.tell_pages(repository, &old, &entries, &head.sha, out).await,
            Err(CloneError::Git(GitError::TooLarge)) => {
                out.warn(self.too_large(repository)).await;
                let cursor = Memory { too_large: Some(too_large), ..old }.written();
                out.done(repository, Part::Wiki, Completion::News, Some(cursor)).await;
            }
            Err(error) => return self.wiki_trouble(repository, &old, since, error, out).await,
        }
        Ok(())
    }

    /// Names every page and image of a commit.
    async fn tell_pages(&self, repository: &Repository, old: &Memory, entries: &[Entry], head: &str, out: &mut Out) {
        let (mut known, mut names, mut places) = (FxHashMap::default(), FxHashSet::default(), FxHashSet::default());
        let (mut large, mut unreadable) = (Vec::new(), 0_usize);
        let selection = self.wiki_selection();
        let reselected = !old.selection.is_empty() && old.selection != selection;
        for entry in entries.iter().filter(|entry| matches!(entry.mode.as_str(), "100644" | "100755")) {
            let Ok(path) = std::str::from_utf8(&entry.path) else {
                unreadable += 1;
                continue;
            };
            if let Some(page) = names::page(path) {
                if entry.size.is_none_or(|size| size > self.config.max_file_bytes) {
                    large.push(path);
                    continue;
                }
                let alone = places.insert(path.to_lowercase());
                let place = place::of(repository, &page, names.insert(names::folded(page.name)), alone);
                known.insert(path.to_owned(), (entry.sha.clone(), entry.size));
                out.send(Listed::Seen { id: place::id(repository.id, path), revision: Revision::new(&entry.sha), place, people: Vec::new() }).await;
            } else if names::is_image(path) && !self.config.images.is_empty() {
                out.send(Listed::Asset(images::of(repository, path, entry))).await;
            }
        }
        out.send(Listed::AssetsDone { scope: repository.scope(Part::Wiki) }).await;
        for id in old.renamed(&known) {
            out.send(Listed::Gone { id: place::id(repository.id, id), why: Presence::Renamed }).await;
        }
        if let Some(first) = large.first() {
            let count = large.len();
            out.warn(format!("The wiki of {}: {count} pages (`{first}`) are larger than `max_file_bytes` and left out.", repository.full_name)).await;
        }
        if unreadable > 0 {
            out.warn(format!("The wiki of {}: {unreadable} names of files are no text in UTF-8, and left out.", repository.full_name)).await;
        }
        let cursor = Memory::of(head, memory::place(repository), selection, &known).written();
        let left_out = if reselected { large.into_iter().map(str::to_owned).collect() } else { FxHashSet::default() };
        locked(&self.wikis.0).insert(repository.id, Known::Pages(Arc::new(known), Arc::new(left_out)));
        let completion = if reselected { Completion::CompleteSelection } else { Completion::Complete };
        out.done(repository, Part::Wiki, completion, Some(cursor)).await;
    }

    /// There is no wiki: nothing to say where there never was one; else what is kept leaves when that has been so for a while.
    async fn no_wiki(&self, repository: &Repository, old: &Memory, since: Option<&Cursor>, why: &str, out: &mut Out) {
        locked(&self.wikis.0).insert(repository.id, Known::Absent);
        if old.pages.is_empty() {
            let cursor = Memory { absent: repository.has_wiki, place: memory::place(repository), ..Memory::default() }.written();
            out.done(repository, Part::Wiki, Completion::Complete, Some(cursor)).await;
        } else {
            out.done(repository, Part::Wiki, Completion::Missing(why.to_owned()), since.cloned()).await;
        }
    }

    /// What a failure means for the wiki alone; only refused credentials end the run.
    async fn wiki_trouble(
        &self,
        repository: &Repository,
        old: &Memory,
        since: Option<&Cursor>,
        error: CloneError,
        out: &mut Out,
    ) -> Result<(), SourceError> {
        let error = match error {
            CloneError::Source(error) => return Err(error),
            CloneError::Git(error) => error,
        };
        let (completion, cursor) = match error {
            GitError::NotInstalled | GitError::TooOld(_) => {
                if self.clones.is_news() {
                    out.warn(clone::missing(&error, true, false)).await;
                }
                (Completion::News, since.cloned())
            }
            // Without credentials, what is not there is not told from what is closed.
            GitError::NotFound => {
                self.no_wiki(repository, old, since, "the wiki is not there (404)", out).await;
                return Ok(());
            }
            GitError::Unauthorized if self.is_anonymous() => {
                self.no_wiki(repository, old, since, "the wiki is not there, or closed to us (401)", out).await;
                return Ok(());
            }
            error @ (GitError::Unauthorized | GitError::Forbidden) => {
                let why = format!("the wiki of {}: {}", repository.full_name, denial(&error));
                out.denied(repository, Part::Wiki, why).await;
                (Completion::News, None)
            }
            GitError::Untrusted(why) => {
                (Completion::Incomplete(format!("there is no safe way by git ({why}); check `ca_file`, `client_certificate` and `proxy`")), None)
            }
            other => (Completion::Incomplete(other.to_string()), None),
        };
        let completion = match completion {
            Completion::Incomplete(why) => Completion::Incomplete(format!("the wiki of {}: {why}", repository.full_name)),
            other => other,
        };
        out.done(repository, Part::Wiki, completion, cursor).await;
        Ok(())
    }

    /// Why the wiki of a repository is closed to us, if it is.
    pub(super) async fn why_no_wiki(&self, repository: &Repository) -> Option<String> {
        match self.head_by_git(&wiki_url(repository).ok()?).await {
            Err(CloneError::Git(error @ (GitError::Unauthorized | GitError::Forbidden))) => Some(denial(&error)),
            _ => None,
        }
    }

    /// All settings by which pages and images are chosen.
    fn wiki_selection(&self) -> String {
        format!("{} {}", self.config.max_file_bytes, !self.config.images.is_empty())
    }

    fn too_large(&self, repository: &Repository) -> String {
        format!(
            "The wiki of {} is larger than `max_copy_bytes` ({}) and not mirrored; raise that, or turn wikis off with `wiki = false`.",
            repository.full_name, self.config.max_copy_bytes
        )
    }
}

/// What a refusal of git wants.
fn denial(error: &GitError) -> String {
    match error {
        GitError::Forbidden => "403; the token needs `Contents: read`, and an organisation may want it authorised for SSO",
        _ => "git's request with the token was refused (401); the token needs `Contents: read`",
    }
    .to_owned()
}

fn copy_name(repository: u64) -> String {
    format!("{repository}.wiki")
}

/// The wiki's address for git.
fn wiki_url(repository: &Repository) -> Result<Url, CloneError> {
    let base = repository.clone_url.strip_suffix(".git").unwrap_or(&repository.clone_url);
    clone::address(&format!("{base}.wiki.git"))
}
