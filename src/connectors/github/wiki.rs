//! The wiki of a repository: a repository of git beside it, whose files are pages.
//!
//! Costs one request where nothing changed, none where there is no wiki but once a day, and one more where it changed, whatever its size.

mod brackets;
mod images;
mod links;
mod memory;
mod names;
mod place;
mod read;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use rustc_hash::{FxHashMap, FxHashSet};
use url::Url;

use super::clone::{self, CloneError};
use super::out::Out;
use super::parts::Outcome;
use super::repository::{Part, Repository};
use super::{GitHub, locked};
use crate::connectors::connector::{AssetStream, Completion, Depth, Fetched, Listed, Presence, SourceError, Wanted};
use crate::git::{Blob, Copy, Entry, Filter, GitError};
use crate::model::{AssetRef, Cursor, Key, Revision};
use memory::Memory;
pub(super) use read::read;

/// The key of the page that people call so, of the wiki of a repository whose name is in lower case.
pub(super) fn page_key(full_name: &str, page: &str) -> Key {
    place::key_by_name(full_name, &names::folded(page))
}

/// Contents that are read at a time, in bytes together.
const AT_ONCE_BYTES: u64 = 16 << 20;

/// What this run knows of wikis, by their repository's number.
#[derive(Default)]
pub(super) struct Wikis(Mutex<FxHashMap<u64, Known>>);

