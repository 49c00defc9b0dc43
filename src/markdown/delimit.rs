//! Chooses for each span between Markdown's delimiters and HTML tags: delimiters wherever CommonMark surely reads them back, tags elsewhere.
//!
//! CommonMark lets a delimiter open or close by the characters beside it (its "flanking" rules, section 6.2), and by which others it could pair with. `**foo:**bar` is no
//! strong text; `<strong>foo:</strong>bar` is. Where versions of Unicode or CommonMark differ about a character, a tag is written.

use super::nest::Step;
use super::runs::{Atom, EMPHASIS, Kind, STRIKE, STRONG};

/// What stands beside a delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// White space, or an end of the text.
    Blank,
    /// Surely punctuation.
    Punct,
    /// Surely a letter or digit.
    Word,
    /// Anything else: symbols count as punctuation since CommonMark 0.31 only.
    Unsure,
}

/// What `c` is beside a delimiter.
pub(crate) fn side(c: char) -> Side {
    match c {
        _ if c.is_ascii_alphanumeric() => Side::Word,
        _ if c.is_whitespace() => Side::Blank,
        _ if c.is_ascii_punctuation() => Side::Punct,
        // Quotation marks, dashes, ellipsis; CJK and full-width punctuation that is no symbol.
        '«' | '»' | '¡' | '¿' | '§' | '¶' | '·' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{2043}' => Side::Punct,
        '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301F}' => Side::Punct,
        '\u{FF01}'..='\u{FF03}' | '\u{FF05}'..='\u{FF0A}' | '\u{FF0C}'..='\u{FF0F}' | '\u{FF1A}' | '\u{FF1B}' | '\u{FF1F}' => Side::Punct,
        // Letters in circles and squares are alphabetic symbols.
        '\u{24B6}'..='\u{24E9}' | '\u{1F130}'..='\u{1F189}' => Side::Unsure,
        _ if c.is_alphanumeric() => Side::Word,
        _ => Side::Unsure,
    }
}

/// For each span whether it is written as HTML tags. `around` stands before and after the row; `break_after` is what a line break leaves at its end.
pub(crate) fn choose(text: &str, atoms: &[Atom<'_>], steps: &[Step], spans: &[u8], around: Side, break_after: Side) -> Vec<bool> {
    let html = spans.iter().map(|mark| mark & (STRONG | EMPHASIS | STRIKE) == 0).collect();
    let mut row = Row { text, atoms, steps, spans, around, break_after, html };
    // A tag in place of a delimiter changes what its neighbours see; marks nest a few deep, so this settles at once.
    for _ in 0..8 {
        if !row.pass() {
            return row.html;
        }
    }
    vec![true; spans.len()]
}

struct Row<'a, 't> {
    text: &'a str,
    atoms: &'a [Atom<'t>],
    steps: &'a [Step],
    spans: &'a [u8],
    around: Side,
    break_after: Side,
    html: Vec<bool>,
}

/// A run of `*`, or one `~~`, as seen from one of its delimiters.
struct Run {
    left: Side,
    right: Side,
    /// Characters in it.
    length: usize,
    /// Its first step.
    start: usize,
    /// It holds both closing and opening delimiters, and so would be read as something else.
    mixed: bool,
}

impl Row<'_, '_> {
    /// Turns spans that would not be read back into tags; false when there was none.
    fn pass(&mut self) -> bool {
        let mut changed = false;
        // Open spans of `*`, with start and length of their opening runs.
        let mut open: Vec<(usize, usize)> = Vec::new();
        for at in 0..self.steps.len() {
            let (Step::Open(span) | Step::Close(span)) = self.steps[at] else { continue };
            if self.html[span] {
                continue;
            }
            let star = self.spans[span] != STRIKE;
            let run = self.run(at);
            let fits = if matches!(self.steps[at], Step::Open(_)) {
                let outer = open.iter().rev().find(|(start, _)| *start != run.start);
                let closes_outer = star && outer.is_some_and(|(_, length)| run.could_close(*length));
                if star {
                    open.push((run.start, run.length));
                }
                run.can_open() && !run.mixed && !closes_outer
            } else {
                if star {
                    open.pop();
                }
                run.can_close()
            };
            if !fits {
                self.html[span] = true;
                changed = true;
                if star && matches!(self.steps[at], Step::Open(_)) {
                    open.pop();
                }
            }
        }
        changed
    }

