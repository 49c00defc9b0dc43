//! What there is on the service: owners, repositories with their git, discussions, issues, pull requests, releases; and what tokens may see.
//!
//! Plain data behind one lock. It knows neither HTTP nor JSON shapes. People act on it by the methods of `edits`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::git::Git;
use super::tokens::Token;
use crate::support::wire::{days_since_1970, iso};

/// A database id.
pub type Id = u64;

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerKind {
    User,
    Organization,
    Bot,
    Mannequin,
}

impl OwnerKind {
    /// Its name in both APIs.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Organization => "Organization",
            Self::Bot => "Bot",
            Self::Mannequin => "Mannequin",
        }
    }
}

/// An account.
#[derive(Clone, Debug)]
pub struct Owner {
    pub id: Id,
    pub login: String,
    pub name: Option<String>,
    pub kind: OwnerKind,
    pub created: u64,
    /// Its SAML page, where it lets nobody in whose token was not authorised there.
    pub sso: Option<String>,
}

/// Why nobody may read a repository.
#[derive(Clone, Debug)]
pub struct Block {
    /// 403 or 451.
    pub status: u16,
    /// `tos`, `dmca`, `unavailable`, `sensitive_data`.
    pub reason: String,
}

/// A repository.
#[derive(Debug)]
pub struct Repository {
    pub id: Id,
    pub owner: Id,
    pub name: String,
    pub description: Option<String>,
    pub homepage: Option<String>,
    pub topics: Vec<String>,
    pub private: bool,
    pub internal: bool,
    pub archived: Option<u64>,
    pub fork_of: Option<Id>,
    pub template: bool,
    pub disabled: bool,
    /// Being moved: `MIGRATING`, `MOVING`, `RENAME`, `BILLING`.
    pub locked: Option<&'static str>,
    pub blocked: Option<Block>,
    /// Spdx id of its licence.
    pub license: Option<String>,
    pub default_branch: String,
    pub has_wiki: bool,
    pub has_issues: bool,
    pub has_discussions: bool,
    pub created: u64,
    pub updated: u64,
    pub pushed: u64,
    pub git: Git,
    /// None before the first page was written.
    pub wiki: Option<Git>,
    pub categories: Vec<Category>,
    pub labels: Vec<Label>,
    pub milestones: Vec<Milestone>,
    pub discussions: BTreeMap<u64, Discussion>,
    /// Issues and pull requests.
    pub issues: BTreeMap<u64, Issue>,
    pub releases: BTreeMap<Id, Release>,
    /// Numbers that are gone: deleted (none) or moved to (repository, number).
    pub left: BTreeMap<u64, Option<(Id, u64)>>,
    pub next_number: u64,
}

/// A category of discussions.
#[derive(Clone, Debug)]
pub struct Category {
    pub id: Id,
    pub name: String,
    pub slug: String,
    pub emoji: String,
    pub description: String,
    pub answerable: bool,
    pub created: u64,
}

/// A label.
#[derive(Clone, Debug)]
pub struct Label {
    pub id: Id,
    pub name: String,
    pub color: String,
    pub description: Option<String>,
    pub created: u64,
}

/// A milestone.
#[derive(Clone, Debug)]
pub struct Milestone {
    pub id: Id,
    pub number: u64,
    pub title: String,
    pub description: Option<String>,
    pub created: u64,
    pub due: Option<u64>,
    pub closed: Option<u64>,
}

/// A text with an author, wherever it stands: comment, reply, review, review comment.
#[derive(Clone, Debug, Default)]
pub struct Comment {
    pub id: Id,
    pub author: Option<Id>,
    /// None only where the service answers null in REST; GraphQL says an empty text.
    pub body: Option<String>,
    pub created: u64,
    pub updated: u64,
    pub edited: Option<u64>,
    /// Of a discussion's comment that has replies.
    pub deleted: Option<u64>,
    /// `spam`, `abuse`, `off-topic`, `outdated`, `resolved`, `duplicate`.
    pub minimized: Option<String>,
    pub upvotes: u64,
    /// Content such as `THUMBS_UP`, and who.
    pub reactions: Vec<(String, Id)>,
    /// In discussions alone.
    pub replies: Vec<Comment>,
}

