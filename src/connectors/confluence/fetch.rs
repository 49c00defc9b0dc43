//! Bodies: as many in one request as the service bears, fewer where an answer is late, broken or too large.

use std::sync::atomic::Ordering;

use futures_util::future::{join, join_all, join3};
use rustc_hash::FxHashMap;

use super::api::{Query, Rest, Stop, query};
use super::list::Kind;
use super::site::Site;
use super::v1::Content;
use super::{Confluence, cards, cloud, comments, data_center, labels, locked};
use crate::connectors::connector::{Fetched, SourceError, Wanted};
use crate::model::RemoteId;

/// Bodies in one request, until the service shows that it is too many.
pub(super) const BODIES: usize = 100;
/// A batch is not cut below this because the service is slow; only to single out one document that breaks it.
const FLOOR: usize = 5;
/// Room for everything in an answer but the largest body.
const ROOM: u64 = 8 << 20;

type Outcome = (RemoteId, Result<Fetched, SourceError>);

/// Documents of one request.
#[derive(Clone)]
struct Batch {
    kind: Kind,
    wanted: Vec<Wanted>,
}

impl Confluence {
    /// One outcome per id.
    pub(super) async fn bodies(&self, batch: Vec<Wanted>) -> Vec<Outcome> {
        let site = match self.site().await {
            Ok(site) => site,
            Err(error) => return batch.into_iter().map(|wanted| (wanted.id, Err(error.clone()))).collect(),
        };
        let (comments, batch): (Vec<Wanted>, Vec<Wanted>) = batch.into_iter().partition(|wanted| comments::page_of(&wanted.id).is_some());
        let (cards, batch): (Vec<Wanted>, Vec<Wanted>) = batch.into_iter().partition(|wanted| cards::is_card(&wanted.place.kind));
        let requests = join3(self.documents(&site, batch), self.comment_bodies(&site, comments), self.card_bodies(&site, cards));
        let (mut outcomes, comments, cards) = requests.await;
        outcomes.extend(comments.into_iter().chain(cards));
        outcomes
    }

    /// Pages and posts, with their labels.
    async fn documents(&self, site: &Site, batch: Vec<Wanted>) -> Vec<Outcome> {
        let labelled: Vec<String> = batch.iter().filter(|wanted| wanted.labels && site.cloud).map(|wanted| wanted.id.as_str().to_owned()).collect();
        let size = self.bodies_at_once.load(Ordering::Relaxed).min(if site.cloud { BODIES } else { data_center::BODIES });
        let requests = join_all(plan(batch, size, site.cloud).into_iter().map(|batch| self.batch(site, batch)));
        let (outcomes, labels) = join(requests, self.labels(site, &labelled)).await;
        let mut outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
        let mut labels = match labels {
            Ok(labels) => labels,
            // Without the network nothing counts; the documents whose labels are missing are asked for again.
            Err(error) => {
                for (_, outcome) in outcomes.iter_mut().filter(|(id, _)| labelled.iter().any(|wanted| wanted == id.as_str())) {
                    *outcome = Err(error.clone());
                }
                return outcomes;
            }
        };
        for (id, outcome) in &mut outcomes {
            if let Ok(fetched) = outcome
                && let Some(found) = labels.remove(id)
            {
                fetched.labels = Some(found);
            }
        }
        outcomes
    }

    /// Labels of the documents that search knows; a search that is refused leaves them as they were.
    async fn labels(&self, site: &Site, ids: &[String]) -> Result<FxHashMap<RemoteId, Vec<String>>, SourceError> {
        let mut all = FxHashMap::default();
        for ids in ids.chunks(labels::AT_ONCE) {
            match labels::of(self, site, ids).await {
                Ok(found) => all.extend(found),
                Err(stop) => match stop.into_error(&self.host(), "labels") {
                    error @ (SourceError::Network { .. } | SourceError::Untrusted { .. } | SourceError::RateLimited { .. }) => return Err(error),
                    _ => return Ok(all),
                },
            }
        }
        Ok(all)
    }

