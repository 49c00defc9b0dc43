//! Whiteboards, databases and smart links: they stand in the tree, and REST gives nothing of what is on them. Each becomes a small document that says what
//! it is and where to open it, so that the tree is whole and links to it lead somewhere.
//!
//! One search a day finds them, the one that names folders; in between those that are known are vouched for, so they cost nothing.

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::api::{self, query};
use super::data_center::key_of;
use super::list::{Listing, Space};
use super::raw::{Head, encode};
use super::site::Site;
use super::v1::{Content, Person};
use super::{Confluence, locked, place};
use crate::connectors::connector::{Fetched, Listed, Presence, SourceError, Wanted};
use crate::markdown::{Block, Inline, Target, Tree};
use crate::model::{Diagnostic, Key, Place, RemoteId, Revision, Treatment};

/// Requests at once where each asks for one of them.
const AT_ONCE: usize = 4;

/// What is remembered of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Card {
    pub(super) id: String,
    /// `whiteboard`, `database` or `embed`.
    pub(super) kind: String,
    title: String,
    parent: Option<String>,
    /// The space's id.
    pub(super) space: String,
    webui: Option<String>,
    version: u64,
    /// RFC 3339, UTC.
    updated_at: Option<String>,
    updated_by: Option<String>,
    created_at: Option<String>,
    created_by: Option<String>,
}

impl Card {
    /// Reads a search's hit.
    pub(super) fn of(found: &Content, space: &Space) -> Self {
        let key = |person: Option<&Person>| person.and_then(key_of).map(|key| key.as_str().to_owned());
        let (version, history) = (found.version.as_ref(), found.history.as_ref());
        Self {
            id: found.id.clone(),
            kind: found.kind.clone(),
            title: found.title.clone(),
            parent: found.ancestors.iter().flatten().next_back().map(|above| above.id.clone()),
            space: space.id.clone(),
            webui: found.links.webui.clone(),
            version: version.map_or(0, |version| version.number),
            updated_at: version.and_then(|version| version.when.as_deref()).map(api::utc),
            updated_by: key(version.and_then(|version| version.by.as_ref())),
            created_at: history.and_then(|history| history.created_date.as_deref()).map(api::utc),
            created_by: key(history.and_then(|history| history.created_by.as_ref())),
        }
    }

    fn revision(&self) -> Revision {
        place::revision(self.version, self.updated_at.as_deref(), &self.space)
    }

    fn place(&self, space: &Space, web: &str) -> Place {
        place::node(&self.id, &self.kind, Some(&self.title), self.parent.as_deref(), self.webui.as_deref(), space, web)
    }
}

/// Whether this kind of thing becomes a card.
pub(super) fn is_card(kind: &str) -> bool {
    matches!(kind, "whiteboard" | "database" | "embed")
}

impl Listing<'_> {
    /// Names cards of mirrored spaces.
    pub(super) async fn name_cards(&self, cards: &[Card]) {
        for card in cards {
            let Some(space) = self.spaces.iter().find(|space| space.id == card.space) else { continue };
            let people = card.updated_by.iter().chain(&card.created_by).map(Key::new).collect();
            let place = card.place(space, &self.site.web);
            self.out.send(Listed::Seen { id: RemoteId::new(&card.id), revision: card.revision(), place, people }).await;
        }
        locked(&self.conn.cards).extend(cards.iter().map(|card| (card.id.clone(), card.clone())));
    }
}

impl Confluence {
    /// One outcome per card. Only of a smart link there is more to learn: where it leads.
    pub(super) async fn card_bodies(&self, site: &Site, wanted: Vec<Wanted>) -> Vec<(RemoteId, Result<Fetched, SourceError>)> {
        let each = wanted.into_iter().map(|wanted| async move { (wanted.id.clone(), self.card_body(site, &wanted).await) });
        stream::iter(each).buffer_unordered(AT_ONCE).collect().await
    }

