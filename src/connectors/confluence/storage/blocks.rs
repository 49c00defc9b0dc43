//! What each element is: text, a mark, or a block. Only the dispatch and HTML's plain blocks; each of Confluence's own has its file.

use super::Walk;
use super::flow::{Flow, Mark};
use super::xml::{Element, Node};
use crate::markdown::{Block, Inline, Item, List};

impl Walk<'_> {
    /// One element into `flow`.
    pub(super) fn element(&mut self, element: &Element, flow: &mut Flow) {
        match element.name.as_str() {
            "p" => {
                flow.flush();
                flow.inside += 1;
                self.content(element, flow);
                flow.flush();
                flow.inside = flow.inside.saturating_sub(1);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading(element, flow),
            "ul" | "ol" => {
                let list = self.list(element);
                if !list.items.is_empty() {
                    flow.block(Block::List(list));
                }
            }
            "blockquote" => {
                let body = self.blocks_of(element);
                if !body.is_empty() {
                    flow.block(Block::Quote(body));
                }
            }
            "pre" => {
                let text = element.text();
                let text = text.strip_prefix('\n').unwrap_or(&text);
                let text = text.strip_suffix('\n').unwrap_or(text);
                if !text.trim().is_empty() {
                    flow.block(Block::Code { language: None, text: text.replace('\u{a0}', " ") });
                }
            }
            "hr" => flow.block(Block::Rule),
            "br" => flow.push(Inline::Break),
            "strong" | "b" => self.marked(Mark::Strong, element, flow),
            "em" | "i" | "cite" | "dfn" | "var" => self.marked(Mark::Emphasis, element, flow),
            "s" | "del" | "strike" => self.marked(Mark::Strike, element, flow),
            "sub" => self.marked(Mark::Subscript, element, flow),
            "sup" => self.marked(Mark::Superscript, element, flow),
            "code" | "tt" | "kbd" | "samp" => self.marked(Mark::Code, element, flow),
            "dt" => {
                flow.flush();
                self.marked(Mark::Strong, element, flow);
                flow.flush();
            }
            // A stray item is a list of one.
            "li" => {
                let body = self.blocks_of(element);
                if !body.is_empty() {
                    flow.block(Block::List(List { start: None, items: vec![Item { done: None, body }] }));
                }
            }
            "span" | "font" | "small" | "big" | "u" | "ins" | "abbr" | "acronym" | "label" | "mark" | "q" | "wbr" | "ac:inline-comment-marker" => {
                let struck = element.get("style").is_some_and(|style| style.contains("line-through"));
                if struck { self.marked(Mark::Strike, element, flow) } else { self.content(element, flow) }
            }
            "a" => self.anchor(element, flow),
            "img" => self.plain_image(element, flow),
            "table" => self.table(element, flow),
            "time" => match element.get("datetime") {
                Some(day) if element.children.is_empty() => flow.text(day),
                _ => self.content(element, flow),
            },
            "ac:link" => self.link(element, flow),
            "ac:image" => self.image(element, flow),
            "ac:emoticon" | "ac:hipchat-emoticon" => flow.text(&super::emoji::text(element)),
            "ac:task-list" => self.tasks(element, flow),
            // Templates' hints to authors, which no reader sees.
            "ac:placeholder" => {}
            "ac:layout" | "ac:layout-section" | "ac:layout-cell" => {
                flow.flush();
                self.content(element, flow);
                flow.flush();
            }
            "ac:structured-macro" | "ac:macro" => self.macro_(element, flow),
            "ac:adf-extension" => self.adf(element, flow),
            "ac:adf-node" => self.adf_node(element, None, flow),
            // Marks and names that only the editor needs.
            "ac:adf-mark" | "ac:adf-fragment-mark" => {}
            "ac:link-body" | "ac:plain-text-link-body" | "ac:rich-text-body" => self.content(element, flow),
            name if super::known(name) && !name.contains(':') => {
                flow.flush();
                self.content(element, flow);
                flow.flush();
            }
            name if super::known(name) => {
                self.kept(format!("element:{name}"));
                self.content(element, flow);
            }
            _ => self.pseudo(element, flow),
        }
    }

    /// What someone typed in angle brackets is text, and so is what follows it.
    fn pseudo(&mut self, element: &Element, flow: &mut Flow) {
        self.kept(format!("element:{}", element.name));
        let mut opening = format!("<{}", element.name);
        for (key, value) in &element.attributes {
            opening.push(' ');
            opening.push_str(key);
            if !value.is_empty() {
                opening.push_str("=\"");
                opening.push_str(value);
                opening.push('"');
            }
        }
        opening.push('>');
        flow.text(&opening);
        self.content(element, flow);
        if element.closed && !element.children.is_empty() {
            flow.text(&format!("</{}>", element.name));
        }
    }

    pub(super) fn marked(&mut self, mark: Mark, element: &Element, flow: &mut Flow) {
        flow.open(mark);
        self.content(element, flow);
        flow.close();
    }

    fn heading(&mut self, element: &Element, flow: &mut Flow) {
        let level = element.name.as_bytes().get(1).map_or(1, |digit| digit.saturating_sub(b'0'));
        let (line, rest) = self.line_of(element);
        let mut content = Vec::new();
        unbold(line, &mut content);
        content.iter_mut().for_each(|inline| {
            if matches!(inline, Inline::Break) {
                *inline = Inline::Text(" ".to_owned());
            }
        });
        flow.flush();
        if !content.is_empty() {
            flow.block(Block::Heading { level, content });
        }
        flow.extend(rest);
    }

    fn list(&mut self, element: &Element) -> List {
        let start = (element.name == "ol").then(|| element.get("start").and_then(|s| s.parse().ok()).unwrap_or(1).min(999_999_999));
        let mut items: Vec<Item> = Vec::new();
        for node in &element.children {
            match node {
                Node::Text(text) if text.trim().is_empty() => {}
                Node::Text(text) => {
                    let mut flow = Flow::new();
                    flow.text(text);
                    let body = flow.finish();
                    if !body.is_empty() {
                        items.push(Item { done: None, body });
                    }
                }
                Node::Element(child) if child.name == "li" => {
                    let body = self.blocks_of(child);
                    // An item that holds a list and nothing else is how editors indent what belongs to the item above.
                    match (body.as_slice(), items.last_mut()) {
                        ([], _) => {}
                        ([Block::List(_)], Some(last)) => last.body.extend(body),
                        _ => items.push(Item { done: None, body }),
                    }
                }
                Node::Element(child) => {
                    let mut flow = Flow::new();
                    self.element(child, &mut flow);
                    let body = flow.finish();
                    let nested = matches!(child.name.as_str(), "ul" | "ol" | "ac:task-list");
                    match (nested, items.last_mut()) {
                        _ if body.is_empty() => {}
                        (true, Some(last)) => last.body.extend(body),
                        _ => items.push(Item { done: None, body }),
                    }
                }
            }
        }
        List { start, items }
    }
}

/// A heading is bold as a whole.
fn unbold(line: Vec<Inline>, out: &mut Vec<Inline>) {
    for inline in line {
        match inline {
            Inline::Strong(inner) => unbold(inner, out),
            Inline::Emphasis(inner) => {
                let mut plain = Vec::new();
                unbold(inner, &mut plain);
                out.push(Inline::Emphasis(plain));
            }
            Inline::Link { target, content } => {
                let mut plain = Vec::new();
                unbold(content, &mut plain);
                out.push(Inline::Link { target, content: plain });
            }
            other => out.push(other),
        }
    }
}
