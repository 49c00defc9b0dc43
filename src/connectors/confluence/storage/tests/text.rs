//! Paragraphs, marks, lists, tables, tasks.

use super::{diagnostics, kept, line, md, shows, tree};
use crate::markdown::{Block, Inline, Item, List};

#[test]
fn white_space_collapses_and_one_blank_survives_around_marks() {
    shows(&[
        ("<p>a <strong>b</strong> c</p>", "a **b** c"),
        ("<p>a<strong> b </strong>c</p>", "a **b** c"),
        ("<p>\n  a\n\t b&nbsp;&nbsp;c </p>", "a b c"),
        ("<p><strong> foo&nbsp;</strong>bar</p>", "**foo** bar"),
        ("<p><strong>a</strong><strong>b</strong></p>", "**ab**"),
        ("<p>a<strong></strong><em> </em>b</p>", "a b"),
        ("<p>a\u{200b}b\u{feff}</p>", "ab"),
        ("<p>a</p>\n\n<p>&nbsp;</p><p><br/></p><p class=\"auto-cursor-target\"><br /></p><p>b</p>", "a\n\nb"),
        ("<p>a<br/>b<br/></p>", "a\\\nb"),
        ("<p>a<strong><br/></strong><br/><em>b</em></p>", "a\\\n*b*"),
        ("<p>one<p>two</p></p>", "one\n\ntwo"),
        ("bare", "bare"),
        ("", ""),
    ]);
    assert_eq!(
        line("<p>a <strong>b</strong> c</p>"),
        [Inline::Text("a ".into()), Inline::Strong(vec![Inline::Text("b".into())]), Inline::Text(" c".into())]
    );
}

#[test]
fn marks() {
    shows(&[
        ("<p><em>a</em> <i>b</i> <b>c</b></p>", "*a* *b* **c**"),
        ("<p><s>a</s> <del>b</del> <span style=\"text-decoration: line-through;\">c</span></p>", "~~a~~ ~~b~~ ~~c~~"),
        ("<p>H<sub>2</sub>O<sup>+</sup></p>", "H<sub>2</sub>O<sup>+</sup>"),
        ("<p><u>a</u> <span style=\"color: red;\">b</span> <small>c</small></p>", "a b c"),
        ("<p><code>a  b</code> <code>x </code>y</p>", "`a  b` `x` y"),
        ("<p><code>a <em>b</em><ac:inline-comment-marker ac:ref=\"1\"> c</ac:inline-comment-marker></code></p>", "`a b c`"),
        ("<p><code><a href=\"https://x.example/\">t</a></code></p>", "[`t`](https://x.example/)"),
        ("<p>a<ac:inline-comment-marker ac:ref=\"1\">b</ac:inline-comment-marker>c</p>", "abc"),
        ("<p>due <time datetime=\"2026-10-01\" />!</p>", "due 2026-10-01!"),
        ("<p>a<ac:placeholder ac:type=\"mention\">Type here</ac:placeholder></p>", "a"),
        ("<p><ac:emoticon ac:name=\"tick\" /> ok</p>", "✅ ok"),
        ("<p>&rarr; &eacute; &#128231; &nope; R&D &amp;amp;</p>", "→ é 📧 \\&nope; R&D \\&amp;"),
    ]);
}

#[test]
fn headings_are_not_bold_and_never_empty() {
    shows(&[
        ("<h1><strong>A</strong> <em>b</em></h1><h2></h2><h3>&nbsp;</h3><h6>z</h6>", "# A *b*\n\n###### z"),
        ("<h2>a<br/>b</h2>", "## a b"),
        ("<h2><a href=\"https://x.example/\"><strong>t</strong></a></h2>", "## [t](https://x.example/)"),
    ]);
}

#[test]
fn blocks() {
    shows(&[
        ("<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>", "> a\n>\n> > b"),
        ("<pre>\n a\n  b\n</pre>", "```\n a\n  b\n```"),
        ("<p>a</p><hr/><p>b</p>", "a\n\n---\n\nb"),
        ("<dl><dt>Term</dt><dd>what</dd></dl>", "**Term**\n\nwhat"),
        ("<div class=\"content-wrapper\"><p>a</p></div><!-- gone -->", "a"),
        (
            "<ac:layout><ac:layout-section ac:type=\"two_equal\"><ac:layout-cell><p>a</p></ac:layout-cell><ac:layout-cell>b</ac:layout-cell></ac:layout-section></ac:layout>",
            "a\n\nb",
        ),
    ]);
}

