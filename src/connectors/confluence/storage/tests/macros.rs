//! Macros, and the new editor's islands.

use super::*;

pub(super) fn call(name: &str, parameters: &[(&str, &str)], body: &str) -> String {
    let parameters: String = parameters.iter().map(|(key, value)| format!("<ac:parameter ac:name=\"{key}\">{value}</ac:parameter>")).collect();
    format!("<ac:structured-macro ac:name=\"{name}\" ac:schema-version=\"1\" ac:macro-id=\"id\">{parameters}{body}</ac:structured-macro>")
}

pub(super) fn rich(body: &str) -> String {
    format!("<ac:rich-text-body>{body}</ac:rich-text-body>")
}

fn plain(body: &str) -> String {
    format!("<ac:plain-text-body><![CDATA[{body}]]></ac:plain-text-body>")
}

#[test]
fn code_is_exact() {
    check(&[
        (
            &call("code", &[("language", "js"), ("title", "a.js")], &plain("\nlet a = `x`;\n\n  b &amp; <c>\n")),
            "**a.js**\n\n```javascript\nlet a = `x`;\n\n  b &amp; <c>\n```",
        ),
        (&call("code", &[("", "C#")], &plain("a")), "```csharp\na\n```"),
        (&call("code", &[("language", "none")], &plain("```\n| a |\n```")), "````\n```\n| a |\n```\n````"),
        (&call("code", &[], &plain("a]]]]><![CDATA[>b")), "```\na]]>b\n```"),
        (&call("noformat", &[], "<ac:plain-text-body>x &lt; y &amp;&amp; z</ac:plain-text-body>"), "```\nx < y && z\n```"),
        (&call("code", &[], "<ac:plain-text-body>List<String> a;\nif (a <b) {}</ac:plain-text-body>"), "```\nList<String> a;\nif (a <b) {}\n```"),
        (
            "<ac:macro ac:name=\"code\"><ac:default-parameter>yml</ac:default-parameter><ac:plain-text-body>a: 1</ac:plain-text-body></ac:macro>",
            "```yaml\na: 1\n```",
        ),
    ]);
}

#[test]
fn boxes_have_the_meaning_of_their_colours() {
    let body = rich("<p>x</p>");
    check(&[
        (&call("info", &[], &body), "> [!NOTE]\n> x"),
        (&call("tip", &[], &body), "> [!TIP]\n> x"),
        (&call("note", &[], &body), "> [!WARNING]\n> x"),
        (&call("warning", &[("title", "Stop")], &body), "> [!CAUTION]\n> **Stop**\n>\n> x"),
        (&call("panel", &[("title", "T"), ("panelIcon", ":x:"), ("panelIconText", "\u{1f680}")], &body), "> **\u{1f680} T**\n>\n> x"),
        (&call("panel", &[("bgColor", "#fff")], &body), "> x"),
        (&call("info", &[], &rich(&call("note", &[], &body))), "> [!NOTE]\n> > [!WARNING]\n> > x"),
        (&call("info", &[], &rich("<p/>")), ""),
    ]);
}

#[test]
fn frames_show_their_bodies() {
    check(&[
        (&call("expand", &[("title", "More")], &rich("<p>x</p>")), "**More**\n\nx"),
        (&call("expand", &[], &rich("<p>x</p>")), "**Click here to expand...**\n\nx"),
        (&call("excerpt", &[("hidden", "true")], &rich("<p>x</p>")), "x"),
        (&format!("<p>a {} b</p>", call("excerpt", &[], &rich("x <em>y</em>"))), "a x *y* b"),
        (&call("localtabgroup", &[], &rich(&call("localtab", &[("title", "One")], &rich("<p>x</p>")))), "**One**\n\nx"),
        (&call("auimessage", &[("title", "T")], &rich("<p>x</p>")), "**T**\n\nx"),
        (&format!("<p>a {} b</p>", call("tooltip", &[("text", "More words")], &rich("x"))), "a x *(More words)* b"),
        (&call("scroll-landscape", &[], &rich("<p>x</p>")), "x"),
        (&call("section", &[], &rich(&(call("column", &[], &rich("a")) + &call("column", &[], &rich("b"))))), "a\n\nb"),
        (&call("details", &[], &rich("<table><tr><th>Owner</th><td>Ann</td></tr></table>")), "|  |  |\n| --- | --- |\n| **Owner** | Ann |"),
    ]);
}

