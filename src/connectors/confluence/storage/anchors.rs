//! Places that links lead to: written only where a link of the page itself leads there.

use rustc_hash::FxHashSet;

use crate::markdown::{Inline, anchor};

use super::blocks::Walk;
use super::dom::Dom;
use super::flow::Flow;

impl Walk<'_> {
    /// A place called `name`, if a link of the page leads to it.
    pub(super) fn put_anchor(&mut self, name: Option<String>, flow: &mut Flow) {
        let Some(name) = name else { return };
        let dom = self.dom;
        let wanted = self.wanted_anchors.get_or_insert_with(|| wanted(dom));
        if wanted.contains(&anchor::heading(&name)) {
            flow.inline(Inline::Anchor(name));
        }
    }
}

/// What the links of a body look for.
fn wanted(dom: &Dom<'_>) -> FxHashSet<String> {
    let mut found = FxHashSet::default();
    for tag in dom.tags() {
        let name = match tag.name() {
            "ac:link" => tag.attribute("ac:anchor").map(std::borrow::Cow::into_owned),
            "a" => tag.attribute("href").and_then(|href| href.split_once('#').map(|(_, name)| super::href::decode(name))),
            _ => None,
        };
        found.extend(name.map(|name| anchor::heading(&name)).filter(|name| !name.is_empty()));
    }
    found
}
