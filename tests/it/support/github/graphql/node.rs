//! What fields are asked of, what they are asked with, and what they are.

use serde_json::{Map, Value};

use crate::support::github::git::Entry;
use crate::support::github::model::{Id, time};
use crate::support::github::site::World;

/// Arguments, defaults filled in.
pub(super) type Args = Map<String, Value>;

/// Something that fields can be asked of. Conversations are named by repository and number, what is in them by an id besides.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Query,
    Owner(Id),
    Repository(Id),
    /// A reference's whole name.
    Ref(Id, String),
    /// An object's name and kind.
    Object(Id, String, &'static str),
    /// An entry, with the path from the root where that is known.
    Entry(Id, Entry),
    Discussion(Id, u64),
    DiscussionComment(Id, u64, Id),
    Category(Id, Id),
    Poll(Id, u64),
    PollOption(Id, u64, Id),
    Issue(Id, u64),
    IssueComment(Id, u64, Id),
    Review(Id, u64, Id),
    Thread(Id, u64, Id),
    ReviewComment(Id, u64, Id),
    Label(Id, Id),
    Milestone(Id, u64),
    Release(Id, Id),
    Asset(Id, Id, Id),
    Topic(Id, String),
    /// What was reacted to, by whom, with what.
    Reaction(Box<Node>, Id, String),
    ReactionGroup(Box<Node>, String, Vec<Id>),
    /// Type, cursor, node.
    Edge(String, String, Box<Node>),
    /// Type and plain values.
    Plain(&'static str, Value),
}

/// An error at a field.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: Option<String>,
    pub(super) message: String,
    pub(super) extensions: Value,
}

impl Failure {
    pub(super) fn of(kind: &str, message: &str) -> Self {
        Self { kind: Some(kind.to_owned()), message: message.to_owned(), extensions: Value::Null }
    }

    pub(super) fn not_found(message: String) -> Self {
        Self { kind: Some("NOT_FOUND".to_owned()), message, extensions: Value::Null }
    }
}

/// What a field is.
pub(super) enum Found {
    Value(Value),
    Node(Option<Node>),
    Nodes(Vec<Option<Node>>),
    /// As `Nodes`, where some may fail.
    Tried(Vec<Result<Option<Node>, Failure>>),
    Connection(Vec<Node>),
}

impl Found {
    pub(super) fn value(value: impl Into<Value>) -> Result<Self, Failure> {
        Ok(Self::Value(value.into()))
    }

    pub(super) fn time(secs: u64) -> Result<Self, Failure> {
        Self::value(time(secs))
    }

    pub(super) fn maybe_time(secs: Option<u64>) -> Result<Self, Failure> {
        Self::value(secs.map(time))
    }

    pub(super) fn node(node: Node) -> Result<Self, Failure> {
        Ok(Self::Node(Some(node)))
    }

    /// An account; one that was deleted is null.
    pub(super) fn person(world: &World, id: Option<Id>) -> Result<Self, Failure> {
        Ok(Self::Node(id.filter(|id| world.model.owners.contains_key(id)).map(Node::Owner)))
    }
}

impl Node {
    /// The name of its type.
    pub(super) fn type_name<'n>(&'n self, world: &World) -> &'n str {
        match self {
            Self::Query => "Query",
            Self::Owner(id) => world.model.owners[id].kind.name(),
            Self::Repository(_) => "Repository",
            Self::Ref(..) => "Ref",
            Self::Object(_, _, kind) => match *kind {
                "commit" => "Commit",
                "tree" => "Tree",
                "tag" => "Tag",
                _ => "Blob",
            },
            Self::Entry(..) => "TreeEntry",
            Self::Discussion(..) => "Discussion",
            Self::DiscussionComment(..) => "DiscussionComment",
            Self::Category(..) => "DiscussionCategory",
            Self::Poll(..) => "DiscussionPoll",
            Self::PollOption(..) => "DiscussionPollOption",
            Self::Issue(repository, number) => {
                if world.model.repositories[repository].issues[number].is_pull() {
                    "PullRequest"
                } else {
                    "Issue"
                }
            }
            Self::IssueComment(..) => "IssueComment",
            Self::Review(..) => "PullRequestReview",
            Self::Thread(..) => "PullRequestReviewThread",
            Self::ReviewComment(..) => "PullRequestReviewComment",
            Self::Label(..) => "Label",
            Self::Milestone(..) => "Milestone",
            Self::Release(..) => "Release",
            Self::Asset(..) => "ReleaseAsset",
            Self::Topic(..) => "RepositoryTopic",
            Self::Reaction(..) => "Reaction",
            Self::ReactionGroup(..) => "ReactionGroup",
            Self::Edge(ty, ..) => ty,
            Self::Plain(ty, _) => ty,
        }
    }

    /// The repository that it belongs to.
    pub(super) fn repository(&self) -> Option<Id> {
        match self {
            Self::Query | Self::Owner(_) | Self::Plain(..) => None,
            Self::Repository(id) | Self::Ref(id, _) | Self::Object(id, ..) | Self::Entry(id, _) => Some(*id),
            Self::Discussion(id, _) | Self::Category(id, _) | Self::Poll(id, _) | Self::Issue(id, _) => Some(*id),
            Self::DiscussionComment(id, ..) | Self::PollOption(id, ..) | Self::IssueComment(id, ..) | Self::Review(id, ..) => Some(*id),
            Self::Thread(id, ..) | Self::ReviewComment(id, ..) | Self::Asset(id, ..) => Some(*id),
            Self::Label(id, _) | Self::Milestone(id, _) | Self::Release(id, _) | Self::Topic(id, _) => Some(*id),
            Self::Reaction(of, ..) | Self::ReactionGroup(of, ..) | Self::Edge(_, _, of) => of.repository(),
        }
    }
}

/// Sorts by `orderBy`; without it, things stay in the order of their making.
pub(super) fn order<T, K: Ord>(found: &mut [T], args: &Args, by: impl Fn(&T, &str) -> K) {
    let Some(wanted) = args.get("orderBy").filter(|order| !order.is_null()) else { return };
    let name = wanted["field"].as_str().unwrap_or_default();
    found.sort_by_key(|item| by(item, name));
    if wanted["direction"] == "DESC" {
        found.reverse();
    }
}
