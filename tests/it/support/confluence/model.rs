//! What there is on the site: spaces, content, attachments, people; and who sees what.
//!
//! Plain data behind one lock. It knows neither HTTP nor JSON shapes; bodies alone are kept as JSON text, because they are sent far more often than
//! they are written.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::access::Caller;
use crate::support::wire::{days_since_1970, fits_in_path, title_in_path};

/// The id of a space, of content, or of an attachment (there without its `att`).
pub type Id = u64;

/// Which product the site is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Cloud,
    DataCenter,
}

/// What a thing in a space's tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Page,
    Post,
    Folder,
    Whiteboard,
    Database,
    Embed,
}

impl Kind {
    /// Its name in REST and in CQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Post => "blogpost",
            Self::Folder => "folder",
            Self::Whiteboard => "whiteboard",
            Self::Database => "database",
            Self::Embed => "embed",
        }
    }
}

/// Where content stands in its life. What is purged is not there at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Current,
    Archived,
    Trashed,
    Draft,
}

impl Status {
    /// Its name in REST.
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Archived => "archived",
            Self::Trashed => "trashed",
            Self::Draft => "draft",
        }
    }
}

/// A space.
#[derive(Clone, Debug)]
pub struct Space {
    pub id: Id,
    pub key: String,
    /// What stands for the key in addresses (Cloud's `currentActiveAlias`).
    pub alias: String,
    pub name: String,
    pub home: Id,
    pub created: u64,
    pub archived: bool,
    /// Closed to everybody who asks.
    pub forbidden: bool,
    /// Open to callers without an account.
    pub open: bool,
}

/// A page, a post, or another thing in the tree.
#[derive(Clone, Debug)]
pub struct Content {
    pub id: Id,
    pub kind: Kind,
    pub space: Id,
    pub parent: Option<Id>,
    pub position: u64,
    pub title: String,
    pub status: Status,
    pub version: u32,
    pub created: u64,
    pub modified: u64,
    /// The modification that search knows of; none before it has been indexed.
    pub indexed: Option<u64>,
    /// Indexes into [`Model::users`].
    pub author: usize,
    pub editor: usize,
    pub labels: Vec<String>,
    /// Invisible to the caller.
    pub restricted: bool,
    /// A live doc (Cloud's `subtype`).
    pub live: bool,
    /// The storage format as a JSON string, quotes included.
    pub body: Arc<RawValue>,
}

/// A file attached to a page or post.
#[derive(Clone, Debug)]
pub struct Attachment {
    pub id: Id,
    pub page: Id,
    pub name: String,
    pub media_type: String,
    pub bytes: Bytes,
    /// The size that listings tell, if `Fault::Swollen` makes it another one than there are bytes here.
    pub swells_to: Option<u64>,
    pub version: u32,
    pub created: u64,
    pub modified: u64,
    pub author: usize,
}

impl Attachment {
    /// The size that listings tell.
    pub fn size(&self) -> u64 {
        self.swells_to.unwrap_or(self.bytes.len() as u64)
    }
}

/// A comment on a page or post.
#[derive(Clone, Debug)]
pub struct Comment {
    pub id: Id,
    pub page: Id,
    /// The comment that it answers.
    pub parent: Option<Id>,
    /// The words that it is about, if it is an inline comment.
    pub selection: Option<String>,
    pub resolved: bool,
    pub version: u32,
    pub created: u64,
    pub modified: u64,
    /// Whether search knows of it.
    pub indexed: bool,
    pub author: usize,
    pub editor: usize,
    /// The storage format as a JSON string, quotes included.
    pub body: Arc<RawValue>,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct User {
    /// Account id on Cloud, user key on Data Center.
    pub id: String,
    /// Data Center's user name.
    pub username: String,
    pub name: String,
}

/// Everything on the site.
#[derive(Debug)]
pub struct Model {
    pub flavour: Flavour,
    pub spaces: BTreeMap<Id, Space>,
    pub content: BTreeMap<Id, Content>,
    pub attachments: BTreeMap<Id, Attachment>,
    pub comments: BTreeMap<Id, Comment>,
    /// The first is the account that mirrors; the second writes, unless [`Model::write_as`] says otherwise.
    pub users: Vec<User>,
    /// The site's clock, in milliseconds since 1970: what content carries and `now()` means. Each edit moves it by `step_ms`. HTTP headers go by the
    /// machine's clock instead, as those of a client do; [`Model::set_clock_to_machine`] makes the two one.
    pub now: u64,
    pub step_ms: u64,
    /// The instance's zone, in which CQL reads dates and Data Center writes them.
    pub zone_minutes: i64,
    /// Whether links to a page follow it when it is renamed, without a new version of the page that holds them, as Confluence does.
    pub links_follow_renames: bool,
    pub(super) writer: usize,
    pub(super) next_id: Id,
    pub(super) index_frozen: bool,
}

impl Model {
    /// An empty site at 2026-01-05T09:00:00.000Z.
    pub fn new(flavour: Flavour) -> Self {
        let mut model = Self {
            flavour,
            spaces: BTreeMap::new(),
            content: BTreeMap::new(),
            attachments: BTreeMap::new(),
            comments: BTreeMap::new(),
            users: Vec::new(),
            now: days_since_1970(2026, 1, 5) * 86_400_000 + 9 * 3_600_000,
            step_ms: 1337,
            zone_minutes: if flavour == Flavour::Cloud { -420 } else { 120 },
            links_follow_renames: true,
            writer: 1,
            next_id: 98_304,
            index_frozen: false,
        };
        model.add_user("mirror", "Mira Mirror");
        model.add_user("ann", "Ann Author");
        model
    }

