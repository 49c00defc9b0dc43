//! The JSON shapes of accounts and repositories.

use serde_json::{Value, json};

use crate::support::github::graphql::ids;
use crate::support::github::model::{Id, Owner, OwnerKind, Repository, time};
use crate::support::github::site::World;

/// An account.
pub fn owner(world: &World, owner: &Owner) -> Value {
    json!({
        "login": owner.login, "id": owner.id, "node_id": ids::owner(owner), "type": if owner.kind == OwnerKind::Mannequin { "Mannequin" } else { owner.kind.name() },
        "site_admin": false, "url": format!("{}/users/{}", world.rest(), owner.login), "html_url": format!("{}/{}", world.origins.web, owner.login),
        "avatar_url": format!("{}/avatars/{}", world.origins.web, owner.id), "user_view_type": "public",
    })
}

/// An account by id; one that was deleted is null.
pub fn person(world: &World, id: Option<Id>) -> Value {
    id.and_then(|id| world.model.owners.get(&id)).map_or(Value::Null, |found| owner(world, found))
}

/// An account with what only its own page shows.
pub fn whole_owner(world: &World, of: &Owner) -> Value {
    let mut body = owner(world, of);
    body["name"] = json!(of.name);
    body["created_at"] = json!(time(of.created));
    body["updated_at"] = json!(time(of.created));
    body
}

/// A repository; `whole` also has what lists leave out.
pub fn repository(world: &World, repository: &Repository, whole: bool) -> Value {
    let model = &world.model;
    let (full, rest, web) = (model.full_name(repository), world.rest(), &world.origins.web);
    let visibility = match repository {
        r if r.internal => "internal",
        r if r.private => "private",
        _ => "public",
    };
    let license = repository
        .license
        .as_ref()
        .map(|id| json!({"key": id.to_lowercase(), "name": format!("{id} License"), "spdx_id": id, "node_id": ids::plain("L", id)}));
    let mut body = json!({
        "id": repository.id, "node_id": ids::repository(repository.id), "name": repository.name, "full_name": full, "private": repository.private,
        "owner": owner(world, model.owner_of(repository)), "html_url": format!("{web}/{full}"), "description": repository.description,
        "fork": repository.fork_of.is_some(), "url": format!("{rest}/repos/{full}"), "clone_url": format!("{web}/{full}.git"),
        "git_url": format!("git://github.invalid/{full}.git"), "ssh_url": format!("git@github.invalid:{full}.git"), "homepage": repository.homepage,
    });
    let more = json!({
        "size": repository.git.branches.len() * 12, "stargazers_count": 3, "watchers_count": 3, "forks_count": 0, "language": null,
        "has_issues": repository.has_issues, "has_projects": true, "has_wiki": repository.has_wiki, "has_pages": false, "has_downloads": true,
        "has_discussions": repository.has_discussions, "archived": repository.archived.is_some(), "disabled": repository.disabled,
        "open_issues_count": repository.issues.values().filter(|issue| issue.closed.is_none()).count(), "license": license,
        "allow_forking": true, "is_template": repository.template, "topics": repository.topics, "visibility": visibility,
        "default_branch": repository.default_branch, "created_at": time(repository.created), "updated_at": time(repository.updated),
        "pushed_at": time(repository.pushed), "permissions": {"admin": false, "maintain": false, "push": false, "triage": false, "pull": true},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    if whole {
        body["network_count"] = json!(0);
        body["subscribers_count"] = json!(1);
        if let Some(parent) = repository.fork_of.and_then(|id| model.repositories.get(&id)) {
            body["parent"] = self::repository(world, parent, false);
        }
    }
    body
}
