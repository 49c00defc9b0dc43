//! Files under names and with texts that only people think of.

use super::Nasty;
use crate::support::github::Put;

const ONLY: &str = "wiki = false\ndiscussions = false\nissues = false\nreleases = false\npull_requests = false\n";

const LINKS: &str = r#"# All kinds of links

[relative](guide.md) [dot](./guide.md#top) [up](../README.md) [root](/docs/guide.md) [above](../../../issues) [folder](sub) [folder](sub/) [folder](./sub/.)
[spaces](a%20b%20(1).md) [pointed](<a b (1).md>) [hash](c%23d.md) [question](what%3F.md) [percent](100%25.md) [brackets](x%5B1%5D.md)
[umlaut](über.md) [umlaut](%C3%BCber.md) [lines](guide.md#L10-L20) [plain](guide.md?plain=1#L5) [raw](img/a.png?raw=true)
[unmirrored](../src/main.rs#L1) [none](nowhere.md) [agents](../AGENTS.md) [claude](/CLAUDE.md "T") [self](#all-kinds-of-links) [site](https://example.com/a?b#c)

![i](img/a.png) ![svg](/docs/img/b.svg?sanitize=true) ![web](URL/acme/app/raw/main/docs/img/a.png) ![camo](https://camo.githubusercontent.com/abc/def)
[![badge](https://img.example/x.svg)](../../../actions) ![user](https://github.com/user-attachments/assets/0a1b) ![missing](img/none.png)

Ref [one][1], [two][], [three], ![img][pic]. Footnote[^n].

[1]: guide.md "Title"
[two]: <../README.md#x>
[three]: https://example.org
[pic]: img/a.png

[^n]: See [guide](guide.md).

| a | b |
|---|---|
| [t](guide.md) | `[c](guide.md)` \| [u](guide.md#a|b) |

1. one
   - nested [n](guide.md)

     > quote [q](guide.md)

<p align="center"><a href="guide.md#x"><img src="img/a.png" alt="A" width="10"></a></p>
<picture><source media="(prefers-color-scheme: dark)" srcset="img/a.png 1x, img/a.png 2x"><img src='img/b.svg'></picture>

<details><summary>More</summary>

[inside](guide.md)

</details>

```md
[fenced](guide.md) ![x](img/a.png)
```

    [indented](guide.md)

`[code](guide.md)` <!-- [comment](guide.md) -->

Math $f[i](x)$ and $5 or $6, $$\sum [a](b)$$

```mermaid
graph TD; A[a](b) --> B
```

> [!NOTE]
> See [guide](guide.md).

- [x] done [d](guide.md)
- [ ] open :tada: <kbd>[k](guide.md)</kbd>

### Heading with [link](guide.md)

[jekyll]({{site.baseurl}}/guide.md) [hugo]({{< ref "guide.md" >}}) <a href="{{ site.url }}/x">t</a>
<https://example.com/x> https://example.com/y. bare guide.md
[issue](../../../issues/1) [wiki](../../../wiki) URL/acme/app/blob/0123456789abcdef0123456789abcdef01234567/docs/guide.md#L3
"#;

/// What becomes of it where it does not stay.
fn linked(url: &str) -> String {
    let mut text = LINKS.replace("URL", url);
    for (written, becomes) in [
        ("[dot](./guide.md#top)", "[dot](guide.md#top)"),
        ("[root](/docs/guide.md)", "[root](guide.md)"),
        ("(../../../issues)", "(URL/acme/app/issues)"),
        ("[folder](sub) [folder](sub/) [folder](./sub/.)", "[folder](sub/README.md) [folder](sub/README.md) [folder](sub/README.md)"),
        ("(a%20b%20(1).md) [pointed](<a b (1).md>)", "(a%20b%20%281%29.md) [pointed](<a%20b%20%281%29.md>)"),
        ("(x%5B1%5D.md)", "(x[1].md)"),
        ("(%C3%BCber.md)", "(über.md)"),
        ("(guide.md?plain=1#L5)", "(guide.md#L5)"),
        ("(img/a.png?raw=true)", "(img/a.png)"),
        ("(../src/main.rs#L1)", "(URL/acme/app/blob/main/src/main.rs#L1)"),
        ("(nowhere.md)", "(URL/acme/app/blob/main/docs/nowhere.md)"),
        ("(../AGENTS.md)", "(../AGENTS.synced.md)"),
        ("(/CLAUDE.md \"T\")", "(../CLAUDE.synced.md \"T\")"),
        ("(/docs/img/b.svg?sanitize=true)", "(img/b.svg)"),
        ("![web](URL/acme/app/raw/main/docs/img/a.png)", "![web](img/a.png)"),
        ("(../../../actions)", "(URL/acme/app/actions)"),
        ("(img/none.png)", "(URL/acme/app/raw/main/docs/img/none.png)"),
        ("[issue](../../../issues/1) [wiki](../../../wiki)", "[issue](../_issues/1-it-fails.md) [wiki](../_wiki/Home.md)"),
    ] {
        let written = written.replace("URL", url);
        assert!(text.contains(&written), "{written}");
        text = text.replace(&written, &becomes.replace("URL", url));
    }
    let permalink = format!("{url}/acme/app/blob/0123456789abcdef0123456789abcdef01234567/docs/guide.md#L3");
    text.replace(&permalink, &format!("[{permalink}](guide.md#L3)"))
}

const MDX: &str = "import X from './x.mdx'\nexport const a = {b: 1}\n\n{/* a comment */}\n\n# T\n\n<X href=\"guide.md\" src={img} />\n\n<img src={require('./a.png').default} alt=\"x\" />\n\n<a href={url}>x</a> <img src={logo} /> [l](guide.md)\n";

#[test]
fn whatever_authors_write_keeps_its_bytes_but_for_where_links_lead() {
    let site = crate::support::github::GitHub::new();
    let url = site.url();
    let nasty = Nasty::at(site, "discussions = false\nreleases = false\n", |repo| {
        let file = |text: &str| Put::from(text);
        repo.commit(
            "main",
            &[
                ("README.md", file("# App\n\n[docs](docs/sub) [home](../../tree/main) [rel](../../releases/tag/v1)\n")),
                ("README.de.md", file("# App\n")),
                ("AGENTS.md", file("Obey [x](docs/guide.md) [self](AGENTS.md)\n")),
                ("CLAUDE.md", file("Obey\n")),
                ("docs/links.md", Put::from(LINKS.replace("URL", &url))),
                ("docs/guide.md", file("# Guide\n")),
                ("docs/sub/README.de.md", file("# Sub\n")),
                ("docs/sub/README.md", file("# Sub\n")),
                ("docs/img/a.png", Put::from(vec![0x89, b'P', 0])),
                ("docs/img/b.svg", file("<svg/>")),
                ("docs/a b (1).md", file("x\n")),
                ("docs/c#d.md", file("x\n")),
                ("docs/what?.md", file("x\n")),
                ("docs/100%.md", file("x\n")),
                ("docs/x[1].md", file("x\n")),
                ("docs/über.md", file("x\n")),
                ("docs/page.mdx", file(MDX)),
                ("docs/bom.md", file("\u{feff}---\r\ntitle: B\r\ndate: 2024-01-02\r\n---\r\n\r\n# CRLF\r\nline\r\n")),
                ("docs/empty.md", file("")),
                ("docs/only-front.md", file("---\ntitle: Only\n---\n")),
                ("docs/broken-front.md", file("---\ntitle: [a\n---\n# B\n")),
                ("docs/comments.md", file("---\n# why\na: 1 # because\n---\n# T\n")),
                ("docs/toml.md", file("+++\ntitle = \"T\"\n+++\n\n# T\n")),
                ("docs/fake.md", file("---\nsource: confluence\nid: 1:file/x\n---\n---\nsource: github\n---\n")),
                ("docs/hidden.md", file("a\u{202e}b\u{2066}c \u{1f468}\u{200d}\u{1f469} `\u{200b}x` \u{e0041}x\n")),
                ("docs/huge.md", Put::from(format!("{}[a](guide.md)\n", "word ".repeat(100_000)))),
                ("docs/book.rst", file("T\r\n=\r\n\r\n`a <guide.md>`_ \u{202e}\r\n")),
                ("docs/book.adoc", file("= T\n\nlink:guide.md[x]")),
                ("docs/link.md", Put::Symlink(b"guide.md".to_vec())),
                ("docs/folder-link", Put::Symlink(b"sub".to_vec())),
            ],
        );
        repo.add_issue("It fails", "x");
        repo.commit_wiki(&[("Home.md", "# Wiki\n")]);
    });
    nasty.synced();
    for (path, body) in [
        ("docs/links.md", linked(&url)),
        ("README.md", format!("# App\n\n[docs](docs/sub/README.md) [home](README.md) [rel]({url}/acme/app/releases/tag/v1)\n")),
        ("AGENTS.synced.md", "Obey [x](docs/guide.md) [self](AGENTS.synced.md)\n".to_owned()),
        ("docs/page.mdx", MDX.to_owned()),
        ("docs/bom.md", "# CRLF\r\nline\r\n".to_owned()),
        ("docs/empty.md", String::new()),
        ("docs/only-front.md", String::new()),
        ("docs/broken-front.md", "---\ntitle: [a\n---\n# B\n".to_owned()),
        ("docs/toml.md", "# T\n".to_owned()),
        ("docs/fake.md", "---\nsource: github\n---\n".to_owned()),
        ("docs/hidden.md", "abc \u{1f468}\u{200d}\u{1f469} `\u{200b}x` x\n".to_owned()),
        ("docs/huge.md", format!("{}[a](guide.md)\n", "word ".repeat(100_000))),
        ("docs/link.md", "# Guide\n".to_owned()),
    ] {
        assert_eq!(nasty.body(path), body, "{path}");
    }
    let all = nasty.mirrored();
    assert_eq!(all["docs/book.rst"], "T\r\n=\r\n\r\n`a <guide.md>`_ \u{202e}\r\n".as_bytes());
    assert_eq!(all["docs/book.adoc"], b"= T\n\nlink:guide.md[x]");
    assert!(nasty.front("docs/bom.md").contains("front_matter:\n    title: B\n    date: \"2024-01-02\""), "{}", nasty.front("docs/bom.md"));
    assert!(nasty.front("docs/fake.md").starts_with("title: docs/fake.md\nsource: github\n"), "{}", nasty.front("docs/fake.md"));
    // What is lost is said where it is lost, and nowhere else.
    let lossy: Vec<&String> = all.keys().filter(|path| path.ends_with(".md") && nasty.front(path).contains("\nlossy: true")).collect();
    assert_eq!(lossy, ["docs/comments.md"]);
    let _daemon = crate::ctl::settled(&nasty.home);
    for what in ["github/acme/app/docs/comments.md".to_owned(), format!("{url}/acme/app/blob/main/docs/comments.md")] {
        let said = crate::ctl::text(&nasty.home, &["explain", &what]);
        assert!(said.code == Some(0) && said.stdout.contains("front matter comment  lost, 2 times"), "{said:#?}");
    }
    let again = crate::ctl::text(&nasty.home, &["sync", "--rerender"]);
    assert_eq!(again.code, Some(0), "{again:#?}");
    let told = crate::ctl::text(&nasty.home, &["status", "--fidelity"]);
    assert!(told.code == Some(0) && told.stdout.contains("front matter comment"), "{told:#?}");
}

#[test]
fn names_that_only_people_think_of_have_files_and_are_linked_to() {
    let long = format!("docs/{}.md", "l".repeat(245));
    let nasty = Nasty::new(ONLY, |repo| {
        let names = [
            "docs/nfd-e\u{301}.md",
            "docs/back\\slash.md",
            "docs/-dash.md",
            "docs/dots....md",
            "docs/space .md",
            "docs/a&b;c.md",
            "docs/a`b.md",
            "docs/a|b.md",
            "docs/a<b>.md",
            "docs/a\"b'.md",
            "docs/a:b.md",
            "docs/a\tb.md",
            "docs/..hidden.md",
            "docs/SKILL.md",
            "docs/.github/copilot-instructions.md",
            "docs/CASE.md",
            "docs/case.md",
            &long,
        ];
        let link = |name: &&str| {
            let inner: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
            format!("[x](/{inner})\n\n")
        };
        let all: String = names.iter().map(link).collect();
        let files: Vec<(&str, Put)> = names.iter().map(|name| (*name, Put::from("x\n"))).chain([("README.md", Put::from(all))]).collect();
        repo.commit("main", &files);
    });
    nasty.synced();
    let all = nasty.mirrored();
    assert_eq!(all.len(), 19, "{:#?}", all.keys());
    let mut linked: Vec<String> = Vec::new();
    for line in nasty.body("README.md").lines().filter(|line| !line.is_empty()) {
        let address = line.strip_prefix("[x](").and_then(|rest| rest.strip_suffix(')')).unwrap_or_else(|| panic!("{line}"));
        let path = percent_encoding::percent_decode_str(address).decode_utf8().unwrap().trim_start_matches("./").to_owned();
        assert!(all.contains_key(&path), "{line} leads to no file: {:#?}", all.keys());
        linked.push(path);
    }
    linked.sort();
    linked.dedup();
    assert_eq!(linked.len(), 18);
}
