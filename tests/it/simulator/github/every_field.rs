//! Queries that ask each field of each type of the schema once, at the first place where a walk from the root meets the type.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};

/// What required arguments get, by field.
fn arguments(field: &str) -> &'static str {
    match field {
        "repository" => "owner: \"acme\", name: \"app\"",
        "user" => "login: \"ann\"",
        "organization" | "repositoryOwner" => "login: \"acme\"",
        "discussion" | "milestone" => "number: 1",
        "issue" | "issueOrPullRequest" => "number: 2",
        "pullRequest" => "number: 3",
        "release" => "tagName: \"v1\"",
        "label" => "name: \"bug\"",
        "object" => "expression: \"HEAD\"",
        "ref" => "qualifiedName: \"main\"",
        "refs" => "refPrefix: \"refs/heads/\", first: 3",
        "discussionCategory" => "slug: \"general\"",
        "file" => "path: \"a.md\"",
        _ => "",
    }
}

fn asked(on: &str, definition: &FieldDefinition) -> String {
    let name = definition.name.as_str();
    let given = match name {
        _ if definition.arguments.is_empty() => "",
        "repository" if on != "Query" => "name: \"app\"",
        name => arguments(name),
    };
    let pages = definition.argument_by_name("first").is_some() && !given.contains("first");
    let given = if pages { "first: 3" } else { given };
    if given.is_empty() { name.to_owned() } else { format!("{name}({given})") }
}

/// Where each type was met, and a query for all of its fields.
pub(super) fn queries() -> Vec<(String, String)> {
    let text = include_str!("../../../fixtures/github/schema.graphql");
    let schema = Schema::parse_and_validate(text, "schema").unwrap();
    let mut met = BTreeSet::new();
    let mut found = Vec::new();
    let mut todo = vec![("Query".to_owned(), Vec::<String>::new())];
    while !todo.is_empty() {
        let (ty, path) = todo.remove(0);
        if path.len() > 9 || !met.insert(ty.clone()) {
            continue;
        }
        let object = match &schema.types[ty.as_str()] {
            ExtendedType::Object(object) => object,
            // What may stand there, each by a fragment.
            _ => {
                for (name, _) in schema.types.iter().filter(|(name, other)| other.is_object() && schema.is_subtype(&ty, name)) {
                    todo.push((name.to_string(), [path.as_slice(), &[format!("... on {name}")]].concat()));
                }
                continue;
            }
        };
        let mut selection = String::new();
        for definition in object.fields.values() {
            if matches!(definition.name.as_str(), "node" | "nodes") && ty == "Query" {
                continue;
            }
            let inner = definition.ty.inner_named_type().to_string();
            let asked = asked(&ty, definition);
            let leaf = schema.types[inner.as_str()].is_leaf();
            selection.push_str(&format!(" {asked}{}", if leaf { "" } else { " { __typename }" }));
            if !leaf {
                todo.push((inner, [path.as_slice(), &[asked]].concat()));
            }
        }
        let open: String = path.iter().map(|part| format!("{part} {{ ")).collect();
        found.push((format!("{ty} at {}", path.join(" / ")), format!("{{ {open}{selection}{} }}", " }".repeat(path.len()))));
    }
    let missing: Vec<_> =
        schema.types.iter().filter(|(name, ty)| ty.is_object() && !ty.is_built_in() && !met.contains(name.as_str())).map(|(name, _)| name).collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
    found
}
