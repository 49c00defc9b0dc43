//! REST v1's content objects with `expand`, and search, as both flavours answer them.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::access::Caller;
use super::cql::{Hit, Query};
use super::model::{Attachment, Comment, Content, Flavour, Kind, Model, Space, Status};
use crate::support::wire::{Answer, Request, encode, iso, iso_at, tiny};

/// What `expand` asks for: `history.lastUpdated` asks for `history` too.
#[derive(Debug, Default)]
pub(super) struct Expand(BTreeSet<String>);

impl Expand {
    pub(super) fn of(request: &Request) -> Self {
        let mut names = BTreeSet::new();
        for name in request.all("expand") {
            for (dot, _) in name.match_indices('.') {
                names.insert(name[..dot].to_owned());
            }
            names.insert(name.to_owned());
        }
        Self(names)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The server's cap on a page of search results.
    pub(super) fn search_cap(&self) -> usize {
        match () {
            () if self.has("body.export_view") || self.has("body.styled_view") => 25,
            () if self.has("body") => 50,
            () if !self.0.is_empty() => 200,
            () => 1000,
        }
    }

    /// The server's cap on a page of a listing.
    pub(super) fn listing_cap(&self) -> usize {
        if self.has("body") { 50 } else { 200 }
    }

    /// All names, in one order.
    pub(super) fn joined(&self) -> String {
        self.0.iter().map(String::as_str).collect::<Vec<_>>().join(",")
    }
}

/// One object for content or an attachment.
#[derive(Serialize)]
pub(super) struct Object<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    space: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ancestors: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Body<'a>>,
    extensions: Value,
    #[serde(rename = "_expandable")]
    expandable: Value,
    #[serde(rename = "_links")]
    links: Value,
}

#[derive(Serialize)]
struct Body<'a> {
    storage: Storage<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Storage<'a> {
    value: &'a RawValue,
    representation: &'static str,
    embedded_content: [u8; 0],
}

/// The site's shape of v1 objects.
pub(super) struct Shapes<'m> {
    pub(super) model: &'m Model,
    /// The canonical base, for `self` links.
    pub(super) base: &'m str,
}

