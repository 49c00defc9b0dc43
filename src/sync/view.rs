//! What a document's file depends on besides its own body: where everything lies and what it is called, as one snapshot.
//!
//! Pure. [`View::context`] folds all of it that one document uses into one number: a record whose number differs from today's is stale, whatever the
//! reason (a rename, a move, a label, a link target that appeared), and is written again from its raw body without a request.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::index::Index;
use super::layout::{self, Places, Spot};
use super::packed::Packed;
use crate::markdown::{Resolved, Resolver};
use crate::model::{AssetRef, ContentHash, DocPath, Key, Owner, RemoteId, Scope};

/// A better reader or writer comes with a new version, and makes every record stale.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// The snapshot.
#[derive(Default)]
pub(super) struct View {
    /// Documents that stay or come.
    pub docs: FxHashMap<RemoteId, DocView>,
    /// Folders of the tree that are no documents.
    pub nodes: FxHashMap<RemoteId, Arc<Packed>>,
    /// What each key means, but for those of documents by their ids.
    pub(super) keys: FxHashMap<Mark, Referent>,
    /// Display names; empty where the service was asked and knows none.
    pub people: FxHashMap<Key, String>,
    /// Attachments.
    pub assets: FxHashMap<RemoteId, AssetView>,
    /// Scopes' names for people.
    pub scopes: FxHashMap<Scope, String>,
    /// What lists are made of, once a document asks for one.
    pub(super) index: OnceLock<Index>,
}

/// A document in the snapshot.
pub(super) struct DocView {
    /// Its place.
    pub place: Arc<Packed>,
    /// Where it lies, or why it cannot lie anywhere; see [`DocView::path`].
    pub spot: Result<Spot, Box<str>>,
    /// Its labels, sorted.
    pub labels: Arc<[String]>,
    /// Aliases of earlier titles and places.
    pub former: Box<[Key]>,
    /// False while there is nothing at its path: links to it stay absolute.
    pub available: bool,
}

impl DocView {
    /// Where it lies.
    pub(super) fn path(&self) -> Option<DocPath> {
        self.spot.as_ref().ok()?.path(&self.place)
    }
}

/// An attachment in the snapshot.
pub(super) struct AssetView {
    /// Whose it is.
    pub owner: Owner,
    /// One of the keys that mean it.
    pub key: Option<Key>,
    /// Whether it is an image.
    pub image: bool,
    /// Where it lies or will lie.
    pub path: DocPath,
    /// Its name for people.
    pub name: String,
    /// False while it cannot be had.
    pub available: bool,
}

/// Stands for a key, in a fraction of its memory: the first half of its SHA-256, so that no two keys that anybody can think of are taken for one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Mark([u8; 16]);

impl Mark {
    fn of(key: &str) -> Self {
        let mut mark = [0; 16];
        mark.copy_from_slice(&ContentHash::of(key.as_bytes()).0[..16]);
        Self(mark)
    }
}

/// What a key means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Referent {
    /// A document.
    Doc(RemoteId),
    /// An attachment.
    Asset(RemoteId),
}

impl Places for View {
    fn place(&self, id: &RemoteId) -> Option<&Arc<Packed>> {
        self.docs.get(id).map(|d| &d.place).or_else(|| self.nodes.get(id))
    }
}

impl View {
    /// Adds a document with all its keys; its path comes with [`View::lay_out`].
    pub(super) fn add(&mut self, id: RemoteId, place: Arc<Packed>, labels: Arc<[String]>, former: Box<[Key]>, available: bool) {
        for alias in place.aliases() {
            // Two documents may claim one title while one is being renamed: the smaller id wins, so that every run says the same.
            let referent = self.keys.entry(Mark::of(alias)).or_insert_with(|| Referent::Doc(id.clone()));
            if matches!(referent, Referent::Doc(other) if *other > id) {
                *referent = Referent::Doc(id.clone());
            }
        }
        self.docs.insert(id, DocView { place, spot: Err(Box::default()), labels, former, available });
    }

    /// Adds an attachment with its keys. Of two attachments of one name, the one with the larger id is the newer.
    pub(super) fn add_asset(&mut self, asset: &AssetRef, path: DocPath, available: bool) {
        let id = &asset.id;
        for key in &asset.keys {
            let referent = self.keys.entry(Mark::of(key.as_str())).or_insert_with(|| Referent::Asset(id.clone()));
            if matches!(referent, Referent::Asset(other) if (other.as_str().len(), &*other) < (id.as_str().len(), id)) {
                *referent = Referent::Asset(id.clone());
            }
        }
        let image = asset.media_type.as_ref().is_some_and(|kind| kind.starts_with("image/"));
        let (owner, key) = (asset.owner.clone(), asset.keys.first().cloned());
        self.assets.insert(id.clone(), AssetView { owner, key, image, path, name: asset.name.clone(), available });
    }

