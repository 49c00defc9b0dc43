//! Cloud: REST v2, what is left of v1, the gateway's prefix, and the doors that are shut to tokens.

use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Caller, caller};
use super::cloud_listing::{Point, page};
use super::cloud_shapes as shapes;
use super::habits::RateHeaders;
use super::media;
use super::model::{Content, Id, Kind, Model, Status};
use super::site::{CLOUD_ID, World};
use super::v1::{Expand, Shapes, hits, search};
use crate::support::wire::{Answer, Listener, Request, encode, iso, machine_now, opaque, reveal};

/// Beyond this a query is refused, as proxies do.
const MAX_QUERY_BYTES: usize = 8192;

/// Answers a request at the site's own host or at the gateway.
pub(super) fn answer(world: &mut World, request: &Request) -> Answer {
    if request.listener == Listener::Site && request.path == "/_edge/tenant_info" {
        return Answer::json(&json!({"cloudId": CLOUD_ID}));
    }
    let path = match request.listener {
        Listener::Gateway => request.path.strip_prefix("/ex/confluence/").and_then(|path| path.strip_prefix(CLOUD_ID)),
        _ => Some(request.path.as_str()),
    };
    let Some(path) = path.and_then(|path| path.strip_prefix("/wiki/")) else { return Answer::html(404, "<html><body>Not found</body></html>") };
    if path.starts_with("download/") {
        return Answer::unauthorized("Unauthorized").with("www-authenticate", "OAuth");
    }
    if request.query.len() > MAX_QUERY_BYTES {
        return Answer::html(414, "<html><body>URI Too Long</body></html>");
    }
    let caller = match caller(world, request) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let parts = request.segments(path);
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    let answer = match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["api", "v2", rest @ ..]) => v2(world, request, caller, rest),
        ("POST", ["api", "v2", "users-bulk"]) => users_bulk(&world.model, request),
        ("GET", ["rest", "api", rest @ ..]) => v1(world, request, caller, rest),
        (_, ["api" | "rest", ..]) => Answer::v2_error(405, "METHOD_NOT_ALLOWED", "The simulated site is for reading"),
        _ => Answer::html(404, "<html><body>Not found</body></html>"),
    };
    with_rate_headers(answer, world.habits.rate_headers)
}

fn v2(world: &mut World, request: &Request, caller: Caller, path: &[&str]) -> Answer {
    if let ["spaces", id, ..] = path
        && let Some(status) = forbidden_by_habit(world, id)
    {
        return Answer::v2_error(status, "SIMULATED", "This space was told to answer so");
    }
    let done = match path {
        ["spaces"] => spaces(world, request, caller),
        ["spaces", id] => space(&world.model, caller, id),
        ["spaces", id, kind @ ("pages" | "blogposts")] => in_space(world, request, caller, id, kind_of(kind)),
        [kind @ ("pages" | "blogposts")] => listing(world, request, caller, kind_of(kind), None),
        [kind @ ("pages" | "blogposts"), id] => single(&world.model, request, caller, kind_of(kind), id),
        [kind @ ("pages" | "blogposts"), id, "labels"] => labels(world, request, caller, kind_of(kind), id),
        ["pages", id, "ancestors"] => ancestors(world, request, caller, id),
        ["attachments"] => attachments(world, request, caller, None),
        [kind @ ("pages" | "blogposts"), id, "attachments"] => {
            content(&world.model, caller, kind_of(kind), id).map(|found| found.id).and_then(|page| attachments(world, request, caller, Some(page)))
        }
        [kind @ ("pages" | "blogposts"), id, list @ ("footer-comments" | "inline-comments")] => {
            let page = content(&world.model, caller, kind_of(kind), id).map(|found| found.id);
            page.and_then(|page| comments(world, request, caller, *list == "inline-comments", Some(page)))
        }
        [list @ ("footer-comments" | "inline-comments")] => comments(world, request, caller, *list == "inline-comments", None),
        ["folders", id] => node(world, caller, Kind::Folder, id),
        ["whiteboards", id] => node(world, caller, Kind::Whiteboard, id),
        ["databases", id] => node(world, caller, Kind::Database, id),
        ["embeds", id] => node(world, caller, Kind::Embed, id),
        _ => Err(not_found()),
    };
    done.unwrap_or_else(|refusal| refusal)
}

