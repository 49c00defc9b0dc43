//! What the new editor has and the storage format has not (`ac:adf-extension`): the node or its fallback, never both, for they say the same.

use super::Walk;
use super::flow::{Flow, Mark};
use super::macros;
use super::xml::Element;
use crate::markdown::{AlertKind, Block, Item, List};

impl Walk<'_> {
    /// `ac:adf-extension`.
    pub(super) fn adf(&mut self, element: &Element, flow: &mut Flow) {
        let fallback = element.child("ac:adf-fallback");
        let mut any = false;
        for node in element.elements().filter(|child| child.name == "ac:adf-node") {
            any = true;
            self.adf_node(node, fallback, flow);
        }
        match (any, fallback) {
            (true, _) => {}
            (false, Some(fallback)) => self.content(fallback, flow),
            (false, None) => self.content(element, flow),
        }
    }

    /// `ac:adf-node`.
    pub(super) fn adf_node(&mut self, node: &Element, outer: Option<&Element>, flow: &mut Flow) {
        let kind = node.get("type").unwrap_or("unnamed");
        match kind {
            "panel" => {
                let alert = match attribute(node, "panel-type").as_deref() {
                    Some("note") => Some(AlertKind::Important),
                    Some("success" | "tip") => Some(AlertKind::Tip),
                    Some("warning") => Some(AlertKind::Warning),
                    Some("error") => Some(AlertKind::Caution),
                    Some("info") => Some(AlertKind::Note),
                    _ => None,
                };
                let body = self.adf_blocks(node);
                macros::boxed(alert, attribute(node, "panel-icon-text"), body, flow);
            }
            "decision-list" => {
                let mut items = Vec::new();
                for item in node.elements().flat_map(inside).filter(|item| item.get("type") == Some("decision-item")) {
                    let mut inner = Flow::new();
                    inner.open(Mark::Strong);
                    inner.text(if attribute(item, "state").as_deref() == Some("UNDECIDED") { "Open decision:" } else { "Decision:" });
                    inner.close();
                    inner.blank();
                    self.adf_content(item, &mut inner);
                    items.push(Item { done: None, body: inner.finish() });
                }
                if !items.is_empty() {
                    flow.block(Block::List(List { start: None, items }));
                }
            }
            "extension" | "inline-extension" | "bodied-extension" | "multi-bodied-extension" => {
                let key = attribute(node, "extension-key").unwrap_or_default();
                let name = key.rsplit(['/', ':']).find(|part| !part.is_empty()).unwrap_or(kind).to_owned();
                let mut words = format!("Confluence macro: {name}");
                for part in node.elements().filter(|part| part.name == "ac:adf-attribute") {
                    self.adf_parameters(part, &mut words);
                }
                let body = self.adf_blocks(node);
                if body.is_empty() {
                    self.lost(format!("macro:{name}"));
                    flow.marker(words);
                } else {
                    self.kept(format!("macro:{name}"));
                    flow.block(Block::Marker(words));
                    flow.extend(body);
                }
            }
            _ => {
                self.kept(format!("element:adf-{kind}"));
                match node.child("ac:adf-fallback").or(outer) {
                    Some(fallback) => self.content(fallback, flow),
                    None => {
                        let body = self.adf_blocks(node);
                        if body.is_empty() {
                            flow.marker(format!("Confluence element: {kind}"));
                        } else {
                            flow.extend(body);
                        }
                    }
                }
            }
        }
    }

    fn adf_blocks(&mut self, node: &Element) -> Vec<Block> {
        let mut inner = Flow::new();
        self.adf_content(node, &mut inner);
        inner.finish()
    }

    fn adf_content(&mut self, node: &Element, flow: &mut Flow) {
        for part in node.elements() {
            match part.name.as_str() {
                "ac:adf-content" => self.content(part, flow),
                "ac:adf-node" => self.adf_node(part, None, flow),
                _ => {}
            }
        }
    }

    /// Leaves of nested parameters, as far as a reader understands them.
    fn adf_parameters(&self, part: &Element, words: &mut String) {
        let mut nested = false;
        for child in part.elements().filter(|child| child.name == "ac:adf-parameter") {
            nested = true;
            self.adf_parameters(child, words);
        }
        let key = part.get("key").unwrap_or_default();
        let text = part.text();
        let text = text.trim();
        let hidden = key.contains("id") || key.contains("extension-") || key.contains("layout") || text.is_empty() || text.len() > 120;
        if !nested && !hidden && words.len() + text.len() < 240 {
            words.push_str(&format!(" {key}={text}"));
        }
    }
}

/// The nodes of a content, or the node itself.
fn inside(part: &Element) -> Vec<&Element> {
    if part.name == "ac:adf-content" { part.elements().collect() } else { vec![part] }
}

fn attribute(node: &Element, key: &str) -> Option<String> {
    node.elements()
        .find(|part| part.name == "ac:adf-attribute" && part.get("key").is_some_and(|k| k == key || k.replace('_', "-") == key))
        .map(|part| part.text().trim().to_owned())
        .filter(|text| !text.is_empty())
}
