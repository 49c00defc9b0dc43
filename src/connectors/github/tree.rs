//! What is known of a repository's files between runs: names and contents of all that is wanted, by path, and the trees that were looked into.
//!
//! It travels in the cursor of the repository's files.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::choice;
use super::repository::Repository;
use crate::model::Cursor;

/// The form's version.
const VERSION: u32 = 1;

/// Files by path. A tree and the one that follows it share what did not change.
pub(super) type Files = BTreeMap<Arc<str>, Arc<File>>;

/// Files of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Tree {
    pub(super) v: u32,
    /// `owner/name`: addresses change with it.
    pub(super) name: String,
    /// The repository's folder.
    pub(super) folder: [String; 2],
    pub(super) branch: String,
    pub(super) commit: String,
    /// The root's tree.
    pub(super) root: String,
    /// What was asked for: with another selection nothing is taken over.
    pub(super) choice: String,
    pub(super) archived: bool,
    /// Trees of folders that were listed, by path.
    pub(super) folders: BTreeMap<String, String>,
    /// Documents, images, and links among them.
    #[serde(serialize_with = "write_files", deserialize_with = "read_files")]
    pub(super) files: Files,
}

/// A tree without its files: all that a run in which nothing changed has to know.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Outline {
    v: u32,
    name: String,
    folder: [String; 2],
    branch: String,
    commit: String,
    root: String,
    choice: String,
    archived: bool,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct File {
    /// Its content's name.
    #[serde(rename = "s")]
    pub(super) sha: Box<str>,
    #[serde(rename = "m")]
    pub(super) mode: Mode,
    /// In bytes, where it is known.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    /// Of a link: what stands in it.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<Box<str>>,
    /// Of a link: the content's name of the file that it leads to; none where it leads to none.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Box<str>>,
}

/// What kind of file it is, as git writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mode {
    /// A file.
    #[serde(rename = "100644")]
    Plain,
    /// One that may be executed.
    #[serde(rename = "100755")]
    Executable,
    /// One that its group may write, as old versions of git made it.
    #[serde(rename = "100664")]
    Group,
    /// A symbolic link.
    #[serde(rename = "120000")]
    Link,
}

impl Mode {
    /// None where it is no file.
    pub(super) fn of(text: &str) -> Option<Self> {
        [Self::Plain, Self::Executable, Self::Group, Self::Link].into_iter().find(|mode| mode.as_str() == text)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "100644",
            Self::Executable => "100755",
            Self::Group => "100664",
            Self::Link => "120000",
        }
    }
}

impl Outline {
    pub(super) fn recall(cursor: &Cursor) -> Option<Self> {
        serde_json::from_str::<Self>(cursor.as_str()).ok().filter(|outline| outline.v == VERSION)
    }

    /// Whether the files of a repository, chosen so, are those that are known, at the places that are known.
    pub(super) fn is_of(&self, repository: &Repository, choice: &str) -> bool {
        let same_files = repository.head.as_ref().is_some_and(|head| self.commit == head.commit || (!head.tree.is_empty() && self.root == head.tree));
        same_files
            && self.choice == choice
            && self.name == repository.full_name
            && self.folder == repository.folder
            && self.branch == repository.branch
            && self.archived == repository.archived
    }
}

impl File {
    pub(super) fn is_link(&self) -> bool {
        self.mode == Mode::Link
    }

    /// The name of the content that is mirrored under its path; none where there is none.
    pub(super) fn content(&self) -> Option<&str> {
        if self.is_link() { self.content.as_deref() } else { Some(&self.sha) }
    }

    /// What changes with its content.
    pub(super) fn revision(&self) -> Option<String> {
        self.content().map(|content| format!("{content} {}", self.mode.as_str()))
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            v: VERSION,
            name: String::new(),
            folder: <[String; 2]>::default(),
            branch: String::new(),
            commit: String::new(),
            root: String::new(),
            choice: String::new(),
            archived: false,
            folders: BTreeMap::new(),
            files: Files::new(),
        }
    }
}

impl Tree {
    pub(super) fn recall(cursor: &Cursor) -> Option<Self> {
        let tree: Self = serde_json::from_str(cursor.as_str()).ok()?;
        (tree.v == VERSION).then_some(tree)
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
        // Plain texts and numbers: writing them as JSON cannot fail.
        serde_json::to_string(self).ok().map(Cursor::from)
    }

    /// Everything at or below a folder, as it was.
    pub(super) fn take_below(&self, folder: &str, into: &mut Self) {
        let is_below = |path: &str| folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        into.files.extend(self.files.iter().filter(|(path, _)| is_below(path)).map(|(path, file)| (Arc::clone(path), Arc::clone(file))));
        into.folders.extend(self.folders.iter().filter(|(path, _)| is_below(path)).map(|(path, sha)| (path.clone(), sha.clone())));
    }

    /// The README that is shown for each folder.
    pub(super) fn readmes(&self, is_document: impl Fn(&str) -> bool) -> BTreeMap<&str, &str> {
        let mut best: BTreeMap<&str, &str> = BTreeMap::new();
        for path in self.files.keys().map(|path| &**path).filter(|path| choice::is_readme(path) && is_document(path)) {
            let slot = best.entry(super::place::parent(path)).or_insert(path);
            if choice::readme_rank(path) < choice::readme_rank(slot) {
                *slot = path;
            }
        }
        best
    }
}

fn write_files<S: Serializer>(files: &Files, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(files.iter().map(|(path, file)| (&**path, &**file)))
}

/// Reads all, then makes the map at once: one that grows file by file takes half as much again.
fn read_files<'de, D: Deserializer<'de>>(from: D) -> Result<Files, D::Error> {
    struct All;
    impl<'de> Visitor<'de> for All {
        type Value = Files;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("files by path")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Files, A::Error> {
            let mut all: Vec<(Arc<str>, Arc<File>)> = Vec::new();
            while let Some((path, file)) = map.next_entry::<String, File>()? {
                all.push((path.into(), Arc::new(file)));
            }
            Ok(all.into_iter().collect())
        }
    }
    from.deserialize_map(All)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As an earlier version wrote it.
    const EARLIER: &str = r#"{"v":1,"name":"acme/app","folder":["acme","app"],"branch":"main","commit":"c1","root":"r1","choice":"x","archived":false,"folders":{"":"r1","docs":"d1"},"files":{"docs/a.md":{"s":"a1","m":"100644","b":7},"docs/l.md":{"s":"l1","m":"120000","t":"a.md","l":"a1"}}}"#;

    #[test]
    fn what_an_earlier_version_wrote_is_read_and_written_again_as_it_was() {
        let tree = Tree::recall(&Cursor::new(EARLIER)).unwrap();
        assert_eq!(tree.files["docs/a.md"].revision().as_deref(), Some("a1 100644"));
        assert_eq!(tree.files["docs/l.md"].revision().as_deref(), Some("a1 120000"));
        assert_eq!(tree.cursor().unwrap().as_str(), EARLIER);
        assert!(Tree::recall(&Cursor::new(EARLIER.replace("\"v\":1", "\"v\":2"))).is_none());
    }

    #[test]
    fn a_tree_shares_with_the_next_one_what_did_not_change() {
        let (before, mut next) = (Tree::recall(&Cursor::new(EARLIER)).unwrap(), Tree::default());
        before.take_below("docs", &mut next);
        assert!(Arc::ptr_eq(&before.files["docs/a.md"], &next.files["docs/a.md"]));
        assert_eq!((next.files.len(), next.folders.len()), (2, 1));
    }
}
