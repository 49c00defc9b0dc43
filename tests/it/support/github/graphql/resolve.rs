//! The fields of the root, of accounts and of repositories.

use serde_json::{Value, json};

use super::cost::Cost;
use super::node::{Args, Failure, Found, Node, order};
use super::{ids, objects, talk};
use crate::support::github::budget::key;
use crate::support::github::model::{Id, Owner, OwnerKind, Repository, time};
use crate::support::github::site::World;
use crate::support::github::tokens::{Caller, TokenKind};

/// A field of a node.
pub(super) fn field(world: &mut World, caller: &Caller, node: &Node, name: &str, args: &Args, cost: &Cost) -> Result<Found, Failure> {
    match node {
        Node::Query => root(world, caller, name, args, cost),
        Node::Owner(id) => of_owner(world, caller, &world.model.owners[id], name, args),
        Node::Repository(id) => of_repository(world, caller, &world.model.repositories[id], name, args),
        Node::Ref(..) | Node::Object(..) | Node::Entry(..) => objects::field(world, node, name, args),
        Node::Edge(_, cursor, of) => match name {
            "cursor" => Found::value(cursor.as_str()),
            _ => Found::node((**of).clone()),
        },
        Node::Plain(ty, values) => match &values[name] {
            Value::Object(inner) if inner.contains_key("__owner") => Found::node(Node::Owner(inner["__owner"].as_u64().unwrap())),
            Value::Null if name == "user" => Ok(Found::Node(None)),
            Value::Object(inner) if *ty == "RepositoryTopic" || inner.contains_key("__type") => {
                Found::node(Node::Plain("Topic", values[name].clone()))
            }
            value => Found::value(value.clone()),
        },
        _ => talk::field(world, node, name, args),
    }
}

fn text<'a>(args: &'a Args, name: &str) -> Option<&'a str> {
    args.get(name).and_then(Value::as_str)
}

fn root(world: &mut World, caller: &Caller, name: &str, args: &Args, cost: &Cost) -> Result<Found, Failure> {
    match name {
        "rateLimit" => {
            let off = world.budgets.off;
            let window = *world.budgets.window(key(caller), "graphql");
            if off {
                return Ok(Found::Node(None));
            }
            let values = json!({
                "cost": cost.points, "limit": window.limit, "nodeCount": cost.nodes, "remaining": window.left(), "used": window.used,
                "resetAt": time(window.reset),
            });
            Found::node(Node::Plain("RateLimit", values))
        }
        "id" => Found::value("Q_root"),
        "relay" => Found::node(Node::Query),
        "viewer" => {
            let (_, token) = caller.token.as_ref().unwrap();
            if token.kind == TokenKind::Installation {
                return Err(Failure::of("FORBIDDEN", "Resource not accessible by integration"));
            }
            Found::node(Node::Owner(token.user))
        }
        "repository" => repository(world, caller, text(args, "owner").unwrap(), text(args, "name").unwrap(), args)
            .map(|id| Found::Node(Some(Node::Repository(id)))),
        "repositoryOwner" => {
            let owner = world.model.owner(text(args, "login").unwrap());
            Ok(Found::Node(owner.filter(|owner| matches!(owner.kind, OwnerKind::User | OwnerKind::Organization)).map(|owner| Node::Owner(owner.id))))
        }
        "user" | "organization" => {
            let (kind, word, article) = if name == "user" { (OwnerKind::User, "User", "a") } else { (OwnerKind::Organization, "Organization", "an") };
            let login = text(args, "login").unwrap();
            let owner = world.model.owner(login).filter(|owner| owner.kind == kind);
            let missing = || Failure::not_found(format!("Could not resolve to {article} {word} with the login of '{login}'."));
            Found::node(Node::Owner(owner.ok_or_else(missing)?.id))
        }
        "node" => Ok(Found::Node(by_id(world, caller, text(args, "id").unwrap())?)),
        "nodes" => {
            let ids = args["ids"].as_array().cloned().unwrap_or_default();
            Ok(Found::Tried(ids.iter().map(|id| by_id(world, caller, id.as_str().unwrap_or_default())).collect()))
        }
        other => panic!("the simulator does not answer Query.{other}"),
    }
}

/// A repository by name, through its former names too, if the caller may know of it.
fn repository(world: &World, caller: &Caller, owner: &str, name: &str, args: &Args) -> Result<Id, Failure> {
    let follow = args.get("followRenames").and_then(Value::as_bool).unwrap_or(true);
    let model = &world.model;
    let found = model.named(owner, name).or_else(|| model.formerly(owner, name).filter(|_| follow));
    let missing = || Failure::not_found(format!("Could not resolve to a Repository with the name '{owner}/{name}'."));
    let found = found.filter(|found| caller.sees(found) && !world.habits.hides(found.id)).ok_or_else(missing)?;
    let_in(world, caller, found)?;
    Ok(found.id)
}

