//! Properties: nothing panics, and words that go in come out.

use proptest::prelude::*;

use super::*;

/// Well-formed markup of every kind, and how many words are in it: each is `w<number>.`.
fn markup() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => Just("<w/>".to_owned()),
        1 => Just("<w/>&nbsp;<w/><br/><w/>".to_owned()),
        1 => Just("<p><w/> <code> <w/> </code><w/></p>".to_owned()),
        1 => Just("<ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[<w/>]]]]><![CDATA[>]]></ac:plain-text-body></ac:structured-macro>".to_owned()),
        1 => Just("<ac:image ac:alt=\"<w/>\"><ri:attachment ri:filename=\"a.png\"/><ac:caption><w/></ac:caption></ac:image>".to_owned()),
        1 => Just("<ac:structured-macro ac:name=\"status\"><ac:parameter ac:name=\"title\"><w/></ac:parameter></ac:structured-macro>".to_owned()),
        1 => Just("<hr/>".to_owned()),
    ];
    let frames = vec![
        ("<p>", "</p>"),
        ("<h2>", "</h2>"),
        ("<strong>", "</strong>"),
        ("<em>", "</em>"),
        ("<code>", "</code>"),
        ("<sub>", "</sub>"),
        ("<span style=\"text-decoration: line-through\">", "</span>"),
        ("<a href=\"https://example.com/\">", "</a>"),
        ("<ul><li>", "</li></ul>"),
        ("<ol start=\"3\"><li><w/></li><li>", "</li></ol>"),
        ("<ul>", "</ul>"),
        ("<dl><dt>", "</dt><dd><w/></dd></dl>"),
        ("<table><caption><w/></caption><tr><th><w/></th><td>", "</td></tr></table>"),
        ("<table><tr>", "</tr></table>"),
        ("<table>", "</table>"),
        ("<blockquote>", "</blockquote>"),
        ("<div>", "</div>"),
        ("<novel>", "</novel>"),
        ("<ac:novel>", "</ac:novel>"),
        ("<ac:layout><ac:layout-section><ac:layout-cell>", "</ac:layout-cell></ac:layout-section></ac:layout>"),
        ("<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-body>", "</ac:task-body></ac:task></ac:task-list>"),
        (
            "<ac:structured-macro ac:name=\"info\"><ac:parameter ac:name=\"title\"><w/></ac:parameter><ac:rich-text-body>",
            "</ac:rich-text-body></ac:structured-macro>",
        ),
        ("<ac:structured-macro ac:name=\"novel\"><ac:rich-text-body>", "</ac:rich-text-body></ac:structured-macro>"),
        ("<ac:structured-macro ac:name=\"expand\"><ac:rich-text-body>", "</ac:rich-text-body></ac:structured-macro>"),
        ("<ac:structured-macro ac:name=\"footnote\"><ac:rich-text-body>", "</ac:rich-text-body></ac:structured-macro>"),
        (
            "<ac:structured-macro ac:name=\"ui-steps\"><ac:rich-text-body><w/><ac:structured-macro ac:name=\"ui-step\"><ac:parameter ac:name=\"title\"><w/></ac:parameter><ac:rich-text-body>",
            "</ac:rich-text-body></ac:structured-macro></ac:rich-text-body></ac:structured-macro>",
        ),
        (
            "<ac:structured-macro ac:name=\"tooltip\"><ac:parameter ac:name=\"text\"><w/></ac:parameter><ac:rich-text-body>",
            "</ac:rich-text-body></ac:structured-macro>",
        ),
        (
            "<ac:structured-macro ac:name=\"show-if\"><ac:parameter ac:name=\"group\"><w/></ac:parameter><ac:rich-text-body>",
            "</ac:rich-text-body></ac:structured-macro>",
        ),
        (
            "<ac:structured-macro ac:name=\"panel\"><ac:parameter ac:name=\"title\"><w/></ac:parameter><ac:rich-text-body>",
            "</ac:rich-text-body></ac:structured-macro>",
        ),
        ("<ac:structured-macro ac:name=\"scroll-landscape\"><ac:rich-text-body>", "</ac:rich-text-body></ac:structured-macro>"),
        (
            "<ac:adf-extension><ac:adf-node type=\"multi-bodied-extension\"><ac:adf-node type=\"extension-frame\"><ac:adf-content>",
            "</ac:adf-content></ac:adf-node></ac:adf-node></ac:adf-extension>",
        ),
        ("<ac:adf-extension><ac:adf-node type=\"novel\"/><ac:adf-fallback>", "</ac:adf-fallback></ac:adf-extension>"),
        ("<table><thead><tr><td>", "</td></tr></thead><tfoot><tr><td><w/></td></tr></tfoot></table>"),
        ("<pre>", "</pre>"),
        ("<ac:link><ri:page ri:content-title=\"P\"/><ac:link-body>", "</ac:link-body></ac:link>"),
        ("<ac:link><ac:link-body>", "</ac:link-body></ac:link>"),
        ("<ac:adf-extension><ac:adf-node type=\"panel\"><ac:adf-content>", "</ac:adf-content></ac:adf-node></ac:adf-extension>"),
        (
            "<ac:adf-extension><ac:adf-node type=\"decision-list\"><ac:adf-node type=\"decision-item\"><ac:adf-content>",
            "</ac:adf-content></ac:adf-node></ac:adf-node></ac:adf-extension>",
        ),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        (prop::sample::select(frames.clone()), prop::collection::vec(inner, 0..5))
            .prop_map(|((open, close), inner)| format!("{open}{}{close}", inner.join(" ")))
    })
}

