//! No body, however built, is too much: depth is bounded, time is linear, no word is lost, nothing panics.

use super::{CLOUD, diagnostics, kept, md, tree};
use crate::connectors::confluence::storage::{read, xml};
use crate::markdown::Block;
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn depth(element: &xml::Element) -> usize {
    1 + element.elements().map(depth).max().unwrap_or(0)
}

#[test]
fn deep_nesting_is_flattened_with_a_note() {
    for open in ["<blockquote>", "<b>", "<ul><li>", "<table><tr><td>", "<ac:structured-macro ac:name=\"info\"><ac:rich-text-body>", "<p>x<div>"] {
        let body = open.repeat(10_000) + "deepest";
        assert!(depth(&xml::parse(&body).root) <= xml::MAX_DEPTH + 2, "{open}");
        assert!(md(&body).contains("deepest"), "{open}");
        assert_eq!(diagnostics(&body).iter().filter(|d| **d == kept("depth")).count(), 1, "{open}");
    }
    let closed = "<blockquote>".repeat(10_000) + "deepest" + &"</blockquote>".repeat(10_000) + "<p>after</p>";
    assert!(matches!(tree(&closed).blocks.as_slice(), [Block::Quote(_), Block::Paragraph(_)]));
}

#[test]
fn time_grows_with_size_alone() {
    type Body = Box<dyn Fn(usize) -> String>;
    let cases: [(&str, Body); 10] = [
        ("items", Box::new(|n| format!("<ul>{}</ul>", "<li><p>x</p></li>".repeat(n)))),
        ("rows", Box::new(|n| format!("<table>{}</table>", "<tr><td>a</td><td>b</td></tr>".repeat(n / 4)))),
        ("attributes", Box::new(|n| format!("<p {}>x</p>", (0..n / 10).map(|i| format!("a{i}=\"v\" ")).collect::<String>()))),
        ("less than", Box::new(|n| "<".repeat(n * 5))),
        ("comments", Box::new(|n| "<!--".repeat(n))),
        ("cdata", Box::new(|n| "<![CDATA[".repeat(n))),
        ("quotes", Box::new(|n| "<a \"".repeat(n))),
        ("ampersands", Box::new(|n| "&amp".repeat(n))),
        ("flattened", Box::new(|n| "<b>".repeat(100) + &"<br/>".repeat(n) + &"<b></b>".repeat(n))),
        ("strays", Box::new(|n| "<b>x</p>".repeat(n))),
    ];
    for (name, body) in cases {
        let body = body(50_000);
        let begun = Instant::now();
        let _ = read(&body, &CLOUD);
        // Quadratic time would be minutes at the least; the bound is wide, for test machines are shared and the build is not optimised.
        assert!(begun.elapsed() < Duration::from_secs(60), "{name}: {:?}", begun.elapsed());
    }
}

#[test]
fn an_item_for_an_item_and_a_row_for_a_row() {
    let Some(Block::List(list)) = tree(&format!("<ul>{}</ul>", "<li>x</li>".repeat(200_000))).blocks.pop() else { panic!("no list") };
    assert_eq!(list.items.len(), 200_000);
    let Some(Block::Table(table)) = tree(&format!("<table>{}</table>", "<tr><td>x</td></tr>".repeat(50_000))).blocks.pop() else {
        panic!("no table")
    };
    assert_eq!(table.rows.len(), 50_000);
}

const PIECES: &[&str] = &[
    "<p>",
    "</p>",
    "<strong>",
    "</strong>",
    "<em>",
    "</em>",
    "<code>",
    "</code>",
    "<br/>",
    "<ul>",
    "</ul>",
    "<ol>",
    "</ol>",
    "<li>",
    "</li>",
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th>",
    "</th>",
    "<h2>",
    "</h2>",
    "<blockquote>",
    "</blockquote>",
    "<a href=\"/wiki/x/AwAG\">",
    "</a>",
    "<ac:link>",
    "</ac:link>",
    "<ri:page ri:content-title=\"T\" />",
    "<ac:link-body>",
    "</ac:link-body>",
    "<ac:structured-macro ac:name=\"info\">",
    "<ac:structured-macro ac:name=\"odd\">",
    "<ac:structured-macro ac:name=\"expand\">",
    "</ac:structured-macro>",
    "<ac:rich-text-body>",
    "</ac:rich-text-body>",
    "<ac:plain-text-body>",
    "</ac:plain-text-body>",
    "<ac:image>",
    "</ac:image>",
    "<ac:caption>",
    "</ac:caption>",
    "<ac:task-list>",
    "</ac:task-list>",
    "<ac:task>",
    "</ac:task>",
    "<ac:task-body>",
    "</ac:task-body>",
    "<ac:adf-extension>",
    "</ac:adf-extension>",
    "<ac:adf-node type=\"panel\">",
    "</ac:adf-node>",
    "<ac:adf-content>",
    "</ac:adf-content>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "&nbsp;",
    "&amp;",
    "&",
    "<",
    ">",
    "\"",
    "word",
    " ",
    "\n",
    "é",
    "<x-y>",
    "<?xml ",
    "?>",
    "<ac:odd>",
    "</ac:odd>",
];

