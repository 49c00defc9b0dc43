//! The catalogue: each construct, alone and within others, and exactly what it becomes. `fixtures/catalogue/*.txt` holds `=== name`, a body, `---` and its Markdown.
//!
//! `BLESS=1 cargo test --test it catalogue` writes the Markdown anew: then read every line that changed.

use context_syncd::connectors::confluence::storage::{self, Context};
use context_syncd::markdown::{Resolved, Resolver, write};
use context_syncd::model::Key;

const FILES: [(&str, &str); 6] = [
    ("text", include_str!("../../src/connectors/confluence/fixtures/catalogue/text.txt")),
    ("tables", include_str!("../../src/connectors/confluence/fixtures/catalogue/tables.txt")),
    ("links", include_str!("../../src/connectors/confluence/fixtures/catalogue/links.txt")),
    ("macros", include_str!("../../src/connectors/confluence/fixtures/catalogue/macros.txt")),
    ("islands", include_str!("../../src/connectors/confluence/fixtures/catalogue/islands.txt")),
    ("combinations", include_str!("../../src/connectors/confluence/fixtures/catalogue/combinations.txt")),
];

/// A mirror with one page, one person and every file.
struct Mirror;

impl Resolver for Mirror {
    fn resolve(&self, key: &Key) -> Option<Resolved> {
        let (link, title) = match key.as_str() {
            "user:712020:ann" => (None, "Ann"),
            "title:ENG:guide" | "doc:98411" => (Some("guide.md".to_owned()), "The guide"),
            key => {
                let name = key.strip_prefix("file:")?.rsplit_once(':')?.1;
                (Some(format!("_assets/{name}")), name)
            }
        };
        Some(Resolved { link, title: title.to_owned() })
    }
}

fn markdown(body: &str) -> String {
    let context = Context { base: "https://acme.example.net/wiki", space: "ENG", page: "7", cloud: true };
    write::body(&storage::read(body, &context).tree, &Mirror).text
}

/// Name, body and Markdown of each entry.
fn entries(file: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    file.split("\n=== ").map(|entry| {
        let (name, rest) = entry.trim_start_matches("=== ").split_once('\n').unwrap();
        let (body, markdown) = rest.split_once("\n---\n").unwrap();
        (name, body, markdown.trim_end())
    })
}

#[test]
fn every_construct_becomes_what_the_catalogue_says() {
    let mut wrong = Vec::new();
    for (file, text) in FILES {
        if std::env::var_os("BLESS").is_some() {
            let blessed: String =
                entries(text).map(|(name, body, _)| format!("=== {name}\n{body}\n---\n{}\n\n", markdown(body).trim_end())).collect();
            let path = format!("{}/src/connectors/confluence/fixtures/catalogue/{file}.txt", env!("CARGO_MANIFEST_DIR"));
            std::fs::write(path, format!("{}\n", blessed.trim_end())).unwrap();
            continue;
        }
        for (name, body, expected) in entries(text) {
            let found = markdown(body);
            if found.trim_end() != expected {
                wrong.push(format!("{file}: {name}\nexpected:\n{expected}\n\nfound:\n{found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n========\n"));
}

#[test]
fn names_in_the_catalogue_are_unique() {
    for (file, text) in FILES {
        let mut names: Vec<&str> = entries(text).map(|(name, _, _)| name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{file}");
    }
}

#[test]
fn the_documentation_names_entries_that_are_there() {
    let docs = include_str!("../../docs/connectors/confluence.md");
    let mut checked = 0;
    for part in docs
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| line.trim_end_matches(" |").rsplit(" | ").next())
        .flat_map(|cell| cell.split("; "))
    {
        let Some((file, names)) = part.split_once("`: ") else { continue };
        let Some((_, text)) = FILES.iter().find(|(name, _)| file.trim_start_matches('`') == *name) else { continue };
        for name in names.split(", ") {
            let found = match name.strip_suffix('\u{2026}') {
                Some(start) => entries(text).any(|(entry, _, _)| entry.starts_with(start)),
                None => entries(text).any(|(entry, _, _)| entry == name),
            };
            assert!(found, "{file} has no entry called {name}");
            checked += 1;
        }
    }
    assert!(checked > 60, "{checked}");
}