impl<'m> Shapes<'m> {
    /// What search or a listing found.
    pub(super) fn object(&self, hit: Hit<'m>, expand: &Expand) -> Object<'m> {
        match hit {
            Hit::Content(content) => self.content(content, expand),
            Hit::Attachment(attachment, page) => self.attachment(attachment, page, expand),
            Hit::Comment(comment, page) => self.comment(comment, page, expand),
        }
    }

    /// A page, a post, or another thing in the tree.
    pub(super) fn content(&self, content: &'m Content, expand: &Expand) -> Object<'m> {
        let (model, id) = (self.model, content.id);
        let when = |ms| self.when(ms);
        let version = |version: u32, by: usize, ms: u64| json!({"by": self.user(by), "when": when(ms), "friendlyWhen": "a while ago", "message": "", "number": version, "minorEdit": false});
        let history = expand.has("history").then(|| {
            let mut history = json!({"latest": true, "createdBy": self.user(content.author), "createdDate": when(content.created)});
            if expand.has("history.lastUpdated") {
                history["lastUpdated"] = version(content.version, content.editor, content.modified);
            }
            history
        });
        let ancestors = expand.has("ancestors").then(|| {
            let seen = model.ancestors(content).into_iter().filter(|above| !above.restricted);
            seen.map(|above| self.reference(above)).collect()
        });
        let storage = Storage { value: &content.body, representation: "storage", embedded_content: [] };
        Object {
            id: id.to_string(),
            kind: content.kind.name(),
            status: content.status.name(),
            title: &content.title,
            space: expand.has("space").then(|| self.space(model.space_of(content))),
            history,
            version: expand.has("version").then(|| version(content.version, content.editor, content.modified)),
            ancestors,
            container: expand.has("container").then(|| self.space(model.space_of(content))),
            metadata: expand.has("metadata.labels").then(|| json!({"labels": labels(content)})),
            body: expand.has("body.storage").then_some(Body { storage }),
            extensions: if content.kind == Kind::Page { json!({"position": content.position}) } else { json!({}) },
            expandable: json!({"children": format!("/rest/api/content/{id}/child")}),
            links: json!({"webui": model.web_path(content), "tinyui": format!("/x/{}", tiny(id)), "self": format!("{}/rest/api/content/{id}", self.base)}),
        }
    }

    /// An attachment.
    pub(super) fn attachment(&self, attachment: &'m Attachment, page: &'m Content, expand: &Expand) -> Object<'m> {
        let id = format!("att{}", attachment.id);
        let version = json!({"by": self.user(attachment.author), "when": self.when(attachment.modified), "message": "", "number": attachment.version,
            "minorEdit": false});
        let extensions = json!({"mediaType": attachment.media_type, "fileSize": attachment.size(), "comment": ""});
        let links = json!({"webui": format!("/pages/viewpageattachments.action?pageId={}", page.id), "download": download_path(attachment),
            "self": format!("{}/rest/api/content/{id}", self.base)});
        Object {
            id,
            kind: "attachment",
            status: "current",
            title: &attachment.name,
            space: expand.has("space").then(|| self.space(self.model.space_of(page))),
            history: expand.has("history").then(|| json!({"latest": true, "createdDate": self.when(attachment.created)})),
            version: expand.has("version").then_some(version),
            ancestors: None,
            container: expand.has("container").then(|| self.reference(page)),
            metadata: Some(json!({"mediaType": attachment.media_type, "comment": ""})),
            body: None,
            extensions,
            expandable: json!({}),
            links,
        }
    }

    /// A comment. Its ancestors are the comments that it answers, not the pages above.
    pub(super) fn comment(&self, comment: &'m Comment, page: &'m Content, expand: &Expand) -> Object<'m> {
        let id = comment.id;
        let version = json!({"by": self.user(comment.editor), "when": self.when(comment.modified), "message": "", "number": comment.version,
            "minorEdit": false});
        let mut above = Vec::new();
        let mut next = comment.parent;
        while let Some(parent) = next.and_then(|id| self.model.comments.get(&id)) {
            above.push(json!({"id": parent.id.to_string(), "type": "comment", "status": "current", "title": format!("Re: {}", page.title)}));
            next = parent.parent;
        }
        above.reverse();
        let inline = self.model.is_inline(comment);
        let mut extensions = json!({"location": if comment.resolved { "resolved" } else if inline { "inline" } else { "footer" }});
        if expand.has("extensions.inlineProperties")
            && let Some(selection) = &comment.selection
        {
            extensions["inlineProperties"] = json!({"originalSelection": selection, "markerRef": format!("marker-{id}")});
        }
        if expand.has("extensions.resolution") && inline && comment.parent.is_none() {
            extensions["resolution"] = json!({"status": if comment.resolved { "resolved" } else { "open" }});
        }
        let storage = Storage { value: &comment.body, representation: "storage", embedded_content: [] };
        Object {
            id: id.to_string(),
            kind: "comment",
            status: "current",
            title: &page.title,
            space: expand.has("space").then(|| self.space(self.model.space_of(page))),
            history: expand
                .has("history")
                .then(|| json!({"latest": true, "createdBy": self.user(comment.author), "createdDate": self.when(comment.created)})),
            version: expand.has("version").then_some(version),
            ancestors: expand.has("ancestors").then_some(above),
            container: expand.has("container").then(|| self.reference(page)),
            metadata: None,
            body: expand.has("body.storage").then_some(Body { storage }),
            extensions,
            expandable: json!({}),
            links: json!({"webui": format!("{}?focusedCommentId={id}", self.model.web_path(page)), "self": format!("{}/rest/api/content/{id}", self.base)}),
        }
    }

    /// A space.
    pub(super) fn space(&self, space: &Space) -> Value {
        let status = if space.archived { "archived" } else { "current" };
        let kind = if space.key.starts_with('~') { "personal" } else { "global" };
        let webui = match self.model.flavour {
            Flavour::Cloud => format!("/spaces/{}", space.alias),
            Flavour::DataCenter => format!("/display/{}", space.key),
        };
        json!({"id": space.id, "key": space.key, "name": space.name, "type": kind, "status": status, "_links": {"webui": webui}})
    }

