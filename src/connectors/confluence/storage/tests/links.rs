//! Links: to pages, posts, files, spaces, people, anchors, addresses, and to nothing.

use super::*;
use crate::connectors::confluence::keys;

fn remote(key: Key, anchor: Option<&str>, fallback: &str, name: &str) -> Target {
    Target::Remote { key, anchor: anchor.map(str::to_owned), fallback: Some(fallback.to_owned()), name: name.to_owned() }
}

#[test]
fn every_resource_has_a_key_a_name_and_a_web_address() {
    let cases = [
        (
            "<ri:page ri:content-title=\"Other (page)\" />",
            remote(keys::title("ENG", "other (page)"), None, "https://acme.example.net/wiki/display/ENG/Other+%28page%29", "Other (page)"),
        ),
        (
            "<ri:page ri:content-title=\"P\" ri:space-key=\"~bob\" />",
            remote(keys::title("~bob", "P"), None, "https://acme.example.net/wiki/display/~bob/P", "P"),
        ),
        (
            "<ri:blog-post ri:content-title=\"News\" ri:posting-day=\"2025/01/31\" ri:space-key=\"OPS\" />",
            remote(keys::blog("OPS", "2025/01/31", "News"), None, "https://acme.example.net/wiki/display/OPS/2025/01/31/News", "News"),
        ),
        (
            "<ri:content-entity ri:content-id=\"5\" />",
            remote(keys::doc("5"), None, "https://acme.example.net/wiki/pages/viewpage.action?pageId=5", "page 5"),
        ),
        (
            "<ri:attachment ri:filename=\"a.pdf\" />",
            remote(keys::file("7", "a.pdf"), None, "https://acme.example.net/wiki/pages/viewpageattachments.action?pageId=7", "a.pdf"),
        ),
        (
            "<ri:attachment ri:filename=\"a.pdf\"><ri:content-entity ri:content-id=\"9\" /></ri:attachment>",
            remote(keys::file("9", "a.pdf"), None, "https://acme.example.net/wiki/pages/viewpageattachments.action?pageId=9", "a.pdf"),
        ),
        ("<ri:space ri:space-key=\"OPS\" />", remote(keys::space("OPS"), None, "https://acme.example.net/wiki/spaces/OPS", "OPS")),
        ("<ri:url ri:value=\"https://example.com/x\" />", Target::Url("https://example.com/x".to_owned())),
    ];
    for (resource, expected) in cases {
        assert_eq!(target(&format!("<p><ac:link>{resource}</ac:link></p>"), &CLOUD), expected, "{resource}");
    }
    let space = "<p><ac:link><ri:space ri:space-key=\"OPS\" /></ac:link></p>";
    assert_eq!(target(space, &SERVER), remote(keys::space("OPS"), None, "https://example.org/confluence/display/OPS", "OPS"));
    let anchored = "<p><ac:link ac:anchor=\"Deploy-steps\"><ri:page ri:content-title=\"P\" /></ac:link></p>";
    assert_eq!(
        target(anchored, &CLOUD),
        remote(keys::title("ENG", "P"), Some("Deploy-steps"), "https://acme.example.net/wiki/display/ENG/P#Deploy-steps", "P")
    );
}