    /// Lets documents be found under aliases that they had before, where nobody has these now: a body that was kept names its targets as they were
    /// called then.
    pub(super) fn remember_former(&mut self) {
        let mut former: Vec<(Key, RemoteId)> =
            self.docs.iter().flat_map(|(id, doc)| doc.former.iter().map(move |key| (key.clone(), id.clone()))).collect();
        former.sort();
        for (key, id) in former {
            self.keys.entry(Mark::of(key.as_str())).or_insert(Referent::Doc(id));
        }
    }

    /// Computes every document's path, once all places are known; `folders` are those that are held already.
    pub(super) fn lay_out(&mut self, mut folders: FxHashSet<Arc<str>>) {
        let spot = |doc: &DocView| {
            let path = layout::path(&doc.place, &layout::ancestors(self, &doc.place)).map_err(|error| error.to_string().into_boxed_str())?;
            Ok(Spot::new(&path, &doc.place, &mut folders))
        };
        // In the order of the map, which does not change in between.
        let spots: Vec<Result<Spot, Box<str>>> = self.docs.values().map(spot).collect();
        for (doc, spot) in self.docs.values_mut().zip(spots) {
            doc.spot = spot;
        }
    }

    /// The paths of all documents, as folder and name.
    pub(super) fn paths(&self) -> FxHashSet<(&str, Cow<'_, str>)> {
        self.docs.values().filter_map(|doc| doc.spot.as_ref().ok().map(|spot| (spot.folder(), spot.name(&doc.place)))).collect()
    }

    /// Titles of a document's ancestors, outermost first; those that we may not see have none.
    pub(super) fn titles(&self, doc: &DocView) -> Vec<String> {
        layout::ancestors(self, &doc.place).iter().map(|a| a.title().to_owned()).filter(|title| !title.is_empty()).collect()
    }

    /// What lists are made of.
    pub(super) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::of(self))
    }

    /// What a key means, but for those of documents by their ids.
    pub(super) fn referent(&self, key: &Key) -> Option<&Referent> {
        self.keys.get(&Mark::of(key.as_str()))
    }

    /// The document that a key means.
    pub(super) fn document(&self, key: &Key) -> Option<&RemoteId> {
        if let Some((id, _)) = key.document().and_then(|id| self.docs.get_key_value(id)) {
            return Some(id);
        }
        match self.referent(key)? {
            Referent::Doc(id) => self.docs.contains_key(id).then_some(id),
            Referent::Asset(_) => None,
        }
    }

    /// One number for everything besides its body that the file of `doc` shows; `links` are the keys that the body names, `inserted` says the same of
    /// what it shows of other documents.
    pub(super) fn context(&self, doc: &DocView, labels: &[String], links: &[Key], inserted: &[u64]) -> u64 {
        let mut hasher = FxHasher::default();
        PROGRAM.hash(&mut hasher);
        doc.place.hash(&mut hasher);
        self.scopes.get(doc.place.scope()).hash(&mut hasher);
        labels.hash(&mut hasher);
        for ancestor in layout::ancestors(self, &doc.place) {
            ancestor.title().hash(&mut hasher);
        }
        if let Some(path) = doc.path() {
            path.hash(&mut hasher);
            for key in links {
                match self.look(&path, key) {
                    Some(resolved) => (resolved.link, resolved.title).hash(&mut hasher),
                    None => 0u8.hash(&mut hasher),
                }
            }
        }
        inserted.hash(&mut hasher);
        hasher.finish()
    }

    /// The resolver for a document that lies at `from`.
    pub(super) fn resolver<'v>(&'v self, from: &'v DocPath) -> impl Resolver + 'v {
        From { view: self, path: from }
    }

    fn look(&self, from: &DocPath, key: &Key) -> Option<Resolved> {
        if let Some(name) = self.people.get(key) {
            return (!name.is_empty()).then(|| Resolved { link: None, title: name.clone() });
        }
        let of_document = |doc: &DocView| {
            let spot = doc.spot.as_ref().ok().filter(|_| doc.available)?;
            Some(Resolved { link: Some(spot.link(from, &doc.place)), title: doc.place.title().to_owned() })
        };
        if let Some(doc) = key.document().and_then(|id| self.docs.get(id)) {
            return of_document(doc);
        }
        match self.referent(key)? {
            Referent::Doc(id) => of_document(self.docs.get(id)?),
            Referent::Asset(id) => {
                let asset = self.assets.get(id).filter(|a| a.available)?;
                Some(Resolved { link: Some(from.link_to(&asset.path)), title: asset.name.clone() })
            }
        }
    }
}

struct From<'v> {
    view: &'v View,
    path: &'v DocPath,
}

impl Resolver for From<'_> {
    fn resolve(&self, key: &Key) -> Option<Resolved> {
        self.view.look(self.path, key)
    }
}
