//! Frames around text: panels as alerts by their colour, expands and tabs by their titles, and frames that are only looks.

use super::super::Walk;
use super::super::flow::Flow;
use super::Macro;
use crate::markdown::{AlertKind, Block, Inline};

impl Walk<'_> {
    /// `info`, `tip`, `note`, `warning`, `panel`: what the storage format calls `note` is yellow, and `warning` is red.
    pub(super) fn panel(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        let kind = match m.name.to_ascii_lowercase().as_str() {
            "info" => Some(AlertKind::Note),
            "tip" => Some(AlertKind::Tip),
            "note" => Some(AlertKind::Warning),
            "warning" => Some(AlertKind::Caution),
            _ => None,
        };
        let icon = m.get("panelIconText");
        let title = match (icon, m.get("title")) {
            (Some(icon), Some(title)) => Some(format!("{icon} {title}")),
            (icon, title) => icon.or(title),
        };
        let mut inner = Flow::new();
        self.body(m, &mut inner);
        boxed(kind, title, inner.finish(), flow);
    }

    /// Transparent frames, with their title where they have one that a reader sees.
    pub(super) fn framed(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        let name = m.name.to_ascii_lowercase();
        let title = match name.as_str() {
            "expand" | "ui-expand" | "localtab" | "ui-tab" | "auitabspage" | "ui-step" | "auimessage" | "ui-text-box" | "alert" => {
                m.first(&["title", "label", ""])
            }
            "card" => m.first(&["label", "title"]),
            _ => None,
        };
        if title.is_none() && flow.inside > 0 && m.rich.is_some() {
            return self.body(m, flow);
        }
        flow.flush();
        if let Some(title) = title {
            flow.block(Block::Paragraph(vec![Inline::Strong(vec![Inline::Text(title)])]));
        }
        self.body(m, flow);
        flow.flush();
    }
}

/// An alert, or where there is no kind a quote with a bold title.
pub(in super::super) fn boxed(kind: Option<AlertKind>, title: Option<String>, mut body: Vec<Block>, flow: &mut Flow) {
    let title = title.map(|title| vec![Inline::Text(title)]).unwrap_or_default();
    if body.is_empty() && title.is_empty() {
        return;
    }
    match kind {
        Some(kind) => flow.block(Block::Alert { kind, title, body }),
        None => {
            if !title.is_empty() {
                body.insert(0, Block::Paragraph(vec![Inline::Strong(title)]));
            }
            flow.block(Block::Quote(body));
        }
    }
}
