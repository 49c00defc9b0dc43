//! Reviews of pull requests in GraphQL, with their threads at places of a diff.

use super::{commit, of_text};
use crate::support::github::graphql::ids;
use crate::support::github::graphql::node::{Args, Failure, Found, Node};
use crate::support::github::model::{Comment, Id, Issue, Thread};
use crate::support::github::site::World;

/// A field of a review or of a thread of one.
pub(super) fn field(world: &World, node: &Node, name: &str, args: &Args) -> Result<Found, Failure> {
    let id = node.repository().unwrap();
    let r = &world.model.repositories[&id];
    let base = world.model.full_name(r);
    match node {
        Node::Review(_, number, review) => {
            let pull = r.issues[number].pull.as_ref().unwrap();
            let review = pull.reviews.iter().find(|known| known.text.id == *review).unwrap();
            match name {
                "id" => Found::value(ids::below("PRR", id, *number, review.text.id)),
                "state" => Found::value(review.state),
                "submittedAt" => Found::maybe_time(review.submitted),
                "pullRequest" => Found::node(Node::Issue(id, *number)),
                "commit" => Ok(Found::Node(commit(r, &pull.head_oid))),
                "comments" => {
                    let threads = pull.threads.iter().filter(|thread| thread.review == Some(review.text.id));
                    Ok(Found::Connection(threads.filter_map(|thread| Some(Node::ReviewComment(id, *number, thread.comments.first()?.id))).collect()))
                }
                _ => of_text(world, node, &review.text, &format!("/{base}/pull/{number}#pullrequestreview-{}", review.text.id), name, args),
            }
        }
        Node::Thread(_, number, thread) => {
            let thread = r.issues[number].pull.as_ref().unwrap().threads.iter().find(|known| known.id == *thread).unwrap();
            match name {
                "id" => Found::value(ids::below("PRRT", id, *number, thread.id)),
                "path" => Found::value(thread.path.as_str()),
                "line" => Found::value(thread.line),
                "originalLine" => Found::value(thread.original_line),
                "startLine" | "originalStartLine" => Found::value(thread.start_line),
                "diffSide" => Found::value(if thread.left { "LEFT" } else { "RIGHT" }),
                "startDiffSide" => Found::value(thread.start_line.map(|_| if thread.left { "LEFT" } else { "RIGHT" })),
                "isResolved" | "isCollapsed" => Found::value(thread.resolved),
                "isOutdated" => Found::value(thread.outdated),
                "resolvedBy" => Found::person(world, thread.resolved_by),
                "subjectType" => Found::value(if thread.file { "FILE" } else { "LINE" }),
                "pullRequest" => Found::node(Node::Issue(id, *number)),
                _ => Ok(Found::Connection(thread.comments.iter().map(|comment| Node::ReviewComment(id, *number, comment.id)).collect())),
            }
        }
        Node::ReviewComment(_, number, comment) => {
            let issue = &r.issues[number];
            let (thread, text) = thread_with(issue, *comment).unwrap();
            let pull = issue.pull.as_ref().unwrap();
            let first = thread.comments[0].id;
            match name {
                "id" => Found::value(ids::below("PRRC", id, *number, *comment)),
                "path" => Found::value(thread.path.as_str()),
                "line" => Found::value(thread.line),
                "originalLine" => Found::value(thread.original_line),
                "startLine" | "originalStartLine" => Found::value(thread.start_line),
                "diffHunk" => Found::value(thread.diff_hunk.as_str()),
                "outdated" => Found::value(thread.outdated),
                "state" => Found::value("SUBMITTED"),
                "subjectType" => Found::value(if thread.file { "FILE" } else { "LINE" }),
                "pullRequest" => Found::node(Node::Issue(id, *number)),
                "pullRequestReview" => Ok(Found::Node(thread.review.map(|review| Node::Review(id, *number, review)))),
                "replyTo" => Ok(Found::Node((first != *comment).then_some(Node::ReviewComment(id, *number, first)))),
                "commit" | "originalCommit" => Ok(Found::Node(commit(r, &pull.head_oid))),
                _ => of_text(world, node, text, &format!("/{base}/pull/{number}#discussion_r{comment}"), name, args),
            }
        }
        _ => unreachable!("{node:?}"),
    }
}

pub(super) fn thread_with(issue: &Issue, comment: Id) -> Option<(&Thread, &Comment)> {
    let threads = &issue.pull.as_ref()?.threads;
    threads.iter().find_map(|thread| Some((thread, thread.comments.iter().find(|known| known.id == comment)?)))
}
