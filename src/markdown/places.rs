//! The places of a document that its own links can lead to: its headings, under the names that GitHub gives them, and its anchors.
//!
//! Sources name a heading in many ways: by its words with dashes, without blanks, behind the page's title, with a number where it is repeated. Guarantees: linear time; a
//! name that fits nothing gives no place. Does not know what a link shows.

use rustc_hash::{FxHashMap, FxHashSet};

use super::runs::Runs;
use super::{Block, Inline, Resolved, Resolver, Target, anchor};
use crate::model::Key;

/// Longest name that is looked for in parts, and how many of its dashes may end a title.
const MAX_NAME: usize = 300;
const MAX_DASHES: usize = 20;

/// What a document's own links find.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Names of anchors, as they are written.
    anchors: FxHashSet<String>,
    /// What is anchored within a heading is found there.
    in_headings: FxHashMap<String, String>,
    headings: FxHashSet<String>,
    /// For a heading's letters, its names in order.
    squeezed: FxHashMap<String, Vec<String>>,
}

/// A resolver that knows the places of the document, too.
pub(crate) struct WithPlaces<'r> {
    pub(crate) inner: &'r dyn Resolver,
    pub(crate) places: Places,
}

impl Resolver for WithPlaces<'_> {
    fn resolve(&self, key: &Key) -> Option<Resolved> {
        self.inner.resolve(key)
    }

    fn place(&self, words: &str) -> Option<String> {
        self.places.find(words).or_else(|| self.inner.place(words))
    }
}

impl Places {
    /// Those of a document with this title, where any link looks for one.
    pub(crate) fn of(title: &[Inline], blocks: &[Block], resolver: &dyn Resolver) -> Self {
        let mut places = Self::default();
        if any_link(blocks) {
            let mut used = FxHashMap::default();
            places.heading(title, resolver, &mut used);
            places.blocks(blocks, resolver, &mut used);
        }
        places
    }

    fn blocks(&mut self, blocks: &[Block], resolver: &dyn Resolver, used: &mut FxHashMap<String, u32>) {
        for block in blocks {
            match block {
                Block::Heading { content, .. } => self.heading(content, resolver, used),
                Block::Paragraph(content) => self.inlines(content),
                Block::Alert { title, body, .. } => {
                    self.inlines(title);
                    self.blocks(body, resolver, used);
                }
                Block::Quote(body) => self.blocks(body, resolver, used),
                Block::List(list) => list.items.iter().for_each(|item| self.blocks(&item.body, resolver, used)),
                Block::Table(table) => table.rows.iter().flatten().for_each(|cell| self.blocks(&cell.body, resolver, used)),
                _ => {}
            }
        }
    }

    fn heading(&mut self, content: &[Inline], resolver: &dyn Resolver, used: &mut FxHashMap<String, u32>) {
        let mut runs = Runs::default();
        runs.read(content, 0, Some(resolver), true);
        let slug = anchor::heading(&runs.text);
        if slug.is_empty() {
            return;
        }
        let count = used.entry(slug.clone()).or_default();
        let name = if *count == 0 { slug } else { format!("{slug}-{count}") };
        *count += 1;
        for anchored in anchors(content) {
            self.in_headings.entry(anchor::heading(anchored)).or_insert_with(|| name.clone());
        }
        self.squeezed.entry(anchor::squeezed(&runs.text)).or_default().push(name.clone());
        self.headings.insert(name);
    }

    fn inlines(&mut self, content: &[Inline]) {
        self.anchors.extend(anchors(content).into_iter().map(anchor::heading));
    }

    fn find(&self, words: &str) -> Option<String> {
        let slug = anchor::heading(words);
        if slug.is_empty() {
            return None;
        }
        if let Some(name) = self.in_headings.get(&slug) {
            return Some(name.clone());
        }
        if self.anchors.contains(&slug) || self.headings.contains(&slug) {
            return Some(slug);
        }
        if words.len() > MAX_NAME {
            return None;
        }
        self.nth(words).or_else(|| words.match_indices('-').take(MAX_DASHES).find_map(|(at, _)| self.nth(&words[at + 1..])))
    }

    /// A heading by its letters; `words.1` is the second with the same.
    fn nth(&self, words: &str) -> Option<String> {
        let by_letters = |words: &str, nth: usize| {
            let letters = Some(anchor::squeezed(words)).filter(|letters| !letters.is_empty())?;
            self.squeezed.get(&letters)?.get(nth).cloned()
        };
        let numbered = || words.rsplit_once('.').and_then(|(words, nth)| by_letters(words, nth.parse().ok()?));
        by_letters(words, 0).or_else(numbered)
    }
}

/// The names of the anchors in `content`.
fn anchors(content: &[Inline]) -> Vec<&str> {
    let mut found = Vec::new();
    gather(content, &mut found);
    found
}

fn gather<'a>(content: &'a [Inline], found: &mut Vec<&'a str>) {
    for inline in content {
        match inline {
            Inline::Anchor(name) => found.push(name),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) | Inline::Subscript(inner) | Inline::Superscript(inner) => {
                gather(inner, found);
            }
            Inline::Link { content, .. } => gather(content, found),
            _ => {}
        }
    }
}

/// Whether any link leads to a place of the document itself.
fn any_link(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match block {
        Block::Heading { content, .. } | Block::Paragraph(content) => any_inline(content),
        Block::Quote(body) => any_link(body),
        Block::Alert { title, body, .. } => any_inline(title) || any_link(body),
        Block::List(list) => list.items.iter().any(|item| any_link(&item.body)),
        Block::Table(table) => table.rows.iter().flatten().any(|cell| any_link(&cell.body)),
        _ => false,
    })
}

fn any_inline(content: &[Inline]) -> bool {
    content.iter().any(|inline| match inline {
        Inline::Link { target: Target::Anchor(_), .. } => true,
        Inline::Link { content, .. } => any_inline(content),
        Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) | Inline::Subscript(inner) | Inline::Superscript(inner) => {
            any_inline(inner)
        }
        _ => false,
    })
}
