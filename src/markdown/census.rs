//! Counts what pairs up within a text, so that what stands alone need not be escaped.

use super::escape::{self, Around, Rules};
use super::runs::{Atom, EMPHASIS, Kind, Runs, STRIKE, STRONG};

/// What is alone in a settled row, links' content included.
pub(crate) fn rules(runs: &Runs<'_>) -> Rules {
    let mut census = Census::default();
    census.row(&runs.text, &runs.atoms);
    Rules {
        lone_star: census.stars <= 1 && census.marks & (STRONG | EMPHASIS) == 0,
        lone_underscore: census.underscores <= 1,
        lone_tilde: census.tildes <= 1 && census.marks & STRIKE == 0,
        lone_backtick: census.backticks <= 1 && !census.code,
        dollars: census.math || (census.dollars_open > 0 && census.dollars_close > 0),
        ..Rules::default()
    }
}

/// Runs of each character that pairs up, where they might.
#[derive(Default)]
struct Census {
    stars: u32,
    underscores: u32,
    tildes: u32,
    backticks: u32,
    dollars_open: u32,
    dollars_close: u32,
    code: bool,
    math: bool,
    marks: u8,
}

impl Census {
    fn row(&mut self, text: &str, atoms: &[Atom<'_>]) {
        for atom in atoms {
            self.marks |= atom.marks;
            match &atom.kind {
                Kind::Text | Kind::Image(_) => self.text(&text[atom.start..atom.end]),
                Kind::Code => self.code = true,
                Kind::Math => (self.code, self.math) = (true, true),
                Kind::Link { content, .. } => self.row(text, content),
                Kind::Break | Kind::Anchor | Kind::Person(_) | Kind::Indent(_) => {}
            }
        }
    }

    fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        for at in memchr::memchr_iter(b'$', bytes) {
            let (opens, closes) = escape::dollar(text, at, Around::default());
            self.dollars_open += u32::from(opens);
            self.dollars_close += u32::from(closes);
        }
        if memchr::memchr3(b'*', b'_', b'~', bytes).is_none() && memchr::memchr(b'`', bytes).is_none() {
            return;
        }
        let mut at = 0;
        while let Some(skip) = bytes[at..].iter().position(|byte| escape::is_pair(*byte)) {
            at += skip;
            let run = bytes[at..].iter().take_while(|byte| **byte == bytes[at]).count();
            // In a settled row a blank stands within a line, so that it is the same blank once it is written.
            let between = |words| escape::is_between(text, at, run, Around::default(), words);
            match bytes[at] {
                b'*' => self.stars += u32::from(!between(false)),
                b'_' => self.underscores += u32::from(!between(true)),
                b'~' => self.tildes += u32::from(!between(false)),
                _ => self.backticks += 1,
            }
            at += run;
        }
    }
}
