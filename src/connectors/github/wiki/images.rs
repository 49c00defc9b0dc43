//! Images of a wiki that pages may show. Pure.

use super::place;
use crate::connectors::github::place::component;
use crate::connectors::github::repository::{Part, Repository, encoded};
use crate::git::Entry;
use crate::model::{AssetRef, Owner, Revision};

/// An image as a listing names it: it is brought when a page shows it.
pub(super) fn of(repository: &Repository, path: &str, entry: &Entry) -> AssetRef {
    let name = path.rsplit('/').next().unwrap_or(path);
    AssetRef {
        id: place::id(repository.id, path),
        owner: Owner::Scope(repository.scope(Part::Wiki)),
        revision: Revision::new(&entry.sha),
        keys: vec![place::image_key(repository.id, path)],
        name: name.to_owned(),
        folder: place::folder(repository, path),
        file_name: component(name),
        size: entry.size,
        media_type: None,
        modified_secs: None,
        url: format!("{}/wiki/{}", repository.html_url, encoded(path)),
        source: format!("wiki:{}:{}", repository.id, entry.sha),
        always: false,
    }
}

/// Repository and content of an image's source; none where it is another's.
pub(super) fn source(source: &str) -> Option<(u64, &str)> {
    let (repository, sha) = source.strip_prefix("wiki:")?.split_once(':')?;
    Some((repository.parse().ok()?, sha))
}
