//! Attachments: all of a space's, or what is new since the newest that we know; and their bytes.

use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, try_unfold};
use unicode_normalization::UnicodeNormalization as _;

use super::api::{self, Stop};
use super::config::Attachments;
use super::list::{Listing, Space};
use super::nodes::in_spaces;
use super::site::{Memory, Site};
use super::spaces::Known;
use super::v1::Content;
use super::{Confluence, keys, place};
use crate::connectors::connector::{AssetStream, Listed, SourceError};
use crate::connectors::http::Request;
use crate::markdown::slug;
use crate::model::{AssetRef, Owner, RemoteId, Revision};
use url::Url;

/// How far behind the newest known attachment the feed looks: search shows fresh uploads late, and not in their order.
const OVERLAP_MS: i64 = 15 * 60 * 1000;
/// Items of a page of the feed, which mostly ends on its first.
const FEED: &str = "50";
/// Items of a page of the whole; the service lowers it to what it allows.
const WHOLE: &str = "250";

/// Documents in one search: their ids stand in the address.
const AT_ONCE: usize = 200;

type Chunks = BoxStream<'static, Result<bytes::Bytes, SourceError>>;

impl Listing<'_> {
    /// Names attachments; returns the newest one's moment for the next feed.
    pub(super) async fn attachments(&self, memory: Option<&Memory>, known: &[Known], complete: &[bool]) -> Result<Option<i64>, SourceError> {
        if self.conn.config.attachments == Attachments::None {
            return Ok(None);
        }
        let newest = memory.and_then(|memory| memory.attachments_ms);
        let is_fed = |space: &Space| newest.is_some() && !self.is_thorough(space) && known.iter().any(|k| k.scope == space.scope);
        let (fed, whole): (Vec<Space>, Vec<Space>) = self.spaces.iter().filter(|space| !space.archived).cloned().partition(is_fed);
        let mut latest = newest.unwrap_or_default();
        match self.whole(&whole, &mut latest).await {
            Ok(()) => {
                for (space, _) in self.spaces.iter().zip(complete).filter(|(space, complete)| **complete && !space.archived && !is_fed(space)) {
                    self.out.send(Listed::AssetsDone { scope: space.scope.clone() }).await;
                }
            }
            Err(stop) => {
                self.lacks("attachments", stop)?;
                latest = newest.unwrap_or_default();
            }
        }
        if let (false, Some(newest)) = (fed.is_empty(), newest) {
            match self.feed(&fed, newest - OVERLAP_MS, &mut latest).await {
                Ok(()) => {}
                Err(stop) => {
                    self.lacks("attachments", stop)?;
                    latest = newest;
                }
            }
        }
        Ok(Some(latest))
    }

    async fn whole(&self, spaces: &[Space], latest: &mut i64) -> Result<(), Stop> {
        for cql in in_spaces(spaces, "type=attachment") {
            self.walk_attachments(&cql, WHOLE, i64::MIN, latest).await?;
        }
        Ok(())
    }

    /// All attachments of these documents.
    pub(super) async fn attachments_of(&self, documents: &[String]) -> Result<(), Stop> {
        for documents in documents.chunks(AT_ONCE) {
            let cql = format!("type=attachment and container in ({})", documents.join(","));
            self.walk_attachments(&cql, WHOLE, i64::MIN, &mut 0).await?;
            for owner in documents {
                self.out.send(Listed::OwnAssetsDone { owner: RemoteId::new(owner) }).await;
            }
        }
        Ok(())
    }

    /// One search for all spaces, newest first, until what is old enough to be known.
    async fn feed(&self, spaces: &[Space], until: i64, latest: &mut i64) -> Result<(), Stop> {
        let searches = in_spaces(spaces, "type=attachment");
        let clause = match &searches[..] {
            [one] => one.as_str(),
            // Too many keys for one address: the site's newest, of which those of other spaces are passed over.
            _ => "type=attachment",
        };
        self.walk_attachments(&format!("{clause} order by lastmodified desc"), FEED, until, latest).await
    }

    async fn walk_attachments(&self, cql: &str, limit: &str, until: i64, latest: &mut i64) -> Result<(), Stop> {
        let rest = self.conn.rest(&self.site);
        let all = self.conn.searching(&self.site, cql, "version,container,extensions,space", limit);
        let mut list = rest.list::<Content>("/rest/api/content/search", all, "the list of attachments");
        while let Some(page) = list.next().await? {
            for found in page {
                let at = found.version.as_ref().and_then(|version| api::millis(version.when.as_deref()?)).unwrap_or_default();
                if at < until {
                    return Ok(());
                }
                *latest = at.max(*latest);
                if let Some(asset) = self.asset(&found) {
                    self.out.send(Listed::Asset(asset)).await;
                }
            }
        }
        Ok(())
    }

    /// The attachment, if it hangs on a document of this listing.
    fn asset(&self, found: &Content) -> Option<AssetRef> {
        let owner = found.container.as_ref().map(|owner| owner.id.as_str())?;
        let config = &self.conn.config;
        // Of a space that is not listed whole, whatever search finds hangs on a document that is mirrored, or comes soon.
        let there = |space: &&Space| found.space.as_ref().is_some_and(|at| at.id == space.id || at.key == space.key);
        let elsewhere =
            || self.spaces.iter().enumerate().find(|(_, space)| there(space)).filter(|(at, _)| !self.is_whole(*at)).map(|(_, space)| space);
        let asset = asset(found, owner, self.space_of(owner).or_else(elsewhere)?, &self.site);
        // A page that shows one that is too large has to say so; those that nobody shows are left out as the limit asks.
        let always = config.attachments == Attachments::All && asset.size.is_none_or(|size| size <= config.max_asset_bytes);
        Some(AssetRef { always, ..asset })
    }
}