type Outcome = Result<Answer, Answer>;

fn spaces(world: &mut World, request: &Request, caller: Caller) -> Outcome {
    let (model, site) = (&world.model, world.own.origins.site.as_str());
    let (keys, ids, statuses, kinds) = (request.all("keys"), request.all("ids"), request.all("status"), request.all("type"));
    let wanted = model.spaces.values().filter(|space| {
        let status = if space.archived { "archived" } else { "current" };
        let kind = if space.key.starts_with('~') { "personal" } else { "global" };
        (keys.is_empty() || keys.contains(&space.key.as_str()))
            && (ids.is_empty() || ids.contains(&space.id.to_string().as_str()))
            && (statuses.is_empty() || statuses.contains(&status))
            && (kinds.is_empty() || kinds.contains(&kind))
    });
    let items = wanted.map(|space| (point(space.id, 0, false), space)).collect();
    let found = page(&mut world.habits, request, 25, items, |space| model.sees_space(space, caller), |space| space.id)?;
    Ok(found.answer(request, site, |space| shapes::space(model, space)))
}

fn space(model: &Model, caller: Caller, id: &str) -> Outcome {
    let space = model.spaces.get(&number(id)?).filter(|space| model.sees_space(space, caller)).ok_or_else(not_found)?;
    Ok(Answer::json(&shapes::space(model, space)))
}

fn in_space(world: &mut World, request: &Request, caller: Caller, id: &str, kind: Kind) -> Outcome {
    let id = number(id)?;
    world.model.spaces.get(&id).filter(|space| world.model.sees_space(space, caller)).ok_or_else(not_found)?;
    listing(world, request, caller, kind, Some(id))
}

fn listing(world: &mut World, request: &Request, caller: Caller, kind: Kind, space: Option<Id>) -> Outcome {
    let (model, site) = (&world.model, world.own.origins.site.as_str());
    let with_body = wants_body(request)?;
    let ids = request.all("id");
    if ids.len() > 250 {
        return Err(bad_request("at most 250 ids"));
    }
    let (sort, descending) = match request.one("sort").unwrap_or("id") {
        sort if sort.starts_with('-') => (&sort[1..], true),
        sort => (sort, false),
    };
    let statuses = statuses(request, kind)?;
    let spaces: Vec<Id> = match space {
        Some(space) => vec![space],
        None => request.all("space-id").into_iter().map(number).collect::<Result<_, _>>()?,
    };
    let candidates: Vec<&Content> = match ids.as_slice() {
        [] => model.content.values().collect(),
        ids => {
            let ids = ids.iter().map(|id| number(id)).collect::<Result<std::collections::BTreeSet<_>, _>>()?;
            ids.iter().filter_map(|id| model.content.get(id)).collect()
        }
    };
    let depth_root = request.one("depth") == Some("root");
    let title = request.one("title");
    let mut items = Vec::with_capacity(candidates.len());
    for content in candidates {
        let wanted = content.kind == kind
            && (statuses.contains(&content.status) || (world.habits.lists_drafts && content.status == Status::Draft))
            && (spaces.is_empty() || spaces.contains(&content.space))
            && (!depth_root || content.parent.is_none())
            && title.is_none_or(|title| content.title == title);
        if wanted {
            let key = match sort {
                "id" => 0,
                "modified-date" => content.modified,
                "created-date" => content.created,
                _ => return Err(bad_request("the simulated site does not sort by this")),
            };
            items.push((point(content.id, key, descending), content));
        }
    }
    let found = page(&mut world.habits, request, 25, items, |content| model.sees(content, caller), |content| content.id)?;
    Ok(found.answer(request, site, |content| shapes::page(model, content, with_body)))
}