#[test]
fn lozenges_people_files_and_frames() {
    check(&[
        (&format!("<p>a {} b</p>", call("status", &[("title", "In progress"), ("colour", "Blue")], "")), "a **[In progress]** b"),
        (&call("status", &[("colour", "Red")], ""), "**[Red]**"),
        (&format!("<p>{0}{0}</p>", call("status", &[("title", "a")], "")), "**[a]** **[a]**"),
        (&call("profile", &[("user", "<ri:user ri:account-id=\"712020:ann\" />")], ""), "@Ann"),
        (
            &format!("<p>{0}{0}</p>", call("view-file", &[("name", "<ri:attachment ri:filename=\"a.pdf\" />")], "")),
            "[a.pdf](_assets/a.pdf)\n\n[a.pdf](_assets/a.pdf)",
        ),
        (
            &call("widget", &[("width", "400"), ("url", "<ri:url ri:value=\"https://video.example.com/watch?v=1\" />")], ""),
            "[Embedded: video.example.com](https://video.example.com/watch?v=1)",
        ),
        (&call("iframe", &[("src", "https://example.com/x")], ""), "[Embedded: example.com](https://example.com/x)"),
        ("<iframe src=\"https://example.com/x\"></iframe>", "[Embedded: example.com](https://example.com/x)"),
        (&call("multimedia", &[("name", "<ri:attachment ri:filename=\"a.mp4\" />")], ""), "[a.mp4](_assets/a.mp4)"),
    ]);
}

#[test]
fn jira_issues_are_linked_where_the_site_is_known() {
    check(&[
        (&format!("<p>See {}.</p>", call("jira", &[("key", "ABC-1"), ("serverId", "x")], "")), "See [ABC-1](https://acme.example.net/browse/ABC-1)."),
        (&call("jira", &[("key", "A-1")], "").repeat(2), "[A-1](https://acme.example.net/browse/A-1)\n\n[A-1](https://acme.example.net/browse/A-1)"),
        (&call("jira", &[("jqlQuery", "project = A")], ""), "Jira issues: [`project = A`](https://acme.example.net/issues/?jql=project+%3D+A)"),
        (&call("jira", &[("count", "true")], ""), "`[Confluence macro: jira count=true]`"),
    ]);
    let Reading { tree, diagnostics: found, .. } = read(&call("jira", &[("key", "ABC-1")], ""), &SERVER);
    assert_eq!(write::body(&tree, &Mirror).text, "ABC-1\n");
    let query = read(&call("jira", &[("jqlQuery", "project = A")], ""), &SERVER).tree;
    assert_eq!(
        write::body(&query, &Mirror).text,
        "Jira issues: `project = A`
"
    );
    assert_eq!(found, [Diagnostic { what: "macro:jira".to_owned(), treatment: Treatment::Kept, detail: "the key, without a link".into(), count: 1 }]);
}

#[test]
fn included_pages_are_linked() {
    let page = "<ac:link><ri:page ri:content-title=\"Guide\" /></ac:link>";
    check(&[
        (&call("include", &[("", page)], ""), "`[Confluence macro: include]` [The guide](guide.md)"),
        (&call("excerpt-include", &[("", "Guide"), ("nopanel", "true")], ""), "`[Confluence macro: excerpt-include]` [The guide](guide.md)"),
        (
            &call("excerpt-include", &[("", "OPS:A: b")], ""),
            "`[Confluence macro: excerpt-include]` [A: b](https://acme.example.net/wiki/display/OPS/A%3A+b)",
        ),
        (&call("include", &[], ""), "`[Confluence macro: include]`"),
    ]);
    // Whether one of them is lost, only the mirror knows.
    assert_eq!(diagnostics(&call("include", &[("", page)], "")), [""; 0]);
    assert_eq!(diagnostics(&call("include", &[], "")), ["macro:include lost"]);
}

#[test]
fn formulas_and_diagrams_keep_their_source() {
    check(&[
        (&format!("<p>a {} b</p>", call("mathinline", &[("body", "x_1 + y")], "")), "a $`x_1 + y`$ b"),
        (&call("latex", &[], &plain("$$x$$")), "```math\nx\n```"),
        (&call("latex", &[], &plain("$x$ and $y$")), "```math\n$x$ and $y$\n```"),
        (&call("mathblock", &[], &plain("\\frac{a}{b}")), "```math\n\\frac{a}{b}\n```"),
        (&call("easy-math-block", &[("body", "--uriencoded--a%20%5Ccdot%20b")], ""), "```math\na \\cdot b\n```"),
        (&call("mermaid", &[], &plain("graph TD")), "```mermaid\ngraph TD\n```"),
        (&call("plantuml", &[("title", "Flow")], &plain("@startuml")), "**Flow**\n\n```plantuml\n@startuml\n```"),
        (&call("drawio", &[("diagramName", "flow"), ("revision", "3")], ""), "![flow](_assets/flow.png)\n\n[Diagram source: flow](_assets/flow)"),
        (&call("mermaid-cloud", &[("filename", "f.mmd")], ""), "`[Confluence macro: mermaid-cloud]` [f.mmd](_assets/f.mmd)"),
    ]);
}

