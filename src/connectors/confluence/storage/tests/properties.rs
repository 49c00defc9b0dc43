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
