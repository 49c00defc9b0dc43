//! Where a document lies: a pure function of its place and its ancestors' places.
//!
//! Knows no disk and no state. A parent that is not known (a restricted page) ends the chain: the document then lies below its nearest known ancestor,
//! or at the top of its container.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::packed::Packed;
use crate::markdown::slug;
use crate::model::{DocPath, PathError, RemoteId};

/// A document's path as a large site can afford it: neighbours share the folder, and the name is that of the place unless it is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    folder: Arc<str>,
    name: Option<Box<str>>,
}

impl Spot {
    /// `path` for the document at `place`; `folders` are those that are held already.
    pub(super) fn new(path: &DocPath, place: &Packed, folders: &mut FxHashSet<Arc<str>>) -> Self {
        let folder = match folders.get(path.folder()) {
            Some(folder) => Arc::clone(folder),
            None => {
                let folder: Arc<str> = path.folder().into();
                folders.insert(Arc::clone(&folder));
                folder
            }
        };
        let usual = path.file_name().strip_suffix(place.ending()) == Some(place.stem());
        Self { folder, name: (!usual).then(|| path.file_name().into()) }
    }

    /// The path again; `place` is the one that it was made for.
    pub(super) fn path(&self, place: &Packed) -> Option<DocPath> {
        // Parts of a path make a path.
        DocPath::new(&if self.folder.is_empty() { self.name(place).into_owned() } else { format!("{}/{}", self.folder, self.name(place)) }).ok()
    }

    /// The folder; empty at the top.
    pub(super) fn folder(&self) -> &str {
        &self.folder
    }

    /// The folder, to be shared.
    pub(super) fn shared_folder(&self) -> Arc<str> {
        Arc::clone(&self.folder)
    }

    /// Whether both are one path.
    pub(super) fn is(&self, place: &Packed, other: &Self, other_place: &Packed) -> bool {
        self.folder == other.folder && self.name(place) == other.name(other_place)
    }

    /// How a file at `from` links to this one.
    pub(super) fn link(&self, from: &DocPath, place: &Packed) -> String {
        from.link_into(&self.folder, &self.name(place))
    }

    /// The file's name.
    pub(super) fn name<'p>(&'p self, place: &'p Packed) -> Cow<'p, str> {
        self.name.as_deref().map_or_else(|| format!("{}{}", place.stem(), place.ending()).into(), Cow::Borrowed)
    }
}

/// At most so many ancestors become folders; deeper documents lie in the last one's folder.
pub(super) const MAX_FOLDERS: usize = 12;

/// A chain longer than this is a cycle, or as good as one.
const MAX_CHAIN: usize = 1000;

/// Looks up places.
pub(super) trait Places {
    /// The place of a document or node.
    fn place(&self, id: &RemoteId) -> Option<&Arc<Packed>>;
}

/// The ancestors of `place`, outermost first.
pub(super) fn ancestors<'p>(places: &'p impl Places, place: &'p Packed) -> Vec<&'p Arc<Packed>> {
    let mut chain: Vec<&Arc<Packed>> = Vec::new();
    let mut parent = place.parent();
    while let Some(id) = parent {
        let Some(next) = places.place(id) else { break };
        // A parent in another scope is a page that is being moved; its container would not hold this document.
        if next.scope() != place.scope() || chain.len() >= MAX_CHAIN || std::ptr::eq(next.as_ref(), place) {
            break;
        }
        chain.push(next);
        parent = next.parent();
    }
    if chain.len() >= MAX_CHAIN {
        chain.clear();
    }
    chain.reverse();
    chain
}

/// The path of the document at `place`.
///
/// # Errors
/// When a component that the connector gave is unsafe.
pub(super) fn path(place: &Packed, ancestors: &[&Arc<Packed>]) -> Result<DocPath, PathError> {
    harmless(DocPath::new(&joined(place, ancestors))?)
}

/// Lets no path pass that an assistant would take for its instructions, whatever connector gave it: to name such a file otherwise is the connector's.
///
/// # Errors
/// When a component is the name of such a file or folder.
pub(super) fn harmless(path: DocPath) -> Result<DocPath, PathError> {
    if path.components().any(slug::is_instruction_file) {
        return Err(PathError { path: path.to_string(), why: "assistants take what is called so for their instructions" });
    }
    Ok(path)
}