#[test]
fn links_have_their_own_words_or_their_targets() {
    check(&[
        (
            "<p><ac:link><ri:page ri:content-title=\"Guide\" /><ac:link-body>the <em>guide</em></ac:link-body></ac:link></p>",
            "[the *guide*](guide.md)",
        ),
        (
            "<p><ac:link><ri:page ri:content-title=\"Guide\" /><ac:plain-text-link-body><![CDATA[see [there]]]></ac:plain-text-link-body></ac:link></p>",
            "[see \\[there\\]](guide.md)",
        ),
        ("<p><ac:link><ri:page ri:content-title=\"Guide\" /></ac:link></p>", "[The guide](guide.md)"),
        ("<p><ac:link><ri:content-entity ri:content-id=\"98411\" /></ac:link></p>", "[The guide](guide.md)"),
        ("<p><ac:link><ri:attachment ri:filename=\"a.pdf\" /></ac:link></p>", "[a.pdf](_assets/a.pdf)"),
        ("<p><ac:link><ri:space ri:space-key=\"OPS\" /></ac:link></p>", "[OPS](https://acme.example.net/wiki/spaces/OPS)"),
        ("<p><ac:link ac:anchor=\"no such\"><ac:link-body>jump</ac:link-body></ac:link></p>", "jump"),
        ("<h1>Local</h1><p><ac:link ac:anchor=\"local\" /></p>", "# Local\n\n[local](#local)"),
        ("<h1>Local</h1><p><ac:link ac:anchor=\"local\"><ri:page /></ac:link></p>", "# Local\n\n[local](#local)"),
        (
            "<p><ac:link><ri:page ri:content-title=\"Guide\" /><ac:link-body><ac:image ac:alt=\"i\"><ri:attachment ri:filename=\"a.png\"/></ac:image></ac:link-body></ac:link></p>",
            "[![i](_assets/a.png)](guide.md)",
        ),
    ]);
}

#[test]
fn people_are_named() {
    check(&[
        ("<p>Ask <ac:link><ri:user ri:account-id=\"712020:ann\" /></ac:link>.</p>", "Ask @Ann."),
        ("<p><ac:link><ri:user ri:username=\"ann\" /></ac:link></p>", "@Ann"),
        ("<p>x<ac:link><ri:user ri:username=\"ann\" /></ac:link><ac:link><ri:user ri:username=\"ann\" /></ac:link>s</p>", "x@Ann @Anns"),
        ("<p><ac:link><ri:user ri:account-id=\"712020:ann\" /><ac:link-body>our lead</ac:link-body></ac:link></p>", "our lead"),
        ("<p><ac:link><ri:user /></ac:link></p>", "`[unknown user]`"),
    ]);
    let person = tree("<ac:link><ri:user ri:userkey=\"ff80\" /></ac:link>");
    assert_eq!(person.blocks, [crate::markdown::Block::Paragraph(vec![Inline::Person(keys::user("ff80"))])]);
}

#[test]
fn links_that_lead_nowhere_say_so() {
    check(&[
        ("<p><ac:link><ac:link-body>broken</ac:link-body></ac:link></p>", "broken `[link without a target]`"),
        ("<p>a <ac:link /></p>", "a `[link without a target]`"),
        (
            "<p><ac:link><ri:shortcut ri:key=\"jira\" ri:parameter=\"ABC-1\" /><ac:link-body>issue</ac:link-body></ac:link></p>",
            "issue `[unresolved link: ABC-1@jira]`",
        ),
        (
            "<p><ac:link><ri:attachment /></ac:link> <ac:link><ri:blog-post /></ac:link></p>",
            "`[unresolved link: Confluence element: ri:attachment]` `[unresolved link: Confluence element: ri:blog-post]`",
        ),
        ("<p><ac:link><ri:space /></ac:link></p>", "`[link without a target]`"),
        ("<p><ac:link><ri:novel ri:thing=\"x y\" /></ac:link></p>", "`[unresolved link: Confluence element: ri:novel ri:thing=\"x y\"]`"),
        ("<p><a href=\"javascript:alert(1)\">a</a> <a name=\"x\">b</a></p>", "a b"),
    ]);
    assert_eq!(diagnostics("<ac:link><ac:link-body>broken</ac:link-body></ac:link>"), ["element:ac:link kept"]);
}

