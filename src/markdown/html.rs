//! Foreign HTML (an html macro's, a rendered view's) as Markdown, made by html2md behind a guard.
//!
//! html2md does what we want for plain pages, and has flaws that no caller may meet unguarded: it recurses without limit (some 5,500 nested tags end the process),
//! grows exponentially with nested tables, takes quadratic time for lists, quotes and tables, glues words over line ends, decodes escapes in addresses, escapes neither
//! pipes nor backticks, and panics where it did not expect something. So the [`guard`] first writes the HTML anew: known elements only, properly nested, at most 50 deep,
//! one level of tables, plain attributes; and refuses what would be too much. Guarantees: bounded time, memory and stack for any input, and no panic. What is refused
//! becomes a fenced `html` block, so nothing is lost. Does not know where the HTML came from: relative addresses stay as they are.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Block;

mod guard;
mod markup;

/// Reads `html` into blocks: Markdown, or the HTML itself in a fence where it cannot be converted safely. Empty where it shows nothing.
#[must_use]
pub fn to_blocks(html: &str) -> Vec<Block> {
    let converted = guard::admit(html).and_then(|clean| catch_unwind(AssertUnwindSafe(|| html2md::parse_html(&clean))).ok());
    match converted {
        Some(markdown) if markdown.trim().is_empty() => Vec::new(),
        Some(markdown) => vec![Block::Markdown(markdown)],
        None => vec![Block::Code { language: Some("html".to_owned()), text: html.trim().to_owned() }],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn markdown(html: &str) -> String {
        match to_blocks(html).as_slice() {
            [Block::Markdown(text)] => text.clone(),
            [] => String::new(),
            other => panic!("not converted: {other:?}"),
        }
    }

    fn is_refused(html: &str) -> bool {
        matches!(to_blocks(html).as_slice(), [Block::Code { language: Some(language), text }] if language == "html" && text == html.trim())
    }

    #[test]
    fn plain_pages_are_converted() {
        assert_eq!(markdown("<h3>Title</h3><p>one\ntwo <b>bold</b></p><ul><li>a<li>b</ul>"), "### Title ###\n\none two **bold**\n\n* a\n* b");
        assert_eq!(markdown("<p>see <a href='https://example.com/a%20b?x=1&amp;y=2'>this</a></p>"), "see [this](https://example.com/a%20b?x=1&y=2)");
        assert_eq!(markdown("<img src=x.png alt=\"An x\" onerror=alert(1) width=5>"), "![An x](x.png)");
        assert_eq!(
            markdown("<p>see <iframe src='https://example.com/v?a=1'></iframe>!</p>"),
            "see [https://example.com/v?a=1](https://example.com/v?a=1) !"
        );
        assert_eq!(markdown("<li>a</li><li>b<ul><li>c</ul>"), "a\n\nb\n\n* c");
        assert_eq!(markdown("<pre>a\n  b</pre>"), "```\na\n  b\n```");
        assert_eq!(markdown("<p>a <!-- hidden <b> --> &amp; b < c &unknown;</p>"), "a & b \\< c &unknown;");
        assert_eq!(markdown("<script>alert('<p>')</script><style>p{}</style>"), "");
        assert_eq!(markdown("<a href=\"javascript:alert(1)\">x</a>"), "x");
    }

    #[test]
    fn a_table_within_a_table_becomes_text() {
        let text = markdown("<table><tr><th>a</th><th>b|c</th></tr><tr><td>1</td><td><table><tr><td>x</td><td>y</td></tr></table></td></tr></table>");
        let cells: Vec<Vec<&str>> = text.lines().map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect();
        assert_eq!(cells, [vec!["a", "b&#124;c"], vec!["---", "--------"], vec!["1", "x y"]]);
    }

    #[test]
    fn what_html2md_cannot_take_is_fenced() {
        assert!(is_refused(&"<div>".repeat(60)));
        assert!(is_refused(&"x".repeat(2 << 20)));
        assert!(is_refused(&"<p>x".repeat(50_000)));
        assert!(is_refused(&format!("<ul><li>{}</ul>", "<p>x".repeat(9_000))), "quadratic in the length of an item");
        assert!(is_refused(&format!("<table><tr><td>{}{}</table>", "x".repeat(500_000), "<tr><td>y".repeat(5_000))), "padded to the widest cell");
        assert!(is_refused(&"<a \"".repeat(100_000)));
        assert!(markdown(&"<h1>x<li>".repeat(200)).len() < 5_000, "items without a list would be indented again and again");
        assert!(!is_refused(&"<table><tr><td>".repeat(15)), "each level flattened into the first");
    }

    /// Nested HTML with a word of its own in each place.
    fn page() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![Just("<w/>".to_owned()), Just("<w/><br><w/>".to_owned()), Just("<img src=\"x.png\" alt=\"<w/>\">".to_owned())];
        let frames = vec![
            ("<p>", "</p>"),
            ("<div>", "</div>"),
            ("<b>", "</b>"),
            ("<em>", "</em>"),
            ("<s>", "</s>"),
            ("<code>", "</code>"),
            ("<pre>", "</pre>"),
            ("<h2>", "</h2>"),
            ("<ul><li>", "</li></ul>"),
            ("<ol><li><w/></li><li>", "</li></ol>"),
            ("<li>", "</li>"),
            ("<blockquote>", "</blockquote>"),
            ("<a href=\"https://example.com\">", "</a>"),
            ("<table><tr><th><w/></th><td>", "</td></tr></table>"),
            ("<table><tr><td>", "</td><td><w/></td></tr><tr><td><w/></td></tr></table>"),
            ("<span>", "</span>"),
            ("<section>", "</section>"),
            ("<dl><dt><w/></dt><dd>", "</dd></dl>"),
            ("<novel>", "</novel>"),
            ("<details><summary><w/></summary>", "</details>"),
            ("<td>", "</td>"),
            ("<table>", "</table>"),
            ("<button>", "</button>"),
            ("<u>", "</u>"),
        ];
        leaf.prop_recursive(5, 24, 4, move |inner| {
            (prop::sample::select(frames.clone()), prop::collection::vec(inner, 0..4))
                .prop_map(|((open, close), inner)| format!("{open}{}{close}", inner.join(" ")))
        })
    }

    proptest! {
        #[test]
        fn words_in_are_words_out(page in page()) {
            let mut pieces = page.split("<w/>");
            let mut html = pieces.next().unwrap_or_default().to_owned();
            let mut count = 0;
            for piece in pieces {
                html.push_str(&format!("w{count}q{piece}"));
                count += 1;
            }
            let text = match to_blocks(&html).as_slice() {
                [Block::Markdown(text)] | [Block::Code { text, .. }] => text.clone(),
                _ => String::new(),
            };
            for word in 0..count {
                prop_assert!(text.contains(&format!("w{word}q")), "w{}q is missing of\n{}\nin\n{}", word, html, text);
            }
        }

        #[test]
        fn any_text_is_taken(html in ".{0,200}") {
            let _ = to_blocks(&html);
        }

        #[test]
        fn any_tags_are_taken(parts in prop::collection::vec(prop::sample::select(vec![
            "<p>", "</p>", "<b>", "</b>", "<i", "<ul>", "<li>", "</li>", "</ul>", "<ol>", "<table>", "<tr>", "<td>", "</td>", "</table>", "<blockquote>", "</blockquote>",
            "<pre>", "</pre>", "<code>", "</code>", "<a href=\"x\">", "</a>", "<h1>", "</h1>", "<br>", "<img src=x>", "text", " ", "\n", "|`*_", "<svg>", "<select>", "<!--", "-->",
            "<template>", "<sub>", "</sub>", "&lt;", "&", "\u{e4}\u{1f600}",
        ]), 0..60)) {
            let _ = to_blocks(&parts.concat());
        }
    }
}
