//! What the wiki's tests share.

use crate::connectors::github::repository::{Heads, Repository};

/// A repository with a wiki.
pub(super) fn repository() -> Repository {
    Repository {
        id: 7,
        node_id: String::new(),
        full_name: "Acme/App".to_owned(),
        folder: ["acme".to_owned(), "app".to_owned()],
        html_url: "https://github.com/Acme/App".to_owned(),
        clone_url: "https://github.com/Acme/App.git".to_owned(),
        branch: "main".to_owned(),
        head: None,
        heads: Heads::default(),
        without: Default::default(),
        archived: false,
        fork: false,
        private: false,
        empty: false,
        has_wiki: true,
        has_discussions: false,
        has_issues: false,
        state: crate::connectors::github::repository::Condition::Good,
        pushed_at: None,
    }
}
