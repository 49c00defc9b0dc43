//! What is promised of an author's text.

use proptest::prelude::*;
use pulldown_cmark::{Event, Parser, Tag};

use super::*;
use crate::markdown::{Block, Item, List, Resolved, Tree, Unresolved, write};

/// Knows what begins with `known`.
struct Mirror;

impl Resolver for Mirror {
    fn resolve(&self, key: &Key) -> Option<Resolved> {
        let path = key.as_str().strip_prefix("path:")?;
        path.contains("known").then(|| Resolved { link: Some(format!("../m (1)/{path}")), title: path.to_owned() })
    }
}

fn remote(of: Use, path: &str) -> Option<Target> {
    let fallback = Some(format!("https://x.example/{}", if of == Use::Image { "raw" } else { "blob" }));
    Some(Target::Remote { key: Key::new(format!("path:{path}")), anchor: None, fallback, name: path.to_owned() })
}

fn authored(text: &str) -> Authored {
    Authored::links(text.to_owned(), &mut remote)
}

fn written(text: &str) -> String {
    authored(text).resolved(&Mirror).into_owned()
}

fn nested(texts: &[&str]) -> String {
    let blocks = texts.iter().map(|text| Block::Authored(authored(text))).collect();
    write::body(&Tree { blocks }, &Mirror).text
}

/// `../m%20%281%29/` before what is known.
const M: &str = "../m%20%281%29/";

