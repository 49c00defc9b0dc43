//! Emoticons: what character each of the ways to name one means.

use super::xml::Element;

/// The text that stands for an emoticon: the best that its attributes offer. The name `blue-star` is what Confluence writes for all that once had none,
/// so that names come last.
pub(super) fn text(element: &Element) -> String {
    let short = |text: &str| text.len() > 2 && text.starts_with(':') && text.ends_with(':');
    let fallback = element.get("ac:emoji-fallback");
    if let Some(fallback) = fallback.filter(|text| !short(text)) {
        return fallback.to_owned();
    }
    let id = element.get("ac:emoji-id");
    if let Some(text) = id.and_then(|id| code_points(id).or_else(|| atlassian(id).map(str::to_owned))) {
        return text;
    }
    let shortname = element.get("ac:emoji-shortname").or(fallback);
    let name = element.get("ac:name").or(element.get("ac:shortcut"));
    match (name.and_then(named), shortname) {
        (Some(text), None) => text.to_owned(),
        (Some(text), Some(_)) if name != Some("blue-star") => text.to_owned(),
        (_, Some(shortname)) => atlassian(shortname.trim_matches(':')).map_or_else(|| shortname.to_owned(), str::to_owned),
        (None, None) => name.map(|name| format!(":{}:", name.trim_matches(':'))).unwrap_or_default(),
    }
}

/// `1f468-200d-1f4bb`.
fn code_points(id: &str) -> Option<String> {
    let text: Option<String> =
        id.split('-').map(|hex| u32::from_str_radix(hex, 16).ok().filter(|code| *code > 0x7f).and_then(char::from_u32)).collect();
    text.filter(|text| !text.is_empty())
}

fn atlassian(id: &str) -> Option<&'static str> {
    Some(match id.trim_start_matches("atlassian-") {
        "check_mark" => "✅",
        "cross_mark" => "❌",
        "warning" => "⚠️",
        "info" | "information" => "ℹ️",
        "plus" => "➕",
        "minus" => "➖",
        "question_mark" | "question" => "❓",
        "light_bulb_on" => "💡",
        "light_bulb_off" => "🚫",
        "yellow_star" => "⭐",
        "red_star" => "❤️",
        "green_star" => "💚",
        "blue_star" => "💙",
        _ => return None,
    })
}

fn named(name: &str) -> Option<&'static str> {
    Some(match name {
        "smile" => "🙂",
        "sad" => "🙁",
        "cheeky" => "😛",
        "laugh" => "😀",
        "wink" => "😉",
        "thumbs-up" => "👍",
        "thumbs-down" => "👎",
        "information" => "ℹ️",
        "tick" => "✅",
        "cross" => "❌",
        "warning" => "⚠️",
        "plus" => "➕",
        "minus" => "➖",
        "question" => "❓",
        "light-on" => "💡",
        "light-off" => "🚫",
        "yellow-star" => "⭐",
        "red-star" | "heart" => "❤️",
        "green-star" => "💚",
        "blue-star" => "💙",
        "broken-heart" => "💔",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::text;

    fn shown(attributes: &str) -> String {
        text(parse(&format!("<ac:emoticon {attributes} />")).elements().next().unwrap())
    }

    #[test]
    fn the_best_of_the_names_is_taken() {
        assert_eq!(shown(r#"ac:name="blue-star" ac:emoji-shortname=":tada:" ac:emoji-id="1f389" ac:emoji-fallback="🎉""#), "🎉");
        assert_eq!(shown(r#"ac:name="blue-star" ac:emoji-shortname=":tada:" ac:emoji-id="1f389" ac:emoji-fallback=":tada:""#), "🎉");
        assert_eq!(shown(r#"ac:name="blue-star" ac:emoji-shortname=":check_mark:" ac:emoji-id="atlassian-check_mark""#), "✅");
        assert_eq!(shown(r#"ac:name="blue-star" ac:emoji-shortname=":team-parrot:" ac:emoji-id="0f3a-uuid""#), ":team-parrot:");
        assert_eq!(shown(r#"ac:name="blue-star""#), "💙");
        assert_eq!(shown(r#"ac:name="thumbs-up""#), "👍");
        assert_eq!(shown(r#"ac:name="odd""#), ":odd:");
        assert_eq!(shown(""), "");
    }
}
