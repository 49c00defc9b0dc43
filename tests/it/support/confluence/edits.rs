//! What people do to the site: every edit moves the clock, and changes exactly what the real one changes (a move no version, a label no date).
//!
//! Naming something that is not there panics: it is the test that is wrong.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};

use super::model::{Attachment, Comment, Content, Flavour, Id, Kind, Model, Space, Status, User};

/// Time.
impl Model {
    /// Lets time pass without an edit.
    pub fn advance(&mut self, by: Duration) {
        self.now += u64::try_from(by.as_millis()).unwrap();
    }

    /// Sets the site's clock to the machine's, for tests of clients that compare the two. The clock never goes back.
    pub fn set_clock_to_machine(&mut self) {
        let machine = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        self.now = self.now.max(machine);
    }

    fn tick(&mut self) -> u64 {
        self.now += self.step_ms;
        self.now
    }

    fn new_id(&mut self) -> Id {
        self.next_id += 7;
        self.next_id
    }
}

/// People.
impl Model {
    /// A new account; answers its account id (Cloud) or user key (Data Center).
    pub fn add_user(&mut self, username: &str, name: &str) -> String {
        let number = self.users.len();
        let id = match self.flavour {
            Flavour::Cloud => format!("712020:00000000-0000-4000-8000-{number:012x}"),
            Flavour::DataCenter => format!("ff8080819a{number:022x}"),
        };
        self.users.push(User { id: id.clone(), username: username.to_owned(), name: name.to_owned() });
        id
    }

    /// Renames somebody: pages stay as they are.
    pub fn set_user_name(&mut self, id: &str, name: &str) {
        let at = self.user_at(id);
        self.users[at].name = name.to_owned();
    }

    /// Whose edits the following ones are.
    pub fn write_as(&mut self, id: &str) {
        self.writer = self.user_at(id);
    }

    fn user_at(&self, id: &str) -> usize {
        self.users.iter().position(|user| user.id == id).unwrap_or_else(|| panic!("the simulated site has no user {id}"))
    }
}

/// Spaces.
impl Model {
    /// A new space with its home page.
    pub fn add_space(&mut self, key: &str, name: &str) -> Id {
        assert!(self.space_by_key(key).is_none(), "the simulated site already has a space {key}");
        let (id, created) = (self.new_id(), self.tick());
        let space = Space {
            id,
            key: key.to_owned(),
            alias: key.to_owned(),
            name: name.to_owned(),
            home: 0,
            created,
            archived: false,
            forbidden: false,
            open: false,
        };
        self.spaces.insert(id, space);
        let home = self.insert(Kind::Page, id, None, &format!("{name} Home"), "<p>Welcome.</p>");
        self.spaces.get_mut(&id).unwrap().home = home;
        id
    }

    /// Deletes a space with all that is in it.
    pub fn remove_space(&mut self, key: &str) {
        let id = self.space(key).id;
        let inside: Vec<Id> = self.content.values().filter(|content| content.space == id).map(|content| content.id).collect();
        for content in inside {
            self.purge(content);
        }
        self.spaces.remove(&id);
        self.tick();
    }

    /// Archives a space.
    pub fn archive_space(&mut self, key: &str) {
        self.space_mut(key).archived = true;
        self.tick();
    }

    /// Closes a space to the caller, or opens it again.
    pub fn forbid_space(&mut self, key: &str, forbidden: bool) {
        self.space_mut(key).forbidden = forbidden;
    }

    /// Shows a space to callers without an account.
    pub fn open_space(&mut self, key: &str) {
        self.space_mut(key).open = true;
    }

    /// Gives a space another address; key and ids stay (Cloud).
    pub fn set_space_alias(&mut self, key: &str, alias: &str) {
        self.space_mut(key).alias = alias.to_owned();
        self.tick();
    }

    /// Gives a space another key; ids stay.
    pub fn rename_space_key(&mut self, old: &str, new: &str) {
        let space = self.space_mut(old);
        space.key = new.to_owned();
        space.alias = new.to_owned();
        self.tick();
    }

    /// Gives a space another name.
    pub fn rename_space(&mut self, key: &str, name: &str) {
        self.space_mut(key).name = name.to_owned();
        self.tick();
    }

