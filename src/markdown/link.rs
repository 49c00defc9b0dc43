//! What becomes of a link's or image's target: an address to write, plain text, or a marker.
//!
//! Guarantees: an address is `http`, `https`, `mailto`, `ftp`, or relative; it holds no blank, control character, angle bracket, backslash, backtick, pipe or
//! unbalanced parenthesis, so that it can stand between `](` and `)`, in a table too. Does not know whether an address answers.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::anchor;
use super::hidden;
use super::runs::Dest;
use super::{Resolver, Target, visible};

/// What a link becomes.
pub(crate) enum Fate<'a> {
    /// A link.
    Link(Dest<'a>),
    /// Its content alone.
    Text,
    /// Its content and a marker with this name.
    Unresolved(&'a str),
}

/// What `target` becomes as a link, and the text for a link without content. Without a resolver what is remote stays a link with no text.
pub(crate) fn fate<'a>(target: &'a Target, resolver: Option<&dyn Resolver>) -> (Fate<'a>, Cow<'a, str>) {
    match target {
        Target::Url(url) => {
            let title = Cow::Borrowed(url.trim().strip_prefix("mailto:").unwrap_or(url.trim()));
            match (address(url), resolver) {
                (None, _) => (Fate::Text, title),
                (Some(_), None) => (Fate::Link(Dest::Target(target)), title),
                (Some(address), Some(_)) => (Fate::Link(Dest::Address(address)), title),
            }
        }
        Target::Anchor(words) => {
            let fate = match resolver {
                None if anchor::heading(words).is_empty() => Fate::Text,
                None => Fate::Link(Dest::Target(target)),
                // A link to no place would only mislead.
                Some(resolver) => resolver.place(words).map_or(Fate::Text, |slug| Fate::Link(Dest::Address(format!("#{slug}")))),
            };
            (fate, Cow::Borrowed(words))
        }
        Target::Remote { key, anchor, fallback, name } => {
            let Some(resolver) = resolver else { return (Fate::Link(Dest::Target(target)), Cow::Borrowed("")) };
            let resolved = resolver.resolve(key);
            let link = resolved.as_ref().and_then(|resolved| resolved.link.as_deref());
            let anchor = anchor.as_deref().map(|words| resolved.as_ref().map_or(words, |resolved| anchor::without_title(words, &resolved.title)));
            let name = if visible::shows(name) { name } else { key.as_str() };
            let fate = match (link, fallback.as_deref().and_then(address)) {
                (Some(path), _) => Fate::Link(Dest::Address(relative(path, anchor))),
                (None, Some(fallback)) => Fate::Link(Dest::Address(fallback)),
                (None, None) => Fate::Unresolved(name),
            };
            let title = resolved.map(|resolved| resolved.title).filter(|title| visible::shows(title));
            (fate, title.map_or(Cow::Borrowed(name), Cow::Owned))
        }
    }
}

/// Where an image is; else the name for the note in its place.
pub(crate) fn image<'a>(target: &'a Target, resolver: Option<&dyn Resolver>) -> Result<Dest<'a>, &'a str> {
    match (target, resolver) {
        (Target::Url(url), resolver) => match (address(url), resolver) {
            (None, _) => Err(""),
            (Some(_), None) => Ok(Dest::Target(target)),
            (Some(address), Some(_)) => Ok(Dest::Address(address)),
        },
        (Target::Anchor(words), _) => Err(words),
        (Target::Remote { .. }, None) => Ok(Dest::Target(target)),
        (Target::Remote { key, fallback, name, .. }, Some(resolver)) => match resolver.resolve(key).and_then(|resolved| resolved.link) {
            Some(path) => Ok(Dest::Address(relative(&path, None))),
            None => fallback.as_deref().and_then(address).map(Dest::Address).ok_or(name.as_str()),
        },
    }
}

