//! Reads task lists, wherever they were nested.

use crate::markdown::{Block, Item, List};

use super::blocks::Walk;
use super::dom::Id;
use super::flow::Flow;
use super::lists::append;

impl Walk<'_> {
    /// `<ac:task-list>`.
    pub(super) fn task_list(&mut self, id: Id, flow: &mut Flow) {
        let dom = self.dom;
        let mut items: Vec<Item> = Vec::new();
        for child in dom.children(id) {
            if dom.name(child) == "ac:task" {
                let body = self.blocks(child);
                if !items.is_empty() && body.iter().all(|block| matches!(block, Block::List(_))) {
                    // Only a frame around nested tasks, or empty.
                    append(&mut items, body);
                } else if !body.is_empty() {
                    let status = dom.child(child, "ac:task-status").map(|status| dom.text(status, false));
                    items.push(Item { done: Some(status.is_some_and(|status| status.trim() == "complete")), body });
                }
            } else {
                let mut stray = Flow::new();
                self.node(child, &mut stray);
                append(&mut items, stray.finish());
            }
        }
        flow.end_run();
        if !items.is_empty() {
            flow.block(Block::List(List { start: None, items }));
        }
    }
}
