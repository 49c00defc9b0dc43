//! A macro's call: its name, parameters and body, in the form of today and in that of Confluence 4.

use super::blocks::Walk;
use super::dom::{Dom, Id, Tag, View};
use super::marker;
use super::resource::Resource;

/// A macro's call.
pub(super) struct Macro<'d> {
    pub(super) name: String,
    dom: &'d Dom<'d>,
    /// Names and nodes, in order.
    params: Vec<(String, Id)>,
    /// Its bodies, as blocks and as plain text.
    pub(super) rich: Option<Id>,
    pub(super) plain: Option<Id>,
    /// What stands in it and belongs to none of these.
    pub(super) stray: Vec<Id>,
}

impl<'d> Macro<'d> {
    pub(super) fn read(walk: &Walk<'d>, id: Id, tag: Tag<'d>) -> Self {
        let dom = walk.dom;
        let name = tag.attribute("ac:name").unwrap_or_default().into_owned();
        let mut call = Self { name, dom, params: Vec::new(), rich: None, plain: None, stray: Vec::new() };
        for child in dom.children(id) {
            match dom.view(child) {
                View::Element(tag) => match tag.name() {
                    "ac:parameter" => call.params.push((tag.attribute("ac:name").unwrap_or_default().into_owned(), child)),
                    "ac:default-parameter" => call.params.push((String::new(), child)),
                    "ac:rich-text-body" if call.rich.is_none() => call.rich = Some(child),
                    "ac:plain-text-body" if call.plain.is_none() => call.plain = Some(child),
                    _ => call.stray.push(child),
                },
                View::Text(text) if text.trim().is_empty() => {}
                _ => call.stray.push(child),
            }
        }
        call
    }

    /// The node of the parameter called `name`; the anonymous one is called by nothing.
    pub(super) fn param(&self, name: &str) -> Option<Id> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, id)| *id)
    }

    /// A parameter's text, in one line; none where it is empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = self.dom.text(self.param(name)?, false);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }

    /// The first of `names` that has a text.
    pub(super) fn any_text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(name))
    }

    /// The text of the plain body.
    pub(super) fn body(&self) -> Option<String> {
        self.plain.map(|body| self.dom.text(body, true))
    }

    /// The resource that a parameter holds, bare or within a link.
    pub(super) fn resource(&self, walk: &Walk<'_>, name: &str) -> Option<Resource> {
        walk.resource_in(self.param(name)?)
    }

    /// All parameters.
    pub(super) fn params(&self) -> impl Iterator<Item = (&str, Id)> {
        self.params.iter().map(|(name, id)| (name.as_str(), *id))
    }

    /// `Confluence macro: NAME key=value ...` with the parameters that tell a reader anything.
    pub(super) fn marker(&self, walk: &Walk<'_>) -> String {
        marker::with_pairs(&format!("Confluence macro: {}", self.name), walk.readable(self).into_iter())
    }
}

impl Walk<'_> {
    /// `key=value` of each parameter that tells a reader anything.
    pub(super) fn readable(&self, call: &Macro<'_>) -> Vec<String> {
        let pairs = call.params().filter(|(key, _)| marker::tells(key)).filter_map(|(key, id)| {
            let words = match self.resource_in(id) {
                // Addresses are links beside the marker.
                Some(super::resource::Resource::Address(_)) => return None,
                Some(resource) => resource.words()?,
                None => self.dom.text(id, false),
            };
            if super::embed::is_web(words.trim()) && !words.trim().contains(char::is_whitespace) {
                return None;
            }
            (!words.trim().is_empty() && marker::is_readable(&words)).then(|| marker::pair(key, &words))
        });
        // No marker has room for more.
        pairs.take(100).collect()
    }

    /// The resource in `id`, bare or within a link.
    pub(super) fn resource_in(&self, id: Id) -> Option<Resource> {
        self.resource(id).or_else(|| self.dom.child(id, "ac:link").and_then(|link| self.resource(link)))
    }
}
