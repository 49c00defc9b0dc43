//! The JSON of REST v2.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::model::{Attachment, Comment, Content, Kind, Model, Space, User};
use super::v1::download_path;
use crate::support::wire::{fingerprint, iso, tiny};

/// A page or post.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageOut<'a> {
    id: String,
    status: &'static str,
    title: &'a str,
    space_id: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    place: Option<PlaceOut<'a>>,
    author_id: &'a str,
    created_at: String,
    version: VersionOut<'a>,
    body: BodyOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Value>,
    #[serde(rename = "_links")]
    links: LinksOut,
}

/// What pages have and posts have not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlaceOut<'a> {
    parent_id: Option<String>,
    parent_type: Option<&'static str>,
    position: u64,
    owner_id: &'a str,
    last_owner_id: Option<&'a str>,
    subtype: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionOut<'a> {
    number: u32,
    message: &'static str,
    minor_edit: bool,
    author_id: &'a str,
    created_at: String,
}

#[derive(Serialize)]
struct BodyOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    storage: Option<StorageOut<'a>>,
}

#[derive(Serialize)]
struct StorageOut<'a> {
    representation: &'static str,
    value: &'a RawValue,
}

#[derive(Serialize)]
struct LinksOut {
    webui: String,
    editui: String,
    tinyui: String,
}

/// A page or post, with its body where asked for.
pub(super) fn page<'a>(model: &'a Model, content: &'a Content, with_body: bool) -> PageOut<'a> {
    let (id, author) = (content.id, model.users[content.author].id.as_str());
    // An invisible or vanished parent is still named; of what kind it is, the site tells as well.
    let parent_type = content.parent.map(|parent| model.content.get(&parent).map_or("page", |parent| parent.kind.name()));
    let place = (content.kind == Kind::Page).then(|| PlaceOut {
        parent_id: content.parent.map(|parent| parent.to_string()),
        parent_type,
        position: content.position,
        owner_id: author,
        last_owner_id: None,
        subtype: content.live.then_some("live"),
    });
    PageOut {
        id: id.to_string(),
        status: content.status.name(),
        title: &content.title,
        space_id: content.space.to_string(),
        place,
        author_id: author,
        created_at: iso(content.created),
        version: VersionOut {
            number: content.version,
            message: "",
            minor_edit: false,
            author_id: &model.users[content.editor].id,
            created_at: iso(content.modified),
        },
        body: BodyOut { storage: with_body.then_some(StorageOut { representation: "storage", value: &content.body }) },
        labels: None,
        links: LinksOut {
            webui: model.web_path(content),
            editui: format!("/pages/resumedraft.action?draftId={id}"),
            tinyui: format!("/x/{}", tiny(id)),
        },
    }
}

impl PageOut<'_> {
    /// Adds labels, as `include-labels=true` on a single page does.
    pub(super) fn with_labels(mut self, content: &Content) -> Self {
        let results: Vec<Value> = content.labels.iter().map(|name| label(name)).collect();
        let link = format!("/wiki/api/v2/pages/{}/labels", content.id);
        self.labels = Some(json!({"results": results, "meta": {"hasMore": false, "cursor": null}, "_links": {"self": link}}));
        self
    }
}

/// A label.
pub(super) fn label(name: &str) -> Value {
    json!({"id": Model::label_id(name).to_string(), "name": name, "prefix": "global"})
}

/// A folder, whiteboard, database or embed.
pub(super) fn node(model: &Model, content: &Content, date_is_number: bool) -> Value {
    let created = if date_is_number { json!(content.created) } else { json!(iso(content.created)) };
    let parent_type = content.parent.map(|parent| model.content.get(&parent).map_or("page", |parent| parent.kind.name()));
    let (author, editor) = (&model.users[content.author].id, &model.users[content.editor].id);
    let mut node = json!({
        "id": content.id.to_string(), "type": content.kind.name(), "status": content.status.name(), "title": content.title,
        "parentId": content.parent.map(|parent| parent.to_string()), "parentType": parent_type, "position": content.position,
        "authorId": author, "ownerId": author, "createdAt": created, "spaceId": content.space.to_string(),
        "version": {"number": content.version, "message": "", "minorEdit": false, "authorId": editor, "createdAt": iso(content.modified)},
        "_links": {"webui": model.web_path(content)},
    });
    if content.kind == Kind::Embed {
        node["embedUrl"] = json!(format!("https://embed.example/{}", content.id));
    }
    node
}

