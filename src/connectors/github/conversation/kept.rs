//! The raw bodies of discussions, issues, pull requests and releases: one line of JSON in a shape of ours, which stays readable for ever.
//!
//! Every field may be missing; what a later version adds is passed over by an earlier one. It holds nothing short-lived.

use serde::{Deserialize, Serialize};

/// A discussion, an issue or a pull request with all that was said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Conversation {
    pub(super) number: u64,
    /// Markdown as its author wrote it.
    pub(super) body: String,
    /// A login; none where the account is deleted.
    pub(super) author: Option<String>,
    /// RFC 3339, UTC, as all times here.
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) edited_at: Option<String>,
    /// A login.
    pub(super) edited_by: Option<String>,
    pub(super) closed_at: Option<String>,
    /// `open`, `closed` or `merged`.
    pub(super) state: String,
    /// `completed`, `not_planned`, `duplicate`, `outdated`, `resolved`, `reopened`.
    pub(super) state_reason: Option<String>,
    pub(super) locked: bool,
    /// Of a discussion.
    pub(super) category: Option<String>,
    /// Whether a discussion that asks something has an answer; none where it does not ask.
    pub(super) answered: Option<bool>,
    pub(super) milestone: Option<String>,
    /// Logins.
    pub(super) assignees: Vec<String>,
    /// What only a pull request has.
    pub(super) pull: Option<Pull>,
    pub(super) upvotes: u64,
    pub(super) reactions: Vec<Reaction>,
    pub(super) poll: Option<Poll>,
    pub(super) comments: Vec<Comment>,
    pub(super) reviews: Vec<Review>,
    pub(super) threads: Vec<Thread>,
}

/// What only a pull request has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Pull {
    pub(super) draft: bool,
    pub(super) merged: bool,
    pub(super) merged_at: Option<String>,
    /// A login.
    pub(super) merged_by: Option<String>,
    /// The branch that it goes to.
    pub(super) base: String,
    /// The branch that it comes from, with its repository where that is another: `ann/app:fix`.
    pub(super) head: String,
}

/// A comment, a reply or a comment of a review thread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Comment {
    pub(super) url: String,
    pub(super) body: String,
    /// A login; none where the account is deleted.
    pub(super) author: Option<String>,
    pub(super) created_at: String,
    pub(super) edited_at: Option<String>,
    /// Deleted, and there because others answered it.
    pub(super) deleted: bool,
    /// The answer of the discussion.
    pub(super) answer: bool,
    /// Why it is hidden, where it is: `spam`, `off-topic`, `resolved`…
    pub(super) minimized: Option<String>,
    pub(super) upvotes: u64,
    pub(super) reactions: Vec<Reaction>,
    pub(super) replies: Vec<Comment>,
}

/// A kind of reaction that somebody gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Reaction {
    /// `THUMBS_UP`, as the service calls it.
    pub(in crate::connectors::github) content: String,
    /// 0 where only that there are some is known.
    pub(in crate::connectors::github) count: u64,
}

/// A poll.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Poll {
    pub(super) question: String,
    pub(super) votes: u64,
    /// Text and votes of each.
    pub(super) options: Vec<(String, u64)>,
}

/// A review of a pull request, without its threads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Review {
    /// `approved`, `changes_requested`, `commented`, `dismissed`.
    pub(super) state: String,
    /// Its text, author and time.
    pub(super) comment: Comment,
}

/// Comments on one place of a pull request's changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Thread {
    pub(super) path: String,
    /// The last line that it is about, where it is not the whole file.
    pub(super) line: Option<u64>,
    /// The first, where there are several.
    pub(super) start_line: Option<u64>,
    /// The lines as they were when it began, for a thread that the changes left behind.
    pub(super) original: bool,
    pub(super) resolved: bool,
    /// A login.
    pub(super) resolved_by: Option<String>,
    pub(super) outdated: bool,
    /// The piece of the changes that it hangs on.
    pub(super) hunk: String,
    pub(super) comments: Vec<Comment>,
}

/// A release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Release {
    pub(in crate::connectors::github) tag: String,
    pub(in crate::connectors::github) body: String,
    /// A login.
    pub(in crate::connectors::github) author: Option<String>,
    pub(in crate::connectors::github) created_at: String,
    pub(in crate::connectors::github) published_at: Option<String>,
    pub(in crate::connectors::github) updated_at: Option<String>,
    pub(in crate::connectors::github) prerelease: bool,
    pub(in crate::connectors::github) commit: Option<String>,
    pub(in crate::connectors::github) reactions: Vec<Reaction>,
    pub(in crate::connectors::github) assets: Vec<Asset>,
}

/// A file of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Asset {
    pub(in crate::connectors::github) name: String,
    /// In bytes.
    pub(in crate::connectors::github) size: u64,
    pub(in crate::connectors::github) url: String,
}
