//! Files of ours that no record knows, because the state was lost while their documents were renamed, moved or deleted.
//!
//! Never on doubt: a file is ours only if its front matter says so and its name holds the document's id, or what its address ends with; it goes to the trash only if the document
//! lies elsewhere now, or if a complete listing of its scope lacks it and asking for it by id confirms that. Pure but for what it is handed.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustc_hash::{FxHashMap, FxHashSet};
use url::Url;

use super::book::Book;
use crate::connectors::connector::Wanted;
use crate::markdown::front_matter::{self, Identity};
use crate::markdown::slug;
use crate::model::{DocPath, Place, RemoteId, Scope};

/// A file that some earlier state knew.
pub(super) struct Orphan {
    /// Where it lies.
    pub path: DocPath,
    /// What its front matter says.
    pub of: Identity,
}

/// What to do with them.
#[derive(Default)]
pub(super) struct Sorted {
    /// Their documents lie elsewhere.
    pub duplicates: Vec<DocPath>,
    /// Nobody lists their documents: to be asked after.
    pub silent: Vec<(DocPath, Wanted)>,
}

/// The orphan at `path`, if the file that begins with `head` is one of ours.
pub(super) fn recognise(source: &str, path: DocPath, head: &[u8]) -> Option<Orphan> {
    let of = front_matter::identity(&String::from_utf8_lossy(head))?;
    // Comments of a document have its id before a `#`, and its name.
    let id = of.id.split('#').next().filter(|id| !id.is_empty())?;
    // An id that is a path ends with what the file is called at the service.
    let called = id.rsplit_once('/').map(|(_, name)| name.split('.').next().unwrap_or(name)).filter(|name| !name.is_empty());
    let stem = slug::split_ending(path.file_name()).0;
    let bears = path.file_name().contains(id) || called.is_some_and(|name| path.file_name().starts_with(name)) || ends_with_name(&of.url, stem);
    (of.source == source && bears).then_some(Orphan { path, of })
}

/// Whether a file is called as its document's address ends: `…/releases/tag/v1.2`.
fn ends_with_name(url: &str, stem: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let path = percent_decode_str(url.path()).decode_utf8_lossy();
    path.match_indices('/').any(|(at, _)| at + 1 < path.len() && slug::identity(&path[at + 1..]) == stem)
}

/// Decides by the book of a run that has listed everything and written what it could; `written` are the documents that have a file;
/// `scope_of` tells whose a document is, where its id does.
pub(super) fn sort(book: &Book, written: &FxHashSet<RemoteId>, orphans: Vec<Orphan>, scope_of: impl Fn(&RemoteId) -> Option<Scope>) -> Sorted {
    let mut sorted = Sorted::default();
    // A scope that is suddenly empty says nothing.
    let present: FxHashSet<&Scope> = book.docs.values().filter_map(|entry| entry.seen.as_ref().map(|seen| seen.place.scope())).collect();
    let open: FxHashMap<&Scope, &str> = book
        .scopes
        .iter()
        .filter_map(|(scope, entry)| {
            let (name, completion, _) = entry.listed.as_ref()?;
            (completion.is_complete() && present.contains(scope)).then_some((scope, name.as_str()))
        })
        .collect();
    for Orphan { path, of } in orphans {
        let id = RemoteId::new(&of.id);
        if written.contains(&id) {
            sorted.duplicates.push(path);
        } else if !book.docs.contains_key(&id) {
            let named = || open.iter().find(|(_, name)| **name == of.container).map(|(scope, _)| (*scope).clone());
            let Some(scope) = scope_of(&id).map_or_else(named, |scope| open.contains_key(&scope).then_some(scope)) else { continue };
            let wanted = Wanted { place: Arc::new(place(&path, &of, scope)), id, labels: false };
            sorted.silent.push((path, wanted));
        }
    }
    sorted
}

/// What can still be said of where a document was.
fn place(path: &DocPath, of: &Identity, scope: Scope) -> Place {
    Place {
        scope,
        container: path.components().take(1).map(str::to_owned).collect(),
        kind: of.kind.as_str().into(),
        title: String::new(),
        parent: None,
        stem: slug::split_ending(path.file_name()).0.to_owned(),
        ending: slug::split_ending(path.file_name()).1.into(),
        transparent: false,
        url: of.url.clone(),
        aliases: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_wrote_is_ours() {
        let head = "---\ntitle: Guide\nsource: confluence\nid: \"98411\"\ntype: page\ncontainer: ENG\n---\n\n# Guide\n";
        let ours = |path: &str, head: &str| recognise("confluence", DocPath::new(path).unwrap(), head.as_bytes()).is_some();
        assert!(ours("ENG/guide--98411.md", head));
        assert!(ours("ENG/guide--98411.comments.md", &head.replace("98411", "98411#comments")));
        // What is called after a path, wherever it lies.
        let file = head.replace("\"98411\"", "7:file/docs/setup.guide.mdx");
        assert!(ours("acme/app/docs/setup.guide.mdx", &file) && !ours("acme/app/docs/my-setup.mdx", &file));
        // What is called as its address ends.
        let release = "---\ntitle: One\nsource: confluence\nid: 7:release/12\nurl: https://g.example/a/b/releases/tag/v1.2\ntype: release\n---\n";
        assert!(ours("acme/app/_releases/v1.2.md", release) && !ours("acme/app/_releases/v1.md", release));
        // A copy under a name of its owner's, another connector's file, a note without front matter.
        assert!(!ours("ENG/my-guide.md", head));
        assert!(!ours("ENG/guide--98411.md", &head.replace("confluence", "notion")));
        assert!(!ours("ENG/guide--98411.md", "# Guide 98411\n"));
    }
}
