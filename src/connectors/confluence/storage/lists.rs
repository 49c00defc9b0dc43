//! Reads lists, in every sloppy form that editors and imports have left, and definition lists.

use crate::markdown::{Block, Inline, Item, List};

use super::blocks::{Walk, bullets, item};
use super::dom::{Id, Tag, View};
use super::flow::Flow;

/// Largest number that a Markdown list may begin with.
const MAX_START: u32 = 999_999_999;

impl<'d> Walk<'d> {
    /// `<ul>` or `<ol>`.
    pub(super) fn list(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        let ordered = tag.name() == "ol";
        let start = ordered.then(|| tag.attribute("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1).min(MAX_START));
        let mut items: Vec<Item> = Vec::new();
        let dom = self.dom;
        // What stands in the list without an item of its own.
        let mut stray = Flow::new();
        for child in dom.children(id) {
            let name = dom.name(child);
            if matches!(name, "ul" | "ol") {
                // A nested list directly in a list belongs to the item before it.
                end_stray(&mut stray, &mut items);
                let mut nested = Flow::new();
                self.node(child, &mut nested);
                append(&mut items, nested.finish());
            } else if name == "li" {
                end_stray(&mut stray, &mut items);
                let body = self.blocks(child);
                if is_only_frame(dom.tag(child), &body) {
                    append(&mut items, body);
                } else if ordered || !body.is_empty() {
                    // An empty item of an ordered list takes a number.
                    items.push(item(body));
                }
            } else {
                self.node(child, &mut stray);
            }
        }
        end_stray(&mut stray, &mut items);
        flow.end_run();
        if items.iter().any(|item| !item.body.is_empty()) {
            flow.block(Block::List(List { start, items }));
        }
    }

    /// `<li>`, `<dt>` or `<dd>` without a list around it.
    pub(super) fn stray_item(&mut self, id: Id, flow: &mut Flow) {
        let body = self.blocks(id);
        flow.end_run();
        if !body.is_empty() {
            flow.block(bullets(vec![item(body)]));
        }
    }

    /// `<dl>`: each term in bold, its definitions below it.
    pub(super) fn definitions(&mut self, id: Id, flow: &mut Flow) {
        let dom = self.dom;
        let mut items: Vec<Item> = Vec::new();
        for child in dom.children(id) {
            if let View::Text(text) = dom.view(child)
                && text.trim().is_empty()
            {
                continue;
            }
            let body = if dom.name(child) == "dt" { strong(self.blocks(child)) } else { self.alone(child) };
            if body.is_empty() {
                continue;
            }
            if dom.name(child) == "dt" { items.push(item(body)) } else { append(&mut items, body) }
        }
        flow.end_run();
        if !items.is_empty() {
            flow.block(bullets(items));
        }
    }

    /// What one node is by itself; of a definition, what it holds.
    fn alone(&mut self, id: Id) -> Vec<Block> {
        if self.dom.name(id) == "dd" {
            return self.blocks(id);
        }
        let mut flow = Flow::new();
        self.node(id, &mut flow);
        flow.finish()
    }
}

/// Whether an item is nothing but a frame around a nested list, without a bullet of its own.
fn is_only_frame(tag: Option<Tag<'_>>, body: &[Block]) -> bool {
    !body.is_empty()
        && body.iter().all(|block| matches!(block, Block::List(_)))
        && tag.and_then(|tag| tag.attribute("style")).is_some_and(|style| style.contains("list-style-type") && style.contains("none"))
}

fn end_stray(stray: &mut Flow, items: &mut Vec<Item>) {
    let body = std::mem::replace(stray, Flow::new()).finish();
    if !body.is_empty() {
        items.push(item(body));
    }
}

/// Adds `body` to the last item; a list that follows a list of its kind goes on in it.
pub(super) fn append(items: &mut Vec<Item>, body: Vec<Block>) {
    let Some(last) = items.last_mut() else {
        if !body.is_empty() {
            items.push(item(body));
        }
        return;
    };
    for block in body {
        match (last.body.last_mut(), block) {
            (Some(Block::List(before)), Block::List(list)) if before.start.is_some() == list.start.is_some() => before.items.extend(list.items),
            (_, block) => last.body.push(block),
        }
    }
}

/// `blocks` with their paragraphs in bold.
pub(super) fn strong(blocks: Vec<Block>) -> Vec<Block> {
    let strong = |block| if let Block::Paragraph(content) = block { Block::Paragraph(vec![Inline::Strong(content)]) } else { block };
    blocks.into_iter().map(strong).collect()
}
