//! Writes blocks: headings, paragraphs, code, quotes, alerts, lists and rules, each with a blank line between, and with the prefixes of what encloses it.
//!
//! Guarantees: neighbouring blocks never merge, and none begins or ends what it does not own. Recursion is as deep as the tree. Tables are written by `table`.

use super::inline::{self, Place, longest_run};
use super::runs::{Runs, STRONG};
use super::{AlertKind, Authored, Block, Inline, Item, List, Resolver, visible};
use super::{authored, raw};

/// Highest number that CommonMark takes for a list item.
const LAST_NUMBER: u64 = 999_999_999;

/// What is written so far, and what encloses the next line.
pub(crate) struct Blocks<'a, 'r> {
    pub(crate) out: String,
    pub(crate) hidden: u32,
    pub(crate) resolver: &'r dyn Resolver,
    /// Begins each line: `> ` and indentation of what is open.
    pub(crate) prefix: String,
    begun: Begun,
    in_list: bool,
    /// Texts of authors so far.
    pub(crate) authors: u32,
    runs: Runs<'a>,
}

/// What the current line has already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    Nothing,
    /// Its prefix.
    Prefix,
    /// Its prefix, and last a list item's marker.
    Marker,
}

impl<'a, 'r> Blocks<'a, 'r> {
    pub(crate) fn new(resolver: &'r dyn Resolver) -> Self {
        Self {
            out: String::new(),
            hidden: 0,
            resolver,
            prefix: String::new(),
            begun: Begun::Nothing,
            in_list: false,
            authors: 0,
            runs: Runs::default(),
        }
    }

    /// Writes `blocks`, with blank lines between them unless they are `tight`.
    pub(crate) fn blocks(&mut self, blocks: &'a [Block], tight: bool) {
        let mut previous: Option<&Block> = None;
        let mut alternate = false;
        for block in blocks.iter().filter(|block| visible::block(block)) {
            if let Some(previous) = previous {
                if !tight {
                    self.blank_line();
                }
                if raw::would_merge(previous, block) {
                    self.line("<!-- -->");
                    self.blank_line();
                }
                alternate = !alternate && continues(previous, block);
            }
            self.block(block, alternate);
            previous = Some(block);
        }
    }

    fn block(&mut self, block: &'a Block, alternate: bool) {
        match block {
            Block::Heading { level, content } => self.heading(*level, content),
            Block::Paragraph(content) => self.paragraph(content),
            Block::Code { language, text } => self.code(language.as_deref(), text),
            Block::Quote(body) => self.quote(|writer| writer.blocks(body, false)),
            Block::Alert { kind, title, body } => self.quote(|writer| writer.alert(*kind, title, body)),
            Block::List(list) => self.list(list, alternate),
            Block::Table(table) => self.table(table),
            // In a list dashes could be the markers of further items.
            Block::Rule => self.line(if self.in_list { "***" } else { "---" }),
            Block::Markdown(text) => self.markdown(text),
            Block::Authored(text) => self.authored(text),
            Block::Marker(text) => self.marker(text),
        }
    }

    /// Writes a heading.
    pub(crate) fn heading(&mut self, level: u8, content: &'a [Inline]) {
        self.begin_line();
        let level = usize::from(level.clamp(1, 6));
        self.out.extend(std::iter::repeat_n('#', level));
        self.out.push(' ');
        self.inlines(content, Place::Heading);
        self.out.push('\n');
    }

    fn paragraph(&mut self, content: &'a [Inline]) {
        let item = self.begun == Begun::Marker;
        self.begin_line();
        self.inlines(content, Place::Paragraph { item });
        self.out.push('\n');
    }

    fn inlines(&mut self, content: &'a [Inline], place: Place) {
        let resolver = self.resolver;
        self.with_runs(
            |runs| runs.read(content, 0, Some(resolver), place == Place::Heading),
            |writer, runs| inline::markdown(&mut writer.out, &writer.prefix, runs, place),
        );
    }

