//! Lists, tables, tasks, quotes, code, layouts, images: what holds other things.

use super::*;
use crate::markdown::Block;

#[test]
fn lists_nest_in_every_form() {
    check(&[
        ("<ul><li><p>a</p><ul><li>b</li></ul></li></ul>", "- a\n  - b"),
        ("<ul><li>a</li><ul><li>b</li></ul><ul><li>c</li></ul></ul>", "- a\n  - b\n  - c"),
        ("<ul><li>a</li><li style=\"list-style-type: none;\"><ul><li>b</li></ul></li></ul>", "- a\n  - b"),
        ("<ol start=\"5\"><li>a</li><li></li><li>b</li></ol>", "5. a\n6.\n7. b"),
        ("<ol start=\"x\"><li>a</li></ol>", "1. a"),
        ("<ul>stray <li>a</li> text</ul>", "- stray\n- a\n- text"),
        ("<ul><ul><li>a</li></ul></ul>", "- - a"),
        ("<li>alone</li>", "- alone"),
        ("<dl><dt>Term</dt><dd>One</dd><dd><p>Two</p></dd></dl>", "- **Term**\n\n  One\n\n  Two"),
    ]);
}

#[test]
fn items_hold_blocks() {
    let body = "<ol><li><p>a</p><ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[x\n\ny]]></ac:plain-text-body></ac:structured-macro></li></ol>";
    check(&[(body, "1. a\n\n   ```\n   x\n\n   y\n   ```")]);
}

#[test]
fn tables_have_headers_spans_and_captions() {
    check(&[
        (
            "<table><colgroup><col/></colgroup><tbody><tr><th><p><strong>Key</strong></p></th><th>Value</th></tr><tr><td>a</td><td><p>b</p><p>c|d</p></td></tr></tbody></table>",
            "| Key | Value |\n| --- | --- |\n| a | b<br>c\\|d |",
        ),
        ("<table><tr><th>a</th><td>b</td></tr></table>", "|  |  |\n| --- | --- |\n| **a** | b |"),
        ("<table><tr><td><h3>Head<br/>line</h3><p>x</p></td></tr></table>", "|  |\n| --- |\n| **Head line**<br>x |"),
        ("<table><thead><tr><td>A</td></tr></thead><tr><td>a</td></tr></table>", "| A |\n| --- |\n| a |"),
        ("<table><caption>C</caption><tr><td>a</td></tr></table>", "C\n\n|  |\n| --- |\n| a |"),
        (
            "<table><tr><td class=\"numberingColumn\">1</td><td><ul><li>x<ul><li>y</li></ul></li></ul></td></tr></table>",
            "|  |  |\n| --- | --- |\n| 1 | - x<br>&nbsp;&nbsp;- y |",
        ),
        ("<table><td>a</td><td>b</td><tr><td>c</td></tr></table>", "|  |  |\n| --- | --- |\n| a | b |\n| c |  |"),
        ("<table>stray<tr>in row<td>a</td></tr></table>", "|  |  |\n| --- | --- |\n| in row | a |\n\nstray"),
        ("<p>a</p><table></table><table><tr></tr></table><table><tr><td> </td></tr></table>", "a"),
    ]);
}

#[test]
fn spans_are_clamped() {
    let spans = |span: &str| {
        let Some(Block::Table(table)) = tree(&format!("<table><tr><td colspan=\"{span}\" rowspan=\"{span}\">a</td></tr></table>")).blocks.pop()
        else {
            panic!()
        };
        (table.rows[0][0].colspan, table.rows[0][0].rowspan)
    };
    for (span, clamped) in [("2", 2), ("0", 1), ("-3", 1), ("1001", 1000), ("99999999999999999999", 1000), ("x", 1), ("", 1), (" 3 ", 3)] {
        assert_eq!(spans(span), (clamped, clamped), "{span}");
    }
}

#[test]
fn a_table_may_lie_in_a_list_in_a_table() {
    let body = "<table><tr><td><ul><li>a<table><tr><td>inner</td></tr></table></li></ul></td></tr></table>";
    let Some(Block::Table(table)) = tree(body).blocks.pop() else { panic!() };
    let [Block::List(list)] = table.rows[0][0].body.as_slice() else { panic!() };
    assert!(matches!(list.items[0].body.as_slice(), [Block::Paragraph(_), Block::Table(_)]));
}

#[test]
fn tasks_nest_wherever_they_stand() {
    let task = |status: &str, body: &str| {
        format!(
            "<ac:task><ac:task-id>7</ac:task-id><ac:task-uuid>u</ac:task-uuid><ac:task-status>{status}</ac:task-status><ac:task-body>{body}</ac:task-body></ac:task>"
        )
    };
    let list = |tasks: &str| format!("<ac:task-list>{tasks}</ac:task-list>");
    let mention = "<span class=\"placeholder-inline-tasks\"><ac:link><ri:user ri:account-id=\"712020:ann\" /></ac:link> ship <time datetime=\"2026-10-01\" /></span>";
    check(&[
        (&list(&(task("incomplete", mention) + &task("complete", "done") + &task("incomplete", " "))), "- [ ] @Ann ship 2026-10-01\n- [x] done"),
        (&list(&task("incomplete", &format!("a{}", list(&task("complete", "b"))))), "- [ ] a\n  - [x] b"),
        (&list(&task("incomplete", &format!("<p>a {}</p>", list(&task("complete", "b"))))), "- [ ] a\n  - [x] b"),
        (&list(&format!("<ac:task><ac:task-body>a</ac:task-body>{}</ac:task>", list(&task("complete", "b")))), "- [ ] a\n  - [x] b"),
        (&list(&(task("incomplete", "a") + &list(&task("complete", "b")))), "- [ ] a\n  - [x] b"),
        (&list(&(task("incomplete", "a") + &task("incomplete", &list(&task("complete", "b"))))), "- [ ] a\n  - [x] b"),
        (&format!("<ul><li>a{}</li></ul>", list(&task("complete", "b"))), "- a\n  - [x] b"),
    ]);
}

