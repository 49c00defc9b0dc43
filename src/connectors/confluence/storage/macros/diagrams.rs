//! Diagrams: their source as code where the page holds it, else the picture that the app attached.

use super::super::Walk;
use super::super::flow::{Flow, Mark};
use super::Macro;
use crate::markdown::{Block, Inline};

impl Walk<'_> {
    /// `drawio`, `gliffy`: the preview that the app attached to the page, and the name of its source.
    pub(super) fn drawing(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        let named = m.first(&["diagramName", "name", "filename"]);
        let Some(name) = named else { return self.dynamic(m, flow) };
        self.kept(format!("macro:{}", m.name));
        let title = m.first(&["diagramDisplayName", "displayName"]).unwrap_or_else(|| name.clone());
        let preview = if name.ends_with(".png") { name.clone() } else { format!("{name}.png") };
        // `inc-drawio` shows another page's drawing.
        let other = m.get("pageId").filter(|id| m.name == "inc-drawio" && id != self.context.page);
        let holder = other.map(|id| super::super::xml::Element {
            name: "ri:content-entity".to_owned(),
            attributes: vec![("ri:content-id".to_owned(), id)],
            ..Default::default()
        });
        self.picture(&preview, holder.as_ref(), &title, flow);
        let source = self.file(&name, holder.as_ref(), &None);
        flow.open(Mark::Link(source));
        flow.push(Inline::Text(format!("Diagram source: {title}")));
        flow.close();
        flow.flush();
    }

    /// Diagrams written as text.
    pub(super) fn diagram(&mut self, m: &Macro<'_>, flow: &mut Flow) {
        let text = m.text();
        let language = match m.name.to_ascii_lowercase().as_str() {
            name if name.starts_with("mermaid") => "mermaid",
            name if name.starts_with("plantuml") => "plantuml",
            _ => "dot",
        };
        if !text.trim().is_empty() {
            super::code::titled(m, flow);
            flow.block(Block::Code { language: Some(language.to_owned()), text: super::code::trimmed(&text) });
            return;
        }
        let Some(name) = m.first(&["filename", "name"]) else { return self.dynamic(m, flow) };
        self.kept(format!("macro:{}", m.name));
        let target = self.file(&name, None, &None);
        flow.flush();
        flow.open(Mark::Link(target));
        flow.push(Inline::Text(format!("Diagram source: {name}")));
        flow.close();
        flow.flush();
    }
}
