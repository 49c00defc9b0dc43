//! Links and images: resolved, absolute, or a visible note.

use super::*;

fn remote(key: &str, anchor: Option<&str>, fallback: Option<&str>, name: &str) -> Target {
    Target::Remote { key: Key::new(key), anchor: anchor.map(str::to_owned), fallback: fallback.map(str::to_owned), name: name.to_owned() }
}

fn to(target: Target, content: Vec<Inline>) -> String {
    line(vec![Inline::Link { target, content }])
}

fn image(target: Target, alt: &str) -> String {
    line(vec![Inline::Image { target, alt: alt.to_owned() }])
}

#[test]
fn mirrored_documents_are_linked_by_path() {
    assert_eq!(to(remote("doc:1", None, None, "n"), vec![t("list")]), "[list](../ops/release%20%281%29--1.md)");
    assert_eq!(
        to(remote("doc:1", Some("How to: Roll back"), None, "n"), vec![]),
        "[Release checklist](../ops/release%20%281%29--1.md#how-to-roll-back)"
    );
}

#[test]
fn others_stay_absolute_or_say_that_they_are_not_there() {
    assert_eq!(to(remote("doc:2", Some("x"), Some("https://w/2"), "Two"), vec![]), "[Two](https://w/2)");
    assert_eq!(to(remote("doc:2", None, None, "ENG:Two"), vec![t("see two")]), "see two (unresolved link: ENG:Two)");
    assert_eq!(to(remote("doc:2", None, None, "ENG:Two"), vec![]), "ENG:Two (unresolved link: ENG:Two)");
    assert_eq!(to(remote("file:1:big.zip", None, Some("https://w/big.zip"), "n"), vec![]), "[big.zip](https://w/big.zip)");
    assert_eq!(to(Target::Anchor("Next Steps!".to_owned()), vec![]), "Next Steps!");
}

#[test]
fn links_within_a_document_lead_to_its_headings_and_anchors() {
    let heading = |text: &str| Block::Heading { level: 2, content: vec![t(text)] };
    let jump = |words: &str| paragraph(vec![Inline::Link { target: Target::Anchor(words.to_owned()), content: vec![t("j")] }]);
    let rest = || {
        vec![
            heading("Next *Steps*!"),
            heading("Notes"),
            Block::Quote(vec![heading("Notes")]),
            paragraph(vec![Inline::Anchor("Far Down".to_owned()), t("x")]),
        ]
    };
    for (words, expected) in [
        ("next steps", "[j](#next-steps)"),
        ("NextSteps", "[j](#next-steps)"),
        ("Some-Page-Next-Steps!", "[j](#next-steps)"),
        ("Notes.1", "[j](#notes-1)"),
        ("far-down", "[j](#far-down)"),
        ("nowhere", "j"),
    ] {
        let text = written([vec![jump(words)], rest()].concat());
        assert_eq!(text.lines().next(), Some(expected), "{words}");
        assert!(text.ends_with("\n<a id=\"far-down\"></a>x\n"), "{text}");
    }
}

#[test]
fn a_documents_title_is_its_first_heading() {
    let front = context_syncd::markdown::front_matter::FrontMatter { title: "Notes", ..Default::default() };
    let jump = Inline::Link { target: Target::Anchor("Notes".to_owned()), content: vec![t("j")] };
    let second = Inline::Link { target: Target::Anchor("Notes.1".to_owned()), content: vec![t("k")] };
    let tree = Tree { blocks: vec![paragraph(vec![jump, t(" "), second]), Block::Heading { level: 2, content: vec![t("Notes")] }] };
    assert!(write::document(&front, &tree, &Mirror).text.contains("\n[j](#notes) [k](#notes-1)\n"));
}

#[test]
fn addresses_that_are_their_own_text_stand_in_angle_brackets() {
    assert_eq!(line(vec![link("https://x.y/a_b", "https://x.y/a_b")]), "<https://x.y/a_b>");
    assert_eq!(line(vec![link("mailto:a@b.c", "a@b.c")]), "<a@b.c>");
    assert_eq!(line(vec![link("https://x.y/a b", "https://x.y/a b")]), "[https://x.y/a b](https://x.y/a%20b)");
}

#[test]
fn only_addresses_of_documents_are_links() {
    assert_eq!(line(vec![link("javascript:alert(1)", "click")]), "click");
    assert_eq!(line(vec![link("data:text/html,x", "data")]), "data");
    assert_eq!(line(vec![link("/wiki/a(b", "a")]), "[a](/wiki/a%28b)");
}

#[test]
fn links_keep_their_text_and_never_nest() {
    assert_eq!(line(vec![link("https://x.y", "a [b] c")]), "[a \\[b\\] c](https://x.y)");
    assert_eq!(line(vec![t("see"), link("https://x.y", " a "), t("now")]), "see [a](https://x.y) now");
    assert_eq!(line(vec![t("Hi!"), link("https://x.y", "a")]), "Hi\\![a](https://x.y)");
    let nested = Inline::Link { target: Target::Url("https://x.y".to_owned()), content: vec![t("a "), link("https://z", "b")] };
    assert_eq!(line(vec![nested]), "[a b](https://x.y)");
    assert_eq!(line(vec![Inline::Link { target: Target::Url("https://x.y".to_owned()), content: vec![strong("a")] }]), "**[a](https://x.y)**");
}

#[test]
fn images_are_there_or_named() {
    assert_eq!(image(remote("file:1:a.png", None, None, "a.png"), "the [plan]"), "![the \\[plan\\]](_assets/1/a%20b.png)");
    assert_eq!(image(remote("file:1:big.zip", None, Some("https://w/b"), "big.zip"), ""), "![](https://w/b)");
    assert_eq!(image(remote("file:9", None, None, "flow_chart.png"), "x"), "*[image: x (flow_chart.png)]*");
    assert_eq!(image(Target::Url("data:image/png;base64,AAAA".to_owned()), "logo"), "*[image: logo]*");
    let linked = Inline::Link {
        target: Target::Url("https://x.y".to_owned()),
        content: vec![Inline::Image { target: Target::Url("https://i".to_owned()), alt: "i".to_owned() }],
    };
    assert_eq!(line(vec![linked]), "[![i](https://i)](https://x.y)");
}

#[test]
fn keys_are_found_wherever_they_are() {
    let link = |key: &str| Inline::Link { target: remote(key, None, None, "n"), content: vec![Inline::Person(Key::new("user:1"))] };
    let tree = Tree {
        blocks: vec![
            note(vec![link("doc:3")], vec![bullets(vec![item(vec![paragraph(vec![Inline::Strong(vec![link("doc:2")])])])])]),
            table(vec![vec![td(vec![Block::Quote(vec![paragraph(vec![Inline::Image {
                target: remote("file:1", None, None, ""),
                alt: String::new(),
            }])])])]]),
            Block::Heading { level: 1, content: vec![link("doc:2")] },
        ],
    };
    assert_eq!(tree.keys().iter().map(Key::as_str).collect::<Vec<_>>(), ["doc:2", "doc:3", "file:1", "user:1"]);
}