/// A discussion.
#[derive(Clone, Debug, Default)]
pub struct Discussion {
    pub number: u64,
    pub title: String,
    pub category: Id,
    /// Its first text.
    pub text: Comment,
    /// When it last moved: the order of lists.
    pub updated: u64,
    pub labels: Vec<String>,
    pub closed: Option<u64>,
    /// `RESOLVED`, `OUTDATED`, `DUPLICATE`, `REOPENED`.
    pub state_reason: Option<&'static str>,
    pub locked: bool,
    /// The comment or reply, when, and who chose it.
    pub answer: Option<(Id, u64, Option<Id>)>,
    pub poll: Option<Poll>,
    pub comments: Vec<Comment>,
}

/// A poll of a discussion.
#[derive(Clone, Debug)]
pub struct Poll {
    pub id: Id,
    pub question: String,
    pub options: Vec<(Id, String, u64)>,
}

/// An issue or a pull request.
#[derive(Clone, Debug, Default)]
pub struct Issue {
    pub number: u64,
    pub title: String,
    pub text: Comment,
    pub updated: u64,
    pub labels: Vec<String>,
    pub assignees: Vec<Id>,
    /// Number of its milestone.
    pub milestone: Option<u64>,
    pub closed: Option<u64>,
    /// `COMPLETED`, `NOT_PLANNED`, `DUPLICATE`, `REOPENED`.
    pub state_reason: Option<&'static str>,
    pub locked: Option<&'static str>,
    /// Number of the issue above it, in the same repository.
    pub parent: Option<u64>,
    pub comments: Vec<Comment>,
    pub pull: Option<Pull>,
}

/// What a pull request has beyond an issue.
#[derive(Clone, Debug, Default)]
pub struct Pull {
    /// Its own database id; the text's is that of the issue.
    pub id: Id,
    pub draft: bool,
    pub merged: Option<(u64, Option<Id>)>,
    pub base: String,
    pub head: String,
    pub base_oid: String,
    pub head_oid: String,
    /// None where the fork is gone.
    pub head_repository: Option<Id>,
    pub merge_commit: Option<String>,
    /// Added lines, removed lines, changed files.
    pub size: (u64, u64, u64),
    pub closes: Vec<u64>,
    pub reviews: Vec<Review>,
    pub threads: Vec<Thread>,
}

