//! Listing the releases of a repository.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::GitHub;
use super::super::conversation::{Actor, ListOfNode, Page, login, or_default, turn};
use super::super::out::Out;
use super::super::repository::{Newest, Part, Repository};
use super::super::trouble::{Lack, Trouble};
use super::shown::Shown;
use crate::connectors::connector::{Completion, Depth, SourceError};
use crate::model::Cursor;

/// Releases on a page, and the fewest where the service is slow. A page of a hundred costs two points.
const LISTED: u32 = 100;
const FEWEST: u32 = 5;

/// What a listing shows of each.
pub(super) const SHOWN: &str = "databaseId tagName name url updatedAt publishedAt isDraft isPrerelease author { login } \
                                releaseAssets(first: 100) { totalCount pageInfo { hasNextPage endCursor } nodes { name size downloadUrl } }";

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    count: u64,
    newest: Option<String>,
    /// Listed by REST.
    anonymous: bool,
    /// Where the repository and its folder were.
    at: String,
    /// How long everything has not been listed, see [`turn`].
    waited: u32,
}

/// A release as GraphQL shows it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Wire {
    pub(super) database_id: Option<u64>,
    tag_name: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
    url: String,
    updated_at: Option<String>,
    published_at: Option<String>,
    pub(super) is_draft: bool,
    is_prerelease: bool,
    author: Option<Actor>,
    pub(super) release_assets: Page<WireAsset>,
}

/// A file of a release.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireAsset {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) download_url: String,
}

impl Wire {
    /// What it shows; none where something of it is missing.
    pub(super) fn shown(&self) -> Option<Shown> {
        let id = self.database_id.filter(|_| !self.tag_name.is_empty() && !self.url.is_empty() && self.release_assets.is_sure())?;
        Some(Shown {
            id,
            tag: self.tag_name.clone(),
            name: self.name.clone(),
            url: self.url.clone(),
            updated_at: self.updated_at.clone(),
            published_at: self.published_at.clone(),
            prerelease: self.is_prerelease,
            author: login(self.author.clone()),
            count: self.release_assets.total_count,
            assets: self.release_assets.nodes.iter().flatten().take(100).map(|asset| (asset.name.clone(), asset.size)).collect(),
        })
    }
}

impl GitHub {
    /// Lists them, where there may be anything new.
    pub(in crate::connectors::github) async fn list_releases(
        &self,
        repository: &Repository,
        since: Option<&Cursor>,
        depth: Depth,
        out: &mut Out,
    ) -> Result<(), SourceError> {
        if let Some(lack) = repository.lack("releases") {
            out.lacking(repository, Part::Releases, lack).await;
            return Ok(());
        }
        let memory: Option<Memory> = since.and_then(|cursor| serde_json::from_str(cursor.as_str()).ok());
        let anonymous = self.is_anonymous();
        let now = match (&repository.heads.releases, anonymous) {
            (Some(now), false) => now.clone(),
            // This server does not tell of releases: what is mirrored stays.
            (None, false) => {
                out.done(repository, Part::Releases, Completion::News, since.cloned()).await;
                return Ok(());
            }
            (_, true) => Newest::default(),
        };
        let mut waited = memory.as_ref().map_or(0, |memory| memory.waited);
        let depth = turn(&mut waited, repository.id, depth);
        let new = Memory { count: now.count, newest: now.updated_at, anonymous, at: repository.whereabouts(), waited };
        let memory_is_new = memory.is_none();
        let as_known = memory.is_some_and(|memory| Memory { waited, ..memory } == new);
        if depth != Depth::Everything && as_known {
            out.done(repository, Part::Releases, Completion::News, serde_json::to_string(&new).ok().map(Cursor::from)).await;
            return Ok(());
        }
        // There never was one: the heads have said all.
        let none = !anonymous && memory_is_new && new.count == 0;
        let lacking = if none {
            None
        } else if anonymous {
            self.releases_by_rest(repository, out).await?
        } else {
            self.releases_by_graphql(repository, out).await?
        };
        match lacking {
            Some(lack) => out.lacking(repository, Part::Releases, lack.of(&format!("the releases of {}", repository.full_name))).await,
            None => out.done(repository, Part::Releases, Completion::Complete, serde_json::to_string(&new).ok().map(Cursor::from)).await,
        }
        Ok(())
    }

    /// Names all; returns why that is not all, if it is not.
    async fn releases_by_graphql(&self, repository: &Repository, out: &mut Out) -> Result<Option<Lack>, SourceError> {
        let what = format!("the list of releases of {}", repository.full_name);
        let query = format!(
            "query Releases($id: ID!, $first: Int!, $after: String) {{ node(id: $id) {{ ... on Repository {{ \
             list: releases(first: $first, after: $after, orderBy: {{field: CREATED_AT, direction: DESC}}) {{ \
             totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {SHOWN} }} }} }} }} rateLimit {{ cost remaining resetAt }} }}"
        );
        let (mut first, mut after) = (LISTED, None::<String>);
        let mut named = FxHashSet::default();
        let mut lacking = None;
        loop {
            let variables = json!({ "id": repository.node_id, "first": first, "after": after });
            let answer = match self.api.graphql::<ListOfNode<Wire>>(&what, &query, variables).await {
                Ok(answer) => answer,
                Err(Trouble::TooMuch(_)) if first > FEWEST => {
                    first = (first / 2).max(FEWEST);
                    continue;
                }
                Err(trouble) => return Lack::after(trouble.into()).map(Some),
            };
            if let Some(error) = answer.errors.first() {
                lacking = Some(Lack::beside(error));
            }
            let Some(page) = answer.data.list() else {
                return Ok(Some(lacking.unwrap_or_else(|| Lack::other("the service did not give them"))));
            };
            if !page.is_sure() {
                lacking.get_or_insert_with(|| Lack::other("the service left some out"));
            }
            let next = page.next();
            let mut news = false;
            for release in page.into_nodes() {
                news |= named.insert(release.database_id);
                match release.shown() {
                    _ if release.is_draft => {}
                    Some(shown) => out.send(shown.seen(repository, "")).await,
                    None => {
                        lacking.get_or_insert_with(|| Lack::other("the service left something of one out"));
                    }
                }
            }
            match next {
                None => return Ok(lacking),
                Some(next) if !news || after.as_ref() == Some(&next) => {
                    return Ok(Some(Lack::other("the list has no end: the service gives the same page again")));
                }
                next => after = next,
            }
        }
    }
}
