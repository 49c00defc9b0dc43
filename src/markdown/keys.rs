//! Finds what a tree points to.

use crate::model::Key;

use super::{Block, Inline, Target, Tree};

impl Tree {
    /// Every key of its links, images and persons, sorted, each once: what must be known before the tree is written, and after which change it must be written again.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        blocks(&self.blocks, &mut keys);
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

fn blocks(body: &[Block], keys: &mut Vec<Key>) {
    for block in body {
        match block {
            Block::Heading { content, .. } | Block::Paragraph(content) => inlines(content, keys),
            Block::Quote(body) => blocks(body, keys),
            Block::Alert { title, body, .. } => {
                inlines(title, keys);
                blocks(body, keys);
            }
            Block::List(list) => list.items.iter().for_each(|item| blocks(&item.body, keys)),
            Block::Table(table) => table.rows.iter().flatten().for_each(|cell| blocks(&cell.body, keys)),
            Block::Authored(text) => keys.extend(text.targets().filter_map(key)),
            Block::Code { .. } | Block::Rule | Block::Markdown(_) | Block::Marker(_) => {}
        }
    }
}

fn inlines(content: &[Inline], keys: &mut Vec<Key>) {
    for inline in content {
        match inline {
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) | Inline::Subscript(inner) | Inline::Superscript(inner) => {
                inlines(inner, keys);
            }
            Inline::Link { target, content } => {
                keys.extend(key(target));
                inlines(content, keys);
            }
            Inline::Image { target, .. } => keys.extend(key(target)),
            Inline::Person(key) => keys.push(key.clone()),
            Inline::Insert(insert) => inlines(&insert.otherwise, keys),
            Inline::Text(_) | Inline::Code(_) | Inline::Math(_) | Inline::Break | Inline::Marker(_) | Inline::Anchor(_) => {}
        }
    }
}

pub(super) fn key(target: &Target) -> Option<Key> {
    match target {
        Target::Remote { key, .. } => Some(key.clone()),
        Target::Url(_) | Target::Anchor(_) => None,
    }
}
