//! ADF islands: content of the new editor that storage format has no element for.
//!
//! Guarantees that a node or its fallback is shown, never both, for the fallback repeats the node's text.

use crate::markdown::{AlertKind, Block, Inline, Item, List};
use crate::model::Treatment;

use super::blocks::{Walk, bullets, item};
use super::dom::Id;
use super::flow::Flow;
use super::lists::append;
use super::{macros, marker, panel};

impl Walk<'_> {
    /// `<ac:adf-extension>`.
    pub(super) fn adf_extension(&mut self, id: Id, flow: &mut Flow) {
        let dom = self.dom;
        let fallback = dom.child(id, "ac:adf-fallback");
        match dom.child(id, "ac:adf-node") {
            Some(node) => self.adf_node(node, fallback, flow),
            None => self.boundary(id, flow),
        }
    }

    /// `<ac:adf-node>`, whose fallback may stand beside it or within it.
    pub(super) fn adf_node(&mut self, id: Id, fallback: Option<Id>, flow: &mut Flow) {
        let dom = self.dom;
        let kind = dom.tag(id).and_then(|tag| tag.attribute("type")).unwrap_or_default().into_owned();
        let fallback = dom.child(id, "ac:adf-fallback").or(fallback);
        let content = dom.child(id, "ac:adf-content");
        match kind.as_str() {
            "panel" => {
                let alert = match self.adf_attribute(id, "panel-type").as_deref() {
                    Some("info") => Some(AlertKind::Note),
                    Some("note") => Some(AlertKind::Important),
                    Some("success" | "tip") => Some(AlertKind::Tip),
                    Some("warning") => Some(AlertKind::Warning),
                    Some("error") => Some(AlertKind::Caution),
                    _ => None,
                };
                let icon = self.adf_attribute(id, "panel-icon-text").filter(|_| alert.is_none());
                let body = self.adf_body(id, content);
                panel::put_alert(alert, icon.map(Inline::Text).into_iter().collect(), body, flow);
            }
            "decision-list" | "task-list" => self.adf_list(id, content, flow),
            "decision-item" | "task-item" => {
                let item = self.adf_item(id);
                flow.block(Block::List(List { start: None, items: vec![item] }));
            }
            "extension" | "bodied-extension" | "inline-extension" | "multi-bodied-extension" => self.adf_macro(id, fallback, flow),
            "extension-frame" => self.boundary(content.unwrap_or(id), flow),
            _ => match fallback.into_iter().chain(content).find(|body| dom.shows(*body)) {
                Some(body) => {
                    self.note(format!("element:adf:{kind}"), Treatment::Kept);
                    self.boundary(body, flow);
                }
                None => {
                    self.note(format!("element:adf:{kind}"), Treatment::Lost);
                    macros::put_marker(marker::short(&format!("Confluence element: {kind}"), marker::MAX_MARKER), flow);
                    self.adf_within(id, flow);
                }
            },
        }
    }

    /// A macro of the new editor: a marker, and its body or what stands for it.
    fn adf_macro(&mut self, id: Id, fallback: Option<Id>, flow: &mut Flow) {
        let dom = self.dom;
        let name = self.adf_name(id);
        let text = marker::with_pairs(&format!("Confluence macro: {name}"), self.adf_parameters(id).into_iter());
        let within = |id: Id| dom.children(id).any(|child| matches!(dom.name(child), "ac:adf-content" | "ac:adf-node") && dom.shows(child));
        let what = format!("macro:{name}");
        if within(id) {
            self.diagnostics.add(&what, Treatment::Kept, "its body, without what it does");
            macros::put_marker(text, flow);
            self.adf_within(id, flow);
        } else if let Some(fallback) = fallback.filter(|fallback| dom.shows(*fallback)) {
            self.diagnostics.add(&what, Treatment::Kept, "what it leaves for those who cannot show it");
            let inline = flow.in_text() && self.is_inline_body(fallback);
            macros::put_marker(text, flow);
            if inline {
                flow.text(" ");
                self.children(fallback, flow);
            } else {
                self.boundary(fallback, flow);
            }
        } else {
            self.diagnostics.add(&what, Treatment::Lost, "what it shows is not on the page");
            macros::put_marker(text, flow);
        }
    }

    /// What a node holds besides its fallback.
    fn adf_within(&mut self, id: Id, flow: &mut Flow) {
        let dom = self.dom;
        flow.end_run();
        for child in dom.children(id).filter(|child| dom.name(*child) != "ac:adf-fallback") {
            self.node(child, flow);
        }
        flow.end_run();
    }

    /// What stands in a node: in its content, or directly in it.
    fn adf_body(&mut self, id: Id, content: Option<Id>) -> Vec<Block> {
        if let Some(content) = content {
            return self.blocks(content);
        }
        let mut flow = Flow::new();
        self.adf_within(id, &mut flow);
        flow.finish()
    }

    fn adf_list(&mut self, id: Id, content: Option<Id>, flow: &mut Flow) {
        let dom = self.dom;
        let mut items: Vec<Item> = Vec::new();
        for child in dom.children(content.unwrap_or(id)).filter(|child| dom.name(*child) != "ac:adf-fallback") {
            let kind = dom.tag(child).and_then(|tag| tag.attribute("type"));
            if matches!(kind.as_deref(), Some("decision-item" | "task-item")) {
                let item = self.adf_item(child);
                if !item.body.is_empty() {
                    items.push(item);
                }
            } else {
                let mut stray = Flow::new();
                self.node(child, &mut stray);
                append(&mut items, stray.finish());
            }
        }
        flow.end_run();
        if !items.is_empty() {
            flow.block(bullets(items));
        }
    }

    fn adf_item(&mut self, id: Id) -> Item {
        let state = self.adf_attribute(id, "state").unwrap_or_default();
        let content = self.dom.child(id, "ac:adf-content");
        let mut body = self.adf_body(id, content);
        let kind = self.dom.tag(id).and_then(|tag| tag.attribute("type")).unwrap_or_default();
        if kind == "task-item" {
            return Item { done: Some(state == "DONE"), body };
        }
        if body.is_empty() {
            return item(body);
        }
        let word = if state == "UNDECIDED" { "Open decision:" } else { "Decision:" };
        let label = [Inline::Strong(vec![Inline::Text(word.to_owned())]), Inline::Text(" ".to_owned())];
        match body.first_mut() {
            Some(Block::Paragraph(text)) => text.splice(0..0, label).for_each(drop),
            _ => body.insert(0, Block::Paragraph(label.into())),
        }
        item(body)
    }

    fn adf_attribute(&self, id: Id, key: &str) -> Option<String> {
        let dom = self.dom;
        let is_it = |child: &Id| dom.tag(*child).is_some_and(|tag| tag.name() == "ac:adf-attribute" && tag.attribute("key").as_deref() == Some(key));
        let text = dom.children(id).find(is_it).map(|child| dom.text(child, false).trim().to_owned())?;
        (!text.is_empty()).then_some(text)
    }

    /// An extension's name: the last part of its key that is one (`ari:cloud:ecosystem::extension/ID/ID/static/roadmap`, `chart:default`).
    fn adf_name(&self, id: Id) -> String {
        let key = self.adf_attribute(id, "extension-key").or_else(|| self.adf_attribute(id, "text")).unwrap_or_else(|| "extension".to_owned());
        marker::short(key.rsplit(['/', ':']).find(|part| !part.is_empty() && *part != "default").unwrap_or(&key), 80)
    }

    /// The parameters within a node that tell a reader anything.
    fn adf_parameters(&self, id: Id) -> Vec<String> {
        let mut found = Vec::new();
        self.gather_parameters(id, "", &mut found);
        found
    }

    fn gather_parameters(&self, id: Id, around: &str, found: &mut Vec<String>) {
        let dom = self.dom;
        for child in dom.children(id) {
            let Some(tag) = dom.tag(child) else { continue };
            match tag.name() {
                "ac:adf-parameter" if dom.child(child, "ac:adf-parameter").is_none() => {
                    let key = tag.attribute("key").unwrap_or_default();
                    // Macros of old have their values one level deeper.
                    let key = if key == "value" && !around.is_empty() { around } else { &key };
                    let text = dom.text(child, false);
                    if marker::tells(key) && marker::is_readable(&text) && !text.trim().is_empty() && found.len() < 20 {
                        found.push(marker::pair(key, &text));
                    }
                }
                "ac:adf-parameter" | "ac:adf-attribute" => self.gather_parameters(child, &tag.attribute("key").unwrap_or_default(), found),
                _ => {}
            }
        }
    }
}
