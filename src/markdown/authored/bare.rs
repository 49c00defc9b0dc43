//! Addresses that stand in running text by themselves, and what must be known of words that become a link.

use std::ops::Range;

/// The bare addresses in a run of text, as GitHub sees them: behind a blank or an opening mark, up to the next blank, without what ends a sentence.
pub(super) fn urls(text: &str, run: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let words = text.get(run.clone()).unwrap_or_default();
    let mut from = 0;
    for (at, _) in words.match_indices("http") {
        let rest = &words[at..];
        let Some(scheme) = ["https://", "http://"].into_iter().find(|scheme| rest.starts_with(scheme)) else { continue };
        let begins = words[..at].chars().next_back().is_none_or(|before| before.is_whitespace() || matches!(before, '*' | '_' | '~' | '('));
        if at < from || !begins || !may_open(text, run.start + at) {
            continue;
        }
        let end = trimmed(&rest[..rest.find(|c: char| c.is_whitespace() || c == '<').unwrap_or(rest.len())]);
        // Where the run ends at an escape or an entity, the address goes on behind it.
        let goes_on = at + end == words.len() && text.as_bytes().get(run.end).is_some_and(|next| matches!(next, b'\\' | b'&'));
        if end <= scheme.len() || goes_on || !can_be_words(&rest[..end]) {
            continue;
        }
        found.push(run.start + at..run.start + at + end);
        from = at + end;
    }
    found
}

/// How much of it is an address: what ends a sentence, and a parenthesis that was opened before, are not.
fn trimmed(url: &str) -> usize {
    let mut surplus = url.matches(')').count().saturating_sub(url.matches('(').count());
    let mut end = url.len();
    while let Some(last) = url[..end].chars().next_back() {
        match last {
            '?' | '!' | '.' | ',' | ':' | '*' | '_' | '~' | '\'' | '"' => {}
            ')' if surplus > 0 => surplus -= 1,
            _ => break,
        }
        end -= 1;
    }
    end
}

/// Whether `[` may come before the byte at `at`: what stands before it does not make something else of it.
pub(super) fn may_open(text: &str, at: usize) -> bool {
    let before = &text[..at];
    if before.ends_with(['!', '\\', ']', '[', '^']) {
        return false;
    }
    // Nor what stands before blanks: an author's brackets want a destination.
    let before = before[before.ceil_char_boundary(before.len().saturating_sub(64))..].trim_ascii_end();
    !before.ends_with("](") && !before.ends_with("]:") && !is_within_brackets(text, at)
}

/// Whether a `[` is open before the byte at `at`: brackets within what may be a label would change what that means.
fn is_within_brackets(text: &str, at: usize) -> bool {
    const LOOKED_AT: usize = 1000;
    let bytes = &text.as_bytes()[..at];
    let mut closed = 0_u32;
    let mut line_is_blank = false;
    for byte in bytes.iter().rev().take(LOOKED_AT) {
        match byte {
            // A blank line is before every paragraph.
            b'\n' if line_is_blank => return false,
            b'\n' => line_is_blank = true,
            b' ' | b'\t' | b'\r' | b'>' => {}
            b'[' if closed == 0 => return true,
            byte => {
                line_is_blank = false;
                match byte {
                    b'[' => closed -= 1,
                    b']' => closed += 1,
                    _ => {}
                }
            }
        }
    }
    false
}

/// Whether words can stand between `[` and `]`.
pub(super) fn can_be_words(words: &str) -> bool {
    let mut depth = 0_i32;
    for byte in words.bytes() {
        depth += i32::from(byte == b'[') - i32::from(byte == b']');
        if depth < 0 || matches!(byte, b'\n' | b'\r' | b'\\' | b'`' | b'<') {
            return false;
        }
    }
    depth == 0
}

/// An address as a link's text.
pub(super) fn escaped(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        // No backslash keeps a backtick from ending what another one before it begins.
        if c == '`' {
            out.push_str("&#96;");
            continue;
        }
        out.push_str(if matches!(c, '\\' | '[' | ']' | '*' | '_' | '~' | '&' | '|' | '$' | '<' | '>') { "\\" } else { "" });
        out.push(c);
    }
    out
}
