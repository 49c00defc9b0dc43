//! Diagrams: their source where the page has it, else their preview image.

use crate::connectors::confluence::keys;
use crate::markdown::{Inline, Target};
use crate::model::Treatment;

use super::blocks::Walk;
use super::flow::Flow;
use super::macro_args::Macro;
use super::{image, macros};

impl<'d> Walk<'d> {
    /// A diagram written as text, on the page or in an attachment.
    pub(super) fn diagram_source(&mut self, call: &Macro<'d>, language: &str, flow: &mut Flow) {
        if call.plain.is_some() {
            return self.code(call, Some(language), flow);
        }
        match call.any_text(&["filename", "name"]) {
            Some(file) => {
                self.note(format!("macro:{}", call.name), Treatment::Lost);
                macros::put_marker(call.marker(self), flow);
                self.put_file(&file, flow);
            }
            None => self.unknown_macro(call, flow),
        }
    }

    /// A drawing kept in an attachment, with a preview beside it.
    pub(super) fn diagram_image(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let Some(name) = call.any_text(&["diagramName", "name", "diagramDisplayName", "displayName"]) else { return self.unknown_macro(call, flow) };
        let shown = call.any_text(&["diagramDisplayName", "displayName"]).unwrap_or_else(|| name.clone());
        let page = call.text("pageId").filter(|_| call.name == "inc-drawio");
        let page = page.as_deref().unwrap_or(self.context.page);
        self.note(format!("macro:{}", call.name), Treatment::Kept);
        flow.end_run();
        flow.inline(image::of_page(page, &format!("{name}.png"), &shown));
        flow.end_run();
        let target = Target::Remote { key: keys::file(page, &name), anchor: None, fallback: None, name: name.clone() };
        flow.inline(Inline::Link { target, content: vec![Inline::Text(format!("Diagram source: {name}"))] });
        flow.end_run();
    }

    fn put_file(&mut self, name: &str, flow: &mut Flow) {
        let target = Target::Remote { key: keys::file(self.context.page, name), anchor: None, fallback: None, name: name.to_owned() };
        flow.text(" ");
        flow.inline(Inline::Link { target, content: vec![Inline::Text(name.to_owned())] });
        flow.end_run();
    }
}
