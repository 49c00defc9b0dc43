//! Plain addresses: makes relative ones absolute, and knows those of the site's own pages, posts, spaces and files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use crate::connectors::confluence::keys;
use crate::markdown::Target;
use crate::model::Key;

use super::Context;

/// Where `address` leads; none where it runs a script instead.
pub(super) fn target(address: &str, context: &Context<'_>) -> Option<Target> {
    // Browsers skip line ends and tabs in addresses.
    let address: String = address.trim().chars().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect();
    if let Some(anchor) = address.strip_prefix('#') {
        return Some(Target::Anchor(decode(anchor)));
    }
    let absolute = match scheme(&address) {
        Some("javascript" | "vbscript" | "data") => return None,
        Some("http" | "https") => address,
        Some(_) => return Some(Target::Url(address)),
        None => url::Url::parse(&format!("{}/", context.base)).and_then(|base| base.join(&address)).map_or(address, String::from),
    };
    Some(match within_site(&absolute, context.base).and_then(Place::find) {
        Some(Place { key, anchor: Some(anchor), .. }) if key == keys::doc(context.page) => Target::Anchor(anchor),
        Some(Place { key, anchor, name }) => Target::Remote { key, anchor, name: name.unwrap_or_else(|| absolute.clone()), fallback: Some(absolute) },
        None => Target::Url(absolute),
    })
}

/// Gives a target whose title the address does not tell the address as its name.
pub(super) fn name_by_address(target: &mut Target, address: &str) {
    if let Target::Remote { name, fallback, .. } = target
        && fallback.as_ref() == Some(name)
    {
        address.trim().clone_into(name);
    }
}

/// `words` as the path of a Confluence address has them: blanks as `+`, all else that is special in percent form.
pub(super) fn encode_words(words: &str) -> String {
    url::form_urlencoded::byte_serialize(words.as_bytes()).collect::<String>().replace("%7E", "~")
}

/// The scheme, in lower case where it is one of those that are treated apart.
fn scheme(address: &str) -> Option<&str> {
    let (scheme, _) = address.split_once(':')?;
    let fits =
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let known = ["http", "https", "javascript", "vbscript", "data"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known));
    fits.then_some(known.unwrap_or(scheme))
}

/// What follows the site's base address in `absolute`.
fn within_site<'a>(absolute: &'a str, base: &str) -> Option<&'a str> {
    let bare = |address: &'a str| address.split_once("://").map_or(address, |(_, rest)| rest);
    let base = base.split_once("://").map_or(base, |(_, rest)| rest);
    let address = bare(absolute);
    let (head, rest) = address.split_at_checked(base.len())?;
    (head.eq_ignore_ascii_case(base) && (rest.is_empty() || rest.starts_with(['/', '?', '#']))).then_some(rest)
}

/// Something of the site that an address names.
struct Place {
    key: Key,
    anchor: Option<String>,
    /// Its title or file name, where the address tells it.
    name: Option<String>,
}

impl Place {
    /// What `rest`, an address without the site's base, names.
    fn find(rest: &str) -> Option<Self> {
        let (rest, anchor) = rest.split_once('#').map_or((rest, None), |(rest, anchor)| (rest, Some(decode(anchor))));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let anchor = anchor.filter(|anchor| !anchor.is_empty());
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).take(8).collect();
        let (key, name) = find(&parts, query)?;
        Some(Self { key, anchor, name })
    }
}

