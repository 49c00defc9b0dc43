//! Task lists, in all the places where editors have left them.

use super::Walk;
use super::flow::Flow;
use super::xml::{Element, Node};
use crate::markdown::{Block, Item, List};

impl Walk<'_> {
    /// `ac:task-list`.
    pub(super) fn tasks(&mut self, element: &Element, flow: &mut Flow) {
        let mut items: Vec<Item> = Vec::new();
        for node in &element.children {
            match node {
                Node::Element(task) if task.name == "ac:task" => self.task(task, &mut items),
                Node::Text(text) if text.trim().is_empty() => {}
                // A list below a list belongs to the task above it.
                Node::Element(other) => {
                    let mut inner = Flow::new();
                    self.element(other, &mut inner);
                    nest(&mut items, inner.finish());
                }
                Node::Text(text) => {
                    let mut inner = Flow::new();
                    inner.text(text);
                    nest(&mut items, inner.finish());
                }
            }
        }
        if !items.is_empty() {
            flow.block(Block::List(List { start: None, items }));
        }
    }

    fn task(&mut self, task: &Element, items: &mut Vec<Item>) {
        let done = task.child("ac:task-status").is_some_and(|status| status.text().trim() == "complete");
        let mut body = Vec::new();
        for part in task.elements() {
            match part.name.as_str() {
                "ac:task-id" | "ac:task-uuid" | "ac:task-status" => {}
                "ac:task-body" => body.extend(self.blocks_of(part)),
                _ => {
                    let mut inner = Flow::new();
                    self.element(part, &mut inner);
                    body.extend(inner.finish());
                }
            }
        }
        match body.first() {
            None => {}
            // No task of its own, but a step of indentation.
            Some(Block::List(_)) => nest(items, body),
            Some(_) => items.push(Item { done: Some(done), body }),
        }
    }
}

fn nest(items: &mut Vec<Item>, body: Vec<Block>) {
    match items.last_mut() {
        _ if body.is_empty() => {}
        Some(last) => last.body.extend(body),
        None => items.push(Item { done: None, body }),
    }
}
