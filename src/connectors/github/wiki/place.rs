//! Where a page and an image of a wiki lie, and by which keys others find them. Pure.

use std::fmt::Write as _;
use std::sync::Arc;

use super::names::{self, Page};
use crate::connectors::github::place::component;
use crate::connectors::github::repository::{Part, Repository, encoded};
use crate::markdown::slug;
use crate::model::{ContentHash, Key, Place, RemoteId};

/// The folder of a repository's wiki.
const FOLDER: &str = "_wiki";
/// So much of a path's SHA-256 stands in a name that could not stay as it is; names of such a form never stay.
const FINGERPRINT_BYTES: usize = 12;

/// A page's id.
pub(super) fn id(repository: u64, path: &str) -> RemoteId {
    RemoteId::new(format!("{repository}:wiki/{path}"))
}

/// The key of a page by its folded name.
pub(super) fn key(repository: u64, folded: &str) -> Key {
    Key::new(format!("wiki:{repository}:{folded}"))
}

/// The key of a page for whoever knows only what the repository is called: `owner/name` in lower case.
pub(super) fn key_by_name(full_name: &str, folded: &str) -> Key {
    Key::new(format!("wiki:{full_name}:{folded}"))
}

/// The key of an image.
pub(super) fn image_key(repository: u64, path: &str) -> Key {
    Key::new(format!("file:wiki:{repository}:{path}"))
}

/// A page's web address: folders are not in it.
pub(super) fn url(html_url: &str, name: &str) -> String {
    format!("{html_url}/wiki/{}", encoded(name))
}

/// The place of a page. `first` is false where another page of the same name stands before it: links then lead to that one. `alone` is false where another page
/// before it would lie at the same place on a disk that does not tell upper from lower case.
pub(super) fn of(repository: &Repository, page: &Page<'_>, first: bool, alone: bool) -> Place {
    let name = page.path.rsplit('/').next().unwrap_or(page.path);
    let file = if alone { component(name) } else { slug::guard_instruction_file(&marked(&slug::file_name(name), page.path)) };
    // The ending is what it was, whatever became of the name.
    let stem = file.strip_suffix(page.ending).unwrap_or(&file).to_owned();
    let folded = names::folded(page.name);
    let aliases = if first { vec![key(repository.id, &folded), key_by_name(&repository.key(), &folded)] } else { Vec::new() };
    Place {
        scope: repository.scope(Part::Wiki),
        container: folder(repository, page.path).into(),
        kind: Arc::from("wiki"),
        title: names::title(page.name),
        parent: None,
        stem,
        ending: page.ending.into(),
        transparent: false,
        url: url(&repository.html_url, page.name),
        aliases,
    }
}

/// The folder of a file of the wiki.
pub(super) fn folder(repository: &Repository, path: &str) -> Vec<String> {
    let [owner, name] = &repository.folder;
    let mut folder = vec![owner.clone(), name.clone(), FOLDER.to_owned()];
    if let Some((above, _)) = path.rsplit_once('/') {
        folder.extend(above.split('/').map(component));
    }
    folder
}

/// `safe` with a fingerprint of `name` before its ending.
fn marked(safe: &str, name: &str) -> String {
    let (before, ending) = slug::split_ending(safe);
    let mut marked = format!("{before}+");
    for byte in &ContentHash::of(name.as_bytes()).0[..FINGERPRINT_BYTES] {
        let _ = write!(marked, "{byte:02x}");
    }
    marked + ending
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::github::wiki::tests::repository;

    fn path(file: &str) -> String {
        let page = names::page(file).unwrap();
        let place = of(&repository(), &page, true, true);
        format!("{}/{}{}", place.container.join("/"), place.stem, place.ending)
    }

    #[test]
    fn pages_lie_as_in_the_wiki_under_names_that_are_safe() {
        for (file, lies) in [
            ("Home.md", "acme/app/_wiki/Home.md"),
            ("ops/On-Call.mediawiki", "acme/app/_wiki/ops/On-Call.mediawiki"),
            ("AGENTS.md", "acme/app/_wiki/AGENTS.synced.md"),
            (".claude/Page.md", "acme/app/_wiki/.claude.synced/Page.md"),
        ] {
            assert_eq!(path(file), lies);
        }
        let odd = ["a\nb.md", "a b.md", "a\tb.md", "a\u{202e}b.md", "ab.md", "../x.md", "x.md", "..md.md"].map(path);
        for (at, one) in odd.iter().enumerate() {
            assert!(!odd[..at].contains(one), "{one} twice");
            assert!(one.split('/').all(|part| crate::model::component_is_safe(part).is_ok()), "{one}");
        }
        let long = path(&format!("{}.markdown", "x".repeat(3000)));
        assert!(long.split('/').all(|part| part.len() < 200) && long.ends_with(".markdown"));
    }

    #[test]
    fn names_that_differ_in_case_only_have_files_that_differ_in_more() {
        let page = names::page("HOME.md").unwrap();
        let place = of(&repository(), &page, false, false);
        assert!(place.stem.starts_with("HOME+") && place.ending.as_ref() == ".md", "{place:?}");
    }

    #[test]
    fn a_page_is_found_by_its_name() {
        let page = names::page("ops/On-Call.md").unwrap();
        let place = of(&repository(), &page, true, true);
        assert_eq!(place.aliases, [Key::new("wiki:7:on-call"), Key::new("wiki:acme/app:on-call")]);
        assert_eq!(place.url, "https://github.com/Acme/App/wiki/On-Call");
        assert_eq!(place.title, "On Call");
        assert!(of(&repository(), &page, false, true).aliases.is_empty());
    }
}
