//! The storage format's reader: a page's body as Confluence stores it becomes a document tree.
//!
//! Guarantees: any text is read, in linear time and with bounded recursion; no word of it is lost without a marker; a construct that has no plain form
//! is reported. Pure: knows neither network nor mirror, so links carry keys.

use crate::markdown::{Block, Inline, Tree};
use crate::model::{Diagnostic, Treatment};

mod address;
mod adf;
mod blocks;
mod emoji;
mod entities;
mod flow;
mod images;
mod links;
mod macros;
mod mend;
mod table;
mod tasks;
mod xml;

use flow::Flow;
use xml::{Element, Node};

/// Where a body stands, for what it leaves unsaid.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The site's base address with `/wiki` or its context path, without a slash at its end.
    pub base: &'a str,
    /// Key of the page's space: where links that name none lead to.
    pub space: &'a str,
    /// The page's id.
    pub page: &'a str,
    /// False for Data Center.
    pub cloud: bool,
}

/// Reads a body.
#[must_use]
pub fn read(body: &str, context: &Context<'_>) -> (Tree, Vec<Diagnostic>) {
    let root = xml::parse(body);
    let mut walk = Walk { context, diagnostics: Vec::new() };
    let blocks = walk.blocks_of(&root);
    (Tree { blocks }, walk.diagnostics)
}

/// One pass over a body; what the elements mean stands in the files of this folder.
struct Walk<'a> {
    context: &'a Context<'a>,
    diagnostics: Vec<Diagnostic>,
}

impl Walk<'_> {
    fn kept(&mut self, what: impl Into<String>) {
        self.diagnostics.push(Diagnostic { what: what.into(), treatment: Treatment::Kept });
    }

    fn lost(&mut self, what: impl Into<String>) {
        self.diagnostics.push(Diagnostic { what: what.into(), treatment: Treatment::Lost });
    }

    /// An element's content as blocks.
    fn blocks_of(&mut self, element: &Element) -> Vec<Block> {
        let mut flow = Flow::new();
        self.content(element, &mut flow);
        flow.finish()
    }

    /// An element's content as one line, and the blocks that no line can hold.
    fn line_of(&mut self, element: &Element) -> (Vec<Inline>, Vec<Block>) {
        let mut flow = Flow::new();
        flow.inside = 1;
        self.content(element, &mut flow);
        let (mut line, mut rest) = (Vec::new(), Vec::new());
        for block in flow.finish() {
            match block {
                Block::Paragraph(inlines) if rest.is_empty() => {
                    if !line.is_empty() {
                        line.push(Inline::Text(" ".to_owned()));
                    }
                    line.extend(inlines);
                }
                Block::Marker(text) if rest.is_empty() => line.push(Inline::Marker(text)),
                block => rest.push(block),
            }
        }
        (line, rest)
    }

    /// An element's content into `flow`.
    fn content(&mut self, element: &Element, flow: &mut Flow) {
        if element.flattened {
            self.kept("depth");
            flow.marker("nested too deeply: flattened".to_owned());
            flow.blank();
        }
        for node in &element.children {
            match node {
                Node::Text(text) => flow.text(text),
                Node::Element(child) => self.element(child, flow),
            }
        }
    }
}

/// True for elements that HTML or the storage format have: everything else was typed by an author and stored as if it were markup.
fn known(name: &str) -> bool {
    name.starts_with("ac:")
        || name.starts_with("ri:")
        || name.starts_with("at:")
        || matches!(
            name,
            "a" | "abbr"
                | "acronym"
                | "address"
                | "article"
                | "aside"
                | "b"
                | "big"
                | "blockquote"
                | "body"
                | "br"
                | "button"
                | "caption"
                | "center"
                | "cite"
                | "code"
                | "col"
                | "colgroup"
                | "dd"
                | "del"
                | "details"
                | "dfn"
                | "div"
                | "dl"
                | "dt"
                | "em"
                | "fieldset"
                | "figcaption"
                | "figure"
                | "font"
                | "footer"
                | "form"
                | "h1"
                | "h2"
                | "h3"
                | "h4"
                | "h5"
                | "h6"
                | "header"
                | "hr"
                | "html"
                | "i"
                | "iframe"
                | "img"
                | "input"
                | "ins"
                | "kbd"
                | "label"
                | "legend"
                | "li"
                | "main"
                | "mark"
                | "nav"
                | "ol"
                | "p"
                | "pre"
                | "q"
                | "s"
                | "samp"
                | "section"
                | "small"
                | "span"
                | "strike"
                | "strong"
                | "sub"
                | "summary"
                | "sup"
                | "table"
                | "tbody"
                | "td"
                | "tfoot"
                | "th"
                | "thead"
                | "time"
                | "tr"
                | "tt"
                | "u"
                | "ul"
                | "var"
                | "wbr"
        )
}
