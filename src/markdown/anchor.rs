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

#[cfg(test)]
mod tests {
    use super::heading;

    #[test]
    fn headings_are_named_as_github_names_them() {
        assert_eq!(heading("How to: Roll back (v2.0)?"), "how-to-roll-back-v20");
        assert_eq!(heading(" Über  snake_case & more "), "über--snake_case--more");
        assert_eq!(heading("!?"), "");
    }
}