fn single(model: &Model, request: &Request, caller: Caller, kind: Kind, id: &str) -> Outcome {
    let content = content(model, caller, kind, id)?;
    if !statuses(request, kind)?.contains(&content.status) {
        return Err(not_found());
    }
    let page = shapes::page(model, content, wants_body(request)?);
    Ok(Answer::json(&if request.one("include-labels") == Some("true") { page.with_labels(content) } else { page }))
}

/// Ids and types only, from the top; what is restricted is named as well.
fn ancestors(world: &World, request: &Request, caller: Caller, id: &str) -> Outcome {
    let found = content(&world.model, caller, Kind::Page, id)?;
    let above: Vec<Value> = world.model.ancestors(found).iter().map(|one| json!({"id": one.id.to_string(), "type": one.kind.name()})).collect();
    let shown = above.len().saturating_sub(request.number("limit", 25));
    Ok(Answer::json(&json!({"results": above[shown..], "_links": {"base": format!("{}/wiki", world.origins.site)}})))
}

fn labels(world: &mut World, request: &Request, caller: Caller, kind: Kind, id: &str) -> Outcome {
    let content = content(&world.model, caller, kind, id)?;
    let items = content.labels.iter().map(|label| (point(Model::label_id(label), 0, false), label.as_str())).collect();
    let found = page(&mut world.habits, request, 25, items, |_| true, |label| Model::label_id(label))?;
    Ok(found.answer(request, &world.origins.site, shapes::label))
}

fn attachments(world: &mut World, request: &Request, caller: Caller, page_id: Option<Id>) -> Outcome {
    let model = &world.model;
    let (sort, descending) = match request.one("sort").unwrap_or("created-date") {
        sort if sort.starts_with('-') => (&sort[1..], true),
        sort => (sort, false),
    };
    let (media_type, name, statuses) = (request.one("mediaType"), request.one("filename"), request.all("status"));
    let wanted = model.attachments.values().filter(|attachment| {
        page_id.is_none_or(|page| attachment.page == page)
            && media_type.is_none_or(|wanted| attachment.media_type == wanted)
            && name.is_none_or(|wanted| attachment.name == wanted)
            && (statuses.is_empty() || statuses.contains(&"current"))
            && model.content.get(&attachment.page).is_some_and(|page| page.status != Status::Trashed)
    });
    let key = |attachment: &super::model::Attachment| if sort == "modified-date" { attachment.modified } else { attachment.created };
    let items = wanted.map(|attachment| (point(attachment.id, key(attachment), descending), attachment)).collect();
    let sees = |page: Id| model.visible(page, caller).is_some();
    let found = page(&mut world.habits, request, 50, items, |attachment| sees(attachment.page), |attachment| attachment.id)?;
    Ok(found.answer(request, &world.origins.site, |attachment| shapes::attachment(model, attachment)))
}

/// A page's comments are those that begin threads; the site's are all.
fn comments(world: &mut World, request: &Request, caller: Caller, inline: bool, page_id: Option<Id>) -> Outcome {
    let with_body = wants_body(request)?;
    let model = &world.model;
    let (sort, descending) = match request.one("sort").unwrap_or("created-date") {
        sort if sort.starts_with('-') => (&sort[1..], true),
        sort => (sort, false),
    };
    let wanted = model.comments.values().filter(|comment| {
        model.is_inline(comment) == inline
            && page_id.is_none_or(|page| comment.page == page && comment.parent.is_none())
            && model.content.get(&comment.page).is_some_and(|page| page.status != Status::Trashed)
    });
    let items = wanted
        .map(|comment| (point(comment.id, if sort == "modified-date" { comment.modified } else { comment.created }, descending), comment))
        .collect();
    let sees = |page: Id| model.visible(page, caller).is_some();
    let found = page(&mut world.habits, request, 25, items, |comment| sees(comment.page), |comment| comment.id)?;
    Ok(found.answer(request, &world.origins.site, |comment| shapes::comment(model, comment, with_body)))
}

