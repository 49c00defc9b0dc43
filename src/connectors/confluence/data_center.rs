//! Data Center's and Server's REST v1: spaces, pages and posts as lists and with bodies.

use serde::Deserialize;

use super::api::{self, Identified, Query, query};
use super::hidden::Step;
use super::list::{Item, Kind, Space};
use super::place;
use super::raw::{Head, encode, person};
use super::v1::{Content, Person, text};
use crate::connectors::connector::Fetched;
use crate::model::{Key, RemoteId, Scope};

/// Items of a listing's page.
pub(super) const PAGE: &str = "200";
/// Bodies in one request.
pub(super) const BODIES: usize = 50;

/// A space.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SpaceV1 {
    #[serde(deserialize_with = "text")]
    id: String,
    #[serde(deserialize_with = "text")]
    key: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    status: Option<String>,
    homepage: Option<Content>,
}

impl Identified for SpaceV1 {
    fn identity(&self) -> &str {
        &self.key
    }
}

impl From<SpaceV1> for Space {
    fn from(space: SpaceV1) -> Self {
        let personal = space.kind.as_deref() == Some("personal") || space.key.starts_with('~');
        let archived = space.status.is_some_and(|status| status.eq_ignore_ascii_case("archived"));
        let id = if space.id.is_empty() { space.key.clone() } else { space.id };
        Self { scope: Scope::new(&id), id, key: space.key, home: space.homepage.map(|home| home.id), personal, archived }
    }
}

/// Path and query of a space's pages or posts; `scan` walks by cursor and is quick on large instances, where it exists.
pub(super) fn listing(space: &Space, kind: Kind, scan: bool) -> (String, Query) {
    // A post's day of creation is part of how links name it.
    let expand = if kind == Kind::Post { "version,ancestors,metadata.labels,history" } else { "version,ancestors,metadata.labels" };
    let path = if scan { "/rest/api/content/scan" } else { "/rest/api/content" };
    let mut all = query(&[("spaceKey", &space.key), ("type", kind.name()), ("status", "current"), ("expand", expand), ("limit", PAGE)]);
    if !scan {
        all.extend(query(&[("start", "0")]));
    }
    (path.to_owned(), all)
}

/// An item of a listing, or of a search on either flavour.
pub(super) fn item(content: &Content, space: &Space, kind: Kind, web: &str) -> Item {
    let version = content.version.as_ref();
    let editor = version.and_then(|v| v.by.as_ref());
    let revision = place::revision(version.map_or(0, |v| v.number), version.and_then(|v| v.when.as_deref()), &space.id);
    let parent = content.ancestors.iter().flatten().next_back();
    let author = content.history.as_ref().and_then(|h| h.created_by.as_ref());
    Item {
        id: RemoteId::new(&content.id),
        revision: if content.is_archived() { place::archived(&revision) } else { revision },
        place: place::of(
            &place::Facts {
                id: &content.id,
                title: &content.title,
                kind,
                parent: parent.map(|above| above.id.as_str()),
                webui: content.links.webui.as_deref(),
                created: content.history.as_ref().and_then(|h| h.created_date.as_deref()),
            },
            space,
            web,
        ),
        people: [editor, author].into_iter().flatten().filter_map(key_of).collect(),
        modified_ms: version.and_then(|v| api::millis(v.when.as_deref()?)).unwrap_or_default(),
        labels: content.labels(),
        above: content.ancestors.as_ref().map(|above| above.iter().map(step).collect()),
        node: parent.filter(|above| !step(above).is_page).map(|above| above.id.clone()),
    }
}

fn step(above: &Content) -> Step {
    Step { id: above.id.clone(), is_page: above.kind.is_empty() || above.kind == "page" }
}

/// A fetched body; none where the answer holds none, or is no current version.
pub(super) fn fetched(content: Content, key: &str, web: &str) -> Option<Fetched> {
    if content.status.as_deref().is_some_and(|status| status != "current") {
        return None;
    }
    let labels = content.labels();
    let body = content.body?.storage?.value;
    let version = content.version.unwrap_or_default();
    let history = content.history.unwrap_or_default();
    let space = content.space.unwrap_or_default();
    let space_id = if space.id.is_empty() { &space.key } else { &space.id };
    let revision = place::revision(version.number, version.when.as_deref(), space_id);
    let text = |person: Option<&Person>| person.and_then(key_of).map(|key| key.as_str().to_owned());
    let head = Head {
        kind: content.kind,
        cloud: false,
        base: web.to_owned(),
        space: if space.key.is_empty() { key.to_owned() } else { space.key },
        page: content.id,
        version: version.number,
        created_at: history.created_date.as_deref().map(api::utc),
        created_by: text(history.created_by.as_ref()),
        updated_at: version.when.as_deref().map(api::utc),
        updated_by: text(version.by.as_ref()),
        ..Head::default()
    };
    Some(Fetched { raw: encode(&head, &body), revision, labels })
}

/// The key of a person.
pub(super) fn key_of(who: &Person) -> Option<Key> {
    person(who.account_id.as_deref(), who.user_key.as_deref(), who.username.as_deref())
}