/// A space.
pub(super) fn space(model: &Model, space: &Space) -> Value {
    let author = &model.users[1].id;
    json!({
        "id": space.id.to_string(), "key": space.key, "name": space.name, "type": if space.key.starts_with('~') { "personal" } else { "global" },
        "status": if space.archived { "archived" } else { "current" }, "authorId": author, "spaceOwnerId": author,
        "currentActiveAlias": space.alias, "createdAt": iso(space.created), "homepageId": space.home.to_string(), "description": null, "icon": null,
        "_links": {"webui": format!("/spaces/{}", space.alias)},
    })
}

/// An attachment.
pub(super) fn attachment(model: &Model, attachment: &Attachment) -> Value {
    let author = &model.users[attachment.author].id;
    let download = download_path(attachment);
    let webui = format!("/pages/viewpageattachments.action?pageId={}&preview=%2F{}", attachment.page, attachment.page);
    let container = if model.get(attachment.page).kind == Kind::Post { "blogPostId" } else { "pageId" };
    json!({
        "id": format!("att{}", attachment.id), "status": "current", "title": attachment.name, "createdAt": iso(attachment.created),
        container: attachment.page.to_string(), "mediaType": attachment.media_type, "mediaTypeDescription": "File", "comment": "",
        "fileId": file_id(attachment), "fileSize": attachment.size(), "webuiLink": webui, "downloadLink": download,
        "version": {"number": attachment.version, "message": "", "minorEdit": false, "authorId": author, "createdAt": iso(attachment.modified)},
        "_links": {"webui": webui, "download": download},
    })
}

/// A comment.
pub(super) fn comment(model: &Model, comment: &Comment, with_body: bool) -> Value {
    let page = model.get(comment.page);
    let container = if page.kind == Kind::Post { "blogPostId" } else { "pageId" };
    let mut value = json!({
        "id": comment.id.to_string(), "status": "current", "title": format!("Re: {}", page.title), container: page.id.to_string(),
        "parentCommentId": comment.parent.map(|parent| parent.to_string()), "body": {},
        "version": {"number": comment.version, "message": "", "minorEdit": false, "authorId": model.users[comment.editor].id,
            "createdAt": iso(comment.modified)},
        "_links": {"webui": format!("{}?focusedCommentId={}", model.web_path(page), comment.id)},
    });
    if model.is_inline(comment) {
        value["resolutionStatus"] = json!(if comment.resolved { "resolved" } else { "open" });
        value["properties"] = json!({"inlineMarkerRef": format!("marker-{}", comment.id), "inlineOriginalSelection": comment.selection});
    }
    if with_body {
        value["body"] = json!({"storage": {"representation": "storage", "value": serde_json::from_str::<String>(comment.body.get()).unwrap()}});
    }
    value
}

/// The id by which the media host knows a file.
pub(super) fn file_id(attachment: &Attachment) -> String {
    format!("0c0ffee0-1111-2222-3333-{:012x}", fingerprint(&format!("{} {}", attachment.id, attachment.version)) & 0xffff_ffff_ffff)
}

/// Somebody, as `users-bulk` answers. Nobody shows an address.
pub(super) fn user(user: &User) -> Value {
    json!({
        "accountId": user.id, "displayName": user.name, "publicName": user.username, "accountType": "atlassian", "accountStatus": "active",
        "timeZone": null, "email": "", "personalSpaceId": null, "isExternalCollaborator": false,
    })
}