fn node(world: &World, caller: Caller, kind: Kind, id: &str) -> Outcome {
    let content = content(&world.model, caller, kind, id)?;
    match content.status {
        Status::Trashed => Err(not_found()),
        _ => Ok(Answer::json(&shapes::node(&world.model, content, world.habits.folder_dates_are_numbers && kind == Kind::Folder))),
    }
}

fn users_bulk(model: &Model, request: &Request) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Asked {
        account_ids: Vec<String>,
    }
    let Ok(asked) = serde_json::from_slice::<Asked>(&request.body) else { return bad_request("a body with accountIds is needed") };
    if asked.account_ids.len() > 250 {
        return bad_request("at most 250 accounts");
    }
    let found: Vec<Value> = model.users.iter().filter(|user| asked.account_ids.contains(&user.id)).map(shapes::user).collect();
    Answer::json(&json!({"results": found}))
}

fn v1(world: &mut World, request: &Request, caller: Caller, path: &[&str]) -> Answer {
    let base = format!("{}/wiki", world.origins.site);
    let shapes = Shapes { model: &world.model, base: &base };
    match path {
        ["user", "current"] if caller == Caller::Anonymous => Answer::json(&json!({"type": "anonymous", "displayName": "Anonymous"})),
        ["user", "current"] => {
            let mut user = shapes.user(0);
            user["timeZone"] = json!("Europe/Berlin");
            Answer::json(&user)
        }
        ["user", "bulk"] => {
            let asked = request.all("accountId");
            let found: Vec<Value> =
                (0..world.model.users.len()).filter(|at| asked.contains(&world.model.users[*at].id.as_str())).map(|at| shapes.user(at)).collect();
            Answer::json(&json!({"results": found, "start": 0, "limit": 100, "size": found.len()}))
        }
        ["content", "search"] => cql(world, request, caller),
        ["search"] => hits(&world.model, caller, request),
        ["content", page, "child", "attachment", id, "download"] => media::redirect(world, caller, page, id),
        _ => Answer::v1_error(410, "This deprecated endpoint has been removed."),
    }
}

/// v1 search: its `next` lacks `/wiki`, and repeats `expand` once more each time.
fn cql(world: &World, request: &Request, caller: Caller) -> Answer {
    let base = format!("{}/wiki", world.origins.site);
    let expand = Expand::of(request);
    let asked = request.one("cql").unwrap_or_default();
    let archived = request.one("cqlcontext").is_some_and(|context| context.contains("\"archived\""));
    let hits = match search(&world.model, caller, asked, archived) {
        Ok(hits) => hits,
        Err(why) => return Answer::v1_error(400, &format!("Could not parse cql : {asked} : {why}")),
    };
    let cap = expand.search_cap().min(world.habits.page_cap.unwrap_or(usize::MAX));
    let limit = request.number("limit", 25).clamp(1, cap);
    let binding = format!("{:x}", crate::support::wire::fingerprint(&format!("{asked} {} {limit}", expand.joined())));
    let start = match request.one("cursor").map(|cursor| cursor_start(cursor, &binding)) {
        None => 0,
        Some(Some(start)) => start,
        Some(None) => return Answer::v1_error(400, "The cursor is invalid for these parameters"),
    };
    let shapes = Shapes { model: &world.model, base: &base };
    let here = hits.iter().skip(start).take(limit).filter(|hit| !world.habits.hides(hit.id()));
    let mut body = b"{\"results\":[".to_vec();
    let mut size = 0;
    for hit in here {
        if size > 0 {
            body.push(b',');
        }
        serde_json::to_writer(&mut body, &shapes.object(*hit, &expand)).unwrap();
        size += 1;
    }
    let mut links = json!({"base": base, "context": "/wiki", "self": format!("{base}/rest/api/content/search?cql={}", encode(asked))});
    if hits.len() > start + limit {
        let expansions = request.params.iter().filter(|(name, _)| name == "expand").map(|(_, value)| format!("&expand={}", encode(value)));
        let expansions: String = expansions.chain((!expand.joined().is_empty()).then(|| format!("&expand={}", encode(&expand.joined())))).collect();
        let cursor = encode(&opaque(&format!("_sa_{} {binding}", start + limit)));
        let next =
            format!("/rest/api/content/search?next=true&cursor={cursor}{expansions}&limit={limit}&start={}&cql={}", start + limit, encode(asked));
        links["next"] = json!(next);
    }
    body.extend_from_slice(format!("],\"start\":{start},\"limit\":{limit},\"size\":{size},\"_links\":{links}}}").as_bytes());
    Answer::bytes(body)
}

