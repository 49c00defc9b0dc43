//! Whether an author's text could be taken for what this program writes around it.

use std::panic::catch_unwind;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use super::{find, html};

/// Whether a text has a heading of the first two levels that begins as one of `sections` (lower case, letters and digits only), or an item of a list that begins
/// with a person in bold. A text that cannot be read has.
pub(crate) fn looks_like_ours(text: &str, sections: &[&str]) -> bool {
    catch_unwind(|| {
        let begins = |words: &str| {
            let folded: String = words.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
            sections.iter().any(|section| folded.starts_with(section))
        };
        let mut heading: Option<String> = None;
        let (mut item, mut bold) = (false, false);
        for (event, at) in Parser::new_ext(text, find::dialect()).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { level: HeadingLevel::H1 | HeadingLevel::H2, .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) if heading.take().is_some_and(|words| begins(&words)) => return true,
                Event::Start(Tag::Item) => item = true,
                Event::Start(Tag::Strong) => bold = item,
                Event::Html(_) | Event::InlineHtml(_) => {
                    // What follows the tag, up to the next one.
                    let is_heading = |(name, closes): (String, bool)| !closes && matches!(name.as_str(), "h1" | "h2");
                    let opens = html::read(text, at.clone()).tags.into_iter().any(is_heading);
                    let rest = &text[at.start..];
                    if opens && rest[..rest.floor_char_boundary(4096)].split('>').any(begins) {
                        return true;
                    }
                    (item, bold) = (false, false);
                }
                Event::Text(words) | Event::Code(words) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&words);
                    }
                    if item && bold && words.trim_start().starts_with('@') {
                        return true;
                    }
                    (item, bold) = (false, false);
                }
                _ => {}
            }
        }
        false
    })
    .unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_like_ours_are_told_from_others() {
        let looks = |text: &str| looks_like_ours(text, &["comments", "answer"]);
        for ours in [
            "x\n\n## Comments\n\ny",
            "# *Comments* and reviews",
            "Answer\n---\n",
            "## \u{200b}Com**ments**",
            "- **@boss**, 2026-01-05\n\n  yes",
            "1. **[@boss](x)**, yes",
            "<h2>Comments</h2>",
            "a <H2 id=x> Answer by me</H2>",
            "<div>\n<h2>\nComments\n</h2>",
        ] {
            assert!(looks(ours), "{ours}");
        }
        for other in
            ["### Comments", "No comments", "- see @boss **@ann**", "**@ann** said", "`## Comments`", "    ## Comments", "```\n## Comments\n```", ""]
        {
            assert!(!looks(other), "{other}");
        }
    }
}
