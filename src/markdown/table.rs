//! Writes tables: GFM where every cell is text, headings, paragraphs or lists, HTML otherwise.
//!
//! The rule for GFM: a first row of headers is the head, else the head is empty; headers elsewhere, and headings, are bold; a cell's paragraphs and list items are divided by `<br>`; a
//! cell over several columns leaves the others empty, one over several rows is repeated. Where that would multiply the table's size, it is HTML too, which has spans.

use super::block::Blocks;
use super::inline::{self, Place};
use super::runs::STRONG;
use super::{Block, Cell, Inline, Table, visible};

/// Slots that a grid may have in any case, and for each cell of the source.
const FREE_SLOTS: usize = 4096;
const SLOTS_PER_CELL: usize = 8;
/// Bytes of text that repetition may add.
const REPEATED_BYTES: usize = 64 * 1024;

/// The cell that shows in each place of each row, if any.
type Grid<'a> = Vec<Vec<Option<&'a Cell>>>;

impl<'a> Blocks<'a, '_> {
    /// Writes a table.
    pub(crate) fn table(&mut self, table: &'a Table) {
        let simple = table.rows.iter().flatten().all(|cell| is_simple(&cell.body));
        match simple.then(|| grid(table)).flatten() {
            Some(grid) => self.gfm(table, &grid),
            None => self.html_table(table),
        }
    }

    fn gfm(&mut self, table: &Table, grid: &Grid<'a>) {
        // Columns at the end in which no cell begins say nothing.
        let width = grid.iter().map(|row| row.iter().rposition(Option::is_some).map_or(0, |last| last + 1)).max().unwrap_or_default();
        let has_head = table.rows.iter().find(|row| !row.is_empty()).is_some_and(|row| row.iter().all(|cell| cell.header));
        let (head, body) = match grid.split_first() {
            Some((head, body)) if has_head => (head.as_slice(), body),
            _ => (&[] as &[Option<&Cell>], grid.as_slice()),
        };
        self.row(head, width, false);
        self.begin_line();
        (0..width).for_each(|_| self.out.push_str("| --- "));
        self.out.push_str("|\n");
        for row in body {
            self.row(row, width, true);
        }
    }

    fn row(&mut self, row: &[Option<&'a Cell>], width: usize, bold_headers: bool) {
        self.begin_line();
        for at in 0..width {
            self.out.push_str("| ");
            if let Some(Some(cell)) = row.get(at) {
                let marks = if cell.header && bold_headers { STRONG } else { 0 };
                let resolver = self.resolver;
                self.with_runs(
                    |runs| runs.read_cell(&cell.body, marks, Some(resolver)),
                    |writer, runs| inline::markdown(&mut writer.out, &writer.prefix, runs, Place::Cell),
                );
            }
            self.out.push(' ');
        }
        self.out.push_str("|\n");
    }
}

/// Whether a cell can be one line of text.
fn is_simple(body: &[Block]) -> bool {
    body.iter().filter(|block| visible::block(block)).all(|block| match block {
        Block::Heading { .. } | Block::Paragraph(_) | Block::Marker(_) => true,
        Block::List(list) => list.items.iter().all(|item| is_simple(&item.body)),
        _ => false,
    })
}

/// Lays the cells out; none where spans would multiply them.
fn grid(table: &Table) -> Option<Grid<'_>> {
    let rows = || table.rows.iter().filter(|row| !row.is_empty());
    let budget = FREE_SLOTS + SLOTS_PER_CELL * rows().map(Vec::len).sum::<usize>();
    let count = rows().count();
    let (mut slots, mut repeated, mut width) = (0_usize, 0_usize, 0_usize);
    // For each column the cell from above that reaches on, and for how many rows.
    let mut above: Vec<(usize, Option<&Cell>, usize)> = Vec::new();
    let mut grid = Vec::with_capacity(count);
    for row in rows() {
        let mut line: Vec<Option<&Cell>> = Vec::with_capacity(row.len());
        for cell in row {
            repeated += carry(&mut line, &mut above);
            let weight = if cell.rowspan > 1 { weigh(&cell.body) } else { 0 };
            for part in 0..usize::from(cell.colspan.clamp(1, 1000)) {
                let shown = (part == 0).then_some(cell);
                let column = line.len();
                line.push(shown);
                // Where a cell from above reaches into this one, this one shows.
                if let Some((rows, _, _)) = above.get_mut(column) {
                    *rows = rows.saturating_sub(1);
                }
                if cell.rowspan > 1 {
                    above.resize(above.len().max(column + 1), (0, None, 0));
                    above[column] = (usize::from(cell.rowspan.min(1000)) - 1, shown, if part == 0 { weight } else { 0 });
                }
                if slots + line.len() > budget {
                    return None;
                }
            }
        }
        while above.iter().skip(line.len()).any(|(rows, _, _)| *rows > 0) {
            let free = line.len();
            repeated += carry(&mut line, &mut above);
            if line.len() == free {
                line.push(None);
            }
        }
        while above.last().is_some_and(|(rows, _, _)| *rows == 0) {
            above.pop();
        }
        slots += line.len();
        width = width.max(line.len());
        if repeated > REPEATED_BYTES {
            return None;
        }
        grid.push(line);
    }
    (width * count <= budget).then_some(grid)
}

/// Fills the places that cells from above take; returns the bytes repeated.
fn carry<'a>(line: &mut Vec<Option<&'a Cell>>, above: &mut [(usize, Option<&'a Cell>, usize)]) -> usize {
    let mut bytes = 0;
    while let Some((rows, cell, weight)) = above.get_mut(line.len()).filter(|(rows, _, _)| *rows > 0) {
        *rows -= 1;
        bytes += *weight;
        line.push(*cell);
    }
    bytes
}

/// About how many bytes of text a cell holds.
fn weigh(body: &[Block]) -> usize {
    body.iter()
        .map(|block| match block {
            Block::Heading { content, .. } | Block::Paragraph(content) => weigh_inlines(content),
            Block::Marker(text) => text.len(),
            Block::List(list) => list.items.iter().map(|item| 8 + weigh(&item.body)).sum(),
            _ => 0,
        })
        .sum()
}

fn weigh_inlines(content: &[Inline]) -> usize {
    content
        .iter()
        .map(|inline| match inline {
            Inline::Text(text) | Inline::Code(text) | Inline::Math(text) | Inline::Marker(text) | Inline::Anchor(text) => text.len(),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) | Inline::Subscript(inner) | Inline::Superscript(inner) => {
                weigh_inlines(inner)
            }
            Inline::Link { content, .. } => 100 + weigh_inlines(content),
            Inline::Image { .. } => 100,
            Inline::Insert(insert) => weigh_inlines(&insert.otherwise),
            Inline::Person(_) | Inline::Break => 8,
        })
        .sum()
}
