//! `[[Page]]`, `[[Text|Page]]`, `[[Text|https://…]]` and `[[/images/a.png]]`, which are links in wikis only, as links that any Markdown has. Pure.
//!
//! What stands in code is left as it is. Destinations that are pages or files of the wiki get a scheme of our own, so that whoever looks where links lead knows them;
//! it is never written, as each of them is resolved or made absolute.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::names::is_image;

/// The scheme of our own.
pub(super) const SCHEME: &str = "wiki-page:";

/// What stands in a destination as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/').remove(b'~');

/// `text` with its wiki links as links of Markdown.
pub(super) fn linked(text: &str) -> Cow<'_, str> {
    if !text.contains("[[") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 64);
    let mut code = Code::default();
    for line in text.split_inclusive('\n') {
        if code.takes(line) {
            out.push_str(line);
        } else {
            in_line(line, &mut out);
        }
    }
    Cow::Owned(out)
}

/// Blocks of code, line by line.
#[derive(Default)]
struct Code {
    /// The fence that is open: its character and length.
    fence: Option<(char, usize)>,
    /// The line before was empty, or indented code.
    may_indent: bool,
    /// A list is open, so that indented lines belong to its items.
    list: bool,
}

impl Code {
    fn takes(&mut self, line: &str) -> bool {
        let bare = line.trim_end();
        // Quotes and lists may hold fences, too.
        let inner = bare.trim_start_matches([' ', '\t', '>']);
        let mark = inner.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = mark.map_or(0, |mark| inner.chars().take_while(|c| *c == mark).count());
        if let Some((open, least)) = self.fence {
            if mark == Some(open) && length >= least && inner.chars().all(|c| c == open) {
                self.fence = None;
            }
            return true;
        }
        if let Some(mark) = mark.filter(|mark| length >= 3 && !(*mark == '`' && inner[length..].contains('`'))) {
            self.fence = Some((mark, length));
            return true;
        }
        if bare.is_empty() {
            self.may_indent = true;
            return false;
        }
        let indented = line.starts_with("    ") || line.starts_with('\t');
        if !indented {
            let item = inner.trim_start_matches(|c: char| c.is_ascii_digit());
            let dot = item.len() < inner.len() && (item.starts_with(". ") || item.starts_with(") "));
            let bullet = ["- ", "* ", "+ "].iter().any(|bullet| inner.starts_with(bullet));
            // A line behind an item belongs to it, one behind an empty line does not.
            self.list = dot || bullet || (self.list && (!self.may_indent || line.starts_with(' ')));
        }
        let code = indented && self.may_indent && !self.list;
        self.may_indent = code;
        code
    }
}

/// Copies one line, its links turned, its code as it is.
fn in_line(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find(['`', '[', '\\']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match rest.as_bytes()[0] {
            b'`' => {
                let length = rest.bytes().take_while(|byte| *byte == b'`').count();
                length + closing(&rest[length..], length).unwrap_or(0)
            }
            b'\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => match rest.strip_prefix("[[").and_then(|inner| inner.find("]]").map(|end| &inner[..end])) {
                Some(inner) => match link(inner) {
                    Some(link) => {
                        out.push_str(&link);
                        rest = &rest[inner.len() + 4..];
                        continue;
                    }
                    None => 2,
                },
                None => 1,
            },
        };
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out.push_str(rest);
}

/// Where a span of code ends that began with so many backticks: the length up to and with its end.
fn closing(text: &str, length: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = text[at..].find('`') {
        let run = text[at + next..].bytes().take_while(|byte| *byte == b'`').count();
        at += next + run;
        if run == length {
            return Some(at);
        }
    }
    None
}