    fn run(&self, at: usize) -> Run {
        let opens = matches!(self.steps[at], Step::Open(_));
        let mut run = Run { left: self.around, right: self.around, length: self.length(at), start: at, mixed: false };
        for before in (0..at).rev() {
            if self.same_kind(at, before) {
                if opens && matches!(self.steps[before], Step::Close(_)) {
                    run.mixed = true;
                }
                run.length += self.length(before);
                run.start = before;
                continue;
            }
            run.left = self.left_of(before + 1);
            break;
        }
        for after in at + 1..self.steps.len() {
            if self.same_kind(at, after) && (opens || matches!(self.steps[after], Step::Close(_))) {
                run.length += self.length(after);
                continue;
            }
            run.right = self.right_of(after);
            break;
        }
        run
    }

    fn same_kind(&self, a: usize, b: usize) -> bool {
        let kind = |at: usize| match self.steps[at] {
            Step::Open(span) | Step::Close(span) if !self.html[span] => Some(self.spans[span] == STRIKE),
            _ => None,
        };
        kind(a) == kind(b)
    }

    fn length(&self, at: usize) -> usize {
        match self.steps[at] {
            Step::Open(span) | Step::Close(span) if self.spans[span] == EMPHASIS => 1,
            _ => 2,
        }
    }

    /// What stands before the step `at`.
    fn left_of(&self, at: usize) -> Side {
        match at.checked_sub(1).map(|before| self.steps[before]) {
            None => self.around,
            Some(Step::Atom(index)) => {
                let atom = &self.atoms[index];
                match atom.kind {
                    Kind::Text => self.text[atom.start..atom.end].chars().next_back().map_or(Side::Unsure, side),
                    Kind::Break => self.break_after,
                    _ => Side::Punct,
                }
            }
            Some(Step::Open(span) | Step::Close(span)) if self.is_tilde(span) => seen_through(self.left_of(at - 1)),
            Some(_) => Side::Punct,
        }
    }

    /// What the step `at` begins with.
    fn right_of(&self, at: usize) -> Side {
        match self.steps.get(at) {
            None => self.around,
            Some(Step::Atom(index)) => {
                let atom = &self.atoms[*index];
                match atom.kind {
                    Kind::Text => self.text[atom.start..atom.end].chars().next().map_or(Side::Unsure, side),
                    _ => Side::Punct,
                }
            }
            Some(Step::Open(span) | Step::Close(span)) if self.is_tilde(*span) => seen_through(self.right_of(at + 1)),
            Some(_) => Side::Punct,
        }
    }

    fn is_tilde(&self, span: usize) -> bool {
        self.spans[span] == STRIKE && !self.html[span]
    }
}

/// What a `~~` is beside a delimiter: CommonMark sees punctuation, GitHub's parser looks through it at what is `beyond`. Both must agree.
fn seen_through(beyond: Side) -> Side {
    match beyond {
        Side::Blank | Side::Punct => Side::Punct,
        Side::Word | Side::Unsure => Side::Unsure,
    }
}

impl Run {
    fn can_open(&self) -> bool {
        self.right == Side::Word || (matches!(self.right, Side::Punct | Side::Unsure) && matches!(self.left, Side::Blank | Side::Punct))
    }

    fn can_close(&self) -> bool {
        self.left == Side::Word || (matches!(self.left, Side::Punct | Side::Unsure) && matches!(self.right, Side::Blank | Side::Punct))
    }

    /// Whether this opening run might be taken to close an outer one of `length`: it may stand at an end, and the lengths do not sum to three.
    fn could_close(&self, length: usize) -> bool {
        let surely_not = self.left == Side::Blank || (self.left == Side::Punct && self.right == Side::Word);
        let thirds = (length + self.length).is_multiple_of(3) && !(length.is_multiple_of(3) && self.length.is_multiple_of(3));
        !surely_not && !thirds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_sure_only_where_all_agree() {
        for (c, expected) in [
            ('a', Side::Word),
            ('9', Side::Word),
            ('é', Side::Word),
            ('次', Side::Word),
            (' ', Side::Blank),
            ('\u{A0}', Side::Blank),
            (':', Side::Punct),
            ('$', Side::Punct),
            ('：', Side::Punct),
            ('…', Side::Punct),
            ('€', Side::Unsure),
            ('🚀', Side::Unsure),
            ('Ⓐ', Side::Unsure),
            ('\u{301}', Side::Unsure),
        ] {
            assert_eq!(side(c), expected, "{c:?}");
        }
    }
}
