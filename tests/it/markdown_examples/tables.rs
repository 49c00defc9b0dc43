//! Tables: GFM by rule, HTML otherwise.

use super::*;

fn cell(text: &str) -> Cell {
    td(vec![p(text)])
}

#[test]
fn a_first_row_of_headers_is_the_head() {
    assert_eq!(written(vec![table(vec![vec![th("A"), th("B")], vec![cell("1"), cell("2")]])]), "| A | B |\n| --- | --- |\n| 1 | 2 |\n");
    assert_eq!(written(vec![table(vec![vec![cell("1"), cell("2")]])]), "|  |  |\n| --- | --- |\n| 1 | 2 |\n");
}

#[test]
fn a_column_of_headers_is_bold_and_short_rows_are_filled() {
    let rows = vec![vec![th("A"), th("B")], vec![th("x"), cell("1")], vec![th("y")]];
    assert_eq!(written(vec![table(rows)]), "| A | B |\n| --- | --- |\n| **x** | 1 |\n| **y** |  |\n");
}

#[test]
fn cells_hold_paragraphs_breaks_lists_and_pipes() {
    let list = bullets(vec![item(vec![p("x"), bullets(vec![item(vec![p("y")])])]), Item { done: Some(true), body: vec![p("z")] }]);
    let rows = vec![
        vec![td(vec![p("a"), p("b")]), td(vec![list])],
        vec![
            td(vec![paragraph(vec![t("a|b"), Inline::Break, code("c|d"), t(" # 1. x")])]),
            td(vec![numbers(2, vec![item(vec![p("m")]), item(vec![p("n")])])]),
        ],
        vec![td(vec![paragraph(vec![code("a\\|b")])]), cell("\\|")],
    ];
    assert_eq!(
        written(vec![table(rows)]),
        "|  |  |\n| --- | --- |\n| a<br>b | - x<br>&nbsp;&nbsp;- y<br>- [x] z |\n| a\\|b<br>`c\\|d` # 1. x | 2. m<br>3. n |\n| <code>a\\\\\\|b</code> | \\\\\\| |\n"
    );
}

#[test]
fn spans_leave_columns_empty_and_repeat_down_rows() {
    let wide = Cell { colspan: 2, ..cell("wide") };
    let tall = Cell { rowspan: 2, ..cell("tall") };
    let rows = vec![vec![wide, cell("c")], vec![tall, cell("1"), cell("2")], vec![cell("3"), cell("4")]];
    assert_eq!(written(vec![table(rows)]), "|  |  |  |\n| --- | --- | --- |\n| wide |  | c |\n| tall | 1 | 2 |\n| tall | 3 | 4 |\n");
}

#[test]
fn cells_with_blocks_make_the_table_html_without_a_blank_line() {
    let code = fence(Some("sh"), "a < b\n\n  \nc");
    let rows = vec![
        vec![th("A & B"), Cell { colspan: 2, rowspan: 3, ..th("C") }],
        vec![td(vec![p("text"), code]), td(vec![table(vec![vec![cell("in")]])])],
        vec![td(vec![bullets(vec![item(vec![p("x")])])]), td(vec![note(vec![t("T")], vec![p("y")])])],
    ];
    let html = "<table>\n<tr>\n<th>A &amp; B</th>\n<th colspan=\"2\" rowspan=\"3\">C</th>\n</tr>\n<tr>\n<td><p>text</p>\n\
                <pre><code class=\"language-sh\">a &lt; b&#10;&#10;  \nc</code></pre></td>\n<td><table>\n<tr>\n<td>in</td>\n</tr>\n</table></td>\n</tr>\n\
                <tr>\n<td><ul>\n<li>x</li>\n</ul></td>\n<td><blockquote><p><strong>Note</strong></p>\n<p><strong>T</strong></p>\n<p>y</p></blockquote></td>\n</tr>\n</table>\n";
    assert_eq!(written(vec![p("before"), table(rows), p("after")]), format!("before\n\n{html}\nafter\n"));
}

#[test]
fn html_tables_keep_links_marks_and_authors_markdown() {
    let text = vec![strong("b"), t(" "), link("https://x.y/?a=1&b=\"2\"", "l"), t(" "), code("<c>")];
    let rows = vec![vec![td(vec![paragraph(text), Block::Rule]), td(vec![Block::Markdown("*raw*".to_owned())])]];
    assert_eq!(
        written(vec![table(rows)]),
        "<table>\n<tr>\n<td><p><strong>b</strong> <a href=\"https://x.y/?a=1&amp;b=&quot;2&quot;\">l</a> <code>&lt;c&gt;</code></p>\n<hr></td>\n<td>\n\n*raw*\n\n</td>\n</tr>\n</table>\n"
    );
}

#[test]
fn tables_stand_within_lists_and_quotes() {
    let grid = || table(vec![vec![cell("1")]]);
    assert_eq!(written(vec![bullets(vec![item(vec![p("a"), grid()])])]), "- a\n\n  |  |\n  | --- |\n  | 1 |\n");
    assert_eq!(
        written(vec![Block::Quote(vec![table(vec![vec![td(vec![Block::Rule])]])])]),
        "> <table>\n> <tr>\n> <td><hr></td>\n> </tr>\n> </table>\n"
    );
    assert_eq!(written(vec![table(vec![]), table(vec![vec![]])]), "");
}

#[test]
fn spans_cannot_multiply_a_table() {
    let huge = || Cell { colspan: 1000, rowspan: 1000, ..cell("x") };
    let spans = written(vec![table((0..300).map(|_| vec![huge()]).collect())]);
    assert!(spans.starts_with("<table>") && spans.len() < 300 * 80, "{} bytes", spans.len());
    let tall = Cell { rowspan: 1000, ..cell(&"long ".repeat(1000)) };
    let mut rows = vec![vec![tall]];
    rows.extend((0..500).map(|_| vec![cell("y")]));
    assert!(written(vec![table(rows)]).len() < 50_000);
    let mut ragged = vec![(0..1000).map(|_| cell("x")).collect::<Vec<_>>()];
    ragged.extend((0..3000).map(|_| vec![cell("y")]));
    assert!(written(vec![table(ragged)]).len() < 200_000);
}
