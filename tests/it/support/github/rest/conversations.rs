//! Issues, pull requests, comments, reviews, labels, milestones and releases by REST.

use serde_json::{Value, json};

use super::{at, error, page, path_in, shapes, since};
use crate::support::github::graphql::ids;
use crate::support::github::model::{Comment, Id, Issue, Label, Milestone, Release, Repository, Review, Thread, time};
use crate::support::github::site::World;
use crate::support::wire::{Answer, Request};

/// From this item on, lists of issues cannot be asked by page numbers.
const DEEP: usize = 1000;

/// Answers what is about conversations and releases.
pub(super) fn answer(world: &World, request: &Request, id: Id, inner: &[&str]) -> Answer {
    let r = at(world, id);
    let paged = |items: Vec<Value>| page(world, request, items, &path_in(id, inner), None);
    let deep = |items: Vec<Value>| page(world, request, items, &path_in(id, inner), Some(world.habits.deep_page.unwrap_or(DEEP)));
    match inner {
        ["issues"] => list(world, request, r).map_or_else(|refusal| refusal, deep),
        ["issues", "comments"] => {
            let all = r.issues.values().flat_map(|issue| issue.comments.iter().map(move |comment| (comment, comment_of(world, r, issue, comment))));
            sorted(request, all.collect()).map_or_else(|refusal| refusal, deep)
        }
        ["issues", number] => {
            found(world, request, r, number, inner).map_or_else(|refusal| refusal, |issue| Answer::json(&issue_of(world, r, issue)))
        }
        ["issues", number, "comments"] => match found(world, request, r, number, inner) {
            Err(refusal) => refusal,
            Ok(issue) => match since(request) {
                Err(refusal) => refusal,
                Ok(since) => {
                    let newer = issue.comments.iter().filter(|comment| since.as_ref().is_none_or(|since| time(comment.updated) >= *since));
                    paged(newer.map(|comment| comment_of(world, r, issue, comment)).collect())
                }
            },
        },
        ["issues", number, "labels"] => match found(world, request, r, number, inner) {
            Err(refusal) => refusal,
            Ok(issue) => paged(labels(world, r, &issue.labels)),
        },
        ["labels"] => paged(r.labels.iter().map(|label| label_of(world, r, label)).collect()),
        ["milestones"] => paged(r.milestones.iter().map(|milestone| milestone_of(world, r, milestone)).collect()),
        ["pulls", "comments"] => {
            let mut all = Vec::new();
            for issue in r.issues.values() {
                for thread in issue.pull.iter().flat_map(|pull| &pull.threads) {
                    all.extend(thread.comments.iter().map(|comment| (comment, review_comment(world, r, issue, thread, comment))));
                }
            }
            sorted(request, all).map_or_else(|refusal| refusal, paged)
        }
        ["pulls", number, rest @ ..] => {
            let Some(issue) = number.parse().ok().and_then(|number: u64| r.issues.get(&number)).filter(|issue| issue.is_pull()) else {
                return error(404, "Not Found");
            };
            let pull = issue.pull.as_ref().unwrap();
            match rest {
                [] => Answer::json(&pull_of(world, r, issue)),
                ["reviews"] => paged(pull.reviews.iter().map(|review| review_of(world, r, issue, review)).collect()),
                ["comments"] => {
                    let all = pull.threads.iter().flat_map(|thread| thread.comments.iter().map(move |comment| (thread, comment)));
                    paged(all.map(|(thread, comment)| review_comment(world, r, issue, thread, comment)).collect())
                }
                _ => error(404, "Not Found"),
            }
        }
        ["releases", rest @ ..] => releases(world, request, r, rest, inner),
        _ => error(501, "The simulated GitHub does not play this"),
    }
}

/// An issue or pull request by its number; what left says so.
fn found<'r>(world: &World, request: &Request, r: &'r Repository, number: &str, inner: &[&str]) -> Result<&'r Issue, Answer> {
    let number: u64 = number.parse().map_err(|_| error(404, "Not Found"))?;
    if let Some(issue) = r.issues.get(&number) {
        let off = !r.has_issues && !issue.is_pull();
        return if off { Err(error(410, "Issues are disabled for this repo")) } else { Ok(issue) };
    }
    match r.left.get(&number) {
        Some(Some((to, new))) => {
            let tail: String = inner[2..].iter().map(|part| format!("/{part}")).collect();
            let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
            let place = format!("{}/repositories/{to}/issues/{new}{tail}{query}", world.rest());
            let body = json!({"message": "Moved Permanently", "url": place, "documentation_url": "https://docs.github.com/v3/#http-redirects"});
            Err(Answer { status: 301, ..Answer::json(&body) }.with("location", place))
        }
        Some(None) => Err(error(410, "This issue was deleted")),
        None => Err(error(404, "Not Found")),
    }
}

