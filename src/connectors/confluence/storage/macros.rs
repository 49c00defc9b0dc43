//! What each macro becomes. One that nobody knows keeps its body, and a marker names it.

use crate::markdown::{Block, Inline};
use crate::model::Treatment;

use super::blocks::Walk;
use super::dom::{Id, Tag, View};
use super::flow::{Chip, Flow};
use super::macro_args::Macro;
use super::names;

impl<'d> Walk<'d> {
    /// `<ac:structured-macro>`, and `<ac:macro>` of old.
    pub(super) fn any_macro(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        let call = Macro::read(self, id, tag);
        let outer = std::mem::replace(&mut self.diagnostics.spoken, false);
        self.known_macro(&call, flow);
        if !self.diagnostics.spoken {
            self.note(format!("macro:{}", call.name), Treatment::Rendered);
        }
        self.diagnostics.spoken = outer;
        // Where tags were lost, content may stand outside of the macro's body.
        for stray in &call.stray {
            self.node(*stray, flow);
        }
    }

    fn known_macro(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        match call.name.as_str() {
            "code" | "code-block" | "codeblock" | "newcode" | "paste-code-macro" | "noformat" | "preformatted" => self.code(call, None, flow),
            "info" | "tip" | "note" | "warning" => self.alert(call, flow),
            "panel" => self.panel(call, flow),
            "expand" | "ui-expand" => self.titled(call, Some("Click here to expand..."), flow),
            "localtab" | "ui-tab" | "auitabspage" | "card" | "ui-step" | "alert" | "auimessage" | "ui-text-box" => {
                self.titled(call, None, flow);
            }
            "tooltip" => self.tooltip(call, flow),
            "status" => status(call, flow),
            "jira" | "jiraissues" => self.jira(call, flow),
            "include" | "includeplus" | "excerpt-include" => self.include(call, flow),
            "excerpt" | "details" | "multiexcerpt-macro" | "multiexcerpt" => self.part(call, flow),
            "children" | "childpages" | "pagetree" | "page-tree" | "content-tree" => self.page_list(call, flow),
            "contentbylabel" => self.labelled(call, flow),
            "detailssummary" => self.report(call, flow),
            "attachments" | "gallery" => self.files(call, flow),
            "view-file" | "viewfile" | "viewpdf" | "viewdoc" | "viewxls" | "viewppt" => self.view_file(call, flow),
            "multimedia" | "widget" | "iframe" | "html-include" | "external-data" | "figma" | "lucidchart" | "miro-macro" | "loom" | "vimeo"
            | "youtube" => self.embed(call, flow),
            name if name.starts_with("google-drive") => self.embed(call, flow),
            "profile" | "profile-picture" | "userlister" => self.profile(call, flow),
            "html" | "html-bobswift" | "xhtml" => self.foreign_html(call, flow),
            "markdown" | "mohamicorp-markdown" => self.markdown(call, flow),
            "open-api" | "openapi" | "asyncapi" => self.interface(call, flow),
            name if name.starts_with("swagger") || name.starts_with("openapi-") || name.starts_with("open-api-") => self.interface(call, flow),
            "show-if" | "hide-if" | "visibility" | "sv-translation" => self.conditional(call, flow),
            "roadmap" => self.roadmap(call, flow),
            "ui-steps" => self.steps(call, flow),
            "footnote" => self.footnote(call, flow),
            "display-footnotes" => self.show_footnotes(flow),
            "anchor" => self.put_anchor(call.text("").or_else(|| call.text("name")), flow),
            "easy-math-block"
            | "eazy-math-block"
            | "mathblock"
            | "latex"
            | "mathjax-block-macro"
            | "easy-math-inline"
            | "eazy-math-inline"
            | "mathinline"
            | "mathjax-inline-macro" => self.math(call, flow),
            "mermaid-cloud" | "mermaid-macro" | "mermaid" | "mermaiddiagram" => self.diagram_source(call, "mermaid", flow),
            "plantuml" | "plantumlrender" | "plantumlcloud" => self.diagram_source(call, "plantuml", flow),
            "graphviz" | "flowchart" | "digraph" => self.diagram_source(call, "dot", flow),
            "drawio" | "drawio-sketch" | "inc-drawio" | "gliffy" => self.diagram_image(call, flow),
            // What they do needs no words; what they enclose does.
            name if is_navigation(name) => {
                if let Some(body) = call.rich {
                    self.boundary(body, flow);
                }
            }
            name if is_frame(name) => self.frame(call, flow),
            _ => self.unknown_macro(call, flow),
        }
    }

