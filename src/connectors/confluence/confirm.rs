//! What became of documents that a listing no longer names: asked by id, and only while we are still the same account.

use std::sync::atomic::Ordering;

use futures_util::{StreamExt as _, stream};
use rustc_hash::FxHashMap;

use super::api::{Identified as _, Query, Stop, query};
use super::cloud::{PageV2, plural};
use super::list::Kind;
use super::site::Site;
use super::v1::Content;
use super::{Confluence, cards, comments, data_center, locked};
use crate::connectors::connector::{Presence, SourceError, Wanted};
use crate::model::RemoteId;

/// Ids in one request.
const IDS: usize = 250;
/// Requests at once where each asks for one document.
const AT_ONCE: usize = 4;

impl Confluence {
    /// One outcome per document.
    pub(super) async fn presence(&self, wanted: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        let site = self.site().await?;
        self.same_account(&site).await?;
        let (comments, wanted): (Vec<Wanted>, Vec<Wanted>) = wanted.into_iter().partition(|wanted| comments::page_of(&wanted.id).is_some());
        let mut all = self.documents_presence(&site, wanted).await?;
        let pages = all.iter().map(|(id, presence)| (id.as_str().to_owned(), *presence)).collect();
        all.extend(self.comment_presence(&site, comments, &pages).await?);
        Ok(all)
    }

    /// One outcome per page, post or card.
    async fn documents_presence(&self, site: &Site, wanted: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        let (cards, wanted): (Vec<Wanted>, Vec<Wanted>) = wanted.into_iter().partition(|wanted| cards::is_card(&wanted.place.kind));
        let mut all = match site.cloud {
            true => self.presence_on_cloud(site, wanted).await?,
            false => self.presence_on_data_center(site, wanted).await?,
        };
        all.extend(self.card_presence(site, cards).await?);
        let present: Vec<&str> = all.iter().filter(|(_, presence)| *presence == Presence::Present).map(|(id, _)| id.as_str()).collect();
        let outside = self.not_selected(site, &present).await?;
        let verdict = if self.was_filter_other.load(Ordering::Relaxed) { Presence::Unwanted } else { Presence::OutOfScope };
        for (_, presence) in all.iter_mut().filter(|(id, _)| outside.contains(id.as_str())) {
            *presence = verdict;
        }
        Ok(all)
    }

    async fn presence_on_cloud(&self, site: &Site, wanted: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        let mut found: FxHashMap<String, Presence> = FxHashMap::default();
        for (kind, status) in [(Kind::Page, "current,archived,trashed,deleted"), (Kind::Post, "current,trashed,deleted")] {
            let ids: Vec<&str> = wanted.iter().filter(|w| Kind::of(&w.place) == kind).map(|w| w.id.as_str()).collect();
            for ids in ids.chunks(IDS) {
                let all = query(&[("id", &ids.join(",")), ("status", status), ("limit", "250")]);
                let what = "what became of missing documents";
                let list = self.rest(site).list::<PageV2>(format!("/api/v2/{}", plural(kind)), all, what).all().await;
                for page in list.map_err(|stop| stop.into_error(&self.host(), what))? {
                    let presence = self.judge_presence(page.status.as_deref(), &page.space_id);
                    found.insert(page.identity().to_owned(), presence);
                }
            }
        }
        Ok(wanted.into_iter().map(|w| (w.id.clone(), found.get(w.id.as_str()).copied().unwrap_or(Presence::Gone))).collect())
    }

    /// Those that are there are found many at a time; what became of each of the others only it can tell.
    async fn presence_on_data_center(&self, site: &Site, wanted: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        let mut all = Vec::with_capacity(wanted.len());
        let mut missing = Vec::new();
        for batch in wanted.chunks(data_center::BODIES) {
            let found = if batch.len() == 1 { FxHashMap::default() } else { self.present(site, batch).await? };
            for wanted in batch {
                match found.get(wanted.id.as_str()) {
                    Some(presence) => all.push((wanted.id.clone(), *presence)),
                    None => missing.push(wanted.clone()),
                }
            }
        }
        let mut asked = stream::iter(missing.into_iter().map(|wanted| self.one_presence(site, wanted))).buffer_unordered(AT_ONCE);
        while let Some(one) = asked.next().await {
            all.push(one?);
        }
        Ok(all)
    }