    /// One batch, cut smaller as often as that helps.
    async fn batch(&self, site: &Site, batch: Batch) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(batch.wanted.len());
        let mut todo = vec![batch];
        while let Some(batch) = todo.pop() {
            match self.ask(site, &batch).await {
                Ok(found) => outcomes.extend(found),
                Err(stop) => match self.cut(&stop, &batch) {
                    Some(smaller) => todo.extend(smaller),
                    None => {
                        let error = self.blame(stop, &batch);
                        outcomes.extend(batch.wanted.into_iter().map(|wanted| (wanted.id, Err(error.clone()))));
                    }
                },
            }
        }
        outcomes
    }

    /// Smaller batches, if they can go better than this one.
    fn cut(&self, stop: &Stop, batch: &Batch) -> Option<Vec<Batch>> {
        let count = batch.wanted.len();
        let Stop::Failed(failed) = stop else { return None };
        let size = match &failed.error {
            SourceError::TooLarge { .. } => count.div_ceil(2),
            _ if failed.slow && count > FLOOR => {
                // What was too much once is too much for the next as well.
                self.bodies_at_once.fetch_min((count / 2).max(FLOOR), Ordering::Relaxed);
                count.div_ceil(2)
            }
            SourceError::BadAnswer { .. } if !failed.slow => {
                if count > FLOOR {
                    count.div_ceil(2)
                } else {
                    1
                }
            }
            _ => return None,
        };
        let pieces = |batch: &Batch| batch.wanted.chunks(size).map(|wanted| Batch { kind: batch.kind, wanted: wanted.to_vec() }).collect();
        (count > 1).then(|| pieces(batch))
    }

    /// What to say of the documents of a batch that cannot be had.
    fn blame(&self, stop: Stop, batch: &Batch) -> SourceError {
        let what = match &batch.wanted[..] {
            [one] => format!("{} {}", batch.kind.name(), one.id),
            many => format!("{} {}s", many.len(), batch.kind.name()),
        };
        match stop.into_error(&self.host(), &what) {
            SourceError::TooLarge { .. } => SourceError::TooLarge { what, limit_bytes: self.config.max_body_bytes },
            error => error,
        }
    }

    async fn ask(&self, site: &Site, batch: &Batch) -> Result<Vec<Outcome>, Stop> {
        let rest = self.rest(site);
        // One document alone may be as large as is allowed, with every character escaped that JSON escapes.
        let most = if batch.wanted.len() == 1 { self.config.max_body_bytes.saturating_mul(2) } else { self.config.max_body_bytes } + ROOM;
        let mut missing: FxHashMap<&str, &Wanted> = batch.wanted.iter().map(|wanted| (wanted.id.as_str(), wanted)).collect();
        let mut outcomes = Vec::with_capacity(batch.wanted.len());
        let what =
            || if let [one] = &batch.wanted[..] { format!("{} {}", batch.kind.name(), one.id) } else { format!("bodies of {}s", batch.kind.name()) };
        if site.cloud {
            let ids = batch.wanted.iter().map(|wanted| wanted.id.as_str()).collect::<Vec<_>>().join(",");
            let statuses = cloud::statuses(batch.kind, self.config.archived);
            let all = query(&[("id", &ids), ("status", statuses), ("body-format", "storage"), ("limit", cloud::PAGE)]);
            let mut list = rest.list::<cloud::PageV2>(format!("/api/v2/{}", cloud::plural(batch.kind)), all, what()).at_most(most);
            while let Some(page) = list.next().await? {
                for found in page {
                    let Some(wanted) = missing.remove(super::api::Identified::identity(&found)) else { continue };
                    let bytes = cloud::body_bytes(&found);
                    let key = self.key_of(&found.space_id, wanted);
                    let fetched = if bytes > self.config.max_body_bytes {
                        Err(bytes)
                    } else {
                        Ok(cloud::fetched(found, &key, batch.kind, self.config.archived, &site.web))
                    };
                    outcomes.push((wanted.id.clone(), self.judge(fetched, wanted)));
                }
            }
        } else {
            for found in self.ask_data_center(&rest, batch, most, &what()).await? {
                let Some(wanted) = missing.remove(found.id.as_str()) else { continue };
                self.remember_people(&found);
                let bytes = found.body.as_ref().and_then(|body| body.storage.as_ref()).map_or(0, |storage| storage.value.len() as u64);
                let key = self.key_of("", wanted);
                let fetched = if bytes > self.config.max_body_bytes { Err(bytes) } else { Ok(data_center::fetched(found, &key, &site.web)) };
                outcomes.push((wanted.id.clone(), self.judge(fetched, wanted)));
            }
        }
        outcomes.extend(missing.into_values().map(|wanted| (wanted.id.clone(), Err(not_visible(wanted)))));
        Ok(outcomes)
    }

    /// By ids, which asks the database; where that door is shut, by search.
    async fn ask_data_center(&self, rest: &Rest, batch: &Batch, most: u64, what: &str) -> Result<Vec<Content>, Stop> {
        let common = query(&[("expand", "body.storage,version,history,space,metadata.labels"), ("limit", "50"), ("start", "0")]);
        let ids: Vec<&str> = batch.wanted.iter().map(|wanted| wanted.id.as_str()).collect();
        let mut by_id: Query = ids.iter().map(|id| ("ids".to_owned(), (*id).to_owned())).collect();
        by_id.extend(query(&[("status", "current")]));
        by_id.extend(common.clone());
        match rest.list("/rest/api/content", by_id, what).at_most(most).all().await {
            Err(Stop::Failed(failed)) if matches!(failed.status, Some(400 | 403 | 404 | 405)) => {
                let mut by_search = query(&[("cql", &format!("id in ({})", ids.join(",")))]);
                by_search.extend(common);
                rest.list("/rest/api/content/search", by_search, what).at_most(most).all().await
            }
            done => done,
        }
    }

    fn judge(&self, fetched: Result<Option<Fetched>, u64>, wanted: &Wanted) -> Result<Fetched, SourceError> {
        match fetched {
            Ok(Some(fetched)) => Ok(fetched),
            Ok(None) => Err(not_visible(wanted)),
            Err(_) => Err(SourceError::TooLarge {
                what: format!("{} {} ({})", wanted.place.kind, wanted.id, wanted.place.title),
                limit_bytes: self.config.max_body_bytes,
            }),
        }
    }

    /// The key of the space that a document is in now, or else of the one that it was listed in.
    fn key_of(&self, space: &str, wanted: &Wanted) -> String {
        let spaces = locked(&self.spaces);
        let known = spaces.get(space).or_else(|| spaces.get(wanted.place.scope.as_str()));
        known.or(wanted.place.container.first()).cloned().unwrap_or_default()
    }
}

