//! Which files of a repository are documents, and which may be shown by them.

use super::globs::Globs;
use super::place::parent;

/// Endings of documentation, in the order in which a folder's README is chosen.
const DOCUMENTS: [&str; 19] = [
    "md",
    "markdown",
    "mdown",
    "mkd",
    "mdx",
    "rst",
    "rest",
    "adoc",
    "asciidoc",
    "asc",
    "org",
    "textile",
    "rdoc",
    "pod",
    "creole",
    "mediawiki",
    "wiki",
    "txt",
    "text",
];
/// Of these, those that are Markdown.
const MARKDOWN: [&str; 5] = ["md", "markdown", "mdown", "mkd", "mdx"];
/// Endings of images.
const IMAGES: [&str; 10] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "bmp", "ico", "apng"];
/// The folder whose README GitHub shows, besides the root's.
const GITHUB: &str = ".github";

/// What the configuration asks for of a repository's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) files: Globs,
    pub(super) images: Globs,
}

impl Choice {
    /// Whether a file is a document: its pattern and its ending say so, or it is a README where one is looked for.
    pub(super) fn is_document(&self, path: &str) -> bool {
        if is_readme(path) {
            let folder = parent(path);
            let looked_for = folder.is_empty() || folder == GITHUB || self.files.may_match_below(folder);
            return (looked_for && !self.files.leaves_out(path) && is_documentation_or_bare(path))
                || self.files.matches(path) && is_documentation_or_bare(path);
        }
        self.files.matches(path) && (ending(path).is_some_and(|ending| DOCUMENTS.contains(&ending.as_str())) || self.files.names_ending(path))
    }

    /// Whether a file may be shown by a document.
    pub(super) fn is_image(&self, path: &str) -> bool {
        is_picture(path) && self.images.matches(path)
    }

    /// Whether anything in a folder or below it can be wanted.
    pub(super) fn looks_into(&self, folder: &str) -> bool {
        folder == GITHUB || self.files.may_match_below(folder) || self.images.may_match_below(folder)
    }

    /// Whether a folder is best listed with all that is below it. The root only if everything may be wanted.
    pub(super) fn lists_below(&self, folder: &str) -> bool {
        match folder {
            "" => self.files.begins_anywhere() || self.images.begins_anywhere(),
            folder => self.files.go_deeper(folder) || self.images.go_deeper(folder),
        }
    }
}

/// A file's ending in lower case.
pub(super) fn ending(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ending)| ending.to_ascii_lowercase())
}

/// Whether a file is an image, by its ending.
pub(super) fn is_picture(path: &str) -> bool {
    ending(path).is_some_and(|ending| IMAGES.contains(&ending.as_str()))
}

/// Whether a file is Markdown.
pub(super) fn is_markdown(path: &str) -> bool {
    ending(path).is_some_and(|ending| MARKDOWN.contains(&ending.as_str()))
}

/// Whether a file is what people see first in its folder.
pub(super) fn is_readme(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    name == "readme" || name.starts_with("readme.")
}

fn is_documentation_or_bare(path: &str) -> bool {
    ending(path).is_none_or(|ending| DOCUMENTS.contains(&ending.as_str()))
}

/// Of several READMEs in a folder the least is shown: `README.md` before `README.de.md`, which may say the same in another language.
pub(super) fn readme_rank(path: &str) -> (usize, usize) {
    let name = path.rsplit('/').next().unwrap_or_default();
    let form = ending(path).and_then(|ending| DOCUMENTS.iter().position(|known| *known == ending)).unwrap_or(DOCUMENTS.len());
    (name.matches('.').count().saturating_sub(1), form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(files: &[&str]) -> Choice {
        let list = |given: &[&str]| given.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>();
        Choice { files: Globs::new(&list(files)).unwrap(), images: Globs::new(&list(&["docs/**", "*"])).unwrap() }
    }

    #[test]
    fn documents_are_known_by_pattern_and_ending() {
        let usual = choice(&["docs/**", "*.md", "*.mdx", "*.rst", "*.adoc"]);
        for (path, is) in [
            ("README.md", true),
            ("README", true),
            ("Readme.rst", true),
            (".github/README.md", true),
            ("CONTRIBUTING.md", true),
            ("docs/a/b.rst", true),
            ("docs/README", true),
            ("docs/conf.py", false),
            ("docs/openapi.yaml", false),
            ("docs/a.png", false),
            ("src/README.md", false),
            ("src/a.md", false),
            (".github/ISSUE_TEMPLATE.md", false),
            ("docs/readme.exe", false),
        ] {
            assert_eq!(usual.is_document(path), is, "{path}");
        }
        assert!(choice(&["openapi/*.yaml"]).is_document("openapi/a.yaml"));
        assert!(!choice(&["docs/**", "!docs/README.md"]).is_document("docs/README.md"));
        assert!(usual.is_image("logo.SVG") && usual.is_image("docs/img/a.png") && !usual.is_image("src/a.png") && !usual.is_image("a.md"));
    }

    #[test]
    fn only_folders_that_can_hold_something_are_looked_into() {
        let usual = choice(&["docs/**", "*.md"]);
        assert!(usual.looks_into("docs") && usual.looks_into(".github") && !usual.looks_into("src"));
        assert!(usual.lists_below("docs") && !usual.lists_below("") && !usual.lists_below(".github"));
        assert!(choice(&["**/*.md"]).lists_below(""));
    }

    #[test]
    fn of_several_readmes_the_markdown_is_shown() {
        assert!(readme_rank("README.md") < readme_rank("README.rst") && readme_rank("README.txt") < readme_rank("README"));
        assert!(readme_rank("docs/v1.0/README.md") < readme_rank("docs/v1.0/README.de.md") && readme_rank("README") < readme_rank("README.de.md"));
    }
}
