//! Inlines as a flat row of atoms, each with the marks it stands under: the form in which the writer and the normal form agree what a text says.
//!
//! Guarantees of a settled row: no empty atom; blanks collapsed, none at the ends or beside a line break; a blank or break stands only under marks that its neighbours
//! on both sides share; neighbouring texts, or code spans, under the same marks are one; links hold no link, begin and end with something visible, and carry the marks that
//! all of their content has. Does not know Markdown's characters.

use crate::model::Key;

use super::anchor;
use super::block;
use super::hidden::{self, CLASS};
use super::link::{self, Fate};
use super::settle::{explode, settle};
use super::{Block, Inline, List, Resolver, Target, visible};

/// `**`
pub(crate) const STRONG: u8 = 1;
/// `*`
pub(crate) const EMPHASIS: u8 = 2;
/// `~~`
pub(crate) const STRIKE: u8 = 4;
/// `<sub>`
pub(crate) const SUBSCRIPT: u8 = 8;
/// `<sup>`
pub(crate) const SUPERSCRIPT: u8 = 16;
/// All marks, outermost first where two cover the same text.
pub(crate) const MARKS: [u8; 5] = [STRONG, EMPHASIS, STRIKE, SUBSCRIPT, SUPERSCRIPT];

/// A piece of a row; `start..end` is its text in [`Runs::text`].
#[derive(Clone, Debug)]
pub(crate) struct Atom<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) marks: u8,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What an atom is.
#[derive(Clone, Debug)]
pub(crate) enum Kind<'a> {
    Text,
    Code,
    Math,
    Break,
    /// Its text is the name of the place.
    Anchor,
    /// Its text is the alternative text.
    Image(Dest<'a>),
    /// Only where nothing is resolved.
    Person(&'a Key),
    /// Levels of a list within a table's cell.
    Indent(u8),
    Link {
        dest: Dest<'a>,
        content: Vec<Atom<'a>>,
    },
}

/// Where a link or image goes.
#[derive(Clone, Debug)]
pub(crate) enum Dest<'a> {
    /// As the tree has it: nothing is resolved.
    Target(&'a Target),
    /// Ready to be written.
    Address(String),
}

/// A row of atoms over one text.
#[derive(Default)]
pub(crate) struct Runs<'a> {
    pub(crate) text: String,
    pub(crate) atoms: Vec<Atom<'a>>,
    /// Hidden characters taken out.
    pub(crate) hidden: u32,
    /// The next blank would stand at a line's start or beside another.
    ends_blank: bool,
    in_link: bool,
    /// In headings a break is a blank.
    one_line: bool,
}

impl<'a> Runs<'a> {
    /// Reads `content` under `marks`; with a resolver, targets become addresses, and persons names. On `one_line` a break is a blank.
    pub(crate) fn read(&mut self, content: &'a [Inline], marks: u8, resolver: Option<&dyn Resolver>, one_line: bool) {
        self.clear();
        self.one_line = one_line;
        self.all(content, marks, resolver);
        self.settle();
    }

    /// Reads the paragraphs and lists of a table's cell into one row, under `marks`.
    pub(crate) fn read_cell(&mut self, body: &'a [Block], marks: u8, resolver: Option<&dyn Resolver>) {
        self.clear();
        self.one_line = false;
        self.cell_blocks(body, marks, 0, resolver);
        self.settle();
    }

    fn clear(&mut self) {
        self.text.clear();
        self.atoms.clear();
        self.hidden = 0;
        self.ends_blank = true;
        self.in_link = false;
    }

    fn settle(&mut self) {
        let mut atoms = std::mem::take(&mut self.atoms);
        settle(&self.text, &mut atoms);
        self.atoms = atoms;
    }

    fn cell_blocks(&mut self, body: &'a [Block], marks: u8, depth: u8, resolver: Option<&dyn Resolver>) {
        for (index, block) in body.iter().filter(|block| visible::block(block)).enumerate() {
            if index > 0 {
                self.cell_line(depth);
            }
            match block {
                Block::Paragraph(content) => self.cell_text(content, marks, resolver),
                Block::Heading { content, .. } => {
                    self.one_line = true;
                    self.cell_text(content, marks | STRONG, resolver);
                    self.one_line = false;
                }
                Block::Marker(text) => self.code(&format!("[{text}]"), marks),
                Block::List(list) => self.cell_list(list, marks, depth, resolver),
                _ => {}
            }
        }
    }

    fn cell_text(&mut self, content: &'a [Inline], marks: u8, resolver: Option<&dyn Resolver>) {
        let mut before = std::mem::take(&mut self.atoms);
        self.all(content, marks, resolver);
        self.settle();
        before.append(&mut self.atoms);
        self.atoms = before;
    }

