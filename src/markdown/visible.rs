//! Whether a block or text leaves anything to see: what does not is dropped, by the writer and the normal form alike.

use super::hidden::is_hidden;
use super::{Block, Inline, Target};

/// Whether `block` is written at all.
pub(crate) fn block(block: &Block) -> bool {
    match block {
        Block::Heading { content, .. } => text(content),
        Block::Paragraph(content) => inlines(content),
        Block::Quote(body) => blocks(body),
        Block::Alert { title, body, .. } => inlines(title) || blocks(body),
        Block::List(list) => !list.items.is_empty(),
        Block::Table(table) => table.rows.iter().any(|row| !row.is_empty()),
        Block::Authored(text) => shows(text.text()),
        Block::Markdown(text) | Block::Marker(text) => shows(text),
        Block::Code { .. } | Block::Rule => true,
    }
}

fn blocks(body: &[Block]) -> bool {
    body.iter().any(block)
}

/// Whether `content` leaves anything but blanks and breaks.
pub(crate) fn inlines(content: &[Inline]) -> bool {
    any(content, true)
}

/// Whether `content` leaves anything that is to be seen; a heading is the place of the anchors in it.
pub(crate) fn text(content: &[Inline]) -> bool {
    any(content, false)
}

fn any(content: &[Inline], anchors: bool) -> bool {
    content.iter().any(|inline| match inline {
        Inline::Text(text) => shows(text),
        Inline::Code(text) | Inline::Math(text) => text.chars().any(|c| !is_hidden(c)),
        Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) | Inline::Subscript(inner) | Inline::Superscript(inner) => {
            any(inner, anchors)
        }
        Inline::Break => false,
        Inline::Insert(insert) => any(&insert.otherwise, anchors),
        Inline::Anchor(name) => anchors && !super::anchor::heading(name).is_empty(),
        Inline::Link { target: Target::Url(text) | Target::Anchor(text), content } => any(content, anchors) || shows(text),
        Inline::Link { .. } | Inline::Image { .. } | Inline::Person(_) | Inline::Marker(_) => true,
    })
}

/// Whether `text` holds anything but white space and hidden characters.
pub(crate) fn shows(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !is_hidden(c))
}
