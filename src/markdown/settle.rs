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
    let mut pieces = explode(text, std::mem::take(atoms));
    drop_blanks(text, &mut pieces);
    share_marks(text, &mut pieces);
    for piece in pieces {
        match atoms.last_mut() {
            Some(last) if last.continues_in(&piece) => last.end = piece.end,
            _ => atoms.push(piece),
        }
    }
}

/// Blanks and breaks at the ends go, and blanks beside a break.
fn drop_blanks(text: &str, pieces: &mut Vec<Atom<'_>>) {
    let visible = |atom: &Atom<'_>| !atom.is_soft(text);
    let end = pieces.iter().rposition(visible).map_or(0, |at| at + 1);
    pieces.truncate(end);
    let mut after_break = true;
    let mut seen = false;
    pieces.retain(|piece| {
        let soft = piece.is_soft(text);
        let is_break = matches!(piece.kind, Kind::Break);
        let keep = !soft || (seen && (is_break || !after_break));
        seen |= !soft;
        after_break = if soft && !is_break { after_break } else { is_break };
        keep
    });
    let mut before_break = false;
    let mut keep: Vec<bool> = Vec::with_capacity(pieces.len());
    for piece in pieces.iter().rev() {
        let is_break = matches!(piece.kind, Kind::Break);
        let blank = piece.is_soft(text) && !is_break;
        keep.push(!(blank && before_break));
        before_break = if blank { before_break } else { is_break };
    }
    let mut keep = keep.into_iter().rev();
    pieces.retain(|_| keep.next().unwrap_or(true));
}

/// A blank or break stands only under the marks of both neighbours.
fn share_marks(text: &str, pieces: &mut [Atom<'_>]) {
    let mut left = 0;
    for piece in pieces.iter_mut() {
        if piece.is_soft(text) {
            piece.marks &= left;
        } else {
            left = piece.marks;
        }
    }
    let mut right = 0;
    for piece in pieces.iter_mut().rev() {
        if piece.is_soft(text) {
            piece.marks &= right;
        } else {
            right = piece.marks;
        }
    }
}
