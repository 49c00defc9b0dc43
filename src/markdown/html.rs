//! Foreign HTML into Markdown, through html2md behind a guard: what that crate would overflow, explode or garble on is shown as it is, in a fence.
//!
//! Guarantees: bounded time, memory and stack for any text, and no word lost. Only for HTML that is not ours to read: Confluence's own format is not.

use super::Block;
use std::panic::catch_unwind;

const MAX_BYTES: usize = 1 << 20;
const MAX_TAGS: usize = 20_000;
const MAX_DEPTH: usize = 50;

/// Reads `html`.
#[must_use]
pub fn to_blocks(html: &str) -> Vec<Block> {
    if html.trim().is_empty() {
        return Vec::new();
    }
    if fits(html) {
        // html2md glues words over line feeds.
        let html = if html.contains("<pre") { html.to_owned() } else { html.replace(['\n', '\r'], " ") };
        let markdown = catch_unwind(|| html2md::parse_html(&html)).unwrap_or_default();
        if !markdown.trim().is_empty() {
            return vec![Block::Markdown(markdown.trim().to_owned())];
        }
    }
    vec![Block::Code { language: Some("html".to_owned()), text: html.trim_matches('\n').to_owned() }]
}

/// True where html2md is known to do well: measured by a scan that errs on the side of the fence.
fn fits(html: &str) -> bool {
    // It escapes none of these, decodes percent signs in addresses, and lets scripts through.
    let garbled = ["`", "[", "]", "|", "%", "<!", "javascript:"];
    if html.len() > MAX_BYTES || garbled.iter().any(|text| html.contains(text)) {
        return false;
    }
    let (mut depth, mut tables, mut tags) = (0usize, 0usize, 0usize);
    for piece in html.split('<').skip(1) {
        tags += 1;
        let closing = piece.starts_with('/');
        let name: String = piece.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        match name.as_str() {
            "br" | "hr" | "img" | "wbr" => continue,
            // What these hold is no text, or is text that would be lost or run together.
            "script" | "style" | "iframe" | "object" | "embed" | "svg" | "math" | "form" | "input" | "button" | "select" | "textarea"
            | "template" | "noscript" | "dl" | "dt" | "dd" | "video" | "audio" | "canvas" | "link" | "meta" | "head" | "title" | "" => return false,
            "table" => tables = if closing { tables.saturating_sub(1) } else { tables + 1 },
            _ => {}
        }
        depth = if closing { depth.saturating_sub(1) } else { depth + 1 };
        if depth > MAX_DEPTH || tables > 1 || tags > MAX_TAGS {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{Block, to_blocks};

    fn fenced(html: &str) -> bool {
        matches!(to_blocks(html).as_slice(), [Block::Code { language: Some(l), text }] if l == "html" && text == html)
    }

    #[test]
    fn plain_html_becomes_markdown() {
        let blocks = to_blocks("<h2>Title</h2><p>one\ntwo <b>three</b></p>");
        let [Block::Markdown(text)] = blocks.as_slice() else { panic!("{blocks:?}") };
        assert!(text.contains("one two **three**"), "{text}");
        assert!(to_blocks(" \n").is_empty());
    }

    #[test]
    fn what_would_do_harm_or_be_lost_is_fenced() {
        assert!(fenced(&"<div>".repeat(60)));
        assert!(fenced("<table><tr><td><table></table></td></tr></table>"));
        assert!(fenced("<script>let a = 1</script>"));
        assert!(fenced("<p>a</p><!-- b -->"));
        assert!(fenced("<a href=\"https://x.example/a%20b%29\">t</a>"));
        assert!(fenced("<table><tr><td>a | b</td></tr></table>"));
        assert!(fenced("<p>`x` [z]</p>"));
        assert!(fenced("<dl><dt>a</dt><dd>b</dd></dl>"));
        assert!(fenced("<a href=\"javascript:x\">t</a>"));
        assert!(fenced(&format!("<p>{}</p>", "x".repeat(1 << 20))));
        assert!(fenced(&"<p>a</p>".repeat(20_000)));
    }
}
