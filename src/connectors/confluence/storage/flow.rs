//! Collects running text and blocks in reading order: the one place that knows how white space collapses, and that a block within a paragraph ends it and opens
//! another after it, with the same marks.
//!
//! Guarantees: linear time; no paragraph without visible content. Does not know elements.

use crate::markdown::{Block, Inline, Target};

/// A mark, open until it is closed.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    Strong,
    Emphasis,
    Strike,
    Subscript,
    Superscript,
    /// Text in it is code.
    Code,
    /// A link, and in how many parts it was written before.
    Link(Target, usize),
    /// Nothing: a mark within its like, which shows no more than that.
    Plain,
}

/// Over how many blocks one link may reach: each has its address again.
const MAX_PARTS: usize = 16;

/// What the editor shows in a box of its own within text.
#[derive(Debug)]
pub(super) enum Chip {
    Date(String),
    Other(Inline),
}

/// What a run of text becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Paragraph,
    Heading(u8),
}

/// A sink for text and blocks.
#[derive(Debug)]
pub(super) struct Flow {
    blocks: Vec<Block>,
    holder: Holder,
    text: Vec<Inline>,
    marks: Vec<(Mark, Vec<Inline>)>,
    /// How many open marks are [`Mark::Code`].
    code: usize,
    /// How many elements are open that say themselves that they are a run of text.
    paragraphs: usize,
    /// Whether a blank here would be one too many.
    after_blank: bool,
    /// Whether what was written last is a [`Chip`].
    after_chip: bool,
    /// Whether nothing visible stands in the line yet.
    line_start: bool,
    /// Whether the run has anything visible.
    shows: bool,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self {
            blocks: Vec::new(),
            holder: Holder::Paragraph,
            text: Vec::new(),
            marks: Vec::new(),
            code: 0,
            paragraphs: 0,
            after_blank: true,
            after_chip: false,
            line_start: true,
            shows: false,
        }
    }

    pub(super) fn finish(mut self) -> Vec<Block> {
        self.end_run();
        self.blocks
    }

    /// Whether text is code here.
    pub(super) fn in_code(&self) -> bool {
        self.code > 0
    }

    /// Whether what comes now stands within text, and not between blocks.
    pub(super) fn in_text(&self) -> bool {
        self.paragraphs > 0 || self.shows || !self.marks.is_empty()
    }

    /// Text, of which white space collapses: to one blank in all of a run, to none at its start. A no-break space is a blank, a zero-width one nothing.
    pub(super) fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let (mut start, mut at) = (0, 0);
        while let Some(byte) = bytes.get(at) {
            let (skip, blank) = match byte {
                // The plain case, a blank between two words, stays within its piece.
                b' ' if at > start && self.code == 0 && bytes.get(at + 1).is_some_and(|next| next.is_ascii_graphic()) => (0, false),
                b' ' | b'\t' | b'\n' | b'\r' | 0x0c => (1, true),
                0xc2 if bytes.get(at + 1) == Some(&0xa0) => (2, true),
                0xe2 | 0xef if text[at..].starts_with(['\u{200b}', '\u{feff}']) => (3, false),
                _ => (0, false),
            };
            if skip == 0 {
                at += 1;
                continue;
            }
            self.visible(&text[start..at]);
            if blank {
                self.blank();
            }
            at += skip;
            start = at;
        }
        self.visible(&text[start..]);
    }

    fn visible(&mut self, piece: &str) {
        if !piece.is_empty() {
            self.append(piece);
            self.shown();
        }
    }

    fn shown(&mut self) {
        self.after_blank = false;
        self.after_chip = false;
        self.line_start = false;
        self.shows = true;
    }

    fn blank(&mut self) {
        // Within code blanks are exact, and so is its indentation at the start of a line.
        if self.code > 0 && (self.line_start || matches!(self.here().last(), Some(Inline::Code(_)))) {
            self.append(" ");
        } else if !self.after_blank {
            self.append_text(" ");
            self.after_blank = true;
        }
    }

    fn append(&mut self, piece: &str) {
        if self.code == 0 {
            return self.append_text(piece);
        }
        match self.here().last_mut() {
            Some(Inline::Code(text)) => text.push_str(piece),
            _ => push(self.here(), Inline::Code(piece.to_owned())),
        }
    }

    fn append_text(&mut self, piece: &str) {
        match self.here().last_mut() {
            Some(Inline::Text(text)) => text.push_str(piece),
            _ => push(self.here(), Inline::Text(piece.to_owned())),
        }
    }

    fn here(&mut self) -> &mut Vec<Inline> {
        self.marks.last_mut().map_or(&mut self.text, |(_, content)| content)
    }

    /// Something visible that is no text.
    pub(super) fn inline(&mut self, inline: Inline) {
        push(self.here(), inline);
        self.shown();
    }

    /// A lozenge, date or mention: two of them side by side are two words, and a word before a date is none of its digits.
    pub(super) fn chip(&mut self, chip: Chip) {
        let is_date = matches!(chip, Chip::Date(_));
        let glued = matches!(self.here().last(), Some(Inline::Text(text)) if is_date && text.ends_with(|c: char| c.is_ascii_alphanumeric()));
        if (self.after_chip || glued) && !self.after_blank {
            self.blank();
        }
        match chip {
            Chip::Date(day) => self.text(&day),
            Chip::Other(inline) => self.inline(inline),
        }
        self.after_chip = true;
    }

    /// A line break; at the start of a run it would show nothing.
    pub(super) fn line_break(&mut self) {
        if self.shows {
            self.here().push(Inline::Break);
            self.after_blank = true;
            self.line_start = true;
        }
    }

    /// Opens a mark, which [`Flow::close`] closes.
    pub(super) fn open(&mut self, mark: Mark) {
        let kind = std::mem::discriminant(&mark);
        let mark = if self.marks.iter().any(|(open, _)| std::mem::discriminant(open) == kind) { Mark::Plain } else { mark };
        self.code += usize::from(matches!(mark, Mark::Code));
        self.marks.push((mark, Vec::new()));
    }

    /// Closes the innermost mark. A link in which nothing was written gets `otherwise`.
    pub(super) fn close(&mut self, otherwise: Option<&str>) {
        let Some((mark, content)) = self.marks.pop() else { return };
        self.code -= usize::from(matches!(mark, Mark::Code));
        match mark {
            Mark::Link(target, 0) if !content.iter().any(shows) => {
                let content = otherwise.map(|text| Inline::Text(text.to_owned())).into_iter().collect();
                self.inline(Inline::Link { target, content });
            }
            Mark::Plain if !content.iter().any(shows) => {
                self.wrap(Mark::Plain, content);
                self.text(otherwise.unwrap_or_default());
            }
            mark => self.wrap(mark, content),
        }
    }

    /// Puts `content` into what is around `mark`.
    fn wrap(&mut self, mark: Mark, mut content: Vec<Inline>) {
        // Blanks alone have no marks.
        if !content.iter().any(shows) {
            if content.contains(&Inline::Break) {
                self.here().push(Inline::Break);
            } else if !content.is_empty() {
                self.append_text(" ");
            }
            return;
        }
        let here = self.here();
        let inline = match mark {
            Mark::Plain => return here.append(&mut content),
            Mark::Strong => Inline::Strong(content),
            Mark::Emphasis => Inline::Emphasis(content),
            Mark::Strike => Inline::Strike(content),
            Mark::Subscript => Inline::Subscript(content),
            Mark::Superscript => Inline::Superscript(content),
            Mark::Link(target, _) => Inline::Link { target, content },
            Mark::Code => {
                let blank = trim_code(&mut content);
                here.append(&mut content);
                if blank {
                    self.append_text(" ");
                    self.after_blank = true;
                }
                return;
            }
        };
        push(here, inline);
    }

    /// Ends the run of text; open marks go on in the next.
    pub(super) fn end_run(&mut self) {
        let mut again = Vec::with_capacity(self.marks.len());
        while let Some((mark, content)) = self.marks.pop() {
            let shown = content.iter().any(shows);
            again.push(match &mark {
                Mark::Link(_, MAX_PARTS..) => Mark::Plain,
                Mark::Link(target, parts) => Mark::Link(target.clone(), parts + usize::from(shown)),
                mark => mark.clone(),
            });
            self.wrap(mark, content);
        }
        let mut content = std::mem::take(&mut self.text);
        if self.shows {
            trim_end(&mut content);
            let block = match self.holder {
                Holder::Paragraph => Block::Paragraph(content),
                Holder::Heading(level) => Block::Heading { level, content: plainly(content) },
            };
            push(&mut self.blocks, block);
        }
        self.marks.extend(again.into_iter().rev().map(|mark| (mark, Vec::new())));
        self.after_blank = true;
        self.after_chip = false;
        self.line_start = true;
        self.shows = false;
    }

    /// Begins a run of its own, which [`Flow::end_paragraph`] ends; gives what to return to.
    pub(super) fn begin_paragraph(&mut self, holder: Holder) -> Holder {
        self.end_run();
        self.paragraphs += 1;
        std::mem::replace(&mut self.holder, holder)
    }

    pub(super) fn end_paragraph(&mut self, before: Holder) {
        self.end_run();
        self.paragraphs -= 1;
        self.holder = before;
    }

    /// A block, between runs of text.
    pub(super) fn block(&mut self, block: Block) {
        self.end_run();
        push(&mut self.blocks, block);
    }

    /// Blocks, between runs of text.
    pub(super) fn append_blocks(&mut self, blocks: Vec<Block>) {
        self.end_run();
        self.blocks.extend(blocks);
    }
}

