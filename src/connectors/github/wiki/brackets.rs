//! `[[Page]]`, `[[Text|Page]]`, `[[Text|https://…]]` and `[[/images/a.png]]`, which are links in wikis only, as links that any Markdown has. Pure.
//!
//! Destinations that are pages or files of the wiki get a scheme of our own and a number, by which whoever looks where links lead knows them. What stands in code, in
//! HTML or in a title is no link for whoever reads the text: what nobody asked about stays as it was written. So the scheme is never written.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustc_hash::FxHashSet;

use super::names::is_image;
use crate::markdown::{Authored, Target, Use};

/// Longer ones are no links.
const MOST_BYTES: usize = 1000;

/// The scheme of our own.
pub(super) const SCHEME: &str = "wiki-page:";
/// So often a text is read again, without those of its links that turned out to be none.
const ROUNDS: usize = 3;

/// What stands in a destination as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/').remove(b'~');

/// An author's text with its wiki links.
pub(super) struct Linked {
    pub(super) text: Authored,
    /// Images whose size or place on the page is said, which Markdown cannot say.
    pub(super) sized: u32,
}

/// The text of a page. `target` says what a destination means; those of wiki links come without scheme and number.
pub(super) fn read(text: &str, target: &dyn Fn(Use, &str) -> Option<Target>) -> Linked {
    let all = || Authored::links(text.to_owned(), &mut |how, destination| target(how, destination));
    if !text.contains("[[") {
        return Linked { text: all(), sized: 0 };
    }
    let mut none: FxHashSet<usize> = FxHashSet::default();
    for _ in 0..ROUNDS {
        let Turned { text, links, sized } = turned(text, &none);
        let mut seen: FxHashSet<usize> = FxHashSet::default();
        let authored = Authored::links(text, &mut |how, destination| match destination.strip_prefix(SCHEME).and_then(|rest| rest.split_once(':')) {
            Some((number, name)) => {
                seen.insert(number.parse::<usize>().ok()?);
                target(how, &format!("{SCHEME}{name}"))
            }
            None => target(how, destination),
        });
        let before = none.len();
        none.extend(links.into_iter().filter(|link| !seen.contains(link)));
        if none.len() == before {
            return Linked { text: authored, sized };
        }
    }
    Linked { text: all(), sized: 0 }
}

/// A text whose wiki links are links of Markdown.
struct Turned {
    text: String,
    /// The numbers of those that lead to the wiki.
    links: Vec<usize>,
    sized: u32,
}

