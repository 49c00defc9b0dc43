//! Text of strangers as one line for people: in a log, on a terminal.

use std::borrow::Cow;

/// `text` in one line, with a blank for everything that a terminal would obey or that turns text around: controls, line ends, bidirectional overrides,
/// invisible tag characters.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unwelcome) { Cow::Owned(text.replace(is_unwelcome, " ")) } else { Cow::Borrowed(text) }
}

fn is_unwelcome(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{E0000}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(one_line("Ümlaut, 漢字 and 👍"), "Ümlaut, 漢字 and 👍");
        assert_eq!(one_line("a\u{1b}[31mb\u{9b}2J\r\nc\u{202e}d\u{e0041}e\u{7f}"), "a [31mb 2J  c d e ");
    }
}
