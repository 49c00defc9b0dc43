//! A release as a listing shows it, whichever way it came: its place and its revision. Pure.

use std::fmt::Write as _;
use std::sync::Arc;

use super::super::conversation::person;
use super::super::repository::{Part, Repository};
use crate::connectors::connector::Listed;
use crate::markdown::slug;
use crate::model::{ContentHash, Key, Place, RemoteId, Revision};

/// A release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// The service's number.
    pub(super) id: u64,
    pub(super) tag: String,
    /// May be empty.
    pub(super) name: String,
    pub(super) url: String,
    /// When it changed; where the service does not tell, its text is looked at.
    pub(super) updated_at: Option<String>,
    pub(super) published_at: Option<String>,
    pub(super) prerelease: bool,
    pub(super) author: Option<String>,
    /// How many files it has.
    pub(super) count: u64,
    /// Name and size of the first hundred.
    pub(super) assets: Vec<(String, u64)>,
}

impl Shown {
    /// Its revision; `body` counts where nothing tells when it changed.
    pub(super) fn revision(&self, body: &str) -> Revision {
        let mut all = format!("{}\n{}\n{}\n{}\n", self.tag, self.name, self.prerelease, self.count);
        for (name, size) in &self.assets {
            let _ = writeln!(all, "{size} {name}");
        }
        if self.updated_at.is_none() {
            all.push_str(body);
        }
        let ContentHash(hash) = ContentHash::of(all.as_bytes());
        let moment = self.updated_at.as_deref().or(self.published_at.as_deref()).unwrap_or_default();
        let mut revision = format!("{moment} ");
        for byte in &hash[..8] {
            let _ = write!(revision, "{byte:02x}");
        }
        Revision::new(revision)
    }

    /// The item of a listing.
    pub(super) fn seen(&self, repository: &Repository, body: &str) -> Listed {
        let container: Arc<[String]> = repository.folder.iter().cloned().chain(["_releases".to_owned()]).collect();
        let place = Place {
            scope: repository.scope(Part::Releases),
            container,
            kind: "release".into(),
            title: if self.name.trim().is_empty() { self.tag.clone() } else { self.name.clone() },
            parent: None,
            stem: stem(&self.tag),
            ending: ".md".into(),
            transparent: false,
            url: self.url.clone(),
            aliases: vec![Key::new(format!("release:{}:{}", repository.key(), self.tag))],
        };
        let people = vec![person(self.author.as_deref())];
        Listed::Seen { id: id(repository.id, self.id), revision: self.revision(body), place, people }
    }
}

/// `7:release/12`.
pub(super) fn id(repository: u64, release: u64) -> RemoteId {
    RemoteId::new(format!("{repository}:release/{release}"))
}

/// The release's number in an id.
pub(super) fn of_id(id: &RemoteId) -> Option<u64> {
    id.as_str().rsplit_once("release/")?.1.parse().ok()
}

/// The tag as a file's name: itself where it is plain, and another one for each tag.
fn stem(tag: &str) -> String {
    let name = format!("{}.md", slug::identity(tag));
    let name = slug::guard_instruction_file(&name);
    name.strip_suffix(".md").unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_follows_all_that_a_listing_shows() {
        let shown = Shown { tag: "v1".to_owned(), updated_at: Some("2026-01-05T09:00:00Z".to_owned()), ..Shown::default() };
        let revision = shown.revision("text");
        assert_eq!(revision, shown.revision("other text"));
        for other in [
            Shown { name: "One".to_owned(), ..shown.clone() },
            Shown { prerelease: true, ..shown.clone() },
            Shown { count: 1, assets: vec![("a.zip".to_owned(), 1)], ..shown.clone() },
            Shown { updated_at: Some("2026-01-05T09:00:01Z".to_owned()), ..shown.clone() },
        ] {
            assert_ne!(other.revision("text"), revision);
        }
        let timeless = Shown { updated_at: None, ..shown };
        assert_ne!(timeless.revision("text"), timeless.revision("other text"));
    }

    #[test]
    fn no_two_tags_give_one_name_and_none_is_an_instruction_file() {
        assert_eq!(stem("v1.2.3"), "v1.2.3");
        assert_ne!(stem("a/b"), stem("a-b"));
        assert!(!stem("a/../b").contains('/'));
        assert_ne!(stem("AGENTS"), "AGENTS");
    }
}