    fn cell_list(&mut self, list: &'a List, marks: u8, depth: u8, resolver: Option<&dyn Resolver>) {
        for (index, item) in list.items.iter().enumerate() {
            if index > 0 {
                self.cell_line(depth);
            }
            match list.start {
                None => self.text("- ", 0),
                Some(start) => self.text(&format!("{}. ", block::number(start, index)), 0),
            }
            match item.done {
                None => {}
                Some(false) => self.text("[ ] ", 0),
                Some(true) => self.text("[x] ", 0),
            }
            self.cell_blocks(&item.body, marks, depth.saturating_add(1), resolver);
        }
    }

    /// Begins a line of a cell, unless it has been begun.
    fn cell_line(&mut self, depth: u8) {
        while self.atoms.last().is_some_and(|atom| matches!(atom.kind, Kind::Indent(_))) {
            self.atoms.pop();
        }
        let begun = self.atoms.last().is_none_or(|atom| matches!(atom.kind, Kind::Break));
        if !begun {
            self.atom(Kind::Break, 0);
            self.ends_blank = true;
        }
        if depth > 0 && !self.atoms.is_empty() {
            self.atom(Kind::Indent(depth), 0);
        }
    }

    fn all(&mut self, content: &'a [Inline], marks: u8, resolver: Option<&dyn Resolver>) {
        for inline in content {
            match inline {
                Inline::Text(text) => self.text(text, marks),
                Inline::Code(text) => self.code(text, marks),
                Inline::Math(text) => self.exact(Kind::Math, text, marks),
                // A heading is the place of what is anchored in it; a repeated row's would be there twice anyway.
                Inline::Anchor(_) if self.one_line => {}
                Inline::Anchor(name) => {
                    let start = self.text.len();
                    self.text.push_str(&anchor::heading(&hidden::strip_to_line(name, &mut 0)));
                    if self.text.len() > start {
                        self.atoms.push(Atom { kind: Kind::Anchor, marks, start, end: self.text.len() });
                    }
                }
                Inline::Marker(text) => self.code(&format!("[{text}]"), marks),
                Inline::Insert(insert) => self.all(&insert.otherwise, marks, resolver),
                Inline::Strong(inner) => self.all(inner, marks | STRONG, resolver),
                Inline::Emphasis(inner) => self.all(inner, marks | EMPHASIS, resolver),
                Inline::Strike(inner) => self.all(inner, marks | STRIKE, resolver),
                Inline::Subscript(inner) => self.all(inner, marks | SUBSCRIPT, resolver),
                Inline::Superscript(inner) => self.all(inner, marks | SUPERSCRIPT, resolver),
                Inline::Break if self.one_line => self.text(" ", marks),
                Inline::Break => {
                    self.atom(Kind::Break, marks);
                    self.ends_blank = true;
                }
                Inline::Link { target, content } => self.link(target, content, marks, resolver),
                Inline::Image { target, alt } => self.image(target, alt, marks, resolver),
                Inline::Person(key) => match resolver {
                    None => {
                        self.atom(Kind::Person(key), marks);
                        self.ends_blank = false;
                    }
                    Some(resolver) => {
                        self.text("@", marks);
                        match resolver.resolve(key) {
                            Some(person) => self.text(&person.title, marks),
                            None => self.text("unknown-user", marks),
                        }
                    }
                },
            }
        }
    }

    fn atom(&mut self, kind: Kind<'a>, marks: u8) {
        let at = self.text.len();
        self.atoms.push(Atom { kind, marks, start: at, end: at });
    }

    fn text(&mut self, text: &str, marks: u8) {
        let start = self.text.len();
        self.copy(text);
        if self.text.len() > start {
            self.atoms.push(Atom { kind: Kind::Text, marks, start, end: self.text.len() });
        }
    }

    /// Copies text without hidden characters and with single blanks.
    fn copy(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let (mut at, mut kept) = (0, 0);
        while at < bytes.len() {
            let plain = bytes[at..].iter().take_while(|byte| CLASS[**byte as usize] == hidden::PLAIN).count();
            if plain > 0 {
                self.ends_blank = false;
                at += plain;
                continue;
            }
            let byte = bytes[at];
            match CLASS[byte as usize] {
                hidden::BLANK if byte == b' ' && !self.ends_blank => {
                    self.ends_blank = true;
                    at += 1;
                }
                hidden::BLANK => {
                    self.text.push_str(&text[kept..at]);
                    if !self.ends_blank {
                        self.text.push(' ');
                    }
                    self.ends_blank = true;
                    at += 1;
                    kept = at;
                }
                _ => {
                    let c = text[at..].chars().next().unwrap_or_default();
                    if hidden::is_hidden(c) {
                        self.text.push_str(&text[kept..at]);
                        kept = at + c.len_utf8();
                        self.hidden = self.hidden.saturating_add(1);
                    } else {
                        self.ends_blank = false;
                    }
                    at += c.len_utf8();
                }
            }
        }
        self.text.push_str(&text[kept..]);
    }

