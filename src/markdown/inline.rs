//! Writes text: a settled row of atoms as Markdown in a paragraph, heading or cell, or as HTML within an HTML table.
//!
//! Every atom is written so that it reads as itself where it stands. Does not know blocks, but for the prefix of a line after a line break.

use super::census;
use super::delimit::{self, Side};
use super::escape::{self, Around, Line, Rules};
use super::link;
use super::nest::{Step, nest};
use super::runs::{Atom, Dest, EMPHASIS, Kind, Runs, STRIKE, STRONG, SUBSCRIPT};

/// Where text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A paragraph; `item` says that it follows a list item's marker directly.
    Paragraph { item: bool },
    /// A heading's single line.
    Heading,
    /// A GFM table's cell.
    Cell,
}

/// Appends the row in `runs`; `prefix` begins each further line.
pub(crate) fn markdown(out: &mut String, prefix: &str, runs: &Runs<'_>, place: Place) {
    let cell = place == Place::Cell;
    let (steps, spans) = nest(&runs.atoms);
    let html = delimit::choose(&runs.text, &runs.atoms, &steps, &spans, Side::Blank, if cell { Side::Punct } else { Side::Blank });
    let rules = Rules { cell, ..census::rules(runs) };
    let mut writer = Inlines { out, prefix, runs, place, rules, first_line: true };
    writer.row(&runs.atoms, &steps, &spans, &html);
}

struct Inlines<'w, 'r, 'a> {
    out: &'w mut String,
    prefix: &'w str,
    runs: &'r Runs<'a>,
    place: Place,
    rules: Rules,
    first_line: bool,
}

impl Inlines<'_, '_, '_> {
    fn row(&mut self, atoms: &[Atom<'_>], steps: &[Step], spans: &[u8], html: &[bool]) {
        let mut starts_line = !self.rules.brackets;
        for (at, step) in steps.iter().enumerate() {
            match *step {
                Step::Open(span) => self.out.push_str(open(spans[span], html[span])),
                Step::Close(span) => self.out.push_str(close(spans[span], html[span])),
                Step::Atom(index) => {
                    let next = steps.get(at + 1).map(|step| match *step {
                        Step::Atom(next) => Some(&atoms[next].kind),
                        _ => None,
                    });
                    // Before a line break stands its backslash or tag.
                    let ends_line = !self.rules.brackets && next.is_none();
                    let before_bracket = matches!(next, Some(Some(Kind::Link { .. })));
                    let around = Around { starts_line, ends_line, before_bracket, force: None };
                    self.atom(&atoms[index], around, next.is_none());
                    starts_line = !self.rules.cell && matches!(atoms[index].kind, Kind::Break);
                    continue;
                }
            }
            starts_line = false;
        }
    }

    fn atom(&mut self, atom: &Atom<'_>, around: Around, last: bool) {
        let text = &self.runs.text[atom.start..atom.end];
        match &atom.kind {
            Kind::Text => {
                let force = self.force(text, around, last);
                escape::text(self.out, text, self.rules, Around { force, ..around });
            }
            Kind::Code => self.code(text),
            Kind::Math => {
                // GitHub's form of a formula in which nothing needs escaping.
                self.out.push('$');
                self.code(text);
                self.out.push('$');
            }
            Kind::Anchor => anchor(self.out, text),
            Kind::Break if self.rules.cell => self.out.push_str("<br>"),
            Kind::Break => {
                self.out.push_str("\\\n");
                self.out.push_str(self.prefix);
                self.first_line = false;
            }
            Kind::Indent(depth) => (0..*depth).for_each(|_| self.out.push_str("&nbsp;&nbsp;")),
            Kind::Image(Dest::Address(address)) => {
                self.out.push_str("![");
                escape::text(self.out, text, Rules { brackets: true, ..self.rules }, Around { force: note_sign(text), ..Around::default() });
                self.destination(address);
            }
            Kind::Link { dest: Dest::Address(address), content } => self.link(address, content),
            // Only a row that is not resolved holds these, and none such is written.
            Kind::Image(Dest::Target(_)) | Kind::Link { dest: Dest::Target(_), .. } | Kind::Person(_) => {}
        }
    }

    fn code(&mut self, text: &str) {
        if (self.rules.cell && text.contains("\\|")) || (self.rules.brackets && text.contains("]:")) {
            // A table's row ends a cell at such a pipe whatever is written before it; a paragraph that begins with `[`…]:` is taken for a definition.
            self.out.push_str("<code>");
            escape::text(self.out, text, Rules { cell: self.rules.cell, brackets: self.rules.brackets, ..Rules::default() }, Around::default());
            self.out.push_str("</code>");
        } else {
            code(self.out, text, self.rules.cell);
        }
    }

    /// What a paragraph's line or a heading's end needs escaped.
    fn force(&self, text: &str, around: Around, last: bool) -> Option<usize> {
        match self.place {
            Place::Paragraph { item } if around.starts_line => escape::line_start(Line {
                text,
                whole: around.ends_line,
                first: self.first_line,
                item: item && self.first_line,
                paragraph: &self.runs.text,
            }),
            _ if self.rules.brackets && self.out.ends_with('[') => note_sign(text),
            Place::Heading if last && !self.rules.brackets => escape::closing_hashes(text, around.starts_line),
            _ => None,
        }
    }

    fn link(&mut self, address: &str, content: &[Atom<'_>]) {
        if let [Atom { kind: Kind::Text, marks: 0, start, end }] = content
            && let Some(text) = link::autolink(address, &self.runs.text[*start..*end])
        {
            self.out.push('<');
            self.out.push_str(text);
            self.out.push('>');
            return;
        }
        self.out.push('[');
        let (steps, spans) = nest(content);
        let break_after = if self.rules.cell { Side::Punct } else { Side::Blank };
        let html = delimit::choose(&self.runs.text, content, &steps, &spans, Side::Punct, break_after);
        self.rules.brackets = true;
        self.row(content, &steps, &spans, &html);
        self.rules.brackets = false;
        self.destination(address);
    }

    fn destination(&mut self, address: &str) {
        self.out.push_str("](");
        self.out.push_str(address);
        self.out.push(')');
    }
}

fn open(mark: u8, html: bool) -> &'static str {
    match (mark, html) {
        (STRONG, false) => "**",
        (STRONG, true) => "<strong>",
        (EMPHASIS, false) => "*",
        (EMPHASIS, true) => "<em>",
        (STRIKE, false) => "~~",
        (STRIKE, true) => "<del>",
        (SUBSCRIPT, _) => "<sub>",
        _ => "<sup>",
    }
}