/// A review.
#[derive(Clone, Debug, Default)]
pub struct Review {
    pub text: Comment,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`, `PENDING`.
    pub state: &'static str,
    pub submitted: Option<u64>,
}

/// A thread of comments at a place of a pull request's diff.
#[derive(Clone, Debug, Default)]
pub struct Thread {
    pub id: Id,
    pub path: String,
    /// None where the place is gone.
    pub line: Option<u64>,
    pub original_line: Option<u64>,
    pub start_line: Option<u64>,
    pub left: bool,
    /// About the file, not about a line.
    pub file: bool,
    pub resolved_by: Option<Id>,
    pub resolved: bool,
    pub outdated: bool,
    pub diff_hunk: String,
    /// The review that it began with.
    pub review: Option<Id>,
    pub comments: Vec<Comment>,
}

/// A release.
#[derive(Clone, Debug, Default)]
pub struct Release {
    pub id: Id,
    pub tag: String,
    pub name: Option<String>,
    pub body: Option<String>,
    pub author: Option<Id>,
    pub draft: bool,
    pub prerelease: bool,
    pub target: String,
    pub created: u64,
    pub updated: u64,
    pub published: Option<u64>,
    pub assets: Vec<Asset>,
    pub reactions: Vec<(String, Id)>,
}

/// A file of a release.
#[derive(Clone, Debug)]
pub struct Asset {
    pub id: Id,
    pub name: String,
    pub size: u64,
    pub content_type: String,
    pub downloads: u64,
    pub created: u64,
}

/// Everything there is.
#[derive(Debug)]
pub struct Model {
    pub owners: BTreeMap<Id, Owner>,
    pub repositories: BTreeMap<Id, Repository>,
    /// Names that repositories had, in lower case.
    pub(super) former: BTreeMap<String, Id>,
    pub tokens: BTreeMap<String, Token>,
    /// The service's clock in seconds since 1970; each edit moves it by `step_secs`. HTTP headers and tokens go by the machine's clock.
    pub now: u64,
    pub step_secs: u64,
    /// Who writes next.
    pub(super) writer: Option<Id>,
    pub(super) next_id: Id,
    pub(super) dir: PathBuf,
    /// The App's id, its client id, and its installations: id -> (account, repositories; none are all of the account).
    pub installations: BTreeMap<Id, (Id, Option<BTreeSet<Id>>)>,
}

/// The App's numeric id, and the client id that stands for it.
pub const APP_ID: u64 = 4242;
pub const CLIENT_ID: &str = "Iv23liSimulatedApp01";

impl Model {
    /// An empty service at 2026-01-05T09:00:00Z, with the account that mirrors (`mira`), who has a token for everything, and one that writes (`ann`).
    pub(super) fn new(dir: PathBuf) -> Self {
        let mut model = Self {
            owners: BTreeMap::new(),
            repositories: BTreeMap::new(),
            former: BTreeMap::new(),
            tokens: BTreeMap::new(),
            now: days_since_1970(2026, 1, 5) * 86_400 + 9 * 3600,
            step_secs: 61,
            writer: None,
            next_id: 1000,
            dir,
            installations: BTreeMap::new(),
        };
        let mira = model.add_user("mira");
        let ann = model.add_user("ann");
        model.owners.get_mut(&ann).unwrap().name = Some("Ann Author".to_owned());
        model.writer = Some(ann);
        model.tokens.insert(super::TOKEN.to_owned(), Token::classic(mira, &["repo", "read:org"]));
        model
    }

    /// Another id.
    pub(super) fn fresh(&mut self) -> Id {
        self.next_id += 7;
        self.next_id
    }

    /// The clock moves; what time it is now.
    pub(super) fn tick(&mut self) -> u64 {
        self.now += self.step_secs;
        self.now
    }

    /// An account by login.
    pub fn owner(&self, login: &str) -> Option<&Owner> {
        self.owners.values().find(|owner| owner.login.eq_ignore_ascii_case(login))
    }

    /// Whose a repository is.
    pub fn owner_of(&self, repository: &Repository) -> &Owner {
        &self.owners[&repository.owner]
    }

    /// `owner/name` as it is spelled.
    pub fn full_name(&self, repository: &Repository) -> String {
        format!("{}/{}", self.owner_of(repository).login, repository.name)
    }

    /// A repository by the name that it has today.
    pub fn named(&self, owner: &str, name: &str) -> Option<&Repository> {
        let owner = self.owner(owner)?.id;
        self.repositories.values().find(|r| r.owner == owner && r.name.eq_ignore_ascii_case(name))
    }

    /// The repository that had this name, and lives on under another.
    pub fn formerly(&self, owner: &str, name: &str) -> Option<&Repository> {
        let id = self.former.get(&format!("{owner}/{name}").to_lowercase())?;
        self.repositories.get(id)
    }

    /// A repository's id, by today's full name; a test that names another is wrong.
    pub fn id_of(&self, full_name: &str) -> Id {
        let (owner, name) = full_name.split_once('/').unwrap();
        self.named(owner, name).unwrap_or_else(|| panic!("the simulated GitHub has no repository {full_name}")).id
    }

    /// A repository, by today's full name, to look at.
    pub fn look(&self, full_name: &str) -> &Repository {
        &self.repositories[&self.id_of(full_name)]
    }
}

/// A time as both APIs write it: `2026-01-05T09:00:00Z`.
pub fn time(secs: u64) -> String {
    format!("{}Z", &iso(secs * 1000)[..19])
}

impl Issue {
    /// Whether it is a pull request.
    pub fn is_pull(&self) -> bool {
        self.pull.is_some()
    }

    /// `OPEN`, `CLOSED`, or `MERGED`.
    pub fn state(&self) -> &'static str {
        match &self.pull {
            Some(pull) if pull.merged.is_some() => "MERGED",
            _ if self.closed.is_some() => "CLOSED",
            _ => "OPEN",
        }
    }
}
