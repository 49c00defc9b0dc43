//! Cloud's REST v2: spaces, pages and posts as lists and with bodies.

use serde::Deserialize;

use super::api::{self, Identified, Links, Query, query};
use super::list::{Item, Kind, Space};
use super::raw::{Head, encode};
use super::v1::{Body, text};
use super::{keys, place};
use crate::connectors::connector::Fetched;
use crate::model::{Key, RemoteId, Revision, Scope};

/// Items of a listing's page.
pub(super) const PAGE: &str = "250";

/// A space.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SpaceV2 {
    #[serde(deserialize_with = "text")]
    id: String,
    #[serde(deserialize_with = "text")]
    key: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    status: Option<String>,
    homepage_id: Option<String>,
}

impl Identified for SpaceV2 {
    fn identity(&self) -> &str {
        &self.id
    }
}

impl From<SpaceV2> for Space {
    fn from(space: SpaceV2) -> Self {
        let personal = space.kind.as_deref() == Some("personal") || space.key.starts_with('~');
        let archived = space.status.as_deref() == Some("archived");
        Self { scope: Scope::new(&space.id), id: space.id, key: space.key, home: space.homepage_id, personal, archived }
    }
}

/// A page or post.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PageV2 {
    #[serde(deserialize_with = "text")]
    id: String,
    /// `current`, `archived`, ...
    pub(super) status: Option<String>,
    #[serde(deserialize_with = "text")]
    title: String,
    /// The space that it is in.
    #[serde(deserialize_with = "text")]
    pub(super) space_id: String,
    parent_id: Option<String>,
    parent_type: Option<String>,
    author_id: Option<String>,
    created_at: Option<String>,
    subtype: Option<String>,
    version: Option<VersionV2>,
    body: Option<Body>,
    #[serde(rename = "_links")]
    links: Links,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct VersionV2 {
    number: u64,
    author_id: Option<String>,
    created_at: Option<String>,
}

impl PageV2 {
    /// Whether it is there for readers; a draft or an old version never is.
    pub(super) fn is_there(&self, archived: bool) -> bool {
        self.status.as_deref().is_none_or(|status| status == "current") || (archived && self.is_archived())
    }

    fn is_archived(&self) -> bool {
        self.status.as_deref() == Some("archived")
    }

    fn revision(&self, space: &str) -> Revision {
        let version = self.version.as_ref();
        let revision = place::revision(version.map_or(0, |v| v.number), version.and_then(|v| v.created_at.as_deref()), space);
        if self.is_archived() { place::archived(&revision) } else { revision }
    }
}

impl Identified for PageV2 {
    fn identity(&self) -> &str {
        &self.id
    }
}

/// Path and query of a space's pages or posts.
pub(super) fn listing(space: &Space, kind: Kind, archived: bool) -> (String, Query) {
    let all = match kind {
        Kind::Page => query(&[("depth", "all"), ("status", statuses(kind, archived)), ("limit", PAGE)]),
        Kind::Post => query(&[("status", "current"), ("limit", PAGE)]),
    };
    (format!("/api/v2/spaces/{}/{}", space.id, plural(kind)), all)
}

/// What states documents may be in; only pages can be archived. Without a word Cloud would name archived pages, too.
pub(super) fn statuses(kind: Kind, archived: bool) -> &'static str {
    if archived && kind == Kind::Page { "current,archived" } else { "current" }
}

/// `pages` or `blogposts`.
pub(super) fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Page => "pages",
        Kind::Post => "blogposts",
    }
}

/// An item of a listing.
pub(super) fn item(page: &PageV2, space: &Space, kind: Kind, web: &str) -> Item {
    let version = page.version.as_ref();
    let people = [version.and_then(|v| v.author_id.as_deref()), page.author_id.as_deref()];
    Item {
        id: RemoteId::new(&page.id),
        revision: page.revision(&space.id),
        place: place::of(
            &place::Facts {
                id: &page.id,
                title: &page.title,
                kind,
                parent: page.parent_id.as_deref(),
                webui: page.links.webui.as_deref(),
                created: page.created_at.as_deref(),
            },
            space,
            web,
        ),
        people: people.into_iter().flatten().map(keys::user).collect(),
        modified_ms: version.and_then(|v| api::millis(v.created_at.as_deref()?)).unwrap_or_default(),
        labels: None,
        above: None,
        node: page.parent_id.clone().filter(|_| page.parent_type.as_deref().is_some_and(|kind| kind != "page")),
    }
}

/// A fetched body; none where the answer holds none, or is no current version.
pub(super) fn fetched(page: PageV2, key: &str, kind: Kind, archived: bool, web: &str) -> Option<Fetched> {
    if !page.is_there(archived) {
        return None;
    }
    let (revision, archived) = (page.revision(&page.space_id), page.is_archived());
    let body = page.body?.storage?.value;
    let version = page.version.unwrap_or_default();
    let person = |id: Option<String>| id.map(|id: String| keys::user(&id)).map(|key: Key| key.as_str().to_owned());
    let head = Head {
        kind: kind.name().to_owned(),
        cloud: true,
        base: web.to_owned(),
        space: key.to_owned(),
        page: page.id,
        version: version.number,
        created_at: page.created_at.as_deref().map(api::utc),
        created_by: person(page.author_id),
        updated_at: version.created_at.as_deref().map(api::utc),
        updated_by: person(version.author_id),
        status: archived.then(|| "archived".to_owned()),
        subtype: page.subtype.filter(|subtype| subtype != "page"),
        ..Head::default()
    };
    Some(Fetched { raw: encode(&head, &body), revision, labels: None })
}

/// Bytes of a fetched body.
pub(super) fn body_bytes(page: &PageV2) -> u64 {
    page.body.as_ref().and_then(|body| body.storage.as_ref()).map_or(0, |storage| storage.value.len() as u64)
}
