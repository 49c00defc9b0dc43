//! What is known of a repository's files between runs: names and contents of all that is wanted, by path, and the trees that were looked into.
//!
//! It travels in the cursor of the repository's files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::choice;
use crate::model::Cursor;

/// The form's version.
const VERSION: u32 = 1;

/// Files of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Documents, images, and links among them, by path.
    pub(super) files: BTreeMap<String, File>,
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct File {
    /// Its content's name.
    #[serde(rename = "s")]
    pub(super) sha: String,
    /// `100644`, `100755` or `120000`, a link.
    #[serde(rename = "m")]
    pub(super) mode: String,
    /// In bytes, where it is known.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    /// Of a link: what stands in it.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    /// Of a link: the content's name of the file that it leads to; none where it leads to none.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
}

impl File {
    pub(super) fn is_link(&self) -> bool {
        self.mode == "120000"
    }

    /// The name of the content that is mirrored under its path; none where there is none.
    pub(super) fn content(&self) -> Option<&str> {
        if self.is_link() { self.content.as_deref() } else { Some(&self.sha) }
    }

    /// What changes with its content.
    pub(super) fn revision(&self) -> Option<String> {
        self.content().map(|content| format!("{content} {}", self.mode))
    }
}

impl Tree {
    pub(super) fn recall(cursor: &Cursor) -> Option<Self> {
        let tree: Self = serde_json::from_str(cursor.as_str()).ok()?;
        (tree.v == VERSION).then_some(tree)
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
        // Plain texts and numbers: writing them as JSON cannot fail.
        serde_json::to_string(&Self { v: VERSION, ..self.clone() }).ok().map(Cursor::from)
    }

    /// Everything at or below a folder, as it was.
    pub(super) fn take_below(&self, folder: &str, into: &mut Self) {
        let is_below = |path: &str| folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        into.files.extend(self.files.iter().filter(|(path, _)| is_below(path)).map(|(path, file)| (path.clone(), file.clone())));
        into.folders.extend(self.folders.iter().filter(|(path, _)| is_below(path)).map(|(path, sha)| (path.clone(), sha.clone())));
    }

    /// The README that is shown for each folder.
    pub(super) fn readmes(&self, is_document: impl Fn(&str) -> bool) -> BTreeMap<&str, &str> {
        let mut best: BTreeMap<&str, &str> = BTreeMap::new();
        for path in self.files.keys().filter(|path| choice::is_readme(path) && is_document(path)) {
            let slot = best.entry(super::place::parent(path)).or_insert(path);
            if choice::readme_rank(path) < choice::readme_rank(slot) {
                *slot = path;
            }
        }
        best
    }
}
