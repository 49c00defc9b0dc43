//! A wiki whose pages are called, linked and written in whatever way.

use super::Nasty;

const HOME: &str = "# Home\n\n[[What is this?]] [[t|Foo: bar]] [[Überblick]] [[U\u{308}berblick]] [[ops/Deep]] [a](Deep#x) [b](What-is-this%3F) [[Manual|manual.pdf]]\n\n\
                    [[img/a.png|alt=A b|width=10px]] | [[Deep|ops/Deep]] [[1, 2], [3, 4]] [[x](https://e.example)] [docs](../blob/main/docs/guide.md) #1\n\n\
                    x <!-- [[Deep]] --> `a\n[[Deep]]`\n\n<div>\n[[Deep]]\n</div>\n\n```sh\n[[ -f x ]]\n```\n\n| a |\n|---|\n| [[d|Deep]] |\n";

#[test]
fn pages_are_found_by_whatever_name_and_nothing_of_ours_stays_in_them() {
    let nasty = Nasty::new("issues = false\ndiscussions = false\n", |repo| {
        repo.commit(
            "main",
            &[("README.md", "# App\n\n[wiki](../../wiki) [page](../../wiki/What-is-this%3F)\n"), ("docs/guide.md", "[w](../../../wiki/Deep)\n")],
        );
        repo.commit_wiki(&[
            ("Home.md", HOME),
            ("What-is-this?.md", "x\n"),
            ("Foo:-bar.md", "x\n"),
            ("Überblick.md", "x\n"),
            ("ops/Deep.md", "---\n# why\nowner: ann\n---\n[[Home]] ![i](img/a.png)\n"),
            ("Page.textile", "h1. [[Home]]\n"),
            ("Page2.org", "* [[Home]]\n"),
            ("Page3.mediawiki", "= [[Home]] =\n"),
            ("Page4.asciidoc", "= [[Home]]\n"),
            ("img/a.png", "png"),
            ("_Sidebar.md", "[[Home]]\n"),
            ("_Footer.md", "x\n"),
        ]);
    });
    nasty.synced();
    let web = nasty.site.url();
    let mut expected = HOME.to_owned();
    let manual = format!("[Manual]({web}/acme/app/wiki/manual.pdf)");
    for (written, becomes) in [
        ("[[What is this?]]", "[What is this?](What-is-this%3F.md)"),
        ("[[t|Foo: bar]]", "[t](./Foo:-bar.md)"),
        ("[[Überblick]]", "[Überblick](Überblick.md)"),
        ("[[U\u{308}berblick]]", "[U\u{308}berblick](Überblick.md)"),
        ("[[ops/Deep]]", "[ops/Deep](ops/Deep.md)"),
        ("[a](Deep#x)", "[a](ops/Deep.md#x)"),
        ("[b](What-is-this%3F)", "[b](What-is-this%3F.md)"),
        ("[[Manual|manual.pdf]]", &manual),
        ("[[img/a.png|alt=A b|width=10px]]", "![A b](img/a.png)"),
        ("[[Deep|ops/Deep]]", "[Deep](ops/Deep.md)"),
        ("(../blob/main/docs/guide.md)", "(../docs/guide.md)"),
        ("[[d|Deep]]", "[d](ops/Deep.md)"),
    ] {
        assert!(expected.contains(written), "{written}");
        expected = expected.replace(written, becomes);
    }
    assert_eq!(nasty.body("_wiki/Home.md"), expected);
    assert_eq!(nasty.body("_wiki/ops/Deep.md"), "[Home](../Home.md) ![i](../img/a.png)\n");
    assert!(nasty.front("_wiki/ops/Deep.md").contains("\nlossy: true") && !nasty.front("_wiki/Home.md").contains("lossy"));
    assert_eq!(nasty.body("README.md"), "# App\n\n[wiki](_wiki/Home.md) [page](_wiki/What-is-this%3F.md)\n");
    assert_eq!(nasty.body("docs/guide.md"), "[w](../_wiki/ops/Deep.md)\n");
    let all = nasty.mirrored();
    for (path, bytes) in [
        ("_wiki/Page.textile", "h1. [[Home]]\n"),
        ("_wiki/Page2.org", "* [[Home]]\n"),
        ("_wiki/Page3.mediawiki", "= [[Home]] =\n"),
        ("_wiki/Page4.asciidoc", "= [[Home]]\n"),
    ] {
        assert_eq!(all[path], bytes.as_bytes(), "{path}");
    }
    assert!(!all.keys().any(|path| path.contains("_Sidebar") || path.contains("_Footer")), "{:#?}", all.keys());
}