#[test]
fn foreign_text_is_converted() {
    check(&[
        (&call("html", &[], &plain("<p>a <b>b</b></p>")), "a **b**"),
        (&call("html", &[], &plain("<script>x</script>")), "```html\n<script>x</script>\n```"),
        (&call("noformat", &[("language", "js")], &plain("a")), "```\na\n```"),
        (&call("markdown", &[], &plain("- [x] a\n- [ ] b")), "- [x] a\n- [ ] b"),
        (&call("html", &[], &plain(&"<div>".repeat(80))), &format!("```html\n{}\n```", "<div>".repeat(80))),
    ]);
    assert_eq!(diagnostics(&call("html", &[], &plain(&"<div>".repeat(80)))), ["macro:html kept"]);
}

#[test]
fn unknown_macros_keep_their_bodies_and_say_what_they_are() {
    check(&[
        (
            &call("children", &[("depth", "2"), ("page", "<ac:link><ri:page ri:content-title=\"P\" ri:space-key=\"OPS\"/></ac:link>")], ""),
            "`[Confluence macro: children depth=2 page=OPS:P]` [P](https://acme.example.net/wiki/display/OPS/P)",
        ),
        (
            &format!("<p>a {} b</p>", call("novel", &[("id", "5"), ("words", "two  words")], "")),
            "a `[Confluence macro: novel words=\"two words\"]` b",
        ),
        (
            &call(
                "novel",
                &[
                    ("who", "<ri:user ri:account-id=\"712020:ann\" />"),
                    ("link", "https://example.com/x"),
                    ("file", "<ri:attachment ri:filename=\"a.pdf\" />"),
                ],
                "",
            ),
            "`[Confluence macro: novel file=a.pdf]` @Ann [a.pdf](_assets/a.pdf) <https://example.com/x>",
        ),
        (&call("panel", &[("title", "T"), ("panelIcon", ":rocket:"), ("panelIconId", "1f680")], &rich("<p>x</p>")), "> **\u{1f680} T**\n>\n> x"),
        (
            &call("iframe", &[("fallback", "https://example.org/y"), ("src", "https://example.com/x")], ""),
            "[Embedded: example.com](https://example.com/x)\n\n[Embedded: example.org](https://example.org/y)",
        ),
        (&call("novel", &[("who", "<ri:user ri:account-id=\"secret\" />")], &rich("<p>x</p>")), "`[Confluence macro: novel]`\n\nx"),
        (&format!("<p>a {} b</p>", call("novel", &[], &rich("x <em>y</em>"))), "a `[Confluence macro: novel]` x *y* b"),
        (&call("novel", &[], &plain("a\nb")), "```novel\na\nb\n```"),
        (&format!("<p>a {} b</p>", call("novel", &[("k", "v")], &plain("*x*"))), "a `[Confluence macro: novel k=v]` `*x*` b"),
        (
            &call("novel", &[("mode", "strict"), ("language", "js")], &plain("a")),
            "`[Confluence macro: novel mode=strict language=js]`\n\n```javascript\na\n```",
        ),
        (&call("", &[], ""), "`[Confluence macro:]`"),
        (
            "<ac:novel-element ac:thing=\"x\" /><ri:page ri:content-title=\"P\" />",
            "`[Confluence element: ac:novel-element ac:thing=x]`\n\n`[Confluence element: ri:page ri:content-title=P]`",
        ),
        ("<ac:novel-element>text</ac:novel-element>", "text"),
    ]);
    assert_eq!(diagnostics(&call("novel", &[], "")), ["macro:novel lost"]);
    assert_eq!(diagnostics(&call("novel", &[], &rich("x"))), ["macro:novel kept"]);
    assert_eq!(diagnostics("<ac:novel-element>text</ac:novel-element>"), ["element:ac:novel-element kept"]);
    assert_eq!(diagnostics(&call("toc", &[], "")), [""; 0]);
}

fn node(kind: &str, attributes: &[(&str, &str)], content: &str) -> String {
    let attributes: String = attributes.iter().map(|(key, value)| format!("<ac:adf-attribute key=\"{key}\">{value}</ac:adf-attribute>")).collect();
    format!("<ac:adf-node type=\"{kind}\">{attributes}{content}</ac:adf-node>")
}

