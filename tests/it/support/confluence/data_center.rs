//! Data Center: REST v1 below a context path, offset pages and `scan`, downloads by path; its `_links.base` is a name that leads elsewhere.

use serde_json::{Value, json};

use super::access::{Caller, caller};
use super::cql::Hit;
use super::habits::RateHeaders;
use super::media;
use super::model::{Content, Id, Kind, Status};
use super::site::World;
use super::v1::{Expand, Shapes, hits, labels, search};
use crate::support::wire::{Answer, Request, day, encode};

/// The canonical host, as an administrator wrote it long ago: not the one that requests reach.
pub const CANONICAL: &str = "https://wiki.corp.example";

/// Answers a request.
pub(super) fn answer(world: &mut World, request: &Request) -> Answer {
    let context = world.setup.context.clone();
    let Some(path) = request.path.strip_prefix(context.as_str()).filter(|path| path.starts_with('/')) else {
        return Answer::html(404, "<html><body>HTTP Status 404</body></html>");
    };
    let parts = request.segments(path);
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    if parts == ["login.action"] {
        return Answer::html(200, "<!DOCTYPE html><html><head><title>Log In - Confluence</title></head><body></body></html>");
    }
    let caller = match caller(world, request) {
        Ok(caller) => caller,
        // Who am I is answered to everybody, and so is the server's version.
        Err(_)
            if request.authorization.is_none()
                && matches!(parts.as_slice(), ["rest", "api", "user", "current"] | ["rest", "api", "server-information"] | ["download", ..]) =>
        {
            Caller::Anonymous
        }
        Err(refusal) => return refusal,
    };
    if request.method != "GET" {
        return Answer::v1_error(405, "The simulated site is for reading");
    }
    let answer = match parts.as_slice() {
        ["rest", "api", rest @ ..] => rest_api(world, request, caller, rest),
        ["download", "attachments", page, name] => media::download(world, request, caller, page, name),
        _ => Answer::html(404, "<html><head><title>Page Not Found - Confluence</title></head><body></body></html>"),
    };
    with_rate_headers(answer, world.habits.rate_headers)
}

fn rest_api(world: &World, request: &Request, caller: Caller, path: &[&str]) -> Answer {
    let base = format!("{CANONICAL}{}", world.setup.context);
    let site = Room { world, request, caller, base, expand: Expand::of(request) };
    if let Some(status) = site.space_status(path) {
        return Answer::v1_error(status, "This space was told to answer so");
    }
    match path {
        ["server-information"] => Answer::json(&json!({"baseUrl": site.base, "version": "9.2.4", "buildNumber": 9111,
            "marketplaceBuildNumber": 9111, "buildDate": 1_744_000_000_000_u64})),
        ["user", "current"] if caller == Caller::Anonymous => Answer::json(&json!({"type": "anonymous", "displayName": "Anonymous"})),
        ["user", "current"] => Answer::json(&site.shapes().user(0)),
        ["user"] => site.user(),
        ["space"] => site.spaces(),
        ["space", key] => site.space(key),
        ["space", key, "content", kind @ ("page" | "blogpost")] => site.listing(&[key], if *kind == "page" { Kind::Page } else { Kind::Post }),
        ["content"] => site.listing(&request.all("spaceKey"), site.kind()),
        ["content", "scan"] if site.world.habits.no_scan => Answer::v1_error(404, "No content found with id: ContentId{id=scan}"),
        ["content", "scan"] => site.scan(),
        ["content", "search"] => site.search(),
        ["search"] => hits(&world.model, caller, request),
        ["content", id] => site.single(id),
        ["content", id, "label"] => site.visible(id).map_or_else(no_content, |content| Answer::json(&labels(content))),
        ["content", id, "child", "attachment"] => site.attachments(id),
        ["content", id, "child", "comment"] => site.comments(id),
        _ => Answer::v1_error(404, "null for uri"),
    }
}

/// One request, with what it needs to be answered.
struct Room<'a> {
    world: &'a World,
    request: &'a Request,
    caller: Caller,
    base: String,
    expand: Expand,
}

