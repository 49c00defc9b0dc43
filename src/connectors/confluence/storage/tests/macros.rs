//! Macros and the new editor's islands.

use super::{CLOUD, SERVER, diagnostics, kept, line, lost, md, remote, shows, tree};
use crate::connectors::confluence::storage::read;
use crate::markdown::{AlertKind, Block, Inline, Unresolved, write};

fn rich(name: &str, parameters: &[(&str, &str)], body: &str) -> String {
    format!("<ac:structured-macro ac:name=\"{name}\">{}<ac:rich-text-body>{body}</ac:rich-text-body></ac:structured-macro>", given(parameters))
}

fn plain(name: &str, parameters: &[(&str, &str)], body: &str) -> String {
    format!(
        "<ac:structured-macro ac:name=\"{name}\" ac:macro-id=\"u\">{}<ac:plain-text-body><![CDATA[{body}]]></ac:plain-text-body></ac:structured-macro>",
        given(parameters)
    )
}

fn bare(name: &str, parameters: &[(&str, &str)]) -> String {
    format!("<ac:structured-macro ac:name=\"{name}\">{}</ac:structured-macro>", given(parameters))
}

fn given(parameters: &[(&str, &str)]) -> String {
    parameters.iter().map(|(key, value)| format!("<ac:parameter ac:name=\"{key}\">{value}</ac:parameter>")).collect()
}

fn code(body: &str) -> (Option<String>, String) {
    match tree(body).blocks.pop() {
        Some(Block::Code { language, text }) => (language, text),
        other => panic!("no code: {other:?}"),
    }
}

#[test]
fn code_is_exact() {
    assert_eq!(code(&plain("code", &[("language", "js")], "\n  a &lt; <b>\n\tc  \n\n")), (Some("javascript".into()), "  a &lt; <b>\n\tc  \n".into()));
    assert_eq!(code(&plain("code", &[], "a]]]]><![CDATA[>b")), (None, "a]]>b".into()));
    assert_eq!(
        code(
            "<ac:macro ac:name=\"code\"><ac:default-parameter>C#</ac:default-parameter><ac:plain-text-body>x &lt; y</ac:plain-text-body></ac:macro>"
        ),
        (Some("csharp".into()), "x < y".into())
    );
    assert_eq!(code(&plain("noformat", &[("language", "js")], "x")), (None, "x".into()));
    for (name, language) in [("none", None), ("Plain Text", None), ("py", Some("python")), ("Bash", Some("bash")), ("yml", Some("yaml"))] {
        assert_eq!(code(&plain("code", &[("language", name)], "x")).0.as_deref(), language, "{name}");
    }
    assert_eq!(md(&plain("code", &[("title", "a.sh"), ("language", "sh")], "x")), "**a.sh**\n\n```sh\nx\n```");
    assert_eq!(md(&format!("<p>before {} after</p>", plain("code", &[], "x"))), "before\n\n```\nx\n```\n\nafter");
    assert!(diagnostics(&plain("code", &[], "x")).is_empty());
}

#[test]
fn panels_are_alerts_by_their_colour() {
    for (name, kind) in [("info", AlertKind::Note), ("tip", AlertKind::Tip), ("note", AlertKind::Warning), ("warning", AlertKind::Caution)] {
        let blocks = tree(&rich(name, &[("title", "T")], "<p>x</p>")).blocks;
        assert!(
            matches!(blocks.as_slice(), [Block::Alert { kind: k, title, body }] if *k == kind && title.len() == 1 && body.len() == 1),
            "{blocks:?}"
        );
    }
    shows(&[
        (&rich("panel", &[("title", "T"), ("panelIconText", "💡")], "<p>x</p>"), "> **💡 T**\n>\n> x"),
        (&rich("expand", &[("title", "More")], "<p>x</p>"), "**More**\n\nx"),
        (&rich("expand", &[], "<p>x</p>"), "x"),
        (&rich("excerpt", &[("hidden", "true")], "<p>x</p>"), "x"),
        (&rich("section", &[], &(rich("column", &[("width", "50%")], "<p>a</p>") + &rich("column", &[], "<p>b</p>"))), "a\n\nb"),
        (&format!("<p>a {} c</p>", rich("excerpt", &[], "b")), "a b c"),
        (&rich("localtab", &[("title", "One")], "<p>x</p>"), "**One**\n\nx"),
    ]);
}

#[test]
fn status_keeps_its_title() {
    shows(&[
        (&format!("<p>is {} now</p>", bare("status", &[("colour", "Green"), ("title", "Done")])), "is **[Done]** now"),
        (&format!("<p>{}</p>", bare("status", &[("colour", "Red")])), "**[Red]**"),
    ]);
}

#[test]
fn navigation_vanishes() {
    for name in ["toc", "anchor", "livesearch", "pagetreesearch", "style"] {
        assert_eq!(md(&bare(name, &[("", "x")])), "", "{name}");
        assert!(diagnostics(&bare(name, &[])).is_empty());
    }
}

#[test]
fn unknown_macros_keep_what_they_hold() {
    let body = rich("roadmap-app", &[("mode", "wide"), ("width", "300"), ("pageId", "5")], "<p>text</p>");
    assert_eq!(tree(&body).blocks[0], Block::Marker("Confluence macro: roadmap-app mode=wide".into()));
    assert!(md(&body).ends_with("text"));
    assert_eq!(diagnostics(&body), [kept("macro:roadmap-app")]);
    assert_eq!(code(&plain("vega", &[], "{}")), (Some("vega".into()), "{}".into()));
    assert_eq!(tree(&bare("chart", &[("type", "pie")])).blocks, [Block::Marker("Confluence macro: chart type=pie".into())]);
    assert_eq!(diagnostics(&bare("chart", &[])), [lost("macro:chart")]);
    let inline = line(&format!("<p>see {} there</p>", bare("chart", &[])));
    assert_eq!(inline[1], Inline::Marker("Confluence macro: chart".into()));
    let page = "<ac:link><ri:page ri:content-title=\"Root\" ri:space-key=\"OPS\" /></ac:link>";
    assert!(md(&bare("children", &[("page", page), ("depth", "2")])).contains("children page=Root depth=2"));
    let long = "word ".repeat(500);
    assert!(md(&bare("chart", &[("a", &long), ("b", &long)])).chars().count() < 300);
}

