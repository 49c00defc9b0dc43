//! Tests of the storage format reader: a construct each, malformed bodies, bounds, properties, and whole pages.

mod bounds;
mod inserts;
mod links;
mod macros;
mod malformed;
mod pages;
mod properties;
mod structure;
mod text;

use crate::markdown::{Inline, Resolved, Resolver, Target, Tree, write};
use crate::model::{Diagnostic, Key, Treatment};

use super::{Context, Reading, read};

const CLOUD: Context<'_> = Context { base: "https://acme.example.net/wiki", space: "ENG", page: "7", cloud: true };
const SERVER: Context<'_> = Context { base: "https://example.org/confluence", space: "ENG", page: "7", cloud: false };

/// A mirror with one page, one person and every file.
struct Mirror;

impl Resolver for Mirror {
    fn resolve(&self, key: &Key) -> Option<Resolved> {
        let (link, title) = match key.as_str() {
            "user:712020:ann" | "username:ann" => (None, "Ann"),
            "title:ENG:guide" | "doc:98411" => (Some("guide.md".to_owned()), "The guide"),
            key => {
                let name = key.strip_prefix("file:")?.rsplit_once(':')?.1;
                (Some(format!("_assets/{name}")), name)
            }
        };
        Some(Resolved { link, title: title.to_owned() })
    }
}

/// What `body` becomes on Cloud, beside that mirror.
fn markdown(body: &str) -> String {
    let tree = read(body, &CLOUD).tree;
    write::body(&tree, &Mirror).text
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (body, expected) in cases {
        assert_eq!(markdown(body).trim_end(), *expected, "{body}");
    }
}

fn tree(body: &str) -> Tree {
    read(body, &CLOUD).tree
}

/// `what treatment` of each diagnostic, but for what was rendered.
fn diagnostics(body: &str) -> Vec<String> {
    let say = |diagnostic: Diagnostic| match diagnostic.treatment {
        Treatment::Rendered => None,
        Treatment::Kept => Some(format!("{} kept", diagnostic.what)),
        Treatment::Lost => Some(format!("{} lost", diagnostic.what)),
    };
    read(body, &CLOUD).diagnostics.into_iter().filter_map(say).collect()
}

/// The target of the only link or image of a body's only paragraph.
#[track_caller]
fn target(body: &str, context: &Context<'_>) -> Target {
    let tree = read(body, context).tree;
    let [crate::markdown::Block::Paragraph(content)] = tree.blocks.as_slice() else { panic!("{tree:?}") };
    match content.as_slice() {
        [Inline::Link { target, .. } | Inline::Image { target, .. }] => target.clone(),
        other => panic!("{other:?}"),
    }
}
