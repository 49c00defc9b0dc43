//! Spaces that are too large for one run's part of a site: a stretch of each at every run, in the order of ids, with all that hangs on its documents.
//!
//! Both flavours list by cursor in the order of ids, and go on from a cursor of an earlier run: so each run costs the same, and a round finds all that a whole
//! listing finds. A service that does otherwise is noticed, and its space is listed whole.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::api::{Identified, Paged, Stop, query};
use super::cloud::{self, PageV2};
use super::comments::Course;
use super::config::Attachments;
use super::data_center;
use super::labels::{self, Intake};
use super::list::{Item, Kind, Listing, Space, judged};
use super::spaces::Known;
use super::v1::Content;
use crate::connectors::connector::{Completion, Listed, SourceError};

/// Where a stretch begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Position {
    /// Everything up to this id was listed in this round.
    above: u64,
    /// The service's word for where pages go on.
    pages: Option<String>,
    /// And posts.
    posts: Option<String>,
    /// How many documents the round has seen.
    seen: u64,
}

/// What is to be listed of a space.
#[derive(Clone, Copy)]
struct Stretch<'s> {
    at: usize,
    space: &'s Space,
    /// From the next id on.
    above: u64,
    /// Nothing behind this id.
    up_to: u64,
    /// So many documents, rounded up to pages of the list.
    least: u64,
}

/// Where a list was left.
struct End {
    /// At this id.
    last: u64,
    /// In front of the page of the list that begins here.
    cursor: Option<String>,
    /// There was no more.
    ended: bool,
}

/// Why a stretch could not be listed.
enum Broken {
    /// The list is not in the order of ids, or does not go on from where it was left.
    Unordered,
    /// A request failed.
    Stopped(Stop),
    /// The run is over.
    Ended(SourceError),
}

impl From<SourceError> for Broken {
    fn from(error: SourceError) -> Self {
        Self::Ended(error)
    }
}

