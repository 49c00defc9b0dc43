//! Resource identifiers (`ri:page`, `ri:attachment`, ...): what links, images and macros point to.

use crate::connectors::confluence::keys;
use crate::markdown::Target;
use crate::model::Key;

use super::blocks::Walk;
use super::dom::{Id, Tag};
use super::{Context, href, marker};

/// What a resource identifier names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// A page by title, in a space or in that of the page that is read.
    Page { space: Option<String>, title: String },
    /// A blog post by title and day (`2025/01/31`).
    Post { space: Option<String>, day: String, title: String },
    /// Any content by id.
    Content { id: String },
    /// An attachment of the page that is read, or of another.
    File { name: String, of: Option<Box<Resource>> },
    /// A space.
    Space { key: String },
    /// A person.
    Person(Key),
    /// A person whom the source does not name.
    Somebody,
    /// An address.
    Address(String),
    /// A shortcut that an administrator defined.
    Shortcut { key: String, parameter: String },
    /// Anything else, as people can read it.
    Other(String),
}

impl Walk<'_> {
    /// The resource identifier among the children of `parent`.
    pub(super) fn resource(&self, parent: Id) -> Option<Resource> {
        self.dom.children(parent).find_map(|id| self.resource_at(id))
    }

    /// The resource that the element `id` identifies; none where it is no resource identifier.
    pub(super) fn resource_at(&self, id: Id) -> Option<Resource> {
        let tag = self.dom.tag(id)?;
        let own = |name: &str| tag.attribute(name).map(|value| value.into_owned()).filter(|value| !value.trim().is_empty());
        let space = || own("ri:space-key");
        Some(match tag.name() {
            "ri:page" => match own("ri:content-id") {
                Some(id) => Resource::Content { id },
                None => Resource::Page { space: space(), title: own("ri:content-title").unwrap_or_default() },
            },
            "ri:blog-post" => match own("ri:content-title") {
                Some(title) => Resource::Post { space: space(), day: own("ri:posting-day").unwrap_or_default(), title },
                None => Resource::Other(marker::element(tag)),
            },
            "ri:content-entity" => own("ri:content-id").map_or_else(|| Resource::Other(marker::element(tag)), |id| Resource::Content { id }),
            "ri:attachment" => match own("ri:filename") {
                Some(name) => Resource::File { name, of: self.resource(id).map(Box::new) },
                None => Resource::Other(marker::element(tag)),
            },
            "ri:space" => Resource::Space { key: space()? },
            "ri:user" => person(tag).map_or(Resource::Somebody, Resource::Person),
            "ri:url" => Resource::Address(own("ri:value").unwrap_or_default()),
            "ri:shortcut" => Resource::Shortcut { key: own("ri:key").unwrap_or_default(), parameter: own("ri:parameter").unwrap_or_default() },
            name if name.starts_with("ri:") => Resource::Other(marker::element(tag)),
            _ => return None,
        })
    }
}

fn person(tag: Tag<'_>) -> Option<Key> {
    let own = |name: &str| tag.attribute(name).filter(|value| !value.is_empty());
    own("ri:account-id").or_else(|| own("ri:userkey")).map(|id| keys::user(&id)).or_else(|| own("ri:username").map(|name| keys::username(&name)))
}