#[test]
fn references_link_to_what_they_show() {
    let page = "<ac:link><ri:page ri:content-title=\"Other\" /></ac:link>";
    for body in [bare("include", &[("", page)]), bare("excerpt-include", &[("", "Other")]), bare("excerpt-include", &[("", "ENG:Other")])] {
        let text = md(&body);
        assert!(text.contains("include") && text.contains("[Other](https://s.example/wiki/display/ENG/Other)"), "{text}");
    }
    let file = bare("view-file", &[("name", "<ri:attachment ri:filename=\"a.pdf\" />"), ("height", "250")]);
    assert_eq!(remote(&file, &CLOUD).0, "file:7:a.pdf");
    assert_eq!(md(&format!("<p>{file}{file}</p>")).matches(") [").count(), 1);
    let person = bare("profile", &[("user", "<ri:user ri:account-id=\"1\" />")]);
    assert!(matches!(line(&format!("<p>{person}</p>")).as_slice(), [Inline::Person(_)]));
    shows(&[
        (&format!("<p>see {}</p>", bare("jira", &[("key", "ABC-1"), ("serverId", "u")])), "see [ABC-1](https://s.example/browse/ABC-1)"),
        (&bare("jira", &[("jqlQuery", "project = ABC")]), "[Jira issues: project = ABC](https://s.example/issues/?jql=project+%3D+ABC)"),
        (
            &bare("widget", &[("url", "<ri:url ri:value=\"https://www.youtube.example/w?v=1\" />")]),
            "[Embedded: www.youtube.example](https://www.youtube.example/w?v=1)",
        ),
        (&bare("iframe", &[("src", "https://x.example/f"), ("width", "1")]), "[Embedded: x.example](https://x.example/f)"),
    ]);
    let server = write::body(&read(&bare("jira", &[("key", "ABC-1")]), &SERVER).0, &Unresolved).text;
    assert!(server.contains("ABC-1") && !server.contains("browse"));
}

#[test]
fn texts_in_other_languages() {
    assert_eq!(tree(&plain("markdown", &[], "# a\n\n*b*")).blocks, [Block::Markdown("# a\n\n*b*".into())]);
    assert!(matches!(tree(&plain("html", &[], "<p>a <b>c</b></p>")).blocks.as_slice(), [Block::Markdown(text)] if text.contains("**c**")));
    assert_eq!(code(&plain("html", &[], "<script>x</script>")).0.as_deref(), Some("html"));
    assert_eq!(code(&bare("easy-math-block", &[("body", "--uriencoded--a%2Bb")])), (Some("math".into()), "a+b".into()));
    assert_eq!(line(&format!("<p>{}</p>", bare("mathinline", &[("body", "x^2")]))), [Inline::Code("x^2".into())]);
    assert_eq!(code(&plain("mermaid-cloud", &[], "graph TD")), (Some("mermaid".into()), "graph TD".into()));
    assert_eq!(code(&plain("plantuml", &[], "a -> b")).0.as_deref(), Some("plantuml"));
    assert_eq!(remote(&bare("drawio", &[("diagramName", "Net")]), &CLOUD).0, "file:7:Net.png");
}

#[test]
fn an_adf_extension_is_shown_once() {
    let node = |kind: &str| {
        format!(
            "<ac:adf-extension><ac:adf-node type=\"panel\"><ac:adf-attribute key=\"panel-type\">{kind}</ac:adf-attribute><ac:adf-content><p>Body</p></ac:adf-content></ac:adf-node><ac:adf-fallback><div><p>Body</p></div></ac:adf-fallback></ac:adf-extension>"
        )
    };
    shows(&[
        (&node("note"), "> [!IMPORTANT]\n> Body"),
        (&node("success"), "> [!TIP]\n> Body"),
        (&node("custom"), "> Body"),
        (&node("panel").replace("\"panel\"", "\"odd\""), "Body"),
    ]);
    let decisions = "<ac:adf-extension><ac:adf-node type=\"decision-list\"><ac:adf-node type=\"decision-item\"><ac:adf-attribute key=\"state\">DECIDED</ac:adf-attribute><ac:adf-content>Go <em>now</em></ac:adf-content></ac:adf-node></ac:adf-node><ac:adf-fallback><ul><li>Go now</li></ul></ac:adf-fallback></ac:adf-extension>";
    assert_eq!(md(decisions), "- **Decision:** Go *now*");
    let forge = "<ac:adf-extension><ac:adf-node type=\"extension\"><ac:adf-attribute key=\"extension-key\">ari:cloud:ecosystem::extension/a/b/static/poll</ac:adf-attribute><ac:adf-attribute key=\"parameters\"><ac:adf-parameter key=\"guest-params\"><ac:adf-parameter key=\"question\">Lunch?</ac:adf-parameter></ac:adf-parameter></ac:adf-attribute></ac:adf-node></ac:adf-extension>";
    assert_eq!(tree(forge).blocks, [Block::Marker("Confluence macro: poll question=Lunch?".into())]);
    assert_eq!(diagnostics(forge), [lost("macro:poll")]);
}
