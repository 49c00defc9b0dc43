//! Conversations and releases in GraphQL.

use serde_json::{Value, json};

use super::ids;
use super::resolve::{Args, Failure, Found, Node, order};
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
        "DC" => comment_of(r.discussions.get(&at)?, inner).map(|_| Node::DiscussionComment(id, at, inner)),
        "DIC" => r.categories.iter().any(|category| category.id == at).then_some(Node::Category(id, at)),
        "DP" => r.discussions.get(&at)?.poll.as_ref().map(|_| Node::Poll(id, at)),
        "I" => r.issues.get(&at).filter(|issue| !issue.is_pull()).map(|_| Node::Issue(id, at)),
        "PR" => r.issues.get(&at).filter(|issue| issue.is_pull()).map(|_| Node::Issue(id, at)),
        "IC" => r.issues.get(&at)?.comments.iter().any(|comment| comment.id == inner).then_some(Node::IssueComment(id, at, inner)),
        "PRR" => r.issues.get(&at)?.pull.as_ref()?.reviews.iter().any(|review| review.text.id == inner).then_some(Node::Review(id, at, inner)),
        "PRRT" => r.issues.get(&at)?.pull.as_ref()?.threads.iter().any(|thread| thread.id == inner).then_some(Node::Thread(id, at, inner)),
        "PRRC" => thread_with(r.issues.get(&at)?, inner).map(|_| Node::ReviewComment(id, at, inner)),
        "LA" => r.labels.iter().any(|label| label.id == at).then_some(Node::Label(id, at)),
        "MI" => r.milestones.iter().any(|milestone| milestone.number == at).then_some(Node::Milestone(id, at)),
        "RE" => r.releases.contains_key(&at).then_some(Node::Release(id, at)),
        _ => None,
    }
}

fn comment_of(discussion: &Discussion, id: Id) -> Option<&Comment> {
    discussion.comments.iter().flat_map(|comment| std::iter::once(comment).chain(&comment.replies)).find(|comment| comment.id == id)
}

fn thread_with(issue: &Issue, comment: Id) -> Option<(&crate::support::github::model::Thread, &Comment)> {
    let threads = &issue.pull.as_ref()?.threads;
    threads.iter().find_map(|thread| Some((thread, thread.comments.iter().find(|known| known.id == comment)?)))
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
            filter_issues(world, r, &mut found, args);
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
        "latestRelease" => Ok(Found::Node(latest(r).map(|release| Node::Release(id, release.id)))),
        other => panic!("the simulator does not answer Repository.{other}"),
    }
}

fn latest(r: &Repository) -> Option<&Release> {
    r.releases.values().filter(|release| !release.draft && !release.prerelease).max_by_key(|release| (release.created, release.id))
}

fn filter_issues(world: &World, r: &Repository, found: &mut Vec<&Issue>, args: &Args) {
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

/// A field of anything in a conversation, or of a release.
pub(super) fn field(world: &World, node: &Node, name: &str, args: &Args) -> Result<Found, Failure> {
    let id = node.repository().unwrap();
    let r = &world.model.repositories[&id];
    let base = world.model.full_name(r);
    if name == "repository" {
        return Found::node(Node::Repository(id));
    }
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
        Node::Release(_, release) => of_release(world, r, node, &r.releases[release], name),
        Node::Asset(_, release, asset) => {
            let release = &r.releases[release];
            let asset = release.assets.iter().find(|known| known.id == *asset).unwrap();
            match name {
                "id" => Found::value(ids::below("RA", id, release.id, asset.id)),
                "name" => Found::value(asset.name.as_str()),
                "size" => Found::value(asset.size),
                "contentType" => Found::value(asset.content_type.as_str()),
                "downloadCount" => Found::value(asset.downloads),
                "downloadUrl" | "url" => Found::value(format!("{}/{base}/releases/download/{}/{}", world.origins.web, release.tag, asset.name)),
                "release" => Found::node(Node::Release(id, release.id)),
                "uploadedBy" => Found::person(world, release.author),
                _ => Found::time(asset.created),
            }
        }
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
            _ => Found::time(r.created),
        },
        Node::ReactionGroup(of, content, who) => match name {
            "content" => Found::value(content.as_str()),
            "viewerHasReacted" => Found::value(false),
            "createdAt" => Found::value((!who.is_empty()).then(|| time(r.created))),
            "subject" => Found::node((**of).clone()),
            _ => Ok(Found::Connection(who.iter().filter(|id| world.model.owners.contains_key(id)).map(|id| Node::Owner(*id)).collect())),
        },
        _ => unreachable!("{node:?}"),
    }
}

fn commit(r: &Repository, oid: &str) -> Option<Node> {
    r.git.commit_of(oid).map(|commit| Node::Object(r.id, commit.oid, "commit"))
}

/// How its address calls an issue.
fn kind_of(issue: &Issue) -> &'static str {
    if issue.is_pull() { "pull" } else { "issues" }
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

fn of_release(world: &World, r: &Repository, node: &Node, it: &Release, name: &str) -> Result<Found, Failure> {
    let path = format!("/{}/releases/tag/{}", world.model.full_name(r), it.tag);
    match name {
        "id" => Found::value(ids::within("RE", r.id, it.id)),
        "databaseId" => Found::value(it.id),
        "tagName" => Found::value(it.tag.as_str()),
        "tag" => Ok(Found::Node(r.git.tags.contains_key(&it.tag).then(|| Node::Ref(r.id, format!("refs/tags/{}", it.tag))))),
        "tagCommit" => Ok(Found::Node(r.git.tags.get(&it.tag).and_then(|oid| commit(r, oid)))),
        "name" => Found::value(it.name.clone()),
        "description" => Found::value(it.body.clone()),
        "author" => Found::person(world, it.author),
        "isDraft" => Found::value(it.draft),
        "isPrerelease" => Found::value(it.prerelease),
        "isLatest" => Found::value(latest(r).is_some_and(|latest| latest.id == it.id)),
        "createdAt" => Found::time(it.created),
        "updatedAt" => Found::time(it.updated),
        "publishedAt" => Found::maybe_time(it.published),
        "releaseAssets" => Ok(Found::Connection(it.assets.iter().map(|asset| Node::Asset(r.id, it.id, asset.id)).collect())),
        "reactions" => reactions(node, &it.reactions, &Args::new()),
        "reactionGroups" => groups(node, &it.reactions),
        "url" => Found::value(format!("{}{path}", world.origins.web)),
        _ => Found::value(path),
    }
}
