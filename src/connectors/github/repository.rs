//! A repository as this run's first query shows it: all that its parts need to know what to do.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::slots::{self, Without};
use super::trouble::Lack;
use crate::model::Scope;

/// What a segment of an address must not hold as it is.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repository {
    /// Its number, which survives renames and transfers.
    pub(super) id: u64,
    /// GraphQL's id; empty where only REST was asked.
    pub(super) node_id: String,
    /// `owner/name` as spelled at the service.
    pub(super) full_name: String,
    /// Its folder below the connector's: owner, and name or `name--id`.
    pub(super) folder: [String; 2],
    /// `https://github.com/owner/name`.
    pub(super) html_url: String,
    /// `https://github.com/owner/name.git`.
    pub(super) clone_url: String,
    /// The branch that is mirrored; empty where there is none.
    pub(super) branch: String,
    /// Where that branch points; none where it is not there, or not known yet.
    pub(super) head: Option<Head>,
    /// Counts and newest times.
    pub(super) heads: Heads,
    /// What of it could not be had.
    pub(super) without: Without,
    /// It is read-only for ever.
    pub(super) archived: bool,
    /// It was forked off another.
    pub(super) fork: bool,
    /// It is private or internal.
    pub(super) private: bool,
    /// It has no commit.
    pub(super) empty: bool,
    /// Whether it can be looked into.
    pub(super) state: Condition,
    /// Its wiki is on.
    pub(super) has_wiki: bool,
    /// Its discussions are on.
    pub(super) has_discussions: bool,
    /// Its issues are on.
    pub(super) has_issues: bool,
    /// When somebody pushed last, where that was told.
    pub(super) pushed_at: Option<String>,
}

/// Whether a repository can be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// It can.
    Good,
    /// It is being moved or renamed; the next run will see.
    Locked,
    /// The service has blocked it: what is mirrored stays.
    Blocked,
}

/// Where a branch points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The commit.
    pub(super) commit: String,
    /// Its tree; empty where it has to be asked for.
    pub(super) tree: String,
    /// When it was made, RFC 3339.
    pub(super) date: Option<String>,
}

/// Counts and newest times of what has no head of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heads {
    /// Discussions; none where they were not asked for, or this server has none.
    pub(super) discussions: Option<Newest>,
    /// Issues.
    pub(super) issues: Option<Newest>,
    /// Pull requests.
    pub(super) pull_requests: Option<Newest>,
    /// Releases, by the time they were made.
    pub(super) releases: Option<Newest>,
}

/// How many there are, and when the first of the list changed last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Newest {
    /// How many.
    pub(super) count: u64,
    /// RFC 3339; none where there is none.
    pub(super) updated_at: Option<String>,
}

/// A part of a repository, listed for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// Files.
    Files,
    /// The wiki.
    Wiki,
    /// Discussions.
    Discussions,
    /// Issues and pull requests.
    Issues,
    /// Releases.
    Releases,
}

impl Part {
    /// All of them, in the order in which they are listed.
    pub(super) const ALL: [Self; 5] = [Self::Files, Self::Wiki, Self::Discussions, Self::Issues, Self::Releases];

    /// Its name in scopes.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Wiki => "wiki",
            Self::Discussions => "discussions",
            Self::Issues => "issues",
            Self::Releases => "releases",
        }
    }

    /// Its scope in a repository.
    pub(super) fn scope(self, repository: u64) -> Scope {
        Scope::new(format!("{repository}:{}", self.name()))
    }

    /// Repository and part of a scope.
    pub(super) fn of_scope(scope: &Scope) -> Option<(u64, Self)> {
        let (id, name) = scope.as_str().split_once(':')?;
        Some((id.parse().ok()?, Self::ALL.into_iter().find(|part| part.name() == name)?))
    }

    /// Repository, part, and the rest of a document's id (`docs/a.md`, `12`).
    pub(super) fn of_id(id: &str) -> Option<(u64, Self, &str)> {
        let (repository, rest) = id.split_once(':')?;
        let (kind, rest) = rest.split_once('/')?;
        let part = match kind {
            "file" => Self::Files,
            "wiki" => Self::Wiki,
            "discussion" => Self::Discussions,
            "issue" | "pull" => Self::Issues,
            "release" => Self::Releases,
            _ => return None,
        };
        Some((repository.parse().ok()?, part, rest))
    }
}

impl Repository {
    /// What it is called and where its files lie: where that changes, all its documents move.
    pub(super) fn whereabouts(&self) -> String {
        format!("{} {}", self.full_name, self.folder.join("/"))
    }

    /// Why a field of the query for heads could not be had, if so.
    pub(super) fn lack(&self, field: &str) -> Option<Lack> {
        self.without.get(field).map(|lack| lack.of(&format!("the {} of {}", slots::plural(field), self.full_name)))
    }

    /// The scope of one of its parts.
    pub(super) fn scope(&self, part: Part) -> Scope {
        part.scope(self.id)
    }

    /// Owner and name, as spelled.
    pub(super) fn owner_and_name(&self) -> (&str, &str) {
        self.full_name.split_once('/').unwrap_or((&self.full_name, ""))
    }

    /// `owner/name` in lower case, as keys have it.
    pub(super) fn key(&self) -> String {
        self.full_name.to_lowercase()
    }

    /// The web address of a file, or of a folder without a slash at its end; `kind` is `blob`, `raw` or `tree`.
    pub(super) fn web(&self, kind: &str, path: &str) -> String {
        format!("{}/{kind}/{}/{}", self.html_url, encoded(&self.branch), encoded(path))
    }
}

/// A path in an address: each segment percent-encoded, slashes kept.
pub(super) fn encoded(path: &str) -> String {
    utf8_percent_encode(path, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_scopes_tell_whose_they_are() {
        assert_eq!(Part::of_id("7:file/docs/a.md"), Some((7, Part::Files, "docs/a.md")));
        assert_eq!(Part::of_id("7:pull/12"), Some((7, Part::Issues, "12")));
        assert_eq!(Part::of_id("7:wiki/Home.md"), Some((7, Part::Wiki, "Home.md")));
        for odd in ["", "7", "7:file", "x:file/a", "7:other/a"] {
            assert_eq!(Part::of_id(odd), None, "{odd}");
        }
        for part in Part::ALL {
            assert_eq!(Part::of_scope(&part.scope(9)), Some((9, part)));
        }
        assert_eq!(Part::of_scope(&Scope::new("")), None);
    }

    #[test]
    fn paths_in_addresses_keep_their_slashes() {
        assert_eq!(encoded("docs/a b/100%#?.md"), "docs/a%20b/100%25%23%3F.md");
        assert_eq!(encoded("\u{e4}/x"), "%C3%A4/x");
    }
}
