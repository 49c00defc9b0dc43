//! What each macro becomes. One that nobody knows keeps its body, and a marker names it.

use crate::markdown::{Block, Inline};
use crate::model::Treatment;

use super::blocks::Walk;
use super::dom::{Id, Tag, View};
use super::flow::Flow;
use super::macro_args::Macro;
use super::names;

impl<'d> Walk<'d> {
    /// `<ac:structured-macro>`, and `<ac:macro>` of old.
    pub(super) fn any_macro(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        let call = Macro::read(self, id, tag);
        self.known_macro(&call, flow);
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
            "localtab" | "ui-tab" | "auitabspage" | "card" | "ui-step" => self.titled(call, None, flow),
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
            "plantuml" | "plantumlrender" => self.diagram_source(call, "plantuml", flow),
            "graphviz" | "flowchart" | "digraph" => self.diagram_source(call, "dot", flow),
            "drawio" | "drawio-sketch" | "inc-drawio" | "gliffy" => self.diagram_image(call, flow),
            name if is_navigation(name) => {}
            name if is_frame(name) => self.frame(call, flow),
            _ => self.unknown_macro(call, flow),
        }
    }

    /// A macro that nobody knows.
    pub(super) fn unknown_macro(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let what = format!("macro:{}", call.name);
        let marker = call.marker(self);
        if call.rich.is_none() && call.plain.is_none() {
            self.note(what, Treatment::Lost);
            return put_marker(marker, flow);
        }
        self.note(what, Treatment::Kept);
        if let Some(body) = call.rich {
            if flow.in_text() && self.is_inline_body(body) {
                flow.inline(Inline::Marker(marker));
                flow.text(" ");
                self.children(body, flow);
            } else {
                flow.block(Block::Marker(marker));
                self.boundary(body, flow);
            }
        }
        if call.plain.is_some() {
            self.code(call, Some(&call.name), flow);
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
    fn is_inline_body(&self, body: Id) -> bool {
        self.dom.children(body).all(|id| match self.dom.view(id) {
            View::Element(tag) => names::is_inline(tag.name()) || matches!(tag.name(), "br" | "ac:emoticon" | "ac:image"),
            View::Text(_) => true,
            View::TooDeep => false,
        })
    }

    /// A body below its title.
    fn titled(&mut self, call: &Macro<'d>, otherwise: Option<&str>, flow: &mut Flow) {
        if let Some(title) = call.any_text(&["title", ""]).or_else(|| otherwise.map(str::to_owned)) {
            flow.block(bold_line(title));
        }
        self.frame(call, flow);
    }

    fn jira(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let site = self.context.base.strip_suffix("/wiki").filter(|_| self.context.cloud);
        let query = call.any_text(&["jqlQuery", "jql"]);
        match (call.text("key"), query, site) {
            (Some(key), _, Some(site)) => flow_link(format!("{site}/browse/{}", super::href::encode_words(&key)), Inline::Text(key), flow),
            // On Data Center nothing tells which Jira it is.
            (Some(key), _, None) => {
                self.note("macro:jira", Treatment::Kept);
                flow.text(&key);
            }
            (None, Some(query), Some(site)) => {
                self.note("macro:jira", Treatment::Lost);
                let words: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
                let apart = !flow.in_text();
                flow.text("Jira issues: ");
                flow_link(format!("{site}/issues/?jql={words}"), Inline::Code(query), flow);
                if apart {
                    flow.end_run();
                }
            }
            _ => self.unknown_macro(call, flow),
        }
    }

    fn profile(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let mut found = false;
        for (_, param) in call.params() {
            if let Some(super::resource::Resource::Person(key)) = self.resource_in(param) {
                flow.inline(Inline::Person(key));
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
                    self.note(format!("macro:{}", call.name), Treatment::Kept);
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

    fn math(&mut self, call: &Macro<'d>, flow: &mut Flow) {
        let Some(formula) = call.body().filter(|body| !body.trim().is_empty()).or_else(|| call.any_text(&["body", "equation", ""])) else {
            return self.unknown_macro(call, flow);
        };
        let formula = match formula.strip_prefix("--uriencoded--") {
            Some(encoded) => percent_encoding::percent_decode_str(encoded).decode_utf8_lossy().into_owned(),
            None => formula,
        };
        if call.name.contains("inline") || (call.name == "latex" && flow.in_text()) {
            // GitHub's form of inline mathematics in which nothing needs escaping.
            flow.text("$");
            flow.inline(Inline::Code(formula.split_whitespace().collect::<Vec<_>>().join(" ")));
            flow.text("$");
        } else {
            flow.block(Block::Code { language: Some("math".to_owned()), text: super::code::exact(&formula) });
        }
    }
}

/// A lozenge with a word in it.
fn status(call: &Macro<'_>, flow: &mut Flow) {
    let title = call.any_text(&["title", "colour", "color"]).unwrap_or_else(|| "Grey".to_owned());
    flow.inline(Inline::Strong(vec![Inline::Text(format!("[{title}]"))]));
}

fn flow_link(address: String, text: Inline, flow: &mut Flow) {
    flow.inline(Inline::Link { target: crate::markdown::Target::Url(address), content: vec![text] });
}

/// A marker, in running text or by itself, as what it stands for.
pub(super) fn put_marker(marker: String, flow: &mut Flow) {
    if flow.in_text() { flow.inline(Inline::Marker(marker)) } else { flow.block(Block::Marker(marker)) }
}

/// A line in bold.
pub(super) fn bold_line(text: String) -> Block {
    Block::Paragraph(vec![Inline::Strong(vec![Inline::Text(text)])])
}

/// Macros that only lead through the page, or decorate it.
fn is_navigation(name: &str) -> bool {
    matches!(name, "toc" | "anchor" | "pagetreesearch" | "livesearch" | "create-from-template" | "style" | "like-button")
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
            | "alert"
            | "auimessage"
            | "ui-text-box"
            | "tooltip"
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
