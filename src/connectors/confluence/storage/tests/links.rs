//! Links, people, pictures.

use super::{CLOUD, SERVER, diagnostics, kept, line, lost, md, remote, shows, tree};
use crate::markdown::{Block, Inline, Target};
use crate::model::Key;

fn link(inner: &str) -> String {
    format!("<p><ac:link>{inner}</ac:link></p>")
}

#[test]
fn targets_become_keys_with_an_address_to_fall_back_on() {
    for (inner, key, fallback, name) in [
        (
            r#"<ri:page ri:content-title="Other  Page" ri:space-key="OPS" />"#,
            "title:OPS:other page",
            "https://s.example/wiki/display/OPS/Other++Page",
            "Other  Page",
        ),
        (r#"<ri:page ri:content-title="A/B" />"#, "title:ENG:a/b", "https://s.example/wiki/pages/viewpage.action?spaceKey=ENG&title=A%2FB", "A/B"),
        (
            r#"<ri:blog-post ri:content-title="News" ri:posting-day="2025/01/31" ri:space-key="OPS" />"#,
            "blog:OPS:2025/01/31:news",
            "https://s.example/wiki/display/OPS/2025/01/31/News",
            "News",
        ),
        (r#"<ri:content-entity ri:content-id="98411" />"#, "doc:98411", "https://s.example/wiki/spaces/ENG/pages/98411", "page 98411"),
        (r#"<ri:space ri:space-key="OPS" />"#, "space:OPS", "https://s.example/wiki/spaces/OPS", "OPS"),
        (r#"<ri:attachment ri:filename="a b.pdf" />"#, "file:7:a b.pdf", "https://s.example/wiki/download/attachments/7/a%20b.pdf", "a b.pdf"),
        (
            r#"<ri:attachment ri:filename="a.pdf"><ri:page ri:content-title="Other" /></ri:attachment>"#,
            "file:title:ENG:other:a.pdf",
            "https://s.example/wiki/display/ENG/Other",
            "a.pdf",
        ),
        (
            r#"<ri:attachment ri:filename="a.pdf"><ri:content-entity ri:content-id="9" /></ri:attachment>"#,
            "file:9:a.pdf",
            "https://s.example/wiki/download/attachments/9/a.pdf",
            "a.pdf",
        ),
        (r#"<ri:url ri:value="https://s.example/wiki/x/AwAG" />"#, "doc:393219", "https://s.example/wiki/x/AwAG", "https://s.example/wiki/x/AwAG"),
    ] {
        assert_eq!(remote(&link(inner), &CLOUD), (key.to_owned(), Some(fallback.to_owned()), name.to_owned()));
    }
    let server = remote(&link(r#"<ri:content-entity ri:content-id="5" />"#), &SERVER);
    assert_eq!(server.1.as_deref(), Some("https://c.example/pages/viewpage.action?pageId=5"));
}

#[test]
fn a_link_shows_its_body_or_its_targets_name() {
    let page = r#"<ri:page ri:content-title="Other" />"#;
    shows(&[
        (&link(page), "[Other](https://s.example/wiki/display/ENG/Other)"),
        (&link(&format!("{page}<ac:link-body>rich <em>text</em></ac:link-body>")), "[rich *text*](https://s.example/wiki/display/ENG/Other)"),
        (
            &link(&format!("{page}<ac:plain-text-link-body><![CDATA[see [there]]]></ac:plain-text-link-body>")),
            "[see \\[there\\]](https://s.example/wiki/display/ENG/Other)",
        ),
        ("<p><ac:link ac:anchor=\"local\"><ac:link-body>jump</ac:link-body></ac:link></p>", "[jump](#local)"),
    ]);
    let anchored = format!("<p><ac:link ac:anchor=\"Deploy\">{page}</ac:link></p>");
    assert!(matches!(line(&anchored).as_slice(), [Inline::Link { target: Target::Remote { anchor: Some(a), .. }, .. }] if a == "Deploy"));
}

#[test]
fn people() {
    let person = |attribute: &str| line(&link(&format!("<ri:user {attribute} />")));
    assert_eq!(person(r#"ri:account-id="712020:bbbb""#), [Inline::Person(Key::new("user:712020:bbbb"))]);
    assert_eq!(person(r#"ri:userkey="ff80""#), [Inline::Person(Key::new("user:ff80"))]);
    assert_eq!(person(r#"ri:username="bob""#), [Inline::Person(Key::new("username:bob"))]);
}

#[test]
fn what_leads_nowhere_keeps_its_text_and_says_so() {
    let body = link("<ac:link-body>broken</ac:link-body>");
    assert_eq!(line(&body), [Inline::Text("broken ".into()), Inline::Marker("link without a target".into())]);
    assert_eq!(diagnostics(&body), [kept("link")]);
    assert!(md(&link(r#"<ri:shortcut ri:key="jira" ri:parameter="ABC-1" />"#)).contains("ABC-1@jira"));
    assert!(md(&link(r#"<ri:odd ri:thing="x" /><ac:link-body>text</ac:link-body>"#)).contains("odd thing=x"));
}

#[test]
fn plain_addresses() {
    shows(&[
        ("<p><a href=\"https://x.example/a\">t</a></p>", "[t](https://x.example/a)"),
        ("<p><a href=\"javascript:alert(1)\">t</a></p>", "t"),
        ("<p><a name=\"here\"></a>t</p>", "t"),
        ("<p><a href=\"/browse/ABC-1\">t</a></p>", "[t](https://s.example/browse/ABC-1)"),
        ("<p>a<a href=\"https://x.example/\" data-card-appearance=\"block\">https://x.example/</a>b</p>", "a\n\n<https://x.example/>\n\nb"),
    ]);
    let card =
        r#"<p><a href="https://s.example/wiki/spaces/A/pages/5/T" data-card-appearance="inline">https://s.example/wiki/spaces/A/pages/5/T</a></p>"#;
    assert!(matches!(line(card).as_slice(), [Inline::Link { content, target: Target::Remote { .. } }] if content.is_empty()));
    assert_eq!(remote(card, &CLOUD).0, "doc:5");
}

#[test]
fn pictures_and_captions() {
    let image = |attributes: &str, inner: &str| format!("<ac:image {attributes}><ri:attachment ri:filename=\"a.png\" />{inner}</ac:image>");
    assert_eq!(remote(&image("", ""), &CLOUD), ("file:7:a.png".to_owned(), None, "a.png".to_owned()));
    let alt = |body: &str| match line(body).as_slice() {
        [Inline::Image { alt, .. }] => alt.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(alt(&image("ac:alt=\"Login\"", "")), "Login");
    assert_eq!(alt(&image("ac:title=\"T\"", "")), "T");
    assert_eq!(alt(&image("", "")), "a.png");
    let captioned = tree(&image("", "<ac:caption><p>Figure <strong>1</strong></p></ac:caption><ac:adf-mark key=\"border\" />")).blocks;
    let [Block::Paragraph(_), Block::Paragraph(caption)] = captioned.as_slice() else { panic!("{captioned:?}") };
    assert!(matches!(caption.as_slice(), [Inline::Emphasis(_)]));
    shows(&[
        ("<ac:image><ri:url ri:value=\"https://x.example/p/b.png\" /></ac:image>", "![b.png](https://x.example/p/b.png)"),
        ("<p><img src=\"https://x.example/b.png\" alt=\"B\" /></p>", "![B](https://x.example/b.png)"),
        (
            "<p><a href=\"https://x.example/\"><img src=\"https://x.example/b.png\" alt=\"B\" /></a></p>",
            "[![B](https://x.example/b.png)](https://x.example/)",
        ),
    ]);
    assert_eq!(diagnostics("<ac:image ac:alt=\"x\" />"), [lost("image")]);
    assert!(md("<ac:image ac:alt=\"gone\" />").contains("image: gone"));
}
