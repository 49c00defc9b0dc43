//! Where running text grows: collapses white space, merges like neighbours, and closes a paragraph with all its marks wherever a block comes between.
//!
//! Guarantees: no text begins or ends with a blank at a paragraph's edge; blanks stand outside of marks; no mark is empty.

use crate::markdown::{Block, Inline, Target};

/// What text can stand in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    Strong,
    Emphasis,
    Strike,
    Subscript,
    Superscript,
    Link(Target),
    /// Changes nothing: a mark within its own kind, or within code.
    Plain,
    Code,
}

struct Level {
    mark: Mark,
    inlines: Vec<Inline>,
}

/// Blocks, and the paragraph that is being written.
pub(super) struct Flow {
    blocks: Vec<Block>,
    levels: Vec<Level>,
    /// White space was met that is not written yet.
    blank: bool,
    /// Something stands in the line already.
    started: bool,
    /// How many paragraphs, headings or marks are open in the source: a macro in one of them is a part of its text.
    pub(super) inside: usize,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self { blocks: Vec::new(), levels: vec![Level { mark: Mark::Plain, inlines: Vec::new() }], blank: false, started: false, inside: 0 }
    }

    /// True where a macro would be a part of running text.
    pub(super) fn in_line(&self) -> bool {
        self.inside > 0 || self.started
    }

    fn has(&self, mark: &Mark) -> bool {
        self.levels.iter().any(|level| std::mem::discriminant(&level.mark) == std::mem::discriminant(mark))
    }

    fn in_code(&self) -> bool {
        self.has(&Mark::Code)
    }

    /// Opens a mark; each is closed by [`Flow::close`].
    pub(super) fn open(&mut self, mark: Mark) {
        let idle = self.has(&mark) || (self.in_code() && !matches!(mark, Mark::Link(_)));
        let mark = if idle { Mark::Plain } else { mark };
        self.inside += 1;
        self.levels.push(Level { mark, inlines: Vec::new() });
    }

    /// Closes the mark opened last.
    pub(super) fn close(&mut self) {
        if self.levels.len() < 2 {
            return;
        }
        self.inside = self.inside.saturating_sub(1);
        if let Some(level) = self.levels.pop() {
            self.fold(level);
        }
    }

    fn fold(&mut self, level: Level) {
        if level.inlines.is_empty() {
            return;
        }
        let Some(parent) = self.levels.last_mut() else { return };
        let wrapped = match level.mark {
            Mark::Plain | Mark::Code => {
                for inline in level.inlines {
                    append(&mut parent.inlines, inline);
                }
                return;
            }
            Mark::Strong => Inline::Strong(level.inlines),
            Mark::Emphasis => Inline::Emphasis(level.inlines),
            Mark::Strike => Inline::Strike(level.inlines),
            Mark::Subscript => Inline::Subscript(level.inlines),
            Mark::Superscript => Inline::Superscript(level.inlines),
            Mark::Link(target) => Inline::Link { target, content: level.inlines },
        };
        append(&mut parent.inlines, wrapped);
    }

    /// Writes text: white space collapses, zero-width characters vanish; in code a blank is a blank.
    pub(super) fn text(&mut self, text: &str) {
        if self.in_code() {
            let text: String = text.chars().filter(|c| !zero_width(*c)).map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
            if !text.trim().is_empty() || self.levels.last().is_some_and(|level| !level.inlines.is_empty()) {
                self.push(Inline::Code(text));
            } else if !text.is_empty() {
                self.blank = true;
            }
            return;
        }
        let mut run = String::new();
        for c in text.chars() {
            if c.is_whitespace() {
                if !run.is_empty() {
                    self.push(Inline::Text(std::mem::take(&mut run)));
                }
                self.blank = true;
            } else if !zero_width(c) {
                if self.blank && self.started && run.is_empty() && self.may_lead_blank() {
                    // The common case: a blank within one run.
                    run.push(' ');
                    self.blank = false;
                }
                run.push(c);
            }
        }
        if !run.is_empty() {
            self.push(Inline::Text(run));
        }
    }

    fn may_lead_blank(&self) -> bool {
        self.levels.last().is_some_and(|level| !level.inlines.is_empty())
    }

    /// Writes something that stands in a line.
    pub(super) fn push(&mut self, inline: Inline) {
        if matches!(inline, Inline::Break) {
            self.blank = false;
            if self.started {
                self.started = false;
                self.append_here(inline);
            }
            return;
        }
        if std::mem::take(&mut self.blank) && self.started {
            // The blank belongs outside of the marks that have just been opened.
            let at = self.levels.iter().rposition(|level| !level.inlines.is_empty()).unwrap_or(0);
            if let Some(level) = self.levels.get_mut(at) {
                append(&mut level.inlines, Inline::Text(" ".to_owned()));
            }
        }
        self.started = true;
        self.append_here(inline);
    }

    fn append_here(&mut self, inline: Inline) {
        if let Some(level) = self.levels.last_mut() {
            append(&mut level.inlines, inline);
        }
    }

    /// Writes a blank if something stands to the left.
    pub(super) fn blank(&mut self) {
        self.blank = true;
    }

    /// Ends the paragraph; open marks go on in the next.
    pub(super) fn flush(&mut self) {
        self.blank = false;
        let marks: Vec<Mark> = self.levels.iter().skip(1).map(|level| level.mark.clone()).collect();
        while self.levels.len() > 1 {
            if let Some(level) = self.levels.pop() {
                self.fold(level);
            }
        }
        if let Some(root) = self.levels.last_mut() {
            let mut inlines = std::mem::take(&mut root.inlines);
            while matches!(inlines.last(), Some(Inline::Break)) {
                inlines.pop();
            }
            if let [Inline::Marker(marker)] = inlines.as_mut_slice() {
                self.blocks.push(Block::Marker(std::mem::take(marker)));
            } else if !inlines.is_empty() {
                self.blocks.push(Block::Paragraph(inlines));
            }
        }
        self.levels.extend(marks.into_iter().map(|mark| Level { mark, inlines: Vec::new() }));
        self.started = false;
    }

    /// Writes a block of its own.
    pub(super) fn block(&mut self, block: Block) {
        self.flush();
        self.blocks.push(block);
    }

    /// Writes blocks.
    pub(super) fn extend(&mut self, blocks: Vec<Block>) {
        self.flush();
        self.blocks.extend(blocks);
    }

    /// A visible note, in the line or on its own as its place demands.
    pub(super) fn marker(&mut self, text: String) {
        if self.in_line() { self.push(Inline::Marker(text)) } else { self.block(Block::Marker(text)) }
    }

    /// All blocks.
    pub(super) fn finish(mut self) -> Vec<Block> {
        while self.levels.len() > 1 {
            self.close();
        }
        self.flush();
        self.blocks
    }
}

fn zero_width(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{feff}')
}

/// Appends, merging with a neighbour of the same kind.
fn append(inlines: &mut Vec<Inline>, inline: Inline) {
    match (inlines.last_mut(), inline) {
        (Some(Inline::Text(last)), Inline::Text(text)) | (Some(Inline::Code(last)), Inline::Code(text)) => last.push_str(&text),
        (Some(Inline::Strong(last)), Inline::Strong(more))
        | (Some(Inline::Emphasis(last)), Inline::Emphasis(more))
        | (Some(Inline::Strike(last)), Inline::Strike(more))
        | (Some(Inline::Subscript(last)), Inline::Subscript(more))
        | (Some(Inline::Superscript(last)), Inline::Superscript(more)) => {
            for inline in more {
                append(last, inline);
            }
        }
        (_, inline) => inlines.push(inline),
    }
}
