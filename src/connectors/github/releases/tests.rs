//! From a kept release to the text that is written.

use serde_json::json;

use crate::connectors::github::conversation::fixture::{place, text};
use crate::connectors::github::raw;
use crate::model::{Document, Fact};

fn document(json: &serde_json::Value) -> Document {
    let raw = raw::encode("release", json, b"");
    super::read(&raw::open(&raw).unwrap(), &place("release", "releases/tag/v1.0")).unwrap()
}

#[test]
fn a_release_is_its_notes_and_its_files() {
    let document = document(&json!({
        "tag": "v1.0", "body": "## New\r\n\r\n- all", "author": "ann", "prerelease": true, "published_at": "2026-01-05T09:00:00Z", "commit": "1a2b3c4",
        "reactions": [{ "content": "ROCKET", "count": 2 }],
        "assets": [{ "name": "app|1.zip", "size": 1_550_000, "url": "https://github.example/d/app.zip" }, { "name": "sums", "size": 64, "url": "https://github.example/d/sums" }],
    }));
    assert_eq!(
        text(&document),
        "## New\n\n- all\n\n🚀 2\n\n## Assets\n\n| Name | Size |\n| --- | --- |\n| [`app\\|1.zip`](https://github.example/d/app.zip) | 1.5 MB |\n| [`sums`](https://github.example/d/sums) | 64 B |\n"
    );
    let facts = &document.facts.extra;
    assert!(facts.contains(&("tag".to_owned(), Fact::from("v1.0"))) && facts.contains(&("prerelease".to_owned(), Fact::from("true"))), "{facts:?}");
}

#[test]
fn a_release_without_anything_is_read() {
    assert_eq!(text(&document(&json!({}))), "");
    assert!(!text(&document(&json!({ "assets": [{}] }))).is_empty());
}
