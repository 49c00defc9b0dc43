//! Blocks: headings, code, quotes, alerts, lists, author's Markdown.

use super::*;

#[test]
fn headings_are_one_line() {
    let heading = |level, content| written(vec![Block::Heading { level, content }]);
    assert_eq!(heading(2, vec![t("a"), Inline::Break, t("b")]), "## a b\n");
    assert_eq!(heading(9, vec![t("1. C# and #1")]), "###### 1. C# and #1\n");
    assert_eq!(heading(0, vec![t("a ##")]), "# a \\#\\#\n".replace("\\#\\#", "\\##"));
    assert_eq!(heading(1, vec![t(" ")]), "");
}

#[test]
fn blocks_stand_apart() {
    let blocks = vec![
        p("a"),
        Block::Rule,
        p(" "),
        Block::Marker("Confluence macro: roadmap".to_owned()),
        Block::Quote(vec![p("b"), p("c")]),
        Block::Quote(vec![p("d")]),
    ];
    assert_eq!(written(blocks), "a\n\n---\n\n`[Confluence macro: roadmap]`\n\n> b\n>\n> c\n\n> d\n");
}

#[test]
fn code_is_exact_and_its_fence_longer_than_any_in_it() {
    assert_eq!(written(vec![fence(Some("rust"), "fn a() {}\n\n    b")]), "```rust\nfn a() {}\n\n    b\n```\n");
    assert_eq!(written(vec![fence(None, "```\nx\n```\n")]), "````\n```\nx\n```\n\n````\n");
    assert_eq!(written(vec![fence(Some("c++ `x`\n"), "")]), "```c++\n```\n");
    assert_eq!(written(vec![bullets(vec![item(vec![fence(None, "a\n\nb")])])]), "- ```\n  a\n\n  b\n  ```\n");
    assert_eq!(written(vec![Block::Quote(vec![fence(None, "a\n\nb")])]), "> ```\n> a\n>\n> b\n> ```\n");
}

#[test]
fn alerts_have_their_title_as_a_bold_line() {
    assert_eq!(written(vec![note(vec![t("Mind this")], vec![p("a")])]), "> [!NOTE]\n> **Mind this**\n>\n> a\n");
    assert_eq!(written(vec![note(vec![], vec![bullets(vec![item(vec![p("a")])])])]), "> [!NOTE]\n> - a\n");
    let caution = Block::Alert { kind: AlertKind::Caution, title: vec![strong("T")], body: vec![] };
    assert_eq!(written(vec![caution]), "> [!CAUTION]\n> **T**\n");
    assert_eq!(written(vec![Block::Quote(vec![p("[!NOTE] is no note")])]), "> \\[!NOTE] is no note\n");
}

#[test]
fn short_lists_are_tight_and_others_loose() {
    let nested = bullets(vec![item(vec![p("a"), bullets(vec![item(vec![p("b")])])]), item(vec![p("c")])]);
    assert_eq!(written(vec![nested]), "- a\n  - b\n- c\n");
    let loose = numbers(9, vec![item(vec![p("a"), p("b")]), item(vec![p("c")])]);
    assert_eq!(written(vec![loose]), "9. a\n\n   b\n\n10. c\n");
}

#[test]
fn lists_side_by_side_stay_two() {
    let one = || bullets(vec![item(vec![p("a")])]);
    assert_eq!(written(vec![one(), one(), one()]), "- a\n\n+ a\n\n- a\n");
    assert_eq!(written(vec![numbers(1, vec![item(vec![p("a")])]), numbers(1, vec![item(vec![p("b")])])]), "1. a\n\n1) b\n");
    assert_eq!(written(vec![one(), Block::Markdown("- raw".to_owned()), one()]), "- a\n\n<!-- -->\n\n- raw\n\n<!-- -->\n\n- a\n");
}

#[test]
fn items_that_could_be_read_as_something_else_are_not() {
    // A list that begins with another number than 1, or an empty item, cannot follow a paragraph directly.
    assert_eq!(written(vec![bullets(vec![item(vec![p("a"), numbers(3, vec![item(vec![p("b")])])])])]), "- a\n\n  3. b\n");
    assert_eq!(written(vec![bullets(vec![item(vec![p("a"), bullets(vec![item(vec![])])])])]), "- a\n\n  -\n");
    assert_eq!(written(vec![bullets(vec![item(vec![Block::Rule])])]), "- ***\n");
    assert_eq!(written(vec![bullets(vec![item(vec![p("--")])])]), "- \\--\n");
    let empty = bullets(vec![item(vec![bullets(vec![item(vec![bullets(vec![item(vec![])])])])])]);
    assert_eq!(written(vec![empty]), "- - - <!-- -->\n");
    assert_eq!(written(vec![bullets(vec![item(vec![bullets(vec![item(vec![p("a")])])])])]), "- - a\n");
}

#[test]
fn tasks_stay_tasks() {
    let task = |done, body| Item { done: Some(done), body };
    assert_eq!(written(vec![bullets(vec![task(false, vec![p("a")]), task(true, vec![p("b")])])]), "- [ ] a\n- [x] b\n");
    assert_eq!(
        written(vec![bullets(vec![task(false, vec![fence(None, "x")]), task(true, vec![])])]),
        "- [ ] <!-- -->\n\n  ```\n  x\n  ```\n\n- [x]\n"
    );
    assert_eq!(written(vec![bullets(vec![task(true, vec![bullets(vec![item(vec![p("a")])])])])]), "- [x]\n  - a\n");
}

#[test]
fn markdown_by_an_author_stays_as_it_is_but_swallows_nothing() {
    assert_eq!(written(vec![Block::Markdown("\n*a*  \n\n| b |\n".to_owned()), p("c")]), "*a*  \n\n| b |\n\nc\n");
    assert_eq!(written(vec![Block::Markdown("```\nopen".to_owned()), p("c")]), "```\nopen\n```\n\nc\n");
    assert_eq!(written(vec![Block::Quote(vec![Block::Markdown("a\n\n<!-- open".to_owned())])]), "> a\n>\n> <!-- open\n> -->\n");
}

#[test]
fn deep_trees_are_written_within_a_small_stack() {
    let mut body = vec![p("deep")];
    for level in 0..150 {
        body = match level % 4 {
            0 => vec![bullets(vec![item(body)])],
            1 => vec![Block::Quote(body)],
            2 => vec![note(vec![], body)],
            _ => vec![numbers(1, vec![item(body)])],
        };
    }
    let mut content = vec![t("x")];
    for level in 0..150 {
        content = vec![if level % 2 == 0 { Inline::Strong(content) } else { Inline::Emphasis(content) }];
    }
    let mut cells = vec![paragraph(content)];
    for _ in 0..70 {
        cells = vec![table(vec![vec![td(cells)]])];
    }
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(move || (written(body), written(cells))).unwrap();
    let (lists, tables) = thread.join().unwrap();
    assert!(lists.ends_with("deep\n"));
    assert!(tables.contains("<strong><em>x</em></strong>"));
}
