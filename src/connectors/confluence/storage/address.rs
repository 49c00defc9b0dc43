//! Web addresses: which of a site's own lead to something that is mirrored, and what the site's addresses look like. Pure.

use super::super::keys;
use super::Context;
use crate::markdown::Target;
use crate::model::Key;
use base64::Engine;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// What a path's segment keeps as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Where `href` leads: none where it leads nowhere that a document should (a script, nothing at all).
pub(super) fn target(href: &str, context: &Context<'_>) -> Option<Target> {
    let href = href.trim();
    if let Some(anchor) = href.strip_prefix('#') {
        return (!anchor.is_empty()).then(|| Target::Anchor(decoded(anchor)));
    }
    if href.is_empty() {
        return None;
    }
    let absolute = match Url::parse(href) {
        Ok(_) => href.to_owned(),
        Err(url::ParseError::RelativeUrlWithoutBase) => joined(context.base, href)?,
        // A typo in a port or host is still the address that its author gave.
        Err(_) => return Some(Target::Url(href.to_owned())),
    };
    let Ok(url) = Url::parse(&absolute) else { return Some(Target::Url(absolute)) };
    match url.scheme() {
        "http" | "https" => Some(own(&url, &absolute, context).unwrap_or(Target::Url(absolute))),
        "javascript" | "vbscript" | "data" | "blob" => None,
        _ => Some(Target::Url(absolute)),
    }
}

/// A relative address made absolute; `/wiki/x` counts from the host, `x` from the site's base.
fn joined(base: &str, href: &str) -> Option<String> {
    Url::parse(&format!("{base}/")).ok()?.join(href).ok().map(String::from)
}

/// The host's root: where Jira lives beside Confluence on Cloud.
pub(super) fn origin(context: &Context<'_>) -> String {
    Url::parse(context.base).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

fn own(url: &Url, absolute: &str, context: &Context<'_>) -> Option<Target> {
    let base = Url::parse(context.base).ok()?;
    if url.host() != base.host() || url.port_or_known_default() != base.port_or_known_default() && url.port().is_some() {
        return None;
    }
    let path = url.path().strip_prefix(base.path().trim_end_matches('/')).filter(|rest| rest.starts_with('/')).unwrap_or(url.path());
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let words = |text: &str| text.replace('+', " ");
    let (key, name): (Key, Option<String>) = match parts.as_slice() {
        ["spaces", _, "pages", id] if numeric(id) => (keys::doc(id), None),
        ["spaces", _, "pages", id, title, ..] if numeric(id) => (keys::doc(id), Some(words(title))),
        ["spaces", _, "blog", y, m, d, id, rest @ ..] if [y, m, d, id].iter().all(|n| numeric(n)) => {
            (keys::doc(id), rest.first().map(|title| words(title)))
        }
        ["spaces", _, "folder" | "whiteboard" | "database" | "embed", id, ..] if numeric(id) => (keys::doc(id), None),
        ["spaces", space] | ["spaces", space, "overview"] | ["display", space] => (keys::space(space), Some((*space).to_owned())),
        ["pages", "viewpage.action"] => match (query("pageId"), query("spaceKey"), query("title")) {
            (Some(id), _, _) if numeric(&id) => (keys::doc(&id), None),
            (_, Some(space), Some(title)) => (keys::title(&space, &title), Some(format!("{space}:{title}"))),
            _ => return None,
        },
        ["display", space, y, m, d, title] if [y, m, d].iter().all(|n| numeric(n)) => {
            (keys::blog(space, &format!("{y}/{m}/{d}"), &words(title)), Some(format!("{space}:{}", words(title))))
        }
        ["display", space, title] => (keys::title(space, &words(title)), Some(format!("{space}:{}", words(title)))),
        ["x", tiny] => (keys::doc(&tiny_id(tiny)?.to_string()), None),
        ["download", "attachments" | "thumbnails", id, name] if numeric(id) => (keys::file(id, name), Some((*name).to_owned())),
        _ => return None,
    };
    let anchor = url.fragment().filter(|f| !f.is_empty()).map(decoded);
    Some(Target::Remote { key, anchor, fallback: Some(absolute.to_owned()), name: name.unwrap_or_else(|| absolute.to_owned()) })
}

fn numeric(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Percent-decodes; what is no UTF-8 stays as it is.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), |text| text.into_owned())
}

/// The page id in a tiny link: its little-endian bytes in Base64, without the zeros at the end.
fn tiny_id(tiny: &str) -> Option<u64> {
    if tiny.is_empty() || tiny.len() > 11 {
        return None;
    }
    let padded: String = tiny
        .chars()
        .map(|c| {
            if c == '-' {
                '/'
            } else if c == '_' {
                '+'
            } else {
                c
            }
        })
        .chain("AAAAAAAAAAA".chars())
        .take(11)
        .collect();
    let engine = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
    );
    let bytes: [u8; 8] = engine.decode(padded).ok()?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes)).filter(|id| *id > 0)
}

