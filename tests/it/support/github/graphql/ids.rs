//! Global node ids: a prefix that names the kind, and what leads to the thing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::support::github::model::{Id, Owner, OwnerKind};

/// An id of any kind.
pub fn plain(prefix: &str, what: &str) -> String {
    format!("{prefix}_kwDO{}", URL_SAFE_NO_PAD.encode(what))
}

/// The prefix of an id and what stands in it, cut at its colons.
pub fn parts(id: &str) -> Option<(String, Vec<String>)> {
    let (prefix, rest) = id.split_once("_kwDO")?;
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(rest).ok()?).ok()?;
    Some((prefix.to_owned(), text.split(':').map(str::to_owned).collect()))
}

/// A repository's.
pub fn repository(id: Id) -> String {
    plain("R", &id.to_string())
}

/// An account's.
pub fn owner(owner: &Owner) -> String {
    let prefix = match owner.kind {
        OwnerKind::User => "U",
        OwnerKind::Organization => "O",
        OwnerKind::Bot => "BOT",
        OwnerKind::Mannequin => "M",
    };
    plain(prefix, &owner.id.to_string())
}

/// What lies in a repository, by a number or an id.
pub fn within(prefix: &str, repository: Id, at: u64) -> String {
    plain(prefix, &format!("{repository}:{at}"))
}

/// What lies in a conversation or release of a repository.
pub fn below(prefix: &str, repository: Id, at: u64, inner: u64) -> String {
    plain(prefix, &format!("{repository}:{at}:{inner}"))
}