/// Whether SSO or a block keeps the caller out.
fn let_in(world: &World, caller: &Caller, repository: &Repository) -> Result<(), Failure> {
    if caller.sso_of(&world.model, repository).is_some() {
        let message = "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.";
        return Err(Failure { extensions: json!({"saml_failure": true}), ..Failure::of("FORBIDDEN", message) });
    }
    if repository.blocked.is_some() {
        return Err(Failure::of("FORBIDDEN", "Repository access blocked"));
    }
    Ok(())
}

fn by_id(world: &World, caller: &Caller, id: &str) -> Result<Option<Node>, Failure> {
    let missing = || Failure::not_found(format!("Could not resolve to a node with the global id of '{id}'."));
    let (prefix, parts) = ids::parts(id).ok_or_else(missing)?;
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<u64>().ok()).ok_or_else(missing);
    let first = number(0)?;
    if matches!(prefix.as_str(), "U" | "O" | "BOT" | "M") {
        return Ok(Some(Node::Owner(world.model.owners.get(&first).ok_or_else(missing)?.id)));
    }
    let repository = world.model.repositories.get(&first).filter(|found| caller.sees(found) && !world.habits.hides(found.id)).ok_or_else(missing)?;
    let_in(world, caller, repository)?;
    if prefix == "R" {
        return Ok(Some(Node::Repository(first)));
    }
    let name = || parts.get(1).cloned().ok_or_else(missing);
    let node = match prefix.as_str() {
        "REF" => Node::Ref(first, name()?),
        "C" => Node::Object(first, name()?, "commit"),
        "T" => Node::Object(first, name()?, "tree"),
        "B" => Node::Object(first, name()?, "blob"),
        "TAG" => Node::Object(first, name()?, "tag"),
        _ => talk::by_id(repository, &prefix, number(1)?, number(2).unwrap_or_default()).ok_or_else(missing)?,
    };
    lacking(caller, needs(&prefix))?;
    Ok(Some(node))
}

fn needs(prefix: &str) -> &'static str {
    match prefix {
        "D" | "DC" | "DIC" => "discussions",
        "I" => "issues",
        "PR" | "PRR" | "PRRC" | "PRRT" => "pull_requests",
        "RE" | "B" | "T" | "C" => "contents",
        _ => "metadata",
    }
}

fn lacking(caller: &Caller, permission: &str) -> Result<(), Failure> {
    if caller.lacks(permission) {
        return Err(Failure::of("FORBIDDEN", "Resource not accessible by personal access token"));
    }
    Ok(())
}

fn of_owner(world: &World, caller: &Caller, owner: &Owner, name: &str, args: &Args) -> Result<Found, Failure> {
    match name {
        "id" => Found::value(ids::owner(owner)),
        "databaseId" => Found::value(owner.id),
        "login" => Found::value(owner.login.as_str()),
        "name" => Found::value(owner.name.clone()),
        "description" => Found::value(Value::Null),
        "url" => Found::value(format!("{}/{}", world.origins.web, owner.login)),
        "resourcePath" => Found::value(format!("/{}", owner.login)),
        "avatarUrl" => Found::value(format!("{}/avatars/{}", world.origins.web, owner.id)),
        "createdAt" | "updatedAt" => Found::time(owner.created),
        "repository" => match self::repository(world, caller, &owner.login, text(args, "name").unwrap(), args) {
            Ok(id) => Found::node(Node::Repository(id)),
            Err(failure) if failure.kind.as_deref() == Some("NOT_FOUND") => Ok(Found::Node(None)),
            Err(failure) => Err(failure),
        },
        "repositories" => repositories(world, caller, owner, args),
        other => panic!("the simulator does not answer {}.{other}", owner.kind.name()),
    }
}