fn not_visible(wanted: &Wanted) -> SourceError {
    SourceError::NotVisible { what: format!("{} {} ({})", wanted.place.kind, wanted.id, wanted.place.title), status: 404 }
}

/// Cuts documents into requests of `size`. Cloud has a door for pages and one for posts: where both are wanted and that would cost a request more, each
/// kind goes in one.
fn plan(batch: Vec<Wanted>, size: usize, cloud: bool) -> Vec<Batch> {
    let count = batch.len();
    let (posts, pages): (Vec<Wanted>, Vec<Wanted>) = batch.into_iter().partition(|wanted| cloud && Kind::of(&wanted.place) == Kind::Post);
    let apart = pages.len().div_ceil(size) + posts.len().div_ceil(size);
    let together = size == BODIES && count <= 2 * BODIES && apart > count.div_ceil(size);
    let cut = |kind: Kind, wanted: Vec<Wanted>| {
        let size = if together { wanted.len().max(1) } else { size };
        wanted.chunks(size).map(|wanted| Batch { kind, wanted: wanted.to_vec() }).collect::<Vec<_>>()
    };
    let mut batches = cut(Kind::Page, pages);
    batches.extend(cut(Kind::Post, posts));
    batches
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Place, Scope};

    fn wanted(pages: usize, posts: usize) -> Vec<Wanted> {
        let place = |kind: &str| {
            Arc::new(Place {
                scope: Scope::new("1"),
                container: vec!["ENG".to_owned()].into(),
                kind: kind.into(),
                title: String::new(),
                parent: None,
                stem: String::new(),
                ending: ".md".into(),
                transparent: false,
                url: String::new(),
                aliases: Vec::new(),
            })
        };
        let (page, post) = (place("page"), place("blogpost"));
        let one = |n: usize| Wanted { id: RemoteId::new(n.to_string()), place: Arc::clone(if n < pages { &page } else { &post }), labels: false };
        (0..pages + posts).map(one).collect()
    }

    #[test]
    fn requests_stay_within_one_per_hundred_but_for_the_last() {
        for (pages, posts, most) in
            [(200, 0, 2), (150, 50, 2), (199, 1, 2), (1, 199, 2), (101, 0, 2), (100, 0, 1), (0, 7, 1), (50, 50, 2), (120, 10, 2)]
        {
            let batches = plan(wanted(pages, posts), BODIES, true);
            assert!(batches.len() <= most, "{pages}+{posts}: {}", batches.len());
            assert_eq!(batches.iter().map(|batch| batch.wanted.len()).sum::<usize>(), pages + posts);
            assert!(batches.iter().all(|batch| batch.wanted.iter().all(|wanted| Kind::of(&wanted.place) == batch.kind)));
        }
    }

    #[test]
    fn slow_sites_and_data_center_get_their_sizes() {
        assert_eq!(plan(wanted(200, 0), 25, true).len(), 8);
        assert_eq!(plan(wanted(150, 50), 50, false).len(), 4);
    }
}
