//! The one document tree that every source is read into, and the one writer that makes Markdown of it.
//!
//! Pure: no IO, no clock. Links, images and mentions carry remote identities ([`Target`], [`Key`]); a [`Resolver`] turns them into paths and names at
//! the moment of writing, so one tree can be written again when its targets move.

pub mod html;
pub mod html_comments;

use crate::model::Key;

pub mod anchor;
mod authored;
mod block;
mod census;
mod delimit;
mod escape;
pub mod front_matter;
mod hidden;
mod inline;
pub mod insert;
mod keys;
mod link;
mod nest;
pub mod normal_form;
mod own_front_matter;
mod places;
mod raw;
mod runs;
mod settle;
pub mod slug;
mod table;
mod table_html;
mod visible;
pub mod write;

pub(crate) use authored::looks_like_ours;
pub use authored::{Aim, Authored, References, Use};
pub use normal_form::normal_form;
pub use own_front_matter::{own_front_matter, own_front_matter_comments};

/// A document's body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Top-level blocks in reading order.
    pub blocks: Vec<Block>,
}

/// A block-level construct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// `level` 1 to 6.
    Heading {
        /// 1 to 6; other values are clamped by the writer.
        level: u8,
        /// Text.
        content: Vec<Inline>,
    },
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A code block; `text` is exact, without a final newline of its own unless the source had one.
    Code {
        /// Info string's first word (`rust`).
        language: Option<String>,
        /// Exact text.
        text: String,
    },
    /// A block quote.
    Quote(Vec<Block>),
    /// `> [!NOTE]` and its kin.
    Alert {
        /// Which.
        kind: AlertKind,
        /// Becomes a bold first line.
        title: Vec<Inline>,
        /// Content.
        body: Vec<Block>,
    },
    /// An ordered, bullet or task list.
    List(List),
    /// A table.
    Table(Table),
    /// A thematic break.
    Rule,
    /// Markdown that the source's author wrote: written as it is, as blocks of its own.
    Markdown(String),
    /// The same with links that may lead into the mirror: a comment within a discussion. Headings in it stay as they are.
    Authored(Authored),
    /// A visible note about something that could not be expressed, in a line of its own: the text without brackets (`Confluence macro: roadmap`).
    Marker(String),
}

/// GitHub's alert kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlertKind {
    /// `[!NOTE]`
    Note,
    /// `[!TIP]`
    Tip,
    /// `[!IMPORTANT]`
    Important,
    /// `[!WARNING]`
    Warning,
    /// `[!CAUTION]`
    Caution,
}

/// A list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// First number of an ordered list (0 to 999,999,999); none for bullets.
    pub start: Option<u32>,
    /// Items in order.
    pub items: Vec<Item>,
}

/// A list item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// `[ ]` or `[x]`, where it is a task.
    pub done: Option<bool>,
    /// Content.
    pub body: Vec<Block>,
}

/// A table as the source has it: the writer chooses GFM or HTML by rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Rows in order; a header row is one whose cells are all headers.
    pub rows: Vec<Vec<Cell>>,
}

/// A table cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// A `<th>`.
    pub header: bool,
    /// 1 to 1000.
    pub colspan: u16,
    /// 1 to 1000.
    pub rowspan: u16,
    /// Content.
    pub body: Vec<Block>,
}

/// Text-level constructs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Plain text; white space in it is significant but for runs, which the reader has collapsed.
    Text(String),
    /// A code span's exact text.
    Code(String),
    /// A formula in TeX, within running text.
    Math(String),
    /// `**`
    Strong(Vec<Inline>),
    /// `*`
    Emphasis(Vec<Inline>),
    /// `~~`
    Strike(Vec<Inline>),
    /// `<sub>`
    Subscript(Vec<Inline>),
    /// `<sup>`
    Superscript(Vec<Inline>),
    /// A hard line break.
    Break,
    /// A link. Empty `content` is written as the target's title.
    Link {
        /// Where to.
        target: Target,
        /// Text.
        content: Vec<Inline>,
    },
    /// An image.
    Image {
        /// Where it is.
        target: Target,
        /// Alternative text; may be empty.
        alt: String,
    },
    /// A person, written `@Display Name`.
    Person(Key),
    /// A visible note in running text, the text without brackets.
    Marker(String),
    /// A piece of the mirror that [`insert::fill`] puts here.
    Insert(Box<insert::Insert>),
    /// A place that a link of the document leads to, by the source's name for it. Shows nothing.
    Anchor(String),
}

/// What a link or image points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An absolute address (or `mailto:`), kept as it is.
    Url(String),
    /// A heading or [`Inline::Anchor`] of the same document, by the source's own anchor text.
    Anchor(String),
    /// Something that may be mirrored.
    Remote {
        /// Its identity.
        key: Key,
        /// A heading or anchor in it, in the source's own words.
        anchor: Option<String>,
        /// Where to point while it is not mirrored.
        fallback: Option<String>,
        /// What people call it: the text where nothing better is known, and in markers (`diagram.png`, `ENG:Release checklist`).
        name: String,
    },
}

/// Turns remote identities into what the mirror has of them.
pub trait Resolver {
    /// What `key` is called and, seen from the document being written, where it lies. None where it is not mirrored or not known.
    fn resolve(&self, key: &Key) -> Option<Resolved>;

    /// The fragment that leads to what the source calls `words` within the document being written, where neither a heading nor an anchor of it bears that name. None where
    /// there is no such place.
    fn place(&self, words: &str) -> Option<String> {
        let _ = words;
        None
    }
}

/// What the mirror knows of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Relative path to it, not percent-encoded; none for a person.
    pub link: Option<String>,
    /// Title, file name or display name.
    pub title: String,
}

/// Resolves nothing: every link stays absolute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unresolved;

impl Resolver for Unresolved {
    fn resolve(&self, _: &Key) -> Option<Resolved> {
        None
    }
}