/// `body` with a word of its own in each place of `<w/>`; and how many there are.
fn number(body: &str) -> (String, usize) {
    let mut pieces = body.split("<w/>");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    let mut count = 0;
    for piece in pieces {
        out.push_str(&format!("w{count}q"));
        out.push_str(piece);
        count += 1;
    }
    (out, count)
}

proptest! {
    #[test]
    fn words_in_are_words_out(body in markup()) {
        let (body, count) = number(&body);
        let text = markdown(&body);
        for word in 0..count {
            prop_assert!(text.contains(&format!("w{word}q")), "w{word}q is missing of\n{body}\nin\n{text}");
        }
    }

    #[test]
    fn any_text_is_read(body in "\\PC{0,300}") {
        markdown(&body);
    }

    #[test]
    fn any_bytes_are_read(body in prop::collection::vec(any::<u8>(), 0..300)) {
        markdown(&String::from_utf8_lossy(&body));
    }

    #[test]
    fn damaged_markup_is_read(body in markup(), cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..30_usize, prop::sample::select(vec!["", "<", ">", "/", "\"", "&", "]]>", "<!--", "<p>", "</td>", "</ac:rich-text-body>"])), 1..6)) {
        let mut chars: Vec<char> = number(&body).0.chars().collect();
        for (at, length, insert) in cuts {
            let at = at.index(chars.len() + 1);
            let end = (at + length).min(chars.len());
            chars.splice(at..end, insert.chars());
        }
        markdown(&chars.into_iter().collect::<String>());
    }
}

/// Code that a fence, an escape or a parser could damage.
fn code_text() -> impl Strategy<Value = String> {
    let pieces = vec![
        "a",
        "x = 1",
        "```",
        "````",
        "~~~",
        "`",
        "]]>",
        "]]",
        "<b>",
        "</code></pre>",
        "&amp;",
        "&#10;",
        "&",
        "<",
        "\"",
        "\t",
        "    ",
        "  ",
        " ",
        "\n",
        "\n",
        "\n\n",
        "- a",
        "1. b",
        "> c",
        "| d |",
        "# e",
        "<!--",
        "\\",
        "\\|",
        "$x$",
        "*",
        "_",
        "\u{e9}\u{1f600}",
        "\u{a0}",
        "\u{200b}",
        "[x](y)",
        "---",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..12).prop_map(|pieces| pieces.concat())
}

/// The text of each code block in `markdown`, also of those within HTML tables.
fn code_blocks(markdown: &str) -> Vec<String> {
    use comrak::nodes::NodeValue;
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.tasklist = true;
    options.extension.alerts = true;
    let arena = comrak::Arena::new();
    let root = comrak::parse_document(&arena, markdown, &options);
    let mut found = Vec::new();
    for node in root.descendants() {
        match &node.data().value {
            NodeValue::CodeBlock(code) => found.push(code.literal.strip_suffix('\n').unwrap_or(&code.literal).to_owned()),
            NodeValue::HtmlBlock(html) => {
                for part in html.literal.split("<pre><code>").skip(1) {
                    let text = part.split("</code></pre>").next().unwrap_or_default();
                    let text = text.replace("&#10;", "\n").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
                    found.push(text.replace("&amp;", "&"));
                }
            }
            _ => {}
        }
    }
    found
}

