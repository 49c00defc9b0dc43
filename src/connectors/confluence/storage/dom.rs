//! A body's elements and texts, read with quick-xml into one flat list of nodes.
//!
//! Guarantees: any input gives a tree in linear time, no text is lost, no element lies deeper than [`MAX_DEPTH`] and there are at most about [`MAX_NODES`]; what goes
//! beyond is taken apart, its text kept. Wrong nesting is mended as a browser would: an end tag closes what is open within its element, and one without a start
//! tag closes nothing. Does not know what any element means.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::events::attributes::Attributes;

use super::{entities, names};

mod build;

/// How deep elements may lie within each other.
pub(super) const MAX_DEPTH: usize = 100;
/// How many nodes a body may have.
const MAX_NODES: usize = 1_000_000;

/// A node's number; 0 is the body itself.
pub(super) type Id = u32;

/// The body of a document.
pub(super) struct Dom<'a> {
    nodes: Vec<Node<'a>>,
    text: String,
    /// How many elements were taken apart because they lay too deep, and because there were too many.
    pub(super) too_deep: usize,
    pub(super) too_many: usize,
}

struct Node<'a> {
    kind: Kind<'a>,
    first: Id,
    last: Id,
    next: Id,
}

enum Kind<'a> {
    Text(Range<usize>),
    Element(Tag<'a>),
    TooDeep,
}

/// A node as others see it.
pub(super) enum View<'d> {
    /// Text, references resolved; neighbouring texts and CDATA sections are one.
    Text(&'d str),
    /// An element.
    Element(Tag<'d>),
    /// Here begins something that lay too deep.
    TooDeep,
}

/// A start tag.
#[derive(Clone, Copy)]
pub(super) struct Tag<'a> {
    content: &'a str,
    name: &'a str,
    /// Whether it has an end tag of its own, or needs none.
    pub(super) closed: bool,
}