fn cursor_start(cursor: &str, binding: &str) -> Option<usize> {
    let plain = reveal(cursor)?;
    let (start, bound) = plain.strip_prefix("_sa_")?.split_once(' ')?;
    if bound == binding { start.parse().ok() } else { None }
}

fn with_rate_headers(answer: Answer, headers: RateHeaders) -> Answer {
    let reset = format!("{}Z", &iso(machine_now() + 60_000)[..16]);
    match headers {
        RateHeaders::Missing => answer,
        RateHeaders::Usual => answer.with("x-ratelimit-limit", "100").with("x-ratelimit-remaining", "97").with("x-ratelimit-reset", reset),
        RateHeaders::NearLimit => answer
            .with("x-ratelimit-limit", "100")
            .with("x-ratelimit-remaining", "7")
            .with("x-ratelimit-nearlimit", "true")
            .with("x-ratelimit-reset", reset),
    }
}

fn forbidden_by_habit(world: &World, space: &str) -> Option<u16> {
    let space = world.model.spaces.get(&space.parse().ok()?)?;
    world.habits.space_status.get(&space.key).copied()
}

fn content<'m>(model: &'m Model, caller: Caller, kind: Kind, id: &str) -> Result<&'m Content, Answer> {
    model.visible(number(id)?, caller).filter(|content| content.kind == kind).ok_or_else(not_found)
}

fn kind_of(plural: &str) -> Kind {
    if plural == "pages" { Kind::Page } else { Kind::Post }
}

/// The default for pages holds archived ones: a trap.
fn statuses(request: &Request, kind: Kind) -> Result<Vec<Status>, Answer> {
    let asked = request.all("status");
    if asked.is_empty() {
        return Ok(if kind == Kind::Page { vec![Status::Current, Status::Archived] } else { vec![Status::Current] });
    }
    let mut statuses = Vec::new();
    for name in asked {
        match name {
            "current" => statuses.push(Status::Current),
            "archived" if kind == Kind::Page => statuses.push(Status::Archived),
            "trashed" => statuses.push(Status::Trashed),
            // What is deleted for good is not kept here.
            "deleted" => {}
            _ => return Err(bad_request("status is wrong")),
        }
    }
    Ok(statuses)
}

fn wants_body(request: &Request) -> Result<bool, Answer> {
    match request.one("body-format") {
        None => Ok(false),
        Some("storage") => Ok(true),
        Some(_) => Err(bad_request("the simulated site has bodies in storage format only")),
    }
}

fn point(id: Id, key: u64, descending: bool) -> Point {
    let sign = if descending { -1 } else { 1 };
    (sign * i64::try_from(key).unwrap(), sign * i64::try_from(id).unwrap())
}

fn number(id: &str) -> Result<Id, Answer> {
    id.parse().map_err(|_| bad_request("an id is a number"))
}

fn bad_request(why: &str) -> Answer {
    Answer::v2_error(400, "INVALID_REQUEST_PARAMETER", why)
}

fn not_found() -> Answer {
    Answer::v2_error(404, "NOT_FOUND", "Not Found")
}