impl Listing<'_> {
    /// How many documents the space's stretch has at least; 0 where it is not listed by stretches.
    pub(super) fn stretch(&self, at: usize) -> u64 {
        self.plan.stretches.get(at).copied().unwrap_or_default()
    }

    /// Whether a space's first stretch is listed: the time for what is asked once a round.
    pub(super) fn begins_round(&self, at: usize) -> bool {
        self.stretch(at) > 0 && self.known.get(at).is_some_and(|known| known.stretch.above == 0)
    }

    /// Lists a stretch of each space that has one; returns the spaces whose round ended, and how many documents it saw. `unfed`: what is new there could not be
    /// had, and was said so.
    pub(super) async fn stretches(&self, unfed: Option<String>, course: &mut Course) -> Result<BTreeMap<usize, u64>, SourceError> {
        let mut rounds = BTreeMap::new();
        if unfed.is_some() {
            return Ok(rounds);
        }
        for (at, (space, known)) in self.spaces.iter().zip(&self.known).enumerate().filter(|(at, _)| self.stretch(*at) > 0) {
            let (completion, known) = match self.one_stretch(at, space, known, course).await {
                Ok((completion, known)) => (completion, Some(known)),
                // Its turn to be listed whole comes at once, and for ever.
                Err(Broken::Unordered) => {
                    (Completion::News, Some(Known { turn: 0, no_stretches: true, stretch: Position::default(), ..known.clone() }))
                }
                Err(Broken::Stopped(stop)) => (judged(Err(stop))?, None),
                Err(Broken::Ended(error)) => return Err(error),
            };
            if let (Completion::Stretch { up_to: u64::MAX, .. }, Some(known)) = (&completion, &known) {
                rounds.insert(at, known.count);
            }
            let cursor = known.map(|known| known.cursor());
            self.out.send(Listed::ScopeDone { scope: space.scope.clone(), name: space.key.clone(), completion, cursor }).await;
        }
        Ok(rounds)
    }

    async fn one_stretch(&self, at: usize, space: &Space, known: &Known, course: &mut Course) -> Result<(Completion, Known), Broken> {
        let (from, mut ids) = (&known.stretch, Vec::new());
        let stretch = Stretch { at, space, above: from.above, up_to: u64::MAX, least: self.stretch(at) };
        let pages = self.of_kind(&stretch, Kind::Page, from.pages.as_deref(), &mut ids).await?;
        let up_to = if pages.ended { u64::MAX } else { pages.last };
        let mut posts = None;
        if self.conn.config.blog_posts {
            let stretch = Stretch { up_to, least: u64::MAX, ..stretch };
            posts = self.of_kind(&stretch, Kind::Post, from.posts.as_deref(), &mut ids).await?.cursor;
        }
        self.what_hangs_on(&ids, course).await?;
        let (key, seen) = (space.key.clone(), from.seen + ids.len() as u64);
        let known = match pages.ended {
            true => Known { key, count: seen, turn: self.turn, stretch: Position::default(), ..known.clone() },
            false => Known { key, stretch: Position { above: up_to, pages: pages.cursor, posts, seen }, ..known.clone() },
        };
        Ok((Completion::Stretch { above: from.above, up_to }, known))
    }

    async fn of_kind(&self, stretch: &Stretch<'_>, kind: Kind, cursor: Option<&str>, ids: &mut Vec<String>) -> Result<End, Broken> {
        let (space, web) = (stretch.space, &self.site.web);
        let what = format!("a part of the list of {}s of the space {}", kind.name(), space.key);
        let (rest, archived) = (self.conn.rest(&self.site), self.conn.config.archived);
        if self.site.cloud {
            let (path, mut all) = cloud::listing(space, kind, archived);
            all.extend(query(&[("sort", "id")]));
            let item = |found: &PageV2| found.is_there(archived).then(|| cloud::item(found, space, kind, web));
            self.along(stretch, rest.list(path, all, what), cursor, ids, item).await
        } else {
            let (path, all) = data_center::listing(space, kind, true);
            let item = |found: &Content| {
                self.conn.remember_people(found);
                found.is_there(false).then(|| data_center::item(found, space, kind, web))
            };
            self.along(stretch, rest.list(path, all, what), cursor, ids, item).await
        }
    }

    /// Names what lies in the stretch, page of the list by page, from `cursor` on.
    async fn along<T: Identified + DeserializeOwned + Send + 'static>(
        &self,
        stretch: &Stretch<'_>,
        list: Paged<'_, T>,
        cursor: Option<&str>,
        ids: &mut Vec<String>,
        item: impl Fn(&T) -> Option<Item>,
    ) -> Result<End, Broken> {
        let mut list = list.on_from(cursor);
        let mut end = End { last: 0, cursor: cursor.map(str::to_owned), ended: false };
        let before = ids.len() as u64;
        loop {
            let page = match list.next().await {
                Ok(page) => page,
                Err(Stop::Failed(failed)) if end.cursor.is_some() && matches!(failed.status, Some(400 | 404 | 410)) => return Err(Broken::Unordered),
                Err(stop) => return Err(Broken::Stopped(stop)),
            };
            for found in page.iter().flatten() {
                let number = found.identity().parse().ok().filter(|number| *number > end.last).ok_or(Broken::Unordered)?;
                if number > stretch.up_to {
                    // The next stretch begins in this page of the list.
                    return Ok(end);
                }
                end.last = number;
                if let Some(item) = item(found).filter(|_| number > stretch.above) {
                    ids.push(item.id.as_str().to_owned());
                    self.seen(stretch.at, item, &Intake::closed()).await;
                }
            }
            let Some(next) = list.cursor() else { return Ok(End { ended: true, ..end }) };
            end.cursor = Some(next.to_owned());
            if ids.len() as u64 - before >= stretch.least {
                return Ok(end);
            }
        }
    }

    /// Labels, attachments and comments of documents. What cannot be had of them waits for the next round, as in a whole listing for the next day.
    async fn what_hangs_on(&self, ids: &[String], course: &mut Course) -> Result<(), SourceError> {
        if self.site.cloud {
            for ids in ids.chunks(labels::AT_ONCE) {
                match labels::of(self.conn, &self.site, ids).await {
                    Ok(found) => {
                        for (id, labels) in found {
                            self.out.send(Listed::Labels { id, labels }).await;
                        }
                    }
                    Err(stop) => {
                        self.lacks("labels", stop)?;
                        break;
                    }
                }
            }
        }
        if self.conn.config.attachments != Attachments::None
            && let Err(stop) = self.attachments_of(ids).await
        {
            self.lacks("attachments", stop)?;
        }
        if self.conn.config.comments
            && let Err(stop) = self.comments_of(ids, course).await
        {
            self.lacks("comments", stop)?;
        }
        Ok(())
    }
}