#[test]
fn plain_addresses_find_mirrored_pages() {
    check(&[
        ("<p><a href=\"/wiki/spaces/ENG/pages/98411/Guide#Part\">x</a></p>", "[x](guide.md#part)"),
        (
            "<p><a href=\"https://acme.example.net/wiki/spaces/ENG/pages/98411\" data-card-appearance=\"inline\">https://acme.example.net/wiki/spaces/ENG/pages/98411</a></p>",
            "[The guide](guide.md)",
        ),
        (
            "<p><a href=\"https://acme.example.net/wiki/spaces/ENG/pages/5\">https://acme.example.net/wiki/spaces/ENG/pages/5</a></p>",
            "<https://acme.example.net/wiki/spaces/ENG/pages/5>",
        ),
        ("<p>a</p><a href=\"https://example.com/x\" data-card-appearance=\"block\">https://example.com/x</a>b", "a\n\n<https://example.com/x>\n\nb"),
        (
            "<a href=\"https://example.com/issues/?jql=x\" data-datasource=\"{&quot;id&quot;:1}\" data-card-appearance=\"block\">https://example.com/issues/?jql=x</a>",
            "`[Confluence element: table of search results]` <https://example.com/issues/?jql=x>",
        ),
        ("<p><a href=\"https://example.com\"></a></p>", "<https://example.com>"),
        (
            "<p><a href=\"#Some%20part\">x</a> <a href=\"../x\">y</a></p><h2>Some part</h2>",
            "[x](#some-part) [y](https://acme.example.net/x)\n\n## Some part",
        ),
    ]);
}

#[test]
fn places_of_the_page_are_found_however_they_are_named() {
    let page = |anchor: &str| {
        let link = format!("<p><ac:link ac:anchor=\"{anchor}\"><ac:link-body>jump</ac:link-body></ac:link></p>");
        let text = markdown(&format!("{link}<h2>Roll back (v2)</h2><h2>Notes</h2><h3>Notes</h3><h2>Über uns: Team</h2>"));
        text.lines().next().unwrap_or_default().to_owned()
    };
    for (anchor, expected) in [
        ("Roll back (v2)", "[jump](#roll-back-v2)"),
        ("Roll-back-(v2)", "[jump](#roll-back-v2)"),
        ("Rollback(v2)", "[jump](#roll-back-v2)"),
        ("ReleaseGuide-Rollback(v2)", "[jump](#roll-back-v2)"),
        ("id-2024Guide-Notes", "[jump](#notes)"),
        ("Notes.1", "[jump](#notes-1)"),
        ("Guide-Notes.1", "[jump](#notes-1)"),
        ("notes-1", "[jump](#notes-1)"),
        ("\u{dc}beruns:Team", "[jump](#\u{fc}ber-uns-team)"),
        ("Gone", "jump"),
        ("Guide-", "jump"),
        ("-", "jump"),
    ] {
        assert_eq!(page(anchor), expected, "{anchor}");
    }
}

#[test]
fn anchors_are_written_where_a_link_of_the_page_leads_to_them() {
    let anchor =
        |name: &str| format!("<ac:structured-macro ac:name=\"anchor\"><ac:parameter ac:name=\"\">{name}</ac:parameter></ac:structured-macro>");
    let link = "<p><ac:link ac:anchor=\"Far Down\"><ac:link-body>jump</ac:link-body></ac:link></p>";
    check(&[
        (&format!("<p>a {} b</p>", anchor("Far Down")), "a b"),
        (&format!("{link}<p>a {} b</p>", anchor("Far Down")), "[jump](#far-down)\n\na <a id=\"far-down\"></a>b"),
        (&format!("{link}<p>{}</p><h2>B</h2>", anchor("Far Down")), "[jump](#far-down)\n\n<a id=\"far-down\"></a>\n\n## B"),
        (&format!("{link}<h2>{}The end</h2>", anchor("Far Down")), "[jump](#the-end)\n\n## The end"),
        (&format!("{link}<h2>{}</h2>", anchor("Far Down")), "jump"),
        ("<p><a href=\"#x\">j</a> <a name=\"x\">here</a> <a id=\"y\">there</a></p>", "[j](#x) <a id=\"x\"></a>here there"),
        (
            &format!("{link}<table><tr><td>{}a</td></tr></table>", anchor("Far Down")),
            "[jump](#far-down)\n\n|  |\n| --- |\n| <a id=\"far-down\"></a>a |",
        ),
    ]);
}

#[test]
fn a_heading_of_another_page_loses_that_pages_title() {
    let link = |anchor: &str| {
        format!("<p><ac:link ac:anchor=\"{anchor}\"><ri:page ri:content-title=\"Guide\" /><ac:link-body>x</ac:link-body></ac:link></p>")
    };
    check(&[(&link("Theguide-Setup"), "[x](guide.md#setup)"), (&link("Setup-steps"), "[x](guide.md#setup-steps)")]);
}
