//! What people do beside a page: attachments and comments.

use bytes::Bytes;

use super::pages::json_text;
use crate::support::confluence::model::{Attachment, Comment, Id, Model};

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
