//! What the writer writes, rule by rule, as people and assistants read it.

use context_syncd::markdown::{AlertKind, Block, Cell, Inline, Item, List, Resolved, Resolver, Table, Target, Tree, write};
use context_syncd::model::Key;

mod blocks;
mod documents;
mod inlines;
mod links;
mod tables;

/// Knows one document, one picture that is not downloaded, and one person.
struct Mirror;

impl Resolver for Mirror {
    fn resolve(&self, key: &Key) -> Option<Resolved> {
        let (link, title) = match key.as_str() {
            "doc:1" => (Some("../ops/release (1)--1.md"), "Release checklist"),
            "file:1:a.png" => (Some("_assets/1/a b.png"), "a.png"),
            "file:1:big.zip" => (None, "big.zip"),
            "user:1" => (None, "Ann_Lee"),
            _ => return None,
        };
        Some(Resolved { link: link.map(str::to_owned), title: title.to_owned() })
    }
}

fn written(blocks: Vec<Block>) -> String {
    write::body(&Tree { blocks }, &Mirror).text
}

/// A paragraph's Markdown, without its line end.
fn line(content: Vec<Inline>) -> String {
    written(vec![paragraph(content)]).trim_end_matches('\n').to_owned()
}

fn plain(text: &str) -> String {
    line(vec![t(text)])
}

fn t(text: &str) -> Inline {
    Inline::Text(text.to_owned())
}

fn code(text: &str) -> Inline {
    Inline::Code(text.to_owned())
}

fn strong(text: &str) -> Inline {
    Inline::Strong(vec![t(text)])
}

fn em(text: &str) -> Inline {
    Inline::Emphasis(vec![t(text)])
}

fn link(url: &str, text: &str) -> Inline {
    Inline::Link { target: Target::Url(url.to_owned()), content: vec![t(text)] }
}

fn paragraph(content: Vec<Inline>) -> Block {
    Block::Paragraph(content)
}

fn p(text: &str) -> Block {
    paragraph(vec![t(text)])
}

fn item(body: Vec<Block>) -> Item {
    Item { done: None, body }
}

fn bullets(items: Vec<Item>) -> Block {
    Block::List(List { start: None, items })
}

fn numbers(start: u32, items: Vec<Item>) -> Block {
    Block::List(List { start: Some(start), items })
}

fn fence(language: Option<&str>, text: &str) -> Block {
    Block::Code { language: language.map(str::to_owned), text: text.to_owned() }
}

fn note(title: Vec<Inline>, body: Vec<Block>) -> Block {
    Block::Alert { kind: AlertKind::Note, title, body }
}

fn td(body: Vec<Block>) -> Cell {
    Cell { header: false, colspan: 1, rowspan: 1, body }
}

fn th(text: &str) -> Cell {
    Cell { header: true, ..td(vec![p(text)]) }
}

fn table(rows: Vec<Vec<Cell>>) -> Block {
    Block::Table(Table { rows })
}