/// `url` in a form that Markdown reads back; none where it is empty or of a scheme that is no link in a document (`javascript:`, `data:`).
pub(crate) fn address(url: &str) -> Option<String> {
    let clean = hidden::strip(url.trim(), &mut 0);
    // Browsers skip line ends and tabs within an address, so a scheme must not hide behind them.
    let clean = if clean.contains(['\n', '\t']) { Cow::Owned(clean.replace(['\n', '\t'], "")) } else { clean };
    if clean.is_empty()
        || !scheme(&clean).is_none_or(|scheme| ["http", "https", "mailto", "ftp"].iter().any(|known| scheme.eq_ignore_ascii_case(known)))
    {
        return None;
    }
    let keep_parens = parens_balance(&clean);
    Some(encode(&clean, |c| matches!(c, '(' | ')') && !keep_parens))
}

/// The scheme of an absolute address (RFC 3986, 3.1).
fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let rest_fits = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    (rest_fits && scheme.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(scheme)
}

/// A relative path, with the heading in it that `anchor` names.
pub(crate) fn relative(path: &str, anchor: Option<&str>) -> String {
    let path = hidden::strip_to_line(path, &mut 0);
    let mut out = String::new();
    // A colon before the first slash would be read as a scheme's.
    if path.split('/').next().is_some_and(|first| first.contains(':')) {
        out.push_str("./");
    }
    out.push_str(&encode(&path, |c| matches!(c, '(' | ')' | '%' | '#' | '?')));
    let slug = anchor.map(anchor::heading).unwrap_or_default();
    if !slug.is_empty() {
        out.push('#');
        out.push_str(&slug);
    }
    out
}

fn encode(address: &str, extra: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(address.len());
    for (at, c) in address.char_indices() {
        let breaks = c.is_whitespace() || matches!(c, '<' | '>' | '\\' | '`' | '|') || extra(c);
        // An entity in an address would be decoded.
        if breaks || (c == '&' && super::escape::is_entity(&address[at..])) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// CommonMark takes balanced parentheses in an address, 32 deep.
fn parens_balance(url: &str) -> bool {
    let mut depth = 0_u32;
    for byte in url.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return false,
            b')' => depth -= 1,
            _ => {}
        }
        if depth > 31 {
            return false;
        }
    }
    depth == 0
}

/// The text between angle brackets that makes `address` a link by itself, where that text is what people should read.
pub(crate) fn autolink<'a>(address: &str, text: &'a str) -> Option<&'a str> {
    if super::escape::holds_entity(text) || text.contains(['<', '>']) {
        return None;
    }
    if address == text {
        return scheme(text).map(|_| text);
    }
    let email = address.strip_prefix("mailto:").is_some_and(|email| email == text) && is_email(text);
    email.then_some(text)
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let name_fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-_".contains(&byte));
    let label_fits = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    name_fits && host.split('.').all(label_fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documents_are_linked_to() {
        for bad in [
            "javascript:alert(1)",
            "java\nscript:x",
            " JavaScript:x",
            "\u{1}javascript:x",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "",
            " ",
        ] {
            assert_eq!(address(bad), None, "{bad:?}");
        }
        for good in ["https://x/y", "HTTP://x", "mailto:a@b.c", "ftp://x/y", "/wiki/x", "../a.md", "#here", "//host/x", "page name"] {
            assert!(address(good).is_some(), "{good:?}");
        }
    }

    #[test]
    fn addresses_cannot_end_early() {
        assert_eq!(address("https://x/a b(c").as_deref(), Some("https://x/a%20b%28c"));
        assert_eq!(address("https://x/Foo_(bar)").as_deref(), Some("https://x/Foo_(bar)"));
        assert_eq!(address("https://x/?a=1&copy;=2|3").as_deref(), Some("https://x/?a=1%26copy;=2%7C3"));
        assert_eq!(address("https://x/a%20b?q=ü#f").as_deref(), Some("https://x/a%20b?q=ü#f"));
        assert_eq!(relative("a/b c (1) 50%#?.md", Some("Big Heading!")), "a/b%20c%20%281%29%2050%25%23%3F.md#big-heading");
        assert_eq!(relative("c:d.md", None), "./c:d.md");
    }
}