#[test]
fn only_destinations_change() {
    for (text, expected) in [
        ("[a *b*](known.md)", format!("[a *b*]({M}known.md)")),
        ("[a](known.md#top \"T (x)\")", format!("[a]({M}known.md#top \"T (x)\")")),
        ("[a](<known one.md> 'T')", format!("[a](<{M}known%20one.md> 'T')")),
        ("[a](known%20one.md)", format!("[a]({M}known%20one.md)")),
        ("[a](known\\_one.md)", format!("[a]({M}known_one.md)")),
        ("[a](known&amp;one.md)", format!("[a]({M}known&one.md)")),
        ("[a](\n  known.md\n  \"T\")", format!("[a](\n  {M}known.md\n  \"T\")")),
        ("> [a\n> b](known.md)", format!("> [a\n> b]({M}known.md)")),
        ("![alt](known.png?raw=true)", format!("![alt]({M}known.png)")),
        ("[![alt](known.png)](known.md)", format!("[![alt]({M}known.png)]({M}known.md)")),
        ("[![alt](other.png)](known.md)", format!("[![alt](https://x.example/raw)]({M}known.md)")),
        ("[a](other.md?plain=1#L5)", "[a](https://x.example/blob?plain=1#L5)".to_owned()),
        ("[a][B] [b] [c][]\n\n[b]: known.md 'T'\n[c]: <known.md#x>", format!("[a][B] [b] [c][]\n\n[b]: {M}known.md 'T'\n[c]: <{M}known.md#x>")),
        ("![a][b]\n\n[b]: other.png", "![a][b]\n\n[b]: https://x.example/raw".to_owned()),
        ("> [a]\n>\n> [a]:\n> known.md", format!("> [a]\n>\n> [a]:\n> {M}known.md")),
        (
            "<https://known.example/a_b>",
            format!("[https://known.example/a\\_b]({M}https://known.example/a_b)")
                .replace("https://known.example/a_b)", "https://known.example/a_b)"),
        ),
        ("| a | b |\n|---|---|\n| [x](known.md) | [y](known\\|.md) |", format!("| a | b |\n|---|---|\n| [x]({M}known.md) | [y]({M}known%7C.md) |")),
        ("# [a](known.md) #", format!("# [a]({M}known.md) #")),
        ("a[^1]\n\n[^1]: [n](known.md)", format!("a[^1]\n\n[^1]: [n]({M}known.md)")),
        ("- [x] [a](known.md)\r\n- b\r\n", format!("- [x] [a]({M}known.md)\r\n- b\r\n")),
    ] {
        assert_eq!(written(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_link_stays() {
    for text in [
        "`[a](known.md)` and\n\n```\n[a](known.md) https://known.example\n```\n\n    [a](known.md)\n",
        "<!-- [a](known.md) <a href=\"known.md\"> -->\n",
        "\\[a](known.md) [a]\\(known.md)",
        "<script>\nlet x = '<a href=\"known.md\">';\n</script>\n",
        "[unused]: known.md\n",
        "[a](#here) [b]() [c](?q)",
        "https://other.example/x and <https://other.example/y>",
        "<me@known.example> mailto:me@known.example",
        "xhttps://known.example",
        "![a <https://known.example> b](<>)",
        "<a href='other.md\">\n",
        "$[a](b$ no\n",
        "$f[i](known)$ and $$\n[a](known)\n$$\n",
        "",
    ] {
        assert_eq!(written(text), text.replace("\u{0}", ""), "{text}");
    }
}

#[test]
fn addresses_in_html_are_found() {
    for (text, expected) in [
        (
            "<p align=\"center\">\n  <img\n    width=9 src=\"known.png\"\n    alt='<x'>\n</p>",
            format!("<p align=\"center\">\n  <img\n    width=9 src=\"{M}known.png\"\n    alt='<x'>\n</p>"),
        ),
        ("a <A HREF='known it&#39;s.md#f'>b</A>", format!("a <A HREF='{M}known%20it%27s.md#f'>b</A>")),
        ("a <img src=known.png> b", format!("a <img src={M}known.png> b")),
        (
            "<picture>\n<source srcset=\"known.png 1x, other.png?a 2x,known2.png\" media=\"x\">\n</picture>",
            format!("<picture>\n<source srcset=\"{M}known.png 1x, https://x.example/raw?a 2x,{M}known2.png\" media=\"x\">\n</picture>"),
        ),
        ("> <img src=\"known.png\">\n> b", format!("> <img src=\"{M}known.png\">\n> b")),
    ] {
        assert_eq!(written(text), expected, "{text}");
    }
}

#[test]
fn bare_addresses_become_links_only_where_they_lead_into_the_mirror() {
    let link = |url: &str| format!("[{url}]({M}{url})");
    for (text, expected) in [
        (
            "See https://known.example/x, or (https://known.example/y_(z)).",
            format!("See {}, or ([https://known.example/y_(z)]({M}https://known.example/y_%28z%29)).", link("https://known.example/x")),
        ),
        ("**https://known.example**", format!("**{}**", link("https://known.example"))),
        ("https://other.example/x", "https://other.example/x".to_owned()),
        (
            "[https://known.example](b) <b>https://known.example</b> <a>https://known.example</a>",
            format!("[https://known.example](https://x.example/blob) <b>{}</b> <a>https://known.example</a>", link("https://known.example")),
        ),
        ("https://known.example/a\\_b https://known.example/a&amp;b", "https://known.example/a\\_b https://known.example/a&amp;b".to_owned()),
    ] {
        assert_eq!(written(text), expected, "{text}");
    }
}

#[test]
fn words_become_links() {
    let mut references = |words: &str| {
        let all = words.match_indices('#').map(|(at, _)| (at..at + 2, remote(Use::Link, "known").unwrap()));
        all.chain([(0..999, remote(Use::Link, "beyond").unwrap())]).collect()
    };
    let text = "Fixes #1, $x #2$ `#2`, [#3](x), \\#4, !#5 and <code>#6</code> https://h/#7 #8.\n\n    #9\n\n| #0 |\n|---|\n";
    let authored = Authored::links_and_references(text.to_owned(), &mut |_, _| None, &mut references);
    let expected = text.replace("#1", &format!("[#1]({M}known)")).replace("#8", &format!("[#8]({M}known)")).replace("#0", &format!("[#0]({M}known)"));
    assert_eq!(authored.resolved(&Mirror), expected);
    let mut page =
        |words: &str| words.find("[[").map(|at| (at..words.find("]]").unwrap() + 2, remote(Use::Link, "known").unwrap())).into_iter().collect();
    let wiki = Authored::links_and_references("See [[Page]] and `[[Page]]`.".to_owned(), &mut |_, _| None, &mut page);
    assert_eq!(wiki.resolved(&Mirror), format!("See [[[Page]]]({M}known) and `[[Page]]`."));
    assert_eq!(authored.keys(), [Key::new("path:known")]);
    assert!(authored.resolved(&Unresolved).contains("Fixes [#1](https://x.example/blob)"));
}

#[test]
fn hidden_characters_go_and_are_counted() {
    let text = "a\u{202E}b\r\n[c]\u{7}(known.md)";
    let authored = authored(text);
    assert_eq!((authored.resolved(&Mirror).into_owned(), authored.hidden_removed()), (format!("ab\r\n[c]({M}known.md)"), 2));
}

#[test]
fn one_author_s_text_does_not_reach_into_another_s() {
    for open in [
        "```\nopen",
        "- a\n  ```\n  open",
        "> ~~~~\n> open",
        "<!-- open",
        "- <!-- open",
        "<pre>\nopen",
        "<details><summary>x</summary>\n\nopen",
        "a <b>open",
        "<div>",
        "1. a\n\n   <script>",
        "<?php open",
        "| a |\n|---|",
        "````\n```\n",
        "a\n===\n- b",
    ] {
        let text = nested(&[open, "NEXT [a](known.md)"]);
        let mut depth = 0;
        let mut free = false;
        for event in Parser::new_ext(&text, find::dialect()) {
            match event {
                Event::Start(Tag::Paragraph) => depth += 1,
                Event::Start(_) => depth += 2,
                Event::End(pulldown_cmark::TagEnd::Paragraph) => depth -= 1,
                Event::End(_) => depth -= 2,
                Event::Text(words) if words.starts_with("NEXT") => free = depth == 1,
                _ => {}
            }
        }
        assert!(free && text.contains(&format!("[a]({M}known.md)")), "{open}\n--\n{text}");
        let opened = text.matches("<details>").count() + text.matches("<div>").count();
        assert_eq!(opened, text.matches("</details>").count() + text.matches("</div>").count(), "{text}");
    }
}

#[test]
fn what_one_author_defines_means_nothing_to_another() {
    let text = nested(&[
        "[a][1] [1] ![i][]\n\n[1]: known.md \"T\"\n[i]: other(1).png\n",
        "[b][1], [1] and [i]\n\n[1]: other.md",
        "[1] c[^n]\n\n[^n]: x",
        "d[^n]\n\n[^n]: y",
    ]);
    assert!(text.contains(&format!("[a]({M}known.md \"T\") [1]({M}known.md \"T\") ![i](https://x.example/raw)")), "{text}");
    assert!(text.contains("[b](https://x.example/blob), [1](https://x.example/blob) and [i]\n"), "{text}");
    assert!(text.contains("[1] c[^3-n]\n\n[^3-n]: x") && text.contains("d[^4-n]\n\n[^4-n]: y"), "{text}");
    assert!(!text.contains("]: known") && !text.contains("[1]:"), "{text}");
}

#[test]
fn nesting_prefixes_every_line() {
    let inner = Block::Authored(authored("# H\r\n\r\n[a](known.md)\r\n\r\n```\r\ncode"));
    let item = Item { done: None, body: vec![Block::Quote(vec![inner])] };
    let tree = Tree { blocks: vec![Block::List(List { start: None, items: vec![item] })] };
    assert_eq!(tree.keys(), [Key::new("path:known.md")]);
    assert_eq!(write::body(&tree, &Mirror).text, format!("- > # H\n  >\n  > [a]({M}known.md)\n  >\n  > ```\n  > code\n  > ```\n"));
}

#[test]
fn floods_take_linear_time() {
    let floods = [
        "[".repeat(1 << 20),
        "![".repeat(1 << 19),
        "[a](".repeat(1 << 18),
        "<a href=\"".repeat(1 << 17),
        "<a ".repeat(1 << 18),
        "<!--".repeat(1 << 18),
        "> ".repeat(2000),
        "[a](known.md) ".repeat(1 << 16),
        "[a]\n\n[a]: known.md\n\n".repeat(1 << 14),
        "https://known.example ".repeat(1 << 15),
        "http".repeat(1 << 18),
        format!("<img srcset=\"{}\">", "known.png 1x, ".repeat(1 << 15)),
        "&#".repeat(1 << 18),
        "text with *emphasis* and `code`\n".repeat(320_000),
        "[^a]".repeat(1 << 16),
        "<a b=".repeat(1 << 17),
        "> ".repeat(1 << 16),
        "- ".repeat(1 << 14),
        "*a ".repeat(1 << 16),
        "<div>".repeat(1 << 15),
        "<script>".repeat(1 << 15),
        "<script></script>".repeat(1 << 15),
        "```\n".repeat(1 << 15),
        "[a]: b\n".repeat(1 << 15),
        "`".repeat(1 << 18),
        "|a".repeat(1 << 16),
        "$a $$b ".repeat(1 << 15),
        "$[a](b) ".repeat(1 << 14),
        "**a ".repeat(1 << 15),
        "_".repeat(1 << 20),
        "*".repeat(1 << 20),
        "[![a](b)](c) ".repeat(1 << 14),
        "~~a".repeat(1 << 15),
        "<!---->".repeat(1 << 15),
    ];
    for flood in floods {
        let begun = std::time::Instant::now();
        let authored = authored(&flood);
        let _ = authored.resolved(&Mirror);
        let _ = authored.resolved_within(&Mirror, 1);
        let _ = closing(&flood);
        let _ = looks_like_ours(&flood, &["comments"]);
        assert!(begun.elapsed().as_secs() < 20, "{} ... took {:?}", &flood[..20.min(flood.len())], begun.elapsed());
    }
}

/// What a reader sees, but for where links lead.
fn structure(text: &str) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for event in Parser::new_ext(text, find::dialect()) {
        let next = match event {
            Event::Start(Tag::Link { title, .. }) => format!("link {title}"),
            Event::Start(Tag::Image { title, .. }) => format!("image {title}"),
            Event::Text(words) => match seen.last_mut() {
                Some(last) if last.starts_with("Text ") => {
                    last.push_str(&words);
                    continue;
                }
                _ => format!("Text {words}"),
            },
            Event::Html(_) | Event::InlineHtml(_) => "html".to_owned(),
            other => format!("{other:?}"),
        };
        seen.push(next);
    }
    seen
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[",
        "]",
        "(",
        ")",
        "!",
        "<",
        ">",
        "\\",
        "`",
        "```",
        "\n",
        "\n\n",
        "\r\n",
        " ",
        "    ",
        "- ",
        "> ",
        "1. ",
        "*",
        "_",
        "~~",
        "|",
        "|---|\n",
        "# ",
        ":",
        "]: ",
        "](",
        "][",
        "known.md",
        "<known x.md>",
        "https://known.example/a",
        "<https://known.example>",
        "a",
        "b",
        "é",
        "\u{1f600}",
        "\u{202E}",
        "#top",
        "?q",
        "\"T\"",
        "'t'",
        "&amp;",
        "&#40;",
        "%20",
        "[a](known.md)",
        "![a](known.png)",
        "[a][b]",
        "[b]",
        "[b]: known.md\n",
        "[^1]",
        "[^1]: n\n",
        "<a href=\"known.md\">",
        "</a>",
        "<img src='known.png'>",
        "<!--",
        "-->",
        "<details>",
        "<pre>",
        "$",
        "$$",
        "$a ",
        " b$ ",
        "===\n",
        "---\n",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

#[test]
fn a_backtick_of_an_address_ends_no_code_that_an_earlier_one_begins() {
    let text = authored("`<xhttps://known.example/a```>");
    assert_eq!(structure(&text.text), structure(&text.resolved(&Mirror)), "{}", text.resolved(&Mirror));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn who_knows_nothing_changes_nothing(text in pieces()) {
        let unknown = &mut |_: Use, path: &str| Some(Target::Remote { key: Key::new(path), anchor: None, fallback: None, name: String::new() });
        let clean: String = text.chars().filter(|c| !hidden::is_hidden(*c)).collect();
        let untouched = Authored::links(text.clone(), unknown);
        prop_assert_eq!(untouched.resolved(&Unresolved).into_owned(), clean.clone());
        let untouched = Authored::links(text, &mut |_, _| None);
        prop_assert_eq!(untouched.resolved(&Mirror).into_owned(), clean);
    }

    #[test]
    fn bytes_outside_of_destinations_stay(text in pieces()) {
        let authored = authored(&text);
        let written = authored.resolved(&Mirror);
        let mut rest: &str = &written;
        let mut end = 0;
        // What stands between the spots comes out in order, whatever comes in their place.
        for spot in &authored.spots {
            let before = &authored.text[end..spot.at.start];
            prop_assert!(rest.starts_with(before), "{}\n--\n{}", &authored.text, &written);
            rest = &rest[before.len()..];
            let (to, address) = spot.written(&authored.text, &Mirror).unwrap_or_else(|| (spot.at.end, authored.text[spot.at.clone()].to_owned()));
            prop_assert!(rest.starts_with(address.as_str()));
            rest = &rest[address.len()..];
            end = to;
        }
        prop_assert_eq!(rest, &authored.text[end..]);
        let clean: String = text.chars().filter(|c| !hidden::is_hidden(*c)).collect();
        prop_assert_eq!(&authored.text, &clean);
    }

    #[test]
    fn any_text_at_all_is_read(text in any::<String>()) {
        let authored = authored(&text);
        let _ = (authored.resolved(&Mirror), authored.resolved_within(&Mirror, 1), closing(&text), looks_like_ours(&text, &["a"]));
    }

    #[test]
    fn spots_lie_apart_and_on_borders(text in pieces()) {
        let authored = authored(&text);
        let mut end = 0;
        for spot in &authored.spots {
            prop_assert!(spot.at.start >= end && authored.text.get(spot.at.clone()).is_some());
            end = spot.at.end + spot.query;
            prop_assert!(authored.text.is_char_boundary(end));
        }
    }

    #[test]
    fn what_is_written_reads_the_same_but_for_where_it_leads(text in pieces()) {
        // Bare addresses become links, which are more than there were.
        let text = text.replace("https://", "xhttps://");
        let authored = authored(&text);
        let written = authored.resolved(&Mirror);
        prop_assert_eq!(structure(&authored.text), structure(&written), "{}\n--\n{}", &authored.text, &written);
    }

    #[test]
    fn nothing_of_a_comment_reaches_the_next(text in pieces()) {
        let written = nested(&[&text, "NEXT"]);
        let all: Vec<Event<'_>> = Parser::new_ext(&written, find::dialect()).collect();
        let mut depth = 0;
        let mut free = false;
        for event in &all {
            match event {
                Event::Start(Tag::Paragraph) => depth += 1,
                Event::Start(_) => depth += 2,
                Event::End(pulldown_cmark::TagEnd::Paragraph) => depth -= 1,
                Event::End(_) => depth -= 2,
                Event::Text(words) if &**words == "NEXT" => free = depth == 1,
                _ => {}
            }
        }
        prop_assert!(free, "{}\n--\n{}", text, written);
    }
}