#[test]
fn lists_in_all_their_forms() {
    shows(&[
        ("<ul><li>a</li><li><p>b</p></li></ul>", "- a\n- b"),
        ("<ol start=\"5\"><li>a</li><li>b</li></ol>", "5. a\n6. b"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n  - b"),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b"),
        ("<ul><li>a</li><li style=\"list-style-type: none;\"><ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<ul>stray<li>a</li><li></li></ul>", "- stray\n- a"),
        ("<li>lone</li>", "- lone"),
        (
            "<ol><li><p>a</p><ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[x]]></ac:plain-text-body></ac:structured-macro></li></ol>",
            "1. a\n\n   ```\n   x\n   ```",
        ),
    ]);
}

#[test]
fn tables_keep_spans_headers_and_captions() {
    shows(&[
        (
            "<table><caption>Sizes</caption><colgroup><col /></colgroup><tbody><tr><th><p><strong>A</strong></p></th><th>B</th></tr><tr><td>1</td><td><p>x</p><p>y</p></td></tr></tbody></table>",
            "Sizes\n\n| A | B |\n| --- | --- |\n| 1 | x<br>y |",
        ),
        ("<table><tr><td class=\"numberingColumn\">1</td><td>a</td></tr></table>", "|  |  |\n| --- | --- |\n| 1 | a |"),
        ("<table>odd<tr><td>a</td></tr></table>", "odd\n\n|  |\n| --- |\n| a |"),
        ("<table><tr><td></td></tr></table>", ""),
    ]);
    let body = "<table><tr><th rowspan=\"0\" colspan=\"99999999999\">a</th><td rowspan=\"2\">b</td></tr></table>";
    let Some(Block::Table(table)) = tree(body).blocks.into_iter().next() else { panic!("no table") };
    let shape: Vec<_> = table.rows.iter().flatten().map(|cell| (cell.header, cell.colspan, cell.rowspan)).collect();
    assert_eq!(shape, [(true, 1000, 1), (false, 1, 2)]);
}

#[test]
fn tasks_and_their_nests() {
    let task = |status: &str, body: &str| {
        format!(
            "<ac:task><ac:task-id>7</ac:task-id><ac:task-uuid>u</ac:task-uuid><ac:task-status>{status}</ac:task-status><ac:task-body>{body}</ac:task-body></ac:task>"
        )
    };
    let list = |tasks: &str| format!("<ac:task-list>\n{tasks}\n</ac:task-list>");
    let inner = list(&task("complete", "in"));
    for nested in [
        list(&task("incomplete", &format!("<span class=\"placeholder-inline-tasks\">out</span>{inner}"))),
        list(&task("incomplete", &format!("<p>out {inner}</p>"))),
        list(&(task("incomplete", "out") + &inner)),
        list(&(task("incomplete", "out") + &task("incomplete", &inner))),
        list(&task("incomplete", "out").replace("</ac:task>", &format!("{inner}</ac:task>"))),
    ] {
        assert_eq!(md(&nested), "- [ ] out\n  - [x] in", "{nested}");
    }
    assert_eq!(
        md(&list(&task("complete", "<ac:link><ri:user ri:account-id=\"x\" /></ac:link> ship it <time datetime=\"2026-10-01\" />"))).replace("@", ""),
        md(&list(&task("complete", "<ac:link><ri:user ri:account-id=\"x\" /></ac:link> ship it 2026-10-01"))).replace("@", "")
    );
    assert_eq!(md(&list(&task("incomplete", " "))), "");
    let done = tree(&inner).blocks;
    assert_eq!(
        done,
        [Block::List(List { start: None, items: vec![Item { done: Some(true), body: vec![Block::Paragraph(vec![Inline::Text("in".into())])] }] })]
    );
}

#[test]
fn what_people_typed_in_angle_brackets_stays() {
    shows(&[
        ("<p>cd <your-path> and go</p><p>next</p>", "cd \\<your-path> and go\n\nnext"),
        ("<p><Your-Name/> x</Foo></p>", "\\<Your-Name/> x\\</Foo>"),
    ]);
    assert_eq!(diagnostics("<p>cd <your-path></p>"), [kept("element:your-path")]);
    assert!(md("<p>if a < b && c > d <3</p>").contains("a < b && c > d <3"));
}

#[test]
fn broken_markup_loses_nothing() {
    shows(&[
        ("<p>a <strong>b</p><p>c</p>", "a **b**\n\nc"),
        ("<p>a</strong> b", "a b"),
        ("<P>a<BR>b</P>", "a\\\nb"),
        ("<p>x <a href=\"y>z</a></p>", "x \\<a href=\"y>z"),
        ("<p>a <![CDATA[b]]> c</p>", "a b c"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "|  |  |\n| --- | --- |\n| a | b |\n| c |  |"),
    ]);
}
