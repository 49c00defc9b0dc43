//! Walks a body's elements: what each HTML element means, and where the others are sent.
//!
//! Recursion is bounded by the depth that [`dom`](super::dom) allows.

use rustc_hash::FxHashSet;

use crate::markdown::insert::Part;
use crate::markdown::{Block, Inline, Item, List};
use crate::model::Treatment;

use super::Context;
use super::diagnose::Diagnostics;
use super::dom::{Dom, Id, MAX_DEPTH, Tag, View};
use super::flow::{Chip, Flow, Holder, Mark};
use super::{href, marker, names};

/// A walk through one body.
pub(super) struct Walk<'d> {
    pub(super) dom: &'d Dom<'d>,
    pub(super) context: &'d Context<'d>,
    pub(super) diagnostics: Diagnostics,
    /// Texts of footnotes that are still to be shown, and how many have been.
    pub(super) footnotes: Vec<Vec<Block>>,
    pub(super) footnotes_shown: usize,
    /// What the page's own links look for, once that is asked.
    pub(super) wanted_anchors: Option<FxHashSet<String>>,
    /// Parts that other pages may show.
    pub(super) parts: Vec<Part>,
    /// In how many such parts the walk is.
    pub(super) part_depth: usize,
}

impl<'d> Walk<'d> {
    pub(super) fn new(dom: &'d Dom<'d>, context: &'d Context<'d>) -> Self {
        Self {
            dom,
            context,
            diagnostics: Diagnostics::default(),
            footnotes: Vec::new(),
            footnotes_shown: 0,
            wanted_anchors: None,
            parts: Vec::new(),
            part_depth: 0,
        }
    }

    /// The whole body.
    pub(super) fn body(&mut self) -> Vec<Block> {
        if self.dom.too_deep > 0 {
            self.note("depth", Treatment::Kept);
        }
        let mut flow = Flow::new();
        self.children(0, &mut flow);
        self.show_footnotes(&mut flow);
        let mut blocks = flow.finish();
        if self.dom.too_many > 0 {
            self.note("size", Treatment::Kept);
            blocks.push(Block::Marker("too many elements: the structure of the rest is lost".to_owned()));
        }
        blocks
    }

    /// Says how a construct was treated.
    pub(super) fn note(&mut self, what: impl AsRef<str>, treatment: Treatment) {
        self.diagnostics.add(what.as_ref(), treatment, "");
    }

    /// What stands in `parent`, as blocks of their own.
    pub(super) fn blocks(&mut self, parent: Id) -> Vec<Block> {
        let mut flow = Flow::new();
        self.children(parent, &mut flow);
        flow.finish()
    }

    /// What stands in `parent`, as part of what is being written.
    pub(super) fn children(&mut self, parent: Id, flow: &mut Flow) {
        let dom = self.dom;
        for id in dom.children(parent) {
            self.node(id, flow);
        }
    }

    pub(super) fn node(&mut self, id: Id, flow: &mut Flow) {
        match self.dom.view(id) {
            View::Text(text) => flow.text(text),
            View::Element(tag) => self.element(id, tag, flow),
            View::TooDeep => flow.inline(Inline::Marker(format!("nested more than {MAX_DEPTH} deep: flattened"))),
        }
    }

    fn element(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        let name = tag.name();
        match name.split_once(':') {
            Some(("ac" | "ri", _)) => self.confluence(id, tag, flow),
            Some(_) => self.unknown(id, tag, flow),
            None => self.html(id, tag, flow),
        }
    }

    fn html(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        match tag.name() {
            "p" => self.paragraph(id, Holder::Paragraph, flow),
            "h1" => self.paragraph(id, Holder::Heading(1), flow),
            "h2" => self.paragraph(id, Holder::Heading(2), flow),
            "h3" => self.paragraph(id, Holder::Heading(3), flow),
            "h4" => self.paragraph(id, Holder::Heading(4), flow),
            "h5" => self.paragraph(id, Holder::Heading(5), flow),
            "h6" => self.paragraph(id, Holder::Heading(6), flow),
            "br" => flow.line_break(),
            "strong" | "b" => self.marked(id, Mark::Strong, flow),
            "em" | "i" => self.marked(id, Mark::Emphasis, flow),
            "code" | "tt" | "kbd" | "samp" => self.marked(id, Mark::Code, flow),
            "s" | "del" | "strike" => self.marked(id, Mark::Strike, flow),
            "sub" => self.marked(id, Mark::Subscript, flow),
            "sup" => self.marked(id, Mark::Superscript, flow),
            "span" if is_struck(tag) => self.marked(id, Mark::Strike, flow),
            "a" => self.anchor(id, tag, flow),
            "img" => self.html_image(tag, flow),
            "time" => self.time(id, tag, flow),
            "hr" => flow.block(Block::Rule),
            "pre" => self.pre(id, flow),
            "blockquote" => {
                let body = self.blocks(id);
                flow.end_run();
                if !body.is_empty() {
                    flow.block(Block::Quote(body));
                }
            }
            "ul" | "ol" => self.list(id, tag, flow),
            "dl" => self.definitions(id, flow),
            "li" | "dt" | "dd" => self.stray_item(id, flow),
            "table" => self.table(id, flow),
            "iframe" | "embed" | "object" | "video" | "audio" => self.embedded_element(id, tag, flow),
            // What browsers do not show; column widths; places where a line may break.
            "script" | "style" | "head" | "col" | "colgroup" | "wbr" | "area" | "base" | "input" | "link" | "meta" | "param" | "source" | "track" => {
            }
            name if names::is_inline(name) => self.children(id, flow),
            name if names::is_known(name) => self.boundary(id, flow),
            _ => self.unknown(id, tag, flow),
        }
    }

