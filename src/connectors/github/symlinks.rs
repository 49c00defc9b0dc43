//! Symbolic links of a repository: what each leads to, at most five hops far, and never out of the repository.
//!
//! No link is ever made here: the content that it leads to is mirrored under its own path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::GitHub;
use super::api::RAW;
use super::blobs::Asked;
use super::choice::Choice;
use super::place::{is_sound, joined, parent};
use super::repository::{Head, Repository, encoded};
use super::tree::Tree;
use crate::connectors::connector::SourceError;
use crate::git::Blob;

/// Links that lead to links.
const HOPS: usize = 5;
/// What stands in a link is a path.
const MOST_BYTES: u64 = 4096;
/// And mostly a short one.
const USUAL_BYTES: u64 = 64;

#[derive(Deserialize)]
struct Content {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    sha: String,
    #[serde(default)]
    size: u64,
}

impl GitHub {
    /// Finds what the links among a tree's documents lead to. Links that lead to nothing stay without content, and are no documents.
    pub(super) async fn resolve_links(
        &self,
        repository: &Repository,
        head: &Head,
        choice: &Choice,
        before: Option<&Tree>,
        tree: &mut Tree,
    ) -> Result<(), SourceError> {
        let links: Vec<(String, String)> = tree
            .files
            .iter()
            .filter(|(path, file)| file.is_link() && choice.is_document(path))
            .map(|(path, file)| (path.to_string(), file.sha.to_string()))
            .collect();
        let known = |path: &str, sha: &str| before.and_then(|before| before.files.get(path)).filter(|file| *file.sha == *sha)?.target.clone();
        let new: BTreeSet<&str> = links.iter().filter(|(path, sha)| known(path, sha).is_none()).map(|(_, sha)| sha.as_str()).collect();
        let texts = self.texts_of_links(repository, new.into_iter().collect()).await?;
        for (path, sha) in &links {
            let target = known(path, sha).or_else(|| texts.get(sha).map(|text| text.as_str().into()));
            if let Some(file) = tree.files.get_mut(path.as_str()) {
                Arc::make_mut(file).target = target;
            }
        }
        let mut asked = BTreeMap::new();
        for (path, _) in &links {
            let content = self.behind(repository, head, tree, path, &mut asked).await?;
            if let Some(file) = tree.files.get_mut(path.as_str()) {
                Arc::make_mut(file).content = content.map(Into::into);
            }
        }
        Ok(())
    }

    /// What stands in links, by their git names: without a token by git, with one fifty in a query; what does not come so comes one by one.
    async fn texts_of_links(&self, repository: &Repository, shas: Vec<&str>) -> Result<BTreeMap<String, String>, SourceError> {
        let mut bytes = FxHashMap::default();
        if self.is_anonymous() {
            let names: Vec<String> = shas.iter().map(|sha| (*sha).to_owned()).collect();
            let blobs = self.blobs_by_git(repository, &names, &[], MOST_BYTES).await.unwrap_or_default();
            bytes.extend(names.into_iter().zip(blobs).filter_map(|(sha, blob)| if let Blob::Here(bytes) = blob { Some((sha, bytes)) } else { None }));
        } else {
            self.bring_by_query(shas.iter().map(|sha| Asked { repository, content: sha, size: USUAL_BYTES }), &mut bytes).await?;
        }
        let mut texts = BTreeMap::new();
        for sha in shas {
            let found = match bytes.remove(sha) {
                Some(found) => Some(found),
                None => self.link_by_rest(repository, sha).await?,
            };
            let text = found.filter(|found| found.len() as u64 <= MOST_BYTES).and_then(|found| String::from_utf8(found.to_vec()).ok());
            texts.extend(text.map(|text| (sha.to_owned(), text)));
        }
        Ok(texts)
    }

    async fn link_by_rest(&self, repository: &Repository, sha: &str) -> Result<Option<Bytes>, SourceError> {
        let what = format!("a link of {}", repository.full_name);
        match self.api.bytes(&what, &format!("/repos/{}/git/blobs/{sha}", repository.full_name), RAW, None, MOST_BYTES).await {
            Ok(reply) => Ok(reply.body),
            Err(failed) => match failed.error {
                SourceError::TooLarge { .. } => Ok(None),
                error => Err(error),
            },
        }
    }

    /// The content's name behind a link.
    async fn behind(
        &self,
        repository: &Repository,
        head: &Head,
        tree: &Tree,
        path: &str,
        asked: &mut BTreeMap<String, Option<String>>,
    ) -> Result<Option<String>, SourceError> {
        let mut at = path.to_owned();
        for _ in 0..HOPS {
            let Some(target) = tree.files.get(at.as_str()).and_then(|file| file.target.clone()) else { return Ok(None) };
            // From the root of a machine, or out of the repository.
            let Some(next) = (!target.starts_with('/')).then(|| joined(parent(&at), &target)).flatten().filter(|next| is_sound(next)) else {
                return Ok(None);
            };
            match tree.files.get(next.as_str()) {
                Some(file) if file.is_link() => at = next,
                Some(file) => return Ok(Some(file.sha.to_string())),
                None if self.is_anonymous() => return Ok(None),
                None => {
                    if let Some(known) = asked.get(&next) {
                        return Ok(known.clone());
                    }
                    let content = self.content_at(repository, head, &next).await?;
                    asked.insert(next, content.clone());
                    return Ok(content);
                }
            }
        }
        Ok(None)
    }

    /// What lies at a path that no pattern names.
    async fn content_at(&self, repository: &Repository, head: &Head, path: &str) -> Result<Option<String>, SourceError> {
        let what = format!("{path} of {}", repository.full_name);
        let address = format!("/repos/{}/contents/{}?ref={}", repository.full_name, encoded(path), head.commit);
        match self.api.get::<serde_json::Value>(&what, &address).await {
            // Of a folder, a list comes.
            Ok(value) => {
                let content = serde_json::from_value::<Content>(value).ok().filter(|content| content.kind == "file");
                Ok(content.filter(|content| content.size <= self.config.max_file_bytes).map(|content| content.sha))
            }
            Err(failed) if matches!(failed.status, Some(403 | 404 | 422)) => Ok(None),
            Err(failed) => Err(failed.error),
        }
    }
}
