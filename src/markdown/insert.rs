//! Pieces of other documents that stand within one: what a reader can name and only the mirror can show.
//!
//! Guarantees: [`fill`] puts a piece where it is named, as running text where it is one paragraph and as blocks of their own otherwise; a piece that cannot be had
//! leaves what its reader put in its place. Pure: whoever knows the other documents gives the pieces.

use crate::model::Key;

use super::{Block, Cell, Inline, Item, List, Table, Tree};

/// A piece that stands where it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insert {
    /// The construct that names it (`macro:include`), as diagnostics call it.
    pub construct: String,
    /// What it is.
    pub piece: Piece,
    /// What is written while it cannot be had: by custom a marker and a link.
    pub otherwise: Vec<Inline>,
}

/// What is inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The whole body of another document.
    Body(Key),
    /// A part of a document.
    Part {
        /// The document.
        of: Key,
        /// Its name; without one, the first excerpt.
        name: Option<String>,
        /// Whether it stands apart, in a frame that names its origin first.
        framed: bool,
    },
    /// Links to the documents below one.
    Below {
        /// Whose.
        root: Root,
        /// How many levels; none = all.
        depth: Option<u8>,
    },
    /// Links to documents that bear labels.
    Labelled(Selection),
    /// A table of the properties that documents which bear labels name.
    Report {
        /// Which documents.
        selection: Selection,
        /// Heading of the column of titles.
        first: String,
        /// The properties to show, in order; empty = all.
        columns: Vec<String>,
        /// Properties of this name only.
        name: Option<String>,
    },
    /// The attachments of a document.
    Files {
        /// Whose.
        root: Root,
        /// As images, and only those that are; else as links.
        images: bool,
    },
}

/// A document that a piece begins at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The one that the piece stands in.
    This,
    /// The one above it.
    Parent,
    /// Another.
    Key(Key),
}

/// Documents, chosen by their labels and places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Of each group at least one label; never empty.
    pub labels: Vec<Vec<String>>,
    /// In one of these containers; empty = in any.
    pub containers: Vec<String>,
    /// Of one of these kinds; empty = of any.
    pub kinds: Vec<String>,
    /// Below this document.
    pub below: Option<Root>,
    /// At most so many.
    pub most: Option<usize>,
}

/// A part of a document that others may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is for.
    pub kind: PartKind,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// It.
    pub body: Vec<Block>,
}

/// What a part is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// A piece to be shown elsewhere.
    Excerpt,
    /// A table of names and values.
    Properties,
}

impl Tree {
    /// Whether anything has to be inserted.
    #[must_use]
    pub fn has_inserts(&self) -> bool {
        any_in_blocks(&self.blocks)
    }
}

fn any_in_blocks(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match block {
        Block::Heading { content, .. } | Block::Paragraph(content) => any(content),
        Block::Quote(body) => any_in_blocks(body),
        Block::Alert { title, body, .. } => any(title) || any_in_blocks(body),
        Block::List(list) => list.items.iter().any(|item| any_in_blocks(&item.body)),
        Block::Table(table) => table.rows.iter().flatten().any(|cell| any_in_blocks(&cell.body)),
        Block::Code { .. } | Block::Rule | Block::Markdown(_) | Block::Authored(_) | Block::Marker(_) => false,
    })
}

fn any(content: &[Inline]) -> bool {
    content.iter().any(|inline| match inline {
        Inline::Insert(_) => true,
        Inline::Strong(inner)
        | Inline::Emphasis(inner)
        | Inline::Strike(inner)
        | Inline::Subscript(inner)
        | Inline::Superscript(inner)
        | Inline::Link { content: inner, .. } => any(inner),
        _ => false,
    })
}

/// Gives the piece that an [`Insert`] names, or none.
pub type Giver<'g> = dyn FnMut(&Insert) -> Option<Vec<Block>> + 'g;

/// Puts every piece in its place.
pub fn fill(blocks: Vec<Block>, give: &mut Giver<'_>) -> Vec<Block> {
    let mut filled = Vec::with_capacity(blocks.len());
    for block in blocks {
        match block {
            Block::Paragraph(content) if any(&content) => paragraph(content, give, &mut filled),
            Block::Heading { level, content } if any(&content) => {
                let mut after = Vec::new();
                let content = line(content, give, &mut after);
                filled.push(Block::Heading { level, content });
                filled.append(&mut after);
            }
            Block::Quote(body) => filled.push(Block::Quote(fill(body, give))),
            Block::Alert { kind, title, body } => {
                let mut after = Vec::new();
                let title = line(title, give, &mut after);
                after.extend(fill(body, give));
                filled.push(Block::Alert { kind, title, body: after });
            }
            Block::List(List { start, items }) => {
                let items = items.into_iter().map(|item| Item { done: item.done, body: fill(item.body, give) }).collect();
                filled.push(Block::List(List { start, items }));
            }
            Block::Table(Table { rows }) => {
                let mut cell = |cell: Cell| Cell { body: fill(cell.body, give), ..cell };
                let rows = rows.into_iter().map(|row| row.into_iter().map(&mut cell).collect()).collect();
                filled.push(Block::Table(Table { rows }));
            }
            other => filled.push(other),
        }
    }
    filled
}

