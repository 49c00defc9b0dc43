//! The reader by example: one per construct, then what must never happen.

use super::{Context, read};
use crate::markdown::{Block, Inline, Target, Tree, Unresolved, write};
use crate::model::{Diagnostic, Treatment};

mod bounds;
mod links;
mod macros;
mod text;

const CLOUD: Context<'static> = Context { base: "https://s.example/wiki", space: "ENG", page: "7", cloud: true };
const SERVER: Context<'static> = Context { base: "https://c.example", space: "ENG", page: "7", cloud: false };

fn tree(body: &str) -> Tree {
    read(body, &CLOUD).0
}

fn diagnostics(body: &str) -> Vec<Diagnostic> {
    read(body, &CLOUD).1
}

/// What a reader sees, without the line feed at the end.
fn md(body: &str) -> String {
    write::body(&tree(body), &Unresolved).text.trim_end().to_owned()
}

#[track_caller]
fn shows(cases: &[(&str, &str)]) {
    for (body, expected) in cases {
        assert_eq!(md(body), *expected, "{body}");
    }
}

fn kept(what: &str) -> Diagnostic {
    Diagnostic { what: what.to_owned(), treatment: Treatment::Kept }
}

fn lost(what: &str) -> Diagnostic {
    Diagnostic { what: what.to_owned(), treatment: Treatment::Lost }
}

/// The inlines of the only paragraph.
fn line(body: &str) -> Vec<Inline> {
    match tree(body).blocks.as_slice() {
        [Block::Paragraph(inlines)] => inlines.clone(),
        other => panic!("no single paragraph: {other:?}"),
    }
}

/// Key, fallback and name of the first link or image.
fn remote(body: &str, context: &Context<'_>) -> (String, Option<String>, String) {
    fn find(inlines: &[Inline]) -> Option<&Target> {
        inlines.iter().find_map(|inline| match inline {
            Inline::Link { target, .. } | Inline::Image { target, .. } => Some(target),
            Inline::Strong(inner) => find(inner),
            _ => None,
        })
    }
    let tree = read(body, context).0;
    let found = tree.blocks.iter().find_map(|block| match block {
        Block::Paragraph(inlines) => find(inlines),
        _ => None,
    });
    match found {
        Some(Target::Remote { key, fallback, name, .. }) => (key.to_string(), fallback.clone(), name.clone()),
        other => panic!("no key in {other:?}"),
    }
}
