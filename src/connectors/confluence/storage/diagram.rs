//! Diagrams: their source where the page has it, else their preview image.

use crate::markdown::{Block, Inline};

use super::blocks::Walk;
use super::flow::Flow;
use super::macro_args::Macro;
use super::resource::Resource;
use super::{image, plantuml_cloud};

impl<'d> Walk<'d> {
    /// A diagram written as text: on the page, in a parameter, or in an attachment.
    pub(super) fn diagram_source(&mut self, call: &Macro<'d>, language: &str, flow: &mut Flow) {
        if call.plain.is_some() {
            return self.code(call, Some(language), flow);
        }
        let decoded = call.text("data").and_then(|data| plantuml_cloud::decode(&data, call.text("compressed").as_deref() == Some("true")));
        if let Some(text) = decoded {
            return flow.block(Block::Code { language: Some(language.to_owned()), text: super::code::exact(&text) });
        }
        match call.any_text(&["filename", "attachment", "name"]) {
            Some(file) => {
                if call.param("data").is_some() {
                    self.lost(call, "the diagram's text, which cannot be decoded");
                } else {
                    self.kept(call, "a link to the attachment with its text");
                }
                let apart = !flow.in_text();
                flow.inline(Inline::Marker(format!("Confluence macro: {}", call.name)));
                flow.text(" ");
                let link = self.file_link(None, &file, file.clone());
                flow.inline(link);
                if apart {
                    flow.end_run();
                }
            }
            None => self.unknown_macro(call, flow),
        }
    }

    /// A drawing kept in an attachment, with a preview beside it. Both are named, so that both are mirrored.
    pub(super) fn diagram_image(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let Some(name) = call.any_text(&["diagramName", "name", "diagramDisplayName", "displayName"]) else { return self.unknown_macro(call, flow) };
        let shown = call.any_text(&["diagramDisplayName", "displayName"]).unwrap_or_else(|| name.clone());
        // Only an included drawing may hang on another page; `pageId` of a drawing's own macro can be that of the page it was copied from.
        let page = call.text("pageId").filter(|_| call.name == "inc-drawio");
        self.kept(call, "the drawing's labels are in the attachment");
        flow.end_run();
        flow.inline(image::of_page(page.as_deref().unwrap_or(self.context.page), &format!("{name}.png"), &shown));
        flow.end_run();
        let link = self.file_link(page, &name, format!("Diagram source: {name}"));
        flow.inline(link);
        flow.end_run();
    }

    /// A link to an attachment of the page, or of another.
    fn file_link(&self, page: Option<String>, name: &str, text: String) -> Inline {
        let file = Resource::File { name: name.to_owned(), of: page.map(|id| Box::new(Resource::Content { id })) };
        match file.target(self.context, None) {
            Some((target, _)) => Inline::Link { target, content: vec![Inline::Text(text)] },
            None => Inline::Text(text),
        }
    }
}
