//! Bodies of comments: those of many pages in one search, 50 at a time.

use futures_util::future::join_all;
use rustc_hash::FxHashMap;

use super::threads::{Comment, encode};
use super::{KIND, page_of};
use crate::connectors::confluence::api::Stop;
use crate::connectors::confluence::data_center::key_of;
use crate::connectors::confluence::raw::Head;
use crate::connectors::confluence::site::Site;
use crate::connectors::confluence::v1::Content;
use crate::connectors::confluence::{Confluence, api, locked};
use crate::connectors::connector::{Fetched, SourceError, Wanted};
use crate::model::{RemoteId, Revision};

/// Pages whose comments one search asks for: their ids stand in the address.
const PAGES: usize = 100;
const EXPAND: &str = "body.storage,version,history,container,ancestors,extensions.inlineProperties,extensions.resolution";

impl Confluence {
    /// One outcome per page.
    pub(in crate::connectors::confluence) async fn comment_bodies(
        &self,
        site: &Site,
        wanted: Vec<Wanted>,
    ) -> Vec<(RemoteId, Result<Fetched, SourceError>)> {
        let batches = wanted.chunks(PAGES).map(|batch| self.comment_batch(site, batch));
        join_all(batches).await.into_iter().flatten().collect()
    }

    /// One search, cut smaller where that can help: one page's comments must not cost those of others.
    async fn comment_batch(&self, site: &Site, batch: &[Wanted]) -> Vec<(RemoteId, Result<Fetched, SourceError>)> {
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut todo = vec![batch];
        while let Some(batch) = todo.pop() {
            match self.search_comments(site, batch).await {
                Ok(mut by_page) => outcomes.extend(batch.iter().map(|wanted| (wanted.id.clone(), self.outcome(site, wanted, &mut by_page)))),
                Err(stop) => match stop.into_error(&self.host(), "comments") {
                    SourceError::TooLarge { .. } | SourceError::BadAnswer { .. } if batch.len() > 1 => {
                        let (one, other) = batch.split_at(batch.len() / 2);
                        todo.extend([one, other]);
                    }
                    error => outcomes.extend(batch.iter().map(|wanted| (wanted.id.clone(), Err(error.clone())))),
                },
            }
        }
        outcomes
    }

    fn outcome(&self, site: &Site, wanted: &Wanted, by_page: &mut FxHashMap<String, Vec<Content>>) -> Result<Fetched, SourceError> {
        let page = page_of(&wanted.id).unwrap_or_default();
        // Search named them and gives none: it is being rebuilt, or the last one was deleted just now. The next listing will tell.
        let found = by_page.remove(page).ok_or_else(|| SourceError::NotVisible { what: wanted.place.title.clone(), status: 404 })?;
        self.joined(site, wanted, page, found)
    }

    async fn search_comments(&self, site: &Site, batch: &[Wanted]) -> Result<FxHashMap<String, Vec<Content>>, Stop> {
        let pages: Vec<&str> = batch.iter().filter_map(|wanted| page_of(&wanted.id)).collect();
        let cql = format!("type=comment and container in ({}) order by created asc", pages.join(","));
        let all = self.searching(site, &cql, EXPAND, "50");
        let rest = self.rest(site);
        // One page's comments may be as large as is allowed, and an answer holds fifty of them.
        let mut list = rest.list::<Content>("/rest/api/content/search", all, "comments").at_most(self.config.max_body_bytes.saturating_mul(2));
        let mut by_page: FxHashMap<String, Vec<Content>> = FxHashMap::default();
        while let Some(page) = list.next().await? {
            for found in page {
                self.remember_people(&found);
                let Some(container) = found.container.as_ref().map(|page| page.id.clone()) else { continue };
                by_page.entry(container).or_default().push(found);
            }
        }
        Ok(by_page)
    }

    fn joined(&self, site: &Site, wanted: &Wanted, page: &str, found: Vec<Content>) -> Result<Fetched, SourceError> {
        let bytes: u64 = found.iter().filter_map(|comment| comment.body.as_ref()?.storage.as_ref()).map(|storage| storage.value.len() as u64).sum();
        if bytes > self.config.max_body_bytes {
            return Err(SourceError::TooLarge { what: wanted.place.title.clone(), limit_bytes: self.config.max_body_bytes });
        }
        let mut comments: Vec<Comment> = found.into_iter().map(comment).collect();
        comments.sort_by(|a, b| (&a.at, a.id.len(), &a.id).cmp(&(&b.at, b.id.len(), &b.id)));
        comments.dedup_by(|a, b| a.id == b.id);
        let newest = comments.iter().max_by(|a, b| a.changed().cmp(b.changed()));
        let head = Head {
            kind: KIND.to_owned(),
            cloud: site.cloud,
            base: site.web.clone(),
            space: wanted.place.container.first().cloned().unwrap_or_default(),
            page: page.to_owned(),
            created_at: comments.first().map(|first| first.at.clone()),
            updated_at: newest.map(|newest| newest.changed().to_owned()),
            updated_by: newest.and_then(|newest| newest.editor.clone().or_else(|| newest.author.clone())),
            ..Head::default()
        };
        // What the listing said, whatever came since: the next one says what that was. Comments that no listing named in this run have their number.
        let listed = locked(&self.comments).revisions.get(page).cloned();
        let revision = listed.unwrap_or_else(|| Revision::new(comments.len().to_string()));
        Ok(Fetched { raw: encode(&head, &comments), revision, labels: None })
    }
}

fn comment(found: Content) -> Comment {
    let state = found.resolution().map(str::to_owned);
    let (location, selection) =
        found.extensions.map_or((None, None), |e| (e.location, e.inline_properties.and_then(|inline| inline.original_selection)));
    let parent = found.ancestors.iter().flatten().rev().find(|above| above.kind.is_empty() || above.kind == "comment").map(|above| above.id.clone());
    let key = |person: Option<&crate::connectors::confluence::v1::Person>| person.and_then(key_of).map(|key| key.as_str().to_owned());
    let version = found.version.unwrap_or_default();
    let editor = key(version.by.as_ref());
    let (author, at) = found.history.map_or((None, None), |h| (key(h.created_by.as_ref()), h.created_date));
    let when = version.when.as_deref().map(api::utc);
    let at = at.as_deref().map(api::utc).or_else(|| when.clone()).unwrap_or_default();
    Comment {
        id: found.id,
        parent,
        author: author.or_else(|| editor.clone()),
        editor: editor.filter(|_| version.number > 1),
        edited_at: when.filter(|when| version.number > 1 && *when != at),
        at,
        inline: selection.is_some() || matches!(location.as_deref(), Some("inline" | "resolved")),
        state,
        selection,
        body: found.body.and_then(|body| body.storage).map(|storage| storage.value).unwrap_or_default(),
    }
}
