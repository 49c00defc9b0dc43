//! Accounts, and the lists of their repositories.

use serde_json::Value;

use super::{error, page, path_of, shapes};
use crate::support::github::model::{OwnerKind, Repository};
use crate::support::github::site::World;
use crate::support::github::tokens::{Caller, TokenKind};
use crate::support::wire::{Answer, Request};

/// Answers what is about accounts.
pub(super) fn answer(world: &World, request: &Request, caller: &Caller, segments: &[&str]) -> Answer {
    match segments {
        ["user"] => match &caller.token {
            None => error(401, "Requires authentication"),
            Some((_, token)) if token.kind == TokenKind::Installation => error(403, "Resource not accessible by integration"),
            Some((_, token)) => Answer::json(&shapes::whole_owner(world, &world.model.owners[&token.user])),
        },
        ["users", login] => match world.model.owner(login) {
            Some(owner) => Answer::json(&shapes::whole_owner(world, owner)),
            None => error(404, "Not Found"),
        },
        ["orgs", login] => match world.model.owner(login).filter(|owner| owner.kind == OwnerKind::Organization) {
            Some(owner) => Answer::json(&shapes::whole_owner(world, owner)),
            None => error(404, "Not Found"),
        },
        ["orgs", login, "repos"] => {
            let Some(owner) = world.model.owner(login).filter(|owner| owner.kind == OwnerKind::Organization) else { return error(404, "Not Found") };
            if let Some(page) = owner.sso.as_deref().filter(|_| caller.token.as_ref().is_some_and(|(_, token)| !token.sso.contains(&owner.id))) {
                return super::sso_required(page);
            }
            let owner = owner.id;
            list(world, request, caller, segments, |repository| repository.owner == owner)
        }
        ["users", login, "repos"] => {
            let Some(owner) = world.model.owner(login) else { return error(404, "Not Found") };
            // Of a user, only what everybody may see.
            let owner = owner.id;
            list(world, request, caller, segments, |repository| repository.owner == owner && !repository.private)
        }
        ["user", "repos"] => {
            let Some((_, token)) = &caller.token else { return error(401, "Requires authentication") };
            if request.one("type").is_some() && (request.one("affiliation").is_some() || request.one("visibility").is_some()) {
                return error(422, "Validation Failed: type cannot be combined with visibility or affiliation");
            }
            let out: Vec<u64> =
                world.model.owners.values().filter(|owner| owner.sso.is_some() && !token.sso.contains(&owner.id)).map(|owner| owner.id).collect();
            let answer = list(world, request, caller, segments, |repository| !out.contains(&repository.owner));
            if out.is_empty() {
                return answer;
            }
            let ids: Vec<String> = out.iter().map(ToString::to_string).collect();
            answer.with("x-github-sso", format!("partial-results; organizations={}", ids.join(",")))
        }
        _ => error(404, "Not Found"),
    }
}

fn list(world: &World, request: &Request, caller: &Caller, segments: &[&str], of: impl Fn(&Repository) -> bool) -> Answer {
    let mut found: Vec<&Repository> = world.model.repositories.values().filter(|repository| of(repository) && caller.sees(repository)).collect();
    let kind = request.one("type").unwrap_or("all");
    found.retain(|repository| match kind {
        "public" => !repository.private,
        "private" => repository.private,
        "forks" => repository.fork_of.is_some(),
        "sources" => repository.fork_of.is_none(),
        _ => true,
    });
    let default = if segments[0] == "orgs" { "created" } else { "full_name" };
    let sort = request.one("sort").unwrap_or(default);
    match sort {
        "pushed" => found.sort_by_key(|repository| repository.pushed),
        "updated" => found.sort_by_key(|repository| repository.updated),
        "created" => found.sort_by_key(|repository| repository.created),
        _ => found.sort_by_key(|repository| world.model.full_name(repository).to_lowercase()),
    }
    let descending = request.one("direction").map_or(sort != "full_name", |direction| direction == "desc");
    if descending {
        found.reverse();
    }
    let items: Vec<Value> = found.into_iter().map(|repository| shapes::repository(world, repository, false)).collect();
    page(world, request, items, &path_of(segments), None)
}
