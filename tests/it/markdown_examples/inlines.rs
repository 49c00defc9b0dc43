//! Text: what is escaped and what stays clean, marks, code.

use super::*;

#[test]
fn text_that_nothing_misreads_stays_clean() {
    for clean in [
        "snake_case and _private",
        "a * b and 2*3",
        "C:\\Users\\me",
        "AT&T, R&D, a < b > c; x?a=1&copy=2",
        "~5 minutes",
        "a - b + c # d",
        "call f(x)[0] and see [1]",
        "https://x.y/a_b?c=d&e=f www.x.y a@b.c",
        "$HOME costs $5",
        "between $5 and $10, US$5 or CA$6",
        "$HOME/bin:$PATH",
        "a|b",
        "wow! [really]",
        "1.5 and 3) x",
        "#hashtag",
        "-x +y",
        "it's \"quoted\" – fine…",
        "日本語（テスト）。",
    ] {
        assert_eq!(plain(clean), clean);
    }
}

#[test]
fn text_that_would_be_misread_is_escaped() {
    for (text, expected) in [
        ("*a* and **b**", "\\*a\\* and \\*\\*b\\*\\*"),
        ("__init__", "\\_\\_init\\_\\_"),
        ("~~a~~", "\\~\\~a\\~\\~"),
        ("`a`", "\\`a\\`"),
        ("List<String> <!-- x", "List\\<String> \\<!-- x"),
        ("&amp; &#35; &nope", "\\&amp; \\&#35; &nope"),
        ("a \\* b \\ c", "a \\\\* b \\ c"),
        ("[a](b) ![c](d)", "[a\\](b) ![c\\](d)"),
        ("ends in \\", "ends in \\\\"),
        ("$x$ and $5", "\\$x\\$ and \\$5"),
        ("from $5 to 10$ a day", "from \\$5 to 10\\$ a day"),
    ] {
        assert_eq!(plain(text), expected, "{text:?}");
    }
}

#[test]
fn lines_do_not_begin_blocks() {
    for (text, expected) in [
        ("# a", "\\# a"),
        ("- a", "\\- a"),
        ("+ a", "\\+ a"),
        ("* a", "\\* a"),
        ("1. a", "1\\. a"),
        ("12) a", "12\\) a"),
        ("> a", "\\> a"),
        ("---", "\\---"),
        ("***", "\\*\\*\\*"),
        ("_ _ _", "\\_ _ _"),
        ("```", "\\`\\`\\`"),
        ("~~~ x", "\\~\\~\\~ x"),
        ("[x]: https://y", "\\[x]: https://y"),
        ("[!NOTE] a", "\\[!NOTE] a"),
        ("===", "==="),
        ("|-|", "|-|"),
    ] {
        assert_eq!(plain(text), expected, "{text:?}");
    }
    assert_eq!(line(vec![t("a"), Inline::Break, t("===")]), "a\\\n\\===");
    assert_eq!(line(vec![t("a|b"), Inline::Break, t("-|-")]), "a|b\\\n\\-|-");
    assert_eq!(line(vec![t("a"), Inline::Break, t("- b"), Inline::Break, t("1. c")]), "a\\\n\\- b\\\n1\\. c");
    assert_eq!(written(vec![bullets(vec![item(vec![p("[ ] a")])])]), "- \\[ ] a\n");
}

#[test]
fn blanks_come_out_of_marks() {
    assert_eq!(line(vec![t("a"), strong(" b "), t("c")]), "a **b** c");
    assert_eq!(line(vec![strong("a"), strong("b "), t("c")]), "**ab** c");
    assert_eq!(line(vec![t("a"), em(" "), t("b")]), "a b");
    assert_eq!(line(vec![t("a"), em(""), t("b")]), "ab");
    assert_eq!(line(vec![t(" a\n\t b ")]), "a b");
    assert_eq!(line(vec![Inline::Strong(vec![t("a"), Inline::Break]), t("b")]), "**a**\\\nb");
}

#[test]
fn marks_nest_and_meet() {
    let both = Inline::Strong(vec![t("a "), em("b")]);
    assert_eq!(line(vec![both.clone()]), "**a *b***");
    assert_eq!(line(vec![Inline::Emphasis(vec![strong("x")])]), "***x***");
    assert_eq!(line(vec![Inline::Strong(vec![strong("x")])]), "**x**");
    assert_eq!(line(vec![strong("a"), em("b")]), "**a**<em>b</em>");
    assert_eq!(
        line(vec![Inline::Strike(vec![t("a")]), Inline::Subscript(vec![t("2")]), Inline::Superscript(vec![t("n")])]),
        "~~a~~<sub>2</sub><sup>n</sup>"
    );
}

#[test]
fn marks_within_words_fall_back_to_tags_only_where_needed() {
    assert_eq!(line(vec![t("un"), em("believ"), t("able")]), "un*believ*able");
    assert_eq!(line(vec![strong("foo:"), t("bar")]), "<strong>foo:</strong>bar");
    assert_eq!(line(vec![strong("foo:"), t(" bar")]), "**foo:** bar");
    assert_eq!(line(vec![strong("foo"), t(": bar")]), "**foo**: bar");
    assert_eq!(line(vec![t("a"), strong("(b)"), t("c")]), "a<strong>(b)</strong>c");
    assert_eq!(line(vec![strong("重要："), t("次")]), "<strong>重要：</strong>次");
    assert_eq!(line(vec![strong("重要"), t("：次")]), "**重要**：次");
}

#[test]
fn code_spans_hold_anything() {
    assert_eq!(line(vec![code("a_*b*")]), "`a_*b*`");
    assert_eq!(line(vec![code("a`b")]), "``a`b``");
    assert_eq!(line(vec![code("`")]), "`` ` ``");
    assert_eq!(line(vec![code(" a ")]), "`  a  `");
    assert_eq!(line(vec![code("a\nb")]), "`a b`");
    assert_eq!(line(vec![code("a"), code("b")]), "`ab`");
    assert_eq!(line(vec![code("")]), "");
}

#[test]
fn markers_and_people_are_visible() {
    assert_eq!(line(vec![t("See "), Inline::Marker("Confluence macro: a`b\n".to_owned())]), "See ``[Confluence macro: a`b ]``");
    assert_eq!(
        line(vec![t("Ask "), Inline::Person(Key::new("user:1")), t(" or "), Inline::Person(Key::new("user:2"))]),
        "Ask @Ann_Lee or @unknown-user"
    );
}

#[test]
fn hidden_characters_are_left_out_and_counted() {
    let tree = Tree {
        blocks: vec![p("a\u{202E}b\u{2066}c\u{E0041}"), paragraph(vec![code("x\u{7}")]), fence(None, "y\u{202D}\tz"), p("\u{200F}d\u{200D}e")],
    };
    let written = write::body(&tree, &Mirror);
    assert_eq!(written.text, "abc\n\n`x`\n\n```\ny\tz\n```\n\n\u{200F}d\u{200D}e\n");
    assert_eq!(written.hidden_removed, 5);
}

#[test]
fn formulas_need_no_escape_and_their_neighbours_do() {
    let formula = || Inline::Math("x_1 | \\$ `a".to_owned());
    assert_eq!(line(vec![t("costs $5, "), formula(), t(" and $")]), "costs \\$5, $``x_1 | \\$ `a``$ and $");
    let cell = table(vec![vec![td(vec![paragraph(vec![Inline::Math("a|b".to_owned())])])]]);
    assert_eq!(written(vec![cell]), "|  |\n| --- |\n| $`a\\|b`$ |\n");
}