fn close(mark: u8, html: bool) -> &'static str {
    match (mark, html) {
        (STRONG, true) => "</strong>",
        (EMPHASIS, true) => "</em>",
        (STRIKE, true) => "</del>",
        (STRONG | EMPHASIS | STRIKE, false) => open(mark, false),
        (SUBSCRIPT, _) => "</sub>",
        _ => "</sup>",
    }
}

/// A `^` that begins the text in brackets would make it a footnote's sign.
fn note_sign(text: &str) -> Option<usize> {
    text.starts_with('^').then_some(0)
}

/// A place to lead to.
fn anchor(out: &mut String, name: &str) {
    out.push_str("<a id=\"");
    html_text(out, name);
    out.push_str("\"></a>");
}

/// A code span. Its fence is longer than any run of backticks in it, and blanks keep its ends apart from the fence, and from being stripped.
fn code(out: &mut String, text: &str, cell: bool) {
    let fence = longest_run(text, b'`') + 1;
    let blank = text.trim_matches(' ').is_empty();
    let pad = text.starts_with('`') || text.ends_with('`') || (text.starts_with(' ') && text.ends_with(' ') && !blank);
    out.extend(std::iter::repeat_n('`', fence));
    if pad {
        out.push(' ');
    }
    let mut rest = text;
    while let Some(pipe) = rest.find('|').filter(|_| cell) {
        out.push_str(&rest[..pipe]);
        out.push_str("\\|");
        rest = &rest[pipe + 1..];
    }
    out.push_str(rest);
    if pad {
        out.push(' ');
    }
    out.extend(std::iter::repeat_n('`', fence));
}

/// Length of the longest run of `byte`.
pub(crate) fn longest_run(text: &str, byte: u8) -> usize {
    let (mut longest, mut run) = (0, 0);
    for other in text.bytes() {
        run = if other == byte { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Appends the row in `runs` as HTML.
pub(crate) fn html(out: &mut String, runs: &Runs<'_>) {
    html_row(out, runs, &runs.atoms);
}

fn html_row(out: &mut String, runs: &Runs<'_>, atoms: &[Atom<'_>]) {
    let (steps, spans) = nest(atoms);
    for step in steps {
        match step {
            Step::Open(span) => out.push_str(open(spans[span], true)),
            Step::Close(span) => out.push_str(close(spans[span], true)),
            Step::Atom(index) => html_atom(out, runs, &atoms[index]),
        }
    }
}

fn html_atom(out: &mut String, runs: &Runs<'_>, atom: &Atom<'_>) {
    let text = &runs.text[atom.start..atom.end];
    match &atom.kind {
        Kind::Text => html_text(out, text),
        Kind::Code => {
            out.push_str("<code>");
            html_text(out, text);
            out.push_str("</code>");
        }
        Kind::Math => {
            out.push('$');
            html_text(out, text);
            out.push('$');
        }
        Kind::Anchor => anchor(out, text),
        Kind::Break => out.push_str("<br>"),
        Kind::Indent(_) => {}
        Kind::Image(Dest::Address(address)) => {
            out.push_str("<img src=\"");
            html_text(out, address);
            out.push_str("\" alt=\"");
            html_text(out, text);
            out.push_str("\">");
        }
        Kind::Link { dest: Dest::Address(address), content } => {
            out.push_str("<a href=\"");
            html_text(out, address);
            out.push_str("\">");
            html_row(out, runs, content);
            out.push_str("</a>");
        }
        Kind::Image(Dest::Target(_)) | Kind::Link { dest: Dest::Target(_), .. } | Kind::Person(_) => {}
    }
}

/// Appends text so that HTML reads it as itself, in an attribute's quotes too.
pub(crate) fn html_text(out: &mut String, text: &str) {
    let mut kept = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => continue,
        };
        out.push_str(&text[kept..at]);
        out.push_str(entity);
        kept = at + 1;
    }
    out.push_str(&text[kept..]);
}
