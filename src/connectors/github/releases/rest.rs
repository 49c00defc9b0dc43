//! Releases by REST, for those who have no token: few requests are allowed then, so the bodies that a listing brings are kept for the fetch that follows.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::super::conversation::{Actor, Asset, Reaction, Release, login, or_default};
use super::super::out::Out;
use super::super::parts::Outcome;
use super::super::repository::Repository;
use super::super::trouble::Lack;
use super::super::{GitHub, locked, raw};
use super::shown::{Shown, id, of_id};
use crate::connectors::connector::{Consequence, Fetched, Presence, SourceError, Wanted};
use crate::model::RemoteId;

/// Bytes of bodies that may wait for their fetch; what is beyond is asked for again.
const MOST_BYTES: usize = 16 << 20;
/// Pages of a listing: the service gives ten thousand releases and no more.
const MOST_PAGES: u32 = 101;
/// Releases that are asked after in one run; the others stay until the next.
const MOST_ASKED: usize = 20;

/// Bodies that this run's listing brought.
#[derive(Default)]
pub(in crate::connectors::github) struct Brought {
    bodies: FxHashMap<RemoteId, Fetched>,
    bytes: usize,
}

impl Brought {
    fn keep(&mut self, id: RemoteId, body: Fetched) {
        if self.bytes + body.raw.0.len() <= MOST_BYTES {
            self.bytes += body.raw.0.len();
            self.bodies.insert(id, body);
        }
    }

    fn take(&mut self, id: &RemoteId) -> Option<Fetched> {
        let body = self.bodies.remove(id)?;
        self.bytes = self.bytes.saturating_sub(body.raw.0.len());
        Some(body)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wire {
    id: u64,
    tag_name: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    body: String,
    draft: bool,
    prerelease: bool,
    created_at: String,
    updated_at: Option<String>,
    published_at: Option<String>,
    html_url: String,
    author: Option<Actor>,
    assets: Vec<WireAsset>,
    reactions: Option<FxHashMap<String, serde_json::Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireAsset {
    name: String,
    size: u64,
    browser_download_url: String,
}

/// REST's names of reactions and GraphQL's.
const REACTIONS: [(&str, &str); 8] = [
    ("+1", "THUMBS_UP"),
    ("-1", "THUMBS_DOWN"),
    ("laugh", "LAUGH"),
    ("hooray", "HOORAY"),
    ("confused", "CONFUSED"),
    ("heart", "HEART"),
    ("rocket", "ROCKET"),
    ("eyes", "EYES"),
];

impl Wire {
    fn shown(&self) -> Shown {
        Shown {
            id: self.id,
            tag: self.tag_name.clone(),
            name: self.name.clone(),
            url: self.html_url.clone(),
            updated_at: self.updated_at.clone(),
            published_at: self.published_at.clone(),
            prerelease: self.prerelease,
            author: login(self.author.clone()),
            count: self.assets.len() as u64,
            assets: self.assets.iter().take(100).map(|asset| (asset.name.clone(), asset.size)).collect(),
        }
    }

    fn fetched(self) -> Fetched {
        let shown = self.shown();
        let reactions = self.reactions.unwrap_or_default();
        let counted = |(theirs, ours): (&str, &str)| {
            let count = reactions.get(theirs).and_then(serde_json::Value::as_u64).filter(|count| *count > 0)?;
            Some(Reaction { content: ours.to_owned(), count })
        };
        let kept = Release {
            tag: self.tag_name,
            body: self.body,
            author: shown.author.clone(),
            created_at: self.created_at,
            published_at: self.published_at,
            updated_at: self.updated_at,
            prerelease: self.prerelease,
            commit: None,
            reactions: REACTIONS.into_iter().filter_map(counted).collect(),
            assets: self.assets.into_iter().map(|asset| Asset { name: asset.name, size: asset.size, url: asset.browser_download_url }).collect(),
        };
        Fetched { revision: shown.revision(&kept.body), raw: raw::encode("release", &kept, b""), labels: Some(Vec::new()) }
    }
}

impl GitHub {
    /// Names all; returns why that is not all, if it is not.
    pub(super) async fn releases_by_rest(&self, repository: &Repository, out: &mut Out) -> Result<Option<Lack>, SourceError> {
        let what = format!("the list of releases of {}", repository.full_name);
        let mut page = format!("/repos/{}/releases?per_page=100", repository.full_name);
        for _ in 0..MOST_PAGES {
            let reply = match self.api.page::<Vec<Wire>>(&what, &page, None).await {
                Ok(reply) => reply,
                Err(failed) => return Lack::after(failed.error).map(Some),
            };
            for release in reply.body.into_iter().flatten().filter(|release| !release.draft) {
                if release.id == 0 || release.tag_name.is_empty() || release.html_url.is_empty() {
                    return Ok(Some(Lack::other("the service left something of one out")));
                }
                let seen = release.shown().seen(repository, &release.body);
                locked(&self.brought).keep(id(repository.id, release.id), release.fetched());
                out.send(seen).await;
            }
            match reply.headers.next_page() {
                Some(next) if next != page => page = next.to_owned(),
                Some(_) => return Ok(Some(Lack::other("the list has no end: the service gives the same page again"))),
                None => return Ok(None),
            }
        }
        Ok(Some(Lack::other("the list has no end")))
    }

    pub(super) async fn release_bodies_by_rest(&self, batch: &[Wanted]) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(batch.len());
        let mut ended: Option<SourceError> = None;
        for wanted in batch {
            let brought = locked(&self.brought).take(&wanted.id);
            let outcome = match (brought, &ended) {
                (Some(body), _) => Ok(body),
                (None, Some(error)) => Err(error.clone()),
                (None, None) => {
                    self.api.get::<Wire>(&wanted.place.title, &self.path_of_release(wanted)).await.map(Wire::fetched).map_err(|failed| failed.error)
                }
            };
            ended = outcome.as_ref().err().filter(|error| error.consequence() != Consequence::Defer).cloned();
            outcomes.push((wanted.id.clone(), outcome));
        }
        outcomes
    }

    fn path_of_release(&self, wanted: &Wanted) -> String {
        format!("/repos/{}/releases/{}", self.name_of_repository(wanted), of_id(&wanted.id).unwrap_or_default())
    }

    pub(super) async fn release_presence_by_rest(&self, ids: &[Wanted]) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        let mut all = Vec::with_capacity(ids.len());
        for (asked, wanted) in ids.iter().enumerate() {
            if asked >= MOST_ASKED {
                all.push((wanted.id.clone(), Presence::Present));
                continue;
            }
            let presence = match self.api.get::<Wire>("what became of a release", &self.path_of_release(wanted)).await {
                Ok(_) => Presence::Present,
                Err(failed) => match failed.error {
                    SourceError::NotVisible { status: 404 | 410, .. } if failed.json => Presence::Gone,
                    SourceError::NotVisible { .. } | SourceError::Denied { .. } => Presence::Present,
                    error => return Err(error),
                },
            };
            all.push((wanted.id.clone(), presence));
        }
        Ok(all)
    }
}
