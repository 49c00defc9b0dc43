//! Symbolic links of a repository: what each leads to, at most five hops far, and never out of the repository.
//!
//! No link is ever made here: the content that it leads to is mirrored under its own path.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::GitHub;
use super::api::RAW;
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
        for (path, sha) in &links {
            let known =
                before.and_then(|before| before.files.get(path.as_str())).filter(|file| *file.sha == **sha).and_then(|file| file.target.clone());
            let target = match known {
                Some(target) => Some(target),
                None => self.text_of_link(repository, sha).await?.map(Into::into),
            };
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

    async fn text_of_link(&self, repository: &Repository, sha: &str) -> Result<Option<String>, SourceError> {
        if self.is_anonymous()
            && let Ok(blobs) = self.blobs_by_git(repository, &[sha.to_owned()], &[], MOST_BYTES).await
        {
            return Ok(blobs.into_iter().next().and_then(|blob| match blob {
                Blob::Here(bytes) => String::from_utf8(bytes.to_vec()).ok(),
                _ => None,
            }));
        }
        let what = format!("a link of {}", repository.full_name);
        let reply = self.api.bytes(&what, &format!("/repos/{}/git/blobs/{sha}", repository.full_name), RAW, None, MOST_BYTES).await;
        match reply {
            Ok(reply) => Ok(reply.body.and_then(|body| String::from_utf8(body.to_vec()).ok())),
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
