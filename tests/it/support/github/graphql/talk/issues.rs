//! Issues and pull requests in GraphQL: comments, labels, milestones.

use serde_json::Value;

use super::{commit, labels, names, of_text};
use crate::support::github::graphql::ids;
use crate::support::github::graphql::node::{Args, Failure, Found, Node};
use crate::support::github::model::{Id, Issue, Repository, time};
use crate::support::github::site::World;

/// A field of an issue or pull request, its comments, labels and milestones.
pub(super) fn field(world: &World, node: &Node, name: &str, args: &Args) -> Result<Found, Failure> {
    let id = node.repository().unwrap();
    let r = &world.model.repositories[&id];
    let base = world.model.full_name(r);
    match node {
        Node::Issue(_, number) => of_issue(world, r, node, &r.issues[number], name, args),
        Node::IssueComment(_, number, comment) => {
            let issue = &r.issues[number];
            let text = issue.comments.iter().find(|known| known.id == *comment).unwrap();
            match name {
                "id" => Found::value(ids::below("IC", id, *number, *comment)),
                "issue" => Found::node(Node::Issue(id, *number)),
                "pullRequest" => Ok(Found::Node(issue.is_pull().then_some(Node::Issue(id, *number)))),
                _ => of_text(world, node, text, &format!("/{base}/{}/{number}#issuecomment-{comment}", kind_of(issue)), name, args),
            }
        }
        Node::Label(_, label) => {
            let label = r.labels.iter().find(|known| known.id == *label).unwrap();
            let path = format!("/{base}/labels/{}", crate::support::wire::encode(&label.name));
            match name {
                "id" => Found::value(ids::within("LA", id, label.id)),
                "name" => Found::value(label.name.as_str()),
                "color" => Found::value(label.color.as_str()),
                "description" => Found::value(label.description.clone()),
                "isDefault" => Found::value(false),
                "url" => Found::value(format!("{}{path}", world.origins.web)),
                "resourcePath" => Found::value(path),
                _ => Found::time(label.created),
            }
        }
        Node::Milestone(_, number) => {
            let milestone = r.milestones.iter().find(|known| known.number == *number).unwrap();
            let path = format!("/{base}/milestone/{number}");
            match name {
                "id" => Found::value(ids::within("MI", id, *number)),
                "number" => Found::value(*number),
                "title" => Found::value(milestone.title.as_str()),
                "description" => Found::value(milestone.description.clone()),
                "dueOn" => Found::maybe_time(milestone.due),
                "closed" => Found::value(milestone.closed.is_some()),
                "closedAt" => Found::maybe_time(milestone.closed),
                "state" => Found::value(if milestone.closed.is_some() { "CLOSED" } else { "OPEN" }),
                "creator" => Ok(Found::Node(None)),
                "progressPercentage" => Found::value(0.0),
                "url" => Found::value(format!("{}{path}", world.origins.web)),
                "resourcePath" => Found::value(path),
                _ => Found::time(milestone.created),
            }
        }
        _ => unreachable!("{node:?}"),
    }
}

