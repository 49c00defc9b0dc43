//! The normal form of a tree: what the writer writes is read back as this.
//!
//! - Hidden characters are out; white space runs are one blank; none stands at the ends of a text or beside a line break.
//! - Neighbouring texts, and neighbouring code spans, under equal marks are one; marks nest the longest outermost, then in the order strong, emphasis, strike, subscript, superscript; a mark within
//!   its like, around nothing, or around blanks alone is gone; blanks and breaks at a mark's or link's ends are outside of it.
//! - A link within a link is its content; marks around all of a link's content are around the link; a link without content shows its address, and one to an address of another
//!   scheme than `http`, `https`, `mailto` or `ftp` is its content.
//! - Markers are code spans in brackets; a line break in a heading is a blank; an alert's title is the strong first paragraph of its body.
//! - An anchor bears the name that is written, under the marks that its neighbours share; one in a heading is gone, for the heading is its place.
//! - Blocks that show nothing are gone, as are lists without items and rows without cells. Levels, numbers and spans are within their ranges; a code block's language is
//!   one word.
//!
//! Remote targets and persons stay as they are. Cells are normal in themselves: what GFM makes of headers, spans and blocks in them is the writer's rule.

use super::block::info;
use super::hidden;
use super::nest::{Step, nest};
use super::runs::{Atom, Dest, EMPHASIS, Kind, Runs, STRIKE, STRONG, SUBSCRIPT};
use super::{Block, Cell, Inline, Item, List, Table, Target, Tree, raw, visible};

/// The normal form of `tree`; applying it twice changes nothing.
#[must_use]
pub fn normal_form(tree: Tree) -> Tree {
    Tree { blocks: blocks(tree.blocks) }
}

fn blocks(blocks: Vec<Block>) -> Vec<Block> {
    blocks.into_iter().filter(visible::block).map(block).collect()
}

fn block(block: Block) -> Block {
    match block {
        Block::Heading { level, content } => Block::Heading { level: level.clamp(1, 6), content: inlines(&content, 0, true) },
        Block::Paragraph(content) => Block::Paragraph(inlines(&content, 0, false)),
        Block::Code { language, text } => {
            Block::Code { language: language.as_deref().and_then(info), text: hidden::strip(&text, &mut 0).into_owned() }
        }
        Block::Quote(body) => Block::Quote(blocks(body)),
        Block::Alert { kind, title, body } => {
            let mut body = blocks(body);
            if visible::inlines(&title) {
                body.insert(0, Block::Paragraph(inlines(&title, STRONG, false)));
            }
            Block::Alert { kind, title: Vec::new(), body }
        }
        Block::List(List { start, items }) => Block::List(List {
            start: start.map(|start| start.min(999_999_999)),
            items: items.into_iter().map(|item| Item { done: item.done, body: blocks(item.body) }).collect(),
        }),
        Block::Table(Table { rows }) => {
            Block::Table(Table { rows: rows.into_iter().filter(|row| !row.is_empty()).map(|row| row.into_iter().map(cell).collect()).collect() })
        }
        Block::Rule => Block::Rule,
        Block::Markdown(text) => Block::Markdown(raw::trim(&hidden::strip(&text, &mut 0)).to_owned()),
        Block::Authored(text) => Block::Authored(text),
        Block::Marker(text) => Block::Paragraph(inlines(&[Inline::Marker(text)], 0, false)),
    }
}

fn cell(cell: Cell) -> Cell {
    Cell { header: cell.header, colspan: cell.colspan.clamp(1, 1000), rowspan: cell.rowspan.clamp(1, 1000), body: blocks(cell.body) }
}

fn inlines(content: &[Inline], marks: u8, one_line: bool) -> Vec<Inline> {
    let mut runs = Runs::default();
    runs.read(content, marks, None, one_line);
    row(&runs.text, &runs.atoms)
}

fn row(text: &str, atoms: &[Atom<'_>]) -> Vec<Inline> {
    let (steps, spans) = nest(atoms);
    let mut open: Vec<Vec<Inline>> = vec![Vec::new()];
    for step in steps {
        let inline = match step {
            Step::Open(_) => {
                open.push(Vec::new());
                continue;
            }
            Step::Close(span) => {
                let content = open.pop().unwrap_or_default();
                match spans[span] {
                    STRONG => Inline::Strong(content),
                    EMPHASIS => Inline::Emphasis(content),
                    STRIKE => Inline::Strike(content),
                    SUBSCRIPT => Inline::Subscript(content),
                    _ => Inline::Superscript(content),
                }
            }
            Step::Atom(index) => atom(text, &atoms[index]),
        };
        if let Some(inner) = open.last_mut() {
            inner.push(inline);
        }
    }
    open.pop().unwrap_or_default()
}

fn atom(text: &str, atom: &Atom<'_>) -> Inline {
    let piece = &text[atom.start..atom.end];
    match &atom.kind {
        Kind::Text => Inline::Text(piece.to_owned()),
        Kind::Code => Inline::Code(piece.to_owned()),
        Kind::Math => Inline::Math(piece.to_owned()),
        Kind::Anchor => Inline::Anchor(piece.to_owned()),
        Kind::Break => Inline::Break,
        Kind::Person(key) => Inline::Person((*key).clone()),
        Kind::Indent(depth) => Inline::Text("\u{A0}\u{A0}".repeat(usize::from(*depth))),
        Kind::Image(dest) => Inline::Image { target: target(dest), alt: piece.to_owned() },
        Kind::Link { dest, content } => Inline::Link { target: target(dest), content: row(text, content) },
    }
}

fn target(dest: &Dest<'_>) -> Target {
    match dest {
        Dest::Target(target) => (*target).clone(),
        Dest::Address(address) => Target::Url(address.clone()),
    }
}