impl Resource {
    /// A page that somebody typed: its title, or a space's key, a colon and a title.
    pub(super) fn named(text: &str) -> Self {
        let is_key = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '~');
        match text.split_once(':') {
            Some((key, title)) if is_key(key) && !title.trim().is_empty() => {
                Self::Page { space: Some(key.to_owned()), title: title.trim().to_owned() }
            }
            _ => Self::Page { space: None, title: text.to_owned() },
        }
    }

    /// Where a link to it leads, and the text of a link that has none. None where it is nothing that a link can point to.
    pub(super) fn target(&self, context: &Context<'_>, anchor: Option<&str>) -> Option<(Target, Option<String>)> {
        let anchor_owned = anchor.map(str::to_owned);
        // A browser finds the place by the name that the page gives it.
        let place = |address: String| match anchor.filter(|anchor| !anchor.is_empty()) {
            Some(anchor) => format!("{address}#{}", href::encode_words(anchor).replace('+', "%20")),
            None => address,
        };
        let remote = |key, fallback: Option<String>, name| Target::Remote { key, anchor: anchor_owned.clone(), fallback: fallback.map(place), name };
        Some(match self {
            Self::Page { title, .. } if title.is_empty() => (Target::Anchor(anchor?.to_owned()), Some(anchor?.to_owned())),
            Self::Page { space, title } => {
                let space = space.as_deref().unwrap_or(context.space);
                // Without a text of its own, a link shows the title that its target has at the moment of writing: so it follows renames.
                (remote(keys::title(space, title), Some(self.address(context)?), title.clone()), None)
            }
            Self::Post { space, day, title } => {
                let space = space.as_deref().unwrap_or(context.space);
                (remote(keys::blog(space, day, title), Some(self.address(context)?), title.clone()), None)
            }
            Self::Content { id } => (remote(keys::doc(id), Some(self.address(context)?), format!("page {id}")), None),
            Self::File { name, .. } => (remote(self.file_key(context)?, Some(self.address(context)?), name.clone()), Some(name.clone())),
            Self::Space { key } => (remote(keys::space(key), Some(self.address(context)?), key.clone()), None),
            Self::Address(address) => (href::target(address, context)?, Some(address.clone())),
            Self::Person(_) | Self::Somebody | Self::Shortcut { .. } | Self::Other(_) => return None,
        })
    }

    /// The key of an attachment. One of another page that is known by title alone has that page's key in place of its id.
    pub(super) fn file_key(&self, context: &Context<'_>) -> Option<Key> {
        let Self::File { name, of } = self else { return None };
        Some(match of.as_deref() {
            None => keys::file(context.page, name),
            Some(Self::Content { id }) => keys::file(id, name),
            Some(other) => match other.target(context, None)?.0 {
                Target::Remote { key, .. } => keys::file(key.as_str(), name),
                Target::Url(_) | Target::Anchor(_) => keys::file(context.page, name),
            },
        })
    }

    /// Its web address.
    fn address(&self, context: &Context<'_>) -> Option<String> {
        let base = context.base;
        let plus = href::encode_words;
        // A short address cannot hold every title.
        let odd = |title: &str| title.contains(['/', '\\', '?', '%', '+', ';', '&', '"']);
        Some(match self {
            Self::Page { space, title } if odd(title) => {
                format!("{base}/pages/viewpage.action?spaceKey={}&title={}", plus(space.as_deref().unwrap_or(context.space)), plus(title))
            }
            Self::Page { space, title } => format!("{base}/display/{}/{}", plus(space.as_deref().unwrap_or(context.space)), plus(title)),
            Self::Post { space, day, title } => {
                format!("{base}/display/{}/{day}/{}", plus(space.as_deref().unwrap_or(context.space)), plus(title))
            }
            Self::Content { id } => format!("{base}/pages/viewpage.action?pageId={}", plus(id)),
            Self::Space { key } => format!("{base}/{}/{}", if context.cloud { "spaces" } else { "display" }, plus(key)),
            Self::File { of: None, .. } => format!("{base}/pages/viewpageattachments.action?pageId={}", plus(context.page)),
            Self::File { of: Some(page), .. } => match page.as_ref() {
                Self::Content { id } => format!("{base}/pages/viewpageattachments.action?pageId={}", plus(id)),
                page => return page.address(context),
            },
            Self::Person(_) | Self::Somebody | Self::Address(_) | Self::Shortcut { .. } | Self::Other(_) => return None,
        })
    }

    /// What people call it, for a marker; none where only a machine does.
    pub(super) fn words(&self) -> Option<String> {
        let within = |space: &Option<String>, title: &str| space.as_ref().map_or_else(|| title.to_owned(), |space| format!("{space}:{title}"));
        match self {
            Self::Page { space, title } | Self::Post { space, title, .. } => Some(within(space, title)),
            Self::File { name, .. } => Some(name.clone()),
            Self::Space { key } => Some(key.clone()),
            Self::Address(address) => Some(address.clone()),
            Self::Shortcut { key, parameter } => Some(format!("{parameter}@{key}")),
            Self::Other(text) => Some(text.clone()),
            Self::Content { .. } | Self::Person(_) | Self::Somebody => None,
        }
    }
}
