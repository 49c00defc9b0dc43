//! Paragraphs, headings, marks, white space, characters.

use super::*;
use crate::markdown::Block;

#[test]
fn white_space_collapses_and_one_blank_survives_around_tags() {
    check(&[
        ("<p>a\n  b\t<strong>c</strong> d</p>\n\n  <p>e</p>", "a b **c** d\n\ne"),
        ("<p>a&nbsp;&nbsp;b</p>", "a b"),
        ("<p><strong> foo&nbsp;</strong>bar</p>", "**foo** bar"),
        ("<p>x<strong> </strong>y</p>", "x y"),
        ("<p><strong>a</strong><strong>b</strong> <em></em></p>", "**ab**"),
        ("<p>ze\u{200b}ro&#xFEFF;width</p>", "zerowidth"),
        ("<p>a<span> </span><em> b</em></p>", "a *b*"),
    ]);
    assert_eq!(
        tree("<p>a <strong>b</strong></p>").blocks,
        [Block::Paragraph(vec![Inline::Text("a ".into()), Inline::Strong(vec![Inline::Text("b".into())])])]
    );
}

#[test]
fn what_shows_nothing_is_dropped() {
    for empty in [
        "",
        " \n ",
        "<p></p>",
        "<p />",
        "<p>&nbsp;</p>",
        "<p class=\"auto-cursor-target\"><br/></p>",
        "<p>\u{200b}<br /> </p>",
        "<h2></h2>",
        "<h2><br/></h2>",
        "<ul><li></li></ul>",
        "<blockquote><p/></blockquote>",
        "<!-- comment --><div><span></span></div>",
        "<ac:layout><ac:layout-section><ac:layout-cell><p /></ac:layout-cell></ac:layout-section></ac:layout>",
        "<ac:placeholder ac:type=\"mention\">Type here</ac:placeholder>",
        "<ac:structured-macro ac:name=\"toc\"><ac:parameter ac:name=\"maxLevel\">2</ac:parameter></ac:structured-macro>",
        "<ac:adf-fragment-mark><ac:adf-fragment-mark-detail name=\"x\" local-id=\"y\"/></ac:adf-fragment-mark>",
    ] {
        let Reading { tree, diagnostics, .. } = read(empty, &CLOUD);
        let plain = diagnostics.iter().all(|found| found.treatment == Treatment::Rendered);
        assert!(tree.blocks.is_empty() && plain, "{empty}: {tree:?} {diagnostics:?}");
    }
}

#[test]
fn breaks_stand_between_text_only() {
    check(&[("<p>a<br/>b</p>", "a\\\nb"), ("<p><br/>a<br/></p>", "a"), ("<p>a<br/><br/>b</p>", "a\\\n\\\nb"), ("a<br></br>b", "a\\\nb")]);
}

#[test]
fn headings_that_are_bold_as_a_whole_are_plain() {
    check(&[
        ("<h1>A</h1><h6><strong>B</strong> <em>c</em></h6>", "# A\n\n###### **B** *c*"),
        ("<h2><strong>A</strong> <b>b</b></h2>", "## A b"),
        ("<h2>A<br/>b</h2>", "## A b"),
        ("<strong><h3>A</h3></strong>", "### A"),
        ("<h2>Use <code>x</code> &amp; <a href=\"https://example.com\">y</a></h2>", "## Use `x` & [y](https://example.com)"),
    ]);
}

#[test]
fn marks_become_markdown_and_the_rest_text() {
    check(&[
        ("<p><b>a</b> <i>b</i> <s>c</s> <del>d</del> <sub>e</sub> <sup>f</sup></p>", "**a** *b* ~~c~~ ~~d~~ <sub>e</sub> <sup>f</sup>"),
        ("<p><span style=\"text-decoration: line-through;\">a</span></p>", "~~a~~"),
        ("<p><u>a</u> <small>b</small> <span style=\"color: red;\">c</span> <font>d</font></p>", "a b c d"),
        ("<p>a<ac:inline-comment-marker ac:ref=\"x\">b</ac:inline-comment-marker>c</p>", "abc"),
        ("<p>due<time datetime=\"2026-10-01\" /><time datetime=\"2026-10-02\" />x</p>", "due 2026-10-01 2026-10-02x"),
        ("<p><time datetime=\"2026-10-01\" /> and <time>noon</time></p>", "2026-10-01 and noon"),
    ]);
}

#[test]
fn code_spans_are_exact_but_for_the_blanks_at_their_ends() {
    check(&[
        ("<p>a <code>b  c </code>d</p>", "a `b  c` d"),
        ("<p><code>a ` b</code></p>", "``a ` b``"),
        ("<p><code><strong>a</strong>b<ac:inline-comment-marker ac:ref=\"x\">c</ac:inline-comment-marker></code></p>", "`abc`"),
        ("<p><code>a:</code><br/><code>  - b</code></p>", "`a:`\\\n`  - b`"),
        ("<p><code> </code>x<code></code></p>", "x"),
        ("<p><code><a href=\"https://example.com\">a</a></code></p>", "[`a`](https://example.com)"),
        ("<p><code>*a_b*</code> *a*</p>", "`*a_b*` \\*a\\*"),
    ]);
}

#[test]
fn entities_are_characters() {
    check(&[
        (
            "<p>&ldquo;a&rdquo; &rarr; &hellip; &euro; &auml;&#228;&#xE4; &amp;amp; &#128231;</p>",
            "\u{201c}a\u{201d} \u{2192} \u{2026} \u{20ac} \u{e4}\u{e4}\u{e4} \\&amp; \u{1f4e7}",
        ),
        ("<p>R&D & &nosuchname; &</p>", "R&D & \\&nosuchname; &"),
        ("<p><a href=\"https://example.com/?a=1&amp;b=&eacute;\">x</a></p>", "[x](https://example.com/?a=1&b=\u{e9})"),
    ]);
}

#[test]
fn emoticons_are_found_by_the_attribute_that_knows_best() {
    check(&[
        ("<ac:emoticon ac:name=\"blue-star\" ac:emoji-shortname=\":rocket:\" ac:emoji-id=\"1f680\" ac:emoji-fallback=\"\u{1f680}\" />", "\u{1f680}"),
        (
            "<ac:emoticon ac:name=\"blue-star\" ac:emoji-id=\"1f468-200d-1f4bb\" ac:emoji-fallback=\":man_technologist:\" />",
            "\u{1f468}\u{200d}\u{1f4bb}",
        ),
        ("<ac:emoticon ac:name=\"tick\" ac:emoji-id=\"atlassian-check_mark\" ac:emoji-fallback=\":check_mark:\" />", "\u{2705}"),
        ("<ac:emoticon ac:name=\"blue-star\" ac:emoji-shortname=\":ourlogo:\" ac:emoji-id=\"0f5c-not-hex\" />", ":ourlogo:"),
        ("<ac:emoticon ac:name=\"blue-star\" />", "\u{1f499}"),
        ("<ac:emoticon ac:name=\"thumbs-up\" />", "\u{1f44d}"),
        ("<ac:emoticon ac:name=\"nobody-knows\" />", ":nobody-knows:"),
        ("<ac:hipchat-emoticon ac:shortcut=\"yey\"/>", ":yey:"),
    ]);
}
