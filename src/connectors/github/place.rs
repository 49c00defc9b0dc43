//! Where things of a repository lie on disk, and what they are called.

use crate::markdown::slug::path_component;

/// Folders of ours in a repository's folder: its own of these names are called otherwise.
const OURS: [&str; 4] = ["_wiki", "_discussions", "_issues", "_releases"];
/// How these are called.
const OTHERWISE: &str = ".repository";

/// A name as a component of a path below the connector's folder.
pub(super) fn component(name: &str) -> String {
    path_component(name.as_bytes())
}

/// The folder of a folder of a repository; `is_top` where it lies in the root. No two names give one.
pub(super) fn folder(name: &str, is_top: bool) -> String {
    let mut plain = name;
    while let Some(shorter) = plain.strip_suffix(OTHERWISE) {
        plain = shorter;
    }
    if is_top && OURS.iter().any(|ours| plain.eq_ignore_ascii_case(ours)) { format!("{name}{OTHERWISE}") } else { component(name) }
}

/// The components of a folder below the connector's folder.
pub(super) fn folders(repository: &[String; 2], path: &str) -> Vec<String> {
    let below = path.split('/').filter(|name| !name.is_empty()).enumerate().map(|(at, name)| folder(name, at == 0));
    repository.iter().cloned().chain(below).collect()
}

/// Whether a path of a repository can be one of ours at all: no name in it leads elsewhere, and it is not deeper than file systems bear.
pub(super) fn is_sound(path: &str) -> bool {
    let names = || path.split('/');
    !path.is_empty()
        && path.len() <= 1500
        && names().count() <= 40
        && names().all(|name| !matches!(name, "" | "." | "..") && !name.eq_ignore_ascii_case(".git"))
        && !path.contains(['\0', '\u{fffd}'])
}

/// The folder that a path lies in; empty for the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Where a path leads that is written in a folder; none where it leads out of the repository.
pub(super) fn joined(folder: &str, written: &str) -> Option<String> {
    let mut names: Vec<&str> = if written.starts_with('/') { Vec::new() } else { folder.split('/').filter(|name| !name.is_empty()).collect() };
    for name in written.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_ours_are_nobodys() {
        let of = [String::from("acme"), String::from("app")];
        assert_eq!(folders(&of, "docs/_wiki"), ["acme", "app", "docs", "_wiki"]);
        assert_eq!(folders(&of, "_wiki/a"), ["acme", "app", "_wiki.repository", "a"]);
        assert_eq!(folders(&of, "_WIKI"), ["acme", "app", "_WIKI.repository"]);
        assert_ne!(folder("_wiki", true), folder("_wiki.repository", true), "no two share one");
        assert_eq!(folders(&of, ""), ["acme", "app"]);
    }

    #[test]
    fn paths_that_lead_elsewhere_are_none() {
        for odd in ["", "/a", "a//b", "../a", "a/./b", ".git/config", "a/.GIT/x", "a\0b", &"a/".repeat(60)] {
            assert!(!is_sound(odd), "{odd}");
        }
        assert!(is_sound("docs/a b/.github/\u{e4}.md"));
        assert_eq!(joined("docs/a", "../b.md").as_deref(), Some("docs/b.md"));
        assert_eq!(joined("docs", "/b.md").as_deref(), Some("b.md"));
        assert_eq!(joined("docs", "../.."), None);
        assert_eq!(joined("docs", "..").as_deref(), Some(""));
    }
}