    /// Fills the row that all text passes through, counts what was hidden in it, and writes it.
    pub(crate) fn with_runs(&mut self, fill: impl FnOnce(&mut Runs<'a>), write: impl FnOnce(&mut Self, &Runs<'a>)) {
        let mut runs = std::mem::take(&mut self.runs);
        fill(&mut runs);
        self.hidden = self.hidden.saturating_add(runs.hidden);
        write(self, &runs);
        self.runs = runs;
    }

    fn marker(&mut self, text: &str) {
        self.begin_line();
        let resolver = self.resolver;
        let content = [Inline::Marker(text.to_owned())];
        let mut runs = Runs::default();
        runs.read(&content, 0, Some(resolver), false);
        self.hidden = self.hidden.saturating_add(runs.hidden);
        inline::markdown(&mut self.out, &self.prefix, &runs, Place::Paragraph { item: false });
        self.out.push('\n');
    }

    fn code(&mut self, language: Option<&str>, text: &str) {
        let clean = super::hidden::strip(text, &mut self.hidden);
        let fence = "`".repeat((longest_run(&clean, b'`') + 1).max(3));
        self.begin_line();
        self.out.push_str(&fence);
        self.out.push_str(&language.and_then(info).unwrap_or_default());
        self.out.push('\n');
        if !clean.is_empty() {
            clean.split('\n').for_each(|line| self.line(line));
        }
        self.line(&fence);
    }

    fn markdown(&mut self, text: &str) {
        let clean = super::hidden::strip(text, &mut self.hidden);
        let trimmed = raw::trim(&clean);
        trimmed.split('\n').for_each(|line| self.line(line));
        if let Some(end) = raw::closing_line(trimmed) {
            self.line(&end);
        }
    }

    pub(crate) fn authored(&mut self, text: &Authored) {
        self.authors += 1;
        self.hidden = self.hidden.saturating_add(text.hidden_removed());
        let resolved = text.resolved_within(self.resolver, self.authors);
        let clean = super::hidden::strip(&resolved, &mut self.hidden);
        let trimmed = raw::trim(&clean);
        trimmed.split('\n').for_each(|line| self.line(line));
        authored::closing(trimmed).iter().for_each(|line| self.line(line));
    }

    fn quote(&mut self, body: impl FnOnce(&mut Self)) {
        self.begin_line();
        self.out.push_str("> ");
        self.begun = Begun::Prefix;
        let outside = self.prefix.len();
        self.prefix.push_str("> ");
        let in_list = std::mem::replace(&mut self.in_list, false);
        body(self);
        self.in_list = in_list;
        self.prefix.truncate(outside);
    }

    fn alert(&mut self, kind: AlertKind, title: &'a [Inline], body: &'a [Block]) {
        self.line(match kind {
            AlertKind::Note => "[!NOTE]",
            AlertKind::Tip => "[!TIP]",
            AlertKind::Important => "[!IMPORTANT]",
            AlertKind::Warning => "[!WARNING]",
            AlertKind::Caution => "[!CAUTION]",
        });
        if visible::inlines(title) {
            self.begin_line();
            let resolver = self.resolver;
            self.with_runs(
                |runs| runs.read(title, STRONG, Some(resolver), false),
                |writer, runs| inline::markdown(&mut writer.out, &writer.prefix, runs, Place::Paragraph { item: false }),
            );
            self.out.push('\n');
            if body.iter().any(visible::block) {
                self.blank_line();
            }
        }
        self.blocks(body, false);
    }

    fn list(&mut self, list: &'a List, alternate: bool) {
        let tight = list.items.iter().all(is_tight);
        let in_list = std::mem::replace(&mut self.in_list, true);
        for (index, item) in list.items.iter().enumerate() {
            if index > 0 && !tight {
                self.blank_line();
            }
            self.begin_line();
            let before = self.out.len();
            match list.start {
                None => self.out.push_str(if alternate { "+ " } else { "- " }),
                Some(start) => {
                    self.out.push_str(&number(start, index).to_string());
                    self.out.push_str(if alternate { ") " } else { ". " });
                }
            }
            let width = self.out.len() - before;
            self.begun = Begun::Marker;
            let outside = self.prefix.len();
            self.prefix.extend(std::iter::repeat_n(' ', width));
            self.item(item, tight);
            self.prefix.truncate(outside);
        }
        self.in_list = in_list;
    }

