//! Bodies that no XML reader would take.

use super::*;

#[test]
fn missing_and_wrong_end_tags_lose_no_text() {
    check(&[
        ("<p>a<p>b", "a\n\nb"),
        ("<p>a</strong> b</p>", "a b"),
        ("<p><strong>a <em>b</strong> c</em></p>d", "**a *b*** c\n\nd"),
        ("<ul><li>a<li>b</ul>c", "- a\n- b\n\nc"),
        ("<table><tr><td>a<td>b<tr><td>c</table>d", "|  |  |\n| --- | --- |\n| a | b |\n| c |  |\n\nd"),
        ("<table><tr><td>a</p></strong></td><td>b</td></tr></table>", "|  |  |\n| --- | --- |\n| a | b |"),
        ("<p>a<br>b<hr>c", "a\\\nb\n\n---\n\nc"),
        ("</p></div>a", "a"),
        ("<P>a<BR>b</P><Div>c</dIV><X-Y>", "a\\\nb\n\nc\n\n\\<X-Y>"),
        ("\u{feff}<h1>a</h1>", "# a"),
        (
            "<ac:structured-macro ac:name=\"code\"><ac:parameter ac:name=\"language\">sql<ac:plain-text-body><![CDATA[select 1]]></ac:plain-text-body></ac:structured-macro><p>after</p>",
            "```sql\nselect 1\n```\n\nafter",
        ),
        ("<ac:structured-macro ac:name=\"info\"><p>a</p></ac:structured-macro>b", "a\n\nb"),
    ]);
}

#[test]
fn what_somebody_typed_is_text() {
    check(&[
        ("<p>cd <your-path> && ls</p><p>b</p>", "cd \\<your-path> && ls\n\nb"),
        ("<p>cd <your-path/> or <your-path></your-path></p>", "cd \\<your-path> or \\<your-path>"),
        ("<p>a < b, c > d, <3, <a b c, </x></p>", "a < b, c > d, <3, \\<a b c, \\</x>"),
        ("<p>List<String> x; Map<K, V> y</p>", "List\\<String> x; Map\\<K, V> y"),
        ("<p>mail <ann@example.com>; <?php echo 1 ?> <!ELEMENT x></p>", "mail \\<ann@example.com>; \\<?php echo 1 ?> \\<!ELEMENT x>"),
        ("<p>see <https://example.com/a></p>", "see \\<https://example.com/a>"),
        ("<note>known to <b>nobody</b></note>", "known to **nobody**"),
    ]);
}

#[test]
fn sections_join_and_unclosed_ones_end_with_the_body() {
    check(&[
        ("<p>a<![CDATA[ <b> ]]>c<![CDATA[d]]></p>", "a \\<b> cd"),
        ("<p>a</p><ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[cut <b>off", "a\n\n```\ncut <b>off\n```"),
        ("<p>a<!-- gone --> b <!-- stays</p>", "a b \\<!-- stays"),
    ]);
}

#[test]
fn sloppy_attributes_are_read() {
    check(&[
        ("<table><tr><td colspan=2 nowrap>a</td><td>b</td></tr></table>", "|  |  |  |\n| --- | --- | --- |\n| a |  | b |"),
        ("<a href = 'https://example.com' href=\"https://example.org\">x</a>", "[x](https://example.com)"),
        ("<a href=https://example.com>x</a>", "[x](https://example.com)"),
    ]);
}
