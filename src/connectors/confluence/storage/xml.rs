//! A light tree of elements from any text: malformed markup is mended, nesting is bounded, nothing is dropped but comments and the XML declaration.
//!
//! Knows nothing of what elements mean but which of them close each other.

use super::entities;
use super::mend::mend;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Elements deeper than this are flattened into the last that is not.
pub(super) const MAX_DEPTH: usize = 100;

/// Part of a body.
#[derive(Debug)]
pub(super) enum Node {
    /// Has a name.
    Element(Element),
    /// Text with references resolved, white space as it stands; CDATA and text side by side are one.
    Text(String),
}

/// An element.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// With its prefix (`ac:link`); HTML's names in lower case.
    pub(super) name: String,
    /// In order, decoded.
    pub(super) attributes: Vec<(String, String)>,
    /// Content.
    pub(super) children: Vec<Node>,
    /// False where its end is not in the source.
    pub(super) closed: bool,
    /// True where elements below were too deep and have been dissolved into text.
    pub(super) flattened: bool,
}

impl Element {
    /// An attribute's value, unless it is missing or blank.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Children that are elements.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child element of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    /// All text below, exact.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        collect(&self.children, &mut text);
        text
    }
}

fn collect(nodes: &[Node], text: &mut String) {
    for node in nodes {
        match node {
            Node::Text(t) => text.push_str(t),
            Node::Element(element) => {
                if element.name == "br" {
                    text.push('\n');
                }
                collect(&element.children, text);
            }
        }
    }
}

/// Reads `body`: the root element has no name.
pub(super) fn parse(body: &str) -> Element {
    let mended = mend(body);
    let mut reader = Reader::from_str(&mended);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut tree = Builder { stack: vec![Element { closed: true, ..Element::default() }], skipped: 0 };
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match reader.read_event() {
            Ok(Event::Start(tag)) => tree.start(&tag),
            Ok(Event::Empty(tag)) => tree.leaf(element(&tag)),
            Ok(Event::End(tag)) => tree.end(tag.name().as_ref()),
            Ok(Event::Text(text)) => tree.text(text.as_ref()),
            Ok(Event::CData(text)) => tree.text(text.as_ref()),
            Ok(Event::GeneralRef(name)) => match entities::resolve(name.as_ref()) {
                Some(c) => tree.text(c.encode_utf8(&mut [0; 4])),
                None => tree.text(&format!("&{};", name.as_ref() as &str)),
            },
            Ok(Event::Comment(_) | Event::Decl(_)) => {}
            Ok(Event::PI(text)) => tree.text(&format!("<?{}?>", text.as_ref() as &str)),
            Ok(Event::DocType(text)) => tree.text(&format!("<!{}>", text.as_ref() as &str)),
            Ok(Event::Eof) => break,
            // Mending leaves nothing that fails; should it, the rest is text and not lost.
            Err(_) => {
                tree.text(mended.get(before..).unwrap_or_default());
                break;
            }
        }
    }
    tree.finish()
}

struct Builder {
    /// The root, and what is open.
    stack: Vec<Element>,
    /// How many elements are open that were too deep to be pushed.
    skipped: usize,
}

impl Builder {
    fn start(&mut self, tag: &BytesStart<'_>) {
        let new = element(tag);
        if matches!(new.name.as_str(), "br" | "hr" | "img" | "col" | "wbr") {
            return self.leaf(new);
        }
        let again = matches!(new.name.as_str(), "p" | "li" | "tr" | "td" | "th" | "dt" | "dd");
        if again && self.skipped == 0 && self.stack.len() > 1 && self.stack.last().is_some_and(|top| top.name == new.name) {
            self.close(true);
        }
        if self.stack.len() > MAX_DEPTH {
            self.skipped += 1;
            if let Some(top) = self.stack.last_mut() {
                top.flattened = true;
            }
            self.text(" ");
        } else {
            self.stack.push(new);
        }
    }

    fn leaf(&mut self, element: Element) {
        if let Some(top) = self.stack.last_mut() {
            top.children.push(Node::Element(Element { closed: true, ..element }));
        }
    }

    fn end(&mut self, name: &str) {
        let lower = name.to_ascii_lowercase();
        if self.skipped > 0 {
            self.skipped -= 1;
            self.text(" ");
            return;
        }
        let Some(at) = self.stack.iter().skip(1).rposition(|open| open.name == name || open.name == lower) else {
            // The stray end of something known says nothing; the rest was typed by someone.
            if !super::known(&lower) {
                self.text(&format!("</{name}>"));
            }
            return;
        };
        while self.stack.len() > at + 2 {
            self.close(false);
        }
        self.close(true);
    }

    fn close(&mut self, closed: bool) {
        if let Some(mut element) = self.stack.pop() {
            element.closed = closed;
            if let Some(parent) = self.stack.last_mut() {
                parent.children.push(Node::Element(element));
            }
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(top) = self.stack.last_mut() {
            match top.children.last_mut() {
                Some(Node::Text(last)) => last.push_str(text),
                _ => top.children.push(Node::Text(text.to_owned())),
            }
        }
    }

    fn finish(mut self) -> Element {
        while self.stack.len() > 1 {
            self.close(false);
        }
        self.stack.pop().unwrap_or_default()
    }
}

fn element(tag: &BytesStart<'_>) -> Element {
    let name: &str = tag.name().into_inner();
    let lower = name.to_ascii_lowercase();
    let name = if super::known(&lower) { lower } else { name.to_owned() };
    // Looking for duplicates would take quadratic time.
    let attributes = tag
        .html_attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .map(|a| (a.key.as_ref().to_owned(), entities::decode(a.value.as_ref()).into_owned()))
        .collect();
    Element { name, attributes, ..Element::default() }
}