/// Pages name an attachment by its page's id, by the title of another page, or by nothing where it is their own.
fn found_keys(found: &Content, owner: &str, space: &Space, name: &str) -> Vec<crate::model::Key> {
    let title = found.container.as_ref().map(|container| container.title.as_str()).filter(|title| !title.is_empty());
    std::iter::once(keys::file(owner, name)).chain(title.map(|title| keys::file_of_title(&space.key, title, name))).collect()
}

fn asset(found: &Content, owner: &str, space: &Space, site: &Site) -> AssetRef {
    let version = found.version.as_ref();
    let when = version.and_then(|version| version.when.as_deref());
    let extensions = found.extensions.as_ref();
    let download = found.links.download.as_deref().filter(|path| path.starts_with('/'));
    let name: String = found.title.nfc().collect();
    let source = match (site.cloud, download) {
        (false, Some(path)) => path.to_owned(),
        _ => format!("/rest/api/content/{owner}/child/attachment/{}/download", found.id),
    };
    let page = || format!("/pages/viewpageattachments.action?pageId={owner}");
    let shown = download.and_then(|path| path.split('?').next()).map_or_else(page, str::to_owned);
    AssetRef {
        id: RemoteId::new(&found.id),
        owner: Owner::Document(RemoteId::new(owner)),
        revision: Revision::new(format!("{}@{}", version.map_or(0, |version| version.number), when.map(api::utc).unwrap_or_default())),
        keys: found_keys(found, owner, space, &name),
        folder: vec![place::component(&space.key), "_assets".to_owned(), slug::identity(owner)],
        file_name: slug::attachment(&found.id, &name),
        name,
        size: extensions.and_then(|e| e.file_size),
        media_type: extensions.and_then(|e| e.media_type.clone()),
        modified_secs: when.and_then(api::millis).map(|ms| ms.div_euclid(1000)),
        url: format!("{}{shown}", site.web),
        source,
        always: false,
    }
}

