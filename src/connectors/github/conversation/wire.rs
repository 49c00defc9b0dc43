//! What GitHub's GraphQL answers for discussions, issues and pull requests, and what of it is kept. Pure.

use serde::{Deserialize, Deserializer};

use super::kept::{Comment, Conversation, Poll, Pull, Reaction, Review, Thread};
use super::shown::Shown;

/// A page of a connection. What could not be read is `null` among its nodes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "T: Deserialize<'de>"))]
pub(in crate::connectors::github) struct Page<T> {
    pub(in crate::connectors::github) total_count: u64,
    /// None where it was not asked for, or did not come.
    pub(in crate::connectors::github) page_info: Option<PageInfo>,
    #[serde(deserialize_with = "or_one_that_did_not_come", default = "one_that_did_not_come")]
    pub(in crate::connectors::github) nodes: Vec<Option<T>>,
}

/// The answer to a query for one list of one node, `node(id: …) { … list: … }`.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(in crate::connectors::github) struct ListOfNode<T> {
    node: Option<Node<T>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct Node<T> {
    list: Option<Page<T>>,
}

impl<T> ListOfNode<T> {
    /// The list; none where the node is not there, or not for us.
    pub(in crate::connectors::github) fn list(self) -> Option<Page<T>> {
        self.node?.list
    }
}

impl<T> Default for ListOfNode<T> {
    fn default() -> Self {
        Self { node: None }
    }
}

/// A list that is missing is no empty list.
fn one_that_did_not_come<T>() -> Vec<Option<T>> {
    vec![None]
}

fn or_one_that_did_not_come<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<Option<T>>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(one_that_did_not_come))
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { total_count: 0, page_info: None, nodes: Vec::new() }
    }
}

impl<T> Page<T> {
    /// Whether all of its nodes came.
    pub(in crate::connectors::github) fn is_whole(&self) -> bool {
        self.nodes.iter().all(Option::is_some)
    }

    /// Whether it says besides where it ends, or how it goes on: one that does not may be a piece of a list.
    pub(in crate::connectors::github) fn is_sure(&self) -> bool {
        self.is_whole() && self.page_info.as_ref().is_some_and(|info| !info.has_next_page || self.next().is_some())
    }

    /// The nodes that came.
    pub(in crate::connectors::github) fn into_nodes(self) -> impl Iterator<Item = T> {
        self.nodes.into_iter().flatten()
    }

