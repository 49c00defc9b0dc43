//! Numbered steps, and footnotes: what a macro gathers out of other macros.

use crate::markdown::{Block, Inline, Item, List};

use super::blocks::{Walk, item};
use super::dom::Id;
use super::flow::Flow;
use super::lists::append;
use super::macro_args::Macro;
use super::macros::bold_line;

impl<'d> Walk<'d> {
    /// `ui-steps`: an ordered list of its `ui-step`s, each below its title.
    pub(super) fn steps(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let Some(body) = call.rich else { return self.frame(call, flow) };
        let mut items: Vec<Item> = Vec::new();
        let mut stray = Flow::new();
        for child in self.dom.children(body) {
            if let Some(step) = self.step(child) {
                append(&mut items, std::mem::replace(&mut stray, Flow::new()).finish());
                let title = step.any_text(&["title", ""]).map(bold_line);
                let body = step.rich.map(|body| self.blocks(body)).unwrap_or_default();
                items.push(item(title.into_iter().chain(body).collect()));
            } else {
                self.node(child, &mut stray);
            }
        }
        append(&mut items, stray.finish());
        flow.end_run();
        if !items.is_empty() {
            flow.block(Block::List(List { start: Some(1), items }));
        }
    }

    fn step(&self, id: Id) -> Option<Macro<'d>> {
        let tag = self.dom.tag(id).filter(|tag| matches!(tag.name(), "ac:structured-macro" | "ac:macro"))?;
        let call = Macro::read(self, id, tag);
        (call.name == "ui-step" && call.stray.is_empty()).then_some(call)
    }

    /// `footnote`: its number here, its text where the page shows its footnotes, else at the page's end.
    pub(super) fn footnote(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let body = call.rich.or(call.plain).map(|body| self.blocks(body)).unwrap_or_default();
        if body.is_empty() {
            return self.unknown_macro(call, flow);
        }
        self.footnotes.push(body);
        let number = self.footnotes_shown + self.footnotes.len();
        flow.inline(Inline::Superscript(vec![Inline::Text(number.to_string())]));
    }

    /// `display-footnotes`: the texts of the footnotes so far.
    pub(super) fn show_footnotes(&mut self, flow: &mut Flow) {
        flow.end_run();
        let items: Vec<Item> = std::mem::take(&mut self.footnotes).into_iter().map(item).collect();
        if !items.is_empty() {
            let start = u32::try_from(self.footnotes_shown + 1).ok();
            self.footnotes_shown += items.len();
            flow.block(Block::List(List { start, items }));
        }
    }
}