    async fn present(&self, site: &Site, batch: &[Wanted]) -> Result<FxHashMap<String, Presence>, SourceError> {
        let mut all: Query = batch.iter().map(|wanted| ("ids".to_owned(), wanted.id.as_str().to_owned())).collect();
        all.extend(query(&[("status", "current"), ("expand", "space"), ("start", "0"), ("limit", "50")]));
        match self.rest(site).list::<Content>("/rest/api/content", all, "which documents are there").all().await {
            Ok(found) => Ok(found
                .into_iter()
                .map(|content| {
                    let space = content.space.as_ref().map_or("", |space| if space.id.is_empty() { &space.key } else { &space.id });
                    let presence = self.judge_presence(content.status.as_deref(), space);
                    (content.id, presence)
                })
                .collect()),
            // This door is shut at some sites; each is asked for itself then.
            Err(Stop::Failed(failed)) if matches!(failed.status, Some(400 | 403 | 404 | 405)) => Ok(FxHashMap::default()),
            Err(stop) => Err(stop.into_error(&self.host(), "which documents are there")),
        }
    }

    /// Credentials that lost their rights see nothing, and everything would look deleted.
    async fn same_account(&self, site: &Site) -> Result<(), SourceError> {
        let Some(account) = &site.account else { return Ok(()) };
        let person = self.who(site).await?;
        let same = [&person.account_id, &person.user_key, &person.username].into_iter().flatten().any(|id| id == account);
        if same {
            return Ok(());
        }
        Err(SourceError::BadAnswer {
            service: self.host(),
            what: "the account".to_owned(),
            detail: "it takes us for somebody else than in earlier runs".to_owned(),
        })
    }

    async fn one_presence(&self, site: &Site, wanted: Wanted) -> Result<(RemoteId, Presence), SourceError> {
        let id: String = wanted.id.as_str().chars().filter(char::is_ascii_alphanumeric).collect();
        let all = query(&[("status", "any"), ("expand", "space")]);
        let asked = self.rest(site).one::<Content>(&format!("/rest/api/content/{id}"), &all, "what became of a missing document").await;
        let presence = match asked {
            Ok(content) => {
                let space = content.space.unwrap_or_default();
                self.judge_presence(content.status.as_deref(), if space.id.is_empty() { &space.key } else { &space.id })
            }
            Err(failed) => match failed.error {
                SourceError::NotVisible { status: 403, .. } if failed.json => Presence::Forbidden,
                SourceError::NotVisible { .. } if failed.json => Presence::Gone,
                // A proxy's page is no word of the service, and nothing is removed on doubt.
                SourceError::NotVisible { what, status } => {
                    return Err(SourceError::BadAnswer { service: self.host(), what, detail: format!("{status} with a page for people") });
                }
                error => return Err(error),
            },
        };
        Ok((wanted.id, presence))
    }

    pub(super) fn judge_presence(&self, status: Option<&str>, space: &str) -> Presence {
        match status {
            Some("archived") if self.config.archived => self.judge_presence(None, space),
            // That they are not to be mirrored any more is the configuration's word, not the service's.
            Some("archived") if self.were_archived_wanted.load(Ordering::Relaxed) => Presence::Unwanted,
            Some("archived") => Presence::Archived,
            Some("trashed") => Presence::Trashed,
            Some("deleted") => Presence::Gone,
            // Without a listing in this run nothing is known of what we mirror, and nothing is removed on doubt.
            _ if locked(&self.spaces).is_empty() || space.is_empty() || locked(&self.spaces).contains_key(space) => Presence::Present,
            _ => Presence::OutOfScope,
        }
    }
}
