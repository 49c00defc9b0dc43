//! Takes out characters that hide text from people but not from a model: bidirectional overrides, embeddings and isolates, tag characters, the supplementary
//! variation selectors and the invisible operators (of either a whole text can be made that nobody sees), controls.
//!
//! Direction marks and joiners stay, because scripts need them. Line feeds and tabs stay; a carriage return is a line end.

use std::borrow::Cow;

/// How a byte must be looked at while text is copied.
pub(crate) const PLAIN: u8 = 0;
/// A control character of ASCII, but for tab, line feed and carriage return.
pub(crate) const CONTROL: u8 = 1;
/// First byte of a character that may be hidden.
pub(crate) const LEAD: u8 = 2;
/// Blank, tab, line feed or carriage return.
pub(crate) const BLANK: u8 = 3;

/// One class for each byte.
pub(crate) static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut class = [PLAIN; 256];
    let mut byte = 0;
    while byte < 0x20 {
        class[byte] = CONTROL;
        byte += 1;
    }
    class[0x7F] = CONTROL;
    // U+0080 to U+009F begin with C2, U+202A to U+206F with E2, U+E0000 to U+E01EF with F3.
    class[0xC2] = LEAD;
    class[0xE2] = LEAD;
    class[0xF3] = LEAD;
    class[b' ' as usize] = BLANK;
    class[b'\t' as usize] = BLANK;
    class[b'\n' as usize] = BLANK;
    class[b'\r' as usize] = BLANK;
    class
}

/// Whether `c` never reaches a file.
pub(crate) fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' | '\r' => false,
        '\u{202A}'..='\u{202E}' | '\u{2061}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{E0000}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}' => true,
        _ => c.is_control(),
    }
}

/// `text` without hidden characters, with `\n` as its only line end; `removed` grows by what was taken out.
pub(crate) fn strip<'a>(text: &'a str, removed: &mut u32) -> Cow<'a, str> {
    let wanted = |byte: &u8| matches!(CLASS[*byte as usize], CONTROL | LEAD) || *byte == b'\r';
    let Some(first) = text.bytes().position(|byte| wanted(&byte)) else { return Cow::Borrowed(text) };
    let (clean, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len());
    out.push_str(clean);
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\r' {
            if chars.peek() != Some(&'\n') {
                out.push('\n');
            }
        } else if is_hidden(c) {
            *removed = removed.saturating_add(1);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// [`strip`], with line ends as they are.
pub(crate) fn strip_keeping_line_ends<'a>(text: &'a str, removed: &mut u32) -> Cow<'a, str> {
    let wanted = |byte: &u8| matches!(CLASS[*byte as usize], CONTROL | LEAD);
    let Some(first) = text.bytes().position(|byte| wanted(&byte)) else { return Cow::Borrowed(text) };
    let (clean, rest) = text.split_at(first);
    if !rest.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    out.push_str(clean);
    for c in rest.chars() {
        if is_hidden(c) {
            *removed = removed.saturating_add(1);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// [`strip`], with every line end and tab as a blank.
pub(crate) fn strip_to_line<'a>(text: &'a str, removed: &mut u32) -> Cow<'a, str> {
    let clean = strip(text, removed);
    if clean.contains(['\n', '\t']) { Cow::Owned(clean.replace(['\n', '\t'], " ")) } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_go_and_scripts_keep_theirs() {
        let mut removed = 0;
        assert_eq!(strip("a\u{202E}b\u{2066}c\u{2069}\u{E0041}d\u{7}\u{85}", &mut removed), "abcd");
        assert_eq!(removed, 6);
        assert_eq!(strip("a\u{E0154}\u{E01EF}b\u{2061}\u{2064}\u{206A}c", &mut removed), "abc");
        assert_eq!(removed, 11);
        let kept = "\u{200E}\u{200F}\u{200C}\u{200D}\u{2060}\u{FE0F} é \u{2026} \u{A0}\n\t";
        assert_eq!(strip(kept, &mut removed), kept);
        assert_eq!(removed, 11);
    }

    #[test]
    fn line_ends_become_line_feeds() {
        assert_eq!(strip("a\r\nb\rc\r", &mut 0), "a\nb\nc\n");
        assert_eq!(strip_to_line("a\r\nb\tc", &mut 0), "a b c");
    }
}
