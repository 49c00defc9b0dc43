//! Text that only some readers see, and text in one of several languages: it stays, below a line that says for whom it is.

use crate::markdown::{Block, Inline};

use super::blocks::Walk;
use super::flow::Flow;
use super::macro_args::Macro;

impl<'d> Walk<'d> {
    /// `show-if`, `hide-if`, `visibility` and `sv-translation`.
    pub(super) fn conditional(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let pairs = self.readable(call).into_iter().map(|pair| pair.replace('"', "")).collect::<Vec<_>>().join(", ");
        let head = match call.name.as_str() {
            "sv-translation" => "language",
            "hide-if" => "hidden if",
            _ => "only if",
        };
        let pairs = pairs.strip_prefix("language=").unwrap_or(&pairs);
        let words = if pairs.is_empty() { format!("({head} a condition holds)") } else { format!("({head}: {pairs})") };
        self.kept(call, "shown whoever reads it");
        let label = Inline::Emphasis(vec![Inline::Text(words)]);
        if flow.in_text() && call.rich.is_some_and(|body| self.is_inline_body(body)) {
            flow.inline(label);
            flow.text(" ");
        } else {
            flow.block(Block::Paragraph(vec![label]));
        }
        self.frame(call, flow);
    }
}
