//! Addresses in the attributes of HTML that stands in Markdown: `<a href>`, `<img src>`, `<source srcset>` and their kin.

use std::ops::Range;

use super::Use;

/// An address in HTML.
pub(super) type Address = (Use, Range<usize>);

/// What a piece of HTML opens and closes.
#[derive(Default)]
pub(super) struct Read {
    pub(super) addresses: Vec<Address>,
    /// Names of tags in lower case, with whether they close.
    pub(super) tags: Vec<(String, bool)>,
}

/// Elements whose content is no HTML.
const RAW: [&str; 5] = ["script", "style", "textarea", "title", "xmp"];

/// Reads the HTML at `at`. Offsets are those of `text`.
pub(super) fn read(text: &str, at: Range<usize>) -> Read {
    let mut read = Read::default();
    let (end, mut at) = (at.end, at.start);
    while let Some(open) = text.get(at..end).and_then(|rest| memchr::memchr(b'<', rest.as_bytes())) {
        at += open;
        let rest = &text[at..end];
        if rest.starts_with("<!--") {
            let Some(close) = rest.find("-->") else { return read };
            at += close + 3;
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            let Some(close) = rest.find('>') else { return read };
            at += close + 1;
        } else {
            at = tag(text, at, end, &mut read);
            let raw = read.tags.last().filter(|(name, closes)| !closes && RAW.contains(&name.as_str())).map(|(name, _)| name.clone());
            if let Some(name) = raw {
                let Some(close) = closing_tag(&text.as_bytes()[at..end], name.as_bytes()) else { return read };
                at += close;
            }
        }
    }
    read
}

/// Where `</name` stands, in any case.
fn closing_tag(html: &[u8], name: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'<', html).find(|at| {
        let rest = &html[at + 1..];
        rest.first() == Some(&b'/') && rest.get(1..=name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
    })
}

/// Reads what begins with the `<` at `at`; returns where to go on.
fn tag(text: &str, at: usize, end: usize, read: &mut Read) -> usize {
    let bytes = &text.as_bytes()[..end];
    let is = |at: usize, test: fn(&u8) -> bool| bytes.get(at).is_some_and(test);
    let closes = bytes.get(at + 1) == Some(&b'/');
    let start = at + 1 + usize::from(closes);
    let mut at = start;
    while is(at, |byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
        at += 1;
    }
    if at == start || !is(start, u8::is_ascii_alphabetic) {
        return start;
    }
    let name = text[start..at].to_ascii_lowercase();
    let mut found: Vec<(String, Range<usize>)> = Vec::new();
    loop {
        while is(at, |byte| byte.is_ascii_whitespace() || *byte == b'/') {
            at += 1;
        }
        match bytes.get(at) {
            None => return end,
            Some(b'>') => break,
            // What looks like a tag within a tag is another one; this was none.
            Some(b'<') => return at,
            Some(_) => {}
        }
        let from = at;
        while is(at, |byte| !byte.is_ascii_whitespace() && !matches!(byte, b'=' | b'>' | b'/' | b'<')) {
            at += 1;
        }
        let attribute = text.get(from..at).unwrap_or_default().to_ascii_lowercase();
        at += usize::from(at == from);
        let mut value = at;
        while is(value, u8::is_ascii_whitespace) {
            value += 1;
        }
        if bytes.get(value) != Some(&b'=') {
            continue;
        }
        value += 1;
        while is(value, u8::is_ascii_whitespace) {
            value += 1;
        }
        let until = match bytes.get(value) {
            Some(quote @ (b'"' | b'\'')) => {
                value += 1;
                let Some(length) = memchr::memchr(*quote, &bytes[value..]) else { return end };
                at = value + length + 1;
                value + length
            }
            _ => {
                at = value;
                while is(at, |byte| !byte.is_ascii_whitespace() && *byte != b'>') {
                    at += 1;
                }
                at
            }
        };
        if !found.iter().any(|(other, _)| *other == attribute) {
            found.push((attribute, value..until));
        }
        if found.len() > 100 {
            return end;
        }
    }
    for (attribute, value) in found.into_iter().filter(|_| !closes) {
        let links = match (name.as_str(), attribute.as_str()) {
            ("a" | "area", "href") => Some(Use::Link),
            ("img" | "source" | "video" | "audio" | "embed" | "input" | "track", "src") | ("video", "poster") | ("image", "href") => Some(Use::Image),
            _ => None,
        };
        match links {
            Some(of) => read.addresses.extend(Some((of, trimmed(text, value))).filter(|(_, at)| !at.is_empty())),
            None if attribute == "srcset" && matches!(name.as_str(), "img" | "source") => source_set(text, value, read),
            None => {}
        }
    }
    read.tags.push((name, closes));
    at + 1
}

/// Each address of `a.png 1x, b.png 2x`.
fn source_set(text: &str, at: Range<usize>, read: &mut Read) {
    let mut from = at.start;
    while let Some(rest) = text.get(from..at.end) {
        let skipped = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',').len();
        let rest = &rest[skipped..];
        if rest.is_empty() {
            return;
        }
        let length = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let url = rest[..length].trim_end_matches(',');
        read.addresses.push((Use::Image, from + skipped..from + skipped + url.len()));
        // A comma right behind the address ends the candidate; else its descriptors do.
        let descriptors = if url.len() < length { 0 } else { rest[length..].find(',').unwrap_or(rest.len() - length) };
        from += skipped + length + descriptors;
    }
}

fn trimmed(text: &str, at: Range<usize>) -> Range<usize> {
    let value = &text[at.clone()];
    let start = at.start + (value.len() - value.trim_ascii_start().len());
    start..(at.end - (value.len() - value.trim_ascii_end().len())).max(start)
}

/// An address such that it ends neither an attribute, however that is quoted, nor a candidate of a source set.
pub(super) fn attribute(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    for c in address.chars() {
        match c {
            '"' => out.push_str("%22"),
            '\'' => out.push_str("%27"),
            ',' => out.push_str("%2C"),
            '&' => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
    out
}
