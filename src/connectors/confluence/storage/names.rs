//! What is known of element names: which are no typing of a user's, which stand in running text, which hold others together.

/// Whether `name` is an element of Confluence's or of HTML's, and not a `<placeholder>` that somebody typed.
pub(super) fn is_known(name: &str) -> bool {
    name.contains(':') || is_inline(name) || is_void(name) || HTML.contains(&name)
}

/// Whether an element may stand within a word: what is left of it, if it goes, is no gap.
pub(super) fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "acronym"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "del"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "mark"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "ac:inline-comment-marker"
            | "ac:link"
            | "ac:link-body"
            | "ac:plain-text-link-body"
    )
}

/// Whether an element has no content and needs no end tag.
pub(super) fn is_void(name: &str) -> bool {
    matches!(name, "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta" | "param" | "source" | "track" | "wbr")
}

/// Whether an element holds its content together: the end tag of something within does not close what is around it.
pub(super) fn is_barrier(name: &str) -> bool {
    matches!(
        name,
        "table"
            | "td"
            | "th"
            | "ul"
            | "ol"
            | "li"
            | "ac:structured-macro"
            | "ac:macro"
            | "ac:rich-text-body"
            | "ac:layout-cell"
            | "ac:task-body"
            | "ac:adf-content"
            | "ac:adf-fallback"
    )
}

/// Whether an open `open` ends where `next` begins: neither stands directly within the other in any well-formed body.
pub(super) fn ends_before(open: &str, next: &str) -> bool {
    match open {
        "p" => next == "p",
        "li" => next == "li",
        "td" | "th" => matches!(next, "td" | "th" | "tr"),
        "tr" => next == "tr",
        "dt" | "dd" => matches!(next, "dt" | "dd"),
        "ac:parameter" => matches!(next, "ac:parameter" | "ac:rich-text-body" | "ac:plain-text-body"),
        _ => false,
    }
}

/// `name`, or in lower case if it is then one of the names of HTML that pages are made of: imports of old have `<P>`.
pub(super) fn canonical(name: &str) -> &str {
    if !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return name;
    }
    let common = ["a", "b", "br", "code", "em", "hr", "i", "img", "s", "span", "strong", "sub", "sup", "u"];
    common.into_iter().chain(HTML).find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name)
}

/// HTML's elements that are neither void nor in running text.
const HTML: [&str; 62] = [
    "address",
    "article",
    "aside",
    "audio",
    "blockquote",
    "body",
    "button",
    "canvas",
    "caption",
    "center",
    "colgroup",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "html",
    "iframe",
    "label",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "noscript",
    "object",
    "ol",
    "optgroup",
    "option",
    "p",
    "pre",
    "script",
    "section",
    "select",
    "style",
    "summary",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];