    fn confluence(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        match tag.name() {
            "ac:structured-macro" | "ac:macro" => self.any_macro(id, tag, flow),
            "ac:link" => self.link(id, tag, flow),
            "ac:image" => self.image(id, tag, flow),
            "ac:task-list" => self.task_list(id, flow),
            "ac:emoticon" => super::emoji::emoticon(tag, flow),
            "ac:hipchat-emoticon" => flow.text(&format!(":{}:", tag.attribute("ac:shortcut").unwrap_or_default())),
            "ac:adf-extension" => self.adf_extension(id, flow),
            "ac:adf-node" => self.adf_node(id, None, flow),
            "ac:adf-fallback" | "ac:adf-content" => self.boundary(id, flow),
            "ac:layout" | "ac:layout-section" | "ac:layout-cell" | "ac:rich-text-body" | "ac:task" | "ac:task-body" | "ac:caption" => {
                self.boundary(id, flow);
            }
            "ac:inline-comment-marker" | "ac:link-body" | "ac:plain-text-link-body" => self.children(id, flow),
            "ac:plain-text-body" => self.pre(id, flow),
            // A template's hints, decoration, and the book-keeping of tasks.
            "ac:placeholder"
            | "ac:adf-mark"
            | "ac:adf-fragment-mark"
            | "ac:adf-attribute"
            | "ac:adf-parameter"
            | "ac:task-id"
            | "ac:task-uuid"
            | "ac:task-status" => {}
            _ => self.unknown(id, tag, flow),
        }
    }

    /// An element that is a run of text by itself.
    fn paragraph(&mut self, id: Id, holder: Holder, flow: &mut Flow) {
        let before = flow.begin_paragraph(holder);
        self.children(id, flow);
        flow.end_paragraph(before);
    }

    /// An element that means nothing but that what is in it stands apart.
    pub(super) fn boundary(&mut self, id: Id, flow: &mut Flow) {
        flow.end_run();
        self.children(id, flow);
        flow.end_run();
    }

    fn marked(&mut self, id: Id, mark: Mark, flow: &mut Flow) {
        if flow.in_code() {
            return self.children(id, flow);
        }
        flow.open(mark);
        self.children(id, flow);
        flow.close(None);
    }

    fn anchor(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        let Some(address) = tag.attribute("href").filter(|address| !address.trim().is_empty()) else {
            let name = tag.attribute("name").or_else(|| tag.attribute("id"));
            self.put_anchor(name.map(|name| name.into_owned()), flow);
            return self.children(id, flow);
        };
        let Some(mut target) = href::target(&address, self.context) else {
            // An address that runs a script leads nowhere.
            self.note("element:a", Treatment::Kept);
            return self.children(id, flow);
        };
        // A block or embedded card stands by itself.
        let apart = matches!(tag.attribute("data-card-appearance").as_deref(), Some("block" | "embed"));
        // A card's text is its own address: the target's title says more.
        let bare = self.dom.only_text(id).is_some_and(|text| text.trim() == address.trim());
        if bare {
            href::name_by_address(&mut target, &address);
        }
        let is_search = tag.attribute("data-datasource").is_some();
        if apart {
            flow.end_run();
        }
        if is_search {
            self.diagnostics.add("element:datasource", Treatment::Lost, "the rows that its search finds");
            flow.inline(Inline::Marker("Confluence element: table of search results".to_owned()));
            flow.text(" ");
        }
        flow.open(Mark::Link(target.clone(), 0));
        if !(bare && matches!(target, crate::markdown::Target::Remote { .. })) {
            self.children(id, flow);
        }
        flow.close(None);
        if apart {
            flow.end_run();
        }
    }

    fn time(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        match tag.attribute("datetime") {
            Some(day) => flow.chip(Chip::Date(day.into_owned())),
            None => self.children(id, flow),
        }
    }

    /// Something that is neither Confluence's nor HTML's: its content; where it has none, or is no element but somebody's `<your-path>`, its name too.
    fn unknown(&mut self, id: Id, tag: Tag<'d>, flow: &mut Flow) {
        let name = tag.name();
        let empty = self.dom.children(id).next().is_none();
        if name.contains(':') {
            if empty {
                self.note(format!("element:{name}"), Treatment::Lost);
                let text = marker::element(tag);
                if flow.in_text() { flow.inline(Inline::Marker(text)) } else { flow.block(Block::Marker(text)) }
            } else {
                self.note(format!("element:{name}"), Treatment::Kept);
                self.children(id, flow);
            }
            return;
        }
        self.note(format!("element:{name}"), Treatment::Kept);
        if empty || !tag.closed {
            flow.text("<");
            flow.text(tag.source().trim_end_matches('/').trim_end());
            flow.text(">");
        }
        self.children(id, flow);
    }
}

/// Whether a `<span>` is struck through.
fn is_struck(tag: Tag<'_>) -> bool {
    tag.attribute("style").is_some_and(|style| style.contains("line-through"))
}

/// One item around `body`.
pub(super) fn item(body: Vec<Block>) -> Item {
    Item { done: None, body }
}

/// A bullet list around `items`.
pub(super) fn bullets(items: Vec<Item>) -> Block {
    Block::List(List { start: None, items })
}