fn list(world: &World, request: &Request, r: &Repository) -> Result<Vec<Value>, Answer> {
    if !r.has_issues && r.issues.values().all(|issue| !issue.is_pull()) {
        return Err(error(410, "Issues are disabled for this repo"));
    }
    let since = since(request)?;
    let state = request.one("state").unwrap_or("open");
    let labels: Vec<&str> = request.all("labels");
    let mut issues: Vec<&Issue> = r.issues.values().filter(|issue| r.has_issues || issue.is_pull()).collect();
    issues.retain(|issue| state == "all" || (state == "closed") == issue.closed.is_some());
    issues.retain(|issue| since.as_ref().is_none_or(|since| time(issue.updated) >= *since));
    issues.retain(|issue| labels.iter().all(|label| issue.labels.iter().any(|own| own.eq_ignore_ascii_case(label))));
    match request.one("sort").unwrap_or("created") {
        "updated" => issues.sort_by_key(|issue| (issue.updated, issue.number)),
        "comments" => issues.sort_by_key(|issue| issue.comments.len()),
        _ => issues.sort_by_key(|issue| (issue.text.created, issue.number)),
    }
    if request.one("direction").unwrap_or("desc") == "desc" {
        issues.reverse();
    }
    Ok(issues.into_iter().map(|issue| issue_of(world, r, issue)).collect())
}

/// Comments of a whole repository, by `sort`, `direction` and `since`.
fn sorted(request: &Request, mut all: Vec<(&Comment, Value)>) -> Result<Vec<Value>, Answer> {
    let since = since(request)?;
    all.retain(|(comment, _)| since.as_ref().is_none_or(|since| time(comment.updated) >= *since));
    match request.one("sort") {
        Some("updated") => all.sort_by_key(|(comment, _)| (comment.updated, comment.id)),
        _ => all.sort_by_key(|(comment, _)| comment.id),
    }
    // Without `sort`, the direction is not looked at.
    if request.one("sort").is_some() && request.one("direction") != Some("asc") {
        all.reverse();
    }
    Ok(all.into_iter().map(|(_, shown)| shown).collect())
}

fn addresses(world: &World, r: &Repository) -> (String, String) {
    let full = world.model.full_name(r);
    (format!("{}/repos/{full}", world.rest()), format!("{}/{full}", world.origins.web))
}

fn reactions(given: &[(String, Id)], address: &str) -> Value {
    let count = |content: &str| given.iter().filter(|(known, _)| known == content).count();
    json!({
        "url": format!("{address}/reactions"), "total_count": given.len(), "+1": count("THUMBS_UP"), "-1": count("THUMBS_DOWN"), "laugh": count("LAUGH"),
        "hooray": count("HOORAY"), "confused": count("CONFUSED"), "heart": count("HEART"), "rocket": count("ROCKET"), "eyes": count("EYES"),
    })
}

fn label_of(world: &World, r: &Repository, label: &Label) -> Value {
    let (api, _) = addresses(world, r);
    let url = format!("{api}/labels/{}", crate::support::wire::encode(&label.name));
    let node = ids::within("LA", r.id, label.id);
    json!({"id": label.id, "node_id": node, "url": url, "name": label.name, "color": label.color, "default": false, "description": label.description})
}

fn labels(world: &World, r: &Repository, names: &[String]) -> Vec<Value> {
    names.iter().filter_map(|name| r.labels.iter().find(|label| label.name == *name)).map(|label| label_of(world, r, label)).collect()
}

fn milestone_of(world: &World, r: &Repository, milestone: &Milestone) -> Value {
    let (api, web) = addresses(world, r);
    let state = if milestone.closed.is_some() { "closed" } else { "open" };
    json!({
        "id": milestone.id, "node_id": ids::within("MI", r.id, milestone.number), "number": milestone.number, "title": milestone.title, "state": state,
        "description": milestone.description, "url": format!("{api}/milestones/{}", milestone.number), "creator": null,
        "html_url": format!("{web}/milestone/{}", milestone.number), "created_at": time(milestone.created), "updated_at": time(milestone.created),
        "due_on": milestone.due.map(time), "closed_at": milestone.closed.map(time), "open_issues": 0, "closed_issues": 0,
    })
}

