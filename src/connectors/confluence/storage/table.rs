//! Tables as the source has them: spans clamped, headers marked; how they are written is the writer's to choose.

use super::Walk;
use super::flow::Flow;
use super::xml::{Element, Node};
use crate::markdown::{Block, Cell, Table};

/// What HTML allows at most.
const MAX_SPAN: u16 = 1000;

impl Walk<'_> {
    /// `table`.
    pub(super) fn table(&mut self, element: &Element, flow: &mut Flow) {
        flow.flush();
        let mut table = Table::default();
        self.rows(element, &mut table, flow);
        if table.rows.iter().flatten().any(|cell| !cell.body.is_empty()) {
            flow.block(Block::Table(table));
        }
    }

    /// What stands in a table but in no cell goes before it, as browsers have it.
    fn rows(&mut self, element: &Element, table: &mut Table, before: &mut Flow) {
        for node in &element.children {
            match node {
                Node::Text(text) => before.text(text),
                Node::Element(part) => match part.name.as_str() {
                    "thead" | "tbody" | "tfoot" => self.rows(part, table, before),
                    "colgroup" | "col" => {}
                    "tr" => {
                        let cells = self.cells(part, before);
                        if !cells.is_empty() {
                            table.rows.push(cells);
                        }
                    }
                    "td" | "th" => {
                        let cell = self.cell(part);
                        table.rows.push(vec![cell]);
                    }
                    "caption" => {
                        before.flush();
                        self.content(part, before);
                        before.flush();
                    }
                    _ => self.element(part, before),
                },
            }
        }
    }

    fn cells(&mut self, row: &Element, before: &mut Flow) -> Vec<Cell> {
        let mut cells = Vec::new();
        for node in &row.children {
            match node {
                Node::Text(text) => before.text(text),
                Node::Element(part) if matches!(part.name.as_str(), "td" | "th") => cells.push(self.cell(part)),
                Node::Element(part) => self.element(part, before),
            }
        }
        cells
    }

    fn cell(&mut self, element: &Element) -> Cell {
        let span =
            |name| element.get(name).and_then(|n| n.parse::<u64>().ok()).map_or(1, |n| u16::try_from(n).unwrap_or(MAX_SPAN)).clamp(1, MAX_SPAN);
        Cell { header: element.name == "th", colspan: span("colspan"), rowspan: span("rowspan"), body: self.blocks_of(element) }
    }
}
