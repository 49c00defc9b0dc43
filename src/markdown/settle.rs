//! Settles a row of atoms: merges what is alike, and puts blanks and line breaks where Markdown can have them.
//!
//! Blanks beside a break or at the ends go; those at a mark's border come out of it. Knows nothing of how atoms came to be.

use super::runs::{Atom, Kind};

impl Atom<'_> {
    /// White space or a line break.
    pub(crate) fn is_soft(&self, text: &str) -> bool {
        match self.kind {
            Kind::Text => text[self.start..self.end].trim().is_empty(),
            Kind::Break => true,
            _ => false,
        }
    }

    /// Whether `next` is more of the same; two code spans could not stand side by side.
    fn continues_in(&self, next: &Self) -> bool {
        let alike = matches!((&self.kind, &next.kind), (Kind::Text, Kind::Text) | (Kind::Code, Kind::Code));
        alike && self.marks == next.marks && self.end == next.start
    }
}

/// Splits white space off the ends of texts.
pub(crate) fn explode<'a>(text: &str, atoms: Vec<Atom<'a>>) -> Vec<Atom<'a>> {
    let mut out = Vec::with_capacity(atoms.len() + 4);
    for atom in atoms {
        if !matches!(atom.kind, Kind::Text) {
            out.push(atom);
            continue;
        }
        let piece = &text[atom.start..atom.end];
        let lead = piece.len() - piece.trim_start().len();
        let core = piece.trim().len();
        let mut at = atom.start;
        for length in [lead, core, piece.len() - lead - core] {
            if length > 0 {
                out.push(Atom { kind: Kind::Text, marks: atom.marks, start: at, end: at + length });
                at += length;
            }
        }
    }
    out
}

/// Settles `atoms` over `text`.
pub(crate) fn settle<'a>(text: &str, atoms: &mut Vec<Atom<'a>>) {
    if let [Atom { kind: Kind::Text, marks: 0, start, end }] = atoms.as_mut_slice() {
        let piece = &text[*start..*end];
        *start += piece.len() - piece.trim_start().len();
        *end = *start + piece.trim().len();
        if start == end {
            atoms.clear();
        }
        return;
    }
    let mut pieces = drop_blanks(text, explode(text, std::mem::take(atoms)));
    share_marks(text, &mut pieces);
    for piece in pieces {
        match atoms.last_mut() {
            Some(last) if last.continues_in(&piece) => last.end = piece.end,
            _ => atoms.push(piece),
        }
    }
}

/// Blanks and breaks at the ends go, and blanks beside a break.
fn drop_blanks<'a>(text: &str, pieces: Vec<Atom<'a>>) -> Vec<Atom<'a>> {
    let is_break = |atom: &Atom<'_>| matches!(atom.kind, Kind::Break);
    let mut kept: Vec<Atom<'a>> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        if is_break(&piece) {
            while kept.last().is_some_and(|last| !is_break(last) && last.is_soft(text)) {
                kept.pop();
            }
        }
        let begins_line = kept.last().is_none_or(is_break);
        let goes = if is_break(&piece) { kept.is_empty() } else { begins_line && piece.is_soft(text) };
        if !goes {
            kept.push(piece);
        }
    }
    while kept.last().is_some_and(|last| last.is_soft(text)) {
        kept.pop();
    }
    kept
}

/// A blank, break or anchor stands only under the marks of both neighbours.
fn share_marks(text: &str, pieces: &mut [Atom<'_>]) {
    let shares = |piece: &Atom<'_>| matches!(piece.kind, Kind::Anchor) || piece.is_soft(text);
    let mut left = 0;
    for piece in pieces.iter_mut() {
        if shares(piece) {
            piece.marks &= left;
        } else {
            left = piece.marks;
        }
    }
    let mut right = 0;
    for piece in pieces.iter_mut().rev() {
        if shares(piece) {
            piece.marks &= right;
        } else {
            right = piece.marks;
        }
    }
}
