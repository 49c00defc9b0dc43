//! Macros that show something of other pages: what they ask of the mirror.

use super::macros::{call, rich};
use super::*;
use crate::connectors::confluence::keys;
use crate::markdown::Block;
use crate::markdown::insert::{Part, PartKind, Piece, Root, Selection};

/// The only piece that a body asks for.
#[track_caller]
fn piece(body: &str) -> Piece {
    match &tree(body).blocks[..] {
        [Block::Paragraph(content)] => match &content[..] {
            [Inline::Insert(insert)] => insert.piece.clone(),
            other => panic!("{body}: {other:?}"),
        },
        other => panic!("{body}: {other:?}"),
    }
}

fn parts(body: &str) -> Vec<Part> {
    read(body, &CLOUD).parts
}

#[test]
fn included_pages_and_excerpts_are_named() {
    let link = "<ac:link><ri:page ri:content-title=\"Guide\" ri:space-key=\"OPS\" /></ac:link>";
    assert_eq!(piece(&call("include", &[("", link)], "")), Piece::Body(keys::title("OPS", "Guide")));
    let part = |name: Option<&str>, framed| Piece::Part { of: keys::title("ENG", "Guide"), name: name.map(str::to_owned), framed };
    assert_eq!(piece(&call("excerpt-include", &[("", "Guide")], "")), part(None, true));
    assert_eq!(piece(&call("excerpt-include", &[("", "Guide"), ("name", "b"), ("nopanel", "true")], "")), part(Some("b"), false));
    let in_text = format!("<p>a {} b</p>", call("excerpt-include", &[("", "Guide")], ""));
    let Block::Paragraph(content) = &tree(&in_text).blocks[0] else { panic!() };
    assert!(matches!(&content[1], Inline::Insert(insert) if insert.piece == part(None, false)), "in a sentence there is no frame: {content:?}");
}

#[test]
fn parts_are_kept_beside_the_page_and_stand_in_it() {
    let body = format!("{}{}", call("excerpt", &[("name", "x")], &rich("<p>one</p>")), call("details", &[("id", "y")], &rich("<p>two</p>")));
    assert_eq!(markdown(&body), "one\n\ntwo\n");
    let found: Vec<_> = parts(&body).into_iter().map(|part| (part.kind, part.name.unwrap_or_default(), part.body.len())).collect();
    assert_eq!(found, [(PartKind::Excerpt, "x".to_owned(), 1), (PartKind::Properties, "y".to_owned(), 1)]);
    // However deep excerpts nest, what is kept is at most a few times the body.
    let deep = (0..50).fold("<p>word</p>".to_owned(), |body, _| call("excerpt", &[], &rich(&body)));
    assert_eq!(parts(&deep).len(), 2);
    assert_eq!(diagnostics(&call("excerpt", &[], &rich(&call("odd", &[], "")))), ["macro:odd lost"], "what is read twice is said once");
}

#[test]
fn lists_of_pages_say_where_they_begin_and_how_deep_they_go() {
    let below = |root, depth| Piece::Below { root, depth };
    let page = |title: &str| format!("<ac:link><ri:page ri:content-title=\"{title}\"/></ac:link>");
    for (body, expected) in [
        (call("children", &[], ""), below(Root::This, Some(1))),
        (call("children", &[("all", "true")], ""), below(Root::This, None)),
        (call("children", &[("depth", "2"), ("page", &page("P"))], ""), below(Root::Key(keys::title("ENG", "P")), Some(2))),
        (call("pagetree", &[("root", &page("@home"))], ""), below(Root::Key(keys::space("ENG")), Some(1))),
        (call("pagetree", &[("root", &page("@parent")), ("startDepth", "3")], ""), below(Root::Parent, Some(3))),
        (call("pagetree", &[("root", "@self")], ""), below(Root::This, Some(1))),
    ] {
        assert_eq!(piece(&body), expected, "{body}");
    }
}

#[test]
fn labels_choose_pages() {
    let labels = |groups: &[&[&str]]| groups.iter().map(|group| group.iter().map(|label| (*label).to_owned()).collect()).collect();
    let select = |groups: &[&[&str]], spaces: &[&str]| Selection {
        labels: labels(groups),
        containers: spaces.iter().map(|space| (*space).to_owned()).collect(),
        ..Selection::default()
    };
    for (body, expected) in [
        (call("contentbylabel", &[("labels", "a, b")], ""), select(&[&["a", "b"]], &[])),
        (call("contentbylabel", &[("labels", "a,b"), ("operator", "AND"), ("spaces", "@self")], ""), select(&[&["a"], &["b"]], &["ENG"])),
        (call("contentbylabel", &[("labels", "a"), ("spaces", "<ri:space ri:space-key=\"OPS\"/>")], ""), select(&[&["a"]], &["OPS"])),
        (call("contentbylabel", &[("cql", "label = \"a\" and space = \"OPS\"")], ""), select(&[&["a"]], &["OPS"])),
    ] {
        assert_eq!(piece(&body), Piece::Labelled(expected), "{body}");
    }
    let report = call("detailssummary", &[("cql", "label = \"a\""), ("headings", "Owner, State"), ("firstcolumn", "Page"), ("id", "x")], "");
    let columns = vec!["Owner".to_owned(), "State".to_owned()];
    let expected = Piece::Report { selection: select(&[&["a"]], &[]), first: "Page".to_owned(), columns, name: Some("x".to_owned()) };
    assert_eq!(piece(&report), expected);
    // What the mirror cannot answer keeps its marker, and is said to be lost.
    let open = call("contentbylabel", &[("cql", "text ~ \"a\"")], "");
    let page = "https://acme.example.net/wiki/pages/viewpage.action?pageId=7";
    assert_eq!(markdown(&open), format!("`[Confluence macro: contentbylabel cql='text ~ \"a\"']` [see the page]({page})\n"));
    assert_eq!(diagnostics(&open), ["macro:contentbylabel lost"]);
}

#[test]
fn lists_of_files_say_whose() {
    let files = |root, images| Piece::Files { root, images };
    assert_eq!(piece(&call("attachments", &[], "")), files(Root::This, false));
    let page = "<ac:link><ri:page ri:content-title=\"P\"/></ac:link>";
    assert_eq!(piece(&call("gallery", &[("page", page)], "")), files(Root::Key(keys::title("ENG", "P")), true));
}