    /// Says that a macro's content is there, but not its form.
    pub(super) fn kept(&mut self, call: &Macro<'_>, how: &'static str) {
        self.diagnostics.add(&format!("macro:{}", call.name), Treatment::Kept, how);
    }

    /// Says that something of a macro is not there.
    pub(super) fn lost(&mut self, call: &Macro<'_>, what: &'static str) {
        self.diagnostics.add(&format!("macro:{}", call.name), Treatment::Lost, what);
    }

    /// A macro that nobody knows, or whose content the page does not have.
    pub(super) fn unknown_macro(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let marker = call.marker(self);
        if call.rich.is_none() && call.plain.is_none() {
            self.lost(call, "what it shows is not on the page");
            if is_elsewhere(&call.name) {
                let address = format!("{}/pages/viewpage.action?pageId={}", self.context.base, super::href::encode_words(self.context.page));
                return marker_and_link(marker, address, "see the page", flow);
            }
            let named = self.named_in(call);
            if named.is_empty() {
                return put_marker(marker, flow);
            }
            let apart = !flow.in_text();
            flow.inline(Inline::Marker(marker));
            for inline in named {
                flow.text(" ");
                flow.inline(inline);
            }
            if apart {
                flow.end_run();
            }
            return;
        }
        self.kept(call, "its body, without what it does");
        if let Some(body) = call.rich {
            if flow.in_text() && self.is_inline_body(body) {
                flow.inline(Inline::Marker(marker));
                flow.text(" ");
                self.children(body, flow);
            } else {
                flow.block(Block::Marker(marker));
                self.boundary(body, flow);
            }
        } else if !flow.in_text() && self.readable(call).iter().any(|pair| !["language=", "lang=", "title="].iter().any(|own| pair.starts_with(own)))
        {
            flow.block(Block::Marker(marker));
        }
        match call.body() {
            // What stood within a line stays there.
            Some(text) if flow.in_text() && call.rich.is_none() && !text.trim().contains('\n') => {
                flow.inline(Inline::Marker(call.marker(self)));
                flow.text(" ");
                flow.inline(Inline::Code(text.trim().to_owned()));
            }
            Some(_) => self.code(call, Some(&call.name), flow),
            None => {}
        }
    }

    /// A macro that is only a frame around its body.
    pub(super) fn frame(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        if let Some(body) = call.rich {
            if flow.in_text() && self.is_inline_body(body) { self.children(body, flow) } else { self.boundary(body, flow) }
        }
        if let Some(text) = call.body() {
            flow.text(&text);
        }
    }

    /// Whether a body holds nothing but running text.
    pub(super) fn is_inline_body(&self, body: Id) -> bool {
        self.dom.children(body).all(|id| match self.dom.view(id) {
            View::Element(tag) => names::is_inline(tag.name()) || matches!(tag.name(), "br" | "ac:emoticon" | "ac:image"),
            View::Text(_) => true,
            View::TooDeep => false,
        })
    }

    /// A body below its title.
    fn titled(&mut self, call: &Macro<'d>, otherwise: Option<&str>, flow: &mut Flow) {
        if let Some(title) = call.any_text(&["title", "label", ""]).or_else(|| otherwise.map(str::to_owned)) {
            flow.block(bold_line(title));
        }
        self.frame(call, flow);
    }

    /// Text with words that appear over it.
    fn tooltip(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        self.frame(call, flow);
        if let Some(words) = call.any_text(&["text", "tooltip", "title", ""]) {
            let content = vec![Inline::Text(format!("({words})"))];
            if flow.in_text() {
                flow.text(" ");
                flow.inline(Inline::Emphasis(content));
            } else {
                flow.block(Block::Paragraph(vec![Inline::Emphasis(content)]));
            }
        }
    }