/// A page or post, by id.
pub(super) fn of_id(id: &str, context: &Context<'_>) -> String {
    if context.cloud {
        format!("{}/spaces/{}/pages/{}", context.base, segment(context.space), segment(id))
    } else {
        format!("{}/pages/viewpage.action?pageId={}", context.base, segment(id))
    }
}

/// A page, by title: the short form breaks on some characters.
pub(super) fn of_title(space: &str, title: &str, context: &Context<'_>) -> String {
    if title.contains(['/', '\\', '?', '+', '&', ';', '%', '#', '"']) {
        format!("{}/pages/viewpage.action?spaceKey={}&title={}", context.base, segment(space), form(title))
    } else {
        format!("{}/display/{}/{}", context.base, segment(space), form(title))
    }
}

/// A post, by day and title.
pub(super) fn of_blog(space: &str, day: &str, title: &str, context: &Context<'_>) -> String {
    let day: Vec<String> = day.split('/').map(segment).collect();
    format!("{}/display/{}/{}/{}", context.base, segment(space), day.join("/"), form(title))
}

/// A space.
pub(super) fn of_space(space: &str, context: &Context<'_>) -> String {
    format!("{}/{}/{}", context.base, if context.cloud { "spaces" } else { "display" }, segment(space))
}

/// An attachment, by its page's id.
pub(super) fn of_file(page: &str, name: &str, context: &Context<'_>) -> String {
    format!("{}/download/attachments/{}/{}", context.base, segment(page), segment(name))
}

fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Blanks as `+`.
pub(super) fn form(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOUD: Context<'static> = Context { base: "https://s.atlassian.net/wiki", space: "ENG", page: "7", cloud: true };
    const SERVER: Context<'static> = Context { base: "https://c.example/ctx", space: "ENG", page: "7", cloud: false };

    fn key(href: &str, context: &Context<'_>) -> String {
        match target(href, context) {
            Some(Target::Remote { key, .. }) => key.to_string(),
            Some(Target::Url(url)) => format!("url {url}"),
            Some(Target::Anchor(anchor)) => format!("anchor {anchor}"),
            None => "none".to_owned(),
        }
    }

    #[test]
    fn own_addresses_become_keys() {
        for (href, expected) in [
            ("https://s.atlassian.net/wiki/spaces/OPS/pages/98411/A+title#x", "doc:98411"),
            ("/wiki/spaces/OPS/pages/98411", "doc:98411"),
            ("https://S.atlassian.net/wiki/pages/viewpage.action?pageId=98411", "doc:98411"),
            ("/wiki/pages/viewpage.action?spaceKey=OPS&title=The+Plan", "title:OPS:the plan"),
            ("/wiki/display/OPS/The+Plan", "title:OPS:the plan"),
            ("/wiki/display/~bob/2025/01/31/The+News", "blog:~bob:2025/01/31:the news"),
            ("https://s.atlassian.net/wiki/x/AwAG", "doc:393219"),
            ("/wiki/spaces/OPS/blog/2025/01/31/55/News", "doc:55"),
            ("/wiki/spaces/OPS/folder/55", "doc:55"),
            ("/wiki/spaces/OPS/overview", "space:OPS"),
            ("/wiki/download/attachments/7/a%20b.png?version=1", "file:7:a b.png"),
            ("/browse/ABC-1", "url https://s.atlassian.net/browse/ABC-1"),
            ("https://other.example/wiki/x/AwAG", "url https://other.example/wiki/x/AwAG"),
            ("//cdn.example/a", "url https://cdn.example/a"),
            ("mailto:a@b.c", "url mailto:a@b.c"),
            ("#Deploy%20steps", "anchor Deploy steps"),
            ("#", "none"),
            (" javascript:alert(1)", "none"),
            ("", "none"),
        ] {
            assert_eq!(key(href, &CLOUD), expected, "{href}");
        }
        assert_eq!(key("https://c.example/ctx/pages/viewpage.action?pageId=5", &SERVER), "doc:5");
        assert_eq!(key("/ctx/display/OPS/A", &SERVER), "title:OPS:a");
    }

    #[test]
    fn a_key_keeps_its_address_and_anchor() {
        let href = "https://s.atlassian.net/wiki/spaces/OPS/pages/98411/A+title#Deploy%20it";
        let Some(Target::Remote { anchor, fallback, name, .. }) = target(href, &CLOUD) else { panic!("no key") };
        assert_eq!((anchor.as_deref(), fallback.as_deref(), name.as_str()), (Some("Deploy it"), Some(href), "A title"));
    }
}