    fn code(&mut self, text: &str, marks: u8) {
        self.exact(Kind::Code, text, marks);
    }

    fn exact(&mut self, kind: Kind<'a>, text: &str, marks: u8) {
        let start = self.text.len();
        let clean = hidden::strip_to_line(text, &mut self.hidden);
        self.text.push_str(&clean);
        if self.text.len() > start {
            self.atoms.push(Atom { kind, marks, start, end: self.text.len() });
            self.ends_blank = false;
        }
    }

    fn image(&mut self, target: &'a Target, alt: &str, marks: u8, resolver: Option<&dyn Resolver>) {
        match link::image(target, resolver) {
            Ok(dest) => {
                let start = self.text.len();
                self.ends_blank = true;
                self.copy(alt);
                let end = start + self.text[start..].trim_end().len();
                // Leading white space that is no ASCII blank is trimmed here too.
                let start = end - self.text[start..end].trim_start().len();
                self.text.truncate(end);
                self.atoms.push(Atom { kind: Kind::Image(dest), marks, start, end });
                self.ends_blank = false;
            }
            Err(name) => {
                // The words that its author gave it say more than a file's name, which finds it.
                self.text("[image: ", marks | EMPHASIS);
                match (visible::shows(alt), visible::shows(name)) {
                    (true, true) if alt.trim() != name.trim() => {
                        self.text(alt, marks | EMPHASIS);
                        self.text(" (", marks | EMPHASIS);
                        self.text(name, marks | EMPHASIS);
                        self.text(")", marks | EMPHASIS);
                    }
                    (_, true) => self.text(name, marks | EMPHASIS),
                    _ => self.text(alt, marks | EMPHASIS),
                }
                self.text("]", marks | EMPHASIS);
            }
        }
    }

    fn link(&mut self, target: &'a Target, content: &'a [Inline], marks: u8, resolver: Option<&dyn Resolver>) {
        if self.in_link {
            self.all(content, marks, resolver);
            return;
        }
        let (fate, title) = link::fate(target, resolver);
        match fate {
            Fate::Link(dest) => {
                self.in_link = true;
                let outer = std::mem::take(&mut self.atoms);
                self.content_or(content, &title, marks, resolver);
                let inner = std::mem::replace(&mut self.atoms, outer);
                self.in_link = false;
                self.close_link(dest, inner, marks);
            }
            // It was a link until nothing was found where it leads: what is in it is still what a link can hold.
            Fate::Text => {
                self.in_link = matches!(target, Target::Anchor(words) if !anchor::heading(words).is_empty());
                self.content_or(content, &title, marks, resolver);
                self.in_link = false;
            }
            Fate::Unresolved(name) => {
                self.content_or(content, &title, marks, resolver);
                self.text(" (unresolved link: ", marks);
                self.text(name, marks);
                self.text(")", marks);
            }
        }
    }

    fn content_or(&mut self, content: &'a [Inline], title: &str, marks: u8, resolver: Option<&dyn Resolver>) {
        let before = self.atoms.len();
        self.all(content, marks, resolver);
        if self.atoms[before..].iter().all(|atom| matches!(atom.kind, Kind::Anchor) || atom.is_soft(&self.text)) {
            self.text(title, marks);
        }
    }

    /// Blanks and breaks at a link's ends go out of it.
    fn close_link(&mut self, dest: Dest<'a>, inner: Vec<Atom<'a>>, marks: u8) {
        let mut inner = explode(&self.text, inner);
        let lead = inner.iter().take_while(|atom| atom.is_soft(&self.text)).count();
        let mut content = inner.split_off(lead);
        self.atoms.append(&mut inner);
        let trail = content.iter().rev().take_while(|atom| atom.is_soft(&self.text)).count();
        let mut after = content.split_off(content.len() - trail);
        settle(&self.text, &mut content);
        let common = content.iter().map(|atom| atom.marks).reduce(|a, b| a & b).unwrap_or(marks);
        for atom in &mut content {
            atom.marks &= !common;
        }
        let start = content.first().map_or(self.text.len(), |atom| atom.start);
        let end = content.last().map_or(self.text.len(), |atom| atom.end);
        self.atoms.push(Atom { kind: Kind::Link { dest, content }, marks: common, start, end });
        if after.is_empty() {
            self.ends_blank = false;
        }
        self.atoms.append(&mut after);
    }
}
