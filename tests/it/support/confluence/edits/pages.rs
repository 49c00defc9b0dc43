//! What people do to pages, posts and folders, and what the service does behind them: links that are rewritten, an index that lags.

use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};

use crate::support::confluence::model::{Content, Flavour, Id, Kind, Model, Status};

/// Pages, posts, folders.
impl Model {
    /// A new page; without a parent it stands below the space's home page.
    pub fn add_page(&mut self, space: &str, parent: Option<Id>, title: &str, storage_body: &str) -> Id {
        self.add(Kind::Page, space, parent, title, storage_body)
    }

    /// A new blog post.
    pub fn add_post(&mut self, space: &str, title: &str, storage_body: &str) -> Id {
        let space = self.space(space).id;
        self.insert(Kind::Post, space, None, title, storage_body)
    }

    /// A new folder (Cloud).
    pub fn add_folder(&mut self, space: &str, parent: Option<Id>, title: &str) -> Id {
        self.add(Kind::Folder, space, parent, title, "")
    }

    /// Anything that stands in the tree.
    pub fn add(&mut self, kind: Kind, space: &str, parent: Option<Id>, title: &str, storage_body: &str) -> Id {
        assert!(self.flavour == Flavour::Cloud || matches!(kind, Kind::Page | Kind::Post), "Data Center has no {}", kind.name());
        let parent = parent.unwrap_or_else(|| self.home(space));
        let space = self.space(space).id;
        self.insert(kind, space, Some(parent), title, storage_body)
    }

    pub(super) fn insert(&mut self, kind: Kind, space: Id, parent: Option<Id>, title: &str, body: &str) -> Id {
        let (id, now, author) = (self.new_id(), self.tick(), self.writer);
        let content = Content {
            id,
            kind,
            space,
            parent,
            position: id % 100_003,
            title: title.to_owned(),
            status: Status::Current,
            version: 1,
            created: now,
            modified: now,
            indexed: (!self.index_frozen).then_some(now),
            author,
            editor: author,
            labels: Vec::new(),
            restricted: false,
            live: false,
            body: json_text(body),
        };
        self.content.insert(id, content);
        id
    }

    /// A new body, in a new version.
    pub fn edit_page(&mut self, id: Id, storage_body: &str) {
        self.content_mut(id).body = json_text(storage_body);
        self.new_version(id);
    }

    /// A new title, in a new version. Links to the page follow, see [`Model::links_follow_renames`].
    pub fn rename_page(&mut self, id: Id, title: &str) {
        let old = std::mem::replace(&mut self.content_mut(id).title, title.to_owned());
        self.new_version(id);
        if self.links_follow_renames {
            self.rewrite_links(id, &old, title);
        }
    }

    /// Puts a page, with what is below it, under another parent, if need be in another space: no new version, no new date.
    pub fn move_page(&mut self, id: Id, parent: Id) {
        let target = self.get(parent);
        let below = std::iter::once(target).chain(self.ancestors(target)).any(|above| above.id == id);
        assert!(!below, "content {id} cannot stand below itself");
        let space = target.space;
        self.tick();
        self.content_mut(id).parent = Some(parent);
        let mut moving = vec![id];
        while let Some(next) = moving.pop() {
            self.content_mut(next).space = space;
            moving.extend(self.children(next));
        }
    }

    /// Moves a page below the home page of another space.
    pub fn move_to_space(&mut self, id: Id, space: &str) {
        let old = self.space_of(self.get(id)).key.clone();
        self.move_page(id, self.home(space));
        if self.links_follow_renames && old != space {
            self.readdress_links(id, &old, space);
        }
    }

    /// Links to a page that went to another space name that space from now on; so does Confluence, without a new version of who links.
    fn readdress_links(&mut self, target: Id, old: &str, new: &str) {
        let title = self.get(target).title.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let far = |key: &str| format!("ri:content-title=\"{title}\" ri:space-key=\"{key}\"");
        let near = format!("ri:content-title=\"{title}\" />");
        let trace = escaped(&format!("ri:content-title=\"{title}\""));
        let old_space = self.space(old).id;
        for content in self.content.values_mut().filter(|content| content.body.get().contains(&trace)) {
            let body: String = serde_json::from_str(content.body.get()).unwrap();
            let mut body = body.replace(&far(old), &far(new));
            if content.space == old_space {
                body = body.replace(&near, &format!("{} />", far(new)));
            }
            content.body = json_text(&body);
        }
    }

    /// Another place among its siblings.
    pub fn reorder(&mut self, id: Id, position: u64) {
        self.content_mut(id).position = position;
        self.tick();
    }