    fn space_mut(&mut self, key: &str) -> &mut Space {
        let id = self.space(key).id;
        self.spaces.get_mut(&id).unwrap()
    }
}

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

    fn insert(&mut self, kind: Kind, space: Id, parent: Option<Id>, title: &str, body: &str) -> Id {
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

/// Attachments: none of these edits touches the page's version.
impl Model {
    /// Attaches a file.
    pub fn add_attachment(&mut self, page: Id, name: &str, bytes: impl Into<Bytes>, media_type: &str) -> Id {
        assert!(self.content.contains_key(&page), "the simulated site has no content {page}");
        let (id, now, author) = (self.new_id(), self.tick(), self.writer);
        let (name, media_type) = (name.to_owned(), media_type.to_owned());
        let bytes = bytes.into();
        self.attachments
            .insert(id, Attachment { id, page, name, media_type, bytes, swells_to: None, version: 1, created: now, modified: now, author });
        id
    }

    /// Attaches a file of any size, which is made while it is sent, by `Fault::Swollen`.
    pub fn add_large_attachment(&mut self, page: Id, name: &str, bytes: u64) -> Id {
        let id = self.add_attachment(page, name, crate::support::Fault::MARK.as_bytes(), "application/octet-stream");
        self.attachments.get_mut(&id).unwrap().swells_to = Some(bytes);
        id
    }

    /// A new version of an attached file.
    pub fn replace_attachment(&mut self, id: Id, bytes: impl Into<Bytes>) {
        let now = self.tick();
        let attachment = self.attachments.get_mut(&id).unwrap_or_else(|| panic!("the simulated site has no attachment {id}"));
        attachment.bytes = bytes.into();
        attachment.version += 1;
        attachment.modified = now;
    }

    /// Removes an attached file.
    pub fn delete_attachment(&mut self, id: Id) {
        assert!(self.attachments.remove(&id).is_some(), "the simulated site has no attachment {id}");
        self.tick();
    }
}

/// Comments: none of these edits touches the page's version.
impl Model {
    /// A comment below a page, or an answer to one.
    pub fn add_comment(&mut self, page: Id, parent: Option<Id>, storage_body: &str) -> Id {
        self.comment(page, parent, None, storage_body)
    }

    /// A comment on some words of a page.
    pub fn add_inline_comment(&mut self, page: Id, selection: &str, storage_body: &str) -> Id {
        self.comment(page, None, Some(selection.to_owned()), storage_body)
    }

    fn comment(&mut self, page: Id, parent: Option<Id>, selection: Option<String>, body: &str) -> Id {
        assert!(self.content.contains_key(&page), "the simulated site has no content {page}");
        let (id, now, author, indexed) = (self.new_id(), self.tick(), self.writer, !self.index_frozen);
        let body = json_text(body);
        let comment =
            Comment { id, page, parent, selection, resolved: false, version: 1, created: now, modified: now, indexed, author, editor: author, body };
        self.comments.insert(id, comment);
        id
    }

    /// A new version of a comment.
    pub fn edit_comment(&mut self, id: Id, storage_body: &str) {
        let (now, editor) = (self.tick(), self.writer);
        let comment = self.comment_mut(id);
        comment.body = json_text(storage_body);
        comment.version += 1;
        comment.modified = now;
        comment.editor = editor;
    }

    /// Settles an inline comment, or opens it again: a new date, no new version.
    pub fn resolve_comment(&mut self, id: Id, resolved: bool) {
        let now = self.tick();
        let comment = self.comment_mut(id);
        comment.resolved = resolved;
        comment.modified = now;
    }

    /// Deletes a comment with all that answers it.
    pub fn delete_comment(&mut self, id: Id) {
        assert!(self.comments.remove(&id).is_some(), "the simulated site has no comment {id}");
        let answers: Vec<Id> = self.comments.values().filter(|comment| comment.parent == Some(id)).map(|comment| comment.id).collect();
        answers.into_iter().for_each(|answer| self.delete_comment(answer));
        self.tick();
    }

    fn comment_mut(&mut self, id: Id) -> &mut Comment {
        self.comments.get_mut(&id).unwrap_or_else(|| panic!("the simulated site has no comment {id}"))
    }
}

fn json_text(text: &str) -> Arc<RawValue> {
    Arc::from(to_raw_value(text).unwrap())
}

/// A text as it stands inside a JSON string, without the quotes around it.
fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}