/// A body with something of everything.
const SAMPLE: &str = r#"<h2>T <strong>b</strong></h2><p>a&nbsp;<code>c</code> <ac:link ac:anchor="x"><ri:page ri:content-title="P" /><ac:link-body>l</ac:link-body></ac:link>
<ac:emoticon ac:name="tick" /> <time datetime="2026-10-01" /></p><ul><li>a<ol start="3"><li>b</li></ol></li></ul><table><tbody><tr><th colspan="2">h</th></tr>
<tr><td rowspan="3"><p>c</p><p>d</p></td></tr></tbody></table><ac:structured-macro ac:name="code"><ac:parameter ac:name="language">js</ac:parameter>
<ac:plain-text-body><![CDATA[x ]]]]><![CDATA[> y]]></ac:plain-text-body></ac:structured-macro><ac:structured-macro ac:name="info"><ac:rich-text-body><p>i</p>
</ac:rich-text-body></ac:structured-macro><ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>t</ac:task-body></ac:task></ac:task-list>
<ac:image ac:alt="i"><ri:attachment ri:filename="a.png" /><ac:caption><p>c</p></ac:caption></ac:image><ac:adf-extension><ac:adf-node type="panel">
<ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content><p>B</p></ac:adf-content></ac:adf-node></ac:adf-extension>"#;

/// Elements that never hide what stands in them.
const PLAIN: &[&str] = &[
    "p",
    "strong",
    "em",
    "code",
    "ul",
    "ol",
    "li",
    "table",
    "tr",
    "td",
    "th",
    "h2",
    "blockquote",
    "pre",
    "div",
    "span",
    "sub",
    "dl",
    "dt",
    "dd",
    "ac:layout",
    "ac:layout-cell",
    "ac:link-body",
    "ac:rich-text-body",
    "ac:odd",
    "ac:inline-comment-marker",
    "ac:task-list",
    "odd-one",
    "a",
    "ac:link",
];

proptest! {
    #[test]
    fn no_text_makes_it_panic(body in "\\PC{0,200}") {
        let _ = read(&body, &CLOUD);
    }

    #[test]
    fn no_mixture_of_markup_makes_it_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..120)) {
        let _ = read(&pieces.concat(), &CLOUD);
    }

    #[test]
    fn no_damage_makes_it_panic(cuts in prop::collection::vec((0usize..2000, 0usize..30), 0..8), put in prop::sample::select(PIECES)) {
        let mut body: Vec<char> = SAMPLE.chars().collect();
        for (at, len) in cuts {
            let at = at % body.len();
            body.splice(at..(at + len).min(body.len()), put.chars());
            if body.is_empty() {
                break;
            }
        }
        let _ = read(&body.into_iter().collect::<String>(), &CLOUD);
    }

    #[test]
    fn words_in_are_words_out(tags in prop::collection::vec((prop::sample::select(PLAIN), any::<bool>()), 0..150)) {
        let mut body = String::new();
        let mut words = Vec::new();
        for (i, (tag, close)) in tags.iter().enumerate() {
            body.push_str(&if *close { format!("</{tag}>") } else { format!("<{tag}>") });
            let word = format!("w{i}w");
            body.push_str(&word);
            words.push(word);
        }
        let shown = format!("{:?}", tree(&body));
        for word in words {
            prop_assert_eq!(shown.matches(&word).count(), 1, "{} in {}", word, body);
        }
    }
}
