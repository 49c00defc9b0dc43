//! Escapes text where Markdown would read something else, and only there.
//!
//! Decides by the characters beside the one in question and by what else the paragraph holds (a lone `*` pairs with nothing). Where it cannot see, at the edge of a
//! piece of text, it escapes. The dialect is CommonMark with GFM's tables, task lists and strikethrough, and GitHub's formulas between `$`; bare addresses mean nothing in it.

use super::delimit::{Side, side};

/// What holds for a whole paragraph, heading or cell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rules {
    /// The only run of `*` that could pair with another, and no delimiter is one.
    pub(crate) lone_star: bool,
    /// The only run of `_`.
    pub(crate) lone_underscore: bool,
    /// The only run of `~`, and nothing is struck.
    pub(crate) lone_tilde: bool,
    /// The only run of backticks, and there is no code span.
    pub(crate) lone_backtick: bool,
    /// A `$` may open and another may close a formula.
    pub(crate) dollars: bool,
    /// In a table's cell.
    pub(crate) cell: bool,
    /// In a link's text or an image's alternative text.
    pub(crate) brackets: bool,
}

/// What is known of a piece of text's surroundings.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Around {
    /// It begins a line.
    pub(crate) starts_line: bool,
    /// It ends a line.
    pub(crate) ends_line: bool,
    /// A `[` follows.
    pub(crate) before_bracket: bool,
    /// Something at this byte must be escaped whatever it is.
    pub(crate) force: Option<usize>,
}

static SPECIAL: [bool; 256] = special();

const fn special() -> [bool; 256] {
    let mut special = [false; 256];
    let bytes = b"\\*_~`[]<&!|$";
    let mut at = 0;
    while at < bytes.len() {
        special[bytes[at] as usize] = true;
        at += 1;
    }
    special
}

/// Appends `text` so that it reads as itself.
pub(crate) fn text(out: &mut String, text: &str, rules: Rules, around: Around) {
    let bytes = text.as_bytes();
    let (mut at, mut kept) = (0, 0);
    loop {
        let special = bytes[at..].iter().position(|byte| SPECIAL[*byte as usize]).map_or(bytes.len(), |skip| at + skip);
        at = around.force.filter(|force| (at..special).contains(force)).unwrap_or(special);
        let Some(&byte) = bytes.get(at) else { break };
        let run = if is_pair(byte) { bytes[at..].iter().take_while(|other| **other == byte).count() } else { 1 };
        let forced = around.force.is_some_and(|force| (at..at + run).contains(&force));
        if forced || is_misread(text, at, run, rules, around) {
            out.push_str(&text[kept..at]);
            for _ in 0..run {
                out.push('\\');
                out.push(byte as char);
            }
            kept = at + run;
        }
        at += run;
    }
    out.push_str(&text[kept..]);
}

/// Whether runs of `byte` pair up with each other.
pub(crate) fn is_pair(byte: u8) -> bool {
    matches!(byte, b'*' | b'_' | b'~' | b'`')
}

fn is_misread(text: &str, at: usize, run: usize, rules: Rules, around: Around) -> bool {
    let bytes = text.as_bytes();
    let next = bytes.get(at + run).copied();
    match bytes[at] {
        b'*' => !rules.lone_star && !is_between(text, at, run, around, false),
        b'_' => !rules.lone_underscore && !is_between(text, at, run, around, true),
        // Beside a delimiter GitHub's parser looks through it, but not through its backslash.
        b'~' if (at == 0 && !around.starts_line) || (next.is_none() && !around.ends_line) => true,
        b'~' => !rules.lone_tilde && !is_between(text, at, run, around, false),
        b'`' => !rules.lone_backtick,
        b'\\' => next.is_none_or(|next| next.is_ascii_punctuation()),
        b'<' => next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?')),
        b'&' => is_entity(&text[at..]),
        b'[' => rules.brackets,
        b']' => rules.brackets || next == Some(b'('),
        b'!' => next.is_none() && around.before_bracket,
        b'|' => rules.cell,
        b'$' => rules.dollars && dollar(text, at, around) != (false, false),
        _ => false,
    }
}

