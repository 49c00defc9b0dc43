//! REST: who may ask, what is left of the hour, routes, pages, ETags, and the form of errors.

mod conversations;
mod objects;
mod repositories;
pub(super) mod shapes;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::access::{self, Refused};
use super::budget::{exceeded, key};
use super::model::{Id, Repository};
use super::site::{Deployment, World};
use super::tokens::Caller;
use super::{app, openapi};
use crate::support::wire::{Answer, Request, fingerprint, http_date, machine_now};

/// The versions of the API that are known.
const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

/// An error in the service's form.
pub(super) fn error(status: u16, message: &str) -> Answer {
    let body = json!({"message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()});
    let answer = Answer { status, ..Answer::json(&body) };
    answer.with("x-github-media-type", "github.v3; format=json")
}

/// The refusal of an organisation with SSO.
pub(super) fn sso_required(page: &str) -> Answer {
    error(403, "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.")
        .with("x-github-sso", format!("required; url={page}"))
}

/// Answers a request whose path is given without what stands before it.
pub(super) fn answer(world: &mut World, request: &Request, path: &str) -> Answer {
    if request.header("user-agent").is_none_or(str::is_empty) {
        let text = "\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check https://developer.github.com for other possible causes.\r\n";
        return Answer { status: 403, ..Answer::html(403, text) };
    }
    if let Err(wrong) = openapi::check(request, path) {
        world.log.violations.push(wrong);
    }
    if let Some(version) = request.header("x-github-api-version") {
        let known = if world.deployment == Deployment::Server { &VERSIONS[..1] } else { &VERSIONS[..] };
        if !known.contains(&version) {
            return error(400, &format!("\"{version}\" is not a supported version. Supported versions: {}", known.join(", ")));
        }
    }
    let decoded = request.segments(path);
    let segments: Vec<&str> = decoded.iter().map(AsRef::as_ref).collect();
    let secret = access::secret(request);
    if app::is_own(&segments) {
        let answer = app::answer(world, request, secret.as_deref(), &segments);
        return finish(world, request, &Caller { token: None }, answer);
    }
    let caller = match access::caller_of(world, secret.as_deref()) {
        Ok(caller) => caller,
        Err(Refused) => return error(401, "Bad credentials"),
    };
    let free = segments == ["rate_limit"];
    if !world.budgets.off && !free && world.budgets.window(key(&caller), "core").left() == 0 {
        let answer = error(403, &exceeded(&caller));
        return world.budgets.tell(&caller, "core", answer);
    }
    let answer = if request.method == "GET" { route(world, request, &caller, &segments) } else { error(404, "Not Found") };
    if answer.status == 501 {
        world.log.violations.push(format!("the simulated GitHub does not play {}", request.target()));
    }
    let answer = conditional(world, request, answer);
    // What is unchanged costs nothing, if somebody with a token asks.
    let unchanged = answer.status == 304 && caller.token.is_some();
    if !free && !unchanged {
        world.budgets.window(key(&caller), "core").used += 1;
    }
    let mut answer = finish(world, request, &caller, answer);
    if !world.habits.no_rate_headers {
        answer = world.budgets.tell(&caller, "core", answer);
    }
    answer
}

fn route(world: &mut World, request: &Request, caller: &Caller, segments: &[&str]) -> Answer {
    match segments {
        ["rate_limit"] if world.budgets.off => error(404, "Rate limiting is not enabled."),
        ["rate_limit"] => Answer::json(&world.budgets.report(caller)),
        ["meta"] => {
            let mut body = json!({"verifiable_password_authentication": false, "git": ["192.0.2.0/24"]});
            if world.deployment == Deployment::Server {
                body["installed_version"] = json!("3.17.1");
            }
            Answer::json(&body)
        }
        ["installation", "repositories"] => app::repositories(world, request, caller),
        ["repos", owner, name, inner @ ..] => {
            let model = &world.model;
            let Some(repository) = model.named(owner, name) else {
                let moved = model.formerly(owner, name).filter(|moved| caller.sees(moved)).map(|moved| moved.id);
                return moved.map_or_else(|| error(404, "Not Found"), |id| moved_to(world, request, id, inner));
            };
            let id = repository.id;
            of_repository(world, request, caller, id, inner)
        }
        ["repositories", id, inner @ ..] => {
            let Ok(id) = id.parse::<Id>() else { return error(404, "Not Found") };
            of_repository(world, request, caller, id, inner)
        }
        _ => repositories::answer(world, request, caller, segments),
    }
}

/// 301 to the address that names the id.
fn moved_to(world: &World, request: &Request, id: Id, inner: &[&str]) -> Answer {
    let tail: String = inner.iter().map(|part| format!("/{part}")).collect();
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let to = format!("{}/repositories/{id}{tail}{query}", world.rest());
    let body = json!({"message": "Moved Permanently", "url": to, "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects"});
    Answer { status: 301, ..Answer::json(&body) }.with("location", to)
}

/// What belongs to one repository, if it may be seen at all.
fn of_repository(world: &mut World, request: &Request, caller: &Caller, id: Id, inner: &[&str]) -> Answer {
    let hidden = world.habits.hides(id);
    let Some(repository) = world.model.repositories.get(&id).filter(|repository| !hidden && caller.sees(repository)) else {
        return error(404, "Not Found");
    };
    if let Some(page) = caller.sso_of(&world.model, repository) {
        return sso_required(page);
    }
    if let Some(block) = &repository.blocked {
        let page = if block.status == 451 { "https://example.com/dmca/2026-01-01-acme.md" } else { "https://example.com/tos" };
        let block_body = json!({"reason": block.reason, "created_at": "2026-01-01T00:00:00Z", "html_url": page});
        let body = json!({"message": "Repository access blocked", "block": block_body});
        return Answer { status: block.status, ..Answer::json(&body) };
    }
    if repository.locked.is_some() && !inner.is_empty() {
        return error(403, "Repository is locked for migration");
    }
    if repository.disabled && !inner.is_empty() {
        return error(403, "This repository has been disabled.");
    }
    let needed = match inner {
        ["git" | "commits" | "contents" | "readme" | "branches" | "releases" | "tags", ..] => "contents",
        ["issues" | "labels" | "milestones", ..] => "issues",
        ["pulls", ..] => "pull_requests",
        _ => "metadata",
    };
    if caller.lacks(needed) {
        return error(403, "Resource not accessible by personal access token").with("x-accepted-github-permissions", format!("{needed}=read"));
    }
    match inner {
        [] => Answer::json(&shapes::repository(world, &world.model.repositories[&id], true)),
        ["topics"] => Answer::json(&json!({"names": world.model.repositories[&id].topics})),
        ["git" | "commits" | "contents" | "readme" | "branches" | "tags", ..] => objects::answer(world, request, id, inner),
        _ => conversations::answer(world, request, id, inner),
    }
}

/// 304 where the caller has what we would say.
fn conditional(world: &World, request: &Request, answer: Answer) -> Answer {
    if answer.status != 200 || world.habits.no_etags {
        return answer;
    }
    let given = answer.headers.iter().find(|(name, _)| *name == "etag").map(|(_, tag)| tag.clone());
    let accept = request.header("accept").unwrap_or_default();
    let tag = given.clone().unwrap_or_else(|| {
        let varies = format!("{accept}\n{}\n", request.authorization.as_deref().unwrap_or_default());
        format!("W/\"{:016x}{:016x}\"", fingerprint(&varies), fingerprint(&String::from_utf8_lossy(&answer.body)))
    });
    let answer = if given.is_some() { answer } else { answer.with("etag", tag.clone()) };
    let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let known = request.header("if-none-match").is_some_and(|tags| tags.split(',').any(|known| weak(known) == weak(&tag)));
    if !known {
        return answer;
    }
    // A 304 has neither a body nor the way to the next page.
    let kept = answer.headers.into_iter().filter(|(name, _)| matches!(*name, "etag" | "last-modified"));
    Answer { status: 304, headers: kept.collect(), body: bytes::Bytes::new() }
}

fn finish(world: &World, request: &Request, caller: &Caller, answer: Answer) -> Answer {
    let mut answer =
        answer.with("date", http_date(machine_now())).with("x-github-request-id", "0000:1111:2222:3333").with("vary", "Accept, Authorization");
    if world.deployment == Deployment::Server {
        answer = answer.with("x-github-enterprise-version", "enterprise-server@3.17.1");
    }
    let version = request.header("x-github-api-version").unwrap_or(VERSIONS[0]);
    answer = answer.with("x-github-api-version-selected", version);
    if let Some((_, token)) = &caller.token {
        if token.kind == super::tokens::TokenKind::Classic {
            answer = answer.with("x-oauth-scopes", token.scopes.join(", ")).with("x-accepted-oauth-scopes", "repo");
        }
        if let Some(end) = &token.expires {
            answer = answer.with("github-authentication-token-expiration", end.clone());
        }
    }
    answer
}

/// The path of a list, for its links.
pub(super) fn path_of(segments: &[&str]) -> String {
    segments.iter().map(|part| format!("/{part}")).collect()
}

/// The path of a repository's list in links: it names the id, whatever name was asked.
fn path_in(id: Id, inner: &[&str]) -> String {
    format!("/repositories/{id}{}", path_of(inner))
}

/// One page of a list, with its links. `deep`: from this item on, pages cannot be asked by number, and links carry cursors all along.
pub(super) fn page(world: &World, request: &Request, items: Vec<Value>, path: &str, deep: Option<usize>) -> Answer {
    let asked = request.number("per_page", 30);
    let size = if asked == 0 { 30 } else { asked.min(100).min(world.habits.page_cap.unwrap_or(100)) };
    let number = request.number("page", 1).max(1);
    let after =
        request.one("after").and_then(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok()).and_then(|at| String::from_utf8(at).ok()?.parse::<usize>().ok());
    if request.one("after").is_some() && after.is_none() {
        return error(422, "Invalid cursor");
    }
    if let (Some(limit), None) = (deep, after)
        && (number - 1) * size >= limit
    {
        return error(
            422,
            "Pagination with the page parameter is not supported for large datasets, please use cursor based pagination (after/before)",
        );
    }
    let mut start = after.unwrap_or((number - 1) * size).min(items.len());
    let end = (start + size).min(items.len());
    let later = start > 0;
    if later && world.habits.repeat_across_pages {
        start -= 1;
    }
    let here = Answer::json(&&items[start..end]);
    let link = |page: usize, at: usize, rel: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(request.params.iter().filter(|(name, _)| name != "page" && name != "after"));
        if deep.is_some() {
            query.append_pair("after", &URL_SAFE_NO_PAD.encode(at.to_string()));
        }
        let query = query.append_pair("page", &page.to_string()).finish();
        format!("<{}{path}?{query}>; rel=\"{rel}\"", world.rest())
    };
    let mut links = Vec::new();
    let last = items.len().div_ceil(size).max(1);
    if later && world.habits.endless_cursor {
        links.push(link(number, start, "next"));
    } else if end < items.len() {
        links.push(link(number + 1, end, "next"));
        if deep.is_none() {
            links.push(link(last, 0, "last"));
        }
    }
    if later && deep.is_none() {
        links.push(link(1, 0, "first"));
        links.push(link(number - 1, 0, "prev"));
    }
    if links.is_empty() { here } else { here.with("link", links.join(", ")) }
}

/// A `since` parameter in seconds; what is no time is refused.
fn since(request: &Request) -> Result<Option<String>, Answer> {
    let Some(text) = request.one("since") else { return Ok(None) };
    let shape = text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z');
    if shape { Ok(Some(format!("{}Z", &text[..19]))) } else { Err(error(422, &format!("Validation Failed: \"{text}\" is not a valid time"))) }
}

/// A repository that is sure to be there.
fn at(world: &World, id: Id) -> &Repository {
    &world.model.repositories[&id]
}