/// What stands between the brackets, as a link; none where it is none.
fn link(inner: &str) -> Option<String> {
    if inner.trim().is_empty() || inner.contains('\n') || inner.contains("[[") {
        return None;
    }
    // In a table the stroke is written with a backslash.
    let plain = inner.replace("\\|", "|");
    let parts: Vec<&str> = plain.split('|').map(str::trim).collect();
    let first = *parts.first()?;
    if is_image(first) && (!first.contains("://") || parts.len() == 1) {
        let alt = parts.iter().skip(1).find_map(|part| part.strip_prefix("alt=")).unwrap_or_default();
        let target = if first.contains("://") { first.to_owned() } else { ours(first) };
        return Some(format!("![{}]({target})", escaped(alt)));
    }
    let (text, target) = match parts.get(1).filter(|target| !target.is_empty()) {
        Some(target) => (first, *target),
        None => (first, first),
    };
    let target = if target.contains("://") || target.starts_with("mailto:") { bare(target)? } else { ours(target) };
    Some(format!("[{}]({target})", escaped(text)))
}

/// A page or file of this wiki, its fragment behind it.
fn ours(target: &str) -> String {
    let (name, fragment) = target.split_once('#').unwrap_or((target, ""));
    let name = utf8_percent_encode(name.trim_start_matches('/'), KEPT);
    let fragment = utf8_percent_encode(fragment, KEPT);
    if target.contains('#') { format!("{SCHEME}{name}#{fragment}") } else { format!("{SCHEME}{name}") }
}

/// An address as it is, unless it would end the destination.
fn bare(address: &str) -> Option<String> {
    (!address.contains(['(', ')', '<', '>', ' ', '\t'])).then(|| address.to_owned()).or_else(|| {
        let odd = address.contains(['<', '>', '\n']);
        (!odd).then(|| format!("<{address}>"))
    })
}

/// Text that shows itself.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_wikis_become_links_of_markdown() {
        for (written, meant) in [
            ("see [[On Call]].", "see [On Call](wiki-page:On%20Call)."),
            ("[[the rota|On Call#Rota]]", "[the rota](wiki-page:On%20Call#Rota)"),
            ("[[us|https://acme.example/x]]", "[us](https://acme.example/x)"),
            ("[[us|https://acme.example/x_(y)]]", "[us](<https://acme.example/x_(y)>)"),
            ("[[/images/a b.png]]", "![](wiki-page:images/a%20b.png)"),
            ("[[images/a.png|alt=A [graph]|width=10]]", "![A \\[graph\\]](wiki-page:images/a.png)"),
            ("| [[a\\|B]] | [[c]] |", "| [a](wiki-page:B) | [c](wiki-page:c) |"),
            ("[[]] [[ ]] [[open", "[[]] [[ ]] [[open"),
            ("a[0][[1]]", "a[0][1](wiki-page:1)"),
            ("\\[[x]]", "\\[[x]]"),
            ("`[[x]]` ``a ` [[x]]`` [[x]]", "`[[x]]` ``a ` [[x]]`` [x](wiki-page:x)"),
            ("` [[x]]", "` [x](wiki-page:x)"),
            ("[[\u{e4}\u{f6}]]", "[\u{e4}\u{f6}](wiki-page:%C3%A4%C3%B6)"),
        ] {
            assert_eq!(linked(written), meant, "{written}");
        }
    }

    #[test]
    fn code_keeps_its_brackets() {
        for code in [
            "```sh\nif [[ -f x ]]; then\n```\n",
            "~~~\n[[x]]\n```\n[[x]]\n~~~~\n",
            "> ```\n> [[x]]\n> ```\n",
            "text\n\n    if [[ -f x ]]\n\n    [[x]]\n",
            "\tif [[ -f x ]]\n",
        ] {
            let code = if code.starts_with('\t') { format!("\n{code}") } else { code.to_owned() };
            assert_eq!(linked(&code), code);
        }
        let list = "- item\n\n    [[x]] in the item\n\ntext\n\n    [[x]]\n";
        assert_eq!(linked(list), "- item\n\n    [x](wiki-page:x) in the item\n\ntext\n\n    [[x]]\n");
        assert_eq!(linked("```\n[[x]]\n```\n[[x]]"), "```\n[[x]]\n```\n[x](wiki-page:x)");
    }
}