fn repositories(world: &World, caller: &Caller, owner: &Owner, args: &Args) -> Result<Found, Failure> {
    let flag = |name: &str| args.get(name).and_then(Value::as_bool);
    let mut found: Vec<&Repository> = world.model.repositories.values().filter(|r| r.owner == owner.id && caller.sees(r)).collect();
    if let Some(first) = found.first()
        && caller.sso_of(&world.model, first).is_some()
    {
        return let_in(world, caller, first).map(|()| Found::Connection(Vec::new()));
    }
    found.retain(|r| r.blocked.is_none());
    found.retain(|r| flag("isArchived").is_none_or(|wanted| r.archived.is_some() == wanted));
    found.retain(|r| flag("isFork").is_none_or(|wanted| r.fork_of.is_some() == wanted));
    found.retain(|r| flag("isLocked").is_none_or(|wanted| r.locked.is_some() == wanted));
    found.retain(|r| flag("hasIssuesEnabled").is_none_or(|wanted| r.has_issues == wanted));
    found.retain(|r| text(args, "privacy").is_none_or(|wanted| r.private == (wanted == "PRIVATE")));
    found.retain(|r| text(args, "visibility").is_none_or(|wanted| visibility(r) == wanted));
    order(&mut found, args, |r, by| match by {
        "PUSHED_AT" => (r.pushed, String::new()),
        "UPDATED_AT" => (r.updated, String::new()),
        "NAME" => (0, r.name.to_lowercase()),
        _ => (r.created, String::new()),
    });
    Ok(Found::Connection(found.into_iter().map(|r| Node::Repository(r.id)).collect()))
}

fn visibility(repository: &Repository) -> &'static str {
    match repository {
        r if r.internal => "INTERNAL",
        r if r.private => "PRIVATE",
        _ => "PUBLIC",
    }
}

fn of_repository(world: &World, caller: &Caller, r: &Repository, name: &str, args: &Args) -> Result<Found, Failure> {
    let model = &world.model;
    match name {
        "id" => Found::value(ids::repository(r.id)),
        "databaseId" => Found::value(r.id),
        "name" => Found::value(r.name.as_str()),
        "nameWithOwner" => Found::value(model.full_name(r)),
        "owner" => Found::node(Node::Owner(r.owner)),
        "description" => Found::value(r.description.clone()),
        "homepageUrl" => Found::value(r.homepage.clone()),
        "url" => Found::value(format!("{}/{}", world.origins.web, model.full_name(r))),
        "resourcePath" => Found::value(format!("/{}", model.full_name(r))),
        "sshUrl" => Found::value(format!("git@github.invalid:{}.git", model.full_name(r))),
        "isArchived" => Found::value(r.archived.is_some()),
        "archivedAt" => Found::maybe_time(r.archived),
        "isDisabled" => Found::value(r.disabled),
        "isEmpty" => Found::value(r.git.branches.is_empty()),
        "isFork" => Found::value(r.fork_of.is_some()),
        "isLocked" => Found::value(r.locked.is_some()),
        "lockReason" => Found::value(r.locked),
        "isMirror" => Found::value(false),
        "isPrivate" => Found::value(r.private),
        "isTemplate" => Found::value(r.template),
        "visibility" => Found::value(visibility(r)),
        "hasWikiEnabled" => Found::value(r.has_wiki),
        "hasIssuesEnabled" => Found::value(r.has_issues),
        "hasDiscussionsEnabled" => Found::value(r.has_discussions),
        "hasProjectsEnabled" => Found::value(true),
        "createdAt" => Found::time(r.created),
        "updatedAt" => Found::time(r.updated),
        "pushedAt" => Found::value((!r.git.branches.is_empty()).then(|| time(r.pushed))),
        "diskUsage" => Found::value(r.git.branches.len() * 12),
        "forkCount" | "stargazerCount" => Found::value(0),
        "viewerPermission" => Found::value("READ"),
        "parent" => {
            Ok(Found::Node(r.fork_of.filter(|id| model.repositories.get(id).is_some_and(|parent| caller.sees(parent))).map(Node::Repository)))
        }
        "licenseInfo" => {
            let license = r.license.as_ref().map(|id| {
                Node::Plain("License", json!({"id": ids::plain("L", id), "key": id.to_lowercase(), "name": format!("{id} License"), "nickname": null, "spdxId": id, "url": null}))
            });
            Ok(Found::Node(license))
        }
        "repositoryTopics" => Ok(Found::Connection(r.topics.iter().map(|topic| Node::Topic(r.id, topic.clone())).collect())),
        "defaultBranchRef" | "ref" | "refs" | "object" => {
            lacking(caller, "contents")?;
            objects::of_repository(r, name, args)
        }
        _ => {
            let permission = match name {
                "discussion" | "discussions" | "discussionCategories" | "discussionCategory" => "discussions",
                "pullRequest" | "pullRequests" => "pull_requests",
                "release" | "releases" | "latestRelease" => "contents",
                _ => "issues",
            };
            lacking(caller, permission)?;
            talk::of_repository(world, r, name, args)
        }
    }
}