#[test]
fn an_island_shows_its_node_or_its_fallback() {
    let island = |node: &str, fallback: &str| format!("<ac:adf-extension>{node}<ac:adf-fallback>{fallback}</ac:adf-fallback></ac:adf-extension>");
    let content = |text: &str| format!("<ac:adf-content>{text}</ac:adf-content>");
    check(&[
        (&island(&node("panel", &[("panel-type", "note")], &content("<p>Body</p>")), "<div><p>Body</p></div>"), "> [!IMPORTANT]\n> Body"),
        (
            &island(&node("panel", &[("panel-type", "custom"), ("panel-icon-text", "\u{1f680}")], &content("<p>Body</p>")), "Body"),
            "> **\u{1f680}**\n>\n> Body",
        ),
        (
            &island(
                &node(
                    "decision-list",
                    &[],
                    &(node("decision-item", &[("state", "DECIDED")], &content("Ship <em>it</em>"))
                        + &node("decision-item", &[("state", "UNDECIDED")], &content("When?"))),
                ),
                "<ul><li>Ship it</li></ul>",
            ),
            "- **Decision:** Ship *it*\n- **Open decision:** When?",
        ),
        (
            &island(
                &node(
                    "extension",
                    &[
                        ("extension-key", "ari:cloud:ecosystem::extension/a/b/static/roadmap"),
                        (
                            "parameters",
                            "<ac:adf-parameter key=\"guest-params\"><ac:adf-parameter key=\"team\">Core</ac:adf-parameter></ac:adf-parameter>",
                        ),
                    ],
                    "",
                ),
                "",
            ),
            "`[Confluence macro: roadmap team=Core]`",
        ),
        (&island(&node("bodied-extension", &[("extension-key", "x/box")], &content("<p>in</p>")), "<p>in</p>"), "`[Confluence macro: box]`\n\nin"),
        (&island(&node("novel", &[], &content("<p>Body</p>")), "<p>Fallback</p>"), "Fallback"),
        (&island(&node("novel", &[], &content("<p>Body</p>")), ""), "Body"),
        (&island(&node("novel", &[], ""), ""), "`[Confluence element: novel]`"),
        (&island(&node("extension", &[("extension-key", "chart:default")], ""), "<p>Fallback</p>"), "`[Confluence macro: chart]`\n\nFallback"),
        (
            &format!("<p>a {} b</p>", island(&node("inline-extension", &[("extension-key", "x/badge")], ""), "v<em>2</em>")),
            "a `[Confluence macro: badge]` v*2* b",
        ),
        (
            &island(
                &node(
                    "multi-bodied-extension",
                    &[("extension-key", "x/tabs")],
                    &(node("extension-frame", &[], &content("<p>One</p>")) + &node("extension-frame", &[], &content("<p>Two</p>"))),
                ),
                "<p>One</p><p>Two</p>",
            ),
            "`[Confluence macro: tabs]`\n\nOne\n\nTwo",
        ),
        (&format!("<ac:adf-extension>{}</ac:adf-extension>", node("novel", &[], "")), "`[Confluence element: novel]`"),
        (&node("task-list", &[], &node("task-item", &[("state", "DONE")], &content("a"))), "- [x] a"),
    ]);
}

#[test]
fn text_for_some_readers_says_for_whom() {
    check(&[
        (&call("show-if", &[("group", "admins")], &rich("<p>x</p>")), "*(only if: group=admins)*\n\nx"),
        (&call("hide-if", &[("user", "bob b")], &rich("<p>x</p>")), "*(hidden if: user=bob b)*\n\nx"),
        (&call("sv-translation", &[("language", "de")], &rich("<p>x</p>")), "*(language: de)*\n\nx"),
        (&format!("<p>a {} b</p>", call("show-if", &[], &rich("x"))), "a *(only if a condition holds)* x b"),
    ]);
    assert_eq!(diagnostics(&call("show-if", &[("group", "admins")], &rich("<p>x</p>"))), ["macro:show-if kept"]);
}

