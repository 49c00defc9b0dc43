//! What the tests of these rooms have in common.

use crate::markdown::front_matter::FrontMatter;
use crate::markdown::{Unresolved, write};
use crate::model::{Body, Document, Place, Scope};

/// A place in `Acme/App`, whose number is 42.
pub(in crate::connectors::github) fn place(kind: &str, path: &str) -> Place {
    Place {
        scope: Scope::new("42:issues"),
        container: ["Acme".to_owned(), "App".to_owned()].into_iter().collect(),
        kind: kind.into(),
        title: "It fails".to_owned(),
        parent: None,
        stem: "12-it-fails".to_owned(),
        ending: ".md".into(),
        transparent: false,
        url: format!("https://github.example/acme/app/{path}"),
        aliases: Vec::new(),
    }
}

/// The document's text below its title.
pub(in crate::connectors::github) fn text(document: &Document) -> String {
    let Body::Tree(tree) = &document.body else { panic!("it is no tree") };
    let text = write::document(&FrontMatter { title: "It fails", ..FrontMatter::default() }, tree, &Unresolved).text;
    text.split_once("# It fails\n").map(|(_, body)| body.trim_start().to_owned()).unwrap_or(text)
}
