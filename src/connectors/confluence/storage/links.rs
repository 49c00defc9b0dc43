//! Confluence's links and what they lead to (`ri:*`): pages, posts, spaces, files, people, addresses.

use super::super::keys;
use super::Walk;
use super::address;
use super::flow::{Flow, Mark};
use super::xml::Element;
use crate::markdown::{Inline, Target};
use crate::model::Key;

/// What a resource element stands for.
pub(super) enum Resource {
    /// Something to link to, and its title or file name where the source has it.
    Target { target: Target, title: Option<String> },
    /// Someone.
    Person(Key),
    /// What no address can be made of, in words.
    Unclear(String),
}

impl Walk<'_> {
    /// Reads an `ri:*` element.
    pub(super) fn resource(&self, element: &Element, anchor: Option<&str>) -> Resource {
        let context = self.context;
        let space = element.get("ri:space-key").unwrap_or(context.space);
        let anchor = anchor.map(str::to_owned);
        let remote = |key, fallback, name, title| Resource::Target {
            target: Target::Remote { key, anchor: anchor.clone(), fallback: Some(fallback), name },
            title,
        };
        match (element.name.as_str(), element.get("ri:content-title"), element.get("ri:content-id")) {
            ("ri:page", Some("@self"), _) => {
                remote(keys::doc(context.page), address::of_id(context.page, context), "this page".to_owned(), Some("this page".to_owned()))
            }
            ("ri:page", Some("@home"), _) => remote(keys::space(space), address::of_space(space, context), space.to_owned(), None),
            ("ri:page", Some("@parent" | "@none"), _) => Resource::Unclear("parent page".to_owned()),
            ("ri:page", Some(title), None) => {
                remote(keys::title(space, title), address::of_title(space, title, context), format!("{space}:{title}"), Some(title.to_owned()))
            }
            ("ri:blog-post", Some(title), None) => {
                let day = element.get("ri:posting-day").unwrap_or_default();
                let key = keys::blog(space, day, title);
                remote(key, address::of_blog(space, day, title, context), format!("{space}:{title}"), Some(title.to_owned()))
            }
            ("ri:content-entity" | "ri:page" | "ri:blog-post", title, Some(id)) => {
                let name = title.map_or_else(|| format!("page {id}"), |title| format!("{space}:{title}"));
                remote(keys::doc(id), address::of_id(id, context), name, title.map(str::to_owned))
            }
            ("ri:space", _, _) => remote(keys::space(space), address::of_space(space, context), space.to_owned(), None),
            ("ri:attachment", _, _) => match element.get("ri:filename") {
                Some(name) => Resource::Target { target: self.file(name, element.elements().next(), &anchor), title: Some(name.to_owned()) },
                None => Resource::Unclear("attachment without a name".to_owned()),
            },
            ("ri:user", _, _) => match (element.get("ri:account-id").or(element.get("ri:userkey")), element.get("ri:username")) {
                (Some(id), _) => Resource::Person(keys::user(id)),
                (None, Some(name)) => Resource::Person(keys::username(name)),
                (None, None) => Resource::Unclear("unknown person".to_owned()),
            },
            ("ri:url", _, _) => match element.get("ri:value").and_then(|value| address::target(value, context)) {
                Some(target) => Resource::Target { target, title: element.get("ri:value").map(str::to_owned) },
                None => Resource::Unclear(format!("address {}", element.get("ri:value").unwrap_or("missing"))),
            },
            ("ri:shortcut", _, _) => {
                let part = |name| element.get(name).unwrap_or_default();
                Resource::Unclear(format!("shortcut {}@{}", part("ri:parameter"), part("ri:key")))
            }
            (name, _, _) => {
                let mut words = name.trim_start_matches("ri:").to_owned();
                for (key, value) in &element.attributes {
                    words.push_str(&format!(" {}={value}", key.trim_start_matches("ri:")));
                }
                Resource::Unclear(words)
            }
        }
    }

    /// An attachment of this page, or of `holder`.
    pub(super) fn file(&self, name: &str, holder: Option<&Element>, anchor: &Option<String>) -> Target {
        let context = self.context;
        let own = || (keys::file(context.page, name), address::of_file(context.page, name, context));
        let (key, fallback) = match holder {
            None => own(),
            Some(holder) => {
                let space = holder.get("ri:space-key").unwrap_or(context.space);
                match (holder.get("ri:content-id"), holder.get("ri:content-title")) {
                    (Some(id), _) => (keys::file(id, name), address::of_file(id, name, context)),
                    (None, Some(title)) => (keys::file_of_title(space, title, name), address::of_title(space, title, context)),
                    (None, None) => own(),
                }
            }
        };
        Target::Remote { key, anchor: anchor.clone(), fallback: Some(fallback), name: name.to_owned() }
    }

    /// `ac:link`.
    pub(super) fn link(&mut self, element: &Element, flow: &mut Flow) {
        let anchor = element.get("ac:anchor");
        let body = element.elements().find(|child| matches!(child.name.as_str(), "ac:link-body" | "ac:plain-text-link-body"));
        let own_block = matches!(element.get("ac:card-appearance"), Some("block" | "embed"));
        if own_block {
            flow.flush();
        }
        let resource = element.elements().find(|child| child.name.starts_with("ri:")).map(|child| self.resource(child, anchor));
        match resource {
            Some(Resource::Target { target, title }) => self.linked(target, body, title.as_deref(), flow),
            Some(Resource::Person(key)) => flow.push(Inline::Person(key)),
            Some(Resource::Unclear(words)) => self.unlinked(body, &words, flow),
            None => match anchor {
                Some(anchor) => self.linked(Target::Anchor(anchor.to_owned()), body, Some(anchor), flow),
                None => self.unlinked(body, "link without a target", flow),
            },
        }
        // What a link holds besides its target and body is text that was put there by mistake.
        for child in element.elements().filter(|child| !child.name.starts_with("ri:") && body.is_none_or(|body| !std::ptr::eq(*child, body))) {
            self.element(child, flow);
        }
        if own_block {
            flow.flush();
        }
    }

    fn linked(&mut self, target: Target, body: Option<&Element>, title: Option<&str>, flow: &mut Flow) {
        let body = body.filter(|body| !blank(body));
        flow.open(Mark::Link(target.clone()));
        match (body, title) {
            (Some(body), _) => self.content(body, flow),
            (None, Some(title)) => flow.text(title),
            (None, None) => {}
        }
        flow.close();
        if body.is_none() && title.is_none() {
            flow.push(Inline::Link { target, content: Vec::new() });
        }
    }

    fn unlinked(&mut self, body: Option<&Element>, words: &str, flow: &mut Flow) {
        self.kept("link");
        if let Some(body) = body {
            self.content(body, flow);
            flow.blank();
        }
        flow.push(Inline::Marker(words.to_owned()));
    }

    /// `a`.
    pub(super) fn anchor(&mut self, element: &Element, flow: &mut Flow) {
        let Some(href) = element.get("href") else { return self.content(element, flow) };
        let card = element.get("data-card-appearance");
        let own_block = matches!(card, Some("block" | "embed"));
        match address::target(href, self.context) {
            None => {
                if href != "#" {
                    self.kept("link");
                }
                self.content(element, flow);
            }
            Some(target) => {
                if own_block {
                    flow.flush();
                }
                let text = element.text();
                // A smart link shows its target's title, which the mirror knows better than the page.
                let bare = text.trim().is_empty() || (card.is_some() && text.trim() == href);
                let no_picture = element.elements().next().is_none();
                if bare && no_picture && matches!(target, Target::Remote { .. }) {
                    flow.push(Inline::Link { target, content: Vec::new() });
                } else if bare && no_picture {
                    flow.open(Mark::Link(target));
                    flow.text(href);
                    flow.close();
                } else {
                    self.marked(Mark::Link(target), element, flow);
                }
                if own_block {
                    flow.flush();
                }
            }
        }
    }
}

/// True where nothing stands in `element`, not even a picture.
fn blank(element: &Element) -> bool {
    element.text().trim().is_empty() && element.elements().next().is_none()
}