    /// The space with this key, whatever its state.
    pub fn space_by_key(&self, key: &str) -> Option<&Space> {
        self.spaces.values().find(|space| space.key == key)
    }

    /// The space with this key; a test that names another is wrong.
    pub fn space(&self, key: &str) -> &Space {
        self.space_by_key(key).unwrap_or_else(|| panic!("the simulated site has no space {key}"))
    }

    /// The home page of a space.
    pub fn home(&self, key: &str) -> Id {
        self.space(key).home
    }

    /// A page or post by title.
    pub fn find(&self, key: &str, title: &str) -> Option<Id> {
        let space = self.space(key).id;
        self.content.values().find(|content| content.space == space && content.title == title).map(|content| content.id)
    }

    /// What has this id; a test that names another is wrong.
    pub fn get(&self, id: Id) -> &Content {
        self.content.get(&id).unwrap_or_else(|| panic!("the simulated site has no content {id}"))
    }

    /// The storage format of a page or post.
    pub fn body(&self, id: Id) -> String {
        serde_json::from_str(self.get(id).body.get()).unwrap()
    }

    /// The space that content stands in.
    pub fn space_of(&self, content: &Content) -> &Space {
        &self.spaces[&content.space]
    }

    /// Whether the caller may know of a space.
    pub fn sees_space(&self, space: &Space, caller: Caller) -> bool {
        !space.forbidden && (caller == Caller::Account || space.open)
    }

    /// Whether the caller may know of content.
    pub fn sees(&self, content: &Content, caller: Caller) -> bool {
        !content.restricted && self.spaces.get(&content.space).is_some_and(|space| self.sees_space(space, caller))
    }

    /// Content that is there for the caller.
    pub fn visible(&self, id: Id, caller: Caller) -> Option<&Content> {
        self.content.get(&id).filter(|content| self.sees(content, caller))
    }

    /// Ancestors from the top to the parent. An id that leads nowhere ends the walk.
    pub fn ancestors(&self, content: &Content) -> Vec<&Content> {
        let mut above = Vec::new();
        let mut next = content.parent;
        while let Some(parent) = next.and_then(|id| self.content.get(&id)) {
            above.push(parent);
            next = parent.parent;
        }
        above.reverse();
        above
    }

    /// Attachments of a page or post, in the order of their ids.
    pub fn attachments_of(&self, page: Id) -> impl Iterator<Item = &Attachment> {
        self.attachments.values().filter(move |attachment| attachment.page == page)
    }

    /// Whether a comment is an inline comment, or answers one.
    pub fn is_inline(&self, comment: &Comment) -> bool {
        comment.selection.is_some() || comment.parent.and_then(|parent| self.comments.get(&parent)).is_some_and(|parent| self.is_inline(parent))
    }

    /// A label's id.
    pub fn label_id(label: &str) -> u64 {
        50_000 + crate::support::wire::fingerprint(label) % 1_000_000
    }

    /// The address for people, relative to the base.
    pub fn web_path(&self, content: &Content) -> String {
        let space = self.space_of(content);
        let (key, id, title) = (&space.alias, content.id, title_in_path(&content.title));
        let suffix = if fits_in_path(&content.title) { format!("/{title}") } else { String::new() };
        match (self.flavour, content.kind) {
            (Flavour::Cloud, Kind::Page) if space.home == id => format!("/spaces/{key}/overview"),
            (Flavour::Cloud, Kind::Page) => format!("/spaces/{key}/pages/{id}{suffix}"),
            (Flavour::Cloud, Kind::Post) => format!("/spaces/{key}/blog/{}/{id}{suffix}", crate::support::wire::day(content.created)),
            (Flavour::Cloud, kind) => format!("/spaces/{key}/{}/{id}", kind.name()),
            (Flavour::DataCenter, Kind::Page) if fits_in_path(&content.title) => format!("/display/{key}/{title}"),
            (Flavour::DataCenter, Kind::Post) if fits_in_path(&content.title) => {
                format!("/display/{key}/{}/{title}", crate::support::wire::day(content.created))
            }
            (Flavour::DataCenter, _) => format!("/pages/viewpage.action?pageId={id}"),
        }
    }
}
