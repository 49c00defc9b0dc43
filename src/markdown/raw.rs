//! What must be known of Markdown that a source's author wrote, so that it neither swallows nor joins its neighbours. The text itself stays as it is.

use super::Block;

/// Without blank lines at its start and white space at its end.
pub(crate) fn trim(text: &str) -> &str {
    let mut text = text.trim_end();
    while let Some((first, rest)) = text.split_once('\n') {
        if !first.trim().is_empty() {
            break;
        }
        text = rest;
    }
    text
}

/// Whether two neighbours need something between them: a list beside Markdown that begins or ends with what could belong to it.
pub(crate) fn would_merge(previous: &Block, block: &Block) -> bool {
    let is_list_like = |line: &str| line.starts_with([' ', '\t', '-', '+', '*']) || line.starts_with(|c: char| c.is_ascii_digit());
    let begins_so = |text: &str| trim(text).lines().next().is_some_and(is_list_like);
    match (text_of(previous), text_of(block)) {
        (Some(text), None) => matches!(block, Block::List(_)) && text.lines().any(is_list_like),
        (Some(_), Some(text)) => begins_so(text),
        (None, Some(text)) => matches!(previous, Block::List(_)) && begins_so(text),
        (None, None) => false,
    }
}

/// What an author wrote.
fn text_of(block: &Block) -> Option<&str> {
    match block {
        Block::Markdown(text) => Some(text),
        Block::Authored(text) => Some(text.text()),
        _ => None,
    }
}

/// The line that ends a code fence or HTML block which `text` leaves open.
pub(crate) fn closing_line(text: &str) -> Option<String> {
    let mut open: Option<String> = None;
    for line in text.lines() {
        let inner = line.trim_start();
        match &open {
            Some(end) if end.starts_with(['`', '~']) => {
                if inner.trim_end().strip_prefix(end.as_str()).is_some_and(|rest| rest.bytes().all(|byte| Some(&byte) == end.as_bytes().first())) {
                    open = None;
                }
            }
            Some(end) => {
                if line.contains(end.as_str()) {
                    open = None;
                }
            }
            None => open = opened_by(inner),
        }
    }
    open
}

/// What would end a fence or HTML block that `line` begins and does not end itself (CommonMark 4.5, and 4.6 kinds 1 to 5).
fn opened_by(line: &str) -> Option<String> {
    for fence in ['`', '~'] {
        let length = line.bytes().take_while(|byte| *byte == fence as u8).count();
        if length >= 3 && !(fence == '`' && line[length..].contains('`')) {
            return Some(line[..length].to_owned());
        }
    }
    let lower = line.get(..12).unwrap_or(line).to_ascii_lowercase();
    let kinds = [
        ("<!--", "-->"),
        ("<?", "?>"),
        ("<![cdata[", "]]>"),
        ("<script", "</script>"),
        ("<pre", "</pre>"),
        ("<style", "</style>"),
        ("<textarea", "</textarea>"),
    ];
    kinds.iter().find(|(start, end)| lower.starts_with(start) && !line.contains(end)).map(|(_, end)| (*end).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_ends_are_closed() {
        assert_eq!(closing_line("a\n\n````sh\nx\n```"), Some("````".to_owned()));
        assert_eq!(closing_line("```\nx\n```\n"), None);
        assert_eq!(closing_line("~~~\n```\n~~~~"), None);
        assert_eq!(closing_line("a <!-- b"), None);
        assert_eq!(closing_line("<!-- b\nc"), Some("-->".to_owned()));
        assert_eq!(closing_line("<PRE>\nx"), Some("</pre>".to_owned()));
        assert_eq!(closing_line("```x`y"), None);
    }

    #[test]
    fn blank_lines_at_the_ends_go_and_indentation_stays() {
        assert_eq!(trim("\n \n    code\n\n"), "    code");
        assert_eq!(trim(" \n"), "");
    }
}