fn joined(place: &Packed, ancestors: &[&Arc<Packed>]) -> String {
    let mut path = String::new();
    for component in place.container().iter() {
        path.push_str(component);
        path.push('/');
    }
    for ancestor in ancestors.iter().filter(|a| !a.is_transparent()).take(MAX_FOLDERS) {
        path.push_str(ancestor.stem());
        path.push('/');
    }
    path.push_str(place.stem());
    path.push_str(place.ending());
    path
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::packed::Commons;
    use super::*;
    use crate::model::{Place, Scope};

    struct Map(HashMap<RemoteId, Arc<Packed>>);

    impl Places for Map {
        fn place(&self, id: &RemoteId) -> Option<&Arc<Packed>> {
            self.0.get(id)
        }
    }

    fn place(id: &str, parent: Option<&str>, transparent: bool) -> Arc<Packed> {
        Arc::new(Commons::default().pack(Place {
            scope: Scope::new("1"),
            container: vec!["ENG".to_owned()].into(),
            kind: "page".into(),
            title: id.to_owned(),
            parent: parent.map(RemoteId::new),
            stem: format!("{id}--{id}"),
            ending: ".md".into(),
            transparent,
            url: String::new(),
            aliases: Vec::new(),
        }))
    }

    fn map(places: &[Arc<Packed>]) -> Map {
        Map(places.iter().map(|p| (RemoteId::new(p.title()), Arc::clone(p))).collect())
    }

    fn path_of(map: &Map, id: &str) -> String {
        let place = &map.0[&RemoteId::new(id)];
        path(place, &ancestors(map, place)).unwrap().to_string()
    }

    #[test]
    fn children_lie_below_their_parents_but_not_below_the_home_page() {
        let map =
            map(&[place("home", None, true), place("a", Some("home"), false), place("b", Some("a"), false), place("lost", Some("hidden"), false)]);
        assert_eq!(path_of(&map, "home"), "ENG/home--home.md");
        assert_eq!(path_of(&map, "a"), "ENG/a--a.md");
        assert_eq!(path_of(&map, "b"), "ENG/a--a/b--b.md");
        assert_eq!(path_of(&map, "lost"), "ENG/lost--lost.md");
    }

    #[test]
    fn no_connector_can_place_what_assistants_take_for_instructions() {
        let odd = |stem: &str, container: &str| {
            let plain = place("a", None, false).unpack();
            Commons::default().pack(Place { stem: stem.to_owned(), container: vec![container.to_owned()].into(), ..plain })
        };
        for place in [odd("AGENTS", "owner"), odd("x.prompt", "owner"), odd("x", ".cursor")] {
            assert!(path(&place, &[]).unwrap_err().why.contains("instructions"), "{place:?}");
        }
        assert!(path(&odd("AGENTS.synced", "owner"), &[]).is_ok());
    }

    #[test]
    fn a_spot_gives_back_the_path_it_was_made_of() {
        let mut folders = FxHashSet::default();
        let place = place("a", None, false);
        for path in ["ENG/a--a.md", "ENG/earlier.md", "a--a.md", "ENG/x/a--a.txt"] {
            let path = DocPath::new(path).unwrap();
            let spot = Spot::new(&path, &place, &mut folders);
            assert_eq!(spot.path(&place), Some(path.clone()));
            let from = DocPath::new("ENG/x/from.md").unwrap();
            assert_eq!(spot.link(&from, &place), from.link_to(&path));
        }
        assert_eq!(folders.len(), 3);
    }

    #[test]
    fn depth_is_bounded_and_a_cycle_ends() {
        let mut places = vec![place("0", None, false)];
        for i in 1..40 {
            places.push(place(&i.to_string(), Some(&(i - 1).to_string()), false));
        }
        let deep = map(&places);
        assert_eq!(path_of(&deep, "39").matches('/').count(), 1 + MAX_FOLDERS);
        assert!(path_of(&deep, "39").starts_with("ENG/0--0/1--1/"));
        let cycle = map(&[place("x", Some("y"), false), place("y", Some("x"), false)]);
        assert!(path_of(&cycle, "x").ends_with("x--x.md"));
    }
}