fn find(parts: &[&str], query: &str) -> Option<(Key, Option<String>)> {
    let page = |id: &str, title: Option<&&str>| is_id(id).then(|| (keys::doc(id), title.map(|title| words(title))));
    match parts {
        ["spaces", "viewspace.action" | "viewspacesummary.action"] => value(query, "key").map(|space| (keys::space(&space), None)),
        ["spaces", space] | ["spaces", space, "overview" | "pages"] | ["display", space] => Some((keys::space(&words(space)), None)),
        // A file of the page, opened over it.
        ["spaces", _, "pages", ..] | ["pages", "viewpage.action"] if value(query, "preview").is_some_and(|file| preview(&file).is_some()) => {
            value(query, "preview").as_deref().and_then(preview)
        }
        ["spaces", _, "pages", "viewpage.action"] => find(&["pages", "viewpage.action"], query),
        ["spaces", _, "pages", "edit-v2", id, ..] => page(id, None),
        ["spaces", _, "pages", id, rest @ ..] => page(id, rest.first()),
        ["spaces", _, "blog", _, _, _, id, rest @ ..] => page(id, rest.first()),
        ["spaces", _, "blog", id, rest @ ..] => page(id, rest.first()),
        ["spaces", _, "folder" | "whiteboard" | "database" | "embed", id, ..] => page(id, None),
        ["pages", "viewpage.action"] => match (value(query, "pageId"), value(query, "spaceKey"), value(query, "title")) {
            (Some(id), _, _) => page(&id, None),
            (None, Some(space), Some(title)) => Some((keys::title(&space, &title), Some(title))),
            _ => None,
        },
        ["pages", "viewpageattachments.action" | "editpage.action" | "viewinfo.action"] => page(&value(query, "pageId")?, None),
        ["pages", "tinyurl.action"] => tiny_id(&value(query, "urlIdentifier")?).map(|id| (keys::doc(&id.to_string()), None)),
        ["plugins", "servlet", "mobile"] => page(&value(query, "contentId")?, None),
        ["display", space, year, month, day, title] if [year, month, day].into_iter().all(|part| is_id(part)) => {
            Some((keys::blog(&words(space), &format!("{year}/{month}/{day}"), &words(title)), Some(words(title))))
        }
        ["display", space, title] => Some((keys::title(&words(space), &words(title)), Some(words(title)))),
        ["x", tiny] => tiny_id(tiny).map(|id| (keys::doc(&id.to_string()), None)),
        ["download", "attachments" | "thumbnails", id, name] if is_id(id) => Some((keys::file(id, &decode(name)), Some(decode(name)))),
        _ => None,
    }
}

/// `/PAGE/ATTACHMENT/NAME`.
fn preview(file: &str) -> Option<(Key, Option<String>)> {
    let mut parts = file.split('/').filter(|part| !part.is_empty());
    let (page, attachment, name) = (parts.next()?, parts.next()?, parts.next()?);
    (is_id(page) && is_id(attachment.trim_start_matches("att"))).then(|| (keys::file(page, name), Some(name.to_owned())))
}

/// The id in a short link: base64 of its bytes, the lowest first, without the zeros at the end, and with `-` and `_` for `/` and `+`.
fn tiny_id(tiny: &str) -> Option<u64> {
    let mut code: String = tiny
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
        .collect();
    if code.is_empty() || code.len() > 11 {
        return None;
    }
    while code.len() < 11 {
        code.push('A');
    }
    code.push('=');
    let bytes: [u8; 8] = STANDARD.decode(code).ok()?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes))
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The value of a query's parameter.
fn value(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.into_owned())
}

