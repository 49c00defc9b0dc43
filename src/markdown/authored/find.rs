//! Finds the links of a text by what the parser says of it: where each destination stands, which text is running text, what refers to what.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Form, Inner, Use, bare, destination, html};

/// GitHub's dialect, but for formulas: what looks like one is text.
pub(super) fn dialect() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES | Options::ENABLE_TASKLISTS | Options::ENABLE_GFM
}

/// A destination.
pub(super) struct Dest {
    pub(super) at: Range<usize>,
    pub(super) of: Use,
    pub(super) form: Form,
}

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) dests: Vec<Dest>,
    /// Running text, line by line.
    pub(super) runs: Vec<Range<usize>>,
    pub(super) inner: Vec<Inner>,
}

/// A link or image that is open.
struct Frame {
    of: Use,
    kind: LinkType,
    dest: String,
    label: String,
    /// Where its content ends, as far as it is known.
    content_end: usize,
}

/// A definition that is used.
struct Definition {
    dest: Range<usize>,
    of: Use,
}

struct Finder<'t> {
    text: &'t str,
    found: Found,
    frames: Vec<Frame>,
    images: usize,
    run: Option<Range<usize>>,
    in_code: bool,
    /// Elements of inline HTML that are open and within which text is no running text.
    closed: usize,
    html: Vec<Range<usize>>,
    definitions: FxHashMap<usize, Definition>,
    /// Where definitions begin that something refers to which cannot say so itself.
    needed: FxHashSet<usize>,
}

/// Finds. A text that the parser cannot take has no links.
pub(super) fn find(text: &str) -> Found {
    catch_unwind(AssertUnwindSafe(|| Finder::new(text).find())).unwrap_or_default()
}

