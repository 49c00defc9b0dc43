//! Emoticons and emoji: from whichever attribute knows best which one it is.

use super::dom::Tag;
use super::flow::Flow;

/// `<ac:emoticon>`.
pub(super) fn emoticon(tag: Tag<'_>, flow: &mut Flow) {
    let own = |name: &str| tag.attribute(name).filter(|value| !value.trim().is_empty());
    let fallback = own("ac:emoji-fallback").filter(|text| !is_short_name(text));
    let id = own("ac:emoji-id");
    let name = own("ac:name");
    // `blue-star` stands for every emoji that has no old name.
    let named = || name.as_deref().filter(|name| *name != "blue-star" || (own("ac:emoji-id").is_none() && own("ac:emoji-shortname").is_none()));
    let found = fallback
        .map(|text| text.into_owned())
        .or_else(|| id.as_deref().and_then(by_id))
        .or_else(|| named().and_then(by_name).map(str::to_owned))
        .or_else(|| own("ac:emoji-shortname").or_else(|| own("ac:emoji-fallback")).map(|text| text.into_owned()))
        .or_else(|| name.as_deref().map(|name| format!(":{name}:")));
    flow.text(&found.unwrap_or_default());
}

/// The emoji with this id.
pub(super) fn by_id(id: &str) -> Option<String> {
    own_emoji(id).map(str::to_owned).or_else(|| code_points(id))
}

fn is_short_name(text: &str) -> bool {
    text.len() > 1 && text.starts_with(':') && text.ends_with(':')
}

/// Emoji whose id is their code points (`1f468-200d-1f4bb`). A site's own have ids that only look like it; no emoji lies beyond the first supplementary planes.
fn code_points(id: &str) -> Option<String> {
    let is_emoji = |c: &char| !c.is_control() && (*c <= '\u{1ffff}' || ('\u{e0020}'..='\u{e007f}').contains(c));
    id.split('-').map(|code| u32::from_str_radix(code, 16).ok().and_then(char::from_u32).filter(is_emoji)).collect()
}

/// Atlassian's own emoji.
fn own_emoji(id: &str) -> Option<&'static str> {
    Some(match id.strip_prefix("atlassian-")? {
        "check_mark" => "\u{2705}",
        "cross_mark" => "\u{274c}",
        "warning" => "\u{26a0}\u{fe0f}",
        "info" => "\u{2139}\u{fe0f}",
        "plus" => "\u{2795}",
        "minus" => "\u{2796}",
        "question_mark" => "\u{2753}",
        "light_bulb_on" => "\u{1f4a1}",
        "light_bulb_off" => "\u{1f6ab}",
        "yellow_star" => "\u{2b50}",
        "red_star" => "\u{2764}\u{fe0f}",
        "green_star" => "\u{1f49a}",
        "blue_star" => "\u{1f499}",
        _ => return None,
    })
}

/// The emoticons of old.
fn by_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "smile" => "\u{1f642}",
        "sad" => "\u{1f641}",
        "cheeky" => "\u{1f61b}",
        "laugh" => "\u{1f600}",
        "wink" => "\u{1f609}",
        "thumbs-up" => "\u{1f44d}",
        "thumbs-down" => "\u{1f44e}",
        "information" => "\u{2139}\u{fe0f}",
        "tick" => "\u{2705}",
        "cross" => "\u{274c}",
        "warning" => "\u{26a0}\u{fe0f}",
        "plus" => "\u{2795}",
        "minus" => "\u{2796}",
        "question" => "\u{2753}",
        "light-on" => "\u{1f4a1}",
        "light-off" => "\u{1f6ab}",
        "yellow-star" => "\u{2b50}",
        "red-star" | "heart" => "\u{2764}\u{fe0f}",
        "green-star" => "\u{1f49a}",
        "blue-star" => "\u{1f499}",
        "broken-heart" => "\u{1f494}",
        _ => return None,
    })
}