pub(super) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A title in a path: `+` is a blank.
fn words(text: &str) -> String {
    decode(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOUD: Context<'_> = Context { base: "https://acme.example.net/wiki", space: "ENG", page: "7", cloud: true };
    const SERVER: Context<'_> = Context { base: "https://example.org/confluence", space: "ENG", page: "7", cloud: false };

    fn key(address: &str, context: &Context<'_>) -> Option<String> {
        match target(address, context)? {
            Target::Remote { key, .. } => Some(key.to_string()),
            Target::Url(_) | Target::Anchor(_) => None,
        }
    }

    #[test]
    fn every_form_of_the_sites_own_addresses_is_known() {
        for (address, expected) in [
            ("https://acme.example.net/wiki/spaces/ENG/pages/98411/Release+checklist", "doc:98411"),
            ("HTTPS://ACME.example.net/wiki/spaces/ENG/pages/98411", "doc:98411"),
            ("/wiki/spaces/ENG/pages/98411?x=1#Deploy", "doc:98411"),
            ("/wiki/spaces/ENG/pages/edit-v2/98411", "doc:98411"),
            ("/wiki/pages/viewpage.action?pageId=98411", "doc:98411"),
            ("/wiki/pages/viewpage.action?spaceKey=OPS&title=On+Call", "title:OPS:on call"),
            ("/wiki/display/OPS/On+Call%21", "title:OPS:on call!"),
            ("/wiki/display/OPS/2025/01/31/News", "blog:OPS:2025/01/31:news"),
            ("/wiki/display/OPS", "space:OPS"),
            ("/wiki/spaces/OPS/overview", "space:OPS"),
            ("/wiki/spaces/~712020ab", "space:~712020ab"),
            ("/wiki/spaces/OPS/blog/2025/01/31/555/News", "doc:555"),
            ("/wiki/spaces/OPS/folder/556", "doc:556"),
            ("/wiki/x/AwAG", "doc:393219"),
            ("/wiki/download/attachments/98411/a%20b.png?version=1", "file:98411:a b.png"),
            ("spaces/ENG/pages/1", "doc:1"),
            ("/wiki/spaces/ENG/blog/555", "doc:555"),
            ("/wiki/spaces/ENG/whiteboard/556", "doc:556"),
            ("/wiki/spaces/ENG/pages", "space:ENG"),
            ("/wiki/spaces/viewspace.action?key=OPS", "space:OPS"),
            ("/wiki/pages/viewpageattachments.action?pageId=5", "doc:5"),
            ("/wiki/spaces/ENG/pages/viewpage.action?pageId=5", "doc:5"),
            ("/wiki/pages/tinyurl.action?urlIdentifier=AwAG", "doc:393219"),
            ("/wiki/plugins/servlet/mobile?contentId=5#content/view/5", "doc:5"),
            ("/wiki/spaces/ENG/pages/5/T?preview=%2F5%2F6%2Fa+b.pdf", "file:5:a b.pdf"),
            ("/wiki/spaces/ENG/pages/5/T?preview=x", "doc:5"),
        ] {
            assert_eq!(key(address, &CLOUD).as_deref(), Some(expected), "{address}");
        }
        for (address, expected) in [
            ("/confluence/display/ENG/Home", "title:ENG:home"),
            ("http://example.org/confluence/pages/viewpage.action?pageId=5", "doc:5"),
            ("/confluence/x/AwAG", "doc:393219"),
        ] {
            assert_eq!(key(address, &SERVER).as_deref(), Some(expected), "{address}");
        }
    }

    #[test]
    fn other_addresses_stay_absolute_or_become_so() {
        for (address, expected) in [
            ("https://example.com/wiki/spaces/ENG/pages/1", "https://example.com/wiki/spaces/ENG/pages/1"),
            ("https://acme.example.net/wikis/x/AwAG", "https://acme.example.net/wikis/x/AwAG"),
            ("/jira/browse/A-1", "https://acme.example.net/jira/browse/A-1"),
            ("//cdn.example.com/x", "https://cdn.example.com/x"),
            ("../people", "https://acme.example.net/people"),
            ("mailto:a@example.com", "mailto:a@example.com"),
            ("/wiki/x/waytoolongatinyid", "https://acme.example.net/wiki/x/waytoolongatinyid"),
            ("/wiki/spaces/ENG/pages/notanumber", "https://acme.example.net/wiki/spaces/ENG/pages/notanumber"),
        ] {
            assert_eq!(target(address, &CLOUD), Some(Target::Url(expected.to_owned())), "{address}");
        }
        assert_eq!(target("/wiki/spaces/ENG/pages/7/Title#Deploy%20steps", &CLOUD), Some(Target::Anchor("Deploy steps".to_owned())));
        assert_eq!(target("#Deploy%20steps", &CLOUD), Some(Target::Anchor("Deploy steps".to_owned())));
        for script in ["javascript:alert(1)", " JavaScript:x", "java\nscript:x", "data:text/html,x", "vbscript:x"] {
            assert_eq!(target(script, &CLOUD), None, "{script:?}");
        }
    }

    #[test]
    fn a_known_address_keeps_its_anchor_its_title_and_itself() {
        let found = target("/wiki/spaces/ENG/pages/98411/Release+%28v2%29#Roll-back", &CLOUD);
        let fallback = Some("https://acme.example.net/wiki/spaces/ENG/pages/98411/Release+%28v2%29#Roll-back".to_owned());
        let anchor = Some("Roll-back".to_owned());
        assert_eq!(found, Some(Target::Remote { key: keys::doc("98411"), anchor, fallback, name: "Release (v2)".to_owned() }));
    }

    #[test]
    fn short_links_are_decoded() {
        for (tiny, id) in [("AwAG", Some(393_219)), ("AQ", Some(1)), ("", None), ("A*", None), ("____________", None)] {
            assert_eq!(tiny_id(tiny), id, "{tiny}");
        }
    }
}
