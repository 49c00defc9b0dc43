//! Conversations and releases in GraphQL: which there are in a repository, and what all their texts have in common.

mod discussions;
mod issues;
mod releases;
mod reviews;

use serde_json::{Value, json};

use super::ids;
use super::node::{Args, Failure, Found, Node, order};
use crate::support::github::model::{Comment, Discussion, Id, Issue, Release, Repository, time};
use crate::support::github::site::World;

/// The reactions that there are, in the service's order.
const REACTIONS: [&str; 8] = ["THUMBS_UP", "THUMBS_DOWN", "LAUGH", "HOORAY", "CONFUSED", "HEART", "ROCKET", "EYES"];

fn number(args: &Args, name: &str) -> u64 {
    args.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn names(args: &Args, name: &str) -> Option<Vec<String>> {
    let list = args.get(name)?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn unresolved(what: &str, number: u64) -> Failure {
    Failure::of("NOT_FOUND", &format!("Could not resolve to {what} with the number of {number}."))
}

/// What an id within a repository leads to.
pub(super) fn by_id(r: &Repository, prefix: &str, at: u64, inner: u64) -> Option<Node> {
    let id = r.id;
    match prefix {
        "D" => r.discussions.contains_key(&at).then_some(Node::Discussion(id, at)),
        "DC" => discussions::comment_of(r.discussions.get(&at)?, inner).map(|_| Node::DiscussionComment(id, at, inner)),
        "DIC" => r.categories.iter().any(|category| category.id == at).then_some(Node::Category(id, at)),
        "DP" => r.discussions.get(&at)?.poll.as_ref().map(|_| Node::Poll(id, at)),
        "I" => r.issues.get(&at).filter(|issue| !issue.is_pull()).map(|_| Node::Issue(id, at)),
        "PR" => r.issues.get(&at).filter(|issue| issue.is_pull()).map(|_| Node::Issue(id, at)),
        "IC" => r.issues.get(&at)?.comments.iter().any(|comment| comment.id == inner).then_some(Node::IssueComment(id, at, inner)),
        "PRR" => r.issues.get(&at)?.pull.as_ref()?.reviews.iter().any(|review| review.text.id == inner).then_some(Node::Review(id, at, inner)),
        "PRRT" => r.issues.get(&at)?.pull.as_ref()?.threads.iter().any(|thread| thread.id == inner).then_some(Node::Thread(id, at, inner)),
        "PRRC" => reviews::thread_with(r.issues.get(&at)?, inner).map(|_| Node::ReviewComment(id, at, inner)),
        "LA" => r.labels.iter().any(|label| label.id == at).then_some(Node::Label(id, at)),
        "MI" => r.milestones.iter().any(|milestone| milestone.number == at).then_some(Node::Milestone(id, at)),
        "RE" => r.releases.contains_key(&at).then_some(Node::Release(id, at)),
        _ => None,
    }
}

/// The fields of a repository that are about conversations and releases.
pub(super) fn of_repository(world: &World, r: &Repository, name: &str, args: &Args) -> Result<Found, Failure> {
    let id = r.id;
    let text = |name: &str| args.get(name).and_then(Value::as_str);
    match name {
        "discussion" => {
            let number = number(args, "number");
            let there = r.discussions.contains_key(&number);
            if there { Found::node(Node::Discussion(id, number)) } else { Err(unresolved("a Discussion", number)) }
        }
        "discussions" => {
            let mut found: Vec<&Discussion> = if r.has_discussions { r.discussions.values().collect() } else { Vec::new() };
            let category = text("categoryId").and_then(ids::parts).and_then(|(_, parts)| parts.get(1)?.parse::<u64>().ok());
            found.retain(|discussion| text("categoryId").is_none() || Some(discussion.category) == category);
            found.retain(|discussion| args.get("answered").and_then(Value::as_bool).is_none_or(|wanted| discussion.answer.is_some() == wanted));
            if let Some(states) = names(args, "states").filter(|states| !states.is_empty()) {
                found.retain(|discussion| states.iter().any(|state| (state == "CLOSED") == discussion.closed.is_some()));
            }
            order(&mut found, args, |discussion, by| {
                (if by == "CREATED_AT" { discussion.text.created } else { discussion.updated }, discussion.number)
            });
            Ok(Found::Connection(found.into_iter().map(|discussion| Node::Discussion(id, discussion.number)).collect()))
        }
        "discussionCategories" => Ok(Found::Connection(r.categories.iter().map(|category| Node::Category(id, category.id)).collect())),
        "discussionCategory" => {
            let found = r.categories.iter().find(|category| Some(category.slug.as_str()) == text("slug"));
            Ok(Found::Node(found.map(|category| Node::Category(id, category.id))))
        }
        "issue" | "pullRequest" | "issueOrPullRequest" => {
            let number = number(args, "number");
            let (word, wanted) = match name {
                "issue" => ("an Issue", Some(false)),
                "pullRequest" => ("a PullRequest", Some(true)),
                _ => ("an issue or pull request", None),
            };
            let found = r.issues.get(&number).filter(|issue| wanted.is_none_or(|pull| issue.is_pull() == pull));
            if let Some(Some((to, new))) = r.left.get(&number).filter(|_| found.is_none() && wanted != Some(true)) {
                // A transferred issue is found under its old number.
                return Found::node(Node::Issue(*to, *new));
            }
            found.map_or_else(|| Err(unresolved(word, number)), |_| Found::node(Node::Issue(id, number)))
        }
        "issues" | "pullRequests" => {
            let pulls = name == "pullRequests";
            let on = pulls || r.has_issues;
            let mut found: Vec<&Issue> = r.issues.values().filter(|issue| on && issue.is_pull() == pulls).collect();
            issues::filter(world, r, &mut found, args);
            order(&mut found, args, |issue, by| {
                let key = match by {
                    "UPDATED_AT" => issue.updated,
                    "COMMENTS" => issue.comments.len() as u64,
                    _ => issue.text.created,
                };
                (key, issue.number)
            });
            Ok(Found::Connection(found.into_iter().map(|issue| Node::Issue(id, issue.number)).collect()))
        }
        "labels" => {
            let mut found: Vec<_> = r.labels.iter().collect();
            order(&mut found, args, |label, by| if by == "NAME" { label.name.clone() } else { format!("{:020}", label.created) });
            Ok(Found::Connection(found.into_iter().map(|label| Node::Label(id, label.id)).collect()))
        }
        "label" => Ok(Found::Node(r.labels.iter().find(|label| Some(label.name.as_str()) == text("name")).map(|label| Node::Label(id, label.id)))),
        "milestones" => Ok(Found::Connection(r.milestones.iter().map(|milestone| Node::Milestone(id, milestone.number)).collect())),
        "milestone" => {
            let number = number(args, "number");
            Ok(Found::Node(r.milestones.iter().any(|milestone| milestone.number == number).then_some(Node::Milestone(id, number))))
        }
        "releases" => {
            // Drafts are for those who may push.
            let mut found: Vec<&Release> = r.releases.values().filter(|release| !release.draft).collect();
            found.sort_by_key(|release| std::cmp::Reverse((release.created, release.id)));
            order(
                &mut found,
                args,
                |release, by| if by == "NAME" { (release.name.clone().unwrap_or_default(), 0) } else { (String::new(), release.created) },
            );
            Ok(Found::Connection(found.into_iter().map(|release| Node::Release(id, release.id)).collect()))
        }
        "release" => {
            let found = r.releases.values().find(|release| !release.draft && Some(release.tag.as_str()) == text("tagName"));
            Ok(Found::Node(found.map(|release| Node::Release(id, release.id))))
        }
        "latestRelease" => Ok(Found::Node(releases::latest(r).map(|release| Node::Release(id, release.id)))),
        other => panic!("the simulator does not answer Repository.{other}"),
    }
}

/// A field of anything in a conversation, or of a release.
pub(super) fn field(world: &World, node: &Node, name: &str, args: &Args) -> Result<Found, Failure> {
    let id = node.repository().unwrap();
    if name == "repository" {
        return Found::node(Node::Repository(id));
    }
    let created = world.model.repositories[&id].created;
    match node {
        Node::Discussion(..) | Node::DiscussionComment(..) | Node::Category(..) | Node::Poll(..) | Node::PollOption(..) => {
            discussions::field(world, node, name, args)
        }
        Node::Issue(..) | Node::IssueComment(..) | Node::Label(..) | Node::Milestone(..) => issues::field(world, node, name, args),
        Node::Review(..) | Node::Thread(..) | Node::ReviewComment(..) => reviews::field(world, node, name, args),
        Node::Release(..) | Node::Asset(..) => releases::field(world, node, name),
        Node::Topic(_, topic) => match name {
            "id" => Found::value(ids::plain("RT", &format!("{id}:{topic}"))),
            "topic" => Found::node(Node::Plain("Topic", json!({"id": ids::plain("TO", topic), "name": topic}))),
            "url" => Found::value(format!("{}/topics/{topic}", world.origins.web)),
            _ => Found::value(format!("/topics/{topic}")),
        },
        Node::Reaction(of, who, content) => match name {
            "id" => Found::value(ids::plain("REA", &format!("{id}:{who}:{content}"))),
            "databaseId" => Found::value(*who),
            "content" => Found::value(content.as_str()),
            "user" => Found::person(world, Some(*who)),
            "reactable" => Found::node((**of).clone()),
            _ => Found::time(created),
        },
        Node::ReactionGroup(of, content, who) => match name {
            "content" => Found::value(content.as_str()),
            "viewerHasReacted" => Found::value(false),
            "createdAt" => Found::value((!who.is_empty()).then(|| time(created))),
            "subject" => Found::node((**of).clone()),
            _ => Ok(Found::Connection(who.iter().filter(|id| world.model.owners.contains_key(id)).map(|id| Node::Owner(*id)).collect())),
        },
        _ => unreachable!("{node:?}"),
    }
}

fn commit(r: &Repository, oid: &str) -> Option<Node> {
    r.git.commit_of(oid).map(|commit| Node::Object(r.id, commit.oid, "commit"))
}

/// The fields that all texts have.
fn of_text(world: &World, node: &Node, text: &Comment, path: &str, name: &str, args: &Args) -> Result<Found, Failure> {
    match name {
        "databaseId" => Found::value(text.id),
        "fullDatabaseId" => Found::value(text.id.to_string()),
        "author" => Found::person(world, text.author),
        "authorAssociation" => Found::value(if text.author.is_some() { "MEMBER" } else { "NONE" }),
        "editor" => Found::person(world, text.author.filter(|_| text.edited.is_some())),
        "body" | "bodyText" => Found::value(text.body.as_deref().unwrap_or_default()),
        "createdAt" | "publishedAt" => Found::time(text.created),
        "updatedAt" => Found::time(text.updated),
        "lastEditedAt" => Found::maybe_time(text.edited),
        "isMinimized" => Found::value(text.minimized.is_some()),
        "minimizedReason" => Found::value(text.minimized.clone()),
        "upvoteCount" => Found::value(text.upvotes),
        "url" => Found::value(format!("{}{path}", world.origins.web)),
        "resourcePath" => Found::value(path),
        "reactions" => reactions(node, &text.reactions, args),
        "reactionGroups" => groups(node, &text.reactions),
        other => panic!("the simulator does not answer {other} of {node:?}"),
    }
}

fn reactions(node: &Node, given: &[(String, Id)], args: &Args) -> Result<Found, Failure> {
    let wanted = args.get("content").and_then(Value::as_str);
    let found = given.iter().filter(|(content, _)| wanted.is_none_or(|wanted| wanted == content));
    Ok(Found::Connection(found.map(|(content, who)| Node::Reaction(Box::new(node.clone()), *who, content.clone())).collect()))
}

fn groups(node: &Node, given: &[(String, Id)]) -> Result<Found, Failure> {
    let of = |content: &str| given.iter().filter(|(known, _)| known == content).map(|(_, who)| *who).collect();
    Ok(Found::Nodes(REACTIONS.iter().map(|content| Some(Node::ReactionGroup(Box::new(node.clone()), (*content).to_owned(), of(content)))).collect()))
}

fn labels(r: &Repository, given: &[String]) -> Result<Found, Failure> {
    let found = given.iter().filter_map(|name| r.labels.iter().find(|label| label.name == *name));
    Ok(Found::Connection(found.map(|label| Node::Label(r.id, label.id)).collect()))
}