#[test]
fn steps_are_numbered_and_footnotes_gathered() {
    let note = |text: &str| call("footnote", &[], &rich(&format!("<p>{text}</p>")));
    check(&[
        (
            &call(
                "ui-steps",
                &[],
                &rich(&(call("ui-step", &[("title", "Stop")], &rich("<p>x</p>")) + "<p>y</p>" + &call("ui-step", &[], &rich("<p>z</p>")))),
            ),
            "1. **Stop**\n\n   x\n\n   y\n\n2. z",
        ),
        (
            &format!("<p>a{} b{}.</p>{}<p>c{}</p>", note("One"), note("<em>Two</em>"), call("display-footnotes", &[], ""), note("Three")),
            "a<sup>1</sup> b<sup>2</sup>.\n\n1. One\n2. *Two*\n\nc<sup>3</sup>\n\n3. Three",
        ),
    ]);
}

#[test]
fn macros_that_keep_their_content_in_a_parameter() {
    let plan = "%7B%22title%22%3A%22Plan%22%2C%22lanes%22%3A%5B%7B%22title%22%3A%22Core%22%2C%22bars%22%3A%5B%7B%22title%22%3A%22API%22%2C%22description%22%3A%22New%20one%22%2C\
                %22startDate%22%3A%222026-01-05%2000%3A00%3A00%22%2C%22duration%22%3A2.5%7D%2C%7B%22title%22%3A%22UI%22%7D%5D%7D%5D%2C\
                %22markers%22%3A%5B%7B%22title%22%3A%22Launch%22%2C%22markerDate%22%3A%222026-03-01%22%7D%5D%7D";
    check(&[
        (
            &call("roadmap", &[("source", plan), ("hash", "x")], ""),
            "**Plan**\n\n- Core\n  - API (from 2026-01-05, 2.5 months): New one\n  - UI\n- Launch (2026-03-01)",
        ),
        (&call("roadmap", &[("source", "junk")], ""), "`[Confluence macro: roadmap source=junk]`"),
        // base64 of deflated, percent-encoded text, as the app writes it.
        (&call("plantumlcloud", &[("data", "JTQwc3RhcnR1bWwlMEFhJTIwLT4lMjBi"), ("filename", "x")], ""), "```plantuml\n@startuml\na -> b\n```"),
        (
            &call("plantumlcloud", &[("data", "junk!"), ("compressed", "true"), ("filename", "f")], ""),
            "`[Confluence macro: plantumlcloud]` [f](_assets/f)",
        ),
        (&call("open-api", &[], &plain("openapi: 3.0.0")), "```yaml\nopenapi: 3.0.0\n```"),
        (&call("swagger-open-api", &[], &plain("{\"a\":1}")), "```json\n{\"a\":1}\n```"),
        (&call("open-api", &[("file", "<ri:attachment ri:filename=\"api.yaml\" />")], ""), "[api.yaml](_assets/api.yaml)"),
        (&call("open-api", &[("url", "https://example.com/api.yaml")], ""), "[Embedded: example.com](https://example.com/api.yaml)"),
        (
            &call("chart", &[("type", "pie")], &rich("<table><tr><th>A</th></tr><tr><td>1</td></tr></table>")),
            "`[Confluence macro: chart type=pie]`\n\n| A |\n| --- |\n| 1 |",
        ),
    ]);
}

#[test]
fn what_a_search_would_show_is_named_with_a_way_to_see_it() {
    let page = "https://acme.example.net/wiki/pages/viewpage.action?pageId=7";
    let files = "https://acme.example.net/wiki/pages/viewpageattachments.action?pageId=7";
    check(&[
        (
            &call("contentbylabel", &[("cql", "label = \"adr\""), ("max", "5")], ""),
            &format!("`[Confluence macro: contentbylabel cql='label = \"adr\"' max=5]` [see the page]({page})"),
        ),
        (
            &call("attachments", &[("patterns", ".*pdf")], ""),
            &format!("`[Confluence macro: attachments patterns=.*pdf]` [files of the page]({files})"),
        ),
        (&format!("<p>a {}</p>", call("gallery", &[], "")), &format!("a `[Confluence macro: gallery]` [files of the page]({files})")),
    ]);
    // Whether any of them is lost, only the mirror knows.
    assert_eq!(diagnostics(&call("gallery", &[], "")), [""; 0]);
}

#[test]
fn every_macro_is_spoken_of_once() {
    let found = read(
        &call("info", &[], &rich(&(call("status", &[("title", "a")], "") + &call("status", &[("title", "b")], "") + &call("novel", &[], "")))),
        &CLOUD,
    )
    .diagnostics;
    let said: Vec<(&str, Treatment, u32)> = found.iter().map(|found| (found.what.as_str(), found.treatment, found.count)).collect();
    assert_eq!(said, [("macro:status", Treatment::Rendered, 2), ("macro:novel", Treatment::Lost, 1), ("macro:info", Treatment::Rendered, 1)]);
}