impl Room<'_> {
    fn shapes(&self) -> Shapes<'_> {
        Shapes { model: &self.world.model, base: &self.base }
    }

    fn space_status(&self, path: &[&str]) -> Option<u16> {
        let mut named = self.request.all("spaceKey");
        let asked = self.request.one("cql").unwrap_or_default();
        if let ["space", key, ..] = path {
            named.push(key);
        }
        let lists_spaces = path == ["space"];
        let told = &self.world.habits.space_status;
        told.iter()
            .find(|(key, _)| !lists_spaces && (named.contains(&key.as_str()) || asked.contains(&format!("\"{key}\""))))
            .map(|(_, status)| *status)
    }

    fn kind(&self) -> Kind {
        if self.request.one("type") == Some("blogpost") { Kind::Post } else { Kind::Page }
    }

    fn visible(&self, id: &str) -> Option<&Content> {
        self.world.model.visible(id.parse().ok()?, self.caller)
    }

    fn user(&self) -> Answer {
        let (key, name) = (self.request.one("key"), self.request.one("username"));
        let users = &self.world.model.users;
        match users.iter().position(|user| Some(user.id.as_str()) == key || Some(user.username.as_str()) == name) {
            Some(at) => Answer::json(&self.shapes().user(at)),
            None => Answer::v1_error(404, "No user found with key or name"),
        }
    }

    fn spaces(&self) -> Answer {
        let (keys, model) = (self.request.all("spaceKey"), &self.world.model);
        let (status, kind) = (self.request.one("status"), self.request.one("type"));
        let wanted = model.spaces.values().filter(|space| {
            model.sees_space(space, self.caller)
                && (keys.is_empty() || keys.contains(&space.key.as_str()))
                && status.is_none_or(|status| (status == "archived") == space.archived)
                && kind.is_none_or(|kind| (kind == "personal") == space.key.starts_with('~'))
        });
        let found: Vec<Value> = wanted.map(|space| self.full_space(space)).collect();
        self.offset_page(25, 1000, &found, |value| serde_json::to_vec(value).unwrap())
    }

    fn space(&self, key: &str) -> Answer {
        match self.world.model.space_by_key(key).filter(|space| self.world.model.sees_space(space, self.caller)) {
            Some(space) => Answer::json(&self.full_space(space)),
            None => no_space(key),
        }
    }

    fn full_space(&self, space: &super::model::Space) -> Value {
        let mut value = self.shapes().space(space);
        if self.expand.has("homepage")
            && let Some(home) = self.world.model.visible(space.home, self.caller)
        {
            value["homepage"] = serde_json::to_value(self.shapes().content(home, &Expand::default())).unwrap();
        }
        value
    }

    /// `content` and `space/{key}/content/{type}`: offsets, whole objects.
    fn listing(&self, keys: &[&str], kind: Kind) -> Answer {
        let ids: Vec<Id> = self.request.all("ids").into_iter().filter_map(|id| id.parse().ok()).collect();
        // By ids, content of all types is returned, as the contract says of `type`.
        let found = match self.select(keys, Some(kind).filter(|_| ids.is_empty())) {
            Ok(found) => {
                found.into_iter().filter(|content| ids.is_empty() || ids.contains(&content.id)).map(|content| content.id).collect::<Vec<_>>()
            }
            Err(refusal) => return refusal,
        };
        self.content_page(&found, self.expand.listing_cap())
    }

    fn scan(&self) -> Answer {
        let after = match self.request.one("cursor").map(|cursor| cursor.strip_prefix("content:false:").and_then(|id| id.parse::<Id>().ok())) {
            None => 0,
            Some(Some(after)) => after,
            Some(None) => return Answer::v1_error(400, "The cursor is invalid"),
        };
        let found = match self.select(&self.request.all("spaceKey"), Some(self.kind())) {
            Ok(found) => found.into_iter().map(|content| content.id).filter(|id| *id > after).collect::<Vec<_>>(),
            Err(refusal) => return refusal,
        };
        let limit = self.limit(25, self.expand.listing_cap());
        let cursor = found.get(limit - 1).filter(|_| found.len() > limit || self.world.habits.endless_cursor);
        let cursor = if self.world.habits.endless_cursor && after > 0 { Some(after) } else { cursor.copied() };
        let (body, size) = self.write(&found[..found.len().min(limit)]);
        let mut tail = json!({"limit": limit, "size": size, "_links": self.links(None)});
        if let Some(id) = cursor {
            let next = format!("content:false:{id}");
            tail["_links"]["next"] =
                json!(format!("/rest/api/content/scan?{}cursor={}&limit={limit}", self.others(&["cursor", "limit"]), encode(&next)));
            tail["nextCursor"] = json!(next);
        }
        envelope(body, &tail)
    }

    fn search(&self) -> Answer {
        let asked = self.request.one("cql").unwrap_or_default();
        let hits = match search(&self.world.model, self.caller, asked, false) {
            Ok(hits) => hits,
            Err(why) => return Answer::v1_error(400, &format!("Could not parse cql : {asked} : {why}")),
        };
        let shapes = self.shapes();
        let shown: Vec<&Hit<'_>> = hits.iter().filter(|hit| !self.world.habits.hides(hit.id())).collect();
        self.offset_page(25, self.expand.search_cap(), &shown, |hit| serde_json::to_vec(&shapes.object(**hit, &self.expand)).unwrap())
    }

    fn single(&self, id: &str) -> Answer {
        let Some(content) = self.visible(id) else { return no_content() };
        let any = self.request.all("status").contains(&"any");
        match any || content.status == Status::Current || self.request.all("status").contains(&content.status.name()) {
            true => Answer::json(&self.shapes().content(content, &self.expand)),
            false => no_content(),
        }
    }

    fn attachments(&self, id: &str) -> Answer {
        let Some(page) = self.visible(id) else { return no_content() };
        let name = self.request.one("filename");
        let wanted = self.world.model.attachments_of(page.id).filter(|attachment| name.is_none_or(|name| attachment.name == name));
        let shapes = self.shapes();
        let found: Vec<Vec<u8>> = wanted.map(|attachment| serde_json::to_vec(&shapes.attachment(attachment, page, &self.expand)).unwrap()).collect();
        self.offset_page(50, 200, &found, Clone::clone)
    }

    /// Only what stands below the page, unless more places and depths are asked for.
    fn comments(&self, id: &str) -> Answer {
        let Some(page) = self.visible(id) else { return no_content() };
        let model = &self.world.model;
        let (places, all) = (self.request.all("location"), self.request.one("depth") == Some("all"));
        let place = |comment: &super::model::Comment| match model.is_inline(comment) {
            _ if comment.resolved => "resolved",
            true => "inline",
            false => "footer",
        };
        let wanted = model.comments.values().filter(|comment| {
            let place = place(comment);
            comment.page == page.id && (all || comment.parent.is_none()) && (places.contains(&place) || (places.is_empty() && place == "footer"))
        });
        let shapes = self.shapes();
        let found: Vec<Vec<u8>> = wanted.map(|comment| serde_json::to_vec(&shapes.comment(comment, page, &self.expand)).unwrap()).collect();
        self.offset_page(25, 200, &found, Clone::clone)
    }

    /// What a listing is about, in the order of ids.
    fn select(&self, keys: &[&str], kind: Option<Kind>) -> Result<Vec<&Content>, Answer> {
        let model = &self.world.model;
        if let Some(missing) = keys.iter().find(|key| !model.space_by_key(key).is_some_and(|space| model.sees_space(space, self.caller))) {
            return Err(no_space(missing));
        }
        let statuses = match self.request.all("status").as_slice() {
            [] => vec!["current"],
            names if names.contains(&"any") => vec!["current", "trashed"],
            names => names.to_vec(),
        };
        let (title, posted) = (self.request.one("title"), self.request.one("postingDay").map(|day| day.replace('-', "/")));
        let wanted = model.content.values().filter(|content| {
            kind.map_or(matches!(content.kind, Kind::Page | Kind::Post), |kind| content.kind == kind)
                && (statuses.contains(&content.status.name()) || (self.world.habits.lists_drafts && content.status == Status::Draft))
                && (keys.is_empty() || keys.contains(&model.space_of(content).key.as_str()))
                && title.is_none_or(|title| content.title == title)
                && posted.as_ref().is_none_or(|posted| day(content.created) == *posted)
                && model.sees(content, self.caller)
        });
        Ok(wanted.collect())
    }

    fn content_page(&self, found: &[Id], cap: usize) -> Answer {
        let start = self.request.number("start", 0).min(found.len());
        let limit = self.limit(25, cap);
        let mut here = &found[start..found.len().min(start + limit)];
        if here.is_empty() && start > 0 && self.world.habits.ghost_item {
            here = &found[found.len() - 1..];
        }
        let next = (start + limit < found.len()).then_some(start + limit);
        let (body, size) = self.write(here);
        envelope(body, &json!({"start": self.request.number("start", 0), "limit": limit, "size": size, "_links": self.links(next)}))
    }

    fn offset_page<T>(&self, default: usize, cap: usize, found: &[T], write: impl Fn(&T) -> Vec<u8>) -> Answer {
        let start = self.request.number("start", 0).min(found.len());
        let limit = self.limit(default, cap);
        let here = &found[start..found.len().min(start + limit)];
        let next = (start + limit < found.len()).then_some(start + limit);
        let body = here.iter().map(write).collect::<Vec<_>>().join(&b","[..]);
        envelope(body, &json!({"start": start, "limit": limit, "size": here.len(), "_links": self.links(next)}))
    }

    /// Writes content, less what a habit hides.
    fn write(&self, ids: &[Id]) -> (Vec<u8>, usize) {
        let shapes = self.shapes();
        let (mut body, mut size) = (Vec::new(), 0);
        for id in ids.iter().filter(|id| !self.world.habits.hides(**id)) {
            if size > 0 {
                body.push(b',');
            }
            serde_json::to_writer(&mut body, &shapes.content(self.world.model.get(*id), &self.expand)).unwrap();
            size += 1;
        }
        (body, size)
    }

    fn limit(&self, default: usize, cap: usize) -> usize {
        self.request.number("limit", default).clamp(1, cap.min(self.world.habits.page_cap.unwrap_or(usize::MAX)))
    }

    /// All parameters but these, ready to be followed by another.
    fn others(&self, without: &[&str]) -> String {
        let others = self.request.params.iter().filter(|(name, _)| !without.contains(&name.as_str()));
        others.map(|(name, value)| format!("{name}={}&", encode(value))).collect()
    }

    fn links(&self, next: Option<usize>) -> Value {
        let context = self.world.setup.context.as_str();
        let path = self.request.path.strip_prefix(context).unwrap_or_default();
        let mut links = json!({"base": self.base, "context": context, "self": format!("{}{path}", self.base)});
        if let Some(start) = next {
            links["next"] = json!(format!("{path}?{}start={start}", self.others(&["start"])));
        }
        links
    }
}

fn envelope(results: Vec<u8>, tail: &Value) -> Answer {
    let mut body = b"{\"results\":[".to_vec();
    body.extend_from_slice(&results);
    body.extend_from_slice(b"],");
    body.extend_from_slice(&serde_json::to_vec(tail).unwrap()[1..]);
    Answer::bytes(body)
}

fn with_rate_headers(answer: Answer, headers: RateHeaders) -> Answer {
    match headers {
        // Rate limiting is optional on Data Center, and mostly off.
        RateHeaders::Usual | RateHeaders::Missing => answer,
        RateHeaders::NearLimit => answer
            .with("x-ratelimit-limit", "100")
            .with("x-ratelimit-remaining", "3")
            .with("x-ratelimit-interval-seconds", "1")
            .with("x-ratelimit-fillrate", "10")
            .with("retry-after", "0"),
    }
}

fn no_space(key: &str) -> Answer {
    Answer::v1_error(404, &format!("No space with key : {key}"))
}

fn no_content() -> Answer {
    Answer::v1_error(404, "No content found with this id, or it is not for you")
}