proptest! {
    #[test]
    fn code_bytes_in_are_code_bytes_out(text in code_text(), place in 0..7_usize) {
        let cdata = text.replace("]]>", "]]]]><![CDATA[>");
        let code = format!("<ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[{cdata}]]></ac:plain-text-body></ac:structured-macro>");
        let (open, close) = [
            ("", ""),
            ("<ul><li><p>a</p>", "</li></ul>"),
            ("<ol start=\"99\"><li>", "</li></ol>"),
            ("<ac:structured-macro ac:name=\"info\"><ac:rich-text-body>", "</ac:rich-text-body></ac:structured-macro>"),
            ("<blockquote><ul><li>", "</li></ul></blockquote>"),
            ("<table><tr><td>", "</td><td>b</td></tr></table>"),
            ("<ac:task-list><ac:task><ac:task-body>", "</ac:task-body></ac:task></ac:task-list>"),
        ][place];
        let written = markdown(&format!("{open}{code}{close}"));
        // The editor puts one line end around the text.
        let exact = text.strip_prefix('\n').unwrap_or(&text);
        let exact = exact.strip_suffix('\n').unwrap_or(exact);
        prop_assert_eq!(code_blocks(&written), [exact], "{}", written);
    }

    #[test]
    fn cells_in_are_cells_out(rows in prop::collection::vec(prop::collection::vec((1..4_u8, 1..4_u8, any::<bool>(), cell()), 1..5), 1..6)) {
        let mut body = String::from("<table>");
        for row in &rows {
            body.push_str("<tr>");
            for (columns, lines, header, content) in row {
                let name = if *header { "th" } else { "td" };
                body.push_str(&format!("<{name} colspan=\"{columns}\" rowspan=\"{lines}\">{content}</{name}>"));
            }
            body.push_str("</tr>");
        }
        body.push_str("</table>");
        let (body, count) = number(&body);
        let written = markdown(&body);
        let html = written.contains("<table>");
        for word in 0..count {
            prop_assert!(written.contains(&format!("w{word}q")), "w{} is missing in\n{}", word, written);
        }
        // A table of text has as many lines as rows, and each line as many cells.
        if !html && count > 0 {
            let lines: Vec<&str> = written.lines().collect();
            let bars = |line: &str| line.replace("\\|", "").matches('|').count();
            let divider = lines.iter().position(|line| line.starts_with("| --- ")).unwrap_or_default();
            prop_assert!(lines.iter().all(|line| bars(line) == bars(lines[divider])), "{}", written);
            let below = lines.len() - divider - 1;
            prop_assert!(below == rows.len() || below + 1 == rows.len(), "{}", written);
        }
    }
}

/// What may stand in a cell.
fn cell() -> impl Strategy<Value = String> {
    let contents = vec![
        "<w/>",
        "<p><w/></p><p><w/> | <code>a|<w/></code></p>",
        "<ul><li><w/><ul><li><w/></li></ul></li><li><w/></li></ul>",
        "<h3><w/></h3><p><w/><br/><w/></p>",
        "<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body><w/></ac:task-body></ac:task></ac:task-list>",
        "<ac:image ac:alt=\"<w/>\"><ri:attachment ri:filename=\"a.png\"/><ac:caption><w/></ac:caption></ac:image>",
        "<ac:structured-macro ac:name=\"status\"><ac:parameter ac:name=\"title\"><w/></ac:parameter></ac:structured-macro>",
        "",
    ];
    let rich = vec![
        "<ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[<w/>\n\n<w/>]]></ac:plain-text-body></ac:structured-macro>",
        "<ac:structured-macro ac:name=\"info\"><ac:rich-text-body><p><w/></p></ac:rich-text-body></ac:structured-macro>",
        "<table><tr><td><w/></td><td><w/></td></tr></table>",
        "<blockquote><w/></blockquote><hr/><w/>",
    ];
    prop_oneof![20 => prop::sample::select(contents), 1 => prop::sample::select(rich)].prop_map(str::to_owned)
}