fn association(text: &Comment) -> &'static str {
    if text.author.is_some() { "MEMBER" } else { "NONE" }
}

fn issue_of(world: &World, r: &Repository, issue: &Issue) -> Value {
    let (api, web) = addresses(world, r);
    let (number, text) = (issue.number, &issue.text);
    let kind = if issue.is_pull() { "pull" } else { "issues" };
    let address = format!("{api}/issues/{number}");
    let milestone =
        issue.milestone.and_then(|number| r.milestones.iter().find(|known| known.number == number)).map(|found| milestone_of(world, r, found));
    let people: Vec<Value> = issue.assignees.iter().map(|id| shapes::person(world, Some(*id))).filter(|person| !person.is_null()).collect();
    let node = ids::within(if issue.is_pull() { "PR" } else { "I" }, r.id, number);
    let mut body = json!({
        "id": text.id, "node_id": node, "number": number, "title": issue.title, "url": address, "repository_url": api,
        "html_url": format!("{web}/{kind}/{number}"), "comments_url": format!("{address}/comments"), "body": text.body,
        "user": shapes::person(world, text.author), "labels": labels(world, r, &issue.labels), "author_association": association(text),
        "state": if issue.closed.is_some() { "closed" } else { "open" }, "state_reason": issue.state_reason.map(str::to_lowercase),
        "locked": issue.locked.is_some(), "active_lock_reason": issue.locked.map(|reason| reason.to_lowercase().replace('_', " ")),
    });
    let more = json!({
        "assignee": people.first(), "assignees": people, "milestone": milestone, "comments": issue.comments.len(), "type": null,
        "created_at": time(text.created), "updated_at": time(issue.updated), "closed_at": issue.closed.map(time),
        "reactions": reactions(&text.reactions, &address),
    });
    let all = body.as_object_mut().unwrap();
    all.extend(more.as_object().unwrap().clone());
    if let Some(pull) = &issue.pull {
        let merged = pull.merged.map(|(at, _)| time(at));
        all.insert(
            "pull_request".to_owned(),
            json!({"url": format!("{api}/pulls/{number}"), "html_url": format!("{web}/pull/{number}"), "merged_at": merged}),
        );
        all.insert("draft".to_owned(), json!(pull.draft));
    }
    body
}

fn comment_of(world: &World, r: &Repository, issue: &Issue, comment: &Comment) -> Value {
    let (api, web) = addresses(world, r);
    let kind = if issue.is_pull() { "pull" } else { "issues" };
    let address = format!("{api}/issues/comments/{}", comment.id);
    json!({
        "id": comment.id, "node_id": ids::below("IC", r.id, issue.number, comment.id), "url": address,
        "html_url": format!("{web}/{kind}/{}#issuecomment-{}", issue.number, comment.id), "issue_url": format!("{api}/issues/{}", issue.number),
        "body": comment.body, "user": shapes::person(world, comment.author), "created_at": time(comment.created), "updated_at": time(comment.updated),
        "author_association": association(comment), "reactions": reactions(&comment.reactions, &address), "performed_via_github_app": null,
    })
}

fn pull_of(world: &World, r: &Repository, issue: &Issue) -> Value {
    let (api, web) = addresses(world, r);
    let pull = issue.pull.as_ref().unwrap();
    let mut body = issue_of(world, r, issue);
    let side = |name: &str, oid: &str, repository: Option<&Repository>| {
        let owner = repository.map(|repository| shapes::owner(world, world.model.owner_of(repository)));
        let login = owner.as_ref().map_or_else(String::new, |owner| format!("{}:", owner["login"].as_str().unwrap()));
        json!({"label": format!("{login}{name}"), "ref": name, "sha": oid, "user": owner, "repo": repository.map(|repository| shapes::repository(world, repository, false))})
    };
    let head = pull.head_repository.and_then(|id| world.model.repositories.get(&id));
    let more = json!({
        "id": pull.id, "url": format!("{api}/pulls/{}", issue.number), "html_url": format!("{web}/pull/{}", issue.number),
        "issue_url": format!("{api}/issues/{}", issue.number), "draft": pull.draft, "merged": pull.merged.is_some(),
        "merged_at": pull.merged.map(|(at, _)| time(at)), "merged_by": shapes::person(world, pull.merged.and_then(|(_, who)| who)),
        "merge_commit_sha": pull.merge_commit, "base": side(&pull.base, &pull.base_oid, Some(r)), "head": side(&pull.head, &pull.head_oid, head),
        "additions": pull.size.0, "deletions": pull.size.1, "changed_files": pull.size.2, "commits": 1,
        "review_comments": pull.threads.iter().map(|thread| thread.comments.len()).sum::<usize>(),
    });
    let all = body.as_object_mut().unwrap();
    for name in ["pull_request", "state_reason", "repository_url", "reactions", "type"] {
        all.remove(name);
    }
    all.extend(more.as_object().unwrap().clone());
    body
}