    fn item(&mut self, item: &'a Item, tight: bool) {
        if let Some(done) = item.done {
            self.out.push_str(if done { "[x] " } else { "[ ] " });
            self.begun = Begun::Prefix;
            match item.body.iter().find(|block| visible::block(block)) {
                Some(Block::Paragraph(_) | Block::Marker(_)) | None => {}
                Some(Block::List(_)) if tight => self.end_empty_line(),
                // The box needs a paragraph of its own before anything else, and a paragraph something in it.
                Some(_) => {
                    self.line("<!-- -->");
                    self.blank_line();
                }
            }
        }
        self.blocks(&item.body, tight);
        if self.begun != Begun::Nothing {
            let line = self.out.rsplit('\n').next().unwrap_or_default();
            let dashes = line.bytes().rev().take_while(|byte| matches!(byte, b'-' | b' ')).filter(|byte| *byte == b'-').count();
            // Three markers and nothing else would be a thematic break.
            self.out.push_str(if dashes > 2 { "<!-- -->" } else { "" });
            self.end_empty_line();
        }
    }

    /// Ends a line that has nothing but its prefix and marker.
    fn end_empty_line(&mut self) {
        let end = self.out.trim_end_matches(' ').len();
        self.out.truncate(end);
        self.out.push('\n');
        self.begun = Begun::Nothing;
    }

    /// Begins a line, unless what encloses it has begun it already.
    pub(crate) fn begin_line(&mut self) {
        if std::mem::replace(&mut self.begun, Begun::Nothing) == Begun::Nothing {
            self.out.push_str(&self.prefix);
        }
    }

    /// Writes one line; an empty one without trailing blanks.
    pub(crate) fn line(&mut self, text: &str) {
        if text.is_empty() && self.begun == Begun::Nothing {
            self.blank_line();
            return;
        }
        self.begin_line();
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// Writes a blank line within what is open.
    pub(crate) fn blank_line(&mut self) {
        self.out.push_str(self.prefix.trim_end_matches(' '));
        self.out.push('\n');
    }
}

/// The number of an ordered list's item; the last that there is stands for all beyond.
pub(crate) fn number(start: u32, index: usize) -> u64 {
    (u64::from(start) + index as u64).min(LAST_NUMBER)
}

/// Whether the second of two neighbours is a list that would continue the first.
fn continues(previous: &Block, block: &Block) -> bool {
    matches!((previous, block), (Block::List(a), Block::List(b)) if a.start.is_some() == b.start.is_some())
}

/// Whether an item needs no blank line: a paragraph, a list, or a paragraph and a list that can follow it directly.
fn is_tight(item: &Item) -> bool {
    let mut body = item.body.iter().filter(|block| visible::block(block));
    match (body.next(), body.next(), body.next()) {
        (None | Some(Block::Paragraph(_) | Block::Marker(_)), None, _) => true,
        (Some(Block::List(list)), None, _) => item.done.is_none() || interrupts(list),
        (Some(Block::Paragraph(_) | Block::Marker(_)), Some(Block::List(list)), None) => interrupts(list),
        _ => false,
    }
}

/// Whether a list can follow a paragraph's line directly (CommonMark 5.2): it does not begin with an empty item, nor with another number than 1.
fn interrupts(list: &List) -> bool {
    let begins = list.items.first().is_some_and(|item| item.done.is_some() || item.body.iter().any(visible::block));
    begins && matches!(list.start, None | Some(1))
}

/// A code block's language: the first word, of characters that mean nothing else in an info string.
pub(crate) fn info(language: &str) -> Option<String> {
    let word = language.split_whitespace().next()?;
    let clean: String = word.chars().filter(|c| c.is_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.' | '/')).collect();
    (!clean.is_empty()).then_some(clean)
}