    fn profile(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let mut found = false;
        for (_, param) in call.params() {
            if let Some(super::resource::Resource::Person(key)) = self.resource_in(param) {
                flow.chip(Chip::Other(Inline::Person(key)));
                found = true;
            }
        }
        if !found {
            self.unknown_macro(call, flow);
        }
    }

    fn foreign_html(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        match call.body() {
            Some(html) => {
                let mut blocks = crate::markdown::html::to_blocks(&html);
                if blocks.is_empty() && !html.trim().is_empty() {
                    // It only acts (a script), which is worth knowing.
                    blocks.push(Block::Code { language: Some("html".to_owned()), text: html.trim().to_owned() });
                }
                if blocks.iter().any(|block| matches!(block, Block::Code { .. })) {
                    self.kept(call, "its source");
                }
                flow.append_blocks(blocks);
            }
            None => self.unknown_macro(call, flow),
        }
    }

    fn markdown(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        match call.body() {
            Some(text) => flow.block(Block::Markdown(text)),
            None => self.unknown_macro(call, flow),
        }
    }
}

/// A lozenge with a word in it.
fn status(call: &Macro<'_>, flow: &mut Flow) {
    let title = call.any_text(&["title", "colour", "color"]).unwrap_or_else(|| "Grey".to_owned());
    flow.chip(Chip::Other(Inline::Strong(vec![Inline::Text(format!("[{title}]"))])));
}

pub(super) fn flow_link(address: String, text: Inline, flow: &mut Flow) {
    flow.inline(Inline::Link { target: crate::markdown::Target::Url(address), content: vec![text] });
}

/// A marker, in running text or by itself, as what it stands for.
pub(super) fn put_marker(marker: String, flow: &mut Flow) {
    if flow.in_text() { flow.inline(Inline::Marker(marker)) } else { flow.block(Block::Marker(marker)) }
}

/// A marker, and where on the web people see what it stands for.
pub(super) fn marker_and_link(marker: String, address: String, text: &str, flow: &mut Flow) {
    let apart = !flow.in_text();
    flow.inline(Inline::Marker(marker));
    flow.text(" ");
    flow_link(address, Inline::Text(text.to_owned()), flow);
    if apart {
        flow.end_run();
    }
}

/// A line in bold.
pub(super) fn bold_line(text: String) -> Block {
    Block::Paragraph(vec![Inline::Strong(vec![Inline::Text(text)])])
}

/// Macros that show what a search finds at the moment of reading, or what another service draws.
fn is_elsewhere(name: &str) -> bool {
    matches!(
        name,
        "content-report-table"
            | "tasks-report-macro"
            | "recently-updated"
            | "recently-updated-dashboard"
            | "blog-posts"
            | "change-history"
            | "contributors"
            | "contributors-summary"
            | "cloudmacro"
            | "balsamiq"
            | "balsamiq-mockup"
            | "creately"
            | "lucidchart"
            | "miro-macro"
            | "miro"
            | "popular-labels"
            | "related-labels"
            | "recently-used-labels"
    )
}

/// Macros that only lead through the page, or decorate it.
fn is_navigation(name: &str) -> bool {
    matches!(name, "toc" | "pagetreesearch" | "livesearch" | "create-from-template" | "style" | "like-button")
        || (name.starts_with("scroll-") && !matches!(name, "scroll-ignore" | "scroll-only" | "scroll-title" | "scroll-content-block"))
}

/// Macros whose body is all that they are.
fn is_frame(name: &str) -> bool {
    matches!(
        name,
        "section"
            | "column"
            | "toc-zone"
            | "quote"
            | "center"
            | "align"
            | "div"
            | "span"
            | "bgcolor"
            | "clickable"
            | "cell"
            | "table-filter"
            | "table-joiner"
            | "pivot-table"
            | "tableenhancer"
            | "localtabgroup"
            | "ui-tabs"
            | "auitabs"
            | "deck"
            | "ui-steps"
            | "scroll-ignore"
            | "scroll-only"
            | "scroll-title"
            | "scroll-content-block"
    )
}
