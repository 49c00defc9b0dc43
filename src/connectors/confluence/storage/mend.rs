//! Makes a body safe for the XML reader: every `<` that opens nothing becomes `&lt;`.
//!
//! quick-xml takes `a <b and <i>` for one tag, and ends at a comment or CDATA section that nobody closed. Reading again from the next character would cost
//! quadratic time on hostile bodies, so such places are found first, in one pass in which no byte is looked at more than a few times. A body without them is
//! not copied. Knows nothing of nesting.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::names;

/// `body` in which each `<` opens a tag, a comment, a CDATA section or a processing instruction that ends.
pub(super) fn mend(body: &str) -> Cow<'_, str> {
    let mut scan = Scan { body, ends: [End::Unknown; 3] };
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = body.as_bytes().get(at..).and_then(|rest| memchr(b'<', rest)) {
        at += found;
        match scan.construct(at) {
            Construct::Ends(end) => at = end,
            Construct::Unclosed => {
                // The rest is a CDATA section whose end was cut off.
                out.push_str(&body[copied..]);
                out.push_str("]]>");
                return Cow::Owned(out);
            }
            Construct::Text => {
                out.push_str(&body[copied..at]);
                out.push_str("&lt;");
                at += 1;
                copied = at;
            }
        }
    }
    if copied == 0 {
        return Cow::Borrowed(body);
    }
    out.push_str(&body[copied..]);
    Cow::Owned(out)
}

enum Construct {
    /// Ends before this offset.
    Ends(usize),
    /// A CDATA section without end.
    Unclosed,
    /// No construct: a character.
    Text,
}

/// What is known of the next place where one kind of construct ends.
#[derive(Clone, Copy)]
enum End {
    Unknown,
    At(usize),
    Nowhere,
}

struct Scan<'a> {
    body: &'a str,
    /// For `-->`, `]]>` and `?>`: looked for again only when the last find lies behind.
    ends: [End; 3],
}

impl Scan<'_> {
    fn construct(&mut self, at: usize) -> Construct {
        let rest = &self.body[at..];
        if rest.starts_with("<!--") {
            self.end(0, "-->", at + 4).map_or(Construct::Text, Construct::Ends)
        } else if rest.starts_with("<![CDATA[") {
            self.end(1, "]]>", at + 9).map_or(Construct::Unclosed, Construct::Ends)
        } else if rest.starts_with("<?") {
            self.end(2, "?>", at + 2).map_or(Construct::Text, Construct::Ends)
        } else {
            tag(rest).map_or(Construct::Text, |length| Construct::Ends(at + length))
        }
    }

    fn end(&mut self, kind: usize, mark: &str, from: usize) -> Option<usize> {
        let memo = &mut self.ends[kind];
        if !matches!(memo, End::Nowhere) && !matches!(memo, End::At(at) if *at >= from) {
            *memo = memmem::find(&self.body.as_bytes()[from..], mark.as_bytes()).map_or(End::Nowhere, |found| End::At(from + found));
        }
        match memo {
            End::At(at) => Some(*at + mark.len()),
            End::Unknown | End::Nowhere => None,
        }
    }
}

/// Length of the start, end or empty-element tag that `rest` begins with.
fn tag(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let closing = bytes.get(1) == Some(&b'/');
    let start = if closing { 2 } else { 1 };
    let end = start + name_length(rest.get(start..)?)?;
    let close = close(bytes, end)?;
    let attributes = rest.get(end..close)?;
    let fits = if closing {
        attributes.bytes().all(|byte| byte.is_ascii_whitespace())
    } else {
        // What is no known element must look like XML, or it is somebody's `<your path here>`; known ones may have attributes as sloppy as HTML's.
        are_well_formed(attributes) || (attributes.starts_with(|c: char| c.is_ascii_whitespace()) && names::is_known(rest.get(start..end)?))
    };
    fits.then_some(close + 1)
}

/// Where the `>` is that closes a tag: outside of quotes, as quick-xml has it, and before any other `<`.
fn close(bytes: &[u8], from: usize) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match (byte, quote) {
            (b'<', _) => return None,
            (b'>', None) => return Some(at),
            (b'"' | b'\'', None) => quote = Some(*byte),
            (byte, Some(open)) if *byte == open => quote = None,
            _ => {}
        }
    }
    None
}

/// Length of the XML name at the start of `text`; none where there is none. What is not ASCII counts as letters.
fn name_length(text: &str) -> Option<usize> {
    let begins = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_' || !byte.is_ascii();
    let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':') || !byte.is_ascii();
    text.as_bytes().first().filter(|byte| begins(byte))?;
    Some(text.bytes().position(|byte| !goes_on(byte)).unwrap_or(text.len()))
}

/// Whether `text` is `name="value"` any number of times, each after white space, and perhaps a slash.
fn are_well_formed(text: &str) -> bool {
    let mut rest = text;
    loop {
        let trimmed = rest.trim_ascii_start();
        if trimmed.is_empty() || trimmed == "/" {
            return true;
        }
        if trimmed.len() == rest.len() {
            return false;
        }
        let Some(value) = name_length(trimmed).and_then(|length| trimmed[length..].trim_ascii_start().strip_prefix('=')) else { return false };
        let value = value.trim_ascii_start();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return false };
        let Some((_, after)) = value[1..].split_once(quote) else { return false };
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_well_formed_is_not_copied() {
        for body in [
            "",
            "text",
            "<p class=\"a\">a &lt; b</p>",
            "<ac:emoticon ac:name=\"x\" />",
            "<a href=\"a>b\" title='\"'>c</a >",
            "<!-- < -- <b -->",
            "<![CDATA[ a < b ]]>",
            "<?php < ?>",
            "<td colspan=2 nowrap>",
            "<größe/>",
        ] {
            assert!(matches!(mend(body), Cow::Borrowed(_)), "{body}");
        }
    }

    #[test]
    fn what_opens_nothing_is_text() {
        for (body, mended) in [
            ("a < b", "a &lt; b"),
            ("a <b and <i>c</i>", "a &lt;b and <i>c</i>"),
            ("<your path here>", "&lt;your path here>"),
            ("<bob@example.org> <https://x/y> <3 <> </ p> <", "&lt;bob@example.org> &lt;https://x/y> &lt;3 &lt;> &lt;/ p> &lt;"),
            ("<p title=\"<b>\">", "&lt;p title=\"<b>\">"),
            ("<p title=it's>a<b>c</b>", "&lt;p title=it's>a<b>c</b>"),
            ("<!-- never closed <b>x</b>", "&lt;!-- never closed <b>x</b>"),
            ("<!DOCTYPE html><p>", "&lt;!DOCTYPE html><p>"),
            ("<?php echo", "&lt;?php echo"),
            ("<![CDATA[cut <b>off", "<![CDATA[cut <b>off]]>"),
            ("x < <![CDATA[cut", "x &lt; <![CDATA[cut]]>"),
        ] {
            assert_eq!(mend(body), mended);
        }
    }
}
