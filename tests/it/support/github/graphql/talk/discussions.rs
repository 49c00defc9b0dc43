//! Discussions in GraphQL: categories, comments, polls.

use serde_json::Value;

use super::{labels, of_text};
use crate::support::github::graphql::ids;
use crate::support::github::graphql::node::{Args, Failure, Found, Node};
use crate::support::github::model::{Comment, Discussion, Id, Repository};
use crate::support::github::site::World;

/// A field of a discussion, or of what is in one.
pub(super) fn field(world: &World, node: &Node, name: &str, args: &Args) -> Result<Found, Failure> {
    let id = node.repository().unwrap();
    let r = &world.model.repositories[&id];
    let base = world.model.full_name(r);
    match node {
        Node::Discussion(_, number) => of_discussion(world, r, node, &r.discussions[number], name),
        Node::DiscussionComment(_, number, comment) => {
            let discussion = &r.discussions[number];
            let text = comment_of(discussion, *comment).unwrap();
            let above = discussion.comments.iter().find(|known| known.replies.iter().any(|reply| reply.id == *comment));
            match name {
                "id" => Found::value(ids::below("DC", id, *number, *comment)),
                "discussion" => Found::node(Node::Discussion(id, *number)),
                "deletedAt" => Found::maybe_time(text.deleted),
                "isAnswer" => Found::value(discussion.answer.is_some_and(|(answer, ..)| answer == *comment)),
                "replies" => Ok(Found::Connection(text.replies.iter().map(|reply| Node::DiscussionComment(id, *number, reply.id)).collect())),
                "replyTo" => Ok(Found::Node(above.map(|above| Node::DiscussionComment(id, *number, above.id)))),
                _ => of_text(world, node, text, &format!("/{base}/discussions/{number}#discussioncomment-{comment}"), name, args),
            }
        }
        Node::Category(_, category) => {
            let category = r.categories.iter().find(|known| known.id == *category).unwrap();
            match name {
                "id" => Found::value(ids::within("DIC", id, category.id)),
                "name" => Found::value(category.name.as_str()),
                "slug" => Found::value(category.slug.as_str()),
                "emoji" => Found::value(category.emoji.as_str()),
                "description" => Found::value(category.description.as_str()),
                "isAnswerable" => Found::value(category.answerable),
                _ => Found::time(category.created),
            }
        }
        Node::Poll(_, number) => {
            let poll = r.discussions[number].poll.as_ref().unwrap();
            match name {
                "id" => Found::value(ids::within("DP", id, *number)),
                "question" => Found::value(poll.question.as_str()),
                "totalVoteCount" => Found::value(poll.options.iter().map(|(_, _, votes)| votes).sum::<u64>()),
                "discussion" => Found::node(Node::Discussion(id, *number)),
                _ => Ok(Found::Connection(poll.options.iter().map(|(option, ..)| Node::PollOption(id, *number, *option)).collect())),
            }
        }
        Node::PollOption(_, number, option) => {
            let poll = r.discussions[number].poll.as_ref().unwrap();
            let (_, text, votes) = poll.options.iter().find(|(known, ..)| known == option).unwrap();
            match name {
                "id" => Found::value(ids::below("DPO", id, *number, *option)),
                "option" => Found::value(text.as_str()),
                "poll" => Found::node(Node::Poll(id, *number)),
                _ => Found::value(*votes),
            }
        }
        _ => unreachable!("{node:?}"),
    }
}

fn of_discussion(world: &World, r: &Repository, node: &Node, it: &Discussion, name: &str) -> Result<Found, Failure> {
    match name {
        "id" => Found::value(ids::within("D", r.id, it.number)),
        "number" => Found::value(it.number),
        "title" => Found::value(it.title.as_str()),
        "updatedAt" => Found::time(it.updated),
        "category" => Found::node(Node::Category(r.id, it.category)),
        "labels" => labels(r, &it.labels),
        "closed" => Found::value(it.closed.is_some()),
        "closedAt" => Found::maybe_time(it.closed),
        "stateReason" => Found::value(it.state_reason),
        "locked" => Found::value(it.locked),
        "activeLockReason" => Found::value(Value::Null),
        "isAnswered" => {
            let category = r.categories.iter().find(|category| category.id == it.category);
            Found::value(category.is_some_and(|category| category.answerable).then_some(it.answer.is_some()))
        }
        "answer" => Ok(Found::Node(it.answer.map(|(id, ..)| Node::DiscussionComment(r.id, it.number, id)))),
        "answerChosenAt" => Found::maybe_time(it.answer.map(|(_, at, _)| at)),
        "answerChosenBy" => Found::person(world, it.answer.and_then(|(.., who)| who)),
        "poll" => Ok(Found::Node(it.poll.as_ref().map(|_| Node::Poll(r.id, it.number)))),
        "comments" => Ok(Found::Connection(it.comments.iter().map(|comment| Node::DiscussionComment(r.id, it.number, comment.id)).collect())),
        _ => of_text(world, node, &it.text, &format!("/{}/discussions/{}", world.model.full_name(r), it.number), name, &Args::new()),
    }
}

pub(super) fn comment_of(discussion: &Discussion, id: Id) -> Option<&Comment> {
    discussion.comments.iter().flat_map(|comment| std::iter::once(comment).chain(&comment.replies)).find(|comment| comment.id == id)
}
