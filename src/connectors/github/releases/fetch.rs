//! Bodies of releases, and what became of those that are not listed any more.

use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::super::conversation::fetch::{Aliased, answered, by_index, error_at, not_visible};
use super::super::conversation::{Asset, ListOfNode, Page, ReactionGroup, Release, or_default, reactions, reactions_query, repositories, variables};
use super::super::parts::Outcome;
use super::super::trouble::Trouble;
use super::super::{GitHub, raw};
use super::list::{SHOWN, Wire, WireAsset};
use super::shown::of_id;
use crate::connectors::connector::{Consequence, Fetched, Presence, SourceError, Wanted};
use crate::model::{Place, RemoteId};

/// Releases in one query.
const BODIES: usize = 25;
/// Files of one release that are named at most.
const MOST_ASSETS: usize = 5000;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Whole {
    #[serde(flatten)]
    shown: Wire,
    id: String,
    #[serde(deserialize_with = "or_default")]
    description: String,
    created_at: String,
    tag_commit: Option<Commit>,
    reaction_groups: Option<Vec<ReactionGroup>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Commit {
    oid: String,
}

impl GitHub {
    /// One outcome for each.
    pub(in crate::connectors::github) async fn release_bodies(&self, batch: &[Wanted]) -> Vec<Outcome> {
        if self.is_anonymous() {
            return self.release_bodies_by_rest(batch).await;
        }
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut todo: Vec<&[Wanted]> = batch.chunks(BODIES).collect();
        while let Some(chunk) = todo.pop() {
            match self.some_releases(chunk).await {
                Ok(some) => outcomes.extend(some),
                Err(Trouble::TooMuch(_)) if chunk.len() > 1 => {
                    let (one, other) = chunk.split_at(chunk.len() / 2);
                    todo.extend([one, other]);
                }
                Err(trouble) => {
                    let error = SourceError::from(trouble);
                    let failed = |wanted: &Wanted| (wanted.id.clone(), Err(error.clone()));
                    outcomes.extend(chunk.iter().map(failed));
                    if error.consequence() != Consequence::Defer {
                        outcomes.extend(todo.drain(..).flatten().map(failed));
                    }
                }
            }
        }
        outcomes
    }

    async fn some_releases(&self, chunk: &[Wanted]) -> Result<Vec<Outcome>, Trouble> {
        let reactions = reactions_query(false);
        let (query, variables) = by_tag(&self.tags(chunk), &format!("{SHOWN} id description createdAt tagCommit {{ oid }} {reactions}"));
        let answer = self.api.graphql::<Aliased>(&format!("{} releases", chunk.len()), &query, variables).await?;
        let mut found = by_index(answer.data);
        let mut outcomes = Vec::with_capacity(chunk.len());
        for (index, wanted) in chunk.iter().enumerate() {
            let outcome = match (found.remove(&index), error_at(&answer.errors, index)) {
                (_, Some(error)) if error.kind != "NOT_FOUND" => Err(self.api.bad_answer(&wanted.place.title, &error.message)),
                (Some(text), None) => match serde_json::from_str::<Whole>(text.get()) {
                    Ok(whole) => self.release(wanted, whole).await,
                    Err(error) => Err(self.api.bad_answer(&wanted.place.title, &error.to_string())),
                },
                _ => Err(not_visible(wanted)),
            };
            outcomes.push((wanted.id.clone(), outcome));
        }
        Ok(outcomes)
    }

    /// Repository and tag of each.
    fn tags(&self, chunk: &[Wanted]) -> Vec<(String, String)> {
        chunk.iter().map(|wanted| (self.name_of_repository(wanted), tag_of(&wanted.place).unwrap_or_default())).collect()
    }

    async fn release(&self, wanted: &Wanted, mut whole: Whole) -> Result<Fetched, SourceError> {
        let title = &wanted.place.title;
        let shown = whole.shown.shown().ok_or_else(|| self.api.bad_answer(title, "a part of it is missing"))?;
        if Some(shown.id) != of_id(&wanted.id) {
            // Another release bears the tag now.
            return Err(not_visible(wanted));
        }
        self.all_assets(title, &whole.id, &mut whole.shown.release_assets).await?;
        let kept = Release {
            tag: shown.tag.clone(),
            body: whole.description,
            author: shown.author.clone(),
            created_at: whole.created_at,
            published_at: shown.published_at.clone(),
            updated_at: shown.updated_at.clone(),
            prerelease: shown.prerelease,
            commit: whole.tag_commit.map(|commit| commit.oid).filter(|oid| !oid.is_empty()),
            reactions: reactions(whole.reaction_groups),
            assets: whole
                .shown
                .release_assets
                .into_nodes()
                .map(|asset| Asset { name: asset.name, size: asset.size, url: asset.download_url })
                .collect(),
        };
        Ok(Fetched { revision: shown.revision(&kept.body), raw: raw::encode("release", &kept, b""), labels: Some(Vec::new()) })
    }

    async fn all_assets(&self, title: &str, id: &str, page: &mut Page<WireAsset>) -> Result<(), SourceError> {
        let query = "query Assets($id: ID!, $after: String) { node(id: $id) { ... on Release { list: releaseAssets(first: 100, after: $after) { \
                     totalCount pageInfo { hasNextPage endCursor } nodes { name size downloadUrl } } } } rateLimit { cost remaining resetAt } }";
        while let Some(after) = page.next() {
            let answer = self.api.graphql::<ListOfNode<WireAsset>>(title, query, json!({ "id": id, "after": after })).await?;
            let more = answer.data.list().filter(|more| answer.errors.is_empty() && more.is_sure());
            let more = more.ok_or_else(|| self.api.bad_answer(title, "a part of it is missing"))?;
            if more.next().as_ref() == Some(&after) || page.nodes.len() > MOST_ASSETS {
                return Err(self.api.bad_answer(title, "its list of files has no end"));
            }
            page.nodes.extend(more.nodes);
            page.page_info = more.page_info;
        }
        Ok(())
    }

    /// One outcome for each. On doubt it is there.
    pub(in crate::connectors::github) async fn release_presence(&self, ids: &[Wanted]) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        if self.is_anonymous() {
            return self.release_presence_by_rest(ids).await;
        }
        let mut all = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(BODIES) {
            let (query, variables) = by_tag(&self.tags(chunk), "databaseId isDraft");
            let answer = match self.api.graphql::<Aliased>("what became of releases", &query, variables).await.map_err(SourceError::from) {
                Ok(answer) => answer,
                // What cannot be asked after stays.
                Err(error) if error.consequence() == Consequence::Defer => {
                    all.extend(chunk.iter().map(|wanted| (wanted.id.clone(), Presence::Unasked)));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let answered = answered(&answer.data);
            let found = by_index(answer.data);
            for (index, wanted) in chunk.iter().enumerate() {
                let there = found.get(&index).map(|text| serde_json::from_str::<Whole>(text.get()).ok());
                let presence = match there {
                    // A tag without a release is null, and no error.
                    None if answered.contains(&index) && answer.errors.iter().all(|error| error.kind == "NOT_FOUND" && error.path.len() > 1) => {
                        Presence::Gone
                    }
                    Some(Some(there)) if there.shown.database_id != of_id(&wanted.id) || there.shown.is_draft => Presence::Gone,
                    _ => Presence::Present,
                };
                all.push((wanted.id.clone(), presence));
            }
        }
        Ok(all)
    }
}

/// A query for releases by their tags, each under its alias. Names and tags travel as variables.
fn by_tag(wanted: &[(String, String)], selection: &str) -> (String, serde_json::Value) {
    let repositories = repositories(wanted);
    let mut variables = variables(wanted);
    let mut declared = String::new();
    for at in 0..repositories.len() {
        declared.push_str(&format!("$o{at}: String!, $n{at}: String! "));
    }
    let mut body = String::new();
    for (at, repository) in repositories.iter().enumerate() {
        body.push_str(&format!(" r{at}: repository(owner: $o{at}, name: $n{at}) {{"));
        for (index, (_, tag)) in wanted.iter().enumerate().filter(|(_, (of, _))| of == repository) {
            declared.push_str(&format!("$t{index}: String! "));
            variables[format!("t{index}")] = tag.clone().into();
            body.push_str(&format!(" n{index}: release(tagName: $t{index}) {{ {selection} }}"));
        }
        body.push_str(" }");
    }
    (format!("query Tags({declared}) {{{body} rateLimit {{ cost remaining resetAt }} }}"), variables)
}

/// The tag, as its address has it.
fn tag_of(place: &Place) -> Option<String> {
    let url = Url::parse(&place.url).ok()?;
    let (_, tag) = url.path().split_once("/releases/tag/")?;
    Some(percent_encoding::percent_decode_str(tag).decode_utf8().ok()?.into_owned())
}
