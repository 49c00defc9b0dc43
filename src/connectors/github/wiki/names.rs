//! Names in a wiki: which files are pages, in which form, and how links name them. Pure.

use unicode_normalization::UnicodeNormalization as _;

/// A file that is a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page<'p> {
    /// From the wiki's root.
    pub(super) path: &'p str,
    /// The file's name without its ending: what its address shows.
    pub(super) name: &'p str,
    /// With the dot.
    pub(super) ending: &'p str,
}

/// Endings of pages that are Markdown.
const MARKDOWN: [&str; 4] = ["md", "markdown", "mkd", "mkdn"];
/// Endings of pages in other forms, which are kept as they are.
const OTHERS: [&str; 12] = ["mediawiki", "wiki", "org", "rst", "rest", "textile", "asciidoc", "adoc", "asc", "creole", "rdoc", "pod"];
/// Endings of images.
const IMAGES: [&str; 9] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "bmp", "ico"];
/// Pages that stand around every page, and are none.
const AROUND: [&str; 3] = ["_sidebar", "_footer", "_header"];

/// The page that a file is, if it is one.
pub(super) fn page(path: &str) -> Option<Page<'_>> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let dot = file.rfind('.').filter(|dot| *dot > 0)?;
    let (name, ending) = file.split_at(dot);
    let known = is_markdown(ending) || OTHERS.iter().any(|other| ending[1..].eq_ignore_ascii_case(other));
    let around = AROUND.iter().any(|around| name.eq_ignore_ascii_case(around));
    (known && !around).then_some(Page { path, name, ending })
}

/// Whether an ending, with its dot, is one of Markdown.
pub(super) fn is_markdown(ending: &str) -> bool {
    ending.strip_prefix('.').is_some_and(|ending| MARKDOWN.iter().any(|markdown| ending.eq_ignore_ascii_case(markdown)))
}

/// Whether a path is that of an image.
pub(super) fn is_image(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').is_some_and(|(name, ending)| !name.is_empty() && IMAGES.iter().any(|image| ending.eq_ignore_ascii_case(image)))
}

/// What people call a page.
pub(super) fn title(name: &str) -> String {
    name.replace('-', " ")
}

/// A page's name as links compare it: folders do not count, nor upper and lower case, nor how an accent is spelled, and a space is a `-`.
pub(super) fn folded(name: &str) -> String {
    let name = name.trim().trim_matches('/');
    let name = name.rsplit('/').next().unwrap_or(name);
    let name = page(name).map_or(name, |page| page.name);
    name.nfc().collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_told_by_their_endings_and_what_stands_around_them_is_none() {
        for (path, name, ending) in
            [("Home.md", "Home", ".md"), ("ops/On-Call.MediaWiki", "On-Call", ".MediaWiki"), ("v1.2-notes.rst", "v1.2-notes", ".rst")]
        {
            assert_eq!(page(path), Some(Page { path, name, ending }));
        }
        for none in ["_Sidebar.md", "_footer.markdown", "ops/_Header.org", ".md", "Makefile", "images/a.png", "notes.txt.bak"] {
            assert_eq!(page(none), None, "{none}");
        }
        assert!(is_image("images/A.PNG") && !is_image("png") && !is_image(".png") && !is_image("Home.md"));
        assert!(is_markdown(".MKD") && !is_markdown("md"));
    }

    #[test]
    fn a_link_names_a_page_however_it_is_spelled() {
        for spelled in ["On-Call", "on call", " On Call ", "/ops/On-Call", "On-Call.md"] {
            assert_eq!(folded(spelled), "on-call", "{spelled}");
        }
        assert_eq!(folded("v1.2"), "v1.2");
        assert_eq!(folded("U\u{308}ber"), folded("\u{dc}ber"));
        assert_eq!(title("On-Call"), "On Call");
    }
}
