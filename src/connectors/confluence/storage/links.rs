//! Reads `<ac:link>`: to pages, posts, files, spaces, people, addresses, anchors; and those that lead nowhere.

use crate::markdown::{Inline, Target};
use crate::model::Treatment;

use super::blocks::Walk;
use super::dom::{Id, Tag};
use super::flow::{Chip, Flow, Mark};
use super::resource::Resource;

impl<'d> Walk<'d> {
    /// `<ac:link>`.
    pub(super) fn link(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        let anchor = tag.attribute("ac:anchor").filter(|anchor| !anchor.trim().is_empty());
        let resource = self.resource(id);
        let target = match &resource {
            Some(resource) => resource.target(self.context, anchor.as_deref()),
            None => anchor.as_deref().map(|anchor| (Target::Anchor(anchor.to_owned()), Some(anchor.to_owned()))),
        };
        if let Some((target, text)) = target {
            flow.open(Mark::Link(target, 0));
            self.link_body(id, flow);
            return flow.close(text.as_deref());
        }
        match resource {
            Some(Resource::Person(key)) if !self.has_words(id) => flow.chip(Chip::Other(Inline::Person(key))),
            // The author chose other words for the person.
            Some(Resource::Person(_)) => self.link_body(id, flow),
            Some(Resource::Somebody) if !self.has_words(id) => {
                self.note("element:ri:user", Treatment::Lost);
                flow.inline(Inline::Marker("unknown user".to_owned()));
            }
            Some(Resource::Somebody) => self.link_body(id, flow),
            other => {
                self.link_body(id, flow);
                self.note("element:ac:link", Treatment::Kept);
                flow.text(" ");
                flow.inline(Inline::Marker(match other.and_then(|other| other.words()) {
                    Some(words) => format!("unresolved link: {words}"),
                    None => "link without a target".to_owned(),
                }));
            }
        }
    }

    fn link_body(&mut self, id: Id, flow: &mut Flow) {
        let dom = self.dom;
        for child in dom.children(id).filter(|child| !dom.name(*child).starts_with("ri:")) {
            self.node(child, flow);
        }
    }

    fn has_words(&self, id: Id) -> bool {
        let body = self.dom.child(id, "ac:link-body");
        let holds_image = body.is_some_and(|body| self.dom.child(body, "ac:image").is_some());
        holds_image || self.dom.has_text(id)
    }
}
