//! What is remembered of a wiki from one listing to the next, in its cursor.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::connectors::github::repository::Repository;
use crate::model::Cursor;

/// It.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// The commit that was listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<String>,
    /// There was no wiki: it is asked for once a day.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) absent: bool,
    /// This commit is larger than this limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) too_large: Option<String>,
    /// What the places of pages follow from.
    pub(super) place: String,
    /// The settings by which pages and images were chosen.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) selection: String,
    /// Pages: content by path.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) pages: BTreeMap<String, String>,
}

/// What changes the places of all pages.
pub(super) fn place(repository: &Repository) -> String {
    format!("{} in {}", repository.html_url, repository.folder.join("/"))
}

impl Memory {
    /// What cannot be read is as good as nothing: everything is listed then.
    pub(super) fn read(cursor: &Cursor) -> Self {
        serde_json::from_str(cursor.as_str()).unwrap_or_default()
    }

    /// After a whole listing.
    pub(super) fn of(head: &str, place: String, selection: String, known: &FxHashMap<String, (String, Option<u64>)>) -> Self {
        let pages = known.iter().map(|(path, (sha, _))| (path.clone(), sha.clone())).collect();
        Self { head: Some(head.to_owned()), place, selection, pages, ..Self::default() }
    }

    pub(super) fn written(&self) -> Cursor {
        // Texts and maps of texts: writing them as JSON cannot fail.
        Cursor::new(serde_json::to_string(self).unwrap_or_default())
    }

    /// Pages that are not there any more while their content is, under a path that is new.
    pub(super) fn renamed<'m>(&'m self, now: &'m FxHashMap<String, (String, Option<u64>)>) -> impl Iterator<Item = &'m str> {
        let new: FxHashSet<&str> = now.iter().filter(|(path, _)| !self.pages.contains_key(*path)).map(|(_, (sha, _))| sha.as_str()).collect();
        let gone = self.pages.iter().filter(|(path, _)| !now.contains_key(*path));
        gone.filter(move |(_, sha)| new.contains(sha.as_str())).map(|(path, _)| path.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(pages: &[(&str, &str)]) -> FxHashMap<String, (String, Option<u64>)> {
        pages.iter().map(|(path, sha)| ((*path).to_owned(), ((*sha).to_owned(), Some(1)))).collect()
    }

    #[test]
    fn a_page_that_lives_on_under_another_name_was_renamed() {
        let old = Memory::of("1", String::new(), String::new(), &known(&[("a.md", "1"), ("b.md", "2"), ("c.md", "3"), ("d.md", "3")]));
        let now = known(&[("new.md", "1"), ("c.md", "3"), ("b.md", "9")]);
        assert_eq!(old.renamed(&now).collect::<Vec<_>>(), ["a.md"]);
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let memory = Memory::of("1", "here".to_owned(), "1 true".to_owned(), &known(&[("a.md", "1")]));
        assert_eq!(Memory::read(&memory.written()), memory);
        assert_eq!(Memory::read(&Cursor::new("nonsense")), Memory::default());
        assert_eq!(Memory { absent: true, ..Memory::default() }.written().as_str(), r#"{"absent":true,"place":""}"#);
    }
}
