//! Pages and images of wikis, out of the copies that the listing left; and what became of pages that are not listed any more.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use rustc_hash::FxHashMap;

use super::super::clone::{self, CloneError};
use super::super::parts::Outcome;
use super::super::repository::Part;
use super::super::{GitHub, locked};
use super::{Known, copy_name, images, read, wiki_url};
use crate::connectors::connector::{AssetStream, Fetched, Presence, SourceError, Wanted};
use crate::git::{Blob, Copy, Entry, Filter, GitError};
use crate::model::{AssetRef, RemoteId, Revision};

/// Contents that are read at a time, in bytes together.
const AT_ONCE_BYTES: u64 = 16 << 20;

impl GitHub {
    /// Fetches pages, from the copy that the listing left.
    pub(in crate::connectors::github) async fn wiki_bodies(&self, batch: &[Wanted]) -> Vec<Outcome> {
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
        if let Some(Known::Pages(pages, _)) = locked(&self.wikis.0).get(&id) {
            return Ok(Arc::clone(pages));
        }
        let what = format!("the wiki of repository {id}");
        let entries = copy.entries().await.map_err(|error| clone::source_error(&self.api.host(), &what, error.into()))?;
        let page = |entry: Entry| Some((String::from_utf8(entry.path).ok()?, (entry.sha, entry.size)));
        let pages = Arc::new(entries.into_iter().filter_map(page).collect::<FxHashMap<_, _>>());
        locked(&self.wikis.0).insert(id, Known::Pages(Arc::clone(&pages), Arc::default()));
        Ok(pages)
    }

    /// What became of pages that the listing does not name.
    pub(in crate::connectors::github) fn wiki_presence(&self, ids: Vec<Wanted>) -> Vec<(RemoteId, Presence)> {
        let wikis = locked(&self.wikis.0);
        let presence = |id: &str| match Part::of_id(id).and_then(|(repository, _, path)| Some((wikis.get(&repository)?, path))) {
            Some((Known::Absent, _)) => Presence::Gone,
            // What the settings leave out now is no deletion there.
            Some((Known::Pages(_, left_out), path)) if left_out.contains(path) => Presence::Unwanted,
            Some((Known::Pages(pages, _), path)) if !pages.contains_key(path) => Presence::Gone,
            // On doubt it stays.
            _ => Presence::Present,
        };
        ids.into_iter().map(|wanted| (wanted.id.clone(), presence(wanted.id.as_str()))).collect()
    }

    /// An image of a wiki; none where the reference is another's.
    pub(in crate::connectors::github) async fn wiki_image(&self, asset: &AssetRef) -> Option<Result<AssetStream, SourceError>> {
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