impl Confluence {
    /// Streams an attachment.
    pub(super) async fn attachment(&self, asset: &AssetRef) -> Result<AssetStream, SourceError> {
        let limit = self.config.max_asset_bytes;
        let what = format!("attachment {} ({})", asset.id, asset.name);
        if asset.size.is_some_and(|size| size > limit) {
            return Err(SourceError::TooLarge { what, limit_bytes: limit });
        }
        let site = self.site().await?;
        let base = site.base.as_str().trim_end_matches('/');
        let url =
            Url::parse(&format!("{base}{}", asset.source)).ok().filter(|url| url.origin() == site.base.origin() && asset.source.starts_with('/'));
        let Some(url) = url else { return Err(SourceError::NotVisible { what, status: 404 }) };
        let is_page = asset.media_type.as_deref().is_some_and(|media| media.contains("html"));
        let request = Request::get(url, what.as_str()).with_cookies().at_most(limit);
        match self.client.download(request, is_page).await {
            // Where a download carries no length, the list's word is the measure.
            Ok(download) => match (download.length, asset.size) {
                // An error page that calls itself a file has another length than the file.
                (Some(came), Some(listed)) if came != listed => {
                    Err(SourceError::BadAnswer { service: self.host(), what, detail: other_length(came, listed) })
                }
                (Some(_), _) | (None, None) => Ok(AssetStream { length: download.length, bytes: download.bytes }),
                (None, Some(listed)) => Ok(AssetStream { length: Some(listed), bytes: self.measured(download.bytes, what, listed) }),
            },
            // The listing was answered, so the credentials are good: it is this file that is closed, or sent to a page to log in.
            Err(failed) => Err(match failed.error {
                SourceError::Unauthorized { service, detail, .. } if failed.status == Some(200) => SourceError::BadAnswer { service, what, detail },
                // The host of files is not the site's: documents do without it.
                SourceError::Untrusted { service, detail, .. } => SourceError::BadAnswer { service, what, detail },
                SourceError::Unauthorized { .. } => SourceError::NotVisible { what, status: failed.status.unwrap_or(401) },
                error => error,
            }),
        }
    }

    /// The same bytes, with an error at their end if they are not so many.
    fn measured(&self, bytes: Chunks, what: String, listed: u64) -> Chunks {
        let service = self.host();
        let course = (bytes, 0);
        try_unfold(course, move |(mut bytes, came)| {
            let (service, what) = (service.clone(), what.clone());
            async move {
                match bytes.next().await.transpose()? {
                    Some(chunk) => {
                        let came = came + chunk.len() as u64;
                        Ok(Some((chunk, (bytes, came))))
                    }
                    None if came == listed => Ok(None),
                    None => Err(SourceError::BadAnswer { service, what, detail: other_length(came, listed) }),
                }
            }
        })
        .boxed()
    }
}

fn other_length(came: u64, listed: u64) -> String {
    format!("it has {came} bytes, and the list says {listed}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Scope;

    fn found(json: &str) -> Content {
        serde_json::from_str(json).unwrap()
    }

    const ATTACHMENT: &str = r#"{"id":"att99001","title":"a\u0308 b/../c.png","version":{"number":2,"when":"2026-01-05T11:00:00.500+02:00"},
        "extensions":{"mediaType":"image/png","fileSize":7},"_links":{"download":"/download/attachments/7/x.png?version=2&api=v2"}}"#;

    #[test]
    fn names_are_safe_and_sources_fit_the_flavour() {
        let space = Space { scope: Scope::new("1"), id: "1".to_owned(), key: "ENG".to_owned(), home: None, personal: false, archived: false };
        let base = Url::parse("https://wiki.corp/confluence").unwrap();
        let mut site = Site { cloud: false, base, web: "https://wiki.corp/confluence".to_owned(), account: None, display_name: None, no_scan: false };
        let there = asset(&found(ATTACHMENT), "7", &space, &site);
        assert_eq!(there.source, "/download/attachments/7/x.png?version=2&api=v2");
        assert_eq!(there.url, "https://wiki.corp/confluence/download/attachments/7/x.png");
        assert_eq!(there.folder, ["ENG", "_assets", "7"]);
        assert!(crate::model::component_is_safe(&there.file_name).is_ok() && there.file_name.starts_with("att99001-\u{e4}"), "{}", there.file_name);
        assert_eq!(there.revision.as_str(), "2@2026-01-05T09:00:00.500Z");
        assert_eq!(there.modified_secs, Some(1_767_603_600));
        assert_eq!(there.keys, [keys::file("7", "a\u{308} b/../c.png")]);
        site.cloud = true;
        assert_eq!(asset(&found(ATTACHMENT), "7", &space, &site).source, "/rest/api/content/7/child/attachment/att99001/download");
    }
}
