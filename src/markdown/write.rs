//! The one writer: turns a tree into CommonMark with GFM's tables, task lists, strikethrough and alerts.
//!
//! Guarantees: what is written is read back as the tree's [normal form](super::normal_form); linear in time and memory; hidden characters reach no file, and are counted. Equal
//! trees and resolutions give equal bytes.

use super::block::Blocks;
use super::front_matter::FrontMatter;
use super::places::{Places, WithPlaces};
use super::{Authored, Inline, Resolver, Tree, visible};

/// A written text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Markdown, ending with one line feed unless it is empty.
    pub text: String,
    /// How many hidden characters (bidirectional controls, tag characters, control characters) were left out.
    pub hidden_removed: u32,
}

/// Writes a body alone.
#[must_use]
pub fn body(tree: &Tree, resolver: &dyn Resolver) -> Written {
    let resolver = WithPlaces { inner: resolver, places: Places::of(&[], &tree.blocks, resolver) };
    let mut blocks = Blocks::new(&resolver);
    blocks.blocks(&tree.blocks, false);
    Written { text: blocks.out, hidden_removed: blocks.hidden }
}

/// Writes a document that its author wrote: front matter, an empty line, the text.
#[must_use]
pub fn authored(front: &FrontMatter<'_>, text: &Authored, resolver: &dyn Resolver) -> Written {
    let mut written = Written::default();
    front.write(&mut written.text, &mut written.hidden_removed);
    written.text.push('\n');
    written.hidden_removed = written.hidden_removed.saturating_add(text.hidden_removed());
    written.text.push_str(&text.resolved(resolver));
    if !written.text.ends_with('\n') {
        written.text.push('\n');
    }
    written
}

/// Writes a whole document: front matter, `# Title`, body.
#[must_use]
pub fn document(front: &FrontMatter<'_>, tree: &Tree, resolver: &dyn Resolver) -> Written {
    let title = [Inline::Text(if front.title.trim().is_empty() { "Untitled" } else { front.title }.to_owned())];
    let resolver = WithPlaces { inner: resolver, places: Places::of(&title, &tree.blocks, resolver) };
    let mut blocks = Blocks::new(&resolver);
    front.write(&mut blocks.out, &mut blocks.hidden);
    blocks.blank_line();
    // What the title hides was counted where the front matter has it.
    let counted = blocks.hidden;
    blocks.heading(1, &title);
    blocks.hidden = counted;
    if tree.blocks.iter().any(visible::block) {
        blocks.blank_line();
        blocks.blocks(&tree.blocks, false);
    }
    Written { text: blocks.out, hidden_removed: blocks.hidden }
}