    /// Somebody.
    pub(super) fn user(&self, at: usize) -> Value {
        let user = &self.model.users[at];
        match self.model.flavour {
            Flavour::Cloud => json!({"type": "known", "accountId": user.id, "accountType": "atlassian", "email": "", "publicName": user.username,
                "displayName": user.name, "timeZone": null}),
            Flavour::DataCenter => json!({"type": "known", "username": user.username, "userKey": user.id, "displayName": user.name}),
        }
    }

    fn reference(&self, content: &Content) -> Value {
        json!({"id": content.id.to_string(), "type": content.kind.name(), "status": content.status.name(), "title": content.title})
    }

    /// UTC on Cloud, the server's zone on Data Center.
    fn when(&self, ms: u64) -> String {
        match self.model.flavour {
            Flavour::Cloud => iso(ms),
            Flavour::DataCenter => iso_at(ms, self.model.zone_minutes),
        }
    }
}

/// Labels as v1 nests them.
pub(super) fn labels(content: &Content) -> Value {
    let results: Vec<Value> = content
        .labels
        .iter()
        .map(|label| json!({"prefix": "global", "name": label, "id": Model::label_id(label).to_string(), "label": label}))
        .collect();
    json!({"size": results.len(), "start": 0, "limit": 200, "results": results})
}

/// The path that browsers download by, relative to the base.
pub(super) fn download_path(attachment: &Attachment) -> String {
    let (page, name) = (attachment.page, encode(&attachment.name).replace("%2E", ".").replace("%2D", "-"));
    format!("/download/attachments/{page}/{name}?version={}&modificationDate={}&cacheVersion=1&api=v2", attachment.version, attachment.modified)
}

/// The other search: hits with titles, and how many there are, of which the caller sees some.
pub(super) fn hits(model: &Model, caller: Caller, request: &Request) -> Answer {
    let asked = request.one("cql").unwrap_or_default();
    let archived = request.one("cqlcontext").is_some_and(|context| context.contains("\"archived\""));
    let found = match search(model, caller, asked, archived) {
        Ok(found) => found,
        Err(why) => return Answer::v1_error(400, &format!("Could not parse cql : {asked} : {why}")),
    };
    let limit = request.number("limit", 25).clamp(1, 1000);
    let hit = |hit: &Hit<'_>| json!({"content": {"id": hit.id().to_string(), "status": "current"}, "title": hit.title(), "entityType": "content"});
    let results: Vec<Value> = found.iter().take(limit).map(hit).collect();
    Answer::json(
        &json!({"results": results, "start": 0, "limit": limit, "size": results.len(), "totalSize": found.len(), "cqlQuery": asked, "_links": {}}),
    )
}

/// Everything that a query finds for a caller, in its order: current content with its attachments and comments, in spaces that are not archived.
pub(super) fn search<'m>(model: &'m Model, caller: Caller, cql: &str, archived: bool) -> Result<Vec<Hit<'m>>, String> {
    let query = Query::read(cql, model)?;
    let there = |content: &Content| {
        (content.status == Status::Current || (archived && content.status == Status::Archived))
            && !model.space_of(content).archived
            && model.sees(content, caller)
    };
    let content = model.content.values().filter(|content| content.indexed.is_some()).map(Hit::Content);
    let attachments = model.attachments.values().filter_map(|attachment| Some(Hit::Attachment(attachment, model.content.get(&attachment.page)?)));
    let comments = model.comments.values().filter(|comment| comment.indexed);
    let comments = comments.filter_map(|comment| Some(Hit::Comment(comment, model.content.get(&comment.page)?)));
    let mut hits: Vec<_> = content.chain(attachments).chain(comments).filter(|hit| query.matches(*hit, model) && there(hit.content())).collect();
    query.sort(&mut hits);
    Ok(hits)
}
