//! The anchor that GitHub, and most that show Markdown, give to a heading.
//!
//! Does not know which headings a document has, nor the numbers that repeated headings get.

/// Letters, digits, marks, `-` and `_` of `text`, in lower case, with `-` for each blank.
#[must_use]
pub fn heading(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '-' | '_' => out.push(c),
            _ if c.is_whitespace() => out.push('-'),
            _ if c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) => out.extend(c.to_lowercase()),
            _ => {}
        }
    }
    out
}

/// Letters and digits of `text` alone, in lower case: what a heading and every name that editors made of it have in common.
pub(crate) fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A heading's name without the title of its page, which editors of old put before it without its blanks (`ReleaseNotes-Roll-back`). Of a title of one word nobody could
/// tell whether it is one.
#[must_use]
pub fn without_title<'a>(words: &'a str, title: &str) -> &'a str {
    let bare = words.strip_prefix("id-").unwrap_or(words);
    match bare.split_once('-') {
        Some((first, rest)) if title.contains(' ') && !rest.is_empty() && squeezed(first) == squeezed(title) => rest,
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::{heading, without_title};

    #[test]
    fn titles_of_old_are_told_from_headings() {
        assert_eq!(without_title("ReleaseNotes-Rollback", "Release notes"), "Rollback");
        assert_eq!(without_title("id-2024Notes-Roll-back", "2024 notes"), "Roll-back");
        assert_eq!(without_title("Release-steps", "Release"), "Release-steps");
        assert_eq!(without_title("Release-notes", "Release notes"), "Release-notes");
    }

    #[test]
    fn headings_are_named_as_github_names_them() {
        assert_eq!(heading("How to: Roll back (v2.0)?"), "how-to-roll-back-v20");
        assert_eq!(heading(" Über  snake_case & more "), "über--snake_case--more");
        assert_eq!(heading("!?"), "");
    }
}
