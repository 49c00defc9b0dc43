//! Takes HTML comments out of an author's Markdown: templates of issues are full of them, and nobody sees them.
//!
//! Guarantees: what stands in code stays; linear. A comment that does not end stays too, as a browser would hide all that follows it.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

/// `text` without its HTML comments, and how many there were. A line that held nothing else goes with them.
#[must_use]
pub fn without_html_comments(text: &str) -> (Cow<'_, str>, u32) {
    if !text.contains("<!--") {
        return (Cow::Borrowed(text), 0);
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_GFM).into_offset_iter() {
        let is_html = matches!(event, Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_));
        let mut from = range.start.max(found.last().map_or(0, |last| last.end));
        while is_html && from < range.end {
            let Some(start) = text[from..range.end].find("<!--").map(|at| from + at) else { break };
            let Some(end) = text[start + 4..range.end].find("-->").map(|at| start + 4 + at + 3) else { break };
            found.push(start..end);
            from = end;
        }
    }
    if found.is_empty() {
        return (Cow::Borrowed(text), 0);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for Range { start, end } in &found {
        out.push_str(&text[from..*start]);
        from = *end;
        let before = out.rsplit('\n').next().unwrap_or_default();
        let rest = text[*end..].split_inclusive('\n').next().unwrap_or_default();
        if before.bytes().all(|byte| byte == b' ' || byte == b'\t') && rest.trim().is_empty() {
            out.truncate(out.len() - before.len());
            from = *end + rest.len();
        }
    }
    out.push_str(&text[from..]);
    (Cow::Owned(out), u32::try_from(found.len()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_templates_go_and_those_in_code_stay() {
        let clean = |text: &str| without_html_comments(text).0.into_owned();
        assert_eq!(clean("<!-- Say what is wrong -->\nIt fails.\n"), "It fails.\n");
        assert_eq!(clean("a <!-- b --> c"), "a  c");
        assert_eq!(clean("one\n\n<!--\nmany\n\nlines\n-->\n\ntwo"), "one\n\n\ntwo");
        assert_eq!(clean("```html\n<!-- kept -->\n```\n<!-- gone -->\n"), "```html\n<!-- kept -->\n```\n");
        assert_eq!(clean("`<!-- kept -->` <!-- gone -->"), "`<!-- kept -->` ");
        assert_eq!(clean("    <!-- indented code -->\n"), "    <!-- indented code -->\n");
        assert_eq!(clean("begun <!-- never ended"), "begun <!-- never ended");
        assert_eq!(without_html_comments("<!-- a --><!-- b -->").1, 2);
        assert_eq!(clean("<!-- a\n```\n-->\n<!-- b -->c"), "c");
        assert_eq!(clean("> <!-- quoted -->\n> text"), "> text".to_owned().replace("> text", "> \n> text"));
    }
}