fn review_of(world: &World, r: &Repository, issue: &Issue, review: &Review) -> Value {
    let (api, web) = addresses(world, r);
    let text = &review.text;
    json!({
        "id": text.id, "node_id": ids::below("PRR", r.id, issue.number, text.id), "user": shapes::person(world, text.author), "body": text.body,
        "state": review.state, "html_url": format!("{web}/pull/{}#pullrequestreview-{}", issue.number, text.id),
        "pull_request_url": format!("{api}/pulls/{}", issue.number), "submitted_at": review.submitted.map(time),
        "commit_id": issue.pull.as_ref().unwrap().head_oid, "author_association": association(text),
    })
}

fn review_comment(world: &World, r: &Repository, issue: &Issue, thread: &Thread, comment: &Comment) -> Value {
    let (api, web) = addresses(world, r);
    let side = if thread.left { "LEFT" } else { "RIGHT" };
    let mut body = json!({
        "id": comment.id, "node_id": ids::below("PRRC", r.id, issue.number, comment.id), "url": format!("{api}/pulls/comments/{}", comment.id),
        "html_url": format!("{web}/pull/{}#discussion_r{}", issue.number, comment.id), "pull_request_url": format!("{api}/pulls/{}", issue.number),
        "pull_request_review_id": thread.review, "diff_hunk": thread.diff_hunk, "path": thread.path, "line": thread.line,
        "original_line": thread.original_line, "start_line": thread.start_line, "side": side, "subject_type": if thread.file { "file" } else { "line" },
        "body": comment.body, "user": shapes::person(world, comment.author), "created_at": time(comment.created), "updated_at": time(comment.updated),
        "author_association": association(comment),
    });
    let first = thread.comments[0].id;
    if first != comment.id {
        body["in_reply_to_id"] = json!(first);
    }
    body
}

fn releases(world: &World, request: &Request, r: &Repository, rest: &[&str], inner: &[&str]) -> Answer {
    // Drafts are for those who may push.
    let mut all: Vec<&Release> = r.releases.values().filter(|release| !release.draft).collect();
    all.sort_by_key(|release| std::cmp::Reverse((release.created, release.id)));
    let one = |found: Option<&&Release>| found.map_or_else(|| error(404, "Not Found"), |release| Answer::json(&release_of(world, r, release)));
    match rest {
        [] => page(world, request, all.iter().map(|release| release_of(world, r, release)).collect(), &path_in(r.id, inner), None),
        ["latest"] => one(all.iter().find(|release| !release.prerelease)),
        ["tags", tag @ ..] => one(all.iter().find(|release| release.tag == tag.join("/"))),
        [id] => one(all.iter().find(|release| release.id.to_string() == **id)),
        _ => error(404, "Not Found"),
    }
}

fn release_of(world: &World, r: &Repository, release: &Release) -> Value {
    let (api, web) = addresses(world, r);
    let assets: Vec<Value> = release
        .assets
        .iter()
        .map(|asset| {
            json!({
                "id": asset.id, "node_id": ids::below("RA", r.id, release.id, asset.id), "name": asset.name, "size": asset.size, "state": "uploaded",
                "content_type": asset.content_type, "download_count": asset.downloads, "created_at": time(asset.created), "updated_at": time(asset.created),
                "url": format!("{api}/releases/assets/{}", asset.id), "uploader": shapes::person(world, release.author), "label": null,
                "browser_download_url": format!("{web}/releases/download/{}/{}", release.tag, asset.name),
            })
        })
        .collect();
    json!({
        "id": release.id, "node_id": ids::within("RE", r.id, release.id), "tag_name": release.tag, "name": release.name, "body": release.body,
        "draft": release.draft, "prerelease": release.prerelease, "immutable": false, "target_commitish": release.target,
        "url": format!("{api}/releases/{}", release.id), "html_url": format!("{web}/releases/tag/{}", release.tag),
        "author": shapes::person(world, release.author), "created_at": time(release.created), "updated_at": time(release.updated),
        "published_at": release.published.map(time), "assets": assets, "tarball_url": format!("{api}/tarball/{}", release.tag),
        "zipball_url": format!("{api}/zipball/{}", release.tag),
    })
}