impl<'t> Finder<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            found: Found::default(),
            frames: Vec::new(),
            images: 0,
            run: None,
            in_code: false,
            closed: 0,
            html: Vec::new(),
            definitions: FxHashMap::default(),
            needed: FxHashSet::default(),
        }
    }

    fn find(mut self) -> Found {
        let mut events = Parser::new_ext(self.text, dialect()).into_offset_iter();
        while let Some((event, at)) = events.next() {
            let closes_link = matches!(event, Event::End(TagEnd::Link | TagEnd::Image));
            if let Some(frame) = self.frames.last_mut().filter(|_| !closes_link) {
                frame.content_end = frame.content_end.max(at.end);
            }
            if let Event::Text(words) = &event
                && self.is_running(words, &at)
            {
                match &mut self.run {
                    Some(run) if run.end == at.start => run.end = at.end,
                    _ => {
                        self.end_run();
                        self.run = Some(at);
                    }
                }
                continue;
            }
            self.end_run();
            match event {
                Event::Start(Tag::Link { link_type, dest_url, id, .. }) => self.open(Use::Link, link_type, &dest_url, &id, at.start),
                Event::Start(Tag::Image { link_type, dest_url, id, .. }) => self.open(Use::Image, link_type, &dest_url, &id, at.start),
                Event::End(TagEnd::Link | TagEnd::Image) => {
                    if let Some(frame) = self.frames.pop() {
                        self.images -= usize::from(frame.of == Use::Image);
                        let definition = events
                            .reference_definitions()
                            .get(&frame.label)
                            .map(|found| (found.span.clone(), found.dest.as_ref(), found.title.as_deref()));
                        self.close(&frame, &at, definition);
                    }
                }
                Event::Start(Tag::CodeBlock(_)) => self.in_code = true,
                Event::End(TagEnd::CodeBlock) => self.in_code = false,
                Event::Html(_) => match self.html.last_mut() {
                    Some(piece) if piece.end == at.start => piece.end = at.end,
                    _ => self.html.push(at),
                },
                Event::End(TagEnd::HtmlBlock) => {
                    for piece in std::mem::take(&mut self.html) {
                        self.html(piece);
                    }
                }
                Event::InlineHtml(_) => {
                    for (name, closes) in self.html(at) {
                        if matches!(name.as_str(), "a" | "code" | "pre" | "kbd" | "samp" | "tt") {
                            self.closed = if closes { self.closed.saturating_sub(1) } else { self.closed + 1 };
                        }
                    }
                }
                Event::FootnoteReference(label) => self.note(at.start + 2, label.len()),
                Event::Start(Tag::FootnoteDefinition(label)) => self.note(at.start + 2, label.len()),
                Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::TableCell | TagEnd::Item) => self.closed = 0,
                _ => {}
            }
        }
        self.end_run();
        let spans = events.reference_definitions().iter().map(|(_, found)| found.span.clone());
        self.found.inner.extend(spans.filter(|span| !self.needed.contains(&span.start)).map(Inner::Definition));
        for (_, Definition { dest, of, .. }) in self.definitions {
            self.found.dests.push(Dest { at: dest, of, form: Form::Address });
        }
        self.found
    }

    fn is_running(&self, words: &str, at: &Range<usize>) -> bool {
        self.frames.is_empty() && !self.in_code && self.closed == 0 && self.html.is_empty() && self.text.get(at.clone()) == Some(words)
    }

    fn end_run(&mut self) {
        self.found.runs.extend(self.run.take());
    }

    fn open(&mut self, of: Use, kind: LinkType, dest: &str, label: &str, start: usize) {
        let content_end = start + if of == Use::Image { 2 } else { 1 };
        self.frames.push(Frame { of, kind, dest: dest.to_owned(), label: label.to_owned(), content_end });
        self.images += usize::from(of == Use::Image);
    }

    fn close(&mut self, frame: &Frame, at: &Range<usize>, definition: Option<(Range<usize>, &str, Option<&str>)>) {
        if let Some(outer) = self.frames.last_mut() {
            outer.content_end = outer.content_end.max(at.end);
        }
        match frame.kind {
            LinkType::Inline => {
                if let Some(dest) = destination::inline(self.text, frame.content_end, at.end).filter(|dest| self.says(dest, &frame.dest)) {
                    self.found.dests.push(Dest { at: dest, of: frame.of, form: Form::Address });
                }
            }
            LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut => {
                if let Some((span, meant, title)) = definition
                    && self.refer(frame, at, span.clone(), meant, title).is_none()
                {
                    self.needed.insert(span.start);
                }
            }
            LinkType::Autolink if self.frames.is_empty() && bare::may_open(self.text, at.start) => {
                self.found.dests.push(Dest { at: at.clone(), of: frame.of, form: Form::Autolink })
            }
            _ => {}
        }
    }

    /// A link by its label.
    fn refer(&mut self, frame: &Frame, at: &Range<usize>, span: Range<usize>, meant: &str, title: Option<&str>) -> Option<()> {
        let tail = match frame.kind {
            LinkType::Shortcut => at.end..at.end,
            // The parser counts the brackets behind some and not behind others.
            LinkType::Collapsed if self.text.get(at.end..)?.starts_with("[]") => at.end..at.end + 2,
            LinkType::Collapsed => at.end.checked_sub(2)?..at.end,
            _ => frame.content_end + self.text.get(frame.content_end..at.end)?.find("][")? + 1..at.end,
        };
        let known = self.definitions.get_mut(&span.start);
        let dest = match known {
            Some(known) => {
                if frame.of == Use::Image {
                    known.of = Use::Image;
                }
                known.dest.clone()
            }
            None => {
                let dest = destination::definition(self.text, span.clone()).filter(|dest| self.says(dest, meant))?;
                self.definitions.insert(span.start, Definition { dest: dest.clone(), of: frame.of });
                dest
            }
        };
        self.found.inner.push(Inner::Use { tail, dest, title: title.map(str::to_owned) });
        Some(())
    }

    /// Whether the parser reads at `at` what it says is there.
    fn says(&self, at: &Range<usize>, meant: &str) -> bool {
        self.text.get(at.clone()).and_then(|raw| destination::plain(raw, true)).is_some_and(|plain| plain == meant)
    }

    fn html(&mut self, at: Range<usize>) -> Vec<(String, bool)> {
        let html::Read { addresses, tags } = html::read(self.text, at);
        if self.images == 0 {
            self.found.dests.extend(addresses.into_iter().map(|(of, at)| Dest { at, of, form: Form::Attribute }));
        }
        tags
    }

    fn note(&mut self, start: usize, length: usize) {
        let label = start..start + length;
        if self.text.get(start.saturating_sub(2)..start) == Some("[^") && self.text.as_bytes().get(label.end) == Some(&b']') {
            self.found.inner.push(Inner::Note(label));
        }
    }
}