/// `text` with its wiki links turned, but for those whose numbers are in `none`.
fn turned(text: &str, none: &FxHashSet<usize>) -> Turned {
    let mut turned = Turned { text: String::with_capacity(text.len() + 64), links: Vec::new(), sized: 0 };
    let mut rest = text;
    let mut number = 0;
    while let Some(at) = rest.find(['[', '\\']) {
        turned.text.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match rest.strip_prefix("[[").map(|inner| inner_of(inner).and_then(|inner| Some((inner, link(inner, number)?)))) {
            Some(Some((inner, link))) => {
                if none.contains(&number) {
                    turned.text.push_str(&rest[..inner.len() + 4]);
                } else {
                    turned.text.push_str(&link.markdown);
                    turned.links.extend(link.is_ours.then_some(number));
                    turned.sized += u32::from(link.is_sized);
                }
                number += 1;
                rest = &rest[inner.len() + 4..];
                continue;
            }
            Some(None) => 2,
            None if rest.starts_with('\\') => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            None => 1,
        };
        turned.text.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    turned.text.push_str(rest);
    turned
}

/// What stands before the next `]]` of the line; none where other brackets open before that.
fn inner_of(text: &str) -> Option<&str> {
    for (at, pair) in text.as_bytes().windows(2).take(MOST_BYTES).enumerate() {
        match pair {
            b"]]" => return Some(&text[..at]),
            b"[[" | [b'\n' | b'\r', _] => return None,
            _ => {}
        }
    }
    None
}

/// A wiki link as one of Markdown.
struct Link {
    markdown: String,
    /// It leads to the wiki, and so bears our scheme.
    is_ours: bool,
    is_sized: bool,
}

/// What stands between the brackets, as a link; none where it is none.
fn link(inner: &str, number: usize) -> Option<Link> {
    if inner.trim().is_empty() {
        return None;
    }
    // In a table the stroke is written with a backslash.
    let plain = inner.replace("\\|", "|");
    let parts: Vec<&str> = plain.split('|').map(str::trim).collect();
    let first = *parts.first()?;
    if is_image(first) && (!first.contains("://") || parts.len() == 1) {
        let alt = parts.iter().skip(1).find_map(|part| part.strip_prefix("alt=")).unwrap_or_default();
        let is_ours = !first.contains("://");
        let target = if is_ours { ours(first, number) } else { bare(first)? };
        let is_sized = parts.iter().skip(1).any(|part| !part.is_empty() && !part.starts_with("alt="));
        return Some(Link { markdown: format!("![{}]({target})", escaped(alt)), is_ours, is_sized });
    }
    let (text, target) = match parts.get(1).filter(|target| !target.is_empty()) {
        Some(target) => (first, *target),
        None => (first, first),
    };
    let is_ours = !target.contains("://") && !target.starts_with("mailto:");
    // No page is called so: these are brackets of something else, a list of lists for one.
    if is_ours && target.contains(['[', ']']) {
        return None;
    }
    let target = if is_ours { ours(target, number) } else { bare(target)? };
    Some(Link { markdown: format!("[{}]({target})", escaped(text)), is_ours, is_sized: false })
}

/// A page or file of this wiki, its fragment behind it.
fn ours(target: &str, number: usize) -> String {
    let (name, fragment) = target.split_once('#').unwrap_or((target, ""));
    let name = utf8_percent_encode(name.trim_start_matches('/'), KEPT);
    let fragment = utf8_percent_encode(fragment, KEPT);
    if target.contains('#') { format!("{SCHEME}{number}:{name}#{fragment}") } else { format!("{SCHEME}{number}:{name}") }
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
    use crate::markdown::{Resolved, Resolver};
    use crate::model::Key;

    /// Knows every page.
    struct Wiki;

    impl Resolver for Wiki {
        fn resolve(&self, key: &Key) -> Option<Resolved> {
            Some(Resolved { link: Some(key.as_str().to_owned()), title: String::new() })
        }
    }

    fn linked(text: &str) -> String {
        let target = |_, destination: &str| {
            let key = Key::new(format!("w/{}", destination.strip_prefix(SCHEME)?));
            Some(Target::Remote { key, anchor: None, fallback: None, name: String::new() })
        };
        let read = read(text, &target).text.resolved(&Wiki).into_owned();
        assert!(!read.contains(SCHEME), "{read}");
        read
    }

    #[test]
    fn links_of_wikis_become_links_of_markdown() {
        for (written, meant) in [
            ("see [[On Call]].", "see [On Call](w/On%20Call)."),
            ("[[the rota|On Call#Rota]]", "[the rota](w/On%20Call#Rota)"),
            ("[[us|https://acme.example/x]]", "[us](https://acme.example/x)"),
            ("[[us|https://acme.example/x_(y)]]", "[us](<https://acme.example/x_(y)>)"),
            ("[[/images/a b.png]]", "![](w/images/a%20b.png)"),
            ("[[images/a.png|alt=A [graph]|width=10]]", "![A \\[graph\\]](w/images/a.png)"),
            ("| [[a\\|B]] | [[c]] |", "| [a](w/B) | [c](w/c) |"),
            ("| a |\n|---|\n| [[a|B]] |", "| a |\n|---|\n| [a](w/B) |"),
            ("[[]] [[ ]] [[open", "[[]] [[ ]] [[open"),
            ("a[0][[1]]", "a[0][1](w/1)"),
            ("[[1, 2], [3, 4]] [[x](y)]", "[[1, 2], [3, 4]] [[x](y)]"),
            ("\\[[x]]", "\\[[x]]"),
            ("`[[x]]` ``a ` [[x]]`` [[x]]", "`[[x]]` ``a ` [[x]]`` [x](w/x)"),
            ("` [[x]]", "` [x](w/x)"),
            ("[[\u{e4}\u{f6}]]", "[\u{e4}\u{f6}](w/\u{e4}\u{f6})"),
            ("[[a: b]] [[c?]]", "[a: b](w/a:%20b) [c?](w/c%3F)"),
        ] {
            assert_eq!(linked(written), meant, "{written}");
        }
    }

    #[test]
    fn what_is_no_link_there_keeps_its_brackets() {
        for code in [
            "```sh\nif [[ -f x ]]; then\n```\n",
            "~~~\n[[x]]\n```\n[[x]]\n~~~~\n",
            "> ```\n> [[x]]\n> ```\n",
            "text\n\n    if [[ -f x ]]\n\n    [[x]]\n",
            "\n\tif [[ -f x ]]\n",
            "`a\n[[x]]` b",
            "<!-- [[x]] -->",
            "<div title=\"[[x]]\">\n[[x]]\n</div>",
            "[a](<y> \"[[x]]\")",
            "[[a\nb]]",
        ] {
            assert_eq!(linked(code), code);
        }
        let list = "- item\n\n    [[x]] in the item\n\ntext\n\n    [[x]]\n";
        assert_eq!(linked(list), "- item\n\n    [x](w/x) in the item\n\ntext\n\n    [[x]]\n");
        assert_eq!(linked("```\n[[x]]\n```\n[[x]]"), "```\n[[x]]\n```\n[x](w/x)");
    }

    #[test]
    fn sizes_of_images_are_counted() {
        let sized = |text: &str| read(text, &|_, _| None).sized;
        assert_eq!((sized("[[a.png|alt=x|width=10]] [[b.png|frame]]"), sized("[[a.png|alt=x]] [[b.png]] [[c]]")), (2, 0));
    }

    #[test]
    fn floods_of_brackets_take_linear_time() {
        for flood in ["[[", "[[a]] ", "[[a", "`[[a]]", "[[a]]\n\n    ", "\\[["] {
            let text = flood.repeat((1 << 18) / flood.len());
            let begun = std::time::Instant::now();
            let _ = linked(&text);
            assert!(begun.elapsed().as_secs() < 20, "{flood} took {:?}", begun.elapsed());
        }
    }
}