    /// Where the next page begins, if there is one.
    pub(in crate::connectors::github) fn next(&self) -> Option<String> {
        let info = self.page_info.as_ref().filter(|info| info.has_next_page)?;
        info.end_cursor.clone().filter(|cursor| !cursor.is_empty())
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::connectors::github) struct PageInfo {
    pub(in crate::connectors::github) has_next_page: bool,
    pub(in crate::connectors::github) end_cursor: Option<String>,
}

/// `null` where something else is promised.
pub(in crate::connectors::github) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Actor {
    pub(in crate::connectors::github) login: String,
}

/// Of an account, where there is one.
pub(in crate::connectors::github) fn login(actor: Option<Actor>) -> Option<String> {
    actor.map(|actor| actor.login).filter(|login| !login.is_empty())
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Name {
    pub(in crate::connectors::github) name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Title {
    pub(in crate::connectors::github) title: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::connectors::github) struct Id {
    pub(in crate::connectors::github) id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::connectors::github) struct Total {
    pub(in crate::connectors::github) total_count: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::connectors::github) struct ReactionGroup {
    content: String,
    /// When the first of them came; none where there is none.
    created_at: Option<String>,
    reactors: Option<Total>,
}

/// Those that somebody gave.
pub(in crate::connectors::github) fn reactions(groups: Option<Vec<ReactionGroup>>) -> Vec<Reaction> {
    let given = |group: ReactionGroup| {
        let count = match group.reactors {
            Some(reactors) => Some(reactors.total_count).filter(|count| *count > 0),
            None => group.created_at.map(|_| 0),
        };
        Some(Reaction { content: group.content, count: count? })
    };
    groups.into_iter().flatten().filter_map(given).collect()
}

/// A comment of any kind.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Said {
    pub(super) id: String,
    url: String,
    #[serde(deserialize_with = "or_default")]
    body: String,
    author: Option<Actor>,
    created_at: String,
    last_edited_at: Option<String>,
    deleted_at: Option<String>,
    is_answer: bool,
    is_minimized: bool,
    minimized_reason: Option<String>,
    upvote_count: u64,
    reaction_groups: Option<Vec<ReactionGroup>>,
    pub(super) replies: Option<Page<Said>>,
    // Of a review.
    state: Option<String>,
    submitted_at: Option<String>,
    // Of a review thread.
    #[serde(deserialize_with = "or_default")]
    diff_hunk: String,
}

impl Said {
    /// The comment, without its replies; `answer` is the id of the discussion's answer.
    pub(super) fn kept(self, answer: Option<&str>) -> Comment {
        Comment {
            answer: self.is_answer || answer.is_some_and(|answer| answer == self.id),
            url: self.url,
            body: self.body,
            author: login(self.author),
            created_at: self.submitted_at.unwrap_or(self.created_at),
            edited_at: self.last_edited_at,
            deleted: self.deleted_at.is_some(),
            minimized: self.is_minimized.then(|| self.minimized_reason.unwrap_or_default()),
            // Whoever writes in a discussion votes for it by that.
            upvotes: self.upvote_count,
            reactions: reactions(self.reaction_groups),
            replies: self.replies.into_iter().flat_map(once).map(|reply| reply.kept(answer)).collect(),
        }
    }

    /// Whether all came that was asked for.
    pub(super) fn is_whole(&self) -> bool {
        self.replies.as_ref().is_none_or(Page::is_whole)
    }

    /// Its texts' length, replies included.
    pub(super) fn bytes(&self) -> usize {
        let replies = self.replies.iter().flat_map(|replies| &replies.nodes).flatten();
        self.body.len() + self.diff_hunk.len() + replies.map(|reply| reply.body.len()).sum::<usize>()
    }

    fn review(self) -> Review {
        let state = self.state.clone().unwrap_or_default().to_lowercase();
        Review { state, comment: self.kept(None) }
    }
}

/// Each comment once: pages shift while they are read.
fn once(page: Page<Said>) -> impl Iterator<Item = Said> {
    let mut known = rustc_hash::FxHashSet::default();
    page.into_nodes().filter(move |said| known.insert(said.id.clone()))
}

/// A review thread.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Hung {
    pub(super) id: String,
    path: String,
    line: Option<u64>,
    start_line: Option<u64>,
    original_line: Option<u64>,
    original_start_line: Option<u64>,
    is_resolved: bool,
    is_outdated: bool,
    resolved_by: Option<Actor>,
    pub(super) comments: Page<Said>,
}

impl Hung {
    fn kept(self) -> Thread {
        let original = self.line.is_none() && self.original_line.is_some();
        let comments: Vec<Said> = once(self.comments).collect();
        Thread {
            path: self.path,
            line: self.line.or(self.original_line),
            start_line: if original { self.original_start_line } else { self.start_line },
            original,
            resolved: self.is_resolved,
            resolved_by: login(self.resolved_by),
            outdated: self.is_outdated,
            hunk: comments.first().map(|comment| comment.diff_hunk.clone()).unwrap_or_default(),
            comments: comments.into_iter().map(|comment| comment.kept(None)).collect(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Category {
    name: String,
    #[serde(rename = "isAnswerable")]
    is_answerable: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WirePoll {
    question: String,
    total_vote_count: u64,
    options: Option<Page<WireOption>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireOption {
    option: String,
    total_vote_count: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HeadRepository {
    name_with_owner: String,
}

/// A discussion, an issue or a pull request with the first of its comments.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Whole {
    #[serde(flatten)]
    pub(super) shown: Shown,
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    body: String,
    editor: Option<Actor>,
    created_at: String,
    last_edited_at: Option<String>,
    closed_at: Option<String>,
    state_reason: Option<String>,
    locked: bool,
    category: Option<Category>,
    is_answered: Option<bool>,
    milestone: Option<Title>,
    assignees: Page<Actor>,
    is_draft: bool,
    merged: Option<bool>,
    merged_at: Option<String>,
    merged_by: Option<Actor>,
    base_ref_name: String,
    head_ref_name: String,
    is_cross_repository: bool,
    head_repository: Option<HeadRepository>,
    upvote_count: u64,
    reaction_groups: Option<Vec<ReactionGroup>>,
    poll: Option<WirePoll>,
    pub(super) comments: Page<Said>,
    pub(super) reviews: Option<Page<Said>>,
    pub(super) review_threads: Option<Page<Hung>>,
}

impl Whole {
    /// Whether all came that was asked for.
    pub(super) fn is_whole(&self) -> bool {
        !self.id.is_empty()
            && self.shown.is_whole()
            && self.comments.is_sure()
            && self.comments.nodes.iter().flatten().all(Said::is_whole)
            && self.reviews.as_ref().is_none_or(Page::is_sure)
            && self.review_threads.as_ref().is_none_or(Page::is_sure)
            && self.review_threads.iter().flat_map(|threads| threads.nodes.iter().flatten()).all(|thread| thread.comments.is_sure())
    }

    /// Whether the lists came that only pull requests have.
    pub(super) fn is_reviewed(&self) -> bool {
        self.reviews.is_some() && self.review_threads.is_some()
    }

    /// What is kept of it.
    pub(super) fn kept(self) -> Conversation {
        let answer = self.shown.answer.as_ref().map(|answer| answer.id.clone());
        let merged = self.merged.unwrap_or_default();
        let state = self.shown.state();
        let head = match self.head_repository {
            Some(from) if self.is_cross_repository => format!("{}:{}", from.name_with_owner, self.head_ref_name),
            _ => self.head_ref_name,
        };
        let asks = self.category.as_ref().is_some_and(|category| category.is_answerable);
        Conversation {
            number: self.shown.number,
            body: self.body,
            author: login(self.shown.author),
            created_at: self.created_at,
            updated_at: self.shown.updated_at,
            edited_at: self.last_edited_at,
            edited_by: login(self.editor),
            closed_at: self.closed_at,
            state,
            state_reason: self.state_reason.map(|reason| reason.to_lowercase()),
            locked: self.locked,
            category: self.category.map(|category| category.name),
            answered: asks.then(|| self.is_answered.unwrap_or(answer.is_some())),
            milestone: self.milestone.map(|milestone| milestone.title),
            assignees: self.assignees.into_nodes().map(|assignee| assignee.login).collect(),
            pull: self.merged.is_some().then(|| Pull {
                draft: self.is_draft,
                merged,
                merged_at: self.merged_at,
                merged_by: login(self.merged_by),
                base: self.base_ref_name,
                head,
            }),
            upvotes: self.upvote_count,
            reactions: reactions(self.reaction_groups),
            poll: self.poll.map(|poll| Poll {
                question: poll.question,
                votes: poll.total_vote_count,
                options: poll.options.into_iter().flat_map(Page::into_nodes).map(|option| (option.option, option.total_vote_count)).collect(),
            }),
            comments: once(self.comments).map(|comment| comment.kept(answer.as_deref())).collect(),
            reviews: self.reviews.into_iter().flat_map(once).map(Said::review).collect(),
            threads: self.review_threads.into_iter().flat_map(Page::into_nodes).map(Hung::kept).collect(),
        }
    }
}