/// A piece that is one paragraph stays in the text; any other parts it.
fn paragraph(content: Vec<Inline>, give: &mut Giver<'_>, filled: &mut Vec<Block>) {
    let mut run = Vec::new();
    for inline in content {
        let Inline::Insert(insert) = inline else {
            let mut after = Vec::new();
            run.extend(line(vec![inline], give, &mut after));
            if !after.is_empty() {
                filled.push(Block::Paragraph(std::mem::take(&mut run)));
                filled.append(&mut after);
            }
            continue;
        };
        match give(&insert).map(<[Block; 1]>::try_from) {
            None => run.extend(insert.otherwise),
            Some(Ok([Block::Paragraph(piece)])) => run.extend(piece),
            Some(Ok(block)) => part(&mut run, block.into(), filled),
            Some(Err(blocks)) if blocks.is_empty() => {}
            Some(Err(blocks)) => part(&mut run, blocks, filled),
        }
    }
    filled.push(Block::Paragraph(run));
}

fn part(run: &mut Vec<Inline>, mut blocks: Vec<Block>, filled: &mut Vec<Block>) {
    filled.push(Block::Paragraph(std::mem::take(run)));
    filled.append(&mut blocks);
}

/// Fills what can hold nothing but text; what is more than that comes `after` it.
fn line(content: Vec<Inline>, give: &mut Giver<'_>, after: &mut Vec<Block>) -> Vec<Inline> {
    let mut filled = Vec::with_capacity(content.len());
    for inline in content {
        filled.push(match inline {
            Inline::Insert(insert) => {
                match give(&insert).map(<[Block; 1]>::try_from) {
                    None => filled.extend(insert.otherwise),
                    Some(Ok([Block::Paragraph(piece)])) => filled.extend(piece),
                    Some(Ok(block)) => after.extend(block),
                    Some(Err(mut blocks)) => after.append(&mut blocks),
                }
                continue;
            }
            Inline::Strong(inner) => Inline::Strong(line(inner, give, after)),
            Inline::Emphasis(inner) => Inline::Emphasis(line(inner, give, after)),
            Inline::Strike(inner) => Inline::Strike(line(inner, give, after)),
            Inline::Subscript(inner) => Inline::Subscript(line(inner, give, after)),
            Inline::Superscript(inner) => Inline::Superscript(line(inner, give, after)),
            Inline::Link { target, content } => Inline::Link { target, content: line(content, give, after) },
            other => other,
        });
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::super::{Unresolved, write};
    use super::*;

    fn text(words: &str) -> Inline {
        Inline::Text(words.to_owned())
    }

    fn insert(name: &str) -> Inline {
        Inline::Insert(Box::new(Insert {
            construct: "include".to_owned(),
            piece: Piece::Body(Key::new(name)),
            otherwise: vec![Inline::Marker(format!("include {name}"))],
        }))
    }

    /// `one` is a paragraph, `two` are two blocks, and nothing else can be had.
    fn give(insert: &Insert) -> Option<Vec<Block>> {
        let Piece::Body(key) = &insert.piece else { return None };
        match key.as_str() {
            "one" => Some(vec![Block::Paragraph(vec![text("piece")])]),
            "two" => Some(vec![Block::Paragraph(vec![text("first")]), Block::Code { language: None, text: "second".to_owned() }]),
            _ => None,
        }
    }

    #[track_caller]
    fn check(block: Block, expected: &str) {
        let tree = Tree { blocks: vec![block] };
        assert!(tree.has_inserts());
        let filled = Tree { blocks: fill(tree.blocks, &mut give) };
        assert!(!filled.has_inserts());
        assert_eq!(write::body(&filled, &Unresolved).text, expected);
    }

    #[test]
    fn a_paragraph_stays_in_the_text_and_blocks_part_it() {
        check(Block::Paragraph(vec![text("a "), insert("one"), text(" b")]), "a piece b\n");
        check(Block::Paragraph(vec![text("a "), insert("two"), text(" b")]), "a\n\nfirst\n\n```\nsecond\n```\n\nb\n");
        check(Block::Paragraph(vec![insert("two")]), "first\n\n```\nsecond\n```\n");
    }

    #[test]
    fn what_cannot_be_had_leaves_what_stands_for_it() {
        check(Block::Paragraph(vec![text("a "), insert("gone"), text(" b")]), "a `[include gone]` b\n");
        assert_eq!(write::body(&Tree { blocks: vec![Block::Paragraph(vec![insert("one")])] }, &Unresolved).text, "`[include one]`\n");
    }

    #[test]
    fn pieces_are_found_wherever_they_stand() {
        let one = || vec![Block::Paragraph(vec![insert("one")])];
        check(Block::Quote(one()), "> piece\n");
        check(Block::List(List { start: None, items: vec![Item { done: None, body: one() }] }), "- piece\n");
        check(Block::Heading { level: 2, content: vec![insert("two")] }, "first\n\n```\nsecond\n```\n");
        check(Block::Paragraph(vec![Inline::Strong(vec![text("a "), insert("two")]), text(" b")]), "**a**\n\nfirst\n\n```\nsecond\n```\n\nb\n");
        let cell = Cell { header: false, colspan: 1, rowspan: 1, body: one() };
        check(Block::Table(Table { rows: vec![vec![cell]] }), "|  |\n| --- |\n| piece |\n");
    }
}
