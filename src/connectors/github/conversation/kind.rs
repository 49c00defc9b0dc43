//! Discussions, issues and pull requests: what they have in common has one name each here.

use super::super::repository::{Newest, Part, Repository};

/// A kind of conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::connectors::github) enum Kind {
    Discussion,
    Issue,
    Pull,
}

impl Kind {
    /// The front matter's `type`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Discussion => "discussion",
            Self::Issue => "issue",
            Self::Pull => "pull_request",
        }
    }

    /// Its word in ids (`7:pull/12`).
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Discussion => "discussion",
            Self::Issue => "issue",
            Self::Pull => "pull",
        }
    }

    /// Kind and number of the end of an id (`pull/12`).
    pub(super) fn of(word: &str) -> Option<Self> {
        [Self::Discussion, Self::Issue, Self::Pull].into_iter().find(|kind| kind.word() == word)
    }

    /// For people, several of them.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Discussion => "discussions",
            Self::Issue => "issues",
            Self::Pull => "pull requests",
        }
    }

    /// The part of a repository that they are.
    pub(super) fn part(self) -> Part {
        if self == Self::Discussion { Part::Discussions } else { Part::Issues }
    }

    /// The folder that they lie in.
    pub(super) fn folder(self) -> &'static str {
        if self == Self::Discussion { "_discussions" } else { "_issues" }
    }

    /// Its type in GraphQL, and the field of a repository that gives one by its number.
    pub(super) fn graphql(self) -> (&'static str, &'static str) {
        match self {
            Self::Discussion => ("Discussion", "discussion"),
            Self::Issue => ("Issue", "issue"),
            Self::Pull => ("PullRequest", "pullRequest"),
        }
    }

    /// The list of a repository that holds them.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Discussion => "discussions",
            Self::Issue => "issues",
            Self::Pull => "pullRequests",
        }
    }

    /// What the first query says of them.
    pub(super) fn newest(self, repository: &Repository) -> Option<&Newest> {
        match self {
            Self::Discussion => repository.heads.discussions.as_ref(),
            Self::Issue => repository.heads.issues.as_ref(),
            Self::Pull => repository.heads.pull_requests.as_ref(),
        }
    }
}
