//! Where a link's destination stands in the source, and what it says.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::percent_decode_str;

use crate::markdown::escape;

/// The destination of an inline link or image whose text ends at or after `from`, all of it ending at `end`.
pub(super) fn inline(text: &str, from: usize, end: usize) -> Option<Range<usize>> {
    let close = text.get(from..end)?.find("](")?;
    destination(text, from + close + 2, end, true)
}

/// The destination of the definition at `span`.
pub(super) fn definition(text: &str, span: Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = span.start;
    loop {
        match (bytes.get(at)?, bytes.get(at + 1)) {
            _ if at >= span.end => return None,
            (b'\\', _) => at += 2,
            (b']', Some(b':')) => return destination(text, at + 2, span.end, false),
            _ => at += 1,
        }
    }
}

/// What stands between angle brackets, or up to the next blank.
fn destination(text: &str, from: usize, end: usize, within_parentheses: bool) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut line_begins = false;
    while at < end && (bytes[at].is_ascii_whitespace() || (line_begins && bytes[at] == b'>')) {
        line_begins |= matches!(bytes[at], b'\n' | b'\r');
        at += 1;
    }
    let pointed = bytes.get(at) == Some(&b'<');
    let start = at + usize::from(pointed);
    let mut depth = 0_u32;
    at = start;
    while at < end {
        match bytes[at] {
            b'\\' if bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation) => at += 1,
            b'>' if pointed => return Some(start..at),
            b'\n' | b'\r' if pointed => return None,
            _ if pointed => {}
            byte if byte.is_ascii_whitespace() || byte.is_ascii_control() => return Some(start..at),
            b'(' if within_parentheses => depth += 1,
            b')' if within_parentheses && depth == 0 => return Some(start..at),
            b')' if within_parentheses => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    (!pointed && !within_parentheses && text.is_char_boundary(end)).then_some(start..end)
}

/// A destination's path, and the length of the query behind it.
pub(super) fn split(raw: &str, escapes: bool) -> (&str, usize) {
    let query_or_fragment = |text: &str, stops: &[u8]| {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                byte if stops.contains(&byte) => break,
                b'\\' if escapes && bytes.get(at + 1).is_some_and(|next| stops.contains(next)) => break,
                b'\\' if escapes && bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation) => at += 2,
                b'&' if escape::is_entity(&text[at..]) => at += text[at..].find(';').map_or(1, |end| end + 1),
                _ => at += 1,
            }
        }
        at
    };
    let end = query_or_fragment(raw, b"?#");
    let (path, rest) = raw.split_at(end);
    (path, query_or_fragment(rest, b"#"))
}

/// What a path says: escapes, entities and percent-encoding undone. None where that is not known for sure.
pub(super) fn meaning(path: &str, escapes: bool) -> Option<String> {
    percent_decode_str(&plain(path, escapes)?).decode_utf8().ok().map(Cow::into_owned)
}

/// `raw` without escapes, where there are any, and entities.
pub(super) fn plain(raw: &str, escapes: bool) -> Option<Cow<'_, str>> {
    if !raw.contains(['\\', '&']) {
        return Some(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['\\', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('\\') {
            let escaped = escapes && rest.as_bytes().get(1).is_some_and(u8::is_ascii_punctuation);
            out.push_str(if escaped { &rest[1..2] } else { "\\" });
            rest = &rest[if escaped { 2 } else { 1 }..];
        } else if escape::is_entity(rest) {
            let end = rest.find(';')?;
            out.push(entity(&rest[1..end])?);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}

/// The entities that stand in addresses.
fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())?;
        return char::from_u32(code).filter(|c| *c != '\0');
    }
    Some(match name {
        "amp" | "AMP" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}