fn of_issue(world: &World, r: &Repository, node: &Node, it: &Issue, name: &str, args: &Args) -> Result<Found, Failure> {
    let there = |id: Id| world.model.repositories.contains_key(&id);
    match name {
        "id" => return Found::value(ids::within(if it.is_pull() { "PR" } else { "I" }, r.id, it.number)),
        "databaseId" => return Found::value(it.pull.as_ref().map_or(it.text.id, |pull| pull.id)),
        "fullDatabaseId" => return Found::value(it.pull.as_ref().map_or(it.text.id, |pull| pull.id).to_string()),
        "number" => return Found::value(it.number),
        "title" => return Found::value(it.title.as_str()),
        "updatedAt" => return Found::time(it.updated),
        "state" => return Found::value(it.state()),
        "stateReason" => return Found::value(it.state_reason),
        "closed" => return Found::value(it.closed.is_some()),
        "closedAt" => return Found::maybe_time(it.closed),
        "locked" => return Found::value(it.locked.is_some()),
        "activeLockReason" => return Found::value(it.locked),
        "isPinned" => return Found::value(false),
        "labels" => return labels(r, &it.labels),
        "assignees" => return Ok(Found::Connection(it.assignees.iter().map(|id| Node::Owner(*id)).collect())),
        "milestone" => return Ok(Found::Node(it.milestone.map(|number| Node::Milestone(r.id, number)))),
        "parent" => return Ok(Found::Node(it.parent.filter(|number| r.issues.contains_key(number)).map(|number| Node::Issue(r.id, number)))),
        "subIssues" => {
            let below = r.issues.values().filter(|issue| issue.parent == Some(it.number));
            return Ok(Found::Connection(below.map(|issue| Node::Issue(r.id, issue.number)).collect()));
        }
        "comments" => return Ok(Found::Connection(it.comments.iter().map(|comment| Node::IssueComment(r.id, it.number, comment.id)).collect())),
        _ => {}
    }
    if let Some(pull) = &it.pull {
        match name {
            "isDraft" => return Found::value(pull.draft),
            "merged" => return Found::value(pull.merged.is_some()),
            "mergedAt" => return Found::maybe_time(pull.merged.map(|(at, _)| at)),
            "mergedBy" => return Found::person(world, pull.merged.and_then(|(_, who)| who)),
            "mergeCommit" => return Ok(Found::Node(pull.merge_commit.as_deref().and_then(|oid| commit(r, oid)))),
            "baseRefName" => return Found::value(pull.base.as_str()),
            "baseRefOid" => return Found::value(pull.base_oid.as_str()),
            "headRefName" => return Found::value(pull.head.as_str()),
            "headRefOid" => return Found::value(pull.head_oid.as_str()),
            "baseRepository" => return Found::node(Node::Repository(r.id)),
            "headRepository" => return Ok(Found::Node(pull.head_repository.filter(|id| there(*id)).map(Node::Repository))),
            "headRepositoryOwner" => {
                let owner = pull.head_repository.and_then(|id| world.model.repositories.get(&id)).map(|head| Node::Owner(head.owner));
                return Ok(Found::Node(owner));
            }
            "isCrossRepository" => return Found::value(pull.head_repository != Some(r.id)),
            "additions" => return Found::value(pull.size.0),
            "deletions" => return Found::value(pull.size.1),
            "changedFiles" => return Found::value(pull.size.2),
            "totalCommentsCount" => {
                let inline: usize = pull.threads.iter().map(|thread| thread.comments.len()).sum();
                return Found::value(
                    it.comments.len() + inline + pull.reviews.iter().filter(|review| review.text.body.as_deref() != Some("")).count(),
                );
            }
            "permalink" => return Found::value(format!("{}/{}/pull/{}", world.origins.web, world.model.full_name(r), it.number)),
            "reviewDecision" => {
                let state =
                    pull.reviews.iter().rev().find(|review| matches!(review.state, "APPROVED" | "CHANGES_REQUESTED")).map(|review| review.state);
                return Found::value(state);
            }
            "closingIssuesReferences" => return Ok(Found::Connection(pull.closes.iter().map(|number| Node::Issue(r.id, *number)).collect())),
            "reviews" => {
                let states = names(args, "states").filter(|states| !states.is_empty());
                let found =
                    pull.reviews.iter().filter(|review| states.as_ref().is_none_or(|states| states.iter().any(|state| state == review.state)));
                return Ok(Found::Connection(found.map(|review| Node::Review(r.id, it.number, review.text.id)).collect()));
            }
            "reviewThreads" => return Ok(Found::Connection(pull.threads.iter().map(|thread| Node::Thread(r.id, it.number, thread.id)).collect())),
            _ => {}
        }
    }
    of_text(world, node, &it.text, &format!("/{}/{}/{}", world.model.full_name(r), kind_of(it), it.number), name, args)
}

/// How its address calls an issue.
fn kind_of(issue: &Issue) -> &'static str {
    if issue.is_pull() { "pull" } else { "issues" }
}

/// Of a repository's issues or pull requests those that are asked for.
pub(super) fn filter(world: &World, r: &Repository, found: &mut Vec<&Issue>, args: &Args) {
    let filter = args.get("filterBy").cloned().unwrap_or_default();
    for states in [names(args, "states"), filter.as_object().and_then(|filter| names(filter, "states"))].into_iter().flatten() {
        if !states.is_empty() {
            found.retain(|issue| states.iter().any(|state| state == issue.state()));
        }
    }
    for labels in [names(args, "labels"), filter.as_object().and_then(|filter| names(filter, "labels"))].into_iter().flatten() {
        if !labels.is_empty() {
            found.retain(|issue| labels.iter().any(|label| issue.labels.iter().any(|own| own.eq_ignore_ascii_case(label))));
        }
    }
    for name in ["baseRefName", "headRefName"] {
        if let Some(wanted) = args.get(name).and_then(Value::as_str) {
            found.retain(|issue| issue.pull.as_ref().is_some_and(|pull| wanted == if name == "baseRefName" { &pull.base } else { &pull.head }));
        }
    }
    if let Some(since) = filter["since"].as_str() {
        found.retain(|issue| time(issue.updated).as_str() >= since);
    }
    if let Some(login) = filter["createdBy"].as_str() {
        let author = world.model.owner(login).map(|owner| owner.id);
        found.retain(|issue| issue.text.author == author);
    }
    if let Some(login) = filter["assignee"].as_str() {
        let user = world.model.owner(login).map(|owner| owner.id);
        found.retain(|issue| issue.assignees.iter().any(|id| Some(*id) == user));
    }
    if let Some(milestone) = filter["milestone"].as_str() {
        let number = r.milestones.iter().find(|known| known.title == milestone || known.number.to_string() == milestone).map(|known| known.number);
        found.retain(|issue| issue.milestone == number);
    }
}
