//! Nests a row of atoms: where each mark opens and closes, the longest outermost.
//!
//! Guarantees: every span closes after it opened and inside what encloses it; equal rows nest equally. Does not know how a mark is written.

use super::runs::{Atom, MARKS};

/// What comes next, reading from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The span with this number opens.
    Open(usize),
    /// The span with this number closes.
    Close(usize),
    /// The atom with this number.
    Atom(usize),
}

/// The steps through `atoms`, and the mark of each span.
pub(crate) fn nest(atoms: &[Atom<'_>]) -> (Vec<Step>, Vec<u8>) {
    if atoms.iter().all(|atom| atom.marks == 0) {
        return ((0..atoms.len()).map(Step::Atom).collect(), Vec::new());
    }
    let mut steps = Vec::with_capacity(atoms.len() + 8);
    let mut spans = Vec::new();
    let ends = ends(atoms);
    let mut open: Vec<usize> = Vec::new();
    for (index, atom) in atoms.iter().enumerate() {
        // All down to the outermost span that ends here close; those above it that go on open again.
        let keep = open.iter().take_while(|span| atom.marks & spans[**span] != 0).count();
        for span in open.drain(keep..).rev() {
            steps.push(Step::Close(span));
        }
        let mut under = open.iter().fold(0, |under, span| under | spans[*span]);
        while under != atom.marks {
            let next =
                (0..MARKS.len()).filter(|mark| atom.marks & !under & MARKS[*mark] != 0).max_by_key(|mark| (ends[index][*mark], MARKS.len() - mark));
            let Some(mark) = next else { break };
            steps.push(Step::Open(spans.len()));
            open.push(spans.len());
            spans.push(MARKS[mark]);
            under |= MARKS[mark];
        }
        steps.push(Step::Atom(index));
    }
    steps.extend(open.drain(..).rev().map(Step::Close));
    (steps, spans)
}

/// For each atom and mark, the first atom after it that does not stand under the mark.
fn ends(atoms: &[Atom<'_>]) -> Vec<[usize; MARKS.len()]> {
    let mut ends = vec![[0; MARKS.len()]; atoms.len()];
    let mut next = [atoms.len(); MARKS.len()];
    for (index, atom) in atoms.iter().enumerate().rev() {
        for (mark, next) in MARKS.iter().zip(&mut next) {
            if atom.marks & mark == 0 {
                *next = index;
            }
        }
        ends[index] = next;
    }
    ends
}
