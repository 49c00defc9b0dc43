//! Words for what could not be expressed.

use super::dom::Tag;

/// How long a parameter's value may be, that of a query, and all of a marker, in characters.
const MAX_VALUE: usize = 80;
const MAX_QUERY: usize = 240;
pub(super) const MAX_MARKER: usize = 300;

/// `text` in one line, cut to `limit` characters.
pub(super) fn short(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if length > 0 {
            out.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length >= limit {
                out.push('\u{2026}');
                return out;
            }
            out.push(c);
            length += 1;
        }
    }
    out
}

/// `key=value`, in quotes where the value has blanks.
pub(super) fn pair(key: &str, value: &str) -> String {
    let value = short(value, if matches!(key, "cql" | "jql" | "jqlQuery" | "query") { MAX_QUERY } else { MAX_VALUE });
    let quote = match (value.contains(' '), value.contains('"')) {
        (false, _) => "",
        (true, false) => "\"",
        (true, true) => "'",
    };
    if key.is_empty() { format!("{quote}{value}{quote}") } else { format!("{key}={quote}{value}{quote}") }
}

/// `Confluence macro: NAME key=value ...`, cut where it gets long.
pub(super) fn with_pairs(head: &str, pairs: impl Iterator<Item = String>) -> String {
    let mut out = short(head, MAX_MARKER);
    for pair in pairs {
        if out.chars().count() + 1 + pair.chars().count() > MAX_MARKER {
            out.push_str(" \u{2026}");
            break;
        }
        out.push(' ');
        out.push_str(&pair);
    }
    out
}

/// An element that nobody knows, with its attributes.
pub(super) fn element(tag: Tag<'_>) -> String {
    let head = format!("Confluence element: {}", tag.name());
    with_pairs(&head, tag.attributes().filter(|(key, value)| tells(key) && !value.is_empty()).map(|(key, value)| pair(key, &value)))
}

/// Whether a parameter or attribute tells a reader anything: no ids, sizes, colours and versions.
pub(super) fn tells(key: &str) -> bool {
    let bare = key.rsplit(':').next().unwrap_or(key).to_ascii_lowercase();
    let decoration = ["color", "colour", "width", "height", "border", "theme", "icon", "style", "class", "align", "size"];
    let technical =
        ["localid", "macroid", "uuid", "schemaversion", "versionatsave", "revision", "accountid", "userkey", "username", "cachekey", "guid"];
    let plain: String = bare.chars().filter(|c| !matches!(c, '-' | '_' | '.')).collect();
    !(decoration.iter().any(|word| plain.contains(word))
        || technical.contains(&plain.as_str())
        || plain == "id"
        || key.ends_with("Id")
        || key.ends_with("-id")
        || key.starts_with("atlassian-macro")
        || key.starts_with("_"))
}

/// Whether a value is made for people: no base64, no encoded JSON.
pub(super) fn is_readable(value: &str) -> bool {
    value.split_whitespace().all(|word| word.len() <= 60 || word.contains("://") || !word.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_one_short_line() {
        assert_eq!(short("  a\n\tb\u{7} c ", 80), "a b c");
        assert_eq!(short("abcdef", 3), "abc\u{2026}");
        let long = with_pairs("Confluence macro: x", (0..1000).map(|n| pair(&format!("k{n}"), "two words")));
        assert!(long.starts_with("Confluence macro: x k0=\"two words\" k1=") && long.chars().count() <= MAX_MARKER + 2, "{long}");
    }

    #[test]
    fn ids_sizes_and_colours_say_nothing() {
        for key in ["id", "macroId", "macro-id", "pageId", "width", "bgColor", "ac:schema-version", "serverId", "ri:account-id"] {
            assert!(!tells(key), "{key}");
        }
        assert!(is_readable("two words https://example.com/a/long/address/that/is/still/an/address/for/people"));
        assert!(!is_readable(&"%7B%22title%22".repeat(9)));
        for key in ["cql", "labels", "depth", "title", "jqlQuery", "spaces", "url"] {
            assert!(tells(key), "{key}");
        }
    }
}