#[test]
fn blocks_within_text_end_the_paragraph_and_reopen_it_with_its_marks() {
    let code = "<ac:structured-macro ac:name=\"code\"><ac:plain-text-body>x</ac:plain-text-body></ac:structured-macro>";
    check(&[
        (&format!("<p>a <strong>b {code} c</strong> d</p>"), "a **b**\n\n```\nx\n```\n\n**c** d"),
        (&format!("<p><a href=\"https://example.com\">a{code}b</a></p>"), "[a](https://example.com)\n\n```\nx\n```\n\n[b](https://example.com)"),
        (&format!("<p><a href=\"https://example.com\">a{code}</a></p>"), "[a](https://example.com)\n\n```\nx\n```"),
        ("<p>a<hr/>b</p>", "a\n\n---\n\nb"),
        ("<div>a<div>b</div>c</div>d", "a\n\nb\n\nc\n\nd"),
        ("<em>a<p>b</p></em>c", "*a*\n\n*b*\n\nc"),
    ]);
}

#[test]
fn quotes_preformatted_text_and_layouts() {
    check(&[
        ("<blockquote><p>a</p><blockquote>b</blockquote></blockquote>", "> a\n>\n> > b"),
        (
            "<pre>a <time datetime=\"2026-10-01\"/> <ac:link><ri:user ri:account-id=\"712020:ann\"/></ac:link><ac:structured-macro ac:name=\"status\"><ac:parameter ac:name=\"title\">T</ac:parameter></ac:structured-macro></pre>",
            "```\na 2026-10-01 \n```\n\n@Ann **[T]**",
        ),
        ("<pre><p>a</p><p>b</p>c</pre>", "```\na\nb\nc\n```"),
        ("<pre>  a\n\tb <strong>c</strong>&nbsp;d<br/>e\n</pre>", "```\n  a\n\tb c d\ne\n```"),
        (
            "<ac:layout><ac:layout-section ac:type=\"two_equal\"><ac:layout-cell><p>a</p></ac:layout-cell><ac:layout-cell>b</ac:layout-cell></ac:layout-section></ac:layout>",
            "a\n\nb",
        ),
    ]);
}

#[test]
fn images_have_texts_and_captions() {
    let image = |attributes: &str, inner: &str| format!("<ac:image {attributes}><ri:attachment ri:filename=\"a b.png\" />{inner}</ac:image>");
    check(&[
        (&image("ac:alt=\"Login\"", ""), "![Login](_assets/a%20b.png)"),
        (&image("ac:title=\"T\"", ""), "![T](_assets/a%20b.png)"),
        (&image("", ""), "![a b.png](_assets/a%20b.png)"),
        (
            &image("ac:alt=\"image-20250102-101112.png\"", "<ac:caption><p>Fig <strong>1</strong></p></ac:caption>"),
            "![Fig 1](_assets/a%20b.png)\n\n*Fig **1***",
        ),
        (&format!("<p>a {} b</p>", image("ac:alt=\"x\"", "")), "a ![x](_assets/a%20b.png) b"),
        (&format!("{}{}", image("ac:alt=\"x\"", ""), image("ac:alt=\"y\"", "")), "![x](_assets/a%20b.png)\n\n![y](_assets/a%20b.png)"),
        (&format!("<a href=\"https://example.com\">{}</a>", image("ac:alt=\"x\"", "")), "[![x](_assets/a%20b.png)](https://example.com)"),
        ("<ac:image><ri:url ri:value=\"https://example.com/x.png\" /></ac:image>", "![](https://example.com/x.png)"),
        ("<img src=\"/wiki/images/x.png\" alt=\"x\"/>", "![x](https://acme.example.net/wiki/images/x.png)"),
        ("<img src=\"/wiki/download/attachments/9/c.png?version=1\"/>", "![](_assets/c.png)"),
        ("<ac:image ac:alt=\"x\"></ac:image><img src=\"data:image/png;base64,AAAA\"/>", "`[image: x]`\n\n`[image]`"),
    ]);
    let elsewhere =
        "<ac:image><ri:attachment ri:filename=\"a.png\"><ri:page ri:content-title=\"Other\" ri:space-key=\"OPS\" /></ri:attachment></ac:image>";
    let Target::Remote { key, fallback, name, .. } = target(elsewhere, &CLOUD) else { panic!() };
    assert_eq!((key.as_str(), fallback, name.as_str()), ("file:title:OPS:other:a.png", None, "a.png"));
}

#[test]
fn names_of_files_meet_in_one_normal_form() {
    let image = |name: &str| target(&format!("<ac:image><ri:attachment ri:filename=\"{name}\" /></ac:image>"), &CLOUD);
    let (Target::Remote { key: composed, .. }, Target::Remote { key: decomposed, .. }) = (image("\u{e4}.png"), image("a\u{308}.png")) else {
        panic!()
    };
    assert_eq!(composed, decomposed);
}
