//! Reads Markdown into a tree with comrak: an HTML table is its text, the tags that the writer uses in running text are marks.

use comrak::nodes::{AlertType, ListType, Node, NodeValue};
use comrak::{Arena, Options, parse_document};
use context_syncd::markdown::{AlertKind, Block, Cell, Inline, Item, List, Table, Target, Tree};

/// The tree that `markdown` says.
pub(super) fn tree(markdown: &str) -> Tree {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.alerts = true;
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options);
    Tree { blocks: blocks(root) }
}

fn blocks(parent: Node<'_>) -> Vec<Block> {
    parent.children().filter_map(block).collect()
}

fn block(node: Node<'_>) -> Option<Block> {
    let value = node.data().value.clone();
    Some(match value {
        NodeValue::Paragraph => Block::Paragraph(inlines(node)),
        NodeValue::Heading(heading) => Block::Heading { level: heading.level, content: inlines(node) },
        NodeValue::CodeBlock(code) => {
            assert!(code.fenced, "an indented code block: {:?}", code.literal);
            let text = code.literal.strip_suffix('\n').unwrap_or(&code.literal).to_owned();
            Block::Code { language: (!code.info.is_empty()).then_some(code.info), text }
        }
        NodeValue::BlockQuote => Block::Quote(blocks(node)),
        NodeValue::Alert(alert) => {
            assert_eq!(alert.title, None);
            let kind = match alert.alert_type {
                AlertType::Note => AlertKind::Note,
                AlertType::Tip => AlertKind::Tip,
                AlertType::Important => AlertKind::Important,
                AlertType::Warning => AlertKind::Warning,
                AlertType::Caution => AlertKind::Caution,
            };
            Block::Alert { kind, title: Vec::new(), body: blocks(node) }
        }
        NodeValue::List(list) => {
            let start = (list.list_type == ListType::Ordered).then(|| u32::try_from(list.start).unwrap());
            let items = node.children().map(item).collect();
            Block::List(List { start, items })
        }
        NodeValue::ThematicBreak => Block::Rule,
        NodeValue::HtmlBlock(html) if html.literal.trim() == "<!-- -->" => return None,
        NodeValue::HtmlBlock(html) => Block::Code { language: Some("html-table".to_owned()), text: html_text(&html.literal) },
        NodeValue::Table(_) => Block::Table(Table { rows: node.children().map(|row| row.children().map(cell).collect()).collect() }),
        other => panic!("{other:?} is no block that the writer writes"),
    })
}

fn item(node: Node<'_>) -> Item {
    let done = match node.data().value.clone() {
        NodeValue::TaskItem(task) => Some(task.symbol.is_some()),
        _ => None,
    };
    Item { done, body: blocks(node) }
}

fn cell(node: Node<'_>) -> Cell {
    Cell { header: false, colspan: 1, rowspan: 1, body: vec![Block::Paragraph(inlines(node))] }
}

fn inlines(parent: Node<'_>) -> Vec<Inline> {
    // The innermost open tag is last.
    let mut open: Vec<(String, Vec<Inline>)> = vec![(String::new(), Vec::new())];
    for node in parent.children() {
        let value = node.data().value.clone();
        let inline = match value {
            NodeValue::Text(text) => Inline::Text(text.into_owned()),
            NodeValue::Code(code) => Inline::Code(code.literal),
            NodeValue::LineBreak => Inline::Break,
            NodeValue::Emph => Inline::Emphasis(inlines(node)),
            NodeValue::Strong => Inline::Strong(inlines(node)),
            NodeValue::Strikethrough => Inline::Strike(inlines(node)),
            // A heading may be a link to nowhere, and so be what the link names.
            NodeValue::Link(link) if link.url.starts_with('#') && (link.url.contains("no-such-heading") || link.url.contains("nowhere")) => {
                open.last_mut().unwrap().1.extend(inlines(node));
                continue;
            }
            NodeValue::Link(link) => Inline::Link { target: Target::Url(super::expected::canonical(&link.url)), content: inlines(node) },
            NodeValue::Image(link) => {
                Inline::Image { target: Target::Url(super::expected::canonical(&link.url)), alt: super::expected::plain(&inlines(node)) }
            }
            NodeValue::HtmlInline(tag) if tag == "<br>" => Inline::Break,
            NodeValue::HtmlInline(tag) if tag == "<!-- -->" || tag.starts_with("<a id=") || tag == "</a>" => continue,
            NodeValue::HtmlInline(tag) => {
                if let Some(name) = tag.strip_prefix("</") {
                    let (opened, content) = open.pop().unwrap();
                    assert_eq!(opened, name.trim_end_matches('>'), "tags cross");
                    match opened.as_str() {
                        "strong" => Inline::Strong(content),
                        "em" => Inline::Emphasis(content),
                        "del" => Inline::Strike(content),
                        "sub" => Inline::Subscript(content),
                        "sup" => Inline::Superscript(content),
                        "code" => Inline::Code(super::expected::plain(&content)),
                        _ => panic!("</{opened}> is no tag that the writer writes"),
                    }
                } else {
                    open.push((tag.trim_matches(['<', '>']).to_owned(), Vec::new()));
                    continue;
                }
            }
            other => panic!("{other:?} is no text that the writer writes"),
        };
        open.last_mut().unwrap().1.push(inline);
    }
    assert_eq!(open.len(), 1, "a tag stays open");
    open.pop().unwrap().1
}

/// The text of an HTML table, without white space.
fn html_text(html: &str) -> String {
    assert!(html.starts_with("<table>") && html.trim_end().ends_with("</table>"), "not one table: {html}");
    let mut text = String::new();
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if !in_tag => text.push(c),
            _ => {}
        }
    }
    let text = text.replace("&#10;", "\n").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