/// Pushes with room for one: most paragraphs, items and cells hold one thing, and there may be hundreds of thousands of them.
fn push<T>(list: &mut Vec<T>, thing: T) {
    if list.capacity() == 0 {
        list.reserve_exact(1);
    }
    list.push(thing);
}

/// Whether an inline is more than blanks and breaks.
fn shows(inline: &Inline) -> bool {
    match inline {
        Inline::Text(text) => text != " ",
        Inline::Code(text) => text.contains(|c| c != ' '),
        Inline::Break => false,
        _ => true,
    }
}

/// A heading's content without bold, where all of it is bold: that says no more than that it is a heading.
fn plainly(content: Vec<Inline>) -> Vec<Inline> {
    if !content.iter().all(|inline| matches!(inline, Inline::Strong(_)) || !shows(inline)) {
        return content;
    }
    let inner = |inline| if let Inline::Strong(inner) = inline { inner } else { vec![inline] };
    content.into_iter().flat_map(inner).collect()
}

/// Cuts blanks and breaks off the end.
fn trim_end(content: &mut Vec<Inline>) {
    while let Some(last) = content.last_mut() {
        match last {
            Inline::Break => {}
            Inline::Text(text) => {
                text.truncate(text.trim_end_matches(' ').len());
                if !text.is_empty() {
                    return;
                }
            }
            _ => return,
        }
        content.pop();
    }
}

/// Cuts blanks off a code span's end; whether there were any.
fn trim_code(content: &mut [Inline]) -> bool {
    let Some(Inline::Code(text)) = content.last_mut() else { return false };
    let length = text.trim_end_matches(' ').len();
    let blank = length < text.len();
    text.truncate(length);
    blank
}
