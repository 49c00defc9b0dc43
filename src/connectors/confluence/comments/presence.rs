//! What became of comments that a listing no longer names: only if the page itself says that it has none, they are gone.

use futures_util::{StreamExt as _, stream};
use rustc_hash::FxHashMap;
use serde::de::IgnoredAny;

use super::page_of;
use crate::connectors::confluence::api::{List, query};
use crate::connectors::confluence::site::Site;
use crate::connectors::confluence::{Confluence, locked};
use crate::connectors::connector::{Presence, SourceError, Wanted};
use crate::model::{Place, RemoteId};

/// Requests at once.
const AT_ONCE: usize = 4;

impl Confluence {
    /// One outcome per page; `pages` is what became of those that are asked after at the same time.
    pub(in crate::connectors::confluence) async fn comment_presence(
        &self,
        site: &Site,
        wanted: Vec<Wanted>,
        pages: &FxHashMap<String, Presence>,
    ) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        let each = wanted.into_iter().map(|wanted| async move {
            let page = page_of(&wanted.id).unwrap_or_default();
            let presence = match pages.get(page).copied().filter(|presence| *presence != Presence::Present) {
                Some(gone) => gone,
                None if !self.config.comments => Presence::Unwanted,
                // A listing that broke off says nothing of those that it does not name.
                None if !locked(&self.comments).whole => Presence::Present,
                None => self.has_comments(site, page, &wanted.place).await?,
            };
            Ok::<_, SourceError>((wanted.id.clone(), presence))
        });
        let mut asked = stream::iter(each).buffer_unordered(AT_ONCE);
        let mut all = Vec::new();
        while let Some(one) = asked.next().await {
            all.push(one?);
        }
        Ok(all)
    }

    async fn has_comments(&self, site: &Site, page: &str, place: &Place) -> Result<Presence, SourceError> {
        let page: String = page.chars().filter(char::is_ascii_alphanumeric).collect();
        let kind = if place.container.len() > 1 { "blogposts" } else { "pages" };
        let lists = match site.cloud {
            true => ["footer-comments", "inline-comments"].map(|list| (format!("/api/v2/{kind}/{page}/{list}"), query(&[("limit", "1")]))).to_vec(),
            false => {
                let all = [("location", "footer"), ("location", "inline"), ("location", "resolved"), ("depth", "all"), ("limit", "1")];
                vec![(format!("/rest/api/content/{page}/child/comment"), query(&all))]
            }
        };
        for (path, query) in lists {
            match self.rest(site).one::<List<IgnoredAny>>(&path, &query, "what became of comments").await {
                Ok(list) if list.results.is_empty() => {}
                Ok(_) => return Ok(Presence::Present),
                Err(failed) => match failed.error {
                    SourceError::NotVisible { status: 404 | 410, .. } if failed.json => return Ok(Presence::Gone),
                    // A token that may not look, or a proxy's page, says nothing of what is there.
                    SourceError::NotVisible { .. } | SourceError::Unauthorized { .. } => return Ok(Presence::Present),
                    error => return Err(error),
                },
            }
        }
        Ok(Presence::Gone)
    }
}
