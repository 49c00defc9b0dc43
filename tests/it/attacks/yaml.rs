//! Front matter as a YAML parser reads it: what a hostile title must not change.

use yaml_rust2::{Yaml, YamlLoader};

/// A document's front matter and the rest of it; panics where it is not one block with one map.
pub(super) fn front_matter(text: &str) -> (Yaml, &str) {
    let rest = text.strip_prefix("---\n").unwrap_or_else(|| panic!("no front matter: {text}"));
    // As programs look for it: the first line that is `---`.
    let (block, body) = rest.split_once("\n---\n").unwrap_or_else(|| panic!("no end of the front matter: {text}"));
    let mut documents = YamlLoader::load_from_str(block).unwrap_or_else(|error| panic!("{error} in {block}"));
    assert_eq!(documents.len(), 1, "{block}");
    assert!(documents[0].as_hash().is_some(), "{block}");
    (documents.remove(0), body)
}

/// The keys of the map, in their order.
pub(super) fn keys(front: &Yaml) -> Vec<&str> {
    front.as_hash().unwrap().keys().map(|key| key.as_str().unwrap()).collect()
}