/// One of them.
#[derive(Clone)]
enum Known {
    /// There is none, or none any more.
    Absent,
    /// Its pages: content and size by path.
    Pages(Arc<FxHashMap<String, (String, Option<u64>)>>),
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
        if old.too_large.as_deref() == Some(&head.sha) {
            out.warn(self.too_large(repository)).await;
            unchanged(out).await;
            return Ok(());
        }
        if old.head.as_deref() == Some(&head.sha) && old.place == here && depth != Depth::Everything {
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
                let cursor = Memory { too_large: Some(head.sha), ..old }.written();
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
        let cursor = Memory::of(head, memory::place(repository), &known).written();
        locked(&self.wikis.0).insert(repository.id, Known::Pages(Arc::new(known)));
        out.done(repository, Part::Wiki, Completion::Complete, Some(cursor)).await;
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
                    out.warn(format!(
                        "Wikis are not mirrored: {error}. Install it (the package `git`, version 2.31 or newer), or turn wikis off with `wiki = false`."
                    ))
                    .await;
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
            GitError::Unauthorized => {
                (Completion::Incomplete("git's request with the token was refused (401); the token needs `Contents: read`".to_owned()), None)
            }
            GitError::Forbidden => {
                let why = "the wiki is closed to us (403); the token needs `Contents: read`, and an organisation may want it authorised for SSO";
                (Completion::Incomplete(why.to_owned()), None)
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

    fn too_large(&self, repository: &Repository) -> String {
        format!(
            "The wiki of {} is larger than `max_copy_bytes` ({}) and not mirrored; raise that, or turn wikis off with `wiki = false`.",
            repository.full_name, self.config.max_copy_bytes
        )
    }

    /// Fetches pages, from the copy that the listing left.
    pub(super) async fn wiki_bodies(&self, batch: &[Wanted]) -> Vec<Outcome> {
        let mut by_repository: FxHashMap<u64, Vec<(&Wanted, &str)>> = FxHashMap::default();
        for wanted in batch {
            if let Some((id, _, path)) = Part::of_id(wanted.id.as_str()) {
                by_repository.entry(id).or_default().push((wanted, path));
            }
        }
        let mut outcomes = Vec::with_capacity(batch.len());
        for (id, wanted) in by_repository {
            match self.bodies_of_one(id, &wanted).await {
                Ok(found) => outcomes.extend(found),
                Err(error) => outcomes.extend(wanted.iter().map(|(wanted, _)| (wanted.id.clone(), Err(error.clone())))),
            }
        }
        outcomes
    }

    async fn bodies_of_one(&self, id: u64, wanted: &[(&Wanted, &str)]) -> Result<Vec<Outcome>, SourceError> {
        let copy = self.wiki_copy(id).await?;
        let pages = self.wiki_pages(id, &copy).await?;
        let mut outcomes = Vec::with_capacity(wanted.len());
        let mut rest = wanted;
        while !rest.is_empty() {
            let (mut bytes, mut count) = (0, 0);
            for (_, path) in rest {
                bytes += pages.get(*path).and_then(|(_, size)| *size).unwrap_or(0);
                count += 1;
                if bytes > AT_ONCE_BYTES {
                    break;
                }
            }
            let (now, later) = rest.split_at(count);
            rest = later;
            let shas: Vec<String> = now.iter().filter_map(|(_, path)| pages.get(*path)).map(|(sha, _)| sha.clone()).collect();
            let blobs = self.wiki_blobs(id, &copy, &shas, self.config.max_file_bytes).await?;
            let blobs: FxHashMap<&str, Blob> = shas.iter().map(String::as_str).zip(blobs).collect();
            for (wanted, path) in now {
                let what = || format!("the wiki page {path}");
                let outcome = match pages.get(*path).map(|(sha, _)| (sha, blobs.get(sha.as_str()))) {
                    Some((sha, Some(Blob::Here(bytes)))) => {
                        Ok(Fetched { raw: read::raw(id, path, bytes), revision: Revision::new(sha), labels: wanted.labels.then(Vec::new) })
                    }
                    Some((_, Some(Blob::TooLarge(_)))) => Err(SourceError::TooLarge { what: what(), limit_bytes: self.config.max_file_bytes }),
                    _ => Err(SourceError::NotVisible { what: what(), status: 404 }),
                };
                outcomes.push((wanted.id.clone(), outcome));
            }
        }
        Ok(outcomes)
    }

    /// Contents; what is not in the copy is fetched.
    async fn wiki_blobs(&self, id: u64, copy: &Copy<'_>, shas: &[String], most: u64) -> Result<Vec<Blob>, SourceError> {
        let failed = |error: GitError| clone::source_error(&self.api.host(), &format!("the wiki of repository {id}"), error.into());
        let blobs = copy.blobs(shas, most).await.map_err(failed)?;
        if !blobs.contains(&Blob::Missing) {
            return Ok(blobs);
        }
        copy.bring(shas).await.map_err(failed)?;
        copy.blobs(shas, most).await.map_err(failed)
    }

    /// The copy of a wiki: that of this run, or one made now.
    async fn wiki_copy(&self, id: u64) -> Result<Copy<'_>, SourceError> {
        let what = format!("the wiki of repository {id}");
        let gone = || SourceError::NotVisible { what: what.clone(), status: 404 };
        let failed = |error: CloneError| clone::source_error(&self.api.host(), &what, error);
        let repository = self.repository(id).ok_or_else(gone)?;
        let url = wiki_url(&repository).map_err(failed)?;
        if let Some(copy) = self.kept_copy(&url, &copy_name(id)).await {
            return Ok(copy);
        }
        let head = self.head_by_git(&url).await.map_err(failed)?.ok_or_else(gone)?;
        self.copy_by_git(&url, &copy_name(id), &head.sha, Filter::Below(self.config.max_file_bytes + 1)).await.map_err(failed)
    }

    /// The pages of a wiki, by this run's listing or the copy itself.
    async fn wiki_pages(&self, id: u64, copy: &Copy<'_>) -> Result<Arc<FxHashMap<String, (String, Option<u64>)>>, SourceError> {
        if let Some(Known::Pages(pages)) = locked(&self.wikis.0).get(&id) {
            return Ok(Arc::clone(pages));
        }
        let what = format!("the wiki of repository {id}");
        let entries = copy.entries().await.map_err(|error| clone::source_error(&self.api.host(), &what, error.into()))?;
        let page = |entry: Entry| Some((String::from_utf8(entry.path).ok()?, (entry.sha, entry.size)));
        let pages = Arc::new(entries.into_iter().filter_map(page).collect::<FxHashMap<_, _>>());
        locked(&self.wikis.0).insert(id, Known::Pages(Arc::clone(&pages)));
        Ok(pages)
    }

    /// What became of pages that the listing does not name.
    pub(super) fn wiki_presence(&self, ids: Vec<Wanted>) -> Vec<(crate::model::RemoteId, Presence)> {
        let wikis = locked(&self.wikis.0);
        let presence = |id: &str| match Part::of_id(id).and_then(|(repository, _, path)| Some((wikis.get(&repository)?, path))) {
            Some((Known::Absent, _)) => Presence::Gone,
            Some((Known::Pages(pages), path)) if !pages.contains_key(path) => Presence::Gone,
            // On doubt it stays.
            _ => Presence::Present,
        };
        ids.into_iter().map(|wanted| (wanted.id.clone(), presence(wanted.id.as_str()))).collect()
    }

    /// An image of a wiki; none where the reference is another's.
    pub(super) async fn wiki_image(&self, asset: &AssetRef) -> Option<Result<AssetStream, SourceError>> {
        let (id, sha) = images::source(&asset.source)?;
        let brought = async {
            let copy = self.wiki_copy(id).await?;
            match self.wiki_blobs(id, &copy, &[sha.to_owned()], self.config.max_asset_bytes).await?.pop() {
                Some(Blob::Here(bytes)) => Ok(stream_of(bytes)),
                Some(Blob::TooLarge(_)) => Err(SourceError::TooLarge { what: asset.name.clone(), limit_bytes: self.config.max_asset_bytes }),
                _ => Err(SourceError::NotVisible { what: asset.name.clone(), status: 404 }),
            }
        };
        Some(brought.await)
    }
}

fn stream_of(bytes: Bytes) -> AssetStream {
    AssetStream { length: Some(bytes.len() as u64), bytes: stream::once(async { Ok(bytes) }).boxed() }
}

fn copy_name(repository: u64) -> String {
    format!("{repository}.wiki")
}

/// The wiki's address for git.
fn wiki_url(repository: &Repository) -> Result<Url, CloneError> {
    let base = repository.clone_url.strip_suffix(".git").unwrap_or(&repository.clone_url);
    clone::address(&format!("{base}.wiki.git"))
}
