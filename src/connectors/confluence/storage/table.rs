//! Reads tables: rows, header cells, spans, captions, and whatever stands where it should not.

use crate::markdown::{Block, Cell, Inline, Table};

use super::blocks::Walk;
use super::dom::{Id, Tag, View};
use super::flow::Flow;

/// Largest number of columns or rows that a cell may span, as in HTML.
const MAX_SPAN: u16 = 1000;

impl<'d> Walk<'d> {
    /// `<table>`: its caption before it, what does not belong into a table after it.
    pub(super) fn table(&mut self, id: Id, flow: &mut Flow) {
        let mut table = Table::default();
        let (mut caption, mut stray) = (Flow::new(), Flow::new());
        self.rows(id, false, &mut table, &mut caption, &mut stray);
        flow.append_blocks(caption.finish());
        if table.rows.iter().flatten().any(|cell| !cell.body.is_empty()) {
            flow.block(Block::Table(table));
        }
        flow.append_blocks(stray.finish());
    }

    fn rows(&mut self, id: Id, head: bool, table: &mut Table, caption: &mut Flow, stray: &mut Flow) {
        let dom = self.dom;
        // Whether the last row is made of cells without a row.
        let mut loose = false;
        for child in dom.children(id) {
            match dom.name(child) {
                "tr" => {
                    loose = false;
                    let mut row = self.row(child);
                    row.iter_mut().for_each(|cell| cell.header |= head);
                    if !row.is_empty() {
                        table.rows.push(row);
                    }
                }
                "td" | "th" => {
                    let cell = self.cell(child, dom.tag(child));
                    match table.rows.last_mut() {
                        Some(row) if loose => row.push(cell),
                        _ => table.rows.push(vec![cell]),
                    }
                    loose = true;
                }
                name @ ("thead" | "tbody" | "tfoot") => self.rows(child, name == "thead", table, caption, stray),
                "caption" => self.boundary(child, caption),
                "colgroup" | "col" => {}
                _ => self.node(child, stray),
            }
        }
    }

    fn row(&mut self, id: Id) -> Vec<Cell> {
        let dom = self.dom;
        let mut cells = Vec::new();
        for child in dom.children(id) {
            match dom.view(child) {
                View::Element(tag) if matches!(tag.name(), "td" | "th") => cells.push(self.cell(child, Some(tag))),
                View::Text(text) if text.trim().is_empty() => {}
                _ => {
                    let mut flow = Flow::new();
                    self.node(child, &mut flow);
                    let body = flow.finish();
                    if !body.is_empty() {
                        cells.push(Cell { header: false, colspan: 1, rowspan: 1, body });
                    }
                }
            }
        }
        cells
    }

    fn cell(&mut self, id: Id, tag: Option<Tag<'d>>) -> Cell {
        let header = tag.is_some_and(|tag| tag.name() == "th");
        let span = |name| tag.and_then(|tag| tag.attribute(name)).map_or(1, |span| clamp(&span));
        let mut body = self.blocks(id);
        if header {
            body.iter_mut().for_each(plain);
        }
        Cell { header, colspan: span("colspan"), rowspan: span("rowspan"), body }
    }
}

/// A span, at least 1 and at most [`MAX_SPAN`]; 1 where it is no number.
fn clamp(span: &str) -> u16 {
    let span = span.trim();
    let digits = !span.is_empty() && span.bytes().all(|byte| byte.is_ascii_digit());
    if digits { span.parse().unwrap_or(MAX_SPAN).clamp(1, MAX_SPAN) } else { 1 }
}

/// A header is bold anyway: takes bold away that is around all of a paragraph.
fn plain(block: &mut Block) {
    if let Block::Paragraph(content) = block
        && let [Inline::Strong(_)] = content.as_slice()
        && let Some(Inline::Strong(inner)) = content.pop()
    {
        *content = inner;
    }
}
