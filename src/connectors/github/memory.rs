//! What is remembered of the whole GitHub from run to run: which repositories there were, under which names, and where their folders are.
//!
//! It travels in the cursor of the scope without a name, and holds no secret.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::repository::{Head, Repository};
use super::slots::Without;
use super::trouble::Lack;
use crate::model::Cursor;

/// The form's version.
const VERSION: u32 = 1;

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    pub(super) v: u32,
    /// The web base; another one is another GitHub.
    pub(super) of: String,
    /// Fields that this server does not know.
    pub(super) lacks: BTreeSet<String>,
    /// Owners of whom all is asked for, by their name in lower case.
    pub(super) owners: BTreeMap<String, Owner>,
    /// Repositories by number.
    pub(super) repositories: BTreeMap<u64, Remembered>,
    /// How long it was not looked at everything, where a site is too large for that at each run.
    pub(super) waited: u32,
    /// What was said and stays true: it is not said again.
    pub(super) said: BTreeSet<String>,
}

/// What is remembered of an owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Owner {
    /// How many repositories the last listing had.
    pub(super) count: u64,
    /// What could not be had of them.
    pub(super) denied: BTreeMap<String, String>,
    /// It is a user and no organisation; only where REST was asked.
    pub(super) user: Option<bool>,
    /// The mark of the first page; only where REST was asked.
    pub(super) mark: Option<String>,
    /// Known repositories that the list with this mark lacked; only where REST was asked.
    pub(super) lacking: BTreeSet<u64>,
}

/// What is remembered of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Remembered {
    /// `owner/name`.
    pub(super) name: String,
    /// Its folder.
    pub(super) folder: [String; 2],
    /// GraphQL's id.
    pub(super) node: String,
    /// What became of it, where the list of its owner lacks it: asked once a day.
    pub(super) lost: Option<Lost>,
    /// The entry of the configuration that asks for it (`acme/app`, `acme/*`), in lower case.
    pub(super) asked_as: String,
    /// What could not be had of it.
    pub(super) denied: BTreeMap<String, String>,
    /// Its facts, where only REST was asked, since the check of its head does not bring them.
    pub(super) facts: Option<Facts>,
}

/// What became of a repository that the list of its owner lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Lost {
    /// It is not there, or not for us.
    Missing(String),
    /// The service has blocked it.
    Blocked(String),
    /// It is another's now.
    Elsewhere,
}

/// Facts of a repository that REST tells once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    /// The branch that is mirrored.
    pub(super) branch: String,
    /// Where it points.
    pub(super) commit: String,
    /// When somebody pushed last, as the service says.
    pub(super) pushed_at: Option<String>,
    /// `https://github.com/owner/name`.
    pub(super) html_url: String,
    pub(super) archived: bool,
    pub(super) fork: bool,
    pub(super) has_wiki: bool,
}

/// What is closed to us, and why, of what a repository is asked for without.
pub(super) fn denied(without: &Without) -> BTreeMap<String, String> {
    let why = |lack: &Lack| if let Lack::Denied(why) = lack { Some(why.clone()) } else { None };
    without.iter().filter_map(|(field, lack)| Some((field.clone(), why(lack)?))).collect()
}

impl Memory {
    /// What a cursor remembers of the GitHub with this web base.
    pub(super) fn recall(cursor: &Cursor, of: &str) -> Option<Self> {
        let memory: Self = serde_json::from_str(cursor.as_str()).ok()?;
        (memory.v == VERSION && memory.of == of).then_some(memory)
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
        // Plain texts and numbers: writing them as JSON cannot fail.
        serde_json::to_string(&Self { v: VERSION, ..self.clone() }).ok().map(Cursor::from)
    }

    /// The repository that bore this full name last, or that an entry led to.
    pub(super) fn named(&self, full_name: &str) -> Option<(u64, &Remembered)> {
        let asked = full_name.to_lowercase();
        let led = self.repositories.iter().find(|(_, one)| one.asked_as == asked);
        led.or_else(|| self.repositories.iter().find(|(_, one)| one.name.eq_ignore_ascii_case(full_name))).map(|(id, one)| (*id, one))
    }
}

impl Facts {
    /// A repository that did not change since.
    pub(super) fn repository(&self, id: u64, remembered: &Remembered, clone_url: String) -> Repository {
        Repository {
            id,
            node_id: remembered.node.clone(),
            full_name: remembered.name.clone(),
            folder: remembered.folder.clone(),
            html_url: self.html_url.clone(),
            clone_url,
            branch: self.branch.clone(),
            head: (!self.commit.is_empty()).then(|| Head { commit: self.commit.clone(), tree: String::new(), date: None }),
            heads: super::repository::Heads::default(),
            without: Without::new(),
            archived: self.archived,
            fork: self.fork,
            private: false,
            empty: self.commit.is_empty(),
            state: super::repository::Condition::Good,
            has_wiki: self.has_wiki,
            has_discussions: false,
            has_issues: false,
            pushed_at: self.pushed_at.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_recalled_at_the_same_place_only() {
        let mut memory = Memory { of: "https://github.com".to_owned(), ..Memory::default() };
        memory.repositories.insert(7, Remembered { name: "Acme/New".to_owned(), asked_as: "acme/old".to_owned(), ..Remembered::default() });
        let cursor = memory.cursor().unwrap();
        let again = Memory::recall(&cursor, "https://github.com").unwrap();
        assert_eq!(again.repositories, memory.repositories);
        assert_eq!(again.named("acme/old").unwrap().0, 7);
        assert_eq!(again.named("acme/new").unwrap().0, 7);
        assert!(Memory::recall(&cursor, "https://ghe.corp").is_none() && Memory::recall(&Cursor::new("junk"), "").is_none());
    }
}
