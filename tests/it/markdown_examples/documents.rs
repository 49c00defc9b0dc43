//! Whole documents.

use context_syncd::markdown::front_matter::FrontMatter;

use super::*;

#[test]
fn a_document_is_front_matter_title_and_body() {
    let (path, labels) = (["Engineering".to_owned()], ["how-to".to_owned(), "true".to_owned()]);
    let front = FrontMatter {
        title: "Release: \"v2\" _now_",
        source: "confluence",
        id: "98411",
        url: "https://x.atlassian.net/wiki/spaces/ENG/pages/98411",
        kind: "page",
        container: "ENG",
        parent: Some("Engineering"),
        path: &path,
        labels: &labels,
        created_at: Some("2025-08-22T08:13:34Z"),
        updated_by: Some("Ann Lee"),
        version: Some("7"),
        ..FrontMatter::default()
    };
    let written = write::document(&front, &Tree { blocks: vec![p("Body.")] }, &Mirror);
    assert_eq!(
        written.text,
        "---\ntitle: \"Release: \\\"v2\\\" _now_\"\nsource: confluence\nid: \"98411\"\nurl: https://x.atlassian.net/wiki/spaces/ENG/pages/98411\ntype: page\ncontainer: ENG\n\
         parent: Engineering\npath:\n  - Engineering\nlabels:\n  - how-to\n  - \"true\"\ncreated_at: \"2025-08-22T08:13:34Z\"\nupdated_by: Ann Lee\nversion: \"7\"\n---\n\n\
         # Release: \"v2\" \\_now\\_\n\nBody.\n"
    );
    assert_eq!(written.hidden_removed, 0);
}

#[test]
fn a_title_cannot_leave_its_place() {
    let front = FrontMatter { title: "a\n---\nid: 1\n\n# b\u{202E}", source: "confluence", ..FrontMatter::default() };
    let written = write::document(&front, &Tree { blocks: vec![p("c\u{202E}")] }, &Mirror);
    assert_eq!(written.text, "---\ntitle: \"a\\n---\\nid: 1\\n\\n# b\"\nsource: confluence\n---\n\n# a --- id: 1 # b\n\nc\n");
    assert_eq!(written.hidden_removed, 2);
}

#[test]
fn an_empty_body_leaves_the_title() {
    let front = FrontMatter { title: "A", source: "confluence", ..FrontMatter::default() };
    assert_eq!(write::document(&front, &Tree { blocks: vec![p(" ")] }, &Mirror).text, "---\ntitle: A\nsource: confluence\n---\n\n# A\n");
    assert_eq!(written(vec![]), "");
}