    /// Into the site's trash. What stood below it moves up.
    pub fn delete(&mut self, id: Id) {
        self.leave(id, Status::Trashed);
    }

    /// Into the archive (Cloud). What stood below it moves up.
    pub fn archive(&mut self, id: Id) {
        assert!(self.flavour == Flavour::Cloud, "Data Center archives spaces, not pages");
        self.leave(id, Status::Archived);
    }

    /// Makes a page a draft, which nobody but its author should see.
    pub fn make_draft(&mut self, id: Id) {
        self.content_mut(id).status = Status::Draft;
    }

    /// Back from the trash or the archive, with its old version.
    pub fn restore(&mut self, id: Id) {
        self.content_mut(id).status = Status::Current;
        self.tick();
    }

    /// Gone for ever, with its attachments. What stood below it moves up.
    pub fn purge(&mut self, id: Id) {
        self.leave(id, Status::Trashed);
        self.content.remove(&id);
        self.attachments.retain(|_, attachment| attachment.page != id);
        self.comments.retain(|_, comment| comment.page != id);
    }

    /// Makes content invisible to the caller. Not what stands below it, so that a parent can be unknown, as happens on live sites.
    pub fn restrict(&mut self, id: Id) {
        self.content_mut(id).restricted = true;
    }

    /// The reverse of [`Model::restrict`].
    pub fn unrestrict(&mut self, id: Id) {
        self.content_mut(id).restricted = false;
    }

    /// Replaces the labels: no new version.
    pub fn set_labels(&mut self, id: Id, labels: &[&str]) {
        self.content_mut(id).labels = labels.iter().map(|&label| label.to_owned()).collect();
        self.tick();
    }

    /// Makes a page a live doc.
    pub fn make_live(&mut self, id: Id) {
        self.content_mut(id).live = true;
    }

    /// From now on search learns nothing new, until [`Model::thaw_index`].
    pub fn freeze_index(&mut self) {
        self.index_frozen = true;
    }

    /// Search loses what it knew of this.
    pub fn forget_in_search(&mut self, id: Id) {
        self.content_mut(id).indexed = None;
    }

    /// From now on search learns of what is new, and goes on knowing nothing of what came while it was frozen.
    pub fn index_forgets(&mut self) {
        self.index_frozen = false;
    }

    /// Search catches up.
    pub fn thaw_index(&mut self) {
        self.index_frozen = false;
        for content in self.content.values_mut() {
            content.indexed = Some(content.modified);
        }
        for comment in self.comments.values_mut() {
            comment.indexed = true;
        }
    }

    fn leave(&mut self, id: Id, status: Status) {
        let parent = self.get(id).parent;
        for child in self.children(id) {
            self.content_mut(child).parent = parent;
        }
        self.content_mut(id).status = status;
        self.tick();
    }

    fn children(&self, id: Id) -> Vec<Id> {
        self.content.values().filter(|content| content.parent == Some(id)).map(|content| content.id).collect()
    }

    fn new_version(&mut self, id: Id) {
        let (now, editor, frozen) = (self.tick(), self.writer, self.index_frozen);
        let content = self.content_mut(id);
        content.version += 1;
        content.modified = now;
        content.editor = editor;
        if !frozen {
            content.indexed = Some(now);
        }
    }

    fn content_mut(&mut self, id: Id) -> &mut Content {
        self.content.get_mut(&id).unwrap_or_else(|| panic!("the simulated site has no content {id}"))
    }

    fn rewrite_links(&mut self, target: Id, old: &str, new: &str) {
        let space = self.get(target).space;
        let key = self.spaces[&space].key.clone();
        let [old, new] = [old, new].map(|title| title.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;"));
        let far = |title: &str| format!("ri:content-title=\"{title}\" ri:space-key=\"{key}\"");
        let near = |title: &str| format!("ri:content-title=\"{title}\" />");
        let trace = escaped(&format!("ri:content-title=\"{old}\""));
        for content in self.content.values_mut().filter(|content| content.body.get().contains(&trace)) {
            let body: String = serde_json::from_str(content.body.get()).unwrap();
            let mut body = body.replace(&far(&old), &far(&new));
            if content.space == space {
                body = body.replace(&near(&old), &near(&new));
            }
            content.body = json_text(&body);
        }
    }
}

/// A text as it is kept.
pub(super) fn json_text(text: &str) -> Arc<RawValue> {
    Arc::from(to_raw_value(text).unwrap())
}

/// A text as it stands inside a JSON string, without the quotes around it.
fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}
