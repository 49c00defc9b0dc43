//! Builds the list of nodes from the XML reader's events: nesting and its mending, and the bounds.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

use super::{Dom, Id, Kind, MAX_DEPTH, Node, Tag};
use crate::connectors::confluence::storage::{entities, names};

/// How far up an end tag looks for its start tag.
const MAX_SEARCH: usize = 128;

/// Reads `body` into a tree of about `max_nodes` nodes at most.
pub(super) fn build(body: &str, max_nodes: usize) -> Dom<'_> {
    let root = Node { kind: Kind::Text(0..0), first: 0, last: 0, next: 0 };
    let dom = Dom { nodes: vec![root], text: String::with_capacity(body.len() / 2), too_deep: 0, too_many: 0 };
    let open = vec![Open { name: "", node: 0, taken_apart: false, is_barrier: false }];
    let mut builder = Builder { dom, open, depth: 0, marked: 0, max_nodes };
    builder.read(body);
    builder.dom
}

/// An open element.
struct Open<'a> {
    name: &'a str,
    /// Its node, or that of the next element around it that has one.
    node: Id,
    taken_apart: bool,
    is_barrier: bool,
}

struct Builder<'a> {
    dom: Dom<'a>,
    /// Never empty: the body itself stays.
    open: Vec<Open<'a>>,
    depth: usize,
    /// The last node that was told that something in it lay too deep.
    marked: Id,
    max_nodes: usize,
}

impl<'a> Builder<'a> {
    fn read(&mut self, body: &'a str) {
        let mut reader = Reader::from_str(body);
        let config = reader.config_mut();
        config.allow_dangling_amp = true;
        config.allow_unmatched_ends = true;
        config.check_end_names = false;
        loop {
            let from = position(&reader);
            match reader.read_event() {
                Ok(Event::Text(text)) => self.text(&text),
                Ok(Event::CData(text)) => self.text(&text),
                Ok(Event::GeneralRef(reference)) => self.reference(&reference),
                Ok(Event::Start(_)) => self.start(inside(body, from, position(&reader)), false),
                Ok(Event::Empty(_)) => self.start(inside(body, from, position(&reader)), true),
                Ok(Event::End(_)) => self.end(inside(body, from, position(&reader)).trim_start_matches('/').trim_end()),
                Ok(Event::Comment(_) | Event::Decl(_)) => {}
                // No such thing stands in a body: it is text that was stored raw.
                Ok(Event::PI(_) | Event::DocType(_)) => self.text(body.get(from..position(&reader)).unwrap_or_default()),
                Ok(Event::Eof) => break,
                // Mending leaves nothing that the reader refuses; if it ever does, the rest is text.
                Err(_) => {
                    self.text(body.get(from..).unwrap_or_default());
                    break;
                }
            }
        }
        // What is open at the end never had an end tag.
        while self.open.len() > 1 {
            self.pop(false);
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let start = self.dom.text.len();
        self.dom.text.push_str(text);
        let end = self.dom.text.len();
        let last = self.dom.nodes.get(self.top().node as usize).map_or(0, |node| node.last as usize);
        if let Some(Node { kind: Kind::Text(range), .. }) = self.dom.nodes.get_mut(last)
            && last != 0
            && range.end == start
        {
            range.end = end;
            return;
        }
        self.push(Kind::Text(start..end));
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        match entities::lookup(reference) {
            Some(c) => self.text(c.encode_utf8(&mut [0; 4])),
            None => {
                self.text("&");
                self.text(reference);
                self.text(";");
            }
        }
    }

    fn start(&mut self, content: &'a str, empty: bool) {
        let name = &content[..content.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(content.len())];
        let name = names::canonical(name);
        while names::ends_before(self.top().name, name) {
            self.pop(false);
        }
        let empty = empty || names::is_void(name);
        let taken_apart = self.depth >= MAX_DEPTH || self.dom.nodes.len() >= self.max_nodes;
        if taken_apart {
            let node = self.top().node;
            self.take_apart(name, node);
            if !empty {
                self.open.push(Open { name, node, taken_apart, is_barrier: names::is_barrier(name) });
            }
            return;
        }
        let node = self.push(Kind::Element(Tag { content, name, closed: empty }));
        if !empty {
            self.depth += 1;
            self.open.push(Open { name, node, taken_apart, is_barrier: names::is_barrier(name) });
        }
    }

    /// Leaves a mark and a gap where an element would be.
    fn take_apart(&mut self, name: &str, parent: Id) {
        if self.depth >= MAX_DEPTH {
            self.dom.too_deep += 1;
            if self.marked != parent {
                self.marked = parent;
                self.push(Kind::TooDeep);
            }
        } else {
            self.dom.too_many += 1;
        }
        if !names::is_inline(name) {
            self.text(" ");
        }
    }

    fn end(&mut self, name: &'a str) {
        let name = names::canonical(name);
        let mut found = None;
        let reaches_far = names::is_barrier(name) || name.starts_with("ac:");
        for (back, open) in self.open.iter().skip(1).rev().take(MAX_SEARCH).enumerate() {
            if open.name == name {
                found = Some(back);
                break;
            }
            if open.is_barrier && !reaches_far {
                break;
            }
        }
        match found {
            Some(back) => {
                for _ in 0..back {
                    self.pop(false);
                }
                self.pop(true);
            }
            // Somebody typed it.
            None if !names::is_known(name) => {
                self.text("</");
                self.text(name);
                self.text(">");
            }
            None => {}
        }
    }

    fn pop(&mut self, closed: bool) {
        let Some(open) = self.open.pop() else { return };
        if open.taken_apart {
            if !names::is_inline(open.name) {
                self.text(" ");
            }
            return;
        }
        self.depth -= 1;
        if let Some(Node { kind: Kind::Element(tag), .. }) = self.dom.nodes.get_mut(open.node as usize) {
            tag.closed |= closed;
        }
    }

    fn top(&self) -> &Open<'a> {
        &self.open[self.open.len() - 1]
    }

    /// Adds a node at the end of the open element.
    fn push(&mut self, kind: Kind<'a>) -> Id {
        // Elements are bounded, and texts lie between them or in one of the open ones: the number always fits.
        let id = u32::try_from(self.dom.nodes.len()).unwrap_or_default();
        let parent = self.top().node as usize;
        self.dom.nodes.push(Node { kind, first: 0, last: 0, next: 0 });
        let before = std::mem::replace(&mut self.dom.nodes[parent].last, id);
        if before == 0 {
            self.dom.nodes[parent].first = id;
        } else {
            self.dom.nodes[before as usize].next = id;
        }
        id
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// What stands between the angle brackets of the tag at `from..to`.
fn inside(body: &str, from: usize, to: usize) -> &str {
    body.get(from + 1..to.saturating_sub(1)).unwrap_or_default()
}
