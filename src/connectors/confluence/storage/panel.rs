//! Panels: the coloured boxes of both editors, by their colours, and plain ones.

use crate::markdown::{AlertKind, Block, Inline};

use super::blocks::Walk;
use super::flow::Flow;
use super::macro_args::Macro;
use super::macros::bold_line;

impl<'d> Walk<'d> {
    /// `info`, `tip`, `note` and `warning`. Storage format kept the old names when the editor changed colours: its `note` is the yellow box, its `warning` the red one.
    pub(super) fn alert(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let kind = match call.name.as_str() {
            "tip" => AlertKind::Tip,
            "note" => AlertKind::Warning,
            "warning" => AlertKind::Caution,
            _ => AlertKind::Note,
        };
        let title = call.text("title").map(Inline::Text).into_iter().collect();
        let body = call.rich.or(call.plain).map(|body| self.blocks(body)).unwrap_or_default();
        put_alert(Some(kind), title, body, flow);
    }

    /// `panel`: a quote with its emoji and title in bold.
    pub(super) fn panel(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let icon = call
            .text("panelIconText")
            .or_else(|| call.text("panelIconId").and_then(|id| super::emoji::by_id(&id)))
            .or_else(|| call.text("panelIcon"));
        let title: Vec<String> = icon.into_iter().chain(call.text("title")).collect();
        let body = call.rich.or(call.plain).map(|body| self.blocks(body)).unwrap_or_default();
        put_alert(None, (!title.is_empty()).then(|| Inline::Text(title.join(" "))).into_iter().collect(), body, flow);
    }
}

/// A box: an alert where its colour means something, else a quote.
pub(super) fn put_alert(kind: Option<AlertKind>, title: Vec<Inline>, body: Vec<Block>, flow: &mut Flow) {
    flow.end_run();
    if title.is_empty() && body.is_empty() {
        return;
    }
    flow.block(match kind {
        Some(kind) => Block::Alert { kind, title, body },
        None => {
            let heading = title.into_iter().filter_map(|inline| if let Inline::Text(text) = inline { Some(bold_line(text)) } else { None });
            Block::Quote(heading.chain(body).collect())
        }
    });
}
