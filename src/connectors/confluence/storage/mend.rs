//! Makes any text into one that an XML tokenizer gets through: a `<` that begins no complete piece of markup becomes `&lt;`, so that it is read as the
//! literal character that its author typed. Linear in time: a tag ends before the next `<`, and a search that failed once is not tried again.

use memchr::memmem;
use std::borrow::Cow;

/// Every `<` of the result begins a tag, a comment, a CDATA section or an XML declaration, each of them complete.
pub(super) fn mend(body: &str) -> Cow<'_, str> {
    let bytes = body.as_bytes();
    let last_comment_end = memmem::rfind(bytes, b"-->");
    let last_cdata_end = memmem::rfind(bytes, b"]]>");
    let mut mended = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        let open = at + found;
        let rest = &bytes[open..];
        let end = if rest.starts_with(b"<!--") {
            span(rest, 4, b"-->", last_comment_end.is_some_and(|last| last >= open + 4))
        } else if rest.starts_with(b"<![CDATA[") {
            span(rest, 9, b"]]>", last_cdata_end.is_some_and(|last| last >= open + 9))
        } else {
            tag_len(rest)
        };
        match end {
            Some(len) => at = open + len,
            None => {
                mended.push_str(&body[copied..open]);
                mended.push_str("&lt;");
                copied = open + 1;
                at = copied;
            }
        }
    }
    if copied == 0 {
        return Cow::Borrowed(body);
    }
    mended.push_str(&body[copied..]);
    Cow::Owned(mended)
}

/// Length of what begins with `from` bytes of opening and ends with `close`, which is there if `closes`.
fn span(rest: &[u8], from: usize, close: &[u8], closes: bool) -> Option<usize> {
    if !closes {
        return None;
    }
    memmem::find(&rest[from..], close).map(|found| from + found + close.len())
}

/// Length of a tag or XML declaration at the start of `rest`: it has a name, balanced quotes and a `>` before the next `<`.
fn tag_len(rest: &[u8]) -> Option<usize> {
    let reach = memchr::memchr(b'<', &rest[1..]).map_or(rest.len(), |next| next + 1);
    let piece = &rest[..reach];
    if piece.starts_with(b"<?xml ") {
        return memmem::find(piece, b"?>").map(|found| found + 2);
    }
    let closing = piece.get(1) == Some(&b'/');
    let name_at = if closing { 2 } else { 1 };
    let name = piece[name_at.min(piece.len())..].iter().take_while(|b| is_name(**b)).count();
    if name == 0 || !piece[name_at].is_ascii_alphabetic() {
        return None;
    }
    let mut quote = None;
    for (i, &byte) in piece.iter().enumerate().skip(name_at + name) {
        match (quote, byte) {
            (None, b'>') => return Some(i + 1),
            (None, b'"' | b'\'') if !closing => quote = Some(byte),
            (Some(open), b) if open == b => quote = None,
            // `<you+me>` and `</a b>` are no tags.
            (None, b) if closing && !b.is_ascii_whitespace() => return None,
            (None, b) if i == name_at + name && !b.is_ascii_whitespace() && b != b'/' => return None,
            _ => {}
        }
    }
    None
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use super::mend;

    #[test]
    fn complete_markup_is_left_alone() {
        for whole in ["<p a=\"x>y\">t</p >", "<!-- < -->", "<![CDATA[<a]]>", "<br/>", "<?xml version='1.0'?>", "plain"] {
            assert_eq!(mend(whole), whole);
        }
    }

    #[test]
    fn what_is_no_markup_becomes_text() {
        for (broken, mended) in [
            ("a < b", "a &lt; b"),
            ("<a href=\"x>t</a>", "&lt;a href=\"x>t</a>"),
            ("<!-- x", "&lt;!-- x"),
            ("<![CDATA[x", "&lt;![CDATA[x"),
            ("<you+me>", "&lt;you+me>"),
            ("<?php x ?>", "&lt;?php x ?>"),
            ("<", "&lt;"),
            ("</", "&lt;/"),
            ("<1>", "&lt;1>"),
            ("<!-->", "&lt;!-->"),
        ] {
            assert_eq!(mend(broken), mended);
        }
    }
}