    async fn card_body(&self, site: &Site, wanted: &Wanted) -> Result<Fetched, SourceError> {
        let known = locked(&self.cards).get(wanted.id.as_str()).cloned();
        let Some(card) = known else { return Err(SourceError::NotVisible { what: wanted.place.title.clone(), status: 404 }) };
        let target = if card.kind == "embed" { self.embedded(site, &card.id).await? } else { None };
        let head = Head {
            kind: card.kind.clone(),
            cloud: site.cloud,
            base: site.web.clone(),
            space: wanted.place.container.first().cloned().unwrap_or_default(),
            page: card.id.clone(),
            version: card.version,
            created_at: card.created_at.clone(),
            created_by: card.created_by.clone(),
            updated_at: card.updated_at.clone(),
            updated_by: card.updated_by.clone(),
            ..Head::default()
        };
        let body = serde_json::to_string(&Body { url: wanted.place.url.clone(), target }).unwrap_or_default();
        Ok(Fetched { raw: encode(&head, &body), revision: card.revision(), labels: None })
    }

    /// Where a smart link leads. Not every token may ask; then the card leads to the service only.
    async fn embedded(&self, site: &Site, id: &str) -> Result<Option<String>, SourceError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Embed {
            embed_url: Option<String>,
        }
        let id: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
        match self.rest(site).one::<Embed>(&format!("/api/v2/embeds/{id}"), &query(&[]), "where a smart link leads").await {
            Ok(embed) => Ok(embed.embed_url.filter(|url| url.starts_with("https://") || url.starts_with("http://"))),
            Err(failed) => match failed.error {
                SourceError::NotVisible { .. } | SourceError::Unauthorized { .. } => Ok(None),
                error => Err(error),
            },
        }
    }

    /// What became of cards that search no longer names.
    pub(super) async fn card_presence(&self, site: &Site, wanted: Vec<Wanted>) -> Result<Vec<(RemoteId, Presence)>, SourceError> {
        let mut all = Vec::new();
        for wanted in wanted {
            let presence = if self.config.link_cards { self.has_card(site, &wanted).await? } else { Presence::Unwanted };
            all.push((wanted.id, presence));
        }
        Ok(all)
    }

    async fn has_card(&self, site: &Site, wanted: &Wanted) -> Result<Presence, SourceError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Found {
            status: Option<String>,
            #[serde(default)]
            space_id: String,
        }
        let id: String = wanted.id.as_str().chars().filter(char::is_ascii_alphanumeric).collect();
        let path = format!("/api/v2/{}s/{id}", wanted.place.kind);
        match self.rest(site).one::<Found>(&path, &query(&[]), "what became of a card").await {
            Ok(found) => Ok(self.judge_presence(found.status.as_deref(), &found.space_id)),
            Err(failed) => match failed.error {
                SourceError::NotVisible { status: 404 | 410, .. } if failed.json => Ok(Presence::Gone),
                // A token that may not look, or a proxy's page, says nothing of what is there.
                SourceError::NotVisible { .. } | SourceError::Unauthorized { .. } => Ok(Presence::Present),
                error => Err(error),
            },
        }
    }
}

/// What is kept as a card's body.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Body {
    /// Where the service shows it.
    url: String,
    /// Where a smart link leads.
    target: Option<String>,
}

/// Reads what follows the head of a raw body.
///
/// # Errors
/// When it is damaged.
pub(super) fn read(body: &str, head: &Head) -> Result<(Tree, Vec<Diagnostic>, Option<String>), String> {
    let Body { url, target } = serde_json::from_str(body).map_err(|error| format!("its card is damaged: {error}"))?;
    let link = |url: &str, text: &str| Inline::Link { target: Target::Url(url.to_owned()), content: vec![Inline::Text(text.to_owned())] };
    let mut blocks = Vec::new();
    if let Some(target) = &target {
        blocks.push(Block::Paragraph(vec![link(target, target)]));
    }
    let what = if head.kind == "embed" { "smart link" } else { head.kind.as_str() };
    blocks.push(Block::Paragraph(vec![link(&url, &format!("Open this {what} in Confluence"))]));
    let mut diagnostics = Vec::new();
    if target.is_none() {
        blocks.push(Block::Marker(format!("Confluence {what}: its content is not mirrored")));
        diagnostics.push(Diagnostic { what: what.to_owned(), treatment: Treatment::Lost, detail: "its content".into(), count: 1 });
    }
    Ok((Tree { blocks }, diagnostics, target))
}
