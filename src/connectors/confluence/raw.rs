//! The raw body that the state keeps: one line of JSON with the facts that came with the body, then the body as it is.
//!
//! It holds nothing short-lived and nothing that changes without a new revision of the document.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{cards, comments, keys, storage};
use crate::connectors::connector::ReadError;
use crate::model::{Body, Document, Facts, Key, Raw};

/// The form's version: raised when an old raw body can no longer be read as it was meant.
const VERSION: u32 = 1;

/// What came with a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Head {
    /// The form's version.
    pub(super) v: u32,
    /// `page`, `blogpost`, `comments`, or that of a card.
    pub(super) kind: String,
    /// Cloud, or Data Center.
    pub(super) cloud: bool,
    /// The web base.
    pub(super) base: String,
    /// The space's key.
    pub(super) space: String,
    /// The id; of comments, that of their page.
    pub(super) page: String,
    /// The service's version.
    pub(super) version: u64,
    /// RFC 3339, UTC.
    pub(super) created_at: Option<String>,
    /// A key.
    pub(super) created_by: Option<String>,
    /// RFC 3339, UTC.
    pub(super) updated_at: Option<String>,
    /// A key.
    pub(super) updated_by: Option<String>,
    /// `archived` for archived pages.
    pub(super) status: Option<String>,
    /// `live` for live docs.
    pub(super) subtype: Option<String>,
}

/// Joins head and body.
pub(super) fn encode(head: &Head, body: &str) -> Raw {
    let head = Head { v: VERSION, ..head.clone() };
    // Strings, numbers and flags: writing them as JSON cannot fail.
    let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
    bytes.push(b'\n');
    bytes.extend_from_slice(body.as_bytes());
    Raw(Bytes::from(bytes))
}

/// Reads a raw body into a document.
pub(super) fn read(raw: &Raw) -> Result<Document, ReadError> {
    let bytes = &raw.0[..];
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| ReadError::Unreadable("it has no first line".to_owned()))?;
    let head: Head = serde_json::from_slice(&bytes[..end]).map_err(|error| ReadError::Unreadable(format!("its first line is damaged: {error}")))?;
    if head.v != VERSION {
        return Err(ReadError::Unreadable(format!("it has the form {}, not {VERSION}", head.v)));
    }
    let body = std::str::from_utf8(&bytes[end + 1..]).map_err(|error| ReadError::Unreadable(format!("its text is damaged: {error}")))?;
    if head.kind == comments::KIND {
        let (tree, diagnostics, count) = comments::threads::read(body, &head).map_err(ReadError::Unreadable)?;
        return Ok(Document { facts: comments_facts(head, count), body: Body::Tree(tree), parts: Vec::new(), diagnostics });
    }
    if cards::is_card(&head.kind) {
        let (tree, diagnostics, target) = cards::read(body, &head).map_err(ReadError::Unreadable)?;
        let mut facts = facts(head);
        facts.extra.extend(target.map(|target| ("embed_url".to_owned(), target.into())));
        return Ok(Document { facts, body: Body::Tree(tree), parts: Vec::new(), diagnostics });
    }
    let context = storage::Context { base: &head.base, space: &head.space, page: &head.page, cloud: head.cloud };
    let storage::Reading { tree, parts, diagnostics } = storage::read(body, &context);
    Ok(Document { facts: facts(head), body: Body::Tree(tree), parts, diagnostics })
}

fn facts(head: Head) -> Facts {
    let mut extra =
        vec![("space_key".to_owned(), head.space.into()), ("status".to_owned(), head.status.unwrap_or_else(|| "current".to_owned()).into())];
    extra.extend(head.subtype.map(|subtype| ("subtype".to_owned(), subtype.into())));
    Facts {
        created_at: head.created_at,
        created_by: head.created_by.map(Key::new),
        updated_at: head.updated_at,
        updated_by: head.updated_by.map(Key::new),
        version: Some(head.version.to_string()),
        extra,
    }
}

fn comments_facts(head: Head, count: usize) -> Facts {
    let extra =
        vec![("space_key".to_owned(), head.space.into()), ("page".to_owned(), head.page.into()), ("comments".to_owned(), count.to_string().into())];
    Facts { created_at: head.created_at, updated_at: head.updated_at, updated_by: head.updated_by.map(Key::new), extra, ..Facts::default() }
}

/// A person's key as Data Center and v1 name them.
pub(super) fn person(account_id: Option<&str>, user_key: Option<&str>, username: Option<&str>) -> Option<Key> {
    account_id.or(user_key).map(keys::user).or_else(|| username.map(keys::username))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_again() {
        let head = Head {
            page: "7".to_owned(),
            space: "ENG".to_owned(),
            version: 3,
            created_by: Some("user:a".to_owned()),
            subtype: Some("live".into()),
            ..Head::default()
        };
        let document = read(&encode(&head, "<p>a</p>\n<p>b</p>")).unwrap();
        assert_eq!(document.facts.version.as_deref(), Some("3"));
        assert_eq!(document.facts.created_by, Some(keys::user("a")));
        assert!(document.facts.extra.contains(&("subtype".to_owned(), "live".into())));
        assert!(!document.body.blocks().is_empty());
        read(&encode(&head, "")).unwrap();
    }

    #[test]
    fn what_this_version_cannot_read_is_said() {
        for bytes in [&b"no line"[..], b"{}\n", b"{\"v\":2}\n<p/>", b"junk\n", b"{\"v\":1}\n\xff"] {
            assert!(read(&Raw(Bytes::copy_from_slice(bytes))).is_err());
        }
    }
}