impl<'a> Tag<'a> {
    /// Its name; HTML's are in lower case, however they were written.
    pub(super) fn name(self) -> &'a str {
        self.name
    }

    /// The tag as it was written, but for its angle brackets.
    pub(super) fn source(self) -> &'a str {
        self.content.trim_end()
    }

    /// Every attribute, references resolved.
    pub(super) fn attributes(self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        let mut attributes = Attributes::html(self.content, self.name.len());
        attributes.with_checks(false);
        attributes.flatten().map(|attribute| {
            let value = match attribute.value {
                Cow::Borrowed(value) => entities::decode(value),
                Cow::Owned(value) => Cow::Owned(entities::decode(&value).into_owned()),
            };
            (attribute.key.into_inner(), value)
        })
    }

    /// The first attribute called `name`.
    pub(super) fn attribute(self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes().find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

impl<'a> Dom<'a> {
    /// Reads `body`, which must be [mended](super::mend::mend).
    pub(super) fn read(body: &'a str) -> Self {
        Self::read_up_to(body, MAX_NODES)
    }

    fn read_up_to(body: &'a str, max_nodes: usize) -> Self {
        build::build(body, max_nodes)
    }

    /// The nodes within `parent`, in order.
    pub(super) fn children(&self, parent: Id) -> impl Iterator<Item = Id> + '_ {
        let first = self.nodes.get(parent as usize).map_or(0, |node| node.first);
        std::iter::successors(Some(first), |id| self.nodes.get(*id as usize).map(|node| node.next)).take_while(|id| *id != 0)
    }

    pub(super) fn view(&self, id: Id) -> View<'_> {
        match self.nodes.get(id as usize).map(|node| &node.kind) {
            Some(Kind::Text(range)) => View::Text(self.text.get(range.clone()).unwrap_or_default()),
            Some(Kind::Element(tag)) => View::Element(*tag),
            Some(Kind::TooDeep) => View::TooDeep,
            None => View::Text(""),
        }
    }

    pub(super) fn tag(&self, id: Id) -> Option<Tag<'_>> {
        if let View::Element(tag) = self.view(id) { Some(tag) } else { None }
    }

    /// Every element's tag, in no order that matters.
    pub(super) fn tags(&self) -> impl Iterator<Item = Tag<'_>> {
        self.nodes.iter().filter_map(|node| if let Kind::Element(tag) = node.kind { Some(tag) } else { None })
    }

    /// An element's name; empty for a text.
    pub(super) fn name(&self, id: Id) -> &str {
        self.tag(id).map_or("", Tag::name)
    }

    /// The first child element called `name`.
    pub(super) fn child(&self, parent: Id, name: &str) -> Option<Id> {
        self.children(parent).find(|id| self.name(*id) == name)
    }

    /// The text that is all that `id` holds.
    pub(super) fn only_text(&self, id: Id) -> Option<&str> {
        let mut children = self.children(id);
        let only = children.next().filter(|_| children.next().is_none())?;
        if let View::Text(text) = self.view(only) { Some(text) } else { None }
    }

    /// Whether any text within `id` is more than white space.
    pub(super) fn has_text(&self, id: Id) -> bool {
        self.children(id).any(|child| match self.view(child) {
            View::Text(text) => !text.trim().is_empty(),
            View::Element(_) => self.has_text(child),
            View::TooDeep => true,
        })
    }

    /// Whether anything within `id` is to be seen: text, an image, a macro, a rule.
    pub(super) fn shows(&self, id: Id) -> bool {
        self.children(id).any(|child| match self.view(child) {
            View::Text(text) => !text.trim().is_empty(),
            View::TooDeep => true,
            View::Element(tag) => match tag.name() {
                "ac:adf-attribute" | "ac:placeholder" => false,
                "ac:image" | "img" | "ac:structured-macro" | "ac:macro" | "ac:emoticon" | "ac:link" | "time" | "hr" => true,
                _ => self.shows(child),
            },
        })
    }

    /// All text within `id`, as it stands. Tags within it are text too where `source` is asked for: somebody's code that was stored unescaped.
    pub(super) fn text(&self, id: Id, source: bool) -> String {
        let mut out = String::new();
        self.gather(id, source, &mut out);
        out
    }

    fn gather(&self, parent: Id, source: bool, out: &mut String) {
        for id in self.children(parent) {
            match self.view(id) {
                View::Text(text) => out.push_str(text),
                View::TooDeep => {}
                View::Element(tag) if source => {
                    out.extend(["<", tag.source(), ">"]);
                    self.gather(id, source, out);
                    if tag.closed && !tag.content.ends_with('/') && !names::is_void(tag.name()) {
                        out.extend(["</", tag.name(), ">"]);
                    }
                }
                View::Element(tag) => match tag.name() {
                    "ac:parameter" | "ac:placeholder" => {}
                    "br" => out.push('\n'),
                    "time" if self.children(id).next().is_none() => out.push_str(&tag.attribute("datetime").unwrap_or_default()),
                    name if names::is_inline(name) => self.gather(id, source, out),
                    // What stands apart must not glue words.
                    _ => {
                        end_line(out);
                        let before = out.len();
                        self.gather(id, source, out);
                        if out.len() > before {
                            end_line(out);
                        }
                    }
                },
            }
        }
    }
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_greatest_number_of_elements_the_text_stays() {
        let dom = Dom::read_up_to("<p>a</p><p>b<i>c</i>d</p><ul><li>e</li></ul><p>f<br/>g</p>", 4);
        assert_eq!(dom.too_many, 5);
        let texts: Vec<String> =
            dom.children(0).map(|id| if let View::Text(text) = dom.view(id) { text.to_owned() } else { dom.text(id, false) }).collect();
        assert_eq!(texts, ["a", "bcd", "  e   f g "]);
    }

    #[test]
    fn an_end_tag_closes_what_is_open_within_its_element_only() {
        let names = |body| {
            let dom = Dom::read(body);
            let names: Vec<String> = (1..dom.nodes.len())
                .filter_map(|id| dom.tag(u32::try_from(id).unwrap()))
                .map(|tag| format!("{}:{}", tag.name(), tag.closed))
                .collect();
            (names.join(" "), dom.text(0, false).replace('\n', ""))
        };
        assert_eq!(names("<p><b>x</p>y"), ("p:true b:false".into(), "xy".into()));
        assert_eq!(names("<p><td>x</p>y</td></p>"), ("p:true td:true".into(), "xy".into()));
        assert_eq!(names("<ac:rich-text-body><li>x</ac:rich-text-body>"), ("ac:rich-text-body:true li:false".into(), "x".into()));
        assert_eq!(names("<a-b>x</c-d>"), ("a-b:false".into(), "x</c-d>".into()));
    }

    #[test]
    fn source_is_what_was_written() {
        let body = "<x>a <b c=\"d\">e</b><br/> <f/><g>&lt;h</x>";
        let dom = Dom::read(body);
        assert_eq!(dom.text(0, true), "<x>a <b c=\"d\">e</b><br/> <f/><g><h</x>");
    }
}