/// Whether the `$` at `at` can open, and whether it can close, what GitHub reads as a formula: no blank within it, no letter or digit outside.
pub(crate) fn dollar(text: &str, at: usize, around: Around) -> (bool, bool) {
    let before = text[..at].chars().next_back().map_or(if around.starts_line { Side::Blank } else { Side::Unsure }, side);
    let after = text[at + 1..].chars().next().map_or(if around.ends_line { Side::Blank } else { Side::Unsure }, side);
    (after != Side::Blank && before != Side::Word, before != Side::Blank && after != Side::Word)
}

/// Whether blanks, or where `words` says so letters, stand on both sides of a run: then it neither opens nor closes.
pub(crate) fn is_between(text: &str, at: usize, run: usize, around: Around, words: bool) -> bool {
    let before = text[..at].chars().next_back().map_or(if around.starts_line { Side::Blank } else { Side::Unsure }, side);
    let after = text[at + run..].chars().next().map_or(if around.ends_line { Side::Blank } else { Side::Unsure }, side);
    before == after && (before == Side::Blank || (words && before == Side::Word))
}

/// Whether `text`, which begins with `&`, begins with what may be an entity.
pub(crate) fn is_entity(text: &str) -> bool {
    let Some(body) = text.strip_prefix('&') else { return false };
    let (digits, is_digit): (&str, fn(&u8) -> bool) = if let Some(hex) = body.strip_prefix("#x").or_else(|| body.strip_prefix("#X")) {
        (hex, u8::is_ascii_hexdigit)
    } else if let Some(decimal) = body.strip_prefix('#') {
        (decimal, u8::is_ascii_digit)
    } else {
        (body, u8::is_ascii_alphanumeric)
    };
    // The longest entity's name has 31 letters.
    let length = digits.bytes().take(40).take_while(is_digit).count();
    length > 0 && digits.as_bytes().get(length) == Some(&b';')
}

/// Whether there is an entity anywhere in `text`.
pub(crate) fn holds_entity(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| is_entity(&text[at..]))
}

/// What must be known of a line of a paragraph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Its text up to the first thing that is not text.
    pub(crate) text: &'a str,
    /// Nothing but that text is on it.
    pub(crate) whole: bool,
    /// The paragraph's first.
    pub(crate) first: bool,
    /// Directly after a list item's marker.
    pub(crate) item: bool,
    /// All of the paragraph's text.
    pub(crate) paragraph: &'a str,
}

/// The byte to escape so that the line does not begin a block.
pub(crate) fn line_start(line: Line<'_>) -> Option<usize> {
    let bytes = line.text.as_bytes();
    let first = *bytes.first()?;
    let ends_word = |at: usize| bytes.get(at).map_or(line.whole, |byte| *byte == b' ');
    let only = |allowed: &[u8]| line.whole && bytes.iter().all(|byte| allowed.contains(byte));
    let count = bytes.iter().take_while(|byte| **byte == first).count();
    let is_rule = only(&[first, b' ']) && bytes.iter().filter(|byte| **byte == first).count() >= 3;
    // What may underline a heading or divide a table's head from its body.
    let is_underline = !line.first && bytes.contains(&b'-') && only(b"-:| ");
    let escapes = match first {
        b'#' => count <= 6 && ends_word(count),
        b'>' => true,
        b'+' => ends_word(1),
        // Together with a list item's marker fewer dashes make a rule.
        b'-' => ends_word(1) || is_rule || is_underline || (line.item && only(b"- ")),
        b'*' => ends_word(1) || is_rule,
        b'_' => is_rule,
        b'=' => !line.first && only(b"="),
        b'|' | b':' => is_underline,
        b'`' | b'~' => count >= 3,
        b'[' => line.first && (bytes.get(1) == Some(&b'!') || (line.item && is_box(line.text)) || line.paragraph.contains("]:")),
        b'0'..=b'9' => {
            let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let marker = digits <= 9 && matches!(bytes.get(digits), Some(b'.' | b')')) && ends_word(digits + 1);
            return marker.then_some(digits);
        }
        _ => false,
    };
    escapes.then_some(0)
}

fn is_box(text: &str) -> bool {
    ["[ ]", "[x]", "[X]"].iter().any(|task| text.starts_with(task))
}

/// The byte to escape so that a heading's text does not end in a closing sequence of `#`. `starts` says that nothing stands before `text`.
pub(crate) fn closing_hashes(text: &str, starts: bool) -> Option<usize> {
    let kept = text.trim_end_matches('#');
    let closes = kept.len() < text.len() && (kept.ends_with(' ') || (kept.is_empty() && starts));
    closes.then_some(kept.len())
}
