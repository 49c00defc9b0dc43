//! Small questions about HTML: where a tag ends, what its attributes say, which elements there are.

/// Under which name an element is written; none for one that is not.
pub(super) fn known(name: &str) -> Option<&'static str> {
    const SAME: [&str; 27] = [
        "a",
        "b",
        "blockquote",
        "br",
        "code",
        "div",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "strong",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ];
    match name {
        "strike" | "del" => Some("s"),
        "tt" | "kbd" | "samp" => Some("code"),
        "section" | "article" | "header" | "footer" | "main" | "nav" | "aside" | "address" | "figure" | "center" | "dl" | "dt" | "dd" => Some("div"),
        name => SAME.into_iter().find(|same| *same == name),
    }
}

pub(super) fn is_block(name: &str) -> bool {
    matches!(name, "blockquote" | "div" | "hr" | "li" | "ol" | "p" | "pre" | "table" | "td" | "th" | "tr" | "ul") || is_heading(name)
}

pub(super) fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// Whether what begins with `<` here is a tag or a declaration.
pub(super) fn is_tag(rest: &str) -> bool {
    let rest = &rest[1..];
    rest.strip_prefix('/').unwrap_or(rest).starts_with(|c: char| c.is_ascii_alphabetic()) || rest.starts_with('!')
}

/// Where the tag at the start of `rest` ends: its `>`, outside of quoted values.
pub(super) fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    let mut after_equals = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match (byte, quote) {
            (b'>', None) => return Some(at),
            (b'"' | b'\'', None) if after_equals => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            after_equals = byte == b'=';
        }
    }
    None
}

/// The value of an attribute, references left as they are.
pub(super) fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=').filter(|end| *end > 0).unwrap_or(rest.len().min(1));
        let (key, after) = rest.split_at_checked(end)?;
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('=').map(str::trim_start) {
            None => ("", after),
            Some(value) => match value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
                Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                None => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
            },
        };
        if key.eq_ignore_ascii_case(name) {
            return is_harmless(value).then(|| value.to_owned());
        }
        rest = next;
    }
}

/// Whether an address or text runs nothing.
fn is_harmless(value: &str) -> bool {
    let start: String = value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(11).collect::<String>().to_ascii_lowercase();
    !["javascript:", "vbscript:", "data:"].iter().any(|scheme| start.starts_with(scheme)) && !start.contains('&')
}

/// Where `needle`, in lower case, begins in `text`.
pub(super) fn find_ignoring_case(text: &str, needle: &str) -> Option<usize> {
    text.match_indices("</").map(|(at, _)| at).find(|at| text.get(*at..*at + needle.len()).is_some_and(|found| found.eq_ignore_ascii_case(needle)))
}
