//! A repository as GraphQL spells it.

use serde::Deserialize;

use super::GitHub;
use super::repository::{Condition, Head, Heads, Newest, Repository};
use super::slots::Without;

/// Names are the schema's.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Node {
    id: String,
    database_id: Option<u64>,
    name_with_owner: String,
    url: String,
    is_private: bool,
    is_archived: bool,
    is_fork: bool,
    is_disabled: bool,
    is_locked: bool,
    is_empty: bool,
    has_issues_enabled: Option<bool>,
    has_wiki_enabled: Option<bool>,
    has_discussions_enabled: Option<bool>,
    pushed_at: Option<String>,
    default_branch_ref: Option<Ref>,
    branch: Option<Ref>,
    discussions: Option<Connection>,
    issues: Option<Connection>,
    pull_requests: Option<Connection>,
    releases: Option<Connection>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ref {
    name: String,
    target: Option<Commit>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Commit {
    oid: String,
    committed_date: Option<String>,
    tree: Option<Tree>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tree {
    oid: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Connection {
    total_count: u64,
    nodes: Vec<Option<Updated>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Updated {
    updated_at: Option<String>,
}

impl Node {
    /// As the connector speaks of it; none where it is no repository.
    pub(super) fn repository(self, of: &GitHub, asked: Option<String>) -> Option<Repository> {
        let id = self.database_id.filter(|_| self.name_with_owner.contains('/'))?;
        let newest = |connection: Option<Connection>| {
            connection.map(|connection| Newest {
                count: connection.total_count,
                updated_at: connection.nodes.into_iter().flatten().next().and_then(|node| node.updated_at),
            })
        };
        let (branch, at) = match (asked, self.branch, self.default_branch_ref) {
            (Some(branch), at, _) => (branch, at),
            (None, _, Some(at)) => (at.name.clone(), Some(at)),
            (None, _, None) => (String::new(), None),
        };
        let head = at.and_then(|at| at.target).filter(|commit| !commit.oid.is_empty()).map(|commit| Head {
            commit: commit.oid,
            tree: commit.tree.map(|tree| tree.oid).unwrap_or_default(),
            date: commit.committed_date,
        });
        let state = match () {
            () if self.is_disabled => Condition::Blocked,
            () if self.is_locked => Condition::Locked,
            () => Condition::Good,
        };
        Some(Repository {
            id,
            node_id: self.id,
            folder: <[String; 2]>::default(),
            html_url: self.url.trim_end_matches('/').to_owned(),
            clone_url: of.clone_url(&self.name_with_owner),
            full_name: self.name_with_owner,
            branch,
            empty: self.is_empty,
            head,
            heads: Heads {
                discussions: newest(self.discussions),
                issues: newest(self.issues),
                pull_requests: newest(self.pull_requests),
                releases: newest(self.releases),
            },
            without: Without::new(),
            archived: self.is_archived,
            fork: self.is_fork,
            private: self.is_private,
            state,
            has_wiki: self.has_wiki_enabled.unwrap_or(true),
            has_discussions: self.has_discussions_enabled.unwrap_or(false),
            has_issues: self.has_issues_enabled.unwrap_or(true),
            pushed_at: self.pushed_at,
        })
    }
}
